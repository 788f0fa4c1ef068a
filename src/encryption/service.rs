//! S3's memory for one requester: answers the requester's requests, in order of time, with the KMS
//! calls each costs.
//!
//! Expiry has no effect until the next request, so nothing is ever purged: a key is live while
//! `time < expires`. Requests of one kind are answered in columns ([`Memory::unwrap_all`],
//! [`Memory::wrap_all`]), all others one by one ([`Memory::answer`]).

use std::collections::HashMap;
use std::ops::Range;

use super::assumptions::{Assumptions, Expiry, Partitions};
use super::keys::{KEYLESS, Keyring};
use super::needs::{MultipartCalls, Needs};
use crate::kms::{KmsApi, KmsCalls};
use crate::rng::part_of;
use crate::s3::columns::Columns;
use crate::s3::{Object, Operation, Request, SessionSlot};
use crate::units::{SimDuration, SimTime};

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
pub struct Asked {
    /// Those that ask for a bucket-level key.
    pub by_bucket: Vec<SimTime>,
    /// Those that ask for an object's own key.
    pub by_object: Vec<SimTime>,
    /// For each that generates a bucket-level key, the key's place (bucket × partitions + partition).
    pub generated: Vec<u32>,
}

impl Asked {
    fn clear(&mut self) {
        self.by_bucket.clear();
        self.by_object.clear();
        self.generated.clear();
    }
}

/// Plaintext keys held for reads: one expiry for each (key, cache partition).
///
/// A cache is never emptied: what a requester (or a session) after another finds in it expired
/// before its own time began, for each has a stretch of one long clock to itself.
#[derive(Debug)]
struct KeyCache {
    /// Number of entries.
    entries: usize,
    /// When each entry expires, on the long clock; none if there are too many to have them all.
    expires: Vec<i64>,
    /// The same of those entries that were ever fetched, where there are too many to have them all.
    fetched: HashMap<u32, i64>,
    /// Where on the long clock the current requester's time zero is.
    zero: i64,
    /// Longer than any run; what is kept longer is kept as long as this.
    horizon: i64,
}

impl KeyCache {
    /// A cache for runs from `start` to `end`.
    fn new(start: SimTime, end: SimTime) -> Self {
        let span = end.since(start).as_nanos();
        let horizon = span.min(i64::MAX / 8) + 1;
        Self { entries: 0, expires: Vec::new(), fetched: HashMap::new(), zero: 0, horizon }
    }

    /// Most entries that are all had in memory: 128 MiB.
    const ALL_AT_MOST: usize = 1 << 24;

    /// Whether only those entries are had in memory that were ever fetched.
    const fn is_sparse(&self) -> bool {
        self.entries > Self::ALL_AT_MOST
    }

    /// When an entry expires.
    #[inline]
    fn of(&mut self, entry: u32) -> &mut i64 {
        if self.is_sparse() {
            self.fetched.entry(entry).or_insert(i64::MIN)
        } else {
            &mut self.expires[entry as usize]
        }
    }

    /// Begins a requester's time with an empty cache of `entries`.
    fn begin(&mut self, entries: usize) {
        self.fetched.clear();
        if self.entries != entries {
            self.entries = entries;
            self.expires.clear();
            self.expires.resize(if self.is_sparse() { 0 } else { entries }, i64::MIN);
        }
        // Until now nothing was kept beyond two horizons from zero, and no time is more than one before.
        self.zero += 3 * self.horizon;
        if self.zero > i64::MAX - 3 * self.horizon {
            self.expires.fill(i64::MIN);
            self.zero = 0;
        }
    }

    fn empty(&mut self) {
        self.begin(self.entries);
    }

    /// Whether the key of `entry` must be fetched at `time`; if so, it then is.
    #[inline]
    fn misses(&mut self, entry: u32, time: SimTime, assumptions: &Assumptions) -> bool {
        let lifetime = assumptions.cache_lifetime.as_nanos().min(self.horizon);
        let now = self.zero + time.as_nanos();
        let expires = self.of(entry);
        let miss = now >= *expires;
        if miss || assumptions.expiry == Expiry::Sliding {
            *expires = now + lifetime;
        }
        miss
    }

    /// Appends to `missed` when requests must fetch their entry. No branch depends on whether one
    /// does: half of them would be guessed wrong.
    #[inline]
    fn misses_among<const SLIDING: bool>(
        &mut self,
        times: &[SimTime],
        entries: &[u32],
        lifetime: SimDuration,
        missed: &mut Vec<SimTime>,
    ) {
        let lifetime = lifetime.as_nanos().min(self.horizon);
        let before = missed.len();
        missed.resize(before + times.len(), SimTime::ZERO);
        let (found, mut count) = (&mut missed[before..], 0);
        let (zero, entries_expire) = (self.zero, self.expires.as_mut_slice());
        for (&time, &entry) in times.iter().zip(entries) {
            let now = zero + time.as_nanos();
            let expires = &mut entries_expire[entry as usize];
            let miss = now >= *expires;
            *expires = if miss || SLIDING { now + lifetime } else { *expires };
            found[count] = time;
            count += usize::from(miss);
        }
        missed.truncate(before + count);
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
    /// The multipart upload begun last, as far as its key goes; parts that are copied into it name
    /// their source, not the upload.
    upload: Object,
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
            upload: Object::Keyless,
        }
    }

    /// Forgets everything and makes room for a requester that meets `partitions` of S3's fleet, in a
    /// world of `keys` keys. `session` is the slot whose every session is a requester anew, if the
    /// rule says so.
    ///
    /// # Panics
    /// If keys × read partitions reach 2^32; the scenario's memory check refuses such worlds before.
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
        let needs = Needs::of_request(request, scheme.multipart);
        let mut answer = Answer::default();
        for _ in 0..needs.unwrap {
            self.unwrap(scheme, keyring, request, &request.object, &mut answer);
        }
        answer.of_read = answer.calls.total() as u32;
        let own = self.upload;
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
        columns: &Columns,
        keys: &[u32],
        asked: &mut Asked,
    ) {
        asked.clear();
        let Assumptions { cache_lifetime, expiry, .. } = scheme.assumptions;
        let partitions = self.partitions.reading;
        let mut room = std::mem::take(&mut self.entries);
        let some_keyless = keys.contains(&KEYLESS);
        let entries = if partitions == 1 {
            keys
        } else {
            room.clear();
            let entry = |(&key, &draw): (&u32, &u32)| {
                if key == KEYLESS { KEYLESS } else { entry_of(key, draw, partitions) }
            };
            room.extend(keys.iter().zip(&columns.draws).map(entry));
            &room
        };
        self.by_session(session, &columns.times, |memory, stretch| {
            let (times, entries) = (&columns.times[stretch.clone()], &entries[stretch]);
            let (cache, missed) = (&mut memory.cache, &mut asked.by_bucket);
            if some_keyless || cache.is_sparse() {
                for (&time, &entry) in times.iter().zip(entries) {
                    if entry == KEYLESS {
                        asked.by_object.push(time);
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
        columns: &Columns,
        asked: &mut Asked,
    ) {
        asked.clear();
        let generation_lifetime = scheme.assumptions.generation_lifetime;
        let partitions = self.partitions.writing;
        let off = columns.times.partition_point(|&time| time < since);
        asked.by_object.extend_from_slice(&columns.times[..off]);
        self.by_session(session, &columns.times, |memory, stretch| {
            let stretch = stretch.start.max(off).min(stretch.end)..stretch.end;
            let times = &columns.times[stretch.clone()];
            let first = bucket * partitions;
            let until = &mut memory.wrapping_until[first as usize..][..partitions as usize];
            match until {
                [until] => generate_in_one(times, generation_lifetime, (first, until), asked),
                until => {
                    let draws = &columns.draws[stretch];
                    generate_in_several(times, draws, generation_lifetime, (first, until), asked);
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
            self.upload = scheme.begun_upload(request);
        }
        if scheme.buckets[request.bucket as usize] == BucketScheme::NoKms {
            return;
        }
        if !scheme.wraps_by_bucket_key(request) {
            answer.calls += KmsCalls::of(api, 1);
            answer.by_object += 1;
            return;
        }
        let assumptions = &scheme.assumptions;
        let partitions = self.partitions.writing;
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
        let key = match scheme.of_object(request, object) {
            BucketScheme::NoKms => return,
            BucketScheme::KeyPerObject => None,
            BucketScheme::BucketKey { .. } => keyring.and_then(|keyring| keyring.wrapping(object)),
        };
        let Some(key) = key else {
            answer.calls += KmsCalls::of(KmsApi::Decrypt, 1);
            answer.by_object += 1;
            return;
        };
        let entry = entry_of(key, request.draw, self.partitions.reading);
        let misses = self.cache.misses(entry, request.time, &scheme.assumptions);
        answer.calls += KmsCalls::of(KmsApi::Decrypt, misses.into());
    }
}

/// Tells `asked` which writes at `times` generate a key where all land in one place of S3's memory:
/// `timeline` is its number, `until` when its current key stops wrapping.
fn generate_in_one(
    mut times: &[SimTime],
    lifetime: SimDuration,
    (timeline, until): (u32, &mut SimTime),
    asked: &mut Asked,
) {
    loop {
        times = &times[number_before(times, *until)..];
        let Some((&time, later)) = times.split_first() else { return };
        *until = time + lifetime;
        asked.by_bucket.push(time);
        asked.generated.push(timeline);
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
    asked: &mut Asked,
) {
    let partitions = until.len() as u32;
    for (&time, &draw) in times.iter().zip(draws) {
        let part = part_of(draw, partitions);
        let until = &mut until[part as usize];
        if time >= *until {
            *until = time + lifetime;
            asked.by_bucket.push(time);
            asked.generated.push(first + part);
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
    // The other half of the draw: a copy's two sides are placed apart.
    key * partitions + part_of(draw.rotate_left(16), partitions)
}

/// Whether the request writes by copying, which directory buckets do without bucket keys.
fn is_copy(operation: Operation) -> bool {
    matches!(operation, Operation::CopyObject | Operation::UploadPartCopy)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cache of more entries than are had in memory answers as one that has them all.
    #[test]
    fn sparse_caches_answer_as_dense_ones() {
        let of = |expiry| Assumptions {
            generation_lifetime: SimDuration::from_secs(10),
            cache_lifetime: SimDuration::from_secs(10),
            expiry,
            cache_hosts: 1,
            write_partitions: None,
            read_partitions: None,
            verify_on_write: 0,
            ..Assumptions::default()
        };
        for assumptions in [Expiry::Fixed, Expiry::Sliding].map(of) {
            let caches = || {
                [50, KeyCache::ALL_AT_MOST + 1].map(|entries| {
                    let mut cache = KeyCache::new(SimTime::ZERO, SimTime::from_nanos(1 << 50));
                    cache.begin(entries);
                    cache
                })
            };
            let [mut dense, mut sparse] = caches();
            assert!(sparse.is_sparse() && !dense.is_sparse());
            let mut state = 1_u64;
            let mut misses = 0;
            for second in 0..3_000 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let (entry, time) =
                    ((state >> 60) as u32, SimTime::from_nanos(second * 700_000_000));
                let is_miss = dense.misses(entry, time, &assumptions);
                assert_eq!(sparse.misses(entry, time, &assumptions), is_miss);
                misses += u32::from(is_miss);
                if second % 1_000 == 999 {
                    dense.empty();
                    sparse.empty();
                }
            }
            assert!((100..2_900).contains(&misses), "{misses}");
        }
    }
}
