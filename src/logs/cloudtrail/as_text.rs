//! Events whose objects are given as text, as tables and log platforms export them: JSON within a
//! string, or what Python's `repr` makes of it.

use serde_json::{Map, Number, Value};

use crate::logs::csv_records::stands_for_nothing;

/// The objects of an event that may be given as text, at any depth.
const OBJECTS: [&str; 17] = [
    "detail",
    "userIdentity",
    "useridentity",
    "requestParameters",
    "requestparameters",
    "responseElements",
    "responseelements",
    "additionalEventData",
    "additionaleventdata",
    "resources",
    "sessionContext",
    "sessioncontext",
    "sessionIssuer",
    "sessionissuer",
    "onBehalfOf",
    "encryptionContext",
    "insightDetails",
];

/// How deep objects may lie within one another.
const DEPTH: u32 = 32;

/// The event with its objects as objects.
pub(in crate::logs) fn unfolded(event: &str) -> Result<String, &'static str> {
    let mut event: Value = serde_json::from_str(event).map_err(|_| "event")?;
    unfold(&mut event, DEPTH)?;
    Ok(event.to_string())
}

fn unfold(value: &mut Value, depth: u32) -> Result<(), &'static str> {
    match value {
        Value::Object(fields) if depth > 0 => {
            for (name, value) in fields {
                let object = OBJECTS.iter().find(|object| *object == name);
                if let (Some(&object), Value::String(text)) = (object, &*value) {
                    *value = match read(text) {
                        Some(value) => value,
                        // The request's parameters tell what resources would.
                        None if object == "resources" => Value::Null,
                        None => return Err(object),
                    };
                }
                unfold(value, depth - 1)?;
            }
        }
        Value::Array(values) if depth > 0 => {
            for value in values {
                unfold(value, depth - 1)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// What a text says: JSON, or else Python; an empty one says nothing.
fn read(text: &str) -> Option<Value> {
    let text = text.trim();
    if stands_for_nothing(text) {
        return Some(Value::Null);
    }
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    let mut python = Python { rest: text };
    let value = python.value(DEPTH)?;
    python.rest.trim_start().is_empty().then_some(value)
}

/// A text that does not end, or has an escape that is none.
struct Unended;

/// Reads a literal of Python.
struct Python<'a> {
    rest: &'a str,
}

impl Python<'_> {
    /// Goes past `mark` if it comes next.
    fn pass(&mut self, mark: char) -> bool {
        let rest = self.rest.trim_start();
        let after = rest.strip_prefix(mark);
        self.rest = after.unwrap_or(rest);
        after.is_some()
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        if self.pass('{') {
            return self.dict(depth);
        }
        if self.pass('[') {
            return self.list(depth, ']');
        }
        if self.pass('(') {
            return self.list(depth, ')');
        }
        if let Some(text) = self.text().ok()? {
            return Some(Value::String(text));
        }
        let end = self.rest.find(|c: char| ",}]):".contains(c) || c.is_whitespace());
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        match word {
            "None" | "null" | "nan" => Some(Value::Null),
            "True" | "true" => Some(Value::Bool(true)),
            "False" | "false" => Some(Value::Bool(false)),
            number => number.parse::<Number>().ok().map(Value::Number),
        }
    }

    fn dict(&mut self, depth: u32) -> Option<Value> {
        let mut fields = Map::new();
        while !self.pass('}') {
            let key = match self.value(depth)? {
                Value::String(key) => key,
                other => other.to_string(),
            };
            self.pass(':').then_some(())?;
            fields.insert(key, self.value(depth)?);
            if !self.pass(',') {
                self.pass('}').then_some(())?;
                break;
            }
        }
        Some(Value::Object(fields))
    }

    fn list(&mut self, depth: u32, end: char) -> Option<Value> {
        let mut values = Vec::new();
        while !self.pass(end) {
            values.push(self.value(depth)?);
            if !self.pass(',') {
                self.pass(end).then_some(())?;
                break;
            }
        }
        Some(Value::Array(values))
    }

    /// A text in single or double quotes, if one comes next.
    fn text(&mut self) -> Result<Option<String>, Unended> {
        let rest = self.rest.trim_start();
        let rest = rest
            .strip_prefix(['u', 'b'])
            .filter(|rest| rest.starts_with(['\'', '"']))
            .unwrap_or(rest);
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            return Ok(None);
        };
        let mut text = String::new();
        let mut chars = rest[1..].chars();
        loop {
            match chars.next() {
                None => return Err(Unended),
                Some(c) if c == quote => break,
                Some('\\') => match escaped(&mut chars) {
                    Some(c) => text.push(c),
                    None => return Err(Unended),
                },
                Some(c) => text.push(c),
            }
        }
        self.rest = chars.as_str();
        Ok(Some(text))
    }
}

/// The character that stands behind a backslash.
fn escaped(chars: &mut std::str::Chars) -> Option<char> {
    let digits = match chars.next()? {
        'n' => return Some('\n'),
        'r' => return Some('\r'),
        't' => return Some('\t'),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        other => return Some(other),
    };
    let code = chars.as_str().get(..digits)?;
    *chars = chars.as_str()[digits..].chars();
    char::from_u32(u32::from_str_radix(code, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_read_as_json_or_pythons() {
        for (text, expected) in [
            (r#"{"a":{"b":[1,"x"]}}"#, json!({"a": {"b": [1, "x"]}})),
            ("{'a': {'b': [1, 'x']}}", json!({"a": {"b": [1, "x"]}})),
            (
                r#"{'a': "it's", 'b': None, 'c': True, 'd': -1.5, 'e': (), 'f': ('g',),}"#,
                json!({"a": "it's", "b": null, "c": true, "d": -1.5, "e": [], "f": ["g"]}),
            ),
            (
                r"{'k\'s': 'a\\b\x41\u00fc\n', u'u': b'v'}",
                json!({"k's": "a\\bA\u{fc}\n", "u": "v"}),
            ),
            ("{}", json!({})),
            ("", Value::Null),
            ("None", Value::Null),
        ] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
        let deep = "[".repeat(1 << 20);
        for text in ["{a=b}", "{'a': }", "{'a' 'b'}", "{'a': 'b", "{'a': 'b'} c", "\\", &deep] {
            assert_eq!(read(text), None, "{}", &text[..text.len().min(20)]);
        }
    }

    /// A key of an object may look like an object itself.
    #[test]
    fn only_objects_are_unfolded() {
        let event = json!({"requestParameters": "{'key': '{1}'}", "eventName": "{'a': 1}"});
        let unfolded: Value = serde_json::from_str(&unfolded(&event.to_string()).unwrap()).unwrap();
        let expected = json!({"requestParameters": {"key": "{1}"}, "eventName": "{'a': 1}"});
        assert_eq!(unfolded, expected);
        let bad = json!({"eventName": "x", "userIdentity": "{type=Root}"});
        assert_eq!(super::unfolded(&bad.to_string()), Err("userIdentity"));
    }
}
