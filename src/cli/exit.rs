//! How a command that did its work ends.

use std::process::ExitCode;

use super::output;
use crate::report::assertion;
use crate::results::Results;

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// All is well.
    Done,
    /// An assertion was not met.
    AssertionNotMet,
    /// Something was found that is to fail.
    Found,
}

impl Exit {
    /// Ends with [`Self::AssertionNotMet`] if there is a reason to, after printing each.
    pub(super) fn unless(unmet: impl IntoIterator<Item = String>) -> Self {
        let mut exit = Self::Done;
        for reason in unmet {
            output::note(&format!("assertion not met: {reason}"));
            exit = Self::AssertionNotMet;
        }
        exit
    }

    /// The same for the assertions of runs.
    pub(super) fn by_assertions(all: &[Results]) -> Self {
        let all = all.iter().flat_map(|results| &results.facts.assertions);
        Self::unless(all.filter(|one| !one.holds).map(assertion::unmet))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::AssertionNotMet | Exit::Found => Self::from(3),
        }
    }
}
