//! What commands print, to people and to programs, character by character.
//!
//! The scenario is one whose every figure is known by hand: two roles write ten objects a second each
//! for five minutes, so 6,000 PUT make 6,000 `GenerateDataKey`; with bucket keys each role makes one key
//! of five minutes and verifies it once, 4 calls; 1 − 4/6,000 is 99.93 %. 30 days are 8,640 times five
//! minutes: 51.84 M PUT at $5 per million, and as many KMS requests less 20,000 free at $3 per million.
//! `BKS_BLESS=1 cargo test printed` writes the goldens anew, for review as a diff.

use std::fs;
use std::path::Path;
use std::process::Command;

const SCENARIO: &str = include_str!("../../scenarios/two-roles.toml");

/// Runs `bks ARGUMENTS` on the scenario; gives what it printed.
fn printed(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("two-roles.toml"), SCENARIO).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bks"));
    let output = command.args(arguments).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Holds what a command prints to its golden, and to what is known of it.
fn hold(golden: &str, arguments: &[&str], known: &[&str]) {
    let printed = printed(arguments);
    for part in known {
        assert!(printed.contains(part), "{golden} lacks `{part}`:\n{printed}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/printed").join(golden);
    if std::env::var_os("BKS_BLESS").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &printed).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(printed == expected, "{golden} differs; if that is meant, set BKS_BLESS=1:\n{printed}");
}

/// 51.84 M PUT, and the KMS requests beyond the free ones.
const BILL: [&str; 2] = ["$155", "$416"];

#[test]
fn simulate() {
    let saved =
        ["saves 99.93 % of the KMS requests of `sse-kms` [nine in ten: 99.", "99.67 % … 99.967 %"];
    hold("simulate.txt", &["simulate", "two-roles.toml"], &[&saved[..], &BILL].concat());
    let markdown = ["simulate", "two-roles.toml", "--format", "markdown"];
    hold("simulate.md", &markdown, &[&saved[..], &BILL].concat());
    let csv = ["simulate", "two-roles.toml", "--format", "csv"];
    hold("simulate.csv", &csv, &["two-roles,bucket-key-role,assumed,3,6000.0,4.0,2.0,2.0,0.0,2.0"]);
}

#[test]
fn compare() {
    let fewer =
        ["`bucket-key-role` makes 99.93 % fewer KMS requests than `sse-kms` [99.67 % … 99.967 %]"];
    hold("compare.txt", &["compare", "two-roles.toml"], &[&fewer[..], &BILL].concat());
    let markdown = ["compare", "two-roles.toml", "--format", "markdown"];
    hold("compare.md", &markdown, &fewer);
    // 4 less 6,000, and -5,996 of 6,000.
    let json = ["compare", "two-roles.toml", "--format", "json"];
    hold(
        "compare.json",
        &json,
        &["\"difference\": -5996.0", "\"difference_ratio\": -0.9993333333"],
    );
}

/// Keys of one minute are five times as many as keys of five, and twice the requesters make twice the
/// keys: 4, 20, 8 and 40 calls of 6,000.
#[test]
fn sweep() {
    let axes = ["--set=requesters=1,2", "--set=lifetime=1min,5min"];
    let sweep = [&["sweep", "two-roles.toml", "--set=assertions=[]"], &axes[..]].concat();
    hold("sweep.txt", &sweep, &["99.93 %", "99.67 %", "99.87 %", "99.33 %"]);
}

/// A key of one second wraps ten writes for two calls. N requesters of a role make N keys, so they save
/// less than half of 3,000 calls with more than 750 of them, and 1,500 if keys are not verified.
#[test]
fn sensitivity() {
    let sensitivity = ["sensitivity", "two-roles.toml", "--samples", "16"];
    let known = [
        "never saves less than 50 % for `lifetime` from 1s to 1d (lowest 80.0 % at 1s)",
        "`bucket-key-role` saves less than 50 % once `requesters` ≥ 751",
        "at high once ≥ 1,501.",
    ];
    hold("sensitivity.txt", &sensitivity, &known);
    let csv = [&sensitivity[..], &["--format", "csv"]].concat();
    hold("sensitivity.csv", &csv, &["two-roles,bucket-key-role,assumed,cache_lifetime,0.5,,"]);
}
