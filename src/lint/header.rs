//! Statements about the header `x-amz-server-side-encryption-bucket-key-enabled`.
//!
//! AWS's list of S3's condition keys does not have it, so what a condition on it does is not known: all that is said is
//! what it would do if the key existed.

use super::finding::{Confidence, Finding, Rule, Severity};
use super::policy::{Policy, Statement, StatementEffect};

const HEADER: &str = "s3:x-amz-server-side-encryption-bucket-key-enabled";

/// Findings about the statements of a policy.
pub(super) fn check(policy: &Policy) -> Vec<Finding> {
    policy.statements.iter().filter_map(|statement| check_statement(policy, statement)).collect()
}

fn check_statement(policy: &Policy, statement: &Statement) -> Option<Finding> {
    let conditions: Vec<_> = statement.conditions.iter().filter(|it| it.key == HEADER).collect();
    let first = conditions.first()?;
    let matches = |header: &[&str]| conditions.iter().all(|it| it.would_hold(header));
    let (asking, refusing, silent) = (matches(&["true"]), matches(&["false"]), matches(&[]));
    let unlisted =
        "AWS's list of condition keys does not have this one, so it may have no effect at all";
    let allows = statement.effect == StatementEffect::Allow;
    let (refuses_asking, refuses_silent) = (asking != allows, silent != allows);
    let (severity, what, mend) = if refuses_asking {
        (
            Severity::Warning,
            "uploads whose header asks for a bucket key would be refused",
            "take the statement out before bucket keys are asked for",
        )
    } else if refuses_silent {
        (
            Severity::Warning,
            "uploads without the header, which follow the bucket's setting, would be refused",
            "turn bucket keys on in the bucket's encryption, and deny only the header `false`: `StringEquals` with \
             the value `false`",
        )
    } else {
        (Severity::Note, "uploads whose header refuses a bucket key would be refused", "")
    };
    // What touches none of the three is about something else.
    if asking == silent && silent == refusing {
        return None;
    }
    let why = format!("{what}; {unlisted}");
    let mut finding =
        Finding::of(Rule::HeaderCondition, &policy.owner, first.at, statement.named(), why)
            .sure(Confidence::Possible)
            .mend(mend, Vec::new());
    finding.severity = severity;
    Some(finding)
}
