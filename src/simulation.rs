//! Runs a scenario's requests through its configurations: two passes.
//!
//! Before them the objects that may be read are drawn, once for all configurations ([`objects`]).
//!
//! 1. *Writes*: each requester's writes yield its timeline of bucket-level keys, so it is known
//!    which key wraps which object (`worlds`).
//! 2. *Answers*: each requester's requests are answered against all timelines, by every
//!    configuration at once, so all see the same requests (common random numbers).
//!
//! Requesters are independent once it is known who wrote what: no global event queue and no lock.
//! rayon runs them, and replications, in parallel; tallies are whole numbers that merge, so every
//! output has the same bytes on any number of threads.

mod answers;
mod arm;
pub mod engines;
pub mod estimate;
pub mod events;
mod lanes;
pub mod names;
pub mod objects;
mod skip_ahead;
pub mod stream;
mod worlds;

use std::ops::Range;

use rayon::prelude::*;

use crate::encryption::requester::{RequesterRule, Requesters};
use crate::scenario::Scenario;
use crate::tally::Tally;
use crate::workload::written::KeptObjects;

pub use arm::{Arm, PlannedArm};
use engines::Engines;

/// Is told how many requests more have been answered; called from any thread.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

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
    progress: Progress,
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
    progress: Progress,
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
pub fn run_and<T: Send>(
    scenario: &Scenario,
    engines: &Engines,
    arms: &[Arm],
    replications: Range<u32>,
    progress: Progress,
    keep: impl Fn(Tally) -> T + Sync,
) -> Vec<Vec<T>> {
    let rules: Vec<(RequesterRule, Vec<usize>)> = [RequesterRule::Session, RequesterRule::Role]
        .into_iter()
        .map(|rule| (rule, arms_under(rule, scenario, arms)))
        .filter(|(_, of_rule)| !of_rule.is_empty())
        .collect();
    replications
        .into_par_iter()
        // Each may be taken over by a thread that has nothing to do.
        .with_max_len(1)
        .map(|replication| {
            let kept = objects::keep(scenario, replication);
            let run = |(rule, of_rule): &(RequesterRule, Vec<usize>)| {
                let requesters = Requesters::group(*rule, &scenario.principals, &scenario.slots);
                let components = skip_ahead::components(scenario, engines, &kept);
                let party = Party {
                    scenario,
                    engines,
                    requesters: &requesters,
                    components: &components,
                    kept: &kept,
                    replication,
                    progress,
                };
                let arms: Vec<&Arm> = of_rule.iter().map(|&arm| &arms[arm]).collect();
                let tallies = party.answer(&arms).into_iter().map(&keep);
                of_rule.iter().copied().zip(tallies).collect::<Vec<(usize, T)>>()
            };
            let mut counted: Vec<(usize, T)> =
                rules.par_iter().with_max_len(1).flat_map_iter(run).collect();
            counted.sort_by_key(|(arm, _)| *arm);
            counted.into_iter().map(|(_, kept)| kept).collect()
        })
        .collect()
}

/// The arms to run under a rule. Without bucket keys the rule changes nothing but who is listed.
fn arms_under(rule: RequesterRule, scenario: &Scenario, arms: &[Arm]) -> Vec<usize> {
    let rule_of = |arm: &Arm| scenario.configurations[arm.configuration].rule;
    (0..arms.len()).filter(|&arm| rule_of(&arms[arm]) == rule).collect()
}

/// One replication's requesters under one rule.
#[derive(Clone, Copy)]
struct Party<'a> {
    scenario: &'a Scenario,
    engines: &'a Engines,
    requesters: &'a Requesters,
    /// What is run without drawing its requests.
    components: &'a [skip_ahead::Component<'a>],
    /// The objects that are kept one by one.
    kept: &'a KeptObjects,
    replication: u32,
    progress: Progress<'a>,
}
