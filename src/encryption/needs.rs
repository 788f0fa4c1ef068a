//! What an operation needs of KMS before any caching: a new data key wrapped, stored ones
//! unwrapped.
//!
//! Source: the table in `docs/model.md`, after "Required permissions for Amazon S3 API operations"
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>) and
//! the KMS request-quota page; multipart parts and completion are inferred and so are parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kms::KmsApi;
use crate::s3::{Object, Operation, Request};

/// How many Decrypt calls the requests of a multipart upload make, 0 or 1 each: AWS documents the
/// permission but not the count (*inferred*; of `ListParts` *assumed*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MultipartCalls {
    /// Decrypt calls of each `UploadPart` and of the destination of each `UploadPartCopy`.
    pub upload_part: u8,
    /// Decrypt calls of `CompleteMultipartUpload`.
    pub complete: u8,
    /// Decrypt calls of `ListParts`.
    pub list_parts: u8,
}

impl Default for MultipartCalls {
    fn default() -> Self {
        Self { upload_part: 1, complete: 1, list_parts: 0 }
    }
}

/// The data keys one request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The call that wraps a new object's data key, if the request makes one.
    pub wrap: Option<KmsApi>,
    /// How often the key of the request's object is unwrapped.
    pub unwrap: u8,
    /// How often the key of the requester's own unfinished upload is unwrapped besides.
    pub unwrap_own: u8,
}

impl Needs {
    /// Whether `operation` may need KMS at all; what does not costs no configuration anything.
    #[inline]
    #[must_use]
    pub const fn any(operation: Operation) -> bool {
        !matches!(
            operation,
            Operation::HeadObject | Operation::ListObjects | Operation::DeleteObject
        )
    }

    /// Whether `request` may need KMS: by its operation, unless it was not served.
    #[inline]
    #[must_use]
    pub fn any_of(request: &Request) -> bool {
        Self::any(request.operation) && request.object != Object::Unserved
    }

    /// Whether `request` makes a new object's data key: by its operation, unless it was not served.
    #[inline]
    #[must_use]
    pub fn written_by(request: &Request) -> bool {
        Self::writes(request.operation) && request.object != Object::Unserved
    }

    /// The needs of `request`: its operation's, or none if it was not served.
    #[inline]
    #[must_use]
    pub fn of_request(request: &Request, multipart: MultipartCalls) -> Self {
        match request.object {
            Object::Unserved => Self { wrap: None, unwrap: 0, unwrap_own: 0 },
            _ => Self::of(request.operation, multipart),
        }
    }

    /// Whether `operation` makes a new object's data key.
    #[inline]
    #[must_use]
    pub fn writes(operation: Operation) -> bool {
        Self::of(operation, MultipartCalls::default()).wrap.is_some()
    }

    /// The needs of `operation`.
    #[inline]
    #[must_use]
    pub const fn of(operation: Operation, multipart: MultipartCalls) -> Self {
        let none = Self { wrap: None, unwrap: 0, unwrap_own: 0 };
        let new_key = Some(KmsApi::GenerateDataKey);
        match operation {
            Operation::PutObject | Operation::CreateMultipartUpload => {
                Self { wrap: new_key, ..none }
            }
            Operation::GetObject | Operation::HeadObjectChecksum => Self { unwrap: 1, ..none },
            Operation::UploadPart => Self { unwrap: multipart.upload_part, ..none },
            Operation::ListParts => Self { unwrap: multipart.list_parts, ..none },
            Operation::CompleteMultipartUpload => Self { unwrap: multipart.complete, ..none },
            Operation::CopyObject => Self { wrap: new_key, unwrap: 1, ..none },
            Operation::UploadPartCopy => {
                Self { unwrap: 1, unwrap_own: multipart.upload_part, ..none }
            }
            Operation::ReplicateObject => Self { wrap: Some(KmsApi::Encrypt), unwrap: 1, ..none },
            Operation::HeadObject | Operation::ListObjects | Operation::DeleteObject => none,
        }
    }
}

/// The part of S3's memory that answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryPart {
    /// It needs no key.
    None,
    /// The keys that wrap what is written.
    Wrapping,
    /// The keys of what is read.
    Unwrapped,
}

impl MemoryPart {
    /// The part that answers requests of `operation`, if that is one alone.
    #[must_use]
    pub fn of(operation: Operation) -> Self {
        if !Needs::any(operation) {
            Self::None
        } else if Needs::writes(operation) {
            Self::Wrapping
        } else {
            Self::Unwrapped
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Documented or inferred calls per operation without bucket keys (`docs/model.md`).
    #[test]
    fn calls_without_bucket_keys_are_those_of_the_table() {
        for (operation, expected) in [
            (Operation::PutObject, 1),
            (Operation::GetObject, 1),
            (Operation::HeadObject, 0),
            (Operation::HeadObjectChecksum, 1),
            (Operation::ListObjects, 0),
            (Operation::DeleteObject, 0),
            (Operation::CreateMultipartUpload, 1),
            (Operation::UploadPart, 1),
            (Operation::CompleteMultipartUpload, 1),
            (Operation::CopyObject, 2),
            (Operation::UploadPartCopy, 2),
            (Operation::ReplicateObject, 2),
            (Operation::ListParts, 0),
        ] {
            let needs = Needs::of(operation, MultipartCalls::default());
            let calls = u8::from(needs.wrap.is_some()) + needs.unwrap + needs.unwrap_own;
            assert_eq!(calls, expected, "{operation}");
        }
    }
}
