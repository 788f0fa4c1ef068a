//! The rows of what `bks sensitivity` writes beside `sensitivity.csv`: these structs are the schema.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Results;
use crate::error::{Error, Result};
use crate::pricing::PriceTable;
use crate::scenario::run_toml::fingerprint;
use crate::scenario::{MODEL_VERSION, Scenario};

/// The file that tells of which scenario the others are.
pub const IDENTITY: &str = "sensitivity.json";

/// Version of the document.
const SCHEMA_VERSION: u32 = 1;

/// `sensitivity.json`: of which scenario the files of `bks sensitivity` are. They belong to a run if all of
/// this is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SensitivityRun {
    /// Version of this document.
    pub schema_version: u32,
    /// Version of bks.
    pub bks_version: String,
    /// Version of the model.
    pub model_version: u32,
    /// Date of the built-in prices.
    pub price_date: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Hash of the scenario without its assertions.
    pub scenario_hash: String,
    /// Its seed.
    pub seed: u64,
    /// Name and hash of each CSV file.
    pub files: BTreeMap<String, String>,
}

impl SensitivityRun {
    /// That of files made from a scenario, given by name and text.
    #[must_use]
    pub fn of<'a>(scenario: &Scenario, files: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            bks_version: env!("CARGO_PKG_VERSION").to_owned(),
            model_version: MODEL_VERSION,
            price_date: PriceTable::DATE.to_owned(),
            scenario: scenario.name.clone(),
            scenario_hash: scenario.hash_without_demands(),
            seed: scenario.seed.0,
            files: files.map(|(name, text)| (name.to_owned(), fingerprint(text))).collect(),
        }
    }

    /// Reads `sensitivity.json`.
    ///
    /// # Errors
    /// If the text is not what bks writes.
    pub fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            let place = format!("{IDENTITY}:{}:{}", error.line(), error.column());
            Error::request(format!("the text is not what bks writes: {error}")).at(place)
        })
    }

    /// Whether a file's text is the one that it tells of.
    #[must_use]
    pub fn tells_of(&self, name: &str, text: &str) -> bool {
        self.files.get(name).is_some_and(|hash| *hash == fingerprint(text))
    }

    /// In what its scenario differs from a run's, in words; nothing if it is the same.
    #[must_use]
    pub fn differences(&self, results: &Results) -> Vec<String> {
        let facts = &results.facts;
        let hash = results.hash_without_demands().unwrap_or_else(|| facts.scenario_hash.clone());
        let pairs = [
            ("model version", self.model_version.to_string(), facts.model_version.to_string()),
            ("price date", self.price_date.clone(), facts.price_date.clone()),
            ("seed", self.seed.to_string(), facts.seed.to_string()),
            ("hash of the scenario", self.scenario_hash.clone(), hash),
        ];
        let differ = pairs.into_iter().filter(|(_, own, run)| own != run);
        differ.map(|(what, own, run)| format!("{what} `{own}`, not `{run}`")).collect()
    }
}

/// `sobol.csv`: which assumption the spread of the headline's saving comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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

/// `figure_break_even.csv`: where a demand on a figure begins or ceases to hold, or that it does neither.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FigureBreakEvenRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration that the demand is about.
    pub configuration: String,
    /// Level of the other assumptions: `low`, `assumed` or `high`.
    pub others: String,
    /// The parameter that is varied.
    pub parameter: String,
    /// Name of the figure.
    pub figure: String,
    /// The demand as text.
    pub demand: String,
    /// Number of the crossing, from 1; none if there is none.
    pub crossing: Option<usize>,
    /// Whether the demand holds behind it.
    pub holds_behind: Option<bool>,
    /// The break-even value as text.
    pub value: Option<String>,
    /// The break-even value as a number of `unit`.
    pub value_number: Option<f64>,
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
    /// Least figure that was seen.
    pub figure_min: Option<f64>,
    /// The value at which it was.
    pub figure_min_at: Option<f64>,
    /// Greatest figure that was seen.
    pub figure_max: Option<f64>,
    /// The value at which it was.
    pub figure_max_at: Option<f64>,
    /// Why not all values were tried.
    pub cut: Option<String>,
}

/// `break_even_curves.csv`: the headline's saving at each value that was tried.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
