//! Grants of KMS keys: what they allow, and the encryption context that their constraints ask for.
//!
//! A grant is looked at as a statement that allows its operations; a constraint compares letter by letter. Source:
//! <https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html>.

use super::finding::{Confidence, Finding, Rule};
use super::json::{Json, Member, Node};
use super::policy::{Policy, PolicyKind};
use super::policy_document::UNKNOWN;

/// What a tool calls the parts of a grant.
pub(super) struct GrantNames {
    name: &'static str,
    operations: &'static str,
    principal: &'static str,
    key: &'static str,
    constraints: &'static str,
    /// Constraints, as the tool and as KMS call them.
    kinds: [(&'static str, &'static str); 2],
}

/// KMS's own API, as `aws kms list-grants` prints it.
pub(super) const API: GrantNames = GrantNames {
    name: "GrantId",
    operations: "Operations",
    principal: "GranteePrincipal",
    key: "KeyId",
    constraints: "Constraints",
    kinds: [
        ("EncryptionContextEquals", "EncryptionContextEquals"),
        ("EncryptionContextSubset", "EncryptionContextSubset"),
    ],
};

/// Terraform's.
pub(super) const TERRAFORM: GrantNames = GrantNames {
    name: "name",
    operations: "operations",
    principal: "grantee_principal",
    key: "key_id",
    constraints: "constraints",
    kinds: [
        ("encryption_context_equals", "EncryptionContextEquals"),
        ("encryption_context_subset", "EncryptionContextSubset"),
    ],
};

/// Whether a value is a grant as KMS's API has it.
pub(super) fn is_one(node: &Node) -> bool {
    node.get(API.principal).is_some() && node.get(API.operations).is_some()
}

/// A grant as a policy. What a plan does not know of it, e.g., a new role's ARN, may be anything.
pub(super) fn policy(node: &Node, names: &GrantNames, owner: &str) -> Option<Policy> {
    let at = node.at;
    let operations = node.get(names.operations).map(Node::items).unwrap_or_default();
    let mut actions: Vec<Node> = operations
        .iter()
        .filter_map(|it| Some(Node::of_text(it.at, &format!("kms:{}", it.text()?))))
        .collect();
    if actions.is_empty() {
        actions.push(Node::of_text(at, "kms:*"));
    }
    let principal = node.get(names.principal).filter(|it| !it.is_null()).cloned();
    let constraints = node.get(names.constraints).map(Node::one_or_more).unwrap_or_default();
    let conditions = constraints.iter().flat_map(|constraint| {
        let kinds = names.kinds.into_iter();
        kinds.filter_map(|(name, operator)| Some((operator, pairs(constraint.get(name)?))))
    });
    let key = node.get(names.key).filter(|it| it.text().is_some_and(|it| it.starts_with("arn:")));
    let statement = [
        Some(("Effect", Node::of_text(at, "Allow"))),
        node.get(names.name).map(|it| ("Sid", it.clone())),
        Some(("Principal", principal.unwrap_or_else(|| Node::of_text(at, UNKNOWN)))),
        Some(("Action", Node::of_items(at, actions))),
        key.map(|it| ("Resource", it.clone())),
        Some(("Condition", Node::of_members(at, conditions))),
    ];
    let statement = Node::of_members(at, statement.into_iter().flatten());
    let policy = Node::of_members(at, [("Statement", statement)]);
    Policy::of(&policy, Some(PolicyKind::Grant), owner)
}

/// A constraint's pairs as keys of conditions.
fn pairs(constraint: &Node) -> Node {
    let pairs = constraint.members().iter().map(|pair| {
        let mut value = pair.value.clone();
        if value.is_null() {
            value.value = Json::Text(UNKNOWN.to_owned());
        }
        let name = format!("kms:EncryptionContext:{}", pair.name);
        Member { name, at: pair.at, value }
    });
    Node { at: constraint.at, value: Json::Object(pairs.collect()) }
}

/// A finding about a grant in the words of grants: they are never changed, and there may be others.
pub(super) fn worded(mut finding: Finding) -> Finding {
    finding.subject = finding.subject.replacen("statement", "grant", 1);
    if finding.rule == Rule::AllowStops {
        finding.confidence = Confidence::Likely;
        "a grant cannot be changed: create one beside it whose constraint has the bucket's ARN, and keep this one for the \
         objects of today"
            .clone_into(&mut finding.mend);
    }
    finding
}
