//! Names and files of strangers, and runs that are broken off: nothing that a name holds means anything to
//! whoever shows it, a folder holds one run or another, and no input is waited for for ever.

use crate::support::command::command;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const SMALL: &str = r#"name = "small"
duration = "1h"
replications = 2
[[bucket]]
name = "data"
[[principal]]
name = "app"
role = "app"
[[workload]]
name = "write"
principal = "app"
bucket = "data"
arrivals = { poisson = { rate = "1/s" } }
"#;

/// Names by what they are to bring about, two and more of each kind.
const NAMES: [&str; 16] = [
    "\u{1b}]0;title\u{7}",
    "\u{1b}[2J\u{1b}[1mbold\r",
    "\u{9b}31mred\u{90}",
    "a\u{202e}txt.exe",
    "zero\u{200b}\u{2066}width\u{feff}",
    "=HYPERLINK(\"http://evil\")",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "\t=1+1",
    "+1\n=2",
    "`x` | [click](http://evil) <b>@team</b> ![i](http://evil/i.png)\n\n# H",
    "**b** ~~s~~ <!-- [x]: http://evil \\",
    "lake\"\n[[workload]]\nname = \"evil\"\n#",
    "'''\n[[workload]]\n\u{2028}\"\"\"",
    "my data",
    "nul\u{0}\u{fffe}%41 \"quoted\" [b]",
];

fn bks(folder: &Path, arguments: &[&str]) -> Output {
    let child = command(folder, arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    within_a_minute(child)
}

/// Its output; a command that waits for ever fails.
fn within_a_minute(child: Child) -> Output {
    let id = child.id().to_string();
    let done = thread::spawn(move || child.wait_with_output().unwrap());
    let begin = Instant::now();
    while !done.is_finished() {
        if begin.elapsed() > Duration::from_secs(60) {
            Command::new("kill").args(["-KILL", &id]).status().unwrap();
            panic!("it waits for ever");
        }
        thread::sleep(Duration::from_millis(5));
    }
    done.join().unwrap()
}

fn good(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = bks(folder, arguments);
    let (stdout, stderr) = (output.stdout, output.stderr);
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    (stdout, stderr)
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = bks(folder, arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(matches!(output.status.code(), Some(1 | 2)), "{arguments:?}: {stderr}");
    stderr
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.toml"), SMALL).unwrap();
    folder
}

/// A trail of S3's data events in which everything that strangers choose is called `name`.
fn trail(names: &[&str]) -> String {
    let event = |(number, name): (usize, &&str)| {
        ["PutObject", "GetObject"].map(|operation| {
            json!({
                "eventVersion": "1.10", "eventSource": "s3.amazonaws.com", "eventName": operation,
                "eventTime": format!("2026-11-20T00:{:02}:{:02}Z", number % 60, operation.len()),
                "awsRegion": "us-east-1", "eventCategory": "Data",
                "eventID": format!("{operation}-{number}"),
                "userIdentity": {
                    "type": "AssumedRole", "accountId": "111122223333",
                    "arn": format!("arn:aws:sts::111122223333:assumed-role/{name}/{name}"),
                },
                "requestParameters": { "bucketName": name, "key": format!("{name}/k") },
                "additionalEventData": { "SSEApplied": "SSE_KMS" },
            })
        })
    };
    let events: Vec<Value> = names.iter().enumerate().flat_map(event).collect();
    json!({ "Records": events }).to_string()
}

/// What Unicode says of the kinds that may not be shown: controls, format characters, separators.
fn can_be_seen(c: char) -> bool {
    let is_format = matches!(u32::from(c), 0xad | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
        | 0xfeff | 0xfff9..=0xfffb | 0xfffe | 0xffff | 0xe0000..=0xe007f);
    c == '\n' || !c.is_control() && !is_format
}

fn assert_seen(text: &str, what: &str) {
    if let Some(c) = text.chars().find(|c| !can_be_seen(*c)) {
        panic!("{what} has {c:?}: {text}");
    }
}

fn csv_files(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "csv")).collect()
}

#[test]
fn no_name_means_anything_to_whoever_shows_it() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join("trail.json"), trail(&NAMES)).unwrap();
    let (table, notes) = good(at, &["replay", "trail.json", "--out", "d"]);
    assert_seen(&table, "the table");
    assert_seen(&notes, "notes");
    assert!(table.contains("\\u{1b}]0;title\\u{7}") || table.contains("more in principals.csv"));
    for format in ["markdown", "csv", "json"] {
        let arguments = ["replay", "trail.json", "--out", "d", "--format", format];
        let (stdout, stderr) = good(at, &arguments);
        assert_seen(&stdout, format);
        assert_seen(&stderr, "notes");
    }
    for file in csv_files(&at.join("d")) {
        let text = fs::read_to_string(&file).unwrap();
        assert_seen(&text, &file.display().to_string());
        assert_no_formula(&text);
    }
    // Names come back as they are.
    let document = fs::read_to_string(at.join("d/result.json")).unwrap();
    assert_seen(&document, "result.json");
    let document: Value = serde_json::from_str(&document).unwrap();
    let known: BTreeSet<&str> = document["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["principal"].as_str().unwrap())
        .collect();
    let text = fs::read_to_string(at.join("d/principals.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let principal = rows.headers().unwrap().iter().position(|it| it == "principal").unwrap();
    let cells: BTreeSet<String> = rows
        .records()
        .map(|row| bks::harmless_text::uncell(&row.unwrap()[principal]).into_owned())
        .collect();
    assert_eq!(cells.iter().map(String::as_str).collect::<BTreeSet<_>>(), known);
    // An access log URL-encodes what would end a field, so that a `%41` is an `A`.
    // A slash ends the name of a role.
    let names =
        NAMES.iter().filter(|name| !name.contains('/')).map(|name| name.replace("%41", "A"));
    for name in names {
        assert!(known.iter().any(|known| known.contains(&name)), "{name:?} of {known:?}");
    }
    let compared = good(at, &["compare", "d"]);
    assert_seen(&compared.0, "compare");
}

/// No cell begins as formulas do, unless it is a number: by a parser of CSV that is not ours.
fn assert_no_formula(text: &str) {
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    for row in rows.records() {
        for cell in &row.unwrap() {
            let begins = cell.trim_start().starts_with(['=', '+', '-', '@']);
            assert!(!begins || cell.parse::<f64>().is_ok(), "`{cell}`");
            assert!(!cell.starts_with(['\t', '\r']), "`{cell}`");
        }
    }
}

/// Outside of code spans Markdown has no link, tag, mention or emphasis but its own, and within them no
/// backtick: an even number of backticks on each line.
#[test]
fn markdown_shows_names_and_nothing_else() {
    let folder = folder();
    let at = folder.path();
    for (number, name) in NAMES.iter().enumerate() {
        let file = format!("{number}.json");
        fs::write(at.join(&file), trail(&[name, "other"])).unwrap();
        let out = format!("d{number}");
        let (stdout, _) =
            good(at, &["replay", &file, "--out", &out, "--format", "markdown", "--quiet"]);
        let (reported, _) = good(at, &["report", &out, "--format", "markdown"]);
        for line in stdout.lines().chain(reported.lines()) {
            let parts: Vec<&str> = line.split('`').collect();
            assert!(parts.len() % 2 == 1 || line.starts_with("```"), "{line}");
            let outside: String = parts.into_iter().step_by(2).collect();
            for sign in ["](", "<b>", "@team", "http:", "<!--", "~~", "# H", "@SUM"] {
                assert!(!outside.contains(sign), "{line}");
            }
        }
    }
}

#[test]
fn charts_of_any_names_are_xml() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join("trail.json"), trail(&NAMES)).unwrap();
    good(at, &["replay", "trail.json", "--out", "d", "--quiet"]);
    good(at, &["plot", "d"]);
    let charts: Vec<PathBuf> =
        fs::read_dir(at.join("d/charts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(charts.len() > 5);
    for chart in charts {
        let svg = fs::read_to_string(&chart).unwrap();
        assert_seen(&svg, &chart.display().to_string());
        roxmltree::Document::parse(&svg).unwrap();
    }
    good(at, &["report", "d"]);
    let page = fs::read_to_string(at.join("d/report.html")).unwrap();
    let page = page.replace('\u{a0}', " ");
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}') && !page.contains('\0'));
}

#[test]
fn what_fit_writes_is_read_back_as_the_same_names() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join("trail.json"), trail(&NAMES)).unwrap();
    good(at, &["fit", "trail.json", "--out", "f.toml", "--no-check"]);
    good(at, &["check", "f.toml"]);
    let text = fs::read_to_string(at.join("f.toml")).unwrap();
    assert_seen(&text, "f.toml");
    let fitted: toml::Table = text.parse().unwrap();
    let buckets = fitted["bucket"].as_array().unwrap();
    let buckets: BTreeSet<&str> =
        buckets.iter().map(|bucket| bucket["name"].as_str().unwrap()).collect();
    for name in NAMES {
        assert!(buckets.contains(name.replace("%41", "A").as_str()), "{name:?}");
    }
    let (printed, _) = good(at, &["fit", "trail.json", "--out", "-", "--no-check", "--quiet"]);
    assert_eq!(printed, text);
}

/// Every request of an exported access log is read back, whatever its names.
#[test]
fn exported_access_logs_are_read_back() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join("trail.json"), trail(&NAMES)).unwrap();
    good(at, &["export", "trail.json", "--format", "access-log", "--out", "a.log"]);
    let log = fs::read_to_string(at.join("a.log")).unwrap();
    assert_eq!(log.lines().count(), 2 * NAMES.len());
    assert_seen(&log, "a.log");
    let (summary, stderr) =
        good(at, &["replay", "a.log", "--out", "d", "--max-bad", "0%", "--format", "csv"]);
    assert!(!stderr.contains("cannot be read"), "{stderr}");
    let row: Vec<&str> = summary.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(row[4].parse::<f64>(), Ok(2.0 * NAMES.len() as f64));
    let buckets = fs::read_to_string(at.join("d/buckets.csv")).unwrap();
    assert!(buckets.contains(",my data,"), "{buckets}");
}

/// Messages quote names, file names and bad lines, and show all of them.
#[test]
fn messages_are_seen_whole() {
    let folder = folder();
    let at = folder.path();
    let evil = "bad\u{1b}]0;t\u{7}\u{202e}\r.log";
    fs::write(at.join(evil), "no\u{1b}[2J line\u{200b} `of` a log\n").unwrap();
    for arguments in [
        vec!["replay", evil],
        vec!["replay", "--log-format", "s3-access-log", evil],
        vec!["check", evil],
        vec!["simulate", "small.toml", "--set", "bucket.0.name=\"\u{1b}[2J\""],
        vec!["report", "no\u{9b}folder"],
        vec!["plot", evil],
    ] {
        let output = bks(at, &arguments);
        assert_seen(&String::from_utf8(output.stderr).unwrap(), &format!("{arguments:?}"));
    }
}

/// An output that is no file is written into; a link still leads where it did.
#[test]
fn outputs_that_are_no_files_are_written_into() {
    let folder = folder();
    let at = folder.path();
    good(at, &["simulate", "small.toml", "--out", "d"]);
    let (page, _) = good(at, &["report", "d", "--out", "-"]);
    let commands: [&[&str]; 2] = [&["report", "d", "--out"], &["plot", "d/timeline.csv", "--out"]];
    for (number, command) in commands.into_iter().enumerate() {
        let pipe = at.join(format!("pipe{number}.svg"));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = pipe.clone();
        let reader = thread::spawn(move || fs::read(reader).unwrap());
        let name = pipe.display().to_string();
        good(at, &[command, &[&name]].concat());
        assert!(!fs::symlink_metadata(&pipe).unwrap().is_file(), "the pipe is still a pipe");
        let through = reader.join().unwrap();
        if number == 0 {
            assert_eq!(through, page.as_bytes());
        } else {
            assert!(through.starts_with(b"<svg"));
        }
    }
    // A link to a file, to a file to come, and one through another link.
    for (link, target) in [("a.html", "there.html"), ("b.html", "new.html"), ("c.html", "a.html")] {
        if link == "a.html" {
            fs::write(at.join(target), "old").unwrap();
        }
        symlink(target, at.join(link)).unwrap();
        good(at, &["report", "d", "--overwrite", "--out", link]);
        assert!(fs::symlink_metadata(at.join(link)).unwrap().is_symlink(), "{link}");
        assert_eq!(fs::read_to_string(at.join(target)).unwrap(), page, "{link}");
        assert!(fs::symlink_metadata(at.join("there.html")).unwrap().is_file());
    }
    let leftovers = fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(leftovers.into_iter().all(|name| !name.to_string_lossy().starts_with(".bks")));
}

#[test]
fn every_output_of_one_file_can_be_printed() {
    let folder = folder();
    let at = folder.path();
    for form in ["access-log", "cloudtrail", "parquet"] {
        let scenario = SMALL.to_owned()
            + "[[workload]]\nname = \"read\"\nprincipal = \"app\"\nbucket = \"data\"\n\
               arrivals = { poisson = { rate = \"1/s\" } }\n\
               read = { from = [\"write\"], pattern = { by-age = { exponential = { mean = \"1min\" } } } }\n";
        fs::write(at.join("reads.toml"), scenario).unwrap();
        good(at, &["export", "reads.toml", "--format", form, "--overwrite", "--out", "file"]);
        let printed = bks(at, &["export", "reads.toml", "--format", form, "--out", "-"]);
        assert_eq!(printed.stdout, fs::read(at.join("file")).unwrap(), "{form}");
    }
    assert!(!at.join("-").exists());
    let mode = fs::metadata(at.join("file")).unwrap().permissions().mode() & 0o777;
    good(at, &["init", "mine"]);
    let own = fs::metadata(at.join("mine.toml")).unwrap().permissions().mode() & 0o777;
    let plain = fs::metadata(at.join("small.toml")).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode, own), (plain, plain), "as the umask has it");
}

/// Files by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.is_file()).map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read(&path).unwrap())
    });
    let mut files: Vec<_> = files.collect();
    files.sort();
    files
}

/// A process that is killed between any two of the files that it moves leaves the new run, which the next
/// command puts into place.
#[test]
fn a_folder_is_one_run_however_far_another_came() {
    let folder = folder();
    let at = folder.path();
    let set = ["--set", "workload.0.arrivals.poisson.rate=100/s"];
    good(at, &["simulate", "small.toml", "--out", "old"]);
    good(at, &[&["simulate", "small.toml", "--out", "new"][..], &set].concat());
    let (old, new) = (files(&at.join("old")), files(&at.join("new")));
    let (expected, _) = good(at, &["report", "new", "--format", "markdown"]);
    let names: Vec<&String> =
        new.iter().map(|(name, _)| name).filter(|name| *name != "result.json").collect();
    for moved in [0, 1, 4, names.len()] {
        let mixed = at.join(format!("mixed{moved}"));
        fs::create_dir_all(mixed.join(".bks-commit")).unwrap();
        for (name, bytes) in &old {
            fs::write(mixed.join(name), bytes).unwrap();
        }
        for (name, bytes) in &new {
            let is_moved = names[..moved].contains(&name);
            let to = if is_moved { mixed.join(name) } else { mixed.join(".bks-commit").join(name) };
            fs::write(to, bytes).unwrap();
        }
        let name = mixed.display().to_string();
        let (found, _) = good(at, &["report", &name, "--format", "markdown"]);
        assert_eq!(found.replace(&format!("mixed{moved}"), "new"), expected);
        assert_eq!(files(&mixed), new);
        assert!(!mixed.join(".bks-commit").exists());
    }
    // Where files were put together by hand nobody knows what they are.
    for name in ["summary.csv", "timeline.csv", "run.toml"] {
        let mixed = at.join("by-hand");
        fs::create_dir_all(&mixed).unwrap();
        for (name, bytes) in &old {
            fs::write(mixed.join(name), bytes).unwrap();
        }
        fs::copy(at.join("new").join(name), mixed.join(name)).unwrap();
        for arguments in [["report", "by-hand"], ["compare", "by-hand"]] {
            let told = refused(at, &arguments);
            assert!(told.contains(&format!("by-hand/{name}: the file is not the one")), "{told}");
            assert!(told.contains("hint: "), "{told}");
        }
    }
    fs::copy(at.join("new/timeline.csv"), at.join("by-hand/timeline.csv")).unwrap();
    assert!(refused(at, &["plot", "by-hand"]).contains("timeline.csv: the file is not the one"));
}

#[test]
fn two_writers_leave_one_run() {
    let folder = folder();
    let at = folder.path();
    for seed in 0..8 {
        let seeds = [seed, seed + 100].map(|seed: u32| seed.to_string());
        let start = |seed: &String| {
            command(at, &["simulate", "small.toml", "--out", "d", "--quiet", "--seed", seed])
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        for child in seeds.iter().map(start).collect::<Vec<_>>() {
            let output = within_a_minute(child);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        good(at, &["report", "d", "--format", "markdown"]);
        let hidden = fs::read_dir(at.join("d")).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(hidden.into_iter().all(|name| !name.to_string_lossy().starts_with('.')));
    }
}

#[test]
fn what_others_wrote_is_not_replaced() {
    let folder = folder();
    let at = folder.path();
    fs::create_dir(at.join("d")).unwrap();
    fs::write(at.join("d/summary.csv"), "mine\n").unwrap();
    fs::write(at.join("d/notes.txt"), "mine\n").unwrap();
    fs::write(at.join("trail.json"), trail(&["role"])).unwrap();
    for arguments in [["simulate", "small.toml"], ["replay", "trail.json"]] {
        let told = refused(at, &[&arguments[..], &["--out", "d"]].concat());
        assert!(told.contains("`summary.csv` exists and was not written by bks"), "{told}");
        assert!(told.contains("--overwrite"), "{told}");
        assert_eq!(fs::read_to_string(at.join("d/summary.csv")).unwrap(), "mine\n");
    }
    good(at, &["simulate", "small.toml", "--out", "d", "--overwrite"]);
    assert_eq!(fs::read_to_string(at.join("d/notes.txt")).unwrap(), "mine\n");
    // From here on the files are bks's own. Those of a replay do not stay beside a simulation's.
    good(at, &["replay", "trail.json", "--out", "d"]);
    assert!(at.join("d/prefixes.csv").exists());
    good(at, &["simulate", "small.toml", "--out", "d"]);
    assert!(!at.join("d/prefixes.csv").exists() && !at.join("d/left_out.csv").exists());
    assert_eq!(fs::read_to_string(at.join("d/notes.txt")).unwrap(), "mine\n");
    // What is no file is refused, too.
    fs::remove_file(at.join("d/costs.csv")).unwrap();
    symlink("notes.txt", at.join("d/costs.csv")).unwrap();
    let told = refused(at, &["simulate", "small.toml", "--out", "d", "--overwrite"]);
    assert!(told.contains("`costs.csv` is a link there"), "{told}");
    assert_eq!(fs::read_to_string(at.join("d/notes.txt")).unwrap(), "mine\n");
}

/// Every command that leaves several files, and one of them each.
#[test]
fn what_others_wrote_is_not_replaced_by_any_command() {
    let folder = folder();
    let at = folder.path();
    for (command, file) in [
        ("explain", "causes.html"),
        ("advise", "advice.md"),
        ("sensitivity", "sensitivity.csv"),
        ("simulate", "buckets.csv"),
    ] {
        let out = at.join(command);
        fs::create_dir(&out).unwrap();
        fs::write(out.join(file), "mine\n").unwrap();
        let told = refused(at, &[command, "small.toml", "--out", command]);
        assert!(told.contains(&format!("`{file}` exists and was not written by bks")), "{told}");
        assert_eq!(fs::read_to_string(out.join(file)).unwrap(), "mine\n");
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "{command}");
        good(at, &[command, "small.toml", "--out", command, "--overwrite"]);
        // Now it is bks's own.
        good(at, &[command, "small.toml", "--out", command]);
    }
}

#[test]
fn replays_of_other_logs_are_not_replaced_unasked() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join("one.json"), trail(&["one"])).unwrap();
    fs::write(at.join("two.json"), trail(&["one", "two"])).unwrap();
    good(at, &["replay", "one.json"]);
    let results = fs::read_dir(at.join("results")).unwrap().next().unwrap().unwrap().path();
    let first = files(&results);
    let told = refused(at, &["replay", "two.json"]);
    assert!(told.contains("the folder has results of other logs"), "{told}");
    assert!(told.contains("--overwrite") && told.contains("--out"), "{told}");
    assert_eq!(files(&results), first);
    // The same log under another name and with other settings is the same.
    fs::copy(at.join("one.json"), at.join("copy.json")).unwrap();
    good(at, &["replay", "copy.json", "--seed", "3"]);
    good(at, &["replay", "two.json", "--overwrite"]);
    good(at, &["simulate", "small.toml"]);
    good(at, &["simulate", "small.toml", "--seed", "3"]);
}

/// What a killed process has left goes when the next one writes there; what a living one has stays.
#[test]
fn what_is_left_of_killed_runs_goes() {
    let folder = folder();
    let at = folder.path();
    for name in ["d/.bks-staging-dead", "d/.bks-staging-alive", ".bks-staging-dead2", ".bks-mine"] {
        fs::create_dir_all(at.join(name)).unwrap();
        fs::write(at.join(name).join("whole"), "half").unwrap();
    }
    fs::write(at.join("d/.bks-lock"), "").unwrap();
    let alive = fs::File::open(at.join("d/.bks-staging-alive")).unwrap();
    alive.lock().unwrap();
    good(at, &["simulate", "small.toml", "--out", "d"]);
    good(at, &["export", "small.toml", "--format", "access-log", "--out", "a.log"]);
    assert!(!at.join("d/.bks-staging-dead").exists() && !at.join(".bks-staging-dead2").exists());
    assert!(at.join("d/.bks-staging-alive").exists() && at.join(".bks-mine").exists());
    assert!(!at.join("d/.bks-lock").exists());
}

#[test]
fn a_signal_leaves_nothing_behind() {
    let folder = folder();
    let at = folder.path();
    for signal in ["INT", "TERM"] {
        let arguments =
            ["export", "small.toml", "--format", "access-log", "--out", "a.log", "--quiet"];
        let long = ["--set", "duration=30d", "--set", "workload.0.arrivals.poisson.rate=200/s"];
        let child = command(at, &[&arguments[..], &long].concat()).spawn().unwrap();
        let staged = || {
            let mut entries = fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name());
            entries.any(|name| name.to_string_lossy().starts_with(".bks"))
        };
        let begin = Instant::now();
        while !staged() {
            assert!(begin.elapsed() < Duration::from_secs(30), "it writes nothing");
            thread::sleep(Duration::from_millis(5));
        }
        Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status()
            .unwrap();
        let ended = within_a_minute(child).status;
        assert!(!ended.success());
        assert!(!staged() && !at.join("a.log").exists(), "{signal}");
    }
}

/// Nobody need hear what is said.
#[test]
fn results_do_not_hang_on_standard_error() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join("trail.json"), trail(&["role"])).unwrap();
    for (number, arguments) in
        [vec!["replay", "trail.json"], vec!["simulate", "small.toml"]].into_iter().enumerate()
    {
        let out = format!("d{number}");
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let child = command(at, &[&arguments[..], &["--out", &out]].concat())
            .stdout(Stdio::null())
            .stderr(full)
            .spawn()
            .unwrap();
        assert!(within_a_minute(child).status.success());
        assert!(at.join(out).join("result.json").exists());
    }
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let child = command(at, &["check", "missing.toml"]).stderr(full).spawn().unwrap();
    assert_eq!(within_a_minute(child).status.code(), Some(2));
}

/// Pipes and devices in a folder are no logs, and a folder is walked once however many links lead to it.
#[test]
fn walks_end() {
    let folder = folder();
    let at = folder.path();
    fs::create_dir_all(at.join("logs/deep")).unwrap();
    fs::write(at.join("logs/deep/trail.json"), trail(&["role"])).unwrap();
    assert!(Command::new("mkfifo").arg(at.join("logs/pipe")).status().unwrap().success());
    symlink("/dev/zero", at.join("logs/zero")).unwrap();
    symlink(".", at.join("logs/self")).unwrap();
    symlink("..", at.join("logs/deep/up")).unwrap();
    symlink("deep", at.join("logs/again")).unwrap();
    // Forty folders with two links each to the next: 2^40 ways to the last.
    for depth in 0..40 {
        let (here, next) = (at.join(format!("logs/dag{depth}")), format!("../dag{}", depth + 1));
        fs::create_dir_all(at.join(format!("logs/dag{}", depth + 1))).unwrap();
        fs::create_dir_all(&here).unwrap();
        symlink(&next, here.join("x")).unwrap();
        symlink(&next, here.join("y")).unwrap();
    }
    let (summary, _) = good(at, &["replay", "logs", "--out", "d", "--format", "csv"]);
    assert_eq!(summary.lines().nth(1).unwrap().split(',').nth(4), Some("2.0"));
    let run = fs::read_to_string(at.join("d/run.toml")).unwrap();
    assert_eq!(run.matches("[[run.input]]").count(), 1, "{run}");
    assert!(run.contains("logs/deep/trail.json"), "{run}");
    // Files that a scenario or a folder of results brings along are files, or refused at once.
    good(at, &["simulate", "small.toml", "--out", "e"]);
    fs::remove_file(at.join("e/costs.csv")).unwrap();
    assert!(Command::new("mkfifo").arg(at.join("e/costs.csv")).status().unwrap().success());
    assert!(refused(at, &["report", "e"]).contains("not a folder, a pipe or a device"));
    assert!(refused(at, &["plot", "e"]).contains("not a folder, a pipe or a device"));
    fs::remove_file(at.join("e/costs.csv")).unwrap();
    symlink("/dev/zero", at.join("e/costs.csv")).unwrap();
    assert!(refused(at, &["report", "e"]).contains("not a folder, a pipe or a device"));
    let told = refused(at, &["plot", "/dev/zero"]);
    assert!(told.contains("charts are of less"), "{told}");
}

fn with_ages(ages: &str) -> String {
    let population =
        format!("[[population]]\nname = \"old\"\nbucket = \"data\"\nobjects = 100\nage = {ages}\n");
    format!("{SMALL}{population}")
}

/// Weights whose sum is no number are refused; what a scenario names is not shown.
#[test]
fn scenarios_of_strangers_are_harmless() {
    let folder = folder();
    let at = folder.path();
    for weights in ["1e308, 1e308", "1e-320, 1e-322", "1.7e308, 1e307, 1e308"] {
        let steps: Vec<String> = weights
            .split(", ")
            .enumerate()
            .map(|(day, weight)| format!("{{ to = \"{}d\", weight = {weight} }}", day + 1))
            .collect();
        let scenario = with_ages(&format!("{{ steps = [{}] }}", steps.join(", ")));
        fs::write(at.join("ages.toml"), scenario).unwrap();
        let told = refused(at, &["simulate", "ages.toml"]);
        assert!(told.contains("the weights add up to"), "{told}");
    }
    fs::write(at.join("secret"), "password:x:0\nmore\n").unwrap();
    fs::write(at.join("ages.toml"), with_ages("{ histogram = \"secret\" }")).unwrap();
    let told = refused(at, &["check", "ages.toml"]);
    assert!(told.contains("secret:1:1") && !told.contains("password"), "{told}");
    assert!(Command::new("mkfifo").arg(at.join("pipe")).status().unwrap().success());
    fs::write(at.join("ages.toml"), with_ages("{ histogram = \"pipe\" }")).unwrap();
    assert!(refused(at, &["check", "ages.toml"]).contains("not a folder, a pipe or a device"));
    let many: Vec<String> = (1..=20_000).map(|hour| format!("{hour}h,1\n")).collect();
    let many = many.concat();
    fs::write(at.join("many.csv"), format!("to,weight\n{many}")).unwrap();
    fs::write(at.join("ages.toml"), with_ages("{ histogram = \"many.csv\" }")).unwrap();
    assert!(refused(at, &["check", "ages.toml"]).contains("`20000` steps"));
}

/// Two keys that once had one hash are two objects: 1,000 GETs of an object of which the log has no write
/// save nothing, whatever a neighbour of it is called.
#[test]
fn no_key_stands_for_another() {
    let folder = folder();
    let at = folder.path();
    let event = |number: usize, operation: &str, key: &str| {
        json!({
            "eventVersion": "1.10", "eventSource": "s3.amazonaws.com", "eventName": operation,
            "eventTime": format!("2026-11-20T00:{:02}:{:02}Z", number / 60, number % 60),
            "awsRegion": "us-east-1", "eventCategory": "Data", "eventID": format!("{operation}-{number}"),
            "userIdentity": { "type": "AssumedRole", "accountId": "111122223333",
                "arn": "arn:aws:sts::111122223333:assumed-role/role/session" },
            "requestParameters": { "bucketName": "lake", "key": key },
            "additionalEventData": { "SSEApplied": "SSE_KMS" },
        })
    };
    let replay = |written: &str| {
        let mut events = vec![event(0, "PutObject", written)];
        events.extend((1..=1_000).map(|at| event(at, "GetObject", "p/1yf1km4MnIYLr_.parquet")));
        fs::write(at.join("trail.json"), json!({ "Records": events }).to_string()).unwrap();
        let arguments = ["replay", "trail.json", "--out", "d", "--format", "json", "--quiet"];
        let document: Value = serde_json::from_str(&good(at, &arguments).0).unwrap();
        let saving = document["summary"].as_array().unwrap().iter().find(|row| {
            row["configuration"] == document["headline"] && row["assumption"] == "assumed"
        });
        saving.unwrap()["saving_ratio"].as_f64().unwrap()
    };
    assert!(replay("p/1yf1km4MnIYLr_.parquet") > 0.9, "the object itself");
    assert!(replay("p/g6qovc-mA..3zY.parquet") < 0.01, "one that had its hash");
    assert!(replay("p/other.parquet") < 0.01);
}

/// Pages and charts of many principals take seconds, and a page shows the first hundred.
#[test]
fn pages_of_many_principals_are_short() {
    let folder = folder();
    let at = folder.path();
    let names: Vec<String> = (0..6_000).map(|number| format!("role-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let log = trail(&names).replace("\"bucketName\":\"role-", "\"bucketName\":\"lake\",\"x\":\"");
    fs::write(at.join("trail.json"), log).unwrap();
    let arguments = ["replay", "trail.json", "--out", "d", "--quiet", "--replications", "1"];
    good(at, &arguments);
    let begin = Instant::now();
    good(at, &["report", "d"]);
    good(at, &["plot", "d"]);
    assert!(begin.elapsed() < Duration::from_secs(40), "{:?}", begin.elapsed());
    let page = fs::read_to_string(at.join("d/report.html")).unwrap();
    assert!(
        page.contains("The 100 with most KMS requests; <code>principals.csv</code> has 5900 more.")
    );
}

/// A file of a name that was given is replaced only on request: it may be the input, or a stranger's.
#[test]
fn files_of_given_names_are_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("small.toml"), SMALL).unwrap();
    good(at, &["simulate", "small.toml", "--out", "run"]);
    fs::write(at.join("mine"), "mine").unwrap();
    fs::write(at.join("mine.svg"), "mine").unwrap();
    let commands: [&[&str]; 5] = [
        &["export", "small.toml", "--out", "mine"],
        &["report", "run", "--out", "mine"],
        &["plot", "run/timeline.csv", "--out", "mine.svg"],
        &["calibrate", "small.log", "--out", "mine"],
        &["inventory", "small.csv", "--population", "mine"],
    ];
    for command in commands {
        let told = refused(at, command);
        assert!(told.contains("is not replaced") && told.contains("--overwrite"), "{told}");
        assert_eq!(fs::read_to_string(at.join(command[command.len() - 1])).unwrap(), "mine");
    }
    let told = refused(at, &["export", "small.toml", "--out", "small.toml"]);
    assert!(told.contains("small.toml: the file is there already"), "{told}");
    for command in &commands[..3] {
        good(at, &[command, &["--overwrite"][..]].concat());
        // A page or a chart of its own bks makes again.
        if command[0] != "export" {
            good(at, command);
        }
        assert_ne!(fs::read_to_string(at.join(command[command.len() - 1])).unwrap(), "mine");
    }
}
