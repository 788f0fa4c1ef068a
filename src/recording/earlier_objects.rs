//! Objects that were there before the run: what a log's reads find that no write in it made.
//!
//! Of most of them nothing is known but that they are read. An inventory tells when an object was written
//! and whether with a bucket key, and so which objects share one: those of one bucket whose writes lie
//! within a key's lifetime. Who wrote them it does not tell; they are taken as one requester's, which is
//! the fewest keys there can be.

use std::collections::BTreeMap;

use super::Recording;
use super::hash::{Hash, draw};
use crate::logs::record::percent_decoded;
use crate::rng::{Purpose, Seed};
use crate::units::SimTime;

/// Objects of one bucket under one KMS key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierObjects {
    /// Which bucket.
    pub bucket: u32,
    /// Which part of it, by KMS key (see [`super::BucketKmsKeys`]).
    pub part: u32,
    /// How many are read.
    pub objects: u64,
    /// What is known of them.
    pub origin: ObjectOrigin,
}

/// What is known of objects that no write in the log made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectOrigin {
    /// Nothing.
    Unknown,
    /// They had no bucket key when an inventory was made.
    WithoutKey,
    /// They were not under KMS when an inventory was made.
    WithoutKms,
    /// An inventory tells when they were written, with bucket keys on: the times of all such objects
    /// of the bucket, read or not, in milliseconds before the start, the oldest first.
    Written(Vec<u64>),
}

/// What is known of the key of an object that no write in the log made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum EarlierKey {
    /// Nothing: no inventory has the object.
    #[default]
    Unknown,
    /// It has no bucket key.
    WithoutKey,
    /// It is not under KMS.
    WithoutKms,
    /// It has a bucket key.
    WithKey,
}

impl EarlierKey {
    pub(crate) const ALL: [Self; 4] =
        [Self::Unknown, Self::WithoutKey, Self::WithoutKms, Self::WithKey];

    /// From its number.
    pub(crate) const fn of(number: u32) -> Self {
        Self::ALL[number as usize]
    }
}

/// When the objects of a bucket were written, as inventories tell.
#[derive(Debug, Default)]
pub(crate) struct WriteTimes {
    of_bucket: BTreeMap<Vec<u8>, Vec<u64>>,
}

/// Times of a bucket are sorted and rid of repeated ones when there are so many more of them.
const COMPACT_AT: usize = 1 << 20;

impl WriteTimes {
    pub(crate) fn note(&mut self, bucket: &[u8], ms: u64) {
        if !self.of_bucket.contains_key(bucket) {
            self.of_bucket.insert(bucket.to_vec(), Vec::new());
        }
        let times = self.of_bucket.get_mut(bucket).expect("it was put there");
        times.push(ms);
        // At twice a power of two beyond what is left, so that each time is sorted a few times only.
        if times.len() >= COMPACT_AT && times.len() == times.capacity() {
            times.sort_unstable();
            times.dedup();
        }
    }

    /// Those of a bucket before the start, as milliseconds before it, the oldest first.
    fn before(&self, bucket: &str, start_ms: u64) -> Vec<u64> {
        let mut times = self.of_bucket.get(bucket.as_bytes()).cloned().unwrap_or_default();
        times.sort_unstable();
        times.dedup();
        times.retain(|ms| *ms < start_ms);
        for ms in &mut times {
            *ms = start_ms - *ms;
        }
        times
    }
}

/// How many objects of a part of a bucket are read, by what is known of their keys.
pub(crate) type EarlierCounts = [u64; EarlierKey::ALL.len()];

/// The objects of all parts of `buckets`, whose numbers `bucket_of` has, and for each part the numbers of its
/// four kinds (of a kind that it does not have: any).
pub(crate) fn populations(
    counts: &[EarlierCounts],
    bucket_of: &[u32],
    buckets: &[String],
    times: &WriteTimes,
    start_ms: u64,
) -> (Vec<EarlierObjects>, Vec<[u32; 4]>) {
    let mut all = Vec::new();
    let mut numbers = Vec::with_capacity(bucket_of.len());
    for (part, (&bucket, counts)) in bucket_of.iter().zip(counts).enumerate() {
        let name = &buckets[bucket as usize];
        numbers.push(EarlierKey::ALL.map(|key| {
            let (number, objects) = (all.len() as u32, counts[key as usize]);
            if objects > 0 {
                let origin = match key {
                    EarlierKey::Unknown => ObjectOrigin::Unknown,
                    EarlierKey::WithoutKey => ObjectOrigin::WithoutKey,
                    EarlierKey::WithoutKms => ObjectOrigin::WithoutKms,
                    EarlierKey::WithKey => ObjectOrigin::Written(times.before(name, start_ms)),
                };
                all.push(EarlierObjects { bucket, part: part as u32, objects, origin });
            }
            number
        }));
    }
    (all, numbers)
}

/// An object's key, the same however often it is URL-encoded: access logs encode it once or twice,
/// inventories in CSV once, trails not at all.
pub(crate) fn plain_key(key: &[u8]) -> Vec<u8> {
    let mut plain = key.to_vec();
    loop {
        let decoded = percent_decoded(&plain);
        if decoded.len() == plain.len() {
            break;
        }
        plain = decoded.into_owned();
    }
    for byte in plain.iter_mut().filter(|byte| **byte == b'+') {
        *byte = b' ';
    }
    plain
}

/// When an object was written, by a clock that tells eighths of a second where the inventory tells
/// seconds: objects of one second are spread over it, as they were written, by their hash.
pub(crate) fn spread_ms(modified_ns: i64, object: u64) -> Option<u64> {
    let second = u64::try_from(modified_ns.div_euclid(1_000_000_000)).ok()?;
    Some(second * 1_000 + (object % 8) * 125)
}

/// Picks the part of S3's fleet that wrote what was written then.
pub(crate) fn draw_of(salt: u64, ms_before: u64) -> u32 {
    draw(salt, Hash::new().with(&ms_before.to_le_bytes()).get() as u32)
}

/// What a replication's draws come from.
pub(crate) fn salt(seed: Seed, replication: u32) -> u64 {
    use rand::Rng;
    seed.stream(replication, Purpose::Recorded, (0, 0)).next_u64()
}

impl Recording {
    /// Where the draws about a population come from: by its bucket's name, so that they are the same whichever
    /// other buckets' logs are read with it.
    pub(crate) fn address_of_earlier(&self, population: usize) -> (u32, u32) {
        let EarlierObjects { bucket, part, .. } = self.before[population];
        let number = self.kms_keys.number_in_bucket(part) as u64;
        let name = self.buckets[bucket as usize].as_bytes();
        let hash = Hash::new().with(name).with(&number.to_le_bytes()).get();
        ((hash >> 32) as u32, hash as u32)
    }

    /// Of a population whose writing an inventory tells: when it was written, the oldest first, and
    /// which part of S3's fleet wrote it in a replication; `None` of another.
    pub(crate) fn written_before(
        &self,
        population: usize,
        seed: Seed,
        replication: u32,
    ) -> Option<Vec<(SimTime, u32)>> {
        let ObjectOrigin::Written(times) = &self.before.get(population)?.origin else {
            return None;
        };
        let salt = salt(seed, replication);
        Some(times.iter().map(|&ms| (before_start(ms), draw_of(salt, ms))).collect())
    }
}

/// So many milliseconds before the start.
pub(crate) fn before_start(ms: u64) -> SimTime {
    SimTime::from_nanos(-(ms as i64 * 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_however_often_it_is_encoded() {
        for key in [&b"a b/c=d"[..], b"a+b/c%3Dd", b"a%20b/c%3dd", b"a%2520b/c%253Dd"] {
            assert_eq!(plain_key(key), b"a b/c=d");
        }
        assert_ne!(plain_key(b"a%2"), plain_key(b"a"));
    }

    /// Times are those before the start, each once, whatever their order.
    #[test]
    fn times_are_sorted_and_stand_once() {
        let mut times = WriteTimes::default();
        for ms in [5_000, 1_000, 9_000, 5_000, 10_000, 12_000] {
            times.note(b"lake", ms);
        }
        assert_eq!(times.before("lake", 10_000), [9_000, 5_000, 1_000]);
        assert!(times.before("other", 10_000).is_empty());
    }
}
