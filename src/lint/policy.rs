//! Policies as they are written: statements, conditions, values, and where each stands.

use super::json::{Json, MadeText, Node, Place};
use super::pattern::opaque;

/// What a policy is attached to, as far as that decides what its statements mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyKind {
    /// To a user, group or role, or to a session.
    Identity,
    /// To a KMS key.
    Key,
    /// To a bucket, or to another resource that is no key.
    Resource,
    /// To an organization's accounts: it limits and grants nothing.
    Organization,
    /// It is no policy but a grant of a KMS key.
    Grant,
}

/// A policy.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) kind: PolicyKind,
    /// The resource it belongs to, e.g., its address in Terraform; empty if it stands alone.
    pub(crate) owner: String,
    /// The ARN of the key it belongs to, or `*` if it is that of every key that is looked at; `None` if it is no
    /// key's, or if that is not known.
    pub(crate) key: Option<String>,
    /// The file it stands in, if findings name others.
    pub(crate) file: String,
    pub(crate) statements: Vec<Statement>,
}

/// A value as it is written, as it is matched, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) written: String,
    pub(crate) matched: String,
    pub(crate) at: Place,
}

/// A list that says what is meant, or what alone is not.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) is_negated: bool,
    pub(crate) values: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatementEffect {
    Allow,
    Deny,
}

/// A statement.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// Its `Sid`, else its number among its policy's, from 1.
    pub(crate) name: String,
    pub(crate) at: Place,
    pub(crate) effect: StatementEffect,
    /// Whom it is for; `None` where the policy's owner says so.
    pub(crate) principals: Option<Selection>,
    pub(crate) actions: Selection,
    /// `None` where the policy's owner is the resource.
    pub(crate) resources: Option<Selection>,
    pub(crate) conditions: Vec<PolicyCondition>,
}

/// One key under one operator.
#[derive(Clone, Debug)]
pub(crate) struct PolicyCondition {
    /// The operator as written.
    pub(crate) operator: String,
    pub(crate) test: Test,
    /// What is asked of a key with several values.
    pub(crate) set: SetTest,
    /// Whether it holds where the key is absent.
    pub(crate) if_exists: bool,
    /// The key in lower case: case does not matter.
    pub(crate) key: String,
    pub(crate) at: Place,
    pub(crate) values: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetTest {
    Single,
    ForAny,
    ForAll,
}

/// What an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Text {
        comparison: TextTest,
        is_negated: bool,
    },
    /// Whether the key is absent.
    Null,
    /// Numbers, dates, addresses, truth values: of keys that are not known here.
    Other,
    /// No operator of IAM is called that.
    Unheard,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextTest {
    Equal,
    EqualIgnoringCase,
    Like,
    ArnLike,
}

/// Two conditions are the same if they ask the same.
impl PartialEq for PolicyCondition {
    fn eq(&self, other: &Self) -> bool {
        let values =
            |it: &Self| it.values.iter().map(|value| value.matched.clone()).collect::<Vec<_>>();
        (&self.operator, &self.key) == (&other.operator, &other.key)
            && values(self) == values(other)
    }
}

impl Policy {
    /// How many values its elements and conditions have.
    pub(crate) fn values(&self) -> usize {
        let statements = self.statements.iter().map(|statement| {
            let conditions = statement.conditions.iter().map(|it| it.values.len());
            1 + statement.actions.values.len()
                + statement.principals.iter().flat_map(|it| &it.values).count()
                + statement.resources.iter().flat_map(|it| &it.values).count()
                + conditions.sum::<usize>()
        });
        statements.sum()
    }

    /// The policy that a value is; `None` if it is none.
    pub(crate) fn of(node: &Node, kind: Option<PolicyKind>, owner: &str) -> Option<Self> {
        let statements = node.get("Statement")?;
        let is_statement = |node: &&Node| node.get("Effect").is_some();
        let nodes = statements.one_or_more().iter().filter(is_statement);
        let statements: Vec<Statement> =
            nodes.enumerate().map(|(number, node)| Statement::of(node, number + 1)).collect();
        if statements.is_empty() {
            return None;
        }
        let kind = kind.unwrap_or_else(|| kind_of(&statements));
        Some(Self { kind, owner: owner.to_owned(), key: None, file: String::new(), statements })
    }
}

/// What a policy is attached to, as it looks.
fn kind_of(statements: &[Statement]) -> PolicyKind {
    if statements.iter().all(|statement| statement.principals.is_none()) {
        return PolicyKind::Identity;
    }
    let is_kms = |value: &Value| value.written.to_lowercase().starts_with("kms:");
    let mut actions = statements.iter().flat_map(|statement| &statement.actions.values);
    if actions.any(is_kms) { PolicyKind::Key } else { PolicyKind::Resource }
}

impl Statement {
    fn of(node: &Node, number: usize) -> Self {
        let sid = node.get("Sid").and_then(Node::text).filter(|sid| !sid.is_empty());
        let is_deny = node.get("Effect").and_then(Node::text) == Some("Deny");
        let conditions = node.get("Condition").into_iter().flat_map(Node::members);
        Self {
            name: sid.map_or_else(|| number.to_string(), str::to_owned),
            at: node.at,
            effect: if is_deny { StatementEffect::Deny } else { StatementEffect::Allow },
            principals: selection(node, "Principal", principals),
            actions: selection(node, "Action", values)
                .unwrap_or(Selection { is_negated: false, values: Vec::new() }),
            resources: selection(node, "Resource", values),
            conditions: conditions
                .flat_map(|operator| {
                    let keys = operator.value.members().iter();
                    keys.map(|key| PolicyCondition::of(&operator.name, key))
                })
                .collect(),
        }
    }

    /// What messages call it.
    pub(crate) fn named(&self) -> String {
        format!("statement `{}`", crate::harmless_text::named(&self.name))
    }
}

fn selection(node: &Node, name: &str, read: fn(&Node) -> Vec<Value>) -> Option<Selection> {
    let negated = format!("Not{name}");
    let found = |name: &str| node.get(name).map(read);
    found(name)
        .map(|values| Selection { is_negated: false, values })
        .or_else(|| found(&negated).map(|values| Selection { is_negated: true, values }))
}

/// Principals of all types; an account stands for its root.
fn principals(node: &Node) -> Vec<Value> {
    let mut all = match &node.value {
        Json::Object(members) => members.iter().flat_map(|member| values(&member.value)).collect(),
        _ => values(node),
    };
    for value in &mut all {
        if value.matched.len() == 12 && value.matched.bytes().all(|byte| byte.is_ascii_digit()) {
            value.matched = format!("arn:aws:iam::{}:root", value.matched);
        }
    }
    all
}

impl PolicyCondition {
    fn of(operator: &str, key: &super::json::Member) -> Self {
        let lower = operator.to_ascii_lowercase();
        let (set, rest) = if let Some(rest) = lower.strip_prefix("foranyvalue:") {
            (SetTest::ForAny, rest)
        } else if let Some(rest) = lower.strip_prefix("forallvalues:") {
            (SetTest::ForAll, rest)
        } else {
            (SetTest::Single, lower.as_str())
        };
        let plain = rest.strip_suffix("ifexists").unwrap_or(rest);
        Self {
            operator: operator.to_owned(),
            test: test(plain),
            set,
            if_exists: plain != rest,
            key: key.name.to_lowercase(),
            at: key.at,
            values: values(&key.value),
        }
    }
}

/// What an operator in lower case, without prefix and suffix, compares
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>).
fn test(operator: &str) -> Test {
    use TextTest::{ArnLike, Equal, EqualIgnoringCase, Like};
    let (comparison, is_negated) = match operator {
        // What grants ask for is compared as `StringEquals` does.
        "stringequals" | "encryptioncontextequals" | "encryptioncontextsubset" => (Equal, false),
        "stringnotequals" => (Equal, true),
        "stringequalsignorecase" | "bool" => (EqualIgnoringCase, false),
        "stringnotequalsignorecase" => (EqualIgnoringCase, true),
        "stringlike" => (Like, false),
        "stringnotlike" => (Like, true),
        // `ArnEquals` and `ArnLike` are documented to be the same.
        "arnequals" | "arnlike" => (ArnLike, false),
        "arnnotequals" | "arnnotlike" => (ArnLike, true),
        "null" => return Test::Null,
        "binaryequals" | "ipaddress" | "notipaddress" => return Test::Other,
        other if is_of_order(other) => return Test::Other,
        _ => return Test::Unheard,
    };
    Test::Text { comparison, is_negated }
}

/// Whether an operator compares numbers or dates.
fn is_of_order(operator: &str) -> bool {
    let compared = operator.strip_prefix("numeric").or_else(|| operator.strip_prefix("date"));
    compared.is_some_and(|it| {
        ["equals", "notequals", "lessthan", "lessthanequals", "greaterthan", "greaterthanequals"]
            .contains(&it)
    })
}

/// The texts of a value: one or several.
pub(crate) fn values(node: &Node) -> Vec<Value> {
    if let Json::Array(items) = &node.value {
        return items.iter().flat_map(values).collect();
    }
    let made = MadeText::of(&node.value);
    let value = made.into_iter().map(|MadeText { written, text }| Value {
        matched: opaque(&text),
        written,
        at: node.at,
    });
    value.collect()
}
