//! What an answer hangs on, as files and for people.

pub mod json;
pub mod rows;
pub mod text;
pub mod words;

use crate::results::csv;
use crate::scenario::Scenario;
use crate::sensitivity::Sensitivity;

/// Name and content of every file that `bks sensitivity` leaves. The same scenario, seed, version and
/// arguments give the same bytes.
#[must_use]
pub fn files(scenario: &Scenario, found: &Sensitivity) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("sensitivity.csv", csv::write(&rows::sensitivity(scenario, found))),
        ("sobol.csv", csv::write(&rows::sobol(scenario, found))),
        ("spread.csv", csv::write(&rows::spread(scenario, found))),
        ("break_even.csv", csv::write(&rows::break_even(scenario, found))),
        ("break_even_curves.csv", csv::write(&rows::curves(scenario, found))),
    ]
}
