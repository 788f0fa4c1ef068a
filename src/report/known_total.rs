//! A run scaled to a known total, in sentences.

use super::document::{Block, Cell, Table};
use super::numbers::{self, count, dollars, percent, signed};
use crate::harmless_text::named;
use crate::results::known_total::{KnownTotal, Scaled, ScaledConfiguration};

/// The scaled figures in sentences.
pub(super) fn blocks(scaled: &Scaled) -> Vec<Block> {
    let Scaled { known, reference, run_kms_requests_a_month, factor, .. } = scaled;
    let mut blocks = vec![
        Block::Paragraph(format!(
            "At the known total of {} KMS requests a month ({}{}), {factor:.4} times the run's {} under \
             `{reference}`:",
            count(known.kms_requests_a_month),
            known.source,
            known.time.as_ref().map_or_else(String::new, |time| format!(", {time}")),
            count(*run_kms_requests_a_month)
        )),
        Block::List(scaled.configurations.iter().map(|it| configuration(it, known)).collect()),
    ];
    blocks.extend(by_bucket(scaled).map(Block::Table));
    blocks.push(Block::Note(
            "Calls and their price are scaled. The saving in per cent is the run's own: it is right as far \
             as the rest of the total is like the run. Peaks, quota, free tier, discount and keys' rent are \
             not scaled."
            .to_owned(),
    ));
    if known.of_all_services {
        blocks.push(Block::Note(
            "A bill counts every use of every key. Calls that are not S3's save nothing, so this is an \
             upper limit."
                .to_owned(),
        ));
    }
    if scaled.kms_request_usd.is_none() {
        blocks.push(Block::Note(
            "Dollars are not scaled: the run's regions have prices of their own.".to_owned(),
        ));
    }
    blocks
}

/// Least and greatest of all levels.
fn ends([low, assumed, high]: [f64; 3]) -> (f64, f64) {
    (low.min(assumed).min(high), low.max(assumed).max(high))
}

/// Buckets that the table lists.
const LISTED: usize = 10;

/// A bucket's name, the KMS requests and the dollars that it saves a month, at each level.
type BucketSaving = (String, [f64; 3], Option<[f64; 3]>);

fn sum_of(savings: &[BucketSaving], of: fn(&BucketSaving) -> [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|level| savings.iter().map(|it| of(it)[level]).sum())
}

/// What the headline saves in each bucket; nothing if there are not several.
fn by_bucket(scaled: &Scaled) -> Option<Table> {
    if scaled.buckets.len() < 2 {
        return None;
    }
    let mut savers: Vec<BucketSaving> = scaled
        .buckets
        .iter()
        .map(|it| {
            let name = format!("`{}`", named(&it.bucket));
            (name, it.saved_kms_requests_a_month, it.saved_usd_a_month)
        })
        .collect();
    let rest = savers.split_off(savers.len().min(LISTED));
    if !rest.is_empty() {
        let calls = sum_of(&rest, |it| it.1);
        let dollars = rest[0].2.map(|_| sum_of(&rest, |it| it.2.unwrap_or_default()));
        savers.push((format!("{} more", rest.len()), calls, dollars));
    }
    let table = Table::of(savers)
        .text("bucket", |(name, _, _)| name.clone())
        .figure("saved a month", |(_, _, usd)| Cell::figure(usd.map(|usd| usd[1]), dollars))
        .figure("low … high", |(_, _, usd)| Cell::range(usd.map(ends), dollars))
        .figure("KMS requests saved", |(_, calls, _)| Cell::figure(calls[1], signed))
        .table();
    Some(table.on_page("table-known-total", "By bucket, at the known total", ""))
}

fn configuration(scaled: &ScaledConfiguration, known: &KnownTotal) -> String {
    let [low, assumed, high] = scaled.saved_kms_requests_a_month;
    let saved = format!(
        "`{}` makes {} and saves {} a month, {}",
        scaled.configuration,
        count(scaled.kms_requests_a_month),
        signed(assumed),
        percent(assumed / known.kms_requests_a_month)
    );
    match scaled.saved_usd_a_month.map(|all| all.map(dollars)) {
        Some([low, assumed, high]) => format!("{saved}: {assumed} ({low} … {high})"),
        None => format!("{saved} ({})", numbers::ends((low, high), signed)),
    }
}
