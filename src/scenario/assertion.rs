//! What a scenario demands of its results: `saving >= 0.9`.

use std::fmt;
use std::str::FromStr;

use crate::encryption::assumption::Level;
use crate::error::{Error, Result, one_of};
use crate::figure::{Figure, FigureUnit};

/// How a figure is compared with a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// Less than.
    Less,
    /// At most.
    AtMost,
    /// Equal to.
    Equal,
    /// Not equal to.
    NotEqual,
    /// At least.
    AtLeast,
    /// More than.
    More,
}

impl Comparator {
    /// Longer signs first, so that `<=` is not read as `<`.
    const SIGNS: [(&'static str, Self); 6] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        (">", Self::More),
    ];

    /// Whether `value` keeps to `threshold`.
    #[must_use]
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Less => value < threshold,
            Self::AtMost => value <= threshold,
            Self::Equal => (value - threshold).abs() <= 1e-9 * threshold.abs(),
            Self::NotEqual => !Self::Equal.holds(value, threshold),
            Self::AtLeast => value >= threshold,
            Self::More => value > threshold,
        }
    }

    /// The comparison that holds where this one does not.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Less => Self::AtLeast,
            Self::AtMost => Self::More,
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::AtLeast => Self::Less,
            Self::More => Self::AtMost,
        }
    }

    fn sign(self) -> &'static str {
        let row = Self::SIGNS.iter().find(|(_, comparison)| *comparison == self);
        row.expect("every comparison has a sign").0
    }
}

/// A demand on one figure of one configuration at one level.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// The configuration's name; `None` for the headline.
    pub configuration: Option<String>,
    /// The level of assumptions.
    pub level: Level,
    /// The figure.
    pub figure: Figure,
    /// How it is compared.
    pub comparison: Comparator,
    /// With what.
    pub threshold: f64,
}

impl FromStr for Assertion {
    type Err = Error;

    /// Reads `[not ][CONFIGURATION[@LEVEL].]FIGURE SIGN NUMBER`; a number may be in percent, and that
    /// of a share beyond one must be. `not` demands the opposite.
    fn from_str(text: &str) -> Result<Self> {
        let (negated, demand) = match text.trim_start().strip_prefix("not ") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (sign, comparison) = Comparator::SIGNS
            .into_iter()
            .find(|(sign, _)| demand.contains(sign))
            .ok_or_else(|| refused(text, "it has no `<`, `<=`, `==`, `!=`, `>=` or `>`"))?;
        let (left, right) = demand.split_once(sign).expect("the sign was found");
        let threshold = number(right)
            .ok_or_else(|| refused(text, &format!("`{}` is not a number", right.trim())))?;
        let (scope, name) = match left.trim().rsplit_once('.') {
            Some((scope, name)) => (Some(scope), name),
            None => (None, left.trim()),
        };
        let known = Figure::ALL.iter().copied();
        let figure = known.clone().find(|known| known.name() == name).ok_or_else(|| {
            Error::request(format!("`{text}` is not an assertion: `{name}` is not a figure"))
                .hint(one_of(name, known.map(Figure::name)))
        })?;
        check_share(text, right, figure, threshold)?;
        let (configuration, level) =
            match scope.map(|s| s.split_once('@').unwrap_or((s, "assumed"))) {
                None => (None, Level::Assumed),
                Some((configuration, level)) => {
                    let level = Level::ALL
                        .into_iter()
                        .find(|known| known.name() == level)
                        .ok_or_else(|| refused(text, &format!("`{level}` is not a level")))?;
                    (Some(configuration).filter(|c| !c.is_empty()).map(str::to_owned), level)
                }
            };
        let comparison = if negated { comparison.opposite() } else { comparison };
        Ok(Self { configuration, level, figure, comparison, threshold })
    }
}

fn refused(text: &str, why: &str) -> Error {
    Error::request(format!("`{text}` is not an assertion: {why}")).hint(
        "write [CONFIGURATION[@low|@assumed|@high].]FIGURE SIGN NUMBER, \
         e.g., `\"bucket-key-role@low.saving >= 90%\"`",
    )
}

/// Refuses a share of more than the whole that is not said to be in percent: `saving < 80` would be
/// 8,000 %.
fn check_share(text: &str, number: &str, figure: Figure, threshold: f64) -> Result<()> {
    let number = number.trim();
    if figure.unit() != FigureUnit::Share || threshold.abs() <= 1.0 || number.ends_with('%') {
        return Ok(());
    }
    let whole = threshold * 100.0;
    Err(Error::request(format!(
        "`{number}` in `{text}` would be {whole:.0} %, but `{}` is a share: a number without `%` lies \
         between -1 and 1",
        figure.name()
    ))
    .hint(if threshold.abs() < 10.0 {
        format!("write `{number}%`, or `{whole}%` if that is what you mean")
    } else {
        format!("write `{number}%`")
    }))
}

/// A finite number, perhaps in percent or with a dollar sign before it.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let text = text.strip_prefix('$').unwrap_or(text);
    let number: f64 = match text.strip_suffix('%') {
        // As a power of ten it is the number nearest to what was written.
        Some(percent) => format!("{}e-2", percent.trim_end()).parse().ok()?,
        None => text.parse().ok()?,
    };
    number.is_finite().then_some(number)
}

impl Assertion {
    /// The demand of the opposite, as `--fail-if` makes it.
    ///
    /// # Errors
    /// If the text is not a comparison of a figure.
    pub fn fails_if(text: &str) -> Result<Self> {
        let condition: Self = text.parse()?;
        Ok(Self { comparison: condition.comparison.opposite(), ..condition })
    }

    /// The threshold in percent, as it is read back to the very number.
    fn percent(&self) -> String {
        let digits = format!("{:e}", self.threshold);
        let (digits, exponent) = digits.split_once('e').expect("it has an exponent");
        let exponent: i32 = exponent.parse().expect("an exponent is a number");
        let plain = format!("{}", self.threshold * 100.0);
        let same = number(&format!("{plain}%")) == Some(self.threshold);
        if same { plain } else { format!("{digits}e{}", exponent + 2) }
    }

    /// Whether a value of the figure is as demanded.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        self.comparison.holds(value, self.threshold)
    }
}

impl fmt::Display for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.configuration.is_some() || self.level != Level::Assumed {
            let configuration = self.configuration.as_deref().unwrap_or_default();
            write!(f, "{configuration}@{}.", self.level.name())?;
        }
        // A share beyond one is read back in percent only.
        if self.figure.unit() == FigureUnit::Share && self.threshold.abs() > 1.0 {
            return write!(
                f,
                "{} {} {}%",
                self.figure.name(),
                self.comparison.sign(),
                self.percent()
            );
        }
        write!(f, "{} {} {}", self.figure.name(), self.comparison.sign(), self.threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assertions_are_read() {
        let read: Assertion = "saving >= 0.9".parse().unwrap();
        assert_eq!((read.configuration.clone(), read.level), (None, Level::Assumed));
        assert_eq!(read.to_string(), "saving >= 0.9");
        let read: Assertion = "@high.saving > 0".parse().unwrap();
        assert_eq!(read.to_string(), "@high.saving > 0");
        let read: Assertion = "bucket-key-role@low.kms_cost_usd<12".parse().unwrap();
        assert_eq!(read.level, Level::Low);
        assert_eq!(read.to_string(), "bucket-key-role@low.kms_cost_usd < 12");
        for (text, threshold) in [("saving < 80%", 0.8_f64), ("total_cost_usd > $12.5", 12.5)] {
            let read: f64 = text.parse::<Assertion>().unwrap().threshold;
            assert_eq!(read.to_bits(), threshold.to_bits(), "{text}");
        }
    }

    #[test]
    fn the_opposite_holds_where_the_other_does_not() {
        for (sign, opposite) in
            [("<", ">="), ("<=", ">"), ("==", "!="), ("!=", "=="), (">=", "<"), (">", "<=")]
        {
            let plain: Assertion = format!("saving {sign} 0.5").parse().unwrap();
            let negated = Assertion::fails_if(&format!("saving {sign} 0.5")).unwrap();
            assert_eq!(negated.to_string(), format!("saving {opposite} 0.5"));
            assert_eq!(negated.to_string().parse::<Assertion>().unwrap(), negated);
            assert_eq!(format!("not saving {sign} 0.5").parse::<Assertion>().unwrap(), negated);
            for value in [0.4, 0.5, 0.6] {
                assert_ne!(plain.holds(value), negated.holds(value), "{value} {sign} 0.5");
            }
        }
    }

    #[test]
    fn what_is_no_assertion_says_why() {
        for (text, why) in [
            ("saving", "it has no `<`"),
            ("saving >= most", "`most` is not a number"),
            ("saving >= nan", "`nan` is not a number"),
            ("saving < 80", "would be 8000 %, but `saving` is a share"),
            ("saving < 80", "hint: write `80%`"),
            ("not saving > -2", "hint: write `-2%`, or `-200%` if that is what you mean"),
            ("x@low.quota_share_max > 1.5", "hint: write `1.5%`, or `150%`"),
            ("audit_saving >= 40", "hint: write `40%`"),
            ("savings >= 1", "`savings` is not a figure\n\nhint: did you mean `saving`?"),
            ("a@middle.saving > 1", "`middle` is not a level"),
        ] {
            let message = text.parse::<Assertion>().unwrap_err().to_string();
            assert!(message.contains(why), "{text}: {message}");
        }
    }

    #[test]
    fn shares_beyond_one_are_read_back_in_percent() {
        for (text, written) in [
            ("saving > 200%", "saving > 200%"),
            ("quota_share_max > 150 %", "quota_share_max > 150%"),
            ("quota_share_max < 123.45678901234567%", "quota_share_max < 123.45678901234567%"),
            ("saving >= -1", "saving >= -1"),
            ("kms_requests > 80", "kms_requests > 80"),
        ] {
            let read: Assertion = text.parse().unwrap();
            assert_eq!(read.to_string(), written);
            assert_eq!(read.to_string().parse::<Assertion>().unwrap(), read);
        }
    }
}
