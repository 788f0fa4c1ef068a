//! A sorted list of numbers that is asked over and over how many of them do not exceed a value.
//!
//! A guide table (Chen and Asau, 1974) cuts the span of the numbers into as many equal parts as there
//! are numbers and notes where each part begins, so a look-up is a multiplication, two reads and a
//! search among the few numbers of one part: keys are generated about evenly in time, and so are a
//! few look-ups in cache instead of a binary search through all of it.

/// Ascending numbers with a guide to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sorted {
    numbers: Vec<i64>,
    /// For each part of the span, how many numbers lie before it; one more entry than parts.
    guide: Vec<u32>,
    /// Parts for each unit of the numbers.
    parts_per_unit: f64,
}

impl Sorted {
    /// Takes ascending numbers, fewer than 2^32.
    pub(super) fn new(numbers: Vec<i64>) -> Self {
        debug_assert!(numbers.is_sorted());
        let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else {
            return Self::default();
        };
        let parts = numbers.len();
        let parts_per_unit = parts as f64 / (last.abs_diff(first) as f64 + 1.0);
        let mut sorted = Self { numbers, guide: Vec::with_capacity(parts + 2), parts_per_unit };
        for place in 0..parts {
            let part = sorted.part_of(sorted.numbers[place]);
            while sorted.guide.len() <= part {
                sorted.guide.push(place as u32);
            }
        }
        sorted.guide.push(parts as u32);
        sorted
    }

    /// The part of the span that `value`, not below the first number, lies in. Rounding keeps the
    /// order of values, which is all that look-ups rely on.
    fn part_of(&self, value: i64) -> usize {
        (value.abs_diff(self.numbers[0]) as f64 * self.parts_per_unit) as usize
    }

    /// How many numbers do not exceed `value`.
    pub(super) fn not_above(&self, value: i64) -> usize {
        let Some(&first) = self.numbers.first() else { return 0 };
        if value < first {
            return 0;
        }
        let part = self.part_of(value);
        if part >= self.guide.len() - 1 {
            return self.numbers.len();
        }
        let (from, to) = (self.guide[part] as usize, self.guide[part + 1] as usize);
        from + self.numbers[from..to].partition_point(|&number| number <= value)
    }

    /// The numbers.
    pub(super) fn numbers(&self) -> &[i64] {
        &self.numbers
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
            for value in numbers.iter().copied().chain([value, i64::MIN, i64::MAX]) {
                let expected = numbers.partition_point(|&number| number <= value);
                prop_assert_eq!(sorted.not_above(value), expected, "{} in {:?}", value, numbers);
            }
        }
    }
}
