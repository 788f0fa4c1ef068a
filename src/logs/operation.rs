//! What logs call S3's operations.
//!
//! AWS gives the pattern of access logs' names (`REST.METHOD.RESOURCE`, `WEBSITE.METHOD.RESOURCE`,
//! `SOAP.API`, `BATCH.DELETE.OBJECT`, `S3.ACTION.RESOURCE`) and the list of lifecycle's
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html>),
//! but no list of resources: these are the ones that logs are known to have.

use memchr::memmem;

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
    /// One key of a `DeleteObjects`, in a record beside that of the request: no request of its own.
    DeletedKey,
    /// Changes how an object is encrypted, in place.
    UpdateObjectEncryption,
    /// What S3 does by a lifecycle rule: expiry, transition, the end of a stale upload.
    Lifecycle,
    /// Touches no object data: buckets and their configuration, ACLs, tags, restores, …
    WithoutData,
    /// A name that bks does not know.
    Unknown,
}

impl LogOperation {
    /// Whether a text has the format that access logs give the names of operations: a protocol and, after
    /// dots, what it asks for. Names that nobody knows yet have it, too.
    #[inline]
    pub(crate) fn is_name(text: &[u8]) -> bool {
        const PROTOCOLS: [&[u8]; 5] = [b"REST.", b"S3.", b"BATCH.", b"WEBSITE.", b"SOAP."];
        PROTOCOLS
            .iter()
            .any(|protocol| text.strip_prefix(*protocol).is_some_and(|rest| !rest.is_empty()))
    }

    /// The operation by its name in an access log, e.g. `REST.GET.OBJECT`.
    pub(crate) fn of_access_log(name: &[u8]) -> Self {
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
            (b"BATCH", Some(b"OBJECT")) if method == b"DELETE" => Self::DeletedKey,
            (b"S3", Some(_)) if is_of_lifecycle(method) => Self::Lifecycle,
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
            (b"GET", b"UPLOAD") => Operation::ListParts,
            (b"DELETE", b"OBJECT") | (b"POST", b"MULTI_OBJECT_DELETE") => Operation::DeleteObject,
            (b"COPY", b"OBJECT_GET") => return Self::CopySource,
            (b"COPY", b"PART_GET") => return Self::PartCopySource,
            (b"SELECT", b"OBJECT") | (b"POST", b"SELECT") => return Self::SelectObjectContent,
            (b"GET" | b"HEAD", b"OBJECT_ATTRIBUTES") => return Self::GetObjectAttributes,
            _ if RESOURCES_WITHOUT_DATA.contains(&resource) => return Self::WithoutData,
            _ => return Self::Unknown,
        };
        Self::Known(known)
    }

    /// The operation by AWS's name of the API, e.g. `GetObject`.
    pub(crate) fn of_api(name: &[u8]) -> Self {
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
            b"ListParts" => Operation::ListParts,
            b"SelectObjectContent" => return Self::SelectObjectContent,
            b"GetObjectAttributes" => return Self::GetObjectAttributes,
            b"UpdateObjectEncryption" => return Self::UpdateObjectEncryption,
            _ if WORDS_WITHOUT_DATA.iter().any(|word| memmem::find(name, word).is_some()) => {
                return Self::WithoutData;
            }
            _ => return Self::Unknown,
        };
        Self::Known(known)
    }
}

/// Whether what S3 does by itself is a lifecycle rule's action: other jobs of its own read objects.
fn is_of_lifecycle(action: &[u8]) -> bool {
    matches!(action, b"EXPIRE" | b"CREATE" | b"DELETE") || action.starts_with(b"TRANSITION")
}

/// Resources of access logs that hold no object's data, whatever is done to them.
const RESOURCES_WITHOUT_DATA: [&[u8]; 40] = [
    b"ACCELERATE",
    b"ACL",
    b"ANALYTICS",
    b"BUCKET",
    b"BUCKETPOLICY",
    b"BUCKETVERSIONS",
    b"CORS",
    b"ENCRYPTION",
    b"INTELLIGENT_TIERING",
    b"INVENTORY",
    b"LEGAL_HOLD",
    b"LIFECYCLE",
    b"LOCATION",
    b"LOGGING_STATUS",
    b"METRICS",
    b"NOTIFICATION",
    b"OBJECT_ATTRIBUTES",
    b"OBJECT_LEGAL_HOLD",
    b"OBJECT_LOCK",
    b"OBJECT_LOCK_CONFIGURATION",
    b"OBJECT_RETENTION",
    b"OBJECT_TAGGING",
    b"OWNERSHIP_CONTROLS",
    b"POLICY_STATUS",
    b"PREFLIGHT",
    b"PUBLIC_ACCESS_BLOCK",
    b"REPLICATION",
    b"REQUEST_PAYMENT",
    b"RESTORE",
    b"RETENTION",
    b"SELECT",
    b"SERVICE",
    b"SESSION",
    b"TAGGING",
    b"TORRENT",
    b"UPLOAD",
    b"UPLOADS",
    b"VERSIONING",
    b"VERSIONS",
    b"WEBSITE",
];

/// Words in the names of APIs that touch no object's data.
const WORDS_WITHOUT_DATA: [&[u8]; 18] = [
    b"AbortMultipartUpload",
    b"AccessGrant",
    b"AccessPoint",
    b"Acl",
    b"AllMyBuckets",
    b"Bucket",
    b"CreateSession",
    b"Job",
    b"LegalHold",
    b"ListMultipartUploads",
    b"LockConfiguration",
    b"PublicAccessBlock",
    b"RenameObject",
    b"RestoreObject",
    b"Retention",
    b"StorageLens",
    b"Tagging",
    b"Torrent",
];

#[cfg(test)]
mod tests {
    use super::LogOperation::*;
    use super::*;

    /// Every name that access logs are known to have, by what bks takes it for.
    #[test]
    fn access_logs_names_are_known() {
        let names: [(LogOperation, &str); 18] = [
            (Known(Operation::GetObject), "REST.GET.OBJECT WEBSITE.GET.OBJECT SOAP.GetObject"),
            (
                Known(Operation::PutObject),
                "REST.PUT.OBJECT REST.POST.OBJECT SOAP.PutObject SOAP.PutObjectInline",
            ),
            (Known(Operation::HeadObject), "REST.HEAD.OBJECT WEBSITE.HEAD.OBJECT"),
            (
                Known(Operation::ListObjects),
                "REST.GET.BUCKET REST.GET.BUCKETVERSIONS SOAP.ListBucket",
            ),
            (
                Known(Operation::DeleteObject),
                "REST.DELETE.OBJECT REST.POST.MULTI_OBJECT_DELETE SOAP.DeleteObject",
            ),
            (Known(Operation::CreateMultipartUpload), "REST.POST.UPLOADS"),
            (Known(Operation::UploadPart), "REST.PUT.PART"),
            (Known(Operation::CompleteMultipartUpload), "REST.POST.UPLOAD"),
            (Known(Operation::CopyObject), "REST.COPY.OBJECT SOAP.CopyObject"),
            (Known(Operation::UploadPartCopy), "REST.COPY.PART"),
            (CopySource, "REST.COPY.OBJECT_GET"),
            (PartCopySource, "REST.COPY.PART_GET"),
            (SelectObjectContent, "REST.SELECT.OBJECT REST.POST.SELECT"),
            (GetObjectAttributes, "REST.GET.OBJECT_ATTRIBUTES"),
            (Known(Operation::ListParts), "REST.GET.UPLOAD"),
            (DeletedKey, "BATCH.DELETE.OBJECT"),
            (
                Lifecycle,
                "S3.EXPIRE.OBJECT S3.CREATE.DELETEMARKER S3.TRANSITION_SIA.OBJECT \
                 S3.TRANSITION_ZIA.OBJECT S3.TRANSITION_INT.OBJECT S3.TRANSITION_GIR.OBJECT \
                 S3.TRANSITION.OBJECT S3.TRANSITION_GDA.OBJECT S3.DELETE.UPLOAD",
            ),
            (
                WithoutData,
                "REST.PUT.BUCKET REST.DELETE.BUCKET REST.HEAD.BUCKET REST.GET.LOCATION \
                 REST.GET.VERSIONING REST.GET.LOGGING_STATUS REST.PUT.LOGGING_STATUS \
                 REST.GET.BUCKETPOLICY REST.GET.ACL REST.PUT.ACL REST.GET.ENCRYPTION \
                 REST.PUT.OBJECT_TAGGING REST.DELETE.UPLOAD REST.GET.UPLOADS REST.POST.RESTORE \
                 REST.OPTIONS.PREFLIGHT REST.GET.PUBLIC_ACCESS_BLOCK REST.GET.OBJECT_TAGGING \
                 REST.GET.INTELLIGENT_TIERING REST.GET.OWNERSHIP_CONTROLS REST.GET.REPLICATION \
                 REST.GET.REQUEST_PAYMENT REST.GET.POLICY_STATUS REST.GET.NOTIFICATION \
                 REST.GET.OBJECT_LOCK_CONFIGURATION REST.GET.INVENTORY REST.GET.ANALYTICS \
                 REST.GET.ACCELERATE REST.GET.LIFECYCLE REST.GET.CORS REST.GET.TAGGING \
                 REST.GET.WEBSITE REST.PUT.METRICS REST.GET.TORRENT REST.GET.SERVICE \
                 REST.POST.BUCKET SOAP.ListAllMyBuckets",
            ),
        ];
        for (operation, names) in names {
            for name in names.split_whitespace() {
                assert_eq!(LogOperation::of_access_log(name.as_bytes()), operation, "{name}");
            }
        }
    }

    #[test]
    fn names_that_nobody_knows_are_unknown() {
        for name in [
            "",
            "-",
            ".",
            "REST",
            "REST.",
            "REST.GET",
            "REST.GET.",
            "REST.FOO.BAR",
            "SOAP.Foo",
            "S3.X",
            "S3.COMPUTE.OBJECT.CHECKSUM",
        ] {
            assert_eq!(LogOperation::of_access_log(name.as_bytes()), Unknown, "{name}");
        }
        assert_eq!(LogOperation::of_api(b"FooBar"), Unknown);
    }

    #[test]
    fn each_operation_of_a_workload_is_known_by_its_apis_name() {
        for operation in Operation::ALL {
            let expected = match operation {
                // These have no name of their own in logs.
                Operation::HeadObjectChecksum | Operation::ReplicateObject => Unknown,
                _ => Known(operation),
            };
            assert_eq!(LogOperation::of_api(operation.name().as_bytes()), expected, "{operation}");
        }
        for name in
            ["GetBucketAcl", "PutObjectTagging", "ListBuckets", "RestoreObject", "CreateBucket"]
        {
            assert_eq!(LogOperation::of_api(name.as_bytes()), WithoutData, "{name}");
        }
    }
}
