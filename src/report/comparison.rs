//! A comparison: a verdict for each candidate, the figures side by side, and what on the bill differs.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::assertion;
use super::document::{Block, Cell, Document, Rank, Section, Shown, Table};
use super::json;
use super::numbers::{count, dollars, ends, percent};
use crate::compare::condition::{ConditionOf, Verdict};
use crate::compare::{Comparison, CostChangeRow, DifferenceRow};
use crate::encryption::assumption::Level;
use crate::figure::{Figure, FigureUnit};
use crate::units::{SimDuration, Usd};

/// Version of the JSON document: raised when a key changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

/// For people.
#[must_use]
pub fn document(comparison: &Comparison) -> Document {
    let mut blocks: Vec<Block> = verdicts(comparison).into_iter().map(Block::Verdict).collect();
    blocks.push(Block::Table(figures(comparison)));
    let changes = bill_changes(comparison);
    if !changes.rows.is_empty() {
        let changes = vec![Block::Table(changes)];
        blocks.push(Section::folded(Shown::Folded, "Bill lines that differ", changes));
    }
    blocks.extend(basis(comparison).into_iter().map(Block::Note));
    blocks.push(Block::Warnings(comparison.notes.clone()));
    Document::of(blocks)
}

/// A comparison, with what was demanded of it.
#[derive(Serialize, JsonSchema)]
pub(super) struct ComparisonDocument<'a> {
    /// Version of this document.
    schema_version: u32,
    #[serde(flatten)]
    comparison: &'a Comparison,
    /// One line for each candidate besides the reference.
    verdicts: Vec<String>,
    /// What was demanded by `--fail-if`.
    demands: Vec<DemandDocument<'a>>,
    /// Whether every demand was met.
    holds: bool,
}

/// A demand, and why it is met or not.
#[derive(Serialize, JsonSchema)]
struct DemandDocument<'a> {
    #[serde(flatten)]
    condition: &'a Verdict,
    /// What was looked at beside its threshold, in words.
    reason: String,
}

/// For programs: everything that text and CSV files show.
#[must_use]
pub fn json(comparison: &Comparison, conditions: &[Verdict]) -> Value {
    let demands =
        conditions.iter().map(|condition| DemandDocument { condition, reason: reason(condition) });
    json::value(&ComparisonDocument {
        schema_version: SCHEMA_VERSION,
        comparison,
        verdicts: verdicts(comparison),
        demands: demands.collect(),
        holds: conditions.iter().all(|condition| condition.holds),
    })
}

/// What a `--fail-if` looked at, beside its threshold.
#[must_use]
pub fn reason(condition: &Verdict) -> String {
    let Verdict { figure, candidate, of, value, threshold, fail_if, .. } = condition;
    let is = match of {
        ConditionOf::Value => format!("is {value}, against a threshold of {threshold}"),
        ConditionOf::Difference => {
            format!("differs by {value} from the baseline's, against a threshold of {threshold}")
        }
        ConditionOf::Ratio if value.is_infinite() => "was 0 in the baseline".to_owned(),
        ConditionOf::Ratio => {
            let [change, threshold] = [*value, *threshold].map(percent);
            format!("differs by {change} of the baseline's, against a threshold of {threshold}")
        }
    };
    format!("`{}` of `{candidate}` {is} (`--fail-if {fail_if}`)", figure.name())
}

/// One line for each candidate besides the baseline.
fn verdicts(comparison: &Comparison) -> Vec<String> {
    let labels = comparison.candidates.iter().map(|row| &row.candidate);
    let others = labels.filter(|label| **label != comparison.reference);
    others.map(|candidate| verdict(comparison, candidate)).collect()
}

fn verdict(comparison: &Comparison, candidate: &str) -> String {
    let in_time = match comparison.counts_period_s {
        None => "",
        Some(_) => " in the same time",
    };
    let row = comparison.candidates.iter().find(|row| row.candidate == candidate);
    let period = row.expect("it is a candidate").billing_period_s;
    format!(
        "`{candidate}` {}{in_time}{}: they cost {}, the requests and keys bill is {} in {}",
        requests(comparison, candidate),
        range(comparison, candidate),
        instead(comparison, candidate, Figure::KmsCostUsd),
        instead(comparison, candidate, Figure::TotalCostUsd),
        SimDuration::from_secs_f64(period)
    )
}

/// How many KMS requests a candidate makes, beside the baseline.
fn requests(comparison: &Comparison, candidate: &str) -> String {
    let row = comparison.figure(candidate, Level::Assumed, Figure::KmsRequests);
    let baseline = &comparison.reference;
    match row.difference_ratio {
        None => {
            format!("makes {} KMS requests, `{baseline}` none", Cell::count(row.value).text)
        }
        Some(0.0) => format!("makes as many KMS requests as `{baseline}`"),
        Some(ratio) if ratio >= MANY_TIMES - 1.0 => {
            format!("makes {} times as many KMS requests as `{baseline}`", count(ratio + 1.0))
        }
        Some(ratio) => {
            let more = if ratio > 0.0 { "more" } else { "fewer" };
            format!("makes {} {more} KMS requests than `{baseline}`", percent(ratio.abs()))
        }
    }
}

/// The least and the greatest change at any level of assumptions.
fn range(comparison: &Comparison, candidate: &str) -> String {
    let ratios = Level::ALL
        .map(|level| comparison.figure(candidate, level, Figure::KmsRequests).difference_ratio);
    let [Some(low), Some(assumed), Some(high)] = ratios else { return String::new() };
    let (least, most) = (low.min(assumed).min(high), low.max(assumed).max(high));
    let words = if least >= most {
        "the same at every level".to_owned()
    } else if assumed >= MANY_TIMES - 1.0 {
        format!("{} times", ends((least + 1.0, most + 1.0), count))
    } else if assumed < 0.0 && most < 0.0 {
        ends((-most, -least), percent)
    } else if assumed > 0.0 && least > 0.0 && most < MANY_TIMES - 1.0 {
        ends((least, most), percent)
    } else {
        // The ends differ in what they say: each says it by itself.
        format!("{} … {}", change_in_words(least), change_in_words(most))
    };
    format!(" [{words}]")
}

/// A relative change as a sentence has it.
fn change_in_words(ratio: f64) -> String {
    match ratio {
        r if r >= MANY_TIMES - 1.0 => change(r),
        r if r > 0.0 => format!("{} more", percent(r)),
        r if r < 0.0 => format!("{} fewer", percent(-r)),
        _ => "as many".to_owned(),
    }
}

fn instead(comparison: &Comparison, candidate: &str, figure: Figure) -> String {
    let row = comparison.figure(candidate, Level::Assumed, figure);
    let [own, baseline] =
        [row.value, row.reference_value].map(|value| dollars(value.unwrap_or_default()));
    format!("{own} instead of {baseline}")
}

/// Figures whose differences are shown with their half-widths and their range.
const SHOWN_WHOLE: [Figure; 4] =
    [Figure::Saving, Figure::KmsRequests, Figure::KmsCostUsd, Figure::TotalCostUsd];

/// A row for each figure that is not nothing for all, a column for each candidate.
fn figures(comparison: &Comparison) -> Table {
    let candidates = &comparison.candidates;
    let titles = candidates.iter().map(|row| {
        let is_baseline = row.candidate == comparison.reference;
        format!("`{}`{}", row.candidate, if is_baseline { " (baseline)" } else { "" })
    });
    let mut table = Table::new("", titles);
    for &figure in Figure::ALL {
        let rows =
            candidates.iter().map(|row| comparison.figure(&row.candidate, Level::Assumed, figure));
        let rows: Vec<&DifferenceRow> = rows.collect();
        let is_whole = SHOWN_WHOLE.contains(&figure);
        let is_something = rows.iter().any(|row| row.value.is_some_and(|it| it != 0.0));
        if rows.iter().all(|row| row.value.is_none()) || !(is_something || is_whole) {
            continue;
        }
        let (rank, label) = label(figure);
        let cells = rows.iter().map(|row| value(comparison, figure, row));
        table.push_ranked(rank, std::iter::once(label.into()).chain(cells));
        if !is_whole {
            continue;
        }
        let differences = rows.iter().map(|row| {
            let is_baseline = row.candidate == comparison.reference;
            if is_baseline { Cell::unknown() } else { difference(figure, row) }
        });
        table.push_ranked(Rank::Part, std::iter::once("difference".into()).chain(differences));
        if rows.iter().any(|row| row.value_p05.is_some()) {
            let ranges = rows.iter().map(|row| nine_in_ten(figure, row));
            table.push_ranked(Rank::Part, std::iter::once("nine in ten".into()).chain(ranges));
        }
        let ranges = rows.iter().map(|row| levels(comparison, figure, &row.candidate));
        table.push_ranked(Rank::Part, std::iter::once("low … high".into()).chain(ranges));
    }
    table
}

/// A candidate's figure, and how far it is from the baseline's.
fn value(comparison: &Comparison, figure: Figure, row: &DifferenceRow) -> Cell {
    let Some(value) = row.value else { return Cell::unknown() };
    let text = assertion::figure(figure, value);
    match row.difference_ratio.filter(|_| row.candidate != comparison.reference) {
        Some(ratio) if ratio != 0.0 && figure.unit() != FigureUnit::Share => {
            format!("{text} ({})", change(ratio)).into()
        }
        _ => text.into(),
    }
}

/// Between what a candidate's own figure lies in nine of ten cases.
fn nine_in_ten(figure: Figure, row: &DifferenceRow) -> Cell {
    let Some((low, high)) = row.value_p05.zip(row.value_p95) else { return Cell::unknown() };
    ends((low, high), |end| assertion::figure(figure, end)).into()
}

/// A candidate's figure at the ends of the assumptions, if they make a difference.
fn levels(comparison: &Comparison, figure: Figure, candidate: &str) -> Cell {
    let values = Level::ALL.map(|level| comparison.figure(candidate, level, figure).value);
    let words = values.map(|value| {
        value.map_or_else(|| Cell::unknown().text, |value| assertion::figure(figure, value))
    });
    let [low, assumed, high] = words;
    match values {
        _ if low == assumed && assumed == high => Cell::unknown(),
        [Some(low), _, Some(high)] => {
            ends((low, high), |end| assertion::figure(figure, end)).into()
        }
        _ => format!("{low} … {high}").into(),
    }
}

/// What a figure is called, and whether it is a part of the one before.
fn label(figure: Figure) -> (Rank, &'static str) {
    match figure.label().strip_prefix("  ") {
        Some(part) => (Rank::Part, part),
        None => (Rank::Plain, figure.label()),
    }
}

/// A difference with its sign and half-width; of shares in points.
fn difference(figure: Figure, row: &DifferenceRow) -> Cell {
    let Some(difference) = row.difference else { return Cell::unknown() };
    let sign = if difference < 0.0 { "-" } else { "+" };
    let half_width = match (row.difference_half_width, figure.unit()) {
        (None, _) => String::new(),
        // As many digits as the difference has.
        (Some(width), FigureUnit::Dollars) if difference.abs() >= 0.01 => format!(" ± ${width:.2}"),
        (Some(width), _) => format!(" ± {}", magnitude(figure, width)),
    };
    let points = if figure.unit() == FigureUnit::Share { " points" } else { "" };
    format!("{sign}{}{half_width}{points}", magnitude(figure, difference.abs())).into()
}

fn magnitude(figure: Figure, value: f64) -> String {
    match figure.unit() {
        FigureUnit::Share => format!("{:.2}", value * 100.0),
        FigureUnit::Dollars => dollars(value),
        FigureUnit::Count => count(value),
    }
}

/// From so many times on a change is given in times, not in percent.
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

/// Bill lines that differ at the assumed level.
fn bill_changes(comparison: &Comparison) -> Table {
    let several = comparison.candidates.len() > 2;
    let assumed = comparison.costs.iter().filter(|row| row.assumption == Level::Assumed);
    Table::of(assumed)
        .text("line", |row| {
            let once = if row.charge_frequency == "One-Time" { ", once" } else { "" };
            let line = format!("{}{once}", row.charge_description);
            if several { format!("`{}`: {line}", row.candidate) } else { line }
        })
        .figure("quantity before", |row| quantity(row.reference_quantity, row))
        .figure("quantity", |row| quantity(row.pricing_quantity, row))
        .figure("cost before", |row| Cell::dollars(row.reference_cost_usd))
        .figure("cost", |row| Cell::dollars(row.billed_cost))
        .figure("difference", |row| {
            let sign = if row.difference_usd > Usd::ZERO { "+" } else { "" };
            format!("{sign}{}", dollars(row.difference_usd.as_f64())).into()
        })
        .table()
}

fn quantity(of: u64, row: &CostChangeRow) -> Cell {
    format!("{} {}", count(of as f64), row.pricing_unit).into()
}

/// What the figures stand for, in sentences.
fn basis(comparison: &Comparison) -> Vec<String> {
    let first = &comparison.candidates[0];
    let is_paired = comparison
        .candidates
        .iter()
        .all(|row| (row.seed, row.replications) == (first.seed, first.replications));
    let how = match (is_paired, first.replications) {
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
    let counts = match comparison.counts_period_s {
        None => format!("are of {}", SimDuration::from_secs_f64(first.counted_s)),
        Some(period_s) => format!(
            "are for {}, to which each run's counted part is scaled",
            SimDuration::from_secs_f64(period_s)
        ),
    };
    vec![
        format!(
            "Against `{}`, with the same assumptions on both sides: {how}; peaks and keys alive are extremes. \
             Counts {counts}, money is for {}.",
            comparison.reference,
            SimDuration::from_secs_f64(first.billing_period_s),
        ),
        "Nine in ten: of each candidate's own sets of assumptions, drawn by their laws, one in twenty is \
         below and one in twenty above; low … high: every assumption at the end that saves least, and most."
            .to_owned(),
        "Requests and keys bill: KMS, S3 requests and CloudTrail events; no storage, no transfer."
            .to_owned(),
    ]
}
