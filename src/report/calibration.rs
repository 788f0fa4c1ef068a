//! What KMS calls say about the assumptions.

use std::fmt::Display;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::document::{Block, Cell, Document, Table};
use super::json;
use super::numbers;
use crate::calibration::calls::OperationCalls;
use crate::calibration::{Calibrated, Calibration, Evidence};
use crate::units::SimDuration;

/// A parameter in words.
struct Parameter {
    name: &'static str,
    /// Low end, estimate, high end.
    values: [Cell; 3],
    method: &'static str,
    /// Empty if nothing is left open.
    cannot_tell: String,
}

impl Parameter {
    fn of<T>(name: &'static str, found: &Calibrated<T>, print: impl Fn(&T) -> String) -> Self {
        let values = [&found.low, &found.estimate, &found.high]
            .map(|value| value.as_ref().map_or_else(|| "?".to_owned(), &print).into());
        Self { name, values, method: found.method, cannot_tell: found.cannot_tell.clone() }
    }

    /// One whose values print themselves.
    fn plain<T: Display>(name: &'static str, found: &Calibrated<T>) -> Self {
        Self::of(name, found, T::to_string)
    }

    fn lifetime(name: &'static str, found: &Calibrated<i64>) -> Self {
        Self::of(name, found, |seconds| SimDuration::from_secs(*seconds).to_string())
    }
}

/// A table, and below it each method and what is left open.
#[must_use]
pub fn document(evidence: &Evidence, found: &Calibration) -> Document {
    let parameters = [
        Parameter::lifetime("generation_lifetime", &found.generation_lifetime_s),
        Parameter::lifetime("cache_lifetime", &found.cache_lifetime_s),
        Parameter::plain("expiry", &found.expiry),
        Parameter::plain("write_partitions", &found.write_partitions),
        Parameter::plain("read_partitions", &found.read_partitions),
        Parameter::plain("verify_on_write", &found.verify_on_write),
        Parameter::of("requester_rule", &found.requester_rule, |rule| rule.name().to_owned()),
        Parameter::of("session_policies", &found.session_policies, |keys| keys.name().to_owned()),
    ];
    let seen = format!(
        "{} GenerateDataKey and {} Decrypt calls for bucket-level keys, {} writes and {} reads, in {}",
        numbers::grouped(evidence.generated()),
        numbers::grouped(evidence.decrypted()),
        numbers::grouped(evidence.written()),
        numbers::grouped(evidence.read()),
        numbers::duration((evidence.last_s - evidence.first_s) as f64)
    );
    let mut table = Table::new("parameter", ["low", "estimate", "high"]);
    for parameter in &parameters {
        table.push(std::iter::once(parameter.name.into()).chain(parameter.values.clone()));
    }
    let methods = parameters.iter().map(|Parameter { name, method, cannot_tell, .. }| {
        let open = if cannot_tell.is_empty() { "" } else { "; cannot tell: " };
        format!("`{name}`: {method}{open}{cannot_tell}")
    });
    let methods = Block::List(methods.collect());
    let mut blocks = vec![Block::Paragraph(seen), Block::Table(table), methods];
    if evidence.generated() + evidence.decrypted() == 0 {
        blocks.insert(0, Block::Note("Bucket keys were off: no call is for one.".to_owned()));
    }
    blocks.extend(calls(&found.calls));
    Document::of(blocks)
}

/// What one request calls, and what the model takes it to.
fn calls(found: &[OperationCalls]) -> Vec<Block> {
    if found.is_empty() {
        return Vec::new();
    }
    let figures = ["requests", "GenerateDataKey", "Decrypt", "Encrypt", "in the model"];
    let mut table = Table::new("without a bucket key", figures);
    let mut open = Vec::new();
    for one in found {
        let OperationCalls { operation, requests, .. } = one;
        let each = [&one.generate_data_key, &one.decrypt, &one.encrypt];
        let [generate, decrypt, encrypt] = each
            .map(|calls| calls.estimate.map_or_else(|| "?".to_owned(), |calls| calls.to_string()));
        let modelled = one.modelled();
        table.push([
            operation.name().into(),
            numbers::grouped(*requests).into(),
            generate.into(),
            decrypt.into(),
            encrypt.into(),
            modelled.words().into(),
        ]);
        let unknown =
            each.into_iter().map(|calls| &calls.cannot_tell).filter(|why| !why.is_empty());
        open.extend(unknown.map(|why| format!("`{}`: {why}", operation.name())));
        if one.contradicts(modelled) {
            open.push(format!(
                "`{}`: not as the model has it, and no key of a scenario changes that",
                operation.name()
            ));
        }
    }
    let how = "KMS calls of one request, counted where the encryption context names the object; with a bucket key the \
               same needs ask for a key in memory first.";
    let mut blocks = vec![Block::Table(table), Block::Note(how.to_owned())];
    if !open.is_empty() {
        blocks.push(Block::List(open));
    }
    blocks
}

/// What a trail has, and what it says of the assumptions.
#[derive(Serialize, JsonSchema)]
pub(super) struct CalibrationDocument<'a> {
    /// `GenerateDataKey` calls.
    generate_data_key: u64,
    /// `Decrypt` calls.
    decrypt: u64,
    /// Requests that write.
    writes: u64,
    /// Requests that read.
    reads: u64,
    /// First second, since 1970.
    first_s: i64,
    /// Last second, since 1970.
    last_s: i64,
    /// Confidence of the intervals.
    confidence: f64,
    /// Every assumption that is looked for.
    parameters: &'a Calibration,
}

/// The document of `bks calibrate --format json`.
#[must_use]
pub fn json(evidence: &Evidence, found: &Calibration) -> Value {
    json::value(&CalibrationDocument {
        generate_data_key: evidence.generated(),
        decrypt: evidence.decrypted(),
        writes: evidence.written(),
        reads: evidence.read(),
        first_s: evidence.first_s,
        last_s: evidence.last_s,
        confidence: 1.0 - crate::calibration::ERROR_RATE,
        parameters: found,
    })
}
