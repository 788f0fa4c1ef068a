//! Which arms a scenario needs, and their counts.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::assumption_effects::Variations;
use super::counts::ArmCounts;
use super::migration;
use super::parts::{ASSUMED, CEILING, FLOOR, PartCounts, UNMIGRATED, is_base};
use super::quota_use::AskedQuotas;
use super::ranking::VariedCounts;
use super::run::{Step, StepProgress};
use crate::encryption::assumption::Level;
use crate::encryption::requester::RequesterRule;
use crate::scenario::replay::UnknownAge;
use crate::scenario::{Configuration, Scenario};
use crate::simulation::engines::Engines;
use crate::simulation::estimate::RunEstimate;
use crate::simulation::part::drawing;
use crate::simulation::{Arm, Breakdown, SeenArm, run_seen};
use crate::tally::Tally;

/// The arms of one configuration.
struct ArmsOf {
    levels: [usize; 3],
    /// If it uses bucket keys.
    bounds: Option<Bounds>,
    /// The same configuration without its migration, if it has one.
    unmigrated: Option<usize>,
}

/// The arms between which every saving lies.
#[derive(Clone, Copy)]
struct Bounds {
    /// No key is ever found in memory.
    floor: usize,
    /// Keys live for ever in one place.
    ceiling: usize,
}

/// The counts of every configuration at every level.
pub(super) struct Counted {
    /// Of each arm, summed over replications.
    arms: Vec<ArmCounts>,
    arms_of: Vec<ArmsOf>,
}

impl Counted {
    /// A configuration's counts at a level.
    pub(super) fn at(&self, configuration: usize, level: Level) -> &ArmCounts {
        &self.arms[self.arms_of[configuration].levels[level as usize]]
    }

    /// The numbers of the accounts in regions that make any call in any configuration at any level; the
    /// first one if none does.
    pub(super) fn calling_accounts(&self) -> Vec<usize> {
        let arms: BTreeSet<usize> = self.arms_of.iter().flat_map(|arms| arms.levels).collect();
        let mut calling = Vec::new();
        for account in 0..self.arms[0].billable.accounts.len() {
            if arms.iter().any(|&arm| self.arms[arm].billable.accounts[account].calls() > 0) {
                calling.push(account);
            }
        }
        if calling.is_empty() { vec![0] } else { calling }
    }

    /// How many replications were run.
    pub(super) fn replications(&self) -> u32 {
        self.arms[0].replications()
    }

    /// The savings of each configuration at the assumed level, replication by replication.
    fn savings(&self, scenario: &Scenario) -> Vec<Vec<f64>> {
        let baseline = self.at(scenario.reference, Level::Assumed).calls_of_each();
        (0..self.arms_of.len())
            .map(|index| self.at(index, Level::Assumed).savings_against(&baseline))
            .collect()
    }

    /// How many replications there should be next, in all; `None` if that is enough.
    fn next_round(&self, scenario: &Scenario) -> Option<u32> {
        scenario.precision?.next_round(self.replications(), &self.savings(scenario))
    }

    /// What a configuration would count at the assumed level without its migration, if it has one.
    pub(super) fn unmigrated(&self, configuration: usize) -> Option<&ArmCounts> {
        self.arms_of[configuration].unmigrated.map(|arm| &self.arms[arm])
    }

    /// A configuration's counts if no key were ever found in memory.
    pub(super) fn floor(&self, configuration: usize) -> Option<&ArmCounts> {
        self.arms_of[configuration].bounds.map(|bounds| &self.arms[bounds.floor])
    }

    /// A configuration's counts if keys lived for ever in one place.
    pub(super) fn ceiling(&self, configuration: usize) -> Option<&ArmCounts> {
        self.arms_of[configuration].bounds.map(|bounds| &self.arms[bounds.ceiling])
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
    /// Whether the low end is what the scenario says.
    is_low_given: bool,
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    AsGiven,
    Low,
    High,
}

impl<'a> Views<'a> {
    fn of(scenario: &'a Scenario, engines: &'a Engines) -> Self {
        let log = scenario.recording.as_ref().filter(|log| log.seen.of_unknown > 0);
        let ends = [UnknownAge::Keyless, UnknownAge::OneKey];
        let ends = log.map(|_| ends.map(|age| scenario.with_unknown_age(age)));
        let is_low_given = ends.as_ref().is_some_and(|[low, _]| low == scenario);
        Self { scenario, engines, ends, is_low_given }
    }

    /// A view, or the one that is the same and stands for it.
    fn plain(&self, view: View) -> View {
        match view {
            View::Low if self.is_low_given => View::AsGiven,
            _ if self.ends.is_none() => View::AsGiven,
            view => view,
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
    /// Whether nothing is asked of it but the first replication.
    once: bool,
    /// What it is in a part of a log; of several names any will do.
    roles: Vec<String>,
}

/// Runs every configuration at every level that makes a difference, at its floor and its ceiling:
/// the scenario's replications, and more in rounds until they are as precise as it asks. Beside the
/// first round, what each of `variations` counts in the first replication.
pub(super) fn run(
    scenario: &Scenario,
    variations: &Variations,
    parts: Option<&PartCounts>,
    progress: StepProgress,
) -> (Counted, Vec<VariedCounts>) {
    let configurations = scenario.configurations.len();
    let engines = &Engines::of(scenario);
    let with_unmigrated = with_unmigrated(scenario);
    let scenario = with_unmigrated.as_ref();
    let views = Views::of(scenario, engines);
    let mut plan = ArmPlan { views, arms: Vec::new(), has_bounds: true, parts };
    let arms_of = plan.add_configurations(configurations);
    // A log's requests are read once for all arms.
    let together = scenario.recording.is_some();
    let varied = if together { plan.add_variations(variations) } else { Vec::new() };
    let apart = variations.arms().filter(|_| !together);
    let first = scenario.replications;
    progress(Step::Decided {
        replications: first,
        requests: plan.requests() * f64::from(first) + requests_drawn(scenario, apart),
    });
    let mut arms = Vec::new();
    let at_ends = if together {
        plan.run(0..first, &mut arms, progress);
        varied.into_iter().map(|arm| VariedCounts::of_first(&arms[arm])).collect()
    } else if at_a_time(scenario, engines) > 1 {
        // What moves the answer is one replication of many arms: left to the end, it would run alone.
        let run_first = || plan.run(0..first, &mut arms, progress);
        rayon::join(run_first, || variations.counts(scenario, engines, progress)).1
    } else {
        plan.run(0..first, &mut arms, progress);
        variations.counts(scenario, engines, progress)
    };
    let mut counted = Counted { arms, arms_of };
    while let Some(wanted) = counted.next_round(scenario) {
        let done = counted.replications();
        progress(Step::Decided {
            replications: wanted,
            requests: plan.requests() * f64::from(wanted - done),
        });
        plan.run(done..wanted, &mut counted.arms, progress);
    }
    (counted, at_ends)
}

/// Runs every configuration at every level that makes a difference, in the scenario's replications, and no bounds:
/// for those who look at levels alone.
pub(super) fn run_levels(scenario: &Scenario, progress: StepProgress) -> Counted {
    let engines = &Engines::of(scenario);
    let views = Views::of(scenario, engines);
    let mut plan = ArmPlan { views, arms: Vec::new(), has_bounds: false, parts: None };
    let arms_of = plan.add_configurations(scenario.configurations.len());
    let replications = scenario.replications;
    let requests = plan.requests() * f64::from(replications);
    progress(Step::Decided { replications, requests });
    let mut arms = Vec::new();
    plan.run(0..replications, &mut arms, progress);
    Counted { arms, arms_of }
}

/// The scenario with each configuration that migrates once more without that, if it has none such: what
/// a migration saves is what it saves beyond that.
fn with_unmigrated(scenario: &Scenario) -> Cow<'_, Scenario> {
    let mut more = Vec::new();
    for migrated in scenario.configurations.iter().filter(|configuration| configuration.migrated) {
        let mut known = scenario.configurations.iter().chain(&more);
        if !known.any(|it| migration::is_unmigrated(it, migrated)) {
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

/// The arms to run.
struct ArmPlan<'a> {
    views: Views<'a>,
    arms: Vec<Seen>,
    /// Whether arms are run between which every saving lies.
    has_bounds: bool,
    /// What parts of a log have counted, in the place of a run.
    parts: Option<&'a PartCounts<'a>>,
}

impl ArmPlan<'_> {
    /// Adds an arm; yields its number.
    fn add(&mut self, arm: Arm, view: View, role: &str) -> usize {
        let view = self.views.plain(view);
        self.arms.push(Seen { arm, view, once: false, roles: vec![role.to_owned()] });
        self.arms.len() - 1
    }

    /// Adds the arms of variations that are not there yet; yields the number of each.
    fn add_variations(&mut self, variations: &Variations) -> Vec<usize> {
        let mut numbers = Vec::new();
        for ((arm, view), role) in variations.seen().zip(variations.roles()) {
            let view = self.views.plain(view);
            let is_known = |seen: &Seen| {
                let Arm { configuration, assumptions, .. } = seen.arm;
                let same = (configuration, assumptions) == (arm.configuration, arm.assumptions);
                same && seen.view == view
            };
            let known = self.arms.iter().position(is_known);
            numbers.push(known.unwrap_or(self.arms.len()));
            if let Some(known) = known {
                // A bound tells nobody apart by itself.
                let breakdown = &mut self.arms[known].arm.breakdown;
                *breakdown = (*breakdown).max(arm.breakdown);
                self.arms[known].roles.push(role);
            } else {
                let roles = vec![role];
                self.arms.push(Seen { arm: arm.clone(), view, once: true, roles });
            }
        }
        numbers
    }

    /// Adds the arms of the scenario's configurations; yields those of the first `shown`. Those beyond
    /// are there for their counts at the assumed level alone.
    fn add_configurations(&mut self, shown: usize) -> Vec<ArmsOf> {
        let scenario = self.views.scenario;
        let mut arms_of = Vec::new();
        let mut assumed_arms = Vec::new();
        for (index, configuration) in scenario.configurations.iter().enumerate() {
            let assumptions = configuration.ranges.at(Level::Assumed);
            let breakdown = Breakdown::Requesters;
            let arm = Arm { configuration: index, assumptions, breakdown };
            let role = if index < shown { ASSUMED } else { UNMIGRATED };
            let assumed = self.add(arm, View::AsGiven, role);
            assumed_arms.push(assumed);
            if index < shown {
                arms_of.push(self.add_levels(index, configuration, assumed));
            }
        }
        for (of, migrated) in arms_of.iter_mut().zip(&scenario.configurations) {
            if migrated.migrated {
                let mut all = scenario.configurations.iter();
                let unmigrated = all.position(|it| migration::is_unmigrated(it, migrated));
                of.unmigrated = unmigrated.map(|index| assumed_arms[index]);
            }
        }
        arms_of
    }

    /// Adds a configuration's arms beside the one at the assumed level, which has the number `assumed`.
    fn add_levels(
        &mut self,
        index: usize,
        configuration: &Configuration,
        assumed: usize,
    ) -> ArmsOf {
        let mut arms = ArmsOf { levels: [assumed; 3], bounds: None, unmigrated: None };
        if !configuration.uses_bucket_keys(&self.views.scenario.domains) {
            return arms;
        }
        let ranges = &configuration.ranges;
        let as_assumed = ranges.at(Level::Assumed);
        for (level, view) in [(Level::Low, View::Low), (Level::High, View::High)] {
            let assumptions = ranges.at(level);
            if assumptions != as_assumed || self.views.ends.is_some() {
                let arm = Arm::of_totals(index, assumptions);
                arms.levels[level as usize] = self.add(arm, view, level.name());
            } else {
                self.arms[assumed].roles.push(level.name().to_owned());
            }
        }
        if self.has_bounds {
            arms.bounds = Some(Bounds {
                floor: self.add(Arm::of_figures(index, ranges.floor()), View::Low, FLOOR),
                ceiling: self.add(Arm::of_figures(index, ranges.ceiling()), View::High, CEILING),
            });
        }
        arms
    }

    /// Requests of one replication that the arms draw.
    fn requests(&self) -> f64 {
        requests_drawn(self.views.scenario, self.arms.iter().map(|seen| &seen.arm))
    }

    /// Adds to `sums`, if there are any, what the arms count in `replications`. Sums are made in the
    /// order of the replications, of few at a time: what is kept of one can be large, too.
    fn run(&self, replications: Range<u32>, sums: &mut Vec<ArmCounts>, progress: StepProgress) {
        let at_a_time = at_a_time(self.views.scenario, self.views.engines);
        for first in replications.clone().step_by(at_a_time) {
            let last = replications.end.min(first + at_a_time as u32);
            for next in self.count(first..last, progress) {
                if sums.is_empty() {
                    *sums = next;
                } else {
                    sums.iter_mut().zip(&next).for_each(|(sum, next)| sum.add(next));
                }
            }
        }
    }

    /// What each of the arms counts in each of the replications.
    fn count(&self, replications: Range<u32>, progress: StepProgress) -> Vec<Vec<ArmCounts>> {
        let Views { scenario, engines, .. } = self.views;
        let billing = &scenario.billing;
        if let Some(parts) = self.parts {
            return replications.map(|replication| self.of_parts(parts, replication)).collect();
        }
        run_seen(
            scenario,
            engines,
            &self.seen(),
            replications,
            &|requests| progress(Step::Answered(requests)),
            |tally| ArmCounts::of(&tally, billing, AskedQuotas::Sought),
        )
    }
}

impl ArmPlan<'_> {
    /// The arms as they see the scenario.
    fn seen(&self) -> Vec<SeenArm<'_>> {
        let seen = self.arms.iter().map(|Seen { arm, view, once, .. }| SeenArm {
            arm,
            scenario: self.views.scenario(*view),
            once: *once,
        });
        seen.collect()
    }

    /// What each of the arms has counted in a replication of all parts of a log together.
    fn of_parts(&self, parts: &PartCounts, replication: u32) -> Vec<ArmCounts> {
        let scenario = self.views.scenario;
        let counts = self.arms.iter().map(|Seen { arm, roles, .. }| {
            let configuration = &scenario.configurations[arm.configuration];
            let tally = parts.tally(configuration, arm, &roles[0], replication);
            ArmCounts::of(&tally, &scenario.billing, AskedQuotas::Sought)
        });
        counts.collect()
    }
}

/// What an arm counts in a replication of a log.
pub(super) struct ArmTally<'a> {
    pub(super) configuration: &'a Configuration,
    /// What the arm is called in a part.
    pub(super) role: &'a str,
    pub(super) replication: u32,
    pub(super) own: &'a Tally,
    /// What it is counted from: in the first replication the configuration as assumed, in others the first.
    pub(super) base: Option<&'a Tally>,
}

/// Tells of every tally that a run of a log is made of. Yields the tally of each configuration as assumed.
pub(super) fn each_tally(
    scenario: &Scenario,
    variations: &Variations,
    progress: StepProgress,
    tell: &mut dyn FnMut(&ArmTally),
) -> Vec<Tally> {
    let configurations = scenario.configurations.len();
    let engines = &Engines::of(scenario);
    let with_unmigrated = with_unmigrated(scenario);
    let scenario = with_unmigrated.as_ref();
    let views = Views::of(scenario, engines);
    let mut plan = ArmPlan { views, arms: Vec::new(), has_bounds: true, parts: None };
    let arms_of = plan.add_configurations(configurations);
    plan.add_variations(variations);
    let replications = scenario.replications;
    let requests = plan.requests() * f64::from(replications);
    progress(Step::Decided { replications, requests });
    let seen = plan.seen();
    let first = plan.tallies(&seen, 0, progress);
    for (own, Seen { arm, roles, .. }) in first.iter().zip(&plan.arms) {
        let configuration = &scenario.configurations[arm.configuration];
        let assumed = arms_of.get(arm.configuration).map(|of| of.levels[Level::Assumed as usize]);
        for role in roles {
            let base = assumed.filter(|_| !is_base(role)).map(|assumed| &first[assumed]);
            tell(&ArmTally { configuration, role, replication: 0, own, base });
        }
    }
    let drawing = drawing(scenario, &seen);
    let mut again: Vec<usize> = (0..seen.len()).collect();
    again.retain(|&number| drawing[number] && !seen[number].once);
    let arms: Vec<SeenArm> = again.iter().map(|&number| seen[number]).collect();
    let others = if arms.is_empty() { 1..1 } else { 1..replications };
    for replication in others {
        for (own, &number) in plan.tallies(&arms, replication, progress).iter().zip(&again) {
            let Seen { arm, roles, .. } = &plan.arms[number];
            let configuration = &scenario.configurations[arm.configuration];
            for role in roles {
                let base = Some(&first[number]);
                tell(&ArmTally { configuration, role, replication, own, base });
            }
        }
    }
    let assumed = arms_of.iter().map(|of| first[of.levels[Level::Assumed as usize]].clone());
    assumed.collect()
}

impl ArmPlan<'_> {
    /// What some arms count in a replication.
    fn tallies(&self, arms: &[SeenArm], replication: u32, progress: StepProgress) -> Vec<Tally> {
        let Views { scenario, engines, .. } = self.views;
        let range = replication..replication + 1;
        run_seen(
            scenario,
            engines,
            arms,
            range,
            &|requests| progress(Step::Answered(requests)),
            |tally| tally,
        )
        .remove(0)
    }
}

/// Requests of one replication that `arms` draw: those of each reading of "requester" by
/// themselves.
fn requests_drawn<'a>(scenario: &Scenario, arms: impl IntoIterator<Item = &'a Arm>) -> f64 {
    let arms = arms.into_iter();
    let rules: HashSet<RequesterRule> =
        arms.map(|arm| scenario.configurations[arm.configuration].rule).collect();
    scenario.expected_requests() * rules.len() as f64
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
    RunEstimate::of(scenario, engines, threads).bytes_max
}

/// Bytes of memory that a run may take on the threads of the current pool.
#[must_use]
pub fn bytes_at_most(scenario: &Scenario) -> u64 {
    let engines = &Engines::of(scenario);
    let at_a_time = at_a_time(scenario, engines).min(scenario.replications as usize);
    bytes_of_replication(scenario, engines).saturating_mul(at_a_time as u64)
}
