//! S3's requests in trails and access logs, as far as they write and read keys.

use std::collections::BTreeMap;

use super::{RequesterBucket, SessionName};
use crate::calibration::calls::ObjectOperation;
use crate::logs::record::{LogOperation, Record, percent_decoded};
use crate::recording::hash::{self, NO_OBJECT, ObjectId};
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
    /// Needs none, as far as is known.
    NoKey,
}

/// What a request does with one object.
pub(super) struct UseOfObject<'a> {
    pub(super) object_use: ObjectUse,
    pub(super) operation: ObjectOperation,
    pub(super) bucket: &'a [u8],
    pub(super) object: ObjectId,
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

/// A record, and the object that it names.
struct RecordObject<'a> {
    record: &'a Record<'a>,
    object: ObjectId,
}

impl<'a> RecordObject<'a> {
    fn of(record: &'a Record<'a>) -> Self {
        let key = percent_decoded(record.key.unwrap_or_default());
        Self { record, object: object(record.bucket, &key) }
    }

    fn used(&self, object_use: ObjectUse, operation: ObjectOperation) -> UseOfObject<'a> {
        UseOfObject { object_use, operation, bucket: self.record.bucket, object: self.object }
    }

    /// Read, of which version is not known where one is named.
    fn read(&self, operation: ObjectOperation) -> UseOfObject<'a> {
        match self.record.version_id {
            Some(_) => self.used(ObjectUse::MayRead, operation),
            None => self.used(ObjectUse::Reads, operation),
        }
    }

    /// The source of a copy, as its own record has it.
    fn source(&self, operation: ObjectOperation) -> UseOfObject<'a> {
        // Of which version is not known where one is named.
        match self.record.copy_source.filter(|source| source.version.is_none()) {
            Some(source) => UseOfObject {
                object_use: ObjectUse::Reads,
                operation,
                bucket: source.bucket,
                object: object(source.bucket, &percent_decoded(source.key)),
            },
            None => UseOfObject { object: NO_OBJECT, ..self.used(ObjectUse::MayRead, operation) },
        }
    }
}

/// What a record does with keys, object by object.
pub(super) fn object_uses<'a>(record: &'a Record<'a>) -> Vec<UseOfObject<'a>> {
    use ObjectOperation as Of;
    let own = RecordObject::of(record);
    // Access logs tell a copy's source in a record of its own.
    let in_trail = record.copy_source.is_some();
    let (writes, may_read) = (ObjectUse::Writes, ObjectUse::MayRead);
    match record.operation {
        LogOperation::Known(operation) => match operation {
            Operation::CopyObject if in_trail => {
                vec![own.used(writes, Of::CopyDestination), own.source(Of::CopySource)]
            }
            Operation::UploadPartCopy if in_trail => {
                vec![own.used(may_read, Of::PartCopyDestination), own.source(Of::PartCopySource)]
            }
            Operation::UploadPart => vec![own.used(may_read, Of::UploadPart)],
            Operation::CompleteMultipartUpload => {
                vec![own.used(may_read, Of::CompleteMultipartUpload)]
            }
            Operation::UploadPartCopy => vec![own.used(may_read, Of::PartCopyDestination)],
            Operation::HeadObjectChecksum => vec![own.used(may_read, Of::HeadObjectChecksum)],
            Operation::ListParts => vec![own.used(ObjectUse::NoKey, Of::ListParts)],
            Operation::GetObject if record.is_ranged() => vec![own.read(Of::GetObjectRange)],
            Operation::GetObject => vec![own.read(Of::GetObject)],
            Operation::PutObject => vec![own.used(writes, Of::PutObject)],
            Operation::CreateMultipartUpload => vec![own.used(writes, Of::CreateMultipartUpload)],
            Operation::CopyObject | Operation::ReplicateObject => {
                vec![own.used(writes, Of::CopyDestination)]
            }
            Operation::HeadObject | Operation::ListObjects | Operation::DeleteObject => Vec::new(),
        },
        LogOperation::CopySource => vec![own.read(Of::CopySource)],
        LogOperation::PartCopySource => vec![own.read(Of::PartCopySource)],
        LogOperation::SelectObjectContent => vec![own.read(Of::SelectObjectContent)],
        LogOperation::UpdateObjectEncryption => {
            let update = Of::UpdateObjectEncryption;
            vec![own.used(writes, update), own.used(may_read, update)]
        }
        LogOperation::GetObjectAttributes => vec![own.used(may_read, Of::GetObjectAttributes)],
        LogOperation::DeletedKey
        | LogOperation::Lifecycle
        | LogOperation::WithoutData
        | LogOperation::Unknown => Vec::new(),
    }
}

/// What tells an object from others.
pub(super) fn object(bucket: &[u8], key: &[u8]) -> ObjectId {
    hash::object(bucket, key, None)
}
