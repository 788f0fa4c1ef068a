//! Requests of one requester in columns.
//!
//! Where every action of a requester makes one request, its requests are sorted into *lanes*: those
//! that S3 answers from the same part of its memory, and so in order of time among themselves, but
//! apart from all others. Writes to one bucket are a lane, reads of one bucket are another; what needs
//! no key needs no order at all.

use rayon::prelude::*;

use super::Party;
use super::answers::{Answering, Desk, Office};
use super::stream::sources_of;
use crate::encryption::assumptions::Assumptions;
use crate::encryption::keys::Keyring;
use crate::encryption::needs::Needs;
use crate::encryption::requester::Requester;
use crate::encryption::service::{BucketScheme, Scheme};
use crate::kms::{KmsApi, KmsCalls};
use crate::s3::columns::{Columns, Kind, Objects, Wanted};
use crate::s3::{Connections, SessionSlot};
use crate::scenario::Scenario;
use crate::tally::{Caller, Cost};
use crate::units::{SimDuration, SimTime};
use crate::workload::Workload;
use crate::workload::source::Source;
use crate::workload::written::KeptObjects;

/// Requests that are drawn before they are answered: as many as the nearest caches of a processor
/// hold beside the keys.
const BATCH: usize = 2_048;

/// The same where several sources are merged: each should send some.
const MERGED_BATCH: usize = 16_384;

/// Requests of one kind that are answered from one part of S3's memory.
pub(super) struct Lane<'a> {
    pub(super) kind: Kind,
    /// The principal in whose name they come.
    pub(super) principal: usize,
    sources: Vec<Source<'a>>,
    /// Where several sources are merged: until when they have been drawn.
    drawn_until: SimTime,
    /// Room for the requests of a stretch before they are sorted.
    unsorted: Columns,
    order: Vec<(SimTime, u32)>,
    places: Vec<u32>,
}

/// A requester's requests from the workloads that `wanted` picks, as lanes; `None` if they are of
/// kinds that must be answered together.
pub(super) fn lanes_of<'a>(
    scenario: &'a Scenario,
    kept: &'a KeptObjects,
    requester: &Requester,
    replication: u32,
    wanted: impl Fn(&Workload) -> bool,
) -> Option<Vec<Lane<'a>>> {
    let mut lanes: Vec<Lane> = Vec::new();
    for source in sources_of(scenario, kept, requester, replication, wanted) {
        let kind = source.kind()?;
        let principal = scenario.slots[source.slot() as usize].principal as usize;
        let same = |lane: &Lane| lane.kind == kind && lane.principal == principal;
        let same_memory = |lane: &Lane| {
            lane.kind.bucket == kind.bucket
                && part(&kind) != MemoryPart::None
                && part(&lane.kind) == part(&kind)
        };
        match lanes.iter_mut().find(|lane| same(lane) || same_memory(lane)) {
            Some(lane) if same(lane) => lane.sources.push(source),
            Some(_) => return None,
            None => lanes.push(Lane::new(kind, principal, scenario.since(), source)),
        }
    }
    Some(lanes)
}

/// The part of S3's memory that answers a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MemoryPart {
    None,
    Wrapping,
    Unwrapped,
}

fn part(kind: &Kind) -> MemoryPart {
    if !Needs::any(kind.operation) {
        MemoryPart::None
    } else if Needs::writes(kind.operation) {
        MemoryPart::Wrapping
    } else {
        MemoryPart::Unwrapped
    }
}

impl<'a> Lane<'a> {
    fn new(kind: Kind, principal: usize, since: SimTime, source: Source<'a>) -> Self {
        Self {
            kind,
            principal,
            sources: vec![source],
            drawn_until: SimTime::ZERO.min(since),
            unsorted: Columns::default(),
            order: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Whether its requests make new objects' data keys.
    pub(super) fn writes(&self) -> bool {
        part(&self.kind) == MemoryPart::Wrapping
    }

    /// Replaces `columns` by the next requests; false when there are none before `end`.
    pub(super) fn next(&mut self, columns: &mut Columns, wanted: Wanted, end: SimTime) -> bool {
        columns.clear();
        if let [only] = self.sources.as_mut_slice() {
            only.fill(columns, wanted, BATCH);
            return !columns.is_empty();
        }
        while self.drawn_until < end && columns.is_empty() {
            self.merge_stretch(columns, wanted, end);
        }
        !columns.is_empty()
    }

    /// The time in which several sources send a batch at their greatest rate: no stretch holds many
    /// more, whatever hour of a profile it meets.
    fn stretch(&self) -> SimDuration {
        let batch = MERGED_BATCH.max(2 * self.sources.len()) as f64;
        let per_s: f64 = self.sources.iter().filter_map(Source::greatest_per_s).sum();
        SimDuration::from_secs_f64(batch / per_s).max(SimDuration::from_nanos(1))
    }

    /// Draws what all sources send in the next stretch of time, and sorts it.
    fn merge_stretch(&mut self, columns: &mut Columns, wanted: Wanted, end: SimTime) {
        let until = (self.drawn_until + self.stretch()).min(end);
        self.unsorted.clear();
        for source in &mut self.sources {
            source.fill_until(&mut self.unsorted, wanted, until);
        }
        self.drawn_until = until;
        // At one time the source that stands first goes first.
        self.order.clear();
        self.order.extend(self.unsorted.times.iter().copied().zip(0..));
        self.order.sort_unstable();
        self.places.clear();
        self.places.extend(self.order.iter().map(|(_, place)| place));
        columns.gather(&self.unsorted, &self.places);
    }
}

impl Party<'_> {
    /// Runs one lane of a requester through all arms.
    pub(super) fn run_lane(
        &self,
        requester: usize,
        mut lane: Lane,
        answering: &Answering,
        office: &mut Office,
    ) {
        let Answering { schemes, worlds } = answering;
        let Office { desks, traffic, columns, keys, .. } = office;
        keys.resize_with(worlds.keyrings().len(), Vec::new);
        let connections = self.requesters.list[requester].connections;
        let wanted = wanted_of(&lane.kind, schemes, self.kept, connections);
        let kind = lane.kind.clone();
        let caller = Caller { requester, principal: lane.principal };
        let session = self.session(requester);
        // Where threads outnumber requesters, they share out the arms.
        let alone = self.requesters.list.len() < 2 * rayon::current_num_threads()
            && rayon::current_num_threads() > 1;
        while lane.next(columns, wanted, self.scenario.end) {
            traffic.count_all(requester, kind.operation, &columns.times);
            let look_up = |(keyring, keys): (&Keyring, &mut Vec<u32>)| {
                keyring.wrapping_all(kind.bucket, &kind.objects, columns, keys);
            };
            let unwraps = part(&kind) == MemoryPart::Unwrapped;
            let (keyrings, some_keys) = (worlds.keyrings(), &mut keys[..]);
            match (unwraps, alone) {
                (true, true) => keyrings.par_iter().zip(some_keys).for_each(look_up),
                (true, false) => keyrings.iter().zip(some_keys).for_each(look_up),
                (false, _) => {}
            }
            let answer = |(arm, (desk, scheme)): (usize, (&mut Desk, &Scheme))| {
                let keys = worlds.of_arm(arm).map(|world| keys[world].as_slice());
                desk.answer(scheme, &kind, caller, session, columns, keys);
            };
            if alone {
                desks.par_iter_mut().zip(schemes).enumerate().for_each(answer);
            } else {
                desks.iter_mut().zip(schemes).enumerate().for_each(answer);
            }
            (self.progress)(columns.len() as u64);
        }
    }
}

/// Which columns decide something under any of the schemes, for a requester with some connections.
fn wanted_of(
    kind: &Kind,
    schemes: &[Scheme],
    kept: &KeptObjects,
    connections: Connections,
) -> Wanted {
    let bucket_keys = |scheme: &&Scheme| {
        matches!(scheme.buckets[kind.bucket as usize], BucketScheme::BucketKey { .. })
    };
    let objects = schemes.iter().any(|scheme| bucket_keys(&scheme));
    let several = |of: &dyn Fn(&Assumptions) -> u32| {
        schemes.iter().filter(bucket_keys).any(|scheme| of(&scheme.assumptions) > 1)
    };
    let written_by_several = match &kind.objects {
        Objects::Aged { population, written } => {
            population.is_some_and(|(population, writers)| {
                writers > 1 || kept.population(population, 1, 0).is_some()
            }) || written.as_ref().is_some_and(|(workload, slots)| {
                slots.len() > 1 || kept.workload(*workload, 1, 0).is_some()
            })
        }
        _ => false,
    };
    let draws = match part(kind) {
        MemoryPart::None => false,
        MemoryPart::Wrapping => several(&|of| of.partitions(connections).writing),
        MemoryPart::Unwrapped => several(&|of| of.partitions(connections).reading),
    };
    // What is read may have been written on other connections.
    let writers = written_by_several || several(&Assumptions::writing_at_most);
    Wanted { objects, writers: objects && writers, draws }
}

impl Desk {
    /// Answers requests in columns and counts what they cost. `keys` are those that wrap what they
    /// need, if this arm uses bucket keys.
    fn answer(
        &mut self,
        scheme: &Scheme,
        kind: &Kind,
        caller: Caller,
        session: Option<&SessionSlot>,
        columns: &Columns,
        keys: Option<&[u32]>,
    ) {
        let writes = match part(kind) {
            MemoryPart::None => return,
            MemoryPart::Wrapping => true,
            MemoryPart::Unwrapped => false,
        };
        let api = if writes { KmsApi::GenerateDataKey } else { KmsApi::Decrypt };
        let of_object = Cost {
            caller,
            operation: kind.operation,
            calls: KmsCalls::of(api, 1),
            by_object: true,
            generates: false,
        };
        let mut of_bucket = Cost { by_object: false, generates: writes, ..of_object };
        let Self { memory, alive, tally, asked } = self;
        match (scheme.buckets[kind.bucket as usize], keys) {
            (BucketScheme::NoKms, _) => return,
            (BucketScheme::BucketKey { since, .. }, _) if writes && kind.allows_bucket_key => {
                let verify = scheme.assumptions.verify_on_write.into();
                of_bucket.calls += KmsCalls::of(KmsApi::Decrypt, verify);
                memory.wrap_all(scheme, session, kind.bucket, since, columns, asked);
            }
            (BucketScheme::BucketKey { .. }, Some(keys)) if !writes => {
                memory.unwrap_all(scheme, session, columns, keys, asked);
            }
            _ => return tally.count_all(&of_object, &columns.times),
        }
        tally.count_all(&of_bucket, &asked.by_bucket);
        tally.count_all(&of_object, &asked.by_object);
        for (&place, &time) in asked.generated.iter().zip(&asked.by_bucket) {
            alive.generated(tally, place, time, scheme.assumptions.generation_lifetime);
        }
    }
}
