//! `comparison.csv`: a figure of each candidate beside the reference's.

use super::super::axis::Axis;
use super::super::table::Table;
use super::super::{Bar, Chart, Part, Plot, Row, Rows};
use super::Options;
use super::figure::Figure;
use super::select::{Configurations, Levels, RANGE, source};
use crate::error::{Error, Result, one_of};

/// A candidate and its reference.
struct Pair<'a> {
    name: String,
    sides: [(&'a str, Levels); 2],
}

pub(super) fn chart(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let figure = figure(table, options)?;
    let mut pairs: Vec<Pair> = Vec::new();
    for row in table.rows() {
        let wanted = configurations
            .index(&row)?
            .filter(|_| row.text("figure").is_ok_and(|f| f == figure.column));
        let Some(index) = wanted else { continue };
        let (candidate, reference) = (row.text("candidate")?, row.text("reference")?);
        let configuration = configurations.name(index);
        let name = if candidate.ends_with(&configuration) {
            candidate.to_owned()
        } else {
            format!("{candidate}, {configuration}")
        };
        let at = pairs.iter().position(|pair| pair.name == name).unwrap_or_else(|| {
            let sides = [(reference, Levels::default()), (candidate, Levels::default())];
            pairs.push(Pair { name, sides });
            pairs.len() - 1
        });
        let [before, after] = &mut pairs[at].sides;
        before.1.take(&row, row.optional("reference_value")?)?;
        after.1.take(&row, row.optional("value")?)?;
    }
    let sides = || pairs.iter().flat_map(|pair| &pair.sides);
    let values: Vec<f64> = sides().flat_map(|(_, levels)| levels.values()).collect();
    let ranged = sides().any(|(_, levels)| levels.range().is_some());
    let one = pairs.iter().all(|pair| pair.sides[0].0 == pairs[0].sides[0].0);
    let reference = match pairs.first() {
        Some(pair) if one => format!("reference: {}", pair.sides[0].0),
        _ => "reference".to_owned(),
    };
    // A reference that is compared with itself has a row of its own, and stands nowhere else.
    let own = pairs.iter().any(|pair| pair.sides[0].0 == pair.sides[1].0);
    let row = |pair: &Pair| {
        let itself = pair.sides[0].0 == pair.sides[1].0;
        let wanted = |side: usize| if itself { side == 0 } else { side == 1 || !own };
        let bars = pair.sides.iter().enumerate().filter(|(side, _)| wanted(*side));
        let bars = bars.map(|(side, levels)| bar(pair, side, levels, &figure)).collect();
        Row { name: pair.name.clone(), bars }
    };
    Ok(Chart {
        name: String::new(),
        title: format!("{}, compared: {}", figure.title, configurations.scenario()),
        subtitle: "Bars: every assumption as assumed.".to_owned(),
        plot: Plot::Rows(Rows {
            axis: Axis::linear("", figure.unit, values, true),
            parts: vec![(reference, 4), ("candidate".to_owned(), 0)],
            rows: pairs.iter().map(row).collect(),
            whisker: ranged.then(|| format!("range: {RANGE}")),
            strokes: None,
            dots: None,
            reference: None,
        }),
        source: source(table, ""),
    })
}

/// The figure that was asked for, else the saving, else the first of the file.
fn figure(table: &Table, options: &Options) -> Result<Figure> {
    let mut figures = Vec::new();
    for row in table.rows() {
        let figure = row.text("figure")?;
        if !figures.contains(&figure) {
            figures.push(figure);
        }
    }
    let usual = if figures.contains(&"saving") { "saving" } else { figures[0] };
    let wanted = options.figure.as_deref().unwrap_or(usual);
    if figures.contains(&wanted) {
        return Ok(Figure::named(wanted));
    }
    Err(Error::request(format!("`{wanted}` is no figure of this file"))
        .hint(one_of(wanted, figures))
        .at(table.place()))
}

fn bar(pair: &Pair, part: usize, (name, levels): &(&str, Levels), figure: &Figure) -> Bar {
    let value = figure.with_range(levels);
    let label = match part {
        0 => format!("{}, reference {name}: {value}", pair.name),
        _ => format!("{}: {value}", pair.name),
    };
    let one = |to| Part { part, from: 0.0, to, label: String::new() };
    let parts = levels.assumed.map(one).into_iter().collect();
    Bar { parts, range: levels.range(), value, label, ..Bar::default() }
}
