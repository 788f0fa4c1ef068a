//! What each configuration saves month by month, where a run is long enough.

use crate::migration::months::{MONTH_S, by_month};
use crate::report::document::{Cell, Table};
use crate::report::numbers::grouped;
use crate::results::Results;

/// Months that a run must have.
const MONTHS_MIN: f64 = 2.0;

/// Share of the KMS requests that each configuration saves in each month of thirty days; `None` of a run of less
/// than two months.
pub(super) fn table(results: &Results) -> Option<Table> {
    let facts = &results.facts;
    let last = results.timeline.last()?;
    let (bin_s, end_s) = (last.bin_s, last.time_s + last.bin_s);
    let from_s = results.timeline.first()?.time_s;
    if end_s < MONTHS_MIN * MONTH_S {
        return None;
    }
    let names: Vec<&str> = facts.configurations.iter().map(|it| it.name.as_str()).collect();
    let calls = names.iter().map(|name| {
        let own = results.timeline.iter().filter(|row| row.configuration == *name);
        let bins: Vec<f64> = own.map(|row| row.kms_requests).collect();
        by_month(&bins, bin_s, (from_s, end_s))
    });
    let calls: Vec<Vec<f64>> = calls.collect();
    let reference = names.iter().position(|name| *name == facts.reference)?;
    let mut table = Table::new("KMS requests saved in month", names.iter().copied());
    for month in 0..calls[reference].len() {
        let of = calls[reference][month];
        let saved = calls.iter().map(|own| (of > 0.0).then(|| 1.0 - own[month] / of));
        let cells = saved.map(Cell::percent);
        table.push(std::iter::once(grouped(month as u64 + 1).into()).chain(cells));
    }
    Some(table)
}
