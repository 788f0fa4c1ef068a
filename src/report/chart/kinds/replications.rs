//! `replications.csv`: a figure of each replication, to see how far chance alone moves it.

use super::super::axis::Axis;
use super::super::table::Table;
use super::super::{Bar, Chart, Plot, Row, Rows};
use super::Options;
use super::figure::Figure;
use super::select::{ASSUMED, Configurations, source};
use crate::error::Result;

pub(super) fn chart(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let figure = Figure::of(table, options.figure.as_deref())?;
    let mut dots: Vec<(usize, Vec<(String, f64)>)> =
        configurations.chosen().map(|index| (index, Vec::new())).collect();
    for row in table.rows() {
        if table.has("assumption") && row.text("assumption")? != "assumed" {
            continue;
        }
        let Some(index) = configurations.index(&row)? else { continue };
        let (Some(value), Some((_, dots))) =
            (row.optional(&figure.column)?, dots.iter_mut().find(|(known, _)| *known == index))
        else {
            continue;
        };
        dots.push((row.text("replication")?.to_owned(), value));
    }
    // Figures that never move say nothing of chance.
    let moves =
        |dots: &[(String, f64)]| dots.iter().any(|(_, v)| v.to_bits() != dots[0].1.to_bits());
    if !configurations.are_named() && dots.iter().any(|(_, dots)| moves(dots)) {
        dots.retain(|(_, dots)| moves(dots));
    }
    let values = dots.iter().flat_map(|(_, dots)| dots.iter().map(|(_, value)| *value));
    let axis = Axis::linear(figure.title.clone(), figure.unit, values, false);
    let rows = dots
        .iter()
        .filter(|(_, dots)| !dots.is_empty())
        .map(|(index, dots)| row(&figure, configurations.name(*index), *index, dots));
    Ok(Chart {
        name: String::new(),
        title: format!("{}, each replication: {}", figure.title, configurations.scenario()),
        subtitle:
            "How far chance alone moves the figure; what is not known about S3 moves it further."
                .to_owned(),
        plot: Plot::Rows(Rows {
            axis,
            parts: Vec::new(),
            rows: rows.collect(),
            whisker: None,
            strokes: Some("mean".to_owned()),
            dots: Some("one replication".to_owned()),
            reference: None,
        }),
        source: source(table, ASSUMED),
    })
}

fn row(figure: &Figure, name: String, colour: usize, dots: &[(String, f64)]) -> Row {
    let mean = dots.iter().map(|(_, value)| value).sum::<f64>() / dots.len() as f64;
    let word = if dots.len() == 1 { "replication" } else { "replications" };
    let value = format!("{}, {} {word}", figure.write(mean), dots.len());
    let dots = dots.iter().map(|(replication, value)| {
        (*value, format!("{name}, replication {replication}: {}", figure.write(*value)))
    });
    let bar = Bar { dots: dots.collect(), strokes: vec![mean], value, colour, ..Bar::default() };
    Row { name, bars: vec![bar] }
}
