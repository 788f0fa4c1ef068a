//! `LOW..HIGH:SPACING`: the values between two ends, as a person would write them.

use crate::error::{Error, Result};
use crate::units::{ByteSize, Rate, SimTime, number_and_unit};

/// Most values of one range: beyond it, what was typed is not what was meant.
const MAX_VALUES: f64 = 100_000.0;

/// What a value measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A plain number.
    Number,
    /// A duration or time, in seconds.
    Seconds,
    /// A rate, in events a second.
    PerSecond,
    /// A size, in bytes.
    Bytes,
    /// A share in percent, as a part of 1.
    Ratio,
}

impl Measure {
    /// The unit at the end of a column's name; none for plain numbers.
    #[must_use]
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Self::Number => None,
            Self::Seconds => Some("s"),
            Self::PerSecond => Some("per_s"),
            Self::Bytes => Some("bytes"),
            Self::Ratio => Some("ratio"),
        }
    }

    /// What `text` measures, and how much of it.
    pub(super) fn of(text: &str) -> Option<(Self, f64)> {
        let (number, unit) = number_and_unit(text)?;
        if unit.is_empty() {
            return Some((Self::Number, number));
        }
        if unit == "%" {
            return Some((Self::Ratio, number / 100.0));
        }
        if unit.starts_with('/') {
            return Some((Self::PerSecond, text.parse::<Rate>().ok()?.as_per_s()));
        }
        if let Ok(time) = text.parse::<SimTime>() {
            return Some((Self::Seconds, time.as_secs_f64()));
        }
        Some((Self::Bytes, text.parse::<ByteSize>().ok()?.bytes() as f64))
    }
}

/// How values lie between the ends, which both belong to them.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Spacing {
    /// So many, evenly spaced.
    Even(u32),
    /// By steps from the low end, in its unit; the last may be shorter.
    Step(f64),
    /// The powers of a base between the ends, in the low end's unit.
    Powers(u32),
    /// So many, evenly spaced on a logarithmic scale.
    Logarithmic(u32),
}

/// What was read, or what is wrong with the range.
type Checked<T> = std::result::Result<T, String>;

/// One end of a range.
struct End<'t> {
    text: &'t str,
    measure: Measure,
    /// In the unit that results are in: seconds, events a second, bytes, parts of 1.
    value: f64,
}

impl<'t> End<'t> {
    fn read(text: &'t str) -> Checked<Self> {
        let (measure, value) = Measure::of(text).ok_or_else(|| {
            format!("its end `{text}` is neither a number nor a number with a unit")
        })?;
        Ok(Self { text, measure, value })
    }

    /// Whether it is written as a whole number.
    fn is_whole(&self) -> bool {
        let digits = self.text.strip_prefix('-').unwrap_or(self.text);
        digits.chars().all(|c| c.is_ascii_digit() || c == '_')
    }

    /// Its unit as written, the last one of several: `min` of `1h 30min`, `/s` of `250/s`.
    fn unit(&self) -> &'t str {
        let after_number = self.text.rfind(|c: char| c.is_ascii_digit() || c == '.');
        let after_number = after_number.map_or(0, |last| last + 1);
        self.text[after_number..].trim()
    }
}

/// A range as read.
struct AxisRange<'t> {
    low: End<'t>,
    high: End<'t>,
    spacing: Spacing,
    /// How much one of the low end's unit is.
    unit_value: f64,
}

const HINT: &str = "write `LOW..HIGH:5` for five values evenly spaced, `LOW..HIGH:+2` for steps of 2, \
                    `LOW..HIGH:log10` for the powers of ten, `LOW..HIGH:log:5` for five on a \
                    logarithmic scale; text with `..` in it stands in quotes";

/// The values of the range `text`, whose `..` is at `dots`, in ascending order.
pub(super) fn values(text: &str, dots: usize) -> Result<Vec<String>> {
    let range = AxisRange::read(text, dots).map_err(|why| {
        Error::request(format!("`{text}` is not a range of values: {why}")).hint(HINT)
    })?;
    let numbers = range.between()?;
    let mut values = vec![range.low.text.to_owned()];
    values.extend(range.written(&numbers));
    values.push(range.high.text.to_owned());
    Ok(values)
}

impl<'t> AxisRange<'t> {
    fn read(text: &'t str, dots: usize) -> Checked<Self> {
        let (low, rest) = (text[..dots].trim(), text[dots + 2..].trim());
        let (high, spacing) = match rest.split_once(':') {
            Some((high, spacing)) => (high.trim(), spacing.trim()),
            None => (rest, ""),
        };
        if low.is_empty() || high.is_empty() {
            return Err("it needs two ends".to_owned());
        }
        let (low, high) = (End::read(low)?, End::read(high)?);
        if low.measure != high.measure {
            return Err("its ends do not measure the same".to_owned());
        }
        if low.value >= high.value {
            return Err("its low end must lie below its high end".to_owned());
        }
        if spacing.is_empty() {
            return Err("it does not say which values between its ends".to_owned());
        }
        let one = format!("1{}", low.unit());
        let unit_value = Measure::of(&one).map_or(1.0, |(_, value)| value);
        let mut range = Self { low, high, spacing: Spacing::Even(2), unit_value };
        range.spacing = range.spacing(spacing)?;
        Ok(range)
    }

    fn spacing(&self, text: &str) -> Checked<Spacing> {
        let spacing = if let Some(step) = text.strip_prefix('+') {
            Spacing::Step(self.step(step.trim())?)
        } else if let Some(number) = text.strip_prefix("log:") {
            Spacing::Logarithmic(count(number)?)
        } else if let Some(base) = text.strip_prefix("log") {
            let base = base.parse::<u32>().ok().filter(|&base| base >= 2);
            Spacing::Powers(base.ok_or_else(|| {
                format!("`{text}` names no base, but it must be a whole one, at least 2")
            })?)
        } else {
            Spacing::Even(count(text)?)
        };
        if matches!(spacing, Spacing::Powers(_) | Spacing::Logarithmic(_)) && self.low.value <= 0.0
        {
            return Err("a logarithmic scale has no zero, so its low end must lie above".to_owned());
        }
        Ok(spacing)
    }

    /// A step in the low end's unit.
    fn step(&self, text: &str) -> Checked<f64> {
        let step = End::read(text)?;
        if step.measure != self.low.measure {
            return Err(format!("its step `{text}` does not measure what its ends do"));
        }
        if step.value <= 0.0 {
            return Err(format!("its step is `{text}`, but must be greater than zero"));
        }
        if self.is_whole() && !step.is_whole() {
            return Err(format!(
                "its ends are whole numbers and so are all its values, but its step is `{text}`"
            ));
        }
        Ok(step.value / self.unit_value)
    }

    /// Whether its values are whole numbers. What has a unit may have parts of it.
    fn is_whole(&self) -> bool {
        self.low.measure == Measure::Number && self.low.is_whole() && self.high.is_whole()
    }

    /// Both ends in the low end's unit.
    fn ends(&self) -> (f64, f64) {
        (self.low.value / self.unit_value, self.high.value / self.unit_value)
    }

    /// The numbers between the ends in the low end's unit, ascending, the ends themselves left out.
    fn between(&self) -> Result<Vec<f64>> {
        let (low, high) = self.ends();
        let count = match self.spacing {
            Spacing::Even(count) | Spacing::Logarithmic(count) => f64::from(count),
            Spacing::Step(step) => libm::ceil((high - low) / step) + 1.0,
            Spacing::Powers(base) => libm::log(high / low) / libm::log(f64::from(base)) + 2.0,
        };
        if count > MAX_VALUES {
            return Err(Error::request(format!(
                "`{}..{}` would have `{count:.0}` values, but a range has at most {MAX_VALUES}",
                self.low.text, self.high.text
            ))
            .hint("space its values wider"));
        }
        let numbers: Vec<f64> = match self.spacing {
            Spacing::Even(count) => (1..count - 1)
                .map(|i| low + (high - low) * (f64::from(i) / f64::from(count - 1)))
                .collect(),
            Spacing::Step(step) => (1..count as u32).map(|i| low + step * f64::from(i)).collect(),
            Spacing::Logarithmic(count) => (1..count - 1)
                .map(|i| low * libm::pow(high / low, f64::from(i) / f64::from(count - 1)))
                .collect(),
            Spacing::Powers(base) => {
                let [first, last] = [low, high].map(|end| libm::log(end) / libm::log(base.into()));
                let exponents = libm::floor(first) as i32..=libm::ceil(last) as i32;
                exponents.map(|e| libm::pow(f64::from(base), f64::from(e))).collect()
            }
        };
        // What is computed next to an end is the end.
        let mut numbers = numbers;
        for end in [low, high] {
            numbers.retain(|n| (n - end).abs() > 1e-9 * end.abs().max(high - low));
        }
        numbers.retain(|&n| n > low && n < high);
        Ok(numbers)
    }

    /// The numbers between the ends as text.
    fn written(&self, numbers: &[f64]) -> Vec<String> {
        let (low, high) = self.ends();
        if self.is_whole() {
            let mut whole: Vec<i64> = numbers.iter().map(|&n| libm::rint(n) as i64).collect();
            whole.retain(|&n| (n as f64) > low && (n as f64) < high);
            whole.dedup();
            return whole.into_iter().map(|n| n.to_string()).collect();
        }
        let unit = self.low.unit();
        // Nobody minds where exactly a value lies on a logarithmic scale.
        let tolerance = match self.spacing {
            Spacing::Logarithmic(_) => 0.01,
            Spacing::Even(_) | Spacing::Step(_) | Spacing::Powers(_) => 0.000_1,
        };
        let neighbours = std::iter::once(&low).chain(numbers);
        let rounded =
            numbers.iter().zip(neighbours).map(|(n, before)| short(*n, tolerance * (n - before)));
        if self.low.measure == Measure::Number {
            // TOML tells floats from whole numbers, and so does a reader.
            rounded.map(|n| format!("{n:?}")).collect()
        } else {
            rounded.map(|n| format!("{n}{unit}")).collect()
        }
    }
}

/// A number of values.
fn count(text: &str) -> Checked<u32> {
    let count = text.replace('_', "").parse::<u32>().ok().filter(|&n| n >= 2);
    count.ok_or_else(|| {
        format!("the number of values is `{text}`, but must be a whole one, at least 2")
    })
}

/// The number with the fewest significant digits, three at least, that is off by no more than
/// `off_by_most`.
fn short(number: f64, off_by_most: f64) -> f64 {
    (3..=15)
        .map(|digits: usize| -> f64 {
            format!("{number:.*e}", digits - 1).parse().expect("a number that was printed is one")
        })
        .find(|rounded| (rounded - number).abs() <= off_by_most)
        .unwrap_or(number)
}
