//! What a run will cost, before it is run: requests to draw and memory for keys.

use super::arm::PlannedArm;
use super::buckets;
use super::engines::Engines;
use super::skip_ahead::cost;
use crate::encryption::assumption::Level;
use crate::encryption::history::Writing;
use crate::encryption::requester::Requesters;
use crate::encryption::service::Scheme;
use crate::error::{Error, Result};
use crate::scenario::Scenario;
use crate::tally::Seconds;
use crate::units::SimTime;
use crate::workload::jobs::JobStep;
use crate::workload::{Traffic, Workload};

/// Most requests of one replication: about half an hour's work for one configuration on one core.
const MAX_REQUESTS: f64 = 2e10;

/// Memory that a run may take where it is not known how much there is, in bytes.
pub const USUAL_BYTES: u64 = 16 << 30;

/// Bytes that a bucket-level key takes, and in each cache that may hold it.
const BYTES_PER_KEY: u64 = 128;
const BYTES_PER_CACHE_ENTRY: u64 = 8;

/// Bytes that a key takes in each part of S3's fleet where drawn requests ask for it that share it with others.
const BYTES_PER_SHARED_KEY: u64 = 96;

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
pub struct RunEstimate {
    /// Mean number of S3 requests.
    pub requests: f64,
    /// Of these, how many are drawn one by one.
    pub requests_drawn: f64,
    /// Distinct bucket-level keys that may be looked up, at the most, by the arm that has most.
    pub keys_max: u64,
    /// Memory for keys, caches and tallies at the most, in bytes.
    pub bytes_max: u64,
}

impl RunEstimate {
    /// Estimates one replication, and the memory that `threads` together may take for it.
    #[must_use]
    pub fn of(scenario: &Scenario, engines: &Engines, threads: usize) -> Self {
        let requests_drawn = engines.requests_drawn(scenario);
        let threads = threads as u64;
        let arms = scenario.configurations.len() as u64 * (Level::ALL.len() as u64 + 2);
        let tallies = [arms, bytes_of_seconds(scenario), threads];
        let mut keys_max = 0;
        let mut bytes_max = (scenario.slots.len() as u64 * BYTES_PER_SLOT * threads)
            .saturating_add(bytes_of_sessions(scenario))
            // Of each rule under way.
            .saturating_add(objects_kept(scenario).saturating_mul(2 * BYTES_PER_OBJECT))
            .saturating_add(tallies.into_iter().fold(1, u64::saturating_mul))
            .saturating_add(buckets::bytes_of(scenario).saturating_mul(threads))
            .saturating_add(arms.saturating_mul(bytes_of_accounts(scenario)));
        for configuration in &scenario.configurations {
            if !configuration.uses_bucket_keys(&scenario.domains) {
                continue;
            }
            let requesters =
                &Requesters::group(configuration.rule, &scenario.principals, &scenario.slots);
            for level in Level::ALL {
                let assumptions = &configuration.ranges.at(level);
                let arm = PlannedArm { scenario, configuration, requesters, assumptions };
                let keys = keys_at_most(&arm);
                keys_max = keys_max.max(keys);
                let bytes = bytes_of_keys(&arm, keys, engines, threads);
                bytes_max = bytes_max.saturating_add(bytes);
            }
        }
        Self { requests: scenario.expected_requests(), requests_drawn, keys_max, bytes_max }
    }
}

/// What one configuration under one set of assumptions adds to a replication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ArmEstimate {
    /// About how many requests could be answered in the time that it takes.
    pub(crate) requests: f64,
    /// Memory at the most, in bytes.
    pub(crate) bytes_max: u64,
}

impl ArmEstimate {
    /// Estimates what `arm` adds to a replication on `threads`.
    #[must_use]
    pub(crate) fn of(arm: &PlannedArm, engines: &Engines, threads: usize) -> Self {
        let threads = threads as u64;
        let keys = keys_at_most(arm);
        let tallies = bytes_of_seconds(arm.scenario) * threads;
        let bytes = bytes_of_keys(arm, keys, engines, threads);
        // A key of the past is drawn in about the time of a request.
        let requests = cost::work(arm, engines) + keys as f64;
        Self { requests, bytes_max: bytes.saturating_add(tallies) }
    }
}

/// About how many objects are kept one by one.
fn objects_kept(scenario: &Scenario) -> u64 {
    let populations = scenario.populations.iter().filter(|population| population.kept);
    let before: u64 = populations.map(|population| population.objects).sum();
    let workloads = scenario.workloads.iter().filter(|workload| workload.kept);
    let written: f64 = workloads.map(|w| w.expected_objects(scenario.duration())).sum();
    before + written as u64
}

/// Memory for the sessions of a log.
fn bytes_of_sessions(scenario: &Scenario) -> u64 {
    if scenario.recording.is_none() {
        return 0;
    }
    let configurations = scenario.configurations.len() as u64;
    let each = BYTES_PER_SESSION + configurations * BYTES_PER_SESSION_AND_CONFIGURATION;
    scenario.slots.len() as u64 * each
}

/// Memory for the calls of an arm by the second, and for what becomes of its keys: each is generated by a
/// call, and expires later.
fn bytes_of_seconds(scenario: &Scenario) -> u64 {
    let seconds = scenario.window().seconds() as u64;
    let drawn = scenario.workloads.iter().map(|workload| blocks_of_calls(scenario, workload));
    let blocks = drawn.fold(scenario.recorded_requests() as u64, u64::saturating_add);
    let [calls, alive] = [blocks, blocks.saturating_mul(2)];
    Seconds::<u32>::bytes_at_most(seconds, calls) + Seconds::<i32>::bytes_at_most(seconds, alive)
}

/// Memory for the calls of each account's clients by the second, if there are several. A request's calls
/// go to one account, in at most two regions.
fn bytes_of_accounts(scenario: &Scenario) -> u64 {
    let series = scenario.accounts.list.len() * scenario.accounts.client_groups();
    if series == 1 {
        return 0;
    }
    let seconds = scenario.window().seconds() as u64;
    let drawn = scenario.workloads.iter().map(|workload| {
        let blocks = blocks_of_calls(scenario, workload);
        Seconds::<u32>::bytes_at_most(seconds, blocks).saturating_mul(2)
    });
    let drawn = drawn.fold(0, u64::saturating_add);
    let recorded = Seconds::<u32>::bytes_at_most(seconds, scenario.recorded_requests() as u64);
    drawn.saturating_add(recorded.saturating_mul(series as u64))
}

/// In how many blocks of seconds a workload's calls may lie, on the whole.
fn blocks_of_calls(scenario: &Scenario, workload: &Workload) -> u64 {
    let duration = scenario.duration();
    let requests = workload.expected_requests(duration).ceil() as u64;
    let at_once = match &workload.traffic {
        Traffic::Jobs(jobs) => {
            let steps = jobs.steps.iter().map(blocks_of_step).sum::<u64>();
            steps.saturating_mul(jobs.starts(duration))
        }
        _ => u64::MAX,
    };
    requests.min(at_once)
}

fn blocks_of_step(step: &JobStep) -> u64 {
    Seconds::<u32>::blocks_of_spell(step.lasts_s())
}

/// Memory for an arm's `keys`, in the caches of `threads`, and for the places they come from.
fn bytes_of_keys(arm: &PlannedArm, keys: u64, engines: &Engines, threads: u64) -> u64 {
    let requests_drawn = engines.requests_drawn(arm.scenario);
    let requesters = arm.requesters.list.iter();
    let reading = requesters.map(|it| arm.assumptions.partitions(it.connections).reading);
    let caches = reading.max().unwrap_or(1);
    let entries = keys.saturating_mul(caches.into());
    let of_cache = bytes_of_cache(entries, requests_drawn);
    let shared = if engines.share_keys() { entries.min(requests_drawn as u64) } else { 0 };
    keys.saturating_mul(BYTES_PER_KEY)
        .saturating_add(of_cache.saturating_mul(threads))
        .saturating_add(shared.saturating_mul(BYTES_PER_SHARED_KEY))
        .saturating_add(timelines(arm).saturating_mul(BYTES_PER_TIMELINE))
}

/// Memory for a cache of so many entries: of very many only those that are fetched, which are no more
/// than the requests.
fn bytes_of_cache(entries: u64, requests_drawn: f64) -> u64 {
    let all = entries.saturating_mul(BYTES_PER_CACHE_ENTRY);
    if !(SPARSE_FROM..MOST_ENTRIES).contains(&entries) {
        return all;
    }
    let requests = requests_drawn as u64;
    all.min(BYTES_PER_FETCHED_ENTRY.saturating_mul(requests).max(SPARSE_FROM))
}

/// Places (requester, bucket, write partition) in which keys can be generated within the run.
fn timelines(arm: &PlannedArm) -> u64 {
    let writers = writers(arm.scenario, arm.requesters).into_iter();
    let places = writers.map(|(requester, _)| {
        let connections = arm.requesters.list[requester as usize].connections;
        u64::from(arm.assumptions.partitions(connections).writing)
    });
    places.sum()
}

/// Which requester may write to which bucket, each pair once: of a log any of its sessions to any bucket.
fn writers(scenario: &Scenario, requesters: &Requesters) -> Vec<(u32, u32)> {
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    if scenario.recording.is_some() {
        let buckets = 0..scenario.domains.len() as u32;
        pairs.extend(buckets.flat_map(|bucket| {
            (0..requesters.list.len() as u32).map(move |requester| (requester, bucket))
        }));
    } else {
        for workload in scenario.workloads.iter().filter(|workload| workload.writes()) {
            let slots = workload.slots.start as usize..workload.slots.end as usize;
            let of_slots = &requesters.of_slot[slots];
            pairs.extend(of_slots.iter().map(|&requester| (requester, workload.bucket)));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Distinct bucket-level keys of an arm, at the most.
fn keys_at_most(arm: &PlannedArm) -> u64 {
    let PlannedArm { scenario, assumptions, .. } = *arm;
    let scheme = arm.configuration.scheme(scenario, *assumptions);
    let populations = 0..scenario.populations.len();
    let before = populations.map(|population| keys_before(arm, &scheme, population));
    let before = before.fold(0, u64::saturating_add);
    if !scenario.unwraps_new_keys() {
        return before;
    }
    let span = scenario.end.since(scenario.since());
    let lifetimes = span.as_nanos() / assumptions.generation_lifetime.as_nanos() + 1;
    let duration = scenario.duration();
    let writes = scenario.workloads.iter().map(|workload| {
        let before = SimTime::ZERO.since(workload.since);
        workload.expected_writes(duration) + workload.expected_writes(before)
    });
    let writes: f64 = writes.sum();
    // A Poisson number stays below this with all but certainty.
    let writes = (writes + 6.0 * writes.sqrt() + 10.0) as u64
        + scenario.recording.as_ref().map_or(0, |recording| recording.seen.all_writes);
    before.saturating_add(timelines(arm).saturating_mul(lifetimes as u64).min(writes))
}

/// Distinct bucket-level keys of a population, at the most.
fn keys_before(arm: &PlannedArm, scheme: &Scheme, index: usize) -> u64 {
    let PlannedArm { scenario, configuration, requesters, assumptions } = *arm;
    let population = &scenario.populations[index];
    let writers = population.writers(requesters, assumptions);
    let since = scenario.keys_since(index, scheme);
    let writing = population.writing(since, &writers, assumptions);
    if configuration.migrates(index) && scenario.domain_of(population).migrates() {
        let rate_per_s = assumptions.migration_rate.as_per_s();
        let partitions = u64::from(assumptions.writing_at_most());
        writing.migrated_keys(rate_per_s).saturating_mul(partitions)
    } else if let Some(writes) = scenario.writes_before(index) {
        Writing { objects: writes, ..writing }.keys_at_most()
    } else {
        writing.keys_at_most()
    }
}

/// Refuses a run on `threads` that would not end, or not fit into `bytes` of memory.
///
/// # Errors
/// Says how large it is and what would make it smaller.
pub fn check_size(scenario: &Scenario, threads: usize, bytes: u64) -> Result<RunEstimate> {
    let engines = Engines::of(scenario);
    let estimate = RunEstimate::of(scenario, &engines, threads);
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
    let skipping = engines.work(scenario);
    if skipping > MAX_REQUESTS {
        return Err(Error::request(format!(
            "skipping from KMS call to KMS call would take as long as `{skipping:.0e}` requests a \
             replication, but at most {MAX_REQUESTS:.0e} are worth waiting for"
        ))
        .hint(
            "simulate a shorter `duration`, or narrow `assumptions`: short lifetimes and many \
             partitions make many calls",
        ));
    }
    let of_sessions = bytes_of_sessions(scenario);
    if of_sessions > bytes {
        return Err(Error::request(format!(
            "the log's `{}` sessions may take {} MiB of memory, but there are {} MiB",
            scenario.slots.len(),
            of_sessions >> 20,
            bytes >> 20
        ))
        .hint(
            "replay fewer at a time: fewer files, an earlier `--to`, or some buckets by `--bucket`",
        ));
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
