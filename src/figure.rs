//! The figures of a run's summary: what each is called, what it counts, and the formula of the saving.
//!
//! Assertions, `--fail-if`, comparisons, tables and charts ask here. A new figure is an entry here, and
//! where its column is new, too, the column in `results::rows` and its value in `results::summary`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Share of the baseline's amount that is saved; `None` if there is nothing to save from.
#[must_use]
pub fn saving(own: f64, baseline: f64) -> Option<f64> {
    (baseline > 0.0).then(|| 1.0 - own / baseline)
}

/// What a figure counts, and so how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureUnit {
    /// Parts of one.
    Share,
    /// US dollars.
    Dollars,
    /// Requests, keys, seconds.
    Count,
}

/// What is to be known of a figure.
struct FigureDescription {
    name: &'static str,
    column: &'static str,
    unit: FigureUnit,
    grows_with_time: bool,
    label: &'static str,
    title: &'static str,
}

macro_rules! figures {
    ($(
        $(#[doc = $meaning:literal])+
        $figure:ident: $name:literal in $column:literal, $unit:ident, $grows:literal, $label:literal, $title:literal;
    )*) => {
        /// A figure of the summary.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum Figure {
            $($(#[doc = $meaning])+ #[serde(rename = $name)] $figure,)*
        }

        impl Figure {
            /// Every figure, in the order of tables.
            pub const ALL: &'static [Self] = &[$(Self::$figure,)*];

            const fn description(self) -> FigureDescription {
                match self {
                    $(Self::$figure => FigureDescription {
                        name: $name,
                        column: $column,
                        unit: FigureUnit::$unit,
                        grows_with_time: $grows,
                        label: $label,
                        title: $title,
                    },)*
                }
            }
        }
    };
}

// Name in assertions and in comparison.csv, column of summary.csv, unit, whether a longer run has more of
// it, label in a table (with two blanks before it if it is part of the figure above), title of a chart.
figures! {
    /// Share of the baseline's KMS requests that are saved.
    Saving: "saving" in "saving_ratio", Share, false,
        "KMS requests saved", "KMS requests saved";
    /// S3 requests in the counted part of the run.
    Requests: "requests" in "requests", Count, true,
        "S3 requests", "S3 requests";
    /// KMS requests in the counted part of the run.
    KmsRequests: "kms_requests" in "kms_requests", Count, true,
        "KMS requests", "KMS requests";
    /// Of these, `GenerateDataKey`.
    GenerateDataKey: "generate_data_key" in "generate_data_key", Count, true,
        "  GenerateDataKey", "GenerateDataKey requests";
    /// Of these, Decrypt.
    Decrypt: "decrypt" in "decrypt", Count, true,
        "  Decrypt", "Decrypt requests";
    /// Of these, Encrypt.
    Encrypt: "encrypt" in "encrypt", Count, true,
        "  Encrypt", "Encrypt requests";
    /// Bucket-level keys generated.
    BucketKeysGenerated: "bucket_keys_generated" in "bucket_keys_generated", Count, true,
        "bucket-level keys made", "Bucket-level keys made";
    /// Fewest bucket-level keys alive in any second.
    BucketKeysAliveMin: "bucket_keys_alive_min" in "bucket_keys_alive_min", Count, false,
        "  fewest alive at a time", "Fewest bucket-level keys alive";
    /// Most bucket-level keys alive in any second.
    BucketKeysAliveMax: "bucket_keys_alive_max" in "bucket_keys_alive_max", Count, false,
        "  most alive at a time", "Most bucket-level keys alive";
    /// KMS requests in the busiest second.
    KmsRequestsPerSMax: "kms_requests_per_s_max" in "kms_requests_per_s_max", Count, false,
        "KMS peak a second", "KMS requests in the busiest second";
    /// The busiest second's share of the quota.
    QuotaShareMax: "quota_share_max" in "quota_share_max", Share, false,
        "  share of the quota", "Busiest second as a share of the KMS quota";
    /// Seconds in which the quota held calls back, in the replication that strains it most.
    ThrottledS: "throttled_s" in "throttled_s", Count, true,
        "  seconds throttled", "Seconds throttled";
    /// Share of the S3 requests that are answered 503 `SlowDown` at least once because KMS throttles.
    ThrottledShare: "throttled_share" in "throttled_ratio", Share, false,
        "  requests that get 503 SlowDown", "Requests that get 503 SlowDown";
    /// Share of the S3 requests that fail because their last attempt is throttled, too.
    FailedShare: "failed_share" in "failed_ratio", Share, false,
        "  requests that fail", "Requests that fail because KMS throttles";
    /// Most that work is late because of throttling, in seconds.
    JobDelayMaxS: "job_delay_max_s" in "job_delay_max_s", Count, false,
        "  longest delay of work, seconds", "Longest delay of work because KMS throttles, in seconds";
    /// KMS cost in the billing period, in US dollars.
    KmsCostUsd: "kms_cost_usd" in "kms_cost_usd", Dollars, false,
        "cost of KMS requests", "Cost of KMS requests in the billing period";
    /// What of the baseline's cost of KMS requests in the billing period is saved, in US dollars.
    KmsSavedUsd: "kms_saved_usd" in "kms_saved_usd", Dollars, false,
        "  saved", "Saved on KMS requests in the billing period";
    /// Cost of KMS, S3 requests and CloudTrail events in the billing period, in US dollars.
    TotalCostUsd: "total_cost_usd" in "total_cost_usd", Dollars, false,
        "requests and keys bill", "Requests and keys bill in the billing period";
    /// Share of the baseline's cost of KMS requests and S3 data events that is saved, where the audit by
    /// object must stay.
    AuditSaving: "audit_saving" in "audit_saving_ratio", Share, false,
        "saved with the audit by object", "Saved with the audit by object";
}

impl Figure {
    /// Its name in scenarios and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.description().name
    }

    /// The column of `summary.csv` that has it.
    #[must_use]
    pub const fn column(self) -> &'static str {
        self.description().column
    }

    /// What it counts.
    #[must_use]
    pub const fn unit(self) -> FigureUnit {
        self.description().unit
    }

    /// Whether it is counted over the counted part of a run, so that a longer run has more of it.
    #[must_use]
    pub const fn grows_with_time(self) -> bool {
        self.description().grows_with_time
    }

    /// Its label in a table, with two blanks before it if it is part of the figure above.
    #[must_use]
    pub const fn label(self) -> &'static str {
        self.description().label
    }

    /// What it is, to begin the title of a chart with.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.description().title
    }

    /// The figure that is called so, by its name or its column.
    #[must_use]
    pub fn called(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.name() == name || it.column() == name)
    }
}
