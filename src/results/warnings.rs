//! What to beware of: what was seen, why it matters, what to do.

mod kms_events;
mod quota;
mod replay;

use std::borrow::Cow;

use super::migration::old_reads::{OldReads, has_keyless};
use super::result_json::{WarningFacts, precision_reached};
use super::rows::{AccountRow, SummaryRow, UNKNOWN_OBJECTS};
use super::run::Run;
use crate::encryption::Mode;
use crate::encryption::assumption::Level;
use crate::harmless_text::{few, named};
use crate::migration::payback::Payback;
use crate::pricing::{Bill, Certainty, PriceEntry, PriceName, PriceTable, Sku};
use crate::recording::LONGEST;
use crate::s3::partition_of;
use crate::scenario::written::DEFAULT_REGION;
use crate::scenario::{Configuration, Scenario};
use crate::units::readable::{dollars, grouped};
use crate::units::{SimDuration, SimTime, Usd, least_common_multiple};
use crate::workload::{Traffic, Workload};

/// What warnings are made from.
struct Found<'a> {
    run: &'a Run<'a>,
    scenario: &'a Scenario,
    summary: &'a [SummaryRow],
    accounts: &'a [AccountRow],
}

impl Found<'_> {
    /// Each configuration with its figures at the assumed level.
    fn assumed(&self) -> impl Iterator<Item = (&Configuration, &SummaryRow)> {
        let assumed = self.summary.iter().filter(|row| row.assumption == Level::Assumed);
        self.scenario.configurations.iter().zip(assumed)
    }

    /// The same of configurations whose buckets are to have bucket keys.
    fn with_bucket_keys(&self) -> impl Iterator<Item = (&Configuration, &SummaryRow)> {
        self.assumed().filter(|(configuration, _)| configuration.mode == Mode::SseKmsBucketKey)
    }
}

/// The warnings that apply.
pub(super) fn of(run: &Run, summary: &[SummaryRow], accounts: &[AccountRow]) -> Vec<WarningFacts> {
    let scenario = run.scenario;
    let found = Found { run, scenario, summary, accounts };
    let mut warnings = Vec::new();
    let swing = run.swings.iter().find(|swing| swing.assumption == UNKNOWN_OBJECTS);
    if let (Some(log), Some(swing)) = (&scenario.recording, swing) {
        warnings.push(replay::unknown_objects(log, swing));
    }
    if scenario.configurations.iter().any(|c| c.uses_bucket_keys(&scenario.domains)) {
        warnings.extend(never_on(scenario));
        warnings.extend(objects_without_key(&found));
        warnings.extend(first_days(scenario).filter(|_| reads_keyless(&found)));
        warnings.extend(costs_more(&found));
    }
    // What follows from bucket-level keys follows only where one is asked for.
    if found.with_bucket_keys().any(|(_, row)| row.cloudtrail_events_bucket_arn > 0.0) {
        let bucket = format!("arn:{}:s3:::BUCKET", partition_of(&scenario.buckets[0].region));
        warnings.push(WarningFacts::new(
            "object-arn-policies",
            "with bucket keys the encryption context is the bucket's ARN: IAM and key policies that \
             condition on an object's ARN stop matching",
            format!(
                "let `bks lint FILES` find such policies, and allow both `{bucket}` and `{bucket}/*` in \
                 `kms:EncryptionContext:aws:s3:arn` before turning them on"
            ),
        ));
        warnings.extend(writers_need_decrypt(&found));
        warnings.extend(audit(&found));
    }
    warnings.extend(prices_of_many(scenario));
    warnings.extend(quota::exceeded(&found));
    warnings.extend(quota::failing(&found));
    warnings.extend(quota::prefix_limit(&found));
    warnings.extend(of_traffic(scenario));
    warnings.extend((0..run.migrations.len()).filter_map(|index| not_paid_back(run, index)));
    if scenario.configurations.iter().any(|c| c.mode == Mode::DsseKms) {
        warnings.push(WarningFacts::new(
            "dsse-lower-bound",
            "AWS says DSSE-KMS makes more KMS requests than SSE-KMS but not how many: the figures are a \
             lower bound",
            "measure a day of CloudTrail events before relying on them",
        ));
    }
    if scenario.replications < 2 {
        warnings.push(WarningFacts::one_replication());
    }
    warnings.extend(imprecise(&found));
    if let Some(log) = &scenario.recording {
        warnings.extend(replay::slow_downs(&found, log));
        warnings.extend(replay::of(&found, log));
    }
    warnings
}

/// The warnings that need no run: what is scaled to the billing period does not stand for it.
pub(crate) fn of_scenario(scenario: &Scenario) -> Vec<WarningFacts> {
    let mut warnings = Vec::new();
    if let Some(log) = &scenario.recording {
        warnings.extend(replay::of_writes(log));
        warnings.extend(replay::of_untold(scenario, log));
    }
    if scenario.configurations.iter().any(|c| c.uses_bucket_keys(&scenario.domains)) {
        warnings.extend(first_days(scenario));
    }
    warnings.extend(of_traffic(scenario));
    warnings
}

/// Traffic of which the counted part is not a whole.
fn of_traffic(scenario: &Scenario) -> impl Iterator<Item = WarningFacts> {
    let once = scenario.once().filter_map(|workload| not_whole(scenario, workload));
    let again = scenario.workloads.iter().filter_map(|workload| past_the_end(scenario, workload));
    once.chain(broken_cycle(scenario)).chain(again)
}

/// Prices that are a thousand times AWS's and more: no region's differ so, but a price of ten thousand requests that
/// is taken for that of one does.
fn prices_of_many(scenario: &Scenario) -> Option<WarningFacts> {
    const TIMES: f64 = 1_000.0;
    let list = PriceTable::for_region(DEFAULT_REGION).ok()?;
    let entries = scenario.billing.prices.iter().flat_map(PriceTable::entries);
    let given = entries.filter(|entry| entry.certainty == Certainty::Given && list.has(entry.name));
    let mut odd = Vec::new();
    for PriceEntry { name, price, .. } in given {
        let times = price.unit().as_f64() / list.price(*name).unit().as_f64();
        if times >= TIMES {
            let times = grouped(times.round() as u64);
            odd.push(format!(
                "`{name}` is \"{price}\", {times} times what AWS asks in {DEFAULT_REGION}"
            ));
        }
    }
    (!odd.is_empty()).then(|| {
        WarningFacts::new(
            "price-of-many",
            odd.join(", "),
            "say for how many it is, as AWS's list does: `kms_request = \"$0.03 per 10000\"`",
        )
    })
}

/// Savings that are less precise than was asked for.
fn imprecise(found: &Found) -> Option<WarningFacts> {
    let asked = found.scenario.precision?;
    let reached = precision_reached(found.summary)?;
    if asked.is_met_by(Some(reached)) {
        return None;
    }
    let so_far = if reached.is_finite() {
        format!("the greatest half-width of a saving is {:.3} points", reached * 100.0)
    } else {
        "a saving has no half-width".to_owned()
    };
    Some(WarningFacts::new(
        "precision-not-reached",
        format!(
            "after {} replications, the most that may be run, {so_far}; {} was requested",
            found.run.counted.replications(),
            asked.points()
        ),
        "allow more with `max_replications`, simulate a longer `duration`, or ask for less",
    ))
}

/// Writers for whom S3 makes bucket-level keys, if it may verify them.
fn writers_need_decrypt(found: &Found) -> Option<WarningFacts> {
    let verifies = found
        .with_bucket_keys()
        .any(|(configuration, _)| configuration.ranges.at(Level::Low).verify_on_write > 0);
    let made = found.with_bucket_keys().any(|(_, row)| row.bucket_keys_generated > 0.0);
    (verifies && made).then(|| WarningFacts::new(
        "writers-need-decrypt",
        "if S3 verifies a new bucket-level key by Decrypt (documented for replicas, inferred for other \
         writers), whoever only writes needs `kms:Decrypt` too",
        "add `kms:Decrypt` to writers' policies; `bks lint FILES` finds writers without it",
    ))
}

/// Whether objects without a bucket key are unwrapped under any of the configurations that do not
/// re-encrypt them.
fn reads_keyless(found: &Found) -> bool {
    let mut lasting = found.with_bucket_keys().filter(|(configuration, _)| !configuration.migrated);
    lasting.any(|(_, row)| {
        // What makes a key of an object's own is no unwrapping.
        let own_keys = row.generate_data_key + row.encrypt - row.bucket_keys_generated;
        row.cloudtrail_events_object_arn - own_keys > 0.0
    })
}

/// Whether a workload reads the population with that index.
fn is_read(scenario: &Scenario, index: usize) -> bool {
    let reads = scenario.workloads.iter().filter_map(|workload| workload.reads.as_ref());
    let mut sources = reads.filter_map(|reads| reads.population.as_ref());
    sources.any(|source| source.population as usize == index)
}

/// Populations that are read and hold objects without a bucket key.
fn objects_without_key(found: &Found) -> Option<WarningFacts> {
    let scenario = found.scenario;
    let populations = scenario.populations.iter().enumerate();
    let old: Vec<String> = populations
        .filter(|(index, it)| is_read(scenario, *index) && has_keyless(scenario, it))
        .map(|(_, population)| format!("`{}`", named(&population.name)))
        .collect();
    if old.is_empty() || !reads_keyless(found) {
        return None;
    }
    let has_sse_s3 = scenario.configurations.iter().any(|c| c.mode == Mode::SseS3);
    Some(WarningFacts::new(
        "objects-without-key",
        format!(
            "objects written before bucket keys were on ({}) have none: every read of them still \
             calls KMS",
            few(&old)
        ),
        if has_sse_s3 {
            "if they are under SSE-S3 today, say so by `encryption_before = \"sse-s3\"` of the \
             bucket: then they never call KMS; else re-encrypt those that are read, and compare \
             with a configuration that has `migrated = true`"
        } else {
            "re-encrypt those that are read (UpdateObjectEncryption, or copy); compare with a \
             configuration that has `migrated = true`"
        },
    ))
}

/// Least part of the reads that wanders for it to be told.
const WANDERS: f64 = 0.02;

/// A run that is shorter than what it is scaled to, in which what is read moves on to objects with bucket keys.
fn first_days(scenario: &Scenario) -> Option<WarningFacts> {
    if scenario.recording.is_some() {
        return None;
    }
    let [from_s, end_s] =
        [scenario.counted_from, scenario.end].map(|time| time.since(SimTime::ZERO).as_secs_f64());
    let period_s = scenario.billing.period.as_secs_f64();
    let old = OldReads::without_key(scenario);
    let [counted, later] = [old.share(from_s, end_s), old.share(from_s, from_s + period_s)];
    if end_s - from_s >= period_s || counted - later < WANDERS {
        return None;
    }
    let period = scenario.billing.period;
    Some(WarningFacts::new(
        "only-the-first-days",
        format!(
            "in the {} that are counted {} of the reads of old and new objects together are of old ones, which have \
             no bucket key, but in {period} {}: the saving is that of the first days, and scaled to {period} it is \
             too small",
            scenario.counted(),
            percent(counted),
            percent(later)
        ),
        format!(
            "see each month by `bks migrate`, or run the whole time by `--set duration={}`",
            SimDuration::from_secs_f64(period_s + from_s)
        ),
    ))
}

fn costs_more(found: &Found) -> Option<WarningFacts> {
    let dearer: Vec<Cow<str>> = found
        .with_bucket_keys()
        .filter(|(_, row)| row.saving_ratio.is_some_and(|saving| saving < 0.0))
        .map(|(configuration, _)| named(&configuration.name))
        .collect();
    (!dearer.is_empty()).then(|| WarningFacts::new(
        "costs-more",
        format!(
            "if S3 verifies new keys as assumed, with `{}` KMS is called more often than without bucket \
             keys: writes are so sparse that each makes a new key, and S3 would verify it by Decrypt \
             (documented for replicas, inferred for other writers)",
            dearer.join("`, `")
        ),
        "leave bucket keys off for this traffic, or write from fewer requesters",
    ))
}

fn audit(found: &Found) -> Option<WarningFacts> {
    let scenario = found.scenario;
    let terms = &scenario.billing.terms;
    if terms.data_events || scenario.billing.object_audit {
        return None;
    }
    let headline = found.run.counted.at(scenario.headline, Level::Assumed);
    let events = headline.billable.data_events(scenario);
    let prices = &scenario.billing.prices;
    let cost = if prices.iter().all(|prices| prices.has(PriceName::CloudTrailDataEvent)) {
        let regions = events.iter().zip(prices);
        let bills = regions.map(|(&events, prices)| {
            Bill::of_charges([(Sku::CloudTrailDataEvents, events)], prices, terms)
        });
        let cost: Usd = bills.map(|bill| bill.total()).sum();
        format!("would cost about {} in the billing period", dollars(cost.as_f64()))
    } else {
        let events: u64 = events.iter().sum();
        let events = grouped(events);
        format!("would be {events} in the billing period, but their price is not given")
    };
    Some(WarningFacts::new(
        "audit-by-object",
        format!(
            "with bucket keys CloudTrail's KMS events name the bucket, not the object; S3 data \
             events for this traffic {cost}"
        ),
        "if the audit needs objects, turn on S3 data events and see what is left of the saving by \
         `--set billing.object_audit=true`",
    ))
}

/// A migration that is not known to be paid back.
fn not_paid_back(run: &Run, index: usize) -> Option<WarningFacts> {
    const NEVER: &str = "migration-never-pays";
    let migration = run.migrations[index].as_ref()?;
    let cost = migration.bill.total().as_f64();
    let name = named(&run.scenario.configurations[index].name);
    let start = format!("the migration of `{name}`, {} once,", dollars(cost));
    Some(match migration.payback {
        Payback::After { .. } => return None,
        Payback::Never { share: 0.0 } => WarningFacts::new(
            NEVER,
            format!("{start} saves nothing beyond the same configuration without it"),
            "leave the objects as they are",
        ),
        Payback::Never { share } => WarningFacts::new(
            NEVER,
            format!(
                "{start} is never paid back: what it saves beyond the same configuration without it comes \
                 to {} of that at the most, in all time to come, by the ages of what is read",
                percent(share)
            ),
            "leave the objects as they are: newer ones take their place",
        ),
        Payback::Unknown { share, run_s } => {
            let span = SimDuration::from_secs_f64(run_s);
            let length = match run.scenario.recording {
                Some(_) => format!("a log of {span}"),
                None => format!("a run of {span} (`--set duration={span}`)"),
            };
            WarningFacts::new(
                "migration-payback-unknown",
                format!(
                    "{start} may or may not be paid back: {} came back within this run, and what it saves \
                     beyond the same configuration without it dwindles; at the least {length} is needed to \
                     know",
                    percent(share)
                ),
                "do not take the run's saving further than the run",
            )
        }
    })
}

/// A share in percent.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A job that happens once and does not lie within the counted part of the run.
fn not_whole(scenario: &Scenario, workload: &Workload) -> Option<WarningFacts> {
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
    Some(WarningFacts::new("once-not-whole", what, advice))
}

/// A job that recurs and goes on past the end of the run, while the one before the run is missing from its beginning.
fn past_the_end(scenario: &Scenario, workload: &Workload) -> Option<WarningFacts> {
    let Traffic::Jobs(jobs) = &workload.traffic else { return None };
    let (every, counted) = (jobs.every?, scenario.counted());
    let (begins, ends) = jobs.first_span();
    let starts = i64::try_from(jobs.starts(scenario.duration())).ok()?;
    let last = every.saturating_mul((starts - 1).max(0));
    // What it leaves beyond the end stands at the beginning if the same job a counted part earlier was run.
    let has_one_before = last >= counted || workload.since <= begins + last - counted;
    if starts == 0 || ends + last <= scenario.end || has_one_before {
        return None;
    }
    let name = named(&workload.name);
    Some(WarningFacts::new(
        "job-passes-the-end",
        format!(
            "the last job of `{name}` takes until about {}, beyond the run's end at {}, and what is left of the job \
             before the run is missing at its beginning: too little of it is counted",
            (ends + last).since(SimTime::ZERO),
            scenario.duration()
        ),
        format!(
            "write `since = \"-{every}\"` in its `[[workload]]`, so that there is a job before the run, or add \
             `warm_up = \"{every}\"` and as much to `duration`"
        ),
    ))
}

/// Buckets in which bucket keys are turned on only after the run.
fn never_on(scenario: &Scenario) -> Option<WarningFacts> {
    let buckets = scenario.domains.iter().zip(&scenario.buckets);
    let late: Vec<String> = buckets
        .filter(|(bucket, _)| !bucket.directory && bucket.keys_since >= scenario.end)
        .map(|(_, written)| format!("`{}`", named(&written.name)))
        .collect();
    (!late.is_empty()).then(|| {
        WarningFacts::new(
            "bucket-keys-never-on",
            format!(
                "in {} bucket keys are turned on only after the run, so nothing is saved",
                few(&late)
            ),
            "in the table of each such bucket write `bucket_keys_since = \"0s\"` for the start of the run, `\"-30d\"` for 30 \
             days before it, or `\"always\"`",
        )
    })
}

/// Workloads that follow a cycle of which the counted part is no whole number: scaled to the billing
/// period they count too much or too little of it.
fn broken_cycle(scenario: &Scenario) -> Option<WarningFacts> {
    let counted = scenario.counted().as_nanos();
    let broken: Vec<String> = scenario
        .workloads
        .iter()
        .filter_map(|workload| Some((&workload.name, workload.cycle()?)))
        .filter(|(_, cycle)| counted % cycle.as_nanos() != 0)
        .map(|(name, cycle)| format!("`{}` ({cycle})", named(name)))
        .collect();
    (!broken.is_empty()).then(|| WarningFacts::new(
        "counted-part-breaks-a-cycle",
        format!(
            "{} are counted, no whole number of the cycles of {}, so what is scaled to {} has too \
             much or too little of them",
            scenario.counted(),
            few(&broken),
            scenario.billing.period
        ),
        whole_cycles(scenario),
    ))
}

/// How to count a whole number of all cycles.
fn whole_cycles(scenario: &Scenario) -> String {
    const WHAT: &str = "make `duration` less `warm_up` a multiple of the cycles";
    let cycles = scenario.workloads.iter().filter_map(Workload::cycle);
    let all = cycles.map(|cycle| u128::from(cycle.as_nanos().unsigned_abs()));
    let together = all.fold(1, least_common_multiple);
    let counted = u128::from(scenario.counted().as_nanos().unsigned_abs());
    let warm_up = scenario.counted_from.since(SimTime::ZERO);
    let whole = i64::try_from(counted.div_ceil(together).saturating_mul(together)).ok();
    let duration = whole.and_then(|whole| whole.checked_add(warm_up.as_nanos()));
    match duration.map(SimDuration::from_nanos) {
        Some(duration) if duration <= LONGEST => {
            format!("{WHAT}, e.g., by `--set duration={duration}`")
        }
        _ => format!("{WHAT}; no run of at most {LONGEST} has a whole number of all of them"),
    }
}
