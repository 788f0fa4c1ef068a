//! What an experiment on AWS will tell and cost.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::document::{Block, Cell, Document, Table};
use super::{json, numbers};
use crate::experiment::power::ExpectedRow;
use crate::experiment::{Experiment, script};
use crate::results::csv;
use crate::results::manifest::EXPERIMENT;

/// The JSON document's own version: raised when a key changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

/// An experiment and what it is expected to tell.
#[derive(Clone, Copy, Debug)]
pub struct DesignedExperiment<'a> {
    /// What is sent.
    pub experiment: &'a Experiment,
    /// Each parameter under each possible truth.
    pub rows: &'a [ExpectedRow],
    /// Where it is run.
    pub region: &'a str,
    /// What names of things begin with.
    pub prefix: &'a str,
}

/// What is to be expected of one parameter.
#[derive(Serialize, JsonSchema)]
struct ParameterPower {
    /// Its name.
    parameter: &'static str,
    /// Possible truths that were tried.
    truths: usize,
    /// In how many of them both ends are found.
    both_ends: usize,
    /// In how many of them nothing wrong is stated.
    holds: usize,
    /// Half of the intervals with both ends are no wider: upper end divided by lower end. `None` for words, and
    /// where no interval has both ends.
    median_ratio: Option<f64>,
}

impl ParameterPower {
    fn each(rows: &[ExpectedRow]) -> Vec<Self> {
        let first = rows.iter().filter(|row| row.truth == 0);
        first.map(|row| Self::of(row.parameter, rows)).collect()
    }

    fn of(parameter: &'static str, rows: &[ExpectedRow]) -> Self {
        let own: Vec<&ExpectedRow> = rows.iter().filter(|row| row.parameter == parameter).collect();
        let mut ratios: Vec<f64> = own.iter().filter_map(|row| ratio(row)).collect();
        ratios.sort_by(f64::total_cmp);
        Self {
            parameter,
            truths: own.len(),
            both_ends: own.iter().filter(|row| row.both_ends).count(),
            holds: own.iter().filter(|row| row.holds).count(),
            median_ratio: ratios.get(ratios.len() / 2).copied(),
        }
    }
}

impl ParameterPower {
    fn of_truths(&self, count: usize) -> Cell {
        format!("{count} of {}", self.truths).into()
    }
}

fn ratio(row: &ExpectedRow) -> Option<f64> {
    let low: f64 = row.low.parse().ok()?;
    let high: f64 = row.high.parse().ok()?;
    (low > 0.0).then(|| high / low)
}

/// What an experiment sends, costs and is expected to tell.
#[derive(Serialize, JsonSchema)]
pub(super) struct ExperimentDocument<'a> {
    /// Version of this document.
    schema_version: u32,
    /// Where it is run.
    region: &'a str,
    /// What names of things begin with.
    prefix: &'a str,
    /// How long requests are sent.
    time_s: i64,
    /// PUTs.
    writes: usize,
    /// GETs.
    reads: usize,
    /// After so many requests the script stops.
    most_requests: u64,
    /// What it costs at most.
    most_cost_usd: f64,
    /// What is to be expected of each parameter.
    expected: Vec<ParameterPower>,
}

/// `experiment.json`: an experiment, and which files belong to it.
#[derive(Serialize, JsonSchema)]
pub(super) struct ExperimentFile<'a> {
    #[serde(flatten)]
    experiment: ExperimentDocument<'a>,
    /// The files that belong to it.
    files: json::FileHashes,
}

impl<'a> ExperimentDocument<'a> {
    fn of(designed: &DesignedExperiment<'a>) -> Self {
        let experiment = designed.experiment;
        Self {
            schema_version: SCHEMA_VERSION,
            region: designed.region,
            prefix: designed.prefix,
            time_s: experiment.time_s,
            writes: experiment.writes(),
            reads: experiment.requests.len() - experiment.writes(),
            most_requests: experiment.most_requests,
            most_cost_usd: experiment.cost.as_f64(),
            expected: ParameterPower::each(designed.rows),
        }
    }
}

/// Everything, for programs.
#[must_use]
pub fn json(designed: &DesignedExperiment) -> Value {
    json::value(&ExperimentDocument::of(designed))
}

/// The files of an experiment, with the document that names the others.
#[must_use]
pub fn files(designed: &DesignedExperiment) -> Vec<(&'static str, Vec<u8>)> {
    let script = script(designed.experiment, designed.region, designed.prefix).into_bytes();
    let mut files = vec![("experiment.sh", script), ("expected.csv", csv::write(designed.rows))];
    let experiment = ExperimentDocument::of(designed);
    let document = json::value(&ExperimentFile { experiment, files: json::hashes(&files) });
    files.push((EXPERIMENT, format!("{document:#}\n").into_bytes()));
    files
}

/// Cost, what will be known, and what to type.
#[must_use]
pub fn document(designed: &DesignedExperiment) -> Document {
    let experiment = designed.experiment;
    let writes = experiment.writes();
    let verdict = format!(
        "{} PUTs and {} GETs in {} cost at most {} USD.",
        numbers::grouped(writes as u64),
        numbers::grouped((experiment.requests.len() - writes) as u64),
        numbers::duration(experiment.time_s as f64),
        experiment.cost,
    );
    let mut table = Table::new("parameter", ["both ends known", "median high / low", "holds"]);
    for expected in ParameterPower::each(designed.rows) {
        let ratio = expected.median_ratio.map_or_else(|| "-".into(), |ratio| format!("{ratio:.2}"));
        table.push([
            expected.parameter.into(),
            expected.of_truths(expected.both_ends),
            ratio.into(),
            expected.of_truths(expected.holds),
        ]);
    }
    let open = "It leaves open: scoping policies, multipart uploads, copies, re-encryption, traffic of many \
                requests a second, and lifetimes of a quarter of its time or more. What `calibrate` cannot tell it \
                says.";
    let how = "The script has not been run on AWS. In the folder, `sh experiment.sh` says what it would do and `sh \
               experiment.sh --run` does it, removes all it made (tried first), waits for CloudTrail, and prints the \
               `bks calibrate` command to type. S3 and KMS charge for requests, CloudTrail's event history is free.";
    Document::of(vec![
        Block::Verdict(verdict),
        Block::Table(table),
        Block::Note(open.to_owned()),
        Block::Paragraph(how.to_owned()),
    ])
}
