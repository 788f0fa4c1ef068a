//! Fitted scenarios: captured client jobs cost what their replay does, and hidden names stay hidden.

use std::path::Path;
use std::process::{Command, Output};

fn bks(arguments: &[&str]) -> Output {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/access-logs");
    Command::new(env!("CARGO_BIN_EXE_bks")).args(arguments).current_dir(logs).output().unwrap()
}

/// Replayed and fitted calls of each configuration, as told on standard error.
fn compared(log: &str) -> Vec<(f64, f64)> {
    let output = bks(&["fit", log]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    let rows = told.lines().filter(|l| l.starts_with("sse-kms") || l.starts_with("bucket-key"));
    rows.map(|row| {
        let words: Vec<&str> = row.split_whitespace().collect();
        (words[1].parse().unwrap(), words[2].parse().unwrap())
    })
    .collect()
}

/// Without bucket keys the calls are exactly the log's; with them within two, as partitions are drawn.
#[test]
fn captured_jobs_cost_what_their_replay_does() {
    for (log, calls) in [
        ("awscli_cp_up_100MB.log.gz", 15.0),
        ("boto3_download_file_100MB.log.gz", 13.0),
        ("boto3_upload_file_100MB.log.gz", 15.0),
        ("poc_replica.log.gz", 150.0),
        ("spark_write_part.log.gz", 234.0),
    ] {
        let rows = compared(log);
        assert_eq!(rows.len(), 3, "{log}");
        assert_eq!(rows[0], (calls, calls), "{log}");
        for (replayed, fitted) in &rows[1..] {
            assert!((replayed - fitted).abs() <= 2.0, "{log}: {replayed} {fitted}");
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
