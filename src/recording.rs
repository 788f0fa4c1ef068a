//! Real logs' requests, put in order: what the engine runs in the place of drawn requests.
//!
//! Records come in any order, repeated, and in more files than one. A record goes through these stages:
//!
//! ```text
//! gather     a record becomes a packed entry; its names become numbers (names); KMS calls may stand for
//!            requests (kms_calls); what counts for nothing is noted (left_out)
//! resolve    sorted by object (sort): repeated records go, and each read learns which write, or which
//!            object from before the log (earlier_objects), has its key
//! copies     sorted by session and time: the two halves of a copy in access logs become one request
//! requests   each requester's requests in order of time, as the engine takes them
//! ```
//!
//! What does not fit into memory is spilled in a [`SpillStore`]; how much does changes no byte of any result.
//!
//! An object is known by a hash of bucket, key and, if it was asked for by version, that. Which
//! bucket-level key wraps what is read follows from the last write before it; where the log has none
//! it is an assumption (see [`crate::scenario`]).

mod bucket_kms_keys;
mod copies;
mod delivery_path;
pub mod earlier_objects;
pub mod gather;
pub(crate) mod hash;
pub mod kms_calls;
pub mod left_out;
mod log_ends;
pub mod mark;
pub(crate) mod names;
mod packed;
pub(crate) mod part;
pub mod pseudonyms;
pub mod requests;
mod resolve;
mod sort;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use crate::encryption::needs::{MultipartCalls, Needs};
use crate::error::{Error, Result};
use crate::s3::{Operation, Principal, is_region_code};
use crate::units::SimDuration;

pub use bucket_kms_keys::{BucketKmsKeys, OtherKmsKey};
use earlier_objects::{EarlierKey, EarlierObjects, ObjectOrigin};
use gather::RecordCounts;
pub use hash::Fingerprint;
use kms_calls::BucketKmsCalls;
use left_out::LeftOutRecords;
pub(crate) use names::NO_ACCOUNT;
use packed::{NeededObject, ObjectEncryption, ResolvedRequest};
use sort::StoredRequests;
pub use sort::{MemoryStore, SpillStore};

/// The longest time that a run takes.
pub const LONGEST: SimDuration = SimDuration::from_secs(366 * 86_400);

/// A log's requests.
#[derive(Debug)]
pub struct Recording {
    /// Start of the run, in nanoseconds since the Unix epoch: a whole second.
    pub start_ns: i64,
    /// When counting starts, since the start.
    pub counted_from: SimDuration,
    /// Length of the run.
    pub end: SimDuration,
    /// Who asked, in order; their sessions, one after the other, are the session slots.
    pub principals: Vec<RecordedPrincipal>,
    /// Whose each session slot is.
    principal_of: Vec<u32>,
    /// Which buckets each slot of those who have several sessions asks; empty if there is no such.
    pub(crate) buckets_of_slot: Vec<Vec<u32>>,
    /// Names of the buckets, in order.
    pub buckets: Vec<String>,
    /// The region of each bucket, if the log tells it (CloudTrail does).
    pub regions: Vec<Option<String>>,
    /// Parts of buckets, in order.
    pub places: Vec<BucketPrefix>,
    /// The objects that were read and of which no write is in the log: the populations.
    pub before: Vec<EarlierObjects>,
    /// The KMS keys of each bucket, as far as the log tells.
    pub kms_keys: BucketKmsKeys,
    /// For each part of a bucket the numbers of its populations, by what is known of them.
    population_of: Vec<[u32; 4]>,
    /// What became of the records.
    pub taken: RecordCounts,
    /// What KMS's calls tell of buckets, where they may stand for requests; in order.
    pub of_buckets: Vec<BucketKmsCalls>,
    /// What was left out, by name.
    pub left_out: LeftOutRecords,
    /// The first and the last record, in words: when, where and what.
    pub ends: Option<[String; 2]>,
    /// Records that repeat another.
    pub repeated: u64,
    /// Whether all times are whole seconds.
    pub whole_seconds: bool,
    /// What the requests are.
    pub seen: ReplayCounts,
    /// What of the counted part belongs to a bill in another way than its requests, by the numbers of
    /// principal and bucket.
    pub besides: BTreeMap<(u32, u32), BillingExtras>,
    by_slot: StoredRequests,
    /// Of those principals that have several sessions.
    by_principal: StoredRequests,
    /// What was read.
    pub inputs: Vec<LogInput>,
    /// How many of these, the last of them, are inventories.
    pub inventories: usize,
    /// Files among the logs that are none, and what they are.
    pub files_left_out: Vec<FileLeftOut>,
    /// Which log, and what of it, as it was typed: words of a command line.
    pub arguments: Vec<String>,
    /// What went wrong while the requests were read back.
    failed: OnceLock<Error>,
}

/// A log file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogInput {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Hash of its bytes as they lie there.
    pub hash: String,
}

/// A file among the logs that was not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct FileLeftOut {
    /// Its name.
    pub file: String,
    /// What it is.
    pub what: String,
}

/// Somebody who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedPrincipal {
    /// Who.
    pub principal: Principal,
    /// The names of its sessions, in order; a single empty one for those who have none.
    pub sessions: Vec<String>,
}

/// A part of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketPrefix {
    /// Which bucket.
    pub bucket: u32,
    /// Which part of it, by KMS key (see [`BucketKmsKeys`]).
    pub part: u32,
    /// What the keys begin with, up to their first `/`; `*` if the bucket has too many to tell apart.
    pub prefix: String,
    /// Whether the log tells the key of what lies there.
    pub is_key_told: bool,
    /// Counted requests.
    pub requests: u64,
}

impl BucketPrefix {
    /// What parts of buckets are in the order of.
    fn order(&self) -> (u32, &str, u32, bool) {
        (self.bucket, &self.prefix, self.part, self.is_key_told)
    }
}

/// Numbers of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayCounts {
    /// All, those before counting starts included.
    pub all: u64,
    /// Of these, those that make an object's data key.
    pub all_writes: u64,
    /// Counted requests.
    pub requests: u64,
    /// Of these, those that failed or found nothing modified, and so need no key.
    pub unserved: u64,
    /// Of these, those that make an object's data key.
    pub writes: u64,
    /// Of these, those that need a stored object's data.
    pub unwraps: u64,
    /// Of these, those whose object's writing is not in the log.
    pub of_unknown: u64,
    /// Of these, those whose object's writing an inventory tells of.
    pub of_inventory: u64,
    /// Of these, those whose objects are under SSE-S3 or SSE-C, as the log says: KMS is never asked.
    pub not_kms: u64,
    /// Of these, those whose object is in no log at all: the source of a copy from elsewhere.
    pub elsewhere: u64,
}

impl ReplayCounts {
    pub(crate) fn count(&mut self, placed: &ResolvedRequest) {
        self.requests += 1;
        if !placed.when.is_served() {
            self.unserved += 1;
            return;
        }
        if placed.when.sse() == ObjectEncryption::NotKms {
            self.not_kms += 1;
            return;
        }
        let operation = placed.when.kind().operation();
        let needs = Needs::of(operation, MultipartCalls::default());
        self.writes += u64::from(needs.wrap.is_some());
        if needs.unwrap > 0 {
            self.unwraps += 1;
            self.of_unknown += u64::from(matches!(
                placed.need(),
                NeededObject::Earlier { key: EarlierKey::Unknown, .. }
            ));
            self.elsewhere += u64::from(placed.need() == NeededObject::Elsewhere);
            let inventoried = matches!(
                placed.need(),
                NeededObject::Earlier { key: EarlierKey::WithoutKey | EarlierKey::WithKey, .. }
            );
            self.of_inventory += u64::from(inventoried);
        }
    }
}

/// What a bill must know of a log besides its requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BillingExtras {
    /// Requests by operation that S3 does not bill, as its servers failed: requests and data events
    /// all the same.
    pub unbilled: [u64; Operation::ALL.len()],
    /// Keys of `DeleteObjects`: a data event each, beside that of the request.
    pub deleted_keys: u64,
}

impl BillingExtras {
    /// Adds what `other` has.
    pub(crate) fn add(&mut self, other: &Self) {
        self.unbilled.iter_mut().zip(other.unbilled).for_each(|(mine, more)| *mine += more);
        self.deleted_keys += other.deleted_keys;
    }
}

/// Two recordings are the same if they are one and the same.
impl PartialEq for Recording {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Recording {
    /// Whether every write was answered with a bucket key.
    pub(crate) fn has_bucket_keys_on(&self) -> bool {
        self.taken.bucket_keys > 0 && self.taken.bucket_keys >= self.seen.all_writes
    }

    /// The first bucket of which the log tells no region, by its number, and how many there are.
    pub(crate) fn region_untold(&self) -> Option<(usize, usize)> {
        let all = self.regions.iter().enumerate();
        let mut untold = all.filter(|(_, told)| {
            !told.as_ref().is_some_and(|region| is_region_code(region.as_bytes()))
        });
        untold.next().map(|(first, _)| (first, 1 + untold.count()))
    }

    /// Whether there are counted requests of objects' data, and nothing tells how any object is encrypted: no record,
    /// no KMS call, no KMS key's name, no inventory, and nobody who says that all are to be under KMS.
    pub(crate) fn is_encryption_untold(&self) -> bool {
        let told = self.taken.encryption_known + self.taken.kms_events + self.inventories as u64;
        let is_asked = self.arguments.iter().any(|word| word == "--as-kms");
        let needs_keys = self.seen.writes + self.seen.unwraps > 0;
        needs_keys && told == 0 && !is_asked && self.kms_keys.first.iter().all(Option::is_none)
    }

    /// Whether an inventory tells of objects that were read and have no bucket key.
    pub(crate) fn knows_keyless(&self) -> bool {
        self.before.iter().any(|before| before.origin == ObjectOrigin::WithoutKey)
    }

    /// Number of session slots.
    pub(crate) fn slots(&self) -> usize {
        self.principal_of.len()
    }

    /// The name of the session in a slot.
    pub(crate) fn session_name(&self, principal: u32, number: u32) -> &str {
        &self.principals[principal as usize].sessions[number as usize]
    }

    /// What objects are called of which the log does not tell the writing, in a bucket called so.
    pub(crate) fn name_of_earlier(&self, bucket: &str, before: &EarlierObjects) -> String {
        let what = match before.origin {
            ObjectOrigin::Unknown => "written before the log",
            ObjectOrigin::WithoutKey => "known to have no bucket key",
            ObjectOrigin::WithoutKms => "known not to be under KMS",
            ObjectOrigin::Written(_) => "in the inventory, with a bucket key",
        };
        self.name_of_part(&format!("{bucket}: {what}"), before.part)
    }

    /// A name of something in a part of a bucket, with the number of its KMS key in the bucket if that is not
    /// the first.
    pub(crate) fn name_of_part(&self, name: &str, part: u32) -> String {
        match self.kms_keys.number_in_bucket(part) {
            0 => name.to_owned(),
            number => format!("{name}, under KMS key {}", number + 1),
        }
    }

    /// Why nothing is told of a log whose requests are all before those that count.
    pub(crate) fn nothing_to_count() -> Error {
        Error::request("there is no request at or after `--from`, so there is nothing to count")
            .hint("times are in UTC, e.g., `--from 2026-11-23T12:00:00Z`")
    }

    /// The KMS key of a part of a bucket, if it is not the bucket's first.
    pub(crate) fn other_kms_key(&self, part: u32) -> Option<&str> {
        self.kms_keys.other(part).map(|key| key.kms_key.as_str())
    }

    /// Whether a requester that is no role or user has no name at all.
    pub(crate) fn is_anonymous(name: &str) -> bool {
        name == names::ANONYMOUS
    }

    /// Whether a requester that is no role or user is named by a canonical user id.
    pub(crate) fn is_canonical(name: &str) -> bool {
        name.starts_with(names::CANONICAL)
    }

    /// How many of a bucket's objects were read of which no write is in the log.
    pub(crate) fn objects_before(&self, bucket: u32) -> u64 {
        self.before.iter().filter(|b| b.bucket == bucket).map(|b| b.objects).sum()
    }

    /// What of the counted part belongs to a bill in another way than its requests.
    #[must_use]
    pub fn all_besides(&self) -> BillingExtras {
        let mut all = BillingExtras::default();
        self.besides.values().for_each(|besides| all.add(besides));
        all
    }

    /// How many requests some session slots of one principal have.
    pub(crate) fn requests_of(&self, slots: &[u32]) -> u64 {
        let (_, range) = self.stored_for(slots);
        range.end - range.start
    }

    /// Tells whether the requests could all be read back.
    pub(crate) fn check(&self) -> Result<()> {
        self.failed.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    fn stored_for(&self, slots: &[u32]) -> (&StoredRequests, Range<u64>) {
        if let [slot] = slots {
            return (&self.by_slot, self.by_slot.of(*slot));
        }
        let principal = self.principal_of[slots[0] as usize];
        (&self.by_principal, self.by_principal.of(principal))
    }
}
