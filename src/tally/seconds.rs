//! Numbers by the second where most seconds have none: an account that reads for some minutes a week.

use std::collections::BTreeMap;

/// Seconds that are held together.
const BLOCK: u32 = 64;

/// A number for each second. Memory goes with the minutes that have any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seconds {
    blocks: BTreeMap<u32, Box<[u32; BLOCK as usize]>>,
}

fn empty() -> Box<[u32; BLOCK as usize]> {
    Box::new([0; BLOCK as usize])
}

impl Seconds {
    /// Adds to a second's number.
    pub fn add(&mut self, second: u32, count: u32) {
        if count > 0 {
            let block = self.blocks.entry(second / BLOCK).or_insert_with(empty);
            let number = &mut block[(second % BLOCK) as usize];
            *number = number.saturating_add(count);
        }
    }

    /// Adds all of another's.
    pub fn add_all(&mut self, other: &Self) {
        for (block, more) in &other.blocks {
            let mine = self.blocks.entry(*block).or_insert_with(empty);
            for (mine, more) in mine.iter_mut().zip(more.iter()) {
                *mine = mine.saturating_add(*more);
            }
        }
    }

    /// The greatest number.
    #[must_use]
    pub fn greatest(&self) -> u32 {
        self.blocks.values().flat_map(|block| block.iter()).copied().max().unwrap_or_default()
    }

    /// The numbers of the first `seconds`, one by one.
    #[must_use]
    pub fn one_by_one(&self, seconds: usize) -> Vec<u32> {
        let mut numbers = vec![0; seconds];
        for (block, some) in &self.blocks {
            let first = (block * BLOCK) as usize;
            let last = (first + BLOCK as usize).min(seconds);
            numbers[first..last].copy_from_slice(&some[..last - first]);
        }
        numbers
    }

    /// Most bytes that `seconds` may take if their numbers lie in at most so many blocks.
    #[must_use]
    pub fn bytes_at_most(seconds: u64, blocks: u64) -> u64 {
        const BYTES_PER_BLOCK: u64 = 4 * BLOCK as u64 + 32;
        seconds.div_ceil(BLOCK.into()).min(blocks).saturating_mul(BYTES_PER_BLOCK)
    }

    /// Most blocks that numbers take which all lie within so many seconds of each other.
    #[must_use]
    pub fn blocks_of_spell(seconds: f64) -> u64 {
        (seconds / f64::from(BLOCK)) as u64 + 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_are_those_of_a_plain_row(
            first in prop::collection::vec((0..300_u32, 0..5_u32), 0..40),
            second in prop::collection::vec((0..300_u32, 0..5_u32), 0..40),
        ) {
            let mut plain = vec![0; 300];
            let mut parts = [Seconds::default(), Seconds::default()];
            for (part, added) in parts.iter_mut().zip([&first, &second]) {
                for &(at, count) in added {
                    plain[at as usize] += count;
                    part.add(at, count);
                }
            }
            let [mut whole, other] = parts;
            whole.add_all(&other);
            prop_assert_eq!(whole.greatest(), *plain.iter().max().unwrap());
            prop_assert_eq!(whole.one_by_one(300), plain);
        }
    }
}
