//! Everything that bks writes as JSON keeps to the schema that `bks schema` prints of it, and nothing else does.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::command::{bks, done, fails, text};
use crate::support::json_schema::faults;

/// Two hours of two roles, objects from before, an assertion and an audit by object: every table has rows.
pub(crate) const SCENARIO: &str = r#"
name = "tiny"
question = "What does it take?"
duration = "2h"
replications = 2
seed = 7
assertions = ["saving >= 1%"]
[billing]
object_audit = true
[[bucket]]
name = "lake"
[[principal]]
name = "writer"
role = "etl"
sessions = 2
[[principal]]
name = "reader"
role = "query"
[[workload]]
name = "put"
principal = "writer"
bucket = "lake"
arrivals = { poisson = { rate = "0.2/s" } }
[[workload]]
name = "get"
principal = "reader"
bucket = "lake"
arrivals = { poisson = { rate = "0.2/s" } }
mix = { read = 1 }
read = { from = ["put"], pattern = { by-age = { exponential = { mean = "10min" } } } }
[[population]]
name = "old"
bucket = "lake"
objects = 1000
age = { fixed = "30d" }
"#;

/// A folder with the scenario in `it.toml`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("it.toml"), SCENARIO).unwrap();
    folder
}

fn schema(kind: &str) -> Value {
    serde_json::from_str(&done(Path::new("."), &["schema", kind])).unwrap()
}

/// The JSON that a command prints, whether or not a condition is met.
fn printed(folder: &Path, arguments: &[&str]) -> Value {
    let output = bks(folder, &[arguments, &["--quiet"]].concat());
    let said = text(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

/// A document of each kind that a command makes fast, most of them twice: printed and as a file.
fn documents(folder: &Path) -> Vec<(&'static str, Value)> {
    let run = ["simulate", "it.toml", "--format", "json", "--out", "run"];
    let simulated = printed(folder, &[&run[..], &["--known-calls", "1e8/month"]].concat());
    fs::write(folder.join("other.toml"), SCENARIO.replace("tiny", "other")).unwrap();
    let two = ["simulate", "it.toml", "other.toml", "--format", "json", "--out", "two"];
    let compare =
        ["compare", "it.toml", "--format", "json", "--out", "compared", "--fail-if", "saving<1"];
    // Of ten minutes and few requesters: of more the search for break-even values takes long.
    let sensitivity = "sensitivity it.toml --samples=64 --target=50% --target=quota_share_max<0.1% \
                       --set=duration=10min --over=requesters=1..4 --format=json --out=run";
    let sensitivity: Vec<&str> = sensitivity.split_whitespace().collect();
    let sweep =
        ["sweep", "it.toml", "--set", "lifetime=1min,5min", "--format", "json", "--out", "swept"];
    done(folder, &sweep);
    done(
        folder,
        &["sweep", "it.toml", "--set", "lifetime=1min,5min", "--shard", "1/2", "--out", "part"],
    );
    let line = fs::read_to_string(folder.join("swept/sweep.jsonl")).unwrap();
    let explain = ["explain", "it.toml", "--format", "json", "--out", "explained"];
    done(folder, &["export", "it.toml", "--format", "cloudtrail", "--out", "trail.json"]);
    let experiment = "experiment --truths 1 --time 15min --format json --out measured";
    let experiment: Vec<&str> = experiment.split(' ').collect();
    let migrate = ["migrate", "it.toml", "--format", "json", "--out", "migrated"];
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/lint/broken");
    let inventory = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/inventory/example-source-bucket/cfg/2026-11-20T01-00Z/manifest.json"
    );
    let bill = "line_item_usage_start_date,line_item_usage_end_date,line_item_product_code,line_item_usage_type,\
                line_item_operation,line_item_usage_amount,line_item_resource_id\n\
                2026-01-01T00:00:00Z,2026-01-01T01:00:00Z,awskms,USE1-KMS-Requests,Decrypt,1500,\n";
    fs::write(folder.join("cur.csv"), bill).unwrap();
    vec![
        ("results", simulated),
        ("results", printed(folder, &two)),
        ("result-file", read(folder, "run/result.json")),
        (
            "results",
            printed(folder, &["replay", "trail.json", "--out", "replayed", "--format", "json"]),
        ),
        ("result-file", read(folder, "replayed/result.json")),
        ("comparison", printed(folder, &compare)),
        ("comparison", read(folder, "compared/comparison.json")),
        ("sensitivity", printed(folder, &sensitivity)),
        ("sensitivity-file", read(folder, "run/sensitivity.json")),
        ("sweep", read(folder, "swept/sweep.json")),
        ("sweep", read(folder, "part/sweep.json")),
        ("sweep-line", serde_json::from_str(line.lines().next().unwrap()).unwrap()),
        ("advice", printed(folder, &["advise", "it.toml", "--format", "json", "--out", "run"])),
        ("advice", read(folder, "run/advice.json")),
        ("causes", printed(folder, &explain)),
        ("causes", read(folder, "explained/causes.json")),
        (
            "requests",
            printed(folder, &["explain", "it.toml", "--requester", "reader", "--format", "json"]),
        ),
        (
            "requests",
            printed(folder, &["explain", "it.toml", "--requester", "writer", "--format", "json"]),
        ),
        ("lint", printed(folder, &["lint", policies, "--format", "json"])),
        ("migration", printed(folder, &migrate)),
        ("migration-file", read(folder, "migrated/migration.json")),
        ("migration", printed(folder, &["migrate", inventory, "--format", "json", "--out", "m"])),
        ("inventory", printed(folder, &["inventory", inventory, "--format", "json"])),
        ("reconciliation", printed(folder, &["reconcile", "trail.json", "--format", "json"])),
        (
            "reconciliation",
            printed(folder, &["reconcile", "trail.json", "--bill", "cur.csv", "--format", "json"]),
        ),
        ("experiment", printed(folder, &experiment)),
        ("experiment-file", read(folder, "measured/experiment.json")),
        ("calibration", printed(folder, &["calibrate", "trail.json", "--format", "json"])),
    ]
}

/// Scenarios are TOML, and read by what their schema is derived from.
const ELSEWHERE: [&str; 1] = ["scenario"];

#[test]
fn every_document_keeps_to_its_schema_and_no_other_does() {
    let folder = folder();
    let documents = documents(folder.path());
    for (kind, document) in &documents {
        let schema = schema(kind);
        assert_eq!(faults(&schema, document), Vec::<String>::new(), "{kind}");
        let short = with_one_row(document);
        assert_eq!(faults(&schema, &short), Vec::<String>::new(), "{kind}");
        let mut members = 0;
        for place in objects(&short) {
            let mut with_more = short.clone();
            with_more.pointer_mut(&place).unwrap()["surplus_key"] = json!({});
            assert!(!faults(&schema, &with_more).is_empty(), "{kind}{place} takes any key");
            for key in short.pointer(&place).unwrap().as_object().unwrap().keys() {
                let mut with_other = short.clone();
                with_other.pointer_mut(&place).unwrap()[key] = json!([[[]]]);
                assert!(!faults(&schema, &with_other).is_empty(), "{kind}{place}/{key}");
                members += 1;
            }
        }
        assert!(members > 4, "{kind}");
    }
    let list = done(folder.path(), &["schema", "--list"]);
    let listed = list.lines().skip(2).filter_map(|line| line.split_whitespace().next());
    for kind in listed.filter(|kind| !ELSEWHERE.contains(kind)) {
        assert!(documents.iter().any(|(known, _)| *known == kind), "`{kind}` is not checked");
    }
}

/// The same with one row of each table.
fn with_one_row(document: &Value) -> Value {
    match document {
        Value::Object(members) => {
            members.iter().map(|(key, member)| (key.clone(), with_one_row(member))).collect()
        }
        Value::Array(items) if items.iter().all(Value::is_object) => {
            items.iter().take(1).map(with_one_row).collect()
        }
        other => other.clone(),
    }
}

/// Places of all objects in a document.
fn objects(document: &Value) -> Vec<String> {
    let mut places = Vec::new();
    add_objects(document, String::new(), &mut places);
    places
}

fn add_objects(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                add_objects(member, format!("{place}/{key}"), places);
            }
            places.push(place);
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                add_objects(item, format!("{place}/{number}"), places);
            }
        }
        _ => {}
    }
}

#[test]
fn every_kind_is_listed_and_others_are_refused() {
    let list = done(Path::new("."), &["schema", "--list"]);
    let mut kinds = 0;
    for line in list.lines().skip(2).filter(|line| !line.trim().is_empty()) {
        let kind = line.split_whitespace().next().unwrap();
        let schema = schema(kind);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{kind}");
        assert!(line.contains("bks "), "{line}");
        kinds += 1;
    }
    assert_eq!(kinds, bks::report::schema::OutputKind::ALL.len());
    assert_eq!(
        schema("scenario"),
        serde_json::from_str::<Value>(&done(Path::new("."), &["schema"])).unwrap()
    );
    let error = fails(Path::new("."), 2, &["schema", "result"]);
    assert!(error.contains("results"), "{error}");
}
