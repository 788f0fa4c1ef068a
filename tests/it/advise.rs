//! `bks advise`: savings by hand, the order of steps, and that each printed command makes the advised figures
//! again.

use std::fs;
use std::path::Path;

use bks::advice::{Advice, AdviceEffect, Advised, Question};
use bks::scenario::Scenario;
use bks::units::Usd;
use serde_json::Value;

use crate::support::command::{done, fails};
use crate::support::shell::words;

/// Dollars a KMS request and a PUT request cost in us-east-1.
const KMS: f64 = 3e-6;
const PUT: f64 = 5e-6;

/// Two roles of one account write for an hour, one a second each; half the requests of `orders` carry each of
/// two policies. Everything is known, so every figure can be counted by hand.
const WRITERS: &str = r#"
name = "writers"
duration = "1h"
replications = 1
assertions = ["saving >= 0.1"]
billing = { free_tier = false, period = "1h" }
assumptions = { write_partitions = 1, read_partitions = 1, generation_lifetime = "5min", cache_lifetime = "5min", verify_on_write = 1 }
[[bucket]]
name = "lake"
key = "aws/s3"
bucket_keys_since = "always"
[[principal]]
name = "orders"
role = "orders"
POLICIES
[[principal]]
name = "invoices"
role = "invoices"
[[workload]]
name = "put-orders"
principal = "orders"
bucket = "lake"
arrivals = { periodic = { rate = "1/s" } }
[[workload]]
name = "put-invoices"
principal = "invoices"
bucket = "lake"
HEADER
arrivals = { periodic = { rate = "1/s" } }
"#;

fn writers(policies: &str, header: &str) -> Scenario {
    Scenario::parse(&WRITERS.replace("POLICIES", policies).replace("HEADER", header)).unwrap()
}

fn advise(scenario: &Scenario) -> Advice {
    let question = Question { configuration: None, check: &|_| Ok(()) };
    Advice::of(scenario, &question, &|_| ()).unwrap()
}

fn advised<'a>(advice: &'a Advice, name: &str) -> &'a Advised {
    let found = advice.list.iter().find(|it| it.change.name == name);
    found.unwrap_or_else(|| panic!("no `{name}`: {:?}", advice.left_out))
}

fn assert_usd(amount: Usd, expected: f64, what: &str) {
    assert!((amount.as_f64() - expected).abs() < 1e-9, "{what}: {amount} and not {expected}");
}

/// By hand: 7,200 calls; with keys, of two roles a key every five minutes with its verification: 48 calls; of one
/// role 24. A tenth of the objects: 720 PUTs and calls, and as many keys as before.
#[test]
fn what_two_writers_save_is_counted_by_hand() {
    let advice = advise(&writers("", ""));
    assert_usd(advice.bill, 7_200.0 * (KMS + PUT), "now");
    let keys = advised(&advice, "bucket-keys");
    assert_usd(keys.alone.assumed, (7_200.0 - 48.0) * KMS, "keys");
    assert_eq!(keys.beyond, None);
    assert_eq!((keys.alone.low, keys.alone.high), (keys.alone.assumed, keys.alone.assumed));
    let one_role = advised(&advice, "one-role");
    assert_usd(one_role.alone.assumed, 0.0, "a role without keys");
    assert_usd(one_role.beyond.unwrap().assumed, 24.0 * KMS, "a role beside keys");
    assert_eq!(one_role.effect, AdviceEffect::DoesNotMatter, "24 calls of 57,600 $ millionths");
    let larger = advised(&advice, "larger-objects");
    assert_usd(larger.alone.assumed, 6_480.0 * (KMS + PUT), "larger objects");
    assert_usd(larger.beyond.unwrap().assumed, 6_480.0 * PUT, "larger objects beside keys");
    let sse_s3 = advised(&advice, "sse-s3");
    assert_usd(sse_s3.alone.assumed, 7_200.0 * KMS, "SSE-S3");
    assert_usd(sse_s3.beyond.unwrap().assumed, 48.0 * KMS, "SSE-S3 beside keys");
    let order: Vec<&str> =
        advice.order.iter().map(|step| advice.list[step.advised].kind.name).collect();
    assert_eq!(order, ["bucket-keys", "larger-objects"]);
    assert_usd(advice.bill_after(), 48.0 * KMS + 720.0 * PUT, "in the end");
    assert_usd(advice.order[1].so_far.assumed, 7_152.0 * KMS + 6_480.0 * PUT, "together");
    for name in
        ["migrate-all", "no-scoping-policies", "longer-sessions", "share-sessions", "no-opt-out"]
    {
        let left_out = advice.left_out.iter().find(|it| it.name == name);
        assert!(left_out.is_some_and(|it| !it.why.is_empty()), "{name}");
    }
}

/// By hand: 40 sessions under 40 policies send a request every 40 s each, so each of 40 policies has a key of its own
/// every 5 min (at 0, 320, 640 s, as its requests come every 40 s: 12 in an hour, 11.25 rounded up); four
/// policies every 300 s.
#[test]
fn scoping_policies_are_counted_by_hand() {
    let advice = advise(&writers("sessions = 40\nsession_policies = 40", ""));
    let orders = |policies: f64, every_s: f64| 2.0 * policies * (3_600.0 / every_s).ceil();
    let keys = advised(&advice, "bucket-keys");
    assert_usd(keys.alone.assumed, (7_200.0 - 24.0 - orders(40.0, 320.0)) * KMS, "keys");
    let dropped = advised(&advice, "no-scoping-policies").beyond.unwrap();
    assert_usd(dropped.assumed, (orders(40.0, 320.0) - 24.0) * KMS, "dropped");
    let widened = advised(&advice, "wider-scoping-policies").beyond.unwrap();
    assert_usd(widened.assumed, (orders(40.0, 320.0) - orders(4.0, 300.0)) * KMS, "widened");
    let order: Vec<&str> =
        advice.order.iter().map(|step| advice.list[step.advised].kind.name).collect();
    assert!(
        !order.contains(&"wider-scoping-policies"),
        "what is dropped is not widened: {order:?}"
    );
}

/// By hand: `put-invoices` switches bucket keys off: its 3,600 calls stay until the header goes.
#[test]
fn a_header_that_switches_keys_off_is_found() {
    let advice = advise(&writers("", "bucket_key = false"));
    let header = advised(&advice, "no-opt-out");
    assert_usd(header.alone.assumed, 0.0, "without keys");
    assert_usd(header.beyond.unwrap().assumed, (3_600.0 - 24.0) * KMS, "beside keys");
    let steps: Vec<f64> = advice.order.iter().map(|step| step.saving.assumed.as_f64()).collect();
    assert!((steps[0] - 3_576.0 * KMS).abs() < 1e-9, "{steps:?}");
}

const FULL: &str = r#"
name = "full"
duration = "2h"
replications = 2
headline = "moved"
assertions = ["saving >= 0.9"]
billing = { free_tier = false }
[[bucket]]
name = "archive.2026"
bucket_keys_since = "0s"
[[principal]]
name = "backup"
role = "backup"
[[principal]]
name = "web"
role = "web"
sessions = 12
session_policies = 12
session_length = "1h"
connections = "fresh"
[[population]]
name = "two years"
bucket = "archive.2026"
objects = 20000
age = { uniform = { to = "730d" } }
[[population]]
name = "hot"
bucket = "archive.2026"
objects = 100
age = { uniform = { to = "60d" } }
[[workload]]
name = "uploads"
principal = "backup"
bucket = "archive.2026"
arrivals = { poisson = { rate = "0.2/s" } }
[[workload]]
name = "downloads"
principal = "web"
bucket = "archive.2026"
client = "spark"
arrivals = { poisson = { rate = "0.3/s" } }
read = { from = ["two years"], pattern = "uniform" }
[[workload]]
name = "hot-reads"
principal = "web"
bucket = "archive.2026"
arrivals = { poisson = { rate = "1/s" } }
read = { from = ["hot"], pattern = "uniform" }
[[configuration]]
name = "sse-kms"
encryption = "sse-kms"
[[configuration]]
name = "keys"
encryption = "sse-kms-bucket-key"
requester_rule = "session"
[[configuration]]
name = "moved"
encryption = "sse-kms-bucket-key"
requester_rule = "session"
migrated = true
"#;

/// The row of a configuration as assumed, in a run's document.
fn row<'a>(document: &'a Value, configuration: &str) -> &'a Value {
    let mut rows = document["summary"].as_array().unwrap().iter();
    let found =
        rows.find(|row| row["configuration"] == configuration && row["assumption"] == "assumed");
    found.unwrap()
}

/// Counterfactuals a printed command in `folder` and gives its document.
fn run_again(folder: &Path, command: &str) -> Value {
    let words = words(command.strip_prefix("bks ").expect("a command of bks"));
    let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
    arguments.extend(["--format", "json", "--out", "again", "--overwrite", "--quiet"]);
    serde_json::from_str(&done(folder, &arguments)).unwrap()
}

/// Each piece of advice, run again by its command: the very bills whose differences are the savings.
fn assert_commands_make_the_figures_again(folder: &Path, document: &Value) -> usize {
    let [now, keys] = ["now", "configuration"].map(|it| document[it].as_str().unwrap());
    let pieces = document["advice"].as_array().unwrap();
    let turned_on = pieces.iter().find(|it| it["advice"] == "bucket-keys").unwrap();
    let before = run_again(folder, turned_on["command"].as_str().unwrap());
    assert_eq!(row(&before, now)["total_cost_usd"], document["total_cost_usd"]);
    for advised in pieces {
        let name = advised["advice"].as_str().unwrap();
        let after = run_again(folder, advised["command"].as_str().unwrap());
        let bill = |run: &Value, configuration: &str| {
            row(run, configuration)["total_cost_usd"].as_f64().unwrap()
        };
        assert_eq!(row(&after, keys)["total_cost_usd"], advised["total_cost_usd"], "{name}");
        let alone = match name {
            "bucket-keys" | "sse-s3" => bill(&before, now) - bill(&after, keys),
            _ => bill(&before, now) - bill(&after, now),
        };
        let difference = (alone - advised["saving_usd"].as_f64().unwrap()).abs();
        assert!(difference < 1e-9, "{name}: {difference}");
        if let Some(beyond) = advised["beyond_keys_usd"].as_f64() {
            let difference = (bill(&before, keys) - bill(&after, keys) - beyond).abs();
            assert!(difference < 1e-9, "{name}: {difference}");
        }
    }
    let together = run_again(folder, document["command"].as_str().unwrap());
    let last = document["order"].as_array().unwrap().last().unwrap();
    assert_eq!(row(&together, keys)["total_cost_usd"], last["total_cost_usd"]);
    pieces.len()
}

#[test]
fn the_commands_of_a_scenario_make_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("full bucket.toml"), FULL).unwrap();
    let arguments =
        ["advise", "full bucket.toml", "--set", "duration=1h", "--seed", "9", "--format", "json"];
    let document: Value = serde_json::from_str(&done(folder.path(), &arguments)).unwrap();
    assert_eq!(document["configuration"], "keys", "a migration is advised, and not begun with");
    let names: Vec<&str> = document["advice"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["advice"].as_str().unwrap())
        .collect();
    for name in [
        "bucket-keys",
        "share-sessions",
        "longer-sessions",
        "fewer-connections",
        "no-scoping-policies",
        "wider-scoping-policies",
        "migrate-all",
        "migrate-part:two years",
        "migrate-part:hot",
        "migrate-young",
        "larger-objects",
        "other-client",
        "sse-s3",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let tried = assert_commands_make_the_figures_again(folder.path(), &document);
    assert_eq!(tried, names.len());
    let order = document["order"].as_array().unwrap();
    let moved = order.iter().filter(|it| it["advice"].as_str().unwrap().starts_with("migrate"));
    assert!(moved.count() <= 1, "of migrations one is done");
}

#[test]
fn the_commands_of_a_log_make_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("full.toml"), FULL).unwrap();
    done(folder.path(), &["export", "full.toml", "--set", "duration=1h", "--out", "full.log"]);
    let document =
        done(folder.path(), &["advise", "full.log", "--format", "json", "--replications", "2"]);
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["configuration"], "bucket-key-role");
    let names: Vec<&str> = document["advice"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["advice"].as_str().unwrap())
        .collect();
    for name in ["bucket-keys", "migrate-all", "sse-s3"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    assert_commands_make_the_figures_again(folder.path(), &document);
    let left_out = document["left_out"].as_array().unwrap();
    for name in ["other-client", "larger-objects", "one-role", "migrate-young"] {
        let it = left_out.iter().find(|it| it["advice"] == name).unwrap();
        assert!(it["why"].as_str().unwrap().contains("log"), "{it}");
    }
}

#[test]
fn threads_change_no_byte_and_every_format_has_the_steps() {
    let folder = tempfile::tempdir().unwrap();
    let text = WRITERS.replace("POLICIES", "").replace("HEADER", "");
    fs::write(folder.path().join("writers.toml"), text).unwrap();
    for (jobs, out) in [("1", "one"), ("3", "three")] {
        done(folder.path(), &["advise", "writers.toml", "-j", jobs, "--out", out, "-q"]);
    }
    for file in ["advice.csv", "advice.json", "advice.md", "advice.html"] {
        let [one, three] =
            ["one", "three"].map(|out| fs::read(folder.path().join(out).join(file)).unwrap());
        assert!(one == three, "{file}");
        let text = String::from_utf8(one).unwrap();
        assert!(text.contains("turn bucket keys on") && text.contains("compaction"), "{file}");
    }
    let table = done(folder.path(), &["advise", "writers.toml", "--out", "one"]);
    for part in [
        "first turn bucket keys on, which saves $0.02",
        "It does not matter",
        "let all roles",
        "bks simulate writers.toml",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
}

#[test]
fn without_bucket_keys_to_advise_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let text = WRITERS
        .replace("POLICIES", "")
        .replace("HEADER", "")
        .replace("assertions = [\"saving >= 0.1\"]", "");
    let text = format!("{text}\n[[configuration]]\nname = \"plain\"\nencryption = \"sse-kms\"\n");
    fs::write(folder.path().join("plain.toml"), text).unwrap();
    let error = fails(folder.path(), 2, &["advise", "plain.toml"]);
    assert!(
        error.contains("no configuration uses bucket keys") && error.contains("hint: "),
        "{error}"
    );
    let error = fails(folder.path(), 2, &["advise", "plain.toml", "--configuration", "plain"]);
    assert!(error.contains("--configuration: `plain` does not use bucket keys"), "{error}");
}
