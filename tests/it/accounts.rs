//! Whose KMS calls are whose: accounts, regions, quotas, free tiers, and calls that are not billed.

#![allow(
    clippy::float_cmp,
    clippy::format_push_string,
    reason = "whole numbers, and texts that are put together"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::pages::printed;

use bks::encryption::assumption::Level;
use bks::logs::LogFormat;
use bks::logs::bad_lines::BadLines;
use bks::logs::log::Log;
use bks::recording::MemoryStore;
use bks::recording::gather::{LogSelection, RecordGatherer};
use bks::report::DocumentFormat;
use bks::results::Results;
use bks::results::rows::{AccountRow, SummaryRow};
use bks::scenario::Scenario;
use bks::scenario::overrides::Override;
use bks::scenario::replay::Settings;
use bks::simulation::events::Events;
use bks::simulation::objects::keep;
use bks::simulation::{Arm, Breakdown};

const A: &str = "111122223333";
const B: &str = "444455556666";

fn scenario(text: &str, changes: &[&str]) -> Scenario {
    let changes: Vec<Override> =
        changes.iter().map(|change| Override::parse(change).unwrap()).collect();
    let none = |file: &str| panic!("{file} is not read from here");
    Scenario::read(text, "scenario", &changes, &none).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(text: &str, changes: &[&str]) -> String {
    let changes: Vec<Override> =
        changes.iter().map(|change| Override::parse(change).unwrap()).collect();
    let none = |file: &str| panic!("{file} is not read from here");
    Scenario::read(text, "scenario", &changes, &none).unwrap_err().to_string()
}

fn run(scenario: &Scenario) -> Results {
    Results::of(scenario, &|_| ())
}

/// The rows of the accounts of a configuration at the assumed level.
fn accounts_of<'a>(results: &'a Results, configuration: &str) -> Vec<&'a AccountRow> {
    let rows = results.accounts.iter();
    rows.filter(|row| row.configuration == configuration && row.assumption == Level::Assumed)
        .collect()
}

fn results(text: &str, changes: &[&str]) -> Results {
    let scenario = scenario(text, changes);
    run(&scenario)
}

/// The rows of a configuration at the assumed level: account, region and the row.
fn rows<'a>(results: &'a Results, configuration: &str) -> Vec<&'a AccountRow> {
    let rows = results.accounts.iter();
    rows.filter(|row| row.configuration == configuration && row.assumption == Level::Assumed)
        .collect()
}

fn row<'a>(
    results: &'a Results,
    configuration: &str,
    account: &str,
    region: &str,
) -> &'a AccountRow {
    let rows = rows(results, configuration).into_iter();
    let mut found = rows.filter(|row| row.account == account && row.region == region);
    found.next().unwrap_or_else(|| panic!("no row of {account} in {region}"))
}

/// Dollars to the cent.
fn cents(amount: bks::units::Usd) -> String {
    format!("{:.2}", amount.as_f64())
}

/// Writers of 1,000 objects a day each, in so many accounts.
fn writers(accounts: &[&str]) -> String {
    let mut text = "name = \"writers\"\nduration = \"1d\"\nreplications = 1\n[[bucket]]\n\
                    name = \"b\"\nkey = \"aws/s3\"\nbucket_keys_since = \"always\"\n"
        .to_owned();
    for (number, account) in accounts.iter().enumerate() {
        text.push_str(&format!(
            "[[principal]]\nname = \"p{number}\"\nrole = \"r\"\naccount = \"{account}\"\n\
             [[workload]]\nname = \"w{number}\"\nprincipal = \"p{number}\"\nbucket = \"b\"\n\
             jobs = {{ every = \"1d\", steps = [{{ action = \"write\", objects = 1000, \
             rate = \"1/s\" }}] }}\n"
        ));
    }
    text
}

/// Two accounts at 60 % of their quotas are not one at 120 %: each is throttled by its own calls.
#[test]
fn two_accounts_have_a_quota_each() {
    let text = |account: &str| {
        format!(
            "name = \"two\"\nduration = \"100s\"\nreplications = 1\n\
             [[bucket]]\nname = \"b\"\nbucket_keys_since = \"always\"\n\
             [[principal]]\nname = \"p\"\nrole = \"r\"\n\
             [[principal]]\nname = \"q\"\nrole = \"s\"\naccount = \"{account}\"\n\
             [[workload]]\nname = \"w\"\nprincipal = \"p\"\nbucket = \"b\"\n\
             arrivals = {{ poisson = {{ rate = \"600/s\" }} }}\n\
             [[workload]]\nname = \"v\"\nprincipal = \"q\"\nbucket = \"b\"\n\
             arrivals = {{ poisson = {{ rate = \"600/s\" }} }}\n\
             [billing]\nkms_quota_per_s = 1000\n"
        )
    };
    let (one, two) = (results(&text(A), &[]), results(&text(B), &[]));
    let of = |results: &Results| -> SummaryRow { results.assumed("sse-kms").clone() };
    assert!(of(&one).quota_share_max > 1.1 && of(&one).throttled_s > 50, "one quota for both");
    // The mean is 600; six standard deviations of a second's Poisson number are 147.
    assert!(of(&two).quota_share_max < 0.75 && of(&two).throttled_s == 0, "{:?}", of(&two));
    // All that is not a quota is the same: the requests and their calls do not know of accounts.
    assert_eq!(of(&one).kms_requests_per_s_max, of(&two).kms_requests_per_s_max);
    assert_eq!(of(&one).kms_requests.to_bits(), of(&two).kms_requests.to_bits());
    assert_eq!(rows(&one, "sse-kms").len(), 1);
    let [a, b] = rows(&two, "sse-kms")[..] else { panic!("two accounts") };
    assert_eq!(a.kms_requests + b.kms_requests, of(&two).kms_requests);
    assert_eq!(
        a.quota_share_max.max(b.quota_share_max).to_bits(),
        of(&two).quota_share_max.to_bits(),
        "the whole run's share is the greatest"
    );
    assert_eq!(a.quota_share_max.to_bits(), (f64::from(a.kms_requests_per_s_max) / 1e3).to_bits());
    let line = printed(&two, DocumentFormat::Text(u16::MAX));
    assert!(line.contains("444455556666, us-east-1"), "{line}");
    assert!(printed(&two, DocumentFormat::Markdown).contains("| 444455556666, us-east-1 |"));
}

/// A copy of 900 objects to another region: 900 Decrypts where they lie, 900 `GenerateDataKey`s where
/// they go, 900 COPY requests at the price there.
#[test]
fn two_regions_have_quotas_and_prices_each() {
    let text = r#"
name = "regions"
duration = "1d"
replications = 1
billing = { period = "1d", free_tier = false }
[[bucket]]
name = "from"
[[bucket]]
name = "to"
region = "me-central-1"
[[principal]]
name = "p"
role = "r"
[[population]]
name = "old"
bucket = "from"
objects = 900
age = { uniform = { to = "1d" } }
[[workload]]
name = "copies"
principal = "p"
bucket = "to"
read = { from = ["old"], pattern = "uniform" }
jobs = { every = "1d", steps = [{ action = "copy", objects = 900, rate = "50/s" }] }
"#;
    let results = results(text, &[]);
    let [home, away] =
        [row(&results, "sse-kms", A, "us-east-1"), row(&results, "sse-kms", A, "me-central-1")];
    assert_eq!((home.kms_requests, away.kms_requests), (900.0, 900.0));
    assert_eq!((home.kms_quota_per_s, away.kms_quota_per_s), (100_000, 10_000));
    assert_eq!(
        results.assumed("sse-kms").quota_share_max.to_bits(),
        away.quota_share_max.to_bits(),
        "the smaller quota is the nearer one"
    );
    let lines: Vec<(&str, &str, u64)> = results
        .costs
        .iter()
        .filter(|line| line.configuration == "sse-kms" && line.assumption == Level::Assumed)
        .map(|line| {
            (line.region_id.as_str(), line.charge_description.as_str(), line.pricing_quantity)
        })
        .collect();
    let put = results.costs.iter().find(|line| line.charge_description.starts_with("PUT")).unwrap();
    assert_eq!(
        lines,
        [
            ("us-east-1", "KMS requests", 900),
            ("us-east-1", "customer managed keys", 24),
            ("me-central-1", "KMS requests", 900),
            ("me-central-1", "customer managed keys", 24),
            ("me-central-1", "PUT, COPY, POST, LIST requests", 900),
        ]
    );
    // $0.0055 per 1,000 there, not $0.005.
    assert_eq!(put.billed_cost.to_string(), "0.00495");
    assert_eq!(results.facts.prices.region, "us-east-1, me-central-1");
}

/// 30,000 calls a month of each of three accounts: 90,000 less 20,000 if these are for all of them,
/// 10,000 each if they are strangers; by hand at $3 a million.
#[test]
fn the_free_tier_is_spent_once_unless_accounts_are_strangers() {
    let text = writers(&[A, B, "777788889999"]);
    for (free_tier, paid, cost) in
        [("true", 70_000, "0.21"), ("per-account", 30_000, "0.09"), ("false", 90_000, "0.27")]
    {
        let results = results(&text, &[&format!("billing.free_tier={free_tier}")]);
        let rows = rows(&results, "sse-kms");
        assert_eq!(rows.len(), 3);
        assert_eq!(rows.iter().map(|row| row.period_kms_paid).sum::<u64>(), paid, "{free_tier}");
        let whole = results.assumed("sse-kms").kms_cost_usd;
        assert_eq!(cents(whole), cost, "{free_tier}");
        assert_eq!(rows.iter().map(|row| row.kms_cost_usd).sum::<bks::units::Usd>(), whole);
        for row in rows {
            assert_eq!(row.period_kms_requests, 30_000);
            assert_eq!(row.period_kms_free + row.period_kms_paid, 30_000);
        }
    }
    // Whose it is changes nothing of the whole: one account of three times as much pays as much.
    let together = results(&writers(&[A, A, A]), &[]);
    assert_eq!(cents(together.assumed("sse-kms").kms_cost_usd), "0.21");
    let error = refusal(&text, &["billing.free_tier=per-acount"]);
    assert!(error.contains("did you mean `--set billing.free_tier=per-account`"), "{error}");
}

/// What CloudTrail calls is not billed, but counts towards the quota; so with any other principal
/// that is marked so.
#[test]
fn calls_that_are_not_billed_count_towards_the_quota() {
    let text = writers(&[A, A]);
    let paid = |changes: &[&str]| {
        let results = results(&text, changes);
        let row = row(&results, "sse-kms", A, "us-east-1").clone();
        assert_eq!((row.kms_requests, row.period_kms_requests), (2_000.0, 60_000));
        assert_eq!(row.kms_cost_usd, results.assumed("sse-kms").kms_cost_usd);
        (row.period_kms_unbilled, row.period_kms_paid, row.quota_share_max.to_bits())
    };
    let (none, all, share) = paid(&[]);
    assert_eq!((none, all), (0, 40_000));
    assert_eq!(paid(&["principal.p0.kms_billed=false"]), (30_000, 10_000, share));
    let cloudtrail = text.replacen("role = \"r\"", "service = \"cloudtrail.amazonaws.com\"", 1);
    let results = results(&cloudtrail, &[]);
    assert_eq!(row(&results, "sse-kms", A, "us-east-1").period_kms_unbilled, 30_000);
    let other = text.replacen("role = \"r\"", "service = \"delivery.logs.amazonaws.com\"", 1);
    let other = self::results(&other, &[]);
    assert_eq!(row(&other, "sse-kms", A, "us-east-1").period_kms_unbilled, 0);
    // The events are there, whoever pays for the calls.
    let copies = self::results(&cloudtrail, &["billing.cloudtrail_copies=1"]);
    let line = copies.costs.iter().find(|line| line.charge_description.starts_with("paid copies"));
    assert_eq!(line.unwrap().pricing_quantity, 60_000);
}

/// What happens once is billed once in every account: 1,000 calls of a job that does not recur beside
/// 1,000 a day, in two accounts.
#[test]
fn what_happens_once_is_billed_once_in_each_account() {
    let text = writers(&[A, B]).replacen("every = \"1d\", ", "", 1);
    let results = results(&text, &["billing.free_tier=false"]);
    let requests = |account| row(&results, "sse-kms", account, "us-east-1").period_kms_requests;
    assert_eq!((requests(A), requests(B)), (1_000, 30_000));
    let whole = results.assumed("sse-kms");
    assert_eq!(cents(whole.kms_cost_usd), "0.09");
    let puts: u64 = results
        .costs
        .iter()
        .filter(|line| line.configuration == "sse-kms" && line.assumption == Level::Assumed)
        .filter(|line| line.charge_description.starts_with("PUT"))
        .map(|line| line.pricing_quantity)
        .sum();
    assert_eq!(puts, 31_000);
    // So it is where regions are told apart.
    let away = text.replace(
        "bucket_keys_since = \"always\"\n",
        "bucket_keys_since = \"always\"\n[[bucket]]\nname = \"away\"\nregion = \"eu-west-1\"\n",
    );
    let apart = self::results(&away, &["billing.free_tier=false", "workload.w0.bucket=away"]);
    let there = row(&apart, "sse-kms", A, "eu-west-1");
    assert_eq!((there.period_kms_requests, there.kms_requests), (1_000, 1_000.0));
    let put = apart
        .costs
        .iter()
        .find(|line| line.region_id == "eu-west-1" && line.charge_description.starts_with("PUT"));
    assert_eq!(put.unwrap().pricing_quantity, 1_000);
}

/// Quotas by account and region: the last one that fits holds, and one that fits nothing is refused.
#[test]
fn quotas_may_differ() {
    let text = writers(&[A, B]);
    let with = |more: &str| format!("{text}\n{more}");
    let results = results(
        &with(
            "[billing]\nkms_quota_per_s = 500\nbackground_kms = \"50/s\"\n\
             [[billing.quota]]\nregion = \"us-east-1\"\nkms_quota_per_s = 400\n\
             [[billing.quota]]\naccount = \"444455556666\"\nbackground_kms = \"100/s\"\n",
        ),
        &[],
    );
    let quota = |account| {
        let row = row(&results, "sse-kms", account, "us-east-1");
        let share = f64::from(row.kms_requests_per_s_max) + row.kms_background_per_s as f64;
        assert_eq!(row.quota_share_max.to_bits(), (share / row.kms_quota_per_s as f64).to_bits());
        (row.kms_quota_per_s, row.kms_background_per_s)
    };
    assert_eq!((quota(A), quota(B)), ((400, 50), (400, 100)));
    assert_eq!(results.assumed("sse-kms").kms_background_per_s, 150);
    let refused = |more: &str| refusal(&with(more), &[]);
    let nobody = refused("[[billing.quota]]\naccount = \"444455556667\"\nkms_quota_per_s = 400\n");
    assert!(nobody.contains("did you mean `444455556666`"), "{nobody}");
    let nowhere = refused("[[billing.quota]]\nregion = \"eu-west-1\"\nkms_quota_per_s = 400\n");
    assert!(
        nowhere.contains("no bucket of this scenario lies in the region `eu-west-1`"),
        "{nowhere}"
    );
    let nothing = refused("[[billing.quota]]\nregion = \"us-east-1\"\n");
    assert!(nothing.contains("says nothing"), "{nothing}");
}

/// Who asks for nothing changes nothing, wherever it is.
#[test]
fn an_account_and_a_region_without_calls_change_no_figure() {
    let text = writers(&[A]);
    let alone = results(&text, &[]);
    let idle = format!(
        "{text}[[principal]]\nname = \"idle\"\nrole = \"r\"\naccount = \"{B}\"\n\
         [[bucket]]\nname = \"away\"\nregion = \"eu-west-1\"\nkey = \"aws/s3\"\n"
    );
    let beside = results(&idle, &[]);
    assert_eq!(alone.summary, beside.summary);
    assert_eq!(alone.costs, beside.costs);
    assert_eq!(alone.accounts, beside.accounts);
    assert_eq!(alone.timeline, beside.timeline);
    assert_eq!(alone.replications, beside.replications);
}

/// Everything that can go anywhere: three accounts, three regions, copies and replication between
/// them, uploads in parts, objects without bucket keys, sessions that end.
const ALL_OVER: &str = r#"
name = "all-over"
duration = "40s"
warm_up = "3s"
replications = 1
engine = "events"
[assumptions]
generation_lifetime = "5s"
cache_lifetime = "4s"
write_partitions = 2
read_partitions = 2
[[bucket]]
name = "home"
bucket_keys_since = "always"
[[bucket]]
name = "away"
region = "eu-west-1"
bucket_keys_since = "20s"
[[bucket]]
name = "far"
region = "sa-east-1"
[[principal]]
name = "p"
role = "p"
sessions = 3
session_length = "7s"
[[principal]]
name = "q"
role = "q"
account = "444455556666"
[[principal]]
name = "trail"
service = "cloudtrail.amazonaws.com"
account = "777788889999"
[[population]]
name = "old"
bucket = "home"
objects = 500
written_by = "p"
age = { uniform = { to = "60s" } }
[[client]]
name = "uploader"
write = { part_size = "8MiB", copy = 0.5 }
[[workload]]
name = "writes"
principal = "p"
bucket = "home"
client = "uploader"
object_size = "20MiB"
arrivals = { poisson = { rate = "4/s" } }
[[workload]]
name = "copies"
principal = "q"
bucket = "away"
arrivals = { poisson = { rate = "8/s" } }
mix = { copy = 1, read = 1 }
read = { from = ["old", "writes"], pattern = { by-age = { exponential = { mean = "20s" } } } }
[[workload]]
name = "delivery"
principal = "trail"
bucket = "far"
arrivals = { poisson = { rate = "9/s" } }
[[workload]]
name = "replication"
principal = "p"
bucket = "home"
arrivals = { poisson = { rate = "6/s" } }
mix = { replicate = 1 }
read = { from = ["delivery"], pattern = { by-age = { exponential = { mean = "10s" } } } }
[[workload]]
name = "scan"
principal = "q"
bucket = "home"
read = { from = ["old"], pattern = "uniform" }
jobs = { every = "15s", offset = "5s", steps = [{ action = "read", objects = 60, rate = "20/s" }] }
"#;

/// Calls of each account in each region, and the most of a second, from the run's events one by one.
fn by_events(scenario: &Scenario, configuration: usize) -> BTreeMap<(String, String), (u64, u64)> {
    use bks::s3::Object;
    let assumptions = scenario.configurations[configuration].ranges.at(Level::Assumed);
    let arm = Arm { configuration, assumptions, breakdown: Breakdown::Requesters };
    let mut calls: BTreeMap<(String, String, i64), u64> = BTreeMap::new();
    for event in Events::new(scenario, &keep(scenario, 0), &arm, 0) {
        let request = event.request;
        if request.time < scenario.counted_from {
            continue;
        }
        let principal = scenario.slots[request.slot as usize].principal as usize;
        let source = match request.object {
            Object::Written { bucket, .. } => bucket,
            Object::Ranked { .. } | Object::Aged { .. } => 0,
            Object::None | Object::Unserved | Object::Keyless => request.bucket,
        };
        let second = request.time.since(scenario.counted_from).as_nanos() / 1_000_000_000;
        let of_read = u64::from(event.answer.of_read);
        let own = event.answer.calls.total() - of_read;
        for (bucket, count) in [(source, of_read), (request.bucket, own)] {
            let account = scenario.principals[principal].account.clone();
            let region = scenario.buckets[bucket as usize].region.clone();
            *calls.entry((account, region, second)).or_default() += count;
        }
    }
    let mut found: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    for ((account, region, _), count) in calls {
        let (sum, most) = found.entry((account, region)).or_default();
        *sum += count;
        *most = count.max(*most);
    }
    found.retain(|_, (sum, _)| *sum > 0);
    found
}

#[test]
fn every_call_counts_where_a_count_by_hand_has_it() {
    let scenario = scenario(ALL_OVER, &[]);
    let results = run(&scenario);
    for (index, configuration) in results.facts.configurations.iter().enumerate() {
        let accounts = accounts_of(&results, &configuration.name);
        let counted: BTreeMap<(String, String), (u64, u64)> = accounts
            .iter()
            .filter(|own| own.kms_requests > 0.0)
            .map(|own| {
                let counts = (own.kms_requests as u64, u64::from(own.kms_requests_per_s_max));
                ((own.account.clone(), own.region.clone()), counts)
            })
            .collect();
        assert_eq!(counted, by_events(&scenario, index), "{}", configuration.name);
        assert!(counted.len() >= 5, "{counted:?}");
        let sum: u64 = counted.values().map(|(calls, _)| calls).sum();
        let row = results.assumed(&configuration.name);
        assert_eq!(sum as f64, row.kms_requests);
        let paid: bks::units::Usd = accounts.iter().map(|own| own.kms_cost_usd).sum();
        assert_eq!(paid, row.kms_cost_usd);
    }
}

/// The engine that skips from call to call counts to the same accounts and regions.
#[test]
fn both_engines_count_where_calls_belong() {
    let text = r#"
name = "skipped"
duration = "2h"
replications = 1
[[bucket]]
name = "home"
bucket_keys_since = "always"
[[bucket]]
name = "away"
region = "eu-west-1"
bucket_keys_since = "always"
[[principal]]
name = "p"
role = "p"
[[principal]]
name = "q"
role = "q"
account = "444455556666"
[[workload]]
name = "writes"
principal = "p"
bucket = "home"
arrivals = { poisson = { rate = "3/s" } }
[[workload]]
name = "more"
principal = "p"
bucket = "away"
arrivals = { poisson = { rate = "2/s" } }
[[workload]]
name = "reads"
principal = "q"
bucket = "away"
arrivals = { poisson = { rate = "5/s" } }
read = { from = ["writes"], pattern = { by-age = { exponential = { mean = "10min" } } } }
"#;
    for engine in ["events", "skip-ahead"] {
        let results = results(text, &[&format!("engine={engine}")]);
        let calls = |account, region| row(&results, "sse-kms", account, region).kms_requests;
        // Reads lie where their objects do. Six standard deviations.
        for (calls, rate) in [
            (calls(A, "us-east-1"), 3.0),
            (calls(A, "eu-west-1"), 2.0),
            (calls(B, "us-east-1"), 5.0),
        ] {
            let mean: f64 = rate * 7_200.0;
            assert!((calls - mean).abs() < 6.0 * mean.sqrt(), "{engine}: {calls} of {mean}");
        }
        for configuration in &results.facts.configurations {
            let rows = rows(&results, &configuration.name);
            let sum: f64 = rows.iter().map(|row| row.kms_requests).sum();
            let row = results.assumed(&configuration.name);
            assert_eq!(sum.to_bits(), row.kms_requests.to_bits());
            let put = results.costs.iter().filter(|line| {
                line.configuration == configuration.name
                    && line.assumption == Level::Assumed
                    && line.pricing_unit == "requests"
                    && !line.charge_description.starts_with("KMS")
            });
            let requests: u64 = put.map(|line| line.pricing_quantity).sum();
            // 2 h are a 360th of the period; each line is rounded.
            assert!((requests as f64 / 360.0 - row.requests).abs() < 0.01, "{engine}");
        }
    }
}

/// A trail of two accounts in two regions, one bucket in each.
fn trail() -> String {
    let mut records = Vec::new();
    for (number, (account, region, bucket)) in
        [(A, "us-east-1", "one"), (B, "eu-west-1", "two"), (A, "eu-west-1", "two")]
            .into_iter()
            .cycle()
            .take(60)
            .enumerate()
    {
        let second = number % 60;
        records.push(format!(
            r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole","arn":"arn:aws:sts::{account}:assumed-role/etl/s","accountId":"{account}"}},"eventTime":"2026-11-23T00:00:{second:02}Z","eventSource":"s3.amazonaws.com","eventName":"PutObject","awsRegion":"{region}","requestParameters":{{"bucketName":"{bucket}","key":"k{number}"}},"eventID":"00000000-0000-0000-0000-{number:012}","eventType":"AwsApiCall","managementEvent":false,"eventCategory":"Data"}}"#
        ));
    }
    format!("{{\"Records\":[{}]}}", records.join(","))
}

fn replayed(log: &str) -> (Scenario, Results) {
    let mut gather =
        RecordGatherer::new(LogSelection::default(), usize::MAX, Arc::new(MemoryStore::default()));
    let mut bad = BadLines::default();
    gather.begin(LogFormat::CloudTrail, "trail");
    let opened = Log::open(log.as_bytes(), None, Some(LogFormat::CloudTrail)).unwrap().unwrap();
    opened.entries("log", &mut bad, |entry| gather.take(&entry)).unwrap();
    let settings = Settings { file: None, overrides: &[], unknown_age: None };
    let scenario = Scenario::of_recording(gather.finish().unwrap(), &settings).unwrap();
    let results = run(&scenario);
    (scenario, results)
}

#[test]
fn a_trail_tells_accounts_and_regions() {
    let (_, results) = replayed(&trail());
    let found: Vec<(&str, &str, f64)> = accounts_of(&results, &results.facts.reference)
        .into_iter()
        .map(|own| (own.account.as_str(), own.region.as_str(), own.kms_requests))
        .collect();
    let expected = [(A, "us-east-1", 20.0), (A, "eu-west-1", 20.0), (B, "eu-west-1", 20.0)];
    assert_eq!(found, expected);
    // A name that is no region of AWS's tells of none; a log is not wrong.
    let (scenario, _) = replayed(&trail().replace("us-east-1", "moon-1"));
    assert_eq!(scenario.accounts.regions, ["us-east-1", "eu-west-1"]);
}

/// Calls of services of which a log tells no account are the only account's of the log, or else kept
/// apart from those that are known.
#[test]
fn what_a_log_does_not_tell_is_nobody_elses() {
    let by_service = |log: &str, account: &str| {
        let role = format!(
            r#"{{"type":"AssumedRole","arn":"arn:aws:sts::{account}:assumed-role/etl/s","accountId":"{account}"}}"#
        );
        let service = r#"{"type":"AWSService","invokedBy":"delivery.logs.amazonaws.com"}"#;
        log.replacen(&role, service, 1)
    };
    let accounts = |log: &str| -> Vec<String> {
        let (_, results) = replayed(log);
        let own = accounts_of(&results, &results.facts.reference).into_iter();
        let mut accounts: Vec<String> = own.map(|own| own.account.clone()).collect();
        accounts.dedup();
        accounts
    };
    let one = trail().replace(B, A);
    assert_eq!(accounts(&by_service(&one, A)), [A]);
    let mut both = accounts(&by_service(&trail(), A));
    both.sort_unstable();
    assert_eq!(both, [A, B, "unknown"]);
}

/// An overload: 228 calls a second for two minutes at a quota of 100. The 128 too many of each second
/// are unanswered at the end, and the last of them waits for as many seconds as there are hundreds.
#[test]
fn an_overload_that_does_not_drain_is_called_that() {
    let text = |rate: &str, more: &str| {
        format!(
            "name = \"flood\"\nduration = \"120s\"\nreplications = 1\n\
             [[bucket]]\nname = \"b\"\nbucket_keys_since = \"always\"\n\
             [[principal]]\nname = \"p\"\nrole = \"r\"\n\
             [[workload]]\nname = \"w\"\nprincipal = \"p\"\nbucket = \"b\"\n{rate}\n\
             [billing]\nkms_quota_per_s = 100\n{more}\n"
        )
    };
    let steady = "arrivals = { poisson = { rate = \"228/s\" } }";
    let warning = |results: &Results| {
        let warning = results.facts.warnings.iter().find(|it| it.id == "quota-exceeded");
        warning.map_or_else(String::new, |warning| format!("{}; {}", warning.what, warning.advice))
    };
    let flood = results(&text(steady, ""), &[]);
    let row = flood.assumed("sse-kms");
    let left = row.kms_requests - 100.0 * 120.0;
    assert_eq!(row.kms_unanswered as f64, left, "what is not answered is asked still");
    assert!((left - 128.0 * 120.0).abs() < 6.0 * (228.0 * 120.0_f64).sqrt());
    let wait = (left / 100.0).ceil();
    assert!((row.kms_wait_max_s.unwrap() as f64 - wait).abs() <= 1.0, "{row:?}");
    assert!(row.kms_queue_grows && wait > 120.0, "longer than the run");
    let said = warning(&flood);
    assert!(said.contains("grows without end") && said.contains("unanswered"), "{said}");

    let none = results(&text(steady, "background_kms = \"100/s\""), &[]);
    assert_eq!(none.assumed("sse-kms").kms_wait_max_s, None);
    assert!(warning(&none).contains("none is ever answered"), "{}", warning(&none));

    // Five hundred a second for ten seconds in the middle are over forty seconds after.
    let spike = "jobs = { offset = \"40s\", steps = [{ action = \"write\", objects = 5000, \
                 rate = \"500/s\" }] }";
    let spike = results(&text(spike, ""), &[]);
    let row = spike.assumed("sse-kms");
    assert!(!row.kms_queue_grows && row.kms_unanswered == 0, "{row:?}");
    assert!((row.kms_wait_max_s.unwrap() as f64 - 40.0).abs() <= 2.0, "{row:?}");
    assert!(!warning(&spike).contains("without end"), "{}", warning(&spike));
}
