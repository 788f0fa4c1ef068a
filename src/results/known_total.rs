//! A total that is known beside a run: so many KMS requests a month, by a bill or by who knows them.
//!
//! A run is often a part: a bucket of many, a day of a month. The factor between the known total and the run's
//! own is applied to calls and to dollars, which are sums; it is not applied to what is no sum. The share that is
//! saved is the run's own: keys are shared, so more of the same traffic saves more in per cent, and other traffic
//! what it will.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::Results;
use super::result_json::Facts;
use super::rows::BucketRow;
use crate::encryption::assumption::Level;
use crate::error::{Error, Result};
use crate::units::Usd;
use crate::units::readable::count;

/// Seconds of the month that totals are of: 30 days.
pub const MONTH_S: f64 = 30.0 * 86_400.0;

/// A total of KMS requests.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct KnownTotal {
    /// Who tells it: a bill's file, or an option.
    pub source: String,
    /// KMS requests a month of 30 days that are billed.
    pub kms_requests_a_month: f64,
    /// From when to when, of a bill; its own time is taken to be a month's like any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Whether it may have calls that are not S3's, as a bill has.
    pub of_all_services: bool,
}

/// What a run comes to at a known total.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Scaled {
    /// The total.
    pub known: KnownTotal,
    /// The configuration that the total is taken to be of.
    pub reference: String,
    /// KMS requests a month that the run makes under it and that are billed.
    pub run_kms_requests_a_month: f64,
    /// How many times the run's the total is.
    pub factor: f64,
    /// Price of a KMS request; none if the run's regions have several.
    pub kms_request_usd: Option<f64>,
    /// The other configurations.
    pub configurations: Vec<ScaledConfiguration>,
    /// What the headline saves in each bucket, those that save most first.
    pub buckets: Vec<ScaledBucket>,
}

/// A bucket at a known total: its part of what the headline saves.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScaledBucket {
    /// Its name.
    pub bucket: String,
    /// KMS requests a month that are saved: at the low level of assumptions, as assumed, and at the high one.
    pub saved_kms_requests_a_month: [f64; 3],
    /// The same in dollars, before free tier and discount.
    pub saved_usd_a_month: Option<[f64; 3]>,
}

/// A configuration at a known total.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScaledConfiguration {
    /// Its name.
    pub configuration: String,
    /// KMS requests a month.
    pub kms_requests_a_month: f64,
    /// KMS requests a month that it saves: at the low level of assumptions, as assumed, and at the high one.
    pub saved_kms_requests_a_month: [f64; 3],
    /// The same in dollars, before free tier and discount.
    pub saved_usd_a_month: Option<[f64; 3]>,
}

/// `known_total.csv`: what each configuration, and the headline in each bucket, saves at a known total.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct KnownTotalRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Hash of the resolved scenario.
    pub scenario_hash: String,
    /// Name of the configuration.
    pub configuration: String,
    /// Name of the bucket; empty for all of them.
    pub bucket: Option<String>,
    /// Who tells the total.
    pub source: String,
    /// How many times the run's own calls the total is.
    pub factor: f64,
    /// KMS requests a month; empty for a bucket.
    pub kms_requests_a_month: Option<f64>,
    /// KMS requests a month that are saved at the low level of assumptions.
    pub saved_kms_requests_a_month_at_low: f64,
    /// The same as assumed.
    pub saved_kms_requests_a_month: f64,
    /// The same at the high level.
    pub saved_kms_requests_a_month_at_high: f64,
    /// The same in dollars at the low level; empty where regions have several prices.
    pub saved_usd_a_month_at_low: Option<f64>,
    /// The same as assumed.
    pub saved_usd_a_month: Option<f64>,
    /// The same at the high level.
    pub saved_usd_a_month_at_high: Option<f64>,
}

impl Scaled {
    /// Rows of `known_total.csv`: configurations, then buckets.
    #[must_use]
    pub fn rows(&self, results: &Results) -> Vec<KnownTotalRow> {
        let facts = &results.facts;
        let of_configurations = self.configurations.iter().map(|it| KnownTotalRow {
            configuration: it.configuration.clone(),
            kms_requests_a_month: Some(it.kms_requests_a_month),
            ..self.row(facts, it.saved_kms_requests_a_month, it.saved_usd_a_month)
        });
        let of_buckets = self.buckets.iter().map(|it| KnownTotalRow {
            configuration: facts.headline.clone(),
            bucket: Some(it.bucket.clone()),
            ..self.row(facts, it.saved_kms_requests_a_month, it.saved_usd_a_month)
        });
        of_configurations.chain(of_buckets).collect()
    }

    fn row(&self, facts: &Facts, calls: [f64; 3], usd: Option<[f64; 3]>) -> KnownTotalRow {
        let [low, assumed, high] = calls;
        KnownTotalRow {
            scenario: facts.scenario.clone(),
            scenario_hash: facts.scenario_hash.clone(),
            source: self.known.source.clone(),
            factor: self.factor,
            saved_kms_requests_a_month_at_low: low,
            saved_kms_requests_a_month: assumed,
            saved_kms_requests_a_month_at_high: high,
            saved_usd_a_month_at_low: usd.map(|usd| usd[0]),
            saved_usd_a_month: usd.map(|usd| usd[1]),
            saved_usd_a_month_at_high: usd.map(|usd| usd[2]),
            ..KnownTotalRow::default()
        }
    }
}

/// Scales a run to a known total; `price` is that of a KMS request.
///
/// # Errors
/// If no factor has a meaning.
///
/// # Panics
/// If `results` lack the reference, which no results do.
pub fn scale(results: &Results, known: KnownTotal, price: Option<Usd>) -> Result<Scaled> {
    let facts = &results.facts;
    let reference = &facts.reference;
    let a_month = MONTH_S / facts.counted_s;
    let run = billed_a_month(results, reference, Level::Assumed);
    if !facts.once.is_empty() {
        return Err(Error::request(format!(
            "a known total is of a month's rate, but `{}` happens once",
            facts.once.join("`, `")
        ))
        .hint("leave that workload out of the scenario that is scaled"));
    }
    if run <= 0.0 {
        return Err(Error::request(format!(
            "the run makes no KMS request under `{reference}`, so no factor makes a known total of it"
        )));
    }
    let factor = known.kms_requests_a_month / run;
    if factor < LEAST {
        return Err(Error::request(format!(
            "the known total is {} KMS requests a month, but the run alone makes {} that are billed under \
             `{reference}`: a total is not less than its part",
            count(known.kms_requests_a_month),
            count(run)
        ))
        .at(&known.source)
        .hint(
            "take both of the same account, region and time; if bucket keys are on already, the bill is not of \
             the configuration that savings are measured against",
        ));
    }
    let per_call = price.map(Usd::as_f64);
    let names = facts.configurations.iter().map(|configuration| &configuration.name);
    let configurations = names.filter(|name| *name != reference).map(|name| {
        let saved = Level::ALL.map(|level| {
            (billed_a_month(results, reference, level) - billed_a_month(results, name, level))
                * factor
        });
        ScaledConfiguration {
            configuration: name.clone(),
            kms_requests_a_month: billed_a_month(results, name, Level::Assumed) * factor,
            saved_kms_requests_a_month: saved,
            saved_usd_a_month: per_call.map(|price| saved.map(|saved| saved * price)),
        }
    });
    let times = a_month * factor;
    // Which buckets' calls are not billed is not told.
    let all_are_billed = unbilled(results, reference, Level::Assumed) == 0;
    Ok(Scaled {
        buckets: buckets(results, times, per_call.filter(|_| all_are_billed)),
        reference: reference.clone(),
        run_kms_requests_a_month: run,
        factor,
        kms_request_usd: per_call,
        configurations: configurations.collect(),
        known,
    })
}

/// KMS requests a month that are billed, as a bill has them: AWS's services make some that are not.
fn billed_a_month(results: &Results, configuration: &str, level: Level) -> f64 {
    let facts = &results.facts;
    let per_s = results.at(configuration, level).kms_requests / facts.counted_s;
    let unbilled = unbilled(results, configuration, level) as f64 / facts.billing_period_s;
    (per_s - unbilled) * MONTH_S
}

/// KMS requests of the billing period that nobody is billed for.
fn unbilled(results: &Results, configuration: &str, level: Level) -> u64 {
    let rows = results.accounts.iter();
    let own = rows.filter(|row| row.configuration == configuration && row.assumption == level);
    own.map(|row| row.period_kms_unbilled).sum()
}

/// What the headline saves in each bucket, so many times what it saves in the run.
fn buckets(results: &Results, times: f64, per_call: Option<f64>) -> Vec<ScaledBucket> {
    let [reference, headline] = [&results.facts.reference, &results.facts.headline]
        .map(|configuration| calls_of_buckets(results, configuration));
    let scaled = headline.into_iter().map(|(bucket, calls)| {
        let before = reference[bucket];
        let saved = [0, 1, 2].map(|level| (before[level] - calls[level]) * times);
        ScaledBucket {
            bucket: bucket.to_owned(),
            saved_kms_requests_a_month: saved,
            saved_usd_a_month: per_call.map(|price| saved.map(|saved| saved * price)),
        }
    });
    let mut scaled: Vec<ScaledBucket> = scaled.collect();
    scaled.sort_by(|a, b| {
        b.saved_kms_requests_a_month[1].total_cmp(&a.saved_kms_requests_a_month[1])
    });
    scaled
}

/// KMS requests of each bucket under a configuration, level by level.
fn calls_of_buckets<'a>(results: &'a Results, configuration: &str) -> BTreeMap<&'a str, [f64; 3]> {
    let rows = results.buckets.iter().filter(|row| row.configuration == configuration);
    rows.map(|row: &BucketRow| {
        let calls = [row.kms_requests_at_low, row.kms_requests, row.kms_requests_at_high];
        (row.bucket.as_str(), calls)
    })
    .collect()
}

/// The least factor: what is below one is chance or rounding.
const LEAST: f64 = 0.99;
