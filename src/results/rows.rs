//! The rows of every CSV file: these structs are the schema, for writing and for reading back.
//! `docs/data-dictionary.md` tells what each column means; a test holds it against them.

mod summary;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::encryption::assumption::Level;
use crate::figure::Figure;
use crate::harmless_text::named;
use crate::units::Usd;

pub use summary::SummaryRow;

/// Money as a number of dollars, for rows made elsewhere, too.
pub(crate) mod dollars {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::units::Usd;

    pub(crate) fn serialize<S: Serializer>(amount: &Usd, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(amount.as_f64())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Usd, D::Error> {
        f64::deserialize(from).map(Usd::from_f64)
    }
}

/// Money as a number of dollars, or nothing.
mod dollars_or_nothing {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::units::Usd;

    #[expect(clippy::ref_option, reason = "serde hands the field over as it is")]
    pub(crate) fn serialize<S: Serializer>(amount: &Option<Usd>, to: S) -> Result<S::Ok, S::Error> {
        amount.map(Usd::as_f64).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Usd>, D::Error> {
        Option::<f64>::deserialize(from).map(|amount| amount.map(Usd::from_f64))
    }
}

/// `timeline.csv`: one row for each configuration and time bin, at the assumed level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// Start of the bin, in seconds since the start of the run.
    pub time_s: f64,
    /// Length of the bin.
    pub bin_s: f64,
    /// S3 requests.
    pub requests: f64,
    /// KMS requests.
    pub kms_requests: f64,
    /// Of these, `GenerateDataKey`.
    pub generate_data_key: f64,
    /// Of these, Decrypt.
    pub decrypt: f64,
    /// Of these, Encrypt.
    pub encrypt: f64,
    /// KMS requests in the bin's busiest second.
    pub kms_requests_per_s_max: u32,
    /// Most bucket-level keys alive in any second of the bin.
    pub bucket_keys_alive_max: u32,
    /// KMS requests a second that the account's quota leaves this traffic, beside the background; empty
    /// if there are several accounts or regions, each with a quota of its own.
    pub quota_per_s: Option<u64>,
    /// Answers 503 `SlowDown` because KMS throttles, to retries among others.
    #[serde(default)]
    pub slow_downs: f64,
    /// KMS requests under the reference.
    #[serde(default)]
    pub reference_kms_requests: f64,
    /// KMS requests at the low level of assumptions.
    #[serde(default)]
    pub kms_requests_at_low: f64,
    /// The same at the high level.
    #[serde(default)]
    pub kms_requests_at_high: f64,
    /// What the bin's KMS requests cost, at the mean price of the billing period.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub kms_cost_usd: Usd,
    /// What of their cost under the reference is saved.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub saved_usd: Usd,
    /// The same at the low level of assumptions.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub saved_at_low_usd: Usd,
    /// The same at the high level of assumptions.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub saved_at_high_usd: Usd,
    /// Share of the KMS requests under the reference that is saved; empty if it makes none.
    #[serde(default)]
    pub saving_ratio: Option<f64>,
    /// The same at the low level of assumptions, the reference's, too.
    #[serde(default)]
    pub saving_ratio_at_low: Option<f64>,
    /// The same at the high level of assumptions.
    #[serde(default)]
    pub saving_ratio_at_high: Option<f64>,
}

/// `requesters.csv`: who causes the calls, at the assumed level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RequesterRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// ARN of the session, role or user, or name of the service; empty for all not listed.
    pub requester: Option<String>,
    /// Name of the principal in the scenario.
    pub principal: String,
    /// Number of the scoping policy, from 1; empty without.
    pub session_policy: Option<u32>,
    /// Requesters in this row.
    pub requesters: usize,
    /// S3 requests.
    pub requests: f64,
    /// KMS requests.
    pub kms_requests: f64,
    /// Of these, `GenerateDataKey`.
    pub generate_data_key: f64,
    /// Of these, Decrypt.
    pub decrypt: f64,
    /// Of these, Encrypt.
    pub encrypt: f64,
    /// Bucket-level keys generated.
    pub bucket_keys_generated: f64,
    /// CloudTrail events in the requester's name whose encryption context names the bucket.
    pub cloudtrail_events_bucket_arn: f64,
    /// CloudTrail events in the requester's name whose encryption context names an object.
    pub cloudtrail_events_object_arn: f64,
}

/// `principals.csv`: what each principal of the scenario pays and saves, at the assumed level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PrincipalRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// Place by dollars saved, from 1.
    #[serde(default)]
    pub rank: usize,
    /// Name of the principal in the scenario.
    pub principal: String,
    /// KMS requests in its name under the reference.
    #[serde(default)]
    pub reference_kms_requests: f64,
    /// KMS requests in its name.
    pub kms_requests: f64,
    /// Its part of the cost of KMS requests in the billing period.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub kms_cost_usd: Usd,
    /// What of its part under the reference is saved.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub saved_usd: Usd,
    /// The same at the low level of assumptions.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub saved_at_low_usd: Usd,
    /// The same at the high level of assumptions.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub saved_at_high_usd: Usd,
    /// Share of its KMS requests under the reference that is saved.
    pub saving_ratio: Option<f64>,
    /// What would put one from behind before this principal.
    #[serde(default)]
    pub order_hangs_on: Option<String>,
}

/// `operations.csv`: which operations cause the calls, at the assumed level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OperationRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// AWS's name of the operation.
    pub operation: String,
    /// S3 requests.
    pub requests: f64,
    /// KMS requests.
    pub kms_requests: f64,
    /// Of these, `GenerateDataKey`.
    pub generate_data_key: f64,
    /// Of these, Decrypt.
    pub decrypt: f64,
    /// Of these, Encrypt.
    pub encrypt: f64,
}

/// `accounts.csv`: whose quota and whose bill the calls of each account in each region go to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// Level of assumptions: `low`, `assumed` or `high`, after the saving.
    pub assumption: Level,
    /// The account that calls.
    pub account: String,
    /// The region of the buckets.
    pub region: String,
    /// KMS requests in the counted part of the run.
    pub kms_requests: f64,
    /// KMS requests in the busiest second.
    pub kms_requests_per_s_max: u32,
    /// Other KMS requests a second under the same quota.
    pub kms_background_per_s: u64,
    /// The quota, in KMS requests a second.
    pub kms_quota_per_s: u64,
    /// The busiest second's share of the quota, background load included.
    pub quota_share_max: f64,
    /// Seconds in which the quota held calls back, in the replication that strains it most.
    pub throttled_s: u64,
    /// Longest wait of a call made in the run for its answer; empty if some are never answered.
    pub kms_wait_max_s: Option<u64>,
    /// Calls that are unanswered at the end of the run.
    pub kms_unanswered: u64,
    /// Whether ever more calls would wait if they went on coming as at the end of the run.
    pub kms_queue_grows: bool,
    /// The quota under which nothing were throttled; empty if nothing is.
    #[serde(default)]
    pub kms_quota_needed_per_s: Option<u64>,
    /// The quota under which at most one in a hundred of the KMS requests were throttled.
    #[serde(default)]
    pub kms_quota_1pct_per_s: Option<u64>,
    /// KMS requests in the billing period.
    pub period_kms_requests: u64,
    /// Of these, those that KMS does not bill whoever makes them (`CloudTrail`'s own).
    pub period_kms_unbilled: u64,
    /// Of these, those within the free tier.
    pub period_kms_free: u64,
    /// Of these, those that are paid for.
    pub period_kms_paid: u64,
    /// Cost of KMS requests in the billing period.
    #[serde(with = "dollars")]
    #[schemars(with = "f64")]
    pub kms_cost_usd: Usd,
    /// What of that under the reference is saved.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub saved_usd: Usd,
}

/// `costs.csv`: bill lines of the billing period, for each configuration and level, and what a
/// migration costs once. Names after the FOCUS specification where it has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names are FOCUS's own; the data dictionary has them")]
pub struct CostRow {
    pub scenario: String,
    pub configuration: String,
    pub assumption: Level,
    #[serde(rename = "BillingPeriodS")]
    pub billing_period_s: f64,
    #[serde(rename = "ServiceName")]
    pub service_name: String,
    #[serde(rename = "ChargeCategory")]
    pub charge_category: String,
    #[serde(rename = "ChargeFrequency")]
    pub charge_frequency: String,
    #[serde(rename = "ChargeDescription")]
    pub charge_description: String,
    #[serde(rename = "RegionId")]
    pub region_id: String,
    #[serde(rename = "PricingQuantity")]
    pub pricing_quantity: u64,
    #[serde(rename = "PricingUnit")]
    pub pricing_unit: String,
    #[serde(rename = "ListUnitPrice", with = "dollars")]
    #[schemars(with = "f64")]
    pub list_unit_price: Usd,
    #[serde(rename = "ListCost", with = "dollars")]
    #[schemars(with = "f64")]
    pub list_cost: Usd,
    #[serde(rename = "BilledCost", with = "dollars")]
    #[schemars(with = "f64")]
    pub billed_cost: Usd,
    #[serde(rename = "BillingCurrency")]
    pub billing_currency: String,
}

/// The name of the assumption about objects whose writing is not in a replay's log, in
/// [`SensitivityRow::assumption`].
pub const UNKNOWN_OBJECTS: &str = "objects_not_in_log";

/// `sensitivity.csv`: how far each assumption alone moves the headline's saving.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SensitivityRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the headline configuration.
    pub configuration: String,
    /// The assumption.
    pub assumption: String,
    /// Lower end of its range.
    pub low: String,
    /// The value assumed.
    pub assumed: String,
    /// Upper end of its range.
    pub high: String,
    /// The saving at the lower end, the others as assumed.
    pub saving_at_low: f64,
    /// The saving with every assumption as assumed, of the same replication.
    pub saving_at_assumed: f64,
    /// The saving at the upper end, the others as assumed.
    pub saving_at_high: f64,
}

/// `replications.csv`: each replication's own figures, for comparing runs that saw the same chance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReplicationRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// Level of assumptions: `low`, `assumed` or `high`, after the saving.
    pub assumption: Level,
    /// Number of the replication, from 0.
    pub replication: u32,
    /// S3 requests in the counted part of the run.
    pub requests: u64,
    /// KMS requests.
    pub kms_requests: u64,
    /// Of these, `GenerateDataKey`.
    pub generate_data_key: u64,
    /// Of these, Decrypt.
    pub decrypt: u64,
    /// Of these, Encrypt.
    pub encrypt: u64,
    /// Bucket-level keys generated.
    pub bucket_keys_generated: u64,
    /// Most bucket-level keys alive in any second.
    pub bucket_keys_alive_max: u32,
    /// KMS requests in the busiest second.
    pub kms_requests_per_s_max: u32,
    /// Cost of KMS requests in the billing period.
    #[serde(with = "dollars")]
    #[schemars(with = "f64")]
    pub kms_cost_usd: Usd,
    /// Cost of everything on the bill in the billing period.
    #[serde(with = "dollars")]
    #[schemars(with = "f64")]
    pub total_cost_usd: Usd,
    /// Share of the reference's KMS requests that is saved.
    pub saving_ratio: Option<f64>,
}

/// `buckets.csv`: what each bucket's requests cost and save, ranked by dollars saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BucketRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// Place by dollars saved, from 1.
    #[serde(default)]
    pub rank: usize,
    /// Name of the bucket.
    pub bucket: String,
    /// S3 requests.
    pub requests: f64,
    /// KMS requests under the reference.
    #[serde(default)]
    pub reference_kms_requests: f64,
    /// KMS requests.
    pub kms_requests: f64,
    /// Of these, `GenerateDataKey`.
    pub generate_data_key: f64,
    /// Of these, Decrypt.
    pub decrypt: f64,
    /// Of these, Encrypt.
    pub encrypt: f64,
    /// KMS requests at the low level of assumptions.
    #[serde(default)]
    pub kms_requests_at_low: f64,
    /// KMS requests at the high level of assumptions.
    #[serde(default)]
    pub kms_requests_at_high: f64,
    /// KMS requests in the busiest second; empty if they are not counted by the second.
    #[serde(default)]
    pub kms_requests_per_s_max: Option<u32>,
    /// Its part of the cost of KMS requests in the billing period.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub kms_cost_usd: Usd,
    /// What of its part under the reference is saved.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub saved_usd: Usd,
    /// The same at the low level of assumptions.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub saved_at_low_usd: Usd,
    /// The same at the high level of assumptions.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub saved_at_high_usd: Usd,
    /// Share of its KMS requests under the reference that is saved.
    pub saving_ratio: Option<f64>,
    /// What would put one from behind before this bucket.
    #[serde(default)]
    pub order_hangs_on: Option<String>,
    /// Distinct objects that were read and of which no write is in the log; empty without a log.
    pub objects_not_in_log: Option<u64>,
}

/// `prefixes.csv` of a replay: which keys' requests cause the calls, at the assumed level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PrefixRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// Name of the bucket.
    pub bucket: String,
    /// What the keys begin with, up to their first `/`; empty for keys without one, and for
    /// requests without a key; `*` for a bucket that has too many.
    pub prefix: String,
    /// S3 requests.
    pub requests: f64,
    /// KMS requests.
    pub kms_requests: f64,
    /// Of these, `GenerateDataKey`.
    pub generate_data_key: f64,
    /// Of these, Decrypt.
    pub decrypt: f64,
    /// Of these, Encrypt.
    pub encrypt: f64,
    /// Share of its KMS requests under the reference that is saved.
    pub saving_ratio: Option<f64>,
}

/// `left_out.csv` of a replay: which records of the log are no requests of the run, or ask KMS for nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOutRow {
    /// Why.
    pub reason: String,
    /// What the log calls them: an operation, a service, a bucket, an error; `*` if there are more than a
    /// thousand names.
    pub name: String,
    /// How many, repeated ones included.
    pub records: u64,
    /// Whether they count all the same, as S3 requests or data events.
    pub counts: bool,
}

impl ReplicationRow {
    /// The replication's own value of a figure; `None` for figures that are an extreme of all
    /// replications, or where there is nothing to save.
    #[must_use]
    pub fn figure(&self, figure: Figure) -> Option<f64> {
        Some(match figure {
            Figure::Saving => return self.saving_ratio,
            Figure::Requests => self.requests as f64,
            Figure::KmsRequests => self.kms_requests as f64,
            Figure::GenerateDataKey => self.generate_data_key as f64,
            Figure::Decrypt => self.decrypt as f64,
            Figure::Encrypt => self.encrypt as f64,
            Figure::BucketKeysGenerated => self.bucket_keys_generated as f64,
            Figure::KmsCostUsd => self.kms_cost_usd.as_f64(),
            Figure::TotalCostUsd => self.total_cost_usd.as_f64(),
            Figure::BucketKeysAliveMin
            | Figure::BucketKeysAliveMax
            | Figure::KmsRequestsPerSMax
            | Figure::QuotaShareMax
            | Figure::ThrottledS
            | Figure::ThrottledShare
            | Figure::FailedShare
            | Figure::JobDelayMaxS
            | Figure::KmsSavedUsd
            | Figure::AuditSaving => return None,
        })
    }
}

/// Rows whose names may be strangers'.
pub(super) trait NamedRow {
    /// Makes each of them one that may stand between backticks.
    fn show(&mut self);
}

/// Makes a name one that may stand between backticks.
pub(super) fn show(name: &mut String) {
    if let Cow::Owned(seen) = named(name) {
        *name = seen;
    }
}

macro_rules! names {
    ($($row:ident: $($name:ident),*;)*) => { $(
        impl NamedRow for $row {
            fn show(&mut self) {
                $(show(&mut self.$name);)*
            }
        }
    )* };
}

names! {
    SummaryRow: scenario, configuration;
    TimelineRow: scenario, configuration;
    PrincipalRow: scenario, configuration, principal;
    BucketRow: scenario, configuration, bucket;
    OperationRow: scenario, configuration, operation;
    AccountRow: scenario, configuration, account, region;
    CostRow: scenario, configuration, service_name, charge_description, region_id, pricing_unit;
    SensitivityRow: scenario, configuration, assumption, low, assumed, high;
    ReplicationRow: scenario, configuration;
}

impl NamedRow for RequesterRow {
    fn show(&mut self) {
        let names = [&mut self.scenario, &mut self.configuration, &mut self.principal];
        names.into_iter().chain(&mut self.requester).for_each(show);
    }
}
