//! Statements tied to objects' ARNs in the encryption context: with bucket keys S3 sends the bucket's instead.
//!
//! Of each kind of objects that the values of such conditions tell apart one is tried. What the policy decides of a
//! request for it, before and after its context becomes the bucket's ARN, is compared; where that is the same nothing
//! is found.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::document::Contents;
use super::evaluate::{Decision, KmsRequest};
use super::finding::{Confidence, Finding, Rule, Severity};
use super::pattern::{bucket_of, has_variable, matches, opaque};
use super::policy::{
    Policy, PolicyCondition, PolicyKind, Statement, StatementEffect, Test, TextTest, Value,
};
use super::requests::{ContextPair, TriedRequests, is_literal_wildcard, on_context, principals};
use super::role::{Deciding, DecidingFor, RoleDeciding, RolePolicies, deciding, deciding_policies};
use crate::harmless_text::named;

/// What S3 may ask of KMS for requests to a bucket, replication and re-encryption among them.
const ACTIONS: [&str; 5] =
    ["kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"];

/// Roles whose policies decide together with a statement; none for one of a key's policy that names the key in a way
/// that is not understood.
pub(super) fn roles<'a>(
    contents: &'a Contents,
    policy: &Policy,
    statement: &Statement,
) -> &'a [RolePolicies] {
    let is_understood = policy.key.as_ref().is_none_or(|own| own == "*" || statement.is_about(own));
    if is_understood { &contents.roles } else { &[] }
}

/// What bucket keys change of a statement.
#[derive(Default)]
struct ContextChange {
    rule: Option<Rule>,
    actions: BTreeSet<&'static str>,
    pairs: Vec<ContextPair>,
    /// Whether some of those concerned have no other way.
    is_final: bool,
    /// Roles whose policies were evaluated together, in words.
    roles: BTreeSet<String>,
}

/// Findings about the statements of the policy of that number.
pub(super) fn check(contents: &Contents, number: usize) -> Vec<Finding> {
    let policy = &contents.policies[number];
    let mut findings = Vec::new();
    let mut tried: Option<TriedRequests> = None;
    for statement in &policy.statements {
        if on_context(statement).next().is_none() {
            continue;
        }
        findings.extend(literal_wildcards(policy, statement));
        findings.extend(access_points(policy, statement));
        let roles = roles(contents, policy, statement);
        let deciding = deciding(&contents.policies, roles, number, &principals(statement));
        let policies = deciding_policies(&contents.policies, number, &deciding);
        let tried = match tried.take().filter(|it| it.are_of(&policies)) {
            Some(same) => tried.insert(same),
            None => tried.insert(TriedRequests::of(policies)),
        };
        let (pairs, is_all) = tried.pairs(statement);
        let keys = tried.keys(policy, statement);
        let changes = changes(policy, statement, &deciding, (&keys, &pairs));
        match changes.rule {
            Some(rule) => findings.push(finding(policy, statement, rule, &changes)),
            None if !is_all => findings.push(too_many(policy, statement)),
            None => {}
        }
    }
    findings
}

/// A statement whose conditions may go together in more ways than were tried.
fn too_many(policy: &Policy, statement: &Statement) -> Finding {
    let why =
        "its conditions tell too many kinds of objects apart: each value was looked at by itself";
    Finding::not_in_file(&policy.owner, statement.at, statement.named(), why)
}

/// Whether a statement's conditions tell an object's ARN from its bucket's.
fn tells_apart(statement: &Statement, pair: &ContextPair) -> bool {
    on_context(statement).any(|(condition, ..)| {
        condition.would_hold(&[&pair.object]) != condition.would_hold(&[&pair.bucket])
    })
}

fn changes(
    policy: &Policy,
    statement: &Statement,
    deciding: &[DecidingFor],
    (keys, pairs): (&[String], &[ContextPair]),
) -> ContextChange {
    let mut changes = ContextChange::default();
    let pairs = pairs.iter().filter(|pair| tells_apart(statement, pair));
    let pairs: Vec<&ContextPair> = pairs.collect();
    for action in ACTIONS {
        for &(deciding, principal) in deciding {
            for (key, pair) in keys.iter().flat_map(|key| pairs.iter().map(move |it| (key, *it))) {
                let request =
                    |context| KmsRequest { action, key, principal, context: Some(context) };
                let (before, after) = (request(&pair.object), request(&pair.bucket));
                let Some(rule) = change(deciding, statement, &before, &after) else { continue };
                changes.rule = Some(rule);
                changes.actions.insert(action);
                let may_have_others = deciding.role().is_none_or(|it| it.role.has_others);
                let is_open = may_have_others && is_delegated(policy, statement, &after);
                changes.is_final |= rule != Rule::AllowStops || !is_open;
                changes.roles.extend(deciding.role().and_then(RoleDeciding::in_words));
                if !changes.pairs.contains(pair) {
                    changes.pairs.push(pair.clone());
                }
            }
        }
    }
    changes
}

/// What becomes of a request, if that is another decision and due to the statement.
fn change(
    deciding: Deciding,
    statement: &Statement,
    before: &KmsRequest,
    after: &KmsRequest,
) -> Option<Rule> {
    let is_negated = on_context(statement).any(|(_, _, is_negated)| is_negated);
    match (statement.effect, statement.applies(before), statement.applies(after)) {
        (StatementEffect::Allow, Some(assumed), None) => {
            let was = deciding.decision(before, &assumed) == Decision::Allowed;
            let is = deciding.decision(after, &assumed) == Decision::Allowed;
            (was && !is).then_some(Rule::AllowStops)
        }
        // Who allows by the bucket's name means bucket keys; who excepts objects means to keep them out.
        (StatementEffect::Allow, None, Some(assumed)) if is_negated => {
            let was = deciding.decision(before, &assumed) == Decision::Allowed;
            let is = deciding.decision(after, &assumed) == Decision::Allowed;
            (!was && is).then_some(Rule::GuardStops)
        }
        (StatementEffect::Deny, None, Some(assumed)) => {
            let was = deciding.decision(before, &assumed) == Decision::Denied;
            let might = deciding.may_be_granted(before);
            (!was && might).then_some(Rule::DenyStarts)
        }
        // Also what is denied unless the ARN is the bucket's, which is everything until bucket keys are on.
        (StatementEffect::Deny, Some(assumed), None) => {
            let is = deciding.decision(after, &assumed) == Decision::Denied;
            let may = deciding.may_be_granted(after);
            (!is && may).then_some(Rule::GuardStops)
        }
        _ => None,
    }
}

/// Whether a key policy leaves what a statement is about to the IAM policies of the requester's own account.
pub(super) fn is_delegated(policy: &Policy, statement: &Statement, request: &KmsRequest) -> bool {
    let Some(principal) = request.principal.filter(|_| policy.kind == PolicyKind::Key) else {
        return false;
    };
    let all = policy.statements.iter().filter_map(|statement| statement.principals.as_ref());
    let values = all.filter(|it| !it.is_negated).flat_map(|it| &it.values);
    let roots = values.map(|value| value.matched.as_str()).filter(|it| it.ends_with(":root"));
    let roots = roots.filter(|root| {
        let by_root = KmsRequest { principal: Some(root), ..request.clone() };
        principal != *root && policy.decision(&by_root, &[]) == Decision::Allowed
    });
    let delegating: Vec<Option<&str>> = roots.map(account).collect();
    let accounts = accounts(statement, principal);
    !delegating.is_empty()
        && !accounts.is_empty()
        && accounts.iter().all(|it| has_variable(it) || delegating.contains(&Some(it)))
}

fn account(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// Accounts of which somebody is, whom a statement names or lets in by the account alone; variables stand for any.
fn accounts<'a>(statement: &'a Statement, principal: &'a str) -> Vec<&'a str> {
    const KEYS: [&str; 2] = ["kms:calleraccount", "aws:principalaccount"];
    if has_variable(principal) {
        return vec![principal];
    }
    if principal != "*" {
        return account(principal).into_iter().collect();
    }
    let conditions = statement.conditions.iter().filter(|it| KEYS.contains(&it.key.as_str()));
    let equal = conditions.filter(|it| matches!(it.test, Test::Text { is_negated: false, .. }));
    equal.flat_map(|it| &it.values).map(|value| value.matched.as_str()).collect()
}

/// Values of a condition that stand for an object and not for its bucket.
fn pinned<'a>(
    condition: &'a PolicyCondition,
    comparison: TextTest,
    pair: &ContextPair,
) -> impl Iterator<Item = &'a Value> {
    condition.values.iter().filter(move |value| {
        comparison.equal(&value.matched, &pair.object)
            && !comparison.equal(&value.matched, &pair.bucket)
    })
}

/// What of a pattern of objects' ARNs stands for a pair's bucket: all before the `/`, or up to the wildcard that takes
/// its place.
fn bucket_in(pattern: &str, pair: &ContextPair) -> Option<String> {
    let wildcards = pattern.match_indices(['?', '*']);
    let mut parts = wildcards.map(|(at, c)| &pattern[..if c == "*" { at + 1 } else { at }]);
    let longest = parts.rfind(|part| matches(part, &pair.bucket));
    bucket_of(pattern).or(longest).map(str::to_owned)
}

/// The same, if a mend can add it: what stands for every bucket would open, or deny, too much.
fn bucket_to_add(pattern: &str, pair: &ContextPair) -> Option<String> {
    let bucket = bucket_in(pattern, pair).filter(|_| !is_for_buckets(pattern))?;
    let is_of_all = matches(&bucket, "arn:aws:s3:::");
    let was_of_all = bucket.matches(':').count() >= 5 && !is_part(pattern);
    (!is_of_all || was_of_all).then_some(bucket)
}

/// Whether a pattern stands for buckets with all that is in them, and for objects of others by chance alone.
fn is_for_buckets(pattern: &str) -> bool {
    let head = pattern.trim_end_matches('*');
    head.len() < pattern.len()
        && head.contains('*')
        && !head.ends_with('?')
        && bucket_of(pattern).is_none()
}

/// Whether a value stands for some of a bucket's objects, not for all.
fn is_part(pattern: &str) -> bool {
    let bucket = bucket_of(pattern).map_or(0, str::len);
    !matches!(&pattern[bucket..], "/*" | "/**" | "/?*")
}

/// A value as it is written, or, where that does not tell the bucket, as it is.
fn shown(value: &Value) -> &str {
    let tells = bucket_of(&value.written).is_some() || bucket_of(&value.matched).is_none();
    if tells { &value.written } else { &value.matched }
}

fn finding(policy: &Policy, statement: &Statement, rule: Rule, changes: &ContextChange) -> Finding {
    let mut at = statement.at;
    let (mut written, mut add, mut made) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (condition, comparison, _) in on_context(statement) {
        let pairs = changes.pairs.iter();
        let values = pairs
            .flat_map(|pair| pinned(condition, comparison, pair).map(move |value| (value, pair)));
        for (value, pair) in values {
            at = condition.at;
            add.extend(bucket_to_add(shown(value), pair));
            written.insert(shown(value));
            if opaque(&value.written) != value.matched {
                made.insert((value.written.as_str(), value.matched.as_str()));
            }
        }
    }
    let actions: Vec<String> = changes.actions.iter().map(|it| format!("`{it}`")).collect();
    let actions = actions.join(", ");
    let add: Vec<String> = add.into_iter().collect();
    let mut why = why(rule, statement.effect, &actions, &quoted(&written));
    if rule == Rule::AllowStops && replicates(policy) {
        why.push_str("; this is a replication role: replicas take over the source's bucket key");
    }
    if rule == Rule::AllowStops {
        for words in &changes.roles {
            let _ = write!(why, "; {words}");
        }
    }
    let is_made = !made.is_empty();
    for (written, text) in made {
        let (written, text) = (named(written), named(text));
        let _ = write!(
            why,
            "; `{written}` is `{text}` unless other parameters are given when it is deployed"
        );
    }
    let mut finding = Finding::of(rule, &policy.owner, at, statement.named(), why)
        .mend(mend(rule, &written, &add), add);
    if !changes.is_final {
        finding.severity = Severity::Warning;
        finding.confidence = Confidence::Possible;
        finding.why.push_str(
            "; the key policy also leaves it to the IAM policies of the principal's account, one of which \
             must then allow it",
        );
    } else if rule == Rule::GuardStops && written.is_empty() {
        finding.severity = Severity::Warning;
        finding.confidence = Confidence::Likely;
    } else if let Some(words) = few_objects(&written) {
        finding.severity = Severity::Warning;
        finding.confidence = Confidence::Possible;
        let _ = write!(finding.why, "; {words}");
    } else if is_made || written.iter().any(|value| has_variable(value)) {
        finding.confidence = Confidence::Likely;
    }
    finding
}

/// Which few objects values stand for whose bucket they do not stand for, if these are few.
fn few_objects(written: &BTreeSet<&str>) -> Option<&'static str> {
    if written.is_empty() {
        return None;
    }
    if written.iter().all(|value| is_all_question_marks(value)) {
        return Some("`?` stands for a `/`, too, so these are objects with very short keys");
    }
    let mut values = written.iter();
    values.all(|it| is_for_buckets(it) || is_all_question_marks(it)).then_some(
        "buckets that it stands for and their objects stay as they are; these are objects of other buckets whose keys \
         match by chance",
    )
}

/// Whether only a `?` lets a pattern stand for objects, and then for few.
fn is_all_question_marks(pattern: &str) -> bool {
    pattern.contains('?') && !pattern.contains('*') && bucket_of(pattern).is_none()
}

fn quoted<'a>(values: impl IntoIterator<Item = &'a &'a str>) -> String {
    let values: Vec<String> =
        values.into_iter().map(|value| format!("`{}`", named(value))).collect();
    values.join(", ")
}

fn why(rule: Rule, effect: StatementEffect, actions: &str, written: &str) -> String {
    let sends = "with bucket keys S3 sends the bucket's ARN";
    match (rule, written.is_empty()) {
        (Rule::AllowStops, true) => {
            format!(
                "it excludes the bucket's own ARN from {actions}, and {sends}: no longer allowed"
            )
        }
        (Rule::AllowStops, _) => format!(
            "it allows {actions} for objects' ARNs only ({written}); {sends}, so it no longer does"
        ),
        (Rule::DenyStarts, true) => {
            format!("it denies {actions} for the bucket's own ARN, and {sends}: it begins to match")
        }
        (Rule::DenyStarts, _) => format!(
            "it denies {actions} unless the ARN is an object's ({written}); {sends}, so everything is denied"
        ),
        (_, true) => format!(
            "it denies {actions} unless the ARN is the bucket's own, so until bucket keys are on it denies everything; {sends}, \
             so it then lets in what it kept out"
        ),
        _ if effect == StatementEffect::Deny => format!(
            "it denies {actions} for {written}; {sends}, so the guard silently stops matching and what it \
             kept out is let in, if anything else allows it"
        ),
        _ => format!(
            "it allows {actions} except for {written}; {sends}, so the exception silently stops matching and \
             what it kept out is let in"
        ),
    }
}

fn mend(rule: Rule, written: &BTreeSet<&str>, add: &[String]) -> String {
    if !written.is_empty() && written.iter().all(|value| is_for_buckets(value)) {
        return "leave it if it is there for buckets by their names".to_owned();
    }
    if add.is_empty() && !written.is_empty() {
        return "add the ARN of each bucket that is meant, `arn:aws:s3:::BUCKET`, to the condition's values and keep \
                what is there"
            .to_owned();
    }
    if add.is_empty() && rule == Rule::GuardStops {
        return "leave it if it is there to ask for bucket keys; else guard by S3's own permissions".to_owned();
    }
    if add.is_empty() {
        return "take the bucket's ARN out of the condition".to_owned();
    }
    let add: Vec<String> = add.iter().map(|value| format!("`{}`", named(value))).collect();
    let mut mend =
        format!("add {} to the condition's values and keep what is there", add.join(", "));
    if written.iter().any(|value| is_part(value)) {
        mend.push_str(match rule {
            Rule::GuardStops => {
                "; that guards the whole bucket, as the context no longer tells objects apart: guard a prefix \
                 by the permissions of S3"
            }
            _ => {
                "; that opens the key for the whole bucket, as the context no longer tells objects apart: limit \
                 prefixes by the permissions of S3"
            }
        });
    }
    mend
}

/// Whether a policy is a replication role's.
pub(super) fn replicates(policy: &Policy) -> bool {
    let actions = policy.statements.iter().flat_map(|statement| &statement.actions.values);
    let mut lower = actions.map(|value| value.matched.to_ascii_lowercase());
    lower.any(|action| action.starts_with("s3:replicate") || action.contains("forreplication"))
}

/// Wildcards in operators that have none: such a value has never matched an object.
fn literal_wildcards(policy: &Policy, statement: &Statement) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (condition, comparison, _) in on_context(statement) {
        let literal = |value: &&Value| is_literal_wildcard(comparison, value);
        let written: Vec<&str> =
            condition.values.iter().filter(literal).map(|value| value.written.as_str()).collect();
        if written.is_empty() {
            continue;
        }
        let why = format!(
            "`{}` compares {} letter by letter, so that no object's ARN is equal to it, with bucket keys or \
             without",
            named(&condition.operator),
            quoted(&written)
        );
        let finding =
            Finding::of(Rule::LiteralWildcard, &policy.owner, condition.at, statement.named(), why);
        findings.push(finding.mend(
            "if a pattern is meant, use `StringLike` (or `StringNotLike`), with the bucket's ARN beside the \
             objects'",
            Vec::new(),
        ));
    }
    findings
}

/// ARNs of access points in conditions on the context: AWS documents only an object's and a bucket's there.
fn access_points(policy: &Policy, statement: &Statement) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (condition, ..) in on_context(statement) {
        let values = condition.values.iter();
        let values = values.filter(|value| value.matched.contains(":accesspoint/"));
        let written: Vec<&str> = values.map(|value| value.written.as_str()).collect();
        if written.is_empty() || written.len() < condition.values.len() {
            continue;
        }
        let why = format!(
            "it names an access point ({}), and AWS documents only the ARNs of objects and, with bucket keys, of \
             buckets in the context: what S3 sends for requests through an access point is not documented",
            quoted(&written)
        );
        let finding = Finding::of(
            Rule::AccessPointContext,
            &policy.owner,
            condition.at,
            statement.named(),
            why,
        );
        findings.push(
            finding
                .sure(Confidence::Possible)
                .mend("add the ARNs of the bucket behind it and of its objects", Vec::new()),
        );
    }
    findings
}
