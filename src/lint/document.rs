//! What a file is, JSON or YAML, and what stands in it: policies, and how buckets are encrypted.
//!
//! ```text
//! plan, state ── terraform ──┐
//! template ── cloudformation ├─► Contents
//! anything else: policies ───┘   wherever they stand, in arrays, wrappers and texts
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use super::cases::TemplateCase;
use super::encryption::{API, BucketEncryption, CAMEL_CASE, Encryption};
use super::finding::Finding;
use super::json::{Json, MadeText, Node, Place};
use super::policy::{Policy, PolicyKind};
use super::role::RolePolicies;
use super::{account, cases, cloudformation, foreign, grants, terraform, yaml};
use crate::error::{Error, Result};

/// What stands in a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents {
    pub(crate) policies: Vec<Policy>,
    pub(crate) buckets: Vec<BucketEncryption>,
    /// Buckets to which server access logs are sent.
    pub(crate) log_targets: Vec<Link>,
    /// Policies of buckets.
    pub(crate) bucket_policies: Vec<Link>,
    /// Roles and users, each with its policies.
    pub(crate) roles: Vec<RolePolicies>,
    /// What was found while reading.
    pub(crate) findings: Vec<Finding>,
    /// Whether it is a plan, a state or a template, which may hold nothing of interest.
    pub(crate) has_resources: bool,
}

/// A resource that names a bucket.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) owner: String,
    pub(crate) bucket: String,
}

impl Contents {
    /// The contents of a text; of a template those that its defaults make.
    pub(crate) fn of(text: &str) -> Result<Self> {
        let mut cases = parts(text)?.into_iter().flat_map(|part| part.cases);
        cases.next().map(|it| it.contents).ok_or_else(|| Error::request("there is nothing in it"))
    }

    /// What stands in a document.
    fn read(node: &Node) -> Self {
        let mut contents = Self::default();
        if terraform::is_one(node) {
            terraform::read(node, &mut contents);
        } else if cloudformation::is_one(node) {
            cloudformation::read(node, &mut contents);
        } else if account::is_one(node) {
            account::read(node, &mut contents);
        } else {
            contents.add_all(node, None, "");
        }
        contents
    }

    fn is_empty(&self) -> bool {
        self.policies.is_empty() && self.buckets.is_empty()
    }

    /// Adds the policies of a file of one role ([`PolicyKind::Identity`]), or of its key; yields their numbers.
    pub(super) fn add_policies(
        &mut self,
        file: &str,
        text: &str,
        kind: PolicyKind,
    ) -> Result<Range<usize>> {
        let read = policies_alone(text, kind).map_err(|error| error.at(file))?;
        let first = self.policies.len();
        self.policies.extend(read.into_iter().map(|policy| Policy {
            kind,
            key: (kind == PolicyKind::Key).then(|| "*".to_owned()),
            file: file.to_owned(),
            ..policy
        }));
        Ok(first..self.policies.len())
    }

    /// Adds all policies and encryption rules at any depth, those in texts too.
    pub(crate) fn add_all(&mut self, node: &Node, kind: Option<PolicyKind>, owner: &str) {
        let policy = Policy::of(node, kind, owner);
        let grant = grants::is_one(node).then(|| grants::policy(node, &grants::API, owner));
        if let Some(policy) = policy.or(grant.flatten()) {
            self.policies.push(policy);
            return;
        }
        match &node.value {
            Json::Object(members) => {
                self.add_rules(node, owner);
                for member in members {
                    self.add_all(&member.value, kind, owner);
                }
            }
            Json::Array(items) => items.iter().for_each(|item| self.add_all(item, kind, owner)),
            Json::Text(text) | Json::Made(MadeText { text, .. }) => {
                if let Some(policy) = within_text(text, node.at) {
                    self.add_all(&policy, kind, owner);
                }
            }
            _ => {}
        }
    }

    /// Adds the encryption that `aws s3api get-bucket-encryption`, AWS Config and Crossplane have.
    fn add_rules(&mut self, node: &Node, owner: &str) {
        for (name, names) in [("Rules", &API), ("rules", &CAMEL_CASE), ("rule", &CAMEL_CASE)] {
            for rule in node.get(name).into_iter().flat_map(Node::items) {
                let Some(encryption) = Encryption::of_rule(rule, None, names) else { continue };
                self.buckets.push(BucketEncryption {
                    owner: owner.to_owned(),
                    bucket: String::new(),
                    at: rule.at,
                    before: Some(encryption.clone()),
                    after: Some(encryption),
                });
            }
        }
    }
}

/// What stands in one case of a file.
pub(super) struct ContentsCase {
    pub(super) facts: BTreeMap<String, String>,
    pub(super) contents: Contents,
}

/// A document of a file, or a template that stands in one of its resources.
pub(super) struct FilePart {
    /// The resource; empty if it is a document.
    pub(super) owner: String,
    /// Those of a template, the one that its defaults make first; of anything else one.
    pub(super) cases: Vec<ContentsCase>,
    /// That there are more cases than were looked at.
    pub(super) not_all: Option<Finding>,
}

impl FilePart {
    fn of(owner: String, node: &Node) -> Self {
        let (cases, is_all) = cases::of(node);
        let cases = cases.into_iter().map(|TemplateCase { node, facts }| ContentsCase {
            facts,
            contents: Contents::read(&node),
        });
        Self { owner, cases: cases.collect(), not_all: (!is_all).then(|| cases::not_all(node.at)) }
    }

    fn is_empty(&self) -> bool {
        self.cases.iter().all(|it| it.contents.is_empty() && !it.contents.has_resources)
    }
}

/// Why nothing of a file was looked at.
#[derive(Debug)]
pub enum NotLookedAt {
    /// It was read, and has no policy and no bucket's encryption in it.
    Nothing(Error),
    /// It cannot be read, and does not look like a policy, plan or template.
    Unread(Error),
    /// It may have something in it, but is not read.
    Refused(Error),
}

impl NotLookedAt {
    /// The reason in words.
    #[must_use]
    pub fn error(&self) -> &Error {
        let (Self::Nothing(error) | Self::Unread(error) | Self::Refused(error)) = self;
        error
    }
}

impl From<NotLookedAt> for Error {
    fn from(reason: NotLookedAt) -> Self {
        reason.error().clone()
    }
}

impl std::fmt::Display for NotLookedAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error().fmt(f)
    }
}

/// The parts of a text.
pub(super) fn parts(text: &str) -> std::result::Result<Vec<FilePart>, NotLookedAt> {
    let nodes = parse_all(text).map_err(|error| {
        if is_of_concern(text) { NotLookedAt::Refused(error) } else { NotLookedAt::Unread(error) }
    })?;
    if let Some(error) = nodes.iter().find_map(foreign::refusal) {
        return Err(NotLookedAt::Refused(error));
    }
    let documents = nodes.iter().map(|node| FilePart::of(String::new(), node));
    let stacks = nodes.iter().filter(|node| terraform::is_one(node)).flat_map(terraform::templates);
    let stacks = stacks.map(|(owner, node)| FilePart::of(owner, &node));
    let parts: Vec<FilePart> = documents.chain(stacks).collect();
    if parts.iter().all(FilePart::is_empty) {
        return Err(NotLookedAt::Nothing(foreign::nothing(&nodes[0])));
    }
    Ok(parts)
}

/// The value of a text, JSON or YAML: of several documents the first.
pub(super) fn parse(text: &str) -> Result<Node> {
    parse_all(text).map(|mut nodes| nodes.swap_remove(0))
}

/// The values of a text, at least one.
fn parse_all(text: &str) -> Result<Vec<Node>> {
    let begin = text.trim_start_matches('\u{feff}').trim_start();
    if begin.starts_with(['{', '[', '"']) {
        let read = Node::parse(text).map(|node| vec![node]);
        // The first name of a YAML text may be in quotes.
        let is_yaml = read.is_err() && begin.starts_with('"');
        return if is_yaml { yaml::parse(text).or(read) } else { read };
    }
    match yaml::parse(text) {
        Ok(nodes) if nodes.iter().any(|it| !it.members().is_empty() || !it.items().is_empty()) => {
            Ok(nodes)
        }
        Err(error) if is_of_concern(text) => Err(error),
        // Prose is YAML, too.
        _ => Node::parse(text).map(|node| vec![node]),
    }
}

/// Whether a text that cannot be read looks as if something in it were to be looked at.
fn is_of_concern(text: &str) -> bool {
    const WORDS: [&str; 5] = ["AWS::", "Resources:", "Statement", "kms:", "server_side_encryption"];
    WORDS.iter().any(|word| text.contains(word))
}

/// The JSON in a text: plain, or as AWS's APIs encode policies.
fn within_text(text: &str, at: Place) -> Option<Node> {
    let text = text.trim_start();
    if text.starts_with('{') || text.starts_with('[') {
        return Node::parse_within(text, at);
    }
    if text.starts_with("%7B") || text.starts_with("%7b") {
        return Node::parse_within(&percent_decoded(text), at);
    }
    None
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The policies in a file that has nothing else, and none of another kind.
fn policies_alone(text: &str, kind: PolicyKind) -> Result<Vec<Policy>> {
    let read = Contents::of(text)?;
    if read.has_resources {
        return Err(Error::request("it has resources, not policies alone").hint(
            "plans, states, templates and the details of an account tell whose policies they are: give them \
             without `--boundary`, `--session`, `--key-policy` and `--role`",
        ));
    }
    if read.policies.is_empty() {
        return Err(Error::request("it has no policy in it"));
    }
    let is_of_principals = |it: &&Policy| it.kind != PolicyKind::Identity;
    match (kind, read.policies.iter().find(is_of_principals)) {
        (PolicyKind::Key, None) => Err(Error::request(
            "it is no key policy: none of its statements has a `Principal`, as those of keys do",
        )
        .hint("give what `aws kms get-key-policy --policy-name default` prints")),
        (PolicyKind::Key, Some(_)) | (_, None) => Ok(read.policies),
        (_, Some(other)) => Err(Error::request(format!(
            "it is no policy of a role or user: what begins in line {} has a `Principal`, as policies of keys and buckets and \
             trust policies have",
            other.statements[0].at.line
        ))
        .hint("give a key's policy by `--key-policy`, and a bucket's by itself")),
    }
}
