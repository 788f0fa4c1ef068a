//! Reconciliation: trails that bks itself writes hold the calls that the engine counts, so that the
//! same model explains all of them; what is taken out of a trail or put into it is counted by hand.

#[allow(dead_code)] // The naive count is for other tests.
use crate::support::command::{code_and_texts, done};
use crate::support::log_lines;

use std::collections::BTreeMap;
use std::fs;

use log_lines::{Line, session, text};
use serde_json::{Value, json};
use tempfile::TempDir;

/// In one place each, so that no draw says what wraps what.
const ONE_PLACE: [&str; 4] =
    ["--set", "assumptions.read_partitions=1", "--set", "assumptions.write_partitions=1"];

/// A log of three hours by three sessions of two roles in two buckets: writes, reads of what is
/// written and of what is not, copies within a bucket and from one into the other, and uploads.
fn log() -> String {
    let mut lines = Vec::new();
    let mut put = |second: u32, operation: &'static str, bucket: &str, key: String, who: &str| {
        let (role, name) = who.split_once('/').unwrap();
        let line = Line::new(second, operation, &key, lines.len() as u32);
        lines.push(Line { requester: session(role, name), bucket: bucket.to_owned(), ..line });
    };
    for step in 0..1_100_u32 {
        let second = 1_800 + step * 7;
        let (who, other) =
            if step % 3 == 0 { ("etl/one", "etl/two") } else { ("etl/two", "query/three") };
        put(second, "REST.PUT.OBJECT", "lake", format!("k{}", step % 60), who);
        put(second + 3, "REST.GET.OBJECT", "lake", format!("k{}", step * 13 % 90), other);
        if step % 10 == 0 {
            put(second + 1, "REST.COPY.OBJECT", "pond", format!("copy{step}"), "query/three");
            put(
                second + 1,
                "REST.COPY.OBJECT_GET",
                "lake",
                format!("k{}", step % 70),
                "query/three",
            );
            put(second + 2, "REST.POST.UPLOADS", "pond", format!("up{step}"), "etl/one");
            put(second + 3, "REST.PUT.PART", "pond", format!("up{step}"), "etl/one");
            put(second + 4, "REST.POST.UPLOAD", "pond", format!("up{step}"), "etl/one");
            put(second + 5, "REST.GET.OBJECT", "pond", format!("up{step}"), "query/three");
            put(second + 5, "REST.HEAD.OBJECT", "pond", format!("up{step}"), "query/three");
        }
    }
    text(&lines)
}

/// A folder with a log and the trail of one configuration's run of it.
struct Trail {
    folder: TempDir,
    events: Vec<Value>,
}

impl Trail {
    fn of(configuration: &str) -> Self {
        Self::with_ages(configuration, "keyless")
    }

    fn with_ages(configuration: &str, unknown_age: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.log"), log()).unwrap();
        let export = [
            &["export", "a.log", "--format", "cloudtrail", "--out", "t.json"][..],
            &["--configuration", configuration, "--unknown-age", unknown_age],
            &ONE_PLACE,
        ];
        done(folder.path(), &export.concat());
        let text = fs::read_to_string(folder.path().join("t.json")).unwrap();
        let mut trail: Value = serde_json::from_str(&text).unwrap();
        let events = std::mem::take(trail["Records"].as_array_mut().unwrap());
        Self { folder, events }
    }

    /// Writes events as a trail of that name.
    fn put(&self, name: &str, events: &[Value]) {
        let trail = json!({ "Records": events });
        fs::write(self.folder.path().join(name), trail.to_string()).unwrap();
    }

    fn reconciled(&self, paths: &[&str], more: &[&str]) -> String {
        let options = ["--unknown-age", "keyless", "--quiet"];
        self.by_evidence(paths, &[&options, more].concat())
    }

    /// Whatever is known of objects from before the log.
    fn by_evidence(&self, paths: &[&str], more: &[&str]) -> String {
        let arguments = [&["reconcile"], paths, &ONE_PLACE, more].concat();
        done(self.folder.path(), &arguments)
    }

    fn document(&self, paths: &[&str], more: &[&str]) -> Value {
        let printed = self.reconciled(paths, &[more, &["--format", "json"]].concat());
        serde_json::from_str(&printed).unwrap()
    }

    /// The document of some of the events.
    fn without(&self, leave_out: impl Fn(&Value) -> bool, more: &[&str]) -> Value {
        let kept: Vec<Value> = self.events.iter().filter(|e| !leave_out(e)).cloned().collect();
        assert!(kept.len() < self.events.len(), "something is left out");
        self.put("some.json", &kept);
        self.document(&["some.json"], more)
    }
}

fn is_kms(event: &Value) -> bool {
    event["eventSource"] == "kms.amazonaws.com"
}

fn role(event: &Value) -> &str {
    event["userIdentity"]["arn"].as_str().unwrap().split('/').nth(1).unwrap()
}

fn hour(event: &Value) -> &str {
    &event["eventTime"].as_str().unwrap()[..13]
}

/// The bucket of an event's request or encryption context.
fn bucket(event: &Value) -> &str {
    let parameters = &event["requestParameters"];
    let context = parameters["encryptionContext"]["aws:s3:arn"].as_str();
    let named = context.map(|arn| arn.strip_prefix("arn:aws:s3:::").unwrap());
    named.map_or_else(
        || parameters["bucketName"].as_str().unwrap(),
        |named| named.split('/').next().unwrap(),
    )
}

/// KMS events by role, bucket, hour and API.
fn counted(events: &[Value]) -> BTreeMap<[String; 4], u64> {
    let mut counts = BTreeMap::new();
    for event in events.iter().filter(|event| is_kms(event)) {
        let api = event["eventName"].as_str().unwrap();
        let place = [role(event), bucket(event), hour(event), api].map(str::to_owned);
        *counts.entry(place).or_default() += 1;
    }
    counts
}

/// What the CSV says of one side, in the same form; cells without calls are left out.
fn of_rows(csv: &str, side: &str) -> BTreeMap<[String; 4], u64> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let place = |name: &str| header.iter().position(|column| column == name).unwrap();
    let mut counts = BTreeMap::new();
    for row in reader.records() {
        let row = row.unwrap();
        let cell = |name: &str| row[place(name)].to_owned();
        let role = cell("principal").rsplit('/').next().unwrap().to_owned();
        for (column, api) in [("generate_data_key", "GenerateDataKey"), ("decrypt", "Decrypt")] {
            let calls: u64 = cell(&format!("{side}_{column}")).parse().unwrap();
            if calls > 0 {
                let hour = cell("hour")[..13].to_owned();
                counts.insert([role.clone(), cell("bucket"), hour, api.to_owned()], calls);
            }
        }
    }
    counts
}

const CONFIGURATIONS: [&str; 3] = ["sse-kms", "bucket-key-role", "bucket-key-session"];

#[test]
fn the_model_that_made_a_trail_explains_all_of_it() {
    for configuration in CONFIGURATIONS {
        let trail = Trail::of(configuration);
        let asked = ["--configuration", configuration];
        let csv = trail.reconciled(&["t.json"], &[&asked[..], &["--format", "csv"]].concat());
        let counted = counted(&trail.events);
        assert_eq!(of_rows(&csv, "measured"), counted, "{configuration}");
        assert_eq!(of_rows(&csv, "model"), counted, "{configuration}");
        let document = trail.document(&["t.json"], &asked);
        let all: u64 = counted.values().sum();
        let expected = json!({
            "measured": all, "model": all, "explained": all, "unexplained": 0, "surplus": 0,
            "explained_ratio": 1.0, "agreement_ratio": 1.0,
        });
        for share in ["share", "by_bucket", "by_principal", "in_total"] {
            assert_eq!(document[share], expected, "{configuration}: {share}");
        }
        assert_eq!((&document["unexplained"], &document["surplus"]), (&json!([]), &json!([])));
        assert!(counted.len() > 12, "{counted:?}");
        // Keys are made for the other bucket in the very request that reads from this one.
        let table = trail.reconciled(&["t.json"], &[&asked[..], &["--format", "table"]].concat());
        let markdown = [&asked[..], &["--format", "markdown"]].concat();
        assert!(trail.reconciled(&["t.json"], &markdown).contains("\n|---|"));
        assert!(table.starts_with("Model and CloudTrail agree in 100 %"), "asked for: {table}");
    }
}

/// `[[reason, calls], …]` of a document.
fn reasons(document: &Value, side: &str) -> Value {
    let reasons = document[side].as_array().unwrap().iter();
    reasons.map(|reason| json!([reason["reason"], reason["calls"]])).collect()
}

#[test]
fn what_is_missing_from_the_trail_is_the_models_alone() {
    let trail = Trail::of("sse-kms");
    let all = trail.events.iter().filter(|event| is_kms(event)).count();
    let of = |leave_out: &dyn Fn(&Value) -> bool| {
        let left_out = trail.events.iter().filter(|event| leave_out(event)).count();
        let document = trail.without(leave_out, &["--configuration", "sse-kms"]);
        assert_eq!(document["share"]["measured"], all - left_out);
        assert_eq!(document["share"]["explained_ratio"], 1.0);
        assert_eq!(document["share"]["surplus"], left_out);
        assert_eq!(document["unexplained"], json!([]));
        // All that is measured is the model's, too, and still both agree in less than all.
        let agreement = document["agreement_ratio"].as_f64().unwrap();
        assert!((agreement - (all - left_out) as f64 / all as f64).abs() < 1e-12, "{agreement}");
        assert_eq!(document["agreement_ratio"], document["share"]["agreement_ratio"]);
        (reasons(&document, "surplus"), left_out)
    };
    let (some, left_out) = of(&|e| is_kms(e) && e["eventID"].as_str().unwrap().ends_with('7'));
    assert_eq!(some, json!([["model-has-more", left_out]]));
    let of_hour = |e: &Value| is_kms(e) && hour(e) == "2026-11-23T01" && bucket(e) == "pond";
    let (of_hour, left_out) = of(&of_hour);
    assert_eq!(of_hour, json!([["no-call-in-hour", left_out]]));
    let (no_hour, left_out) = of(&|e| is_kms(e) && hour(e) == "2026-11-23T01");
    assert_eq!(no_hour, json!([["hour-not-in-trail", left_out]]));
    let (no_role, left_out) = of(&|e| is_kms(e) && bucket(e) == "pond" && role(e) == "etl");
    assert_eq!(no_role, json!([["requester-not-in-trail", left_out]]));
    let (no_bucket, left_out) = of(&|e| is_kms(e) && bucket(e) == "pond");
    assert_eq!(no_bucket, json!([["bucket-not-in-trail", left_out]]));
}

#[test]
fn what_is_missing_from_the_log_is_not_explained() {
    let trail = Trail::of("sse-kms");
    let kms = |wanted: &dyn Fn(&Value) -> bool| {
        trail.events.iter().filter(|event| is_kms(event) && wanted(event)).count()
    };
    let all = kms(&|_| true);
    let of = |leave_out: &dyn Fn(&Value) -> bool, lost: usize| {
        let document = trail.without(|e| !is_kms(e) && leave_out(e), &[]);
        let share = &document["share"];
        assert_eq!((&share["measured"], &share["surplus"]), (&json!(all), &json!(0)));
        assert_eq!(share["explained"], all - lost);
        let ratio = share["explained_ratio"].as_f64().unwrap();
        assert!((ratio - (all - lost) as f64 / all as f64).abs() < 1e-12);
        reasons(&document, "unexplained")
    };
    // Every seventh PUT makes one call; the other requests stay.
    let mut put = 0;
    let seventh: Vec<&Value> = trail
        .events
        .iter()
        .filter(|e| e["eventName"] == "PutObject")
        .filter(|_| {
            put += 1;
            put % 7 == 0
        })
        .map(|e| &e["eventID"])
        .collect();
    let lost = seventh.len();
    let fewer = of(&|e| seventh.contains(&&e["eventID"]), lost);
    assert_eq!(fewer, json!([["model-has-fewer", lost]]));
    // The reads of copies in pond are lake's, so whoever copies is left alone.
    let is_upload = |e: &Value| bucket(e) == "pond" && role(e) == "etl";
    let lost = kms(&|e| is_upload(e) && hour(e) == "2026-11-23T01");
    let no_hour = of(&|e| is_upload(e) && hour(e) == "2026-11-23T01", lost);
    assert_eq!(no_hour, json!([["no-request-in-hour", lost]]));
    let lost = kms(&is_upload);
    assert_eq!(of(&is_upload, lost), json!([["requester-not-in-log", lost]]));
}

#[test]
fn what_is_put_into_the_trail_has_its_reason() {
    let trail = Trail::of("sse-kms");
    let kms: Vec<&Value> = trail.events.iter().filter(|event| is_kms(event)).collect();
    let made = |number: usize, change: &dyn Fn(&mut Value)| {
        let mut event = kms[number].clone();
        event["eventID"] = json!(format!("new-{number}"));
        change(&mut event);
        event
    };
    let arn = |event: &mut Value, arn: &str| {
        event["requestParameters"]["encryptionContext"] = json!({ "aws:s3:arn": arn });
    };
    let express = "arn:aws:s3express:us-west-2:111122223333:bucket/dir--usw2-az1--x-s3";
    let more = [
        made(1, &|e| arn(e, "arn:aws:s3:::elsewhere/key")),
        made(2, &|e| arn(e, express)),
        made(3, &|e| {
            e["userIdentity"] = json!({"type": "AWSService", "invokedBy": "s3.amazonaws.com"});
        }),
        made(4, &|e| e["requestParameters"] = json!({"encryptionContext": {"table": "a"}})),
        made(5, &|e| e["eventTime"] = json!("2026-11-24T00:00:00Z")),
        made(6, &|e| e["errorCode"] = json!("AccessDenied")),
        kms[7].clone(),
    ];
    trail.put("more.json", &[trail.events.clone(), more.to_vec()].concat());
    let document = trail.document(&["more.json"], &["--configuration", "sse-kms"]);
    let expected = json!([["bucket-not-in-log", 2], ["aws-service", 1]]);
    assert_eq!(reasons(&document, "unexplained"), expected);
    assert_eq!(document["share"]["measured"], kms.len() + 3);
    assert_eq!(document["surplus"], json!([]));
    assert_eq!(
        document["not_compared"],
        json!({
            "outside_calls": 1, "other_use_calls": 1, "other_buckets_calls": 0,
            "repeated_events": 1, "failed_events": 1, "other_storage": [], "lacked_by_model": [],
        })
    );
    let names: Vec<&Value> =
        document["buckets"].as_array().unwrap().iter().map(|bucket| &bucket["bucket"]).collect();
    assert_eq!(names, ["dir--usw2-az1--x-s3", "elsewhere", "lake", "pond"]);
    // `--bucket` is of both sides.
    let pond = trail.document(&["more.json"], &["--configuration", "sse-kms", "--bucket", "pond"]);
    let of_pond = kms.iter().filter(|event| bucket(event) == "pond").count();
    let moved = 1 + usize::from(bucket(kms[3]) == "pond");
    assert_eq!(pond["buckets"].as_array().unwrap().len(), 1);
    assert_eq!(pond["share"]["explained"], of_pond);
    assert_eq!(pond["share"]["measured"], of_pond + moved - 1);
}

#[test]
fn order_and_repetition_change_nothing() {
    let trail = Trail::of("bucket-key-session");
    let options = ["--format", "csv"];
    let csv = trail.reconciled(&["t.json"], &options);
    let mut mixed = trail.events.clone();
    mixed.reverse();
    let middle = mixed.len() / 3;
    mixed.rotate_left(middle);
    trail.put("1.json", &mixed[..middle * 2]);
    trail.put("2.json", &mixed[middle..]);
    assert_eq!(trail.reconciled(&["2.json", "1.json"], &options), csv);
    assert_eq!(trail.reconciled(&["1.json", "2.json"], &[&options[..], &["-j1"]].concat()), csv);
}

#[test]
fn requests_are_the_access_logs_if_there_are_any() {
    let trail = Trail::of("bucket-key-role");
    let csv = trail.reconciled(&["t.json"], &["--format", "csv"]);
    let calls: Vec<Value> = trail.events.iter().filter(|e| is_kms(e)).cloned().collect();
    trail.put("calls.json", &calls);
    for paths in [["a.log", "calls.json"], ["calls.json", "a.log"], ["a.log", "t.json"]] {
        assert_eq!(trail.reconciled(&paths, &["--format", "csv"]), csv, "{paths:?}");
    }
    let folder = trail.folder.path();
    let (_, _, told) = code_and_texts(folder, &["reconcile", "a.log", "t.json", "--format", "csv"]);
    let requests = trail.events.len() - calls.len();
    assert!(told.contains(&format!("{requests} in the trail are left out")), "{told}");
    // Whatever is read by replay is still of one form.
    let (code, _, told) = code_and_texts(folder, &["replay", "a.log", "t.json"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("logs of two formats"), "{told}");
}

#[test]
fn the_trail_shows_how_buckets_are_encrypted() {
    let encryption = |document: &Value| -> Vec<Value> {
        let buckets = document["buckets"].as_array().unwrap().iter();
        buckets.map(|bucket| bucket["encryption"].clone()).collect()
    };
    let plain = Trail::of("sse-kms");
    let document = plain.document(&["t.json"], &[]);
    assert_eq!(encryption(&document), ["key-per-object", "key-per-object"]);
    assert_eq!(document["share"]["agreement_ratio"], 1.0);
    assert_eq!(document["variants"].as_array().unwrap().len(), 1, "nothing is assumed");

    // One bucket with bucket keys and one without: the calls of each from the trail that has them.
    let keys = Trail::of("bucket-key-role");
    let of = |trail: &Trail, name: &str| -> Vec<Value> {
        let wanted = |event: &&Value| is_kms(event) && bucket(event) == name;
        let mut events: Vec<Value> = trail.events.iter().filter(wanted).cloned().collect();
        // Both trails number their events alike.
        for event in &mut events {
            event["eventID"] = json!(format!("{name}-{}", event["eventID"]));
        }
        events
    };
    let requests: Vec<Value> = keys.events.iter().filter(|e| !is_kms(e)).cloned().collect();
    keys.put("both.json", &[requests.clone(), of(&keys, "lake"), of(&plain, "pond")].concat());
    let document = keys.document(&["both.json"], &[]);
    assert_eq!(encryption(&document), ["bucket-key", "key-per-object"]);
    assert_eq!(document["share"]["agreement_ratio"], 1.0);
    // Both rules at three levels.
    assert_eq!(document["variants"].as_array().unwrap().len(), 6);
    let low = document["explained_low_ratio"].as_f64().unwrap();
    assert!(low < 1.0 && document["explained_high_ratio"] == 1.0, "{low}");

    // A bucket without calls is not counted as if it had to have some.
    keys.put("lake.json", &[requests, of(&keys, "lake")].concat());
    let document = keys.document(&["lake.json"], &[]);
    assert_eq!(encryption(&document), ["bucket-key", "no-calls"]);
    assert_eq!(document["share"]["agreement_ratio"], 1.0);
    // 110 steps with a copy, the three requests of an upload and a read; a HEAD needs no key.
    assert_eq!(document["requests_without_calls"], 5 * 110);
}

#[test]
fn the_trail_shows_whether_old_objects_have_bucket_keys() {
    let of = |unknown_age: &str| -> Value {
        let trail = Trail::with_ages("bucket-key-role", unknown_age);
        let printed = trail.by_evidence(&["t.json"], &["--format", "json", "--quiet"]);
        serde_json::from_str(&printed).unwrap()
    };
    let ages = |document: &Value| document["buckets"][0]["unknown_age"].clone();
    let agreement = |document: &Value, configuration: &str, unknown_age: &str| {
        let found = document["variants"].as_array().unwrap().iter().find(|variant| {
            let is = |key: &str, value: &str| variant[key] == value;
            is("configuration", configuration)
                && is("level", "assumed")
                && is("unknown_age", unknown_age)
        });
        found.unwrap()["share"]["agreement_ratio"].as_f64().unwrap()
    };
    let keyless = of("keyless");
    assert_eq!(ages(&keyless), "keyless");
    assert_eq!(keyless["share"]["agreement_ratio"], 1.0);
    // Two rules, three levels, three assumptions about ages.
    assert_eq!(keyless["variants"].as_array().unwrap().len(), 18);
    let one_key = of("one-key");
    assert_eq!(ages(&one_key), "30d");
    assert!(one_key["share"]["agreement_ratio"].as_f64().unwrap() < 1.0);
    assert!((agreement(&one_key, "bucket-key-role", "one-key") - 1.0).abs() < 1e-12);
    assert!(agreement(&one_key, "bucket-key-role", "keyless") < 0.9);
}

/// Directory buckets have bucket keys whatever the configuration, and copies into them do not.
#[test]
fn directory_buckets_are_known_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let name = "lake--use1-az4--x-s3";
    fs::write(folder.join("a.log"), log().replace(" pond ", &format!(" {name} "))).unwrap();
    let settings = format!(
        "[assumptions]\nread_partitions = 1\nwrite_partitions = 1\n\
         [[bucket]]\nname = \"{name}\"\ndirectory = true\n"
    );
    fs::write(folder.join("s.toml"), settings).unwrap();
    let export = ["export", "a.log", "--format", "cloudtrail", "--out", "t.json", "-q"];
    let asked = ["--configuration", "sse-kms", "--unknown-age", "keyless"];
    done(folder, &[&export[..], &asked, &["--scenario", "s.toml"]].concat());
    // Its calls in their own form of ARN.
    let trail = fs::read_to_string(folder.join("t.json")).unwrap();
    let arn = format!("arn:aws:s3express:us-east-1:111122223333:bucket/{name}");
    let express = trail.replace(&format!("arn:aws:s3:::{name}"), &arn);
    assert_ne!(express, trail);
    fs::write(folder.join("t.json"), express).unwrap();
    for asked in [&asked[..], &asked[2..]] {
        let arguments = [&["reconcile", "t.json", "--format", "json"], &ONE_PLACE[..], asked];
        let document: Value = serde_json::from_str(&done(folder, &arguments.concat())).unwrap();
        assert_eq!(document["share"]["agreement_ratio"], 1.0, "{document:#}");
        let directory = &document["buckets"][1];
        assert_eq!(directory["bucket"], name);
        for calls in ["measured_by_bucket", "measured_by_object"] {
            assert!(directory[calls].as_u64().unwrap() > 20, "{directory}");
        }
    }
}

#[test]
fn a_bill_stands_beside_both() {
    let trail = Trail::of("sse-kms");
    let calls = trail.events.iter().filter(|event| is_kms(event)).count();
    let in_hour =
        |wanted: &str| trail.events.iter().filter(|e| is_kms(e) && hour(e) == wanted).count();
    // The log begins at half past midnight.
    let first = in_hour("2026-11-23T00");
    let [second, third] = ["2026-11-23T01", "2026-11-23T02"].map(in_hour);
    let focus = format!(
        "ServiceName,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,PricingQuantity,PricingUnit\n\
         AWS Key Management Service,Usage,2026-11-23 00:00:00,2026-11-23 01:00:00,{first},Requests\n\
         AWS Key Management Service,Usage,2026-11-23 01:00:00,2026-11-23 02:00:00,1,Requests\n\
         AWS Key Management Service,Usage,2026-11-23 01:00:00,2026-11-23 02:00:00,{},Requests\n\
         AWS Key Management Service,Usage,2026-11-24 01:00:00,2026-11-24 02:00:00,77,Requests\n",
        2 * second - 1
    );
    let folder = trail.folder.path();
    fs::write(folder.join("focus.csv"), focus).unwrap();
    let document = trail.document(&["t.json"], &["--bill", "focus.csv"]);
    let bill = &document["bill"];
    assert_eq!(bill["forms"], json!(["focus"]));
    assert_eq!(bill["requests_within"], (2 * second) as f64);
    assert_eq!(bill["requests_partly"], first as f64);
    assert_eq!((&bill["trail_s3_calls"], &bill["model_calls"]), (&json!(calls), &json!(calls)));
    assert_eq!(bill["trail_high_ratio"], calls as f64 / (2 * second) as f64);
    assert_eq!(bill["trail_low_ratio"], calls as f64 / (2 * second + first) as f64);
    // Whole hours leave nothing partly within: half of what is billed is S3's.
    let whole = ["--from", "2026-11-23T01:00:00Z", "--to", "2026-11-23T02:00:00Z"];
    let whole = trail.document(&["t.json"], &[&["--bill", "focus.csv"], &whole[..]].concat());
    let bill = &whole["bill"];
    assert_eq!((&bill["trail_s3_calls"], &bill["requests_partly"]), (&json!(second), &json!(0.0)));
    assert_eq!([&bill["trail_low_ratio"], &bill["trail_high_ratio"]], [&json!(0.5), &json!(0.5)]);
    assert_eq!(whole["not_compared"]["outside_calls"], first + third);
    // A report in two files: twice the same counts twice.
    let cur = format!(
        "lineItem/UsageType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/UsageAmount\n\
         USE1-KMS-Requests,2026-11-23T01:00:00Z,2026-11-23T02:00:00Z,{second}.0\n"
    );
    fs::write(folder.join("cur.csv"), cur).unwrap();
    let table = trail.by_evidence(
        &["t.json"],
        &["--bill", "cur.csv", "--bill", "cur.csv", "--unknown-age", "keyless"],
    );
    let said = format!("the bill has {} KMS requests", 2 * second);
    assert!(table.replace(',', "").contains(&said), "{table}");
    assert!(table.starts_with("Model and CloudTrail agree in 100 % of the KMS calls "), "{table}");
}

#[test]
fn the_dictionary_has_every_column_and_key() {
    let dictionary = fs::read_to_string("docs/data-dictionary.md").unwrap();
    let names_under = |heading: &str| -> Vec<String> {
        let (_, section) = dictionary.split_once(&format!("{heading}\n")).unwrap();
        let lines = section.lines().take_while(|line| !line.starts_with('#'));
        let name = |line: &str| line.strip_prefix("| `")?.split('`').next().map(str::to_owned);
        lines.filter_map(name).collect()
    };
    let trail = Trail::of("sse-kms");
    let csv = trail.reconciled(&["t.json"], &["--format", "csv"]);
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    assert_eq!(names_under("## The CSV of a reconciliation"), header);
    let cur = "lineItem/UsageType,lineItem/UsageStartDate,lineItem/UsageEndDate,\
               lineItem/UsageAmount\nKMS-Requests,2026-11-23,2026-11-24,5\n";
    fs::write(trail.folder.path().join("cur.csv"), cur).unwrap();
    let document = trail.document(&["t.json"], &["--bill", "cur.csv"]);
    for (heading, object) in [
        ("## The JSON document of a reconciliation", &document),
        ("### Keys of each `share`", &document["share"]),
        ("### Keys of `bill`", &document["bill"]),
    ] {
        let mut documented = names_under(heading);
        documented.sort();
        let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
        assert_eq!(documented.iter().collect::<Vec<_>>(), keys, "{heading}");
    }
}

#[test]
fn what_cannot_be_reconciled_is_refused() {
    let trail = Trail::of("sse-kms");
    let requests: Vec<Value> = trail.events.iter().filter(|e| !is_kms(e)).cloned().collect();
    let calls: Vec<Value> = trail.events.iter().filter(|e| is_kms(e)).cloned().collect();
    trail.put("requests.json", &requests);
    trail.put("calls.json", &calls);
    fs::write(trail.folder.path().join("cos.txt"), "0 REST.GET.OBJECT k 5 0 4\n").unwrap();
    for (arguments, why) in [
        (&["requests.json"][..], "the trail has no KMS call that S3 made"),
        (&["a.log"], "the trail has no KMS call that S3 made"),
        (&["calls.json"], "no request is left"),
        (&["t.json", "--configuration", "bucket-key-rule"], "did you mean `bucket-key-role`?"),
        (&["t.json", "--bucket", "puddle"], "no request is left"),
        (&["t.json", "--log-format", "ibm-cos"], "records neither requesters nor KMS calls"),
        (&["nowhere.json"], "nowhere.json"),
        (
            &["t.json", "--bill", "a.log", "--format", "csv"],
            "`--bill` cannot be combined with `--format csv`",
        ),
        (&["t.json", "--bill", "nowhere.csv"], "nowhere.csv: the file cannot be read"),
        (&["t.json", "--bill", "a.log"], "a.log: the bill has no column"),
    ] {
        let (code, printed, told) =
            code_and_texts(trail.folder.path(), &[&["reconcile"], arguments].concat());
        assert_eq!((code, printed.as_str()), (Some(2), ""), "{arguments:?}: {told}");
        assert!(told.contains(why), "{arguments:?}: {told}");
    }
}
