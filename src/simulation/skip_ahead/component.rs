//! One kind of action of a workload, whose calls are drawn without its requests.

use super::read_ages::ReadAges;
use crate::encryption::cost::KeyCost;
use crate::encryption::needs::MemoryPart;
use crate::encryption::service::{BucketScheme, Scheme};
use crate::kms::accounts::Charged;
use crate::kms::{KmsApi, KmsCalls};
use crate::rng::part_of;
use crate::s3::Object;
use crate::s3::columns::{Objects, RequestClass};
use crate::scenario::Scenario;
use crate::tally::{CallSide, Caller, Cost};
use crate::units::{SimDuration, SimTime};
use crate::workload::poisson::PoissonRequests;
use crate::workload::rates::RateCurve;
use crate::workload::written::KeptObjects;
use crate::workload::{Action, Workload};

/// One kind of action of a workload.
pub(super) struct Component<'a> {
    pub(super) workload: &'a Workload,
    action: Action,
    pub(super) kind: RequestClass,
    /// The rate of its requests, by all session slots.
    pub(super) curve: RateCurve,
    /// The law of the ages of what it reads.
    pub(super) ages: Option<ReadAges>,
    principal: usize,
    charged: Charged,
    /// What it writes, slot by slot, where that is kept.
    written: Option<Vec<Vec<KeptWrite>>>,
    /// What it may read, in the order of time, where that is kept.
    pub(super) readable: Option<Vec<Object>>,
}

/// A write that is kept, of a slot that is known.
struct KeptWrite {
    time: SimTime,
    /// Picks the part of S3's fleet that took it.
    draw: u32,
}

/// Most objects whose keys are looked at one by one, each for the time until the next was written; of
/// more, writers and places are taken to be mixed evenly.
const MOST_LOOKED_AT: usize = 200_000;

impl<'a> Component<'a> {
    pub(super) fn new(
        workload: &'a Workload,
        requests: PoissonRequests,
        scenario: &Scenario,
        kept: &KeptObjects,
    ) -> Self {
        let PoissonRequests { action, kind, curve, ages } = requests;
        let principal = scenario.principal_of(workload) as usize;
        let charged = scenario.accounts.charged(principal, kind.bucket, kind.bucket);
        let written = if action.writes() { writes_by_slot(workload, kept) } else { None };
        let readable = match &workload.reads {
            // What has no bucket key is alike, whenever it was written.
            Some(reads) if ages.is_some() && matches!(kind.objects, Objects::Aged { .. }) => {
                reads.objects_in_order(kept).filter(|all| all.len() <= MOST_LOOKED_AT)
            }
            _ => None,
        };
        let ages = ages.map(ReadAges::new);
        Self { workload, action, kind, curve, ages, principal, charged, written, readable }
    }

    /// Addresses its random streams.
    pub(super) fn number(&self) -> u32 {
        self.workload.index * Action::KINDS + self.action as u32
    }

    /// When the requester with these slots writes through part `part` of `parts`, if that is kept.
    pub(super) fn points(&self, slots: &[u32], part: u32, parts: u32) -> Option<Vec<SimTime>> {
        let by_slot = self.written.as_ref()?;
        let first = self.workload.slots.start;
        let mine = slots.iter().filter(|slot| self.workload.slots.contains(slot));
        let writes = mine.flat_map(|slot| &by_slot[(slot - first) as usize]);
        let here = writes.filter(|write| part_of(write.draw, parts) == part);
        let mut times: Vec<SimTime> = here.map(|write| write.time).collect();
        times.sort_unstable();
        Some(times)
    }

    /// Whether its requests make new objects' data keys.
    pub(super) fn writes(&self) -> bool {
        MemoryPart::of(self.kind.operation) == MemoryPart::Wrapping
    }

    /// Whether its requests need stored objects' data keys.
    pub(super) fn reads(&self) -> bool {
        MemoryPart::of(self.kind.operation) == MemoryPart::Unwrapped
    }

    /// The part of its requests that `slots` send.
    pub(super) fn share_of(&self, slots: &[u32]) -> f64 {
        self.workload.slots_among(slots) as f64 / self.workload.slots.len() as f64
    }

    /// So many calls for each of a requester's requests.
    pub(super) fn cost(&self, requester: usize, calls: KmsCalls, by_object: bool) -> Cost {
        Cost {
            caller: Caller { requester, principal: self.principal, charged: self.charged },
            operation: self.kind.operation,
            bucket: self.kind.bucket,
            read_bucket: self.kind.bucket,
            calls,
            by_object,
            side: CallSide::Own,
            generates: false,
            once: false,
        }
    }

    /// What a request costs under a scheme. `keys_matter` tells whether keys are ever found in memory
    /// by reads.
    pub(super) fn key_cost(&self, scheme: &Scheme, keys_matter: bool) -> KeyCost {
        let RequestClass { bucket, allows_bucket_key, .. } = self.kind;
        match MemoryPart::of(self.kind.operation) {
            MemoryPart::None => KeyCost::Nothing,
            MemoryPart::Wrapping => {
                scheme.wrapping(bucket, KmsApi::GenerateDataKey, allows_bucket_key)
            }
            MemoryPart::Unwrapped => scheme.buckets[bucket as usize].unwrapping(keys_matter),
        }
    }

    /// The same for all its requests alike; `None` if it depends on what is in memory.
    pub(super) fn fixed_cost(&self, scheme: &Scheme, keys_matter: bool) -> Option<Cost> {
        match self.key_cost(scheme, keys_matter) {
            KeyCost::Nothing => Some(self.cost(0, KmsCalls::NONE, false)),
            KeyCost::EachTime(calls) => Some(self.cost(0, calls, true)),
            KeyCost::UnlessInMemory(calls) => {
                let never_live = scheme.assumptions.generation_lifetime == SimDuration::ZERO;
                let generates = match scheme.buckets[self.kind.bucket as usize] {
                    BucketScheme::BucketKey { since, .. } => {
                        self.writes() && never_live && since <= SimTime::ZERO
                    }
                    BucketScheme::NoKms | BucketScheme::KeyPerObject => false,
                };
                generates.then(|| Cost { generates, ..self.cost(0, calls, false) })
            }
        }
    }
}

/// What a workload writes, slot by slot, if it is kept.
fn writes_by_slot(workload: &Workload, kept: &KeptObjects) -> Option<Vec<Vec<KeptWrite>>> {
    let objects = kept.workload(workload.index, 1, 0)?;
    let mut by_slot: Vec<Vec<KeptWrite>> = workload.slots.clone().map(|_| Vec::new()).collect();
    for object in objects.iter() {
        let write = KeptWrite { time: object.time, draw: object.draw };
        by_slot[(object.writer - workload.slots.start) as usize].push(write);
    }
    Some(by_slot)
}
