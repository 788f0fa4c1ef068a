//! Records of logs, in any order, to compact entries.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::LONGEST;
use super::delivery_path::DeliveryPath;
use super::earlier_objects::{EarlierKey, WriteTimes, plain_key, spread_ms};
use super::hash::{Hash, NO_OBJECT, ObjectId, object};
use super::kms_calls::{BucketKmsCalls, DataEvents, KeptKmsCalls, KmsCallCounts};
use super::left_out::{LeftOutRecords, Reason};
use super::log_ends::LogEnds;
use super::names::{NameMerge, NameTable, SessionIdentity};
use super::packed::{
    self, MAX_BUCKETS, MAX_SESSIONS, ObjectEncryption, RequestKind, RequestStatus, Stamp,
};
use super::pseudonyms::NameHider;
use super::requests::OptOuts;
use super::sort::{Sorter, SpillStore};
use crate::error::{Error, Result};
use crate::logs::LogFormat;
use crate::logs::record::{
    LogEntry, LogOperation, LoggedRequester, Nanoseconds, Record, Skipped, percent_decoded,
};
use crate::units::SimDuration;

/// What to take of a log.
#[derive(Clone, Debug, Default)]
pub struct LogSelection {
    /// Only requests to these buckets; to all if there is none.
    pub buckets: BTreeSet<String>,
    /// When counting starts, in nanoseconds since the epoch; earlier requests fill memory and tell
    /// which key wraps what.
    pub from: Option<i64>,
    /// When the run ends; later requests are left out.
    pub to: Option<i64>,
    /// Whether inventories tell of objects: then keys are compared with theirs.
    pub inventories: bool,
    /// Whether KMS's calls stand for the requests of buckets of which the trail has no S3 data events.
    pub calls_as_requests: bool,
    /// Whether every object is taken to be under KMS, whatever the log says of it.
    pub as_kms: bool,
    /// What becomes of writes that switch bucket keys off by header.
    pub opt_outs: OptOuts,
    /// Hides names of whatever the log names, or does not.
    pub hider: NameHider,
    /// Where the run begins, and whether there must be anything.
    pub slice: LogSlice,
}

/// How much of the time before [`LogSelection::from`] is taken, and whether it is a part of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSlice {
    /// How long before that time the run begins; without it, it begins with the first record.
    pub warm_up: Option<SimDuration>,
    /// Whether there may be no request.
    pub is_part: bool,
}

/// Numbers of records by what became of them. Repeated records are counted again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordCounts {
    /// Requests of wanted buckets.
    pub records: u64,
    /// Of these, those that failed or found nothing modified: requests that cost no KMS call.
    pub failed: u64,
    /// Of these, those that are a key of a `DeleteObjects`: no requests, but data events.
    pub deleted_keys: u64,
    /// Of these, those that touch no object's data, such as reading a bucket's policy.
    pub without_data: u64,
    /// Of these, those whose operation is not known; they are left out.
    pub unknown: u64,
    /// Of these, those at or after the end.
    pub too_late: u64,
    /// Of these, those of a role's session of which only the name is known.
    pub sessions_by_name: u64,
    /// Whether the log is a trail.
    pub of_trail: bool,
    /// KMS calls in it.
    pub kms_events: u64,
    /// Of these, what became of them where they may stand for requests.
    pub calls: KmsCallCounts,
    /// Entries that are neither requests nor KMS calls.
    pub skipped: u64,
    /// Requests to other buckets.
    pub other_buckets: u64,
    /// Records that say how their object is encrypted.
    pub encryption_known: u64,
    /// Writes whose answer says that their object has a bucket key.
    pub bucket_keys: u64,
    /// Writes that switch the bucket key of their object off by header.
    pub opted_out: u64,
}

impl RecordCounts {
    /// Adds the numbers of other logs.
    fn add(&mut self, other: &Self) {
        self.calls.add(&other.calls);
        self.of_trail |= other.of_trail;
        self.records += other.records;
        self.failed += other.failed;
        self.deleted_keys += other.deleted_keys;
        self.without_data += other.without_data;
        self.unknown += other.unknown;
        self.too_late += other.too_late;
        self.sessions_by_name += other.sessions_by_name;
        self.kms_events += other.kms_events;
        self.skipped += other.skipped;
        self.other_buckets += other.other_buckets;
        self.encryption_known += other.encryption_known;
        self.bucket_keys += other.bucket_keys;
        self.opted_out += other.opted_out;
    }
}

/// Gathers records.
#[derive(Debug)]
pub struct RecordGatherer {
    pub(crate) wanted: LogSelection,
    pub(crate) taken: RecordCounts,
    pub(crate) left_out: LeftOutRecords,
    pub(crate) names: NameTable,
    pub(crate) entries: Sorter<packed::GatheredRequest>,
    /// When inventories say that objects were written.
    pub(crate) times: WriteTimes,
    pub(crate) store: Arc<dyn SpillStore>,
    /// Bytes that requests may take in memory.
    pub(crate) memory: usize,
    /// Time of the first record that a run may reach back to from `Wanted::from`.
    pub(crate) first_near: Option<u64>,
    /// The first and the last record.
    pub(crate) ends: LogEnds,
    /// Names of the files so far.
    pub(crate) files: Vec<String>,
    /// Time of the last request.
    pub(crate) last_request: Option<u64>,
    /// No run that counts from `Wanted::from` on reaches back beyond this.
    nearest_ms: u64,
    /// Whether the file at hand is a trail.
    in_trail: bool,
    /// What the path of the file at hand tells of its bucket.
    delivered: Option<DeliveryPath>,
    /// Whether all times so far are whole seconds.
    pub(crate) whole_seconds: bool,
    /// What the trail's data events tell of each bucket, by its number.
    pub(crate) data_events: DataEvents,
    /// KMS's calls, as far as they may stand for requests.
    pub(crate) kms_log: Option<Box<KeptKmsCalls>>,
    /// What KMS's calls tell of buckets, once that is settled.
    pub(crate) of_buckets: Vec<BucketKmsCalls>,
}

/// An object as a record names it.
struct LoggedObject<'a> {
    id: ObjectId,
    bucket: &'a [u8],
    key: Option<&'a [u8]>,
    /// ARN of its KMS key.
    kms_key: Option<&'a [u8]>,
}

impl<'a> LoggedObject<'a> {
    /// What a record is of.
    fn of(record: &Record<'a>, id: ObjectId) -> Self {
        Self { id, bucket: record.bucket, key: record.key, kms_key: record.kms_key }
    }
}

impl RecordGatherer {
    /// Gathers what is `wanted`, in about `memory` bytes; what is beyond is spilled in `store`.
    #[must_use]
    pub fn new(wanted: LogSelection, memory: usize, store: Arc<dyn SpillStore>) -> Self {
        let from = wanted.from.unwrap_or_default().saturating_sub(LONGEST.as_nanos());
        Self {
            nearest_ms: epoch_ms(from),
            wanted,
            taken: RecordCounts::default(),
            left_out: LeftOutRecords::default(),
            names: NameTable::default(),
            entries: Sorter::new(memory / 3, Arc::clone(&store)),
            times: WriteTimes::default(),
            store,
            memory,
            first_near: None,
            ends: LogEnds::default(),
            files: Vec::new(),
            last_request: None,
            in_trail: false,
            delivered: None,
            whole_seconds: true,
            data_events: DataEvents::default(),
            kms_log: None,
            of_buckets: Vec::new(),
        }
    }

    /// Gathers the same of a file that is read beside others, in about `memory` bytes, to be absorbed.
    pub(crate) fn beside(&self, memory: usize) -> Self {
        let store = Arc::clone(&self.store);
        Self { names: self.names.apart(), ..Self::new(self.wanted.clone(), memory, store) }
    }

    /// Takes over what was gathered beside this of the file that was begun here last.
    pub(crate) fn absorb(&mut self, other: Self) -> Result<()> {
        let Self { taken, left_out, mut names, entries, first_near, ends, .. } = other;
        let Self { last_request, whole_seconds, data_events, kms_log, .. } = other;
        self.taken.add(&taken);
        self.left_out.absorb(left_out);
        self.names.roles.absorb(std::mem::take(&mut names.roles));
        self.data_events.absorb(&data_events, &names, &mut self.names);
        let mut adoption = NameMerge::of(&names);
        entries.drain(|entry| {
            let slot = adoption.slot(entry.slot, &mut self.names);
            let place = adoption.place(entry.place, &mut self.names);
            self.entries.push(packed::GatheredRequest { slot, place, ..entry })
        })?;
        check_sessions(&self.names)?;
        self.check_buckets()?;
        if let Some(kms_log) = kms_log {
            self.absorb_calls(*kms_log, &mut adoption)?;
        }
        self.first_near = self.first_near.into_iter().chain(first_near).min();
        self.ends.absorb(ends, self.files.len().saturating_sub(1));
        self.last_request = self.last_request.max(last_request);
        self.whole_seconds &= whole_seconds;
        Ok(())
    }

    /// What has been taken so far.
    pub(crate) fn taken(&self) -> &RecordCounts {
        &self.taken
    }

    /// What KMS's calls tell of buckets, in order; nothing before [`Self::settle`].
    pub(crate) fn of_buckets(&self) -> &[BucketKmsCalls] {
        &self.of_buckets
    }

    /// What has been left out so far.
    pub(crate) fn left_out(&self) -> &LeftOutRecords {
        &self.left_out
    }

    /// What has been left out so far, to be added to by whoever knows of more.
    pub(crate) fn left_out_mut(&mut self) -> &mut LeftOutRecords {
        &mut self.left_out
    }

    /// Begins a file of a format.
    pub fn begin(&mut self, format: LogFormat, name: &str) {
        self.files.push(name.to_owned());
        self.in_trail = format == LogFormat::CloudTrail;
        self.taken.of_trail |= self.in_trail;
    }

    /// Takes what the path of the file at hand tells.
    pub(crate) fn note_path(&mut self, path: &str) {
        self.delivered = DeliveryPath::of(path).filter(|_| !self.in_trail);
    }

    /// Takes what a log tells.
    ///
    /// # Errors
    /// If it cannot be spilled, or there are too many buckets.
    pub fn take(&mut self, entry: &LogEntry) -> Result<()> {
        match entry {
            LogEntry::Request(record) => self.take_request(record),
            LogEntry::Kms(event) => {
                self.taken.kms_events += 1;
                self.names.roles.note(event.role_id, &event.requester);
                if self.wanted.calls_as_requests {
                    return self.take_call(event);
                }
                self.left_out.note(Reason::KmsCall, event.api.name().as_bytes());
                Ok(())
            }
            LogEntry::Session(start) => {
                self.skip(Skipped::OtherService, start.source);
                Ok(())
            }
            LogEntry::Skipped(why, name) => {
                self.skip(*why, name);
                Ok(())
            }
        }
    }

    fn skip(&mut self, why: Skipped, name: &[u8]) {
        self.taken.skipped += 1;
        self.left_out.note(Reason::Skipped(why), name);
    }

    /// Takes what an inventory tells of an object: when it was written, in nanoseconds since the
    /// epoch, and under which kind of key. To be called when all logs are taken and settled, and only
    /// where [`LogSelection::inventories`] is set. Returns whether the object's bucket is in a log.
    ///
    /// # Errors
    /// If it cannot be spilled.
    pub fn take_inventoried(
        &mut self,
        bucket: &[u8],
        key: &[u8],
        modified_ns: i64,
        status: EarlierKey,
    ) -> Result<bool> {
        if !self.names.knows_bucket(bucket) {
            return Ok(false);
        }
        let object = object(bucket, &plain_key(key), None);
        if let Some(ms) = spread_ms(modified_ns, object[0]) {
            if status == EarlierKey::WithKey {
                self.times.note(bucket, ms);
            }
            let when = Stamp::new(ms, RequestKind::Inventoried);
            let slot = status as u32;
            self.entries.push(packed::GatheredRequest { object, when, id: 0, slot, place: 0 })?;
        }
        Ok(true)
    }

    pub(crate) fn object(&self, bucket: &[u8], key: &[u8], version: Option<&[u8]>) -> ObjectId {
        if self.wanted.inventories {
            object(bucket, &plain_key(key), version)
        } else {
            object(bucket, key, version)
        }
    }

    fn take_request(&mut self, record: &Record) -> Result<()> {
        if !self.wants(record.bucket) {
            self.taken.other_buckets += 1;
            self.left_out.note(Reason::OtherBucket, record.bucket);
            return Ok(());
        }
        self.taken.records += 1;
        let ms = epoch_ms(record.time);
        let Some(kind) = self.kind(record) else { return Ok(()) };
        let fate = fate(record);
        self.note_fate(record, kind, fate);
        self.taken.encryption_known += u64::from(record.encryption.is_some());
        self.taken.bucket_keys += u64::from(record.bucket_key == Some(true));
        let sse = if self.wanted.as_kms {
            ObjectEncryption::Unknown
        } else {
            ObjectEncryption::of(record, self.wanted.opt_outs)
        };
        let sse = if kind == RequestKind::CopyObject { sse.of_copy(record.bucket) } else { sse };
        if sse == ObjectEncryption::OptedOut && fate == RequestStatus::Served {
            self.taken.opted_out += 1;
        }
        let when = Stamp::new(ms, kind).with(fate).under(sse);
        let role = matches!(record.requester, LoggedRequester::AssumedRole { .. });
        self.taken.sessions_by_name += u64::from(role && record.credential.is_none());
        let object =
            record.key.map_or(NO_OBJECT, |key| self.object(record.bucket, key, record.version_id));
        let entry = self.push(record, when, LoggedObject::of(record, object))?;
        let packed::GatheredRequest { place, .. } = entry;
        self.note_written_version(record, entry)?;
        if self.in_trail {
            self.data_events.note(self.names.bucket_of(place), when);
        }
        let delivered = self.delivered.as_ref().and_then(|path| path.region_of(record.bucket));
        if let Some(region) = record.region.or(delivered).filter(|_| !is_of_other_region(record)) {
            self.names.note_region(place, region, fate == RequestStatus::Served);
        }
        if let Some(keys) = record.deleted_keys.filter(|keys| *keys > 0) {
            let when = Stamp::new(ms, RequestKind::DeletedKeys);
            let all = LoggedObject { key: None, ..LoggedObject::of(record, [keys.into(), 0]) };
            self.push(record, when, all)?;
        }
        // A trail tells both halves of a copy in one event. One that was not served reads nothing.
        let half = match kind {
            RequestKind::CopyObject => RequestKind::CopySource,
            RequestKind::UploadPartCopy => RequestKind::PartCopySource,
            _ => return Ok(()),
        };
        if fate != RequestStatus::Served {
            return Ok(());
        }
        let mut read = LoggedObject { kms_key: None, ..LoggedObject::of(record, object) };
        let key;
        if let Some(source) = record.copy_source {
            key = percent_decoded(source.key);
            let id = self.object(source.bucket, &key, source.version);
            read = LoggedObject { id, bucket: source.bucket, key: Some(&key), kms_key: None };
        } else if record.operation != LogOperation::UpdateObjectEncryption {
            return Ok(());
        }
        let is_own = half == RequestKind::CopySource && read.id == object;
        let half = if is_own { RequestKind::OwnCopySource } else { half };
        let read = self.push(record, Stamp::new(ms, half), read)?;
        self.note_copied(&read)
    }

    /// Takes note of a write under the version that it was answered with, by which it may be read. That of an upload
    /// has the key of its beginning: *assumed* to be as near as its end.
    fn note_written_version(
        &mut self,
        record: &Record,
        entry: packed::GatheredRequest,
    ) -> Result<()> {
        use RequestKind::{CompleteMultipartUpload, CopyObject, PutObject, ReplicateObject};
        let writes = [PutObject, CopyObject, CompleteMultipartUpload, ReplicateObject];
        let is_write = writes.contains(&entry.when.kind()) && entry.when.is_served();
        let (Some(key), Some(version)) = (record.key, record.written_version) else {
            return Ok(());
        };
        if !is_write {
            return Ok(());
        }
        let object = self.object(record.bucket, key, Some(version));
        let when = entry.when.as_kind(RequestKind::WrittenVersion);
        self.entries.push(packed::GatheredRequest { object, when, ..entry })
    }

    /// Counts what is no request that asks KMS for anything.
    fn note_fate(&mut self, record: &Record, kind: RequestKind, fate: RequestStatus) {
        if kind == RequestKind::DeletedKey {
            self.taken.deleted_keys += 1;
            self.left_out.note(Reason::DeletedKey, record.operation_name);
        } else if fate != RequestStatus::Served {
            self.taken.failed += 1;
            let status = record.status.map(|status| status.to_string());
            let status = status.as_deref().unwrap_or_default().as_bytes();
            self.left_out.note(Reason::Failed, record.error.unwrap_or(status));
        }
    }

    pub(crate) fn wants(&self, bucket: &[u8]) -> bool {
        let buckets = &self.wanted.buckets;
        buckets.is_empty() || buckets.contains(&crate::recording::names::text(bucket))
    }

    /// What a record is taken as; `None` if it is left out.
    fn kind(&mut self, record: &Record) -> Option<RequestKind> {
        if self.wanted.to.is_some_and(|to| record.time >= to) {
            self.taken.too_late += 1;
            self.left_out.note(Reason::TooLate, b"");
            return None;
        }
        let kind = match record.operation {
            LogOperation::Known(operation) => RequestKind::of(operation),
            LogOperation::CopySource => RequestKind::CopySource,
            LogOperation::PartCopySource => RequestKind::PartCopySource,
            LogOperation::SelectObjectContent => RequestKind::GetObject,
            // Checksums are stored encrypted (the permission is documented, the count is not).
            LogOperation::GetObjectAttributes => RequestKind::HeadObjectChecksum,
            // The old key is unwrapped and a new one made, as by a copy onto itself (*inferred*).
            LogOperation::UpdateObjectEncryption => RequestKind::CopyObject,
            LogOperation::DeletedKey => RequestKind::DeletedKey,
            LogOperation::Lifecycle | LogOperation::WithoutData => {
                self.taken.without_data += 1;
                let by_rule = record.operation == LogOperation::Lifecycle;
                let why = if by_rule { Reason::Lifecycle } else { Reason::WithoutData };
                self.left_out.note(why, record.operation_name);
                self.note_time(record);
                return None;
            }
            LogOperation::Unknown => {
                self.taken.unknown += 1;
                self.left_out.note(Reason::UnknownOperation, record.operation_name);
                self.note_time(record);
                return None;
            }
        };
        Some(kind)
    }

    /// Widens the span of the log by a record that is left out. Access logs have all requests of a
    /// bucket, so that each tells that there was a log at its time; the management events of a trail
    /// may go on where its data events do not.
    fn note_time(&mut self, record: &Record) {
        if !self.in_trail {
            self.widen(epoch_ms(record.time), record);
        }
    }

    fn widen(&mut self, ms: u64, record: &Record) {
        self.widen_by(ms, self.files.len().saturating_sub(1), record);
    }

    /// Widens the span of the log by a record of a file.
    pub(crate) fn widen_by(&mut self, ms: u64, file: usize, record: &Record) {
        if ms >= self.nearest_ms && self.first_near.is_none_or(|first| ms < first) {
            self.first_near = Some(ms);
        }
        self.ends.widen(ms, file, record);
    }

    fn push(
        &mut self,
        record: &Record,
        when: Stamp,
        LoggedObject { id: object, bucket, key, kms_key }: LoggedObject,
    ) -> Result<packed::GatheredRequest> {
        let slot = self.names.slot(record);
        check_sessions(&self.names)?;
        let place = self.names.place(bucket, key, kms_key);
        self.check_buckets()?;
        let ms = when.ms();
        let id = id_of(record, object, ms);
        self.whole_seconds &= record.time % 1_000_000_000 == 0;
        self.widen(ms, record);
        if when.kind().deleted_keys([1, 0]) == 0 {
            self.last_request = self.last_request.max(Some(ms));
        }
        let entry = packed::GatheredRequest { object, when, id, slot, place };
        self.entries.push(entry)?;
        Ok(entry)
    }

    /// Refuses more buckets than have numbers.
    pub(crate) fn check_buckets(&self) -> Result<()> {
        if self.names.buckets() <= MAX_BUCKETS {
            return Ok(());
        }
        Err(Error::request(format!("the log has more than {MAX_BUCKETS} buckets"))
            .hint("choose some, e.g., `--bucket my-bucket`"))
    }
}

/// Refuses more sessions than a run has.
pub(crate) fn check_sessions(names: &NameTable) -> Result<()> {
    if names.session_count() <= MAX_SESSIONS {
        return Ok(());
    }
    Err(Error::request(format!(
        "the log has more than {MAX_SESSIONS} sessions, each of which takes some kilobytes"
    ))
    .hint("replay fewer at a time: fewer files, an earlier `--to`, or some buckets by `--bucket`"))
}

/// Milliseconds since the Unix epoch; what lies before it counts as its beginning.
pub(crate) fn epoch_ms(time: Nanoseconds) -> u64 {
    u64::try_from(time / 1_000_000).unwrap_or_default()
}

/// A number for what the log calls the request; `who` sent it, and it is of `object` at `ms`.
pub(crate) fn id_of(record: &Record, object: ObjectId, ms: u64) -> u64 {
    if let Some(id) = record.id {
        return Hash::new().with(id).get() & !1;
    }
    let [object, more] = object;
    let parts = [SessionIdentity::hash(record), object, more, ms, record.bytes_sent.unwrap_or(0)];
    parts.iter().fold(Hash::new(), |hash, part| hash.with(&part.to_le_bytes())).get() | 1
}

/// Whether the answer says that the request went to the endpoint of a region that is not the bucket's
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>).
fn is_of_other_region(record: &Record) -> bool {
    const ERRORS: [&[u8]; 4] = [
        b"PermanentRedirect",
        b"TemporaryRedirect",
        b"AuthorizationHeaderMalformed",
        b"IllegalLocationConstraintException",
    ];
    record.status.is_some_and(|status| matches!(status, 301 | 307))
        || record.error.is_some_and(|error| ERRORS.contains(&error))
}

/// What became of a request. AWS bills conditional requests and most errors of clients, but neither those of
/// its servers nor redirections to another endpoint
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ErrorCodeBilling.html>). The other exceptions of
/// that page hang on who asked, or are rare; they count as billed.
fn fate(record: &Record) -> RequestStatus {
    const UNBILLED: [&[u8]; 6] = [
        b"InternalError",
        b"SlowDown",
        b"ServiceUnavailable",
        b"ServiceFailure",
        b"PermanentRedirect",
        b"TemporaryRedirect",
    ];
    if record.succeeded() {
        return RequestStatus::Served;
    }
    let by_status =
        record.status.is_some_and(|status| status >= 500 || matches!(status, 301 | 307));
    let by_error = record.error.is_some_and(|error| UNBILLED.contains(&error));
    if by_status || by_error { RequestStatus::Unbilled } else { RequestStatus::Unserved }
}
