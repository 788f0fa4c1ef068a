//! Which files of a folder belong together, and which of them are bks's own.
//!
//! A run, a sensitivity, a comparison, a migration, an experiment, the causes of calls and advice each leave a JSON
//! document beside their tables. The first two, a migration's and an experiment's name the others with a hash of
//! each, so that a file of another run is known.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::migration::rows::IDENTITY as MIGRATION;
use super::sensitivity::IDENTITY;
use super::{FACTS, RUN, Results};
use crate::error::{Error, Result};

/// The document of a comparison.
pub const COMPARISON: &str = "comparison.json";

/// The document of an experiment.
pub const EXPERIMENT: &str = "experiment.json";

/// The document of the causes of calls.
pub const CAUSES: &str = "causes.json";

/// The document of advice.
pub const ADVICE: &str = "advice.json";

/// Documents that other files belong to.
pub const DOCUMENTS: [&str; 7] =
    [FACTS, IDENTITY, COMPARISON, MIGRATION, EXPERIMENT, CAUSES, ADVICE];

/// Files of a replay beside those of any run.
pub const OF_REPLAYS: [&str; 3] = ["prefixes.csv", "left_out.csv", "files_left_out.csv"];

/// What a document says of the files that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Name and hash of each; of those that older versions of bks wrote there is no hash.
    pub files: BTreeMap<String, Option<String>>,
}

impl Manifest {
    /// Reads the document called `name`; `None` if bks did not write it.
    #[must_use]
    pub fn read(name: &str, text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Document {
            #[serde(rename = "schema_version")]
            _version: u32,
            #[serde(default)]
            files: Option<BTreeMap<String, String>>,
        }
        let document: Document = serde_json::from_str(text).ok()?;
        let usual = usual(name).into_iter().map(|name| (name.to_owned(), None));
        let files = match document.files {
            // Those of a sensitivity do not name their picture.
            Some(files) => {
                let picture = (name == IDENTITY).then(|| ("tornado.svg".to_owned(), None));
                files.into_iter().map(|(name, hash)| (name, Some(hash))).chain(picture).collect()
            }
            None => usual.collect(),
        };
        Some(Self { files })
    }
}

/// Names of the files that belong to a document which does not name them.
fn usual(document: &str) -> Vec<&'static str> {
    match document {
        FACTS => Results::file_names().into_iter().chain([RUN]).chain(OF_REPLAYS).collect(),
        IDENTITY => vec![
            "sensitivity.csv",
            "sobol.csv",
            "spread.csv",
            "break_even.csv",
            "break_even_curves.csv",
            "tornado.svg",
        ],
        MIGRATION | EXPERIMENT => Vec::new(),
        CAUSES => vec!["causes.csv", "causes.md", "causes.html"],
        ADVICE => vec!["advice.csv", "advice.md", "advice.html"],
        _ => vec!["comparison.csv", "cost_changes.csv"],
    }
}

/// Whether `facts`, the text of `result.json`, names a file with its hash.
#[must_use]
pub fn names(facts: &str, file: &str) -> bool {
    let manifest = Manifest::read(FACTS, facts);
    manifest.is_some_and(|it| it.files.get(file).is_some_and(Option::is_some))
}

/// SHA-256, in hexadecimal.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Refuses files that are not those that `facts`, the text of `result.json`, tells of; `file` yields the
/// text of one by its name. A sensitivity of the folder may have written a table of swings of its own.
///
/// # Errors
/// Names the first that is another.
pub fn check(facts: &str, file: &dyn Fn(&str) -> Result<String>) -> Result<()> {
    check_where(facts, &|_| true, file)
}

/// As [`check`], of the files of these names only.
///
/// # Errors
/// Names the first that is another.
pub fn check_some(
    facts: &str,
    names: &[&str],
    file: &dyn Fn(&str) -> Result<String>,
) -> Result<()> {
    check_where(facts, &|name| names.contains(&name), file)
}

fn check_where(
    facts: &str,
    is_wanted: &dyn Fn(&str) -> bool,
    file: &dyn Fn(&str) -> Result<String>,
) -> Result<()> {
    let Some(manifest) = Manifest::read(FACTS, facts) else { return Ok(()) };
    for (name, hash) in manifest.files.iter().filter(|(name, _)| is_wanted(name)) {
        let Some(hash) = hash else { continue };
        let text = file(name)?;
        if self::hash(text.as_bytes()) == *hash || is_of_sensitivity(name, &text, file) {
            continue;
        }
        return Err(Error::request(format!(
            "the file is not the one that `{FACTS}` lists: it belongs to another run, or was changed"
        ))
        .at(name.as_str())
        .hint(
            "make all files of the folder again: `bks simulate FOLDER/run.toml --out FOLDER`, or `bks replay` as \
             before",
        ));
    }
    Ok(())
}

fn is_of_sensitivity(name: &str, text: &str, file: &dyn Fn(&str) -> Result<String>) -> bool {
    name == "sensitivity.csv"
        && file(IDENTITY)
            .and_then(|document| super::sensitivity::SensitivityRun::read(&document))
            .is_ok_and(|document| document.tells_of(name, text))
}
