//! What is kept of an arm's tallies: small, and summed over replications.

use super::billing::BillableCounts;
use super::shared::SharedCalls;
use crate::figure::saving;
use crate::kms::KmsCalls;
use crate::quota::{QuotaEffect, QuotaTerms};
use crate::s3::Operation;
use crate::statistics::{Estimate, Frequencies};
use crate::tally::{AccountCalls, Bin, BucketCounts, RequesterCounts, Tally, add_each};

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
    /// The same of the first replication alone.
    pub(super) shared_of_first: SharedCalls,
    pub(super) buckets: Vec<BucketSums>,
    pub(super) calls_of_place: Vec<KmsCalls>,
}

/// What the calls of one account in one region do to its quota.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuotaUse {
    /// Most calls in a second of any replication.
    pub(super) per_s_max: u32,
    /// Of the replication that strains the quota most.
    pub(super) effect: QuotaEffect,
}

impl QuotaUse {
    /// That of one replication. `whole` are all calls by the second, which are the account's if there
    /// is no other.
    fn of(account: &AccountCalls, whole: &[u32], is_only: bool, terms: QuotaTerms) -> Self {
        let per_s_max = if is_only {
            whole.iter().copied().max().unwrap_or_default()
        } else {
            account.per_s.greatest()
        };
        let effect = if u64::from(per_s_max) <= terms.left_per_s() {
            QuotaEffect::below(terms, account.counts.calls(), per_s_max.into())
        } else if is_only {
            QuotaEffect::of(whole, terms)
        } else {
            QuotaEffect::of(&account.per_s.one_by_one(whole.len()), terms)
        };
        Self { per_s_max, effect }
    }

    fn add(&mut self, next: &Self) {
        self.per_s_max = self.per_s_max.max(next.per_s_max);
        if next.effect.strain() > self.effect.strain() {
            self.effect = next.effect;
        }
    }
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
    pub(super) fn saving_against(&self, baseline: &Self) -> Option<f64> {
        saving(self.calls.total() as f64, baseline.calls.total() as f64)
    }
}

/// One time bin's counts, summed over replications.
#[derive(Clone, Copy, Debug)]
pub(super) struct BinCounts {
    pub(super) counts: Bin,
    pub(super) per_s_max: u32,
    pub(super) keys_alive_max: u32,
}

impl BinCounts {
    /// Those of one replication.
    fn all(tally: &Tally, alive: &[u32]) -> Vec<Self> {
        let seconds = tally.seconds_per_bin();
        let calls = tally.calls_per_s.chunks(seconds).zip(alive.chunks(seconds));
        let bins = tally.bins.iter().zip(calls);
        let bins = bins.map(|(counts, (calls, alive))| Self {
            counts: *counts,
            per_s_max: greatest(calls),
            keys_alive_max: greatest(alive),
        });
        bins.collect()
    }

    fn add(&mut self, next: &Self) {
        self.counts += next.counts;
        self.per_s_max = self.per_s_max.max(next.per_s_max);
        self.keys_alive_max = self.keys_alive_max.max(next.keys_alive_max);
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
        [_] => Some(greatest(&tally.calls_per_s)),
        _ => tally.counts_by_second(number).then(|| greatest(&of.per_s)),
    }
}

fn greatest(numbers: &[u32]) -> u32 {
    numbers.iter().copied().max().unwrap_or_default()
}

impl ArmCounts {
    /// What is kept of one replication.
    pub(super) fn of(tally: &Tally, quotas: &[QuotaTerms]) -> Self {
        let alive = tally.keys_alive();
        let mut per_s = Frequencies::default();
        per_s.extend(&tally.calls_per_s);
        let is_only = quotas.len() == 1;
        let quotas = tally.accounts.iter().zip(quotas);
        let billable = BillableCounts::of(tally);
        let shared = SharedCalls::of(tally);
        Self {
            each: vec![ReplicationCounts {
                billable: billable.clone(),
                calls: tally.total_calls(),
                keys_generated: tally.keys_generated,
                keys_alive_max: greatest(&alive),
                per_s_max: greatest(&tally.calls_per_s),
            }],
            billable,
            calls: tally.calls,
            calls_by_object: tally.calls_by_object,
            keys_generated: tally.keys_generated,
            keys_alive_min: alive.iter().copied().min().unwrap_or_default(),
            quotas: quotas
                .map(|(account, terms)| QuotaUse::of(account, &tally.calls_per_s, is_only, *terms))
                .collect(),
            bins: BinCounts::all(tally, &alive),
            per_s,
            requesters: tally.requesters.clone(),
            shared_of_first: shared.clone(),
            shared,
            buckets: BucketSums::all(tally),
            calls_of_place: tally.calls_of_place.clone(),
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
        self.shared.add(&next.shared);
        self.buckets.iter_mut().zip(&next.buckets).for_each(|(mine, more)| mine.add(more));
        add_each(&mut self.calls_of_place, &next.calls_of_place);
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

    /// Share of the baseline's calls that is saved, replication by replication (both saw the same
    /// requests); `None` if the baseline makes none.
    pub(super) fn saving_against(&self, baseline: &Self) -> Option<Estimate> {
        let savings = self.savings_against(baseline);
        (!savings.is_empty()).then(|| Estimate::of(&savings))
    }

    /// Share of the baseline's calls that each replication saved, of those in which it makes any.
    pub(super) fn savings_against(&self, baseline: &Self) -> Vec<f64> {
        let both = self.each.iter().zip(&baseline.each);
        both.filter_map(|(own, against)| own.saving_against(against)).collect()
    }
}
