//! The engine that draws KMS calls instead of requests: exact in distribution, at a cost that goes with
//! the calls, however many requests lie between them.
//!
//! Where actions arrive as Poisson processes, the requests that need one bucket-level key through one
//! part of S3's fleet are a Poisson process by themselves, independent of all others ([`mod@varying_poisson`]).
//! While the key is in memory they cost nothing, and what follows does not depend on how many they
//! were; so the time goes from one call straight to the next ([`mod@call_times`]). How many requests there were
//! in all is drawn apart ([`counts`]).
//!
//! Each configuration's calls, by API, requester, key and time, have the law that drawing every request
//! gives them. What is lost is what they have in common: configurations are answered from calls of their
//! own, and how many requests there were is drawn apart from the calls. So differences between
//! configurations, and shares of requests, may vary more from replication to replication than under
//! the event engine; half-widths show it.

mod call_times;
mod component;
pub(super) mod cost;
mod counts;
mod read_ages;
mod reads;
mod shared_keys;
mod varying_poisson;
mod writes;

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::arm_keys::ArmKeys;
use super::engines::RequestsSkipped;
use super::replication::ReplicationRun;
use super::worker::{ArmState, Workers};
use crate::encryption::assumption::Expiry;
use crate::encryption::generated_keys::KeyStarts;
use crate::encryption::service::Scheme;
use crate::kms::{KmsApi, KmsCalls};
use crate::tally::Cost;
use crate::units::{SimDuration, SimTime};

use call_times::Keeping;
use component::Component;
use reads::{Needed, SkippedReads};
pub(super) use shared_keys::{KeysShared, SharedMemory};
use writes::{SchemeWrites, WriteCall};

/// Draws the calls of those requesters whose requests need not be drawn.
pub(super) struct SkipAhead<'a> {
    run: &'a ReplicationRun<'a>,
    /// The kinds of action of all their workloads.
    components: Vec<Component<'a>>,
}

impl<'a> SkipAhead<'a> {
    pub(super) fn new(run: &'a ReplicationRun<'a>) -> Self {
        let scenario = run.scenario;
        let skipped = scenario.workloads.iter().filter(|it| run.engines.skips_workload(it));
        let mut components = Vec::new();
        for workload in skipped {
            // Nothing that could not be skipped is chosen.
            let requests = workload.poisson_requests().unwrap_or_default().into_iter();
            components.extend(requests.map(|it| Component::new(workload, it, scenario, run.kept)));
        }
        Self { run, components }
    }

    /// When a requester generates its bucket-level keys within the run.
    pub(super) fn keys_generated(&self, requester: usize, scheme: &Scheme) -> KeyStarts {
        let mut starts = KeyStarts::default();
        SchemeWrites { engine: self, requester, scheme }.each_call(|call| {
            if let Some(place) = call.place {
                starts.push(place, call.time);
            }
        });
        starts
    }

    /// What all requesters need of whose requests some are not drawn, by keyring.
    pub(super) fn needed(&self, keys: &ArmKeys) -> NeededKeys {
        let mut needed = NeededKeys::default();
        // Requesters that do the same things share one table for each keyring.
        let mut groups: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        for requester in 0..self.run.requesters.list.len() {
            let readers = self.readers_of(requester);
            match self.run.skipped(requester) {
                RequestsSkipped::None => continue,
                RequestsSkipped::Reads if readers.is_empty() => continue,
                RequestsSkipped::Reads | RequestsSkipped::All => {}
            }
            let next = groups.len();
            let group = *groups.entry(readers.clone()).or_insert(next);
            if group == next {
                let keyrings = keys.keyrings.iter();
                let tables = keyrings.map(|it| Needed::of(&self.components, &readers, it));
                needed.tables.push(tables.collect());
            }
            needed.group_of.insert(requester, group);
        }
        needed
    }

    /// Draws the calls of all requesters that this engine runs, and counts them and their requests.
    /// `shared` are the keys that drawn requests have asked for, by arm and requester.
    pub(super) fn count(
        &self,
        schemes: &[Scheme],
        keys: &ArmKeys,
        (needed, shared): (&NeededKeys, &BTreeMap<(usize, usize), KeysShared>),
        workers: &Workers,
    ) {
        if self.components.is_empty() {
            return;
        }
        self.count_requests(schemes, keys, workers);
        let (mut writes, mut reads) = (Vec::new(), Vec::new());
        for (arm, scheme) in schemes.iter().enumerate() {
            for &requester in needed.group_of.keys() {
                writes.push((arm, SchemeWrites { engine: self, requester, scheme }));
                if let Some(keyring) = keys.of_arm[arm] {
                    let needed = needed.of(requester, keyring);
                    let of_requester = SkippedReads::new(self, requester, scheme, needed);
                    reads.push((arm, of_requester, shared.get(&(arm, requester))));
                }
            }
        }
        let mut draws: Vec<(usize, RequesterCalls)> = Vec::new();
        draws.extend(writes.into_iter().map(|(arm, it)| (arm, RequesterCalls::OfWrites(it))));
        for &(arm, ref reads, shared) in &reads {
            let parts = 0..reads.needed_parts();
            draws.extend(parts.map(|part| (arm, RequesterCalls::OfReads { reads, part, shared })));
        }
        draws.par_iter().for_each(|(arm, calls)| {
            workers.with(|worker| calls.count(&mut worker.arms[*arm]));
        });
    }

    /// The numbers of the components by which a requester reads.
    fn readers_of(&self, requester: usize) -> Vec<usize> {
        let slots = &self.run.requesters.list[requester].slots;
        let components = self.components.iter().enumerate();
        let mine = components.filter(|(_, it)| it.reads() && it.share_of(slots) > 0.0);
        mine.map(|(number, _)| number).collect()
    }

    /// Draws and counts the requests, and the calls of those that cost the same each.
    fn count_requests(&self, schemes: &[Scheme], keys: &ArmKeys, workers: &Workers) {
        self.components.par_iter().for_each(|component| {
            let of_slot = &self.run.requesters.of_slot;
            let counts = counts::draw(self.run.scenario, self.run.replication, component, of_slot);
            (self.run.progress)(counts.per_second.iter().sum());
            workers.with(|worker| {
                let kind = &component.kind;
                worker.traffic.count_in_bulk(kind.bucket, kind.operation, &counts);
                for (arm, state) in worker.arms.iter_mut().enumerate() {
                    let keys_matter = keys.of_arm[arm].is_some();
                    let cost = component.fixed_cost(&schemes[arm], keys_matter);
                    if let Some(cost) = cost.filter(|cost| cost.calls != KmsCalls::NONE) {
                        state.tally.count_in_bulk(&cost, &counts);
                    }
                }
            });
        });
    }

    fn keeping(&self, requester: usize, lifetime: SimDuration, expiry: Expiry) -> Keeping<'_> {
        let (session, end) = (self.run.session(requester), self.run.scenario.end);
        Keeping { lifetime, expiry, session, from: SimTime::ZERO, end }
    }
}

/// What requesters need of whose requests some are not drawn.
#[derive(Default)]
pub(super) struct NeededKeys {
    /// Of each group of requesters that read the same, keyring by keyring.
    tables: Vec<Vec<Needed>>,
    /// The group of each requester.
    group_of: BTreeMap<usize, usize>,
}

impl NeededKeys {
    /// Whether a requester is one of them.
    pub(super) fn has(&self, requester: usize) -> bool {
        self.group_of.contains_key(&requester)
    }

    /// What a requester needs of the keys of one keyring.
    pub(super) fn of(&self, requester: usize, keyring: usize) -> &Needed {
        &self.tables[self.group_of[&requester]][keyring]
    }
}

/// The calls of one requester in one arm that are to be drawn together.
enum RequesterCalls<'a> {
    /// Of one part of what it needs.
    OfReads {
        reads: &'a SkippedReads<'a>,
        part: usize,
        shared: Option<&'a KeysShared>,
    },
    OfWrites(SchemeWrites<'a>),
}

impl RequesterCalls<'_> {
    fn count(&self, state: &mut ArmState) {
        match self {
            Self::OfReads { reads, part, shared } => reads.count(*part, *shared, &mut state.tally),
            Self::OfWrites(writes) => count_writes(writes, state),
        }
    }
}

fn count_writes(writes: &SchemeWrites, state: &mut ArmState) {
    let SchemeWrites { engine, requester, scheme } = *writes;
    let ArmState { tally, alive, .. } = state;
    let partitions = engine.run.partitions(requester, scheme).writing;
    let lifetime = scheme.assumptions.generation_lifetime;
    alive.begin(scheme.buckets.len() * partitions as usize);
    writes.each_call(|WriteCall { time, component, place }| {
        let component = &engine.components[component];
        let bucket = component.kind.bucket;
        let by_bucket_key = place.is_some();
        let calls = scheme.wrapping(bucket, KmsApi::GenerateDataKey, by_bucket_key).calls();
        let cost = component.cost(requester, calls, !by_bucket_key);
        tally.count_scattered(&Cost { generates: by_bucket_key, ..cost }, &[time]);
        if let Some(place) = place {
            alive.generated(tally, place, time, lifetime);
        }
    });
}
