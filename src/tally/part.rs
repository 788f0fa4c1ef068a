//! A tally as whole numbers that add up, each under what it is of: what parts of a log are made of, and put together.

use super::{AccountCounts, RequesterCounts, Seconds, Tally};
use crate::kms::{KmsApi, KmsCalls};
use crate::s3::Operation;

/// What is counted of a requester or of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountOf {
    /// S3 requests.
    Requests,
    /// KMS calls.
    Calls(KmsApi),
    /// KMS calls that name an object.
    ByObject,
    /// Bucket-level keys generated.
    Keys,
}

/// What a number of a tally is of. Accounts, requesters, buckets and places go by their numbers in the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TallyCell {
    /// S3 requests to the buckets of a region.
    Requests(u32, Operation),
    /// KMS calls that an operation caused.
    Calls(Operation, KmsApi),
    /// Of all requesters together.
    All(CountOf),
    /// S3 requests in a time bin.
    BinRequests(u32),
    /// KMS calls in a time bin.
    BinCalls(u32, KmsApi),
    /// By how many keys more are alive from a second on.
    Alive(u32),
    /// KMS calls of an account in a region, and whether they are billed.
    Account(u32, bool),
    /// KMS calls of an account's clients in a second.
    Second(u32, u32, u32),
    /// What a requester caused.
    Requester(u32, CountOf),
    /// What a bucket's requests cost.
    Bucket(u32, CountOf),
    /// KMS calls of a bucket's requests that an account makes, and whether they are billed.
    BucketAccount(u32, u32, bool),
    /// KMS calls of a bucket's requests in a second.
    BucketSecond(u32, u32),
    /// KMS calls of a part of a bucket.
    Place(u32, KmsApi),
    /// Most S3 requests in a time bin to a part of a bucket, of one of the kinds that have a limit.
    Busiest(u32, u32),
}

/// Tells of the numbers in which a tally differs from another.
struct Differences<'a, F: FnMut(TallyCell, i64)> {
    own: &'a Tally,
    base: Option<&'a Tally>,
    /// Whether somebody asks for its time bins.
    has_bins: bool,
    put: F,
}

impl<F: FnMut(TallyCell, i64)> Differences<'_, F> {
    fn number(&mut self, cell: TallyCell, of: impl Fn(&Tally) -> u64) {
        let base = self.base.map_or(0, &of);
        let more = of(self.own).wrapping_sub(base) as i64;
        if more != 0 {
            (self.put)(cell, more);
        }
    }

    fn calls(&mut self, cell: impl Fn(KmsApi) -> TallyCell, of: impl Fn(&Tally) -> KmsCalls) {
        for api in KmsApi::ALL {
            self.number(cell(api), |tally| of(tally).get(api));
        }
    }

    fn account(&mut self, cell: impl Fn(bool) -> TallyCell, of: impl Fn(&Tally) -> AccountCounts) {
        self.number(cell(true), |tally| of(tally).billed);
        self.number(cell(false), |tally| of(tally).unbilled);
    }

    fn sums(&mut self) {
        let own = self.own;
        for region in 0..own.regions.len().max(1) {
            for operation in Operation::ALL {
                self.number(TallyCell::Requests(region as u32, operation), |tally| {
                    let of_region = tally.regions.get(region).map(|requests| &requests.all);
                    of_region.unwrap_or(&tally.requests)[operation as usize]
                });
            }
        }
        for operation in Operation::ALL {
            self.calls(
                |api| TallyCell::Calls(operation, api),
                |tally| tally.calls[operation as usize],
            );
        }
        self.number(TallyCell::All(CountOf::ByObject), |tally| tally.calls_by_object);
        self.number(TallyCell::All(CountOf::Keys), |tally| tally.keys_generated);
        let bins = if self.has_bins { own.bins.len() } else { 0 };
        for bin in 0..bins {
            self.number(TallyCell::BinRequests(bin as u32), |tally| tally.bins[bin].requests);
            self.calls(|api| TallyCell::BinCalls(bin as u32, api), |tally| tally.bins[bin].calls);
        }
    }

    fn seconds(&mut self) {
        let Self { own, base, .. } = *self;
        own.alive_change.each_difference(base.map(|base| &base.alive_change), |second, more| {
            (self.put)(TallyCell::Alive(second), more);
        });
        for (number, account) in own.accounts.iter().enumerate() {
            self.account(
                |is_billed| TallyCell::Account(number as u32, is_billed),
                |tally| tally.accounts[number].counts,
            );
            for (clients, per_s) in account.per_s.iter().enumerate() {
                let base = base.map(|base| &base.accounts[number].per_s[clients]);
                per_s.each_difference(base, |second, more| {
                    (self.put)(TallyCell::Second(number as u32, clients as u32, second), more);
                });
            }
        }
        if own.accounts.iter().all(|account| account.per_s.is_empty()) {
            own.calls_per_s.each_difference(base.map(|base| &base.calls_per_s), |second, more| {
                (self.put)(TallyCell::Second(0, 0, second), more);
            });
        }
    }

    fn breakdowns(&mut self) {
        let Self { own, base, .. } = *self;
        // An arm may be told apart by less than the one it is held against.
        for number in 0..own.requesters.len() {
            self.requester(number);
        }
        for place in 0..own.calls_of_place.len() {
            self.calls(
                |api| TallyCell::Place(place as u32, api),
                |tally| tally.calls_of_place.get(place).copied().unwrap_or_default(),
            );
        }
        for number in 0..own.buckets().len() {
            self.bucket(number);
            let is_only = own.buckets().len() == 1 && !own.requesters.is_empty();
            if is_only || own.buckets.counts_by_second(number) {
                let base = base.and_then(|base| seconds_of(base, number, is_only));
                let own = seconds_of(own, number, is_only);
                if let Some(own) = own {
                    own.each_difference(base, |second, more| {
                        (self.put)(TallyCell::BucketSecond(number as u32, second), more);
                    });
                }
            }
        }
        for (part, busiest) in own.busiest_bin_of_bucket.iter().enumerate() {
            for kind in 0..busiest.len() {
                let cell = TallyCell::Busiest(part as u32, kind as u32);
                self.number(cell, |tally| tally.busiest_bin_of_bucket[part][kind]);
            }
        }
    }

    fn requester(&mut self, number: usize) {
        let requester = number as u32;
        self.number(TallyCell::Requester(requester, CountOf::Requests), |tally| {
            requester_of(tally, number).requests
        });
        self.calls(
            |api| TallyCell::Requester(requester, CountOf::Calls(api)),
            |tally| requester_of(tally, number).calls,
        );
        self.number(TallyCell::Requester(requester, CountOf::ByObject), |tally| {
            requester_of(tally, number).calls_by_object
        });
        self.number(TallyCell::Requester(requester, CountOf::Keys), |tally| {
            requester_of(tally, number).keys_generated
        });
    }

    fn bucket(&mut self, number: usize) {
        let Self { own, base, .. } = *self;
        let bucket = number as u32;
        self.number(TallyCell::Bucket(bucket, CountOf::Requests), |tally| {
            tally.buckets().get(number).map_or(0, |it| it.requests)
        });
        self.calls(
            |api| TallyCell::Bucket(bucket, CountOf::Calls(api)),
            |tally| tally.buckets().get(number).map_or(KmsCalls::NONE, |it| it.calls),
        );
        let base = base.and_then(|base| base.buckets().get(number));
        let accounts = own.buckets()[number].accounts.keys();
        let mut accounts: Vec<u32> =
            accounts.chain(base.iter().flat_map(|it| it.accounts.keys())).copied().collect();
        accounts.sort_unstable();
        accounts.dedup();
        for account in accounts {
            self.account(
                |is_billed| TallyCell::BucketAccount(number as u32, account, is_billed),
                |tally| {
                    let counts =
                        tally.buckets().get(number).and_then(|it| it.accounts.get(&account));
                    counts.copied().unwrap_or_default()
                },
            );
        }
    }
}

/// What a requester caused, if requesters are told apart.
fn requester_of(tally: &Tally, number: usize) -> RequesterCounts {
    tally.requesters.get(number).copied().unwrap_or_default()
}

/// The calls of a bucket by the second; those of the only one are all.
fn seconds_of(tally: &Tally, number: usize, is_only: bool) -> Option<&Seconds> {
    if is_only {
        return Some(&tally.calls_per_s);
    }
    tally.buckets().get(number).map(|bucket| &bucket.per_s)
}

/// Adds to a number what may be less than nothing.
fn add_signed(number: &mut u64, more: i64) -> Option<()> {
    *number = number.checked_add_signed(more)?;
    Some(())
}

fn add_calls(calls: &mut KmsCalls, api: KmsApi, more: i64) -> Option<()> {
    let number = match api {
        KmsApi::GenerateDataKey => &mut calls.generate_data_key,
        KmsApi::Decrypt => &mut calls.decrypt,
        KmsApi::Encrypt => &mut calls.encrypt,
    };
    add_signed(number, more)
}

fn add_to_account(counts: &mut AccountCounts, is_billed: bool, more: i64) -> Option<()> {
    add_signed(if is_billed { &mut counts.billed } else { &mut counts.unbilled }, more)
}

impl Tally {
    /// Tells of each number in which it differs from `base`, and by how much; of each that is not zero if there is
    /// none. Both are of one run, and what it tells apart `base` does, too, or has nothing of. `has_bins`: whether
    /// somebody asks for its time bins.
    pub(crate) fn differences(
        &self,
        base: Option<&Self>,
        has_bins: bool,
        put: impl FnMut(TallyCell, i64),
    ) {
        let mut differences = Differences { own: self, base, has_bins, put };
        differences.sums();
        differences.seconds();
        differences.breakdowns();
    }

    /// Adds to one of the numbers; what is not told apart here is left out. `None` if it would fall below zero, or
    /// is of what the run does not have.
    pub(crate) fn put(&mut self, cell: TallyCell, more: i64) -> Option<()> {
        match cell {
            TallyCell::Requests(region, operation) => {
                if let Some(of_region) = self.regions.get_mut(region as usize) {
                    add_signed(&mut of_region.all[operation as usize], more)?;
                }
                add_signed(&mut self.requests[operation as usize], more)
            }
            TallyCell::Calls(operation, api) => {
                add_calls(&mut self.calls[operation as usize], api, more)
            }
            TallyCell::All(CountOf::ByObject) => add_signed(&mut self.calls_by_object, more),
            TallyCell::All(_) => add_signed(&mut self.keys_generated, more),
            TallyCell::BinRequests(bin) => {
                add_signed(&mut self.bins.get_mut(bin as usize)?.requests, more)
            }
            TallyCell::BinCalls(bin, api) => {
                add_calls(&mut self.bins.get_mut(bin as usize)?.calls, api, more)
            }
            TallyCell::Alive(second) => {
                // The last change is after the last second.
                (second as usize <= self.window.seconds()).then_some(())?;
                self.alive_change.add_signed(second, more)
            }
            TallyCell::Account(account, is_billed) => {
                let account = self.accounts.get_mut(account as usize)?;
                add_to_account(&mut account.counts, is_billed, more)
            }
            TallyCell::Second(account, clients, second) => {
                self.has_second(second).then_some(())?;
                self.calls_per_s.add_signed(second, more)?;
                let account = self.accounts.get_mut(account as usize)?;
                match account.per_s.get_mut(clients as usize) {
                    Some(per_s) => per_s.add_signed(second, more),
                    None => Some(()),
                }
            }
            _ => self.put_in_breakdown(cell, more),
        }
    }

    /// Whether the run has a second.
    fn has_second(&self, second: u32) -> bool {
        (second as usize) < self.window.seconds()
    }

    fn put_in_breakdown(&mut self, cell: TallyCell, more: i64) -> Option<()> {
        match cell {
            TallyCell::Requester(requester, count) => {
                let Some(counts) = self.requesters.get_mut(requester as usize) else {
                    return Some(());
                };
                match count {
                    CountOf::Requests => add_signed(&mut counts.requests, more),
                    CountOf::Calls(api) => add_calls(&mut counts.calls, api, more),
                    CountOf::ByObject => add_signed(&mut counts.calls_by_object, more),
                    CountOf::Keys => add_signed(&mut counts.keys_generated, more),
                }
            }
            TallyCell::Bucket(bucket, count) => {
                let Some(counts) = self.buckets.list.get_mut(bucket as usize) else {
                    return Some(());
                };
                match count {
                    CountOf::Calls(api) => add_calls(&mut counts.calls, api, more),
                    _ => add_signed(&mut counts.requests, more),
                }
            }
            TallyCell::BucketAccount(bucket, account, is_billed) => {
                let Some(counts) = self.buckets.list.get_mut(bucket as usize) else {
                    return Some(());
                };
                let of_account = counts.accounts.entry(account).or_default();
                add_to_account(of_account, is_billed, more)?;
                if *of_account == AccountCounts::default() {
                    counts.accounts.remove(&account);
                }
                Some(())
            }
            TallyCell::BucketSecond(bucket, second) => {
                self.has_second(second).then_some(())?;
                match self.buckets.seconds_of_bucket(bucket as usize) {
                    Some(per_s) => per_s.add_signed(second, more),
                    None => Some(()),
                }
            }
            TallyCell::Place(place, api) => match self.calls_of_place.get_mut(place as usize) {
                Some(calls) => add_calls(calls, api, more),
                None => Some(()),
            },
            TallyCell::Busiest(part, kind) => {
                let part = self.busiest_bin_of_bucket.get_mut(part as usize)?;
                add_signed(part.get_mut(kind as usize)?, more)
            }
            _ => None,
        }
    }

    /// Adds calls of a principal in a region, if principals are told apart.
    pub(crate) fn put_of_principal(
        &mut self,
        place: usize,
        is_billed: bool,
        more: i64,
    ) -> Option<()> {
        match self.principals.counts.get_mut(place) {
            Some(counts) => add_to_account(counts, is_billed, more),
            None => Some(()),
        }
    }

    /// The same with so many regions and parts of buckets, of which nothing is counted yet.
    pub(crate) fn with_traffic_of(mut self, regions: usize, parts: usize) -> Self {
        self.regions
            .resize(if regions > 1 { regions } else { 0 }, super::RegionRequests::default());
        self.busiest_bin_of_bucket.resize(parts, [0; 2]);
        self
    }

    /// The same without those counts of requesters, and of buckets by the second.
    pub(crate) fn without_requesters(mut self) -> Self {
        self.requesters.clear();
        self.calls_of_place.clear();
        self.buckets.list.iter_mut().for_each(|bucket| bucket.per_s = Seconds::default());
        self
    }
}
