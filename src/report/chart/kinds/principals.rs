//! `principals.csv`: what each principal saves.

use super::super::axis::{Axis, Unit};
use super::super::table::Table;
use super::super::{Bar, Chart, Part, Plot, Row, Rows};
use super::Options;
use super::figure::write;
use super::select::{ASSUMED, Configurations, source};
use crate::error::Result;
use crate::report::numbers::count;

pub(super) fn chart(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let mut savings: Vec<(usize, &str, Option<f64>, f64)> = Vec::new();
    for row in table.rows() {
        let Some(index) = configurations.index(&row)? else { continue };
        let saving = row.optional("saving_ratio")?;
        savings.push((index, row.text("principal")?, saving, row.number("kms_requests")?));
    }
    // A configuration that saves nothing, or all, for everybody tells nothing of who saves what.
    let tells = |index: usize| {
        let mut of_it = savings.iter().filter(|(known, ..)| *known == index);
        of_it.any(|(.., saving, _)| saving.is_some_and(|s| ![0.0, 1.0].contains(&s)))
    };
    let shown: Vec<usize> = configurations
        .chosen()
        .filter(|index| configurations.are_named() || tells(*index))
        .collect();
    let shown = if shown.is_empty() { configurations.chosen().collect() } else { shown };
    let mut principals: Vec<&str> = Vec::new();
    for (_, principal, ..) in &savings {
        if !principals.contains(principal) {
            principals.push(principal);
        }
    }
    let bar = |principal: &str, part: usize| {
        let of_it = |(index, name, ..): &&(usize, &str, Option<f64>, f64)| {
            *index == shown[part] && *name == principal
        };
        let (.., saving, calls) = savings.iter().find(of_it)?;
        let value = saving.map_or_else(|| "no KMS requests".to_owned(), |s| write(Unit::Share, s));
        let name = configurations.name(shown[part]);
        let label = format!("{principal}, {name}: {value}, {} KMS requests left", count(*calls));
        let one = |to| Part { part, from: 0.0, to, label: String::new() };
        Some(Bar { parts: saving.map(one).into_iter().collect(), value, label, ..Bar::default() })
    };
    let rows = principals.iter().map(|principal| Row {
        name: (*principal).to_owned(),
        bars: (0..shown.len()).filter_map(|part| bar(principal, part)).collect(),
    });
    let rows: Vec<Row> = rows.collect();
    let values = savings.iter().filter(|(index, ..)| shown.contains(index));
    let axis = Axis::linear("KMS requests saved", Unit::Share, values.filter_map(|s| s.2), true);
    Ok(Chart {
        name: String::new(),
        title: format!("KMS requests saved by principal: {}", configurations.scenario()),
        subtitle: subtitle(&shown, &configurations),
        plot: Plot::Rows(Rows {
            axis,
            parts: shown.iter().map(|index| (configurations.name(*index), *index)).collect(),
            rows,
            whisker: None,
            strokes: None,
            dots: None,
            reference: None,
        }),
        source: source(table, ASSUMED),
    })
}

/// One configuration has no legend, so the subtitle names it.
fn subtitle(shown: &[usize], configurations: &Configurations) -> String {
    match shown {
        [one] => format!("Configuration {}.", configurations.name(*one)),
        _ => "Share of each principal's KMS requests, against the reference.".to_owned(),
    }
}
