//! What calls tell of the assumptions, for a person and for programs.

use std::fmt::{Display, Write};

use serde_json::{Value, json};

use super::{numbers, table};
use crate::calibration::{Calibration, Estimate, Evidence};
use crate::units::SimDuration;

/// A parameter in words: name, low, estimate, high, method, what cannot be told.
type Row = (&'static str, [String; 3], &'static str, String);

fn row<T>(name: &'static str, estimate: &Estimate<T>, print: impl Fn(&T) -> String) -> Row {
    let cell = |value: &Option<T>| value.as_ref().map_or_else(|| "?".to_owned(), &print);
    let cells = [cell(&estimate.low), cell(&estimate.estimate), cell(&estimate.high)];
    (name, cells, estimate.method, estimate.cannot_tell.clone())
}

fn rows(found: &Calibration) -> [Row; 7] {
    fn plain<T: Display>(value: &T) -> String {
        value.to_string()
    }
    let seconds = |seconds: &i64| SimDuration::from_secs(*seconds).to_string();
    [
        row("generation_lifetime", &found.generation_lifetime_s, seconds),
        row("cache_lifetime", &found.cache_lifetime_s, seconds),
        row("expiry", &found.expiry, plain),
        row("write_partitions", &found.write_partitions, plain),
        row("read_partitions", &found.read_partitions, plain),
        row("verify_on_write", &found.verify_on_write, plain),
        row("requester_rule", &found.requester_rule, |rule| rule.name().to_owned()),
    ]
}

/// A table, and below it each method and what cannot be told.
#[must_use]
pub fn text(evidence: &Evidence, found: &Calibration, width: u16) -> String {
    let rows = rows(found);
    let mut out = format!(
        "{} GenerateDataKey and {} Decrypt calls for bucket-level keys, {} writes and {} reads, in {}\n\n",
        numbers::grouped(evidence.generated()),
        numbers::grouped(evidence.decrypted()),
        numbers::grouped(evidence.written()),
        numbers::grouped(evidence.read()),
        numbers::duration((evidence.last_s - evidence.first_s) as f64)
    );
    let header = ["low", "estimate", "high"].map(str::to_owned).to_vec();
    let cells: Vec<_> =
        rows.iter().map(|(name, cells, ..)| ((*name).to_owned(), cells.to_vec())).collect();
    let _ = writeln!(out, "{}\n", table::table("parameter", header, &cells, width));
    for (name, _, method, cannot_tell) in &rows {
        let _ = writeln!(out, "{name}\n  method: {method}");
        if !cannot_tell.is_empty() {
            let _ = writeln!(out, "  cannot tell: {cannot_tell}");
        }
    }
    out
}

/// The document of `bks calibrate --format json`.
#[must_use]
pub fn json(evidence: &Evidence, found: &Calibration) -> Value {
    json!({
        "generate_data_key": evidence.generated(),
        "decrypt": evidence.decrypted(),
        "writes": evidence.written(),
        "reads": evidence.read(),
        "first_s": evidence.first_s,
        "last_s": evidence.last_s,
        "confidence": 1.0 - crate::calibration::ERROR_RATE,
        "parameters": found,
    })
}
