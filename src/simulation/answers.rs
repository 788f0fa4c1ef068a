//! Second pass: every request answered by every arm, and counted.

use std::collections::BTreeMap;
use std::sync::Mutex;

use rayon::prelude::*;

use super::arm::SeenArm;
use super::arm_keys::ArmKeys;
use super::batches::{BatchAnswers, NeedGroups};
use super::buckets::BucketsTold;
use super::columns::RequestColumns;
use super::engines::RequestsSkipped;
use super::keys::keys_of;
use super::replication::ReplicationRun;
use super::skip_ahead::{KeysShared, NeededKeys, SharedMemory, SkipAhead};
use super::worker::{ArmState, Worker, Workers};
use crate::encryption::assumption::Assumptions;
use crate::encryption::cost::KeyCost;
use crate::encryption::keys::Keyring;
use crate::encryption::needs::{MemoryPart, Needs};
use crate::encryption::service::{BucketScheme, Scheme};
use crate::kms::{KmsApi, KmsCalls};
use crate::s3::columns::{Objects, RequestClass, S3Columns, WantedColumns};
use crate::s3::{Connections, SessionSlot};
use crate::tally::{CallSide, Caller, Cost, Tally};
use crate::workload::written::KeptObjects;

/// Runs all requesters and counts what they cost, arm by arm.
pub(super) fn count(run: &ReplicationRun, arms: &[SeenArm], buckets: &BucketsTold) -> Vec<Tally> {
    let skip_ahead = SkipAhead::new(run);
    let keys = &keys_of(run, &skip_ahead, arms);
    let schemes: Vec<Scheme> = arms.iter().map(SeenArm::scheme).collect();
    let groups = NeedGroups::of(&schemes, keys);
    let needed = skip_ahead.needed(keys);
    let answers = Answers {
        run,
        schemes: &schemes,
        keys,
        groups: &groups,
        skip_ahead: &skip_ahead,
        needed: &needed,
        shared: Mutex::default(),
    };
    let workers = Workers::new(run, arms, &groups, buckets);
    busiest_first(run).into_par_iter().with_max_len(1).for_each(|requester| {
        workers.with(|worker| answers.of_requester(requester, worker));
    });
    let shared = answers.shared.into_inner().expect("no thread has panicked");
    skip_ahead.count(&schemes, keys, (&needed, &shared), &workers);
    workers.into_tallies()
}

/// The requesters whose requests are drawn, those with most requests first: one that takes long must
/// not be the last to begin.
fn busiest_first(run: &ReplicationRun) -> Vec<usize> {
    let scenario = run.scenario;
    let workloads = scenario.workloads.iter();
    let of_slots: Vec<f64> = workloads
        .map(|it| it.expected_requests(scenario.duration()) / it.slots.len() as f64)
        .collect();
    let requesters = 0..run.requesters.list.len();
    let requesters = requesters.filter(|&it| run.skipped(it) != RequestsSkipped::All);
    let mut order: Vec<(f64, usize)> =
        requesters.map(|it| (requests_of(run, it, &of_slots), it)).collect();
    order.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    order.into_iter().map(|(_, requester)| requester).collect()
}

/// Mean number of requests of a requester, if each slot of a workload sends so many.
fn requests_of(run: &ReplicationRun, requester: usize, of_slots: &[f64]) -> f64 {
    let slots = &run.requesters.list[requester].slots;
    if let Some(recording) = &run.scenario.recording {
        return recording.requests_of(slots) as f64;
    }
    let workloads = run.scenario.workloads.iter().zip(of_slots);
    let drawn = workloads.filter(|(workload, _)| !run.engines.skips_workload(workload));
    drawn.map(|(workload, of_slot)| of_slot * workload.slots_among(slots) as f64).sum()
}

/// What answers a requester's requests.
struct Answers<'a> {
    run: &'a ReplicationRun<'a>,
    /// The rules of each arm.
    schemes: &'a [Scheme],
    keys: &'a ArmKeys,
    groups: &'a NeedGroups,
    skip_ahead: &'a SkipAhead<'a>,
    /// What requests need that are not drawn.
    needed: &'a NeededKeys,
    /// Keys that drawn requests have asked for and that others share, by arm and requester.
    shared: Mutex<BTreeMap<(usize, usize), KeysShared>>,
}

impl<'a> Answers<'a> {
    /// Answers those of a requester's requests that are drawn.
    fn of_requester(&self, requester: usize, worker: &mut Worker) {
        let engines = self.run.engines;
        let kinds = self.run.columns(requester, |workload| !engines.skips_workload(workload));
        let shares = self.needed.has(requester);
        let kinds = kinds.filter(|kinds| !shares || !kinds.iter().any(RequestColumns::unwraps));
        let Some(kinds) = kinds else {
            self.begin(requester, worker);
            return self.in_order(requester, worker);
        };
        for columns in kinds {
            self.begin(requester, worker);
            self.in_columns(requester, columns, worker);
        }
    }

    /// Makes all arms forget what they had in memory.
    fn begin(&self, requester: usize, worker: &mut Worker) {
        let session = self.run.session(requester);
        for (arm, (state, scheme)) in worker.arms.iter_mut().zip(self.schemes).enumerate() {
            let keys = self.keys.keyring(arm).map_or(0, Keyring::keys);
            let partitions = self.run.partitions(requester, scheme);
            state.memory.begin(scheme, partitions, keys, session);
            state.memory.spread(self.run.partitions_in_buckets(requester, scheme));
            state.alive.begin(scheme.buckets.len() * partitions.writing as usize);
        }
    }

    /// Answers a requester's requests of all kinds in order of time.
    fn in_order(&self, requester: usize, worker: &mut Worker) {
        let Self { run, schemes, keys, groups, .. } = *self;
        let session = run.session(requester);
        let answers = BatchAnswers { scenario: run.scenario, schemes, keys, groups, session };
        worker.room.begin(groups);
        let mut shared = self.shared_memories(requester);
        let mut stream = run.stream(requester, |workload| !run.engines.skips_workload(workload));
        while stream.next_batch(&mut worker.batch, &mut worker.places) {
            let drawn = worker.batch.len();
            worker.traffic.count(requester, &worker.batch);
            let mut kept = worker.batch.iter().map(Needs::any_of);
            worker.places.retain(|_| kept.next().unwrap_or_default());
            worker.batch.retain(Needs::any_of);
            answers.of_batch(requester, worker, &mut shared);
            (run.progress)(drawn as u64);
        }
        let mut all = self.shared.lock().expect("no thread has panicked");
        for (arm, shared) in shared.into_iter().enumerate() {
            all.extend(shared.map(|shared| ((arm, requester), shared.into_keys())));
        }
    }

    /// For each arm what it has in memory, if that is shared with requests that are not drawn.
    fn shared_memories(&self, requester: usize) -> Vec<Option<SharedMemory<'a>>> {
        if !self.needed.has(requester) {
            return Vec::new();
        }
        let arms = self.schemes.iter().zip(&self.keys.of_arm);
        let memories = arms.map(|(scheme, keyring)| {
            let needed = self.needed.of(requester, (*keyring)?);
            Some(SharedMemory::new(self.skip_ahead, requester, scheme, needed))
        });
        memories.collect()
    }

    /// Answers a requester's requests of one kind in columns.
    fn in_columns(&self, requester: usize, mut requests: RequestColumns, worker: &mut Worker) {
        let run = self.run;
        let Worker { arms, traffic, columns, keys, .. } = worker;
        keys.resize_with(self.keys.keyrings.len(), Vec::new);
        let kind = requests.kind.clone();
        let accounts = &run.scenario.accounts;
        let charged = accounts.charged(requests.principal, kind.bucket, kind.bucket);
        let connections = run.requesters.list[requester].connections;
        let of_kind = OfKind {
            wanted: wanted_of(&kind, self.schemes, run.kept, connections),
            caller: Caller { requester, principal: requests.principal, charged },
            session: run.session(requester),
            kind: &kind,
        };
        // Where threads outnumber requesters, they share out the arms.
        let threads = rayon::current_num_threads();
        let alone = run.requesters.list.len() < 2 * threads && threads > 1;
        while requests.next(columns, of_kind.wanted, run.scenario.end) {
            traffic.count_all(requester, kind.bucket, kind.operation, &columns.times);
            self.look_up(&of_kind, columns, keys, alone);
            let (schemes, keyrings) = (self.schemes, &self.keys.of_arm);
            if alone {
                let arms = arms.par_iter_mut().zip(schemes).zip(keyrings);
                arms.for_each(|((state, scheme), keyring)| {
                    let keys = keyring.map(|keyring| keys[keyring].as_slice());
                    of_kind.answer(state, scheme, columns, keys);
                });
            } else {
                for ((state, scheme), keyring) in arms.iter_mut().zip(schemes).zip(keyrings) {
                    let keys = keyring.map(|keyring| keys[keyring].as_slice());
                    of_kind.answer(state, scheme, columns, keys);
                }
            }
            (run.progress)(columns.len() as u64);
        }
    }

    /// Looks up, keyring by keyring, which keys wrap what the requests read.
    fn look_up(&self, of_kind: &OfKind, columns: &S3Columns, keys: &mut [Vec<u32>], alone: bool) {
        let kind = of_kind.kind;
        if MemoryPart::of(kind.operation) != MemoryPart::Unwrapped {
            return;
        }
        let keyrings = &self.keys.keyrings;
        if alone {
            keyrings.par_iter().zip(keys).for_each(|(keyring, keys)| {
                keyring.wrapping_all(kind.bucket, &kind.objects, columns, keys);
            });
        } else {
            for (keyring, keys) in keyrings.iter().zip(keys) {
                keyring.wrapping_all(kind.bucket, &kind.objects, columns, keys);
            }
        }
    }
}

/// What a requester's requests of one kind have in common.
struct OfKind<'a> {
    kind: &'a RequestClass,
    caller: Caller,
    /// The slot whose every session is a requester anew, if the rule says so.
    session: Option<&'a SessionSlot>,
    wanted: WantedColumns,
}

impl OfKind<'_> {
    /// Answers requests in columns and counts what they cost. `keys` are those that wrap what they
    /// need, if the arm uses bucket keys.
    fn answer(
        &self,
        state: &mut ArmState,
        scheme: &Scheme,
        columns: &S3Columns,
        keys: Option<&[u32]>,
    ) {
        let kind = self.kind;
        let ArmState { memory, alive, tally, calls } = state;
        let bucket_scheme = scheme.buckets[kind.bucket as usize];
        let part = MemoryPart::of(kind.operation);
        let (of_object, cost) = match part {
            MemoryPart::None => return,
            MemoryPart::Wrapping => {
                let api = KmsApi::GenerateDataKey;
                let allowed = kind.allows_bucket_key;
                (
                    scheme.wrapping(kind.bucket, api, false),
                    scheme.wrapping(kind.bucket, api, allowed),
                )
            }
            MemoryPart::Unwrapped => {
                (bucket_scheme.unwrapping(false), bucket_scheme.unwrapping(keys.is_some()))
            }
        };
        let KeyCost::EachTime(own_key) = of_object else { return };
        let of_object = self.cost(own_key, true);
        let KeyCost::UnlessInMemory(bucket_key) = cost else {
            return tally.count_all(&of_object, &columns.times);
        };
        match keys {
            Some(keys) if part == MemoryPart::Unwrapped => {
                memory.unwrap_all(scheme, self.session, columns, keys, calls);
            }
            _ => {
                let since = bucket_scheme.since();
                memory.wrap_all(scheme, self.session, kind.bucket, since, columns, calls);
            }
        }
        let generates = part == MemoryPart::Wrapping;
        let of_bucket = Cost { generates, ..self.cost(bucket_key, false) };
        tally.count_all(&of_bucket, &calls.by_bucket);
        tally.count_all(&of_object, &calls.by_object);
        for (&timeline, &time) in calls.generated.iter().zip(&calls.by_bucket) {
            alive.generated(tally, timeline, time, scheme.assumptions.generation_lifetime);
        }
    }

    fn cost(&self, calls: KmsCalls, by_object: bool) -> Cost {
        let (operation, bucket) = (self.kind.operation, self.kind.bucket);
        Cost {
            caller: self.caller,
            operation,
            bucket,
            read_bucket: bucket,
            calls,
            by_object,
            side: CallSide::Own,
            generates: false,
            once: false,
        }
    }
}

/// Which columns decide something under any of the schemes, for a requester with some connections.
fn wanted_of(
    kind: &RequestClass,
    schemes: &[Scheme],
    kept: &KeptObjects,
    connections: Connections,
) -> WantedColumns {
    let with_keys: Vec<&Assumptions> = schemes
        .iter()
        .filter(|it| matches!(it.buckets[kind.bucket as usize], BucketScheme::BucketKey { .. }))
        .map(|scheme| &scheme.assumptions)
        .collect();
    let draws = match MemoryPart::of(kind.operation) {
        MemoryPart::None => false,
        MemoryPart::Wrapping => with_keys.iter().any(|it| it.partitions(connections).writing > 1),
        MemoryPart::Unwrapped => with_keys.iter().any(|it| it.partitions(connections).reading > 1),
    };
    let objects = !with_keys.is_empty();
    // What is read may have been written on other connections.
    let written_by_several = has_several_writers(&kind.objects, kept)
        || with_keys.iter().any(|it| it.writing_at_most() > 1);
    WantedColumns { objects, writers: objects && written_by_several, draws }
}

/// Whether it may matter who wrote an object.
fn has_several_writers(objects: &Objects, kept: &KeptObjects) -> bool {
    let Objects::Aged { population, written } = objects else { return false };
    let before = population.is_some_and(|(population, writers)| {
        writers > 1 || kept.population(population, 1, 0).is_some()
    });
    let within = written.as_ref().is_some_and(|(workload, slots)| {
        slots.len() > 1 || kept.workload(*workload, 1, 0).is_some()
    });
    before || within
}
