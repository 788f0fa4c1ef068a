//! Templates of `CloudFormation`. Values that functions make are taken as far as the template tells them.

use super::document::{Contents, Link};
use super::encryption::{BucketEncryption, CLOUDFORMATION, Encryption};
use super::json::{Member, Node};
use super::policy::{PolicyKind, values};
use super::role::RoleOwners;
use super::{stacks, unknown};

const BUCKET: &str = "AWS::S3::Bucket";

/// Whether a document is a template.
pub(super) fn is_one(node: &Node) -> bool {
    let resources = node.get("Resources").map(Node::members).unwrap_or_default();
    resources.iter().any(|it| kind(&it.value).contains("::") || is_made(it))
}

/// Whether a loop or macro makes resources there.
fn is_made(resource: &Member) -> bool {
    resource.name.starts_with("Fn::")
}

fn kind(resource: &Node) -> &str {
    resource.get("Type").and_then(Node::text).unwrap_or_default()
}

/// Adds what stands in it.
pub(super) fn read(node: &Node, contents: &mut Contents) {
    contents.has_resources = true;
    let resources = node.get("Resources");
    contents.findings.extend(resources.into_iter().flat_map(|it| unknown::parts("", it)));
    for resource in resources.into_iter().flat_map(Node::members) {
        let body = resource.value.at_path(&["Properties", "TemplateBody"]);
        let is_elsewhere =
            body.and_then(Node::text).is_none_or(|it| !it.trim_start().starts_with('{'));
        if kind(&resource.value).starts_with("AWS::CloudFormation::Stack") && is_elsewhere {
            contents.findings.push(stacks::elsewhere(&resource.name, resource.at));
        }
        let Some(properties) = resource.value.get("Properties") else { continue };
        add(&resource.name, kind(&resource.value), properties, contents);
    }
    // Whoever names a bucket by its own name means the resource that has it.
    let names = bucket_names(node);
    for link in contents.log_targets.iter_mut().chain(&mut contents.bucket_policies) {
        if let Some((_, resource)) = names.iter().find(|(name, _)| *name == link.bucket) {
            link.bucket.clone_from(resource);
        }
    }
    let principals = node.get("Resources").into_iter().flat_map(Node::members);
    let principals =
        principals.filter(|it| is_principal(kind(&it.value))).filter_map(|it| role(node, it));
    contents.roles = principals.map(|role| role.policies(&contents.policies)).collect();
}

/// Whether a resource is a role or user, or one of which SAM makes a role with its policies.
fn is_principal(kind: &str) -> bool {
    matches!(kind, "AWS::IAM::Role" | "AWS::IAM::User") || kind.starts_with("AWS::Serverless::")
}

/// Names of buckets, and the resources that have them.
fn bucket_names(template: &Node) -> Vec<(String, String)> {
    let resources = template.get("Resources").into_iter().flat_map(Node::members);
    let buckets = resources.filter(|it| kind(&it.value) == BUCKET);
    let named = buckets.filter_map(|it| {
        let name = it.value.at_path(&["Properties", "BucketName"])?;
        Some((values(name).into_iter().next()?.matched, it.name.clone()))
    });
    named.collect()
}

/// A role or user with the owners of its policies.
fn role(template: &Node, of: &Member) -> Option<RoleOwners> {
    let properties = of.value.get("Properties")?;
    let mut identity = vec![of.name.clone()];
    identity.extend(logical_of(properties, "ManagedPolicyArns"));
    // Of a function of SAM policies may be named there, too.
    identity.extend(logical_of(properties, "Policies"));
    let own_names = ["RoleName", "UserName"].into_iter().filter_map(|it| properties.get(it));
    let own_names: Vec<String> = own_names.flat_map(values).map(|it| it.matched).collect();
    for resource in template.get("Resources").into_iter().flat_map(Node::members) {
        let attached = ["Roles", "Users", "RoleName", "UserName"].into_iter();
        let attached = attached.filter_map(|name| resource.value.at_path(&["Properties", name]));
        let is_policy = kind(&resource.value).ends_with("Policy");
        let mut attached = attached.flat_map(values);
        let is_attached =
            attached.any(|it| logical(&it.written) == of.name || own_names.contains(&it.matched));
        if is_policy && is_attached {
            identity.push(resource.name.clone());
        }
    }
    let boundary = logical_of(properties, "PermissionsBoundary").into_iter().next();
    let is_iam = kind(&of.value).starts_with("AWS::IAM::");
    Some(RoleOwners {
        name: of.name.clone(),
        arn: is_iam.then(|| format!("${{{}.Arn}}", of.name)),
        identity,
        boundary,
        // Whatever is attached elsewhere stands in no template.
        has_others: true,
    })
}

/// The resources that a property refers to.
fn logical_of(properties: &Node, name: &str) -> Vec<String> {
    let values = properties.get(name).map(values).unwrap_or_default();
    values.iter().map(|value| logical(&value.written)).collect()
}

/// The resource that `Ref` and `Fn::GetAtt` name.
fn logical(written: &str) -> String {
    let name = written.trim_start_matches("${").trim_end_matches('}');
    name.split('.').next().unwrap_or(name).to_owned()
}

fn add(name: &str, kind: &str, properties: &Node, contents: &mut Contents) {
    let policy = match kind {
        // S3 asks KMS from its own network, through no endpoint of a customer's.
        "AWS::EC2::VPCEndpoint" => return,
        kind if kind.starts_with("AWS::KMS::") => PolicyKind::Key,
        kind if kind.starts_with("AWS::S3") => PolicyKind::Resource,
        kind if kind.starts_with("AWS::Organizations::") => PolicyKind::Organization,
        // Policies of functions, state machines and users alike.
        _ => PolicyKind::Identity,
    };
    let first = contents.policies.len();
    contents.add_all(properties, Some(policy), name);
    if policy == PolicyKind::Key {
        let arn = format!("${{{name}.Arn}}");
        contents.policies[first..].iter_mut().for_each(|it| it.key = Some(arn.clone()));
    }
    match kind {
        BUCKET => {
            contents.buckets.extend(encryption(name, properties));
            let logging = properties.get("LoggingConfiguration");
            let target = logging.map(|it| it.get("DestinationBucketName").map(|it| link(name, it)));
            let itself = Link { owner: name.to_owned(), bucket: name.to_owned() };
            contents.log_targets.extend(target.map(|it| it.unwrap_or(itself)));
        }
        "AWS::S3::BucketPolicy" => {
            contents.bucket_policies.extend(properties.get("Bucket").map(|it| link(name, it)));
        }
        _ => {}
    }
}

fn link(owner: &str, bucket: &Node) -> Link {
    let bucket = values(bucket).into_iter().next().map(|value| value.matched);
    Link { owner: owner.to_owned(), bucket: bucket.unwrap_or_default() }
}

fn encryption(name: &str, properties: &Node) -> Option<BucketEncryption> {
    let rules = properties.at_path(&["BucketEncryption", "ServerSideEncryptionConfiguration"])?;
    let rule = rules.items().first()?;
    Some(BucketEncryption {
        owner: name.to_owned(),
        bucket: name.to_owned(),
        at: rule.at,
        before: None,
        after: Some(Encryption::of_rule(rule, None, &CLOUDFORMATION)?),
    })
}
