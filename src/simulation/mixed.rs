//! Requests of all kinds, as a log has them or jobs and multipart uploads send them, answered by every arm.
//!
//! Arms that treat the buckets alike need the same of each request, so that is found out once for all of
//! them, and what costs a call whatever is in memory is counted once. Which key wraps what they need is
//! looked up once for all that agree about writing.

use super::arm::{Breakdown, SeenArm};
use super::arm_keys::ArmKeys;
use super::buckets::BucketsTold;
use super::replication::ReplicationRun;
use super::worker::{ArmState, Worker, empty_tally};
use crate::encryption::service::{CallOf, KeyNeeds, Scheme};
use crate::s3::{Request, SessionSlot};
use crate::scenario::Scenario;
use crate::tally::{Caller, Tally};

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

    /// Nothing counted yet for each group, with whatever any of its arms tells apart.
    pub(super) fn empty_tallies(
        &self,
        run: &ReplicationRun,
        arms: &[SeenArm],
        buckets: &BucketsTold,
    ) -> Vec<Tally> {
        let mut breakdowns = vec![Breakdown::None; self.firsts.len()];
        for (SeenArm { arm, .. }, &group) in arms.iter().zip(&self.of_arm) {
            breakdowns[group] = breakdowns[group].max(arm.breakdown);
        }
        breakdowns.into_iter().map(|it| empty_tally(run, it, buckets)).collect()
    }
}

/// What a thread needs besides to answer requests of all kinds.
#[derive(Default)]
pub(super) struct MixedRoom {
    /// Group by group.
    needs: Vec<KeyNeeds>,
    /// Of each keyring the keys of what is needed.
    keys: Vec<Vec<u32>>,
    calls: Vec<CallOf>,
}

impl MixedRoom {
    /// Makes room for another requester.
    pub(super) fn begin(&mut self, groups: &NeedGroups) {
        self.needs.resize_with(groups.firsts.len(), KeyNeeds::default);
        self.needs.iter_mut().for_each(KeyNeeds::begin);
        self.keys.resize_with(groups.of_keyring.len(), Vec::new);
    }
}

/// What answers a requester's requests of all kinds.
pub(super) struct MixedAnswers<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) schemes: &'a [Scheme],
    pub(super) keys: &'a ArmKeys,
    pub(super) groups: &'a NeedGroups,
    pub(super) requester: usize,
    /// The slot whose every session is a requester anew, if the rule says so.
    pub(super) session: Option<&'a SessionSlot>,
}

impl MixedAnswers<'_> {
    /// Answers a batch of the requester's requests, all of which may need a key.
    pub(super) fn of_batch(&self, worker: &mut Worker) {
        let Worker { arms, of_groups, batch, places, mixed, .. } = worker;
        let MixedRoom { needs, keys, calls } = mixed;
        let (scenario, requester) = (self.scenario, self.requester);
        let batch = CountedBatch { scenario, requester, requests: batch, places };
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
            let needs = &needs[self.groups.of_arm[arm]];
            memory.answer_all(scheme, self.session, needs, keys, calls);
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
    /// Of a log's requests: which part of which bucket each counts to.
    places: &'a [u32],
}

impl CountedBatch<'_> {
    fn count(&self, tally: &mut Tally, CallOf { request, answer }: &CallOf) {
        let place = self.places.get(*request as usize);
        let request = &self.requests[*request as usize];
        let principal = self.scenario.slots[request.slot as usize].principal as usize;
        let charged = self.scenario.charged(principal, request);
        let caller = Caller { requester: self.requester, principal, charged };
        tally.count(caller, request, answer);
        if let Some(&place) = place {
            tally.count_at(place, request, answer);
        }
    }
}
