//! The rows of every CSV file: these structs are the schema. `docs/data-dictionary.md` tells what
//! each column means; a test holds it against them.

use serde::Serialize;

use crate::outcome::Outcome;
use crate::pricing::Bill;
use crate::scenario::Scenario;
use crate::units::Usd;

/// Writes money as a number of dollars.
fn dollars<S: serde::Serializer>(amount: &Usd, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(amount.as_f64())
}

/// `summary.csv`: one row for each configuration and level of assumptions.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SummaryRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// Level of assumptions: `low`, `assumed` or `high`, after the saving.
    pub assumption: &'static str,
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
    /// The busiest second's share of the quota, background load included.
    pub quota_share_max: f64,
    /// Seconds in which the quota held calls back, in the replication that strains it most.
    pub throttled_s: u64,
    /// CloudTrail management events: one for each KMS request.
    pub cloudtrail_events: f64,
    /// Of these, those whose encryption context names the bucket.
    pub cloudtrail_events_bucket_arn: f64,
    /// Of these, those whose encryption context names an object.
    pub cloudtrail_events_object_arn: f64,
    /// Cost of KMS requests in the billing period.
    #[serde(serialize_with = "dollars")]
    pub kms_cost_usd: Usd,
    /// Cost of everything on the bill in the billing period.
    #[serde(serialize_with = "dollars")]
    pub total_cost_usd: Usd,
    /// Share of the reference's KMS requests that is saved.
    pub saving_ratio: Option<f64>,
    /// Half-width of its 95 % confidence interval.
    pub saving_half_width: Option<f64>,
    /// The saving if no key were ever found in memory.
    pub saving_floor: Option<f64>,
    /// The saving if keys lived for ever in one place.
    pub saving_ceiling: Option<f64>,
}

/// `timeline.csv`: one row for each configuration and time bin, at the assumed level.
#[derive(Clone, Debug, Default, Serialize)]
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
}

/// `requesters.csv`: who causes the calls, at the assumed level.
#[derive(Clone, Debug, Default, Serialize)]
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
#[derive(Clone, Debug, Default, Serialize)]
pub struct PrincipalRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// Name of the principal in the scenario.
    pub principal: String,
    /// KMS requests in its name.
    pub kms_requests: f64,
    /// Share of its KMS requests under the reference that is saved.
    pub saving_ratio: Option<f64>,
}

/// `operations.csv`: which operations cause the calls, at the assumed level.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OperationRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the configuration.
    pub configuration: String,
    /// AWS's name of the operation.
    pub operation: &'static str,
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

/// `costs.csv`: bill lines of the billing period, for each configuration and level, and what a
/// migration costs once. Names after the FOCUS specification where it has them.
#[derive(Clone, Debug, Default, Serialize)]
#[allow(missing_docs, reason = "the names are FOCUS's own; the data dictionary has them")]
pub struct CostRow {
    pub scenario: String,
    pub configuration: String,
    pub assumption: &'static str,
    #[serde(rename = "BillingPeriodS")]
    pub billing_period_s: f64,
    #[serde(rename = "ServiceName")]
    pub service_name: &'static str,
    #[serde(rename = "ChargeCategory")]
    pub charge_category: &'static str,
    #[serde(rename = "ChargeFrequency")]
    pub charge_frequency: &'static str,
    #[serde(rename = "ChargeDescription")]
    pub charge_description: &'static str,
    #[serde(rename = "RegionId")]
    pub region_id: String,
    #[serde(rename = "PricingQuantity")]
    pub pricing_quantity: u64,
    #[serde(rename = "PricingUnit")]
    pub pricing_unit: &'static str,
    #[serde(rename = "ListUnitPrice", serialize_with = "dollars")]
    pub list_unit_price: Usd,
    #[serde(rename = "ListCost", serialize_with = "dollars")]
    pub list_cost: Usd,
    #[serde(rename = "BilledCost", serialize_with = "dollars")]
    pub billed_cost: Usd,
    #[serde(rename = "BillingCurrency")]
    pub billing_currency: &'static str,
}

/// `sensitivity.csv`: how far each assumption alone moves the headline's saving.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SensitivityRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the headline configuration.
    pub configuration: String,
    /// The assumption.
    pub assumption: &'static str,
    /// Lower end of its range.
    pub low: String,
    /// Upper end of its range.
    pub high: String,
    /// The saving at the lower end, the others as assumed.
    pub saving_at_low: f64,
    /// The saving at the upper end, the others as assumed.
    pub saving_at_high: f64,
}

/// Rows of `summary.csv`.
#[must_use]
pub fn summary(scenario: &Scenario, outcome: &Outcome) -> Vec<SummaryRow> {
    let rows = outcome.configurations.iter().flat_map(|configuration| {
        configuration.levels.iter().map(move |level| {
            let [generate_data_key, decrypt, encrypt] = level.kms_by_api;
            SummaryRow {
                scenario: scenario.file.name.clone(),
                configuration: configuration.name.clone(),
                assumption: level.level.name(),
                replications: outcome.replications,
                requests: level.requests,
                kms_requests: level.kms_requests(),
                generate_data_key,
                decrypt,
                encrypt,
                bucket_keys_generated: level.keys_generated,
                bucket_keys_alive_min: level.keys_alive.0,
                bucket_keys_alive_max: level.keys_alive.1,
                kms_requests_per_s_max: level.per_s_max,
                kms_requests_per_s_p999: level.per_s_p999,
                quota_share_max: level.quota_share_max,
                throttled_s: level.quota.throttled_s,
                cloudtrail_events: level.kms_requests(),
                cloudtrail_events_bucket_arn: level.cloudtrail_events.0,
                cloudtrail_events_object_arn: level.cloudtrail_events.1,
                kms_cost_usd: level.bill.kms_total(),
                total_cost_usd: level.bill.total(),
                saving_ratio: level.saving.map(|saving| saving.mean),
                saving_half_width: level.saving.and_then(|saving| saving.half_width),
                saving_floor: configuration.floor,
                saving_ceiling: configuration.ceiling,
            }
        })
    });
    rows.collect()
}

/// Rows of `timeline.csv`.
#[must_use]
pub fn timeline(scenario: &Scenario, outcome: &Outcome) -> Vec<TimelineRow> {
    let bin_s = scenario.window().bin.as_secs_f64();
    let rows = outcome.configurations.iter().flat_map(|configuration| {
        configuration.timeline.iter().map(move |bin| {
            let [generate_data_key, decrypt, encrypt] = bin.kms_by_api;
            TimelineRow {
                scenario: scenario.file.name.clone(),
                configuration: configuration.name.clone(),
                time_s: bin.time_s,
                bin_s,
                requests: bin.requests,
                kms_requests: bin.kms_by_api.iter().sum(),
                generate_data_key,
                decrypt,
                encrypt,
                kms_requests_per_s_max: bin.per_s_max,
                bucket_keys_alive_max: bin.keys_alive_max,
            }
        })
    });
    rows.collect()
}

/// Rows of `requesters.csv`.
#[must_use]
pub fn requesters(scenario: &Scenario, outcome: &Outcome) -> Vec<RequesterRow> {
    let rows = outcome.configurations.iter().flat_map(|configuration| {
        configuration.requesters.iter().map(|requester| {
            let [generate_data_key, decrypt, encrypt] = requester.kms_by_api;
            RequesterRow {
                scenario: scenario.file.name.clone(),
                configuration: configuration.name.clone(),
                requester: requester.arn.clone(),
                principal: requester.principal.clone(),
                session_policy: requester.policy,
                requesters: requester.count,
                requests: requester.requests,
                kms_requests: requester.kms_by_api.iter().sum(),
                generate_data_key,
                decrypt,
                encrypt,
                bucket_keys_generated: requester.keys_generated,
                cloudtrail_events_bucket_arn: requester.cloudtrail_events.0,
                cloudtrail_events_object_arn: requester.cloudtrail_events.1,
            }
        })
    });
    rows.collect()
}

/// Rows of `principals.csv`.
#[must_use]
pub fn principals(scenario: &Scenario, outcome: &Outcome) -> Vec<PrincipalRow> {
    let reference = &outcome.configurations[scenario.reference].kms_of_principal;
    let rows = outcome.configurations.iter().flat_map(|configuration| {
        let principals = scenario.file.principals.iter();
        let calls = configuration.kms_of_principal.iter().zip(reference);
        principals.zip(calls).map(|(principal, (&kms_requests, &against))| PrincipalRow {
            scenario: scenario.file.name.clone(),
            configuration: configuration.name.clone(),
            principal: principal.name.clone(),
            kms_requests,
            saving_ratio: (against > 0.0).then(|| 1.0 - kms_requests / against),
        })
    });
    rows.collect()
}

/// Rows of `operations.csv`.
#[must_use]
pub fn operations(scenario: &Scenario, outcome: &Outcome) -> Vec<OperationRow> {
    let rows = outcome.configurations.iter().flat_map(|configuration| {
        configuration.operations.iter().map(|operation| {
            let [generate_data_key, decrypt, encrypt] = operation.kms_by_api;
            OperationRow {
                scenario: scenario.file.name.clone(),
                configuration: configuration.name.clone(),
                operation: operation.operation.name(),
                requests: operation.requests,
                kms_requests: operation.kms_by_api.iter().sum(),
                generate_data_key,
                decrypt,
                encrypt,
            }
        })
    });
    rows.collect()
}

/// Rows of `costs.csv`.
#[must_use]
pub fn costs(scenario: &Scenario, outcome: &Outcome) -> Vec<CostRow> {
    let mut rows = Vec::new();
    for configuration in &outcome.configurations {
        let name = &configuration.name;
        for level in &configuration.levels {
            let usage = "Usage-Based";
            bill_rows(scenario, name, level.level.name(), usage, &level.bill, &mut rows);
        }
        if let Some(migration) = &configuration.migration {
            bill_rows(scenario, name, "assumed", "One-Time", &migration.bill, &mut rows);
        }
    }
    rows
}

fn bill_rows(
    scenario: &Scenario,
    configuration: &str,
    assumption: &'static str,
    charge_frequency: &'static str,
    bill: &Bill,
    rows: &mut Vec<CostRow>,
) {
    rows.extend(bill.lines.iter().map(|line| CostRow {
        scenario: scenario.file.name.clone(),
        configuration: configuration.to_owned(),
        assumption,
        billing_period_s: scenario.billing.period.as_secs_f64(),
        service_name: line.service.name(),
        charge_category: line.charge_category,
        charge_frequency,
        charge_description: line.description,
        region_id: scenario.billing.prices.region().to_owned(),
        pricing_quantity: line.quantity,
        pricing_unit: line.unit,
        list_unit_price: line.price.unit(),
        list_cost: line.list_cost,
        billed_cost: line.billed,
        billing_currency: "USD",
    }));
}

/// Rows of `sensitivity.csv`.
#[must_use]
pub fn sensitivity(scenario: &Scenario, outcome: &Outcome) -> Vec<SensitivityRow> {
    let headline = &scenario.configurations[scenario.headline].name;
    let rows = outcome.swings.iter().map(|swing| SensitivityRow {
        scenario: scenario.file.name.clone(),
        configuration: headline.clone(),
        assumption: swing.assumption,
        low: swing.low.0.clone(),
        high: swing.high.0.clone(),
        saving_at_low: swing.low.1,
        saving_at_high: swing.high.1,
    });
    rows.collect()
}
