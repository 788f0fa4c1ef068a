//! What a scenario demands of its results: `saving >= 0.9`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

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

/// Where in the range of what AWS does not publish a figure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&str", try_from = "String")]
pub enum RangePoint {
    /// With every assumption at one end, or as assumed.
    Level(Level),
    /// What 5 % of the sets of assumptions do not exceed, if each is drawn by its law.
    P05,
    /// What 95 % of them do not exceed.
    P95,
}

impl RangePoint {
    /// All of them, the least saving first.
    pub const ALL: [Self; 5] = [
        Self::Level(Level::Low),
        Self::P05,
        Self::Level(Level::Assumed),
        Self::P95,
        Self::Level(Level::High),
    ];

    /// The word for it in assertions and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Level(level) => level.name(),
            Self::P05 => "p05",
            Self::P95 => "p95",
        }
    }

    /// The level whose row has the figure.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::Level(level) => level,
            Self::P05 | Self::P95 => Level::Assumed,
        }
    }

    /// Whether sets of assumptions must be drawn to know it.
    #[must_use]
    pub const fn is_quantile(self) -> bool {
        matches!(self, Self::P05 | Self::P95)
    }
}

impl Default for RangePoint {
    fn default() -> Self {
        Self::Level(Level::Assumed)
    }
}

impl JsonSchema for RangePoint {
    fn schema_name() -> Cow<'static, str> {
        "RangePoint".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Self::ALL.map(Self::name) })
    }
}

impl From<RangePoint> for &'static str {
    fn from(point: RangePoint) -> Self {
        point.name()
    }
}

impl TryFrom<String> for RangePoint {
    type Error = String;

    fn try_from(name: String) -> std::result::Result<Self, String> {
        let known = Self::ALL.into_iter().find(|known| known.name() == name);
        known.ok_or_else(|| format!("`{name}` is not a level"))
    }
}

/// A demand on one figure of one configuration at one point of its range.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// The configuration's name; `None` for the headline.
    pub configuration: Option<String>,
    /// Where in the range of what AWS does not publish.
    pub point: RangePoint,
    /// The figure.
    pub figure: Figure,
    /// How it is compared.
    pub comparison: Comparator,
    /// With what.
    pub threshold: f64,
}

impl FromStr for Assertion {
    type Err = Error;

    /// Reads `[not ][CONFIGURATION.]FIGURE[@POINT] SIGN NUMBER`, where the point may also stand behind the
    /// configuration; a number may be in percent, and that of a share beyond one must be. `not` demands the
    /// opposite.
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
            Some((scope, name)) => (scope, name),
            None => ("", left.trim()),
        };
        let (configuration, behind_scope) = split_point(scope);
        let (name, behind_name) = split_point(name);
        let known = Figure::ALL.iter().copied();
        let figure = known.clone().find(|known| known.name() == name).ok_or_else(|| {
            Error::request(format!("`{text}` is not an assertion: `{name}` is not a figure"))
                .hint(one_of(name, known.map(Figure::name)))
        })?;
        check_share(text, right, figure, threshold)?;
        let point = match (behind_scope, behind_name) {
            (Some(_), Some(_)) => return Err(refused(text, "it names two levels")),
            (None, None) => RangePoint::default(),
            (Some(name), None) | (None, Some(name)) => RangePoint::ALL
                .into_iter()
                .find(|known| known.name() == name)
                .ok_or_else(|| refused(text, &format!("`{name}` is not a level")))?,
        };
        let configuration = Some(configuration).filter(|it| !it.is_empty()).map(str::to_owned);
        let comparison = if negated { comparison.opposite() } else { comparison };
        Ok(Self { configuration, point, figure, comparison, threshold })
    }
}

/// What stands before `@` and what behind it.
fn split_point(text: &str) -> (&str, Option<&str>) {
    text.split_once('@').map_or((text, None), |(before, behind)| (before, Some(behind)))
}

fn refused(text: &str, why: &str) -> Error {
    Error::request(format!("`{text}` is not an assertion: {why}")).hint(
        "write [CONFIGURATION.]FIGURE[@low|@p05|@assumed|@p95|@high] SIGN NUMBER, \
         e.g., `\"bucket-key-role.saving@p05 >= 90%\"`",
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
        if self.configuration.is_some() || self.point != RangePoint::default() {
            let configuration = self.configuration.as_deref().unwrap_or_default();
            write!(f, "{configuration}@{}.", self.point.name())?;
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
        assert_eq!((read.configuration.clone(), read.point), (None, RangePoint::default()));
        assert_eq!(read.to_string(), "saving >= 0.9");
        let read: Assertion = "@high.saving > 0".parse().unwrap();
        assert_eq!(read.to_string(), "@high.saving > 0");
        let read: Assertion = "bucket-key-role@low.kms_cost_usd<12".parse().unwrap();
        assert_eq!(read.point, RangePoint::Level(Level::Low));
        assert_eq!(read.to_string(), "bucket-key-role@low.kms_cost_usd < 12");
        for (text, written) in [
            ("saving@p05 >= 0.8", "@p05.saving >= 0.8"),
            ("saving@low >= 80%", "@low.saving >= 0.8"),
            ("saving@assumed >= 0.8", "saving >= 0.8"),
            ("a.kms_requests@p95 < 9", "a@p95.kms_requests < 9"),
        ] {
            let read: Assertion = text.parse().unwrap();
            assert_eq!(read.to_string(), written);
            assert_eq!(written.parse::<Assertion>().unwrap(), read);
        }
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
            ("saving@p50 > 1", "`p50` is not a level"),
            ("a@low.saving@high > 1", "it names two levels"),
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
