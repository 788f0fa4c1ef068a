//! `bks experiment`: its script, run against a stand-in for the AWS CLI and a clock that skips, and what
//! `calibrate` makes of the trail.
//!
//! The stand-in (`support/experiment_aws.sh`) notes every call; when the script is done, [`answers`] answers
//! the noted calls under hidden parameters, by a plain model that shares no code with bks, and gives what KMS would
//! have logged: the calls of a script do not depend on the answers. A longer grid:
//!
//! ```sh
//! BKS_EXPERIMENTS=100 cargo test --release experiment:: -- --nocapture
//! ```

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::command::{code_and_texts, done};

/// What the stand-in hides.
#[derive(Clone, Copy, Debug)]
struct Hidden {
    generation_s: i64,
    cache_s: i64,
    is_sliding: bool,
    write_partitions: u64,
    read_partitions: u64,
    verify: u64,
    by_session: bool,
    /// Sessions with a policy have keys of their own.
    policies_scope: bool,
    /// What a request of each verb of [`COUNTED`] calls, for an object without a bucket key.
    calls: [&'static str; 8],
}

/// Verbs whose calls are hidden, by their name in the trail.
const COUNTED: [(&str, &str); 8] = [
    ("upload-part", "UploadPart"),
    ("list-parts", "ListParts"),
    ("complete-multipart-upload", "CompleteMultipartUpload"),
    ("head-object", "HeadObject (checksum)"),
    ("get-object", "GetObject"),
    ("ranged", "GetObject (range)"),
    ("copy-source", "CopyObject (source)"),
    ("update-object-encryption", "UpdateObjectEncryption"),
];

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default)]
struct Trouble {
    /// Bucket keys do not work: each request has a key of its own.
    no_bucket_keys: bool,
    /// One event in so many is lost.
    lost_one_in: Option<u64>,
    /// The first lookup has only so many hundredths of the events.
    late: Option<usize>,
    /// One event in so many is logged a second early, and one a second late.
    off_one_in: Option<u64>,
}

/// Random numbers of 64 bits (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: u64) -> u64 {
        self.next() % count
    }

    fn one_in(&mut self, count: Option<u64>) -> bool {
        count.is_some_and(|count| self.below(count) == 0)
    }
}

/// The hidden parameters number `seed` of the grid.
fn hidden(seed: u64) -> Hidden {
    let mut random = Random(1_000 + seed);
    let mut pick = |values: &[i64]| values[random.below(values.len() as u64) as usize];
    Hidden {
        generation_s: pick(&[60, 137, 300, 300, 420, 900]),
        cache_s: pick(&[60, 145, 300, 300, 510, 600]),
        is_sliding: pick(&[0, 0, 1]) == 1,
        write_partitions: pick(&[1, 1, 2, 4, 8]) as u64,
        read_partitions: pick(&[1, 1, 2, 4, 8]) as u64,
        verify: pick(&[0, 1]) as u64,
        by_session: pick(&[0, 1]) == 1,
        policies_scope: pick(&[0, 1]) == 1,
        calls: COUNTED.map(|(verb, _)| match verb {
            "upload-part" => ["", "Decrypt", "GenerateDataKey"][pick(&[0, 1, 2]) as usize],
            _ => ["", "Decrypt"][pick(&[0, 1]) as usize],
        }),
    }
}

impl Hidden {
    /// What a request of `verb` calls for an object without a bucket key.
    fn call(&self, verb: &str) -> &'static str {
        match verb {
            "put-object" | "create-multipart-upload" | "copy-object" => "GenerateDataKey",
            _ => self.calls[COUNTED.iter().position(|counted| counted.0 == verb).unwrap()],
        }
    }
}

/// S3's memory, and the events so far.
struct Answers {
    hidden: Hidden,
    trouble: Trouble,
    random: Random,
    /// By requester and partition, until when a key wraps.
    wraps: HashMap<(String, u64), i64>,
    /// By partition, until when the one object's key is cached.
    cached: HashMap<u64, i64>,
    events: Vec<String>,
}

/// A call of the script: second, session, verb, bucket, key, and all its words.
struct ScriptCall<'a> {
    second: i64,
    session: &'a str,
    verb: &'a str,
    bucket: &'a str,
    key: &'a str,
    words: Vec<&'a str>,
}

impl<'a> ScriptCall<'a> {
    fn parse(line: &'a str) -> Self {
        let fields: Vec<&str> = line.splitn(6, ' ').collect();
        let [second, session, verb, bucket, key, words] = fields[..] else { panic!("{line}") };
        let (second, words) = (second.parse().unwrap(), words.split(' ').collect());
        Self { second, session, verb, bucket, key, words }
    }

    /// The word after `option`.
    fn option(&self, option: &str) -> Option<&'a str> {
        let place = self.words.iter().position(|word| *word == option)?;
        self.words.get(place + 1).copied()
    }
}

/// Answers the script's calls, and gives the lines of KMS events.
fn answers(calls: &str, hidden: Hidden, trouble: Trouble, seed: u64) -> Vec<String> {
    let (wraps, cached, events) = (HashMap::new(), HashMap::new(), Vec::new());
    let mut answers = Answers { hidden, trouble, random: Random(seed), wraps, cached, events };
    for line in calls.lines() {
        answers.answer(&ScriptCall::parse(line));
    }
    answers.events
}

impl Answers {
    fn answer(&mut self, call: &ScriptCall) {
        let is_own = ["own-", "copy-", "upload-"].iter().any(|begins| call.key.starts_with(begins));
        let without = is_own || self.trouble.no_bucket_keys;
        let ranged = call.option("--range").is_some();
        match call.verb {
            "put-object" if !without => self.write(call),
            "get-object" if !without => self.read(call),
            "update-object-encryption" => {
                self.log(call, self.hidden.call(call.verb), Some(call.key));
                if !self.trouble.no_bucket_keys {
                    self.write(call);
                }
            }
            "copy-object" => {
                let (_, source) = call.option("--copy-source").unwrap().split_once('/').unwrap();
                self.log(call, self.hidden.call("copy-source"), Some(source));
                self.log(call, self.hidden.call("copy-object"), Some(call.key));
            }
            "get-object" if ranged => self.log(call, self.hidden.call("ranged"), Some(call.key)),
            verb => self.log(call, self.hidden.call(verb), Some(call.key)),
        }
    }

    fn write(&mut self, call: &ScriptCall) {
        let Hidden { by_session, policies_scope, .. } = self.hidden;
        let who = match call.session {
            "other" => "other",
            own if by_session || own == "scoped" && policies_scope => own,
            _ => "role",
        };
        let place = (who.to_owned(), self.random.below(self.hidden.write_partitions));
        let until = self.wraps.entry(place).or_default();
        if call.second >= *until {
            *until = call.second + self.hidden.generation_s;
            self.log(call, "GenerateDataKey", None);
            for _ in 0..self.hidden.verify {
                self.log(call, "Decrypt", None);
            }
        }
    }

    fn read(&mut self, call: &ScriptCall) {
        let partition = self.random.below(self.hidden.read_partitions);
        let until = self.cached.entry(partition).or_default();
        let asks = call.second >= *until;
        if asks || self.hidden.is_sliding {
            *until = call.second + self.hidden.cache_s;
        }
        if asks {
            self.log(call, "Decrypt", None);
        }
    }

    /// Logs a call, if `api` is one, in the context of an object or of the bucket.
    fn log(&mut self, call: &ScriptCall, api: &str, object: Option<&str>) {
        if api.is_empty() || self.random.one_in(self.trouble.lost_one_in) {
            return;
        }
        let early = i64::from(self.random.one_in(self.trouble.off_one_in));
        let late = i64::from(self.random.one_in(self.trouble.off_one_in));
        let arn =
            object.map_or_else(|| call.bucket.to_owned(), |key| format!("{}/{key}", call.bucket));
        let number = self.events.len();
        self.events.push(event(call.second - early + late, call.session, api, &arn, number));
    }
}

fn event(second: i64, session: &str, api: &str, arn: &str, number: usize) -> String {
    let role = match session {
        "reader" | "other" => session,
        _ => "writer",
    };
    let event: Value = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole", "principalId": format!("AROA:{session}"), "accountId": "111122223333",
            "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/{session}"),
            "accessKeyId": format!("ASIA{session}"),
        },
        "eventTime": jiff::Timestamp::from_second(second).unwrap().to_string(),
        "eventSource": "kms.amazonaws.com",
        "eventName": api,
        "awsRegion": "us-east-1",
        "requestParameters": {"encryptionContext": {"aws:s3:arn": format!("arn:aws:s3:::{arn}")}},
        "resources": [{"type": "AWS::KMS::Key", "ARN": "arn:aws:kms:us-east-1:111122223333:key/k"}],
        "eventID": format!("kms-{number}"),
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "eventCategory": "Management",
    });
    event.to_string()
}

const STAND_IN: &str = include_str!("support/experiment_aws.sh");

/// A folder with the experiment in `measure/` and stand-ins in `bin/`.
fn experiment(options: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let fixed = ["experiment", "--truths", "1", "--quiet", "--out", "measure"];
    done(folder.path(), &[&fixed[..], options].concat());
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for name in ["aws", "sleep", "date"] {
        let path = bin.join(name);
        fs::write(&path, STAND_IN).unwrap();
        make_executable(&path);
    }
    fs::write(folder.path().join("clock"), "1800000000\n").unwrap();
    fs::write(folder.path().join("calls"), "").unwrap();
    fs::write(folder.path().join("all"), "").unwrap();
    folder
}

#[cfg(unix)]
fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs the script with the stand-ins, which fail every `throttle`th request for an object, and what matches
/// `refused`.
fn run(folder: &Path, arguments: &[&str], throttle: u32, refused: &str) -> Output {
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    Command::new("sh")
        .arg("experiment.sh")
        .args(arguments)
        .current_dir(folder.join("measure"))
        .env("PATH", path)
        .env("STAND_IN", folder)
        .env("STAND_IN_THROTTLE", throttle.to_string())
        .env("STAND_IN_REFUSED", refused)
        .output()
        .unwrap()
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// Everything that the script made is removed.
fn assert_nothing_is_left(folder: &Path) {
    let all = read(folder, "all");
    let count = |part: &str| all.lines().filter(|line| line.contains(part)).count();
    assert_eq!(count("s3api create-bucket"), count("s3api delete-bucket"), "{all}");
    assert_eq!(count("iam create-role"), count("iam delete-role --role-name"), "{all}");
    let (scheduled, cancelled) = (count("schedule-key-deletion"), count("cancel-key-deletion"));
    assert_eq!(count("kms create-key"), scheduled - cancelled, "{all}");
    // Uploads that were begun are ended or aborted.
    let calls = read(folder, "calls");
    let uploads = |verb: &str| calls.lines().filter(|line| line.contains(verb)).count();
    let aborted = count("abort-multipart-upload");
    let [begun, ended] =
        ["s3api create-multipart-upload", "s3api complete-multipart-upload"].map(uploads);
    assert_eq!(begun, ended + aborted, "{calls}");
}

/// What `calibrate` states of the answers under `hidden`, and which of it is wrong.
fn judge(folder: &Path, bucket: &str, hidden: Hidden) -> (usize, Vec<String>) {
    let printed = done(
        folder,
        &["calibrate", "measure/trail", "--bucket", bucket, "--format", "json", "--quiet"],
    );
    let found: Value = serde_json::from_str(&printed).unwrap();
    let numbers = [
        ("generation_lifetime_s", hidden.generation_s),
        ("cache_lifetime_s", hidden.cache_s),
        ("write_partitions", hidden.write_partitions as i64),
        ("read_partitions", hidden.read_partitions as i64),
        ("verify_on_write", hidden.verify as i64),
    ];
    let (mut stated, mut wrong) = (0, Vec::new());
    for (name, truth) in numbers {
        let at = parameter(&found, name);
        let (low, high) = (at["low"].as_i64(), at["high"].as_i64());
        stated += usize::from(low.is_some() || high.is_some());
        if low.is_some_and(|low| low > truth) || high.is_some_and(|high| high < truth) {
            wrong.push(format!("{name} {low:?}..{high:?} of {hidden:?}"));
        }
    }
    let words = [
        ("expiry", if hidden.is_sliding { "sliding" } else { "fixed" }),
        ("requester_rule", if hidden.by_session { "session" } else { "role" }),
        ("session_policies", if hidden.policies_scope { "own-keys" } else { "shared-keys" }),
    ];
    for (name, truth) in words {
        if let Some(low) = parameter(&found, name)["low"].as_str() {
            stated += 1;
            if low != truth {
                wrong.push(format!("{name} {low} of {hidden:?}"));
            }
        }
    }
    for (verb, operation) in COUNTED {
        let calls = found["parameters"]["calls"].as_array().unwrap();
        let Some(own) = calls.iter().find(|calls| calls["operation"] == operation) else {
            continue;
        };
        stated += 1;
        for (name, api) in [("decrypt", "Decrypt"), ("generate_data_key", "GenerateDataKey")] {
            let truth = u64::from(hidden.call(verb) == api);
            if own[name]["low"].as_u64().is_some_and(|low| low != truth) {
                wrong.push(format!("{operation} {own} of {hidden:?}"));
            }
        }
    }
    (stated, wrong)
}

fn parameter<'a>(found: &'a Value, name: &str) -> &'a Value {
    let at = &found["parameters"][name];
    if at.is_null() { &found[name] } else { at }
}

/// The script's calls do not depend on the answers: one run of it serves many truths.
fn run_once(options: &[&str], throttle: u32) -> (tempfile::TempDir, String) {
    let folder = experiment(options);
    let output = run(folder.path(), &["--run"], throttle, "");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{message}");
    assert_nothing_is_left(folder.path());
    let printed = String::from_utf8(output.stdout).unwrap();
    let command = printed.lines().find(|line| line.contains("bks calibrate")).unwrap();
    let bucket = command.split("--bucket ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    (folder, bucket)
}

/// What is stated of a grid of hidden truths: how much, and what of it is wrong.
fn grid(throttle: u32, trouble: Trouble) -> (usize, Vec<String>) {
    let (folder, bucket) = run_once(&[], throttle);
    let calls = read(folder.path(), "calls");
    let (mut stated, mut wrong) = (0, Vec::new());
    for seed in 0..truths() {
        let events = answers(&calls, hidden(seed), trouble, seed);
        fs::write(folder.path().join("measure/trail/kms.json"), events.join("\n")).unwrap();
        let (more, false_ones) = judge(folder.path(), &bucket, hidden(seed));
        stated += more;
        wrong.extend(false_ones);
    }
    eprintln!("{trouble:?}: {stated} of {} stated, wrong: {wrong:#?}", 16 * truths());
    (stated, wrong)
}

fn truths() -> u64 {
    std::env::var("BKS_EXPERIMENTS").map_or(4, |text| text.parse().unwrap())
}

/// Of what is stated, at least 93 of 100 are true.
#[test]
#[cfg(unix)]
fn what_is_stated_of_hidden_truths_holds() {
    let troubles = [
        (0, Trouble::default()),
        (17, Trouble { off_one_in: Some(20), ..Trouble::default() }),
        (0, Trouble { lost_one_in: Some(100), ..Trouble::default() }),
    ];
    let cells: Vec<(usize, Vec<String>)> = std::thread::scope(|scope| {
        let running =
            troubles.map(|(throttle, trouble)| scope.spawn(move || grid(throttle, trouble)));
        running.into_iter().map(|cell| cell.join().unwrap()).collect()
    });
    let stated: usize = cells.iter().map(|(stated, _)| stated).sum();
    let wrong: Vec<&String> = cells.iter().flat_map(|(_, wrong)| wrong).collect();
    assert!(stated as u64 >= 3 * 11 * truths(), "only {stated} stated");
    assert!(100 * wrong.len() <= 7 * stated, "{wrong:#?}");
}

const LATE: Hidden = Hidden {
    generation_s: 60,
    cache_s: 60,
    is_sliding: false,
    write_partitions: 1,
    read_partitions: 1,
    verify: 1,
    by_session: false,
    policies_scope: true,
    calls: ["Decrypt"; 8],
};

/// Events come late: the script looks again until there are no more. It prints a command that works.
#[test]
#[cfg(unix)]
fn the_script_waits_for_late_events_and_says_what_to_type() {
    let trouble = Trouble { late: Some(60), ..Trouble::default() };
    let (folder, _) = run_once(&["--time", "15min"], 0);
    // Now with answers: the same calls at the same times, as the clock is the same.
    let events = answers(&read(folder.path(), "calls"), LATE, trouble, 7);
    fs::remove_dir_all(folder.path().join("measure/trail")).unwrap();
    let early = events.len() * trouble.late.unwrap() / 100;
    fs::write(folder.path().join("events-1"), tabs(&events[..early])).unwrap();
    fs::write(folder.path().join("events"), tabs(&events)).unwrap();
    fs::write(folder.path().join("clock"), "1800000000\n").unwrap();
    let output = run(folder.path(), &["--run"], 0, "");
    assert!(output.status.success());
    let trail = read(folder.path(), "measure/trail/kms.json");
    assert_eq!(trail.lines().filter(|line| !line.is_empty()).count(), events.len());
    let printed = String::from_utf8(output.stdout).unwrap();
    let typed = printed.lines().find_map(|line| line.trim().strip_prefix("bks ")).unwrap();
    let words: Vec<&str> = typed.split(' ').collect();
    done(&folder.path().join("measure"), &words);
    let found = read(folder.path(), "measure/found.toml");
    assert!(found.contains("verify_on_write"), "{found}");
}

fn tabs(events: &[String]) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}", events.join("\t"));
    text
}

#[test]
#[cfg(unix)]
fn without_bucket_keys_calibrate_says_so() {
    let (folder, bucket) = run_once(&["--time", "10min"], 0);
    let trouble = Trouble { no_bucket_keys: true, ..Trouble::default() };
    let events = answers(&read(folder.path(), "calls"), hidden(1), trouble, 1);
    fs::write(folder.path().join("measure/trail/kms.json"), events.join("\n")).unwrap();
    let table = done(folder.path(), &["calibrate", "measure/trail", "--bucket", &bucket]);
    assert!(table.contains("Bucket keys were off"), "{table}");
    // What uploads call is known all the same.
    assert!(table.contains("CompleteMultipartUpload"), "{table}");
}

#[test]
#[cfg(unix)]
fn a_dry_run_sends_nothing_and_who_may_not_remove_does_not_begin() {
    let folder = experiment(&["--time", "10min"]);
    let output = run(folder.path(), &[], 0, "");
    assert!(output.status.success());
    assert!(read(folder.path(), "all").is_empty());
    for refused in ["delete-bucket", "iam create-role", "schedule-key-deletion", "put-role-policy"]
    {
        let output = run(folder.path(), &["--run"], 0, refused);
        assert!(!output.status.success(), "{refused}");
        assert!(read(folder.path(), "calls").is_empty(), "{refused}: nothing is measured");
        assert!(!folder.path().join("measure/trail").exists(), "{refused}");
    }
    let _ = fs::remove_file(folder.path().join("all"));
    run(folder.path(), &["--run"], 0, "put-role-policy");
    assert_nothing_is_left(folder.path());
}

/// Where the first ten requests are all refused the rest would be, too: no hour is spent, and the cause is named.
#[test]
#[cfg(unix)]
fn what_is_refused_from_the_first_request_on_ends_at_once() {
    let folder = experiment(&["--time", "10min"]);
    let output = run(folder.path(), &["--run"], 1, "");
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("see trail/errors.txt"), "{message}");
    assert_eq!(read(folder.path(), "count").trim(), "10");
    assert_eq!(read(folder.path(), "measure/trail/errors.txt").matches("SlowDown").count(), 10);
    assert!(!folder.path().join("lookups").exists(), "nobody waits for events of nothing");
    assert_nothing_is_left(folder.path());
}

#[test]
fn options_out_of_range_are_refused_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    for (option, value, way_out) in [
        ("--time", "5min", "--time 50min"),
        ("--time", "12h", "--time 50min"),
        ("--budget", "0.0001", "--budget 0.05"),
        ("--prefix", "My_Test", "--prefix my-test"),
    ] {
        let (code, _, message) =
            code_and_texts(folder.path(), &["experiment", option, value, "--out", "x"]);
        assert_eq!(code, Some(2), "{option}: {message}");
        assert!(message.contains(way_out), "{message}");
        let typed: Vec<&str> = way_out.split(' ').collect();
        let fixed = ["experiment", "--truths", "1", "--quiet", "--overwrite", "--out", "x"];
        done(folder.path(), &[&fixed[..], &typed].concat());
    }
}

/// Same options, same bytes on any number of threads.
#[test]
fn designs_are_reproducible() {
    let folder = tempfile::tempdir().unwrap();
    for jobs in ["1", "3"] {
        let options = ["--truths", "3", "--time", "15min", "--jobs", jobs, "--out", jobs];
        done(folder.path(), &[&["experiment"][..], &options].concat());
    }
    for name in ["experiment.sh", "expected.csv", "experiment.json"] {
        assert_eq!(
            read(folder.path(), &format!("1/{name}")),
            read(folder.path(), &format!("3/{name}"))
        );
    }
}

fn designed(folder: &Path, options: &[&str]) -> Value {
    let fixed = ["experiment", "--quiet", "--overwrite", "--out", "x", "--format", "json"];
    serde_json::from_str(&done(folder, &[&fixed[..], options].concat())).unwrap()
}

/// Only what is asked is sent and expected; the rest is named as left open.
#[test]
fn a_question_makes_its_experiment() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--learn", "multipart,head_checksum", "--time", "10min", "--truths", "2"];
    let found = designed(folder.path(), &options);
    assert_eq!(found["asked"], json!(["multipart", "head_checksum"]));
    assert_eq!(found["not_asked"].as_array().unwrap().len(), 11);
    assert_eq!([&found["writes"], &found["reads"]], [&json!(1), &json!(0)]);
    // Twelve rounds of a PUT, a HEAD and the four steps of an upload.
    assert_eq!(found["others"], 72);
    let expected = found["expected"].as_array().unwrap();
    let names: Vec<&str> = expected.iter().map(|one| one["parameter"].as_str().unwrap()).collect();
    let operations = [
        "CreateMultipartUpload",
        "UploadPart",
        "ListParts",
        "CompleteMultipartUpload",
        "HeadObject (checksum)",
    ];
    assert_eq!(names, operations);
    assert!(expected.iter().all(|one| one["both_ends"] == 2 && one["holds"] == 2), "{found:#}");
    let script = read(folder.path(), "x/experiment.sh");
    let schedule = script.split("<<'SCHEDULE'").nth(1).unwrap();
    assert!(!schedule.contains(" reader get "), "{schedule}");
    assert!(script.contains("for session in a other; do"), "{script}");
}

/// A width that fewer requests reach makes it cheaper; one that none reaches is said not to be expected.
#[test]
fn a_width_takes_the_cheapest_that_comes_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let fixed = ["--learn", "generation_lifetime", "--time", "30min", "--truths", "6"];
    let with = |width: &[&str]| designed(folder.path(), &[&fixed[..], width].concat());
    let (precise, coarse) = (with(&[]), with(&["--width", "60%"]));
    assert_eq!(
        [&precise["is_within_width"], &coarse["is_within_width"]],
        [&Value::Null, &json!(true)]
    );
    assert!(coarse["writes"].as_u64() < precise["writes"].as_u64(), "{coarse:#}");
    assert_eq!(with(&["--width", "0.1%"])["is_within_width"], false);
    let all = ["experiment", "--out", "x", "--overwrite", "--width", "0.1%"];
    let table = done(folder.path(), &[&all[..], &fixed].concat());
    assert!(table.contains("is not to be expected"), "{table}");
    assert!(table.contains("what is not asked"), "{table}");
}
