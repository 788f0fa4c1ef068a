//! The command line that a call is, word by word.

use std::fmt::Display;

/// A command line, and what stands on its standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ToolCommand {
    /// Name of the command.
    pub(super) name: &'static str,
    /// What follows it.
    pub(super) words: Vec<String>,
    /// A scenario's or a policy's text.
    pub(super) input: String,
    /// Whether it can be told on how many threads to run.
    pub(super) has_jobs: bool,
    /// Whether it leaves files though the caller names no folder.
    pub(super) leaves_files: bool,
}

impl ToolCommand {
    /// The same of a command that leaves results, which the caller may want in a folder.
    pub(super) fn with_results(mut self, folder: Option<String>) -> Self {
        match folder {
            Some(folder) => self.words.insert(0, format!("--out={folder}")),
            None => self.leaves_files = true,
        }
        self
    }
}

/// Paths of a command line, and what stands on its standard input.
pub(super) struct PathsAndInput {
    pub(super) paths: Vec<String>,
    pub(super) input: String,
}

/// The words of a command line, as they come.
pub(super) struct CommandWords(Vec<String>);

impl CommandWords {
    /// Those that every command has.
    pub(super) fn of(format: &str) -> Self {
        Self(vec!["--quiet".to_owned(), format!("--format={format}")])
    }

    /// An option, if it is given.
    pub(super) fn option(&mut self, name: &str, value: Option<impl Display>) {
        self.0.extend(value.map(|value| format!("--{name}={value}")));
    }

    /// An option as often as it is given.
    pub(super) fn options(&mut self, name: &str, values: &[String]) {
        self.0.extend(values.iter().map(|value| format!("--{name}={value}")));
    }

    /// An option without a value.
    pub(super) fn flag(&mut self, name: &str, is_set: bool) {
        self.0.extend(is_set.then(|| format!("--{name}")));
    }

    /// The command `name` with these options and with paths, none of which is taken for an option.
    pub(super) fn command(mut self, name: &'static str, given: PathsAndInput) -> ToolCommand {
        let PathsAndInput { paths, input } = given;
        self.0.push("--".to_owned());
        self.0.extend(paths);
        ToolCommand { name, words: self.0, input, has_jobs: true, leaves_files: false }
    }
}
