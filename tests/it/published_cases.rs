//! The engine against the published cases whose KMS calls, or caches, were counted.
//!
//! Without bucket keys the counts follow from the documentation and must be met exactly. With them
//! they depend on what AWS does not publish: the count must lie within what bks reports as its
//! range, and one stated set of assumptions must give it. That set is a calibration, not a proof.
//!
//! An object of the run is known by when it was written and through which part of the fleet, so the
//! reads "of nine of those objects" and "of all of those objects" are scans of the minutes in which
//! they were written.

use bks::encryption::assumption::{AssumptionRanges, Assumptions, Level};
use bks::kms::KmsApi;
use bks::s3::Operation;
use bks::scenario::Scenario;
use bks::simulation::{Arm, run};
use bks::tally::Tally;

/// Tallies, replication by replication, of the first configuration (without bucket keys) and of
/// the second one under each of some assumptions.
fn tallies(scenario: &Scenario, assumptions: &[Assumptions]) -> Vec<Vec<Tally>> {
    let arm = |configuration, assumptions| Arm::of_totals(configuration, assumptions);
    let mut arms = vec![arm(0, assumptions[0])];
    arms.extend(assumptions.iter().map(|of| arm(1, *of)));
    run(scenario, &arms, 0..scenario.replications, &|_| ())
}

fn mean(counts: impl ExactSizeIterator<Item = u64>) -> f64 {
    let runs = counts.len() as f64;
    counts.sum::<u64>() as f64 / runs
}

/// aws-samples/s3-bucketkey-poc: one Lambda session uploads 50 small objects, then downloads nine
/// of them 100 times in all with boto3 (HEAD and GET), within ten minutes.
fn aws_sample() -> Scenario {
    let text = r#"
        name = "aws-sample"
        source = "https://github.com/aws-samples/s3-bucketkey-poc"
        seed = 2
        duration = "10min"
        replications = 20
        [[bucket]]
        name = "poc"
        bucket_keys_since = "always"
        [[principal]]
        name = "lambda"
        role = "poc-lambda"
        # HEAD and GET of a download come from two threads.
        connections = 2
        [[workload]]
        name = "upload"
        principal = "lambda"
        bucket = "poc"
        client = "boto3"
        object_size = "1KB"
        jobs = { steps = [{ action = "write", objects = 50, rate = "10/s" }] }
        [[workload]]
        name = "download"
        principal = "lambda"
        bucket = "poc"
        client = "boto3"
        object_size = "1KB"
        read = { from = ["upload"], pattern = { scan = { oldest = "59s", newest = "57s" } } }
        jobs = { offset = "1min", steps = [{ action = "read", objects = 100, rate = "10/s" }] }
    "#;
    Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_aws_sample_makes_150_calls_without_and_4_with_bucket_keys() {
    let scenario = aws_sample();
    let ranges = &scenario.configurations[1].ranges;
    let stated = Assumptions {
        write_partitions: Some(1),
        verify_on_write: 1,
        read_partitions: Some(2),
        ..ranges.at(Level::Assumed)
    };
    let arms = [ranges.at(Level::Low), ranges.at(Level::High), stated];
    for tallies in tallies(&scenario, &arms) {
        let [without, low, high, stated] = tallies.try_into().unwrap();
        assert_eq!(without.total_calls().get(KmsApi::GenerateDataKey), 50);
        assert_eq!(without.total_calls().get(KmsApi::Decrypt), 100);
        assert_eq!(without.requests[Operation::HeadObject as usize], 100);
        // 1 GenerateDataKey, its verifying Decrypt, and one Decrypt in each of two read caches.
        assert_eq!(stated.total_calls().total(), 4);
        assert!(high.total_calls().total() < 4 && 4 < low.total_calls().total());
        assert_eq!(high.total_calls().total(), 2);
    }
}

/// vinodhinic/s3-bucket-keys: one IAM user writes 10,000 tiny objects in 30 threads, then reads
/// each of them in turn in one thread.
fn thirty_threads() -> Scenario {
    let text = r#"
        name = "thirty-threads"
        source = "https://github.com/vinodhinic/s3-bucket-keys"
        seed = 3
        duration = "10min"
        replications = 20
        [[bucket]]
        name = "test"
        bucket_keys_since = "always"
        [[principal]]
        name = "threads"
        user = "tester"
        sessions = 30
        connections = 1
        [[principal]]
        name = "reader"
        user = "tester"
        connections = 1
        [[workload]]
        name = "write"
        principal = "threads"
        bucket = "test"
        object_size = "1KB"
        jobs = { steps = [{ action = "write", objects = 10000, rate = "150/s" }] }
        [[workload]]
        name = "read"
        principal = "reader"
        bucket = "test"
        object_size = "1KB"
        read = { from = ["write"], pattern = { scan = { oldest = "90s", newest = "20s" } } }
        jobs = { offset = "90s", steps = [{ action = "read", objects = 10000, rate = "50/s" }] }
    "#;
    Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn thirty_threads_make_20_000_calls_without_and_about_70_with_bucket_keys() {
    let scenario = thirty_threads();
    let ranges = &scenario.configurations[1].ranges;
    let stated = |read_partitions| Assumptions {
        write_partitions: Some(10),
        verify_on_write: 1,
        read_partitions: Some(read_partitions),
        ..ranges.at(Level::Assumed)
    };
    let arms = [ranges.at(Level::Low), ranges.at(Level::High), stated(5), stated(6)];
    let runs = tallies(&scenario, &arms);
    for tallies in &runs {
        let without = tallies[0].total_calls();
        assert_eq!(without.get(KmsApi::GenerateDataKey), 10_000);
        assert_eq!(without.get(KmsApi::Decrypt), 10_000);
        assert!(tallies[2].total_calls().total() < 70 && 70 < tallies[1].total_calls().total());
        for with in &tallies[3..] {
            // Ten parts, all in use within a second, each of one key for the minute of writing.
            assert_eq!(with.total_calls().get(KmsApi::GenerateDataKey), 10);
        }
    }
    for (arm, parts) in [(3, 5), (4, 6)] {
        let decrypts = mean(runs.iter().map(|arms| arms[arm].total_calls().get(KmsApi::Decrypt)));
        // Ten verifying calls, then each key once in each of the read parts.
        let expected = f64::from(10 + 10 * parts);
        assert!((decrypts - expected).abs() < 0.5, "{parts} read parts: {decrypts}");
        let total = mean(runs.iter().map(|arms| arms[arm].total_calls().total()));
        assert!((60.0..=80.0).contains(&total), "{parts} read parts: {total}");
    }
}

/// c-b.io: 53,000 objects are each read by a client, and so over a connection, of its own.
fn fresh_connections() -> Scenario {
    let text = include_str!("../../scenarios/fresh-connections.toml");
    Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Calls of a scenario's second configuration at each level, as `count` counts them.
fn at_levels(scenario: &Scenario, count: impl Fn(&Tally) -> u64) -> [f64; 3] {
    let ranges = &scenario.configurations[1].ranges;
    let runs = tallies(scenario, &Level::ALL.map(|level| ranges.at(level)));
    [1, 2, 3].map(|arm| mean(runs.iter().map(|arms| count(&arms[arm]))))
}

/// What each case counted, and what bks says at its three levels. Strictly within, and as assumed no
/// farther than a factor of two, where a case has a number.
#[test]
fn counted_calls_lie_within_the_range_and_near_what_is_assumed() {
    let hosts = Level::ALL.map(|level| AssumptionRanges::default().at(level).cache_hosts);
    let met = |connections: u32| hosts.map(|hosts| occupied_on_average(connections, hosts).round());
    let all = |tally: &Tally| tally.total_calls().total();
    let decrypts = |tally: &Tally| tally.total_calls().get(KmsApi::Decrypt);
    let cases = [
        ("A: S3, one client, 2 connections", "KMS calls", 4.0, at_levels(&aws_sample(), all)),
        ("B: S3, 31 connections", "KMS calls", 70.0, at_levels(&thirty_threads(), all)),
        ("D: DynamoDB, 25 connections", "hosts", 17.0, met(25)),
        ("E: Kinesis, all hosts", "calls in 5 minutes", 12.0, met(10_000).map(|hosts| 1.0 + hosts)),
    ];
    let model = include_str!("../../docs/model.md");
    for (case, what, counted, [low, assumed, high]) in cases {
        assert!(high < counted && counted < low, "{case}: {high} to {low}, counted {counted}");
        assert!((0.5..=2.0).contains(&(assumed / counted)), "{case}: {assumed}, counted {counted}");
        let [low, assumed, high] = [low, assumed, high].map(two_digits);
        let row =
            format!("| {case} | {what} | {counted:.0} | {low:.0} | {assumed:.0} | {high:.0} |");
        assert!(model.contains(&row), "docs/model.md has not the row\n{row}");
    }
    // Fewer than 5,000, called a great many: at most five times fewer, if that means thousands.
    let [low, assumed, high] = at_levels(&fresh_connections(), decrypts);
    assert!(high < 1_000.0 && low > 5_000.0, "{high} to {low}");
    assert!((1_000.0..5_000.0).contains(&assumed), "{assumed}");
    let rounded = [low, assumed, high].map(two_digits);
    let row = format!(
        "| C: S3, a new connection each | `Decrypt` | below 5,000 | {:.0} | {:.0} | {:.0} |",
        rounded[0], rounded[1], rounded[2]
    );
    assert!(model.contains(&row), "docs/model.md has not the row\n{row}");
}

/// A count to the whole number, a large one to its first two digits.
fn two_digits(count: f64) -> f64 {
    let last = if count < 1_000.0 { 1.0 } else { 10_f64.powf(count.log10().floor() - 1.0) };
    (count / last).round() * last
}

/// Mean number of `boxes` that have one of `balls`, thrown one after the other.
fn occupied_on_average(balls: u32, boxes: u32) -> f64 {
    (0..balls).fold(0.0, |met, _| met + (f64::from(boxes) - met) / f64::from(boxes))
}

/// The chance of each number of `boxes` that have one of `balls`: a ball falls into a box that has one, or
/// into another.
fn occupied(balls: u32, boxes: u32) -> Vec<f64> {
    let mut chances = vec![0.0; boxes as usize + 1];
    chances[0] = 1.0;
    for _ in 0..balls {
        let mut next = vec![0.0; chances.len()];
        for (met, chance) in chances.iter().enumerate() {
            let again = met as f64 / f64::from(boxes);
            next[met] += chance * again;
            if met < boxes as usize {
                next[met + 1] += chance * (1.0 - again);
            }
        }
        chances = next;
    }
    chances
}

/// How likely each case is, if so many hosts have caches: what `docs/model.md` says of them.
#[test]
fn the_likelihood_of_hosts_is_what_the_model_says() {
    let model = include_str!("../../docs/model.md");
    let mut greatest = [(0, 0.0); 2];
    for hosts in 2..=200 {
        let of = |connections, from: usize, to: usize| -> f64 {
            let chances = occupied(connections, hosts);
            assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            chances.iter().take(to + 1).skip(from).fold(0.0, |sum, chance| sum + chance)
        };
        // Two connections on two hosts; 8 to 12 keys over 30 of them; 17 hosts behind 25 of them.
        let (two, keys, seventeen) = (of(2, 2, 2), of(30, 8, 12), of(25, 17, 17));
        for (greatest, likelihood) in greatest.iter_mut().zip([keys, seventeen]) {
            if likelihood > greatest.1 {
                *greatest = (hosts, likelihood);
            }
        }
        if [2, 5, 8, 10, 12, 15, 20, 29, 55, 100].contains(&hosts) {
            let row = format!("| {hosts} | {two:.3} | {keys:.3} | {seventeen:.3} |");
            assert!(model.contains(&row), "docs/model.md has not the row\n{row}");
        }
    }
    assert!((8..=13).contains(&greatest[0].0), "{greatest:?}");
    // By the mean: 29 (1 - (28/29)^25) = 16.9.
    assert!((27..=31).contains(&greatest[1].0), "{greatest:?}");
}
