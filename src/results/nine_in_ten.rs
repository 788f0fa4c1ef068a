//! Between which values a figure lies in nine of ten cases, if each assumption is drawn by its law.
//!
//! The low and the high level have every assumption at its worst, or best, at once: the corners of what is
//! possible, of which nobody says how likely they are. The laws of the assumptions do: sets are drawn from them as
//! points of a scrambled Sobol' sequence, and all are answered on the requests of the first replication, so that
//! what differs is due to them and not to chance. Their quantiles are then brought to the mean of all
//! replications, by the ratio that the assumed values have there.
//!
//! What a log does not tell (which keys wrap objects that it reads and that were written before it) has no law: it
//! is a fact of the bucket that can be looked up. It is as given here, and its effect is a row of
//! `sensitivity.csv`.

use std::ops::Range;

use rand::RngExt;

use super::counts::ArmCounts;
use super::parts::ASSUMED;
use super::quota_use::AskedQuotas;
use super::rows::SummaryRow;
use super::run::{LevelCounts, Run, Step, StepProgress};
use super::summary::{self, Against};
use crate::encryption::assumption::{Assumptions, Level, sample};
use crate::encryption::requester::Requesters;
use crate::figure::{Figure, FigureUnit};
use crate::rng::{Purpose, sobol_point};
use crate::scenario::{Configuration, Scenario};
use crate::simulation::engines::Engines;
use crate::simulation::estimate::ArmEstimate;
use crate::simulation::{Arm, PlannedArm, run_and};
use crate::statistics::Quantile;
use crate::tally::Tally;
use crate::units::Usd;

/// Sets that are drawn: as many as are affordable.
const SETS: Range<u32> = 16..64;

/// Sets are affordable that take so many times what the run takes.
const OF_THE_RUN: f64 = 2.5;

/// What is affordable anyhow: requests, each counted once for each set that answers it.
const REQUESTS_FREE: f64 = 2e6;

/// The same of a run that goes from KMS call to KMS call, in calls: it takes long only where there are very many, and
/// then half as long again is enough.
const OF_A_SKIPPING_RUN: f64 = 0.5;

/// Calls that are affordable anyhow.
const CALLS_FREE: f64 = 2e7;

/// Bytes that sets may take together; a single one may take more.
const BYTES_AT_A_TIME: u64 = 1 << 30;

/// A configuration's figures in nine of ten cases.
pub(super) struct NineInTen {
    sets: u32,
    /// Of those figures that have a value: what 5 % and what 95 % of the sets do not exceed.
    ends: Vec<(Figure, [Quantile; 2])>,
}

impl NineInTen {
    /// Those of each configuration that depends on what is not known.
    pub(super) fn of_all(run: &Run, progress: StepProgress) -> Vec<Option<Self>> {
        let designs = DrawnSets::of_all(run.scenario);
        let figures = figures(run, &designs, progress);
        let configurations = 0..run.scenario.configurations.len();
        let of = configurations.map(|index| {
            let place = designs.iter().position(|design| design.configuration == index)?;
            Some(Self::of(run, index, &figures[place]))
        });
        of.collect()
    }

    /// Those of one configuration, from its figures under the assumed values and under each set.
    fn of(run: &Run, index: usize, figures: &[SetFigures]) -> Self {
        let (assumed, drawn) = figures.split_first().expect("the assumed values are answered, too");
        let against = Against::at(run, Level::Assumed);
        let row = summary::row(run, &run.place(index, Level::Assumed), &against);
        let means: SetFigures = Figure::ALL.iter().map(|&figure| row.figure(figure)).collect();
        let counted = &run.counted;
        // Where what it is held against moves, too, its own bounds bound no difference.
        let is_alone = counted.floor(run.scenario.reference).is_none();
        let bounds = [counted.floor(index), counted.ceiling(index)].map(|counts| {
            counts.filter(|_| is_alone).map(|counts| figures_of(run, index, counts, &against))
        });
        let mut ends = Vec::new();
        for &figure in Figure::ALL {
            let values = drawn.iter().map(|drawn| in_mean(figure, drawn, assumed, &means));
            if let Some(values) = values.collect::<Option<Vec<f64>>>() {
                let ends_of =
                    [0.05, 0.95].map(|p| within(figure, &bounds, Quantile::of(&values, p)));
                ends.push((figure, ends_of));
            }
        }
        Self { sets: drawn.len() as u32, ends }
    }

    /// Writes them into the configuration's row of `summary.csv` at the assumed level.
    pub(super) fn tell(&self, row: &mut SummaryRow) {
        row.assumption_sets = Some(self.sets);
        for (figure, [p05, p95]) in &self.ends {
            let [low, high] = [p05, p95].map(|end| written(*figure, end.value));
            row.set_nine_in_ten(*figure, (low, high));
            if *figure == Figure::Saving {
                row.saving_ratio_p05_half_width = Some(p05.half_width);
                row.saving_ratio_p95_half_width = Some(p95.half_width);
            }
        }
    }
}

/// Money in whole units of the smallest coin that bills have, as everywhere.
fn written(figure: Figure, value: f64) -> f64 {
    match figure.unit() {
        FigureUnit::Dollars => Usd::from_f64(value).as_f64(),
        FigureUnit::Share | FigureUnit::Count => value,
    }
}

/// Every figure of the summary, in its order.
type SetFigures = Vec<Option<f64>>;

/// A share that is saved is one less what is left, and that is what replications have more of or less.
fn is_of_what_is_left(figure: Figure) -> bool {
    matches!(figure, Figure::Saving | Figure::AuditSaving)
}

/// A figure under a drawn set, which is of the first replication, brought to the mean of all: by the ratio of the
/// figures with the assumed values there and here. `None` if a set has no such figure.
fn in_mean(
    figure: Figure,
    drawn: &SetFigures,
    first: &SetFigures,
    means: &SetFigures,
) -> Option<f64> {
    let [value, first_value, mean] = [drawn, first, means].map(|it| it[figure as usize]);
    let (value, mean) = (value?, mean?);
    if figure == Figure::KmsSavedUsd {
        // What is paid and what would be paid without are each brought there.
        let [drawn, first, means] = [drawn, first, means].map(cost_with_and_without);
        let [with, without] = [0, 1].map(|at| drawn[at] * ratio(means[at], first[at]));
        return Some(without - with);
    }
    Some(match first_value {
        None => value,
        Some(first) if is_of_what_is_left(figure) => {
            1.0 - (1.0 - value) * ratio(1.0 - mean, 1.0 - first)
        }
        Some(first) => value * ratio(mean, first),
    })
}

/// A figure of calls, within what holds whatever the assumptions are: the floor and the ceiling of all replications.
/// What few calls of the first one are brought to the mean may lie beyond.
fn within(figure: Figure, bounds: &[Option<SetFigures>; 2], quantile: Quantile) -> Quantile {
    let is_of_calls = matches!(
        figure,
        Figure::Saving
            | Figure::KmsRequests
            | Figure::KmsRequestsPerSMax
            | Figure::QuotaShareMax
            | Figure::KmsCostUsd
            | Figure::KmsSavedUsd
            | Figure::TotalCostUsd
            | Figure::AuditSaving
    );
    let [floor, ceiling] =
        [0, 1].map(|end| bounds[end].as_ref().and_then(|figures| figures[figure as usize]));
    match (floor, ceiling) {
        (Some(floor), Some(ceiling)) if is_of_calls => {
            let value = quantile.value.clamp(floor.min(ceiling), floor.max(ceiling));
            Quantile { value, ..quantile }
        }
        _ => quantile,
    }
}

/// Cost of KMS requests, and what that of the reference is under the same set.
fn cost_with_and_without(figures: &SetFigures) -> [f64; 2] {
    let [cost, saved] = [Figure::KmsCostUsd, Figure::KmsSavedUsd]
        .map(|figure| figures[figure as usize].unwrap_or_default());
    [cost, cost + saved]
}

/// How many times its value in the first replication something is in the mean of all.
fn ratio(mean: f64, first: f64) -> f64 {
    let ratio = mean / first;
    if ratio.is_finite() { ratio } else { 1.0 }
}

/// The sets of a configuration.
struct DrawnSets {
    configuration: usize,
    /// The assumed values, and the sets that are drawn.
    sets: Vec<Assumptions>,
    /// What each takes.
    estimates: Vec<ArmEstimate>,
}

impl DrawnSets {
    /// Those of all configurations that depend on what is not known, of as many sets each as are affordable.
    fn of_all(scenario: &Scenario) -> Vec<Self> {
        let mut designs = Self::of_all_drawn(scenario);
        let affordable = affordable(scenario, &designs) as usize;
        for design in &mut designs {
            design.sets.truncate(1 + affordable);
            design.estimates.truncate(1 + affordable);
        }
        designs
    }

    /// The same of as many sets each as are ever drawn.
    fn of_all_drawn(scenario: &Scenario) -> Vec<Self> {
        let engines = Engines::of(scenario);
        let all = scenario.configurations.iter().enumerate();
        let mut designs: Vec<Self> = all
            .filter(|(_, it)| it.uses_bucket_keys(&scenario.domains))
            .filter(|(_, it)| !sample::open(&it.ranges).is_empty())
            .map(|(index, it)| Self::of(scenario, &engines, index, it))
            .collect();
        // The others are measured against it.
        designs.sort_by_key(|design| design.configuration != scenario.reference);
        designs
    }

    /// The configuration under one of its sets.
    fn arm(&self, set: usize) -> Arm {
        Arm::of_figures(self.configuration, self.sets[set])
    }

    fn of(
        scenario: &Scenario,
        engines: &Engines,
        index: usize,
        configuration: &Configuration,
    ) -> Self {
        let ranges = &configuration.ranges;
        let open = sample::open(ranges);
        let mut rng = scenario.seed.stream(0, Purpose::Sensitivity, (0, 0));
        let scramble: u32 = rng.random();
        let points = (0..SETS.end).map(|set| sobol_point(set, 0..open.len(), scramble));
        let drawn = points.map(|point| sample::at(ranges, &open, &point));
        let sets: Vec<Assumptions> =
            std::iter::once(ranges.at(Level::Assumed)).chain(drawn).collect();
        let requesters =
            &Requesters::group(configuration.rule, &scenario.principals, &scenario.slots);
        let threads = rayon::current_num_threads();
        let estimates = sets.iter().map(|assumptions| {
            let arm = PlannedArm { scenario, configuration, requesters, assumptions };
            ArmEstimate::of(&arm, engines, threads)
        });
        Self { configuration: index, estimates: estimates.collect(), sets }
    }
}

/// Levels, floor and ceiling of a configuration.
const ARMS_OF_THE_RUN: f64 = 5.0;

/// The greatest power of two of sets for each configuration that takes no longer than is affordable.
fn affordable(scenario: &Scenario, designs: &[DrawnSets]) -> u32 {
    let assumed: f64 = designs.iter().map(|design| design.estimates[0].requests).sum();
    let of_run = assumed * ARMS_OF_THE_RUN * f64::from(scenario.replications);
    let most = if Engines::of(scenario).skips_all() {
        CALLS_FREE.max(OF_A_SKIPPING_RUN * of_run)
    } else {
        REQUESTS_FREE.max(OF_THE_RUN * of_run)
    };
    let mut sets = SETS.start;
    while sets < SETS.end && requests_of(designs, 2 * sets) <= most {
        sets *= 2;
    }
    sets
}

/// About how many requests so many sets of each configuration answer.
fn requests_of(designs: &[DrawnSets], sets: u32) -> f64 {
    let estimates = designs.iter().flat_map(|design| &design.estimates[1..=sets as usize]);
    estimates.map(|estimate| estimate.requests).sum()
}

/// The figures of each design's sets in the first replication.
fn figures(run: &Run, designs: &[DrawnSets], progress: StepProgress) -> Vec<Vec<SetFigures>> {
    let scenario = run.scenario;
    let engines = Engines::of(scenario);
    let mut references = ReferenceUnderSets::of(run);
    let mut figures: Vec<Vec<SetFigures>> = designs.iter().map(|_| Vec::new()).collect();
    for batch in batches(designs) {
        let billing = &scenario.billing;
        if let Some(parts) = run.parts {
            for &(design, set) in &batch {
                let arm = &designs[design].arm(set);
                let configuration = &scenario.configurations[arm.configuration];
                let tally = parts.tally(configuration, arm, &role_of(set), 0);
                let counts = ArmCounts::of(&tally, billing, AskedQuotas::Untold);
                figures[design].push(references.figures(arm.configuration, set, &counts));
            }
            continue;
        }
        let take = |tally| ArmCounts::of(&tally, billing, AskedQuotas::Untold);
        let counted = run_sets((scenario, &engines), designs, &batch, progress, take);
        for (&(design, set), counts) in batch.iter().zip(&counted) {
            let index = designs[design].configuration;
            figures[design].push(references.figures(index, set, counts));
        }
    }
    figures
}

/// What figures under each set are measured against: the reference under that set, where it depends on it.
struct ReferenceUnderSets<'a> {
    run: &'a Run<'a>,
    assumed: Against,
    /// By set, as far as they are answered; empty where the reference depends on nothing unknown.
    of_sets: Vec<Against>,
}

impl<'a> ReferenceUnderSets<'a> {
    fn of(run: &'a Run<'a>) -> Self {
        let assumed = Against::first(run, run.baseline(Level::Assumed));
        Self { run, assumed, of_sets: Vec::new() }
    }

    /// The figures of a configuration's counts under a set. The reference's own come first, set by set.
    fn figures(&mut self, index: usize, set: usize, counts: &ArmCounts) -> SetFigures {
        if index == self.run.scenario.reference {
            self.of_sets.push(Against::first(self.run, counts));
        }
        let against = self.of_sets.get(set).unwrap_or(&self.assumed);
        figures_of(self.run, index, counts, against)
    }
}

/// The figures of a configuration's counts.
fn figures_of(run: &Run, index: usize, counts: &ArmCounts, against: &Against) -> SetFigures {
    let configuration = &run.scenario.configurations[index];
    let place = LevelCounts { index, configuration, level: Level::Assumed, counts };
    let row = summary::row(run, &place, against);
    Figure::ALL.iter().map(|&figure| row.figure(figure)).collect()
}

/// What a set is called in a part of a log; the first has the assumed values.
fn role_of(set: usize) -> String {
    if set == 0 { ASSUMED.to_owned() } else { format!("set-{set}") }
}

/// Tells of the tally of every set that may be drawn, in the first replication: its configuration, and what it is
/// called in a part of a log. How many are affordable is known of the whole log.
pub(super) fn each_tally(
    scenario: &Scenario,
    progress: StepProgress,
    tell: &mut dyn FnMut(usize, &str, &Tally),
) {
    let engines = Engines::of(scenario);
    let designs = DrawnSets::of_all_drawn(scenario);
    for batch in batches(&designs) {
        let batch: Vec<(usize, usize)> = batch.into_iter().filter(|(_, set)| *set > 0).collect();
        let counted = run_sets((scenario, &engines), &designs, &batch, progress, |tally| tally);
        for (&(design, set), tally) in batch.iter().zip(&counted) {
            tell(designs[design].configuration, &role_of(set), tally);
        }
    }
}

/// What some sets count in the first replication, each of a design.
fn run_sets<T: Clone + Send>(
    (scenario, engines): (&Scenario, &Engines),
    designs: &[DrawnSets],
    batch: &[(usize, usize)],
    progress: StepProgress,
    take: impl Fn(Tally) -> T + Sync,
) -> Vec<T> {
    let arms: Vec<Arm> = batch.iter().map(|&(design, set)| designs[design].arm(set)).collect();
    progress(Step::SetsDecided(scenario.expected_requests()));
    let answered = |requests| progress(Step::Answered(requests));
    run_and(scenario, engines, &arms, 0..1, &answered, take).into_iter().flatten().collect()
}

/// Bytes of memory that the sets may take which are answered together.
#[must_use]
pub fn bytes_of_sets(scenario: &Scenario) -> u64 {
    let designs = DrawnSets::of_all(scenario);
    let of_batches = batches(&designs).into_iter().map(|batch| {
        let estimates = batch.into_iter().map(|(design, set)| &designs[design].estimates[set]);
        estimates.map(|estimate| estimate.bytes_max).fold(0, u64::saturating_add)
    });
    of_batches.max().unwrap_or_default()
}

/// Each design and set, in runs that fit into memory together.
fn batches(designs: &[DrawnSets]) -> Vec<Vec<(usize, usize)>> {
    let mut batches: Vec<Vec<(usize, usize)>> = Vec::new();
    let mut bytes = 0_u64;
    for (number, design) in designs.iter().enumerate() {
        for (set, estimate) in design.estimates.iter().enumerate() {
            bytes = bytes.saturating_add(estimate.bytes_max);
            match batches.last_mut() {
                Some(batch) if bytes <= BYTES_AT_A_TIME => batch.push((number, set)),
                _ => {
                    bytes = estimate.bytes_max;
                    batches.push(vec![(number, set)]);
                }
            }
        }
    }
    batches
}
