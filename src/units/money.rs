//! Money: whole picodollars, so that a bill adds up exactly.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Neg, Sub};
use std::str::FromStr;

use super::{Refused, number_and_unit, text_form};
use crate::error::{Error, Result};

/// Picodollars (10^-12 USD) in a dollar. The finest published unit price that bks uses, $0.0025
/// per million objects listed, is 2,500 of them.
const PICO: i128 = 1_000_000_000_000;

/// An amount of US dollars, exact to 10^-12; may be negative (a credit, a difference).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usd(i128);

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of whole picodollars.
    #[must_use]
    pub const fn from_pico(picodollars: i128) -> Self {
        Self(picodollars)
    }

    /// The amount in picodollars.
    #[must_use]
    pub const fn pico(self) -> i128 {
        self.0
    }

    /// The amount for statistics and charts, where floats are enough.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / PICO as f64
    }

    /// The amount nearest to a number of dollars, as files have it.
    #[must_use]
    pub fn from_f64(dollars: f64) -> Self {
        // A float-to-integer cast saturates: no file holds what would not fit.
        Self(libm::round(dollars * PICO as f64) as i128)
    }

    /// This amount times `numerator / denominator`, rounded half away from zero.
    #[must_use]
    pub fn scaled(self, numerator: i128, denominator: i128) -> Self {
        Self(div_round(self.0 * numerator, denominator))
    }
}

/// Shares an amount out by weights, to the last picodollar: cumulative shares are rounded down. With no
/// weight at all the first gets everything.
pub(crate) fn share_out(amount: Usd, weights: &[u64]) -> Vec<Usd> {
    let all: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let (sign, whole) = (amount.0.signum(), amount.0.unsigned_abs());
    let (mut so_far, mut given) = (0, 0);
    let mut shares = Vec::with_capacity(weights.len());
    for &weight in weights {
        so_far += u128::from(weight);
        let by_now = match (whole.checked_div(all), whole.checked_rem(all)) {
            // In two parts, so that no product leaves 128 bits.
            (Some(each), Some(rest)) => each * so_far + rest * so_far / all,
            _ => whole,
        };
        shares.push(Usd(sign * (by_now - given) as i128));
        given = by_now;
    }
    shares
}

/// Quotient rounded half away from zero; the divisor is positive.
fn div_round(dividend: i128, divisor: i128) -> i128 {
    assert!(divisor > 0);
    let half = divisor / 2;
    if dividend >= 0 { (dividend + half) / divisor } else { -((-dividend + half) / divisor) }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Usd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Usd {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl FromStr for Usd {
    type Err = Error;

    /// Reads `$0.03`, `0.03`, `-$1`; at most twelve decimals.
    fn from_str(text: &str) -> Result<Self> {
        let trimmed = text.trim();
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed),
        };
        let digits = digits.strip_prefix('$').unwrap_or(digits).replace('_', "");
        let (whole, decimals) = digits.split_once('.').unwrap_or((&digits, ""));
        let is_sound = (1..=12).contains(&whole.len())
            && decimals.len() <= 12
            && whole.bytes().chain(decimals.bytes()).all(|byte| byte.is_ascii_digit());
        if !is_sound {
            return Err(Error::request(format!("`{text}` is not an amount of US dollars"))
                .hint("give dollars with up to twelve decimals, e.g., `\"$0.03\"`"));
        }
        let pico: i128 = format!("{whole}{decimals:0<12}").parse().expect("24 digits fit");
        Ok(Self(if negative { -pico } else { pico }))
    }
}

impl fmt::Display for Usd {
    /// Plain decimal dollars without sign or grouping, at least two decimals, exact.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        let decimals = format!("{:012}", magnitude % PICO as u128);
        let kept = decimals.trim_end_matches('0').len().max(2);
        write!(f, "{sign}{}.{}", magnitude / PICO as u128, &decimals[..kept])
    }
}

text_form!(Usd, "an amount of US dollars", "$0.03", "string", "number");

/// Bounds of prices: with them no bill of 2^63 units leaves the range of 128 bits.
const MAX_PRICE: Usd = Usd(1_000_000 * PICO);
const MAX_UNITS: u64 = 1_000_000_000_000;

/// What AWS charges for a number of units: `$0.03 per 10000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    amount: Usd,
    per: u64,
}

impl Price {
    /// `amount` for every `per` units.
    ///
    /// # Panics
    /// If `per` is zero.
    #[must_use]
    pub const fn new(amount: Usd, per: u64) -> Self {
        assert!(per > 0, "a price is for at least one unit");
        Self { amount, per }
    }

    /// The same price counted in parts, `parts` of which make one unit (hours of a month).
    ///
    /// # Panics
    /// If `parts` is zero.
    #[must_use]
    pub const fn in_parts(self, parts: u64) -> Self {
        Self::new(self.amount, self.per * parts)
    }

    /// What `quantity` units cost, rounded to the picodollar.
    #[must_use]
    pub fn of(self, quantity: u64) -> Usd {
        self.amount.scaled(i128::from(quantity), i128::from(self.per))
    }

    /// What a single unit costs.
    #[must_use]
    pub fn unit(self) -> Usd {
        self.of(1)
    }
}

impl FromStr for Price {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = Refused {
            text,
            must_be: "a price",
            hint: "give dollars and a number of units, e.g., `\"$0.03 per 10000\"`",
        };
        let (amount, per) = match text.split_once(" per ").or_else(|| text.split_once('/')) {
            Some((amount, per)) => {
                let whole = per.trim().replace(['_', ','], "").parse();
                let why = "the number of units after it is not whole";
                let whole = whole.map_err(|_| match units_in_words(per) {
                    Some(units) => {
                        refused.with_hint(why, format!("write `{} per {units}`", amount.trim()))
                    }
                    None => refused.because(why),
                });
                (amount.parse::<Usd>()?, whole?)
            }
            None => (text.parse()?, 1),
        };
        if !(1..=MAX_UNITS).contains(&per) {
            return Err(refused.because("it must be for 1 to 1000000000000 units"));
        }
        if !(Usd::ZERO..=MAX_PRICE).contains(&amount) {
            return Err(refused.because("it must lie between $0 and $1000000"));
        }
        Ok(Self { amount, per })
    }
}

/// How many units are meant by `10k requests`, `1 million`, `1,000 requests`.
fn units_in_words(text: &str) -> Option<u64> {
    let plain = text.replace(',', "");
    let (number, words) = number_and_unit(&plain)?;
    let scale = match words.split(' ').next().unwrap_or_default().to_lowercase().as_str() {
        "k" | "thousand" => 1e3,
        "m" | "million" => 1e6,
        _ => 1.0,
    };
    Some((number * scale) as u64).filter(|units| *units > 0)
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${} per {}", self.amount, self.per)
    }
}

text_form!(Price, "US dollars per number of units", "$0.03 per 10000");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact() {
        let price: Price = "$0.03 per 10000".parse().unwrap();
        assert_eq!(price.of(49_000_000).to_string(), "147.00");
        assert_eq!(price.unit().to_string(), "0.000003");
        assert_eq!(price.to_string(), "$0.03 per 10000");
        assert_eq!((-"1.005".parse::<Usd>().unwrap()).to_string(), "-1.005");
    }

    #[test]
    fn amounts_read_back_what_they_print() {
        for text in ["0.00", "1.50", "-3.000000000001", "123456.789"] {
            assert_eq!(text.parse::<Usd>().unwrap().to_string(), text);
        }
        for text in ["", "$", "1e5", "nan", "0.0000000000001", "$-1"] {
            assert!(text.parse::<Usd>().is_err(), "{text} was read");
        }
    }
}
