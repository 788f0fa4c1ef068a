//! Whose KMS's free requests are, as written: `true`, `false` or `"per-account"`.

use schemars::JsonSchema;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whose the monthly free requests are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FreeTierOwner {
    /// `true`: of all accounts together, spent once, as in an organization.
    #[default]
    Once,
    /// `"per-account"`: of each account, for they pay for themselves.
    PerAccount,
    /// `false`: somebody else's.
    No,
}

const PER_ACCOUNT: &str = "per-account";

impl Serialize for FreeTierOwner {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Once => to.serialize_bool(true),
            Self::No => to.serialize_bool(false),
            Self::PerAccount => to.serialize_str(PER_ACCOUNT),
        }
    }
}

impl<'de> Deserialize<'de> for FreeTierOwner {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Written;
        impl Visitor<'_> for Written {
            type Value = FreeTierOwner;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "`true`, `false` or `\"{PER_ACCOUNT}\"`")
            }

            fn visit_bool<E: de::Error>(self, once: bool) -> Result<FreeTierOwner, E> {
                Ok(if once { FreeTierOwner::Once } else { FreeTierOwner::No })
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<FreeTierOwner, E> {
                match text {
                    PER_ACCOUNT => Ok(FreeTierOwner::PerAccount),
                    other => Err(E::unknown_variant(other, &["true", "false", PER_ACCOUNT])),
                }
            }
        }
        from.deserialize_any(Written)
    }
}

impl JsonSchema for FreeTierOwner {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FreeTier".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "oneOf": [{"type": "boolean"}, {"type": "string", "pattern": "^per-account$"}],
            "description": "`true`: once for all accounts together; `\"per-account\"`: once for each; \
                            `false`: not at all",
        })
    }
}
