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
    let demands = point.assertions.iter();
    let judged = demands.map(|demand| AssertionFacts::of(demand, point.headline(), rows));
    judged.filter(|demand| !demand.holds).collect()
}
