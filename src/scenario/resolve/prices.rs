//! The prices in force, and which of them a scenario's bills need.

use super::domains::{AWS_MANAGED, key_name};
use super::{AtPath, Resolved};
use crate::pricing::{PriceName, PriceTable};
use crate::scenario::written::{KmsKey, ScenarioFile};

/// The prices of a region of the scenario's.
pub(super) fn prices(file: &ScenarioFile, region: &str) -> Resolved<PriceTable> {
    let given = &file.billing.prices;
    let used: Vec<&str> = file.buckets.iter().map(|bucket| bucket.region.as_str()).collect();
    given.check(&used).at_path(|| "billing.prices".into())?;
    let path = if given.is_empty() { "bucket.0.region" } else { "billing.prices" };
    PriceTable::with_given(region, &given.given(region), &needed(file)).at_path(|| path.into())
}

/// Prices without which some bill of the scenario would lack a line. KMS and S3 requests are in
/// each; the others hang on what there is.
fn needed(file: &ScenarioFile) -> Vec<PriceName> {
    let billing = &file.billing;
    let keeps_keys = keeps_keys(file);
    let migrates = file.configurations.iter().any(|configuration| configuration.migrated);
    let mut needed = PriceName::ALL.to_vec();
    needed.retain(|name| match name {
        PriceName::KmsRequest | PriceName::S3Put | PriceName::S3Get => true,
        PriceName::KmsKeyMonth => keeps_keys,
        PriceName::KmsRotationMonth => keeps_keys && billing.key_rotations > 0,
        PriceName::CloudTrailManagementCopy => billing.cloudtrail_copies > 0,
        PriceName::CloudTrailDataEvent => billing.data_events || billing.object_audit,
        PriceName::BatchJob | PriceName::BatchObject | PriceName::BatchManifestObject => migrates,
    });
    needed
}

/// Whether any KMS key that objects may be under costs rent.
fn keeps_keys(file: &ScenarioFile) -> bool {
    let of_populations =
        file.populations.iter().filter_map(|population| population.kms_key.as_ref());
    let of_workloads = file.workloads.iter().filter_map(|workload| workload.kms_key.as_ref());
    file.buckets.iter().any(|bucket| bucket.key == KmsKey::CustomerManaged)
        || of_populations.chain(of_workloads).any(|name| key_name(name) != AWS_MANAGED)
}
