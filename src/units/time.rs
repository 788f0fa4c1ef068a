//! Points and spans of simulated time, in whole nanoseconds.

use std::fmt;
use std::ops::{Add, Neg, Sub};
use std::str::FromStr;

use super::{Refused, number_and_unit, text_form};
use crate::error::{Error, Result};

/// Units of duration, largest first, with their length in nanoseconds.
const UNITS: [(&str, i64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

const NS_PER_S: i64 = 1_000_000_000;
const DAY_NS: i64 = 86_400 * NS_PER_S;

/// Length of a unit in nanoseconds, as people write it: `5m`, `5 minutes`.
fn unit_ns(unit: &str) -> Option<i64> {
    let lower = unit.to_lowercase();
    Some(match if unit.chars().count() > 1 { &lower } else { unit } {
        "w" | "week" | "weeks" => 7 * DAY_NS,
        "d" | "day" | "days" => DAY_NS,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600 * NS_PER_S,
        "m" | "min" | "mins" | "minute" | "minutes" => 60 * NS_PER_S,
        "s" | "sec" | "secs" | "second" | "seconds" => NS_PER_S,
        "ms" | "millisecond" | "milliseconds" => 1_000_000,
        "us" | "µs" | "microsecond" | "microseconds" => 1_000,
        "ns" | "nanosecond" | "nanoseconds" => 1,
        _ => return None,
    })
}

/// What to write for months and years, whose lengths differ.
fn in_days(number: f64, unit: &str) -> Option<String> {
    let days = match unit.to_lowercase().as_str() {
        "mo" | "mon" | "month" | "months" => 30.0,
        "y" | "yr" | "yrs" | "year" | "years" => 365.0,
        _ => return None,
    };
    Some(format!("{}d", number * days))
}

/// A span of simulated time: zero or more nanoseconds, at most 292 years; the greatest one stands
/// for "for ever".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(i64);

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// For ever: no sum of it with a time within a run overflows, it stays beyond every horizon.
    pub const MAX: Self = Self(i64::MAX);

    /// A span of whole seconds.
    ///
    /// # Panics
    /// If `seconds` is negative.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        assert!(seconds >= 0);
        Self(seconds.saturating_mul(NS_PER_S))
    }

    /// A span of whole nanoseconds.
    ///
    /// # Panics
    /// If `nanoseconds` is negative.
    #[must_use]
    pub const fn from_nanos(nanoseconds: i64) -> Self {
        assert!(nanoseconds >= 0);
        Self(nanoseconds)
    }

    /// The nearest span to `seconds`; what is negative becomes zero, what is too long, `MAX`.
    #[must_use]
    pub fn from_secs_f64(seconds: f64) -> Self {
        // A float-to-integer cast saturates, which is what is wanted here.
        Self(libm::rint(seconds * NS_PER_S as f64).max(0.0) as i64)
    }

    /// Length in nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Length in seconds.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NS_PER_S as f64
    }

    /// This span times `factor`, at most `MAX`.
    ///
    /// # Panics
    /// If `factor` is negative.
    #[must_use]
    pub const fn saturating_mul(self, factor: i64) -> Self {
        assert!(factor >= 0);
        Self(self.0.saturating_mul(factor))
    }
}

impl FromStr for SimDuration {
    type Err = Error;

    /// Reads `5min`, `1h 30min`, `0.5s`, `30d`, `2w`; the units add up.
    fn from_str(text: &str) -> Result<Self> {
        let refused = Refused {
            text,
            must_be: "a duration",
            hint: "give a number and a unit (ms, s, min, h, d, w), e.g., `\"5min\"`",
        };
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(refused.because("it is empty"));
        }
        let mut total = 0_i64;
        while !rest.is_empty() {
            let Some(unit_at) = rest.find(char::is_alphabetic) else {
                return Err(match number_and_unit(rest) {
                    Some((number, "")) if number >= 0.0 => refused.with_hint(
                        "it has no unit",
                        format!("write `{rest}s` for seconds, or another unit (ms, min, h, d, w)"),
                    ),
                    _ => refused.because("it has no unit"),
                });
            };
            let unit_end = rest[unit_at..]
                .find(|c: char| !c.is_alphabetic())
                .map_or(rest.len(), |length| unit_at + length);
            let (number, unit) = number_and_unit(&rest[..unit_end])
                .ok_or_else(|| refused.because("a number must come before each unit"))?;
            if number < 0.0 {
                return Err(refused.because("a duration is not negative"));
            }
            let unit_ns = unit_ns(unit).ok_or_else(|| match in_days(number, unit) {
                Some(days) => refused.with_hint(
                    &format!("a `{}` has no fixed length", unit.trim_end_matches('s')),
                    format!("write `{days}`"),
                ),
                None => refused.because(&format!("`{unit}` is not a unit")),
            })?;
            let part = libm::rint(number * unit_ns as f64);
            let sum = if part < i64::MAX as f64 { total.checked_add(part as i64) } else { None };
            total = sum.ok_or_else(|| refused.because("it is longer than 292 years"))?;
            rest = rest[unit_end..].trim_start();
        }
        Ok(Self(total))
    }
}

impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        let mut separator = "";
        for (unit, nanoseconds) in UNITS {
            let count = rest / nanoseconds;
            if count > 0 {
                write!(f, "{separator}{count}{unit}")?;
                separator = " ";
                rest -= count * nanoseconds;
            }
        }
        Ok(())
    }
}

text_form!(SimDuration, "a duration with its unit (ms, s, min, h, d, w)", "5min");

/// A point of simulated time, in nanoseconds since the start of the run; negative before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(i64);

impl SimTime {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Before everything.
    pub const MIN: Self = Self(i64::MIN);
    /// After everything.
    pub const MAX: Self = Self(i64::MAX);

    /// The point `nanoseconds` after the start of the run.
    #[must_use]
    pub const fn from_nanos(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// Nanoseconds since the start of the run.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Seconds since the start of the run.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NS_PER_S as f64
    }

    /// The whole second this point lies in, counted from the start of the run.
    #[must_use]
    pub const fn second(self) -> i64 {
        self.0.div_euclid(NS_PER_S)
    }

    /// How long after `earlier` this point is; zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> SimDuration {
        let span = self.0.saturating_sub(earlier.0);
        SimDuration(if span < 0 { 0 } else { span })
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    #[inline]
    fn add(self, span: SimDuration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<SimDuration> for SimTime {
    type Output = Self;
    fn sub(self, span: SimDuration) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Neg for SimTime {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl From<SimDuration> for SimTime {
    fn from(span: SimDuration) -> Self {
        Self(span.0)
    }
}

impl FromStr for SimTime {
    type Err = Error;

    /// Reads a duration, with a leading `-` for a point before the start of the run, or `always`
    /// for before everything.
    fn from_str(text: &str) -> Result<Self> {
        match text.trim() {
            "always" => Ok(Self::MIN),
            "never" => Ok(Self::MAX),
            trimmed => match trimmed.strip_prefix('-') {
                Some(before) => Ok(-Self::from(before.parse::<SimDuration>()?)),
                None => Ok(trimmed.parse::<SimDuration>()?.into()),
            },
        }
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::MIN => f.write_str("always"),
            Self::MAX => f.write_str("never"),
            Self(before) if before < 0 => write!(f, "-{}", SimDuration(-before)),
            Self(after) => write!(f, "{}", SimDuration(after)),
        }
    }
}

text_form!(
    SimTime,
    "a time from the start of the run: a duration, negative before it, or `always` or `never`",
    "-30d"
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn durations_read_back_what_they_print(ns in 0..i64::MAX / 2) {
            let span = SimDuration::from_nanos(ns);
            prop_assert_eq!(span.to_string().parse::<SimDuration>().unwrap(), span);
            prop_assert_eq!((-SimTime::from(span)).to_string().parse::<SimTime>().unwrap(),
                -SimTime::from(span));
        }
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("5min", 300.0),
            ("5m", 300.0),
            ("1h 30min", 5_400.0),
            ("1h30min", 5_400.0),
            ("0.5s", 0.5),
            ("2w", 1_209_600.0),
            ("5 minutes", 300.0),
            ("30days", 2_592_000.0),
            ("1 Hour 1 sec", 3_601.0),
            ("250µs", 0.000_25),
        ] {
            let read = text.parse::<SimDuration>().unwrap().as_secs_f64();
            assert!((read - seconds).abs() < 1e-9, "{text} read as {read} s");
        }
    }

    #[test]
    fn bad_durations_say_why() {
        for (text, why) in [
            ("300", "it has no unit"),
            ("-5s", "a duration is not negative"),
            ("300", "hint: write `300s` for seconds"),
            ("5 parsecs", "`parsecs` is not a unit"),
            ("1month", "a `month` has no fixed length\n\nhint: write `30d`"),
            ("2 years", "hint: write `730d`"),
            ("1M", "`M` is not a unit"),
            ("min", "a number must come before each unit"),
            ("", "it is empty"),
            ("999999999d", "it is longer than 292 years"),
        ] {
            let message = text.parse::<SimDuration>().unwrap_err().to_string();
            assert!(message.contains(why), "{text}: {message}");
        }
    }

    #[test]
    fn for_ever_stays_beyond_every_horizon() {
        assert_eq!(SimTime::from_nanos(7) + SimDuration::MAX, SimTime::MAX);
        assert_eq!(SimTime::from_nanos(-1).second(), -1);
    }
}
