//! Items counted by what they are. Ages go into steps, so that memory does not grow with objects.

use std::collections::BTreeMap;

use super::{BucketKeyStatus, EncryptionStatus, InventoryItem, StorageClass, VersionKind};

const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 24 * HOUR_S;
/// Below so many days a step of ages is an hour.
const HOURLY_DAYS: u64 = 2;
/// Below so many days a step of ages is a day; beyond, a month of 30.
const DAILY_DAYS: u64 = 3 * 365;
const MONTH_DAYS: u64 = 30;

/// The largest object that one COPY request takes
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>).
pub(crate) const COPY_BYTES_MAX: u64 = 5 << 30;

/// A step of ages: an hour, a day or a month, by how old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgeBin(u32);

impl AgeBin {
    /// The step that an age in seconds falls into; what is newer than the inventory has age zero.
    pub(crate) fn of(age_s: i64) -> Self {
        let age_s = u64::try_from(age_s).unwrap_or(0);
        let (hours, days) = (age_s / HOUR_S, age_s / DAY_S);
        let hourly = HOURLY_DAYS * 24;
        let daily = hourly + DAILY_DAYS - HOURLY_DAYS;
        Self(match days {
            0..HOURLY_DAYS => hours,
            HOURLY_DAYS..DAILY_DAYS => hourly + days - HOURLY_DAYS,
            _ => daily + (days - DAILY_DAYS) / MONTH_DAYS,
        } as u32)
    }

    /// The age in seconds that all ages of the step are younger than.
    pub(crate) fn end_s(self) -> u64 {
        let index = u64::from(self.0);
        let hourly = HOURLY_DAYS * 24;
        let daily = hourly + DAILY_DAYS - HOURLY_DAYS;
        if index < hourly {
            (index + 1) * HOUR_S
        } else if index < daily {
            (HOURLY_DAYS + index - hourly + 1) * DAY_S
        } else {
            (DAILY_DAYS + (index - daily + 1) * MONTH_DAYS) * DAY_S
        }
    }

    /// The step before: where it ends, this one begins.
    pub(crate) fn begin_s(self) -> u64 {
        self.0.checked_sub(1).map_or(0, |before| Self(before).end_s())
    }
}

/// What objects have in common that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKind {
    /// Current, old, or a delete marker.
    pub version: VersionKind,
    /// How they are encrypted.
    pub encryption: EncryptionStatus,
    /// Whether they have a bucket key.
    pub bucket_key: BucketKeyStatus,
    /// Their storage class.
    pub class: StorageClass,
    /// Whether Object Lock holds them.
    pub is_locked: bool,
}

impl ObjectKind {
    /// Whether it is an object that a bucket key would be for: SSE-KMS, and no delete marker.
    pub(crate) fn is_sse_kms(self) -> bool {
        self.encryption == EncryptionStatus::SseKms && self.version != VersionKind::DeleteMarker
    }
}

/// Counts of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectCounts {
    /// Objects.
    pub objects: u64,
    /// Their bytes, as far as sizes are known.
    pub bytes: u128,
    /// Objects whose size is known.
    pub sized: u64,
    /// Objects that are too large for one COPY request.
    pub large: u64,
    /// The bytes of these.
    pub large_bytes: u128,
    /// Objects in each step of ages, as far as ages are known.
    pub ages: BTreeMap<AgeBin, u64>,
}

impl ObjectCounts {
    /// Adds others' counts.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.objects += other.objects;
        self.bytes += other.bytes;
        self.sized += other.sized;
        self.large += other.large;
        self.large_bytes += other.large_bytes;
        for (step, objects) in &other.ages {
            *self.ages.entry(*step).or_default() += objects;
        }
    }

    /// Objects younger than `days`, up to 1,095, for which steps end at each.
    pub(crate) fn younger_than_days(&self, days: u64) -> u64 {
        let young = self.ages.iter().filter(|(bin, _)| bin.end_s() <= days * DAY_S);
        young.map(|(_, objects)| objects).sum()
    }
}

/// What an inventory holds, by bucket and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InventoryCounts {
    /// By bucket's name.
    pub buckets: BTreeMap<String, BTreeMap<ObjectKind, ObjectCounts>>,
    /// How many were written after the time from which their age counts.
    pub newer: u64,
}

impl InventoryCounts {
    /// Counts an item of an inventory made at `as_of_ns`; `bucket` is its bucket if it names none.
    pub(crate) fn add(&mut self, item: &InventoryItem, bucket: &str, as_of_ns: i64) {
        let name = if item.bucket.is_empty() { bucket } else { &item.bucket };
        if !self.buckets.contains_key(name) {
            self.buckets.insert(name.to_owned(), BTreeMap::new());
        }
        let kinds = self.buckets.get_mut(name).expect("it was put there");
        let kind = ObjectKind {
            version: item.version,
            encryption: item.encryption,
            bucket_key: item.bucket_key,
            class: item.class,
            is_locked: item.lock.holds_at(as_of_ns),
        };
        let counts = kinds.entry(kind).or_default();
        counts.objects += 1;
        if let Some(size) = item.size {
            counts.bytes += u128::from(size);
            counts.sized += 1;
            if size > COPY_BYTES_MAX {
                counts.large += 1;
                counts.large_bytes += u128::from(size);
            }
        }
        if let Some(modified_ns) = item.modified_ns {
            let age_s = as_of_ns.saturating_sub(modified_ns) / 1_000_000_000;
            self.newer += u64::from(age_s < 0);
            *counts.ages.entry(AgeBin::of(age_s)).or_default() += 1;
        }
    }

    /// Every kind with its counts, of all buckets.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (&str, ObjectKind, &ObjectCounts)> {
        self.buckets.iter().flat_map(|(bucket, kinds)| {
            kinds.iter().map(move |(kind, counts)| (bucket.as_str(), *kind, counts))
        })
    }

    /// The counts of all kinds that `wanted` takes, together.
    pub(crate) fn sum(&self, wanted: impl Fn(&str, ObjectKind) -> bool) -> ObjectCounts {
        let mut sum = ObjectCounts::default();
        for (_, _, counts) in self.kinds().filter(|(bucket, kind, _)| wanted(bucket, *kind)) {
            sum.merge(counts);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each second of an age lies within its step, and steps follow one another without gaps.
    #[test]
    fn steps_hold_the_ages_that_fall_into_them() {
        let mut before = 0;
        for hour in 0..24 * 365 * 12 {
            let age_s = hour * HOUR_S;
            let step = AgeBin::of(age_s as i64);
            assert!(step.begin_s() <= age_s && age_s < step.end_s(), "{hour}");
            if step.begin_s() > before {
                assert_eq!(step.begin_s(), age_s);
                before = step.begin_s();
            }
        }
        assert_eq!(AgeBin::of(-5), AgeBin::of(0));
        for days in [1, 30, 90, 180, 365, 1_095] {
            assert_eq!(AgeBin::of((days * DAY_S) as i64).begin_s(), days * DAY_S);
        }
    }
}
