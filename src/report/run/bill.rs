//! The bill, line by line.

use super::period;
use crate::encryption::assumption::Level;
use crate::report::document::{Block, Cell, Rank, Table};
use crate::report::numbers::unit_price;
use crate::results::Results;
use crate::results::rows::CostRow;
use crate::units::Usd;

/// One line of the bill at the assumed level, configurations side by side.
struct Line<'a> {
    label: String,
    /// Whether it is charged once instead of in every billing period.
    is_once: bool,
    /// The row of each configuration, in the order of the scenario; `None` where it has no such line.
    rows: Vec<Option<&'a CostRow>>,
}

impl Line<'_> {
    /// What each configuration pays for it.
    fn billed(&self) -> impl Iterator<Item = Usd> {
        self.rows.iter().map(|row| row.map_or(Usd::ZERO, |row| row.billed_cost))
    }

    /// Whether any configuration pays another amount than the others, or uses another quantity.
    fn differs(&self) -> bool {
        let mut uses = self
            .rows
            .iter()
            .map(|row| row.map_or((Usd::ZERO, 0), |row| (row.billed_cost, row.pricing_quantity)));
        let first = uses.next();
        uses.any(|other| Some(other) != first)
    }

    fn cells(&self) -> impl Iterator<Item = Cell> {
        std::iter::once(self.label.clone().into()).chain(self.billed().map(Cell::dollars))
    }
}

/// Every line that some configuration has at the assumed level, charges of work that happens once last.
fn lines(results: &Results) -> Vec<Line<'_>> {
    let configurations = &results.facts.configurations;
    let mut lines: Vec<(&CostRow, Line)> = Vec::new();
    let several_regions = results.costs.windows(2).any(|two| two[0].region_id != two[1].region_id);
    for row in results.costs.iter().filter(|row| row.assumption == Level::Assumed) {
        let place = configurations.iter().position(|it| it.name == row.configuration);
        let Some(place) = place else { continue };
        let known = lines.iter().position(|(other, _)| is_same_line(other, row));
        let line = known.unwrap_or_else(|| {
            let is_once = row.charge_frequency == "One-Time";
            let region =
                if several_regions { format!(", {}", row.region_id) } else { String::new() };
            let once = if is_once { ", once" } else { "" };
            let label = format!("{}{region}{once}", row.charge_description);
            lines.push((row, Line { label, is_once, rows: vec![None; configurations.len()] }));
            lines.len() - 1
        });
        lines[line].1.rows[place] = Some(row);
    }
    lines.sort_by_key(|(_, line)| line.is_once);
    lines.into_iter().map(|(_, line)| line).collect()
}

fn is_same_line(a: &CostRow, b: &CostRow) -> bool {
    a.charge_frequency == b.charge_frequency
        && a.region_id == b.region_id
        && a.service_name == b.service_name
        && a.charge_description == b.charge_description
}

/// An empty table with a column for each configuration.
fn table(corner: impl Into<String>, results: &Results) -> Table {
    Table::new(corner, results.facts.configurations.iter().map(|it| format!("`{}`", it.name)))
}

/// The lines that are not the same for all configurations.
pub(super) fn differences(results: &Results) -> Block {
    let mut table = table(format!("billed in {}", period(results)), results);
    for line in lines(results).iter().filter(|line| line.differs()) {
        table.push(line.cells());
    }
    if table.rows.is_empty() {
        return Block::Paragraph("The configurations are billed the same.".to_owned());
    }
    Block::Table(table)
}

/// Every line, and the sum of those that recur.
pub(super) fn side_by_side(results: &Results) -> Table {
    let mut table = table("line", results);
    let (once, recurring): (Vec<_>, Vec<_>) = lines(results).into_iter().partition(|it| it.is_once);
    for line in recurring {
        table.push(line.cells());
    }
    let totals = results.facts.configurations.iter();
    let totals = totals.map(|it| Cell::dollars(results.assumed(&it.name).total_cost_usd));
    let label = format!("requests and keys bill, {}", period(results));
    table.push_ranked(Rank::Total, std::iter::once(label.into()).chain(totals));
    for line in once {
        table.push(line.cells());
    }
    let caption = format!(
        "What is billed in {}, every assumption as assumed, list prices of {}",
        period(results),
        results.facts.prices.region
    );
    table.on_page("table-bill", caption, "costs.csv")
}

/// Every line of every configuration at every level of assumptions.
pub(super) fn all_levels(results: &Results) -> Table {
    let table = Table::of(&results.costs)
        .text("line", |row| row.charge_description.clone())
        .text("configuration", |row| row.configuration.clone())
        .text("assumptions", |row| row.assumption.name())
        .text("service", |row| row.service_name.clone())
        .text("charged", |row| row.charge_frequency.clone())
        .figure("quantity", |row| Cell::count(row.pricing_quantity as f64))
        .text("unit", |row| row.pricing_unit.clone())
        .figure("unit price", |row| Cell::figure(row.list_unit_price.as_f64(), unit_price))
        .figure("list cost", |row| Cell::dollars(row.list_cost))
        .figure("billed", |row| Cell::dollars(row.billed_cost))
        .table();
    table
        .on_page("table-lines", "Bill lines by configuration and level of assumptions", "costs.csv")
        .sortable()
}
