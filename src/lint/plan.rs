//! The buckets of a plan, state or template as a scenario has them: how they are encrypted now and as planned.

use super::document::{Contents, parse};
use super::encryption::{Algorithm, BucketKey, Encryption};
use super::json::Node;
use crate::error::{Error, Result};

/// How objects are encrypted, by the word for it in scenarios; `None` if that is not known.
pub type ModeName = Option<&'static str>;

/// A bucket of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedBucket {
    /// Its name; else the resource's.
    pub name: String,
    /// How its objects are encrypted now; the same as planned for a bucket that is new.
    pub now: ModeName,
    /// How they will be.
    pub planned: ModeName,
    /// Whether there is no such setting yet.
    pub is_new: bool,
    /// Whether a key of the customer's encrypts it, not `aws/s3`.
    pub has_own_key: bool,
}

/// The buckets of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedBuckets {
    /// Each, in the plan's order.
    pub buckets: Vec<PlannedBucket>,
    /// The provider's region, where the plan tells it.
    pub region: Option<String>,
}

impl PlannedBuckets {
    /// The buckets of a plan's text.
    ///
    /// # Errors
    /// It is neither JSON nor YAML, or tells no bucket's encryption.
    pub fn of(text: &str) -> Result<Self> {
        let contents = Contents::of(text)?;
        if contents.buckets.is_empty() {
            return Err(Error::request("no bucket's encryption stands in it").hint(
                "give what `terraform show -json plan.bin` prints of a plan with \
                 `aws_s3_bucket_server_side_encryption_configuration`",
            ));
        }
        let number = contents.buckets.len();
        let buckets = contents.buckets.into_iter().filter_map(|bucket| {
            let after = bucket.after?;
            let planned = mode(&after);
            Some(PlannedBucket {
                name: bucket.bucket,
                now: bucket.before.as_ref().map_or(planned, mode),
                planned,
                is_new: bucket.before.is_none(),
                has_own_key: after.key.is_some(),
            })
        });
        let buckets: Vec<PlannedBucket> = buckets.collect();
        if buckets.iter().all(|bucket| bucket.now.is_none() || bucket.planned.is_none()) {
            return Err(Error::request(format!(
                "how its buckets are encrypted is known of none of {number} before it is applied"
            ))
            .hint("apply it, and give the state: `terraform show -json > state.json`"));
        }
        Ok(Self { buckets, region: region(&parse(text)?) })
    }
}

/// The word of scenarios.
fn mode(encryption: &Encryption) -> ModeName {
    match (encryption.algorithm, encryption.bucket_key) {
        (Algorithm::SseS3, _) => Some("sse-s3"),
        (Algorithm::DsseKms, _) => Some("dsse-kms"),
        (Algorithm::SseKms, BucketKey::On) => Some("sse-kms-bucket-key"),
        (Algorithm::SseKms, BucketKey::Off | BucketKey::Absent) => Some("sse-kms"),
        _ => None,
    }
}

/// The region of the provider, if it is a constant.
fn region(plan: &Node) -> Option<String> {
    const PATH: [&str; 6] =
        ["configuration", "provider_config", "aws", "expressions", "region", "constant_value"];
    plan.at_path(&PATH).and_then(Node::text).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_now_and_as_planned() {
        let found =
            PlannedBuckets::of(include_str!("../../tests/fixtures/lint/plan.json")).unwrap();
        let told: Vec<_> =
            found.buckets.iter().map(|it| (it.name.as_str(), it.now, it.planned)).collect();
        let kms = Some("sse-kms");
        let key = Some("sse-kms-bucket-key");
        assert_eq!(
            told,
            [
                ("amzn-s3-demo-lake", kms, key),
                ("amzn-s3-demo-reports", kms, kms),
                ("amzn-s3-demo-site", Some("sse-s3"), Some("sse-s3")),
                ("amzn-s3-demo-plain", Some("sse-s3"), Some("sse-s3")),
                ("amzn-s3-demo-vault", Some("dsse-kms"), Some("dsse-kms")),
                ("amzn-s3-demo-exchange", key, key),
                ("amzn-s3-demo-access", key, key),
                ("team", key, key),
            ]
        );
        assert!(found.buckets[0].has_own_key && !found.buckets[5].has_own_key);
        assert!(!found.buckets[0].is_new && found.buckets[7].is_new);
        assert_eq!(found.region, None);
    }

    /// A plan whose only bucket is encrypted in a way that is known only after apply makes no scenario.
    #[test]
    fn a_plan_that_knows_no_encryption_is_refused() {
        let plan = r#"{"terraform_version": "1.9.0", "resource_changes": [{"mode": "managed",
            "address": "aws_s3_bucket_server_side_encryption_configuration.a",
            "type": "aws_s3_bucket_server_side_encryption_configuration",
            "change": {"before": null,
                "after": {"bucket": "a", "rule": [{"bucket_key_enabled": true, "apply_server_side_encryption_by_default": [{}]}]},
                "after_unknown": {"rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": true}]}]}}}]}"#;
        let error = PlannedBuckets::of(plan).unwrap_err().to_string();
        assert!(error.contains("known of none of 1") && error.contains("state.json"), "{error}");
    }

    #[test]
    fn a_file_without_buckets_is_refused() {
        let policy = r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
        assert!(PlannedBuckets::of(policy).unwrap_err().to_string().contains("terraform show"));
    }
}
