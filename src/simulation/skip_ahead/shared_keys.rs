//! Keys in memory that a requester's drawn requests share with those that are not drawn.
//!
//! A drawn request finds the key it needs in memory or not, by what was called for until then: so the calls of the
//! requests that are not drawn are drawn up to its time first, key by key, and go on from there the next
//! time. What is not drawn yet does not depend on what is: the processes have no memory.

use std::collections::HashMap;

use super::SkipAhead;
use super::call_times::{Keeping, KeyInMemory};
use super::reads::{Needed, ReadCalls, SkippedReads};
use crate::encryption::service::{ReadCache, Scheme};
use crate::rng::{Purpose, Stream};
use crate::tally::Tally;
use crate::units::SimTime;

/// The keys that drawn requests have asked for, by number (key × parts + part).
#[derive(Default)]
pub(in crate::simulation) struct KeysShared(HashMap<u32, KeyInMemory>);

impl KeysShared {
    /// What is known of one, if it was asked for.
    pub(super) fn get(&self, entry: u32) -> Option<KeyInMemory> {
        self.0.get(&entry).copied()
    }
}

/// One requester's keys in memory under one scheme, as its drawn requests find them.
pub(in crate::simulation) struct SharedMemory<'a> {
    reads: SkippedReads<'a>,
    keeping: Keeping<'a>,
    keys: KeysShared,
    rng: Stream,
    /// The calls of requests that are not drawn.
    calls: Vec<(usize, SimTime)>,
    counted: ReadCalls<'a>,
}

impl<'a> SharedMemory<'a> {
    pub(in crate::simulation) fn new(
        engine: &'a SkipAhead<'a>,
        requester: usize,
        scheme: &'a Scheme,
        needed: &'a Needed,
    ) -> Self {
        let reads = SkippedReads::new(engine, requester, scheme, needed);
        // Parts of needs have numbers from zero on.
        let place = (requester as u32, u32::MAX);
        let rng =
            engine.run.scenario.seed.stream(engine.run.replication, Purpose::SkippedReads, place);
        Self {
            keeping: reads.keeping(),
            keys: KeysShared::default(),
            rng,
            calls: Vec::new(),
            counted: reads.no_calls(),
            reads,
        }
    }

    /// Counts the calls that were drawn on the way.
    pub(in crate::simulation) fn count(&mut self, tally: &mut Tally) {
        for (component, time) in self.calls.drain(..) {
            self.counted.push(component, time, false, tally);
        }
        self.counted.flush(false, tally);
    }

    /// The keys as the last drawn request has left them.
    pub(in crate::simulation) fn into_keys(self) -> KeysShared {
        self.keys
    }
}

impl ReadCache for SharedMemory<'_> {
    fn misses(&mut self, entry: u32, time: SimTime) -> bool {
        let Self { reads, keeping, keys, rng, calls, .. } = self;
        let state = keys.0.entry(entry).or_insert(KeyInMemory::Dropped(SimTime::MIN));
        // Most find the key in memory, whoever else has asked for it since.
        if !state.is_kept_at(time, *keeping) {
            let needs = reads.needs_of(entry / reads.parts);
            let mut flows = reads.flows(needs, reads.parts, keeping.from);
            *state = state.advance(&mut flows, *keeping, time, rng, |called, flow| {
                calls.push((needs[flow].component, called));
            });
        }
        let (left, is_call) = state.asked_for(time, *keeping);
        *state = left;
        is_call
    }
}
