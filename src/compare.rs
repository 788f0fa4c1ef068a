//! Runs side by side: how each differs from a reference, how sure that is, and what on the bill
//! changed.
//!
//! Differences are taken at one level of assumptions on both sides: what AWS does not publish is the
//! same world for both. Their half-widths come from the replications' own figures:
//!
//! - with one seed and as many replications, replication by replication (common random numbers; Law,
//!   *Simulation Modeling and Analysis*, §10.2.1 and §11.2): what chance does to both cancels;
//! - else from both variances, with the degrees of freedom of Welch (*The generalization of
//!   'Student's' problem when several different population variances are involved*, Biometrika 34,
//!   1947).

pub mod condition;
mod notes;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::encryption::assumptions::Level;
use crate::error::{Error, Result, one_of};
use crate::results::Results;
use crate::results::facts::WarningFacts;
use crate::results::rows::{CostRow, dollars};
use crate::scenario::assertion::Figure;
use crate::statistics::Estimate;
use crate::units::Usd;

/// One configuration of one run, to be compared.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// What it is called beside the others.
    pub label: String,
    /// Name of the configuration.
    pub configuration: String,
    /// The run.
    pub results: &'a Results,
}

/// Candidates against one of them.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Label of the candidate that the others are held against.
    pub reference: String,
    /// Length of time that counts are taken to, where the counted parts have different lengths: the
    /// reference's billing period. `None`: counts are those of the runs.
    pub counts_period_s: Option<f64>,
    /// All candidates, the reference included, in the order given.
    pub candidates: Vec<CandidateRow>,
    /// Every figure of every candidate at every level.
    pub figures: Vec<DifferenceRow>,
    /// Bill lines that differ.
    pub costs: Vec<CostChangeRow>,
    /// What to beware of.
    pub notes: Vec<WarningFacts>,
}

/// Which run a candidate is of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CandidateRow {
    /// What it is called.
    pub candidate: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// Hash of the resolved scenario.
    pub scenario_hash: String,
    /// The seed.
    pub seed: u64,
    /// Number of replications that were run.
    pub replications: u32,
    /// Version of bks.
    pub bks_version: String,
    /// Version of the model.
    pub model_version: u32,
    /// Date of the newest built-in price.
    pub price_date: String,
    /// Length of the counted part of the run.
    pub counted_s: f64,
    /// Length of the billing period.
    pub billing_period_s: f64,
}

/// `comparison.csv`: one figure of one candidate at one level, beside the reference's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DifferenceRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// What the candidate is called.
    pub candidate: String,
    /// Level of assumptions, on both sides.
    pub assumption: Level,
    /// Name of the figure.
    pub figure: Cow<'static, str>,
    /// Its value.
    pub value: Option<f64>,
    /// What the reference is called.
    pub reference: String,
    /// The reference's value.
    pub reference_value: Option<f64>,
    /// Value less the reference's.
    pub difference: Option<f64>,
    /// Half-width of the difference's 95 % confidence interval.
    pub difference_half_width: Option<f64>,
    /// Difference by the reference's value.
    pub difference_ratio: Option<f64>,
    /// Length of time that a count is taken to; `None` if it is that of its run, or no such count.
    pub counts_period_s: Option<f64>,
}

/// `cost_changes.csv`: a bill line that differs from the reference's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are FOCUS's own; the data dictionary has them")]
pub struct CostChangeRow {
    pub scenario: String,
    pub configuration: String,
    pub candidate: String,
    pub assumption: Level,
    pub reference: String,
    #[serde(rename = "ServiceName")]
    pub service_name: String,
    #[serde(rename = "ChargeFrequency")]
    pub charge_frequency: String,
    #[serde(rename = "ChargeDescription")]
    pub charge_description: String,
    #[serde(rename = "PricingUnit")]
    pub pricing_unit: String,
    #[serde(rename = "PricingQuantity")]
    pub pricing_quantity: u64,
    pub reference_quantity: u64,
    #[serde(rename = "BilledCost", with = "dollars")]
    pub billed_cost: Usd,
    #[serde(with = "dollars")]
    pub reference_cost_usd: Usd,
    #[serde(with = "dollars")]
    pub difference_usd: Usd,
}

/// The number in `candidates` of the one that is called `name`: by its label, its configuration, its
/// scenario, or its number from 1.
///
/// # Errors
/// If none or several are called so.
pub fn find(candidates: &[Candidate], name: &str) -> Result<usize> {
    let labels = || candidates.iter().map(|candidate| candidate.label.as_str());
    let of = |is: &dyn Fn(&Candidate) -> bool| -> Vec<usize> {
        (0..candidates.len()).filter(|&i| is(&candidates[i])).collect()
    };
    let ways = [
        of(&|candidate| candidate.label == name),
        of(&|candidate| candidate.configuration == name),
        of(&|candidate| candidate.results.facts.scenario == name),
        name.parse()
            .ok()
            .filter(|n| (1..=candidates.len()).contains(n))
            .map_or(vec![], |n| vec![n - 1]),
    ];
    match ways.into_iter().find(|found| !found.is_empty()).as_deref() {
        Some([one]) => Ok(*one),
        Some(several) => Err(Error::request(format!(
            "`{name}` can be any of {} candidates, but must name one",
            several.len()
        ))
        .hint(one_of("", labels().collect::<Vec<_>>()))),
        None => Err(Error::request(format!("`{name}` is none of the candidates"))
            .hint(one_of(name, labels().collect::<Vec<_>>()))),
    }
}

impl Comparison {
    /// Holds all candidates against the one with the number `reference`.
    ///
    /// # Panics
    /// If `reference` is no candidate's number, or a candidate's configuration is not in its run.
    #[must_use]
    pub fn of(candidates: &[Candidate], reference: usize) -> Self {
        let against = &candidates[reference];
        let facts = |candidate: &Candidate| candidate.results.facts.counted_s;
        let differ = candidates.iter().any(|it| facts(it).to_bits() != facts(against).to_bits());
        let period_s = differ.then_some(against.results.facts.billing_period_s);
        let figures = candidates.iter().flat_map(|it| differences(it, against, period_s));
        Self {
            reference: against.label.clone(),
            counts_period_s: period_s,
            candidates: candidates.iter().map(CandidateRow::of).collect(),
            figures: figures.collect(),
            costs: candidates.iter().flat_map(|it| cost_changes(it, against)).collect(),
            notes: notes::of(candidates, reference),
        }
    }

    /// A candidate's figure at a level.
    ///
    /// # Panics
    /// If there is no such candidate.
    #[must_use]
    pub fn figure(&self, candidate: &str, level: Level, figure: Figure) -> &DifferenceRow {
        let is_it = |row: &&DifferenceRow| {
            row.candidate == candidate && row.assumption == level && row.figure == figure.name()
        };
        self.figures.iter().find(is_it).expect("every candidate has every figure at every level")
    }
}

impl CandidateRow {
    fn of(candidate: &Candidate) -> Self {
        let facts = &candidate.results.facts;
        Self {
            candidate: candidate.label.clone(),
            scenario: facts.scenario.clone(),
            configuration: candidate.configuration.clone(),
            scenario_hash: facts.scenario_hash.clone(),
            seed: facts.seed,
            replications: facts.replications,
            bks_version: facts.bks_version.clone(),
            model_version: facts.model_version,
            price_date: facts.price_date.clone(),
            counted_s: facts.counted_s,
            billing_period_s: facts.billing_period_s,
        }
    }
}

impl Candidate<'_> {
    /// Its value of a figure, of a count for `period_s` if that is given.
    fn value(&self, level: Level, figure: Figure, period_s: Option<f64>) -> Option<f64> {
        let value = self.results.at(&self.configuration, level).figure(figure)?;
        Some(value * self.scale(figure, period_s))
    }

    /// By what a figure is multiplied to be for `period_s`.
    fn scale(&self, figure: Figure, period_s: Option<f64>) -> f64 {
        let period_s = period_s.filter(|_| figure.grows_with_time());
        period_s.map_or(1.0, |period_s| period_s / self.results.facts.counted_s)
    }

    /// Each replication's value of a figure; empty where a replication has none.
    fn values(&self, level: Level, figure: Figure, period_s: Option<f64>) -> Vec<f64> {
        let rows = self.results.replications.iter();
        let own = rows.filter(|row| row.configuration == self.configuration);
        let scale = self.scale(figure, period_s);
        let values = own.filter(|row| row.assumption == level).map(|row| row.figure(figure));
        let values = values.map(|value| value.map(|value| value * scale));
        values.collect::<Option<Vec<f64>>>().unwrap_or_default()
    }

    /// Whether replications of one number saw the same chance.
    fn shares_chance_with(&self, other: &Self) -> bool {
        self.results.facts.seed == other.results.facts.seed
    }
}

/// Every figure of `candidate` at every level, beside that of `reference`; counts for `period_s` if that is
/// given.
fn differences(
    candidate: &Candidate,
    reference: &Candidate,
    period_s: Option<f64>,
) -> Vec<DifferenceRow> {
    let of = |level: Level, figure: Figure| {
        let value = |of: &Candidate| of.value(level, figure, period_s);
        let (own, against) = (value(candidate), value(reference));
        let difference = own.zip(against).map(|(own, against)| own - against);
        DifferenceRow {
            scenario: candidate.results.facts.scenario.clone(),
            configuration: candidate.configuration.clone(),
            candidate: candidate.label.clone(),
            assumption: level,
            figure: figure.name().into(),
            value: own,
            reference: reference.label.clone(),
            reference_value: against,
            difference,
            difference_half_width: half_width(candidate, reference, level, figure, period_s),
            difference_ratio: difference
                .zip(against)
                .filter(|(_, against)| *against != 0.0)
                .map(|(difference, against)| difference / against.abs()),
            counts_period_s: period_s.filter(|_| figure.grows_with_time()),
        }
    };
    let levels = Level::ALL.into_iter();
    levels.flat_map(|level| Figure::ALL.map(|(figure, _)| of(level, figure))).collect()
}

/// Half-width of a difference; `None` for extremes, and where a side has a single replication.
fn half_width(
    candidate: &Candidate,
    reference: &Candidate,
    level: Level,
    figure: Figure,
    period_s: Option<f64>,
) -> Option<f64> {
    let values = |of: &Candidate| of.values(level, figure, period_s);
    let (own, against) = (values(candidate), values(reference));
    let difference = if candidate.shares_chance_with(reference) && own.len() == against.len() {
        Estimate::of_paired_difference(&own, &against)
    } else {
        Estimate::of_difference(&own, &against)
    };
    difference?.half_width
}

/// Bill lines on which `candidate` differs from `reference`, level by level, in the order of a bill.
fn cost_changes(candidate: &Candidate, reference: &Candidate) -> Vec<CostChangeRow> {
    let lines = |of: &Candidate, level: Level| -> Vec<CostRow> {
        let own = |row: &&CostRow| row.configuration == of.configuration && row.assumption == level;
        of.results.costs.iter().filter(own).cloned().collect()
    };
    let same = |a: &CostRow, b: &CostRow| {
        (&a.service_name, &a.charge_description, &a.charge_frequency)
            == (&b.service_name, &b.charge_description, &b.charge_frequency)
    };
    let mut rows = Vec::new();
    for level in Level::ALL {
        let (own, against) = (lines(candidate, level), lines(reference, level));
        let only_before = against.iter().filter(|line| !own.iter().any(|other| same(line, other)));
        let before = |line: &CostRow| against.iter().find(|other| same(line, other));
        let pairs = own.iter().map(|line| (line, Some(line), before(line)));
        for (line, now, before) in pairs.chain(only_before.map(|line| (line, None, Some(line)))) {
            let quantity = |of: Option<&CostRow>| of.map_or(0, |line| line.pricing_quantity);
            let cost = |of: Option<&CostRow>| of.map_or(Usd::ZERO, |line| line.billed_cost);
            if quantity(now) == quantity(before) && cost(now) == cost(before) {
                continue;
            }
            rows.push(CostChangeRow {
                scenario: candidate.results.facts.scenario.clone(),
                configuration: candidate.configuration.clone(),
                candidate: candidate.label.clone(),
                assumption: level,
                reference: reference.label.clone(),
                service_name: line.service_name.clone(),
                charge_frequency: line.charge_frequency.clone(),
                charge_description: line.charge_description.clone(),
                pricing_unit: line.pricing_unit.clone(),
                pricing_quantity: quantity(now),
                reference_quantity: quantity(before),
                billed_cost: cost(now),
                reference_cost_usd: cost(before),
                difference_usd: cost(now) - cost(before),
            });
        }
    }
    rows
}
