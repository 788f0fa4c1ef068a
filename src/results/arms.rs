//! Which arms a scenario needs, and their counts.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::arm_counts::Summary;
use super::migration;
use super::run::{Progress, Step, Swing};
use crate::encryption::assumptions::{Assumptions, Level, Variation};
use crate::encryption::requester::RequesterRule;
use crate::scenario::replay::UnknownAge;
use crate::scenario::{Configuration, Scenario};
use crate::simulation::engines::Engines;
use crate::simulation::estimate::Estimate;
use crate::simulation::{Arm, kms_calls, run_and};
use crate::tally::Tally;

/// The arms of one configuration.
struct ArmsOf {
    levels: [usize; 3],
    /// Floor and ceiling, if it uses bucket keys.
    bounds: Option<(usize, usize)>,
    /// The same configuration without its migration, if it has one.
    unmigrated: Option<usize>,
}

/// The counts of every configuration at every level.
pub(super) struct Counted {
    /// Of each arm, summed over replications.
    summaries: Vec<Summary>,
    arms_of: Vec<ArmsOf>,
}

impl Counted {
    /// A configuration's counts at a level.
    pub(super) fn level(&self, configuration: usize, level: Level) -> &Summary {
        &self.summaries[self.arms_of[configuration].levels[level as usize]]
    }

    /// The numbers of the accounts in regions that make any call in any configuration at any level; the
    /// first one if none does.
    pub(super) fn calling_accounts(&self) -> Vec<usize> {
        let levels: BTreeSet<usize> = self.arms_of.iter().flat_map(|arms| arms.levels).collect();
        let all = 0..self.summaries[0].accounts.len();
        let calls = |&account: &usize| {
            levels.iter().any(|&arm| self.summaries[arm].accounts[account].counts.calls() > 0)
        };
        let calling: Vec<usize> = all.filter(calls).collect();
        if calling.is_empty() { vec![0] } else { calling }
    }

    /// How many replications were run.
    pub(super) fn replications(&self) -> u32 {
        self.summaries[0].replications() as u32
    }

    /// The savings of each configuration at the assumed level, replication by replication.
    fn savings(&self, scenario: &Scenario) -> Vec<Vec<f64>> {
        let reference = self.level(scenario.reference, Level::Assumed);
        (0..self.arms_of.len())
            .map(|index| self.level(index, Level::Assumed).savings_against(reference))
            .collect()
    }

    /// What a configuration would count at the assumed level without its migration, if it has one.
    pub(super) fn unmigrated(&self, configuration: usize) -> Option<&Summary> {
        self.arms_of[configuration].unmigrated.map(|arm| &self.summaries[arm])
    }

    /// A configuration's counts if keys lived for ever in one place.
    pub(super) fn ceiling(&self, configuration: usize) -> Option<&Summary> {
        self.arms_of[configuration].bounds.map(|(_, ceiling)| &self.summaries[ceiling])
    }

    /// A configuration's counts if no key were ever found in memory.
    pub(super) fn floor(&self, configuration: usize) -> Option<&Summary> {
        self.arms_of[configuration].bounds.map(|(floor, _)| &self.summaries[floor])
    }
}

/// The scenario as its arms see it. What a log does not tell is an assumption like those about S3: the
/// low level and the floor have the end that saves least, the high level and the ceiling the one that
/// saves most.
struct Views<'a> {
    scenario: &'a Scenario,
    engines: &'a Engines,
    /// At the low and at the high end; `None` if there is nothing of the kind.
    ends: Option<[Scenario; 2]>,
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    AsGiven,
    Low,
    High,
}

impl<'a> Views<'a> {
    fn of(scenario: &'a Scenario, engines: &'a Engines) -> Self {
        let log = scenario.recording.as_ref().filter(|log| log.seen.of_unknown > 0);
        let ends = [UnknownAge::Keyless, UnknownAge::OneKey];
        Self {
            scenario,
            engines,
            ends: log.map(|_| ends.map(|age| scenario.with_unknown_age(age))),
        }
    }

    fn scenario(&self, view: View) -> &Scenario {
        match (view, &self.ends) {
            (View::AsGiven, _) | (_, None) => self.scenario,
            (View::Low, Some([low, _])) => low,
            (View::High, Some([_, high])) => high,
        }
    }
}

/// An arm, and how it sees the scenario.
struct Seen {
    arm: Arm,
    view: View,
}

/// Runs every configuration at every level that makes a difference, at its floor and its ceiling:
/// the scenario's replications, and more in rounds until they are as precise as it asks. Then how
/// far each of `variations` moves the headline's saving.
pub(super) fn run(
    scenario: &Scenario,
    variations: Variations,
    progress: Progress,
) -> (Counted, Vec<Swing>) {
    let configurations = scenario.configurations.len();
    let engines = &Engines::of(scenario);
    let with_unmigrated = with_unmigrated(scenario);
    let scenario = with_unmigrated.as_ref();
    let views = Views::of(scenario, engines);
    let (arms, arms_of) = arms(&views, configurations);
    let first = scenario.replications;
    progress(Step::Decided {
        replications: first,
        requests: requests_of(&arms, &views) * f64::from(first)
            + requests_drawn(scenario, &variations.arms),
    });
    let replications = |range, sums| replications(&views, &arms, range, sums, progress);
    let (summaries, calls) = if at_a_time(scenario, engines) > 1 {
        // What moves the answer is one replication of many arms: left to the end, it would run alone.
        rayon::join(|| replications(0..first, Vec::new()), || variations.calls(&views, progress))
    } else {
        (replications(0..first, Vec::new()), variations.calls(&views, progress))
    };
    let mut counted = Counted { summaries, arms_of };
    let precision = scenario.precision.as_ref();
    let next = |counted: &Counted| {
        precision?.next_round(counted.replications(), &counted.savings(scenario))
    };
    while let Some(wanted) = next(&counted) {
        let done = counted.replications();
        progress(Step::Decided {
            replications: wanted,
            requests: requests_of(&arms, &views) * f64::from(wanted - done),
        });
        counted.summaries = replications(done..wanted, counted.summaries);
    }
    let swings = variations.swings(scenario, &counted, &calls);
    (counted, swings)
}

/// The scenario with each configuration that migrates once more without that, if it has none such: what
/// a migration saves is what it saves beyond that.
fn with_unmigrated(scenario: &Scenario) -> Cow<'_, Scenario> {
    let mut more = Vec::new();
    for migrated in scenario.configurations.iter().filter(|configuration| configuration.migrated) {
        let known = |it: &Configuration| migration::is_unmigrated(it, migrated);
        if !scenario.configurations.iter().chain(&more).any(known) {
            more.push(migration::unmigrated(migrated));
        }
    }
    if more.is_empty() {
        return Cow::Borrowed(scenario);
    }
    let mut scenario = scenario.clone();
    scenario.configurations.extend(more);
    Cow::Owned(scenario)
}

/// All arms, and which of them belong to which of the first `configurations`; those beyond are there to
/// be held against.
fn arms(views: &Views, configurations: usize) -> (Vec<Seen>, Vec<ArmsOf>) {
    let scenario = views.scenario;
    let mut arms = Vec::new();
    let mut add = |configuration: usize, assumptions: Assumptions, view: View| {
        let by_requester = view == View::AsGiven && {
            let ranges = &scenario.configurations[configuration].ranges;
            assumptions == ranges.at(Level::Assumed)
        };
        arms.push(Seen { arm: Arm { configuration, assumptions, by_requester }, view });
        arms.len() - 1
    };
    let mut arms_of = Vec::new();
    let mut middles = Vec::new();
    for (index, configuration) in scenario.configurations.iter().enumerate() {
        let assumed = configuration.ranges.at(Level::Assumed);
        let middle = add(index, assumed, View::AsGiven);
        middles.push(middle);
        if index >= configurations {
            continue;
        }
        let mut levels = [middle; 3];
        let mut bounds = None;
        if configuration.uses_bucket_keys(&scenario.domains) {
            for (level, view) in [(Level::Low, View::Low), (Level::High, View::High)] {
                let assumptions = configuration.ranges.at(level);
                if assumptions != assumed || views.ends.is_some() {
                    levels[level as usize] = add(index, assumptions, view);
                }
            }
            let ranges = &configuration.ranges;
            let (floor, ceiling) = (ranges.floor(), ranges.ceiling());
            bounds = Some((add(index, floor, View::Low), add(index, ceiling, View::High)));
        }
        arms_of.push(ArmsOf { levels, bounds, unmigrated: None });
    }
    for (of, migrated) in arms_of.iter_mut().zip(&scenario.configurations) {
        let known = |it: &Configuration| migration::is_unmigrated(it, migrated);
        let place = scenario.configurations.iter().position(known).filter(|_| migrated.migrated);
        of.unmigrated = place.map(|place| middles[place]);
    }
    (arms, arms_of)
}

/// Requests of one replication that `arms` draw: those of each view by themselves.
fn requests_of(arms: &[Seen], views: &Views) -> f64 {
    let of_view = |view| {
        let arms: Vec<Arm> = grouped(arms, views, view).map(|at| arms[at].arm.clone()).collect();
        requests_drawn(views.scenario, &arms)
    };
    [View::AsGiven, View::Low, View::High].into_iter().map(of_view).sum()
}

/// The places of the arms that are run together under a view: all of them if there is but one.
fn grouped<'a>(arms: &'a [Seen], views: &'a Views, view: View) -> impl Iterator<Item = usize> + 'a {
    let one = views.ends.is_none();
    let together = move |of: View| if one { view == View::AsGiven } else { of == view };
    (0..arms.len()).filter(move |&at| together(arms[at].view))
}

/// Requests of one replication that `arms` draw: those of each reading of "requester" by
/// themselves.
fn requests_drawn(scenario: &Scenario, arms: &[Arm]) -> f64 {
    let rule =
        |rule| arms.iter().any(|arm| scenario.configurations[arm.configuration].rule == rule);
    let rules = u32::from(rule(RequesterRule::Session)) + u32::from(rule(RequesterRule::Role));
    scenario.expected_requests() * f64::from(rules)
}

/// Bytes that replications under way may take together; a single one may take more.
const BYTES_AT_A_TIME: u64 = 4 << 30;

/// How many replications may be under way together: some for each thread, so that none waits for
/// another's last, but no more than fit into memory.
fn at_a_time(scenario: &Scenario, engines: &Engines) -> usize {
    let threads = rayon::current_num_threads();
    (BYTES_AT_A_TIME / bytes_of_replication(scenario, engines).max(1)).clamp(1, 4 * threads as u64)
        as usize
}

/// Bytes that one replication may take.
fn bytes_of_replication(scenario: &Scenario, engines: &Engines) -> u64 {
    // No more threads than that work at one replication.
    let threads = rayon::current_num_threads().min(scenario.slots.len());
    Estimate::of(scenario, engines, threads).bytes_max
}

/// Bytes of memory that a run may take on the threads of the current pool.
#[must_use]
pub fn bytes_at_most(scenario: &Scenario) -> u64 {
    let engines = &Engines::of(scenario);
    let at_a_time = at_a_time(scenario, engines).min(scenario.replications as usize);
    bytes_of_replication(scenario, engines).saturating_mul(at_a_time as u64)
}

/// Adds to `sums`, if there are any, what the arms count in `replications`. Sums are made in the
/// order of the replications, of few at a time: what is kept of one can be large, too.
fn replications(
    views: &Views,
    arms: &[Seen],
    replications: Range<u32>,
    mut sums: Vec<Summary>,
    progress: Progress,
) -> Vec<Summary> {
    let at_a_time = at_a_time(views.scenario, views.engines);
    for first in replications.clone().step_by(at_a_time) {
        let last = replications.end.min(first + at_a_time as u32);
        for next in run_views(views, arms, first..last, progress) {
            if sums.is_empty() {
                sums = next;
            } else {
                sums.iter_mut().zip(&next).for_each(|(sum, next)| sum.add(next));
            }
        }
    }
    sums
}

/// What each of the arms counts in each of the replications, every view's arms in a run of their own.
fn run_views(
    views: &Views,
    arms: &[Seen],
    replications: Range<u32>,
    progress: Progress,
) -> Vec<Vec<Summary>> {
    let quotas = &views.scenario.billing.quotas;
    let answered = |requests| progress(Step::Answered(requests));
    let mut kept: Vec<Vec<(usize, Summary)>> = replications.clone().map(|_| Vec::new()).collect();
    for view in [View::AsGiven, View::Low, View::High] {
        let places: Vec<usize> = grouped(arms, views, view).collect();
        if places.is_empty() {
            continue;
        }
        let of_view: Vec<Arm> = places.iter().map(|&at| arms[at].arm.clone()).collect();
        let scenario = views.scenario(view);
        let kept_of = |tally: Tally| Summary::of(&tally, quotas);
        let counted =
            run_and(scenario, views.engines, &of_view, replications.clone(), &answered, kept_of);
        for (kept, counted) in kept.iter_mut().zip(counted) {
            kept.extend(places.iter().copied().zip(counted));
        }
    }
    let in_order = |mut kept: Vec<(usize, Summary)>| {
        kept.sort_by_key(|(at, _)| *at);
        kept.into_iter().map(|(_, summary)| summary).collect()
    };
    kept.into_iter().map(in_order).collect()
}

/// The headline with each assumption by itself at each end of its range; by default none.
#[derive(Default)]
pub(super) struct Variations {
    list: Vec<Variation>,
    /// Two for each: at the low end and at the high.
    arms: Vec<Arm>,
}

impl Variations {
    /// All of the headline's; none if it uses no bucket keys.
    pub(super) fn of_headline(scenario: &Scenario) -> Self {
        let configuration = &scenario.configurations[scenario.headline];
        let list = if configuration.uses_bucket_keys(&scenario.domains) {
            configuration.ranges.one_at_a_time()
        } else {
            Vec::new()
        };
        let ends = list.iter().flat_map(|it| [it.at_low, it.at_high]);
        let arms = ends.map(|assumptions| Arm::of_totals(scenario.headline, assumptions)).collect();
        Self { list, arms }
    }

    /// KMS calls of each arm in the first replication, whose requests all see.
    fn calls(&self, views: &Views, progress: Progress) -> Vec<u64> {
        if self.arms.is_empty() {
            return Vec::new();
        }
        let answered = |requests| progress(Step::Answered(requests));
        kms_calls(views.scenario, views.engines, &self.arms, 0..1, &answered).concat()
    }

    /// How far each assumption moves the headline's saving, the farthest first; nothing if there is
    /// nothing to save.
    fn swings(self, scenario: &Scenario, counted: &Counted, calls: &[u64]) -> Vec<Swing> {
        let calls_of =
            |configuration| counted.level(configuration, Level::Assumed).each[0].calls.total();
        let against = calls_of(scenario.reference);
        if against == 0 {
            return Vec::new();
        }
        let saving = |calls: u64| 1.0 - calls as f64 / against as f64;
        let assumed = saving(calls_of(scenario.headline));
        let at_ends: Vec<f64> = calls.iter().map(|&calls| saving(calls)).collect();
        Swing::all(self.list, &at_ends, assumed)
    }
}
