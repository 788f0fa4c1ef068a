//! Logs and traces as files: one file for each format.
//!
//! A **log** tells who asked S3 for what, and when: [`log::Log`] reads any of them, plain or
//! compressed, into [`record::LogEntry`]s that borrow from its bytes.
//!
//! - [`access_log`]: S3 server access logs.
//! - [`cloudtrail`]: CloudTrail's events of S3 and of KMS.
//! - [`ibm_cos`]: the traces of IBM Cloud Object Storage.
//!
//! A **trace** says which requester's cache was asked for which key, and when; nothing of how the
//! requests came about. [`crate::replay`] counts what it costs under a lifetime.
//!
//! - [`oracle_general`]: libCacheSim's binary format, written by `bks export`.
//!
//! Logs that went through other programs hold the same in other shapes: Firehose and CloudWatch
//! Logs (wrapped messages), Athena (tables), ZIP archives ([`archive`]). What is no log is called by its
//! name ([`other_format`]).
//!
//! Access logs and trails are written, too, and so is [`parquet`]: all from [`outgoing`] requests.
//!
//! ```text
//! file ── compression ──► bytes ── windows ──► lines or events ── a format's reader ──► Entry
//!                           │                        └──────────► bad_lines
//!                           └─ Format::detect
//! ```

pub mod access_log;
pub mod archive;
mod athena;
pub mod bad_lines;
pub mod bounded;
mod clock;
pub mod cloudtrail;
pub mod compression;
mod hive;
pub mod ibm_cos;
mod lines;
pub mod log;
mod messages;
mod operation;
pub mod oracle_general;
pub mod other_format;
pub mod outgoing;
pub mod parquet;
pub mod record;
mod shape;
mod windows;

use clock::Clock;

/// One look-up of a bucket-level key in a requester's cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    /// When, in whole seconds since the trace's own zero.
    pub second: u32,
    /// Which entry is looked up: a key in one requester's part of the cache.
    pub object: u64,
}

/// The formats that logs and traces come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// An S3 server access log.
    S3AccessLog,
    /// CloudTrail events.
    CloudTrail,
    /// A trace of IBM Cloud Object Storage.
    IbmCos,
    /// libCacheSim's `oracleGeneral`.
    OracleGeneral,
}

impl LogFormat {
    /// Every format.
    pub const ALL: [Self; 4] =
        [Self::S3AccessLog, Self::CloudTrail, Self::IbmCos, Self::OracleGeneral];

    /// The format of a file that begins with `head`, which is decompressed; `None` if it looks like
    /// none of them. `bytes` is the file's size, if it is known; binary formats show in it.
    #[must_use]
    pub fn detect(bytes: Option<u64>, head: &[u8]) -> Option<Self> {
        if let Some((format, _)) = shape::detect(head) {
            return Some(format);
        }
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let lines = || text.split(|byte| *byte == b'\n').take(LINES_LOOKED_AT);
        if lines().any(|line| access_log::parse(line, &mut Clock::default()).is_ok()) {
            return Some(Self::S3AccessLog);
        }
        if lines().any(|line| ibm_cos::parse(line).is_ok()) {
            return Some(Self::IbmCos);
        }
        // Records have numbers, whose high bytes are zero.
        if !head.contains(&0) {
            return None;
        }
        // A file of unknown size has as many whole records as it will.
        let bytes = bytes.unwrap_or(MANY_RECORDS);
        let (whole, _) = head.as_chunks::<{ oracle_general::RECORD_BYTES }>();
        oracle_general::looks_like(bytes, whole.as_flattened()).then_some(Self::OracleGeneral)
    }

    /// The word for it on the command line and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::S3AccessLog => "s3-access-log",
            Self::CloudTrail => "cloudtrail",
            Self::IbmCos => "ibm-cos",
            Self::OracleGeneral => "oracle-general",
        }
    }
}

/// How many lines may tell a format: the first of a file may be cut off or odd.
const LINES_LOOKED_AT: usize = 20;

/// More records than a file has.
const MANY_RECORDS: u64 =
    i64::MAX as u64 / oracle_general::RECORD_BYTES as u64 * oracle_general::RECORD_BYTES as u64;
