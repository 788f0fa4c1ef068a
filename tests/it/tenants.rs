//! Tenants that are described once: what each of them has, and what is wrong with a description.

use bks::error::{Error, Result};
use bks::scenario::Scenario;
use bks::scenario::overrides::Override;
use bks::simulation::engines::Engines;
use bks::simulation::estimate::RunEstimate;

const SHOPS: &str = r#"
name = "shops"
duration = "1h"
replications = 1
[[tenants]]
name = "shop"
count = 3
sizes = { zipf = { exponent = 1.0 } }
[[tenants.bucket]]
name = "data"
[[tenants.principal]]
name = "app"
role = "app"
[[tenants.population]]
name = "old"
bucket = "data"
written_by = "app"
objects = 110
age = { uniform = { to = "7d" } }
[[tenants.workload]]
name = "read"
principal = "app"
bucket = "data"
arrivals = { poisson = { rate = "11/s" } }
read = { from = ["old"], pattern = "uniform" }
[[tenants.workload]]
name = "audit"
principal = "auditor"
bucket = "log"
arrivals = { poisson = { rate = "1.1/s" } }
[[bucket]]
name = "log"
[[principal]]
name = "auditor"
role = "auditor"
"#;

fn no_files(file: &str) -> Result<String> {
    Err(Error::request(format!("{file} is not there")))
}

fn read(text: &str, changes: &[&str]) -> Result<Scenario> {
    let changes: Vec<Override> =
        changes.iter().map(|change| Override::parse(change).unwrap()).collect();
    Scenario::read(text, "shops.toml", &changes, &no_files)
}

/// 1, 1/2 and 1/3 are 11/6 together: sizes of 18/11, 9/11 and 6/11.
#[test]
fn each_tenant_has_what_is_described_by_its_size() {
    let scenario = read(SHOPS, &[]).unwrap();
    let buckets: Vec<&str> = scenario.buckets.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(buckets, ["log", "shop-001-data", "shop-002-data", "shop-003-data"]);
    let senders: Vec<&str> = scenario.senders.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(senders, ["auditor", "shop-001-app", "shop-002-app", "shop-003-app"]);
    assert!(scenario.principals[2].arn().ends_with("role/shop-002-app"));
    let objects: Vec<u64> = scenario.populations.iter().map(|it| it.objects).collect();
    assert_eq!(objects, [180, 90, 60]);
    let requests: Vec<f64> = scenario
        .workloads
        .iter()
        .map(|it| it.expected_requests(scenario.duration()) / 3_600.0)
        .collect();
    let expected = [18.0, 1.8, 9.0, 0.9, 6.0, 0.6];
    assert!(
        requests.iter().zip(expected).all(|(it, by_hand)| (it - by_hand).abs() < 1e-9),
        "{requests:?}"
    );
    // All audits write to one bucket in one name.
    let audits: Vec<u32> = scenario.workloads.iter().map(|it| it.bucket).collect();
    assert_eq!(audits, [1, 0, 2, 0, 3, 0]);
}

#[test]
fn run_toml_has_every_tenant_and_gives_the_same_scenario() {
    let scenario = read(SHOPS, &["tenants.shop.count=2"]).unwrap();
    assert_eq!(scenario.buckets.len(), 3);
    let written = scenario.to_run_toml();
    assert!(written.contains("shop-002-data") && !written.contains("tenants"), "{written}");
    let again = Scenario::parse(&written).unwrap();
    assert_eq!((again.buckets, again.workloads), (scenario.buckets, scenario.workloads));
}

#[test]
fn sizes_of_a_file_may_say_whose_and_where() {
    let text = SHOPS
        .replace("count = 3\n", "")
        .replace("{ zipf = { exponent = 1.0 } }", "{ csv = \"s.csv\" }");
    let csv = |file: &str| {
        assert_eq!(file, "s.csv");
        Ok("size,owner,name,account,region\n2,x,acme,444455556666,eu-west-1\n0.5,y,blue,,\n"
            .to_owned())
    };
    let scenario = Scenario::read(&text, "shops.toml", &[], &csv).unwrap();
    assert_eq!(scenario.buckets[1].name, "acme-data");
    assert_eq!(scenario.buckets[1].region, "eu-west-1");
    assert_eq!(scenario.buckets[2].region, "us-east-1");
    assert!(scenario.principals[1].arn().contains("444455556666"));
    let objects: Vec<u64> = scenario.populations.iter().map(|it| it.objects).collect();
    assert_eq!(objects, [220, 55]);
}

/// What is wrong is told where it was typed, whichever tenant it shows in.
#[test]
fn faults_have_their_place() {
    for (from, to, place, says) in [
        ("count = 3", "", "shops.toml:", "`count` is missing"),
        ("count = 3", "count = 0", "shops.toml:7:", "from 1 to 10000"),
        ("exponent = 1.0", "exponent = 0.0", "shops.toml:8:", "`exponent` is `0`"),
        (
            "bucket = \"data\"\nwritten_by",
            "bucket = \"date\"\nwritten_by",
            "shops.toml:16:",
            "`date` is not a bucket",
        ),
        ("principal = \"auditor\"", "principal = \"author\"", "shops.toml:28:", "`author`"),
        ("name = \"shop\"\n", "name = \"shop\"\nsize = 2\n", "shops.toml:7:", "unknown key `size`"),
    ] {
        let text = SHOPS.replace(from, to);
        assert_ne!(text, SHOPS);
        let error = read(&text, &[]).unwrap_err().to_string();
        assert!(error.contains(place) && error.contains(says), "{from}: {error}");
    }
}

/// Anything but `{name}` in braces would be one key of that very name, shared by all.
#[test]
fn a_key_of_each_tenant_is_named_by_name_alone() {
    let keyed = |name: &str| {
        let bucket = format!("[[tenants.bucket]]\nkms_key = \"{name}\"\nname = \"data\"");
        read(&SHOPS.replace("[[tenants.bucket]]\nname = \"data\"", &bucket), &[])
    };
    for wrong in ["{nam}-key", "{tenant}-key", "{name-key"] {
        let message = keyed(wrong).unwrap_err().to_string();
        assert!(message.contains(wrong) && message.contains("{name}-key"), "{message}");
    }
    keyed("{name}-key").unwrap();
}

/// 120 tenants write to a bucket each: a key a minute on at most ten hosts each at the low level, not each of them in
/// each bucket.
#[test]
fn keys_are_estimated_of_the_buckets_that_each_writes_to() {
    let writers = SHOPS
        .replace("count = 3", "count = 120")
        .replace("read = {", "mix = { read = 1, write = 1 }\nread = {");
    let scenario = read(&writers, &[]).unwrap();
    let estimate = RunEstimate::of(&scenario, &Engines::of(&scenario), 2);
    // A week of what was there before, an hour of what is written.
    let of_one = 10 * (7 * 1_440 + 61);
    assert!(estimate.keys_max <= 120 * of_one, "{}", estimate.keys_max);
}
