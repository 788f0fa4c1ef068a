//! The key figures of every configuration, side by side.

use super::{accounts, added_cost, added_cost_span, adds_cost, period, span, throttling};
use crate::encryption::assumption::Level;
use crate::figure::{self, Figure};
use crate::kms::KmsApi;
use crate::report::document::{Cell, Rank, Table};
use crate::report::numbers::{count, dollars, grouped, percent};
use crate::results::Results;
use crate::results::rows::SummaryRow;
use crate::units::{SimDuration, Usd};

/// A row for each figure, a column for each configuration.
#[must_use]
pub fn figures(results: &Results) -> Table {
    let configurations = &results.facts.configurations;
    let mut figures = Figures {
        results,
        configurations: configurations.iter().map(|it| results.assumed(&it.name)).collect(),
        table: Table::new("", configurations.iter().map(|it| format!("`{}`", it.name))),
    };
    figures.requests();
    figures.peak();
    figures.throttling();
    figures.keys();
    figures.money();
    if adds_cost(results) {
        figures.additional_cost();
    } else {
        figures.savings();
    }
    figures.migration();
    figures.table
}

/// The table in the making.
struct Figures<'a> {
    results: &'a Results,
    configurations: Vec<&'a SummaryRow>,
    table: Table,
}

impl Figures<'_> {
    fn row(&mut self, label: impl Into<String>, cell: impl Fn(&SummaryRow) -> Cell) {
        self.push(Rank::Plain, label.into(), cell);
    }

    fn part(&mut self, label: impl Into<String>, cell: impl Fn(&SummaryRow) -> Cell) {
        self.push(Rank::Part, label.into(), cell);
    }

    fn push(&mut self, rank: Rank, label: String, cell: impl Fn(&SummaryRow) -> Cell) {
        let cells = self.configurations.iter().map(|row| cell(row));
        self.table.push_ranked(rank, std::iter::once(label.into()).chain(cells));
    }

    fn any(&self, is_so: impl Fn(&SummaryRow) -> bool) -> bool {
        self.configurations.iter().any(|row| is_so(row))
    }

    fn requests(&mut self) {
        self.row("S3 requests", |c| Cell::count(c.requests));
        self.row("KMS requests", |c| Cell::count(c.kms_requests));
        for api in KmsApi::ALL {
            if api != KmsApi::Encrypt || self.any(|c| c.kms_requests_by(api) > 0.0) {
                self.part(api.to_string(), |c| Cell::count(c.kms_requests_by(api)));
            }
        }
    }

    /// The busiest second, and its share of the quota, both with the accounts' other load.
    fn peak(&mut self) {
        let results = self.results;
        let with = match results.assumed(&results.facts.headline).kms_background_per_s {
            0 => String::new(),
            background => format!(", with {} in background", grouped(background)),
        };
        let (together, share) = if accounts::are_several(results) {
            (", all together", "greatest share of a quota")
        } else {
            ("", "share of the quota")
        };
        self.row(format!("KMS peak a second{together}{with}"), |c| Cell::count(peak_per_s(c)));
        let has_ranges = self.any(|c| c.saving_ceiling.is_some());
        self.nine_in_ten_of("peak, nine in ten", count, |c| {
            let background = c.kms_background_per_s as f64;
            let (low, high) = c.nine_in_ten(Figure::KmsRequestsPerSMax)?;
            Some((low + background, high + background))
        });
        if has_ranges {
            self.part("peak, low … high", |c| range(results, c, peak_per_s, count));
        }
        self.part(share, |c| Cell::percent(c.quota_share_max));
        self.nine_in_ten_of("share, nine in ten", percent, |c| {
            c.nine_in_ten(Figure::QuotaShareMax)
        });
        if has_ranges {
            self.part("share, low … high", |c| range(results, c, |c| c.quota_share_max, percent));
        }
    }

    /// What becomes of it where the quota is exceeded.
    fn throttling(&mut self) {
        if !throttling::matters(self.results) {
            return;
        }
        let results = self.results;
        for (label, value) in throttling::ROWS {
            self.part(label.trim_start(), |c| value(c).map_or_else(Cell::unknown, Cell::from));
            if label == Figure::ThrottledShare.label() {
                self.part("503 SlowDown, low … high", |c| {
                    range(results, c, |c| c.throttled_ratio, percent)
                });
            }
        }
    }

    fn keys(&mut self) {
        self.row("bucket-level keys made", |c| Cell::count(c.bucket_keys_generated));
        self.part("alive at a time", |c| {
            let (min, max) = (c.bucket_keys_alive_min, c.bucket_keys_alive_max);
            if min == max { Cell::count(f64::from(min)) } else { format!("{min} to {max}").into() }
        });
        self.row("CloudTrail KMS events", |c| Cell::count(c.cloudtrail_events));
        self.part("that name the object", |c| Cell::count(c.cloudtrail_events_object_arn));
    }

    /// What is billed in the billing period, and what of it happens once.
    fn money(&mut self) {
        let period = period(self.results);
        let happens_once = self.any(|c| c.total_cost_once_usd != Usd::ZERO);
        self.row(format!("KMS requests, {period}"), |c| Cell::dollars(c.kms_cost_usd));
        self.nine_in_ten(Figure::KmsCostUsd, dollars);
        if happens_once {
            self.part("of which once", |c| Cell::dollars(c.kms_cost_once_usd));
        }
        if self.any(|c| c.audit_cost_usd.is_some()) {
            let label = format!("S3 data events for the audit, {period}");
            self.row(label, |c| Cell::dollars(c.audit_cost_usd));
        }
        self.row(format!("requests and keys bill, {period}"), |c| Cell::dollars(c.total_cost_usd));
        self.nine_in_ten(Figure::TotalCostUsd, dollars);
        if happens_once {
            self.part("of which once", |c| Cell::dollars(c.total_cost_once_usd));
        }
    }

    /// Between what a figure lies in nine of ten cases, where sets of assumptions were drawn.
    fn nine_in_ten(&mut self, figure: Figure, words: fn(f64) -> String) {
        self.nine_in_ten_of("nine in ten", words, |c| c.nine_in_ten(figure));
    }

    /// The same of whatever follows from a figure.
    fn nine_in_ten_of(
        &mut self,
        label: &str,
        words: fn(f64) -> String,
        ends: impl Fn(&SummaryRow) -> Option<(f64, f64)>,
    ) {
        if self.any(|c| ends(c).is_some()) {
            self.part(label, |c| Cell::range(ends(c), words));
        }
    }

    /// What is saved, in requests and on the bill.
    fn savings(&mut self) {
        let results = self.results;
        self.row("KMS requests saved", saving);
        self.nine_in_ten(Figure::Saving, percent);
        self.part("low … high", |c| match c.saving_ceiling {
            Some(_) => {
                let [low, high] = [Level::Low, Level::High]
                    .map(|level| Cell::percent(results.at(&c.configuration, level).saving_ratio));
                format!("{} … {}", low.text, high.text).into()
            }
            None => Cell::unknown(),
        });
        self.part("floor … ceiling", |c| {
            Cell::range(c.saving_floor.zip(c.saving_ceiling), percent)
        });
        if self.any(|c| c.audit_cost_usd.is_some()) {
            self.row("saved with the audit by object", |c| Cell::percent(c.audit_saving_ratio));
            self.nine_in_ten(Figure::AuditSaving, percent);
        }
        let saved = format!("saved on KMS requests, {}", period(results));
        self.row(saved, |c| Cell::dollars(c.kms_saved_usd));
        self.nine_in_ten(Figure::KmsSavedUsd, dollars);
        let baseline = results.assumed(&results.facts.reference).total_cost_usd.as_f64();
        self.row("requests and keys bill saved", |c| {
            Cell::percent(figure::saving(c.total_cost_usd.as_f64(), baseline))
        });
    }

    /// What is paid in addition where the baseline makes no KMS requests.
    fn additional_cost(&mut self) {
        let results = self.results;
        let baseline = results.assumed(&results.facts.reference);
        self.row(format!("KMS requests cost more than `{}`", baseline.configuration), |c| {
            Cell::figure(added_cost(c), dollars)
        });
        self.part("low … high", |c| ends(added_cost_span(results, &c.configuration)));
        self.row(format!("whole bill is more than `{}`", baseline.configuration), |c| {
            Cell::dollars(c.total_cost_usd - baseline.total_cost_usd)
        });
        self.part("low … high", |c| {
            ends(span(results, &c.configuration, |at| {
                let baseline = results.at(&baseline.configuration, at.assumption);
                (at.total_cost_usd - baseline.total_cost_usd).as_f64()
            }))
        });
    }

    /// What a migration costs, and when it is paid back.
    fn migration(&mut self) {
        if !self.any(|c| c.migration_cost_usd.is_some()) {
            return;
        }
        let period = period(self.results);
        self.row("migration, once", |c| Cell::dollars(c.migration_cost_usd));
        self.part("paid back after", |c| {
            match (c.payback.as_deref(), c.payback_periods, c.payback_run_s) {
                (None, ..) => Cell::unknown(),
                (_, Some(periods), _) => format!("{periods:.1} × {period}").into(),
                (.., Some(run_s)) => {
                    format!("not known, run {} or more", SimDuration::from_secs_f64(run_s)).into()
                }
                _ => format!("never, {} at most", percent(c.payback_ratio.unwrap_or_default()))
                    .into(),
            }
        });
    }
}

/// KMS requests of the busiest second, those of the accounts' other load among them.
fn peak_per_s(row: &SummaryRow) -> f64 {
    f64::from(row.kms_requests_per_s_max) + row.kms_background_per_s as f64
}

/// The least and the greatest value at any level of assumptions, where these make a difference.
fn range(
    results: &Results,
    row: &SummaryRow,
    value: impl Fn(&SummaryRow) -> f64,
    words: fn(f64) -> String,
) -> Cell {
    let makes_a_difference = row.saving_ceiling.is_some();
    Cell::range(makes_a_difference.then(|| span(results, &row.configuration, value)), words)
}

/// Two amounts of money, or the only one.
fn ends((low, high): (f64, f64)) -> Cell {
    if low < high { Cell::range(Some((low, high)), dollars) } else { Cell::figure(low, dollars) }
}

fn saving(row: &SummaryRow) -> Cell {
    let saving = Cell::percent(row.saving_ratio);
    match row.saving_half_width {
        Some(half_width) if row.saving_ratio.is_some() => {
            let text = format!("{} ± {:.2}", saving.text, half_width * 100.0);
            Cell { text, ..saving }
        }
        _ => saving,
    }
}
