//! `aws_iam_policy_document` of a plan that is read at apply only: its text is not known before, its parts mostly are.
//!
//! The parts: <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document>.

use super::json::Node;

/// What stands for a value that the plan does not know.
pub(super) const UNKNOWN: &str = "${known after apply}";

/// The operator of conditions of which nothing else is known.
const EQUALS: &str = "StringEquals";

/// The policy that a data source makes of its statements and of those of other policies: one replaces what stands before it
/// under its `Sid`.
pub(super) fn policy(values: &Node, unknown: Option<&Node>) -> Node {
    let at = values.at;
    let of_own = unknown.and_then(|it| it.get("statement"));
    let own = values.get("statement").into_iter().flat_map(Node::items).enumerate();
    let own = own.map(|(number, it)| statement(it, item(of_own, number)));
    let mut all: Vec<Node> = Vec::new();
    let before = others(values, ["source_json", "source_policy_documents"]);
    let behind = others(values, ["override_policy_documents", "override_json"]);
    for statement in before.into_iter().chain(own).chain(behind) {
        let sid = word(&statement, "Sid");
        match all.iter_mut().find(|it| sid.is_some() && word(it, "Sid") == sid) {
            Some(replaced) => *replaced = statement,
            None => all.push(statement),
        }
    }
    Node::of_members(at, [("Statement", Node::of_items(at, all))])
}

/// Statements of policies that are given as texts.
fn others(values: &Node, names: [&str; 2]) -> Vec<Node> {
    let texts = names.into_iter().filter_map(|name| values.get(name)).flat_map(Node::one_or_more);
    let policies = texts.filter_map(|it| Node::parse_within(it.text()?, it.at));
    let statements = policies.filter_map(|it| it.get("Statement").cloned());
    statements.flat_map(|it| it.one_or_more().to_vec()).collect()
}

/// Whether statements are lacking, or are more or other than they look, by what is not known.
pub(super) fn is_partly_unknown(unknown: Option<&Node>) -> bool {
    const TEXTS: [&str; 4] =
        ["source_json", "source_policy_documents", "override_policy_documents", "override_json"];
    let Some(unknown) = unknown else { return false };
    let lists = TEXTS.iter().filter_map(|name| unknown.get(name)).flat_map(Node::one_or_more);
    let statements = unknown.get("statement").into_iter().flat_map(Node::one_or_more);
    lists.into_iter().any(|it| is_unknown(Some(it)))
        || statements.into_iter().any(is_statement_unknown)
}

fn is_statement_unknown(unknown: &Node) -> bool {
    let blocks = ["condition", "principals", "not_principals"].into_iter();
    let mut blocks = blocks.filter_map(|name| unknown.get(name)).flat_map(Node::one_or_more);
    is_unknown(Some(unknown))
        || is_unknown(unknown.get("effect"))
        || blocks.any(|it| {
            is_unknown(Some(it)) || is_unknown(it.get("test")) || is_unknown(it.get("variable"))
        })
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
    let at = values.at;
    let effect = word(values, "effect").unwrap_or("Allow");
    let sid = word(values, "sid").unwrap_or_default();
    let mut members = vec![("Effect", Node::of_text(at, effect)), ("Sid", Node::of_text(at, sid))];
    for (name, attribute) in LISTS {
        members.extend(list(values, unknown, attribute).map(|list| (name, list)));
    }
    for (name, attribute) in [("Principal", "principals"), ("NotPrincipal", "not_principals")] {
        let identifiers = blocks(values, unknown, attribute)
            .filter_map(|(block, unknown)| list(block, unknown, "identifiers"));
        let all: Vec<Node> = identifiers.flat_map(|it| it.items().to_vec()).collect();
        if !all.is_empty() {
            members.push((name, Node::of_items(at, all)));
        }
    }
    let conditions = blocks(values, unknown, "condition").filter_map(|(block, unknown)| {
        let values = list(block, unknown, "values")?;
        let key =
            Node::of_members(block.at, [(word(block, "variable").unwrap_or(UNKNOWN), values)]);
        Some((word(block, "test").unwrap_or(EQUALS), key))
    });
    let mut conditions: Vec<_> = conditions.collect();
    // What nobody knows is no cover.
    if is_unknown(unknown.and_then(|it| it.get("condition"))) {
        conditions.push((EQUALS, Node::of_members(at, [(UNKNOWN, Node::of_text(at, UNKNOWN))])));
    }
    members.push(("Condition", Node::of_members(at, conditions)));
    Node::of_members(at, members)
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
    let other = Node::of_text(values.at, UNKNOWN);
    let mut texts: Vec<Node> = (0..count)
        .map(|at| match known.get(at).filter(|it| !it.is_null()) {
            Some(text) if !is_unknown(item(unknown, at)) => text.clone(),
            _ => other.clone(),
        })
        .collect();
    if texts.is_empty() && is_unknown(unknown) {
        texts.push(other);
    }
    (!texts.is_empty()).then_some(Node::of_items(values.at, texts))
}
