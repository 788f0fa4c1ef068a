//! Requests answered per second: `cargo bench`. The method stands in `docs/performance.md`.
//!
//! Each benchmark runs one replication of a reference workload on one thread, through the whole
//! engine: drawing, both passes, tallying. divan prints items (requests) per second. A tenth of the
//! sessions send a tenth of the requests: sessions are run one after the other, so each does the work
//! that it does in the whole.

use bks::encryption::assumption::Level;
use bks::scenario::Scenario;
use bks::simulation::{Arm, run};
use bks::tally::Tally;
use bks::units::SimDuration;
use divan::Bencher;
use divan::counter::ItemsCount;

/// 1,000 requesters read objects of exponential age over 8,640 bucket-level keys (30 days of
/// 5-minute keys, one writer), fixed expiry after 300 s.
const READS: &str = include_str!("../scenarios/reference-reads.toml");

/// 500 requesters that read what 500 others write, half and half.
const MIXED: &str = include_str!("../scenarios/reference-mixed.toml");

/// Jobs, scans and multipart uploads: nothing of the cluster's goes in columns.
const JOBS: &str = include_str!("../scenarios/emr10.toml");

fn main() {
    divan::main();
}

/// One replication of a tenth of `text` in the configuration of that name, at assumed values.
fn a_tenth(bencher: Bencher, text: &str, configuration: &str) {
    let tenth = text
        .replace("sessions = 1000", "sessions = 100")
        .replace("sessions = 500", "sessions = 50")
        .replace("00000000/d", "0000000/d");
    one_replication(bencher, &tenth, configuration, Tally::total_requests);
}

/// One replication of `text` in the configuration of that name, at assumed values; `items` tells what
/// is counted of it.
fn one_replication(
    bencher: Bencher,
    text: &str,
    configuration: &str,
    items: impl Fn(&Tally) -> u64,
) {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let assumed = assumed(&scenario, configuration);
    of_arms(bencher, &scenario, &[assumed], items);
}

/// The configuration of a name, at assumed values.
fn assumed(scenario: &Scenario, configuration: &str) -> Arm {
    let index = scenario.configurations.iter().position(|c| c.name == configuration);
    let index = index.expect("the benchmark names one of its configurations");
    Arm::of_totals(index, scenario.configurations[index].ranges.at(Level::Assumed))
}

/// One replication of all arms on one thread; `items` tells what is counted of the first.
fn of_arms(bencher: Bencher, scenario: &Scenario, arms: &[Arm], items: impl Fn(&Tally) -> u64) {
    let replication = || run(scenario, arms, 0..1, &|_| ());
    let items = items(&replication()[0][0]);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread starts");
    bencher.counter(ItemsCount::new(items)).bench_local(|| pool.install(replication));
}

#[divan::bench(args = ["sse-kms", "bucket-key"], sample_count = 10)]
fn reads(bencher: Bencher, configuration: &str) {
    a_tenth(bencher, READS, configuration);
}

#[divan::bench(args = ["sse-kms", "bucket-key"], sample_count = 10)]
fn mixed(bencher: Bencher, configuration: &str) {
    a_tenth(bencher, MIXED, configuration);
}

/// Reads of four sessions, a trillion requests in a day: items are KMS calls, about ten million.
#[divan::bench(sample_count = 10)]
fn skip_ahead(bencher: Bencher) {
    let trillion = READS
        .replace("sessions = 1000", "sessions = 4")
        .replace("200000000/d", "1000000000000/d")
        .replace("seed = 1\n", "seed = 1\nengine = \"skip-ahead\"\n");
    one_replication(bencher, &trillion, "bucket-key", |tally| tally.total_calls().total());
}

/// Two hours of jobs, in order of time.
#[divan::bench(args = ["sse-kms", "bucket-key-session", "bucket-key-role"], sample_count = 10)]
fn jobs(bencher: Bencher, configuration: &str) {
    one_replication(bencher, &two_hours(), configuration, Tally::total_requests);
}

/// The same under so many sets of assumptions at once: items are requests, each counted once for all.
#[divan::bench(args = [1, 8, 32], sample_count = 10)]
fn sets(bencher: Bencher, sets: i64) {
    let text = two_hours();
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let first = assumed(&scenario, "bucket-key-role");
    let arms: Vec<Arm> = (0..sets).map(|set| another_set(&first, set)).collect();
    of_arms(bencher, &scenario, &arms, Tally::total_requests);
}

/// An arm with lifetimes of its own, and a writing rule that four others share.
fn another_set(first: &Arm, set: i64) -> Arm {
    let mut arm = first.clone();
    arm.assumptions.cache_lifetime = SimDuration::from_secs(60 + 30 * set);
    arm.assumptions.generation_lifetime = SimDuration::from_secs(60 + 60 * (set / 4));
    arm
}

fn two_hours() -> String {
    JOBS.replace("duration = \"1d\"", "duration = \"2h\"")
}
