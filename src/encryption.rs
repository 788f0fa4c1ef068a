//! What must S3 ask of KMS? The model of `docs/model.md`.
//!
//! - [`needs`]: which data keys an operation makes or unwraps, before any caching;
//! - `cost`: which calls these cost under a scheme, and when;
//! - [`requester`]: who shares a bucket-level key with whom;
//! - [`assumption`]: what AWS does not publish, each with its range: one table;
//! - [`history`]: the bucket-level keys of objects written before the run;
//! - [`keys`]: all bucket-level keys, and which of them wraps an object;
//! - [`shares`]: which share of the objects each of them wraps;
//! - [`service`]: S3's memory for one requester, which answers requests one by one.
//!
//! An object matters only through the bucket-level key that wraps it, a request only through
//! (requester, wrapping key, time). That is why a billion objects fit in the memory of their
//! distinct keys, and why requesters can be run one by one.

pub mod assumption;
pub(crate) mod cost;
pub mod generated_keys;
mod guide_table;
pub mod history;
pub mod keys;
pub mod needs;
pub mod requester;
pub mod service;
pub mod shares;
mod timelines;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How S3 encrypts new objects of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// SSE-S3: keys of S3 itself; KMS is never asked.
    SseS3,
    /// SSE-KMS with a KMS data key for each object.
    SseKms,
    /// SSE-KMS with S3 Bucket Keys.
    SseKmsBucketKey,
    /// DSSE-KMS: two layers, no bucket key possible. AWS says it makes more calls than SSE-KMS but
    /// not how many; bks counts as many, a lower bound.
    DsseKms,
}

impl Mode {
    /// AWS's name of the mode.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SseS3 => "SSE-S3",
            Self::SseKms => "SSE-KMS",
            Self::SseKmsBucketKey => "SSE-KMS with bucket key",
            Self::DsseKms => "DSSE-KMS",
        }
    }
}
