//! The users, groups, roles and policies of an account, as `aws iam get-account-authorization-details` prints them.
//! All policies of a principal are there, those that AWS keeps among them; of policies with several versions the
//! default one counts.

use super::document::Contents;
use super::json::Node;
use super::policy::PolicyKind;
use super::role::RoleOwners;

/// Lists of principals, and the elements with their name and their own policies.
const PRINCIPALS: [(&str, &str, &str); 3] = [
    ("RoleDetailList", "RoleName", "RolePolicyList"),
    ("UserDetailList", "UserName", "UserPolicyList"),
    ("GroupDetailList", "GroupName", "GroupPolicyList"),
];

/// Whether a document is that of an account.
pub(super) fn is_one(node: &Node) -> bool {
    node.get("RoleDetailList").is_some() || node.get("UserDetailList").is_some()
}

/// Adds what stands in it.
pub(super) fn read(node: &Node, contents: &mut Contents) {
    contents.has_resources = true;
    for policy in items(node, "Policies") {
        for version in items(policy, "PolicyVersionList").filter(|version| is_default(version)) {
            contents.add_all(version, Some(PolicyKind::Identity), text(policy, "Arn"));
        }
    }
    let mut roles = Vec::new();
    for (list, name, own) in PRINCIPALS {
        for principal in items(node, list) {
            let owner = owner(principal, name);
            for policy in items(principal, own) {
                contents.add_all(policy, Some(PolicyKind::Identity), owner);
            }
            // Nobody asks as a group: its policies are its members'.
            if !owner.is_empty() && list != "GroupDetailList" {
                roles.push(owners(node, principal, name));
            }
        }
    }
    contents.roles =
        roles.into_iter().map(|it: RoleOwners| it.policies(&contents.policies)).collect();
}

fn is_default(version: &Node) -> bool {
    version.get("IsDefaultVersion").and_then(Node::truth) == Some(true)
}

/// What tells a principal from all others: its ARN, else its name.
fn owner<'a>(principal: &'a Node, name: &str) -> &'a str {
    match text(principal, "Arn") {
        "" => text(principal, name),
        arn => arn,
    }
}

fn items<'a>(node: &'a Node, name: &str) -> impl Iterator<Item = &'a Node> + use<'a> {
    node.get(name).into_iter().flat_map(Node::items)
}

fn text<'a>(node: &'a Node, name: &str) -> &'a str {
    node.get(name).and_then(Node::text).unwrap_or_default()
}

/// A principal with the owners of its policies, those of its groups among them.
fn owners(account: &Node, principal: &Node, name: &str) -> RoleOwners {
    let mut identity = vec![owner(principal, name).to_owned()];
    let mut managed: Vec<&str> = attached(principal).collect();
    let groups: Vec<&str> = items(principal, "GroupList").filter_map(Node::text).collect();
    for group in items(account, "GroupDetailList") {
        if groups.contains(&text(group, "GroupName")) {
            identity.push(owner(group, "GroupName").to_owned());
            managed.extend(attached(group));
        }
    }
    let given: Vec<&str> = items(account, "Policies").map(|policy| text(policy, "Arn")).collect();
    let has_others = managed.iter().any(|arn| !given.contains(arn));
    identity.extend(managed.into_iter().map(str::to_owned));
    let boundary = principal.at_path(&["PermissionsBoundary", "PermissionsBoundaryArn"]);
    RoleOwners {
        name: text(principal, name).to_owned(),
        arn: Some(text(principal, "Arn").to_owned()).filter(|arn| !arn.is_empty()),
        identity,
        boundary: boundary.and_then(Node::text).map(str::to_owned),
        has_others,
    }
}

/// ARNs of the managed policies that are attached.
fn attached(principal: &Node) -> impl Iterator<Item = &str> {
    items(principal, "AttachedManagedPolicies").map(|policy| text(policy, "PolicyArn"))
}
