//! Counts of a run to figures of a billing period.

use super::summary::{AccountCounts, OneReplication, Summary};
use crate::encryption::Mode;
use crate::pricing::{Bill, PriceName, Terms, Usage};
use crate::s3::Operation;
use crate::scenario::{Configuration, FreeTierOf, Scenario};
use crate::units::{SimDuration, Usd};

/// S3 requests by operation.
type Requests = [u64; Operation::ALL.len()];

/// A sum over replications of the counted part of the run, as it would be in the billing period,
/// rounded to a whole number.
fn in_billing_period(scenario: &Scenario, sum: u64, replications: u64) -> u64 {
    let counted = u128::from(scenario.counted().as_nanos().unsigned_abs());
    let period = u128::from(scenario.billing.period.as_nanos().unsigned_abs());
    let divisor = counted * u128::from(replications);
    ((u128::from(sum) * period + divisor / 2) / divisor) as u64
}

/// What a bill is made of, summed over some replications.
pub(super) struct Counts {
    /// Region by region.
    requests: Vec<Requests>,
    /// Account by account, region by region.
    accounts: Vec<AccountCounts>,
    replications: u64,
}

/// KMS requests of an account in a region in the billing period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KmsCharges {
    /// All of them.
    pub requests: u64,
    /// Of these, those that KMS does not bill whoever makes them.
    pub unbilled: u64,
    /// Of the others, those within the free tier.
    pub free: u64,
}

impl KmsCharges {
    /// Those that are paid for.
    #[must_use]
    pub const fn paid(&self) -> u64 {
        self.requests - self.unbilled - self.free
    }
}

fn by_region(all: Requests, of_regions: &[Requests]) -> Vec<Requests> {
    if of_regions.is_empty() { vec![all] } else { of_regions.to_vec() }
}

impl Counts {
    /// Those of all replications.
    pub(super) fn of(summary: &Summary) -> Self {
        Self {
            requests: by_region(summary.requests, &summary.requests_of_region),
            accounts: summary.accounts.iter().map(|account| account.counts).collect(),
            replications: summary.replications(),
        }
    }

    /// Those of a single one.
    pub(super) fn of_one(replication: &OneReplication) -> Self {
        Self {
            requests: by_region(replication.requests, &replication.requests_of_region),
            accounts: replication.accounts.clone(),
            replications: 1,
        }
    }

    /// S3 requests in the billing period, region by region.
    pub(super) fn requests_in_period(&self, scenario: &Scenario) -> Vec<Requests> {
        let in_period = |sum| in_billing_period(scenario, sum, self.replications);
        self.requests.iter().map(|requests| requests.map(in_period)).collect()
    }

    /// KMS requests in the billing period, account by account and region by region.
    pub(super) fn kms_charges(&self, scenario: &Scenario) -> Vec<KmsCharges> {
        let in_period = |sum| in_billing_period(scenario, sum, self.replications);
        let charges = self.accounts.iter().map(|counts| {
            let unbilled = in_period(counts.unbilled);
            let requests = in_period(counts.calls - counts.unbilled) + unbilled;
            KmsCharges { requests, unbilled, free: 0 }
        });
        let mut charges: Vec<KmsCharges> = charges.collect();
        let regions = scenario.accounts.regions.len();
        match scenario.billing.free_tier {
            FreeTierOf::Nobody => {}
            FreeTierOf::All => share_out_free_tier(scenario, &mut charges),
            FreeTierOf::Each => {
                charges.chunks_mut(regions).for_each(|one| share_out_free_tier(scenario, one));
            }
        }
        charges
    }
}

/// Shares out the billing period's part of one free tier among those whose it is, in proportion to
/// what each of them is billed for, in whole requests and to the last one.
fn share_out_free_tier(scenario: &Scenario, charges: &mut [KmsCharges]) {
    let billing = &scenario.billing;
    let usage = Usage { hours: whole_hours(billing.period), ..Usage::default() };
    let in_period = usage.free_requests(billing.prices[0].free_tier().requests_a_month);
    let billed: u64 = charges.iter().map(KmsCharges::paid).sum();
    let free = u128::from(in_period.min(billed));
    let part = |up_to: u64| (free * u128::from(up_to) / u128::from(billed.max(1))) as u64;
    let mut before = 0;
    for charge in charges {
        let up_to = before + charge.paid();
        charge.free = part(up_to) - part(before);
        before = up_to;
    }
}

/// What an account pays in a region for its KMS requests.
pub(super) fn kms_cost(scenario: &Scenario, region: usize, charges: &KmsCharges) -> Usd {
    let billing = &scenario.billing;
    let price = billing.prices[region].price(PriceName::KmsRequest);
    billing.terms.discounted(price.of(charges.paid()))
}

/// The bill of a configuration for the billing period, region by region.
pub(super) fn bill(scenario: &Scenario, configuration: &Configuration, counts: &Counts) -> Bill {
    let billing = &scenario.billing;
    let uses_kms = configuration.mode != Mode::SseS3;
    let hides_objects = configuration.uses_bucket_keys(&scenario.buckets);
    let terms = Terms {
        data_events: billing.terms.data_events || billing.object_audit && hides_objects,
        ..billing.terms
    };
    let charges = counts.kms_charges(scenario);
    let requests = counts.requests_in_period(scenario);
    let of_region = |(region, s3_requests): (usize, Requests)| {
        let here = |number: &usize| scenario.accounts.region(*number) == region;
        let charges = (0..charges.len()).filter(here).map(|number| &charges[number]);
        let sum = |of: fn(&KmsCharges) -> u64| charges.clone().map(of).sum();
        let usage = Usage {
            hours: whole_hours(billing.period),
            s3_requests,
            kms_requests: sum(|charges| charges.requests),
            kms_unbilled: sum(|charges| charges.unbilled),
            customer_managed_keys: if uses_kms { rented_keys(scenario, region) } else { 0 },
            rotations: billing.rotations,
        };
        Bill::with_free_requests(sum(|charges| charges.free), &usage, &billing.prices[region], &terms)
    };
    Bill::of_regions(requests.into_iter().enumerate().map(of_region))
}

/// Customer managed keys of the buckets of a region.
fn rented_keys(scenario: &Scenario, region: usize) -> u32 {
    let buckets = scenario.buckets.iter().enumerate();
    let rented = buckets.filter(|(number, bucket)| {
        bucket.customer_managed_key && scenario.accounts.region_of_bucket(*number) == region
    });
    rented.count() as u32
}

/// Hours of a billing period; a part of an hour is rented as a whole one.
fn whole_hours(period: SimDuration) -> u64 {
    const NS_PER_HOUR: u64 = 3_600_000_000_000;
    period.as_nanos().unsigned_abs().div_ceil(NS_PER_HOUR)
}
