//! `bks explain`: each cause counted by hand, and that causes add up to the calls of a run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bks::encryption::assumption::Level;
use bks::explanation::Causes;
use bks::explanation::cause::Cause;
use bks::results::Results;
use bks::scenario::Scenario;
use bks::scenario::overrides::Override;
use serde_json::Value;

use crate::support::command::{done, fails};
use crate::support::log_lines::{Line, replay, session, text};

const ONE_HOST: &str = r#"
replications = 1
assumptions = { write_partitions = 1, read_partitions = 1, generation_lifetime = "5min", cache_lifetime = "5min", verify_on_write = 1 }
"#;

/// Calls of a configuration by cause, as assumed.
fn causes(scenario: &Scenario, configuration: &str) -> BTreeMap<&'static str, u64> {
    let index = scenario.configuration_named(configuration).unwrap();
    let causes = Causes::of(scenario, index, Level::Assumed, &|_| ());
    let ranked = causes.ranked().into_iter();
    ranked.map(|cause| (cause.name(), causes.counts(cause).calls.total())).collect()
}

fn of_log(lines: &[Line], settings: &str, configuration: &str) -> BTreeMap<&'static str, u64> {
    causes(&replay(&text(lines), settings).0, configuration)
}

fn put(second: u32, key: &str, id: u32) -> Line {
    Line::new(second, "REST.PUT.OBJECT", key, id)
}

fn get(second: u32, key: &str, id: u32) -> Line {
    Line::new(second, "REST.GET.OBJECT", key, id)
}

/// `a` is put at 0 s and read at 10 s, 20 s and 400 s; `b`, which the log does not write, is read at 400 s; `c` is put
/// at 400 s. Each key lives for five minutes.
fn six_requests() -> Vec<Line> {
    vec![
        put(0, "a", 1),
        get(10, "a", 2),
        get(20, "a", 3),
        get(400, "a", 4),
        get(400, "b", 5),
        put(400, "c", 6),
    ]
}

#[test]
fn six_requests_are_counted_by_hand() {
    let with_keys = of_log(&six_requests(), ONE_HOST, "bucket-key-role");
    let expected = [
        ("first-write", 1),
        ("new-key", 1),
        ("verification", 2),
        ("first-read", 1),
        ("read-again", 1),
        ("object-without-key", 1),
    ];
    assert_eq!(with_keys, BTreeMap::from(expected));
    let without = of_log(&six_requests(), ONE_HOST, "sse-kms");
    assert_eq!(without, BTreeMap::from([("keys-off", 6)]));
}

/// By hand: `a` is fetched at 10 s and asked for at 400 s: 390 s would have saved it; the key of 0 s would have had to
/// wrap for 400 s.
#[test]
fn the_lifetime_that_saves_a_call_is_told() {
    let (scenario, _) = replay(&text(&six_requests()), ONE_HOST);
    let causes = Causes::of(&scenario, 1, Level::Assumed, &|_| ());
    assert_eq!(causes.counts(Cause::ReadAgain).needed_median_s(), Some(390.0));
    assert_eq!(causes.counts(Cause::NewKey).needed_median_s(), Some(400.0));
    assert_eq!(causes.counts(Cause::FirstRead).needed_median_s(), None);
    assert_eq!((causes.requests, causes.without_call), (6, 1), "the read at 20 s");
    let sliding = format!(
        "{ONE_HOST}\n[[configuration]]\nname = \"plain\"\nencryption = \"sse-kms\"\n[[configuration]]\nname = \"keys\"\nencryption = \"sse-kms-bucket-key\"\nassumptions = {{ expiry = \"sliding\" }}\n"
    );
    let (scenario, _) = replay(&text(&six_requests()), &sliding);
    let causes = Causes::of(&scenario, 1, Level::Assumed, &|_| ());
    assert_eq!(causes.counts(Cause::ReadAgain).needed_median_s(), Some(380.0), "since 20 s");
}

/// By hand: two sessions of a role read one object: under the rule `role` the second finds the key, under
/// `session` it is the first to ask.
#[test]
fn a_session_is_a_requester_only_under_its_rule() {
    let mut lines = vec![put(0, "a", 1), get(1, "a", 2), get(2, "a", 3)];
    lines[2].requester = session("etl", "two");
    let by_role = of_log(&lines, ONE_HOST, "bucket-key-role");
    assert_eq!(by_role["first-read"], 1);
    let by_session = of_log(&lines, ONE_HOST, "bucket-key-session");
    assert_eq!(by_session["first-read"], 2);
}

/// By hand: an object is read two hundred times within the lifetime, through three hosts: the first read, and the first
/// on each of the two others.
#[test]
fn other_hosts_are_told_from_first_reads() {
    let three = ONE_HOST.replace("read_partitions = 1", "read_partitions = 3");
    let mut lines = vec![put(0, "a", 1)];
    lines.extend((0..200).map(|second| get(10 + second, "a", 2 + second)));
    let by_cause = of_log(&lines, &three, "bucket-key-role");
    assert_eq!((by_cause["first-read"], by_cause["read-on-other-host"]), (1, 2));
    assert!(!by_cause.contains_key("read-again"));
}

const RENEWED: &str = r#"
name = "renewed"
duration = "1h"
replications = 1
assumptions = { write_partitions = 1, read_partitions = 1, generation_lifetime = "2h", cache_lifetime = "2h", verify_on_write = 0 }
[[bucket]]
name = "lake"
bucket_keys_since = "always"
[[principal]]
name = "worker"
role = "worker"
session_length = "10min"
[[workload]]
name = "put"
principal = "worker"
bucket = "lake"
arrivals = { periodic = { rate = "1/s" } }
[[workload]]
name = "off"
principal = "worker"
bucket = "lake"
bucket_key = false
arrivals = { periodic = { rate = "1/min" } }
"#;

/// By hand: a key that lives longer than the run is made once, and once more by each session that takes another's
/// place: six or seven sessions in an hour. Sixty writes switch bucket keys off.
#[test]
fn a_new_session_makes_a_new_key() {
    let scenario = Scenario::parse(RENEWED).unwrap();
    let by_session = causes(&scenario, "bucket-key-session");
    let results = Results::of(&scenario, &|_| ());
    let made = results.assumed("bucket-key-session").bucket_keys_generated;
    assert!((6.0..=7.0).contains(&made), "{made}");
    let expected = [
        ("first-write", 1),
        ("write-in-new-session", made as u64 - 1),
        ("written-without-key", 60),
    ];
    assert_eq!(by_session, BTreeMap::from(expected));
    let by_role = causes(&scenario, "bucket-key-role");
    assert_eq!(by_role, BTreeMap::from([("first-write", 1), ("written-without-key", 60)]));
}

/// Calls by API, summed over replications, of each configuration and level.
fn assert_causes_add_up(scenario: &Scenario) {
    let results = Results::of(scenario, &|_| ());
    for (index, configuration) in scenario.configurations.iter().enumerate() {
        for level in Level::ALL {
            let causes = Causes::of(scenario, index, level, &|_| ()).calls();
            let rows = results
                .replications
                .iter()
                .filter(|row| row.configuration == configuration.name && row.assumption == level);
            let (mut made, mut decrypt, mut encrypt) = (0, 0, 0);
            for row in rows {
                made += row.generate_data_key;
                decrypt += row.decrypt;
                encrypt += row.encrypt;
            }
            let what = format!("{}, {} at {}", scenario.name, configuration.name, level.name());
            assert_eq!(
                (causes.generate_data_key, causes.decrypt, causes.encrypt),
                (made, decrypt, encrypt),
                "{what}"
            );
        }
    }
}

/// Every shipped scenario that is drawn request by request in a moment: the causes are all calls, and no others.
#[test]
fn causes_add_up_to_the_calls_of_a_simulation() {
    const REQUESTS_MAX: f64 = 120_000.0;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.extension().is_none_or(|it| it != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let changes = ["engine=events", "replications=2", "assertions=[]"];
        let changes: Vec<Override> = changes.map(|it| Override::parse(it).unwrap()).into();
        let read = |more: &[&str]| {
            let more = more.iter().map(|it| Override::parse(it).unwrap());
            let all: Vec<Override> = changes.iter().cloned().chain(more).collect();
            Scenario::read(&text, "scenario", &all, &|_| unreachable!())
        };
        let whole = read(&[]).unwrap();
        let short = ["duration=20min", "warm_up=5min"];
        let scenario =
            if whole.expected_requests() > REQUESTS_MAX { read(&short) } else { Ok(whole) };
        let Ok(scenario) = scenario else { continue };
        if scenario.expected_requests() <= REQUESTS_MAX {
            assert_causes_add_up(&scenario);
            names.push(scenario.name);
        }
    }
    assert!(names.len() >= 12, "{names:?}");
}

const READ_BACK: &str = r#"
name = "read-back"
duration = "40min"
warm_up = "5min"
replications = 2
[[bucket]]
name = "lake"
bucket_keys_since = "-1d"
[[principal]]
name = "writer"
role = "writer"
[[principal]]
name = "reader"
role = "reader"
sessions = 3
session_length = "15min"
[[population]]
name = "old"
bucket = "lake"
objects = 500
age = { uniform = { to = "2d" } }
[[workload]]
name = "put"
principal = "writer"
bucket = "lake"
client = "pyarrow"
object_size = "30MiB"
arrivals = { poisson = { rate = "0.1/s" } }
[[workload]]
name = "get"
principal = "reader"
bucket = "lake"
arrivals = { poisson = { rate = "1/s" } }
read = { from = ["old", "put"], pattern = { by-age = { exponential = { mean = "20min" } } } }
"#;

fn json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&done(folder, arguments)).unwrap()
}

/// The calls of each configuration as assumed, as two documents tell them.
fn assert_same_calls(explained: &Value, run: &Value) {
    for one in explained["configurations"].as_array().unwrap() {
        let mut rows = run["summary"].as_array().unwrap().iter();
        let row = rows.find(|row| {
            row["configuration"] == one["configuration"] && row["assumption"] == "assumed"
        });
        assert_eq!(one["kms_requests"], row.unwrap()["kms_requests"], "{}", one["configuration"]);
        let sum: f64 = one["causes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["kms_requests"].as_f64().unwrap())
            .sum();
        assert!((sum - one["kms_requests"].as_f64().unwrap()).abs() < 1e-6);
        let shares: f64 =
            one["causes"].as_array().unwrap().iter().map(|it| it["share"].as_f64().unwrap()).sum();
        assert!((shares - 1.0).abs() < 1e-9 || shares.abs() < 1e-9, "{shares}");
    }
}

#[test]
fn a_scenario_and_its_log_are_explained_as_they_are_simulated_and_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("read-back.toml"), READ_BACK).unwrap();
    let explained = json(folder, &["explain", "read-back.toml", "--format", "json"]);
    let run = json(folder, &["simulate", "read-back.toml", "--format", "json", "-o", "run"]);
    assert_same_calls(&explained, &run);
    assert_eq!(explained["as_simulated"], true);
    done(folder, &["export", "read-back.toml", "--out", "read-back.log"]);
    let more = ["--set", "replications=2", "--format", "json", "-o", "replayed"];
    let explained = json(folder, &[&["explain", "read-back.log"][..], &more].concat());
    let run = json(folder, &[&["replay", "read-back.log"][..], &more, &["--overwrite"]].concat());
    assert_same_calls(&explained, &run);
}

/// The needs of requests that a selector picks.
fn picked(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["explain"][..], arguments, &["--format", "json"]].concat();
    json(folder, &arguments)["requests"].as_array().unwrap().clone()
}

#[test]
fn requests_of_a_log_are_explained_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("six.log"), text(&six_requests())).unwrap();
    fs::write(folder.join("one-host.toml"), ONE_HOST).unwrap();
    let settings = ["six.log", "--scenario", "one-host.toml", "--configuration", "bucket-key-role"];
    let needs = picked(folder, &[&settings[..], &["--object", "a"]].concat());
    // A write and its verification, and three reads.
    let causes: Vec<Option<&str>> = needs.iter().map(|need| need["cause"].as_str()).collect();
    let read_again = Some("read-again");
    assert_eq!(
        causes,
        [Some("first-write"), Some("verification"), Some("first-read"), None, read_again]
    );
    assert!(needs.iter().all(|need| need["object"] == "a" && need["bucket"] == "lake"));
    let held = &needs[3];
    assert_eq!((&held["held_since_s"], &held["held_until_s"]), (&10.0.into(), &310.0.into()));
    assert_eq!(held["kms_requests"], 0);
    let again = &needs[4];
    assert_eq!(again["lifetime_needed_s"], 390.0);
    assert_eq!(again["made_s"], 0.0);
    assert!(again["made_by"].as_str().unwrap().ends_with(":role/etl"), "{again}");
    assert!(needs.iter().all(|need| need["bucket_key"] == again["bucket_key"]), "one key wraps it");
    let one = picked(folder, &[&settings[..], &["--request", "0000000000000005"]].concat());
    assert_eq!((one.len(), &one[0]["cause"]), (1, &"object-without-key".into()));
    let at = picked(folder, &[&settings[..], &["--at", "2026-11-23T00:06:40Z"]].concat());
    assert_eq!(at.len(), 4, "two reads, a write and its verification");
    let by = picked(folder, &[&settings[..], &["--requester", "etl", "--limit", "2"]].concat());
    assert_eq!(by.len(), 3, "a write and its verification, and a read");
    let table = done(folder, &[&["explain"][..], &settings, &["--object", "a"]].concat());
    for part in [
        "4 requests, 4 KMS requests",
        "no call: held since 10s until 5min 10s",
        "a lifetime of more than 6min 30s would have saved it",
        "made at 0s by `arn:aws:iam::111122223333:role/etl`",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let error = fails(folder, 2, &[&["explain"][..], &settings, &["--object", "z"]].concat());
    assert!(error.contains("error: --object: `z` has no request in this run"), "{error}");
    let error = fails(folder, 2, &[&["explain"][..], &settings, &["--requester", "etk"]].concat());
    assert!(error.contains("--requester: `etk`") && error.contains("etl`"), "{error}");
}

/// Where KMS's events stand for requests, an object is found by the ARN that they name.
#[test]
fn requests_known_by_kms_events_are_explained_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("read-back.toml"), READ_BACK).unwrap();
    let trail = ["--configuration", "sse-kms", "--format", "cloudtrail", "--out", "trail.json"];
    done(folder, &[&["export", "read-back.toml"][..], &trail].concat());
    let trail = fs::read_to_string(folder.join("trail.json")).unwrap();
    let mut trail: Value = serde_json::from_str(&trail).unwrap();
    let events = trail["Records"].as_array_mut().unwrap();
    events.retain(|event| event["eventSource"] == "kms.amazonaws.com");
    let arn = &events[0]["requestParameters"]["encryptionContext"]["aws:s3:arn"];
    let key = arn.as_str().unwrap().strip_prefix("arn:aws:s3:::lake/").unwrap().to_owned();
    fs::write(folder.join("kms.json"), trail.to_string()).unwrap();
    let needs = picked(folder, &["kms.json", "--object", &key]);
    assert!(!needs.is_empty() && needs.iter().all(|need| need["object"] == key.as_str()));
}

#[test]
fn requests_of_a_scenario_are_explained_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("read-back.toml"), READ_BACK).unwrap();
    let first = picked(folder, &["read-back.toml", "--request", "0"]);
    assert_eq!(first[0]["request"], 0);
    let writer = picked(folder, &["read-back.toml", "--requester", "writer", "--limit", "5"]);
    let numbers: std::collections::BTreeSet<u64> =
        writer.iter().map(|need| need["request"].as_u64().unwrap()).collect();
    assert_eq!(numbers.len(), 5);
    let object = writer[0]["object"].as_str().unwrap().to_owned();
    let of_object = picked(folder, &["read-back.toml", "--object", &object]);
    assert!(of_object.iter().all(|need| need["object"] == object.as_str()));
    // A second in which something is asked, and what is asked then.
    let second = writer[0]["time_s"].as_f64().unwrap().floor();
    let at = format!("{second}s");
    let at = picked(folder, &["read-back.toml", "--at", &at, "--limit", "1000"]);
    assert!(at.contains(&writer[0]));
    let within = second..second + 1.0;
    assert!(at.iter().all(|need| within.contains(&need["time_s"].as_f64().unwrap())));
    let error = fails(folder, 2, &["explain", "read-back.toml", "--at", "noon"]);
    assert!(error.contains("`noon`") && error.contains("--at"), "{error}");
    let error = fails(folder, 2, &["explain", "read-back.toml", "--request", "A1"]);
    assert!(error.contains("`A1` is not the number of a request"), "{error}");
}

#[test]
fn what_is_too_much_to_look_at_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = READ_BACK.replace("rate = \"1/s\"", "rate = \"100M/s\"");
    fs::write(folder.path().join("huge.toml"), text).unwrap();
    let error = fails(folder.path(), 2, &["explain", "huge.toml"]);
    assert!(
        error.contains("every request is looked at") && error.contains("--set duration=1h"),
        "{error}"
    );
}

#[test]
fn threads_change_no_byte_of_the_causes() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("read-back.toml"), READ_BACK).unwrap();
    for (jobs, out) in [("1", "one"), ("3", "three")] {
        done(folder.path(), &["explain", "read-back.toml", "-j", jobs, "--out", out, "-q"]);
    }
    for file in ["causes.csv", "causes.json"] {
        let [one, three] =
            ["one", "three"].map(|out| fs::read(folder.path().join(out).join(file)).unwrap());
        assert!(one == three, "{file}");
    }
}

/// Keys of a log as it has them, encoded or not; several selectors at once; and requests that are picked otherwise
/// have their objects' keys, too.
#[test]
fn objects_of_a_log_have_the_keys_that_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let log = text(&six_requests()).replace(" a ", " a%2520b%252Fc ");
    assert!(log.contains("a%2520b"));
    fs::write(folder.join("six.log"), &log).unwrap();
    // In two files the same is found: they are read side by side.
    let half = log.lines().count() / 2;
    fs::create_dir(folder.join("parts")).unwrap();
    for (name, lines) in [("1.log", 0..half), ("2.log", half..usize::MAX)] {
        let part: Vec<&str> =
            log.lines().enumerate().filter(|it| lines.contains(&it.0)).map(|it| it.1).collect();
        fs::write(folder.join("parts").join(name), part.join("\n") + "\n").unwrap();
    }
    fs::write(folder.join("one-host.toml"), ONE_HOST).unwrap();
    let of = |log: &str, more: &[&str]| {
        let settings = ["--scenario", "one-host.toml", "--configuration", "bucket-key-role"];
        picked(folder, &[&[log][..], &settings, more].concat())
    };
    let plain = of("six.log", &["--object", "a b/c"]);
    assert_eq!(plain.len(), 5);
    // S3's own encoding is undone, a client's is the key's.
    let key = "a%20b%2Fc";
    assert!(plain.iter().all(|need| need["object"] == key), "{plain:?}");
    for spelling in ["a%20b/c", key, "a%2520b%252Fc"] {
        assert_eq!(of("six.log", &["--object", spelling]), plain, "{spelling}");
    }
    assert_eq!(of("parts", &["--object", "a b/c"]), plain);
    let at = of("six.log", &["--at", "2026-11-23T00:06:40Z"]);
    assert!(at.iter().any(|need| need["object"] == key), "{at:?}");
    assert!(at.iter().all(|need| need["object"].is_string()), "{at:?}");
    let both = of("six.log", &["--at", "2026-11-23T00:06:40Z", "--object", "a b/c"]);
    let expected: Vec<&Value> = at.iter().filter(|need| need["object"] == key).collect();
    assert_eq!(both.iter().collect::<Vec<_>>(), expected);
    let by = of("six.log", &["--requester", "etl", "--object", "a b/c"]);
    let expected: Vec<&Value> = plain
        .iter()
        .filter(|need| need["requester"].as_str().unwrap().ends_with(":role/etl"))
        .collect();
    assert!(expected.len() > 1 && by.iter().collect::<Vec<_>>() == expected, "{by:?}");
    let error = fails(folder, 2, &["explain", "six.log", "--requester", "etl", "--out", "picked"]);
    assert!(error.contains("printed, not written") && !folder.join("picked").exists(), "{error}");
    let nobody = ["explain", "six.log", "--requester", "etl", "--at", "2026-11-22T00:00:00Z"];
    let error = fails(folder, 2, &nobody);
    assert!(
        error.contains("no request of this run is of `etl` and `2026-11-22T00:00:00Z`"),
        "{error}"
    );
    // The causes as a page and as Markdown, with the table's rows.
    done(folder, &["explain", "six.log", "--scenario", "one-host.toml", "--out", "why"]);
    let page = fs::read_to_string(folder.join("why/causes.html")).unwrap();
    let markdown = fs::read_to_string(folder.join("why/causes.md")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("why KMS is called"));
    let rows = fs::read_to_string(folder.join("why/causes.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(rows.as_bytes());
    let titled = reader.headers().unwrap().iter().position(|name| name == "title").unwrap();
    for row in reader.records() {
        let title = &row.unwrap()[titled];
        assert!(page.contains(title) && markdown.contains(title), "{title}");
    }
}
