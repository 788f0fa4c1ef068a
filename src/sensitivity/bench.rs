//! What the headline saves under any number of sets of assumptions, all on the same requests.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::{Progress, Step};
use crate::encryption::assumption::{Assumptions, Level};
use crate::encryption::requester::Requesters;
use crate::scenario::estimate::ArmEstimate;
use crate::scenario::{Configuration, Scenario};
use crate::simulation::{Arm, run_and};

/// What a run may take: all of it is known before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Means {
    /// Threads that work on it.
    pub threads: usize,
    /// Bytes of memory for it at the most.
    pub bytes: u64,
}

/// Sets of assumptions that are answered in one pass over the requests, at the most. More would not
/// make the share of drawing the requests much smaller.
const AT_A_TIME: usize = 64;

/// Bytes that they may take together; a single one may take more.
const BYTES_AT_A_TIME: u64 = 1 << 30;

/// The same number, where skipping ahead gives them nothing in common and tells of no progress within.
const SKIPPED_AT_A_TIME: usize = 8;

/// A scenario whose headline is asked what it saves.
pub(super) struct Bench<'a> {
    scenario: &'a Scenario,
    means: Means,
    progress: Progress<'a>,
    requesters: Requesters,
    replications: Range<u32>,
    /// KMS calls of the reference in each replication.
    against: Vec<u64>,
    /// KMS calls of the headline in each replication, as far as they are known.
    known: HashMap<Assumptions, Vec<u64>>,
}

impl<'a> Bench<'a> {
    /// A bench of the first `replications`; `None` if the reference makes no KMS calls in one of them,
    /// so that there is nothing to save.
    pub(super) fn new(
        scenario: &'a Scenario,
        replications: u32,
        means: Means,
        progress: Progress<'a>,
    ) -> Option<Self> {
        let headline = &scenario.configurations[scenario.headline];
        let requesters = Requesters::group(headline.rule, &scenario.principals, &scenario.slots);
        let reference = scenario.configurations[scenario.reference].ranges.at(Level::Assumed);
        let mut bench = Self {
            scenario,
            means,
            progress,
            requesters,
            replications: 0..replications,
            against: Vec::new(),
            known: HashMap::new(),
        };
        let [against] = &bench.run(scenario.reference, &[reference])[..] else { return None };
        bench.against.clone_from(against);
        (!bench.against.contains(&0)).then_some(bench)
    }

    fn headline(&self) -> &Configuration {
        &self.scenario.configurations[self.scenario.headline]
    }

    /// What one replication under a set of assumptions is expected to take.
    pub(super) fn estimate(&self, assumptions: &Assumptions) -> ArmEstimate {
        let Means { threads, .. } = self.means;
        self.scenario.estimate_arm(self.headline(), &self.requesters, assumptions, threads)
    }

    /// How many sets of assumptions have been answered.
    pub(super) fn known(&self) -> usize {
        self.known.len()
    }

    /// Whether there is memory for it.
    pub(super) fn fits(&self, estimate: &ArmEstimate) -> bool {
        estimate.bytes_max <= self.means.bytes
    }

    /// What the headline saves under each set of assumptions, in each replication.
    pub(super) fn savings(&mut self, sets: &[Assumptions]) -> Vec<Vec<f64>> {
        let mut unknown: Vec<Assumptions> = Vec::new();
        let mut seen = HashSet::new();
        for set in sets.iter().filter(|set| !self.known.contains_key(set)) {
            if seen.insert(*set) {
                unknown.push(*set);
            }
        }
        let estimates: Vec<ArmEstimate> = unknown.iter().map(|set| self.estimate(set)).collect();
        let requests: f64 = estimates.iter().map(|estimate| estimate.requests).sum();
        (self.progress)(Step::Decided(requests * f64::from(self.replications.end)));
        for batch in self.batches(&estimates) {
            let of_batch = &unknown[batch.clone()];
            let calls = self.run(self.scenario.headline, of_batch);
            self.known.extend(of_batch.iter().copied().zip(calls));
            if self.skips() {
                let requests: f64 = estimates[batch].iter().map(|it| it.requests).sum();
                let all = requests * f64::from(self.replications.end);
                (self.progress)(Step::Answered(all as u64));
            }
        }
        sets.iter().map(|set| self.saving(&self.known[set])).collect()
    }

    /// The same in the first replication alone.
    pub(super) fn first_savings(&mut self, sets: &[Assumptions]) -> Vec<f64> {
        self.savings(sets).into_iter().map(|of_replications| of_replications[0]).collect()
    }

    fn saving(&self, calls: &[u64]) -> Vec<f64> {
        calls
            .iter()
            .zip(&self.against)
            .map(|(of, against)| 1.0 - *of as f64 / *against as f64)
            .collect()
    }

    fn skips(&self) -> bool {
        self.scenario.engines.name() != "events"
    }

    /// Cuts sets of assumptions into runs of neighbours that fit into memory together: neighbours have
    /// keys in common.
    fn batches(&self, estimates: &[ArmEstimate]) -> Vec<Range<usize>> {
        let at_a_time = if self.skips() { SKIPPED_AT_A_TIME } else { AT_A_TIME };
        let mut batches: Vec<Range<usize>> = Vec::new();
        let mut bytes = 0_u64;
        for (index, estimate) in estimates.iter().enumerate() {
            bytes = bytes.saturating_add(estimate.bytes_max);
            match batches.last_mut() {
                Some(batch) if batch.len() < at_a_time && bytes <= BYTES_AT_A_TIME => {
                    batch.end = index + 1;
                }
                _ => {
                    bytes = estimate.bytes_max;
                    batches.push(index..index + 1);
                }
            }
        }
        batches
    }

    /// KMS calls of a configuration under each set of assumptions, in each replication. Replications
    /// follow one another: memory is for one of them.
    fn run(&self, configuration: usize, sets: &[Assumptions]) -> Vec<Vec<u64>> {
        let arm = |&assumptions| Arm { configuration, assumptions, by_requester: false };
        let arms: Vec<Arm> = sets.iter().map(arm).collect();
        let answered = |requests: u64| {
            if !self.skips() {
                (self.progress)(Step::Answered(requests * arms.len() as u64));
            }
        };
        let mut calls = vec![Vec::new(); arms.len()];
        for replication in self.replications.clone() {
            let counted =
                run_and(self.scenario, &arms, replication..replication + 1, &answered, |tally| {
                    tally.total_calls().total()
                });
            calls.iter_mut().zip(counted.into_iter().flatten()).for_each(|(of, n)| of.push(n));
        }
        calls
    }
}
