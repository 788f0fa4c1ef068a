//! The files of a results folder.

use super::json;
use crate::results::{FACTS, RUN, Results};

/// Name and content of every file that a run leaves, `more` of its own among them, and of the document
/// that names the others, with a hash of each. The same scenario, seed and version give the same bytes.
#[must_use]
pub fn of(results: &Results, more: Vec<(&'static str, Vec<u8>)>) -> Vec<(&'static str, Vec<u8>)> {
    let mut files = results.csv_files();
    files.extend(more);
    files.push((RUN, results.run_toml.clone().into_bytes()));
    let facts = json::facts(results, json::hashes(&files));
    files.push((FACTS, json::write(&facts).into_bytes()));
    files
}
