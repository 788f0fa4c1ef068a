//! A figure against two swept keys, for one configuration.

use super::configurations::{Configurations, Options};
use super::curve::{key_across, levels_at, short, telling, title_of};
use super::figure::{PlottedFigure, write};
use super::{AxisNames, Chart, HeatCell, HeatMap, Plot, SweptPoint};
use crate::error::{Error, Result};
use crate::results::rows::SummaryRow;
use crate::sweep::swept::{SWEEP, Swept, SweptKey};

/// A figure against two swept keys, as a map of the points as assumed.
///
/// # Errors
/// If there are not two keys, or an option names what the sweep does not have.
pub fn heat_map(swept: &Swept, options: &Options) -> Result<Chart> {
    let across = key_across(swept, options)?;
    let [_, _] = &swept.keys[..] else {
        let keys = swept.keys.len();
        let wrong = format!("a map is drawn from two swept keys, but the sweep has {keys}");
        return Err(Error::request(wrong).hint("draw lines: `--kind saving`"));
    };
    let rows = swept.points.iter().flat_map(|point| &point.rows);
    let configurations = Configurations::of(rows, options)?;
    let figure = PlottedFigure::of::<SummaryRow>(options)?;
    let shown = telling(swept, &configurations, &figure)[0];
    let (x, y) = (&swept.keys[across], &swept.keys[1 - across]);
    let (columns, lines) = (by_size(x), by_size(y));
    let mut cells = Vec::new();
    for point in &swept.points {
        let row = configurations.rows_of(shown, &point.rows).next();
        let value = levels_at(point, shown, &configurations, &figure).assumed;
        let (Some(row), Some(value)) = (row, value) else { continue };
        let (column, line) = (point.at[across], point.at[1 - across]);
        let text = write(figure.unit, value);
        let label =
            format!("{} {}, {} {}: {text}", x.name, x.values[column], y.name, y.values[line]);
        let configuration = row.configuration.clone();
        let point = Some(SweptPoint { number: point.number, configuration });
        cells.push(HeatCell { x: columns[column], y: lines[line], value, text, label, point });
    }
    let by = format!("{} and {}", short(x, &swept.keys), short(y, &swept.keys));
    let title = configurations.title(&format!("{} by {by}", figure.title));
    let name = configurations.name(shown);
    let subtitle = format!("Configuration {name}, every assumption as assumed.");
    let map = HeatMap { x: names(x), y: names(y), figure: figure.title, cells };
    Ok(Chart::new("heat-map", SWEEP, title, subtitle, Plot::HeatMap(map)))
}

/// Where each of a key's values stands: by size if all are numbers, else in the order of the points.
fn by_size(key: &SweptKey) -> Vec<usize> {
    let mut places = vec![0; key.values.len()];
    for (place, value) in order(key).into_iter().enumerate() {
        places[value] = place;
    }
    places
}

fn names(key: &SweptKey) -> AxisNames {
    let names = order(key).into_iter().map(|value| key.values[value].clone()).collect();
    AxisNames { title: title_of(key), names }
}

/// Numbers of a key's values in the order of their places.
fn order(key: &SweptKey) -> Vec<usize> {
    let mut order: Vec<usize> = (0..key.values.len()).collect();
    if let Some(numbers) = key.numbers.iter().copied().collect::<Option<Vec<f64>>>() {
        order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
    }
    order
}
