//! How many requests a client makes for one object: measured or documented where it can be.
//!
//! What the built-in clients make of a read or a write are counts of S3 server access log records,
//! captured from the real clients working against an S3 emulator in November 2026 (one job each;
//! counts are faithful, rates are not), divided by the objects read or written, so that a fraction
//! stands for requests that come once a job. At which sizes a client sends parts, and how it copies,
//! are its documented defaults. Each row of the table says which is which, and what is assumed.

mod built_in;

pub(crate) use built_in::names;
pub use built_in::{BUILT_IN, BuiltIn};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, one_of};
use crate::s3::{Connections, Retries};
use crate::units::ByteSize;

/// What a client makes of reading, writing or copying one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientProfile {
    /// What workloads call it.
    pub name: String,
    /// Requests for each object read.
    #[serde(default)]
    pub read: ReadRequests,
    /// Requests for each object written.
    #[serde(default)]
    pub write: WriteRequests,
    /// Requests for each object copied inside S3, a committer's renames among them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub copy: CopyRequests,
    /// How parts grow where an upload or a copy would have more than 10,000.
    #[serde(default, skip_serializing_if = "is_default")]
    pub part_growth: PartGrowth,
    /// Connections to S3 that a process of it keeps at the most; without it, 10 are assumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
    /// How it repeats a request that is answered 503 `SlowDown`; without it, as AWS's SDKs do by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
}

/// Requests for each object read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReadRequests {
    /// GETs, ranged or not, of an object that is not read in parts.
    pub get: f64,
    /// HEADs.
    pub head: f64,
    /// Listed pages.
    pub list: f64,
    /// Objects larger than this are read by one ranged GET for each part of this size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_size: Option<ByteSize>,
    /// Objects of this size or more are read in parts, whether they are larger than one or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts_from: Option<ByteSize>,
    /// GETs beside those of the parts, for each split (a file's footer).
    #[serde(skip_serializing_if = "is_default")]
    pub footer: f64,
    /// Size of the splits in which an object is read, each by itself; without it an object is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_size: Option<ByteSize>,
}

impl Default for ReadRequests {
    fn default() -> Self {
        let none = None;
        Self {
            get: 1.0,
            head: 0.0,
            list: 0.0,
            part_size: none,
            parts_from: none,
            footer: 0.0,
            split_size: none,
        }
    }
}

/// Requests for each object written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WriteRequests {
    /// PUTs, where the object is not written in parts.
    pub put: f64,
    /// HEADs.
    pub head: f64,
    /// Listed pages.
    pub list: f64,
    /// Copies of what was written (a committer's renames).
    pub copy: f64,
    /// PUTs of other objects, whatever the size of this one (directory markers, `_SUCCESS`).
    #[serde(skip_serializing_if = "is_default")]
    pub marker: f64,
    /// Objects larger than this are written as a multipart upload with parts of this size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_size: Option<ByteSize>,
    /// Objects of this size or more are written as a multipart upload, be it in a single part, and
    /// no smaller one is; without `part_size` it is a single part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multipart_from: Option<ByteSize>,
}

impl Default for WriteRequests {
    fn default() -> Self {
        Self {
            put: 1.0,
            head: 0.0,
            list: 0.0,
            copy: 0.0,
            marker: 0.0,
            part_size: None,
            multipart_from: None,
        }
    }
}

/// Requests for each object copied inside S3.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CopyRequests {
    /// HEADs.
    pub head: f64,
    /// Listed pages.
    pub list: f64,
    /// Objects larger than this are copied by a multipart upload with parts of this size; parts of
    /// 5 GiB, the largest, without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_size: Option<ByteSize>,
    /// Objects of this size or more are copied by a multipart upload, be it in a single part, and no
    /// smaller one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multipart_from: Option<ByteSize>,
}

impl Default for CopyRequests {
    fn default() -> Self {
        Self { head: 0.0, list: 0.0, part_size: None, multipart_from: None }
    }
}

/// How parts grow where a multipart upload would have more than 10,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartGrowth {
    /// Just so much that there are 10,000.
    #[default]
    JustEnough,
    /// So much, rounded up to whole MiB.
    WholeMebibytes,
    /// To twice the size, and again, until there are at most 10,000.
    Doubling,
}

/// Whether a key of a client stands at its default, and so is not written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The greatest number of parts of one multipart upload.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const MAX_PARTS: u64 = 10_000;

/// The largest object that one PUT can write or one `CopyObject` can copy, and the largest part.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>,
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html>
pub const PART_LIMIT: ByteSize = ByteSize::mib(5 * 1024);

/// Whether a mean number is a whole number and never another.
fn is_just(mean: f64, number: u32) -> bool {
    (mean - f64::from(number)).abs() <= 0.0
}

/// Whether an object of `size` is moved in parts by who does so from a size on, or above the size of
/// a part. Above the limit of one request everybody does.
fn in_parts(size: ByteSize, part: Option<ByteSize>, from: Option<ByteSize>) -> bool {
    size > PART_LIMIT
        || from.map_or_else(|| part.is_some_and(|part| size > part), |from| size >= from)
}

impl PartGrowth {
    /// Parts of a multipart upload of `size` bytes whose parts shall have `part` bytes.
    fn parts(self, size: u64, part: u64) -> u64 {
        let number = size.div_ceil(part);
        if number <= MAX_PARTS {
            return number.max(1);
        }
        let least = size.div_ceil(MAX_PARTS);
        let part = match self {
            Self::JustEnough => least,
            Self::WholeMebibytes => least.next_multiple_of(ByteSize::mib(1).bytes()),
            Self::Doubling => {
                let twice = std::iter::successors(Some(part), |part| part.checked_mul(2));
                twice.into_iter().find(|part| *part >= least).unwrap_or(least)
            }
        };
        size.div_ceil(part)
    }
}

impl ClientProfile {
    /// A client of that name that makes one request of each read, write and copy that one can do.
    #[must_use]
    pub fn plain(name: String) -> Self {
        Self {
            name,
            read: ReadRequests::default(),
            write: WriteRequests::default(),
            copy: CopyRequests::default(),
            part_growth: PartGrowth::default(),
            connections: None,
            retries: None,
        }
    }

    /// GETs for an object of `size`, on average.
    #[must_use]
    pub fn gets(&self, size: ByteSize) -> f64 {
        let ReadRequests { get, part_size, parts_from, footer, split_size, .. } = self.read;
        let Some(part) = part_size else { return get };
        if !parts_from.map_or(size > part, |from| size >= from) {
            return get;
        }
        let splits = split_size.map_or(1, |split| size.bytes().div_ceil(split.bytes()).max(1));
        size.bytes().div_ceil(part.bytes()).max(1) as f64 + footer * splits as f64
    }

    /// Whether an object of `size` is always read by one GET and no other request.
    #[must_use]
    pub fn reads_by_one_get(&self, size: ByteSize) -> bool {
        is_just(self.gets(size), 1) && is_just(self.read.head + self.read.list, 0)
    }

    /// Whether an object of `size` is always written by one PUT and no other request.
    #[must_use]
    pub fn writes_by_one_put(&self, size: ByteSize) -> bool {
        let WriteRequests { put, head, list, copy, marker, .. } = self.write;
        let others = head + list + copy + marker;
        !self.is_multipart(size) && is_just(put, 1) && is_just(others, 0)
    }

    /// Requests for reading an object of `size`, on average.
    #[must_use]
    pub fn requests_per_read(&self, size: ByteSize) -> f64 {
        self.gets(size) + self.read.head + self.read.list
    }

    /// Requests for writing an object of `size`, on average.
    #[must_use]
    pub fn requests_per_write(&self, size: ByteSize) -> f64 {
        let WriteRequests { put, head, list, copy, marker, .. } = self.write;
        let moved =
            if self.is_multipart(size) { 2.0 + self.upload_parts(size) as f64 } else { put };
        moved + head + list + marker + copy * self.requests_that_copy(size)
    }

    /// Objects that writing one of `size` makes, the copies of it and markers among them, on average.
    #[must_use]
    pub fn objects_per_write(&self, size: ByteSize) -> f64 {
        let WriteRequests { put, copy, marker, .. } = self.write;
        marker + copy + if self.is_multipart(size) { 1.0 } else { put }
    }

    /// Requests for copying an object of `size`, on average.
    #[must_use]
    pub fn requests_per_copy(&self, size: ByteSize) -> f64 {
        self.requests_that_copy(size) + self.copy.head + self.copy.list
    }

    /// Requests of one copy of an object of `size`, without what is asked before.
    fn requests_that_copy(&self, size: ByteSize) -> f64 {
        if self.copies_in_parts(size) { 2.0 + self.copied_parts(size) as f64 } else { 1.0 }
    }

    /// Whether an object of `size` is written as a multipart upload.
    #[must_use]
    pub fn is_multipart(&self, size: ByteSize) -> bool {
        in_parts(size, self.write.part_size, self.write.multipart_from)
    }

    /// Parts of a multipart upload of `size`.
    #[must_use]
    pub fn upload_parts(&self, size: ByteSize) -> u64 {
        self.parts(size, self.write.part_size)
    }

    /// Whether an object of `size` is copied by a multipart upload.
    #[must_use]
    pub fn copies_in_parts(&self, size: ByteSize) -> bool {
        in_parts(size, self.copy.part_size, self.copy.multipart_from)
    }

    /// Parts in which an object of `size` is copied.
    #[must_use]
    pub fn copied_parts(&self, size: ByteSize) -> u64 {
        self.parts(size, self.copy.part_size)
    }

    fn parts(&self, size: ByteSize, part: Option<ByteSize>) -> u64 {
        let part = part.map_or(PART_LIMIT, |part| part.min(PART_LIMIT));
        self.part_growth.parts(size.bytes(), part.bytes())
    }

    /// Refuses counts that are negative, not finite or beyond reason, and sizes of nothing.
    ///
    /// # Errors
    /// Names the count or the size.
    pub fn check(&self) -> Result<()> {
        let (read, write, copy) = (self.read, self.write, self.copy);
        let counts = [
            ("read.get", read.get),
            ("read.head", read.head),
            ("read.list", read.list),
            ("read.footer", read.footer),
            ("write.put", write.put),
            ("write.head", write.head),
            ("write.list", write.list),
            ("write.copy", write.copy),
            ("write.marker", write.marker),
            ("copy.head", copy.head),
            ("copy.list", copy.list),
        ];
        if let Some((name, count)) = counts.iter().find(|(_, count)| !(0.0..=1e6).contains(count)) {
            return Err(Error::request(format!(
                "`{name}` of client `{}` is `{count}`, but must lie between 0 and 1000000",
                self.name
            )));
        }
        let sizes = [
            ("read.part_size", read.part_size),
            ("read.split_size", read.split_size),
            ("write.part_size", write.part_size),
            ("copy.part_size", copy.part_size),
        ];
        match sizes.iter().find(|(_, size)| size.is_some_and(|size| size.bytes() == 0)) {
            None => Ok(()),
            Some((name, _)) => Err(Error::request(format!(
                "`{name}` of client `{}` is `0B`, but a part has at least one byte",
                self.name
            ))
            .hint("give e.g., `\"8MiB\"`")),
        }
    }

    /// The built-in profile of that name or alias.
    ///
    /// # Errors
    /// If there is none; the hint has the nearest name, or all.
    pub fn built_in(name: &str) -> Result<Self> {
        let found = built_in(name);
        found.map(BuiltIn::profile).ok_or_else(|| {
            Error::request(format!("`{name}` is not a known client")).hint(one_of(name, names()))
        })
    }
}

/// The built-in client of that name or alias.
fn built_in(name: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|row| row.name == name || row.aliases.contains(&name))
}

/// The name of the built-in client of that name or alias.
pub(super) fn built_in_name(name: &str) -> Option<&'static str> {
    built_in(name).map(|row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1024;

    fn client(name: &str) -> ClientProfile {
        ClientProfile::built_in(name).unwrap()
    }

    fn just(mean: f64, expected: u64) -> bool {
        mean.to_bits() == (expected as f64).to_bits()
    }

    /// The captured jobs: bytes moved, and the requests counted.
    #[test]
    fn built_in_clients_make_the_requests_that_were_counted() {
        let size = ByteSize::mib(100);
        assert!(just(client("boto3").gets(size), 13));
        assert_eq!(client("boto3").upload_parts(size), 13);
        assert_eq!(client("s5cmd").upload_parts(size), 2);
        assert_eq!(client("pyarrow").upload_parts("70MB".parse().unwrap()), 7);
        assert!(just(client("pyarrow").requests_per_write(ByteSize::mib(1)), 3));
        assert_eq!(client("polars").upload_parts(ByteSize::of_bytes(68_023_693)), 3);
        assert!(!client("duckdb").is_multipart("70MB".parse().unwrap()));
        assert!(!client("rclone").is_multipart(size));
        for (name, files, gets) in
            [("spark-s3a", 200.0, 1202.0), ("duckdb", 200.0, 600.0), ("polars", 200.0, 415.0)]
        {
            assert!((client(name).gets(size) * files - gets).abs() < 1e-9, "{name}");
        }
        // s3fs writes 100 MiB at once by 1 create, 1 part, 1 complete.
        let mut s3fs = client("direct");
        s3fs.write.multipart_from = Some(ByteSize::mib(5));
        assert_eq!((s3fs.is_multipart(size), s3fs.upload_parts(size)), (true, 1));
        assert!(!s3fs.is_multipart(ByteSize::mib(4)));
    }

    /// Captured: one byte below 8 MiB one request, 8 MiB one part, up as across.
    #[test]
    fn s3transfer_sends_parts_from_its_threshold_on() {
        let below = ByteSize::of_bytes((8 << 20) - 1);
        for name in ["boto3", "aws-cli", "aws-cli-sync"] {
            let client = client(name);
            assert!(!client.is_multipart(below) && !client.copies_in_parts(below), "{name}");
            for (mebibytes, parts) in [(8, 1), (64, 8), (100, 13)] {
                let size = ByteSize::mib(mebibytes);
                assert!(client.is_multipart(size) && client.copies_in_parts(size), "{name}");
                assert_eq!((client.upload_parts(size), client.copied_parts(size)), (parts, parts));
            }
        }
        // 1 HEAD, 1 create, 8 parts, 1 complete.
        assert!(just(client("boto3").requests_per_copy(ByteSize::mib(64)), 11));
        assert!(just(client("aws-cli").requests_per_copy(ByteSize::mib(1)), 2));
    }

    /// By hand: 10,000 parts of 8 MiB are 80,000 MiB. 81,920 MiB are 5,120 parts of 16 MiB, 163,840
    /// MiB are 10,240 of 16 MiB and so 5,120 of 32 MiB. rclone's 5 MiB hold 50,000 MiB; for 102,400 MiB
    /// parts of 10.24 MiB would do, and they have 11: 9,310 parts.
    #[test]
    fn parts_grow_where_they_would_be_too_many() {
        let boto3 = client("boto3");
        for (mebibytes, parts) in [(80_000, 10_000), (80_001, 5_001), (81_920, 5_120)] {
            assert_eq!(boto3.copied_parts(ByteSize::mib(mebibytes)), parts, "{mebibytes}");
            assert_eq!(boto3.upload_parts(ByteSize::mib(mebibytes)), parts, "{mebibytes}");
        }
        assert_eq!(boto3.copied_parts(ByteSize::mib(163_840)), 5_120);
        assert_eq!(client("rclone").upload_parts(ByteSize::mib(50_000)), 10_000);
        assert_eq!(client("rclone").upload_parts(ByteSize::mib(102_400)), 9_310);
        assert_eq!(client("java-sdk").upload_parts(ByteSize::mib(163_840)), 10_000);
        // Reads know no such limit.
        assert!(just(boto3.gets(ByteSize::mib(163_840)), 20_480));
    }

    /// By hand: 5 GiB are one request, 50 GiB ten parts of 5 GiB or eleven of 4,768 MiB.
    #[test]
    fn what_one_request_cannot_hold_goes_in_parts() {
        for name in ["direct", "s5cmd", "dask", "trino", "emrfs"] {
            assert!(!client(name).copies_in_parts(ByteSize::mib(5 * GIB)), "{name}");
            assert!(client(name).copies_in_parts(ByteSize::mib(5 * GIB + 1)), "{name}");
            assert_eq!(client(name).copied_parts(ByteSize::mib(50 * GIB)), 10, "{name}");
        }
        assert_eq!(client("rclone").copied_parts(ByteSize::mib(50 * GIB)), 11);
        assert!(just(client("direct").requests_per_write(ByteSize::mib(5 * GIB)), 1));
        assert!(just(client("direct").requests_per_write(ByteSize::mib(50 * GIB)), 12));
    }

    /// 64 MiB are a block: one whole block is one part. 128 MB are two; a rename has parts above 128
    /// MiB. Of 20 files small files: 20 PUTs of data, 30 of markers, 40 copies.
    #[test]
    fn sparks_writes_depend_on_size() {
        let spark = client("spark-s3a");
        let asked = 17.3 + 13.5;
        for (bytes, requests) in [
            (40_900, 1.0 + 1.5 + 2.0),
            ((64 << 20) - 1, 1.0 + 1.5 + 2.0),
            (64 << 20, 3.0 + 1.5 + 2.0),
            (128_000_000, 4.0 + 1.5 + 2.0),
            (128 << 20, 4.0 + 1.5 + 2.0),
            (1 << 30, 18.0 + 1.5 + 2.0 * 18.0),
        ] {
            let made = spark.requests_per_write(ByteSize::of_bytes(bytes));
            assert!((made - asked - requests).abs() < 1e-9, "{bytes}: {made}");
        }
        // What was captured: 50 PUTs and 40 copies for 20 files.
        assert!((spark.objects_per_write(ByteSize::mib(1)) * 20.0 - 90.0).abs() < 1e-9);
    }

    /// By hand from the documented sizes: 100 MiB are two splits of 64 MiB and 13 ranges of 8 MiB.
    #[test]
    fn trino_and_athena_read_footers_and_ranges_of_each_split() {
        for name in ["trino", "athena"] {
            for (mebibytes, gets) in [(1, 1), (3, 1), (4, 2), (64, 9), (100, 15), (128, 18)] {
                assert!(just(client(name).gets(ByteSize::mib(mebibytes)), gets), "{mebibytes}");
            }
            for (mebibytes, requests) in [(31, 1), (32, 3), (33, 4), (128, 6)] {
                let made = client(name).requests_per_write(ByteSize::mib(mebibytes));
                assert!(just(made, requests), "{mebibytes}");
            }
        }
    }

    /// Documented: always an upload, never a rename; parts of 128 MiB.
    #[test]
    fn emrfs_uploads_at_any_size() {
        for (mebibytes, parts) in [(0, 1), (1, 1), (128, 1), (129, 2), (1024, 8)] {
            let size = ByteSize::mib(mebibytes);
            assert!(client("emrfs").is_multipart(size));
            assert_eq!(client("emrfs").upload_parts(size), parts, "{mebibytes}");
        }
        assert!(just(client("emrfs").write.copy, 0));
    }

    #[test]
    fn clients_are_found_by_their_aliases() {
        for (alias, name) in [("emr", "emrfs"), ("glue", "emrfs"), ("s3a", "spark-s3a")] {
            assert_eq!(client(alias), client(name));
        }
        let mut all: Vec<&str> = names().collect();
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]), "{all:?}");
        for row in BUILT_IN {
            let sources = [row.description, row.source, row.sizes];
            assert!(sources.iter().all(|text| !text.is_empty()), "{}", row.name);
            row.profile().check().unwrap();
        }
    }

    #[test]
    fn unknown_clients_are_named() {
        assert_eq!(
            ClientProfile::built_in("spark-s3").unwrap_err().to_string(),
            "`spark-s3` is not a known client\n\nhint: did you mean `spark-s3a`?"
        );
        let hint = ClientProfile::built_in("trinno").unwrap_err().to_string();
        assert!(hint.ends_with("did you mean `trino`?"), "{hint}");
    }

    #[test]
    fn counts_beyond_reason_and_parts_of_nothing_are_refused() {
        let mut strange = client("direct");
        strange.read.get = f64::NAN;
        assert!(strange.check().unwrap_err().to_string().contains("`read.get`"));
        let mut strange = client("direct");
        strange.copy.part_size = Some(ByteSize::mib(0));
        assert!(strange.check().unwrap_err().to_string().contains("`copy.part_size`"));
        strange.copy = CopyRequests { head: -1.0, ..CopyRequests::default() };
        assert!(strange.check().unwrap_err().to_string().contains("`copy.head`"));
    }
}
