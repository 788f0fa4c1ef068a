//! What of the KMS bill falls to each bucket and to each principal.
//!
//! KMS bills accounts, and a free tier is for all of an account's calls, or of several accounts'. What an
//! account pays in a region is shared out among those whose calls are billed there, in proportion to these
//! calls, so that the parts add up to the bill to the last picodollar.

use super::billing::{self, BillableCounts};
use crate::scenario::Scenario;
use crate::tally::{AccountCounts, CallsByAccount, Tally, add_by_account, add_each};
use crate::units::{Usd, share_out};

/// Among whom a bill is shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharers {
    Buckets,
    Principals,
}

/// KMS calls of each bucket and of each principal by the account that they are billed to, summed over some
/// replications.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedCalls {
    buckets: Vec<CallsByAccount>,
    /// Principal by principal, and of each region by region.
    principals: Vec<AccountCounts>,
}

impl SharedCalls {
    /// Those of one replication.
    pub(super) fn of(tally: &Tally) -> Self {
        let buckets = tally.buckets().iter().map(|bucket| bucket.accounts.clone());
        let principals = tally.principals().flatten().copied();
        Self { buckets: buckets.collect(), principals: principals.collect() }
    }

    /// Adds those of other replications.
    pub(super) fn add(&mut self, next: &Self) {
        for (mine, more) in self.buckets.iter_mut().zip(&next.buckets) {
            add_by_account(mine, more);
        }
        add_each(&mut self.principals, &next.principals);
    }

    /// KMS calls of each.
    pub(super) fn calls(&self, scenario: &Scenario, sharers: Sharers) -> Vec<u64> {
        match sharers {
            Sharers::Buckets => {
                let each = self.buckets.iter();
                each.map(|of| of.values().map(AccountCounts::calls).sum()).collect()
            }
            Sharers::Principals => {
                let regions = scenario.accounts.regions.len();
                let each = self.principals.chunks(regions);
                each.map(|of| of.iter().map(AccountCounts::calls).sum()).collect()
            }
        }
    }

    /// What each pays for KMS requests in the billing period. `billable` are all counts of the same
    /// replications.
    pub(super) fn costs(
        &self,
        scenario: &Scenario,
        billable: &BillableCounts,
        sharers: Sharers,
    ) -> Vec<Usd> {
        let mut sharing = vec![Sharing::default(); scenario.accounts.list.len()];
        let mut add = |sharer: usize, account: usize, counts: &AccountCounts| {
            sharing[account].sharers.push(sharer);
            sharing[account].weights.push(billable.billed_in_period(scenario, counts));
        };
        let count = match sharers {
            Sharers::Buckets => {
                for (bucket, accounts) in self.buckets.iter().enumerate() {
                    for (&account, counts) in accounts {
                        add(bucket, account as usize, counts);
                    }
                }
                self.buckets.len()
            }
            Sharers::Principals => {
                let accounts = &scenario.accounts;
                let regions = accounts.regions.len();
                for (place, counts) in self.principals.iter().enumerate() {
                    let principal = place / regions;
                    add(principal, accounts.of_principal(principal, place % regions), counts);
                }
                self.principals.len() / regions
            }
        };
        let mut costs = vec![Usd::ZERO; count];
        for (cost, Sharing { sharers, weights }) in
            billing::kms_costs(scenario, billable).into_iter().zip(sharing)
        {
            for (sharer, part) in sharers.into_iter().zip(share_out(cost, &weights)) {
                costs[sharer] = costs[sharer] + part;
            }
        }
        costs
    }
}

/// Who shares what an account pays in a region, and with which weights.
#[derive(Clone, Default)]
struct Sharing {
    sharers: Vec<usize>,
    weights: Vec<u64>,
}
