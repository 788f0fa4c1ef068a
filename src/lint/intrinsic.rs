//! Functions of templates (`Ref`, `Fn::Sub`, `Fn::If`, …) and what they make where the template tells.
//!
//! What only a deployment knows stands as `${…}`, the same for the same reference. A text that parameters made is kept
//! as it is written, too. Source:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>.

use std::collections::BTreeMap;

use super::json::{Json, MadeText, Member, Node, Place};

/// A parameter's value in one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParameterValue {
    pub(super) text: String,
    /// Whether commas part it, so that a reference to it is a list.
    pub(super) is_list: bool,
}

/// What is known in one case of a template.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'a> {
    pub(super) mappings: Option<&'a Node>,
    /// Parameters whose values are known.
    pub(super) parameters: BTreeMap<String, ParameterValue>,
    pub(super) conditions: BTreeMap<String, bool>,
}

/// A function and its argument; `None` if a value is no call of one.
pub(super) fn call(node: &Node) -> Option<(&str, &Node)> {
    let [member] = node.members() else { return None };
    let is_function = member.name == "Ref" || member.name.starts_with("Fn::");
    // A loop makes several members, and has a name of its own.
    let is_call = is_function && !member.name.starts_with("Fn::ForEach");
    is_call.then_some((member.name.as_str(), &member.value))
}

/// The names in `${…}` of a text, those of IAM's variables among them.
pub(super) fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

impl Scope<'_> {
    /// What a value becomes; `None` if it becomes absent.
    pub(super) fn resolve(&self, node: &Node) -> Option<Node> {
        if let Some((function, argument)) = call(node) {
            return self.called(function, argument, node.at);
        }
        let value = match &node.value {
            Json::Array(items) => {
                Json::Array(items.iter().filter_map(|it| self.resolve(it)).collect())
            }
            Json::Object(members) => {
                let resolved = members.iter().filter_map(|member| {
                    Some(Member { value: self.resolve(&member.value)?, ..member.clone() })
                });
                Json::Object(resolved.collect())
            }
            other => other.clone(),
        };
        Some(Node { at: node.at, value })
    }

    fn called(&self, function: &str, argument: &Node, at: Place) -> Option<Node> {
        let value = match (function, argument.items()) {
            ("Ref", _) if argument.text() == Some("AWS::NoValue") => return None,
            ("Fn::If", [condition, then, otherwise]) => {
                let holds = condition.text().and_then(|name| self.conditions.get(name));
                return self.resolve(if holds == Some(&false) { otherwise } else { then });
            }
            ("Fn::ToJsonString", _) => return self.resolve(argument),
            ("Ref", _) => argument.text().map(|name| self.reference(name)),
            ("Fn::GetAtt", []) => argument.text().map(variable),
            ("Fn::GetAtt", _) => Some(variable(&words(argument).join("."))),
            ("Fn::Sub", []) => argument.text().and_then(|text| self.substituted(text, &[])),
            ("Fn::Sub", [text, names]) => {
                text.text().and_then(|text| self.substituted(text, names.members()))
            }
            ("Fn::Join", [separator, list]) => self.joined(separator.text(), list),
            ("Fn::Select", [index, list]) => self.selected(index, list),
            ("Fn::Split", [separator, text]) => self.split(separator.text(), text),
            ("Fn::FindInMap", [map, first, second, ..]) => self.found_in_map([map, first, second]),
            _ => None,
        };
        let value = value.unwrap_or_else(|| {
            let resolved = self.resolve(argument);
            let words = resolved.as_ref().map(words).unwrap_or_default();
            variable(&format!("{function} {}", words.join(" ")))
        });
        Some(Node { at, value })
    }

    fn reference(&self, name: &str) -> Json {
        let Some(value) = self.parameters.get(name) else { return variable(name) };
        if value.is_list {
            let texts = value.text.split(',').map(|text| Json::Text(text.trim().to_owned()));
            let at = Place { line: 0, column: 0 };
            return Json::Array(texts.map(|value| Node { at, value }).collect());
        }
        made(format!("${{{name}}}"), value.text.clone())
    }

    /// The text of `Fn::Sub`; `None` if a name in it stands for a list.
    fn substituted(&self, text: &str, names: &[Member]) -> Option<Json> {
        let mut whole = MadeText::default();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            let Some((name, behind)) = behind.split_once('}') else { break };
            rest = behind;
            whole.push(before, before);
            let own = names.iter().find(|member| member.name == name);
            let value = match (own, name.strip_prefix('!')) {
                (Some(own), _) => self.resolve(&own.value)?.value,
                // What is escaped is a variable of IAM.
                (None, Some(literal)) => variable(literal),
                (None, None) => self.reference(name),
            };
            let part = MadeText::of(&value)?;
            whole.push(&part.written, &part.text);
        }
        whole.push(rest, rest);
        Some(made(whole.written, whole.text))
    }

    fn joined(&self, separator: Option<&str>, list: &Node) -> Option<Json> {
        let list = self.resolve(list)?;
        let Json::Array(items) = &list.value else { return None };
        let parts: Option<Vec<MadeText>> = items.iter().map(|it| MadeText::of(&it.value)).collect();
        let parts = parts?;
        let mut whole = MadeText::default();
        for (at, part) in parts.iter().enumerate() {
            let separator = separator.filter(|_| at > 0).unwrap_or_default();
            whole.push(separator, separator);
            whole.push(&part.written, &part.text);
        }
        Some(made(whole.written, whole.text))
    }

    fn selected(&self, index: &Node, list: &Node) -> Option<Json> {
        let index: usize = MadeText::of(&self.resolve(index)?.value)?.text.parse().ok()?;
        Some(self.resolve(list)?.items().get(index)?.value.clone())
    }

    /// The parts of a text; `None` if it has variables, in which separators may be.
    fn split(&self, separator: Option<&str>, text: &Node) -> Option<Json> {
        let text = self.resolve(text)?;
        let whole = text.text().filter(|it| !super::pattern::has_variable(it))?;
        let parts = whole.split(separator?).map(|part| Json::Text(part.to_owned()));
        Some(Json::Array(parts.map(|value| Node { at: text.at, value }).collect()))
    }

    fn found_in_map(&self, keys: [&Node; 3]) -> Option<Json> {
        let found = keys.into_iter().try_fold(self.mappings?.clone(), |map, key| {
            let key = self.resolve(key)?;
            map.get(key.text()?).cloned()
        });
        found.map(|it| it.value)
    }
}

/// What stands for a value that is not known.
fn variable(name: &str) -> Json {
    Json::Text(format!("${{{}}}", name.replace("${", "").replace(['{', '}'], "")))
}

fn made(written: String, text: String) -> Json {
    if written == text { Json::Text(text) } else { Json::Made(MadeText { written, text }) }
}

/// The texts in a value.
fn words(node: &Node) -> Vec<String> {
    let inner = node.items().iter().chain(node.members().iter().map(|member| &member.value));
    let own = MadeText::of(&node.value).map(|it| it.text);
    own.into_iter().chain(inner.flat_map(words)).collect()
}

impl MadeText {
    fn push(&mut self, written: &str, text: &str) {
        self.written.push_str(written);
        self.text.push_str(text);
    }

    /// A scalar as a text.
    pub(super) fn of(value: &Json) -> Option<Self> {
        let text = match value {
            Json::Made(made) => return Some(made.clone()),
            Json::Text(text) | Json::Number(text) => text.clone(),
            Json::Truth(truth) => truth.to_string(),
            Json::Null | Json::Array(_) | Json::Object(_) => return None,
        };
        Some(Self { written: text.clone(), text })
    }
}
