//! What a template may become: `Fn::If` and parameters with several values make cases, each of which is looked at.
//!
//! Conditions that compare a parameter with a text follow from the parameter; others hold in one case and not in
//! another, the same one everywhere. Of few of them all combinations are looked at; of many each alone and each two
//! together, beside the one that the defaults make.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::finding::Finding;
use super::intrinsic::{ParameterValue, Scope, call, names_in};
use super::json::{Json, MadeText, Member, Node, Place};

/// Cases of a template that are looked at, at most.
const CASES_MAX: usize = 256;

/// One thing that a template may become.
#[derive(Clone, Debug)]
pub(super) struct TemplateCase<'a> {
    pub(super) node: Cow<'a, Node>,
    /// What holds in it: conditions and values of parameters, in words.
    pub(super) facts: BTreeMap<String, String>,
}

/// The cases of a document, the one that the defaults make first; and whether these are all.
pub(super) fn of(template: &Node) -> (Vec<TemplateCase<'_>>, bool) {
    if !has_calls(template) {
        let only = TemplateCase { node: Cow::Borrowed(template), facts: BTreeMap::new() };
        return (vec![only], true);
    }
    let choices = Choices::of(template);
    let (picks, is_all) = picks(&choices.all.iter().map(|it| it.values.len()).collect::<Vec<_>>());
    (picks.iter().filter_map(|pick| choices.case(template, pick)).collect(), is_all)
}

fn has_calls(node: &Node) -> bool {
    let mut inner = node.items().iter().chain(node.members().iter().map(|member| &member.value));
    call(node).is_some() || inner.any(has_calls)
}

/// The combinations that are looked at: of each choice the number of its value.
fn picks(counts: &[usize]) -> (Vec<Vec<usize>>, bool) {
    let product = counts.iter().try_fold(1_usize, |product, count| product.checked_mul(*count));
    let defaults = vec![0; counts.len()];
    let mut picks = vec![defaults.clone()];
    if product.is_some_and(|product| product <= CASES_MAX) {
        for (at, count) in counts.iter().enumerate() {
            let others = (1..*count).flat_map(|value| picks.iter().map(move |it| (value, it)));
            let others: Vec<Vec<usize>> =
                others.map(|(value, pick)| with(pick, at, value)).collect();
            picks.extend(others);
        }
        return (picks, true);
    }
    let all: Vec<(usize, usize)> = counts
        .iter()
        .enumerate()
        .flat_map(|(at, count)| (1..*count).map(move |value| (at, value)))
        .collect();
    picks.extend(all.iter().map(|(at, value)| with(&defaults, *at, *value)));
    for (number, (first, value)) in all.iter().enumerate() {
        let other = all[number + 1..].iter().filter(|(at, _)| at != first);
        let single = with(&defaults, *first, *value);
        picks.extend(other.map(|(at, value)| with(&single, *at, *value)));
    }
    picks.truncate(CASES_MAX);
    (picks, false)
}

fn with(pick: &[usize], at: usize, value: usize) -> Vec<usize> {
    let mut pick = pick.to_vec();
    pick[at] = value;
    pick
}

/// A condition or parameter, and what it may be; the default first.
#[derive(Debug)]
struct Choice {
    name: String,
    values: Vec<ChosenValue>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ChosenValue {
    Holds(bool),
    /// A parameter's value; `None` for one that no condition and no list names.
    Text(Option<String>),
}

/// All choices of a template, and what they are made of.
struct Choices<'a> {
    all: Vec<Choice>,
    conditions: Option<&'a Node>,
    mappings: Option<&'a Node>,
    parameters: Option<&'a Node>,
    /// The conditions that its resources use.
    used: BTreeSet<String>,
}

impl<'a> Choices<'a> {
    fn of(template: &'a Node) -> Self {
        let mut named = Named::default();
        match template.get("Resources").map(Node::members) {
            Some(resources) => {
                let read = resources.iter().filter(|it| is_read(&it.value));
                for resource in read {
                    let condition = resource.value.get("Condition").and_then(Node::text);
                    named.conditions.extend(condition.map(str::to_owned));
                    named.add(&resource.value);
                }
            }
            None => named.add(template),
        }
        let mut choices = Self {
            all: Vec::new(),
            conditions: template.get("Conditions"),
            mappings: template.get("Mappings"),
            parameters: template.get("Parameters"),
            used: named.conditions.clone(),
        };
        let referred: BTreeSet<String> = named.references.clone();
        choices.add_all(named.conditions.into_iter().collect(), &referred);
        choices
    }

    /// Adds the choices that conditions and references depend on.
    fn add_all(&mut self, mut open: Vec<String>, referred: &BTreeSet<String>) {
        let mut seen = BTreeSet::new();
        let mut compared: BTreeMap<String, Vec<String>> = BTreeMap::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let mut leaves = Leaves::default();
            let expression = self.conditions.and_then(|it| it.get(&name));
            if expression.is_some_and(|it| leaves.add(it)) {
                open.extend(leaves.conditions);
                for (parameter, text) in leaves.compared {
                    compared.entry(parameter).or_default().push(text);
                }
            } else {
                let values = vec![ChosenValue::Holds(true), ChosenValue::Holds(false)];
                self.all.push(Choice { name, values });
            }
        }
        let listed = referred.iter().filter(|name| self.allowed(name).next().is_some());
        let listed: Vec<String> = listed.cloned().collect();
        for name in listed {
            compared.entry(name).or_default();
        }
        for (name, texts) in compared {
            let values = self.values(&name, texts);
            self.all.push(Choice { name, values });
        }
    }

    /// A parameter whose values stand in the template; of one of Systems Manager only its name does.
    fn parameter(&self, name: &str) -> Option<&'a Node> {
        let parameter = self.parameters.and_then(|it| it.get(name))?;
        let kind = parameter.get("Type").and_then(Node::text).unwrap_or_default();
        (!kind.starts_with("AWS::SSM::Parameter::Value")).then_some(parameter)
    }

    fn allowed(&self, name: &str) -> impl Iterator<Item = String> + use<'a> {
        let values = self.parameter(name).and_then(|it| it.get("AllowedValues"));
        values.into_iter().flat_map(Node::items).filter_map(scalar)
    }

    /// The default of a parameter; an empty one says that another must be given.
    fn default(&self, name: &str) -> Option<String> {
        self.parameter(name)?.get("Default").and_then(scalar)
    }

    /// What a parameter may be: what is allowed, else what it is compared with, and something else.
    fn values(&self, name: &str, compared: Vec<String>) -> Vec<ChosenValue> {
        let mut values: Vec<ChosenValue> =
            self.default(name).into_iter().map(|text| ChosenValue::Text(Some(text))).collect();
        let allowed: Vec<String> = self.allowed(name).collect();
        let others = if allowed.is_empty() {
            let compared = compared.into_iter().map(Some);
            compared.chain([None]).collect()
        } else {
            allowed.into_iter().map(Some).collect::<Vec<_>>()
        };
        for other in others.into_iter().map(ChosenValue::Text) {
            if !values.contains(&other) {
                values.push(other);
            }
        }
        values
    }

    fn case(&self, template: &Node, pick: &[usize]) -> Option<TemplateCase<'static>> {
        let mut scope = Scope { mappings: self.mappings, ..Scope::default() };
        for member in self.parameters.into_iter().flat_map(Node::members) {
            self.set(&mut scope, &member.name, self.default(&member.name));
        }
        let mut facts = BTreeMap::new();
        for (choice, value) in self.all.iter().zip(pick) {
            match &choice.values[*value] {
                ChosenValue::Holds(holds) => {
                    scope.conditions.insert(choice.name.clone(), *holds);
                }
                ChosenValue::Text(text) => {
                    scope.parameters.remove(&choice.name);
                    self.set(&mut scope, &choice.name, text.clone());
                    let told = match text.as_deref() {
                        None => "another value".to_owned(),
                        Some("") => "empty".to_owned(),
                        Some(text) => format!("`{text}`"),
                    };
                    facts.insert(format!("`{}`", choice.name), told);
                }
            }
        }
        for name in &self.used {
            let holds = self.holds(&scope, name, 0);
            scope.conditions.insert(name.clone(), holds);
            facts.insert(format!("condition `{name}`"), holds.to_string());
        }
        // An empty text decides conditions; whatever is made of it needs another.
        scope.parameters.retain(|_, value| !value.text.is_empty());
        Some(TemplateCase { node: Cow::Owned(resolved(template, &scope)?), facts })
    }

    fn set(&self, scope: &mut Scope, name: &str, text: Option<String>) {
        let kind = self.parameter(name).and_then(|it| it.get("Type")).and_then(Node::text);
        let is_list = kind.is_some_and(|it| it.starts_with("List<") || it == "CommaDelimitedList");
        if let Some(text) = text {
            scope.parameters.insert(name.to_owned(), ParameterValue { text, is_list });
        }
    }

    /// Whether a condition holds where parameters and other conditions are as in `scope`.
    fn holds(&self, scope: &Scope, name: &str, depth: usize) -> bool {
        if let Some(holds) = scope.conditions.get(name) {
            return *holds;
        }
        let expression = self.conditions.and_then(|it| it.get(name)).filter(|_| depth < 20);
        expression.is_none_or(|it| self.is_true(scope, it, depth))
    }

    fn is_true(&self, scope: &Scope, expression: &Node, depth: usize) -> bool {
        let Some((function, argument)) = condition(expression) else { return true };
        let mut parts = argument.items().iter();
        match function {
            "Fn::Not" => !parts.all(|it| self.is_true(scope, it, depth + 1)),
            "Fn::And" => parts.all(|it| self.is_true(scope, it, depth + 1)),
            "Fn::Or" => parts.any(|it| self.is_true(scope, it, depth + 1)),
            "Condition" => argument.text().is_none_or(|name| self.holds(scope, name, depth + 1)),
            _ => {
                let texts: Vec<String> = parts.map(|it| compared_text(scope, it)).collect();
                texts.windows(2).all(|two| two[0] == two[1])
            }
        }
    }
}

/// What a side of `Fn::Equals` is; a parameter without a value is empty or itself.
fn compared_text(scope: &Scope, side: &Node) -> String {
    let resolved = scope.resolve(side).and_then(|it| MadeText::of(&it.value));
    resolved.map(|it| it.text).unwrap_or_default()
}

/// A function that makes a condition, and its argument.
fn condition(expression: &Node) -> Option<(&str, &Node)> {
    let [member] = expression.members() else { return None };
    Some((member.name.as_str(), &member.value))
}

fn scalar(node: &Node) -> Option<String> {
    MadeText::of(&node.value).map(|it| it.text)
}

/// What a condition depends on.
#[derive(Default)]
struct Leaves {
    conditions: Vec<String>,
    /// Parameters and the texts that they are compared with.
    compared: Vec<(String, String)>,
}

impl Leaves {
    /// Adds those of an expression; `false` if it is not one of parameters, texts and conditions alone.
    fn add(&mut self, expression: &Node) -> bool {
        let Some((function, argument)) = condition(expression) else { return false };
        match (function, argument.items()) {
            ("Fn::Not" | "Fn::And" | "Fn::Or", parts) => parts.iter().all(|it| self.add(it)),
            ("Condition", _) => {
                self.conditions.extend(argument.text().map(str::to_owned));
                true
            }
            ("Fn::Equals", [one, other]) => self.add_pair(one, other),
            _ => false,
        }
    }

    fn add_pair(&mut self, one: &Node, other: &Node) -> bool {
        let (names, texts) = ([reference(one), reference(other)], [scalar(one), scalar(other)]);
        match (names, texts) {
            ([Some(name), None], [_, Some(text)]) | ([None, Some(name)], [Some(text), _]) => {
                self.compared.push((name.to_owned(), text));
                true
            }
            ([None, None], [Some(_), Some(_)]) => true,
            _ => false,
        }
    }
}

/// The name that a `Ref` refers to.
fn reference(node: &Node) -> Option<&str> {
    call(node).filter(|(function, _)| *function == "Ref").and_then(|(_, argument)| argument.text())
}

/// Conditions and references that resources name.
#[derive(Default)]
struct Named {
    conditions: BTreeSet<String>,
    references: BTreeSet<String>,
}

impl Named {
    fn add(&mut self, node: &Node) {
        match call(node) {
            Some(("Fn::If", argument)) => {
                let name = argument.items().first().and_then(Node::text);
                self.conditions.extend(name.map(str::to_owned));
            }
            Some(("Ref", argument)) => self.references.extend(argument.text().map(str::to_owned)),
            _ => {}
        }
        if let Some(text) = node.text() {
            self.references.extend(names_in(text).map(str::to_owned));
        }
        node.items().iter().for_each(|item| self.add(item));
        node.members().iter().for_each(|member| self.add(&member.value));
    }
}

/// Whether a resource has something that is looked at.
fn is_read(resource: &Node) -> bool {
    const KINDS: [&str; 6] = [
        "AWS::IAM::",
        "AWS::KMS::",
        "AWS::S3",
        "AWS::SSO::",
        "AWS::Organizations::",
        "AWS::CloudFormation::Stack",
    ];
    let kind = resource.get("Type").and_then(Node::text).unwrap_or_default();
    KINDS.iter().any(|it| kind.starts_with(it)) || has_statements(resource)
}

fn has_statements(node: &Node) -> bool {
    node.text().is_some_and(|text| text.contains("Statement"))
        || node.items().iter().any(has_statements)
        || node.members().iter().any(|it| it.name == "Statement" || has_statements(&it.value))
}

/// Whether a resource is there in a case.
fn is_there(resource: &Member, scope: &Scope) -> bool {
    let condition = resource.value.get("Condition").and_then(Node::text);
    condition.and_then(|name| scope.conditions.get(name)) != Some(&false)
}

/// What of a resource is looked at: of those without policies and buckets its type.
fn read_part(resource: &Member) -> Member {
    if is_read(&resource.value) || resource.name.starts_with("Fn::") {
        return resource.clone();
    }
    let parts = resource.value.members().iter().filter(|it| it.name == "Type").cloned();
    let value = Node { at: resource.value.at, value: Json::Object(parts.collect()) };
    Member { value, ..resource.clone() }
}

/// A template in one case, without the resources that are not there.
fn resolved(template: &Node, scope: &Scope) -> Option<Node> {
    let Some(resources) = template.get("Resources") else { return scope.resolve(template) };
    let there = resources.members().iter().filter(|it| is_there(it, scope));
    let there = Json::Object(there.map(read_part).collect());
    let value = scope.resolve(&Node { value: there, at: resources.at })?;
    // Nothing else of it is looked at.
    let resources = Member { name: "Resources".to_owned(), at: value.at, value };
    Some(Node { at: template.at, value: Json::Object(vec![resources]) })
}

/// The findings of all cases, each once, with what must hold where it is not one of all.
pub(super) fn merged(found: &[(BTreeMap<String, String>, Vec<Finding>)]) -> Vec<Finding> {
    let facts: Vec<&BTreeMap<String, String>> = found.iter().map(|(facts, _)| facts).collect();
    let mut all: Vec<(Finding, Vec<usize>)> = Vec::new();
    for (number, finding) in
        found.iter().enumerate().flat_map(|(number, it)| it.1.iter().map(move |it| (number, it)))
    {
        match all.iter_mut().find(|(known, _)| is_same(known, finding)) {
            Some((known, numbers)) => {
                known.severity = known.severity.max(finding.severity);
                numbers.push(number);
            }
            None => all.push((finding.clone(), vec![number])),
        }
    }
    let with_facts = all.into_iter().map(|(mut finding, numbers)| {
        if let Some(words) = needed(&facts, &numbers) {
            let _ = write!(finding.why, "; this is so where {words}");
        }
        finding
    });
    with_facts.collect()
}

/// What is said where not all cases were looked at.
pub(super) fn not_all(at: Place) -> Finding {
    let why = format!(
        "its conditions and parameters may be combined in more than {CASES_MAX} ways: the defaults were looked at, each other \
         value by itself, and two at a time as far as that number goes"
    );
    Finding::not_in_file("", at, "conditions".to_owned(), why)
}

fn is_same(one: &Finding, other: &Finding) -> bool {
    (one.rule, one.line, one.column) == (other.rule, other.line, other.column)
        && (&one.file, &one.owner) == (&other.file, &other.owner)
        && (&one.subject, &one.mend) == (&other.subject, &other.mend)
}

/// What tells the cases of those numbers from all others, as far as one fact after the other does.
fn needed(facts: &[&BTreeMap<String, String>], numbers: &[usize]) -> Option<String> {
    let mut others: Vec<usize> = (0..facts.len()).filter(|it| !numbers.contains(it)).collect();
    let first = facts[*numbers.first()?];
    let mut words = Vec::new();
    for (name, value) in first {
        let with: Vec<usize> =
            (0..facts.len()).filter(|it| facts[*it].get(name) == Some(value)).collect();
        if numbers.iter().all(|it| with.contains(it)) && others.iter().any(|it| !with.contains(it))
        {
            others.retain(|it| with.contains(it));
            words.push(format!("{name} is {value}"));
        }
    }
    (!words.is_empty()).then(|| words.join(" and "))
}
