//! `bks migrate` against closed forms, counts by hand and laws of conservation.

#![allow(clippy::float_cmp, reason = "whole numbers, and the same figure twice")]

use crate::support::command::{code_and_texts, done, fails};

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const MONTH_S: f64 = 30.0 * 86_400.0;
/// Dollars of a KMS request.
const CALL_USD: f64 = 3e-6;

/// Reads spread evenly over what was written in the last 60 days: a million objects from before, then what
/// comes. One host, keys of a day, so that the closed form of a cache holds.
const AGEING: &str = r#"
name = "ageing"
duration = "1d"
replications = 1
billing = { free_tier = false }
[assumptions]
generation_lifetime = "1d"
cache_lifetime = "1d"
expiry = "fixed"
cache_hosts = 1
verify_on_write = 0
[[bucket]]
name = "lake"
[[principal]]
name = "writer"
role = "writer"
[[principal]]
name = "reader"
role = "reader"
[[population]]
name = "before"
bucket = "lake"
objects = 1_000_000
age = { uniform = { to = "60d" } }
[[workload]]
name = "write"
principal = "writer"
bucket = "lake"
arrivals = { periodic = { rate = "12/h" } }
[[workload]]
name = "read"
principal = "reader"
bucket = "lake"
arrivals = { poisson = { rate = "0.01/s" } }
read = { from = ["before", "write"], pattern = { by-age = { uniform = { to = "60d" } } } }
"#;

/// Two populations that nobody but a uniform reader reads.
fn steady(population: &str) -> String {
    AGEING
        .replace("pattern = { by-age = { uniform = { to = \"60d\" } } }", "pattern = \"uniform\"")
        .replace("[\"before\", \"write\"]", "[\"before\"]")
        .replace("age = {", &format!("{population}\nage = {{"))
}

/// The same with its older half and its younger half in a population each, read as often.
fn in_halves() -> String {
    let whole = steady("").replace("0.01/s", "0.5/s");
    let older = whole.replace("objects = 1_000_000", "objects = 500_000");
    let older = older.replace("{ to = \"60d\" }", "{ from = \"30d\", to = \"60d\" }");
    let younger = r#"
[[population]]
name = "young-half"
bucket = "lake"
objects = 500_000
age = { uniform = { to = "30d" } }
[[workload]]
name = "read-young"
principal = "reader"
bucket = "lake"
arrivals = { poisson = { rate = "0.5/s" } }
read = { from = ["young-half"], pattern = "uniform" }
"#;
    older + younger
}

/// Rows of a CSV text by column.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column}: `{}`", row[column]))
}

/// What a plan of a scenario leaves: its ways, and its months.
struct Planned {
    folder: tempfile::TempDir,
    ways: Vec<BTreeMap<String, String>>,
    months: Vec<BTreeMap<String, String>>,
}

impl Planned {
    fn of(scenario: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("it.toml"), scenario).unwrap();
        let all = [&["migrate", "it.toml", "--quiet", "--out", "out"], arguments].concat();
        done(folder.path(), &all);
        let read =
            |name: &str| rows(&fs::read_to_string(folder.path().join("out").join(name)).unwrap());
        let (ways, months) = (read("migration_ways.csv"), read("months.csv"));
        Self { folder, ways, months }
    }

    fn way(&self, name: &str) -> &BTreeMap<String, String> {
        self.ways.iter().find(|row| row["way"] == name).unwrap_or_else(|| panic!("{:?}", self.ways))
    }

    fn of_months(&self, way: &str, column: &str) -> Vec<f64> {
        let of_way = self.months.iter().filter(|row| row["way"] == way);
        of_way.map(|row| number(row, column)).collect()
    }
}

/// At time t of a window W a share t/W of the reads hits what was written since, so the months of a window of
/// two save 1/4, 3/4 and then all of what keys save of a read: each day's key is asked for λ = 14.4 times a
/// day, of which 1/(1 + λ) call KMS.
#[test]
fn waiting_saves_what_is_read_of_new_objects() {
    let planned = Planned::of(AGEING, &["--months", "3"]);
    let reads = 0.01 * MONTH_S;
    let lambda = 0.01 * 86_400.0 / 60.0;
    let shares = [0.25, 0.75, 1.0];
    let of_a_read = 1.0 - 1.0 / (1.0 + lambda);
    let writes = 12.0 * 24.0 * 30.0;
    let savings = planned.of_months("wait", "saving_usd");
    for (saving, share) in savings.iter().zip(shares) {
        let expected = (reads * share * of_a_read + writes) * CALL_USD;
        assert!((saving - expected).abs() < 0.04 * expected, "{saving} for {expected}");
    }
    // A migration puts a million objects under one key, which takes about a call a day.
    let all = planned.of_months("update", "saving_usd");
    for (saving, share) in all.iter().zip(shares) {
        let expected = (reads * (share * of_a_read + 1.0 - share) + writes) * CALL_USD;
        assert!((saving - expected).abs() < 0.04 * expected, "{saving} for {expected}");
    }
    assert_eq!(planned.way("update")["waiting_meets_month"], "3");
    assert_eq!(planned.way("update")["payback"], "never");
}

/// The months of a way sum to its run's total, and what is saved is what is not paid.
#[test]
fn months_sum_to_the_run_and_savings_to_their_net() {
    let planned = Planned::of(AGEING, &["--months", "2"]);
    let long = AGEING.replace("duration = \"1d\"", "duration = \"60d\"");
    fs::write(planned.folder.path().join("long.toml"), long).unwrap();
    let printed =
        done(planned.folder.path(), &["simulate", "long.toml", "--out", "long", "--format", "csv"]);
    let summary = rows(&printed);
    // A run of two months shows them: the same shares as the plan's.
    let again = ["simulate", "long.toml", "--out", "long"];
    let table = done(planned.folder.path(), &again);
    assert!(table.contains("KMS requests saved in month"), "{table}");
    let [without, with] =
        ["kms_requests_without", "kms_requests"].map(|it| planned.of_months("wait", it));
    for (without, with) in without.iter().zip(with) {
        let saved = format!("{:.1} %", 100.0 * (1.0 - with / without));
        assert!(table.contains(&saved), "{saved}: {table}");
        // Each call less saves its price: there is no free tier.
        let dollars = format!("${:.2}", (without - with) * CALL_USD);
        assert!(table.contains(&dollars), "{dollars}: {table}");
    }
    for (way, configuration) in [("leave", "sse-kms"), ("wait", "bucket-key-role")] {
        let row = summary.iter().find(|row| row["configuration"] == configuration).unwrap();
        let sum: f64 = planned.of_months(way, "kms_requests").iter().sum();
        assert!((sum - number(row, "kms_requests")).abs() < 1e-6 * sum, "{way}: {sum}");
    }
    for way in ["wait", "update", "copy"] {
        let once = number(planned.way(way), "one_off_usd");
        let mut net = -once;
        for row in planned.months.iter().filter(|row| row["way"] == way) {
            let saving = number(row, "kms_cost_without_usd") - number(row, "kms_cost_usd");
            assert!((saving - number(row, "saving_usd")).abs() < 1e-9);
            net += saving;
            assert!((net - number(row, "net_usd")).abs() < 1e-9);
            assert!(number(row, "net_low_usd") <= net + 1e-9);
            assert!(number(row, "net_high_usd") >= net - 1e-9);
        }
    }
}

/// By hand, of the price list, a million objects: $5 PUT, $1 objects, $0.25 a job, $3 KMS and one call more,
/// $0.015 list; at 1,000 a second a thousand seconds and 1 % of 100,000 calls a second.
#[test]
fn a_plan_costs_and_takes_what_is_counted_by_hand() {
    let planned = Planned::of(&steady("object_size = \"1MiB\""), &["--months", "2"]);
    for way in ["update", "copy"] {
        let row = planned.way(way);
        assert_eq!(number(row, "one_off_usd"), 9.265_003);
        assert_eq!(number(row, "duration_s"), 1_000.0);
        assert_eq!(number(row, "bytes"), 1_048_576e6);
        let others = number(row, "quota_share_max") - 0.01;
        assert!((0.0..1e-3).contains(&others), "{others}");
        let fastest = number(row, "fastest_objects_per_s");
        assert!((fastest - 80_000.0).abs() < 20.0, "{fastest}");
    }
    // Every month is as the run: reads alone are of old objects, and stay so.
    let savings = planned.of_months("update", "saving_usd");
    assert_eq!(savings[0], savings[1]);
    assert_eq!(planned.way("update")["waiting_meets_month"], "");
    let slow = Planned::of(
        &steady("object_size = \"1MiB\""),
        &["--months", "1", "--rate", "100/s", "--headroom", "50%"],
    );
    assert_eq!(number(slow.way("update"), "duration_s"), 10_000.0);
}

/// What stands against objects is told, and costs nothing.
#[test]
fn what_cannot_be_touched_is_left_and_told() {
    let locked = Planned::of(&steady("object_lock = true"), &["--months", "1"]);
    assert!(locked.ways.iter().all(|row| row["operation"] != "update"));
    assert_eq!(number(locked.way("copy"), "objects"), 1e6);
    let archived = steady("storage_class = \"DEEP_ARCHIVE\"\nobject_size = \"6GiB\"");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("it.toml"), archived).unwrap();
    let text = done(folder.path(), &["migrate", "it.toml", "--months", "1"]);
    assert!(
        text.contains("copy: 1,000,000 objects of `before` (DEEP_ARCHIVE) are archived"),
        "{text}"
    );
    assert!(
        text.contains("S3UpdateObjectEncryption") && !text.contains("S3PutObjectCopy"),
        "{text}"
    );
}

/// By hand: a daily job of a hundred objects that scans all there is grows by what is written, here 8,640 a month to 95,680 (100,000 at the middle of the first).
#[test]
fn traffic_grows_from_month_to_month() {
    let jobs = "jobs = { every = \"1d\", steps = [{ action = \"read\", objects = 100, rate = \"50/s\" }] }";
    let of_jobs = |growth: &str| {
        let read = "arrivals = { poisson = { rate = \"0.01/s\" } }";
        AGEING
            .replace(read, &format!("{jobs}\ngrowth = \"{growth}\""))
            .replace("1_000_000", "95_680")
    };
    let writes = 12.0 * 24.0 * 30.0;
    let planned = Planned::of(&of_jobs("with-data"), &["--months", "2"]);
    let calls = planned.of_months("leave", "kms_requests");
    // A hundred objects, then 108.64.
    assert_eq!(calls, [3_000.0 + writes, 30.0 * 109.0 + writes]);
    let poisson = AGEING.replace(
        "[[workload]]\nname = \"read\"",
        "[[workload]]\ngrowth = \"-50%/month\"\nname = \"read\"",
    );
    let planned = Planned::of(&poisson, &["--months", "2"]);
    let calls = planned.of_months("leave", "kms_requests");
    for (calls, mean) in calls.iter().zip([25_920.0, 12_960.0]) {
        let off = (calls - writes - mean).abs();
        assert!(off < 5.0 * f64::sqrt(mean), "{calls} for {mean}");
    }
    let folder = tempfile::tempdir().unwrap();
    let periodic = AGEING.replace("name = \"write\"", "growth = \"+3%/month\"\nname = \"write\"");
    fs::write(folder.path().join("it.toml"), periodic).unwrap();
    let error = fails(folder.path(), 2, &["migrate", "it.toml"]);
    assert!(error.contains("only `poisson` arrivals and `jobs` grow"), "{error}");
}

/// By hand: 1 read a second saves $7.78 in the first month. If each month has half of the traffic of the month before,
/// it never saves more than twice that; if it grows by 10 %, $7.78 + $8.55 are saved in two months, and the
/// rest of the cost at $8.55 a month.
#[test]
fn pay_back_of_traffic_that_grows_or_shrinks() {
    let of = |growth: &str| {
        let grows = steady("")
            .replace("name = \"read\"", &format!("name = \"read\"\ngrowth = \"{growth}\""));
        let scenario = grows.replace("0.01/s", "1/s").replace("1_000_000", "2_000_000");
        Planned::of(&scenario, &["--months", "2"])
    };
    let shrinks = of("-50%/month");
    let way = shrinks.way("update");
    let most = 2.0 * number(way, "saving_first_month_usd") / number(way, "one_off_usd");
    assert_eq!(way["payback"], "never");
    assert!((number(way, "payback_ratio") / most - 1.0).abs() < 0.01, "{way:?}");
    // Within the months looked at it has not, beyond them nobody knows.
    assert_eq!(of("-5%/month").way("update")["payback"], "unknown");
    let grows = of("+10%/month");
    let way = grows.way("update");
    let last = number(way, "saving_last_month_usd");
    let missing = number(way, "one_off_usd") - number(way, "saving_first_month_usd") - last;
    let days = 60.0 + 30.0 * missing / last;
    assert!((number(way, "payback_s") / 86_400.0 / days - 1.0).abs() < 0.01, "{way:?} {days}");
}

/// By hand: 136 calls a second are left of 200 (a fifth stays free, 24 go to traffic or fewer), and 100,000 others have all
/// the room they want: 1,000 a second. What goes at that pace shares keys as by `--rate` of it.
#[test]
fn each_quota_has_its_own_pace() {
    let narrow = steady("");
    let wide = narrow.replace(
        "[assumptions]",
        "[[billing.quota]]\naccount = \"222233334444\"\nkms_quota_per_s = 100_000\n[assumptions]",
    );
    let both = wide
        .replace("free_tier = false }", "free_tier = false, kms_quota_per_s = 200 }")
        .replace("billing = {", "[billing]\n# {")
        .replace(
            "\n# { free_tier = false, kms_quota_per_s = 200 }",
            "\nfree_tier = false\nkms_quota_per_s = 200",
        )
        + r#"
[[bucket]]
name = "other"
[[principal]]
name = "far"
role = "far"
account = "222233334444"
[[population]]
name = "apart"
bucket = "other"
objects = 100_000
age = { uniform = { to = "60d" } }
[[workload]]
name = "read-apart"
principal = "far"
bucket = "other"
arrivals = { poisson = { rate = "1/s" } }
read = { from = ["apart"], pattern = "uniform" }
"#;
    let planned = Planned::of(&both, &["--months", "1"]);
    let pace = |way: &str| number(planned.way(way), "objects_per_s");
    assert!((pace("update:apart") - 1_000.0).abs() < 1e-6);
    let narrow = pace("update:before");
    assert!((130.0..160.0).contains(&narrow), "{narrow}");
    let all = planned.way("update");
    assert_eq!(all["duration_s"], planned.way("update:before")["duration_s"], "the longer of both");
    let rate = format!("{narrow}/s");
    let slowed = Planned::of(&both, &["--months", "1", "--rate", &rate]);
    for column in ["saving_first_month_usd", "saving_first_month_low_usd"] {
        assert_eq!(planned.way("update:before")[column], slowed.way("update:before")[column]);
    }
}

/// A bucket that has always had bucket keys has nothing to migrate: asking for it changes nothing.
#[test]
fn objects_that_have_a_bucket_key_are_not_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let always =
        steady("").replace("name = \"lake\"", "name = \"lake\"\nbucket_keys_since = \"always\"");
    fs::write(folder.path().join("it.toml"), always).unwrap();
    let advice = done(folder.path(), &["advise", "it.toml", "--quiet"]);
    assert!(!advice.contains("give all existing objects"), "{advice}");
    let calls = |more: &[&str]| {
        let simulate =
            [&["simulate", "it.toml", "--format", "csv", "--quiet", "--overwrite"], more].concat();
        let rows = rows(&done(folder.path(), &simulate));
        let of_keys =
            rows.into_iter().find(|row| row["configuration"] == "bucket-key-role").unwrap();
        number(&of_keys, "kms_requests")
    };
    assert_eq!(calls(&[]), calls(&["--set", "configuration.bucket-key-role.migrated=true"]));
}

/// The plan's pay-back is that of the same migration in a run.
#[test]
fn pay_back_is_that_of_a_run() {
    let migrated = steady("")
        + "
[[configuration]]
name = \"sse-kms\"
encryption = \"sse-kms\"
[[configuration]]
name = \"keys\"
encryption = \"sse-kms-bucket-key\"
migrated = true
";
    let planned = Planned::of(&migrated, &["--months", "1", "--start", "2026-12-01"]);
    let printed = done(planned.folder.path(), &["simulate", "it.toml", "--format", "csv"]);
    let row = rows(&printed)
        .into_iter()
        .find(|row| row["configuration"] == "keys" && row["assumption"] == "assumed");
    let row = row.unwrap();
    let way = planned.way("update");
    assert_eq!(number(&row, "migration_cost_usd"), number(way, "one_off_usd"));
    let days = number(way, "payback_s") / 86_400.0;
    assert!((days - 30.0 * number(&row, "payback_periods")).abs() < 1e-6, "{days}");
    assert!(way["payback_date"].starts_with("20"), "{}", way["payback_date"]);
}

/// An inventory has no months. By hand: what its CSV lists under SSE-KMS without a key.
#[test]
fn an_inventory_is_planned_without_months() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/inventory");
    let manifest = fixtures.join("example-source-bucket/cfg/2026-11-20T01-00Z/manifest.json");
    let folder = tempfile::tempdir().unwrap();
    let manifest = manifest.display().to_string();
    let text = done(folder.path(), &["migrate", &manifest, "--format", "csv"]);
    let ways = rows(&text);
    let update = ways.iter().find(|row| row["way"] == "update").unwrap();
    let inventory = rows(&done(folder.path(), &["inventory", &manifest, "--format", "csv"]));
    let keyless: f64 = inventory
        .iter()
        .filter(|row| row["encryption"] == "SSE-KMS" && row["bucket_key"] == "DISABLED")
        .filter(|row| row["version"] != "delete-marker")
        .map(|row| number(row, "objects"))
        .sum();
    assert_eq!(number(update, "objects"), keyless);
    let by_hand = 0.25 + keyless * (0.005 / 1e3 + 1.0 / 1e6 + CALL_USD) + CALL_USD;
    assert!((number(update, "one_off_usd") - by_hand).abs() < 1e-9);
    assert!(folder.path().join("results/migration/migration.json").is_file());
    assert!(!folder.path().join("results/migration/months.csv").exists());
}

#[test]
fn what_is_no_plan_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("it.toml"), AGEING).unwrap();
    let error = fails(folder.path(), 2, &["migrate", "it.toml", "it.toml"]);
    assert!(error.contains("one scenario"), "{error}");
    let plain =
        AGEING.to_owned() + "[[configuration]]\nname = \"sse-kms\"\nencryption = \"sse-kms\"\n";
    fs::write(folder.path().join("plain.toml"), plain).unwrap();
    let error = fails(folder.path(), 2, &["migrate", "plain.toml"]);
    assert!(error.contains("nothing to migrate to") && error.contains("hint"), "{error}");
    let nothing = AGEING.replace("\"before\", ", "");
    let start = nothing.find("[[population]]").unwrap();
    let end = nothing.find("[[workload]]").unwrap();
    fs::write(folder.path().join("nothing.toml"), nothing[..start].to_owned() + &nothing[end..])
        .unwrap();
    let (code, text, _) =
        code_and_texts(folder.path(), &["migrate", "nothing.toml", "--months", "1"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("there is nothing to migrate"), "{text}");
}

/// The commands of the page work as they stand.
#[test]
fn every_command_of_the_page_works() {
    let page = include_str!("../../docs/migrate.md");
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // A day of it would take long; an hour shows as much.
    let scenario = fs::read_to_string(root.join("scenarios/existing-bucket.toml")).unwrap();
    let short = scenario.replace("duration = \"1d\"", "duration = \"2h\"");
    let short = short.replace("replications = 3", "replications = 1");
    fs::create_dir(folder.path().join("scenarios")).unwrap();
    fs::write(folder.path().join("scenarios/existing-bucket.toml"), short).unwrap();
    let fixtures = root.join("tests/fixtures").display().to_string();
    let blocks = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut commands = 0;
    for command in blocks.flat_map(str::lines) {
        let command = command.strip_prefix("bks ").unwrap();
        let command = command.replace("tests/fixtures", &fixtures);
        done(folder.path(), &command.split(' ').collect::<Vec<_>>());
        commands += 1;
    }
    assert!(commands >= 5);
}

/// The young half of a million objects of up to 60 days: by hand what they cost, and by two populations, of which one
/// is migrated as a whole, what they save.
#[test]
fn the_young_are_migrated_alone() {
    let planned = Planned::of(&steady("").replace("0.01/s", "1/s"), &["--months", "1"]);
    let young = planned.way("update:young");
    assert_eq!(number(young, "objects"), 500_000.0);
    assert_eq!(number(young, "left_objects"), 500_000.0);
    let by_hand = 0.25 + 500_000.0 * (5e-6 + 1e-6 + 3e-6 + 0.015e-6) + CALL_USD;
    assert!((number(young, "one_off_usd") - by_hand).abs() < 1e-9, "{by_hand}");
    let halves = Planned::of(&in_halves(), &["--months", "1"]);
    let expected = halves.of_months("update:young-half", "kms_requests")[0];
    let calls = planned.of_months("update:young", "kms_requests")[0];
    // Some 43,200 reads fall on old objects in each: five standard deviations of their difference are 2.5 %.
    assert!((calls - expected).abs() < 0.03 * expected, "{calls} {expected}");
    let waiting = planned.of_months("wait", "kms_requests")[0];
    assert!(calls < waiting - 1_000.0, "half of the reads are of young objects: {calls} {waiting}");
    let text = done(planned.folder.path(), &["migrate", "it.toml", "--months", "1"]);
    assert!(text.contains("UpdateObjectEncryption, the last 30 days only"), "{text}");
    // What is locked is not migrated, young or old.
    let locked = Planned::of(&steady("object_lock = true"), &["--months", "1"]);
    assert!(locked.ways.iter().all(|row| row["way"] != "update:young"));
    // Beside what is locked the rest is.
    let free = steady("");
    let (_, population) = free.split_once("[[population]]").unwrap();
    let population = population.split_once("\n[[").unwrap().0;
    let held = population.replacen("name = \"", "object_lock = true\nname = \"held-", 1);
    let mixed = Planned::of(&format!("{free}\n[[population]]{held}\n"), &["--months", "1"]);
    assert!(mixed.ways.iter().any(|row| row["way"] == "update"));
    assert_eq!(number(mixed.way("update:young"), "objects"), 500_000.0);
}

/// By hand, of a list of seven objects: who is locked, young, under the prefix.
#[test]
fn object_lock_age_and_prefix_of_an_inventory() {
    let list = "Bucket,Key,Size,LastModifiedDate,StorageClass,EncryptionStatus,BucketKeyStatus,ObjectLockRetainUntilDate,ObjectLockMode,ObjectLockLegalHoldStatus
b,logs/1,10,2026-11-01T00:00:00Z,STANDARD,SSE-KMS,DISABLED,2027-01-01T00:00:00Z,COMPLIANCE,
b,logs/2,10,2026-11-01T00:00:00Z,STANDARD,SSE-KMS,DISABLED,2026-11-10T00:00:00Z,GOVERNANCE,
b,logs/3,10,2026-01-01T00:00:00Z,STANDARD,SSE-KMS,DISABLED,,,ON
b,logs/4,10,2026-01-01T00:00:00Z,STANDARD,SSE-KMS,DISABLED,,,
b,data/5,10,2026-11-19T00:00:00Z,STANDARD,SSE-KMS,DISABLED,,,
b,data/6,10,2026-01-01T00:00:00Z,STANDARD,SSE-KMS,DISABLED,,,OFF
b,data/7,10,2026-01-01T00:00:00Z,STANDARD,SSE-KMS,ENABLED,,,
";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("list.csv"), list).unwrap();
    let of = |more: &[&str]| {
        let common = ["migrate", "list.csv", "--as-of", "2026-11-20", "--overwrite"];
        rows(&done(folder.path(), &[&common[..], more, &["--format", "csv"]].concat()))
    };
    let objects = |ways: &[BTreeMap<String, String>], name: &str| {
        ways.iter().find(|row| row["way"] == name).map(|row| number(row, "objects"))
    };
    let all = of(&[]);
    assert_eq!(objects(&all, "update"), Some(4.0), "2, 4, 5 and 6");
    assert_eq!(
        objects(&all, "copy"),
        Some(6.0),
        "a copy leaves the locked versions where they are"
    );
    assert_eq!(objects(&all, "update:young"), Some(2.0), "2 and 5");
    // Two in Standard and two young are not the same two.
    let colder = list.replace("2026-01-01T00:00:00Z,STANDARD", "2026-01-01T00:00:00Z,STANDARD_IA");
    fs::write(folder.path().join("list.csv"), colder).unwrap();
    let colder = of(&[]);
    assert_eq!(objects(&colder, "update:standard"), Some(2.0), "2 and 5");
    assert_eq!(objects(&colder, "update:young"), None, "they are those in Standard");
    let other = list.replacen("data/5,10,2026-11-19", "data/5,10,2026-01-19", 1).replacen(
        "data/6,10,2026-01-01T00:00:00Z,STANDARD",
        "data/6,10,2026-11-01T00:00:00Z,GLACIER_IR",
        1,
    );
    let other = other.replacen(
        "logs/4,10,2026-01-01T00:00:00Z,STANDARD",
        "logs/4,10,2026-01-01T00:00:00Z,STANDARD_IA",
        1,
    );
    fs::write(folder.path().join("list.csv"), other).unwrap();
    let other = of(&[]);
    assert_eq!(objects(&other, "update:standard"), Some(2.0), "2 and 5");
    assert_eq!(objects(&other, "update:young"), Some(2.0), "2 and 6");
    fs::write(folder.path().join("list.csv"), list).unwrap();
    for (option, says) in [("--set", "applies to a scenario"), ("--seed", "applies to a scenario")]
    {
        let given = if option == "--set" { "duration=2d" } else { "7" };
        let typed = ["migrate", "list.csv", "--as-of", "2026-11-20", option, given];
        let error = fails(folder.path(), 2, &typed);
        assert!(error.contains(option) && error.contains(says), "{error}");
    }
    fs::write(folder.path().join("s.toml"), steady("")).unwrap();
    for (option, given) in
        [("--prefix", "x/"), ("--region", "eu-west-1"), ("--as-of", "2026-11-20")]
    {
        let error = fails(folder.path(), 2, &["migrate", "s.toml", option, given]);
        assert!(error.contains(option) && error.contains("applies to an inventory"), "{error}");
    }
    let logs = of(&["--prefix", "logs/"]);
    assert_eq!(objects(&logs, "update"), Some(2.0));
    assert_eq!(objects(&logs, "copy"), Some(4.0));
    let text =
        done(folder.path(), &["migrate", "list.csv", "--as-of", "2026-11-20", "--overwrite"]);
    assert!(text.contains("2 objects of `b`") && text.contains("Object Lock"), "{text}");
    let error = fails(
        folder.path(),
        2,
        &["migrate", "list.csv", "--as-of", "2026-11-20", "--prefix", "x/"],
    );
    assert!(error.contains("no key begins with `x/`"), "{error}");
    let told = done(folder.path(), &["inventory", "list.csv", "--as-of", "2026-11-20"]);
    assert!(told.contains("2 SSE-KMS objects are under Object Lock"), "{told}");
}
