//! Assumptions drawn from their ranges, each by its law.

use super::{Assumption, AssumptionRanges, AssumptionValue, Assumptions, Law, Level, Range};
use crate::units::SimDuration;

/// The assumptions whose ranges are open.
pub(crate) fn open(ranges: &AssumptionRanges) -> Vec<(Assumption, Range<AssumptionValue>)> {
    ranges.in_force().filter(|(_, range)| range.is_open()).collect()
}

/// The assumptions at a point of the unit cube, which has a coordinate for each of `open`.
pub(crate) fn at(
    ranges: &AssumptionRanges,
    open: &[(Assumption, Range<AssumptionValue>)],
    point: &[f64],
) -> Assumptions {
    ranges.at_with(Level::Assumed, |assumption| {
        let index = open.iter().position(|(drawn, _)| *drawn == assumption)?;
        Some(quantile(assumption.describe().law, &open[index].1, point[index]))
    })
}

/// The value that a share `u` of all values in a range do not exceed.
fn quantile(law: Law, range: &Range<AssumptionValue>, u: f64) -> AssumptionValue {
    match (range.low, range.high) {
        (AssumptionValue::Duration(low), AssumptionValue::Duration(high)) => {
            AssumptionValue::Duration(duration(law, low, high, u))
        }
        (AssumptionValue::Count(low), AssumptionValue::Count(high)) => {
            AssumptionValue::Count(count(law, low, high, u))
        }
        (low, _) if u < 0.5 => low,
        (_, high) => high,
    }
}

fn duration(law: Law, low: SimDuration, high: SimDuration, u: f64) -> SimDuration {
    let (low_s, high_s) = (low.as_secs_f64(), high.as_secs_f64());
    let value = match law {
        Law::EvenInLogarithm if low_s > 0.0 => in_logarithm(low_s, high_s, u),
        Law::Even | Law::EvenInLogarithm => low_s + u * (high_s - low_s),
    };
    SimDuration::from_secs_f64(value).clamp(low, high)
}

/// Each number stands for all values from it to the next.
fn count(law: Law, low: u32, high: u32, u: f64) -> u32 {
    let end = f64::from(high) + 1.0;
    let value = match law {
        Law::EvenInLogarithm if low > 0 => in_logarithm(f64::from(low), end, u) as u32,
        Law::Even | Law::EvenInLogarithm => low + (u * (end - f64::from(low))) as u32,
    };
    value.min(high)
}

fn in_logarithm(low: f64, high: f64, u: f64) -> f64 {
    low * libm::pow(high / low, u)
}

#[cfg(test)]
mod tests {
    use super::super::Expiry;
    use super::*;
    use Assumption::{CacheHosts, CacheLifetime, GenerationLifetime, VerifyOnWrite};

    fn names(open: &[(Assumption, Range<AssumptionValue>)]) -> Vec<Assumption> {
        open.iter().map(|(assumption, _)| *assumption).collect()
    }

    #[test]
    fn the_ends_and_middles_of_ranges_are_met() {
        let ranges = AssumptionRanges::default();
        let open = open(&ranges);
        let expected =
            [GenerationLifetime, CacheLifetime, Assumption::Expiry, CacheHosts, VerifyOnWrite];
        assert_eq!(names(&open), expected);
        let low = at(&ranges, &open, &[0.0; 5]);
        assert_eq!(low.generation_lifetime, SimDuration::from_secs(60));
        assert_eq!((low.cache_hosts, low.verify_on_write), (1, 0));
        assert_eq!((low.write_partitions, low.read_partitions), (None, None));
        assert_eq!(low.expiry, Expiry::Fixed);
        let high = at(&ranges, &open, &[1.0; 5]);
        assert_eq!(high.cache_lifetime, SimDuration::from_secs(3_600));
        assert_eq!((high.cache_hosts, high.verify_on_write), (55, 1));
        let middle = at(&ranges, &open, &[0.5; 5]);
        // The geometric mean of 60 and 3,600.
        assert!((middle.cache_lifetime.as_secs_f64() - 464.758).abs() < 1e-3);
        // Of 1 to 55.
        assert_eq!(middle.cache_hosts, 28);
        assert_eq!(middle.expiry, Expiry::Sliding);
    }

    #[test]
    fn partitions_that_are_given_take_the_place_of_hosts() {
        let mut ranges = AssumptionRanges::default();
        ranges.set(Assumption::WritePartitions, Range::new(1, 2, 4).map(AssumptionValue::Count));
        ranges.set(Assumption::ReadPartitions, Range::known(AssumptionValue::Count(3)));
        let open = open(&ranges);
        assert!(!names(&open).contains(&CacheHosts));
        let at = at(&ranges, &open, &[0.5; 5]);
        assert_eq!((at.write_partitions, at.read_partitions), (Some(3), Some(3)));
    }

    #[test]
    fn every_whole_number_is_as_likely() {
        let mut counts = [0; 7];
        (0..600).for_each(|i| counts[count(Law::Even, 1, 6, f64::from(i) / 600.0) as usize] += 1);
        assert_eq!(counts, [0, 100, 100, 100, 100, 100, 100]);
    }

    #[test]
    fn what_is_known_keeps_its_value() {
        let seconds = SimDuration::from_secs;
        let mut ranges = AssumptionRanges::default();
        let lifetime = Range::new(SimDuration::ZERO, SimDuration::ZERO, seconds(8));
        ranges.set(CacheLifetime, lifetime.map(AssumptionValue::Duration));
        ranges.set(GenerationLifetime, Range::known(AssumptionValue::Duration(seconds(7))));
        let open = open(&ranges);
        assert!(!names(&open).contains(&GenerationLifetime));
        let at = at(&ranges, &open, &[0.25; 4]);
        assert_eq!(at.generation_lifetime, seconds(7));
        assert_eq!(at.cache_lifetime, seconds(2), "even, since it can be zero");
    }
}
