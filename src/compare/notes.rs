//! What to beware of when runs are compared.

use super::Candidate;
use crate::results::facts::{Facts, WarningFacts};
use crate::units::SimDuration;

/// How far numbers of requests may lie apart, relatively, and still be the same traffic.
const SAME_TRAFFIC: f64 = 0.001;

/// Whatever makes a difference between runs another thing than a difference between configurations.
pub(super) fn of(candidates: &[Candidate], reference: usize) -> Vec<WarningFacts> {
    let mut notes = Vec::new();
    let mut note = |id: &str, what: String, advice: &str| {
        notes.push(WarningFacts { id: id.to_owned(), what, advice: advice.to_owned() });
    };
    let differing = |of: &dyn Fn(&Facts) -> String| differing(candidates, of);
    let span = |seconds: f64| SimDuration::from_secs_f64(seconds).to_string();
    if let Some(models) = differing(&|facts| format!("model {}", facts.model_version)) {
        let what = format!(
            "the runs are of different models ({models}): a model's change makes older results incomparable"
        );
        let advice = "simulate all of them with one bks; CHANGELOG.md says what changed";
        note("model-versions", what, advice);
    }
    if let Some(versions) = differing(&|facts| format!("bks {}", facts.bks_version)) {
        note(
            "bks-versions",
            format!("the runs are of different versions ({versions})"),
            "simulate all of them with one bks",
        );
    }
    if let Some(prices) = differing(&|facts| prices(facts)) {
        let what = format!(
            "the runs have different prices ({prices}): a difference of cost is one of prices, too"
        );
        let advice = "compare counts, or simulate all of them with one price table and region";
        note("prices", what, advice);
    }
    if let Some(spans) = differing(&|facts| span(facts.counted_s)) {
        let period = span(candidates[reference].results.facts.billing_period_s);
        let what = format!(
            "the counted parts have different lengths ({spans}): counts are taken to {period}, with the busy \
             and the quiet hours that each has"
        );
        note("counted-parts", what, "give them one length, e.g., by `duration` and `warm_up`");
    }
    if let Some(periods) = differing(&|facts| span(facts.billing_period_s)) {
        let what = format!("the bills are for different periods ({periods})");
        note("billing-periods", what, "give the scenarios one `billing.period`");
    }
    if let Some(seeds) = differing(&|facts| format!("seed {}", facts.seed)) {
        let what = format!(
            "the runs saw different chance ({seeds}): no common random numbers, so half-widths are wider"
        );
        note("seeds", what, "simulate all of them with one `--seed`");
    }
    if let Some(counts) = differing(&|facts| format!("{} replications", facts.replications)) {
        let what = format!(
            "the runs have different numbers of replications ({counts}), which cannot be compared one by one: half-widths are wider"
        );
        note("replications", what, "simulate all of them with one `--replications`");
    }
    if candidates.iter().any(|candidate| candidate.results.facts.replications < 2) {
        let what = "a single replication gives no confidence half-width".to_owned();
        note("one-replication", what, "run with `--replications 10`");
    }
    if let Some(what) = other_traffic(candidates, reference) {
        note(
            "traffic",
            what,
            "if the scenarios mean the same requests, look at `bks check` of both",
        );
    }
    notes
}

/// What `of` says of each candidate, if it is not the same of all.
fn differing(candidates: &[Candidate], of: &dyn Fn(&Facts) -> String) -> Option<String> {
    let all: Vec<String> = candidates.iter().map(|it| of(&it.results.facts)).collect();
    let mut distinct: Vec<&String> = Vec::new();
    for text in &all {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    let whose = |text: &&String| {
        let named = candidates.iter().zip(&all).filter(|(_, own)| own == text);
        let labels: Vec<String> = named.map(|(it, _)| format!("`{}`", it.label)).collect();
        format!("{text}: {}", labels.join(", "))
    };
    (distinct.len() > 1).then(|| distinct.iter().map(whose).collect::<Vec<_>>().join("; "))
}

fn prices(facts: &Facts) -> String {
    let prices = &facts.prices;
    let given = match prices.given {
        0 => String::new(),
        given => format!(", {given} given"),
    };
    format!("{} as of {}{given}", prices.region, facts.price_date)
}

/// Candidates whose S3 requests differ from the reference's.
fn other_traffic(candidates: &[Candidate], reference: usize) -> Option<String> {
    let against = &candidates[reference];
    let counted_s = against.results.facts.counted_s;
    // In the same time.
    let requests = |it: &Candidate| {
        let own_s = it.results.facts.counted_s;
        let requests = it.results.assumed(&it.configuration).requests;
        if own_s.to_bits() == counted_s.to_bits() { requests } else { requests * counted_s / own_s }
    };
    let other: Vec<String> = candidates
        .iter()
        .filter(|it| (requests(it) - requests(against)).abs() > SAME_TRAFFIC * requests(against))
        .map(|it| format!("`{}` {:.0}", it.label, requests(it)))
        .collect();
    (!other.is_empty()).then(|| {
        format!(
            "the traffic differs, not only what S3 makes of it: S3 requests are {}, against {:.0} of `{}`",
            other.join(", "),
            requests(against),
            against.label
        )
    })
}
