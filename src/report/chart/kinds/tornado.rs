//! `sensitivity.csv`: how far each assumption alone moves the saving.

use super::super::axis::{Axis, Unit};
use super::super::table::Table;
use super::super::{Bar, Chart, Part, Plot, Reference, Row, Rows};
use super::Options;
use super::figure::write;
use super::select::{Configurations, source};
use crate::error::Result;

/// One assumption: its ends, and the saving there.
struct Swing {
    name: String,
    ends: [(String, f64); 2],
    assumed: f64,
}

/// What an axis covers at the least: one point of saving.
const LEAST: f64 = 0.01;

impl Swing {
    fn width(&self) -> f64 {
        (self.ends[1].1 - self.ends[0].1).abs()
    }
}

pub(super) fn chart(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let several = configurations.chosen().count() > 1;
    let mut swings = Vec::new();
    for row in table.rows() {
        let Some(index) = configurations.index(&row)? else { continue };
        let assumption = row.text("assumption")?;
        let name = if several {
            format!("{} {assumption}", configurations.name(index))
        } else {
            assumption.to_owned()
        };
        let end = |value: &str, saving: &str| -> Result<(String, f64)> {
            Ok((row.text(value)?.to_owned(), row.number(saving)?))
        };
        let ends = [end("low", "saving_at_low")?, end("high", "saving_at_high")?];
        swings.push(Swing { name, ends, assumed: row.number("saving_at_assumed")? });
    }
    swings.sort_by(|a, b| b.width().total_cmp(&a.width()));
    // A full axis for less than a point would make much of nothing.
    let least =
        swings.first().map(|s| [s.assumed - LEAST / 2.0, (s.assumed + LEAST / 2.0).min(1.0)]);
    let values = swings.iter().flat_map(|s| [s.ends[0].1, s.ends[1].1, s.assumed]);
    let values = values.chain(least.into_iter().flatten());
    let axis = Axis::linear("KMS requests saved", Unit::Share, values, false);
    let names: Vec<String> = configurations.chosen().map(|i| configurations.name(i)).collect();
    // Of several configurations each has its own.
    let reference = swings.first().filter(|_| !several).map(|swing| Reference {
        value: swing.assumed,
        text: format!("as assumed: {}", write(Unit::Share, swing.assumed)),
    });
    Ok(Chart {
        name: String::new(),
        title: format!("What moves the saving: {}", configurations.scenario()),
        subtitle: format!(
            "Each assumption alone over its range, the others as assumed; configuration {}.",
            names.join(", ")
        ),
        plot: Plot::Rows(Rows {
            axis,
            parts: vec![
                ("to the lower end of its range".to_owned(), 0),
                ("to the upper end of its range".to_owned(), 1),
            ],
            rows: swings.iter().map(row).collect(),
            whisker: None,
            strokes: None,
            dots: None,
            reference,
        }),
        source: source(table, ""),
    })
}

fn row(swing: &Swing) -> Row {
    let parts = swing.ends.iter().enumerate().map(|(part, (value, saving))| Part {
        part,
        from: swing.assumed,
        to: *saving,
        label: format!("{} {value}: {}", swing.name, write(Unit::Share, *saving)),
    });
    let [low, high] = &swing.ends;
    let (left, right) = if low.1 <= high.1 { (low, high) } else { (high, low) };
    let value = format!("{} … {}", write(Unit::Share, left.1), write(Unit::Share, right.1));
    let bar = Bar {
        parts: parts.collect(),
        ends: Some((left.0.clone(), right.0.clone())),
        value,
        ..Bar::default()
    };
    Row { name: swing.name.clone(), bars: vec![bar] }
}
