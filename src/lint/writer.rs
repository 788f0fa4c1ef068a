//! Writers that may ask for data keys but not decrypt: S3 verifies a new bucket-level key by a Decrypt.
//!
//! Documented for replicas and for trails of `CloudTrail`; inferred for other writers. A policy is looked at only if it
//! has to do with S3: other services ask for data keys, too.

use super::document::Contents;
use super::evaluate::{Decision, KmsRequest};
use super::finding::{Confidence, Finding, Rule, Severity};
use super::object_context::{is_delegated, replicates, roles};
use super::pattern::matches;
use super::policy::{Policy, PolicyCondition, PolicyKind, Statement, StatementEffect, Value};
use super::requests::{ContextPair, TriedRequests, principals};
use super::role::{Deciding, deciding, deciding_policies};

const GENERATE: &str = "kms:GenerateDataKey";
const ENCRYPT: &str = "kms:Encrypt";

/// Services that write their files to buckets.
const WRITING_SERVICES: [&str; 7] = [
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "delivery.logs.amazonaws.com",
    "firehose.amazonaws.com",
    "guardduty.amazonaws.com",
    "logging.s3.amazonaws.com",
    "s3.amazonaws.com",
];

/// Findings about the statements of the policy of that number.
pub(super) fn check(contents: &Contents, number: usize) -> Vec<Finding> {
    let policy = &contents.policies[number];
    let grants = policy.kind != PolicyKind::Organization;
    let statements =
        policy.statements.iter().filter(|it| grants && it.effect == StatementEffect::Allow);
    statements.filter_map(|statement| check_statement(contents, number, statement)).collect()
}

fn check_statement(contents: &Contents, number: usize, statement: &Statement) -> Option<Finding> {
    let policy = &contents.policies[number];
    let mut lacking = Vec::new();
    let roles = roles(contents, policy, statement);
    let all = deciding(&contents.policies, roles, number, &principals(statement));
    let is_about_s3 = is_about_s3(policy, statement);
    if !is_about_s3 && !all.iter().any(|(_, principal)| is_service(*principal)) {
        return None;
    }
    let tried = TriedRequests::of(deciding_policies(&contents.policies, number, &all));
    let (pairs, keys) = (tried.pairs_and_any(statement), tried.keys(policy, statement));
    // Roles for replicas have it as AWS's examples for buckets without bucket keys do.
    let writing = if replicates(policy) { &[GENERATE, ENCRYPT][..] } else { &[GENERATE] };
    let each = all.iter().flat_map(|it| writing.iter().map(move |action| (it, *action)));
    for (&(deciding, principal), action) in each {
        if !is_about_s3 && !is_service(principal) {
            continue;
        }
        for key in &keys {
            let asked = (action, key.as_str(), principal);
            let decrypts = pairs.iter().map(|pair| lacks_decrypt(deciding, statement, asked, pair));
            let may_have_others = deciding.role().is_none_or(|it| it.role.has_others);
            lacking.extend(
                decrypts
                    .flatten()
                    .map(|request| may_have_others && is_delegated(policy, statement, &request)),
            );
        }
        if !lacking.is_empty() {
            let is_delegated = lacking.iter().all(|delegated| *delegated);
            return Some(finding(policy, statement, (action, principal), is_delegated));
        }
    }
    None
}

fn is_service(principal: Option<&str>) -> bool {
    principal.is_some_and(|it| WRITING_SERVICES.contains(&it))
}

/// The Decrypt that is not allowed where a statement allows an action of writers.
fn lacks_decrypt<'a>(
    deciding: Deciding,
    statement: &Statement,
    (writing, key, principal): (&'a str, &'a str, Option<&'a str>),
    pair: &'a ContextPair,
) -> Option<KmsRequest<'a>> {
    let requests = |action| {
        [&pair.object, &pair.bucket].map(|context| KmsRequest {
            action,
            key,
            principal,
            context: Some(context),
        })
    };
    let generating = requests(writing);
    let allowed = |request: &&KmsRequest, assumed: &[&PolicyCondition]| {
        deciding.decision(request, assumed) == Decision::Allowed
    };
    let assumed = generating.iter().find_map(|request| {
        statement.applies(request).filter(|assumed| allowed(&request, assumed))
    })?;
    let decrypting = requests("kms:Decrypt");
    let may = decrypting.iter().any(|request| allowed(&request, &assumed));
    let [_, of_bucket] = decrypting;
    (!may).then_some(of_bucket)
}

/// Whether a statement is about what S3 asks of KMS.
fn is_about_s3(policy: &Policy, statement: &Statement) -> bool {
    let names_s3 = statement.conditions.iter().any(|condition| {
        condition.key == super::evaluate::S3_ARN
            || condition.key == "kms:viaservice"
                && condition.values.iter().any(|value| value.matched.starts_with("s3."))
    });
    let writes = |value: &Value| {
        let action = value.matched.to_ascii_lowercase();
        action.starts_with("s3:") && matches(&action, "s3:putobject")
    };
    let allowing = policy.statements.iter().filter(|it| it.effect == StatementEffect::Allow);
    names_s3
        || allowing
            .filter(|it| !it.actions.is_negated)
            .any(|it| it.actions.values.iter().any(writes))
}

fn finding(
    policy: &Policy,
    statement: &Statement,
    (writing, principal): (&str, Option<&str>),
    is_delegated: bool,
) -> Finding {
    let is_trail = principal == Some("cloudtrail.amazonaws.com");
    let why = if is_trail {
        "it allows `kms:GenerateDataKey` without `kms:Decrypt`: where the trail's bucket has a bucket key, AWS \
         requires `kms:Decrypt` to create or update a trail; whether deliveries of a running trail stop without it \
         is not documented"
    } else if writing == ENCRYPT {
        "it lets a role write replicas by `kms:Encrypt`, and nothing in this policy allows `kms:Decrypt` there, which AWS \
         requires of replicas that take over a bucket key; S3 asks for such keys by `kms:GenerateDataKey`"
    } else {
        "it allows `kms:GenerateDataKey`, and nothing in this policy allows `kms:Decrypt`, by which S3 verifies a \
         new bucket-level key: documented for replicas and trails, inferred for other writers"
    };
    let place = statement.actions.values.first().map_or(statement.at, |value| value.at);
    let rule = Rule::WriterWithoutDecrypt;
    let mut finding = Finding::of(rule, &policy.owner, place, statement.named(), why.to_owned())
        .sure(if is_trail { Confidence::Likely } else { Confidence::Possible })
        .mend("add `kms:Decrypt` to its actions", vec!["kms:Decrypt".to_owned()]);
    if writing == ENCRYPT {
        "add `kms:GenerateDataKey` and `kms:Decrypt` to its actions".clone_into(&mut finding.mend);
        finding.add.insert(0, GENERATE.to_owned());
    }
    if is_delegated {
        finding.severity = Severity::Note;
        finding
            .why
            .push_str("; the principal's IAM policies may allow it, as the key policy lets them");
    }
    finding
}
