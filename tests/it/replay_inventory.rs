//! Objects whose writing only an inventory tells: the same log with the writes in it costs the same,
//! and what an inventory must not change does not change.

use crate::support::columns;
#[allow(dead_code)] // The naive count is for other tests.
use crate::support::log_lines;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bks::inventory::manifest::md5_of;
use bks::logs::LogFormat;
use bks::logs::bad_lines::BadLines;
use bks::logs::log::Log;
use bks::recording::earlier_objects::EarlierKey;
use bks::recording::gather::{LogSelection, RecordGatherer};
use bks::recording::{MemoryStore, Recording};
use bks::results::Results;
use bks::scenario::Scenario;
use bks::scenario::replay::Settings;
use columns::{Values, all, parquet, texts};
use log_lines::{Line, calls, session, text};

/// Midnight of 23 November 2026, in seconds since the epoch.
const MIDNIGHT_S: i64 = 1_795_392_000;
/// When reading begins.
const NOON: u32 = 43_200;

/// Lifetimes that no two times, which are multiples of ten seconds, can tell from a second less.
const SETTINGS: &str = r#"replications = 1
[assumptions]
generation_lifetime = "305s"
cache_lifetime = "125s"
read_partitions = 1
write_partitions = 1
"#;

/// What an inventory says of one object: its key, when it was written, and whether with a bucket key.
type Told = (String, u32, bool);

fn record(lines: &[Line], inventory: &[Told], from: u32, memory: usize) -> Recording {
    record_with(lines, inventory, from, memory, EarlierKey::WithoutKey)
}

/// As [`record`], if objects without a bucket key are `otherwise`.
fn record_with(
    lines: &[Line],
    inventory: &[Told],
    from: u32,
    memory: usize,
    otherwise: EarlierKey,
) -> Recording {
    let from = Some((MIDNIGHT_S + i64::from(from)) * 1_000_000_000);
    let wanted = LogSelection { from, inventories: true, ..LogSelection::default() };
    let mut gather = RecordGatherer::new(wanted, memory, Arc::new(MemoryStore::default()));
    let mut bad = BadLines::default();
    let log = text(lines);
    let log = Log::open(log.as_bytes(), None, Some(LogFormat::S3AccessLog)).unwrap().unwrap();
    log.entries("log", &mut bad, |entry| gather.take(&entry)).unwrap();
    for (key, second, has_bucket_key) in inventory {
        let ns = (MIDNIGHT_S + i64::from(*second)) * 1_000_000_000;
        let told = if *has_bucket_key { EarlierKey::WithKey } else { otherwise };
        gather.take_inventoried(b"lake", key.as_bytes(), ns, told).unwrap();
        assert!(!gather.take_inventoried(b"other", key.as_bytes(), ns, told).unwrap());
    }
    gather.finish().unwrap()
}

fn replay(recording: Recording) -> Results {
    let settings =
        Settings { file: Some((SETTINGS, "settings")), overrides: &[], unknown_age: None };
    let scenario = Scenario::of_recording(recording, &settings).unwrap();
    Results::of(&scenario, &|_| ())
}

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        ((self.0 >> 33) % u64::from(bound)) as u32
    }
}

/// Writes of the morning by one session, each of another object, and an afternoon's reads by three
/// sessions of two roles.
fn world(random: &mut Random) -> (Vec<Line>, Vec<Line>) {
    let objects = 1 + random.below(30);
    let span = [60, 600, 4_000][random.below(3) as usize];
    let write = |number: u32, random: &mut Random| Line {
        requester: session("loader", "one"),
        ..Line::new(10 * random.below(span), "REST.PUT.OBJECT", &format!("day/{number}"), number)
    };
    let writes: Vec<Line> = (0..objects).map(|number| write(number, random)).collect();
    let read = |number: u32, random: &mut Random| {
        let (role, name) =
            [("etl", "one"), ("etl", "two"), ("bi", "one")][random.below(3) as usize];
        let (second, key) = (NOON + 10 * random.below(100), random.below(objects));
        Line {
            requester: session(role, name),
            ..Line::new(second, "REST.GET.OBJECT", &format!("day/{key}"), 1_000 + number)
        }
    };
    let reads = (0..=random.below(80)).map(|number| read(number, random)).collect();
    (writes, reads)
}

#[test]
fn an_inventory_tells_what_the_writes_themselves_would() {
    let mut random = Random(1);
    let mut saved = 0;
    for _ in 0..150 {
        let (writes, reads) = world(&mut random);
        let told: Vec<Told> =
            writes.iter().map(|line| (line.key.clone(), line.second, true)).collect();
        let with_writes: Vec<Line> = writes.iter().chain(&reads).cloned().collect();
        let from = NOON;
        let known = replay(record(&with_writes, &[], from, usize::MAX));
        let inventoried = replay(record(&reads, &told, from, usize::MAX));
        for configuration in 0..known.facts.configurations.len() {
            assert_eq!(calls(&known, configuration), calls(&inventoried, configuration));
        }
        let (without, with) = (calls(&inventoried, 0), calls(&inventoried, 1));
        assert_eq!(without, (0, reads.len() as u64));
        saved += without.1 - with.1;
        // Neither order nor how much fits into memory changes anything.
        let mut turned = told.clone();
        turned.reverse();
        let turned = replay(record(&reads, &turned, from, 4_000));
        assert_eq!(calls(&turned, 1), with);
    }
    assert!(saved > 1_000, "{saved}");
}

/// `a` and `b` were written within 305 s, `c` later; `d` has no bucket key, of `e` nothing is told, and
/// `f` was written again since.
fn counted_by_hand() -> (Vec<Line>, Vec<Told>) {
    let reads = ["a", "b", "c", "d", "d", "e", "e", "f", "a", "b", "c"];
    let read = |(id, key): (usize, &&str)| Line::new(NOON, "REST.GET.OBJECT", key, id as u32);
    let told = [
        ("a", 36_000, true),
        ("b", 36_240, true),
        ("c", 36_360, true),
        ("d", 36_000, false),
        ("f", NOON + 7_200, true),
    ];
    let told = told.map(|(key, second, has)| (key.to_owned(), second, has));
    (reads.iter().enumerate().map(read).collect(), told.to_vec())
}

#[test]
fn calls_counted_by_hand() {
    let (reads, mut told) = counted_by_hand();
    let results = replay(record(&reads, &told, NOON, usize::MAX));
    // One for `a` and `b`, one for `c`; `d` twice, `e` twice, `f` once.
    assert_eq!((calls(&results, 0), calls(&results, 1)), ((0, 11), (0, 7)));
    // An object that nobody reads made the key at 09:58, which wraps `a` and no longer `b`; that one's
    // wraps `c` as well.
    told.push(("unread".to_owned(), 35_880, true));
    let reads: Vec<Line> =
        reads.into_iter().filter(|line| ["a", "b"].contains(&line.key.as_str())).collect();
    let results = replay(record(&reads, &told, NOON, usize::MAX));
    assert_eq!(calls(&results, 1), (0, 2));
    told.pop();
    let results = replay(record(&reads, &told, NOON, usize::MAX));
    assert_eq!(calls(&results, 1), (0, 1));
}

/// `d` is not under KMS: its two reads call in no configuration, all else is as above.
#[test]
fn objects_that_are_not_under_kms_never_call_it() {
    let (reads, told) = counted_by_hand();
    let told = record_with(&reads, &told, NOON, usize::MAX, EarlierKey::WithoutKms);
    let results = replay(told);
    assert_eq!((calls(&results, 0), calls(&results, 1)), ((0, 9), (0, 5)));
}

/// Writes an inventory of `lake` under `folder`; returns its manifest's path.
fn write_inventory(folder: &Path, columns: &str, rows: &str) -> String {
    let hash = |bytes: &[u8]| md5_of(bytes).unwrap();
    fs::write(folder.join("data.csv"), rows).unwrap();
    let manifest = format!(
        r#"{{"sourceBucket": "lake", "destinationBucket": "arn:aws:s3:::inventories",
        "version": "2016-11-30", "creationTimestamp": "1795400000000", "fileFormat": "CSV",
        "fileSchema": "{columns}",
        "files": [{{"key": "data.csv", "size": {}, "MD5checksum": "{}"}}]}}"#,
        rows.len(),
        hash(rows.as_bytes())
    );
    fs::write(folder.join("manifest.json"), &manifest).unwrap();
    fs::write(folder.join("manifest.checksum"), hash(manifest.as_bytes())).unwrap();
    folder.join("manifest.json").display().to_string()
}

#[test]
fn the_command_takes_an_inventory_and_says_what_it_tells() {
    let folder = tempfile::tempdir().unwrap();
    let (reads, told) = counted_by_hand();
    fs::write(folder.path().join("access.log"), text(&reads)).unwrap();
    let row = |(key, second, has): &Told| {
        let status = if *has { "ENABLED" } else { "DISABLED" };
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        format!(
            "\"lake\",\"{key}\",\"2026-11-23T{hour:02}:{minute:02}:00.000Z\",\"SSE-KMS\",\"{status}\"\n"
        )
    };
    let rows: String = told.iter().map(row).collect();
    let columns = "Bucket, Key, LastModifiedDate, EncryptionStatus, BucketKeyStatus";
    let manifest = write_inventory(folder.path(), columns, &rows);
    fs::write(folder.path().join("settings.toml"), SETTINGS).unwrap();
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bks"));
        command.args(["replay", "access.log"]);
        if !more.contains(&"--scenario") {
            command.args(["--scenario", "settings.toml"]);
        }
        if !more.contains(&"--out") {
            command.args(["--out", "out"]);
        }
        command.args(["--format", "csv"]).args(more).current_dir(&folder).output().unwrap()
    };
    let output = run(&["--inventory", &manifest]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(errors.contains("4 objects of `lake` with a bucket key, 1 without"), "{errors}");
    let rows = String::from_utf8(output.stdout).unwrap();
    let decrypts = |configuration: &str| {
        let mut reader = csv::Reader::from_reader(rows.as_bytes());
        let column = reader.headers().unwrap().iter().position(|name| name == "decrypt").unwrap();
        let mut rows = reader.records().map(Result::unwrap);
        let row = rows.find(|row| &row[1] == configuration && &row[2] == "assumed").unwrap();
        row[column].to_owned()
    };
    let names: Vec<String> = csv::Reader::from_reader(rows.as_bytes())
        .records()
        .map(|row| row.unwrap()[1].to_owned())
        .collect();
    assert_eq!(decrypts(&names[0]), "11.0");
    assert_eq!(decrypts(&names[3]), "7.0");
    // The run file with the same log and inventory gives the same files.
    let again = run(&["--inventory", &manifest, "--scenario", "out/run.toml", "--out", "again"]);
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    for file in ["summary.csv", "sensitivity.csv", "buckets.csv", "run.toml"] {
        let read = |run: &str| fs::read(folder.path().join(run).join(file)).unwrap();
        assert!(read("out") == read("again"), "{file}");
    }
    // S3 Metadata's table, in two files, tells the same.
    let fields = "optional binary bucket (STRING); optional binary key (STRING); \
                  optional int64 last_modified_date (TIMESTAMP(NANOS, true)); \
                  optional binary encryption_status (STRING); optional boolean is_bucket_key_enabled";
    let (front, back) = told.split_at(2);
    for (name, part) in [("1.parquet", front), ("2.parquet", back)] {
        let minute = |second: u32| i64::from(second / 60 * 60) + MIDNIGHT_S;
        let columns = [
            all("lake", part.len()),
            texts(part.iter().map(|(key, ..)| key.as_str())),
            Values::Long(part.iter().map(|(_, s, _)| Some(minute(*s) * 1_000_000_000)).collect()),
            all("SSE-KMS", part.len()),
            Values::Flag(part.iter().map(|(.., has)| Some(*has)).collect()),
        ];
        fs::write(folder.path().join(name), parquet(fields, &columns)).unwrap();
    }
    let by_table = run(&["--inventory", "1.parquet", "--inventory", "2.parquet", "--out", "table"]);
    let errors = String::from_utf8_lossy(&by_table.stderr);
    assert!(by_table.status.success(), "{errors}");
    assert!(
        errors.contains("4 objects of the logs' buckets with a bucket key, 1 without"),
        "{errors}"
    );
    let read = |run: &str| fs::read(folder.path().join(run).join("summary.csv")).unwrap();
    assert!(read("out") == read("table"));
    // Without a column that tells which key wraps what, it is refused.
    let manifest = write_inventory(folder.path(), "Bucket, Key", "\"lake\",\"a\"\n");
    let output = run(&["--inventory", &manifest]);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("`LastModifiedDate`") && errors.contains("manifest.json"), "{errors}");
}
