//! Streams of requests as files: one file for each form.
//!
//! A trace says which requester's cache was asked for which key, and when; nothing of how the
//! requests came about. [`crate::replay`] counts what it costs under a lifetime.
//!
//! - [`oracle_general`]: libCacheSim's binary form, written by `bks export`.
//! - [`access_log`]: S3 server access logs.

pub mod access_log;
pub mod bad_lines;
mod clock;
mod operation;
pub mod oracle_general;
pub mod record;

/// One look-up of a bucket-level key in a requester's cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    /// When, in whole seconds since the trace's own zero.
    pub second: u32,
    /// Which entry is looked up: a key in one requester's part of the cache.
    pub object: u64,
}

/// The forms that traces come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// libCacheSim's `oracleGeneral`.
    OracleGeneral,
}

impl Form {
    /// The form that a file of `bytes` bytes has, by its size and its beginning `head`; `None` if
    /// it looks like none of them.
    #[must_use]
    pub fn detect(bytes: u64, head: &[u8]) -> Option<Self> {
        oracle_general::looks_like(bytes, head).then_some(Self::OracleGeneral)
    }

    /// The word for it on the command line and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OracleGeneral => "oracle-general",
        }
    }
}
