//! The requests of one requester, in order of time: its sessions' sources, merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use crate::encryption::requester::Requester;
use crate::recording::requests::RecordedRequests;
use crate::s3::Request;
use crate::scenario::Scenario;
use crate::units::SimTime;
use crate::workload::Workload;
use crate::workload::source::{Draws, RequestSource};
use crate::workload::written::KeptObjects;

/// Requests that are drawn before they are answered, so that each arm goes through them in turn
/// with its own state in the processor's cache.
const BATCH: usize = 1_024;

/// A requester's requests, from wherever the scenario has them.
pub(super) enum Requests<'a> {
    /// As workloads send them.
    Drawn(RequestStream<'a>),
    /// As a log has them.
    Recorded(RecordedRequests<'a>),
}

impl<'a> Requests<'a> {
    /// The requests of `requester` in one replication; drawn ones from the workloads that `wanted`
    /// picks.
    pub(super) fn new(
        scenario: &'a Scenario,
        kept: &'a KeptObjects,
        requester: &Requester,
        replication: u32,
        wanted: impl Fn(&Workload) -> bool,
    ) -> Self {
        match &scenario.recording {
            None => Self::Drawn(RequestStream::new(scenario, kept, requester, replication, wanted)),
            Some(recording) => {
                let (slots, seed) = (&requester.slots, scenario.seed);
                Self::Recorded(RecordedRequests::new(
                    recording,
                    slots,
                    seed,
                    replication,
                    scenario.opt_outs,
                ))
            }
        }
    }

    /// Replaces `batch` by the next requests, and `places` by where each of a log's counts; false
    /// when there are none.
    pub(super) fn next_batch(&mut self, batch: &mut Vec<Request>, places: &mut Vec<u32>) -> bool {
        match self {
            Self::Drawn(stream) => stream.next_batch(batch),
            Self::Recorded(stream) => stream.next_batch(batch, places),
        }
    }
}

/// A requester's drawn requests.
pub struct RequestStream<'a> {
    sources: Vec<RequestSource<'a>>,
    /// The next action's requests of each source.
    pending: Vec<Vec<Request>>,
    /// Sources by the time of their next action; ties go to the one that stands first.
    heads: BinaryHeap<Reverse<(SimTime, usize)>>,
}

impl<'a> RequestStream<'a> {
    /// The requests of `requester` in one replication, from the workloads that `wanted` picks; `kept`
    /// is what [`super::objects::keep`] draws for it.
    #[must_use]
    pub fn new(
        scenario: &'a Scenario,
        kept: &'a KeptObjects,
        requester: &Requester,
        replication: u32,
        wanted: impl Fn(&Workload) -> bool,
    ) -> Self {
        let mut sources: Vec<RequestSource> =
            sources_of(scenario, kept, requester, replication, wanted).collect();
        let mut pending = vec![Vec::new(); sources.len()];
        let mut heads = BinaryHeap::new();
        if sources.len() > 1 {
            let drawn = sources.iter_mut().zip(&mut pending).map(|(s, p)| draw_next(s, p));
            let first = drawn.enumerate().filter_map(|(i, time)| Some(Reverse((time?, i))));
            heads.extend(first);
        }
        Self { sources, pending, heads }
    }

    /// Replaces `batch` by the next requests; false when there are none.
    pub fn next_batch(&mut self, batch: &mut Vec<Request>) -> bool {
        batch.clear();
        if let [only] = self.sources.as_mut_slice() {
            while batch.len() < BATCH && only.next_action(batch) {}
            return !batch.is_empty();
        }
        while batch.len() < BATCH {
            let Some(mut head) = self.heads.peek_mut() else { break };
            let source = head.0.1;
            let pending = &mut self.pending[source];
            batch.append(pending);
            // The new head takes the old one's place and sinks from there.
            match draw_next(&mut self.sources[source], pending) {
                Some(time) => head.0.0 = time,
                None => {
                    PeekMut::pop(head);
                }
            }
        }
        !batch.is_empty()
    }
}

/// What sends the requests of `requester`, from the workloads that `wanted` picks.
pub(super) fn sources_of<'a>(
    scenario: &'a Scenario,
    kept: &'a KeptObjects,
    requester: &Requester,
    replication: u32,
    wanted: impl Fn(&Workload) -> bool,
) -> impl Iterator<Item = RequestSource<'a>> {
    let Scenario { seed, end, .. } = *scenario;
    let draws = Draws { seed, replication, end, kept };
    requester.slots.iter().flat_map(move |&slot| {
        let policy = scenario.slots[slot as usize].policy_number();
        let workloads = scenario.workloads.iter().filter(|w| w.slots.contains(&slot));
        let wanted = workloads.filter(|workload| wanted(workload));
        wanted.flat_map(|w| RequestSource::of(w, slot, policy, draws)).collect::<Vec<_>>()
    })
}

/// Draws a source's next action that makes a request, and gives its time.
fn draw_next(source: &mut RequestSource, pending: &mut Vec<Request>) -> Option<SimTime> {
    while pending.is_empty() {
        if !source.next_action(pending) {
            return None;
        }
    }
    Some(pending[0].time)
}
