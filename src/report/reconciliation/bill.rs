//! A bill's KMS requests beside CloudTrail's calls and the model's.

use schemars::JsonSchema;
use serde::Serialize;

use super::text::span;
use crate::bill::{BilledRequests, KmsBill};
use crate::reconciliation::Reconciliation;
use crate::report::numbers::{count, grouped};
use crate::units::utc;

/// What a bill, CloudTrail and a model have in the same time.
struct BillComparison {
    requests: BilledRequests,
    span_ns: Option<(i64, i64)>,
    /// S3's calls in CloudTrail, of whichever bucket.
    s3: u64,
    other_use: u64,
    model: u64,
}

impl BillComparison {
    fn of(found: &Reconciliation, bills: &[KmsBill]) -> Self {
        let (from, to) = found.window_ns;
        let mut requests = BilledRequests::default();
        for bill in bills {
            let of_bill = bill.requests(from, to);
            requests.within += of_bill.within;
            requests.partly += of_bill.partly;
        }
        let spans = bills.iter().filter_map(KmsBill::span_ns);
        let span_ns = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let share = found.shares().cells;
        Self {
            requests,
            span_ns,
            s3: share.measured + found.beside.other_buckets,
            other_use: found.beside.other_use,
            model: share.model,
        }
    }

    /// `calls` as a share of the bill's requests: least and greatest.
    fn share(&self, calls: u64) -> Option<(f64, f64)> {
        let BilledRequests { within, partly } = self.requests;
        let most = within + partly.max(0.0);
        (within > 0.0).then(|| (calls as f64 / most, calls as f64 / within))
    }
}

/// A bill beside both, for programs.
#[derive(Serialize, JsonSchema)]
pub(super) struct BillDocument {
    /// Format of each bill: `focus` or `cur`.
    forms: Vec<&'static str>,
    /// Start of its lines of KMS requests.
    from: Option<String>,
    /// Their end.
    to: Option<String>,
    /// How many there are.
    lines: usize,
    /// Requests of lines that lie within the compared time.
    requests_within: f64,
    /// Requests of lines that lie only partly within it.
    requests_partly: f64,
    /// S3's calls in the trail, of any bucket.
    trail_s3_calls: u64,
    /// Other calls in it that generate or unwrap data keys.
    trail_other_use_calls: u64,
    /// Calls of the model.
    model_calls: u64,
    /// `trail_s3_calls` by all requests that may belong to the time.
    trail_low_ratio: Option<f64>,
    /// `trail_s3_calls` by `requests_within`.
    trail_high_ratio: Option<f64>,
    /// `model_calls` by all requests that may belong to the time.
    model_low_ratio: Option<f64>,
    /// `model_calls` by `requests_within`.
    model_high_ratio: Option<f64>,
}

impl BillDocument {
    /// None without a bill.
    pub(super) fn of(found: &Reconciliation, bills: &[KmsBill]) -> Option<Self> {
        if bills.is_empty() {
            return None;
        }
        let sides = BillComparison::of(found, bills);
        let [s3, model] = [sides.s3, sides.model].map(|calls| sides.share(calls));
        Some(Self {
            forms: bills.iter().map(|bill| bill.format.name()).collect(),
            from: sides.span_ns.map(|span| utc(span.0)),
            to: sides.span_ns.map(|span| utc(span.1)),
            lines: bills.iter().map(|bill| bill.lines.len()).sum(),
            requests_within: sides.requests.within,
            requests_partly: sides.requests.partly,
            trail_s3_calls: sides.s3,
            trail_other_use_calls: sides.other_use,
            model_calls: sides.model,
            trail_low_ratio: s3.map(|share| share.0),
            trail_high_ratio: s3.map(|share| share.1),
            model_low_ratio: model.map(|share| share.0),
            model_high_ratio: model.map(|share| share.1),
        })
    }
}

/// For a person; nothing without a bill.
pub(super) fn sentences(found: &Reconciliation, bills: &[KmsBill]) -> Vec<String> {
    if bills.is_empty() {
        return Vec::new();
    }
    let sides = BillComparison::of(found, bills);
    let BilledRequests { within, partly } = sides.requests;
    let Some(s3) = sides.share(sides.s3) else {
        let span = sides.span_ns.map_or_else(String::new, |(from, to)| {
            format!("; its lines are of {} to {}", utc(from), utc(to))
        });
        let partly = if partly > 0.0 {
            format!(", but {} in lines that lie partly within it", count(partly))
        } else {
            String::new()
        };
        return vec![format!(
            "the bill has no line of KMS requests within that time{partly}{span}"
        )];
    };
    let partly = if partly == 0.0 {
        String::new()
    } else {
        format!(
            ", and {} more in lines that lie only partly within it (`--from` and `--to` at full hours or days \
             leave none)",
            count(partly)
        )
    };
    vec![
        format!("the bill has {} KMS requests in that time{partly}", count(within)),
        format!(
            "Of these CloudTrail has {} as S3's calls, and the model as many as {}; {} other calls of data keys \
             are in CloudTrail. A bill counts every use of every KMS key, S3's or not.",
            span(Some(s3)),
            span(Some(sides.share(sides.model).unwrap_or_default())),
            grouped(sides.other_use)
        ),
    ]
}
