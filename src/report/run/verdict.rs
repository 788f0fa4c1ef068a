//! The answer of a run in one sentence.
//!
//! Usually that is the share of the baseline's KMS requests that the headline saves. Where the baseline
//! makes none, as under SSE-S3, nothing can be saved: the answer is what KMS requests cost in addition.

use super::{added_cost, added_cost_span, assumptions, period, throttling};
use crate::figure::Figure;
use crate::harmless_text::named;
use crate::report::numbers::{at_levels, dollars, nine_in_ten, percent};
use crate::results::Results;
use crate::results::rows::SummaryRow;

/// The answer with its range, after the name of the scenario.
#[must_use]
pub fn verdict(results: &Results) -> String {
    format!("{}: {}", results.facts.scenario, answer(results))
}

/// The answer with its range.
pub(super) fn answer(results: &Results) -> String {
    let facts = &results.facts;
    let headline = results.assumed(&facts.headline);
    let answer = match headline.saving_ratio {
        Some(saving) => saved(results, headline, saving),
        None if headline.kms_requests > 0.0 => added(results, headline),
        None if facts.headline == facts.reference => format!(
            "`{}` makes no KMS requests in this traffic, so there is nothing to save",
            facts.reference
        ),
        None => format!(
            "neither `{}` nor `{}` makes KMS requests in this traffic, so there is nothing to save",
            facts.headline, facts.reference
        ),
    };
    answer + &throttling::clause(results)
}

fn saved(results: &Results, headline: &SummaryRow, saving: f64) -> String {
    let facts = &results.facts;
    let baseline = &facts.reference;
    let does = if saving < 0.0 {
        format!("costs {} more KMS requests than `{baseline}`", percent(-saving))
    } else {
        format!("saves {} of the KMS requests of `{baseline}`", percent(saving))
    };
    format!(
        "`{}` {does} {}: KMS requests cost {} instead of {} in {}{}",
        facts.headline,
        bracketed(results, headline),
        dollars(headline.kms_cost_usd.as_f64()),
        dollars(results.assumed(baseline).kms_cost_usd.as_f64()),
        period(results),
        audited(headline, results.assumed(baseline)),
    )
}

/// Between what the saving lies in nine of ten cases, and what objects that a log does not date do to it.
/// Where nothing was drawn it is the range over all levels.
fn bracketed(results: &Results, headline: &SummaryRow) -> String {
    let levels = results.saving_range(&headline.configuration);
    let is_open = levels.is_some_and(|(low, high)| low < high);
    let shown =
        if headline.saving_ratio.is_some_and(|it| it < 0.0) { more_or_fewer } else { percent };
    let Some(ends) = headline.nine_in_ten(Figure::Saving).filter(|_| is_open) else {
        return at_levels(levels, shown);
    };
    let nine_in_ten = nine_in_ten(ends, shown);
    match assumptions::unknown_objects(results) {
        None => format!("[{nine_in_ten}]"),
        Some(swing) => {
            let ends = [swing.saving_at_low, swing.saving_at_high].map(shown);
            let [low, high] = ends;
            format!("[{nine_in_ten}; by when unknown objects were written: {low} … {high}]")
        }
    }
}

/// A saving in the words of a sentence that tells what is more.
fn more_or_fewer(saving: f64) -> String {
    let word = if saving < 0.0 { "more" } else { "fewer" };
    format!("{} {word}", percent(saving.abs()))
}

fn added(results: &Results, headline: &SummaryRow) -> String {
    let facts = &results.facts;
    let baseline = &facts.reference;
    let levels = added_cost_span(results, &facts.headline);
    let range = match headline.nine_in_ten(Figure::KmsSavedUsd) {
        Some((low, high)) if levels.0 < levels.1 => {
            format!("[{}]", nine_in_ten((0.0 - high, 0.0 - low), dollars))
        }
        _ => at_levels(Some(levels), dollars),
    };
    let whole_bill = headline.total_cost_usd - results.assumed(baseline).total_cost_usd;
    format!(
        "`{}` costs {} more than `{baseline}` in {} {}, for KMS requests, of which `{baseline}` \
         makes none; the whole bill is {} more",
        facts.headline,
        dollars(added_cost(headline)),
        period(results),
        range,
        dollars(whole_bill.as_f64()),
    )
}

/// What S3 data events leave of the headline's saving, where the audit by object must stay.
fn audited(headline: &SummaryRow, baseline: &SummaryRow) -> String {
    let (Some(cost), Some(instead)) = (headline.audit_cost_usd, baseline.audit_cost_usd) else {
        return String::new();
    };
    let events = (cost - instead).as_f64();
    if events <= 0.0 {
        return String::new();
    }
    let saved = headline.kms_saved_usd.as_f64();
    let left = saved - events;
    let does = match headline.audit_saving_ratio {
        Some(ratio) if left > 0.0 => format!(
            "saves {}, {} of what `{}` costs",
            dollars(left),
            percent(ratio),
            named(&baseline.configuration)
        ),
        _ => format!("costs {} more", dollars(-left)),
    };
    format!("; with S3 data events for the audit by object ({} more) it {does}", dollars(events))
}
