//! The files of a results folder.

use super::{csv, rows};
use crate::outcome::Outcome;
use crate::scenario::Scenario;

/// Name and content of every file that a run leaves. The same scenario, seed and version give the
/// same bytes.
#[must_use]
pub fn of(scenario: &Scenario, outcome: &Outcome) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("summary.csv", csv::write(&rows::summary(scenario, outcome))),
        ("timeline.csv", csv::write(&rows::timeline(scenario, outcome))),
        ("requesters.csv", csv::write(&rows::requesters(scenario, outcome))),
        ("principals.csv", csv::write(&rows::principals(scenario, outcome))),
        ("operations.csv", csv::write(&rows::operations(scenario, outcome))),
        ("costs.csv", csv::write(&rows::costs(scenario, outcome))),
        ("sensitivity.csv", csv::write(&rows::sensitivity(scenario, outcome))),
        ("run.toml", scenario.to_run_toml().into_bytes()),
    ]
}
