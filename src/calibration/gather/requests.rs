//! S3's requests in trails and access logs, as far as they write and read keys.

use std::collections::BTreeMap;

use super::{RequesterBucket, SessionName};
use crate::encryption::needs::Needs;
use crate::logs::record::{LogOperation, Record, percent_decoded};
use crate::recording::hash::{self, ObjectId};
use crate::s3::Operation;

/// What a request does with an object's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ObjectUse {
    /// Makes an object's key.
    Writes,
    /// Needs an object's key.
    Reads,
    /// May need a key: parts and ends of uploads, or it is not known of which object.
    MayRead,
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TimedUse {
    pub(super) second: i64,
    pub(super) object_use: ObjectUse,
    /// Its object.
    pub(super) object: ObjectId,
}

/// Requests of one format of log: by (who, bucket), then session.
pub(super) type SessionUses = BTreeMap<RequesterBucket, BTreeMap<SessionName, Vec<TimedUse>>>;

/// What a record does with keys: each use with its bucket and its object.
pub(super) fn object_uses<'a>(record: &'a Record) -> Vec<(ObjectUse, &'a [u8], ObjectId)> {
    let own = object(record.bucket, &percent_decoded(record.key.unwrap_or_default()));
    let may_read = (ObjectUse::MayRead, record.bucket, own);
    let reads = match record.version_id {
        Some(_) => may_read,
        None => (ObjectUse::Reads, record.bucket, own),
    };
    let writes = (ObjectUse::Writes, record.bucket, own);
    let source = match record.copy_source.and_then(source) {
        Some((bucket, key)) => (ObjectUse::Reads, bucket, object(bucket, &percent_decoded(key))),
        None => may_read,
    };
    // Access logs tell a copy's source in a record of its own.
    let in_trail = record.copy_source.is_some();
    match record.operation {
        LogOperation::Known(operation) => match operation {
            Operation::CopyObject if in_trail => vec![writes, source],
            Operation::UploadPartCopy if in_trail => vec![may_read, source],
            Operation::UploadPart
            | Operation::CompleteMultipartUpload
            | Operation::UploadPartCopy
            | Operation::HeadObjectChecksum => vec![may_read],
            Operation::GetObject => vec![reads],
            operation if Needs::writes(operation) => vec![writes],
            _ => Vec::new(),
        },
        LogOperation::CopySource
        | LogOperation::PartCopySource
        | LogOperation::SelectObjectContent => vec![reads],
        LogOperation::UpdateObjectEncryption => vec![writes, may_read],
        LogOperation::GetObjectAttributes => vec![may_read],
        LogOperation::DeletedKey
        | LogOperation::Lifecycle
        | LogOperation::WithoutData
        | LogOperation::Unknown => Vec::new(),
    }
}

/// Bucket and key of a copy's source of no certain version.
fn source(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"/").unwrap_or(text);
    let slash = text.iter().position(|byte| *byte == b'/')?;
    let versioned = memchr::memmem::find(text, b"?versionId=").is_some();
    (!versioned).then_some((&text[..slash], &text[slash + 1..]))
}

/// What tells an object from others.
pub(super) fn object(bucket: &[u8], key: &[u8]) -> ObjectId {
    hash::object(bucket, key, None)
}
