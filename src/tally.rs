//! Counts: by operation, KMS API, second, time bin, requester and bucket. Whole numbers that merge, so the
//! order in which requesters are run, and on how many threads, changes nothing.

mod buckets;
mod counts;
mod keys_alive;
mod part;
mod seconds;
mod traffic;
mod window;

use std::sync::Arc;

use crate::kms::KmsCalls;
use crate::kms::accounts::Charged;
use crate::s3::Operation;
use crate::units::SimTime;

pub(crate) use buckets::add_by_account;
pub use buckets::{BucketCounts, CallsByAccount, CountedBuckets};
use buckets::{BucketTally, ChargedCalls, PrincipalTally};
pub(crate) use counts::add_each;
pub use counts::{
    AccountCalls, AccountCounts, Bin, Once, RegionRequests, RequesterCounts, RequestsByOperation,
};
pub use keys_alive::KeysAlive;
pub(crate) use part::{CountOf, TallyCell};
pub use seconds::{SecondNumber, Seconds};
pub use traffic::{RequestCounts, S3Traffic};
pub use window::Window;

/// In whose name a request is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The requester under the rule in force.
    pub requester: usize,
    /// The scenario's principal.
    pub principal: usize,
    /// Whose account is charged, and where.
    pub charged: Charged,
}

/// Which side of a request a call is for: a copy reads in one place and writes in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallSide {
    /// It unwraps the key of what is read.
    Read,
    /// It is for what is written, or it is the same whose account is charged.
    Own,
}

/// What each of several requests cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// In whose name.
    pub caller: Caller,
    /// What they ask.
    pub operation: Operation,
    /// Of which part of which bucket.
    pub bucket: u32,
    /// Of which part of which bucket is what they read: another one's, if they copy.
    pub read_bucket: u32,
    /// The KMS calls of each.
    pub calls: KmsCalls,
    /// Whether the calls name an object.
    pub by_object: bool,
    /// Whether they are for what is read or for what is written.
    pub side: CallSide,
    /// Whether each generates a bucket-level key.
    pub generates: bool,
    /// Whether they belong to work that happens once.
    pub once: bool,
}

impl Cost {
    /// The account that is charged.
    const fn account(&self) -> u32 {
        match self.side {
            CallSide::Read => self.caller.charged.read,
            CallSide::Own => self.caller.charged.own,
        }
    }

    /// The part of a bucket that the calls are of.
    const fn bucket_of_calls(&self) -> u32 {
        match self.side {
            CallSide::Read => self.read_bucket,
            CallSide::Own => self.bucket,
        }
    }

    /// What so many of them cost whom.
    fn charged(&self, count: u64) -> ChargedCalls {
        let calls = self.calls.times(count);
        let of_read = if self.side == CallSide::Read { calls.total() } else { 0 };
        ChargedCalls { calls, of_read, charged: self.caller.charged, once: self.once }
    }
}

/// How many bucket-level keys are alive for some seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AliveKeys {
    /// The first counted second.
    pub from: u32,
    /// The first second that is none of them.
    pub until: u32,
    /// The number of keys.
    pub keys: u32,
}

/// All the rows of seconds that a call counts in.
struct SeriesOfCalls<'a> {
    all: &'a mut Seconds,
    /// Those of its account's clients, if they are told apart.
    of_clients: Option<&'a mut Seconds>,
    /// Those of its bucket, if they are counted.
    of_bucket: Option<&'a mut Seconds>,
}

impl SeriesOfCalls<'_> {
    fn add(&mut self, second: u32, calls: u64) {
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        self.all.add(second, calls);
        for series in [&mut self.of_clients, &mut self.of_bucket].into_iter().flatten() {
            series.add(second, calls);
        }
    }
}

/// All counts of one configuration under one set of assumptions in one replication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    window: Window,
    seconds_per_bin: usize,
    /// S3 requests by operation.
    pub requests: RequestsByOperation,
    /// The same by the region of the bucket, if there are several.
    pub regions: Vec<RegionRequests>,
    /// KMS calls by the operation that caused them.
    pub calls: [KmsCalls; Operation::ALL.len()],
    /// How many of them name an object.
    pub calls_by_object: u64,
    /// What of requests and calls belongs to work that happens once.
    pub once: Once,
    /// Bucket-level keys generated.
    pub keys_generated: u64,
    /// KMS calls in each counted second.
    pub calls_per_s: Seconds,
    /// Change of the number of bucket-level keys alive at the start of each counted second.
    alive_change: Seconds<i32>,
    /// Time bins.
    pub bins: Vec<Bin>,
    /// Requesters, if they are counted one by one.
    pub requesters: Vec<RequesterCounts>,
    principals: PrincipalTally,
    buckets: BucketTally,
    /// KMS calls of each part of a bucket, if those are told apart.
    pub calls_of_place: Vec<KmsCalls>,
    /// KMS calls of each account in each region, if those are told apart.
    pub accounts: Vec<AccountCalls>,
    /// Most S3 requests in a time bin to each bucket, by [`Operation::of_prefix_limit`], if buckets are
    /// told apart.
    pub busiest_bin_of_bucket: Vec<[u64; 2]>,
}

impl Tally {
    /// Nothing counted yet. Requesters are counted one by one unless their number is zero.
    #[must_use]
    pub fn new(window: Window, requesters: usize) -> Self {
        Self {
            window,
            seconds_per_bin: (window.bin.as_nanos() / 1_000_000_000) as usize,
            requests: [0; Operation::ALL.len()],
            regions: Vec::new(),
            calls: [KmsCalls::NONE; Operation::ALL.len()],
            calls_by_object: 0,
            once: Once::default(),
            keys_generated: 0,
            calls_per_s: Seconds::default(),
            alive_change: Seconds::default(),
            bins: vec![Bin::default(); window.bins()],
            requesters: vec![RequesterCounts::default(); requesters],
            principals: PrincipalTally::default(),
            buckets: BucketTally::default(),
            calls_of_place: Vec::new(),
            accounts: Vec::new(),
            busiest_bin_of_bucket: Vec::new(),
        }
    }

    /// The same with that many accounts in regions told apart, and in each so many kinds of clients.
    #[must_use]
    pub fn with_accounts(mut self, accounts: usize, clients: usize) -> Self {
        let series = if accounts * clients > 1 { clients } else { 0 };
        let account =
            AccountCalls { per_s: vec![Seconds::default(); series], ..AccountCalls::default() };
        self.accounts = vec![account; accounts];
        self
    }

    /// The same with that many principals told apart, and of each its calls to so many regions.
    #[must_use]
    pub fn with_principals(mut self, principals: usize, regions: usize) -> Self {
        self.principals = PrincipalTally::new(principals, regions);
        self
    }

    /// The same with buckets told apart.
    #[must_use]
    pub fn with_buckets(mut self, which: Arc<CountedBuckets>) -> Self {
        self.buckets = BucketTally::new(which);
        self
    }

    /// What each bucket's requests cost, if buckets are told apart.
    #[must_use]
    pub fn buckets(&self) -> &[BucketCounts] {
        &self.buckets.list
    }

    /// Whether a bucket's calls are counted by the second.
    #[must_use]
    pub fn counts_by_second(&self, bucket: usize) -> bool {
        self.buckets.counts_by_second(bucket)
    }

    /// The calls of each principal, region by region, if they are told apart.
    pub fn principals(&self) -> impl Iterator<Item = &[AccountCounts]> {
        self.principals.each()
    }

    /// The same with `places` parts of buckets told apart.
    #[must_use]
    pub fn with_places(mut self, places: usize) -> Self {
        self.calls_of_place = vec![KmsCalls::NONE; places];
        self
    }

    /// Counts where a request that was counted cost what it did, if places are told apart.
    pub fn count_at(&mut self, place: u32, time: SimTime, cost: KmsCalls) {
        if time >= self.window.from
            && let Some(calls) = self.calls_of_place.get_mut(place as usize)
        {
            *calls += cost;
        }
    }

    /// Where calls are counted by the second.
    fn series_of(&mut self, cost: &Cost) -> SeriesOfCalls<'_> {
        let account = self.accounts.get_mut(cost.account() as usize);
        SeriesOfCalls {
            all: &mut self.calls_per_s,
            of_clients: account
                .and_then(|it| it.per_s.get_mut(cost.caller.charged.clients as usize)),
            of_bucket: self.buckets.seconds_of(cost.bucket_of_calls()),
        }
    }

    /// Counts requests that cost the same calls each, in order of time; nothing before the counted
    /// part. The requests themselves are counted by [`S3Traffic`], once for all configurations.
    pub fn count_all(&mut self, cost: &Cost, times: &[SimTime]) {
        let window = self.window;
        let times = window.counted(times);
        if times.is_empty() {
            return;
        }
        let each = cost.calls.total();
        let mut series = self.series_of(cost);
        window.in_seconds(times, |second, count| series.add(second, each * u64::from(count)));
        let bins = &mut self.bins;
        window.in_bins(times, |bin, count| {
            bins[bin].calls += cost.calls.times(count);
            bins[bin].calls_once += if cost.once { each * count } else { 0 };
        });
        self.count_total(cost, times.len() as u64);
        self.count_of_requester(cost, times.len() as u64);
    }

    /// As [`Tally::count_all`], for times in any order.
    pub fn count_scattered(&mut self, cost: &Cost, times: &[SimTime]) {
        let each = cost.calls.total();
        let (from, seconds_per_bin) = (self.window.from, self.seconds_per_bin() as u32);
        let counted = || times.iter().filter(|time| **time >= from);
        let seconds = counted().map(|time| window::second_since(from, *time));
        let mut series = self.series_of(cost);
        for second in seconds.clone() {
            series.add(second, each);
        }
        for second in seconds {
            self.bins[(second / seconds_per_bin) as usize].calls += cost.calls;
        }
        let count = counted().count() as u64;
        self.count_total(cost, count);
        self.count_of_requester(cost, count);
    }

    /// Counts requests that cost the same calls each, by the number of them in each counted second,
    /// and by requester. The cost's own requester does not matter.
    pub fn count_in_bulk(&mut self, cost: &Cost, counts: &RequestCounts) {
        let each = cost.calls.total();
        let seconds_per_bin = self.seconds_per_bin();
        let mut series = self.series_of(cost);
        for (second, &count) in counts.per_second.iter().enumerate() {
            series.add(second as u32, each * count);
        }
        for (bin, counts) in self.bins.iter_mut().zip(counts.per_second.chunks(seconds_per_bin)) {
            bin.calls += cost.calls.times(counts.iter().sum());
        }
        self.count_total(cost, counts.per_second.iter().sum());
        for &(requester, count) in &counts.per_requester {
            let caller = Caller { requester, ..cost.caller };
            self.count_of_requester(&Cost { caller, ..*cost }, count);
        }
    }

    fn count_total(&mut self, cost: &Cost, count: u64) {
        let of = cost.charged(count);
        let calls = of.calls;
        self.calls[cost.operation as usize] += calls;
        self.once.calls += if cost.once { calls.total() } else { 0 };
        if let Some(account) = self.accounts.get_mut(cost.account() as usize) {
            account.counts.count(calls.total(), of.charged, cost.once);
        }
        self.principals.count(cost.caller.principal, of);
        self.buckets.count(cost.bucket_of_calls(), of);
        self.calls_by_object += if cost.by_object { calls.total() } else { 0 };
        self.keys_generated += if cost.generates { count } else { 0 };
    }

    fn count_of_requester(&mut self, cost: &Cost, count: u64) {
        let calls = cost.calls.times(count);
        if let Some(counts) = self.requesters.get_mut(cost.caller.requester) {
            counts.calls += calls;
            counts.calls_by_object += if cost.by_object { calls.total() } else { 0 };
            counts.keys_generated += if cost.generates { count } else { 0 };
        }
    }

    /// Adds requests that were counted apart.
    ///
    /// # Panics
    /// If windows differ.
    pub fn add_traffic(&mut self, traffic: &S3Traffic) {
        assert_eq!(self.window, traffic.window);
        add_each(&mut self.requests, &traffic.requests);
        add_each(&mut self.once.requests, &traffic.requests_once);
        self.buckets.add_requests(&traffic.parts);
        self.add_of_regions(&traffic.regions);
        self.busiest_bin_of_bucket = traffic.busiest();
        for (bin, more) in self.bins.iter_mut().zip(&traffic.bins) {
            bin.requests += more;
        }
        for (counts, more) in self.requesters.iter_mut().zip(&traffic.requesters) {
            counts.requests += more;
        }
    }

    fn add_of_regions(&mut self, regions: &[RegionRequests]) {
        self.regions.resize(regions.len(), RegionRequests::default());
        add_each(&mut self.regions, regions);
    }

    /// Notes that a bucket-level key lives from `first` to `last`, both counted seconds inclusive;
    /// they may lie before the first or after the last.
    fn note_alive(&mut self, first: i64, last: i64) {
        let seconds = self.window.seconds() as i64;
        let (first, last) = (first.max(0), last.min(seconds - 1));
        if first <= last {
            self.alive_change.add(first as u32, 1);
            self.alive_change.add(last as u32 + 1, -1);
        }
    }

    /// How many bucket-level keys are alive, from the first counted second to the last. A key and its
    /// successor in the same place (requester, bucket, partition) count once in the second they share.
    pub fn keys_alive(&self) -> impl Iterator<Item = AliveKeys> {
        let seconds = self.window.seconds() as u32;
        let changes = self.alive_change.numbers().filter(move |(second, _)| *second < seconds);
        let mut changes = changes.peekable();
        let (mut from, mut alive) = (0, 0_i64);
        std::iter::from_fn(move || {
            while let Some((_, change)) = changes.next_if(|(second, _)| *second == from) {
                alive += i64::from(change);
            }
            let until = changes.peek().map_or(seconds, |(second, _)| *second);
            let step = AliveKeys { from, until, keys: alive as u32 };
            from = until;
            (step.from < step.until).then_some(step)
        })
    }

    /// S3 requests of all operations.
    #[must_use]
    pub fn total_requests(&self) -> u64 {
        self.requests.iter().sum()
    }

    /// KMS calls of all operations.
    #[must_use]
    pub fn total_calls(&self) -> KmsCalls {
        self.calls.into_iter().sum()
    }

    /// Adds the counts of `other`, which must be of the same window. Requesters, principals and parts of
    /// buckets that are not counted one by one here are left out.
    ///
    /// # Panics
    /// If windows or numbers of requesters differ.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.window, other.window);
        let requesters = self.requesters.len();
        assert!(requesters == 0 || requesters == other.requesters.len());
        add_each(&mut self.requests, &other.requests);
        if !other.regions.is_empty() {
            self.add_of_regions(&other.regions);
        }
        add_each(&mut self.calls, &other.calls);
        self.calls_by_object += other.calls_by_object;
        self.once += other.once;
        self.keys_generated += other.keys_generated;
        self.principals.merge(&other.principals);
        self.buckets.merge(&other.buckets);
        add_each(&mut self.calls_of_place, &other.calls_of_place);
        for (mine, more) in self.accounts.iter_mut().zip(&other.accounts) {
            mine.add(more);
        }
        self.calls_per_s.add_all(&other.calls_per_s);
        self.alive_change.add_all(&other.alive_change);
        add_each(&mut self.bins, &other.bins);
        add_each(&mut self.requesters, &other.requesters);
        for (mine, more) in self.busiest_bin_of_bucket.iter_mut().zip(&other.busiest_bin_of_bucket)
        {
            *mine = [mine[0].max(more[0]), mine[1].max(more[1])];
        }
    }

    /// Number of counted seconds.
    #[must_use]
    pub fn seconds(&self) -> usize {
        self.window.seconds()
    }

    /// Number of seconds in a time bin.
    #[must_use]
    pub const fn seconds_per_bin(&self) -> usize {
        self.seconds_per_bin
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::KmsApi;
    use crate::s3::{Object, Request};
    use crate::units::SimDuration;

    fn at(seconds: f64) -> SimTime {
        SimTime::from(SimDuration::from_secs_f64(seconds))
    }

    fn window() -> Window {
        Window::new(at(10.0), at(20.0))
    }

    fn request(seconds: f64) -> Request {
        Request {
            time: at(seconds),
            slot: 0,
            bucket: 0,
            operation: Operation::GetObject,
            allows_bucket_key: true,
            once: false,
            draw: 0,
            object: Object::Keyless,
        }
    }

    fn one_decrypt(requester: usize) -> Cost {
        Cost {
            caller: Caller { requester, principal: 0, charged: Charged::default() },
            operation: Operation::GetObject,
            bucket: 0,
            read_bucket: 0,
            calls: KmsCalls::of(KmsApi::Decrypt, 1),
            by_object: true,
            side: CallSide::Read,
            generates: false,
            once: false,
        }
    }

    #[test]
    fn only_the_counted_part_counts() {
        let mut tally = Tally::new(window(), 1);
        let mut traffic = S3Traffic::new(window(), 1);
        for seconds in [9.9, 10.0, 10.5, 19.9] {
            traffic.count(0, &[request(seconds)]);
            tally.count_all(&one_decrypt(0), &[at(seconds)]);
        }
        tally.add_traffic(&traffic);
        assert_eq!(tally.total_requests(), 3);
        assert_eq!(tally.requesters[0].requests, 3);
        assert_eq!(tally.calls_per_s.one_by_one(10), [2, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(tally.requesters[0].calls.get(KmsApi::Decrypt), 3);
    }

    #[test]
    fn keys_are_alive_for_their_lifetime_and_successors_do_not_count_twice() {
        let mut tally = Tally::new(window(), 0);
        let mut alive = KeysAlive::default();
        alive.begin(1);
        let lifetime = SimDuration::from_secs(3);
        for seconds in [8.0, 11.5, 14.5] {
            alive.generated(&mut tally, 0, at(seconds), lifetime);
        }
        // 8–11 (from before the window), 11.5–14.5, 14.5–17.5.
        let alive: Vec<AliveKeys> = tally.keys_alive().collect();
        let [first, last] =
            [(0, 8, 1), (8, 10, 0)].map(|(from, until, keys)| AliveKeys { from, until, keys });
        assert_eq!(alive, [first, last]);
    }

    #[test]
    fn tallies_merge_to_what_one_would_have_counted() {
        let mut whole = Tally::new(window(), 2);
        let mut parts = [Tally::new(window(), 2), Tally::new(window(), 2)];
        for (i, seconds) in [10.0, 12.0, 12.2, 15.0, 19.5].into_iter().enumerate() {
            whole.count_all(&one_decrypt(i % 2), &[at(seconds)]);
            parts[i % 2].count_all(&one_decrypt(i % 2), &[at(seconds)]);
        }
        let [mut first, second] = parts;
        first.merge(&second);
        assert_eq!(first, whole);
    }

    /// Numbers of a part that somebody made up: ten seconds are counted, and keys are no longer alive from the eleventh on.
    #[test]
    fn what_is_of_no_second_is_refused() {
        let mut tally = Tally::new(window(), 0).with_accounts(1, 1);
        for (second, is_there) in [(0, true), (9, true), (10, false), (u32::MAX, false)] {
            assert_eq!(tally.put(TallyCell::Second(0, 0, second), 1).is_some(), is_there);
        }
        for (second, is_there) in [(10, true), (11, false)] {
            assert_eq!(tally.put(TallyCell::Alive(second), -1).is_some(), is_there);
        }
    }

    #[test]
    fn a_day_is_cut_into_five_minutes() {
        let day = Window::new(at(0.0), at(86_400.0));
        assert_eq!((day.bin, day.bins()), (SimDuration::from_secs(300), 288));
    }
}
