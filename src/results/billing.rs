//! Counts of a run to figures of a billing period: what recurs is scaled to it, what happens once is
//! counted once.

use crate::pricing::{Bill, PriceName, Terms, Usage};
use crate::recording::BillingExtras;
use crate::s3::Operation;
use crate::scenario::{Configuration, Domain, FreeTierOf, Scenario};
use crate::tally::{AccountCounts, RegionRequests, RequestsByOperation, Tally, add_each};
use crate::units::{SimDuration, Usd, share_out};

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

/// What a bill is made of, summed over some replications.
#[derive(Clone, Debug)]
pub(super) struct BillableCounts {
    /// S3 requests, region by region.
    regions: Vec<RegionRequests>,
    /// KMS calls, account by account and region by region.
    pub(super) accounts: Vec<AccountCounts>,
    pub(super) replications: u64,
}

/// KMS requests of an account in a region in the billing period.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KmsCharges {
    /// All of them.
    pub(super) requests: u64,
    /// Of these, those that KMS does not bill whoever makes them.
    pub(super) unbilled: u64,
    /// Of the others, those within the free tier.
    pub(super) free: u64,
}

impl KmsCharges {
    /// Those that are paid for.
    pub(super) const fn paid(&self) -> u64 {
        self.requests - self.unbilled - self.free
    }

    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.unbilled += other.unbilled;
        self.free += other.free;
    }
}

impl BillableCounts {
    /// Those of one replication.
    pub(super) fn of(tally: &Tally) -> Self {
        let regions = match tally.regions.as_slice() {
            [] => vec![RegionRequests { all: tally.requests, once: tally.once.requests }],
            regions => regions.to_vec(),
        };
        let accounts = tally.accounts.iter().map(|account| account.counts).collect();
        Self { regions, accounts, replications: 1 }
    }

    /// Adds those of other replications.
    pub(super) fn add(&mut self, next: &Self) {
        add_each(&mut self.regions, &next.regions);
        add_each(&mut self.accounts, &next.accounts);
        self.replications += next.replications;
    }

    /// S3 requests of one operation.
    pub(super) fn requests_of(&self, operation: Operation) -> u64 {
        self.regions.iter().map(|region| region.all[operation as usize]).sum()
    }

    /// S3 requests of all operations.
    pub(super) fn requests(&self) -> u64 {
        self.regions.iter().flat_map(|region| region.all).sum()
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

    /// Calls of one account in the billing period that are billed, of which `counts` are a part, as many
    /// replications having been counted.
    pub(super) fn billed_in_period(&self, scenario: &Scenario, counts: &AccountCounts) -> u64 {
        self.in_period(scenario, counts.billed, counts.billed_once)
    }

    /// S3 requests in the billing period, region by region.
    fn requests_in_period(&self, scenario: &Scenario) -> Vec<RequestsByOperation> {
        let mut regions = Vec::with_capacity(self.regions.len());
        for RegionRequests { all, once } in &self.regions {
            let mut requests = *all;
            for (all, once) in requests.iter_mut().zip(once) {
                *all = self.in_period(scenario, *all, *once);
            }
            regions.push(requests);
        }
        regions
    }

    /// S3 data events in the billing period, region by region.
    pub(super) fn data_events(&self, scenario: &Scenario) -> Vec<u64> {
        let requests = self.requests_in_period(scenario);
        let regions = requests.iter().enumerate().map(|(region, requests)| {
            let deleted_keys = besides(scenario, region).deleted_keys;
            requests.iter().sum::<u64>() + in_period_of_log(scenario, deleted_keys)
        });
        regions.collect()
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
    let (mut billed_so_far, mut free_so_far) = (0, 0);
    for charge in charges {
        billed_so_far += charge.paid();
        // Cumulative shares, rounded down, so that no request is lost to rounding.
        let free_by_now = (free * u128::from(billed_so_far) / u128::from(billed.max(1))) as u64;
        charge.free = free_by_now - free_so_far;
        free_so_far = free_by_now;
    }
}

/// What an account pays in a region for its KMS requests.
fn kms_cost(scenario: &Scenario, region: usize, charges: &KmsCharges) -> Usd {
    let billing = &scenario.billing;
    let price = billing.prices[region].price(PriceName::KmsRequest);
    billing.terms.discounted(price.of(charges.paid()))
}

/// What each account pays in each region for its KMS requests; together what [`bill`] has.
pub(super) fn kms_costs(scenario: &Scenario, counts: &BillableCounts) -> Vec<Usd> {
    let charges = counts.kms_charges(scenario);
    let regions = scenario.accounts.regions.len();
    let mut costs = vec![Usd::ZERO; charges.len()];
    for region in 0..regions {
        let mut here = KmsCharges::default();
        charges.iter().skip(region).step_by(regions).for_each(|charges| here.add(charges));
        let paid = charges.iter().skip(region).step_by(regions).map(KmsCharges::paid);
        let parts = share_out(kms_cost(scenario, region, &here), &paid.collect::<Vec<u64>>());
        costs.iter_mut().skip(region).step_by(regions).zip(parts).for_each(|(cost, part)| {
            *cost = part;
        });
    }
    costs
}

/// The bill of a configuration for the billing period, region by region.
pub(super) fn bill(
    scenario: &Scenario,
    configuration: &Configuration,
    counts: &BillableCounts,
) -> Bill {
    let billing = &scenario.billing;
    let audited = billing.object_audit && !configuration.logs_objects(&scenario.domains);
    let terms = Terms { data_events: billing.terms.data_events || audited, ..billing.terms };
    let charges = counts.kms_charges(scenario);
    let requests = counts.requests_in_period(scenario).into_iter().enumerate();
    Bill::of_regions(requests.map(|(region, requests)| {
        let mut kms = KmsCharges::default();
        for (account, charges) in charges.iter().enumerate() {
            if scenario.accounts.region(account) == region {
                kms.add(charges);
            }
        }
        let usage = usage(scenario, configuration, region, requests, kms);
        Bill::with_free_requests(kms.free, &usage, &billing.prices[region], &terms)
    }))
}

/// What is used of a region in the billing period.
fn usage(
    scenario: &Scenario,
    configuration: &Configuration,
    region: usize,
    mut s3_requests: RequestsByOperation,
    kms: KmsCharges,
) -> Usage {
    let BillingExtras { unbilled, deleted_keys } = besides(scenario, region);
    for (requests, unbilled) in s3_requests.iter_mut().zip(unbilled) {
        *requests = requests.saturating_sub(in_period_of_log(scenario, unbilled));
    }
    let other_data_events = unbilled.iter().sum::<u64>() + deleted_keys;
    Usage {
        hours: whole_hours(scenario.billing.period),
        s3_requests,
        other_data_events: in_period_of_log(scenario, other_data_events),
        kms_requests: kms.requests,
        kms_unbilled: kms.unbilled,
        customer_managed_keys: rented_keys(scenario, configuration, region),
        rotations: scenario.billing.rotations,
    }
}

/// Customer managed keys of a region that cost rent: a key is of one region.
fn rented_keys(scenario: &Scenario, configuration: &Configuration, region: usize) -> u32 {
    let all = scenario.domains.iter().enumerate();
    let here = all.filter(|(number, _)| scenario.accounts.region_of_bucket(*number) == region);
    let here: Vec<Domain> = here.map(|(_, domain)| *domain).collect();
    configuration.rented_keys(&here) as u32
}

/// What of a bill goes to work that happens once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CostOnce {
    /// For KMS requests.
    pub(super) kms: Usd,
    /// For everything.
    pub(super) total: Usd,
}

/// What of a bill goes to work that happens once.
pub(super) fn once(
    scenario: &Scenario,
    configuration: &Configuration,
    counts: &BillableCounts,
    bill: &Bill,
) -> CostOnce {
    if !counts.has_once() {
        return CostOnce::default();
    }
    let recurring = self::bill(scenario, configuration, &counts.recurring());
    CostOnce {
        kms: bill.kms_total() - recurring.kms_total(),
        total: bill.total() - recurring.total(),
    }
}

/// Hours of a billing period; a part of an hour is rented as a whole one.
fn whole_hours(period: SimDuration) -> u64 {
    const NS_PER_HOUR: u64 = 3_600_000_000_000;
    period.as_nanos().unsigned_abs().div_ceil(NS_PER_HOUR)
}
