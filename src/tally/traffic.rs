//! S3 requests, which are the same in every configuration.

use super::counts::{RegionRequests, RequestsByOperation, add_each};
use super::window::Window;
use crate::s3::{Operation, Request};
use crate::units::SimTime;

/// Adds pair to pair.
fn add_counts(mine: &mut [[u64; 2]], more: &[[u64; 2]]) {
    for (mine, more) in mine.iter_mut().zip(more) {
        add_each(mine, more);
    }
}

/// Numbers of requests of one operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// In each counted second.
    pub per_second: Vec<u64>,
    /// By each requester that sends any.
    pub per_requester: Vec<(usize, u64)>,
}

/// S3 requests, which are the same in every configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Traffic {
    pub(super) window: Window,
    pub(super) requests: RequestsByOperation,
    /// Of these, those of work that happens once.
    pub(super) requests_once: RequestsByOperation,
    /// The same by the region of the bucket, if there are several.
    pub(super) regions: Vec<RegionRequests>,
    /// For each bucket the number of its region, if there are several.
    pub(super) region_of: Vec<u32>,
    /// For each part of a bucket, if they are told apart.
    pub(super) parts: Vec<u64>,
    pub(super) bins: Vec<u64>,
    /// In each bin to each bucket, by [`Operation::of_prefix_limit`], if buckets are told apart: those of
    /// the first bin first.
    pub(super) of_buckets: Vec<[u64; 2]>,
    buckets: usize,
    pub(super) requesters: Vec<u64>,
}

impl S3Traffic {
    /// Nothing counted yet, of that many requesters.
    #[must_use]
    pub fn new(window: Window, requesters: usize) -> Self {
        Self {
            window,
            requests: [0; Operation::ALL.len()],
            requests_once: [0; Operation::ALL.len()],
            regions: Vec::new(),
            region_of: Vec::new(),
            parts: Vec::new(),
            bins: vec![0; window.bins()],
            of_buckets: Vec::new(),
            buckets: 0,
            requesters: vec![0; requesters],
        }
    }

    /// The same with so many buckets told apart.
    #[must_use]
    pub fn with_buckets(mut self, buckets: usize) -> Self {
        self.of_buckets = vec![[0; 2]; buckets * self.window.bins()];
        self.buckets = buckets;
        self
    }

    fn count_of_bucket(&mut self, bin: usize, bucket: u32, operation: Operation, count: u64) {
        if let Some(counts) = self.of_buckets.get_mut(bin * self.buckets + bucket as usize) {
            counts[operation.of_prefix_limit()] += count;
        }
    }

    /// The same with regions told apart; `region_of` has the number of each bucket's.
    #[must_use]
    pub fn with_regions(mut self, region_of: Option<&[u32]>) -> Self {
        self.region_of = region_of.unwrap_or_default().to_vec();
        let regions = self.region_of.iter().max().map_or(0, |last| *last as usize + 1);
        self.regions = vec![RegionRequests::default(); regions];
        self
    }

    /// The same with that many parts of buckets told apart.
    #[must_use]
    pub fn with_parts(mut self, parts: usize) -> Self {
        self.parts = vec![0; parts];
        self
    }

    fn count_in_part(&mut self, bucket: u32, operation: Operation, count: u64) {
        if let Some(requests) = self.parts.get_mut(bucket as usize) {
            *requests += count;
        }
        if let Some(&region) = self.region_of.get(bucket as usize) {
            self.regions[region as usize].all[operation as usize] += count;
        }
    }

    fn count_once_in_region(&mut self, bucket: u32, operation: Operation) {
        if let Some(&region) = self.region_of.get(bucket as usize) {
            self.regions[region as usize].once[operation as usize] += 1;
        }
    }

    /// Counts requests of one requester; none before the counted part.
    pub fn count(&mut self, requester: usize, requests: &[Request]) {
        let bin_ns = self.window.bin.as_nanos() as u64;
        let mut counted = 0;
        let from = self.window.from;
        // Most requests lie in the bin of the one before.
        let (mut bin, mut bin_ns_here) = (0, 0..0);
        for request in requests.iter().filter(|request| request.time >= from) {
            let since = request.time.since(from).as_nanos() as u64;
            self.requests[request.operation as usize] += 1;
            self.requests_once[request.operation as usize] += u64::from(request.once);
            if !bin_ns_here.contains(&since) {
                bin = (since / bin_ns) as usize;
                bin_ns_here = bin as u64 * bin_ns..(bin as u64 + 1) * bin_ns;
            }
            self.bins[bin] += 1;
            self.count_of_bucket(bin, request.bucket, request.operation, 1);
            self.count_in_part(request.bucket, request.operation, 1);
            if request.once {
                self.count_once_in_region(request.bucket, request.operation);
            }
            counted += 1;
        }
        self.requesters[requester] += counted;
    }

    /// Counts requests to a bucket by their number in each counted second.
    pub fn count_in_bulk(&mut self, bucket: u32, operation: Operation, counts: &RequestCounts) {
        let seconds_per_bin = (self.window.bin.as_nanos() / 1_000_000_000) as usize;
        for (second, count) in counts.per_second.iter().enumerate() {
            self.bins[second / seconds_per_bin] += count;
            self.count_of_bucket(second / seconds_per_bin, bucket, operation, *count);
        }
        let count = counts.per_second.iter().sum::<u64>();
        self.requests[operation as usize] += count;
        self.count_in_part(bucket, operation, count);
        for &(requester, count) in &counts.per_requester {
            self.requesters[requester] += count;
        }
    }

    /// Counts requests of one requester to one bucket and of one operation, in order of time; none
    /// before the counted part.
    pub fn count_all(
        &mut self,
        requester: usize,
        bucket: u32,
        operation: Operation,
        times: &[SimTime],
    ) {
        let counted = self.window.counted(times);
        self.count_in_part(bucket, operation, counted.len() as u64);
        self.requests[operation as usize] += counted.len() as u64;
        self.requesters[requester] += counted.len() as u64;
        let window = self.window;
        window.in_bins(counted, |bin, count| {
            self.bins[bin] += count;
            self.count_of_bucket(bin, bucket, operation, count);
        });
    }

    /// Most requests in a bin to each bucket, by [`Operation::of_prefix_limit`].
    pub(super) fn busiest(&self) -> Vec<[u64; 2]> {
        let mut busiest = vec![[0; 2]; self.buckets];
        for bin in self.of_buckets.chunks(self.buckets.max(1)) {
            for (most, counts) in busiest.iter_mut().zip(bin) {
                *most = [most[0].max(counts[0]), most[1].max(counts[1])];
            }
        }
        busiest
    }

    /// Adds the counts of `other`, which must be of the same window.
    ///
    /// # Panics
    /// If windows differ.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.window, other.window);
        add_each(&mut self.requests, &other.requests);
        add_each(&mut self.requests_once, &other.requests_once);
        add_each(&mut self.regions, &other.regions);
        add_each(&mut self.parts, &other.parts);
        add_each(&mut self.bins, &other.bins);
        add_counts(&mut self.of_buckets, &other.of_buckets);
        add_each(&mut self.requesters, &other.requesters);
    }
}
