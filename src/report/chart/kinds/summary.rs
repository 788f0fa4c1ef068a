//! `summary.csv`: the saving, or another figure, of each configuration with its range.

use super::super::axis::Axis;
use super::super::table::Table;
use super::super::{Bar, Chart, Part, Plot, Row, Rows};
use super::Options;
use super::figure::Figure;
use super::select::{Configurations, Levels, RANGE, source};
use crate::error::Result;

/// A configuration's figure, and how far it could be.
#[derive(Default)]
struct Told {
    levels: Levels,
    bounds: Vec<f64>,
}

pub(super) fn chart(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let figure = Figure::of(table, options.figure.as_deref())?;
    let mut told: Vec<(usize, Told)> =
        configurations.chosen().map(|index| (index, Told::default())).collect();
    for row in table.rows() {
        let Some(index) = configurations.index(&row)? else { continue };
        let Some((_, told)) = told.iter_mut().find(|(known, _)| *known == index) else { continue };
        told.levels.take(&row, row.optional(&figure.column)?)?;
        if figure.is_saving() {
            let bounds = [row.optional("saving_floor")?, row.optional("saving_ceiling")?];
            told.bounds = bounds.into_iter().flatten().collect();
        }
    }
    let values = told.iter().flat_map(|(_, told)| told.levels.values().chain(told.bounds.clone()));
    let axis = Axis::linear("", figure.unit, values, true);
    let ranged = told.iter().any(|(_, told)| told.levels.range().is_some());
    let bounded = told.iter().any(|(_, told)| !told.bounds.is_empty());
    let bars = told.iter().map(|(index, told)| row(&figure, configurations.name(*index), told));
    let rows = Rows {
        axis,
        parts: vec![(figure.title.clone(), 0)],
        rows: bars.collect(),
        whisker: ranged.then(|| format!("range: {RANGE}")),
        strokes: bounded.then(|| "floor and ceiling: no key ever found, every key kept".to_owned()),
        dots: None,
        reference: None,
    };
    Ok(Chart {
        name: String::new(),
        title: format!("{}: {}", figure.title, configurations.scenario()),
        subtitle: "Bar: every assumption as assumed.".to_owned(),
        plot: Plot::Rows(rows),
        source: source(table, ""),
    })
}

fn row(figure: &Figure, name: String, told: &Told) -> Row {
    let value = figure.with_range(&told.levels);
    let part = |to| Part { part: 0, from: 0.0, to, label: String::new() };
    let bar = Bar {
        parts: told.levels.assumed.map(part).into_iter().collect(),
        range: told.levels.range(),
        strokes: told.bounds.clone(),
        label: format!("{name}: {value}"),
        value,
        ..Bar::default()
    };
    Row { name, bars: vec![bar] }
}
