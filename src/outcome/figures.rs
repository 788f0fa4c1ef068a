//! Counts of a run to figures of a billing period.

use super::summary::{OneReplication, Summary};
use crate::pricing::{Bill, Terms, Usage};
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
    let usage = Usage {
        hours: whole_hours(billing.period),
        s3_requests: counts.requests.map(in_period),
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
