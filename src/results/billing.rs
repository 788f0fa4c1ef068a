//! Counts of a run to figures of a billing period: what recurs is scaled to it, what happens once is
//! counted once.

use super::arm_counts::{OneReplication, Summary};
use super::run::AuditOutcome;
use crate::pricing::{Bill, PriceName, Sku, Terms, Usage};
use crate::recording::BillingExtras;
use crate::s3::Operation;
use crate::scenario::{Configuration, Domain, FreeTierOf, Scenario};
use crate::tally::{AccountCounts, Once, RegionRequests};
use crate::units::{SimDuration, Usd};

/// S3 requests by operation.
type Requests = [u64; Operation::ALL.len()];

/// What of a log belongs to a region's bill in another way than its requests; nothing if requests are
/// drawn.
fn besides(scenario: &Scenario, region: usize) -> BillingExtras {
    let mut here = BillingExtras::default();
    for (&(_, bucket), besides) in scenario.recording.iter().flat_map(|log| &log.besides) {
        if scenario.accounts.region_of_bucket(bucket as usize) == region {
            here.add(besides);
        }
    }
    here
}

/// A count of a log, of which every replication has the same, as it would be in the billing period.
fn in_period_of_log(scenario: &Scenario, count: u64) -> u64 {
    let counted = u128::from(scenario.counted().as_nanos().unsigned_abs());
    let period = u128::from(scenario.billing.period.as_nanos().unsigned_abs());
    ((u128::from(count) * period + counted / 2) / counted) as u64
}

/// S3 data events of the billing period region by region, of so many requests in it.
pub(super) fn data_events(scenario: &Scenario, requests_in_period: &[u64]) -> Vec<u64> {
    let of_region = |(region, requests): (usize, &u64)| {
        requests + in_period_of_log(scenario, besides(scenario, region).deleted_keys)
    };
    requests_in_period.iter().enumerate().map(of_region).collect()
}

/// What a bill is made of, summed over some replications.
#[derive(Clone)]
pub(super) struct Counts {
    /// Region by region.
    regions: Vec<RegionRequests>,
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

fn by_region(all: Requests, once: &Once, regions: &[RegionRequests]) -> Vec<RegionRequests> {
    match regions {
        [] => vec![RegionRequests { all, once: once.requests }],
        regions => regions.to_vec(),
    }
}

impl Counts {
    /// Those of all replications.
    pub(super) fn of(summary: &Summary) -> Self {
        Self {
            regions: by_region(summary.requests, &summary.once, &summary.regions),
            accounts: summary.accounts.iter().map(|account| account.counts).collect(),
            replications: summary.replications(),
        }
    }

    /// Those of a single one.
    pub(super) fn of_one(replication: &OneReplication) -> Self {
        Self {
            regions: by_region(replication.requests, &replication.once, &replication.regions),
            accounts: replication.accounts.clone(),
            replications: 1,
        }
    }

    /// Whether any of them happens once.
    fn has_once(&self) -> bool {
        let requests = self.regions.iter().any(|region| region.once.iter().any(|count| *count > 0));
        requests || self.accounts.iter().any(|it| it.billed_once + it.unbilled_once > 0)
    }

    /// The same without what happens once.
    fn recurring(&self) -> Self {
        let mut recurring = self.clone();
        for region in &mut recurring.regions {
            let once = std::mem::take(&mut region.once);
            region.all.iter_mut().zip(once).for_each(|(all, once)| *all -= once);
        }
        for account in &mut recurring.accounts {
            account.billed -= std::mem::take(&mut account.billed_once);
            account.unbilled -= std::mem::take(&mut account.unbilled_once);
        }
        recurring
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

    /// S3 requests in the billing period, region by region.
    pub(super) fn requests_in_period(&self, scenario: &Scenario) -> Vec<Requests> {
        let of_region = |region: &RegionRequests| {
            let mut requests = region.all;
            for (all, once) in requests.iter_mut().zip(region.once) {
                *all = self.in_period(scenario, *all, once);
            }
            requests
        };
        self.regions.iter().map(of_region).collect()
    }

    /// KMS requests in the billing period.
    pub(super) fn kms_in_period(&self, scenario: &Scenario) -> u64 {
        self.kms_charges(scenario).iter().map(|charges| charges.requests).sum()
    }

    /// KMS requests in the billing period, account by account and region by region.
    pub(super) fn kms_charges(&self, scenario: &Scenario) -> Vec<KmsCharges> {
        let charges = self.accounts.iter().map(|counts| {
            let unbilled = self.in_period(scenario, counts.unbilled, counts.unbilled_once);
            let billed = self.in_period(scenario, counts.billed, counts.billed_once);
            KmsCharges { requests: billed + unbilled, unbilled, free: 0 }
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
    let audited = billing.object_audit && !configuration.logs_objects(&scenario.domains);
    let terms = Terms { data_events: billing.terms.data_events || audited, ..billing.terms };
    let charges = counts.kms_charges(scenario);
    let requests = counts.requests_in_period(scenario);
    let of_region = |(region, mut s3_requests): (usize, Requests)| {
        let here = |number: &usize| scenario.accounts.region(*number) == region;
        let charges = (0..charges.len()).filter(here).map(|number| &charges[number]);
        let sum = |of: fn(&KmsCharges) -> u64| charges.clone().map(of).sum();
        let BillingExtras { unbilled, deleted_keys } = besides(scenario, region);
        for (requests, unbilled) in s3_requests.iter_mut().zip(unbilled) {
            *requests = requests.saturating_sub(in_period_of_log(scenario, unbilled));
        }
        let other_data_events = unbilled.iter().sum::<u64>() + deleted_keys;
        let usage = Usage {
            hours: whole_hours(billing.period),
            s3_requests,
            other_data_events: in_period_of_log(scenario, other_data_events),
            kms_requests: sum(|charges| charges.requests),
            kms_unbilled: sum(|charges| charges.unbilled),
            customer_managed_keys: rented_keys(scenario, configuration, region),
            rotations: billing.rotations,
        };
        Bill::with_free_requests(
            sum(|charges| charges.free),
            &usage,
            &billing.prices[region],
            &terms,
        )
    };
    Bill::of_regions(requests.into_iter().enumerate().map(of_region))
}

/// Customer managed keys of a region that cost rent: a key is of one region.
fn rented_keys(scenario: &Scenario, configuration: &Configuration, region: usize) -> u32 {
    let all = scenario.domains.iter().enumerate();
    let here = all.filter(|(number, _)| scenario.accounts.region_of_bucket(*number) == region);
    let here: Vec<Domain> = here.map(|(_, domain)| *domain).collect();
    configuration.rented_keys(&here) as u32
}

/// What of a bill goes to work that happens once: for KMS requests, and for everything.
pub(super) fn once(
    scenario: &Scenario,
    configuration: &Configuration,
    counts: &Counts,
    bill: &Bill,
) -> (Usd, Usd) {
    if !counts.has_once() {
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
