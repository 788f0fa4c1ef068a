//! One arm's requests in one replication, all requesters' together, in order of time, each with its
//! answer.
//!
//! The engine needs no such order; this is for whoever looks at a run from outside: other simulators,
//! and logs made of a run. Memory grows with the requesters (each has one batch drawn ahead) and, for
//! answers, with requesters × bucket-level keys × read partitions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::arm_keys::ArmKeys;
use super::engines::Engines;
use super::keys::keys_of;
use super::replication::ReplicationRun;
use super::skip_ahead::SkipAhead;
use super::stream::Requests;
use super::{Arm, SeenArm, objects, requesters_of};
use crate::encryption::assumption::Partitions;
use crate::encryption::keys::Keyring;
use crate::encryption::needs::Needs;
use crate::encryption::requester::Requesters;
use crate::encryption::service::{Answer, BucketScheme, Memory, Scheme, UploadsBegun, entry_of};
use crate::rng::part_of;
use crate::s3::{Object, Operation, Request, SessionSlot};
use crate::scenario::Scenario;
use crate::units::{SimDuration, SimTime};
use crate::workload::written::KeptObjects;

/// A bucket-level key, and the part of S3's fleet that needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyUse {
    /// The key's number, from 0; a key has the same number whoever needs it.
    pub key: u32,
    /// Which cache partition (reads) or which partition of the writer (writes), from 0.
    pub partition: u32,
}

impl KeyUse {
    /// As those who write logs take it.
    pub(super) const fn in_log(self) -> (u32, u32) {
        (self.key, self.partition)
    }
}

/// One request and what it cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What was asked, when and by whose session.
    pub request: Request,
    /// Which requester that is under the configuration's rule, from 0.
    pub requester: u32,
    /// Which of the requester's sessions, from 0, if each is a requester anew.
    pub session: u32,
    /// The bucket-level key that wraps the object to be read; `None` if none does, or nothing is read.
    pub unwrapped: Option<KeyUse>,
    /// The same of the unfinished upload that a part is copied into.
    pub unwrapped_own: Option<KeyUse>,
    /// The bucket-level key that wraps what is written; `None` if none does, or nothing is written.
    pub wrapped: Option<KeyUse>,
    /// The KMS calls.
    pub answer: Answer,
}

/// The events of one arm in one replication, from the run's start (warm-up included).
///
/// Times ascend; at one time requesters come in their order, and each requester's requests in its own.
pub struct Events<'a> {
    arm: ArmRules,
    cursors: Vec<RequesterCursor<'a>>,
    /// Cursors by the time of their next request.
    heads: BinaryHeap<Reverse<(SimTime, usize)>>,
}

impl<'a> Events<'a> {
    /// The events of `arm` in `replication`.
    #[must_use]
    pub fn new(scenario: &'a Scenario, kept: &'a KeptObjects, arm: &Arm, replication: u32) -> Self {
        let rule = scenario.configurations[arm.configuration].rule;
        let requesters = requesters_of(scenario, rule);
        let engines = Engines::drawing_all(scenario);
        let run = run_of(scenario, &engines, &requesters, kept, replication);
        let arm = ArmRules::new(&run, arm);
        let (scheme, keys) = (&arm.scheme, arm.keys_number());
        let cursors = requesters.list.iter().map(|requester| {
            let partitions = scheme.assumptions.partitions(requester.connections);
            let session = requester.session(&scenario.slots);
            let mut memory = Memory::new(scenario.since(), scenario.end);
            memory.begin(scheme, partitions, keys, session);
            let in_buckets: Vec<Partitions> =
                requester.in_buckets.iter().map(|it| scheme.assumptions.partitions(*it)).collect();
            memory.spread(in_buckets.iter().copied());
            RequesterCursor {
                stream: Requests::new(scenario, kept, requester, replication, |_| true),
                partitions,
                in_buckets,
                session,
                memory,
                uploads: UploadsBegun::default(),
                batch: Vec::new(),
                places: Vec::new(),
                next: 0,
            }
        });
        let mut cursors: Vec<RequesterCursor> = cursors.collect();
        let heads = cursors.iter_mut().enumerate();
        let heads = heads.filter_map(|(index, it)| Some(Reverse((it.head()?, index)))).collect();
        Self { arm, cursors, heads }
    }

    /// What decides the answers.
    #[must_use]
    pub fn rules(&self) -> Rules<'_> {
        Rules { scheme: &self.arm.scheme, keyring: self.arm.keys.keyring(0) }
    }
}

impl Iterator for Events<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let mut head = self.heads.peek_mut()?;
        let index = head.0.1;
        let cursor = &mut self.cursors[index];
        let event = cursor.take(&self.arm, index as u32);
        match cursor.head() {
            Some(time) => head.0.0 = time,
            None => {
                PeekMut::pop(head);
            }
        }
        Some(event)
    }
}

/// A run of which every request is drawn, whatever engine would run the scenario.
fn run_of<'a>(
    scenario: &'a Scenario,
    engines: &'a Engines,
    requesters: &'a Requesters,
    kept: &'a KeptObjects,
    replication: u32,
) -> ReplicationRun<'a> {
    ReplicationRun { scenario, engines, requesters, kept, replication, progress: &|_| () }
}

/// The rules by which one arm answers, and its bucket-level keys.
struct ArmRules {
    scheme: Scheme,
    keys: ArmKeys,
}

impl ArmRules {
    fn new(run: &ReplicationRun, arm: &Arm) -> Self {
        // Which keys are asked for does not depend on how long they are kept; with no time at all, an
        // arm would do without keys.
        let mut for_ever = arm.clone();
        for_ever.assumptions.cache_lifetime = SimDuration::MAX;
        let scheme = SeenArm { arm, scenario: run.scenario, once: false }.scheme();
        let for_ever = SeenArm { arm: &for_ever, scenario: run.scenario, once: false };
        Self { scheme, keys: keys_of(run, &SkipAhead::new(run), &[for_ever]) }
    }

    /// How many keys there are.
    fn keys_number(&self) -> u32 {
        self.keys.keyring(0).map_or(0, Keyring::keys)
    }
}

/// What decides the answers of an arm.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// How requests are answered.
    pub scheme: &'a Scheme,
    /// Which key wraps which object; `None` if bucket keys are used nowhere.
    pub keyring: Option<&'a Keyring>,
}

/// A request as an arm answers it, with all that decides the answer.
pub struct Answered<'a> {
    /// What was asked, when and by whose session.
    pub request: &'a Request,
    /// Which requester that is under the configuration's rule, from 0.
    pub requester: usize,
    /// Which of the requester's sessions, from 0, if each is a requester anew.
    pub session: u32,
    /// The KMS calls.
    pub answer: Answer,
    /// How requests are answered.
    pub scheme: &'a Scheme,
    /// Which key wraps which object; `None` if bucket keys are used nowhere.
    pub keyring: Option<&'a Keyring>,
    /// Over how many parts of S3's fleet the requester's requests are spread.
    pub partitions: Partitions,
}

/// Hands on every request of `arm` in `replication` with its answer, one requester after the other.
///
/// This needs the memory of one requester alone, unlike [`Events`], which has all of them at once.
pub fn each_answer(
    scenario: &Scenario,
    arm: &Arm,
    replication: u32,
    mut each: impl FnMut(&Request, &Answer),
) {
    each_answered(scenario, arm, replication, |it| each(it.request, &it.answer));
}

/// As [`each_answer`], with all that decides the answers.
pub fn each_answered(
    scenario: &Scenario,
    arm: &Arm,
    replication: u32,
    mut each: impl FnMut(&Answered),
) {
    let rule = scenario.configurations[arm.configuration].rule;
    let requesters = requesters_of(scenario, rule);
    let kept = objects::keep(scenario, replication);
    let engines = Engines::drawing_all(scenario);
    let run = run_of(scenario, &engines, &requesters, &kept, replication);
    let arm = ArmRules::new(&run, arm);
    let (scheme, keyring, keys) = (&arm.scheme, arm.keys.keyring(0), arm.keys_number());
    let mut memory = Memory::new(scenario.since(), scenario.end);
    let (mut batch, mut places) = (Vec::new(), Vec::new());
    for requester in 0..requesters.list.len() {
        let session = run.session(requester);
        let partitions = run.partitions(requester, scheme);
        memory.begin(scheme, partitions, keys, session);
        let in_buckets: Vec<Partitions> = run.partitions_in_buckets(requester, scheme).collect();
        memory.spread(in_buckets.iter().copied());
        let mut stream = run.stream(requester, |_| true);
        while stream.next_batch(&mut batch, &mut places) {
            for request in &batch {
                each(&Answered {
                    request,
                    requester,
                    session: session.map_or(0, |slot| slot.session_at(request.time)),
                    answer: memory.answer(scheme, keyring, session, request),
                    scheme,
                    keyring,
                    partitions: in_buckets
                        .get(request.bucket as usize)
                        .copied()
                        .unwrap_or(partitions),
                });
            }
        }
    }
}

/// Where one requester stands.
struct RequesterCursor<'a> {
    stream: Requests<'a>,
    /// Over how many parts of S3's fleet its requests are spread.
    partitions: Partitions,
    /// The same of each bucket, where that differs.
    in_buckets: Vec<Partitions>,
    /// The slot whose every session is a requester anew, if the rule says so.
    session: Option<&'a SessionSlot>,
    memory: Memory,
    /// The multipart uploads begun last.
    uploads: UploadsBegun,
    batch: Vec<Request>,
    /// Where a log's requests count; nobody asks here.
    places: Vec<u32>,
    /// Place of the next request in the batch.
    next: usize,
}

impl RequesterCursor<'_> {
    /// The time of the next request, drawn if need be.
    fn head(&mut self) -> Option<SimTime> {
        if self.next == self.batch.len() {
            self.next = 0;
            if !self.stream.next_batch(&mut self.batch, &mut self.places) {
                // Whoever has ended keeps nothing.
                (self.batch, self.places) = (Vec::new(), Vec::new());
                return None;
            }
        }
        self.batch.get(self.next).map(|request| request.time)
    }

    /// The next request, which must be there, with the keys that it needs.
    fn take(&mut self, arm: &ArmRules, requester: u32) -> Event {
        let request = self.batch[self.next];
        self.next += 1;
        let scheme = &arm.scheme;
        let keyring = arm.keys.keyring(0);
        let needs = Needs::of_request(&request, scheme.multipart);
        let in_bucket = self.in_buckets.get(request.bucket as usize);
        let Partitions { reading, writing } = in_bucket.copied().unwrap_or(self.partitions);
        let mut event = Event {
            request,
            requester,
            session: self.session.map_or(0, |slot| slot.session_at(request.time)),
            unwrapped: None,
            unwrapped_own: None,
            wrapped: None,
            answer: self.memory.answer(scheme, keyring, self.session, &request),
        };
        if needs.unwrap > 0 {
            event.unwrapped = unwrapped(scheme, keyring, reading, &request, &request.object);
        }
        if needs.unwrap_own > 0 {
            let own = self.uploads.of(request.bucket);
            event.unwrapped_own = unwrapped(scheme, keyring, reading, &request, &own);
        }
        if needs.wrap.is_some() {
            event.wrapped = wrapped(scheme, keyring, writing, &request);
            if request.operation == Operation::CreateMultipartUpload {
                self.uploads.begin(request.bucket, scheme.begun_upload(&request));
            }
        }
        event
    }
}

/// The key that must be had to unwrap `object`; `None` if no bucket-level key wraps it.
fn unwrapped(
    scheme: &Scheme,
    keyring: Option<&Keyring>,
    partitions: u32,
    request: &Request,
    object: &Object,
) -> Option<KeyUse> {
    let BucketScheme::BucketKey { .. } = scheme.of_object(request, object) else {
        return None;
    };
    let key = keyring?.wrapping(object)?;
    Some(KeyUse { key, partition: entry_of(0, request.draw, partitions) })
}

/// The key that wraps what the request writes; `None` if no bucket-level key does.
fn wrapped(
    scheme: &Scheme,
    keyring: Option<&Keyring>,
    partitions: u32,
    request: &Request,
) -> Option<KeyUse> {
    if !scheme.wraps_by_bucket_key(request) {
        return None;
    }
    let Request { bucket, slot, draw, time, .. } = *request;
    let key = keyring?.wrapping(&Object::Written { bucket, slot, draw, time })?;
    Some(KeyUse { key, partition: part_of(draw, partitions) })
}
