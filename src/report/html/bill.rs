//! The bill: charts, configurations side by side, and every line at every level.

use maud::{Markup, html};

use super::Page;
use super::figure::{self, Figure};
use super::table::{Cell, Column, Row, Table};
use crate::error::Result;
use crate::report::bill::{self, Line};
use crate::report::chart;
use crate::report::numbers::{count, dollars, unit_price};
use crate::report::words;
use crate::results::Results;
use crate::results::rows::CostRow;
use crate::units::Usd;

pub(super) fn all(page: &Page) -> Result<Markup> {
    let costs = Figure::of(chart::bill, &page.results.costs, "table-bill")?;
    Ok(html! {
        (figure::all(&[costs]))
        (side_by_side(page.results).render())
        details {
            summary { "Every line of the bill at every level of assumptions" }
            (lines(page.results).render())
        }
    })
}

fn side_by_side(results: &Results) -> Table {
    let configurations = &results.facts.configurations;
    let all = bill::lines(results);
    let names = configurations.iter().map(|it| Column::figure(&format!("`{}`", it.name)));
    let cells = |label: String, of: &dyn Fn(usize) -> Usd| {
        let money = |i| Cell::figure(dollars(of(i).as_f64()), of(i).as_f64());
        let money = (0..configurations.len()).map(money);
        std::iter::once(Cell::text(label)).chain(money).collect::<Vec<_>>()
    };
    let row = |line: &Line| Row::of(cells(line.label(), &|i| line.billed(i)));
    let (once, often): (Vec<_>, Vec<_>) = all.iter().partition(|line| line.is_once());
    let total = Row {
        is_total: true,
        ..Row::of(cells(format!("requests and keys bill, {}", words::period(results)), &|i| {
            results.assumed(&configurations[i].name).total_cost_usd
        }))
    };
    let rows = often.into_iter().map(row).chain([total]);
    Table {
        id: "table-bill",
        caption: format!(
            "What is billed in {}, every assumption as assumed, list prices of {}",
            words::period(results),
            results.facts.prices.region
        ),
        columns: std::iter::once(Column::text("line")).chain(names).collect(),
        rows: rows.chain(once.into_iter().map(row)).collect(),
        sorts: false,
        file: "costs.csv",
    }
}

fn lines(results: &Results) -> Table {
    let columns = [
        Column::text("line"),
        Column::text("configuration"),
        Column::text("assumptions"),
        Column::text("service"),
        Column::text("charged"),
        Column::figure("quantity"),
        Column::text("unit"),
        Column::figure("unit price"),
        Column::figure("list cost"),
        Column::figure("billed"),
    ];
    let row = |row: &CostRow| {
        let texts = [
            row.charge_description.clone(),
            row.configuration.clone(),
            row.assumption.name().to_owned(),
            row.service_name.clone(),
            row.charge_frequency.clone(),
        ];
        let quantity = row.pricing_quantity as f64;
        let [price, list, billed] =
            [row.list_unit_price, row.list_cost, row.billed_cost].map(Usd::as_f64);
        let figures = [
            Cell::figure(count(quantity), quantity),
            Cell::text(&row.pricing_unit),
            Cell::figure(unit_price(price), price),
            Cell::figure(dollars(list), list),
            Cell::figure(dollars(billed), billed),
        ];
        Row::of(texts.map(Cell::text).into_iter().chain(figures).collect())
    };
    Table {
        id: "table-lines",
        caption: "Bill lines by configuration and level of assumptions".to_owned(),
        columns: columns.to_vec(),
        rows: results.costs.iter().map(row).collect(),
        sorts: true,
        file: "costs.csv",
    }
}
