//! KMS's calls as a log of requests: without a trail's S3 data events its calls must cost what the
//! whole trail does; what stands for no request is counted by hand.

#![allow(clippy::float_cmp, reason = "whole numbers")]

use crate::support::command::code_and_texts;
use crate::support::tiny;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use bks::encryption::assumption::{Assumptions, Level};
use bks::kms::{KmsApi, KmsCalls};
use bks::logs::bad_lines::BadLines;
use bks::logs::log::Log;
use bks::logs::{LogFormat, cloudtrail};
use bks::recording::earlier_objects::EarlierKey;
use bks::recording::gather::{LogSelection, RecordGatherer};
use bks::recording::kms_calls::{BucketKmsCalls, KmsCallCounts};
use bks::recording::left_out::Reason;
use bks::recording::requests::OptOuts;
use bks::recording::{MemoryStore, Recording};
use bks::scenario::Scenario;
use bks::scenario::replay::Settings;
use bks::simulation::names::NamedEvents;
use bks::simulation::objects::keep;
use bks::simulation::{Arm, run};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The calls that the engine counts.
fn engine(scenario: &Scenario, configuration: usize, assumptions: Assumptions) -> KmsCalls {
    let arm = Arm::of_totals(configuration, assumptions);
    run(scenario, &[arm], 0..1, &|_| ())[0][0].total_calls()
}

/// 2026-01-01T00:00:00Z.
const START_NS: i64 = 1_767_225_600_000_000_000;

/// The trail of a run without bucket keys: S3's data events, and KMS's calls.
fn trail(scenario: &Scenario) -> String {
    let assumptions = scenario.configurations[0].ranges.at(Level::Assumed);
    let arm = Arm::of_totals(0, assumptions);
    let kept = keep(scenario, 0);
    let requests = NamedEvents::new(scenario, &kept, &arm, 0).outgoing(START_NS);
    let mut trail = Vec::new();
    cloudtrail::write::write(&mut trail, requests).unwrap();
    String::from_utf8(trail).unwrap()
}

/// The events of a trail that are kept: it has one a line.
fn only(trail: &str, keep: impl Fn(&str) -> bool) -> String {
    let events: Vec<&str> = trail
        .lines()
        .filter(|line| line.contains("\"eventSource\"") && keep(line))
        .map(|line| line.trim_end_matches(','))
        .collect();
    format!("{{\"Records\":[\n{}\n]}}\n", events.join(",\n"))
}

fn is_call(event: &str) -> bool {
    event.contains("\"kms.amazonaws.com\"")
}

fn wanted() -> LogSelection {
    // No KMS event tells of the header that switches bucket keys off.
    let opt_outs = OptOuts::Dropped;
    LogSelection { calls_as_requests: true, opt_outs, ..LogSelection::default() }
}

fn gathered(trail: &str, wanted: LogSelection, memory: usize) -> RecordGatherer {
    let mut gather = RecordGatherer::new(wanted, memory, Arc::new(MemoryStore::default()));
    gather.begin(LogFormat::CloudTrail, "trail");
    let mut bad = BadLines::default();
    let log = Log::open(trail.as_bytes(), None, Some(LogFormat::CloudTrail)).unwrap().unwrap();
    log.entries("trail", &mut bad, |entry| gather.take(&entry)).unwrap();
    assert_eq!(bad.bad, 0, "{bad:?}");
    gather
}

fn record(trail: &str) -> Recording {
    gathered(trail, wanted(), usize::MAX).finish().unwrap()
}

/// In one place each, so that no draw says what wraps what.
const ONE_PLACE: &str =
    "replications = 1\n[assumptions]\nread_partitions = 1\nwrite_partitions = 1\n";

fn replayed(recording: Recording, settings: &str) -> Scenario {
    let file = Some((settings, "settings"));
    Scenario::of_recording(recording, &Settings { file, overrides: &[], unknown_age: None })
        .unwrap()
}

/// The calls of each configuration (none, the role's rule, the session's) at one level.
fn calls(scenario: &Scenario, level: Level) -> Vec<KmsCalls> {
    let of =
        |index: usize| engine(scenario, index, scenario.configurations[index].ranges.at(level));
    (0..3).map(of).collect()
}

/// The calls of a whole trail, and those of its KMS events alone.
fn both(trail: &str, settings: &str) -> [Vec<KmsCalls>; 2] {
    let whole = record(trail);
    assert!(whole.of_buckets.iter().all(|of| !of.has_calls_as_requests()));
    let alone = record(&only(trail, is_call));
    assert!(alone.of_buckets.iter().all(BucketKmsCalls::has_calls_as_requests));
    [whole, alone].map(|recording| calls(&replayed(recording, settings), Level::Assumed))
}

/// What of the requests' calls a scenario says itself.
fn one_place(scenario: &Scenario) -> String {
    let bks::encryption::needs::MultipartCalls { upload_part, complete, .. } = scenario.multipart;
    format!("multipart = {{ upload_part = {upload_part}, complete = {complete} }}\n{ONE_PLACE}")
}

/// Parts that are copied unwrap the key of the requester's last upload, which an export cannot name.
fn copies_parts(trail: &str) -> bool {
    trail.contains("\"UploadPartCopy\"")
}

const EVERYTHING: tiny::Limits = tiny::Limits { only_old: false, directory: false, told: false };

proptest! {
    #![proptest_config(tiny::cases(150, 0xCA115))]

    /// Whatever people do within seconds: the calls of a run without bucket keys tell which keys are
    /// needed when, as its requests do.
    #[test]
    fn calls_alone_cost_what_the_whole_trail_does(text in tiny::scenario(EVERYTHING)) {
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let trail = trail(&scenario);
        prop_assume!(trail.lines().any(is_call) && !copies_parts(&trail));
        let [whole, alone] = both(&trail, &one_place(&scenario));
        prop_assert_eq!(alone, whole, "{}", text);
    }

    /// The same where only one of two buckets has data events: each is taken by what it has. A copy
    /// out of a bucket that has them into one that has not is told by neither, and so is no case here.
    #[test]
    fn each_bucket_is_taken_by_what_it_has(text in tiny::scenario(EVERYTHING)) {
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let trail = trail(&scenario);
        let is_of = |event: &str, bucket: &str| event.contains(&format!("\"bucketName\":\"{bucket}\""));
        let copies_out = |event: &str| is_of(event, "b1") && event.contains("copy-source\":\"b0/");
        prop_assume!(trail.lines().any(is_call) && !copies_parts(&trail));
        prop_assume!(!trail.lines().any(copies_out));
        let some = only(&trail, |event| is_call(event) || is_of(event, "b0"));
        let settings = one_place(&scenario);
        let of = |trail: &str| calls(&replayed(record(trail), &settings), Level::Assumed);
        prop_assert_eq!(of(&some), of(&trail), "{}", text);
    }
}

/// Writers and readers of several sessions in two buckets, uploads in parts, renaming copies, reads of
/// old objects; each of some thousand calls.
const SCENARIOS: [(&str, &str); 3] = [
    (
        "written and read",
        r#"
[[workload]]
name = "write"
principal = "writer"
bucket = "lake"
arrivals = { poisson = { rate = "0.5/s" } }
[[workload]]
name = "read"
principal = "reader"
bucket = "lake"
arrivals = { poisson = { rate = "0.7/s" } }
read = { from = ["write"], pattern = { by-age = { exponential = { mean = "10min" } } } }
"#,
    ),
    (
        "uploads in parts",
        r#"
[[workload]]
name = "write"
principal = "writer"
bucket = "lake"
client = "boto3"
object_size = "40MiB"
arrivals = { poisson = { rate = "0.1/s" } }
mix = { write = 2, list = 1, head = 1, delete = 1 }
[[workload]]
name = "read"
principal = "reader"
bucket = "lake"
client = "boto3"
object_size = "40MiB"
arrivals = { poisson = { rate = "0.2/s" } }
mix = { read = 2, head_checksum = 1 }
read = { from = ["write"], pattern = { just-written = { delay = "3min" } } }
"#,
    ),
    (
        "renamed, copied and old",
        r#"
[[population]]
name = "old"
bucket = "pond"
objects = 300
age = { uniform = { to = "10d" } }
[[client]]
name = "renamer"
write = { put = 1.0, copy = 1.0, head = 1.0 }
[[workload]]
name = "write"
principal = "writer"
bucket = "lake"
client = "renamer"
arrivals = { poisson = { rate = "0.3/s" } }
[[workload]]
name = "read"
principal = "reader"
bucket = "pond"
arrivals = { poisson = { rate = "0.4/s" } }
mix = { read = 2, copy = 1 }
read = { from = ["old", "write"], pattern = { by-age = { exponential = { mean = "20min" } } } }
"#,
    ),
];

fn scenario(workloads: &str) -> Scenario {
    let head = r#"
name = "proof"
duration = "3h"
replications = 1
[[bucket]]
name = "lake"
[[bucket]]
name = "pond"
[[principal]]
name = "writer"
role = "writer"
sessions = 3
[[principal]]
name = "reader"
role = "reader"
sessions = 5
session_length = "1h"
"#;
    Scenario::parse(&format!("{head}{workloads}")).unwrap_or_else(|error| panic!("{error}"))
}

/// A configuration's calls on the average of some replications.
fn mean(scenario: &Scenario, index: usize) -> f64 {
    const REPLICATIONS: u32 = 24;
    let assumptions = scenario.configurations[index].ranges.at(Level::Assumed);
    let arm = Arm::of_totals(index, assumptions);
    let runs = run(scenario, &[arm], 0..REPLICATIONS, &|_| ());
    let total: u64 = runs.iter().map(|arms| arms[0].total_calls().total()).sum();
    total as f64 / f64::from(REPLICATIONS)
}

#[test]
fn whole_scenarios_cost_the_same_from_calls_alone() {
    for (name, workloads) in SCENARIOS {
        let trail = trail(&scenario(workloads));
        let [whole, alone] = both(&trail, ONE_PLACE);
        assert_eq!(alone, whole, "{name}");
        let events = trail.lines().filter(|line| is_call(line)).count() as u64;
        assert_eq!(alone[0].total(), events, "{name}: without bucket keys each call is one");
        assert!(events > 2_000 && alone[1].total() * 2 < events, "{name}: {alone:?}");
        // In ten places, which are drawn by what the requests are called, up to these draws.
        let of = |trail: &str| replayed(record(trail), "replications = 24\n");
        let (whole, alone) = (of(&trail), of(&only(&trail, is_call)));
        assert_eq!(mean(&alone, 0), mean(&whole, 0), "{name}");
        for index in 1..3 {
            let (alone, whole) = (mean(&alone, index), mean(&whole, index));
            assert!((alone / whole - 1.0).abs() < 0.02, "{name}, {index}: {alone} and {whole}");
        }
    }
}

/// Bucket keys that live for five minutes, in one place, and are not verified.
const BY_HAND: &str = "replications = 1\n[assumptions]\ngeneration_lifetime = \"5min\"\n\
     cache_lifetime = \"5min\"\nread_partitions = 1\nwrite_partitions = 1\nverify_on_write = 0\n";

/// A KMS call of a session of a role, so many seconds into a day; its id is made of what it is.
fn call(second: u32, api: &str, arn: &str, role: &str) -> Value {
    let time =
        format!("2026-11-23T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60);
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:one",
            "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/one"),
            "accountId": "111122223333",
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "invokedBy": "fas.s3.amazonaws.com",
        },
        "eventTime": time,
        "eventSource": "kms.amazonaws.com",
        "eventName": api,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "fas.s3.amazonaws.com",
        "requestParameters": {"encryptionContext": {"aws:s3:arn": format!("arn:aws:s3:::{arn}")}},
        "resources": [{
            "accountId": "111122223333",
            "type": "AWS::KMS::Key",
            "ARN": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        }],
        "eventID": format!("{second}-{api}-{arn}-{role}"),
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "eventCategory": "Management",
    })
}

/// An S3 data event of the same.
fn data_event(second: u32, name: &str, bucket: &str, key: &str, role: &str) -> Value {
    let mut event = call(second, name, &format!("{bucket}/{key}"), role);
    event["eventSource"] = json!("s3.amazonaws.com");
    event["requestParameters"] = json!({"bucketName": bucket, "key": key});
    event["eventCategory"] = json!("Data");
    event["managementEvent"] = json!(false);
    event["userIdentity"].as_object_mut().unwrap().remove("invokedBy");
    event
}

fn wrapped(events: &[Value]) -> String {
    json!({ "Records": events }).to_string()
}

/// `GenerateDataKey` and Decrypt calls without bucket keys, and with them under the role's rule.
fn by_hand(events: &[Value]) -> [[u64; 2]; 2] {
    let of = |recording| {
        let calls = calls(&replayed(recording, BY_HAND), Level::Assumed);
        let apis = [KmsApi::GenerateDataKey, KmsApi::Decrypt];
        [0, 1].map(|index: usize| apis.map(|api| calls[index].get(api)))
    };
    let counted = of(record(&wrapped(events)));
    // Neither the order of events, repetition nor memory changes anything.
    let backwards: Vec<Value> = events.iter().rev().chain(events).cloned().collect();
    assert_eq!(of(record(&wrapped(&backwards))), counted);
    let aside = gathered(&wrapped(&backwards), wanted(), 1).finish().unwrap();
    assert_eq!(of(aside), counted);
    counted
}

fn taken(events: &[Value]) -> KmsCallCounts {
    record(&wrapped(events)).taken.calls
}

fn plain() -> Vec<Value> {
    vec![
        call(0, "GenerateDataKey", "lake/a", "etl"),
        call(10, "Decrypt", "lake/a", "query"),
        call(10, "Decrypt", "lake/a", "etl"),
        call(20, "Decrypt", "lake/a", "query"),
        call(30, "Decrypt", "lake/old", "query"),
        call(400, "GenerateDataKey", "lake/b", "etl"),
    ]
}

#[test]
fn each_generate_data_key_is_a_write_and_each_decrypt_a_read() {
    // With keys: one made at 0 and one at 400; each role fetches the first once; `old` has none.
    assert_eq!(by_hand(&plain()), [[2, 4], [2, 3]]);
    let expected = KmsCallCounts { requests: 6, ..KmsCallCounts::default() };
    assert_eq!(taken(&plain()), expected);
    let recording = record(&wrapped(&plain()));
    assert_eq!(recording.buckets, ["lake"]);
    assert_eq!(recording.regions, [Some("eu-west-1".to_owned())]);
    assert_eq!(recording.principals.len(), 2);
}

#[test]
fn a_replicas_encrypt_is_a_write() {
    let events =
        [call(0, "Encrypt", "replica/a", "repl"), call(5, "Decrypt", "replica/a", "query")];
    assert_eq!(by_hand(&events), [[1, 1], [1, 1]]);
}

#[test]
fn buckets_are_taken_by_their_data_events_if_they_have_any() {
    let mut events = plain();
    // `pond` has data events of two of its three writes, and calls of all.
    for (second, key) in [(0, "x"), (1, "y"), (2, "z")] {
        events.push(call(second, "GenerateDataKey", &format!("pond/{key}"), "etl"));
    }
    events.push(data_event(0, "PutObject", "pond", "x", "etl"));
    events.push(data_event(1, "PutObject", "pond", "y", "etl"));
    events.push(data_event(9, "HeadObject", "pond", "y", "other"));
    assert_eq!(by_hand(&events), [[4, 4], [3, 3]]);
    let expected = KmsCallCounts { requests: 6, beside_data: 3, ..KmsCallCounts::default() };
    assert_eq!(taken(&events), expected);
    // Management events are no data events, and whoever is only in calls that are left out is nobody.
    events.push(data_event(3, "GetBucketPolicy", "lake", "", "auditor"));
    events.push(call(4, "Decrypt", "pond/x", "stranger"));
    let recording = record(&wrapped(&events));
    assert_eq!(recording.taken.calls.requests, 6);
    let names: Vec<String> =
        recording.principals.iter().map(|of| format!("{:?}", of.principal.identity)).collect();
    assert!(!names.concat().contains("stranger") && names.len() == 3, "{names:?}");
}

#[test]
fn a_copy_that_has_a_data_event_reads_its_source_once() {
    let mut copy = data_event(60, "CopyObject", "lake", "copy", "etl");
    copy["requestParameters"]["x-amz-copy-source"] = json!("pond/x");
    let events = [
        call(0, "GenerateDataKey", "pond/x", "etl"),
        copy,
        call(60, "GenerateDataKey", "lake/copy", "etl"),
        call(61, "Decrypt", "pond/x", "etl"),
        // Reads of the same object: somebody else's at the time, and the same one's later.
        call(60, "Decrypt", "pond/x", "query"),
        call(70, "Decrypt", "pond/x", "etl"),
    ];
    // With keys: `pond`'s at 0, `lake`'s at 60; the copy fetches `pond`'s, and `query` does.
    assert_eq!(by_hand(&events), [[2, 3], [2, 2]]);
    let expected =
        KmsCallCounts { requests: 3, beside_data: 1, of_copies: 1, ..KmsCallCounts::default() };
    assert_eq!(taken(&events), expected);
}

#[test]
fn calls_with_a_buckets_arn_say_that_keys_are_on() {
    let mut events = plain();
    events.push(call(40, "GenerateDataKey", "pond", "etl"));
    events.push(call(50, "Decrypt", "pond", "etl"));
    events.push(call(60, "Decrypt", "pond", "query"));
    assert_eq!(by_hand(&events), [[2, 4], [2, 3]]);
    let recording = record(&wrapped(&events));
    assert_eq!(recording.taken.calls.for_bucket_keys, 3);
    let [lake, pond] = &recording.of_buckets[..] else { panic!("two buckets") };
    assert!(lake.has_calls_as_requests() && !lake.has_bucket_keys_already());
    assert!(pond.has_bucket_keys_already() && !pond.has_calls_as_requests());
    let since = bks::units::parse_utc("2026-11-23T00:00:40Z").unwrap();
    assert_eq!(pond.bucket_keys_since, Some(since));
    let alone = gathered(&wrapped(&events[6..]), wanted(), usize::MAX).finish().unwrap_err();
    assert!(alone.to_string().contains("bucket keys are on already"), "{alone}");
}

#[test]
fn calls_that_failed_or_are_not_s3s_are_left_out_and_counted() {
    let mut events = plain();
    let mut add = |second: u32, change: &dyn Fn(&mut Value)| {
        let mut event = call(second, "Decrypt", "lake/a", "etl");
        change(&mut event);
        events.push(event);
    };
    add(50, &|event| event["errorCode"] = json!("AccessDenied"));
    add(51, &|event| event["errorCode"] = json!("ThrottlingException"));
    let contexts = [
        json!({"aws:dynamodb:tableName": "orders", "aws:dynamodb:subscriberId": "111122223333"}),
        json!({"aws:ebs:id": "vol-0123456789abcdef0"}),
        json!({"kms_cmk_id": "alias/clients", "department": "sales"}),
        json!(null),
        json!({"aws:s3:arn": "arn:aws:s3tables:eu-west-1:111122223333:bucket/tables/table/1"}),
    ];
    for (second, context) in (60..).zip(contexts) {
        add(second, &|event| event["requestParameters"]["encryptionContext"] = context.clone());
    }
    add(70, &|event| event["eventName"] = json!("DescribeKey"));
    assert_eq!(by_hand(&events), [[2, 4], [2, 3]]);
    let expected =
        KmsCallCounts { requests: 6, failed: 2, other_use: 5, ..KmsCallCounts::default() };
    assert_eq!(taken(&events), expected);
    let left_out = record(&wrapped(&events)).left_out;
    let of = |reason| left_out.names(reason).iter().map(|row| row.records).collect::<Vec<_>>();
    assert_eq!((of(Reason::FailedCall), of(Reason::OtherCall)), (vec![1, 1], vec![5]));
    assert_eq!(left_out.of(Reason::KmsCall), 0);
    let failed = gathered(&wrapped(&events[6..8]), wanted(), usize::MAX).finish().unwrap_err();
    assert!(failed.to_string().contains("all KMS calls in the trail failed"), "{failed}");
    let other = gathered(&wrapped(&events[8..]), wanted(), usize::MAX).finish().unwrap_err();
    assert!(other.to_string().contains("aws:s3:arn"), "{other}");
}

/// The same call as the trail of the key's account has it: the caller by its ids alone, under another
/// event id.
fn as_the_owner_has_it(mut event: Value) -> Value {
    event["userIdentity"] = json!({
        "type": "AWSAccount",
        "principalId": "AROAEXAMPLE:one",
        "accountId": "111122223333",
        "invokedBy": "fas.s3.amazonaws.com",
    });
    event["eventID"] = json!(format!("owner's {}", event["eventID"].as_str().unwrap()));
    event["recipientAccountId"] = json!("444455556666");
    event
}

#[test]
fn a_call_in_two_accounts_trails_is_one_request_of_the_callers() {
    let shared: Vec<Value> = plain()
        .into_iter()
        .map(|mut event| {
            event["sharedEventID"] = json!(format!("shared {}", event["eventID"]));
            let arn = "arn:aws:sts::111122223333:assumed-role/etl/one";
            event["userIdentity"]["arn"] = json!(arn);
            event
        })
        .collect();
    let owners: Vec<Value> = shared.iter().cloned().map(as_the_owner_has_it).collect();
    // With keys: one made at 0 and one at 400; the first fetched once, and `old` has none.
    let counted = [[2, 4], [2, 2]];
    assert_eq!(by_hand(&shared), counted);
    assert_eq!(by_hand(&owners), counted);
    let both = [owners.clone(), shared.clone()].concat();
    assert_eq!(by_hand(&both), counted);
    let recording = record(&wrapped(&both));
    assert_eq!((recording.seen.requests, recording.repeated), (6, 6));
    for events in [&both, &owners] {
        let recording = record(&wrapped(events));
        let [caller] = &recording.principals[..] else { panic!("{:?}", recording.principals) };
        assert_eq!(caller.principal.account, "111122223333");
    }
}

/// The ARN of a KMS key.
fn kms_key(name: &str) -> String {
    format!("arn:aws:kms:eu-west-1:111122223333:key/{name}")
}

/// The same call under a KMS key of that name.
fn under(name: &str, mut event: Value) -> Value {
    event["resources"][0]["ARN"] = json!(kms_key(name));
    event
}

/// Three objects of one bucket, of which the second is under the key `b`, and who reads them.
fn under_two_keys() -> Vec<Value> {
    vec![
        under("a", call(0, "GenerateDataKey", "lake/1", "etl")),
        under("b", call(1, "GenerateDataKey", "lake/2", "etl")),
        under("a", call(2, "GenerateDataKey", "lake/3", "etl")),
        under("a", call(10, "Decrypt", "lake/1", "query")),
        under("b", call(11, "Decrypt", "lake/2", "query")),
        under("a", call(12, "Decrypt", "lake/3", "query")),
        under("b", call(20, "Decrypt", "lake/2", "etl")),
    ]
}

#[test]
fn each_kms_key_of_a_bucket_has_bucket_level_keys_of_its_own() {
    // With keys: one made under each at 0 and 1; `query` fetches both, `etl` the second.
    assert_eq!(by_hand(&under_two_keys()), [[3, 4], [2, 3]]);
    // As if all were under one: made once, and fetched once by each role.
    let one: Vec<Value> = under_two_keys().into_iter().map(|event| under("a", event)).collect();
    assert_eq!(by_hand(&one), [[3, 4], [1, 2]]);
    // An alias tells nothing: two names may be one key's.
    let aliases = under_two_keys().into_iter().map(|mut event| {
        let arn = event["resources"][0]["ARN"].as_str().unwrap().replace(":key/", ":alias/");
        event["resources"][0]["ARN"] = json!(arn);
        event
    });
    assert_eq!(by_hand(&aliases.collect::<Vec<_>>()), [[3, 4], [1, 2]]);
}

#[test]
fn an_object_that_is_read_under_another_key_was_written_anew() {
    let events = [
        under("a", call(0, "GenerateDataKey", "lake/1", "etl")),
        under("b", call(10, "Decrypt", "lake/1", "query")),
        under("b", call(20, "Decrypt", "lake/1", "query")),
        under("a", call(30, "GenerateDataKey", "lake/2", "etl")),
        under("a", call(40, "Decrypt", "lake/2", "query")),
    ];
    // Of who wrote it under `b`, and when, nothing is known: it has no bucket key.
    assert_eq!(by_hand(&events), [[2, 3], [1, 3]]);
}

#[test]
fn data_events_tell_the_key_that_objects_are_written_under() {
    let put = |second, key: &str, name: &str| {
        let mut event = data_event(second, "PutObject", "lake", key, "etl");
        event["responseElements"] = json!({
            "x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": kms_key(name),
        });
        event
    };
    let get = |second, key: &str, role: &str| data_event(second, "GetObject", "lake", key, role);
    let events = [
        put(0, "1", "a"),
        put(1, "2", "b"),
        put(2, "3", "a"),
        get(10, "1", "query"),
        get(11, "2", "query"),
        get(12, "3", "query"),
        get(20, "2", "etl"),
    ];
    assert_eq!(by_hand(&events), [[3, 4], [2, 3]]);
}

/// How many KMS keys are paid for.
fn rented(scenario: &Scenario) -> usize {
    let mut keys: Vec<u32> = scenario.domains.iter().filter_map(|it| it.rented_key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.len()
}

/// A key of several buckets is rented once, and a replay says which keys it found.
#[test]
fn a_replay_names_the_keys_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = under_two_keys();
    events.push(under("b", call(30, "GenerateDataKey", "pond/1", "etl")));
    fs::write(folder.path().join("trail.json"), wrapped(&events)).unwrap();
    let run = |arguments: &[&str]| {
        let (code, _, told) = code_and_texts(folder.path(), arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {told}");
        assert!(!told.contains("several KMS keys"), "{told}");
    };
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    run(&["replay", "trail.json", "-o", "first"]);
    let made: toml::Table = read("first/run.toml").parse().unwrap();
    let of_bucket = |index: usize| made["bucket"][index]["kms_key"].as_str().unwrap().to_owned();
    assert_eq!([of_bucket(0), of_bucket(1)], [kms_key("a"), kms_key("b")]);
    let other = &made["replay"]["other_kms_key"][0];
    assert_eq!(other["bucket"].as_str(), Some("lake"));
    assert_eq!(other["kms_key"].as_str(), Some(kms_key("b").as_str()));
    assert_eq!(rented(&replayed(record(&wrapped(&events)), BY_HAND)), 2);
    run(&["replay", "trail.json", "--scenario", "first/run.toml", "-o", "again"]);
    assert_eq!(read("first/summary.csv"), read("again/summary.csv"));
}

/// Old objects of one bucket under three keys: every command that goes by buckets takes them as one's.
#[test]
fn commands_take_a_bucket_as_one_whatever_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = under_two_keys();
    for (second, name) in [(30, "a"), (31, "b"), (32, "c")] {
        events.push(under(name, call(second, "Decrypt", &format!("lake/old-{name}"), "query")));
    }
    for (second, name) in [(40, "c"), (41, "b")] {
        let mut event = data_event(second, "PutObject", "pond", name, "etl");
        event["responseElements"] =
            json!({"x-amz-server-side-encryption-aws-kms-key-id": kms_key(name)});
        events.push(event);
        events.push(data_event(second + 10, "GetObject", "pond", name, "query"));
    }
    events.push(under("b", call(45, "GenerateDataKey", "pond", "etl")));
    fs::write(folder.path().join("trail.json"), wrapped(&events)).unwrap();
    let run = |arguments: &[&str]| {
        let (code, printed, told) = code_and_texts(folder.path(), arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {told}");
        printed
    };
    run(&["replay", "trail.json", "-o", "replayed"]);
    let made = fs::read_to_string(folder.path().join("replayed/run.toml")).unwrap();
    for name in ["", ", under KMS key 2", ", under KMS key 3"] {
        assert!(made.contains(&format!("\"lake: written before the log{name}\"")), "{made}");
    }
    let buckets = fs::read_to_string(folder.path().join("replayed/buckets.csv")).unwrap();
    assert!(!buckets.contains("key/"), "{buckets}");
    let fitted = run(&["fit", "trail.json"]);
    assert!(fitted.contains("lake: written before the log, under KMS key 3"), "{fitted}");
    run(&["reconcile", "trail.json", "--bucket", "pond"]);
    run(&["explain", "trail.json", "--requester", "query"]);
    run(&["advise", "trail.json"]);
}

/// Two tenants of one bucket, each under a key of its own, written and read for two hours: a scenario that is
/// fitted to them has as many calls as their log, and names both keys.
#[test]
fn a_fitted_scenario_has_the_keys_of_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let tenants = |second: usize| {
        let tenant = ["a", "b"][second / 20 % 2];
        let key = format!("lake/{second}");
        let write = call(second as u32, "GenerateDataKey", &key, "etl");
        let read = call(second as u32 + 10, "Decrypt", &key, "query");
        [under(tenant, write), under(tenant, read)]
    };
    let events: Vec<Value> = (0..7_200).step_by(20).flat_map(tenants).collect();
    fs::write(folder.path().join("trail.json"), wrapped(&events)).unwrap();
    let fit = |arguments: &[&str]| {
        let arguments = [&["fit", "trail.json"], arguments].concat();
        let (code, printed, told) = code_and_texts(folder.path(), &arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {told}");
        assert!(!told.contains("caution"), "{told}");
        printed
    };
    let made: toml::Table = fit(&[]).parse().unwrap();
    let keys_of = |table: &str| -> Vec<Option<&str>> {
        let rows = made[table].as_array().unwrap();
        rows.iter().map(|row| row.get("kms_key").and_then(toml::Value::as_str)).collect()
    };
    let [a, b] = [kms_key("a"), kms_key("b")];
    assert_eq!(keys_of("bucket"), [Some(a.as_str())]);
    // Of each tenant's writes and reads the writes of the second name their key.
    let named = keys_of("workload");
    assert_eq!((named.len(), named.iter().flatten().count()), (4, 1), "{made}");
    assert!(named.contains(&Some(b.as_str())));
    let hidden = fit(&["--hash", "--salt", "once"]);
    assert!(!hidden.contains("arn:aws:kms") && hidden.matches("kms_key").count() == 2, "{hidden}");
}

/// A service has no account of its own: its calls are told of in the trail of the account it works for.
#[test]
fn a_services_requests_are_of_the_account_that_received_them() {
    let by_service = |second, account: &str, bucket: &str| {
        let mut event = data_event(second, "PutObject", bucket, "1", "etl");
        event["userIdentity"] = json!({"type": "AWSService", "invokedBy": "config.amazonaws.com"});
        event["recipientAccountId"] = json!(account);
        event
    };
    let events = [by_service(0, "111122223333", "lake"), by_service(1, "444455556666", "pond")];
    let recording = record(&wrapped(&events));
    let accounts: Vec<&str> =
        recording.principals.iter().map(|it| it.principal.account.as_str()).collect();
    assert_eq!(accounts, ["111122223333", "444455556666"]);
}

#[test]
fn calls_are_chosen_by_bucket_and_time_as_requests_are() {
    let mut events = plain();
    events.push(call(5, "Decrypt", "pond/a", "etl"));
    // Data events that `--to` leaves out decide nothing.
    events.push(data_event(900, "PutObject", "lake", "z", "etl"));
    let to = bks::units::parse_utc("2026-11-23T00:05:00Z").ok();
    let wanted = LogSelection { buckets: ["lake".to_owned()].into(), to, ..wanted() };
    let recording = gathered(&wrapped(&events), wanted, usize::MAX).finish().unwrap();
    assert_eq!((recording.taken.calls.requests, recording.taken.too_late), (5, 2));
    assert_eq!(recording.taken.other_buckets, 1);
    assert_eq!(recording.buckets, ["lake"]);
    assert_eq!(recording.seen.requests, 5);
}

#[test]
fn a_trail_with_writes_alone_is_seen_to_lack_reads() {
    let mut events = plain();
    events.push(data_event(0, "PutObject", "lake", "a", "etl"));
    events.push(data_event(400, "PutObject", "lake", "b", "etl"));
    let recording = record(&wrapped(&events));
    assert!(recording.of_buckets[0].has_data_events_missing());
    assert_eq!(recording.seen.requests, 2);
    for second in [10, 20, 30, 40] {
        events.push(data_event(second, "GetObject", "lake", "a", "etl"));
    }
    assert!(!record(&wrapped(&events)).of_buckets[0].has_data_events_missing());
}

/// As `aws cloudtrail lookup-events` prints them.
fn looked_up(events: &[Value]) -> Value {
    let each = |event: &Value| {
        json!({
            "EventId": event["eventID"],
            "EventName": event["eventName"],
            "ReadOnly": "true",
            "EventTime": "2026-11-23T00:00:00+00:00",
            "EventSource": "kms.amazonaws.com",
            "Username": "one",
            "Resources": [{"ResourceType": "AWS::KMS::Key", "ResourceName": "key"}],
            "CloudTrailEvent": event.to_string(),
        })
    };
    json!({"Events": events.iter().map(each).collect::<Vec<_>>(), "NextToken": "token"})
}

#[test]
fn events_are_read_as_lookup_events_prints_them() {
    let events = plain();
    let texts: Vec<String> = events.iter().map(Value::to_string).collect();
    let whole = calls(&replayed(record(&wrapped(&events)), BY_HAND), Level::Assumed);
    let found = looked_up(&events);
    let forms = [
        found.to_string(),
        format!("{found:#}"),
        // With `--query 'Events[].CloudTrailEvent'`, as JSON and as text.
        json!(texts).to_string(),
        format!("{:#}", json!(texts)),
        texts.join("\t"),
        texts.join("\n"),
    ];
    for form in forms {
        assert_eq!(LogFormat::detect(form.as_bytes()), Some(LogFormat::CloudTrail), "{form}");
        let recording = record(&form);
        assert_eq!(recording.taken.calls.requests, 6, "{form}");
        assert_eq!(calls(&replayed(recording, BY_HAND), Level::Assumed), whole, "{form}");
    }
}

#[test]
fn an_inventory_tells_when_what_is_read_was_written() {
    let wanted = LogSelection { inventories: true, ..wanted() };
    let mut gather = gathered(&wrapped(&plain()), wanted, usize::MAX);
    gather.settle().unwrap();
    let before = bks::units::parse_utc("2026-11-20T00:00:00Z").unwrap();
    for (bucket, known) in [("lake", true), ("pond", false)] {
        let told = EarlierKey::WithKey;
        let taken = gather.take_inventoried(bucket.as_bytes(), b"old", before, told).unwrap();
        assert_eq!(taken, known, "{bucket}");
    }
    let recording = gather.finish().unwrap();
    // `a` is read three times, which was written in the log, and `old` once.
    let seen = recording.seen;
    assert_eq!((seen.unwraps, seen.of_inventory, seen.of_unknown), (4, 1, 0));
}

/// As Athena writes rows of a table of events: structures as Hive has them, parameters as JSON.
fn rows(events: &[Value]) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record([
        "eventtime",
        "eventsource",
        "eventname",
        "awsregion",
        "useridentity",
        "requestparameters",
        "resources",
        "errorcode",
        "eventid",
    ])
    .unwrap();
    for event in events {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let who = &event["userIdentity"];
        let hive = |name: &str| format!("{}={}", name.to_lowercase(), who[name].as_str().unwrap());
        let who = ["type", "principalId", "arn", "accountId", "invokedBy", "accessKeyId"].map(hive);
        let key = event["resources"][0]["ARN"].as_str().unwrap();
        csv.write_record([
            text("eventTime"),
            text("eventSource"),
            text("eventName"),
            text("awsRegion"),
            format!("{{{}}}", who.join(", ")),
            event["requestParameters"].to_string(),
            format!("[{{arn={key}, accountid=111122223333, type=AWS::KMS::Key}}]"),
            text("errorCode"),
            text("eventID"),
        ])
        .unwrap();
    }
    String::from_utf8(csv.into_inner().unwrap()).unwrap()
}

#[test]
fn events_are_read_as_athena_writes_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = plain();
    let mut failed = call(50, "Decrypt", "lake/a", "etl");
    failed["errorCode"] = json!("AccessDenied");
    events.push(failed);
    fs::write(folder.path().join("rows.csv"), rows(&events)).unwrap();
    let (code, _, told) =
        code_and_texts(folder.path(), &["replay", "rows.csv", "--replications", "2"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("2 writes (GenerateDataKey) and 4 reads (Decrypt)"), "{told}");
    assert!(told.contains("1 are KMS calls that failed"), "{told}");
    let run = fs::read_to_string(folder.path().join("results/replay/run.toml")).unwrap();
    assert!(run.contains("eu-west-1"), "{run}");
}

#[test]
fn many_prefixes_of_a_bucket_are_told_as_one() {
    let mut events: Vec<Value> = (0..10_050)
        .map(|place| call(place / 10, "GenerateDataKey", &format!("lake/{place}/a"), "etl"))
        .collect();
    events.push(call(5, "GenerateDataKey", "pond/1/a", "etl"));
    let recording = record(&wrapped(&events));
    let prefixes: BTreeMap<(u32, &str), u64> = recording
        .places
        .iter()
        .map(|place| ((place.bucket, place.prefix.as_str()), place.requests))
        .collect();
    assert_eq!(prefixes, BTreeMap::from([((0, "*"), 10_050), ((1, "1/"), 1)]));
}

#[test]
fn commands_say_what_was_taken_and_what_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, events: &[Value]| {
        fs::write(folder.path().join(name), looked_up(events).to_string()).unwrap();
    };
    let run = |arguments: &[&str]| {
        let (code, printed, told) = code_and_texts(folder.path(), arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {told}");
        (printed, told)
    };
    put("calls.json", &plain());
    let (printed, told) = run(&["replay", "calls.json", "--replications", "2"]);
    assert!(told.contains("`lake`: no S3 data events in the logs"), "{told}");
    assert!(told.contains("2 writes (GenerateDataKey) and 4 reads (Decrypt)"), "{told}");
    assert!(told.contains("HEAD, LIST, DELETE"), "{told}");
    let result = fs::read_to_string(folder.path().join("results/replay/result.json"));
    let said = result.unwrap_or_default() + &printed;
    assert!(said.contains("no S3 data events"), "{said}");

    let mut events = plain();
    events.push(call(450, "GenerateDataKey", "lake", "etl"));
    put("turned-on.json", &events);
    let (_, told) = run(&["replay", "turned-on.json", "--out", "on"]);
    assert!(told.contains("`lake`: bucket keys are on already: 1 KMS calls"), "{told}");
    assert!(told.contains("`--to 2026-11-23T00:07:30Z`"), "{told}");
    let (_, told) =
        run(&["replay", "turned-on.json", "--to", "2026-11-23T00:07:30Z", "--out", "before"]);
    assert!(!told.contains("on already"), "{told}");

    let (fitted, _) = run(&["fit", "calls.json"]);
    assert!(fitted.contains("# Region: eu-west-1, as in the log."), "{fitted}");
    assert!(fitted.contains("# Buckets of which the log has no S3 data events: 1."), "{fitted}");
    assert!(fitted.contains("# Not known of these: HEAD, LIST and DELETE"), "{fitted}");

    let (code, _, told) = code_and_texts(folder.path(), &["reconcile", "calls.json"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("`bks replay` and `bks calibrate` take KMS events alone"), "{told}");
}
