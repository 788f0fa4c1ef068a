//! Fitted scenarios: captured client jobs cost what their replay does, and hidden names stay hidden.

#[allow(dead_code)] // The rest is for other tests.
use crate::support::fitted;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output};

use bks::fitting::{FitComparison, compare};
use bks::logs::LogFormat;
use bks::logs::compression::decompressed;
use bks::scenario::replay::UnknownAge;
use bks::statistics::Estimate;
use fitted::{Fitted, fitted};

fn bks(arguments: &[&str]) -> Output {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/access-logs");
    Command::new(env!("CARGO_BIN_EXE_bks")).args(arguments).current_dir(logs).output().unwrap()
}

/// The captured jobs, each one session of a role, by name. What differs from line to line and nobody
/// reads is left out of them: host ids, and request ids are numbered.
fn jobs() -> BTreeMap<String, String> {
    let packed = include_bytes!("../fixtures/access-logs/clients.log.zst");
    let mut text = String::new();
    decompressed(&packed[..]).unwrap().read_to_string(&mut text).unwrap();
    let mut jobs = BTreeMap::<String, String>::new();
    for line in text.lines() {
        let (_, rest) = line.split_once(":assumed-role/bks-capture/").unwrap();
        let (name, _) = rest.split_once(' ').unwrap();
        let job = jobs.entry(name.to_owned()).or_default();
        job.push_str(line);
        job.push('\n');
    }
    jobs
}

/// Calls without bucket keys, by the words of the lines alone.
fn calls_without_keys(log: &str) -> u32 {
    let calls = |line: &str| {
        // The source's half of a copy has no URI.
        let status = line.split("HTTP/1.1\" ").nth(1).unwrap_or_default();
        let operation = line.split_whitespace().find(|word| word.starts_with("REST.")).unwrap();
        match operation {
            _ if !status.starts_with("20") => 0,
            "REST.COPY.OBJECT" => 2,
            "REST.PUT.OBJECT" | "REST.GET.OBJECT" | "REST.POST.UPLOADS" | "REST.PUT.PART"
            | "REST.POST.UPLOAD" => 1,
            _ => 0,
        }
    };
    log.lines().map(calls).sum()
}

fn fitted_job(log: &str) -> Fitted {
    fitted(log.as_bytes(), LogFormat::S3AccessLog, None, UnknownAge::Keyless)
}

/// No more than chance: 4 standard deviations, of which a half-width is about two.
fn assert_no_more_than_chance(name: &str, row: &FitComparison) {
    let Some(Estimate { mean, half_width }) = row.error() else {
        assert!(row.fitted.mean <= 0.0, "{name}: {row:?}");
        return;
    };
    let half_width = half_width.unwrap();
    assert!(mean.abs() <= 2.05 * half_width, "{name}: {row:?}");
    assert!(half_width <= 0.03, "{name}: {row:?}");
}

/// Without bucket keys the calls are exactly the log's; with them they differ by chance alone, as
/// cache partitions are drawn.
#[test]
fn captured_jobs_cost_what_their_replay_does() {
    let jobs = jobs();
    assert_eq!(jobs.len(), 53);
    for (name, log) in &jobs {
        let job = fitted_job(log);
        let replications = if log.lines().count() > 100 { 3 } else { 400 };
        let rows = compare(&job.replay, &job.scenario, replications);
        assert_eq!(rows.len(), 3, "{name}");
        let calls = Estimate { mean: calls_without_keys(log).into(), half_width: Some(0.0) };
        assert_eq!((rows[0].replayed, rows[0].fitted), (calls, calls), "{name}");
        for row in &rows[1..] {
            assert_no_more_than_chance(name, row);
        }
    }
}

/// Uploads whose parts and end need the upload's key from one of two cache partitions each: a new
/// key, its verification, and as many partitions as are asked at least once.
#[test]
fn uploads_of_one_part_and_of_two_cost_what_the_closed_form_says() {
    let jobs = jobs();
    for (name, parts) in [("s3fs_open_write_100MB", 1), ("s5cmd_up_100MB", 2)] {
        let job = fitted_job(&jobs[name]);
        let expected = 2.0 + 2.0 * (1.0 - 0.5_f64.powi(parts + 1));
        for row in &compare(&job.replay, &job.scenario, 2_000)[1..] {
            for Estimate { mean, half_width } in [row.replayed, row.fitted] {
                let off = (mean - expected).abs();
                assert!(off <= 2.05 * half_width.unwrap(), "{name}: {row:?}");
            }
        }
    }
}

/// What a job reads was written by another before counting begins, as by `--from`: then bucket keys
/// wrap it, a single one for each prefix that was written within five minutes.
#[test]
fn what_was_written_before_the_count_has_keys() {
    let jobs = jobs();
    for name in ["spark_d1_2cols", "duckdb_d1_count", "pyarrow_read_d2_all", "polars_scan_d1_all"] {
        let begins = fitted_job(&jobs[name]).recording().start_ns;
        let both = format!("{}{}", jobs["setup"], jobs[name]);
        let job =
            fitted(both.as_bytes(), LogFormat::S3AccessLog, Some(begins), UnknownAge::Keyless);
        let rows = compare(&job.replay, &job.scenario, 20);
        let calls = f64::from(calls_without_keys(&jobs[name]));
        for (row, expected) in rows.iter().zip([calls, 2.0, 2.0]) {
            assert!((row.replayed.mean - expected).abs() < 1e-9, "{name}: {row:?}");
            assert!((row.fitted.mean - expected).abs() < 1e-9, "{name}: {row:?}");
        }
    }
}

#[test]
fn hidden_names_stay_hidden_and_the_scenario_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fitted.toml");
    let file = file.to_str().unwrap();
    let log = "poc_replica.log.gz";
    let plain = String::from_utf8(bks(&["fit", log, "-q"]).stdout).unwrap();
    let names = ["lake", "bks-capture", "111122223333", "poc_replica"];
    for name in names {
        assert!(plain.contains(name), "{name}");
    }
    let made = bks(&["fit", log, "-q", "--hash", "--salt", "pepper", "--out", file]);
    assert!(made.status.success());
    let hidden = std::fs::read_to_string(file).unwrap();
    for name in names {
        assert!(!hidden.contains(name), "{name}");
    }
    assert!(bks(&["check", file]).status.success());
    assert_eq!(bks(&["fit", log, "--hash"]).status.code(), Some(2));
}

/// The scenario is called after the log, in the region asked for; what cannot be is refused.
#[test]
fn names_regions_and_lengths_are_sound() {
    let text = |arguments: &[&str]| {
        let output = bks(&[&["fit", "-q", "poc_replica.log.gz"], arguments].concat());
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let plain = text(&[]);
    assert!(plain.contains("\nname = \"poc_replica\"\n"), "{plain}");
    assert!(plain.contains("Region: us-east-1, as in the log"), "{plain}");
    let asked = text(&["--name", "other", "--region", "eu-west-1"]);
    assert!(asked.contains("\nname = \"other\"\n"), "{asked}");
    assert!(asked.contains("region = \"eu-west-1\"") && !asked.contains("assumed, as"), "{asked}");
    let hidden = text(&["--hash", "--salt", "pepper"]);
    assert!(hidden.contains("\nname = \"fitted\"\n"), "{hidden}");
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("long.log");
    let line = &jobs()["boto3_get_object_100MB"];
    let later = line.replace("/2026:", "/2028:");
    std::fs::write(&long, format!("{line}{later}")).unwrap();
    for (log, option, told) in [
        ("poc_replica.log.gz", "--name=No!", "--name: `No!`"),
        ("poc_replica.log.gz", "--region=mars-1", "--region: `mars-1`"),
        (long.to_str().unwrap(), "--no-check", "but a run takes at most `366d`"),
    ] {
        let output = bks(&["fit", log, option]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(told), "{error}");
    }
}
