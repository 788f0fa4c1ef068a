//! Runs a scenario's requests through its configurations: two passes.
//!
//! Before them the objects that may be read are drawn, once for all configurations ([`objects`]).
//!
//! 1. *Writes*: each requester's writes yield its timeline of bucket-level keys, so it is known
//!    which key wraps which object (`keys`).
//! 2. *Answers*: each requester's requests are answered against all timelines, by every
//!    configuration at once, so all see the same requests (common random numbers; `answers`).
//!
//! Requesters are independent once it is known who wrote what: no global event queue and no lock.
//! rayon runs them, and replications, in parallel; tallies are whole numbers that merge, so every
//! output has the same bytes on any number of threads.

mod answers;
mod arm;
mod arm_keys;
mod batches;
mod buckets;
mod columns;
pub mod engines;
pub mod estimate;
pub mod events;
mod keys;
pub mod names;
pub mod objects;
pub(crate) mod part;
mod recorded;
mod replication;
mod skip_ahead;
pub mod stream;
mod worker;

use std::ops::Range;

use rayon::prelude::*;

use crate::encryption::requester::{RequesterRule, Requesters};
use crate::scenario::Scenario;
use crate::tally::Tally;

pub use arm::{Arm, Breakdown};
pub(crate) use arm::{PlannedArm, SeenArm};
use engines::Engines;
use replication::ReplicationRun;

/// Is told how many requests more have been answered; called from any thread.
pub type RequestProgress<'a> = &'a (dyn Fn(u64) + Sync);

/// What one replication counted: a tally for each arm, in the order of the arms.
pub type Replication = Vec<Tally>;

/// Runs `replications` of the scenario for all `arms`.
///
/// The result depends on nothing but the arguments: the same bytes on any number of threads.
#[must_use]
pub fn run(
    scenario: &Scenario,
    arms: &[Arm],
    replications: Range<u32>,
    progress: RequestProgress,
) -> Vec<Replication> {
    run_and(scenario, &Engines::of(scenario), arms, replications, progress, |tally| tally)
}

/// Runs `replications` of the scenario for all `arms`, and keeps how many KMS calls each makes: for each
/// arm, replication by replication.
#[must_use]
pub fn kms_calls(
    scenario: &Scenario,
    engines: &Engines,
    arms: &[Arm],
    replications: Range<u32>,
    progress: RequestProgress,
) -> Vec<Vec<u64>> {
    let counted = run_and(scenario, engines, arms, replications, progress, |tally| {
        tally.total_calls().total()
    });
    (0..arms.len()).map(|arm| counted.iter().map(|of_arms| of_arms[arm]).collect()).collect()
}

/// As [`run`], but keeps of each tally only what `keep` makes of it: tallies by the second are
/// large.
///
/// Replications, and in each the arms of each reading of "requester", are runs by themselves; all
/// of them may be under way together.
pub fn run_and<T: Clone + Send>(
    scenario: &Scenario,
    engines: &Engines,
    arms: &[Arm],
    replications: Range<u32>,
    progress: RequestProgress,
    keep: impl Fn(Tally) -> T + Sync,
) -> Vec<Vec<T>> {
    let arms = arms.iter().map(|arm| SeenArm { arm, scenario, once: false });
    run_seen(scenario, engines, &arms.collect::<Vec<_>>(), replications, progress, keep)
}

/// As [`run_and`], of arms that may each see the scenario in another way. An arm that is wanted once, or of a
/// log and no matter of chance, is run in the first replication alone, which then stands for the others.
pub(crate) fn run_seen<T: Clone + Send>(
    scenario: &Scenario,
    engines: &Engines,
    arms: &[SeenArm],
    replications: Range<u32>,
    progress: RequestProgress,
    keep: impl Fn(Tally) -> T + Sync,
) -> Vec<Vec<T>> {
    let rules = [RequesterRule::Session, RequesterRule::Role]
        .map(|rule| UnderRule::of(rule, scenario, arms));
    let first = replications.start;
    let buckets = &buckets::BucketsTold::of(scenario);
    let counted: Vec<Vec<Option<T>>> = replications
        .into_par_iter()
        // Each may be taken over by a thread that has nothing to do.
        .with_max_len(1)
        .map(|replication| {
            let kept = &objects::keep(scenario, replication);
            let under_rule = |rule: &UnderRule| {
                let requesters = &rule.requesters;
                let run =
                    ReplicationRun { scenario, engines, requesters, kept, replication, progress };
                let numbers = if replication == first { &rule.arms } else { &rule.drawing };
                if numbers.is_empty() {
                    if !rule.arms.is_empty() {
                        progress(scenario.recorded_requests() as u64);
                    }
                    return Vec::new();
                }
                let of_rule: Vec<SeenArm> = numbers.iter().map(|&arm| arms[arm]).collect();
                let tallies = answers::count(&run, &of_rule, buckets).into_iter().map(&keep);
                numbers.iter().copied().zip(tallies).collect::<Vec<(usize, T)>>()
            };
            let mut counted: Vec<Option<T>> = arms.iter().map(|_| None).collect();
            let rules = rules.par_iter().with_max_len(1);
            let of_rules: Vec<(usize, T)> = rules.flat_map_iter(under_rule).collect();
            for (arm, kept) in of_rules {
                counted[arm] = Some(kept);
            }
            counted
        })
        .collect();
    in_every_replication(counted)
}

/// Takes what an arm has counted in the first replication for those in which it was not run.
fn in_every_replication<T: Clone>(mut counted: Vec<Vec<Option<T>>>) -> Vec<Vec<T>> {
    if let Some((first, others)) = counted.split_first_mut() {
        for other in others {
            for (kept, first) in other.iter_mut().zip(first.iter()) {
                if kept.is_none() {
                    kept.clone_from(first);
                }
            }
        }
    }
    counted.into_iter().map(|arms| arms.into_iter().flatten().collect()).collect()
}

/// Who is who under a rule, and on how many connections: of a log, those of the sessions that use a bucket.
#[must_use]
pub(crate) fn requesters_of(scenario: &Scenario, rule: RequesterRule) -> Requesters {
    let grouped = Requesters::group(rule, &scenario.principals, &scenario.slots);
    match &scenario.recording {
        Some(log) if !log.buckets_of_slot.is_empty() => {
            let numbers: Vec<u32> = scenario.domains.iter().map(|domain| domain.bucket).collect();
            grouped.in_buckets(&scenario.slots, &log.buckets_of_slot, &numbers)
        }
        _ => grouped,
    }
}

/// The requesters under one reading of the word, and the arms that read it so.
struct UnderRule {
    requesters: Requesters,
    arms: Vec<usize>,
    /// Those of them that chance has a part in.
    drawing: Vec<usize>,
}

impl UnderRule {
    fn of(rule: RequesterRule, scenario: &Scenario, arms: &[SeenArm]) -> Self {
        let requesters = requesters_of(scenario, rule);
        let rules = arms.iter().map(|arm| arm.configuration().rule);
        let arms_under: Vec<usize> =
            rules.enumerate().filter(|(_, it)| *it == rule).map(|(arm, _)| arm).collect();
        let mut drawing = arms_under.clone();
        drawing.retain(|&arm| !arms[arm].once && !recorded::draws_nothing(&requesters, &arms[arm]));
        Self { requesters, arms: arms_under, drawing }
    }
}
