//! Assumptions as scenarios write them, and as their JSON Schema describes them.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use super::{
    Assumption, AssumptionKind, AssumptionOverrides, AssumptionRanges, AssumptionValue, Expiry,
    Range,
};
use crate::units::{Rate, SimDuration};

impl<'de> Deserialize<'de> for Assumption {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const NAMES: [&str; Assumption::ALL.len()] = Assumption::names();
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| D::Error::unknown_field(&name, &NAMES))
    }
}

impl AssumptionKind {
    fn read<'de, A: MapAccess<'de>>(
        self,
        table: &mut A,
    ) -> Result<Range<AssumptionValue>, A::Error> {
        Ok(match self {
            Self::Duration => {
                table.next_value::<Range<SimDuration>>()?.map(AssumptionValue::Duration)
            }
            Self::Expiry => table.next_value::<Range<Expiry>>()?.map(AssumptionValue::Expiry),
            Self::Count => table.next_value::<Range<u32>>()?.map(AssumptionValue::Count),
            Self::Rate => Range::known(AssumptionValue::Rate(table.next_value()?)),
        })
    }

    fn schema(self, generator: &mut SchemaGenerator) -> Schema {
        match self {
            Self::Duration => generator.subschema_for::<Range<SimDuration>>(),
            Self::Expiry => generator.subschema_for::<Range<Expiry>>(),
            Self::Count => generator.subschema_for::<Range<u32>>(),
            Self::Rate => generator.subschema_for::<Rate>(),
        }
    }
}

impl<'de> Deserialize<'de> for AssumptionOverrides {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;
        impl<'de> Visitor<'de> for Table {
            type Value = AssumptionOverrides;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Self::Value, A::Error> {
                let mut given = AssumptionOverrides::default();
                while let Some(assumption) = table.next_key::<Assumption>()? {
                    given.set(assumption, assumption.describe().kind.read(&mut table)?);
                }
                Ok(given)
            }
        }
        deserializer.deserialize_map(Table)
    }
}

impl Serialize for AssumptionOverrides {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut table = serializer.serialize_map(None)?;
        for assumption in Assumption::ALL {
            match self.get(assumption) {
                Some(range) if assumption.may_have_range() => {
                    table.serialize_entry(assumption.name(), &range)?;
                }
                Some(range) => table.serialize_entry(assumption.name(), &range.assumed)?,
                None => {}
            }
        }
        table.end()
    }
}

impl<'de> Deserialize<'de> for AssumptionRanges {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(AssumptionOverrides::deserialize(deserializer)?.over(&Self::default()))
    }
}

impl Serialize for AssumptionRanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all().serialize(serializer)
    }
}

/// The schema of a table of assumptions, of which those in `defaults` have a default.
fn table(about: &str, defaults: &AssumptionOverrides, generator: &mut SchemaGenerator) -> Schema {
    let defaults = serde_json::to_value(defaults).expect("ranges are JSON");
    let mut properties = serde_json::Map::new();
    for assumption in Assumption::ALL {
        let value = assumption.describe().kind.schema(generator);
        let default = defaults.get(assumption.name());
        let mut property = match default {
            Some(_) => value,
            None => json_schema!({ "anyOf": [value, { "type": "null" }] }),
        };
        property.insert("description".to_owned(), assumption.describe().meaning.into());
        if let Some(default) = default {
            property.insert("default".to_owned(), default.clone());
        }
        properties.insert(assumption.name().to_owned(), property.into());
    }
    json_schema!({
        "description": about,
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

impl JsonSchema for AssumptionRanges {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AssumptionRanges".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        table("The ranges a scenario explores.", Self::default().all(), generator)
    }
}

impl JsonSchema for AssumptionOverrides {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AssumptionOverrides".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let about = "Assumptions of one configuration that differ from the scenario's.";
        table(about, &Self::default(), generator)
    }
}
