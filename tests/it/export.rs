//! What is exported, read back: a replay of an exported log counts what the run itself counts, and
//! every call stands in the Parquet file and in the trail.

#[allow(dead_code)] // The naive count is for other tests.
use crate::support::command::{code_and_texts, done};
use crate::support::log_lines;
use crate::support::tiny;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bks::encryption::assumption::{Assumptions, Level};
use bks::kms::{KmsApi, KmsCalls};
use bks::logs::access_log;
use bks::recording::gather::LogSelection;
use bks::scenario::Scenario;
use bks::scenario::replay::Settings;
use bks::simulation::events::{Events, each_answer};
use bks::simulation::names::NamedEvents;
use bks::simulation::objects::keep;
use bks::simulation::{Arm, run};
use log_lines::{Line, record, text};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use proptest::prelude::*;

/// The calls that the engine counts.
fn engine(scenario: &Scenario, configuration: usize, assumptions: Assumptions) -> KmsCalls {
    let arm = Arm::of_totals(configuration, assumptions);
    run(scenario, &[arm], 0..1, &|_| ())[0][0].total_calls()
}

/// A run as an access log.
fn exported(scenario: &Scenario, configuration: usize) -> String {
    let assumptions = scenario.configurations[configuration].ranges.at(Level::Assumed);
    let arm = Arm::of_totals(configuration, assumptions);
    let mut log = Vec::new();
    let kept = keep(scenario, 0);
    let requests = NamedEvents::new(scenario, &kept, &arm, 0).outgoing(START_NS);
    access_log::write::write(&mut log, requests).unwrap();
    String::from_utf8(log).unwrap()
}

/// 2026-01-01T00:00:00Z.
const START_NS: i64 = 1_767_225_600_000_000_000;

/// In one place each, so that no draw says what wraps what.
const ONE_PLACE: &str =
    "replications = 1\n[assumptions]\nread_partitions = 1\nwrite_partitions = 1";

fn replayed(log: &str, from: Option<i64>) -> Scenario {
    replayed_with(ONE_PLACE, log, from)
}

fn replayed_with(settings: &str, log: &str, from: Option<i64>) -> Scenario {
    let recording = record(log, LogSelection { from, ..LogSelection::default() }, usize::MAX);
    let file = Some((settings, "settings"));
    Scenario::of_recording(recording, &Settings { file, overrides: &[], unknown_age: None })
        .unwrap()
}

/// The calls of each configuration at the assumed level.
fn all_calls(scenario: &Scenario) -> Vec<KmsCalls> {
    let calls = |configuration: usize| {
        let assumptions = scenario.configurations[configuration].ranges.at(Level::Assumed);
        engine(scenario, configuration, assumptions)
    };
    (0..3).map(calls).collect()
}

proptest! {
    #![proptest_config(tiny::cases(100, 0xE790))]

    /// In order of time, requesters interleaved, the same requests cost what they cost one requester
    /// after the other; and each call is by object or by bucket.
    #[test]
    fn events_cost_what_the_engine_counts(
        text in tiny::scenario(tiny::Limits { only_old: false, directory: true, told: true }),
    ) {
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        for (index, configuration) in scenario.configurations.iter().enumerate() {
            let assumptions = configuration.ranges.at(Level::Assumed);
            let arm = Arm::of_totals(index, assumptions);
            let mut counted = KmsCalls::NONE;
            let mut last = bks::units::SimTime::MIN;
            for event in Events::new(&scenario, &keep(&scenario, 0), &arm, 0) {
                prop_assert!(event.request.time >= last);
                last = event.request.time;
                if last >= scenario.counted_from {
                    counted += event.answer.calls;
                }
            }
            prop_assert_eq!(counted, engine(&scenario, index, assumptions), "{}: {}", index, text);
            let mut one_by_one = KmsCalls::NONE;
            each_answer(&scenario, &arm, 0, |request, answer| {
                if request.time >= scenario.counted_from {
                    one_by_one += answer.calls;
                }
            });
            prop_assert_eq!(one_by_one, counted, "{}: {}", index, text);
        }
    }

    /// Without bucket keys a call is a call, whatever the object: exact for all that a log can tell.
    #[test]
    fn a_replayed_export_costs_the_same_without_bucket_keys(
        text in tiny::scenario(tiny::Limits { only_old: false, directory: false, told: false }),
    ) {
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let assumptions = scenario.configurations[0].ranges.at(Level::Assumed);
        let arm = Arm::of_totals(0, assumptions);
        let all = Events::new(&scenario, &keep(&scenario, 0), &arm, 0).fold(KmsCalls::NONE, |mut all, event| {
            all += event.answer.calls;
            all
        });
        let log = exported(&scenario, 0);
        prop_assume!(!log.is_empty());
        let bks::encryption::needs::MultipartCalls { upload_part, complete, .. } = scenario.multipart;
        let settings = format!(
            "replications = 1\nmultipart = {{ upload_part = {upload_part}, complete = {complete} }}"
        );
        let again = replayed_with(&settings, &log, None);
        let replayed = engine(&again, 0, assumptions);
        prop_assert_eq!(replayed.total(), all.total(), "{}", text);
    }
}

/// Writers of one session each and readers of what they wrote, at whole seconds.
const WHOLE_SECONDS: &str = r#"name = "whole"
duration = "2h"
warm_up = "15min"
replications = 1
[assumptions]
read_partitions = 1
write_partitions = 1
[[bucket]]
name = "lake"
[[principal]]
name = "writer"
role = "writer"
[[principal]]
name = "reader"
role = "reader"
sessions = 4
[[workload]]
name = "write"
principal = "writer"
bucket = "lake"
arrivals = { periodic = { rate = "1/s" } }
[[workload]]
name = "read"
principal = "reader"
bucket = "lake"
arrivals = { periodic = { rate = "0.5/s" } }
read = { from = ["write"], pattern = { just-written = { delay = "600s" } } }
"#;

#[test]
fn a_drawn_run_at_whole_seconds_replays_to_its_own_counts() {
    let scenario = Scenario::parse(WHOLE_SECONDS).unwrap();
    let own = all_calls(&scenario);
    let from = Some(START_NS + 15 * 60 * 1_000_000_000);
    let again = replayed(&exported(&scenario, 1), from);
    assert_eq!(all_calls(&again), own);
    assert!(own[2].get(KmsApi::Decrypt) > 40 && own[0].get(KmsApi::Decrypt) > 3_000, "{own:?}");
}

/// A log of writes, reads, copies and uploads by three sessions of two roles.
fn mixed_log() -> String {
    let mut lines = Vec::new();
    let mut id = 0;
    let mut put = |second: u32, operation: &'static str, key: String, who: (&str, &str)| {
        id += 1;
        let requester = log_lines::session(who.0, who.1);
        lines.push(Line { requester, ..Line::new(second, operation, &key, id) });
    };
    let (a, b, c) = (("etl", "one"), ("etl", "two"), ("query", "three"));
    for step in 0..400_u32 {
        let second = step * 7;
        let (who, other) = if step % 3 == 0 { (a, b) } else { (b, c) };
        put(second, "REST.PUT.OBJECT", format!("k{}", step % 60), who);
        put(second + 3, "REST.GET.OBJECT", format!("k{}", step * 13 % 90), other);
        put(second + 4, "REST.GET.OBJECT_ATTRIBUTES", format!("k{}", step * 5 % 90), c);
        if step % 10 == 0 {
            put(second + 1, "REST.COPY.OBJECT", format!("copy{step}"), c);
            put(second + 1, "REST.COPY.OBJECT_GET", format!("k{}", step % 70), c);
            put(second + 2, "REST.POST.UPLOADS", format!("up{step}"), a);
            put(second + 3, "REST.PUT.PART", format!("up{step}"), a);
            put(second + 4, "REST.POST.UPLOAD", format!("up{step}"), a);
            put(second + 5, "REST.GET.OBJECT", format!("up{step}"), c);
            put(second + 5, "REST.DELETE.OBJECT", format!("up{step}"), c);
        }
    }
    text(&lines)
}

#[test]
fn a_log_replays_to_the_counts_of_its_own_export() {
    let first = replayed(&mixed_log(), None);
    let again = replayed(&exported(&first, 1), None);
    let own = all_calls(&first);
    assert_eq!(all_calls(&again), own);
    assert!(own[1].total() > 100 && own[1].total() < own[0].total(), "{own:?}");
    // An export of the export is the export.
    assert_eq!(exported(&again, 1).lines().count(), exported(&first, 1).lines().count());
}

/// Calls by API, and how many are by object, in a Parquet file, row by row.
fn rows(path: &Path) -> (u64, BTreeMap<&'static str, i64>) {
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let names = ["generate_data_key", "decrypt", "encrypt", "kms_by_object"];
    let mut sums = BTreeMap::new();
    let mut rows = 0;
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        rows += 1;
        let place = |name| row.get_column_iter().position(|(column, _)| column == name).unwrap();
        for name in names {
            *sums.entry(name).or_default() += i64::from(row.get_uint(place(name)).unwrap());
        }
    }
    (rows, sums)
}

/// The same log as Parquet and as a trail has the calls that the engine counts.
#[test]
fn files_hold_the_calls_that_the_engine_counts() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("a.log"), mixed_log()).unwrap();
    fs::write(folder.join("one.toml"), ONE_PLACE).unwrap();
    let scenario = replayed(&mixed_log(), None);
    let own = all_calls(&scenario);
    let export = |form: &str, out: &str, more: &[&str]| {
        let base = [
            "export",
            "a.log",
            "--scenario",
            "one.toml",
            "--format",
            form,
            "--overwrite",
            "--out",
            out,
        ];
        done(folder, &[&base[..], more].concat())
    };
    let names = ["sse-kms", "bucket-key-role", "bucket-key-session"];
    for (name, own) in names.into_iter().zip(&own) {
        export("parquet", "a.parquet", &["--configuration", name]);
        let (_, sums) = rows(&folder.join("a.parquet"));
        for api in [KmsApi::GenerateDataKey, KmsApi::Decrypt, KmsApi::Encrypt] {
            let column = match api {
                KmsApi::GenerateDataKey => "generate_data_key",
                KmsApi::Decrypt => "decrypt",
                KmsApi::Encrypt => "encrypt",
            };
            assert_eq!(sums[column] as u64, own.get(api), "{name} {api}");
        }
        export("cloudtrail", "a.json", &["--configuration", name]);
        let trail = fs::read_to_string(folder.join("a.json")).unwrap();
        let trail: serde_json::Value = serde_json::from_str(&trail).unwrap();
        let events = trail["Records"].as_array().unwrap();
        let kms = events.iter().filter(|event| event["eventSource"] == "kms.amazonaws.com");
        let by_object = kms.clone().filter(|event| {
            let context = &event["requestParameters"]["encryptionContext"];
            context["aws:s3:arn"].as_str().unwrap().contains('/')
        });
        assert_eq!(kms.count() as u64, own.total(), "{name}");
        assert_eq!(by_object.count() as i64, sums["kms_by_object"], "{name}");
    }
}

#[test]
fn scenarios_and_logs_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("whole.toml"), WHOLE_SECONDS).unwrap();
    fs::write(folder.join("a.log"), mixed_log()).unwrap();
    let access_log = ["--format", "access-log", "--overwrite", "--out", "x.log"];
    done(folder, &[&["export", "whole.toml", "--limit", "10"], &access_log[..]].concat());
    assert_eq!(fs::read_to_string(folder.join("x.log")).unwrap().lines().count(), 10);
    for (arguments, why) in [
        (&["whole.toml", "--bucket", "lake"][..], "`--bucket` applies to logs"),
        (&["whole.toml", "--unknown-age", "30d"], "`--unknown-age` applies to logs"),
        (&["a.log", "--bucket", "puddle"], "no request is left"),
        (&["nowhere.log"], "nowhere.log"),
    ] {
        let (code, printed, told) =
            code_and_texts(folder, &[&["export"], arguments, &access_log].concat());
        assert_eq!((code, printed.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn an_export_is_a_function_of_scenario_and_replication_and_may_be_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let drawn = WHOLE_SECONDS.replace("periodic", "poisson").replace("2h", "30min");
    fs::write(folder.join("drawn.toml"), drawn).unwrap();
    let export = |more: &[&str]| {
        done(folder, &[&["export", "drawn.toml", "--overwrite", "--out", "x.log"], more].concat());
        fs::read_to_string(folder.join("x.log")).unwrap()
    };
    let whole = export(&[]);
    assert_eq!(export(&[]), whole);
    assert_ne!(export(&["--replication", "1"]), whole);
    // In its place a shorter one.
    let cut = export(&["--limit", "500"]);
    assert_eq!(cut.lines().count(), 500);
    assert!(whole.starts_with(&cut));
    // The old name of the option.
    assert_eq!(export(&["--form", "access-log", "--limit", "500"]), cut);
}

#[test]
fn what_cannot_be_exported_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("whole.toml"), WHOLE_SECONDS).unwrap();
    fs::create_dir(folder.join("there")).unwrap();
    for (code, more, why) in [
        (
            2,
            &["--out", "x", "--configuration", "bucket-key-sesion"][..],
            "did you mean `bucket-key-session`?",
        ),
        (1, &["--out", "there"], "there: this is a directory"),
        (1, &["--out", "no/x"], "no/x: the file cannot be written"),
    ] {
        let (found, printed, told) =
            code_and_texts(folder, &[&["export", "whole.toml"], more].concat());
        assert_eq!((found, printed.as_str()), (Some(code), ""), "{more:?}");
        assert!(told.contains(why), "{told}");
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), 2);
}
