//! Runs a scenario's requests through its configurations: two passes.
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
pub mod export;
pub mod stream;
mod worlds;

use rayon::prelude::*;

use crate::encryption::assumptions::Assumptions;
use crate::encryption::requester::{RequesterRule, Requesters};
use crate::scenario::Scenario;
use crate::tally::Tally;

/// Bytes of tallies beyond which replications run one after the other.
const LARGE_TALLIES: usize = 1 << 30;

/// One configuration under one set of assumptions.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Index of the configuration.
    pub configuration: usize,
    /// What AWS does not publish.
    pub assumptions: Assumptions,
    /// Whether requesters are counted one by one.
    pub by_requester: bool,
}

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
    replications: std::ops::Range<u32>,
    progress: Progress,
) -> Vec<Replication> {
    run_and(scenario, arms, replications, progress, |replication| replication)
}

/// As [`run`], but keeps of each replication only what `keep` makes of it: tallies by the second
/// are large.
pub fn run_and<T: Send>(
    scenario: &Scenario,
    arms: &[Arm],
    replications: std::ops::Range<u32>,
    progress: Progress,
    keep: impl Fn(Replication) -> T + Sync,
) -> Vec<T> {
    let run = |replication| keep(run_replication(scenario, arms, replication, progress));
    // Each replication under way holds tallies by the second; where they are large, requesters alone
    // run in parallel.
    let tallies = arms.len() * scenario.window().seconds() * size_of::<u64>();
    if tallies * rayon::current_num_threads() > LARGE_TALLIES {
        replications.map(run).collect()
    } else {
        replications.into_par_iter().map(run).collect()
    }
}

fn run_replication(
    scenario: &Scenario,
    arms: &[Arm],
    replication: u32,
    progress: Progress,
) -> Replication {
    let mut tallies: Vec<Option<Tally>> = arms.iter().map(|_| None).collect();
    for rule in [RequesterRule::Session, RequesterRule::Role] {
        let of_rule: Vec<usize> =
            (0..arms.len()).filter(|&arm| rule_of(scenario, &arms[arm]) == rule).collect();
        if of_rule.is_empty() {
            continue;
        }
        let requesters = Requesters::group(rule, &scenario.principals, &scenario.slots);
        let party = Party { scenario, requesters: &requesters, replication, progress };
        let counted = party.answer(&of_rule.iter().map(|&arm| &arms[arm]).collect::<Vec<_>>());
        for (arm, tally) in of_rule.into_iter().zip(counted) {
            tallies[arm] = Some(tally);
        }
    }
    tallies.into_iter().map(|tally| tally.expect("every arm has a rule")).collect()
}

/// Under which rule an arm is run. Without bucket keys the rule changes nothing but who is listed.
fn rule_of(scenario: &Scenario, arm: &Arm) -> RequesterRule {
    scenario.configurations[arm.configuration].rule
}

/// One replication's requesters under one rule.
#[derive(Clone, Copy)]
struct Party<'a> {
    scenario: &'a Scenario,
    requesters: &'a Requesters,
    replication: u32,
    progress: Progress<'a>,
}
