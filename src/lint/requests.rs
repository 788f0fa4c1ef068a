//! The requests for which policies are evaluated: of each kind that their statements tell apart one.

use std::collections::BTreeSet;

use super::evaluate::S3_ARN;
use super::kinds::{FormPart, OTHER, SideBySide};
use super::pattern::{has_variable, matches, opaque};
use super::policy::{Policy, PolicyCondition, PolicyKind, Statement, Test, TextTest, Value};

/// An object and its bucket, by their ARNs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContextPair {
    pub(super) object: String,
    pub(super) bucket: String,
}

/// Whether a value has a wildcard that its operator takes for an ordinary character.
pub(super) fn is_literal_wildcard(comparison: TextTest, value: &Value) -> bool {
    !comparison.has_wildcards() && value.matched.contains(['*', '?'])
}

/// Conditions on the context that compare texts, each with how.
pub(super) fn on_context(
    statement: &Statement,
) -> impl Iterator<Item = (&PolicyCondition, TextTest, bool)> {
    statement.conditions.iter().filter(|it| it.key == S3_ARN).filter_map(|it| match it.test {
        Test::Text { comparison, is_negated } => Some((it, comparison, is_negated)),
        _ => None,
    })
}

/// Values of conditions on the context that may stand for an ARN of S3; what S3 sends of access points is not known.
fn context_values(statement: &Statement) -> impl Iterator<Item = (TextTest, &str)> {
    on_context(statement).flat_map(|(condition, comparison, _)| {
        let values = condition.values.iter().filter(move |value| {
            !is_literal_wildcard(comparison, value) && !value.matched.contains(":accesspoint/")
        });
        values.map(move |value| (comparison, value.matched.as_str()))
    })
}

/// What ARNs of buckets begin with: of each partition that a value names, and of variables that may be ARNs.
fn beginning(value: &str) -> String {
    if let Some((variable, _)) = value.split_once('}').filter(|_| value.starts_with("${")) {
        return format!("{variable}}}");
    }
    format!("arn:{}:s3:::", partition(value).unwrap_or("aws".to_owned()))
}

/// The partition that an ARN or a pattern of ARNs names.
fn partition(value: &str) -> Option<String> {
    let mut parts = value.split(':');
    let is_arn = parts.next().is_some_and(|it| it.eq_ignore_ascii_case("arn"));
    let partition = parts.next().filter(|it| is_arn && parts.next().is_some() && *it != "*")?;
    Some(partition.to_lowercase().replace(['*', '?'], ""))
}

/// Objects that values tell apart, with their buckets; `None` if there are too many kinds.
fn pairs_of(values: &[(TextTest, &str)]) -> Option<Vec<ContextPair>> {
    let mut side_by_side = SideBySide::default();
    let mut beginnings = Vec::new();
    for (comparison, value) in values {
        side_by_side.add(*comparison, value);
        let beginning = beginning(value);
        if !beginnings.contains(&beginning) {
            beginnings.push(beginning);
        }
    }
    let mut pairs = Vec::new();
    for beginning in &beginnings {
        let name = if beginning.starts_with("${") { FormPart::WordIfAny } else { FormPart::Word };
        let form = [FormPart::Text(beginning), name, FormPart::Text("/"), FormPart::Rest];
        let objects = side_by_side.kinds(&form)?.into_iter();
        pairs.extend(objects.filter_map(|object| {
            let end = beginning.len() + object[beginning.len()..].find('/')?;
            Some(ContextPair { bucket: object[..end].to_owned(), object })
        }));
    }
    Some(pairs)
}

/// An object of no bucket in particular, for statements that name none.
fn any_object() -> ContextPair {
    let bucket = opaque("arn:aws:s3:::any-bucket");
    ContextPair { object: format!("{bucket}/any-object"), bucket }
}

/// Keys that elements tell apart.
fn keys_of(values: &[&str]) -> Option<Vec<String>> {
    let mut side_by_side = SideBySide::default();
    for value in values {
        side_by_side.add(TextTest::Like, value);
    }
    let mut partitions: BTreeSet<String> =
        values.iter().filter_map(|value| partition(value)).collect();
    if partitions.is_empty() {
        partitions.insert("aws".to_owned());
    }
    let each = partitions.iter().map(|partition| {
        let begin = format!("arn:{partition}:kms:");
        side_by_side.kinds(&[
            FormPart::Text(&begin),
            FormPart::Word,
            FormPart::Text(":"),
            FormPart::Word,
            FormPart::Text(":key/"),
            FormPart::Rest,
        ])
    });
    let each: Option<Vec<Vec<String>>> = each.collect();
    Some(each?.concat())
}

/// A key by itself that a value names by a variable.
fn named_by_variable(value: &str) -> Option<String> {
    let may_be_key =
        value.starts_with("${") || value.contains(":kms:") && !value.contains(":alias/");
    let other = OTHER.to_string();
    (may_be_key && has_variable(value)).then(|| value.replace(['*', '?'], &other))
}

/// The requests that some policies tell apart.
pub(super) struct TriedRequests<'a> {
    policies: Vec<&'a Policy>,
    /// Objects with their buckets; `None` if the statements tell too many apart.
    pairs: Option<Vec<ContextPair>>,
    keys: Vec<String>,
}

impl<'a> TriedRequests<'a> {
    pub(super) fn of(policies: Vec<&'a Policy>) -> Self {
        let statements = policies.iter().flat_map(|it| &it.statements);
        let values: Vec<_> = statements.clone().flat_map(context_values).collect();
        let mut resources: Vec<&str> = statements
            .flat_map(|it| it.resources.iter().flat_map(|it| &it.values))
            .map(|value| value.matched.as_str())
            .collect();
        resources.sort_unstable();
        resources.dedup();
        let keys = keys_of(&resources).unwrap_or_else(|| {
            let each = resources.iter().filter_map(|value| keys_of(&[value]));
            each.flatten().collect()
        });
        let by_variables = resources.iter().filter_map(|value| named_by_variable(value));
        let keys = keys.into_iter().chain(by_variables).collect();
        Self { pairs: pairs_of(&values), keys, policies }
    }

    /// Whether they are of these policies.
    pub(super) fn are_of(&self, policies: &[&Policy]) -> bool {
        self.policies.len() == policies.len()
            && self.policies.iter().zip(policies).all(|(own, other)| std::ptr::eq(*own, *other))
    }

    /// Objects with their buckets, and whether these are all that a statement tells apart: of too many its values are taken
    /// one by one.
    pub(super) fn pairs(&self, statement: &Statement) -> (Vec<ContextPair>, bool) {
        let values: Vec<_> = context_values(statement).collect();
        if let Some(pairs) = self.pairs.clone().or_else(|| pairs_of(&values)) {
            return (pairs, true);
        }
        let each = values.iter().filter_map(|value| pairs_of(&[*value]));
        (each.flatten().collect(), on_context(statement).count() < 2)
    }

    /// The same, and an object that no statement names.
    pub(super) fn pairs_and_any(&self, statement: &Statement) -> Vec<ContextPair> {
        let (mut pairs, _) = self.pairs(statement);
        pairs.push(any_object());
        pairs
    }

    /// Keys that a statement of a policy may be about: of a key's, that key.
    pub(super) fn keys(&self, policy: &Policy, statement: &Statement) -> Vec<String> {
        let own = policy.key.as_ref();
        if let Some(own) = own.filter(|own| *own != "*" && statement.is_about(own)) {
            return vec![own.clone()];
        }
        let about = self.keys.iter().filter(|key| statement.is_about(key));
        let about: Vec<&String> = about.collect();
        // A key's policy is that of one key: of one that the policies beside it name, if they do.
        let named = about.iter().filter(|key| own.is_some() && self.names(key));
        let named: Vec<String> = named.map(|it| (*it).clone()).collect();
        if named.is_empty() { about.into_iter().cloned().collect() } else { named }
    }

    /// Whether a statement that is not of a key's policy names a key, and not all of them.
    fn names(&self, key: &str) -> bool {
        let beside = self.policies.iter().filter(|it| it.kind != PolicyKind::Key);
        let resources = beside.flat_map(|it| &it.statements).filter_map(|it| it.resources.as_ref());
        let mut values = resources.filter(|it| !it.is_negated).flat_map(|it| &it.values);
        let partition = partition(key).unwrap_or_default();
        let any = format!("arn:{partition}:kms:{OTHER}:{OTHER}:key/{OTHER}");
        values.any(|value| matches(&value.matched, key) && !matches(&value.matched, &any))
    }
}

/// Those whom a statement is for.
pub(super) fn principals(statement: &Statement) -> Vec<Option<&str>> {
    match &statement.principals {
        None => vec![None],
        Some(others) if others.is_negated => vec![Some("somebody else")],
        Some(these) => these.values.iter().map(|value| Some(value.matched.as_str())).collect(),
    }
}
