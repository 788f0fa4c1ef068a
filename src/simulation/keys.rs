//! First pass: who wrote what under which bucket-level key.
//!
//! Arms that agree about who is one requester and about everything that matters to writing share one
//! keyring, however much they differ in how they read.

use rayon::prelude::*;

use super::arm::SeenArm;
use super::arm_keys::ArmKeys;
use super::columns::RequestColumns;
use super::replication::ReplicationRun;
use super::skip_ahead::SkipAhead;
use crate::encryption::history::History;
use crate::encryption::keys::{KeyStarts, Keyring, PopulationKeys, Timelines};
use crate::encryption::needs::Needs;
use crate::encryption::service::{BucketScheme, CallTimes, KeyNeeds, Memory, Scheme};
use crate::rng::Purpose;
use crate::s3::SessionSlot;
use crate::s3::columns::{S3Columns, WantedColumns};
use crate::scenario::Scenario;
use crate::units::{SimDuration, SimTime};
use crate::workload::Workload;

/// Makes the keys that each of `arms` meets.
pub(super) fn keys_of(run: &ReplicationRun, skip_ahead: &SkipAhead, arms: &[SeenArm]) -> ArmKeys {
    let mut rules: Vec<WritingRules> = Vec::new();
    let mut of_arm = Vec::new();
    for arm in arms {
        let keys_matter = arm.configuration().uses_bucket_keys(&run.scenario.domains)
            // Without a cache every unwrap is a call, whatever the key.
            && arm.arm.assumptions.cache_lifetime > SimDuration::ZERO;
        of_arm.push(keys_matter.then(|| {
            let mine = WritingRules::of(arm);
            let known = rules.iter().position(|known| known.makes_same_keys(&mine));
            known.unwrap_or_else(|| {
                rules.push(mine);
                rules.len() - 1
            })
        }));
    }
    if rules.is_empty() {
        return ArmKeys { keyrings: Vec::new(), of_arm };
    }
    let timelines = timelines(run, skip_ahead, &rules);
    let populations = 0..run.scenario.populations.len();
    let recorded: Vec<_> = populations.map(|index| recorded_before(run, index)).collect();
    let keyrings = rules.iter().zip(timelines).map(|(rules, timelines)| {
        let since = rules.scheme.buckets.iter().map(|bucket| bucket.since()).collect();
        let histories = histories(run, rules, &recorded);
        Keyring::new(histories, timelines, run.requesters.of_slot.clone(), since)
    });
    ArmKeys { keyrings: keyrings.collect(), of_arm }
}

/// What decides which key wraps what.
struct WritingRules<'a> {
    scenario: &'a Scenario,
    scheme: Scheme,
    /// Which populations are migrated.
    migrated: Vec<bool>,
}

impl<'a> WritingRules<'a> {
    fn of(arm: &SeenArm<'a>) -> Self {
        let populations = 0..arm.scenario.populations.len();
        let migrated = populations.map(|index| arm.configuration().migrates(index)).collect();
        Self { scenario: arm.scenario, scheme: arm.scheme(), migrated }
    }

    /// Whether both lead to the same keys, whatever they say about reading and verifying.
    fn makes_same_keys(&self, other: &Self) -> bool {
        let (mine, theirs) = (&self.scheme.assumptions, &other.scheme.assumptions);
        std::ptr::eq(self.scenario, other.scenario)
            && self.migrated == other.migrated
            && self.scheme.buckets == other.scheme.buckets
            && self.scheme.populations == other.scheme.populations
            && mine.generation_lifetime == theirs.generation_lifetime
            && mine.write_partitions == theirs.write_partitions
            && (mine.write_partitions.is_some() || mine.cache_hosts == theirs.cache_hosts)
            && mine.migration_rate == theirs.migration_rate
    }

    /// A memory that knows no key yet, and a list for each place in which one can be generated.
    fn begin(&self, run: &ReplicationRun, requester: usize) -> KeyMaker<'_> {
        let partitions = run.partitions(requester, &self.scheme);
        let mut memory = Memory::new(run.scenario.since(), run.scenario.end);
        memory.begin(&self.scheme, partitions, 0, run.session(requester));
        let starts = KeyStarts::new(self.scheme.buckets.len(), partitions.writing);
        KeyMaker { scheme: &self.scheme, memory, starts }
    }
}

/// When a population was written and by which part of S3's fleet, if an inventory tells.
type WritesBefore = Option<Vec<(SimTime, u32)>>;

fn recorded_before(run: &ReplicationRun, population: usize) -> WritesBefore {
    let recording = run.scenario.recording.as_ref()?;
    recording.written_before(population, run.scenario.seed, run.replication)
}

/// The keys of the objects that were there before the run.
fn histories(
    run: &ReplicationRun,
    rules: &WritingRules,
    recorded: &[WritesBefore],
) -> Vec<PopulationKeys> {
    (0..recorded.len()).map(|index| history(run, rules, index, &recorded[index])).collect()
}

fn history(
    run: &ReplicationRun,
    rules: &WritingRules,
    index: usize,
    recorded: &WritesBefore,
) -> PopulationKeys {
    let scenario = rules.scenario;
    let population = &scenario.populations[index];
    let since = scenario.keys_since(index, &rules.scheme);
    let assumptions = &rules.scheme.assumptions;
    let writers = population.writers(run.requesters, assumptions);
    let writing = population.writing(since, &writers, assumptions);
    let history = if rules.migrated[index] && scenario.domain_of(population).migrates() {
        let partitions = assumptions.writing_at_most();
        History::migrate(&writing, assumptions.migration_rate.as_per_s(), partitions)
    } else if let Some(writes) = recorded {
        History::of_writes(&writing, writes.iter().map(|&(time, draw)| (time, 0, draw)))
    } else if let Some(objects) = run.kept.population(index as u32, 1, 0) {
        let kept = objects.iter().map(|object| {
            let requester = writers.of_slot[object.writer as usize];
            (object.time, requester, object.draw)
        });
        History::of_writes(&writing, kept)
    } else {
        let place = (index as u32, 0);
        let mut rng = scenario.seed.stream(run.replication, Purpose::History, place);
        History::write(&writing, &mut rng)
    };
    PopulationKeys { history, requester_of_writer: writers.of_slot, since, first_key: 0 }
}

/// When each requester generates its bucket-level keys within the run, under each set of rules. All see
/// the same writes.
fn timelines(
    run: &ReplicationRun,
    skip_ahead: &SkipAhead,
    rules: &[WritingRules],
) -> Vec<Timelines> {
    let (requesters, buckets) = (run.requesters.list.len(), run.scenario.domains.len());
    let none = rules.iter().map(|rules| {
        let writing =
            (0..requesters).map(|requester| run.partitions(requester, &rules.scheme).writing);
        Timelines::new(&writing.collect::<Vec<_>>(), buckets)
    });
    let mut timelines: Vec<Timelines> = none.collect();
    if !run.scenario.unwraps_new_keys() {
        return timelines;
    }
    let generated: Vec<Vec<KeyStarts>> = (0..requesters)
        .into_par_iter()
        .map(|requester| {
            if run.skips(requester) {
                let schemes = rules.iter().map(|rules| &rules.scheme);
                schemes.map(|scheme| skip_ahead.keys_generated(requester, scheme)).collect()
            } else {
                keys_generated(run, requester, rules)
            }
        })
        .collect();
    for (requester, under_rules) in generated.into_iter().enumerate() {
        for (timelines, starts) in timelines.iter_mut().zip(under_rules) {
            timelines.set(requester, starts);
        }
    }
    timelines
}

/// When a requester whose requests are drawn generates its keys, under each set of rules.
fn keys_generated(
    run: &ReplicationRun,
    requester: usize,
    rules: &[WritingRules],
) -> Vec<KeyStarts> {
    let session = run.session(requester);
    let mut makers: Vec<KeyMaker> = rules.iter().map(|rules| rules.begin(run, requester)).collect();
    if let Some(kinds) = run.columns(requester, Workload::writes) {
        let mut columns = S3Columns::default();
        let wanted = WantedColumns { objects: false, writers: false, draws: true };
        for mut writes in kinds.into_iter().filter(RequestColumns::writes) {
            for maker in &mut makers {
                let partitions = run.partitions(requester, maker.scheme);
                maker.memory.begin(maker.scheme, partitions, 0, session);
            }
            while writes.next(&mut columns, wanted, run.scenario.end) {
                for maker in &mut makers {
                    maker.write_columns(&writes, session, &columns);
                }
            }
        }
    } else {
        write_in_order(run, requester, &mut makers);
    }
    makers.into_iter().map(|maker| maker.starts).collect()
}

/// Lets a requester write all kinds of requests in order of time. What rules that treat the buckets alike
/// need is found out once for all of them.
fn write_in_order(run: &ReplicationRun, requester: usize, makers: &mut [KeyMaker]) {
    let session = run.session(requester);
    let mut firsts: Vec<&Scheme> = Vec::new();
    let mut group_of = Vec::new();
    for KeyMaker { scheme, .. } in &*makers {
        let known = firsts.iter().position(|first| first.buckets == scheme.buckets);
        group_of.push(known.unwrap_or(firsts.len()));
        if known.is_none() {
            firsts.push(scheme);
        }
    }
    let mut needs: Vec<KeyNeeds> = firsts.iter().map(|_| KeyNeeds::default()).collect();
    let mut stream = run.writes(requester);
    let (mut batch, mut places, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    while stream.next_batch(&mut batch, &mut places) {
        batch.retain(Needs::written_by);
        for (needs, scheme) in needs.iter_mut().zip(&firsts) {
            needs.find_wraps(scheme, &batch);
        }
        for (maker, &group) in makers.iter_mut().zip(&group_of) {
            let KeyMaker { scheme, memory, starts } = maker;
            memory.answer_all(scheme, session, &needs[group], None, &mut calls);
            for call in &calls {
                if let Some(place) = call.answer.generated {
                    starts.push(place, call.time);
                }
            }
        }
    }
}

/// Generates one requester's keys under one set of rules.
struct KeyMaker<'a> {
    scheme: &'a Scheme,
    memory: Memory,
    starts: KeyStarts,
}

impl KeyMaker<'_> {
    fn write_columns(
        &mut self,
        writes: &RequestColumns,
        session: Option<&SessionSlot>,
        columns: &S3Columns,
    ) {
        let bucket = writes.kind.bucket;
        let BucketScheme::BucketKey { since, .. } = self.scheme.buckets[bucket as usize] else {
            return;
        };
        if !writes.kind.allows_bucket_key {
            return;
        }
        let mut calls = CallTimes::default();
        self.memory.wrap_all(self.scheme, session, bucket, since, columns, &mut calls);
        for (&time, &timeline) in calls.by_bucket.iter().zip(&calls.generated) {
            self.starts.push(timeline, time);
        }
    }
}
