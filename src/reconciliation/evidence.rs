//! What the trail itself shows of how each bucket is encrypted.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::model::ModelCalls;
use crate::named_enum::named_enum;
use crate::reconciliation::kms_calls::{CallGroup, MeasuredCalls};
use crate::scenario::Scenario;
use crate::scenario::replay::{UnknownAge, is_directory};
use crate::units::{SimDuration, SimTime};

/// How long before the log objects were written that have bucket keys and are not written within it,
/// where nothing else is said: an assumption, whose other end is one key for all.
const AGE: SimDuration = SimDuration::from_secs(30 * 86_400);

named_enum! {
    /// How a bucket is encrypted, and how that is known.
    #[derive(Serialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    pub BucketEncryption {
        /// The trail has calls with the bucket's ARN: bucket keys are on.
        BucketKey = "bucket-key",
        /// It has calls, all of them with an object's ARN: bucket keys are off.
        KeyPerObject = "key-per-object",
        /// It has none: what is encrypted without KMS, or a trail that leaves these events out.
        NoCalls = "no-calls",
        /// As the configuration that was asked for has it.
        AsAsked = "as-asked",
    }
}

impl BucketEncryption {
    /// Whether objects may have bucket keys.
    pub(super) const fn may_have_keys(self) -> bool {
        matches!(self, Self::BucketKey | Self::AsAsked)
    }
}

/// How one bucket is taken to be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketPlan {
    /// Whether it has bucket keys.
    pub encryption: BucketEncryption,
    /// Which keys wrap objects that are read and not written in the log; `None`: as the settings say.
    pub unknown_age: Option<UnknownAge>,
}

impl BucketPlan {
    /// An age matters only where objects may have bucket keys.
    pub(super) fn of(encryption: BucketEncryption, unknown_age: Option<UnknownAge>) -> Self {
        let unknown_age = unknown_age.filter(|_| encryption.may_have_keys());
        Self { encryption, unknown_age }
    }

    /// The same age for each bucket.
    pub(super) fn uniform(
        encryption: &[BucketEncryption],
        unknown_age: Option<UnknownAge>,
    ) -> Vec<Self> {
        encryption.iter().map(|&encryption| Self::of(encryption, unknown_age)).collect()
    }
}

/// Calls of one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BucketEvidence {
    /// With the bucket's ARN.
    pub by_bucket: u64,
    /// With an object's.
    pub by_object: u64,
}

/// The trail's calls, bucket by bucket.
pub(super) fn measured(
    cells: &BTreeMap<CallGroup, MeasuredCalls>,
) -> BTreeMap<String, BucketEvidence> {
    let mut buckets: BTreeMap<String, BucketEvidence> = BTreeMap::new();
    for (cell, measured) in cells {
        let of_bucket = buckets.entry(cell.bucket.clone()).or_default();
        of_bucket.by_object += measured.by_object;
        of_bucket.by_bucket += measured.calls.total() - measured.by_object;
    }
    buckets
}

/// What the calls of the scenario's buckets tell, bucket by bucket.
pub(super) fn encryption(
    scenario: &Scenario,
    measured: &BTreeMap<String, BucketEvidence>,
) -> Vec<BucketEncryption> {
    let buckets = scenario.buckets.iter().map(|bucket| match measured.get(&bucket.name) {
        None => BucketEncryption::NoCalls,
        Some(BucketEvidence { by_bucket: 0, .. }) => BucketEncryption::KeyPerObject,
        Some(_) => BucketEncryption::BucketKey,
    });
    buckets.collect()
}

/// Whether objects from before the log have bucket keys, bucket by bucket: no if the trail has at
/// least half of the calls for single objects that `keyless`, the model without such keys, has.
pub(super) fn unknown_ages(
    scenario: &Scenario,
    measured: &BTreeMap<String, BucketEvidence>,
    keyless: &BTreeMap<CallGroup, ModelCalls>,
) -> Vec<UnknownAge> {
    let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
    for (cell, modelled) in keyless {
        *expected.entry(&cell.bucket).or_default() += modelled.by_object;
    }
    let ages = scenario.buckets.iter().map(|bucket| {
        let found = measured.get(&bucket.name).map_or(0, |of_bucket| of_bucket.by_object);
        let expected = expected.get(bucket.name.as_str()).copied().unwrap_or_default();
        if 2 * found >= expected { UnknownAge::Keyless } else { UnknownAge::Even(AGE) }
    });
    ages.collect()
}

/// What else unknown objects may be, besides what the evidence says.
pub(super) const ALL_AGES: [UnknownAge; 3] =
    [UnknownAge::Keyless, UnknownAge::Even(AGE), UnknownAge::OneKey];

/// The scenario under a plan for each bucket.
pub(super) fn planned(scenario: &Scenario, plans: &[BucketPlan]) -> Scenario {
    let mut planned = scenario.clone();
    for (number, plan) in plans.iter().enumerate() {
        if !plan.encryption.may_have_keys() {
            planned.set_keys_since(number, SimTime::MAX);
        }
        if let Some(unknown_age) = plan.unknown_age.filter(|_| plan.encryption.may_have_keys()) {
            planned.assume_unknown_age(number, unknown_age);
        }
    }
    planned
}

/// The scenario with its directory buckets known as such by their names, whatever settings say.
pub(super) fn with_directories(scenario: &Scenario) -> Scenario {
    let mut known = scenario.clone();
    for domain in &mut known.domains {
        let name = &scenario.buckets[domain.bucket as usize].name;
        domain.directory |= is_directory(name);
    }
    known
}
