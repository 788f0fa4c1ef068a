//! Sweeps: points are what simulations are, and nothing that happens to a sweep changes its file.

use crate::support::command::{bks, command, fails, text};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use bks::error::Error;
use bks::results::rows::SummaryRow;
use bks::results::{Results, run};
use bks::scenario::Scenario;
use bks::scenario::overrides::Override;
use bks::sweep::checked_points::Survey;
use bks::sweep::grid::Grid;
use bks::sweep::rows::{Ledger, PointLines, RowsFormat};
use bks::sweep::{self, Callbacks};

const SMALL: &str = r#"name = "small"
seed = 7
duration = "1h"
replications = 2

[assumptions]
write_partitions = { low = 1, assumed = 1, high = 10 }
read_partitions = { low = 1, assumed = 2, high = 6 }

[[bucket]]
name = "data"

[[principal]]
name = "app"
role = "app"
sessions = 4

[[population]]
name = "old"
bucket = "data"
objects = 500
age = { exponential = { mean = "10d" } }

[[workload]]
name = "write"
principal = "app"
bucket = "data"
arrivals = { poisson = { rate = "0.2/s" } }

[[workload]]
name = "read"
principal = "app"
bucket = "data"
arrivals = { poisson = { rate = "0.2/s" } }
read = { from = ["old", "write"], pattern = { by-age = { exponential = { mean = "1h" } } } }
"#;

/// A grid of six points, with units and without.
const GRID: [&str; 4] = ["--set", "requesters=1..100:log10", "--set", "lifetime=90s..1h:2"];

/// A command line that sweeps `small.toml`.
fn sweep<'a>(sets: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [&["sweep", "small.toml"], sets, more].concat()
}

fn done(folder: &Path, arguments: &[&str]) -> Output {
    let output = bks(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    output
}

/// A folder of its own that holds `small.toml`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.toml"), SMALL).unwrap();
    folder
}

/// Rows of a CSV file as values by column.
fn rows(csv: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv);
    let header = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// Rows without what only a sweep has, by point.
fn rows_of_points(csv: &[u8]) -> BTreeMap<usize, Vec<BTreeMap<String, String>>> {
    let mut of_points: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    for mut row in rows(csv) {
        let point = row.remove("point").unwrap().parse().unwrap();
        row.retain(|column, _| !column.starts_with("set."));
        of_points.entry(point).or_default().push(row);
    }
    of_points
}

#[test]
fn each_point_is_what_simulate_gives_for_the_printed_values() {
    let folder = folder();
    let fixed = ["--set", "duration=30min", "--seed", "9"];
    // A short key, a range in a unit that the scenario does not use, and a list.
    let sets = [
        "--set",
        "requesters=1..10:log10",
        "--set",
        "workload.read.arrivals.poisson.rate=5/min..60/min:log:3",
        "--set",
        "assumptions.read_partitions=1,{ low = 1, assumed = 2, high = 3 }",
    ];
    done(folder.path(), &sweep(&sets, &[&fixed[..], &["-q"]].concat()));
    let csv = fs::read(folder.path().join("results/small/sweep.csv")).unwrap();
    let points = rows_of_points(&csv);
    assert_eq!(points.len(), 2 * 3 * 2);
    for row in rows(&csv)
        .iter()
        .filter(|row| row["configuration"] == "sse-kms" && row["assumption"] == "low")
    {
        let keys = row
            .iter()
            .filter(|(column, _)| column.starts_with("set.") && !column.ends_with("_per_s"));
        let changes: Vec<String> =
            keys.map(|(column, value)| format!("--set={}={value}", &column[4..])).collect();
        assert_eq!(changes.len(), 3);
        let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
        let simulate = ["simulate", "small.toml", "-q", "--format", "csv", "-o", "one"];
        let output = done(folder.path(), &[&simulate, &fixed[..], &changes].concat());
        let point: usize = row["point"].parse().unwrap();
        let [mut swept, mut simulated] = [points[&point].clone(), rows(&output.stdout)];
        for row in swept.iter_mut().chain(&mut simulated) {
            row.retain(|column, _| !is_of_sets(column));
        }
        assert_eq!(swept, simulated, "{changes:?}");
    }
}

/// Sets of assumptions are not drawn for a sweep: what lies in nine of ten cases is told of single runs.
fn is_of_sets(column: &str) -> bool {
    column == "assumption_sets" || column.contains("_p05") || column.contains("_p95")
}

#[test]
fn what_has_a_unit_stands_there_as_a_number_too() {
    let folder = folder();
    done(folder.path(), &sweep(&GRID, &["-q"]));
    let csv = fs::read(folder.path().join("results/small/sweep.csv")).unwrap();
    let header = text(&csv).lines().next().unwrap().to_owned();
    assert!(header.starts_with(
        "scenario,configuration,assumption,point,set.requesters,set.lifetime,set.lifetime_s,replications,"
    ));
    let column =
        |name: &str| rows(&csv).iter().step_by(9).map(|r| r[name].clone()).collect::<Vec<_>>();
    assert_eq!(column("set.requesters"), ["1", "1", "10", "10", "100", "100"]);
    assert_eq!(column("set.lifetime"), ["90s", "1h", "90s", "1h", "90s", "1h"]);
    assert_eq!(column("set.lifetime_s"), ["90", "3600", "90", "3600", "90", "3600"]);
    assert_eq!(column("point"), ["0", "1", "2", "3", "4", "5"]);
}

#[test]
fn json_has_the_same_rows() {
    let folder = folder();
    done(folder.path(), &sweep(&GRID, &["-q"]));
    done(folder.path(), &sweep(&GRID, &["-q", "--format", "json"]));
    let results = folder.path().join("results/small");
    let csv = rows(&fs::read(results.join("sweep.csv")).unwrap());
    let lines = fs::read_to_string(results.join("sweep.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), csv.len());
    for (line, row) in lines.lines().zip(csv) {
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(line).unwrap();
        assert_eq!(object.len(), row.len());
        for (column, cell) in row {
            match &object[&column] {
                serde_json::Value::Null => assert_eq!(cell, "", "{column}"),
                serde_json::Value::String(text) => assert_eq!(*text, cell, "{column}"),
                number => assert_eq!(number.as_f64(), cell.parse().ok(), "{column}"),
            }
        }
    }
}

#[test]
fn the_same_bytes_come_from_any_number_of_threads_and_a_finished_sweep_is_left_alone() {
    let folder = folder();
    for (format, file) in [("csv", "sweep.csv"), ("json", "sweep.jsonl")] {
        for jobs in ["1", "2", "7"] {
            done(folder.path(), &sweep(&GRID, &["-q", "-j", jobs, "-o", jobs, "--format", format]));
        }
        let read = |jobs: &str, file: &str| fs::read(folder.path().join(jobs).join(file)).unwrap();
        assert_eq!(read("1", file), read("2", file));
        assert_eq!(read("1", file), read("7", file));
        assert_eq!(read("1", "sweep.json"), read("7", "sweep.json"));
    }
    let changed =
        |name: &str| fs::metadata(folder.path().join("1").join(name)).unwrap().modified().unwrap();
    let before = (changed("sweep.csv"), changed("sweep.json"));
    let again = done(folder.path(), &sweep(&GRID, &["-o", "1"]));
    assert_eq!(text(&again.stderr), "1/sweep.csv already has all 6 points\n");
    assert!(text(&again.stdout).starts_with("small: saving of `bucket-key-role` is least, "));
    assert_eq!(before, (changed("sweep.csv"), changed("sweep.json")));
}

/// Runs shard `number` of `of` into a folder of that name.
fn shard(folder: &Path, format: &str, number: usize, of: usize) {
    let (shard, out) = (format!("{number}/{of}"), format!("{format}-{of}-{number}"));
    done(folder, &sweep(&GRID, &["-q", "--format", format, "--shard", &shard, "-o", &out]));
}

#[test]
fn shards_merge_to_the_bytes_of_one_sweep_in_any_order() {
    let folder = folder();
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    for (format, file) in [("csv", "sweep.csv"), ("json", "sweep.jsonl")] {
        done(folder.path(), &sweep(&GRID, &["-q", "-o", format, "--format", format]));
        // The last has more shards than there are points.
        for of in [1, 2, 4, 8] {
            (1..=of).for_each(|number| shard(folder.path(), format, number, of));
            let mut parts: Vec<String> =
                (1..=of).map(|number| format!("{format}-{of}-{number}")).collect();
            parts.reverse();
            let out = format!("{format}-{of}");
            // A file of rows stands for its folder.
            parts[0] = format!("{}/{file}", parts[0]);
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            done(folder.path(), &[&["merge", "-q", "-o", &out], &parts[..]].concat());
            for file in [file, "sweep.json"] {
                let (whole, merged) = (format!("{format}/{file}"), format!("{out}/{file}"));
                assert_eq!(read(&whole), read(&merged), "{merged}");
            }
            // What was merged is a sweep like any other.
            let again = done(folder.path(), &sweep(&GRID, &["-o", &out, "--format", format]));
            assert!(text(&again.stderr).contains("already has all 6 points"));
        }
    }
}

#[test]
fn a_shard_that_was_killed_is_resumed_and_merges() {
    let folder = folder();
    done(folder.path(), &sweep(&GRID, &["-q", "-o", "whole"]));
    (1..=2).for_each(|number| shard(folder.path(), "csv", number, 2));
    let rows = folder.path().join("csv-2-2/sweep.csv");
    let whole = fs::read(&rows).unwrap();
    fs::write(&rows, &whole[..whole.len() * 2 / 3]).unwrap();
    let merge = ["merge", "csv-2-1", "csv-2-2", "-o", "merged"];
    let message = fails(folder.path(), 2, &merge);
    assert!(message.contains("csv-2-2: shard 2/2 is not done: its file has "), "{message}");
    assert!(!folder.path().join("merged").exists(), "nothing is written");
    shard(folder.path(), "csv", 2, 2);
    assert_eq!(fs::read(&rows).unwrap(), whole);
    done(folder.path(), &merge);
    let read = |name: &str| fs::read(folder.path().join(name).join("sweep.csv")).unwrap();
    assert_eq!(read("whole"), read("merged"));
}

#[test]
fn what_is_no_whole_set_of_shards_is_refused_by_name() {
    let folder = folder();
    (1..=3).for_each(|number| shard(folder.path(), "csv", number, 3));
    shard(folder.path(), "json", 2, 3);
    shard(folder.path(), "csv", 1, 2);
    done(folder.path(), &sweep(&GRID, &["-q", "-o", "whole"]));
    let other = ["--set", "requesters=1..100:log10", "--set", "lifetime=90s..2h:2"];
    done(folder.path(), &sweep(&other, &["-q", "--shard", "3/3", "-o", "other"]));
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (parts, message) in [
        (&["csv-3-1", "csv-3-3"][..], "of 3 shards 1 are missing: 2/3"),
        (
            &["csv-3-1", "csv-3-2", "csv-3-3", "csv-3-1"],
            "shard 1/3 is there twice, also in csv-3-1",
        ),
        (&["csv-3-1", "csv-3-2", "other"], "the sweep there has the values `requesters"),
        (&["csv-3-1", "json-3-2", "csv-3-3"], "the sweep there has the file `sweep.jsonl`"),
        (&["csv-2-1", "csv-3-2"], "the sweep there has the number of shards `3`"),
        (&["whole"], "the sweep there is whole, no shard of one"),
        (&["csv-3-1", "empty"], "empty: there is no `sweep.json`"),
        (&["small.toml"], "small.toml: this is a file, but a shard is a folder"),
    ] {
        let said = fails(folder.path(), 2, &[&["merge", "-o", "out"], parts].concat());
        assert!(said.contains(message), "{parts:?}: {said}");
    }
    // Nor does a merged sweep replace another.
    let merge = ["merge", "csv-3-1", "csv-3-2", "csv-3-3", "-o", "csv-2-1"];
    let said = fails(folder.path(), 2, &merge);
    assert!(said.contains("the part of the points `1/2`, but this one has `all`"), "{said}");
}

#[test]
fn a_task_of_a_job_array_finds_its_shard() {
    let folder = folder();
    shard(folder.path(), "csv", 2, 3);
    let arguments = sweep(&GRID, &["-q", "--shard", "auto", "-o", "array"]);
    let mut task = command(folder.path(), &arguments);
    task.env("AWS_BATCH_JOB_ARRAY_INDEX", "1").env("AWS_BATCH_JOB_ARRAY_SIZE", "3");
    assert!(task.output().unwrap().status.success());
    let read = |name: &str| fs::read(folder.path().join(name).join("sweep.csv")).unwrap();
    assert_eq!(read("array"), read("csv-3-2"));
    let said = fails(folder.path(), 2, &arguments);
    assert!(said.contains("`AWS_BATCH_JOB_ARRAY_INDEX` (AWS Batch)"), "{said}");
}

/// A grid, its survey, and what all its points leave.
fn whole(sets: &[&str], form: RowsFormat, then: impl FnOnce(&Ledger, &[u8])) {
    let changes: Vec<Override> = sets.iter().map(|set| Override::parse(set).unwrap()).collect();
    let grid = Grid::of(&changes, 1_000).unwrap();
    let read =
        |point: usize| Scenario::read(SMALL, "small", &grid.overrides(point), &|_| unreachable!());
    let survey = Survey::of(&grid, &read).unwrap();
    let ledger = Ledger::new(form, &grid, &survey);
    let lines = Mutex::new(PointLines::new());
    let around = Callbacks {
        read: &read,
        progress: &|_| (),
        finished: &|point, rows| {
            lines.lock().unwrap().insert(point, ledger.lines(point, rows));
            Ok(())
        },
    };
    let all: Vec<usize> = (0..grid.points()).collect();
    sweep::run(&survey, &all, u64::MAX, &around).unwrap();
    let lines = lines.into_inner().unwrap();
    then(&ledger, &ledger.file(&lines));
}

/// Cut anywhere, a file keeps all points that were whole, and the others complete it to the same
/// bytes.
#[test]
fn no_cut_loses_a_whole_point() {
    for form in RowsFormat::ALL {
        whole(&["lifetime=3min,1h"], form, |ledger, bytes| {
            let all = ledger.read(bytes);
            assert_eq!(all.len(), 2);
            let header = bytes.len() - all.values().map(Vec::len).sum::<usize>();
            for cut in 0..=bytes.len() {
                let kept = ledger.read(&bytes[..cut]);
                let mut end = header;
                let whole = all.iter().take_while(|(_, lines)| {
                    end += lines.len();
                    end <= cut
                });
                let expected: PointLines =
                    whole.map(|(point, lines)| (*point, lines.clone())).collect();
                assert_eq!(kept, expected, "cut at {cut}");
            }
            let mut kept = ledger.read(&bytes[..bytes.len() / 2]);
            kept.extend(all);
            assert_eq!(ledger.file(&kept), bytes);
        });
    }
}

/// Points out of order, a torn line in the middle, a point that is there twice, rubbish.
#[test]
fn what_is_whole_is_found_between_anything_else() {
    for form in RowsFormat::ALL {
        whole(&["lifetime=3min,1h,2h"], form, |ledger, bytes| {
            let all = ledger.read(bytes);
            let torn = [&all[&1][..all[&1].len() - 1], &all[&2]].concat();
            let pieces: [&[u8]; 6] =
                [b"\0\0\0\n", &all[&2][..40], b"\n", &all[&2], &all[&0], &all[&2]];
            assert_eq!(ledger.file(&ledger.read(&[&pieces.concat()[..], &torn].concat())), {
                let kept = [0, 2].map(|point| (point, all[&point].clone()));
                ledger.file(&PointLines::from(kept))
            });
            // Another sweep's values are none of this one's.
            let other = text(bytes).replace("1h", "4h");
            assert_eq!(ledger.read(other.as_bytes()).keys().collect::<Vec<_>>(), [&0, &2]);
        });
    }
}

#[test]
fn a_file_cut_anywhere_is_completed_to_the_same_bytes() {
    let folder = folder();
    let out = folder.path().join("results/small");
    done(folder.path(), &sweep(&GRID, &["-q"]));
    let whole = fs::read(out.join("sweep.csv")).unwrap();
    let lines: Vec<usize> =
        (0..whole.len()).filter(|&place| whole[place] == b'\n').map(|place| place + 1).collect();
    let last = lines[lines.len() - 2];
    for cut in [0, 1, lines[0] - 1, lines[0], lines[4], lines[9], last, last + 20, whole.len() - 1]
    {
        fs::write(out.join("sweep.csv"), &whole[..cut]).unwrap();
        let output = done(folder.path(), &sweep(&GRID, &[]));
        assert_eq!(fs::read(out.join("sweep.csv")).unwrap(), whole, "cut at {cut}");
        let there = lines.iter().skip(9).step_by(9).filter(|&&end| end <= cut).count();
        let note = format!("has {there} of 6 points, resuming with the rest");
        assert_eq!(there > 0, text(&output.stderr).contains(&note), "{}", text(&output.stderr));
    }
}

#[test]
fn killed_again_and_again_a_sweep_ends_with_the_same_bytes() {
    let folder = folder();
    let sets = ["--set", "requesters=1..40:+1", "--set", "seed=1,2,3"];
    done(folder.path(), &sweep(&sets, &["-q", "-o", "whole"]));
    let whole = fs::read(folder.path().join("whole/sweep.csv")).unwrap();
    let out = folder.path().join("killed/sweep.csv");
    let points = || {
        let there = fs::read_to_string(&out).unwrap_or_default();
        there.matches('\n').count() / 9
    };
    let (mut kills, mut before) = (0, 0);
    while kills < 8 && before < 100 {
        let mut child = command(folder.path(), &sweep(&sets, &["-q", "-o", "killed"]))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Each time some points on and another while into the next, unless it ends by itself.
        while points() < before + 4 && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_micros(500));
        }
        sleep(Duration::from_micros(300 * kills));
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            break;
        }
        kills += 1;
        assert!(points() >= before + 4, "points were lost: {}, {before} before", points());
        before = points();
    }
    assert!(kills > 0, "it ended before it could be killed");
    done(folder.path(), &sweep(&sets, &["-q", "-o", "killed"]));
    assert_eq!(fs::read(&out).unwrap(), whole);
}

#[test]
fn another_sweep_is_refused_and_restart_begins_anew() {
    let folder = folder();
    let mine = ["--set", "lifetime=3min,1h"];
    done(folder.path(), &sweep(&mine, &["-q"]));
    let out = folder.path().join("results/small");
    let first = fs::read(out.join("sweep.csv")).unwrap();
    let edited = SMALL.replace("0.2/s", "0.3/s");
    fs::write(folder.path().join("other.toml"), edited).unwrap();
    for (arguments, what) in [
        (&["sweep", "small.toml", "--set", "lifetime=3min,2h"][..], "values `lifetime=3min,1h`"),
        (&["sweep", "small.toml", "--set", "lifetime=3min,1h", "--seed", "8"], "seed `7`"),
        (&["sweep", "other.toml", "--set", "lifetime=3min,1h"], "scenario's hash"),
        (
            &["sweep", "small.toml", "--set", "lifetime=3min,1h", "--set", "replications=3"],
            "scenario's hash",
        ),
    ] {
        let output = bks(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let message = text(&output.stderr);
        assert!(message.starts_with("error: results/small/sweep.json: the sweep there has the "));
        assert!(message.contains(what) && message.contains("--restart"), "{message}");
        assert_eq!(fs::read(out.join("sweep.csv")).unwrap(), first, "left as it was");
    }
    // Another version, or rows of unknown origin.
    let identity = fs::read_to_string(out.join("sweep.json")).unwrap();
    let model = "\"model_version\": ";
    fs::write(out.join("sweep.json"), identity.replace(model, &format!("{model}9"))).unwrap();
    let output = bks(folder.path(), &sweep(&mine, &[]));
    assert!(text(&output.stderr).contains("the version of the model `9"));
    fs::remove_file(out.join("sweep.json")).unwrap();
    let output = bks(folder.path(), &sweep(&mine, &[]));
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no `sweep.json` that describes it"));
    // What is demanded changes no row, so a sweep goes on under other demands.
    done(folder.path(), &sweep(&mine, &["-q", "--restart"]));
    assert_eq!(fs::read(out.join("sweep.csv")).unwrap(), first);
    let output = bks(folder.path(), &sweep(&mine, &["-q", "--fail-if", "saving < 200%"]));
    assert_eq!(output.status.code(), Some(3));
    done(folder.path(), &sweep(&["--set", "lifetime=3min,2h"], &["-q", "--restart"]));
    assert_ne!(fs::read(out.join("sweep.csv")).unwrap(), first);
}

#[cfg(target_os = "linux")]
#[test]
fn two_sweeps_do_not_share_a_folder() {
    let folder = folder();
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    let lock = File::open(&out).unwrap();
    lock.lock().unwrap();
    let output = bks(folder.path(), &sweep(&GRID, &["-q", "-o", "out"]));
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output.stderr);
    assert!(message.starts_with("error: out: another `bks sweep` is running there"), "{message}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "nothing was touched");
    drop(lock);
    done(folder.path(), &sweep(&GRID, &["-q", "-o", "out"]));
}

#[test]
fn demands_are_held_against_every_point_now_and_later() {
    let folder = folder();
    let sets = ["--set", "lifetime=1s,2s,3s,4s,5s,6s,1h"];
    let demand = ["--fail-if", "saving < 0.1", "--set", "assertions=['kms_requests > 0']"];
    let first = bks(folder.path(), &sweep(&sets, &[&demand[..], &["-q"]].concat()));
    let later = bks(folder.path(), &sweep(&sets, &[&demand[..], &["-q"]].concat()));
    let message = text(&first.stderr);
    assert_eq!((first.status.code(), later.status.code()), (Some(3), Some(3)));
    assert_eq!(message, text(&later.stderr));
    // As simulate says, point by point.
    let unmet: Vec<&str> = ["1s", "2s", "3s", "4s", "5s", "6s", "1h"]
        .into_iter()
        .filter(|lifetime| {
            let set = format!("lifetime={lifetime}");
            let one = ["simulate", "small.toml", "-q", "-o", "one", "--set", &set];
            let output = bks(folder.path(), &[&one[..], &demand].concat());
            output.status.code() == Some(3)
        })
        .collect();
    assert!(unmet.len() > 5 && unmet.len() < 7, "{unmet:?}");
    assert!(
        message.starts_with(&format!("assertions are not met at {} of 7 points\n", unmet.len()))
    );
    for lifetime in &unmet[..5] {
        assert!(message.contains(&format!("at lifetime={lifetime}: `saving >= 0.1`")), "{message}");
    }
    assert!(message.ends_with(&format!("and at {} more\n", unmet.len() - 5)), "{message}");
}

#[test]
fn what_cannot_be_swept_is_refused_before_anything_is_run() {
    let folder = folder();
    for (sets, message) in [
        (&[][..], "nothing varies, but a sweep needs a key with several values"),
        (&["lifetime=1h"], "nothing varies"),
        (&["requesters=1.."], "--set requesters=1..: `1..` is not a range of values"),
        (&["requesters=1..x:3"], "its end `x` is neither a number nor"),
        (&["requesters=9..1:3"], "its low end must lie below its high end"),
        (&["requesters=0..9:log10"], "a logarithmic scale has no zero"),
        (&["requesters=1,,2"], "a value is missing"),
        (&["requesters=1,2", "requesters=3,4"], "`requesters` is given twice"),
        (&["requesters=1,2", "requesters=3"], "`requesters` is given twice"),
        (&["requesters=3", "requesters=1,2"], "`requesters` is given twice"),
        (&["seed=1..200:+1", "requesters=1..200:+1"], "the sweep has 200 × 200 = `40000` points"),
        (&["requesters=0..4:+2"], "--set requesters=0: `requesters` is `0`"),
        (&["requesters=0.5..4.0:3"], "--set requesters=0.5: `requesters` is `0.5`"),
        (&["nothing=1,2"], "--set nothing=1: unknown key `nothing`"),
        (&["duration=1h,2x"], "--set duration=2x: `2x` is not a duration"),
        (&["lifetime=1h,0s"], "--set lifetime=0s: assumptions: "),
        (&["duration=1h,10000d"], "--set duration=10000d: duration: "),
        (
            &["workload.read.arrivals.poisson.rate=1/s,100000000/s", "engine=events"],
            "small.toml at workload.read.arrivals.poisson.rate=100000000/s: the scenario makes \
             about",
        ),
    ] {
        let sets: Vec<String> = sets.iter().map(|set| format!("--set={set}")).collect();
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        let output = bks(folder.path(), &sweep(&sets, &["-o", "out"]));
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{sets:?}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains(message), "{sets:?}: {stderr}");
        assert!(!folder.path().join("out").exists(), "{sets:?}");
    }
}

#[test]
fn a_flag_and_a_sweep_of_the_same_key_are_refused() {
    let folder = folder();
    let output = bks(folder.path(), &sweep(&["--set", "seed=1,2"], &["--seed", "3"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("`seed` is given twice"));
}

#[test]
fn long_tables_are_shortened_and_say_so() {
    let folder = folder();
    let output = done(folder.path(), &sweep(&["--set", "seed=1..60:+1"], &["-j", "2"]));
    let printed = text(&output.stdout);
    assert!(printed.contains("20 points between these are left out here"), "{printed}");
    let shown = printed.lines().filter(|line| line.contains(" … ") && line.contains('$')).count();
    assert_eq!(shown, 40);
    let bytes = fs::read(folder.path().join("results/small/sweep.csv")).unwrap();
    assert_eq!(rows(&bytes).len(), 60 * 9, "the file has all");
}

fn without_sets(rows: Vec<SummaryRow>) -> Vec<BTreeMap<String, serde_json::Value>> {
    let told = |row: SummaryRow| {
        let serde_json::Value::Object(row) = serde_json::to_value(row).unwrap() else { panic!() };
        row.into_iter().filter(|(column, _)| !is_of_sets(column)).collect()
    };
    rows.into_iter().map(told).collect()
}

#[test]
fn the_answer_without_swings_is_the_answer_but_for_them() {
    let scenario = Scenario::parse(SMALL).unwrap();
    let whole = Results::of(&scenario, &|_| ());
    assert!(!whole.sensitivity.is_empty());
    let [whole, alone] = [whole.summary, run::summary(&scenario, &|_| ())].map(without_sets);
    assert_eq!(whole, alone);
}

/// The survey of ten points, and how many of them were under way together at the most.
fn at_a_time(threads: usize, bytes: fn(&Survey) -> u64) -> usize {
    let grid = Grid::of(&[Override::parse("seed=1..10:+1").unwrap()], 100).unwrap();
    let read =
        |point: usize| Scenario::read(SMALL, "small", &grid.overrides(point), &|_| unreachable!());
    let survey = Survey::of(&grid, &read).unwrap();
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = Mutex::new(0.0);
    let around = Callbacks {
        read: &|point| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_millis(5));
            read(point)
        },
        progress: &|more| *work.lock().unwrap() += more,
        finished: &|_, _| {
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        },
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let all: Vec<usize> = (0..10).collect();
    pool.install(|| sweep::run(&survey, &all, bytes(&survey), &around)).unwrap();
    let (told, expected) = (work.into_inner().unwrap(), survey.work(&all));
    assert!((told - expected).abs() < 1e-6 * expected, "{told} of {expected} was told");
    most.into_inner()
}

#[test]
fn as_many_points_run_together_as_fit() {
    assert_eq!(at_a_time(4, |_| 0), 1, "a single one always may");
    assert_eq!(at_a_time(4, |survey| survey.points[0].bytes * 5 / 2), 2);
    assert_eq!(at_a_time(3, |_| u64::MAX), 3, "no more than threads");
}

#[test]
fn the_first_failure_ends_a_sweep() {
    let grid = Grid::of(&[Override::parse("seed=1..50:+1").unwrap()], 100).unwrap();
    let read =
        |point: usize| Scenario::read(SMALL, "small", &grid.overrides(point), &|_| unreachable!());
    let survey = Survey::of(&grid, &read).unwrap();
    let finished = AtomicUsize::new(0);
    let around = Callbacks {
        read: &read,
        progress: &|_| (),
        finished: &|_, _| match finished.fetch_add(1, Ordering::SeqCst) {
            3 => Err(Error::run("the disk is full")),
            _ => Ok(()),
        },
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let all: Vec<usize> = (0..50).collect();
    let error = pool.install(|| sweep::run(&survey, &all, u64::MAX, &around)).unwrap_err();
    assert_eq!(error.to_string(), "the disk is full");
    assert!(finished.into_inner() <= 5, "at most the one that was under way beside it");
}
