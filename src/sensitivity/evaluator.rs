//! What the headline saves under any number of sets of assumptions, all on the same requests.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::{Work, WorkProgress};
use crate::encryption::assumption::{Assumptions, Level};
use crate::encryption::requester::Requesters;
use crate::error::{Error, Result};
use crate::figure::saving;
use crate::scenario::{Configuration, Scenario};
use crate::simulation::engines::Engines;
use crate::simulation::estimate::ArmEstimate;
use crate::simulation::{Arm, PlannedArm, kms_calls};
use crate::units::SimDuration;

/// What a run may take: all of it is known before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
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

/// The same number, where skipping ahead gives them nothing in common and reports no progress within.
const SKIPPED_AT_A_TIME: usize = 8;

/// Evaluates the headline's saving; each set of assumptions is answered once.
pub(super) struct Evaluator<'a> {
    scenario: &'a Scenario,
    engines: Engines,
    budget: Budget,
    progress: WorkProgress<'a>,
    requesters: Requesters,
    replications: Range<u32>,
    /// KMS calls of the reference in each replication.
    reference: Vec<u64>,
    /// Whether the reference depends on the assumptions, and has the headline's.
    varies_reference: bool,
    /// KMS calls of the headline in each replication, as far as they are known, and of the reference where it
    /// varies.
    known: HashMap<Assumptions, CallsUnderSet>,
}

/// KMS calls in each replication under a set of assumptions.
struct CallsUnderSet {
    headline: Vec<u64>,
    reference: Option<Vec<u64>>,
}

impl<'a> Evaluator<'a> {
    /// One of the first `replications`, which knows some sets of assumptions: they are answered in the pass that
    /// counts the reference's calls.
    pub(super) fn new(
        scenario: &'a Scenario,
        replications: u32,
        sets: &[Assumptions],
        budget: Budget,
        progress: WorkProgress<'a>,
    ) -> Self {
        let [headline, reference] =
            [scenario.headline, scenario.reference].map(|number| &scenario.configurations[number]);
        let depends = reference.uses_bucket_keys(&scenario.domains);
        let mut evaluator = Self {
            varies_reference: depends && reference.ranges == headline.ranges,
            scenario,
            engines: Engines::of(scenario),
            budget,
            progress,
            requesters: Requesters::group(headline.rule, &scenario.principals, &scenario.slots),
            replications: 0..replications,
            reference: Vec::new(),
            known: HashMap::new(),
        };
        evaluator.answer(sets);
        evaluator
    }

    /// In how many replications the reference makes no KMS requests.
    pub(super) fn idle_replications(&self) -> usize {
        self.reference.iter().filter(|calls| **calls == 0).count()
    }

    /// Whether there is something to save in every replication.
    ///
    /// # Errors
    /// If the reference makes no KMS requests in one, so that no share of them is saved.
    pub(super) fn check(&self) -> Result<()> {
        let (idle, all) = (self.idle_replications(), self.reference.len());
        let reference = &self.scenario.configurations[self.scenario.reference].name;
        if idle == 0 {
            return Ok(());
        }
        if idle == all {
            return Err(Error::run(format!(
                "`{reference}` makes no KMS requests in this traffic, so there is nothing to save"
            )));
        }
        let longer = SimDuration::from_secs_f64(self.scenario.duration().as_secs_f64() * 10.0);
        Err(Error::run(format!(
            "`{reference}` makes no KMS requests in {idle} of {all} replications, so no share of them is saved there"
        ))
        .hint(format!("simulate longer, e.g., `--set \"duration={longer}\"`")))
    }

    fn headline(&self) -> &Configuration {
        &self.scenario.configurations[self.scenario.headline]
    }

    /// What one replication under a set of assumptions is expected to take.
    pub(super) fn estimate(&self, assumptions: &Assumptions) -> ArmEstimate {
        let Budget { threads, .. } = self.budget;
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
        estimate.bytes_max <= self.budget.bytes
    }

    /// What the headline saves under each set of assumptions, in each replication.
    pub(super) fn savings(&mut self, sets: &[Assumptions]) -> Vec<Vec<f64>> {
        self.answer(sets);
        sets.iter().map(|set| self.saving(&self.known[set])).collect()
    }

    /// Answers those of some sets that are not known yet.
    fn answer(&mut self, sets: &[Assumptions]) {
        let unknown = self.unknown(sets);
        let estimates: Vec<ArmEstimate> = unknown.iter().map(|set| self.estimate(set)).collect();
        (self.progress)(Work::Decided(self.requests(&estimates)));
        let mut batches = self.batches(&estimates);
        if batches.is_empty() && self.reference.is_empty() {
            batches.push(0..0);
        }
        for batch in batches {
            self.answer_batch(&unknown[batch.clone()], &estimates[batch]);
        }
    }

    /// Answers some sets in one pass, in which the reference's calls are counted, too, if they are not known.
    fn answer_batch(&mut self, sets: &[Assumptions], estimates: &[ArmEstimate]) {
        let baseline = self.reference.is_empty().then(|| {
            let baseline = self.scenario.reference;
            let assumed = self.scenario.configurations[baseline].ranges.at(Level::Assumed);
            Arm::of_figures(baseline, assumed)
        });
        let of_sets = sets.iter().flat_map(|&set| self.arms_of(set));
        let arms: Vec<Arm> = baseline.into_iter().chain(of_sets).collect();
        let mut calls = self.run(&arms).into_iter();
        if self.reference.is_empty() {
            self.reference = calls.next().expect("the first arm is the baseline's");
        }
        for &set in sets {
            let headline = calls.next().expect("each set has an arm");
            let reference = self.varies_reference.then(|| calls.next()).flatten();
            self.known.insert(set, CallsUnderSet { headline, reference });
        }
        if self.skips() {
            (self.progress)(Work::Answered(self.requests(estimates) as u64));
        }
    }

    /// The headline under a set of assumptions, and the reference where it varies.
    fn arms_of(&self, set: Assumptions) -> impl Iterator<Item = Arm> {
        let Scenario { headline, reference, .. } = *self.scenario;
        let reference = self.varies_reference.then(|| Arm::of_figures(reference, set));
        std::iter::once(Arm::of_figures(headline, set)).chain(reference)
    }

    /// Those of some sets that are not known yet, each once.
    fn unknown(&self, sets: &[Assumptions]) -> Vec<Assumptions> {
        let mut seen = HashSet::new();
        let unknown = sets.iter().filter(|set| !self.known.contains_key(set) && seen.insert(**set));
        unknown.copied().collect()
    }

    /// The same in the first replication alone.
    pub(super) fn first_savings(&mut self, sets: &[Assumptions]) -> Vec<f64> {
        self.savings(sets).into_iter().map(|of_replications| of_replications[0]).collect()
    }

    fn saving(&self, calls: &CallsUnderSet) -> Vec<f64> {
        let reference = calls.reference.as_ref().unwrap_or(&self.reference);
        let pairs = calls.headline.iter().zip(reference);
        let savings = pairs.map(|(&own, &baseline)| saving(own as f64, baseline as f64));
        savings.map(|saving| saving.expect("the baseline makes calls")).collect()
    }

    /// Requests in all replications.
    fn requests(&self, estimates: &[ArmEstimate]) -> f64 {
        let once: f64 = estimates.iter().map(|estimate| estimate.requests).sum();
        once * f64::from(self.replications.end)
    }

    fn skips(&self) -> bool {
        self.engines.skips_any()
    }

    /// Cuts sets of assumptions into runs of neighbours that fit into memory together: neighbours have
    /// keys in common.
    fn batches(&self, estimates: &[ArmEstimate]) -> Vec<Range<usize>> {
        let at_a_time = if self.skips() { SKIPPED_AT_A_TIME } else { AT_A_TIME };
        let mut batches: Vec<Range<usize>> = Vec::new();
        let mut bytes = 0_u64;
        for (index, estimate) in estimates.iter().enumerate() {
            let own_bytes = estimate.bytes_max.saturating_mul(1 + u64::from(self.varies_reference));
            bytes = bytes.saturating_add(own_bytes);
            match batches.last_mut() {
                Some(batch) if batch.len() < at_a_time && bytes <= BYTES_AT_A_TIME => {
                    batch.end = index + 1;
                }
                _ => {
                    bytes = own_bytes;
                    batches.push(index..index + 1);
                }
            }
        }
        batches
    }

    /// KMS calls of each arm in each replication. Replications follow one another: memory is for one of them.
    fn run(&self, arms: &[Arm]) -> Vec<Vec<u64>> {
        let mut calls = vec![Vec::new(); arms.len()];
        for replication in self.replications.clone() {
            let one = replication..replication + 1;
            let counted = kms_calls(self.scenario, &self.engines, arms, one, &|requests| {
                self.report_drawn(requests, arms.len());
            });
            calls.iter_mut().zip(counted).for_each(|(of, n)| of.extend(n));
        }
        calls
    }

    fn report_drawn(&self, requests: u64, arms: usize) {
        if !self.skips() {
            (self.progress)(Work::Answered(requests * arms as u64));
        }
    }
}
