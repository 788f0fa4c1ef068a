//! One arm's requests in one replication, all requesters' together, in order of time, each with its
//! answer.
//!
//! The engine needs no such order; this is for whoever looks at a run from outside: other simulators,
//! and logs made of a run. Memory grows with the requesters (each has one batch drawn ahead) and, for
//! answers, with requesters × bucket-level keys × read partitions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::engines::Engines;
use super::stream::Requests;
use super::worlds::Worlds;
use super::{Arm, Party, Progress, objects};
use crate::encryption::assumptions::Partitions;
use crate::encryption::keys::Keyring;
use crate::encryption::needs::Needs;
use crate::encryption::requester::Requesters;
use crate::encryption::service::{Answer, BucketScheme, Memory, Scheme, entry_of};
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
    desk: Desk,
    lanes: Vec<Lane<'a>>,
    /// Lanes by the time of their next request.
    heads: BinaryHeap<Reverse<(SimTime, usize)>>,
    /// What S3 has in memory for each requester; none if nobody asks for answers.
    memories: Vec<Memory>,
}

impl<'a> Events<'a> {
    /// The events of `arm` in `replication`.
    #[must_use]
    pub fn new(scenario: &'a Scenario, kept: &'a KeptObjects, arm: &Arm, replication: u32) -> Self {
        let mut events = Self::unanswered(scenario, kept, arm, replication);
        let keys = events.desk.worlds.keyring(0).map_or(0, Keyring::keys);
        let scheme = &events.desk.scheme;
        let memory = |lane: &Lane| {
            let mut memory = Memory::new(scenario.since(), scenario.end);
            memory.begin(scheme, lane.partitions, keys, lane.slot);
            memory
        };
        events.memories = events.lanes.iter().map(memory).collect();
        events
    }

    /// The same without answers.
    fn unanswered(
        scenario: &'a Scenario,
        kept: &'a KeptObjects,
        arm: &Arm,
        replication: u32,
    ) -> Self {
        let rule = scenario.configurations[arm.configuration].rule;
        let requesters = Requesters::group(rule, &scenario.principals, &scenario.slots);
        let desk = Desk::new(scenario, kept, arm, &requesters, replication);
        let lanes = requesters.list.iter().map(|requester| Lane {
            stream: Requests::new(scenario, kept, requester, replication, |_| true),
            partitions: desk.scheme.assumptions.partitions(requester.connections),
            slot: requester.renews.then(|| &scenario.slots[requester.slots[0] as usize]),
            upload: Object::Keyless,
            batch: Vec::new(),
            next: 0,
        });
        let lanes = lanes.collect();
        let mut events = Self { desk, lanes, heads: BinaryHeap::new(), memories: Vec::new() };
        for (index, lane) in events.lanes.iter_mut().enumerate() {
            events.heads.extend(lane.head(&mut events.desk).map(|time| Reverse((time, index))));
        }
        events
    }
}

impl Iterator for Events<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let mut head = self.heads.peek_mut()?;
        let index = head.0.1;
        let lane = &mut self.lanes[index];
        let mut event = lane.take(&self.desk, index as u32);
        if let Some(memory) = self.memories.get_mut(index) {
            let Desk { scheme, worlds, .. } = &self.desk;
            event.answer = memory.answer(scheme, worlds.keyring(0), lane.slot, &event.request);
        }
        match lane.head(&mut self.desk) {
            Some(time) => head.0.0 = time,
            None => {
                PeekMut::pop(head);
            }
        }
        Some(event)
    }
}

/// What all lanes share.
struct Desk {
    scheme: Scheme,
    worlds: Worlds,
    /// Where a log's requests count; nobody asks here.
    places: Vec<u32>,
}

impl Desk {
    fn new(
        scenario: &Scenario,
        kept: &KeptObjects,
        arm: &Arm,
        requesters: &Requesters,
        replication: u32,
    ) -> Self {
        // Which keys are asked for does not depend on how long they are kept; with no time at all,
        // a world would do without keys.
        let mut for_ever = arm.clone();
        for_ever.assumptions.cache_lifetime = SimDuration::MAX;
        // Every request is drawn, whatever engine would run the scenario.
        let engines = &Engines::drawing_all(scenario);
        let (components, progress): (&[_], Progress) = (&[], &|_| ());
        let party =
            Party { scenario, engines, requesters, components, kept, replication, progress };
        let configuration = &scenario.configurations[arm.configuration];
        let scheme = configuration.scheme(scenario, arm.assumptions);
        Self { scheme, worlds: party.worlds(&[&for_ever]), places: Vec::new() }
    }
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
    let rule = scenario.configurations[arm.configuration].rule;
    let requesters = Requesters::group(rule, &scenario.principals, &scenario.slots);
    let kept = objects::keep(scenario, replication);
    let Desk { scheme, worlds, mut places } =
        Desk::new(scenario, &kept, arm, &requesters, replication);
    let keyring = worlds.keyring(0);
    let keys = keyring.map_or(0, Keyring::keys);
    let mut memory = Memory::new(scenario.since(), scenario.end);
    let mut batch = Vec::new();
    for requester in &requesters.list {
        let slot = requester.renews.then(|| &scenario.slots[requester.slots[0] as usize]);
        let partitions = scheme.assumptions.partitions(requester.connections);
        memory.begin(&scheme, partitions, keys, slot);
        let mut stream = Requests::new(scenario, &kept, requester, replication, |_| true);
        while stream.next_batch(&mut batch, &mut places) {
            for request in &batch {
                each(request, &memory.answer(&scheme, keyring, slot, request));
            }
        }
    }
}

/// One requester.
struct Lane<'a> {
    stream: Requests<'a>,
    /// Over how many parts of S3's fleet its requests are spread.
    partitions: Partitions,
    /// The slot whose every session is a requester anew, if the rule says so.
    slot: Option<&'a SessionSlot>,
    /// The multipart upload begun last, as far as its key goes.
    upload: Object,
    batch: Vec<Request>,
    /// Place of the next request in the batch.
    next: usize,
}

impl Lane<'_> {
    /// The time of the next request, drawn if need be.
    fn head(&mut self, desk: &mut Desk) -> Option<SimTime> {
        if self.next == self.batch.len() {
            self.next = 0;
            if !self.stream.next_batch(&mut self.batch, &mut desk.places) {
                // A lane that has ended keeps nothing.
                self.batch = Vec::new();
                return None;
            }
        }
        self.batch.get(self.next).map(|request| request.time)
    }

    /// The next request, which must be there, with the keys that it needs.
    fn take(&mut self, desk: &Desk, requester: u32) -> Event {
        let request = self.batch[self.next];
        self.next += 1;
        let Desk { scheme, worlds, .. } = desk;
        let keyring = worlds.keyring(0);
        let needs = Needs::of_request(&request, scheme.multipart);
        let unwraps = |times: u8, object: &Object| {
            let reading = self.partitions.reading;
            (times > 0).then(|| unwrapped(scheme, keyring, reading, &request, object)).flatten()
        };
        let event = Event {
            request,
            requester,
            session: self.slot.map_or(0, |slot| slot.session_at(request.time)),
            unwrapped: unwraps(needs.unwrap, &request.object),
            unwrapped_own: unwraps(needs.unwrap_own, &self.upload),
            wrapped: needs
                .wrap
                .and_then(|_| wrapped(scheme, keyring, self.partitions.writing, &request)),
            answer: Answer::default(),
        };
        if request.operation == Operation::CreateMultipartUpload && needs.wrap.is_some() {
            self.upload = scheme.begun_upload(&request);
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
