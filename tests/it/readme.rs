//! The README's commands, run as they stand, and the output it shows.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::shell::words;

const README: &str = include_str!("../../README.md");
const GUIDE: &str = include_str!("../../docs/guide.md");
const RANK_BUCKETS: &str = include_str!("../../docs/rank-buckets.md");
const ADVISE: &str = include_str!("../../docs/advise.md");
const EXPLAIN: &str = include_str!("../../docs/explain.md");
const DISTRIBUTED: &str = include_str!("../../docs/distributed.md");
const EXPERIMENT: &str = include_str!("../../docs/experiment.md");
const PULL_REQUEST: &str = include_str!("../../docs/pull-request.md");
const THROTTLING: &str = include_str!("../../docs/throttling.md");
const SCENARIOS: &str = include_str!("../../scenarios/README.md");

/// The fenced blocks of a language on a page.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line == format!("```{language}") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

/// Runs `bks ARGUMENTS`, or the same through cargo, with this build.
fn run(folder: &Path, command: &str) -> Output {
    let arguments = command
        .strip_prefix("cargo run --release -- ")
        .or_else(|| command.strip_prefix("bks "))
        .unwrap_or_else(|| panic!("`{command}` is not a command of bks"));
    let output = Command::new(env!("CARGO_BIN_EXE_bks"))
        .args(words(arguments))
        .current_dir(folder)
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "`{command}`: {message}");
    output
}

fn folder_with_scenarios() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    fs::create_dir(folder.path().join("scenarios")).unwrap();
    for entry in fs::read_dir(scenarios).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), folder.path().join("scenarios").join(entry.file_name())).unwrap();
    }
    folder
}

#[test]
fn every_command_of_the_readme_works() {
    let folder = folder_with_scenarios();
    // The guide sweeps what the README reports on.
    assert_eq!(run_all(folder.path(), README), 8);
}

#[test]
fn every_command_of_the_guide_works() {
    let folder = folder_with_scenarios();
    run(folder.path(), "bks simulate scenarios/emr10.toml --quiet");
    assert!(run_all(folder.path(), GUIDE) > 25);
}

/// Its logs are two minutes of the scenario that it ranks, and its bill has a million calls in an hour.
#[test]
fn every_command_of_the_ranking_works() {
    let folder = folder_with_scenarios();
    let at = folder.path();
    fs::create_dir(at.join("logs")).unwrap();
    run(at, "bks export scenarios/many-buckets.toml --set duration=2min --out logs/requests.log");
    let bill = "lineItem/UsageType,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,\
                lineItem/UsageAmount\nus-east-1-KMS-Requests,Usage,2026-11-20T10:00:00Z,\
                2026-11-20T11:00:00Z,1000000.0\n";
    fs::write(at.join("cur.csv"), bill).unwrap();
    assert!(run_all(at, RANK_BUCKETS) > 7);
    let printed = String::from_utf8(run(at, "bks replay logs/ --bill cur.csv").stdout).unwrap();
    for part in [
        "By bucket, most dollars saved first",
        "30 more in buckets.csv",
        "By bucket, at the known total",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    assert!(printed.lines().count() < 120, "a run of many buckets stays short");
}

#[test]
fn every_command_of_the_pages_on_jobs_works() {
    for (page, commands) in [
        (ADVISE, 3),
        (EXPLAIN, 5),
        (EXPERIMENT, 2),
        (THROTTLING, 10),
        (DISTRIBUTED, 3),
        (PULL_REQUEST, 4),
    ] {
        let folder = folder_with_scenarios();
        assert_eq!(run_all(folder.path(), page), commands);
    }
}

/// Runs the commands of a page in their order; how many they are.
fn run_all(folder: &Path, page: &str) -> usize {
    let blocks = blocks(page, "sh");
    let commands = blocks.iter().flat_map(|block| block.lines());
    let commands: Vec<&str> = commands.filter(|command| *command != "cargo test").collect();
    for command in &commands {
        let output = run(folder, command);
        if *command == "bks init my-bucket" {
            // A day of it, and twenty replications of that, would take minutes.
            let file = folder.join("my-bucket.toml");
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.contains("duration = \"25h\""));
            fs::write(&file, text.replace("duration = \"25h\"", "duration = \"3h\"")).unwrap();
        }
        assert!(output.stdout.len() + output.stderr.len() > 20, "`{command}` says nothing");
        let prints =
            command.contains("list") || command.contains("--format") && !command.contains("export");
        assert!(!prints || output.stdout.len() > 20, "`{command}` prints nothing");
    }
    commands.len()
}

/// The README shows the first lines of what the main command prints, and `…` for the rest.
#[test]
fn the_output_shown_is_the_output() {
    let folder = folder_with_scenarios();
    let output = run(folder.path(), "cargo run --release -- simulate scenarios/emr10.toml");
    let printed = String::from_utf8(output.stdout).unwrap();
    let blocks = blocks(README, "text");
    let shown = blocks[0].strip_suffix("\n…").expect("the block ends with `…`");
    assert!(shown.lines().count() > 3);
    for (shown, printed) in shown.lines().zip(printed.lines()) {
        assert_eq!(shown, printed.trim_end());
    }
}

#[test]
fn the_readme_is_short() {
    assert!(README.split_whitespace().count() <= 1_000);
}

/// The committed results are those of the main command, byte for byte.
#[test]
fn the_committed_results_come_again() {
    let folder = folder_with_scenarios();
    run(folder.path(), "bks simulate scenarios/emr10.toml --quiet");
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/emr10");
    let mut compared = 0;
    for entry in fs::read_dir(committed).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        let again = fs::read(folder.path().join("results/emr10").join(&name)).unwrap();
        assert!(fs::read(entry.path()).unwrap() == again, "{} differs", name.display());
        compared += 1;
    }
    assert_eq!(compared, 12);
}

/// The picture is what `bks plot` makes of the committed results.
#[test]
fn the_picture_is_that_of_the_committed_results() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = run(root, "bks plot results/emr10/summary.csv -o -");
    let picture = root.join("docs/images/emr10-summary.svg");
    if std::env::var_os("BKS_BLESS").is_some() {
        fs::create_dir_all(picture.parent().unwrap()).unwrap();
        fs::write(&picture, &output.stdout).unwrap();
    }
    assert!(fs::read(picture).unwrap() == output.stdout, "another picture; set BKS_BLESS=1");
}

#[test]
fn every_scenario_is_listed_with_its_question() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = fs::read_dir(scenarios).unwrap().map(|entry| entry.unwrap().path());
    for file in files.filter(|file| file.extension().is_some_and(|it| it == "toml")) {
        let text = fs::read_to_string(file).unwrap();
        let scenario = bks::scenario::Scenario::parse(&text).unwrap();
        let row = format!(
            "| [{0}]({0}.toml) | {1} |",
            scenario.name,
            scenario.question.expect("a shipped scenario asks a question")
        );
        assert!(SCENARIOS.contains(&row), "scenarios/README.md lacks: {row}");
    }
}

#[test]
fn every_link_of_the_pages_for_newcomers_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (page, folder) in [(README, "."), (GUIDE, "docs"), (SCENARIOS, "scenarios")] {
        let links = page.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for link in links.filter(|link| !link.starts_with("http")) {
            assert!(root.join(folder).join(link).exists(), "{link} leads nowhere");
        }
    }
}
