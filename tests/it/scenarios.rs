//! The scenarios that come with bks: each runs, keeps its own assertions, gives the same summary as
//! when it was last looked at, and agrees with arithmetic wherever arithmetic knows the answer.
//!
//! A golden file shows that an answer has not changed, not that it was ever right; so beside each
//! golden stands an oracle that does not come from bks. Where a change is meant, `BKS_BLESS=1 cargo
//! test scenarios` writes the goldens anew, for review as a diff.

use crate::support::arithmetic;
use crate::support::by_second;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use arithmetic::{
    assumptions, counted_jobs, counted_s, keys_of_even_writes, kms_bill, misses, operations,
    parts_met, poisson_rate, step, step_s, workload,
};
use bks::encryption::assumption::Level;
use bks::quota::QuotaEffect;
use bks::results::{Results, csv};
use bks::s3::{Connections, Operation};
use bks::scenario::Scenario;
use bks::scenario::overrides::Override;
use bks::simulation::engines::Engines;
use bks::simulation::{self, Arm};
use bks::workload::Action;
use bks::workload::ages::AgeLaw;
use bks::workload::read_pattern::ReadPattern;

/// Every scenario file has a test below; this list is held against the folder.
const TESTED: [&str; 18] = [
    "aws-sample",
    "busy-lake",
    "emr10",
    "existing-bucket",
    "fresh-connections",
    "lambda-fanout",
    "log-sink",
    "many-buckets",
    "old-objects",
    "reference-mixed",
    "reference-reads",
    "single-writer",
    "sse-s3-to-kms",
    "thirty-threads",
    "throttled-analytics",
    "throttling-ends",
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

fn scenario_of(name: &str) -> Scenario {
    Scenario::parse(&text_of(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn changed(name: &str, changes: &[&str]) -> Scenario {
    let changes: Vec<Override> =
        changes.iter().map(|text| Override::parse(text).expect("KEY=VALUE")).collect();
    let no_files = |file: &str| panic!("{name} includes {file}");
    Scenario::read(&text_of(name), name, &changes, &no_files)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn run(scenario: &Scenario) -> Results {
    Results::of(scenario, &|_| ())
}

/// Runs a scenario as it stands and holds it to its form, its assertions and its golden.
fn checked(name: &str) -> Results {
    checked_as(name, &[])
}

/// As [`checked`], with some values changed: what takes seconds in a release takes minutes here.
fn checked_as(name: &str, changes: &[&str]) -> Results {
    assert_opens_with_its_question(&text_of(name));
    let scenario = changed(name, changes);
    assert_eq!(scenario.name, name, "a scenario is named like its file");
    let results = run(&scenario);
    for demand in &results.facts.assertions {
        assert!(demand.holds, "{name}: {}: the figure is {}", demand.assertion, demand.value);
    }
    assert_is_golden(name, &csv::write(&results.summary));
    results
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

/// `GenerateDataKey` and Decrypt calls of a configuration at the assumed level.
fn calls(results: &Results, name: &str) -> (u64, u64) {
    let row = results.assumed(name);
    assert_eq!(whole(row.encrypt), 0, "only replication encrypts");
    (whole(row.generate_data_key), whole(row.decrypt))
}

/// Means of `GenerateDataKey` and Decrypt calls of a configuration at the assumed level.
fn api_calls(results: &Results, name: &str) -> (f64, f64) {
    let row = results.assumed(name);
    (row.generate_data_key, row.decrypt)
}

/// A mean over replications that must be the same number in each.
fn whole(mean: f64) -> u64 {
    assert!(mean.fract() == 0.0, "{mean} is not a whole number");
    mean as u64
}

/// The saving at the assumed level.
fn saving(results: &Results, name: &str) -> f64 {
    results.assumed(name).saving_ratio.expect("there is something to save")
}

/// KMS calls for each S3 request of a principal, at the assumed level.
fn calls_per_request(results: &Results, name: &str, principal: &str) -> f64 {
    let rows = results.requesters.iter();
    let (calls, requests) = rows
        .filter(|row| row.configuration == name && row.principal == principal)
        .map(|row| (row.kms_requests, row.requests))
        .fold((0.0, 0.0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
    calls / requests
}

/// How many requesters a principal is at the assumed level.
fn requesters(results: &Results, name: &str, principal: &str) -> usize {
    let rows = results.requesters.iter();
    let own = rows.filter(|row| row.configuration == name && row.principal == principal);
    own.map(|row| row.requesters).sum()
}

#[track_caller]
fn assert_near(value: f64, expected: f64, tolerance: f64) {
    assert!(
        (value - expected).abs() <= tolerance,
        "{value}, but expected {expected} ± {tolerance}"
    );
}

fn assert_within(value: f64, (low, high): (f64, f64)) {
    assert!((low..=high).contains(&value), "{value}, but expected {low} to {high}");
}

/// Holds the requests of each operation to the scenario's arrivals, jobs and client profiles, and
/// without bucket keys each KMS call and the bill to them.
///
/// Five standard errors, and one request that a first or last moment may take or give.
#[track_caller]
fn assert_counts_are_the_scenarios(scenario: &Scenario, results: &Results) {
    let sse_kms = results.assumed("sse-kms");
    let expected = operations(scenario);
    let rows = results.operations.iter().filter(|row| row.configuration == "sse-kms");
    let counted: BTreeMap<Operation, f64> = rows
        .map(|row| {
            let operation = Operation::ALL.into_iter().find(|it| it.name() == row.operation);
            (operation.expect("it is an operation"), row.requests)
        })
        .collect();
    assert!(counted.keys().eq(expected.keys()), "{expected:?}");
    for (operation, requests) in &counted {
        let expected = expected[operation];
        let error = (expected.variance / f64::from(scenario.replications)).sqrt();
        assert_near(*requests, expected.mean, 5.0 * error + 1.0);
    }
    let of = |operation: Operation| counted.get(&operation).copied().unwrap_or_default();
    let (puts, gets, copies) =
        (of(Operation::PutObject), of(Operation::GetObject), of(Operation::CopyObject));
    assert_near(sse_kms.generate_data_key, puts + copies, 1e-6);
    assert_near(sse_kms.decrypt, gets + copies, 1e-6);
    assert_near(sse_kms.encrypt, 0.0, 0.0);
    for row in &results.summary {
        if row.assumption == Level::Assumed {
            assert_near(row.requests, counted.values().sum(), 1e-6);
        }
        // The billing period's requests are rounded to whole ones.
        let bill = kms_bill(scenario, row.kms_requests);
        assert_near(row.kms_cost_usd.as_f64(), bill, 0.000_003);
    }
}

/// The part of a configuration's Decrypt calls that reads and copies need: not the verification of
/// new keys.
fn decrypts_to_read(scenario: &Scenario, results: &Results, name: &str) -> f64 {
    let row = results.assumed(name);
    assert_near(row.generate_data_key, row.bucket_keys_generated, 1e-6);
    let verify = assumptions(scenario, name, Level::Assumed).verify_on_write;
    row.decrypt - f64::from(verify) * row.bucket_keys_generated
}

/// Mean time from one key of a Poisson writer to the next, if all come from one place: a lifetime and
/// the gap to the next write.
fn key_every_s(scenario: &Scenario, name: &str, writer: &str) -> f64 {
    let assumptions = assumptions(scenario, name, Level::Assumed);
    let slots = workload(scenario, writer).slots.clone();
    let alone = |slot: u32| scenario.slots[slot as usize].connections == Connections::Kept(1);
    assert!(assumptions.cache_hosts == 1 || (slots.len() == 1 && slots.clone().all(alone)));
    assumptions.generation_lifetime.as_secs_f64() + 1.0 / poisson_rate(workload(scenario, writer))
}

/// A scenario with a single host in S3's fleet, where closed forms need no partitions, and its results.
fn at_one_host(name: &str) -> (Scenario, Results) {
    let scenario = changed(name, &["assumptions.cache_hosts=1"]);
    let results = run(&scenario);
    (scenario, results)
}

/// Hosts of ten that connections meet on average: each misses a given one with nine chances of ten.
fn met_of_ten(connections: i32) -> f64 {
    (10.0 * (1.0 - 0.9_f64.powi(connections))).round()
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

/// Oracle: the count in AWS's sample; 1 key + 1 verification + 1 fetch in each of 2 partitions; and with
/// two connections two keys of which each is verified, and fetched twice.
#[test]
fn aws_sample() {
    let results = checked("aws-sample");
    assert_eq!(calls(&results, "sse-kms"), (50, 100));
    assert_eq!(calls(&results, "fitted-1-2"), (1, 1 + 2));
    assert_near(saving(&results, "fitted-1-2"), 1.0 - 4.0 / 150.0, 1e-12);
    assert_eq!(calls(&results, "bucket-key"), (2, 2 + 2 * 2));
    assert_eq!(whole(results.assumed("sse-kms").requests), 50 + 100 + 100);
}

/// Oracles: AWS's documentation, at least ten keys for ten sessions of one role; requests from
/// arrivals, jobs and the client's profile; keys from lifetimes, gaps and renewals; reads from the
/// number of keys that a scan meets.
#[test]
fn emr10() {
    let fanned_out = checked("emr10");
    let (scenario, results) = at_one_host("emr10");
    // Ten hosts for ten times 96 connections of Spark, 7 for the ten of ingest; each makes a key, waits
    // for its end and for a write: a tenth, or a seventh, of all. Jobs' writes make waits shorter.
    let (emr, ingest) = (met_of_ten(960), met_of_ten(10));
    let keys =
        |waits_s: f64| 23.0 * 3_600.0 * (emr / (300.0 + waits_s) + ingest / (300.0 + 7.0 / 5.0));
    let made = fanned_out.assumed("bucket-key-role").bucket_keys_generated;
    assert_within(made, (keys(2.0) - 30.0, keys(1.0) + 30.0));
    assert_counts_are_the_scenarios(&scenario, &results);
    assert_near(results.assumed("sse-s3").kms_requests, 0.0, 0.0);
    let checkpoints = workload(&scenario, "checkpoints");
    let sessions = checkpoints.slots.len();
    assert_eq!(requesters(&results, "bucket-key-session", "emr"), sessions);
    assert_eq!(requesters(&results, "bucket-key-role", "emr"), 1);

    for (name, by_session) in [("bucket-key-session", true), ("bucket-key-role", false)] {
        for level in [Level::Assumed, Level::High] {
            let assumed = assumptions(&scenario, name, level);
            let lifetime_s = assumed.generation_lifetime.as_secs_f64();
            let emr = keys_of_even_writes(&scenario, checkpoints, lifetime_s, by_session);
            let gap_s = 1.0 / poisson_rate(workload(&scenario, "arriving"));
            let ingest = counted_s(&scenario) / (lifetime_s + gap_s);
            // A key more or less for ingest at the edges of the run, and one for all sessions
            // whose first write after a renewal is a job's: a job writes for minutes an hour.
            let keys = results.at(name, level).bucket_keys_generated;
            assert_near(keys, emr + ingest, 2.0);
        }
    }

    let alive = |name: &str| {
        let row = results.assumed(name);
        (row.bucket_keys_alive_min, row.bucket_keys_alive_max)
    };
    assert_eq!(alive("bucket-key-role"), (2, 2));
    // Every session and ingest, and what sessions that were renewed within a lifetime left behind.
    let emr = &scenario.slots[checkpoints.slots.start as usize];
    let apart_s = emr.session_length.expect("it ends").as_secs_f64() / sessions as f64;
    let assumed = assumptions(&scenario, "bucket-key-session", Level::Assumed);
    let left = (assumed.generation_lifetime.as_secs_f64() / apart_s).ceil() as u32;
    let (fewest, most) = alive("bucket-key-session");
    assert!(fewest >= sessions as u32, "{fewest}");
    assert!(most <= sessions as u32 + 1 + left, "{most}");

    emr10_reads(&scenario, &results);
}

fn emr10_reads(scenario: &Scenario, results: &Results) {
    let job = workload(scenario, "hourly-job");
    let (read, written) = (step(job, Action::Read), step(job, Action::Write));
    let (jobs, sessions) = (counted_jobs(scenario, job), job.slots.len() as f64);
    let Some(ReadPattern::Scan(scan)) = job.reads.as_ref().map(|reads| &reads.pattern) else {
        panic!("it scans")
    };
    let scanned_s = scan.oldest.as_secs_f64() - scan.newest.as_secs_f64();
    let from_key_to_key_s = key_every_s(scenario, "bucket-key-role", "arriving");
    let assumed = assumptions(scenario, "bucket-key-role", Level::Assumed);
    let parts = f64::from(assumed.cache_hosts);
    let lifetime_s = assumed.cache_lifetime.as_secs_f64();
    assert!(step_s(read) < 0.8 * lifetime_s, "a scan fetches a key once");
    assert!(step_s(written) < 0.8 * lifetime_s, "writes of a job meet two keys at the most");

    // One requester: each key of the range once in each partition. A range has a key more or less
    // than its length says, and another where the run's first write begins a new one; a job copies
    // what one or two keys wrap.
    let keys = scanned_s / from_key_to_key_s;
    let bounds = (jobs * parts * (keys - 1.0 + 1.0), jobs * parts * (keys + 2.0 + 2.0));
    assert_within(decrypts_to_read(scenario, results, "bucket-key-role"), bounds);

    // Ten requesters: each of a session's objects has another key, so only one object's GETs share
    // it. Five standard errors of a number that varies by half at the most; copies as above.
    let apart_s = scanned_s / read.objects as f64 * sessions;
    assert!(
        apart_s > from_key_to_key_s + 100.0,
        "{apart_s} s from object to object, {from_key_to_key_s} s from key to key"
    );
    let objects = jobs * read.objects as f64;
    let reads = objects * parts_met(parts, job.client.read.get);
    let error = 2.5 * (objects / f64::from(scenario.replications)).sqrt();
    let copies = jobs * sessions * parts;
    let bounds = (reads - error + copies, reads + error + 2.0 * copies);
    assert_within(decrypts_to_read(scenario, results, "bucket-key-session"), bounds);
}

/// Oracles: objects without a bucket key cost a Decrypt each, before and after; a migrated key is
/// read by a Poisson process, so 1 / (1 + λT) of its reads miss; the migration is price times
/// number.
#[test]
fn existing_bucket() {
    let results = checked("existing-bucket");
    let with = results.assumed("bucket-key");
    let reads = results.assumed("sse-kms").decrypt;
    assert_near(with.decrypt, reads + with.generate_data_key, 1e-6);

    // Ten hosts migrate, so many keys at a time; the ten connections of web meet seven of them.
    let (objects, per_key) = (50e6, 1_000.0 * 300.0);
    let caches = f64::ceil(objects / per_key) * 10.0 * met_of_ten(10);
    let missed = 1.0 / (1.0 + 20.0 / caches * 300.0);
    assert_near(calls_per_request(&results, "bucket-key-migrated", "web"), missed, 0.002);

    let migration = results.assumed("bucket-key-migrated").migration_cost_usd.unwrap();
    // PUT, Batch Operations, KMS and manifest per million; a job; the call for a new key.
    let cost = 50.0 * (5.0 + 1.0 + 3.0 + 0.015) + 0.25 + 3e-6;
    assert_near(migration.as_f64(), cost, 1e-9);
}

/// Oracles: objects under SSE-S3 ask for nothing, so that without bucket keys each write is a call, and of
/// 20 reads a second a part t / 365 d at the time t. With bucket keys a key is made each T + 1/λ and
/// verified once; a partition that reads cannot ask for more than a key's each T, and meets each of the
/// keys of a day at most as often as it is read.
#[test]
fn sse_s3_to_kms() {
    let results = checked("sse-s3-to-kms");
    for level in Level::ALL {
        assert_near(results.at("sse-s3", level).kms_requests, 0.0, 0.0);
    }
    let (from_s, to_s, year_s) = (3_600.0_f64, 86_400.0_f64, 365.0 * 86_400.0);
    let (writes, decrypts) = api_calls(&results, "sse-kms");
    assert_near(writes, to_s - from_s, 5.0 * f64::sqrt((to_s - from_s) / 3.0));
    let reads_of_new = 20.0 * (to_s.powi(2) - from_s.powi(2)) / 2.0 / year_s;
    assert_near(decrypts, reads_of_new, 5.0 * f64::sqrt(reads_of_new / 3.0));

    let scenario = scenario_of("sse-s3-to-kms");
    let (keys, decrypts_with) = api_calls(&results, "bucket-key");
    let every_s = key_every_s(&scenario, "bucket-key", "uploads");
    assert_near(keys, (to_s - from_s) / every_s, 2.0);
    assert!(decrypts_with - keys <= decrypts, "{decrypts_with} Decrypts with {keys} keys");
    let most = (2.0 * keys + decrypts) * 3e-6 * 30.0 * 86_400.0 / (to_s - from_s);
    let cost = results.assumed("bucket-key").kms_cost_usd.as_f64();
    assert!((0.0..=most).contains(&cost) && most < 0.28, "${cost}, at most ${most}");
}

/// Oracle: keys of a Poisson writer are a renewal process in each place, one each T + 1/λ, each of two
/// calls. A writer's λ is spread over as many hosts as its connections meet: ten for 300 times ten
/// connections, seven for ten.
#[test]
fn lambda_fanout() {
    let results = checked("lambda-fanout");
    let saved = |rate_per_s: f64| 1.0 - 2.0 / (1.0 + rate_per_s * 300.0);
    assert_near(saving(&results, "bucket-key-role"), saved(0.25 / met_of_ten(3_000)), 0.003);
    // Sessions that end before their key make a few keys more: one in (2700 s + 1/λ) at the most.
    let session = saving(&results, "bucket-key-session");
    let alone = saved(0.25 / 300.0 / met_of_ten(10));
    assert!((alone - 0.1..alone + 0.01).contains(&session), "{session}, alone {alone}");
    assert_eq!(requesters(&results, "bucket-key-session", "lambda"), 300);
    assert!(results.facts.warnings.iter().any(|warning| warning.id == "costs-more"));
}

/// Oracle: 49,000,000 × $0.000003 = $147.00; ⌈25,920 s / 300 s⌉ keys of two calls on a single host; on
/// ten, of which twenty sessions with ten connections each meet all and one session seven, a key for
/// each lifetime and wait.
#[test]
fn log_sink() {
    let results = checked("log-sink");
    let lines = results.costs.iter().filter(|line| {
        (line.configuration.as_str(), line.assumption) == ("sse-kms", Level::Assumed)
            && line.service_name == "AWS Key Management Service"
            && line.pricing_unit == "requests"
    });
    assert_eq!(lines.map(|line| line.pricing_quantity).sum::<u64>(), 49_000_000);
    assert_eq!(results.assumed("sse-kms").kms_cost_usd.to_string(), "147.00");
    let one = at_one_host("log-sink").1;
    assert_eq!(calls(&one, "bucket-key-role"), (87, 87));
    assert_eq!(calls(&one, "bucket-key-session"), (20 * 87, 20 * 87));
    let keys = |places: f64| places * 25_920.0 / (300.0 + places * 25_920.0 / 490_000.0);
    let made = |name| results.assumed(name).bucket_keys_generated;
    // The first key of a place has no lifetime before it: half a key more of each.
    let (role, session) = (met_of_ten(200), 20.0 * met_of_ten(10));
    assert_near(made("bucket-key-role"), keys(role) + role / 2.0, role / 2.0);
    assert_near(made("bucket-key-session"), keys(session) + session / 2.0, session / 2.0);
}

/// Oracle: sizes are 1 in the mean, so 24 teams write 24 objects a second and read 12, and 16 read 16; each request calls
/// KMS without bucket keys. Each workload's evenly spaced requests are whole. The largest of n tenants has 1/H of
/// all by Zipf's law, with H the sum of 1/i^1.2.
#[test]
fn many_buckets() {
    let results = checked("many-buckets");
    let (writes, reads) = calls(&results, "sse-kms");
    assert_near(writes as f64, 24.0 * 3_600.0, 24.0);
    assert_near(reads as f64, 28.0 * 3_600.0, 40.0);
    let harmonic: f64 = (1..=24).map(|rank| f64::from(rank).powf(-1.2)).sum();
    let row = |bucket: &str| {
        let mut rows = results.buckets.iter();
        rows.find(|row| row.configuration == "bucket-key-role" && row.bucket == bucket).unwrap()
    };
    let largest = row("events-001-bucket");
    assert_near(largest.requests, 24.0 / harmonic * 1.5 * 3_600.0, 2.0);
    assert_eq!(largest.rank, 1);
    let ranked: Vec<_> =
        results.buckets.iter().filter(|row| row.configuration == "bucket-key-role").collect();
    assert_eq!(ranked.len(), 40);
    let saved: bks::units::Usd = ranked.iter().map(|row| row.saved_usd).sum();
    let [before, after] = ["sse-kms", "bucket-key-role"].map(|it| results.assumed(it).kms_cost_usd);
    assert_eq!(saved, before - after);
}

/// Oracle: the hour's keys are read by Poisson processes, one each 330 s (a write each 30 s), over one
/// connection; of the year's keys nearly each read meets another.
#[test]
fn old_objects() {
    let results = checked("old-objects");
    let rate_of_a_cache = 330.0 / 3_600.0;
    let missed = 1.0 / (1.0 + rate_of_a_cache * 300.0);
    assert_near(calls_per_request(&results, "bucket-key", "dashboard"), missed, 0.01);
    assert!(calls_per_request(&results, "bucket-key", "audit") > 0.99);
    // At the high end 365 keys wrap the year, each read by a Poisson process of its own and found unless
    // it was not used for an hour: of the audit's reads, half of all but for the writes, e^(−λT) miss.
    let missed = (-3_600.0_f64 / 365.0).exp() / (2.0 + 2.0 / 60.0);
    let high = results.at("bucket-key", Level::High).saving_ratio;
    assert_near(high.expect("there is something to save"), 1.0 - missed, 2e-4);
}

/// Oracles: a renewal process of writes, a key each 300 s and the gap to the next write; requests from
/// the profile; 130 billion requests at 30 days.
#[test]
fn busy_lake() {
    let results = checked_as("busy-lake", &["duration=1d", "replications=1"]);
    assert_near(
        results.assumed("bucket-key").generate_data_key,
        86_400.0 / (300.0 + 1.0 / 6.0),
        1.5,
    );
    let scenario = scenario_of("busy-lake");
    let expected = scenario.expected_requests();
    assert_near(expected, 1.28e11, 1e9);
    assert_near(results.assumed("sse-kms").requests, expected / 30.0, 1e-3 * expected);
    assert_eq!(Engines::of(&scenario).name(), "skip-ahead");
}

/// Values that shorten the reference workloads: each session does what it does in the whole.
const FEW_READERS: [&str; 2] =
    ["principal.readers.sessions=20", "workload.read.arrivals.poisson.rate=4000000/d"];

/// Oracle: the other engine, within five standard deviations of a Poisson number.
#[test]
fn reference_reads() {
    let results = checked_as("reference-reads", &FEW_READERS);
    let mut changes = FEW_READERS.to_vec();
    changes.push("engine=skip-ahead");
    let skipped = run(&changed("reference-reads", &changes));
    let (_, drawn) = calls(&results, "bucket-key");
    let (_, skipped) = calls(&skipped, "bucket-key");
    assert_near(drawn as f64, skipped as f64, 5.0 * (2.0 * drawn as f64).sqrt());
    assert!(drawn < 4_000_000);
}

/// Oracles: a renewal process of writes, a key each 300 s and the gap to the next write; for the reads
/// the other engine, within five standard deviations of a Poisson number.
#[test]
fn reference_mixed() {
    let mut changes = vec![
        "principal.writers.sessions=20",
        "workload.write.arrivals.poisson.rate=4000000/d",
        "principal.readers.sessions=20",
        "workload.read.arrivals.poisson.rate=4000000/d",
    ];
    let results = checked_as("reference-mixed", &changes);
    changes.push("engine=skip-ahead");
    let skipped = run(&changed("reference-mixed", &changes));
    let (keys, drawn) = calls(&results, "bucket-key");
    let gap_s = 86_400.0 * 20.0 / 4e6;
    assert_near(keys as f64, 20.0 * (86_400.0 / (300.0 + gap_s) + 0.5), 20.0);
    let (_, skipped) = calls(&skipped, "bucket-key");
    assert_near(drawn as f64, skipped as f64, 5.0 * (2.0 * drawn as f64).sqrt());
}

/// Oracles: what was counted; and three hours' uploads make a key on each of ten hosts each five minutes
/// and a wait for the next object, of which each is fetched by each of ten hosts once, for about fifteen
/// of its objects are read through each.
#[test]
fn fresh_connections() {
    let results = checked("fresh-connections");
    assert_eq!(calls(&results, "sse-kms"), (53_000, 53_000));
    let (uploaded_s, hosts) = (10_800.0, 10.0);
    let waits_s = hosts * uploaded_s / 53_000.0;
    let keys = hosts * (uploaded_s / (300.0 + waits_s) + 0.5);
    let scenario = scenario_of("fresh-connections");
    let read = decrypts_to_read(&scenario, &results, "bucket-key");
    assert_near(read, keys * hosts, 0.04 * keys * hosts);
}

/// Oracle: 86,400 s / 300 s = 288.
#[test]
fn single_writer() {
    let results = checked("single-writer");
    assert_eq!(calls(&results, "sse-kms"), (1_000_000, 0));
    assert_eq!(calls(&results, "bucket-key"), (288, 0));
    assert_eq!(calls(&results, "bucket-key-ranges"), (288, 288));
    assert_eq!(results.assumed("sse-kms").kms_cost_usd.to_string(), "3.00");
}

/// Oracle: what was counted, 20,000 and about 70; and the arithmetic of both readings of it.
#[test]
fn thirty_threads() {
    let results = checked("thirty-threads");
    assert_eq!(calls(&results, "sse-kms"), (10_000, 10_000));
    assert_eq!(calls(&results, "fitted-10-6"), (10, 10 * 6));
    assert_eq!(calls(&results, "fitted-10-5"), (10, 10 + 10 * 5));
    // 31 connections meet ten hosts of ten: a key in each, verified, and fetched by each.
    assert_eq!(calls(&results, "bucket-key"), (10, 10 + 10 * 10));
}

/// Oracles: 24 spikes of 20,000 reads; what was paid, $1,500 and $300 a day, in thousandths; keys
/// that a job meets; a quota that answers so many calls a second and loses none.
#[test]
fn throttled_analytics() {
    let results = checked("throttled-analytics");
    let scenario = scenario_of("throttled-analytics");
    assert_counts_are_the_scenarios(&scenario, &results);
    assert_eq!(whole(results.assumed("sse-kms").decrypt), 24 * 20_000);
    let paid = |name| results.assumed(name).kms_cost_usd.as_f64();
    assert_near(paid("sse-kms"), 1.5, 0.02);
    assert_near(paid("bucket-key"), 0.3, 0.015);
    let throttled = |name| results.assumed(name).throttled_s;
    assert!(throttled("sse-kms") > 24 * 200 && throttled("bucket-key") < 24 * 60);
    let (one_host, of_one_host) = at_one_host("throttled-analytics");
    throttled_analytics_keys(&one_host, &of_one_host);
    throttled_analytics_quota(&scenario, &results);
}

fn throttled_analytics_keys(scenario: &Scenario, results: &Results) {
    let reports = workload(scenario, "hourly-reports");
    let read = step(reports, Action::Read);
    let Some(ReadPattern::ByAge(AgeLaw::Steps(ages))) = reports.reads.as_ref().map(|r| &r.pattern)
    else {
        panic!("it reads by age")
    };
    let [young, old] = ages[..] else { panic!("two steps") };
    let (young_s, old_s) = (young.to.as_secs_f64(), old.to.as_secs_f64() - young.to.as_secs_f64());
    let old_share = old.weight / (young.weight + old.weight);

    let from_key_to_key_s = key_every_s(scenario, "bucket-key", "arriving");
    // The gaps that a key waits for vary by far less than a key, all together.
    let keys = results.assumed("bucket-key").bucket_keys_generated;
    assert_near(keys, counted_s(scenario) / from_key_to_key_s, 1.0);

    let assumed = assumptions(scenario, "bucket-key", Level::Assumed);
    let parts = f64::from(assumed.cache_hosts);
    assert!(step_s(read) < 0.9 * assumed.cache_lifetime.as_secs_f64(), "a key is fetched once");
    let teams = requesters(results, "bucket-key", "teams") as f64;
    let runs = counted_jobs(scenario, reports) * teams;
    let reads = read.objects as f64 / teams;
    // Of the old keys so many as are met by evenly spread reads; of the young ones all in the window
    // that moves on while the job reads, one more or less at its ends.
    let cells = old_s / from_key_to_key_s * parts;
    let old_met = cells * (1.0 - (-reads * old_share / cells).exp());
    let (fewest, most) =
        (young_s / from_key_to_key_s - 1.0, (young_s + step_s(read)) / from_key_to_key_s + 1.0);
    // Five standard errors of the number of old reads, which is binomial.
    let variance = reads * old_share * (1.0 - old_share);
    let error = 5.0 * (runs * variance / f64::from(scenario.replications)).sqrt();
    let bounds =
        (runs * (old_met + parts * fewest) - error, runs * (old_met + parts * most) + error);
    assert_within(decrypts_to_read(scenario, results, "bucket-key"), bounds);
}

/// What the quota does to a configuration's calls at a level, in each replication.
fn quota_effects(scenario: &Scenario, configuration: usize, level: Level) -> Vec<QuotaEffect> {
    let assumptions = scenario.configurations[configuration].ranges.at(level);
    let arms = [Arm::of_totals(configuration, assumptions)];
    let runs = simulation::run(scenario, &arms, 0..scenario.replications, &|_| ());
    let terms = scenario.billing.quotas[0];
    runs.iter().map(|arms| QuotaEffect::of(&by_second::calls(&arms[0]), terms)).collect()
}

fn throttled_analytics_quota(scenario: &Scenario, results: &Results) {
    let writes = poisson_rate(workload(scenario, "arriving")) * counted_s(scenario);
    let mut of_sse_kms = None;
    for (index, configuration) in scenario.configurations.iter().enumerate() {
        for level in Level::ALL {
            let row = results.at(&configuration.name, level);
            let effects = quota_effects(scenario, index, level);
            for quota in &effects {
                assert_eq!(
                    quota.asked,
                    quota.answered + quota.left_over,
                    "none is lost or made up"
                );
                // Replications differ by their Poisson writes at the most; without caches by no more.
                if configuration.name == "sse-kms" {
                    assert_near(quota.asked as f64, row.kms_requests, 10.0 * writes.sqrt());
                }
                assert!(quota.delayed <= quota.slow_downs && quota.delayed <= quota.asked);
                assert!(quota.over_quota_s <= quota.throttled_s);
                assert!(quota.backlog_max <= quota.slow_downs);
                let answers_at_most =
                    scenario.billing.quotas[0].quota_per_s * counted_s(scenario) as u64;
                assert!(quota.answered <= answers_at_most);
            }
            let strained = effects.into_iter().max_by_key(QuotaEffect::strain).unwrap();
            assert_eq!(row.throttled_s, strained.throttled_s);
            assert_eq!(row.kms_wait_max_s, strained.wait_max_s);
            if (configuration.name.as_str(), level) == ("sse-kms", Level::Assumed) {
                of_sse_kms = Some(strained);
            }
        }
    }

    // Without bucket keys a spike is a ramp: n reads asked at a rate r and answered at a rate a, what
    // the quota leaves beside the writes. It is over n / a after its start, the backlog is highest
    // when the last is asked, and the SlowDowns are the triangle between.
    let reports = workload(scenario, "hourly-reports");
    let read = step(reports, Action::Read);
    let (jobs, n) = (counted_jobs(scenario, reports), read.objects as f64);
    let r = read.rate.as_per_s();
    let quota_per_s = scenario.billing.quotas[0].quota_per_s as f64;
    let a = quota_per_s - poisson_rate(workload(scenario, "arriving"));
    let quota = of_sse_kms.expect("it is a configuration");
    // A second at each end of a spike.
    assert_near(quota.throttled_s as f64, jobs * n / a, 2.0 * jobs);
    // Sessions end at different times, which rounds the tip; 5 %.
    let tip = n * (1.0 - a / r);
    assert_near(quota.backlog_max as f64, tip, 0.05 * tip);
    let triangles = jobs * tip * (n / a) / 2.0;
    assert_near(quota.slow_downs as f64, triangles, 0.05 * triangles);
    // Six standard deviations of a second's Poisson number.
    assert_within(quota.peak_per_s as f64, (r, r + 6.0 * r.sqrt()));
}

/// Oracle: AWS's documentation, two keys for two roles.
#[test]
fn two_roles() {
    let results = checked("two-roles");
    assert_eq!(calls(&results, "sse-kms"), (6_000, 0));
    for name in ["bucket-key-role", "bucket-key-session"] {
        let row = results.assumed(name);
        assert_eq!((row.bucket_keys_alive_min, row.bucket_keys_alive_max), (2, 2));
        assert_eq!(calls(&results, name), (2, 2));
    }
}

/// Oracles: AWS's documentation, the same role with another scoping policy is another requester; and
/// the renewal equation of a key that is read the less the older it gets, in every requester's cache.
#[test]
fn vended_credentials() {
    let fanned_out = checked("vended-credentials");
    // Twenty connections of a requester meet nine hosts of ten: less than half of what one host saves.
    let (scenario, results) = at_one_host("vended-credentials");
    assert!(saving(&fanned_out, "bucket-key") < 0.5 * saving(&results, "bucket-key"));
    assert_counts_are_the_scenarios(&scenario, &results);
    assert_vended(&scenario, &results);
    assert_eq!(requesters(&results, "bucket-key", "engine"), 200);

    // As its comment says.
    let one_policy = ["principal.engine.session_policies=1", "assumptions.cache_hosts=1"];
    let scenario = changed("vended-credentials", &one_policy);
    let one = run(&scenario);
    assert_vended(&scenario, &one);
    assert_eq!(requesters(&one, "bucket-key", "engine"), 1);
    assert!(saving(&one, "bucket-key") > 0.95);
    assert!(saving(&results, "bucket-key") < 0.65);
}

/// Holds keys and Decrypt calls to their closed forms, for any number of requesters.
fn assert_vended(scenario: &Scenario, results: &Results) {
    let queries = workload(scenario, "queries");
    let Some(ReadPattern::ByAge(AgeLaw::Exponential(ages))) =
        queries.reads.as_ref().map(|reads| &reads.pattern)
    else {
        panic!("they read by age")
    };
    let mean_age_s = ages.mean.as_secs_f64();
    let from_key_to_key_s = key_every_s(scenario, "bucket-key", "arriving");
    let keys = counted_s(scenario) / from_key_to_key_s;
    assert_near(results.assumed("bucket-key").bucket_keys_generated, keys, 1.0);

    let assumed = assumptions(scenario, "bucket-key", Level::Assumed);
    let parts = f64::from(assumed.cache_hosts);
    let caches = requesters(results, "bucket-key", "engine") as f64 * parts;
    // Reads a second that meet, in one cache, a key that was generated `age` ago and has wrapped
    // what was written since, for its lifetime at the most.
    let rate = |age: f64| {
        let share =
            (-(age - age.min(from_key_to_key_s)) / mean_age_s).exp() - (-age / mean_age_s).exp();
        poisson_rate(queries) / caches * share
    };
    let fetches = misses(rate, assumed.cache_lifetime.as_secs_f64(), 20.0 * mean_age_s);
    let expected = keys * caches * fetches;
    // Five standard errors of a Poisson number, more than that of misses; half a percent for what
    // key of its cycle the run begins and ends with.
    let error = 5.0 * (expected / f64::from(scenario.replications)).sqrt() + 0.005 * expected;
    assert_near(decrypts_to_read(scenario, results, "bucket-key"), expected, error);
}

/// The scenario that `bks init` writes.
fn starter() -> String {
    include_str!("../../src/cli/init/starter.toml").replace("NAME", "my-bucket")
}

/// Oracle: what its own comments promise.
#[test]
fn the_starter_runs_as_it_is() {
    let text = starter();
    assert_opens_with_its_question(&text);
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let results = run(&scenario);
    assert_eq!(results.facts.configurations.len(), 3);
    assert!(saving(&results, "bucket-key-role") > saving(&results, "bucket-key-session"));
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
