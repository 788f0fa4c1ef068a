//! What is said on standard error of logs that were read: what was left out, what they say of encryption and
//! regions, and what KMS's calls can and cannot stand for.

use std::collections::{BTreeMap, BTreeSet};

use super::formats::FormatsTogether;
use crate::cli::output;
use crate::harmless_text::named;
use crate::logs::bad_lines::BadLines;
use crate::logs::record::Skipped;
use crate::recording::gather::{RecordCounts, RecordGatherer};
use crate::recording::kms_calls::BucketKmsCalls;
use crate::recording::left_out::{LeftOutRecords, Reason};
use crate::recording::{FileLeftOut, Recording};
use crate::s3::is_region_code;
use crate::scenario::written::DEFAULT_REGION;
use crate::units::{grouped, utc};

/// How many of the files that are no logs are named one by one.
const FILES_NAMED: usize = 5;

/// Says which files in folders are no logs, and what they are: the first by name, the others by number.
pub(super) fn tell_of_files_left_out(files_left_out: &[FileLeftOut]) {
    let (named, counted) = files_left_out.split_at(files_left_out.len().min(FILES_NAMED));
    for FileLeftOut { file, what } in named {
        output::note(&format!("{file} is left out: it is {what}"));
    }
    let mut numbers: BTreeMap<&str, u64> = BTreeMap::new();
    for one in counted {
        *numbers.entry(&one.what).or_default() += 1;
    }
    for (what, number) in numbers {
        output::note(&format!("{number} more left out, each of which is {what}"));
    }
}

/// Says which lines cannot be read.
pub(super) fn tell_of_bad_lines(bad: &BadLines) {
    if bad.bad > 0 {
        output::note(&format!("{} of {} lines cannot be read:", bad.bad, bad.lines));
        bad.first.iter().for_each(|line| output::note(&format!("  {line}")));
    }
    if let Some((file, field)) = &bad.untold_outcome {
        output::note(&format!(
            "{file} has no `{field}`: requests of which nothing else says that they failed are taken to have \
             succeeded; give that field, too"
        ));
    }
    if let Some(file) = &bad.untold_requester {
        output::note(&format!(
            "no record of {file} tells who asked: all its requests are taken to be one requester's, which decides what \
             bucket keys save; give that field, too (`requester`, of events `userIdentity`)"
        ));
    }
    if let Some(file) = &bad.untold_key {
        output::note(&format!(
            "no record of {file} names an object: all its requests are taken to be for one, which decides what \
             bucket keys save; give that field, too (`key`)"
        ));
    }
}

/// Says which lines and records are left out.
pub(super) fn tell_of_reading(gather: &RecordGatherer, bad: &BadLines, formats: FormatsTogether) {
    tell_of_bad_lines(bad);
    let RecordCounts {
        failed, deleted_keys, without_data, unknown, too_late, other_buckets, ..
    } = *gather.taken();
    let left_out = gather.left_out();
    let mut parts = vec![
        (without_data, "touch no object's data".to_owned()),
        (
            unknown,
            format!("are of unknown operations{}", examples(left_out, Reason::UnknownOperation)),
        ),
        (too_late, "lie at `--to` or later".to_owned()),
    ];
    for skipped in Skipped::ALL {
        let reason = Reason::Skipped(skipped);
        let examples = match skipped {
            Skipped::OtherStorage | Skipped::OtherCall | Skipped::OtherCategory => {
                examples(left_out, reason)
            }
            _ => String::new(),
        };
        parts.push((left_out.of(reason), format!("{}{examples}", skipped.words())));
    }
    let names = examples(left_out, Reason::OtherBucket);
    parts.push((other_buckets, format!("are of other buckets{names}")));
    if formats == FormatsTogether::One {
        parts.extend(calls_left_out(left_out));
    }
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| format!("{count} {why}"))
        .collect();
    if !parts.is_empty() {
        output::note(&format!("left out of {} records: {}", bad.lines, parts.join(", ")));
    }
    if failed > 0 {
        output::note(&format!(
            "{failed} requests failed or found nothing modified: they count as S3 requests, and ask KMS \
             for nothing"
        ));
    }
    if deleted_keys > 0 {
        output::note(&format!(
            "{deleted_keys} records are keys of `DeleteObjects`: no requests, but S3 data events"
        ));
    }
}

/// The most frequent names of what is left out for a reason.
fn examples(left_out: &LeftOutRecords, reason: Reason) -> String {
    const SHOWN: usize = 3;
    let names = left_out.names(reason);
    // One more takes no more room than to say that there is another.
    let most = if names.len() == SHOWN + 1 { SHOWN + 1 } else { SHOWN };
    let shown: Vec<String> = names
        .iter()
        .filter(|row| !row.name.is_empty())
        .take(most)
        .map(|row| format!("`{}`", row.name))
        .collect();
    match shown.len() {
        0 => String::new(),
        shown_of if shown_of < names.len() => format!(" ({} and others)", shown.join(", ")),
        _ => format!(" ({})", shown.join(", ")),
    }
}

/// Says what is taken of encryption and regions where nothing tells of them.
pub(super) fn tell_of_untold(recording: &Recording) {
    if recording.is_encryption_untold() {
        output::note(
            "no record tells how objects are encrypted: all are taken to be under SSE-KMS (`--as-kms` says that this \
             is meant)",
        );
    }
    if let Some((first, number)) = recording.region_untold() {
        let more = if number > 1 { format!(" and {} more", number - 1) } else { String::new() };
        output::note(&format!(
            "no record tells the region of `{}`{more}: prices and quota are those of {DEFAULT_REGION} unless \
             `--set bucket.{first}.region=REGION` names another (`bks fit`: `--region REGION`)",
            named(&recording.buckets[first])
        ));
    }
}

/// Says what the log tells of encryption and regions, and what is taken of what it does not tell of.
pub(super) fn tell_of_encryption_and_regions(recording: &Recording) {
    let RecordCounts { encryption_known, bucket_keys, .. } = recording.taken;
    let not_kms = recording.seen.not_kms;
    if not_kms > 0 {
        output::note(&format!(
            "{not_kms} requests are of objects under SSE-S3 or SSE-C, as the log says: they ask KMS for \
             nothing in any configuration; what the log says nothing of is taken to be under KMS \
             (`--as-kms` takes all to be)"
        ));
    } else if encryption_known > 0 && recording.seen.all_writes == 0 && recording.seen.unwraps == 0
    {
        output::note("no counted request needs KMS, by what the log says of encryption");
    }
    if bucket_keys > 0 {
        output::note(&format!(
            "{bucket_keys} writes were answered with a bucket key: bucket keys are on already, so that \
             what they save may be had already"
        ));
    }
    let regions: BTreeSet<&String> = recording.regions.iter().flatten().collect();
    for region in regions.into_iter().filter(|region| !is_region_code(region.as_bytes())) {
        output::note(&format!(
            "`{}` in the log is no name that an AWS region can have: its buckets are taken to be in us-east-1 unless \
             settings name another region",
            region.escape_debug()
        ));
    }
    let too_early = recording.left_out.of(Reason::TooEarly);
    if too_early > 0 {
        output::note(&format!(
            "{too_early} records are left out, as they lie more than a run reaches back before the end"
        ));
    }
}

/// Says which buckets that were asked for have no request.
pub(super) fn tell_of_missing_buckets(asked: &[String], recording: &Recording) {
    for bucket in asked.iter().filter(|bucket| !recording.buckets.contains(bucket)) {
        output::note(&format!("`--bucket {}`: no request that was read is of it", named(bucket)));
    }
}

/// Buckets that are named one by one.
const BUCKETS_NAMED: usize = 5;

/// KMS calls that stand for no request: how many, and why.
fn calls_left_out(left_out: &LeftOutRecords) -> [(u64, String); 4] {
    [
        (
            Reason::KmsCall,
            "are KMS calls of requests that have data events, which a replay counts on its own",
        ),
        (
            Reason::BucketKeyCall,
            "are KMS calls for bucket-level keys, which do not identify a request",
        ),
        (Reason::FailedCall, "are KMS calls that failed"),
        (Reason::OtherCall, "are KMS calls that no request to a bucket made"),
    ]
    .map(|(reason, why)| (left_out.of(reason), why.to_owned()))
}

/// Says which buckets' requests are known by KMS's calls, and what these cannot tell.
pub(super) fn tell_of_calls(buckets: &[BucketKmsCalls]) {
    let as_requests = chosen(buckets, BucketKmsCalls::has_calls_as_requests);
    if !as_requests.is_empty() {
        let [written, read] =
            [0, 1].map(|place| as_requests.iter().map(|of| of.for_objects[place]).sum());
        output::note(&format!(
            "{}: no S3 data events in the logs, so KMS's calls are taken as the requests, {} writes \
             (GenerateDataKey) and {} reads (Decrypt); HEAD, LIST, DELETE and whatever needs no key are \
             in no KMS event",
            names(&as_requests),
            grouped(written),
            grouped(read),
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
             does not identify a request; {ways_out}"
        );
    }
    format!(
        "`{bucket}`: bucket keys are on already: {calls} KMS calls, the first at {since}, carry the \
         bucket's ARN, which does not identify a request, so requests are missing from then on; give \
         `--to {since}` to replay what lies before; {ways_out}"
    )
}

/// The first of the buckets by name.
fn names(buckets: &[&BucketKmsCalls]) -> String {
    let first: Vec<String> =
        buckets.iter().take(BUCKETS_NAMED).map(|of| format!("`{}`", named(&of.bucket))).collect();
    let first = first.join(", ");
    match buckets.len().saturating_sub(BUCKETS_NAMED) {
        0 => first,
        more => format!("{first} and {more} more buckets"),
    }
}
