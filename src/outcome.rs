//! A scenario's answer: every configuration at every level of assumptions, with its saving, its
//! bill, what bounds it, what moves it most, and what to beware of.

mod arms;
mod figures;
pub mod recorded;
mod summary;
mod tables;
pub mod warnings;

use crate::encryption::Mode;
use crate::encryption::assumptions::{Level, Variation};
use crate::encryption::requester::RequesterRule;
use crate::kms::KmsApi;
use crate::migration::{MigrationPlan, payback_periods};
use crate::pricing::Bill;
use crate::quota::QuotaEffect;
use crate::s3::Operation;
use crate::scenario::{Configuration, Population, Scenario};
use crate::statistics::{Estimate, Precision};
use crate::units::Usd;

use arms::Variations;
pub use arms::bytes_at_most;
use summary::{OneReplication, Summary};
use warnings::Warning;

/// What a run tells of its progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// A round of replications was decided. The first also runs what moves the answer most.
    Decided {
        /// Replications in all, this round included.
        replications: u32,
        /// About how many requests will be answered in this round.
        requests: f64,
    },
    /// So many requests more have been answered.
    Answered(u64),
}

/// Is told of each step; called from any thread.
pub type Progress<'a> = &'a (dyn Fn(Step) + Sync);

/// A scenario's answer.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How many replications were run.
    pub replications: u32,
    /// How precise savings are, if the scenario asks for a precision.
    pub precision: Option<PrecisionOutcome>,
    /// The configurations, in the order of the scenario.
    pub configurations: Vec<ConfigurationOutcome>,
    /// Assumptions by how far they move the headline's saving, the farthest first.
    pub swings: Vec<Swing>,
    /// What to beware of.
    pub warnings: Vec<Warning>,
}

/// How precise savings were to be, and are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrecisionOutcome {
    /// What was asked for.
    pub asked: Precision,
    /// The greatest half-width of a configuration's saving at the assumed level; `None` if there is
    /// nothing to save.
    pub reached: Option<f64>,
}

impl PrecisionOutcome {
    /// Whether every half-width is small enough.
    #[must_use]
    pub fn met(&self) -> bool {
        self.reached.is_none_or(|reached| reached <= self.asked.half_width)
    }
}

/// One configuration's answer.
#[derive(Clone, Debug)]
pub struct ConfigurationOutcome {
    /// Its name.
    pub name: String,
    /// How it encrypts.
    pub mode: Mode,
    /// Who is one requester.
    pub rule: RequesterRule,
    /// Its figures at the low, the assumed and the high level.
    pub levels: [LevelOutcome; 3],
    /// The saving if every request cost what it can at the most; `None` without bucket keys.
    pub floor: Option<f64>,
    /// The saving if keys lived for ever in one place; `None` without bucket keys.
    pub ceiling: Option<f64>,
    /// Mean counts of each time bin, at the assumed level.
    pub timeline: Vec<TimelineBin>,
    /// Requesters by the KMS calls they cause, the most first, at the assumed level.
    pub requesters: Vec<RequesterOutcome>,
    /// KMS requests of each of the scenario's principals, at the assumed level.
    pub kms_of_principal: Vec<f64>,
    /// Mean KMS requests by API of each part of a bucket that a log's requests go to, at the assumed
    /// level; none if requests are drawn.
    pub kms_of_place: Vec<[f64; 3]>,
    /// Mean counts by operation, at the assumed level.
    pub operations: Vec<OperationOutcome>,
    /// What re-encrypting the existing objects costs once, if the configuration has that.
    pub migration: Option<MigrationOutcome>,
}

/// Figures of one configuration at one level. Counts are means over replications of the counted
/// part of the run; money is for the billing period.
#[derive(Clone, Debug)]
pub struct LevelOutcome {
    /// Which level.
    pub level: Level,
    /// S3 requests.
    pub requests: f64,
    /// KMS requests by API, in the order of [`KmsApi::ALL`].
    pub kms_by_api: [f64; 3],
    /// Bucket-level keys generated.
    pub keys_generated: f64,
    /// Fewest and most bucket-level keys alive in any second of any replication.
    pub keys_alive: (u32, u32),
    /// KMS requests in the busiest second of any replication.
    pub per_s_max: u32,
    /// KMS requests a second that 99.9 % of all seconds do not exceed.
    pub per_s_p999: u32,
    /// The busiest second's share of the quota, with the account's other load.
    pub quota_share_max: f64,
    /// What the quota does to the replication that strains it most.
    pub quota: QuotaEffect,
    /// CloudTrail events, one for each KMS request: those whose encryption context names the bucket,
    /// and those that name an object.
    pub cloudtrail_events: (f64, f64),
    /// S3 requests of all operations in the billing period.
    pub requests_in_period: u64,
    /// The bill for the billing period.
    pub bill: Bill,
    /// Share of the reference's KMS requests that is saved; `None` if the reference makes none.
    pub saving: Option<Estimate>,
    /// Each replication's own figures, in order.
    pub replications: Vec<ReplicationOutcome>,
}

/// One replication's own figures, of one configuration at one level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplicationOutcome {
    /// S3 requests.
    pub requests: u64,
    /// KMS requests by API, in the order of [`KmsApi::ALL`].
    pub kms_by_api: [u64; 3],
    /// Bucket-level keys generated.
    pub keys_generated: u64,
    /// Most bucket-level keys alive in any second.
    pub keys_alive_max: u32,
    /// KMS requests in the busiest second.
    pub per_s_max: u32,
    /// Cost of KMS requests in the billing period.
    pub kms_cost: Usd,
    /// Cost of everything on the bill in the billing period.
    pub total_cost: Usd,
    /// Share of the reference's KMS requests that is saved; `None` if the reference makes none.
    pub saving: Option<f64>,
}

impl LevelOutcome {
    /// KMS requests of all APIs.
    #[must_use]
    pub fn kms_requests(&self) -> f64 {
        self.kms_by_api.iter().sum()
    }
}

/// Mean counts of one time bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimelineBin {
    /// Start of the bin, in seconds since the start of the run.
    pub time_s: f64,
    /// S3 requests.
    pub requests: f64,
    /// KMS requests by API.
    pub kms_by_api: [f64; 3],
    /// KMS requests in the bin's busiest second of any replication.
    pub per_s_max: u32,
    /// Most bucket-level keys alive in any second of any replication.
    pub keys_alive_max: u32,
}

/// One requester's mean counts.
#[derive(Clone, Debug, PartialEq)]
pub struct RequesterOutcome {
    /// ARN of its session or of its role, user or service; `None` for all that are not listed.
    pub arn: Option<String>,
    /// Name of the principal in the scenario.
    pub principal: String,
    /// Number of the scoping policy, if it has one.
    pub policy: Option<u32>,
    /// Requesters in this row: 1, or all that are not listed.
    pub count: usize,
    /// S3 requests.
    pub requests: f64,
    /// KMS requests by API.
    pub kms_by_api: [f64; 3],
    /// CloudTrail events whose encryption context names the bucket, and those that name an object.
    pub cloudtrail_events: (f64, f64),
    /// Bucket-level keys generated.
    pub keys_generated: f64,
}

/// One operation's mean counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OperationOutcome {
    /// The operation.
    pub operation: Operation,
    /// S3 requests.
    pub requests: f64,
    /// KMS requests by API.
    pub kms_by_api: [f64; 3],
}

/// What re-encrypting the existing objects costs.
#[derive(Clone, Debug)]
pub struct MigrationOutcome {
    /// Number of objects.
    pub objects: u64,
    /// The bill, once.
    pub bill: Bill,
    /// Billing periods until the saving has paid for it; `None` if it never does.
    pub payback_periods: Option<f64>,
}

/// How far one assumption moves the headline's saving, in the first replication.
#[derive(Clone, Debug, PartialEq)]
pub struct Swing {
    /// The assumption.
    pub assumption: &'static str,
    /// Its lower end, and the saving there.
    pub low: (String, f64),
    /// The value assumed, and the saving there: that of every swing.
    pub assumed: (String, f64),
    /// Its upper end, and the saving there.
    pub high: (String, f64),
}

impl Swing {
    /// A swing for each variation, the farthest first, from the savings at the low and the high end of
    /// each and the one with everything as assumed.
    #[must_use]
    pub fn all(variations: Vec<Variation>, at_ends: &[f64], assumed: f64) -> Vec<Self> {
        let mut swings: Vec<Self> = variations
            .into_iter()
            .zip(at_ends.chunks_exact(2))
            .map(|(variation, at_ends)| Self {
                assumption: variation.assumption,
                low: (variation.low, at_ends[0]),
                assumed: (variation.assumed, assumed),
                high: (variation.high, at_ends[1]),
            })
            .collect();
        swings.sort_by(|a, b| b.width().total_cmp(&a.width()));
        swings
    }

    /// Distance between the savings at both ends.
    #[must_use]
    pub fn width(&self) -> f64 {
        (self.high.1 - self.low.1).abs()
    }
}

impl Outcome {
    /// Runs the scenario and evaluates what it counted.
    ///
    /// The answer depends on nothing but the scenario: the same on any number of threads.
    #[must_use]
    pub fn of(scenario: &Scenario, progress: Progress) -> Self {
        let mut outcome = Self::with(scenario, Variations::of_headline(scenario), progress);
        if let Some(log) = &scenario.recording {
            recorded::complete(&mut outcome, scenario, log, progress);
        }
        outcome
    }

    /// As [`Outcome::of`], but without what moves the answer most, which takes as long as a
    /// replication or two: for those who vary the scenario themselves.
    #[must_use]
    pub fn without_swings(scenario: &Scenario, progress: Progress) -> Self {
        Self::with(scenario, Variations::default(), progress)
    }

    fn with(scenario: &Scenario, variations: Variations, progress: Progress) -> Self {
        let (counted, swings) = arms::run(scenario, variations, progress);
        let configurations: Vec<ConfigurationOutcome> = (0..scenario.configurations.len())
            .map(|index| configuration(scenario, &counted, index))
            .collect();
        let replications = counted.replications();
        let precision = scenario.precision.map(|asked| precision(asked, &configurations));
        let mut warnings = warnings::of(scenario, &configurations);
        warnings.extend(precision.and_then(|it| warnings::imprecise(&it, replications)));
        Self { replications, precision, configurations, swings, warnings }
    }
}

impl ConfigurationOutcome {
    /// Its figures at `level`.
    #[must_use]
    pub fn at(&self, level: Level) -> &LevelOutcome {
        &self.levels[level as usize]
    }

    /// Its figures at the assumed level.
    #[must_use]
    pub fn assumed(&self) -> &LevelOutcome {
        self.at(Level::Assumed)
    }
}

/// How precise the configurations' savings are. A saving that a single replication has to show is
/// known to no precision.
fn precision(asked: Precision, configurations: &[ConfigurationOutcome]) -> PrecisionOutcome {
    let savings = configurations.iter().filter_map(|c| c.assumed().saving);
    let half_widths = savings.map(|saving| saving.half_width.unwrap_or(f64::INFINITY));
    PrecisionOutcome { asked, reached: half_widths.reduce(f64::max) }
}

fn configuration(
    scenario: &Scenario,
    counted: &arms::Counted,
    index: usize,
) -> ConfigurationOutcome {
    let configuration = &scenario.configurations[index];
    let reference = counted.level(scenario.reference, Level::Assumed);
    let levels = Level::ALL.map(|level| {
        let summary = counted.level(index, level);
        level_outcome(scenario, configuration, level, summary, reference)
    });
    let assumed = counted.level(index, Level::Assumed);
    let bound = |summary: Option<&Summary>| {
        summary.and_then(|summary| summary.saving_against(reference)).map(|saving| saving.mean)
    };
    let migration = configuration.migrated.then(|| {
        let bill = &levels[Level::Assumed as usize].bill;
        migration(scenario, configuration, bill, counted)
    });
    ConfigurationOutcome {
        name: configuration.name.clone(),
        mode: configuration.mode,
        rule: configuration.rule,
        levels,
        floor: bound(counted.floor(index)),
        ceiling: bound(counted.ceiling(index)),
        timeline: tables::timeline(scenario, assumed),
        requesters: tables::requesters(scenario, configuration.rule, assumed),
        kms_of_principal: assumed.calls_of_principal.iter().map(|&n| assumed.mean(n)).collect(),
        kms_of_place: tables::places(assumed),
        operations: tables::operations(assumed),
        migration,
    }
}

fn level_outcome(
    scenario: &Scenario,
    configuration: &Configuration,
    level: Level,
    summary: &Summary,
    reference: &Summary,
) -> LevelOutcome {
    let kms_by_api = KmsApi::ALL.map(|api| summary.mean(summary.total_calls().get(api)));
    let per_s_max = summary.per_s.quantile(1.0);
    let billing = &scenario.billing;
    let peak = f64::from(per_s_max) + billing.background_per_s as f64;
    LevelOutcome {
        level,
        requests: summary.mean(summary.requests.iter().sum()),
        kms_by_api,
        keys_generated: summary.mean(summary.keys_generated),
        keys_alive: summary.keys_alive,
        per_s_max,
        per_s_p999: summary.per_s.quantile(0.999),
        quota_share_max: peak / billing.quota_per_s as f64,
        quota: summary.quota,
        cloudtrail_events: (
            summary.mean(summary.total_calls().total() - summary.calls_by_object),
            summary.mean(summary.calls_by_object),
        ),
        requests_in_period: figures::in_billing_period(
            scenario,
            summary.requests.iter().sum(),
            summary.replications(),
        ),
        bill: figures::bill(scenario, configuration, &figures::Counts::of(summary)),
        saving: summary.saving_against(reference),
        replications: summary
            .each
            .iter()
            .zip(&reference.each)
            .map(|(own, against)| replication(scenario, configuration, own, against))
            .collect(),
    }
}

fn replication(
    scenario: &Scenario,
    configuration: &Configuration,
    own: &OneReplication,
    reference: &OneReplication,
) -> ReplicationOutcome {
    let bill = figures::bill(scenario, configuration, &figures::Counts::of_one(own));
    ReplicationOutcome {
        requests: own.requests.iter().sum(),
        kms_by_api: KmsApi::ALL.map(|api| own.calls.get(api)),
        keys_generated: own.keys_generated,
        keys_alive_max: own.keys_alive_max,
        per_s_max: own.per_s_max,
        kms_cost: bill.kms_total(),
        total_cost: bill.total(),
        saving: own.saving_against(reference),
    }
}

/// A migration pays for itself by what it saves beyond the same configuration without it, if the
/// scenario has that, else beyond the reference.
fn migration(
    scenario: &Scenario,
    migrated: &Configuration,
    bill: &Bill,
    counted: &arms::Counted,
) -> MigrationOutcome {
    let sum = |wanted: &dyn Fn(&Population) -> bool| -> u64 {
        scenario.migrating().filter(|it| wanted(it)).map(|it| it.objects).sum()
    };
    let objects = sum(&|_| true);
    let objects_under_kms = sum(&|it| scenario.domain_of(it).is_under_kms());
    let plan = MigrationPlan { objects_under_kms, ..MigrationPlan::of(objects) };
    let one_time = plan.bill(&scenario.billing.prices, &scenario.billing.terms);
    let unmigrated = |c: &Configuration| {
        !c.migrated && (c.mode, c.rule, c.ranges) == (migrated.mode, migrated.rule, migrated.ranges)
    };
    let before = scenario.configurations.iter().position(unmigrated).unwrap_or(scenario.reference);
    let summary = counted.level(before, Level::Assumed);
    let counts = figures::Counts::of(summary);
    let before = figures::bill(scenario, &scenario.configurations[before], &counts);
    let payback_periods = payback_periods(one_time.total(), before.total() - bill.total());
    MigrationOutcome { objects, bill: one_time, payback_periods }
}
