//! The document of `bks reconcile --format json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::bill::BillDocument;
use crate::bill::KmsBill;
use crate::encryption::assumption::Level;
use crate::reconciliation::evidence::BucketEncryption;
use crate::reconciliation::{
    Agreement, ModelVariant, Reconciliation, Surplus, UncomparedCalls, Unexplained,
};
use crate::report::json;
use crate::scenario::Scenario;
use crate::units::utc;

/// A model beside CloudTrail as one object, without the cells, which are the rows of the CSV.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct ReconciliationDocument<'a> {
    /// Start of the compared time.
    from: String,
    /// Its end.
    to: String,
    /// Calls by requester, bucket and hour.
    share: ShareDocument,
    /// Calls that both have by calls that either has.
    agreement_ratio: Option<f64>,
    /// The least of that of all variants.
    agreement_low_ratio: Option<f64>,
    /// The greatest.
    agreement_high_ratio: Option<f64>,
    /// The least share explained of all variants.
    explained_low_ratio: Option<f64>,
    /// The greatest.
    explained_high_ratio: Option<f64>,
    /// Calls with all hours and requesters of a bucket combined.
    by_bucket: ShareDocument,
    /// Calls with all hours and buckets of a requester combined.
    by_principal: ShareDocument,
    /// Calls with everything combined.
    in_total: ShareDocument,
    /// Calls that only the trail has, by reason.
    unexplained: Vec<CallsOfReason<Unexplained>>,
    /// Calls that only the model has, by reason.
    surplus: Vec<CallsOfReason<Surplus>>,
    /// Events left out.
    not_compared: UncomparedDocument<'a>,
    /// The bill compared with both; null without a bill.
    bill: Option<BillDocument>,
    /// Requests that would need a key, of buckets without any call in the trail.
    requests_without_calls: u64,
    /// Every bucket that has calls or requests.
    buckets: Vec<BucketDocument<'a>>,
    /// Every requester that has calls or requests.
    principals: Vec<PrincipalDocument<'a>>,
    /// Each way to run the model; what is shown comes first.
    variants: Vec<VariantDocument<'a>>,
}

/// Calls of one reason.
#[derive(Serialize, JsonSchema)]
struct CallsOfReason<T> {
    /// The reason.
    reason: T,
    /// How many.
    calls: u64,
}

/// Calls for one table or vector bucket.
#[derive(Serialize, JsonSchema)]
struct CallsOfStorage<'a> {
    /// Its ARN.
    bucket: &'a str,
    /// How many.
    calls: u64,
}

/// Calls of one API.
#[derive(Serialize, JsonSchema)]
struct CallsOfApi<'a> {
    /// The API.
    api: &'a str,
    /// How many.
    calls: u64,
}

/// Events that are not compared.
#[derive(Serialize, JsonSchema)]
struct UncomparedDocument<'a> {
    /// S3's calls before or after the compared time.
    outside_calls: u64,
    /// Calls that are not S3's.
    other_use_calls: u64,
    /// Calls of buckets that were not asked for.
    other_buckets_calls: u64,
    /// Events that repeat another.
    repeated_events: u64,
    /// Events of calls that failed.
    failed_events: u64,
    /// S3's calls for table and vector buckets.
    other_storage: Vec<CallsOfStorage<'a>>,
    /// S3's calls of kinds that the model lacks.
    lacked_by_model: Vec<CallsOfApi<'a>>,
}

/// Calls of the trail and of the model.
#[derive(Serialize, JsonSchema)]
struct ShareDocument {
    /// Calls in the trail.
    measured: u64,
    /// Calls of the model.
    model: u64,
    /// Calls of the same API that both have.
    explained: u64,
    /// Calls that only the trail has.
    unexplained: u64,
    /// Calls that only the model has.
    surplus: u64,
    /// `explained` by `measured`.
    explained_ratio: Option<f64>,
    /// `explained` by calls that either has.
    agreement_ratio: Option<f64>,
}

/// One bucket.
#[derive(Serialize, JsonSchema)]
struct BucketDocument<'a> {
    /// Its name.
    bucket: &'a str,
    /// How it is taken to be encrypted; null if it is in no log.
    encryption: Option<BucketEncryption>,
    /// How old objects are taken to be that the log does not write.
    unknown_age: Option<String>,
    /// Calls in the trail with the bucket's ARN.
    measured_by_bucket: u64,
    /// Calls in the trail with an object's ARN.
    measured_by_object: u64,
    /// Its calls.
    share: ShareDocument,
    /// The least share explained of all variants.
    explained_low_ratio: Option<f64>,
    /// The greatest.
    explained_high_ratio: Option<f64>,
}

/// One requester.
#[derive(Serialize, JsonSchema)]
struct PrincipalDocument<'a> {
    /// Its ARN.
    principal: String,
    /// Its account.
    account: &'a str,
    /// Its calls.
    share: ShareDocument,
    /// The least share explained of all variants.
    explained_low_ratio: Option<f64>,
    /// The greatest.
    explained_high_ratio: Option<f64>,
}

/// One way to run the model.
#[derive(Serialize, JsonSchema)]
struct VariantDocument<'a> {
    /// Name of the configuration.
    configuration: &'a str,
    /// Level of assumptions.
    level: Level,
    /// How old objects are taken to be that the log does not write.
    unknown_age: String,
    /// Its calls by requester, bucket and hour.
    share: ShareDocument,
}

/// A model beside CloudTrail for programs.
#[must_use]
pub fn json(scenario: &Scenario, found: &Reconciliation, bills: &[KmsBill]) -> Value {
    let shares = found.shares();
    let (from, to) = found.window_ns;
    let variants = found.variants.iter().map(|variant| VariantDocument::of(scenario, variant));
    json::value(&ReconciliationDocument {
        from: utc(from),
        to: utc(to),
        share: ShareDocument::of(&shares.cells),
        agreement_ratio: shares.cells.agreement(),
        agreement_low_ratio: found.range(|s| s.cells.agreement()).map(|range| range.0),
        agreement_high_ratio: found.range(|s| s.cells.agreement()).map(|range| range.1),
        explained_low_ratio: found.range(|s| s.cells.explained()).map(|range| range.0),
        explained_high_ratio: found.range(|s| s.cells.explained()).map(|range| range.1),
        by_bucket: ShareDocument::of(&shares.buckets),
        by_principal: ShareDocument::of(&shares.principals),
        in_total: ShareDocument::of(&shares.total),
        unexplained: by_reason(found.unexplained()),
        surplus: by_reason(found.surplus()),
        not_compared: UncomparedDocument::of(&found.beside),
        bill: BillDocument::of(found, bills),
        requests_without_calls: found.requests_without_calls,
        buckets: buckets(scenario, found),
        principals: principals(found),
        variants: variants.collect(),
    })
}

fn by_reason<T>(calls: BTreeMap<T, u64>) -> Vec<CallsOfReason<T>> {
    calls.into_iter().map(|(reason, calls)| CallsOfReason { reason, calls }).collect()
}

impl<'a> UncomparedDocument<'a> {
    fn of(beside: &'a UncomparedCalls) -> Self {
        let storage = beside.other_storage.iter();
        let lacked = beside.lacked.iter();
        Self {
            outside_calls: beside.outside,
            other_use_calls: beside.other_use,
            other_buckets_calls: beside.other_buckets,
            repeated_events: beside.repeated,
            failed_events: beside.failed,
            other_storage: storage
                .map(|(bucket, &calls)| CallsOfStorage { bucket, calls })
                .collect(),
            lacked_by_model: lacked.map(|(api, &calls)| CallsOfApi { api, calls }).collect(),
        }
    }
}

impl ShareDocument {
    fn of(share: &Agreement) -> Self {
        Self {
            measured: share.measured,
            model: share.model,
            explained: share.matched,
            unexplained: share.unexplained(),
            surplus: share.surplus(),
            explained_ratio: share.explained(),
            agreement_ratio: share.agreement(),
        }
    }
}

/// Every bucket that has calls or requests.
fn buckets<'a>(scenario: &Scenario, found: &'a Reconciliation) -> Vec<BucketDocument<'a>> {
    let shares = found.shares();
    let buckets = shares.of_bucket.iter().map(|(name, of_bucket)| {
        let number = scenario.buckets.iter().position(|bucket| bucket.name == *name);
        let plan = number.map(|number| found.variants[0].plans[number]);
        let arns = found.evidence.get(name).copied().unwrap_or_default();
        let range = of_variants(found, name);
        BucketDocument {
            bucket: name,
            encryption: plan.map(|plan| plan.encryption),
            unknown_age: plan.and_then(|plan| plan.unknown_age).map(|age| age.to_string()),
            measured_by_bucket: arns.by_bucket,
            measured_by_object: arns.by_object,
            share: ShareDocument::of(of_bucket),
            explained_low_ratio: range.map(|range| range.0),
            explained_high_ratio: range.map(|range| range.1),
        }
    });
    buckets.collect()
}

fn of_variants(found: &Reconciliation, bucket: &str) -> Option<(f64, f64)> {
    found.range(|shares| shares.of_bucket.get(bucket)?.explained())
}

fn principals(found: &Reconciliation) -> Vec<PrincipalDocument<'_>> {
    let principals = found.shares().of_principal.iter().map(|(principal, of_principal)| {
        let range = found.range(|shares| shares.of_principal.get(principal)?.explained());
        PrincipalDocument {
            principal: principal.arn(),
            account: &principal.account,
            share: ShareDocument::of(of_principal),
            explained_low_ratio: range.map(|range| range.0),
            explained_high_ratio: range.map(|range| range.1),
        }
    });
    principals.collect()
}

impl<'a> VariantDocument<'a> {
    fn of(scenario: &'a Scenario, variant: &ModelVariant) -> Self {
        Self {
            configuration: &scenario.configurations[variant.configuration].name,
            level: variant.level,
            unknown_age: variant.ages(),
            share: ShareDocument::of(&variant.shares.cells),
        }
    }
}
