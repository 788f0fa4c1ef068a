//! Counts by bucket: what its requests cost, whose bill that goes to, and its busiest second.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{AccountCounts, Seconds, add_each};
use crate::kms::KmsCalls;
use crate::kms::accounts::Charged;

/// Calls of a bucket or of a principal, by the number of the account in a region that they count to.
pub type CallsByAccount = BTreeMap<u32, AccountCounts>;

/// Which buckets there are to be counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountedBuckets {
    /// For each number that requests have for a bucket, whose part it is.
    pub of_part: Vec<u32>,
    /// For each bucket whether its calls are counted second by second.
    pub by_second: Vec<bool>,
}

/// What the requests of one bucket cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketCounts {
    /// S3 requests; a copy counts where it writes.
    pub requests: u64,
    /// KMS calls; those for what a copy reads count where that lies.
    pub calls: KmsCalls,
    /// The same by account.
    pub accounts: CallsByAccount,
    /// Calls in each counted second, if they are counted so and there are any.
    pub per_s: Seconds,
}

impl BucketCounts {
    fn add(&mut self, other: &Self, by_second: bool) {
        self.requests += other.requests;
        self.calls += other.calls;
        add_by_account(&mut self.accounts, &other.accounts);
        if by_second {
            self.per_s.add_all(&other.per_s);
        }
    }
}

/// Adds account by account.
pub(crate) fn add_by_account(mine: &mut CallsByAccount, more: &CallsByAccount) {
    for (account, counts) in more {
        *mine.entry(*account).or_default() += *counts;
    }
}

/// Which calls are counted, and whose they are.
#[derive(Clone, Copy)]
pub(super) struct ChargedCalls {
    pub(super) calls: KmsCalls,
    /// How many of them unwrap what is read elsewhere.
    pub(super) of_read: u64,
    pub(super) charged: Charged,
    pub(super) once: bool,
}

/// The counts of all buckets; none if they are not told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BucketTally {
    which: Arc<CountedBuckets>,
    pub(super) list: Vec<BucketCounts>,
}

impl BucketTally {
    pub(super) fn new(which: Arc<CountedBuckets>) -> Self {
        let list = vec![BucketCounts::default(); which.by_second.len()];
        Self { which, list }
    }

    /// Counts the calls of a request, or of several, to a part of a bucket.
    pub(super) fn count(&mut self, part: u32, of: ChargedCalls) {
        let Some(&bucket) = self.which.of_part.get(part as usize) else { return };
        let BucketCounts { calls, accounts, .. } = &mut self.list[bucket as usize];
        *calls += of.calls;
        for (account, count) in
            [(of.charged.own, of.calls.total() - of.of_read), (of.charged.read, of.of_read)]
        {
            if count > 0 {
                accounts.entry(account).or_default().count(count, of.charged, of.once);
            }
        }
    }

    /// Whether a bucket's calls are counted by the second.
    pub(super) fn counts_by_second(&self, bucket: usize) -> bool {
        self.which.by_second[bucket]
    }

    /// Where the calls of a part of a bucket are counted by the second, if they are.
    pub(super) fn seconds_of(&mut self, part: u32) -> Option<&mut Seconds> {
        let bucket = *self.which.of_part.get(part as usize)? as usize;
        self.seconds_of_bucket(bucket)
    }

    /// Where the calls of a bucket are counted by the second, if they are.
    pub(super) fn seconds_of_bucket(&mut self, bucket: usize) -> Option<&mut Seconds> {
        let is_counted = *self.which.by_second.get(bucket)?;
        Some(&mut self.list.get_mut(bucket)?.per_s).filter(|_| is_counted)
    }

    /// Adds requests, counted by the parts of buckets.
    pub(super) fn add_requests(&mut self, by_part: &[u64]) {
        for (&bucket, count) in self.which.of_part.iter().zip(by_part) {
            self.list[bucket as usize].requests += count;
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let by_second = self.which.by_second.iter();
        for ((mine, more), by_second) in self.list.iter_mut().zip(&other.list).zip(by_second) {
            mine.add(more, *by_second);
        }
    }
}

/// The calls of principals, in each region; none if they are not told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PrincipalTally {
    regions: usize,
    /// Principal by principal, and of each region by region.
    pub(super) counts: Vec<AccountCounts>,
}

impl PrincipalTally {
    pub(super) fn new(principals: usize, regions: usize) -> Self {
        Self { regions, counts: vec![AccountCounts::default(); principals * regions] }
    }

    pub(super) fn count(&mut self, principal: usize, of: ChargedCalls) {
        if self.counts.is_empty() {
            return;
        }
        let own = of.calls.total() - of.of_read;
        for (account, count) in [(of.charged.own, own), (of.charged.read, of.of_read)] {
            let place = principal * self.regions + account as usize % self.regions;
            if count > 0 {
                self.counts[place].count(count, of.charged, of.once);
            }
        }
    }

    /// The calls of each principal, region by region.
    pub(super) fn each(&self) -> impl Iterator<Item = &[AccountCounts]> {
        self.counts.chunks(self.regions.max(1))
    }

    pub(super) fn merge(&mut self, other: &Self) {
        add_each(&mut self.counts, &other.counts);
    }
}
