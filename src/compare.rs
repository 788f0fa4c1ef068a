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

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::encryption::assumption::Level;
use crate::error::{Error, Result, one_of};
use crate::figure::Figure;
use crate::results::Results;
use crate::results::result_json::WarningFacts;
use crate::results::rows::{CostRow, dollars};
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
#[derive(Clone, Debug, Serialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// At the assumed level, what 5 % of the sets of assumptions do not exceed, if any were drawn.
    pub value_p05: Option<f64>,
    /// The same of 95 %.
    pub value_p95: Option<f64>,
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    #[schemars(with = "f64")]
    pub billed_cost: Usd,
    #[serde(with = "dollars")]
    #[schemars(with = "f64")]
    pub reference_cost_usd: Usd,
    #[serde(with = "dollars")]
    #[schemars(with = "f64")]
    pub difference_usd: Usd,
}

/// The number in `candidates` of the one that is called `name`: by its label, its configuration, its
/// scenario, or its number from 1.
///
/// # Errors
/// If none or several are called so.
pub fn find(candidates: &[Candidate], name: &str) -> Result<usize> {
    for way in 0..3 {
        let found: Vec<usize> = (0..candidates.len())
            .filter(|&number| {
                let it = &candidates[number];
                name == [&it.label, &it.configuration, &it.results.facts.scenario][way]
            })
            .collect();
        match found[..] {
            [] => {}
            [one] => return Ok(one),
            _ => {
                return Err(Error::request(format!(
                    "`{name}` can be any of {} candidates, but must name one",
                    found.len()
                ))
                .hint(one_of("", labels(candidates))));
            }
        }
    }
    let number: Option<usize> = name.parse().ok();
    number
        .and_then(|number| number.checked_sub(1))
        .filter(|&number| number < candidates.len())
        .ok_or_else(|| {
            Error::request(format!("`{name}` is none of the candidates"))
                .hint(one_of(name, labels(candidates)))
        })
}

fn labels<'a>(candidates: &'a [Candidate]) -> Vec<&'a str> {
    candidates.iter().map(|candidate| candidate.label.as_str()).collect()
}

impl Comparison {
    /// Compares all candidates with the one that has the number `baseline`.
    ///
    /// # Panics
    /// If `baseline` is no candidate's number, or a candidate's configuration is not in its run.
    #[must_use]
    pub fn of(candidates: &[Candidate], baseline: usize) -> Self {
        let facts = &candidates[baseline].results.facts;
        let as_long =
            |it: &Candidate| it.results.facts.counted_s.to_bits() == facts.counted_s.to_bits();
        let period_s = (!candidates.iter().all(as_long)).then_some(facts.billing_period_s);
        let pairs = || {
            let baseline = &candidates[baseline];
            candidates.iter().map(move |candidate| Pair { candidate, baseline, period_s })
        };
        Self {
            reference: candidates[baseline].label.clone(),
            counts_period_s: period_s,
            candidates: candidates.iter().map(CandidateRow::of).collect(),
            figures: pairs().flat_map(|pair| pair.differences()).collect(),
            costs: pairs().flat_map(|pair| pair.cost_changes()).collect(),
            notes: notes::of(candidates, baseline),
        }
    }

    /// A candidate's figure at a level.
    ///
    /// # Panics
    /// If there is no such candidate.
    #[must_use]
    pub fn figure(&self, candidate: &str, level: Level, figure: Figure) -> &DifferenceRow {
        let mut rows = self.figures.iter().filter(|row| row.candidate == candidate);
        let row = rows.find(|row| row.assumption == level && row.figure == figure.name());
        row.expect("every candidate has every figure at every level")
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

    /// Between which values it lies in nine of ten cases.
    fn nine_in_ten(&self, level: Level, figure: Figure, period_s: Option<f64>) -> [Option<f64>; 2] {
        let ends = self.results.at(&self.configuration, level).nine_in_ten(figure);
        let scale = self.scale(figure, period_s);
        [ends.map(|(p05, _)| p05 * scale), ends.map(|(_, p95)| p95 * scale)]
    }

    /// By what a figure is multiplied to be for `period_s`.
    fn scale(&self, figure: Figure, period_s: Option<f64>) -> f64 {
        let period_s = period_s.filter(|_| figure.grows_with_time());
        period_s.map_or(1.0, |period_s| period_s / self.results.facts.counted_s)
    }

    /// Each replication's value of a figure; empty where a replication has none.
    fn values(&self, level: Level, figure: Figure, period_s: Option<f64>) -> Vec<f64> {
        let scale = self.scale(figure, period_s);
        let rows = self.results.replications.iter();
        rows.filter(|row| row.configuration == self.configuration && row.assumption == level)
            .map(|row| Some(row.figure(figure)? * scale))
            .collect::<Option<Vec<f64>>>()
            .unwrap_or_default()
    }

    /// Whether replications of one number saw the same chance.
    fn shares_chance_with(&self, other: &Self) -> bool {
        self.results.facts.seed == other.results.facts.seed
    }

    /// Its bill lines at a level, in the order of a bill.
    fn bill_lines(&self, level: Level) -> Vec<&CostRow> {
        let lines = self.results.costs.iter();
        lines
            .filter(|row| row.configuration == self.configuration && row.assumption == level)
            .collect()
    }
}

/// A candidate beside the baseline.
#[derive(Clone, Copy)]
struct Pair<'a> {
    candidate: &'a Candidate<'a>,
    baseline: &'a Candidate<'a>,
    /// Length of time that counts are taken to, if they are.
    period_s: Option<f64>,
}

impl Pair<'_> {
    /// Every figure at every level.
    fn differences(&self) -> Vec<DifferenceRow> {
        let mut rows = Vec::new();
        for level in Level::ALL {
            rows.extend(Figure::ALL.iter().map(|&figure| self.difference(level, figure)));
        }
        rows
    }

    fn difference(&self, level: Level, figure: Figure) -> DifferenceRow {
        let value = self.candidate.value(level, figure, self.period_s);
        let reference_value = self.baseline.value(level, figure, self.period_s);
        let [value_p05, value_p95] = self.candidate.nine_in_ten(level, figure, self.period_s);
        let difference = value.zip(reference_value).map(|(own, baseline)| own - baseline);
        let share_of = reference_value.filter(|baseline| *baseline != 0.0);
        DifferenceRow {
            scenario: self.candidate.results.facts.scenario.clone(),
            configuration: self.candidate.configuration.clone(),
            candidate: self.candidate.label.clone(),
            assumption: level,
            figure: figure.name().into(),
            value,
            value_p05,
            value_p95,
            reference: self.baseline.label.clone(),
            reference_value,
            difference,
            difference_half_width: self.half_width(level, figure),
            difference_ratio: difference.zip(share_of).map(|(by, baseline)| by / baseline.abs()),
            counts_period_s: self.period_s.filter(|_| figure.grows_with_time()),
        }
    }

    /// Half-width of a difference; `None` for extremes, and where a side has a single replication.
    fn half_width(&self, level: Level, figure: Figure) -> Option<f64> {
        let [own, baseline] =
            [self.candidate, self.baseline].map(|of| of.values(level, figure, self.period_s));
        let are_paired =
            self.candidate.shares_chance_with(self.baseline) && own.len() == baseline.len();
        let difference = if are_paired {
            Estimate::of_paired_difference(&own, &baseline)
        } else {
            Estimate::of_difference(&own, &baseline)
        };
        difference?.half_width
    }

    /// Bill lines that differ, level by level, in the order of a bill; those that only the baseline has
    /// come last.
    fn cost_changes(&self) -> Vec<CostChangeRow> {
        let mut rows = Vec::new();
        for level in Level::ALL {
            let own = self.candidate.bill_lines(level);
            let before = self.baseline.bill_lines(level);
            for line in &own {
                let before = before.iter().copied().find(|before| same_line(line, before));
                rows.extend(self.cost_change(line, Some(line), before));
            }
            for line in before {
                if !own.iter().any(|own| same_line(own, line)) {
                    rows.extend(self.cost_change(line, None, Some(line)));
                }
            }
        }
        rows
    }

    /// How the candidate's line differs from the baseline's, where `either` is one of both.
    fn cost_change(
        &self,
        either: &CostRow,
        own: Option<&CostRow>,
        before: Option<&CostRow>,
    ) -> Option<CostChangeRow> {
        let [quantity, reference_quantity] =
            [own, before].map(|line| line.map_or(0, |line| line.pricing_quantity));
        let [cost, reference_cost] =
            [own, before].map(|line| line.map_or(Usd::ZERO, |line| line.billed_cost));
        let differs = quantity != reference_quantity || cost != reference_cost;
        differs.then(|| CostChangeRow {
            scenario: self.candidate.results.facts.scenario.clone(),
            configuration: self.candidate.configuration.clone(),
            candidate: self.candidate.label.clone(),
            assumption: either.assumption,
            reference: self.baseline.label.clone(),
            service_name: either.service_name.clone(),
            charge_frequency: either.charge_frequency.clone(),
            charge_description: either.charge_description.clone(),
            pricing_unit: either.pricing_unit.clone(),
            pricing_quantity: quantity,
            reference_quantity,
            billed_cost: cost,
            reference_cost_usd: reference_cost,
            difference_usd: cost - reference_cost,
        })
    }
}

/// Whether two bill lines charge for the same.
fn same_line(a: &CostRow, b: &CostRow) -> bool {
    (&a.service_name, &a.charge_description, &a.charge_frequency)
        == (&b.service_name, &b.charge_description, &b.charge_frequency)
}
