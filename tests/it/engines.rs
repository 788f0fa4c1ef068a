//! The engine that skips from KMS call to KMS call against the one that draws every request, which
//! `tests/reference.rs` holds against a naive model; and against formulas, where there are any.

use crate::support::agreement;

use std::fs;
use std::path::Path;

use agreement::{Found, MOST, all_arms, assert_agree, compare, read, skips};
use bks::encryption::assumption::Level;
use bks::kms::KmsApi;
use bks::scenario::Scenario;
use bks::simulation::engines::{Engines, RequestsSkipped};
use bks::simulation::{Arm, run};
use bks::tally::Tally;
use bks::units::SimDuration;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use toml::{Table, Value};

fn text_of(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.toml"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The same scenario where nothing hinders skipping ahead: what arrives evenly, in bursts or in jobs
/// arrives as a Poisson process of the same mean rate, by clients that make one request of an action;
/// what is scanned is read at random from the same range. It may fail its assertions.
fn poisson_variant(text: &str) -> String {
    let mut scenario: Table = text.parse().unwrap();
    scenario.remove("assertions");
    let seconds =
        |value: &Value| value.as_str().unwrap().parse::<SimDuration>().unwrap().as_secs_f64();
    let duration_s = seconds(&scenario["duration"]);
    for workload in scenario["workload"].as_array_mut().unwrap() {
        let workload = workload.as_table_mut().unwrap();
        workload.remove("client");
        if let Some(jobs) = workload.remove("jobs") {
            let every_s = jobs.get("every").map_or(duration_s, seconds);
            let mut mix = Table::new();
            let mut actions = 0;
            for step in jobs["steps"].as_array().unwrap() {
                let objects = step["objects"].as_integer().unwrap();
                mix.insert(step["action"].as_str().unwrap().to_owned(), Value::Integer(objects));
                actions += objects;
            }
            let rate = format!("{}/s", actions as f64 / every_s);
            workload.insert("mix".into(), Value::Table(mix));
            workload.insert("arrivals".into(), poisson(Value::String(rate)));
        }
        let arrivals = workload["arrivals"].as_table().unwrap();
        if let Some(law) = arrivals.get("periodic").or(arrivals.get("bursts")) {
            let rate = law["rate"].clone();
            workload.insert("arrivals".into(), poisson(rate));
        }
        let pattern = workload.get_mut("read").and_then(|read| read.get_mut("pattern"));
        if let Some(pattern) = pattern
            && let Some(scan) = pattern.get("scan").or(pattern.get("recent-first"))
        {
            let mut uniform = Table::new();
            if let Some(newest) = scan.get("newest") {
                uniform.insert("from".into(), newest.clone());
            }
            uniform.insert("to".into(), scan["oldest"].clone());
            *pattern = nested(&["by-age", "uniform"], Value::Table(uniform));
        }
    }
    scenario.to_string()
}

fn poisson(rate: Value) -> Value {
    nested(&["poisson", "rate"], rate)
}

fn nested(keys: &[&str], value: Value) -> Value {
    keys.iter()
        .rev()
        .fold(value, |value, key| Value::Table(Table::from_iter([((*key).to_owned(), value)])))
}

/// A shipped scenario, as it is where that leaves something to skip, shortened by overrides.
fn agree_on(name: &str, overrides: &[&str], replications: u32) {
    let found = assert_agree(&text_of(name), overrides, replications);
    assert!(found.calls > 1_000, "{name}: only {} calls", found.calls);
}

/// A shipped scenario's Poisson variant.
fn agree_on_variant(name: &str, overrides: &[&str], replications: u32) {
    let found = assert_agree(&poisson_variant(&text_of(name)), overrides, replications);
    assert!(found.calls > 1_000, "{name}: only {} calls", found.calls);
}

#[test]
fn shipped_scenarios_of_readers_agree() {
    let month = r#"population.last-year.age={ uniform = { to = "20d" } }"#;
    agree_on("old-objects", &["duration=5h", month], 12);
    agree_on("existing-bucket", &["duration=90min", "warm_up=10min"], 12);
    let few = ["principal.engine.sessions=12", "principal.engine.session_policies=6"];
    let two_days = r#"population.history.age={ uniform = { to = "2d" } }"#;
    agree_on("vended-credentials", &["duration=2h", few[0], few[1], two_days], 12);
    // Its jobs are drawn, its ingest skips.
    agree_on("throttled-analytics", &["duration=2h", "warm_up=30min", two_days], 12);
}

#[test]
fn shipped_scenarios_of_writers_agree() {
    agree_on("lambda-fanout", &["duration=8h"], 16);
    agree_on("emr10", &["duration=3h"], 12);
    for name in ["single-writer", "log-sink", "two-roles"] {
        agree_on_variant(name, &["duration=20min"], 24);
    }
}

#[test]
fn shipped_scenarios_of_jobs_agree_if_they_arrive_at_random() {
    agree_on_variant("aws-sample", &[], 48);
    agree_on_variant("thirty-threads", &[], 16);
    let two_days = r#"population.history.age={ uniform = { to = "2d" } }"#;
    agree_on_variant("emr10", &["duration=3h"], 12);
    agree_on_variant("throttled-analytics", &["duration=1h", "warm_up=10min", two_days], 12);
}

#[test]
fn busy_shipped_scenarios_agree_on_a_small_scale() {
    agree_on(
        "reference-reads",
        &[
            "duration=1h",
            "principal.readers.sessions=10",
            r#"workload.read.arrivals={ poisson = { rate = "100000/h" } }"#,
        ],
        12,
    );
    agree_on(
        "reference-mixed",
        &[
            "duration=1h",
            "principal.readers.sessions=5",
            "principal.writers.sessions=5",
            r#"workload.read.arrivals={ poisson = { rate = "50000/h" } }"#,
            r#"workload.write.arrivals={ poisson = { rate = "20000/h" } }"#,
        ],
        12,
    );
    let daily = "daily = [0.4, 0.3, 0.3, 0.3, 0.4, 0.6, 0.9, 1.2, 1.5, 1.6, 1.6, 1.5, 1.4, 1.5, \
                 1.6, 1.6, 1.5, 1.3, 1.0, 0.8, 0.7, 0.6, 0.6, 0.5]";
    let reads = format!(
        r#"workload.read.arrivals={{ poisson = {{ rate = "2/s", profile = {{ {daily} }} }} }}"#
    );
    agree_on(
        "busy-lake",
        &[
            "duration=10h",
            "population.archive.objects=20000",
            r#"population.archive.age={ uniform = { to = "20d" } }"#,
            r#"workload.load.arrivals={ poisson = { rate = "0.5/s" } }"#,
            &reads,
        ],
        12,
    );
}

const LAWS: [&str; 10] = [
    r#"fixed = "0s""#,
    r#"fixed = "11min""#,
    r#"uniform = { from = "2min", to = "1h" }"#,
    r#"exponential = { mean = "4min" }"#,
    r#"exponential = { mean = "2h" }"#,
    r#"lognormal = { median = "10min", sigma = 1.8 }"#,
    r#"lognormal = { median = "20min", sigma = 0.3 }"#,
    r#"weibull = { scale = "15min", shape = 0.6 }"#,
    r#"weibull = { scale = "40min", shape = 3.0 }"#,
    // Late humps, a gap, and a long tail.
    r#"steps = [{ to = "1min", weight = 3 }, { to = "20min", weight = 0 }, { to = "30min", weight = 4 }, { to = "1h", weight = 1 }, { to = "70min", weight = 2 }, { to = "5h", weight = 1 }]"#,
];

/// Hours of nothing, at the start and in the middle.
const PROFILES: [&str; 4] = [
    "",
    "",
    ", profile = { daily = [1, 0, 2.5, 0.5, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] }",
    ", profile = { daily = [0, 2, 0, 1, 3, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] }",
];

const LIFETIMES: [&str; 6] = ["1s", "40s", "5min", "17min", "1h", "9h"];

/// A workload that writes and nothing else, of the principal `writers`.
fn writing() -> impl Strategy<Value = String> {
    let rate = select(vec!["0.003/s", "0.05/s", "0.2/s"]);
    (rate, select(PROFILES.to_vec()), prop::bool::weighted(0.9)).prop_map(
        |(rate, profile, header)| {
            format!(
                r#"
[[workload]]
name = "load"
principal = "writers"
bucket = "data"
bucket_key = {header}
mix = {{ write = 3, list = 1 }}
arrivals = {{ poisson = {{ rate = "{rate}"{profile} }} }}
"#
            )
        },
    )
}

/// The `number`-th workload that reads, and perhaps writes, too.
fn reading(number: usize) -> impl Strategy<Value = String> {
    let rate = select(vec!["0.02/s", "0.1/s", "0.3/s"]);
    let pattern = prop_oneof![
        1 => Just("\"uniform\"".to_owned()),
        6 => select(LAWS.to_vec()).prop_map(|law| format!("{{ by-age = {{ {law} }} }}")),
        1 => Just(r#"{ just-written = { delay = "30s" } }"#.to_owned()),
    ];
    let from = select(vec![r#""old""#, r#""load""#, r#""old", "load""#]);
    let mix =
        select(vec!["read = 1", "read = 2, head_checksum = 1, head = 1", "read = 2, write = 1"]);
    let principal = select(vec!["readers", "writers", "same"]);
    (rate, select(PROFILES.to_vec()), pattern, from, mix, principal).prop_map(
        move |(rate, profile, pattern, from, mix, principal)| {
            let from = if pattern.contains("\"uniform\"") { r#""old""# } else { from };
            format!(
                r#"
[[workload]]
name = "read{number}"
principal = "{principal}"
bucket = "data"
mix = {{ {mix} }}
arrivals = {{ poisson = {{ rate = "{rate}"{profile} }} }}
read = {{ from = [{from}], pattern = {pattern} }}
"#
            )
        },
    )
}

/// A workload whose requests must be drawn: it arrives evenly, uploads in parts, or runs a job.
fn drawn() -> impl Strategy<Value = String> {
    let principal = select(vec!["readers", "writers", "same"]);
    let from = select(vec![r#""old""#, r#""load""#, r#""old", "load""#]);
    let law = select(LAWS.to_vec());
    let kind = select(vec!["evenly", "in-parts", "job"]);
    (principal, from, law, kind).prop_map(|(principal, from, law, kind)| {
        let of_kind = match kind {
            "evenly" => format!(
                r#"mix = {{ read = 3, write = 1 }}
arrivals = {{ periodic = {{ rate = "0.1/s" }} }}
read = {{ from = [{from}], pattern = {{ by-age = {{ {law} }} }} }}"#
            ),
            "in-parts" => r#"client = "parts"
object_size = "20MiB"
arrivals = { poisson = { rate = "0.02/s" } }"#
                .to_owned(),
            _ => r#"read = { from = ["old"], pattern = "uniform" }
jobs = { every = "25min", steps = [{ action = "read", objects = 100, rate = "1/s" }] }"#
                .to_owned(),
        };
        format!("\n[[workload]]\nname = \"drawn\"\nprincipal = \"{principal}\"\nbucket = \"data\"\n{of_kind}\n")
    })
}

/// A scenario of some hours and some thousand requests, in which nothing hinders skipping ahead but
/// the workloads that are given besides.
fn dense(besides: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let lifetimes = (select(LIFETIMES.to_vec()), select(LIFETIMES.to_vec()));
    let fleet = prop_oneof![
        (1..=3_u32, 1..=3_u32)
            .prop_map(|(w, r)| format!("write_partitions = {w}\nread_partitions = {r}")),
        (1..=4_u32).prop_map(|hosts| format!("cache_hosts = {hosts}")),
    ];
    let assumptions = (lifetimes, fleet, 0..=1_u32);
    let since = select(vec!["always", "always", "-30min", "0s", "100min", "never"]);
    let people = (1..=3_u32, 1..=2_u32, select(vec!["", "session_length = \"47min\""]));
    let old = (select(LAWS.to_vec()), select(vec![3_u32, 300]), prop::bool::ANY);
    let run = (select(vec!["4h", "200min"]), select(vec!["0s", "0s", "35min"]), 1..10_000_u32);
    let work = (writing(), reading(0), reading(1), besides);
    (assumptions, since, people, old, run, work).prop_map(
        |(assumptions, since, people, old, run, work)| {
            let ((generation, cache), fleet, verify) = assumptions;
            let (sessions, policies, renewal) = people;
            let (policies, (law, objects, by_writers)) = (policies.min(sessions), old);
            let by = if by_writers { "written_by = \"writers\"" } else { "" };
            let (duration, warm_up, seed) = run;
            let (writing, first, second, besides) = work;
            format!(
                r#"
name = "dense"
seed = {seed}
duration = "{duration}"
warm_up = "{warm_up}"
[assumptions]
generation_lifetime = "{generation}"
cache_lifetime = "{cache}"
expiry = {{ low = "fixed", assumed = "fixed", high = "sliding" }}
{fleet}
verify_on_write = {verify}
migration_rate = "0.1/s"
[[bucket]]
name = "data"
bucket_keys_since = "{since}"
[[principal]]
name = "writers"
role = "writer"
sessions = 2
connections = 1
[[principal]]
name = "readers"
role = "reader"
sessions = {sessions}
session_policies = {policies}
connections = 2
{renewal}
[[principal]]
name = "same"
role = "reader"
[[population]]
name = "old"
bucket = "data"
objects = {objects}
age = {{ {law} }}
{by}
{writing}{first}{second}{besides}
[[client]]
name = "parts"
write = {{ part_size = "5MiB" }}
[[configuration]]
name = "sse-kms"
encryption = "sse-kms"
[[configuration]]
name = "role"
encryption = "sse-kms-bucket-key"
[[configuration]]
name = "session"
encryption = "sse-kms-bucket-key"
requester_rule = "session"
[[configuration]]
name = "migrated"
encryption = "sse-kms-bucket-key"
migrated = true
"#
            )
        },
    )
}

/// Compares the engines on scenarios from one seed. Beside each count by itself, the differences of
/// all calls are held together against zero: a small error on one side would show in their sum. Returns in
/// how many a principal has some requests drawn and others not.
fn dense_scenarios_agree(count: usize, seed: u64, dense: impl Strategy<Value = String>) -> usize {
    let mut runner =
        TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() });
    let (mut found, mut calls) = (0, 0);
    let (mut sum, mut arms, mut shared) = (0.0, 0.0, 0);
    for _ in 0..count {
        let text = dense.new_tree(&mut runner).unwrap().current();
        let scenario = read(&text, &[]);
        let engines = Engines::wherever_possible(&scenario);
        if !skips(&scenario, &engines).contains(&true) {
            continue;
        }
        let mut principals = 0..scenario.principals.len() as u32;
        shared += usize::from(principals.any(|it| engines.skipped(it) == RequestsSkipped::Reads));
        let Found { comparisons, calls: more, t_of_calls, wrong } = compare(&text, &[], 24);
        assert!(wrong.is_empty(), "{}\n{text}", wrong.join("\n"));
        found += comparisons;
        calls += more;
        // Arms of one scenario have requests or keys in common, so that their mean counts once.
        sum += t_of_calls.iter().sum::<f64>() / t_of_calls.len() as f64;
        arms += 1.0;
    }
    assert!(found > 1_000 && found <= MOST, "{found} comparisons");
    assert!(calls > 1_000_000, "{calls} calls");
    // Student's t with 23 degrees of freedom has a variance of 23 / 21, a mean of several no more.
    let error = f64::sqrt(arms * 23.0 / 21.0);
    assert!(f64::abs(sum) < 5.0 * error, "all differences come to {sum}, give or take {error}");
    shared
}

#[test]
fn dense_scenarios_agree_first() {
    assert_eq!(dense_scenarios_agree(10, 0xE1, dense(Just(String::new()))), 0);
}

#[test]
fn dense_scenarios_agree_second() {
    assert_eq!(dense_scenarios_agree(10, 0xE2, dense(Just(String::new()))), 0);
}

/// Reads that are not drawn share what S3 has in memory with requests that are.
#[test]
fn drawn_requests_share_keys_with_those_that_are_not() {
    let shared = dense_scenarios_agree(12, 0xE3, dense(drawn()));
    assert!(shared >= 4, "only {shared} scenarios");
}

/// Actions that arrive in a scenario with a formula.
const RUN_S: f64 = 20_000.0;

/// Reads of one key, or writes under one, at a rate of so many a lifetime of `lifetime_ns`.
fn one_key(what: &str, expiry: &str, per_lifetime: f64, lifetime_ns: i64) -> Scenario {
    let rate = per_lifetime / lifetime_ns as f64 * 1e9;
    let lifetime = format!("{}ms", lifetime_ns as f64 / 1e6);
    let (generation, work) = match what {
        "read" => ("1000d", "read = { from = [\"old\"], pattern = \"uniform\" }"),
        _ => (lifetime.as_str(), ""),
    };
    read(
        &format!(
            r#"
name = "one-key"
seed = 77
engine = "skip-ahead"
duration = "{RUN_S}s"
[assumptions]
generation_lifetime = "{generation}"
cache_lifetime = "{lifetime}"
expiry = "{expiry}"
write_partitions = 1
read_partitions = 1
verify_on_write = 0
[[bucket]]
name = "data"
bucket_keys_since = "always"
[[principal]]
name = "one"
role = "one"
[[population]]
name = "old"
bucket = "data"
objects = 1000
age = {{ uniform = {{ to = "1d" }} }}
[[workload]]
name = "work"
principal = "one"
bucket = "data"
arrivals = {{ poisson = {{ rate = "{rate}/s" }} }}
{work}
[[configuration]]
name = "sse-kms"
encryption = "sse-kms"
[[configuration]]
name = "bucket-key"
encryption = "sse-kms-bucket-key"
"#
        ),
        &[],
    )
}

/// The arm of the last configuration at its assumed values.
fn last_arm(scenario: &Scenario) -> Arm {
    let configuration = scenario.configurations.len() - 1;
    let assumptions = scenario.configurations[configuration].ranges.at(Level::Assumed);
    Arm::of_totals(configuration, assumptions)
}

fn tally_of(scenario: &Scenario) -> Tally {
    let [mut tallies] = run(scenario, &[last_arm(scenario)], 0..1, &|_| ()).try_into().unwrap();
    tallies.remove(0)
}

/// Holds a count of renewals against the length of the run: a renewal takes `mean` lifetimes with a
/// standard deviation of `deviation`.
fn assert_renewals(count: u64, lifetime_ns: i64, mean: f64, deviation: f64, what: &str) {
    let expected = RUN_S * 1e9 / lifetime_ns as f64 / mean;
    // The number of renewals is about normal (Cox, Renewal Theory, §3.3). Five standard errors; the
    // start, without a key, counts for less than two renewals.
    let error = deviation / mean * expected.sqrt();
    let off = count as f64 - expected;
    assert!(off.abs() < 5.0 * error + 2.0, "{what}: {count}, expected {expected} ± {error}");
    let relative = error / expected;
    assert!(relative < 1e-3, "{what}: to tell four digits it takes more than {relative}");
}

/// A lifetime that makes `calls` renewals of `mean` lifetimes each fill the run.
fn lifetime_for(calls: f64, mean: f64) -> i64 {
    (RUN_S * 1e9 / calls / mean).round() as i64
}

/// With ρ reads a lifetime T: a call each T + 1/λ. The standard error of reads is 3.2e-4 / (1 + ρ).
#[test]
fn poisson_reads_and_writes_under_fixed_expiry_follow_the_closed_form() {
    for rho in [0.01_f64, 0.1, 0.5, 1.0, 3.0, 10.0, 100.0, 1_000.0] {
        let (mean, deviation) = (1.0 + 1.0 / rho, 1.0 / rho);
        let lifetime_ns = lifetime_for(1e7, mean);
        let tally = tally_of(&one_key("read", "fixed", rho, lifetime_ns));
        let calls = tally.total_calls().get(KmsApi::Decrypt);
        assert_renewals(calls, lifetime_ns, mean, deviation, &format!("reads, {rho}"));
        let lifetime_ns = lifetime_for(4e6, mean);
        let tally = tally_of(&one_key("write", "fixed", rho, lifetime_ns));
        let calls = tally.total_calls().get(KmsApi::GenerateDataKey);
        assert_eq!(calls, tally.keys_generated);
        assert_renewals(calls, lifetime_ns, mean, deviation, &format!("writes, {rho}"));
    }
}

/// A call each time that there was no read for a lifetime: λ e^(−λT).
#[test]
fn poisson_reads_under_sliding_expiry_follow_the_closed_form() {
    for (rho, calls) in [(0.01_f64, 1e7), (0.1, 1e7), (1.0, 1e7), (3.0, 4e6), (6.0, 1e6)] {
        // In lifetimes: a gap ends a cycle with the chance p; other gaps are shorter than one.
        let (p, q) = ((-rho).exp(), 1.0 - (-rho).exp());
        let short = 1.0 / rho - p / q;
        let squares = 2.0 / (rho * rho) - p / q * (1.0 + 2.0 / rho);
        let short_variance = squares - short * short;
        let variance = q / p * short_variance + q / (p * p) * short * short + 1.0 / (rho * rho);
        let mean = 1.0 / (rho * p);
        let lifetime_ns = lifetime_for(calls, mean);
        let tally = tally_of(&one_key("read", "sliding", rho, lifetime_ns));
        let count = tally.total_calls().get(KmsApi::Decrypt);
        assert_renewals(count, lifetime_ns, mean, variance.sqrt(), &format!("sliding, {rho}"));
    }
}

/// While everything is wrapped by one key and is read all the time, the key is fetched once, by an
/// engine that must look back through some million reads.
#[test]
fn a_key_that_is_always_in_use_is_fetched_once() {
    for law in [
        r#"exponential = { mean = "4h" }"#,
        r#"fixed = "0s""#,
        r#"lognormal = { median = "1d", sigma = 2.0 }"#,
    ] {
        let scenario = read(
            &format!(
                r#"
name = "always-in-use"
engine = "skip-ahead"
duration = "3h"
[assumptions]
generation_lifetime = "5min"
cache_lifetime = "1h"
expiry = "sliding"
write_partitions = 1
read_partitions = 1
[[bucket]]
name = "data"
[[principal]]
name = "reader"
role = "reader"
[[population]]
name = "old"
bucket = "data"
objects = 1000
age = {{ uniform = {{ to = "1d" }} }}
[[workload]]
name = "read"
principal = "reader"
bucket = "data"
arrivals = {{ poisson = {{ rate = "10000/s" }} }}
read = {{ from = ["old"], pattern = {{ by-age = {{ {law} }} }} }}
[[configuration]]
name = "sse-kms"
encryption = "sse-kms"
[[configuration]]
name = "migrated"
encryption = "sse-kms-bucket-key"
migrated = true
"#
            ),
            &[],
        );
        assert_eq!(tally_of(&scenario).total_calls().total(), 1, "{law}");
    }
}

/// What is read is a second old, or nearly so: each key is read for as long as it was written, 300 s, and fetched
/// at once, and again whenever a cache has dropped it, every 100 s. By hand: three times each of two keys, and the
/// first once more in the moment before the second is written. However many reads there are, none is drawn.
#[test]
fn narrow_ages_take_no_longer_for_more_reads() {
    for pattern in [
        r#"{ just-written = { delay = "1s" } }"#,
        r#"{ by-age = { fixed = "1s" } }"#,
        r#"{ by-age = { lognormal = { median = "1s", sigma = 0.01 } } }"#,
    ] {
        let text = r#"
name = "narrow"
engine = "skip-ahead"
duration = "10min"
[assumptions]
generation_lifetime = "5min"
cache_lifetime = "100s"
expiry = "fixed"
write_partitions = 1
read_partitions = 1
verify_on_write = 0
[[bucket]]
name = "data"
bucket_keys_since = "always"
[[principal]]
name = "app"
role = "app"
[[workload]]
name = "write"
principal = "app"
bucket = "data"
arrivals = { poisson = { rate = "10/s" } }
[[workload]]
name = "read"
principal = "app"
bucket = "data"
arrivals = { poisson = { rate = "100000000/s" } }
read = { from = ["write"], pattern = PATTERN }
[[configuration]]
name = "sse-kms"
encryption = "sse-kms"
[[configuration]]
name = "bucket-key"
encryption = "sse-kms-bucket-key"
"#;
        let scenario = read(&text.replace("PATTERN", pattern), &[]);
        let decrypts = tally_of(&scenario).total_calls().decrypt;
        assert!((6..=8).contains(&decrypts), "{pattern}: {decrypts}");
    }
}

#[test]
fn any_number_of_threads_counts_the_same() {
    for (name, overrides) in [
        ("old-objects", &["engine=skip-ahead", "duration=3h"][..]),
        ("lambda-fanout", &["engine=skip-ahead", "duration=3h"]),
    ] {
        let scenario = read(&text_of(name), overrides);
        let arms = all_arms(&scenario);
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| run(&scenario, &arms, 0..2, &|_| ()))
        };
        let one = on(1);
        assert!(one[0].iter().any(|tally| tally.total_calls().total() > 0));
        assert!(one == on(4), "{name}");
    }
}

/// Whatever it is that is compared, all see the same requests.
#[test]
fn requests_are_those_of_every_configuration() {
    for name in ["old-objects", "lambda-fanout"] {
        let scenario = read(&text_of(name), &["engine=skip-ahead", "duration=3h"]);
        let arms = all_arms(&scenario);
        let mut of_replications = Vec::new();
        for tallies in run(&scenario, &arms, 0..2, &|_| ()) {
            let requests = |tally: &Tally| -> (Vec<u64>, Vec<u64>) {
                (tally.requests.to_vec(), tally.bins.iter().map(|bin| bin.requests).collect())
            };
            let first = requests(&tallies[0]);
            assert_eq!(first.0.iter().sum::<u64>(), first.1.iter().sum::<u64>());
            for (tally, arm) in tallies.iter().zip(&arms) {
                assert_eq!(requests(tally), first, "{name}: {arm:?}");
                let of_requesters: u64 = tally.requesters.iter().map(|one| one.requests).sum();
                assert_eq!(of_requesters, tally.total_requests(), "{name}: {arm:?}");
                // Without bucket keys every request that reads or writes is a call.
                if !scenario.configurations[arm.configuration].uses_bucket_keys(&scenario.domains) {
                    assert_eq!(tally.total_calls().total(), tally.total_requests());
                }
            }
            of_replications.push(first);
        }
        assert_ne!(of_replications[0], of_replications[1], "{name}: two replications are one");
    }
}

#[test]
fn what_hinders_skipping_ahead_is_named() {
    let popular = ["workload.downloads.read.pattern={ zipf = { exponent = 1.0 } }"];
    let parts = ["workload.uploads.client=boto3", "workload.uploads.object_size=\"1GiB\""];
    let copies = ["workload.downloads.mix={ read = 1, copy = 1 }"];
    let bursts =
        [r#"workload.uploads.arrivals={ bursts = { rate = "2/s", on = "1min", off = "1min" } }"#];
    for (name, overrides, workload, why) in [
        ("throttled-analytics", &[][..], "hourly-reports", "runs jobs"),
        ("emr10", &[], "checkpoints", "does not arrive as a Poisson process"),
        ("existing-bucket", &bursts, "uploads", "does not arrive as a Poisson process"),
        ("existing-bucket", &popular, "downloads", "reads by popularity or in scans"),
        ("existing-bucket", &copies, "downloads", "makes several requests of one action"),
        ("existing-bucket", &parts, "uploads", "makes several requests of one action"),
    ] {
        let overrides: Vec<bks::scenario::overrides::Override> = overrides
            .iter()
            .chain(&["engine=skip-ahead"])
            .map(|change| bks::scenario::overrides::Override::parse(change).unwrap())
            .collect();
        let none = |file: &str| panic!("{file} is not read from here");
        let error = Scenario::read(&text_of(name), name, &overrides, &none).unwrap_err();
        let error = error.to_string();
        assert!(error.contains(&format!("`{workload}` {why}")), "{name}: {error}");
    }
}

#[test]
fn the_engine_is_chosen_by_what_it_saves() {
    let chosen = |name: &str, overrides: &[&str]| {
        let scenario = read(&text_of(name), overrides);
        skips(&scenario, &Engines::of(&scenario))
    };
    // 130 billion requests, and assumptions that are known.
    let known = [
        "assumptions.generation_lifetime=5min",
        "assumptions.cache_lifetime=5min",
        "assumptions.expiry=fixed",
        "assumptions.write_partitions=1",
        "assumptions.read_partitions=2",
    ];
    assert_eq!(chosen("busy-lake", &known), [true; 2]);
    assert_eq!(chosen("emr10", &[]), [false; 2]);
    assert_eq!(chosen("busy-lake", &["engine=events"]), [false; 2]);
    assert_eq!(chosen("old-objects", &["engine=skip-ahead"]), [true; 3]);
    // Few requests are drawn, whatever skipping them would cost.
    assert_eq!(chosen("busy-lake", &["duration=1min"]), [false; 2]);
}
