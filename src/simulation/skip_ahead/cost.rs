//! What skipping from KMS call to KMS call costs, estimated before it is done.

use std::collections::BTreeSet;

use crate::encryption::assumption::Partitions;
use crate::encryption::service::BucketScheme;
use crate::s3::Connections;
use crate::simulation::arm::PlannedArm;
use crate::simulation::engines::Engines;
use crate::units::SimTime;
use crate::workload::ages::AgeLaw;
use crate::workload::object_read::ReadSources;
use crate::workload::read_pattern::ReadPattern;
use crate::workload::{Action, Workload};

/// About how long it takes to skip to a call, to look at a key, and to answer a request, relative to
/// one another.
const OF_CALL: f64 = 3.0;
const OF_KEY: f64 = 1.0;
pub(in crate::simulation) const OF_REQUEST: f64 = 1.0;

/// Parts that a law of ages is cut into, each as likely as any other.
const PARTS: u32 = 64;

/// Keys that are as likely as one another to be needed.
struct LikeKeys {
    count: f64,
    /// The share of what is read or written that needs one of them.
    share: f64,
}

/// About how many requests could be drawn and answered in the time that one replication of an arm
/// takes: those that are drawn, and what skipping costs.
pub(in crate::simulation) fn work(arm: &PlannedArm, engines: &Engines) -> f64 {
    let duration = arm.scenario.duration();
    let workloads = arm.scenario.workloads.iter();
    let work = workloads.map(|workload| {
        if engines.skips_workload(workload) {
            of_skipping(arm, workload)
        } else {
            OF_REQUEST * workload.expected_requests(duration)
        }
    });
    work.sum()
}

/// The same for skipping through one workload's calls.
pub(in crate::simulation) fn of_skipping(arm: &PlannedArm, workload: &Workload) -> f64 {
    let duration = arm.scenario.duration();
    let of_slot = &arm.requesters.of_slot;
    let senders: BTreeSet<u32> =
        workload.slots.clone().map(|slot| of_slot[slot as usize]).collect();
    // As if all had as many connections as the one that has most.
    let connections = senders.iter().map(|&it| arm.requesters.list[it as usize].connections);
    let most = connections.reduce(Connections::or_more).unwrap_or(Connections::ASSUMED);
    let partitions = arm.assumptions.partitions(most);
    let senders = senders.len() as f64;
    let actions = workload.expected_actions(duration).into_iter();
    actions
        .map(|(action, count)| {
            let of_sender = count / duration.as_secs_f64() / senders;
            let keyed = of_keys(arm, workload, action, of_sender, partitions);
            // What has no bucket key costs a call each time.
            let keyless = keyless_share(arm, workload, action) * count;
            senders * keyed + OF_CALL * keyless
        })
        .sum()
}

/// The work of one requester's calls for bucket-level keys, which takes an action so often a
/// second.
fn of_keys(
    arm: &PlannedArm,
    workload: &Workload,
    action: Action,
    per_s: f64,
    partitions: Partitions,
) -> f64 {
    let (keys, lifetime, partitions) = match &workload.reads {
        Some(reads) if action.reads() => {
            (keys_read(arm, reads), arm.assumptions.cache_lifetime, partitions.reading)
        }
        _ if action.writes() => {
            let one = vec![LikeKeys { count: 1.0, share: 1.0 }];
            (one, arm.assumptions.generation_lifetime, partitions.writing)
        }
        _ => return 0.0,
    };
    let duration_s = arm.scenario.duration().as_secs_f64();
    let work = keys.into_iter().map(|LikeKeys { count, share }| {
        let places = (count * f64::from(partitions)).max(1.0);
        let rate = per_s * share / places;
        // Renewals of a Poisson process that rests after each point.
        let calls = duration_s * rate / (1.0 + rate * lifetime.as_secs_f64());
        places * (OF_KEY + OF_CALL * calls)
    });
    work.sum()
}

/// The share of an action's requests that cost a call each.
fn keyless_share(arm: &PlannedArm, workload: &Workload, action: Action) -> f64 {
    match &workload.reads {
        Some(reads) if action.reads() => keyless_share_read(arm, reads),
        // Before bucket keys are on each write is a call.
        _ if action.writes() => {
            let domain = &arm.scenario.domains[workload.bucket as usize];
            match arm.configuration.treats(domain) {
                BucketScheme::KeyPerObject => 1.0,
                BucketScheme::BucketKey { since, .. } if since > SimTime::ZERO => 1.0,
                _ => 0.0,
            }
        }
        _ => 0.0,
    }
}

/// The share of what is read of objects from before the run that has no bucket key.
fn keyless_share_read(arm: &PlannedArm, reads: &ReadSources) -> f64 {
    let Some(read) = &reads.population else { return 0.0 };
    let population = &arm.scenario.populations[read.population as usize];
    let domain = &arm.scenario.domains[read.bucket as usize];
    let ages = match &reads.pattern {
        ReadPattern::ByAge(law) => law,
        _ => &population.age,
    };
    let number = read.population as usize;
    let migrated = arm.configuration.migrates(number) && domain.migrates();
    match arm.configuration.treats_population(number, domain) {
        BucketScheme::NoKms | BucketScheme::BucketKey { since: SimTime::MIN, .. } => 0.0,
        BucketScheme::BucketKey { .. } if migrated => {
            arm.configuration.migrated_younger_than.map_or(0.0, |age| 1.0 - ages.cdf(age))
        }
        BucketScheme::BucketKey { since, .. } => 1.0 - ages.cdf(SimTime::ZERO.since(since)),
        BucketScheme::KeyPerObject => 1.0,
    }
}

/// About how many keys wrap what is read, part by part of the law of ages.
fn keys_read(arm: &PlannedArm, reads: &ReadSources) -> Vec<LikeKeys> {
    let population =
        reads.population.as_ref().map(|it| &arm.scenario.populations[it.population as usize]);
    let fixed;
    let ages: &AgeLaw = match (&reads.pattern, population) {
        (ReadPattern::ByAge(law), _) => law,
        (ReadPattern::JustWritten(just), _) => {
            fixed = AgeLaw::Fixed(just.delay);
            &fixed
        }
        (_, Some(population)) => &population.age,
        _ => return Vec::new(),
    };
    // Objects of a migrated population are packed under few keys, but no fewer than one.
    let migrated = reads
        .population
        .as_ref()
        .is_some_and(|it| arm.configuration.migrates(it.population as usize));
    let packed = if migrated { 1e-3 } else { 1.0 };
    let timelines = timelines_read(arm, reads);
    let lifetime_s = arm.assumptions.generation_lifetime.as_secs_f64();
    let bounds: Vec<f64> = (0..=PARTS)
        .map(|part| ages.quantile(f64::from(part) / f64::from(PARTS)).as_secs_f64())
        .collect();
    let keys = bounds.windows(2).map(|ends| {
        // However narrow the ages, a key wraps what is written in its lifetime.
        let span_s = ends[1] - ends[0] + lifetime_s;
        let count = (packed * timelines * span_s / lifetime_s).max(1.0);
        LikeKeys { count, share: 1.0 / f64::from(PARTS) }
    });
    keys.collect()
}

/// Places (requester, partition) that generate keys of what is read, at one time.
fn timelines_read(arm: &PlannedArm, reads: &ReadSources) -> f64 {
    let PlannedArm { scenario, requesters, assumptions, .. } = arm;
    let of_population = reads.population.as_ref().map_or(1, |read| {
        let population = &scenario.populations[read.population as usize];
        population.writers(requesters, assumptions).partitions.iter().sum()
    });
    let of_run: u32 = reads.written.as_ref().map_or(0, |written| {
        let slots = written.slots.clone();
        let writers: BTreeSet<u32> = slots.map(|slot| requesters.of_slot[slot as usize]).collect();
        let writers = writers.into_iter().map(|writer| &requesters.list[writer as usize]);
        writers.map(|writer| assumptions.partitions(writer.connections).writing).sum()
    });
    f64::from(of_population.max(of_run))
}
