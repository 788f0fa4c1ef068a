//! What the headline saves under any number of sets of assumptions, all on the same requests.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Progress, Step};
use crate::encryption::assumptions::{Assumptions, Expiry, Level};
use crate::encryption::requester::Requesters;
use crate::figure::saving;
use crate::scenario::{Configuration, Scenario};
use crate::simulation::engines::Engines;
use crate::simulation::estimate::ArmEstimate;
use crate::simulation::{Arm, PlannedArm, kms_calls};
use crate::units::SimDuration;

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

/// What tells sets of assumptions apart, in an order.
type Key = (SimDuration, SimDuration, Expiry, u32, [Option<u32>; 2], u32);

fn key(assumptions: &Assumptions) -> Key {
    let Assumptions {
        generation_lifetime,
        cache_lifetime,
        expiry,
        cache_hosts,
        write_partitions,
        read_partitions,
        verify_on_write,
        // The same in all: it has no range.
        migration_rate: _,
    } = *assumptions;
    let partitions = [write_partitions, read_partitions];
    (generation_lifetime, cache_lifetime, expiry, cache_hosts, partitions, verify_on_write)
}

/// A scenario whose headline is asked what it saves.
pub(super) struct Bench<'a> {
    scenario: &'a Scenario,
    engines: Engines,
    means: Means,
    progress: Progress<'a>,
    requesters: Requesters,
    replications: Range<u32>,
    /// KMS calls of the reference in each replication.
    against: Vec<u64>,
    /// KMS calls of the headline in each replication, as far as they are known.
    known: BTreeMap<Key, Vec<u64>>,
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
            engines: Engines::of(scenario),
            means,
            progress,
            requesters,
            replications: 0..replications,
            against: Vec::new(),
            known: BTreeMap::new(),
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
        let arm = PlannedArm {
            scenario: self.scenario,
            configuration: self.headline(),
            requesters: &self.requesters,
            assumptions,
        };
        ArmEstimate::of(&arm, &self.engines, threads)
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
        let mut seen = BTreeSet::new();
        for set in sets.iter().filter(|set| !self.known.contains_key(&key(set))) {
            if seen.insert(key(set)) {
                unknown.push(*set);
            }
        }
        let estimates: Vec<ArmEstimate> = unknown.iter().map(|set| self.estimate(set)).collect();
        let requests: f64 = estimates.iter().map(|estimate| estimate.requests).sum();
        (self.progress)(Step::Decided(requests * f64::from(self.replications.end)));
        for batch in self.batches(&estimates) {
            let of_batch = &unknown[batch.clone()];
            let calls = self.run(self.scenario.headline, of_batch);
            self.known.extend(of_batch.iter().map(key).zip(calls));
            if self.skips() {
                let requests: f64 = estimates[batch].iter().map(|it| it.requests).sum();
                let all = requests * f64::from(self.replications.end);
                (self.progress)(Step::Answered(all as u64));
            }
        }
        sets.iter().map(|set| self.saving(&self.known[&key(set)])).collect()
    }

    /// The same in the first replication alone.
    pub(super) fn first_savings(&mut self, sets: &[Assumptions]) -> Vec<f64> {
        self.savings(sets).into_iter().map(|of_replications| of_replications[0]).collect()
    }

    fn saving(&self, calls: &[u64]) -> Vec<f64> {
        let calls = calls.iter().zip(&self.against);
        let savings = calls.map(|(&own, &baseline)| saving(own as f64, baseline as f64));
        savings.map(|saving| saving.expect("the baseline makes calls")).collect()
    }

    fn skips(&self) -> bool {
        self.engines.name() != "events"
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
        let arms: Vec<Arm> =
            sets.iter().map(|&assumptions| Arm::of_totals(configuration, assumptions)).collect();
        let answered = |requests: u64| {
            if !self.skips() {
                (self.progress)(Step::Answered(requests * arms.len() as u64));
            }
        };
        let mut calls = vec![Vec::new(); arms.len()];
        for replication in self.replications.clone() {
            let one = replication..replication + 1;
            let counted = kms_calls(self.scenario, &self.engines, &arms, one, &answered);
            calls.iter_mut().zip(counted).for_each(|(of, n)| of.extend(n));
        }
        calls
    }
}
