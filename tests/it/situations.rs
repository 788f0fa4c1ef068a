//! Situations that owners describe, each with its figures by hand.

#![allow(clippy::float_cmp, reason = "whole numbers")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::command::{code_and_texts, done, fails};

/// One bucket, one role that reads a population of it.
fn scenario(settings: &str, population: &str, workload: &str) -> String {
    format!(
        "name = \"it\"\nreplications = 1\n{settings}\n\
         [[bucket]]\nname = \"lake\"\n\
         [[principal]]\nname = \"app\"\nrole = \"app\"\n\
         [[population]]\nname = \"old\"\nbucket = \"lake\"\n{population}\n\
         [[workload]]\nname = \"work\"\nprincipal = \"app\"\nbucket = \"lake\"\n{workload}\n"
    )
}

type Row = BTreeMap<String, String>;

/// A folder with a scenario in it.
struct Situation(tempfile::TempDir);

impl Situation {
    fn of(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("it.toml"), text).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// What `bks simulate` prints as text, and on standard error.
    fn told(&self, more: &[&str]) -> String {
        let arguments = [&["simulate", "it.toml", "--overwrite", "--out", "out"], more].concat();
        let (code, printed, told) = code_and_texts(self.path(), &arguments);
        assert_eq!(code, Some(0), "{told}");
        printed + &told
    }

    /// Rows of a file that it leaves.
    fn rows(&self, more: &[&str], file: &str) -> Vec<Row> {
        self.told(more);
        let text = fs::read_to_string(self.path().join("out").join(file)).unwrap();
        csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
    }

    /// The summary of a configuration, as assumed.
    fn summary(&self, configuration: &str, more: &[&str]) -> Row {
        let rows = self.rows(more, "summary.csv");
        let is_it =
            |row: &Row| row["configuration"] == configuration && row["assumption"] == "assumed";
        rows.into_iter().find(is_it).unwrap()
    }
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column}: `{}`", row[column]))
}

/// 2 TiB in ranges of 8 MiB are 262,144 requests, a hundred a second over ten connections.
#[test]
fn the_parts_of_a_large_file_do_not_come_at_once() {
    let restore = Situation::of(&scenario(
        "duration = \"1d\"",
        "objects = 30\nobject_size = \"2TiB\"\nage = { uniform = { to = \"30d\" } }",
        "client = \"aws-cli\"\nread = { from = [\"old\"], pattern = \"uniform\" }\n\
         jobs = { every = \"1d\", offset = \"2h\", steps = [{ action = \"read\", objects = 1, rate = \"1/min\" }] }",
    ));
    let row = restore.summary("sse-kms", &[]);
    assert_eq!(number(&row, "kms_requests"), 262_144.0);
    assert_eq!(number(&row, "kms_requests_per_s_max"), 100.0);
    assert_eq!(number(&row, "throttled_s"), 0.0);
}

/// A job of six hours at 22:00, 10 reads a second: 216,000 a day, of which the first day has those of two hours.
#[test]
fn a_job_that_passes_the_end_needs_one_before_the_run() {
    let nightly = |since: &str| {
        let workload = format!(
            "{since}read = {{ from = [\"old\"], pattern = \"uniform\" }}\n\
             jobs = {{ every = \"1d\", offset = \"22h\", steps = [{{ action = \"read\", objects = 216_000, rate = \"10/s\" }}] }}"
        );
        Situation::of(&scenario(
            "duration = \"1d\"",
            "objects = 1_000_000\nage = { uniform = { to = \"365d\" } }",
            &workload,
        ))
    };
    let cut = nightly("");
    let told = cut.told(&[]);
    assert!(told.contains("the last job of `work` takes until about 1d 4h"), "{told}");
    assert!(told.contains("write `since = \"-1d\"` in its `[[workload]]`"), "{told}");
    let whole = nightly("since = \"-1d\"\n");
    assert!(!whole.told(&[]).contains("the last job"));
    let requests = number(&whole.summary("sse-kms", &[]), "kms_requests");
    // Gaps are exponential: five standard deviations of what lies beyond either end are 2,400.
    assert!((requests - 216_000.0).abs() < 2_400.0, "{requests}");
    let warm = cut.told(&["--set", "warm_up=1d", "--set", "duration=2d"]);
    assert!(!warm.contains("the last job"), "{warm}");
}

/// A weekly job in a run of a day: what the warning says to type mends it.
#[test]
fn a_broken_cycle_is_mended_as_the_warning_says() {
    let weekly = Situation::of(&scenario(
        "duration = \"1d\"",
        "objects = 10_000\nage = { uniform = { from = \"1d\", to = \"300d\" } }",
        "read = { from = [\"old\"], pattern = { scan = { oldest = \"300d\" } } }\n\
         jobs = { every = \"1w\", steps = [{ action = \"read\", objects = 10_000, rate = \"100/s\" }] }",
    ));
    let told = weekly.told(&[]);
    let (_, change) = told.split_once("e.g., by `--set ").unwrap_or_else(|| panic!("{told}"));
    let change = change.split_once('`').unwrap().0;
    assert_eq!(change, "duration=7d");
    let mended = weekly.told(&["--set", change]);
    assert!(!mended.contains("no whole number of the cycles"), "{mended}");
    let row = weekly.summary("sse-kms", &["--set", change, "--set", "billing.free_tier=false"]);
    let by_hand = 30.0 / 7.0 * 10_000.0 * 3e-6;
    assert!((number(&row, "kms_cost_usd") - by_hand).abs() < 1e-5, "{row:?}");
    let with_warm_up = weekly.told(&["--set", "duration=25h", "--set", "warm_up=1h"]);
    assert!(with_warm_up.contains("--set duration=7d 1h"), "{with_warm_up}");
}

/// Reads of a mean age of three days over objects of before and of now: by the law 85 % of the first day's are of
/// old ones, 10 % of the first thirty days'.
#[test]
fn a_first_day_is_told_for_what_it_is() {
    let text = scenario(
        "duration = \"1d\"",
        "objects = 1_000_000\nage = { uniform = { to = \"90d\" } }",
        "arrivals = { poisson = { rate = \"0.1/s\" } }\n\
         [[workload]]\nname = \"look\"\nprincipal = \"app\"\nbucket = \"lake\"\n\
         arrivals = { poisson = { rate = \"1/s\" } }\n\
         read = { from = [\"old\", \"work\"], pattern = { by-age = { exponential = { mean = \"3d\" } } } }",
    );
    let switched = Situation::of(&text);
    let told = switched.told(&[]);
    let share = |days: f64| 3.0 / days * (1.0 - (-days / 3.0_f64).exp()) * 100.0;
    let [first, month] = [share(1.0), share(30.0)].map(|share| format!("{share:.1} %"));
    assert!(told.contains(&format!("{first} of the reads")), "{first}: {told}");
    assert!(told.contains(&format!("but in 30d {month}")), "{month}: {told}");
    assert!(told.contains("`--set duration=30d`"), "{told}");
    let always = switched.told(&["--set", "bucket.lake.bucket_keys_since=always"]);
    assert!(!always.contains("the first days"), "{always}");
    // Keys that are on for 30 days wrap nearly all that is read: e⁻¹⁰ of it is older.
    let long = switched.told(&["--set", "bucket.lake.bucket_keys_since=-30d"]);
    assert!(!long.contains("the first days"), "{long}");
}

#[test]
fn a_client_by_another_name_has_its_connections_and_retries() {
    let text = |client: &str| {
        let workload = format!(
            "client = \"{client}\"\narrivals = {{ poisson = {{ rate = \"1/s\" }} }}\n\
             read = {{ from = [\"old\"], pattern = \"uniform\" }}"
        );
        scenario("duration = \"1h\"", "objects = 1000\nage = { fixed = \"1d\" }", &workload)
    };
    let checked = |client: &str| done(Situation::of(&text(client)).path(), &["check", "it.toml"]);
    for (alias, name) in [("spark", "spark-s3a"), ("emr", "emrfs"), ("glue", "emrfs")] {
        assert_eq!(checked(alias), checked(name));
    }
    assert!(checked("spark").contains("connections of each session: 96"));
}

/// A copy of 100 GiB in parts of 16 MiB: 6,400 parts with two calls each, and two more.
#[test]
fn what_is_copied_has_the_size_of_its_population() {
    let copy = Situation::of(&scenario(
        "duration = \"1d\"",
        "objects = 2\nobject_size = \"100GiB\"\nage = { fixed = \"50d\" }",
        "client = \"boto3\"\nread = { from = [\"old\"], pattern = { scan = { oldest = \"60d\" } } }\n\
         jobs = { steps = [{ action = \"copy\", objects = 2, rate = \"1/min\" }] }",
    ));
    assert_eq!(number(&copy.summary("sse-kms", &[]), "kms_requests"), 2.0 * 12_802.0);
}

/// Two buckets in two regions, one replicated to the other: what a bucket saves its account saves in its region.
#[test]
fn calls_for_what_is_copied_are_those_of_the_bucket_it_lies_in() {
    let text = "name = \"crr\"\nduration = \"1h\"\nreplications = 1\nbilling = { free_tier = false }\n\
        [[bucket]]\nname = \"src\"\nregion = \"us-east-1\"\n\
        [[bucket]]\nname = \"dst\"\nregion = \"eu-west-1\"\n\
        [[principal]]\nname = \"app\"\nrole = \"app\"\n\
        [[principal]]\nname = \"repl\"\nrole = \"repl\"\n\
        [[workload]]\nname = \"puts\"\nprincipal = \"app\"\nbucket = \"src\"\n\
        arrivals = { periodic = { rate = \"1/s\" } }\n\
        [[workload]]\nname = \"crr\"\nprincipal = \"repl\"\nbucket = \"dst\"\n\
        mix = { replicate = 1 }\n\
        read = { from = [\"puts\"], pattern = { just-written = { delay = \"10s\" } } }\n";
    let replicated = Situation::of(text);
    let buckets = replicated.rows(&[], "buckets.csv");
    let accounts = replicated.rows(&[], "accounts.csv");
    for (bucket, region) in [("src", "us-east-1"), ("dst", "eu-west-1")] {
        for configuration in ["sse-kms", "bucket-key-role"] {
            let own = |row: &&Row| row["configuration"] == configuration;
            let of_bucket = buckets.iter().filter(own).find(|row| row["bucket"] == bucket).unwrap();
            let mut in_region =
                accounts.iter().filter(own).filter(|row| row["assumption"] == "assumed");
            let in_region = in_region.find(|row| row["region"] == region).unwrap();
            let calls = number(of_bucket, "kms_requests") * 720.0;
            assert_eq!(calls.round(), number(in_region, "period_kms_requests"), "{bucket}");
        }
    }
}

const SHOPS: &str = r#"
name = "shops"
duration = "1h"
replications = 1
[[tenants]]
name = "shop"
count = 3
[[tenants.bucket]]
name = "data"
[[tenants.principal]]
name = "app"
role = "app"
[[tenants.workload]]
name = "orders"
principal = "app"
bucket = "data"
arrivals = { poisson = { rate = "2/s" } }
"#;

#[test]
fn what_tenants_have_is_changed_from_outside() {
    let shops = Situation::of(SHOPS);
    let checked = |change: &str| done(shops.path(), &["check", "it.toml", "--set", change]);
    assert_eq!(checked("connections=1").matches("connections of each session: 1 (").count(), 3);
    assert_eq!(checked("requesters=5").matches("sessions at a time: 5, scoping").count(), 3);
    let one = checked("principal.shop-002-app.requesters=5");
    assert_eq!(one.matches("sessions at a time: 5, scoping").count(), 1);
    let slower = checked("workload.shop-001-orders.arrivals.poisson.rate=1/s");
    assert!(slower.contains("`shop-001-orders`: about 3,600 times write"), "{slower}");
    assert!(slower.contains("`shop-002-orders`: about 7,200 times write"), "{slower}");
    let all = checked("tenants.shop.workload.orders.arrivals.poisson.rate=1/s");
    assert_eq!(all.matches("about 3,600 times write").count(), 3);
    let wrong = fails(
        shops.path(),
        2,
        &["check", "it.toml", "--set", "workload.shop-001-orders.client=bot"],
    );
    assert!(
        wrong.contains("--set workload.shop-001-orders.client=bot: tenants.0.workload.0"),
        "{wrong}"
    );
    let command = done(shops.path(), &["advise", "it.toml", "--format", "json", "--out", "advice"]);
    let command: serde_json::Value = serde_json::from_str(&command).unwrap();
    let command = command["command"].as_str().unwrap();
    let words = crate::support::shell::words(command);
    let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    done(shops.path(), &[&words[..], &["--out", "again"]].concat());
}

/// Three tenants in one bucket, a key of each: three rents, and three times the bucket-level keys of one.
#[test]
fn tenants_may_have_a_key_each_in_one_bucket() {
    let shared = SHOPS.replace("[[tenants.bucket]]\nname = \"data\"\n", "");
    let shared = shared.replace("[[tenants]]\n", "[[bucket]]\nname = \"data\"\n[[tenants]]\n");
    let keys = |name: &str| {
        let own = shared.replace("arrivals =", &format!("kms_key = \"{name}\"\narrivals ="));
        let row = Situation::of(&own).rows(&[], "costs.csv");
        let rents = row.iter().filter(|row| {
            row["configuration"] == "sse-kms"
                && row["assumption"] == "assumed"
                && row["ChargeDescription"].contains("customer managed")
        });
        rents.map(|row| number(row, "PricingQuantity")).sum::<f64>()
    };
    // Hours of a month.
    assert_eq!(keys("tenants-key"), 720.0);
    assert_eq!(keys("{name}-key"), 3.0 * 720.0);
}

/// 12,000 reads a second at a quota of 10,000: nothing of that is ever caught up with.
#[test]
fn lasting_demand_above_the_quota_is_never_caught_up_with() {
    let text = scenario(
        "duration = \"2min\"",
        "objects = 1_000_000\nage = { uniform = { to = \"30d\" } }",
        "arrivals = { poisson = { rate = \"12000/s\" } }\nread = { from = [\"old\"], pattern = \"uniform\" }",
    );
    let text = text.replace("name = \"lake\"", "name = \"lake\"\nregion = \"eu-west-3\"");
    let told =
        Situation::of(&text.replace("role = \"app\"", "role = \"app\"\nsessions = 100")).told(&[]);
    assert!(told.contains("never, while it goes on"), "{told}");
    assert!(told.contains("KMS answers less than the dollars count"), "{told}");
    assert!(!told.contains("is caught up with after 2"), "{told}");
}

/// CloudTrail writes as often as a role reads, and its calls are not billed: the bill is of the reads.
#[test]
fn a_known_total_is_of_what_is_billed() {
    let text = scenario(
        "duration = \"1h\"",
        "objects = 100\nage = { fixed = \"1d\" }",
        "arrivals = { periodic = { rate = \"1/s\" } }\nread = { from = [\"old\"], pattern = \"uniform\" }\n\
         [[principal]]\nname = \"ct\"\nservice = \"cloudtrail.amazonaws.com\"\n\
         [[workload]]\nname = \"deliver\"\nprincipal = \"ct\"\nbucket = \"lake\"\n\
         arrivals = { periodic = { rate = \"1/s\" } }",
    );
    let trail = Situation::of(&text);
    // 30 days of one read a second, twice.
    let rows = trail.rows(&["--known-calls", "5184000/month"], "known_total.csv");
    for row in &rows {
        assert!((number(row, "factor") - 2.0).abs() < 1e-9, "{row:?}");
    }
    let of_keys = rows.iter().find(|row| row["configuration"] == "bucket-key-role").unwrap();
    // Nothing is saved of reads of objects without a key, and what CloudTrail saves is not billed.
    assert!(number(of_keys, "saved_usd_a_month").abs() < 1e-6, "{of_keys:?}");
    let bucket = rows.iter().find(|row| row["bucket"] == "lake").unwrap();
    assert_eq!(bucket["saved_usd_a_month"], "", "which bucket's are billed is not told");
}

/// What `bks init` writes is planned at once: a year of it is a day of fading and a day as all others.
#[test]
fn the_first_scenario_of_all_can_be_planned() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    done(folder, &["init", "my-bucket"]);
    let plan = done(folder, &["migrate", "my-bucket.toml", "--out", "plan"]);
    assert!(plan.contains("Months are of 30 days. The first "), "{plan}");
    // Its objects have bucket keys since always.
    assert!(plan.contains("there is nothing to migrate"), "{plan}");
    let off = ["--set", "bucket.data.bucket_keys_since=0s"];
    let plan = done(folder, &[&["migrate", "my-bucket.toml", "--out", "off"], &off[..]].concat());
    assert!(plan.contains("UpdateObjectEncryption of all 346 k objects"), "{plan}");
    let months = fs::read_to_string(folder.join("off/months.csv")).unwrap();
    let rows: Vec<Row> =
        csv::Reader::from_reader(months.as_bytes()).deserialize().map(Result::unwrap).collect();
    let waits: Vec<&Row> = rows.iter().filter(|row| row["way"] == "wait").collect();
    assert_eq!(waits.len(), 12);
    // A month that nothing wanders in any more, simulated from a day on.
    let steady =
        ["--set", "duration=4d", "--set", "warm_up=2d", "--format", "csv", "--out", "days"];
    let printed = done(folder, &[&["simulate", "my-bucket.toml"], &off[..], &steady[..]].concat());
    let rows: Vec<Row> =
        csv::Reader::from_reader(printed.as_bytes()).deserialize().map(Result::unwrap).collect();
    let of_keys = rows
        .iter()
        .find(|row| row["configuration"] == "bucket-key-role" && row["assumption"] == "assumed");
    let a_month = number(of_keys.unwrap(), "kms_requests") * 15.0;
    let last = number(waits[11], "kms_requests");
    assert!((last - a_month).abs() < 0.03 * a_month, "{last} {a_month}");
    assert!(
        number(waits[0], "kms_requests") > last,
        "the first month has reads of what has no key"
    );
}

/// S3 data events, of whatever is put into each.
fn trail(events: &[serde_json::Value]) -> String {
    serde_json::json!({ "Records": events }).to_string()
}

/// A data event of a Lambda function's session.
fn event(time: &str, name: &str, key: &str) -> serde_json::Value {
    serde_json::json!({
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:fn",
            "arn": "arn:aws:sts::111122223333:assumed-role/fn/fn",
            "accountId": "111122223333",
            "accessKeyId": "ASIAEXAMPLE"
        },
        "eventTime": time,
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "requestParameters": { "bucketName": "lake", "key": key },
        "responseElements": null,
        "eventID": format!("{name}-{key}-{time}"),
        "eventType": "AwsApiCall",
        "managementEvent": false,
        "recipientAccountId": "111122223333",
        "eventCategory": "Data"
    })
}

/// Assumptions under which calls can be counted: five minutes, one host, a call to verify each new key.
const COUNTABLE: &str = "replications = 1\n[assumptions]\ngeneration_lifetime = \"5min\"\n\
    cache_lifetime = \"5min\"\nexpiry = \"fixed\"\ncache_hosts = 1\nverify_on_write = 1\n";

/// KMS requests of a replay of `log.json` with bucket keys, and all that it prints.
fn replayed(folder: &Path, more: &[&str]) -> (f64, String) {
    let all = ["replay", "log.json", "--scenario", "settings.toml", "--out", "out", "--overwrite"];
    let (code, printed, told) = code_and_texts(folder, &[&all, more].concat());
    assert_eq!(code, Some(0), "{told}");
    let text = fs::read_to_string(folder.join("out/summary.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows = reader.deserialize::<Row>().map(Result::unwrap);
    let row = rows
        .find(|row| row["configuration"] == "bucket-key-role" && row["assumption"] == "assumed");
    (number(&row.unwrap(), "kms_requests"), printed + &told)
}

/// Twenty objects are put in a bucket with versions, and each is read by the version that its event names: a key is
/// made, verified, and fetched once, whether the reads name a version or not.
#[test]
fn a_read_by_version_finds_the_write_that_made_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("settings.toml"), COUNTABLE).unwrap();
    let with = |versions: bool, overwritten: bool| {
        let mut events = Vec::new();
        for number in 0..20 {
            let key = if overwritten { "state".to_owned() } else { format!("o{number}") };
            let (second, later) = (number * 3, number * 3 + 2);
            let mut put = event(&format!("2026-11-20T08:00:{second:02}Z"), "PutObject", &key);
            let mut get = event(&format!("2026-11-20T08:00:{later:02}Z"), "GetObject", &key);
            if versions {
                put["responseElements"] =
                    serde_json::json!({"x-amz-version-id": format!("v{number}")});
                get["requestParameters"]["versionId"] = format!("v{number}").into();
            }
            events.extend([put, get]);
        }
        fs::write(folder.join("log.json"), trail(&events)).unwrap();
        replayed(folder, &[])
    };
    for overwritten in [false, true] {
        assert_eq!(with(false, overwritten).0, 3.0);
        let (calls, told) = with(true, overwritten);
        assert_eq!(calls, 3.0, "{told}");
        assert!(!told.contains("whose writing is not in the log"), "{told}");
    }
    let mut put = event("2026-11-20T08:00:00Z", "PutObject", "o");
    put["responseElements"] = serde_json::json!({
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-bucket-key-enabled": "true",
    });
    fs::write(folder.join("log.json"), trail(&[put])).unwrap();
    replayed(folder, &["--quiet"]);
    let result = fs::read_to_string(folder.join("out/result.json")).unwrap();
    assert!(result.contains("1 writes were answered with a bucket key"), "{result}");
}

/// The owner of the bucket turns bucket keys on, but each write has the header that switches them off. By hand: a data key
/// for each of 20 puts, a Decrypt for each of 20 reads, as without bucket keys; without the header a key is made,
/// verified, and fetched.
#[test]
fn writes_that_switch_bucket_keys_off_by_header_save_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("settings.toml"), COUNTABLE).unwrap();
    let mut events = Vec::new();
    for number in 0..20 {
        let (second, later) = (number * 3, number * 3 + 2);
        let key = format!("o{number}");
        let mut put = event(&format!("2026-11-20T08:00:{second:02}Z"), "PutObject", &key);
        put["requestParameters"]["x-amz-server-side-encryption-bucket-key-enabled"] =
            "false".into();
        let mut get = event(&format!("2026-11-20T08:00:{later:02}Z"), "GetObject", &key);
        get["additionalEventData"] = serde_json::json!({"SSEApplied": "SSE_KMS"});
        events.extend([put, get]);
    }
    fs::write(folder.join("log.json"), trail(&events)).unwrap();
    let (calls, told) = replayed(folder, &[]);
    assert_eq!(calls, 40.0, "{told}");
    assert!(told.contains("20 writes have the header"), "{told}");
    assert_eq!(replayed(folder, &["--ignore-opt-out"]).0, 3.0);
    let advised = done(folder, &["advise", "log.json", "--scenario", "settings.toml"]);
    assert!(
        advised.contains("stop switching bucket keys off by header, saves another"),
        "{advised}"
    );
    assert!(
        advised.contains("bks replay log.json --scenario settings.toml --ignore-opt-out"),
        "{advised}"
    );
}

/// What is copied from is found, however the request writes it; what is updated in place is its own source. By hand: the
/// put makes a key, which is verified (2 calls) and then fetched once to read (1). An object under SSE-S3 that is updated
/// needs no call to be read before, so its key is made, verified, and fetched (3).
#[test]
fn copies_and_updates_find_what_they_read() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("settings.toml"), COUNTABLE).unwrap();
    let time = |second: u32| format!("2026-11-20T08:00:{second:02}Z");
    let calls = |under: serde_json::Value, name: &str, source: Option<&str>| {
        let mut put = event(&time(0), "PutObject", "a");
        put["additionalEventData"] = under;
        let mut copy = event(&time(5), name, if source.is_some() { "b" } else { "a" });
        if let Some(source) = source {
            copy["requestParameters"]["x-amz-copy-source"] = source.into();
        }
        let get = event(&time(9), "GetObject", copy["requestParameters"]["key"].as_str().unwrap());
        fs::write(folder.join("log.json"), trail(&[put, copy, get])).unwrap();
        let (calls, told) = replayed(folder, &[]);
        assert!(!told.contains("in no log"), "{told}");
        calls
    };
    let kms = || serde_json::json!({"SSEApplied": "SSE_KMS"});
    for source in ["lake/a", "/lake/a", "lake%2Fa", "%2flake%2fa"] {
        assert_eq!(calls(kms(), "CopyObject", Some(source)), 3.0, "{source}");
    }
    assert_eq!(calls(kms(), "UpdateObjectEncryption", None), 3.0);
    let s3 = serde_json::json!({"SSEApplied": "Default_SSE_S3"});
    assert_eq!(calls(s3, "UpdateObjectEncryption", None), 3.0);
}

/// An object that was there before is copied onto itself, to give it a bucket key: a Decrypt of what was there, a key that
/// is made and verified, and fetched by the read after it.
#[test]
fn a_copy_onto_itself_reads_what_was_there_before() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("settings.toml"), COUNTABLE).unwrap();
    let mut copy = event("2026-11-20T08:00:05Z", "CopyObject", "a");
    copy["requestParameters"]["x-amz-copy-source"] = "lake/a".into();
    let get = event("2026-11-20T08:00:09Z", "GetObject", "a");
    fs::write(folder.join("log.json"), trail(&[copy, get])).unwrap();
    assert_eq!(replayed(folder, &[]).0, 4.0);
}

/// A role copies two objects into a directory bucket and puts a third; each is read three times. By hand, by the rules of
/// directory buckets (copies have no bucket key): two data keys and six reads of copies, and for the third a key that is
/// made, verified, and fetched once, also for the copies that read it.
#[test]
fn copies_in_a_directory_bucket_are_read_without_a_bucket_key() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("settings.toml"), COUNTABLE).unwrap();
    let of_directory = |mut event: serde_json::Value| {
        event["requestParameters"]["bucketName"] = "fast--use1-az4--x-s3".into();
        event
    };
    let mut events = Vec::new();
    for (number, name) in ["PutObject", "CopyObject", "CopyObject"].into_iter().enumerate() {
        let time = |second| format!("2026-11-20T08:00:{:02}Z", number * 10 + second);
        let key = format!("o{number}");
        let mut write = of_directory(event(&time(0), name, &key));
        if number > 0 {
            write["requestParameters"]["x-amz-copy-source"] = "fast--use1-az4--x-s3/o0".into();
        }
        events.push(write);
        for second in [2, 4, 6] {
            events.push(of_directory(event(&time(second), "GetObject", &key)));
        }
    }
    fs::write(folder.join("log.json"), trail(&events)).unwrap();
    let (calls, told) = replayed(folder, &[]);
    assert_eq!(calls, 11.0, "{told}");
}

/// Three nights of one put: the log covers two days and a second, or three days, and only its owner knows.
#[test]
fn a_log_with_long_pauses_asks_which_time_it_is_of() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("settings.toml"), COUNTABLE).unwrap();
    let nights =
        [20, 21, 22].map(|day| event(&format!("2026-11-{day}T02:00:00Z"), "PutObject", "o"));
    fs::write(folder.join("log.json"), trail(&nights)).unwrap();
    let (_, told) = replayed(folder, &[]);
    assert!(
        told.contains("the log is taken to cover 2d 1s") && told.contains("`--from`"),
        "{told}"
    );
    let (_, told) = replayed(folder, &["--from", "2026-11-20", "--to", "2026-11-23"]);
    assert!(!told.contains("is taken to cover"), "{told}");
}

/// An hourly bill of November: storage in every hour, KMS requests in one. They are a month's.
#[test]
fn a_bill_is_of_the_time_of_all_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let header = "lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/LineItemType,\
        lineItem/UsageType,lineItem/UsageAmount,bill/BillingPeriodStartDate,bill/BillingPeriodEndDate\n";
    let line = |from: &str, to: &str, kind: &str, amount: &str| {
        format!("{from},{to},Usage,{kind},{amount},2026-11-01T00:00:00Z,2026-12-01T00:00:00Z\n")
    };
    let kms = line("2026-11-03T02:00:00Z", "2026-11-03T03:00:00Z", "USE1-KMS-Requests", "5184000");
    let storage = |from, to| line(from, to, "TimedStorage-ByteHrs", "1");
    let last = storage("2026-11-30T23:00:00Z", "2026-12-01T00:00:00Z");
    let half = storage("2026-11-15T23:00:00Z", "2026-11-16T00:00:00Z");
    fs::write(folder.join("whole.csv"), format!("{header}{kms}{last}")).unwrap();
    // Half of the month is over: twice as much in a month.
    fs::write(folder.join("half.csv"), format!("{header}{kms}{half}")).unwrap();
    let text = scenario(
        "duration = \"1h\"",
        "objects = 100\nage = { fixed = \"1d\" }",
        "arrivals = { periodic = { rate = \"1/s\" } }\nread = { from = [\"old\"], pattern = \"uniform\" }",
    );
    let run = Situation::of(&text);
    for (bill, factor) in [("whole.csv", 2.0), ("half.csv", 4.0)] {
        let path = folder.join(bill).display().to_string();
        let told = run.told(&["--bill", &path]);
        assert!(told.contains(&format!(", {factor:.4} times the run's")), "{told}");
        assert!(told.contains("2026-11-01T00:00:00Z to 2026-1"), "{told}");
    }
}

/// Six hourly jobs of five minutes, each by twelve new sessions: twelve at a time, not one.
#[test]
fn new_sessions_for_each_job_are_as_many_at_a_time_as_a_job_has() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut events = Vec::new();
    for (job, session, put) in (0..6).flat_map(|job| {
        (0..12).flat_map(move |session| (0..20).map(move |put| (job, session, put)))
    }) {
        let second = put * 15 + session;
        let time = format!("2026-11-20T{:02}:{:02}:{:02}Z", 8 + job, second / 60, second % 60);
        let mut event = event(&time, "PutObject", &format!("{job}/{session}/{put}"));
        let name = format!("job-{job}-{session}");
        event["userIdentity"]["arn"] =
            format!("arn:aws:sts::111122223333:assumed-role/fn/{name}").into();
        event["userIdentity"]["principalId"] = format!("AROAEXAMPLE:{name}").into();
        event["userIdentity"]["accessKeyId"] = format!("ASIA{job}X{session}").into();
        events.push(event);
    }
    fs::write(folder.join("log.json"), trail(&events)).unwrap();
    let fitted = done(folder, &["fit", "log.json", "--no-check", "--quiet"]);
    let fitted: toml::Table = fitted.parse().unwrap();
    let principals = fitted["principal"].as_array().unwrap();
    let sessions: Vec<i64> =
        principals.iter().map(|it| it["sessions"].as_integer().unwrap()).collect();
    assert_eq!(sessions, [12], "{fitted}");
}

/// KMS's price is the same in both regions: 60 % of a hundred million calls a month are dollars.
#[test]
fn regions_of_one_price_have_dollars_at_a_known_total() {
    let text = scenario(
        "duration = \"1h\"",
        "objects = 100\nage = { fixed = \"1d\" }",
        "arrivals = { periodic = { rate = \"1/s\" } }\nread = { from = [\"old\"], pattern = \"uniform\" }\n\
         [[bucket]]\nname = \"west\"\nregion = \"us-west-2\"\n\
         [[workload]]\nname = \"write\"\nprincipal = \"app\"\nbucket = \"west\"\n\
         arrivals = { periodic = { rate = \"1/s\" } }",
    );
    let rows = Situation::of(&text).rows(&["--known-calls", "1e8/month"], "known_total.csv");
    let row = rows.iter().find(|row| row["configuration"] == "bucket-key-role").unwrap();
    let calls = number(row, "saved_kms_requests_a_month");
    assert!(calls > 1e7, "{row:?}");
    assert!((number(row, "saved_usd_a_month") - calls * 3e-6).abs() < 1e-6 * calls, "{row:?}");
}
