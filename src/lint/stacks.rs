//! Templates of `CloudFormation` within plans of Terraform, and those that stand in other files.

use super::document::parse;
use super::finding::Finding;
use super::json::{Json, Member, Node, Place};

/// Whether a type of Terraform is a stack.
pub(super) fn is_stack(kind: &str) -> bool {
    kind.ends_with("_cloudformation_stack") || kind.ends_with("_cloudformation_stack_set")
}

/// The template in a stack, with the values that it is given.
pub(super) fn template(stack: &Node) -> Option<Node> {
    let body = stack.get("template_body")?;
    let mut template = parse(body.text()?).ok()?;
    template.put(body.at);
    let given = stack.get("parameters").map(Node::members).unwrap_or_default();
    if let Json::Object(sections) = &mut template.value {
        let parameters = sections.iter_mut().filter(|it| it.name == "Parameters");
        for section in parameters {
            give(&mut section.value, given);
        }
    }
    Some(template)
}

/// Puts values that are given in the place of parameters' defaults: they are no others then.
fn give(parameters: &mut Node, given: &[Member]) {
    let Json::Object(parameters) = &mut parameters.value else { return };
    for parameter in parameters {
        let Some(value) = given.iter().find(|it| it.name == parameter.name) else { continue };
        let Json::Object(members) = &mut parameter.value.value else { continue };
        members.retain(|it| it.name != "Default" && it.name != "AllowedValues");
        let (at, value) = (value.value.at, value.value.clone());
        let only = Node::of_items(at, vec![value.clone()]);
        let given = Node::of_members(at, [("Default", value), ("AllowedValues", only)]);
        members.extend_from_slice(given.members());
    }
}

/// A stack whose template is not in the file.
pub(super) fn elsewhere(owner: &str, at: Place) -> Finding {
    let why = "its template stands in another file, which was not looked at";
    Finding::not_in_file(owner, at, "stack".to_owned(), why)
        .mend("give that template, too", Vec::new())
}
