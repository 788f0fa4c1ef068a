//! A replay's figures by prefix, and what of its logs was left out.

use std::collections::BTreeMap;

use super::counts::ArmCounts;
use super::rows::{LeftOutRow, PrefixRow};
use super::run::{LevelCounts, Run};
use crate::encryption::assumption::Level;
use crate::figure::saving;
use crate::kms::KmsCalls;
use crate::recording::Recording;

/// Mean numbers of requests.
#[derive(Clone, Copy, Default)]
struct PlaceCounts {
    requests: f64,
    kms: KmsCalls<f64>,
}

impl PlaceCounts {
    /// Share of the baseline's KMS requests that is saved; `None` if it makes none.
    fn saving(&self, baseline: &Self) -> Option<f64> {
        saving(self.kms.total(), baseline.kms.total())
    }
}

/// Counts of each prefix of each bucket.
fn of_prefixes<'a>(
    log: &'a Recording,
    counts: &ArmCounts,
) -> BTreeMap<(u32, &'a str), PlaceCounts> {
    let places = log.places.iter().zip(&counts.calls_of_place);
    let mut prefixes: BTreeMap<_, PlaceCounts> = BTreeMap::new();
    for (place, calls) in places {
        let of_prefix = prefixes.entry((place.bucket, place.prefix.as_str())).or_default();
        of_prefix.requests += place.requests as f64;
        of_prefix.kms += counts.mean_calls(calls);
    }
    prefixes
}

/// Rows of `prefixes.csv`; none if the scenario is no replay.
pub(super) fn prefixes(run: &Run) -> Vec<PrefixRow> {
    let Some(log) = &run.scenario.recording else { return Vec::new() };
    let baseline = of_prefixes(log, run.baseline(Level::Assumed));
    let mut rows = Vec::new();
    for LevelCounts { configuration, counts, .. } in run.at(Level::Assumed) {
        rows.extend(of_prefixes(log, counts).into_iter().map(|(place, own)| PrefixRow {
            scenario: run.scenario.name.clone(),
            configuration: configuration.name.clone(),
            bucket: log.buckets[place.0 as usize].clone(),
            prefix: place.1.to_owned(),
            requests: own.requests,
            kms_requests: own.kms.total(),
            generate_data_key: own.kms.generate_data_key,
            decrypt: own.kms.decrypt,
            encrypt: own.kms.encrypt,
            saving_ratio: own.saving(&baseline[&place]),
        }));
    }
    rows
}

/// Rows of `left_out.csv`; none if the scenario is no replay.
pub(super) fn left_out(run: &Run) -> Vec<LeftOutRow> {
    let Some(log) = &run.scenario.recording else { return Vec::new() };
    let rows = log.left_out.rows().into_iter().map(|row| LeftOutRow {
        reason: row.reason.name().to_owned(),
        name: row.name,
        records: row.records,
        counts: row.reason.counts(),
    });
    rows.collect()
}
