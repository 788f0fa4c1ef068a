//! Assertions in words: what was asserted, and the figure beside its threshold.

use super::numbers::{count, dollars, percent};
use crate::encryption::assumption::Level;
use crate::figure::{Figure, FigureUnit};
use crate::results::result_json::AssertionFacts;
use crate::scenario::assertion::RangePoint;

/// A value of a figure as people read it.
pub(super) fn figure(figure: Figure, value: f64) -> String {
    match figure.unit() {
        FigureUnit::Share => percent(value),
        FigureUnit::Dollars => dollars(value),
        FigureUnit::Count => count(value),
    }
}

/// Why an assertion holds or not: the figure beside its threshold.
#[must_use]
pub fn reason(assertion: &AssertionFacts) -> String {
    let level = match assertion.assumption {
        RangePoint::Level(Level::Assumed) => String::new(),
        RangePoint::P05 => " that 5 % of the sets of assumptions do not exceed".to_owned(),
        RangePoint::P95 => " that 95 % of the sets of assumptions do not exceed".to_owned(),
        level => format!(" at the level `{}`", level.name()),
    };
    let both = [assertion.value, assertion.threshold];
    let [mut value, mut threshold] = both.map(|number| figure(assertion.figure, number));
    // Numbers that differ but read the same when rounded need all their digits.
    if value == threshold && both[0].to_bits() != both[1].to_bits() {
        [value, threshold] = both.map(|number| number.to_string());
    }
    format!(
        "`{}` of `{}`{level} is {value}, against a threshold of {threshold}",
        assertion.figure.name(),
        assertion.configuration
    )
}

/// An assertion that does not hold.
#[must_use]
pub fn unmet(assertion: &AssertionFacts) -> String {
    format!("`{}`: {}", assertion.assertion, reason(assertion))
}
