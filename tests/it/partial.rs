//! Parts of a replay: `bks replay --partial` and `bks merge` leave the bytes that one replay of all logs leaves.
//!
//! The oracle is that one replay, byte for byte and file for file, whichever way whole buckets were split, put together and
//! summed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::command::{bks_with_input, code_and_texts, command, done, fails, text};
use crate::support::log_lines::{Line, session};

/// Numbers without a pattern.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

const BUCKETS: [&str; 5] = ["audit", "lake", "logs", "media", "staging"];

/// Who asks: sessions of roles, of which not all use each bucket; a role of another account of the same name; a user; a
/// service and somebody anonymous, of whom no account is known.
fn requester(dice: &mut Dice, bucket: usize) -> String {
    match dice.below(10) {
        0..4 => session("etl", &format!("run-{}", dice.below(2 + 3 * bucket as u64))),
        4..6 => session("reader", &format!("run-{bucket}")),
        6 => "arn:aws:iam::111122223333:user/ana".to_owned(),
        7 if bucket > 1 => "arn:aws:sts::444455556666:assumed-role/etl/other".to_owned(),
        7 => session("etl", "one"),
        8 => "svc:logging.s3.amazonaws.com".to_owned(),
        _ => "-".to_owned(),
    }
}

/// Lines of a bucket within two hours of 23 November 2026, from 12:00 on, with whatever logs have.
fn lines_of(bucket: usize, count: u32) -> Vec<Line> {
    let mut dice = Dice(7 + bucket as u64);
    let mut lines = Vec::new();
    for number in 0..count {
        let second = 12 * 3_600 + dice.below(7_200) as u32;
        let key = format!("{}/{}", ["a", "b", "c"][dice.below(3) as usize], dice.below(40));
        let operation = match dice.below(20) {
            0..5 => "REST.PUT.OBJECT",
            5..15 => "REST.GET.OBJECT",
            15 => "REST.HEAD.OBJECT",
            16 => "REST.DELETE.OBJECT",
            17 => "REST.POST.UPLOADS",
            18 => "REST.PUT.PART",
            _ => "REST.GET.ACL",
        };
        let line = Line {
            bucket: BUCKETS[bucket].to_owned(),
            requester: requester(&mut dice, bucket),
            status: if dice.below(12) == 0 { 403 } else { 200 },
            ..Line::new(second, operation, &key, (bucket as u32) << 20 | number)
        };
        // A copy within the bucket has two halves.
        if number % 50 == 0 {
            let halves = [("REST.COPY.OBJECT", "a/new"), ("REST.COPY.OBJECT_GET", "a/1")];
            for (half, (operation, key)) in (1..).zip(halves) {
                lines.push(Line {
                    operation,
                    key: key.to_owned(),
                    requester: session("copier", &format!("of-{bucket}")),
                    id: format!("{bucket:X}{number:08X}{half:X}"),
                    status: 200,
                    ..line.clone()
                });
            }
        }
        // What is delivered twice counts once.
        if number % 40 == 0 {
            lines.push(line.clone());
        }
        lines.push(line);
    }
    lines
}

const WINDOW: [&str; 4] = ["--from", "2026-11-23T12:00:00Z", "--to", "2026-11-23T14:00:00Z"];

/// A folder with a log of each bucket, one in which there is nothing, and their names in order.
fn logs(count: u32) -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for (number, bucket) in BUCKETS.iter().enumerate() {
        let name = format!("{bucket}.log");
        let mut log: String = lines_of(number, count).iter().map(Line::text).collect();
        if number == 2 {
            log.push_str("this is no line of a log\n");
        }
        fs::write(folder.path().join(&name), log).unwrap();
        names.push(name);
    }
    fs::write(folder.path().join("nothing.log"), "").unwrap();
    names.push("nothing.log".to_owned());
    names.sort();
    (folder, names)
}

/// `bks replay LOGS`, in the window, with other arguments.
fn replay(folder: &Path, logs: &[&str], more: &[&str]) {
    done(folder, &[&["replay", "-q"], logs, &WINDOW, &["--max-bad", "5%"], more].concat());
}

/// Name and bytes of every file in a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = entries
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()));
    files.collect()
}

/// Fails with the first line in which two folders differ.
fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (files(one), files(other));
    assert!(one.len() >= 14, "{:?}", one.keys());
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        let [mine, theirs] =
            [bytes, &other[name]].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let differ = mine.lines().zip(theirs.lines()).find(|(mine, theirs)| mine != theirs);
        assert_eq!(differ, None, "{name}");
        assert_eq!(bytes, &other[name], "{name}");
    }
}

/// Runs each part and merges all.
fn in_parts(folder: &Path, parts: &[Vec<&str>], more: &[&str], out: &str) {
    let mut names = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let name = format!("{out}-{number}.tsv");
        replay(folder, part, &[&["--partial", &name], more].concat());
        names.push(name);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    done(folder, &[&["merge", "-q", "-o", out], &names[..]].concat());
}

/// Whole buckets in so many parts, as the dice fall.
fn split<'a>(logs: &'a [String], parts: usize, dice: &mut Dice) -> Vec<Vec<&'a str>> {
    let mut split = vec![Vec::new(); parts];
    for log in logs {
        split[dice.below(parts as u64) as usize].push(log.as_str());
    }
    split.retain(|part| !part.is_empty());
    split
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

#[test]
fn any_split_of_whole_buckets_leaves_the_bytes_of_one_replay() {
    let (folder, logs) = logs(400);
    let folder = folder.path();
    replay(folder, &texts(&logs), &["-o", "whole"]);
    let whole = folder.join("whole");
    let mut dice = Dice(1);
    for (number, parts) in [1, 2, 3, 6].into_iter().enumerate() {
        let mut split = split(&logs, parts, &mut dice);
        if number % 2 == 1 {
            split.reverse();
        }
        let out = format!("of-{parts}");
        let jobs = ["1", "3"][number % 2];
        in_parts(folder, &split, &["--jobs", jobs], &out);
        assert_same(&whole, &folder.join(&out));
    }
    // Each by itself, the empty one, too.
    let each: Vec<Vec<&str>> = logs.iter().rev().map(|log| vec![log.as_str()]).collect();
    in_parts(folder, &each, &[], "each");
    assert_same(&whole, &folder.join("each"));
    // A tree of merges.
    done(folder, &["merge", "each-4.tsv", "each-0.tsv", "--partial", "left.tsv"]);
    done(folder, &["merge", "each-5.tsv", "each-1.tsv", "each-2.tsv", "--partial", "right.tsv"]);
    done(folder, &["merge", "right.tsv", "each-3.tsv", "--partial", "more.tsv"]);
    done(folder, &["merge", "-q", "more.tsv", "left.tsv", "-o", "tree"]);
    assert_same(&whole, &folder.join("tree"));
}

/// What is assumed, compared and billed differs; nothing of it is decided by a part.
#[test]
fn whatever_the_settings_a_split_changes_no_byte() {
    let (folder, logs) = logs(150);
    let folder = folder.path();
    let settings = "name = \"of-parts\"\nreplications = 4\nbilling = { kms_quota_per_s = 2, price_file = \"own.toml\" }\n\
        [[configuration]]\nname = \"keys\"\nencryption = \"sse-kms-bucket-key\"\nrequester_rule = \"role\"\n\
        [[configuration]]\nname = \"migrated\"\nencryption = \"sse-kms-bucket-key\"\nmigrated = true\n\
        [[configuration]]\nname = \"plain\"\nencryption = \"sse-kms\"\n\
        [[bucket]]\nname = \"lake\"\nregion = \"eu-west-1\"\n\
        [[bucket]]\nname = \"media\"\nbucket_keys_since = \"1h\"\n\
        [[principal]]\nname = \"reader\"\nrole = \"reader\"\nconnections = \"fresh\"\n";
    fs::write(folder.join("settings.toml"), settings).unwrap();
    let own = "kms_request = \"$0.04 per 10000\"\n";
    fs::write(folder.join("own.toml"), own).unwrap();
    let split: [Vec<&str>; 2] = [
        vec!["lake.log", "nothing.log", "staging.log"],
        vec!["audit.log", "logs.log", "media.log"],
    ];
    for (number, more) in [
        &["--unknown-age", "30d"][..],
        &["--unknown-age", "one-key", "--set", "assumptions.cache_lifetime=1min"],
        &["--scenario", "settings.toml"],
        &[
            "--scenario",
            "settings.toml",
            "--unknown-age",
            "7d",
            "--seed",
            "5",
            "--prices",
            "own.toml",
        ],
        &[
            "--configuration",
            "bucket-key-session",
            "--replications",
            "2",
            "--fail-if",
            "saving<-500%",
        ],
        &["--set", "lifetime=20s", "--as-kms"],
    ]
    .into_iter()
    .enumerate()
    {
        let (whole, out) = (format!("whole-{number}"), format!("parts-{number}"));
        replay(folder, &texts(&logs), &[more, &["-o", &whole]].concat());
        in_parts(folder, &split, more, &out);
        assert_same(&folder.join(&whole), &folder.join(&out));
    }
}

/// What lies before the window fills caches: all parts begin at one time.
#[test]
fn a_warm_up_begins_at_one_time_in_all_parts() {
    let (folder, logs) = logs(200);
    let folder = folder.path();
    let window = ["--from", "2026-11-23T13:00:00Z", "--to", "2026-11-23T13:40:00Z"];
    let run = |logs: &[&str], more: &[&str]| {
        let arguments = [&["replay", "-q", "--max-bad", "5%"], logs, &window, more].concat();
        done(folder, &arguments);
    };
    run(&texts(&logs), &["--warm-up", "30min", "-o", "whole"]);
    run(&["audit.log", "lake.log"], &["--warm-up", "30min", "--partial", "1.tsv"]);
    run(
        &["logs.log", "media.log", "nothing.log", "staging.log"],
        &["--warm-up", "30min", "--partial", "2.tsv"],
    );
    done(folder, &["merge", "-q", "1.tsv", "2.tsv", "-o", "merged"]);
    assert_same(&folder.join("whole"), &folder.join("merged"));
    run(&["logs.log"], &["--partial", "3.tsv"]);
    let said = fails(folder, 2, &["merge", "1.tsv", "3.tsv", "-o", "wrong"]);
    assert!(
        said.contains("3.tsv: it has `setting ") || said.contains("3.tsv: it has `window "),
        "{said}"
    );
    assert!(said.contains("`--warm-up`"), "{said}");
}

/// An engine sorts lines into groups by bucket, runs bks on each, and sums by all columns but the last.
#[test]
fn as_a_filter_sums_of_lines_are_the_sums_of_parts() {
    let (folder, logs) = logs(150);
    let folder = folder.path();
    let all: String =
        logs.iter().map(|log| fs::read_to_string(folder.join(log)).unwrap()).collect();
    let read = ["replay", "-", "-q", "--log-format", "s3-access-log", "--max-bad", "100%"];
    let filter = [&read[..], &["--partial", "-"], &WINDOW].concat();
    let mut groups: BTreeMap<&str, String> = BTreeMap::new();
    for line in all.lines() {
        let bucket = line.split(' ').nth(1).unwrap_or_default();
        let group = groups.entry(bucket).or_default();
        group.push_str(line);
        group.push('\n');
    }
    // A partition of the engine in which there is nothing, and a line that is none.
    groups.insert("", String::new());
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for group in groups.values() {
        let output = bks_with_input(folder, &filter, group);
        assert!(output.status.success(), "{}", text(&output.stderr));
        for line in text(&output.stdout).lines() {
            let (name, n) = line.rsplit_once('\t').unwrap();
            *sums.entry(name.to_owned()).or_default() += n.parse::<i64>().unwrap();
        }
    }
    // In no order.
    let lines: Vec<String> = sums.iter().rev().map(|(name, n)| format!("{name}\t{n}")).collect();
    let lines = lines.join("\n");
    let output = bks_with_input(folder, &["merge", "-", "-q", "-o", "summed"], &lines);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let whole = [&read[..], &["-o", "whole"], &WINDOW].concat();
    assert!(bks_with_input(folder, &whole, &all).status.success());
    let [mut summed, mut whole] = ["summed", "whole"].map(|name| files(&folder.join(name)));
    // Standard input has another hash in each group, and nothing else is another.
    for files in [&mut summed, &mut whole] {
        let run = text(&files.remove("run.toml").unwrap());
        let (before, _) = run.split_once("[[run.input]]").unwrap();
        files.insert("run.toml".to_owned(), before.as_bytes().to_vec());
        let facts = text(&files.remove("result.json").unwrap());
        let facts: Vec<&str> =
            facts.lines().filter(|line| !line.contains("\"run.toml\"")).collect();
        files.insert("result.json".to_owned(), facts.join("\n").into_bytes());
    }
    assert_eq!(summed.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
    for (name, bytes) in &whole {
        assert_eq!(text(bytes), text(&summed[name]), "{name}");
    }
}

#[test]
fn an_empty_slice_is_a_result() {
    let (folder, _) = logs(20);
    let folder = folder.path();
    let filter = [&["replay", "-", "-q", "--partial", "-"], &WINDOW[..]].concat();
    let output = bks_with_input(folder, &filter, "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines = text(&output.stdout);
    assert!(
        lines.lines().all(|line| line.starts_with("-\t-\t-\t") && line.matches('\t').count() == 5)
    );
    assert!(lines.contains("-\t-\t-\tformat\t1\t1\n"), "{lines}");
    fs::write(folder.join("empty.tsv"), &lines).unwrap();
    let said = fails(folder, 2, &["merge", "empty.tsv", "-o", "none"]);
    assert!(said.contains("no part has a request"), "{said}");
}

/// Nothing is at or after the first counted second: then neither a replay nor its parts tell anything.
#[test]
fn parts_without_a_counted_request_are_refused_as_a_replay_is() {
    let (folder, names) = logs(20);
    let folder = folder.path();
    let late = [
        "--from",
        "2026-11-23T18:00:00Z",
        "--to",
        "2026-11-23T19:00:00Z",
        "--warm-up",
        "12h",
        "--max-bad",
        "5%",
    ];
    let logs = texts(&names);
    let whole = [&["replay", "-q", "-o", "whole"], &logs[..], &late].concat();
    let said = fails(folder, 2, &whole);
    for (number, log) in logs.iter().enumerate() {
        let part = format!("{number}.tsv");
        done(folder, &[&["replay", log, "-q", "--partial", &part][..], &late].concat());
    }
    let parts: Vec<String> = (0..logs.len()).map(|number| format!("{number}.tsv")).collect();
    let merge = [&["merge", "-q", "-o", "merged"], &texts(&parts)[..]].concat();
    assert_eq!(fails(folder, 2, &merge), said);
    assert!(said.contains("no request at or after `--from`"), "{said}");
    assert!(!folder.join("merged").exists());
}

/// Logs of two formats may record the same requests; what is no partial result is not replaced; and one may be compressed, or
/// begin with any of its lines.
#[test]
fn partial_results_are_files_like_others() {
    let (folder, names) = logs(20);
    let folder = folder.path();
    let log = fs::read(folder.join(&names[0])).unwrap();
    let onto = [&["replay", &names[0], "-q", "--partial", &names[0]][..], &WINDOW].concat();
    let said = fails(folder, 2, &onto);
    assert!(said.contains("no partial result, so it is not replaced"), "{said}");
    assert_eq!(fs::read(folder.join(&names[0])).unwrap(), log);
    for (number, log) in texts(&names).iter().enumerate() {
        let part = format!("{number}.tsv");
        // A second time it is a partial result that is replaced.
        for _ in 0..2 {
            replay(folder, &[log], &["--partial", &part]);
        }
    }
    let mut parts: Vec<String> = (0..names.len()).map(|number| format!("{number}.tsv")).collect();
    done(folder, &[&["merge", "-q", "-o", "plain"], &texts(&parts)[..]].concat());
    let part = fs::read_to_string(folder.join("0.tsv")).unwrap();
    let mut lines: Vec<&str> = part.lines().collect();
    lines.reverse();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, (lines.join("\n") + "\n").as_bytes()).unwrap();
    fs::write(folder.join("0.tsv.gz"), gzip.finish().unwrap()).unwrap();
    parts[0].push_str(".gz");
    done(folder, &[&["merge", "-q", "-o", "packed"], &texts(&parts)[..]].concat());
    assert_same(&folder.join("plain"), &folder.join("packed"));
    let trail = r#"{"eventTime": "2026-11-23T12:00:32Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "requestParameters": {"bucketName": "other", "key": "15"}}"#;
    fs::write(folder.join("trail.json"), trail).unwrap();
    replay(folder, &["trail.json"], &["--partial", "trail.tsv"]);
    let said = fails(folder, 2, &["merge", "-o", "mixed", "1.tsv", "trail.tsv"]);
    assert!(said.contains("may record the same requests"), "{said}");
}

/// Trails tell of objects that are not under KMS, of several keys of a bucket, and of operations whose names have spaces.
#[test]
fn trails_with_objects_outside_kms_are_split_too() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let event = |bucket: &str, second: u32, name: &str, object: u32, key: Option<u32>| {
        let response = key.map_or_else(
            || r#""x-amz-server-side-encryption": "AES256""#.to_owned(),
            |key| {
                format!(
                    r#""x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id":
                    "arn:aws:kms:us-east-1:111122223333:key/k{key}""#
                )
            },
        );
        let applied = if key.is_some() { "SSE_KMS" } else { "Default_SSE_S3" };
        format!(
            r#"{{"eventVersion": "1.11", "eventCategory": "Data", "eventTime": "2026-11-23T12:{:02}:{:02}Z",
            "eventID": "{bucket}-{second}", "awsRegion": "us-east-1", "eventSource": "s3.amazonaws.com", "eventName": "{name}",
            "userIdentity": {{"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ana", "accountId": "111122223333",
            "userName": "ana"}}, "recipientAccountId": "111122223333",
            "requestParameters": {{"bucketName": "{bucket}", "key": "{object}"}}, "responseElements": {{{response}}},
            "additionalEventData": {{"SSEApplied": "{applied}"}}}}"#,
            second / 60,
            second % 60
        )
    };
    let mut names = Vec::new();
    for (bucket, keys) in [("audit", 1), ("lake", 3), ("media", 2)] {
        let mut dice = Dice(keys);
        let events: Vec<String> = (0..120)
            .map(|number| {
                let (object, key) = (dice.below(12) as u32, dice.below(keys + 1) as u32);
                let name = ["PutObject", "GetObject", "GetObject", "GetObjectAttributes"];
                let name = name[dice.below(4) as usize];
                event(bucket, 20 * number, name, object, key.checked_sub(1))
            })
            .collect();
        let name = format!("{bucket}.json");
        fs::write(folder.join(&name), format!("{{\"Records\": [{}]}}", events.join(","))).unwrap();
        names.push(name);
    }
    let logs = texts(&names);
    replay(folder, &logs, &["-o", "whole"]);
    let parts: Vec<Vec<&str>> = logs.iter().map(|log| vec![*log]).collect();
    in_parts(folder, &parts, &[], "merged");
    assert_same(&folder.join("whole"), &folder.join("merged"));
}

#[test]
fn what_are_no_parts_of_one_replay_is_refused_by_name() {
    let (folder, _) = logs(60);
    let folder = folder.path();
    let part = |log: &str, name: &str, more: &[&str]| {
        replay(folder, &[log], &[&["--partial", name], more].concat());
    };
    part("lake.log", "lake.tsv", &[]);
    part("media.log", "media.tsv", &[]);
    part("media.log", "seed.tsv", &["--seed", "9"]);
    part("media.log", "age.tsv", &["--unknown-age", "3d"]);
    for number in ["1", "2", "4"] {
        let log = ["audit.log", "lake.log", "logs.log"][number.parse::<usize>().unwrap() / 2];
        part(log, &format!("shard-{number}.tsv"), &["--shard", &format!("{number}/4")]);
    }
    // The first half of the lake's lines, and the second.
    let lake = fs::read_to_string(folder.join("lake.log")).unwrap();
    let lines: Vec<&str> = lake.lines().collect();
    for (half, lines) in lines.chunks(lines.len().div_ceil(2)).enumerate() {
        let name = format!("half-{half}.log");
        fs::write(folder.join(&name), lines.join("\n") + "\n").unwrap();
        part(&name, &format!("half-{half}.tsv"), &[]);
    }
    fs::write(folder.join("broken.tsv"), "-\t-\t-\tformat\t1\tone\n").unwrap();
    fs::write(folder.join("other.tsv"), "-\t-\t-\tformat\t9\t1\n").unwrap();
    fs::write(folder.join("lines.tsv"), "-\t-\t-\tbucket\tlake\t1\n").unwrap();
    for (parts, message) in [
        (
            &["lake.tsv", "seed.tsv"][..],
            "seed.tsv: it has `setting set 000000 seed 9`, but lake.tsv has",
        ),
        (
            &["age.tsv", "lake.tsv"],
            "lake.tsv: it does not have `setting unknown_age 3d`, which age.tsv has",
        ),
        (
            &["lake.tsv", "media.tsv", "lake.tsv"],
            "lake.tsv: the log `lake.log` is also in lake.tsv, so its requests would count twice",
        ),
        (&["half-0.tsv", "half-1.tsv"], "half-1.tsv: the bucket `lake` is in more than one part"),
        (&["shard-4.tsv", "shard-1.tsv", "shard-2.tsv"], "shard 3/4 is missing"),
        (
            &["shard-4.tsv", "media.tsv"],
            "1 of 2 parts are no shard, but the others are shards of 4",
        ),
        (
            &["lake.tsv", "broken.tsv"],
            "broken.tsv:1: the last column is `one`, but must be a whole number",
        ),
        (&["other.tsv"], "other.tsv: its format is `9`, but this version of bks reads `1`"),
        (&["lines.tsv"], "lines.tsv: it has no `format`, so it is no partial result"),
    ] {
        let said = fails(folder, 2, &[&["merge", "-o", "out"], parts].concat());
        assert!(said.contains(message) && said.contains("hint: "), "{parts:?}: {said}");
        assert!(!folder.join("out").exists());
    }
    fs::copy(folder.join("lake.tsv"), folder.join("again.tsv")).unwrap();
    let said = fails(folder, 2, &["merge", "lake.tsv", "again.tsv", "-o", "out"]);
    assert!(said.contains("again.tsv: the log `lake.log` is also in lake.tsv"), "{said}");
    // A killed part that is run again is the part that it would have been.
    let whole = fs::read(folder.join("lake.tsv")).unwrap();
    part("lake.log", "lake.tsv", &[]);
    assert_eq!(fs::read(folder.join("lake.tsv")).unwrap(), whole);
    let cut: Vec<&str> = std::str::from_utf8(&whole).unwrap().lines().collect();
    fs::write(folder.join("cut.tsv"), cut[..cut.len() / 2].join("\n")).unwrap();
    let (code, _, said) = code_and_texts(folder, &["merge", "cut.tsv", "-o", "out"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("cut.tsv: it is not whole"), "{said}");
    for (arguments, message) in [
        (
            &["replay", "lake.log", "--partial", "x.tsv"][..],
            "a partial result needs `--from` and `--to`",
        ),
        (
            &[&["replay", "lake.log", "--partial", "x.tsv", "--precision", "1%"][..], &WINDOW]
                .concat(),
            "a partial result has no `precision`",
        ),
        (&["replay", "lake.log", "--shard", "1/2"], "--partial <FILE>"),
    ] {
        let said = fails(folder, 2, arguments);
        assert!(said.contains(message), "{arguments:?}: {said}");
    }
}

/// A task of a job array says which part it is.
#[test]
fn a_task_of_a_job_array_is_a_shard() {
    let (folder, logs) = logs(40);
    let folder = folder.path();
    replay(folder, &texts(&logs), &["-o", "whole"]);
    for (number, log) in logs.iter().enumerate() {
        let name = format!("{number}.tsv");
        let arguments = [
            &["replay", "-q", log, "--max-bad", "5%", "--partial", &name, "--shard", "auto"],
            &WINDOW[..],
        ]
        .concat();
        let mut task = command(folder, &arguments);
        task.env("AWS_BATCH_JOB_ARRAY_INDEX", number.to_string());
        task.env("AWS_BATCH_JOB_ARRAY_SIZE", logs.len().to_string());
        let output = task.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let parts: Vec<String> = (0..logs.len()).map(|number| format!("{number}.tsv")).collect();
    done(folder, &[&["merge", "-q", "-o", "merged"], &texts(&parts)[..]].concat());
    assert_same(&folder.join("whole"), &folder.join("merged"));
}
