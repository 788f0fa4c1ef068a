//! Statements tied to objects' ARNs in the encryption context: with bucket keys S3 sends the bucket's instead.
//!
//! Each value of such a condition gives examples of objects. What the policy decides of a request for one, before
//! and after its context becomes the bucket's ARN, is compared; where that is the same nothing is found.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::document::Contents;
use super::evaluate::{Decision, KmsRequest, S3_ARN};
use super::finding::{Confidence, Finding, Rule, Severity};
use super::pattern::{bucket_of, examples, has_variable, matches, opaque};
use super::policy::{
    Policy, PolicyCondition, PolicyKind, Statement, StatementEffect, Test, TextTest, Value,
};
use super::role::{Deciding, DecidingFor, RoleDeciding, RolePolicies, deciding};
use crate::harmless_text::named;

/// What S3 may ask of KMS for requests to a bucket, replication and re-encryption among them.
const ACTIONS: [&str; 5] =
    ["kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"];

/// A key of no account in particular.
pub(super) const SOME_KEY: &str =
    "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// An object and its bucket, by their ARNs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContextPair {
    pub(super) object: String,
    pub(super) bucket: String,
}

impl ContextPair {
    /// What a text may be the ARN of, an object or a bucket; access points have contexts that are not known.
    fn of(example: &str) -> Option<Self> {
        let bucket = bucket_of(example).unwrap_or(example);
        let key = example[bucket.len()..].strip_prefix('/');
        // A variable may stand for an ARN and for its beginning.
        let is_arn = bucket.starts_with("${") || is_bucket(bucket);
        if !is_arn || key == Some("") {
            return None;
        }
        Some(Self { object: format!("{bucket}/{}", key.unwrap_or("x")), bucket: bucket.to_owned() })
    }
}

/// Whether a text is a bucket's ARN, of any partition.
fn is_bucket(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    // Names end with a letter or a digit.
    matches!(parts[..], ["arn", _, "s3", "", "", name]
        if !name.is_empty() && !name.contains(':') && !name.ends_with(['-', '.']))
}

/// Whether a value has a wildcard that its operator takes for an ordinary character.
fn is_literal_wildcard(comparison: TextTest, value: &Value) -> bool {
    !comparison.has_wildcards() && value.matched.contains(['*', '?'])
}

/// Conditions on the context that compare texts, each with how.
fn on_context(statement: &Statement) -> impl Iterator<Item = (&PolicyCondition, TextTest, bool)> {
    statement.conditions.iter().filter(|it| it.key == S3_ARN).filter_map(|it| match it.test {
        Test::Text { comparison, is_negated } => Some((it, comparison, is_negated)),
        _ => None,
    })
}

/// Objects that a statement's conditions speak of, with their buckets.
pub(super) fn pairs(statement: &Statement) -> Vec<ContextPair> {
    let mut pairs = Vec::new();
    for (condition, comparison, _) in on_context(statement) {
        for value in &condition.values {
            let texts = if is_literal_wildcard(comparison, value) {
                Vec::new()
            } else if comparison.has_wildcards() {
                examples(&value.matched)
            } else {
                vec![in_case_of_arns(comparison, &value.matched)]
            };
            pairs.extend(texts.iter().filter_map(|text| ContextPair::of(text)));
        }
    }
    pairs
}

/// A value as the ARN that S3 sends: of those whose case does not matter, what stands before the object in lower case.
fn in_case_of_arns(comparison: TextTest, text: &str) -> String {
    if comparison != TextTest::EqualIgnoringCase {
        return text.to_owned();
    }
    let bucket = bucket_of(text).unwrap_or(text);
    bucket.to_lowercase() + &text[bucket.len()..]
}

/// Keys that a statement of a policy may be about: of a key's, that key.
pub(super) fn keys(policy: &Policy, statement: &Statement) -> Vec<String> {
    if let Some(own) = policy.key.as_ref().filter(|own| *own != "*" && statement.is_about(own)) {
        return vec![own.clone()];
    }
    let Some(resources) = statement.resources.as_ref().filter(|it| !it.is_negated) else {
        return vec![SOME_KEY.to_owned()];
    };
    let of_value = |value: &Value| match value.matched.as_str() {
        "*" => Some(SOME_KEY.to_owned()),
        text if text.contains(":kms:") || text.starts_with("${") || text.starts_with('*') => {
            Some(text.replace(['*', '?'], "x"))
        }
        _ => None,
    };
    resources.values.iter().filter_map(of_value).collect()
}

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

/// Those whom a statement is for.
pub(super) fn principals(statement: &Statement) -> Vec<Option<&str>> {
    match &statement.principals {
        None => vec![None],
        Some(others) if others.is_negated => vec![Some("somebody else")],
        Some(these) => these.values.iter().map(|value| Some(value.matched.as_str())).collect(),
    }
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
    for statement in &policy.statements {
        findings.extend(literal_wildcards(policy, statement));
        findings.extend(access_points(policy, statement));
        let roles = roles(contents, policy, statement);
        let deciding = deciding(&contents.policies, roles, number, &principals(statement));
        let changes = changes(policy, statement, &deciding);
        if let Some(rule) = changes.rule {
            findings.push(finding(policy, statement, rule, &changes));
        }
    }
    findings
}

fn changes(policy: &Policy, statement: &Statement, deciding: &[DecidingFor]) -> ContextChange {
    let mut changes = ContextChange::default();
    let (pairs, keys) = (pairs(statement), keys(policy, statement));
    for action in ACTIONS {
        for &(deciding, principal) in deciding {
            for (key, pair) in keys.iter().flat_map(|key| pairs.iter().map(move |it| (key, it))) {
                let request =
                    |context| KmsRequest { action, key, principal, context: Some(context) };
                let (before, after) = (request(&pair.object), request(&pair.bucket));
                let Some(rule) = change(deciding, statement, &before, &after) else { continue };
                changes.rule = Some(rule);
                changes.actions.insert(action);
                let may_have_others = deciding.role().is_none_or(|it| it.role.has_others);
                let is_open = may_have_others && is_delegated(policy, &after);
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
            let is = deciding.may_be_granted(after);
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

/// Whether a key policy leaves the request to the IAM policies of the requester's own account.
pub(super) fn is_delegated(policy: &Policy, request: &KmsRequest) -> bool {
    let Some(principal) = request.principal.filter(|_| policy.kind == PolicyKind::Key) else {
        return false;
    };
    let all = policy.statements.iter().filter_map(|statement| statement.principals.as_ref());
    let values = all.filter(|it| !it.is_negated).flat_map(|it| &it.values);
    let mut roots = values.map(|value| value.matched.as_str()).filter(|it| it.ends_with(":root"));
    roots.any(|root| {
        let is_his = has_variable(principal) || account(principal) == account(root);
        let by_root = KmsRequest { principal: Some(root), ..request.clone() };
        principal != root && is_his && policy.decision(&by_root, &[]) == Decision::Allowed
    })
}

fn account(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
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
            add.extend(bucket_in(shown(value), pair));
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
    } else if !written.is_empty() && written.iter().all(|value| is_all_question_marks(value)) {
        finding.severity = Severity::Warning;
        finding.confidence = Confidence::Possible;
        finding
            .why
            .push_str("; `?` stands for a `/`, too, so these are objects with very short keys");
    } else if is_made || written.iter().any(|value| has_variable(value)) {
        finding.confidence = Confidence::Likely;
    }
    finding
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
    if add.is_empty() && rule == Rule::GuardStops {
        return "leave it if it is there to ask for bucket keys; else guard by S3's own permissions".to_owned();
    }
    if add.is_empty() {
        return "take the bucket's ARN out of the condition".to_owned();
    }
    let add: Vec<String> = add.iter().map(|value| format!("`{}`", named(value))).collect();
    let mut mend =
        format!("add {} to the condition's values and keep what is there", add.join(", "));
    let is_part = |value: &&str| {
        let bucket = bucket_of(value).map_or(0, str::len);
        !matches!(&value[bucket..], "/*" | "/**" | "/?*")
    };
    if written.iter().any(is_part) {
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
fn replicates(policy: &Policy) -> bool {
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

/// An object of no bucket in particular, for statements that name none.
pub(super) fn any_object() -> ContextPair {
    let bucket = opaque("arn:aws:s3:::any-bucket");
    ContextPair { object: format!("{bucket}/any-object"), bucket }
}
