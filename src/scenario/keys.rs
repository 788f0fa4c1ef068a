//! Every key that a scenario may have, from the top, and which of them was meant by one that it may
//! not.

use serde_json::Value;

use super::written::ScenarioFile;
use crate::error::did_you_mean;

/// An element of a list, or a name in a table whose keys are names.
const ANY: &str = "*";

/// Most keys below one another: laws within patterns within reads within workloads.
const DEPTH: usize = 8;

/// Most keys that a hint names.
const NAMED: usize = 3;

/// A hint with the override that was meant by one whose key no scenario has, if another place has a key
/// like it; `None` if the key itself may stand there.
pub(super) fn hint(file: &ScenarioFile, key: &str, value: &str) -> Option<String> {
    let typed: Vec<&str> = key.split('.').collect();
    let known = all();
    if known.iter().any(|path| is_at(path, &typed)) {
        return None;
    }
    let last = *typed.last()?;
    let name = |path: &Vec<String>| path.last().map_or("", String::as_str).to_owned();
    let names: Vec<String> = known.iter().map(name).filter(|name| name != ANY).collect();
    let meant = if names.iter().any(|name| name == last) {
        last.to_owned()
    } else {
        let siblings =
            known.iter().filter(|path| is_at(&path[..path.len() - 1], &typed[..typed.len() - 1]));
        let siblings: Vec<String> = siblings.map(name).collect();
        let near =
            |of: &[String]| did_you_mean(last, of.iter().map(String::as_str)).map(str::to_owned);
        near(&siblings).or_else(|| near(&names))?
    };
    let elements = Elements::of(file);
    let places = known.iter().filter(|path| name(path) == meant);
    let mut places: Vec<String> = places.flat_map(|path| elements.fill(path)).collect();
    // Those that begin as it was typed come first.
    places.sort_by_key(|place| std::cmp::Reverse(alike(place, &typed)));
    places.truncate(NAMED);
    let commands: Vec<String> = places.iter().map(|key| format!("`--set {key}={value}`")).collect();
    (!commands.is_empty()).then(|| format!("did you mean {}?", commands.join(" or ")))
}

/// How many keys `place` begins with as it was typed.
fn alike(place: &str, typed: &[&str]) -> usize {
    place.split('.').zip(typed).take_while(|(a, b)| a == *b).count()
}

/// Whether a key of the schema is what was typed.
fn is_at(path: &[String], typed: &[&str]) -> bool {
    path.len() == typed.len()
        && path.iter().zip(typed).all(|(key, typed)| key == ANY || key == typed)
}

/// All keys, each from the top.
fn all() -> Vec<Vec<String>> {
    let schema = serde_json::to_value(schemars::schema_for!(ScenarioFile));
    let schema = schema.expect("a schema is JSON");
    let mut paths = Vec::new();
    walk(&schema, &schema, &mut Vec::new(), &mut paths);
    paths
}

fn walk(schema: &Value, here: &Value, path: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    if path.len() == DEPTH {
        return;
    }
    if let Some(name) = here["$ref"].as_str().and_then(|to| to.strip_prefix("#/$defs/")) {
        walk(schema, &schema["$defs"][name], path, paths);
    }
    for kind in ["anyOf", "oneOf", "allOf"] {
        for variant in here[kind].as_array().into_iter().flatten() {
            walk(schema, variant, path, paths);
        }
    }
    let mut below = |key: &str, value: &Value| {
        path.push(key.to_owned());
        if !paths.contains(path) {
            paths.push(path.clone());
            walk(schema, value, path, paths);
        }
        path.pop();
    };
    for (key, value) in here["properties"].as_object().into_iter().flatten() {
        below(key, value);
    }
    for key in ["items", "additionalProperties"] {
        if here[key].is_object() {
            below(ANY, &here[key]);
        }
    }
}

/// Names of a scenario's elements, by the key of their list.
struct Elements<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Elements<'a> {
    fn of(file: &'a ScenarioFile) -> Self {
        Self(vec![
            ("bucket", file.buckets.iter().map(|it| it.name.as_str()).collect()),
            ("principal", file.principals.iter().map(|it| it.name.as_str()).collect()),
            ("population", file.populations.iter().map(|it| it.name.as_str()).collect()),
            ("workload", file.workloads.iter().map(|it| it.name.as_str()).collect()),
            ("configuration", file.configurations.iter().map(|it| it.name.as_str()).collect()),
        ])
    }

    /// The places at which a key of the schema stands in this scenario.
    fn fill(&self, path: &[String]) -> Vec<String> {
        match path {
            [list, any, rest @ ..] if any == ANY && !rest.iter().any(|key| key == ANY) => {
                let names = self.0.iter().find(|(key, _)| key == list).map(|(_, names)| &names[..]);
                let place =
                    |name: &&str| [&[list.as_str(), *name], &strs(rest)[..]].concat().join(".");
                names.unwrap_or_default().iter().map(place).collect()
            }
            plain if plain.iter().any(|key| key == ANY) => Vec::new(),
            plain => vec![plain.join(".")],
        }
    }
}

fn strs(of: &[String]) -> Vec<&str> {
    of.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Scenario;
    use super::super::read::Override;

    const TWO_BUCKETS: &str = r#"
        name = "two"
        duration = "1h"
        bucket = [{ name = "lake" }, { name = "logs" }]
        principal = [{ name = "spark", role = "spark" }]
        [[workload]]
        name = "put"
        principal = "spark"
        bucket = "lake"
        arrivals = { poisson = { rate = "1/s" } }
    "#;

    fn message(change: &str) -> String {
        let change = Override::parse(change).unwrap();
        let read = Scenario::read(TWO_BUCKETS, "two.toml", &[change], &|_| unreachable!());
        read.map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn a_key_that_stands_elsewhere_is_found_there() {
        for (typed, meant) in [
            ("object_audit=true", "hint: did you mean `--set billing.object_audit=true`?"),
            ("cache_lifetime=3min", "hint: did you mean `--set assumptions.cache_lifetime=3min`"),
            ("discont=12%", "hint: did you mean `--set billing.discount=12%`?"),
            ("billing.object_audti=true", "hint: did you mean `--set billing.object_audit=true`?"),
            (
                "bucket_keys_since=0s",
                "hint: did you mean `--set bucket.lake.bucket_keys_since=0s` or \
                 `--set bucket.logs.bucket_keys_since=0s`?",
            ),
            ("bucket.logs.sessions=9", "hint: did you mean `--set principal.spark.sessions=9`?"),
            ("warmup=1h", "hint: did you mean `--set warm_up=1h`?"),
        ] {
            let message = message(typed);
            assert!(message.contains(meant), "{typed}: {message}");
            // What the hint says works when typed.
            for hinted in message.split("`--set ").skip(1) {
                let change = hinted.split('`').next().unwrap();
                let again = super::tests::message(change);
                assert!(!again.contains("is not a key"), "{change}: {again}");
            }
        }
    }

    #[test]
    fn a_key_that_may_stand_there_is_left_to_its_own_hint() {
        assert_eq!(message("billing.object_audit=true"), "");
        assert!(message("billing.object_audit=maybe").contains("`true` or `false`"));
        assert!(message("zzzqqq=1").contains("hint: use one of `"));
    }
}
