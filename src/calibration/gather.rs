//! From the entries of trails and access logs to the calls and requests of each session.
//!
//! Each log is gathered by itself, so that several can be read at a time; which records repeat another is
//! decided when all are taken over, in the logs' order.

mod objects;
mod own_calls;
mod policies;
mod requests;
mod sessions;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::Evidence;
use super::calls::ObjectOperation;
use crate::kms::KmsApi;
use crate::logs::LogFormat;
use crate::logs::record::{KmsEvent, LogEntry, LoggedRequester, Record, bucket_and_key};
use crate::recording::hash::{Hash, ObjectId};
use own_calls::OwnCalls;
use policies::SessionPolicies;
use requests::{ObjectUse, UseOfObject, object, object_uses};
use sessions::SessionRecords;

const NS_PER_S: i64 = 1_000_000_000;

/// A session's name, and what tells it from others of that name.
type SessionName = (Vec<u8>, Vec<u8>);

/// Who, without the session, in which bucket.
type RequesterBucket = (Vec<u8>, Vec<u8>);

/// Who called or asked, by which session and where.
#[derive(Clone, Debug, Default)]
struct RecordCaller {
    place: RequesterBucket,
    session: SessionName,
    /// Of a call: the KMS key.
    kms_key: Vec<u8>,
}

/// The same as a record has it.
#[derive(Hash)]
struct LoggedCaller<'a> {
    requester: LoggedRequester<'a>,
    credential: Option<&'a [u8]>,
    bucket: &'a [u8],
    kms_key: &'a [u8],
}

impl LoggedCaller<'_> {
    /// Two hashes of 64 bits, which nobody who chooses names can know.
    fn hash(&self, secrets: &[RandomState; 2]) -> [u64; 2] {
        secrets.each_ref().map(|secret| secret.hash_one(self))
    }

    fn owned(&self) -> RecordCaller {
        let (who, session) = who(self.requester, self.credential);
        let place = (who, self.bucket.to_vec());
        RecordCaller { place, session, kms_key: self.kms_key.to_vec() }
    }
}

/// What tells a record from others.
#[derive(Clone, Copy, Debug)]
enum RecordId {
    /// Nothing: it repeats none.
    None,
    /// Two hashes of 64 bits: no two ids of a trail share both.
    Of([u64; 2]),
    /// It is another use of the record before it.
    AsBefore,
}

/// A call, or a request's use of an object.
#[derive(Clone, Copy, Debug)]
struct TakenRecord {
    id: RecordId,
    /// By number in [`CalibrationGatherer::callers`].
    caller: u32,
    second: i64,
    what: CallOrUse,
}

impl TakenRecord {
    const fn is_in_access_log(&self) -> bool {
        matches!(self.what, CallOrUse::Use { form: ACCESS_LOG, .. })
    }
}

#[derive(Clone, Copy, Debug)]
enum CallOrUse {
    Call(KmsApi),
    /// In an access log or a trail.
    Use {
        form: usize,
        object_use: ObjectUse,
        operation: ObjectOperation,
        object: ObjectId,
    },
}

/// What is taken of entries, in any order.
#[derive(Debug, Default)]
pub struct CalibrationGatherer {
    buckets: BTreeSet<Vec<u8>>,
    callers: Vec<RecordCaller>,
    /// What hashes are made with, the same for all logs.
    secrets: [RandomState; 2],
    /// By hash: no two callers share both of its parts.
    number_of: HashMap<[u64; 2], u32>,
    taken: Vec<TakenRecord>,
    keyless: KeylessObjects,
    own_calls: OwnCalls,
    policies: SessionPolicies,
    left_out: LeftOut,
}

/// Objects whose calls are their own: bucket keys do not concern them.
#[derive(Debug, Default)]
struct KeylessObjects {
    all: HashSet<ObjectId>,
    /// Which of them got a data key of their own when: these writes need no bucket-level key.
    writes: HashSet<(ObjectId, i64)>,
}

/// How many events were left out, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// They repeat another.
    pub repeated: u64,
    /// They failed.
    pub failed: u64,
    /// KMS calls for one object's data key: made without a bucket key.
    pub by_object: u64,
    /// KMS calls that are not S3's.
    pub not_of_s3: u64,
    /// They are of other buckets.
    pub other_buckets: u64,
    /// Requests that logs of another form have more of.
    pub in_other_logs: u64,
}

impl LeftOut {
    fn add(&mut self, other: &Self) {
        let Self { repeated, failed, by_object, not_of_s3, other_buckets, in_other_logs } = other;
        self.repeated += repeated;
        self.failed += failed;
        self.by_object += by_object;
        self.not_of_s3 += not_of_s3;
        self.other_buckets += other_buckets;
        self.in_other_logs += in_other_logs;
    }
}

/// The forms of logs, by number.
const TRAIL: usize = 0;
const ACCESS_LOG: usize = 1;

impl CalibrationGatherer {
    /// Takes events of `buckets`, of all if there are none.
    pub fn new(buckets: impl IntoIterator<Item = String>) -> Self {
        Self { buckets: buckets.into_iter().map(String::into_bytes).collect(), ..Self::default() }
    }

    /// What takes the same of another log.
    #[must_use]
    pub fn beside(&self) -> Self {
        let (buckets, secrets) = (self.buckets.clone(), self.secrets.clone());
        Self { buckets, secrets, ..Self::default() }
    }

    /// Takes note of an entry of a trail or an access log.
    pub fn take(&mut self, form: LogFormat, entry: &LogEntry) {
        match entry {
            LogEntry::Kms(event) => self.take_call(event),
            LogEntry::Request(record) => self.take_request(form, record),
            LogEntry::Session(start) => self.policies.take(start),
            LogEntry::Skipped(..) => {}
        }
    }

    /// Takes over what was taken of the next log.
    pub fn absorb(&mut self, other: Self) {
        let mut numbers = vec![0; other.callers.len()];
        let mut callers = other.callers;
        for (hash, number) in other.number_of {
            let next = self.callers.len() as u32;
            let own = *self.number_of.entry(hash).or_insert(next);
            if own == next {
                self.callers.push(std::mem::take(&mut callers[number as usize]));
            }
            numbers[number as usize] = own;
        }
        self.taken.extend(
            other
                .taken
                .into_iter()
                .map(|record| TakenRecord { caller: numbers[record.caller as usize], ..record }),
        );
        self.keyless.all.extend(other.keyless.all);
        self.keyless.writes.extend(other.keyless.writes);
        self.own_calls.absorb(other.own_calls);
        self.policies.absorb(other.policies);
        self.left_out.add(&other.left_out);
    }

    fn take_call(&mut self, event: &KmsEvent) {
        let (bucket, key) = bucket_and_key(event.s3_arn.unwrap_or_default());
        // Tables and vectors have keys of their own kind.
        if event.is_of_other_storage() {
            return self.left_out.other_buckets += 1;
        }
        match event.is_of_bucket() {
            None => return self.left_out.not_of_s3 += 1,
            Some(false) => {
                let object = object(bucket, key.unwrap_or_default());
                self.keyless.all.insert(object);
                if event.api == KmsApi::GenerateDataKey {
                    let second = event.time.div_euclid(NS_PER_S);
                    let near = (second - 1..=second + 1).map(|at| (object, at));
                    self.keyless.writes.extend(near);
                }
                if event.error.is_none() && self.buckets.is_empty() | self.buckets.contains(bucket)
                {
                    let second = event.time.div_euclid(NS_PER_S);
                    self.own_calls.take(object, (second, event.api), record_id(event.id, &[]));
                }
                return self.left_out.by_object += 1;
            }
            Some(true) => {}
        }
        if event.error.is_some() {
            return self.left_out.failed += 1;
        }
        if !self.is_wanted(bucket) {
            return;
        }
        let caller = self.number(&LoggedCaller {
            requester: event.requester,
            credential: event.credential,
            bucket,
            kms_key: event.key_arn.unwrap_or_default(),
        });
        self.taken.push(TakenRecord {
            id: record_id(event.id, &[]),
            caller,
            second: event.time.div_euclid(NS_PER_S),
            what: CallOrUse::Call(event.api),
        });
    }

    fn take_request(&mut self, form: LogFormat, record: &Record) {
        let object_uses = object_uses(record);
        if object_uses.is_empty() {
            return;
        }
        if !record.succeeded() {
            return self.left_out.failed += 1;
        }
        if !self.is_wanted(record.bucket) {
            return;
        }
        let form = if form == LogFormat::CloudTrail { TRAIL } else { ACCESS_LOG };
        let mut id = record_id(record.id, record.operation_name);
        for UseOfObject { object_use, operation, bucket, object } in object_uses {
            if object_use == ObjectUse::Writes && record.bucket_key == Some(false) {
                self.own_calls.has_no_bucket_key(object);
                self.keyless.all.insert(object);
            }
            let caller = LoggedCaller {
                requester: record.requester,
                credential: record.credential,
                bucket,
                kms_key: b"",
            };
            let caller = self.number(&caller);
            self.taken.push(TakenRecord {
                id,
                caller,
                second: record.time.div_euclid(NS_PER_S),
                what: CallOrUse::Use { form, object_use, operation, object },
            });
            id = RecordId::AsBefore;
        }
    }

    fn is_wanted(&mut self, bucket: &[u8]) -> bool {
        let wanted = self.buckets.is_empty() || self.buckets.contains(bucket);
        self.left_out.other_buckets += u64::from(!wanted);
        wanted
    }

    /// The number of a caller, which it has from now on.
    fn number(&mut self, caller: &LoggedCaller) -> u32 {
        let next = self.callers.len() as u32;
        let number = *self.number_of.entry(caller.hash(&self.secrets)).or_insert(next);
        if number == next {
            self.callers.push(caller.owned());
        }
        number
    }

    /// What all entries tell.
    #[must_use]
    pub fn finish(self) -> (Evidence, LeftOut) {
        let Self { mut callers, taken, keyless, mut own_calls, policies, left_out, .. } = self;
        if !taken.iter().any(TakenRecord::is_in_access_log) {
            // Access logs do not tell sessions of one name apart.
            for caller in &mut callers {
                policies.mark(caller);
            }
        }
        let mut records = SessionRecords::new(keyless, left_out);
        let mut of_callers: Vec<Vec<(i64, CallOrUse)>> = vec![Vec::new(); callers.len()];
        let mut seen = HashSet::new();
        let mut is_repeated = false;
        for TakenRecord { id, caller, second, what } in taken {
            match id {
                RecordId::None => is_repeated = false,
                RecordId::Of(id) => {
                    is_repeated = !seen.insert(id);
                    records.left_out.repeated += u64::from(is_repeated);
                }
                RecordId::AsBefore => {}
            }
            if !is_repeated {
                if let CallOrUse::Use { form, operation, object, .. } = what {
                    own_calls.take_request(object, form, (second, operation));
                }
                of_callers[caller as usize].push((second, what));
            }
        }
        for (caller, mine) in callers.iter().zip(of_callers) {
            records.put(caller, mine);
        }
        let (mut evidence, left_out) = records.evidence();
        evidence.objects = own_calls.histories();
        (evidence.aligned(), left_out)
    }
}

/// In access logs the halves of a copy share an id, but not the operation.
fn record_id(id: Option<&[u8]>, operation: &[u8]) -> RecordId {
    let Some(id) = id else { return RecordId::None };
    let hash = Hash::new().with(operation).with(id);
    RecordId::Of([hash.get(), hash.with(b"again").get()])
}

/// Who asked, apart from the session, and which session; only roles have sessions.
fn who(requester: LoggedRequester, credential: Option<&[u8]>) -> (Vec<u8>, SessionName) {
    match requester {
        LoggedRequester::AssumedRole { account, role, session } => {
            let who = [account, b"/", role].concat();
            (who, (session.to_vec(), credential.unwrap_or_default().to_vec()))
        }
        other => (format!("{other:?}").into_bytes(), SessionName::default()),
    }
}
