//! What to beware of when runs are compared: whatever makes a difference between runs another thing than a
//! difference between configurations.

use super::Candidate;
use crate::results::result_json::{Facts, WarningFacts};
use crate::units::SimDuration;

/// How far numbers of requests may lie apart, relatively, and still be the same traffic.
const SAME_TRAFFIC: f64 = 0.001;

/// All notes that apply.
pub(super) fn of(candidates: &[Candidate], baseline: usize) -> Vec<WarningFacts> {
    let baseline = &candidates[baseline];
    let mut notes = Notes { candidates, list: Vec::new() };
    notes.if_differing(
        "model-versions",
        |facts| format!("model {}", facts.model_version),
        |models| {
            format!(
                "the runs are of different models ({models}): a model's change makes older results \
                 incomparable"
            )
        },
        "simulate all of them with one bks; CHANGELOG.md says what changed",
    );
    notes.if_differing(
        "bks-versions",
        |facts| format!("bks {}", facts.bks_version),
        |versions| format!("the runs are of different versions ({versions})"),
        "simulate all of them with one bks",
    );
    notes.if_differing(
        "prices",
        prices,
        |all| {
            format!(
                "the runs have different prices ({all}): a difference of cost is one of prices, too"
            )
        },
        "compare counts, or simulate all of them with one price table and region",
    );
    notes.if_differing(
        "counted-parts",
        |facts| span(facts.counted_s),
        |spans| {
            format!(
                "the counted parts have different lengths ({spans}): counts are taken to {}, with the busy \
                 and the quiet hours that each has",
                span(baseline.results.facts.billing_period_s)
            )
        },
        "give them one length, e.g., by `duration` and `warm_up`",
    );
    notes.if_differing(
        "billing-periods",
        |facts| span(facts.billing_period_s),
        |periods| format!("the bills are for different periods ({periods})"),
        "give the scenarios one `billing.period`",
    );
    notes.of_chance();
    notes.list.extend(of_traffic(candidates, baseline));
    notes.list
}

/// Notes in the making.
struct Notes<'a> {
    candidates: &'a [Candidate<'a>],
    list: Vec<WarningFacts>,
}

impl Notes<'_> {
    /// Adds a note if `of` is not the same for all candidates; `what` is told what it is for each.
    fn if_differing(
        &mut self,
        id: &str,
        of: impl Fn(&Facts) -> String,
        what: impl Fn(&str) -> String,
        advice: &str,
    ) {
        if let Some(all) = differing(self.candidates, of) {
            self.list.push(WarningFacts::new(id, what(&all), advice));
        }
    }

    fn of_chance(&mut self) {
        self.if_differing(
            "seeds",
            |facts| format!("seed {}", facts.seed),
            |seeds| {
                format!(
                    "the runs saw different chance ({seeds}): no common random numbers, so half-widths are \
                     wider"
                )
            },
            "simulate all of them with one `--seed`",
        );
        self.if_differing(
            "replications",
            |facts| format!("{} replications", facts.replications),
            |counts| {
                format!(
                    "the runs have different numbers of replications ({counts}), which cannot be compared \
                     one by one: half-widths are wider"
                )
            },
            "simulate all of them with one `--replications`",
        );
        if self.candidates.iter().any(|candidate| candidate.results.facts.replications < 2) {
            self.list.push(WarningFacts::one_replication());
        }
    }
}

/// Candidates whose S3 requests differ from the baseline's.
fn of_traffic(candidates: &[Candidate], baseline: &Candidate) -> Option<WarningFacts> {
    let counted_s = baseline.results.facts.counted_s;
    let expected = requests_in(baseline, counted_s);
    let other: Vec<String> = candidates
        .iter()
        .filter(|it| (requests_in(it, counted_s) - expected).abs() > SAME_TRAFFIC * expected)
        .map(|it| format!("`{}` {:.0}", it.label, requests_in(it, counted_s)))
        .collect();
    (!other.is_empty()).then(|| {
        WarningFacts::new(
            "traffic",
            format!(
                "the traffic differs, not only what S3 makes of it: S3 requests are {}, against \
                 {expected:.0} of `{}`",
                other.join(", "),
                baseline.label
            ),
            "if the scenarios mean the same requests, look at `bks check` of both",
        )
    })
}

/// S3 requests in so many seconds.
fn requests_in(candidate: &Candidate, seconds: f64) -> f64 {
    let own_s = candidate.results.facts.counted_s;
    let requests = candidate.results.assumed(&candidate.configuration).requests;
    if own_s.to_bits() == seconds.to_bits() { requests } else { requests * seconds / own_s }
}

fn span(seconds: f64) -> String {
    SimDuration::from_secs_f64(seconds).to_string()
}

fn prices(facts: &Facts) -> String {
    let prices = &facts.prices;
    let given = match prices.given {
        0 => String::new(),
        given => format!(", {given} given"),
    };
    format!("{} as of {}{given}", prices.region, facts.price_date)
}

/// What `of` says of each candidate, if it is not the same of all.
fn differing(candidates: &[Candidate], of: impl Fn(&Facts) -> String) -> Option<String> {
    let mut said: Vec<(String, Vec<String>)> = Vec::new();
    for candidate in candidates {
        let text = of(&candidate.results.facts);
        let label = format!("`{}`", candidate.label);
        match said.iter_mut().find(|(known, _)| *known == text) {
            Some((_, labels)) => labels.push(label),
            None => said.push((text, vec![label])),
        }
    }
    let said = said.into_iter().map(|(text, labels)| format!("{text}: {}", labels.join(", ")));
    let said: Vec<String> = said.collect();
    (said.len() > 1).then(|| said.join("; "))
}
