//! KMS requests by account and region, where there are several.

use super::period;
use crate::encryption::assumptions::Level;
use crate::report::document::{Cell, Table};
use crate::report::numbers::{grouped, percent};
use crate::results::Results;
use crate::results::rows::AccountRow;
use crate::units::Usd;

/// Accounts in regions that the table lists; the others share a row.
const LISTED: usize = 10;

/// One account in one region, or all that are not listed: under the headline and under the baseline.
#[derive(Default)]
struct Line {
    label: String,
    kms_requests: [f64; 2],
    /// With background load.
    peak_per_s: u64,
    quota_share: f64,
    /// Least and greatest at any level.
    quota_share_span: (f64, f64),
    cost: [Usd; 2],
}

impl Line {
    fn of(results: &Results, own: &AccountRow, baseline: &AccountRow) -> Self {
        let at_levels = results
            .accounts
            .iter()
            .filter(|row| row.configuration == own.configuration && is_same_account(row, own));
        let shares = at_levels.map(|row| row.quota_share_max);
        Self {
            label: format!("{}, {}", own.account, own.region),
            kms_requests: [own.kms_requests, baseline.kms_requests],
            peak_per_s: u64::from(own.kms_requests_per_s_max) + own.kms_background_per_s,
            quota_share: own.quota_share_max,
            quota_share_span: shares
                .fold((f64::INFINITY, 0.0), |(low, high), it| (low.min(it), high.max(it))),
            cost: [own.kms_cost_usd, baseline.kms_cost_usd],
        }
    }

    /// All of `lines` as one: sums, and the greatest peak and shares.
    fn others(lines: &[Self]) -> Self {
        let label = format!("{} others", grouped(lines.len() as u64));
        lines.iter().fold(Self { label, ..Self::default() }, |all, one| Self {
            label: all.label,
            kms_requests: [0, 1].map(|side| all.kms_requests[side] + one.kms_requests[side]),
            peak_per_s: all.peak_per_s.max(one.peak_per_s),
            quota_share: all.quota_share.max(one.quota_share),
            quota_share_span: (
                all.quota_share_span.0.max(one.quota_share_span.0),
                all.quota_share_span.1.max(one.quota_share_span.1),
            ),
            cost: [0, 1].map(|side| all.cost[side] + one.cost[side]),
        })
    }

    fn cells(self) -> [Cell; 8] {
        [
            self.label.into(),
            Cell::count(self.kms_requests[0]),
            Cell::count(self.kms_requests[1]),
            Cell { text: grouped(self.peak_per_s), value: Some(self.peak_per_s as f64) },
            Cell::percent(self.quota_share),
            Cell::range(Some(self.quota_share_span), percent),
            Cell::dollars(self.cost[0]),
            Cell::dollars(self.cost[1]),
        ]
    }
}

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

/// What the headline does to each account in each region, those with most KMS requests of the baseline
/// first; `None` if there is only one.
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
    let mut lines: Vec<Line> =
        pairs.map(|(own, baseline)| Line::of(results, own, baseline)).collect();
    lines.sort_by(|a, b| b.kms_requests[1].total_cmp(&a.kms_requests[1]));
    if lines.len() > LISTED {
        let others = Line::others(&lines[LISTED - 1..]);
        lines.truncate(LISTED - 1);
        lines.push(others);
    }
    let has_background = own().any(|row| row.kms_background_per_s > 0);
    let is_unbilled = own().any(|row| row.period_kms_unbilled > 0);
    let mut table = Table::new(
        "account and region",
        [
            "KMS requests",
            "instead of",
            if has_background { "peak a second with background" } else { "peak a second" },
            "share of its quota",
            "low … high",
            &format!("KMS requests, {}", period(results)),
            "instead of",
        ],
    );
    for line in lines {
        table.push(line.cells());
    }
    let caption = format!(
        "By account and region (all of them in accounts.csv): `{}` instead of `{}`{}",
        facts.headline,
        facts.reference,
        if is_unbilled { "; KMS does not bill all requests" } else { "" }
    );
    Some(table.on_page("table-accounts", caption, "accounts.csv"))
}
