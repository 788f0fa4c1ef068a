//! The command line as a user meets it: files, formats, messages, exit codes.

use crate::support::command::{bks, bks_with_input, text};
use std::fs;
use std::path::Path;
use std::process::Command;

const SMALL: &str = r#"name = "small"
seed = 7
duration = "2h"
replications = 3

[[bucket]]
name = "data"

[[principal]]
name = "app"
role = "app"
sessions = 4
session_length = "1h"

[[population]]
name = "old"
bucket = "data"
objects = 5000
age = { exponential = { mean = "10d" } }

[[workload]]
name = "write"
principal = "app"
bucket = "data"
arrivals = { poisson = { rate = "1/s" } }

[[workload]]
name = "read"
principal = "app"
bucket = "data"
arrivals = { poisson = { rate = "2/s" } }
read = { from = ["old", "write"], pattern = { by-age = { exponential = { mean = "1h" } } } }
"#;

/// A folder of its own that holds `small.toml`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.toml"), SMALL).unwrap();
    folder
}

/// Every file of a folder with its bytes, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn simulate_prints_a_verdict_and_leaves_all_files() {
    let folder = folder();
    let output = bks(folder.path(), &["simulate", "small.toml"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert!(printed.starts_with("small: `bucket-key-role` saves "), "{printed}");
    assert!(!printed.contains('\x1b'), "no colour where there is no terminal");
    assert_eq!(text(&output.stderr), "wrote results/small\n");
    let names: Vec<String> =
        files(&folder.path().join("results/small")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "accounts.csv",
            "buckets.csv",
            "costs.csv",
            "operations.csv",
            "principals.csv",
            "replications.csv",
            "requesters.csv",
            "result.json",
            "run.toml",
            "sensitivity.csv",
            "summary.csv",
            "timeline.csv"
        ]
    );
}

#[test]
fn the_same_bytes_come_from_any_number_of_threads_and_from_run_toml() {
    let folder = folder();
    for (jobs, out) in [("1", "one"), ("4", "four")] {
        let output = bks(folder.path(), &["simulate", "small.toml", "-q", "-j", jobs, "-o", out]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "quiet");
    }
    let one = files(&folder.path().join("one"));
    assert_eq!(one, files(&folder.path().join("four")));
    let again = bks(folder.path(), &["simulate", "one/run.toml", "-q", "-o", "again"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert_eq!(one, files(&folder.path().join("again")));
    let other = bks(folder.path(), &["simulate", "small.toml", "-q", "-o", "other", "--seed", "8"]);
    assert!(other.status.success());
    assert_ne!(one, files(&folder.path().join("other")), "another seed, another run");
}

/// The rows of a CSV file as columns by name.
fn column(folder: &Path, file: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(folder.join(file)).unwrap();
    let index = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[index].to_owned()).collect()
}

#[test]
fn a_precision_is_reached_and_comes_again() {
    let folder = folder();
    let path = folder.path();
    for (jobs, out) in [("1", "one"), ("4", "four")] {
        let precise = ["--precision", "0.12%", "-j", jobs, "-o", out];
        let output = bks(path, &[&["simulate", "small.toml"], &precise[..]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let n = column(&path.join("one"), "summary.csv", "replications")[0].clone();
        let basis = format!(
            "means of {n} replications (run until every half-width was within 0.12 points)"
        );
        assert!(text(&output.stdout).contains(&basis), "{}", text(&output.stdout));
    }
    let one = files(&path.join("one"));
    assert_eq!(one, files(&path.join("four")));
    let again = bks(path, &["simulate", "one/run.toml", "-q", "-o", "again"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert_eq!(one, files(&path.join("again")));

    let n = column(&path.join("one"), "summary.csv", "replications")[0].clone();
    assert!(n.parse::<u32>().unwrap() > 10, "more than the pilot: {n}");
    let (levels, half_widths) = (
        column(&path.join("one"), "summary.csv", "assumption"),
        column(&path.join("one"), "summary.csv", "saving_half_width"),
    );
    for (_, half_width) in levels.iter().zip(half_widths).filter(|(level, _)| *level == "assumed") {
        assert!(half_width.parse::<f64>().unwrap() <= 0.0012, "{half_width}");
    }
    // Rounds are replications like any other.
    bks(path, &["simulate", "small.toml", "-q", "--replications", &n, "-o", "given"]);
    let without_scenario = |files: Vec<(String, Vec<u8>)>| -> Vec<_> {
        // What was asked for stands in these two; the figures are the same.
        let asked = |name: &str| name == "run.toml" || name == "result.json";
        files.into_iter().filter(|(name, _)| !asked(name)).collect()
    };
    assert_eq!(without_scenario(one), without_scenario(files(&path.join("given"))));
}

#[test]
fn a_precision_out_of_reach_ends_with_a_warning() {
    let folder = folder();
    let arguments = ["simulate", "small.toml", "--precision", "0.0001%"];
    let most = ["--set", "max_replications=12", "--format", "json"];
    let output = bks(folder.path(), &[&arguments[..], &most[..]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["replications_run"], 12);
    assert_eq!(document["precision"], 0.000_001);
    let reached = document["precision_reached"].as_f64().unwrap();
    assert!(reached > 0.000_001, "{reached}");
    let warnings = document["warnings"].as_array().unwrap();
    let warning = warnings.iter().find(|w| w["id"] == "precision-not-reached").unwrap();
    let what = warning["what"].as_str().unwrap();
    assert!(what.starts_with("after 12 replications, the most that may be run"), "{what}");
    assert!(what.ends_with("points; 0.0001 was requested"), "{what}");
}

/// Without KMS requests, or without chance, the pilot is enough.
#[test]
fn a_precision_of_what_does_not_vary_takes_the_pilot() {
    let folder = folder();
    let none = "[[configuration]]\nname = \"none\"\nencryption = \"sse-s3\"\n";
    fs::write(folder.path().join("none.toml"), format!("{SMALL}{none}")).unwrap();
    let output = bks(folder.path(), &["simulate", "none.toml", "--precision", "0.001"]);
    let printed = text(&output.stdout);
    assert!(printed.contains("means of 10 replications (with nothing to save"), "{printed}");
    let even = SMALL.replace("poisson", "periodic");
    let (even, _) = even.split_once("[[workload]]\nname = \"read\"").unwrap();
    fs::write(folder.path().join("even.toml"), even).unwrap();
    let output = bks(folder.path(), &["simulate", "even.toml", "--precision", "0.001"]);
    let printed = text(&output.stdout);
    assert!(printed.contains("means of 10 replications (run until"), "{printed}");
}

#[test]
fn bad_precisions_are_told_why() {
    let folder = folder();
    for (precision, why) in [
        ("0", "`precision` is `0`, but must be greater than zero"),
        ("-1%", "`-1%` is given as a share, but a share lies between 0 and 1"),
        ("101%", "`101%` is given as a share, but a share lies between 0 and 1"),
        ("fine", "`fine` is not a share"),
    ] {
        let output = bks(folder.path(), &["simulate", "small.toml", "--precision", precision]);
        assert_eq!(output.status.code(), Some(2), "{precision}");
        let message = text(&output.stderr);
        let place = format!("error: --set precision={precision}: ");
        assert!(message.starts_with(&place) && message.contains(why), "{message}");
        assert!(message.contains("\n\nhint: give a "), "{message}");
    }
    for (changes, expected) in [
        (
            ["max_replications=50", "seed=7"],
            "error: --set max_replications=50: max_replications: `max_replications` is `50`, but \
             there is no `precision` to stop before it\n\n\
             hint: give the half-width that is wanted, e.g., `precision = \"0.5%\"`\n",
        ),
        (
            ["precision=1%", "max_replications=5"],
            "error: --set max_replications=5: max_replications: `max_replications` is `5`, but must \
             lie between 10, the fewest that are run, and 10000\n",
        ),
    ] {
        let arguments = ["check", "small.toml", "--set", changes[0], "--set", changes[1]];
        assert_eq!(text(&bks(folder.path(), &arguments).stderr), expected);
    }
}

#[test]
fn a_changed_run_toml_does_not_pass_for_the_run() {
    let folder = folder();
    bks(folder.path(), &["simulate", "small.toml", "-q"]);
    let path = folder.path().join("results/small/run.toml");
    let run = fs::read_to_string(&path).unwrap().replace("duration = \"2h\"", "duration = \"3h\"");
    fs::write(&path, run).unwrap();
    let output = bks(folder.path(), &["check", "results/small/run.toml"]);
    assert_eq!(output.status.code(), Some(2));
    let message = text(&output.stderr);
    assert!(message.contains("the scenario was changed after its run"), "{message}");
}

#[test]
fn every_format_holds_the_same_figures() {
    let folder = folder();
    let print = |format: &str| {
        let output = bks(folder.path(), &["simulate", "small.toml", "--format", format]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let json: serde_json::Value = serde_json::from_str(&print("json")).unwrap();
    let csv = print("csv");
    assert_eq!(csv, fs::read_to_string(folder.path().join("results/small/summary.csv")).unwrap());
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let headers = reader.headers().unwrap().clone();
    for (row, record) in reader.records().map(Result::unwrap).enumerate() {
        for (column, value) in headers.iter().zip(&record) {
            let in_json = &json["summary"][row][column];
            let same = match in_json {
                serde_json::Value::String(text) => text == value,
                serde_json::Value::Null => value.is_empty(),
                number => number.as_f64() == value.parse().ok(),
            };
            assert!(same, "{column} of row {row}: {value} in CSV, {in_json} in JSON");
        }
    }
    let markdown = print("markdown");
    let verdict = json["verdict"].as_str().unwrap();
    assert!(markdown.starts_with(&format!("**{verdict}**")));
    assert!(print("table").starts_with(verdict));
}

#[test]
fn several_scenarios_are_one_document() {
    let folder = folder();
    fs::write(folder.path().join("b.toml"), SMALL.replace("\"small\"", "\"b\"")).unwrap();
    let arguments = ["simulate", "small.toml", "b.toml", "--format", "json", "-o", "out"];
    let output = bks(folder.path(), &arguments);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    assert!(folder.path().join("out/small/summary.csv").exists());
    assert!(folder.path().join("out/b/summary.csv").exists());
    let output = bks(folder.path(), &["simulate", "small.toml", "small.toml"]);
    assert_eq!(
        text(&output.stderr),
        "error: small.toml: two scenarios have the name `small`, but each needs a folder of its \
         own\n"
    );
}

#[test]
fn an_assertion_that_is_not_met_exits_with_3_and_says_by_how_much() {
    let folder = folder();
    let output = bks(
        folder.path(),
        &["simulate", "small.toml", "--set", "assertions=[\"saving >= 0.999\"]", "-q"],
    );
    assert_eq!(output.status.code(), Some(3));
    let message = text(&output.stderr);
    let start = "assertion not met: `saving >= 0.999`: `saving` of `bucket-key-role` is ";
    assert!(message.starts_with(start), "{message}");
    assert!(message.ends_with(" %, against a threshold of 99.90 %\n"), "{message}");
    assert!(folder.path().join("results/small/summary.csv").exists(), "results stay");
}

#[test]
fn fail_if_demands_the_opposite_and_stands_in_json_and_run_toml() {
    let folder = folder();
    let run = |condition: &str, more: &[&str]| {
        let arguments = [&["simulate", "small.toml", "--fail-if", condition], more].concat();
        bks(folder.path(), &arguments)
    };
    let output = run("@low.saving < 99.99%", &["--format", "json", "-o", "failed"]);
    assert_eq!(output.status.code(), Some(3));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["holds"], false);
    let demand = &document["assertions"][0];
    assert_eq!(demand["assertion"], "@low.saving >= 0.9999");
    assert_eq!((&demand["figure"], &demand["threshold"]), (&"saving".into(), &0.9999.into()));
    let low = document["summary"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["configuration"] == "bucket-key-role" && row["assumption"] == "low");
    assert_eq!(demand["value"], low.unwrap()["saving_ratio"]);
    let reason = demand["reason"].as_str().unwrap();
    assert!(text(&output.stderr).contains(reason), "{reason}");
    let facts = fs::read_to_string(folder.path().join("failed/result.json")).unwrap();
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    assert_eq!(facts["assertions"][0], *demand);

    let again = bks(folder.path(), &["simulate", "failed/run.toml", "-q", "-o", "again"]);
    assert_eq!(again.status.code(), Some(3), "the demand came along");
    assert_eq!(files(&folder.path().join("failed")), files(&folder.path().join("again")));

    assert!(run("saving < 1%", &["-q"]).status.success());
    for (condition, told) in [
        ("saving", "`saving` is not an assertion"),
        ("savings<1", "did you mean `saving`?"),
        ("a@high.saving<1", "`a` is not a configuration of this scenario"),
    ] {
        let output = run(condition, &[]);
        assert_eq!(output.status.code(), Some(2), "{condition}");
        let message = text(&output.stderr);
        assert!(message.contains(told) && message.contains("--fail-if"), "{message}");
    }
}

#[test]
fn a_scenario_comes_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let output = bks_with_input(folder.path(), &["simulate", "-", "-q"], SMALL);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(folder.path().join("results/small/run.toml").exists());
}

#[test]
fn init_writes_a_scenario_that_runs_and_replaces_none() {
    let folder = tempfile::tempdir().unwrap();
    let output = bks(folder.path(), &["init", "my-lake"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let output = bks(folder.path(), &["check", "my-lake.toml"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let output = bks(folder.path(), &["init", "my-lake"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        "error: `my-lake.toml` already exists\n\nhint: choose another name, or remove the file\n"
    );
    let output = bks(folder.path(), &["init", "../up"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn list_schema_and_completions_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (vec!["list"], "spark-s3a"),
        (vec!["list", "prices", "--region", "eu-central-1"], "kms_request: $0.03 per 10000"),
        (vec!["list", "assumptions"], "cache_lifetime: 1min / 5min / 1h"),
        (vec!["schema"], "\"bks scenario\""),
        (vec!["complete", "bash"], "_bks()"),
        (vec!["complete", "man"], ".TH bks"),
        (vec!["simulate", "--help"], "principals.csv"),
    ] {
        let output = bks(folder.path(), &arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(expected), "{arguments:?}");
    }
}

#[test]
fn packages_get_a_page_for_each_command_and_a_script_for_each_shell() {
    let folder = tempfile::tempdir().unwrap();
    let said = bks(folder.path(), &["complete", "--out", "share"]);
    assert!(said.status.success(), "{}", text(&said.stderr));
    let read = |name: &str| fs::read_to_string(folder.path().join("share").join(name)).unwrap();
    let help = text(&bks(folder.path(), &["--help"]).stdout);
    let commands = help.lines().filter_map(|line| line.strip_prefix("  ")).filter_map(|line| {
        let name = line.split(' ').next()?;
        (!name.is_empty() && !name.starts_with('-') && name != "help").then_some(name)
    });
    let commands: Vec<&str> = commands.collect();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        assert!(read(&format!("bks-{command}.1")).contains(".SH SYNOPSIS"), "{command}");
    }
    for (name, has) in [("bks.1", ".TH bks"), ("bks.bash", "_bks()"), ("_bks", "#compdef bks")] {
        assert!(read(name).contains(has), "{name}");
    }
}

/// Runs `bks check` on a changed `small.toml` and gives what it says.
fn message_for(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "`{from}` is not in the scenario");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.toml"), SMALL.replacen(from, to, 1)).unwrap();
    let output = bks(folder.path(), &["check", "s.toml"]);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{from} -> {to}: {message}");
    message
}

/// Each message in full: place, offending text, constraint, hint. As long as its table.
#[test]
#[allow(clippy::too_many_lines)]
fn bad_scenarios_are_told_where_and_why() {
    for (from, to, expected) in [
        (
            "duration = \"2h\"",
            "duration = 7200",
            "error: s.toml:3:12: `7200` is not a duration: it has no unit\n\n\
             hint: write `duration = \"7200s\"` for seconds, or another unit (ms, min, h, d, w)\n",
        ),
        (
            "duration = \"2h\"",
            "duration = \"-2h\"",
            "error: s.toml:3:12: `-2h` is not a duration: a duration is not negative\n\n\
             hint: give a number and a unit (ms, s, min, h, d, w), e.g., `\"5min\"`\n",
        ),
        (
            "duration = \"2h\"",
            "duration = nan",
            "error: s.toml:3:12: `NaN` is not a duration: a number must come before each unit\n\n\
             hint: give a number and a unit (ms, s, min, h, d, w), e.g., `\"5min\"`\n",
        ),
        (
            "duration = \"2h\"\n",
            "",
            "error: s.toml:1:1: `duration` is missing, but must be given\n\n\
             hint: add e.g., `duration = \"5min\"`\n",
        ),
        (
            "duration = \"2h\"",
            "duration = \"2h\"\nwarmup = \"1h\"",
            "error: s.toml:4:1: unknown key `warmup`\n\n\
             hint: did you mean `warm_up`?\n",
        ),
        (
            "duration = \"2h\"",
            "duration = \"2h\"\nwarm_up = \"2h\"",
            "error: s.toml:4:11: `warm_up` is `2h`, but must be shorter than the duration, `2h`\n",
        ),
        (
            "rate = \"1/s\"",
            "rate = \"-3/s\"",
            "error: s.toml:25:33: `-3/s` is given as a rate, but a rate must be greater than \
             zero\n\n\
             hint: give a mean number per unit of time (s, min, h, d, w), e.g., `\"250/s\"`\n",
        ),
        (
            "objects = 5000",
            "objects = 1000000000000000000",
            "error: s.toml:18:11: `objects` is `1000000000000000000`, but a population has from 1 \
             to 2^53 (9007199254740992) objects\n\n\
             hint: beyond 2^53 counts are no longer exact; split the population\n",
        ),
        (
            "objects = 5000",
            "objects = \"many\"",
            "error: s.toml:18:11: `objects` is `\"many\"`, but must be a whole number from 0 to 9223372036854775807\n\n\
             hint: give e.g., `objects = 1`\n",
        ),
        (
            "objects = 5000",
            "objects = -1",
            "error: s.toml:18:11: `objects` is `-1`, but must be a whole number from 0 to 9223372036854775807\n\n\
             hint: give e.g., `objects = 1`\n",
        ),
        (
            "from = [\"old\", \"write\"]",
            "from = [\"old\", \"wrote\"]",
            "error: s.toml:32:25: `wrote` is neither a population nor a workload here\n\n\
             hint: did you mean `write`?\n",
        ),
        (
            "by-age = { exponential = { mean = \"1h\" } }",
            "by-age = { exponential = { mean = \"0s\" } }",
            "error: s.toml:32:45: `mean` is `0`, but must be greater than zero\n",
        ),
        (
            "by-age = { exponential = { mean = \"1h\" } }",
            "by-age = { exponental = { mean = \"1h\" } }",
            "error: s.toml:32:58: `by-age` has the key `exponental`, but must have one of `fixed`, `uniform`, \
             `exponential`, `lognormal`, `weibull`, `steps`, `histogram`\n\n\
             hint: did you mean `exponential`?\n",
        ),
        (
            "sessions = 4",
            "sessions = 0",
            "error: s.toml:12:12: `sessions` is `0`, but must be at least 1\n",
        ),
        (
            "role = \"app\"\n",
            "",
            "error: s.toml:10:8: principal `app` must have exactly one of `role`, `user` and \
             `service`\n\nhint: give e.g., `role = \"analytics\"`\n",
        ),
        (
            "[[bucket]]\nname = \"data\"",
            "[[bucket]]\nname = \"data\"\nregion = \"us-east-3\"",
            "error: s.toml:8:10: `us-east-3` is not an AWS region that bks knows\n\n\
             hint: did you mean `us-east-2`? a newer one needs a price file with a table \
             `[region.us-east-3]`, by `--prices FILE`\n",
        ),
        (
            "rate = \"2/s\"",
            "rate = \"1e12/s\"",
            "error: s.toml:31:12: `rate` is `1000000000000/s`, but a workload makes at most 1000000000 \
             actions a second\n\nhint: time is in whole nanoseconds; split the workload\n",
        ),
        (
            "[[bucket]]",
            "[[bucket]",
            "error: s.toml:6:10: the text is not TOML: unclosed array table, expected `]`\n",
        ),
    ] {
        assert_eq!(message_for(from, to), expected, "{from} -> {to}");
    }
}

#[test]
fn runs_that_would_not_end_are_refused_before_they_start() {
    let folder = folder();
    let rate = "workload.read.arrivals.poisson.rate=1e7/s";
    let arguments =
        ["simulate", "small.toml", "--set", rate, "--set", "duration=30d", "--engine", "events"];
    let output = bks(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        "error: small.toml: the scenario makes about `3e13` requests a replication, but at most \
         2e10 can be drawn one by one\n\n\
         hint: simulate a shorter `duration` (results are scaled to the billing period), or let \
         `engine = \"auto\"` skip from KMS call to KMS call where traffic allows it\n"
    );
    assert!(!folder.path().join("results").exists());
}

#[test]
fn overrides_are_named_when_they_are_wrong() {
    let folder = folder();
    for (change, expected) in [
        (
            "workload.read.arrivals.poisson.rate=fast",
            "error: --set workload.read.arrivals.poisson.rate=fast: `fast` is not a rate: it has no \
             `/` and unit of time\n\n\
             hint: give a mean number per unit of time (s, min, h, d, w), e.g., `\"250/s\"`\n",
        ),
        (
            "workload.reads.client=duckdb",
            "error: --set workload.reads.client=duckdb: `reads` is not an element of this list\n\n\
             hint: did you mean `read`?\n",
        ),
        (
            "duration=1s",
            "error: --set warm_up=1min: warm_up: `warm_up` is `1min`, but must be shorter than the \
             duration, `1s`\n",
        ),
    ] {
        let warm_up = ["--set", "warm_up=1min"];
        let arguments = ["check", "small.toml", warm_up[0], warm_up[1], "--set", change];
        let output = bks(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(text(&output.stderr), expected);
    }
    let output = bks(folder.path(), &["check", "small.toml", "--set", "workload.1.client=duckdb"]);
    assert!(text(&output.stdout).contains("client `duckdb`"), "{}", text(&output.stderr));
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = folder();
    fs::write(folder.path().join("empty.toml"), "\n").unwrap();
    fs::write(folder.path().join("binary.toml"), [b'a', 0xff]).unwrap();
    for (path, expected) in [
        (
            "none.toml",
            "error: none.toml: the file cannot be read: No such file or directory (os error 2)\n\n\
             hint: `bks init` writes a scenario to start from\n",
        ),
        (
            "empty.toml",
            "error: empty.toml: the scenario is empty\n\n\
             hint: `bks init` writes one to start from\n",
        ),
        ("binary.toml", "error: binary.toml: the file is not UTF-8 text: the byte at 1 is not\n"),
        (".", "error: .: the file cannot be read: Is a directory (os error 21)\n"),
    ] {
        let output = bks(folder.path(), &["simulate", path]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(text(&output.stderr), expected);
    }
    assert!(!folder.path().join("results").exists(), "nothing half written");
}

#[test]
fn ages_come_from_a_histogram_and_are_embedded_in_the_run() {
    let folder = folder();
    let with_histogram =
        SMALL.replace("{ exponential = { mean = \"10d\" } }", "{ histogram = \"ages.csv\" }");
    fs::write(folder.path().join("small.toml"), with_histogram).unwrap();
    fs::write(folder.path().join("ages.csv"), "to,weight\n1d,5\n30d,2\n").unwrap();
    assert!(bks(folder.path(), &["simulate", "small.toml", "-q"]).status.success());
    for (ages, expected) in [
        ("to,weight\n1d,5\n3x,2\n", "ages.csv:3:1: `3x` is not a duration: `x` is not a unit"),
        (
            "age,n\n1d,5\n",
            "ages.csv:1:1: the header is another, but a histogram has the columns `to,weight`",
        ),
        (
            "to,weight\n2d,5\n1d,3\n",
            "small.toml:19:7: the step to `1d` follows one to `2d`, but steps must ascend",
        ),
        ("to,weight\n2d,many\n", "ages.csv:2:1: `many` is not a number of objects"),
    ] {
        fs::write(folder.path().join("ages.csv"), ages).unwrap();
        let output = bks(folder.path(), &["check", "small.toml"]);
        assert_eq!(output.status.code(), Some(2));
        let message = text(&output.stderr);
        assert!(message.starts_with(&format!("error: {expected}")), "{message}");
    }
    // The run needs the histogram no more.
    fs::remove_file(folder.path().join("ages.csv")).unwrap();
    let again = bks(folder.path(), &["simulate", "results/small/run.toml", "-q", "-o", "again"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert_eq!(files(&folder.path().join("results/small")), files(&folder.path().join("again")));
}

#[test]
fn outputs_appear_whole_or_not_at_all() {
    let folder = folder();
    // A file in the way of the folder.
    fs::write(folder.path().join("taken"), "").unwrap();
    let output = bks(folder.path(), &["simulate", "small.toml", "-q", "-o", "taken"]);
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output.stderr);
    assert!(message.starts_with("error: taken: the folder cannot be made: "), "{message}");
    // A folder in the way of a file: nothing else is written either.
    fs::create_dir_all(folder.path().join("out/run.toml")).unwrap();
    let output = bks(folder.path(), &["simulate", "small.toml", "-q", "-o", "out"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "error: out: `run.toml` is a folder there, but must be a file\n\n\
         hint: give another folder by `--out`\n"
    );
    assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 1);
}

/// A disk that is full after some kilobytes, played by the limit on the size of a file.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_no_file() {
    let folder = folder();
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" simulate small.toml -q -o full";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_bks")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output.stderr);
    assert!(message.contains("cannot be written: File too large"), "{message}");
    assert_eq!(fs::read_dir(folder.path().join("full")).unwrap().count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_an_error_and_a_closed_one_is_not() {
    let folder = folder();
    let run = |redirect: &str| {
        let script = format!("\"$0\" simulate small.toml --format json {redirect}");
        Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_bks")])
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let output = run("> /dev/full");
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output.stderr);
    assert!(message.contains("standard output cannot be written"), "{message}");
    // The reader goes away before the document is written; with pipefail the status is bks's.
    let output = Command::new("bash")
        .args(["-o", "pipefail", "-c", "\"$0\" simulate small.toml --format json | true"])
        .arg(env!("CARGO_BIN_EXE_bks"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Holds every option and key that an advice names to what bks takes: options are typed after
/// `command`, keys stand in the schema.
fn follow(folder: &Path, command: &[&str], advice: &str) -> usize {
    let schema = include_str!("../../docs/scenario.schema.json");
    let mut followed = 0;
    for words in quoted(advice) {
        if words.starts_with("--") {
            // An option alone takes a value that only a person knows.
            if words.contains([' ', '=']) {
                let typed: Vec<&str> = words.split(' ').collect();
                let output = bks(folder, &[command, &typed].concat());
                let code = output.status.code();
                assert!(matches!(code, Some(0 | 3)), "{words}: {}", text(&output.stderr));
                followed += 1;
            }
        } else if let Some((key, _)) = words.split_once(" = ") {
            assert!(schema.contains(&format!("\"{key}\": {{")), "{words}: no such key");
            followed += 1;
        }
    }
    followed
}

/// Every advice of warnings and hints works as it is printed.
#[test]
fn what_is_advised_works_when_typed() {
    let folder = folder();
    let folder = folder.path();
    let two = include_str!("../../scenarios/two-roles.toml");
    fs::write(folder.join("two-roles.toml"), two).unwrap();
    let mut followed = 0;
    let mut ids = std::collections::BTreeSet::new();
    for command in [
        vec!["simulate", "small.toml"],
        vec!["simulate", "small.toml", "--set", "replications=1"],
        vec!["simulate", "small.toml", "--set", "bucket.data.bucket_keys_since=-1h"],
        vec!["simulate", "two-roles.toml"],
        vec!["simulate", "two-roles.toml", "--set", "bucket.shared.bucket_keys_since=30d"],
        vec!["simulate", "two-roles.toml", "--set", "billing.kms_quota_per_s=5"],
    ] {
        let output = bks(folder, &[&command[..], &["--format", "json"]].concat());
        let document: serde_json::Value = serde_json::from_str(&text(&output.stdout)).unwrap();
        for warning in document["warnings"].as_array().unwrap() {
            ids.insert(warning["id"].as_str().unwrap().to_owned());
            followed += follow(folder, &command, warning["advice"].as_str().unwrap());
        }
    }
    for id in ["audit-by-object", "one-replication", "bucket-keys-never-on", "objects-without-key"]
    {
        assert!(ids.contains(id), "{ids:?}");
    }
    assert!(followed >= 5, "{followed}");
}

/// A key without its table is told with it, and works so.
#[test]
fn a_key_is_told_with_its_table() {
    let folder = folder();
    for (key, value) in [("object_audit", "true"), ("verify_on_write", "0"), ("list_parts", "1")] {
        let typed = ["check", "small.toml", "--set", &format!("{key}={value}")];
        let told = text(&bks(folder.path(), &typed).stderr);
        // `--set TABLE.KEY=VALUE`, as it can be typed.
        let hint = quoted(told.split_once("hint: ").unwrap().1)[0].clone();
        let typed = hint.strip_prefix("--set ").unwrap_or(&hint);
        let path = typed.split('=').next().unwrap_or(typed).to_owned();
        assert!(path.ends_with(&format!(".{key}")), "{told}");
        let typed = ["check", "small.toml", "--set", &format!("{path}={value}")];
        let output = bks(folder.path(), &typed);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
}

/// Nothing is said of bucket keys' consequences where no bucket-level key is ever asked for.
#[test]
fn warnings_apply_only_where_they_apply() {
    let folder = folder();
    let folder = folder.path();
    let two = include_str!("../../scenarios/two-roles.toml");
    fs::write(folder.join("two-roles.toml"), two).unwrap();
    let ids = |arguments: &[&str]| -> Vec<String> {
        let output = bks(folder, &[arguments, &["--format", "json"]].concat());
        let document: serde_json::Value = serde_json::from_str(&text(&output.stdout)).unwrap();
        let warnings = document["warnings"].as_array().unwrap().iter();
        warnings.map(|warning| warning["id"].as_str().unwrap().to_owned()).collect()
    };
    let late = ids(&["simulate", "two-roles.toml", "--set", "bucket.shared.bucket_keys_since=30d"]);
    assert_eq!(late, ["bucket-keys-never-on"]);
    let on = ids(&["simulate", "two-roles.toml"]);
    assert!(on.contains(&"writers-need-decrypt".to_owned()), "{on:?}");
    let known = ["--set", "assumptions.verify_on_write=0"];
    let unverified = ids(&[&["simulate", "two-roles.toml"][..], &known].concat());
    assert!(!unverified.contains(&"writers-need-decrypt".to_owned()), "{unverified:?}");
}

/// A name that is not UTF-8 cannot be typed; the ways out of it can.
#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_is_named_with_two_ways_out() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).unwrap();
    let log = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/access-logs/boto3_upload_file_100MB.log.gz");
    let name = OsStr::from_bytes(b"a\xff.log.gz");
    fs::copy(log, logs.join(name)).unwrap();
    let bks_in = |arguments: &[&OsStr]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bks"));
        command.args(arguments).current_dir(&logs).output().unwrap()
    };
    let [replay, out] = ["replay", "--out=../out"].map(OsStr::new);
    let refused = bks_in(&[replay, name]);
    let told = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{told}");
    assert!(
        told.contains("`a\u{fffd}.log.gz` is not UTF-8") && told.contains("`< FILE`"),
        "{told}"
    );
    let by_folder = bks_in(&[replay, OsStr::new("."), out]);
    assert_eq!(by_folder.status.code(), Some(0), "{}", text(&by_folder.stderr));
}
