//! What logs call S3's operations.

use crate::s3::Operation;

/// What a request in a log asks: an operation that workloads issue too, or one that only logs know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogOperation {
    /// An operation of which bks knows what it asks of KMS.
    Known(Operation),
    /// The half of a `CopyObject` that reads its source, in a record of its own.
    CopySource,
    /// The half of an `UploadPartCopy` that reads its source, in a record of its own.
    PartCopySource,
    /// Reads an object through a query.
    SelectObjectContent,
    /// Reads an object's attributes, checksums among them.
    GetObjectAttributes,
    /// Lists the parts of an upload.
    ListParts,
    /// Changes how an object is encrypted, in place.
    UpdateObjectEncryption,
    /// What S3 does by a lifecycle rule: expiry, transition, the end of a stale upload.
    Lifecycle,
    /// Touches no object data: buckets and their configuration, ACLs, tags, restores, batches of
    /// deletes, …
    WithoutData,
    /// A name that bks does not know.
    Unknown,
}

impl LogOperation {
    /// The operation by its name in an access log, e.g. `REST.GET.OBJECT`.
    #[must_use]
    pub fn of_access_log(name: &[u8]) -> Self {
        match name {
            // What most lines of most logs have.
            b"REST.GET.OBJECT" => return Self::Known(Operation::GetObject),
            b"REST.PUT.OBJECT" => return Self::Known(Operation::PutObject),
            b"REST.HEAD.OBJECT" => return Self::Known(Operation::HeadObject),
            _ => {}
        }
        let mut parts = name.splitn(3, |byte| *byte == b'.');
        let (Some(protocol), Some(method)) = (parts.next(), parts.next()) else {
            return Self::Unknown;
        };
        match (protocol, parts.next()) {
            (b"REST" | b"WEBSITE", Some(resource)) => Self::of_rest(method, resource),
            (b"SOAP", None) => Self::of_api(method),
            (b"BATCH", Some(b"OBJECT")) if method == b"DELETE" => Self::WithoutData,
            (b"S3", Some(_)) => Self::Lifecycle,
            _ => Self::Unknown,
        }
    }

    fn of_rest(method: &[u8], resource: &[u8]) -> Self {
        let known = match (method, resource) {
            (b"GET", b"OBJECT") => Operation::GetObject,
            (b"HEAD", b"OBJECT") => Operation::HeadObject,
            (b"PUT" | b"POST", b"OBJECT") => Operation::PutObject,
            (b"COPY", b"OBJECT") => Operation::CopyObject,
            (b"COPY", b"PART") => Operation::UploadPartCopy,
            (b"PUT", b"PART") => Operation::UploadPart,
            (b"POST", b"UPLOADS") => Operation::CreateMultipartUpload,
            (b"POST", b"UPLOAD") => Operation::CompleteMultipartUpload,
            (b"GET", b"BUCKET" | b"BUCKETVERSIONS") => Operation::ListObjects,
            (b"DELETE", b"OBJECT") | (b"POST", b"MULTI_OBJECT_DELETE") => Operation::DeleteObject,
            (b"COPY", b"OBJECT_GET") => return Self::CopySource,
            (b"COPY", b"PART_GET") => return Self::PartCopySource,
            (b"SELECT", b"OBJECT") | (b"POST", b"SELECT") => return Self::SelectObjectContent,
            (b"GET" | b"HEAD", b"OBJECT_ATTRIBUTES") => return Self::GetObjectAttributes,
            (b"GET", b"UPLOAD") => return Self::ListParts,
            _ => return Self::WithoutData,
        };
        Self::Known(known)
    }

    /// The operation by AWS's name of the API, e.g. `GetObject`.
    #[must_use]
    pub fn of_api(name: &[u8]) -> Self {
        let known = match name {
            b"GetObject" => Operation::GetObject,
            b"HeadObject" => Operation::HeadObject,
            b"PutObject" | b"PostObject" | b"PutObjectInline" => Operation::PutObject,
            b"CopyObject" => Operation::CopyObject,
            b"UploadPart" => Operation::UploadPart,
            b"UploadPartCopy" => Operation::UploadPartCopy,
            b"CreateMultipartUpload" => Operation::CreateMultipartUpload,
            b"CompleteMultipartUpload" => Operation::CompleteMultipartUpload,
            b"ListObjects" | b"ListObjectsV2" | b"ListObjectVersions" | b"ListBucket" => {
                Operation::ListObjects
            }
            b"DeleteObject" | b"DeleteObjects" => Operation::DeleteObject,
            b"SelectObjectContent" => return Self::SelectObjectContent,
            b"GetObjectAttributes" => return Self::GetObjectAttributes,
            b"ListParts" => return Self::ListParts,
            b"UpdateObjectEncryption" => return Self::UpdateObjectEncryption,
            _ => return Self::WithoutData,
        };
        Self::Known(known)
    }
}
