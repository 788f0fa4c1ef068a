//! A replay's figures by bucket and by prefix.

use std::collections::BTreeMap;

use super::rows::{BucketRow, LeftOutRow, PrefixRow};
use super::run::{ConfigurationOutcome, Outcome};
use crate::recording::{Recording, left_out};
use crate::scenario::Scenario;

/// Requests, and KMS requests by API.
#[derive(Clone, Copy, Default)]
struct Counts {
    requests: f64,
    kms: [f64; 3],
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.kms.iter_mut().zip(other.kms).for_each(|(mine, more)| *mine += more);
    }

    fn total(&self) -> f64 {
        self.kms.iter().sum()
    }

    /// Share of the reference's KMS requests that is saved; `None` if it makes none.
    fn saving(&self, reference: &Self) -> Option<f64> {
        (reference.total() > 0.0).then(|| 1.0 - self.total() / reference.total())
    }
}

/// Counts of each part of a bucket: by bucket and prefix.
fn of_places(log: &Recording, outcome: &ConfigurationOutcome) -> BTreeMap<(u32, String), Counts> {
    let counts = log.places.iter().zip(&outcome.kms_of_place).map(|(place, &kms)| {
        let key = (place.bucket, place.prefix.clone());
        (key, Counts { requests: place.requests as f64, kms })
    });
    counts.collect()
}

/// Counts of each bucket.
fn of_buckets(log: &Recording, outcome: &ConfigurationOutcome) -> BTreeMap<u32, Counts> {
    let mut buckets: BTreeMap<u32, Counts> = BTreeMap::new();
    for ((bucket, _), counts) in of_places(log, outcome) {
        buckets.entry(bucket).or_default().add(&counts);
    }
    buckets
}

/// Rows of `buckets.csv`; none if the scenario is no replay.
#[must_use]
pub fn buckets(scenario: &Scenario, outcome: &Outcome) -> Vec<BucketRow> {
    let Some(log) = &scenario.recording else { return Vec::new() };
    let reference = of_buckets(log, &outcome.configurations[scenario.reference]);
    let rows = outcome.configurations.iter().flat_map(|configuration| {
        let reference = &reference;
        of_buckets(log, configuration).into_iter().map(move |(bucket, counts)| {
            let [generate_data_key, decrypt, encrypt] = counts.kms;
            BucketRow {
                scenario: scenario.name.clone(),
                configuration: configuration.name.clone(),
                bucket: log.buckets[bucket as usize].clone(),
                requests: counts.requests,
                kms_requests: counts.total(),
                generate_data_key,
                decrypt,
                encrypt,
                saving_ratio: counts.saving(&reference[&bucket]),
                objects_not_in_log: log.objects_before(bucket),
            }
        })
    });
    rows.collect()
}

/// Rows of `prefixes.csv`; none if the scenario is no replay.
#[must_use]
pub fn prefixes(scenario: &Scenario, outcome: &Outcome) -> Vec<PrefixRow> {
    let Some(log) = &scenario.recording else { return Vec::new() };
    let reference = of_places(log, &outcome.configurations[scenario.reference]);
    let rows = outcome.configurations.iter().flat_map(|configuration| {
        let reference = &reference;
        of_places(log, configuration).into_iter().map(move |(place, counts)| {
            let saving_ratio = counts.saving(&reference[&place]);
            let [generate_data_key, decrypt, encrypt] = counts.kms;
            let (bucket, prefix) = place;
            PrefixRow {
                scenario: scenario.name.clone(),
                configuration: configuration.name.clone(),
                bucket: log.buckets[bucket as usize].clone(),
                prefix,
                requests: counts.requests,
                kms_requests: counts.total(),
                generate_data_key,
                decrypt,
                encrypt,
                saving_ratio,
            }
        })
    });
    rows.collect()
}

/// Rows of `left_out.csv`; none if the scenario is no replay.
#[must_use]
pub fn left_out(scenario: &Scenario) -> Vec<LeftOutRow> {
    let Some(log) = &scenario.recording else { return Vec::new() };
    let row = |row: left_out::LeftOutCount| LeftOutRow {
        reason: row.reason.name().to_owned(),
        name: row.name,
        records: row.records,
        counts: row.reason.counts(),
    };
    log.left_out.rows().into_iter().map(row).collect()
}
