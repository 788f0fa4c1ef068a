//! Counts of a run to figures of a billing period.

use super::summary::{OneReplication, Summary};
use crate::pricing::{Bill, Terms, Usage};
use crate::recording::Besides;
use crate::s3::Operation;
use crate::scenario::{Configuration, Scenario};
use crate::units::SimDuration;

/// A sum over replications of the counted part of the run, as it would be in the billing period,
/// rounded to a whole number.
pub(super) fn in_billing_period(scenario: &Scenario, sum: u64, replications: u64) -> u64 {
    let counted = u128::from(scenario.counted().as_nanos().unsigned_abs());
    let period = u128::from(scenario.billing.period.as_nanos().unsigned_abs());
    let divisor = counted * u128::from(replications);
    ((u128::from(sum) * period + divisor / 2) / divisor) as u64
}

/// What of a log belongs to a bill in another way than its requests; nothing if requests are drawn.
fn besides(scenario: &Scenario) -> Besides {
    scenario.recording.as_ref().map(|log| log.all_besides()).unwrap_or_default()
}

/// S3 data events of the billing period, of so many requests in it.
pub(super) fn data_events(scenario: &Scenario, requests_in_period: u64) -> u64 {
    requests_in_period + in_billing_period(scenario, besides(scenario).deleted_keys, 1)
}

/// What a bill is made of, summed over some replications.
pub(super) struct Counts {
    requests: [u64; Operation::ALL.len()],
    kms_requests: u64,
    replications: u64,
}

impl Counts {
    /// Those of all replications.
    pub(super) fn of(summary: &Summary) -> Self {
        Self {
            requests: summary.requests,
            kms_requests: summary.total_calls().total(),
            replications: summary.replications(),
        }
    }

    /// Those of a single one.
    pub(super) fn of_one(replication: &OneReplication) -> Self {
        Self {
            requests: replication.requests,
            kms_requests: replication.calls.total(),
            replications: 1,
        }
    }
}

/// The bill of a configuration for the billing period.
pub(super) fn bill(scenario: &Scenario, configuration: &Configuration, counts: &Counts) -> Bill {
    let billing = &scenario.billing;
    let in_period = |sum| in_billing_period(scenario, sum, counts.replications);
    // Every replication has the same requests of a log.
    let Besides { unbilled, deleted_keys } = besides(scenario);
    let mut s3_requests = counts.requests;
    s3_requests.iter_mut().zip(unbilled).for_each(|(all, un)| *all -= un * counts.replications);
    let other_data_events = unbilled.iter().sum::<u64>() + deleted_keys;
    let usage = Usage {
        hours: whole_hours(billing.period),
        s3_requests: s3_requests.map(in_period),
        other_data_events: in_period(other_data_events * counts.replications),
        kms_requests: in_period(counts.kms_requests),
        customer_managed_keys: configuration.rented_keys(&scenario.domains) as u32,
        rotations: billing.rotations,
    };
    let hides_objects = configuration.uses_bucket_keys(&scenario.domains);
    let terms = Terms {
        data_events: billing.terms.data_events || billing.object_audit && hides_objects,
        ..billing.terms
    };
    Bill::of(&usage, &billing.prices, &terms)
}

/// Hours of a billing period; a part of an hour is rented as a whole one.
fn whole_hours(period: SimDuration) -> u64 {
    const NS_PER_HOUR: u64 = 3_600_000_000_000;
    period.as_nanos().unsigned_abs().div_ceil(NS_PER_HOUR)
}
