//! What to do about a KMS bill, best first.
//!
//! Each piece of advice is a counterfactual: the same scenario or log with one thing changed, run with the same
//! seed. What it saves is the difference of two bills, level by level of assumptions, so that what is not known
//! about S3 is taken to be the same on both sides.
//!
//! - [`catalogue`]: what can be done, as data: one row for each kind, with what it loses and how to do it;
//! - [`changes`]: what each kind changes in a scenario, as overrides that `bks simulate --set` takes, too;
//! - [`Bills`]: a changed run's bills, and savings as their differences;
//! - `order`: which to do first, and what each of the others adds to those before it;
//! - [`rows`]: what `advice.csv` has.

pub mod bills;
pub mod catalogue;
pub mod changes;
mod order;
pub mod rows;

use crate::encryption::Mode;
use crate::error::{Error, Result};
use crate::results::result_json::WarningFacts;
use crate::results::run::StepProgress;
use crate::results::warnings;
use crate::scenario::Scenario;
use crate::scenario::overrides::Override;
use crate::units::{SimDuration, Usd};

pub use bills::{Bills, Saving};
use catalogue::{AdviceKind, BUCKET_KEYS, CATALOGUE};
use changes::{AdvisedScenario, Change, LogChange, OneTimeCostBasis};

/// Parts of the bill below which a saving does not matter.
const MATTERS: i128 = 100;

/// What takes more billing periods, a hundred years of months, is never paid back.
const PERIODS_MAX: f64 = 1_200.0;

/// What is advised for a scenario or a log.
#[derive(Clone, Debug)]
pub struct Advice {
    /// Name of the scenario.
    pub scenario: String,
    /// The configuration that is taken for what is in use now.
    pub now: String,
    /// The configuration with bucket keys that is advised.
    pub configuration: String,
    /// Whether bucket keys are in use now.
    pub keys_are_on: bool,
    /// The period of all amounts.
    pub period: SimDuration,
    /// Requests and keys bill of what is in use now, as assumed.
    pub bill: Usd,
    /// All that was tried: what is done first, in its order; then by what it saves.
    pub list: Vec<Advised>,
    /// What to do first, and then.
    pub order: Vec<AdviceStep>,
    /// What was not tried, and why.
    pub left_out: Vec<Untried>,
    /// What is put over the scenario before any change.
    pub basis: Vec<Override>,
    /// Why what is scaled to the period may not stand for it.
    pub warnings: Vec<WarningFacts>,
}

/// One thing changed.
#[derive(Clone, Debug)]
pub struct Advised {
    /// Which kind of advice.
    pub kind: &'static AdviceKind,
    /// What exactly is changed.
    pub change: Change,
    /// What it saves by itself.
    pub alone: Saving,
    /// What it saves where bucket keys are on; `None` of bucket keys themselves, and where they are on.
    pub beyond: Option<Saving>,
    /// Half-width of what chance leaves open of the larger of both.
    pub noise: Usd,
    /// What it costs, and whether and when that is paid back.
    pub once: Option<OneTimeCost>,
    /// The advised configuration's bill after the change.
    pub bill: Usd,
    /// What is to be thought of it.
    pub effect: AdviceEffect,
}

/// What is paid once.
#[derive(Clone, Debug, PartialEq)]
pub struct OneTimeCost {
    /// How much.
    pub cost: Usd,
    /// `after` some time, `never`, or `unknown` from this run.
    pub payback: String,
    /// Billing periods until it is paid back; where a model of how the saving goes on lacks, at the run's rate.
    pub periods: Option<f64>,
}

/// Whether something is worth doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdviceEffect {
    /// It saves more than a hundredth of the bill, and more than chance may.
    Saves,
    /// It does so only if S3 works otherwise than assumed.
    Depends,
    /// It does not.
    DoesNotMatter,
    /// It costs more.
    CostsMore,
}

impl AdviceEffect {
    /// The word for it in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Saves => "saves",
            Self::Depends => "depends",
            Self::DoesNotMatter => "does-not-matter",
            Self::CostsMore => "costs-more",
        }
    }
}

/// One step of the order in which to go.
#[derive(Clone, Debug)]
pub struct AdviceStep {
    /// Which of [`Advice::list`].
    pub advised: usize,
    /// What it saves beyond all steps before it.
    pub saving: Saving,
    /// What all steps so far save.
    pub so_far: Saving,
    /// The bill after it.
    pub bill: Usd,
    /// What it costs once beside all steps before it.
    pub once: Option<OneTimeCost>,
}

/// What was not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untried {
    /// Name of the kind, or of the change.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Why not.
    pub why: String,
}

/// What is asked of an advice.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Name of the configuration with bucket keys to advise; else the headline, or the first that has them.
    pub configuration: Option<&'a str>,
    /// Refuses a scenario that cannot be run here.
    pub check: &'a (dyn Fn(&Scenario) -> Result<()> + Sync),
}

impl Advice {
    /// Counterfactuals every counterfactual that the scenario allows.
    ///
    /// # Errors
    /// If no configuration has bucket keys, or the one asked for is none of them.
    pub fn of(scenario: &Scenario, question: &Question, progress: StepProgress) -> Result<Self> {
        let configuration = advised_configuration(scenario, question.configuration)?;
        scenario.require_prices_of_migration()?;
        let basis = basis(scenario, configuration);
        let own = scenario.changed(&basis)?;
        let runs =
            Counterfactuals { scenario: &own, configuration, check: question.check, progress };
        let before = runs.of_scenario(&own);
        let mut advice = Self {
            scenario: scenario.name.clone(),
            now: own.configurations[own.reference].name.clone(),
            configuration: own.configurations[configuration].name.clone(),
            keys_are_on: configuration == own.reference,
            period: own.billing.period,
            bill: before.now.bill(),
            list: Vec::new(),
            order: Vec::new(),
            left_out: Vec::new(),
            basis,
            warnings: warnings::of_scenario(scenario),
        };
        let mut tried = Vec::new();
        for kind in CATALOGUE {
            for change in advice.changes(kind, &own, configuration) {
                match runs.of(&[&change]) {
                    Ok(after) => {
                        let advised =
                            Advised::of(kind, change, &before, &after, advice.keys_are_on);
                        advice.list.push(advised);
                        tried.push(after);
                    }
                    Err(error) => advice.leave_out(kind, &change.title, &error),
                }
            }
        }
        advice.order = order::order(&advice, &before, &tried, &runs);
        advice.rank();
        Ok(advice)
    }

    /// The changes of a kind; of one that has none, why.
    fn changes(
        &mut self,
        kind: &'static AdviceKind,
        scenario: &Scenario,
        configuration: usize,
    ) -> Vec<Change> {
        let of_log = kind.untold_by_logs.filter(|_| scenario.recording.is_some());
        let why = if let Some(why) = of_log {
            why
        } else {
            let changes = (kind.changes)(&AdvisedScenario { scenario, configuration });
            if !changes.is_empty() {
                return changes;
            }
            kind.without
        };
        self.left_out.push(Untried {
            name: kind.name.to_owned(),
            title: kind.title.to_owned(),
            why: why.to_owned(),
        });
        Vec::new()
    }

    fn leave_out(&mut self, kind: &AdviceKind, title: &str, error: &Error) {
        let why = error.to_string();
        let why = why.lines().next().unwrap_or_default().to_owned();
        self.left_out.push(Untried { name: kind.name.to_owned(), title: title.to_owned(), why });
    }

    /// Puts what is to be done first at the top, in its order, and the rest by what it saves.
    fn rank(&mut self) {
        let mut places: Vec<usize> = (0..self.list.len()).collect();
        places.sort_by_key(|&index| {
            (self.step_of(index).unwrap_or(usize::MAX), -self.list[index].best().assumed.pico())
        });
        for step in &mut self.order {
            step.advised = places.iter().position(|&index| index == step.advised).unwrap_or(0);
        }
        self.list = places.iter().map(|&index| self.list[index].clone()).collect();
    }

    /// Which step one of the list is, from 0, if it is in the order.
    #[must_use]
    pub fn step_of(&self, advised: usize) -> Option<usize> {
        self.order.iter().position(|step| step.advised == advised)
    }

    /// Share of today's bill that an amount is; `None` if there is no bill.
    #[must_use]
    pub fn share_of_bill(&self, amount: Usd) -> Option<f64> {
        let bill = self.bill.as_f64();
        (bill > 0.0).then(|| amount.as_f64() / bill)
    }

    /// The least saving that matters, where chance leaves so much open.
    fn threshold(bill: Usd, noise: Usd) -> Usd {
        bill.scaled(1, MATTERS).max(noise)
    }

    /// The bill after all steps; that of now if there are none.
    #[must_use]
    pub fn bill_after(&self) -> Usd {
        self.order.last().map_or(self.bill, |step| step.bill)
    }

    /// The overrides of all steps together, and what they take of a log otherwise.
    #[must_use]
    pub fn together(&self) -> (Vec<Override>, LogChange) {
        let changes = self.order.iter().map(|step| &self.list[step.advised].change);
        let of_log = changes.clone().fold(LogChange::default(), |of, it| of.and(it.of_log));
        (changes.flat_map(|change| change.overrides.clone()).collect(), of_log)
    }
}

impl Advised {
    fn of(
        kind: &'static AdviceKind,
        change: Change,
        before: &Bills,
        after: &Bills,
        keys_are_on: bool,
    ) -> Self {
        let is_of_keys = kind.name == BUCKET_KEYS;
        // Where KMS is done without, or bucket keys are what is changed, there is but one bill after it.
        let alone = if is_of_keys || kind.instead {
            after.keys.saving_from(&before.now)
        } else {
            after.now.saving_from(&before.now)
        };
        let beyond = (!is_of_keys && !keys_are_on).then(|| after.keys.saving_from(&before.keys));
        let best = beyond.filter(|beyond| beyond.assumed > alone.assumed).unwrap_or(alone);
        let noise = best.half_width.unwrap_or_default();
        let threshold = Advice::threshold(before.now.bill(), noise);
        let effect = if best.assumed >= threshold {
            AdviceEffect::Saves
        } else if best.assumed <= -threshold {
            AdviceEffect::CostsMore
        } else if best.high >= threshold {
            AdviceEffect::Depends
        } else {
            AdviceEffect::DoesNotMatter
        };
        Self {
            kind,
            alone,
            beyond,
            noise,
            once: once(&change, best, after),
            change,
            bill: after.keys.bill(),
            effect,
        }
    }

    /// The larger of what it saves alone and beyond bucket keys.
    #[must_use]
    pub fn best(&self) -> Saving {
        self.beyond.filter(|beyond| beyond.assumed > self.alone.assumed).unwrap_or(self.alone)
    }

    /// Whether what it costs once never comes back.
    #[must_use]
    pub fn never_pays(&self) -> bool {
        self.once.as_ref().is_some_and(|once| once.payback == NEVER_PAID)
    }
}

/// The word of a cost that never comes back.
const NEVER_PAID: &str = "never";

/// What a change costs once, and when `saving` has paid for it.
fn once(change: &Change, saving: Saving, after: &Bills) -> Option<OneTimeCost> {
    let cost = match change.once {
        OneTimeCostBasis::Nothing => return None,
        OneTimeCostBasis::OfMigration => {
            let row = after.keys.row();
            let payback = row.payback.clone().unwrap_or_else(|| "unknown".to_owned());
            let cost = row.migration_cost_usd?;
            return Some(OneTimeCost { cost, payback, periods: row.payback_periods });
        }
        OneTimeCostBasis::Known(cost) => cost,
    };
    let periods = cost.as_f64() / saving.assumed.as_f64();
    let periods = (saving.assumed > Usd::default() && periods < PERIODS_MAX).then_some(periods);
    let payback = if periods.is_some() { "after" } else { NEVER_PAID };
    Some(OneTimeCost { cost, payback: payback.to_owned(), periods })
}

/// The index of the configuration that is advised: the one named, else the headline if it has bucket keys,
/// else the first that has.
fn advised_configuration(scenario: &Scenario, named: Option<&str>) -> Result<usize> {
    let all = &scenario.configurations;
    if let Some(name) = named {
        let index = scenario.configuration_named(name)?;
        return match all[index].mode {
            Mode::SseKmsBucketKey => Ok(index),
            _ => Err(Error::request(format!("`{name}` does not use bucket keys"))
                .hint("name a configuration with `encryption = \"sse-kms-bucket-key\"`")),
        };
    }
    let headline = &all[scenario.headline];
    // A migration is one of the things to be advised: not what to begin with.
    let unmigrated = all.iter().position(|it| {
        it.mode == Mode::SseKmsBucketKey && !it.migrated && it.rule == headline.rule
    });
    let index = if headline.mode == Mode::SseKmsBucketKey && !headline.migrated {
        Some(scenario.headline)
    } else {
        unmigrated.or_else(|| all.iter().position(|it| it.mode == Mode::SseKmsBucketKey))
    };
    index.ok_or_else(|| {
        Error::request("no configuration uses bucket keys, so there is nothing to advise with")
            .hint("add a configuration with `encryption = \"sse-kms-bucket-key\"`")
    })
}

/// What is put over a scenario first: the advised configuration is the one the verdict is about, and what is in use
/// now if a log says so; it has not migrated anything yet, and nothing is demanded of it.
fn basis(scenario: &Scenario, configuration: usize) -> Vec<Override> {
    let mut basis = Vec::new();
    let file = scenario.file();
    let own = &file.configurations[configuration];
    let log = scenario.recording.as_ref();
    if configuration != scenario.reference && log.is_some_and(|log| log.has_bucket_keys_on()) {
        let other = &file.configurations[scenario.reference].name;
        basis.push(Override::new("reference", changes::text(&own.name)));
        basis.push(Override::new("headline", changes::text(other)));
    } else if configuration != scenario.reference && configuration != scenario.headline {
        basis.push(Override::new("headline", changes::text(&own.name)));
    }
    let key = changes::configuration_key(scenario, configuration);
    if own.migrated && configuration != scenario.reference {
        basis.push(Override::new(format!("{key}.migrated"), "false"));
    }
    if !own.migrated_only.is_empty() && configuration != scenario.reference {
        basis.push(Override::new(format!("{key}.migrated_only"), "[]"));
    }
    if !scenario.assertions.is_empty() {
        basis.push(Override::new("assertions", "[]"));
    }
    basis
}

/// What runs counterfactuals.
struct Counterfactuals<'a> {
    scenario: &'a Scenario,
    configuration: usize,
    check: &'a (dyn Fn(&Scenario) -> Result<()> + Sync),
    progress: StepProgress<'a>,
}

impl Counterfactuals<'_> {
    /// The bills with some changes made together.
    fn of(&self, changes: &[&Change]) -> Result<Bills> {
        let overrides: Vec<Override> =
            changes.iter().flat_map(|change| change.overrides.iter().cloned()).collect();
        let of_log = changes.iter().fold(LogChange::default(), |of, it| of.and(it.of_log));
        let scenario = of_log.applied_to(self.scenario.changed(&overrides)?);
        (self.check)(&scenario)?;
        Ok(self.of_scenario(&scenario))
    }

    fn of_scenario(&self, scenario: &Scenario) -> Bills {
        let names = [self.scenario.reference, self.configuration]
            .map(|index| self.scenario.configurations[index].name.as_str());
        Bills::of(scenario, names, self.progress)
    }
}
