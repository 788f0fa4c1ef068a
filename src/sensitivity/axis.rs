//! Parameters along which a break-even is sought, and how their values are written.

use super::search::Span;
use crate::encryption::assumption::{
    Assumption, AssumptionKind, AssumptionRanges, AssumptionValue, Assumptions, Level, Searched,
};
use crate::error::{Error, Result};
use crate::scenario::overrides::Override;
use crate::units::{Rate, SimDuration};

/// What a value along an axis changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchedParameter {
    /// How long bucket-level keys live, where they are generated and where they are held.
    Lifetime,
    /// A single assumption.
    Assumption(Assumption),
    /// A key of the scenario: each value is a scenario with traffic of its own.
    Key(String),
}

/// In what a value is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisUnit {
    /// Seconds.
    Seconds,
    /// How many a second.
    PerSecond,
    /// Hundredths of a whole.
    Percent,
    /// A plain number.
    Number,
}

/// A parameter with the values to search.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchAxis {
    /// What the values change.
    pub parameter: SearchedParameter,
    /// Which values.
    pub span: Span,
    /// In what they are counted.
    pub unit: AxisUnit,
}

const DAY_S: f64 = 86_400.0;
const HINT: &str = "give KEY=LOW..HIGH with two values of one kind, e.g., \
                    `requesters=1..500`, `workload.ingest.arrivals.poisson.rate=1/s..100/s`";

impl SearchAxis {
    /// The axes that are searched unless others are asked for: lifetimes from a second to a day, hosts
    /// from 1 to 1,000 (or partitions, where they are given), requesters from 1 to 100,000.
    #[must_use]
    pub fn usual(ranges: &AssumptionRanges) -> Vec<Self> {
        let in_force = ranges.in_force().map(|(assumption, _)| assumption);
        let assumptions = in_force.filter_map(|assumption| {
            Some(Self::over(
                SearchedParameter::Assumption(assumption),
                assumption.describe().searched?,
            ))
        });
        let day = Searched { low: 1.0, high: DAY_S };
        let mut axes = vec![Self::over(SearchedParameter::Lifetime, day)];
        axes.extend(assumptions);
        axes.push(Self::over(
            SearchedParameter::Key("requesters".to_owned()),
            Searched { low: 1.0, high: 100_000.0 },
        ));
        axes
    }

    fn over(parameter: SearchedParameter, Searched { low, high }: Searched) -> Self {
        let is_duration = parameter.kind() == Some(AssumptionKind::Duration);
        let unit = if is_duration { AxisUnit::Seconds } else { AxisUnit::Number };
        Self { parameter, span: Span { low, high, whole: !is_duration }, unit }
    }

    /// Reads `KEY=LOW..HIGH`.
    ///
    /// # Errors
    /// If it is not that, the ends are of different kinds or do not ascend from above zero.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).map_err(|why| Error::request(format!("`{text}` {why}")).hint(HINT))
    }

    /// The axis, or what is wrong with the text.
    fn read(text: &str) -> std::result::Result<Self, String> {
        let (key, ends) = text.split_once('=').ok_or("has no `KEY=`")?;
        let (low, high) = ends.split_once("..").ok_or("has no `LOW..HIGH`")?;
        let low = Quantity::read(low)
            .ok_or_else(|| format!("begins at `{low}`, which is not a quantity"))?;
        let high = Quantity::read(high)
            .ok_or_else(|| format!("ends at `{high}`, which is not a quantity"))?;
        if low.unit != high.unit {
            return Err("goes from one kind of quantity to another".to_owned());
        }
        let span = Span { low: low.value, high: high.value, whole: low.is_whole && high.is_whole };
        if !(0.0 < span.low && span.low < span.high && span.high.is_finite()) {
            return Err(
                "must ascend from above zero: it is searched on a logarithmic scale".to_owned()
            );
        }
        let axis = Self { parameter: SearchedParameter::named(key.trim()), span, unit: low.unit };
        let fits = match axis.parameter.kind() {
            Some(AssumptionKind::Duration) => axis.unit == AxisUnit::Seconds,
            Some(_) => {
                axis.unit == AxisUnit::Number && span.whole && span.high <= f64::from(u32::MAX)
            }
            None => true,
        };
        if fits { Ok(axis) } else { Err("is not of that key's kind".to_owned()) }
    }

    /// The name of the parameter.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.parameter {
            SearchedParameter::Lifetime => "lifetime",
            SearchedParameter::Assumption(assumption) => assumption.name(),
            SearchedParameter::Key(key) => key,
        }
    }

    /// Whether values are of an assumption, not of a key of the scenario.
    #[must_use]
    pub fn is_assumption(&self) -> bool {
        !matches!(self.parameter, SearchedParameter::Key(_))
    }

    /// The assumptions at a level, but for the parameter at a value.
    #[must_use]
    pub fn assume(&self, ranges: &AssumptionRanges, others: Level, value: f64) -> Assumptions {
        let lifetimes = [Assumption::GenerationLifetime, Assumption::CacheLifetime];
        ranges.at_with(others, |assumption| {
            let is_at_value = match &self.parameter {
                SearchedParameter::Lifetime => lifetimes.contains(&assumption),
                SearchedParameter::Assumption(one) => *one == assumption,
                SearchedParameter::Key(_) => false,
            };
            is_at_value.then(|| match assumption.describe().kind {
                AssumptionKind::Duration => {
                    AssumptionValue::Duration(SimDuration::from_secs_f64(value))
                }
                _ => AssumptionValue::Count(value as u32),
            })
        })
    }

    /// The change of the scenario that a value of a key stands for.
    #[must_use]
    pub fn change(&self, value: f64) -> Override {
        let range = format!("{}..{}", self.typed(self.span.low), self.typed(self.span.high));
        let key = match self.parameter {
            SearchedParameter::Assumption(one) => format!("assumptions.{}", one.name()),
            SearchedParameter::Lifetime | SearchedParameter::Key(_) => self.name().to_owned(),
        };
        Override::new(key, self.typed(value)).in_range(range)
    }

    /// A value as one types it.
    fn typed(&self, value: f64) -> String {
        match self.unit {
            AxisUnit::Seconds => SimDuration::from_secs_f64(value).to_string(),
            AxisUnit::PerSecond => format!("{value}/s"),
            AxisUnit::Percent => format!("{value}%"),
            AxisUnit::Number => format!("{value}"),
        }
    }
}

impl SearchedParameter {
    /// What a key stands for.
    fn named(key: &str) -> Self {
        match key.strip_prefix("assumptions.").unwrap_or(key) {
            "lifetime" => Self::Lifetime,
            name => Assumption::named(name)
                .filter(|assumption| assumption.describe().searched.is_some())
                .map_or_else(|| Self::Key(key.to_owned()), Self::Assumption),
        }
    }

    /// What its values are, if it is an assumption.
    fn kind(&self) -> Option<AssumptionKind> {
        match self {
            Self::Lifetime => Some(AssumptionKind::Duration),
            Self::Assumption(assumption) => Some(assumption.describe().kind),
            Self::Key(_) => None,
        }
    }
}

/// A value as it is written.
struct Quantity {
    value: f64,
    unit: AxisUnit,
    is_whole: bool,
}

impl Quantity {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = text.replace('_', "");
        let (value, unit) = if let Ok(number) = plain.parse::<f64>() {
            (number, AxisUnit::Number)
        } else if let Some(Ok(percent)) = plain.strip_suffix('%').map(|it| it.trim().parse()) {
            (percent, AxisUnit::Percent)
        } else if let Ok(rate) = text.parse::<Rate>() {
            (rate.as_per_s(), AxisUnit::PerSecond)
        } else {
            (text.parse::<SimDuration>().ok()?.as_secs_f64(), AxisUnit::Seconds)
        };
        Some(Self { value, unit, is_whole: plain.parse::<u64>().is_ok() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_of_one_kind() {
        let key = |key: &str| SearchedParameter::Key(key.to_owned());
        let span = |low, high, whole| Span { low, high, whole };
        for (text, parameter, range, unit) in [
            (
                "lifetime=1s..1d",
                SearchedParameter::Lifetime,
                span(1.0, 86_400.0, false),
                AxisUnit::Seconds,
            ),
            (
                "assumptions.cache_lifetime=500ms..2min",
                SearchedParameter::Assumption(Assumption::CacheLifetime),
                span(0.5, 120.0, false),
                AxisUnit::Seconds,
            ),
            (
                "read_partitions = 1 .. 1_000",
                SearchedParameter::Assumption(Assumption::ReadPartitions),
                span(1.0, 1e3, true),
                AxisUnit::Number,
            ),
            ("requesters=1..500", key("requesters"), span(1.0, 500.0, true), AxisUnit::Number),
            (
                "workload.a.arrivals.poisson.rate=6/min..10/s",
                key("workload.a.arrivals.poisson.rate"),
                span(0.1, 10.0, false),
                AxisUnit::PerSecond,
            ),
            (
                "billing.discount=1%..50%",
                key("billing.discount"),
                span(1.0, 50.0, false),
                AxisUnit::Percent,
            ),
            ("a.sigma=0.5..2", key("a.sigma"), span(0.5, 2.0, false), AxisUnit::Number),
        ] {
            let expected = SearchAxis { parameter, span: range, unit };
            assert_eq!(SearchAxis::parse(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_range_is_said() {
        for (text, why) in [
            ("lifetime", "has no `KEY=`"),
            ("lifetime=5s", "has no `LOW..HIGH`"),
            ("lifetime=x..5s", "begins at `x`, which is not a quantity"),
            ("lifetime=5s..", "ends at ``, which is not a quantity"),
            ("lifetime=1..5s", "goes from one kind of quantity to another"),
            ("lifetime=1..5", "is not of that key's kind"),
            ("read_partitions=1.5..5", "is not of that key's kind"),
            ("lifetime=5s..1s", "must ascend from above zero"),
            ("requesters=0..9", "must ascend from above zero"),
            ("requesters=9..9", "must ascend from above zero"),
            ("requesters=1..inf", "must ascend from above zero"),
        ] {
            let error = SearchAxis::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` {why}")), "{error}");
        }
    }

    #[test]
    fn values_are_written_as_scenarios_are() {
        for (text, value, written) in [
            ("a=1s..1d", 90.0, "1min 30s"),
            ("a=1/s..9/s", 2.5, "2.5/s"),
            ("a=1%..9%", 2.5, "2.5%"),
            ("a=1..9000", 9_000.0, "9000"),
        ] {
            assert_eq!(SearchAxis::parse(text).unwrap().change(value).value, written);
        }
        for (text, key) in [
            ("lifetime=1s..1d", "lifetime"),
            ("cache_hosts=1..9", "assumptions.cache_hosts"),
            ("assumptions.cache_lifetime=1s..1d", "assumptions.cache_lifetime"),
            ("requesters=1..9", "requesters"),
        ] {
            assert_eq!(SearchAxis::parse(text).unwrap().change(5.0).key, key);
        }
    }
}
