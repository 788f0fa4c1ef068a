//! What an experiment on AWS will tell and cost.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::document::{Block, Cell, Document, Table};
use super::{json, numbers};
use crate::experiment::power::{ExpectedRow, median_ratio};
use crate::experiment::question::{ExperimentQuestion, Learnt};
use crate::experiment::{Design, PlannedCounts, script};
use crate::results::csv;
use crate::results::manifest::EXPERIMENT;

/// The JSON document's own version: raised when a key changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

/// An experiment and what it is expected to tell.
#[derive(Clone, Copy, Debug)]
pub struct DesignedExperiment<'a> {
    /// What is sent, and what each possible truth would be found as.
    pub design: &'a Design,
    /// What is asked.
    pub question: &'a ExperimentQuestion,
    /// How wide intervals of lifetimes may be, as a share of their lower ends, if that is asked.
    pub width: Option<f64>,
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
        Self {
            parameter,
            truths: own.len(),
            both_ends: own.iter().filter(|row| row.both_ends).count(),
            holds: own.iter().filter(|row| row.holds).count(),
            median_ratio: median_ratio(rows, parameter),
        }
    }
}

impl ParameterPower {
    fn of_truths(&self, count: usize) -> Cell {
        format!("{count} of {}", self.truths).into()
    }
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
    /// What it is asked to find out.
    asked: Vec<&'static str>,
    /// What it is not asked, and so leaves open.
    not_asked: Vec<&'static str>,
    /// How wide intervals of lifetimes may be, as a share of their lower ends, if that is asked.
    width: Option<f64>,
    /// Whether they are expected to be no wider, if that is asked.
    is_within_width: Option<bool>,
    /// How long requests are sent.
    time_s: i64,
    /// PUTs under a bucket key.
    writes: usize,
    /// GETs of what they put.
    reads: usize,
    /// Other requests.
    others: usize,
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
        let DesignedExperiment { design, question, width, region, prefix } = *designed;
        let experiment = &design.experiment;
        let PlannedCounts { writes, reads, others } = experiment.counts();
        Self {
            schema_version: SCHEMA_VERSION,
            region,
            prefix,
            asked: question.asked().map(Learnt::name).collect(),
            not_asked: question.not_asked().map(Learnt::name).collect(),
            width,
            is_within_width: width.map(|width| design.is_within(question, width)),
            time_s: experiment.time_s,
            writes,
            reads,
            others,
            most_requests: experiment.most_requests,
            most_cost_usd: experiment.cost.as_f64(),
            expected: ParameterPower::each(&design.rows),
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
    let script = script(&designed.design.experiment, designed.region, designed.prefix).into_bytes();
    let mut files =
        vec![("experiment.sh", script), ("expected.csv", csv::write(&designed.design.rows))];
    let experiment = ExperimentDocument::of(designed);
    let document = json::value(&ExperimentFile { experiment, files: json::hashes(&files) });
    files.push((EXPERIMENT, format!("{document:#}\n").into_bytes()));
    files
}

/// Cost, what will be known, and what to type.
#[must_use]
pub fn document(designed: &DesignedExperiment) -> Document {
    let experiment = &designed.design.experiment;
    let PlannedCounts { writes, reads, others } = experiment.counts();
    let counts = [(writes, "PUTs"), (reads, "GETs"), (others, "other requests")]
        .into_iter()
        .filter(|(count, _)| *count > 0);
    let counts = counts.map(|(count, of)| format!("{} {of}", numbers::grouped(count as u64)));
    let verdict = format!(
        "{} in {} cost at most {} USD.",
        counts.collect::<Vec<_>>().join(", "),
        numbers::duration(experiment.time_s as f64),
        experiment.cost_rounded_up(),
    );
    let mut table = Table::new("parameter", ["both ends known", "median high / low", "holds"]);
    for expected in ParameterPower::each(&designed.design.rows) {
        let ratio = expected.median_ratio.map_or_else(|| "-".into(), |ratio| format!("{ratio:.2}"));
        table.push([
            expected.parameter.into(),
            expected.of_truths(expected.both_ends),
            ratio.into(),
            expected.of_truths(expected.holds),
        ]);
    }
    let how = "The script has not been run on AWS. In the folder, `sh experiment.sh` says what it would do and `sh \
               experiment.sh --run` does it, removes all it made (tried first), waits for CloudTrail, and prints the \
               `bks calibrate` command to type. S3 and KMS charge for requests, CloudTrail's event history is free.";
    let mut blocks = vec![Block::Verdict(verdict), Block::Table(table)];
    blocks.extend(width_reached(designed).map(Block::Paragraph));
    blocks.extend([Block::Note(left_open(designed)), Block::Paragraph(how.to_owned())]);
    Document::of(blocks)
}

/// Whether the width that is asked for is expected, and what to do if not.
fn width_reached(designed: &DesignedExperiment) -> Option<String> {
    let DesignedExperiment { design, question, width, .. } = *designed;
    let width = width?;
    let asked = numbers::percent(width);
    let each = design.lifetime_ratios(question).map(|(name, ratio)| match ratio {
        Some(ratio) => format!("`{name}` to {}", numbers::percent(ratio - 1.0)),
        None => format!("`{name}` not at all"),
    });
    let each = each.collect::<Vec<_>>().join(", ");
    Some(if each.is_empty() {
        "A width is of lifetimes, and none is asked for.".to_owned()
    } else if design.is_within(question, width) {
        format!("Fewer requests would not do for a width of {asked}: in half of the truths {each}.")
    } else {
        format!(
            "A width of {asked} is not to be expected: in half of the truths {each}. Take a longer `--time` or a \
             larger `--budget`."
        )
    })
}

/// What remains unknown.
fn left_open(designed: &DesignedExperiment) -> String {
    let not_asked: Vec<String> =
        designed.question.not_asked().map(|learnt| format!("`{}`", learnt.name())).collect();
    let not_asked = if not_asked.is_empty() {
        String::new()
    } else {
        format!("what is not asked ({}), ", not_asked.join(", "))
    };
    format!(
        "It leaves open: {not_asked}traffic of many requests a second, lifetimes of a quarter of its time or more, and \
         whether other requests than PUTs and GETs find keys in memory. What `calibrate` cannot tell it says."
    )
}
