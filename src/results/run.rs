//! A scenario's answer: every configuration at every level of assumptions, with its saving, its
//! bill, what bounds it, what moves it most, and what to beware of.

use crate::encryption::Mode;
use crate::encryption::assumptions::{Level, Variation};
use crate::encryption::requester::RequesterRule;
use crate::kms::KmsApi;
use crate::migration::payback::Payback;
use crate::pricing::Bill;
use crate::quota::QuotaEffect;
use crate::s3::Operation;
use crate::scenario::{Configuration, Scenario};
use crate::statistics::{Estimate, Precision};
use crate::units::Usd;

use super::arm_counts::{AccountSummary, OneReplication, Summary};
pub use super::arms::bytes_at_most;
use super::arms::{self, Variations};
use super::warnings::{self, Warning, replay};
use super::{billing, migration, tables};
pub use billing::KmsCharges;

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
    /// The busiest second's share of the quota, with the account's other load: the greatest of all
    /// accounts and regions.
    pub quota_share_max: f64,
    /// What the quota does to the account, region and replication that strain it most.
    pub quota: QuotaEffect,
    /// What the accounts' other load takes of their quotas, in calls a second.
    pub background_per_s: u64,
    /// Each account in each region that makes any call.
    pub accounts: Vec<AccountOutcome>,
    /// CloudTrail events, one for each KMS request: those whose encryption context names the bucket,
    /// and those that name an object.
    pub cloudtrail_events: (f64, f64),
    /// S3 requests of all operations in the billing period, region by region; those of work that happens
    /// once are not scaled to it.
    pub requests_in_period: Vec<u64>,
    /// The bill for the billing period.
    pub bill: Bill,
    /// What of it goes to work that happens once: for KMS requests, and for everything.
    pub once: (Usd, Usd),
    /// The audit by object, if it is asked for.
    pub audit: Option<AuditOutcome>,
    /// Share of the reference's KMS requests that is saved; `None` if the reference makes none.
    pub saving: Option<Estimate>,
    /// Each replication's own figures, in order.
    pub replications: Vec<ReplicationOutcome>,
}

/// KMS requests of one account in one region, of one configuration at one level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AccountOutcome {
    /// Which one, by its number among the scenario's.
    pub number: usize,
    /// KMS requests of the counted part of the run, a mean over replications.
    pub kms_requests: f64,
    /// KMS requests in the busiest second of any replication.
    pub per_s_max: u32,
    /// The busiest second's share of the quota, with the account's other load there.
    pub quota_share_max: f64,
    /// What the quota does to the replication that strains it most.
    pub quota: QuotaEffect,
    /// Its KMS requests in the billing period.
    pub charges: KmsCharges,
    /// What these cost.
    pub kms_cost: Usd,
}

/// The audit by object in the billing period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AuditOutcome {
    /// Cost of S3 data events; zero where KMS's own events name each object.
    pub cost: Usd,
    /// Share of the reference's cost of KMS requests and S3 data events that is saved; `None` if that is
    /// zero.
    pub saving: Option<f64>,
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
    /// When what it saves beyond the same configuration without it has paid for it.
    pub payback: Payback,
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
                assumption: variation.assumption.name(),
                low: (variation.range.low.to_string(), at_ends[0]),
                assumed: (variation.range.assumed.to_string(), assumed),
                high: (variation.range.high.to_string(), at_ends[1]),
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
            replay::complete(&mut outcome, scenario, log, progress);
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
        let calling = counted.calling_accounts();
        let configurations: Vec<ConfigurationOutcome> = (0..scenario.configurations.len())
            .map(|index| configuration(scenario, &counted, &calling, index))
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
    calling: &[usize],
    index: usize,
) -> ConfigurationOutcome {
    let configuration = &scenario.configurations[index];
    let reference = counted.level(scenario.reference, Level::Assumed);
    let against = Against {
        calling,
        summary: reference,
        bill: billing::bill(
            scenario,
            &scenario.configurations[scenario.reference],
            &billing::Counts::of(reference),
        ),
    };
    let levels = Level::ALL.map(|level| {
        let summary = counted.level(index, level);
        level_outcome(scenario, configuration, level, summary, &against)
    });
    let assumed = counted.level(index, Level::Assumed);
    let bound = |summary: Option<&Summary>| {
        summary.and_then(|summary| summary.saving_against(reference)).map(|saving| saving.mean)
    };
    let migration =
        configuration.migrated.then(|| migration::of(scenario, configuration, counted, index));
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

/// What savings are measured against.
struct Against<'a> {
    summary: &'a Summary,
    bill: Bill,
    /// Accounts in regions that make calls in any configuration.
    calling: &'a [usize],
}

fn level_outcome(
    scenario: &Scenario,
    configuration: &Configuration,
    level: Level,
    summary: &Summary,
    reference: &Against,
) -> LevelOutcome {
    let counts = billing::Counts::of(summary);
    let bill = billing::bill(scenario, configuration, &counts);
    let accounts = accounts(scenario, summary, &counts, reference.calling);
    let kms_by_api = KmsApi::ALL.map(|api| summary.mean(summary.total_calls().get(api)));
    let per_s_max = summary.per_s.quantile(1.0);
    LevelOutcome {
        level,
        requests: summary.mean(summary.requests.iter().sum()),
        kms_by_api,
        keys_generated: summary.mean(summary.keys_generated),
        keys_alive: summary.keys_alive,
        per_s_max,
        per_s_p999: summary.per_s.quantile(0.999),
        quota_share_max: accounts.iter().map(|it| it.quota_share_max).fold(0.0, f64::max),
        quota: most_strained(&accounts),
        background_per_s: accounts.iter().map(|it| it.quota.background_per_s).sum(),
        accounts,
        cloudtrail_events: (
            summary.mean(summary.total_calls().total() - summary.calls_by_object),
            summary.mean(summary.calls_by_object),
        ),
        requests_in_period: counts
            .requests_in_period(scenario)
            .iter()
            .map(|requests| requests.iter().sum())
            .collect(),
        once: billing::once(scenario, configuration, &counts, &bill),
        audit: billing::audit(scenario, &bill, &reference.bill),
        bill,
        saving: summary.saving_against(reference.summary),
        replications: summary
            .each
            .iter()
            .zip(&reference.summary.each)
            .map(|(own, against)| replication(scenario, configuration, own, against))
            .collect(),
    }
}

/// The accounts that make calls, each with what they do to its quota and its bill.
fn accounts(
    scenario: &Scenario,
    summary: &Summary,
    counts: &billing::Counts,
    calling: &[usize],
) -> Vec<AccountOutcome> {
    let charges = counts.kms_charges(scenario);
    let account = |&number: &usize| {
        let AccountSummary { counts, per_s_max, quota } = summary.accounts[number];
        AccountOutcome {
            number,
            kms_requests: summary.mean(counts.calls()),
            per_s_max,
            quota_share_max: scenario.billing.quotas[number].share(per_s_max),
            quota,
            charges: charges[number],
            kms_cost: billing::kms_cost(
                scenario,
                scenario.accounts.region(number),
                &charges[number],
            ),
        }
    };
    calling.iter().map(account).collect()
}

/// What the quota does to the account that strains it most, the first of several.
fn most_strained(accounts: &[AccountOutcome]) -> QuotaEffect {
    let effects = accounts.iter().map(|account| account.quota);
    let more = |a: QuotaEffect, b: QuotaEffect| if b.strain() > a.strain() { b } else { a };
    effects.reduce(more).unwrap_or_default()
}

fn replication(
    scenario: &Scenario,
    configuration: &Configuration,
    own: &OneReplication,
    reference: &OneReplication,
) -> ReplicationOutcome {
    let bill = billing::bill(scenario, configuration, &billing::Counts::of_one(own));
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
