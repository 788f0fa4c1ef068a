//! The saving, or another figure, of each configuration with its range.

use super::axis::Axis;
use super::configurations::{Configurations, Levels, Options, RANGE};
use super::figure::PlottedFigure;
use super::{Bar, BarRow, Bars, Chart, Plot};
use crate::error::Result;
use crate::results::rows::SummaryRow;

/// A bar for each configuration: the figure as assumed, its range, and of a saving floor and ceiling.
///
/// # Errors
/// If there are no rows, or an option names what they do not have.
pub fn saving(rows: &[SummaryRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let figure = PlottedFigure::of::<SummaryRow>(options)?;
    let mut bars = Bars { parts: vec![(figure.title.clone(), 0)], ..Bars::default() };
    for index in configurations.chosen() {
        let name = configurations.name(index);
        let own = configurations.rows_of(index, rows);
        let levels: Levels = own.map(|row| (row.assumption, figure.value(row))).collect();
        let value = figure.with_range(&levels);
        let mut bar = Bar::to(levels.assumed, 0, value.clone(), format!("{name}: {value}"));
        bar.range = levels.range();
        if let Some(row) = configurations.rows_of(index, rows).last()
            && figure.is_saving()
        {
            bar.strokes = row.saving_floor.into_iter().chain(row.saving_ceiling).collect();
        }
        bars.rows.push(BarRow { name, bars: vec![bar] });
    }
    bars.axis = Axis::linear("", figure.unit, bars.figures(), true);
    bars.whisker = bars.has_ranges().then(|| format!("range: {RANGE}"));
    let is_bounded = bars.each().any(|bar| !bar.strokes.is_empty());
    bars.strokes =
        is_bounded.then(|| "floor and ceiling: no key ever found, every key kept".to_owned());
    let title = configurations.title(&figure.title);
    let subtitle = "Bar: every assumption as assumed.".to_owned();
    Ok(Chart::new("summary", "summary.csv", title, subtitle, Plot::Bars(bars)))
}
