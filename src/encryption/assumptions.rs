//! What AWS does not publish about S3 Bucket Keys: each a labelled assumption with a range.
//!
//! Basis of the built-in ranges (`docs/model.md` has the sources): AWS gives no lifetime. Generation:
//! SQS uses a data key for 1 minute to 24 hours, 5 minutes unless told, Kinesis for 5 minutes; Huawei
//! OBS's near copy rotates its bucket key every 365 days, so the upper end is open. Cache: Huawei OBS
//! about 3 minutes, `DynamoDB` 5. Cache partitions are fitted to the two published cases with counted
//! calls: calibration, not proof. The verifying Decrypt is documented for replicas of S3 replication
//! and inferred for other writers; its count is not known.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
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
    /// Parts of S3's fleet that each generate their own keys.
    pub write_partitions: Range<u32>,
    /// Parts of S3's fleet that each cache keys on their own.
    pub read_partitions: Range<u32>,
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
            write_partitions: Range::new(1, 1, 10),
            read_partitions: Range::new(1, 2, 6),
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
    /// Parts of S3's fleet that each generate their own keys, at least 1.
    pub write_partitions: u32,
    /// Parts of S3's fleet that each cache keys on their own, at least 1.
    pub read_partitions: u32,
    /// Decrypt calls that verify a newly generated bucket-level key.
    pub verify_on_write: u32,
    /// Objects a second that a migration re-encrypts.
    pub migration_rate: Rate,
}

impl Assumptions {
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
            write_partitions: 1,
            read_partitions: 1,
            verify_on_write: 0,
            ..self
        }
    }
}

impl AssumptionRanges {
    /// Greatest number of cache partitions that can be asked for.
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
            write_partitions: fewer(&self.write_partitions),
            read_partitions: fewer(&self.read_partitions),
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
            ($field:ident) => {
                if self.$field.is_open() {
                    variations.push(Variation {
                        assumption: stringify!($field),
                        low: self.$field.low.to_string(),
                        assumed: self.$field.assumed.to_string(),
                        high: self.$field.high.to_string(),
                        at_low: Assumptions { $field: self.$field.low, ..base },
                        at_high: Assumptions { $field: self.$field.high, ..base },
                    });
                }
            };
        }
        vary!(generation_lifetime);
        vary!(cache_lifetime);
        vary!(expiry);
        vary!(write_partitions);
        vary!(read_partitions);
        vary!(verify_on_write);
        variations
    }

    /// Name, lower end, assumed value and upper end of each assumption that has a range, as text.
    #[must_use]
    pub fn rows(&self) -> [[String; 4]; 6] {
        fn row<T: fmt::Display>(name: &str, range: &Range<T>) -> [String; 4] {
            let Range { low, assumed, high } = range;
            [name.to_owned(), low.to_string(), assumed.to_string(), high.to_string()]
        }
        [
            row("generation_lifetime", &self.generation_lifetime),
            row("cache_lifetime", &self.cache_lifetime),
            row("expiry", &self.expiry),
            row("write_partitions", &self.write_partitions),
            row("read_partitions", &self.read_partitions),
            row("verify_on_write", &self.verify_on_write),
        ]
    }

    /// Refuses ranges that descend and partitions that are none or beyond any fleet.
    ///
    /// # Errors
    /// Names the assumption and what it must keep to.
    pub fn check(&self) -> Result<()> {
        self.generation_lifetime.check("generation_lifetime")?;
        self.cache_lifetime.check("cache_lifetime")?;
        self.expiry.check("expiry")?;
        self.write_partitions.check("write_partitions")?;
        self.read_partitions.check("read_partitions")?;
        self.verify_on_write.check("verify_on_write")?;
        if self.generation_lifetime.low == SimDuration::ZERO {
            return Err(Error::request(
                "`generation_lifetime` is `0s`, but a bucket-level key must live for some time",
            )
            .hint("for a key per object compare with `encryption = \"sse-kms\"`"));
        }
        for (name, range) in
            [("write_partitions", self.write_partitions), ("read_partitions", self.read_partitions)]
        {
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
        assert_eq!((low.read_partitions, low.write_partitions, low.verify_on_write), (6, 10, 1));
        let high = ranges.at(Level::High);
        assert_eq!(high.generation_lifetime, SimDuration::from_secs(86_400));
        assert_eq!(high.cache_lifetime, SimDuration::from_secs(3_600));
        assert_eq!((high.read_partitions, high.expiry), (1, Expiry::Sliding));
    }

    #[test]
    fn known_values_are_not_varied() {
        let mut ranges = AssumptionRanges::default();
        assert_eq!(ranges.one_at_a_time().len(), 6);
        ranges.verify_on_write = Range::known(1);
        assert_eq!(ranges.one_at_a_time().len(), 5);
    }

    #[test]
    fn descending_ranges_are_refused() {
        let ranges =
            AssumptionRanges { read_partitions: Range::new(3, 2, 6), ..Default::default() };
        assert_eq!(
            ranges.check().unwrap_err().to_string(),
            "`read_partitions` has low `3`, assumed `2`, high `6`, but they must not descend\n\n\
             hint: give low <= assumed <= high, or a single value"
        );
    }
}
