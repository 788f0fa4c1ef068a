//! Measures: points and spans of time, rates, shares, sizes, money. Each parses what people write
//! and prints what it parses, so a resolved scenario reads back to the same values.

mod date;
mod money;
mod numbers;
pub(crate) mod readable;
mod time;

pub(crate) use date::{digits, seconds};
pub use date::{parse_moment, parse_utc, utc};
pub(crate) use money::share_out;
pub use money::{Price, Usd};
pub use numbers::{ByteSize, Rate, Share};
pub(crate) use numbers::{grouped, least_common_multiple};
pub use time::{SimDuration, SimTime};

use crate::error::Error;

/// Gives a type that has `FromStr` and `Display` its text form in serde and in the JSON Schema.
macro_rules! text_form {
    ($type:ident, $what:literal, $example:literal) => {
        text_form!($type, $what, $example, "string");
    };
    ($type:ident, $what:literal, $example:literal, $($schema_type:literal),+) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(
                d: D,
            ) -> std::result::Result<Self, D::Error> {
                crate::units::deserialize_text(d, concat!($what, ", e.g., `\"", $example, "\"`"))
            }
        }
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": [$($schema_type),+],
                    "description": $what,
                    "examples": [$example],
                })
            }
        }
    };
}
pub(crate) use text_form;

/// Reads a value from its text form; bare numbers are taken as the same text without a unit, so
/// that each type itself says whether it needs one.
pub(crate) fn deserialize_text<'de, T, D>(
    deserializer: D,
    expected: &'static str,
) -> Result<T, D::Error>
where
    T: std::str::FromStr<Err = crate::error::Error>,
    D: serde::Deserializer<'de>,
{
    struct Text<T>(&'static str, std::marker::PhantomData<T>);
    impl<T: std::str::FromStr<Err = crate::error::Error>> serde::de::Visitor<'_> for Text<T> {
        type Value = T;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
        fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<T, E> {
            self.visit_str(&number.to_string())
        }
        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<T, E> {
            self.visit_str(&number.to_string())
        }
        fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<T, E> {
            self.visit_str(&number.to_string())
        }
    }
    deserializer.deserialize_any(Text(expected, std::marker::PhantomData))
}

/// A text that is not what it must be, and what to write instead.
#[derive(Clone, Copy)]
struct Refused<'a> {
    text: &'a str,
    /// With its article: `a duration`.
    must_be: &'static str,
    hint: &'static str,
}

impl Refused<'_> {
    fn because(self, why: &str) -> Error {
        self.with_hint(why, self.hint)
    }

    fn with_hint(self, why: &str, hint: impl Into<String>) -> Error {
        Error::request(format!("`{}` is not {}: {why}", self.text, self.must_be)).hint(hint)
    }
}

/// Splits `12.5 MiB` into its number and its unit; the number is finite.
pub(crate) fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text
        .char_indices()
        .find(|&(i, c)| {
            let exponent = matches!(c, 'e' | 'E')
                && text[i + 1..].starts_with(|d: char| d.is_ascii_digit() || d == '-' || d == '+');
            let sign = matches!(c, '-' | '+') && (i == 0 || text[..i].ends_with(['e', 'E']));
            !(c.is_ascii_digit() || c == '.' || c == '_' || exponent || sign)
        })
        .map_or(text.len(), |(i, _)| i);
    let number: f64 = text[..end].replace('_', "").parse().ok()?;
    number.is_finite().then(|| (number, text[end..].trim()))
}
