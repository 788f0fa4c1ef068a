//! The requests of one requester, as the engine takes them.

use std::ops::Range;

use super::Recording;
use super::earlier_objects::{EarlierKey, before_start, draw_of, salt};
use super::hash::draw;
use super::packed::{NeededObject, ObjectEncryption, ResolvedRequest, time_of};
use super::sort::StoredRequests;
use crate::encryption::needs::Needs;
use crate::rng::Seed;
use crate::s3::{Object, Operation, Request};

/// Requests that are read before they are answered.
const BATCH: usize = 1_024;

/// Whether writes that switch bucket keys off by header still do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum OptOuts {
    /// As in the log.
    #[default]
    Kept,
    /// No longer.
    Dropped,
}

/// A requester's requests in order of time.
pub struct RecordedRequests<'a> {
    recording: &'a Recording,
    stored: &'a StoredRequests,
    left: Range<u64>,
    /// From which each replication's draws come.
    salt: u64,
    /// Whether those that can make no key are left out.
    writes_only: bool,
    opt_outs: OptOuts,
    placed: Vec<ResolvedRequest>,
}

impl<'a> RecordedRequests<'a> {
    /// The requests of some session slots of one principal: of a single one, or of all. What a
    /// replication draws is which part of S3's fleet serves each.
    pub(crate) fn new(
        recording: &'a Recording,
        slots: &[u32],
        seed: Seed,
        replication: u32,
        opt_outs: OptOuts,
    ) -> Self {
        let (stored, left) = recording.stored_for(slots);
        let salt = salt(seed, replication);
        Self { recording, stored, left, salt, writes_only: false, opt_outs, placed: Vec::new() }
    }

    /// The same without those that can make no key.
    #[must_use]
    pub fn writes_only(self) -> Self {
        Self { writes_only: true, ..self }
    }

    /// Replaces `batch` by the next requests, and `places` by where each counts; false when there
    /// are none.
    pub(crate) fn next_batch(&mut self, batch: &mut Vec<Request>, places: &mut Vec<u32>) -> bool {
        batch.clear();
        places.clear();
        if self.left.is_empty() {
            return false;
        }
        let writes_only = self.writes_only;
        let wanted = |placed: &ResolvedRequest| {
            !writes_only || Needs::writes(placed.when.kind().operation())
        };
        if let Err(error) = self.stored.take(&mut self.left, BATCH, wanted, &mut self.placed) {
            // Whoever runs the replay asks for it afterwards; the counts are then not used.
            let _ = self.recording.failed.set(error);
            self.left.start = self.left.end;
            return false;
        }
        places.extend(self.placed.iter().map(|placed| placed.place));
        batch.extend(self.placed.iter().map(|placed| self.request(placed)));
        true
    }

    fn request(&self, placed: &ResolvedRequest) -> Request {
        // What is written without KMS needs nothing of it but, if it is a copy, what it reads.
        let writes_without_kms = placed.when.sse() == ObjectEncryption::NotKms;
        let lacks_key = placed.when.sse().lacks_bucket_key(self.opt_outs);
        let object = match placed.need() {
            _ if !placed.when.is_served() => Object::Unserved,
            NeededObject::Nothing | NeededObject::Earlier { key: EarlierKey::WithoutKms, .. }
                if writes_without_kms =>
            {
                Object::Unserved
            }
            NeededObject::Nothing => Object::None,
            NeededObject::Written(_) if lacks_key && !placed.when.kind().copies() => {
                Object::Keyless
            }
            NeededObject::Written(write) => Object::Written {
                bucket: write.part,
                slot: write.slot,
                draw: draw(self.salt, write.id),
                time: time_of(write.ms),
            },
            NeededObject::Earlier { key, part, value } => {
                let population = self.recording.population_of[part as usize][key as usize];
                match key {
                    EarlierKey::WithKey => Object::Aged {
                        population,
                        writer: 0,
                        draw: draw_of(self.salt, value),
                        time: before_start(value),
                    },
                    _ => Object::Ranked { population, rank: value },
                }
            }
            NeededObject::Elsewhere => Object::Keyless,
        };
        Request {
            time: time_of(placed.when.ms()),
            slot: placed.slot,
            bucket: self.recording.places[placed.place as usize].part,
            operation: match placed.when.kind().operation() {
                Operation::CopyObject | Operation::UploadPartCopy
                    if writes_without_kms && object != Object::Unserved =>
                {
                    Operation::GetObject
                }
                operation => operation,
            },
            allows_bucket_key: !lacks_key && placed.when.sse() != ObjectEncryption::Dsse,
            once: false,
            draw: draw(self.salt, placed.id),
            object,
        }
    }
}
