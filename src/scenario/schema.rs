//! Every key that a document may have, from the top, and an example of what may stand there.

use schemars::JsonSchema;
use serde_json::Value;

use super::document::quoted;

/// An element of a list, or a name in a table whose keys are names.
pub(super) const ANY: &str = "*";

/// Most keys below one another: laws within patterns within reads within workloads.
const DEPTH: usize = 8;

/// The JSON Schema of a type.
pub(super) struct Schema(Value);

impl Schema {
    /// The schema of `T`.
    pub(super) fn of<T: JsonSchema>() -> Self {
        Self(serde_json::to_value(schemars::schema_for!(T)).expect("a schema is JSON"))
    }

    /// All keys, each from the top.
    pub(super) fn keys(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        self.walk(&self.0, &mut Vec::new(), &mut paths);
        paths
    }

    fn walk(&self, here: &Value, path: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
        if path.len() == DEPTH {
            return;
        }
        for here in self.alternatives(here) {
            let properties = here["properties"].as_object().into_iter().flatten();
            let named = properties.map(|(key, value)| (key.as_str(), value));
            let any = ["items", "additionalProperties"].map(|key| (ANY, &here[key]));
            for (key, value) in named.chain(any.into_iter().filter(|(_, it)| it.is_object())) {
                path.push(key.to_owned());
                if !paths.contains(path) {
                    paths.push(path.clone());
                    self.walk(value, path, paths);
                }
                path.pop();
            }
        }
    }

    /// A schema, what it refers to, and each of those that it leaves a choice of.
    fn alternatives<'a>(&'a self, here: &'a Value) -> Vec<&'a Value> {
        let mut all = vec![here];
        if let Some(name) = here["$ref"].as_str().and_then(|to| to.strip_prefix("#/$defs/")) {
            all.extend(self.alternatives(&self.0["$defs"][name]));
        }
        for kind in ["anyOf", "oneOf", "allOf"] {
            let choice = here[kind].as_array().into_iter().flatten();
            all.extend(choice.flat_map(|one| self.alternatives(one)));
        }
        all
    }

    /// What may stand at a path of a document.
    fn at(&self, path: &[&str]) -> Vec<&Value> {
        let mut here = vec![&self.0];
        for step in path {
            let below = here.into_iter().flat_map(|one| self.alternatives(one)).flat_map(|one| {
                [&one["properties"][*step], &one["items"], &one["additionalProperties"]]
            });
            here = below.filter(|one| one.is_object()).collect();
        }
        here
    }

    /// An example of what may stand at a path, as TOML on one line.
    pub(super) fn example(&self, path: &[&str]) -> Option<String> {
        let name = path.last()?;
        self.at(path).into_iter().find_map(|one| self.example_of(one, name))
    }

    fn example_of(&self, schema: &Value, name: &str) -> Option<String> {
        self.alternatives(schema).into_iter().find_map(|one| {
            let given = [&one["examples"][0], &one["const"], &one["enum"][0]];
            if let Some(given) = given.into_iter().find_map(literal) {
                return Some(given);
            }
            match one["type"].as_str().or_else(|| one["type"][0].as_str())? {
                "object" => {
                    let required = one["required"].as_array().into_iter().flatten();
                    let mut keys: Vec<&str> = required.filter_map(Value::as_str).collect();
                    if keys.is_empty() {
                        keys.extend(
                            one["properties"].as_object()?.keys().next().map(String::as_str),
                        );
                    }
                    let keys = keys.into_iter().map(|key| {
                        let example = self.example_of(&one["properties"][key], key)?;
                        Some(format!("{key} = {example}"))
                    });
                    Some(format!("{{ {} }}", keys.collect::<Option<Vec<_>>>()?.join(", ")))
                }
                "array" => Some(format!("[{}]", self.example_of(&one["items"], name)?)),
                "string" => Some(quoted(name)),
                "boolean" => Some("true".to_owned()),
                "integer" => Some(one["minimum"].as_u64().unwrap_or(0).max(1).to_string()),
                "number" => Some("1.0".to_owned()),
                _ => None,
            }
        })
    }

    /// Whether lists of tables stand at a path.
    pub(super) fn is_list_of_tables(&self, path: &[&str]) -> bool {
        let at = self.at(path);
        let all = at.iter().flat_map(|one| self.alternatives(one));
        let items = all.map(|one| &one["items"]).filter(|items| items.is_object());
        items.flat_map(|items| self.alternatives(items)).any(|one| one["type"] == "object")
    }
}

/// A JSON value that is no table as TOML.
fn literal(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(quoted(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
