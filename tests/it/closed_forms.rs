//! The engine against arithmetic: cases whose answer has a formula.

use bks::encryption::assumption::Level;
use bks::kms::KmsApi;
use bks::pricing::{Bill, PriceTable, Terms, Usage};
use bks::s3::Operation;
use bks::scenario::Scenario;
use bks::simulation::{Arm, Breakdown, run};
use bks::tally::Tally;

/// Runs every configuration at its assumed values and gives the tallies, replication by
/// replication.
fn tallies(text: &str) -> Vec<Vec<Tally>> {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let arms: Vec<Arm> = (0..scenario.configurations.len())
        .map(|configuration| Arm {
            configuration,
            assumptions: scenario.configurations[configuration].ranges.at(Level::Assumed),
            breakdown: Breakdown::Requesters,
        })
        .collect();
    run(&scenario, &arms, 0..scenario.replications, &|_| ())
}

fn poisson_reads(expiry: &str) -> String {
    format!(
        r#"
        name = "poisson-reads"
        seed = 11
        duration = "10d"
        warm_up = "1h"
        replications = 4
        [assumptions]
        generation_lifetime = "1000d"
        cache_lifetime = "5min"
        expiry = "{expiry}"
        read_partitions = 1
        write_partitions = 1
        [[bucket]]
        name = "data"
        bucket_keys_since = "always"
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
        arrivals = {{ poisson = {{ rate = "0.01/s" }} }}
        read = {{ from = ["old"], pattern = "uniform" }}
        "#
    )
}

/// Poisson reads of one key: fixed expiry calls at λ/(1+λT), sliding at λ·e^(−λT).
#[test]
fn poisson_reads_of_one_key_follow_the_closed_forms() {
    let (rate, lifetime_s, counted_s): (f64, f64, f64) = (0.01, 300.0, 860_400.0);
    for (expiry, per_s) in [
        ("fixed", rate / (1.0 + rate * lifetime_s)),
        ("sliding", rate * (-rate * lifetime_s).exp()),
    ] {
        let counts: Vec<f64> = tallies(&poisson_reads(expiry))
            .iter()
            .map(|arms| arms[1].total_calls().get(KmsApi::Decrypt) as f64)
            .collect();
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        let expected = per_s * counted_s;
        // The count's variance is at most its mean; five standard errors.
        let tolerance = 5.0 * (expected / counts.len() as f64).sqrt();
        assert!((mean - expected).abs() < tolerance, "{expiry}: {mean}, expected {expected}");
    }
}

/// One role in one bucket: `sessions` of it, each key for `lifetime`, one part on either side and no
/// verifying call, and whatever `rest` adds.
fn one_role(duration: &str, sessions: u32, lifetime: &str, rest: &str) -> String {
    format!(
        r#"
        name = "one-role"
        seed = 5
        duration = "{duration}"
        replications = 1
        [assumptions]
        generation_lifetime = "{lifetime}"
        cache_lifetime = "{lifetime}"
        expiry = "fixed"
        read_partitions = 1
        write_partitions = 1
        verify_on_write = 0
        [[bucket]]
        name = "data"
        bucket_keys_since = "always"
        [[principal]]
        name = "etl"
        role = "etl"
        sessions = {sessions}
        {rest}
        "#
    )
}

/// Tallies of the first replication: without bucket keys, with them by role, and by session.
fn three(text: &str) -> [Tally; 3] {
    tallies(text).swap_remove(0).try_into().expect("the default has three configurations")
}

fn calls(tally: &Tally, api: KmsApi) -> u64 {
    tally.total_calls().get(api)
}

/// Whether `count` lies within five standard deviations of a Poisson count of mean `expected`,
/// which is more spread than any renewal process that misses after a fixed pause.
fn is_near(count: u64, expected: f64) -> bool {
    (count as f64 - expected).abs() < 5.0 * expected.sqrt()
}

/// 86,400 s / 300 s: with a PUT every 86.4 ms the next key begins 300.0672 s after the last.
#[test]
fn a_million_even_puts_a_day_make_288_keys() {
    let text = one_role(
        "1d",
        1,
        "5min",
        r#"
        [[workload]]
        name = "write"
        principal = "etl"
        bucket = "data"
        arrivals = { periodic = { rate = "1000000/d" } }
        "#,
    );
    let [without, by_role, by_session] = three(&text);
    assert_eq!(calls(&without, KmsApi::GenerateDataKey), 1_000_000);
    assert_eq!(without.total_calls().total(), 1_000_000);
    for with in [by_role, by_session] {
        assert_eq!(calls(&with, KmsApi::GenerateDataKey), 288);
        assert_eq!(with.total_calls().total(), 288);
        assert_eq!(with.keys_generated, 288);
    }
}

/// A key is generated, lasts T, and the next write comes 1/λ later on average: λ/(1+λT) a second.
#[test]
fn poisson_writes_generate_keys_at_the_renewal_rate() {
    for (rate, lifetime_s, lifetime) in
        [(0.02, 300.0, "5min"), (0.001, 300.0, "5min"), (0.5, 60.0, "1min")]
    {
        let workload = format!(
            r#"
            [[workload]]
            name = "write"
            principal = "etl"
            bucket = "data"
            arrivals = {{ poisson = {{ rate = "{rate}/s" }} }}
            "#
        );
        let [_, with, _] = three(&one_role("20d", 1, lifetime, &workload));
        let expected = 20.0 * 86_400.0 * rate / (1.0 + rate * lifetime_s);
        let keys = calls(&with, KmsApi::GenerateDataKey);
        assert!(is_near(keys, expected), "{rate}/s: {keys} keys, expected about {expected}");
    }
}

/// Each of P parts of the fleet sees λ/P and misses λ/P/(1+λT/P) times a second.
#[test]
fn parted_caches_each_follow_the_closed_form() {
    let (rate, lifetime_s, counted_s): (f64, f64, f64) = (0.01, 300.0, 860_400.0);
    for parts in [2_u32, 3, 6] {
        let text = poisson_reads("fixed")
            .replace("read_partitions = 1", &format!("read_partitions = {parts}"));
        let of_all: u64 = tallies(&text).iter().map(|arms| calls(&arms[1], KmsApi::Decrypt)).sum();
        let each = rate / f64::from(parts);
        let expected = 4.0 * counted_s * f64::from(parts) * each / (1.0 + each * lifetime_s);
        assert!(is_near(of_all, expected), "{parts} parts: {of_all}, expected about {expected}");
    }
}

/// N keys with equal loads each see λ/N: Σ λ/N/(1+λT/N).
#[test]
fn uniform_reads_of_many_keys_add_up() {
    let (rate, lifetime_s, counted_s): (f64, f64, f64) = (0.2, 300.0, 860_400.0);
    // Hours of a day, each under a key of its own.
    for (keys, age, objects) in [(24.0, "1d", 24_000_000), (168.0, "7d", 168_000_000)] {
        let text = poisson_reads("fixed")
            .replace("1000d", "1h")
            .replace("0.01/s", "0.2/s")
            .replace(r#"to = "1d""#, &format!(r#"to = "{age}""#))
            .replace("objects = 1000", &format!("objects = {objects}"));
        let of_all: u64 = tallies(&text).iter().map(|arms| calls(&arms[1], KmsApi::Decrypt)).sum();
        let each: f64 = rate / keys;
        let expected = 4.0 * counted_s * keys * each / (1.0 + each * lifetime_s);
        assert!(is_near(of_all, expected), "{keys} keys: {of_all}, expected about {expected}");
    }
}

/// AWS's example of 2022–2023: ten instances, ten sessions, at least ten keys at any time; today
/// they share one.
#[test]
fn ten_emr_instances_hold_ten_keys_by_session_and_one_by_role() {
    let text = one_role(
        "15min",
        10,
        "1min",
        r#"
        [[workload]]
        name = "write"
        principal = "etl"
        bucket = "data"
        arrivals = { periodic = { rate = "70/s" } }
        "#,
    );
    let text = text.replace("replications = 1", "replications = 1\nwarm_up = \"1s\"");
    let [without, by_role, by_session] = three(&text);
    assert!(without.keys_alive().all(|alive| alive.keys == 0));
    assert!(by_session.keys_alive().all(|alive| alive.keys >= 10));
    assert!(by_role.keys_alive().all(|alive| alive.keys == 1));
    assert_eq!(by_role.keys_alive().map(|alive| alive.until).last(), Some(899));
}

#[test]
fn two_roles_writing_in_one_period_make_two_keys() {
    let text = one_role(
        "4min",
        1,
        "5min",
        r#"
        [[principal]]
        name = "other"
        role = "other"
        [[workload]]
        name = "write"
        principal = "etl"
        bucket = "data"
        arrivals = { periodic = { rate = "1/s" } }
        [[workload]]
        name = "write-too"
        principal = "other"
        bucket = "data"
        arrivals = { periodic = { rate = "2/s" } }
        "#,
    );
    let [without, by_role, by_session] = three(&text);
    assert_eq!(without.total_calls().total(), 240 + 480);
    for with in [by_role, by_session] {
        assert_eq!((with.keys_generated, with.total_calls().total()), (2, 2));
    }
}

#[test]
fn each_scoping_policy_makes_a_key_of_its_own() {
    for policies in [1, 8, 40] {
        let rest = format!(
            r#"
            session_policies = {policies}
            [[workload]]
            name = "write"
            principal = "etl"
            bucket = "data"
            arrivals = {{ periodic = {{ rate = "100/s" }} }}
            "#
        );
        let [_, by_role, by_session] = three(&one_role("4min", 40, "5min", &rest));
        assert_eq!(by_role.keys_generated, policies);
        assert_eq!(by_session.keys_generated, 40);
    }
}

/// One call to begin with, one a part, one to complete.
#[test]
fn a_multipart_upload_of_n_parts_makes_n_plus_two_calls() {
    for (size, parts) in [("100MiB", 13), ("17MiB", 3), ("1GiB", 128)] {
        let rest = format!(
            r#"
            [[workload]]
            name = "upload"
            principal = "etl"
            bucket = "data"
            client = "boto3"
            object_size = "{size}"
            jobs = {{ steps = [{{ action = "write", objects = 1, rate = "1/s" }}] }}
            "#
        );
        let [without, by_role, _] = three(&one_role("4min", 1, "5min", &rest));
        assert_eq!(calls(&without, KmsApi::GenerateDataKey), 1);
        assert_eq!(without.total_calls().total(), parts + 2);
        // With a bucket key: one to generate it, one to unwrap it for all parts.
        assert_eq!(by_role.total_calls().total(), 2);
    }
}

/// One job of one action by `client` on an object of `size`, read from a population. As many requests
/// are made as are expected, but for those that come once in many objects.
fn one_action(action: &str, client: &str, size: &str) -> [Tally; 3] {
    let text = scenario_of_one_action(action, client, size);
    let tallies = three(&text);
    let expected = Scenario::parse(&text).unwrap().expected_requests();
    let made = tallies[0].total_requests() as f64;
    assert!((made - expected).abs() < 2.0, "{client}, {action}, {size}: {made}, not {expected}");
    tallies
}

fn scenario_of_one_action(action: &str, client: &str, size: &str) -> String {
    let rest = format!(
        r#"
        [[population]]
        name = "old"
        bucket = "data"
        objects = 1
        age = {{ fixed = "1h" }}
        object_size = "{size}"
        [[workload]]
        name = "work"
        principal = "etl"
        bucket = "data"
        client = "{client}"
        object_size = "{size}"
        {}
        jobs = {{ steps = [{{ action = "{action}", objects = 1, rate = "1/s" }}] }}
        "#,
        match action {
            "write" => "",
            _ => r#"read = { from = ["old"], pattern = "uniform" }"#,
        }
    );
    one_role("20min", 1, "5min", &rest)
}

/// By hand: n parts copied are 1 `GenerateDataKey`, 2n Decrypts, and 1 to complete; 8 MiB and from 10,000
/// parts on 16 MiB by s3transfer, 5 GiB by one request at most. With a bucket key one is generated,
/// the source's unwrapped, and the upload's own where there are parts.
#[test]
fn copies_make_the_calls_of_their_clients_parts() {
    for (client, size, total) in [
        ("boto3", "1MiB", 2),
        ("boto3", "8MiB", 4),
        ("boto3", "64MiB", 18),
        ("aws-cli", "64MiB", 18),
        ("boto3", "5GiB", 1_282),
        ("boto3", "50GiB", 12_802),
        ("boto3", "80GiB", 10_242),
        ("java-sdk", "80GiB", 20_002),
        ("direct", "1MiB", 2),
        ("direct", "64MiB", 2),
        ("direct", "5GiB", 2),
        ("direct", "50GiB", 22),
        ("direct", "80GiB", 34),
        ("rclone", "5GiB", 6),
        ("s3a", "128MiB", 2),
        ("s3a", "1GiB", 34),
    ] {
        let [without, with, _] = one_action("copy", client, size);
        assert_eq!(without.total_calls().total(), total, "{client}, {size}");
        assert_eq!(calls(&without, KmsApi::GenerateDataKey), 1, "{client}, {size}");
        assert_eq!(calls(&with, KmsApi::GenerateDataKey), 1, "{client}, {size}");
        let unwrapped = if total == 2 { 1 } else { 2 };
        assert_eq!(calls(&with, KmsApi::Decrypt), unwrapped, "{client}, {size}");
    }
}

/// By hand, without the markers, which are drawn: small data is 1 PUT, 128 MB an upload of two blocks
/// (1 + 2 + 1); two renames of 2 calls each, or of 2 · 16 + 2 for 1 GiB.
#[test]
fn sparks_writes_make_the_calls_of_their_size() {
    for (size, data, renames) in
        [("40KB", 1, 4), ("128MB", 4, 4), ("128MiB", 4, 4), ("1GiB", 18, 68)]
    {
        let [without, ..] = one_action("write", "spark-s3a", size);
        let markers = without.calls[Operation::PutObject as usize].total() - u64::from(data == 1);
        assert!((1..=2).contains(&markers), "{size}: {markers}");
        assert_eq!(without.total_calls().total() - markers, data + renames, "{size}");
    }
}

/// By hand from each client's table: what reading or writing one object costs without bucket keys.
#[test]
fn emrfs_trino_and_athena_make_the_calls_of_their_tables() {
    for (client, action, size, total) in [
        ("trino", "read", "3MiB", 1),
        ("trino", "read", "128MiB", 16 + 2),
        ("athena", "read", "1GiB", 128 + 16),
        ("trino", "write", "1MiB", 1),
        ("trino", "write", "32MiB", 1 + 1 + 1),
        ("athena", "write", "100MiB", 1 + 4 + 1),
        ("direct", "write", "50GiB", 1 + 10 + 1),
        ("pyarrow", "write", "1MiB", 1 + 1 + 1),
        ("rclone", "read", "1GiB", 16),
        ("rclone", "write", "200MiB", 1 + 40 + 1),
    ] {
        let [without, ..] = one_action(action, client, size);
        assert_eq!(without.total_calls().total(), total, "{client}, {action}, {size}");
    }
    for (client, size, total) in [("emr", "1KiB", 3), ("emrfs", "1GiB", 1 + 8 + 1)] {
        let [without, ..] = one_action("write", client, size);
        // One file in twenty is followed by a PUT of `_SUCCESS`.
        let puts = without.calls[Operation::PutObject as usize].total();
        assert!(puts <= 1, "{client}, {size}");
        assert_eq!(without.total_calls().total() - puts, total, "{client}, {size}");
    }
}

/// A committer that renames what it wrote copies under the key that it wrote with.
#[test]
fn copies_of_what_was_just_written_need_its_key_once() {
    for (client, size) in [("renamer", "1MiB"), ("uploader", "10MiB"), ("mover", "10MiB")] {
        let rest = format!(
            r#"
            [[client]]
            name = "renamer"
            write = {{ put = 1.0, copy = 2.0 }}
            [[client]]
            name = "uploader"
            write = {{ part_size = "8MiB", copy = 2.0 }}
            [[client]]
            name = "mover"
            write = {{ copy = 2.0 }}
            copy = {{ part_size = "8MiB" }}
            [[workload]]
            name = "commit"
            principal = "etl"
            bucket = "data"
            client = "{client}"
            object_size = "{size}"
            arrivals = {{ periodic = {{ rate = "1/s" }} }}
            "#
        );
        let [without, with, _] = three(&one_role("4min", 1, "5min", &rest));
        // Two copies a second for four minutes, whole or as two parts, each read and written.
        let (copied, decrypts) = match client {
            "mover" => (Operation::UploadPartCopy, 1_920),
            _ => (Operation::CopyObject, 480),
        };
        let copied = without.calls[copied as usize];
        assert_eq!(copied.get(KmsApi::Decrypt), decrypts);
        assert_eq!(calls(&with, KmsApi::GenerateDataKey), 1);
        assert_eq!(calls(&with, KmsApi::Decrypt), 1);
    }
}

/// In one write partition of many an upload is one object under one key, copied or not.
#[test]
fn a_copied_upload_needs_the_key_it_was_begun_with() {
    let rest = r#"
        [[client]]
        name = "uploader"
        write = { part_size = "8MiB", copy = 1.0 }
        [[population]]
        name = "old"
        bucket = "data"
        objects = 1
        age = { fixed = "1h" }
        [[workload]]
        name = "copy"
        principal = "etl"
        bucket = "data"
        object_size = "100GiB"
        read = { from = ["old"], pattern = "uniform" }
        jobs = { steps = [{ action = "copy", objects = 1, rate = "1/s" }] }
        [[workload]]
        name = "upload"
        principal = "etl"
        bucket = "data"
        client = "uploader"
        object_size = "80MiB"
        jobs = { offset = "10min", steps = [{ action = "write", objects = 1, rate = "1/s" }] }
        "#;
    let text = one_role("20min", 1, "5min", rest)
        .replace("write_partitions = 1", "write_partitions = 1000");
    let [without, with, _] = three(&text);
    // 20 parts of 5 GiB, each read and written; 10 parts and a copy of the whole.
    assert_eq!(without.total_calls().total(), (1 + 2 * 20 + 1) + (1 + 10 + 1 + 2));
    // One key generated for each upload and one for the copy of the second; Decrypts of the source
    // and of the two uploads.
    assert_eq!(calls(&with, KmsApi::GenerateDataKey), 3);
    assert_eq!(calls(&with, KmsApi::Decrypt), 3);
}

/// Directory buckets use bucket keys whatever the header says, but not for copies.
#[test]
fn a_directory_bucket_ignores_the_header_and_copies_without_a_key() {
    let rest = r#"
        [[workload]]
        name = "write"
        principal = "etl"
        bucket = "data"
        bucket_key = false
        arrivals = { periodic = { rate = "1/s" } }
        [[workload]]
        name = "copy"
        principal = "etl"
        bucket = "data"
        arrivals = { periodic = { rate = "1/s" } }
        mix = { copy = 1 }
        read = { from = ["write"], pattern = { just-written = {} } }
        "#;
    let text = one_role("4min", 1, "5min", rest)
        .replace("[[principal]]", "directory = true\n[[principal]]");
    for tally in three(&text) {
        let of = |operation: Operation, api| tally.calls[operation as usize].get(api);
        assert_eq!(of(Operation::PutObject, KmsApi::GenerateDataKey), 1);
        assert_eq!(of(Operation::CopyObject, KmsApi::GenerateDataKey), 240);
        assert_eq!(of(Operation::CopyObject, KmsApi::Decrypt), 1);
    }
}

/// 49 million calls at $0.03 per 10,000.
#[test]
fn forty_nine_million_puts_cost_147_dollars_at_list_price() {
    let prices = PriceTable::for_region("us-east-1").unwrap();
    let usage = Usage { kms_requests: 49_000_000, ..Usage::default() };
    let kms = |free_tier| {
        let terms = Terms { free_tier, ..Terms::default() };
        Bill::of(&usage, &prices, &terms).kms_total().to_string()
    };
    assert_eq!(kms(false), "147.00");
    assert_eq!(kms(true), "146.94");
}
