//! How far each assumption alone moves the headline's saving.

use super::arms::Counted;
use super::ranking::{Varied, VariedCounts};
use super::rows::{SensitivityRow, UNKNOWN_OBJECTS};
use super::run::{Run, Step, StepProgress};
use crate::encryption::assumption::{Level, Variation};
use crate::figure::saving;
use crate::recording::Recording;
use crate::scenario::Scenario;
use crate::scenario::replay::UnknownAge;
use crate::simulation::engines::Engines;
use crate::simulation::{Arm, run_and};

/// The headline with each assumption by itself at each end of its range; by default none.
#[derive(Default)]
pub(super) struct Variations {
    list: Vec<Variation>,
    /// Two for each: at the low end and at the high.
    pub(super) arms: Vec<Arm>,
}

impl Variations {
    /// All of the headline's; none if it uses no bucket keys.
    pub(super) fn of_headline(scenario: &Scenario) -> Self {
        let configuration = &scenario.configurations[scenario.headline];
        if !configuration.uses_bucket_keys(&scenario.domains) {
            return Self::default();
        }
        let list = configuration.ranges.one_at_a_time();
        let ends = list.iter().flat_map(|it| [it.at_low, it.at_high]);
        let arms = ends.map(|assumptions| Arm::of_totals(scenario.headline, assumptions)).collect();
        Self { list, arms }
    }

    /// What each arm counts in the first replication, whose requests all see.
    pub(super) fn counts(
        &self,
        scenario: &Scenario,
        engines: &Engines,
        progress: StepProgress,
    ) -> Vec<VariedCounts> {
        if self.arms.is_empty() {
            return Vec::new();
        }
        of_first_replication(scenario, engines, &self.arms, progress)
    }

    /// The same by assumption. `at_ends` are those of [`Self::counts`].
    pub(super) fn varied(&self, at_ends: &[VariedCounts]) -> Vec<Varied> {
        let both = self.list.iter().zip(at_ends.chunks_exact(2));
        let varied = both.map(|(variation, ends)| Varied {
            name: variation.assumption.name().to_owned(),
            at_ends: [ends[0].clone(), ends[1].clone()],
        });
        varied.collect()
    }

    /// How far each assumption moves the headline's saving, the farthest first; nothing if there is
    /// nothing to save. `at_ends` are those of [`Self::counts`].
    pub(super) fn rows(
        &self,
        scenario: &Scenario,
        counted: &Counted,
        at_ends: &[VariedCounts],
    ) -> Vec<SensitivityRow> {
        let [baseline, headline] = [scenario.reference, scenario.headline]
            .map(|index| counted.at(index, Level::Assumed).each[0].calls.total() as f64);
        let Some(assumed) = saving(headline, baseline) else { return Vec::new() };
        let at_ends: Vec<f64> =
            at_ends.iter().filter_map(|it| saving(it.calls as f64, baseline)).collect();
        SensitivityRow::all(scenario, self.list.clone(), &at_ends, assumed)
    }
}

fn of_first_replication(
    scenario: &Scenario,
    engines: &Engines,
    arms: &[Arm],
    progress: StepProgress,
) -> Vec<VariedCounts> {
    let progress = |requests| progress(Step::Answered(requests));
    run_and(scenario, engines, arms, 0..1, &progress, |tally| VariedCounts::of(&tally)).concat()
}

/// The headline's saving in the first replication if no object whose writing is not in the log had a
/// bucket key, as assumed, and if all of a bucket had the same; `None` if there is none of them, or
/// nothing to save.
pub(super) fn unknown_objects(
    run: &Run,
    log: &Recording,
    progress: StepProgress,
) -> Option<(SensitivityRow, Varied)> {
    let scenario = run.scenario;
    let configuration = &scenario.configurations[scenario.headline];
    let all_known =
        scenario.populations.iter().all(|it| scenario.domain_of(it).encryption.is_some());
    if log.seen.of_unknown == 0 || all_known || !configuration.uses_bucket_keys(&scenario.domains) {
        return None;
    }
    let baseline = run.baseline().each[0].calls.total() as f64;
    let own = &run.counted.at(scenario.headline, Level::Assumed).each[0];
    let assumed = saving(own.calls.total() as f64, baseline)?;
    let arms = [Arm::of_totals(scenario.headline, configuration.ranges.at(Level::Assumed))];
    let ages = [UnknownAge::Keyless, UnknownAge::OneKey];
    let at_ends = ages.map(|unknown_age| {
        let other = scenario.with_unknown_age(unknown_age);
        of_first_replication(&other, &Engines::of(&other), &arms, progress).remove(0)
    });
    let [low, high] = at_ends.each_ref().map(|it| saving(it.calls as f64, baseline));
    let row = SensitivityRow {
        scenario: scenario.name.clone(),
        configuration: configuration.name.clone(),
        assumption: UNKNOWN_OBJECTS.to_owned(),
        low: ages[0].to_string(),
        assumed: scenario.unknown_age.to_string(),
        high: ages[1].to_string(),
        saving_at_low: low?,
        saving_at_assumed: assumed,
        saving_at_high: high?,
    };
    Some((row, Varied { name: UNKNOWN_OBJECTS.to_owned(), at_ends }))
}

impl SensitivityRow {
    /// A row for each variation of the headline, the farthest first, from the savings at the low and the
    /// high end of each and the one with everything as assumed.
    #[must_use]
    pub fn all(
        scenario: &Scenario,
        variations: Vec<Variation>,
        at_ends: &[f64],
        assumed: f64,
    ) -> Vec<Self> {
        let rows = variations.into_iter().zip(at_ends.chunks_exact(2));
        let mut rows: Vec<Self> = rows
            .map(|(variation, at_ends)| Self {
                scenario: scenario.name.clone(),
                configuration: scenario.configurations[scenario.headline].name.clone(),
                assumption: variation.assumption.name().to_owned(),
                low: variation.range.low.to_string(),
                assumed: variation.range.assumed.to_string(),
                high: variation.range.high.to_string(),
                saving_at_low: at_ends[0],
                saving_at_assumed: assumed,
                saving_at_high: at_ends[1],
            })
            .collect();
        Self::sort(&mut rows);
        rows
    }

    /// Puts those first that move the saving farthest.
    pub(super) fn sort(rows: &mut [Self]) {
        rows.sort_by(|a, b| b.width().total_cmp(&a.width()));
    }

    /// Distance between the savings at both ends.
    #[must_use]
    pub fn width(&self) -> f64 {
        (self.saving_at_high - self.saving_at_low).abs()
    }
}
