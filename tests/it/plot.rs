//! `bks plot` as a user meets it: files, messages, exit codes.

use crate::support::command::{bks_with_input, text};
use crate::support::tables;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

use bks::report::chart::file::files;

fn plot(folder: &Path, arguments: &[&str]) -> Output {
    bks_with_input(folder, &[&["plot"], arguments].concat(), "")
}

/// A folder with `run`, a results folder, and `sweep.csv`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    fs::create_dir(&run).unwrap();
    for (name, text) in [
        ("summary.csv", tables::usual_summary()),
        ("timeline.csv", tables::timeline(9, 5_500, |i, _| i as f64)),
        ("costs.csv", tables::costs(&["sse-kms"], &tables::BILL)),
        // Nothing swings: a header alone.
        ("sensitivity.csv", tables::sensitivity().lines().next().unwrap().to_owned()),
        ("notes.csv", "a,b\n1,2\n".to_owned()),
    ] {
        fs::write(run.join(name), text).unwrap();
    }
    fs::write(folder.path().join("sweep.csv"), tables::grid(3, 4)).unwrap();
    folder
}

/// Names of the files in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_gives_its_chart_beside_it() {
    let folder = folder();
    let done = plot(folder.path(), &["run/timeline.csv"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert!(done.stdout.is_empty());
    assert_eq!(text(&done.stderr), "run/timeline.svg: KMS requests over time: lake\n");
    let done = plot(folder.path(), &["run/timeline.csv", "--kind", "keys-alive"]);
    assert_eq!(text(&done.stderr), "run/keys-alive.svg: Bucket-level keys alive over time: lake\n");
    for name in ["timeline.svg", "keys-alive.svg"] {
        let svg = fs::read_to_string(folder.path().join("run").join(name)).unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }
}

#[test]
fn the_output_tells_the_format() {
    let folder = folder();
    for (out, start) in
        [("a.svg", &b"<svg "[..]), ("a.png", b"\x89PNG\r\n"), ("a.HTML", b"<!DOCTYPE html>")]
    {
        let done = plot(folder.path(), &["sweep.csv", "-o", out, "--width", "500"]);
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        assert!(fs::read(folder.path().join(out)).unwrap().starts_with(start), "{out}");
    }
    let done = plot(folder.path(), &["sweep.csv", "--format", "png", "--scale", "1"]);
    assert_eq!(text(&done.stderr).split(':').next(), Some("sweep.png"));
}

#[test]
fn a_folder_gives_every_chart_that_its_files_allow() {
    let folder = folder();
    let done = plot(folder.path(), &["run"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let all = ["costs.svg", "keys-alive.svg", "kms-over-time.svg", "summary.svg"];
    assert_eq!(names(&folder.path().join("run/charts")), all);
    plot(folder.path(), &["run", "-o", "pictures", "--format", "png", "--scale", "1"]);
    assert_eq!(names(&folder.path().join("pictures")), all.map(|name| name.replace("svg", "png")));
    let done = plot(folder.path(), &["run", "-o", "page.html"]);
    assert_eq!(text(&done.stderr), "page.html: 4 charts\n");
    let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert_eq!(page.matches("<figure ").count(), 4);
    // The bill is of `sse-kms` alone.
    let done = plot(folder.path(), &["run", "-o", "one", "--configuration", "bucket-key-role"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert_eq!(names(&folder.path().join("one")), all[1..]);
    plot(folder.path(), &["run", "--kind", "costs", "-o", "bill.svg"]);
    assert!(folder.path().join("bill.svg").exists());
}

#[test]
fn standard_input_and_output_are_dashes() {
    let folder = folder();
    let piped = bks_with_input(folder.path(), &["plot", "-"], &tables::lifetimes());
    assert_eq!(piped.status.code(), Some(0), "{}", text(&piped.stderr));
    assert!(piped.stdout.starts_with(b"<svg ") && piped.stderr.is_empty());
    let printed = plot(folder.path(), &["run/summary.csv", "-o", "-"]);
    assert!(printed.stdout.starts_with(b"<svg "));
    assert_eq!(plot(folder.path(), &["run/summary.csv", "-o", "-"]).stdout, printed.stdout);
    assert_eq!(names(&folder.path().join("run")).len(), 5, "nothing was written");
}

#[test]
fn wrong_requests_are_told_and_leave_nothing() {
    let folder = folder();
    let before = names(folder.path());
    for (arguments, message) in [
        (&["none.csv"][..], "error: none.csv: the file cannot be read: No such file or directory"),
        (
            &["run/notes.csv"],
            "error: run/notes.csv: bks knows no chart of these columns\n\nhint: give one",
        ),
        (
            &["sweep.csv", "--kind", "costs"],
            "error: sweep.csv: `costs` cannot be drawn from this file: it is drawn from the columns of `costs.csv`\n\nhint: this file can give `heat-map`, `saving`",
        ),
        (&["sweep.csv", "--kind", "pie"], "error: invalid value 'pie' for '--kind <KIND>'"),
        (
            &["sweep.csv", "-o", "a.gif"],
            "error: `a.gif` is not a known image format\n\nhint: end the name in .svg",
        ),
        (
            &["sweep.csv", "-o", "-", "--format", "png"],
            "error: `--format png` cannot go to standard output",
        ),
        (
            &["run", "-o", "a.svg"],
            "error: `a.svg` holds one chart, but the folder gives 4\n\nhint: choose one by `--kind` (summary, kms-over-time, keys-alive, costs)",
        ),
        (
            &["run", "--kind", "tornado"],
            "error: run/sensitivity.csv: the file has a header but no rows",
        ),
        (
            &["run", "--configuration", "sse"],
            "error: run: the folder has no file with the configuration `sse` that bks could draw",
        ),
        (&["run", "--kind", "saving"], "error: run/sweep.csv: the file cannot be read"),
        (
            &["sweep.csv", "--figure", "saving_rato"],
            "error: sweep.csv: `saving_rato` is not a figure of this file\n\nhint: did you mean `saving_ratio`?",
        ),
        (&["sweep.csv", "--width", "3"], "error: invalid value '3' for '--width <PIXELS>'"),
        (
            &["sweep.csv", "-o", "a.png", "--width", "8000", "--height", "8000"],
            "error: the picture would have 16000 x 16000 pixels",
        ),
    ] {
        let done = plot(folder.path(), arguments);
        let told = text(&done.stderr);
        assert!(told.starts_with(message), "{arguments:?}: {told}");
        assert_eq!(done.status.code(), Some(2), "{arguments:?}");
        assert!(done.stdout.is_empty());
    }
    let done = plot(folder.path(), &["sweep.csv", "-o", "no-such-folder/a.svg"]);
    assert_eq!(done.status.code(), Some(1), "{}", text(&done.stderr));
    assert_eq!(names(folder.path()), before);
    assert!(!folder.path().join("run/charts").exists());
}

#[test]
fn a_folder_without_files_says_what_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let done = plot(folder.path(), &["."]);
    assert_eq!(done.status.code(), Some(2));
    let told = text(&done.stderr);
    assert!(
        told.starts_with("error: .: the folder has no file that bks could draw\n\nhint: "),
        "{told}"
    );
    fs::write(folder.path().join("binary.csv"), b"a,\xFF\n").unwrap();
    let told = text(&plot(folder.path(), &["binary.csv"]).stderr);
    assert!(
        told.starts_with("error: binary.csv: the file is not UTF-8 text: the byte at 2 is not"),
        "{told}"
    );
}

/// Little traffic, with assumptions that matter and objects to migrate.
const TINY: &str = r#"
name = "tiny"
seed = 5
duration = "20min"
replications = 2
[[bucket]]
name = "data"
[[principal]]
name = "app"
role = "app"
[[population]]
name = "old"
bucket = "data"
objects = 100
age = { uniform = { to = "1d" } }
[[workload]]
name = "write"
principal = "app"
bucket = "data"
arrivals = { poisson = { rate = "0.2/s" } }
"#;

/// The log of a captured client.
const LOG: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/access-logs/poc_replica.log.gz");

/// Whatever `bks` writes as CSV has a kind, and its columns draw it without further words.
#[test]
fn every_csv_file_that_bks_writes_can_be_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("tiny.toml"), TINY).unwrap();
    let mut drawn = BTreeSet::new();
    for (out, command) in [
        ("run", &["simulate", "tiny.toml", "--out", "run"][..]),
        ("compared", &["compare", "tiny.toml", "--out", "compared"]),
        ("swept", &["sweep", "tiny.toml", "--set", "lifetime=90s..1h:2", "--out", "swept"]),
        ("asked", &["sensitivity", "tiny.toml", "--samples", "16", "--out", "asked"]),
        ("replayed", &["replay", LOG, "--out", "replayed"]),
        ("migrated", &["migrate", "tiny.toml", "--months", "2", "--out", "migrated"]),
    ] {
        let done = bks_with_input(path, &[command, &["--quiet"]].concat(), "");
        assert_eq!(done.status.code(), Some(0), "{command:?}: {}", text(&done.stderr));
        let files = names(&path.join(out));
        let files: Vec<&String> = files
            .iter()
            .filter(|name| Path::new(name).extension().is_some_and(|it| it == "csv"))
            // What is left out of a log is a table, not a chart.
            .filter(|name| !["left_out.csv", "files_left_out.csv"].contains(&name.as_str()))
            // Nor is what a migration touches and costs.
            .filter(|name| !name.starts_with("migration_"))
            .collect();
        assert!(!files.is_empty(), "{command:?}");
        for file in files {
            let done = plot(path, &[&format!("{out}/{file}"), "-o", "chart.svg"]);
            assert_eq!(done.status.code(), Some(0), "{out}/{file}: {}", text(&done.stderr));
            fs::remove_file(path.join("chart.svg")).unwrap();
            drawn.insert(file.clone());
        }
        let done = plot(path, &[out, "-o", "charts.html"]);
        assert_eq!(done.status.code(), Some(0), "{out}: {}", text(&done.stderr));
    }
    // No kind is of a file that is not written.
    let known: BTreeSet<String> = files().into_iter().map(str::to_owned).collect();
    assert_eq!(drawn, known);
    let done = plot(path, &["asked", "--kind", "break-even"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let parameters = ["cache-hosts", "cache-lifetime", "generation-lifetime", "lifetime"];
    let parameters = parameters.iter().chain(&["requesters"]);
    let expected: Vec<String> = parameters.map(|name| format!("break-even-{name}.svg")).collect();
    assert_eq!(names(&path.join("asked/charts")), expected);
    let told = text(&plot(path, &["asked", "--kind", "break-even", "-o", "a.svg"]).stderr);
    let start =
        "error: `a.svg` holds one chart, but the folder gives 5\n\nhint: choose one by `--x`";
    assert!(told.starts_with(start), "{told}");
    let one = ["asked/break_even_curves.csv", "-o", "one.svg"];
    let told = text(&plot(path, &one).stderr);
    assert!(
        told.contains("\nonly `lifetime` is drawn: `--x` chooses `generation_lifetime`"),
        "{told}"
    );
    let told = text(&plot(path, &[&one[..], &["--x", "requesters"]].concat()).stderr);
    assert!(!told.contains("--x"), "{told}");
}

/// A folder that is used again has numbers of another run; what was drawn of the run before is named until it
/// is made anew.
#[test]
fn charts_of_the_run_before_are_named() {
    const AN_HOUR: &str = "name = \"hour\"\nduration = \"1h\"\nreplications = 1\n\
        [[bucket]]\nname = \"logs\"\n[[principal]]\nname = \"writer\"\nrole = \"writer\"\n\
        [[workload]]\nname = \"put\"\nprincipal = \"writer\"\nbucket = \"logs\"\n\
        arrivals = { periodic = { rate = \"1/min\" } }\n";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hour.toml"), AN_HOUR).unwrap();
    let told = |arguments: &[&str]| {
        let done = bks_with_input(folder.path(), arguments, "");
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        let notes = text(&done.stderr);
        ["report.html", "charts"].map(|name| notes.contains(&format!("`{name}` there is older")))
    };
    assert_eq!(told(&["simulate", "hour.toml"]), [false, false]);
    assert_eq!(told(&["report", "results/hour"]), [false, false]);
    assert_eq!(told(&["plot", "results/hour"]), [false, false]);
    assert_eq!(told(&["simulate", "hour.toml", "--set", "duration=2h"]), [true, true]);
    assert_eq!(told(&["report", "results/hour"]), [false, true]);
    assert_eq!(told(&["simulate", "hour.toml", "--quiet"]), [false, false]);
}
