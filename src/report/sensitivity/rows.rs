//! The rows of what `bks sensitivity` writes: these structs are the schema.

use serde::{Deserialize, Serialize};

use crate::report::rows::SensitivityRow;
use crate::scenario::Scenario;
use crate::sensitivity::axis::Unit;
use crate::sensitivity::break_even::{BreakEven, BreakEvens, Found};
use crate::sensitivity::search::Direction;
use crate::sensitivity::{Sensitivity, Together};

use super::words;

/// `sobol.csv`: which assumption the spread of the headline's saving comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SobolRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the headline configuration.
    pub configuration: String,
    /// The assumption.
    pub assumption: String,
    /// Share of the saving's variance that it makes by itself.
    pub first_order: f64,
    /// Lower end of the 95 % confidence interval.
    pub first_order_low: f64,
    /// Upper end.
    pub first_order_high: f64,
    /// Share of the saving's variance that it makes by itself and together with others.
    pub total: f64,
    /// Lower end of the 95 % confidence interval.
    pub total_low: f64,
    /// Upper end.
    pub total_high: f64,
}

/// `spread.csv`: the headline's saving over all that its assumptions may be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpreadRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the headline configuration.
    pub configuration: String,
    /// Points of each of the two samples.
    pub samples: u32,
    /// Different sets of assumptions that were answered.
    pub assumption_sets: usize,
    /// The saving with every assumption as assumed.
    pub saving_assumed_ratio: f64,
    /// Mean saving over both samples.
    pub saving_mean_ratio: f64,
    /// The saving that 5 % of the points do not exceed.
    pub saving_p05_ratio: f64,
    /// The saving that half of the points do not exceed.
    pub saving_p50_ratio: f64,
    /// The saving that 95 % of the points do not exceed.
    pub saving_p95_ratio: f64,
}

/// `break_even.csv`: where the headline's saving crosses a target, or that it does not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BreakEvenRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the headline configuration.
    pub configuration: String,
    /// Level of the other assumptions: `low`, `assumed` or `high`.
    pub others: String,
    /// The parameter that is varied.
    pub parameter: String,
    /// The saving that is asked for.
    pub target_ratio: f64,
    /// Number of the crossing, from 1; none if there is none.
    pub crossing: Option<usize>,
    /// Whether the saving `rises` or `falls` with the parameter there.
    pub direction: Option<String>,
    /// The break-even value as text.
    pub value: Option<String>,
    /// The break-even value as a number of `unit`.
    pub value_number: Option<f64>,
    /// Lower end of its 95 % confidence interval.
    pub value_low: Option<f64>,
    /// Upper end.
    pub value_high: Option<f64>,
    /// The greatest value that was tried before it.
    pub bracket_low: Option<f64>,
    /// The least value that was tried behind it.
    pub bracket_high: Option<f64>,
    /// What values are counted in: `s`, `per_s`, `percent`, or `count`.
    pub unit: String,
    /// Least value that was tried.
    pub searched_low: Option<f64>,
    /// Greatest value that was tried.
    pub searched_high: Option<f64>,
    /// Least saving that was seen.
    pub saving_min_ratio: Option<f64>,
    /// The value at which it was.
    pub saving_min_at: Option<f64>,
    /// Greatest saving that was seen.
    pub saving_max_ratio: Option<f64>,
    /// The value at which it was.
    pub saving_max_at: Option<f64>,
    /// Why not all values were tried.
    pub cut: Option<String>,
}

/// `break_even_curves.csv`: the headline's saving at each value that was tried.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CurveRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the headline configuration.
    pub configuration: String,
    /// Level of the other assumptions: `low`, `assumed` or `high`.
    pub others: String,
    /// The parameter that is varied.
    pub parameter: String,
    /// What values are counted in.
    pub unit: String,
    /// The value.
    pub value: f64,
    /// The saving in the first replication.
    pub saving_ratio: f64,
}

fn names(scenario: &Scenario) -> (String, String) {
    let headline = &scenario.configurations[scenario.headline];
    (scenario.file.name.clone(), headline.name.clone())
}

/// Rows of `sensitivity.csv`.
#[must_use]
pub fn sensitivity(scenario: &Scenario, found: &Sensitivity) -> Vec<SensitivityRow> {
    let (name, configuration) = names(scenario);
    let row = |swing: &crate::outcome::Swing| SensitivityRow {
        scenario: name.clone(),
        configuration: configuration.clone(),
        assumption: swing.assumption,
        low: swing.low.0.clone(),
        high: swing.high.0.clone(),
        saving_at_low: swing.low.1,
        saving_at_high: swing.high.1,
    };
    found.swings.iter().map(row).collect()
}

/// Rows of `sobol.csv`.
#[must_use]
pub fn sobol(scenario: &Scenario, found: &Sensitivity) -> Vec<SobolRow> {
    let (name, configuration) = names(scenario);
    let Together::Sampled(sample) = &found.together else { return Vec::new() };
    let indices = sample.indices.iter().flatten();
    let row = |(unknown, of): &(_, crate::sensitivity::sobol::Indices)| {
        let unknown: &crate::sensitivity::ignorance::Unknown = unknown;
        SobolRow {
            scenario: name.clone(),
            configuration: configuration.clone(),
            assumption: unknown.name().to_owned(),
            first_order: of.first.value,
            first_order_low: of.first.low,
            first_order_high: of.first.high,
            total: of.total.value,
            total_low: of.total.low,
            total_high: of.total.high,
        }
    };
    indices.map(row).collect()
}

/// The row of `spread.csv`, if a sample was drawn.
#[must_use]
pub fn spread(scenario: &Scenario, found: &Sensitivity) -> Vec<SpreadRow> {
    let (name, configuration) = names(scenario);
    let Together::Sampled(sample) = &found.together else { return Vec::new() };
    let [p05, p50, p95] = sample.quantiles;
    vec![SpreadRow {
        scenario: name,
        configuration,
        samples: sample.samples,
        assumption_sets: sample.sets,
        saving_assumed_ratio: found.assumed,
        saving_mean_ratio: sample.mean,
        saving_p05_ratio: p05,
        saving_p50_ratio: p50,
        saving_p95_ratio: p95,
    }]
}

/// Rows of `break_even.csv`.
#[must_use]
pub fn break_even(scenario: &Scenario, found: &Sensitivity) -> Vec<BreakEvenRow> {
    let of_axis = |found| {
        let found: &BreakEvens = found;
        found.targets.iter().flat_map(move |target| of_target(scenario, found, target))
    };
    found.break_evens.iter().flat_map(of_axis).collect()
}

fn of_target(scenario: &Scenario, found: &BreakEvens, target: &Found) -> Vec<BreakEvenRow> {
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
    let row = |(index, it): (usize, &BreakEven)| BreakEvenRow {
        crossing: Some(index + 1),
        direction: Some(direction(it.crossing.direction).to_owned()),
        value: Some(words::value(&found.axis, it.value)),
        value_number: Some(it.value),
        value_low: it.interval.map(|(low, _)| low),
        value_high: it.interval.map(|(_, high)| high),
        bracket_low: Some(it.crossing.before),
        bracket_high: Some(it.crossing.behind),
        ..none.clone()
    };
    target.crossings.iter().enumerate().map(row).collect()
}

/// Rows of `break_even_curves.csv`.
#[must_use]
pub fn curves(scenario: &Scenario, found: &Sensitivity) -> Vec<CurveRow> {
    let (name, configuration) = names(scenario);
    let of_axis = |found: &BreakEvens| -> Vec<CurveRow> {
        let row = |(value, saving_ratio)| CurveRow {
            scenario: name.clone(),
            configuration: configuration.clone(),
            others: found.others.name().to_owned(),
            parameter: found.axis.name().to_owned(),
            unit: unit(found.axis.unit).to_owned(),
            value,
            saving_ratio,
        };
        found.curve.points().map(row).collect()
    };
    found.break_evens.iter().flat_map(of_axis).collect()
}

const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "s",
        Unit::PerSecond => "per_s",
        Unit::Percent => "percent",
        Unit::Number => "count",
    }
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Rises => "rises",
        Direction::Falls => "falls",
    }
}
