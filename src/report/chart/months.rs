//! What each way of a migration has saved by the end of each month.

use super::axis::{Axis, Unit};
use super::configurations::{Configurations, Options};
use super::{Chart, LineChart, LinePoint, Plot, Reference, Series};
use crate::error::Result;
use crate::report::numbers::dollars;
use crate::results::migration::rows::MonthRow;

/// What each way has saved by the end of each month, less what it cost.
///
/// # Errors
/// If there are no rows, or an option names a way that they do not have.
pub fn months(rows: &[MonthRow], options: &Options) -> Result<Chart> {
    let ways = Configurations::of(rows, options)?;
    let series = ways.chosen().into_iter().map(|index| {
        let name = ways.name(index);
        let points = ways.rows_of(index, rows).map(|row| point(&name, row)).collect();
        Series { points, name, colour: index }
    });
    let mut lines = LineChart { series: series.collect(), ..LineChart::default() };
    let last = rows.iter().map(|row| row.month).max().unwrap_or(1);
    lines.x = Axis {
        title: "months of 30 days".to_owned(),
        min: 0.0,
        max: f64::from(last),
        ..Axis::default()
    };
    lines.y = Axis::linear("saved, cost taken off", Unit::Dollars, lines.figures(), true);
    lines.band = Some("low … high".to_owned());
    lines.references = vec![Reference { value: 0.0, text: "paid back: $0".to_owned() }];
    let title = "Saved by the end of each month".to_owned();
    let subtitle =
        "Against leaving everything as is, less what the migration costs once.".to_owned();
    Ok(Chart::new("months", "months.csv", title, subtitle, Plot::Lines(lines)))
}

fn point(name: &str, row: &MonthRow) -> LinePoint {
    let range = (row.net_low_usd < row.net_high_usd).then_some((row.net_low_usd, row.net_high_usd));
    LinePoint {
        x: f64::from(row.month),
        y: Some(row.net_usd),
        range,
        label: format!("{name}, month {}: {}", row.month, dollars(row.net_usd)),
        point: None,
    }
}
