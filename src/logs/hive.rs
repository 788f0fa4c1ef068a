//! Structures as Athena writes them into the cells of its CSV: `{type=AssumedRole, arn=…}`, `[{…}, {…}]`.
//!
//! Nothing is quoted there. A value ends where the next name follows (`, name=`), or its structure ends.

use std::borrow::Cow;

/// How deep structures may lie in one another.
const DEPTH: u32 = 16;

/// The structure as JSON; names are spelt as `spelling` has them. `None`: the text is none.
pub(super) fn json(text: &str, spelling: impl Fn(&str) -> Cow<'_, str>) -> Option<String> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut writer = Writer { out: &mut out, spelling: &spelling };
    let rest = writer.value(text, Enclosing::Whole, DEPTH)?;
    rest.trim().is_empty().then_some(out)
}

/// What a value lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Enclosing {
    Whole,
    Object,
    Array,
}

struct Writer<'w, S> {
    out: &'w mut String,
    spelling: &'w S,
}

impl<S: Fn(&str) -> Cow<'_, str>> Writer<'_, S> {
    /// Writes the value that begins `text`; gives what follows it.
    fn value<'t>(&mut self, text: &'t str, within: Enclosing, depth: u32) -> Option<&'t str> {
        let depth = depth.checked_sub(1)?;
        if let Some(rest) = text.strip_prefix('{') {
            return self.members(rest, Enclosing::Object, depth);
        }
        if let Some(rest) = text.strip_prefix('[') {
            return self.members(rest, Enclosing::Array, depth);
        }
        let (scalar, rest) = text.split_at(end(text, within));
        match scalar.trim() {
            "null" => self.out.push_str("null"),
            other => self.text(other),
        }
        Some(rest)
    }

    /// Writes the fields of an object or the elements of an array, up to and with what ends it.
    fn members<'t>(&mut self, text: &'t str, within: Enclosing, depth: u32) -> Option<&'t str> {
        let (begin, end) = if within == Enclosing::Object { ('{', '}') } else { ('[', ']') };
        self.out.push(begin);
        let mut rest = text;
        if !rest.starts_with(end) {
            loop {
                rest = rest.trim_start();
                if within == Enclosing::Object {
                    let (name, value) = rest.split_once('=')?;
                    self.text(&(self.spelling)(name));
                    self.out.push(':');
                    rest = value;
                }
                rest = self.value(rest, within, depth)?;
                let Some(more) = rest.strip_prefix(',') else { break };
                self.out.push(',');
                rest = more;
            }
        }
        self.out.push(end);
        rest.strip_prefix(end)
    }

    fn text(&mut self, text: &str) {
        self.out.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// Where a value that is no structure ends.
fn end(text: &str, within: Enclosing) -> usize {
    let end = text.char_indices().find(|&(place, found)| match (within, found) {
        (Enclosing::Object, ',') => {
            text[place + 1..].trim_start().split_once('=').is_some_and(is_next)
        }
        (Enclosing::Array, ',') => true,
        (Enclosing::Object, '}') | (Enclosing::Array, ']') => {
            let after = &text[place + 1..];
            after.is_empty() || after.starts_with([',', '}', ']'])
        }
        _ => false,
    });
    end.map_or(text.len(), |(place, _)| place)
}

/// Whether what stands before a `=` is the name of a next field.
fn is_next((name, _): (&str, &str)) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-:.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(name: &str) -> Cow<'_, str> {
        Cow::Borrowed(name)
    }

    fn read(text: &str) -> Option<serde_json::Value> {
        let json = json(text, same)?;
        Some(serde_json::from_str(&json).unwrap_or_else(|error| panic!("{json}: {error}")))
    }

    #[test]
    fn structures_become_json() {
        let identity = "{type=AssumedRole, principalid=AROAEXAMPLE:i-0, \
                        arn=arn:aws:sts::111122223333:assumed-role/etl/i-0, invokedby=null, \
                        sessioncontext={attributes={mfaauthenticated=false}, sessionissuer=null}}";
        let read_back = read(identity).unwrap();
        assert_eq!(read_back["principalid"], "AROAEXAMPLE:i-0");
        assert_eq!(read_back["invokedby"], serde_json::Value::Null);
        assert_eq!(read_back["sessioncontext"]["attributes"]["mfaauthenticated"], "false");
        let resources =
            read("[{arn=arn:aws:s3:::lake/a, type=AWS::S3::Object}, {arn=b, type=c}]").unwrap();
        assert_eq!(resources[0]["arn"], "arn:aws:s3:::lake/a");
        assert_eq!(resources[1]["type"], "c");
        assert_eq!(read("{}").unwrap(), serde_json::json!({}));
        assert_eq!(read("[]").unwrap(), serde_json::json!([]));
    }

    #[test]
    fn values_may_have_commas_braces_and_quotes() {
        let map = read("{bucketName=lake, key=a, b}c \"d\", x-amz-acl=private}").unwrap();
        assert_eq!(map["key"], "a, b}c \"d\"");
        assert_eq!(map["x-amz-acl"], "private");
    }

    #[test]
    fn other_texts_are_none() {
        let deep = "{a=".repeat(40);
        for text in ["", "lake", "{", "{a", "{a=b", "[a", "{a=b}}", deep.as_str()] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
