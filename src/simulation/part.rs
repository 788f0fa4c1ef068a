//! What parts of a log need of the engine: tallies to put numbers into, and which arms chance has a part in.

use super::buckets::BucketsTold;
use super::worker::empty_tally;
use super::{Breakdown, SeenArm, UnderRule, requesters_of};
use crate::encryption::requester::RequesterRule;
use crate::kms::accounts::Accounts;
use crate::scenario::Scenario;
use crate::tally::Tally;

/// For each arm whether it may count something else in another replication.
pub(crate) fn drawing(scenario: &Scenario, arms: &[SeenArm]) -> Vec<bool> {
    let mut drawing = vec![false; arms.len()];
    for rule in [RequesterRule::Session, RequesterRule::Role] {
        for arm in UnderRule::of(rule, scenario, arms).drawing {
            drawing[arm] = true;
        }
    }
    drawing
}

/// The scenario with each principal's calls counted apart: whose account they are may hang on what other parts
/// of the log tell.
pub(crate) fn with_principals_apart(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.accounts = Accounts::apart(&scenario.accounts);
    scenario
}

/// A tally of a run under a rule in which nothing is counted yet, everything told apart.
pub(crate) fn blank(scenario: &Scenario, rule: RequesterRule) -> Tally {
    let requesters = requesters_of(scenario, rule).list.len();
    let buckets = BucketsTold::of(scenario);
    let tally = empty_tally(scenario, requesters, Breakdown::Requesters, &buckets);
    tally.with_traffic_of(scenario.accounts.regions.len(), scenario.domains.len())
}
