//! What a migration costs, what it saves, and when that has paid for it.
//!
//! - here: that of a run's configuration;
//! - [`ways`]: all ways of migrating, side by side;
//! - [`rows`]: their tables.

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
use crate::workload::Workload;
use crate::workload::object_read::{ReadSources, ReadWritten};
use crate::workload::read_pattern::{ReadPattern, ScanReads};

/// The same configuration, its objects as they are.
pub(super) fn unmigrated(migrated: &Configuration) -> Configuration {
    Configuration { migrated: false, migrated_only: Vec::new(), ..migrated.clone() }
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
        let bill = one_off(
            scenario,
            MigrationMethod::Update,
            &scenario.migrating(migrated).collect::<Vec<_>>(),
        )
        .bill;
        let after = counted.at(index, Level::Assumed);
        let before = counted.unmigrated(index).unwrap_or(after);
        let payback = payback(scenario, migrated, bill.total().as_f64(), before, after);
        Some(Self { bill, payback })
    }
}

/// What it costs to migrate some populations, region by region; S3 makes the list of them.
fn one_off(scenario: &Scenario, operation: MigrationMethod, populations: &[&Population]) -> OneOff {
    let all = populations.iter().map(|population| (*population, stored(scenario, population)));
    one_off_of(scenario, operation, all)
}

/// The same of what is stored of them.
fn one_off_of<'a>(
    scenario: &'a Scenario,
    operation: MigrationMethod,
    all: impl Iterator<Item = (&'a Population, StoredObjects)>,
) -> OneOff {
    let all: Vec<(usize, StoredObjects)> = all
        .map(|(it, objects)| (scenario.accounts.region_of_bucket(it.bucket as usize), objects))
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
    if !is_fading(scenario, migrated) {
        return Payback::of(cost, &savings, &Onward::Steady);
    }
    let keyless_s = keyless_s(scenario, migrated);
    let onward = Onward::Fading(&[&|time_s| reads_of_old(scenario, migrated, time_s), &|time_s| {
        reads_of_old(scenario, migrated, time_s + keyless_s)
    }]);
    Payback::of(cost, &savings, &onward)
}

/// Whether what is read of what a configuration migrates becomes less.
fn is_fading(scenario: &Scenario, migrated: &Configuration) -> bool {
    reads_of_old(scenario, migrated, 0.0) > reads_of_old(scenario, migrated, FAR_S)
}

/// Far beyond every run, in seconds.
const FAR_S: f64 = 3e9;

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

/// Reads a second, in the mean, of objects that are older than so many seconds after a migration, if they
/// were there at the time: what its saving lives on. Work that happens once is left out.
fn reads_of_old(scenario: &Scenario, migrated: &Configuration, time_s: f64) -> f64 {
    let recurring = scenario.workloads.iter().filter(|workload| !workload.happens_once());
    let rates = recurring.filter_map(|workload| {
        let reads = workload.reads.as_ref()?;
        let population = reads.population.as_ref()?;
        let is_moved = migrated.migrates(population.population as usize)
            && scenario.domains[population.bucket as usize].migrates();
        is_moved.then(|| reads_per_s(scenario, workload) * share_of_old(reads, time_s))
    });
    rates.sum()
}

/// Reads a second, in the mean.
fn reads_per_s(scenario: &Scenario, workload: &Workload) -> f64 {
    let actions = workload.expected_actions(scenario.duration()).into_iter();
    let reads = actions.filter(|(action, _)| action.reads()).map(|(_, count)| count);
    reads.sum::<f64>() / scenario.duration().as_secs_f64()
}

/// Share of the reads at a time after the start of the run that are of objects from before it.
fn share_of_old(reads: &ReadSources, time_s: f64) -> f64 {
    match (&reads.population, &reads.written) {
        (None, _) => 0.0,
        // What is read is the newest of them, where a law asks for newer ones.
        (Some(_), None) => 1.0,
        (Some(_), Some(written)) => match &reads.pattern {
            ReadPattern::Uniform | ReadPattern::Zipf(_) => 1.0,
            // What newer writers wrote before the run is not the population's.
            ReadPattern::ByAge(law) => {
                1.0 - law.cdf(SimDuration::from_secs_f64(time_s + since_s(written)))
            }
            ReadPattern::Scan(scan) | ReadPattern::RecentFirst(scan) => {
                older_part(scan, time_s + since_s(written))
            }
            ReadPattern::JustWritten(just) => {
                f64::from(u8::from(just.delay.as_secs_f64() > time_s))
            }
        },
    }
}

/// How long before the run a workload began whose objects are read.
fn since_s(written: &ReadWritten) -> f64 {
    SimTime::ZERO.since(written.since).as_secs_f64()
}

/// The part of a scan's range that is older than `time_s`.
fn older_part(scan: &ScanReads, time_s: f64) -> f64 {
    let [newest, oldest] = [scan.newest, scan.oldest].map(SimDuration::as_secs_f64);
    if oldest > newest {
        ((oldest - time_s) / (oldest - newest)).clamp(0.0, 1.0)
    } else {
        f64::from(u8::from(oldest > time_s))
    }
}

/// How old objects without a bucket key are at the start of the run, at the least.
fn keyless_s(scenario: &Scenario, migrated: &Configuration) -> f64 {
    let migrating = scenario.migrating(migrated);
    let migrating = migrating.map(|it| scenario.domain_of(it).keys_since);
    let since = migrating.filter(|since| *since > SimTime::MIN && *since < SimTime::ZERO);
    let ages = since.map(|since| SimTime::ZERO.since(since));
    ages.map(SimDuration::as_secs_f64).fold(0.0, f64::max)
}
