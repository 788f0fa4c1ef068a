//! How a client repeats a request that S3 answers 503 `SlowDown`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Error, Result, one_of};
use crate::units::SimDuration;

/// What a client does: a way that some client documents, or numbers of one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Retries {
    /// As a client documents it.
    Known(KnownRetries),
    /// Numbers of one's own.
    Own(OwnRetries),
}

/// Ways to retry that clients document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KnownRetries {
    /// The standard mode of AWS's SDKs.
    Standard,
    /// The same, with a limit to what a client sends that follows the answers.
    Adaptive,
    /// The legacy mode of boto3.
    Legacy,
    /// Hadoop's S3A.
    S3a,
    /// The file system of EMR.
    Emrfs,
    /// A request is never repeated.
    None,
}

/// Numbers of one's own: full jitter between nothing and `base`, twice that after each further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnRetries {
    /// Attempts in all, the first among them: 1 to 100.
    pub attempts: u32,
    /// Longest pause before the second attempt.
    #[serde(default = "second")]
    pub base: SimDuration,
    /// Longest pause before any attempt.
    #[serde(default = "twenty_seconds")]
    pub cap: SimDuration,
}

fn second() -> SimDuration {
    SimDuration::from_secs(1)
}

fn twenty_seconds() -> SimDuration {
    SimDuration::from_secs(20)
}

/// Attempts that a scenario may give.
const ATTEMPTS: std::ops::RangeInclusive<u32> = 1..=100;

/// How a client repeats what is throttled, in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Attempts in all.
    pub attempts: u32,
    /// The pause before the second attempt, in seconds, before jitter; it doubles with each attempt.
    pub base_s: f64,
    /// The longest pause, in seconds.
    pub cap_s: f64,
    /// What jitter makes of a pause: any part of it between these, with the same chance.
    pub jitter: [f64; 2],
    /// Whether each client has a quota of retries ([`RetryPolicy::TOKENS`]).
    pub has_retry_quota: bool,
    /// Whether each client limits what it sends.
    pub is_adaptive: bool,
}

impl RetryPolicy {
    /// Tokens that a client's quota of retries holds when it is full.
    pub const TOKENS: f64 = 500.0;
    /// What a retry takes of them; its success brings it back.
    pub const TOKENS_OF_RETRY: f64 = 5.0;
    /// What a request that succeeds at once brings back.
    pub const TOKENS_OF_SUCCESS: f64 = 1.0;

    /// The shortest and the longest pause before an attempt, the second one being number 1, in seconds.
    #[must_use]
    pub fn pause_s(&self, retry: u32) -> [f64; 2] {
        let doubled = (1..retry).fold(self.base_s, |pause, _| (pause * 2.0).min(self.cap_s));
        self.jitter.map(|part| part * doubled.min(self.cap_s))
    }
}

const FULL_JITTER: [f64; 2] = [0.0, 1.0];

impl Retries {
    /// *Assumed* of clients of whom nobody says anything else. Since November 2026 it is the default of
    /// AWS's SDKs.
    pub const ASSUMED: Self = Self::Known(KnownRetries::Standard);

    /// In numbers, each as documented in `docs/model.md`.
    #[must_use]
    pub fn policy(self) -> RetryPolicy {
        let standard = RetryPolicy {
            attempts: 3,
            base_s: 1.0,
            cap_s: 20.0,
            jitter: FULL_JITTER,
            has_retry_quota: true,
            is_adaptive: false,
        };
        let by_hand = RetryPolicy { has_retry_quota: false, ..standard };
        let s3a = RetryPolicy {
            attempts: 21,
            base_s: 0.5,
            cap_s: f64::INFINITY,
            jitter: [0.5, 1.5],
            ..by_hand
        };
        match self {
            Self::Known(KnownRetries::Standard) => standard,
            Self::Known(KnownRetries::Adaptive) => RetryPolicy { is_adaptive: true, ..standard },
            Self::Known(KnownRetries::Legacy) => {
                RetryPolicy { attempts: 5, cap_s: f64::INFINITY, ..by_hand }
            }
            Self::Known(KnownRetries::S3a) => s3a,
            Self::Known(KnownRetries::Emrfs) => RetryPolicy { attempts: 16, ..by_hand },
            Self::Known(KnownRetries::None) => RetryPolicy { attempts: 1, ..by_hand },
            Self::Own(own) => RetryPolicy {
                attempts: own.attempts,
                base_s: own.base.as_secs_f64(),
                cap_s: own.cap.as_secs_f64(),
                ..by_hand
            },
        }
    }

    /// Refuses numbers that no client has.
    ///
    /// # Errors
    /// Says which, and within which bounds it must be.
    pub fn check(self) -> Result<()> {
        let Self::Own(own) = self else { return Ok(()) };
        if !ATTEMPTS.contains(&own.attempts) {
            return Err(Error::request(format!(
                "`attempts` is `{}`, but must be at least {} and at most {}",
                own.attempts,
                ATTEMPTS.start(),
                ATTEMPTS.end()
            ))
            .hint("`attempts = 1` never repeats a request"));
        }
        let day = SimDuration::from_secs(86_400);
        for (key, pause) in [("base", own.base), ("cap", own.cap)] {
            if pause <= SimDuration::from_nanos(0) || pause > day {
                return Err(Error::request(format!(
                    "`{key}` is `{pause}`, but must be more than nothing and at most a day"
                )));
            }
        }
        if own.cap < own.base {
            return Err(Error::request(format!(
                "`cap` is `{}`, less than the `base` of `{}`",
                own.cap, own.base
            )));
        }
        Ok(())
    }
}

const NAMES: [(&str, KnownRetries); 6] = [
    ("standard", KnownRetries::Standard),
    ("adaptive", KnownRetries::Adaptive),
    ("legacy", KnownRetries::Legacy),
    ("s3a", KnownRetries::S3a),
    ("emrfs", KnownRetries::Emrfs),
    ("none", KnownRetries::None),
];

impl fmt::Display for Retries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(known) => {
                let name = NAMES.iter().find(|(_, it)| it == known).map_or("", |(name, _)| name);
                f.write_str(name)
            }
            Self::Own(OwnRetries { attempts, base, cap }) => {
                write!(f, "{attempts} attempts, {base} to {cap}")
            }
        }
    }
}

impl FromStr for KnownRetries {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = NAMES.iter().find(|(name, _)| *name == text);
        known.map(|(_, retries)| *retries).ok_or_else(|| {
            Error::request(format!("`{text}` is no known way to retry"))
                .hint(one_of(text, NAMES.iter().map(|(name, _)| *name)))
        })
    }
}

impl<'de> Deserialize<'de> for Retries {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = Retries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a way to retry, or `{ attempts = 5 }`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Retries, E> {
                text.parse().map(Retries::Known).map_err(E::custom)
            }

            fn visit_map<M: MapAccess<'de>>(self, m: M) -> std::result::Result<Retries, M::Error> {
                OwnRetries::deserialize(MapAccessDeserializer::new(m)).map(Retries::Own)
            }
        }
        from.deserialize_any(Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap() {
        let standard = Retries::ASSUMED.policy();
        let longest: Vec<f64> = (1..=7).map(|retry| standard.pause_s(retry)[1]).collect();
        assert_eq!(longest, [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]);
        let s3a = Retries::Known(KnownRetries::S3a).policy();
        assert_eq!(s3a.pause_s(1).to_vec(), [0.25, 0.75]);
        assert_eq!(s3a.pause_s(20).to_vec(), [0.25, 0.75].map(|pause| pause * f64::from(1 << 19)));
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for (name, known) in NAMES {
            assert_eq!(name.parse::<KnownRetries>().unwrap(), known);
            assert_eq!(Retries::Known(known).to_string(), name);
            assert_eq!(
                serde_json::to_string(&Retries::Known(known)).unwrap(),
                format!("\"{name}\"")
            );
        }
        let error = "standart".parse::<KnownRetries>().unwrap_err().to_string();
        assert!(error.contains("`standart` is no known way to retry"), "{error}");
    }

    #[test]
    fn numbers_that_no_client_has_are_refused() {
        let second = SimDuration::from_secs(1);
        let own = |attempts, base, cap| Retries::Own(OwnRetries { attempts, base, cap }).check();
        assert!(own(5, second, second).is_ok());
        for wrong in [
            own(0, second, second),
            own(101, second, second),
            own(2, SimDuration::from_nanos(0), second),
            own(2, second.saturating_mul(2), second),
        ] {
            assert!(wrong.is_err());
        }
    }
}
