//! `bks inventory` against a naive count of the same 1,000 objects, and against damaged files.

use crate::support::columns;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bks::inventory::{csv_file, parquet_file};
use columns::{Values, all, parquet, texts};

const CSV: &str = "2026-11-20T01-00Z";
const PARQUET: &str = "2026-11-20T02-00Z";
const ORC: &str = "2026-11-20T03-00Z";

/// Of a journal's rows: key, sequence number, type of record, and whether there is a bucket key.
type Row<'a> = (&'a str, &'a str, &'a str, Option<bool>);

fn cfg() -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/inventory");
    fixtures.join("example-source-bucket/cfg")
}

fn manifest(run: &str) -> String {
    cfg().join(run).join("manifest.json").display().to_string()
}

fn data(end: &str) -> PathBuf {
    let files = fs::read_dir(cfg().join("data")).unwrap().map(|file| file.unwrap().path());
    files.into_iter().find(|path| path.display().to_string().ends_with(end)).unwrap()
}

fn bks(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bks")).args(arguments).output().unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = bks(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = bks(arguments);
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

/// Objects and bytes by encryption and bucket key, counted from the CSV by fixed places.
fn naive() -> BTreeMap<(String, String), (u64, u64)> {
    let bytes = fs::File::open(data("csv.gz")).unwrap();
    let text = flate2::read::GzDecoder::new(bytes);
    let mut counts = BTreeMap::new();
    for row in csv::ReaderBuilder::new().has_headers(false).from_reader(text).records() {
        let row = row.unwrap();
        let count: &mut (u64, u64) =
            counts.entry((row[11].to_owned(), row[16].to_owned())).or_default();
        count.0 += 1;
        count.1 += row[5].parse::<u64>().unwrap();
    }
    counts
}

#[test]
fn csv_and_parquet_count_as_a_naive_count_does() {
    let of_csv = printed(&["inventory", &manifest(CSV), "--format", "csv"]);
    assert_eq!(of_csv, printed(&["inventory", &manifest(PARQUET), "--format", "csv"]));
    for form in ["json", "table"] {
        let [one, other] =
            [CSV, PARQUET].map(|run| printed(&["inventory", &manifest(run), "--format", form]));
        assert_eq!(one, other);
    }
    let mut counts = BTreeMap::new();
    for row in csv::Reader::from_reader(of_csv.as_bytes()).records() {
        let row = row.unwrap();
        let count = (row[5].parse().unwrap(), row[6].parse().unwrap());
        assert!(counts.insert((row[2].to_owned(), row[3].to_owned()), count).is_none());
    }
    assert_eq!(counts, naive());
    assert_eq!(counts.values().map(|(objects, _)| objects).sum::<u64>(), 1_000);
}

#[test]
fn the_population_simulates() {
    let folder = tempfile::tempdir().unwrap();
    let fragment = folder.path().join("population.toml");
    let written = fragment.display().to_string();
    printed(&["inventory", &manifest(CSV), "--population", &written]);
    let fragment = fs::read_to_string(fragment).unwrap();
    let scenario = format!(
        "name = \"of-inventory\"\nduration = \"1h\"\nreplications = 1\n\
         [[bucket]]\nname = \"example-source-bucket\"\nbucket_keys_since = \"always\"\n\
         [[principal]]\nname = \"app\"\nrole = \"app\"\n\
         [[workload]]\nname = \"read\"\nprincipal = \"app\"\nbucket = \"example-source-bucket\"\n\
         arrivals = {{ poisson = {{ rate = \"1/s\" }} }}\n\
         read = {{ from = [\"example-source-bucket: with a bucket key\"], pattern = \"uniform\" }}\n\
         {fragment}"
    );
    let kept = naive()[&("SSE-KMS".to_owned(), "ENABLED".to_owned())].0;
    let read = bks::scenario::Scenario::parse(&scenario).unwrap();
    assert_eq!(read.populations[0].objects, kept);
    let path = folder.path().join("of-inventory.toml");
    fs::write(&path, scenario).unwrap();
    printed(&["check", &path.display().to_string()]);
    let out = folder.path().join("out").display().to_string();
    printed(&["simulate", &path.display().to_string(), "--out", &out]);
}

#[test]
fn damage_is_named_and_orc_refused() {
    let error = refused(&["inventory", &manifest(ORC)]);
    assert!(error.contains("`ORC`") && error.contains("Parquet"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("manifest.json");
    fs::copy(manifest(CSV), &copy).unwrap();
    let place = copy.display().to_string();
    assert!(refused(&["inventory", &place]).contains("is not there"));
    let name = data("csv.gz");
    let name = name.file_name().unwrap();
    fs::write(folder.path().join(name), "other bytes").unwrap();
    let error = refused(&["inventory", &place]);
    assert!(error.contains("97ec6d4c75e2321871b021696d633552"), "{error}");
    assert!(error.contains(&*name.to_string_lossy()), "{error}");
    fs::write(folder.path().join("manifest.checksum"), "0".repeat(32)).unwrap();
    let error = refused(&["inventory", &place]);
    assert!(error.contains("65b525db9476af0ea5e5dbcf23b62adc"), "{error}");
    let twice = [&*manifest(CSV), &*manifest(PARQUET)];
    assert!(refused(&["inventory", twice[0], twice[1]]).contains("count once"));
}

#[test]
fn a_missing_column_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("part.csv");
    fs::write(&file, "\"lake\",\"a%20b\",\"6000000000\",\"SSE-KMS\",\"STANDARD_IA\"\n").unwrap();
    let place = file.display().to_string();
    assert!(refused(&["inventory", &place]).contains("--as-of"));
    assert!(refused(&["inventory", &place, "--as-of", "2026-11-20"]).contains("--schema"));
    let dated = ["inventory", &place, "--as-of", "2026-11-20", "--schema"];
    let schema = "Bucket, Key, Size, EncryptionStatus, StorageClass";
    let text = printed(&[&dated[..], &[schema]].concat());
    for note in ["no `BucketKeyStatus`", "no `LastModifiedDate`", "over 5 GiB", "retrieval"] {
        assert!(text.contains(note), "{note}: {text}");
    }
    let error = refused(&[&dated[..], &["Bucket, Key, Size, X, StorageClass"]].concat());
    assert!(error.contains("without `EncryptionStatus`") && error.contains("part.csv"), "{error}");
    let error = refused(&[&dated[..], &["Bucket, Key"]].concat());
    assert!(error.contains("part.csv:1") && error.contains("`5` fields"), "{error}");
}

#[test]
fn objects_newer_than_the_inventory_are_told() {
    let text = printed(&["inventory", &manifest(PARQUET), "--as-of", "2020-01-01"]);
    assert!(text.contains("1,000 objects were written after 2020-01-01T00:00:00Z"), "{text}");
    assert!(!printed(&["inventory", &manifest(PARQUET)]).contains("were written after"));
}

/// Cut off or with one bit flipped, a file is read or refused by name; nothing panics.
#[test]
fn damaged_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read(manifest(CSV)).unwrap();
    let read = bks::inventory::manifest::InventoryManifest::parse(&text, "manifest.json").unwrap();
    let columns = csv_file::columns(&read.schema);
    let mut refused = 0;
    for (end, is_parquet) in [("csv.gz", false), (".parquet", true)] {
        let whole = fs::read(data(end)).unwrap();
        let path = folder.path().join("damaged");
        for number in 0..60 {
            let mut bytes = whole.clone();
            // Most of what can go wrong is at the end of a Parquet file, its metadata.
            let place = if number % 2 == 0 { number * 997 } else { whole.len() - 1 - number * 41 };
            let place = place % whole.len();
            if number.is_multiple_of(3) {
                bytes.truncate(place);
            } else {
                bytes[place] ^= 1 << (number % 8);
            }
            fs::write(&path, bytes).unwrap();
            let file = fs::File::open(&path).unwrap();
            let mut each = |_: &bks::inventory::InventoryItem| ();
            let error = if is_parquet {
                parquet_file::read(file, "the file", true, &mut each).err()
            } else {
                csv_file::read(file, "the file", &columns, false, &mut each).err()
            };
            if let Some(error) = error {
                assert!(error.to_string().starts_with("the file"), "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused >= 40, "{refused}");
}

/// Columns of S3 Metadata's live inventory, with nanoseconds and sizes in 32 bits.
const LIVE: &str = "optional binary bucket (STRING); optional binary key (STRING); \
     optional binary sequence_number (STRING); optional binary version_id (STRING); \
     optional boolean is_delete_marker; optional int32 size; \
     optional int64 last_modified_date (TIMESTAMP(NANOS, true)); optional binary storage_class (STRING); \
     optional binary encryption_status (STRING); optional boolean is_bucket_key_enabled";

/// 1 November 2026, in nanoseconds since 1970.
const NOVEMBER: i64 = 1_793_491_200_000_000_000;

/// Objects to migrate, and objects by version, as the JSON has them.
fn counted(folder: &Path, arguments: &[&str]) -> (u64, BTreeMap<String, u64>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bks"));
    let options = ["--as-of", "2026-11-20", "--format", "json"];
    let output =
        command.arg("inventory").args(arguments).args(options).current_dir(folder).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut versions = BTreeMap::new();
    for kind in document["kinds"].as_array().unwrap() {
        let version = kind["version"].as_str().unwrap().to_owned();
        *versions.entry(version).or_default() += kind["objects"].as_u64().unwrap();
    }
    (document["migration"]["plans"][0]["objects"].as_u64().unwrap(), versions)
}

/// Ten objects: SSE-KMS but for every third, with a bucket key for every other.
#[test]
fn a_live_inventory_counts_by_what_its_columns_mean() {
    let folder = tempfile::tempdir().unwrap();
    let keys: Vec<String> = (0..10).map(|number| format!("a/{number}")).collect();
    let of = |number: usize| if number.is_multiple_of(3) { "SSE-S3" } else { "SSE-KMS" };
    let columns = [
        all("lake", 10),
        texts(keys.iter().map(String::as_str)),
        texts(keys.iter().map(String::as_str)),
        Values::Text(vec![None; 10]),
        Values::Flag(vec![Some(false); 10]),
        Values::Int((0..10).map(|size| (size > 0).then_some(size)).collect()),
        Values::Long(vec![Some(NOVEMBER); 10]),
        all("STANDARD", 10),
        texts((0..10).map(of)),
        Values::Flag((0..10).map(|number| Some(number % 2 == 0)).collect()),
    ];
    fs::write(folder.path().join("live.parquet"), parquet(LIVE, &columns)).unwrap();
    // Of 0 to 9, no multiples of 3 and odd: 1, 5 and 7.
    let (migrate, versions) = counted(folder.path(), &["live.parquet"]);
    assert_eq!((migrate, versions), (3, BTreeMap::from([("current".to_owned(), 10)])));
    // The same as a query writes it: text, with a line of names.
    let header = "bucket,key,sequence_number,version_id,is_delete_marker,size,last_modified_date,\
                  storage_class,encryption_status,is_bucket_key_enabled";
    let row = |number: usize| {
        let key = number.is_multiple_of(2);
        let of = of(number);
        format!(
            "\nlake,a/{number},{number},,false,{number},2026-11-01 00:00:00.000000 UTC,STANDARD,{of},{key}"
        )
    };
    let csv: String = std::iter::once(header.to_owned()).chain((0..10).map(row)).collect();
    fs::write(folder.path().join("live.csv"), csv).unwrap();
    let text = printed(&[
        "inventory",
        &folder.path().join("live.csv").display().to_string(),
        "--as-of",
        "2026-11-20",
    ]);
    assert!(text.contains("UpdateObjectEncryption of 3 objects"), "{text}");
    assert!(text.contains("under 30 d            10"), "{text}");
    assert_eq!(counted(folder.path(), &["live.csv"]).0, 3);
}

/// In a bucket with versions the version that was written last is the current one.
#[test]
fn a_live_inventorys_versions_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let kms = [Some(false); 5];
    let columns = [
        all("lake", 5),
        // Two versions of `a`, one of `b`, and `c`, which was deleted after it was written.
        texts(["a", "a", "b", "c", "c"]),
        texts(["1", "2", "3", "4", "5"]),
        texts(["v1", "v2", "v3", "v4", "v5"]),
        Values::Flag([false, false, false, false, true].map(Some).to_vec()),
        Values::Int(vec![Some(1); 5]),
        Values::Long((0..5).map(|second| Some(NOVEMBER + second * 1_000_000_000)).collect()),
        all("STANDARD", 5),
        Values::Text(
            ["SSE-KMS"; 4].iter().map(|of| Some((*of).to_owned())).chain([None]).collect(),
        ),
        Values::Flag(kms.to_vec()),
    ];
    fs::write(folder.path().join("live.parquet"), parquet(LIVE, &columns)).unwrap();
    let (migrate, versions) = counted(folder.path(), &["live.parquet"]);
    let expected = [("current", 2), ("delete-marker", 1), ("old", 2)];
    assert_eq!(versions, expected.map(|(name, objects)| (name.to_owned(), objects)).into());
    assert_eq!(migrate, 4);
}

/// A journal in two files: of each object its last record counts.
#[test]
fn a_journal_counts_what_is_there_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let fields = "optional binary bucket (STRING); optional binary key (STRING); \
                  optional binary sequence_number (STRING); optional binary record_type (STRING); \
                  optional int64 record_timestamp (TIMESTAMP(MICROS, true)); \
                  optional binary version_id (STRING); optional int64 size; \
                  optional binary encryption_status (STRING); optional boolean is_bucket_key_enabled";
    let part = |rows: &[Row]| {
        let column =
            |of: fn(&Row) -> String| Values::Text(rows.iter().map(|row| Some(of(row))).collect());
        let columns = [
            all("lake", rows.len()),
            column(|row| row.0.to_owned()),
            column(|row| row.1.to_owned()),
            column(|row| row.2.to_owned()),
            Values::Long(vec![Some(NOVEMBER / 1_000); rows.len()]),
            Values::Text(vec![None; rows.len()]),
            Values::Long(vec![Some(1); rows.len()]),
            Values::Text(rows.iter().map(|row| row.3.map(|_| "SSE-KMS".to_owned())).collect()),
            Values::Flag(rows.iter().map(|row| row.3).collect()),
        ];
        parquet(fields, &columns)
    };
    // `a` is written without a key and then with one, `b` is deleted, `c` gets its key in place, `d` stays.
    let one = part(&[
        ("a", "01", "CREATE", Some(false)),
        ("b", "02", "CREATE", Some(false)),
        ("c", "05", "UPDATE_METADATA", Some(true)),
    ]);
    let two = part(&[
        ("a", "03", "CREATE", Some(true)),
        ("b", "04", "DELETE", None),
        ("c", "02", "CREATE", Some(false)),
        ("d", "06", "CREATE", Some(false)),
    ]);
    fs::write(folder.path().join("1.parquet"), one).unwrap();
    fs::write(folder.path().join("2.parquet"), two).unwrap();
    for files in [["1.parquet", "2.parquet"], ["2.parquet", "1.parquet"]] {
        let (migrate, versions) = counted(folder.path(), &files);
        assert_eq!((migrate, versions), (1, BTreeMap::from([("current".to_owned(), 3)])));
    }
    let place = |name: &str| folder.path().join(name).display().to_string();
    let text =
        printed(&["inventory", &place("1.parquet"), &place("2.parquet"), "--as-of", "2026-11-20"]);
    assert!(text.contains("these are the 3 objects that were written or changed"), "{text}");
}

/// What a stranger may put into a file ends as an error that names file and reason.
#[test]
fn parquet_is_bounded_as_csv_is() {
    let fields = "optional binary bucket (STRING); optional binary key (STRING); \
                  optional binary encryption_status (STRING); \
                  optional int64 last_modified_date (TIMESTAMP(MILLIS, true)); \
                  optional int32 storage_class (DATE)";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.parquet");
    let long = "a".repeat(2 << 20);
    let file = |bucket: &str, key: &str, ms: i64, day: Option<i32>| {
        let columns = [
            all(bucket, 3),
            all(key, 3),
            all("SSE-KMS", 3),
            Values::Long([0, 0, ms].map(Some).to_vec()),
            Values::Int(vec![None, day, None]),
        ];
        parquet(fields, &columns)
    };
    let arguments = ["inventory", &path.display().to_string(), "--as-of", "2026-11-20"];
    // A key that nobody asks for is not read, however long it is.
    fs::write(&path, file("lake", &long, 5, None)).unwrap();
    assert!(printed(&arguments).contains("UpdateObjectEncryption of 3 objects"));
    for (bytes, why) in [
        (file(&long, "k", 5, None), "row 1: `bucket` is longer than 1 MiB"),
        (
            file("lake", "k", 1 << 62, None),
            "row 3: `last_modified_date` is a time outside the years 1677 to 2262",
        ),
        (file("lake", "k", 5, Some(1 << 30)), "row 2: `storage_class` is a time outside"),
        (
            file("lake", "k", 5, Some(1)),
            "row 2: `StorageClass` is a time, but must be of the type that S3 gives",
        ),
        (b"PAR1abcdefghPAR1".to_vec(), "its footer claims 1670 MiB"),
        (b"PAR1\0\0\0\0PARE".to_vec(), "is encrypted"),
        (b"PAR1abcdefghijkl".to_vec(), "has no end: it is cut off"),
        (b"PAR1".to_vec(), "too short"),
    ] {
        fs::write(&path, bytes).unwrap();
        let told = refused(&arguments);
        assert!(told.contains("data.parquet") && told.contains(why), "{why}: {told}");
    }
}

/// A library's panic over broken bytes is none of the tool's: every byte of a small file, changed in two ways.
#[test]
fn broken_parquet_is_told_of_without_a_panic() {
    let fields = "optional binary bucket (STRING); optional binary encryption_status (STRING); \
                  optional int32 size; optional boolean is_latest";
    let columns = [
        all("lake", 200),
        texts(
            (0..200).map(|number: u32| if number.is_multiple_of(3) { "SSE-S3" } else { "SSE-KMS" }),
        ),
        Values::Int((0..200).map(|number| (number % 5 > 0).then_some(number)).collect()),
        Values::Flag((0..200).map(|number| Some(number % 2 == 0)).collect()),
    ];
    let whole = parquet(fields, &columns);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged");
    let (mut refused, mut read) = (0, 0);
    for place in 0..whole.len() {
        for change in [0xff, 1 << (place % 8)] {
            let mut bytes = whole.clone();
            bytes[place] ^= change;
            fs::write(&path, bytes).unwrap();
            let file = fs::File::open(&path).unwrap();
            match parquet_file::read(file, "the file", true, &mut |_| ()) {
                Ok(_) => read += 1,
                Err(error) => {
                    assert!(error.to_string().starts_with("the file"), "{error}");
                    assert_eq!(error.exit_code(), 2);
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > whole.len() / 2 && read > 0, "{refused} of {}", 2 * whole.len());
}

/// The manifest's sizes hold, no file counts twice, and none at all is an empty bucket.
#[test]
fn a_manifest_is_held_to_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let data = "\"lake\",\"a\",\"SSE-KMS\"\n\"lake\",\"b\",\"SSE-S3\"\n";
    fs::write(folder.path().join("data.csv"), data).unwrap();
    let md5 = bks::inventory::manifest::md5_of(data.as_bytes()).unwrap();
    let write = |files: serde_json::Value| {
        let manifest = serde_json::json!({
            "sourceBucket": "lake", "destinationBucket": "arn:aws:s3:::lists", "version": "2016-11-30",
            "creationTimestamp": "1795132800000", "fileFormat": "CSV",
            "fileSchema": "Bucket, Key, EncryptionStatus", "files": files,
        });
        fs::write(folder.path().join("manifest.json"), manifest.to_string()).unwrap();
    };
    let file = |size: usize| serde_json::json!({"key": "lake/data/data.csv", "size": size, "MD5checksum": md5});
    write(serde_json::json!([file(data.len()), file(data.len())]));
    assert_eq!(
        counted(folder.path(), &["manifest.json"]).1,
        BTreeMap::from([("current".to_owned(), 2)])
    );
    write(serde_json::json!([file(5)]));
    let manifest = folder.path().join("manifest.json").display().to_string();
    let told = refused(&["inventory", &manifest]);
    assert!(told.contains("the file has 41 bytes, but 5 according to the manifest"), "{told}");
    write(serde_json::json!([]));
    let output = bks(&["inventory", &manifest]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && told.contains("the bucket was empty"), "{told}");
    let key = "etc/passwd";
    write(serde_json::json!([{"key": key, "size": 1, "MD5checksum": md5}]));
    let told = refused(&["inventory", &manifest]);
    assert!(told.contains("the data file `etc/passwd` is not there"), "{told}");
}
