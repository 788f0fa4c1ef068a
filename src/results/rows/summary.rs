//! `summary.csv`: the figures of each configuration at each level.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{dollars, dollars_or_nothing};
use crate::encryption::assumption::Level;
use crate::figure::Figure;
use crate::kms::KmsApi;
use crate::scenario::assertion::RangePoint;
use crate::units::Usd;

/// `summary.csv`: one row for each configuration and level of assumptions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SummaryRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// Level of assumptions: `low`, `assumed` or `high`, after the saving.
    pub assumption: Level,
    /// Number of replications that were run; counts are means over them.
    pub replications: u32,
    /// S3 requests in the counted part of the run.
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
    /// Fewest bucket-level keys alive in any second.
    pub bucket_keys_alive_min: u32,
    /// Most bucket-level keys alive in any second.
    pub bucket_keys_alive_max: u32,
    /// KMS requests in the busiest second.
    pub kms_requests_per_s_max: u32,
    /// KMS requests a second that 99.9 % of the seconds do not exceed.
    pub kms_requests_per_s_p999: u32,
    /// The busiest second's share of the quota, background load included; of several accounts or
    /// regions the greatest.
    pub quota_share_max: f64,
    /// Other KMS requests a second under the same quota, or the sum of them under several.
    #[serde(default)]
    pub kms_background_per_s: u64,
    /// Seconds in which the quota held calls back, in the account, region and replication that strain
    /// it most.
    pub throttled_s: u64,
    /// Longest wait there of a call made in the run for its answer; empty if some are never answered.
    #[serde(default)]
    pub kms_wait_max_s: Option<u64>,
    /// Calls that are unanswered there at the end of the run.
    #[serde(default)]
    pub kms_unanswered: u64,
    /// Whether ever more calls would wait there if they went on coming as at the end of the run.
    #[serde(default)]
    pub kms_queue_grows: bool,
    /// Share of the S3 requests that are answered 503 `SlowDown` at least once because KMS throttles.
    #[serde(default)]
    pub throttled_ratio: f64,
    /// Share of the S3 requests that fail so: the last attempt is throttled, too.
    #[serde(default)]
    pub failed_ratio: f64,
    /// When the first request is throttled where the quota is strained most; empty if none is.
    #[serde(default)]
    pub throttled_from_s: Option<f64>,
    /// When the last one is, no longer than a day after the run.
    #[serde(default)]
    pub throttled_until_s: Option<f64>,
    /// Most that work there is late because of it.
    #[serde(default)]
    pub job_delay_max_s: f64,
    /// Longest time there from a second whose new calls exceed the quota until nothing waits.
    #[serde(default)]
    pub kms_drain_max_s: f64,
    /// The quota under which nothing were throttled in any account; empty if nothing is.
    #[serde(default)]
    pub kms_quota_needed_per_s: Option<u64>,
    /// The quota under which at most one in a hundred of the KMS requests of each account were throttled.
    #[serde(default)]
    pub kms_quota_1pct_per_s: Option<u64>,
    /// CloudTrail management events: one for each KMS request.
    pub cloudtrail_events: f64,
    /// Of these, those whose encryption context names the bucket.
    pub cloudtrail_events_bucket_arn: f64,
    /// Of these, those whose encryption context names an object.
    pub cloudtrail_events_object_arn: f64,
    /// Cost of KMS requests in the billing period.
    #[serde(with = "dollars")]
    #[schemars(with = "f64")]
    pub kms_cost_usd: Usd,
    /// What of the reference's cost of KMS requests is saved, at the same level of assumptions.
    #[serde(with = "dollars")]
    #[schemars(with = "f64")]
    pub kms_saved_usd: Usd,
    /// Cost of everything on the bill in the billing period: KMS, S3 requests, CloudTrail events.
    #[serde(with = "dollars")]
    #[schemars(with = "f64")]
    pub total_cost_usd: Usd,
    /// Of the cost of KMS requests, that of work that happens once, which is not scaled.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub kms_cost_once_usd: Usd,
    /// Of the cost of everything, that of work that happens once, which is not scaled.
    #[serde(with = "dollars", default)]
    #[schemars(with = "f64")]
    pub total_cost_once_usd: Usd,
    /// Cost of S3 data events where the audit by object must stay.
    #[serde(with = "dollars_or_nothing", default)]
    #[schemars(with = "Option<f64>")]
    pub audit_cost_usd: Option<Usd>,
    /// Share of the reference's cost of KMS requests and S3 data events that is saved then.
    #[serde(default)]
    pub audit_saving_ratio: Option<f64>,
    /// Share of the reference's KMS requests that is saved.
    pub saving_ratio: Option<f64>,
    /// Half-width of its 95 % confidence interval.
    pub saving_half_width: Option<f64>,
    /// The saving if no key were ever found in memory.
    pub saving_floor: Option<f64>,
    /// The saving if keys lived for ever in one place.
    pub saving_ceiling: Option<f64>,
    /// What re-encrypting the existing objects costs once.
    #[serde(with = "dollars_or_nothing")]
    #[schemars(with = "Option<f64>")]
    pub migration_cost_usd: Option<Usd>,
    /// Whether the saving pays for that: `after` some time, `never`, or `unknown` from this run.
    #[serde(default)]
    pub payback: Option<String>,
    /// Billing periods until it has.
    pub payback_periods: Option<f64>,
    /// Share of the migration's cost that comes back: at the most, or so far.
    #[serde(default)]
    pub payback_ratio: Option<f64>,
    /// How long a run would have to be at the least to know.
    #[serde(default)]
    pub payback_run_s: Option<f64>,
    /// Sets of assumptions that were drawn by their laws; nine in ten of them give a figure between its
    /// `_p05` and its `_p95`. Empty at the levels `low` and `high`, as all that follows.
    pub assumption_sets: Option<u32>,
    /// Half-width of the 95 % confidence interval of `saving_ratio_p05`.
    pub saving_ratio_p05_half_width: Option<f64>,
    /// Half-width of the 95 % confidence interval of `saving_ratio_p95`.
    pub saving_ratio_p95_half_width: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub saving_ratio_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub saving_ratio_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub kms_requests_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub kms_requests_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub generate_data_key_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub generate_data_key_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub decrypt_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub decrypt_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub encrypt_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub encrypt_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub bucket_keys_generated_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub bucket_keys_generated_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub bucket_keys_alive_min_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub bucket_keys_alive_min_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub bucket_keys_alive_max_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub bucket_keys_alive_max_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub kms_requests_per_s_max_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub kms_requests_per_s_max_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub quota_share_max_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub quota_share_max_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub throttled_s_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub throttled_s_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub throttled_ratio_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub throttled_ratio_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub failed_ratio_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub failed_ratio_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub job_delay_max_s_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub job_delay_max_s_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub kms_cost_usd_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub kms_cost_usd_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub kms_saved_usd_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub kms_saved_usd_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub total_cost_usd_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub total_cost_usd_p95: Option<f64>,
    /// What 5 % of the sets do not exceed.
    pub audit_saving_ratio_p05: Option<f64>,
    /// What 95 % of the sets do not exceed.
    pub audit_saving_ratio_p95: Option<f64>,
}

impl SummaryRow {
    /// Value of a figure; `None` for a saving where there is nothing to save.
    #[must_use]
    pub fn figure(&self, figure: Figure) -> Option<f64> {
        Some(match figure {
            Figure::Saving => return self.saving_ratio,
            Figure::AuditSaving => return self.audit_saving_ratio,
            Figure::Requests => self.requests,
            Figure::KmsRequests => self.kms_requests,
            Figure::GenerateDataKey => self.generate_data_key,
            Figure::Decrypt => self.decrypt,
            Figure::Encrypt => self.encrypt,
            Figure::BucketKeysGenerated => self.bucket_keys_generated,
            Figure::BucketKeysAliveMin => self.bucket_keys_alive_min.into(),
            Figure::BucketKeysAliveMax => self.bucket_keys_alive_max.into(),
            Figure::KmsRequestsPerSMax => self.kms_requests_per_s_max.into(),
            Figure::QuotaShareMax => self.quota_share_max,
            Figure::ThrottledS => self.throttled_s as f64,
            Figure::ThrottledShare => self.throttled_ratio,
            Figure::FailedShare => self.failed_ratio,
            Figure::JobDelayMaxS => self.job_delay_max_s,
            Figure::KmsCostUsd => self.kms_cost_usd.as_f64(),
            Figure::KmsSavedUsd => self.kms_saved_usd.as_f64(),
            Figure::TotalCostUsd => self.total_cost_usd.as_f64(),
        })
    }

    /// A figure at a point of its range, of a row that has that point's level; where nothing is unknown all
    /// points are one.
    #[must_use]
    pub fn figure_at(&self, figure: Figure, point: RangePoint) -> Option<f64> {
        match (point, self.nine_in_ten(figure)) {
            (RangePoint::P05, Some((p05, _))) => Some(p05),
            (RangePoint::P95, Some((_, p95))) => Some(p95),
            _ => self.figure(figure),
        }
    }

    /// KMS requests of one API.
    #[must_use]
    pub fn kms_requests_by(&self, api: KmsApi) -> f64 {
        match api {
            KmsApi::GenerateDataKey => self.generate_data_key,
            KmsApi::Decrypt => self.decrypt,
            KmsApi::Encrypt => self.encrypt,
        }
    }

    /// Whether so many requests fail that calls and dollars, which are those of all, are too many.
    #[must_use]
    pub fn counts_many_that_fail(&self) -> bool {
        const MANY: f64 = 0.01;
        self.failed_ratio >= MANY
    }

    /// Whether it has the figures of a configuration at a level.
    #[must_use]
    pub fn is_of(&self, configuration: &str, level: Level) -> bool {
        self.configuration == configuration && self.assumption == level
    }
}

macro_rules! nine_in_ten {
    ($($figure:ident: $p05:ident, $p95:ident;)*) => {
        impl SummaryRow {
            /// What 5 % and 95 % of the sets of assumptions do not exceed; `None` if none were drawn.
            #[must_use]
            pub const fn nine_in_ten(&self, figure: Figure) -> Option<(f64, f64)> {
                let ends = match figure {
                    $(Figure::$figure => (self.$p05, self.$p95),)*
                    // They do not depend on what AWS does not publish.
                    Figure::Requests => return None,
                };
                match ends {
                    (Some(p05), Some(p95)) => Some((p05, p95)),
                    _ => None,
                }
            }

            pub(in crate::results) const fn set_nine_in_ten(&mut self, figure: Figure, ends: (f64, f64)) {
                match figure {
                    $(Figure::$figure => (self.$p05, self.$p95) = (Some(ends.0), Some(ends.1)),)*
                    Figure::Requests => {}
                }
            }
        }
    };
}

nine_in_ten! {
    Saving: saving_ratio_p05, saving_ratio_p95;
    KmsRequests: kms_requests_p05, kms_requests_p95;
    GenerateDataKey: generate_data_key_p05, generate_data_key_p95;
    Decrypt: decrypt_p05, decrypt_p95;
    Encrypt: encrypt_p05, encrypt_p95;
    BucketKeysGenerated: bucket_keys_generated_p05, bucket_keys_generated_p95;
    BucketKeysAliveMin: bucket_keys_alive_min_p05, bucket_keys_alive_min_p95;
    BucketKeysAliveMax: bucket_keys_alive_max_p05, bucket_keys_alive_max_p95;
    KmsRequestsPerSMax: kms_requests_per_s_max_p05, kms_requests_per_s_max_p95;
    QuotaShareMax: quota_share_max_p05, quota_share_max_p95;
    ThrottledS: throttled_s_p05, throttled_s_p95;
    ThrottledShare: throttled_ratio_p05, throttled_ratio_p95;
    FailedShare: failed_ratio_p05, failed_ratio_p95;
    JobDelayMaxS: job_delay_max_s_p05, job_delay_max_s_p95;
    KmsCostUsd: kms_cost_usd_p05, kms_cost_usd_p95;
    KmsSavedUsd: kms_saved_usd_p05, kms_saved_usd_p95;
    TotalCostUsd: total_cost_usd_p05, total_cost_usd_p95;
    AuditSaving: audit_saving_ratio_p05, audit_saving_ratio_p95;
}
