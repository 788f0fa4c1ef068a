//! What an answer hangs on, as files and for people.

pub mod json;
pub mod rows;
pub mod text;
pub mod words;

use super::chart::{self, Options, Size};
use crate::results::csv;
use crate::results::sensitivity::{IDENTITY, Identity};
use crate::scenario::Scenario;
use crate::sensitivity::Sensitivity;
use crate::shown;

/// Name and content of every file that `bks sensitivity` leaves. The same scenario, seed, version and
/// arguments give the same bytes.
///
/// # Panics
/// Never: what is written is text.
#[must_use]
pub fn files(scenario: &Scenario, found: &Sensitivity) -> Vec<(&'static str, Vec<u8>)> {
    let swings = rows::sensitivity(scenario, found);
    let mut files = vec![
        ("sensitivity.csv", csv::write(&swings)),
        ("sobol.csv", csv::write(&rows::sobol(scenario, found))),
        ("spread.csv", csv::write(&rows::spread(scenario, found))),
        ("break_even.csv", csv::write(&rows::break_even(scenario, found))),
        ("break_even_curves.csv", csv::write(&rows::curves(scenario, found))),
    ];
    let texts =
        files.iter().map(|(name, bytes)| (*name, std::str::from_utf8(bytes).expect("CSV is text")));
    let identity = Identity::of(scenario, texts);
    let identity = serde_json::to_string_pretty(&identity).expect("a flat struct") + "\n";
    files.push((IDENTITY, shown::json(&identity).into_owned().into_bytes()));
    // Without a range there is nothing to draw.
    let tornado = chart::tornado(&swings, &Options::default()).ok();
    files.extend(tornado.map(|chart| ("tornado.svg", chart.svg(Size::default()).into_bytes())));
    files
}
