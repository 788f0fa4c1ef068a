//! Which arms a scenario needs, and their counts.

use std::ops::Range;

use super::summary::Summary;
use super::{Progress, Step, Swing};
use crate::encryption::assumptions::{Assumptions, Level, Variation};
use crate::encryption::requester::RequesterRule;
use crate::scenario::Scenario;
use crate::simulation::{Arm, run_and};

/// The arms of one configuration.
struct ArmsOf {
    levels: [usize; 3],
    /// Floor and ceiling, if it uses bucket keys.
    bounds: Option<(usize, usize)>,
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

    /// A configuration's counts if keys lived for ever in one place.
    pub(super) fn ceiling(&self, configuration: usize) -> Option<&Summary> {
        self.arms_of[configuration].bounds.map(|(_, ceiling)| &self.summaries[ceiling])
    }

    /// A configuration's counts if no key were ever found in memory.
    pub(super) fn floor(&self, configuration: usize) -> Option<&Summary> {
        self.arms_of[configuration].bounds.map(|(floor, _)| &self.summaries[floor])
    }
}

/// Runs every configuration at every level that makes a difference, at its floor and its ceiling:
/// the scenario's replications, and more in rounds until they are as precise as it asks. Then how
/// far each of `variations` moves the headline's saving.
pub(super) fn run(
    scenario: &Scenario,
    variations: Variations,
    progress: Progress,
) -> (Counted, Vec<Swing>) {
    let (arms, arms_of) = arms(scenario);
    let first = scenario.replications;
    progress(Step::Decided {
        replications: first,
        requests: requests_drawn(scenario, &arms) * f64::from(first)
            + requests_drawn(scenario, &variations.arms),
    });
    let replications = |range, sums| replications(scenario, &arms, range, sums, progress);
    let (summaries, calls) = if at_a_time(scenario) > 1 {
        // What moves the answer is one replication of many arms: left to the end, it would run alone.
        rayon::join(|| replications(0..first, Vec::new()), || variations.calls(scenario, progress))
    } else {
        (replications(0..first, Vec::new()), variations.calls(scenario, progress))
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
            requests: requests_drawn(scenario, &arms) * f64::from(wanted - done),
        });
        counted.summaries = replications(done..wanted, counted.summaries);
    }
    let swings = variations.swings(scenario, &counted, &calls);
    (counted, swings)
}

/// All arms, and which of them belong to which configuration.
fn arms(scenario: &Scenario) -> (Vec<Arm>, Vec<ArmsOf>) {
    let mut arms = Vec::new();
    let mut add = |configuration, assumptions: Assumptions, by_requester| {
        arms.push(Arm { configuration, assumptions, by_requester });
        arms.len() - 1
    };
    let mut arms_of = Vec::new();
    for (index, configuration) in scenario.configurations.iter().enumerate() {
        let assumed = configuration.ranges.at(Level::Assumed);
        let middle = add(index, assumed, true);
        let mut levels = [middle; 3];
        let mut bounds = None;
        if configuration.uses_bucket_keys(&scenario.domains) {
            for level in [Level::Low, Level::High] {
                let assumptions = configuration.ranges.at(level);
                if assumptions != assumed {
                    levels[level as usize] = add(index, assumptions, false);
                }
            }
            let floor = assumed.floor(configuration.ranges.verify_on_write.high);
            bounds = Some((add(index, floor, false), add(index, assumed.ceiling(), false)));
        }
        arms_of.push(ArmsOf { levels, bounds });
    }
    (arms, arms_of)
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
fn at_a_time(scenario: &Scenario) -> usize {
    let threads = rayon::current_num_threads();
    (BYTES_AT_A_TIME / bytes_of_replication(scenario).max(1)).clamp(1, 4 * threads as u64) as usize
}

/// Bytes that one replication may take.
fn bytes_of_replication(scenario: &Scenario) -> u64 {
    // No more threads than that work at one replication.
    let threads = rayon::current_num_threads().min(scenario.slots.len());
    scenario.estimate(threads).bytes_max
}

/// Bytes of memory that a run may take on the threads of the current pool.
#[must_use]
pub fn bytes_at_most(scenario: &Scenario) -> u64 {
    let at_a_time = at_a_time(scenario).min(scenario.replications as usize);
    bytes_of_replication(scenario).saturating_mul(at_a_time as u64)
}

/// Adds to `sums`, if there are any, what the arms count in `replications`. Sums are made in the
/// order of the replications, of few at a time: what is kept of one can be large, too.
fn replications(
    scenario: &Scenario,
    arms: &[Arm],
    replications: Range<u32>,
    mut sums: Vec<Summary>,
    progress: Progress,
) -> Vec<Summary> {
    let billing = &scenario.billing;
    let at_a_time = at_a_time(scenario);
    for first in replications.clone().step_by(at_a_time) {
        let last = replications.end.min(first + at_a_time as u32);
        let answered = |requests| progress(Step::Answered(requests));
        let kept = run_and(scenario, arms, first..last, &answered, |tally| {
            Summary::of(&tally, billing.quota_per_s, billing.background_per_s)
        });
        for next in kept {
            if sums.is_empty() {
                sums = next;
            } else {
                sums.iter_mut().zip(&next).for_each(|(sum, next)| sum.add(next));
            }
        }
    }
    sums
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
        let arm = |assumptions| Arm {
            configuration: scenario.headline,
            assumptions,
            by_requester: false,
        };
        let arms = list.iter().flat_map(|it| [it.at_low, it.at_high]).map(arm).collect();
        Self { list, arms }
    }

    /// KMS calls of each arm in the first replication, whose requests all see.
    fn calls(&self, scenario: &Scenario, progress: Progress) -> Vec<u64> {
        if self.arms.is_empty() {
            return Vec::new();
        }
        let answered = |requests| progress(Step::Answered(requests));
        let calls =
            run_and(scenario, &self.arms, 0..1, &answered, |tally| tally.total_calls().total());
        calls.into_iter().flatten().collect()
    }

    /// How far each assumption moves the headline's saving, the farthest first; nothing if there is
    /// nothing to save.
    fn swings(self, scenario: &Scenario, counted: &Counted, calls: &[u64]) -> Vec<Swing> {
        let first = |configuration| counted.level(configuration, Level::Assumed).each[0];
        let against = first(scenario.reference).calls.total();
        if against == 0 {
            return Vec::new();
        }
        let saving = |calls: u64| 1.0 - calls as f64 / against as f64;
        let assumed = saving(first(scenario.headline).calls.total());
        let at_ends: Vec<f64> = calls.iter().map(|&calls| saving(calls)).collect();
        Swing::all(self.list, &at_ends, assumed)
    }
}
