//! A log's requests, answered by every arm.
//!
//! Arms that treat the buckets alike need the same of each request, so that is found out once for all of
//! them, and what costs a call whatever is in memory is counted once. Which key wraps what they need is
//! looked up once for all that agree about writing. Nothing but the part of S3's fleet that serves a
//! request is left to chance, so an arm that knows only one part counts the same in every replication.

use super::arm::{Arm, SeenArm};
use super::arm_keys::ArmKeys;
use super::worker::{ArmState, Worker};
use crate::encryption::assumption::{Assumptions, Partitions};
use crate::encryption::requester::Requesters;
use crate::encryption::service::{BucketScheme, CallOf, KeyNeeds, Scheme};
use crate::recording::earlier_objects::ObjectOrigin;
use crate::s3::Request;
use crate::scenario::Scenario;
use crate::tally::{Caller, Tally};
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
    /// For each group which populations have no bucket-level key for any of its arms.
    keyless: Vec<Vec<bool>>,
}

impl NeedGroups {
    pub(super) fn of(schemes: &[Scheme], keys: &ArmKeys) -> Self {
        let mut groups = Self {
            firsts: Vec::new(),
            of_arm: Vec::new(),
            of_keyring: vec![0; keys.keyrings.len()],
            keyless: Vec::new(),
        };
        for (arm, scheme) in schemes.iter().enumerate() {
            let known = groups.firsts.iter().position(|&first| {
                schemes[first].buckets == scheme.buckets
                    && schemes[first].populations == scheme.populations
            });
            let group = known.unwrap_or_else(|| {
                groups.firsts.push(arm);
                groups.keyless.push(vec![true; scheme.populations.len()]);
                groups.firsts.len() - 1
            });
            groups.of_arm.push(group);
            if let Some(keyring) = keys.of_arm[arm] {
                groups.of_keyring[keyring] = group;
                let keyless = groups.keyless[group].iter_mut().enumerate();
                keyless.for_each(|(population, keyless)| {
                    *keyless &= !keys.keyrings[keyring].wraps_population(population);
                });
            }
        }
        groups
    }

    /// The group of an arm.
    pub(super) fn of_arm(&self, arm: usize) -> usize {
        self.of_arm[arm]
    }

    /// For each group whether any of its arms counts requesters one by one.
    pub(super) fn by_requester(&self, arms: &[SeenArm]) -> Vec<bool> {
        let mut by_requester = vec![false; self.firsts.len()];
        for (SeenArm { arm, .. }, &group) in arms.iter().zip(&self.of_arm) {
            by_requester[group] |= arm.by_requester;
        }
        by_requester
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
        let Worker { arms, of_groups, batch, places, recorded, .. } = worker;
        let RecordedRoom { needs, keys, calls } = recorded;
        let batch = CountedBatch { scenario: self.scenario, requester, requests: batch, places };
        let groups = self.groups.firsts.iter().zip(&self.groups.keyless);
        for ((needs, (&first, keyless)), tally) in needs.iter_mut().zip(groups).zip(of_groups) {
            needs.find(&self.schemes[first], keyless, batch.requests);
            needs.each_time().iter().for_each(|call| batch.count(tally, call));
        }
        let keyrings = self.keys.keyrings.iter().zip(&self.groups.of_keyring);
        for ((keyring, &group), keys) in keyrings.zip(keys.iter_mut()) {
            needs[group].look_up(keyring, keys);
        }
        for (arm, (state, scheme)) in arms.iter_mut().zip(self.schemes).enumerate() {
            let ArmState { memory, alive, tally, .. } = state;
            let keys = self.keys.of_arm[arm].map(|keyring| keys[keyring].as_slice());
            memory.answer_all(scheme, &needs[self.groups.of_arm[arm]], keys, calls);
            for call in calls.iter() {
                batch.count(tally, call);
                if let Some(timeline) = call.answer.generated {
                    let time = batch.requests[call.request as usize].time;
                    let lifetime = scheme.assumptions.generation_lifetime;
                    alive.generated(tally, timeline, time, lifetime);
                }
            }
        }
    }
}

/// Some of a requester's requests, whose calls are counted.
struct CountedBatch<'a> {
    scenario: &'a Scenario,
    requester: usize,
    requests: &'a [Request],
    /// Which part of which bucket each counts to.
    places: &'a [u32],
}

impl CountedBatch<'_> {
    fn count(&self, tally: &mut Tally, CallOf { request, answer }: &CallOf) {
        let place = self.places[*request as usize];
        let request = &self.requests[*request as usize];
        let principal = self.scenario.slots[request.slot as usize].principal as usize;
        let charged = self.scenario.charged(principal, request);
        let caller = Caller { requester: self.requester, principal, charged };
        tally.count(caller, request, answer);
        tally.count_at(place, request, answer);
    }
}

/// Whether an arm makes the same calls in every replication: of a log, where it does not matter which
/// part of S3's fleet serves whom, nor when exactly what the log does not show was written.
pub(super) fn draws_nothing(requesters: &Requesters, seen: &SeenArm) -> bool {
    let SeenArm { arm, scenario, .. } = *seen;
    if scenario.recording.is_none() {
        return false;
    }
    let configuration = seen.configuration();
    let assumptions = &arm.assumptions;
    if !configuration.uses_bucket_keys(&scenario.domains) {
        return true;
    }
    let one = Partitions { writing: 1, reading: 1 };
    let mut requesters = requesters.list.iter();
    assumptions.writing_at_most() == 1
        && requesters.all(|requester| assumptions.partitions(requester.connections) == one)
        && (keys_are_no_matter(assumptions)
            || (0..scenario.populations.len()).all(|it| keys_are_sure(seen, it)))
}

/// Whether which key wraps what decides nothing, as none is ever found in memory.
fn keys_are_no_matter(assumptions: &Assumptions) -> bool {
    assumptions.cache_lifetime == SimDuration::ZERO
}

/// Whether it is no matter of chance which keys wrap a population, if all is written in one place.
fn keys_are_sure(seen: &SeenArm, index: usize) -> bool {
    let SeenArm { arm: Arm { assumptions, .. }, scenario, .. } = *seen;
    let configuration = seen.configuration();
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
