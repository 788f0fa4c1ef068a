//! `summary.csv`: the figures of each configuration at each level.

use super::billing::{self, BillableCounts};
use super::counts::ArmCounts;
use super::quota_use::QuotaUse;
use super::rows::SummaryRow;
use super::run::{LevelCounts, Run};
use crate::encryption::assumption::Level;
use crate::figure::saving;
use crate::migration::payback::Payback;
use crate::pricing::{Bill, Sku};
use crate::units::Usd;

/// Rows of `summary.csv`.
pub(super) fn rows(run: &Run) -> Vec<SummaryRow> {
    let against = Level::ALL.map(|level| Against::at(run, level));
    let mut rows: Vec<SummaryRow> =
        run.everywhere().map(|place| row(run, &place, &against[place.level as usize])).collect();
    let assumed = rows.iter_mut().filter(|row| row.assumption == Level::Assumed);
    for (row, nine_in_ten) in assumed.zip(&run.nine_in_ten) {
        if let Some(nine_in_ten) = nine_in_ten {
            nine_in_ten.tell(row);
        }
    }
    rows
}

/// What a configuration's figures stand beside: the reference under the same assumptions.
pub(super) struct Against {
    /// The numbers of the accounts whose quotas matter.
    calling: Vec<usize>,
    /// The reference's KMS calls in each replication.
    calls: Vec<u64>,
    /// The same if no key were ever found in memory, and if keys lived for ever in one place.
    calls_at_bounds: [Vec<u64>; 2],
    /// The bill of the reference.
    bill: Bill,
}

impl Against {
    /// The reference at a level, in all replications.
    pub(super) fn at(run: &Run, level: Level) -> Self {
        let baseline = run.baseline(level);
        Self::of(run, baseline.calls_of_each(), &baseline.billable)
    }

    /// The reference in the first replication alone, of which `counts` are those.
    pub(super) fn first(run: &Run, counts: &ArmCounts) -> Self {
        let first = &counts.each[0];
        Self::of(run, vec![first.calls.total()], &first.billable)
    }

    fn of(run: &Run, calls: Vec<u64>, billable: &BillableCounts) -> Self {
        let Run { scenario, counted, .. } = run;
        let number = scenario.reference;
        let calls_at_bounds = [counted.floor(number), counted.ceiling(number)]
            .map(|bound| bound.unwrap_or(run.baseline(Level::Assumed)).calls_of_each());
        Self {
            calling: counted.calling_accounts(),
            calls,
            calls_at_bounds,
            bill: billing::bill(scenario, &scenario.configurations[number], billable),
        }
    }
}

/// The figures of a configuration's counts.
pub(super) fn row(run: &Run, place: &LevelCounts, against: &Against) -> SummaryRow {
    let Against { calling, bill: baseline_bill, .. } = against;
    let Run { scenario, counted, .. } = run;
    let &LevelCounts { index, configuration, level, counts } = place;
    let bill = billing::bill(scenario, configuration, &counts.billable);
    let once = billing::once(scenario, configuration, &counts.billable, &bill);
    let calls = counts.mean_calls(&counts.total_calls());
    let all_calls = counts.total_calls().total();
    let quota = most_strained(place, calling);
    let throttled = quota.closed.span();
    let counted_from_s = scenario.window().from.as_secs_f64();
    let saved = counts.saving_against(&against.calls);
    let [floor, ceiling] = [(counted.floor(index), 0), (counted.ceiling(index), 1)]
        .map(|(bound, end)| Some(bound?.saving_against(&against.calls_at_bounds[end])?.mean));
    let audit = scenario.billing.object_audit;
    let migration = run.migrations[index].as_ref();
    let payback = migration.map(|migration| migration.payback);
    let period_s = scenario.billing.period.as_secs_f64();
    SummaryRow {
        scenario: scenario.name.clone(),
        configuration: configuration.name.clone(),
        assumption: level,
        replications: counted.replications(),
        requests: counts.mean(counts.billable.requests()),
        kms_requests: calls.total(),
        generate_data_key: calls.generate_data_key,
        decrypt: calls.decrypt,
        encrypt: calls.encrypt,
        bucket_keys_generated: counts.mean(counts.keys_generated),
        bucket_keys_alive_min: counts.keys_alive_min,
        bucket_keys_alive_max: counts.keys_alive_max(),
        kms_requests_per_s_max: counts.per_s.quantile(1.0),
        kms_requests_per_s_p999: counts.per_s.quantile(0.999),
        quota_share_max: quota_share_max(run, place, calling),
        kms_background_per_s: background_per_s(place, calling),
        throttled_s: quota.effect.throttled_s,
        kms_wait_max_s: quota.effect.wait_max_s,
        kms_unanswered: quota.effect.left_over,
        kms_queue_grows: quota.effect.grows,
        throttled_ratio: share_of_requests(place, calling, |quota| quota.throttled),
        failed_ratio: share_of_requests(place, calling, |quota| quota.failed),
        throttled_from_s: throttled.map(|(first, _)| counted_from_s + first as f64),
        throttled_until_s: throttled.map(|(_, last)| counted_from_s + (last + 1) as f64),
        job_delay_max_s: quota.closed.late_max_s,
        kms_drain_max_s: quota.closed.drain_max_s,
        kms_quota_needed_per_s: greatest(place, calling, QuotaUse::needed_per_s),
        kms_quota_1pct_per_s: greatest(place, calling, |quota| quota.enough_per_s),
        cloudtrail_events: calls.total(),
        cloudtrail_events_bucket_arn: counts.mean(all_calls - counts.calls_by_object),
        cloudtrail_events_object_arn: counts.mean(counts.calls_by_object),
        kms_cost_usd: bill.kms_total(),
        kms_saved_usd: baseline_bill.kms_total() - bill.kms_total(),
        total_cost_usd: bill.total(),
        kms_cost_once_usd: once.kms,
        total_cost_once_usd: once.total,
        audit_cost_usd: audit.then(|| data_events(&bill)),
        audit_saving_ratio: saving(with_data_events(&bill), with_data_events(baseline_bill))
            .filter(|_| audit),
        saving_ratio: saved.map(|saving| saving.mean),
        saving_half_width: saved.and_then(|saving| saving.half_width),
        saving_floor: floor,
        saving_ceiling: ceiling,
        migration_cost_usd: migration.map(|migration| migration.bill.total()),
        payback: payback.map(|payback| payback.name().to_owned()),
        payback_periods: payback.and_then(Payback::time_s).map(|time_s| time_s / period_s),
        payback_ratio: payback.map(Payback::share),
        payback_run_s: payback.and_then(Payback::run_s),
        ..SummaryRow::default()
    }
}

/// Cost of S3 data events.
fn data_events(bill: &Bill) -> Usd {
    bill.sku_total(Sku::CloudTrailDataEvents)
}

/// Cost of KMS requests and S3 data events.
fn with_data_events(bill: &Bill) -> f64 {
    (bill.kms_total() + data_events(bill)).as_f64()
}

/// What the quota does to the account that strains it most, the first of several.
fn most_strained<'a>(place: &LevelCounts<'a>, calling: &[usize]) -> &'a QuotaUse {
    let uses = calling.iter().map(|&account| &place.counts.quotas[account]);
    let most = uses.reduce(|a, b| if b.effect.strain() > a.effect.strain() { b } else { a });
    most.unwrap_or(&place.counts.quotas[0])
}

/// The greatest quota that any of the accounts asks for.
fn greatest(
    place: &LevelCounts,
    calling: &[usize],
    asked: fn(&QuotaUse) -> Option<u64>,
) -> Option<u64> {
    calling.iter().filter_map(|&account| asked(&place.counts.quotas[account])).max()
}

/// The share that some of the accounts' calls are of the S3 requests, each call being one request's.
fn share_of_requests(place: &LevelCounts, calling: &[usize], some: fn(&QuotaUse) -> f64) -> f64 {
    let calls: f64 = calling.iter().map(|&account| some(&place.counts.quotas[account])).sum();
    let requests = place.counts.billable.requests();
    if requests > 0 { (calls / requests as f64).min(1.0) } else { 0.0 }
}

/// The busiest second's share of the quota, the greatest of all accounts.
fn quota_share_max(run: &Run, place: &LevelCounts, calling: &[usize]) -> f64 {
    let terms = &run.scenario.billing.quotas;
    let peaks = calling.iter().map(|&account| (account, place.counts.quotas[account].per_s_max));
    peaks.map(|(account, per_s_max)| terms[account].share(per_s_max)).fold(0.0, f64::max)
}

/// What the accounts' other load takes of their quotas, in calls a second.
fn background_per_s(place: &LevelCounts, calling: &[usize]) -> u64 {
    calling.iter().map(|&account| place.counts.quotas[account].effect.background_per_s).sum()
}
