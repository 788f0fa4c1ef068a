//! Numbers by the second where most seconds have none: a bucket that is read for some minutes a week, or a log of a year.

/// Seconds that are held together, and how many of these blocks are.
const BLOCK: usize = 64;

/// What seconds have numbers of.
pub trait SecondNumber: Copy + Default + PartialEq + Into<i64> + TryFrom<i64> {
    /// The sum; at the ends of what the type holds it stays there.
    #[must_use]
    fn plus(self, more: Self) -> Self;
}

impl SecondNumber for u32 {
    fn plus(self, more: Self) -> Self {
        self.saturating_add(more)
    }
}

impl SecondNumber for i32 {
    fn plus(self, more: Self) -> Self {
        self.saturating_add(more)
    }
}

/// A number for each second. Memory goes with the minutes that have any; time, to add to one, does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seconds<T = u32>(Vec<Option<Box<BlockGroup<T>>>>);

/// The numbers of [`BLOCK`] seconds.
type SecondsBlock<T> = [T; BLOCK];

/// That many blocks, of which most have no numbers.
type BlockGroup<T> = [Option<Box<SecondsBlock<T>>>; BLOCK];

impl<T: SecondNumber> Seconds<T> {
    /// Adds to a second's number.
    #[inline]
    pub fn add(&mut self, second: u32, more: T) {
        if more != T::default() {
            let number = self.number(second);
            *number = number.plus(more);
        }
    }

    /// A second's number, to be changed.
    #[inline]
    fn number(&mut self, second: u32) -> &mut T {
        let (block, within) = (second as usize / BLOCK, second as usize % BLOCK);
        let (group, block) = (block / BLOCK, block % BLOCK);
        if group >= self.0.len() {
            self.0.resize_with(group + 1, || None);
        }
        let group = self.0[group].get_or_insert_with(|| Box::new([const { None }; BLOCK]));
        &mut group[block].get_or_insert_with(|| Box::new([T::default(); BLOCK]))[within]
    }

    /// Adds to a second's number what may be less than nothing; `None` if the type does not go so low.
    pub(super) fn add_signed(&mut self, second: u32, more: i64) -> Option<()> {
        let number = self.number(second);
        let sum = (*number).into().checked_add(more)?;
        *number = T::try_from(sum).ok()?;
        Some(())
    }

    /// Each block with numbers, in order, with its first second.
    fn blocks(&self) -> impl Iterator<Item = (usize, &SecondsBlock<T>)> {
        let groups = self.0.iter().enumerate();
        let blocks = groups.flat_map(|(number, group)| {
            (number * BLOCK..).zip(group.iter().flat_map(|blocks| blocks.iter()))
        });
        blocks.filter_map(|(number, block)| Some((number * BLOCK, &**block.as_ref()?)))
    }

    /// Each second with a number that is not zero, in order.
    pub fn numbers(&self) -> impl Iterator<Item = (u32, T)> {
        let all = self
            .blocks()
            .flat_map(|(first, numbers)| (first as u32..).zip(numbers.iter().copied()));
        all.filter(|(_, number)| *number != T::default())
    }

    /// Adds all of another's.
    pub fn add_all(&mut self, other: &Self) {
        for (first, numbers) in other.blocks() {
            self.number(first as u32);
            let group = self.0[first / (BLOCK * BLOCK)].as_mut();
            let mine = group.and_then(|group| group[first / BLOCK % BLOCK].as_mut());
            for (mine, more) in mine.into_iter().flat_map(|mine| mine.iter_mut()).zip(numbers) {
                *mine = mine.plus(*more);
            }
        }
    }

    /// The numbers of the first `seconds`, one by one.
    #[must_use]
    pub fn one_by_one(&self, seconds: usize) -> Vec<T> {
        let mut numbers = vec![T::default(); seconds];
        for (first, block) in self.blocks().take_while(|(first, _)| *first < seconds) {
            let last = (first + BLOCK).min(seconds);
            numbers[first..last].copy_from_slice(&block[..last - first]);
        }
        numbers
    }

    /// Tells of each second in which it differs from `base`, and by how much.
    pub(super) fn each_difference(&self, base: Option<&Self>, mut tell: impl FnMut(u32, i64)) {
        let base = base.into_iter().flat_map(Self::numbers);
        let (mut mine, mut theirs) = (self.numbers().peekable(), base.peekable());
        loop {
            let at = match (mine.peek(), theirs.peek()) {
                (Some(&(one, _)), Some(&(other, _))) => one.min(other),
                (Some(&(at, _)), None) | (None, Some(&(at, _))) => at,
                (None, None) => return,
            };
            let own = mine.next_if(|&(second, _)| second == at).map_or(0, |(_, it)| it.into());
            let base = theirs.next_if(|&(second, _)| second == at).map_or(0, |(_, it)| it.into());
            if own != base {
                tell(at, own - base);
            }
        }
    }

    /// Most bytes that `seconds` may take if their numbers lie in at most so many blocks.
    #[must_use]
    pub fn bytes_at_most(seconds: u64, blocks: u64) -> u64 {
        const ALLOCATED: u64 = 16;
        let bytes_per_block = (size_of::<SecondsBlock<T>>()) as u64 + ALLOCATED;
        let bytes_per_group = (size_of::<BlockGroup<T>>()) as u64 + ALLOCATED + 8;
        let all = seconds.div_ceil(BLOCK as u64);
        let groups = all.div_ceil(BLOCK as u64).min(blocks);
        let of_blocks = all.min(blocks).saturating_mul(bytes_per_block);
        of_blocks.saturating_add(groups.saturating_mul(bytes_per_group))
    }

    /// Most blocks that numbers take which all lie within so many seconds of each other.
    #[must_use]
    pub fn blocks_of_spell(seconds: f64) -> u64 {
        (seconds / BLOCK as f64) as u64 + 2
    }
}

impl Seconds {
    /// The greatest number.
    #[must_use]
    pub fn greatest(&self) -> u32 {
        self.blocks().flat_map(|(_, numbers)| numbers).copied().max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_are_those_of_a_plain_row(
            first in prop::collection::vec((0..9_000_u32, 0..5_u32), 0..40),
            second in prop::collection::vec((0..9_000_u32, 0..5_u32), 0..40),
        ) {
            let mut plain = vec![0; 9_000];
            let mut parts = [Seconds::default(), Seconds::default()];
            for (part, added) in parts.iter_mut().zip([&first, &second]) {
                for &(at, count) in added {
                    plain[at as usize] += count;
                    part.add(at, count);
                }
            }
            let [mut whole, other] = parts;
            let mut apart = whole.one_by_one(9_000);
            whole.add_all(&other);
            prop_assert_eq!(whole.greatest(), *plain.iter().max().unwrap());
            prop_assert_eq!(&whole.one_by_one(9_000), &plain);
            for (second, number) in other.numbers() {
                apart[second as usize] += number;
            }
            prop_assert_eq!(&apart, &plain);
            let mut again = other.clone();
            whole.each_difference(Some(&other), |second, more| {
                again.add_signed(second, more).unwrap();
            });
            prop_assert_eq!(again.one_by_one(9_000), plain);
        }
    }

    /// A number of a second in each of the ten days takes ten blocks in as many groups.
    #[test]
    fn memory_goes_with_the_minutes_that_have_numbers() {
        let mut sparse = Seconds::default();
        for day in 0..10 {
            sparse.add(day * 86_400, 1);
        }
        assert_eq!(sparse.blocks().count(), 10);
        assert_eq!(sparse.0.iter().flatten().count(), 10);
        assert!(Seconds::<u32>::bytes_at_most(864_000, 10) < 10_000);
    }
}
