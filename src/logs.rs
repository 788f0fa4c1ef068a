//! Logs as files: one file for each format.
//!
//! A **log** tells who asked S3 for what, and when: [`log::Log`] reads any of them, plain or
//! compressed, into [`record::LogEntry`]s that borrow from its bytes.
//!
//! - [`access_log`]: S3 server access logs.
//! - [`cloudtrail`]: CloudTrail's events of S3 and of KMS.
//! - [`ibm_cos`]: the traces of IBM Cloud Object Storage.
//!
//! Logs that went through other programs hold the same in other shapes: Firehose and CloudWatch
//! Logs (wrapped messages), Athena (tables), ZIP archives ([`archive`]). What is no log is called by its
//! name ([`other_format`]).
//!
//! Access logs and trails are written, too, and so is [`parquet`]: all from [`exported_request`] requests.
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
pub mod cloudtrail;
pub mod compression;
pub mod csv_records;
mod elastic;
pub mod exported_request;
mod hive;
pub mod ibm_cos;
mod lenient_json;
mod lines;
pub mod log;
mod messages;
mod nested;
mod operation;
pub mod other_format;
mod packed;
pub mod parquet;
pub mod record;
pub(crate) mod timestamps;
mod windows;
mod wrapping;

use crate::named_enum::named_enum;

named_enum! {
    /// The formats that logs come in.
    pub LogFormat {
        /// An S3 server access log.
        S3AccessLog = "s3-access-log",
        /// CloudTrail events.
        CloudTrail = "cloudtrail",
        /// A trace of IBM Cloud Object Storage.
        IbmCos = "ibm-cos",
    }
}

impl LogFormat {
    /// The format of a file that begins with `head`, which is decompressed; `None` if it looks like
    /// none of them.
    #[must_use]
    pub fn detect(head: &[u8]) -> Option<Self> {
        if let Some((format, _)) = wrapping::detect(head) {
            return Some(format);
        }
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let lines = text.split(|byte| *byte == b'\n').take(LINES_LOOKED_AT);
        let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        if lines.clone().any(access_log::looks_like) {
            return Some(Self::S3AccessLog);
        }
        if lines.clone().any(|line| ibm_cos::parse(line).is_ok()) {
            return Some(Self::IbmCos);
        }
        None
    }
}

/// How many lines may tell a format: the first of a file may be cut off or odd.
const LINES_LOOKED_AT: usize = 20;
