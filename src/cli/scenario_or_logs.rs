//! A scenario or logs, whichever stands on the command line: for commands that ask the same of both.

use std::path::Path;

use clap::Args;

use super::args::{self, Changes, JobsOption, LogSettings, TypedOptions};
use super::logs::{self, FormatsTogether};
use crate::error::{Error, Result};
use crate::scenario::Scenario;

/// A scenario, or logs and what they lack to be one.
#[derive(Debug, Args)]
#[group(skip)]
#[command(mut_arg("paths", |arg| arg.help("Scenario file, or logs: files, directories, or `-`")))]
pub(super) struct ScenarioOrLogs {
    #[command(flatten)]
    pub(super) logs: logs::LogArgs,
    #[command(flatten)]
    settings: LogSettings,
    #[command(flatten)]
    pub(super) changes: Changes,
}

impl ScenarioOrLogs {
    /// The scenario's file, if that is given: a single name that ends in `.toml`, or standard input unless it is
    /// said to be a log.
    fn file(&self, typed: &TypedOptions) -> Option<&str> {
        match self.logs.paths() {
            [path]
                if Path::new(path).extension().is_some_and(|end| end == "toml")
                    || path == "-" && !typed.has("--log-format") =>
            {
                Some(path)
            }
            _ => None,
        }
    }

    /// What is run.
    pub(super) fn scenario(
        &self,
        typed: &TypedOptions,
        jobs: JobsOption,
        quiet: bool,
    ) -> Result<Scenario> {
        if let Some(path) = self.file(typed) {
            return match typed.under(args::LOG_OPTIONS) {
                None => self.changes.scenario(path, jobs.threads()),
                Some(option) => Err(Error::request(format!(
                    "`{option}` applies to logs, but `{path}` is taken for a scenario"
                ))
                .hint("the name of a log must not end in `.toml`; on standard input give `--log-format`")),
            };
        }
        let logs = self.logs.open(quiet)?;
        let (recording, ()) = logs.read(FormatsTogether::One, jobs.jobs)?;
        self.settings.scenario(recording, &self.changes, jobs.threads())
    }

    /// The words of the command that simulates or replays the same.
    pub(super) fn command(&self, typed: &TypedOptions) -> Result<Vec<String>> {
        let mut words = match self.file(typed) {
            Some(path) => vec!["bks".to_owned(), "simulate".to_owned(), path.to_owned()],
            None => {
                let mut words = vec!["bks".to_owned(), "replay".to_owned()];
                words.extend(self.logs.typed());
                words.extend(self.settings.typed());
                words
            }
        };
        words.extend(self.changes.typed()?);
        Ok(words)
    }
}
