//! How sure the saving is, and why it is not surer.

use super::decision::range;
use super::drawn;
use crate::error::Result;
use crate::figure::Figure;
use crate::report::chart::{self, Options};
use crate::report::document::{Block, Cell, Column, Table};
use crate::report::numbers::percent;
use crate::report::run::{adds_cost, assumptions};
use crate::results::Results;
use crate::results::rows::SummaryRow;

/// The kinds of doubt, and the savings of all configurations.
pub(super) fn blocks(results: &Results) -> Result<Vec<Block>> {
    let facts = &results.facts;
    let headline = results.assumed(&facts.headline);
    if facts.headline == facts.reference {
        return Ok(vec![Block::Paragraph(
            "The baseline is compared with itself, so there is no saving to be sure of.".to_owned(),
        )]);
    }
    if adds_cost(results) || headline.saving_ratio.is_none() {
        return Ok(vec![Block::Paragraph(format!(
            "There is nothing to save: `{}` makes no KMS requests. The key figures below say what the others \
             cost in addition, and the range over what AWS does not publish.",
            facts.reference
        ))]);
    }
    let reasons = if assumptions::unknown_objects(results).is_some() { "four" } else { "three" };
    let mut blocks = vec![
        Block::Paragraph(format!(
            "The saving of `{}` is not known exactly, for {reasons} different reasons.{}",
            facts.headline,
            matters_most(results, headline)
        )),
        Block::Table(doubts(results, headline)),
    ];
    let options = Options::default();
    blocks.extend(drawn(
        chart::saving,
        &results.summary,
        &options,
        "summary.csv",
        "table-figures",
    )?);
    Ok(blocks)
}

/// Which of the reasons is the greatest, if it is greater than chance.
fn matters_most(results: &Results, headline: &SummaryRow) -> &'static str {
    let chance = headline.saving_half_width.unwrap_or_default();
    let unknown = assumptions::unknown_objects(results).map_or(0.0, assumptions::width);
    match results.saving_range(&headline.configuration).map(|(low, high)| high - low) {
        Some(width) if width <= 2.0 * chance => "",
        Some(width) if unknown > width / 2.0 => {
            " The log matters most: it does not show when most of what is read was written."
        }
        Some(_) => " What AWS does not publish matters most: how S3 keeps its keys.",
        None => "",
    }
}

/// Each reason, the range of the saving that follows from it, and what the range is.
fn doubts(results: &Results, headline: &SummaryRow) -> Table {
    let unknown = assumptions::unknown_objects(results);
    let mut table = Table {
        columns: vec![Column::text("doubt"), Column::figure("saving"), Column::text("meaning")],
        ..Table::default()
    };
    table.push(["Chance".into(), chance(headline), chance_meaning(results).into()]);
    if let Some(swing) = unknown {
        let (low, high) = (swing.saving_at_low, swing.saving_at_high);
        table.push([
            "What the log does not show".into(),
            savings(Some((low.min(high), low.max(high)))),
            "From no bucket key to one for all of a bucket's objects that are read and not written in the \
             log; all else as assumed."
                .into(),
        ]);
    }
    let (and, ends) = match unknown {
        None => ("", ""),
        Some(_) => (", and the log does not show", "; what the log does not show at its ends, too"),
    };
    if let Some(ends) = headline.nine_in_ten(Figure::Saving) {
        table.push([
            "What AWS does not publish, nine in ten".into(),
            savings(Some(ends)),
            format!(
                "5 % and 95 % of {} sets of assumptions, each drawn by its law, save less; on the same \
                 requests.",
                headline.assumption_sets.unwrap_or_default()
            )
            .into(),
        ]);
    }
    table.push([
        format!("What AWS does not publish{and}, at its ends").into(),
        savings(results.saving_range(&headline.configuration)),
        "low … high: every assumption at the end that saves least, and at the end that saves most. \
         Corners, not confidence limits: all of them at their worst at once is unlikely."
            .into(),
    ]);
    table.push([
        "Whatever S3 does".into(),
        savings(headline.saving_floor.zip(headline.saving_ceiling)),
        format!(
            "floor … ceiling: every request misses the cache, and keys never expire and are shared by the whole \
             fleet{ends}."
        )
        .into(),
    ]);
    let caption = format!("Ranges of the saving of `{}`", headline.configuration);
    table.on_page("table-doubts", caption, "summary.csv")
}

fn savings(ends: Option<(f64, f64)>) -> Cell {
    ends.map_or_else(Cell::unknown, |ends| range(ends, percent).into())
}

fn chance(headline: &SummaryRow) -> Cell {
    match (headline.saving_ratio, headline.saving_half_width) {
        (Some(saving), Some(half)) => {
            format!("{} ± {:.2} points", percent(saving), half * 100.0).into()
        }
        _ => "not known from one replication".into(),
    }
}

fn chance_meaning(results: &Results) -> String {
    let replications = match results.facts.replications {
        1 => "one replication".to_owned(),
        n => format!("{n} replications"),
    };
    format!(
        "±: half-width of the 95 % confidence interval of the mean of {replications}, with every \
         assumption as assumed. More replications narrow it."
    )
}
