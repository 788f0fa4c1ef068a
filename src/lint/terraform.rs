//! Plans and states of Terraform, as `terraform show -json` prints them, and state files.
//!
//! The form of plans: <https://developer.hashicorp.com/terraform/internals/json-format>. What is known only after
//! apply is told apart in `after_unknown`. Data sources are left out: what they make counts where it is used.

use super::document::{Contents, Link};
use super::encryption::{BucketEncryption, CLOUD_CONTROL, Encryption, TERRAFORM};
use super::finding::{Confidence, Finding, Rule};
use super::json::{Node, Place};
use super::policy::PolicyKind;
use super::role::RoleOwners;
use super::terraform_references::{References, of_instance};
use super::{grants, policy_document, stacks};

/// Attributes that hold policies.
const POLICY_ATTRIBUTES: [&str; 7] = [
    "policy",
    "inline_policy",
    "content",
    "policy_document",
    "key_policy",
    "policies",
    "session_policy",
];

/// Resources of other services that limit sessions by a policy.
const WITH_SESSION_POLICIES: [&str; 4] =
    ["transfer_user", "transfer_access", "rolesanywhere_profile", "eks_pod_identity_association"];

/// The data source that makes policies.
const POLICY_DOCUMENT: &str = "aws_iam_policy_document";

/// How its addresses begin.
const DOCUMENT: &str = "data.aws_iam_policy_document.";

/// How addresses of buckets begin.
const BUCKET: &str = "aws_s3_bucket.";

/// A resource as it is, and as it will be.
struct TerraformResource<'a> {
    address: String,
    kind: &'a str,
    before: Option<&'a Node>,
    after: Option<&'a Node>,
    /// `true` wherever `after` is not known.
    unknown: Option<&'a Node>,
}

/// Whether a document is a plan or a state.
pub(super) fn is_one(node: &Node) -> bool {
    let has = |name| node.get(name).is_some();
    has("resource_changes")
        || has("planned_values")
        || has("terraform_version") && (has("values") || has("resources") || has("format_version"))
}

/// Adds what stands in it.
pub(super) fn read(node: &Node, contents: &mut Contents) {
    contents.has_resources = true;
    let references = References::of(node);
    let resources = resources(node);
    let mut documents = policy_documents(node);
    for resource in &resources {
        let first = contents.policies.len();
        add(resource, &references, &mut documents, contents);
        let key = key(resource, &resources, &references);
        contents.policies[first..].iter_mut().for_each(|policy| policy.key.clone_from(&key));
    }
    for document in documents.iter().filter(|document| !document.is_used) {
        contents.add_all(&document.policy, None, &document.address);
        let partly = document
            .is_partly_unknown
            .then(|| partly_unknown(&document.address, document.policy.at));
        contents.findings.extend(partly);
    }
    let roles = Principals { resources: &resources, references: &references };
    contents.roles = roles.all().map(|role| role.policies(&contents.policies)).collect();
    for (number, bucket) in contents.buckets.iter_mut().enumerate() {
        if bucket.bucket.is_empty() {
            let named = references.one(&bucket.owner, "bucket", BUCKET).map(|it| it.address());
            let named = named.unwrap_or_else(|| bucket.owner.clone());
            let name = named.rsplit('.').next().map(str::to_owned);
            bucket.bucket = name.unwrap_or_else(|| number.to_string());
        }
    }
    let links = contents.log_targets.iter_mut().map(|link| (link, "target_bucket"));
    for (link, attribute) in links.filter(|(link, _)| link.bucket.is_empty()) {
        let target = references.one(&link.owner, attribute, BUCKET);
        link.bucket = target.map(|it| it.address()).unwrap_or_default();
    }
    for link in contents.bucket_policies.iter_mut().filter(|link| link.bucket.is_empty()) {
        let bucket = references.one(&link.owner, "bucket", BUCKET);
        link.bucket = bucket.map(|it| it.address()).unwrap_or_default();
    }
}

fn resources(node: &Node) -> Vec<TerraformResource<'_>> {
    // Reduced plans have what is planned only.
    let changes = node.get("resource_changes").map(Node::items).unwrap_or_default();
    if !changes.is_empty() {
        return changes.iter().filter_map(of_change).collect();
    }
    let mut found = Vec::new();
    for values in [node.get("planned_values"), node.get("values")].into_iter().flatten() {
        values.get("root_module").into_iter().for_each(|module| of_module(module, &mut found));
    }
    found.extend(node.get("resources").into_iter().flat_map(Node::items).flat_map(of_state_file));
    found
}

/// Templates in the stacks of a plan or state, each with its stack.
pub(super) fn templates(node: &Node) -> Vec<(String, Node)> {
    let resources = resources(node).into_iter();
    let stacks = resources.filter(|it| stacks::is_stack(it.kind));
    stacks.filter_map(|it| Some((it.address, stacks::template(it.after?)?))).collect()
}

/// A policy that a data source makes at apply.
struct PolicyDocument {
    address: String,
    policy: Node,
    is_partly_unknown: bool,
    /// Whether a resource is known to have it.
    is_used: bool,
}

fn policy_documents(plan: &Node) -> Vec<PolicyDocument> {
    let changes = plan.get("resource_changes").into_iter().flat_map(Node::items);
    let documents = changes.filter(|it| !is_managed(it) && text(it, "type") == POLICY_DOCUMENT);
    let known = documents.filter_map(|it| {
        let change = it.get("change")?;
        let unknown = change.get("after_unknown");
        Some(PolicyDocument {
            address: text(it, "address").to_owned(),
            policy: policy_document::policy(change.get("after")?, unknown),
            is_partly_unknown: policy_document::is_partly_unknown(unknown),
            is_used: false,
        })
    });
    known.collect()
}

fn is_managed(node: &Node) -> bool {
    node.get("mode").and_then(Node::text) != Some("data")
}

fn text<'a>(node: &'a Node, name: &str) -> &'a str {
    node.get(name).and_then(Node::text).unwrap_or_default()
}

fn of_change(node: &Node) -> Option<TerraformResource<'_>> {
    let change = node.get("change").filter(|_| is_managed(node))?;
    let part = |name| change.get(name).filter(|it: &&Node| !it.is_null());
    Some(TerraformResource {
        address: text(node, "address").to_owned(),
        kind: text(node, "type"),
        before: part("before"),
        after: part("after"),
        unknown: part("after_unknown"),
    })
}

/// Resources of a module and of those within it; the reader of JSON bounds the depth.
fn of_module<'a>(module: &'a Node, found: &mut Vec<TerraformResource<'a>>) {
    let managed =
        module.get("resources").into_iter().flat_map(Node::items).filter(|it| is_managed(it));
    found.extend(managed.map(|node| TerraformResource {
        address: text(node, "address").to_owned(),
        kind: text(node, "type"),
        before: node.get("values"),
        after: node.get("values"),
        unknown: None,
    }));
    for child in module.get("child_modules").into_iter().flat_map(Node::items) {
        of_module(child, found);
    }
}

/// Resources of a `terraform.tfstate`.
fn of_state_file(node: &Node) -> Vec<TerraformResource<'_>> {
    let instances = node.get("instances").into_iter().flat_map(Node::items);
    let resources = instances.filter(|_| is_managed(node)).map(|instance| {
        let attributes = instance.get("attributes");
        TerraformResource {
            address: of_instance(node, instance),
            kind: text(node, "type"),
            before: attributes,
            after: attributes,
            unknown: None,
        }
    });
    resources.collect()
}

fn add(
    resource: &TerraformResource,
    references: &References,
    documents: &mut [PolicyDocument],
    contents: &mut Contents,
) {
    let kind = match resource.kind {
        kind if is_of(kind, "kms_") => Some(PolicyKind::Key),
        kind if is_of(kind, "s3") => Some(PolicyKind::Resource),
        kind if is_of(kind, "organizations_") => Some(PolicyKind::Organization),
        kind if ["iam_", "ssoadmin_", "sso_"].iter().any(|it| is_of(kind, it)) => {
            Some(PolicyKind::Identity)
        }
        kind if WITH_SESSION_POLICIES.iter().any(|it| is_of(kind, it)) => {
            Some(PolicyKind::Identity)
        }
        kind if stacks::is_stack(kind) => {
            contents.findings.extend(stack_elsewhere(resource));
            return;
        }
        // Others have policies of their own resources, which are not about S3's requests to KMS.
        _ => return,
    };
    let Some(after) = resource.after else { return };
    for name in POLICY_ATTRIBUTES {
        if let Some(policy) = after.get(name) {
            contents.add_all(policy, kind, &resource.address);
        }
        let is_unknown = resource.unknown.and_then(|it| it.get(name)).and_then(Node::truth);
        if is_unknown == Some(true) && is_set(resource, references, name) {
            let made_by = references.one(&resource.address, name, DOCUMENT);
            let mut documents = documents.iter_mut();
            let document =
                documents.find(|it| made_by.as_ref().is_some_and(|by| by.is_to(&it.address)));
            add_at_apply(resource, kind, document, contents);
        }
    }
    match resource.kind {
        "aws_s3_bucket" | "aws_s3_bucket_server_side_encryption_configuration" => {
            contents.buckets.extend(encryption(resource, after));
            let logging = after.get("logging").into_iter().flat_map(Node::items);
            contents.log_targets.extend(logging.map(|it| link(resource, it, "target_bucket")));
        }
        "awscc_s3_bucket" => {
            contents.buckets.extend(encryption(resource, after));
            let logging = after.get("logging_configuration").filter(|it| !it.is_null());
            contents.log_targets.extend(logging.map(|it| logs_of_cloud_control(resource, it)));
        }
        "aws_kms_grant" => {
            let grant = grants::policy(after, &grants::TERRAFORM, &resource.address);
            contents.policies.extend(grant);
        }
        "aws_s3_bucket_logging" => {
            contents.log_targets.push(link(resource, after, "target_bucket"));
        }
        "aws_s3_bucket_policy" | "awscc_s3_bucket_policy" => {
            contents.bucket_policies.push(link(resource, after, "bucket"));
        }
        "aws_s3_object" | "aws_s3_bucket_object" | "aws_s3_object_copy" => {
            contents.findings.extend(object(resource, after));
        }
        _ => {}
    }
}

/// Adds a policy that is known only after apply: what the document that makes it tells.
fn add_at_apply(
    resource: &TerraformResource,
    kind: Option<PolicyKind>,
    document: Option<&mut PolicyDocument>,
    contents: &mut Contents,
) {
    let Some(at) = resource.after.map(|after| after.at) else { return };
    let owner = &resource.address;
    let Some(document) = document else {
        contents.findings.push(unknown_policy(owner, at));
        return;
    };
    document.is_used = true;
    contents.add_all(&document.policy, kind, owner);
    contents.findings.extend(document.is_partly_unknown.then(|| partly_unknown(owner, at)));
}

/// The ARN of a resource, if it is known.
fn arn(resource: &TerraformResource) -> Option<String> {
    let arn = resource.after.map_or("", |after| text(after, "arn"));
    (!arn.is_empty()).then(|| arn.to_owned())
}

/// The ARN of the key whose policy a resource has.
fn key(
    resource: &TerraformResource,
    resources: &[TerraformResource],
    references: &References,
) -> Option<String> {
    if resource.kind == "aws_kms_key" {
        return arn(resource);
    }
    let key = text(resource.after.filter(|_| resource.kind == "aws_kms_key_policy")?, "key_id");
    if key.starts_with("arn:") {
        return Some(key.to_owned());
    }
    let named = references.one(&resource.address, "key_id", "aws_kms_key.");
    let mut keys = resources.iter().filter(|it| it.kind == "aws_kms_key");
    arn(keys.find(|it| {
        let id = it.after.map_or("", |after| text(after, "key_id"));
        (!key.is_empty() && id == key) || named.as_ref().is_some_and(|by| by.is_to(&it.address))
    })?)
}

/// Roles and users of a plan or state.
struct Principals<'a> {
    resources: &'a [TerraformResource<'a>],
    references: &'a References<'a>,
}

impl<'a> Principals<'a> {
    /// Each with the owners of its policies.
    fn all(&self) -> impl Iterator<Item = RoleOwners> {
        self.resources.iter().filter_map(|resource| match resource.kind {
            "aws_iam_role" | "awscc_iam_role" => self.owners(resource, "role"),
            "aws_iam_user" | "awscc_iam_user" => self.owners(resource, "user"),
            _ => None,
        })
    }

    fn owners(&self, of: &'a TerraformResource<'a>, noun: &str) -> Option<RoleOwners> {
        let after = of.after?;
        let mut identity = vec![of.address.clone()];
        let managed = after.get("managed_policy_arns").into_iter().flat_map(Node::items);
        identity.extend(managed.filter_map(Node::text).filter_map(|arn| self.policy(arn)));
        for resource in self.resources.iter().filter(|it| self.is_of(it, of, noun)) {
            if resource.kind == format!("aws_iam_{noun}_policy") {
                identity.push(resource.address.clone());
            } else if resource.kind.ends_with("_policy_attachment") {
                identity.extend(self.named(resource, "policy_arn"));
            }
        }
        let names = [text(after, "name"), text(after, &format!("{noun}_name"))];
        let name = names.into_iter().find(|name| !name.is_empty());
        Some(RoleOwners {
            name: name.unwrap_or(&of.address).to_owned(),
            arn: arn(of),
            identity,
            boundary: self.named(of, "permissions_boundary"),
            // Whatever is attached elsewhere stands in no plan of this one.
            has_others: true,
        })
    }

    /// Whether a resource belongs to a role or user, or is attached to it.
    fn is_of(&self, resource: &TerraformResource, of: &TerraformResource, noun: &str) -> bool {
        let Some(after) = resource.after.filter(|_| resource.kind.starts_with("aws_iam_")) else {
            return false;
        };
        // `aws_iam_policy_attachment` has several of each.
        let is_for_all = resource.kind == "aws_iam_policy_attachment";
        let attribute = if is_for_all { format!("{noun}s") } else { noun.to_owned() };
        let names = after.get(&attribute).map(Node::one_or_more).unwrap_or_default();
        let mut names = names.iter().filter_map(Node::text).filter(|it| !it.is_empty()).peekable();
        if names.peek().is_some() {
            let own = of.after.map_or("", |it| text(it, "name"));
            return names.any(|name| name == own);
        }
        let all = self.references.all(&resource.address, &attribute, &format!("aws_iam_{noun}."));
        (is_for_all || all.len() == 1) && all.iter().any(|it| it.is_to(&of.address))
    }

    /// The address of the policy that an attribute names.
    fn named(&self, resource: &TerraformResource, attribute: &str) -> Option<String> {
        let arn = text(resource.after?, attribute);
        if !arn.is_empty() {
            return self.policy(arn);
        }
        let named = self.references.one(&resource.address, attribute, "aws_iam_policy.")?;
        let found = self.policies().find(|it| named.is_to(&it.address));
        found.map(|it| it.address.clone())
    }

    /// The address of the policy with an ARN.
    fn policy(&self, arn: &str) -> Option<String> {
        let found = self.policies().find(|it| it.after.is_some_and(|it| text(it, "arn") == arn));
        found.map(|it| it.address.clone())
    }

    fn policies(&self) -> impl Iterator<Item = &'a TerraformResource<'a>> {
        self.resources.iter().filter(|it| it.kind == "aws_iam_policy")
    }
}

/// Whether somebody set an attribute; the provider computes those of keys and buckets where nobody did.
fn is_set(resource: &TerraformResource, references: &References, attribute: &str) -> bool {
    match references.written(&resource.address) {
        Some(written) => written.at_path(&["expressions", attribute]).is_some(),
        None => !matches!(resource.kind, "aws_s3_bucket" | "aws_kms_key" | "aws_iam_role"),
    }
}

/// Whether a type is of that service, of either provider.
fn is_of(kind: &str, service: &str) -> bool {
    let plain = kind.strip_prefix("aws_").or_else(|| kind.strip_prefix("awscc_"));
    plain.is_some_and(|it| it.starts_with(service))
}

/// Where a bucket of the Cloud Control provider sends its logs: to itself if it names no other.
fn logs_of_cloud_control(resource: &TerraformResource, logging: &Node) -> Link {
    let target = text(logging, "destination_bucket_name");
    let bucket = if target.is_empty() { &resource.address } else { target };
    Link { owner: resource.address.clone(), bucket: bucket.to_owned() }
}

fn link(resource: &TerraformResource, after: &Node, attribute: &str) -> Link {
    Link { owner: resource.address.clone(), bucket: text(after, attribute).to_owned() }
}

fn unknown_policy(owner: &str, at: Place) -> Finding {
    after_apply(owner, at, "the policy is known only after apply, so it was not looked at")
}

/// A policy of whose statements some are known.
fn partly_unknown(owner: &str, at: Place) -> Finding {
    after_apply(
        owner,
        at,
        "statements or conditions of the policy are known only after apply, so they were not looked at",
    )
}

fn after_apply(owner: &str, at: Place, why: &str) -> Finding {
    Finding::of(Rule::KnownAfterApply, owner, at, "policy".to_owned(), why.to_owned())
        .sure(Confidence::Possible)
        .mend("give the state after apply, too: `terraform show -json > state.json`", Vec::new())
}

/// A stack whose template the plan does not have.
fn stack_elsewhere(resource: &TerraformResource) -> Option<Finding> {
    let after = resource.after?;
    stacks::template(after).is_none().then(|| stacks::elsewhere(&resource.address, after.at))
}

/// The rule that sets a bucket's encryption, in a resource of its own or in the bucket's.
fn rule<'a>(values: &'a Node, kind: &str) -> Option<&'a Node> {
    const CONFIGURATION: &str = "server_side_encryption_configuration";
    match kind {
        "aws_s3_bucket" => first(first(values, CONFIGURATION)?, "rule"),
        "awscc_s3_bucket" => first(values.get("bucket_encryption")?, CONFIGURATION),
        _ => first(values, "rule"),
    }
}

fn first<'a>(values: &'a Node, name: &str) -> Option<&'a Node> {
    values.get(name)?.items().first()
}

fn encryption(resource: &TerraformResource, after: &Node) -> Option<BucketEncryption> {
    let (names, name) = match resource.kind {
        "awscc_s3_bucket" => (&CLOUD_CONTROL, "bucket_name"),
        _ => (&TERRAFORM, "bucket"),
    };
    let unknown = resource.unknown.and_then(|it| rule(it, resource.kind));
    let planned = rule(after, resource.kind);
    let before = resource.before.and_then(|it| rule(it, resource.kind));
    let encryption = planned.and_then(|it| Encryption::of_rule(it, unknown, names));
    // A bucket without a setting is of no interest, unless it is the only one that there is.
    encryption.as_ref()?;
    Some(BucketEncryption {
        owner: resource.address.clone(),
        bucket: text(after, name).to_owned(),
        at: planned.map_or(after.at, |it| it.at),
        before: before.and_then(|it| Encryption::of_rule(it, None, names)),
        after: encryption,
    })
}

/// An object whose own header switches the bucket key off.
fn object(resource: &TerraformResource, after: &Node) -> Option<Finding> {
    let is_kms = text(after, "server_side_encryption") == "aws:kms";
    let is_off = after.get("bucket_key_enabled").and_then(Node::truth) == Some(false);
    // A provider that knows nothing of it writes false: only under KMS it is somebody's will.
    (is_kms && is_off).then(|| {
        Finding::of(
            Rule::BucketKeyOff,
            &resource.address,
            after.at,
            "object".to_owned(),
            "its own header switches the bucket key off, whatever the bucket says".to_owned(),
        )
        .mend("leave out `bucket_key_enabled`, so that the bucket's setting applies", Vec::new())
    })
}
