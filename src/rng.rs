//! Chance: one named, portable stream of random numbers per (replication, purpose, place).
//!
//! A stream is addressed by what it is for, never by thread or order, so any engine on any number
//! of threads draws the same numbers for the same thing. The address is the 256-bit key of a
//! `ChaCha8` generator, whose output seeds xoshiro256++ (Blackman and Vigna, 2021): the first makes
//! neighbouring addresses unlike, the second is fast and small (32 bytes a stream). Both are named
//! algorithms whose output does not change between releases or machines. The states of two streams
//! are random points of a cycle of 2^256 − 1, so that none ever comes near another.

use std::ops::Range;

use rand::SeedableRng;
use rand::rngs::{ChaCha8Rng, Xoshiro256PlusPlus};
use rand_distr::{Binomial, Distribution};

use crate::units::SimDuration;

mod exponential;

pub use exponential::{Exponential, exponential_ns};

/// Coordinates of one point of a Sobol' sequence with the direction numbers of S. Joe and F. Y. Kuo (2008),
/// scrambled after A. B. Owen (*Randomly permuted (t,m,s)-nets and (t,s)-sequences*, 1995): each point is
/// even over the unit cube, and the first points together, a power of two of them, fill it more evenly than
/// independent ones.
#[must_use]
pub fn sobol_point(number: u32, dimensions: Range<usize>, scramble: u32) -> Vec<f64> {
    dimensions.map(|d| sobol_burley::sample(number, d as u32, scramble).into()).collect()
}

/// The generator behind every stream.
pub type Stream = Xoshiro256PlusPlus;

/// What a stream of random numbers is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Arrivals, choices and placement of one workload's requests.
    Requests = 1,
    /// How objects written before the run were wrapped.
    History = 2,
    /// How many requests a kind of action makes in each second, without drawing them.
    Counts = 3,
    /// The calls of one requester's reads, key by key.
    SkippedReads = 4,
    /// The calls of one requester's writes.
    SkippedWrites = 5,
    /// Values of assumptions, of which nothing but a range is known.
    Sensitivity = 6,
    /// Placement of a log's requests.
    Recorded = 7,
    /// The objects of a population, one by one.
    Objects = 8,
    /// Gaps of an experiment, and what may be true when it is run.
    Experiment = 9,
}

/// The scenario's seed; every stream of a run comes from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream for `purpose` in `replication`, told apart by `place` (say, workload and
    /// session slot).
    #[must_use]
    pub fn stream(self, replication: u32, purpose: Purpose, place: (u32, u32)) -> Stream {
        let [stream] = self.streams(replication, purpose, place);
        stream
    }

    /// Several streams of one address. Drawing more or less from one changes nothing in the others.
    #[must_use]
    pub fn streams<const N: usize>(
        self,
        replication: u32,
        purpose: Purpose,
        place: (u32, u32),
    ) -> [Stream; N] {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.0.to_le_bytes());
        key[8..12].copy_from_slice(&replication.to_le_bytes());
        key[12..16].copy_from_slice(&place.0.to_le_bytes());
        key[16..20].copy_from_slice(&place.1.to_le_bytes());
        key[24..].copy_from_slice(&(purpose as u64).to_le_bytes());
        let mut seeds = ChaCha8Rng::from_seed(key);
        std::array::from_fn(|_| Stream::from_rng(&mut seeds))
    }
}

/// An exponential time of the given mean.
pub fn exponential(mean_s: f64, rng: &mut Stream) -> SimDuration {
    SimDuration::from_nanos(exponential_ns(mean_s * 1e9, rng))
}

/// How many of `n` independent trials succeed, each by the chance `p`.
///
/// # Panics
/// If `p` is not a number.
#[must_use]
pub fn binomial(n: u64, p: f64, rng: &mut Stream) -> u64 {
    if p >= 1.0 {
        return n;
    }
    if p <= 0.0 || n == 0 {
        return 0;
    }
    Binomial::new(n, p).expect("p lies between 0 and 1").sample(rng)
}

/// `draw` mapped evenly onto `0..bound`. The same draw falls into corresponding parts for
/// different bounds, which keeps configurations comparable (common random numbers).
#[must_use]
pub fn part_of(draw: u32, bound: u32) -> u32 {
    ((u64::from(draw) * u64::from(bound)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_are_portable_and_apart() {
        let first =
            |replication, place| Seed(7).stream(replication, Purpose::Requests, place).next_u64();
        assert_eq!(first(0, (0, 0)), first(0, (0, 0)));
        let distinct = [first(0, (0, 0)), first(1, (0, 0)), first(0, (1, 0)), first(0, (0, 1))];
        for (i, a) in distinct.iter().enumerate() {
            assert!(distinct[i + 1..].iter().all(|b| a != b));
        }
    }

    #[test]
    fn parts_are_even() {
        assert_eq!(part_of(0, 7), 0);
        assert_eq!(part_of(u32::MAX, 7), 6);
        assert_eq!(part_of(1 << 31, 2), 1);
    }
}
