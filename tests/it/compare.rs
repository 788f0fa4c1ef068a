//! Comparisons: held against the replications' own figures, against laws, and as a user meets them.

use crate::support::command::{bks, text};
use std::fs;

use bks::compare::condition::Condition;
use bks::compare::{Candidate, Comparison};
use bks::encryption::assumption::Level;
use bks::figure::Figure;
use bks::results::Results;
use bks::scenario::Scenario;
use bks::units::Usd;

/// Four sessions of one role: what a requester is makes all the difference.
const SMALL: &str = r#"name = "small"
seed = 7
duration = "2h"
replications = 5

[assumptions]
write_partitions = { low = 1, assumed = 1, high = 10 }
read_partitions = { low = 1, assumed = 2, high = 6 }

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
arrivals = { poisson = { rate = "0.05/s" } }
"#;

fn run(changes: &[(&str, &str)]) -> Results {
    let text = changes.iter().fold(SMALL.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let scenario = Scenario::parse(&text).unwrap();
    Results::of(&scenario, &|_| ())
}

fn candidate<'a>(results: &'a Results, configuration: &str, label: &str) -> Candidate<'a> {
    Candidate { label: label.to_owned(), configuration: configuration.to_owned(), results }
}

/// All configurations of one run.
fn all(results: &Results) -> Vec<Candidate<'_>> {
    let names = results.facts.configurations.iter().map(|configuration| &configuration.name);
    names.map(|name| candidate(results, name, name)).collect()
}

/// Student's t for 95 % and 4 degrees of freedom (any table).
const T_4: f64 = 2.776_445;

#[test]
fn differences_and_half_widths_are_those_of_the_replications() {
    let results = run(&[]);
    let comparison = Comparison::of(&all(&results), 0);
    let of = |configuration: &str| -> Vec<f64> {
        let rows = results.replications.iter();
        let own = rows
            .filter(|row| row.configuration == configuration && row.assumption == Level::Assumed);
        own.map(|row| row.kms_requests as f64).collect()
    };
    for configuration in ["bucket-key-role", "bucket-key-session"] {
        let pairs = of(configuration).into_iter().zip(of("sse-kms"));
        let differences: Vec<f64> = pairs.map(|(own, against)| own - against).collect();
        let mean = differences.iter().sum::<f64>() / 5.0;
        let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 4.0;
        let row = comparison.figure(configuration, Level::Assumed, Figure::KmsRequests);
        assert!((row.difference.unwrap() - mean).abs() < 1e-9);
        let half_width = T_4 * (variance / 5.0).sqrt();
        assert!((row.difference_half_width.unwrap() - half_width).abs() < 1e-3, "{half_width}");
        assert!(half_width > 0.0);
    }
    assert!(comparison.notes.is_empty(), "{:?}", comparison.notes);
}

#[test]
fn a_run_differs_in_nothing_from_itself() {
    let results = run(&[]);
    let of = |label| candidate(&results, "bucket-key-role", label);
    let comparison = Comparison::of(&[of("a"), of("b")], 0);
    for row in &comparison.figures {
        // Nobody asks for the audit by object, so there is no such figure.
        let expected = (row.figure != "audit_saving").then_some(0.0);
        assert_eq!(row.difference, expected, "{}", row.figure);
        assert!(row.difference_half_width.is_none_or(|width| width == 0.0), "{}", row.figure);
    }
    assert!(comparison.costs.is_empty() && comparison.notes.is_empty());
}

/// What is more the one way is less the other, with the same half-width.
#[test]
fn turning_a_comparison_round_turns_its_signs() {
    let results = run(&[]);
    let candidates = all(&results);
    let (there, back) = (Comparison::of(&candidates, 0), Comparison::of(&candidates, 1));
    for level in Level::ALL {
        for &figure in Figure::ALL {
            let a = there.figure("bucket-key-role", level, figure);
            let b = back.figure("sse-kms", level, figure);
            assert_eq!(a.difference, b.difference.map(|back| 0.0 - back), "{}", a.figure);
            let near = |(a, b): (f64, f64)| (a - b).abs() <= 1e-9 * a.abs();
            let widths = a.difference_half_width.zip(b.difference_half_width);
            assert!(widths.is_none_or(near), "{}", a.figure);
        }
    }
}

/// Lines that differ add up to the difference of the requests and keys bill.
#[test]
fn changed_lines_are_the_whole_change_of_the_bill() {
    let results = run(&[]);
    let comparison = Comparison::of(&all(&results), 0);
    for level in Level::ALL {
        for row in &comparison.candidates {
            let own = comparison.costs.iter().filter(|line| {
                (line.candidate.as_str(), line.assumption) == (&row.candidate, level)
            });
            let sum: f64 = own.map(|line| line.difference_usd.as_f64()).sum();
            let whole = comparison.figure(&row.candidate, level, Figure::TotalCostUsd);
            assert!((sum - whole.difference.unwrap()).abs() < 1e-9, "{} {sum}", row.candidate);
        }
    }
    assert!(comparison.costs.len() >= 4);
}

/// Twice the traffic, once with the same chance and once with another: the mean difference is about
/// the same, and what chance does to both cancels only where it is the same.
#[test]
fn common_random_numbers_make_half_widths_smaller() {
    let slow = [("\"2h\"", "\"6h\""), ("replications = 5", "replications = 20")];
    let results = run(&slow);
    let shorter = [slow[0], slow[1], ("seed = 7", "seed = 8")];
    let other = run(&shorter);
    let width = |of: &Results| {
        let candidates =
            [candidate(&results, "bucket-key-role", "a"), candidate(of, "bucket-key-session", "b")];
        let comparison = Comparison::of(&candidates, 0);
        let row = comparison.figure("b", Level::Assumed, Figure::TotalCostUsd);
        (row.difference_half_width.unwrap(), comparison.notes)
    };
    let ((paired, none), (apart, notes)) = (width(&results), width(&other));
    assert!(none.is_empty());
    assert!(paired < 0.8 * apart, "{paired} against {apart}");
    assert!(notes.iter().any(|note| note.id == "seeds"), "{notes:?}");
}

#[test]
fn what_else_differs_is_noted() {
    let results = run(&[]);
    let noted = |change: &dyn Fn(&mut Results)| -> Vec<String> {
        let mut other = results.clone();
        change(&mut other);
        let candidates = [candidate(&results, "sse-kms", "a"), candidate(&other, "sse-kms", "b")];
        Comparison::of(&candidates, 0).notes.into_iter().map(|note| note.id).collect()
    };
    assert_eq!(noted(&|other| other.facts.model_version += 1), ["model-versions"]);
    assert_eq!(noted(&|other| other.facts.bks_version = "9.9.9".into()), ["bks-versions"]);
    assert_eq!(noted(&|other| other.facts.price_date = "2020-01-01".into()), ["prices"]);
    assert_eq!(noted(&|other| other.facts.prices.region = "eu-west-1".into()), ["prices"]);
    // As many requests in twice the time are another traffic.
    assert_eq!(noted(&|other| other.facts.counted_s *= 2.0), ["counted-parts", "traffic"]);
    assert_eq!(noted(&|other| other.facts.billing_period_s *= 2.0), ["billing-periods"]);
    assert_eq!(noted(&|other| other.facts.seed += 1), ["seeds"]);
    assert_eq!(noted(&|other| other.facts.replications += 1), ["replications"]);
    let more = |other: &mut Results| other.summary.iter_mut().for_each(|row| row.requests *= 1.1);
    assert_eq!(noted(&more), ["traffic"]);
}

#[test]
fn conditions_are_of_figures_or_of_their_change() {
    let results = run(&[]);
    let comparison = Comparison::of(&all(&results), 0);
    let failing = |text: &str| -> Vec<String> {
        let verdicts = Condition::parse(text).unwrap().judge(&comparison).unwrap();
        verdicts.into_iter().filter(|it| !it.holds).map(|it| it.candidate).collect()
    };
    let both = ["bucket-key-role", "bucket-key-session"];
    assert_eq!(failing("kms_requests < -10%"), both, "all but the reference lost a tenth");
    assert_eq!(failing("kms_requests > +0%"), Vec::<String>::new());
    assert_eq!(failing("kms_requests > 0"), ["sse-kms", both[0], both[1]], "figures of all");
    assert_eq!(failing("saving >= +1%"), both, "points of a share");
    assert_eq!(failing("total_cost_usd < -0.01").len(), 2);
    // Whatever is more than nothing is more than any share of it.
    let mut nothing = results.clone();
    nothing.summary.iter_mut().filter(|row| row.configuration == "sse-kms").for_each(|row| {
        row.kms_cost_usd = Usd::default();
    });
    let comparison = Comparison::of(&all(&nothing), 0);
    let judged = |text: &str| Condition::parse(text).unwrap().judge(&comparison);
    let failed = judged("kms_cost_usd > +10%").unwrap().into_iter().filter(|it| !it.holds);
    // The calls of the other are within the free tier.
    assert_eq!(failed.map(|it| it.candidate).collect::<Vec<_>>(), ["bucket-key-session"]);
    assert!(judged("failed_share > +10%").unwrap().iter().all(|it| it.holds));
    let missing = judged("audit_saving < 99%").unwrap_err().to_string();
    assert!(missing.contains("has no `audit_saving`"), "{missing}");
    for (text, why) in [
        ("kms_requests", "it has no `<`"),
        ("sse-kms.saving < 1", "here a condition is about every candidate"),
    ] {
        let message = Condition::parse(text).unwrap_err().to_string();
        assert!(message.contains(why), "{message}");
    }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.toml"), SMALL).unwrap();
    let other = SMALL.replace("\"small\"", "\"other\"").replace("seed = 7", "seed = 8");
    fs::write(folder.path().join("other.toml"), other.replace("= 5", "= 2")).unwrap();
    folder
}

#[test]
fn scenarios_are_run_with_the_chance_of_the_first_and_of_folders() {
    let folder = folder();
    let seeds = |arguments: &[&str]| {
        let arguments = [&["compare", "--format", "json"], arguments].concat();
        let output = bks(folder.path(), &arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["notes"].as_array().unwrap().len(), 0, "{document:#}");
        let rows = document["candidates"].as_array().unwrap().clone();
        let of = |row: &serde_json::Value| (row["seed"].as_u64(), row["replications"].as_u64());
        rows.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(seeds(&["small.toml", "other.toml"]), [(Some(7), Some(5)); 2]);
    assert_eq!(seeds(&["other.toml", "small.toml"]), [(Some(8), Some(5)); 2]);
    assert_eq!(seeds(&["other.toml", "small.toml", "--seed", "9"]), [(Some(9), Some(5)); 2]);
    let output = bks(folder.path(), &["simulate", "other.toml", "-q", "--replications", "3"]);
    assert!(output.status.success());
    assert_eq!(seeds(&["small.toml", "results/other"]), [(Some(8), Some(3)); 2]);
    assert!(!folder.path().join("results/small").exists(), "a comparison leaves no results");
}

#[test]
fn what_is_printed_is_also_in_files() {
    let folder = folder();
    let output = bks(folder.path(), &["compare", "small.toml", "-o", "out"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert!(printed.starts_with("`bucket-key-role` makes "), "{printed}");
    assert!(printed.contains("sse-kms (baseline)") && printed.contains("% fewer … "), "{printed}");
    assert_eq!(text(&output.stderr), "wrote out\n");
    let csv = bks(folder.path(), &["compare", "small.toml", "--format", "csv"]);
    assert_eq!(csv.stdout, fs::read(folder.path().join("out/comparison.csv")).unwrap());
    let json = bks(folder.path(), &["compare", "small.toml", "--format", "json"]);
    assert_eq!(json.stdout, fs::read(folder.path().join("out/comparison.json")).unwrap());
    let markdown = bks(folder.path(), &["compare", "small.toml", "--format", "markdown"]);
    let markdown = text(&markdown.stdout);
    assert!(markdown.starts_with("**`bucket-key-role` makes "), "{markdown}");
    let rows = markdown.lines().filter(|line| line.starts_with("| "));
    assert!(rows.clone().count() > 10);
    assert!(
        rows.clone().all(|row| row.matches(" | ").count() == 3 || row.matches(" | ").count() == 5),
        "{markdown}"
    );
}

#[test]
fn a_condition_that_holds_exits_with_3() {
    let folder = folder();
    let output = bks(
        folder.path(),
        &[
            "compare",
            "small.toml#sse-kms",
            "small.toml#bucket-key-role",
            "-q",
            "--fail-if",
            "kms_requests < -10%",
        ],
    );
    assert_eq!(output.status.code(), Some(3));
    let message = text(&output.stderr);
    assert!(
        message.starts_with("assertion not met: `kms_requests` of `bucket-key-role` differs by -")
    );
    assert!(message.contains(
        "of the baseline's, against a threshold of -10.0 % (`--fail-if kms_requests < -10%`)"
    ));
}

#[test]
fn wrong_requests_say_what_is_wrong() {
    let folder = folder();
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (arguments, told) in [
        (&["small.toml#sse-kms"][..], "only one configuration to compare"),
        (&["small.toml#sse", "other.toml"], "small.toml: `sse` is not a configuration of this run"),
        (&["small.toml", "empty"], "empty: the folder has no `result.json`"),
        (&["small.toml", "none.toml"], "none.toml: the file cannot be read"),
        (&["small.toml", "small.toml"], "an item is given twice"),
        (
            &["small.toml", "--reference", "sse-km"],
            "--reference sse-km: `sse-km` is none of the candidates\n\nhint: did you mean `sse-kms`?",
        ),
        (&["small.toml", "other.toml", "-r", "bucket-key-role"], "can be any of 2 candidates"),
        (&["small.toml", "--fail-if", "x"], "--fail-if"),
    ] {
        let output = bks(folder.path(), &[&["compare"], arguments].concat());
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(told), "{arguments:?}: {message}");
        assert!(output.stdout.is_empty());
    }
}
