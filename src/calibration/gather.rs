//! From a trail's entries to the calls of each session.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Evidence, Pool, Session};
use crate::encryption::needs::Needs;
use crate::kms::KmsApi;
use crate::trace::record::{Entry, KmsEvent, LogOperation, Nanoseconds, Record, Requester};

const NS_PER_S: i64 = 1_000_000_000;

/// Who, without the session; and the session.
type Who = (Vec<u8>, Vec<u8>);

/// Who, without the session, in which bucket.
type Place = (Vec<u8>, Vec<u8>);

/// Something for each session.
type BySession<T> = BTreeMap<Vec<u8>, T>;

/// What is taken of entries, in any order.
#[derive(Debug, Default)]
pub struct Gather {
    /// By (who, bucket), then KMS key, then session.
    calls: BTreeMap<Place, BTreeMap<Vec<u8>, BySession<Session>>>,
    /// Writes by (who, bucket), then session.
    writes: BTreeMap<Place, BySession<Vec<i64>>>,
    buckets: BTreeSet<Vec<u8>>,
    seen: HashSet<Box<[u8]>>,
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
}

impl Gather {
    /// Takes events of `buckets`, of all if there are none.
    pub fn new(buckets: impl IntoIterator<Item = String>) -> Self {
        Self { buckets: buckets.into_iter().map(String::into_bytes).collect(), ..Self::default() }
    }

    /// Takes note of an entry.
    pub fn take(&mut self, entry: &Entry) {
        match entry {
            Entry::Kms(event) => self.take_call(event),
            Entry::Request(record) => self.take_request(record),
            Entry::Skipped(_) => {}
        }
    }

    fn take_call(&mut self, event: &KmsEvent) {
        match event.is_of_bucket() {
            None => return self.left_out.not_of_s3 += 1,
            Some(false) => return self.left_out.by_object += 1,
            Some(true) => {}
        }
        let bucket = event.bucket().unwrap_or_default();
        if event.error.is_some() {
            return self.left_out.failed += 1;
        }
        if !self.is_wanted(bucket) || self.is_repeated(event.id) {
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

    fn take_request(&mut self, record: &Record) {
        let writes = match record.operation {
            LogOperation::Known(operation) => Needs::writes(operation),
            LogOperation::UpdateObjectEncryption => true,
            _ => false,
        };
        if !writes {
            return;
        }
        if !record.succeeded() {
            return self.left_out.failed += 1;
        }
        if !self.is_wanted(record.bucket) || self.is_repeated(record.id) {
            return;
        }
        let second = self.second(record.time);
        let (who, session) = who(record.requester, record.credential);
        let sessions = self.writes.entry((who, record.bucket.to_vec())).or_default();
        sessions.entry(session).or_default().push(second);
    }

    fn is_wanted(&mut self, bucket: &[u8]) -> bool {
        let wanted = self.buckets.is_empty() || self.buckets.contains(bucket);
        self.left_out.other_buckets += u64::from(!wanted);
        wanted
    }

    fn is_repeated(&mut self, id: Option<&[u8]>) -> bool {
        let repeated = id.is_some_and(|id| !self.seen.insert(id.into()));
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
    pub fn finish(mut self) -> Evidence {
        let mut pools = Vec::new();
        for (place, keys) in self.calls {
            // A request does not say which KMS key it used: with several, writes are nobody's.
            let mut writes = if keys.len() == 1 { self.writes.remove(&place) } else { None };
            for mut sessions in keys.into_values() {
                for (session, written) in writes.take().unwrap_or_default() {
                    sessions.entry(session).or_default().written = written;
                }
                let mut sessions: Vec<Session> = sessions.into_values().collect();
                for session in &mut sessions {
                    session.generated.sort_unstable();
                    session.decrypted.sort_unstable();
                    session.written.sort_unstable();
                }
                pools.push(Pool { sessions });
            }
        }
        Evidence { pools, first_s: self.first_s.unwrap_or(0), last_s: self.last_s }
    }
}

/// Who asked, apart from the session, and which session; only roles have sessions.
fn who(requester: Requester, credential: Option<&[u8]>) -> Who {
    match requester {
        Requester::AssumedRole { account, role, session } => {
            let who = [account, b"/", role].concat();
            (who, [session, b"/", credential.unwrap_or_default()].concat())
        }
        other => (format!("{other:?}").into_bytes(), Vec::new()),
    }
}
