//! How far the saving could be from what is said: by each assumption, by all together, by chance.

use super::axis::{Axis, Unit};
use super::configurations::{Configurations, Options};
use super::figure::{PlottedFigure, with_range, write};
use super::{Bar, BarPart, BarRow, Bars, Chart, Plot, Reference};
use crate::encryption::assumption::Level;
use crate::error::Result;
use crate::report::numbers::count;
use crate::results::rows::{ReplicationRow, SensitivityRow};
use crate::results::sensitivity::{SobolRow, SpreadRow};

fn share(value: f64) -> String {
    write(Unit::Share, value)
}

/// How far each assumption alone moves the saving, those that move it most first.
///
/// # Errors
/// If there are no rows, or an option names what they do not have.
pub fn tornado(rows: &[SensitivityRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let mut swings: Vec<(usize, &SensitivityRow)> = configurations.rows(rows).collect();
    swings.sort_by(|(_, a), (_, b)| swing(b).total_cmp(&swing(a)));
    let parts = ["to the lower end of its range", "to the upper end of its range"];
    let mut bars = Bars {
        parts: (0..).zip(parts).map(|(part, name)| (name.to_owned(), part)).collect(),
        rows: swings
            .iter()
            .map(|(index, row)| swing_row(configurations.with_name(*index, &row.assumption), row))
            .collect(),
        ..Bars::default()
    };
    bars.axis = Axis::saving(bars.figures(), false);
    // Of several configurations each has its own.
    if configurations.chosen().len() == 1 {
        bars.reference = swings.first().map(|(_, row)| Reference {
            value: row.saving_at_assumed,
            text: format!("as assumed: {}", share(row.saving_at_assumed)),
        });
    }
    let subtitle = format!(
        "Each assumption alone over its range, the others as assumed; configuration {}.",
        configurations.names()
    );
    let title = configurations.title("What moves the saving");
    Ok(Chart::new("tornado", "sensitivity.csv", title, subtitle, Plot::Bars(bars)))
}

fn swing(row: &SensitivityRow) -> f64 {
    (row.saving_at_high - row.saving_at_low).abs()
}

fn swing_row(name: String, row: &SensitivityRow) -> BarRow {
    let mut ends = [(&row.low, row.saving_at_low), (&row.high, row.saving_at_high)];
    let parts = ends.iter().enumerate().map(|(part, (value, saving))| BarPart {
        part,
        from: row.saving_at_assumed,
        to: *saving,
        label: format!("{name} {value}: {}", share(*saving)),
    });
    let parts = parts.collect();
    if ends[0].1 > ends[1].1 {
        ends.swap(0, 1);
    }
    let [(left, least), (right, most)] = ends;
    let value = format!("{} … {}", share(least), share(most));
    let ends = Some([left.clone(), right.clone()]);
    BarRow { name, bars: vec![Bar { parts, ends, value, ..Bar::default() }] }
}

/// An assumption that explains less of the variance than this is one that explains nothing.
const NOTHING: f64 = 0.000_5;

/// How much of the saving's variance each assumption explains, those that explain most first.
///
/// # Errors
/// As [`tornado`].
pub fn sobol(rows: &[SobolRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let mut drawn: Vec<(usize, &SobolRow)> = configurations.rows(rows).collect();
    drawn.sort_by(|(_, a), (_, b)| b.total.total_cmp(&a.total));
    let (idle, mut telling): (Vec<_>, Vec<_>) =
        drawn.iter().copied().partition(|(_, row)| explains_nothing(row));
    let name =
        |(index, row): &(usize, &SobolRow)| configurations.with_name(*index, &row.assumption);
    let mut without = String::new();
    if telling.is_empty() {
        telling = drawn;
    } else if !idle.is_empty() {
        let names: Vec<String> = idle.iter().map(name).collect();
        without = format!(" No share: {}.", names.join(", "));
    }
    let mut bars = Bars {
        parts: vec![(ALONE.to_owned(), 0), (TOGETHER.to_owned(), 1)],
        rows: telling.iter().map(|row| sobol_row(name(row), row.1)).collect(),
        whisker: Some("95 % confidence interval".to_owned()),
        ..Bars::default()
    };
    bars.axis = Axis::linear("share of the variance", Unit::Share, bars.figures(), true);
    let subtitle = format!(
        "Sobol indices: shares of the saving's variance over all assumptions' ranges; configuration \
         {}.{without}",
        configurations.names()
    );
    let title = configurations.title("Which assumption explains the uncertainty");
    Ok(Chart::new("sobol", "sobol.csv", title, subtitle, Plot::Bars(bars)))
}

const ALONE: &str = "alone (first order)";
const TOGETHER: &str = "with all others (total)";

fn explains_nothing(row: &SobolRow) -> bool {
    let ends = [row.first_order_low, row.first_order_high, row.total_low, row.total_high];
    let figures = ends.into_iter().chain([row.first_order, row.total]);
    figures.map(f64::abs).all(|share| share < NOTHING)
}

fn sobol_row(name: String, row: &SobolRow) -> BarRow {
    let indices = [
        (ALONE, row.first_order, (row.first_order_low, row.first_order_high)),
        (TOGETHER, row.total, (row.total_low, row.total_high)),
    ];
    let bars = indices.into_iter().enumerate().map(|(part, (words, index, range))| {
        let value = with_range(Unit::Share, index, Some(range));
        let label = format!("{name}, {words}: {value}");
        Bar { range: Some(range), ..Bar::to(Some(index), part, value, label) }
    });
    let bars = bars.collect();
    BarRow { name, bars }
}

/// The saving over all that the assumptions may be.
///
/// # Errors
/// As [`tornado`].
pub fn spread(rows: &[SpreadRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let drawn: Vec<(usize, &SpreadRow)> = configurations.rows(rows).collect();
    let mut bars = Bars {
        parts: vec![("5 % to the median".to_owned(), 0), ("the median to 95 %".to_owned(), 1)],
        rows: drawn
            .iter()
            .map(|(index, row)| spread_row(configurations.name(*index), row))
            .collect(),
        strokes: Some("mean".to_owned()),
        dots: Some("every assumption as assumed".to_owned()),
        ..Bars::default()
    };
    bars.axis = Axis::saving(bars.figures(), false);
    // There are two samples.
    let points = drawn.iter().map(|(_, row)| 2.0 * f64::from(row.samples)).fold(0.0, f64::max);
    let subtitle = format!(
        "{} points drawn from the ranges of all assumptions together: nine in ten of them save what a bar \
         covers.",
        count(points)
    );
    let title = configurations.title("How sure the saving is");
    Ok(Chart::new("spread", "spread.csv", title, subtitle, Plot::Bars(bars)))
}

fn spread_row(name: String, row: &SpreadRow) -> BarRow {
    let [low, median, high] = [row.saving_p05_ratio, row.saving_p50_ratio, row.saving_p95_ratio];
    let (assumed, mean) = (row.saving_assumed_ratio, row.saving_mean_ratio);
    let range = format!("[{} … {}]", share(low), share(high));
    let parts = vec![
        BarPart {
            part: 0,
            from: low,
            to: median,
            label: format!("{name}, 5 % of the points save {} or less", share(low)),
        },
        BarPart {
            part: 1,
            from: median,
            to: high,
            label: format!("{name}, 5 % of the points save over {}", share(high)),
        },
    ];
    let bar = Bar {
        parts,
        strokes: vec![mean],
        dots: vec![(assumed, format!("{name}, as assumed: {} {range}", share(assumed)))],
        colour: 4,
        ends: Some([share(low), share(high)]),
        value: format!("as assumed {}, median {}", share(assumed), share(median)),
        label: format!("{name}: median {}, mean {} {range}", share(median), share(mean)),
        range: None,
    };
    BarRow { name, bars: vec![bar] }
}

/// A figure of each replication as assumed, to see how far chance alone moves it.
///
/// # Errors
/// As [`tornado`].
pub fn replications(rows: &[ReplicationRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let figure = PlottedFigure::of::<ReplicationRow>(options)?;
    let mut told: Vec<(usize, Vec<(u32, f64)>)> = Vec::new();
    for index in configurations.chosen() {
        let own =
            configurations.rows_of(index, rows).filter(|row| row.assumption == Level::Assumed);
        let values: Vec<(u32, f64)> =
            own.filter_map(|row| Some((row.replication, figure.value(row)?))).collect();
        if !values.is_empty() {
            told.push((index, values));
        }
    }
    if !configurations.are_named() && told.iter().any(|(_, values)| moves(values)) {
        told.retain(|(_, values)| moves(values));
    }
    let rows = told.iter().map(|(index, values)| {
        replications_row(&figure, configurations.name(*index), *index, values)
    });
    let mut bars = Bars {
        rows: rows.collect(),
        strokes: Some("mean".to_owned()),
        dots: Some("one replication".to_owned()),
        ..Bars::default()
    };
    bars.axis = if figure.is_saving() {
        Axis::saving(bars.figures(), false)
    } else {
        Axis::linear(figure.title.clone(), figure.unit, bars.figures(), false)
    };
    let title = configurations.title(&format!("{}, each replication", figure.title));
    let subtitle =
        "How far chance alone moves the figure; what is not known about S3 moves it further."
            .to_owned();
    let plot = Plot::Bars(bars);
    Ok(Chart::new("replications", "replications.csv", title, subtitle, plot).assumed())
}

/// Figures that never move say nothing of chance.
fn moves(values: &[(u32, f64)]) -> bool {
    values.iter().any(|(_, value)| value.to_bits() != values[0].1.to_bits())
}

fn replications_row(
    figure: &PlottedFigure,
    name: String,
    colour: usize,
    values: &[(u32, f64)],
) -> BarRow {
    let mean = values.iter().map(|(_, value)| value).sum::<f64>() / values.len() as f64;
    let word = if values.len() == 1 { "replication" } else { "replications" };
    let dots = values.iter().map(|(replication, value)| {
        (*value, format!("{name}, replication {replication}: {}", write(figure.unit, *value)))
    });
    let bar = Bar {
        dots: dots.collect(),
        strokes: vec![mean],
        value: format!("{}, {} {word}", write(figure.unit, mean), values.len()),
        colour,
        ..Bar::default()
    };
    BarRow { name, bars: vec![bar] }
}
