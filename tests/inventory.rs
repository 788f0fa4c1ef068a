//! `bks inventory` against a naive count of the same 1,000 objects, and against damaged files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bks::inventory::{csv_file, parquet_file};

const CSV: &str = "2026-11-20T01-00Z";
const PARQUET: &str = "2026-11-20T02-00Z";
const ORC: &str = "2026-11-20T03-00Z";

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
    assert_eq!(read.file.populations[0].objects, Some(kept));
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
    assert!(error.contains("no `EncryptionStatus`") && error.contains("part.csv"), "{error}");
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
    let read = bks::inventory::manifest::Manifest::parse(&text, "manifest.json").unwrap();
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
            if number % 3 == 0 {
                bytes.truncate(place);
            } else {
                bytes[place] ^= 1 << (number % 8);
            }
            fs::write(&path, bytes).unwrap();
            let file = fs::File::open(&path).unwrap();
            let mut each = |_: &bks::inventory::Item| ();
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
