//! The manifest of an inventory: which files belong to it, and what they must hash to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use md5::{Digest, Md5};
use memchr::memmem;
use serde::Deserialize;

use crate::error::{Error, Result};

/// Format of an inventory's data files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataFileFormat {
    /// Gzipped CSV.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// `manifest.json` as S3 writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManifestFile {
    source_bucket: String,
    destination_bucket: String,
    creation_timestamp: String,
    file_format: String,
    file_schema: String,
    files: Vec<DataFile>,
}

/// One data file of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DataFile {
    /// Its key in the destination bucket.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// The MD5 of its bytes, in hexadecimal.
    #[serde(rename = "MD5checksum")]
    pub md5: String,
}

/// What a manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryManifest {
    /// The bucket whose objects are listed.
    pub source_bucket: String,
    /// The bucket that the inventory was delivered to, by its bare name.
    pub destination_bucket: String,
    /// When the listing began, in nanoseconds since the Unix epoch.
    pub created_ns: i64,
    /// Format of its data files.
    pub format: DataFileFormat,
    /// `fileSchema`, as written.
    pub schema: String,
    /// Its data files.
    pub files: Vec<DataFile>,
}

impl InventoryManifest {
    /// Reads `manifest.json`.
    ///
    /// # Errors
    /// If it is no manifest, or of a format that bks does not read.
    pub fn parse(text: &[u8], place: &str) -> Result<Self> {
        let file: ManifestFile = serde_json::from_slice(text).map_err(|error| {
            let is_manifest = memmem::find(text, b"\"sourceBucket\"").is_some();
            let what = if is_manifest {
                format!("the manifest cannot be read: {error}")
            } else {
                "the file is JSON, but no manifest of an S3 Inventory: it has no `sourceBucket`".to_owned()
            };
            Error::request(what).at(place).hint(
                "give the `manifest.json` of an S3 Inventory, or a table of S3 Metadata as Parquet or as CSV with its \
                 header",
            )
        })?;
        let created_ns = file.creation_timestamp.parse::<i64>().ok();
        let created_ns = created_ns.and_then(|ms| ms.checked_mul(1_000_000)).ok_or_else(|| {
            Error::request(format!(
                "`creationTimestamp` is `{}`, but must be milliseconds since 1970",
                file.creation_timestamp
            ))
            .at(place)
        })?;
        let format = match file.file_format.as_str() {
            "CSV" => DataFileFormat::Csv,
            "Parquet" => DataFileFormat::Parquet,
            "ORC" => return Err(orc(place)),
            other => {
                return Err(Error::request(format!(
                    "`fileFormat` is `{other}`, but must be `CSV` or `Parquet`"
                ))
                .at(place));
            }
        };
        for data in &file.files {
            check_key(&data.key).map_err(|error| error.at(place))?;
        }
        let files = once(file.files).map_err(|error| error.at(place))?;
        let bucket = file.destination_bucket.rsplit(':').next().unwrap_or_default().to_owned();
        Ok(Self {
            source_bucket: file.source_bucket,
            destination_bucket: bucket,
            created_ns,
            format,
            schema: file.file_schema,
            files,
        })
    }

    /// Where a data file may lie, likeliest first: under the folder that holds the manifest as the
    /// destination bucket does, else in a folder `data` or beside the manifest.
    ///
    /// S3 puts the manifest under the same folders as its data files (`…/CONFIGURATION/DATE/manifest.json`,
    /// `…/CONFIGURATION/data/FILE`), so a folder above the manifest is the bucket's only if the manifest
    /// lies as the key does from there. A key that leads elsewhere leads nowhere.
    #[must_use]
    pub fn places(&self, manifest: &Path, file: &DataFile) -> Vec<PathBuf> {
        let folders = manifest.ancestors().skip(1);
        let bucket_is_name = check_key(&self.destination_bucket).is_ok();
        let shared = Path::new(&file.key).parent().and_then(Path::parent);
        let shared = shared.filter(|folder| !folder.as_os_str().is_empty());
        let buckets: Vec<&Path> = folders
            .filter(|folder| {
                let below = manifest.strip_prefix(folder).ok();
                below.zip(shared).is_some_and(|(below, shared)| below.starts_with(shared))
            })
            .collect();
        let mut places: Vec<PathBuf> =
            buckets.iter().map(|folder| folder.join(&file.key)).collect();
        if bucket_is_name && !self.destination_bucket.is_empty() {
            places.extend(buckets.iter().map(|f| f.join(&self.destination_bucket).join(&file.key)));
        }
        if let Some(name) = Path::new(&file.key).file_name() {
            places.extend(
                manifest.ancestors().skip(1).take(2).map(|folder| folder.join("data").join(name)),
            );
            places.extend(manifest.parent().map(|folder| folder.join(name)));
        }
        places
    }
}

/// Refuses ORC: `orc-rust`, the reader there is, brings Apache Arrow and the zstd library in C.
pub(crate) fn orc(place: &str) -> Error {
    Error::request("the inventory is in `ORC`, but bks reads CSV and Parquet").at(place).hint(
        "set the inventory's output format to CSV or Apache Parquet; the next one comes in it",
    )
}

/// Each file once: a manifest that lists one twice has its objects once.
fn once(files: Vec<DataFile>) -> Result<Vec<DataFile>> {
    let mut kept: BTreeMap<String, DataFile> = BTreeMap::new();
    let mut order = Vec::new();
    for file in files {
        match kept.get(&file.key) {
            None => {
                order.push(file.key.clone());
                kept.insert(file.key.clone(), file);
            }
            Some(known) if *known == file => {}
            Some(_) => {
                return Err(Error::request(format!(
                    "the data file `{}` is listed twice, with another size or checksum",
                    file.key
                )));
            }
        }
    }
    Ok(order.iter().filter_map(|key| kept.remove(key)).collect())
}

/// Refuses a key that leads out of the folder it is looked for in.
fn check_key(key: &str) -> Result<()> {
    let leads_out = key.starts_with('/') || key.split(['/', '\\']).any(|part| part == "..");
    if leads_out || key.contains('\0') {
        return Err(Error::request(format!(
            "the file `{key}` leads out of the bucket, but must lie within"
        )));
    }
    Ok(())
}

/// Compares a checksum with what is expected.
pub(crate) fn check_md5(place: &str, expected: &str, found: &str) -> Result<()> {
    if expected.trim().eq_ignore_ascii_case(found) {
        return Ok(());
    }
    Err(Error::request(format!(
        "the MD5 checksum is `{found}`, but must be `{}` as the inventory says",
        expected.trim()
    ))
    .at(place)
    .hint("the file is damaged or of another inventory: download it again"))
}

/// The MD5 of what `source` gives, in hexadecimal.
///
/// # Errors
/// Those of reading it.
pub fn md5_of(mut source: impl std::io::Read) -> std::io::Result<String> {
    use std::fmt::Write;
    let mut hash = Md5::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => hash.update(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut text = String::with_capacity(32);
    for byte in hash.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(format: &str, key: &str) -> Result<InventoryManifest> {
        let text = serde_json::json!({
            "sourceBucket": "lake", "destinationBucket": "arn:aws:s3:::lists", "version": "2016-11-30",
            "creationTimestamp": "1795132800000", "fileFormat": format, "fileSchema": "Bucket, Key",
            "files": [{ "key": key, "size": 1, "MD5checksum": "0" }],
        });
        InventoryManifest::parse(text.to_string().as_bytes(), "manifest.json")
    }

    /// RFC 1321, appendix A.5.
    #[test]
    fn md5_is_that_of_the_rfc() {
        assert_eq!(md5_of(&b""[..]).unwrap(), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(md5_of(&b"abc"[..]).unwrap(), "900150983cd24fb0d6963f7d28e17f72");
    }

    #[test]
    fn orc_and_keys_that_lead_out_are_refused() {
        assert!(manifest("ORC", "a").unwrap_err().to_string().contains("Parquet"));
        for key in ["/etc/passwd", "../a", "a/../../b", "a\0b"] {
            assert!(manifest("CSV", key).unwrap_err().to_string().contains("leads out"), "{key}");
        }
    }

    /// `/etc/passwd` is no data file, wherever the manifest lies.
    #[test]
    fn a_key_leads_nowhere_but_beside_its_manifest() {
        for key in ["etc/passwd", "proc/kmsg", "etc/ssl/private/key", "lists/data/x"] {
            let read = manifest("CSV", key).unwrap();
            for place in
                read.places(Path::new("/home/me/lake/cfg/2026/manifest.json"), &read.files[0])
            {
                assert!(place.starts_with("/home/me/lake/cfg"), "{key}: {}", place.display());
            }
        }
    }

    #[test]
    fn a_file_that_is_listed_twice_counts_once() {
        let text = |md5: &str| {
            serde_json::json!({
                "sourceBucket": "lake", "destinationBucket": "arn:aws:s3:::lists", "version": "1",
                "creationTimestamp": "1795132800000", "fileFormat": "CSV", "fileSchema": "Bucket",
                "files": [{ "key": "a", "size": 1, "MD5checksum": "0" },
                          { "key": "b", "size": 1, "MD5checksum": "0" },
                          { "key": "a", "size": 1, "MD5checksum": md5 }],
            })
            .to_string()
        };
        let read = InventoryManifest::parse(text("0").as_bytes(), "manifest.json").unwrap();
        let keys: Vec<_> = read.files.iter().map(|file| file.key.as_str()).collect();
        assert_eq!(keys, ["a", "b"]);
        let error = InventoryManifest::parse(text("1").as_bytes(), "manifest.json")
            .unwrap_err()
            .to_string();
        assert!(error.contains("`a` is listed twice"), "{error}");
    }

    #[test]
    fn files_are_looked_for_where_the_bucket_was_copied_to() {
        let read = manifest("CSV", "lake/cfg/data/x.csv.gz").unwrap();
        let places = read.places(Path::new("copy/lake/cfg/2026/manifest.json"), &read.files[0]);
        for place in ["copy/lake/cfg/data/x.csv.gz", "copy/lists/lake/cfg/data/x.csv.gz"] {
            assert!(places.contains(&PathBuf::from(place)), "{place}");
        }
    }
}
