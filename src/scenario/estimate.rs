//! What a run will cost, before it is run: requests to draw and memory for keys.

use super::{Configuration, Scenario, engine};
use crate::encryption::assumptions::{Assumptions, Level};
use crate::encryption::history::Writing;
use crate::encryption::requester::{Requester, Requesters};
use crate::error::{Error, Result};
use crate::tally::Seconds;
use crate::units::SimTime;
use crate::workload::jobs::JobStep;
use crate::workload::{Traffic, Workload};

/// Most requests of one replication: about half an hour's work for one configuration on one core.
const MAX_REQUESTS: f64 = 2e10;

/// Memory that a run may take where it is not known how much there is, in bytes.
pub const USUAL_BYTES: u64 = 16 << 30;

/// Bytes that each counted second takes in a tally.
const BYTES_PER_SECOND: u64 = 8;

/// Bytes that a bucket-level key takes in a world, and in each cache that may hold it.
const BYTES_PER_KEY: u64 = 128;
const BYTES_PER_CACHE_ENTRY: u64 = 8;

/// Bytes that an object takes where objects are kept one by one, and while they are sorted.
const BYTES_PER_OBJECT: u64 = 40;
/// Entries of a cache from which on only those that are fetched take memory, how much each of these
/// then takes, and how many entries there can be.
const SPARSE_FROM: u64 = 1 << 24;
const BYTES_PER_FETCHED_ENTRY: u64 = 48;
const MOST_ENTRIES: u64 = 1 << 32;

/// Bytes that a session slot takes (its sources of requests, its counts), and a timeline of keys.
const BYTES_PER_SLOT: u64 = 1_024;
const BYTES_PER_TIMELINE: u64 = 64;

/// Bytes that a log's session takes, its names, its principal and its rows of results, whatever runs, and
/// what each configuration adds: measured, of logs in which each session is of a role of its own.
const BYTES_PER_SESSION: u64 = 4_096;
const BYTES_PER_SESSION_AND_CONFIGURATION: u64 = 1_024;

/// What one replication of a run is expected to take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean number of S3 requests.
    pub requests: f64,
    /// Of these, how many are drawn one by one.
    pub requests_drawn: f64,
    /// Distinct bucket-level keys that may be looked up, at the most, in the world that has most.
    pub keys_max: u64,
    /// Memory for keys, caches and tallies at the most, in bytes.
    pub bytes_max: u64,
}

/// What one configuration under one set of assumptions adds to a replication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArmEstimate {
    /// About how many requests could be answered in the time that it takes.
    pub requests: f64,
    /// Memory at the most, in bytes.
    pub bytes_max: u64,
}

impl Scenario {
    /// Mean number of S3 requests of one replication.
    #[must_use]
    pub fn expected_requests(&self) -> f64 {
        let duration = self.duration();
        let drawn: f64 =
            self.workloads.iter().map(|workload| workload.expected_requests(duration)).sum();
        drawn + self.recorded_requests()
    }

    /// Mean number of S3 requests of one replication that are drawn one by one.
    #[must_use]
    pub fn expected_requests_drawn(&self) -> f64 {
        let duration = self.duration();
        let drawn = |w: &&Workload| !self.engines.skips(self.principal_of(w));
        let drawn = self.workloads.iter().filter(drawn);
        drawn.fold(self.recorded_requests(), |sum, w| sum + w.expected_requests(duration))
    }

    /// About how many objects are kept one by one.
    fn objects_kept(&self) -> u64 {
        let populations = self.populations.iter().filter(|population| population.kept);
        let before: u64 = populations.map(|population| population.objects).sum();
        let workloads = self.workloads.iter().filter(|workload| workload.kept);
        let written: f64 = workloads.map(|w| w.expected_objects(self.duration())).sum();
        before + written as u64
    }

    /// Number of a log's requests.
    fn recorded_requests(&self) -> f64 {
        self.recording.as_ref().map_or(0.0, |recording| recording.seen.all as f64)
    }

    /// Estimates one replication, and the memory that `threads` together may take for it.
    #[must_use]
    pub fn estimate(&self, threads: usize) -> Estimate {
        let threads = threads as u64;
        let arms = self.configurations.len() as u64 * (Level::ALL.len() as u64 + 2);
        let seconds = self.window().seconds() as u64;
        let mut keys_max = 0;
        let mut bytes_max = self.slots.len() as u64 * BYTES_PER_SLOT * threads;
        bytes_max = bytes_max.saturating_add(self.bytes_of_sessions());
        // Of each rule under way.
        bytes_max =
            bytes_max.saturating_add(self.objects_kept().saturating_mul(2 * BYTES_PER_OBJECT));
        let tallies = [arms, seconds, BYTES_PER_SECOND, threads];
        bytes_max = bytes_max.saturating_add(tallies.into_iter().fold(1, u64::saturating_mul));
        bytes_max = bytes_max.saturating_add(arms.saturating_mul(self.bytes_of_accounts(seconds)));
        for configuration in &self.configurations {
            if !configuration.uses_bucket_keys(&self.domains) {
                continue;
            }
            let requesters = Requesters::group(configuration.rule, &self.principals, &self.slots);
            for level in Level::ALL {
                let assumptions = configuration.ranges.at(level);
                let keys = self.keys_at_most(configuration, &requesters, &assumptions);
                keys_max = keys_max.max(keys);
                let bytes = self.bytes_of_keys(keys, &requesters, &assumptions, threads);
                bytes_max = bytes_max.saturating_add(bytes);
            }
        }
        Estimate {
            requests: self.expected_requests(),
            requests_drawn: self.expected_requests_drawn(),
            keys_max,
            bytes_max,
        }
    }

    /// Estimates what one configuration, whose requesters are `requesters`, adds to a replication on
    /// `threads` under one set of assumptions.
    #[must_use]
    pub fn estimate_arm(
        &self,
        configuration: &Configuration,
        requesters: &Requesters,
        assumptions: &Assumptions,
        threads: usize,
    ) -> ArmEstimate {
        let threads = threads as u64;
        let keys = self.keys_at_most(configuration, requesters, assumptions);
        let tallies = self.window().seconds() as u64 * BYTES_PER_SECOND * threads;
        let bytes = self.bytes_of_keys(keys, requesters, assumptions, threads);
        // A key of the past is drawn in about the time of a request.
        let requests = engine::work(self, configuration, requesters, assumptions) + keys as f64;
        ArmEstimate { requests, bytes_max: bytes.saturating_add(tallies) }
    }

    /// Memory for the sessions of a log.
    fn bytes_of_sessions(&self) -> u64 {
        if self.recording.is_none() {
            return 0;
        }
        let configurations = self.configurations.len() as u64;
        let each = BYTES_PER_SESSION + configurations * BYTES_PER_SESSION_AND_CONFIGURATION;
        self.slots.len() as u64 * each
    }

    /// Memory for the calls of each account by the second, if there are several. A request's calls go
    /// to one account, in at most two regions.
    fn bytes_of_accounts(&self, seconds: u64) -> u64 {
        if self.accounts.list.len() == 1 {
            return 0;
        }
        let duration = self.duration();
        let of_workload = |workload: &Workload| {
            let requests = workload.expected_requests(duration).ceil() as u64;
            let spells = if let Traffic::Jobs(jobs) = &workload.traffic {
                let one = |step: &JobStep| step.objects as f64 / step.rate.as_per_s();
                let spells = jobs.steps.iter().map(|step| Seconds::blocks_of_spell(one(step)));
                spells.sum::<u64>().saturating_mul(jobs.starts(duration))
            } else {
                u64::MAX
            };
            Seconds::bytes_at_most(seconds, requests.min(spells)).saturating_mul(2)
        };
        let drawn = self.workloads.iter().map(of_workload).fold(0, u64::saturating_add);
        let accounts = self.accounts.list.len() as u64;
        let recorded = Seconds::bytes_at_most(seconds, self.recorded_requests() as u64);
        drawn.saturating_add(recorded.saturating_mul(accounts))
    }

    /// Memory for `keys` in a world, in the caches of `threads`, and for the places they come from.
    fn bytes_of_keys(
        &self,
        keys: u64,
        requesters: &Requesters,
        assumptions: &Assumptions,
        threads: u64,
    ) -> u64 {
        let reading = |requester: &Requester| assumptions.partitions(requester.connections).reading;
        let caches = requesters.list.iter().map(reading).max().unwrap_or(1);
        let of_cache = self.bytes_of_cache(keys.saturating_mul(caches.into()));
        let timelines = self.timelines(requesters, assumptions);
        keys.saturating_mul(BYTES_PER_KEY)
            .saturating_add(of_cache.saturating_mul(threads))
            .saturating_add(timelines.saturating_mul(BYTES_PER_TIMELINE))
    }

    /// Memory for a cache of so many entries: of very many only those that are fetched, which are no
    /// more than the requests.
    fn bytes_of_cache(&self, entries: u64) -> u64 {
        let all = entries.saturating_mul(BYTES_PER_CACHE_ENTRY);
        if !(SPARSE_FROM..MOST_ENTRIES).contains(&entries) {
            return all;
        }
        let requests = self.expected_requests_drawn() as u64;
        all.min(BYTES_PER_FETCHED_ENTRY.saturating_mul(requests).max(SPARSE_FROM))
    }

    /// Places (requester, bucket, write partition) in which keys can be generated within the run.
    fn timelines(&self, requesters: &Requesters, assumptions: &Assumptions) -> u64 {
        let writing = |requester: &Requester| {
            u64::from(assumptions.partitions(requester.connections).writing)
        };
        let partitions = requesters.list.iter().map(writing).sum::<u64>();
        partitions.saturating_mul(self.domains.len() as u64)
    }

    fn keys_at_most(
        &self,
        configuration: &Configuration,
        requesters: &Requesters,
        assumptions: &Assumptions,
    ) -> u64 {
        let scheme = configuration.scheme(self, *assumptions);
        let before = self.populations.iter().enumerate().map(|(index, population)| {
            let writers = population.writers(requesters, assumptions);
            let since = self.keys_since(index, &scheme);
            let writing = population.writing(since, &writers, assumptions);
            if configuration.migrates(index) && self.domain_of(population).migrates() {
                let rate_per_s = assumptions.migration_rate.as_per_s();
                let partitions = u64::from(assumptions.writing_at_most());
                writing.migrated_keys(rate_per_s).saturating_mul(partitions)
            } else if let Some(writes) = self.writes_before(index) {
                Writing { objects: writes, ..writing }.keys_at_most()
            } else {
                writing.keys_at_most()
            }
        });
        let before = before.fold(0, u64::saturating_add);
        let span = self.end.since(self.since());
        let windows = span.as_nanos() / assumptions.generation_lifetime.as_nanos() + 1;
        let timelines = self.timelines(requesters, assumptions);
        let duration = self.duration();
        let expected = |workload: &Workload| {
            let before = SimTime::ZERO.since(workload.since);
            workload.expected_writes(duration) + workload.expected_writes(before)
        };
        let writes: f64 = self.workloads.iter().map(expected).sum();
        // A Poisson number stays below this with all but certainty.
        let writes = (writes + 6.0 * writes.sqrt() + 10.0) as u64
            + self.recording.as_ref().map_or(0, |recording| recording.seen.all_writes);
        let written = timelines.saturating_mul(windows as u64).min(writes);
        before.saturating_add(if self.unwraps_new_keys() { written } else { 0 })
    }

    /// Refuses a run on `threads` that would not end, or not fit into `bytes` of memory.
    ///
    /// # Errors
    /// Says how large it is and what would make it smaller.
    pub fn check_size(&self, threads: usize, bytes: u64) -> Result<Estimate> {
        let estimate = self.estimate(threads);
        if estimate.requests_drawn > MAX_REQUESTS {
            return Err(Error::request(format!(
                "the scenario makes about `{:.0e}` requests a replication, but at most \
                 {MAX_REQUESTS:.0e} can be drawn one by one",
                estimate.requests_drawn
            ))
            .hint(
                "simulate a shorter `duration` (results are scaled to the billing period), or let \
                 `engine = \"auto\"` skip from KMS call to KMS call where traffic allows it",
            ));
        }
        if self.engines.work() > MAX_REQUESTS {
            return Err(Error::request(format!(
                "skipping from KMS call to KMS call would take as long as `{:.0e}` requests a \
                 replication, but at most {MAX_REQUESTS:.0e} are worth waiting for",
                self.engines.work()
            ))
            .hint(
                "simulate a shorter `duration`, or narrow `assumptions`: short lifetimes and many \
                 partitions make many calls",
            ));
        }
        if self.bytes_of_sessions() > bytes {
            return Err(Error::request(format!(
                "the log's `{}` sessions may take {} MiB of memory, but there are {} MiB",
                self.slots.len(),
                self.bytes_of_sessions() >> 20,
                bytes >> 20
            ))
            .hint("replay fewer at a time: fewer files, an earlier `--to`, or some buckets by `--bucket`"));
        }
        if estimate.bytes_max > bytes || estimate.keys_max >= 1 << 28 {
            return Err(Error::request(format!(
                "the scenario may need `{}` bucket-level keys and `{}` MiB of memory, but there are \
                 {} MiB for at most 2^28 keys",
                estimate.keys_max,
                estimate.bytes_max >> 20,
                bytes >> 20
            ))
            .hint(
                "fewer threads (`--jobs`), fewer writers, younger objects, a longer lowest generation \
                 lifetime or a shorter run need less",
            ));
        }
        Ok(estimate)
    }
}
