//! What is to be said of a log's replay besides: how far the objects whose writing it does not tell
//! move the answer, and what else it cannot tell.

use super::Warning;
use crate::encryption::assumptions::Level;
use crate::encryption::requester::RequesterRule;
use crate::recording::Recording;
use crate::results::run::{Outcome, Progress, Step, Swing};
use crate::s3::Identity;
use crate::scenario::replay::UnknownAge;
use crate::scenario::{Population, Scenario};
use crate::simulation::engines::Engines;
use crate::simulation::{Arm, kms_calls};
use crate::units::SimDuration;

/// The name of the assumption about objects whose writing is not in the log, among the swings.
pub const UNKNOWN_OBJECTS: &str = "objects_not_in_log";

/// Adds to an outcome what follows from its being a replay.
pub(in crate::results) fn complete(
    outcome: &mut Outcome,
    scenario: &Scenario,
    log: &Recording,
    progress: Progress,
) {
    if let Some(swing) = unknown_swing(outcome, scenario, log, progress) {
        outcome.warnings.insert(0, unknown_objects(log, &swing));
        outcome.swings.push(swing);
        outcome.swings.sort_by(|a, b| b.width().total_cmp(&a.width()));
    }
    outcome.warnings.extend(warnings(scenario, log));
}

/// The headline's saving in the first replication if no object whose writing is not in the log had a
/// bucket key, as assumed, and if all of a bucket had the same; `None` if there is none of them, or
/// nothing to save.
fn unknown_swing(
    outcome: &Outcome,
    scenario: &Scenario,
    log: &Recording,
    progress: Progress,
) -> Option<Swing> {
    let configuration = &scenario.configurations[scenario.headline];
    let is_told = |population: &Population| scenario.domain_of(population).encryption.is_some();
    let all_told = scenario.populations.iter().all(is_told);
    if log.seen.of_unknown == 0 || all_told || !configuration.uses_bucket_keys(&scenario.domains) {
        return None;
    }
    let first = |index: usize| outcome.configurations[index].assumed().replications[0];
    let against: u64 = first(scenario.reference).kms_by_api.iter().sum();
    let assumed = first(scenario.headline).saving?;
    let arms = [Arm::of_totals(scenario.headline, configuration.ranges.at(Level::Assumed))];
    let saving = |unknown_age| {
        let other = scenario.with_unknown_age(unknown_age);
        let answered = |requests| progress(Step::Answered(requests));
        let calls = kms_calls(&other, &Engines::of(&other), &arms, 0..1, &answered);
        1.0 - calls[0][0] as f64 / against as f64
    };
    let end = |unknown_age: UnknownAge| (unknown_age.to_string(), saving(unknown_age));
    Some(Swing {
        assumption: UNKNOWN_OBJECTS,
        low: end(UnknownAge::Keyless),
        assumed: (scenario.unknown_age.to_string(), assumed),
        high: end(UnknownAge::OneKey),
    })
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn unknown_objects(log: &Recording, swing: &Swing) -> Warning {
    let share = log.seen.of_unknown as f64 / log.seen.unwraps.max(1) as f64;
    Warning {
        id: "objects-not-in-log",
        what: format!(
            "{} of the requests that read objects' data are for objects whose writing is not in the \
             log; they are taken as `{}`, and the saving is {}: it would be {} if none of them had a \
             bucket key, {} if all of a bucket had the same one",
            percent(share),
            swing.assumed.0,
            percent(swing.assumed.1),
            percent(swing.low.1),
            percent(swing.high.1),
        ),
        advice: "replay logs that reach further back, give an S3 Inventory of the bucket by \
                 `--inventory`, or say how old those objects are by `--unknown-age`, e.g., `30d`",
    }
}

fn warnings(scenario: &Scenario, log: &Recording) -> Vec<Warning> {
    let mut warnings = Vec::new();
    warnings.extend(short_window(scenario));
    if log.seen.writes == 0 {
        warnings.push(Warning {
            id: "no-writes-in-log",
            what: "the log has no write, so no bucket-level key is known to be made in it"
                .to_owned(),
            advice: "replay the logs of whoever writes these buckets, too",
        });
    }
    warnings.extend(sessions(scenario, log));
    warnings.extend(nameless(scenario, log));
    if log.whole_seconds {
        warnings.push(Warning {
            id: "times-to-the-second",
            what: "the log's times are whole seconds: requests of one second are taken as made at \
                   once, writes before reads, so a key may seem to live up to a second longer or \
                   shorter"
                .to_owned(),
            advice: "lifetimes of a few seconds cannot be told from such a log",
        });
    }
    if log.taken.of_trail && log.taken.kms_events == 0 {
        warnings.push(Warning {
            id: "trail-without-kms-events",
            what: "the trail has no KMS events, so nothing in it can confirm these counts"
                .to_owned(),
            advice: "log KMS management events, too (trails may exclude them), and compare",
        });
    }
    warnings.extend(super::kms_events::warnings(scenario, log));
    if log.taken.unknown > 0 {
        warnings.push(Warning {
            id: "unknown-operations",
            what: "the log has operations that bks does not know; they are left out, and named in \
                   left_out.csv"
                .to_owned(),
            advice: "if they read or write objects' data, the figures are too low",
        });
    }
    if log.seen.not_kms > 0 {
        warnings.push(Warning {
            id: "objects-not-under-kms",
            what: format!(
                "{} requests are of objects under SSE-S3 or SSE-C, as the log says: they ask KMS for \
                 nothing in any configuration; objects of which it says nothing are taken to be under KMS",
                log.seen.not_kms
            ),
            advice: "`bks replay --as-kms` counts what they would cost under KMS",
        });
    }
    if log.seen.elsewhere > 0 {
        warnings.push(Warning {
            id: "copies-from-elsewhere",
            what: format!(
                "{} copies have a source that is in no log read; each is counted as one Decrypt call",
                log.seen.elsewhere
            ),
            advice: "replay the source bucket's logs, too",
        });
    }
    warnings
}

/// A counted part that is short against a day, or against how long keys live as is assumed.
fn short_window(scenario: &Scenario) -> Option<Warning> {
    const DAY: SimDuration = SimDuration::from_secs(86_400);
    let counted = scenario.counted();
    let bucket_keys =
        scenario.configurations.iter().filter(|c| c.uses_bucket_keys(&scenario.domains));
    let longest = bucket_keys
        .map(|c| c.ranges.at(Level::Assumed))
        .map(|assumed| assumed.generation_lifetime.max(assumed.cache_lifetime))
        .max()
        .unwrap_or(SimDuration::ZERO);
    if counted >= DAY && counted >= longest.saturating_mul(10) {
        return None;
    }
    let period = scenario.billing.period;
    let times = period.as_secs_f64() / counted.as_secs_f64();
    let lifetimes = if counted < longest.saturating_mul(10) {
        format!(
            ", and keys that live for {longest}, as is assumed, are each made and fetched anew at its \
             start: savings are too low"
        )
    } else {
        String::new()
    };
    Some(Warning {
        id: "short-log",
        what: format!(
            "the log covers {counted}; a bill for {period} takes it {times:.0} times over, with the \
             busy and the quiet hours it happens to have{lifetimes}"
        ),
        advice: "replay a week or more; `--from` lets what lies before it fill the caches",
    })
}

/// Sessions that cannot be told apart where that matters.
fn sessions(scenario: &Scenario, log: &Recording) -> Option<Warning> {
    let by_session = scenario.configurations.iter().any(|c| c.rule == RequesterRule::Session);
    (by_session && log.taken.sessions_by_name > 0).then(|| Warning {
        id: "sessions-by-name",
        what: "the log names sessions but no credentials: sessions of one name, as of many instances \
               or one after the other, count as one, so with a requester for each session there are \
               more KMS requests than this shows"
            .to_owned(),
        advice: "CloudTrail's data events tell sessions apart by access key id",
    })
}

/// Requesters of whom the log does not tell who they are.
fn nameless(scenario: &Scenario, log: &Recording) -> Option<Warning> {
    let mut slot = 0;
    let (mut anonymous, mut canonical) = (0, 0);
    for recorded in &log.principals {
        let slots: Vec<u32> = (slot..slot + recorded.sessions.len() as u32).collect();
        slot += slots.len() as u32;
        if let Identity::Service(name) = &recorded.principal.identity {
            if Recording::is_anonymous(name) {
                anonymous += log.requests_of(&slots);
            } else if Recording::is_canonical(name) {
                canonical += log.requests_of(&slots);
            }
        }
    }
    let all = scenario.expected_requests();
    let share = |count: u64| percent(count as f64 / all);
    (anonymous + canonical > 0).then(|| Warning {
        id: "nameless-requesters",
        what: format!(
            "{} of the requests are anonymous and {} in the name of a canonical user id; each such \
             name counts as one requester (and KMS lets nobody anonymous use a key, so SSE-KMS would \
             refuse those)",
            share(anonymous),
            share(canonical)
        ),
        advice: "find out who they are: several roles behind one id would need a key each",
    })
}
