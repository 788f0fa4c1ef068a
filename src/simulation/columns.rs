//! Drawn requests of one requester in columns, kind by kind.
//!
//! Where every action of a requester makes one request, its requests are sorted by kind: those that S3
//! answers from the same part of its memory come in order of time among themselves, but apart from
//! all others. Writes to one bucket are of one kind, reads of one bucket of another; what needs no key
//! needs no order at all.

use super::stream::sources_of;
use crate::encryption::needs::MemoryPart;
use crate::encryption::requester::Requester;
use crate::s3::columns::{RequestClass, S3Columns, WantedColumns};
use crate::scenario::Scenario;
use crate::units::{SimDuration, SimTime};
use crate::workload::Workload;
use crate::workload::source::RequestSource;
use crate::workload::written::KeptObjects;

/// Requests that are drawn before they are answered: as many as the nearest caches of a processor
/// hold beside the keys.
const BATCH: usize = 2_048;

/// The same where several sources are merged: each should send some.
const MERGED_BATCH: usize = 16_384;

/// A requester's requests of one kind, which are drawn column by column.
pub(super) struct RequestColumns<'a> {
    pub(super) kind: RequestClass,
    /// The principal in whose name they come.
    pub(super) principal: usize,
    sources: Vec<RequestSource<'a>>,
    /// Where several sources are merged: until when they have been drawn.
    drawn_until: SimTime,
    /// Room for the requests of a stretch before they are sorted.
    unsorted: S3Columns,
    order: Vec<(SimTime, u32)>,
    places: Vec<u32>,
}

/// A requester's requests from the workloads that `wanted` picks, kind by kind; `None` if they are of
/// kinds that must be answered together.
pub(super) fn columns_of<'a>(
    scenario: &'a Scenario,
    kept: &'a KeptObjects,
    requester: &Requester,
    replication: u32,
    wanted: impl Fn(&Workload) -> bool,
) -> Option<Vec<RequestColumns<'a>>> {
    let mut kinds: Vec<RequestColumns> = Vec::new();
    for source in sources_of(scenario, kept, requester, replication, wanted) {
        let kind = source.kind()?;
        let principal = scenario.slots[source.slot() as usize].principal as usize;
        match kinds.iter().position(|it| it.kind == kind && it.principal == principal) {
            Some(same) => kinds[same].sources.push(source),
            None if kinds.iter().any(|it| share_memory(&it.kind, &kind)) => return None,
            None => kinds.push(RequestColumns::new(kind, principal, scenario.since(), source)),
        }
    }
    Some(kinds)
}

/// Whether requests of two kinds are answered from one part of S3's memory.
fn share_memory(one: &RequestClass, other: &RequestClass) -> bool {
    let part = MemoryPart::of(one.operation);
    one.bucket == other.bucket
        && part != MemoryPart::None
        && part == MemoryPart::of(other.operation)
}

impl<'a> RequestColumns<'a> {
    fn new(
        kind: RequestClass,
        principal: usize,
        since: SimTime,
        source: RequestSource<'a>,
    ) -> Self {
        Self {
            kind,
            principal,
            sources: vec![source],
            drawn_until: SimTime::ZERO.min(since),
            unsorted: S3Columns::default(),
            order: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Whether its requests make new objects' data keys.
    pub(super) fn writes(&self) -> bool {
        MemoryPart::of(self.kind.operation) == MemoryPart::Wrapping
    }

    /// Whether its requests need stored objects' data keys.
    pub(super) fn unwraps(&self) -> bool {
        MemoryPart::of(self.kind.operation) == MemoryPart::Unwrapped
    }

    /// Replaces `columns` by the next requests; false when there are none before `end`.
    pub(super) fn next(
        &mut self,
        columns: &mut S3Columns,
        wanted: WantedColumns,
        end: SimTime,
    ) -> bool {
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
        let per_s: f64 = self.sources.iter().filter_map(RequestSource::greatest_per_s).sum();
        SimDuration::from_secs_f64(batch / per_s).max(SimDuration::from_nanos(1))
    }

    /// Draws what all sources send in the next stretch of time, and sorts it.
    fn merge_stretch(&mut self, columns: &mut S3Columns, wanted: WantedColumns, end: SimTime) {
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
