//! How traffic grows or shrinks from month to month.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::units::{SimDuration, SimTime, text_form};

/// A month of thirty days, as prices by the month have it.
const MONTH: SimDuration = SimDuration::from_secs(30 * 86_400);

/// The most that a month may be of the month before: a hundred times.
const MOST_PER_MONTH: f64 = 100.0;

/// The most that traffic may be of what it is in the first month.
const MOST: f64 = 1e6;

/// How traffic grows, as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Growth {
    /// Each month is so many times the month before.
    PerMonth(f64),
    /// In proportion to the objects that it may read: those from before the run, and what has been written
    /// since.
    WithData,
}

impl FromStr for Growth {
    type Err = Error;

    /// Reads `+3%/month`, `-10 %/month`, `with-data`.
    fn from_str(text: &str) -> Result<Self> {
        let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if plain == "with-data" {
            return Ok(Self::WithData);
        }
        let number = plain.strip_suffix("/month").and_then(|rest| rest.strip_suffix('%'));
        let percent = number.and_then(|number| number.parse::<f64>().ok());
        let factor = percent.map(|percent| 1.0 + percent / 100.0);
        factor
            .filter(|factor| *factor > 0.0 && *factor <= MOST_PER_MONTH)
            .map(Self::PerMonth)
            .ok_or_else(|| {
                Error::request(format!(
                    "`{text}` is given as a growth, but must be more than -100 % a month and at most 9900 %, or \
                     `with-data`"
                ))
                .hint("give e.g., `\"+3%/month\"`, `\"-10%/month\"` or `\"with-data\"`")
            })
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // As it was typed: what rounding adds is not shown.
            Self::PerMonth(factor) => {
                let percent = ((factor - 1.0) * 1e11).round() / 1e9;
                write!(f, "{percent:+}%/month")
            }
            Self::WithData => f.write_str("with-data"),
        }
    }
}

text_form!(Growth, "a growth from month to month, or `with-data`", "+3%/month");

/// How many times the first month's rate each month of thirty days has; before the first and after the last as
/// in these.
#[derive(Clone, Debug, PartialEq)]
pub struct MonthlyFactors {
    factors: Vec<f64>,
    /// Of what shrinks, what each month is of the month before; 1 for what grows.
    shrinks_to: f64,
}

impl MonthlyFactors {
    /// Those of a growth over so long a run. `of_data` is how many objects there are to read at the start, and
    /// how many more after a month.
    #[must_use]
    pub fn of(growth: Growth, duration: SimDuration, (objects, a_month): (f64, f64)) -> Self {
        let months = (duration.as_nanos() as u64).div_ceil(MONTH.as_nanos() as u64).max(1);
        let factors = (0..months).map(|month| {
            let month = month as f64;
            let factor = match growth {
                Growth::PerMonth(factor) => libm::pow(factor, month),
                // The mean of the month, against that of the first.
                Growth::WithData => {
                    (objects + a_month * (month + 0.5)) / (objects + a_month * 0.5).max(1.0)
                }
            };
            factor.min(MOST)
        });
        let shrinks_to = match growth {
            Growth::PerMonth(factor) => factor.min(1.0),
            Growth::WithData => 1.0,
        };
        Self { factors: factors.collect(), shrinks_to }
    }

    /// The factor at a time as far as anybody can tell beyond the months: what shrinks goes on shrinking, and what
    /// grows is no more than in the last of them.
    #[must_use]
    pub fn at_or_beyond(&self, time: SimTime) -> f64 {
        let months = time.as_nanos().div_euclid(MONTH.as_nanos()) + 1;
        let beyond = (months - self.factors.len() as i64).max(0);
        self.at(time) * libm::pow(self.shrinks_to, beyond as f64)
    }

    /// The mean factor from the start on.
    #[must_use]
    pub fn mean(&self, duration: SimDuration) -> f64 {
        self.weigh(duration, SimDuration::as_secs_f64) / duration.as_secs_f64()
    }

    /// The factor at a time.
    #[inline]
    #[must_use]
    pub fn at(&self, time: SimTime) -> f64 {
        let month = time.as_nanos().div_euclid(MONTH.as_nanos());
        let last = self.factors.len() - 1;
        self.factors[usize::try_from(month).unwrap_or(0).min(last)]
    }

    /// Until when the factor at a time holds.
    #[must_use]
    pub fn until(&self, time: SimTime) -> SimTime {
        let month = time.as_nanos().div_euclid(MONTH.as_nanos()).max(0);
        if month as usize + 1 >= self.factors.len() {
            return SimTime::MAX;
        }
        SimTime::from(MONTH.saturating_mul(month + 1))
    }

    /// The greatest factor.
    #[must_use]
    pub fn greatest(&self) -> f64 {
        self.factors.iter().copied().fold(0.0, f64::max)
    }

    /// The sum over months of `amount`, which gives what there is by a time in all, each month's part times its
    /// factor.
    #[must_use]
    pub fn weigh(&self, duration: SimDuration, amount: impl Fn(SimDuration) -> f64) -> f64 {
        let (mut sum, mut from) = (0.0, SimTime::ZERO);
        let end = SimTime::from(duration);
        while from < end {
            let until = self.until(from).min(end);
            let [before, by_then] = [from, until].map(|time| amount(time.since(SimTime::ZERO)));
            sum += self.at(from) * (by_then - before);
            from = until;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three months of half as much each: a mean of 7/12, and a sixteenth in the fifth.
    #[test]
    fn what_shrinks_goes_on_shrinking_and_what_grows_stays() {
        let month = |number: i64| SimTime::from(MONTH.saturating_mul(number));
        let of = |growth| MonthlyFactors::of(growth, MONTH.saturating_mul(3), (100.0, 10.0));
        let halves = of(Growth::PerMonth(0.5));
        assert!((halves.mean(MONTH.saturating_mul(3)) - 7.0 / 12.0).abs() < 1e-12);
        for (number, factor) in [(0, 1.0), (2, 0.25), (3, 0.125), (4, 0.0625)] {
            assert!((halves.at_or_beyond(month(number)) - factor).abs() < 1e-12, "{number}");
        }
        for growing in [of(Growth::PerMonth(2.0)), of(Growth::WithData)] {
            let last = growing.at(month(2));
            assert!((growing.at_or_beyond(month(7)) - last).abs() < 1e-12, "{growing:?}");
        }
    }

    #[test]
    fn growth_is_written_as_it_is_read() {
        for (text, growth) in [
            ("+3%/month", Growth::PerMonth(1.03)),
            ("-10%/month", Growth::PerMonth(0.9)),
            ("+0.5%/month", Growth::PerMonth(1.005)),
            ("with-data", Growth::WithData),
        ] {
            let read: Growth = text.parse().unwrap();
            assert_eq!(read, growth);
            assert_eq!(read.to_string(), text);
        }
        assert_eq!("3 % / month".parse::<Growth>().unwrap(), Growth::PerMonth(1.03));
        for wrong in ["3", "+3%", "-100%/month", "nan%/month", "+3%/week", "1e9%/month", ""] {
            assert!(wrong.parse::<Growth>().is_err(), "{wrong}");
        }
    }

    /// By hand: 1, 1.1 and 1.21 times a thousand a month, half of a third month.
    #[test]
    fn months_compound() {
        let months = |months: f64| SimDuration::from_secs_f64(months * MONTH.as_secs_f64());
        let factors = MonthlyFactors::of(Growth::PerMonth(1.1), months(2.5), (0.0, 0.0));
        let even = |duration: SimDuration| 1_000.0 * duration.as_secs_f64() / MONTH.as_secs_f64();
        let sum = factors.weigh(months(2.5), even);
        assert!((sum - (1_000.0 + 1_100.0 + 605.0)).abs() < 1e-6, "{sum}");
        assert!((factors.at(SimTime::ZERO - months(1.0)) - 1.0).abs() < 1e-12);
        assert!((factors.greatest() - 1.21).abs() < 1e-12);
    }

    #[test]
    fn data_grow_by_what_is_written() {
        let quarter = SimDuration::from_secs(90 * 86_400);
        let factors = MonthlyFactors::of(Growth::WithData, quarter, (950.0, 100.0));
        for (month, factor) in [1.0, 1.1, 1.2].into_iter().enumerate() {
            let time = SimTime::from(MONTH.saturating_mul(month as i64));
            assert!((factors.at(time) - factor).abs() < 1e-12, "{month}");
        }
    }
}
