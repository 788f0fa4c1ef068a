//! Rates, shares and sizes.

use std::fmt;
use std::str::FromStr;

use super::{number_and_unit, text_form};
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
}

impl RateUnit {
    const ALL: [(Self, &'static str, f64); 4] = [
        (Self::Second, "s", 1.0),
        (Self::Minute, "min", 60.0),
        (Self::Hour, "h", 3_600.0),
        (Self::Day, "d", 86_400.0),
    ];

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

    /// How many a second.
    #[must_use]
    pub fn as_per_s(self) -> f64 {
        self.count / self.unit.row().2
    }
}

impl FromStr for Rate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        const HINT: &str = "give a mean number per unit of time (s, min, h, d), e.g., `\"250/s\"`";
        let wrong = |why: &str| Error::request(format!("`{text}` {why}")).hint(HINT);
        let (number, unit) = text
            .split_once('/')
            .ok_or_else(|| wrong("is not a rate: it has no `/` and unit of time"))?;
        let Some((count, "")) = number_and_unit(number) else {
            return Err(wrong("is not a rate: the part before `/` is not a number"));
        };
        if count <= 0.0 {
            return Err(wrong("is given as a rate, but a rate must be greater than zero"));
        }
        let unit = match unit.trim() {
            "m" => "min",
            other => other,
        };
        let (unit, ..) = RateUnit::ALL
            .into_iter()
            .find(|(_, name, _)| *name == unit)
            .ok_or_else(|| wrong(&format!("is not a rate: `{unit}` is not a unit of time")))?;
        Ok(Self { count, unit })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, self.unit.row().1)
    }
}

text_form!(Rate, "a mean number per unit of time (s, min, h, d), greater than zero", "250/s");

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
            Some((number, "%")) => number / 100.0,
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
        let wrong = |why: &str| {
            Error::request(format!("`{text}` is not a size: {why}"))
                .hint("give a number and a unit (B, KiB, MiB, GiB, TiB, KB, MB, GB, TB), e.g., `\"8MiB\"`")
        };
        let (number, unit) = number_and_unit(text).ok_or_else(|| wrong("it is not a number"))?;
        let factor = match unit {
            "kB" | "KB" => 1_000.0,
            "MB" => 1e6,
            "GB" => 1e9,
            "TB" => 1e12,
            _ => Self::UNITS
                .iter()
                .find(|(name, _)| *name == unit)
                .map(|(_, bytes)| *bytes as f64)
                .ok_or_else(|| wrong("it has no unit of size"))?,
        };
        let bytes = libm::rint(number * factor);
        if !(1.0..=5e13).contains(&bytes) {
            return Err(wrong("an object holds from 1 byte to 50 TB"));
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
    fn bad_rates_say_why() {
        for (text, why) in [
            ("-3/s", "a rate must be greater than zero"),
            ("0/s", "a rate must be greater than zero"),
            ("nan/s", "is not a number"),
            ("inf/s", "is not a number"),
            ("5", "it has no `/`"),
            ("5/fortnight", "`fortnight` is not a unit of time"),
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
        assert!("-1MB".parse::<ByteSize>().is_err());
    }
}
