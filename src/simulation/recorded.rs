//! A log's requests, answered by every arm.
//!
//! Arms that treat the buckets alike need the same of each request, so that is found out once for all of
//! them, and which key wraps what they need once for all that agree about writing. Nothing but the part of S3's fleet that serves a request is left to chance, so an arm that
//! knows only one part counts the same in every replication.

use super::Arm;
use super::arm_keys::ArmKeys;
use super::worker::{ArmState, Worker};
use crate::encryption::assumption::{Assumptions, Partitions};
use crate::encryption::requester::Requesters;
use crate::encryption::service::{BucketScheme, CallOf, KeyNeeds, Scheme};
use crate::recording::earlier_objects::ObjectOrigin;
use crate::scenario::Scenario;
use crate::tally::Caller;
use crate::units::{SimDuration, SimTime};
use crate::workload::ages::AgeLaw;

/// Arms that need the same of every request: they treat the buckets alike.
pub(super) struct NeedGroups {
    /// For each group one of its arms.
    firsts: Vec<usize>,
    /// The group of each arm.
    of_arm: Vec<usize>,
    /// The group of the arms of each keyring.
    of_keyring: Vec<usize>,
}

impl NeedGroups {
    pub(super) fn of(schemes: &[Scheme], keys: &ArmKeys) -> Self {
        let of_keyring = vec![0; keys.keyrings.len()];
        let mut groups = Self { firsts: Vec::new(), of_arm: Vec::new(), of_keyring };
        for (arm, scheme) in schemes.iter().enumerate() {
            let known = groups.firsts.iter().position(|&first| {
                schemes[first].buckets == scheme.buckets
                    && schemes[first].populations == scheme.populations
            });
            let group = known.unwrap_or_else(|| {
                groups.firsts.push(arm);
                groups.firsts.len() - 1
            });
            groups.of_arm.push(group);
            if let Some(keyring) = keys.of_arm[arm] {
                groups.of_keyring[keyring] = group;
            }
        }
        groups
    }
}

/// What a thread needs besides to answer a log's requests.
#[derive(Default)]
pub(super) struct RecordedRoom {
    /// Group by group.
    needs: Vec<KeyNeeds>,
    /// Of each keyring the keys of what is needed.
    keys: Vec<Vec<u32>>,
    calls: Vec<CallOf>,
}

impl RecordedRoom {
    /// Makes room for another requester.
    pub(super) fn begin(&mut self, groups: &NeedGroups) {
        self.needs.resize_with(groups.firsts.len(), KeyNeeds::default);
        self.needs.iter_mut().for_each(KeyNeeds::begin);
        self.keys.resize_with(groups.of_keyring.len(), Vec::new);
    }
}

/// What answers a log's requests.
pub(super) struct RecordedAnswers<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) schemes: &'a [Scheme],
    pub(super) keys: &'a ArmKeys,
    pub(super) groups: &'a NeedGroups,
}

impl RecordedAnswers<'_> {
    /// Answers a batch of one requester's requests, all of which may need a key.
    pub(super) fn of_batch(&self, requester: usize, worker: &mut Worker) {
        let Worker { arms, batch, places, recorded, .. } = worker;
        let RecordedRoom { needs, keys, calls } = recorded;
        for (needs, &first) in needs.iter_mut().zip(&self.groups.firsts) {
            needs.find(&self.schemes[first], batch);
        }
        let keyrings = self.keys.keyrings.iter().zip(&self.groups.of_keyring);
        for ((keyring, &group), keys) in keyrings.zip(keys.iter_mut()) {
            needs[group].look_up(keyring, keys);
        }
        for (arm, (state, scheme)) in arms.iter_mut().zip(self.schemes).enumerate() {
            let ArmState { memory, alive, tally, .. } = state;
            let keys = self.keys.of_arm[arm].map(|keyring| keys[keyring].as_slice());
            memory.answer_all(scheme, &needs[self.groups.of_arm[arm]], keys, calls);
            for CallOf { request, answer } in calls.iter() {
                let place = places[*request as usize];
                let request = &batch[*request as usize];
                let principal = self.scenario.slots[request.slot as usize].principal as usize;
                let charged = self.scenario.charged(principal, request);
                tally.count(Caller { requester, principal, charged }, request, answer);
                tally.count_at(place, request, answer);
                if let Some(timeline) = answer.generated {
                    let lifetime = scheme.assumptions.generation_lifetime;
                    alive.generated(tally, timeline, request.time, lifetime);
                }
            }
        }
    }
}

/// Whether an arm makes the same calls in every replication: of a log, where it does not matter which
/// part of S3's fleet serves whom, nor when exactly what the log does not show was written.
pub(super) fn draws_nothing(scenario: &Scenario, requesters: &Requesters, arm: &Arm) -> bool {
    if scenario.recording.is_none() {
        return false;
    }
    let configuration = &scenario.configurations[arm.configuration];
    let assumptions = &arm.assumptions;
    if !configuration.uses_bucket_keys(&scenario.domains) {
        return true;
    }
    let one = Partitions { writing: 1, reading: 1 };
    let mut requesters = requesters.list.iter();
    assumptions.writing_at_most() == 1
        && requesters.all(|requester| assumptions.partitions(requester.connections) == one)
        && (0..scenario.populations.len()).all(|it| keys_are_sure(scenario, arm, it, assumptions))
}

/// Whether it is no matter of chance which keys wrap a population, if all is written in one place.
fn keys_are_sure(scenario: &Scenario, arm: &Arm, index: usize, assumptions: &Assumptions) -> bool {
    let configuration = &scenario.configurations[arm.configuration];
    let population = &scenario.populations[index];
    let domain = scenario.domain_of(population);
    let scheme = configuration.treats_population(index, domain);
    let log = scenario.recording.as_ref();
    let origin = log.and_then(|log| log.before.get(index)).map(|before| &before.origin);
    match (scheme, origin) {
        (BucketScheme::NoKms | BucketScheme::KeyPerObject, _)
        | (_, Some(ObjectOrigin::Written(_) | ObjectOrigin::WithoutKey)) => true,
        _ if configuration.migrates(index) && domain.migrates() => true,
        (BucketScheme::BucketKey { since, .. }, _) if since > SimTime::MIN => {
            since >= SimTime::ZERO
        }
        _ => {
            let one_key = assumptions.generation_lifetime == SimDuration::MAX
                || matches!(population.age, AgeLaw::Fixed(_));
            one_key && population.writers.is_empty()
        }
    }
}
