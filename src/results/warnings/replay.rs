//! What a replayed log cannot tell, and what that does to the answer.

use super::{Found, percent};
use crate::encryption::assumption::Level;
use crate::encryption::requester::RequesterRule;
use crate::harmless_text::named;
use crate::pricing::PriceName;
use crate::recording::Recording;
use crate::recording::left_out::Reason;
use crate::results::result_json::WarningFacts;
use crate::results::rows::SensitivityRow;
use crate::s3::IdentityKind;
use crate::scenario::Scenario;
use crate::scenario::written::{DEFAULT_REGION, KmsKey};
use crate::units::SimDuration;
use crate::units::readable::{dollars, grouped};

/// How far the objects whose writing is not in the log move the saving.
pub(super) fn unknown_objects(log: &Recording, swing: &SensitivityRow) -> WarningFacts {
    let share = log.seen.of_unknown as f64 / log.seen.unwraps.max(1) as f64;
    WarningFacts::new(
        "objects-not-in-log",
        format!(
            "{} of the requests that read objects' data are for objects whose writing is not in the \
             log; they are taken as `{}`, and the saving is {}: it would be {} if none of them had a \
             bucket key, {} if all of a bucket had the same one",
            percent(share),
            swing.assumed,
            percent(swing.saving_at_assumed),
            percent(swing.saving_at_low),
            percent(swing.saving_at_high),
        ),
        "replay logs that reach further back, give an S3 Inventory of the bucket by \
                 `--inventory`, or say how old those objects are by `--unknown-age`, e.g., `30d`",
    )
}

/// Requests of the log that were throttled, and by whom as far as the run tells: KMS, if the run exceeds its quota,
/// else somebody beside it, or S3 itself.
pub(super) fn slow_downs(found: &Found, log: &Recording) -> Option<WarningFacts> {
    let failed = log.left_out.names(Reason::Failed).into_iter();
    let slow_downs = failed.filter(|row| matches!(row.name.as_str(), "SlowDown" | "503"));
    let told: u64 = slow_downs.map(|row| row.records).sum();
    if told == 0 {
        return None;
    }
    let reference = &found.scenario.configurations[found.scenario.reference].name;
    let share = found.assumed().find(|(it, _)| it.name == *reference)?.1.quota_share_max;
    let who = if share > 1.0 {
        format!(
            "the busiest second comes to {} of KMS's quota under `{}`, so KMS throttles, and bucket keys help",
            percent(share),
            named(reference)
        )
    } else {
        format!(
            "the busiest second comes to {} of KMS's quota under `{}`, so the account's other load of KMS takes \
             the rest, or S3 itself throttles, which serves a prefix 5,500 reads and 3,500 writes a second and which \
             bucket keys do not change",
            percent(share),
            named(reference)
        )
    };
    Some(WarningFacts::new(
        "slow-downs-in-log",
        format!(
            "{} requests of the log are answered 503 SlowDown, {} of all: {who}",
            grouped(told),
            percent(told as f64 / found.scenario.expected_requests())
        ),
        "an answer of KMS says \"operations involving AWS KMS\"; say what else calls KMS by \
         `--set billing.background_kms=RATE`",
    ))
}

/// What a log cannot tell.
pub(super) fn of(found: &Found, log: &Recording) -> Vec<WarningFacts> {
    let scenario = found.scenario;
    let mut warnings = Vec::new();
    warnings.extend(short_window(scenario));
    warnings.extend(unknown_ends(found, log));
    warnings.extend(of_writes(log));
    warnings.extend(of_untold(scenario, log));
    if log.seen.writes == 0 {
        warnings.push(WarningFacts::new(
            "no-writes-in-log",
            "the log has no write, so no bucket-level key is known to be made in it",
            "replay the logs of whoever writes these buckets, too",
        ));
    }
    warnings.extend(untold_keys(scenario, log));
    warnings.extend(sessions(scenario, log));
    warnings.extend(nameless(scenario, log));
    if log.whole_seconds {
        warnings.push(WarningFacts::new(
            "times-to-the-second",
            "the log's times are whole seconds: requests of one second are taken as made at \
                   once, writes before reads, so a key may seem to live up to a second longer or \
                   shorter",
            "lifetimes of a few seconds cannot be told from such a log",
        ));
    }
    if log.taken.of_trail && log.taken.kms_events == 0 {
        warnings.push(WarningFacts::new(
            "trail-without-kms-events",
            "the trail has no KMS events, so nothing in it can confirm these counts",
            "log KMS management events, too (trails may exclude them), and compare",
        ));
    }
    warnings.extend(super::kms_events::warnings(log));
    if log.taken.unknown > 0 {
        warnings.push(WarningFacts::new(
            "unknown-operations",
            "the log has operations that bks does not know; they are left out, and named in \
                   left_out.csv",
            "if they read or write objects' data, the figures are too low",
        ));
    }
    if log.seen.not_kms > 0 {
        warnings.push(WarningFacts::new(
            "objects-not-under-kms",
            format!(
                "{} requests are of objects under SSE-S3 or SSE-C, as the log says: they ask KMS for \
                 nothing in any configuration; objects of which it says nothing are taken to be under KMS",
                log.seen.not_kms
            ),
            "`bks replay --as-kms` counts what they would cost under KMS",
        ));
    }
    if log.seen.elsewhere > 0 {
        warnings.push(WarningFacts::new(
            "copies-from-elsewhere",
            format!(
                "{} copies have a source that is in no log read; each is counted as one Decrypt call",
                log.seen.elsewhere
            ),
            "replay the source bucket's logs, too",
        ));
    }
    warnings
}

/// What the writes of a log tell of bucket keys.
pub(super) fn of_writes(log: &Recording) -> impl Iterator<Item = WarningFacts> {
    on_already(log).into_iter().chain(opted_out(log))
}

/// What is taken of regions and encryption where nothing tells of them.
pub(super) fn of_untold(
    scenario: &Scenario,
    log: &Recording,
) -> impl Iterator<Item = WarningFacts> {
    region_assumed(scenario, log).into_iter().chain(encryption_assumed(log))
}

/// Buckets whose prices and quota are those of the region that is taken where none is told.
fn region_assumed(scenario: &Scenario, log: &Recording) -> Option<WarningFacts> {
    let (first, number) = log.region_untold()?;
    let of = scenario.buckets.get(first).filter(|bucket| bucket.region == DEFAULT_REGION)?;
    let more = if number > 1 { format!(" and {} more buckets", number - 1) } else { String::new() };
    Some(WarningFacts::new(
        "region-not-in-log",
        format!(
            "no record tells the region of `{}`{more}: prices and the quota of KMS requests are those of \
             {DEFAULT_REGION}, and most regions' quota is less",
            named(&of.name)
        ),
        format!("where it lies elsewhere, say so: `--set bucket.{first}.region=eu-central-1`"),
    ))
}

/// Objects that are taken to be under SSE-KMS as nothing tells how they are encrypted.
fn encryption_assumed(log: &Recording) -> Option<WarningFacts> {
    log.is_encryption_untold().then(|| {
        WarningFacts::new(
            "encryption-not-in-log",
            "no record tells how objects are encrypted: all are taken to be under SSE-KMS, but those under SSE-S3, S3's \
             default, ask KMS for nothing",
            "look at the bucket's encryption, or give an S3 Inventory by `--inventory`; `--as-kms` says that all are \
             meant to be under KMS",
        )
    })
}

/// Writes that got a bucket key: what is told to be saved may be had.
fn on_already(log: &Recording) -> Option<WarningFacts> {
    let writes = log.taken.bucket_keys;
    (writes > 0).then(|| {
        WarningFacts::new(
            "writes-with-bucket-keys",
            format!(
                "{} writes were answered with a bucket key: bucket keys are on already where they went, so what \
                 turning them on saves may be had already",
                grouped(writes)
            ),
            "set the bill, or the KMS calls of a trail (`bks reconcile`), beside both configurations",
        )
    })
}

/// Writes that no bucket's default changes.
fn opted_out(log: &Recording) -> Option<WarningFacts> {
    let writes = log.taken.opted_out;
    (writes > 0).then(|| {
        WarningFacts::new(
            "writes-without-bucket-key-by-header",
            format!(
                "{} writes have the header `x-amz-server-side-encryption-bucket-key-enabled: false`, which goes before \
                 the bucket's default: turning bucket keys on changes nothing for them, nor for who reads what they wrote",
                grouped(writes)
            ),
            "find who sends the header and remove it; `--ignore-opt-out` counts what that saves",
        )
    })
}

const DAY: SimDuration = SimDuration::from_secs(86_400);

/// A pause is long from this part of a log's length on: what is scaled from it is as uncertain.
const LONG_PAUSE: f64 = 0.02;

/// A log that has long pauses: how much of one lies before its first and after its last record is not known.
fn unknown_ends(found: &Found, log: &Recording) -> Option<WarningFacts> {
    let is_told = ["--from", "--to"].iter().all(|end| log.arguments.iter().any(|it| it == end));
    if is_told || log.arguments.is_empty() {
        return None;
    }
    let counted = found.scenario.counted();
    // Of a shorter one more is said.
    if counted < DAY {
        return None;
    }
    let bin = found.scenario.window().bin;
    let bins = &found.run.baseline(Level::Assumed).bins;
    let pauses = bins.split(|bin| bin.counts.requests > 0).map(<[_]>::len);
    let longest = bin.saturating_mul(pauses.max()? as i64);
    if longest.as_secs_f64() < LONG_PAUSE * counted.as_secs_f64() || longest <= bin {
        return None;
    }
    let period = found.scenario.billing.period;
    Some(WarningFacts::new(
        "ends-not-known",
        format!(
            "the log is taken to cover {counted}, from its first record to its last, but it has pauses of {longest}: \
             if it covers more, what is scaled to {period} is too much"
        ),
        "say which time the logs are of by `--from` and `--to`, e.g., `--from 2026-11-01 --to 2026-11-08`",
    ))
}

/// A counted part that is short against a day, or against how long keys live as is assumed.
fn short_window(scenario: &Scenario) -> Option<WarningFacts> {
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
    Some(WarningFacts::new(
        "short-log",
        format!(
            "the log covers {counted}; a bill for {period} takes it {times:.0} times over, with the \
             busy and the quiet hours it happens to have{lifetimes}"
        ),
        "replay a week or more; `--from` lets what lies before it fill the caches",
    ))
}

/// Buckets of whose KMS keys neither the log nor settings tell: each is taken to have one that costs rent.
fn untold_keys(scenario: &Scenario, log: &Recording) -> Option<WarningFacts> {
    let told = log.kms_keys.first.iter().zip(&scenario.file().buckets);
    let untold = told.filter(|(told, bucket)| {
        told.is_none() && bucket.kms_key.is_none() && bucket.key == KmsKey::CustomerManaged
    });
    let untold = untold.count();
    let rent = scenario.billing.prices.first()?.price(PriceName::KmsKeyMonth);
    (untold > 1).then(|| WarningFacts::new(
        "kms-keys-not-in-log",
        format!(
            "the log does not tell the KMS keys of {} buckets; each is taken to have a customer managed key of its own, \
             which costs {} a month whatever is asked of it",
            grouped(untold as u64),
            dollars(rent.of(1).as_f64())
        ),
        "where they share one, or are under `aws/s3`, name it in settings: `[[bucket]]` with `name`, and `kms_key` or \
         `key = \"aws/s3\"`",
    ))
}

/// Sessions that cannot be told apart where that matters.
fn sessions(scenario: &Scenario, log: &Recording) -> Option<WarningFacts> {
    let by_session = scenario.configurations.iter().any(|c| c.rule == RequesterRule::Session);
    (by_session && log.taken.sessions_by_name > 0).then(|| WarningFacts::new(
        "sessions-by-name",
        "the log names sessions but no credentials: sessions of one name, as of many instances \
               or one after the other, count as one, so with a requester for each session there are \
               more KMS requests than this shows"
            ,
        "CloudTrail's data events tell sessions apart by access key id",
    ))
}

/// Requesters of whom the log does not tell who they are.
fn nameless(scenario: &Scenario, log: &Recording) -> Option<WarningFacts> {
    let mut slot = 0;
    let (mut anonymous, mut canonical) = (0, 0);
    for recorded in &log.principals {
        let slots: Vec<u32> = (slot..slot + recorded.sessions.len() as u32).collect();
        slot += slots.len() as u32;
        if let IdentityKind::Service(name) = &recorded.principal.identity {
            if Recording::is_anonymous(name) {
                anonymous += log.requests_of(&slots);
            } else if Recording::is_canonical(name) {
                canonical += log.requests_of(&slots);
            }
        }
    }
    let all = scenario.expected_requests();
    (anonymous + canonical > 0).then(|| WarningFacts::new(
        "nameless-requesters",
        format!(
            "{} of the requests are anonymous and {} in the name of a canonical user id; each such \
             name counts as one requester (and KMS lets nobody anonymous use a key, so SSE-KMS would \
             refuse those)",
            percent(anonymous as f64 / all),
            percent(canonical as f64 / all)
        ),
        "find out who they are: several roles behind one id would need a key each",
    ))
}
