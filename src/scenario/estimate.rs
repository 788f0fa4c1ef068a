//! What a run will cost, before it is run: requests to draw and memory for keys.

use super::Scenario;
use crate::encryption::assumptions::Level;
use crate::encryption::requester::Requesters;
use crate::error::{Error, Result};
use crate::units::SimDuration;

/// Most requests of one replication: about half an hour's work.
const MAX_REQUESTS: f64 = 2e11;

/// Most memory for keys, in bytes.
const MAX_BYTES: u64 = 16 << 30;

/// Bytes that each counted second takes in a tally, and tallies of one arm in memory at a time.
const BYTES_PER_SECOND: u64 = 8;
const TALLIES_PER_ARM: u64 = 4;

/// Bytes that a bucket-level key takes in a world, and in each cache that may hold it.
const BYTES_PER_KEY: u64 = 32;
const BYTES_PER_CACHE_ENTRY: u64 = 8;

/// What one replication of a run is expected to take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean number of S3 requests.
    pub requests: f64,
    /// Distinct bucket-level keys at the most, in the world that has most.
    pub keys_max: u64,
    /// Memory for keys, caches and tallies at the most, in bytes.
    pub bytes_max: u64,
}

impl Scenario {
    /// Estimates one replication on one thread.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let duration = SimDuration::from_nanos(self.end.as_nanos());
        let requests =
            self.workloads.iter().map(|workload| workload.expected_requests(duration)).sum();
        let mut keys_max = 0;
        let arms = self.configurations.len() as u64 * (Level::ALL.len() as u64 + 1);
        let seconds = self.window().seconds() as u64;
        let mut bytes_max = arms * seconds * BYTES_PER_SECOND * TALLIES_PER_ARM;
        for configuration in &self.configurations {
            if !configuration.depends_on_assumptions(&self.buckets) {
                continue;
            }
            let requesters = Requesters::group(configuration.rule, &self.principals, &self.slots);
            for level in Level::ALL {
                let assumptions = configuration.ranges.at(level);
                let keys = self.keys_at_most(&requesters, &assumptions, requests);
                let partitions = u64::from(assumptions.read_partitions);
                keys_max = keys_max.max(keys);
                let entry =
                    BYTES_PER_KEY.saturating_add(partitions.saturating_mul(BYTES_PER_CACHE_ENTRY));
                bytes_max = bytes_max.saturating_add(keys.saturating_mul(entry));
            }
        }
        Estimate { requests, keys_max, bytes_max }
    }

    fn keys_at_most(
        &self,
        requesters: &Requesters,
        assumptions: &crate::encryption::assumptions::Assumptions,
        requests: f64,
    ) -> u64 {
        let before = self.populations.iter().map(|population| {
            let (weights, _) = population.requesters(requesters);
            let since = self.buckets[population.bucket as usize].keys_since;
            population.writing(since, &weights, assumptions).keys_at_most()
        });
        let before = before.fold(0, u64::saturating_add);
        let windows = self.end.as_nanos() / assumptions.generation_lifetime.as_nanos() + 1;
        let timelines = requesters.list.len() as u64
            * self.buckets.len() as u64
            * u64::from(assumptions.write_partitions);
        let written = timelines.saturating_mul(windows as u64).min(requests as u64);
        before.saturating_add(if self.unwraps_new_keys() { written } else { 0 })
    }

    /// Refuses a run that would not end or not fit.
    ///
    /// # Errors
    /// Says how large it is and what would make it smaller.
    pub fn check_size(&self) -> Result<Estimate> {
        let estimate = self.estimate();
        if estimate.requests > MAX_REQUESTS {
            return Err(Error::request(format!(
                "the scenario makes about `{:.0e}` requests a replication, but at most \
                 {MAX_REQUESTS:.0e} can be drawn one by one",
                estimate.requests
            ))
            .hint("simulate a shorter `duration` (results are scaled to the billing period)"));
        }
        if estimate.bytes_max > MAX_BYTES || estimate.keys_max >= 1 << 28 {
            return Err(Error::request(format!(
                "the scenario may need `{}` bucket-level keys and `{}` MiB of memory, but at most {} \
                 MiB are used",
                estimate.keys_max,
                estimate.bytes_max >> 20,
                MAX_BYTES >> 20
            ))
            .hint("fewer writers, younger objects, a longer lowest generation lifetime or a shorter run \
                 need less",));
        }
        Ok(estimate)
    }
}
