//! Resources that name a bucket, and what its encryption means to them.

use super::document::{Contents, Link};
use super::encryption::{Algorithm, BucketEncryption};
use super::finding::{Confidence, Finding, Rule};
use super::policy::{Policy, StatementEffect};
use crate::harmless_text::named;

/// Findings about all of them.
pub(super) fn check(contents: &Contents) -> Vec<Finding> {
    let targets = contents.log_targets.iter().filter_map(|link| access_logs(contents, link));
    let shared = contents.bucket_policies.iter().filter_map(|link| shared(contents, link));
    targets.chain(shared).collect()
}

/// The encryption of the bucket that a resource names, if the file has it.
fn bucket<'a>(contents: &'a Contents, link: &Link) -> Option<&'a BucketEncryption> {
    let name = link.bucket.trim_start_matches("${").trim_end_matches('}');
    let last = name.rsplit('.').next().unwrap_or(name);
    let mut buckets = contents.buckets.iter().filter(|_| !name.is_empty());
    buckets.find(|it| it.bucket == name || it.bucket == last || it.owner == name)
}

/// Server access logs that are sent to a bucket under SSE-KMS.
fn access_logs(contents: &Contents, link: &Link) -> Option<Finding> {
    let target = bucket(contents, link)?;
    let encryption = target.after.as_ref()?;
    if !matches!(encryption.algorithm, Algorithm::SseKms | Algorithm::DsseKms) {
        return None;
    }
    let why = "server access logs are sent to it, and AWS documents delivery to buckets under SSE-S3 only: SSE-KMS is not \
               supported there, with a bucket key or without";
    let subject = format!("bucket `{}`", named(&target.bucket));
    let confidence =
        if encryption.key.is_some() { Confidence::Likely } else { Confidence::Possible };
    Some(
        Finding::of(Rule::AccessLogTarget, &link.owner, target.at, subject, why.to_owned())
            .sure(confidence)
            .mend("encrypt the target bucket by `AES256`", Vec::new()),
    )
}

/// A bucket under the AWS managed key whose policy lets other accounts in.
fn shared(contents: &Contents, link: &Link) -> Option<Finding> {
    let bucket = bucket(contents, link)?;
    let encryption = bucket.after.as_ref()?;
    if encryption.algorithm != Algorithm::SseKms || encryption.key.is_some() {
        return None;
    }
    let mut policies = contents.policies.iter().filter(|policy| policy.owner == link.owner);
    let account = policies.find_map(foreign)?;
    let why = format!(
        "it is under the AWS managed key `aws/s3`, which other accounts cannot use, and its policy lets `{}` in: it \
         cannot read or write objects under that key, with a bucket key or without",
        named(&account)
    );
    let subject = format!("bucket `{}`", named(&bucket.bucket));
    Some(
        Finding::of(Rule::ManagedKeyShared, &link.owner, bucket.at, subject, why)
            .sure(Confidence::Possible)
            .mend("use a key of your own, whose key policy names the other account", Vec::new()),
    )
}

/// Somebody of a named account to whom a policy grants something; whose bucket it is the policy does not say.
fn foreign(policy: &Policy) -> Option<String> {
    let allowing = policy.statements.iter().filter(|it| it.effect == StatementEffect::Allow);
    let principals = allowing.filter_map(|it| it.principals.as_ref()).filter(|it| !it.is_negated);
    let mut values = principals.flat_map(|it| &it.values);
    values
        .find(|value| value.matched.starts_with("arn:aws:iam::"))
        .map(|value| value.written.clone())
}
