//! `spread.csv`: the saving over all that the assumptions may be.

use super::super::axis::{Axis, Unit};
use super::super::table::{Row as Record, Table};
use super::super::{Bar, Chart, Part, Plot, Row, Rows};
use super::Options;
use super::figure::write;
use super::select::{Configurations, source};
use crate::error::Result;
use crate::report::numbers::count;

/// The saving of one configuration.
struct Spread {
    name: String,
    assumed: f64,
    mean: f64,
    /// What 5, 50 and 95 % of the points do not exceed.
    quantiles: [f64; 3],
}

pub(super) fn chart(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let mut spreads = Vec::new();
    let mut points = 0.0_f64;
    for row in table.rows() {
        let Some(index) = configurations.index(&row)? else { continue };
        spreads.push(Spread::of(&row, configurations.name(index))?);
        // There are two samples.
        points = points.max(2.0 * row.number("samples")?);
    }
    let values = spreads.iter().flat_map(|s| [s.assumed, s.mean].into_iter().chain(s.quantiles));
    Ok(Chart {
        name: String::new(),
        title: format!("How sure the saving is: {}", configurations.scenario()),
        subtitle: format!(
            "{} points drawn from the ranges of all assumptions together: nine in ten of them save what \
             a bar covers.",
            count(points)
        ),
        plot: Plot::Rows(Rows {
            axis: Axis::linear("KMS requests saved", Unit::Share, values, false),
            parts: vec![("5 % to the median".to_owned(), 0), ("the median to 95 %".to_owned(), 1)],
            rows: spreads.iter().map(Spread::row).collect(),
            whisker: None,
            strokes: Some("mean".to_owned()),
            dots: Some("every assumption as assumed".to_owned()),
            reference: None,
        }),
        source: source(table, ""),
    })
}

impl Spread {
    fn of(row: &Record, name: String) -> Result<Self> {
        Ok(Self {
            name,
            assumed: row.number("saving_assumed_ratio")?,
            mean: row.number("saving_mean_ratio")?,
            quantiles: [
                row.number("saving_p05_ratio")?,
                row.number("saving_p50_ratio")?,
                row.number("saving_p95_ratio")?,
            ],
        })
    }

    fn row(&self) -> Row {
        let of = |value: f64| write(Unit::Share, value);
        let [low, median, high] = self.quantiles;
        let part = |part, from, to, label| Part { part, from, to, label };
        let range = format!("[{} … {}]", of(low), of(high));
        let name = &self.name;
        let bar = Bar {
            parts: vec![
                part(0, low, median, format!("{name}, 5 % of the points save {} or less", of(low))),
                part(1, median, high, format!("{name}, 5 % of the points save over {}", of(high))),
            ],
            strokes: vec![self.mean],
            dots: vec![(self.assumed, format!("{name}, as assumed: {} {range}", of(self.assumed)))],
            colour: 4,
            ends: Some((of(low), of(high))),
            value: format!("as assumed {}, median {}", of(self.assumed), of(median)),
            label: format!("{name}: median {}, mean {} {range}", of(median), of(self.mean)),
            ..Bar::default()
        };
        Row { name: name.clone(), bars: vec![bar] }
    }
}
