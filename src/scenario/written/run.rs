//! What bks itself writes into a `run.toml`: how it was made, and of which log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::replay::UnknownAge;

/// What is known of a log besides its buckets and principals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayFile {
    /// When the run starts, in UTC.
    pub start: String,
    /// Which bucket-level keys wrap objects whose writing is not in the log.
    #[serde(default)]
    pub unknown_age: UnknownAge,
    /// The KMS keys of buckets whose objects are under several, beside the first of each.
    #[serde(default, rename = "other_kms_key", skip_serializing_if = "Vec::is_empty")]
    pub other_kms_keys: Vec<OtherKmsKeyFile>,
}

/// A KMS key that some objects of a bucket are under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherKmsKeyFile {
    /// The bucket's name.
    pub bucket: String,
    /// The key's ARN.
    pub kms_key: String,
}

/// How a `run.toml` was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// Version of bks.
    pub version: String,
    /// Version of the model: results of different ones do not compare.
    pub model: u32,
    /// Date of the built-in prices.
    pub price_date: String,
    /// FNV-1a hash of the scenario above, in hexadecimal.
    pub scenario_hash: String,
    /// Of a replay: which log, and what of it, as it was typed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Of a replay: the log's files, whatever was made of them.
    #[serde(default, rename = "input", skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputFile>,
}

/// A file of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// Its name.
    pub name: String,
    /// Its length, compressed if it is.
    pub bytes: u64,
    /// Hash of its bytes, in hexadecimal.
    pub hash: String,
}
