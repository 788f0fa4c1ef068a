//! Throttling from outside: the day on which it ends, what is said of it and where, and that nothing is said
//! where it does not matter.

use std::fs;

use bks::results::Results;
use bks::scenario::Scenario;
use bks::scenario::overrides::Override;

use crate::support::command::bks;

/// A job of 20 s at 400 requests a second for a quota of 200, from clients that retry so.
fn burst_text(retries: &str) -> String {
    format!(
        r#"
        name = "burst"
        duration = "10min"
        replications = 1
        [billing]
        kms_quota_per_s = 200
        [[bucket]]
        name = "lake"
        [[principal]]
        name = "readers"
        role = "readers"
        connections = "fresh"
        retries = {retries}
        [[population]]
        name = "objects"
        bucket = "lake"
        objects = 10000
        age = {{ uniform = {{ to = "7d" }} }}
        [[workload]]
        name = "report"
        principal = "readers"
        bucket = "lake"
        read = {{ from = ["objects"], pattern = "uniform" }}
        jobs = {{ every = "10min", steps = [{{ action = "read", objects = 8000, rate = "400/s" }}] }}
        "#
    )
}

fn burst(retries: &str) -> Scenario {
    Scenario::parse(&burst_text(retries)).unwrap()
}

/// The scenario of a text with some changes.
fn changed(text: &str, changes: &[Override]) -> Scenario {
    let none = |_: &str| unreachable!("no file is included");
    Scenario::read(text, "scenario", changes, &none).unwrap()
}

fn run(scenario: &Scenario) -> Results {
    Results::of(scenario, &|_| ())
}

/// Who never retries loses what exceeds the quota: half, give or take what chance does to a second.
#[test]
fn without_retries_half_of_twice_the_quota_fails() {
    let results = run(&burst("\"none\""));
    let row = results.assumed("sse-kms");
    assert!((row.throttled_ratio - 0.5).abs() < 0.02, "{}", row.throttled_ratio);
    assert!((row.failed_ratio - row.throttled_ratio).abs() < 1e-9);
    // The dollars are those of all requests, which is said.
    let warned = results.facts.warnings.iter().find(|it| it.id == "failed-requests-counted");
    assert!(warned.is_some_and(|it| it.what.contains("`sse-kms` (")));
    assert!(row.throttled_from_s == Some(0.0) && row.throttled_until_s.unwrap() >= 20.0);
    let binned: f64 = results
        .timeline
        .iter()
        .filter(|it| it.configuration == "sse-kms")
        .map(|it| it.slow_downs)
        .sum();
    assert!((binned - row.failed_ratio * row.requests).abs() < 1e-6);
}

/// More attempts: fewer requests fail, and work is later.
#[test]
fn more_attempts_trade_failures_for_delays() {
    let rows = ["\"none\"", "\"standard\"", "\"legacy\"", "{ attempts = 60, base = \"2s\" }"]
        .map(|retries| run(&burst(retries)).assumed("sse-kms").clone());
    for pair in rows.windows(2) {
        assert!(pair[1].failed_ratio < pair[0].failed_ratio);
        assert!(pair[1].job_delay_max_s >= pair[0].job_delay_max_s);
        assert_eq!(pair[1].kms_quota_needed_per_s, pair[0].kms_quota_needed_per_s);
        assert!((pair[1].kms_requests - pair[0].kms_requests).abs() < 1e-9);
    }
    let [.., patient] = &rows;
    assert!(patient.failed_ratio < 1e-3 && patient.job_delay_max_s > 15.0);
}

/// Under the quotas to ask for nothing is throttled, and at most one request in a hundred.
#[test]
fn the_quotas_to_ask_for_are_enough() {
    let text = burst_text("\"standard\"");
    let row = run(&Scenario::parse(&text).unwrap()).assumed("sse-kms").clone();
    let with = |quota: u64| {
        let change = Override::new("billing.kms_quota_per_s", quota.to_string());
        run(&changed(&text, &[change])).assumed("sse-kms").throttled_ratio
    };
    let [needed, few] = [row.kms_quota_needed_per_s, row.kms_quota_1pct_per_s].map(Option::unwrap);
    assert!(few < needed);
    assert!(with(needed) <= 0.0);
    assert!(with(needed - 1) > 0.0);
    let share = with(few);
    assert!(0.0 < share && share <= 0.012, "{share}");
}

/// Two groups of clients are told apart, and their calls are one account's.
#[test]
fn clients_that_retry_otherwise_share_the_quota() {
    let text = burst_text("\"standard\"");
    let one = Scenario::parse(&text).unwrap();
    let two = text.replace(
        "[[population]]",
        r#"[[principal]]
name = "others"
role = "others"
retries = "none"

[[population]]"#,
    );
    let two = format!(
        "{two}\n[[workload]]\nname = \"more\"\nprincipal = \"others\"\nbucket = \"lake\"\n\
         arrivals = {{ periodic = {{ rate = \"100/s\" }} }}\n"
    );
    let [one, two] = [one, Scenario::parse(&two).unwrap()].map(|it| run(&it));
    let [alone, shared] = [&one, &two].map(|it| it.assumed("sse-kms"));
    assert!(shared.kms_requests_per_s_max > alone.kms_requests_per_s_max);
    assert!(shared.failed_ratio > 0.0);
    let failed = |row: &bks::results::rows::SummaryRow| row.failed_ratio * row.requests;
    assert!(failed(shared) > failed(alone), "{} {}", failed(shared), failed(alone));
    assert_eq!(two.accounts.iter().filter(|row| row.configuration == "sse-kms").count(), 3);
}

/// Where the quota holds, no word and no figure is of it.
#[test]
fn nothing_is_said_where_nothing_is_throttled() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("burst.toml");
    let calm = burst_text("\"standard\"").replace("= 200", "= 100000");
    fs::write(&file, &calm).unwrap();
    let output = bks(folder.path(), &["simulate", "burst.toml"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !printed.contains("503"), "{printed}");
    fs::write(&file, burst_text("\"standard\"")).unwrap();
    let output = bks(folder.path(), &["simulate", "burst.toml", "--out", "again"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    for said in
        ["KMS throttles: 503 SlowDown answers", "KMS quota to ask for", "fail", "from 0s to"]
    {
        assert!(printed.contains(said), "{said}: {printed}");
    }
}

/// The report reads seven days: on the sixth day after the switch it meets objects without a bucket key, on
/// the seventh none.
#[test]
fn throttling_ends_on_the_seventh_day() {
    let text = include_str!("../../scenarios/throttling-ends.toml");
    let after = |days: u32| {
        let changes = [
            Override::new("duration", "6h"),
            Override::new("replications", "1"),
            Override::new("bucket.lake.bucket_keys_since", format!("-{days}d")),
        ];
        let results = run(&changed(text, &changes));
        assert!(results.assumed("sse-kms").throttled_ratio > 0.1);
        results.assumed("bucket-key").throttled_ratio
    };
    let shares = [0, 2, 4, 6, 7].map(after);
    assert!(shares.windows(2).all(|pair| pair[1] < pair[0]), "{shares:?}");
    assert!(shares[3] > 0.0 && shares[4] <= 0.0, "{shares:?}");
}

/// The same in one run of eight days: the last report within seven days of the switch begins after six and a
/// half, and takes no longer than an hour.
#[test]
fn the_end_of_throttling_shows_in_one_run() {
    let text = include_str!("../../scenarios/throttling-ends.toml");
    let results = run(&changed(text, &[Override::new("replications", "1")]));
    let until = |name: &str| results.assumed(name).throttled_until_s.unwrap() / 86_400.0;
    assert!((6.5..6.55).contains(&until("bucket-key")), "{}", until("bucket-key"));
    assert!((7.5..7.55).contains(&until("sse-kms")), "{}", until("sse-kms"));
    let late = |row: &bks::results::rows::TimelineRow| {
        row.configuration == "bucket-key" && row.slow_downs > 0.0 && row.time_s >= 7.0 * 86_400.0
    };
    assert!(!results.timeline.iter().any(late));
}

/// One call for each PUT of a metronome, and a quota of 200 a second: more than that from 200 a second on.
#[test]
fn a_target_may_be_any_figure() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"
        name = "metronome"
        duration = "5s"
        replications = 1
        [billing]
        kms_quota_per_s = 200
        [[bucket]]
        name = "logs"
        [[principal]]
        name = "writer"
        role = "writer"
        [[workload]]
        name = "put"
        principal = "writer"
        bucket = "logs"
        arrivals = { periodic = { rate = "50/s" } }
        "#;
    fs::write(folder.path().join("metronome.toml"), text).unwrap();
    let arguments = |target: &'static str| {
        let over = "workload.put.arrivals.periodic.rate=20/s..2000/s";
        ["sensitivity", "metronome.toml", "--samples", "16", "--target", target, "--over", over]
    };
    let target = "sse-kms.quota_share_max <= 100%";
    let output = bks(folder.path(), &[&arguments(target)[..], &["--format", "json"]].concat());
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{message}");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = found["figure_break_even"].as_array().unwrap();
    assert_eq!(rows.len(), 3, "a crossing at each level: {rows:?}");
    for row in rows {
        assert_eq!(
            (&row["figure"], &row["holds_behind"]),
            (&"quota_share_max".into(), &false.into())
        );
        let value = row["value_number"].as_f64().unwrap();
        assert!((198.0..=202.0).contains(&value), "{value}");
    }
    let said = found["figure_break_even_sentences"][0].as_str().unwrap();
    assert!(said.starts_with("`sse-kms`: `") && said.contains("no longer holds once"), "{said}");
    assert!(folder.path().join("results/metronome/figure_break_even.csv").exists());
    for (target, why) in [
        ("bucket@low.saving > 0", "is about one point of the range"),
        ("nothing.saving > 0", "`nothing` is not a configuration"),
        ("shavings > 0", "`shavings` is not a figure"),
    ] {
        let output = bks(folder.path(), &arguments(target));
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && message.contains(why), "{message}");
    }
}

/// S3's own limit is another than KMS's: 6,000 GET a second to one bucket are beyond it whatever the keys.
#[test]
fn more_than_a_prefix_is_served_is_warned_of() {
    let text = |rate: u32| {
        burst_text("\"none\"")
            .replace("= 200", "= 100000")
            .replace("400/s", &format!("{rate}/s"))
            .replace("8000", &(rate * 20).to_string())
            .replace("10min", "20s")
    };
    for (rate, warned) in [(5_000, false), (6_000, true)] {
        let results = run(&changed(&text(rate), &[]));
        let warning = results.facts.warnings.iter().find(|it| it.id == "prefix-limit");
        assert_eq!(warning.is_some(), warned, "{rate}");
        let what = warning.map_or("", |it| &it.what);
        assert!(!warned || what.contains("GET and HEAD") && what.contains("at least 2 prefixes"));
    }
}

#[test]
fn retries_are_read_and_refused_by_name() {
    let refusal = |retries: &str| Scenario::parse(&burst_text(retries)).unwrap_err().to_string();
    assert!(refusal("\"standart\"").contains("`standart` is no known way to retry"));
    assert!(refusal("{ attempts = 0 }").contains("`attempts` is `0`"));
    assert!(refusal("{ attempts = 2, cap = \"1ms\" }").contains("less than the `base`"));
    assert!(Scenario::parse(&burst_text("{ attempts = 2 }")).is_ok());
}
