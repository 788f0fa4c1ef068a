//! What AWS does not publish about S3 Bucket Keys: each a labelled assumption with a range.
//!
//! Basis of the built-in ranges (`docs/model.md` has the sources): AWS gives no lifetime. Generation:
//! SQS uses a data key for 1 minute to 24 hours, 5 minutes unless told, Kinesis for 5 minutes; Huawei
//! OBS's near copy rotates its bucket key every 365 days, so the upper end is open. Cache: Huawei OBS
//! about 3 minutes, `DynamoDB` 5. How many hosts of S3's fleet hold keys of their own is fitted to
//! published cases with counted calls: calibration, not proof. The verifying Decrypt is documented for
//! replicas of S3 replication and inferred for other writers; its count is not known.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::s3::Connections;
use crate::units::{Rate, SimDuration};

/// How long a cached bucket-level key is kept.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Expiry {
    /// Until its lifetime has passed since it was fetched.
    Fixed,
    /// Until its lifetime has passed since it was last used.
    Sliding,
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed => "fixed",
            Self::Sliding => "sliding",
        })
    }
}

/// Which end of every assumption's range a result stands on, named after the saving that follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// A value that is not known: the one assumed, and the ends it is believed to lie between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Range<T> {
    /// The lower end.
    pub low: T,
    /// The value results are given for.
    pub assumed: T,
    /// The upper end.
    pub high: T,
}

impl<T: Copy + PartialOrd + fmt::Display> Range<T> {
    /// A range from `low` to `high`.
    pub const fn new(low: T, assumed: T, high: T) -> Self {
        Self { low, assumed, high }
    }

    /// A value that is taken as known.
    pub const fn known(value: T) -> Self {
        Self::new(value, value, value)
    }

    /// Whether the ends differ.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.low < self.high
    }

    fn check(&self, name: &str) -> Result<()> {
        if self.low <= self.assumed && self.assumed <= self.high {
            return Ok(());
        }
        Err(Error::request(format!(
            "`{name}` has low `{}`, assumed `{}`, high `{}`, but they must not descend",
            self.low, self.assumed, self.high
        ))
        .hint("give low <= assumed <= high, or a single value"))
    }
}

impl<'de, T: Deserialize<'de> + Copy> Deserialize<'de> for Range<T> {
    /// Reads a single value, which is then taken as known, or a table of low, assumed and high.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct ValueOrTable<T>(PhantomData<T>);
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table<T> {
            low: T,
            assumed: T,
            high: T,
        }
        fn known<T: Copy>(value: T) -> Range<T> {
            Range { low: value, assumed: value, high: value }
        }
        impl<'de, T: Deserialize<'de> + Copy> Visitor<'de> for ValueOrTable<T> {
            type Value = Range<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, or a table with `low`, `assumed` and `high`")
            }
            fn visit_str<E: serde::de::Error>(self, v: &str) -> std::result::Result<Range<T>, E> {
                T::deserialize(v.into_deserializer()).map(known)
            }
            fn visit_i64<E: serde::de::Error>(self, v: i64) -> std::result::Result<Range<T>, E> {
                T::deserialize(v.into_deserializer()).map(known)
            }
            fn visit_map<A: MapAccess<'de>>(
                self,
                map: A,
            ) -> std::result::Result<Range<T>, A::Error> {
                let table = Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Range { low: table.low, assumed: table.assumed, high: table.high })
            }
        }
        deserializer.deserialize_any(ValueOrTable(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Range<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("RangeOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let value = generator.subschema_for::<T>();
        schemars::json_schema!({
            "description": "a value taken as known, or its lower end, assumed value and upper end",
            "anyOf": [
                value,
                {
                    "type": "object",
                    "properties": { "low": value, "assumed": value, "high": value },
                    "required": ["low", "assumed", "high"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

/// The ranges a scenario explores.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AssumptionRanges {
    /// How long one bucket-level key wraps new objects.
    pub generation_lifetime: Range<SimDuration>,
    /// How long the plaintext of a bucket-level key stays in memory for reads.
    pub cache_lifetime: Range<SimDuration>,
    /// Whether a cached key's lifetime runs from its fetch or from its last use.
    pub expiry: Range<Expiry>,
    /// Hosts of S3's fleet, each with a cache of its own, that a requester's connections land on.
    pub cache_hosts: Range<u32>,
    /// Parts of S3's fleet that each generate their own keys, the same for every requester; without
    /// it, as many hosts as the connections of each meet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_partitions: Option<Range<u32>>,
    /// Parts of S3's fleet that each cache keys on their own, the same for every requester; without
    /// it, as many hosts as the connections of each meet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_partitions: Option<Range<u32>>,
    /// Decrypt calls that verify a newly generated bucket-level key.
    pub verify_on_write: Range<u32>,
    /// Objects a second that a migration re-encrypts, which decides how many share a key.
    pub migration_rate: Rate,
}

impl Default for AssumptionRanges {
    fn default() -> Self {
        let lifetime = |high_s| {
            let secs = SimDuration::from_secs;
            Range::new(secs(60), secs(300), secs(high_s))
        };
        Self {
            generation_lifetime: lifetime(86_400),
            cache_lifetime: lifetime(3_600),
            expiry: Range::new(Expiry::Fixed, Expiry::Fixed, Expiry::Sliding),
            cache_hosts: Range::new(1, 10, 55),
            write_partitions: None,
            read_partitions: None,
            verify_on_write: Range::new(0, 1, 1),
            migration_rate: Rate::per_s(1_000.0),
        }
    }
}

/// One value for each assumption.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assumptions {
    /// How long one bucket-level key wraps new objects.
    pub generation_lifetime: SimDuration,
    /// How long the plaintext of a bucket-level key stays in memory for reads.
    pub cache_lifetime: SimDuration,
    /// Whether a cached key's lifetime runs from its fetch or from its last use.
    pub expiry: Expiry,
    /// Hosts of S3's fleet, each with a cache of its own, that a requester's connections land on, at
    /// least 1.
    pub cache_hosts: u32,
    /// Parts of S3's fleet that each generate their own keys, at least 1, if not as many hosts as a
    /// requester's connections meet.
    pub write_partitions: Option<u32>,
    /// Parts of S3's fleet that each cache keys on their own, at least 1, if not as many hosts as a
    /// requester's connections meet.
    pub read_partitions: Option<u32>,
    /// Decrypt calls that verify a newly generated bucket-level key.
    pub verify_on_write: u32,
    /// Objects a second that a migration re-encrypts.
    pub migration_rate: Rate,
}

/// Over how many parts of S3's fleet a requester's requests are spread, evenly; each part makes and
/// holds keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partitions {
    /// Parts that make keys for what it writes, at least 1.
    pub writing: u32,
    /// Parts that hold keys for what it reads, at least 1.
    pub reading: u32,
}

impl Assumptions {
    /// Over how many parts of the fleet the requests are spread that come on some connections.
    #[must_use]
    pub fn partitions(&self, connections: Connections) -> Partitions {
        let met = connections.hosts_met(self.cache_hosts);
        Partitions {
            writing: self.write_partitions.unwrap_or(met),
            reading: self.read_partitions.unwrap_or(met),
        }
    }

    /// Over how many parts writes are spread, at the most, whoever makes them.
    #[must_use]
    pub fn writing_at_most(&self) -> u32 {
        self.partitions(Connections::Fresh).writing
    }

    /// What no lifetime could be worse than: no key is ever found in memory, and each new one is
    /// verified as often as `verify_on_write` says. The saving it gives is the floor for the traffic.
    #[must_use]
    pub fn floor(self, verify_on_write: u32) -> Self {
        Self {
            generation_lifetime: SimDuration::ZERO,
            cache_lifetime: SimDuration::ZERO,
            verify_on_write,
            ..self
        }
    }

    /// What no lifetime, partition or verification could improve on: keys live for ever in one
    /// place. The saving it gives is the ceiling for the traffic.
    #[must_use]
    pub fn ceiling(self) -> Self {
        Self {
            generation_lifetime: SimDuration::MAX,
            cache_lifetime: SimDuration::MAX,
            expiry: Expiry::Fixed,
            cache_hosts: 1,
            write_partitions: None,
            read_partitions: None,
            verify_on_write: 0,
            ..self
        }
    }
}

impl AssumptionRanges {
    /// Greatest number of hosts or cache partitions that can be asked for.
    const MAX_PARTITIONS: u32 = 10_000;

    /// The values at one level.
    #[must_use]
    pub fn at(&self, level: Level) -> Assumptions {
        let saving_with_more = |low, assumed, high| match level {
            Level::Low => low,
            Level::Assumed => assumed,
            Level::High => high,
        };
        let more = |r: &Range<SimDuration>| saving_with_more(r.low, r.assumed, r.high);
        let fewer = |r: &Range<u32>| match level {
            Level::Low => r.high,
            Level::Assumed => r.assumed,
            Level::High => r.low,
        };
        Assumptions {
            generation_lifetime: more(&self.generation_lifetime),
            cache_lifetime: more(&self.cache_lifetime),
            expiry: match level {
                Level::Low => self.expiry.low,
                Level::Assumed => self.expiry.assumed,
                Level::High => self.expiry.high,
            },
            // The same at each level where it decides nothing: what does not differ is run once.
            cache_hosts: fewer(
                &self.cache_hosts_in_force().unwrap_or(Range::known(self.cache_hosts.assumed)),
            ),
            write_partitions: self.write_partitions.as_ref().map(fewer),
            read_partitions: self.read_partitions.as_ref().map(fewer),
            verify_on_write: fewer(&self.verify_on_write),
            migration_rate: self.migration_rate,
        }
    }

    /// One assumption at a time at each end of its range, the others as assumed: its name, its two
    /// ends as text, and the two sets of values. Assumptions without a range are left out.
    #[must_use]
    pub fn one_at_a_time(&self) -> Vec<Variation> {
        let base = self.at(Level::Assumed);
        let mut variations = Vec::new();
        macro_rules! vary {
            ($field:ident, $range:expr, $put:expr) => {
                if let Some(range) = $range.filter(Range::is_open) {
                    variations.push(Variation {
                        assumption: stringify!($field),
                        low: range.low.to_string(),
                        assumed: range.assumed.to_string(),
                        high: range.high.to_string(),
                        at_low: Assumptions { $field: $put(range.low), ..base },
                        at_high: Assumptions { $field: $put(range.high), ..base },
                    });
                }
            };
        }
        vary!(generation_lifetime, Some(self.generation_lifetime), std::convert::identity);
        vary!(cache_lifetime, Some(self.cache_lifetime), std::convert::identity);
        vary!(expiry, Some(self.expiry), std::convert::identity);
        vary!(cache_hosts, self.cache_hosts_in_force(), std::convert::identity);
        vary!(write_partitions, self.write_partitions, Some);
        vary!(read_partitions, self.read_partitions, Some);
        vary!(verify_on_write, Some(self.verify_on_write), std::convert::identity);
        variations
    }

    /// The hosts, unless both numbers of partitions are given: then they decide nothing.
    #[must_use]
    pub fn cache_hosts_in_force(&self) -> Option<Range<u32>> {
        let decided = self.write_partitions.is_some() && self.read_partitions.is_some();
        (!decided).then_some(self.cache_hosts)
    }

    /// Name, lower end, assumed value and upper end of each assumption that has a range and decides
    /// something, as text.
    #[must_use]
    pub fn rows(&self) -> Vec<[String; 4]> {
        fn row<T: fmt::Display>(name: &str, range: &Range<T>) -> [String; 4] {
            let Range { low, assumed, high } = range;
            [name.to_owned(), low.to_string(), assumed.to_string(), high.to_string()]
        }
        let number = |name: &str, range: Option<Range<u32>>| range.map(|range| row(name, &range));
        let rows = [
            Some(row("generation_lifetime", &self.generation_lifetime)),
            Some(row("cache_lifetime", &self.cache_lifetime)),
            Some(row("expiry", &self.expiry)),
            number("cache_hosts", self.cache_hosts_in_force()),
            number("write_partitions", self.write_partitions),
            number("read_partitions", self.read_partitions),
            Some(row("verify_on_write", &self.verify_on_write)),
        ];
        rows.into_iter().flatten().collect()
    }

    /// Refuses ranges that descend and partitions that are none or beyond any fleet.
    ///
    /// # Errors
    /// Names the assumption and what it must keep to.
    pub fn check(&self) -> Result<()> {
        self.generation_lifetime.check("generation_lifetime")?;
        self.cache_lifetime.check("cache_lifetime")?;
        self.expiry.check("expiry")?;
        for (name, range) in self.numbers_of_parts() {
            range.check(name)?;
        }
        self.verify_on_write.check("verify_on_write")?;
        if self.generation_lifetime.low == SimDuration::ZERO {
            return Err(Error::request(
                "`generation_lifetime` is `0s`, but a bucket-level key must live for some time",
            )
            .hint("for a key per object compare with `encryption = \"sse-kms\"`"));
        }
        for (name, range) in self.numbers_of_parts() {
            if range.low < 1 || range.high > Self::MAX_PARTITIONS {
                return Err(Error::request(format!(
                    "`{name}` goes from `{}` to `{}`, but must stay within 1 and {}",
                    range.low,
                    range.high,
                    Self::MAX_PARTITIONS
                )));
            }
        }
        if self.verify_on_write.high > 100 {
            return Err(Error::request(format!(
                "`verify_on_write` is `{}`, but at most 100 calls verify a new key",
                self.verify_on_write.high
            )));
        }
        Ok(())
    }
}

impl AssumptionRanges {
    /// The numbers of parts of S3's fleet that are given, by name.
    fn numbers_of_parts(&self) -> impl Iterator<Item = (&'static str, Range<u32>)> {
        [
            ("cache_hosts", Some(self.cache_hosts)),
            ("write_partitions", self.write_partitions),
            ("read_partitions", self.read_partitions),
        ]
        .into_iter()
        .filter_map(|(name, range)| Some((name, range?)))
    }
}

/// One assumption at both ends of its range, the others as assumed.
#[derive(Clone, Debug, PartialEq)]
pub struct Variation {
    /// Name of the assumption, as in scenarios.
    pub assumption: &'static str,
    /// Its lower end, as text.
    pub low: String,
    /// The value assumed, as text.
    pub assumed: String,
    /// Its upper end, as text.
    pub high: String,
    /// The values with this assumption at its lower end.
    pub at_low: Assumptions,
    /// The values with this assumption at its upper end.
    pub at_high: Assumptions,
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ranges.verify_on_write = Range::known(1);
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
        ranges.write_partitions = Some(Range::known(3));
        assert_eq!(of(&ranges, Connections::Kept(50)), (3, 10));
        let names = |ranges: &AssumptionRanges| -> Vec<String> {
            ranges.rows().into_iter().map(|[name, ..]| name).collect()
        };
        assert_eq!(names(&ranges)[3..5], ["cache_hosts", "write_partitions"]);
        ranges.read_partitions = Some(Range::new(1, 2, 6));
        assert_eq!(of(&ranges, Connections::Fresh), (3, 2));
        // Hosts now decide nothing.
        assert_eq!(names(&ranges)[3..5], ["write_partitions", "read_partitions"]);
        assert!(ranges.one_at_a_time().iter().all(|it| it.assumption != "cache_hosts"));
        let hosts = Level::ALL.map(|level| ranges.at(level).cache_hosts);
        assert_eq!(hosts, [10; 3]);
    }

    #[test]
    fn descending_ranges_are_refused() {
        let ranges =
            AssumptionRanges { read_partitions: Some(Range::new(3, 2, 6)), ..Default::default() };
        assert_eq!(
            ranges.check().unwrap_err().to_string(),
            "`read_partitions` has low `3`, assumed `2`, high `6`, but they must not descend\n\n\
             hint: give low <= assumed <= high, or a single value"
        );
    }
}
