//! KMS requests by account and region, where there are several.

use super::numbers::{count, dollars, grouped, percent};
use super::words;
use crate::encryption::assumptions::Level;
use crate::results::Results;
use crate::results::rows::AccountRow;
use crate::units::Usd;

/// Accounts in regions that a table lists; the others share a row.
const LISTED: usize = 10;

/// What the headline does to each account in each region: a table.
pub(super) struct Accounts {
    /// What it shows.
    pub(super) caption: String,
    /// Its columns beside the first, which names account and region.
    pub(super) header: Vec<String>,
    /// A label and as many cells.
    pub(super) rows: Vec<(String, Vec<String>)>,
}

/// One account in one region, or all that are not listed.
#[derive(Default)]
struct Line {
    label: String,
    kms_requests: [f64; 2],
    /// Peak with background load, and its share of the quota: at the assumed level, and the least and
    /// the greatest at any.
    peak: u64,
    share: [f64; 3],
    cost: [Usd; 2],
}

impl Line {
    fn of(results: &Results, own: &AccountRow, against: &AccountRow) -> Self {
        let same = |row: &&AccountRow| {
            row.configuration == own.configuration && is_of(row, &own.account, &own.region)
        };
        let shares = || results.accounts.iter().filter(same).map(|row| row.quota_share_max);
        Self {
            label: format!("{}, {}", own.account, own.region),
            kms_requests: [own.kms_requests, against.kms_requests],
            peak: u64::from(own.kms_requests_per_s_max) + own.kms_background_per_s,
            share: [
                own.quota_share_max,
                shares().fold(f64::INFINITY, f64::min),
                shares().fold(0.0, f64::max),
            ],
            cost: [own.kms_cost_usd, against.kms_cost_usd],
        }
    }

    /// All of `lines` as one: sums, and the greatest peak and shares.
    fn others(lines: &[Self]) -> Self {
        let mut all =
            Self { label: format!("{} others", grouped(lines.len() as u64)), ..Self::default() };
        for line in lines {
            for place in 0..2 {
                all.kms_requests[place] += line.kms_requests[place];
                all.cost[place] = all.cost[place] + line.cost[place];
            }
            all.peak = all.peak.max(line.peak);
            all.share.iter_mut().zip(line.share).for_each(|(all, one)| *all = all.max(one));
        }
        all
    }

    fn cells(self) -> (String, Vec<String>) {
        let [assumed, low, high] = self.share.map(percent);
        let cells = vec![
            count(self.kms_requests[0]),
            count(self.kms_requests[1]),
            grouped(self.peak),
            assumed,
            format!("{low} … {high}"),
            dollars(self.cost[0].as_f64()),
            dollars(self.cost[1].as_f64()),
        ];
        (self.label, cells)
    }
}

fn is_of(row: &AccountRow, account: &str, region: &str) -> bool {
    row.account == account && row.region == region
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

/// What the headline does to each account in each region, those with most KMS requests of the reference
/// first; `None` if there is only one.
pub(super) fn table(results: &Results) -> Option<Accounts> {
    let facts = &results.facts;
    if !are_several(results) {
        return None;
    }
    let against = |own: &AccountRow| {
        rows_of(results, &facts.reference).find(|row| is_of(row, &own.account, &own.region))
    };
    let line = |own| Some(Line::of(results, own, against(own)?));
    let mut lines: Vec<Line> = rows_of(results, &facts.headline).filter_map(line).collect();
    lines.sort_by(|a, b| b.kms_requests[1].total_cmp(&a.kms_requests[1]));
    if lines.len() > LISTED {
        let others = Line::others(&lines[LISTED - 1..]);
        lines.truncate(LISTED - 1);
        lines.push(others);
    }
    let background = rows_of(results, &facts.headline).any(|row| row.kms_background_per_s > 0);
    let period = words::period(results);
    let header = [
        "KMS requests".to_owned(),
        "instead of".to_owned(),
        format!("peak a second{}", if background { " with background" } else { "" }),
        "share of its quota".to_owned(),
        "low … high".to_owned(),
        format!("KMS requests, {period}"),
        "instead of".to_owned(),
    ];
    let mut caption = format!(
        "By account and region (all of them in accounts.csv): `{}` instead of `{}`",
        facts.headline, facts.reference
    );
    let unbilled: u64 = rows_of(results, &facts.headline).map(|row| row.period_kms_unbilled).sum();
    if unbilled > 0 {
        caption.push_str("; KMS does not bill all requests");
    }
    Some(Accounts {
        caption,
        header: header.to_vec(),
        rows: lines.into_iter().map(Line::cells).collect(),
    })
}
