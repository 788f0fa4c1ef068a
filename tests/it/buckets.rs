//! Buckets, principals and accounts ranked by the dollars that bucket keys save in each.

#![allow(clippy::float_cmp, reason = "whole numbers")]

use crate::support::log_lines::{Line, replay, text};

use bks::encryption::assumption::Level;
use bks::results::Results;
use bks::results::rows::BucketRow;
use bks::scenario::Scenario;
use bks::units::Usd;

/// Two roles write ten and two objects a second for five minutes, each to a bucket; nobody uses the third.
const TWO: &str = r#"
name = "two"
duration = "5min"
replications = 2
assumptions = { write_partitions = 1, read_partitions = 1, generation_lifetime = "5min" }
[[bucket]]
name = "small"
bucket_keys_since = "always"
[[bucket]]
name = "big"
bucket_keys_since = "always"
[[bucket]]
name = "idle"
[[principal]]
name = "invoices"
role = "invoices"
[[principal]]
name = "orders"
role = "orders"
[[workload]]
name = "put-invoices"
principal = "invoices"
bucket = "small"
arrivals = { periodic = { rate = "2/s" } }
[[workload]]
name = "put-orders"
principal = "orders"
bucket = "big"
arrivals = { periodic = { rate = "10/s" } }
"#;

fn results(scenario: &str) -> Results {
    Results::of(&Scenario::parse(scenario).unwrap_or_else(|error| panic!("{error}")), &|_| ())
}

fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

fn rows<'a>(results: &'a Results, configuration: &str) -> Vec<&'a BucketRow> {
    results.buckets.iter().filter(|row| row.configuration == configuration).collect()
}

/// By hand: 3,000 and 600 PUT, a call each without keys; with keys each role makes one key and verifies it. 30
/// days are 8,640 times five minutes: 31,104,000 calls less 20,000 free at $3 a million are $93.252, of which the
/// big bucket has five sixths; with keys 34,560 calls less 20,000 are $0.04368, half of it each one's.
#[test]
fn two_buckets_save_what_a_hand_counts() {
    let results = results(TWO);
    let ranked = rows(&results, "bucket-key-role");
    let names: Vec<_> = ranked.iter().map(|row| (row.rank, row.bucket.as_str())).collect();
    assert_eq!(names, [(1, "big"), (2, "small"), (3, "idle")]);
    let [big, small, idle] = ranked[..] else { panic!("three buckets") };
    let counts = |row: &BucketRow| (row.requests, row.reference_kms_requests, row.kms_requests);
    assert_eq!(counts(big), (3_000.0, 3_000.0, 2.0));
    assert_eq!(counts(small), (600.0, 600.0, 2.0));
    assert_eq!((big.generate_data_key, big.decrypt), (1.0, 1.0));
    assert_eq!((big.kms_cost_usd, small.kms_cost_usd), (usd("0.02184"), usd("0.02184")));
    assert_eq!((big.saved_usd, small.saved_usd), (usd("77.68816"), usd("15.52016")));
    assert_eq!((idle.saved_usd, idle.saving_ratio), (Usd::ZERO, None));
    // The key is made and verified in one second.
    let peaks: Vec<_> = ranked.iter().map(|row| row.kms_requests_per_s_max).collect();
    assert_eq!(peaks, [Some(2), Some(2), Some(0)]);
    let before = rows(&results, "sse-kms");
    assert_eq!(before[0].kms_requests_per_s_max, Some(10));
    assert_eq!((before[0].bucket.as_str(), before[0].saved_usd), ("big", Usd::ZERO));
    assert!(
        ranked.iter().all(|row| row.order_hangs_on.is_none() && row.objects_not_in_log.is_none())
    );
    let principals: Vec<_> = results
        .principals
        .iter()
        .filter(|row| row.configuration == "bucket-key-role")
        .map(|row| (row.rank, row.principal.as_str(), row.saved_usd))
        .collect();
    assert_eq!(principals, [(1, "orders", usd("77.68816")), (2, "invoices", usd("15.52016"))]);
}

/// Parts of three buckets in two regions, of which two accounts pay, with reads, copies between regions and
/// work that happens once.
const SEVERAL: &str = r#"
name = "several"
duration = "1h"
warm_up = "10min"
replications = 3
billing = { free_tier = "per-account", discount = "7.3%" }
[[bucket]]
name = "a"
bucket_keys_since = "always"
[[bucket]]
name = "b"
region = "eu-central-1"
[[bucket]]
name = "c"
kms_key = "shared"
[[principal]]
name = "writer"
role = "writer"
[[principal]]
name = "reader"
role = "reader"
account = "444455556666"
sessions = 3
[[population]]
name = "old"
bucket = "a"
objects = 10_000
age = { uniform = { to = "30d" } }
[[population]]
name = "plain"
bucket = "c"
objects = 1_000
encryption = "sse-kms"
age = { uniform = { to = "30d" } }
[[workload]]
name = "new"
principal = "writer"
bucket = "a"
arrivals = { poisson = { rate = "3/s" } }
[[workload]]
name = "abroad"
principal = "writer"
bucket = "b"
arrivals = { periodic = { rate = "1/s" } }
[[workload]]
name = "read-old"
principal = "reader"
bucket = "a"
arrivals = { poisson = { rate = "2/s" } }
mix = { read = 1 }
read = { from = ["old", "new"], pattern = { by-age = { uniform = { to = "30d" } } } }
[[workload]]
name = "read-plain"
principal = "reader"
bucket = "c"
arrivals = { poisson = { rate = "0.5/s" } }
mix = { read = 1 }
read = { from = ["plain"], pattern = "uniform" }
"#;

/// What a configuration's buckets, or principals, add up to at a level: KMS requests if they are known there, and
/// dollars saved.
fn check_sums(results: &Results) {
    for configuration in &results.facts.configurations {
        let name = configuration.name.as_str();
        let reference = results.assumed(&results.facts.reference).kms_cost_usd;
        let [low, assumed, high] = Level::ALL.map(|level| results.at(name, level));
        let saved = [low, assumed, high].map(|row| reference - row.kms_cost_usd);
        let buckets = rows(results, name);
        let sum = |of: fn(&BucketRow) -> f64| buckets.iter().map(|row| of(row)).sum::<f64>();
        let close =
            |sum: f64, whole: f64| assert!((sum - whole).abs() < 1e-6, "{name}: {sum} {whole}");
        close(sum(|row| row.requests), assumed.requests);
        close(sum(|row| row.kms_requests), assumed.kms_requests);
        close(sum(|row| row.generate_data_key), assumed.generate_data_key);
        close(sum(|row| row.decrypt), assumed.decrypt);
        close(sum(|row| row.kms_requests_at_low), low.kms_requests);
        close(sum(|row| row.kms_requests_at_high), high.kms_requests);
        let usd = |of: fn(&BucketRow) -> Usd| buckets.iter().map(|row| of(row)).sum::<Usd>();
        assert_eq!(usd(|row| row.kms_cost_usd), assumed.kms_cost_usd, "{name}");
        let of_buckets = [
            usd(|row| row.saved_at_low_usd),
            usd(|row| row.saved_usd),
            usd(|row| row.saved_at_high_usd),
        ];
        assert_eq!(of_buckets, saved, "{name}");
        let of_principals = |of: fn(&bks::results::rows::PrincipalRow) -> Usd| {
            let own = results.principals.iter().filter(|row| row.configuration == name);
            own.map(of).sum::<Usd>()
        };
        assert_eq!(of_principals(|row| row.saved_at_low_usd), saved[0], "{name}");
        assert_eq!(of_principals(|row| row.saved_usd), saved[1], "{name}");
        assert_eq!(of_principals(|row| row.saved_at_high_usd), saved[2], "{name}");
        for (level, saved) in Level::ALL.into_iter().zip(saved) {
            let own = results.accounts.iter();
            let own = own.filter(|row| row.configuration == name && row.assumption == level);
            assert_eq!(own.map(|row| row.saved_usd).sum::<Usd>(), saved, "{name}");
        }
    }
}

#[test]
fn buckets_principals_and_accounts_add_up_to_the_summary() {
    check_sums(&results(TWO));
    let several = results(SEVERAL);
    check_sums(&several);
    let ranked = rows(&several, "bucket-key-role");
    assert!(ranked.is_sorted_by(|a, b| a.saved_usd >= b.saved_usd));
    let c = ranked.iter().find(|row| row.bucket == "c").unwrap();
    assert_eq!(c.kms_requests, c.reference_kms_requests, "its objects have keys of their own");
}

/// 1.1 reads a second of objects under one key beside one write a second. If S3 caches keys for five minutes nearly
/// all calls of both are saved, and the reads save more; if it does not cache them at all, they save nothing.
#[test]
fn the_order_hangs_on_the_assumption_that_reverses_it() {
    let scenario = r#"
        name = "hangs"
        duration = "1h"
        replications = 2
        [assumptions]
        write_partitions = 1
        read_partitions = 1
        generation_lifetime = "5min"
        verify_on_write = 1
        expiry = "fixed"
        cache_lifetime = { low = "0s", assumed = "5min", high = "10min" }
        [[bucket]]
        name = "written"
        bucket_keys_since = "always"
        [[bucket]]
        name = "read"
        bucket_keys_since = "always"
        [[principal]]
        name = "p"
        role = "p"
        [[population]]
        name = "old"
        bucket = "read"
        objects = 100
        age = { fixed = "1d" }
        [[workload]]
        name = "write"
        principal = "p"
        bucket = "written"
        arrivals = { periodic = { rate = "1/s" } }
        [[workload]]
        name = "reads"
        principal = "p"
        bucket = "read"
        mix = { read = 1 }
        read = { from = ["old"], pattern = "uniform" }
        arrivals = { periodic = { rate = "1.1/s" } }
    "#;
    let results = results(scenario);
    let ranked = rows(&results, "bucket-key-role");
    assert_eq!(ranked[0].bucket, "read");
    assert_eq!(ranked[0].order_hangs_on.as_deref(), Some("cache_lifetime"));
    assert_eq!(ranked[1].order_hangs_on, None);
    let low = [ranked[0].saved_at_low_usd, ranked[1].saved_at_low_usd];
    assert!(low[0] < low[1], "{low:?}");
    // A third that is read more stays before the second whatever is varied, but not before the last.
    let more = scenario.to_owned()
        + r#"
        [[bucket]]
        name = "read-more"
        bucket_keys_since = "always"
        [[population]]
        name = "others"
        bucket = "read-more"
        objects = 100
        age = { fixed = "1d" }
        [[workload]]
        name = "more-reads"
        principal = "p"
        bucket = "read-more"
        mix = { read = 1 }
        read = { from = ["others"], pattern = "uniform" }
        arrivals = { periodic = { rate = "2/s" } }
    "#;
    let results = self::results(&more);
    let ranked = rows(&results, "bucket-key-role");
    let named: Vec<(&str, Option<&str>)> =
        ranked.iter().map(|row| (row.bucket.as_str(), row.order_hangs_on.as_deref())).collect();
    let hangs = Some("cache_lifetime");
    assert_eq!(named, [("read-more", hangs), ("read", hangs), ("written", None)]);
}

/// A log of a minute: 30 objects are written to one bucket, and one that the log does not tell of is read 40 times
/// in another. With no bucket key each read costs a call; with one, one of them does. So the order hangs on it.
#[test]
fn of_a_log_the_order_may_hang_on_what_it_does_not_tell() {
    let settings = r#"
        replications = 1
        assumptions = { write_partitions = 1, read_partitions = 1, generation_lifetime = "5min", cache_lifetime = "5min", expiry = "fixed", verify_on_write = 1 }
    "#;
    let mut lines = Vec::new();
    for second in 0..30 {
        lines.push(Line::new(second, "REST.PUT.OBJECT", &format!("new-{second}"), second));
    }
    for second in 0..40 {
        let line = Line::new(second, "REST.GET.OBJECT", "old", 100 + second);
        lines.push(Line { bucket: "archive".into(), ..line });
    }
    let (_, results) = replay(&text(&lines), settings);
    check_sums(&results);
    let ranked = rows(&results, "bucket-key-role");
    let named: Vec<_> = ranked.iter().map(|row| (row.bucket.as_str(), row.kms_requests)).collect();
    assert_eq!(named, [("lake", 2.0), ("archive", 40.0)]);
    let archive = ranked[1];
    assert_eq!((archive.kms_requests_at_low, archive.kms_requests_at_high), (40.0, 1.0));
    assert_eq!(archive.objects_not_in_log, Some(1));
    assert_eq!(ranked[0].order_hangs_on.as_deref(), Some("objects_not_in_log"));
}
