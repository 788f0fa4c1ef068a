//! What `bks sensitivity` left in the folder of a run.

use super::{Further, drawn};
use crate::error::Result;
use crate::report::chart::{self, Options};
use crate::report::document::{Block, Cell, ChartFigure, Section, Shown, Table};
use crate::report::sensitivity::{shares, spread_sentence};
use crate::results::sensitivity::{BreakEvenRow, CurveRow};

/// Charts and tables of whatever is there.
pub(super) fn blocks(further: &Further) -> Result<Vec<Block>> {
    let options = Options::default();
    let chart = drawn(chart::sobol, &further.sobol, &options, "sobol.csv", "table-sobol")?;
    let mut blocks: Vec<Block> = chart.into_iter().collect();
    if !further.sobol.is_empty() {
        let caption = "Share of the saving's variance that each assumption makes (Sobol' indices)";
        let table = shares(&further.sobol).on_page("table-sobol", caption, "sobol.csv");
        blocks.push(Block::Table(table.sortable()));
    }
    blocks.extend(further.spread.iter().map(|row| Block::Paragraph(spread_sentence(row, false))));
    if !further.break_even.is_empty() {
        blocks.push(Block::Table(break_even(&further.break_even)));
    }
    if !further.curves.is_empty() {
        let charts = chart::break_even_curves(&further.curves, &options)
            .map_err(|error| error.at(CURVES))?;
        let charts = charts
            .into_iter()
            .map(|chart| Block::Chart(ChartFigure { chart, file: CURVES, table: "table-curves" }));
        let table = [Block::Table(curves(&further.curves))];
        let title = "The saving at each value that was tried";
        blocks.push(Section::folded(Shown::OnScreen, title, charts.chain(table).collect()));
    }
    Ok(blocks)
}

const CURVES: &str = "break_even_curves.csv";

fn break_even(rows: &[BreakEvenRow]) -> Table {
    let caption = "Where the saving crosses a target";
    Table::of(rows)
        .text("parameter", |row| format!("`{}`", row.parameter))
        .text("other assumptions", |row| row.others.clone())
        .figure("target saving", |row| Cell::percent(row.target_ratio))
        .text("there the saving", |row| known(row.direction.as_ref()))
        .text("break-even value", |row| known(row.value.as_ref()))
        .figure("least saving seen", |row| Cell::percent(row.saving_min_ratio))
        .figure("greatest saving seen", |row| Cell::percent(row.saving_max_ratio))
        .table()
        .on_page("table-break-even", caption, "break_even.csv")
        .sortable()
}

fn known(text: Option<&String>) -> Cell {
    text.map_or_else(Cell::unknown, |text| text.clone().into())
}

fn curves(rows: &[CurveRow]) -> Table {
    let caption = "The saving at each value that was tried";
    Table::of(rows)
        .text("parameter", |row| format!("`{}`", row.parameter))
        .text("other assumptions", |row| row.others.clone())
        .figure("value", |row| Cell::count(row.value))
        .text("unit", |row| row.unit.clone())
        .figure("saving", |row| Cell::percent(row.saving_ratio))
        .table()
        .on_page("table-curves", caption, CURVES)
        .sortable()
}
