//! JSON for programs: everything that text and CSV files show, serialised from the rows.

use serde::Serialize;
use serde_json::Value;

use super::{assertion, run};
use crate::harmless_text;
use crate::results::Results;
use crate::results::known_total::Scaled;

/// A document as files and standard output have it: of which every character can be seen.
///
/// # Panics
/// Never, for structs with text for keys.
#[must_use]
pub fn write(document: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(document).expect("structs with text for keys") + "\n";
    harmless_text::json(&text).into_owned()
}

/// A run, and what it comes to at a known total.
///
/// # Panics
/// Never: they are structs with text for keys.
#[must_use]
pub fn of_run(results: &Results, at_known_total: Option<&Scaled>) -> Value {
    let mut document = with_reasons(results, results);
    if let Some(scaled) = at_known_total {
        document["at_known_total"] =
            serde_json::to_value(scaled).expect("structs with text for keys");
    }
    document
}

/// A run without its tables, for the folder in which each table is a file.
pub(super) fn facts(results: &Results) -> Value {
    with_reasons(results, &results.facts)
}

/// `plain` with the verdict, and why each assertion holds or not.
fn with_reasons(results: &Results, plain: &impl Serialize) -> Value {
    let mut document = serde_json::to_value(plain).expect("structs with text for keys");
    document["verdict"] = run::verdict(results).into();
    for (number, it) in results.facts.assertions.iter().enumerate() {
        document["assertions"][number]["reason"] = assertion::reason(it).into();
    }
    document
}
