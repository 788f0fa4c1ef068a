//! S3's memory for one requester: answers the requester's requests, in order of time, with the KMS
//! calls each costs.
//!
//! Expiry has no effect until the next request, so nothing is ever purged: a key is live while
//! `time < expires`.

use super::assumptions::{Assumptions, Expiry};
use super::keys::Keyring;
use super::needs::{MultipartCalls, Needs};
use crate::kms::{KmsApi, KmsCalls};
use crate::rng::part_of;
use crate::s3::{Object, Operation, Request, SessionSlot};
use crate::units::SimTime;

/// How S3 treats one bucket's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketScheme {
    /// KMS is never asked.
    NoKms,
    /// Each object has a KMS data key of its own.
    KeyPerObject,
    /// Writes since the given time use bucket-level keys.
    BucketKey {
        /// When bucket keys were turned on.
        since: SimTime,
        /// Whether copies into the bucket use them too (not in directory buckets).
        copies: bool,
    },
}

impl BucketScheme {
    /// Since when the bucket's new objects have bucket keys.
    #[must_use]
    pub const fn since(self) -> SimTime {
        match self {
            Self::NoKms | Self::KeyPerObject => SimTime::MAX,
            Self::BucketKey { since, .. } => since,
        }
    }
}

/// The rules by which requests are answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheme {
    /// Bucket by bucket.
    pub buckets: Vec<BucketScheme>,
    /// What AWS does not publish.
    pub assumptions: Assumptions,
    /// Calls of multipart uploads.
    pub multipart: MultipartCalls,
}

/// What one request cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The KMS calls.
    pub calls: KmsCalls,
    /// How many of them carry the object's ARN in their encryption context; the others, made for a
    /// bucket-level key, carry the bucket's.
    pub by_object: u32,
    /// The index (bucket × partitions + partition) of a bucket-level key generated for it.
    pub generated: Option<u32>,
}

/// Plaintext keys held for reads: one expiry for each (key, cache partition).
#[derive(Debug, Default)]
struct KeyCache {
    expires: Vec<SimTime>,
    /// Entries that are set, so that a cache is emptied at the cost of what it holds.
    touched: Vec<u32>,
}

impl KeyCache {
    fn clear(&mut self) {
        for &entry in &self.touched {
            self.expires[entry as usize] = SimTime::MIN;
        }
        self.touched.clear();
    }

    fn resize(&mut self, entries: usize) {
        self.clear();
        self.expires.resize(entries, SimTime::MIN);
    }

    /// Whether the key of `entry` must be fetched at `time`; if so, it then is.
    fn misses(&mut self, entry: u32, time: SimTime, assumptions: &Assumptions) -> bool {
        let expires = &mut self.expires[entry as usize];
        let miss = time >= *expires;
        if miss && *expires == SimTime::MIN {
            self.touched.push(entry);
        }
        if miss || assumptions.expiry == Expiry::Sliding {
            *expires = time + assumptions.cache_lifetime;
        }
        miss
    }
}

/// S3's memory for one requester under one scheme.
#[derive(Debug)]
pub struct Memory {
    /// When the current key of each (bucket, write partition) stops wrapping new objects.
    wrapping_until: Vec<SimTime>,
    cache: KeyCache,
    /// When the requester's session ends; a new session starts without keys.
    session_ends: SimTime,
    /// The multipart upload begun last, as far as its key goes; parts that are copied into it name
    /// their source, not the upload.
    upload: Object,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            wrapping_until: Vec::new(),
            cache: KeyCache::default(),
            session_ends: SimTime::MAX,
            upload: Object::Keyless,
        }
    }
}

impl Memory {
    /// Forgets everything and makes room for a requester in a world of `keys` keys. `session` is
    /// the slot whose every session is a requester anew, if the rule says so.
    ///
    /// # Panics
    /// If keys × read partitions reach 2^32; the scenario's memory check refuses such worlds before.
    pub fn begin(&mut self, scheme: &Scheme, keys: u32, session: Option<&SessionSlot>) {
        let entries = u64::from(keys) * u64::from(scheme.assumptions.read_partitions);
        assert!(entries < 1 << 32, "fewer than 2^32 cache entries");
        self.cache.resize(entries as usize);
        let timelines = scheme.buckets.len() * scheme.assumptions.write_partitions as usize;
        self.wrapping_until.clear();
        self.wrapping_until.resize(timelines, SimTime::MIN);
        self.session_ends = match session {
            Some(slot) if slot.session_length.is_some() => slot.first_renewal,
            _ => SimTime::MAX,
        };
        self.upload = Object::Keyless;
    }

    /// Answers the requester's next request; requests come in order of time.
    ///
    /// `keyring` may be `None` as long as nothing is read that a bucket-level key wraps.
    #[inline]
    pub fn answer(
        &mut self,
        scheme: &Scheme,
        keyring: Option<&Keyring>,
        session: Option<&SessionSlot>,
        request: &Request,
    ) -> Answer {
        if request.time >= self.session_ends {
            self.renew(request.time, session);
        }
        let needs = Needs::of(request.operation, scheme.multipart);
        let mut answer = Answer::default();
        for _ in 0..needs.unwrap {
            self.unwrap(scheme, keyring, request, &request.object, &mut answer);
        }
        let own = self.upload;
        for _ in 0..needs.unwrap_own {
            self.unwrap(scheme, keyring, request, &own, &mut answer);
        }
        if let Some(api) = needs.wrap {
            self.wrap(scheme, request, api, &mut answer);
        }
        answer
    }

    #[cold]
    fn renew(&mut self, time: SimTime, session: Option<&SessionSlot>) {
        self.cache.clear();
        self.wrapping_until.fill(SimTime::MIN);
        let length = session.and_then(|slot| slot.session_length).expect("sessions that end renew");
        let sessions_passed = time.since(self.session_ends).as_nanos() / length.as_nanos();
        self.session_ends = self.session_ends + length.saturating_mul(sessions_passed + 1);
    }

    #[inline]
    fn wrap(&mut self, scheme: &Scheme, request: &Request, api: KmsApi, answer: &mut Answer) {
        let (by_bucket_key, copies) = match scheme.buckets[request.bucket as usize] {
            BucketScheme::NoKms => return,
            BucketScheme::KeyPerObject => (false, false),
            BucketScheme::BucketKey { since, copies } => {
                let on = request.allows_bucket_key && request.time >= since;
                (on && (copies || !is_copy(request.operation)), copies)
            }
        };
        if request.operation == Operation::CreateMultipartUpload {
            self.upload = begun_upload(request, by_bucket_key, copies);
        }
        if !by_bucket_key {
            answer.calls += KmsCalls::of(api, 1);
            answer.by_object += 1;
            return;
        }
        let assumptions = &scheme.assumptions;
        let partitions = assumptions.write_partitions;
        let timeline = request.bucket * partitions + part_of(request.draw, partitions);
        let until = &mut self.wrapping_until[timeline as usize];
        if request.time >= *until {
            *until = request.time + assumptions.generation_lifetime;
            answer.calls += KmsCalls::of(KmsApi::GenerateDataKey, 1);
            answer.calls += KmsCalls::of(KmsApi::Decrypt, assumptions.verify_on_write.into());
            answer.generated = Some(timeline);
        }
    }

    #[inline]
    fn unwrap(
        &mut self,
        scheme: &Scheme,
        keyring: Option<&Keyring>,
        request: &Request,
        object: &Object,
        answer: &mut Answer,
    ) {
        let key = match scheme.buckets[request.bucket as usize] {
            BucketScheme::NoKms => return,
            BucketScheme::KeyPerObject => None,
            BucketScheme::BucketKey { .. } => keyring.and_then(|keyring| keyring.wrapping(object)),
        };
        let Some(key) = key else {
            answer.calls += KmsCalls::of(KmsApi::Decrypt, 1);
            answer.by_object += 1;
            return;
        };
        let partitions = scheme.assumptions.read_partitions;
        // The other half of the draw: a copy's two sides are placed apart.
        let part = part_of(request.draw.rotate_left(16), partitions);
        let entry = key * partitions + part;
        let misses = self.cache.misses(entry, request.time, &scheme.assumptions);
        answer.calls += KmsCalls::of(KmsApi::Decrypt, misses.into());
    }
}

/// What parts copied into the upload that `request` begins must unwrap.
fn begun_upload(request: &Request, by_bucket_key: bool, copies: bool) -> Object {
    if by_bucket_key && copies {
        let Request { bucket, slot, draw, time, .. } = *request;
        Object::Written { bucket, slot, draw, time }
    } else {
        Object::Keyless
    }
}

/// Whether the request writes by copying, which directory buckets do without bucket keys.
fn is_copy(operation: Operation) -> bool {
    matches!(operation, Operation::CopyObject | Operation::UploadPartCopy)
}
