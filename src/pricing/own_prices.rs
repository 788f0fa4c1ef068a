//! Prices that the user gives in the place of the built-in ones.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, IntoDeserializer, MapAccess, Visitor};
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use super::table::{Certainty, PriceEntry, PriceName};
use crate::units::{Price, Usd};

/// A list price, free of discounts: text, or a table that says where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenPrice {
    /// US dollars per number of units.
    pub price: Price,
    /// Where it stands.
    pub source: Option<String>,
    /// Date of the source: `2026-10-02`, `2026-10`, `2026`.
    pub date: Option<String>,
}

/// What the user gives for one region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenPrices {
    /// Whether there are prices for this very region, beside those for all.
    pub for_this_region: bool,
    /// By what is priced.
    pub prices: BTreeMap<PriceName, GivenPrice>,
    /// KMS requests a month that cost nothing.
    pub free_requests_a_month: Option<u64>,
}

impl GivenPrice {
    /// Nothing, from nowhere.
    pub const FREE: Self = Self { price: Price::new(Usd::ZERO, 1), source: None, date: None };

    /// A row of a table.
    pub(super) fn entry(&self, name: PriceName) -> PriceEntry {
        let source = self.source.clone().map_or(Cow::Borrowed("given by the user"), Cow::Owned);
        let date = self.date.clone().map(Cow::Owned);
        PriceEntry { name, price: self.price, certainty: Certainty::Given, source, date }
    }
}

impl Serialize for GivenPrice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { price, source, date } = self;
        if source.is_none() && date.is_none() {
            return price.serialize(serializer);
        }
        let mut table = serializer.serialize_struct("GivenPrice", 3)?;
        table.serialize_field("price", price)?;
        if let Some(source) = source {
            table.serialize_field("source", source)?;
        }
        if let Some(date) = date {
            table.serialize_field("date", date)?;
        }
        table.end()
    }
}

impl<'de> Deserialize<'de> for GivenPrice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            price: Price,
            source: Option<String>,
            #[serde(default, deserialize_with = "date")]
            date: Option<String>,
        }
        struct TextOrTable;
        impl<'de> Visitor<'de> for TextOrTable {
            type Value = GivenPrice;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a price in quotes, or a table with `price`, `source` and `date`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<GivenPrice, E> {
                let price = Price::deserialize(text.into_deserializer())?;
                Ok(GivenPrice { price, ..GivenPrice::FREE })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<GivenPrice, A::Error> {
                let Table { price, source, date } =
                    Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(GivenPrice { price, source, date })
            }
        }
        deserializer.deserialize_any(TextOrTable)
    }
}

impl JsonSchema for GivenPrice {
    fn schema_name() -> Cow<'static, str> {
        "GivenPrice".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let price = generator.subschema_for::<Price>();
        let source = schemars::json_schema!({ "type": "string" });
        let date = schemars::json_schema!({ "type": "string", "pattern": DATE_PATTERN });
        schemars::json_schema!({
            "description": "a list price, or a table that says where it is from and of when",
            "anyOf": [
                price,
                {
                    "type": "object",
                    "properties": { "price": price, "source": source, "date": date },
                    "required": ["price"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

/// What a date looks like.
const DATE_PATTERN: &str = "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$";

/// Reads a date that may be there.
///
/// # Errors
/// If it is neither a year, a month nor a day.
pub(crate) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if is_date(&text) {
        return Ok(Some(text));
    }
    Err(D::Error::custom(format!(
        "`{text}` is not a date\n\nhint: give a day, a month or a year, e.g., `date = \"2026-10-02\"`"
    )))
}

/// Whether a text is `2026`, `2026-10` or `2026-10-02`.
fn is_date(text: &str) -> bool {
    // What is left out is the first of its kind.
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let [year, _, _, _, ..] = text.as_bytes() else { return false };
    year.is_ascii_digit() && whole.len() == 10 && whole.parse::<jiff::civil::Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_months_or_years() {
        for text in ["2026", "2026-10", "2026-10-02"] {
            assert!(is_date(text), "{text}");
        }
        for text in ["", "26", "2026-13", "2026-1", "2026-10-32", "2026-10-02-1", "October", "+026"]
        {
            assert!(!is_date(text), "{text}");
        }
    }

    #[test]
    fn what_was_read_is_written_again() {
        for text in [
            r#""$0.03 per 10000""#,
            r#"{"price":"$0.03 per 10000","source":"a list","date":"2026-10"}"#,
            r#"{"price":"$0.03 per 10000","date":"2026"}"#,
        ] {
            let given: GivenPrice = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&given).unwrap(), text);
        }
        for text in ["{}", "3", r#"{"price":"$1","from":"x"}"#, r#"{"price":"$1","date":"soon"}"#] {
            assert!(serde_json::from_str::<GivenPrice>(text).is_err(), "{text}");
        }
    }
}
