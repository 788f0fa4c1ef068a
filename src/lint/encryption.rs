//! How buckets are encrypted, now and as planned, and what a bucket key does there.

use super::finding::{Confidence, Finding, Rule};
use super::json::{Node, Place};
use super::policy::Value;
use crate::harmless_text::named;

/// How objects are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    SseS3,
    SseKms,
    DsseKms,
    Unknown,
}

/// Whether a bucket key is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BucketKey {
    On,
    Off,
    /// Nothing is said, which is off.
    Absent,
    Unknown,
}

/// An encryption setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Encryption {
    pub(crate) algorithm: Algorithm,
    /// The KMS key; `None` for `aws/s3`, or where none is told.
    pub(crate) key: Option<String>,
    pub(crate) bucket_key: BucketKey,
}

/// A bucket's default encryption.
#[derive(Clone, Debug)]
pub(crate) struct BucketEncryption {
    /// The resource that sets it; empty if there is none.
    pub(crate) owner: String,
    /// The bucket as other resources name it.
    pub(crate) bucket: String,
    pub(crate) at: Place,
    /// What is there; `None` where that is not told or nothing is.
    pub(crate) before: Option<Encryption>,
    pub(crate) after: Option<Encryption>,
}

impl BucketEncryption {
    /// Whether its bucket key is off now, and on as planned.
    pub(crate) fn turns_on(&self) -> bool {
        let uses =
            |it: &Encryption| it.algorithm == Algorithm::SseKms && it.bucket_key == BucketKey::On;
        let is_on = |encryption: &Option<Encryption>| encryption.as_ref().is_some_and(uses);
        self.before.is_some() && !is_on(&self.before) && is_on(&self.after)
    }
}

impl Encryption {
    /// A rule of a bucket's encryption, with the names of `names`; `unknown` has `true` for what is known after
    /// apply only.
    pub(crate) fn of_rule(rule: &Node, unknown: Option<&Node>, names: &RuleNames) -> Option<Self> {
        let first =
            |node: &Node, name| node.get(name).and_then(|it| it.one_or_more().first().cloned());
        let default = first(rule, names.default);
        let unknown_default = unknown.and_then(|it| first(it, names.default));
        let bucket_key_unknown = unknown.is_some_and(|it| is_true(it.get(names.bucket_key)));
        let algorithm = match &default {
            Some(default) => algorithm(default.get(names.algorithm)),
            None if unknown_default.is_some() => Algorithm::Unknown,
            None => return None,
        };
        let algorithm_unknown =
            unknown_default.as_ref().is_some_and(|it| is_true(it.get(names.algorithm)));
        let key = default.as_ref().and_then(|it| it.get(names.key)).filter(|it| !it.is_null());
        let mut key = key.and_then(|it| super::policy::values(it).into_iter().next());
        if unknown_default.as_ref().is_some_and(|it| is_true(it.get(names.key))) {
            let written = "${known after apply}".to_owned();
            key = Some(Value { matched: written.clone(), written, at: rule.at });
        }
        let key = key.map(|value| value.written).filter(|key| !key.is_empty());
        Some(Self {
            algorithm: if algorithm_unknown { Algorithm::Unknown } else { algorithm },
            key: key.filter(|key| !key.ends_with("alias/aws/s3")),
            bucket_key: bucket_key(rule.get(names.bucket_key), bucket_key_unknown),
        })
    }
}

/// What a tool calls the parts of a rule.
pub(crate) struct RuleNames {
    default: &'static str,
    algorithm: &'static str,
    key: &'static str,
    bucket_key: &'static str,
}

/// Terraform's.
pub(crate) const TERRAFORM: RuleNames = RuleNames {
    default: "apply_server_side_encryption_by_default",
    algorithm: "sse_algorithm",
    key: "kms_master_key_id",
    bucket_key: "bucket_key_enabled",
};

/// `CloudFormation`'s.
pub(crate) const CLOUDFORMATION: RuleNames = RuleNames {
    default: "ServerSideEncryptionByDefault",
    algorithm: "SSEAlgorithm",
    key: "KMSMasterKeyID",
    bucket_key: "BucketKeyEnabled",
};

/// The Cloud Control provider's.
pub(crate) const CLOUD_CONTROL: RuleNames =
    RuleNames { default: "server_side_encryption_by_default", ..TERRAFORM };

/// AWS Config's and Crossplane's.
pub(crate) const CAMEL_CASE: RuleNames = RuleNames {
    default: "applyServerSideEncryptionByDefault",
    algorithm: "sseAlgorithm",
    key: "kmsMasterKeyID",
    bucket_key: "bucketKeyEnabled",
};

/// S3's own API.
pub(crate) const API: RuleNames =
    RuleNames { default: "ApplyServerSideEncryptionByDefault", ..CLOUDFORMATION };

fn is_true(node: Option<&Node>) -> bool {
    node.and_then(Node::truth) == Some(true)
}

fn algorithm(node: Option<&Node>) -> Algorithm {
    match node.and_then(Node::text) {
        Some("AES256") => Algorithm::SseS3,
        Some("aws:kms") => Algorithm::SseKms,
        Some("aws:kms:dsse") => Algorithm::DsseKms,
        _ => Algorithm::Unknown,
    }
}

fn bucket_key(node: Option<&Node>, is_unknown: bool) -> BucketKey {
    match node.filter(|it| !it.is_null()) {
        _ if is_unknown => BucketKey::Unknown,
        None => BucketKey::Absent,
        Some(node) => match node.truth() {
            Some(true) => BucketKey::On,
            Some(false) => BucketKey::Off,
            None => BucketKey::Unknown,
        },
    }
}

/// Findings about a bucket's encryption.
pub(super) fn check(bucket: &BucketEncryption) -> Option<Finding> {
    let Encryption { algorithm, bucket_key, .. } = bucket.after.as_ref()?;
    let subject = if bucket.bucket.is_empty() {
        "encryption".to_owned()
    } else {
        format!("bucket `{}`", named(&bucket.bucket))
    };
    let finding = |rule, why: &str| {
        Finding::of(rule, &bucket.owner, bucket.at, subject.clone(), why.to_owned())
    };
    let found = match (algorithm, bucket_key) {
        (Algorithm::SseKms, BucketKey::Off | BucketKey::Absent) => {
            let told = if *bucket_key == BucketKey::Off { "is false" } else { "is missing, so false" };
            finding(
                Rule::BucketKeyOff,
                &format!("it is under SSE-KMS and the bucket key {told}: each request for an object calls KMS"),
            )
            .mend("set it to true, once the policies allow the bucket's ARN", Vec::new())
        }
        (Algorithm::SseS3, BucketKey::On) => finding(
            Rule::BucketKeyWithoutKms,
            "it is under SSE-S3, which calls no KMS: the bucket key does nothing, and saves nothing",
        ),
        (Algorithm::DsseKms, BucketKey::On) => finding(
            Rule::BucketKeyWithDsse,
            "DSSE-KMS does not support bucket keys: each request calls KMS as if there were none",
        )
        .mend("use SSE-KMS (`aws:kms`), unless two layers of encryption are required", Vec::new()),
        (Algorithm::Unknown, BucketKey::Off | BucketKey::Absent) | (_, BucketKey::Unknown) => finding(
            Rule::KnownAfterApply,
            "how it is encrypted, or whether by a bucket key, is not known before it is deployed",
        )
        .sure(Confidence::Possible),
        _ => return None,
    };
    Some(found)
}
