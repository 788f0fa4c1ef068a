//! `bks sensitivity` against closed forms, and as a user meets it.
//!
//! Poisson reads of one key at rate λ under a fixed cache lifetime T miss at the rate λ / (1 + λT), so
//! they save λT / (1 + λT) of the calls. A share s is saved at T = s / ((1 − s) λ). Spread over n
//! requesters or partitions each sees λ / n: s is saved up to n = λT (1 − s) / s.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::command::done;
use bks::encryption::assumption::Level;
use bks::error::Result;
use bks::results::csv;
use bks::results::sensitivity::{BreakEvenRow, CurveRow, SobolRow, SpreadRow};
use bks::scenario::Scenario;
use bks::scenario::overrides::Override;
use bks::sensitivity::axis::SearchAxis;
use bks::sensitivity::break_even::BreakEvens;
use bks::sensitivity::search::Direction;

use bks::sensitivity::{Budget, Sensitivity, SensitivityPlan, Together};

/// λ in reads a second.
const RATE: f64 = 0.1;

/// Reads of objects under one key, at rate λ. `assumptions` go on with the lifetimes' and other lines.
fn one_key(assumptions: &str) -> String {
    format!(
        r#"
        name = "one-key"
        seed = 11
        duration = "10d"
        warm_up = "1h"
        replications = 4
        headline = "bucket-key-session"
        [assumptions]
        generation_lifetime = "1000d"
        expiry = "fixed"
        write_partitions = 1
        verify_on_write = 0
        {assumptions}
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
        arrivals = {{ poisson = {{ rate = "{RATE}/s" }} }}
        read = {{ from = ["old"], pattern = "uniform" }}
        "#
    )
}

const CACHE_5_MIN: &str = "cache_lifetime = \"5min\"\nread_partitions = 1";

fn plan(targets: &[f64], over: &[&str]) -> SensitivityPlan {
    SensitivityPlan {
        samples: None,
        targets: targets.to_vec(),
        demands: Vec::new(),
        over: over.iter().map(|text| SearchAxis::parse(text).unwrap()).collect(),
        budget: Budget { threads: 2, bytes: 1 << 30 },
    }
}

/// The usual axes, narrow, so that only what is asked for takes time.
const NARROW: [&str; 6] = [
    "lifetime=290s..300s",
    "generation_lifetime=290s..300s",
    "cache_lifetime=290s..300s",
    "write_partitions=1..2",
    "read_partitions=1..2",
    "requesters=1..2",
];

/// `over`, and the usual axes of other names narrow.
fn narrow(over: &[&'static str]) -> Vec<&'static str> {
    let name = |text: &str| text.split('=').next().unwrap().to_owned();
    let others = NARROW.into_iter().filter(|it| over.iter().all(|asked| name(asked) != name(it)));
    others.chain(over.iter().copied()).collect()
}

fn ask(text: &str, plan: &SensitivityPlan) -> Result<Sensitivity> {
    let read = |changes: &[Override]| {
        Scenario::read(text, "scenario", changes, &|_| unreachable!("nothing is included"))
    };
    let scenario = read(&[]).unwrap_or_else(|error| panic!("{error}"));
    Sensitivity::of(&scenario, &|change| read(std::slice::from_ref(change)), plan, &|_| ())
}

fn assumed<'a>(found: &'a Sensitivity, name: &str) -> &'a BreakEvens {
    let mut of_axis = found.break_evens.iter().filter(|it| it.axis.name() == name);
    of_axis.find(|it| it.others == Level::Assumed).unwrap()
}

/// In four times ten days of some 86,400 reads each a saving has a standard error of less than 0.001,
/// and a break-even value of less than 0.5 %; the search adds half a percent.
#[test]
fn break_even_lifetimes_are_those_of_the_closed_form() {
    let targets = [0.5, 0.8];
    let found =
        ask(&one_key(CACHE_5_MIN), &plan(&targets, &narrow(&["cache_lifetime=1s..1d"]))).unwrap();
    let lifetime = assumed(&found, "cache_lifetime");
    for (of_target, target) in lifetime.targets.iter().zip(targets) {
        let [one] = of_target.crossings[..] else { panic!("{of_target:?}") };
        let expected = target / ((1.0 - target) * RATE);
        assert_eq!(one.crossing.direction, Direction::Rises);
        assert!((one.value / expected - 1.0).abs() < 0.02, "{one:?}, expected {expected}");
        let (low, high) = one.interval.unwrap();
        assert!(low < one.value && one.value < high, "{one:?}");
        assert!(high / low < 1.1, "{one:?}");
    }
    for (value_s, saving) in lifetime.curve.points() {
        let expected = RATE * value_s / (1.0 + RATE * value_s);
        // Five standard errors: 86,400 reads, whose number of misses varies less than a Poisson number.
        assert!((saving - expected).abs() < 5.0 / 86_400.0_f64.sqrt(), "{saving} at {value_s}");
    }
}

#[test]
fn break_even_numbers_are_those_of_the_closed_form() {
    // λT = 30: a share of 0.8 is saved up to 7.5 of them, one of 0.5 up to 30.
    let targets = [0.8, 0.5];
    let over = narrow(&["read_partitions=1..1000", "requesters=1..200"]);
    let found = ask(&one_key(CACHE_5_MIN), &plan(&targets, &over)).unwrap();
    for name in ["read_partitions", "requesters"] {
        for (of_target, target) in assumed(&found, name).targets.iter().zip(targets) {
            let [one] = of_target.crossings[..] else { panic!("{name}: {of_target:?}") };
            let expected = RATE * 300.0 * (1.0 - target) / target;
            assert_eq!(one.crossing.direction, Direction::Falls, "{name}");
            // The first whole number behind it, or a neighbour: noise.
            assert!((one.value - expected.ceil()).abs() <= 1.0, "{name}: {one:?}, {expected}");
        }
    }
}

#[test]
fn a_rate_has_a_break_even_too() {
    // λT / (1 + λT) is a half at λ = 1/T.
    let key = "workload.read.arrivals.poisson.rate";
    let over = narrow(&["workload.read.arrivals.poisson.rate=0.0005/s..0.1/s"]);
    let found = ask(&one_key(CACHE_5_MIN), &plan(&[0.5], &over)).unwrap();
    let [one] = assumed(&found, key).targets[0].crossings[..] else { panic!() };
    // Only 2,880 reads in ten days: a standard error of about 4 % for a replication, 2 % for four.
    assert!((one.value * 300.0 - 1.0).abs() < 0.1, "{one:?}");
}

#[test]
fn what_is_never_met_is_said() {
    let found = ask(&one_key(CACHE_5_MIN), &plan(&[0.1, 0.999], &narrow(&[]))).unwrap();
    let lifetime = assumed(&found, "cache_lifetime");
    assert!(lifetime.targets.iter().all(|it| it.crossings.is_empty()));
    let [(_, least), (_, most)] = lifetime.extremes().unwrap();
    assert!(0.1 < least && most < 0.999);
}

/// The saving is λT/n / (1 + λT/n), with T from a minute to an hour and n from 1 to 6. Its indices by
/// numerical integration on a fine grid.
fn expected_indices() -> [[f64; 2]; 2] {
    const STEPS: u32 = 2_000;
    let f = |u: f64, n: u32| {
        let x = RATE * 60.0 * 60.0_f64.powf(u) / f64::from(n);
        x / (1.0 + x)
    };
    let us: Vec<f64> = (0..STEPS).map(|i| (f64::from(i) + 0.5) / f64::from(STEPS)).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let variance = |values: &[f64]| {
        let mean = mean(values);
        values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64
    };
    let all: Vec<f64> = us.iter().flat_map(|&u| (1..=6).map(move |n| f(u, n))).collect();
    let of_lifetime: Vec<f64> =
        us.iter().map(|&u| mean(&(1..=6).map(|n| f(u, n)).collect::<Vec<_>>())).collect();
    let of_number: Vec<f64> =
        (1..=6).map(|n| mean(&us.iter().map(|&u| f(u, n)).collect::<Vec<_>>())).collect();
    let [whole, lifetime, number] = [all, of_lifetime, of_number].map(|v| variance(&v));
    // Of two inputs, what one does not make by itself the other has a part in.
    [[lifetime / whole, 1.0 - number / whole], [number / whole, 1.0 - lifetime / whole]]
}

#[test]
fn indices_are_those_of_the_closed_form() {
    let open = "cache_lifetime = { low = \"1min\", assumed = \"5min\", high = \"1h\" }\n\
                read_partitions = { low = 1, assumed = 2, high = 6 }";
    let asked = SensitivityPlan { samples: Some(256), ..plan(&[0.5], &narrow(&[])) };
    let found = ask(&one_key(open).replace("10d", "2d"), &asked).unwrap();
    let Together::Sampled(sample) = &found.together else { panic!("{:?}", found.together) };
    let indices = sample.indices.as_ref().unwrap();
    assert_eq!(indices.len(), 2, "what is known is not drawn");
    for (name, [first, total]) in
        ["cache_lifetime", "read_partitions"].iter().zip(expected_indices())
    {
        let (_, of) = indices.iter().find(|(unknown, _)| unknown.name() == *name).unwrap();
        for (interval, expected) in [(of.first, first), (of.total, total)] {
            assert!((interval.value - expected).abs() < 0.06, "{name}: {interval:?}, {expected}");
            assert!(interval.low < expected && expected < interval.high, "{name}: {interval:?}");
        }
    }
    assert_eq!(sample.samples, 256);
    let [low, middle, high] = sample.quantiles;
    assert!(low < middle && middle < high && low < sample.mean && sample.mean < high);
}

/// Nothing is written, so it makes no difference whether keys are verified: only the first 16 points ask.
#[test]
fn what_has_no_effect_on_the_first_points_is_not_exchanged_at_the_others() {
    let open = "cache_lifetime = { low = \"1min\", assumed = \"5min\", high = \"1h\" }\nread_partitions = 1";
    let text = one_key(open)
        .replace("10d", "1d")
        .replace("verify_on_write = 0", "verify_on_write = { low = 0, assumed = 1, high = 1 }");
    let asked = SensitivityPlan { samples: Some(64), ..plan(&[], &narrow(&[])) };
    let found = ask(&text, &asked).unwrap();
    let Together::Sampled(sample) = &found.together else { panic!("{:?}", found.together) };
    // Three of each row whatever is exchanged, at most one more of 16, and the ends; of all rows half would be more.
    assert!(sample.sets <= 64 * 3 + 16 + 5, "{}", sample.sets);
    let indices = sample.indices.as_ref().unwrap();
    let of = |name: &str| indices.iter().find(|(unknown, _)| unknown.name() == name).unwrap().1;
    assert!(of("verify_on_write").total.high < 1e-9, "{indices:?}");
    assert!((of("cache_lifetime").total.value - 1.0).abs() < 0.05, "{indices:?}");
}

#[test]
fn without_open_ranges_there_is_nothing_to_draw() {
    let found = ask(&one_key(CACHE_5_MIN), &plan(&[0.5], &narrow(&[]))).unwrap();
    assert_eq!(found.together, Together::Known);
    assert!(found.swings.is_empty());
}

#[test]
fn what_makes_no_difference_has_no_variance() {
    // Nothing is written in the run, and the past is under one key whatever the partitions.
    let open = format!("{CACHE_5_MIN}\n")
        .replace("read_partitions = 1", "read_partitions = 1\nmigration_rate = \"1000/s\"");
    let text = one_key(&open)
        .replace("verify_on_write = 0", "verify_on_write = { low = 0, assumed = 1, high = 1 }");
    let found =
        ask(&text, &SensitivityPlan { samples: Some(16), ..plan(&[0.5], &narrow(&[])) }).unwrap();
    let Together::Sampled(sample) = &found.together else { panic!("{:?}", found.together) };
    assert_eq!(sample.indices, None);
    assert_eq!(sample.sets, 2, "equal sets of assumptions are answered once");
}

#[test]
fn a_headline_that_depends_on_nothing_is_refused() {
    let text = one_key(CACHE_5_MIN).replace(
        "headline = \"bucket-key-session\"",
        "headline = \"sse-kms\"\nreference = \"bucket-key-role\"",
    );
    let error = ask(&text, &plan(&[0.5], &[])).unwrap_err().to_string();
    assert!(error.starts_with("the headline `sse-kms` uses no bucket keys"), "{error}");
}

#[test]
fn without_calls_there_is_nothing_to_save() {
    let text = SMALL.replace("[[workload]]", "[[workload]]\nmix = { delete = 1 }");
    let text = text.lines().filter(|line| !line.starts_with("read = ")).collect::<Vec<_>>();
    let found = ask(&text.join("\n"), &plan(&[0.5], &[])).unwrap();
    assert_eq!((found.assumed, &found.together), (None, &Together::NothingToSave));
    assert!(found.swings.is_empty() && found.break_evens.is_empty());
}

/// A write a day or so: none in some replications, whichever is asked first.
#[test]
fn what_is_saved_in_some_replications_only_is_refused() {
    let rare = |seed: u32| {
        format!(
            "name = \"rare\"
duration = \"1d\"
replications = 3
headline = \"keys\"
seed = {seed}
bucket = [{{ name = \"b\", bucket_keys_since = \"always\" }}]
principal = [{{ name = \"p\", role = \"p\" }}]
configuration = [
    {{ name = \"sse-kms\", encryption = \"sse-kms\" }},
    {{ name = \"keys\", encryption = \"sse-kms-bucket-key\" }},
]
[[workload]]
name = \"w\"
principal = \"p\"
bucket = \"b\"
arrivals = {{ poisson = {{ rate = \"0.00001/s\" }} }}
"
        )
    };
    for (seed, idle) in [(1, 1), (4, 1), (6, 2)] {
        let error = ask(&rare(seed), &plan(&[0.5], &narrow(&[]))).unwrap_err().to_string();
        let says = format!("`sse-kms` makes no KMS requests in {idle} of 3 replications");
        assert!(error.contains(&says) && error.contains("duration=10d"), "{seed}: {error}");
    }
}

/// A baseline under SSE-S3 has nothing to save, and what KMS costs is asked for all the same: by hand, a write a
/// second is a call a second without keys, of $0.000003 each, 30 days of them.
#[test]
fn figures_are_sought_where_nothing_can_be_saved() {
    let folder = tempfile::tempdir().unwrap();
    let text = "name = \"moved\"
duration = \"10min\"
replications = 1
headline = \"keys\"
reference = \"sse-s3\"
billing = { free_tier = false }
[[bucket]]
name = \"b\"
[[principal]]
name = \"p\"
role = \"p\"
[[workload]]
name = \"w\"
principal = \"p\"
bucket = \"b\"
arrivals = { periodic = { rate = \"1/s\" } }
[[configuration]]
name = \"sse-s3\"
encryption = \"sse-s3\"
[[configuration]]
name = \"plain\"
encryption = \"sse-kms\"
[[configuration]]
name = \"keys\"
encryption = \"sse-kms-bucket-key\"
";
    std::fs::write(folder.path().join("moved.toml"), text).unwrap();
    let run = ["sensitivity", "moved.toml", "--quiet", "--format", "json"];
    let document = |more: &[&str]| -> serde_json::Value {
        let printed = done(folder.path(), &[&run[..], more].concat());
        serde_json::from_str(&printed).unwrap()
    };
    let plain = document(&[]);
    let verdict = plain["verdict"].as_str().unwrap();
    assert!(
        verdict.contains("`sse-s3` makes no KMS requests")
            && plain["saving_assumed_ratio"].is_null()
    );
    let rate = "workload.w.arrivals.periodic.rate=1/s..100/s";
    let target = "plain.kms_cost_usd <= 77.76";
    let asked = document(&["--target", target, "--over", rate]);
    let found = &asked["figure_break_even"].as_array().unwrap()[0];
    // $77.76 are ten calls a second for 30 days.
    let at = found["value_number"].as_f64().unwrap();
    assert!((at - 10.0).abs() < 0.5, "{found}");
}

const SMALL: &str = r#"
name = "small"
seed = 7
duration = "2h"
replications = 2
[[bucket]]
name = "data"
[[principal]]
name = "app"
role = "app"
sessions = 4
[[workload]]
name = "write"
principal = "app"
bucket = "data"
arrivals = { poisson = { rate = "1/s" } }
[[workload]]
name = "read"
principal = "app"
bucket = "data"
arrivals = { poisson = { rate = "2/s" } }
read = { from = ["write"], pattern = { by-age = { exponential = { mean = "10min" } } } }
"#;

fn bks(folder: &Path, arguments: &[&str]) -> Output {
    fs::write(folder.join("small.toml"), SMALL).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bks"));
    command.arg("sensitivity").args(arguments).current_dir(folder).output().unwrap()
}

const FILES: [&str; 6] = [
    "sensitivity.csv",
    "sobol.csv",
    "spread.csv",
    "break_even.csv",
    "break_even_curves.csv",
    "tornado.svg",
];

#[test]
fn the_files_are_the_same_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = ["1", "3"].map(|jobs| {
        let output = bks(
            folder.path(),
            &["small.toml", "--samples", "16", "--over", "requesters=1..50", "-q", "--out", jobs]
                .into_iter()
                .chain(["--jobs", jobs])
                .collect::<Vec<_>>(),
        );
        assert!(output.status.success(), "{output:?}");
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
        FILES.map(|file| fs::read_to_string(folder.path().join(jobs).join(file)).unwrap())
    });
    assert!(bytes[0] == bytes[1]);
    let [swings, sobol, spread, break_even, curves, tornado] = &bytes[0];
    assert!(tornado.starts_with("<svg") && tornado.contains("cache_hosts"));
    assert_eq!(swings.lines().count(), 6);
    let sobol: Vec<SobolRow> = csv::read(sobol).unwrap();
    assert_eq!(sobol.len(), 5);
    assert!(sobol.iter().all(|it| it.total_low <= it.total && it.total <= it.total_high));
    let spread: Vec<SpreadRow> = csv::read(spread).unwrap();
    assert_eq!(spread.len(), 1);
    let rows: Vec<BreakEvenRow> = csv::read(break_even).unwrap();
    // Six axes, three levels, one target: a row at least for each, crossed or not.
    assert!(rows.len() >= 15, "{}", rows.len());
    let curves: Vec<CurveRow> = csv::read(curves).unwrap();
    for row in rows.iter().filter(|row| row.crossing.is_some()) {
        let on_curve = |value: Option<f64>| {
            let same = |it: &&CurveRow| it.parameter == row.parameter && it.others == row.others;
            let at = |it: &CurveRow| Some(it.value) == value;
            curves.iter().filter(same).find(|it| at(it)).unwrap().saving_ratio
        };
        let (before, behind) = (on_curve(row.bracket_low), on_curve(row.bracket_high));
        assert_eq!(before < row.target_ratio, behind >= row.target_ratio, "{row:?}");
    }
}

#[test]
fn every_format_has_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let narrow: Vec<&str> = NARROW.iter().flat_map(|axis| ["--over", *axis]).collect();
    let run = |format: &str| {
        let arguments = ["small.toml", "--samples", "16", "--target", "20%", "--format", format];
        let all: Vec<&str> = arguments.into_iter().chain(narrow.iter().copied()).collect();
        let output = bks(folder.path(), &all);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let table = run("table");
    for part in ["one at a time", "share of the spread", "in nine cases of ten", "20 %", "Saltelli"]
    {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert!(run("markdown").contains("\n|---|---:|"));
    assert!(run("csv").starts_with("scenario,configuration,others,parameter,target_ratio,"));
    let json: serde_json::Value = serde_json::from_str(&run("json")).unwrap();
    assert_eq!(json["sobol"].as_array().unwrap().len(), 5);
    assert_eq!(json["break_even_sentences"].as_array().unwrap().len(), 7);
}

#[test]
fn bad_input_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, message) in [
        (&["none.toml"][..], "error: none.toml: the file cannot be read"),
        (&["small.toml", "--samples", "100"], "must be a power of two from 16 to 65536"),
        (&["small.toml", "--target", "150%"], "`150%`"),
        (&["small.toml", "--over", "lifetime=1s"], "`lifetime=1s` has no `LOW..HIGH`"),
        (&["small.toml", "--over", "lifetime=5s..1s"], "must ascend from above zero"),
        (
            &["small.toml", "--over", "durations=1s..1d"],
            "--over durations=1s..1d: unknown key `durations`\n\nhint: did you mean `--over duration=1s..1d`?",
        ),
        (
            &["small.toml", "--set", "reference=bucket-key-role", "--set", "headline=sse-kms"],
            "the headline `sse-kms` uses no bucket keys",
        ),
        (&["small.toml", "--jobs", "0"], "'0' for '--jobs <N>': 0 is not in 1..=1024"),
    ] {
        let output = bks(folder.path(), arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(message), "{arguments:?}: {error}");
        assert!(!folder.path().join("results").exists(), "{arguments:?}");
    }
}
