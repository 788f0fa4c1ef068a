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
use crate::s3::{Connections, Request, SessionSlot};
use crate::scenario::Scenario;
use crate::tally::{CallSide, Caller, Cost, Tally, Window};
use crate::units::{SimDuration, SimTime};

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
    /// Of each kind how many requests of one action come in a second at most; `None` if there is no bound.
    in_a_second: Vec<Option<usize>>,
}

impl RequestKinds {
    /// Finds the kinds of one requester's requests.
    fn find(&mut self, scenario: &Scenario, requester: usize, requests: &[Request]) {
        self.list.clear();
        self.of_request.clear();
        self.in_a_second.clear();
        for request in requests {
            let principal = scenario.slots[request.slot as usize].principal as usize;
            let charged = scenario.charged(principal, request);
            let kind = Cost {
                caller: Caller { requester, principal, charged },
                operation: request.operation,
                bucket: request.bucket,
                read_bucket: scenario.bucket_read(request),
                calls: KmsCalls::NONE,
                by_object: false,
                side: CallSide::Own,
                generates: false,
                once: request.once,
            };
            let known = self.list.iter().position(|known| *known == kind);
            let number = known.unwrap_or_else(|| {
                self.list.push(kind);
                self.in_a_second.push(in_a_second(scenario, request.slot));
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
        let counting = BatchCount { kinds, places, window: self.scenario.window() };
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
    window: Window,
}

impl BatchCount<'_> {
    /// Counts calls; of one kind they come in order of time. `times` is room for those of one kind.
    fn count(&self, tally: &mut Tally, calls: &[CallOf], times: &mut Vec<SimTime>) {
        for alike in calls.chunk_by(|one, next| self.kinds.count_alike(one, next)) {
            times.clear();
            times.extend(alike.iter().map(|call| call.time));
            if let Some(most) = self.kinds.in_a_second[self.kinds.of(&alike[0]) as usize]
                && times.len() > most
            {
                spread_actions(times, most, self.window);
            }
            tally.count_all(&self.kinds.cost(&alike[0]), times);
        }
        if !self.places.is_empty() {
            for CallOf { request, time, answer } in calls {
                tally.count_at(self.places[*request as usize], *time, answer.calls);
            }
        }
    }
}

/// Requests that a connection makes in a second: each takes 100 to 200 ms until the first byte
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html>).
const A_CONNECTION_PER_S: usize = 10;

/// How many requests of one action of a session come in a second at most, by its connections. A log tells
/// when each request came.
fn in_a_second(scenario: &Scenario, slot: u32) -> Option<usize> {
    match scenario.slots[slot as usize].connections {
        Connections::Kept(connections) if scenario.recording.is_none() => {
            Some(connections as usize * A_CONNECTION_PER_S)
        }
        Connections::Kept(_) | Connections::Fresh => None,
    }
}

/// Puts requests of one action beyond so many a second into the seconds that follow: the parts of a terabyte
/// do not come at once. Those that a run would end before come earlier, and none leaves the counted part.
fn spread_actions(times: &mut [SimTime], in_a_second: usize, window: Window) {
    const SECOND: SimDuration = SimDuration::from_secs(1);
    let mut is_spread = false;
    for action in times.chunk_by_mut(|one, next| one == next) {
        if action.len() <= in_a_second || action[0] < window.from {
            continue;
        }
        let seconds = action.len().div_ceil(in_a_second) as i64;
        let latest = window.end - SECOND.saturating_mul(seconds);
        let start = action[0].min(latest).max(window.from);
        let left = window.end.since(start).as_nanos() / SECOND.as_nanos();
        let in_a_second = in_a_second.max(action.len().div_ceil(left.max(1) as usize));
        for (number, time) in action.iter_mut().enumerate() {
            *time = start + SECOND.saturating_mul((number / in_a_second) as i64);
        }
        is_spread = true;
    }
    // Other actions lie between.
    if is_spread {
        times.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: SimDuration = SimDuration::from_secs(1);

    fn window(from_s: i64, end_s: i64) -> Window {
        let [from, end] = [from_s, end_s].map(|at| SimTime::ZERO + SimDuration::from_secs(at));
        Window::new(from, end)
    }

    /// How many of an action's requests at a second come in each second of the run.
    fn spread(requests: usize, at_s: i64, in_a_second: usize, window: Window) -> Vec<usize> {
        let mut times = vec![SimTime::ZERO + SECOND.saturating_mul(at_s); requests];
        spread_actions(&mut times, in_a_second, window);
        let mut seconds = vec![0; window.end.second() as usize];
        for time in times {
            seconds[time.second() as usize] += 1;
        }
        seconds
    }

    /// By hand: 25 requests on a connection take three seconds, and end with the run.
    #[test]
    fn an_action_takes_the_seconds_that_its_connections_need() {
        assert_eq!(spread(25, 2, 10, window(0, 6)), [0, 0, 10, 10, 5, 0]);
        assert_eq!(spread(10, 2, 10, window(0, 4)), [0, 0, 10, 0]);
        assert_eq!(spread(25, 4, 10, window(0, 6)), [0, 0, 0, 10, 10, 5]);
        // Neither is there time enough nor does anything leave the counted part.
        assert_eq!(spread(25, 5, 10, window(4, 6)), [0, 0, 0, 0, 13, 12]);
        assert_eq!(spread(25, 3, 10, window(4, 6)), [0, 0, 0, 25, 0, 0]);
    }

    #[test]
    fn what_comes_in_between_keeps_its_time() {
        let at = |second| SimTime::ZERO + SimDuration::from_secs(second);
        let mut times = vec![at(1); 4];
        times.extend([at(2), at(5)]);
        spread_actions(&mut times, 2, window(0, 9));
        assert_eq!(times, [at(1), at(1), at(2), at(2), at(2), at(5)]);
    }
}
