//! A comparison for a person, for a pull request, and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::numbers::{count, dollars, percent};
use super::table::{BOLD, RESET, YELLOW, table};
use super::{markdown, words};
use crate::compare::condition::Verdict;
use crate::compare::{Comparison, CostChangeRow, DifferenceRow};
use crate::encryption::assumptions::Level;
use crate::scenario::assertion::{Figure, FigureUnit};
use crate::units::SimDuration;

/// Version of the JSON document: raised when a key changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

/// For a person at a terminal. Lines are at most `width` columns where words allow it.
#[must_use]
pub fn text(comparison: &Comparison, width: u16) -> String {
    let mut out = String::new();
    for verdict in verdicts(comparison) {
        let _ = writeln!(out, "{BOLD}{verdict}{RESET}");
    }
    let _ = writeln!(out, "\n{}", table("", header(comparison), &figures(comparison), width));
    let changes = changes(comparison);
    if !changes.is_empty() {
        let header = CHANGE_HEADER.map(str::to_owned).to_vec();
        let _ = writeln!(out, "\n{}", table("bill lines that differ", header, &changes, width));
    }
    let _ = writeln!(out, "\n{}", basis(comparison));
    if !comparison.notes.is_empty() {
        out.push('\n');
    }
    for note in &comparison.notes {
        let _ = writeln!(out, "{YELLOW}warning:{RESET} {}; {}", note.what, note.advice);
    }
    out
}

/// For a pull request.
#[must_use]
pub fn markdown(comparison: &Comparison) -> String {
    let mut out = String::new();
    for verdict in verdicts(comparison) {
        let _ = writeln!(out, "**{}**\n", markdown::prose(&verdict));
    }
    out.push_str(&markdown::table("", &header(comparison), &figures(comparison)));
    let changes = changes(comparison);
    if !changes.is_empty() {
        let header = CHANGE_HEADER.map(str::to_owned);
        let _ = writeln!(out, "\n<details><summary>Bill lines that differ</summary>\n");
        out.push_str(&markdown::table("line", &header, &changes));
        let _ = writeln!(out, "\n</details>");
    }
    let _ = writeln!(out, "\n{}", markdown::prose(&basis(comparison)));
    if !comparison.notes.is_empty() {
        out.push('\n');
    }
    for note in &comparison.notes {
        let (what, advice) = (markdown::prose(&note.what), markdown::prose(&note.advice));
        let _ = writeln!(out, "- **warning:** {what}; {advice}");
    }
    out
}

/// For programs: everything that text and CSV files show.
///
/// # Panics
/// Never: rows are flat structs with text for keys.
#[must_use]
pub fn value(comparison: &Comparison, demands: &[Verdict]) -> Value {
    let mut document = serde_json::to_value(comparison).expect("structs with text for keys");
    document["schema_version"] = SCHEMA_VERSION.into();
    document["verdicts"] = verdicts(comparison).into();
    document["demands"] = demands
        .iter()
        .map(|demand| {
            let mut value = json!(demand);
            value["reason"] = reason(demand).into();
            value
        })
        .collect();
    document["holds"] = demands.iter().all(|demand| demand.holds).into();
    document
}

/// What a demand looked at, beside its threshold.
#[must_use]
pub fn reason(demand: &Verdict) -> String {
    let value = demand.value.map_or_else(|| "unknown".to_owned(), |value| value.to_string());
    format!(
        "`{}` of `{}` is {value}, against a threshold of {} (`--fail-if {}`)",
        demand.figure.name(),
        demand.candidate,
        demand.threshold,
        demand.fail_if
    )
}

/// One line for each candidate besides the reference.
fn verdicts(comparison: &Comparison) -> Vec<String> {
    others(comparison).map(|candidate| verdict(comparison, candidate)).collect()
}

/// Labels of the candidates besides the reference.
fn others(comparison: &Comparison) -> impl Iterator<Item = &str> {
    let labels = comparison.candidates.iter().map(|row| row.candidate.as_str());
    labels.filter(|label| *label != comparison.reference)
}

fn verdict(comparison: &Comparison, candidate: &str) -> String {
    let at = |level| comparison.figure(candidate, level, Figure::KmsRequests);
    let reference = &comparison.reference;
    let requests = match at(Level::Assumed).difference_ratio {
        None => {
            format!("makes {} KMS requests, `{reference}` none", number(at(Level::Assumed).value))
        }
        Some(0.0) => format!("makes as many KMS requests as `{reference}`"),
        Some(ratio) if ratio >= MANY_TIMES - 1.0 => {
            format!("makes {} times as many KMS requests as `{reference}`", count(ratio + 1.0))
        }
        Some(ratio) => {
            let more = if ratio > 0.0 { "more" } else { "fewer" };
            format!("makes {} {more} KMS requests than `{reference}`", percent(ratio.abs()))
        }
    };
    let ratios = Level::ALL.map(|level| at(level).difference_ratio);
    let range = match ratios {
        [Some(low), Some(assumed), Some(high)] => {
            let (least, most) = (low.min(assumed).min(high), low.max(assumed).max(high));
            if least < most {
                format!(" [{} … {}]", change(least), change(most))
            } else {
                " [the same at every level]".to_owned()
            }
        }
        _ => String::new(),
    };
    let cost = |figure| {
        let row = comparison.figure(candidate, Level::Assumed, figure);
        let dollars = |value: Option<f64>| dollars(value.unwrap_or_default());
        format!("{} instead of {}", dollars(row.value), dollars(row.reference_value))
    };
    let in_time = match comparison.counts_period_s {
        None => "",
        Some(_) => " in the same time",
    };
    format!(
        "`{candidate}` {requests}{in_time}{range}: they cost {}, the requests and keys bill is {} in {}",
        cost(Figure::KmsCostUsd),
        cost(Figure::TotalCostUsd),
        period(comparison, candidate)
    )
}

fn period(comparison: &Comparison, candidate: &str) -> SimDuration {
    let row = comparison.candidates.iter().find(|row| row.candidate == candidate);
    SimDuration::from_secs_f64(row.expect("it is a candidate").billing_period_s)
}

fn header(comparison: &Comparison) -> Vec<String> {
    let name = |label: &String| {
        if *label == comparison.reference { format!("{label} (reference)") } else { label.clone() }
    };
    comparison.candidates.iter().map(|row| name(&row.candidate)).collect()
}

/// Figures whose differences are shown with their half-widths and their range.
const SHOWN_WHOLE: [Figure; 4] =
    [Figure::Saving, Figure::KmsRequests, Figure::KmsCostUsd, Figure::TotalCostUsd];

/// A table of figures: a label, then a cell for each candidate.
fn figures(comparison: &Comparison) -> Vec<(String, Vec<String>)> {
    let mut rows = Vec::new();
    for (figure, _) in Figure::ALL {
        let at = |level, candidate: &str| comparison.figure(candidate, level, figure).clone();
        let labels: Vec<&str> =
            comparison.candidates.iter().map(|row| row.candidate.as_str()).collect();
        if labels.iter().all(|label| at(Level::Assumed, label).value.is_none()) {
            continue;
        }
        let nothing = |label: &&str| at(Level::Assumed, label).value.is_none_or(|it| it == 0.0);
        if labels.iter().all(nothing) && !SHOWN_WHOLE.contains(&figure) {
            continue;
        }
        let mut row = |label: &str, cell: &dyn Fn(&str) -> String| {
            rows.push((label.to_owned(), labels.iter().map(|label| cell(label)).collect()));
        };
        row(label(figure), &|candidate| {
            let row = at(Level::Assumed, candidate);
            let value = row.value.map_or_else(dash, |value| words::figure(figure, value));
            match row.difference_ratio.filter(|_| candidate != comparison.reference) {
                Some(ratio) if ratio != 0.0 && figure.unit() != FigureUnit::Share => {
                    format!("{value} ({})", change(ratio))
                }
                _ => value,
            }
        });
        if SHOWN_WHOLE.contains(&figure) {
            row("  difference", &|candidate| {
                if candidate == comparison.reference {
                    dash()
                } else {
                    difference(figure, &at(Level::Assumed, candidate))
                }
            });
            row("  low … high", &|candidate| {
                let at = |level| {
                    at(level, candidate)
                        .value
                        .map_or_else(dash, |value| words::figure(figure, value))
                };
                let ends = [at(Level::Low), at(Level::Assumed), at(Level::High)];
                if ends[0] == ends[1] && ends[1] == ends[2] {
                    dash()
                } else {
                    format!("{} … {}", ends[0], ends[2])
                }
            });
        }
    }
    rows
}

fn label(figure: Figure) -> &'static str {
    match figure {
        Figure::Saving => "KMS requests saved",
        Figure::Requests => "S3 requests",
        Figure::KmsRequests => "KMS requests",
        Figure::GenerateDataKey => "  GenerateDataKey",
        Figure::Decrypt => "  Decrypt",
        Figure::Encrypt => "  Encrypt",
        Figure::BucketKeysGenerated => "bucket-level keys made",
        Figure::BucketKeysAliveMin => "  fewest alive at a time",
        Figure::BucketKeysAliveMax => "  most alive at a time",
        Figure::KmsRequestsPerSMax => "KMS peak a second",
        Figure::QuotaShareMax => "  share of the quota",
        Figure::ThrottledS => "  seconds throttled",
        Figure::KmsCostUsd => "cost of KMS requests",
        Figure::TotalCostUsd => "requests and keys bill",
        Figure::AuditSaving => "saved with the audit by object",
    }
}

/// A difference with its sign and half-width; of shares in points.
fn difference(figure: Figure, row: &DifferenceRow) -> String {
    let Some(difference) = row.difference else { return dash() };
    let sign = if difference < 0.0 { "-" } else { "+" };
    let words = |value: f64| match figure.unit() {
        FigureUnit::Share => format!("{:.2}", value * 100.0),
        FigureUnit::Dollars => dollars(value),
        FigureUnit::Count => count(value),
    };
    let width = |width: f64| match figure.unit() {
        // As many digits as the difference has.
        FigureUnit::Dollars if difference.abs() >= 0.01 => format!("${width:.2}"),
        _ => words(width),
    };
    let points = if figure.unit() == FigureUnit::Share { " points" } else { "" };
    let half_width =
        row.difference_half_width.map_or_else(String::new, |of| format!(" ± {}", width(of)));
    format!("{sign}{}{half_width}{points}", words(difference.abs()))
}

/// From so many times on a change is told in times, not in percent.
const MANY_TIMES: f64 = 10.0;

/// A relative change with its sign; what is near to the whole keeps the digits that tell it from it.
fn change(ratio: f64) -> String {
    match ratio {
        r if r >= MANY_TIMES - 1.0 => format!("{} times", count(r + 1.0)),
        r if r > 0.0 => format!("+{}", percent(r)),
        r if r < 0.0 => format!("-{}", percent(-r)),
        _ => "no change".to_owned(),
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(dash, count)
}

fn dash() -> String {
    "–".to_owned()
}

const CHANGE_HEADER: [&str; 5] =
    ["quantity before", "quantity", "cost before", "cost", "difference"];

/// Bill lines that differ at the assumed level.
fn changes(comparison: &Comparison) -> Vec<(String, Vec<String>)> {
    let several = comparison.candidates.len() > 2;
    let label = |row: &CostChangeRow| {
        let once = if row.charge_frequency == "One-Time" { ", once" } else { "" };
        let line = format!("{}{once}", row.charge_description);
        if several { format!("{}: {line}", row.candidate) } else { line }
    };
    let cells = |row: &CostChangeRow| {
        let quantity = |of: u64| format!("{} {}", count(of as f64), row.pricing_unit);
        let sign = if row.difference_usd.as_f64() > 0.0 { "+" } else { "" };
        vec![
            quantity(row.reference_quantity),
            quantity(row.pricing_quantity),
            dollars(row.reference_cost_usd.as_f64()),
            dollars(row.billed_cost.as_f64()),
            format!("{sign}{}", dollars(row.difference_usd.as_f64())),
        ]
    };
    let assumed = comparison.costs.iter().filter(|row| row.assumption == Level::Assumed);
    assumed.map(|row| (label(row), cells(row))).collect()
}

/// What the figures stand for.
fn basis(comparison: &Comparison) -> String {
    let first = &comparison.candidates[0];
    let paired = comparison
        .candidates
        .iter()
        .all(|row| (row.seed, row.replications) == (first.seed, first.replications));
    let how = match (paired, first.replications) {
        (true, 0 | 1) => "from one replication".to_owned(),
        (true, n) => format!(
            "means of {n} replications with common random numbers (seed {}), ± is the 95 % confidence \
             half-width of the difference",
            first.seed
        ),
        (false, _) => {
            "± is the 95 % confidence half-width of the difference, replications taken as \
                       independent"
                .to_owned()
        }
    };
    let span = SimDuration::from_secs_f64;
    let counts = match comparison.counts_period_s {
        None => format!("are of {}", span(first.counted_s)),
        Some(period_s) => {
            format!("are for {}, to which each run's counted part is taken", span(period_s))
        }
    };
    format!(
        "Against `{}`, assumptions alike on both sides: {how}; peaks and keys alive are extremes. Counts \
         {counts}, money is for {}.\nlow … high: every assumption at the end that saves least, and most.\n\
         Requests and keys bill: KMS, S3 requests and CloudTrail events; no storage, no transfer.",
        comparison.reference,
        span(first.billing_period_s),
    )
}
