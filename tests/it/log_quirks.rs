//! Whatever logs say: identities, categories, headers, spellings and leftovers as real files have them, each
//! with its figure counted by hand, and random logs with quirks against a reader of their own.

#![allow(clippy::float_cmp, reason = "whole numbers")]

use crate::support::command::code_and_texts;
use crate::support::seen;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use bks::logs::LogFormat;
use bks::logs::record::{LoggedEncryption, Skipped};
use seen::{Seen, read};
use serde_json::{Value, json};
use tempfile::TempDir;

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A session of the role `etl`.
fn etl() -> Value {
    json!({
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:i-0",
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/etl/i-0"),
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {"sessionIssuer": {
            "type": "Role", "principalId": "AROAEXAMPLE", "accountId": ACCOUNT, "userName": "etl",
        }},
    })
}

fn time(second: u32) -> String {
    format!("2026-11-20T10:{:02}:{:02}Z", second / 60, second % 60)
}

/// A request to `lake` by the role `etl`; its id is that of its name, key and second.
fn request(second: u32, name: &str, key: &str) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": etl(),
        "eventTime": time(second),
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "requestParameters": {"bucketName": "lake", "key": key},
        "responseElements": null,
        "additionalEventData": {"bytesTransferredOut": 100},
        "eventID": format!("{name} {key} {second}"),
        "resources": [{"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::lake/{key}")}],
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Data",
    })
}

fn put(second: u32, key: &str) -> Value {
    request(second, "PutObject", key)
}

fn get(second: u32, key: &str) -> Value {
    request(second, "GetObject", key)
}

/// A KMS call that S3 made for `etl`.
fn call(second: u32, api: &str, arn: &str) -> Value {
    let mut who = etl();
    who["invokedBy"] = "fas.s3.amazonaws.com".into();
    json!({
        "userIdentity": who,
        "eventTime": time(second),
        "eventSource": "kms.amazonaws.com",
        "eventName": api,
        "awsRegion": "us-east-1",
        "requestParameters": {"encryptionContext": {"aws:s3:arn": arn}, "keyId": KEY},
        "eventID": format!("{api} {arn} {second}"),
        "resources": [{"type": "AWS::KMS::Key", "ARN": KEY}],
        "eventType": "AwsApiCall",
        "eventCategory": "Management",
    })
}

/// The event with some fields set.
fn with(mut event: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields") };
    for (name, value) in fields {
        event[name] = value;
    }
    event
}

/// The event without a field.
fn without(mut event: Value, field: &str) -> Value {
    event.as_object_mut().unwrap().remove(field);
    event
}

/// A folder with files.
fn folder(files: &[(&str, String)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn trail(events: &[Value]) -> String {
    json!({ "Records": events }).to_string()
}

fn lines(events: &[Value]) -> String {
    events.iter().fold(String::new(), |text, event| text + &event.to_string() + "\n")
}

/// What a replay leaves and says.
struct Replayed {
    summary: Vec<BTreeMap<String, String>>,
    left_out: BTreeMap<(String, String), u64>,
    said: String,
    folder: TempDir,
}

fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

impl Replayed {
    fn of(name: &str, text: &str, more: &[&str]) -> Self {
        let folder = folder(&[(name, text.to_owned())]);
        let arguments = [&["replay", name, "--out", "r", "--format", "csv"], more].concat();
        let (code, _, said) = code_and_texts(folder.path(), &arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        let left_out = rows(&folder.path().join("r/left_out.csv"));
        let left_out = left_out
            .iter()
            .map(|row| {
                ((row["reason"].clone(), row["name"].clone()), row["records"].parse().unwrap())
            })
            .collect();
        Self { summary: rows(&folder.path().join("r/summary.csv")), left_out, said, folder }
    }

    fn trail(events: &[Value]) -> Self {
        Self::of("t.json", &trail(events), &[])
    }

    fn figure(&self, configuration: &str, name: &str) -> f64 {
        let is_it = |row: &&BTreeMap<String, String>| {
            row["configuration"] == configuration && row["assumption"] == "assumed"
        };
        self.summary.iter().find(is_it).unwrap()[name].parse().unwrap()
    }

    /// Requests, `GenerateDataKey` and Decrypt calls without bucket keys.
    fn counts(&self) -> (f64, f64, f64) {
        let figure = |name| self.figure("sse-kms", name);
        (figure("requests"), figure("generate_data_key"), figure("decrypt"))
    }

    fn left_out(&self, reason: &str, name: &str) -> u64 {
        self.left_out.get(&(reason.to_owned(), name.to_owned())).copied().unwrap_or_default()
    }
}

/// The document of a reconciliation.
fn reconciled(files: &[(&str, String)], more: &[&str]) -> Value {
    let folder = folder(files);
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let arguments = [&["reconcile", "--format", "json"], &names[..], more].concat();
    let (code, printed, said) = code_and_texts(folder.path(), &arguments);
    assert_eq!(code, Some(0), "{said}");
    serde_json::from_str(&printed).unwrap()
}

fn requester_of(identity: &Value) -> String {
    let event = with(get(0, "a"), json!({ "userIdentity": identity }));
    let (_, seen, bad) = read(event.to_string().as_bytes(), Some(LogFormat::CloudTrail)).unwrap();
    assert_eq!(bad.bad, 0, "{identity}");
    seen[0].request().unwrap().requester.clone()
}

/// Identities with what they mean: roles, and accounts and users that only an id tells.
fn of_roles_and_ids() -> Vec<(Value, String)> {
    let fas = "fas.s3.amazonaws.com";
    vec![
        (etl(), format!("AssumedRole {ACCOUNT} etl i-0")),
        // `invokedBy` says through which service it came.
        (
            with(etl(), json!({"invokedBy": "athena.amazonaws.com"})),
            format!("AssumedRole {ACCOUNT} etl i-0"),
        ),
        (without(etl(), "arn"), format!("AssumedRole {ACCOUNT} etl i-0")),
        (
            json!({"type": "AWSAccount", "principalId": "AROACROSS:fn-0", "accountId": OTHER, "invokedBy": fas}),
            format!("AssumedRole {OTHER} AROACROSS fn-0"),
        ),
        (
            json!({"type": "AWSAccount", "principalId": "AIDACROSS", "accountId": OTHER}),
            format!("User {OTHER} AIDACROSS"),
        ),
        (
            json!({"type": "AWSAccount", "principalId": OTHER, "accountId": OTHER, "invokedBy": fas}),
            format!("Root {OTHER}"),
        ),
    ]
}

/// Accounts, users, services and whoever else there is.
fn of_others() -> Vec<(Value, String)> {
    let fas = "fas.s3.amazonaws.com";
    vec![
        (json!({"type": "AWSAccount", "accountId": OTHER}), format!("Root {OTHER}")),
        (
            json!({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}),
            "Anonymous".into(),
        ),
        (json!({"type": "Unknown", "principalId": "anonymous"}), "Anonymous".into()),
        (
            json!({"type": "IAMUser", "accountId": ACCOUNT, "userName": "loader", "principalId": "AIDAX"}),
            format!("User {ACCOUNT} loader"),
        ),
        (
            json!({"type": "FederatedUser", "principalId": format!("{ACCOUNT}:bob"), "accountId": ACCOUNT}),
            format!("FederatedUser {ACCOUNT} bob"),
        ),
        (
            json!({"type": "WebIdentityUser", "principalId": "accounts.google.com:app:7", "userName": "7"}),
            "OfKind  WebIdentityUser accounts.google.com:app:7".into(),
        ),
        (
            json!({"type": "SAMLUser", "principalId": "namequalifier:eve", "userName": "eve"}),
            "OfKind  SAMLUser namequalifier:eve".into(),
        ),
        (
            json!({"type": "IdentityCenterUser", "accountId": ACCOUNT, "onBehalfOf": {"userId": "5448-94"}}),
            format!("OfKind {ACCOUNT} IdentityCenterUser 5448-94"),
        ),
        (
            json!({"type": "Directory", "principalId": "d-1", "accountId": ACCOUNT}),
            format!("OfKind {ACCOUNT} Directory d-1"),
        ),
        (
            json!({"type": "AWSService", "invokedBy": "delivery.logs.amazonaws.com"}),
            "ServiceFor 111122223333 delivery.logs.amazonaws.com".into(),
        ),
        (
            json!({"type": "AWSService", "principalId": "cloudtrail.amazonaws.com"}),
            "ServiceFor 111122223333 cloudtrail.amazonaws.com".into(),
        ),
        (
            json!({"invokedBy": "logging.s3.amazonaws.com"}),
            "ServiceFor 111122223333 logging.s3.amazonaws.com".into(),
        ),
        (json!({"type": "AWSService", "invokedBy": fas}), "Unknown".into()),
        (json!({"invokedBy": fas}), "Unknown".into()),
        (
            json!({"type": "Root", "accountId": ACCOUNT, "principalId": ACCOUNT}),
            format!("Root {ACCOUNT}"),
        ),
        (json!(null), "Unknown".into()),
    ]
}

#[test]
fn identities_are_taken_by_meaning() {
    for (identity, expected) in of_roles_and_ids().into_iter().chain(of_others()) {
        assert_eq!(requester_of(&identity), expected, "{identity}");
    }
}

/// A role of another account: the bucket's owner knows its id, its own account its name.
fn stranger(named: bool) -> Value {
    if named {
        json!({
            "type": "AssumedRole", "principalId": "AROACROSS:fn-0", "accountId": OTHER,
            "arn": format!("arn:aws:sts::{OTHER}:assumed-role/copier/fn-0"),
            "accessKeyId": "ASIAI44QH8DHBEXAMPLE",
        })
    } else {
        json!({"type": "AWSAccount", "principalId": "AROACROSS:fn-0", "accountId": OTHER})
    }
}

#[test]
fn calls_for_another_account_are_explained() {
    let who = |named: bool, mark: &str| {
        let identity = stranger(named);
        json!({ "userIdentity": if mark.is_empty() { identity } else { with(identity, json!({"invokedBy": mark})) } })
    };
    // Three writes of objects of which each makes a call, under the id, the name, or both.
    for (asks, calls, role) in [
        (false, false, "AROACROSS"),
        (true, true, "copier"),
        (true, false, "copier"),
        (false, true, "copier"),
    ] {
        for mark in ["fas.s3.amazonaws.com", ""] {
            let objects = ["a", "b", "c"];
            let requests: Vec<Value> =
                objects.iter().map(|key| with(put(1, key), who(asks, ""))).collect();
            let kms: Vec<Value> = objects
                .iter()
                .map(|key| format!("arn:aws:s3:::lake/{key}"))
                .map(|arn| with(call(1, "GenerateDataKey", &arn), who(calls, mark)))
                .collect();
            for (first, second) in [("a.json", "b.json"), ("b.json", "a.json")] {
                let files = [(first, trail(&requests)), (second, trail(&kms))];
                let found = reconciled(&files, &[]);
                assert_eq!(found["by_principal"]["measured"], 3, "{asks} {calls} {mark}");
                assert_eq!(found["by_principal"]["explained"], 3, "{asks} {calls} {mark}");
                let principal = found["principals"][0]["principal"].as_str().unwrap();
                assert!(principal.contains(role) && principal.contains(OTHER), "{principal}");
            }
        }
    }
}

/// An event is delivered to the caller's account and to the owner's, with an id of its own in each.
#[test]
fn one_event_in_two_trails_counts_once() {
    let twice = |event: Value, number: usize| {
        let shared = json!({ "sharedEventID": format!("shared-{number}") });
        let caller = with(with(event, shared), json!({ "userIdentity": stranger(true) }));
        let owner = with(
            caller.clone(),
            json!({ "userIdentity": stranger(false), "eventID": format!("o-{number}") }),
        );
        [caller, owner]
    };
    let keys = ["a", "b", "c", "d"];
    let requests = keys.iter().enumerate().flat_map(|(i, key)| twice(get(1, key), i));
    let calls = keys.iter().enumerate().flat_map(|(i, key)| {
        twice(call(1, "Decrypt", &format!("arn:aws:s3:::lake/{key}")), 10 + i)
    });
    let events: Vec<Value> = requests.chain(calls).collect();
    let mut seen = BTreeSet::new();
    for turned in [0, 1, 7] {
        let mut events = events.clone();
        events.rotate_left(turned);
        let replayed = Replayed::trail(&events);
        assert_eq!(replayed.counts(), (4.0, 0.0, 4.0), "{turned}");
        assert_eq!(replayed.left_out("repeated", ""), 4);
        seen.insert(fs::read(replayed.folder.path().join("r/requesters.csv")).unwrap());
        let found = reconciled(&[("t.json", trail(&events))], &[]);
        assert_eq!(found["share"]["measured"], 4, "{turned}");
        assert_eq!(found["share"]["explained"], 4, "{turned}");
    }
    assert_eq!(seen.len(), 1, "whichever comes first, the same one is kept");
}

#[test]
fn only_data_and_management_events_are_requests() {
    let insight = json!({
        "eventTime": time(0), "eventID": "i", "eventType": "AwsCloudTrailInsight", "eventCategory": "Insight",
        "insightDetails": {"eventSource": "s3.amazonaws.com", "eventName": "DeleteBucket"},
    });
    let aggregated = json!({
        "eventVersion": "1.0", "accountId": ACCOUNT, "eventId": "g", "eventCategory": "Aggregated",
        "eventType": "AwsAggregatedEvent", "eventSource": "s3.amazonaws.com", "summary": {},
    });
    let network = |event: Value| {
        let event = without(without(event, "requestParameters"), "additionalEventData");
        with(
            event,
            json!({"eventType": "AwsVpceEvent", "eventCategory": "NetworkActivity", "eventID": "n"}),
        )
    };
    let events = [
        put(0, "a"),
        without(get(1, "a"), "eventCategory"),
        with(get(2, "a"), json!({"eventCategory": "Management"})),
        insight.clone(),
        without(insight.clone(), "eventCategory"),
        without(without(insight, "eventType"), "eventCategory"),
        aggregated,
        network(get(1, "a")),
        without(network(call(1, "Decrypt", "arn:aws:s3:::lake")), "eventCategory"),
        with(put(3, "b"), json!({"eventType": "AwsServiceEvent"})),
        json!({"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn"}),
        with(put(3, "c"), json!({"eventCategory": "Dreams"})),
        json!({"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "eventTime": time(0)}),
        json!({"eventSource": "s3tables.amazonaws.com", "eventName": "GetTableData", "eventTime": time(0)}),
        with(put(4, "d"), json!({"eventName": "FrobnicateObject"})),
        with(put(4, "d"), json!({"eventName": "FrobnicateObject", "eventID": "another"})),
    ];
    let replayed = Replayed::trail(&events);
    assert_eq!(replayed.counts(), (3.0, 1.0, 2.0));
    for (reason, name, records) in [
        ("insight", "DeleteBucket", 3),
        ("aggregated", "s3.amazonaws.com", 1),
        ("network_activity", "GetObject", 1),
        ("network_activity", "Decrypt", 1),
        ("service_event", "PutObject", 1),
        ("service_event", "ConsoleLogin", 1),
        ("other_category", "Dreams", 1),
        ("other_service", "ec2.amazonaws.com", 1),
        ("other_storage", "s3tables.amazonaws.com", 1),
        ("unknown_operation", "FrobnicateObject", 2),
    ] {
        assert_eq!(replayed.left_out(reason, name), records, "{reason} {name}");
    }
    assert_eq!(replayed.left_out.values().sum::<u64>(), 13);
    assert!(replayed.said.contains("`FrobnicateObject`"), "{}", replayed.said);
}

/// Digests and Insights lie in folders of their own beside a trail's.
#[test]
fn a_folder_with_digests_and_insights_is_a_trail() {
    let digest = json!({"awsAccountId": ACCOUNT, "digestStartTime": time(0), "logFiles": [{"s3Bucket": "b"}]});
    let insight =
        json!({"eventType": "AwsCloudTrailInsight", "insightDetails": {"eventName": "X"}});
    let folder = folder(&[
        ("CloudTrail/a.json", trail(&[put(0, "a"), get(1, "a")])),
        ("CloudTrail-Digest/d.json", digest.to_string()),
        ("CloudTrail-Insight/i.json", trail(&[insight.clone(), insight])),
    ]);
    let (code, _, said) = code_and_texts(folder.path(), &["replay", ".", "--out", "r"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 are digests") && said.contains("2 are Insights events"), "{said}");
}

/// A line of an access log.
fn line(second: u32, requester: &str, operation: &str, key: &str) -> String {
    format!(
        "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be lake \
         [20/Nov/2026:10:{:02}:{:02} +0000] 192.0.2.3 {requester} {second:08X}EXAMPLE {operation} {key} \
         \"GET /{key} HTTP/1.1\" 200 - 100 100 7 3 \"-\" \"agent\" - id SigV4 - AuthHeader - - - -\n",
        second / 60,
        second % 60
    )
}

#[test]
fn requesters_with_spaces_ask_and_unknown_operations_are_named() {
    let identity = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE";
    let role = format!("arn:aws:sts::{ACCOUNT}:assumed-role/etl/i-0");
    let mut log: String = (0..3).map(|i| line(i, identity, "REST.GET.OBJECT", "a.png")).collect();
    log += &(10..12).map(|i| line(i, &role, "REST.PUT.OBJECT", "a.png")).collect::<String>();
    log += &(20..24).map(|i| line(i, &role, "REST.GET.NOVELTY", "a.png")).collect::<String>();
    log += &line(30, identity, "REST.GET.MIRACLE", "a.png");
    let replayed = Replayed::of("a.log", &log, &[]);
    assert_eq!(replayed.counts(), (5.0, 2.0, 3.0));
    assert_eq!(replayed.left_out("unknown_operation", "REST.GET.NOVELTY"), 4);
    assert_eq!(replayed.left_out("unknown_operation", "REST.GET.MIRACLE"), 1);
    // A field is missing: the key would stand for the operation.
    let shifted = line(40, "", "REST.GET.OBJECT", "a.png").replace("192.0.2.3 ", "");
    let replayed = Replayed::of("a.log", &(log + &shifted), &["--max-bad", "20%"]);
    assert_eq!(replayed.counts(), (5.0, 2.0, 3.0));
    let bad: u64 = replayed
        .left_out
        .iter()
        .filter(|((reason, _), _)| reason == "unreadable")
        .map(|(_, records)| records)
        .sum();
    assert_eq!(bad, 1);
}

/// Names and accounts are the log's own: each is carried as it is, and every command takes them.
#[test]
fn a_logs_names_are_never_wrong() {
    let requesters = [
        "arn:aws:iam::123456:user/test@example.com",
        "arn:aws:sts::XXXXXXXXXXXX:assumed-role/etl/i-0",
        "arn:aws:sts:::assumed-role/r/s",
        "arn:aws:sts::1:assumed-role//",
        "arn:aws:iam::***:root",
        "arn:aws:iam::cloudfront:user/X",
        "arn:aws:iam::111122223333:user/",
        "arn:aws:sts::redacted:federated-user/f",
        "who-knows",
    ];
    let log: String = requesters
        .iter()
        .enumerate()
        .flat_map(|(i, who)| {
            let at = i as u32 * 2;
            [line(at, who, "REST.PUT.OBJECT", "a"), line(at + 1, who, "REST.GET.OBJECT", "a")]
        })
        .collect();
    let replayed = Replayed::of("a.log", &log, &[]);
    assert_eq!(replayed.counts(), (18.0, 9.0, 9.0));
    let folder = replayed.folder.path();
    let ask = |arguments: &[&str]| {
        let (code, printed, said) = code_and_texts(folder, arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        printed
    };
    ask(&["replay", "a.log", "--scenario", "r/run.toml", "--out", "again"]);
    for file in ["summary.csv", "requesters.csv", "left_out.csv", "run.toml"] {
        let of = |run: &str| fs::read_to_string(folder.join(run).join(file)).unwrap();
        let plain = |text: String| {
            text.lines()
                .filter(|line| !line.starts_with("arguments"))
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert_eq!(plain(of("r")), plain(of("again")), "{file}");
    }
    ask(&["fit", "a.log", "--out", "fit.toml", "--no-check"]);
    ask(&["check", "fit.toml"]);
    assert!(fs::read_to_string(folder.join("fit.toml")).unwrap().contains("from_log = true"));
    // A person's own scenario is held to the rule.
    let strict =
        fs::read_to_string(folder.join("fit.toml")).unwrap().replace("from_log = true\n", "");
    fs::write(folder.join("strict.toml"), strict).unwrap();
    let (code, _, said) = code_and_texts(folder, &["check", "strict.toml"]);
    assert!(code == Some(2) && said.contains("an account has twelve digits"), "{said}");
}

#[test]
fn what_is_too_old_can_be_left_out() {
    let role = format!("arn:aws:sts::{ACCOUNT}:assumed-role/etl/i-0");
    let day: String = (0..20).map(|i| line(i, &role, "REST.PUT.OBJECT", "a")).collect();
    for old in ["20/Nov/2024", "01/Jan/1970"] {
        let stray = line(3_000, &role, "REST.GET.OBJECT", "old").replace("20/Nov/2026", old);
        let log = day.clone() + &stray;
        let replayed = Replayed::of("a.log", &log, &["--from", "2026-11-20"]);
        assert_eq!(replayed.counts(), (20.0, 20.0, 0.0), "{old}");
        assert_eq!(replayed.left_out("too_early", ""), 1);
        let folder = folder(&[("a.log", log)]);
        for command in [
            &["replay", "a.log"][..],
            &["fit", "a.log"],
            &["replay", "a.log", "--from", "1971-01-01"],
        ] {
            if old == "01/Jan/1970" || !command.contains(&"--from") {
                let (code, _, said) = code_and_texts(folder.path(), command);
                assert_eq!(code, Some(2), "{command:?}: {said}");
                for word in ["a.log", "REST.GET.OBJECT", "00000BB8EXAMPLE", "--from 20", "--to "] {
                    assert!(said.contains(word), "{command:?}: {word}: {said}");
                }
            }
        }
    }
    // What is older than the count fills memory all the same, as far as a run reaches.
    let before = line(0, &role, "REST.PUT.OBJECT", "b").replace("20/Nov", "19/Nov");
    let after = line(0, &role, "REST.GET.OBJECT", "b");
    let replayed = Replayed::of("a.log", &(before + &after), &["--from", "2026-11-20"]);
    assert_eq!(replayed.counts(), (1.0, 0.0, 1.0));
    assert_eq!(replayed.left_out("too_early", ""), 0);
}

#[test]
fn regions_of_events_decide_quota_and_prices() {
    let puts = |bucket: &str, region: &str, rate: u32| -> Vec<Value> {
        (0..rate * 3)
            .map(|i| {
                let key = format!("{bucket}-{i}");
                let fields = json!({"awsRegion": region, "requestParameters": {"bucketName": bucket, "key": key}});
                with(put(i / rate, &key), fields)
            })
            .collect()
    };
    // The quota is 10,000 a second in São Paulo, 100,000 in Ireland.
    let share = |events: &[Value]| Replayed::trail(events).figure("sse-kms", "quota_share_max");
    let (south, west) = (puts("south", "sa-east-1", 50), puts("west", "eu-west-1", 100));
    assert_eq!(share(&south), 0.005);
    assert_eq!(share(&west), 0.001);
    assert_eq!(share(&[south, west].concat()), 0.005);
    // A region without prices asks for them, and nothing else is taken in its place.
    let folder = folder(&[("t.json", trail(&puts("north", "cn-north-1", 1)))]);
    let (code, _, said) = code_and_texts(folder.path(), &["replay", "t.json"]);
    assert!(code == Some(2) && said.contains("cn-north-1"), "{said}");
}

#[test]
fn what_the_log_says_of_encryption_decides() {
    let applied = |event: Value, what: &str| {
        with(event, json!({"additionalEventData": {"SSEApplied": what}}))
    };
    let answered = |event: Value, sse: &str| {
        with(event, json!({"responseElements": {"x-amz-server-side-encryption": sse}}))
    };
    for (what, calls) in [
        ("Default_SSE_S3", 0.0),
        ("SSE_S3", 0.0),
        ("SSE_C", 0.0),
        ("SSE-C", 0.0),
        ("SSE_KMS", 1.0),
        ("Default_SSE_KMS", 1.0),
        ("DSSE_KMS", 1.0),
        ("DSSE-KMS", 1.0),
        ("", 1.0),
        ("Something", 1.0),
    ] {
        // One write, and a read of which nothing is said: as it was written.
        let replayed = Replayed::trail(&[applied(put(0, "a"), what), get(1, "a")]);
        assert_eq!(replayed.counts(), (2.0, calls, calls), "{what}");
    }
    for (sse, calls) in [("AES256", 0.0), ("aws:kms", 1.0), ("aws:kms:dsse", 1.0)] {
        let replayed = Replayed::trail(&[answered(put(0, "a"), sse), get(1, "a")]);
        assert_eq!(replayed.counts(), (2.0, calls, calls), "{sse}");
    }
    // A read says it for itself; what it says goes before the writing.
    let events = [
        applied(get(0, "a"), "SSE_S3"),
        get(1, "b"),
        applied(put(2, "c"), "SSE_S3"),
        applied(get(3, "c"), "SSE_KMS"),
    ];
    assert_eq!(Replayed::trail(&events).counts(), (4.0, 0.0, 2.0));
    // An upload's parts and end are as its beginning.
    let upload = |sse: &str| {
        Replayed::trail(&[
            applied(request(0, "CreateMultipartUpload", "a"), sse),
            request(1, "UploadPart", "a"),
            request(2, "CompleteMultipartUpload", "a"),
            get(3, "a"),
        ])
        .counts()
    };
    assert_eq!(upload("SSE_S3"), (4.0, 0.0, 0.0));
    assert_eq!(upload("SSE_KMS"), (4.0, 1.0, 3.0));
    // Copies: each side by itself.
    let copy = |from: &str, to: &str| {
        let parameters = json!({"bucketName": "lake", "key": "b", "x-amz-copy-source": "lake/a"});
        let copy = with(request(1, "CopyObject", "b"), json!({ "requestParameters": parameters }));
        Replayed::trail(&[applied(put(0, "a"), from), applied(copy, to)]).counts()
    };
    assert_eq!(copy("SSE_S3", "SSE_S3"), (2.0, 0.0, 0.0));
    assert_eq!(copy("SSE_S3", "SSE_KMS"), (2.0, 1.0, 0.0));
    assert_eq!(copy("SSE_KMS", "SSE_S3"), (2.0, 1.0, 1.0));
    assert_eq!(copy("SSE_KMS", "SSE_KMS"), (2.0, 2.0, 1.0));
}

#[test]
fn dsse_has_no_bucket_key_and_all_may_be_taken_to_be_under_kms() {
    let events = |what: &str| -> Vec<Value> {
        let applied = json!({"additionalEventData": {"SSEApplied": what}});
        (0..6)
            .map(|i| with(put(i, "a"), applied.clone()))
            .chain((6..9).map(|i| get(i, "a")))
            .collect()
    };
    // One object under DSSE-KMS: six writes and three reads, bucket key or none.
    let replayed = Replayed::trail(&events("DSSE-KMS"));
    assert_eq!(replayed.figure("bucket-key-role", "kms_requests"), 9.0);
    let text = trail(&events("SSE_S3"));
    let replayed = Replayed::of("t.json", &text, &[]);
    assert_eq!(replayed.counts(), (9.0, 0.0, 0.0));
    assert!(replayed.said.contains("9 requests are of objects under SSE-S3"), "{}", replayed.said);
    let replayed = Replayed::of("t.json", &text, &["--as-kms"]);
    assert_eq!(replayed.counts(), (9.0, 6.0, 3.0));
    let run = fs::read_to_string(replayed.folder.path().join("r/run.toml")).unwrap();
    assert!(run.contains("--as-kms"), "{run}");
    let headers = json!({"responseElements": {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-bucket-key-enabled": "true",
    }});
    let replayed = Replayed::trail(&[with(put(0, "a"), headers)]);
    assert!(replayed.said.contains("bucket keys are on already"), "{}", replayed.said);
}

/// Python's `repr` of JSON.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.contains('\'') && !text.contains('"') => format!("\"{text}\""),
        Value::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        Value::Array(values) => {
            format!("[{}]", values.iter().map(python).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("'{name}': {}", python(value));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
    }
}

const NESTED: [&str; 5] =
    ["userIdentity", "requestParameters", "responseElements", "additionalEventData", "resources"];

#[test]
fn objects_given_as_text_are_read() {
    let keys = ["a", "it's", "{b}", "c \"d\"", "e\\f"];
    let mut events: Vec<Value> = keys.iter().map(|key| put(0, key)).collect();
    events.extend(keys.iter().map(|key| get(1, key)));
    events[0] = with(events[0].clone(), json!({"additionalEventData": {"SSEApplied": "SSE_S3"}}));
    let (_, expected, _) = read(lines(&events).as_bytes(), None).unwrap();
    let as_text = |write: &dyn Fn(&Value) -> String, names: &[&str]| -> String {
        let one = |event: &Value| {
            let mut event = event.clone();
            for name in names {
                event[*name] = write(&event[*name]).into();
            }
            event
        };
        lines(&events.iter().map(one).collect::<Vec<_>>())
    };
    for names in [&NESTED[..], &NESTED[..1], &NESTED[1..2], &["userIdentity", "resources"]] {
        for write in [&python as &dyn Fn(&Value) -> String, &Value::to_string] {
            let (_, seen, bad) = read(as_text(write, names).as_bytes(), None).unwrap();
            assert_eq!((seen, bad.bad), (expected.clone(), 0), "{names:?}");
        }
    }
    // `sessionContext` within, as text in text.
    let mut event = without(put(0, "a"), "responseElements");
    event["userIdentity"].as_object_mut().unwrap().remove("arn");
    event["userIdentity"]["sessionContext"] =
        python(&event["userIdentity"]["sessionContext"]).into();
    event["userIdentity"] = python(&event["userIdentity"]).into();
    let (_, seen, _) = read(event.to_string().as_bytes(), None).unwrap();
    assert_eq!(seen[0].request().unwrap().requester, format!("AssumedRole {ACCOUNT} etl i-0"));
    // What is neither is refused by its name; of other services nothing matters.
    let struct_text = "{type=AssumedRole, principalid=AROAEXAMPLE:i-0}";
    let odd = with(put(0, "a"), json!({ "userIdentity": struct_text }));
    let folder = folder(&[("t.ndjson", lines(std::slice::from_ref(&odd)))]);
    let (code, _, said) = code_and_texts(folder.path(), &["replay", "t.ndjson"]);
    assert!(code == Some(2) && said.contains("its `userIdentity` is text"), "{said}");
    let other = with(odd, json!({"eventSource": "ec2.amazonaws.com"}));
    let (_, seen, bad) = read(lines(&[other]).as_bytes(), None).unwrap();
    assert_eq!((seen, bad.bad), (vec![Seen::Skipped(Skipped::OtherService)], 0));
}

#[test]
fn names_in_lower_case_are_names() {
    let mut event = serde_json::Map::new();
    for (name, value) in put(0, "a").as_object().unwrap() {
        let text = if value.is_object() || value.is_array() {
            value.to_string().into()
        } else {
            value.clone()
        };
        event.insert(name.to_lowercase(), text);
    }
    let (form, seen, bad) = read(Value::Object(event).to_string().as_bytes(), None).unwrap();
    let (_, expected, _) = read(put(0, "a").to_string().as_bytes(), None).unwrap();
    assert_eq!((form, seen, bad.bad), (Some(LogFormat::CloudTrail), expected, 0));
}

#[test]
fn times_are_read_in_every_spelling() {
    let (_, expected, _) = read(put(7, "a").to_string().as_bytes(), None).unwrap();
    for spelt in [
        json!("2026-11-20 10:00:07"),
        json!("2026-11-20 10:00:07.000"),
        json!("2026-11-20 10:00:07.000000000"),
        json!("2026-11-20T10:00:07+00:00"),
        json!("2026-11-20T11:00:07+0100"),
        json!("2026-11-20 10:00:07 UTC"),
        json!(1_795_168_807),
        json!(1_795_168_807_000_i64),
        json!("1795168807"),
        json!("1795168807000"),
        json!(1_795_168_807.0),
    ] {
        let event = with(put(7, "a"), json!({ "eventTime": spelt }));
        let (_, seen, bad) = read(event.to_string().as_bytes(), None).unwrap();
        assert_eq!((seen, bad.bad), (expected.clone(), 0), "{spelt}");
    }
    let none = with(put(7, "a"), json!({"eventTime": "yesterday"}));
    assert_eq!(read(none.to_string().as_bytes(), None).unwrap().2.bad, 1);
}

#[test]
fn directory_buckets_are_s3s() {
    let express = |event: Value, bucket: &str, key: &str| {
        let fields = json!({"eventSource": "s3express.amazonaws.com", "requestParameters": {"bucketName": bucket, "key": key}});
        with(event, fields)
    };
    let bucket = "lake--use1-az5--x-s3";
    let mut events: Vec<Value> = (0..4).map(|i| express(put(i, "x"), bucket, "x")).collect();
    events.extend((4..6).map(|i| get(i, "y")));
    events.push(express(request(6, "CreateSession", "z"), bucket, "z"));
    let replayed = Replayed::trail(&events);
    assert_eq!(replayed.figure("sse-kms", "requests"), 6.0);
    assert_eq!(replayed.left_out("without_data", "CreateSession"), 1);
    let run = fs::read_to_string(replayed.folder.path().join("r/run.toml")).unwrap();
    assert!(run.contains("directory = true"), "{run}");
}

#[test]
fn tables_vectors_and_other_calls_stand_apart_by_name() {
    let tables = format!("arn:aws:s3tables:us-east-1:{ACCOUNT}:bucket/sales");
    let vectors = format!("arn:aws:s3vectors:us-east-1:{ACCOUNT}:bucket/embeddings");
    let own = |i: u32| call(i, "GenerateDataKey", &format!("arn:aws:s3:::lake/k{i}"));
    let reencrypt = |i: u32| {
        let context = json!({"aws:s3:arn": format!("arn:aws:s3:::lake/k{i}")});
        let parameters =
            json!({"sourceEncryptionContext": context, "destinationEncryptionContext": context});
        with(call(i, "ReEncrypt", ""), json!({ "requestParameters": parameters }))
    };
    let requests: Vec<Value> = (0..5).map(|i| put(i, &format!("k{i}"))).collect();
    let apart: Vec<Value> = (0..3)
        .map(|i| call(i, "Decrypt", &format!("{tables}/table/{i}")))
        .chain((0..2).map(|i| call(i, "Decrypt", &format!("{vectors}/index/{i}"))))
        .chain((0..4).map(reencrypt))
        .collect();
    let calls: Vec<Value> = (0..5).map(own).collect();
    let all = [requests.clone(), calls, apart.clone()].concat();
    let found = reconciled(&[("t.json", trail(&all))], &[]);
    assert_eq!(found["share"]["measured"], 5);
    assert_eq!(found["share"]["explained"], 5);
    let beside = &found["not_compared"];
    assert_eq!(
        beside["other_storage"],
        json!([{"bucket": tables, "calls": 3}, {"bucket": vectors, "calls": 2}])
    );
    assert_eq!(beside["lacked_by_model"], json!([{"api": "ReEncrypt", "calls": 4}]));
    // Alone they are no calls to compare, and are called what they are.
    let folder = folder(&[("t.json", trail(&[requests, apart].concat()))]);
    let (code, _, said) = code_and_texts(folder.path(), &["reconcile", "t.json"]);
    assert_eq!(code, Some(2), "{said}");
    for word in ["4 `ReEncrypt` calls", &tables, &vectors] {
        assert!(said.contains(word), "{word}: {said}");
    }
    for word in ["neither S3 nor KMS", "has no KMS call that S3 made"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
}

/// Numbers without a pattern (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.roll(list.len() as u64) as usize]
    }
}

/// A line of any quirk.
fn odd_line(dice: &mut Dice, number: u64) -> String {
    let who = dice.of(&[
        "-",
        "arn:aws:sts::111122223333:assumed-role/etl/i-0",
        "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE",
        "arn:aws:iam::12:user/a b",
        "svc:cloudfront.amazonaws.com",
        "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
    ]);
    let operation = dice.of(&[
        "REST.PUT.OBJECT",
        "REST.GET.OBJECT",
        "REST.GET.OBJECT",
        "REST.HEAD.OBJECT",
        "WEBSITE.GET.OBJECT",
        "REST.GET.ACL",
        "REST.GET.NOVELTY",
        "NONSENSE",
        "-",
    ]);
    let key = dice.of(&["a", "b/c%20d", "key with spaces", "REST.GET.OBJECT", "k.csv"]);
    let uri = dice.of(&["\"GET /a?x=\"y\"&z HTTP/1.1\"", "\"GET /a HTTP/1.1\"", "\"-\""]);
    let status = dice.of(&["200 -", "206 -", "404 NoSuchKey", "503 SlowDown", "304 -", "2x0 -"]);
    let agent = dice.of(&["\"-\" \"agent\"", "\"\" \"\"a \"b\" c\"", "\"http://a/\" \"200 - 7\""]);
    let tail = ["s SigV4", "- SigV4 ECDHE AuthHeader lake.s3.amazonaws.com TLSv1.2 - -"];
    let space = dice.of(&[" ", " ", "  "]);
    let end = dice.of(&["\n", "\n", "\r\n"]);
    let second = dice.roll(50);
    format!(
        "owner lake [20/Nov/2026:10:00:{second:02} +0000]{space}192.0.2.3 {who}{space}{number:08X}EXAMPLE \
         {operation} {key} {uri} {status} 100 100 7 3 {agent} - {}{end}",
        dice.of(&tail)
    )
}

/// Requests, reads and writes of lines by a reader that knows only where an operation stands: before the
/// URI's quote, behind an id, and what follows the quotes.
fn naive(text: &str) -> (f64, f64, f64) {
    let (mut requests, mut writes, mut reads) = (0.0, 0.0, 0.0);
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        let before = line.split(" \"").next().unwrap();
        let words: Vec<&str> = before.split(' ').filter(|word| !word.is_empty()).collect();
        let place =
            words.iter().position(|word| word.ends_with("EXAMPLE") && word.len() == 15).unwrap();
        let operation = words[place + 1];
        let is_status = |word: &&str| {
            ["200 -", "206 -", "404 N", "503 S", "304 -", "2x0 -"].contains(&&word[..5])
        };
        let after = line.match_indices("\" ").map(|(at, _)| &line[at + 2..]);
        let status =
            after.filter(|rest| rest.len() > 5).find(|rest| is_status(&&rest[..5])).unwrap();
        let weighs =
            ["PUT.OBJECT", "GET.OBJECT", "HEAD.OBJECT"].iter().any(|end| operation.ends_with(end));
        if !weighs || status.starts_with("2x0") || !seen.insert(line) {
            continue;
        }
        requests += 1.0;
        if status.starts_with('2') {
            writes += f64::from(u8::from(operation.contains("PUT")));
            reads += f64::from(u8::from(operation.contains("GET")));
        }
    }
    (requests, writes, reads)
}

#[test]
fn random_lines_with_quirks_are_read_as_another_reader_does() {
    for seed in 1..=12 {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut log: String = (0..150).map(|number| odd_line(&mut dice, number)).collect();
        // Some lines come twice.
        let again: Vec<String> = log.lines().step_by(17).map(|line| format!("{line}\n")).collect();
        log += &again.concat();
        let replayed = Replayed::of("a.log", &log, &["--max-bad", "90%"]);
        assert_eq!(replayed.counts(), naive(&log), "seed {seed}:\n{log}");
    }
}

/// An event of any quirk, and what it counts for by a hand's rules: requests, writes, reads.
fn odd_event(dice: &mut Dice, number: u64) -> (Value, [f64; 3]) {
    let second = dice.roll(50) as u32;
    let key = format!("k{number}");
    let (name, weight) = [
        ("PutObject", [1.0, 1.0, 0.0]),
        ("GetObject", [1.0, 0.0, 1.0]),
        ("HeadObject", [1.0, 0.0, 0.0]),
        ("GetBucketAcl", [0.0; 3]),
        ("FrobnicateObject", [0.0; 3]),
    ][dice.roll(5) as usize];
    let event = request(second, name, &key);
    let calls_nothing = [weight[0], 0.0, 0.0];
    let (mut event, weight) = match dice.roll(9) {
        0 => (with(event, json!({"errorCode": "AccessDenied"})), calls_nothing),
        1 => (
            with(event, json!({"additionalEventData": {"SSEApplied": "Default_SSE_S3"}})),
            calls_nothing,
        ),
        2 => (with(event, json!({"additionalEventData": {"SSEApplied": "SSE_KMS"}})), weight),
        3 => (with(event, json!({"eventCategory": "NetworkActivity"})), [0.0; 3]),
        4 => (with(event, json!({"eventSource": "s3express.amazonaws.com"})), weight),
        5 => (with(event, json!({"eventSource": "sqs.amazonaws.com"})), [0.0; 3]),
        6 => (with(event, json!({"userIdentity": stranger(false)})), weight),
        _ => (event, weight),
    };
    match dice.roll(5) {
        0 => {
            event["eventTime"] =
                event["eventTime"].as_str().unwrap().replace(['T', 'Z'], " ").trim().into();
        }
        1 => event["requestParameters"] = python(&event["requestParameters"]).into(),
        2 => event["userIdentity"] = event["userIdentity"].to_string().into(),
        _ => {}
    }
    (event, weight)
}

#[test]
fn random_events_with_quirks_count_as_said() {
    for seed in 1..=12 {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let (mut events, mut expected) = (Vec::new(), [0.0; 3]);
        for number in 0..120 {
            let (event, weight) = odd_event(&mut dice, number);
            expected.iter_mut().zip(weight).for_each(|(sum, more)| *sum += more);
            if dice.roll(10) == 0 {
                events.push(with(event.clone(), json!({"eventVersion": "1.0"})));
            }
            events.push(event);
        }
        let text = if dice.roll(2) == 0 { trail(&events) } else { lines(&events) };
        let (requests, writes, reads) = Replayed::of("t.json", &text, &[]).counts();
        assert_eq!([requests, writes, reads], expected, "seed {seed}");
    }
}

/// What a request says that it asks for is taken where no answer says what was done.
#[test]
fn headers_tell_encryption_by_rank() {
    let header =
        |name: &str, value: &str| json!({ format!("x-amz-server-side-encryption{name}"): value });
    let asked = |headers: Value| {
        let headers = with(headers, json!({"bucketName": "lake", "key": "a"}));
        with(put(0, "a"), json!({ "requestParameters": headers }))
    };
    for (event, expected) in [
        (asked(header("", "AES256")), Some(LoggedEncryption::SseS3)),
        (asked(header("-customer-algorithm", "AES256")), Some(LoggedEncryption::SseC)),
        (asked(header("-aws-kms-key-id", KEY)), Some(LoggedEncryption::SseKms)),
        (
            with(asked(header("", "AES256")), json!({"responseElements": header("", "aws:kms")})),
            Some(LoggedEncryption::SseKms),
        ),
        (
            with(
                with(put(0, "a"), json!({"responseElements": header("", "aws:kms")})),
                json!({"additionalEventData": {"SSEApplied": "Default_DSSE_KMS"}}),
            ),
            Some(LoggedEncryption::DsseKms),
        ),
        (put(0, "a"), None),
    ] {
        let (_, seen, _) = read(event.to_string().as_bytes(), None).unwrap();
        assert_eq!(seen[0].request().unwrap().encryption, expected, "{event}");
    }
}

/// A KMS call of the role `etl` for an object of `lake`, or for what the context says else.
fn call_of(second: u32, name: &str, context: &str) -> Value {
    let mut call = request(second, name, context);
    call["eventSource"] = json!("kms.amazonaws.com");
    call["requestParameters"] = json!({"keyId": KEY, "encryptionContext": {"aws:s3:arn": context}});
    call["resources"] = json!([{"type": "AWS::KMS::Key", "ARN": KEY}]);
    call["eventCategory"] = json!("Management");
    call
}

/// What an event through an access point names in the place of its bucket, and as its resources.
fn through(event: &mut Value, named: &str) {
    event["requestParameters"]["bucketName"] = json!(named);
    event["resources"] = json!([
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::lake/a"},
        {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::lake", "accountId": ACCOUNT},
        {"type": "AWS::S3::AccessPoint", "ARN": ACCESS_POINT},
    ]);
}

const ACCESS_POINT: &str = "arn:aws:s3:us-east-1:111122223333:accesspoint/my-ap";

/// Buckets, S3 requests and KMS requests under `sse-kms` of a replay of these events.
fn replayed(events: &[Value]) -> (Vec<String>, f64, f64) {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("t.json"), json!({"Records": events}).to_string()).unwrap();
    let (code, _, told) = code_and_texts(at, &["replay", "t.json", "-o", "out"]);
    assert_eq!(code, Some(0), "{told}");
    let rows = |file: &str, column: &str| -> Vec<String> {
        let mut reader = csv::Reader::from_path(at.join("out").join(file)).unwrap();
        let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
        let rows = rows.filter(|row| row["configuration"] == "sse-kms");
        rows.map(|row| row[column].clone()).collect()
    };
    let sum = |column: &str| -> f64 {
        rows("buckets.csv", column).iter().map(|text| text.parse::<f64>().unwrap()).sum()
    };
    (rows("buckets.csv", "bucket"), sum("requests"), sum("kms_requests"))
}

/// A request through an access point is one of the bucket that it leads to, however the event names it, so
/// that its KMS call is no second request.
#[test]
fn requests_through_access_points_are_of_their_bucket() {
    let alias = "my-ap-aqfqprnstn7aefdfbarligizwgyfouse1a-s3alias";
    for named in [ACCESS_POINT, alias, "my-ap", "lake"] {
        let mut events = Vec::new();
        for number in 0..6 {
            let key = format!("a/{number}");
            let mut get = request(2 * number, "GetObject", &key);
            through(&mut get, named);
            let call = call_of(2 * number, "Decrypt", &format!("arn:aws:s3:::lake/{key}"));
            events.extend([get, call]);
        }
        assert_eq!(replayed(&events), (vec!["lake".to_owned()], 6.0, 6.0), "{named}");
    }
    // Where nothing tells the bucket it is called by what the request named.
    let mut alone = request(0, "GetObject", "a");
    alone["requestParameters"]["bucketName"] = json!(alias);
    alone["resources"] = json!([]);
    assert_eq!(replayed(&[alone]), (vec![alias.to_owned()], 1.0, 1.0));
    // A directory bucket's, which has bucket keys whatever is compared.
    let mut put = request(0, "PutObject", "a");
    put["eventSource"] = json!("s3express.amazonaws.com");
    put["requestParameters"]["bucketName"] = json!("my-ap--use1-az4--xa-s3");
    let bucket = "arn:aws:s3express:us-east-1:111122223333:bucket/lake--use1-az4--x-s3";
    put["resources"] = json!([{"type": "AWS::S3Express::DirectoryBucket", "ARN": bucket}]);
    assert_eq!(replayed(&[put]).0, ["lake--use1-az4--x-s3"]);
}

/// A copy reads its source through an access point, and writes its own bucket.
#[test]
fn copies_read_through_access_points() {
    let put = request(0, "PutObject", "a/object/1");
    let mut copy = request(5, "CopyObject", "b");
    let bucket = copy["requestParameters"]["bucketName"].as_str().unwrap().to_owned();
    through(&mut copy, &bucket);
    copy["requestParameters"]["x-amz-copy-source"] =
        json!(format!("{ACCESS_POINT}/object/a/object/1"));
    // One key made for the first object, one unwrapped and one made by the copy.
    assert_eq!(replayed(&[put, copy]), (vec!["lake".to_owned()], 2.0, 3.0));
}

/// Services have names of their own in China.
#[test]
fn services_are_known_by_their_chinese_names() {
    let mut get = request(0, "GetObject", "a");
    get["eventSource"] = json!("s3.amazonaws.com.cn");
    assert_eq!(replayed(&[get]), (vec!["lake".to_owned()], 1.0, 1.0));
}

/// A line of an access log sent to `host`, and what a replay says of its region.
fn told_of_host(host: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let line = |second: u32, host: &str, status: u16| {
        format!(
            "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be lake [20/Nov/2026:10:00:{second:02} \
             +0000] 192.0.2.3 arn:aws:iam::111122223333:user/a I{second} REST.GET.OBJECT k{second} \
             \"GET /k HTTP/1.1\" {status} - 9 9 7 1 \"-\" \"a\" - h= SigV4 c AuthHeader {host} TLSv1.3 - -\n"
        )
    };
    // Who asks at the wrong endpoint is sent on.
    let text = line(0, "s3.ap-south-1.amazonaws.com", 301) + &line(1, host, 200);
    fs::write(folder.path().join("a.log"), text).unwrap();
    let (code, _, told) = code_and_texts(folder.path(), &["replay", "a.log", "-o", "out"]);
    let run = fs::read_to_string(folder.path().join("out/run.toml")).unwrap_or_default();
    let region = run.lines().find(|line| line.starts_with("region = ")).unwrap_or(&told).to_owned();
    (code, region)
}

/// An access log's bucket is in the region of the endpoint that answers; one without prices asks for them.
#[test]
fn endpoints_tell_the_region_of_access_logs() {
    for (host, region) in [
        ("lake.s3.eu-west-1.amazonaws.com", "eu-west-1"),
        ("lake.s3.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("lake.s3.amazonaws.com", "us-east-1"),
        ("-", "us-east-1"),
    ] {
        assert_eq!(told_of_host(host), (Some(0), format!("region = \"{region}\"")), "{host}");
    }
    for (host, said) in [
        ("lake.s3.cn-north-1.amazonaws.com.cn", "`cn-north-1` has no built-in prices"),
        ("lake.s3.sa-west-9.amazonaws.com", "`sa-west-9` is not an AWS region that bks knows"),
    ] {
        let (code, told) = told_of_host(host);
        assert!(code == Some(2) && told.contains(said), "{told}");
    }
}

/// Two files that were put together without a line's end between: neither record is lost without a word.
#[test]
fn records_on_one_line_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let one = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be lake [20/Nov/2026:10:00:00 +0000] \
               192.0.2.3 arn:aws:iam::111122223333:user/a I1 REST.GET.OBJECT k \"GET /k HTTP/1.1\" 200 - 9 9 7 1 \
               \"-\" \"a\" - h= SigV4 c AuthHeader s3.eu-west-1.amazonaws.com TLSv1.3 - Yes us-east-1 new-field";
    for text in [format!("{one}{one}\n"), format!("{one}\r{one}\r")] {
        fs::write(folder.path().join("a.log"), text).unwrap();
        let (code, _, told) = code_and_texts(folder.path(), &["replay", "a.log"]);
        assert!(code == Some(2) && told.contains("it goes on with another record"), "{told}");
        // Half or more of them are no reason to allow more.
        assert!(told.contains("leave the file out") && !told.contains("--max-bad"), "{told}");
    }
    fs::write(folder.path().join("a.log"), format!("{one}\n")).unwrap();
    assert_eq!(code_and_texts(folder.path(), &["replay", "a.log"]).0, Some(0));
}
