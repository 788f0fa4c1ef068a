//! Every point read and checked before any is run, and what tells sweeps apart.

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::grid::Grid;
use super::shard::Shard;
use crate::encryption::assumption::Level;
use crate::error::{Error, Result};
use crate::pricing::PriceTable;
use crate::results::result_json::AssertionFacts;
use crate::results::rows::SummaryRow;
use crate::results::run;
use crate::scenario::assertion::Assertion;
use crate::scenario::run_toml::fingerprint;
use crate::scenario::{MODEL_VERSION, Scenario};
use crate::simulation::engines::Engines;

/// What is known of every point before it is run.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The points, in the order of the grid.
    pub points: Vec<PlannedPoint>,
}

/// What is known of a point before it is run.
#[derive(Clone, Debug)]
pub struct PlannedPoint {
    /// Hash of its scenario, whatever that demands.
    pub hash: String,
    /// Names of its configurations.
    pub configurations: Vec<String>,
    /// Index of the one its verdict is about.
    pub headline: usize,
    /// What its scenario demands.
    pub assertions: Vec<Assertion>,
    /// About how much work it is, in requests that could be drawn instead.
    pub work: f64,
    /// Bytes of memory it may take.
    pub bytes: u64,
}

impl PlannedPoint {
    fn of(scenario: &Scenario) -> Self {
        let engines = Engines::of(scenario);
        let once = engines.requests_drawn(scenario) + engines.work(scenario);
        Self {
            hash: scenario.hash_without_demands(),
            configurations: scenario.configurations.iter().map(|c| c.name.clone()).collect(),
            headline: scenario.headline,
            assertions: scenario.assertions.clone(),
            // Even a point without requests takes a moment.
            work: (once * f64::from(scenario.replications)).max(1_000.0),
            bytes: run::bytes_at_most(scenario),
        }
    }

    /// What its scenario demands and its rows do not meet. Rows that were read back count like new
    /// ones, so a sweep that goes on judges all its points.
    ///
    /// # Panics
    /// If the rows are not those of all configurations at all levels.
    #[must_use]
    pub fn unmet(&self, rows: &[SummaryRow]) -> Vec<AssertionFacts> {
        let demands = self.assertions.iter();
        let judged = demands.map(|demand| AssertionFacts::of(demand, self.headline(), rows));
        judged.filter(|demand| !demand.holds).collect()
    }

    /// Name of the configuration its verdict is about.
    #[must_use]
    pub fn headline(&self) -> &str {
        &self.configurations[self.headline]
    }
}

impl Survey {
    /// Reads all points of a grid.
    ///
    /// # Errors
    /// What is wrong with the first that cannot be run.
    pub fn of(grid: &Grid, read: &(dyn Fn(usize) -> Result<Scenario> + Sync)) -> Result<Self> {
        let points: Vec<Result<PlannedPoint>> = (0..grid.points())
            .into_par_iter()
            .map(|point| read(point).map(|scenario| PlannedPoint::of(&scenario)))
            .collect();
        // Whichever is read first, the first in the grid is told.
        Ok(Self { points: points.into_iter().collect::<Result<_>>()? })
    }

    /// How many rows `points` have together: one for each configuration at each level.
    #[must_use]
    pub fn rows(&self, points: &[usize]) -> usize {
        let configurations = points.iter().map(|&point| self.points[point].configurations.len());
        configurations.sum::<usize>() * Level::ALL.len()
    }

    /// Work of all `points` together.
    #[must_use]
    pub fn work(&self, points: &[usize]) -> f64 {
        points.iter().map(|&point| self.points[point].work).sum()
    }
}

/// What a sweep is, as in `sweep.json`: a file of results belongs to it if all of this is the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SweepIdentity {
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
    /// The question it answers.
    pub question: Option<String>,
    /// Hash of the scenario with all that does not vary put into it, without its assertions.
    pub scenario_hash: String,
    /// Its seed.
    pub seed: u64,
    /// Its configuration that the verdict is about.
    pub headline: String,
    /// Its configuration that savings are measured against.
    pub reference: String,
    /// What varies; the values of the first change last.
    pub axes: Vec<AxisIdentity>,
    /// Number of points.
    pub points: usize,
    /// Hash of the hashes of the scenarios of all points.
    pub points_hash: String,
    /// Which part of the points its file has; none if that is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Number of rows that its file has when it is done; 0 if an older version of bks wrote it.
    #[serde(default)]
    pub rows: usize,
}

/// A key and its values, as in `sweep.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AxisIdentity {
    /// The key.
    pub key: String,
    /// Its values, as `--set` takes them.
    pub values: Vec<String>,
    /// The unit of `numbers`, as at the end of a column's name; none for plain numbers and text.
    pub unit: Option<String>,
    /// The values as numbers, if all are.
    pub numbers: Option<Vec<f64>>,
}

/// Raised when a key of `sweep.json` changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

impl SweepIdentity {
    /// What the sweep of `base` over a grid is, or a shard of it that has these `points`.
    #[must_use]
    pub fn of(
        base: &Scenario,
        grid: &Grid,
        survey: &Survey,
        shard: Option<Shard>,
        points: &[usize],
    ) -> Self {
        let axes = grid.axes().iter().map(|axis| AxisIdentity {
            key: axis.key.clone(),
            values: axis.values.iter().map(|value| value.text.clone()).collect(),
            unit: axis.measure.and_then(super::axis::Measure::unit).map(str::to_owned),
            numbers: axis.values.iter().map(|value| value.number).collect(),
        });
        let hashes: String = survey.points.iter().map(|point| point.hash.as_str()).collect();
        Self {
            schema_version: SCHEMA_VERSION,
            bks_version: env!("CARGO_PKG_VERSION").to_owned(),
            model_version: MODEL_VERSION,
            price_date: PriceTable::DATE.to_owned(),
            scenario: base.name.clone(),
            question: base.question.clone(),
            scenario_hash: base.hash_without_demands(),
            seed: base.seed.0,
            headline: base.configurations[base.headline].name.clone(),
            reference: base.configurations[base.reference].name.clone(),
            axes: axes.collect(),
            points: grid.points(),
            points_hash: fingerprint(&hashes),
            shard,
            rows: survey.rows(points),
        }
    }

    /// The document `sweep.json`.
    ///
    /// # Panics
    /// Never: it is a flat struct.
    #[must_use]
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("keys are text");
        format!("{}\n", crate::harmless_text::json(&text))
    }

    /// Reads the document `sweep.json`.
    ///
    /// # Errors
    /// If bks did not write it.
    pub fn read(document: &str) -> Result<Self> {
        serde_json::from_str(document).map_err(|error| {
            Error::request(format!("what is there cannot be read as a sweep: {error}"))
        })
    }

    /// Refuses to go on with what another sweep has left.
    ///
    /// # Errors
    /// Says what differs.
    pub fn check_same(&self, document: &str) -> Result<()> {
        const HINT: &str = "give another folder by `--out`, or start over with `--restart`";
        let other = Self::read(document).map_err(|error| error.hint(HINT))?;
        let Some((what, there, here)) = self.difference(&other) else { return Ok(()) };
        Err(Error::request(format!(
            "the sweep there has the {what} `{there}`, but this one has `{here}`: their rows cannot \
             stand together"
        ))
        .hint(HINT))
    }

    /// What tells it from others, each with its name.
    fn marks(&self) -> [(&'static str, String); 10] {
        let axes = self.axes.iter().map(|axis| format!("{}={}", axis.key, axis.values.join(",")));
        [
            ("version of its document", self.schema_version.to_string()),
            ("version of bks", self.bks_version.clone()),
            ("version of the model", self.model_version.to_string()),
            ("date of prices", self.price_date.clone()),
            ("scenario", self.scenario.clone()),
            ("values", axes.collect::<Vec<_>>().join(" ")),
            ("seed", self.seed.to_string()),
            ("scenario's hash", self.scenario_hash.clone()),
            ("hash of all points", self.points_hash.clone()),
            (
                "part of the points",
                self.shard.map_or_else(|| "all".to_owned(), |it| it.to_string()),
            ),
        ]
    }

    /// The first thing in which another sweep differs: what, there, and here.
    pub(super) fn difference(&self, other: &Self) -> Option<(&'static str, String, String)> {
        let pairs = other.marks().into_iter().zip(self.marks());
        pairs
            .into_iter()
            .find(|(there, here)| there.1 != here.1)
            .map(|((what, there), (_, here))| (what, there, here))
    }
}
