//! The KMS calls that a trail tells of, by requester, bucket and hour: what a model is held against.
//!
//! Events come in any order and may be repeated; neither changes a count. A call takes 32 bytes until
//! all are counted.

use std::collections::{BTreeMap, HashMap};

use crate::kms::{KmsApi, KmsCalls};
use crate::logs::record::{KmsEvent, LogEntry, Nanoseconds, Skipped};
use crate::recording::hash::Hash;
use crate::recording::names::{self, Roles};
use crate::recording::pseudonyms::NameHider;
use crate::s3::Principal;

/// Nanoseconds of an hour.
pub(crate) const HOUR_NS: i64 = 3_600_000_000_000;

/// In whose name, for which bucket and when calls were made. Names are as a [`super::Recording`]'s.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallGroup {
    /// Who asked S3.
    pub principal: Principal,
    /// The bucket that the encryption context names.
    pub bucket: String,
    /// Hours since the Unix epoch.
    pub hour: i64,
}

/// Calls of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeasuredCalls {
    /// By API.
    pub calls: KmsCalls,
    /// How many of them name an object; the others are for a bucket-level key.
    pub by_object: u64,
}

/// What a trail's KMS events tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailCalls {
    /// S3's calls within the window.
    pub cells: BTreeMap<CallGroup, MeasuredCalls>,
    /// S3's calls outside of it.
    pub outside: u64,
    /// Calls within it that are not S3's.
    pub other_use: u64,
    /// Events that repeat another.
    pub repeated: u64,
    /// Events of calls that failed, repeated ones included.
    pub failed: u64,
    /// Calls within the window for table and vector buckets, by the bucket's ARN.
    pub other_storage: BTreeMap<String, u64>,
    /// S3's calls of kinds that the model lacks, by API; repeated ones and those outside of the window
    /// included.
    pub lacked: BTreeMap<String, u64>,
}

impl TrailCalls {
    /// The same under names that are hidden, as a recording's are.
    pub(crate) fn hidden(self, hider: &NameHider) -> Self {
        let cells = self.cells.into_iter();
        let cells = cells.map(|(group, calls)| (group.hidden(hider), calls)).collect();
        let storage = self.other_storage.into_iter();
        let storage = storage.map(|(arn, calls)| (hider.name("storage", &arn), calls));
        Self { cells, other_storage: storage.collect(), ..self }
    }
}

impl CallGroup {
    fn hidden(self, hider: &NameHider) -> Self {
        let principal = hider.principal(&self.principal);
        Self { principal, bucket: hider.bucket(&self.bucket), hour: self.hour }
    }
}

/// One call in 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PackedCall {
    /// Hash of the event's id. Its lowest bit is set if the event has none: then it repeats no other.
    id: u64,
    time: Nanoseconds,
    principal: u32,
    /// `None`: not S3's.
    bucket: Option<u32>,
    api: KmsApi,
    by_object: bool,
    /// Whether the bucket is one of tables or vectors.
    other_storage: bool,
}

/// Takes KMS events.
#[derive(Debug, Default)]
pub struct TrailCallGatherer {
    calls: Vec<PackedCall>,
    principals: NumberedNames<Principal>,
    buckets: NumberedNames<String>,
    roles: Roles,
    lacked: BTreeMap<String, u64>,
    failed: u64,
}

impl TrailCallGatherer {
    /// Takes whatever a log tells: KMS's calls, and what requests tell of roles.
    pub(crate) fn take_entry(&mut self, entry: &LogEntry) {
        match entry {
            LogEntry::Kms(event) => self.take(event),
            LogEntry::Request(record) => self.roles.note(record.role_id, &record.requester),
            LogEntry::Skipped(Skipped::OtherCall, api) => {
                let api = String::from_utf8_lossy(api).into_owned();
                *self.lacked.entry(api).or_default() += 1;
            }
            LogEntry::Session(..) | LogEntry::Skipped(..) => {}
        }
    }

    /// Takes an event; one of a call that failed is only counted.
    pub(crate) fn take(&mut self, event: &KmsEvent) {
        self.roles.note(event.role_id, &event.requester);
        if event.error.is_some() {
            self.failed += 1;
            return;
        }
        let name = event.bucket().map(|name| String::from_utf8_lossy(name).into_owned());
        let bucket = name.map(|name| self.buckets.of(name));
        self.calls.push(PackedCall {
            id: event.id.map_or(1, |id| Hash::new().with(id).get() & !1),
            time: event.time,
            principal: self.principals.of(names::principal_of(&event.requester)),
            bucket,
            api: event.api,
            by_object: event.is_of_bucket() == Some(false),
            other_storage: event.is_of_other_storage(),
        });
    }

    /// Adds what was gathered of another file.
    pub(crate) fn absorb(&mut self, other: Self) {
        let principals: Vec<u32> =
            other.principals.names.into_iter().map(|name| self.principals.of(name)).collect();
        let buckets: Vec<u32> =
            other.buckets.names.into_iter().map(|name| self.buckets.of(name)).collect();
        self.calls.extend(other.calls.into_iter().map(|call| PackedCall {
            principal: principals[call.principal as usize],
            bucket: call.bucket.map(|bucket| buckets[bucket as usize]),
            ..call
        }));
        self.roles.absorb(other.roles);
        for (api, calls) in other.lacked {
            *self.lacked.entry(api).or_default() += calls;
        }
        self.failed += other.failed;
    }

    /// Counts what lies at `from` or later and before `to`, in nanoseconds since the Unix epoch.
    pub(crate) fn finish(mut self, from: Nanoseconds, to: Nanoseconds) -> TrailCalls {
        let taken = self.calls.len();
        self.number_by_name();
        self.calls.sort_unstable();
        self.calls.dedup_by(|a, b| a.id == b.id && a.id & 1 == 0);
        let repeated = (taken - self.calls.len()) as u64;
        let Self { failed, lacked, .. } = &mut self;
        let lacked = std::mem::take(lacked);
        let mut counted = TrailCalls { repeated, failed: *failed, lacked, ..TrailCalls::default() };
        for call in &self.calls {
            let inside = (from..to).contains(&call.time);
            let Some(bucket) = call.bucket else {
                counted.other_use += u64::from(inside);
                continue;
            };
            if !inside {
                counted.outside += 1;
                continue;
            }
            if call.other_storage {
                let name = self.buckets.names[bucket as usize].clone();
                *counted.other_storage.entry(name).or_default() += 1;
                continue;
            }
            let cell = CallGroup {
                principal: self.principals.names[call.principal as usize].clone(),
                bucket: self.buckets.names[bucket as usize].clone(),
                hour: call.time.div_euclid(HOUR_NS),
            };
            let measured = counted.cells.entry(cell).or_default();
            measured.calls += KmsCalls::of(call.api, 1);
            measured.by_object += u64::from(call.by_object);
        }
        counted
    }

    /// Numbers principals anew, in the order of their names, roles under theirs: of an event that is in
    /// the trails of two accounts the one is kept that comes first, in whichever order they were read.
    fn number_by_name(&mut self) {
        let named: Vec<Principal> =
            self.principals.names.iter().map(|principal| self.roles.named(principal)).collect();
        let mut sorted = named.clone();
        sorted.sort_unstable();
        sorted.dedup();
        for call in &mut self.calls {
            let name = &named[call.principal as usize];
            call.principal = sorted.partition_point(|other| other < name) as u32;
        }
        self.principals.names = sorted;
    }
}

/// Names numbered as they appear.
#[derive(Debug)]
struct NumberedNames<T> {
    of: HashMap<T, u32>,
    names: Vec<T>,
}

impl<T> Default for NumberedNames<T> {
    fn default() -> Self {
        Self { of: HashMap::new(), names: Vec::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> NumberedNames<T> {
    fn of(&mut self, name: T) -> u32 {
        let Self { of, names } = self;
        *of.entry(name).or_insert_with_key(|name| {
            names.push(name.clone());
            names.len() as u32 - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::record::LoggedRequester;

    fn event<'a>(id: &'a [u8], second: i64, s3_arn: Option<&'a [u8]>) -> KmsEvent<'a> {
        KmsEvent {
            time: second * 1_000_000_000,
            api: KmsApi::Decrypt,
            requester: LoggedRequester::parse(b"arn:aws:sts::111122223333:assumed-role/etl/one"),
            credential: None,
            role_id: None,
            s3_arn,
            key_arn: None,
            id: Some(id),
            error: None,
            region: None,
        }
    }

    #[test]
    fn calls_count_once_in_their_hour_in_any_order() {
        let (bucket, object) =
            (b"arn:aws:s3:::lake".as_slice(), b"arn:aws:s3:::lake/a:b".as_slice());
        let mut events = [
            event(b"1", 0, Some(bucket)),
            event(b"2", 3_599, Some(object)),
            event(b"3", 3_600, Some(object)),
            event(b"1", 0, Some(bucket)),
            event(b"4", 7_200, Some(bucket)),
            event(b"5", 10, None),
            KmsEvent { error: Some(b"AccessDenied"), ..event(b"6", 11, Some(bucket)) },
        ];
        for _ in 0..events.len() {
            events.rotate_left(1);
            let mut gatherer = TrailCallGatherer::default();
            for event in &events {
                gatherer.take(event);
            }
            let counted = gatherer.finish(0, 2 * HOUR_NS);
            let TrailCalls { outside, other_use, repeated, failed, .. } = counted;
            assert_eq!((outside, other_use, repeated, failed), (1, 1, 1, 1));
            let cells: Vec<_> = counted
                .cells
                .iter()
                .map(|(cell, calls)| (cell.hour, calls.calls.total(), calls.by_object))
                .collect();
            assert_eq!(cells, [(0, 2, 1), (1, 1, 1)]);
            assert!(counted.cells.keys().all(|cell| cell.bucket == "lake"));
        }
        assert_eq!(size_of::<PackedCall>(), 32);
    }
}
