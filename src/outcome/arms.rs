//! Which arms a scenario needs, and their counts.

use super::Swing;
use super::summary::Summary;
use crate::encryption::assumptions::{Assumptions, Level};
use crate::scenario::Scenario;
use crate::simulation::{Arm, Progress, run_and};

/// The arms of one configuration.
struct ArmsOf {
    levels: [usize; 3],
    /// Floor and ceiling, if it uses bucket keys.
    bounds: Option<(usize, usize)>,
}

/// The counts of every configuration at every level.
pub(super) struct Counted {
    summaries: Vec<Summary>,
    arms_of: Vec<ArmsOf>,
}

impl Counted {
    /// A configuration's counts at a level.
    pub(super) fn level(&self, configuration: usize, level: Level) -> &Summary {
        &self.summaries[self.arms_of[configuration].levels[level as usize]]
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

/// Runs every configuration at every level that makes a difference, at its floor and its ceiling.
pub(super) fn run(scenario: &Scenario, progress: Progress) -> Counted {
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
        if configuration.uses_bucket_keys(&scenario.buckets) {
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
    let replications = run_and(scenario, &arms, 0..scenario.replications, progress, |tallies| {
        summarize(scenario, &tallies)
    });
    let summaries = replications
        .into_iter()
        .reduce(|mut sums, next| {
            sums.iter_mut().zip(&next).for_each(|(sum, next)| sum.add(next));
            sums
        })
        .expect("a scenario has a replication");
    Counted { summaries, arms_of }
}

fn summarize(scenario: &Scenario, tallies: &[crate::tally::Tally]) -> Vec<Summary> {
    let billing = &scenario.billing;
    tallies
        .iter()
        .map(|tally| Summary::of(tally, billing.quota_per_s, billing.background_per_s))
        .collect()
}

/// How far each assumption moves the headline's saving when it alone goes through its range: in
/// the first replication, whose requests all see.
pub(super) fn swings(scenario: &Scenario, counted: &Counted, progress: Progress) -> Vec<Swing> {
    let configuration = &scenario.configurations[scenario.headline];
    let against = counted.level(scenario.reference, Level::Assumed).calls_of_replication[0];
    if !configuration.uses_bucket_keys(&scenario.buckets) || against == 0 {
        return Vec::new();
    }
    let variations = configuration.ranges.one_at_a_time();
    let arms: Vec<Arm> = variations
        .iter()
        .flat_map(|variation| [variation.at_low, variation.at_high])
        .map(|assumptions| Arm {
            configuration: scenario.headline,
            assumptions,
            by_requester: false,
        })
        .collect();
    if arms.is_empty() {
        return Vec::new();
    }
    let calls = run_and(scenario, &arms, 0..1, progress, |tallies| {
        tallies.iter().map(|tally| tally.total_calls().total()).collect::<Vec<_>>()
    });
    let savings: Vec<f64> =
        calls[0].iter().map(|&calls| 1.0 - calls as f64 / against as f64).collect();
    let mut swings: Vec<Swing> = variations
        .into_iter()
        .zip(savings.chunks_exact(2))
        .map(|(variation, savings)| Swing {
            assumption: variation.assumption,
            low: (variation.low, savings[0]),
            high: (variation.high, savings[1]),
        })
        .collect();
    swings.sort_by(|a, b| b.width().total_cmp(&a.width()));
    swings
}
