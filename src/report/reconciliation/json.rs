//! The document of `bks reconcile --format json`.

use serde::Serialize;
use serde_json::{Value, json};

use super::bill;
use crate::bill::KmsBill;
use crate::reconciliation::{Agreement, ModelVariant, Reconciliation, UncomparedCalls};
use crate::scenario::Scenario;
use crate::units::utc;

/// A model beside CloudTrail as one object, without the cells, which are the rows of the CSV.
#[must_use]
pub fn json(scenario: &Scenario, found: &Reconciliation, bills: &[KmsBill]) -> Value {
    let shares = found.shares();
    let (from, to) = found.window_ns;
    let UncomparedCalls {
        outside,
        other_use,
        repeated,
        failed,
        other_buckets,
        other_storage,
        lacked,
    } = &found.beside;
    json!({
        "from": utc(from),
        "to": utc(to),
        "share": share(&shares.cells),
        "agreement_ratio": shares.cells.agreement(),
        "agreement_low_ratio": found.range(|s| s.cells.agreement()).map(|range| range.0),
        "agreement_high_ratio": found.range(|s| s.cells.agreement()).map(|range| range.1),
        "explained_low_ratio": found.range(|s| s.cells.explained()).map(|range| range.0),
        "explained_high_ratio": found.range(|s| s.cells.explained()).map(|range| range.1),
        "by_bucket": share(&shares.buckets),
        "by_principal": share(&shares.principals),
        "in_total": share(&shares.total),
        "unexplained": named("reason", found.unexplained()),
        "surplus": named("reason", found.surplus()),
        "not_compared": {
            "outside_calls": outside,
            "other_use_calls": other_use,
            "other_buckets_calls": other_buckets,
            "repeated_events": repeated,
            "failed_events": failed,
            "other_storage": named("bucket", other_storage),
            "lacked_by_model": named("api", lacked),
        },
        "bill": bill::json(found, bills),
        "requests_without_calls": found.requests_without_calls,
        "buckets": buckets(scenario, found),
        "principals": principals(found),
        "variants": found.variants.iter().map(|v| variant(scenario, v)).collect::<Vec<_>>(),
    })
}

/// Calls of each of several, as objects with a key for its name.
fn named<T: Serialize, N: Serialize>(
    key: &str,
    calls: impl IntoIterator<Item = (T, N)>,
) -> Vec<Value> {
    calls.into_iter().map(|(name, calls)| json!({key: name, "calls": calls})).collect()
}

fn share(share: &Agreement) -> Value {
    json!({
        "measured": share.measured,
        "model": share.model,
        "explained": share.matched,
        "unexplained": share.unexplained(),
        "surplus": share.surplus(),
        "explained_ratio": share.explained(),
        "agreement_ratio": share.agreement(),
    })
}

/// Every bucket that has calls or requests.
fn buckets(scenario: &Scenario, found: &Reconciliation) -> Vec<Value> {
    let shares = found.shares();
    let buckets = shares.of_bucket.iter().map(|(name, of_bucket)| {
        let number = scenario.buckets.iter().position(|bucket| bucket.name == *name);
        let plan = number.map(|number| found.variants[0].plans[number]);
        let arns = found.evidence.get(name).copied().unwrap_or_default();
        json!({
            "bucket": name,
            "encryption": plan.map(|plan| plan.encryption.name()),
            "unknown_age": plan.and_then(|plan| plan.unknown_age).map(|age| age.to_string()),
            "measured_by_bucket": arns.by_bucket,
            "measured_by_object": arns.by_object,
            "share": share(of_bucket),
            "explained_low_ratio": of_variants(found, name).map(|range| range.0),
            "explained_high_ratio": of_variants(found, name).map(|range| range.1),
        })
    });
    buckets.collect()
}

fn of_variants(found: &Reconciliation, bucket: &str) -> Option<(f64, f64)> {
    found.range(|shares| shares.of_bucket.get(bucket)?.explained())
}

fn principals(found: &Reconciliation) -> Vec<Value> {
    let principals = found.shares().of_principal.iter().map(|(principal, of_principal)| {
        let range = found.range(|shares| shares.of_principal.get(principal)?.explained());
        json!({
            "principal": principal.arn(),
            "account": principal.account,
            "share": share(of_principal),
            "explained_low_ratio": range.map(|range| range.0),
            "explained_high_ratio": range.map(|range| range.1),
        })
    });
    principals.collect()
}

fn variant(scenario: &Scenario, variant: &ModelVariant) -> Value {
    json!({
        "configuration": scenario.configurations[variant.configuration].name,
        "level": variant.level.name(),
        "unknown_age": variant.ages(),
        "share": share(&variant.shares.cells),
    })
}
