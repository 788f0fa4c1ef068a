//! The rows of what `bks sensitivity` writes beside `sensitivity.csv`: these structs are the schema.

use serde::{Deserialize, Serialize};

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
