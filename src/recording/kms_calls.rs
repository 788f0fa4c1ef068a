//! KMS's calls as a log of requests, where a trail has no other.
//!
//! Every account has KMS's management events for 90 days, at no cost; S3's data events only those
//! have who pay for them. In a bucket without bucket keys S3 calls KMS once for each key that a request
//! needs, with the object's ARN as encryption context: each `GenerateDataKey` is a write, and each
//! `Decrypt` a read. So calls stand for requests in the buckets of which a trail has no data event.
//! A bucket that has both is taken by its data events.
//!
//! What no call tells: requests that need no key (HEAD, LIST, DELETE), versions, and how an object was
//! written. An upload in parts is one `GenerateDataKey` and a `Decrypt` for each part and for its end: a
//! write, and reads of what was just written. A copy is a `Decrypt` and a `GenerateDataKey` of one
//! requester at one time, which nothing tells from a read and a write: it is taken as these. Neither
//! changes what KMS is asked for, under any rule: the same keys are needed at the same times.
//! An `Encrypt` is a replica's, and a write.
//!
//! Calls with the bucket's ARN are for bucket-level keys, which are on already; what these answered is
//! in no event, so such calls are counted and stand for no request.
//!
//! Which buckets have data events is known when all is read. Until then calls are kept apart, unless
//! their bucket has had one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::copies::CopySourceReads;
use super::gather::{RecordGatherer, check_sessions, epoch_ms, id_of};
use super::left_out::Reason;
use super::names::{NameMerge, NameTable, SessionIdentity, text};
use super::packed::{GatheredRequest, RequestKind, Stamp};
use super::sort::{Sorter, SpillStore};
use crate::encryption::needs::{MultipartCalls, Needs};
use crate::error::Result;
use crate::kms::{KmsApi, KmsCalls};
use crate::logs::record::{
    KmsEvent, LogOperation, LoggedRequester, Nanoseconds, Record, bucket_and_key, kms_key_arn,
};
use crate::s3::Operation;

/// Numbers of KMS calls by what became of them. Repeated ones are counted again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KmsCallCounts {
    /// They stand for requests.
    pub requests: u64,
    /// They are of buckets that have data events.
    pub beside_data: u64,
    /// They read the source of a copy that has a data event.
    pub of_copies: u64,
    /// They are for bucket-level keys, of buckets that have no data events.
    pub for_bucket_keys: u64,
    /// They failed.
    pub failed: u64,
    /// No request to a bucket made them: they have no encryption context of an object's or a bucket's
    /// ARN.
    pub other_use: u64,
}

/// What KMS's calls tell of a bucket. Repeated ones are counted again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketKmsCalls {
    /// Its name.
    pub bucket: String,
    /// Whether the log has a data event of it.
    pub has_data_events: bool,
    /// Of its data events, those that write and those that read an object's data.
    pub data_events: [u64; 2],
    /// Calls with an object's ARN that write, and such that read; not those for copies that have data events.
    pub for_objects: [u64; 2],
    /// Calls with the bucket's ARN.
    pub for_bucket_keys: u64,
    /// When the first of these was, in nanoseconds since the Unix epoch.
    pub bucket_keys_since: Option<Nanoseconds>,
}

impl BucketKmsCalls {
    /// Whether calls stand for its requests.
    #[must_use]
    pub fn has_calls_as_requests(&self) -> bool {
        !self.has_data_events && self.for_objects != [0, 0]
    }

    /// Whether its bucket keys are on, and it has no data events.
    #[must_use]
    pub fn has_bucket_keys_already(&self) -> bool {
        !self.has_data_events && self.for_bucket_keys > 0
    }

    /// Whether the calls tell of more writes or reads than its data events can have made: at most two
    /// reads each, of a copy's source and of the upload that it is copied into.
    #[must_use]
    pub fn has_data_events_missing(&self) -> bool {
        let [[written, read], [writes, reads]] = [self.data_events, self.for_objects];
        self.has_data_events && (writes > 2 * written || reads > 2 * read)
    }
}

/// What a trail's data events tell of each bucket, by its number.
#[derive(Debug, Default)]
pub(crate) struct DataEvents(Vec<DataEventCounts>);

#[derive(Clone, Copy, Debug, Default)]
struct DataEventCounts {
    /// Whether there is any.
    any: bool,
    /// Those that write, and those that read an object's data.
    needing: [u64; 2],
}

impl DataEvents {
    fn of(&mut self, bucket: u32) -> &mut DataEventCounts {
        let place = bucket as usize;
        if place >= self.0.len() {
            self.0.resize(place + 1, DataEventCounts::default());
        }
        &mut self.0[place]
    }

    /// Takes note of one.
    pub(crate) fn note(&mut self, bucket: u32, when: Stamp) {
        let data = self.of(bucket);
        data.any = true;
        if when.is_served() {
            let needs = Needs::of(when.kind().operation(), MultipartCalls::default());
            data.needing[0] += u64::from(needs.wrap.is_some());
            data.needing[1] += u64::from(needs.unwrap > 0);
        }
    }

    /// Takes note that a copy reads from a bucket, which need not have data events for that.
    fn note_copied(&mut self, bucket: u32) {
        self.of(bucket).needing[1] += 1;
    }

    fn get(&self, names: &NameTable, bucket: &[u8]) -> DataEventCounts {
        let number = names.number_of(bucket).map(|number| number as usize);
        number.and_then(|number| self.0.get(number)).copied().unwrap_or_default()
    }
}

/// KMS's calls of buckets that are not known to have data events.
#[derive(Debug)]
pub(crate) struct KeptKmsCalls {
    names: NameTable,
    /// Calls for objects, as requests.
    entries: Sorter<GatheredRequest>,
    /// The reading halves of copies that have data events.
    copied: Sorter<GatheredRequest>,
    buckets: HashMap<Vec<u8>, CallsOfBucket>,
}

/// Calls of a bucket.
#[derive(Debug, Default)]
struct CallsOfBucket {
    /// By API.
    for_objects: KmsCalls,
    for_bucket_keys: KmsCalls,
    since: Option<Nanoseconds>,
}

impl KeptKmsCalls {
    fn new(names: NameTable, memory: usize, store: &Arc<dyn SpillStore>) -> Self {
        Self {
            names,
            entries: Sorter::new(memory / 3, Arc::clone(store)),
            copied: Sorter::new(memory / 3, Arc::clone(store)),
            buckets: HashMap::new(),
        }
    }

    fn of(&mut self, bucket: &[u8]) -> &mut CallsOfBucket {
        if !self.buckets.contains_key(bucket) {
            self.buckets.insert(bucket.to_vec(), CallsOfBucket::default());
        }
        self.buckets.get_mut(bucket).expect("it is there now")
    }
}

impl CallsOfBucket {
    fn take(&mut self, event: &KmsEvent, is_of_object: bool) {
        if is_of_object {
            self.for_objects += KmsCalls::of(event.api, 1);
        } else {
            self.for_bucket_keys += KmsCalls::of(event.api, 1);
            self.since = Some(self.since.map_or(event.time, |since| since.min(event.time)));
        }
    }
}

/// Stands for no file in particular.
const NO_FILE: usize = usize::MAX;

/// A call as whoever names the ends of a log has it.
fn as_record(when: Stamp) -> Record<'static> {
    let operation = when.kind().operation();
    let api = if Needs::writes(operation) { KmsApi::GenerateDataKey } else { KmsApi::Decrypt };
    Record::new(LogOperation::Known(operation), api.name().as_bytes(), LoggedRequester::Unknown)
}

/// Bucket and perhaps key of what an encryption context names, if that is S3's: of an object or a
/// bucket, rather than of a table, say.
pub(super) fn named<'a>(event: &KmsEvent<'a>) -> Option<(&'a [u8], Option<&'a [u8]>)> {
    event.s3_arn.filter(|_| !event.is_of_other_storage()).map(bucket_and_key)
}

/// The request that a call for an object stands for, as far as a log of requests would have it.
pub(super) fn stand_in<'a>(event: &KmsEvent<'a>) -> (Operation, Record<'a>) {
    let operation = match event.api {
        KmsApi::GenerateDataKey | KmsApi::Encrypt => Operation::PutObject,
        KmsApi::Decrypt => Operation::GetObject,
    };
    let record = Record {
        time: event.time,
        credential: event.credential,
        role_id: event.role_id,
        id: event.id,
        ..Record::new(LogOperation::Known(operation), b"", event.requester)
    };
    (operation, record)
}

impl KmsCallCounts {
    /// Adds the numbers of other logs.
    pub(crate) fn add(&mut self, other: &Self) {
        let Self { requests, beside_data, of_copies, for_bucket_keys, failed, other_use } = other;
        self.requests += requests;
        self.beside_data += beside_data;
        self.of_copies += of_copies;
        self.for_bucket_keys += for_bucket_keys;
        self.failed += failed;
        self.other_use += other_use;
    }
}

impl DataEvents {
    /// Adds what the data events of other logs tell of buckets, which have the names of `names` there.
    pub(crate) fn absorb(&mut self, other: &Self, names: &NameTable, own: &mut NameTable) {
        for (bucket, more) in names.each_bucket().zip(&other.0) {
            if more.any || more.needing != [0, 0] {
                let data = self.of(own.bucket(bucket));
                data.any |= more.any;
                data.needing.iter_mut().zip(more.needing).for_each(|(mine, more)| *mine += more);
            }
        }
    }
}

impl CallsOfBucket {
    fn absorb(&mut self, other: &Self) {
        self.for_objects += other.for_objects;
        self.for_bucket_keys += other.for_bucket_keys;
        self.since = self.since.into_iter().chain(other.since).min();
    }
}

impl RecordGatherer {
    /// Takes over KMS's calls of other logs, whose requests' names are taken over by `adoption`.
    pub(crate) fn absorb_calls(
        &mut self,
        other: KeptKmsCalls,
        adoption: &mut NameMerge,
    ) -> Result<()> {
        let KeptKmsCalls { names, entries, copied, buckets } = other;
        let mut of_calls = NameMerge::of(&names);
        let log = self.kms_log();
        entries.drain(|entry| {
            let slot = of_calls.slot(entry.slot, &mut log.names);
            let place = of_calls.place(entry.place, &mut log.names);
            check_sessions(&log.names)?;
            log.entries.push(GatheredRequest { slot, place, ..entry })
        })?;
        for (bucket, calls) in buckets {
            log.of(&bucket).absorb(&calls);
        }
        let (own, log) = (&mut self.names, self.kms_log.as_mut().expect("it was made above"));
        copied.drain(|entry| {
            let (slot, place) = (adoption.slot(entry.slot, own), adoption.place(entry.place, own));
            log.copied.push(GatheredRequest { slot, place, ..entry })
        })
    }

    fn kms_log(&mut self) -> &mut KeptKmsCalls {
        let (names, memory, store) = (&self.names, self.memory, &self.store);
        self.kms_log
            .get_or_insert_with(|| Box::new(KeptKmsCalls::new(names.apart(), memory, store)))
    }

    /// Takes a KMS call, which may stand for a request.
    pub(crate) fn take_call(&mut self, event: &KmsEvent) -> Result<()> {
        if let Some(error) = event.error {
            self.taken.calls.failed += 1;
            self.left_out.note(Reason::FailedCall, error);
            return Ok(());
        }
        let Some((bucket, key)) = named(event) else {
            self.taken.calls.other_use += 1;
            self.left_out.note(Reason::OtherCall, event.api.name().as_bytes());
            return Ok(());
        };
        if !self.wants(bucket) {
            self.taken.other_buckets += 1;
            self.left_out.note(Reason::OtherBucket, bucket);
            return Ok(());
        }
        if self.wanted.to.is_some_and(|to| event.time >= to) {
            self.taken.too_late += 1;
            self.left_out.note(Reason::TooLate, b"");
            return Ok(());
        }
        self.kms_log().of(bucket).take(event, key.is_some());
        match key {
            Some(key) if !self.data_events.get(&self.names, bucket).any => {
                self.keep_call(event, bucket, key)
            }
            _ => Ok(()),
        }
    }

    /// Keeps a call for an object as the request that it stands for.
    fn keep_call(&mut self, event: &KmsEvent, bucket: &[u8], key: &[u8]) -> Result<()> {
        let (operation, record) = stand_in(event);
        let ms = epoch_ms(event.time);
        let object = self.object(bucket, key, None);
        let log = self.kms_log();
        let slot = log.names.slot(&record);
        check_sessions(&log.names)?;
        let place = log.names.place(bucket, Some(key), event.key_arn.and_then(kms_key_arn));
        if let Some(region) = event.region {
            log.names.note_region(place, region, true);
        }
        let id = id_of(&record, object, ms);
        let when = Stamp::new(ms, RequestKind::of(operation));
        log.entries.push(GatheredRequest { object, when, id, slot, place })
    }

    /// Takes note of the reading half of a copy: KMS's call for it may be in the trail, too.
    pub(crate) fn note_copied(&mut self, read: &GatheredRequest) -> Result<()> {
        let bucket = self.names.bucket_of(read.place);
        let has_data = self.data_events.of(bucket).any;
        self.data_events.note_copied(bucket);
        if !self.wanted.calls_as_requests || has_data {
            return Ok(());
        }
        let read = *read;
        self.kms_log().copied.push(read)
    }

    /// Decides, when all logs are taken, which buckets' requests are known by KMS's calls, and takes
    /// these.
    ///
    /// # Errors
    /// If what is spilled cannot be read back, or there are too many buckets.
    pub fn settle(&mut self) -> Result<()> {
        let Some(log) = self.kms_log.take() else { return Ok(()) };
        let KeptKmsCalls { names, entries, copied, buckets } = *log;
        let left_out: Vec<bool> = names
            .each_bucket()
            .map(|bucket| self.data_events.get(&self.names, bucket).any)
            .collect();
        self.count_buckets(buckets);
        let mut copies = CopySourceReads::new(copied.sorted()?);
        let mut adoption = NameMerge::of(&names);
        let mut entries = entries.sorted()?;
        let sessions: BTreeSet<&SessionIdentity> = names.sessions().collect();
        let mut of_copies = vec![0; left_out.len()];
        let mut last = None;
        while let Some(entry) = entries.next()? {
            let bucket = names.bucket_of(entry.place) as usize;
            if left_out[bucket] {
                continue;
            }
            // A call that is repeated reads the same copy's source again.
            let repeated = entry.id & 1 == 0 && last == Some((entry.object, entry.when, entry.id));
            last = Some((entry.object, entry.when, entry.id));
            let (own, roles) = (names.session(entry.slot), &self.names.roles);
            let is_for_copy = copies.take(&entry, repeated, |copy| {
                let who = self.names.session(copy.slot);
                // What S3 forwards may lack what distinguishes sessions.
                who == own
                    || !sessions.contains(who)
                        && roles.named(&who.principal) == roles.named(&own.principal)
            })?;
            if is_for_copy {
                of_copies[bucket] += 1;
                continue;
            }
            let slot = adoption.slot(entry.slot, &mut self.names);
            let place = adoption.place(entry.place, &mut self.names);
            check_sessions(&self.names)?;
            self.check_buckets()?;
            let ms = entry.when.ms();
            self.whole_seconds &= ms % 1_000 == 0;
            self.widen_by(ms, NO_FILE, &as_record(entry.when));
            self.last_request = self.last_request.max(Some(ms));
            self.entries.push(GatheredRequest { slot, place, ..entry })?;
        }
        for (bucket, calls) in names.each_bucket().zip(of_copies).filter(|(_, calls)| *calls > 0) {
            self.count_copies(bucket, calls);
        }
        Ok(())
    }

    /// Takes note that some of a bucket's calls are for copies, which count as data events.
    fn count_copies(&mut self, bucket: &[u8], calls: u64) {
        self.taken.calls.requests -= calls;
        self.taken.calls.of_copies += calls;
        self.left_out.add(Reason::KmsCall, KmsApi::Decrypt.name().as_bytes(), calls);
        let name = self.wanted.hider.bucket(&text(bucket));
        if let Some(of) = self.of_buckets.iter_mut().find(|of| of.bucket == name) {
            of.for_objects[1] = of.for_objects[1].saturating_sub(calls);
        }
    }

    /// Counts calls by what becomes of them, bucket by bucket.
    fn count_buckets(&mut self, buckets: HashMap<Vec<u8>, CallsOfBucket>) {
        for (bucket, calls) in buckets {
            let CallsOfBucket { for_objects, for_bucket_keys, since } = calls;
            let data = self.data_events.get(&self.names, &bucket);
            if data.any {
                self.taken.calls.beside_data += for_objects.total() + for_bucket_keys.total();
                self.leave_out(Reason::KmsCall, &for_objects);
                self.leave_out(Reason::KmsCall, &for_bucket_keys);
            } else {
                self.taken.calls.requests += for_objects.total();
                self.taken.calls.for_bucket_keys += for_bucket_keys.total();
                self.leave_out(Reason::BucketKeyCall, &for_bucket_keys);
            }
            let reads = for_objects.get(KmsApi::Decrypt);
            self.of_buckets.push(BucketKmsCalls {
                bucket: self.wanted.hider.bucket(&text(&bucket)),
                has_data_events: data.any,
                data_events: data.needing,
                for_objects: [for_objects.total() - reads, reads],
                for_bucket_keys: for_bucket_keys.total(),
                bucket_keys_since: since,
            });
        }
        self.of_buckets.sort_by(|a, b| a.bucket.cmp(&b.bucket));
    }

    fn leave_out(&mut self, reason: Reason, calls: &KmsCalls) {
        for api in KmsApi::ALL {
            self.left_out.add(reason, api.name().as_bytes(), calls.get(api));
        }
    }

    /// What to do where calls of KMS are all that is left, and none stands for a request.
    pub(crate) fn no_request_hint(&self) -> Option<&'static str> {
        let taken = &self.taken;
        if taken.records + taken.other_buckets + taken.too_late > 0 || taken.kms_events == 0 {
            return None;
        }
        let KmsCallCounts { for_bucket_keys, failed, .. } = taken.calls;
        Some(if !self.wanted.calls_as_requests {
            "the trail has KMS events but no S3 data events: log those, or give the buckets' access \
             logs; `bks replay` and `bks calibrate` take KMS events alone"
        } else if for_bucket_keys > 0 {
            "bucket keys are on already: all of S3's KMS calls carry a bucket's ARN, which does \
             not identify a request; `bks calibrate` takes these calls, and `bks reconcile` sets them beside the \
             requests in S3's data events or access logs"
        } else if failed == taken.kms_events {
            "all KMS calls in the trail failed, and a call that failed stands for no request"
        } else {
            "no KMS call in the trail that succeeded has the encryption context `aws:s3:arn`, which \
             S3's calls have: give events of an account whose buckets use SSE-KMS"
        })
    }
}
