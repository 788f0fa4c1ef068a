//! The engine against the two published cases whose KMS calls were counted.
//!
//! Without bucket keys the counts follow from the documentation and must be met exactly. With them
//! they depend on what AWS does not publish: the count must lie within what bks reports as its
//! range, and one stated set of assumptions must give it. That set is a calibration, not a proof.
//!
//! An object of the run is known by when it was written and through which part of the fleet, so the
//! reads "of nine of those objects" and "of all of those objects" are scans of the minutes in which
//! they were written.

use bks::encryption::assumptions::{Assumptions, Level};
use bks::kms::KmsApi;
use bks::s3::Operation;
use bks::scenario::Scenario;
use bks::simulation::{Arm, run};
use bks::tally::Tally;

/// Tallies, replication by replication, of the first configuration (without bucket keys) and of
/// the second one under each of some assumptions.
fn tallies(scenario: &Scenario, assumptions: &[Assumptions]) -> Vec<Vec<Tally>> {
    let arm = |configuration, assumptions| Arm { configuration, assumptions, by_requester: false };
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
        write_partitions: 1,
        verify_on_write: 1,
        read_partitions: 2,
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
        let range = high.total_calls().total()..=low.total_calls().total();
        assert!(range.contains(&4), "{range:?}");
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
        [[principal]]
        name = "reader"
        user = "tester"
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
        write_partitions: 10,
        verify_on_write: 1,
        read_partitions,
        ..ranges.at(Level::Assumed)
    };
    let arms = [ranges.at(Level::Low), ranges.at(Level::High), stated(5), stated(6)];
    let runs = tallies(&scenario, &arms);
    for tallies in &runs {
        let without = tallies[0].total_calls();
        assert_eq!(without.get(KmsApi::GenerateDataKey), 10_000);
        assert_eq!(without.get(KmsApi::Decrypt), 10_000);
        let range = tallies[2].total_calls().total()..=tallies[1].total_calls().total();
        assert!(range.contains(&70), "{range:?}");
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
