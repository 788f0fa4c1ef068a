//! Names for the objects of a run, so that a log can be made of it.
//!
//! The engine knows no objects, only what decides their wrapping keys; objects are named by that. A
//! write makes an object of its own. A read of what a slot had written last at a time is of the
//! newest object that this slot had put by then, so that whoever looks for the last write of what is
//! read finds the same writer and, where a slot is a requester by itself, the same key.
//!
//! Memory: 16 bytes for each object that a drawn run writes, if any of them is read.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use super::Arm;
use super::events::{Event, Events, KeyUse, Rules};
use crate::encryption::needs::Needs;
use crate::logs::exported_request::{AskedKeys, Outgoing};
use crate::logs::record::Nanoseconds;
use crate::s3::{IdentityKind, Object, Operation, Request};
use crate::scenario::Scenario;
use crate::units::SimTime;
use crate::workload::written::KeptObjects;

/// What an object is called: its key in its bucket, by [`fmt::Display`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Name {
    /// Written within the run.
    Written {
        /// By which session slot.
        slot: u32,
        /// When; for parts and the end of an upload, when it began.
        time: SimTime,
        /// Tells apart what one slot wrote at one time.
        mark: u64,
    },
    /// Written by the slot before anything of its that the run has.
    Earlier {
        /// By which session slot.
        slot: u32,
    },
    /// The `rank`-th oldest object of a population.
    Ranked {
        /// Which population.
        population: u32,
        /// From 0, the oldest.
        rank: u64,
    },
    /// What one of a population's writers had written last at a time.
    Aged {
        /// Which population.
        population: u32,
        /// Which of its writers.
        writer: u32,
        /// Not after the start of the run.
        time: SimTime,
    },
    /// An object that has no bucket key.
    Keyless,
    /// No object in particular.
    Any,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written { slot, time, mark } => {
                write!(f, "written/{slot}/{}-{mark:x}", time.as_nanos())
            }
            Self::Earlier { slot } => write!(f, "written/{slot}/earlier"),
            Self::Ranked { population, rank } => write!(f, "population-{population}/{rank}"),
            Self::Aged { population, writer, time } => {
                write!(f, "population-{population}/{writer}/{}-before", -time.as_nanos())
            }
            Self::Keyless => f.write_str("keyless/object"),
            Self::Any => f.write_str("any/object"),
        }
    }
}

/// An object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NamedObject {
    /// The bucket it lies in.
    pub bucket: u32,
    /// Its name there.
    pub name: Name,
}

/// An event with its objects' names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedEvent {
    /// From 0, in the order of events.
    pub number: u64,
    /// What was asked, and what it cost.
    pub event: Event,
    /// The object that the request is of; `None` for a list of keys.
    pub object: Option<NamedObject>,
    /// The source of a copy; `None` for one from an object that nothing is known of.
    pub source: Option<NamedObject>,
}

/// The events of one arm in one replication, with names.
pub struct NamedEvents<'a> {
    scenario: &'a Scenario,
    events: Events<'a>,
    /// The first event of the next time.
    first: Option<Event>,
    /// Events of one time: what is written then counts as before what is read then.
    due: VecDeque<(Event, u64)>,
    number: u64,
    /// What is there to be read and, in another list, the uploads begun, by slot and bucket, in order
    /// of time. A log's requests know the very write that they need, and keep none.
    written: HashMap<(u32, u32), [NumberedWrites; 2]>,
    /// The end of an upload needs its beginning once more, to know what is there to be read.
    keeps: bool,
}

/// What was written, when, and what tells it apart; in order of time.
type NumberedWrites = Vec<(SimTime, u64)>;

/// Places of [`NamedEvents::written`].
const READABLE: usize = 0;
const BEGUN: usize = 1;

impl<'a> NamedEvents<'a> {
    /// The events of `arm` in `replication`, from the run's start (warm-up included).
    #[must_use]
    pub fn new(scenario: &'a Scenario, kept: &'a KeptObjects, arm: &Arm, replication: u32) -> Self {
        Self {
            scenario,
            events: Events::new(scenario, kept, arm, replication),
            first: None,
            due: VecDeque::new(),
            number: 0,
            written: HashMap::new(),
            keeps: scenario.recording.is_none() && scenario.unwraps_new_keys(),
        }
    }

    /// What decides the answers.
    #[must_use]
    pub fn rules(&self) -> Rules<'_> {
        self.events.rules()
    }

    /// The same as those who write logs take it; the run starts at `start`, unless it is a log's.
    pub fn outgoing(self, start: Nanoseconds) -> impl Iterator<Item = Outgoing<'a>> {
        let scenario = self.scenario;
        let start = scenario.recording.as_ref().map_or(start, |recording| recording.start_ns);
        self.map(move |event| outgoing(scenario, start, &event))
    }

    /// Takes the events of the next time.
    fn take_next_time(&mut self) {
        let mut next = self.first.take().or_else(|| self.events.next());
        let Some(time) = next.map(|event| event.request.time) else { return };
        while let Some(event) = next.take_if(|event| event.request.time == time) {
            self.note(&event.request, self.number);
            self.due.push_back((event, self.number));
            self.number += 1;
            next = self.events.next();
        }
        self.first = next;
    }

    /// Notes what the request writes.
    fn note(&mut self, request: &Request, number: u64) {
        let uploads = matches!(request.object, Object::Written { .. } | Object::Keyless)
            && request.operation == Operation::CompleteMultipartUpload;
        if !self.keeps || !(Needs::written_by(request) || uploads) {
            return;
        }
        let [readable, begun] = self.written.entry((request.slot, request.bucket)).or_default();
        match request.operation {
            Operation::CreateMultipartUpload => begun.push((request.time, number)),
            Operation::CompleteMultipartUpload => {
                let upload = match request.object {
                    Object::Written { time, .. } => until(begun, time).last().copied(),
                    _ => begun.last().copied(),
                };
                readable.extend(upload.filter(|upload| readable.last() < Some(upload)));
            }
            _ => readable.push((request.time, number)),
        }
    }

    fn named(&self, event: Event, number: u64) -> NamedEvent {
        let request = &event.request;
        let Request { slot, bucket, time, operation, .. } = *request;
        let any = Some(NamedObject { bucket, name: Name::Any });
        let mark = if self.scenario.recording.is_some() { request.draw.into() } else { number };
        let own = Some(NamedObject { bucket, name: Name::Written { slot, time, mark } });
        let (object, source) = match operation {
            Operation::PutObject | Operation::CreateMultipartUpload => (own, None),
            Operation::CopyObject | Operation::ReplicateObject => {
                (own, self.of(request, READABLE, number))
            }
            Operation::UploadPartCopy => (any, self.of(request, READABLE, number)),
            Operation::UploadPart | Operation::CompleteMultipartUpload => {
                (self.of(request, BEGUN, u64::MAX), None)
            }
            Operation::GetObject | Operation::HeadObjectChecksum => {
                let keyless = NamedObject { bucket, name: Name::Keyless };
                (self.of(request, READABLE, u64::MAX).or(Some(keyless)), None)
            }
            Operation::HeadObject | Operation::DeleteObject | Operation::ListParts => (any, None),
            Operation::ListObjects => (None, None),
        };
        NamedEvent { number, event, object, source }
    }

    /// The object whose data the request needs, if anything is known of it; written by an event before that of number
    /// `before`: a copy does not read what it writes itself.
    fn of(&self, request: &Request, list: usize, before: u64) -> Option<NamedObject> {
        match request.object {
            Object::None | Object::Unserved => None,
            Object::Keyless => match list {
                // Parts are of the slot's own upload, whatever wraps it.
                BEGUN => {
                    let name =
                        self.last_of((request.slot, request.bucket), list, request.time, before);
                    Some(NamedObject { bucket: request.bucket, name })
                }
                _ => None,
            },
            Object::Written { bucket, slot, draw, time } => {
                let name = if self.scenario.recording.is_some() {
                    Name::Written { slot, time, mark: draw.into() }
                } else {
                    self.last_of((slot, bucket), list, time, before)
                };
                Some(NamedObject { bucket, name })
            }
            Object::Ranked { population, rank } => {
                let bucket = self.scenario.populations[population as usize].bucket;
                Some(NamedObject { bucket, name: Name::Ranked { population, rank } })
            }
            Object::Aged { population, writer, time, .. } => {
                let bucket = self.scenario.populations[population as usize].bucket;
                Some(NamedObject { bucket, name: Name::Aged { population, writer, time } })
            }
        }
    }

    /// What the slot had written to the bucket last at `time`, by an event before that of number `before`.
    fn last_of(&self, place: (u32, u32), list: usize, time: SimTime, before: u64) -> Name {
        let lists = self.written.get(&place);
        let known = lists.map_or(&[][..], |lists| until(&lists[list], time));
        match known.iter().rev().find(|(_, mark)| *mark < before) {
            Some(&(time, mark)) => Name::Written { slot: place.0, time, mark },
            None => Name::Earlier { slot: place.0 },
        }
    }
}

impl Iterator for NamedEvents<'_> {
    type Item = NamedEvent;

    fn next(&mut self) -> Option<NamedEvent> {
        if self.due.is_empty() {
            self.take_next_time();
        }
        let (event, number) = self.due.pop_front()?;
        Some(self.named(event, number))
    }
}

/// Those of a list until `time`.
fn until(list: &[(SimTime, u64)], time: SimTime) -> &[(SimTime, u64)] {
    &list[..list.partition_point(|&(at, _)| at <= time)]
}

fn outgoing<'a>(scenario: &'a Scenario, start: Nanoseconds, named: &NamedEvent) -> Outgoing<'a> {
    let Event { request, requester, answer, .. } = named.event;
    let slot = &scenario.slots[request.slot as usize];
    let mut session = scenario.session_name(slot);
    let renewed = slot.session_at(request.time);
    if renewed > 0 {
        session = format!("{session}.{renewed}");
    }
    // A request is of its object's bucket; only a copy lies in another than its source.
    let own = named.object.map_or(request.bucket, |object| object.bucket);
    let read_from = named.source.map_or(own, |source| source.bucket);
    let principal = &scenario.principals[slot.principal as usize];
    Outgoing {
        number: named.number,
        time: start + request.time.as_nanos(),
        principal,
        session,
        federated: slot.policy > 0 && matches!(principal.identity, IdentityKind::User(_)),
        slot: request.slot,
        requester,
        operation: request.operation,
        bucket: &scenario.bucket(own).name,
        region: &scenario.bucket(own).region,
        read_region: &scenario.bucket(read_from).region,
        kms_key: kms_key(scenario, request.bucket),
        read_kms_key: kms_key(scenario, named.source.map_or(request.bucket, |it| it.bucket)),
        asks_for: match request.object {
            Object::Unserved => AskedKeys::None,
            _ if !request.allows_bucket_key => AskedKeys::Objects,
            _ => AskedKeys::All,
        },
        key: named.object.map(|object| object.name.to_string()),
        source: named
            .source
            .map(|source| (scenario.bucket(source.bucket).name.as_str(), source.name.to_string())),
        unwrapped: named.event.unwrapped.map(KeyUse::in_log),
        unwrapped_own: named.event.unwrapped_own.map(KeyUse::in_log),
        wrapped: named.event.wrapped.map(KeyUse::in_log),
        calls: answer.calls,
        by_object: answer.by_object.into(),
        of_read: answer.of_read.into(),
        makes_key: answer.generated.is_some(),
    }
}

/// The number of the KMS key of a part of a bucket, if the bucket has several.
fn kms_key(scenario: &Scenario, part: u32) -> Option<u32> {
    let domain = &scenario.domains[part as usize];
    let mut others = scenario.domains.iter().filter(|other| other.bucket == domain.bucket);
    let has_several = others.any(|other| other.rented_key != domain.rented_key);
    domain.rented_key.filter(|_| has_several)
}
