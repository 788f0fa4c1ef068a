//! `sobol.csv`: how much of the saving's variance each assumption explains.

use super::super::axis::{Axis, Unit};
use super::super::table::Table;
use super::super::{Bar, Chart, Part, Plot, Row, Rows};
use super::Options;
use super::figure::write;
use super::select::{Configurations, source};
use crate::error::Result;

/// The two indices: column and what it says.
const INDICES: [(&str, &str); 2] = [
    ("first_order", "first order: by itself"),
    ("total", "total: with what it does together with others"),
];

/// A share that is written as 0.0 %.
const NOTHING: f64 = 0.000_5;

pub(super) fn chart(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let several = configurations.chosen().count() > 1;
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for row in table.rows() {
        let Some(index) = configurations.index(&row)? else { continue };
        let assumption = row.text("assumption")?;
        let name = if several {
            format!("{} {assumption}", configurations.name(index))
        } else {
            assumption.to_owned()
        };
        let mut bars = Vec::new();
        for (part, (column, words)) in INDICES.iter().enumerate() {
            let Some(to) = row.optional(column)? else { continue };
            let ends = [format!("{column}_low"), format!("{column}_high")];
            let range = match (row.optional(&ends[0])?, row.optional(&ends[1])?) {
                (Some(low), Some(high)) => Some((low, high)),
                _ => None,
            };
            values.extend([Some(to), range.map(|r| r.0), range.map(|r| r.1)].into_iter().flatten());
            bars.push(bar(&name, words, part, to, range));
        }
        rows.push((row.optional("total")?.unwrap_or(0.0), Row { name, bars }));
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let idle = without_share(&mut rows);
    let names: Vec<String> = configurations.chosen().map(|i| configurations.name(i)).collect();
    let parts = INDICES.iter().enumerate().map(|(i, (_, words))| ((*words).to_owned(), i));
    Ok(Chart {
        name: String::new(),
        title: format!("Which assumption explains the uncertainty: {}", configurations.scenario()),
        subtitle: format!(
            "Sobol indices: shares of the saving's variance over all assumptions' ranges; configuration {}.{idle}",
            names.join(", ")
        ),
        plot: Plot::Rows(Rows {
            axis: Axis::linear("share of the variance", Unit::Share, values, true),
            parts: parts.collect(),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            whisker: Some("95 % confidence interval".to_owned()),
            strokes: None,
            dots: None,
            reference: None,
        }),
        source: source(table, ""),
    })
}

/// Takes out the assumptions that explain nothing, and names them; all stay if none explains anything.
fn without_share(rows: &mut Vec<(f64, Row)>) -> String {
    let is_idle = |(_, row): &(f64, Row)| {
        let ends = |bar: &Bar| bar.range.map_or(0.0, |(low, high)| low.abs().max(high.abs()));
        row.bars.iter().all(|bar| bar.parts[0].to.abs().max(ends(bar)) < NOTHING)
    };
    let idle: Vec<String> =
        rows.iter().filter(|row| is_idle(row)).map(|(_, row)| row.name.clone()).collect();
    if idle.is_empty() || idle.len() == rows.len() {
        return String::new();
    }
    rows.retain(|row| !is_idle(row));
    format!(" No share: {}.", idle.join(", "))
}

fn bar(name: &str, words: &str, part: usize, to: f64, range: Option<(f64, f64)>) -> Bar {
    let ranged = range.map_or_else(String::new, |(low, high)| {
        format!(" [{} … {}]", write(Unit::Share, low), write(Unit::Share, high))
    });
    let value = format!("{}{ranged}", write(Unit::Share, to));
    let label = format!("{name}, {words}: {value}");
    let parts = vec![Part { part, from: 0.0, to, label: String::new() }];
    Bar { parts, range, value, label, ..Bar::default() }
}
