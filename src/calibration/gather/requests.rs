//! S3's requests in trails and access logs, as far as they write and read keys.

use std::collections::BTreeMap;

use super::{Place, SessionName};
use crate::encryption::needs::Needs;
use crate::logs::record::{LogOperation, Record, percent_decoded};
use crate::recording::hash::{self, ObjectId};
use crate::s3::Operation;

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    /// Makes an object's key.
    Writes,
    /// Needs an object's key.
    Reads,
    /// May need a key: parts and ends of uploads, or it is not known of which object.
    MayRead,
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Request {
    pub(super) second: i64,
    pub(super) deed: Deed,
    /// Its object.
    pub(super) object: ObjectId,
}

/// Requests of one form of log: by (who, bucket), then session.
pub(super) type Requests = BTreeMap<Place, BTreeMap<SessionName, Vec<Request>>>;

/// What a record does: each deed with its bucket and its object.
pub(super) fn deeds<'a>(record: &'a Record) -> Vec<(Deed, &'a [u8], ObjectId)> {
    let own = object(record.bucket, &percent_decoded(record.key.unwrap_or_default()));
    let versioned = |deed| if record.version_id.is_some() { Deed::MayRead } else { deed };
    let here = |deed| (deed, record.bucket, own);
    let source = || match record.copy_source.and_then(source) {
        Some((bucket, key)) => (Deed::Reads, bucket, object(bucket, &percent_decoded(key))),
        None => (Deed::MayRead, record.bucket, own),
    };
    // Access logs tell a copy's source in a record of its own.
    let in_trail = record.copy_source.is_some();
    match record.operation {
        LogOperation::Known(operation) => match operation {
            Operation::CopyObject if in_trail => vec![here(Deed::Writes), source()],
            Operation::UploadPartCopy if in_trail => vec![here(Deed::MayRead), source()],
            Operation::UploadPart
            | Operation::CompleteMultipartUpload
            | Operation::UploadPartCopy
            | Operation::HeadObjectChecksum => vec![here(Deed::MayRead)],
            Operation::GetObject => vec![here(versioned(Deed::Reads))],
            operation if Needs::writes(operation) => vec![here(Deed::Writes)],
            _ => Vec::new(),
        },
        LogOperation::CopySource
        | LogOperation::PartCopySource
        | LogOperation::SelectObjectContent => vec![here(versioned(Deed::Reads))],
        LogOperation::UpdateObjectEncryption => vec![here(Deed::Writes), here(Deed::MayRead)],
        LogOperation::GetObjectAttributes => vec![here(Deed::MayRead)],
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
