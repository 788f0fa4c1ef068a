//! Which buckets are counted by the second: a run of four hundred over a month would take gigabytes.

use std::sync::Arc;

use crate::scenario::Scenario;
use crate::tally::{CountedBuckets, Seconds};

/// Seconds of all buckets together that are counted in one tally.
const MOST_SECONDS: usize = 1 << 25;

/// Bytes of a bucket in one tally, seconds left out.
const BYTES_PER_BUCKET: u64 = 512;

/// The buckets that tallies tell apart.
pub(super) struct BucketsTold {
    /// Of arms that count them by the second, too.
    pub(super) by_second: Arc<CountedBuckets>,
    /// Of arms of which sums are of interest.
    pub(super) totals: Arc<CountedBuckets>,
}

impl BucketsTold {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let of_part: Vec<u32> = scenario.domains.iter().map(|domain| domain.bucket).collect();
        let never = vec![false; scenario.buckets.len()];
        let totals = CountedBuckets { of_part: of_part.clone(), by_second: never };
        let by_second = CountedBuckets { of_part, by_second: by_second(scenario) };
        Self { by_second: Arc::new(by_second), totals: Arc::new(totals) }
    }
}

/// For each bucket whether its calls are counted by the second: of several those with most requests, as
/// many as there is room for.
fn by_second(scenario: &Scenario) -> Vec<bool> {
    let mut by_second = vec![false; scenario.buckets.len()];
    if scenario.buckets.len() > 1 {
        let requests = requests(scenario);
        let mut order: Vec<usize> = (0..requests.len()).collect();
        order.sort_by(|&a, &b| requests[b].total_cmp(&requests[a]).then(a.cmp(&b)));
        let room = (MOST_SECONDS / scenario.window().seconds().max(1)).max(1);
        order.into_iter().take(room).for_each(|bucket| by_second[bucket] = true);
    }
    by_second
}

/// Mean number of requests to each bucket.
fn requests(scenario: &Scenario) -> Vec<f64> {
    let mut requests = vec![0.0; scenario.buckets.len()];
    for workload in &scenario.workloads {
        let bucket = scenario.domains[workload.bucket as usize].bucket;
        requests[bucket as usize] += workload.expected_requests(scenario.duration());
    }
    for place in scenario.recording.iter().flat_map(|log| &log.places) {
        requests[place.bucket as usize] += place.requests as f64;
    }
    requests
}

/// Bytes that the counts of all buckets take at the most, on one thread.
pub(super) fn bytes_of(scenario: &Scenario) -> u64 {
    let counted = by_second(scenario).into_iter().filter(|counted| *counted).count() as u64;
    let requests: f64 = requests(scenario).into_iter().sum();
    let blocks = requests.ceil() as u64;
    let dense = Seconds::<u32>::bytes_at_most(scenario.window().seconds() as u64, blocks);
    let seconds =
        counted.saturating_mul(dense).min(Seconds::<u32>::bytes_at_most(u64::MAX, blocks));
    let configurations = scenario.configurations.len() as u64;
    // Each configuration at three levels and at two bounds.
    let each = seconds + 5 * BYTES_PER_BUCKET * scenario.buckets.len() as u64;
    configurations.saturating_mul(each)
}
