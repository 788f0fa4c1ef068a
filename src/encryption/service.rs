//! S3's memory for one requester: answers the requester's requests, in order of time, with the KMS
//! calls each costs.
//!
//! Expiry has no effect until the next request, so nothing is ever purged: a key is live while
//! `time < expires`. Requests of one kind are answered in columns ([`Memory::unwrap_all`],
//! [`Memory::wrap_all`]), all others one by one ([`Memory::answer`]).

mod cache;
mod mixed;

use std::collections::BTreeMap;
use std::ops::Range;

use super::assumption::{Assumptions, Expiry, Partitions};
use super::cost::KeyCost;
use super::keys::{KEYLESS, Keyring};
use super::needs::{MultipartCalls, Needs};
use crate::kms::{KmsApi, KmsCalls};
use crate::rng::part_of;
use crate::s3::columns::S3Columns;
use crate::s3::{Object, Operation, Request, SessionSlot};
use crate::units::{SimDuration, SimTime};

use cache::KeyCache;
pub(crate) use mixed::{CallOf, KeyNeeds, ReadCache};

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
    /// Of each part of a bucket that is encrypted in one way, by the number that requests have for it.
    pub buckets: Vec<BucketScheme>,
    /// Of what each population lies in; of one that is not listed, as of the requests that need it.
    pub populations: Vec<BucketScheme>,
    /// What AWS does not publish.
    pub assumptions: Assumptions,
    /// Calls of multipart uploads.
    pub multipart: MultipartCalls,
}

impl Scheme {
    /// How what `request` needs is encrypted: the source of a copy may lie elsewhere than the copy.
    #[inline]
    pub(crate) fn of_object(&self, request: &Request, object: &Object) -> BucketScheme {
        let own = self.buckets[request.bucket as usize];
        match *object {
            Object::Written { bucket, .. } => self.buckets[bucket as usize],
            Object::Ranked { population, .. } | Object::Aged { population, .. } => {
                self.populations.get(population as usize).copied().unwrap_or(own)
            }
            Object::Keyless | Object::None | Object::Unserved => own,
        }
    }

    /// Whether what `request` writes is wrapped by a bucket-level key.
    #[inline]
    pub(crate) fn wraps_by_bucket_key(&self, request: &Request) -> bool {
        match self.buckets[request.bucket as usize] {
            BucketScheme::NoKms | BucketScheme::KeyPerObject => false,
            BucketScheme::BucketKey { since, copies } => {
                let on = request.allows_bucket_key && request.time >= since;
                on && (copies || !is_copy(request.operation))
            }
        }
    }

    /// What parts copied into the upload that `request` begins must unwrap.
    pub(crate) fn begun_upload(&self, request: &Request) -> Object {
        let Request { bucket, slot, draw, time, allows_bucket_key, .. } = *request;
        match self.buckets[bucket as usize] {
            BucketScheme::BucketKey { since, copies: true }
                if allows_bucket_key && time >= since =>
            {
                Object::Written { bucket, slot, draw, time }
            }
            _ => Object::Keyless,
        }
    }
}

/// The multipart upload that a requester has begun last in each bucket, as far as its key goes.
#[derive(Clone, Debug, Default)]
pub(crate) struct UploadsBegun(BTreeMap<u32, Object>);

impl UploadsBegun {
    /// Takes note of the next upload to a bucket.
    pub(crate) fn begin(&mut self, bucket: u32, upload: Object) {
        self.0.insert(bucket, upload);
    }

    /// The last one to a bucket.
    pub(crate) fn of(&self, bucket: u32) -> Object {
        self.0.get(&bucket).copied().unwrap_or(Object::Keyless)
    }
}

/// What one request cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The KMS calls.
    pub calls: KmsCalls,
    /// How many of them carry the object's ARN in their encryption context; the others, made for a
    /// bucket-level key, carry the bucket's.
    pub by_object: u32,
    /// How many of them unwrap the key of what is read; the others are for what is written.
    pub of_read: u32,
    /// The index (bucket × partitions + partition) of a bucket-level key generated for it.
    pub generated: Option<u32>,
}

/// When requests in columns cost a call.
#[derive(Debug, Default)]
pub struct CallTimes {
    /// Those that ask for a bucket-level key.
    pub by_bucket: Vec<SimTime>,
    /// Those that ask for an object's own key.
    pub by_object: Vec<SimTime>,
    /// For each that generates a bucket-level key, the key's place (bucket × partitions + partition).
    pub generated: Vec<u32>,
}

impl CallTimes {
    fn clear(&mut self) {
        self.by_bucket.clear();
        self.by_object.clear();
        self.generated.clear();
    }
}

/// S3's memory for one requester under one scheme.
#[derive(Debug)]
pub struct Memory {
    /// When the current key of each (bucket, write partition) stops wrapping new objects.
    wrapping_until: Vec<SimTime>,
    cache: KeyCache,
    /// When the run starts, what goes before it included.
    start: SimTime,
    /// Where the requester's requests land.
    partitions: Partitions,
    /// Room for the cache entries of requests in columns.
    entries: Vec<u32>,
    /// When the requester's session ends; a new session starts without keys.
    session_ends: SimTime,
    /// The same of each bucket, by the number that requests have for it, where a requester has not as many
    /// connections to each; empty where it has.
    of_buckets: Vec<Partitions>,
    /// The multipart uploads begun last; parts that are copied into one name their source, not the upload.
    uploads: UploadsBegun,
}

impl Memory {
    /// A memory for runs from `start`, which is not after time zero, to `end`.
    #[must_use]
    pub fn new(start: SimTime, end: SimTime) -> Self {
        Self {
            wrapping_until: Vec::new(),
            start,
            cache: KeyCache::new(start, end),
            partitions: Partitions { writing: 1, reading: 1 },
            entries: Vec::new(),
            session_ends: SimTime::MAX,
            of_buckets: Vec::new(),
            uploads: UploadsBegun::default(),
        }
    }

    /// Forgets everything and makes room for a requester that meets `partitions` of S3's fleet, in a
    /// run of `keys` keys. `session` is the slot whose every session is a requester anew, if the
    /// rule says so.
    ///
    /// # Panics
    /// If keys × read partitions reach 2^32; the scenario's memory check refuses so many before.
    pub fn begin(
        &mut self,
        scheme: &Scheme,
        partitions: Partitions,
        keys: u32,
        session: Option<&SessionSlot>,
    ) {
        self.partitions = partitions;
        let entries = u64::from(keys) * u64::from(partitions.reading);
        assert!(entries < 1 << 32, "fewer than 2^32 cache entries");
        self.cache.begin(entries as usize);
        let timelines = scheme.buckets.len() * partitions.writing as usize;
        self.wrapping_until.clear();
        self.wrapping_until.resize(timelines, SimTime::MIN);
        self.session_ends = match session {
            Some(slot) => slot.first_renewal_after(self.start),
            None => SimTime::MAX,
        };
        self.of_buckets.clear();
        self.uploads = UploadsBegun::default();
    }

    /// Says that the requester, which has begun, meets so many parts of S3's fleet in each bucket, none more
    /// than it began with.
    pub fn spread(&mut self, of_buckets: impl Iterator<Item = Partitions>) {
        self.of_buckets.extend(of_buckets);
    }

    /// Over how many parts of the fleet its reads of a bucket are spread.
    #[inline]
    fn reading(&self, bucket: u32) -> u32 {
        self.of_buckets.get(bucket as usize).map_or(self.partitions.reading, |it| it.reading)
    }

    /// Over how many parts of the fleet its writes to a bucket are spread.
    #[inline]
    fn writing(&self, bucket: u32) -> u32 {
        self.of_buckets.get(bucket as usize).map_or(self.partitions.writing, |it| it.writing)
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
        let needs = Needs::of_request(request, scheme.multipart);
        let mut answer = Answer::default();
        for _ in 0..needs.unwrap {
            self.unwrap(scheme, keyring, request, &request.object, &mut answer);
        }
        answer.of_read = answer.calls.total() as u32;
        let own = self.uploads.of(request.bucket);
        for _ in 0..needs.unwrap_own {
            self.unwrap(scheme, keyring, request, &own, &mut answer);
        }
        if let Some(api) = needs.wrap {
            self.wrap(scheme, request, api, &mut answer);
        }
        answer
    }

    /// Answers the requester's next reads of a bucket with bucket keys, whose objects `keys` wrap.
    ///
    /// Reads and writes of one requester may be answered apart, each by a memory that has begun anew:
    /// no write is answered by what reads have left in memory, nor the other way round.
    pub fn unwrap_all(
        &mut self,
        scheme: &Scheme,
        session: Option<&SessionSlot>,
        columns: &S3Columns,
        keys: &[u32],
        calls: &mut CallTimes,
    ) {
        calls.clear();
        let Assumptions { cache_lifetime, expiry, .. } = scheme.assumptions;
        let partitions = self.partitions.reading;
        let mut room = std::mem::take(&mut self.entries);
        let some_keyless = keys.contains(&KEYLESS);
        let entries = if partitions == 1 {
            keys
        } else {
            room.clear();
            room.extend(keys.iter().zip(&columns.draws).map(|(&key, &draw)| {
                if key == KEYLESS { KEYLESS } else { entry_of(key, draw, partitions) }
            }));
            &room
        };
        self.by_session(session, &columns.times, |memory, stretch| {
            let (times, entries) = (&columns.times[stretch.clone()], &entries[stretch]);
            let (cache, missed) = (&mut memory.cache, &mut calls.by_bucket);
            if some_keyless || cache.is_sparse() {
                for (&time, &entry) in times.iter().zip(entries) {
                    if entry == KEYLESS {
                        calls.by_object.push(time);
                    } else if cache.misses(entry, time, &scheme.assumptions) {
                        missed.push(time);
                    }
                }
            } else if expiry == Expiry::Sliding {
                cache.misses_among::<true>(times, entries, cache_lifetime, missed);
            } else {
                cache.misses_among::<false>(times, entries, cache_lifetime, missed);
            }
        });
        self.entries = room;
    }

    /// Answers the requester's next writes to `bucket`, which uses bucket keys `since` a time.
    pub fn wrap_all(
        &mut self,
        scheme: &Scheme,
        session: Option<&SessionSlot>,
        bucket: u32,
        since: SimTime,
        columns: &S3Columns,
        calls: &mut CallTimes,
    ) {
        calls.clear();
        let generation_lifetime = scheme.assumptions.generation_lifetime;
        let partitions = self.partitions.writing;
        let off = columns.times.partition_point(|&time| time < since);
        calls.by_object.extend_from_slice(&columns.times[..off]);
        self.by_session(session, &columns.times, |memory, stretch| {
            let stretch = stretch.start.max(off).min(stretch.end)..stretch.end;
            let times = &columns.times[stretch.clone()];
            let first = bucket * partitions;
            let until = &mut memory.wrapping_until[first as usize..][..partitions as usize];
            match until {
                [until] => generate_in_one(times, generation_lifetime, (first, until), calls),
                until => {
                    let draws = &columns.draws[stretch];
                    generate_in_several(times, draws, generation_lifetime, (first, until), calls);
                }
            }
        });
    }

    /// Goes through requests session by session.
    fn by_session(
        &mut self,
        session: Option<&SessionSlot>,
        times: &[SimTime],
        mut answer: impl FnMut(&mut Self, Range<usize>),
    ) {
        let mut first = 0;
        while first < times.len() {
            if times[first] >= self.session_ends {
                self.renew(times[first], session);
            }
            let ends = self.session_ends;
            let next = first + times[first..].partition_point(|&time| time < ends);
            answer(self, first..next);
            first = next;
        }
    }

    #[cold]
    fn renew(&mut self, time: SimTime, session: Option<&SessionSlot>) {
        self.cache.empty();
        self.wrapping_until.fill(SimTime::MIN);
        let length = session.and_then(|slot| slot.session_length).expect("sessions that end renew");
        let sessions_passed = time.since(self.session_ends).as_nanos() / length.as_nanos();
        self.session_ends = self.session_ends + length.saturating_mul(sessions_passed + 1);
    }

    #[inline]
    fn wrap(&mut self, scheme: &Scheme, request: &Request, api: KmsApi, answer: &mut Answer) {
        if request.operation == Operation::CreateMultipartUpload {
            self.uploads.begin(request.bucket, scheme.begun_upload(request));
        }
        match scheme.wrapping(request.bucket, api, scheme.wraps_by_bucket_key(request)) {
            KeyCost::Nothing => {}
            KeyCost::EachTime(calls) => {
                answer.calls += calls;
                answer.by_object += 1;
            }
            KeyCost::UnlessInMemory(calls) => {
                let part = part_of(request.draw, self.writing(request.bucket));
                let timeline = request.bucket * self.partitions.writing + part;
                let until = &mut self.wrapping_until[timeline as usize];
                if request.time >= *until {
                    *until = request.time + scheme.assumptions.generation_lifetime;
                    answer.calls += calls;
                    answer.generated = Some(timeline);
                }
            }
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
        let bucket_scheme = scheme.of_object(request, object);
        let key = match bucket_scheme {
            BucketScheme::NoKms | BucketScheme::KeyPerObject => None,
            BucketScheme::BucketKey { .. } => keyring.and_then(|keyring| keyring.wrapping(object)),
        };
        match (bucket_scheme.unwrapping(key.is_some()), key) {
            (KeyCost::UnlessInMemory(calls), Some(key)) => {
                let part = read_part(request.draw, self.reading(request.bucket));
                let entry = key * self.partitions.reading + part;
                if self.cache.misses(entry, request.time, &scheme.assumptions) {
                    answer.calls += calls;
                }
            }
            (KeyCost::EachTime(calls), _) => {
                answer.calls += calls;
                answer.by_object += 1;
            }
            _ => {}
        }
    }
}

/// Tells `calls` which writes at `times` generate a key where all land in one place of S3's memory:
/// `timeline` is its number, `until` when its current key stops wrapping.
fn generate_in_one(
    mut times: &[SimTime],
    lifetime: SimDuration,
    (timeline, until): (u32, &mut SimTime),
    calls: &mut CallTimes,
) {
    loop {
        times = &times[number_before(times, *until)..];
        let Some((&time, later)) = times.split_first() else { return };
        *until = time + lifetime;
        calls.by_bucket.push(time);
        calls.generated.push(timeline);
        times = later;
    }
}

/// The same where each write lands in one of several places, as its draw picks: the first is that of
/// number `first`.
fn generate_in_several(
    times: &[SimTime],
    draws: &[u32],
    lifetime: SimDuration,
    (first, until): (u32, &mut [SimTime]),
    calls: &mut CallTimes,
) {
    let partitions = until.len() as u32;
    for (&time, &draw) in times.iter().zip(draws) {
        let part = part_of(draw, partitions);
        let until = &mut until[part as usize];
        if time >= *until {
            *until = time + lifetime;
            calls.by_bucket.push(time);
            calls.generated.push(first + part);
        }
    }
}

/// How many of ascending times come before `bound`, found by steps that double: mostly few do, or all.
fn number_before(times: &[SimTime], bound: SimTime) -> usize {
    let (mut from, mut step) = (0, 1);
    while times.get(from + step - 1).is_some_and(|&time| time < bound) {
        from += step;
        step *= 2;
    }
    let to = (from + step).min(times.len());
    from + times[from..to].partition_point(|&time| time < bound)
}

/// The cache entry of a key in the partition that a request's draw picks for reading.
#[inline]
pub(crate) fn entry_of(key: u32, draw: u32, partitions: u32) -> u32 {
    key * partitions + read_part(draw, partitions)
}

/// The partition that a request's draw picks for reading.
#[inline]
fn read_part(draw: u32, partitions: u32) -> u32 {
    // The other half of the draw: a copy's two sides are placed apart.
    part_of(draw.rotate_left(16), partitions)
}

/// Whether the request writes by copying, which directory buckets do without bucket keys.
fn is_copy(operation: Operation) -> bool {
    matches!(operation, Operation::CopyObject | Operation::UploadPartCopy)
}
