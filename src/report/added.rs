//! Where the reference makes no KMS requests, as under SSE-S3, nothing is saved: what is told is what
//! KMS requests cost in addition, in dollars.

use super::numbers::dollars;
use super::words;
use crate::encryption::assumptions::Level;
use crate::results::Results;
use crate::results::rows::SummaryRow;
use crate::units::Usd;

/// Whether savings are measured against a configuration that makes no KMS requests.
#[must_use]
pub fn applies(results: &Results) -> bool {
    results.assumed(&results.facts.reference).kms_requests <= 0.0
}

/// The answer in one line, with its range.
#[must_use]
pub fn verdict(results: &Results) -> String {
    let facts = &results.facts;
    let (name, reference) = (&facts.scenario, &facts.reference);
    let headline = results.assumed(&facts.headline);
    if headline.kms_requests <= 0.0 {
        let who = if facts.headline == *reference {
            format!("`{reference}` makes no KMS requests in this traffic")
        } else {
            format!(
                "neither `{}` nor `{reference}` makes KMS requests in this traffic",
                facts.headline
            )
        };
        return format!("{name}: {who}, so there is nothing to save");
    }
    format!(
        "{name}: `{}` costs {} more than `{reference}` in {}{}, for KMS requests, of which `{reference}` \
         makes none; the whole bill is {} more",
        facts.headline,
        dollars(more_for_kms(results, headline).as_f64()),
        words::period(results),
        range(results, &facts.headline, more_for_kms)
            .map_or_else(|| " [the same at every level]".to_owned(), |range| format!(" [{range}]")),
        dollars(more_in_all(results, headline).as_f64()),
    )
}

/// What a configuration's KMS requests cost beyond the reference's.
pub(super) fn more_for_kms(results: &Results, row: &SummaryRow) -> Usd {
    row.kms_cost_usd - results.assumed(&results.facts.reference).kms_cost_usd
}

/// What is on a configuration's bill beyond the reference's.
fn more_in_all(results: &Results, row: &SummaryRow) -> Usd {
    row.total_cost_usd - results.assumed(&results.facts.reference).total_cost_usd
}

/// Least and greatest of an amount over all levels; `None` if it is the same at each.
pub(super) fn range(
    results: &Results,
    configuration: &str,
    amount: fn(&Results, &SummaryRow) -> Usd,
) -> Option<String> {
    let at = |level| amount(results, results.at(configuration, level)).as_f64();
    let ends = Level::ALL.map(at);
    let (low, high) = (ends.into_iter().reduce(f64::min)?, ends.into_iter().reduce(f64::max)?);
    (low < high).then(|| format!("{} … {}", dollars(low), dollars(high)))
}

/// Rows of a table of figures, for configurations in the order of the results, in the place of savings.
pub(super) fn rows(results: &Results) -> Vec<(String, Vec<String>)> {
    let configurations = &results.facts.configurations;
    let cells = |cell: &dyn Fn(&str) -> String| -> Vec<String> {
        configurations.iter().map(|configuration| cell(&configuration.name)).collect()
    };
    let amounts = |label: &str, amount: fn(&Results, &SummaryRow) -> Usd| {
        let assumed = |name: &str| dollars(amount(results, results.assumed(name)).as_f64());
        let ends = |name: &str| range(results, name, amount).unwrap_or_else(|| assumed(name));
        [
            (format!("{label} than `{}`", results.facts.reference), cells(&assumed)),
            ("  low … high".to_owned(), cells(&ends)),
        ]
    };
    [amounts("KMS requests cost more", more_for_kms), amounts("whole bill is more", more_in_all)]
        .into_iter()
        .flatten()
        .collect()
}
