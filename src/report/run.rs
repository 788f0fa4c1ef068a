//! A run: its verdict, its figures, and what they stand on.
//!
//! - `verdict`, `figures`, `savings`, `accounts`, `bill`, `assumptions`: what was found;
//! - `throttling`: what KMS throttles, where it does;
//! - `basis`, [`reproduction`]: what it stands on, and how to get it again;
//! - [`page`]: all of it, for a meeting.

mod accounts;
mod assumptions;
mod audit;
mod basis;
mod bill;
mod figures;
mod months;
pub mod page;
pub mod reproduction;
mod savings;
mod throttling;
mod verdict;

pub use figures::figures;
pub use savings::principals_in_words;
pub use verdict::verdict;

use super::document::{Block, Document, Section, Shown};
use super::known_total;
use crate::encryption::assumption::Level;
use crate::results::Results;
use crate::results::known_total::Scaled;
use crate::results::rows::SummaryRow;
use crate::units::SimDuration;

/// The verdict, the figures, the assumption that matters most, warnings, and how to get the same again.
#[must_use]
pub fn document(results: &Results, at_known_total: Option<&Scaled>) -> Document {
    let results = &results.seen();
    let mut blocks = vec![Block::Verdict(verdict(results))];
    blocks.extend(results.facts.question.clone().map(Block::Paragraph));
    blocks.push(Block::Table(figures(results)));
    blocks.extend(savings::by_bucket(results));
    blocks.extend(savings::buckets_that_save(results).map(Block::Paragraph));
    blocks.extend(accounts::table(results).map(Block::Table));
    blocks.extend(months::table(results).map(Block::Table));
    blocks.extend(audit::ways(results).map(Block::Table));
    blocks.extend(basis::notes(results).into_iter().map(Block::Note));
    blocks.extend(principals_in_words(results).map(Block::Paragraph));
    blocks.extend(assumptions::greatest_swing(results).map(Block::Paragraph));
    blocks.extend(assumptions::connections(results).map(Block::Paragraph));
    blocks.extend(cautions(results));
    for (title, blocks_of) in [
        (
            "What AWS does not publish, and what it does to the answer",
            vec![Block::Table(assumptions::table(results))],
        ),
        ("Bill lines that differ", vec![bill::differences(results)]),
        ("How to reproduce this", reproduction::blocks(results)),
    ] {
        blocks.push(Section::folded(Shown::IfFoldable, title, blocks_of));
    }
    blocks.extend(at_known_total.into_iter().flat_map(known_total::blocks));
    Document::of(blocks)
}

/// Warnings, and assertions with how they fared.
fn cautions(results: &Results) -> [Block; 2] {
    let facts = &results.facts;
    [Block::Warnings(facts.warnings.clone()), Block::Assertions(facts.assertions.clone())]
}

/// Length of the billing period.
fn period(results: &Results) -> SimDuration {
    SimDuration::from_secs_f64(results.facts.billing_period_s)
}

/// Least and greatest value of a configuration over all levels of assumptions.
fn span(results: &Results, configuration: &str, value: impl Fn(&SummaryRow) -> f64) -> (f64, f64) {
    let values = Level::ALL.map(|level| value(results.at(configuration, level)));
    let least = values.into_iter().fold(f64::INFINITY, f64::min);
    (least, values.into_iter().fold(f64::NEG_INFINITY, f64::max))
}

/// Whether the baseline makes no KMS requests, so that nothing can be saved, only added.
#[must_use]
pub fn adds_cost(results: &Results) -> bool {
    results.assumed(&results.facts.reference).kms_requests <= 0.0
}

/// What a configuration's KMS requests cost beyond the baseline's, in dollars.
fn added_cost(row: &SummaryRow) -> f64 {
    0.0 - row.kms_saved_usd.as_f64()
}

/// Least and greatest of that over all levels of assumptions.
fn added_cost_span(results: &Results, configuration: &str) -> (f64, f64) {
    span(results, configuration, added_cost)
}
