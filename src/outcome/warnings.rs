//! What to beware of: what was seen, why it matters, what to do.

use super::ConfigurationOutcome;
use crate::encryption::Mode;
use crate::pricing::{Bill, Sku};
use crate::scenario::Scenario;
use crate::units::{SimTime, Usd};

/// A thing to beware of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// A short name that does not change between versions.
    pub id: &'static str,
    /// What was seen, and why it matters.
    pub what: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// The warnings that apply.
pub(super) fn of(scenario: &Scenario, configurations: &[ConfigurationOutcome]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if scenario.configurations.iter().any(|c| c.uses_bucket_keys(&scenario.buckets)) {
        warnings.extend(objects_without_key(scenario));
        warnings.extend(costs_more(configurations));
        warnings.push(Warning {
            id: "object-arn-policies",
            what: "with bucket keys the encryption context is the bucket's ARN: IAM and key \
                   policies that condition on an object's ARN stop matching"
                .to_owned(),
            advice: "allow both `arn:aws:s3:::BUCKET` and `arn:aws:s3:::BUCKET/*` in \
                     `kms:EncryptionContext:aws:s3:arn` before turning them on",
        });
        warnings.push(Warning {
            id: "writers-need-decrypt",
            what: "with bucket keys S3 verifies a new key by Decrypt: whoever only writes needs \
                   `kms:Decrypt` too"
                .to_owned(),
            advice: "add `kms:Decrypt` to writers' policies",
        });
        warnings.extend(audit(scenario, configurations));
    }
    warnings.extend(throttled(configurations));
    if configurations.iter().any(|c| c.mode == Mode::DsseKms) {
        warnings.push(Warning {
            id: "dsse-lower-bound",
            what: "AWS says DSSE-KMS makes more KMS requests than SSE-KMS but not how many: the \
                   figures are a lower bound"
                .to_owned(),
            advice: "measure a day of CloudTrail events before relying on them",
        });
    }
    if scenario.replications < 2 {
        warnings.push(Warning {
            id: "one-replication",
            what: "a single replication gives no confidence half-width".to_owned(),
            advice: "run with `--replications 10`",
        });
    }
    warnings
}

fn objects_without_key(scenario: &Scenario) -> Option<Warning> {
    let old: Vec<&str> = scenario
        .populations
        .iter()
        .filter(|p| scenario.buckets[p.bucket as usize].keys_since > SimTime::MIN)
        .map(|p| p.name.as_str())
        .collect();
    let all_migrated = scenario
        .configurations
        .iter()
        .filter(|c| c.mode == Mode::SseKmsBucketKey)
        .all(|c| c.migrated);
    (!old.is_empty() && !all_migrated).then(|| Warning {
        id: "objects-without-key",
        what: format!(
            "objects written before bucket keys were on (`{}`) have none: every read of them still \
             calls KMS",
            old.join("`, `")
        ),
        advice: "re-encrypt those that are read (UpdateObjectEncryption, or copy); compare with a \
                 configuration that has `migrated = true`",
    })
}

fn costs_more(configurations: &[ConfigurationOutcome]) -> Option<Warning> {
    let dearer: Vec<&str> = configurations
        .iter()
        .filter(|c| c.mode == Mode::SseKmsBucketKey)
        .filter(|c| c.assumed().saving.is_some_and(|saving| saving.mean < 0.0))
        .map(|c| c.name.as_str())
        .collect();
    (!dearer.is_empty()).then(|| Warning {
        id: "costs-more",
        what: format!(
            "with `{}` KMS is called more often than without bucket keys: writes are so sparse that \
             each makes a new key and verifies it",
            dearer.join("`, `")
        ),
        advice: "leave bucket keys off for this traffic, or write from fewer requesters",
    })
}

fn audit(scenario: &Scenario, configurations: &[ConfigurationOutcome]) -> Option<Warning> {
    let terms = &scenario.billing.terms;
    if terms.data_events || scenario.billing.object_audit {
        return None;
    }
    let events = configurations[scenario.headline].assumed().requests_in_period;
    let cost: Usd =
        Bill::of_charges([(Sku::CloudTrailDataEvents, events)], &scenario.billing.prices, terms)
            .total();
    Some(Warning {
        id: "audit-by-object",
        what: format!(
            "with bucket keys CloudTrail's KMS events name the bucket, not the object; S3 data \
             events for this traffic would cost about ${:.2} in the billing period",
            cost.as_f64()
        ),
        advice: "if the audit needs objects, turn on S3 data events and set `object_audit = true`",
    })
}

fn throttled(configurations: &[ConfigurationOutcome]) -> Option<Warning> {
    let over = configurations
        .iter()
        .filter(|c| c.assumed().quota.throttled_s > 0)
        .map(|c| {
            let quota = &c.assumed().quota;
            format!(
                "`{}` ({} s over the quota, the longest wait {} s)",
                c.name, quota.throttled_s, quota.wait_max_s
            )
        })
        .collect::<Vec<_>>();
    (!over.is_empty()).then(|| Warning {
        id: "quota-exceeded",
        what: format!("S3 answers 503 SlowDown when KMS throttles: {}", over.join(", ")),
        advice: "ask for a higher KMS request quota, or spread the peaks",
    })
}
