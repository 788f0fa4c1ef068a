//! JSON for programs: everything that text and CSV files show, serialised from the rows.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Value, json};

use super::{assertion, run, schema};
use crate::harmless_text;
use crate::results::Results;
use crate::results::known_total::Scaled;
use crate::results::manifest::hash;
use crate::results::result_json::Facts;

/// A document as files and standard output have it: of which every character can be seen.
///
/// # Panics
/// Never, for structs with text for keys.
#[must_use]
pub fn write(document: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(document).expect("structs with text for keys") + "\n";
    harmless_text::json(&text).into_owned()
}

/// Files that belong to a document: their names, each with the SHA-256 of its bytes.
pub(super) type FileHashes = BTreeMap<String, String>;

/// Names and hashes of files.
pub(super) fn hashes(files: &[(&'static str, Vec<u8>)]) -> FileHashes {
    files.iter().map(|(name, bytes)| ((*name).to_owned(), hash(bytes))).collect()
}

/// A document as a JSON value.
///
/// # Panics
/// Never, for structs with text for keys.
pub(super) fn value(document: &impl Serialize) -> Value {
    serde_json::to_value(document).expect("structs with text for keys")
}

/// A run: which it was, all its tables, and what they come to.
#[derive(Serialize, JsonSchema)]
struct RunDocument<'a> {
    #[serde(flatten)]
    results: &'a Results,
    /// The answer in one line.
    verdict: String,
    /// What it comes to at a known total.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_known_total: Option<&'a Scaled>,
}

/// `result.json`: which run it was, and which files belong to it.
#[derive(Serialize, JsonSchema)]
struct ResultFile<'a> {
    #[serde(flatten)]
    facts: &'a Facts,
    /// The answer in one line.
    verdict: String,
    /// The files that belong to it.
    files: FileHashes,
}

/// A run, and what it comes to at a known total.
#[must_use]
pub fn of_run(results: &Results, at_known_total: Option<&Scaled>) -> Value {
    let verdict = run::verdict(results);
    with_reasons(results, value(&RunDocument { results, verdict, at_known_total }))
}

/// A run without its tables, for the folder in which each table is one of `files`.
pub(super) fn facts(results: &Results, files: FileHashes) -> Value {
    let verdict = run::verdict(results);
    with_reasons(results, value(&ResultFile { facts: &results.facts, verdict, files }))
}

/// A document with the reason why each assertion holds or not.
fn with_reasons(results: &Results, mut document: Value) -> Value {
    for (number, it) in results.facts.assertions.iter().enumerate() {
        document["assertions"][number]["reason"] = assertion::reason(it).into();
    }
    document
}

/// The schema of what [`with_reasons`] gives.
fn schema_with_reasons(schema: Schema) -> Value {
    let mut schema = schema.to_value();
    let assertion = &mut schema["$defs"]["AssertionFacts"];
    assertion["properties"]["reason"] = json!({
        "description": "The figure beside its threshold, in words.",
        "type": "string",
    });
    assertion["required"].as_array_mut().expect("it has keys").push("reason".into());
    schema
}

/// The schema of one run, or of a list of several.
pub(super) fn schema_of_runs() -> Schema {
    let mut schema = schema_with_reasons(schema::of::<RunDocument>());
    let run = schema.as_object_mut().expect("it is an object");
    let [dialect, title, definitions] =
        ["$schema", "title", "$defs"].map(|key| run.remove(key).expect("every schema has it"));
    let mut whole = json!({
        "$schema": dialect,
        "title": title,
        "description": "One run, or the list of them if several scenarios are run.",
        "anyOf": [{ "$ref": "#/$defs/Run" }, { "type": "array", "items": { "$ref": "#/$defs/Run" } }],
        "$defs": definitions,
    });
    whole["$defs"]["Run"] = schema;
    Schema::try_from(whole).expect("it is an object")
}

/// The schema of `result.json`.
pub(super) fn schema_of_file() -> Schema {
    let schema = schema_with_reasons(schema::of::<ResultFile>());
    Schema::try_from(schema).expect("it is an object")
}
