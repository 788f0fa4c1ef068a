//! The tables of a run beside its summary: by time, requester, principal, bucket, operation, account, bill line
//! and replication.

use std::cmp::Reverse;

use super::billing;
use super::counts::{ArmCounts, BucketSums};
use super::ranking::Ranking;
use super::rows::{
    AccountRow, BucketRow, CostRow, OperationRow, PrincipalRow, ReplicationRow, RequesterRow,
    TimelineRow,
};
use super::run::{LevelCounts, Run};
use super::shared::Sharers;
use crate::encryption::assumption::Level;
use crate::encryption::requester::{Requester, Requesters};
use crate::figure::saving;
use crate::kms::accounts::AccountRegion;
use crate::pricing::Bill;
use crate::s3::Operation;
use crate::scenario::Scenario;
use crate::tally::RequesterCounts;
use crate::units::Usd;

/// Requesters listed for each configuration; the rest share a row.
const REQUESTERS_LISTED: usize = 1_000;

/// Rows of `timeline.csv`.
pub(super) fn timeline(run: &Run) -> Vec<TimelineRow> {
    let window = run.scenario.window();
    let bin_s = window.bin.as_secs_f64();
    let quota_per_s = match run.counted.calling_accounts()[..] {
        [only] => Some(run.scenario.billing.quotas[only].left_per_s()),
        _ => None,
    };
    let mut rows = Vec::new();
    let references = BinCosts::at_levels(run, run.scenario.reference);
    for LevelCounts { index: of, configuration, counts, .. } in run.at(Level::Assumed) {
        let own = BinCosts::at_levels(run, of);
        rows.extend(counts.bins.iter().enumerate().map(|(index, bin)| {
            let calls = counts.mean_calls(&bin.counts.calls);
            let [low, assumed, high] = Level::ALL.map(|level| {
                BinSaving::of(&own[level as usize], &references[level as usize], index)
            });
            TimelineRow {
                scenario: run.scenario.name.clone(),
                configuration: configuration.name.clone(),
                time_s: window.from.as_secs_f64() + index as f64 * bin_s,
                bin_s,
                requests: counts.mean(bin.counts.requests),
                kms_requests: calls.total(),
                generate_data_key: calls.generate_data_key,
                decrypt: calls.decrypt,
                encrypt: calls.encrypt,
                kms_requests_per_s_max: bin.per_s_max,
                bucket_keys_alive_max: bin.keys_alive_max,
                quota_per_s,
                slow_downs: bin.slow_downs / f64::from(counts.replications()),
                reference_kms_requests: references[Level::Assumed as usize].requests(index),
                kms_requests_at_low: own[Level::Low as usize].requests(index),
                kms_requests_at_high: own[Level::High as usize].requests(index),
                kms_cost_usd: own[Level::Assumed as usize].cost(index),
                saved_usd: assumed.dollars,
                saved_at_low_usd: low.dollars,
                saved_at_high_usd: high.dollars,
                saving_ratio: assumed.ratio,
                saving_ratio_at_low: low.ratio,
                saving_ratio_at_high: high.ratio,
            }
        }));
    }
    rows
}

/// What is saved in a time bin at a level.
struct BinSaving {
    dollars: Usd,
    /// Of the reference's KMS requests; `None` if it makes none.
    ratio: Option<f64>,
}

impl BinSaving {
    fn of(own: &BinCosts, reference: &BinCosts, bin: usize) -> Self {
        Self {
            dollars: reference.cost(bin) - own.cost(bin),
            ratio: saving(own.requests(bin), reference.requests(bin)),
        }
    }
}

/// What the KMS requests of each time bin cost under a configuration: each as much as one costs in the mean
/// of the billing period, with free tier and discount. A bin's are not scaled to the period.
struct BinCosts<'a> {
    counts: &'a ArmCounts,
    /// What all of the billing period cost.
    of_period: Usd,
    /// How many that are.
    in_period: u64,
}

impl<'a> BinCosts<'a> {
    fn of(run: &'a Run, configuration: usize, level: Level) -> Self {
        let counts = run.counted.at(configuration, level);
        let costs = billing::kms_costs(run.scenario, &counts.billable);
        Self {
            counts,
            of_period: costs.into_iter().sum(),
            in_period: counts.billable.kms_in_period(run.scenario),
        }
    }

    /// Those of a configuration at each level.
    fn at_levels(run: &'a Run, configuration: usize) -> [Self; 3] {
        Level::ALL.map(|level| Self::of(run, configuration, level))
    }

    /// KMS requests of a bin, over all replications.
    fn sum(&self, bin: usize) -> u64 {
        self.counts.bins[bin].counts.calls.total()
    }

    fn requests(&self, bin: usize) -> f64 {
        self.counts.mean(self.sum(bin))
    }

    fn cost(&self, bin: usize) -> Usd {
        let all = i128::from(self.in_period) * i128::from(self.counts.replications());
        if all == 0 { Usd::ZERO } else { self.of_period.scaled(self.sum(bin).into(), all) }
    }
}

/// Rows of `requesters.csv`: those of a configuration by the KMS calls they cause, the most first; those
/// not listed share a row.
pub(super) fn requesters(run: &Run) -> Vec<RequesterRow> {
    let scenario = run.scenario;
    let mut rows = Vec::new();
    for place in run.at(Level::Assumed) {
        let rule = place.configuration.rule;
        let grouped = Requesters::group(rule, &scenario.principals, &scenario.slots);
        let counts = &place.counts.requesters;
        let mut order: Vec<usize> = (0..counts.len()).collect();
        order.sort_by_key(|&number| {
            let RequesterCounts { calls, requests, .. } = &counts[number];
            (Reverse(calls.total()), Reverse(*requests), number)
        });
        let (listed, others) = order.split_at(order.len().min(REQUESTERS_LISTED));
        rows.extend(listed.iter().map(|&number| RequesterRow {
            requesters: 1,
            ..named(scenario, &grouped.list[number], requester(run, &place, &counts[number]))
        }));
        if !others.is_empty() {
            let mut sum = RequesterCounts::default();
            for &number in others {
                sum += counts[number];
            }
            rows.push(RequesterRow {
                principal: "(others)".to_owned(),
                requesters: others.len(),
                ..requester(run, &place, &sum)
            });
        }
    }
    rows
}

/// What a requester caused, without its name.
fn requester(run: &Run, place: &LevelCounts, own: &RequesterCounts) -> RequesterRow {
    let &LevelCounts { configuration, counts, .. } = place;
    let calls = counts.mean_calls(&own.calls);
    RequesterRow {
        scenario: run.scenario.name.clone(),
        configuration: configuration.name.clone(),
        requests: counts.mean(own.requests),
        kms_requests: calls.total(),
        generate_data_key: calls.generate_data_key,
        decrypt: calls.decrypt,
        encrypt: calls.encrypt,
        bucket_keys_generated: counts.mean(own.keys_generated),
        cloudtrail_events_bucket_arn: counts.mean(own.calls.total() - own.calls_by_object),
        cloudtrail_events_object_arn: counts.mean(own.calls_by_object),
        ..RequesterRow::default()
    }
}

/// The row with the requester's name.
fn named(scenario: &Scenario, requester: &Requester, row: RequesterRow) -> RequesterRow {
    let slot = &scenario.slots[requester.slots[0] as usize];
    let principal = &scenario.principals[slot.principal as usize];
    let arn = if requester.renews {
        principal.session_arn(&scenario.session_name(slot))
    } else {
        principal.arn()
    };
    RequesterRow {
        requester: Some(arn),
        principal: scenario.senders[slot.principal as usize].name.clone(),
        session_policy: (slot.policy > 0 && !requester.renews).then_some(slot.policy),
        ..row
    }
}

/// Rows of `principals.csv`.
pub(super) fn principals(run: &Run) -> Vec<PrincipalRow> {
    let scenario = run.scenario;
    let baseline = run.baseline(Level::Assumed);
    let before = baseline.shared.calls(scenario, Sharers::Principals);
    let mut rows = Vec::new();
    for LevelCounts { index, configuration, counts, .. } in run.at(Level::Assumed) {
        let own = counts.shared.calls(scenario, Sharers::Principals);
        let ranking = Ranking::of(run, index, Sharers::Principals);
        let ranked = ranking.order.iter().zip(&ranking.hangs_on).zip(1..);
        rows.extend(ranked.map(|((&number, hangs_on), rank)| {
            let [saved_at_low_usd, saved_usd, saved_at_high_usd] = ranking.saved[number];
            let kms_requests = counts.mean(own[number]);
            let reference_kms_requests = baseline.mean(before[number]);
            PrincipalRow {
                scenario: scenario.name.clone(),
                configuration: configuration.name.clone(),
                rank,
                principal: scenario.senders[number].name.clone(),
                reference_kms_requests,
                kms_requests,
                kms_cost_usd: ranking.cost[number],
                saved_usd,
                saved_at_low_usd,
                saved_at_high_usd,
                saving_ratio: saving(kms_requests, reference_kms_requests),
                order_hangs_on: hangs_on.clone(),
            }
        }));
    }
    rows
}

/// Rows of `buckets.csv`.
pub(super) fn buckets(run: &Run) -> Vec<BucketRow> {
    let places = run.at(Level::Assumed);
    places.flat_map(|place| buckets_of(run, &place)).collect()
}

/// KMS requests of a bucket.
fn calls_of_bucket(of: &ArmCounts, number: usize) -> f64 {
    of.mean(of.buckets[number].calls.total())
}

/// A configuration's buckets, ranked.
fn buckets_of(
    run: &Run,
    &LevelCounts { index, configuration, counts, .. }: &LevelCounts,
) -> Vec<BucketRow> {
    let scenario = run.scenario;
    let ranking = Ranking::of(run, index, Sharers::Buckets);
    let [low, high] = [Level::Low, Level::High].map(|level| run.counted.at(index, level));
    let mut rows = Vec::new();
    for ((&number, hangs_on), rank) in ranking.order.iter().zip(&ranking.hangs_on).zip(1..) {
        let [saved_at_low_usd, saved_usd, saved_at_high_usd] = ranking.saved[number];
        let BucketSums { requests, calls: own, per_s_max } = counts.buckets[number];
        let own = counts.mean_calls(&own);
        let reference_kms_requests = calls_of_bucket(run.baseline(Level::Assumed), number);
        let log = scenario.recording.as_ref();
        rows.push(BucketRow {
            scenario: scenario.name.clone(),
            configuration: configuration.name.clone(),
            rank,
            bucket: scenario.buckets[number].name.clone(),
            requests: counts.mean(requests),
            reference_kms_requests,
            kms_requests: own.total(),
            generate_data_key: own.generate_data_key,
            decrypt: own.decrypt,
            encrypt: own.encrypt,
            kms_requests_at_low: calls_of_bucket(low, number),
            kms_requests_at_high: calls_of_bucket(high, number),
            kms_requests_per_s_max: per_s_max,
            kms_cost_usd: ranking.cost[number],
            saved_usd,
            saved_at_low_usd,
            saved_at_high_usd,
            saving_ratio: saving(own.total(), reference_kms_requests),
            order_hangs_on: hangs_on.clone(),
            objects_not_in_log: log.map(|log| log.objects_before(number as u32)),
        });
    }
    rows
}

/// Rows of `operations.csv`.
pub(super) fn operations(run: &Run) -> Vec<OperationRow> {
    let mut rows = Vec::new();
    for LevelCounts { configuration, counts, .. } in run.at(Level::Assumed) {
        for operation in Operation::ALL {
            let requests = counts.billable.requests_of(operation);
            if requests == 0 {
                continue;
            }
            let calls = counts.mean_calls(&counts.calls[operation as usize]);
            rows.push(OperationRow {
                scenario: run.scenario.name.clone(),
                configuration: configuration.name.clone(),
                operation: operation.name().to_owned(),
                requests: counts.mean(requests),
                kms_requests: calls.total(),
                generate_data_key: calls.generate_data_key,
                decrypt: calls.decrypt,
                encrypt: calls.encrypt,
            });
        }
    }
    rows
}

/// Rows of `accounts.csv`: of the accounts in regions that make any call.
pub(super) fn accounts(run: &Run) -> Vec<AccountRow> {
    let scenario = run.scenario;
    let calling = run.counted.calling_accounts();
    let before =
        Level::ALL.map(|level| billing::kms_costs(scenario, &run.baseline(level).billable));
    let mut rows = Vec::new();
    for LevelCounts { configuration, level, counts, .. } in run.everywhere() {
        let charges = counts.billable.kms_charges(scenario);
        let costs = billing::kms_costs(scenario, &counts.billable);
        rows.extend(calling.iter().map(|&number| {
            let AccountRegion { account, region } = &scenario.accounts.list[number];
            let (quota, charges) = (&counts.quotas[number], &charges[number]);
            AccountRow {
                scenario: scenario.name.clone(),
                configuration: configuration.name.clone(),
                assumption: level,
                account: account.clone(),
                region: region.clone(),
                kms_requests: counts.mean(counts.billable.accounts[number].calls()),
                kms_requests_per_s_max: quota.per_s_max,
                kms_background_per_s: quota.effect.background_per_s,
                kms_quota_per_s: quota.effect.quota_per_s,
                quota_share_max: scenario.billing.quotas[number].share(quota.per_s_max),
                throttled_s: quota.effect.throttled_s,
                kms_wait_max_s: quota.effect.wait_max_s,
                kms_unanswered: quota.effect.left_over,
                kms_queue_grows: quota.effect.grows,
                kms_quota_needed_per_s: quota.needed_per_s(),
                kms_quota_1pct_per_s: quota.enough_per_s,
                period_kms_requests: charges.requests,
                period_kms_unbilled: charges.unbilled,
                period_kms_free: charges.free,
                period_kms_paid: charges.paid(),
                kms_cost_usd: costs[number],
                saved_usd: before[level as usize][number] - costs[number],
            }
        }));
    }
    rows
}

/// Rows of `costs.csv`: of each configuration the bill at each level, then what its migration costs once.
pub(super) fn costs(run: &Run) -> Vec<CostRow> {
    let mut rows = Vec::new();
    for place in run.everywhere() {
        let bill = billing::bill(run.scenario, place.configuration, &place.counts.billable);
        rows.extend(bill_rows(run.scenario, &place, "Usage-Based", &bill));
        if let (Level::High, Some(migration)) = (place.level, &run.migrations[place.index]) {
            let once = LevelCounts { level: Level::Assumed, ..place };
            rows.extend(bill_rows(run.scenario, &once, "One-Time", &migration.bill));
        }
    }
    rows
}

fn bill_rows<'a>(
    scenario: &'a Scenario,
    place: &'a LevelCounts,
    charge_frequency: &'static str,
    bill: &'a Bill,
) -> impl Iterator<Item = CostRow> + 'a {
    bill.lines.iter().map(move |line| CostRow {
        scenario: scenario.name.clone(),
        configuration: place.configuration.name.clone(),
        assumption: place.level,
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
    })
}

/// Rows of `replications.csv`.
pub(super) fn replications(run: &Run) -> Vec<ReplicationRow> {
    let mut rows = Vec::new();
    for LevelCounts { configuration, level, counts, .. } in run.everywhere() {
        let both = counts.each.iter().zip(&run.baseline(level).each);
        rows.extend(both.enumerate().map(|(number, (own, against))| {
            let bill = billing::bill(run.scenario, configuration, &own.billable);
            ReplicationRow {
                scenario: run.scenario.name.clone(),
                configuration: configuration.name.clone(),
                assumption: level,
                replication: number as u32,
                requests: own.billable.requests(),
                kms_requests: own.calls.total(),
                generate_data_key: own.calls.generate_data_key,
                decrypt: own.calls.decrypt,
                encrypt: own.calls.encrypt,
                bucket_keys_generated: own.keys_generated,
                bucket_keys_alive_max: own.keys_alive_max,
                kms_requests_per_s_max: own.per_s_max,
                kms_cost_usd: bill.kms_total(),
                total_cost_usd: bill.total(),
                saving_ratio: own.saving_against(against.calls.total()),
            }
        }));
    }
    rows
}
