//! From the entries of trails and access logs to the calls and requests of each session.

mod objects;
mod requests;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Evidence, ReadOf, Session, SessionPool, UnwrapRequest};
use crate::kms::KmsApi;
use crate::logs::LogFormat;
use crate::logs::record::{
    KmsEvent, LogEntry, LoggedRequester, Nanoseconds, Record, bucket_and_key,
};
use crate::recording::hash::{Hash, ObjectId};
use objects::WrittenObjects;
use requests::{ObjectUse, SessionUses, TimedUse, object, object_uses};

const NS_PER_S: i64 = 1_000_000_000;

/// A session's name, and what tells it from others of that name.
type SessionName = (Vec<u8>, Vec<u8>);

/// Who, without the session, in which bucket.
type RequesterBucket = (Vec<u8>, Vec<u8>);

/// What is taken of entries, in any order.
#[derive(Debug, Default)]
pub struct CalibrationGatherer {
    /// By (who, bucket), then KMS key, then session.
    calls: BTreeMap<RequesterBucket, BTreeMap<Vec<u8>, BTreeMap<SessionName, Session>>>,
    /// Requests of trails, and of access logs.
    requests: [SessionUses; 2],
    /// Objects whose calls are their own: bucket keys do not concern them.
    keyless: HashSet<ObjectId>,
    /// Which of them got a data key of their own when: these writes need no bucket-level key.
    keyless_writes: HashSet<(ObjectId, i64)>,
    buckets: BTreeSet<Vec<u8>>,
    seen: HashSet<[u64; 2]>,
    first_s: Option<i64>,
    last_s: i64,
    /// What was left out.
    pub left_out: LeftOut,
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

/// Places of [`CalibrationGatherer::requests`].
const TRAIL: usize = 0;
const ACCESS_LOG: usize = 1;

impl CalibrationGatherer {
    /// Takes events of `buckets`, of all if there are none.
    pub fn new(buckets: impl IntoIterator<Item = String>) -> Self {
        Self { buckets: buckets.into_iter().map(String::into_bytes).collect(), ..Self::default() }
    }

    /// Takes note of an entry of a trail or an access log.
    pub fn take(&mut self, form: LogFormat, entry: &LogEntry) {
        match entry {
            LogEntry::Kms(event) => self.take_call(event),
            LogEntry::Request(record) => self.take_request(form, record),
            LogEntry::Skipped(..) => {}
        }
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
                self.keyless.insert(object);
                if event.api == KmsApi::GenerateDataKey {
                    let second = event.time.div_euclid(NS_PER_S);
                    self.keyless_writes.extend((second - 1..=second + 1).map(|at| (object, at)));
                }
                return self.left_out.by_object += 1;
            }
            Some(true) => {}
        }
        if event.error.is_some() {
            return self.left_out.failed += 1;
        }
        if !self.is_wanted(bucket) || self.is_repeated(event.id, &[]) {
            return;
        }
        let second = self.second(event.time);
        let (who, session) = who(event.requester, event.credential);
        let key = event.key_arn.unwrap_or_default().to_vec();
        let keys = self.calls.entry((who, bucket.to_vec())).or_default();
        let calls = keys.entry(key).or_default().entry(session).or_default();
        match event.api {
            KmsApi::GenerateDataKey => calls.generated.push(second),
            KmsApi::Decrypt => calls.decrypted.push(second),
            // A replica's data key: no bucket-level key is generated.
            KmsApi::Encrypt => {}
        }
    }

    fn take_request(&mut self, form: LogFormat, record: &Record) {
        let object_uses = object_uses(record);
        if object_uses.is_empty() {
            return;
        }
        if !record.succeeded() {
            return self.left_out.failed += 1;
        }
        if !self.is_wanted(record.bucket) || self.is_repeated(record.id, record.operation_name) {
            return;
        }
        let second = self.second(record.time);
        let (who, session) = who(record.requester, record.credential);
        let form = if form == LogFormat::CloudTrail { TRAIL } else { ACCESS_LOG };
        for (object_use, bucket, object) in object_uses {
            let sessions = self.requests[form].entry((who.clone(), bucket.to_vec())).or_default();
            let requests = sessions.entry(session.clone()).or_default();
            requests.push(TimedUse { second, object_use, object });
        }
    }

    fn is_wanted(&mut self, bucket: &[u8]) -> bool {
        let wanted = self.buckets.is_empty() || self.buckets.contains(bucket);
        self.left_out.other_buckets += u64::from(!wanted);
        wanted
    }

    /// In access logs the halves of a copy share an id, but not the operation.
    fn is_repeated(&mut self, id: Option<&[u8]>, operation: &[u8]) -> bool {
        let repeated = id.is_some_and(|id| {
            let hash = Hash::new().with(operation).with(id);
            // Two hashes of 64 bits: no two ids of a trail share both.
            !self.seen.insert([hash.get(), hash.with(b"again").get()])
        });
        self.left_out.repeated += u64::from(repeated);
        repeated
    }

    fn second(&mut self, time: Nanoseconds) -> i64 {
        let second = time.div_euclid(NS_PER_S);
        self.last_s = self.first_s.map_or(second, |_| self.last_s.max(second));
        self.first_s = Some(self.first_s.map_or(second, |first| first.min(second)));
        second
    }

    /// What all entries tell.
    #[must_use]
    pub fn finish(mut self) -> (Evidence, LeftOut) {
        let requests = self.choose();
        let mut pools = Vec::new();
        let mut places: BTreeMap<RequesterBucket, (u32, Vec<SessionName>)> = BTreeMap::new();
        for (place, keys) in std::mem::take(&mut self.calls) {
            // A request does not say which KMS key it used: with several, requests are nobody's.
            let is_only = keys.len() == 1;
            for mut sessions in keys.into_values() {
                if let Some(requests) = requests.get(&place).filter(|_| is_only) {
                    for session in requests.keys() {
                        sessions.entry(session.clone()).or_default();
                    }
                    let names = sessions.keys().cloned().collect();
                    places.insert(place.clone(), (pools.len() as u32, names));
                }
                pools.push(SessionPool { sessions: sessions.into_values().collect() });
            }
        }
        self.give_requests(requests, &places, &mut pools);
        for session in pools.iter_mut().flat_map(|pool| &mut pool.sessions) {
            session.generated.sort_unstable();
            session.decrypted.sort_unstable();
            session.written.sort_unstable();
            session.read.sort_unstable();
        }
        let evidence = Evidence { pools, first_s: self.first_s.unwrap_or(0), last_s: self.last_s };
        (evidence, self.left_out)
    }

    /// Gives each session its requests.
    fn give_requests(
        &self,
        requests: SessionUses,
        places: &BTreeMap<RequesterBucket, (u32, Vec<SessionName>)>,
        pools: &mut [SessionPool],
    ) {
        let mut objects = WrittenObjects::default();
        let mut each = Vec::new();
        for (place, sessions) in requests {
            for (name, requests) in sessions {
                let at = places.get(&place).and_then(|(pool, names)| {
                    names.binary_search(&name).ok().map(|session| (*pool, session as u32))
                });
                for request in
                    requests.iter().filter(|request| request.object_use == ObjectUse::Writes)
                {
                    objects.written(request.object, request.second, at);
                }
                each.extend(at.map(|at| (at, requests)));
            }
        }
        objects.sort();
        for ((pool, session), requests) in each {
            let session = &mut pools[pool as usize].sessions[session as usize];
            for TimedUse { second, object_use, object } in requests {
                if self.keyless.contains(&object) && object_use != ObjectUse::Writes {
                    continue;
                }
                match object_use {
                    ObjectUse::Writes if self.keyless_writes.contains(&(object, second)) => {}
                    ObjectUse::Writes => session.written.push(second),
                    ObjectUse::Reads => {
                        session
                            .read
                            .push(UnwrapRequest { second, of: objects.read(object, second) });
                    }
                    ObjectUse::MayRead => {
                        session.read.push(UnwrapRequest { second, of: ReadOf::Doubtful });
                    }
                }
            }
        }
    }

    /// For each bucket, reads and writes apart, the requests of the form of log that has more of them.
    /// Access logs tell sessions of one name apart no further, so then nothing does.
    fn choose(&mut self) -> SessionUses {
        let mut counts: BTreeMap<(Vec<u8>, bool), [u64; 2]> = BTreeMap::new();
        for (form, requests) in self.requests.iter().enumerate() {
            for ((_, bucket), sessions) in requests {
                for request in sessions.values().flatten() {
                    let kind = (bucket.clone(), request.object_use == ObjectUse::Writes);
                    counts.entry(kind).or_default()[form] += 1;
                }
            }
        }
        let by_name = !self.requests[ACCESS_LOG].is_empty();
        if by_name {
            for sessions in self.calls.values_mut().flat_map(BTreeMap::values_mut) {
                for ((name, _), session) in std::mem::take(sessions) {
                    let merged: &mut Session = sessions.entry((name, Vec::new())).or_default();
                    merged.generated.extend(session.generated);
                    merged.decrypted.extend(session.decrypted);
                }
            }
        }
        let mut chosen = SessionUses::new();
        for (form, requests) in std::mem::take(&mut self.requests).into_iter().enumerate() {
            for (place, sessions) in requests {
                let of_place = chosen.entry(place.clone()).or_default();
                for ((name, credential), requests) in sessions {
                    let credential = if by_name { Vec::new() } else { credential };
                    let of_session = of_place.entry((name, credential)).or_default();
                    let before = of_session.len();
                    let all = requests.len();
                    of_session.extend(requests.into_iter().filter(|request| {
                        let kind = (place.1.clone(), request.object_use == ObjectUse::Writes);
                        let [trail, access_log] = counts[&kind];
                        (form == TRAIL) == (trail >= access_log)
                    }));
                    self.left_out.in_other_logs += (all - (of_session.len() - before)) as u64;
                }
            }
        }
        chosen
    }
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
