//! What a migration costs, what it saves, and when that has paid for it.

use super::arm_counts::Summary;
use super::arms::Counted;
use super::billing::{self, Counts};
use super::run::MigrationOutcome;
use crate::encryption::assumptions::Level;
use crate::migration::MigrationPlan;
use crate::migration::payback::{Onward, Payback, Savings};
use crate::pricing::Bill;
use crate::scenario::{Configuration, Domain, Population, Scenario};
use crate::tally::Bin;
use crate::units::{SimDuration, SimTime};
use crate::workload::Workload;
use crate::workload::access::{ReadPattern, ReadWritten, Reads, ScanReads};

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

/// A migration pays for itself by what it saves beyond the same configuration without it.
pub(super) fn of(
    scenario: &Scenario,
    migrated: &Configuration,
    counted: &Counted,
    index: usize,
) -> MigrationOutcome {
    let objects = scenario.migrating(migrated).map(|population| population.objects).sum();
    let bill = bill(scenario, migrated);
    let after = counted.level(index, Level::Assumed);
    let before = counted.unmigrated(index).unwrap_or(after);
    let payback = match payback(scenario, migrated, &bill, before, after) {
        Payback::Unknown { share, run_s } => Payback::Unknown { share, run_s: whole(run_s) },
        known => known,
    };
    MigrationOutcome { objects, bill, payback }
}

/// The bill of re-encrypting what is there, region by region.
fn bill(scenario: &Scenario, migrated: &Configuration) -> Bill {
    let terms = &scenario.billing.terms;
    let of_region = |(region, prices)| {
        let here = |population: &&Population| {
            scenario.accounts.region_of_bucket(population.bucket as usize) == region
        };
        let sum = |wanted: fn(&Domain) -> bool| -> u64 {
            let all = scenario.migrating(migrated).filter(here);
            let wanted = all.filter(|population| wanted(scenario.domain_of(population)));
            wanted.map(|population| population.objects).sum()
        };
        let objects_under_kms = sum(Domain::is_under_kms);
        let plan = MigrationPlan { objects_under_kms, ..MigrationPlan::of(sum(|_| true)) };
        plan.bill(prices, terms)
    };
    Bill::of_regions(scenario.billing.prices.iter().enumerate().map(of_region))
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

fn payback(
    scenario: &Scenario,
    migrated: &Configuration,
    cost: &Bill,
    before: &Summary,
    after: &Summary,
) -> Payback {
    let per_call = usd_per_call(scenario, migrated, before, after);
    let replications = after.replications() as f64;
    let saved = |calls: fn(&Bin) -> u64| -> Vec<f64> {
        let bins = before.bins.iter().zip(&after.bins);
        let calls = bins.map(|(it, other)| calls(&it.counts) as f64 - calls(&other.counts) as f64);
        calls.map(|calls| calls / replications * per_call).collect()
    };
    let window = scenario.window();
    let savings = Savings {
        amounts: &saved(|bin| bin.calls.total()),
        once: &saved(|bin| bin.calls_once),
        from_s: window.from.as_secs_f64(),
        bin_s: window.bin.as_secs_f64(),
        end_s: window.end.as_secs_f64(),
    };
    let cost = cost.total().as_f64();
    if scenario.recording.is_some() {
        return Payback::of(cost, &savings, &Onward::Untold);
    }
    let old = |time_s: f64| reads_of_old(scenario, migrated, time_s);
    let keyless_s = keyless_s(scenario, migrated);
    let old_of_keyless = |time_s: f64| reads_of_old(scenario, migrated, time_s + keyless_s);
    if old(0.0) <= old(FAR_S) {
        return Payback::of(cost, &savings, &Onward::Steady);
    }
    Payback::of(cost, &savings, &Onward::Fading(&[&old, &old_of_keyless]))
}

/// Far beyond every run, in seconds.
const FAR_S: f64 = 3e9;

/// What the bill falls by with each call less.
fn usd_per_call(
    scenario: &Scenario,
    migrated: &Configuration,
    before: &Summary,
    after: &Summary,
) -> f64 {
    let [before, after] = [before, after].map(Counts::of);
    let bill = |counts: &Counts| billing::bill(scenario, migrated, counts).total().as_f64();
    let calls = |counts: &Counts| counts.kms_in_period(scenario) as f64;
    let fewer = calls(&before) - calls(&after);
    if fewer == 0.0 { 0.0 } else { (bill(&before) - bill(&after)) / fewer }
}

/// Reads a second, in the mean, of objects that are older than so many seconds after a migration, if they
/// were there at the time: what its saving lives on. Work that happens once is left out.
fn reads_of_old(scenario: &Scenario, migrated: &Configuration, time_s: f64) -> f64 {
    let duration = scenario.duration();
    let reads_per_s = |workload: &Workload| {
        let actions = workload.expected_actions(duration).into_iter();
        let reads = actions.filter(|(action, _)| action.reads()).map(|(_, count)| count);
        reads.sum::<f64>() / duration.as_secs_f64()
    };
    let recurring = scenario.workloads.iter().filter(|workload| !workload.happens_once());
    let of = |workload: &Workload| {
        let reads = workload.reads.as_ref()?;
        let population = reads.population.as_ref()?;
        let is_moved = migrated.migrates(population.population as usize)
            && scenario.domains[population.bucket as usize].migrates();
        is_moved.then(|| reads_per_s(workload) * share_of_old(reads, time_s))
    };
    recurring.filter_map(of).sum()
}

/// Share of the reads at a time after the start of the run that are of objects from before it.
fn share_of_old(reads: &Reads, time_s: f64) -> f64 {
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
