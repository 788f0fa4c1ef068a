//! What bucket keys will break: findings for people, for programs, and for code scanning.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::document::{Block, Document, Section};
use super::json;
use super::numbers::grouped;
use crate::harmless_text::{named, shown};
use crate::lint::{Finding, FindingRow, Linted, Rule, Severity};

/// The JSON document's own version: raised when a key changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

/// The verdict, then each finding with its reason and its mend, the gravest first.
#[must_use]
pub fn document(linted: &Linted) -> Document {
    let mut blocks = vec![Block::Verdict(verdict(linted))];
    if !linted.turned_on.is_empty() {
        let buckets = linted.turned_on.iter().map(|bucket| format!("`{}`", named(bucket)));
        let buckets = buckets.collect::<Vec<_>>().join(", ");
        blocks.push(Block::Paragraph(format!("The plan turns bucket keys on in {buckets}.")));
    }
    blocks.push(Block::Note(looked_at(linted)));
    for severity in Severity::ALL.into_iter().rev() {
        let found = linted.findings.iter().filter(|finding| finding.severity == severity);
        blocks.extend(found.map(section));
    }
    Document::of(blocks)
}

/// What is to be done, in one sentence.
fn verdict(linted: &Linted) -> String {
    let [notes, warnings, errors] = Severity::ALL.map(|severity| linted.count(severity));
    let rest = match (warnings, notes) {
        (0, 0) => String::new(),
        _ => format!(" ({}, {})", number(warnings, "warning"), number(notes, "note")),
    };
    match errors {
        0 if linted.is_partly_unknown() => format!(
            "Nothing was found that breaks when bucket keys are turned on, as far as the files tell{rest}"
        ),
        0 => format!("Nothing was found that breaks when bucket keys are turned on{rest}"),
        1 => format!("1 finding must be mended before bucket keys are turned on{rest}"),
        _ => format!("{errors} findings must be mended before bucket keys are turned on{rest}"),
    }
}

fn looked_at(linted: &Linted) -> String {
    format!(
        "looked at {}, {} and {} of {}; not at what is not in them: other policies of the same principal, grants, \
         policies of the organization and of VPC endpoints",
        number(linted.policies, "policy"),
        number(linted.statements, "statement"),
        number(linted.buckets, "bucket encryption"),
        number(linted.files, "file")
    )
}

/// A number of things.
fn number(count: usize, thing: &str) -> String {
    let count = grouped(count as u64);
    match (count.as_str(), thing.strip_suffix('y')) {
        ("1", _) => format!("1 {thing}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {thing}s"),
    }
}

fn section(finding: &Finding) -> Block {
    let of = match finding.owner.as_str() {
        "" => String::new(),
        owner => format!(" of `{}`", named(owner)),
    };
    let title = format!(
        "{}: {}: {}{of}: {}",
        finding.severity.name(),
        place(finding),
        finding.subject,
        finding.rule.title()
    );
    let mut blocks = vec![Block::Paragraph(sentence(&finding.why))];
    if !finding.mend.is_empty() {
        blocks.push(Block::Paragraph(format!("Fix: {}.", finding.mend)));
    }
    blocks.push(Block::Note(format!(
        "{}, {}; source: {}",
        finding.rule.name(),
        finding.confidence.name(),
        finding.rule.source()
    )));
    Section::open("", title, blocks)
}

fn place(finding: &Finding) -> String {
    format!("{}:{}:{}", shown(&finding.file), finding.line, finding.column)
}

/// Text as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// What was looked at, and what was found.
#[derive(Serialize, JsonSchema)]
pub(super) struct LintDocument<'a> {
    /// Version of this document.
    schema_version: u32,
    /// Version of bks.
    bks_version: &'static str,
    /// What is to be done, in one line.
    verdict: String,
    /// Files that had something to look at.
    files: usize,
    /// Policies in them.
    policies: usize,
    /// Statements of these.
    statements: usize,
    /// Settings of buckets' encryption.
    buckets: usize,
    /// Buckets whose bucket keys a plan turns on.
    turned_on: &'a [String],
    /// Findings of this severity.
    errors: usize,
    /// Findings of this severity.
    warnings: usize,
    /// Findings of this severity.
    notes: usize,
    /// What was found, by file and place.
    findings: Vec<FindingRow<'a>>,
}

/// Everything that the text shows, for programs.
#[must_use]
pub fn json(linted: &Linted) -> Value {
    let [notes, warnings, errors] = Severity::ALL.map(|severity| linted.count(severity));
    json::value(&LintDocument {
        schema_version: SCHEMA_VERSION,
        bks_version: env!("CARGO_PKG_VERSION"),
        verdict: verdict(linted),
        files: linted.files,
        policies: linted.policies,
        statements: linted.statements,
        buckets: linted.buckets,
        turned_on: &linted.turned_on,
        errors,
        warnings,
        notes,
        findings: linted.findings.iter().map(FindingRow::from).collect(),
    })
}

/// The same as SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).
#[must_use]
pub fn sarif(linted: &Linted) -> Value {
    let rules = Rule::ALL.iter().map(|rule| {
        json!({
            "id": rule.name(),
            "shortDescription": { "text": rule.title() },
            "helpUri": rule.source(),
            "defaultConfiguration": { "level": rule.severity().name() },
        })
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "bks",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": linted.findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn result(finding: &Finding) -> Value {
    let index = Rule::ALL.iter().position(|rule| *rule == finding.rule);
    let mend = match finding.mend.as_str() {
        "" => String::new(),
        mend => format!(" Fix: {mend}."),
    };
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&finding.file) },
            "region": { "startLine": finding.line, "startColumn": finding.column },
        },
    });
    let names = [&finding.owner, &finding.subject].map(String::as_str).into_iter();
    let name = names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ");
    location["logicalLocations"] = json!([{ "fullyQualifiedName": name }]);
    json!({
        "ruleId": finding.rule.name(),
        "ruleIndex": index,
        "level": finding.severity.name(),
        "message": { "text": format!("{} {}{mend}", finding.subject, sentence(&finding.why)) },
        "locations": [location],
        "properties": { "confidence": finding.confidence.name(), "add": finding.add },
    })
}

/// A path as the reference of a URI.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    let path = path.strip_prefix("./").unwrap_or(path);
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            b'\\' => uri.push('/'),
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}
