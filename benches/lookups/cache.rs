//! What a trace costs: each look-up that does not find a live entry is one KMS Decrypt call.
//!
//! Time in a trace is in whole seconds, and so is the lifetime. An entry fetched at second `f` is
//! live while `second < f + lifetime`, as everywhere in bks; libCacheSim keeps an object one second
//! longer, to the end of second `f + TTL`, so its TTL of `lifetime - 1` is the same rule.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use bks::encryption::assumption::Expiry;
use bks::error::{Error, Result};
use bks::units::SimDuration;

use super::oracle_general::Lookup;

/// Objects of a drawer, as a power of two. Their expiries, 64 KiB, stay in a processor core's own
/// cache while the drawer is open.
const DRAWER_BITS: u32 = 14;
const DRAWER: usize = 1 << DRAWER_BITS;

/// Look-ups that are gathered for a drawer before it is opened: as many as it has places, so that
/// little of it is fetched from memory for each.
const BASKET: usize = DRAWER;

/// From one basket to the next, in look-ups: a cache line more than a basket is long, as lines
/// that lie a power of two apart drive one another out of a processor's cache.
const STRIDE: usize = BASKET + 16;

/// Look-ups wait for less than this many seconds (three days), as second and place share 32 bits.
const WAIT: u32 = 1 << (32 - DRAWER_BITS);

/// A trace spans at most so many seconds (136 years): expiries are counted in 32 bits, too.
const SPAN_MAX: u32 = u32::MAX - 2 * WAIT;

/// Objects below this number may lie in drawers (1 GiB).
const PLACED_MAX: u64 = 1 << 28;

/// There are at most this many places in drawers for each look-up read so far.
const PLACES_PER_LOOKUP: u64 = 64;

/// What a replay has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replayed {
    /// Look-ups.
    pub(crate) requests: u64,
    /// Distinct objects.
    pub(crate) objects: u64,
    /// Look-ups that found no live entry: KMS Decrypt calls.
    pub(crate) misses: u64,
    /// Second of the first look-up.
    pub(crate) first: u32,
    /// Second of the last look-up.
    pub(crate) last: u32,
}

/// A replay under way.
///
/// An object's state is the second in which it expires. Objects of small numbers lie in drawers of
/// a size that a processor core has at hand; look-ups are gathered in a basket for each drawer, so
/// that hardly any waits for memory, and keep their order within it. Objects of great numbers,
/// which are hashes as a rule, are in a hash map.
#[derive(Debug)]
pub(crate) struct Replay {
    /// In whole seconds; the greatest number is for ever.
    lifetime: u32,
    sliding: bool,
    /// When objects expire, in seconds since just before the first look-up; 0 if never fetched.
    drawers: Vec<u32>,
    /// Look-ups that wait, drawer by drawer: seconds since `waiting_since`, then the place in the
    /// drawer in the lowest bits.
    baskets: Vec<u32>,
    /// A second of the trace, not after any look-up that waits.
    waiting_since: u32,
    /// How many wait for each drawer.
    waiting: Vec<u32>,
    /// When the objects beyond the drawers expire.
    beyond: HashMap<u64, u32, BuildHasherDefault<NumberHasher>>,
    counted: Replayed,
}

impl Replay {
    /// A replay in which what is fetched lives for `lifetime`: with times in whole seconds, a part
    /// of a second counts as a whole one.
    pub(crate) fn new(lifetime: SimDuration, expiry: Expiry) -> Self {
        let seconds = lifetime.as_nanos().unsigned_abs().div_ceil(1_000_000_000);
        Self {
            lifetime: u32::try_from(seconds).unwrap_or(u32::MAX),
            sliding: expiry == Expiry::Sliding,
            drawers: Vec::new(),
            baskets: Vec::new(),
            waiting_since: 0,
            waiting: Vec::new(),
            beyond: HashMap::default(),
            counted: Replayed::default(),
        }
    }

    /// Answers the next look-ups.
    ///
    /// # Errors
    /// If time runs backwards, or a trace spans more than 136 years.
    #[inline]
    pub(crate) fn answer(&mut self, mut lookups: impl Iterator<Item = Lookup>) -> Result<()> {
        loop {
            match self.gather(&mut lookups) {
                None => return Ok(()),
                Some(lookup) => self.answer_apart(lookup)?,
            }
        }
    }

    /// What was counted.
    pub(crate) fn finish(mut self) -> Replayed {
        self.open_all();
        let fetched = self.drawers.iter().filter(|expires| **expires > 0).count();
        Replayed { objects: (fetched + self.beyond.len()) as u64, ..self.counted }
    }

    /// Puts each look-up into its drawer's basket; gives the first that cannot be: it has no drawer,
    /// or is of an earlier second than the one before it, or too long after those that wait.
    #[inline]
    fn gather(&mut self, lookups: &mut impl Iterator<Item = Lookup>) -> Option<Lookup> {
        let since = self.waiting_since;
        let (mut last, mut requests) = (self.counted.last, 0);
        let mut stopped = None;
        for lookup in lookups {
            let drawer = (lookup.object >> DRAWER_BITS) as usize;
            let waits = lookup.second.wrapping_sub(since);
            if lookup.second < last || waits >= WAIT || drawer >= self.waiting.len() {
                stopped = Some(lookup);
                break;
            }
            last = lookup.second;
            requests += 1;
            let waiting = self.waiting[drawer] as usize;
            let place = lookup.object as u32 % DRAWER as u32;
            self.baskets[drawer * STRIDE + waiting] = waits << DRAWER_BITS | place;
            self.waiting[drawer] += 1;
            if waiting + 1 == BASKET {
                self.open(drawer);
            }
        }
        self.counted.last = last;
        self.counted.requests += requests;
        stopped
    }

    fn open_all(&mut self) {
        for drawer in 0..self.waiting.len() {
            self.open(drawer);
        }
    }

    /// Answers the look-ups that wait for a drawer.
    #[inline(never)]
    fn open(&mut self, drawer: usize) {
        let waiting = std::mem::take(&mut self.waiting[drawer]) as usize;
        let basket = &self.baskets[drawer * STRIDE..][..waiting];
        let places = &mut self.drawers[drawer * DRAWER..][..DRAWER];
        let places = places.try_into().expect("a drawer is a drawer long");
        let since = self.waiting_since - self.counted.first + 1;
        self.counted.misses += if self.sliding {
            look_up::<true>(places, basket, since, self.lifetime)
        } else {
            look_up::<false>(places, basket, since, self.lifetime)
        };
    }

    /// Answers a look-up that cannot wait in a basket.
    #[cold]
    fn answer_apart(&mut self, lookup: Lookup) -> Result<()> {
        let Replayed { requests, first, last, .. } = self.counted;
        if requests == 0 {
            self.counted.first = lookup.second;
            self.waiting_since = lookup.second;
        } else if lookup.second < last {
            return Err(Error::request(format!(
                "record {} is of second `{}`, but the one before it of `{last}`, and time does not \
                 run backwards",
                requests + 1,
                lookup.second
            ))
            .hint("sort the trace by time"));
        } else if lookup.second - first > SPAN_MAX {
            return Err(Error::request(format!(
                "record {} is of second `{}`, but the first of `{first}`, and a trace spans at most \
                 136 years",
                requests + 1,
                lookup.second
            )));
        }
        if lookup.second - self.waiting_since >= WAIT {
            self.open_all();
            self.waiting_since = lookup.second;
        }
        self.counted.last = lookup.second;
        self.counted.requests += 1;
        self.make_room(lookup.object);
        // Of this object none waits: it had no drawer, or all baskets are empty.
        let expires = match self.drawers.get_mut(lookup.object as usize) {
            Some(expires) => expires,
            None => self.beyond.entry(lookup.object).or_default(),
        };
        let second = lookup.second - self.counted.first + 1;
        let miss = second >= *expires;
        if miss || self.sliding {
            *expires = second.saturating_add(self.lifetime);
        }
        self.counted.misses += u64::from(miss);
        Ok(())
    }

    /// Doubles the drawers until they hold object `greatest`, within what the look-ups so far
    /// warrant.
    fn make_room(&mut self, greatest: u64) {
        let allowed = PLACED_MAX.min(self.counted.requests * PLACES_PER_LOOKUP);
        let held = self.drawers.len() as u64;
        let mut places = held.max(DRAWER as u64);
        while places <= greatest && places * 2 <= allowed {
            places *= 2;
        }
        if places == held {
            return;
        }
        let drawers = places as usize / DRAWER;
        self.drawers.resize(places as usize, 0);
        self.waiting.resize(drawers, 0);
        self.baskets.resize(drawers * STRIDE, 0);
        let room = &mut self.drawers;
        self.beyond.retain(|&object, expires| {
            let stays = object >= places;
            if !stays {
                room[object as usize] = *expires;
            }
            stays
        });
    }
}

/// Misses among the look-ups of one drawer. No branch depends on what is found, so the processor
/// works on many at a time.
fn look_up<const SLIDING: bool>(
    places: &mut [u32; DRAWER],
    lookups: &[u32],
    since: u32,
    lifetime: u32,
) -> u64 {
    let mut misses = 0;
    for &lookup in lookups {
        let second = since + (lookup >> DRAWER_BITS);
        let expires = &mut places[lookup as usize % DRAWER];
        let miss = second >= *expires;
        let renewed = second.saturating_add(lifetime);
        *expires = if SLIDING || miss { renewed } else { *expires };
        misses += u64::from(miss);
    }
    misses
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
