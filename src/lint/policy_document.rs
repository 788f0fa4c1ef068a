//! `aws_iam_policy_document` of a plan that is read at apply only: its text is not known before, its parts mostly are.
//!
//! The parts: <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document>.

use super::json::{Json, Member, Node, Place};

/// What stands for a value that the plan does not know.
pub(super) const UNKNOWN: &str = "${known after apply}";

/// The policy that a data source makes of its statements.
pub(super) fn policy(values: &Node, unknown: Option<&Node>) -> Node {
    let unknown = unknown.and_then(|it| it.get("statement"));
    let statements = values.get("statement").into_iter().flat_map(Node::items).enumerate();
    let statements = statements.map(|(at, it)| statement(it, item(unknown, at)));
    let statements = Json::Array(statements.collect());
    object(values.at, vec![("Statement", Node { at: values.at, value: statements })])
}

/// An element of a list, or what is said of all of the list.
fn item(list: Option<&Node>, at: usize) -> Option<&Node> {
    list.and_then(|it| if it.items().is_empty() { Some(it) } else { it.items().get(at) })
}

fn statement(values: &Node, unknown: Option<&Node>) -> Node {
    const LISTS: [(&str, &str); 4] = [
        ("Action", "actions"),
        ("NotAction", "not_actions"),
        ("Resource", "resources"),
        ("NotResource", "not_resources"),
    ];
    let effect = word(values, "effect").unwrap_or("Allow");
    let sid = word(values, "sid").unwrap_or_default();
    let mut members = vec![("Effect", plain(values.at, effect)), ("Sid", plain(values.at, sid))];
    for (name, attribute) in LISTS {
        members.extend(list(values, unknown, attribute).map(|list| (name, list)));
    }
    for (name, attribute) in [("Principal", "principals"), ("NotPrincipal", "not_principals")] {
        let identifiers = blocks(values, unknown, attribute)
            .filter_map(|(block, unknown)| list(block, unknown, "identifiers"));
        let all: Vec<Node> = identifiers.flat_map(|it| it.items().to_vec()).collect();
        if !all.is_empty() {
            members.push((name, Node { at: values.at, value: Json::Array(all) }));
        }
    }
    let conditions = blocks(values, unknown, "condition").filter_map(|(block, unknown)| {
        let values = list(block, unknown, "values")?;
        let key = object(block.at, vec![(word(block, "variable")?, values)]);
        Some((word(block, "test")?, key))
    });
    members.push(("Condition", object(values.at, conditions.collect())));
    object(values.at, members)
}

fn word<'a>(values: &'a Node, name: &str) -> Option<&'a str> {
    values.get(name).and_then(Node::text).filter(|it| !it.is_empty())
}

fn is_unknown(part: Option<&Node>) -> bool {
    part.and_then(Node::truth) == Some(true)
}

/// Blocks of a statement, with what is not known of each.
fn blocks<'a>(
    values: &'a Node,
    unknown: Option<&'a Node>,
    name: &str,
) -> impl Iterator<Item = (&'a Node, Option<&'a Node>)> {
    let unknown = unknown.and_then(|it| it.get(name));
    let blocks = values.get(name).into_iter().flat_map(Node::items).enumerate();
    blocks.map(move |(at, block)| (block, item(unknown, at)))
}

/// A list of texts; `None` if there is none.
fn list(values: &Node, unknown: Option<&Node>, name: &str) -> Option<Node> {
    let unknown = unknown.and_then(|it| if it.truth().is_some() { Some(it) } else { it.get(name) });
    let known = values.get(name).map(Node::items).unwrap_or_default();
    let count = known.len().max(unknown.map_or(0, |it| it.items().len()));
    let mut texts: Vec<Node> = (0..count)
        .map(|at| match known.get(at).filter(|it| !it.is_null()) {
            Some(text) if !is_unknown(item(unknown, at)) => text.clone(),
            _ => plain(values.at, UNKNOWN),
        })
        .collect();
    if texts.is_empty() && is_unknown(unknown) {
        texts.push(plain(values.at, UNKNOWN));
    }
    (!texts.is_empty()).then_some(Node { at: values.at, value: Json::Array(texts) })
}

/// A text.
pub(super) fn plain(at: Place, text: &str) -> Node {
    Node { at, value: Json::Text(text.to_owned()) }
}

fn object(at: Place, members: Vec<(&str, Node)>) -> Node {
    let members = members.into_iter();
    let members =
        members.map(|(name, value)| Member { name: name.to_owned(), at: value.at, value });
    Node { at, value: Json::Object(members.collect()) }
}
