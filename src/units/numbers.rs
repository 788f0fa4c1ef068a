//! Rates, shares and sizes.

use std::fmt;
use std::str::FromStr;

use super::{Refused, SimDuration, number_and_unit, text_form};
use crate::error::{Error, Result};

/// How many per unit of time: positive and finite. Keeps the unit it was written in, so that
/// `1000000/d` is not printed as `11.574074074074074/s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    count: f64,
    unit: RateUnit,
}

// A finite count is equal to itself.
impl Eq for Rate {}

impl std::hash::Hash for Rate {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.count.to_bits(), self.unit).hash(state);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum RateUnit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
}

impl RateUnit {
    /// Each with its name and its length in seconds.
    const ALL: [(Self, &'static str, f64); 5] = [
        (Self::Second, "s", 1.0),
        (Self::Minute, "min", 60.0),
        (Self::Hour, "h", 3_600.0),
        (Self::Day, "d", 86_400.0),
        (Self::Week, "w", 604_800.0),
    ];

    /// Reads `s`, `sec`, `second` and the like.
    fn parse(text: &str) -> Option<Self> {
        let length_s = format!("1 {}", text.trim()).parse::<SimDuration>().ok()?.as_secs_f64();
        Self::ALL
            .into_iter()
            .find(|(.., seconds)| (seconds - length_s).abs() < 1e-9)
            .map(|(unit, ..)| unit)
    }

    fn row(self) -> (Self, &'static str, f64) {
        Self::ALL[self as usize]
    }
}

impl Rate {
    /// A rate of `count` a second.
    ///
    /// # Panics
    /// If `count` is not positive and finite.
    #[must_use]
    pub const fn per_s(count: f64) -> Self {
        assert!(count.is_finite() && count > 0.0, "a rate must be greater than zero");
        Self { count, unit: RateUnit::Second }
    }

    /// So many times this rate.
    ///
    /// # Errors
    /// If that is no rate.
    pub(crate) fn times(self, factor: f64) -> Result<Self> {
        let count = self.count * factor;
        if count.is_finite() && count > 0.0 {
            return Ok(Self { count, ..self });
        }
        Err(Error::request(format!("`{factor}` times the rate `{self}` is no rate")))
    }

    /// How many a second.
    #[must_use]
    pub fn as_per_s(self) -> f64 {
        self.count / self.unit.row().2
    }
}

impl FromStr for Rate {
    type Err = Error;

    /// Reads `250/s`, `50k/day`, `1.5M/h`.
    fn from_str(text: &str) -> Result<Self> {
        let refused = Refused {
            text,
            must_be: "a rate",
            hint: "give a mean number per unit of time (s, min, h, d, w), e.g., `\"250/s\"`",
        };
        let Some((number, unit)) = text.split_once('/') else {
            let why = "it has no `/` and unit of time";
            let begins = scaled(text).filter(|count| *count > 0.0).or_else(|| leading_number(text));
            return Err(match begins {
                Some(count) => {
                    refused.with_hint(why, format!("write `{count}/s` if that is a second's"))
                }
                None => refused.because(why),
            });
        };
        let Some(count) = scaled(number) else {
            let why = "the part before `/` is not a number";
            return Err(match leading_number(number) {
                Some(count) => refused.with_hint(why, format!("write `{count}/{}`", unit.trim())),
                None => refused.because(why),
            });
        };
        if count <= 0.0 {
            return Err(Error::request(format!(
                "`{text}` is given as a rate, but a rate must be greater than zero"
            ))
            .hint(refused.hint));
        }
        let unit = RateUnit::parse(unit).ok_or_else(|| {
            let why = format!("`{}` is not a unit of time", unit.trim());
            match span_s(unit) {
                Some(seconds) => {
                    refused.with_hint(&why, format!("write `{}/d`", count * 86_400.0 / seconds))
                }
                None => refused.because(&why),
            }
        })?;
        Ok(Self { count, unit })
    }
}

/// A number, perhaps of thousands (`50k`), millions (`M`) or thousands of millions (`G`).
fn scaled(text: &str) -> Option<f64> {
    let (number, scale) = number_and_unit(text)?;
    let factor = match scale {
        "" => 1.0,
        "k" | "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        _ => return None,
    };
    Some(number * factor)
}

/// The number, greater than zero, that a text begins with.
fn leading_number(text: &str) -> Option<f64> {
    number_and_unit(text).map(|(number, _)| number).filter(|number| *number > 0.0)
}

/// Seconds of `5min`, `month`, `30 days`, in which things are counted.
fn span_s(text: &str) -> Option<f64> {
    let days = match text.trim() {
        "month" | "mo" => "30d",
        "year" | "y" | "yr" => "365d",
        span => span,
    };
    let span = days.parse::<SimDuration>().ok()?.as_secs_f64();
    (span > 0.0).then_some(span)
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, self.unit.row().1)
    }
}

text_form!(Rate, "a mean number per unit of time (s, min, h, d, w), greater than zero", "250/s");

/// A part of a whole, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// Nothing of it.
    pub const ZERO: Self = Self(0.0);
    /// All of it.
    pub const ONE: Self = Self(1.0);

    /// The value, from 0 to 1.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }
}

impl FromStr for Share {
    type Err = Error;

    /// Reads `0.25` or `25%`.
    fn from_str(text: &str) -> Result<Self> {
        const HINT: &str = "give a share such as `0.25` or `\"25%\"`";
        let value = match number_and_unit(text) {
            Some((number, "")) => number,
            Some((number, "%" | "percent" | "per cent")) => number / 100.0,
            _ => return Err(Error::request(format!("`{text}` is not a share")).hint(HINT)),
        };
        if (0.0..=1.0).contains(&value) {
            return Ok(Self(value));
        }
        let error = Error::request(format!(
            "`{text}` is given as a share, but a share lies between 0 and 1"
        ));
        // What was meant in percent, most likely.
        let meant = (1.0..=100.0).contains(&value) && !text.contains('%');
        Err(if meant { error.hint(format!("write `{}%`", text.trim())) } else { error.hint(HINT) })
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

text_form!(Share, "a share from 0 to 1, or in percent", "25%", "string", "number");

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

impl ByteSize {
    const UNITS: [(&'static str, u64); 5] =
        [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

    /// A size of `mebibytes` MiB.
    #[must_use]
    pub const fn mib(mebibytes: u64) -> Self {
        Self(mebibytes << 20)
    }

    /// A size of `bytes` bytes.
    #[must_use]
    pub const fn of_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Size in bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for ByteSize {
    type Err = Error;

    /// Reads `8MiB`, `100MB`, `512B`.
    fn from_str(text: &str) -> Result<Self> {
        let refused = Refused {
            text,
            must_be: "a size",
            hint: "give a number and a unit (B, KiB, MiB, GiB, TiB, KB, MB, GB, TB), e.g., `\"8MiB\"`",
        };
        let (number, unit) =
            number_and_unit(text).ok_or_else(|| refused.because("it is not a number"))?;
        let factor = match unit.to_lowercase().as_str() {
            "b" | "byte" | "bytes" => 1.0,
            "kib" => 1024.0,
            "mib" => 1_048_576.0,
            "gib" => 1_073_741_824.0,
            "tib" => 1_099_511_627_776.0,
            "kb" => 1e3,
            "mb" => 1e6,
            "gb" => 1e9,
            "tb" => 1e12,
            lower => {
                let hint = match lower {
                    "" => format!("write `{number}B` for bytes, or e.g., `8MiB`"),
                    "k" | "m" | "g" | "t" => format!("write `{number}{}iB`", lower.to_uppercase()),
                    _ => refused.hint.to_owned(),
                };
                return Err(refused.with_hint("it has no unit of size", hint));
            }
        };
        let bytes = libm::rint(number * factor);
        if !(1.0..=5e13).contains(&bytes) {
            return Err(refused.because("an object holds from 1 byte to 50 TB"));
        }
        Ok(Self(bytes as u64))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) = Self::UNITS
            .into_iter()
            .find(|(_, factor)| self.0.is_multiple_of(*factor))
            .expect("every size is a multiple of one byte");
        write!(f, "{}{unit}", self.0 / factor)
    }
}

text_form!(ByteSize, "a size with its unit (B, KiB, MiB, GiB, KB, MB, GB)", "8MiB");

/// Groups of three digits: `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The least number that both divide; the greatest there is, if it is larger.
pub(crate) fn least_common_multiple(one: u128, other: u128) -> u128 {
    let (mut divisor, mut rest) = (one, other);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (one / divisor).saturating_mul(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_keep_the_unit_they_were_written_in() {
        for text in ["250/s", "0.5/min", "1000000/d", "12/h"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        assert!(("86400/d".parse::<Rate>().unwrap().as_per_s() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn rates_are_read_as_people_write_them() {
        for (text, per_s) in [
            ("50k/s", 50_000.0),
            ("1.5M/h", 1_500_000.0 / 3_600.0),
            ("864/day", 0.01),
            ("60 / minute", 1.0),
            ("604800/week", 1.0),
        ] {
            let read = text.parse::<Rate>().unwrap();
            assert!((read.as_per_s() - per_s).abs() < 1e-9 * per_s, "{text}");
            assert_eq!(read.to_string().parse::<Rate>().unwrap(), read);
        }
    }

    #[test]
    fn bad_rates_say_why() {
        for (text, why) in [
            ("-3/s", "a rate must be greater than zero"),
            ("0/s", "a rate must be greater than zero"),
            ("nan/s", "is not a number"),
            ("inf/s", "is not a number"),
            ("5", "it has no `/`"),
            ("5/fortnight", "`fortnight` is not a unit of time"),
            ("5", "hint: write `5/s`"),
            ("3k", "hint: write `3000/s`"),
            ("250rps", "hint: write `250/s`"),
            ("250 requests/min", "hint: write `250/min`"),
            ("3000/month", "hint: write `100/d`"),
            ("10/5min", "hint: write `2880/d`"),
        ] {
            let message = text.parse::<Rate>().unwrap_err().to_string();
            assert!(message.contains(why), "{text}: {message}");
        }
    }

    #[test]
    fn shares_and_sizes_read_back() {
        assert_eq!("25%".parse::<Share>().unwrap(), Share(0.25));
        assert!("1.5".parse::<Share>().unwrap_err().to_string().contains("between 0 and 1"));
        assert!("80".parse::<Share>().unwrap_err().to_string().contains("hint: write `80%`"));
        for text in ["8MiB", "1536KiB", "7B"] {
            assert_eq!(text.parse::<ByteSize>().unwrap().to_string(), text);
        }
        assert_eq!("100MB".parse::<ByteSize>().unwrap().bytes(), 100_000_000);
        assert_eq!("1 tib".parse::<ByteSize>().unwrap().bytes(), 1 << 40);
        assert!("-1MB".parse::<ByteSize>().is_err());
        for (text, hint) in [("8M", "write `8MiB`"), ("512", "write `512B`")] {
            assert!(text.parse::<ByteSize>().unwrap_err().to_string().contains(hint), "{text}");
        }
    }
}
