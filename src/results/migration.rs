//! What a migration costs, what it saves, and when that has paid for it.
//!
//! - here: that of a run's configuration;
//! - `old_reads`: how long what is there is still read;
//! - [`ways`]: all ways of migrating, side by side;
//! - [`rows`]: their tables.

pub(super) mod old_reads;
pub mod rows;
pub mod ways;

use super::arms::Counted;
use super::billing;
use super::counts::ArmCounts;
use crate::encryption::Mode;
use crate::encryption::assumption::Level;
use crate::inventory::tally::ObjectKind;
use crate::inventory::{BucketKeyStatus, EncryptionStatus, VersionKind};
use crate::migration::one_off::OneOff;
use crate::migration::payback::{Onward, Payback, Savings};
use crate::migration::reach::MigrationMethod;
use crate::migration::stored::StoredObjects;
use crate::pricing::Bill;
use crate::scenario::{Configuration, Population, Scenario};
use crate::units::{SimDuration, SimTime};
use old_reads::OldReads;

/// The same configuration, its objects as they are.
pub(super) fn unmigrated(migrated: &Configuration) -> Configuration {
    Configuration {
        migrated: false,
        migrated_only: Vec::new(),
        migrated_younger_than: None,
        ..migrated.clone()
    }
}

/// Whether a configuration is another one without its migration.
pub(super) fn is_unmigrated(candidate: &Configuration, migrated: &Configuration) -> bool {
    !candidate.migrated
        && (candidate.mode, candidate.rule, candidate.ranges)
            == (migrated.mode, migrated.rule, migrated.ranges)
}

/// What re-encrypting the existing objects costs, and whether it pays.
pub(super) struct Migration {
    /// The bill, once.
    pub(super) bill: Bill,
    /// When what it saves beyond the same configuration without it has paid for it.
    pub(super) payback: Payback,
}

impl Migration {
    /// That of the configuration with that index; `None` if it has none.
    pub(super) fn of(scenario: &Scenario, counted: &Counted, index: usize) -> Option<Self> {
        let migrated = &scenario.configurations[index];
        if !migrated.migrated {
            return None;
        }
        let bill = one_off(scenario, MigrationMethod::Update, migrated).bill;
        let after = counted.at(index, Level::Assumed);
        let before = counted.unmigrated(index).unwrap_or(after);
        let payback = payback(scenario, migrated, bill.total().as_f64(), before, after);
        Some(Self { bill, payback })
    }
}

/// What it costs to migrate what a configuration does, region by region; S3 makes the list of objects.
fn one_off(scenario: &Scenario, operation: MigrationMethod, migrated: &Configuration) -> OneOff {
    let populations = scenario.migrating(migrated);
    let all: Vec<(usize, StoredObjects)> = populations
        .map(|population| {
            let objects = migrated.objects_migrated(scenario, population);
            let region = scenario.accounts.region_of_bucket(population.bucket as usize);
            (region, stored(scenario, population).part(objects))
        })
        .collect();
    let prices = scenario.billing.prices.iter().enumerate();
    OneOff::of_regions(prices.map(|(region, prices)| {
        let here = all.iter().filter(|(lies_in, _)| *lies_in == region).map(|(_, it)| it);
        OneOff::of(operation, here, true, (prices, &scenario.billing.terms))
    }))
}

/// A population as a migration sees it.
fn stored(scenario: &Scenario, population: &Population) -> StoredObjects {
    let domain = scenario.domain_of(population);
    let encryption = match domain.encryption {
        Some(Mode::SseS3) => EncryptionStatus::SseS3,
        Some(Mode::DsseKms) => EncryptionStatus::DsseKms,
        _ => EncryptionStatus::SseKms,
    };
    let has_key = domain.encryption == Some(Mode::SseKmsBucketKey);
    let version = if population.old_versions { VersionKind::Old } else { VersionKind::Current };
    let stored = StoredObjects::of(&population.name, encryption, population.objects);
    let stored = match population.size {
        Some(size) => stored.sized(size.bytes()),
        None => stored,
    };
    let stored = stored.in_class(population.class, |days| {
        population.age.cdf(SimDuration::from_secs_f64(days * 86_400.0))
    });
    StoredObjects {
        kind: ObjectKind {
            version,
            is_locked: population.is_locked,
            bucket_key: if has_key { BucketKeyStatus::Enabled } else { stored.kind.bucket_key },
            ..stored.kind
        },
        is_directory: domain.directory,
        to_kms: true,
        ..stored
    }
}

/// The next whole day, hour or minute: what people write as the length of a run.
fn whole(time_s: f64) -> f64 {
    let unit_s = match time_s {
        s if s > 86_400.0 => 86_400.0,
        s if s > 3_600.0 => 3_600.0,
        _ => 60.0,
    };
    (time_s / unit_s).ceil() * unit_s
}

/// When what `after` saves beyond `before` has paid for `cost` dollars.
fn payback(
    scenario: &Scenario,
    migrated: &Configuration,
    cost: f64,
    before: &ArmCounts,
    after: &ArmCounts,
) -> Payback {
    match exact_payback(scenario, migrated, cost, before, after) {
        Payback::Unknown { share, run_s } => Payback::Unknown { share, run_s: whole(run_s) },
        known => known,
    }
}

fn exact_payback(
    scenario: &Scenario,
    migrated: &Configuration,
    cost: f64,
    before: &ArmCounts,
    after: &ArmCounts,
) -> Payback {
    let usd_per_call = usd_per_call(scenario, migrated, before, after);
    let replications = f64::from(after.replications());
    let (mut amounts, mut once) = (Vec::new(), Vec::new());
    for (before, after) in before.bins.iter().zip(&after.bins) {
        let (before, after) = (&before.counts, &after.counts);
        let fewer = before.calls.total() as f64 - after.calls.total() as f64;
        let fewer_once = before.calls_once as f64 - after.calls_once as f64;
        amounts.push(fewer / replications * usd_per_call);
        once.push(fewer_once / replications * usd_per_call);
    }
    let window = scenario.window();
    let savings = Savings {
        amounts: &amounts,
        once: &once,
        from_s: window.from.as_secs_f64(),
        bin_s: window.bin.as_secs_f64(),
        end_s: window.end.as_secs_f64(),
    };
    if scenario.recording.is_some() {
        return Payback::of(cost, &savings, &Onward::Untold);
    }
    let old = OldReads::of_migrated(scenario, migrated);
    if !old.fade() && !old.grow() {
        return Payback::of(cost, &savings, &Onward::Steady);
    }
    let keyless_s = keyless_s(scenario, migrated);
    let onward = Onward::Fading(&[&|time_s| old.per_s_with_growth(time_s), &|time_s| {
        old.per_s_with_growth(time_s + keyless_s)
    }]);
    Payback::of(cost, &savings, &onward)
}

/// What the bill falls by with each call less.
fn usd_per_call(
    scenario: &Scenario,
    migrated: &Configuration,
    before: &ArmCounts,
    after: &ArmCounts,
) -> f64 {
    let [(before_usd, before_calls), (after_usd, after_calls)] = [before, after].map(|counts| {
        let counts = &counts.billable;
        let usd = billing::bill(scenario, migrated, counts).total().as_f64();
        (usd, counts.kms_in_period(scenario) as f64)
    });
    let fewer = before_calls - after_calls;
    if fewer == 0.0 { 0.0 } else { (before_usd - after_usd) / fewer }
}

/// How old objects without a bucket key are at the start of the run, at the least.
fn keyless_s(scenario: &Scenario, migrated: &Configuration) -> f64 {
    let migrating = scenario.migrating(migrated);
    let migrating = migrating.map(|it| scenario.domain_of(it).keys_since);
    let since = migrating.filter(|since| *since > SimTime::MIN && *since < SimTime::ZERO);
    let ages = since.map(|since| SimTime::ZERO.since(since));
    ages.map(SimDuration::as_secs_f64).fold(0.0, f64::max)
}
