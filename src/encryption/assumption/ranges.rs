//! The ranges of all assumptions, and the sets of values that are taken from them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Assumption, AssumptionValue, Assumptions, Limits, Range};
use crate::error::{Error, Result};
use crate::units::Rate;

/// Which end of every assumption's range a result stands on, named after the saving that follows.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Every assumption at the end that saves least.
    Low,
    /// Every assumption at its assumed value.
    #[default]
    Assumed,
    /// Every assumption at the end that saves most.
    High,
}

impl Level {
    /// All levels, in the order of tables and files.
    pub const ALL: [Self; 3] = [Self::Low, Self::Assumed, Self::High];

    /// The word for it in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Assumed => "assumed",
            Self::High => "high",
        }
    }
}

/// The ranges of some assumptions: those of a configuration that differ from the scenario's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AssumptionOverrides([Option<Range<AssumptionValue>>; Assumption::ALL.len()]);

impl AssumptionOverrides {
    /// Whether nothing is given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// The range that is given for an assumption.
    #[must_use]
    pub fn get(&self, assumption: Assumption) -> Option<Range<AssumptionValue>> {
        self.0[assumption as usize]
    }

    /// Gives an assumption a range.
    pub fn set(&mut self, assumption: Assumption, range: Range<AssumptionValue>) {
        self.0[assumption as usize] = Some(range);
    }

    /// `ranges` with what is given here in their place.
    #[must_use]
    pub fn over(&self, ranges: &AssumptionRanges) -> AssumptionRanges {
        let mut all = *ranges;
        for assumption in Assumption::ALL {
            if let Some(range) = self.get(assumption) {
                all.set(assumption, range);
            }
        }
        all
    }
}

/// The ranges a scenario explores: of every assumption but those that are not built in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AssumptionRanges(AssumptionOverrides);

impl Default for AssumptionRanges {
    fn default() -> Self {
        let mut built_in = AssumptionOverrides::default();
        for assumption in Assumption::ALL {
            if let Some(range) = assumption.describe().built_in {
                built_in.set(assumption, range);
            }
        }
        Self(built_in)
    }
}

impl AssumptionRanges {
    /// All that is given or built in.
    #[must_use]
    pub fn all(&self) -> &AssumptionOverrides {
        &self.0
    }

    /// Gives an assumption a range.
    pub fn set(&mut self, assumption: Assumption, range: Range<AssumptionValue>) {
        self.0.set(assumption, range);
    }

    /// Lets a migration go no faster than `most`; whether that changes anything.
    pub fn cap_migration_rate(&mut self, most: Rate) -> bool {
        let Some(range) = self.0.get(Assumption::MigrationRate) else { return false };
        let ends = [range.low, range.assumed, range.high].map(AssumptionValue::rate);
        let capped = ends.map(|rate| if rate.as_per_s() > most.as_per_s() { most } else { rate });
        let [low, assumed, high] = capped.map(AssumptionValue::Rate);
        self.set(Assumption::MigrationRate, Range::new(low, assumed, high));
        capped != ends
    }

    /// The range of an assumption that decides something.
    #[must_use]
    pub fn get(&self, assumption: Assumption) -> Option<Range<AssumptionValue>> {
        let replaced_by = assumption.describe().replaced_by;
        let is_replaced =
            !replaced_by.is_empty() && replaced_by.iter().all(|it| self.0.get(*it).is_some());
        self.0.get(assumption).filter(|_| !is_replaced)
    }

    /// The assumptions that may have a range and decide something, with their ranges.
    pub fn in_force(&self) -> impl Iterator<Item = (Assumption, Range<AssumptionValue>)> {
        Assumption::ALL
            .into_iter()
            .filter(|assumption| assumption.may_have_range())
            .filter_map(|assumption| Some((assumption, self.get(assumption)?)))
    }

    /// The values at one level.
    #[must_use]
    pub fn at(&self, level: Level) -> Assumptions {
        self.at_with(level, |_| None)
    }

    /// The values at one level, but for those that `other` gives.
    #[must_use]
    pub fn at_with(
        &self,
        level: Level,
        other: impl Fn(Assumption) -> Option<AssumptionValue>,
    ) -> Assumptions {
        Assumptions::new(|assumption| other(assumption).or_else(|| self.value(assumption, level)))
    }

    fn value(&self, assumption: Assumption, level: Level) -> Option<AssumptionValue> {
        let Some(range) = self.get(assumption) else {
            // The same at each level where it decides nothing: what does not differ is run once.
            return self.0.get(assumption).map(|range| range.assumed);
        };
        Some(match (level, assumption.describe().greater_saves_more) {
            (Level::Assumed, _) => range.assumed,
            (Level::Low, true) | (Level::High, false) => range.low,
            (Level::Low, false) | (Level::High, true) => range.high,
        })
    }

    /// What no lifetime could be worse than: no key is ever found in memory, and each new one is
    /// verified as often as it may be. The saving it gives is the floor for the traffic.
    #[must_use]
    pub fn floor(&self) -> Assumptions {
        self.at_with(Level::Low, |assumption| assumption.describe().floor)
    }

    /// What no lifetime, partition or verification could improve on: keys live for ever in one
    /// place. The saving it gives is the ceiling for the traffic.
    #[must_use]
    pub fn ceiling(&self) -> Assumptions {
        self.at_with(Level::High, |assumption| assumption.describe().ceiling)
    }

    /// One assumption at a time at each end of its range, the others as assumed. Assumptions whose
    /// range is not open are left out.
    #[must_use]
    pub fn one_at_a_time(&self) -> Vec<Variation> {
        let open = self.in_force().filter(|(_, range)| range.is_open());
        open.map(|(assumption, range)| {
            let [at_low, at_high] = [range.low, range.high].map(|end| {
                self.at_with(Level::Assumed, |other| (other == assumption).then_some(end))
            });
            Variation { assumption, range, at_low, at_high }
        })
        .collect()
    }

    /// Refuses ranges that descend or leave what is possible.
    ///
    /// # Errors
    /// Names the assumption and what it must keep to.
    pub fn check(&self) -> Result<()> {
        for assumption in Assumption::ALL {
            let Some(range) = self.0.get(assumption) else { continue };
            let name = assumption.name();
            range.check(name)?;
            let Some(Limits { least, most, rule, hint }) = assumption.describe().limits else {
                continue;
            };
            let outside = [range.low, range.high].into_iter().find(|it| *it < least || *it > most);
            if let Some(value) = outside {
                let error = Error::request(format!("`{name}` is `{value}`, but {rule}"));
                return Err(if hint.is_empty() { error } else { error.hint(hint) });
            }
        }
        Ok(())
    }
}

/// One assumption at both ends of its range, the others as assumed.
#[derive(Clone, Debug, PartialEq)]
pub struct Variation {
    /// The assumption.
    pub assumption: Assumption,
    /// Its range.
    pub range: Range<AssumptionValue>,
    /// The values with this assumption at its lower end.
    pub at_low: Assumptions,
    /// The values with this assumption at its upper end.
    pub at_high: Assumptions,
}

#[cfg(test)]
mod tests {
    use super::super::{Expiry, Partitions};
    use super::*;
    use crate::s3::Connections;
    use crate::units::SimDuration;
    use Assumption::{CacheHosts, ReadPartitions, VerifyOnWrite, WritePartitions};

    #[test]
    fn the_low_level_saves_least() {
        let ranges = AssumptionRanges::default();
        let low = ranges.at(Level::Low);
        assert_eq!(low.cache_lifetime, SimDuration::from_secs(60));
        assert_eq!((low.cache_hosts, low.verify_on_write), (55, 1));
        let high = ranges.at(Level::High);
        assert_eq!(high.generation_lifetime, SimDuration::from_secs(86_400));
        assert_eq!(high.cache_lifetime, SimDuration::from_secs(3_600));
        assert_eq!((high.cache_hosts, high.expiry), (1, Expiry::Sliding));
    }

    #[test]
    fn known_values_are_not_varied() {
        let mut ranges = AssumptionRanges::default();
        assert_eq!(ranges.one_at_a_time().len(), 5);
        ranges.set(VerifyOnWrite, Range::known(AssumptionValue::Count(1)));
        assert_eq!(ranges.one_at_a_time().len(), 4);
    }

    /// By hand: five connections on ten hosts meet 10 (1 − 0.9^5) = 4.1, fifty 9.9 of them.
    #[test]
    fn partitions_follow_from_connections_unless_they_are_given() {
        let mut ranges = AssumptionRanges::default();
        let of = |ranges: &AssumptionRanges, connections| {
            let Partitions { writing, reading } = ranges.at(Level::Assumed).partitions(connections);
            (writing, reading)
        };
        assert_eq!(of(&ranges, Connections::Kept(1)), (1, 1));
        assert_eq!(of(&ranges, Connections::Kept(5)), (4, 4));
        assert_eq!(of(&ranges, Connections::Kept(50)), (10, 10));
        ranges.set(WritePartitions, Range::known(AssumptionValue::Count(3)));
        assert_eq!(of(&ranges, Connections::Kept(50)), (3, 10));
        let in_force = |ranges: &AssumptionRanges| -> Vec<Assumption> {
            ranges.in_force().map(|(assumption, _)| assumption).collect()
        };
        assert_eq!(in_force(&ranges)[3..5], [CacheHosts, WritePartitions]);
        ranges.set(ReadPartitions, Range::new(1, 2, 6).map(AssumptionValue::Count));
        assert_eq!(of(&ranges, Connections::Fresh), (3, 2));
        // Hosts now decide nothing.
        assert_eq!(in_force(&ranges)[3..5], [WritePartitions, ReadPartitions]);
        assert!(ranges.one_at_a_time().iter().all(|it| it.assumption != CacheHosts));
        let hosts = Level::ALL.map(|level| ranges.at(level).cache_hosts);
        assert_eq!(hosts, [10; 3]);
    }

    #[test]
    fn ranges_that_descend_or_leave_the_limits_are_refused() {
        let refused = |assumption, range: Range<u32>| {
            let mut ranges = AssumptionRanges::default();
            ranges.set(assumption, range.map(AssumptionValue::Count));
            ranges.check().unwrap_err().to_string()
        };
        assert_eq!(
            refused(ReadPartitions, Range::new(3, 2, 6)),
            "`read_partitions` has low `3`, assumed `2`, high `6`, but they must not descend\n\n\
             hint: give low <= assumed <= high, or a single value"
        );
        assert_eq!(
            refused(CacheHosts, Range::new(1, 2, 10_001)),
            "`cache_hosts` is `10001`, but must stay within 1 and 10000"
        );
        assert_eq!(
            refused(VerifyOnWrite, Range::known(101)),
            "`verify_on_write` is `101`, but at most 100 calls verify a new key"
        );
    }
}
