//! What is kept of an arm's tallies: small, and summed over replications.

use super::billing::BillableCounts;
use super::quota_use::{AskedQuotas, QuotaUse};
use super::shared::SharedCalls;
use crate::figure::saving;
use crate::kms::KmsCalls;
use crate::s3::Operation;
use crate::scenario::Billing;
use crate::statistics::{Estimate, Frequencies};
use crate::tally::{AliveKeys, Bin, BucketCounts, RequesterCounts, Tally, add_each};

/// One arm's counts, summed over replications.
#[derive(Clone, Debug)]
pub(super) struct ArmCounts {
    /// Each replication's own counts, in order.
    pub(super) each: Vec<ReplicationCounts>,
    pub(super) billable: BillableCounts,
    /// KMS calls by the operation that caused them.
    pub(super) calls: [KmsCalls; Operation::ALL.len()],
    pub(super) calls_by_object: u64,
    pub(super) keys_generated: u64,
    /// Fewest bucket-level keys alive in any second.
    pub(super) keys_alive_min: u32,
    pub(super) per_s: Frequencies,
    /// Of each account in each region.
    pub(super) quotas: Vec<QuotaUse>,
    pub(super) bins: Vec<BinCounts>,
    pub(super) requesters: Vec<RequesterCounts>,
    pub(super) shared: SharedCalls,
    /// The same of the first replication alone, once others are added to it.
    shared_of_first: Option<SharedCalls>,
    pub(super) buckets: Vec<BucketSums>,
    pub(super) calls_of_place: Vec<KmsCalls>,
    /// Most S3 requests in a time bin of any replication to each part of a bucket, GET and HEAD apart from
    /// all others.
    pub(super) busiest_bin_of_bucket: Vec<[u64; 2]>,
}

/// One replication's counts.
#[derive(Clone, Debug)]
pub(super) struct ReplicationCounts {
    pub(super) billable: BillableCounts,
    pub(super) calls: KmsCalls,
    pub(super) keys_generated: u64,
    pub(super) keys_alive_max: u32,
    pub(super) per_s_max: u32,
}

impl ReplicationCounts {
    /// Share of the baseline's calls that is saved; `None` if it makes none.
    pub(super) fn saving_against(&self, baseline: u64) -> Option<f64> {
        saving(self.calls.total() as f64, baseline as f64)
    }
}

/// One time bin's counts, summed over replications.
#[derive(Clone, Copy, Debug)]
pub(super) struct BinCounts {
    pub(super) counts: Bin,
    pub(super) per_s_max: u32,
    pub(super) keys_alive_max: u32,
    /// Requests answered 503 `SlowDown`.
    pub(super) slow_downs: f64,
}

impl BinCounts {
    /// Those of one replication.
    fn all(tally: &Tally, quotas: &[QuotaUse]) -> Vec<Self> {
        let mut bins = Self::of_tally(tally);
        let seconds = tally.seconds_per_bin();
        for (second, slow_downs) in quotas.iter().flat_map(|quota| &quota.closed.by_second) {
            // What is repeated after the run lies in none of them.
            if let Some(bin) = bins.get_mut(second / seconds) {
                bin.slow_downs += slow_downs;
            }
        }
        bins
    }

    fn without_extremes(counts: &Bin) -> Self {
        Self { counts: *counts, per_s_max: 0, keys_alive_max: 0, slow_downs: 0.0 }
    }

    fn of_tally(tally: &Tally) -> Vec<Self> {
        let mut bins: Vec<Self> = tally.bins.iter().map(Self::without_extremes).collect();
        let seconds = tally.seconds_per_bin();
        for (second, calls) in tally.calls_per_s.numbers() {
            let most = &mut bins[second as usize / seconds].per_s_max;
            *most = calls.max(*most);
        }
        for AliveKeys { from, until, keys } in tally.keys_alive() {
            let bins = &mut bins[from as usize / seconds..=(until as usize - 1) / seconds];
            for bin in bins {
                bin.keys_alive_max = keys.max(bin.keys_alive_max);
            }
        }
        bins
    }

    fn add(&mut self, next: &Self) {
        self.counts += next.counts;
        self.per_s_max = self.per_s_max.max(next.per_s_max);
        self.keys_alive_max = self.keys_alive_max.max(next.keys_alive_max);
        self.slow_downs += next.slow_downs;
    }
}

/// What one bucket's requests cost, summed over replications.
#[derive(Clone, Copy, Debug)]
pub(super) struct BucketSums {
    pub(super) requests: u64,
    pub(super) calls: KmsCalls,
    /// Most calls in a second of any replication; `None` if they are not counted by the second.
    pub(super) per_s_max: Option<u32>,
}

impl BucketSums {
    /// Those of one replication.
    fn all(tally: &Tally) -> Vec<Self> {
        let buckets = tally.buckets();
        let sums = buckets.iter().enumerate().map(|(number, of)| Self {
            requests: of.requests,
            calls: of.calls,
            per_s_max: peak(tally, number, of),
        });
        sums.collect()
    }

    fn add(&mut self, next: &Self) {
        self.requests += next.requests;
        self.calls += next.calls;
        self.per_s_max = self.per_s_max.max(next.per_s_max);
    }
}

/// Most calls of a bucket in a second; `None` if they are not counted by the second.
fn peak(tally: &Tally, number: usize, of: &BucketCounts) -> Option<u32> {
    match tally.buckets() {
        [_] => Some(tally.calls_per_s.greatest()),
        _ => tally.counts_by_second(number).then(|| of.per_s.greatest()),
    }
}

impl ArmCounts {
    /// What is kept of one replication.
    pub(super) fn of(tally: &Tally, billing: &Billing, asked: AskedQuotas) -> Self {
        let alive = || tally.keys_alive().map(|alive| alive.keys);
        let mut per_s = Frequencies::default();
        per_s.extend_padded(tally.calls_per_s.numbers().map(|(_, calls)| calls), tally.seconds());
        let quotas = QuotaUse::all(tally, billing, asked);
        let billable = BillableCounts::of(tally);
        let shared = SharedCalls::of(tally);
        Self {
            each: vec![ReplicationCounts {
                billable: billable.clone(),
                calls: tally.total_calls(),
                keys_generated: tally.keys_generated,
                keys_alive_max: alive().max().unwrap_or_default(),
                per_s_max: tally.calls_per_s.greatest(),
            }],
            billable,
            calls: tally.calls,
            calls_by_object: tally.calls_by_object,
            keys_generated: tally.keys_generated,
            keys_alive_min: alive().min().unwrap_or_default(),
            bins: BinCounts::all(tally, &quotas),
            quotas,
            per_s,
            requesters: tally.requesters.clone(),
            shared_of_first: None,
            shared,
            buckets: BucketSums::all(tally),
            calls_of_place: tally.calls_of_place.clone(),
            busiest_bin_of_bucket: tally.busiest_bin_of_bucket.clone(),
        }
    }

    /// Adds the next replication.
    pub(super) fn add(&mut self, next: &Self) {
        self.each.extend_from_slice(&next.each);
        self.billable.add(&next.billable);
        add_each(&mut self.calls, &next.calls);
        self.calls_by_object += next.calls_by_object;
        self.keys_generated += next.keys_generated;
        self.keys_alive_min = self.keys_alive_min.min(next.keys_alive_min);
        self.per_s.merge(&next.per_s);
        self.quotas.iter_mut().zip(&next.quotas).for_each(|(mine, more)| mine.add(more));
        self.bins.iter_mut().zip(&next.bins).for_each(|(mine, more)| mine.add(more));
        add_each(&mut self.requesters, &next.requesters);
        self.shared_of_first.get_or_insert_with(|| self.shared.clone());
        self.shared.add(&next.shared);
        self.buckets.iter_mut().zip(&next.buckets).for_each(|(mine, more)| mine.add(more));
        add_each(&mut self.calls_of_place, &next.calls_of_place);
        for (mine, next) in self.busiest_bin_of_bucket.iter_mut().zip(&next.busiest_bin_of_bucket) {
            *mine = [mine[0].max(next[0]), mine[1].max(next[1])];
        }
    }

    /// What falls to each bucket and principal in the first replication.
    pub(super) fn shared_of_first(&self) -> &SharedCalls {
        self.shared_of_first.as_ref().unwrap_or(&self.shared)
    }

    /// Number of replications.
    pub(super) fn replications(&self) -> u32 {
        self.each.len() as u32
    }

    /// The mean over replications of what was summed.
    pub(super) fn mean(&self, sum: u64) -> f64 {
        sum as f64 / self.each.len() as f64
    }

    /// The means over replications of calls that were summed.
    pub(super) fn mean_calls(&self, sums: &KmsCalls) -> KmsCalls<f64> {
        sums.map(|sum| self.mean(sum))
    }

    /// KMS calls of all operations, summed over replications.
    pub(super) fn total_calls(&self) -> KmsCalls {
        self.calls.into_iter().sum()
    }

    /// Most bucket-level keys alive in any second.
    pub(super) fn keys_alive_max(&self) -> u32 {
        self.each.iter().map(|replication| replication.keys_alive_max).max().unwrap_or_default()
    }

    /// KMS calls of each replication.
    pub(super) fn calls_of_each(&self) -> Vec<u64> {
        self.each.iter().map(|replication| replication.calls.total()).collect()
    }

    /// Share that is saved of the baseline's calls in each replication (both saw the same requests);
    /// `None` if the baseline makes none.
    pub(super) fn saving_against(&self, baseline: &[u64]) -> Option<Estimate> {
        let savings = self.savings_against(baseline);
        (!savings.is_empty()).then(|| Estimate::of(&savings))
    }

    /// Share of the baseline's calls that each replication saved, of those in which it makes any.
    pub(super) fn savings_against(&self, baseline: &[u64]) -> Vec<f64> {
        let both = self.each.iter().zip(baseline);
        both.filter_map(|(own, against)| own.saving_against(*against)).collect()
    }
}
