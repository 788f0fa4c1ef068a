//! Plaintext keys held for reads.

use std::collections::HashMap;

use crate::encryption::assumption::{Assumptions, Expiry};
use crate::units::{SimDuration, SimTime};

/// Plaintext keys held for reads: one expiry for each (key, cache partition).
///
/// A cache is never emptied: what a requester (or a session) after another finds in it expired
/// before its own time began, for each has a stretch of one long clock to itself.
#[derive(Debug)]
pub(super) struct KeyCache {
    /// Number of entries.
    entries: usize,
    /// When each entry expires, on the long clock, and those of requesters that had more; none if there are
    /// too many to have them all.
    expires: Vec<i64>,
    /// The same of those entries that were ever fetched, where there are too many to have them all.
    fetched: HashMap<u32, i64>,
    /// Where on the long clock the current requester's time zero is.
    zero: i64,
    /// Longer than any run; what is kept longer is kept as long as this.
    horizon: i64,
}

impl KeyCache {
    /// A cache for runs from `start` to `end`.
    pub(super) fn new(start: SimTime, end: SimTime) -> Self {
        let span = end.since(start).as_nanos();
        let horizon = span.min(i64::MAX / 8) + 1;
        Self { entries: 0, expires: Vec::new(), fetched: HashMap::new(), zero: 0, horizon }
    }

    /// Most entries that are all had in memory: 128 MiB.
    const ALL_AT_MOST: usize = 1 << 24;

    /// Whether only those entries are had in memory that were ever fetched.
    pub(super) const fn is_sparse(&self) -> bool {
        self.entries > Self::ALL_AT_MOST
    }

    /// When an entry expires.
    #[inline]
    fn of(&mut self, entry: u32) -> &mut i64 {
        if self.is_sparse() {
            self.fetched.entry(entry).or_insert(i64::MIN)
        } else {
            &mut self.expires[entry as usize]
        }
    }

    /// Begins a requester's time with an empty cache of `entries`.
    pub(super) fn begin(&mut self, entries: usize) {
        self.fetched.clear();
        self.entries = entries;
        if !self.is_sparse() && entries > self.expires.len() {
            self.expires.resize(entries, i64::MIN);
        }
        // Until now nothing was kept beyond two horizons from zero, and no time is more than one before.
        self.zero += 3 * self.horizon;
        if self.zero > i64::MAX - 3 * self.horizon {
            self.expires.fill(i64::MIN);
            self.zero = 0;
        }
    }

    pub(super) fn empty(&mut self) {
        self.begin(self.entries);
    }

    /// Whether the key of `entry` must be fetched at `time`; if so, it then is.
    #[inline]
    pub(super) fn misses(&mut self, entry: u32, time: SimTime, assumptions: &Assumptions) -> bool {
        let lifetime = assumptions.cache_lifetime.as_nanos().min(self.horizon);
        let now = self.zero + time.as_nanos();
        let expires = self.of(entry);
        let miss = now >= *expires;
        if miss || assumptions.expiry == Expiry::Sliding {
            *expires = now + lifetime;
        }
        miss
    }

    /// Appends to `missed` when requests must fetch their entry. No branch depends on whether one
    /// does: half of them would be guessed wrong.
    #[inline]
    pub(super) fn misses_among<const SLIDING: bool>(
        &mut self,
        times: &[SimTime],
        entries: &[u32],
        lifetime: SimDuration,
        missed: &mut Vec<SimTime>,
    ) {
        let lifetime = lifetime.as_nanos().min(self.horizon);
        let before = missed.len();
        missed.resize(before + times.len(), SimTime::ZERO);
        let (found, mut count) = (&mut missed[before..], 0);
        let (zero, entries_expire) = (self.zero, self.expires.as_mut_slice());
        for (&time, &entry) in times.iter().zip(entries) {
            let now = zero + time.as_nanos();
            let expires = &mut entries_expire[entry as usize];
            let miss = now >= *expires;
            *expires = if miss || SLIDING { now + lifetime } else { *expires };
            found[count] = time;
            count += usize::from(miss);
        }
        missed.truncate(before + count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cache of more entries than are had in memory answers as one that has them all.
    #[test]
    fn sparse_caches_answer_as_dense_ones() {
        for expiry in [Expiry::Fixed, Expiry::Sliding] {
            let assumptions = Assumptions {
                generation_lifetime: SimDuration::from_secs(10),
                cache_lifetime: SimDuration::from_secs(10),
                expiry,
                cache_hosts: 1,
                write_partitions: None,
                read_partitions: None,
                verify_on_write: 0,
                ..Assumptions::default()
            };
            let [mut dense, mut sparse] = [50, KeyCache::ALL_AT_MOST + 1].map(|entries| {
                let mut cache = KeyCache::new(SimTime::ZERO, SimTime::from_nanos(1 << 50));
                cache.begin(entries);
                cache
            });
            assert!(sparse.is_sparse() && !dense.is_sparse());
            let mut state = 1_u64;
            let mut misses = 0;
            for second in 0..3_000 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let (entry, time) =
                    ((state >> 60) as u32, SimTime::from_nanos(second * 700_000_000));
                let is_miss = dense.misses(entry, time, &assumptions);
                assert_eq!(sparse.misses(entry, time, &assumptions), is_miss);
                misses += u32::from(is_miss);
                if second % 1_000 == 999 {
                    dense.empty();
                    sparse.empty();
                }
            }
            assert!((100..2_900).contains(&misses), "{misses}");
        }
    }
}
