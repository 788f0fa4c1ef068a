//! What the figures of a run stand for.

use super::assumptions::unknown_objects;
use super::{adds_cost, period};
use crate::harmless_text::few;
use crate::results::Results;
use crate::statistics::points;
use crate::units::SimDuration;

/// The basis in sentences, one to a line.
pub(super) fn notes(results: &Results) -> Vec<String> {
    let bounds = if adds_cost(results) {
        ""
    } else {
        "; floor … ceiling: every request misses the cache, and keys never expire and are shared by the whole \
         fleet"
    };
    let unknown = match unknown_objects(results) {
        None => "",
        Some(_) => {
            " Both ranges hold what the log does not show: at the lower end no object that is read and not \
             written in it has a bucket key, at the upper end all of a bucket have the same one."
        }
    };
    let mut notes = vec![counted(results)];
    notes.extend(nine_in_ten(results));
    notes.extend([
        format!(
            "low … high: every assumption at the end that saves least, and most{bounds}.{unknown}"
        ),
        "Requests and keys bill: KMS, S3 requests and CloudTrail events; no storage, no transfer."
            .to_owned(),
    ]);
    notes.extend(billed_once(results));
    notes.extend(drawn(results));
    notes
}

/// What is drawn for the nine-in-ten intervals, and how sure these are.
fn nine_in_ten(results: &Results) -> Option<String> {
    let headline = results.assumed(&results.facts.headline);
    let drawn = results.summary.iter().find_map(|row| row.assumption_sets)?;
    let apart = match unknown_objects(results) {
        None => "",
        Some(_) => " What the log does not tell is as given in all of them.",
    };
    let ends = headline.saving_ratio_p05_half_width.zip(headline.saving_ratio_p95_half_width);
    let sure = ends.map_or_else(String::new, |(low, high)| {
        format!(
            "; the ends of the saving of `{}` are sure to ± {:.1} and ± {:.1} points (95 % confidence), and \
             those of cost and peak are of the same sets",
            headline.configuration,
            low * 100.0,
            high * 100.0
        )
    });
    Some(format!(
        "Nine in ten: {drawn} sets of assumptions, each drawn by its law, answered on the same requests; \
         one in twenty is below, one in twenty above{sure}.{apart}"
    ))
}

/// Of how long, how often, and at which prices.
fn counted(results: &Results) -> String {
    let facts = &results.facts;
    let counted = SimDuration::from_secs_f64(facts.counted_s);
    let warm_up = match facts.warm_up_s {
        s if s > 0.0 => format!(" after {} of warm-up", SimDuration::from_secs_f64(s)),
        _ => String::new(),
    };
    let replications = match facts.replications {
        1 => "one replication".to_owned(),
        n => format!(
            "means of {n} replications{}, ± is a 95 % confidence half-width in points",
            facts.precision.map_or_else(String::new, |asked| stopped(results, asked))
        ),
    };
    let prices = prices(results);
    format!(
        "Counts are of {counted}{warm_up}, {replications}; peaks and keys alive are the extremes. {prices}."
    )
}

/// Why there were no more replications.
fn stopped(results: &Results, half_width: f64) -> String {
    let facts = &results.facts;
    let points = points(half_width);
    match (facts.precision_met, facts.precision_reached) {
        (Some(true), None) => {
            " (with nothing to save there is nothing to be precise about)".to_owned()
        }
        (Some(true), Some(_)) => {
            format!(" (run until every half-width was within {points} points)")
        }
        _ => format!(" (the most that may be run; {points} points were requested)"),
    }
}

/// The prices' dates and region.
pub(super) fn prices(results: &Results) -> String {
    let prices = &results.facts.prices;
    let dates = match (&prices.oldest, &prices.newest) {
        (Some(oldest), Some(newest)) if oldest < newest => format!(" of {oldest} to {newest}"),
        (Some(date), _) => format!(" of {date}"),
        _ => String::new(),
    };
    let given = match prices.given {
        0 => String::new(),
        given => format!(", {given} given by the user"),
    };
    format!("Prices are those{dates} for {}{given}", prices.region)
}

/// Which workloads are not scaled to the billing period.
fn billed_once(results: &Results) -> Option<String> {
    let once = &results.facts.once;
    let happens = match once.len() {
        0 => return None,
        1 => "happens",
        _ => "happen",
    };
    let names = few(&code(once));
    let period = period(results);
    Some(format!(
        "{names} {happens} once and is billed once; the rest is scaled to {period}. The saving in per cent is the run's \
         own, in which what happens once has another weight than in {period}."
    ))
}

fn code(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}

/// Which KMS requests were drawn without the S3 requests between them.
fn drawn(results: &Results) -> Option<String> {
    let whose = match results.facts.engine.as_str() {
        "events" => return None,
        "skip-ahead" => String::new(),
        _ => format!(" of {}", few(&code(&results.facts.skipped_principals))),
    };
    Some(format!(
        "The KMS requests{whose} were drawn without the S3 requests between them (engine \
         skip-ahead): exact in distribution, independently for each configuration."
    ))
}
