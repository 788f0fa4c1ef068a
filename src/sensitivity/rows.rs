//! What was found as the rows of CSV files.

use super::axis::{AxisUnit, SearchAxis};
use super::break_even::{BreakEvens, TargetCrossings, middle};
use super::figure_targets::{FigureCrossings, FigureTarget};
use super::search::Direction;
use super::{Sensitivity, Together};
use crate::results::sensitivity::{
    BreakEvenRow, CurveRow, FigureBreakEvenRow, SobolRow, SpreadRow,
};
use crate::scenario::Scenario;
use crate::units::readable::{duration, grouped, significant};

fn names(scenario: &Scenario) -> (String, String) {
    let headline = &scenario.configurations[scenario.headline];
    (scenario.name.clone(), headline.name.clone())
}

/// Rows of `sobol.csv`.
#[must_use]
pub fn sobol(scenario: &Scenario, found: &Sensitivity) -> Vec<SobolRow> {
    let (name, configuration) = names(scenario);
    let Together::Sampled(sample) = &found.together else { return Vec::new() };
    let rows = sample.indices.iter().flatten().map(|(unknown, indices)| SobolRow {
        scenario: name.clone(),
        configuration: configuration.clone(),
        assumption: unknown.name().to_owned(),
        first_order: indices.first.value,
        first_order_low: indices.first.low,
        first_order_high: indices.first.high,
        total: indices.total.value,
        total_low: indices.total.low,
        total_high: indices.total.high,
    });
    rows.collect()
}

/// The row of `spread.csv`, if a sample was drawn.
#[must_use]
pub fn spread(scenario: &Scenario, found: &Sensitivity) -> Vec<SpreadRow> {
    let (name, configuration) = names(scenario);
    let (Together::Sampled(sample), Some(saving_assumed_ratio)) = (&found.together, found.assumed)
    else {
        return Vec::new();
    };
    let [p05, p50, p95] = sample.quantiles;
    vec![SpreadRow {
        scenario: name,
        configuration,
        samples: sample.samples,
        assumption_sets: sample.sets,
        saving_assumed_ratio,
        saving_mean_ratio: sample.mean,
        saving_p05_ratio: p05,
        saving_p50_ratio: p50,
        saving_p95_ratio: p95,
    }]
}

/// Rows of `break_even.csv`.
#[must_use]
pub fn break_even(scenario: &Scenario, found: &Sensitivity) -> Vec<BreakEvenRow> {
    let targets = found.break_evens.iter().flat_map(|found| {
        found.targets.iter().flat_map(move |target| of_target(scenario, found, target))
    });
    targets.collect()
}

fn of_target(
    scenario: &Scenario,
    found: &BreakEvens,
    target: &TargetCrossings,
) -> Vec<BreakEvenRow> {
    let (name, configuration) = names(scenario);
    let extremes = found.extremes();
    let none = BreakEvenRow {
        scenario: name,
        configuration,
        others: found.others.name().to_owned(),
        parameter: found.axis.name().to_owned(),
        target_ratio: target.target,
        unit: unit(found.axis.unit).to_owned(),
        searched_low: found.searched().map(|(low, _)| low),
        searched_high: found.searched().map(|(_, high)| high),
        saving_min_ratio: extremes.map(|[(_, saving), _]| saving),
        saving_min_at: extremes.map(|[(value, _), _]| value),
        saving_max_ratio: extremes.map(|[_, (_, saving)]| saving),
        saving_max_at: extremes.map(|[_, (value, _)]| value),
        cut: found.cut.clone(),
        ..BreakEvenRow::default()
    };
    if target.crossings.is_empty() {
        return vec![none];
    }
    let rows = target.crossings.iter().enumerate().map(|(index, it)| BreakEvenRow {
        crossing: Some(index + 1),
        direction: Some(direction(it.crossing.direction).to_owned()),
        value: Some(value(&found.axis, it.value)),
        value_number: Some(it.value),
        value_low: it.interval.map(|(low, _)| low),
        value_high: it.interval.map(|(_, high)| high),
        bracket_low: Some(it.crossing.before),
        bracket_high: Some(it.crossing.behind),
        ..none.clone()
    });
    rows.collect()
}

/// Rows of `figure_break_even.csv`.
#[must_use]
pub fn figure_break_even(scenario: &Scenario, found: &Sensitivity) -> Vec<FigureBreakEvenRow> {
    let levels = found.figure_targets.iter().flat_map(|target| {
        target.levels.iter().flat_map(move |level| of_figure(scenario, target, level))
    });
    levels.collect()
}

fn of_figure(
    scenario: &Scenario,
    target: &FigureTarget,
    level: &FigureCrossings,
) -> Vec<FigureBreakEvenRow> {
    let extremes = level.extremes();
    let none = FigureBreakEvenRow {
        scenario: scenario.name.clone(),
        configuration: target.configuration.clone(),
        others: level.others.name().to_owned(),
        parameter: target.axis.name().to_owned(),
        figure: target.demand.figure.name().to_owned(),
        demand: target.demand.to_string(),
        unit: unit(target.axis.unit).to_owned(),
        searched_low: level.searched().map(|(low, _)| low),
        searched_high: level.searched().map(|(_, high)| high),
        figure_min: extremes.map(|[(_, figure), _]| figure),
        figure_min_at: extremes.map(|[(value, _), _]| value),
        figure_max: extremes.map(|[_, (_, figure)]| figure),
        figure_max_at: extremes.map(|[_, (value, _)]| value),
        cut: target.cut.clone(),
        ..FigureBreakEvenRow::default()
    };
    if level.crossings.is_empty() {
        return vec![none];
    }
    let rows = level.crossings.iter().enumerate().map(|(index, crossing)| {
        let at = middle(&target.axis, crossing);
        FigureBreakEvenRow {
            crossing: Some(index + 1),
            holds_behind: Some(crossing.direction == Direction::Rises),
            value: Some(value(&target.axis, at)),
            value_number: Some(at),
            bracket_low: Some(crossing.before),
            bracket_high: Some(crossing.behind),
            ..none.clone()
        }
    });
    rows.collect()
}

/// Rows of `break_even_curves.csv`.
#[must_use]
pub fn curves(scenario: &Scenario, found: &Sensitivity) -> Vec<CurveRow> {
    let (name, configuration) = names(scenario);
    let points = found
        .break_evens
        .iter()
        .flat_map(|found| found.curve.points().map(move |(value, saving)| (found, value, saving)));
    let rows = points.map(|(found, value, saving_ratio)| CurveRow {
        scenario: name.clone(),
        configuration: configuration.clone(),
        others: found.others.name().to_owned(),
        parameter: found.axis.name().to_owned(),
        unit: unit(found.axis.unit).to_owned(),
        value,
        saving_ratio,
    });
    rows.collect()
}

const fn unit(unit: AxisUnit) -> &'static str {
    match unit {
        AxisUnit::Seconds => "s",
        AxisUnit::PerSecond => "per_s",
        AxisUnit::Percent => "percent",
        AxisUnit::Number => "count",
    }
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Rises => "rises",
        Direction::Falls => "falls",
    }
}

/// A value along an axis, with about three digits.
pub(crate) fn value(axis: &SearchAxis, value: f64) -> String {
    match axis.unit {
        AxisUnit::Seconds => duration(value),
        AxisUnit::PerSecond => format!("{}/s", significant(value)),
        AxisUnit::Percent => format!("{} %", significant(value)),
        AxisUnit::Number if axis.span.whole => grouped(value.round() as u64),
        AxisUnit::Number => significant(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_three_digits() {
        for (text, number, expected) in [
            ("a=1s..1d", 0.04, "0.04s"),
            ("a=1s..1d", 42.345, "42.3s"),
            ("a=1s..1d", 60.4, "1min"),
            ("a=1s..1d", 612.3, "10min 12s"),
            ("a=1s..1d", 86_400.0, "1d"),
            ("a=1..9000", 8_999.0, "8,999"),
            ("a=0.1/s..9/s", 0.123_45, "0.123/s"),
            ("a=1%..9%", 2.5, "2.5 %"),
            ("a=0.5..2", 1.0, "1"),
        ] {
            assert_eq!(value(&SearchAxis::parse(text).unwrap(), number), expected);
        }
    }
}
