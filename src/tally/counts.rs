//! Numbers of requests and calls that add up.

use std::ops::AddAssign;

use super::Seconds;
use crate::kms::KmsCalls;
use crate::kms::accounts::Charged;
use crate::s3::Operation;

/// Numbers of S3 requests by operation.
pub type RequestsByOperation = [u64; Operation::ALL.len()];

/// Adds number to number.
pub(crate) fn add_each<T: Copy + AddAssign>(mine: &mut [T], more: &[T]) {
    for (mine, more) in mine.iter_mut().zip(more) {
        *mine += *more;
    }
}

/// What one time bin saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    /// S3 requests.
    pub requests: u64,
    /// KMS calls.
    pub calls: KmsCalls,
    /// How many of these calls belong to work that happens once.
    pub calls_once: u64,
}

impl AddAssign for Bin {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.calls += other.calls;
        self.calls_once += other.calls_once;
    }
}

/// What belongs to work that happens once: part of what is counted anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Once {
    /// S3 requests by operation.
    pub requests: RequestsByOperation,
    /// KMS calls.
    pub calls: u64,
}

impl AddAssign for Once {
    fn add_assign(&mut self, other: Self) {
        add_each(&mut self.requests, &other.requests);
        self.calls += other.calls;
    }
}

/// What one requester caused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequesterCounts {
    /// S3 requests.
    pub requests: u64,
    /// KMS calls.
    pub calls: KmsCalls,
    /// How many of them name an object.
    pub calls_by_object: u64,
    /// Bucket-level keys generated.
    pub keys_generated: u64,
}

impl AddAssign for RequesterCounts {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.calls += other.calls;
        self.calls_by_object += other.calls_by_object;
        self.keys_generated += other.keys_generated;
    }
}

/// S3 requests to the buckets of one region, by operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegionRequests {
    /// All of them.
    pub all: RequestsByOperation,
    /// Of these, those of work that happens once.
    pub once: RequestsByOperation,
}

impl AddAssign for RegionRequests {
    fn add_assign(&mut self, other: Self) {
        add_each(&mut self.all, &other.all);
        add_each(&mut self.once, &other.once);
    }
}

/// Numbers of KMS calls of one account in one region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountCounts {
    /// Those that KMS bills.
    pub billed: u64,
    /// Those that it does not.
    pub unbilled: u64,
    /// Of those that it bills, those of work that happens once.
    pub billed_once: u64,
    /// Of those that it does not, those of work that happens once.
    pub unbilled_once: u64,
}

impl AccountCounts {
    /// All of them.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.billed + self.unbilled
    }

    pub(super) fn count(&mut self, calls: u64, charged: Charged, once: bool) {
        let Self { billed, unbilled, billed_once, unbilled_once } = self;
        let (all, of_once) =
            if charged.is_free { (unbilled, unbilled_once) } else { (billed, billed_once) };
        *all += calls;
        *of_once += if once { calls } else { 0 };
    }
}

impl AddAssign for AccountCounts {
    fn add_assign(&mut self, other: Self) {
        self.billed += other.billed;
        self.unbilled += other.unbilled;
        self.billed_once += other.billed_once;
        self.unbilled_once += other.unbilled_once;
    }
}

/// KMS calls of one account in one region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountCalls {
    /// How many.
    pub counts: AccountCounts,
    /// How many in each counted second, by the clients that send them; none if all of the run's calls
    /// are one series.
    pub per_s: Vec<Seconds>,
}

impl AccountCalls {
    pub(super) fn add(&mut self, other: &Self) {
        self.counts += other.counts;
        for (mine, more) in self.per_s.iter_mut().zip(&other.per_s) {
            mine.add_all(more);
        }
    }
}
