//! `--hash`: no name of a log is in anything that a command says or leaves, and no figure is another.

use std::fs;
use std::path::Path;

use crate::support::command::{code_and_texts, done, text};

/// Whatever has a name has one with `acme` in it, or is this account's.
const SECRETS: [&str; 3] = ["acme", "Acme", "111122223333"];

const SCENARIO: &str = r#"
name = "acme"
duration = "10min"
warm_up = "0s"
replications = 1

[[bucket]]
name = "acme-lake"
kms_key = "arn:aws:kms:us-east-1:111122223333:key/acme"

[[bucket]]
name = "acme-logs"

[[principal]]
name = "acme-etl"
account = "111122223333"
role = "AcmeEtl"
sessions = 3

[[principal]]
name = "acme-user"
account = "111122223333"
user = "acme.user"

[[workload]]
name = "acme-write"
principal = "acme-etl"
bucket = "acme-lake"
arrivals.periodic.rate = "20/min"

[[workload]]
name = "acme-read"
principal = "acme-user"
bucket = "acme-lake"
arrivals.periodic.rate = "30/min"
mix = { read = 1.0 }
read = { from = ["acme-write"], pattern = { scan = { oldest = "5min" } } }

[[workload]]
name = "acme-log"
principal = "acme-user"
bucket = "acme-logs"
arrivals.periodic.rate = "2/min"
"#;

/// Everything that lies in a folder: names and bytes.
fn all_of(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        all += path.to_str().unwrap();
        all += &text(&fs::read(&path).unwrap());
    }
    all
}

fn assert_hidden(what: &[&str], said: &str) {
    for secret in SECRETS {
        let found = said.find(secret).map(|at| &said[at.saturating_sub(200)..]);
        let found = found.map(|rest| rest.chars().take(400).collect::<String>());
        assert_eq!(found, None, "`{secret}` of {what:?}");
    }
}

#[test]
fn no_name_of_a_log_is_in_what_a_command_says_or_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("acme.toml"), SCENARIO).unwrap();
    done(folder, &["export", "acme.toml", "--format", "cloudtrail", "--out", "acme.json", "-q"]);
    let at = ["--at", "2026-01-01T00:00:00Z"];
    let bucket = ["--bucket", "acme-lake"];
    let inventories: [&[&str]; 7] = [
        &["replay"],
        &["replay", "--bucket", "acme-lake", "--format", "markdown"],
        &["reconcile"],
        &["advise"],
        &["explain"],
        &["explain", at[0], at[1], bucket[0], bucket[1]],
        &["fit"],
    ];
    for (number, arguments) in inventories.into_iter().enumerate() {
        let out = format!("out-{number}");
        let mut arguments = arguments.to_vec();
        arguments.extend(["acme.json", "--hash", "--salt", "pepper"]);
        if !["reconcile", "fit"].contains(&arguments[0]) && !arguments.contains(&"--at") {
            arguments.extend(["--out", &out]);
        }
        let (code, printed, told) = code_and_texts(folder, &arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {told}");
        assert!(printed.len() > 200, "{printed}");
        assert_hidden(&arguments, &printed);
        assert_hidden(&arguments, &told);
        if folder.join(&out).exists() {
            assert_hidden(&arguments, &all_of(&folder.join(&out)));
        }
    }
}

/// The bucket's name is what `openssl dgst -sha256 -hmac pepper` makes of `bucket`, a NUL and the name.
#[test]
fn hidden_names_change_no_figure() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("acme.toml"), SCENARIO.replace("acme-lake", "lake")).unwrap();
    done(folder, &["export", "acme.toml", "--format", "cloudtrail", "--out", "acme.json", "-q"]);
    done(folder, &["replay", "acme.json", "--out", "plain", "-q"]);
    let hide = ["--hash", "--salt", "pepper"];
    done(folder, &[&["replay", "acme.json", "--out", "hidden", "-q"], &hide[..]].concat());
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    let without_name = |file: &str| -> Vec<String> {
        let rows = read(file);
        rows.lines().map(|row| row.split_once(',').unwrap().1.to_owned()).collect()
    };
    assert_eq!(without_name("plain/summary.csv"), without_name("hidden/summary.csv"));
    assert!(read("hidden/buckets.csv").contains("bucket-5ab8e8d24c4f"));
    assert!(!read("hidden/run.toml").contains("pepper"), "the salt is nobody's business");
    // As its report says it, the run is had again.
    let again = ["replay", "acme.json", "--scenario", "hidden/run.toml", "--out", "again", "-q"];
    done(folder, &[&again, &hide[..]].concat());
    assert_eq!(read("again/summary.csv"), read("hidden/summary.csv"));
}

#[test]
fn a_salt_and_what_it_is_for_go_together() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| code_and_texts(folder.path(), arguments);
    let (code, _, told) = run(&["replay", "x.log", "--hash"]);
    assert!(code == Some(2) && told.contains("--salt <TEXT>"), "{told}");
    let (code, _, told) = run(&["replay", "x.log", "--hash", "--salt", ""]);
    assert!(code == Some(2) && told.contains("--salt"), "{told}");
}
