//! What an answer depends on: assumptions one at a time and together, and break-even values.

mod sentences;

pub(super) use sentences::spread as spread_sentence;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::chart::{self, Options, Size};
use super::document::{Block, Cell, Document, Table};
use super::json;
use super::numbers::count;
use crate::pricing::PriceTable;
use crate::results::csv;
use crate::results::rows::SensitivityRow;
use crate::results::sensitivity::{
    BreakEvenRow, CurveRow, FigureBreakEvenRow, IDENTITY, SensitivityRun, SobolRow, SpreadRow,
};
use crate::scenario::{MODEL_VERSION, Scenario};
use crate::sensitivity::{Sensitivity, Together, rows};

/// The JSON document's own version: raised when a key changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

/// Name and content of every file that `bks sensitivity` leaves. The same scenario, seed, version and
/// arguments give the same bytes.
///
/// # Panics
/// Never: what is written is text.
#[must_use]
pub fn files(scenario: &Scenario, found: &Sensitivity) -> Vec<(&'static str, Vec<u8>)> {
    let swings = &found.swings;
    let mut files = vec![
        ("sensitivity.csv", csv::write(swings)),
        ("sobol.csv", csv::write(&rows::sobol(scenario, found))),
        ("spread.csv", csv::write(&rows::spread(scenario, found))),
        ("break_even.csv", csv::write(&rows::break_even(scenario, found))),
        ("break_even_curves.csv", csv::write(&rows::curves(scenario, found))),
    ];
    if !found.figure_targets.is_empty() {
        let rows = rows::figure_break_even(scenario, found);
        files.push(("figure_break_even.csv", csv::write(&rows)));
    }
    let texts =
        files.iter().map(|(name, bytes)| (*name, std::str::from_utf8(bytes).expect("CSV is text")));
    let identity = SensitivityRun::of(scenario, texts);
    files.push((IDENTITY, json::write(&identity).into_bytes()));
    // Without a range there is nothing to draw.
    let tornado = chart::tornado(swings, &Options::default()).ok();
    files.extend(tornado.map(|chart| ("tornado.svg", chart.svg(Size::default()).into_bytes())));
    files
}

/// The verdict, tables of what each assumption does, and where the saving crosses the targets.
#[must_use]
pub fn document(scenario: &Scenario, found: &Sensitivity) -> Document {
    let mut blocks = vec![Block::Verdict(sentences::verdict(scenario, found))];
    if !found.swings.is_empty() {
        blocks.push(Block::Table(swings(&found.swings)));
    }
    blocks.push(match &found.together {
        Together::Known => {
            Block::Paragraph("Every assumption is known, so the saving has no spread.".to_owned())
        }
        Together::NothingToSave => Block::Paragraph(
            "Without a saving there is no spread and no break-even value. What the configuration costs, its peak and \
             its throttling are figures of their own: ask for one, e.g., `--target 'kms_cost_usd < 100'`."
                .to_owned(),
        ),
        Together::TooLong(requests) => Block::Paragraph(format!(
            "The spread of all assumptions together was not sampled: even the fewest points would \
             answer about {} requests. Ask for it with `--samples 16`, or simulate less, e.g., \
             `--set duration=1d`.",
            count(*requests)
        )),
        Together::Sampled(sample) => match &sample.indices {
            Some(_) => Block::Table(shares(&rows::sobol(scenario, found))),
            None => Block::Paragraph(
                "The saving is the same wherever the assumptions lie, so it has no spread."
                    .to_owned(),
            ),
        },
    });
    if let Together::Sampled(sample) = &found.together {
        let spread = rows::spread(scenario, found);
        blocks
            .extend(spread.iter().map(|row| Block::Paragraph(spread_sentence(row, sample.fewer))));
    }
    let mut found_at = sentences::break_evens(scenario, found);
    found_at.extend(sentences::figure_targets(found));
    blocks.push(Block::List(found_at));
    if found.together != Together::NothingToSave {
        blocks.extend(sentences::basis(found).into_iter().map(Block::Note));
    }
    Document::of(blocks)
}

/// The saving with one assumption at an end of its range and the others as assumed.
fn swings(swings: &[SensitivityRow]) -> Table {
    Table::of(swings)
        .text("one at a time", |it| format!("`{}`", it.assumption))
        .figure("low", |it| it.low.as_str().into())
        .figure("assumed", |it| it.assumed.as_str().into())
        .figure("high", |it| it.high.as_str().into())
        .figure("saving at low", |it| Cell::percent(it.saving_at_low))
        .figure("saving at high", |it| Cell::percent(it.saving_at_high))
        .figure("points", |it| Cell::figure(it.width() * 100.0, |points| format!("{points:.2}")))
        .table()
}

/// How much of the variance each assumption explains.
pub(super) fn shares(rows: &[SobolRow]) -> Table {
    Table::of(rows)
        .text("share of the spread", |row| format!("`{}`", row.assumption))
        .figure("alone [95 %]", |row| {
            interval(row.first_order, row.first_order_low, row.first_order_high)
        })
        .figure("with others [95 %]", |row| interval(row.total, row.total_low, row.total_high))
        .table()
}

fn interval(value: f64, low: f64, high: f64) -> Cell {
    // No sign for what rounds to zero.
    let [seen, low, high] = [value, low, high].map(|it| if it.abs() < 0.005 { 0.0 } else { it });
    Cell { text: format!("{seen:.2} [{low:.2} … {high:.2}]"), value: Some(value) }
}

/// What a scenario's answer depends on.
#[derive(Serialize, JsonSchema)]
pub(super) struct SensitivityDocument<'a> {
    /// Version of this document.
    schema_version: u32,
    /// Version of bks.
    bks_version: &'static str,
    /// Version of the model.
    model_version: u32,
    /// Date of the newest built-in price.
    price_date: &'static str,
    /// Name of the scenario.
    scenario: &'a str,
    /// Hash of the resolved scenario.
    scenario_hash: String,
    /// The seed.
    seed: u64,
    /// Name of the configuration analysed.
    headline: &'a str,
    /// Name of the configuration savings are measured against.
    reference: &'a str,
    /// Replications in which break-even values were checked.
    replications: u32,
    /// The answer in one line.
    verdict: String,
    /// The saving with every assumption as assumed, in the first replication.
    saving_assumed_ratio: Option<f64>,
    /// Rows of `sensitivity.csv`.
    sensitivity: &'a [SensitivityRow],
    /// Rows of `sobol.csv`.
    sobol: Vec<SobolRow>,
    /// Rows of `spread.csv`.
    spread: Vec<SpreadRow>,
    /// Rows of `break_even.csv`.
    break_even: Vec<BreakEvenRow>,
    /// Rows of `break_even_curves.csv`.
    break_even_curves: Vec<CurveRow>,
    /// Rows of `figure_break_even.csv`.
    figure_break_even: Vec<FigureBreakEvenRow>,
    /// Where demands on figures hold, in words.
    figure_break_even_sentences: Vec<String>,
    /// What was found along each parameter, in words.
    break_even_sentences: Vec<String>,
    /// Usual parameters that the scenario does not have.
    left_out: Vec<ParameterLeftOut<'a>>,
}

/// A usual parameter that was not searched.
#[derive(Serialize, JsonSchema)]
struct ParameterLeftOut<'a> {
    /// The parameter.
    parameter: &'a str,
    /// Why it was not searched.
    why: &'a str,
}

/// Everything that text and CSV files show, for programs.
#[must_use]
pub fn json(scenario: &Scenario, found: &Sensitivity) -> Value {
    let left_out = found.left_out.iter();
    let left_out = left_out.map(|(parameter, why)| ParameterLeftOut { parameter, why });
    json::value(&SensitivityDocument {
        schema_version: SCHEMA_VERSION,
        bks_version: env!("CARGO_PKG_VERSION"),
        model_version: MODEL_VERSION,
        price_date: PriceTable::DATE,
        scenario: &scenario.name,
        scenario_hash: scenario.hash(),
        seed: scenario.seed.0,
        headline: &scenario.configurations[scenario.headline].name,
        reference: &scenario.configurations[scenario.reference].name,
        replications: found.replications,
        verdict: sentences::verdict(scenario, found),
        saving_assumed_ratio: found.assumed,
        sensitivity: &found.swings,
        sobol: rows::sobol(scenario, found),
        spread: rows::spread(scenario, found),
        break_even: rows::break_even(scenario, found),
        break_even_curves: rows::curves(scenario, found),
        figure_break_even: rows::figure_break_even(scenario, found),
        figure_break_even_sentences: sentences::figure_targets(found),
        break_even_sentences: sentences::break_evens(scenario, found),
        left_out: left_out.collect(),
    })
}
