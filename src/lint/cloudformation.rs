//! Templates of `CloudFormation`. Values that functions make are taken as far as the template tells them.

use super::document::{Contents, Link};
use super::encryption::{BucketEncryption, CLOUDFORMATION, Encryption};
use super::json::Node;
use super::policy::{PolicyKind, values};

/// Whether a document is a template.
pub(super) fn is_one(node: &Node) -> bool {
    let resources = node.get("Resources").map(Node::members).unwrap_or_default();
    resources.iter().any(|resource| kind(&resource.value).contains("::"))
}

fn kind(resource: &Node) -> &str {
    resource.get("Type").and_then(Node::text).unwrap_or_default()
}

/// Adds what stands in it.
pub(super) fn read(node: &Node, contents: &mut Contents) {
    contents.has_resources = true;
    for resource in node.get("Resources").into_iter().flat_map(Node::members) {
        let Some(properties) = resource.value.get("Properties") else { continue };
        add(&resource.name, kind(&resource.value), properties, contents);
    }
}

fn add(name: &str, kind: &str, properties: &Node, contents: &mut Contents) {
    let policy = match kind {
        kind if kind.starts_with("AWS::KMS::") => PolicyKind::Key,
        kind if kind.starts_with("AWS::S3") => PolicyKind::Resource,
        kind if kind.starts_with("AWS::Organizations::") => PolicyKind::Organization,
        // Policies of functions, state machines and users alike.
        _ => PolicyKind::Identity,
    };
    contents.add_all(properties, Some(policy), name);
    let link = |node: &Node| {
        let bucket = values(node).into_iter().next().map(|value| value.written);
        Link { owner: name.to_owned(), bucket: bucket.unwrap_or_default() }
    };
    match kind {
        "AWS::S3::Bucket" => {
            contents.buckets.extend(encryption(name, properties));
            let target = properties.at_path(&["LoggingConfiguration", "DestinationBucketName"]);
            contents.log_targets.extend(target.map(link));
        }
        "AWS::S3::BucketPolicy" => {
            contents.bucket_policies.extend(properties.get("Bucket").map(link));
        }
        _ => {}
    }
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
