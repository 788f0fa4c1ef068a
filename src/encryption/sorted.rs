//! A sorted list of numbers that is asked over and over how many of them do not exceed a value.
//!
//! A guide table (Chen and Asau, 1974) cuts the span of the numbers into equal cells, at least as many
//! as there are numbers, and notes how many numbers lie before each. Keys are generated about evenly
//! in time, so most cells hold one number or none: a look-up is a shift, a read and one comparison
//! that no branch depends on.

/// Ascending numbers with a guide to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sorted {
    /// The numbers, then the greatest number there is, at which every search ends.
    numbers: Vec<i64>,
    /// For each cell, how many numbers lie before it.
    before: Vec<u32>,
    /// A cell is 2^shift wide.
    shift: u32,
    /// Whether some cell holds so many numbers that they are better halved than gone through.
    crowded: bool,
}

/// Numbers of one cell that are gone through one by one.
const CROWD: u32 = 8;

impl Sorted {
    /// Takes ascending numbers, fewer than 2^31 and less than `i64::MAX` each.
    pub(super) fn new(mut numbers: Vec<i64>) -> Self {
        debug_assert!(numbers.is_sorted());
        let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else {
            return Self::default();
        };
        let (count, span) = (numbers.len(), last.abs_diff(first));
        let shift = (0..64).find(|shift| (span >> shift) < 2 * count as u64);
        let shift = shift.expect("2^63 >> 63 is 1, which is less than twice a number");
        let mut before = Vec::with_capacity((span >> shift) as usize + 1);
        for (place, number) in numbers.iter().enumerate() {
            let cell = (number.abs_diff(first) >> shift) as usize;
            // Empty cells up to this one have all numbers so far before them.
            before.resize(before.len().max(cell + 1), place as u32);
        }
        let ends = before[1..].iter().copied().chain([count as u32]);
        let crowded = before.iter().zip(ends).any(|(from, to)| to - from > CROWD);
        numbers.push(i64::MAX);
        Self { numbers, before, shift, crowded }
    }

    /// How many numbers do not exceed `value`.
    #[inline]
    pub(super) fn not_above(&self, value: i64) -> usize {
        let Some(&first) = self.numbers.first() else { return 0 };
        if value < first {
            return 0;
        }
        let value = value.min(i64::MAX - 1);
        let cell = (value.abs_diff(first) >> self.shift) as usize;
        let Some(&before) = self.before.get(cell) else { return self.len() };
        let mut count = before as usize;
        if self.crowded {
            let to = self.before.get(cell + 1).map_or(self.len(), |&to| to as usize);
            return count + self.numbers[count..to].partition_point(|&number| number <= value);
        }
        count += usize::from(self.numbers[count] <= value);
        while self.numbers[count] <= value {
            count += 1;
        }
        count
    }

    /// How many numbers there are.
    pub(super) fn len(&self) -> usize {
        self.numbers.len().saturating_sub(1)
    }

    /// The numbers.
    #[cfg(test)]
    pub(super) fn numbers(&self) -> &[i64] {
        &self.numbers[..self.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counts_what_a_search_through_all_counts(
            mut numbers in prop::collection::vec(-40_i64..40, 0..30),
            far in prop::collection::vec(any::<i64>(), 0..3),
            value in -50_i64..50,
        ) {
            numbers.extend(far.iter().map(|number| number / 4));
            numbers.sort_unstable();
            let sorted = Sorted::new(numbers.clone());
            prop_assert_eq!(sorted.numbers(), &numbers[..]);
            for value in numbers.iter().copied().chain([value, i64::MIN, i64::MAX]) {
                let expected = numbers.partition_point(|&number| number <= value);
                prop_assert_eq!(sorted.not_above(value), expected, "{} in {:?}", value, numbers);
            }
        }
    }
}
