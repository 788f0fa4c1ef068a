//! What `bks sensitivity` left in the folder of a run.

use super::{Further, drawn};
use crate::error::Result;
use crate::report::chart::{self, Options};
use crate::report::document::{Block, Cell, Figure, Section, Shown, Table};
use crate::results::sensitivity::{BreakEvenRow, CurveRow, SobolRow, SpreadRow};

/// Charts and tables of whatever is there.
pub(super) fn blocks(further: &Further) -> Result<Vec<Block>> {
    let options = Options::default();
    let chart = drawn(chart::sobol, &further.sobol, &options, "sobol.csv", "table-sobol")?;
    let mut blocks: Vec<Block> = chart.into_iter().collect();
    let tables = [sobol(&further.sobol), spread(&further.spread), break_even(&further.break_even)];
    blocks.extend(tables.into_iter().filter(|table| !table.rows.is_empty()).map(Block::Table));
    if !further.curves.is_empty() {
        let charts = chart::break_even_curves(&further.curves, &options)
            .map_err(|error| error.at(CURVES))?;
        let charts = charts.into_iter().enumerate().map(|(number, mut chart)| {
            chart.name = format!("{}-{number}", chart.name);
            Block::Chart(Figure { chart, file: CURVES, table: "table-curves" })
        });
        let table = [Block::Table(curves(&further.curves))];
        let title = "The saving at each value that was tried";
        blocks.push(Section::folded(Shown::OnScreen, title, charts.chain(table).collect()));
    }
    Ok(blocks)
}

const CURVES: &str = "break_even_curves.csv";

fn sobol(rows: &[SobolRow]) -> Table {
    let caption = "Share of the saving's variance that each assumption makes (Sobol' indices), with 95 % \
                   confidence intervals";
    Table::of(rows)
        .text("assumption", |row| format!("`{}`", row.assumption))
        .figure("by itself", |row| Cell::percent(row.first_order))
        .figure("from", |row| Cell::percent(row.first_order_low))
        .figure("to", |row| Cell::percent(row.first_order_high))
        .figure("with others", |row| Cell::percent(row.total))
        .figure("from", |row| Cell::percent(row.total_low))
        .figure("to", |row| Cell::percent(row.total_high))
        .table()
        .on_page("table-sobol", caption, "sobol.csv")
        .sortable()
}

fn spread(rows: &[SpreadRow]) -> Table {
    let caption = "The saving over sets of assumptions drawn from their ranges";
    Table::of(rows)
        .text("configuration", |row| format!("`{}`", row.configuration))
        .figure("points of each of two samples", |row| Cell::count(f64::from(row.samples)))
        .figure("5 % of the sets save less than", |row| Cell::percent(row.saving_p05_ratio))
        .figure("half save less than", |row| Cell::percent(row.saving_p50_ratio))
        .figure("mean", |row| Cell::percent(row.saving_mean_ratio))
        .figure("95 % save less than", |row| Cell::percent(row.saving_p95_ratio))
        .table()
        .on_page("table-spread", caption, "spread.csv")
        .sortable()
}

fn break_even(rows: &[BreakEvenRow]) -> Table {
    let caption = "Where the saving crosses a target";
    Table::of(rows)
        .text("parameter", |row| format!("`{}`", row.parameter))
        .text("other assumptions", |row| row.others.clone())
        .figure("saving asked for", |row| Cell::percent(row.target_ratio))
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
