//! What is said of KMS's calls as a log of requests.

use crate::cli::output;
use crate::recording::kms_calls::BucketKmsCalls;
use crate::recording::left_out::{LeftOutRecords, Reason};
use crate::shown::named;
use crate::units::{grouped, utc};

/// Buckets that are named one by one.
const NAMED: usize = 5;

/// KMS calls that stand for no request: how many, and why.
pub(super) fn left_out(left_out: &LeftOutRecords) -> [(u64, String); 4] {
    let of = |reason: Reason, why: &str| (left_out.of(reason), why.to_owned());
    [
        of(
            Reason::KmsCall,
            "are KMS calls of requests that have data events, which a replay counts by itself",
        ),
        of(Reason::BucketKeyCall, "are KMS calls for bucket-level keys, which tell of no request"),
        of(Reason::FailedCall, "are KMS calls that failed"),
        of(Reason::OtherCall, "are KMS calls that no request to a bucket made"),
    ]
}

/// Says which buckets' requests are known by KMS's calls, and what these cannot tell.
pub(super) fn tell(buckets: &[BucketKmsCalls]) {
    let as_requests = chosen(buckets, BucketKmsCalls::has_calls_as_requests);
    if !as_requests.is_empty() {
        let sum = |place: usize| as_requests.iter().map(|of| of.for_objects[place]).sum();
        output::note(&format!(
            "{}: no S3 data events in the logs, so KMS's calls are taken as the requests, {} writes \
             (GenerateDataKey) and {} reads (Decrypt); HEAD, LIST, DELETE and whatever needs no key are \
             in no KMS event",
            names(&as_requests),
            grouped(sum(0)),
            grouped(sum(1)),
        ));
    }
    for of in chosen(buckets, BucketKmsCalls::has_bucket_keys_already) {
        output::note(&already(of));
    }
    let missing = chosen(buckets, BucketKmsCalls::has_data_events_missing);
    if !missing.is_empty() {
        output::note(&format!(
            "{}: KMS's calls are more than the S3 data events account for, which seem to leave out \
             reads, writes or times; requests are those of the data events",
            names(&missing)
        ));
    }
}

fn chosen(buckets: &[BucketKmsCalls], is_it: fn(&BucketKmsCalls) -> bool) -> Vec<&BucketKmsCalls> {
    buckets.iter().filter(|of| is_it(of)).collect()
}

/// Bucket keys are on already.
fn already(of: &BucketKmsCalls) -> String {
    let BucketKmsCalls { for_bucket_keys, for_objects, .. } = of;
    let bucket = named(&of.bucket);
    let since = of.bucket_keys_since.map(utc).unwrap_or_default();
    let ways_out =
        "`bks calibrate` takes these calls, and `bks reconcile` sets them beside requests";
    let calls = grouped(*for_bucket_keys);
    if *for_objects == [0, 0] {
        return format!(
            "`{bucket}`: bucket keys are on already: all {calls} KMS calls carry the bucket's ARN, which \
             tells of no request; {ways_out}"
        );
    }
    format!(
        "`{bucket}`: bucket keys are on already: {calls} KMS calls, the first at {since}, carry the \
         bucket's ARN, which tells of no request, so requests are missing from then on; give \
         `--to {since}` to replay what lies before; {ways_out}"
    )
}

/// The first of the buckets by name.
fn names(buckets: &[&BucketKmsCalls]) -> String {
    let first: Vec<String> =
        buckets.iter().take(NAMED).map(|of| format!("`{}`", named(&of.bucket))).collect();
    let first = first.join(", ");
    match buckets.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more buckets"),
    }
}
