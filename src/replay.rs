//! What a trace costs: each look-up that does not find a live entry is one KMS Decrypt call.
//!
//! Time in a trace is in whole seconds, and so is the lifetime. An entry fetched at second `f` is
//! live while `second < f + lifetime`, as everywhere in bks; libCacheSim keeps an object one second
//! longer, to the end of second `f + TTL`, so its TTL of `lifetime - 1` is the same rule.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::encryption::assumptions::Expiry;
use crate::error::{Error, Result};
use crate::trace::Lookup;
use crate::units::SimDuration;

/// Objects below this number may stand in the direct table (1 GiB).
const TABLE_MAX: u64 = 1 << 28;

/// The direct table has at most this many places for each look-up read so far.
const PLACES_PER_LOOKUP: u64 = 64;

/// Places that the direct table has from the start.
const TABLE_MIN: usize = 1 << 16;

/// What a replay has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Look-ups.
    pub requests: u64,
    /// Distinct objects.
    pub objects: u64,
    /// Look-ups that found no live entry: KMS Decrypt calls.
    pub misses: u64,
    /// Second of the first look-up.
    pub first: u32,
    /// Second of the last look-up.
    pub last: u32,
}

/// A replay under way.
///
/// An object's state is the second in which it expires: for small numbers in a table, of which a
/// look-up reads and writes one place without a branch, so that the processor waits for several
/// places at a time; for others in a hash map.
#[derive(Debug)]
pub struct Replay {
    /// In whole seconds; the greatest number is for ever.
    lifetime: u32,
    sliding: bool,
    /// Seconds since just before the first look-up in which objects expire; 0 if never fetched.
    table: Vec<u32>,
    /// The same for objects beyond the table.
    beyond: HashMap<u64, u32, BuildHasherDefault<NumberHasher>>,
    counted: Replayed,
}

impl Replay {
    /// A replay in which what is fetched lives for `lifetime`: with times in whole seconds, a part
    /// of a second counts as a whole one.
    #[must_use]
    pub fn new(lifetime: SimDuration, expiry: Expiry) -> Self {
        let seconds = lifetime.as_nanos().unsigned_abs().div_ceil(1_000_000_000);
        Self {
            lifetime: u32::try_from(seconds).unwrap_or(u32::MAX),
            sliding: expiry == Expiry::Sliding,
            table: vec![0; TABLE_MIN],
            beyond: HashMap::default(),
            counted: Replayed::default(),
        }
    }

    /// Answers the next look-ups; blocks of a few thousand stay in the processor's cache while they
    /// are gone through twice.
    ///
    /// # Errors
    /// If time runs backwards, or a trace spans 2^32 - 1 seconds.
    pub fn answer(&mut self, block: impl Iterator<Item = Lookup> + Clone) -> Result<()> {
        let Some(first) = block.clone().next() else { return Ok(()) };
        if self.counted.requests == 0 {
            (self.counted.first, self.counted.last) = (first.second, first.second);
        }
        let (mut last, mut ascends, mut greatest, mut length) = (self.counted.last, true, 0, 0);
        for lookup in block.clone() {
            ascends &= lookup.second >= last;
            last = lookup.second;
            greatest = lookup.object.max(greatest);
            length += 1;
        }
        if !ascends {
            return Err(self.backwards(block));
        }
        // One second is kept for the beginning, one for what never expires.
        if last - self.counted.first > u32::MAX - 2 {
            return Err(Error::request(format!(
                "the trace goes from second `{}` to `{last}`, but must span less than 2^32 - 2",
                self.counted.first
            )));
        }
        self.counted.last = last;
        self.counted.requests += length;
        self.make_room(greatest);
        self.counted.misses += match (greatest < self.table.len() as u64, self.sliding) {
            (true, false) => self.look_up::<false>(block),
            (true, true) => self.look_up::<true>(block),
            (false, _) => self.look_up_anywhere(block),
        };
        Ok(())
    }

    /// What was counted.
    #[must_use]
    pub fn finish(self) -> Replayed {
        let fetched = self.table.iter().filter(|expires| **expires > 0).count();
        Replayed { objects: (fetched + self.beyond.len()) as u64, ..self.counted }
    }

    /// Misses among look-ups of objects that all stand in the table.
    fn look_up<const SLIDING: bool>(&mut self, block: impl Iterator<Item = Lookup>) -> u64 {
        let (before, lifetime) = (self.counted.first.wrapping_sub(1), self.lifetime);
        // The length is a power of two: the mask says so, and no look-up need be checked.
        let table = self.table.as_mut_slice();
        let mask = table.len() - 1;
        let mut misses = 0;
        for lookup in block {
            let second = lookup.second.wrapping_sub(before);
            let expires = &mut table[lookup.object as usize & mask];
            let miss = second >= *expires;
            let renewed = second.saturating_add(lifetime);
            *expires = if SLIDING || miss { renewed } else { *expires };
            misses += u64::from(miss);
        }
        misses
    }

    /// Misses among look-ups of which some stand beyond the table.
    fn look_up_anywhere(&mut self, block: impl Iterator<Item = Lookup>) -> u64 {
        let before = self.counted.first.wrapping_sub(1);
        let mut misses = 0;
        for lookup in block {
            let second = lookup.second.wrapping_sub(before);
            let expires = match self.table.get_mut(lookup.object as usize) {
                Some(expires) => expires,
                None => self.beyond.entry(lookup.object).or_default(),
            };
            let miss = second >= *expires;
            if miss || self.sliding {
                *expires = second.saturating_add(self.lifetime);
            }
            misses += u64::from(miss);
        }
        misses
    }

    /// Doubles the table until it holds object `greatest`, within what the look-ups so far warrant.
    fn make_room(&mut self, greatest: u64) {
        let allowed = TABLE_MAX.min(self.counted.requests * PLACES_PER_LOOKUP);
        let mut places = self.table.len() as u64;
        while places <= greatest && places * 2 <= allowed {
            places *= 2;
        }
        if places == self.table.len() as u64 {
            return;
        }
        let table = &mut self.table;
        table.resize(places as usize, 0);
        self.beyond.retain(|&object, expires| {
            let stays = object >= places;
            if !stays {
                table[object as usize] = *expires;
            }
            stays
        });
    }

    #[cold]
    fn backwards(&self, block: impl Iterator<Item = Lookup>) -> Error {
        let mut last = self.counted.last;
        for (number, lookup) in (self.counted.requests + 1..).zip(block) {
            if lookup.second < last {
                return Error::request(format!(
                    "record {number} is of second `{}`, but the one before it of `{last}`, and \
                     time does not run backwards",
                    lookup.second
                ))
                .hint("sort the trace by time");
            }
            last = lookup.second;
        }
        unreachable!("a block that does not ascend descends somewhere")
    }
}

/// Spreads object numbers, which may be dense, or hashes already.
#[derive(Debug, Default)]
struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(byte.into());
        }
    }
    fn write_u64(&mut self, number: u64) {
        // An odd number without a pattern: 2^64 over the golden ratio. Both halves of the product
        // depend on all bits.
        let product = u128::from(self.0 ^ number) * 0x9e37_79b9_7f4a_7c15;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}
