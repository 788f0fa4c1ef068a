//! KMS requests by account and region, where there are several.

use super::period;
use crate::encryption::assumption::Level;
use crate::report::document::{Cell, Table};
use crate::report::numbers::{count, dollars, percent};
use crate::results::Results;
use crate::results::rows::AccountRow;

/// Accounts in regions that the table lists.
const LISTED: usize = 10;

fn is_same_account(a: &AccountRow, b: &AccountRow) -> bool {
    a.account == b.account && a.region == b.region
}

/// The rows of a configuration at the assumed level.
fn rows_of<'a>(
    results: &'a Results,
    configuration: &'a str,
) -> impl Iterator<Item = &'a AccountRow> {
    let rows = results.accounts.iter();
    rows.filter(move |row| row.configuration == configuration && row.assumption == Level::Assumed)
}

/// Whether several accounts or regions make calls.
pub(super) fn are_several(results: &Results) -> bool {
    rows_of(results, &results.facts.headline).count() > 1
}

/// What the headline does to each account in each region, those that save most dollars first; `None` if there is only one.
pub(super) fn table(results: &Results) -> Option<Table> {
    if !are_several(results) {
        return None;
    }
    let facts = &results.facts;
    let own = || rows_of(results, &facts.headline);
    let pairs = own().filter_map(|own| {
        let mut baselines = rows_of(results, &facts.reference);
        Some((own, baselines.find(|row| is_same_account(row, own))?))
    });
    let mut pairs: Vec<(&AccountRow, &AccountRow)> = pairs.collect();
    pairs.sort_by(|(a, a_before), (b, b_before)| {
        let by_saving = b.saved_usd.cmp(&a.saved_usd);
        by_saving.then(b_before.kms_requests.total_cmp(&a_before.kms_requests))
    });
    let which = if pairs.len() > LISTED { "those that save most; " } else { "" };
    pairs.truncate(LISTED);
    let has_background = own().any(|row| row.kms_background_per_s > 0);
    let unbilled = if own().any(|row| row.period_kms_unbilled > 0) {
        "; KMS does not bill all requests"
    } else {
        ""
    };
    let with = if has_background { " with background" } else { "" };
    let table = Table::of(pairs)
        .text("account and region", |(own, _)| format!("{}, {}", own.account, own.region))
        .figure("KMS requests", |(own, _)| Cell::count(own.kms_requests))
        .figure("instead of", |(_, baseline)| Cell::count(baseline.kms_requests))
        .figure(format!("peak a second{with}"), |(own, _)| {
            let background = own.kms_background_per_s as f64;
            Cell::figure(f64::from(own.kms_requests_per_s_max) + background, count)
        })
        .figure("share of its quota", |(own, _)| Cell::percent(own.quota_share_max))
        .figure("low … high", |(own, _)| {
            Cell::range(Some(levels(results, own, |row| row.quota_share_max)), percent)
        })
        .figure(format!("KMS requests, {}", period(results)), |(own, _)| {
            Cell::dollars(own.kms_cost_usd)
        })
        .figure("instead of", |(_, baseline)| Cell::dollars(baseline.kms_cost_usd))
        .figure("saved", |(own, _)| Cell::dollars(own.saved_usd))
        .figure("low … high", |(own, _)| {
            Cell::range(Some(levels(results, own, |row| row.saved_usd.as_f64())), dollars)
        });
    let caption = format!(
        "By account and region ({which}all of them in accounts.csv): `{}` instead of `{}`{unbilled}",
        facts.headline, facts.reference,
    );
    Some(table.table().on_page("table-accounts", caption, "accounts.csv"))
}

/// Least and greatest of a figure at any level of assumptions.
fn levels(results: &Results, own: &AccountRow, figure: fn(&AccountRow) -> f64) -> (f64, f64) {
    let levels = results.accounts.iter();
    levels
        .filter(|row| row.configuration == own.configuration && is_same_account(row, own))
        .map(figure)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| (low.min(it), high.max(it)))
}
