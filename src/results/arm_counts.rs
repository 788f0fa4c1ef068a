//! What is kept of an arm's tallies: small, and summed over replications.

use crate::kms::KmsCalls;
use crate::quota::{QuotaEffect, QuotaTerms};
use crate::s3::Operation;
use crate::statistics::{Estimate, Frequencies};
use crate::tally::{
    AccountCalls, AccountCounts, Bin, Once, RegionRequests, RequesterCounts, Tally,
};

/// One arm's counts, summed over replications.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    /// Each replication's own counts, in order.
    pub(super) each: Vec<OneReplication>,
    pub(super) requests: [u64; Operation::ALL.len()],
    /// The same by region, if there are several.
    pub(super) regions: Vec<RegionRequests>,
    pub(super) calls: [KmsCalls; Operation::ALL.len()],
    pub(super) calls_by_object: u64,
    /// What of requests and calls belongs to work that happens once.
    pub(super) once: Once,
    pub(super) keys_generated: u64,
    /// Fewest and most bucket-level keys alive in any second.
    pub(super) keys_alive: (u32, u32),
    pub(super) per_s: Frequencies,
    /// Of each account in each region.
    pub(super) accounts: Vec<AccountSummary>,
    pub(super) bins: Vec<BinSummary>,
    pub(super) requesters: Vec<RequesterCounts>,
    pub(super) calls_of_principal: Vec<u64>,
    pub(super) calls_of_place: Vec<KmsCalls>,
}

/// KMS calls of one account in one region, summed over replications.
#[derive(Clone, Copy, Debug)]
pub(super) struct AccountSummary {
    pub(super) counts: AccountCounts,
    /// Most calls in a second of any replication.
    pub(super) per_s_max: u32,
    /// Of the replication that strains the quota most.
    pub(super) quota: QuotaEffect,
}

impl AccountSummary {
    /// What is kept of one replication. `whole` are all calls by the second, which are the account's if
    /// there is no other.
    fn of(account: &AccountCalls, whole: &[u32], is_only: bool, terms: QuotaTerms) -> Self {
        let counts = account.counts;
        let per_s_max = if is_only {
            whole.iter().copied().max().unwrap_or_default()
        } else {
            account.per_s.greatest()
        };
        let quota = if u64::from(per_s_max) <= terms.left_per_s() {
            QuotaEffect::below(terms, counts.calls(), per_s_max.into())
        } else if is_only {
            QuotaEffect::of(whole, terms)
        } else {
            QuotaEffect::of(&account.per_s.one_by_one(whole.len()), terms)
        };
        Self { counts, per_s_max, quota }
    }

    fn add(&mut self, next: &Self) {
        self.counts.add(&next.counts);
        self.per_s_max = self.per_s_max.max(next.per_s_max);
        if next.quota.strain() > self.quota.strain() {
            self.quota = next.quota;
        }
    }
}

/// One replication's counts.
#[derive(Clone, Debug)]
pub(super) struct OneReplication {
    pub(super) requests: [u64; Operation::ALL.len()],
    pub(super) regions: Vec<RegionRequests>,
    pub(super) accounts: Vec<AccountCounts>,
    pub(super) calls: KmsCalls,
    pub(super) once: Once,
    pub(super) keys_generated: u64,
    pub(super) keys_alive_max: u32,
    pub(super) per_s_max: u32,
}

impl OneReplication {
    /// Share of the reference's calls that is saved; `None` if it makes none.
    pub(super) fn saving_against(&self, reference: &Self) -> Option<f64> {
        let against = reference.calls.total();
        (against > 0).then(|| 1.0 - self.calls.total() as f64 / against as f64)
    }
}

/// One time bin's counts, summed over replications.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BinSummary {
    pub(super) counts: Bin,
    pub(super) per_s_max: u32,
    pub(super) keys_alive_max: u32,
}

impl Summary {
    /// What is kept of one replication.
    pub(super) fn of(tally: &Tally, quotas: &[QuotaTerms]) -> Self {
        let alive = tally.keys_alive();
        let mut per_s = Frequencies::default();
        per_s.extend(&tally.calls_per_s);
        let seconds = tally.seconds_per_bin();
        let bins = tally.bins.iter().enumerate().map(|(bin, counts)| {
            let first = bin * seconds;
            let last = (first + seconds).min(alive.len());
            let greatest = |of: &[u32]| of[first..last].iter().copied().max().unwrap_or_default();
            BinSummary {
                counts: *counts,
                per_s_max: greatest(&tally.calls_per_s),
                keys_alive_max: greatest(&alive),
            }
        });
        let is_only = quotas.len() == 1;
        let account = |(account, terms): (&AccountCalls, &QuotaTerms)| {
            AccountSummary::of(account, &tally.calls_per_s, is_only, *terms)
        };
        let accounts: Vec<_> = tally.accounts.iter().zip(quotas).map(account).collect();
        Self {
            each: vec![OneReplication {
                requests: tally.requests,
                regions: tally.regions.clone(),
                accounts: accounts.iter().map(|account| account.counts).collect(),
                calls: tally.total_calls(),
                once: tally.once,
                keys_generated: tally.keys_generated,
                keys_alive_max: alive.iter().copied().max().unwrap_or_default(),
                per_s_max: tally.calls_per_s.iter().copied().max().unwrap_or_default(),
            }],
            requests: tally.requests,
            regions: tally.regions.clone(),
            calls: tally.calls,
            calls_by_object: tally.calls_by_object,
            once: tally.once,
            keys_generated: tally.keys_generated,
            keys_alive: (
                alive.iter().copied().min().unwrap_or_default(),
                alive.iter().copied().max().unwrap_or_default(),
            ),
            accounts,
            bins: bins.collect(),
            per_s,
            requesters: tally.requesters.clone(),
            calls_of_principal: tally.calls_of_principal.clone(),
            calls_of_place: tally.calls_of_place.clone(),
        }
    }

    /// Adds the next replication.
    pub(super) fn add(&mut self, next: &Self) {
        self.each.extend_from_slice(&next.each);
        self.requests.iter_mut().zip(next.requests).for_each(|(mine, more)| *mine += more);
        for (mine, more) in self.regions.iter_mut().zip(&next.regions) {
            mine.add(more);
        }
        self.calls.iter_mut().zip(next.calls).for_each(|(mine, more)| *mine += more);
        self.calls_by_object += next.calls_by_object;
        self.once.add(&next.once);
        self.keys_generated += next.keys_generated;
        for (mine, more) in self.calls_of_principal.iter_mut().zip(&next.calls_of_principal) {
            *mine += more;
        }
        for (mine, more) in self.calls_of_place.iter_mut().zip(&next.calls_of_place) {
            *mine += *more;
        }
        self.keys_alive.0 = self.keys_alive.0.min(next.keys_alive.0);
        self.keys_alive.1 = self.keys_alive.1.max(next.keys_alive.1);
        self.per_s.merge(&next.per_s);
        for (mine, more) in self.accounts.iter_mut().zip(&next.accounts) {
            mine.add(more);
        }
        for (mine, more) in self.bins.iter_mut().zip(&next.bins) {
            mine.counts.requests += more.counts.requests;
            mine.counts.calls += more.counts.calls;
            mine.counts.calls_once += more.counts.calls_once;
            mine.per_s_max = mine.per_s_max.max(more.per_s_max);
            mine.keys_alive_max = mine.keys_alive_max.max(more.keys_alive_max);
        }
        for (mine, more) in self.requesters.iter_mut().zip(&next.requesters) {
            mine.add(more);
        }
    }

    /// Number of replications.
    pub(super) fn replications(&self) -> u64 {
        self.each.len() as u64
    }

    /// The mean over replications of what was summed.
    pub(super) fn mean(&self, sum: u64) -> f64 {
        sum as f64 / self.replications() as f64
    }

    /// KMS calls of all operations, summed over replications.
    pub(super) fn total_calls(&self) -> KmsCalls {
        let mut total = KmsCalls::NONE;
        for calls in self.calls {
            total += calls;
        }
        total
    }

    /// Share of the reference's calls that is saved, replication by replication (both saw the same
    /// requests); `None` if the reference makes none.
    pub(super) fn saving_against(&self, reference: &Self) -> Option<Estimate> {
        let savings = self.savings_against(reference);
        (!savings.is_empty()).then(|| Estimate::of(&savings))
    }

    /// Share of the reference's calls that each replication saved, of those in which it makes any.
    pub(super) fn savings_against(&self, reference: &Self) -> Vec<f64> {
        let both = self.each.iter().zip(&reference.each);
        both.filter_map(|(own, against)| own.saving_against(against)).collect()
    }
}
