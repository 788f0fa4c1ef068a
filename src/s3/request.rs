//! One request as S3 receives it, and whose session sent it.

use super::{Connections, Operation};
use crate::units::{SimDuration, SimTime};

/// A place in which one session of a principal runs at a time: an EC2 instance, a Lambda execution
/// environment, a thread. When the session's credentials are renewed, another session takes it over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionSlot {
    /// Which of the scenario's principals.
    pub principal: u32,
    /// Which of the principal's slots, from 0.
    pub number: u32,
    /// Which of the principal's scoping (session) policies its sessions carry, from 1; 0 is none.
    pub policy: u32,
    /// How long a session lives; `None` for as long as the run.
    pub session_length: Option<SimDuration>,
    /// When the first session that begins within the run does so; the one before it was under way.
    pub first_renewal: SimTime,
    /// On how many connections its requests come; a session that takes over takes over these, too.
    pub connections: Connections,
}

impl SessionSlot {
    /// The number of its scoping policy among the principal's, from 0.
    #[must_use]
    pub fn policy_number(&self) -> u32 {
        self.policy.saturating_sub(1)
    }

    /// The first renewal after `start`, which is not after time zero: sessions before the run were
    /// renewed like those in it. [`SimTime::MAX`] if there is none.
    #[must_use]
    pub fn first_renewal_after(&self, start: SimTime) -> SimTime {
        let Some(length) = self.session_length else { return SimTime::MAX };
        let before = self.first_renewal.since(start).as_nanos() / length.as_nanos();
        let first = self.first_renewal - length.saturating_mul(before);
        if first > start || start >= SimTime::ZERO { first } else { first + length }
    }

    /// Which of the slot's sessions runs at `time`; 0 is the one under way when the run begins.
    #[must_use]
    pub fn session_at(&self, time: SimTime) -> u32 {
        match self.session_length {
            Some(length) if time >= self.first_renewal => {
                1 + (time.since(self.first_renewal).as_nanos() / length.as_nanos()) as u32
            }
            _ => 0,
        }
    }
}

/// The object whose data a request needs, named by what decides its wrapping key and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// The request needs no stored object's data.
    None,
    /// The request failed or found nothing modified: whatever its operation, it needs no key at all.
    Unserved,
    /// The `rank`-th oldest object of a population that was there before the run.
    Ranked {
        /// Which population.
        population: u32,
        /// From 0, the oldest, to the population's number of objects less one.
        rank: u64,
    },
    /// What one of a population's writers had written last at `time`, before the run.
    Aged {
        /// Which population.
        population: u32,
        /// Which of its writers' session slots, counted from the writers' first.
        writer: u32,
        /// Picks the writer's cache partition.
        draw: u32,
        /// Not after the start of the run.
        time: SimTime,
    },
    /// What a session slot had written last to `bucket` at `time`, within the run.
    Written {
        /// Which bucket.
        bucket: u32,
        /// Whose write.
        slot: u32,
        /// Picks the writer's cache partition.
        draw: u32,
        /// Within the run; a write at this very time counts.
        time: SimTime,
    },
    /// An object that was written with its bucket key switched off by header.
    Keyless,
}

/// One request to S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// When S3 receives it.
    pub time: SimTime,
    /// Whose session sends it.
    pub slot: u32,
    /// The bucket it is addressed to; for copies the destination.
    pub bucket: u32,
    /// What it asks.
    pub operation: Operation,
    /// False if the writer sends `x-amz-server-side-encryption-bucket-key-enabled: false`.
    pub allows_bucket_key: bool,
    /// Whether it belongs to work that happens once, not again and again.
    pub once: bool,
    /// Picks the part of S3's fleet that serves it.
    pub draw: u32,
    /// The object to be read, or the source of a copy, or the upload a part belongs to.
    pub object: Object,
}
