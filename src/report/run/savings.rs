//! Where the headline saves: buckets and principals, ranked by dollars, and what their order hangs on.

use std::collections::BTreeMap;

use super::{adds_cost, period};
use crate::harmless_text::named;
use crate::report::document::{Block, Cell, Rank, Table};
use crate::report::numbers::{count, dollars, ends, percent};
use crate::results::rows::{BucketRow, PrincipalRow, UNKNOWN_OBJECTS};
use crate::results::{BUCKETS, Results};
use crate::units::Usd;

/// Buckets and principals that tables list.
const LISTED: usize = 10;

/// A bucket or a principal.
struct Saver<'a> {
    name: &'a str,
    /// At the low level of assumptions, as assumed, and at the high one.
    saved: [Usd; 3],
    kms_requests: f64,
    reference: f64,
    /// KMS requests in the busiest second, and under the reference.
    peaks: [Option<u32>; 2],
    hangs_on: Option<&'a str>,
}

impl Saver<'_> {
    fn saved(&self) -> Usd {
        self.saved[1]
    }

    fn range(&self) -> (f64, f64) {
        let [first, second, third] = self.saved.map(Usd::as_f64);
        (first.min(second).min(third), first.max(second).max(third))
    }
}

impl<'a> Saver<'a> {
    /// A bucket, whose busiest second under the reference has so many requests.
    fn of_bucket(row: &'a BucketRow, reference_peak: Option<u32>) -> Self {
        Self {
            name: &row.bucket,
            saved: [row.saved_at_low_usd, row.saved_usd, row.saved_at_high_usd],
            kms_requests: row.kms_requests,
            reference: row.reference_kms_requests,
            peaks: [row.kms_requests_per_s_max, reference_peak],
            hangs_on: row.order_hangs_on.as_deref(),
        }
    }

    fn of_principal(row: &'a PrincipalRow) -> Self {
        Self {
            name: &row.principal,
            saved: [row.saved_at_low_usd, row.saved_usd, row.saved_at_high_usd],
            kms_requests: row.kms_requests,
            reference: row.reference_kms_requests,
            peaks: [None; 2],
            hangs_on: row.order_hangs_on.as_deref(),
        }
    }
}

/// The headline's buckets.
fn buckets(results: &Results) -> Vec<Saver<'_>> {
    let facts = &results.facts;
    let rows = &results.buckets;
    let mut reference = BTreeMap::new();
    for row in rows.iter().filter(|row| row.configuration == facts.reference) {
        reference.insert(row.bucket.as_str(), row.kms_requests_per_s_max);
    }
    let own = rows.iter().filter(|row| row.configuration == facts.headline);
    own.map(|row| Saver::of_bucket(row, reference.get(row.bucket.as_str()).copied().flatten()))
        .collect()
}

/// Buckets that a sentence names.
const NAMED_BUCKETS: usize = 5;

/// Which buckets save whatever is assumed, in a sentence, where others may lose: keys are turned on bucket by bucket.
/// Nothing where no bucket does, or none loses.
pub(super) fn buckets_that_save(results: &Results) -> Option<String> {
    let all = buckets(results);
    let saving: Vec<&Saver> = all.iter().filter(|it| it.range().0 > 0.0).collect();
    if saving.is_empty() || all.iter().all(|it| it.range().0 >= 0.0) {
        return None;
    }
    let ranges = saving.iter().map(|it| it.range());
    let range = ranges.fold((0.0, 0.0), |(low, high), own| (low + own.0, high + own.1));
    let saved: f64 = saving.iter().map(|it| it.saved().as_f64()).sum();
    let named: Vec<String> =
        saving.iter().take(NAMED_BUCKETS).map(|it| format!("`{}`", named(it.name))).collect();
    let more = match saving.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "Bucket keys are turned on bucket by bucket: in {}{more} alone `{}` saves {} [{}] in {}, even with every \
         assumption at its worst.",
        named.join(", "),
        results.facts.headline,
        dollars(saved),
        ends(range, dollars),
        period(results)
    ))
}

/// The headline's principals.
fn principals(results: &Results) -> Vec<Saver<'_>> {
    let rows = results.principals.iter();
    let own = rows.filter(|row| row.configuration == results.facts.headline);
    own.map(Saver::of_principal).collect()
}

/// The buckets that save most; nothing if there are not several.
pub(super) fn by_bucket(results: &Results) -> Vec<Block> {
    ranked(results, "bucket", BUCKETS, "table-buckets", buckets(results))
}

/// The principals that save most; nothing if there are not several.
pub(super) fn by_principal(results: &Results) -> Vec<Block> {
    ranked(results, "principal", "principals.csv", "table-most-saved", principals(results))
}

/// The principals that save most in a sentence; nothing if there are not several.
#[must_use]
pub fn principals_in_words(results: &Results) -> Option<String> {
    const NAMED: usize = 5;
    let savers = calling(results, principals(results))?;
    let left = savers.len().saturating_sub(NAMED);
    let named = savers.iter().take(NAMED).map(|it| {
        let share = share(it).map_or_else(String::new, |share| format!("{} of ", percent(share)));
        let saved = dollars(it.saved().as_f64());
        format!("`{}` {saved} ({share}{} KMS requests)", it.name, count(it.reference))
    });
    let mut named: Vec<String> = named.collect();
    if left > 0 {
        named.push(format!("{left} more in principals.csv"));
    }
    let (named, period) = (named.join(", "), period(results));
    Some(format!("`{}` saves by principal in {period}: {named}.", results.facts.headline))
}

/// Those with any KMS request, if there are several of them and something can be saved.
fn calling<'a>(results: &Results, mut savers: Vec<Saver<'a>>) -> Option<Vec<Saver<'a>>> {
    savers.retain(|it| it.kms_requests + it.reference > 0.0);
    (savers.len() > 1 && !adds_cost(results)).then_some(savers)
}

fn share(of: &Saver) -> Option<f64> {
    crate::figure::saving(of.kms_requests, of.reference)
}

/// The first ones of a ranking in a table, the others as one row, and what the order hangs on.
fn ranked(
    results: &Results,
    what: &str,
    file: &'static str,
    id: &'static str,
    savers: Vec<Saver>,
) -> Vec<Block> {
    let Some(mut savers) = calling(results, savers) else { return Vec::new() };
    let rest = savers.split_off(savers.len().min(LISTED));
    let hangs = savers.iter().any(|it| it.hangs_on.is_some());
    let peaks = savers.iter().any(|it| it.peaks.iter().any(Option::is_some));
    let others = (!rest.is_empty()).then(|| others(&rest));
    let rows = savers.iter().map(|it| (it, format!("`{}`", named(it.name))));
    let rows = rows.chain(others.iter().map(|it| (it, it.name.to_owned())));
    let mut table = Table::of(rows)
        .text(what, |(_, name)| name.clone())
        .figure(format!("saved in {}", period(results)), |(it, _)| Cell::dollars(it.saved()))
        .figure("low … high", |(it, _)| Cell::range(Some(it.range()), dollars))
        .figure("share", |(it, _)| Cell::percent(share(it)))
        .figure("KMS requests", |(it, _)| Cell::count(it.kms_requests))
        .figure("instead of", |(it, _)| Cell::count(it.reference))
        .figure_if(peaks, "peak a second", |(it, _)| Cell::count(it.peaks[0].map(f64::from)))
        .figure_if(peaks, "instead of", |(it, _)| Cell::count(it.peaks[1].map(f64::from)));
    if hangs {
        table = table.text("the order hangs on", |(it, _)| in_words(it.hangs_on));
    }
    let mut table = table.table();
    if let Some(last) = table.rows.last_mut().filter(|_| !rest.is_empty()) {
        last.cells[0] = format!("{} more in {file}", count(rest.len() as f64)).into();
        last.rank = Rank::Total;
    }
    let facts = &results.facts;
    let caption = format!(
        "By {what}, most dollars saved first: `{}` instead of `{}`",
        facts.headline, facts.reference
    );
    let mut blocks = vec![Block::Table(table.on_page(id, caption, file).sortable())];
    if hangs {
        blocks.push(Block::Note(format!(
            "Where the order hangs on something, bks cannot tell which is first, this {what} or one behind it."
        )));
    }
    blocks
}

/// All of them as one, without a peak, as peaks do not add up.
fn others<'a>(all: &[Saver]) -> Saver<'a> {
    let saved = [0, 1, 2].map(|level| all.iter().map(|it| it.saved[level]).sum());
    Saver {
        name: "others",
        saved,
        kms_requests: all.iter().map(|it| it.kms_requests).sum(),
        reference: all.iter().map(|it| it.reference).sum(),
        peaks: [None; 2],
        hangs_on: None,
    }
}

/// What an order hangs on.
fn in_words(hangs_on: Option<&str>) -> String {
    let names = hangs_on.into_iter().flat_map(|names| names.split(' '));
    let words = names.map(|name| match name {
        UNKNOWN_OBJECTS => "ages of objects not in the log".to_owned(),
        "chance" => "chance".to_owned(),
        "several" => "several assumptions together".to_owned(),
        assumption => format!("`{assumption}`"),
    });
    words.collect::<Vec<String>>().join(", ")
}
