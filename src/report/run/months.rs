//! What each configuration saves month by month, where a run is long enough.

use super::adds_cost;
use crate::migration::months::{BinnedRun, MONTH_S};
use crate::report::document::{Cell, Table};
use crate::report::numbers::{dollars, grouped};
use crate::results::Results;
use crate::results::rows::TimelineRow;
use crate::units::Usd;

/// Months that a run must have.
const MONTHS_MIN: f64 = 2.0;

/// Share of the KMS requests that each configuration saves in each month of thirty days, and the dollars that
/// the headline does; `None` of a run of less than two months.
pub(super) fn table(results: &Results) -> Option<Table> {
    let facts = &results.facts;
    let last = results.timeline.last()?;
    if last.time_s + last.bin_s < MONTHS_MIN * MONTH_S {
        return None;
    }
    let listed: Vec<&str> = facts.configurations.iter().map(|it| it.name.as_str()).collect();
    let calls: Vec<Vec<f64>> =
        listed.iter().map(|name| monthly(results, name, |row| row.kms_requests)).collect();
    let reference = listed.iter().position(|name| *name == facts.reference)?;
    let months = 0..calls[reference].len();
    let mut table =
        Table::of(months).text("KMS requests saved in month", |&month| grouped(month as u64 + 1));
    for (name, own) in listed.iter().zip(&calls) {
        table = table.figure(*name, |&month| {
            Cell::percent(crate::figure::saving(own[month], calls[reference][month]))
        });
    }
    if facts.headline == facts.reference || adds_cost(results) {
        return Some(table.table());
    }
    let [low, saved, high] = saved(results);
    let table = table.figure(format!("`{}` saves", facts.headline), |&month| {
        Cell::figure(saved[month], dollars)
    });
    let table = table.figure("low … high", |&month| {
        let ends = [low[month], saved[month], high[month]];
        let lowest = ends.into_iter().fold(f64::INFINITY, f64::min);
        Cell::range(Some((lowest, ends.into_iter().fold(f64::NEG_INFINITY, f64::max))), dollars)
    });
    Some(table.table())
}

/// Dollars that the headline saves in each month, level by level.
fn saved(results: &Results) -> [Vec<f64>; 3] {
    let levels: [fn(&TimelineRow) -> Usd; 3] =
        [|row| row.saved_at_low_usd, |row| row.saved_usd, |row| row.saved_at_high_usd];
    levels.map(|of| monthly(results, &results.facts.headline, |row| of(row).as_f64()))
}

/// A figure of a configuration's bins, summed month by month.
fn monthly(results: &Results, name: &str, figure: impl Fn(&TimelineRow) -> f64) -> Vec<f64> {
    let own: Vec<&TimelineRow> =
        results.timeline.iter().filter(|row| row.configuration == name).collect();
    let (Some(first), Some(last)) = (own.first(), own.last()) else { return Vec::new() };
    let figures: Vec<f64> = own.iter().map(|row| figure(row)).collect();
    let (first_s, end_s) = (first.time_s, last.time_s + last.bin_s);
    BinnedRun { first_s, end_s, bin_s: first.bin_s }.months(&figures)
}
