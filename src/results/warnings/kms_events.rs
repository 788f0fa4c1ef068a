//! What is to be said where KMS's calls stand for requests.

use crate::harmless_text;
use crate::recording::Recording;
use crate::recording::kms_calls::BucketKmsCalls;
use crate::results::result_json::WarningFacts;

/// The warnings that apply.
pub(super) fn warnings(log: &Recording) -> Vec<WarningFacts> {
    let mut warnings = Vec::new();
    let of_log: Vec<&BucketKmsCalls> = log
        .buckets
        .iter()
        .filter_map(|bucket| log.of_buckets.iter().find(|of| of.bucket == *bucket))
        .collect();
    if let Some(names) = names(&of_log, BucketKmsCalls::has_calls_as_requests) {
        warnings.push(requests_of_calls(&names));
    }
    if let Some(names) = names(&of_log, BucketKmsCalls::has_bucket_keys_already) {
        warnings.push(WarningFacts::new(
            "bucket-keys-on-already",
            format!(
                "the trail has KMS calls with the ARN of {names}: bucket keys are on there already, and \
                 what they answered is in no KMS event, so requests are missing and the saving is not \
                 that of turning them on"
            ),
            "replay what lies before, by `--to`, or set data events or access logs beside the \
                     calls with `bks reconcile`",
        ));
    }
    if let Some(names) = names(&of_log, BucketKmsCalls::has_data_events_missing) {
        warnings.push(WarningFacts::new(
            "data-events-missing",
            format!(
                "KMS's calls for objects of {names} are more than the bucket's S3 data events account \
                 for: these seem to leave out reads, writes or times, and the figures are too low"
            ),
            "log data events of reads and writes; without any in the files, KMS's calls are taken \
                     as the requests",
        ));
    }
    if log.kms_keys.too_many {
        warnings.push(WarningFacts::new(
            "too-many-kms-keys",
            "the log's objects are under more KMS keys than are distinguished; S3 makes bucket-level keys \
             for each, but the replay takes each bucket as under one, so savings may be too high"
                .to_owned(),
            "replay fewer buckets at a time, by `--bucket`",
        ));
    }
    warnings
}

fn requests_of_calls(names: &str) -> WarningFacts {
    WarningFacts::new(
        "requests-of-kms-events",
        format!(
            "of {names} the trail has no S3 data events: requests are KMS's calls, each GenerateDataKey a \
             write and each Decrypt a read; HEAD, LIST, DELETE and whatever needs no key are missing, \
             parts of uploads count as reads and a copy as a read and a write, so S3 requests and data \
             events are priced as far as they are known"
        ),
        "KMS requests and what is saved of them do not hang on that; for the whole bill log S3 \
                 data events or access logs of a day",
    )
}

/// The first of the buckets by name, if there is any.
fn names(buckets: &[&BucketKmsCalls], is_it: fn(&BucketKmsCalls) -> bool) -> Option<String> {
    const NAMED: usize = 5;
    let all: Vec<String> = buckets
        .iter()
        .filter(|of| is_it(of))
        .map(|of| format!("`{}`", harmless_text::named(&of.bucket)))
        .collect();
    let named = all[..all.len().min(NAMED)].join(", ");
    match all.len() {
        0 => None,
        count if count <= NAMED => Some(named),
        count => Some(format!("{named} and {} more buckets", count - NAMED)),
    }
}
