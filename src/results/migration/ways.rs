//! The ways to migrate what is there, side by side: what each can touch, what it costs once, how fast it may
//! go, and what it saves month by month.
//!
//! All ways are configurations of one run, on the same requests. Where traffic grows, the run lasts as many months
//! as are asked for. Where what is read wanders from old objects to new ones, it lasts until it has, and then as
//! long as the scenario's own: from then on every month is as that last part. Else every month is as the
//! scenario's own run.

mod paces;

use super::old_reads::{OldReads, has_keyless};
use super::rows::{MonthRow, OneOffRow, ReachRow, WayRow};
use super::{one_off, payback, stored, unmigrated};
use crate::encryption::Mode;
use crate::encryption::assumption::Level;
use crate::error::{Error, Result};
use crate::inventory::tally::InventoryCounts;
use crate::inventory::{BucketKeyStatus, StorageClass};
use crate::migration::YOUNG;
use crate::migration::months::{BinnedRun, MONTH_S, meets_from, net};
use crate::migration::one_off::OneOff;
use crate::migration::pace::Pace;
use crate::migration::payback::Payback;
use crate::migration::reach::{MigrationMethod, Reach};
use crate::migration::stored::{StoredObjects, of_inventory, younger_of_inventory};
use crate::pricing::{Bill, PriceTable, Service, Sku, Terms};
use crate::quota::QuotaTerms;
use crate::results::arms::{self, Counted};
use crate::results::billing;
use crate::results::counts::ArmCounts;
use crate::results::run::StepProgress;
use crate::scenario::{Configuration, Population, Scenario};
use crate::units::{SimDuration, utc};
use crate::workload::Workload;

/// Populations that are looked at one by one; of more than these there are too many ways.
const POPULATIONS_MAX: usize = 6;

/// What is asked of a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// Months to look ahead.
    pub months: u32,
    /// Share of the quota that the migration leaves free.
    pub headroom: f64,
    /// Objects a second; else the scenario's `migration_rate`.
    pub objects_per_s: Option<f64>,
    /// When it starts, in nanoseconds since 1970, if that is told.
    pub start_ns: Option<i64>,
}

/// The ways, and how they come out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MigrationWays {
    /// Rows of `migration_ways.csv`.
    pub ways: Vec<WayRow>,
    /// Rows of `months.csv`; none of an inventory, which has no traffic.
    pub months: Vec<MonthRow>,
    /// Rows of `migration_objects.csv`.
    pub reach: Vec<ReachRow>,
    /// Rows of `migration_costs.csv`.
    pub costs: Vec<OneOffRow>,
    /// If a month is not as another, because what is read wanders from old objects to new ones, or traffic grows:
    /// the time that was simulated.
    pub changing: Option<SimulatedTime>,
}

/// What a plan simulates of the months that it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimulatedTime {
    /// How long the run is.
    pub length: SimDuration,
    /// The last part of it, which all that follows is as.
    pub steady: SimDuration,
}

/// One way.
struct Way {
    operation: MigrationMethod,
    part: String,
    /// Which configuration of the run it is.
    configuration: usize,
}

impl Way {
    fn name(&self) -> String {
        way_name(self.operation, &self.part)
    }
}

/// All objects that an operation can touch.
pub(crate) const ALL: &str = "all";
/// Those in S3 Standard.
pub(crate) const STANDARD: &str = "standard";
/// Those of the last [`YOUNG`].
pub(crate) const LAST_DAYS: &str = "young";

/// The name of an operation over a part of the objects.
fn way_name(operation: MigrationMethod, part: &str) -> String {
    match part {
        ALL => operation.name().to_owned(),
        part => format!("{}:{part}", operation.name()),
    }
}

/// A configuration of bucket keys without a migration: the scenario's headline, or the first it has.
fn base(scenario: &Scenario) -> Result<Configuration> {
    let headline = &scenario.configurations[scenario.headline];
    let mut all = std::iter::once(headline).chain(&scenario.configurations);
    let found = all.find(|one| one.mode == Mode::SseKmsBucketKey).ok_or_else(|| {
        Error::request("no configuration has `encryption = \"sse-kms-bucket-key\"`, so there is nothing to migrate to")
            .hint("add `[[configuration]]` with `name = \"bucket-key\"` and `encryption = \"sse-kms-bucket-key\"`")
    })?;
    Ok(unmigrated(found))
}

/// A population as it lies there now: where bucket keys have been on for longer, its objects have one.
fn stored_now(scenario: &Scenario, population: &Population) -> StoredObjects {
    let mut stored = stored(scenario, population);
    let domain = scenario.domain_of(population);
    if domain.encryption.is_none() && !domain.directory && !has_keyless(scenario, population) {
        stored.kind.bucket_key = BucketKeyStatus::Enabled;
    }
    stored
}

/// The populations that an operation can touch, of those that are wanted.
fn reached(
    scenario: &Scenario,
    operation: MigrationMethod,
    is_wanted: impl Fn(&Population) -> bool,
) -> Vec<u32> {
    let all = scenario.populations.iter().enumerate().filter(|(_, it)| is_wanted(it));
    let touched = all.filter(|(_, population)| {
        let domain = scenario.domain_of(population);
        domain.migrates() && Reach::of(operation, &stored_now(scenario, population)).objects > 0
    });
    touched.map(|(index, _)| index as u32).collect()
}

/// Some of the objects, and how they are migrated.
struct MigratedPart {
    operation: MigrationMethod,
    name: String,
    populations: Vec<u32>,
    younger_than: Option<SimDuration>,
}

/// Which objects are migrated how.
fn parts(scenario: &Scenario) -> Vec<MigratedPart> {
    let part = |operation, name: &str, populations| MigratedPart {
        operation,
        name: name.to_owned(),
        populations,
        younger_than: None,
    };
    let [update, copy] = [MigrationMethod::Update, MigrationMethod::Copy];
    let all = reached(scenario, update, |_| true);
    let mut parts =
        vec![part(update, ALL, all.clone()), part(copy, ALL, reached(scenario, copy, |_| true))];
    let standard = reached(scenario, update, |it| it.class == StorageClass::Standard);
    if standard.len() < all.len() {
        parts.push(part(update, STANDARD, standard));
    }
    if (2..=POPULATIONS_MAX).contains(&all.len()) {
        let named = all.iter().map(|&one| (&scenario.populations[one as usize].name, one));
        parts.extend(named.map(|(name, one)| part(update, name, vec![one])));
    }
    // Where there are older objects, too.
    let young = reached(scenario, update, |it| it.age.cdf(YOUNG) > 0.0);
    if all.iter().any(|&it| scenario.populations[it as usize].age.cdf(YOUNG) < 1.0) {
        parts.push(MigratedPart { younger_than: Some(YOUNG), ..part(update, LAST_DAYS, young) });
    }
    parts.retain(|part| !part.populations.is_empty());
    parts
}

/// The scenario with a configuration for each way, and the ways.
fn compared(scenario: &Scenario) -> Result<(Scenario, Vec<Way>)> {
    let wait = base(scenario)?;
    let leave = scenario.configurations[scenario.reference].clone();
    let way = |operation, configuration| Way { operation, part: ALL.to_owned(), configuration };
    let mut ways = vec![way(MigrationMethod::Leave, 0), way(MigrationMethod::Wait, 1)];
    let mut configurations = vec![leave, wait.clone()];
    for MigratedPart { operation, name: part, populations, younger_than } in parts(scenario) {
        let there = configurations[2..].iter().position(|it| {
            it.migrated_only == populations && it.migrated_younger_than == younger_than
        });
        let configuration = there.map_or(configurations.len(), |at| at + 2);
        if there.is_none() {
            configurations.push(Configuration {
                name: way_name(operation, &part),
                migrated: true,
                migrated_only: populations,
                migrated_younger_than: younger_than,
                ..wait.clone()
            });
        }
        ways.push(Way { operation, part, configuration });
    }
    let mut scenario = scenario.clone();
    (scenario.configurations, scenario.reference, scenario.headline) = (configurations, 0, 1);
    Ok((scenario, ways))
}

impl MigrationWays {
    /// The ways of a scenario, simulated.
    ///
    /// # Errors
    /// If the scenario is a log's, has no bucket keys to migrate to, or cannot last so long.
    pub fn of(own: &Scenario, asked: &Asked, progress: StepProgress) -> Result<Self> {
        let (mut scenario, ways, changing) = Self::prepared(own, asked)?;
        let mut counted = arms::run_levels(&scenario, progress);
        let first =
            WaysRun { scenario: &scenario, ways: &ways, counted: &counted, asked, changing };
        // How much room there is shows only where traffic has been run; how fast it goes decides what shares a key.
        if let Some(slower) = first.at_their_pace() {
            scenario = slower;
            counted = arms::run_levels(&scenario, progress);
        }
        let run = WaysRun { scenario: &scenario, ways: &ways, counted: &counted, asked, changing };
        let months: Vec<Vec<MonthRow>> = ways.iter().map(|way| run.months(way)).collect();
        let rows = ways.iter().zip(&months);
        Ok(Self {
            ways: rows.map(|(way, own)| run.row(way, own, &months[1])).collect(),
            costs: ways
                .iter()
                .flat_map(|way| cost_rows(&scenario.name, &way.name(), &run.one_off(way)))
                .collect(),
            reach: reach_rows(
                &scenario.name,
                scenario.populations.iter().map(|it| stored_now(&scenario, it)),
            ),
            months: months.into_iter().flatten().collect(),
            changing,
        })
    }

    /// The scenario that [`MigrationWays::of`] runs: how long that takes can be estimated before.
    ///
    /// # Errors
    /// As that.
    pub fn scenario(scenario: &Scenario, asked: &Asked) -> Result<Scenario> {
        Self::prepared(scenario, asked).map(|(scenario, ..)| scenario)
    }

    fn prepared(
        scenario: &Scenario,
        asked: &Asked,
    ) -> Result<(Scenario, Vec<Way>, Option<SimulatedTime>)> {
        if scenario.recording.is_some() {
            return Err(Error::request("a log has no months to come")
                .hint("`bks fit LOGS --out like-the-log.toml` makes a scenario of it"));
        }
        let (run, ways) = compared(scenario)?;
        let migrated = run.configurations.iter().filter(|it| it.migrated);
        let old = migrated.map(|it| OldReads::of_migrated(&run, it));
        let fading: Vec<OldReads> =
            old.chain([OldReads::of_all(&run)]).filter(OldReads::fade).collect();
        let grows = scenario.workloads.iter().any(Workload::grows);
        if !grows && fading.is_empty() {
            return Ok((run, ways, None));
        }
        let asked_s = f64::from(asked.months) * MONTH_S;
        let faded_s = fading.iter().map(OldReads::faded_s).fold(0.0, f64::max);
        let steady_s = scenario.counted().as_secs_f64().max(DAY_S);
        let length_s = if grows { asked_s } else { (faded_s + steady_s).ceil().min(asked_s) };
        let [length, steady] = [length_s, steady_s.min(length_s)].map(SimDuration::from_secs_f64);
        let (run, _) = compared(&scenario.lasting(length)?)?;
        Ok((run, ways, Some(SimulatedTime { length, steady })))
    }

    /// The ways of an inventory, of which no traffic is known.
    #[must_use]
    pub fn of_inventory(
        tally: &InventoryCounts,
        prices: &PriceTable,
        terms: QuotaTerms,
        asked: &Asked,
    ) -> Self {
        let stored = of_inventory(tally);
        let name = match tally.buckets.len() {
            1 => tally.buckets.keys().next().cloned().unwrap_or_default(),
            buckets => format!("{buckets} buckets"),
        };
        let is_standard = |it: &&StoredObjects| it.kind.class == StorageClass::Standard;
        let standard: Vec<StoredObjects> = stored.iter().filter(is_standard).cloned().collect();
        let mut ways = Self { reach: reach_rows(&name, stored.iter().cloned()), ..Self::default() };
        let total: u64 = stored.iter().map(|one| one.objects).sum();
        let young = younger_of_inventory(tally, (YOUNG.as_secs_f64() / 86_400.0) as u64);
        let mut known: Vec<(MigrationMethod, Vec<&StoredObjects>)> = Vec::new();
        for (operation, part, objects) in [
            (MigrationMethod::Update, ALL, &stored),
            (MigrationMethod::Copy, ALL, &stored),
            (MigrationMethod::Update, STANDARD, &standard),
            (MigrationMethod::Copy, STANDARD, &standard),
            (MigrationMethod::Update, LAST_DAYS, &young),
        ] {
            // The inventory is the list of objects, so S3 need not make one.
            let work = OneOff::of(operation, objects, false, (prices, &Terms::default()));
            let is_reached = |it: &&StoredObjects| Reach::of(operation, it).objects > 0;
            let touched = (operation, objects.iter().filter(is_reached).collect());
            if work.objects == 0 || known.contains(&touched) {
                continue;
            }
            known.push(touched);
            let wanted_per_s = asked.objects_per_s.unwrap_or(OBJECTS_PER_S);
            let pace =
                Pace::of((work.objects, work.kms_calls), wanted_per_s, (terms, 0), asked.headroom);
            let row = way_row(&name, (operation, part), &work, Some(&pace));
            ways.costs.extend(cost_rows(&name, &row.way, &work));
            ways.ways.push(WayRow { left_objects: total - work.objects, ..row });
        }
        ways
    }
}

/// Characters of `2026-12-01`.
const DAY_CHARS: usize = 10;

/// Objects a second, where nobody says: as `migration_rate` is assumed.
const OBJECTS_PER_S: f64 = 1_000.0;

/// The shortest time that stands for all that follows: a day, as most traffic follows the hour.
const DAY_S: f64 = 86_400.0;

/// A run of all ways.
struct WaysRun<'a> {
    scenario: &'a Scenario,
    ways: &'a [Way],
    counted: &'a Counted,
    asked: &'a Asked,
    changing: Option<SimulatedTime>,
}

/// What the calls of a month cost.
#[derive(Clone, Copy)]
struct MonthPrice {
    per_call_usd: f64,
    fixed_usd: f64,
}

impl WaysRun<'_> {
    fn configuration(&self, way: &Way) -> &Configuration {
        &self.scenario.configurations[way.configuration]
    }

    /// What a way counts at a level.
    fn counts(&self, way: &Way, level: Level) -> &ArmCounts {
        self.counted.at(way.configuration, level)
    }

    fn one_off(&self, way: &Way) -> OneOff {
        one_off(self.scenario, way.operation, self.configuration(way))
    }

    /// KMS calls in each month, of one replication in the mean.
    fn calls(&self, way: &Way, level: Level) -> Vec<f64> {
        let counts = self.counts(way, level);
        let window = self.scenario.window();
        let replications = f64::from(counts.replications());
        let (from_s, end_s) = (window.from.as_secs_f64(), window.end.as_secs_f64());
        if let Some(SimulatedTime { steady, .. }) = self.changing {
            let bins = counts.bins.iter().map(|bin| bin.counts.calls.total() as f64 / replications);
            let run = BinnedRun { first_s: from_s, end_s, bin_s: window.bin.as_secs_f64() };
            return run.months_ahead(
                &bins.collect::<Vec<_>>(),
                steady.as_secs_f64(),
                self.asked.months,
            );
        }
        let counts = counts.bins.iter().map(|bin| &bin.counts);
        let once: u64 = counts.clone().map(|counts| counts.calls_once).sum();
        let all: u64 = counts.map(|counts| counts.calls.total()).sum();
        let a_month = (all - once) as f64 / replications / (end_s - from_s) * MONTH_S;
        let mut months = vec![a_month; self.asked.months as usize];
        months[0] += once as f64 / replications;
        months
    }

    fn price(&self, way: &Way, level: Level) -> MonthPrice {
        let counts = &self.counts(way, level).billable;
        let bill = billing::bill(self.scenario, self.configuration(way), counts);
        let by_call = bill.kms_total() + bill.sku_total(Sku::CloudTrailManagementCopies);
        let all = bill.service_total(Service::Kms) + bill.service_total(Service::CloudTrail);
        let calls = counts.kms_in_period(self.scenario);
        let periods = MONTH_S / self.scenario.billing.period.as_secs_f64();
        MonthPrice {
            per_call_usd: by_call.as_f64() / calls.max(1) as f64,
            fixed_usd: (all - by_call).as_f64() * periods,
        }
    }

    /// What each month costs.
    fn costs(&self, way: &Way, level: Level) -> Vec<f64> {
        let MonthPrice { per_call_usd, fixed_usd } = self.price(way, level);
        self.calls(way, level).into_iter().map(|calls| calls * per_call_usd + fixed_usd).collect()
    }

    /// What is saved in each month against leaving everything as is.
    fn savings(&self, way: &Way, level: Level) -> Vec<f64> {
        let without = self.costs(&self.ways[0], level).into_iter();
        without.zip(self.costs(way, level)).map(|(without, with)| without - with).collect()
    }

    fn months(&self, way: &Way) -> Vec<MonthRow> {
        let once = self.one_off(way).total().as_f64();
        let savings = Level::ALL.map(|level| self.savings(way, level));
        let nets = savings.each_ref().map(|savings| net(once, savings));
        let leave = &self.ways[0];
        let [without, with] = [leave, way].map(|it| self.calls(it, Level::Assumed));
        let [cost_without, cost] = [leave, way].map(|it| self.costs(it, Level::Assumed));
        let assumed = Level::Assumed as usize;
        let rows = (0..with.len()).map(|month| {
            let (saving_low_usd, saving_high_usd) = ends(savings.each_ref().map(|it| it[month]));
            let (net_low_usd, net_high_usd) = ends(nets.each_ref().map(|it| it[month]));
            MonthRow {
                scenario: self.scenario.name.clone(),
                way: way.name(),
                month: month as u32 + 1,
                kms_requests_without: without[month],
                kms_requests: with[month],
                kms_cost_without_usd: cost_without[month],
                kms_cost_usd: cost[month],
                saving_usd: savings[assumed][month],
                saving_low_usd,
                saving_high_usd,
                net_usd: nets[assumed][month],
                net_low_usd,
                net_high_usd,
            }
        });
        rows.collect()
    }

    /// When what a way saves beyond waiting has paid for it, at each level.
    fn paybacks(&self, way: &Way, once: f64) -> [Payback; 3] {
        Level::ALL.map(|level| {
            let [before, after] = [&self.ways[1], way].map(|it| self.counts(it, level));
            payback(self.scenario, self.configuration(way), once, before, after)
        })
    }

    fn row(&self, way: &Way, months: &[MonthRow], waiting: &[MonthRow]) -> WayRow {
        let work = self.one_off(way);
        let migrates = way.operation.migrates();
        let pace = migrates.then(|| self.pace(way));
        let row = way_row(&self.scenario.name, (way.operation, &way.part), &work, pace.as_ref());
        let all: u64 = self.scenario.populations.iter().map(|it| it.objects).sum();
        let (Some(first), Some(last)) = (months.first(), months.last()) else { return row };
        let row = WayRow {
            left_objects: all - work.objects,
            saving_first_month_usd: Some(first.saving_usd),
            saving_first_month_low_usd: Some(first.saving_low_usd),
            saving_first_month_high_usd: Some(first.saving_high_usd),
            saving_last_month_usd: Some(last.saving_usd),
            ..row
        };
        if !migrates {
            return row;
        }
        let paybacks = self.paybacks(way, work.total().as_f64());
        let [_, assumed, _] = paybacks;
        let times: Vec<f64> = paybacks.iter().filter_map(|it| it.time_s()).collect();
        let [slow, fast] =
            [waiting, months].map(|rows| rows.iter().map(|it| it.saving_usd).collect::<Vec<_>>());
        WayRow {
            payback: Some(assumed.name().to_owned()),
            payback_s: assumed.time_s(),
            payback_date: self.date(assumed),
            payback_soonest_s: times.iter().copied().reduce(f64::min),
            payback_latest_s: times.iter().copied().reduce(f64::max).filter(|_| times.len() == 3),
            payback_ratio: Some(assumed.share()),
            waiting_meets_month: meets_from(&slow, &fast).map(|month| month as u32),
            ..row
        }
    }

    /// The day on which it is paid back, if it is known when it starts.
    fn date(&self, payback: Payback) -> Option<String> {
        let after_ns = SimDuration::from_secs_f64(payback.time_s()?).as_nanos();
        let date = utc(self.asked.start_ns?.checked_add(after_ns)?);
        date.get(..DAY_CHARS).map(str::to_owned)
    }
}

/// Least and greatest.
fn ends(values: [f64; 3]) -> (f64, f64) {
    let [low, assumed, high] = values;
    (low.min(assumed).min(high), low.max(assumed).max(high))
}

/// What is known of a way without traffic.
fn way_row(
    scenario: &str,
    (operation, part): (MigrationMethod, &str),
    work: &OneOff,
    pace: Option<&Pace>,
) -> WayRow {
    let known = |value: f64| value.is_finite().then_some(value);
    WayRow {
        scenario: scenario.to_owned(),
        way: way_name(operation, part),
        operation: operation.name().to_owned(),
        part: part.to_owned(),
        objects: work.objects,
        bytes: work.bytes.filter(|_| work.objects > 0).map(|bytes| bytes as f64),
        migration_kms_requests: work.kms_calls,
        one_off_usd: work.total(),
        objects_per_s: pace.map(|it| it.objects_per_s),
        duration_s: pace.and_then(|it| known(it.duration_s)),
        quota_share_max: pace.map(|it| it.quota_share),
        fastest_objects_per_s: pace.and_then(|it| it.fastest_per_s),
        fastest_s: pace.and_then(|it| it.fastest_s).and_then(known),
        ..WayRow::default()
    }
}

fn reach_rows(scenario: &str, stored: impl Iterator<Item = StoredObjects>) -> Vec<ReachRow> {
    let mut rows = Vec::new();
    for one in stored {
        for operation in [MigrationMethod::Update, MigrationMethod::Copy] {
            let reach = Reach::of(operation, &one);
            rows.push(ReachRow {
                scenario: scenario.to_owned(),
                objects_of: one.name.clone(),
                version: one.kind.version.name().to_owned(),
                encryption: one.kind.encryption.name().to_owned(),
                bucket_key: one.kind.bucket_key.name().to_owned(),
                storage_class: one.kind.class.name().to_owned(),
                objects: one.objects,
                bytes: one.bytes.map(|bytes| bytes as f64),
                operation: operation.name().to_owned(),
                reached_objects: reach.objects,
                left_objects: reach.left,
                obstacle: reach.obstacle.map(|obstacle| obstacle.name().to_owned()),
            });
        }
    }
    rows
}

fn cost_rows(scenario: &str, way: &str, work: &OneOff) -> Vec<OneOffRow> {
    let Bill { lines } = &work.bill;
    let of_bill = lines.iter().map(|line| OneOffRow {
        service: line.service.name().to_owned(),
        description: line.description.to_owned(),
        quantity: line.quantity,
        unit: line.unit.to_owned(),
        list_unit_price_usd: line.price.unit(),
        billed_usd: line.billed,
        ..OneOffRow::default()
    });
    let fees = work.fees.iter().map(|fee| OneOffRow {
        service: Service::S3.name().to_owned(),
        description: fee.description.to_owned(),
        quantity: fee.quantity,
        unit: fee.unit.to_owned(),
        list_unit_price_usd: fee.price.unit(),
        billed_usd: fee.billed,
        ..OneOffRow::default()
    });
    let named = |row| OneOffRow { scenario: scenario.to_owned(), way: way.to_owned(), ..row };
    of_bill.chain(fees).map(named).collect()
}
