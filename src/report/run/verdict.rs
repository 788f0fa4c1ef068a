//! The answer of a run in one sentence.
//!
//! Usually that is the share of the baseline's KMS requests that the headline saves. Where the baseline
//! makes none, as under SSE-S3, nothing can be saved: the answer is what KMS requests cost in addition.

use super::{added_cost, added_cost_span, period, throttling};
use crate::report::numbers::{at_levels, dollars, percent};
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
        at_levels(results.saving_range(&facts.headline), percent),
        dollars(headline.kms_cost_usd.as_f64()),
        dollars(results.assumed(baseline).kms_cost_usd.as_f64()),
        period(results),
        audited(headline, results.assumed(baseline)),
    )
}

fn added(results: &Results, headline: &SummaryRow) -> String {
    let facts = &results.facts;
    let baseline = &facts.reference;
    let whole_bill = headline.total_cost_usd - results.assumed(baseline).total_cost_usd;
    format!(
        "`{}` costs {} more than `{baseline}` in {} {}, for KMS requests, of which `{baseline}` \
         makes none; the whole bill is {} more",
        facts.headline,
        dollars(added_cost(results, headline)),
        period(results),
        at_levels(Some(added_cost_span(results, &facts.headline)), dollars),
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
    let saved = (baseline.kms_cost_usd - headline.kms_cost_usd).as_f64();
    let left = saved - events;
    let does = match headline.audit_saving_ratio {
        Some(ratio) if left > 0.0 => format!(
            "saves {} of {}, {} of their cost",
            dollars(left),
            dollars(saved),
            percent(ratio)
        ),
        _ => format!("costs {} more", dollars(-left)),
    };
    format!("; with S3 data events for the audit by object ({} more) it {does}", dollars(events))
}
