//! What an experiment will tell: its requests answered under assumptions drawn from their ranges, and each
//! estimated from the calls that its trail would have.

use rayon::prelude::*;
use serde::Serialize;

use super::Experiment;
use super::answers::{PossibleTruth, evidence};
use super::question::{ExperimentQuestion, Learnt};
use crate::calibration::calls::{ObjectOperation, OperationCalls};
use crate::calibration::{Calibrated, Calibration, PolicyKeys, calibrate};
use crate::encryption::assumption::Expiry;
use crate::encryption::requester::RequesterRule;
use crate::kms::KmsApi;
use crate::rng::{Purpose, Seed};

/// One parameter under one possible truth, as a row of `expected.csv`. Lifetimes are in seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExpectedRow {
    /// Which of the possible truths, from 0.
    pub truth: u32,
    /// Which parameter.
    pub parameter: &'static str,
    /// What is true.
    pub value: String,
    /// The lower end that `calibrate` gives; empty if none.
    pub low: String,
    /// The upper end; empty if none.
    pub high: String,
    /// Whether both ends are given.
    pub both_ends: bool,
    /// Whether nothing wrong is stated.
    pub holds: bool,
}

impl ExpectedRow {
    /// The upper end divided by the lower end, if both are numbers.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        let low: f64 = self.low.parse().ok()?;
        let high: f64 = self.high.parse().ok()?;
        (low > 0.0).then(|| high / low)
    }
}

/// Rows of `truths` possible truths, as many of each as `question` asks for.
#[must_use]
pub fn power(
    experiment: &Experiment,
    question: &ExperimentQuestion,
    truths: u32,
) -> Vec<ExpectedRow> {
    let each = (0..truths).into_par_iter();
    each.flat_map_iter(|number| rows(experiment, question, number)).collect()
}

/// Half of the intervals of `parameter` that have both ends are no wider: upper end divided by lower end.
#[must_use]
pub fn median_ratio(rows: &[ExpectedRow], parameter: &str) -> Option<f64> {
    let own = rows.iter().filter(|row| row.parameter == parameter);
    let mut ratios: Vec<f64> = own.filter_map(ExpectedRow::ratio).collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied()
}

fn rows(experiment: &Experiment, question: &ExperimentQuestion, number: u32) -> Vec<ExpectedRow> {
    let [mut draw, mut answers] = Seed(2).streams(number, Purpose::Experiment, (0, 0));
    let truth = PossibleTruth::drawn(&mut draw);
    let found = calibrate(&evidence(experiment, &truth, &mut answers));
    let each = question.asked().flat_map(|learnt| learnt_rows(learnt, &truth, &found));
    each.map(|row| ExpectedRow { truth: number, ..row }).collect()
}

/// What is found of one thing that is asked.
fn learnt_rows(learnt: Learnt, truth: &PossibleTruth, found: &Calibration) -> Vec<ExpectedRow> {
    let name = learnt.name();
    let one = match learnt {
        Learnt::GenerationLifetime => row(name, &found.generation_lifetime_s, truth.generation_s),
        Learnt::CacheLifetime => row(name, &found.cache_lifetime_s, truth.cache_s),
        Learnt::Expiry => named_row(name, &found.expiry, truth.expiry, expiry_name),
        Learnt::WritePartitions => row(name, &found.write_partitions, truth.write_partitions),
        Learnt::ReadPartitions => row(name, &found.read_partitions, truth.read_partitions),
        Learnt::VerifyOnWrite => row(name, &found.verify_on_write, truth.verify),
        Learnt::RequesterRule => {
            named_row(name, &found.requester_rule, truth.rule, RequesterRule::name)
        }
        Learnt::SessionPolicies => {
            named_row(name, &found.session_policies, truth.policies, PolicyKeys::name)
        }
        Learnt::Multipart
        | Learnt::RangedReads
        | Learnt::Copies
        | Learnt::HeadChecksum
        | Learnt::ReEncryption => {
            let each = learnt.operations().iter();
            return each.map(|&operation| calls_row(operation, truth, &found.calls)).collect();
        }
    };
    vec![one]
}

const fn expiry_name(expiry: Expiry) -> &'static str {
    match expiry {
        Expiry::Fixed => "fixed",
        Expiry::Sliding => "sliding",
    }
}

/// The calls of an operation, such as `0 1 0`: of each API in order.
fn calls_row(
    operation: ObjectOperation,
    truth: &PossibleTruth,
    found: &[OperationCalls],
) -> ExpectedRow {
    let called = truth.calls[&operation];
    let value = KmsApi::ALL.map(|api| u32::from(called == Some(api)).to_string()).join(" ");
    let found = found.iter().find(|one| one.operation == operation).and_then(|one| {
        let each = [&one.generate_data_key, &one.decrypt, &one.encrypt];
        let known: Option<Vec<String>> =
            each.into_iter().map(|calls| calls.low.map(|count| count.to_string())).collect();
        known
    });
    let both_ends = found.is_some();
    let found = found.unwrap_or_default().join(" ");
    let holds = !both_ends || found == value;
    let (low, high) = (found.clone(), found);
    ExpectedRow { truth: 0, parameter: operation.name(), value, low, high, both_ends, holds }
}

/// One whose values have names and no order: both ends are the same.
fn named_row<T: Copy>(
    parameter: &'static str,
    found: &Calibrated<T>,
    value: T,
    name: fn(T) -> &'static str,
) -> ExpectedRow {
    let [low, high] = [found.low, found.high].map(|end| end.map_or("", name));
    ExpectedRow {
        truth: 0,
        parameter,
        value: name(value).to_owned(),
        low: low.to_owned(),
        high: high.to_owned(),
        both_ends: !low.is_empty() && !high.is_empty(),
        holds: low.is_empty() || low == name(value),
    }
}

fn row<T: Copy + PartialOrd + ToString>(
    parameter: &'static str,
    found: &Calibrated<T>,
    value: T,
) -> ExpectedRow {
    ExpectedRow {
        truth: 0,
        parameter,
        value: value.to_string(),
        low: found.low.map(|low| low.to_string()).unwrap_or_default(),
        high: found.high.map(|high| high.to_string()).unwrap_or_default(),
        both_ends: found.low.is_some() && found.high.is_some(),
        holds: found.low.is_none_or(|low| low <= value)
            && found.high.is_none_or(|high| value <= high),
    }
}
