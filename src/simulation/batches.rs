//! Requests of all kinds in order of time, a log's or drawn, answered a batch at a time by every arm.
//!
//! Arms that treat the buckets alike need the same of each request, so that is found out once for all of
//! them, and what costs a call whatever is in memory is counted once. Which key wraps what they need is
//! looked up once for all that agree about writing. Each arm then goes through columns of numbers with its
//! own state in the processor's cache.

use super::arm::{Breakdown, SeenArm};
use super::arm_keys::ArmKeys;
use super::skip_ahead::SharedMemory;
use super::worker::{ArmState, Worker};
use crate::encryption::service::{Answer, CallOf, KeyNeeds, ReadCache, Scheme};
use crate::kms::KmsCalls;
use crate::s3::{Request, SessionSlot};
use crate::scenario::Scenario;
use crate::tally::{CallSide, Caller, Cost, Tally};
use crate::units::SimTime;

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

    /// For each group whose counts any of its arms tells apart.
    pub(super) fn breakdowns(&self, arms: &[SeenArm]) -> Vec<Breakdown> {
        let mut breakdowns = vec![Breakdown::None; self.firsts.len()];
        for (SeenArm { arm, .. }, &group) in arms.iter().zip(&self.of_arm) {
            breakdowns[group] = breakdowns[group].max(arm.breakdown);
        }
        breakdowns
    }
}

/// What a thread needs besides to answer batches of requests.
#[derive(Default)]
pub(super) struct BatchRoom {
    /// Group by group.
    needs: Vec<KeyNeeds>,
    /// Of each keyring the keys of what is needed.
    keys: Vec<Vec<u32>>,
    calls: Vec<CallOf>,
    kinds: RequestKinds,
    times: Vec<SimTime>,
}

/// Which requests of a batch are counted alike.
#[derive(Default)]
struct RequestKinds {
    /// Of each kind what it costs, but for the calls.
    list: Vec<Cost>,
    /// The kind of each request.
    of_request: Vec<u32>,
}

impl RequestKinds {
    /// Finds the kinds of one requester's requests.
    fn find(&mut self, scenario: &Scenario, requester: usize, requests: &[Request]) {
        self.list.clear();
        self.of_request.clear();
        for request in requests {
            let principal = scenario.slots[request.slot as usize].principal as usize;
            let charged = scenario.charged(principal, request);
            let kind = Cost {
                caller: Caller { requester, principal, charged },
                operation: request.operation,
                bucket: request.bucket,
                calls: KmsCalls::NONE,
                by_object: false,
                side: CallSide::Own,
                generates: false,
                once: request.once,
            };
            let known = self.list.iter().position(|known| *known == kind);
            let number = known.unwrap_or_else(|| {
                self.list.push(kind);
                self.list.len() - 1
            });
            self.of_request.push(number as u32);
        }
    }

    fn of(&self, call: &CallOf) -> u32 {
        self.of_request[call.request as usize]
    }

    /// Whether two calls differ in nothing but their time.
    fn count_alike(&self, one: &CallOf, other: &CallOf) -> bool {
        let Answer { calls, by_object, of_read, generated } = one.answer;
        self.of(one) == self.of(other)
            && calls == other.answer.calls
            && by_object == other.answer.by_object
            && of_read == other.answer.of_read
            && generated.is_some() == other.answer.generated.is_some()
    }

    /// What a call costs whom.
    fn cost(&self, call: &CallOf) -> Cost {
        let Answer { calls, by_object, of_read, generated } = call.answer;
        Cost {
            calls,
            by_object: by_object > 0,
            side: if of_read > 0 { CallSide::Read } else { CallSide::Own },
            generates: generated.is_some(),
            ..self.list[self.of(call) as usize]
        }
    }
}

impl BatchRoom {
    /// Makes room for another requester.
    pub(super) fn begin(&mut self, groups: &NeedGroups) {
        self.needs.resize_with(groups.firsts.len(), KeyNeeds::default);
        self.needs.iter_mut().for_each(KeyNeeds::begin);
        self.keys.resize_with(groups.of_keyring.len(), Vec::new);
    }
}

/// What answers a requester's requests in order of time.
pub(super) struct BatchAnswers<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) schemes: &'a [Scheme],
    pub(super) keys: &'a ArmKeys,
    pub(super) groups: &'a NeedGroups,
    /// The slot whose every session is a requester anew, if the rule says so.
    pub(super) session: Option<&'a SessionSlot>,
}

impl BatchAnswers<'_> {
    /// Answers a batch of one requester's requests, all of which may need a key. `shared` is for each arm
    /// what it has in memory, if that is shared with requests that are not drawn.
    pub(super) fn of_batch(
        &self,
        requester: usize,
        worker: &mut Worker,
        shared: &mut [Option<SharedMemory>],
    ) {
        let Worker { arms, of_groups, batch, places, room, .. } = worker;
        let BatchRoom { needs, keys, calls, kinds, times } = room;
        kinds.find(self.scenario, requester, batch);
        let counting = BatchCount { kinds, places };
        let groups = self.groups.firsts.iter().zip(&self.groups.keyless);
        for ((needs, (&first, keyless)), tally) in needs.iter_mut().zip(groups).zip(of_groups) {
            needs.find(&self.schemes[first], keyless, batch);
            needs.each_time().iter().for_each(|calls| counting.count(tally, calls, times));
        }
        let keyrings = self.keys.keyrings.iter().zip(&self.groups.of_keyring);
        for ((keyring, &group), keys) in keyrings.zip(keys.iter_mut()) {
            needs[group].look_up(keyring, keys);
        }
        for (arm, (state, scheme)) in arms.iter_mut().zip(self.schemes).enumerate() {
            let ArmState { memory, alive, tally, .. } = state;
            let keys = self.keys.of_arm[arm].map(|keyring| keys[keyring].as_slice());
            let needs = &needs[self.groups.of_arm[arm]];
            let mut shared = shared.get_mut(arm).and_then(Option::as_mut);
            let cache = shared.as_deref_mut().map(|shared| shared as &mut dyn ReadCache);
            memory.answer_all(scheme, self.session, needs, keys, cache, calls);
            if let Some(shared) = shared {
                shared.count(tally);
            }
            counting.count(tally, calls, times);
            for call in calls.iter() {
                if let Some(timeline) = call.answer.generated {
                    let lifetime = scheme.assumptions.generation_lifetime;
                    alive.generated(tally, timeline, call.time, lifetime);
                }
            }
        }
    }
}

/// What counts the calls of a batch.
struct BatchCount<'a> {
    kinds: &'a RequestKinds,
    /// Of a log's requests: which part of which bucket each counts to.
    places: &'a [u32],
}

impl BatchCount<'_> {
    /// Counts calls; of one kind they come in order of time. `times` is room for those of one kind.
    fn count(&self, tally: &mut Tally, calls: &[CallOf], times: &mut Vec<SimTime>) {
        for alike in calls.chunk_by(|one, next| self.kinds.count_alike(one, next)) {
            times.clear();
            times.extend(alike.iter().map(|call| call.time));
            tally.count_all(&self.kinds.cost(&alike[0]), times);
        }
        if !self.places.is_empty() {
            for CallOf { request, time, answer } in calls {
                tally.count_at(self.places[*request as usize], *time, answer.calls);
            }
        }
    }
}
