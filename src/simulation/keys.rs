//! First pass: who wrote what under which bucket-level key.
//!
//! Arms that agree about who is one requester and about everything that matters to writing share one
//! keyring, however much they differ in how they read.

use rayon::prelude::*;

use super::arm::SeenArm;
use super::arm_keys::ArmKeys;
use super::columns::RequestColumns;
use super::engines::RequestsSkipped;
use super::replication::ReplicationRun;
use super::skip_ahead::SkipAhead;
use crate::encryption::generated_keys::{KeyStarts, Timelines};
use crate::encryption::history::History;
use crate::encryption::keys::{Keyring, PopulationKeys};
use crate::encryption::needs::Needs;
use crate::encryption::service::{BucketScheme, CallOf, CallTimes, KeyNeeds, Memory, Scheme};
use crate::rng::Purpose;
use crate::s3::columns::{S3Columns, WantedColumns};
use crate::s3::{Request, SessionSlot};
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
    /// Of which age at the most, if not all of their objects.
    younger_than: Option<SimDuration>,
}

impl<'a> WritingRules<'a> {
    fn of(arm: &SeenArm<'a>) -> Self {
        let populations = 0..arm.scenario.populations.len();
        let migrated = populations.map(|index| arm.configuration().migrates(index)).collect();
        let younger_than = arm.configuration().migrated_younger_than;
        Self { scenario: arm.scenario, scheme: arm.scheme(), migrated, younger_than }
    }

    /// Whether both lead to the same keys, whatever they say about reading and verifying.
    fn makes_same_keys(&self, other: &Self) -> bool {
        let (mine, theirs) = (&self.scheme.assumptions, &other.scheme.assumptions);
        std::ptr::eq(self.scenario, other.scenario)
            && self.migrated == other.migrated
            && self.younger_than == other.younger_than
            && self.scheme.buckets == other.scheme.buckets
            && self.scheme.populations == other.scheme.populations
            && mine.generation_lifetime == theirs.generation_lifetime
            && mine.write_partitions == theirs.write_partitions
            && (mine.write_partitions.is_some() || mine.cache_hosts == theirs.cache_hosts)
            && mine.migration_rate == theirs.migration_rate
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
        let rate_per_s = assumptions.migration_rate.as_per_s();
        History::migrate(&writing, rate_per_s, partitions, rules.younger_than)
    } else if let Some(writes) = recorded {
        History::of_writes(&writing, writes.iter().map(|&(time, draw)| (time, 0, draw)))
    } else if let Some(objects) = run.kept.population(index as u32, 1, 0) {
        let kept = objects.iter().map(|object| {
            let requester = writers.of_slot[object.writer as usize];
            (object.time, requester, object.draw)
        });
        History::of_writes(&writing, kept)
    } else {
        let log = scenario.recording.as_ref();
        let place = log.map_or((index as u32, 0), |log| log.address_of_earlier(index));
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
    let generated: Vec<Vec<KeyStarts>> = if run.scenario.unwraps_new_keys() {
        let each = (0..requesters).into_par_iter();
        each.map_init(|| KeyMakers::of(run, rules), |makers, it| makers.generated(skip_ahead, it))
            .collect()
    } else {
        vec![vec![KeyStarts::default(); rules.len()]; requesters]
    };
    let mut timelines: Vec<Timelines> = rules.iter().map(|_| Timelines::new(buckets)).collect();
    for (requester, under_rules) in generated.into_iter().enumerate() {
        for ((timelines, starts), rules) in timelines.iter_mut().zip(under_rules).zip(rules) {
            let parts_in = run.partitions_in_buckets(requester, &rules.scheme);
            let parts_in = parts_in.map(|partitions| partitions.writing).collect();
            let parts = run.partitions(requester, &rules.scheme).writing;
            timelines.add_in_buckets(parts, parts_in, starts);
        }
    }
    timelines
}

/// Generates one requester's keys after another's under each set of rules.
struct KeyMakers<'a> {
    run: &'a ReplicationRun<'a>,
    /// One for each set of rules.
    makers: Vec<KeyMaker<'a>>,
    kinds: Vec<WriteNeeds>,
    batch: Vec<Request>,
    places: Vec<u32>,
    calls: Vec<CallOf>,
}

impl<'a> KeyMakers<'a> {
    fn of(run: &'a ReplicationRun, rules: &'a [WritingRules]) -> Self {
        let makers = rules.iter().map(|rules| KeyMaker {
            scheme: &rules.scheme,
            memory: Memory::new(run.scenario.since(), run.scenario.end),
            starts: KeyStarts::default(),
        });
        Self {
            run,
            makers: makers.collect(),
            kinds: WriteNeeds::of_all(rules),
            batch: Vec::new(),
            places: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// When a requester generates its keys, under each set of rules.
    fn generated(&mut self, skip_ahead: &SkipAhead, requester: usize) -> Vec<KeyStarts> {
        if self.run.skipped(requester) == RequestsSkipped::All {
            let schemes = self.makers.iter().map(|maker| maker.scheme);
            return schemes.map(|scheme| skip_ahead.keys_generated(requester, scheme)).collect();
        }
        self.begin(requester);
        match self.run.columns(requester, Workload::writes) {
            Some(kinds) => self.write_columns(requester, kinds),
            None => self.write_mixed(requester),
        }
        self.makers.iter_mut().map(|maker| std::mem::take(&mut maker.starts)).collect()
    }

    /// Makes S3 forget what it had in memory.
    fn begin(&mut self, requester: usize) {
        let session = self.run.session(requester);
        for maker in &mut self.makers {
            let partitions = self.run.partitions(requester, maker.scheme);
            maker.memory.begin(maker.scheme, partitions, 0, session);
            maker.memory.spread(self.run.partitions_in_buckets(requester, maker.scheme));
        }
    }

    fn write_columns(&mut self, requester: usize, kinds: Vec<RequestColumns>) {
        let (run, session) = (self.run, self.run.session(requester));
        let mut columns = S3Columns::default();
        let wanted = WantedColumns { objects: false, writers: false, draws: true };
        for mut writes in kinds.into_iter().filter(RequestColumns::writes) {
            self.begin(requester);
            while writes.next(&mut columns, wanted, run.scenario.end) {
                for maker in &mut self.makers {
                    maker.write_columns(&writes, session, &columns);
                }
            }
        }
    }

    fn write_mixed(&mut self, requester: usize) {
        let Self { run, makers, kinds, batch, places, calls } = self;
        let session = run.session(requester);
        let mut stream = run.writes(requester);
        while stream.next_batch(batch, places) {
            batch.retain(Needs::written_by);
            for WriteNeeds { needs, makers: alike } in kinds.iter_mut() {
                needs.find_wraps(makers[alike[0]].scheme, batch);
                for &maker in alike.iter() {
                    makers[maker].write(session, needs, calls);
                }
            }
        }
    }
}

/// What writes need under rules that treat the buckets alike.
struct WriteNeeds {
    needs: KeyNeeds,
    /// The numbers of the rules, one or more.
    makers: Vec<usize>,
}

impl WriteNeeds {
    fn of_all(rules: &[WritingRules]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (number, WritingRules { scheme, .. }) in rules.iter().enumerate() {
            let alike = all.iter_mut().find(|it| {
                let first = &rules[it.makers[0]].scheme;
                first.buckets == scheme.buckets
            });
            match alike {
                Some(alike) => alike.makers.push(number),
                None => all.push(Self { needs: KeyNeeds::default(), makers: vec![number] }),
            }
        }
        all
    }
}

/// Generates one requester's keys under one set of rules.
struct KeyMaker<'a> {
    scheme: &'a Scheme,
    memory: Memory,
    starts: KeyStarts,
}

impl KeyMaker<'_> {
    /// Generates what the requester's next writes need; `calls` is room for what they cost.
    fn write(&mut self, session: Option<&SessionSlot>, needs: &KeyNeeds, calls: &mut Vec<CallOf>) {
        self.memory.answer_all(self.scheme, session, needs, None, None, calls);
        for CallOf { time, answer, .. } in calls.iter() {
            if let Some(place) = answer.generated {
                self.starts.push(place, *time);
            }
        }
    }

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
