//! What went wrong: place, offending text, constraint, hint.
//!
//! A wrong scenario or log is a value of [`Error`]; a broken invariant inside the engine is an
//! assertion instead. The wording follows one pattern everywhere:
//!
//! ```text
//! error: scenarios/emr10.toml:14:9: `rate` is `-3/s`, but a rate must be greater than zero
//!
//! hint: give the mean number of requests per second, e.g., `rate = "250/s"`
//! ```

use std::fmt;

use crate::harmless_text::{shown, shown_lines};

/// A result whose error a person can act on.
pub type Result<T> = std::result::Result<T, Error>;

/// Whose doing an [`Error`] is; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The request was understood but could not be carried out (exit code 1).
    Run,
    /// The request itself is wrong: arguments or input files (exit code 2).
    Request,
}

/// One failure, told place first, then the offending text, then the constraint; the hint apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    blame: Blame,
    place: Option<String>,
    message: String,
    hint: Option<String>,
}

impl Error {
    /// The user's request is wrong; `message` names the offending text in backticks and the
    /// constraint it breaks.
    pub fn request(message: impl Into<String>) -> Self {
        Self { blame: Blame::Request, place: None, message: message.into(), hint: None }
    }

    /// What was displayed without a place, as when it came through another crate.
    pub(crate) fn read_back(displayed: &str) -> Self {
        match displayed.split_once("\n\nhint: ") {
            Some((message, hint)) => Self::request(message).hint(hint),
            None => Self::request(displayed),
        }
    }

    /// A sound request failed: a file could not be written, memory would not suffice.
    pub fn run(message: impl Into<String>) -> Self {
        Self { blame: Blame::Run, ..Self::request(message) }
    }

    /// Sets where the offending text stands (`file:line:column`, or an argument); the innermost
    /// place wins, so callers may add theirs without looking.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place.get_or_insert(place.into());
        self
    }

    /// Puts a folder before the place, or in its stead.
    #[must_use]
    pub fn within(mut self, folder: &str) -> Self {
        self.place = Some(match self.place {
            Some(place) => format!("{folder}/{place}"),
            None => folder.to_owned(),
        });
        self
    }

    /// Adds what to do about it, unless a hint is there already.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert(hint.into());
        self
    }

    /// What to do about it.
    pub(crate) fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The same with another hint.
    #[must_use]
    pub fn hint_instead(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The process exit code that tells scripts what kind of failure this is.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.blame {
            Blame::Run => 1,
            Blame::Request => 2,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{}: ", shown(place))?;
        }
        write!(f, "{}", shown_lines(&self.message))?;
        if let Some(hint) = &self.hint {
            write!(f, "\n\nhint: {}", shown_lines(hint))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// The candidate most like `word`, if one is near enough to be what was meant. Upper case and underscores
/// count as lower case and hyphens.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = plain(word);
    let candidates: Vec<&str> = candidates.into_iter().collect();
    // `size` is a part of `object_size` alone.
    let mut with_part = candidates.iter().filter(|it| plain(it).split('-').any(|it| it == word));
    if let (Some(one), None) = (with_part.next(), with_part.next()) {
        return Some(one);
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word, &plain(candidate)), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

fn plain(text: &str) -> String {
    text.trim().to_lowercase().replace(['_', ' '], "-")
}

/// A hint that names the nearest candidate, or else lists them all.
pub fn one_of<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = did_you_mean(word, candidates.clone()) {
        return format!("did you mean `{near}`?");
    }
    let all: Vec<String> = candidates.into_iter().map(|c| format!("`{c}`")).collect();
    format!("use one of {}", all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_comes_first_and_the_hint_after_a_blank_line() {
        let error = Error::request("`rate` is `-3/s`, but a rate must be greater than zero")
            .hint("give requests per second")
            .at("a.toml:14:9")
            .at("outer");
        assert_eq!(
            error.to_string(),
            "a.toml:14:9: `rate` is `-3/s`, but a rate must be greater than zero\n\n\
             hint: give requests per second"
        );
        assert_eq!(error.exit_code(), 2);
        assert_eq!(Error::run("disk full").exit_code(), 1);
    }

    #[test]
    fn near_words_are_offered_and_far_ones_listed() {
        assert_eq!(did_you_mean("lifetme", ["lifetime", "rate"]), Some("lifetime"));
        assert_eq!(one_of("zzz", ["a", "b"]), "use one of `a`, `b`");
    }
}
