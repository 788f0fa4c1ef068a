//! Objects that are there, as a migration sees them: what decides whether and how they can be given a
//! bucket key, and what that costs.

use super::reach::MigrationMethod;
use crate::inventory::tally::{AgeBin, COPY_BYTES_MAX, InventoryCounts, ObjectCounts, ObjectKind};
use crate::inventory::{BucketKeyStatus, EncryptionStatus, StorageClass, VersionKind};

const DAY_S: f64 = 86_400.0;

/// Objects that are alike in all that matters to a migration.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredObjects {
    /// What they are called: the population of a scenario, the bucket of an inventory.
    pub name: String,
    /// Version, encryption, bucket key and storage class.
    pub kind: ObjectKind,
    /// How many.
    pub objects: u64,
    /// Their bytes, if known.
    pub bytes: Option<u128>,
    /// How many are over 5 GiB.
    pub large: u64,
    /// The bytes of these.
    pub large_bytes: u128,
    /// How many are younger than their class is paid for at the least.
    pub early: u64,
    /// The days that are still to be paid for, summed over these.
    pub early_days: f64,
    /// Whether they lie in a directory bucket.
    pub is_directory: bool,
    /// Whether objects under SSE-S3 are to come under SSE-KMS.
    pub to_kms: bool,
}

impl StoredObjects {
    /// Objects of a kind, current and in Standard, of which nothing else is known.
    #[must_use]
    pub fn of(name: impl Into<String>, encryption: EncryptionStatus, objects: u64) -> Self {
        Self {
            name: name.into(),
            kind: ObjectKind {
                version: VersionKind::Current,
                encryption,
                bucket_key: BucketKeyStatus::Disabled,
                class: StorageClass::Standard,
                is_locked: false,
            },
            objects,
            bytes: None,
            large: 0,
            large_bytes: 0,
            early: 0,
            early_days: 0.0,
            is_directory: false,
            to_kms: false,
        }
    }

    /// The same, each of so many bytes.
    #[must_use]
    pub fn sized(self, bytes_each: u64) -> Self {
        let bytes = u128::from(bytes_each) * u128::from(self.objects);
        let is_large = bytes_each > COPY_BYTES_MAX;
        let (large, large_bytes) = if is_large { (self.objects, bytes) } else { (0, 0) };
        Self { bytes: Some(bytes), large, large_bytes, ..self }
    }

    /// The same in a storage class; `younger` tells which share of them is younger than some days.
    #[must_use]
    pub fn in_class(self, class: StorageClass, younger: impl Fn(f64) -> f64) -> Self {
        /// Parts of a day in which ages are summed.
        const STEPS_A_DAY: u64 = 4;
        let days = class.days_min();
        let objects = self.objects as f64;
        // The mean of what is left of the days is the integral of the share of those that are younger.
        let steps = days * STEPS_A_DAY;
        let sum: f64 = (0..steps)
            .map(|step| younger((step as f64 + 0.5) / STEPS_A_DAY as f64) / STEPS_A_DAY as f64)
            .sum();
        Self {
            kind: ObjectKind { class, ..self.kind },
            early: (objects * younger(days as f64)).round() as u64,
            early_days: objects * sum,
            ..self
        }
    }

    /// So many of them, of which nothing is known that does not hold for all.
    #[must_use]
    pub fn part(self, objects: u64) -> Self {
        let share = objects as f64 / self.objects.max(1) as f64;
        let of_all = u128::from(self.objects.max(1));
        Self {
            bytes: self.bytes.map(|bytes| bytes * u128::from(objects) / of_all),
            large: (self.large as f64 * share).round() as u64,
            large_bytes: self.large_bytes * u128::from(objects) / of_all,
            early: (self.early as f64 * share).round() as u64,
            early_days: self.early_days * share,
            objects,
            ..self
        }
    }

    /// Mean bytes of an object that an operation takes, if known.
    #[must_use]
    pub fn mean_bytes(&self, operation: MigrationMethod) -> Option<u64> {
        let (left, left_bytes) = if operation == MigrationMethod::Copy {
            (self.large, self.large_bytes)
        } else {
            (0, 0)
        };
        let objects = u128::from((self.objects - left.min(self.objects)).max(1));
        self.bytes.map(|bytes| (bytes.saturating_sub(left_bytes) / objects) as u64)
    }
}

/// Of the objects of an inventory those that are younger than so many days; delete markers are none. Sizes are taken
/// to be as those of all.
#[must_use]
pub fn younger_of_inventory(tally: &InventoryCounts, days: u64) -> Vec<StoredObjects> {
    let kinds = tally.kinds().filter(|(_, kind, _)| kind.version != VersionKind::DeleteMarker);
    let parts = kinds.map(|(bucket, kind, counts)| {
        of_kind(bucket, kind, counts).part(counts.younger_than_days(days))
    });
    parts.filter(|part| part.objects > 0).collect()
}

/// The objects of an inventory, by bucket and kind; delete markers are none.
#[must_use]
pub fn of_inventory(tally: &InventoryCounts) -> Vec<StoredObjects> {
    let kinds = tally.kinds().filter(|(_, kind, _)| kind.version != VersionKind::DeleteMarker);
    kinds.map(|(bucket, kind, counts)| of_kind(bucket, kind, counts)).collect()
}

fn of_kind(bucket: &str, kind: ObjectKind, counts: &ObjectCounts) -> StoredObjects {
    let days_min = kind.class.days_min();
    let left = counts.ages.iter().map(|(bin, objects)| *objects as f64 * left_days(*bin, days_min));
    let of_sized = u128::from(counts.sized.max(1));
    StoredObjects {
        kind,
        objects: counts.objects,
        // Objects of unknown size are taken to be as large as the others.
        bytes: (counts.sized > 0).then(|| counts.bytes * u128::from(counts.objects) / of_sized),
        large: counts.large,
        large_bytes: counts.large_bytes,
        early: counts.younger_than_days(days_min),
        early_days: left.sum(),
        ..StoredObjects::of(bucket, kind.encryption, counts.objects)
    }
}

/// Days of the least time that are left to objects of a step of ages, in the mean.
fn left_days(bin: AgeBin, days_min: u64) -> f64 {
    let age_days = f64::midpoint(bin.begin_s() as f64, bin.end_s() as f64) / DAY_S;
    (days_min as f64 - age_days).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ages even over 60 days in a class of 30: half of the objects are too young, by 15 days in the mean.
    #[test]
    fn what_is_left_of_the_least_time_is_summed() {
        let objects = StoredObjects::of("a", EncryptionStatus::SseKms, 1_000);
        let even = |days: f64| (days / 60.0).clamp(0.0, 1.0);
        let cold = objects.clone().in_class(StorageClass::StandardIa, even);
        assert_eq!(cold.early, 500);
        assert!((cold.early_days - 500.0 * 15.0).abs() < 1.0, "{}", cold.early_days);
        let warm = objects.in_class(StorageClass::Standard, even);
        assert_eq!((warm.early, warm.early_days), (0, 0.0));
    }
}
