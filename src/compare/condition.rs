//! What is demanded of a comparison: `kms_cost_usd > +10%` must not hold of any candidate.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Comparison, DifferenceRow};
use crate::error::{Error, Result};
use crate::figure::{Figure, FigureUnit};
use crate::scenario::assertion::{Assertion, RangePoint};

/// A condition under which a comparison fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    text: String,
    /// The demand; its threshold is of what `of` says.
    demand: Assertion,
    of: ConditionOf,
}

/// What a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionOf {
    /// The candidate's own figure.
    Value,
    /// Its difference from the reference's.
    Difference,
    /// The difference as a share of the reference's figure; infinite where that is zero and this is not.
    Ratio,
}

/// Whether a candidate keeps to a demand.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Verdict {
    /// The condition, as given.
    pub fail_if: String,
    /// The candidate's label.
    pub candidate: String,
    /// Name of the figure.
    pub figure: Figure,
    /// What was looked at of it.
    pub of: ConditionOf,
    /// That figure, difference, or ratio; `null` if it is infinite.
    #[schemars(with = "Option<f64>")]
    pub value: f64,
    /// With what it was compared.
    pub threshold: f64,
    /// Whether the condition does not hold.
    pub holds: bool,
}

impl Condition {
    /// Reads a condition as scenarios have them. A threshold with a sign, `+10%` or `-5`, is about the
    /// difference from the reference: in percent of its figure, in points where the figure is a share
    /// itself, else in the figure's own unit.
    ///
    /// # Errors
    /// If it is not a condition.
    pub fn parse(text: &str) -> Result<Self> {
        let demand = Assertion::fails_if(text)?;
        let threshold = text.trim_end_matches(|c: char| !"<>=".contains(c));
        let threshold = text[threshold.len()..].trim();
        let of = match threshold.starts_with(['+', '-']) {
            false => ConditionOf::Value,
            true if threshold.ends_with('%') && demand.figure.unit() != FigureUnit::Share => {
                ConditionOf::Ratio
            }
            true => ConditionOf::Difference,
        };
        if let Some(configuration) = &demand.configuration {
            return Err(Error::request(format!(
                "`{text}` names the configuration `{configuration}`, but here a condition is about every \
                 candidate"
            ))
            .hint("leave the name out, e.g., `@low.saving < 0.8`"));
        }
        if demand.point.is_quantile() && of != ConditionOf::Value {
            return Err(Error::request(format!(
                "`{text}` is about a difference at `{}`, but a quantile is known of each candidate's own \
                 figure alone",
                demand.point.name()
            ))
            .hint("give a threshold without sign, or one of the levels `@low` and `@high`"));
        }
        Ok(Self { text: text.trim().to_owned(), demand, of })
    }

    /// Whether each candidate keeps to it; differences are of the candidates besides the reference.
    ///
    /// # Errors
    /// If a result does not have the figure: no condition can be told of it.
    pub fn judge(&self, comparison: &Comparison) -> Result<Vec<Verdict>> {
        let candidates = comparison.candidates.iter().map(|row| row.candidate.as_str());
        let judged = candidates
            .filter(|name| self.of == ConditionOf::Value || *name != comparison.reference);
        judged
            .map(|candidate| {
                let level = self.demand.point.level();
                let row = comparison.figure(candidate, level, self.demand.figure);
                let value = self.value(row).ok_or_else(|| self.missing(candidate))?;
                Ok(Verdict {
                    fail_if: self.text.clone(),
                    candidate: candidate.to_owned(),
                    figure: self.demand.figure,
                    of: self.of,
                    value,
                    threshold: self.demand.threshold,
                    holds: self.demand.holds(value),
                })
            })
            .collect()
    }

    fn value(&self, row: &DifferenceRow) -> Option<f64> {
        match self.of {
            ConditionOf::Value => match self.demand.point {
                RangePoint::P05 => row.value_p05.or(row.value),
                RangePoint::P95 => row.value_p95.or(row.value),
                RangePoint::Level(_) => row.value,
            },
            ConditionOf::Difference => row.difference,
            ConditionOf::Ratio => {
                let difference = row.difference?;
                // Of nothing any difference is more than each share.
                let of_nothing =
                    if difference == 0.0 { 0.0 } else { difference.signum() * f64::INFINITY };
                Some(row.difference_ratio.unwrap_or(of_nothing))
            }
        }
    }

    fn missing(&self, candidate: &str) -> Error {
        let figure = self.demand.figure.name();
        Error::request(format!("`{}`: `{candidate}` has no `{figure}`", self.text))
            .hint("`audit_saving` takes `--set billing.object_audit=true`; make the results again with it")
    }
}
