//! The requests of one requester, in order of time: its sessions' sources, merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::encryption::requester::Requester;
use crate::s3::Request;
use crate::scenario::Scenario;
use crate::units::SimTime;
use crate::workload::Workload;
use crate::workload::source::Source;

/// Requests that are drawn before they are answered, so that each arm goes through them in turn
/// with its own state in the processor's cache.
const BATCH: usize = 1_024;

/// A requester's requests.
pub struct RequestStream<'a> {
    sources: Vec<Source<'a>>,
    /// The next action's requests of each source.
    pending: Vec<Vec<Request>>,
    /// Sources by the time of their next action; ties go to the one that stands first.
    heads: BinaryHeap<Reverse<(SimTime, usize)>>,
}

impl<'a> RequestStream<'a> {
    /// The requests of `requester` in one replication, from the workloads that `wanted` picks.
    #[must_use]
    pub fn new(
        scenario: &'a Scenario,
        requester: &Requester,
        replication: u32,
        wanted: impl Fn(&Workload) -> bool,
    ) -> Self {
        let mut sources = Vec::new();
        for &slot in &requester.slots {
            let workloads =
                scenario.workloads.iter().filter(|w| w.slots.contains(&slot) && wanted(w));
            sources.extend(
                workloads.map(|w| Source::new(w, slot, scenario.seed, replication, scenario.end)),
            );
        }
        let mut stream =
            Self { pending: vec![Vec::new(); sources.len()], sources, heads: BinaryHeap::new() };
        if stream.sources.len() > 1 {
            for source in 0..stream.sources.len() {
                stream.refill(source);
            }
        }
        stream
    }

    /// Draws a source's next action that makes a request.
    fn refill(&mut self, source: usize) {
        let pending = &mut self.pending[source];
        pending.clear();
        while self.sources[source].next_action(pending) {
            if let Some(first) = pending.first() {
                self.heads.push(Reverse((first.time, source)));
                return;
            }
        }
    }

    /// Replaces `batch` by the next requests; false when there are none.
    pub fn next_batch(&mut self, batch: &mut Vec<Request>) -> bool {
        batch.clear();
        if let [only] = self.sources.as_mut_slice() {
            while batch.len() < BATCH && only.next_action(batch) {}
        } else {
            while batch.len() < BATCH {
                let Some(Reverse((_, source))) = self.heads.pop() else { break };
                batch.append(&mut self.pending[source]);
                self.refill(source);
            }
        }
        !batch.is_empty()
    }
}
