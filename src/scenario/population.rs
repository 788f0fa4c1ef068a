//! An inventory's objects as the populations of a scenario.

use serde::Serialize;

use super::written::PopulationFile;
use crate::encryption::Mode;
use crate::inventory::tally::{InventoryCounts, ObjectCounts, ObjectKind};
use crate::inventory::{BucketKeyStatus, EncryptionStatus, StorageClass, VersionKind};
use crate::units::{ByteSize, SimDuration};
use crate::workload::ages::{AgeLaw, AgeStep};

/// The part of a scenario file that populations are.
#[derive(Serialize)]
struct Fragment {
    population: Vec<PopulationFile>,
}

/// Current objects of each bucket: those under SSE-KMS with and without a bucket key, and those under
/// SSE-S3 or DSSE-KMS, told as theirs; ages in steps as counted.
///
/// Objects whose age is not told are taken to be as old as the others; with no age told there is no
/// population.
#[must_use]
pub fn populations(tally: &InventoryCounts) -> Vec<PopulationFile> {
    let mut all = Vec::new();
    for bucket in tally.buckets.keys() {
        for (status, what) in [
            (BucketKeyStatus::Enabled, "with a bucket key"),
            (BucketKeyStatus::Disabled, "without a bucket key"),
            (BucketKeyStatus::Unknown, "bucket key unknown"),
        ] {
            let counts =
                current(tally, bucket, |kind| kind.is_sse_kms() && kind.bucket_key == status);
            all.extend(population(bucket, what, &counts, None));
        }
        let under = [
            (EncryptionStatus::DsseKms, "under DSSE-KMS", Mode::DsseKms),
            (EncryptionStatus::SseS3, "under SSE-S3", Mode::SseS3),
        ];
        for (encryption, what, mode) in under {
            let counts = current(tally, bucket, |kind| kind.encryption == encryption);
            all.extend(population(bucket, what, &counts, Some(mode)));
        }
    }
    all
}

/// Counts of a bucket's current objects of some kinds.
fn current(
    tally: &InventoryCounts,
    bucket: &str,
    wanted: impl Fn(ObjectKind) -> bool,
) -> ObjectCounts {
    tally.sum(|name, kind| name == bucket && kind.version == VersionKind::Current && wanted(kind))
}

fn population(
    bucket: &str,
    what: &str,
    counts: &ObjectCounts,
    encryption: Option<Mode>,
) -> Option<PopulationFile> {
    let mut steps = Vec::new();
    let mut end_s = 0;
    for (step, objects) in &counts.ages {
        // A step begins where the one before ends, so a gap is a step without objects.
        if step.begin_s() > end_s {
            steps.push(AgeStep { to: seconds(step.begin_s()), weight: 0.0 });
        }
        steps.push(AgeStep { to: seconds(step.end_s()), weight: *objects as f64 });
        end_s = step.end_s();
    }
    let mean_bytes = counts.bytes / u128::from(counts.sized.max(1));
    (!steps.is_empty()).then(|| PopulationFile {
        name: format!("{bucket}: {what}"),
        bucket: bucket.to_owned(),
        objects: Some(counts.objects),
        written_at: None,
        age: AgeLaw::Steps(steps),
        object_size: format!("{mean_bytes}B").parse::<ByteSize>().ok().filter(|_| counts.sized > 0),
        written_by: None,
        encryption,
        kms_key: None,
        storage_class: StorageClass::Standard,
        object_lock: false,
        old_versions: false,
    })
}

fn seconds(seconds: u64) -> SimDuration {
    SimDuration::from_secs(seconds as i64)
}

/// The populations as TOML, to be put at the end of a scenario that has the buckets.
///
/// # Panics
/// Never: what is made here can be written.
#[must_use]
pub fn fragment(populations: Vec<PopulationFile>) -> String {
    let text = toml::to_string(&Fragment { population: populations }).expect("plain tables");
    let text = crate::harmless_text::toml(&text);
    format!(
        "# Current objects as an inventory has them: ages in steps, the mean size.\n\
         # A scenario tells by age which SSE-KMS objects have a bucket key: set the bucket's \
         `bucket_keys_since`.\n\n{text}"
    )
}
