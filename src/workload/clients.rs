//! How many requests a client makes for one object: measured, not guessed.
//!
//! The built-in numbers are counts of S3 server access log records, captured from the real clients
//! working against an S3 emulator in November 2026 (one job each; counts are faithful, rates are
//! not). They are divided by the objects read or written, so a fraction stands for requests that
//! come once a job.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pools;
use crate::error::{Error, Result, one_of};
use crate::s3::Connections;
use crate::units::ByteSize;

/// What a client makes of reading or writing one object.
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
    /// Connections to S3 that a process of it keeps at the most; without it, 10 are assumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
}

/// Requests for each object read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReadRequests {
    /// GETs, ranged or not, where `part_size` is not given.
    pub get: f64,
    /// HEADs.
    pub head: f64,
    /// Listed pages.
    pub list: f64,
    /// Objects larger than this are read by one ranged GET for each part of this size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_size: Option<ByteSize>,
}

impl Default for ReadRequests {
    fn default() -> Self {
        Self { get: 1.0, head: 0.0, list: 0.0, part_size: None }
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
    /// Objects larger than this are written as a multipart upload with parts of this size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_size: Option<ByteSize>,
    /// Objects of this size or more are written as a multipart upload, be it in a single part;
    /// without `part_size` it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multipart_from: Option<ByteSize>,
}

impl Default for WriteRequests {
    fn default() -> Self {
        Self { put: 1.0, head: 0.0, list: 0.0, copy: 0.0, part_size: None, multipart_from: None }
    }
}

/// The greatest number of parts of one multipart upload.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const MAX_PARTS: u64 = 10_000;

/// Number of requests that move an object of `size` in parts of `part`; 1 if it fits into one.
fn parts(size: ByteSize, part: Option<ByteSize>) -> u64 {
    part.map_or(1, |part| size.bytes().div_ceil(part.bytes()).clamp(1, MAX_PARTS))
}

/// Whether a mean number is a whole number and never another.
fn is_just(mean: f64, number: u32) -> bool {
    (mean - f64::from(number)).abs() <= 0.0
}

impl ClientProfile {
    /// GETs for an object of `size`, on average.
    #[must_use]
    pub fn gets(&self, size: ByteSize) -> f64 {
        match self.read.part_size {
            Some(_) => parts(size, self.read.part_size) as f64,
            None => self.read.get,
        }
    }

    /// Whether an object of `size` is always read by one GET and no other request.
    #[must_use]
    pub fn reads_by_one_get(&self, size: ByteSize) -> bool {
        is_just(self.gets(size), 1) && is_just(self.read.head + self.read.list, 0)
    }

    /// Whether an object of `size` is always written by one PUT and no other request.
    #[must_use]
    pub fn writes_by_one_put(&self, size: ByteSize) -> bool {
        let WriteRequests { put, head, list, copy, .. } = self.write;
        !self.is_multipart(size) && is_just(put, 1) && is_just(head + list + copy, 0)
    }

    /// Requests for reading an object of `size`, on average.
    #[must_use]
    pub fn requests_per_read(&self, size: ByteSize) -> f64 {
        self.gets(size) + self.read.head + self.read.list
    }

    /// Requests for writing an object of `size`, on average.
    #[must_use]
    pub fn requests_per_write(&self, size: ByteSize) -> f64 {
        let moved = if self.is_multipart(size) {
            2.0 + self.upload_parts(size) as f64
        } else {
            self.write.put
        };
        moved + self.write.head + self.write.list + self.write.copy
    }

    /// Whether an object of `size` is written as a multipart upload.
    #[must_use]
    pub fn is_multipart(&self, size: ByteSize) -> bool {
        let WriteRequests { part_size, multipart_from, .. } = self.write;
        part_size.is_some_and(|part| size > part) || multipart_from.is_some_and(|from| size >= from)
    }

    /// Parts of a multipart upload of `size`.
    #[must_use]
    pub fn upload_parts(&self, size: ByteSize) -> u64 {
        parts(size, self.write.part_size)
    }

    /// Refuses counts that are negative, not finite or beyond reason.
    ///
    /// # Errors
    /// Names the count.
    pub fn check(&self) -> Result<()> {
        let counts = [
            ("read.get", self.read.get),
            ("read.head", self.read.head),
            ("read.list", self.read.list),
            ("write.put", self.write.put),
            ("write.head", self.write.head),
            ("write.list", self.write.list),
            ("write.copy", self.write.copy),
        ];
        match counts.into_iter().find(|(_, count)| !(0.0..=1e6).contains(count)) {
            None => Ok(()),
            Some((name, count)) => Err(Error::request(format!(
                "`{name}` of client `{}` is `{count}`, but must lie between 0 and 1000000",
                self.name
            ))),
        }
    }

    /// The built-in profile of that name.
    ///
    /// # Errors
    /// If there is none; the hint has the nearest name, or all.
    pub fn built_in(name: &str) -> Result<Self> {
        BUILT_IN.iter().find(|row| row.name == name).map(BuiltIn::profile).ok_or_else(|| {
            Error::request(format!("`{name}` is not a known client"))
                .hint(one_of(name, BUILT_IN.iter().map(|row| row.name)))
        })
    }
}

/// One row of the table of built-in clients.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// What workloads call it.
    pub name: &'static str,
    /// What it stands for.
    pub description: &'static str,
    /// The captured jobs the numbers come from.
    pub source: &'static str,
    read: ReadRequests,
    write: WriteRequests,
}

impl BuiltIn {
    /// The profile.
    #[must_use]
    pub fn profile(&self) -> ClientProfile {
        let connections = pools::pool(self.name).map(|pool| pool.connections);
        ClientProfile { name: self.name.to_owned(), read: self.read, write: self.write, connections }
    }
}

const fn reads(get: f64, head: f64, list: f64) -> ReadRequests {
    ReadRequests { get, head, list, part_size: None }
}

const fn reads_in_parts(head: f64, mebibytes: u64) -> ReadRequests {
    ReadRequests { get: 1.0, head, list: 0.0, part_size: Some(ByteSize::mib(mebibytes)) }
}

const ONE_PUT: WriteRequests = WriteRequests {
    put: 1.0,
    head: 0.0,
    list: 0.0,
    copy: 0.0,
    part_size: None,
    multipart_from: None,
};

const fn writes_in_parts(mebibytes: u64) -> WriteRequests {
    WriteRequests { part_size: Some(ByteSize::mib(mebibytes)), ..ONE_PUT }
}

const SPARK_WRITE: WriteRequests =
    WriteRequests { put: 2.5, head: 17.3, list: 13.5, copy: 2.0, ..ONE_PUT };

/// The built-in clients.
pub const BUILT_IN: [BuiltIn; 16] = [
    BuiltIn {
        name: "direct",
        description: "one GET for an object read, one PUT for one written",
        source: "by definition; boto3 get_object and put_object: 1 GET, 200 PUT for 200 objects",
        read: reads(1.0, 0.0, 0.0),
        write: ONE_PUT,
    },
    BuiltIn {
        name: "spark-s3a",
        description: "Spark 3.3 over S3A: 2 columns of one-row-group Parquet; rename committer",
        source: "read of 200 files: 4 LIST, 803 HEAD, 1202 GET; write of 20 files: 270 LIST, \
                 346 HEAD, 50 PUT, 40 copies",
        read: reads(6.01, 4.015, 0.02),
        write: SPARK_WRITE,
    },
    BuiltIn {
        name: "spark-s3a-csv",
        description: "Spark 3.3 over S3A: small text files, read whole",
        source: "read of 200 files: 4 LIST, 202 HEAD, 200 GET",
        read: reads(1.0, 1.01, 0.02),
        write: SPARK_WRITE,
    },
    BuiltIn {
        name: "spark-s3a-row-groups",
        description: "Spark 3.3 over S3A: 2 columns of Parquet files of 8 row groups",
        source: "read of 8 files: 4 LIST, 35 HEAD, 162 GET; write as spark-s3a",
        read: reads(20.25, 4.375, 0.5),
        write: SPARK_WRITE,
    },
    BuiltIn {
        name: "datafusion-row-groups",
        description: "DataFusion: 2 columns of Parquet files of 8 row groups (Polars, pyarrow: 17 to 18)",
        source: "read of 8 files: 1 LIST, 136 GET",
        read: reads(17.0, 0.0, 0.125),
        write: ONE_PUT,
    },
    BuiltIn {
        name: "duckdb",
        description: "DuckDB: 2 columns of one-row-group Parquet; COPY TO one file",
        source: "read of 200 files: 1 LIST, 600 GET; write of 70 MB: 1 PUT",
        read: reads(3.0, 0.0, 0.005),
        write: ONE_PUT,
    },
    BuiltIn {
        name: "pyarrow",
        description: "pyarrow dataset: 2 columns of one-row-group Parquet",
        source: "read of 200 files: 2 LIST, 1 HEAD, 601 GET; write of 70 MB: 7 parts",
        read: reads(3.005, 0.005, 0.01),
        write: writes_in_parts(10),
    },
    BuiltIn {
        name: "dask",
        description: "dask dataframe: 2 columns of one-row-group Parquet",
        source: "read of 200 files: 2 LIST, 602 GET; write of 50 parts: 50 PUT",
        read: reads(3.01, 0.0, 0.01),
        write: ONE_PUT,
    },
    BuiltIn {
        name: "polars",
        description: "Polars scan: 2 columns of one-row-group Parquet",
        source: "read of 200 files: 1 LIST, 415 GET",
        read: reads(2.075, 0.0, 0.005),
        write: ONE_PUT,
    },
    BuiltIn {
        name: "datafusion",
        description: "DataFusion: 2 columns of one-row-group Parquet",
        source: "read of 200 files: 1 LIST, 400 GET",
        read: reads(2.0, 0.0, 0.005),
        write: ONE_PUT,
    },
    BuiltIn {
        name: "boto3",
        description: "boto3 download_file and upload_file: 8 MiB parts",
        source: "100 MiB down: 1 HEAD, 13 GET; up: 1 create, 13 parts, 1 complete",
        read: reads_in_parts(1.0, 8),
        write: writes_in_parts(8),
    },
    BuiltIn {
        name: "aws-cli",
        description: "aws s3 cp: 8 MiB parts",
        source: "100 MiB down: 1 HEAD, 13 GET; up: 1 create, 13 parts, 1 complete",
        read: reads_in_parts(1.0, 8),
        write: writes_in_parts(8),
    },
    BuiltIn {
        name: "aws-cli-sync",
        description: "aws s3 sync of small files",
        source: "200 files up: 1 LIST, 200 PUT; down: 1 LIST, 200 GET",
        read: reads(1.0, 0.0, 0.005),
        write: WriteRequests { list: 0.005, ..ONE_PUT },
    },
    BuiltIn {
        name: "s5cmd",
        description: "s5cmd cp: 50 MiB parts",
        source: "100 MiB down: 1 HEAD, 2 GET; up: 1 create, 2 parts, 1 complete",
        read: reads_in_parts(1.0, 50),
        write: writes_in_parts(50),
    },
    BuiltIn {
        name: "rclone",
        description: "rclone copy of small files",
        source: "200 files down: 1 LIST, 1 HEAD, 200 GET; up: 1 LIST, 201 HEAD, 200 PUT",
        read: reads(1.0, 0.005, 0.005),
        write: WriteRequests { head: 1.005, list: 0.005, ..ONE_PUT },
    },
    BuiltIn {
        name: "s3torch",
        description: "S3 connector for PyTorch: 8 MiB parts",
        source: "100 MiB down: 13 GET",
        read: reads_in_parts(0.0, 8),
        write: writes_in_parts(8),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The captured jobs: bytes moved, and the requests counted.
    #[test]
    fn built_in_clients_make_the_requests_that_were_counted() {
        let client = |name| ClientProfile::built_in(name).unwrap();
        let size = ByteSize::mib(100);
        assert_eq!(client("boto3").gets(size).to_bits(), 13.0_f64.to_bits());
        assert_eq!(client("boto3").upload_parts(size), 13);
        assert_eq!(client("s5cmd").upload_parts(size), 2);
        assert_eq!(client("pyarrow").upload_parts("70MB".parse().unwrap()), 7);
        for (name, files, gets) in
            [("spark-s3a", 200.0, 1202.0), ("duckdb", 200.0, 600.0), ("polars", 200.0, 415.0)]
        {
            assert!((client(name).gets(size) * files - gets).abs() < 1e-9, "{name}");
        }
        assert!(!client("boto3").is_multipart(ByteSize::mib(8)));
        // s3fs writes 100 MiB by 1 create, 1 part, 1 complete.
        let mut s3fs = client("direct");
        s3fs.write.multipart_from = Some(ByteSize::mib(5));
        assert_eq!((s3fs.is_multipart(size), s3fs.upload_parts(size)), (true, 1));
        assert!(!s3fs.is_multipart(ByteSize::mib(4)));
    }

    #[test]
    fn unknown_clients_are_named() {
        assert_eq!(
            ClientProfile::built_in("spark-s3").unwrap_err().to_string(),
            "`spark-s3` is not a known client\n\nhint: did you mean `spark-s3a`?"
        );
    }

    #[test]
    fn counts_beyond_reason_are_refused() {
        let mut client = ClientProfile::built_in("direct").unwrap();
        client.read.get = f64::NAN;
        assert!(client.check().unwrap_err().to_string().contains("`read.get`"));
    }
}
