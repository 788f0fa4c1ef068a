//! Tables and files as other programs write them anew, or as they are no inventory, log or bill at all: read with their
//! figures counted by hand, or refused by their right name, at the right line and with a way out.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::columns::{Values, all, parquet, texts};
use crate::support::command::{code_and_texts, done, fails};

/// A line of an access log of `bucket`, sent to `host`.
fn line(bucket: &str, second: u32, operation: &str, host: &str, status: u16) -> String {
    format!(
        "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be {bucket} [20/Nov/2026:10:00:{second:02} \
         +0000] 192.0.2.3 arn:aws:iam::111122223333:user/a I{bucket}{second} {operation} k{second} \
         \"PUT /k HTTP/1.1\" {status} - 9 9 7 1 \"-\" \"a\" - h= SigV4 c AuthHeader {host} TLSv1.3 - -\n"
    )
}

/// The regions that a run's `run.toml` has for its buckets, and what it told.
fn regions(folder: &Path, log: &str, more: &[&str]) -> (Vec<String>, String) {
    fs::write(folder.join("a.log"), log).unwrap();
    let words = ["replay", "a.log", "-o", "out", "--overwrite"];
    let (code, printed, told) = code_and_texts(folder, &[&words, more].concat());
    assert_eq!(code, Some(0), "{told}");
    let run = fs::read_to_string(folder.join("out/run.toml")).unwrap();
    let regions = run.lines().filter_map(|line| line.strip_prefix("region = "));
    (regions.map(str::to_owned).collect(), printed + &told)
}

/// Bucket `b` was only asked for what it refused or what was not modified: it lies where that was said, once.
#[test]
fn requests_that_failed_tell_the_region_too() {
    let folder = tempfile::tempdir().unwrap();
    let put = line("a", 0, "REST.PUT.OBJECT", "a.s3.sa-east-1.amazonaws.com", 200);
    for status in [403, 304, 404] {
        let failed = line("b", 1, "REST.GET.OBJECT", "b.s3.sa-east-1.amazonaws.com", status);
        let (found, _) = regions(folder.path(), &(put.clone() + &failed), &[]);
        assert_eq!(found, ["\"sa-east-1\""; 2], "{status}");
    }
    // One that is served goes before any number that is not; who is sent on was elsewhere.
    let served = line("b", 9, "REST.GET.OBJECT", "b.s3.eu-west-1.amazonaws.com", 200);
    let refused: String = (1..4)
        .map(|second| line("b", second, "REST.GET.OBJECT", "b.s3.sa-east-1.amazonaws.com", 403))
        .collect();
    let (found, _) = regions(folder.path(), &(put.clone() + &refused + &served), &[]);
    assert_eq!(found, ["\"sa-east-1\"", "\"eu-west-1\""]);
    let sent_on = line("b", 1, "REST.GET.OBJECT", "b.s3.sa-east-1.amazonaws.com", 301);
    let (found, told) = regions(folder.path(), &(put + &sent_on), &[]);
    assert_eq!(found, ["\"sa-east-1\"", "\"us-east-1\""]);
    assert!(told.contains("no record tells the region of `b`:"), "{told}");
}

/// A host without a region: the quota of us-east-1 is five times Frankfurt's.
#[test]
fn a_region_that_is_assumed_is_said_and_can_be_given() {
    let folder = tempfile::tempdir().unwrap();
    let log = line("lake", 0, "REST.PUT.OBJECT", "lake.s3.amazonaws.com", 200);
    let (found, told) = regions(folder.path(), &log, &[]);
    assert_eq!(found, ["\"us-east-1\""]);
    let untold = "no record tells the region of `lake`: prices and";
    assert!(told.contains(&format!("\n{untold}")), "{told}");
    assert!(told.contains(&format!("\nwarning: {untold}")), "{told}");
    let warned = fs::read_to_string(folder.path().join("out/result.json")).unwrap();
    assert!(warned.contains("region-not-in-log"), "{warned}");
    let way_out = "--set bucket.0.region=eu-central-1";
    assert!(told.contains(way_out), "{told}");
    let typed: Vec<&str> = way_out.split(' ').collect();
    let (found, told) = regions(folder.path(), &log, &typed);
    assert_eq!(found, ["\"eu-central-1\""]);
    assert!(!told.contains("warning: no record tells the region"), "{told}");
    // What tells it is believed without a word.
    let log = line("lake", 0, "REST.PUT.OBJECT", "lake.s3.eu-west-1.amazonaws.com", 200);
    let (_, told) = regions(folder.path(), &log, &[]);
    assert!(!told.contains("tells the region"), "{told}");
    // So does advice.
    let log = line("lake", 0, "REST.PUT.OBJECT", "lake.s3.amazonaws.com", 200);
    fs::write(folder.path().join("a.log"), log).unwrap();
    let advice = done(folder.path(), &["advise", "a.log", "-o", "advice"]);
    assert!(advice.contains("no record tells the region of `lake`"), "{advice}");
}

/// Access logs that are delivered by date lie under the region of their bucket.
#[test]
fn delivery_paths_tell_the_region() {
    let folder = tempfile::tempdir().unwrap();
    let log = line("lake", 0, "REST.PUT.OBJECT", "lake.s3.amazonaws.com", 200);
    for (source, region) in [("lake", "eu-central-1"), ("other", "us-east-1")] {
        let day = folder.path().join(source).join("111122223333/eu-central-1").join(source);
        let day = day.join("2026/11/20");
        fs::create_dir_all(&day).unwrap();
        fs::write(day.join("2026-11-20-10-00-00-A"), &log).unwrap();
        fs::write(day.join("2026-11-20-11-00-00-A"), &log).unwrap();
        let words = ["replay", source, "-o", "out", "--overwrite"];
        for more in [&[][..], &["--jobs", "1"]] {
            done(folder.path(), &[&words, more].concat());
            let run = fs::read_to_string(folder.path().join("out/run.toml")).unwrap();
            assert!(run.contains(&format!("\nregion = \"{region}\"\n")), "{run}");
        }
    }
}

/// An access log never tells how objects are encrypted; who says that all are meant to be under KMS is not told so.
#[test]
fn encryption_that_nothing_tells_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let log = line("lake", 0, "REST.PUT.OBJECT", "lake.s3.eu-west-1.amazonaws.com", 200);
    let (_, told) = regions(folder.path(), &log, &[]);
    let untold = "no record tells how objects are encrypted: all are taken to be under SSE-KMS";
    for begin in ["\n", "\nwarning: "] {
        assert!(told.contains(&format!("{begin}{untold}")), "{told}");
    }
    let (_, told) = regions(folder.path(), &log, &["--as-kms"]);
    assert!(!told.contains(untold), "{told}");
    // Nothing is asked of what only fails.
    let log = line("lake", 0, "REST.PUT.OBJECT", "lake.s3.eu-west-1.amazonaws.com", 403);
    let (_, told) = regions(folder.path(), &log, &[]);
    assert!(!told.contains(untold), "{told}");
}

const HEADER: &str =
    "bucket,key,size,last_modified_date,is_latest,encryption_status,bucket_key_status";

/// The objects of a table, as `bks inventory` counts them by version, and their bytes.
fn counted(folder: &Path, name: &str) -> Vec<(String, u64, u64)> {
    let words = ["inventory", name, "--as-of", "2026-11-20", "--format", "json"];
    let document: Value = serde_json::from_str(&done(folder, &words)).unwrap();
    let kinds = document["kinds"].as_array().unwrap().iter();
    let number = |kind: &Value, field: &str| kind[field].as_u64().unwrap();
    let version = |kind: &Value| kind["version"].as_str().unwrap().to_owned();
    kinds.map(|kind| (version(kind), number(kind, "objects"), number(kind, "bytes"))).collect()
}

/// Two versions of 1,000 and 500 bytes, with numbers as other programs write them, and words for nothing.
#[test]
fn inventories_with_numbers_of_other_types_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let expected = [("current".to_owned(), 1, 1_000), ("old".to_owned(), 1, 500)];
    let rows = [
        "lake,a,1000,2026-11-01T00:00:00.000Z,true,SSE-KMS,ENABLED\nlake,a,500,2026-10-01,false,SSE-KMS,ENABLED\n",
        // 1 November and 1 October 2026 in milliseconds and seconds since 1970.
        "lake,a,1000.0,1793491200000,1,SSE-KMS,1\nlake,a,5e2,1790812800,0,SSE-KMS,true\n",
    ];
    for (text, tables) in rows.iter().zip([[",", ";"], [",", "\t"]]) {
        for delimiter in tables {
            let text = format!("{HEADER}\n{text}").replace(',', delimiter);
            fs::write(folder.path().join("a.csv"), text).unwrap();
            assert_eq!(counted(folder.path(), "a.csv"), expected, "{delimiter}");
        }
    }
    let fields = "optional binary bucket (STRING); optional binary key (STRING); optional double size; \
                  optional int64 last_modified_date; optional int32 is_latest; \
                  optional binary encryption_status (STRING); optional binary bucket_key_status (STRING)";
    let columns = [
        all("lake", 2),
        texts(["a", "a"]),
        Values::Real(vec![Some(1_000.0), Some(500.0)]),
        Values::Long(vec![Some(1_793_491_200_000), Some(1_790_812_800_000)]),
        Values::Int(vec![Some(1), Some(0)]),
        all("SSE-KMS", 2),
        all("ENABLED", 2),
    ];
    fs::write(folder.path().join("a.parquet"), parquet(fields, &columns)).unwrap();
    assert_eq!(counted(folder.path(), "a.parquet"), expected);
    // A delete marker has neither size nor encryption, and a key may be called `null`.
    let nothing = format!(
        "{HEADER}\nlake,null,NaN,2026-11-01,true,\\N,null\nlake,a,1000,2026-11-01,true,SSE-KMS,ENABLED\n"
    );
    fs::write(folder.path().join("a.csv"), nothing).unwrap();
    let found = counted(folder.path(), "a.csv");
    assert_eq!(found.iter().map(|(_, objects, _)| objects).sum::<u64>(), 2);
    assert_eq!(found.iter().map(|(_, _, bytes)| bytes).sum::<u64>(), 1_000);
}

/// What is wrong is in the third line, whether lines end in LF or CR LF.
#[test]
fn lines_are_counted_with_the_header() {
    let folder = tempfile::tempdir().unwrap();
    let good = "lake,a,1,2026-11-01,true,SSE-KMS,ENABLED\n";
    let inventory = format!("{HEADER}\n{good}lake,b,many,2026-11-01,true,SSE-KMS,ENABLED\n");
    let bill = |quantity: &str| {
        format!("Usage,2026-11-19T00:00:00Z,2026-11-19T01:00:00Z,EU-KMS-Requests,{quantity}\n")
    };
    let bill =
        "lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/UsageType,\
                lineItem/UsageAmount\n"
            .to_owned()
            + &bill("5")
            + &bill("many");
    let log = line("lake", 0, "REST.PUT.OBJECT", "lake.s3.eu-west-1.amazonaws.com", 200);
    fs::write(folder.path().join("a.log"), log).unwrap();
    for end in ["\n", "\r\n"] {
        fs::write(folder.path().join("i.csv"), inventory.replace('\n', end)).unwrap();
        let told = fails(folder.path(), 2, &["inventory", "i.csv", "--as-of", "2026-11-20"]);
        assert!(told.contains("i.csv:3"), "{end:?} {told}");
        // Without a header it is the second.
        let bare = inventory.split_once('\n').unwrap().1.replace('\n', end);
        fs::write(folder.path().join("i.csv"), bare).unwrap();
        let schema = ["inventory", "i.csv", "--as-of", "2026-11-20", "--schema", HEADER];
        let told = fails(folder.path(), 2, &schema);
        assert!(told.contains("i.csv:2"), "{end:?} {told}");
        fs::write(folder.path().join("b.csv"), bill.replace('\n', end)).unwrap();
        let told = fails(folder.path(), 2, &["replay", "a.log", "--bill", "b.csv"]);
        assert!(told.contains("b.csv:3"), "{end:?} {told}");
    }
}

/// What is no inventory is called what it is.
#[test]
fn files_that_are_no_inventory_have_their_names() {
    let folder = tempfile::tempdir().unwrap();
    for (text, told) in [
        (&b"BZh91AY&SY"[..], "compressed by bzip2"),
        (b"\xff\xfeb\0u\0", "text in UTF-16"),
        (b"x\x9c\x01\x02", "compressed by zlib"),
        (b"bucket,key,size\nlake,a,1\n", "no `EncryptionStatus`"),
        (b"bucket_name,metric_name\nlake,x\n", "`bucket_name,metric_name`, names no columns"),
        (b"d41d8cd98f00b204e9800998ecf8427e\n", "names no columns of an inventory"),
        (br#"{"Contents": [{"Key": "a"}]}"#, "it has no `sourceBucket`"),
    ] {
        fs::write(folder.path().join("a"), text).unwrap();
        let found = fails(folder.path(), 2, &["inventory", "a", "--as-of", "2026-11-20"]);
        assert!(found.contains(told) && found.contains("hint: "), "{told}: {found}");
    }
}

/// A table as CSV tells a replay of its objects as the same one in Parquet would.
#[test]
fn a_replay_takes_a_table_as_csv() {
    let folder = tempfile::tempdir().unwrap();
    let get = line("lake", 5, "REST.GET.OBJECT", "lake.s3.eu-west-1.amazonaws.com", 200);
    let table = format!("{HEADER}\nlake,k5,9,2026-11-20T09:59:00Z,true,SSE-S3,\n");
    fs::write(folder.path().join("t.csv"), table).unwrap();
    let (_, told) = regions(folder.path(), &get, &["--inventory", "t.csv"]);
    // Its one object is under SSE-S3, so that nothing needs KMS.
    assert!(told.contains("1 not under KMS") || told.contains("under SSE-S3"), "{told}");
    assert!(!told.contains("no record tells how objects are encrypted"), "{told}");
}

/// What is no log either.
#[test]
fn files_that_are_no_log_have_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let packed = "SGVsbG8gd29ybGQ".repeat(8);
    for (text, told) in [
        (
            "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>",
            "an error that S3 answered",
        ),
        ("<!DOCTYPE html><html></html>", "a web page"),
        ("<?xml version=\"1.0\"?><results/>", "XML, which bks does not read"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "`git lfs pull`"),
        ("a|b|c|d\n1|2|3|4\n", "a table separated by `|`"),
        ("a,b\r1,2\r", "lines end in CR alone"),
        (packed.as_str(), "`base64 -d FILE | gunzip -cf > FILE.unpacked`"),
        (HEADER, "`bks inventory`"),
    ] {
        fs::write(folder.path().join("a"), text).unwrap();
        let found = fails(folder.path(), 2, &["replay", "a"]);
        assert!(found.contains(told), "{told}: {found}");
        assert!(!found.contains("--log-format s3-access-log"), "{found}");
    }
}

/// Hints whose commands take what they are given: ORC is nothing that DuckDB reads, and not all that is packed in
/// Base64 is compressed, too.
#[test]
fn hints_work_on_what_they_are_of() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.orc"), b"ORC\x08\x03").unwrap();
    let log = line("lake", 0, "REST.PUT.OBJECT", "lake.s3.eu-west-1.amazonaws.com", 200);
    fs::write(folder.path().join("a.log"), log).unwrap();
    for words in [&["replay", "a.orc"][..], &["replay", "a.log", "--bill", "a.orc"]] {
        let told = fails(folder.path(), 2, words);
        assert!(told.contains("orc.read_table('FILE')") && !told.contains("duckdb"), "{told}");
    }
    let data = "NzlhNTlkZjkwMGI5NDllNTVkOTZhMWU2OThmYmFjZWRmZA==";
    for (text, told) in [
        (json!({"Records": [{"SequenceNumber": "0", "Data": data}]}), "'.Records[].Data' FILE"),
        (
            json!({"invocationId": "a", "records": [{"recordId": "0", "data": data}]}),
            "'.records[].data' FILE",
        ),
    ] {
        fs::write(folder.path().join("a.json"), text.to_string()).unwrap();
        let found = fails(folder.path(), 2, &["replay", "a.json"]);
        assert!(found.contains(told) && found.contains("| gunzip -cf;"), "{found}");
    }
    let fields =
        "required group api { optional binary operation (STRING); } optional int32 class_uid";
    let ocsf = parquet(fields, &[texts(["PutObject"]), Values::Int(vec![Some(6_003)])]);
    fs::write(folder.path().join("a.parquet"), ocsf).unwrap();
    let found = fails(folder.path(), 2, &["replay", "a.parquet"]);
    assert!(found.contains("OCSF") && found.contains("files of the trail itself"), "{found}");
}

const CUR: &str = "lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/UsageType,\
                   lineItem/UsageAmount\n";

/// A report of four hours, from an hour on.
fn report(first: u32, requests: u32) -> String {
    let hours = (first..first + 4).map(|hour| {
        format!(
            "Usage,2026-11-19T{hour:02}:00:00Z,2026-11-19T{:02}:00:00Z,EU-KMS-Requests,{requests}\n",
            hour + 1
        )
    });
    CUR.to_owned() + &hours.collect::<String>()
}

/// A replay that is scaled to bills, and what it tells.
fn billed(folder: &Path, bills: &[&str]) -> (Option<i32>, String) {
    let host = "lake.s3.eu-west-1.amazonaws.com";
    let log: String = (0..9).map(|s| line("lake", s, "REST.PUT.OBJECT", host, 200)).collect();
    fs::write(folder.join("a.log"), log).unwrap();
    let bills = bills.iter().flat_map(|bill| ["--bill", bill]);
    // 9 requests a day are 270 a month, fewer than any of the bills has.
    let words = [
        "replay",
        "a.log",
        "-o",
        "out",
        "--overwrite",
        "--from",
        "2026-11-20",
        "--to",
        "2026-11-21",
    ];
    let words: Vec<&str> = words.into_iter().chain(bills).collect();
    let (code, _, told) = code_and_texts(folder, &words);
    (code, told)
}

/// The same hours and quantities twice are one bill; other hours, or other quantities, are two.
#[test]
fn a_bill_that_is_given_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("one.csv", report(0, 1_000)),
        ("again.csv", report(0, 1_000)),
        ("later.csv", report(4, 1_000)),
        ("others.csv", report(0, 2_000)),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let (code, told) = billed(folder.path(), &["one.csv", "again.csv"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("4 of its 4 lines") && told.contains("are in `one.csv`, too"), "{told}");
    assert!(told.contains("again.csv"), "{told}");
    for other in ["later.csv", "others.csv"] {
        let (code, told) = billed(folder.path(), &["one.csv", other]);
        assert_eq!(code, Some(0), "{other} {told}");
    }
    // Two versions of a month's report, without the manifest that says which is in force.
    for (version, text) in [("old", report(0, 1_000)), ("new", report(0, 1_000))] {
        let at = folder.path().join("cur/20261101-20261201").join(version);
        fs::create_dir_all(&at).unwrap();
        fs::write(at.join("r-1.csv"), text).unwrap();
    }
    let (code, told) = billed(folder.path(), &["cur"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("count twice") && told.contains("manifest"), "{told}");
}

/// CloudWatch's metrics in other prints.
#[test]
fn metrics_in_other_prints_are_read_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let of = |label: &str, times: Value, values: Value| {
        json!({"MetricDataResults": [{"Id": "a", "Label": label, "StatusCode": "Complete", "Timestamps": times,
            "Values": values}]})
        .to_string()
    };
    // 19 November 2026 at 00:00, 01:00 and 02:00 in seconds since 1970.
    let epoch = json!([1_795_046_400, 1_795_050_000.0, 1_795_053_600]);
    fs::write(folder.path().join("m.json"), of("CallCount", epoch.clone(), json!([5, 5, 5])))
        .unwrap();
    let (code, told) = billed(folder.path(), &["m.json"]);
    assert_eq!(code, Some(0), "{told}");
    let known = fs::read_to_string(folder.path().join("out/known_total.csv")).unwrap();
    // 5 calls an hour are 3,600 in 30 days, 13.3 times the log's 270.
    assert!(known.contains(",13.333333"), "{known}");
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(of("CallCount", epoch.clone(), json!([5, 5, 5])).bytes().flat_map(|byte| [byte, 0]))
        .collect();
    for (text, told) in [
        (
            of("NumberOfObjects", epoch.clone(), json!([5, 5, 5])).into_bytes(),
            "`NumberOfObjects` is a metric of S3",
        ),
        (of("CallCount", epoch, json!([5, null, 5])).into_bytes(), "has no value at `1795050000`"),
        (utf16, "text in UTF-16"),
    ] {
        fs::write(folder.path().join("m.json"), text).unwrap();
        let (code, found) = billed(folder.path(), &["m.json"]);
        assert_eq!(code, Some(2), "{found}");
        assert!(found.contains(told), "{told}: {found}");
    }
    fs::write(folder.path().join("m.txt"), "METRICDATARESULTS\tm1\tCallCount\tComplete\n").unwrap();
    let (code, found) = billed(folder.path(), &["m.txt"]);
    assert_eq!(code, Some(2), "{found}");
    assert!(found.contains("get-metric-data --output json"), "{found}");
}
