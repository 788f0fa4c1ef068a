//! Many requests of one kind, column by column: what differs from request to request and nothing
//! else. Engines that go through long columns in short loops are several times faster than ones
//! that go from request to request.

use std::ops::Range;

use super::Operation;
use crate::units::SimTime;

/// What requests in columns have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestClass {
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
    /// What had been written last at the times of column `written`, by whom column `writers` says.
    /// At least one of the two sources is there; times beyond a single one stand for its object
    /// nearest in time.
    Aged {
        /// Which population, and how many session slots wrote it.
        population: Option<(u32, u32)>,
        /// Which workload, and its session slots.
        written: Option<(u32, Range<u32>)>,
    },
}

/// Who wrote an object, and where: a session slot or one of a population's writers, and the draw that
/// picks the part of S3's fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenBy(u64);

impl WrittenBy {
    const OF_POPULATION: u64 = 1 << 63;

    /// A session slot's write.
    #[inline]
    #[must_use]
    pub const fn slot(slot: u32, draw: u32) -> Self {
        Self((slot as u64) << 32 | draw as u64)
    }

    /// A write of the `writer`-th of a population's writers.
    #[inline]
    #[must_use]
    pub const fn population(writer: u32, draw: u32) -> Self {
        Self(Self::OF_POPULATION | (writer as u64) << 32 | draw as u64)
    }

    /// The number of the session slot or of the population's writer, below 2^31.
    #[inline]
    #[must_use]
    pub const fn number(self) -> u32 {
        ((self.0 & !Self::OF_POPULATION) >> 32) as u32
    }

    /// The number of the population's writer, if it is one.
    #[inline]
    #[must_use]
    pub const fn writer_of_population(self) -> Option<u32> {
        if self.0 & Self::OF_POPULATION > 0 { Some(self.number()) } else { None }
    }

    /// Picks the part of S3's fleet that took the write.
    #[inline]
    #[must_use]
    pub const fn draw(self) -> u32 {
        self.0 as u32
    }
}

/// Which columns somebody looks at; others may stay empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedColumns {
    /// Columns `ranks` and `written`.
    pub objects: bool,
    /// Column `writers`.
    pub writers: bool,
    /// Column `draws`.
    pub draws: bool,
}

/// The columns: one entry for each request, in order of time.
#[derive(Debug, Default)]
pub struct S3Columns {
    /// When S3 receives it.
    pub times: Vec<SimTime>,
    /// The rank of the object it needs, for [`Objects::Ranked`].
    pub ranks: Vec<u64>,
    /// When that object was written, for [`Objects::Aged`].
    pub written: Vec<SimTime>,
    /// Who wrote it and where.
    pub writers: Vec<WrittenBy>,
    /// Picks the part of S3's fleet that serves the request.
    pub draws: Vec<u32>,
}

impl S3Columns {
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
