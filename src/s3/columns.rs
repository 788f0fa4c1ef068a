//! Many requests of one kind, column by column: what differs from request to request and nothing
//! else. Engines that go through long columns in short loops are several times faster than ones
//! that go from request to request.

use std::ops::Range;

use super::Operation;
use crate::units::SimTime;

/// What requests in columns have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// What they ask.
    pub operation: Operation,
    /// The bucket they are addressed to, in which the objects that they need lie, too.
    pub bucket: u32,
    /// False if the writer sends `x-amz-server-side-encryption-bucket-key-enabled: false`.
    pub allows_bucket_key: bool,
    /// Which objects' data they need.
    pub objects: Objects,
}

/// The objects whose data requests of one kind need; [`super::Object`] in columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objects {
    /// No stored object's data.
    None,
    /// Objects that were written with their bucket key switched off by header.
    Keyless,
    /// Objects of a population, by rank: column `ranks`.
    Ranked {
        /// Which population.
        population: u32,
    },
    /// What writers had written last at the times of column `written`. At least one of the two
    /// sources is there; times beyond a single one stand for its object nearest in time.
    Aged {
        /// Which population, for times before the run, and how many session slots wrote it.
        population: Option<(u32, u32)>,
        /// The session slots that write within the run.
        slots: Option<Range<u32>>,
    },
}

/// Two draws of one: the upper half picks who wrote an object, the lower half the writer's cache
/// partition.
#[inline]
#[must_use]
pub const fn writer_and_draw(draw: u64) -> (u32, u32) {
    ((draw >> 32) as u32, draw as u32)
}

/// Which columns somebody looks at; others may stay empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Columns `ranks` and `written`.
    pub objects: bool,
    /// Column `writers`.
    pub writers: bool,
    /// Column `draws`.
    pub draws: bool,
}

/// The columns: one entry for each request, in order of time.
#[derive(Debug, Default)]
pub struct Columns {
    /// When S3 receives it.
    pub times: Vec<SimTime>,
    /// The rank of the object it needs, for [`Objects::Ranked`].
    pub ranks: Vec<u64>,
    /// When that object was written, for [`Objects::Aged`].
    pub written: Vec<SimTime>,
    /// Who wrote it and where, see [`writer_and_draw`].
    pub writers: Vec<u64>,
    /// Picks the part of S3's fleet that serves the request.
    pub draws: Vec<u32>,
}

impl Columns {
    /// Number of requests.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Removes all requests.
    pub fn clear(&mut self) {
        self.times.clear();
        self.ranks.clear();
        self.written.clear();
        self.writers.clear();
        self.draws.clear();
    }

    /// Replaces these by the requests of `from` in the given order.
    pub fn gather(&mut self, from: &Self, order: &[u32]) {
        fn pick<T: Copy>(to: &mut Vec<T>, from: &[T], order: &[u32]) {
            to.clear();
            if !from.is_empty() {
                to.extend(order.iter().map(|&place| from[place as usize]));
            }
        }
        pick(&mut self.times, &from.times, order);
        pick(&mut self.ranks, &from.ranks, order);
        pick(&mut self.written, &from.written, order);
        pick(&mut self.writers, &from.writers, order);
        pick(&mut self.draws, &from.draws, order);
    }
}
