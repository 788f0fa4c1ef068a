//! Results for programs: everything that text and CSV files show, in one document.

use serde::Serialize;
use serde_json::Value;

use super::known_total::Scaled;
use super::{assertion, run};
use crate::results::Results;

/// The whole of the results.
///
/// # Panics
/// Never: they are structs with text for keys.
#[must_use]
pub fn value(results: &Results) -> Value {
    with_words(results, results)
}

/// The same with what a run comes to at a known total.
///
/// # Panics
/// Never: they are structs with text for keys.
#[must_use]
pub fn with_total(results: &Results, scaled: Option<&Scaled>) -> Value {
    let mut document = value(results);
    if let Some(scaled) = scaled {
        document["at_known_total"] =
            serde_json::to_value(scaled).expect("structs with text for keys");
    }
    document
}

/// The results without their tables, for the folder in which each table is a file.
///
/// # Panics
/// Never: they are structs with text for keys.
#[must_use]
pub fn facts(results: &Results) -> Value {
    with_words(results, &results.facts)
}

/// `plain` as a document, with the verdict, and why each assertion holds or not.
fn with_words(results: &Results, plain: &impl Serialize) -> Value {
    let mut document = serde_json::to_value(plain).expect("structs with text for keys");
    document["verdict"] = run::verdict(results).into();
    for (number, it) in results.facts.assertions.iter().enumerate() {
        document["assertions"][number]["reason"] = assertion::reason(it).into();
    }
    document
}
