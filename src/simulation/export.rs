//! The look-ups that an arm's caches must answer, as one stream: all requesters' together, in order
//! of time.
//!
//! The engine needs no such order; this is for other simulators, which know caches but not S3.
//! Memory grows with the requesters (each has one batch drawn ahead) and the distinct entries, not
//! with the requests.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, HashMap};

use super::stream::RequestStream;
use super::worlds::Worlds;
use super::{Arm, Party, Progress};
use crate::encryption::keys::Keyring;
use crate::encryption::needs::Needs;
use crate::encryption::requester::Requesters;
use crate::encryption::service::{BucketScheme, Scheme, entry_of};
use crate::s3::{Object, Operation, Request, SessionSlot};
use crate::scenario::Scenario;
use crate::units::{SimDuration, SimTime};

/// One need of a bucket-level key's plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedLookup {
    /// When the request that needs it is received.
    pub time: SimTime,
    /// Which (requester, bucket-level key, cache partition), numbered from 0 in order of first
    /// appearance; a renewed session that counts as a requester anew has entries of its own.
    pub entry: u64,
}

/// The look-ups of one arm in one replication: every request, from the run's start (warm-up
/// included), that must unwrap what a bucket-level key wraps. What has no bucket-level key, and the
/// verification of new ones, is no look-up: KMS is called whatever the cache holds.
///
/// Times ascend; at one time requesters come in their order, and each requester's in its own.
pub struct Lookups<'a> {
    desk: Desk,
    lanes: Vec<Lane<'a>>,
    /// Lanes by the time of their next look-up.
    heads: BinaryHeap<Reverse<(SimTime, usize)>>,
    entries: u64,
}

impl<'a> Lookups<'a> {
    /// The look-ups of `arm` in `replication`. There are none if the configuration uses no bucket
    /// keys.
    #[must_use]
    pub fn new(scenario: &'a Scenario, arm: &Arm, replication: u32) -> Self {
        let mut arm = arm.clone();
        // Which keys are asked for does not depend on how long they are kept; with no time at all,
        // a world would do without keys.
        arm.assumptions.cache_lifetime = SimDuration::MAX;
        let rule = scenario.configurations[arm.configuration].rule;
        let requesters = Requesters::group(rule, &scenario.principals, &scenario.slots);
        // Every request is drawn, whatever engine would run the scenario.
        let (components, progress): (&[_], Progress) = (&[], &|_| ());
        let party = Party { scenario, requesters: &requesters, components, replication, progress };
        let configuration = &scenario.configurations[arm.configuration];
        let scheme = configuration.scheme(scenario, arm.assumptions);
        let desk = Desk { scheme, worlds: party.worlds(&[&arm]), batch: Vec::new() };
        let lanes = requesters.list.iter().map(|requester| Lane {
            stream: RequestStream::new(scenario, requester, replication, |_| true),
            slot: requester.renews.then(|| &scenario.slots[requester.slots[0] as usize]),
            upload: Object::Keyless,
            due: Vec::new(),
            session: 0,
            numbers: HashMap::new(),
        });
        let mut lookups =
            Self { desk, lanes: lanes.collect(), heads: BinaryHeap::new(), entries: 0 };
        for (index, lane) in lookups.lanes.iter_mut().enumerate() {
            lookups.heads.extend(lane.head(&mut lookups.desk).map(|time| Reverse((time, index))));
        }
        lookups
    }
}

impl Iterator for Lookups<'_> {
    type Item = TimedLookup;

    fn next(&mut self) -> Option<TimedLookup> {
        let mut head = self.heads.peek_mut()?;
        let lane = &mut self.lanes[head.0.1];
        let due = lane.due.pop().expect("a lane that has a head has a look-up");
        let entry = lane.number(due, &mut self.entries);
        match lane.head(&mut self.desk) {
            Some(time) => head.0.0 = time,
            None => {
                PeekMut::pop(head);
            }
        }
        Some(TimedLookup { time: due.time, entry })
    }
}

/// What all lanes share.
struct Desk {
    scheme: Scheme,
    worlds: Worlds,
    batch: Vec<Request>,
}

/// A look-up that is drawn but not yet given.
#[derive(Clone, Copy)]
struct Due {
    time: SimTime,
    /// Which of the requester's sessions, from 0, if each is a requester anew.
    session: u32,
    /// Key × read partitions + read partition.
    entry: u32,
}

/// One requester.
struct Lane<'a> {
    stream: RequestStream<'a>,
    /// The slot whose every session is a requester anew, if the rule says so.
    slot: Option<&'a SessionSlot>,
    /// The multipart upload begun last, as far as its key goes.
    upload: Object,
    /// What is drawn, latest first.
    due: Vec<Due>,
    /// The session that the numbers are of.
    session: u32,
    /// The numbers of the session's entries.
    numbers: HashMap<u32, u64>,
}

impl Lane<'_> {
    /// The time of the next look-up, drawn if need be.
    fn head(&mut self, desk: &mut Desk) -> Option<SimTime> {
        while self.due.is_empty() {
            if !self.stream.next_batch(&mut desk.batch) {
                // A lane that has ended keeps nothing.
                self.numbers = HashMap::new();
                self.due = Vec::new();
                return None;
            }
            for request in &desk.batch {
                self.draw(&desk.scheme, desk.worlds.keyring(0), request);
            }
            self.due.reverse();
        }
        self.due.last().map(|due| due.time)
    }

    /// Appends the look-ups of `request`.
    fn draw(&mut self, scheme: &Scheme, keyring: Option<&Keyring>, request: &Request) {
        let needs = Needs::of(request.operation, scheme.multipart);
        let session = self.slot.map_or(0, |slot| slot.session_at(request.time));
        let unwrapped = std::iter::repeat_n(request.object, needs.unwrap.into());
        let own = std::iter::repeat_n(self.upload, needs.unwrap_own.into());
        for object in unwrapped.chain(own) {
            if let Some(entry) = entry(scheme, keyring, request, &object) {
                self.due.push(Due { time: request.time, session, entry });
            }
        }
        if request.operation == Operation::CreateMultipartUpload {
            self.upload = scheme.begun_upload(request);
        }
    }

    fn number(&mut self, due: Due, entries: &mut u64) -> u64 {
        if due.session != self.session {
            self.session = due.session;
            self.numbers.clear();
        }
        *self.numbers.entry(due.entry).or_insert_with(|| {
            *entries += 1;
            *entries - 1
        })
    }
}

/// The cache entry that `object` needs; `None` if no bucket-level key wraps it.
fn entry(
    scheme: &Scheme,
    keyring: Option<&Keyring>,
    request: &Request,
    object: &Object,
) -> Option<u32> {
    let BucketScheme::BucketKey { .. } = scheme.buckets[request.bucket as usize] else {
        return None;
    };
    let key = keyring?.wrapping(object)?;
    Some(entry_of(key, request.draw, scheme.assumptions.read_partitions))
}
