//! The look-ups that an arm's caches must answer, as one stream: all requesters' together, in order
//! of time.
//!
//! This is for other simulators, which know caches but not S3. Memory grows with the requesters
//! (each has one batch drawn ahead) and the distinct entries, not with the requests.

use std::collections::{HashMap, VecDeque};

use bks::scenario::Scenario;
use bks::simulation::Arm;
use bks::simulation::events::{Event, Events, KeyUse};
use bks::units::SimTime;
use bks::workload::written::KeptObjects;

/// One need of a bucket-level key's plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimedLookup {
    /// When the request that needs it is received.
    pub(crate) time: SimTime,
    /// Which (requester, bucket-level key, cache partition), numbered from 0 in order of first
    /// appearance; a renewed session that counts as a requester anew has entries of its own.
    pub(crate) entry: u64,
}

/// The look-ups of one arm in one replication: every request, from the run's start (warm-up
/// included), that must unwrap what a bucket-level key wraps. What has no bucket-level key, and the
/// verification of new ones, is no look-up: KMS is called whatever the cache holds.
///
/// Times ascend; at one time requesters come in their order, and each requester's in its own.
pub(crate) struct Lookups<'a> {
    events: Events<'a>,
    due: VecDeque<TimedLookup>,
    numbers: Numbers,
}

impl<'a> Lookups<'a> {
    /// The look-ups of `arm` in `replication`. There are none if the configuration uses no bucket
    /// keys.
    pub(crate) fn new(
        scenario: &'a Scenario,
        kept: &'a KeptObjects,
        arm: &Arm,
        replication: u32,
    ) -> Self {
        let events = Events::new(scenario, kept, arm, replication);
        Self { events, due: VecDeque::new(), numbers: Numbers::default() }
    }
}

impl Iterator for Lookups<'_> {
    type Item = TimedLookup;

    fn next(&mut self) -> Option<TimedLookup> {
        while self.due.is_empty() {
            let event = self.events.next()?;
            for key in [event.unwrapped, event.unwrapped_own].into_iter().flatten() {
                let entry = self.numbers.of(&event, key);
                self.due.push_back(TimedLookup { time: event.request.time, entry });
            }
        }
        self.due.pop_front()
    }
}

/// Numbers of cache entries.
#[derive(Default)]
struct Numbers {
    /// Of each requester's current session.
    of_requester: Vec<(u32, HashMap<KeyUse, u64>)>,
    entries: u64,
}

impl Numbers {
    fn of(&mut self, event: &Event, key: KeyUse) -> u64 {
        let requester = event.requester as usize;
        if requester >= self.of_requester.len() {
            self.of_requester.resize_with(requester + 1, Default::default);
        }
        let (session, numbers) = &mut self.of_requester[requester];
        if event.session != *session {
            *session = event.session;
            numbers.clear();
        }
        *numbers.entry(key).or_insert_with(|| {
            self.entries += 1;
            self.entries - 1
        })
    }
}
