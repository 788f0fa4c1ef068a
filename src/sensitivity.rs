//! What the answer depends on: how far each assumption moves the headline's saving, which of them its
//! spread comes from, and at which value of a parameter it saves a given share.
//!
//! - *One at a time*: each assumption at each end of its range, the others as assumed. It shows what
//!   is at stake with one assumption, and nothing of what several do together.
//! - *Indices* ([`sobol`]): all assumptions at once, drawn from laws that stand for knowing nothing but
//!   their ranges ([`Law`](crate::encryption::assumption::Law)). They say whose spread the saving's spread is.
//! - *Break-even values* ([`break_even`]): where the saving falls below a target along an [`axis`], with
//!   the others at each level; and where a demand on any other figure ceases to hold
//!   ([`mod@figure_targets`]).
//!
//! All sets of assumptions are answered on the same requests, so that a difference is theirs and not
//! one of chance: those of the first replication. Only the break-even values that were found there are
//! held against all replications, which gives them their intervals.

pub mod axis;
pub mod break_even;
mod evaluator;
pub mod figure_targets;
pub mod rows;
pub mod search;
pub mod sobol;

use crate::encryption::assumption::{Assumption, Assumptions, Level, sample};
use crate::error::{Error, Result};
use crate::harmless_text::named;
use crate::results::rows::SensitivityRow;
use crate::rng::Purpose;
use crate::scenario::Scenario;
use crate::scenario::assertion::Assertion;
use crate::scenario::overrides::Override;
use crate::statistics::quantile;

use axis::SearchAxis;
use break_even::{BreakEvenSearch, BreakEvens};
use evaluator::Evaluator;
use figure_targets::{FigureTarget, RowsAtValues};
use sobol::Indices;

pub use evaluator::Budget;

/// What a run reports of its progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work {
    /// More work was decided: about so many requests, each counted once for each set of assumptions
    /// that answers it.
    Decided(f64),
    /// So many of them more have been answered.
    Answered(u64),
}

/// Takes each report; called from any thread.
pub type WorkProgress<'a> = &'a (dyn Fn(Work) + Sync);

/// Reads the scenario once more, with one more change, and checks that it can be run.
pub type ReadWith<'a> = &'a dyn Fn(&Override) -> Result<Scenario>;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct SensitivityPlan {
    /// Points of each sample, a power of two; `None` for as many as are affordable.
    pub samples: Option<u32>,
    /// Savings whose break-even values are sought.
    pub targets: Vec<f64>,
    /// Demands on figures, of which is sought where they hold.
    pub demands: Vec<Assertion>,
    /// Axes to search beside the usual ones, or instead of those of the same name.
    pub over: Vec<SearchAxis>,
    /// What it may take.
    pub budget: Budget,
}

/// What the answer depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitivity {
    /// The headline's saving with everything as assumed, in the first replication; `None` if there is nothing to
    /// save.
    pub assumed: Option<f64>,
    /// Assumptions by how far each alone moves the saving, the farthest first.
    pub swings: Vec<SensitivityRow>,
    /// What all of them together do.
    pub together: Together,
    /// Replications of which break-even values are.
    pub replications: u32,
    /// Break-even values, axis by axis and level by level.
    pub break_evens: Vec<BreakEvens>,
    /// Where demands on figures hold, axis by axis.
    pub figure_targets: Vec<FigureTarget>,
    /// Usual axes that this scenario does not have, and why.
    pub left_out: Vec<(String, String)>,
}

/// What all assumptions together do to the saving.
#[derive(Clone, Debug, PartialEq)]
pub enum Together {
    /// Every assumption is known, so there is nothing to draw.
    Known,
    /// The reference makes no KMS requests, so nothing is saved, whatever is drawn.
    NothingToSave,
    /// Even the fewest points would take too long, about as long as answering so many requests.
    TooLong(f64),
    /// A sample was drawn.
    Sampled(Sample),
}

/// The saving over a sample of all assumptions.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Points of each of the two samples.
    pub samples: u32,
    /// Sets of assumptions that were answered.
    pub sets: usize,
    /// Whether fewer points than usual were drawn because the scenario is large.
    pub fewer: bool,
    /// Mean saving.
    pub mean: f64,
    /// Savings that 5 %, a half and 95 % of the sample do not exceed.
    pub quantiles: [f64; 3],
    /// Each assumption's indices, those with the greatest total first; `None` if the saving is the same
    /// at every point.
    pub indices: Option<Vec<(Assumption, Indices)>>,
}

/// Points of a sample, unless that would take too long.
const SAMPLES: u32 = 64;
/// Fewest points from which indices are worth having.
pub const SAMPLES_MIN: u32 = 16;

/// An assumption whose total index is below this with 95 % confidence, by the first points, is not exchanged at
/// the others: it keeps the indices that it has.
const NEGLIGIBLE: f64 = 0.001;

/// Requests (each counted once for each set of assumptions) that a sample of a size that nobody asked
/// for may answer: about a minute's work of one core.
const REQUESTS_OF_SAMPLE: f64 = 2e9;

impl Sensitivity {
    /// Asks a scenario's headline. `read` reads the same scenario with one more change.
    ///
    /// # Errors
    /// If the headline does not depend on what is not known, there is something to save in some replications only,
    /// or an axis of the plan does not fit the scenario.
    pub fn of(
        scenario: &Scenario,
        read: ReadWith,
        plan: &SensitivityPlan,
        progress: WorkProgress,
    ) -> Result<Self> {
        let headline = &scenario.configurations[scenario.headline];
        if !headline.uses_bucket_keys(&scenario.domains) {
            let mut others = scenario.configurations.iter();
            let other = others.find(|other| other.uses_bucket_keys(&scenario.domains));
            let hint = match other {
                Some(other) => {
                    format!("name another, e.g., `--set headline={}`", named(&other.name))
                }
                None => "add a configuration with `encryption = \"sse-kms-bucket-key\"`".to_owned(),
            };
            return Err(Error::request(format!(
                "the headline `{}` uses no bucket keys, so what it costs depends on no assumption",
                headline.name
            ))
            .hint(hint));
        }
        for axis in plan.over.iter().filter(|axis| !axis.is_assumption()) {
            read(&axis.change(axis.span.low))?;
        }
        figure_targets::check(scenario, &plan.demands)?;
        let replications = scenario.replications;
        let search = BreakEvenSearch {
            scenario,
            targets: &plan.targets,
            replications,
            budget: plan.budget,
            progress,
        };
        let sets = ends(scenario);
        let mut first = Evaluator::new(scenario, 1, &sets, plan.budget, progress);
        if first.idle_replications() > 0 {
            let all = Evaluator::new(scenario, replications, &[], plan.budget, progress);
            if all.idle_replications() == replications as usize {
                return Self::without_saving(scenario, read, plan, progress);
            }
            all.check()?;
        }
        let assumed = first.first_savings(&[headline.ranges.at(Level::Assumed)])[0];
        let swings = swings(scenario, assumed, &mut first);
        let together = together(scenario, plan, &mut first);
        let (mut break_evens, mut left_out) = (Vec::new(), Vec::new());
        // Who asks for other figures alone does not wait for savings.
        let savings = if plan.targets.is_empty() { Vec::new() } else { axes(scenario, plan) };
        let assumptions = savings.iter().map(|(axis, _)| axis).filter(|it| it.is_assumption());
        let assumptions: Vec<SearchAxis> = assumptions.cloned().collect();
        let over = search.over_assumptions(&assumptions, &mut first)?;
        let mut of_assumptions = over.chunks(Level::ALL.len());
        for (axis, asked) in savings {
            if axis.is_assumption() {
                break_evens.extend(of_assumptions.next().into_iter().flatten().cloned());
                continue;
            }
            match search.over_key(&axis, read) {
                Ok(found) => break_evens.extend(found),
                Err(error) if asked => return Err(error),
                Err(error) => left_out.push((axis.name().to_owned(), error.to_string())),
            }
        }
        let figure_targets = figure_targets(scenario, read, plan, progress, &mut left_out)?;
        let assumed = Some(assumed);
        let found =
            Self { assumed, swings, together, replications, break_evens, figure_targets, left_out };
        Ok(found)
    }

    /// What can be said where the reference makes no KMS requests: where demands on figures hold.
    fn without_saving(
        scenario: &Scenario,
        read: ReadWith,
        plan: &SensitivityPlan,
        progress: WorkProgress,
    ) -> Result<Self> {
        let mut left_out = Vec::new();
        let figure_targets = figure_targets(scenario, read, plan, progress, &mut left_out)?;
        Ok(Self {
            assumed: None,
            swings: Vec::new(),
            together: Together::NothingToSave,
            replications: scenario.replications,
            break_evens: Vec::new(),
            figure_targets,
            left_out,
        })
    }
}

/// Where the plan's demands on figures hold: along the axes that were asked for, else along the usual ones.
fn figure_targets(
    scenario: &Scenario,
    read: ReadWith,
    plan: &SensitivityPlan,
    progress: WorkProgress,
    left_out: &mut Vec<(String, String)>,
) -> Result<Vec<FigureTarget>> {
    let mut found = Vec::new();
    if plan.demands.is_empty() {
        return Ok(found);
    }
    for (axis, asked) in axes(scenario, plan) {
        if !asked && !plan.over.is_empty() {
            continue;
        }
        match RowsAtValues::new(&axis, read, progress).search(scenario, &plan.demands) {
            Ok(targets) => found.extend(targets),
            Err(error) if asked => return Err(error),
            Err(error) => left_out.push((axis.name().to_owned(), error.to_string())),
        }
    }
    left_out.dedup();
    Ok(found)
}

/// The axes to search, and whether each was asked for.
fn axes(scenario: &Scenario, plan: &SensitivityPlan) -> Vec<(SearchAxis, bool)> {
    let ranges = &scenario.configurations[scenario.headline].ranges;
    let usual = SearchAxis::usual(ranges)
        .into_iter()
        .filter(|usual| plan.over.iter().all(|asked| asked.name() != usual.name()))
        .map(|axis| (axis, false));
    usual.chain(plan.over.iter().cloned().map(|axis| (axis, true))).collect()
}

/// Everything as assumed, then each assumption at either end of its range alone.
fn ends(scenario: &Scenario) -> Vec<Assumptions> {
    let ranges = &scenario.configurations[scenario.headline].ranges;
    let alone = ranges.one_at_a_time().into_iter().flat_map(|it| [it.at_low, it.at_high]);
    std::iter::once(ranges.at(Level::Assumed)).chain(alone).collect()
}

/// How far each assumption alone moves the saving, the farthest first.
fn swings(scenario: &Scenario, assumed: f64, evaluator: &mut Evaluator) -> Vec<SensitivityRow> {
    let list = scenario.configurations[scenario.headline].ranges.one_at_a_time();
    let at_ends = evaluator.first_savings(&ends(scenario)[1..]);
    SensitivityRow::all(scenario, list, &at_ends, assumed)
}

/// What all assumptions together do to the saving.
fn together(scenario: &Scenario, plan: &SensitivityPlan, evaluator: &mut Evaluator) -> Together {
    let ranges = &scenario.configurations[scenario.headline].ranges;
    let open = sample::open(ranges);
    if open.is_empty() {
        return Together::Known;
    }
    let mut rng = scenario.seed.stream(0, Purpose::Sensitivity, (0, 0));
    let sets: Vec<Vec<Assumptions>> =
        sobol::design(open.len(), plan.samples.unwrap_or(SAMPLES), &mut rng)
            .iter()
            .map(|pair| pair.points().iter().map(|it| sample::at(ranges, &open, it)).collect())
            .collect();
    let samples = match plan.samples {
        Some(samples) => samples,
        None => match affordable(evaluator, &sets) {
            Ok(samples) => samples,
            Err(requests) => return Together::TooLong(requests),
        },
    };
    // The first points of a Sobol' sequence are one.
    let (few, more) = sets[..samples as usize].split_at(SAMPLES_MIN as usize);
    let mut outputs = outputs_of(few, &[], evaluator);
    let of_few = sobol::indices(&outputs, &mut rng).unwrap_or_default();
    let negligible: Vec<usize> =
        (0..of_few.len()).filter(|&input| of_few[input].total.high < NEGLIGIBLE).collect();
    outputs.extend(outputs_of(more, &negligible, evaluator));
    let mut independent: Vec<f64> = outputs.iter().flat_map(|row| [row[0], row[1]]).collect();
    independent.sort_by(f64::total_cmp);
    let indices = sobol::indices(&outputs, &mut rng).map(|mut indices| {
        for &input in &negligible {
            indices[input] = of_few[input];
        }
        let names = open.iter().map(|(assumption, _)| *assumption);
        let mut indices: Vec<(Assumption, Indices)> = names.zip(indices).collect();
        indices.sort_by(|a, b| b.1.total.value.total_cmp(&a.1.total.value));
        indices
    });
    Together::Sampled(Sample {
        samples,
        sets: evaluator.known(),
        fewer: plan.samples.is_none() && samples < SAMPLES,
        mean: independent.iter().sum::<f64>() / independent.len() as f64,
        quantiles: [0.05, 0.5, 0.95]
            .map(|p| quantile(&independent, p).expect("a sample has points")),
        indices,
    })
}

/// The savings at each row of a design. Where an input is not exchanged the row has that of its first point.
fn outputs_of(
    rows: &[Vec<Assumptions>],
    not_exchanged: &[usize],
    evaluator: &mut Evaluator,
) -> Vec<Vec<f64>> {
    let rows: Vec<Vec<Assumptions>> = rows.iter().map(|row| without(row, not_exchanged)).collect();
    let Some(length) = rows.first().map(Vec::len) else { return Vec::new() };
    evaluator.first_savings(&rows.concat()).chunks(length).map(<[f64]>::to_vec).collect()
}

/// A row of a design in which some inputs are not exchanged.
fn without(row: &[Assumptions], not_exchanged: &[usize]) -> Vec<Assumptions> {
    let mut row = row.to_vec();
    for input in not_exchanged {
        row[input + 2] = row[0];
    }
    row
}

/// The greatest power of two of rows that are affordable and fit into memory.
///
/// # Errors
/// About how many requests the fewest would answer, if that is too many.
fn affordable(evaluator: &Evaluator, sets: &[Vec<Assumptions>]) -> std::result::Result<u32, f64> {
    // The first rows are as spread as all of them.
    let few = &sets[..SAMPLES_MIN as usize];
    let estimates: Vec<_> = few.iter().flatten().map(|set| evaluator.estimate(set)).collect();
    let of_few: f64 = estimates.iter().map(|estimate| estimate.requests).sum();
    if of_few > REQUESTS_OF_SAMPLE || !estimates.iter().all(|estimate| evaluator.fits(estimate)) {
        return Err(of_few);
    }
    let mut samples = SAMPLES_MIN;
    while samples < SAMPLES && of_few * f64::from(2 * samples / SAMPLES_MIN) <= REQUESTS_OF_SAMPLE {
        samples *= 2;
    }
    Ok(samples)
}
