//! The rows of `bks inventory --format csv`.

use schemars::JsonSchema;
use serde::Serialize;

use super::tally::{ObjectCounts, ObjectKind};

/// Ends of the age columns, in days.
pub(crate) const AGES_DAYS: [u64; 6] = [1, 7, 30, 90, 180, 365];

/// A row of the CSV: objects of one bucket and kind.
#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct InventoryRow<'a> {
    bucket: &'a str,
    version: &'static str,
    encryption: &'static str,
    bucket_key: &'static str,
    storage_class: &'static str,
    objects: u64,
    bytes: u64,
    size_known_objects: u64,
    over_5_gib_objects: u64,
    age_under_1d_objects: u64,
    age_under_7d_objects: u64,
    age_under_30d_objects: u64,
    age_under_90d_objects: u64,
    age_under_180d_objects: u64,
    age_under_365d_objects: u64,
    age_known_objects: u64,
    object_lock: bool,
}

impl<'a> InventoryRow<'a> {
    pub(crate) fn of((bucket, kind, counts): (&'a str, ObjectKind, &ObjectCounts)) -> Self {
        let [d1, d7, d30, d90, d180, d365] = AGES_DAYS.map(|days| counts.younger_than_days(days));
        Self {
            bucket,
            version: kind.version.name(),
            encryption: kind.encryption.name(),
            bucket_key: kind.bucket_key.name(),
            storage_class: kind.class.name(),
            objects: counts.objects,
            bytes: u64::try_from(counts.bytes).unwrap_or(u64::MAX),
            size_known_objects: counts.sized,
            over_5_gib_objects: counts.large,
            age_under_1d_objects: d1,
            age_under_7d_objects: d7,
            age_under_30d_objects: d30,
            age_under_90d_objects: d90,
            age_under_180d_objects: d180,
            age_under_365d_objects: d365,
            age_known_objects: counts.ages.values().sum(),
            object_lock: kind.is_locked,
        }
    }
}
