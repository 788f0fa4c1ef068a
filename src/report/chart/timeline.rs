//! KMS requests a second, bucket-level keys alive, what is saved and what is throttled, over time.

use std::fmt::Write;

use super::axis::{Axis, Scale, Unit};
use super::configurations::{Configurations, Options, RANGE};
use super::{Chart, LineChart, LinePoint, Plot, Reference, Series};
use crate::error::{Error, Result};
use crate::report::numbers::{count, grouped, percent, significant};
use crate::results::rows::TimelineRow;

/// A quota beyond so many times the greatest figure is told in words instead of squashing the data.
const OFF_THE_CHART: f64 = 1.6;

/// A line whose mean is smaller than another's by a greater factor lies on the edge of the axis.
const FAR_APART: f64 = 50.0;

/// KMS requests a second over time, with the quota.
///
/// # Errors
/// If there are no rows, or an option names or wants what they do not have.
pub fn kms_over_time(rows: &[TimelineRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let mut lines = lines(rows, &configurations, |row| {
        let mean = row.kms_requests / row.bin_s;
        let busiest = f64::from(row.kms_requests_per_s_max).max(mean);
        Figure {
            value: Some(mean),
            range: (busiest > mean).then_some((mean, busiest)),
            words: format!("{} requests a second, busiest second {}", count(mean), count(busiest)),
        }
    })?;
    lines.band = Some("up to the busiest second of each interval".to_owned());
    let most = lines.figures().fold(0.0, f64::max);
    let mut quotas: Vec<u64> = rows.iter().filter_map(|row| row.quota_per_s).collect();
    quotas.dedup();
    lines.references = quotas
        .into_iter()
        .map(|quota| Reference {
            value: quota as f64,
            text: format!("quota {} a second", grouped(quota)),
        })
        .collect();
    let near = lines.references.iter().map(|quota| quota.value);
    let near: Vec<f64> = near.filter(|quota| *quota <= most * OFF_THE_CHART).collect();
    rise(&mut lines, "KMS requests a second", &near, options.log)?;
    let subtitle = format!("Line: mean of each interval.{}", unseen(&lines));
    let title = configurations.title("KMS requests over time");
    Ok(chart("kms-over-time", title, subtitle, lines))
}

/// Bucket-level keys alive over time.
///
/// # Errors
/// As [`kms_over_time`].
pub fn keys_alive(rows: &[TimelineRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let mut lines = lines(rows, &configurations, |row| {
        let keys = f64::from(row.bucket_keys_alive_max);
        Figure { value: Some(keys), range: None, words: format!("{} keys", count(keys)) }
    })?;
    rise(&mut lines, "bucket-level keys alive", &[], options.log)?;
    let subtitle = "Most keys alive in any second of each interval.".to_owned();
    let title = configurations.title("Bucket-level keys alive over time");
    Ok(chart("keys-alive", title, subtitle, lines))
}

/// Share of the KMS requests that is saved over time, with its range over the assumptions; no chart if there
/// are none to save, or if the file is an older one, which does not tell.
///
/// # Errors
/// As [`kms_over_time`].
pub fn saving_over_time(rows: &[TimelineRow], options: &Options) -> Result<Vec<Chart>> {
    let configurations = Configurations::of(rows, options)?;
    let mut lines = lines(rows, &configurations, |row| {
        let ends = row.saving_ratio_at_low.zip(row.saving_ratio_at_high);
        let ends = ends.filter(|(low, high)| low.to_bits() != high.to_bits());
        Figure {
            value: row.saving_ratio,
            range: ends.map(|(low, high)| (low.min(high), low.max(high))),
            words: row.saving_ratio.map_or_else(|| "nothing to save".to_owned(), percent),
        }
    })?;
    lines.series.retain(|series| {
        series.points.iter().any(|point| point.y.is_some_and(|saving| saving != 0.0))
    });
    if lines.series.is_empty() {
        return Ok(Vec::new());
    }
    let has_ranges = lines.series.iter().flat_map(|it| &it.points).any(|it| it.range.is_some());
    lines.band = has_ranges.then(|| RANGE.to_owned());
    lines.y = Axis::saving(lines.figures(), true);
    let subtitle = "Share of each interval; a gap where there is nothing to save.".to_owned();
    let title = configurations.title("KMS requests saved over time");
    Ok(vec![chart("saving-over-time", title, subtitle, lines)])
}

/// Answers 503 `SlowDown` a second over time; no chart if there are none.
///
/// # Errors
/// As [`kms_over_time`].
pub fn slow_downs(rows: &[TimelineRow], options: &Options) -> Result<Vec<Chart>> {
    let configurations = Configurations::of(rows, options)?;
    if configurations.rows(rows).all(|(_, row)| row.slow_downs <= 0.0) {
        return Ok(Vec::new());
    }
    let mut lines = lines(rows, &configurations, |row| {
        let mean = row.slow_downs / row.bin_s;
        Figure { value: Some(mean), range: None, words: format!("{} a second", count(mean)) }
    })?;
    rise(&mut lines, "503 SlowDown a second", &[], options.log)?;
    let subtitle = format!("Mean of each interval, answers to retries included.{}", unseen(&lines));
    let title = configurations.title("503 SlowDown because KMS throttles");
    Ok(vec![chart("slow-downs", title, subtitle, lines)])
}

fn chart(name: &str, title: String, subtitle: String, lines: LineChart) -> Chart {
    let small: Vec<&str> = flattened(&lines).into_iter().map(|(name, _)| name).collect();
    let advice = (!small.is_empty())
        .then(|| format!("`--log` shows the small figures of `{}`", small.join("`, `")));
    let plot = Plot::Lines(lines);
    Chart { advice, ..Chart::new(name, "timeline.csv", title, subtitle, plot).assumed() }
}

/// Sets the upright axis, which holds `more`, too. A logarithmic one has no place for zeros: the line has a
/// gap there, and a band begins at the axis.
fn rise(lines: &mut LineChart, title: &str, more: &[f64], log: bool) -> Result<()> {
    let figures: Vec<f64> = lines.figures().chain(more.iter().copied()).collect();
    if !log {
        lines.y = Axis::linear(title, Unit::Number, figures, true);
        return Ok(());
    }
    let above: Vec<f64> = figures.into_iter().filter(|figure| *figure > 0.0).collect();
    if above.is_empty() {
        return Err(Error::request("every figure is zero, which a logarithmic axis cannot show")
            .hint("leave `--log` out"));
    }
    lines.y = Axis::log10(format!("{title} (zeros left out)"), Unit::Number, above);
    for point in lines.series.iter_mut().flat_map(|series| &mut series.points) {
        point.y = point.y.filter(|value| *value > 0.0);
        point.range = point.range.map(|(low, high)| (low.max(lines.y.min), high));
    }
    Ok(())
}

/// Lines that an axis from zero flattens onto its edge, since others are far above: their means.
fn flattened(lines: &LineChart) -> Vec<(&str, f64)> {
    if lines.y.scale != Scale::Linear {
        return Vec::new();
    }
    let means = lines.series.iter().map(|series| (series.name.as_str(), mean(series)));
    let most = means.clone().map(|(_, mean)| mean).fold(0.0, f64::max);
    means.filter(|(_, mean)| *mean > 0.0 && mean * FAR_APART < most).collect()
}

fn mean(series: &Series) -> f64 {
    let values = series.points.iter().filter_map(|point| point.y);
    values.sum::<f64>() / series.points.len().max(1) as f64
}

/// What cannot be seen on the axis, in words.
fn unseen(lines: &LineChart) -> String {
    let mut told = String::new();
    let zero = lines.series.iter().filter(|series| mean(series) == 0.0);
    let zero: Vec<&str> = zero.map(|series| series.name.as_str()).collect();
    if !zero.is_empty() && zero.len() < lines.series.len() {
        told = format!(" Always zero: {}.", zero.join(", "));
    }
    let small = flattened(lines).into_iter();
    let small: Vec<String> =
        small.map(|(name, mean)| format!("{name}, {}", significant(mean))).collect();
    if !small.is_empty() {
        let _ = write!(told, " Near zero: {} a second on average.", small.join("; "));
    }
    told
}

/// What is shown of an interval.
struct Figure {
    /// `None` where it is unknown.
    value: Option<f64>,
    /// What a band covers there.
    range: Option<(f64, f64)>,
    /// Both in words.
    words: String,
}

/// A line for each configuration.
fn lines(
    rows: &[TimelineRow],
    configurations: &Configurations,
    figure: fn(&TimelineRow) -> Figure,
) -> Result<LineChart> {
    if let Some(row) = rows.iter().find(|row| row.bin_s <= 0.0) {
        let wrong = format!("`bin_s` is `{}`, but must be greater than zero", row.bin_s);
        return Err(Error::request(wrong));
    }
    let (mut begin_s, mut end_s) = (f64::INFINITY, 0.0_f64);
    for (_, row) in configurations.rows(rows) {
        begin_s = begin_s.min(row.time_s);
        end_s = end_s.max(row.time_s + row.bin_s);
    }
    let clock = TimeUnit::of(end_s - begin_s);
    let series = configurations.chosen().into_iter().map(|index| {
        let name = configurations.name(index);
        let points = configurations
            .rows_of(index, rows)
            .map(|row| clock.point(&name, row, figure(row)))
            .collect();
        Series { points, name, colour: index }
    });
    let (min, max) = (begin_s / clock.size_s, end_s / clock.size_s);
    let x = Axis {
        title: format!("{} since the start of the run", clock.name),
        unit: clock.unit,
        min,
        max,
        ..Axis::default()
    };
    Ok(LineChart { x, series: series.collect(), ..LineChart::default() })
}

/// The unit that a stretch of time is read in.
struct TimeUnit {
    name: &'static str,
    size_s: f64,
    unit: Unit,
}

impl TimeUnit {
    fn of(span_s: f64) -> Self {
        let (name, size_s, unit) = match span_s {
            s if s > 3.0 * 86_400.0 => ("days", 86_400.0, Unit::Number),
            s if s > 2.0 * 3_600.0 => ("hours", 3_600.0, Unit::Hours),
            s if s > 120.0 => ("minutes", 60.0, Unit::Sixtieths),
            _ => ("seconds", 1.0, Unit::Sixtieths),
        };
        Self { name, size_s, unit }
    }

    /// An interval stands at its middle.
    fn point(&self, name: &str, row: &TimelineRow, figure: Figure) -> LinePoint {
        let x = (row.time_s + row.bin_s / 2.0) / self.size_s;
        let Figure { value, range, words } = figure;
        let label = format!("{name}, {x:.2} {}: {words}", self.name);
        LinePoint { x, y: value, range, label, point: None }
    }
}
