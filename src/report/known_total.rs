//! A run scaled to a known total, in sentences.

use super::document::Block;
use super::numbers::{count, dollars, percent, signed};
use crate::results::known_total::{KnownTotal, Scaled, ScaledConfiguration};

/// The scaled figures in sentences.
pub(super) fn blocks(scaled: &Scaled) -> Vec<Block> {
    let Scaled { known, reference, run_kms_requests_a_month, factor, .. } = scaled;
    let mut blocks = vec![
        Block::Paragraph(format!(
            "At the known total of {} KMS requests a month ({}), {factor:.4} times the run's {} under \
             `{reference}`:",
            count(known.kms_requests_a_month),
            known.source,
            count(*run_kms_requests_a_month)
        )),
        Block::List(scaled.configurations.iter().map(|it| configuration(it, known)).collect()),
        Block::Note(
            "Calls and their price are scaled. The saving in per cent is the run's own: it is right as far \
             as the rest of the total is like the run. Peaks, quota, free tier, discount and keys' rent are \
             not scaled."
                .to_owned(),
        ),
    ];
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
        None => format!("{saved} ({} … {})", signed(low), signed(high)),
    }
}
