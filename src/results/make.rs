//! An outcome's rows, file by file.

use super::rows::{
    AccountRow, CostRow, OperationRow, PrincipalRow, ReplicationRow, RequesterRow, SensitivityRow,
    SummaryRow, TimelineRow,
};
use super::run::{Outcome, Swing};
use crate::encryption::assumptions::Level;
use crate::kms::accounts::AccountRegion;
use crate::migration::payback::Payback;
use crate::pricing::Bill;
use crate::scenario::Scenario;

/// Rows of `summary.csv`.
#[must_use]
pub fn summary(scenario: &Scenario, outcome: &Outcome) -> Vec<SummaryRow> {
    let period_s = scenario.billing.period.as_secs_f64();
    let rows = outcome.configurations.iter().flat_map(|configuration| {
        let payback = configuration.migration.as_ref().map(|migration| migration.payback);
        configuration.levels.iter().map(move |level| {
            let [generate_data_key, decrypt, encrypt] = level.kms_by_api;
            SummaryRow {
                scenario: scenario.name.clone(),
                configuration: configuration.name.clone(),
                assumption: level.level,
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
                kms_background_per_s: level.background_per_s,
                throttled_s: level.quota.throttled_s,
                kms_wait_max_s: level.quota.wait_max_s,
                kms_unanswered: level.quota.left_over,
                kms_queue_grows: level.quota.grows,
                cloudtrail_events: level.kms_requests(),
                cloudtrail_events_bucket_arn: level.cloudtrail_events.0,
                cloudtrail_events_object_arn: level.cloudtrail_events.1,
                kms_cost_usd: level.bill.kms_total(),
                total_cost_usd: level.bill.total(),
                kms_cost_once_usd: level.once.0,
                total_cost_once_usd: level.once.1,
                audit_cost_usd: level.audit.map(|audit| audit.cost),
                audit_saving_ratio: level.audit.and_then(|audit| audit.saving),
                saving_ratio: level.saving.map(|saving| saving.mean),
                saving_half_width: level.saving.and_then(|saving| saving.half_width),
                saving_floor: configuration.floor,
                saving_ceiling: configuration.ceiling,
                migration_cost_usd: configuration.migration.as_ref().map(|m| m.bill.total()),
                payback: payback.map(|payback| payback.name().to_owned()),
                payback_periods: payback.and_then(Payback::time_s).map(|time_s| time_s / period_s),
                payback_ratio: payback.map(Payback::share),
                payback_run_s: payback.and_then(Payback::run_s),
            }
        })
    });
    rows.collect()
}

/// Rows of `timeline.csv`.
pub(super) fn timeline(scenario: &Scenario, outcome: &Outcome) -> Vec<TimelineRow> {
    let bin_s = scenario.window().bin.as_secs_f64();
    let first = outcome.configurations.first().map(|c| c.assumed().accounts.as_slice());
    let quota_per_s = match first {
        Some([only]) => Some(scenario.billing.quotas[only.number].left_per_s()),
        _ => None,
    };
    let rows = outcome.configurations.iter().flat_map(|configuration| {
        configuration.timeline.iter().map(move |bin| {
            let [generate_data_key, decrypt, encrypt] = bin.kms_by_api;
            TimelineRow {
                scenario: scenario.name.clone(),
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
                quota_per_s,
            }
        })
    });
    rows.collect()
}

/// Rows of `requesters.csv`.
pub(super) fn requesters(scenario: &Scenario, outcome: &Outcome) -> Vec<RequesterRow> {
    let rows = outcome.configurations.iter().flat_map(|configuration| {
        configuration.requesters.iter().map(|requester| {
            let [generate_data_key, decrypt, encrypt] = requester.kms_by_api;
            RequesterRow {
                scenario: scenario.name.clone(),
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
pub(super) fn principals(scenario: &Scenario, outcome: &Outcome) -> Vec<PrincipalRow> {
    let reference = &outcome.configurations[scenario.reference].kms_of_principal;
    let rows = outcome.configurations.iter().flat_map(|configuration| {
        let principals = scenario.senders.iter();
        let calls = configuration.kms_of_principal.iter().zip(reference);
        principals.zip(calls).map(|(principal, (&kms_requests, &against))| PrincipalRow {
            scenario: scenario.name.clone(),
            configuration: configuration.name.clone(),
            principal: principal.name.clone(),
            kms_requests,
            saving_ratio: (against > 0.0).then(|| 1.0 - kms_requests / against),
        })
    });
    rows.collect()
}

/// Rows of `operations.csv`.
pub(super) fn operations(scenario: &Scenario, outcome: &Outcome) -> Vec<OperationRow> {
    let rows = outcome.configurations.iter().flat_map(|configuration| {
        configuration.operations.iter().map(|operation| {
            let [generate_data_key, decrypt, encrypt] = operation.kms_by_api;
            OperationRow {
                scenario: scenario.name.clone(),
                configuration: configuration.name.clone(),
                operation: operation.operation.name().to_owned(),
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

/// Rows of `accounts.csv`.
pub(super) fn accounts(scenario: &Scenario, outcome: &Outcome) -> Vec<AccountRow> {
    let levels = outcome.configurations.iter().flat_map(|configuration| {
        configuration.levels.iter().map(move |level| (&configuration.name, level))
    });
    let rows = levels.flat_map(|(name, level)| {
        level.accounts.iter().map(|own| {
            let AccountRegion { account, region } = &scenario.accounts.list[own.number];
            AccountRow {
                scenario: scenario.name.clone(),
                configuration: name.clone(),
                assumption: level.level,
                account: account.clone(),
                region: region.clone(),
                kms_requests: own.kms_requests,
                kms_requests_per_s_max: own.per_s_max,
                kms_background_per_s: own.quota.background_per_s,
                kms_quota_per_s: own.quota.quota_per_s,
                quota_share_max: own.quota_share_max,
                throttled_s: own.quota.throttled_s,
                kms_wait_max_s: own.quota.wait_max_s,
                kms_unanswered: own.quota.left_over,
                kms_queue_grows: own.quota.grows,
                period_kms_requests: own.charges.requests,
                period_kms_unbilled: own.charges.unbilled,
                period_kms_free: own.charges.free,
                period_kms_paid: own.charges.paid(),
                kms_cost_usd: own.kms_cost,
            }
        })
    });
    rows.collect()
}

/// Rows of `costs.csv`.
pub(super) fn costs(scenario: &Scenario, outcome: &Outcome) -> Vec<CostRow> {
    let mut rows = Vec::new();
    for configuration in &outcome.configurations {
        let name = &configuration.name;
        for level in &configuration.levels {
            let usage = "Usage-Based";
            bill_rows(scenario, name, level.level, usage, &level.bill, &mut rows);
        }
        if let Some(migration) = &configuration.migration {
            bill_rows(scenario, name, Level::Assumed, "One-Time", &migration.bill, &mut rows);
        }
    }
    rows
}

fn bill_rows(
    scenario: &Scenario,
    configuration: &str,
    assumption: Level,
    charge_frequency: &str,
    bill: &Bill,
    rows: &mut Vec<CostRow>,
) {
    rows.extend(bill.lines.iter().map(|line| CostRow {
        scenario: scenario.name.clone(),
        configuration: configuration.to_owned(),
        assumption,
        billing_period_s: scenario.billing.period.as_secs_f64(),
        service_name: line.service.name().to_owned(),
        charge_category: line.charge_category.to_owned(),
        charge_frequency: charge_frequency.to_owned(),
        charge_description: line.description.to_owned(),
        region_id: scenario.billing.prices[line.region as usize].region().to_owned(),
        pricing_quantity: line.quantity,
        pricing_unit: line.unit.to_owned(),
        list_unit_price: line.price.unit(),
        list_cost: line.list_cost,
        billed_cost: line.billed,
        billing_currency: "USD".to_owned(),
    }));
}

/// Rows of `sensitivity.csv`.
pub(super) fn sensitivity(scenario: &Scenario, outcome: &Outcome) -> Vec<SensitivityRow> {
    swings(scenario, &outcome.swings)
}

/// Rows of `sensitivity.csv`.
#[must_use]
pub fn swings(scenario: &Scenario, swings: &[Swing]) -> Vec<SensitivityRow> {
    let headline = &scenario.configurations[scenario.headline].name;
    let rows = swings.iter().map(|swing| SensitivityRow {
        scenario: scenario.name.clone(),
        configuration: headline.clone(),
        assumption: swing.assumption.to_owned(),
        low: swing.low.0.clone(),
        assumed: swing.assumed.0.clone(),
        high: swing.high.0.clone(),
        saving_at_low: swing.low.1,
        saving_at_assumed: swing.assumed.1,
        saving_at_high: swing.high.1,
    });
    rows.collect()
}

/// Rows of `replications.csv`.
pub(super) fn replications(scenario: &Scenario, outcome: &Outcome) -> Vec<ReplicationRow> {
    let levels = outcome.configurations.iter().flat_map(|configuration| {
        configuration.levels.iter().map(move |level| (&configuration.name, level))
    });
    let rows = levels.flat_map(|(name, level)| {
        level.replications.iter().enumerate().map(|(number, replication)| {
            let [generate_data_key, decrypt, encrypt] = replication.kms_by_api;
            ReplicationRow {
                scenario: scenario.name.clone(),
                configuration: name.clone(),
                assumption: level.level,
                replication: number as u32,
                requests: replication.requests,
                kms_requests: replication.kms_by_api.iter().sum(),
                generate_data_key,
                decrypt,
                encrypt,
                bucket_keys_generated: replication.keys_generated,
                bucket_keys_alive_max: replication.keys_alive_max,
                kms_requests_per_s_max: replication.per_s_max,
                kms_cost_usd: replication.kms_cost,
                total_cost_usd: replication.total_cost,
                saving_ratio: replication.saving,
            }
        })
    });
    rows.collect()
}
