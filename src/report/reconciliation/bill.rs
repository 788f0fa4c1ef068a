//! A bill's KMS requests beside the trail's calls and the model's.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::bill::{Bill, BilledRequests};
use crate::reconciliation::Reconciliation;
use crate::report::numbers;
use crate::units::utc;

/// What a bill, a trail and a model have in the same time.
struct Sides {
    requests: BilledRequests,
    span_ns: Option<(i64, i64)>,
    /// S3's calls in the trail, of whichever bucket.
    s3: u64,
    other_use: u64,
    model: u64,
}

impl Sides {
    fn of(found: &Reconciliation, bills: &[Bill]) -> Self {
        let (from, to) = found.window_ns;
        let mut requests = BilledRequests::default();
        for bill in bills {
            let of_bill = bill.requests(from, to);
            requests.within += of_bill.within;
            requests.partly += of_bill.partly;
        }
        let spans = || bills.iter().filter_map(Bill::span_ns);
        let span_ns = spans().map(|span| span.0).min().zip(spans().map(|span| span.1).max());
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

/// For programs; null without a bill.
pub(super) fn json(found: &Reconciliation, bills: &[Bill]) -> Value {
    if bills.is_empty() {
        return Value::Null;
    }
    let sides = Sides::of(found, bills);
    let [s3, model] = [sides.s3, sides.model].map(|calls| sides.share(calls));
    json!({
        "forms": bills.iter().map(|bill| bill.format.name()).collect::<Vec<_>>(),
        "from": sides.span_ns.map(|span| utc(span.0)),
        "to": sides.span_ns.map(|span| utc(span.1)),
        "lines": bills.iter().map(|bill| bill.lines.len()).sum::<usize>(),
        "requests_within": sides.requests.within,
        "requests_partly": sides.requests.partly,
        "trail_s3_calls": sides.s3,
        "trail_other_use_calls": sides.other_use,
        "model_calls": sides.model,
        "trail_low_ratio": s3.map(|share| share.0),
        "trail_high_ratio": s3.map(|share| share.1),
        "model_low_ratio": model.map(|share| share.0),
        "model_high_ratio": model.map(|share| share.1),
    })
}

/// For a person; empty without a bill.
pub(super) fn text(found: &Reconciliation, bills: &[Bill]) -> String {
    if bills.is_empty() {
        return String::new();
    }
    let sides = Sides::of(found, bills);
    let BilledRequests { within, partly } = sides.requests;
    let Some((low, high)) = sides.share(sides.s3) else {
        let span = sides.span_ns.map_or_else(String::new, |(from, to)| {
            format!("; its lines are of {} to {}", utc(from), utc(to))
        });
        let partly = if partly > 0.0 {
            format!(", but {} in lines that lie partly within it", numbers::count(partly))
        } else {
            String::new()
        };
        return format!("the bill has no line of KMS requests within that time{partly}{span}\n");
    };
    let percent = |(low, high): (f64, f64)| {
        let [low, high] = [low, high].map(numbers::percent);
        if low == high { low } else { format!("{low} to {high}") }
    };
    let mut out = format!("the bill has {} KMS requests in that time", numbers::count(within));
    if partly != 0.0 {
        let _ = write!(
            out,
            ", and {} more in lines that lie only partly within it\n(`--from` and `--to` at full hours \
             or days leave none)",
            numbers::count(partly)
        );
    }
    let model = sides.share(sides.model).unwrap_or_default();
    let _ = write!(
        out,
        "\nof these the trail has {} as S3's calls, and the model as many as {};\n{} other calls of data \
         keys are in the trail; a bill counts every use of every KMS key, S3's or not\n",
        percent((low, high)),
        percent(model),
        numbers::grouped(sides.other_use)
    );
    out
}
