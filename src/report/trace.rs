//! What a replay has counted, for a person and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::numbers;
use crate::encryption::assumptions::Expiry;
use crate::logs::LogFormat;
use crate::replay::Replayed;
use crate::units::SimDuration;

/// Under what a trace was replayed, and how fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The trace's form.
    pub form: LogFormat,
    /// How long an entry lives.
    pub cache_lifetime: SimDuration,
    /// Whether from its fetch or its last use.
    pub expiry: Expiry,
    /// Wall time of reading and replaying, in seconds.
    pub elapsed_s: f64,
}

fn miss_ratio(counted: &Replayed) -> f64 {
    counted.misses as f64 / counted.requests.max(1) as f64
}

fn requests_per_s(rule: &Rule, counted: &Replayed) -> f64 {
    counted.requests as f64 / rule.elapsed_s.max(1e-9)
}

/// A verdict and a table.
#[must_use]
pub fn text(name: &str, rule: &Rule, counted: &Replayed) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{name}: {} of the requests ask KMS with a {} lifetime of {}\n",
        numbers::percent(miss_ratio(counted)),
        rule.expiry,
        rule.cache_lifetime
    );
    for (label, cell) in [
        ("requests", numbers::grouped(counted.requests)),
        ("distinct entries", numbers::grouped(counted.objects)),
        ("Decrypt calls", numbers::grouped(counted.misses)),
        ("miss ratio", format!("{:.6}", miss_ratio(counted))),
        ("seconds of the trace", numbers::grouped(u64::from(counted.last - counted.first) + 1)),
        ("replayed a second", numbers::count(requests_per_s(rule, counted))),
    ] {
        let _ = writeln!(out, "  {label:<22}{cell:>16}");
    }
    out
}

/// The document of `bks replay --format json`.
#[must_use]
pub fn json(name: &str, rule: &Rule, counted: &Replayed) -> Value {
    json!({
        "trace": name,
        "log_format": rule.form.name(),
        "cache_lifetime": rule.cache_lifetime.to_string(),
        "expiry": rule.expiry,
        "requests": counted.requests,
        "entries": counted.objects,
        "decrypt": counted.misses,
        "miss_ratio": miss_ratio(counted),
        "first_s": counted.first,
        "last_s": counted.last,
        "elapsed_s": rule.elapsed_s,
        "requests_per_s": requests_per_s(rule, counted),
    })
}
