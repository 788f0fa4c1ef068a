//! How an object is encrypted is the object's: objects under SSE-S3 beside SSE-KMS, and several KMS keys
//! in one bucket. Oracles are counts by hand, published prices, and two ways to say the same.

#![allow(clippy::float_cmp, reason = "whole numbers")]

use crate::support::pages::{page, printed};

use bks::encryption::assumption::Level;
use bks::pricing::Sku;
use bks::report::{DocumentFormat, run};
use bks::results::Results;
use bks::scenario::Scenario;

/// Everything but who writes and reads what: keys live for an hour, in one place, and are not verified;
/// each workload acts once a second.
const HEAD: &str = r#"
name = "told"
duration = "10min"
replications = 1
billing = { free_tier = false }
assumptions = { generation_lifetime = "1h", cache_lifetime = "1h", expiry = "fixed", write_partitions = 1, read_partitions = 1, verify_on_write = 0 }
principal = [{ name = "app", role = "app" }]
configuration = [
    { name = "sse-kms", encryption = "sse-kms" },
    { name = "bucket-key", encryption = "sse-kms-bucket-key" },
    { name = "sse-s3", encryption = "sse-s3" },
    { name = "dsse-kms", encryption = "dsse-kms" },
]
"#;

/// Requests of a workload in the run.
const N: u64 = 600;

fn bucket(name: &str, more: &str) -> String {
    format!("[[bucket]]\nname = \"{name}\"\n{more}\n")
}

fn old(bucket: &str, more: &str) -> String {
    format!(
        "[[population]]\nname = \"old\"\nbucket = \"{bucket}\"\nobjects = 100\n\
         age = {{ fixed = \"1d\" }}\n{more}\n"
    )
}

fn workload(name: &str, bucket: &str, more: &str) -> String {
    format!(
        "[[workload]]\nname = \"{name}\"\nprincipal = \"app\"\nbucket = \"{bucket}\"\n\
         arrivals = {{ periodic = {{ rate = \"1/s\" }} }}\n{more}\n"
    )
}

/// A reader of what is said.
fn reader(from: &str, pattern: &str) -> String {
    workload("read", "data", &format!("read = {{ from = [{from}], pattern = {pattern} }}"))
}

fn scenario(parts: &[String]) -> Scenario {
    let text = format!("{HEAD}{}", parts.concat());
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn run(scenario: &Scenario) -> Results {
    Results::of(scenario, &|_| ())
}

fn refused(parts: &[String]) -> String {
    let text = format!("{HEAD}{}", parts.concat());
    Scenario::parse(&text).map(|_| ()).expect_err(&text).to_string()
}

/// `GenerateDataKey` and Decrypt calls as assumed.
fn calls(results: &Results, name: &str) -> (u64, u64) {
    let row = results.assumed(name);
    let (generate, decrypt) = (row.generate_data_key, row.decrypt);
    assert!(row.encrypt == 0.0 && generate.fract() == 0.0 && decrypt.fract() == 0.0);
    (generate as u64, decrypt as u64)
}

/// The calls of SSE-KMS, bucket keys, SSE-S3 and DSSE-KMS.
fn all_calls(parts: &[String]) -> [(u64, u64); 4] {
    let results = run(&scenario(parts));
    ["sse-kms", "bucket-key", "sse-s3", "dsse-kms"].map(|name| calls(&results, name))
}

#[test]
fn objects_under_sse_s3_never_call_kms() {
    for (of_bucket, of_population) in [
        ("", "encryption = \"sse-s3\""),
        ("encryption_before = \"sse-s3\"", ""),
        // What is said of the objects themselves goes first.
        ("encryption_before = \"sse-kms\"", "encryption = \"sse-s3\""),
    ] {
        for pattern in ["\"uniform\"", "{ by-age = { fixed = \"1d\" } }"] {
            let reads = reader("\"old\"", pattern);
            let parts = [bucket("data", of_bucket), old("data", of_population), reads];
            assert_eq!(all_calls(&parts), [(0, 0); 4], "{of_bucket} {of_population} {pattern}");
            let results = run(&scenario(&parts));
            let mut warnings = results.facts.warnings.iter();
            assert!(warnings.all(|warning| warning.id != "objects-without-key"));
            assert_eq!(results.assumed("sse-kms").requests, N as f64);
        }
    }
}

/// A bucket that went from SSE-KMS back to SSE-S3 still pays for what was written before.
#[test]
fn objects_under_sse_kms_call_kms_whatever_is_written_now() {
    let reads = reader("\"old\"", "\"uniform\"");
    let told = |mode: &str| old("data", &format!("encryption = \"{mode}\""));
    let parts = |mode| [bucket("data", ""), told(mode), reads.clone()];
    assert_eq!(all_calls(&parts("sse-kms")), [(0, N); 4]);
    assert_eq!(all_calls(&parts("dsse-kms")), [(0, N); 4]);
    // One age, one key: fetched once.
    assert_eq!(all_calls(&parts("sse-kms-bucket-key")), [(0, 1); 4]);
}

/// Writers that send a header, and readers of what they wrote.
#[test]
fn writes_with_a_header_are_as_it_says() {
    let parts = |header: &str| {
        let writes = workload("write", "data", &format!("encryption = \"{header}\""));
        [bucket("data", ""), writes, reader("\"write\"", "{ just-written = {} }")]
    };
    assert_eq!(all_calls(&parts("sse-s3")), [(0, 0); 4]);
    assert_eq!(all_calls(&parts("sse-kms")), [(N, N); 4]);
    assert_eq!(all_calls(&parts("dsse-kms")), [(N, N); 4]);
    assert_eq!(all_calls(&parts("sse-kms-bucket-key")), [(1, 1); 4]);
}

/// What is read from before the run and of the run is each as it is.
#[test]
fn old_and_new_objects_are_each_as_they_are() {
    let age = "{ by-age = { uniform = { to = \"20min\" } } }";
    let parts = |told: &str| {
        let (writes, reads) = (workload("write", "data", ""), reader("\"old\", \"write\"", age));
        [bucket("data", "bucket_keys_since = \"0s\""), old("data", told), writes, reads]
    };
    let [plain, keys, sse_s3, dsse] = all_calls(&parts("encryption = \"sse-s3\""));
    let all = all_calls(&parts(""));
    // A read at t is of a new object with the probability t / 20 min: a quarter of all.
    let (new, deviation) = (N as f64 / 4.0, (N as f64 * 0.25 * 0.75).sqrt());
    assert!((plain.1 as f64 - new).abs() < 5.0 * deviation, "{plain:?}");
    assert_eq!((plain.0, dsse, sse_s3, keys), (N, plain, (0, 0), (1, 1)));
    // Without a word of them each of the old ones calls, too: the objects read are the same.
    assert_eq!(all[0], (N, N));
    assert_eq!(all[1], (1, 1 + N - plain.1));
}

/// Each KMS key has bucket-level keys of its own: two keys are two to make and two to fetch.
#[test]
fn two_kms_keys_in_one_bucket_are_two_bucket_level_keys() {
    let parts = |first: &str, second: &str| {
        [
            bucket("data", ""),
            workload("first", "data", first),
            workload("second", "data", second),
            reader("\"first\"", "{ just-written = {} }"),
            reader("\"second\"", "{ just-written = {} }").replace("\"read\"", "\"read2\""),
        ]
    };
    let (a, b) = ("kms_key = \"a\"", "kms_key = \"b\"");
    for (first, second, keys) in [("", "", 1), (a, a, 1), (a, b, 2), ("", b, 2), (a, "", 2)] {
        let [plain, with, sse_s3, _] = all_calls(&parts(first, second));
        assert_eq!(plain, (2 * N, 2 * N));
        assert_eq!(with, (keys, keys), "{first} {second}");
        assert_eq!(sse_s3, (0, 0));
    }
}

/// A bucket with two keys costs, to the last digit of every figure, what two buckets with one each do.
#[test]
fn a_bucket_with_two_keys_is_two_buckets_with_one() {
    let traffic = |[first, second]: [&str; 2], [one, other]: [&str; 2]| {
        let poisson = |text: String| text.replace("periodic", "poisson");
        let age = "{ by-age = { exponential = { mean = \"1min\" } } }";
        [
            old(second, other),
            poisson(workload("w1", first, one)),
            poisson(workload("w2", second, other)),
            poisson(reader("\"w1\"", age).replace("data", first)),
            poisson(
                reader("\"old\", \"w2\"", age)
                    .replace("\"read\"", "\"r2\"")
                    .replace("data", second),
            ),
        ]
        .concat()
        .replace("1/s", "7/s")
    };
    let text = |buckets: &[String], traffic: String| {
        let head = HEAD.replace("replications = 1", "replications = 3");
        let open = head.replace("\"1h\"", "{ low = \"5s\", assumed = \"20s\", high = \"2min\" }");
        format!("{open}{}{traffic}", buckets.concat())
    };
    let together = text(
        &[bucket("one", "kms_key = \"a\"\nbucket_keys_since = \"-1h\"")],
        traffic(["one", "one"], ["kms_key = \"a\"", "kms_key = \"b\""]),
    );
    let since = "bucket_keys_since = \"-1h\"";
    let apart =
        text(&[bucket("one", since), bucket("two", since)], traffic(["one", "two"], ["", ""]));
    let [together, apart] = [together, apart].map(|text| {
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let results = run(&scenario);
        let mut files = results.csv_files();
        files.retain(|(name, _)| !["run.toml", "buckets.csv"].contains(name));
        files.into_iter().map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap())).collect()
    });
    let [together, apart]: [Vec<(&str, String)>; 2] = [together, apart];
    assert_eq!(together, apart);
}

/// Rent is for each customer managed key once, wherever it is used, and for none where KMS is not.
#[test]
fn each_customer_managed_key_is_rented_once() {
    let (a, b) = ("kms_key = \"a\"", "kms_key = \"b\"");
    let aws = "key = \"aws/s3\"";
    let write = |name: &str, bucket: &str, more: &str| workload(name, bucket, more);
    let rents = |parts: &[String]| {
        let results = run(&scenario(parts));
        ["sse-kms", "bucket-key", "sse-s3"].map(|name| {
            let lines = results.costs.iter().filter(|line| {
                line.configuration == name
                    && line.assumption == Level::Assumed
                    && line.charge_description == Sku::KmsKeys.description()
            });
            lines.map(|line| line.billed_cost.as_f64()).sum::<f64>().round() as u64
        })
    };
    let one =
        |of_bucket: &str, more: &str| rents(&[bucket("data", of_bucket), write("w", "data", more)]);
    assert_eq!(one("", ""), [1, 1, 0]);
    assert_eq!(one(aws, ""), [0, 0, 0]);
    assert_eq!(one("", a), [1, 1, 0], "all is under another key than the bucket's own");
    assert_eq!(one("", "kms_key = \"aws/s3\""), [0, 0, 0]);
    assert_eq!(one("", "encryption = \"sse-kms\""), [1, 1, 1]);
    let two = |first: &str, second: &str, of_first: &str, of_second: &str| {
        rents(&[
            bucket("data", first),
            bucket("more", second),
            write("v", "data", of_first),
            write("w", "more", of_second),
        ])
    };
    assert_eq!(two("", "", "", ""), [2, 2, 0]);
    assert_eq!(two(a, a, "", ""), [1, 1, 0]);
    assert_eq!(two(a, b, "", a), [1, 1, 0]);
    assert_eq!(two(aws, a, "", b), [1, 1, 0]);
}

/// A copy unwraps its source as that is encrypted, and wraps the new object as that is to be.
#[test]
fn a_copy_has_two_sides() {
    let copies = |told: &str, header: &str| {
        let read = "read = { from = [\"old\"], pattern = \"uniform\" }";
        let copy = workload("copy", "data", &format!("mix = {{ copy = 1 }}\n{header}\n{read}"));
        all_calls(&[bucket("data", "bucket_keys_since = \"always\""), old("data", told), copy])
    };
    let s3 = "encryption = \"sse-s3\"";
    assert_eq!(copies("", ""), [(N, N), (1, 1), (0, 0), (N, N)]);
    assert_eq!(copies(s3, ""), [(N, 0), (1, 0), (0, 0), (N, 0)]);
    assert_eq!(copies("", s3), [(0, N), (0, 1), (0, 0), (0, N)]);
    assert_eq!(copies(s3, s3), [(0, 0); 4]);
}

/// By hand: PUT, Batch Operations and manifest per million; a job; the call for a new key. None on an
/// old one. Afterwards they are under bucket keys, and call KMS.
#[test]
fn re_encrypting_objects_under_sse_s3_needs_no_call_on_an_old_key() {
    let migrated = "[[configuration]]\nname = \"migrated\"\nencryption = \"sse-kms-bucket-key\"\n\
                    migrated = true\n";
    let head = HEAD.split("configuration = [").next().unwrap();
    let plain = "[[configuration]]\nname = \"sse-kms\"\nencryption = \"sse-kms\"\n\
                 [[configuration]]\nname = \"bucket-key\"\nencryption = \"sse-kms-bucket-key\"\n";
    let of = |told: &str| {
        let million = old("data", told).replace("objects = 100", "objects = 1000000");
        let parts = [
            bucket("data", ""),
            million,
            reader("\"old\"", "\"uniform\""),
            plain.into(),
            migrated.into(),
        ];
        let text = format!("{head}{}", parts.concat());
        run(&Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}")))
    };
    let told = of("encryption = \"sse-s3\"");
    let cost = |results: &Results| results.assumed("migrated").migration_cost_usd.unwrap().as_f64();
    let near = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-9, "{value}");
    near(cost(&told), 5.0 + 1.0 + 0.015 + 0.25 + 3e-6);
    near(cost(&of("")), 5.0 + 1.0 + 3.0 + 0.015 + 0.25 + 3e-6);
    assert_eq!(calls(&told, "bucket-key"), (0, 0));
    // A million at 1,000 a second are written within an hour: one key.
    assert_eq!(calls(&told, "migrated"), (0, 1));
    let payback = told.assumed("migrated").payback.as_deref();
    assert_eq!(payback, Some("never"), "it saves nothing");
    // What has a bucket key, or is under DSSE-KMS, is not re-encrypted so.
    for mode in ["sse-kms-bucket-key", "dsse-kms"] {
        near(cost(&of(&format!("encryption = \"{mode}\""))), 0.0);
    }
}

/// Where the reference makes no KMS requests the verdict is in dollars, and no cell is a dash.
#[test]
fn what_sse_kms_costs_is_told_in_dollars() {
    let parts =
        [bucket("data", ""), old("data", "encryption = \"sse-s3\""), workload("w", "data", "")];
    let scenario = scenario(&parts);
    // All that was there is under SSE-S3: so is what it is measured against.
    assert_eq!(scenario.configurations[scenario.reference].name, "sse-s3");
    let results = run(&scenario);
    // 600 writes in 10 min are 2,592,000 in 30 d; with a bucket key one call, 4,320 in 30 d; a key's rent.
    let kms = results.assumed("sse-kms");
    assert_eq!(kms.kms_cost_usd.to_string(), "7.776");
    let verdict = run::verdict(&results);
    assert!(
        verdict.starts_with("told: `bucket-key` costs $0.01 more than `sse-s3` in 30d [the same"),
        "{verdict}"
    );
    assert!(verdict.ends_with("the whole bill is $1.01 more"), "{verdict}");
    assert!(run::adds_cost(&results));
    for (what, text) in [
        ("text", printed(&results, DocumentFormat::Text(120))),
        ("markdown", printed(&results, DocumentFormat::Markdown)),
        ("html", page(&results, None)),
    ] {
        for odd in ["NaN", "inf ", "| – ", " –  ", ">–<"] {
            assert!(!text.contains(odd), "{what} has `{odd}`:\n{text}");
        }
        assert!(text.contains("$7.78"), "{what}:\n{text}");
    }
    let low = results.at("bucket-key", Level::Low);
    assert_eq!(low.saving_ratio, None);
}

#[test]
fn what_contradicts_itself_is_refused() {
    let data = || bucket("data", "");
    let write = |more: &str| workload("w", "data", more);
    for (parts, path, message) in [
        (
            vec![data(), write("encryption = \"sse-s3\"\nkms_key = \"a\"")],
            "workload.0.kms_key",
            "objects under SSE-S3 have no KMS key",
        ),
        (vec![data(), write("kms_key = \"\"")], "workload.0.kms_key", "a key has a name"),
        (
            vec![data(), write("encryption = \"sse-kms-bucket-key\"\nbucket_key = false")],
            "workload.0.bucket_key",
            "but `encryption` is `sse-kms-bucket-key`",
        ),
        (
            vec![
                data(),
                old("data", ""),
                reader("\"old\"", "\"uniform\" }\nencryption = \"sse-s3\" #"),
            ],
            "workload.0.encryption",
            "none of its actions writes",
        ),
        (
            vec![bucket("data", "key = \"aws/s3\"\nkms_key = \"a\""), write("")],
            "bucket.0.kms_key",
            "the AWS managed key",
        ),
        (
            vec![bucket("data", "directory = true"), write("kms_key = \"a\"")],
            "workload.0.kms_key",
            "a directory bucket has one key",
        ),
        (
            vec![data(), write("encryption = \"sse-c\"")],
            "",
            "did you mean `encryption = \"sse-s3\"`?",
        ),
    ] {
        let error = refused(&parts);
        assert!(error.contains(message), "{path}: {error}");
    }
}
