//! What KMS throttles, where it does: in a sentence, and as rows of figures.

use super::span;
use crate::figure::Figure;
use crate::report::numbers::{grouped, nine_in_ten, percent_if_any};
use crate::results::Results;
use crate::results::rows::SummaryRow;
use crate::units::SimDuration;

/// Whether KMS throttles anything under a configuration, at any level of assumptions.
fn throttles(results: &Results, configuration: &str) -> bool {
    span(results, configuration, |row| row.throttled_ratio).1 > 0.0
}

/// Whether it does under any configuration.
pub(super) fn matters(results: &Results) -> bool {
    results.facts.configurations.iter().any(|it| throttles(results, &it.name))
}

/// What is throttled of the baseline's requests and of the headline's, to follow the verdict; nothing
/// where that is none.
pub(super) fn clause(results: &Results) -> String {
    let facts = &results.facts;
    let (headline, baseline) = (&facts.headline, &facts.reference);
    if !throttles(results, headline) && !throttles(results, baseline) {
        return String::new();
    }
    let without = share(results, baseline);
    let detail = detail(results.assumed(baseline));
    if headline == baseline {
        return format!("; KMS throttles: 503 SlowDown answers {without} of its requests{detail}");
    }
    format!(
        "; KMS throttles: 503 SlowDown answers {without} of the requests of `{baseline}`{detail} and {} of \
         those of `{headline}`{}",
        share(results, headline),
        self::detail(results.assumed(headline))
    )
}

/// The share that is throttled, with its range.
fn share(results: &Results, configuration: &str) -> String {
    let row = results.assumed(configuration);
    let share = percent_if_any(row.throttled_ratio);
    match row.nine_in_ten(Figure::ThrottledShare) {
        Some((low, high)) if low < high => {
            format!("{share} [{}]", nine_in_ten((low, high), percent_if_any))
        }
        _ => share,
    }
}

/// From when to when, and what fails.
fn detail(row: &SummaryRow) -> String {
    if row.throttled_ratio <= 0.0 {
        return String::new();
    }
    if row.kms_queue_grows && !gives_up(row) {
        return format!(
            " ({}; the queue grows without end, so KMS answers less than the dollars count)",
            when(row)
        );
    }
    match percent_if_any(row.failed_ratio).as_str() {
        "none" => format!(" ({})", when(row)),
        fail if row.counts_many_that_fail() => {
            format!(" ({}, {fail} fail, which the dollars count all the same)", when(row))
        }
        fail => format!(" ({}, {fail} fail)", when(row)),
    }
}

/// From when to when, since the start of the run.
pub(super) fn when(row: &SummaryRow) -> String {
    match (row.throttled_from_s, row.throttled_until_s) {
        (Some(from), Some(until)) => {
            let [from, until] = [from, until].map(SimDuration::from_secs_f64);
            format!("from {from} to {until}")
        }
        // Less than half a request in any second.
        _ => "now and then".to_owned(),
    }
}

/// What a row of figures says of a configuration.
type FigureInWords = fn(&SummaryRow) -> Option<String>;

/// Labels of the rows of figures, with what each has of a configuration.
pub(super) const ROWS: [(&str, FigureInWords); 7] = [
    (Figure::ThrottledShare.label(), |row| Some(percent_if_any(row.throttled_ratio))),
    ("  when", |row| (row.throttled_ratio > 0.0).then(|| when(row))),
    (Figure::FailedShare.label(), |row| Some(percent_if_any(row.failed_ratio))),
    ("  work is late by up to", |row| Some(late(row))),
    ("  all is caught up with after", |row| Some(caught_up(row))),
    ("  KMS quota to ask for", |row| row.kms_quota_needed_per_s.map(grouped)),
    ("  if 1 % may be throttled", |row| few_throttled(row).map(grouped)),
];

/// The quota under which a hundredth of the calls is throttled, where more of the requests is.
fn few_throttled(row: &SummaryRow) -> Option<u64> {
    row.kms_quota_1pct_per_s.filter(|_| row.throttled_ratio > 0.01)
}

/// Whether so many requests fail, as clients give up, that nobody waits longer and longer.
fn gives_up(row: &SummaryRow) -> bool {
    row.counts_many_that_fail()
}

/// By how much work is late; where KMS is asked for more than the quota all the time, the more the longer it goes
/// on.
fn late(row: &SummaryRow) -> String {
    let late = seconds(row.job_delay_max_s);
    if row.kms_queue_grows && !gives_up(row) { format!("{late}, and growing") } else { late }
}

/// How long it takes until nothing waits; a run ends, but not what it stands for.
fn caught_up(row: &SummaryRow) -> String {
    if row.kms_queue_grows && gives_up(row) {
        format!("{}, what does not fail", seconds(row.job_delay_max_s))
    } else if row.kms_queue_grows {
        "never, while it goes on".to_owned()
    } else {
        seconds(row.kms_drain_max_s)
    }
}

fn seconds(seconds: f64) -> String {
    SimDuration::from_secs_f64(seconds).to_string()
}
