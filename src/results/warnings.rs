//! What to beware of: what was seen, why it matters, what to do.

use std::borrow::Cow;

mod kms_events;
pub mod replay;

use super::billing;
use super::run::{ConfigurationOutcome, LevelOutcome, PrecisionOutcome};
use crate::encryption::Mode;
use crate::encryption::assumption::Level;
use crate::kms::accounts::AccountRegion;
use crate::migration::payback::Payback;
use crate::pricing::{Bill, PriceName, Sku};
use crate::quota::QuotaEffect;
use crate::scenario::{Population, Scenario};
use crate::shown::named;
use crate::units::{SimDuration, SimTime, Usd, grouped};
use crate::workload::{Traffic, Workload};

/// A thing to beware of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// A short name that does not change between versions.
    pub id: &'static str,
    /// What was seen, and why it matters.
    pub what: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// The warnings that apply.
pub(super) fn of(scenario: &Scenario, configurations: &[ConfigurationOutcome]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if scenario.configurations.iter().any(|c| c.uses_bucket_keys(&scenario.domains)) {
        warnings.extend(never_on(scenario));
        warnings.extend(objects_without_key(scenario, configurations));
        warnings.extend(costs_more(configurations));
    }
    // What follows from bucket-level keys follows only where one is asked for.
    if with_bucket_keys(configurations).any(|c| c.assumed().cloudtrail_events.0 > 0.0) {
        warnings.push(Warning {
            id: "object-arn-policies",
            what: "with bucket keys the encryption context is the bucket's ARN: IAM and key \
                   policies that condition on an object's ARN stop matching"
                .to_owned(),
            advice: "allow both `arn:aws:s3:::BUCKET` and `arn:aws:s3:::BUCKET/*` in \
                     `kms:EncryptionContext:aws:s3:arn` before turning them on",
        });
        warnings.extend(writers_need_decrypt(scenario, configurations));
        warnings.extend(audit(scenario, configurations));
    }
    warnings.extend(throttled(scenario, configurations));
    warnings.extend(scenario.once().filter_map(|workload| not_whole(scenario, workload)));
    warnings.extend(broken_cycle(scenario));
    warnings.extend(configurations.iter().filter_map(|it| not_paid_back(scenario, it)));
    if configurations.iter().any(|c| c.mode == Mode::DsseKms) {
        warnings.push(Warning {
            id: "dsse-lower-bound",
            what: "AWS says DSSE-KMS makes more KMS requests than SSE-KMS but not how many: the \
                   figures are a lower bound"
                .to_owned(),
            advice: "measure a day of CloudTrail events before relying on them",
        });
    }
    if scenario.replications < 2 {
        warnings.push(Warning {
            id: "one-replication",
            what: "a single replication gives no confidence half-width".to_owned(),
            advice: "run with `--replications 10`",
        });
    }
    warnings
}

/// Savings that are less precise than was asked for.
pub(super) fn imprecise(precision: &PrecisionOutcome, replications: u32) -> Option<Warning> {
    let reached = precision.reached.filter(|_| !precision.met())?;
    let so_far = if reached.is_finite() {
        format!("the greatest half-width of a saving is {:.3} points", reached * 100.0)
    } else {
        "a saving has no half-width".to_owned()
    };
    Some(Warning {
        id: "precision-not-reached",
        what: format!(
            "after {replications} replications, the most that may be run, {so_far}; {} were asked for",
            precision.asked.points()
        ),
        advice: "allow more with `max_replications`, simulate a longer `duration`, or ask for less",
    })
}

/// Configurations whose buckets are to have bucket keys.
fn with_bucket_keys(
    configurations: &[ConfigurationOutcome],
) -> impl Iterator<Item = &ConfigurationOutcome> {
    configurations.iter().filter(|c| c.mode == Mode::SseKmsBucketKey)
}

/// Writers for whom S3 makes bucket-level keys, if it may verify them.
fn writers_need_decrypt(
    scenario: &Scenario,
    configurations: &[ConfigurationOutcome],
) -> Option<Warning> {
    let verifies = scenario
        .configurations
        .iter()
        .filter(|c| c.mode == Mode::SseKmsBucketKey)
        .any(|c| c.ranges.at(Level::Low).verify_on_write > 0);
    let made = with_bucket_keys(configurations).any(|c| c.assumed().keys_generated > 0.0);
    (verifies && made).then(|| Warning {
        id: "writers-need-decrypt",
        what: "if S3 verifies a new bucket-level key by Decrypt (documented for replicas, inferred for \
               other writers), whoever only writes needs `kms:Decrypt` too"
            .to_owned(),
        advice: "add `kms:Decrypt` to writers' policies",
    })
}

/// Whether objects without a bucket key are unwrapped under any of the configurations that do not
/// re-encrypt them. What makes a key of an object's own is no unwrapping.
fn reads_keyless(scenario: &Scenario, configurations: &[ConfigurationOutcome]) -> bool {
    let unwrapped = |c: &ConfigurationOutcome| {
        let level = c.assumed();
        let [generate, _, encrypt] = level.kms_by_api;
        let own_keys = generate + encrypt - level.keys_generated;
        level.cloudtrail_events.1 - own_keys
    };
    let all = scenario.configurations.iter().zip(configurations);
    let mut lasting = all.filter(|(c, _)| c.mode == Mode::SseKmsBucketKey && !c.migrated);
    lasting.any(|(_, counted)| unwrapped(counted) > 0.0)
}

/// Populations that are read and hold objects without a bucket key.
fn objects_without_key(
    scenario: &Scenario,
    configurations: &[ConfigurationOutcome],
) -> Option<Warning> {
    let read = |index: usize| {
        let reads = scenario.workloads.iter().filter_map(|workload| workload.reads.as_ref());
        let mut sources = reads.filter_map(|reads| reads.population.as_ref());
        sources.any(|source| source.population as usize == index)
    };
    let has_keyless = |population: &Population| {
        let domain = scenario.domain_of(population);
        let since = domain.keys_since;
        let by_age = || {
            since >= SimTime::ZERO || population.age.cdf(SimTime::ZERO.since(since)) < 1.0 - 1e-9
        };
        !domain.directory
            && match domain.encryption {
                // What is told to be under another encryption needs no bucket key, or has one.
                Some(mode) => mode == Mode::SseKms,
                None => by_age(),
            }
    };
    let old: Vec<Cow<str>> = scenario
        .populations
        .iter()
        .enumerate()
        .filter(|(index, population)| read(*index) && has_keyless(population))
        .map(|(_, population)| named(&population.name))
        .collect();
    let has_sse_s3 = scenario.configurations.iter().any(|c| c.mode == Mode::SseS3);
    (!old.is_empty() && reads_keyless(scenario, configurations)).then(|| Warning {
        id: "objects-without-key",
        what: format!(
            "objects written before bucket keys were on (`{}`) have none: every read of them still \
             calls KMS",
            old.join("`, `")
        ),
        advice: if has_sse_s3 {
            "if they are under SSE-S3 today, say so by `encryption_before = \"sse-s3\"` of the \
             bucket: then they never call KMS; else re-encrypt those that are read, and compare \
             with a configuration that has `migrated = true`"
        } else {
            "re-encrypt those that are read (UpdateObjectEncryption, or copy); compare with a \
             configuration that has `migrated = true`"
        },
    })
}

fn costs_more(configurations: &[ConfigurationOutcome]) -> Option<Warning> {
    let dearer: Vec<Cow<str>> = configurations
        .iter()
        .filter(|c| c.mode == Mode::SseKmsBucketKey)
        .filter(|c| c.assumed().saving.is_some_and(|saving| saving.mean < 0.0))
        .map(|c| named(&c.name))
        .collect();
    (!dearer.is_empty()).then(|| Warning {
        id: "costs-more",
        what: format!(
            "if S3 verifies new keys as assumed, with `{}` KMS is called more often than without bucket \
             keys: writes are so sparse that each makes a new key, and S3 would verify it by Decrypt \
             (documented for replicas, inferred for other writers)",
            dearer.join("`, `")
        ),
        advice: "leave bucket keys off for this traffic, or write from fewer requesters",
    })
}

fn audit(scenario: &Scenario, configurations: &[ConfigurationOutcome]) -> Option<Warning> {
    let terms = &scenario.billing.terms;
    if terms.data_events || scenario.billing.object_audit {
        return None;
    }
    let requests = &configurations[scenario.headline].assumed().requests_in_period;
    let events = billing::data_events(scenario, requests);
    let prices = &scenario.billing.prices;
    let cost = if prices.iter().all(|prices| prices.has(PriceName::CloudTrailDataEvent)) {
        let of_region = |(&events, prices)| {
            Bill::of_charges([(Sku::CloudTrailDataEvents, events)], prices, terms).total()
        };
        let cost: Usd = events.iter().zip(prices).map(of_region).sum();
        let decimals = if cost.as_f64() < 0.01 { 6 } else { 2 };
        format!("would cost about ${:.decimals$} in the billing period", cost.as_f64())
    } else {
        let events: u64 = events.iter().sum();
        format!("would be {events} in the billing period, but their price is not given")
    };
    Some(Warning {
        id: "audit-by-object",
        what: format!(
            "with bucket keys CloudTrail's KMS events name the bucket, not the object; S3 data \
             events for this traffic {cost}"
        ),
        advice: "if the audit needs objects, turn on S3 data events and see what is left of the \
                 saving by `--set billing.object_audit=true`",
    })
}

/// Configurations whose calls the quota holds back, and whether they are ever answered.
fn throttled(scenario: &Scenario, configurations: &[ConfigurationOutcome]) -> Option<Warning> {
    let over: Vec<String> = configurations
        .iter()
        .filter(|c| c.assumed().quota.throttled_s > 0)
        .map(|c| {
            let effects = held_back(&c.assumed().quota);
            format!("`{}` ({}{effects})", named(&c.name), whose(scenario, c.assumed()))
        })
        .collect();
    let grows = configurations.iter().any(|c| c.assumed().quota.grows);
    (!over.is_empty()).then(|| Warning {
        id: "quota-exceeded",
        what: format!("S3 answers 503 SlowDown when KMS throttles: {}", over.join(", ")),
        advice: if grows {
            "ask for a higher KMS request quota: spreading peaks does not help where calls come at it \
             all the time"
        } else {
            "ask for a higher KMS request quota, or spread the peaks"
        },
    })
}

/// Whose quota is strained most, where there are several.
fn whose(scenario: &Scenario, level: &LevelOutcome) -> String {
    let over = level.accounts.iter().filter(|account| account.quota.throttled_s > 0).count();
    let most = level.accounts.iter().find(|account| account.quota == level.quota);
    match most {
        Some(most) if level.accounts.len() > 1 => {
            let AccountRegion { account, region } = &scenario.accounts.list[most.number];
            let others = match over {
                0 | 1 => String::new(),
                2 => ", and one other".to_owned(),
                over => format!(", and {} others", over - 1),
            };
            format!("account {account} in {region}{others}: ")
        }
        _ => String::new(),
    }
}

/// For how long calls are held back, and whether the queue drains.
fn held_back(quota: &QuotaEffect) -> String {
    let seconds = grouped(quota.throttled_s);
    let unanswered = grouped(quota.left_over);
    match quota.wait_max_s {
        None => format!(
            "in {seconds} s calls are held back and none is ever answered, as the quota leaves them \
             nothing: the queue grows without end, {unanswered} are unanswered at the end of the run"
        ),
        Some(wait) if quota.grows => format!(
            "in {seconds} s calls are held back and the queue grows without end: {unanswered} are \
             unanswered at the end of the run, and of the calls made in it the longest waits {} s",
            grouped(wait)
        ),
        Some(wait) if quota.left_over > 0 => format!(
            "in {seconds} s calls are held back, the longest waits {} s; {unanswered} are unanswered \
             at the end of the run",
            grouped(wait)
        ),
        Some(wait) => {
            format!("in {seconds} s calls are held back, the longest waits {} s", grouped(wait))
        }
    }
}

/// A migration that is not known to be paid back.
fn not_paid_back(scenario: &Scenario, configuration: &ConfigurationOutcome) -> Option<Warning> {
    let migration = configuration.migration.as_ref()?;
    let cost = migration.bill.total().as_f64();
    let start = format!("the migration of `{}`, ${cost:.2} once,", named(&configuration.name));
    match migration.payback {
        Payback::After { .. } => None,
        Payback::Never { share: 0.0 } => Some(Warning {
            id: "migration-never-pays",
            what: format!("{start} saves nothing beyond the same configuration without it"),
            advice: "leave the objects as they are",
        }),
        Payback::Never { share } => Some(Warning {
            id: "migration-never-pays",
            what: format!(
                "{start} is never paid back: what it saves beyond the same configuration without it comes \
                 to {} of that at the most, in all time to come, by the ages of what is read",
                percent(share)
            ),
            advice: "leave the objects as they are: newer ones take their place",
        }),
        Payback::Unknown { share, run_s } => {
            let run = SimDuration::from_secs_f64(run_s);
            let length = match scenario.recording {
                Some(_) => format!("a log of {run}"),
                None => format!("a run of {run} (`--set duration={run}`)"),
            };
            Some(Warning {
                id: "migration-payback-unknown",
                what: format!(
                    "{start} may or may not be paid back: {} came back within this run, and what it saves \
                     beyond the same configuration without it dwindles; at the least {length} is needed to \
                     know",
                    percent(share)
                ),
                advice: "do not take the run's saving further than the run",
            })
        }
    }
}

/// A share in percent.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A job that happens once and does not lie within the counted part of the run.
fn not_whole(scenario: &Scenario, workload: &Workload) -> Option<Warning> {
    let Traffic::Jobs(jobs) = &workload.traffic else { return None };
    let (begins, ends) = jobs.first_span();
    let (from, end) = (scenario.counted_from, scenario.end);
    let name = named(&workload.name);
    let (what, advice) = if begins < from {
        (
            format!(
                "`{name}` happens once and begins at {}, within the warm-up of {}: what it does there \
                 is neither counted nor billed",
                begins.since(SimTime::ZERO),
                scenario.counted_from
            ),
            "set the `offset` of its `jobs` to the `warm_up`, or leave out the warm-up",
        )
    } else if ends > end {
        (
            format!(
                "`{name}` happens once and takes until about {}, beyond the run's end at {}: what it does \
                 after that is neither counted nor billed",
                ends.since(SimTime::ZERO),
                scenario.duration()
            ),
            "make `duration` longer",
        )
    } else {
        return None;
    };
    Some(Warning { id: "once-not-whole", what, advice })
}

/// Buckets in which bucket keys are turned on only after the run.
fn never_on(scenario: &Scenario) -> Option<Warning> {
    let buckets = scenario.domains.iter().zip(&scenario.buckets);
    let late: Vec<Cow<str>> = buckets
        .filter(|(bucket, _)| !bucket.directory && bucket.keys_since >= scenario.end)
        .map(|(_, written)| named(&written.name))
        .collect();
    (!late.is_empty()).then(|| Warning {
        id: "bucket-keys-never-on",
        what: format!(
            "in `{}` bucket keys are turned on only after the run, so nothing is saved",
            late.join("`, `")
        ),
        advice: "in the table of each such bucket write `bucket_keys_since = \"0s\"`, or `\"always\"`",
    })
}

/// Workloads that follow a cycle of which the counted part is no whole number: scaled to the billing
/// period they count too much or too little of it.
fn broken_cycle(scenario: &Scenario) -> Option<Warning> {
    let counted = scenario.counted().as_nanos();
    let broken: Vec<String> = scenario
        .workloads
        .iter()
        .filter_map(|workload| Some((&workload.name, workload.cycle()?)))
        .filter(|(_, cycle)| counted % cycle.as_nanos() != 0)
        .map(|(name, cycle)| format!("`{}` ({cycle})", named(name)))
        .collect();
    (!broken.is_empty()).then(|| Warning {
        id: "counted-part-breaks-a-cycle",
        what: format!(
            "{} are counted, no whole number of the cycles of {}, so what is scaled to {} has too \
             much or too little of them",
            scenario.counted(),
            broken.join(", "),
            scenario.billing.period
        ),
        advice: "make `duration` less `warm_up` a multiple of the cycles, e.g., 25h with 1h of warm-up",
    })
}
