//! Values of assumptions of every kind, and the ranges they are believed to lie in.

use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::Expiry;
use crate::error::{Error, Result};
use crate::units::{Rate, SimDuration};

/// What the values of an assumption are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssumptionKind {
    /// A span of time.
    Duration,
    /// A rule of expiry.
    Expiry,
    /// A whole number.
    Count,
    /// How many a second. It is taken as known: it has a value and no range.
    Rate,
}

/// A value of an assumption. Those of one [`AssumptionKind`] have an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AssumptionValue {
    /// A span of time.
    Duration(SimDuration),
    /// A rule of expiry.
    Expiry(Expiry),
    /// A whole number.
    Count(u32),
    /// How many a second.
    Rate(Rate),
}

impl AssumptionValue {
    /// The span of time that it is.
    ///
    /// # Panics
    /// If it is of another kind.
    #[must_use]
    pub fn duration(self) -> SimDuration {
        let Self::Duration(duration) = self else { panic!("`{self}` is not a duration") };
        duration
    }

    /// The rule of expiry that it is.
    ///
    /// # Panics
    /// If it is of another kind.
    #[must_use]
    pub fn expiry(self) -> Expiry {
        let Self::Expiry(expiry) = self else { panic!("`{self}` is not a rule of expiry") };
        expiry
    }

    /// The whole number that it is.
    ///
    /// # Panics
    /// If it is of another kind.
    #[must_use]
    pub fn count(self) -> u32 {
        let Self::Count(count) = self else { panic!("`{self}` is not a whole number") };
        count
    }

    /// The rate that it is.
    ///
    /// # Panics
    /// If it is of another kind.
    #[must_use]
    pub fn rate(self) -> Rate {
        let Self::Rate(rate) = self else { panic!("`{self}` is not a rate") };
        rate
    }
}

impl PartialOrd for AssumptionValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Duration(a), Self::Duration(b)) => a.partial_cmp(b),
            (Self::Expiry(a), Self::Expiry(b)) => a.partial_cmp(b),
            (Self::Count(a), Self::Count(b)) => a.partial_cmp(b),
            (Self::Rate(a), Self::Rate(b)) => a.as_per_s().partial_cmp(&b.as_per_s()),
            _ => None,
        }
    }
}

impl fmt::Display for AssumptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duration(duration) => duration.fmt(f),
            Self::Expiry(expiry) => expiry.fmt(f),
            Self::Count(count) => count.fmt(f),
            Self::Rate(rate) => rate.fmt(f),
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

impl<T: Copy> Range<T> {
    /// A range from `low` to `high`.
    pub const fn new(low: T, assumed: T, high: T) -> Self {
        Self { low, assumed, high }
    }

    /// A value that is taken as known.
    pub const fn known(value: T) -> Self {
        Self::new(value, value, value)
    }

    /// Each of its values as another.
    #[must_use]
    pub fn map<U: Copy>(self, as_other: impl Fn(T) -> U) -> Range<U> {
        Range::new(as_other(self.low), as_other(self.assumed), as_other(self.high))
    }
}

impl Range<AssumptionValue> {
    /// Whether the ends differ.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.low < self.high
    }

    pub(super) fn check(&self, name: &str) -> Result<()> {
        let Self { low, assumed, high } = self;
        if low <= assumed && assumed <= high {
            return Ok(());
        }
        Err(Error::request(format!(
            "`{name}` has low `{low}`, assumed `{assumed}`, high `{high}`, but they must not descend"
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
        impl<'de, T: Deserialize<'de> + Copy> Visitor<'de> for ValueOrTable<T> {
            type Value = Range<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, or a table with `low`, `assumed` and `high`")
            }
            fn visit_str<E: serde::de::Error>(self, v: &str) -> std::result::Result<Range<T>, E> {
                T::deserialize(v.into_deserializer()).map(Range::known)
            }
            fn visit_i64<E: serde::de::Error>(self, v: i64) -> std::result::Result<Range<T>, E> {
                T::deserialize(v.into_deserializer()).map(Range::known)
            }
            fn visit_map<A: MapAccess<'de>>(
                self,
                map: A,
            ) -> std::result::Result<Range<T>, A::Error> {
                let Table { low, assumed, high } =
                    Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Range { low, assumed, high })
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
