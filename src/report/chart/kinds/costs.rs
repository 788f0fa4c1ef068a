//! `costs.csv`: the bill of each configuration, line by line.

use super::super::axis::{Axis, Unit};
use super::super::table::Table;
use super::super::{Bar, Chart, Part, Plot, Row, Rows};
use super::Options;
use super::figure::write;
use super::select::{Configurations, Levels, RANGE, source};
use crate::error::Result;

/// Lines of a bill that have a colour of their own; the rest are one.
const LINES: usize = 7;

/// The bill of one configuration: each line's cost as assumed, and the total at each level.
#[derive(Default)]
struct Bill {
    lines: Vec<(usize, f64)>,
    total: Levels,
}

pub(super) fn chart(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let mut names: Vec<&str> = Vec::new();
    let mut bills: Vec<(usize, Bill)> =
        configurations.chosen().map(|index| (index, Bill::default())).collect();
    let (mut once, mut period_s) = (false, 0.0_f64);
    for row in table.rows() {
        let Some(index) = configurations.index(&row)? else { continue };
        if row.text("ChargeFrequency")? == "One-Time" {
            once = true;
            continue;
        }
        period_s = row.number("BillingPeriodS")?;
        let Some((_, bill)) = bills.iter_mut().find(|(known, _)| *known == index) else { continue };
        let cost = row.number("BilledCost")?;
        let level = row.text("assumption")?;
        let sum = Some(
            match level {
                "low" => bill.total.low,
                "high" => bill.total.high,
                _ => bill.total.assumed,
            }
            .unwrap_or(0.0)
                + cost,
        );
        bill.total.take(&row, sum)?;
        // A free tier costs nothing and has no place in the picture.
        if level == "assumed" && cost != 0.0 {
            let name = row.text("ChargeDescription")?;
            let line = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            bill.lines.push((line, cost));
        }
    }
    let order = order(&bills, names.len());
    let rows =
        bills.iter().map(|(index, bill)| row(configurations.name(*index), bill, &names, &order));
    let rows: Vec<Row> = rows.collect();
    let values = bills.iter().flat_map(|(_, bill)| bill.total.values());
    let ranged = bills.iter().any(|(_, bill)| bill.total.range().is_some());
    let left_out = if once { " What a migration costs once is left out." } else { "" };
    Ok(Chart {
        name: String::new(),
        title: format!("What is billed: {}", configurations.scenario()),
        subtitle: format!(
            "US dollars for {}, every assumption as assumed.{left_out}",
            super::super::axis::duration(period_s)
        ),
        plot: Plot::Rows(Rows {
            axis: Axis::linear("", Unit::Dollars, values, true),
            parts: legend(&names, &order),
            rows,
            whisker: ranged.then(|| format!("range of the total: {RANGE}")),
            strokes: None,
            dots: None,
            reference: None,
        }),
        source: source(table, ""),
    })
}

/// For each line of a bill the number of its colour: the dearest are named, the rest are one.
fn order(bills: &[(usize, Bill)], lines: usize) -> Vec<usize> {
    let dearest = |line: usize| {
        let costs = bills.iter().flat_map(|(_, bill)| &bill.lines);
        costs.filter(|(known, _)| *known == line).map(|(_, cost)| *cost).fold(0.0, f64::max)
    };
    let mut by_cost: Vec<usize> = (0..lines).collect();
    by_cost.sort_by(|a, b| dearest(*b).total_cmp(&dearest(*a)));
    let mut order = vec![LINES; lines];
    for (rank, line) in by_cost.into_iter().enumerate() {
        // One line alone needs no name for the rest.
        order[line] = if lines == LINES + 1 { rank } else { rank.min(LINES) };
    }
    order
}

fn legend(names: &[&str], order: &[usize]) -> Vec<(String, usize)> {
    let parts = order.iter().max().map_or(0, |most| most + 1);
    let part = |rank: usize| {
        let mut lines = (0..names.len()).filter(|line| order[*line] == rank);
        let first = lines.next().map_or("", |line| names[line]);
        match lines.count() {
            0 => first.to_owned(),
            more => format!("{} smaller lines", more + 1),
        }
    };
    (0..parts).map(|rank| (part(rank), rank)).collect()
}

fn row(name: String, bill: &Bill, names: &[&str], order: &[usize]) -> Row {
    let mut lines = bill.lines.clone();
    lines.sort_by_key(|(line, _)| order[*line]);
    let mut at = 0.0;
    let mut parts = Vec::new();
    for (line, cost) in lines {
        let label = format!("{name}, {}: {}", names[line], write(Unit::Dollars, cost));
        parts.push(Part { part: order[line], from: at, to: at + cost, label });
        at += cost;
    }
    let range = bill.total.range();
    let value = write(Unit::Dollars, bill.total.assumed.unwrap_or(0.0));
    let ranged = range.map_or_else(String::new, |(low, high)| {
        format!(" [{} … {}]", write(Unit::Dollars, low), write(Unit::Dollars, high))
    });
    let value = format!("{value}{ranged}");
    let label = format!("{name}: {value}");
    Row { name, bars: vec![Bar { parts, range, value, label, ..Bar::default() }] }
}
