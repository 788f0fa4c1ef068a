//! What a scenario demands, held against rows that were read back: what an earlier process has run
//! counts like what this one has.

use super::rows::Row;
use super::survey::Point;
use crate::outcome::AssertionOutcome;

/// The demands of a point's scenario, in its order, with the figures of its rows.
#[must_use]
pub fn of(point: &Point, rows: &[Row]) -> Vec<AssertionOutcome> {
    let demands = point.assertions.iter().map(|assertion| {
        let configuration = assertion.configuration.as_deref().unwrap_or(point.headline());
        let level = assertion.level.name();
        let row =
            rows.iter().find(|row| (row.configuration(), row.level()) == (configuration, level));
        // Nothing to save from is no saving.
        let value = row.and_then(|row| row.number(assertion.figure.column())).unwrap_or_default();
        AssertionOutcome {
            assertion: assertion.clone(),
            configuration: configuration.to_owned(),
            value,
            holds: assertion.comparison.holds(value, assertion.threshold),
        }
    });
    demands.collect()
}
