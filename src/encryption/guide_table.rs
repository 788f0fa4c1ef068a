//! A sorted list of numbers that is asked over and over how many of them do not exceed a value.
//!
//! A guide table (Chen and Asau, 1974) cuts the span of the numbers into equal cells, at least as many
//! as there are numbers, and notes for each how many numbers lie before it, and the next of them. Keys
//! are generated about evenly in time, so most cells hold one number or none: then a look-up is a
//! shift, one read, and a comparison that no branch depends on.

/// Ascending numbers with a guide to them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sorted {
    numbers: Vec<i64>,
    /// The cells of the span from the first number to the last, and one for all beyond; none for few numbers,
    /// of which there may be very many lists.
    cells: Vec<GuideCell>,
    /// A cell is 2^shift wide.
    shift: u32,
    /// Whether some cell holds more than one number, or there are no cells.
    shared: bool,
}

/// Fewer numbers than that are searched without a guide.
const GUIDED: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq)]
struct GuideCell {
    /// How many numbers lie before the cell.
    before: u32,
    /// The number after those, if there is one.
    next: i64,
}

/// A sorted list as far as a look-up needs it, for the registers of a loop.
#[derive(Clone, Copy)]
pub(super) struct Guide<'a> {
    first: i64,
    shift: u32,
    cells: &'a [GuideCell],
}

impl Guide<'_> {
    /// How many numbers do not exceed `value`, if no two share a cell.
    #[inline]
    pub(super) fn not_above(self, value: i64) -> u32 {
        let cell = &self.cells[self.place(value)];
        cell.before + u32::from(cell.next <= value)
    }

    /// The place of the last number that does not exceed `value`, or of the first if all do; there
    /// must be a number, and no two may share a cell.
    #[inline]
    pub(super) fn newest(self, value: i64) -> u32 {
        let value = value.max(self.first);
        let cell = &self.cells[self.place_ahead(value.wrapping_sub(self.first))];
        // The first number does not exceed itself.
        cell.before + u32::from(cell.next <= value) - 1
    }

    /// The cell of `value`: what lies before the first number belongs to its cell, what lies after
    /// the last to none.
    #[inline]
    fn place(self, value: i64) -> usize {
        self.place_ahead(value.wrapping_sub(self.first).max(0))
    }

    /// The cell of what is that far ahead of the first number.
    #[inline]
    fn place_ahead(self, ahead: i64) -> usize {
        ((ahead as u64 >> self.shift) as usize).min(self.cells.len() - 1)
    }
}

impl Default for Sorted {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Sorted {
    /// Takes ascending numbers, fewer than 2^32 and less than `i64::MAX` each.
    pub(super) fn new(numbers: Vec<i64>) -> Self {
        debug_assert!(numbers.is_sorted());
        let (first, last) = (numbers.first().copied(), numbers.last().copied());
        let span = last.unwrap_or(0).abs_diff(first.unwrap_or(0));
        let count = numbers.len() as u64;
        let shift = (0..63).find(|shift| (span >> shift) < 2 * count).unwrap_or(63);
        let mut sorted = Self { numbers, cells: Vec::new(), shift, shared: true };
        if sorted.numbers.len() < GUIDED {
            return sorted;
        }
        sorted.make_cells();
        // Twice as many cells if that gives each number one of its own.
        if sorted.shared && shift > 0 {
            sorted.shift = shift - 1;
            sorted.make_cells();
            if sorted.shared {
                sorted.shift = shift;
                sorted.make_cells();
            }
        }
        sorted
    }

    fn make_cells(&mut self) {
        let Self { numbers, cells, shift, shared } = self;
        cells.clear();
        *shared = false;
        for (place, &number) in numbers.iter().enumerate() {
            let cell = (number.abs_diff(numbers[0]) >> *shift) as usize;
            *shared |= cell < cells.len();
            // Empty cells up to this one have all numbers so far before them.
            let empty = GuideCell { before: place as u32, next: number };
            cells.resize(cells.len().max(cell + 1), empty);
        }
        cells.push(GuideCell { before: numbers.len() as u32, next: i64::MAX });
        cells.shrink_to_fit();
    }

    /// How many numbers do not exceed `value`, which is less than 2^63 away from the first.
    #[inline]
    pub(super) fn not_above(&self, value: i64) -> usize {
        if self.shared { self.search(value) } else { self.guide().not_above(value) as usize }
    }

    fn search(&self, value: i64) -> usize {
        if self.cells.is_empty() {
            return self.numbers.partition_point(|&number| number <= value);
        }
        let place = self.guide().place(value);
        let before = self.cells[place].before as usize;
        let to = self.cells.get(place + 1).map_or(before, |next| next.before as usize);
        before + self.numbers[before..to].partition_point(|&number| number <= value)
    }

    /// What looks up numbers of which no two share a cell; `None` if some do.
    pub(super) fn simple_guide(&self) -> Option<Guide<'_>> {
        (!self.shared).then(|| self.guide())
    }

    fn guide(&self) -> Guide<'_> {
        let first = self.numbers.first().copied().unwrap_or(0);
        Guide { first, shift: self.shift, cells: &self.cells }
    }

    /// How many numbers there are.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
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
            prop_assert_eq!(sorted.numbers(), &numbers[..]);
            for value in numbers.iter().copied().chain([value, i64::MIN / 2, i64::MAX / 2]) {
                let expected = numbers.partition_point(|&number| number <= value);
                prop_assert_eq!(sorted.not_above(value), expected, "{} in {:?}", value, numbers);
            }
        }
    }
}
