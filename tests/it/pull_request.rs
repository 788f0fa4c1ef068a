//! The steps of the action (`action/`), run on a repository with a base and a change, with this bks on the PATH;
//! and the hooks of `.pre-commit-hooks.yaml`. GitHub itself is not asked: `gh` is a stand-in.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::command::{code_and_texts, text};

const ACTION: &str = include_str!("../../action.yml");
const HOOKS: &str = include_str!("../../.pre-commit-hooks.yaml");
const STEPS: [&str; 4] = ["changes", "simulate", "lint", "comment"];

/// A role that writes ten objects a second for a minute. Under bucket keys S3 asks for one key a requester.
fn scenario(name: &str, more: &str) -> String {
    format!(
        r#"name = "{name}"
duration = "1min"
replications = 1
{more}
[[bucket]]
name = "b"
[[principal]]
name = "p"
role = "p"
connections = 1
[[workload]]
name = "w"
principal = "p"
bucket = "b"
arrivals = {{ periodic = {{ rate = "10/s" }} }}
[[configuration]]
name = "sse-kms"
encryption = "sse-kms"
[[configuration]]
name = "bucket-key"
encryption = "sse-kms-bucket-key"
requester_rule = "role"
"#
    )
}

/// The same by sixty sessions that do not share, which saves much less.
fn scenario_of_sessions(name: &str) -> String {
    scenario(name, "")
        .replace("role = \"p\"", "role = \"p\"\nsessions = 60")
        .replace("requester_rule = \"role\"", "requester_rule = \"session\"")
}

/// A repository of git, a folder for what the steps leave, and one for stand-ins of programs.
struct Repository {
    folder: TempDir,
}

/// What the steps left: the comment, the gate's exit code, and what all of them said.
struct Ran {
    comment: String,
    code: Option<i32>,
    said: String,
}

impl Repository {
    /// With these files in its first commit.
    fn of(files: &[(&str, String)]) -> Repository {
        let repository = Repository { folder: tempfile::tempdir().unwrap() };
        for folder in ["repository", "programs", "work"] {
            fs::create_dir(repository.folder.path().join(folder)).unwrap();
        }
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.commit(files);
        repository
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    fn write(&self, files: &[(&str, String)]) {
        for (name, contents) in files {
            let path = self.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, contents).unwrap();
        }
    }

    fn commit(&self, files: &[(&str, String)]) {
        self.write(files);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=change"]);
    }

    /// A program of that name that is found before all others.
    fn stand_in(&self, name: &str, script: &str) {
        let path = self.folder.path().join("programs").join(name);
        fs::write(&path, format!("#!/usr/bin/env bash\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A command in the repository, under settings that come from here alone.
    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        let bks = Path::new(env!("CARGO_BIN_EXE_bks")).parent().unwrap();
        let programs = self.folder.path().join("programs");
        let path = std::env::var("PATH").unwrap();
        command
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", format!("{}:{}:{path}", programs.display(), bks.display()))
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("BKS_WORK", self.work());
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "somebody");
            command.env(format!("GIT_{who}_EMAIL"), "somebody@example.com");
        }
        command
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = self.command("git", arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// A step of the action by its name.
    fn step(&self, name: &str, inputs: &[(&str, &str)]) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("action").join(name);
        let mut command = self.command("bash", &[script.to_str().unwrap()]);
        command.envs(inputs.iter().copied()).output().unwrap()
    }

    /// All steps, as the action runs them; the base is the commit before the last.
    fn run(&self, inputs: &[(&str, &str)]) -> Ran {
        let mut all = vec![("BKS_SCENARIOS", "scenarios/**/*.toml"), ("BKS_BASE", "HEAD~1")];
        all.extend(inputs);
        let mut said = String::new();
        for step in STEPS {
            let output = self.step(step, &all);
            said += &text(&output.stdout);
            said += &text(&output.stderr);
            assert!(output.status.success(), "{step}: {said}");
        }
        let gate = self.step("gate", &all);
        said += &text(&gate.stderr);
        let comment = fs::read_to_string(self.work().join("comment.md")).unwrap();
        assert_eq!(self.git(&["status", "--porcelain"]), "", "the steps change nothing");
        Ran { comment, code: gate.status.code(), said }
    }
}

fn lake() -> (&'static str, String) {
    ("scenarios/lake.toml", scenario("lake", ""))
}

#[test]
fn a_changed_scenario_is_compared_with_the_base() {
    let repository = Repository::of(&[lake(), ("scenarios/same.toml", scenario("same", ""))]);
    repository.commit(&[("scenarios/lake.toml", scenario_of_sessions("lake"))]);
    let ran = repository.run(&[("BKS_FAIL_IF", "saving < 50%\n\n kms_cost_usd > 1000 \n")]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let comment = &ran.comment;
    assert!(comment.starts_with("<!-- bks -->\n## S3 Bucket Keys\n\n- `scenarios/lake.toml`, changed: passed. **`pull-request#bucket-key`"), "{comment}");
    for part in [
        // A key and its verification for each of sixty requesters, in place of one.
        "makes 60 times as many KMS requests as `base#bucket-key`",
        "\n### `scenarios/lake.toml`\n",
        "| KMS requests saved |",
        "<summary>As it is now</summary>",
        "**lake: `bucket-key` saves ",
    ] {
        assert!(comment.contains(part), "{part}: {comment}");
    }
    assert!(!comment.contains("same.toml"), "{comment}");
    // Nobody learns from the comment where it was made.
    assert!(!comment.contains(repository.folder.path().to_str().unwrap()), "{comment}");
}

#[test]
fn the_gate_fails_by_conditions_and_assertions() {
    let repository = Repository::of(&[lake()]);
    let asserted = scenario_of_sessions("lake")
        .replace("replications = 1", "replications = 1\nassertions = [\"saving >= 0.99\"]");
    repository.commit(&[("scenarios/lake.toml", asserted)]);
    // The scenario's own assertion, a condition on it, and one on the difference.
    for (inputs, reason) in [
        (vec![], "assertion not met: `saving >= 0.99`"),
        (vec![("BKS_FAIL_IF", "saving < 95%")], "assertion not met: `saving >= 0.95`"),
        (vec![("BKS_FAIL_IF_CHANGED", "kms_requests > +10%")], "`--fail-if kms_requests > +10%`"),
    ] {
        let ran = repository.run(&inputs);
        assert_eq!(ran.code, Some(3), "{reason}: {}", ran.said);
        assert!(ran.said.contains("failed:\n- scenarios/lake.toml (exit code 3)"), "{}", ran.said);
        let part = "- `scenarios/lake.toml`, changed: **failed**. **`pull-request#bucket-key`";
        assert!(ran.comment.contains(part), "{}", ran.comment);
        let told =
            ran.comment.lines().any(|line| line.starts_with("    ") && line.contains(reason));
        assert!(told, "{reason}: {}", ran.comment);
    }
    // What is no condition is told as that.
    let ran = repository.run(&[("BKS_FAIL_IF", "savings are low")]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.comment.contains("`scenarios/lake.toml`, changed: **broken**."), "{}", ran.comment);
    assert!(ran.comment.contains("savings are low"), "{}", ran.comment);
}

#[test]
fn scenarios_are_added_removed_and_renamed() {
    let moved = scenario("moved", "# A line that tells it from others.\n# And another one.");
    let repository = Repository::of(&[lake(), ("scenarios/a.toml", moved.clone())]);
    repository.git(&["mv", "scenarios/a.toml", "scenarios/z.toml"]);
    repository.git(&["rm", "--quiet", "scenarios/lake.toml"]);
    let added = scenario_of_sessions("added").replace("10/s", "90/s").replace("\"b\"", "\"other\"");
    repository.commit(&[("scenarios/deep/er/new.toml", added)]);
    let ran = repository.run(&[("BKS_FAIL_IF_CHANGED", "saving < -1%")]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    for part in [
        "- `scenarios/lake.toml`, removed.\n",
        "- `scenarios/deep/er/new.toml`, added: passed. **added: `bucket-key` saves ",
        "- `scenarios/z.toml`, changed, before `scenarios/a.toml`: passed. **`pull-request#bucket-key` makes as many",
    ] {
        assert!(ran.comment.contains(part), "{part}: {}", ran.comment);
    }
}

#[test]
fn what_cannot_be_run_is_told() {
    let broken = scenario("lake", "").replace("10/s", "-10/s");
    let repository = Repository::of(&[lake()]);
    repository.commit(&[("scenarios/lake.toml", broken.clone())]);
    let ran = repository.run(&[]);
    assert_eq!(ran.code, Some(2), "{}", ran.said);
    for part in [
        "- `scenarios/lake.toml`, changed: **broken**.",
        "\n    error: scenarios/lake.toml:15:",
        "`-10/s`",
    ] {
        assert!(ran.comment.contains(part), "{part}: {}", ran.comment);
    }
    // Mended again, there is nothing to compare with, and that is no fault of the change.
    repository.commit(&[lake()]);
    let ran = repository.run(&[]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    for part in [
        "- `scenarios/lake.toml`, changed: passed. **lake: `bucket-key` saves ",
        "The scenario of the base cannot be run, so there is nothing to compare with:\n\n    error: ",
    ] {
        assert!(ran.comment.contains(part), "{part}: {}", ran.comment);
    }
    // What could not be run weighs more than a condition.
    repository
        .commit(&[("scenarios/lake.toml", broken), ("scenarios/new.toml", scenario("new", ""))]);
    let ran = repository.run(&[("BKS_FAIL_IF", "saving < 100%")]);
    assert_eq!(ran.code, Some(2), "{}", ran.said);
    assert!(ran.said.contains("scenarios/new.toml (exit code 3)"), "{}", ran.said);
}

#[test]
fn what_did_not_change_is_left_out_unless_it_is_wanted() {
    let repository = Repository::of(&[lake(), ("README.md", "old".into())]);
    repository.commit(&[("README.md", "new".into())]);
    let ran = repository.run(&[]);
    assert_eq!(
        (ran.code, ran.comment.as_str()),
        (Some(0), "<!-- bks -->\n## S3 Bucket Keys\n\nNo scenario changed.\n")
    );
    let ran = repository.run(&[("BKS_ALL", "true"), ("BKS_FAIL_IF_CHANGED", "kms_requests > +0")]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let part = "- `scenarios/lake.toml`, unchanged: passed. **`pull-request#bucket-key` makes as many KMS requests";
    assert!(ran.comment.contains(part), "{}", ran.comment);
    // No pattern, no scenario.
    let ran = repository.run(&[("BKS_SCENARIOS", " \n"), ("BKS_BASE", "no such commit")]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.comment.contains("No scenario changed."), "{}", ran.comment);
}

#[test]
fn a_changed_price_file_changes_the_scenarios_that_name_it() {
    let price = |dollars: &str| {
        format!(
            "date = \"2026-10-02\"\nsource = \"contract\"\nkms_request = \"{dollars} per 10000\"\n"
        )
    };
    let priced = scenario("priced", "[billing]\nprice_file = \"our prices.toml\"\n");
    let repository = Repository::of(&[
        lake(),
        ("scenarios/priced.toml", priced),
        ("scenarios/our prices.toml", price("$0.03")),
    ]);
    repository.commit(&[("scenarios/our prices.toml", price("$0.06"))]);
    let inputs = [("BKS_SCENARIOS", "scenarios/priced.toml\nscenarios/lake.toml")];
    let ran = repository.run(&inputs);
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.said, ran.comment);
    assert!(
        ran.comment.contains("- `scenarios/priced.toml`, changed: passed. **"),
        "{}",
        ran.comment
    );
    assert!(!ran.comment.contains("lake.toml"), "{}", ran.comment);
}

/// What GitHub would take for a command in a log: `::` at a line's beginning, `##[` anywhere.
fn assert_no_commands(said: &str) {
    let is_command = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
    assert_eq!(said.lines().find(is_command), None, "{said}");
}

/// Names are data: they run nothing, end no code, and are no options.
#[test]
fn names_of_strangers_are_harmless() {
    let names = [
        "scenarios/two words.toml",
        "scenarios/$(touch pwned).toml",
        "scenarios/lake#1.toml",
        "scenarios/`</code><img src=x>|@everybody.toml",
        "scenarios/line\n# heading\n::error::x.toml",
        "scenarios/turned\u{202e}lmot.toml",
        "scenarios/*.toml",
        "scenarios/;touch pwned;.toml",
        "scenarios/##[group]x.toml",
        "::error::x.toml",
        "-q.toml",
        "--help",
        "-",
    ];
    let repository = Repository::of(&[lake()]);
    let files: Vec<(&str, String)> =
        names.iter().enumerate().map(|(i, name)| (*name, scenario(&format!("s{i}"), ""))).collect();
    repository.commit(&files);
    let inputs = [("BKS_SCENARIOS", "scenarios/**\n-*\n::*")];
    let ran = repository.run(&inputs);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert_eq!(ran.comment.matches("added: passed. **s").count(), names.len(), "{}", ran.comment);
    for part in [
        "- `scenarios/two words.toml`, added: passed. **s0: `bucket-key` saves ",
        "- `scenarios/$(touch pwned).toml`, added",
        "- `scenarios/'</code><img src=x>|@everybody.toml`, added",
        "- `scenarios/line?# heading?::error::x.toml`, added",
        "- `scenarios/turned?lmot.toml`, added",
        "- `--help`, added",
        "- `-`, added",
    ] {
        assert!(ran.comment.contains(part), "{part}: {}", ran.comment);
    }
    assert_no_commands(&ran.said);

    // The same names, changed and broken.
    let broken: Vec<(&str, String)> =
        names.iter().map(|name| (*name, "x = \"\n```\n</details>\n## y\"".to_owned())).collect();
    repository.commit(&broken);
    let ran = repository.run(&inputs);
    assert_eq!(ran.code, Some(2), "{}", ran.said);
    assert_no_commands(&ran.said);
    assert_eq!(ran.comment.matches("changed: **broken**.").count(), names.len(), "{}", ran.comment);
    let starts = ["```", "</details>", "## y", "# heading", "::"];
    let escaped = |line: &&str| starts.iter().any(|start| line.starts_with(start));
    assert_eq!(ran.comment.lines().find(escaped), None, "{}", ran.comment);
    for folder in [repository.path(), repository.work()] {
        assert!(!folder.join("pwned").exists());
    }
}

const TIED: &str = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Lake", "Effect": "Allow", "Action": "kms:Decrypt",
  "Resource": "*", "Condition": {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::lake/*"}}}]}"#;

#[test]
fn policies_are_linted() {
    let repository = Repository::of(&[lake(), ("policies/two words.json", TIED.to_owned())]);
    repository.commit(&[]);
    for (inputs, code, parts) in [
        (
            vec![("BKS_LINT", " policies/two words.json \n")],
            3,
            ["- lint: **failed**. ", "statement `Lake`"],
        ),
        (
            vec![("BKS_LINT", "policies"), ("BKS_LINT_FAIL_ON", "never")],
            0,
            ["- lint: passed. ", "statement `Lake`"],
        ),
        (
            vec![("BKS_LINT", "policies\n-no-such-file")],
            2,
            ["- lint: **broken**. `error: ./-no-such-file", "\n    error: ./-no-such-file"],
        ),
    ] {
        let ran = repository.run(&inputs);
        assert_eq!(ran.code, Some(code), "{inputs:?}: {}", ran.said);
        for part in parts {
            assert!(ran.comment.contains(part), "{part}: {}", ran.comment);
        }
    }
}

/// As GitHub has it: the merge of base and head, alone.
#[test]
fn the_base_is_the_first_parent_of_the_merge() {
    let repository = Repository::of(&[lake()]);
    repository.git(&["switch", "--quiet", "--create", "topic"]);
    repository.commit(&[("scenarios/lake.toml", scenario_of_sessions("lake"))]);
    repository.git(&["switch", "--quiet", "main"]);
    repository.commit(&[("scenarios/of-others.toml", scenario("of-others", ""))]);
    repository.git(&["merge", "--quiet", "--no-edit", "--no-ff", "topic"]);
    repository.git(&["update-ref", "refs/pull/1/merge", "HEAD"]);

    let shallow = Repository::of(&[]);
    let origin = format!("file://{}", repository.path().display());
    shallow.git(&["remote", "add", "origin", &origin]);
    shallow.git(&["fetch", "--quiet", "--depth=1", "origin", "refs/pull/1/merge"]);
    shallow.git(&["checkout", "--quiet", "--detach", "FETCH_HEAD"]);
    let merge = shallow.git(&["rev-parse", "HEAD"]);
    let github = [("BKS_BASE", ""), ("GITHUB_SHA", merge.trim()), ("GITHUB_BASE_REF", "main")];
    let ran = shallow.run(&github);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert!(ran.comment.contains("- `scenarios/lake.toml`, changed"), "{}", ran.comment);
    assert!(!ran.comment.contains("of-others"), "{}", ran.comment);

    // A commit that is given by name is fetched.
    let first = repository.git(&["rev-parse", "main~2"]);
    let ran = shallow.run(&[("BKS_BASE", first.trim())]);
    assert!(ran.comment.contains("- `scenarios/of-others.toml`, added"), "{}", ran.comment);

    // Who checks out something else gets where it left the branch.
    repository.git(&["update-ref", "refs/remotes/origin/main", "main~1"]);
    repository.git(&["switch", "--quiet", "topic"]);
    let ran = repository.run(&github);
    assert!(ran.comment.contains("- `scenarios/lake.toml`, changed"), "{}", ran.comment);
    assert!(!ran.comment.contains("of-others"), "{}", ran.comment);
}

#[test]
fn without_a_base_there_is_a_way_out() {
    let repository = Repository::of(&[lake()]);
    for (inputs, hint) in [
        (vec![("BKS_BASE", "0123456789")], "`fetch-depth: 2`"),
        (vec![("BKS_BASE", "--help")], "`fetch-depth: 2`"),
        (vec![("GITHUB_EVENT_NAME", "pull_request_target")], "on pull_request"),
    ] {
        let mut all = vec![("BKS_SCENARIOS", "scenarios/*")];
        all.extend(inputs);
        let output = repository.step("changes", &all);
        assert_eq!(output.status.code(), Some(2), "{all:?}");
        assert!(text(&output.stderr).contains(hint), "{}", text(&output.stderr));
    }
}

#[test]
fn one_comment_is_posted_and_replaced() {
    let repository = Repository::of(&[lake()]);
    repository.commit(&[("scenarios/lake.toml", scenario_of_sessions("lake"))]);
    repository.stand_in(
        "gh",
        "printf '%s\\n' \"$*\" >>\"$HOME/calls\"\ncase $* in *--paginate*) cat \"$HOME/earlier\" ;; esac\n[ ! -e \"$HOME/refuses\" ]",
    );
    let home = repository.folder.path();
    let (summary, outputs) = (home.join("summary"), home.join("outputs"));
    let inputs = [
        ("GH_TOKEN", "token"),
        ("GITHUB_REPOSITORY", "owner/lake"),
        ("BKS_PULL_REQUEST", "7"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
        ("GITHUB_OUTPUT", outputs.to_str().unwrap()),
        ("BKS_FAIL_IF", "saving < 100%"),
    ];
    let body = format!("--field body=@{}", repository.work().join("comment.md").display());
    for (earlier, call) in [
        ("", "api --silent --method POST repos/owner/lake/issues/7/comments"),
        ("41\n42\n", "api --silent --method PATCH repos/owner/lake/issues/comments/41"),
    ] {
        fs::write(home.join("earlier"), earlier).unwrap();
        let _ = fs::remove_file(home.join("calls"));
        let ran = repository.run(&inputs);
        assert_eq!(ran.code, Some(3), "{}", ran.said);
        let calls = fs::read_to_string(home.join("calls")).unwrap();
        assert!(calls.ends_with(&format!("{call} {body}\n")), "{calls}");
        assert_eq!(fs::read_to_string(&summary).unwrap(), ran.comment);
        let said = fs::read_to_string(&outputs).unwrap();
        assert!(
            said.starts_with("markdown=/") && said.ends_with("/comment.md\nfailed=true\n"),
            "{said}"
        );
        fs::remove_file(&summary).unwrap();
        fs::remove_file(&outputs).unwrap();
    }
    // A token that may only read fails nothing.
    fs::write(home.join("refuses"), "").unwrap();
    let ran = repository.run(&inputs[..3]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.said.contains("::warning::the comment could not be posted"), "{}", ran.said);
    // Without a token nobody is asked.
    fs::remove_file(home.join("calls")).unwrap();
    repository.run(&inputs[1..3]);
    assert!(!home.join("calls").exists());
}

#[test]
fn a_comment_is_no_longer_than_github_takes() {
    let repository = Repository::of(&[]);
    let (work, summary) = (repository.work(), repository.folder.path().join("summary"));
    fs::create_dir(work.join("sections")).unwrap();
    for i in 0..40 {
        fs::write(
            work.join("sections").join(format!("{i:04}.md")),
            format!("section {i}\n{}\n", "é".repeat(4_000)),
        )
        .unwrap();
    }
    let mut items = String::new();
    for i in 0..400 {
        writeln!(items, "- item {i}{}", "x".repeat(100)).unwrap();
    }
    fs::write(work.join("items"), &items).unwrap();
    let output = repository.step("comment", &[("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let comment = fs::read_to_string(work.join("comment.md")).unwrap();
    assert!(comment.len() < 65_536 && comment.contains(&items), "{}", comment.len());
    assert!(comment.ends_with("\nLeft out, for it does not fit: 38 lines and sections.\n"));
    assert!(fs::read_to_string(&summary).unwrap().contains("section 39\n"), "the summary has all");
    fs::write(work.join("items"), items.repeat(30)).unwrap();
    assert!(repository.step("comment", &[]).status.success());
    assert!(fs::metadata(work.join("comment.md")).unwrap().len() < 65_536);
}

#[test]
fn bks_is_installed_from_the_release_or_from_its_source() {
    let repository = Repository::of(&[]);
    let home = repository.folder.path();
    let root = env!("CARGO_MANIFEST_DIR");
    let told = home.join("path");
    let inputs = [
        // Without the folder of this build.
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("RUNNER_TEMP", home.to_str().unwrap()),
        ("GITHUB_PATH", told.to_str().unwrap()),
        ("GITHUB_ACTION_PATH", root),
        ("GITHUB_ACTION_REPOSITORY", "owner/bks"),
    ];
    let path = format!("{}:{}", home.join("programs").display(), inputs[0].1);
    let inputs: Vec<_> =
        [("PATH", path.as_str())].into_iter().chain(inputs[1..].iter().copied()).collect();
    let archive = "name=bks-$version-$(uname -m)-unknown-linux-gnu\nmkdir -p \"$HOME/packed/$name\"\n\
         printf '#!/bin/sh\\necho released %s\\n' \"$version\" >\"$HOME/packed/$name/bks\"\nchmod +x \"$HOME/packed/$name/bks\"\n\
         tar -czf \"$HOME/bks-bin/$name.tar.gz\" -C \"$HOME/packed\" \"$name\"";
    repository.stand_in(
        "gh",
        &format!("[ \"$1 $2\" = 'release download' ] || exit 9\nversion=${{3#v}}\n{archive}"),
    );
    repository.stand_in(
        "cargo",
        "[ \"$*\" = \"install --quiet --locked --path $GITHUB_ACTION_PATH --root $HOME/bks-bin/built\" ] || exit 9\n\
         mkdir -p \"$HOME/bks-bin/built/bin\"\nprintf '#!/bin/sh\\necho built\\n' >\"$HOME/bks-bin/built/bin/bks\"\n\
         chmod +x \"$HOME/bks-bin/built/bin/bks\"",
    );
    let output = repository.step("install", &inputs);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), format!("released {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(fs::read_to_string(&told).unwrap(), format!("{}\n", home.join("bks-bin").display()));
    repository.stand_in("gh", "exit 1");
    let output = repository.step("install", &inputs);
    assert!(
        text(&output.stdout).ends_with("is built from its source\nbuilt\n"),
        "{}",
        text(&output.stdout)
    );
    // What is on the PATH is taken as it is.
    let output = repository.step("install", &[("RUNNER_TEMP", "/nowhere")]);
    assert_eq!(text(&output.stdout), format!("bks {}\n", env!("CARGO_PKG_VERSION")));
}

/// The definition gives the scripts what they ask for, and no input is part of a command.
#[test]
fn the_definition_fits_the_scripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("action");
    let mut scripts = String::new();
    for step in ["install", "changes", "simulate", "lint", "comment", "gate"] {
        assert!(
            ACTION.contains(&format!("run: bash \"$GITHUB_ACTION_PATH/action/{step}\"\n")),
            "{step}"
        );
        scripts += &fs::read_to_string(folder.join(step)).unwrap();
    }
    assert_eq!(ACTION.matches("run: ").count(), 6);
    assert!(ACTION.lines().all(|line| !(line.contains("run:") && line.contains("${{"))));
    let variables = ACTION.lines().filter_map(|line| line.trim().split_once(": ${{ "));
    for (name, value) in variables.filter(|(name, _)| name.starts_with("BKS_")) {
        assert!(scripts.contains(&format!("${{{name}:-")), "no script reads {name}");
        if let Some(input) = value.strip_prefix("inputs.") {
            let input = input.trim_end_matches(" }}");
            assert!(ACTION.contains(&format!("\n  {input}:\n")), "no input {input}");
        }
    }
    let page = fs::read_to_string(folder.parent().unwrap().join("docs/pull-request.md")).unwrap();
    let (inputs, _) = ACTION.split_once("\noutputs:").unwrap();
    for line in inputs.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let name = line.trim().trim_end_matches(':');
        assert!(
            name.contains(": ")
                || ["icon", "color"].contains(&name)
                || page.contains(&format!("| `{name}` |")),
            "{name}"
        );
    }
}

/// Each hook's command, as pre-commit calls it: with the names of files after it.
fn hooks() -> Vec<(&'static str, Vec<&'static str>)> {
    let ids = HOOKS.lines().filter_map(|line| line.strip_prefix("- id: "));
    let entries = HOOKS.lines().filter_map(|line| line.trim().strip_prefix("entry: bks "));
    ids.zip(entries.map(|entry| entry.split(' ').collect())).collect()
}

#[test]
fn hooks_take_the_files_that_they_are_given() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = fs::read_dir(&all).unwrap().map(|entry| entry.unwrap().path());
    let scenarios: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .map(|path| path.display().to_string())
        .collect();
    assert!(scenarios.len() > 10);
    fs::write(at.join("bad.toml"), "x = 1").unwrap();
    fs::write(at.join("worse.toml"), "x =").unwrap();
    fs::write(at.join("package.json"), "{}").unwrap();
    fs::write(at.join("policy.json"), TIED).unwrap();
    let called = |entry: &[&str], files: &[&str]| code_and_texts(at, &[entry, files].concat());
    let hooks = hooks();
    assert_eq!(hooks.len(), 4);
    for (id, entry) in hooks {
        if id.starts_with("bks-check") {
            let mut files: Vec<&str> = scenarios.iter().map(String::as_str).collect();
            let (code, out, err) = called(&entry, &files);
            assert_eq!((code, err.as_str()), (Some(0), ""), "{id}");
            assert_eq!(out.split("\n\n").count(), files.len(), "{out}");
            // Whatever is wrong with one, all are looked at.
            files.insert(0, "worse.toml");
            files.insert(2, "bad.toml");
            let (code, out, err) = called(&entry, &files);
            assert_eq!(code, Some(2), "{id}");
            assert!(err.contains("worse.toml:1:") && err.contains("bad.toml:1:1"), "{err}");
            assert_eq!(out.split("\n\n").count(), scenarios.len(), "{out}");
        } else {
            assert_eq!(called(&entry, &["package.json"]).0, Some(0), "{id}");
            let (code, out, _) = called(&entry, &["package.json", "policy.json"]);
            assert_eq!(code, Some(3), "{id}");
            assert!(out.contains("statement `Lake`"), "{out}");
            let (code, _, err) = called(&entry, &["missing.json"]);
            assert_eq!(code, Some(2), "{err}");
        }
    }
    let (code, _, err) = called(&["check", "--resolved"], &["bad.toml", "worse.toml"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("`--resolved` prints one scenario"), "{err}");
}
