//! What any log tells: requests to S3, and the KMS calls that S3 made.
//!
//! Everything here borrows from the log's own bytes, so that no record allocates. Texts are bytes as
//! they are logged: nothing promises UTF-8 in a key.

use std::borrow::Cow;

pub use super::operation::LogOperation;
use crate::kms::KmsApi;
use crate::named_enum::named_enum;

/// Nanoseconds since the Unix epoch (1970-01-01T00:00:00Z), or since a trace's own zero where its
/// format knows no dates.
pub type Nanoseconds = i64;

/// What one line or one event of a log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogEntry<'a> {
    /// A request that S3 received.
    Request(Record<'a>),
    /// A KMS call.
    Kms(KmsEvent<'a>),
    /// A session of a role or a federated user began.
    Session(SessionStart<'a>),
    /// Sound, but neither of these: why, and what the log calls it (a service, an API, a category;
    /// empty if it has no name).
    Skipped(Skipped, &'a [u8]),
}

named_enum! {
    /// Why an entry is neither a request nor a KMS call of interest.
    pub Skipped {
        /// An event of another service than S3 and KMS.
        OtherService = "other_service",
        /// An event of another kind of S3's storage than buckets of objects: tables, vectors, Outposts.
        OtherStorage = "other_storage",
        /// A call that S3 made of KMS, but of a kind that the model lacks: `ReEncrypt` and the like.
        OtherCall = "other_kms_call_of_s3",
        /// A KMS event that is none of the calls that S3's requests make: `CreateKey`, `DescribeKey`,
        /// grants, …
        KeyManagement = "kms_event",
        /// A digest file of a trail, which lists files and holds no events.
        Digest = "digest",
        /// An Insights event, which tells of the rate of calls and is no call.
        Insight = "insight",
        /// A network activity event: the same call again, as a VPC endpoint saw it.
        NetworkActivity = "network_activity",
        /// An aggregated event, which counts data events of five minutes.
        Aggregated = "aggregated",
        /// What a service tells of itself, or a sign-in to the console: nobody's request.
        ServiceEvent = "service_event",
        /// An event of a category that is neither data nor management.
        OtherCategory = "other_category",
    }
}

impl Skipped {
    /// What such records are, for a person.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::OtherService => "are of neither S3 nor KMS",
            Self::OtherStorage => "are of tables, vectors or other storage than buckets of objects",
            Self::OtherCall => "are KMS calls that S3 made, of a kind that the model lacks",
            Self::KeyManagement => "are KMS events that no request to S3 makes",
            Self::Digest => "are digests",
            Self::Insight => "are Insights events, which are summaries",
            Self::NetworkActivity => "are network activity events of a VPC endpoint",
            Self::Aggregated => "are aggregated events",
            Self::ServiceEvent => "are events that services report about themselves, or sign-ins",
            Self::OtherCategory => "are neither data nor management events",
        }
    }
}

/// One request to S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// When S3 received it. Access logs and CloudTrail know it to the second only.
    pub time: Nanoseconds,
    /// The bucket; empty where the format has none (IBM COS), or the request is of none.
    pub bucket: &'a [u8],
    /// The object's key as logged, if the request is of an object. Access logs percent-encode it
    /// (see `percent_decoded`), CloudTrail does not.
    pub key: Option<&'a [u8]>,
    /// The object's version, in a bucket with versions.
    pub version_id: Option<&'a [u8]>,
    /// The version that a write was answered with, in a bucket with versions; CloudTrail has it, access logs do not.
    pub written_version: Option<&'a [u8]>,
    /// Who asked.
    pub requester: LoggedRequester<'a>,
    /// What tells one session from another of the same name: the access key's id or else the
    /// principal's (CloudTrail). Access logs have nothing of the kind.
    pub credential: Option<&'a [u8]>,
    /// What was asked.
    pub operation: LogOperation,
    /// The operation by the log's own name, e.g. `REST.GET.OBJECT` or `GetObject`.
    pub operation_name: &'a [u8],
    /// HTTP status, where the format has it.
    pub status: Option<u16>,
    /// S3's error code: the request failed, whatever the status.
    pub error: Option<&'a [u8]>,
    /// The unique id of the requester's role, where the record has it beside the role's name
    /// (CloudTrail): records of another account's trail have the id alone.
    pub role_id: Option<&'a [u8]>,
    /// How the object is encrypted, where the record says so (CloudTrail).
    pub encryption: Option<LoggedEncryption>,
    /// ARN of the KMS key that the object is encrypted under, where the record says so (CloudTrail).
    pub kms_key: Option<&'a [u8]>,
    /// Whether the object has a bucket key, where the answer says so, or the request asks for none
    /// (CloudTrail).
    pub bucket_key: Option<bool>,
    /// Whether it asks by header for an object without a bucket key, whatever the bucket's default.
    pub refuses_bucket_key: bool,
    /// Size of the whole object, or of the part that was uploaded, in bytes.
    pub object_size: Option<u64>,
    /// Bytes of the answer's body (a GET's part of the object, if ranged).
    pub bytes_sent: Option<u64>,
    /// Which bytes of the object are asked for, where the record says so (CloudTrail).
    pub range: Option<&'a [u8]>,
    /// Where a copy reads from, where the copy's own record says so (CloudTrail). Access logs have a
    /// record of its own for that half, whose operation is a [`LogOperation::CopySource`] or
    /// [`LogOperation::PartCopySource`].
    pub copy_source: Option<CopySource<'a>>,
    /// The AWS region in which it was received, where the record has it: CloudTrail's always, an access
    /// log's by the endpoint that was asked, unless that is of no region.
    pub region: Option<&'a [u8]>,
    /// What S3 calls this request. A repeated record has it again; so do, in access logs, the parts
    /// of one `DeleteObjects` (`BATCH.DELETE.OBJECT`), which differ by key. CloudTrail's is the
    /// event's shared id if it is delivered to several accounts, else its id.
    pub id: Option<&'a [u8]>,
    /// Of a `DeleteObjects` how many keys it names, where its own record says so (CloudTrail, as a rule,
    /// does not). Access logs have a record for each, whose operation is a
    /// [`LogOperation::DeletedKey`].
    pub deleted_keys: Option<u32>,
}

impl<'a> Record<'a> {
    /// A request of which nothing else is known.
    pub(crate) const fn new(
        operation: LogOperation,
        operation_name: &'a [u8],
        requester: LoggedRequester<'a>,
    ) -> Self {
        Self {
            time: 0,
            bucket: b"",
            key: None,
            version_id: None,
            written_version: None,
            requester,
            credential: None,
            operation,
            operation_name,
            status: None,
            error: None,
            role_id: None,
            encryption: None,
            kms_key: None,
            bucket_key: None,
            refuses_bucket_key: false,
            object_size: None,
            bytes_sent: None,
            range: None,
            copy_source: None,
            region: None,
            id: None,
            deleted_keys: None,
        }
    }

    /// Whether it reads a part of an object: it asks for a range, or is answered with 206.
    #[must_use]
    pub fn is_ranged(&self) -> bool {
        self.range.is_some() || self.status == Some(206)
    }

    /// Whether S3 did what was asked: a status of 2xx, where there is one, and no error. 304 (not
    /// modified) sends no object data; 206 is a ranged read.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        let sound = match self.status {
            Some(status) => status >= 200 && status < 300,
            None => true,
        };
        sound && self.error.is_none()
    }
}

/// The object that a copy reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopySource<'a> {
    /// Its bucket; through an access point, that access point's ARN until it is known which.
    pub bucket: &'a [u8],
    /// Its key, percent-encoded as in the request's header.
    pub key: &'a [u8],
    /// Its version, if the copy names one.
    pub version: Option<&'a [u8]>,
}

impl<'a> CopySource<'a> {
    /// Reads the header `x-amz-copy-source`: `BUCKET/KEY` or `ARN-OF-ACCESS-POINT/object/KEY`, perhaps with
    /// `?versionId=…` (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>).
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        const VERSION: &[u8] = b"?versionId=";
        const OBJECT: &[u8] = b"/object/";
        const SLASHES: [&[u8]; 3] = [b"/", b"%2F", b"%2f"];
        // Some clients encode the whole of it; a bucket's name has no slash.
        let text = SLASHES.into_iter().find_map(|slash| text.strip_prefix(slash)).unwrap_or(text);
        let (bucket_bytes, separator) = if text.starts_with(b"arn:") {
            (memchr::memmem::find(text, OBJECT)?, OBJECT.len())
        } else {
            let found =
                SLASHES.map(|slash| Some((memchr::memmem::find(text, slash)?, slash.len())));
            found.into_iter().flatten().min()?
        };
        let (bucket, rest) = (&text[..bucket_bytes], &text[bucket_bytes + separator..]);
        let (key, version) = match memchr::memmem::rfind(rest, VERSION) {
            Some(at) => (&rest[..at], Some(&rest[at + VERSION.len()..])),
            None => (rest, None),
        };
        Some(Self { bucket, key, version })
    }
}

/// Whether what stands in a bucket's place is an access point: its ARN, or its alias
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html>).
pub(crate) fn is_access_point(bucket: &[u8]) -> bool {
    bucket.starts_with(b"arn:") || bucket.ends_with(b"-s3alias") || bucket.ends_with(b"--xa-s3")
}

/// How an object is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoggedEncryption {
    /// By S3's own keys: no KMS call.
    SseS3,
    /// By a KMS key.
    SseKms,
    /// Twice, by a KMS key.
    DsseKms,
    /// By the client's own key: no KMS call.
    SseC,
}

/// Who asked, as far as the log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoggedRequester<'a> {
    /// Nobody in particular: no credentials were sent.
    Anonymous,
    /// The format does not say (IBM COS).
    Unknown,
    /// An account, by S3's canonical user id of 64 hexadecimal digits.
    CanonicalId(&'a [u8]),
    /// An account's root user.
    Root {
        /// Twelve digits.
        account: &'a [u8],
    },
    /// An IAM user, one requester under whichever access key.
    User {
        /// Twelve digits.
        account: &'a [u8],
        /// Its name, with its path before it.
        name: &'a [u8],
    },
    /// A session of a role.
    AssumedRole {
        /// Twelve digits: the role's account.
        account: &'a [u8],
        /// The role's name, without a path.
        role: &'a [u8],
        /// The session's name, which its maker chose; often the same for many sessions.
        session: &'a [u8],
    },
    /// A federated user (`GetFederationToken`).
    FederatedUser {
        /// Twelve digits.
        account: &'a [u8],
        /// Its name.
        name: &'a [u8],
    },
    /// Another kind of identity of an account, such as an Identity Center user.
    OfKind {
        /// Its account; empty if that is not told.
        account: &'a [u8],
        /// CloudTrail's word for the kind.
        kind: &'a [u8],
        /// What it is called or known by.
        name: &'a [u8],
    },
    /// A service, as the trail of the account that it works for has it.
    ServiceFor {
        /// Twelve digits: the account that received the event.
        account: &'a [u8],
        /// `NAME.amazonaws.com`.
        name: &'a [u8],
    },
    /// A service: `AmazonS3` for what S3 does by itself, `svc:…`, or `NAME.amazonaws.com`.
    Service(&'a [u8]),
    /// Another text than these.
    Other(&'a [u8]),
}

impl<'a> LoggedRequester<'a> {
    /// Reads the requester field of an access log, or an ARN.
    #[must_use]
    pub fn parse(text: &'a [u8]) -> Self {
        if let Some(arn) = text.strip_prefix(b"arn:") {
            return Self::of_arn(arn).unwrap_or(Self::Other(text));
        }
        match text {
            b"-" | b"" => Self::Anonymous,
            _ if is_nobody(text) => Self::Anonymous,
            b"AmazonS3" => Self::Service(text),
            _ if text.len() == 64 && text.iter().all(u8::is_ascii_hexdigit) => {
                Self::CanonicalId(text)
            }
            _ if text.starts_with(b"svc:") || is_service(text) => Self::Service(text),
            _ => Self::Other(text),
        }
    }

    /// Reads `PARTITION:SERVICE:REGION:ACCOUNT:KIND/NAME`.
    #[inline]
    fn of_arn(arn: &'a [u8]) -> Option<Self> {
        let (_partition, rest) = split_once(arn, b':')?;
        let (service, rest) = split_once(rest, b':')?;
        let (_region, rest) = split_once(rest, b':')?;
        let (account, resource) = split_once(rest, b':')?;
        match service {
            b"sts" => {
                if let Some(name) = resource.strip_prefix(b"assumed-role/") {
                    let end = memchr::memchr(b'/', name).unwrap_or(name.len());
                    let (role, session) = name.split_at(end);
                    let session = session.strip_prefix(b"/").unwrap_or_default();
                    return Some(Self::AssumedRole { account, role, session });
                }
                let name = resource.strip_prefix(b"federated-user/")?;
                Some(Self::FederatedUser { account, name })
            }
            b"iam" if resource == b"root" => Some(Self::Root { account }),
            // CloudFront's origin access identities have no account.
            b"iam" if account == b"cloudfront" => None,
            b"iam" => Some(Self::User { account, name: resource.strip_prefix(b"user/")? }),
            _ => None,
        }
    }
}

/// A text that names a KMS key, if it is the key's ARN: by a key's id or an alias two spellings of one key
/// cannot be told from two keys.
pub(crate) fn kms_key_arn(text: &[u8]) -> Option<&[u8]> {
    let resource =
        text.strip_prefix(b"arn:").and_then(|arn| arn.split(|byte| *byte == b':').nth(4));
    Some(text).filter(|_| resource.is_some_and(|resource| resource.starts_with(b"key/")))
}

/// Whether a text is the name that an AWS service has as a principal.
pub(crate) fn is_service(text: &[u8]) -> bool {
    text.ends_with(b".amazonaws.com") || text.ends_with(b".amazonaws.com.cn")
}

/// Whether a text stands for whoever sends no credentials.
pub(crate) fn is_nobody(text: &[u8]) -> bool {
    text.eq_ignore_ascii_case(b"anonymous") || text.eq_ignore_ascii_case(b"ANONYMOUS_PRINCIPAL")
}

/// The two parts around the first `separator`, which is near.
#[inline]
fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|byte| *byte == separator)?;
    Some((&text[..place], &text[place + 1..]))
}

/// A session that began: an `AssumeRole` or the like, as CloudTrail records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionStart<'a> {
    /// The id of its access key.
    pub credential: &'a [u8],
    /// The policy that narrows what it may do; empty if none.
    pub policy: &'a [u8],
    /// ARNs of policies that do so, one a line; empty if none.
    pub policy_arns: &'a [u8],
    /// The service that recorded it.
    pub source: &'a [u8],
}

/// A KMS call, as CloudTrail records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KmsEvent<'a> {
    /// When, to the second.
    pub time: Nanoseconds,
    /// Which call.
    pub api: KmsApi,
    /// In whose name.
    pub requester: LoggedRequester<'a>,
    /// What tells its session from others of that name: the access key's id, else the principal's.
    pub credential: Option<&'a [u8]>,
    /// The unique id of the requester's role, where the event has it beside the role's name.
    pub role_id: Option<&'a [u8]>,
    /// The encryption context's `aws:s3:arn`: a bucket's ARN for a bucket-level key, an object's
    /// without one. `None`: the call is not S3's.
    pub s3_arn: Option<&'a [u8]>,
    /// ARN of the KMS key.
    pub key_arn: Option<&'a [u8]>,
    /// The event's shared id if it is delivered to several accounts, else its id; a repeated event
    /// has it again.
    pub id: Option<&'a [u8]>,
    /// KMS's error code: the call failed.
    pub error: Option<&'a [u8]>,
    /// The AWS region it was made in.
    pub region: Option<&'a [u8]>,
}

impl KmsEvent<'_> {
    /// Whether the call was for a bucket-level key, rather than for one object's data key; `None`
    /// if it was not S3's.
    #[must_use]
    pub fn is_of_bucket(&self) -> Option<bool> {
        self.s3_arn.map(|arn| bucket_and_key(arn).1.is_none())
    }

    /// Whether the call was for another kind of S3's storage than buckets of objects: a table bucket, a
    /// vector bucket.
    pub(crate) fn is_of_other_storage(&self) -> bool {
        self.s3_arn.is_some_and(|arn| {
            let service = arn.split(|byte| *byte == b':').nth(2);
            service.is_some_and(|service| !matches!(service, b"s3" | b"s3express"))
        })
    }

    /// The bucket that the encryption context names; `None` if the call was not S3's.
    pub(crate) fn bucket(&self) -> Option<&[u8]> {
        self.s3_arn.map(|arn| bucket_and_key(arn).0)
    }
}

/// Bucket and key of `arn:PARTITION:s3:::BUCKET`, `…:BUCKET/KEY` or, of a directory bucket,
/// `arn:PARTITION:s3express:REGION:ACCOUNT:bucket/BUCKET` and perhaps `/KEY`. Table and vector buckets,
/// whose names say nothing of their kind, are called by their ARN; of what lies in them nothing is stated.
/// An access point is called by its ARN, too, as that does not tell its bucket.
pub(crate) fn bucket_and_key(arn: &[u8]) -> (&[u8], Option<&[u8]>) {
    const BUCKET: &[u8] = b"bucket/";
    const OBJECT: &[u8] = b"/object/";
    let mut parts = arn.splitn(6, |byte| *byte == b':');
    let service = parts.nth(2);
    let resource = parts.nth(2).unwrap_or(arn);
    if resource.starts_with(b"accesspoint/") {
        let end = memchr::memmem::find(arn, OBJECT);
        return (&arn[..end.unwrap_or(arn.len())], end.map(|end| &arn[end + OBJECT.len()..]));
    }
    let named = match service {
        None | Some(b"s3") => resource,
        Some(b"s3express") => resource.strip_prefix(BUCKET).unwrap_or(resource),
        Some(_) => {
            let name = resource.strip_prefix(BUCKET).unwrap_or_default();
            let inside = memchr::memchr(b'/', name).map_or(0, |slash| name.len() - slash);
            return (&arn[..arn.len() - inside], None);
        }
    };
    match split_once(named, b'/') {
        Some((bucket, key)) => (bucket, Some(key)),
        None => (named, None),
    }
}

/// Decodes `%2F` and the like once; what is no such escape stays. Access logs encode keys once, and
/// some clients' twice: decode again to undo that.
pub(crate) fn percent_decoded(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'%', text) else { return Cow::Borrowed(text) };
    let mut decoded = text[..first].to_vec();
    let mut rest = &text[first..];
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = match (byte, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            decoded.push(high << 4 | low);
            rest = &after[2..];
        } else {
            decoded.push(byte);
            rest = after;
        }
    }
    Cow::Owned(decoded)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requesters_of_every_kind_are_told_apart() {
        let account = b"111122223333".as_slice();
        let id = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
        for (text, expected) in [
            ("-", LoggedRequester::Anonymous),
            ("Anonymous", LoggedRequester::Anonymous),
            (id, LoggedRequester::CanonicalId(id.as_bytes())),
            ("AmazonS3", LoggedRequester::Service(b"AmazonS3")),
            ("svc:s3.amazonaws.com", LoggedRequester::Service(b"svc:s3.amazonaws.com")),
            ("logging.s3.amazonaws.com", LoggedRequester::Service(b"logging.s3.amazonaws.com")),
            ("arn:aws:iam::111122223333:root", LoggedRequester::Root { account }),
            (
                "arn:aws-cn:iam::111122223333:user/p/a",
                LoggedRequester::User { account, name: b"p/a" },
            ),
            (
                "arn:aws:sts::111122223333:assumed-role/r/s/t",
                LoggedRequester::AssumedRole { account, role: b"r", session: b"s/t" },
            ),
            (
                "arn:aws:sts::111122223333:assumed-role/r",
                LoggedRequester::AssumedRole { account, role: b"r", session: b"" },
            ),
            (
                "arn:aws-us-gov:sts::111122223333:federated-user/f",
                LoggedRequester::FederatedUser { account, name: b"f" },
            ),
            (
                "svc:cloudfront.amazonaws.com",
                LoggedRequester::Service(b"svc:cloudfront.amazonaws.com"),
            ),
            (
                "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1",
                LoggedRequester::Other(
                    b"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1",
                ),
            ),
            ("arn:aws:ec2::1:x/y", LoggedRequester::Other(b"arn:aws:ec2::1:x/y")),
            ("arn:aws", LoggedRequester::Other(b"arn:aws")),
            ("arn:", LoggedRequester::Other(b"arn:")),
            ("someone", LoggedRequester::Other(b"someone")),
        ] {
            assert_eq!(LoggedRequester::parse(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn contexts_name_their_bucket_and_perhaps_an_object() {
        let express = "arn:aws:s3express:us-west-2:111122223333:bucket/lake--usw2-az1--x-s3";
        let of_object = format!("{express}/a/b");
        let table = format!("arn:aws:s3tables:us-east-1:111122223333:bucket/lake/table/{}", "1-2");
        for (arn, bucket, of_bucket) in [
            ("arn:aws:s3:::lake", "lake", true),
            ("arn:aws-cn:s3:::lake/a:b/c", "lake", false),
            ("arn:aws:s3:::lake/", "lake", false),
            (express, "lake--usw2-az1--x-s3", true),
            (&of_object, "lake--usw2-az1--x-s3", false),
            ("lake", "lake", true),
            (
                "arn:aws:s3:us-west-2:111122223333:accesspoint/ap/object/a/b",
                "arn:aws:s3:us-west-2:111122223333:accesspoint/ap",
                false,
            ),
            (&table, "arn:aws:s3tables:us-east-1:111122223333:bucket/lake", true),
            (
                "arn:aws:s3vectors:us-east-1:111122223333:bucket/v",
                "arn:aws:s3vectors:us-east-1:111122223333:bucket/v",
                true,
            ),
        ] {
            let event = KmsEvent {
                time: 0,
                api: KmsApi::Decrypt,
                requester: LoggedRequester::Unknown,
                credential: None,
                role_id: None,
                s3_arn: Some(arn.as_bytes()),
                key_arn: None,
                id: None,
                error: None,
                region: None,
            };
            assert_eq!(event.bucket(), Some(bucket.as_bytes()), "{arn}");
            assert_eq!(event.is_of_bucket(), Some(of_bucket), "{arn}");
        }
    }

    #[test]
    fn sources_of_copies_are_objects_of_buckets_or_access_points() {
        let source = |bucket, key, version| Some(CopySource { bucket, key, version });
        let through = "arn:aws:s3:us-west-2:111122223333:accesspoint/ap/object/a/object/b";
        let access_point = b"arn:aws:s3:us-west-2:111122223333:accesspoint/ap".as_slice();
        let v1 = Some(b"v1".as_slice());
        for (text, expected) in [
            ("lake/a/b", source(b"lake", b"a/b", None)),
            ("/lake/a", source(b"lake", b"a", None)),
            ("lake/a?versionId=v1", source(b"lake", b"a", v1)),
            (through, source(access_point, b"a/object/b", None)),
            ("lake", None),
            ("arn:aws:s3:us-west-2:111122223333:accesspoint/ap", None),
        ] {
            assert_eq!(CopySource::parse(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn keys_are_decoded_once() {
        for (logged, key) in [
            ("a/b", "a/b"),
            ("a%2Fb%2f", "a/b/"),
            ("a%2520b", "a%20b"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%%41", "%A"),
            ("", ""),
        ] {
            assert_eq!(percent_decoded(logged.as_bytes()), key.as_bytes(), "{logged}");
        }
    }

    #[test]
    fn only_2xx_without_an_error_succeed() {
        let with = |status, error| Record {
            status,
            error,
            ..Record::new(LogOperation::Unknown, b"", LoggedRequester::Unknown)
        };
        let error = Some(b"InternalError".as_slice());
        for status in [Some(200), Some(204), Some(206), None] {
            assert!(with(status, None).succeeded());
            assert!(!with(status, error).succeeded());
        }
        for status in [100, 301, 304, 404, 503] {
            assert!(!with(Some(status), None).succeeded());
        }
    }
}
