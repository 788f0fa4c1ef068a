//! The law of the ages that reads have, with quick bounds of its distribution function.
//!
//! The chance that a request needs a key is a difference of two values of that function, each of which takes
//! logarithms and more. Beyond its mode the function is concave, so that between two points of a table it lies
//! above their chord, and below the chord before, prolonged. Where these bounds settle whether a candidate is
//! kept, as they nearly always do, the function itself is not asked; so they change no draw's law.

use crate::units::SimDuration;
use crate::workload::ages::AgeLaw;

/// A law of ages that reads have.
#[derive(Debug)]
pub(super) struct ReadAges {
    pub(super) law: AgeLaw,
    /// Its mode.
    pub(super) mode: SimDuration,
    table: Option<ShareTable>,
}

/// A share lies between the first and the second.
pub(super) type ShareBounds = (f64, f64);

impl ReadAges {
    pub(super) fn new(law: AgeLaw) -> Self {
        let mode = law.mode();
        let table = ShareTable::of(&law, mode);
        Self { law, mode, table }
    }

    /// Whether bounds are quicker than the law.
    pub(super) fn has_bounds(&self) -> bool {
        self.table.is_some()
    }

    /// Bounds of the share of ages up to `age`.
    #[inline]
    pub(super) fn share_bounds(&self, age: SimDuration) -> ShareBounds {
        let of_table = self.table.as_ref().and_then(|table| table.bounds(age));
        of_table.unwrap_or_else(|| {
            let share = self.law.cdf(age);
            (share, share)
        })
    }
}

/// Shares of ages up to ages that lie the closer the younger they are: a power of two of cells for each doubling,
/// so that the first bits of an age as a floating-point number tell its cell.
#[derive(Debug)]
struct ShareTable {
    /// The bits of the first cell.
    first: u64,
    cells: Vec<ShareCell>,
}

/// The ages from one point of a table to the next.
#[derive(Debug)]
struct ShareCell {
    /// The share up to the first of them.
    share: f64,
    /// By how much the share grows with each nanosecond, on average over the cell.
    slope: f64,
    /// The same of the cell before, which is no less.
    steeper: f64,
}

/// Bits of a floating-point number that a cell leaves open, of 52 after the leading one: there are 256 cells for
/// each doubling of an age.
const OPEN_BITS: u32 = 44;

/// The table ends where an age is as good as never read, after eighteen years.
const LONGEST_NS: f64 = (1_u64 << 59) as f64;

/// Ages below this are not worth a cell; above it cells begin at whole nanoseconds.
const SHORTEST_NS: f64 = 1e6;

/// How far values of the function are from what they should be, at the most.
const ROUNDING: f64 = 1e-15;

/// A law of more steps is slower to look up than a table of it pays for.
const MOST_STEPS: usize = 1_000;

impl ShareTable {
    /// `None` where the law is as quick, or too slow to make a table of.
    fn of(law: &AgeLaw, mode: SimDuration) -> Option<Self> {
        match law {
            // How the chance falls is known in closed form.
            AgeLaw::Exponential(_) => return None,
            AgeLaw::Steps(steps) if steps.len() > MOST_STEPS => return None,
            _ => {}
        }
        let from_ns = (mode.as_nanos() as f64).max(SHORTEST_NS);
        // The first cell that lies beyond the mode altogether.
        let first = (from_ns.to_bits() >> OPEN_BITS) + 1;
        let mut cells: Vec<ShareCell> = Vec::new();
        let mut begun = share_at(law, first);
        for cell in first..LONGEST_NS.to_bits() >> OPEN_BITS {
            let ends = share_at(law, cell + 1);
            let slope = (ends - begun) / (begins(cell + 1) - begins(cell));
            let steeper = cells.last().map_or(f64::INFINITY, |before| before.slope);
            cells.push(ShareCell { share: begun, slope, steeper });
            begun = ends;
        }
        if !cells.is_empty() {
            // Nothing bounds it from above: the cell before may lie below the mode.
            cells.remove(0);
        }
        (!cells.is_empty()).then_some(Self { first: first + 1, cells })
    }

    /// Bounds of the share of ages up to `age`; `None` for an age that the table does not hold.
    #[inline]
    fn bounds(&self, age: SimDuration) -> Option<ShareBounds> {
        let bits = (age.as_nanos() as f64).to_bits();
        // What is negative has the first bit, so that it lies far beyond the last cell.
        let place = (bits >> OPEN_BITS).wrapping_sub(self.first);
        let cell = self.cells.get(place as usize)?;
        let ahead_ns = age.as_nanos() as f64 - begins(bits >> OPEN_BITS);
        let least = cell.share + cell.slope * ahead_ns - ROUNDING;
        Some((least, cell.share + cell.steeper * ahead_ns + ROUNDING))
    }
}

/// The youngest age of a cell, in nanoseconds.
fn begins(cell: u64) -> f64 {
    f64::from_bits(cell << OPEN_BITS)
}

/// The share of ages up to the youngest of a cell.
fn share_at(law: &AgeLaw, cell: u64) -> f64 {
    law.cdf(SimDuration::from_nanos(begins(cell) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Seed};
    use crate::workload::ages::{
        AgeStep, ExponentialAges, LognormalAges, UniformAges, WeibullAges,
    };
    use rand::RngExt;

    fn hours(hours: f64) -> SimDuration {
        SimDuration::from_secs_f64(hours * 3_600.0)
    }

    fn laws() -> Vec<AgeLaw> {
        let humps = [(1.0, 5.0), (2.0, 0.0), (3.0, 2.0), (90.0, 1.0)];
        let humps = humps.map(|(to, weight)| AgeStep { to: hours(to), weight });
        vec![
            AgeLaw::Fixed(hours(2.0)),
            AgeLaw::Uniform(UniformAges { from: hours(1.0), to: hours(30.0) }),
            AgeLaw::Lognormal(LognormalAges { median: hours(0.3), sigma: 1.2 }),
            AgeLaw::Lognormal(LognormalAges { median: hours(3.0), sigma: 0.05 }),
            AgeLaw::Weibull(WeibullAges { scale: hours(10.0), shape: 0.6 }),
            AgeLaw::Weibull(WeibullAges { scale: hours(10.0), shape: 3.0 }),
            AgeLaw::Steps(humps.to_vec()),
        ]
    }

    /// Ages of every order of magnitude, and around what is special about each law.
    #[test]
    fn the_distribution_function_lies_between_its_bounds() {
        let mut rng = Seed(1).stream(0, Purpose::SkippedReads, (0, 0));
        for law in laws() {
            let ages = ReadAges::new(law);
            assert!(ages.has_bounds(), "{:?}", ages.law);
            let special = [hours(1.0), hours(2.0), hours(3.0), hours(30.0), hours(90.0), ages.mode];
            let special = special.map(|age| age.as_nanos() as f64);
            for number in 0..40_000_usize {
                let ns = if number % 4 == 0 {
                    special[number / 4 % special.len()] * rng.random_range(0.99..1.01)
                } else {
                    libm::exp2(rng.random_range(0.0..62.0))
                };
                let age = SimDuration::from_nanos(ns as i64);
                let (share, (least, most)) = (ages.law.cdf(age), ages.share_bounds(age));
                assert!(least <= share && share <= most, "{:?} at {age}", ages.law);
            }
        }
    }

    /// Of a smooth law, at ages that are read: so the law itself is hardly ever asked.
    #[test]
    fn bounds_are_near() {
        let law = AgeLaw::Lognormal(LognormalAges { median: hours(0.3), sigma: 1.2 });
        let ages = ReadAges::new(law);
        for minutes in 10..5_000 {
            let age = hours(f64::from(minutes) / 60.0);
            let (least, most) = ages.share_bounds(age);
            let a_minute =
                ages.law.cdf(hours((f64::from(minutes) + 1.0) / 60.0)) - ages.law.cdf(age);
            assert!(most > least, "the law is asked at {age}");
            assert!(most - least < 0.5 * a_minute, "{} at {age}", most - least);
        }
    }

    #[test]
    fn laws_that_are_as_quick_have_no_table() {
        let exponential = AgeLaw::Exponential(ExponentialAges { mean: hours(1.0) });
        let steps =
            (0..=MOST_STEPS).map(|hour| AgeStep { to: hours(hour as f64 + 1.0), weight: 1.0 });
        let many = AgeLaw::Steps(steps.collect());
        for law in [exponential, many] {
            let ages = ReadAges::new(law);
            assert!(!ages.has_bounds());
            let share = ages.law.cdf(hours(2.0));
            assert_eq!(ages.share_bounds(hours(2.0)), (share, share));
        }
    }
}
