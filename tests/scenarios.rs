//! The scenarios that come with bks: each runs, keeps its own assertions, gives the same summary as
//! when it was last looked at, and agrees with arithmetic wherever arithmetic knows the answer.
//!
//! A golden file shows that an answer has not changed, not that it was ever right; so beside each
//! golden stands an oracle that does not come from bks. Where a change is meant, `BKS_BLESS=1 cargo
//! test --test scenarios` writes the goldens anew, for review as a diff.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bks::outcome::{ConfigurationOutcome, Outcome};
use bks::report::{csv, rows};
use bks::scenario::Scenario;
use bks::scenario::read::Override;

/// Every scenario file has a test below; this list is held against the folder.
const TESTED: [&str; 11] = [
    "aws-sample",
    "emr10",
    "existing-bucket",
    "lambda-fanout",
    "log-sink",
    "old-objects",
    "single-writer",
    "thirty-threads",
    "throttled-analytics",
    "two-roles",
    "vended-credentials",
];

fn path_in(folder: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(file)
}

fn text_of(name: &str) -> String {
    let path = path_in("scenarios", &format!("{name}.toml"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn outcome_of(scenario: &Scenario) -> Outcome {
    Outcome::of(scenario, &|_| ())
}

/// Runs a scenario as it stands and holds it to its form, its assertions and its golden.
fn checked(name: &str) -> Outcome {
    let text = text_of(name);
    assert_opens_with_its_question(&text);
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(scenario.file.name, name, "a scenario is named like its file");
    let outcome = outcome_of(&scenario);
    for demand in &outcome.assertions {
        assert!(demand.holds, "{name}: {}: the figure is {}", demand.assertion, demand.value);
    }
    assert_is_golden(name, &csv::write(&rows::summary(&scenario, &outcome)));
    outcome
}

fn assert_opens_with_its_question(text: &str) {
    let opening: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
    assert!(opening.iter().any(|line| line.contains('?')), "the opening comment asks nothing");
    assert!(opening.iter().any(|line| line.starts_with("# Source:")), "no line `# Source:`");
    for key in ["question", "source", "seed"] {
        let is_key = |line: &str| line.split_once(" = ").is_some_and(|(left, _)| left == key);
        assert!(text.lines().any(is_key), "no `{key}`");
    }
}

fn assert_is_golden(name: &str, summary: &[u8]) {
    let path = path_in("tests/goldens", &format!("{name}.csv"));
    if std::env::var_os("BKS_BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, summary).expect("goldens can be written");
    }
    let golden = fs::read(&path).unwrap_or_default();
    assert!(
        summary == golden,
        "{name}: the summary differs from {}; if that is meant, set BKS_BLESS=1\n{}",
        path.display(),
        String::from_utf8_lossy(summary),
    );
}

fn configuration<'a>(outcome: &'a Outcome, name: &str) -> &'a ConfigurationOutcome {
    outcome.configurations.iter().find(|c| c.name == name).expect("the configuration is there")
}

/// `GenerateDataKey` and Decrypt calls of a configuration at the assumed level.
fn calls(outcome: &Outcome, name: &str) -> (u64, u64) {
    let [generate_data_key, decrypt, encrypt] = configuration(outcome, name).assumed().kms_by_api;
    assert_eq!(whole(encrypt), 0, "only replication encrypts");
    (whole(generate_data_key), whole(decrypt))
}

/// A mean over replications that must be the same number in each.
fn whole(mean: f64) -> u64 {
    assert!(mean.fract() == 0.0, "{mean} is not a whole number");
    mean as u64
}

/// The saving at the assumed level.
fn saving(outcome: &Outcome, name: &str) -> f64 {
    configuration(outcome, name).assumed().saving.expect("there is something to save").mean
}

/// KMS calls for each S3 request of a principal, at the assumed level.
fn calls_per_request(outcome: &Outcome, name: &str, principal: &str) -> f64 {
    let requesters = configuration(outcome, name).requesters.iter();
    let (calls, requests) = requesters
        .filter(|requester| requester.principal == principal)
        .map(|requester| (requester.kms_by_api.iter().sum::<f64>(), requester.requests))
        .fold((0.0, 0.0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
    calls / requests
}

/// How many requesters a principal is at the assumed level.
fn requesters(outcome: &Outcome, name: &str, principal: &str) -> usize {
    let requesters = configuration(outcome, name).requesters.iter();
    requesters.filter(|r| r.principal == principal).map(|r| r.count).sum()
}

#[track_caller]
fn assert_near(value: f64, expected: f64, tolerance: f64) {
    assert!(
        (value - expected).abs() <= tolerance,
        "{value}, but expected {expected} ± {tolerance}"
    );
}

#[test]
fn every_scenario_is_tested_here() {
    let files: BTreeSet<String> = fs::read_dir(path_in("scenarios", ""))
        .expect("the folder is there")
        .map(|file| file.expect("files are listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    assert_eq!(files, TESTED.iter().map(|name| (*name).to_owned()).collect());
}

/// Oracle: the count in AWS's sample; and 1 key + 1 verification + 1 fetch in each of 2 partitions.
#[test]
fn aws_sample() {
    let outcome = checked("aws-sample");
    assert_eq!(calls(&outcome, "sse-kms"), (50, 100));
    assert_eq!(calls(&outcome, "bucket-key"), (1, 1 + 2));
    assert_near(saving(&outcome, "bucket-key"), 1.0 - 4.0 / 150.0, 1e-12);
    assert_eq!(whole(configuration(&outcome, "sse-kms").assumed().requests), 50 + 100 + 100);
}

/// Oracle: AWS's documentation, at least ten keys for ten sessions of one role; its bounds are the
/// scenario's assertions.
#[test]
fn emr10() {
    let outcome = checked("emr10");
    assert_eq!(requesters(&outcome, "bucket-key-session", "emr"), 10);
    assert_eq!(requesters(&outcome, "bucket-key-role", "emr"), 1);
}

/// Oracles: objects without a bucket key cost a Decrypt each, before and after; a migrated key is
/// read by a Poisson process, so 1 / (1 + λT) of its reads miss; the migration is price times
/// number.
#[test]
fn existing_bucket() {
    let outcome = checked("existing-bucket");
    let [_, reads, _] = configuration(&outcome, "sse-kms").assumed().kms_by_api;
    let [keys, decrypts, _] = configuration(&outcome, "bucket-key").assumed().kms_by_api;
    assert_near(decrypts, reads + keys, 1e-6);

    let (objects, per_key, partitions) = (50e6, 1_000.0 * 300.0, 2.0);
    let caches = f64::ceil(objects / per_key) * partitions;
    let missed = 1.0 / (1.0 + 20.0 / caches * 300.0);
    assert_near(calls_per_request(&outcome, "bucket-key-migrated", "web"), missed, 0.002);

    let migration = configuration(&outcome, "bucket-key-migrated").migration.as_ref().unwrap();
    // PUT, Batch Operations, KMS and manifest per million; a job; the call for a new key.
    let cost = 50.0 * (5.0 + 1.0 + 3.0 + 0.015) + 0.25 + 3e-6;
    assert_near(migration.bill.total().as_f64(), cost, 1e-9);
}

/// Oracle: keys of a Poisson writer are a renewal process, one each T + 1/λ, each of two calls.
#[test]
fn lambda_fanout() {
    let outcome = checked("lambda-fanout");
    let saved = |rate_per_s: f64| 1.0 - 2.0 / (1.0 + rate_per_s * 300.0);
    assert_near(saving(&outcome, "bucket-key-role"), saved(0.25), 0.002);
    // Sessions that end before their key make a few keys more: one in (2700 s + 1/λ) at the most.
    let session = saving(&outcome, "bucket-key-session");
    let alone = saved(0.25 / 300.0);
    assert!((alone - 0.1..alone + 0.01).contains(&session), "{session}, alone {alone}");
    assert_eq!(requesters(&outcome, "bucket-key-session", "lambda"), 300);
    assert!(outcome.warnings.iter().any(|warning| warning.id == "costs-more"));
}

/// Oracle: 49,000,000 × $0.000003 = $147.00; ⌈25,920 s / 300 s⌉ keys of two calls.
#[test]
fn log_sink() {
    let outcome = checked("log-sink");
    let before = configuration(&outcome, "sse-kms").assumed();
    assert_eq!(before.kms_requests_in_period, 49_000_000);
    assert_eq!(before.bill.kms_total().to_string(), "147.00");
    assert_eq!(calls(&outcome, "bucket-key-role"), (87, 87));
    assert_eq!(calls(&outcome, "bucket-key-session"), (20 * 87, 20 * 87));
}

/// Oracle: the hour's keys are read by Poisson processes, one each 330 s (a write each 30 s) in two
/// partitions; of the year's keys nearly each read meets another.
#[test]
fn old_objects() {
    let outcome = checked("old-objects");
    let rate_of_a_cache = 330.0 / 3_600.0 / 2.0;
    let missed = 1.0 / (1.0 + rate_of_a_cache * 300.0);
    assert_near(calls_per_request(&outcome, "bucket-key", "dashboard"), missed, 0.01);
    assert!(calls_per_request(&outcome, "bucket-key", "audit") > 0.99);
}

/// Oracle: 86,400 s / 300 s = 288.
#[test]
fn single_writer() {
    let outcome = checked("single-writer");
    assert_eq!(calls(&outcome, "sse-kms"), (1_000_000, 0));
    assert_eq!(calls(&outcome, "bucket-key"), (288, 0));
    assert_eq!(calls(&outcome, "bucket-key-ranges"), (288, 288));
    assert_eq!(configuration(&outcome, "sse-kms").assumed().bill.kms_total().to_string(), "3.00");
}

/// Oracle: what was counted, 20,000 and about 70; and the arithmetic of both readings of it.
#[test]
fn thirty_threads() {
    let outcome = checked("thirty-threads");
    assert_eq!(calls(&outcome, "sse-kms"), (10_000, 10_000));
    assert_eq!(calls(&outcome, "fitted-10-6"), (10, 10 * 6));
    assert_eq!(calls(&outcome, "fitted-10-5"), (10, 10 + 10 * 5));
    assert_eq!(calls(&outcome, "bucket-key"), (1, 1 + 2));
}

/// Oracle: 24 spikes of 20,000 reads; and what was paid, $1,500 and $300 a day, in thousandths.
#[test]
fn throttled_analytics() {
    let outcome = checked("throttled-analytics");
    let [_, decrypts, _] = configuration(&outcome, "sse-kms").assumed().kms_by_api;
    assert_eq!(whole(decrypts), 24 * 20_000);
    let paid = |name| configuration(&outcome, name).assumed().bill.kms_total().as_f64();
    assert_near(paid("sse-kms"), 1.5, 0.02);
    assert_near(paid("bucket-key"), 0.3, 0.01);
    let throttled = |name| configuration(&outcome, name).assumed().quota.throttled_s;
    assert!(throttled("sse-kms") > 24 * 200 && throttled("bucket-key") < 24 * 10);
}

/// Oracle: AWS's documentation, two keys for two roles.
#[test]
fn two_roles() {
    let outcome = checked("two-roles");
    assert_eq!(calls(&outcome, "sse-kms"), (6_000, 0));
    for name in ["bucket-key-role", "bucket-key-session"] {
        assert_eq!(configuration(&outcome, name).assumed().keys_alive, (2, 2));
        assert_eq!(calls(&outcome, name), (2, 2));
    }
}

/// Oracle: AWS's documentation, the same role with another scoping policy is another requester.
#[test]
fn vended_credentials() {
    let outcome = checked("vended-credentials");
    assert_eq!(requesters(&outcome, "bucket-key", "engine"), 200);

    // As its comment says.
    let one_policy = Override::parse("principal.engine.session_policies=1").unwrap();
    let no_files = |file: &str| panic!("it includes no `{file}`");
    let text = text_of("vended-credentials");
    let scenario = Scenario::read(&text, "scenario", &[one_policy], &no_files).unwrap();
    let one = outcome_of(&scenario);
    assert_eq!(requesters(&one, "bucket-key", "engine"), 1);
    assert!(saving(&one, "bucket-key") > 0.95);
    assert!(saving(&outcome, "bucket-key") < 0.5);
}

/// The scenario that `bks init` writes.
fn starter() -> String {
    include_str!("../src/cli/init/starter.toml").replace("NAME", "my-bucket")
}

/// Oracle: what its own comments promise.
#[test]
fn the_starter_runs_as_it_is() {
    let text = starter();
    assert_opens_with_its_question(&text);
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let outcome = outcome_of(&scenario);
    assert_eq!(outcome.configurations.len(), 3);
    assert!(saving(&outcome, "bucket-key-role") > saving(&outcome, "bucket-key-session"));
}

/// Every line that begins with `#` and no space is what it says: an alternative.
#[test]
fn the_starters_alternatives_can_be_taken() {
    let text = starter();
    let lines: Vec<&str> = text.lines().collect();
    let mut taken = 0;
    for (number, line) in lines.iter().enumerate() {
        if let Some(alternative) = line.strip_prefix('#').filter(|rest| is_key(rest)) {
            let changed = with_alternative(&lines, number, alternative);
            Scenario::parse(&changed).unwrap_or_else(|error| panic!("`{line}`: {error}"));
            taken += 1;
        }
    }
    assert!(taken > 20, "{taken} alternatives");
    let blocks = blocks(&lines);
    assert_eq!(blocks.len(), 3, "{blocks:?}");
    for block in blocks {
        let added = format!("{text}\n{block}");
        Scenario::parse(&added).unwrap_or_else(|error| panic!("{block}\n{error}"));
    }
}

/// Whether a line sets a key.
fn is_key(line: &str) -> bool {
    key_of(line).is_some_and(|key| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
}

fn key_of(line: &str) -> Option<&str> {
    line.split_once(" = ").map(|(key, _)| key)
}

/// The text with one alternative in the place of the keys that it stands for.
fn with_alternative(lines: &[&str], number: usize, alternative: &str) -> String {
    let key = key_of(alternative).unwrap();
    let replaced = match key {
        "user" | "service" => "role",
        "objects" => "written_at",
        _ => key,
    };
    let is_table = |line: &&str| line.trim_start_matches('#').starts_with('[');
    let table = lines[..number].iter().rposition(is_table);
    // Keys of a table that is itself an alternative are tried with their table, in `blocks`.
    if table.is_some_and(|table| lines[table].starts_with('#')) {
        return lines.join("\n");
    }
    let from = table.map_or(0, |table| table + 1);
    let to = lines[number..].iter().position(is_table).map_or(lines.len(), |next| number + next);
    let mut changed: Vec<&str> = lines.to_vec();
    for line in &mut changed[from..to] {
        if key_of(line) == Some(replaced) {
            *line = "";
        }
    }
    changed[number] = alternative;
    changed.join("\n")
}

/// Whole tables that are alternatives.
fn blocks(lines: &[&str]) -> Vec<String> {
    let is_bare = |line: &str| line.starts_with('#') && !line.starts_with("# ");
    lines
        .split(|line| !is_bare(line))
        .filter(|block| block.first().is_some_and(|line| line.starts_with("#[[")))
        .map(|block| block.iter().map(|line| &line[1..]).collect::<Vec<_>>().join("\n"))
        .collect()
}
