//! What an experiment on AWS will tell and cost.

use serde_json::{Value, json};

use super::document::{Block, Cell, Document, Table};
use super::numbers;
use crate::experiment::power::ExpectedRow;
use crate::experiment::{Experiment, script};
use crate::results::csv;
use crate::results::manifest::{EXPERIMENT, hash};

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
struct ParameterPower {
    parameter: &'static str,
    truths: usize,
    both_ends: usize,
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

/// Everything, for programs.
#[must_use]
pub fn json(designed: &DesignedExperiment) -> Value {
    let experiment = designed.experiment;
    let expected: Vec<Value> = ParameterPower::each(designed.rows)
        .into_iter()
        .map(|ParameterPower { parameter, truths, both_ends, holds, median_ratio }| {
            json!({
                "parameter": parameter, "truths": truths, "both_ends": both_ends, "holds": holds,
                "median_ratio": median_ratio,
            })
        })
        .collect();
    json!({
        "schema_version": SCHEMA_VERSION,
        "region": designed.region,
        "prefix": designed.prefix,
        "time_s": experiment.time_s,
        "writes": experiment.writes(),
        "reads": experiment.requests.len() - experiment.writes(),
        "most_requests": experiment.most_requests,
        "most_cost_usd": experiment.cost.as_f64(),
        "expected": expected,
    })
}

/// The files of an experiment, with the document that names the others.
#[must_use]
pub fn files(designed: &DesignedExperiment) -> Vec<(&'static str, Vec<u8>)> {
    let script = script(designed.experiment, designed.region, designed.prefix).into_bytes();
    let expected = csv::write(designed.rows);
    let mut document = json(designed);
    document["files"] = json!({"experiment.sh": hash(&script), "expected.csv": hash(&expected)});
    let document = format!("{document:#}\n").into_bytes();
    vec![("experiment.sh", script), ("expected.csv", expected), (EXPERIMENT, document)]
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
