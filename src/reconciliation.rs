//! A model's KMS calls beside those that a trail measures, by requester, bucket and hour.
//!
//! A call is explained if the model has one of the same API in the same cell; what is counted for
//! each cell and API is the lesser of both. What is not explained comes with a reason, and so do the
//! calls that only the model has.
//!
//! If nothing is asked for, how each bucket is encrypted is taken from the trail ([`evidence`]).
//! What AWS does not publish is assumed: the model is run at every level of the assumptions, under
//! every rule of who is one requester, and under every assumption about objects from before the log.

pub mod evidence;
pub mod kms_calls;
mod model;
mod reasons;
pub mod rows;
mod share;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::encryption::Mode;
use crate::encryption::assumption::Level;
use crate::error::{Error, Result};
use crate::reconciliation::kms_calls::{CallGroup, MeasuredCalls, TrailCalls};
use crate::recording::Recording;
use crate::recording::earlier_objects::ObjectOrigin;
use crate::scenario::Scenario;
use crate::scenario::replay::UnknownAge;
use crate::simulation::Arm;
use evidence::{ALL_AGES, BucketEncryption, BucketEvidence, BucketPlan};
pub use model::ModelCalls;
use reasons::AskersAndCallers;
pub use reasons::{Surplus, Unexplained};
pub use share::{Agreement, Agreements};

/// What is asked for; the rest is by evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReconcileOptions {
    /// The configuration.
    pub configuration: Option<usize>,
    /// Whether settings say how buckets and unknown objects are encrypted.
    pub by_settings: bool,
    /// Which keys wrap objects whose writing is not in the log.
    pub unknown_age: Option<UnknownAge>,
}

/// One way in which the model was run.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelVariant {
    /// Index of the configuration.
    pub configuration: usize,
    /// Where in its range each assumption stands.
    pub level: Level,
    /// How each of the scenario's buckets is taken to be encrypted.
    pub plans: Vec<BucketPlan>,
    /// What it explains.
    pub shares: Agreements,
}

impl ModelVariant {
    fn agreement(&self) -> f64 {
        self.shares.cells.agreement().unwrap_or_default()
    }

    /// In one word how old unknown objects are taken to be; `by-evidence` if buckets differ, `none` if
    /// nothing is taken or no bucket has bucket keys.
    pub(crate) fn ages(&self) -> String {
        let mut ages = self.plans.iter().filter_map(|plan| plan.unknown_age);
        let first = ages.next();
        let Some(first) = first else { return "none".to_owned() };
        if ages.all(|age| age == first) { first.to_string() } else { "by-evidence".to_owned() }
    }
}

/// One requester, bucket and hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciled {
    /// Which.
    pub cell: CallGroup,
    /// The trail's calls.
    pub measured: MeasuredCalls,
    /// The model's.
    pub model: ModelCalls,
    /// How many both have, and how many only one has.
    pub share: Agreement,
    /// Why some are not explained.
    pub unexplained: Option<Unexplained>,
    /// Why the model has some that the trail has not.
    pub surplus: Option<Surplus>,
}

/// A model beside a trail.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconciliation {
    /// Nanoseconds since the Unix epoch: from when to when calls are compared.
    pub window_ns: (i64, i64),
    /// Every cell that has calls or requests, under the first of the variants.
    pub cells: Vec<Reconciled>,
    /// How the model was run: first what is shown, then what else it might have been.
    pub variants: Vec<ModelVariant>,
    /// The trail's calls by bucket.
    pub evidence: BTreeMap<String, BucketEvidence>,
    /// Requests that would need a key, in buckets that are taken not to be encrypted by KMS.
    pub requests_without_calls: u64,
    /// Calls that are not set beside anything.
    pub beside: UncomparedCalls,
}

/// Events of the trail that are not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UncomparedCalls {
    /// S3's calls before or after the compared time.
    pub outside: u64,
    /// Calls within it that are not S3's.
    pub other_use: u64,
    /// They repeat another.
    pub repeated: u64,
    /// They failed.
    pub failed: u64,
    /// They are of buckets that were not asked for.
    pub other_buckets: u64,
    /// S3's calls within it for table and vector buckets, by the bucket's ARN.
    pub other_storage: BTreeMap<String, u64>,
    /// S3's calls of kinds that the model lacks, by API.
    pub lacked: BTreeMap<String, u64>,
}

impl Reconciliation {
    /// Sets a log's requests, run as `scenario` says, beside `calls`. `buckets` are those asked for;
    /// if none is, all are. `done` is told how many runs there are whenever one is done.
    pub(crate) fn of(
        scenario: &Scenario,
        mut calls: TrailCalls,
        buckets: &[String],
        asked: ReconcileOptions,
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Self> {
        let scenario = &evidence::with_directories(scenario);
        let recording = scenario.recording.as_deref().expect("the scenario is a log's");
        let mut beside = UncomparedCalls {
            outside: calls.outside,
            other_use: calls.other_use,
            repeated: calls.repeated,
            failed: calls.failed,
            other_buckets: 0,
            other_storage: std::mem::take(&mut calls.other_storage),
            lacked: std::mem::take(&mut calls.lacked),
        };
        calls.cells.retain(|cell, measured| {
            let wanted = buckets.is_empty() || buckets.contains(&cell.bucket);
            beside.other_buckets += if wanted { 0 } else { measured.calls.total() };
            wanted
        });
        if calls.cells.is_empty() {
            return Err(nothing_measured(&beside));
        }
        let found = evidence::measured(&calls.cells);
        let bench = VariantRuns { scenario, recording, calls: &calls, buckets };
        let mut variants = bench.variants(&found, asked);
        let joined = bench.run_all(&mut variants, done);
        recording.check()?;
        Ok(Self {
            window_ns: bench.window_ns(),
            cells: reconciled(recording, &joined),
            requests_without_calls: bench.requests_without_calls(&variants[0].plans, &joined),
            variants,
            evidence: found,
            beside,
        })
    }

    /// The least and the greatest of a figure over all variants, those that do not have it left out.
    pub(crate) fn range(&self, figure: impl Fn(&Agreements) -> Option<f64>) -> Option<(f64, f64)> {
        let values = self.variants.iter().filter_map(|variant| figure(&variant.shares));
        values
            .map(|value| (value, value))
            .reduce(|(least, greatest), (value, _)| (least.min(value), greatest.max(value)))
    }

    /// What the first variant explains.
    pub(crate) fn shares(&self) -> &Agreements {
        &self.variants[0].shares
    }

    /// The variant that agrees best with the trail.
    pub(crate) fn closest(&self) -> &ModelVariant {
        self.variants.iter().fold(&self.variants[0], |best, variant| {
            if variant.agreement() > best.agreement() { variant } else { best }
        })
    }

    /// Calls that only the trail has, by reason.
    pub(crate) fn unexplained(&self) -> BTreeMap<Unexplained, u64> {
        summed(self.cells.iter().map(|cell| (cell.unexplained, cell.share.unexplained())))
    }

    /// Calls that only the model has, by reason.
    pub(crate) fn surplus(&self) -> BTreeMap<Surplus, u64> {
        summed(self.cells.iter().map(|cell| (cell.surplus, cell.share.surplus())))
    }
}

fn summed<T: Ord>(reasons: impl Iterator<Item = (Option<T>, u64)>) -> BTreeMap<T, u64> {
    let mut sums = BTreeMap::new();
    for (reason, calls) in reasons {
        if let Some(reason) = reason {
            *sums.entry(reason).or_default() += calls;
        }
    }
    sums
}

/// What calls for other storage and calls of kinds that the model lacks are, each with its name.
pub(crate) fn named_apart(beside: &UncomparedCalls) -> Vec<String> {
    let storage = beside.other_storage.iter();
    let storage = storage.map(|(arn, calls)| format!("{calls} calls for `{arn}`"));
    let lacked = beside.lacked.iter().map(|(api, calls)| format!("{calls} `{api}` calls"));
    storage.chain(lacked).collect()
}

fn nothing_measured(beside: &UncomparedCalls) -> Error {
    let apart = named_apart(beside);
    if !apart.is_empty() {
        return Error::request(format!(
            "the only KMS calls that S3 made in the trail are of kinds that the model lacks: {}",
            apart.join(", ")
        ))
        .hint(
            "which calls they are made for is not published; give a trail with other requests, too",
        );
    }
    let error = Error::request(
        "the trail has no KMS call that S3 made in the time and the buckets of the requests",
    );
    let &UncomparedCalls { outside, other_use, other_buckets, .. } = beside;
    if outside > 0 {
        error.hint(format!(
            "{outside} calls lie before the first request or after the last: give logs of the same time"
        ))
    } else if other_buckets > 0 {
        error.hint("the calls are of other buckets: look at `--bucket`")
    } else if other_use > 0 {
        error.hint("no call has the encryption context `aws:s3:arn`, which S3's calls have")
    } else {
        error.hint("give CloudTrail's files with management events: KMS's calls are among them")
    }
}

type JoinedCalls = BTreeMap<CallGroup, (MeasuredCalls, ModelCalls)>;

/// What all variants are run on.
struct VariantRuns<'a> {
    scenario: &'a Scenario,
    recording: &'a Recording,
    calls: &'a TrailCalls,
    /// Those asked for; none: all.
    buckets: &'a [String],
}

impl VariantRuns<'_> {
    fn window_ns(&self) -> (i64, i64) {
        let Recording { start_ns, counted_from, end, .. } = self.recording;
        (start_ns + counted_from.as_nanos(), start_ns + end.as_nanos())
    }

    /// All ways to run the model; the first is what is shown.
    fn variants(
        &self,
        found: &BTreeMap<String, BucketEvidence>,
        asked: ReconcileOptions,
    ) -> Vec<ModelVariant> {
        let scenario = self.scenario;
        let by_evidence = asked.configuration.is_none() && !asked.by_settings;
        let encryption = if by_evidence {
            evidence::encryption(scenario, found)
        } else {
            vec![BucketEncryption::AsAsked; scenario.buckets.len()]
        };
        let configurations = self.configurations(asked, by_evidence);
        let plans = self.plans(found, &encryption, configurations[0], asked);
        let mut variants: Vec<ModelVariant> = Vec::new();
        for &configuration in &configurations {
            for level in [Level::Assumed, Level::Low, Level::High] {
                variants.extend(plans.iter().map(|plans| ModelVariant {
                    configuration,
                    level,
                    plans: plans.clone(),
                    shares: Agreements::default(),
                }));
            }
        }
        let has_keys = if by_evidence {
            encryption.contains(&BucketEncryption::BucketKey)
        } else {
            scenario.configurations[configurations[0]].uses_bucket_keys(&scenario.domains)
        };
        // Without bucket keys nothing is assumed.
        variants.truncate(if has_keys { variants.len() } else { 1 });
        variants
    }

    /// The configurations that are run.
    fn configurations(&self, asked: ReconcileOptions, by_evidence: bool) -> Vec<usize> {
        let Scenario { headline, configurations, .. } = self.scenario;
        let first = asked.configuration.unwrap_or(*headline);
        if !by_evidence {
            return vec![first];
        }
        let mut with_keys: Vec<usize> = (0..configurations.len())
            .filter(|&index| configurations[index].mode == Mode::SseKmsBucketKey)
            .collect();
        with_keys.sort_by_key(|index| *index != first);
        if with_keys.is_empty() { vec![first] } else { with_keys }
    }

    /// How buckets may be encrypted; the first is what is shown.
    fn plans(
        &self,
        found: &BTreeMap<String, BucketEvidence>,
        encryption: &[BucketEncryption],
        configuration: usize,
        asked: ReconcileOptions,
    ) -> Vec<Vec<BucketPlan>> {
        if asked.by_settings || asked.unknown_age.is_some() {
            return vec![BucketPlan::uniform(encryption, asked.unknown_age)];
        }
        let keyless = BucketPlan::uniform(encryption, Some(UnknownAge::Keyless));
        if self.recording.before.iter().all(|before| before.origin != ObjectOrigin::Unknown) {
            return vec![keyless];
        }
        let model = self.run(configuration, Level::Assumed, &keyless);
        let ages = evidence::unknown_ages(self.scenario, found, &model);
        let by_evidence =
            encryption.iter().zip(ages).map(|(&it, age)| BucketPlan::of(it, Some(age)));
        let mut plans = vec![by_evidence.collect()];
        for age in ALL_AGES {
            let plan = BucketPlan::uniform(encryption, Some(age));
            if !plans.contains(&plan) {
                plans.push(plan);
            }
        }
        plans
    }

    /// The model's cells.
    fn run(
        &self,
        configuration: usize,
        level: Level,
        plans: &[BucketPlan],
    ) -> BTreeMap<CallGroup, ModelCalls> {
        let scenario = evidence::planned(self.scenario, plans);
        let assumptions = scenario.configurations[configuration].ranges.at(level);
        let arm = Arm::of_totals(configuration, assumptions);
        let mut cells = model::cells(&scenario, self.recording, &arm);
        let without_calls: BTreeSet<&str> = self
            .recording
            .buckets
            .iter()
            .zip(plans)
            .filter(|(_, plan)| plan.encryption == BucketEncryption::NoCalls)
            .map(|(name, _)| name.as_str())
            .collect();
        cells.retain(|cell, modelled| {
            if without_calls.contains(cell.bucket.as_str()) {
                *modelled = ModelCalls { requests: modelled.requests, ..ModelCalls::default() };
            }
            self.buckets.is_empty() || self.buckets.contains(&cell.bucket)
        });
        cells
    }

    /// Runs all variants, and keeps the cells of the first.
    fn run_all(&self, variants: &mut [ModelVariant], done: &(dyn Fn(usize) + Sync)) -> JoinedCalls {
        let all = variants.len();
        let mut kept: Vec<Option<JoinedCalls>> = variants
            .par_iter_mut()
            .with_max_len(1)
            .enumerate()
            .map(|(number, variant)| {
                let model = self.run(variant.configuration, variant.level, &variant.plans);
                let joined = share::joined(&self.calls.cells, &model);
                variant.shares = Agreements::of(&joined);
                done(all);
                (number == 0).then_some(joined)
            })
            .collect();
        kept.swap_remove(0).expect("the first is kept")
    }

    fn requests_without_calls(&self, plans: &[BucketPlan], joined: &JoinedCalls) -> u64 {
        let buckets = self.recording.buckets.iter().zip(plans);
        let without: BTreeSet<&String> = buckets
            .filter(|(_, plan)| plan.encryption == BucketEncryption::NoCalls)
            .map(|(name, _)| name)
            .collect();
        let cells = joined.iter().filter(|(cell, _)| without.contains(&cell.bucket));
        cells.map(|(_, (_, model))| model.requests).sum()
    }
}

/// Each cell with its reasons.
fn reconciled(recording: &Recording, joined: &JoinedCalls) -> Vec<Reconciled> {
    let known = AskersAndCallers::of(recording, joined);
    let cells = joined.iter().map(|(cell, (measured, model))| {
        let share = Agreement::of(&measured.calls, &model.calls);
        Reconciled {
            cell: cell.clone(),
            measured: *measured,
            model: *model,
            share,
            unexplained: (share.unexplained() > 0).then(|| known.unexplained(cell, model)),
            surplus: (share.surplus() > 0).then(|| known.surplus(cell, measured)),
        }
    });
    cells.collect()
}
