//! On how many connections a client's requests come to S3.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use crate::error::{Error, Result};

/// The connections of a session, or of all sessions together that are one requester.
///
/// Each lands on one host of S3's fleet and stays there. *Assumed*: on any of them with the same
/// chance, whoever asks for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connections {
    /// So many, which are kept and used in turn.
    Kept(u32),
    /// A new one for each request.
    Fresh,
}

impl Connections {
    /// What a session holds whose client documents no pool: as many as boto3's.
    pub const ASSUMED: Self = Self::Kept(10);

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Kept(one), Self::Kept(other)) => Self::Kept(one.saturating_add(other)),
            _ => Self::Fresh,
        }
    }

    /// Whichever of both is more.
    #[must_use]
    pub fn or_more(self, other: Self) -> Self {
        match (self, other) {
            (Self::Kept(one), Self::Kept(other)) => Self::Kept(one.max(other)),
            _ => Self::Fresh,
        }
    }

    /// On how many of `hosts` they land, on average, as a whole number: of H hosts n connections
    /// meet H (1 − (1 − 1/H)^n). Connections that are opened anew all the time meet all.
    #[must_use]
    pub fn hosts_met(self, hosts: u32) -> u32 {
        let Self::Kept(connections) = self else { return hosts.max(1) };
        if hosts <= 1 {
            return 1;
        }
        let all = f64::from(hosts);
        let missed = libm::exp(f64::from(connections) * libm::log1p(-1.0 / all));
        (libm::rint(all * (1.0 - missed)) as u32).clamp(1, hosts)
    }
}

impl fmt::Display for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept(number) => number.fmt(f),
            Self::Fresh => f.write_str("fresh"),
        }
    }
}

impl FromStr for Connections {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if text == "fresh" {
            return Ok(Self::Fresh);
        }
        match text.replace('_', "").parse() {
            Ok(number) if number > 0 => Ok(Self::Kept(number)),
            _ => Err(Error::request(format!(
                "`{text}` is not a number of connections: it must be a whole number, at least 1, or \
                 `fresh`"
            ))
            .hint("give how many a session keeps open, e.g., `10`, or `\"fresh\"` for a new one each request")),
        }
    }
}

impl Serialize for Connections {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Kept(number) => serializer.serialize_u32(*number),
            Self::Fresh => serializer.serialize_str("fresh"),
        }
    }
}

impl<'de> Deserialize<'de> for Connections {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct NumberOrFresh;
        impl Visitor<'_> for NumberOrFresh {
            type Value = Connections;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, at least 1, or `\"fresh\"`")
            }
            fn visit_str<E: serde::de::Error>(
                self,
                v: &str,
            ) -> std::result::Result<Connections, E> {
                v.parse().map_err(E::custom)
            }
            fn visit_i64<E: serde::de::Error>(self, v: i64) -> std::result::Result<Connections, E> {
                self.visit_str(&v.to_string())
            }
            fn visit_u64<E: serde::de::Error>(self, v: u64) -> std::result::Result<Connections, E> {
                self.visit_str(&v.to_string())
            }
        }
        deserializer.deserialize_any(NumberOrFresh)
    }
}

impl schemars::JsonSchema for Connections {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Connections".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "a number of connections that are kept, or `fresh`: a new one each request",
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": u32::MAX },
                { "const": "fresh" },
            ],
            "examples": [10, "fresh"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the mean number of occupied boxes, counted over all ways to throw n balls.
    #[test]
    fn hosts_met_are_boxes_with_balls() {
        for hosts in 1..=5_u32 {
            for connections in 1..=6_u32 {
                let ways = hosts.pow(connections);
                let occupied = |way: u32| {
                    let mut met = vec![false; hosts as usize];
                    (0..connections).fold(way, |rest, _| {
                        met[(rest % hosts) as usize] = true;
                        rest / hosts
                    });
                    met.iter().filter(|met| **met).count() as f64
                };
                let mean = (0..ways).map(occupied).sum::<f64>() / f64::from(ways);
                let met = f64::from(Connections::Kept(connections).hosts_met(hosts));
                assert!(
                    (met - mean).abs() <= 0.5 + 1e-9,
                    "{connections} on {hosts}: {met}, {mean}"
                );
            }
        }
        assert_eq!(Connections::Kept(25).hosts_met(29), 17);
        assert_eq!(Connections::Kept(u32::MAX).hosts_met(10_000), 10_000);
        assert_eq!(Connections::Fresh.hosts_met(10), 10);
    }

    #[test]
    fn connections_are_read_as_they_are_written() {
        for (text, connections) in [
            ("1", Connections::Kept(1)),
            ("96", Connections::Kept(96)),
            ("fresh", Connections::Fresh),
        ] {
            assert_eq!(text.parse::<Connections>().unwrap(), connections);
            assert_eq!(connections.to_string(), text);
        }
        for wrong in ["0", "-1", "1.5", "new", ""] {
            let error = wrong.parse::<Connections>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{wrong}` is not a number of conn")), "{error}");
        }
    }

    #[test]
    fn together_they_add_up_and_fresh_ones_win() {
        let kept = Connections::Kept;
        assert_eq!(kept(3).and(kept(4)), kept(7));
        assert_eq!(kept(u32::MAX).and(kept(4)), kept(u32::MAX));
        assert_eq!(kept(3).and(Connections::Fresh), Connections::Fresh);
        assert_eq!(kept(3).or_more(kept(4)), kept(4));
        assert_eq!(Connections::Fresh.or_more(kept(4)), Connections::Fresh);
    }
}
