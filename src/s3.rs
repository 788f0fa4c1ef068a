//! S3's words: operations, who asks, one request, and many in columns.

pub mod columns;
mod connections;
mod request;
mod retries;

use std::fmt;

pub use connections::Connections;
pub use request::{Object, Request, SessionSlot};
pub use retries::{KnownRetries, OwnRetries, Retries, RetryPolicy};

/// An operation of Amazon S3 that a workload can issue, by AWS's API name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Operation {
    /// Stores an object in one request (`POST Object` counts as this).
    PutObject,
    /// Reads an object or, as a ranged GET, a part of one.
    GetObject,
    /// Reads an object's metadata.
    HeadObject,
    /// Reads an object's metadata with `x-amz-checksum-mode: ENABLED`.
    HeadObjectChecksum,
    /// Lists a page of keys.
    ListObjects,
    /// Removes an object.
    DeleteObject,
    /// Begins a multipart upload.
    CreateMultipartUpload,
    /// Stores one part of a multipart upload.
    UploadPart,
    /// Ends a multipart upload.
    CompleteMultipartUpload,
    /// Copies an object inside S3.
    CopyObject,
    /// Copies a range of an object into a part.
    UploadPartCopy,
    /// S3 copies a new object to another bucket under the replication role.
    ReplicateObject,
    /// Lists the parts of an unfinished upload.
    ListParts,
}

/// Requests a second that S3 serves at least to one prefix of a bucket: GET and HEAD, then PUT, COPY, POST
/// and DELETE (documented,
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html>). Beyond them it may
/// answer 503 `SlowDown` until it has scaled.
pub const REQUESTS_PER_PREFIX: [u64; 2] = [5_500, 3_500];

impl Operation {
    /// Its place in [`REQUESTS_PER_PREFIX`]. *Assumed*: a listing counts as the GET that it is.
    #[must_use]
    pub const fn of_prefix_limit(self) -> usize {
        match self {
            Self::GetObject
            | Self::HeadObject
            | Self::HeadObjectChecksum
            | Self::ListObjects
            | Self::ListParts => 0,
            Self::PutObject
            | Self::DeleteObject
            | Self::CreateMultipartUpload
            | Self::UploadPart
            | Self::CompleteMultipartUpload
            | Self::CopyObject
            | Self::UploadPartCopy
            | Self::ReplicateObject => 1,
        }
    }

    /// Every operation, in the order of tables and files.
    pub const ALL: [Self; 13] = [
        Self::PutObject,
        Self::GetObject,
        Self::HeadObject,
        Self::HeadObjectChecksum,
        Self::ListObjects,
        Self::DeleteObject,
        Self::CreateMultipartUpload,
        Self::UploadPart,
        Self::CompleteMultipartUpload,
        Self::CopyObject,
        Self::UploadPartCopy,
        Self::ReplicateObject,
        Self::ListParts,
    ];

    /// AWS's name of the operation.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PutObject => "PutObject",
            Self::GetObject => "GetObject",
            Self::HeadObject => "HeadObject",
            Self::HeadObjectChecksum => "HeadObject (checksum)",
            Self::ListObjects => "ListObjectsV2",
            Self::DeleteObject => "DeleteObject",
            Self::CreateMultipartUpload => "CreateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::CompleteMultipartUpload => "CompleteMultipartUpload",
            Self::CopyObject => "CopyObject",
            Self::UploadPartCopy => "UploadPartCopy",
            Self::ReplicateObject => "ReplicateObject",
            Self::ListParts => "ListParts",
        }
    }

    /// How S3 bills the request (the request tiers of the S3 price list).
    #[must_use]
    pub const fn tier(self) -> RequestTier {
        match self {
            Self::PutObject
            | Self::ListObjects
            | Self::CreateMultipartUpload
            | Self::UploadPart
            | Self::CompleteMultipartUpload
            | Self::CopyObject
            | Self::UploadPartCopy
            | Self::ReplicateObject
            | Self::ListParts => RequestTier::Put,
            Self::GetObject | Self::HeadObject | Self::HeadObjectChecksum => RequestTier::Get,
            Self::DeleteObject => RequestTier::Free,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// S3's request price tiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestTier {
    /// PUT, COPY, POST, LIST.
    Put,
    /// GET, HEAD and all other.
    Get,
    /// DELETE.
    Free,
}

/// What kind of IAM principal asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityKind {
    /// A role, assumed in one or more sessions.
    Role(String),
    /// An IAM user: one requester whatever runs under its access keys, but for the federated sessions
    /// that it opens (`GetFederationToken`).
    User(String),
    /// An AWS service that writes on the account's behalf, e.g. `logging.s3.amazonaws.com`.
    Service(String),
}

/// Somebody who sends requests to S3: an identity of an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal {
    /// Twelve digits.
    pub account: String,
    /// Role, user or service.
    pub identity: IdentityKind,
}

impl Principal {
    /// The ARN of the identity (the service's own name for a service).
    #[must_use]
    pub fn arn(&self) -> String {
        match &self.identity {
            IdentityKind::Role(role) => format!("arn:aws:iam::{}:role/{role}", self.account),
            IdentityKind::User(user) => format!("arn:aws:iam::{}:user/{user}", self.account),
            IdentityKind::Service(service) => service.clone(),
        }
    }

    /// The ARN as one session of it has it: a role's, or a user's federated one. A service has none.
    #[must_use]
    pub fn session_arn(&self, session: &str) -> String {
        match &self.identity {
            IdentityKind::Role(role) => {
                format!("arn:aws:sts::{}:assumed-role/{role}/{session}", self.account)
            }
            IdentityKind::User(_) => {
                format!("arn:aws:sts::{}:federated-user/{session}", self.account)
            }
            IdentityKind::Service(_) => self.arn(),
        }
    }
}

/// The partition that ARNs of a region begin with
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>).
pub(crate) fn partition_of(region: &str) -> &'static str {
    const OTHERS: [(&str, &str); 3] =
        [("us-gov-", "aws-us-gov"), ("cn-", "aws-cn"), ("eusc-", "aws-eusc")];
    let other = OTHERS.into_iter().find(|(begin, _)| region.starts_with(begin));
    other.map_or("aws", |(_, partition)| partition)
}

/// What the names of directory buckets end with.
pub(crate) const DIRECTORY_SUFFIX: &str = "--x-s3";

/// Whether a text has the form of an AWS region's code, such as `eu-west-1`: words and a number, joined by
/// hyphens. AWS may have such a region though its prices are not known here.
pub(crate) fn is_region_code(text: &[u8]) -> bool {
    let Some(last) = text.iter().rposition(|byte| *byte == b'-') else { return false };
    let (words, number) = (&text[..last], &text[last + 1..]);
    let is_number = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    let are_words = words.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-');
    let mut words = words.split(|byte| *byte == b'-');
    is_number && are_words && words.clone().count() >= 2 && words.all(|word| !word.is_empty())
}
