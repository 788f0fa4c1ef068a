//! What is taken for as likely as what, where nothing but a range is known.
//!
//! These laws are *assumed*: AWS publishes no value, so no law either. They are the usual ones for
//! ignorance. A lifetime is as likely between one and two minutes as between two and four (the
//! logarithm is even), because nobody knows its order of magnitude; whole numbers of partitions and
//! calls are all as likely; so are both rules of expiry. And each is independent of the others.

use crate::encryption::assumptions::{AssumptionRanges, Assumptions, Expiry, Level, Range};
use crate::units::SimDuration;

/// An assumption that has a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// How long one bucket-level key wraps new objects.
    GenerationLifetime,
    /// How long the plaintext of a bucket-level key stays in memory for reads.
    CacheLifetime,
    /// Whether a cached key's lifetime runs from its fetch or from its last use.
    Expiry,
    /// Hosts of S3's fleet that a requester's connections land on.
    CacheHosts,
    /// Parts of S3's fleet that each generate their own keys.
    WritePartitions,
    /// Parts of S3's fleet that each cache keys on their own.
    ReadPartitions,
    /// Decrypt calls that verify a new key.
    VerifyOnWrite,
}

impl Unknown {
    const ALL: [Self; 7] = [
        Self::GenerationLifetime,
        Self::CacheLifetime,
        Self::Expiry,
        Self::CacheHosts,
        Self::WritePartitions,
        Self::ReadPartitions,
        Self::VerifyOnWrite,
    ];

    /// Those whose ranges are open.
    pub(super) fn of(ranges: &AssumptionRanges) -> Vec<Self> {
        let is_open = |it: &Self| match it {
            Self::GenerationLifetime => ranges.generation_lifetime.is_open(),
            Self::CacheLifetime => ranges.cache_lifetime.is_open(),
            Self::Expiry => ranges.expiry.is_open(),
            Self::CacheHosts => ranges.cache_hosts_in_force().is_some_and(|range| range.is_open()),
            Self::WritePartitions => ranges.write_partitions.is_some_and(|range| range.is_open()),
            Self::ReadPartitions => ranges.read_partitions.is_some_and(|range| range.is_open()),
            Self::VerifyOnWrite => ranges.verify_on_write.is_open(),
        };
        Self::ALL.into_iter().filter(is_open).collect()
    }

    /// Its name in scenarios.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GenerationLifetime => "generation_lifetime",
            Self::CacheLifetime => "cache_lifetime",
            Self::Expiry => "expiry",
            Self::CacheHosts => "cache_hosts",
            Self::WritePartitions => "write_partitions",
            Self::ReadPartitions => "read_partitions",
            Self::VerifyOnWrite => "verify_on_write",
        }
    }

    /// Puts into `into` the value that a share `u` of all values do not exceed.
    fn put(self, ranges: &AssumptionRanges, u: f64, into: &mut Assumptions) {
        match self {
            Self::GenerationLifetime => {
                into.generation_lifetime = lifetime(&ranges.generation_lifetime, u);
            }
            Self::CacheLifetime => into.cache_lifetime = lifetime(&ranges.cache_lifetime, u),
            Self::Expiry => into.expiry = expiry(ranges.expiry, u),
            Self::CacheHosts => into.cache_hosts = whole(&ranges.cache_hosts, u),
            Self::WritePartitions => {
                into.write_partitions = ranges.write_partitions.map(|range| whole(&range, u));
            }
            Self::ReadPartitions => {
                into.read_partitions = ranges.read_partitions.map(|range| whole(&range, u));
            }
            Self::VerifyOnWrite => into.verify_on_write = whole(&ranges.verify_on_write, u),
        }
    }
}

/// The assumptions at a point of the unit cube, which has a coordinate for each of `unknown`.
pub(super) fn at(ranges: &AssumptionRanges, unknown: &[Unknown], point: &[f64]) -> Assumptions {
    let mut assumptions = ranges.at(Level::Assumed);
    for (unknown, u) in unknown.iter().zip(point) {
        unknown.put(ranges, *u, &mut assumptions);
    }
    assumptions
}

/// Even in its logarithm; even in itself if it can be zero.
fn lifetime(range: &Range<SimDuration>, u: f64) -> SimDuration {
    let (low, high) = (range.low.as_secs_f64(), range.high.as_secs_f64());
    let value = if low > 0.0 { low * libm::pow(high / low, u) } else { high * u };
    SimDuration::from_secs_f64(value).clamp(range.low, range.high)
}

fn expiry(range: Range<Expiry>, u: f64) -> Expiry {
    if u < 0.5 { range.low } else { range.high }
}

fn whole(range: &Range<u32>, u: f64) -> u32 {
    let values = f64::from(range.high - range.low) + 1.0;
    (range.low + (u * values) as u32).min(range.high)
}

#[cfg(test)]
mod tests {
    use super::Unknown::{CacheHosts, CacheLifetime, GenerationLifetime, VerifyOnWrite};
    use super::*;

    #[test]
    fn the_ends_and_middles_of_ranges_are_met() {
        let ranges = AssumptionRanges::default();
        let unknown = Unknown::of(&ranges);
        let open = [GenerationLifetime, CacheLifetime, Unknown::Expiry, CacheHosts, VerifyOnWrite];
        assert_eq!(unknown, open);
        let low = at(&ranges, &unknown, &[0.0; 5]);
        assert_eq!(low.generation_lifetime, SimDuration::from_secs(60));
        assert_eq!((low.cache_hosts, low.verify_on_write), (1, 0));
        assert_eq!((low.write_partitions, low.read_partitions), (None, None));
        assert_eq!(low.expiry, Expiry::Fixed);
        let high = at(&ranges, &unknown, &[1.0; 5]);
        assert_eq!(high.cache_lifetime, SimDuration::from_secs(3_600));
        assert_eq!((high.cache_hosts, high.verify_on_write), (55, 1));
        let middle = at(&ranges, &unknown, &[0.5; 5]);
        // The geometric mean of 60 and 3,600.
        assert!((middle.cache_lifetime.as_secs_f64() - 464.758).abs() < 1e-3);
        // Of 1 to 55.
        assert_eq!(middle.cache_hosts, 28);
        assert_eq!(middle.expiry, Expiry::Sliding);
    }

    #[test]
    fn partitions_that_are_given_take_the_place_of_hosts() {
        let ranges = AssumptionRanges {
            write_partitions: Some(Range::new(1, 2, 4)),
            read_partitions: Some(Range::known(3)),
            ..Default::default()
        };
        let unknown = Unknown::of(&ranges);
        assert!(!unknown.contains(&Unknown::CacheHosts));
        let at = at(&ranges, &unknown, &[0.5; 5]);
        assert_eq!((at.write_partitions, at.read_partitions), (Some(3), Some(3)));
    }

    #[test]
    fn every_whole_number_is_as_likely() {
        let range = Range::new(1, 2, 6);
        let mut counts = [0; 7];
        (0..600).for_each(|i| counts[whole(&range, f64::from(i) / 600.0) as usize] += 1);
        assert_eq!(counts, [0, 100, 100, 100, 100, 100, 100]);
    }

    #[test]
    fn what_is_known_keeps_its_value() {
        let ranges = AssumptionRanges {
            cache_lifetime: Range::new(
                SimDuration::ZERO,
                SimDuration::ZERO,
                SimDuration::from_secs(8),
            ),
            generation_lifetime: Range::known(SimDuration::from_secs(7)),
            ..Default::default()
        };
        let unknown = Unknown::of(&ranges);
        assert!(!unknown.contains(&Unknown::GenerationLifetime));
        let at = at(&ranges, &unknown, &[0.25; 4]);
        assert_eq!(at.generation_lifetime, SimDuration::from_secs(7));
        assert_eq!(at.cache_lifetime, SimDuration::from_secs(2), "even, since it can be zero");
    }
}
