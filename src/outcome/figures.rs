//! Counts of a run to figures of a billing period: what recurs is scaled to it, what happens once is
//! counted once.

use super::AuditOutcome;
use super::summary::{OneReplication, Summary};
use crate::pricing::{Bill, Sku, Terms, Usage};
use crate::s3::Operation;
use crate::scenario::{Configuration, Scenario};
use crate::tally::Once;
use crate::units::{SimDuration, Usd};

/// What a bill is made of, summed over some replications.
#[derive(Clone, Copy)]
pub(super) struct Counts {
    requests: [u64; Operation::ALL.len()],
    kms_requests: u64,
    /// What of both belongs to work that happens once.
    once: Once,
    replications: u64,
}

impl Counts {
    /// Those of all replications.
    pub(super) fn of(summary: &Summary) -> Self {
        Self {
            requests: summary.requests,
            kms_requests: summary.total_calls().total(),
            once: summary.once,
            replications: summary.replications(),
        }
    }

    /// Those of a single one.
    pub(super) fn of_one(replication: &OneReplication) -> Self {
        Self {
            requests: replication.requests,
            kms_requests: replication.calls.total(),
            once: replication.once,
            replications: 1,
        }
    }

    /// The same without what happens once.
    fn recurring(self) -> Self {
        let mut requests = self.requests;
        requests.iter_mut().zip(self.once.requests).for_each(|(all, once)| *all -= once);
        let kms_requests = self.kms_requests - self.once.calls;
        Self { requests, kms_requests, once: Once::default(), ..self }
    }

    /// The mean of a sum over replications, `once` of which happens once, as it would be in the billing
    /// period, rounded to a whole number.
    fn in_period(&self, scenario: &Scenario, sum: u64, once: u64) -> u64 {
        let counted = u128::from(scenario.counted().as_nanos().unsigned_abs());
        let period = u128::from(scenario.billing.period.as_nanos().unsigned_abs());
        let divisor = counted * u128::from(self.replications);
        let scaled = u128::from(sum - once) * period + u128::from(once) * counted;
        ((scaled + divisor / 2) / divisor) as u64
    }

    /// KMS requests in the billing period.
    pub(super) fn kms_in_period(&self, scenario: &Scenario) -> u64 {
        self.in_period(scenario, self.kms_requests, self.once.calls)
    }

    /// S3 requests in the billing period, by operation.
    pub(super) fn requests_in_period(&self, scenario: &Scenario) -> [u64; Operation::ALL.len()] {
        let mut requests = self.requests;
        for (all, once) in requests.iter_mut().zip(self.once.requests) {
            *all = self.in_period(scenario, *all, once);
        }
        requests
    }
}

/// The bill of a configuration for the billing period.
pub(super) fn bill(scenario: &Scenario, configuration: &Configuration, counts: &Counts) -> Bill {
    let billing = &scenario.billing;
    let usage = Usage {
        hours: whole_hours(billing.period),
        s3_requests: counts.requests_in_period(scenario),
        kms_requests: counts.kms_in_period(scenario),
        customer_managed_keys: configuration.rented_keys(&scenario.domains) as u32,
        rotations: billing.rotations,
    };
    let audited = billing.object_audit && !configuration.logs_objects(&scenario.domains);
    let terms = Terms { data_events: billing.terms.data_events || audited, ..billing.terms };
    Bill::of(&usage, &billing.prices, &terms)
}

/// What of a bill goes to work that happens once: for KMS requests, and for everything.
pub(super) fn once(
    scenario: &Scenario,
    configuration: &Configuration,
    counts: &Counts,
    bill: &Bill,
) -> (Usd, Usd) {
    if counts.once == Once::default() {
        return (Usd::ZERO, Usd::ZERO);
    }
    let recurring = self::bill(scenario, configuration, &counts.recurring());
    (bill.kms_total() - recurring.kms_total(), bill.total() - recurring.total())
}

/// What the audit by object costs, and what is saved with it; `None` if nobody asks for it.
pub(super) fn audit(scenario: &Scenario, bill: &Bill, reference: &Bill) -> Option<AuditOutcome> {
    let cost = |bill: &Bill| bill.sku_total(Sku::CloudTrailDataEvents);
    let both = |bill: &Bill| (bill.kms_total() + cost(bill)).as_f64();
    scenario.billing.object_audit.then(|| AuditOutcome {
        cost: cost(bill),
        saving: (both(reference) > 0.0).then(|| 1.0 - both(bill) / both(reference)),
    })
}

/// Hours of a billing period; a part of an hour is rented as a whole one.
fn whole_hours(period: SimDuration) -> u64 {
    const NS_PER_HOUR: u64 = 3_600_000_000_000;
    period.as_nanos().unsigned_abs().div_ceil(NS_PER_HOUR)
}
