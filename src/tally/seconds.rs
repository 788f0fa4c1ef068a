//! Numbers by the second where most seconds have none: an account that reads for some minutes a week.

/// Seconds that are held together.
const BLOCK: u32 = 64;

/// A number for each second. Memory goes with the minutes that have any.
#[derive(Clone, Debug, Default)]
pub struct Seconds {
    /// In order of time.
    blocks: Vec<SecondsBlock>,
    /// Where the last one was: the next is most likely to be there, too, or just behind it.
    last: usize,
}

/// The numbers of some seconds, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SecondsBlock {
    /// The first second, in blocks.
    number: u32,
    counts: Box<[u32; BLOCK as usize]>,
}

/// The same numbers, whichever was asked for last.
impl PartialEq for Seconds {
    fn eq(&self, other: &Self) -> bool {
        self.blocks == other.blocks
    }
}

impl Eq for Seconds {}

impl Seconds {
    /// Adds to a second's number.
    #[inline]
    pub fn add(&mut self, second: u32, count: u32) {
        if count > 0 {
            let number = &mut self.block(second / BLOCK).counts[(second % BLOCK) as usize];
            *number = number.saturating_add(count);
        }
    }

    /// The block of a number, made if there is none.
    #[inline]
    fn block(&mut self, number: u32) -> &mut SecondsBlock {
        if self.blocks.get(self.last).is_none_or(|block| block.number != number) {
            self.last = self.find(number);
        }
        &mut self.blocks[self.last]
    }

    /// The place of a block, which is made if there is none.
    fn find(&mut self, number: u32) -> usize {
        if self.blocks.get(self.last + 1).is_some_and(|block| block.number == number) {
            return self.last + 1;
        }
        let found = self.blocks.binary_search_by_key(&number, |block| block.number);
        found.unwrap_or_else(|place| {
            let counts = Box::new([0; BLOCK as usize]);
            self.blocks.insert(place, SecondsBlock { number, counts });
            place
        })
    }

    /// Adds to a second's number what may be less than nothing; `None` if it would fall below zero.
    pub(super) fn add_signed(&mut self, second: u32, more: i64) -> Option<()> {
        let number = &mut self.block(second / BLOCK).counts[(second % BLOCK) as usize];
        let sum = i64::from(*number).checked_add(more).filter(|sum| *sum >= 0)?;
        *number = u32::try_from(sum).unwrap_or(u32::MAX);
        Some(())
    }

    /// Each second with a number, in order.
    pub(super) fn seconds(&self) -> impl Iterator<Item = (u32, u32)> {
        let all = self.blocks.iter().flat_map(|SecondsBlock { number, counts }| {
            (number * BLOCK..).zip(counts.iter().copied())
        });
        all.filter(|(_, count)| *count > 0)
    }

    /// Adds all of another's.
    pub fn add_all(&mut self, other: &Self) {
        for SecondsBlock { number, counts } in &other.blocks {
            let mine = self.block(*number).counts.iter_mut();
            for (mine, more) in mine.zip(counts.iter()) {
                *mine = mine.saturating_add(*more);
            }
        }
    }

    /// The greatest number.
    #[must_use]
    pub fn greatest(&self) -> u32 {
        self.blocks.iter().flat_map(|block| block.counts.iter()).copied().max().unwrap_or_default()
    }

    /// The numbers of the first `seconds`, one by one.
    #[must_use]
    pub fn one_by_one(&self, seconds: usize) -> Vec<u32> {
        let mut numbers = vec![0; seconds];
        for SecondsBlock { number, counts } in &self.blocks {
            let first = (number * BLOCK) as usize;
            let last = (first + BLOCK as usize).min(seconds);
            numbers[first..last].copy_from_slice(&counts[..last - first]);
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
