//! `timeline.csv`: KMS requests a second, and bucket-level keys alive, over time.

use std::fmt::Write;

use super::super::axis::{Axis, Scale, Unit};
use super::super::table::Table;
use super::super::{Chart, Lines, Plot, Point, Reference, Series};
use super::Options;
use super::select::{ASSUMED, Configurations, source};
use crate::error::{Error, Result};
use crate::report::numbers::{count, grouped, significant};

/// A quota beyond so many times the greatest figure is told in words instead of squashing the data.
const OFF_THE_CHART: f64 = 1.6;

/// A line whose mean is smaller than another's by a greater factor lies on the edge of the axis.
const FAR_APART: f64 = 50.0;

/// One bin of one configuration.
struct Bin {
    /// Its middle, in seconds.
    middle_s: f64,
    /// The line, and what it reaches above.
    value: f64,
    upper: Option<f64>,
}

/// KMS requests a second over time, with the quota.
pub(super) fn kms(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let mut lines = lines(
        table,
        &configurations,
        &|row, bin_s| {
            let mean = row.number("kms_requests")? / bin_s;
            Ok((mean, Some(row.number("kms_requests_per_s_max")?.max(mean))))
        },
        "requests a second",
    )?;
    lines.band = Some("up to the busiest second of each interval".to_owned());
    let values = lines.series.iter().flat_map(|series| &series.points);
    let values: Vec<f64> =
        values.flat_map(|point| point.y.into_iter().chain(point.range.map(|r| r.1))).collect();
    lines.references = quotas(table)?;
    let most = values.iter().copied().fold(0.0, f64::max);
    let near = lines.references.iter().map(|quota| quota.value);
    let near = near.filter(|quota| *quota <= most * OFF_THE_CHART);
    let title = "KMS requests a second";
    let axis_values: Vec<f64> = values.iter().copied().chain(near).collect();
    lines.y = upright(table, title, &axis_values, options.log, &mut lines.series)?;
    let what = format!("Line: mean of each interval.{}", unseen(&lines));
    Ok(chart(table, &configurations, "KMS requests over time", &what, lines))
}

/// Bucket-level keys alive over time.
pub(super) fn keys_alive(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let mut lines = lines(
        table,
        &configurations,
        &|row, _| Ok((row.number("bucket_keys_alive_max")?, None)),
        "keys",
    )?;
    let points = lines.series.iter().flat_map(|series| &series.points);
    let values: Vec<f64> = points.filter_map(|point| point.y).collect();
    let title = "bucket-level keys alive";
    lines.y = upright(table, title, &values, options.log, &mut lines.series)?;
    let what = "Most keys alive in any second of each interval.";
    Ok(chart(table, &configurations, "Bucket-level keys alive over time", what, lines))
}

/// The upright axis. A logarithmic one has no place for zeros: the line has a gap there, and a band
/// begins at the axis.
fn upright(
    table: &Table,
    title: &str,
    values: &[f64],
    log: bool,
    series: &mut [Series],
) -> Result<Axis> {
    if !log {
        return Ok(Axis::linear(title, Unit::Number, values.iter().copied(), true));
    }
    let above: Vec<f64> = values.iter().copied().filter(|value| *value > 0.0).collect();
    if above.is_empty() {
        return Err(Error::request("every figure is zero, which a logarithmic axis cannot show")
            .hint("leave `--log` out")
            .at(table.place()));
    }
    let axis = Axis::log10(format!("{title} (zeros left out)"), Unit::Number, above);
    for point in series.iter_mut().flat_map(|series| &mut series.points) {
        point.y = point.y.filter(|value| *value > 0.0);
        point.range = point.range.map(|(low, high)| (low.max(axis.min), high));
    }
    Ok(axis)
}

/// Lines that an axis from zero flattens onto its edge, since others are far above: their means.
pub(super) fn flattened(lines: &Lines) -> Vec<(&str, f64)> {
    let means = lines.series.iter().map(|series| (series.name.as_str(), mean(series)));
    let most = means.clone().map(|(_, mean)| mean).fold(0.0, f64::max);
    let is_small = |(_, mean): &(&str, f64)| *mean > 0.0 && mean * FAR_APART < most;
    match lines.y.scale {
        Scale::Linear => means.filter(is_small).collect(),
        Scale::Log10 | Scale::Categories => Vec::new(),
    }
}

fn mean(series: &Series) -> f64 {
    let values = series.points.iter().filter_map(|point| point.y);
    values.sum::<f64>() / series.points.len().max(1) as f64
}

/// What cannot be seen on the axis, in words.
fn unseen(lines: &Lines) -> String {
    let mut told = String::new();
    let zero = lines.series.iter().filter(|series| mean(series) == 0.0);
    let zero: Vec<&str> = zero.map(|series| series.name.as_str()).collect();
    if !zero.is_empty() && zero.len() < lines.series.len() {
        told = format!(" Always zero: {}.", zero.join(", "));
    }
    let small = flattened(lines);
    let small: Vec<String> =
        small.iter().map(|(name, mean)| format!("{name}, {}", significant(*mean))).collect();
    if !small.is_empty() {
        let _ = write!(told, " Near zero: {} a second on average.", small.join("; "));
    }
    told
}

type Figures = dyn Fn(&super::super::table::Row, f64) -> Result<(f64, Option<f64>)>;

fn lines(
    table: &Table,
    configurations: &Configurations,
    figures: &Figures,
    unit: &str,
) -> Result<Lines> {
    let mut bins: Vec<(usize, Vec<Bin>)> =
        configurations.chosen().map(|index| (index, Vec::new())).collect();
    let (mut begin, mut end) = (f64::INFINITY, 0.0_f64);
    for row in table.rows() {
        let Some(index) = configurations.index(&row)? else { continue };
        let (begin_s, length_s) = (row.number("time_s")?, row.number("bin_s")?);
        if length_s <= 0.0 {
            return Err(row.wrong("bin_s", "must be greater than zero"));
        }
        let (value, upper) = figures(&row, length_s)?;
        let middle_s = begin_s + length_s / 2.0;
        (begin, end) = (begin.min(begin_s), end.max(begin_s + length_s));
        if let Some((_, bins)) = bins.iter_mut().find(|(known, _)| *known == index) {
            bins.push(Bin { middle_s, value, upper });
        }
    }
    let clock = Clock::of(end - begin);
    let series = bins.into_iter().map(|(index, bins)| {
        let name = configurations.name(index);
        let point = |bin: Bin| clock.point(&name, &bin, unit);
        let points = bins.into_iter().map(point).collect();
        Series { points, name: name.clone(), colour: index }
    });
    let series = series.collect();
    let x_title = format!("{} since the start of the run", clock.name);
    let mut x =
        Axis::linear(x_title, clock.unit, [begin / clock.size_s, end / clock.size_s], false);
    (x.min, x.max) = (begin / clock.size_s, end / clock.size_s);
    let y = Axis::linear("", Unit::Number, [], true);
    Ok(Lines { x, y, series, band: None, references: Vec::new() })
}

/// The unit that a stretch of time is read in.
struct Clock {
    name: &'static str,
    size_s: f64,
    unit: Unit,
}

impl Clock {
    fn of(span_s: f64) -> Self {
        let (name, size_s, unit) = match span_s {
            s if s > 3.0 * 86_400.0 => ("days", 86_400.0, Unit::Number),
            s if s > 2.0 * 3_600.0 => ("hours", 3_600.0, Unit::Hours),
            s if s > 120.0 => ("minutes", 60.0, Unit::Sixtieths),
            _ => ("seconds", 1.0, Unit::Sixtieths),
        };
        Self { name, size_s, unit }
    }

    fn point(&self, name: &str, bin: &Bin, unit: &str) -> Point {
        let x = bin.middle_s / self.size_s;
        let upper = bin
            .upper
            .map_or_else(String::new, |upper| format!(", busiest second {}", count(upper)));
        let label = format!("{name}, {x:.2} {}: {} {unit}{upper}", self.name, count(bin.value));
        let range = bin.upper.filter(|upper| *upper > bin.value).map(|upper| (bin.value, upper));
        Point { x, y: Some(bin.value), range, label, point: None }
    }
}

/// The distinct quotas of the file, which older files do not have.
fn quotas(table: &Table) -> Result<Vec<Reference>> {
    let mut out: Vec<Reference> = Vec::new();
    if table.has("quota_per_s") {
        for row in table.rows() {
            let Some(value) = row.optional("quota_per_s")? else { continue };
            if !out.iter().any(|quota| quota.value.to_bits() == value.to_bits()) {
                out.push(Reference {
                    value,
                    text: format!("quota {} a second", grouped(value.round() as u64)),
                });
            }
        }
    }
    Ok(out)
}

fn chart(
    table: &Table,
    configurations: &Configurations,
    title: &str,
    what: &str,
    lines: Lines,
) -> Chart {
    Chart {
        name: String::new(),
        title: format!("{title}: {}", configurations.scenario()),
        subtitle: what.to_owned(),
        plot: Plot::Lines(lines),
        source: source(table, ASSUMED),
    }
}
