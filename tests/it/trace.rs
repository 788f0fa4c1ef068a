//! Traces: what is exported is what the engine looks up, and a replay counts what a naive cache in
//! whole seconds counts.

use crate::support::tiny;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use bks::encryption::assumptions::{Assumptions, Expiry, Level};
use bks::kms::KmsApi;
use bks::logs::Lookup;
use bks::logs::oracle_general::{RECORD_BYTES, Record};
use bks::replay::{Replay, Replayed};
use bks::scenario::Scenario;
use bks::simulation::export::{Lookups, TimedLookup};
use bks::simulation::objects::keep;
use bks::simulation::{Arm, run};
use bks::units::SimDuration;
use proptest::prelude::*;
use tiny::{Limits, cases};

/// Configurations of generated scenarios that use bucket keys.
const WITH_KEYS: [usize; 4] = [1, 2, 3, 4];

fn nanos(lookup: &TimedLookup) -> i64 {
    lookup.time.as_nanos()
}

/// Which look-ups miss, by a map and the definition: `fetched` is when what is held was fetched, or
/// used if `sliding`.
fn misses(lookups: &[(i64, u64)], lifetime: i64, sliding: bool) -> Vec<bool> {
    let mut fetched: HashMap<u64, i64> = HashMap::new();
    let mut miss = |&(time, object): &(i64, u64)| {
        let live = fetched.get(&object).is_some_and(|fetched| time - fetched < lifetime);
        if !live || sliding {
            fetched.insert(object, time);
        }
        !live
    };
    lookups.iter().map(&mut miss).collect()
}

/// Decrypt calls that the engine counts.
fn decrypts(scenario: &Scenario, configuration: usize, assumptions: Assumptions) -> u64 {
    let arm = Arm::of_totals(configuration, assumptions);
    run(scenario, &[arm], 0..1, &|_| ())[0][0].total_calls().get(KmsApi::Decrypt)
}

proptest! {
    #![proptest_config(cases(300, 0xE8B0))]

    /// The engine's Decrypt calls are the misses of a naive cache on the exported look-ups, and one
    /// for each unwrap of what has no bucket-level key.
    #[test]
    fn exported_lookups_are_those_of_the_engine(
        text in tiny::scenario(Limits { only_old: false, directory: false, told: false }),
        halves in 1..=12_i64,
        parts in 1..=3_u32,
        sliding in any::<bool>(),
    ) {
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        for configuration in WITH_KEYS {
            let mut assumptions = scenario.configurations[configuration].ranges.at(Level::Assumed);
            assumptions.verify_on_write = 0;
            assumptions.read_partitions = Some(parts);
            assumptions.cache_lifetime = SimDuration::from_nanos(halves * 500_000_000);
            assumptions.expiry = if sliding { Expiry::Sliding } else { Expiry::Fixed };
            let arm = Arm::of_totals(configuration, assumptions);
            let lookups: Vec<TimedLookup> = Lookups::new(&scenario, &keep(&scenario, 0), &arm, 0).collect();
            prop_assert!(lookups.is_sorted_by_key(nanos));
            let mut seen = 0;
            for lookup in &lookups {
                prop_assert!(lookup.entry <= seen, "numbered in order of first appearance");
                seen = seen.max(lookup.entry + 1);
            }
            let timed: Vec<_> = lookups.iter().map(|l| (nanos(l), l.entry)).collect();
            let counted = |l: &TimedLookup| l.time >= scenario.counted_from;
            let missed = misses(&timed, assumptions.cache_lifetime.as_nanos(), sliding);
            let missed = lookups.iter().zip(missed).filter(|(l, miss)| counted(l) && *miss);
            let uncached = Assumptions { cache_lifetime: SimDuration::ZERO, ..assumptions };
            let unwraps = decrypts(&scenario, configuration, uncached);
            let looked_up = lookups.iter().filter(|l| counted(l)).count() as u64;
            prop_assert_eq!(
                decrypts(&scenario, configuration, assumptions),
                missed.count() as u64 + (unwraps - looked_up),
                "configuration {}: {}", configuration, text
            );
        }
    }

    /// Small, great and scattered numbers, dense and sparse times, more than a basket holds.
    #[test]
    fn a_replay_counts_what_a_naive_cache_counts(
        seed in any::<u64>(),
        length in 0..60_000_usize,
        objects in prop::sample::select(vec![1_u64, 3, 1_000, 40_000, 1 << 20, 1 << 40, u64::MAX]),
        pause in prop::sample::select(vec![1_u64, 2, 400, 300_000]),
        lifetime in prop::sample::select(vec![0_i64, 1, 2, 300, 1_000_000, 1 << 33]),
        sliding in any::<bool>(),
    ) {
        let mut state = seed;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 33 ^ state
        };
        let mut second = draw() % 1_000;
        let lookups: Vec<Lookup> = (0..length)
            .map(|_| {
                second += if draw() % 4 == 0 { draw() % pause } else { 0 };
                Lookup { second: second as u32, object: draw() % objects }
            })
            .collect();
        prop_assume!(second < u64::from(u32::MAX));
        let expiry = if sliding { Expiry::Sliding } else { Expiry::Fixed };
        let mut replay = Replay::new(SimDuration::from_secs(lifetime), expiry);
        for block in lookups.chunks(7_001) {
            replay.answer(block.iter().copied()).unwrap();
        }
        let timed: Vec<_> = lookups.iter().map(|l| (l.second.into(), l.object)).collect();
        let missed = misses(&timed, lifetime, sliding);
        let distinct: std::collections::HashSet<u64> = lookups.iter().map(|l| l.object).collect();
        prop_assert_eq!(replay.finish(), Replayed {
            requests: length as u64,
            objects: distinct.len() as u64,
            misses: missed.iter().filter(|miss| **miss).count() as u64,
            first: lookups.first().map_or(0, |l| l.second),
            last: lookups.last().map_or(0, |l| l.second),
        });
    }
}

#[test]
fn a_part_of_a_second_of_lifetime_is_a_whole_one() {
    for (millis, misses) in [(0, 4), (1, 3), (1_000, 3), (1_001, 2), (2_000, 2), (2_001, 1)] {
        let lifetime = SimDuration::from_nanos(millis * 1_000_000);
        let mut replay = Replay::new(lifetime, Expiry::Fixed);
        let seconds = [5, 6, 7, 7];
        replay.answer(seconds.map(|second| Lookup { second, object: 9 }).into_iter()).unwrap();
        assert_eq!(replay.finish().misses, misses, "{millis} ms");
    }
}

#[test]
fn a_trace_spans_no_more_than_seconds_can_count() {
    let mut replay = Replay::new(SimDuration::MAX, Expiry::Fixed);
    let lookup = |second| Lookup { second, object: 1 };
    replay.answer([lookup(0), lookup(4_000_000_000)].into_iter()).unwrap();
    let error = replay.answer([lookup(u32::MAX)].into_iter()).unwrap_err();
    assert!(error.to_string().contains("record 3 is of second `4294967295`"), "{error}");
    assert_eq!(replay.finish().misses, 1);
}

const READS: &str = r#"name = "reads"
seed = 3
duration = "30min"
warm_up = "5min"
replications = 2
[[bucket]]
name = "data"
bucket_keys_since = "always"
[[principal]]
name = "readers"
role = "readers"
sessions = 20
[[population]]
name = "old"
bucket = "data"
objects = 100_000
age = { exponential = { mean = "1d" } }
[[workload]]
name = "read"
principal = "readers"
bucket = "data"
arrivals = { poisson = { rate = "20/s" } }
read = { from = ["old"], pattern = { by-age = { exponential = { mean = "2h" } } } }
"#;

fn bks(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bks")).args(arguments).current_dir(folder).output().unwrap()
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = bks(folder, arguments);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {message}");
    String::from_utf8(output.stdout).unwrap()
}

/// The message of a command that ends with `code`.
fn fails(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let output = bks(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("reads.toml"), READS).unwrap();
    folder
}

fn records(path: &Path) -> Vec<Record> {
    let bytes = fs::read(path).unwrap();
    let (raw, rest) = bytes.as_chunks::<RECORD_BYTES>();
    assert!(rest.is_empty());
    raw.iter().map(Record::from_bytes).collect()
}

#[test]
fn what_is_exported_replays_to_the_misses_of_a_naive_cache() {
    let folder = folder();
    let folder = folder.path();
    done(folder, &["export", "reads.toml", "--out", "reads.bin"]);
    let records = records(&folder.join("reads.bin"));
    assert!((30_000..42_000).contains(&records.len()), "{}", records.len());
    let timed: Vec<_> = records.iter().map(|r| (r.lookup.second.into(), r.lookup.object)).collect();
    for (lifetime, expiry) in [(300, "fixed"), (300, "sliding"), (1, "fixed"), (3_600, "fixed")] {
        let text = format!("{lifetime}s");
        let arguments = ["--cache-lifetime", &text, "--expiry", expiry, "--format", "json"];
        let printed = done(folder, &[&["replay", "reads.bin"], &arguments[..]].concat());
        let value: serde_json::Value = serde_json::from_str(&printed).unwrap();
        let missed = misses(&timed, lifetime, expiry == "sliding");
        assert_eq!(value["decrypt"], missed.iter().filter(|miss| **miss).count(), "{printed}");
        assert_eq!(value["requests"], records.len());
        assert_eq!(value["log_format"], "oracle-general");
    }
}

#[test]
fn the_table_says_what_was_counted() {
    let folder = folder();
    let folder = folder.path();
    done(folder, &["export", "reads.toml", "--out", "reads.bin", "--limit", "1000", "--quiet"]);
    let table = done(folder, &["replay", "reads.bin"]);
    assert!(table.starts_with("reads.bin: "), "{table}");
    for label in ["requests", "distinct entries", "Decrypt calls", "miss ratio"] {
        assert!(table.contains(&format!("\n  {label} ")), "{table}");
    }
    assert!(table.contains(" 1,000\n"), "{table}");
}

#[test]
fn an_export_is_a_function_of_scenario_and_replication_and_may_be_cut_short() {
    let folder = folder();
    let folder = folder.path();
    let export = |name: &str, more: &[&str]| {
        done(folder, &[&["export", "reads.toml", "--out", name], more].concat());
        records(&folder.join(name))
    };
    let whole = export("a.bin", &[]);
    assert_eq!(export("b.bin", &[]), whole);
    assert_ne!(export("c.bin", &["--replication", "1"]), whole);
    // In its place a shorter one: what lies beyond has no say in `next`.
    let cut = export("a.bin", &["--limit", "500"]);
    assert_eq!(cut.len(), 500);
    for (index, record) in cut.iter().enumerate() {
        assert_eq!(record.lookup, whole[index].lookup);
        assert_eq!(record.next, whole[index].next.filter(|next| *next <= 500));
    }
    // Six parts of the fleet instead of two: more entries, the same times.
    let low = export("d.bin", &["--level", "low"]);
    let entries = |records: &[Record]| records.iter().map(|r| r.lookup.object).max();
    assert!(entries(&low) > entries(&whole));
    assert!(low.iter().zip(&whole).all(|(a, b)| a.lookup.second == b.lookup.second));
}

#[test]
fn what_cannot_be_exported_says_why() {
    let folder = folder();
    let folder = folder.path();
    let export = |more: &[&str]| {
        let arguments = [&["export", "reads.toml", "--out", "x.bin"], more].concat();
        fails(folder, 2, &arguments)
    };
    let unknown = export(&["--configuration", "bucket-key-sesion"]);
    assert!(unknown.contains("`bucket-key-sesion` is no configuration"), "{unknown}");
    assert!(unknown.contains("did you mean `bucket-key-session`?"), "{unknown}");
    let without = export(&["--configuration", "sse-kms"]);
    assert!(without.contains("`sse-kms` uses no bucket keys"), "{without}");
    let keyless = export(&["--set", "bucket.data.bucket_keys_since=29min"]);
    assert!(keyless.contains("reads.toml: no request needs a bucket-level key"), "{keyless}");
    assert!(!folder.join("x.bin").exists());
    fs::create_dir(folder.join("there")).unwrap();
    let taken = fails(folder, 1, &["export", "reads.toml", "--out", "there"]);
    assert!(taken.contains("there: there is a folder"), "{taken}");
    let nowhere = fails(folder, 1, &["export", "reads.toml", "--out", "no/x.bin"]);
    assert!(nowhere.contains("no/x.bin: the file cannot be written"), "{nowhere}");
    let left: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn what_cannot_be_replayed_says_where_and_why() {
    let folder = folder();
    let folder = folder.path();
    let record = |second, object| {
        Record { lookup: Lookup { second, object }, size: 1, next: None }.to_bytes().to_vec()
    };
    let write = |name: &str, records: &[Vec<u8>]| {
        fs::write(folder.join(name), records.concat()).unwrap();
    };
    write("empty.bin", &[]);
    write("cut.bin", &[record(1, 1), record(2, 2), record(3, 3)[..7].to_vec()]);
    write("back.bin", &[record(1, 1), record(9, 2), record(8, 3)]);
    write("text.bin", &[b"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8".to_vec()]);
    let forced = ["--log-format", "oracle-general"];
    for (file, more, message) in [
        ("empty.bin", &[][..], "empty.bin: the file is empty"),
        ("cut.bin", &forced, "cut.bin: record 3 ends after 7 bytes, but a record has 24"),
        ("cut.bin", &[], "cut.bin: the file is of no known format"),
        ("back.bin", &forced, "record 3 is of second `8`, but the one before it of `9`"),
        ("back.bin", &[], "back.bin: the file is of no known format"),
        ("text.bin", &[], "text.bin: the file is of no known format"),
        ("none.bin", &[], "none.bin: the file cannot be read"),
    ] {
        let error = fails(folder, 2, &[&["replay", file], more].concat());
        assert!(error.contains(message), "{error}");
    }
    write("good.bin", &[record(1, 1), record(2, 2)]);
    for (option, value) in
        [("--fail-if", "saving<0.5"), ("--out", "x"), ("--set", "seed=1"), ("--bucket", "lake")]
    {
        let refused =
            fails(folder, 2, &[&["replay", "good.bin"], &forced[..], &[option, value]].concat());
        assert!(refused.contains(&format!("good.bin: `{option}` is of logs")), "{refused}");
    }
    let wrong = fails(folder, 2, &["replay", "back.bin", "--cache-lifetime", "5"]);
    assert!(wrong.contains("`5` is not a duration"), "{wrong}");
}
