//! What a scenario demands, held against rows that were read back: what an earlier process has run
//! counts like what this one has.

use super::survey::Point;
use crate::results::facts::AssertionFacts;
use crate::results::rows::SummaryRow;

/// The demands of a point's scenario that its rows do not meet, in its order.
///
/// # Panics
/// If the rows are not those of all configurations at all levels.
#[must_use]
pub fn unmet(point: &Point, rows: &[SummaryRow]) -> Vec<AssertionFacts> {
    let demands = point.assertions.iter().map(|assertion| {
        let configuration = assertion.configuration.as_deref().unwrap_or(point.headline());
        let row = rows.iter().find(|row| row.is_of(configuration, assertion.level));
        let value = row.expect("a point has all its rows").figure(assertion.figure);
        AssertionFacts {
            assertion: assertion.to_string(),
            configuration: configuration.to_owned(),
            assumption: assertion.level,
            figure: assertion.figure,
            value,
            threshold: assertion.threshold,
            holds: assertion.holds(value),
        }
    });
    demands.filter(|demand| !demand.holds).collect()
}
