//! Whether a JSON document keeps to a JSON Schema: the keywords that bks's schemas have, and no others. A keyword
//! that is not known here fails, so nothing is let through unread.

use serde_json::{Map, Value};

/// Where a document breaks a schema, and how.
pub(crate) fn faults(schema: &Value, document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    Checked { root: schema }.check(schema, document, "$", &mut faults);
    faults
}

struct Checked<'a> {
    root: &'a Value,
}

impl Checked<'_> {
    fn check(&self, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        let keywords = match schema {
            Value::Bool(true) => return,
            Value::Bool(false) => return faults.push(format!("{place}: nothing may stand here")),
            schema => schema.as_object().unwrap(),
        };
        // Members come last, whatever keywords they are under.
        for (keyword, rule) in keywords {
            let holds = match keyword.as_str() {
                "$schema"
                | "$defs"
                | "title"
                | "description"
                | "format"
                | "default"
                | "examples"
                | "properties"
                | "patternProperties"
                | "additionalProperties" => true,
                "$ref" => {
                    let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                    self.check(&self.root["$defs"][name], value, place, faults);
                    true
                }
                "type" => match rule {
                    Value::Array(kinds) => kinds.iter().any(|kind| is_a(kind, value)),
                    kind => is_a(kind, value),
                },
                "enum" => rule.as_array().unwrap().contains(value),
                "const" => rule == value,
                "anyOf" => self.kept_to(rule, value) >= 1,
                "oneOf" => self.kept_to(rule, value) == 1,
                "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
                "minItems" => {
                    value.as_array().is_none_or(|it| it.len() as u64 >= rule.as_u64().unwrap())
                }
                "maxItems" => {
                    value.as_array().is_none_or(|it| it.len() as u64 <= rule.as_u64().unwrap())
                }
                "items" => {
                    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(rule, item, &format!("{place}[{number}]"), faults);
                    }
                    true
                }
                "required" => {
                    let missing =
                        rule.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
                    let missing =
                        missing.filter(|name| value.is_object() && value.get(*name).is_none());
                    faults.extend(missing.map(|name| format!("{place}: `{name}` is missing")));
                    true
                }
                other => panic!("{place}: the keyword `{other}` is not known"),
            };
            if !holds {
                faults.push(format!("{place}: {value} breaks `{keyword}`: {rule}"));
            }
        }
        for (key, member) in value.as_object().into_iter().flatten() {
            self.check(rule_of(keywords, key), member, &format!("{place}.{key}"), faults);
        }
    }

    /// How many of several schemas a value keeps to.
    fn kept_to(&self, schemas: &Value, value: &Value) -> usize {
        let kept = schemas.as_array().unwrap().iter().filter(|schema| {
            let mut faults = Vec::new();
            self.check(schema, value, "$", &mut faults);
            faults.is_empty()
        });
        kept.count()
    }
}

/// The schema of an object's member.
fn rule_of<'a>(keywords: &'a Map<String, Value>, key: &str) -> &'a Value {
    const ANYTHING: &Value = &Value::Bool(true);
    if let Some(rule) = keywords.get("properties").and_then(|rules| rules.get(key)) {
        return rule;
    }
    for (pattern, rule) in
        keywords.get("patternProperties").and_then(Value::as_object).into_iter().flatten()
    {
        assert_eq!(pattern, "^set[.]", "the only pattern that is known");
        if key.starts_with("set.") {
            return rule;
        }
    }
    keywords.get("additionalProperties").unwrap_or(ANYTHING)
}

fn is_a(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type `{other}` is not known"),
    }
}
