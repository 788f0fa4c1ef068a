//! Curves: a figure against a swept key, and the saving against a parameter whose break-even was sought.

use super::axis::{Axis, Scale, Unit};
use super::break_even::{OTHERS, level_of, value_text};
use super::configurations::{Configurations, Levels, Options, RANGE};
use super::figure::{PlottedFigure, write};
use super::{Chart, LineChart, LinePoint, Plot, Series, SweptPoint};
use crate::error::{Error, Result, one_of};
use crate::results::rows::SummaryRow;
use crate::results::sensitivity::CurveRow;
use crate::sweep::swept::{PointRows, SWEEP, Swept, SweptKey};

/// Points with a text of their own on the axis; if there are more the axis chooses round figures.
const LABELLED: usize = 12;

/// Lines that can be told apart.
const MOST_LINES: usize = 8;

/// A figure against a swept key; further keys make further lines.
///
/// # Errors
/// If an option names or wants what the sweep does not have.
pub fn sweep(swept: &Swept, options: &Options) -> Result<Chart> {
    let rows = swept.points.iter().flat_map(|point| &point.rows);
    let configurations = Configurations::of(rows, options)?;
    let figure = PlottedFigure::of::<SummaryRow>(options)?;
    let at = key_across(swept, options)?;
    let key = &swept.keys[at];
    let mut shown = telling(swept, &configurations, &figure);
    if swept.keys.len() > 1 && !configurations.are_named() {
        shown.truncate(1);
    }
    let x = axis_of_key(key, options.log)?;
    let mut series = Vec::new();
    for index in &shown {
        series.extend(series_of(swept, at, *index, &configurations, &figure, &x));
    }
    let left_out = thin(&mut series);
    for (colour, line) in series.iter_mut().enumerate().filter(|_| swept.keys.len() > 1) {
        line.colour = colour;
    }
    let sign = if x.scale == Scale::Categories { "Sign" } else { "Line" };
    let mut lines = LineChart { x, series, ..LineChart::default() };
    lines.y = if figure.is_saving() {
        Axis::saving(lines.figures(), false)
    } else {
        Axis::linear(figure.title.clone(), figure.unit, lines.figures(), true)
    };
    let mut points = lines.series.iter().flat_map(|series| &series.points);
    lines.band = points.any(|point| point.range.is_some()).then(|| RANGE.to_owned());
    let mut subtitle = format!("{sign}: every assumption as assumed.{left_out}");
    if shown.len() == 1 && swept.keys.len() > 1 {
        subtitle = format!("Configuration {}. {subtitle}", configurations.name(shown[0]));
    }
    let title = configurations.title(&format!("{} by {}", figure.title, short(key, &swept.keys)));
    Ok(Chart::new("saving", SWEEP, title, subtitle, Plot::Lines(lines)))
}

/// The number of the key that runs from left to right: that of the options, else the first.
pub(super) fn key_across(swept: &Swept, options: &Options) -> Result<usize> {
    let Some(name) = &options.x else { return Ok(0) };
    swept.keys.iter().position(|key| key.name == *name).ok_or_else(|| {
        Error::request(format!("`{name}` is not a swept key of this file"))
            .hint(one_of(name, swept.keys.iter().map(|key| key.name.as_str())))
    })
}

/// The configurations whose figure is worth a line: those with bucket keys, if savings are drawn.
pub(super) fn telling(
    swept: &Swept,
    configurations: &Configurations,
    figure: &PlottedFigure,
) -> Vec<usize> {
    let all = configurations.chosen();
    if configurations.are_named() || !figure.is_saving() {
        return all;
    }
    let rows = swept.points.iter().flat_map(|point| &point.rows);
    let with_keys = rows.filter(|row| row.saving_floor.is_some());
    let mut telling: Vec<usize> = with_keys.filter_map(|row| configurations.index(row)).collect();
    telling.sort_unstable();
    telling.dedup();
    if telling.is_empty() { all } else { telling }
}

/// A line of one configuration for each set of values of the other keys.
fn series_of(
    swept: &Swept,
    at: usize,
    index: usize,
    configurations: &Configurations,
    figure: &PlottedFigure,
    x: &Axis,
) -> Vec<Series> {
    let mut series: Vec<(Vec<usize>, Series)> = Vec::new();
    for point in &swept.points {
        let levels = levels_at(point, index, configurations, figure);
        let Some(row) = configurations.rows_of(index, &point.rows).next() else { continue };
        let mut others = point.at.clone();
        others[at] = 0;
        let known = series.iter().position(|(of, _)| *of == others);
        let line = known.unwrap_or_else(|| {
            let name = line_name(swept, at, &point.at, configurations.name(index));
            series.push((others, Series { name, colour: index, points: Vec::new() }));
            series.len() - 1
        });
        let line = &mut series[line].1;
        let value = &swept.keys[at].values[point.at[at]];
        line.points.push(LinePoint {
            x: place(&swept.keys[at], point.at[at], x),
            y: levels.assumed,
            range: levels.range(),
            label: format!("{}, {value}: {}", line.name, figure.with_range(&levels)),
            point: Some(SweptPoint {
                number: point.number,
                configuration: row.configuration.clone(),
            }),
        });
    }
    for (_, line) in &mut series {
        line.points.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    series.into_iter().map(|(_, line)| line).collect()
}

/// A configuration's figures at a point.
pub(super) fn levels_at(
    point: &PointRows,
    index: usize,
    configurations: &Configurations,
    figure: &PlottedFigure,
) -> Levels {
    let rows = configurations.rows_of(index, &point.rows);
    rows.map(|row| (row.assumption, figure.value(row))).collect()
}

/// Of one key the configuration's name, of several the other keys' values.
fn line_name(swept: &Swept, across: usize, at: &[usize], configuration: String) -> String {
    let others = swept.keys.iter().zip(at).enumerate().filter(|(key, _)| *key != across);
    let others: Vec<String> = others
        .map(|(_, (key, value))| format!("{} {}", short(key, &swept.keys), key.values[*value]))
        .collect();
    if others.is_empty() { configuration } else { others.join(", ") }
}

/// Where a value stands on the axis: names stand one after another.
fn place(key: &SweptKey, value: usize, x: &Axis) -> f64 {
    match x.scale {
        Scale::Categories => value as f64,
        _ => key.numbers[value].unwrap_or(0.0),
    }
}

/// The axis of a key's values; names if any is no number.
fn axis_of_key(key: &SweptKey, log: bool) -> Result<Axis> {
    let numbers: Option<Vec<f64>> = key.numbers.iter().copied().collect();
    let Some(numbers) = numbers.filter(|_| key.values.len() > 1 || log) else {
        // One value makes no line, so it stands as a name.
        if log {
            return Err(no_log(&key.name, "has values that are not numbers"));
        }
        return Ok(Axis::categories(key.name.clone(), key.values.clone()));
    };
    let unit = unit_of(key);
    let title = title_of(key);
    let mut sorted = numbers.clone();
    sorted.sort_by(f64::total_cmp);
    let mut axis = axis_of_numbers(&key.name, title, unit, &sorted, log || is_log_spaced(&sorted))?;
    if key.values.len() <= LABELLED {
        axis.labels = numbers.into_iter().zip(key.values.iter().cloned()).collect();
        axis.labels.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    }
    Ok(axis)
}

/// An axis from the first to the last of some numbers.
fn axis_of_numbers(
    name: &str,
    title: String,
    unit: Unit,
    sorted: &[f64],
    log: bool,
) -> Result<Axis> {
    let [first, .., last] = *sorted else {
        return Ok(Axis::linear(title, unit, sorted.iter().copied(), false));
    };
    if !log {
        return Ok(Axis { title, unit, min: first, max: last, ..Axis::default() });
    }
    if first <= 0.0 {
        return Err(no_log(name, "has values that are not above zero"));
    }
    Ok(Axis::log10(title, unit, [first, last]))
}

fn no_log(name: &str, why: &str) -> Error {
    Error::request(format!("`{name}` {why}, which a logarithmic axis cannot show"))
        .hint("leave `--log` out")
}

/// Whether the gaps between the values grow with them.
fn is_log_spaced(sorted: &[f64]) -> bool {
    let gaps: Vec<f64> = sorted.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let ([first, .., last], [first_gap, .., last_gap]) = (sorted, &gaps[..]) else { return false };
    *first > 0.0 && *last >= first * 8.0 && *last_gap > first_gap * 3.0
}

fn unit_of(key: &SweptKey) -> Unit {
    match key.unit {
        "s" => Unit::Duration,
        "bytes" => Unit::Bytes,
        "ratio" => Unit::Share,
        _ => Unit::Number,
    }
}

/// A key with its unit.
pub(super) fn title_of(key: &SweptKey) -> String {
    if key.unit == "per_s" { format!("{} (per second)", key.name) } else { key.name.clone() }
}

/// The last part of the key's name, if that tells it from the others.
pub(super) fn short<'a>(key: &'a SweptKey, all: &[SweptKey]) -> &'a str {
    let last = key.name.rsplit('.').next().unwrap_or(&key.name);
    let is_shared = all
        .iter()
        .any(|other| other.name != key.name && other.name.rsplit('.').next() == Some(last));
    if is_shared { &key.name } else { last }
}

/// Leaves as many lines as can be told apart, from the first to the last; says so if there were more.
fn thin(lines: &mut Vec<Series>) -> String {
    let all = lines.len();
    if all <= MOST_LINES {
        return String::new();
    }
    let kept: Vec<usize> = (0..MOST_LINES).map(|k| k * (all - 1) / (MOST_LINES - 1)).collect();
    let mut number = 0..;
    lines.retain(|_| number.next().is_some_and(|number| kept.contains(&number)));
    format!(" {MOST_LINES} of {all} lines are shown.")
}

/// The saving at each value that was tried in search of a break-even, a chart for each parameter; of `x`
/// alone, if the options name one.
///
/// # Errors
/// If there are no rows, or an option names or wants what they do not have.
pub fn break_even_curves(rows: &[CurveRow], options: &Options) -> Result<Vec<Chart>> {
    let configurations = Configurations::of(rows, options)?;
    let mut parameters: Vec<&str> = Vec::new();
    for row in rows {
        if !parameters.contains(&row.parameter.as_str()) {
            parameters.push(&row.parameter);
        }
    }
    if let Some(wanted) = &options.x {
        if !parameters.contains(&wanted.as_str()) {
            return Err(Error::request(format!("`{wanted}` is not a parameter of this file"))
                .hint(one_of(wanted, parameters)));
        }
        return Ok(vec![curves_of(rows, wanted, "break-even", &configurations, options)?]);
    }
    let mut charts: Vec<Chart> = Vec::new();
    for parameter in &parameters {
        let mut name = "break-even-".to_owned();
        name.extend(parameter.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }));
        // Names that differ in other signs alone must not replace one another.
        while charts.iter().any(|known| known.name == name) {
            name.push_str("-2");
        }
        charts.push(curves_of(rows, parameter, &name, &configurations, options)?);
    }
    if let [first, others @ ..] = &parameters[..]
        && !others.is_empty()
    {
        let others = others.join("`, `");
        charts[0].advice = Some(format!("only `{first}` is drawn: `--x` chooses `{others}`"));
    }
    Ok(charts)
}

/// The curves of one parameter, with the other assumptions at each level.
fn curves_of(
    rows: &[CurveRow],
    parameter: &str,
    name: &str,
    configurations: &Configurations,
    options: &Options,
) -> Result<Chart> {
    let mut series: Vec<Series> = Vec::new();
    let mut values: Vec<f64> = Vec::new();
    let mut unit = "";
    for (index, row) in configurations.rows(rows).filter(|(_, row)| row.parameter == parameter) {
        let level = level_of(&row.others)?;
        let others = OTHERS[level].1;
        let several = configurations.chosen().len() > 1;
        let name = configurations.name(index);
        let name = if several { format!("{name}, {others}") } else { others.to_owned() };
        let value = value_text(&row.unit, row.value);
        let saving = write(Unit::Share, row.saving_ratio);
        let point = LinePoint {
            x: row.value,
            y: Some(row.saving_ratio),
            label: format!("{parameter} {value}, {name}: {saving}"),
            ..LinePoint::default()
        };
        values.push(row.value);
        unit = &row.unit;
        match series.iter_mut().find(|known| known.name == name) {
            Some(known) => known.points.push(point),
            None => series.push(Series {
                name,
                colour: index * OTHERS.len() + level,
                points: vec![point],
            }),
        }
    }
    for line in &mut series {
        line.points.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    values.sort_by(f64::total_cmp);
    let (unit, title) = match unit {
        "s" => (Unit::Duration, parameter.to_owned()),
        "per_s" => (Unit::Number, format!("{parameter} (per second)")),
        "percent" => (Unit::Number, format!("{parameter} (percent)")),
        _ => (Unit::Number, parameter.to_owned()),
    };
    let spans_decades =
        matches!(values[..], [least, .., most] if least > 0.0 && most > least * 20.0);
    let x = axis_of_numbers(parameter, title, unit, &values, options.log || spans_decades)?;
    let mut lines = LineChart { x, series, ..LineChart::default() };
    lines.y = Axis::saving(lines.figures(), false);
    let title = configurations.title(&format!("KMS requests saved by {parameter}"));
    let subtitle = format!("Each point was simulated; configuration {}.", configurations.names());
    Ok(Chart::new(name, "break_even_curves.csv", title, subtitle, Plot::Lines(lines)))
}
