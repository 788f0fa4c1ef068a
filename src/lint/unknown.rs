//! Values of conditions on the context that neither a file nor its defaults tell: exports of other stacks, parameters of
//! Systems Manager, variables. Whether they stand for objects or for a bucket decides what bucket keys break.

use super::evaluate::S3_ARN;
use super::finding::{Finding, Rule};
use super::json::Node;
use super::pattern::{bucket_of, has_variable, outside_variables};
use super::policy::{Policy, PolicyCondition, Statement, Test, Value};
use crate::harmless_text::named;

const DEPLOYED: &str = "look at the policy as it is deployed, e.g., what `aws kms get-key-policy` or `aws iam \
                        get-role-policy` print";

/// Findings about the statements of a policy.
pub(super) fn check(policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    for statement in &policy.statements {
        let on_context = statement.conditions.iter().filter(|it| it.key == S3_ARN);
        findings.extend(on_context.filter_map(|it| match it.test {
            _ if statement.actions.values.iter().any(|it| has_variable(&it.matched)) => {
                Some(unknown_actions(policy, statement, it))
            }
            Test::Text { .. } => finding(policy, statement, it),
            Test::Unheard => Some(unheard(policy, statement, it)),
            Test::Null | Test::Other => None,
        }));
    }
    findings
}

/// Whether nobody knows if a value stands for a bucket or for its objects.
fn is_unknown(value: &Value) -> bool {
    let text = &value.matched;
    let plain = outside_variables(text);
    let names_bucket = plain.contains(":s3:::");
    // `Arn` of a resource is a bucket's; whoever puts a `/` behind a variable means objects.
    let is_arn = text.trim_end_matches(['*', '?']).to_ascii_lowercase().ends_with(".arn}");
    plain.len() < text.len() && !plain.contains('/') && !names_bucket && !is_arn
}

/// Whether another value of a condition stands for objects of what a value stands for.
fn has_objects_of(condition: &PolicyCondition, value: &Value) -> bool {
    condition.values.iter().any(|it| bucket_of(&it.matched) == Some(&value.matched))
}

fn finding(policy: &Policy, statement: &Statement, condition: &PolicyCondition) -> Option<Finding> {
    let values = condition.values.iter().filter(|it| is_unknown(it));
    let unknown: Vec<String> = values
        .filter(|it| !has_objects_of(condition, it))
        .map(|value| format!("`{}`", named(&value.written)))
        .collect();
    if unknown.is_empty() {
        return None;
    }
    let why = format!(
        "what {} stands for is not known from this file: if it is objects' ARNs and not the bucket's, the condition no longer \
         matches, as with bucket keys S3 sends the bucket's ARN",
        unknown.join(", ")
    );
    let finding = Finding::not_in_file(&policy.owner, condition.at, statement.named(), why);
    Some(finding.mend(DEPLOYED, Vec::new()))
}

/// A statement of which nobody knows whether it is about KMS.
fn unknown_actions(policy: &Policy, statement: &Statement, condition: &PolicyCondition) -> Finding {
    let why = "which actions it is about is not known from this file, so it was not looked at whether bucket keys \
               break it";
    Finding::not_in_file(&policy.owner, condition.at, statement.named(), why)
        .mend(DEPLOYED, Vec::new())
}

/// An operator that IAM does not have.
fn unheard(policy: &Policy, statement: &Statement, condition: &PolicyCondition) -> Finding {
    let why = format!(
        "IAM has no operator `{}`, and refuses a policy with it; what it was to compare with the object's ARN was not looked \
         at",
        named(&condition.operator)
    );
    let rule = Rule::UnknownOperator;
    Finding::of(rule, &policy.owner, condition.at, statement.named(), why)
        .mend("use an operator of IAM, e.g., `StringLike` or `ArnLike`", Vec::new())
}

/// Parts of a template that policies and encryptions stand in.
const HOLDERS: [&str; 9] = [
    "Properties",
    "PolicyDocument",
    "KeyPolicy",
    "InlinePolicy",
    "Statement",
    "Condition",
    "BucketEncryption",
    "ServerSideEncryptionConfiguration",
    "ServerSideEncryptionByDefault",
];

/// Findings about parts of resources that another file or a macro makes; without an owner the value is of resources.
pub(super) fn parts(owner: &str, node: &Node) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in node.members() {
        let owner = if owner.is_empty() { &member.name } else { owner };
        let value = &member.value;
        let is_made = member.name.starts_with("Fn::");
        let holds = HOLDERS.contains(&member.name.as_str());
        let inner = value.items().iter().chain(
            value.members().iter().map(|it| &it.value).filter(|_| member.name == "Condition"),
        );
        let texts = std::iter::once(value).chain(inner).filter(|_| holds).filter_map(Node::text);
        let mut unknown = texts.filter(|text| text.starts_with("${"));
        if is_made || unknown.next().is_some() {
            let subject = format!("`{}`", named(&member.name));
            let why = "another file, a macro or the deployment makes it, so it was not looked at";
            findings.push(Finding::not_in_file(owner, value.at, subject, why).mend(
                "look at the template as it is deployed: `aws cloudformation get-template --template-stage Processed`",
                Vec::new(),
            ));
        } else {
            findings.extend(parts(owner, value));
        }
    }
    findings.extend(node.items().iter().flat_map(|item| parts(owner, item)));
    findings
}
