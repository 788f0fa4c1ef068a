//! The files of a results folder.

use super::json;
use crate::results::{FACTS, RUN, Results};

/// Name and content of every file that a run leaves. The same scenario, seed and version give the
/// same bytes.
#[must_use]
pub fn of(results: &Results) -> Vec<(&'static str, Vec<u8>)> {
    let mut files = results.csv_files();
    files.push((FACTS, format!("{:#}\n", json::facts(results)).into_bytes()));
    files.push((RUN, results.run_toml.clone().into_bytes()));
    files
}
