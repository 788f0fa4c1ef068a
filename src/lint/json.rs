//! JSON that remembers where each value stands, since a finding is of no use without its line.

use std::iter::Peekable;
use std::str::Chars;

use crate::error::{Error, Result};

/// Values within values that are followed; policies need some ten, plans some forty.
const DEPTH_MAX: usize = 128;

/// Line and column of a character, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A value and where it begins.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: Place,
    pub(crate) value: Json,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Truth(bool),
    /// As it is written.
    Number(String),
    Text(String),
    /// A text that a template's functions made.
    Made(MadeText),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// A text as it is, and as it is written: with the names of the parameters that made it, as `${…}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MadeText {
    pub(crate) written: String,
    pub(crate) text: String,
}

/// A name in an object, and its value.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// Where the name stands.
    pub(crate) at: Place,
    pub(crate) value: Node,
}

/// Values are equal wherever they stand.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.value) == (&other.name, &other.value)
    }
}

impl Node {
    /// The value of a JSON text.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Reader::new(text.trim_start_matches('\u{feff}')).document()
    }

    /// The value of a JSON text that is itself a string at `at`: all of it stands there.
    pub(crate) fn parse_within(text: &str, at: Place) -> Option<Self> {
        let mut node = Self::parse(text).ok()?;
        node.put(at);
        Some(node)
    }

    /// Puts all of it at one place.
    pub(crate) fn put(&mut self, at: Place) {
        self.at = at;
        match &mut self.value {
            Json::Array(items) => items.iter_mut().for_each(|item| item.put(at)),
            Json::Object(members) => {
                for member in members {
                    member.at = at;
                    member.value.put(at);
                }
            }
            _ => {}
        }
    }

    /// The value under a name of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.name == name).map(|member| &member.value)
    }

    /// The value at the end of a path of names.
    pub(crate) fn at_path(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }

    /// What an object has; nothing for other values.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.value {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// The values of an array; nothing for other values.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.value {
            Json::Array(items) => items,
            _ => &[],
        }
    }

    /// The values of an array, or the one value that stands for an array of one.
    pub(crate) fn one_or_more(&self) -> &[Self] {
        match &self.value {
            Json::Array(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Json::Text(text) | Json::Made(MadeText { text, .. }) => Some(text),
            _ => None,
        }
    }

    /// A truth value, also one that is written as a text or in the words of YAML 1.1, as `CloudFormation` allows.
    pub(crate) fn truth(&self) -> Option<bool> {
        if let Json::Truth(truth) = self.value {
            return Some(truth);
        }
        match self.text()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.value == Json::Null
    }
}

/// Values that other values make, each at one place.
impl Node {
    pub(super) fn of_text(at: Place, text: &str) -> Self {
        Self { at, value: Json::Text(text.to_owned()) }
    }

    pub(super) fn of_items(at: Place, items: Vec<Self>) -> Self {
        Self { at, value: Json::Array(items) }
    }

    pub(super) fn of_members<'a>(
        at: Place,
        members: impl IntoIterator<Item = (&'a str, Self)>,
    ) -> Self {
        let members = members.into_iter();
        let members =
            members.map(|(name, value)| Member { name: name.to_owned(), at: value.at, value });
        Self { at, value: Json::Object(members.collect()) }
    }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    at: Place,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text.chars().peekable(), at: Place { line: 1, column: 1 } }
    }

    fn document(mut self) -> Result<Node> {
        let node = self.value(0)?;
        self.skip_blanks();
        match self.rest.peek() {
            None => Ok(node),
            Some(_) => Err(self.error("something follows the value")),
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.at = Place { line: self.at.line + 1, column: 1 };
        } else {
            self.at.column += 1;
        }
        Some(c)
    }

    fn skip_blanks(&mut self) {
        while self.rest.peek().is_some_and(char::is_ascii_whitespace) {
            self.next();
        }
    }

    fn error(&self, what: &str) -> Error {
        let Place { line, column } = self.at;
        Error::request(format!("this is not JSON: {what} (line {line}, column {column})"))
    }

    fn value(&mut self, depth: usize) -> Result<Node> {
        self.skip_blanks();
        let at = self.at;
        if depth > DEPTH_MAX {
            return Err(self.error(&format!("more than {DEPTH_MAX} values within one another")));
        }
        let value = match self.rest.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.array(depth)?,
            Some('"') => Json::Text(self.string()?),
            Some(c) if c.is_ascii_alphanumeric() || *c == '-' => self.word()?,
            Some(_) => return Err(self.error("a value must stand here")),
            None => return Err(self.error("it ends where a value must stand")),
        };
        Ok(Node { at, value })
    }

    fn word(&mut self) -> Result<Json> {
        let mut word = String::new();
        let is_part = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
        let from = self.at;
        while self.rest.peek().is_some_and(is_part) {
            word.extend(self.next());
        }
        Ok(match word.as_str() {
            "null" => Json::Null,
            "true" => Json::Truth(true),
            "false" => Json::Truth(false),
            number if number.parse::<f64>().is_ok() && !number.contains(['n', 'N']) => {
                Json::Number(word)
            }
            _ => {
                self.at = from;
                return Err(self.error("a value must stand here"));
            }
        })
    }

    /// Whether a list goes on behind an element; the closing bracket is taken.
    fn goes_on(&mut self, close: char) -> Result<bool> {
        self.skip_blanks();
        match self.next() {
            Some(',') => Ok(true),
            Some(c) if c == close => Ok(false),
            _ => Err(self.error(&format!("`,` or `{close}` must stand here"))),
        }
    }

    /// Whether a list that was opened ends at once.
    fn is_empty(&mut self, close: char) -> bool {
        self.next();
        self.skip_blanks();
        let ends = self.rest.peek() == Some(&close);
        if ends {
            self.next();
        }
        ends
    }

    fn array(&mut self, depth: usize) -> Result<Json> {
        let mut items = Vec::new();
        if !self.is_empty(']') {
            loop {
                items.push(self.value(depth + 1)?);
                if !self.goes_on(']')? {
                    break;
                }
            }
        }
        Ok(Json::Array(items))
    }

    fn object(&mut self, depth: usize) -> Result<Json> {
        let mut members = Vec::new();
        if !self.is_empty('}') {
            loop {
                self.skip_blanks();
                let at = self.at;
                if self.rest.peek() != Some(&'"') {
                    return Err(self.error("a name in double quotes must stand here"));
                }
                let name = self.string()?;
                self.skip_blanks();
                if self.next() != Some(':') {
                    return Err(self.error("`:` must follow a name"));
                }
                members.push(Member { name, at, value: self.value(depth + 1)? });
                if !self.goes_on('}')? {
                    break;
                }
            }
        }
        Ok(Json::Object(members))
    }

    fn string(&mut self) -> Result<String> {
        self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                // Files written by hand have line breaks in texts; nothing is lost by taking them.
                Some(c) => text.push(c),
                None => return Err(self.error("a text does not end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        Ok(match self.next() {
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => self.code_point()?,
            _ => return Err(self.error("no such escape")),
        })
    }

    fn code_point(&mut self) -> Result<char> {
        let first = self.hexadecimal()?;
        if !(0xd800..0xdc00).contains(&first) {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        if self.rest.next_if_eq(&'\\').is_none() || self.rest.next_if_eq(&'u').is_none() {
            return Err(self.error("the second half of a character is lacking"));
        }
        self.at.column += 2;
        let second = self.hexadecimal()?;
        let low = second.wrapping_sub(0xdc00) & 0x3ff;
        let code = 0x1_0000 + ((first - 0xd800) << 10) + low;
        Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hexadecimal(&mut self) -> Result<u32> {
        (0..4).try_fold(0, |code, _| {
            let digit = self.next().and_then(|c| c.to_digit(16));
            Ok(code << 4
                | digit.ok_or_else(|| self.error("four hexadecimal digits must follow"))?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every value is that of another parser.
    fn as_serde(node: &Node) -> serde_json::Value {
        match &node.value {
            Json::Null => serde_json::Value::Null,
            Json::Truth(truth) => (*truth).into(),
            Json::Number(number) => serde_json::from_str(number).unwrap(),
            Json::Text(text) | Json::Made(MadeText { text, .. }) => text.as_str().into(),
            Json::Array(items) => items.iter().map(as_serde).collect(),
            Json::Object(members) => {
                members.iter().map(|it| (it.name.clone(), as_serde(&it.value))).collect()
            }
        }
    }

    #[test]
    fn values_are_those_of_serde() {
        for text in [
            r#" {"a": [1, -2.5e3, true, false, null, "x\n\u00e4\ud83d\ude00\"\\\/"], "b": {}} "#,
            "[]",
            "[[[]]]",
            "\"\"",
            "0",
            "{\"Ä\": \"日本\"}",
        ] {
            let expected: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(as_serde(&Node::parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for (text, place) in [
            ("", "line 1, column 1"),
            ("{", "line 1, column 2"),
            ("{\n  \"a\": }", "line 2, column 8"),
            ("[1 2]", "line 1, column 5"),
            ("[1,]", "line 1, column 4"),
            ("{\"a\" 1}", "line 1, column 7"),
            ("nul", "line 1, column 1"),
            ("NaN", "line 1, column 1"),
            ("\"a", "line 1, column 3"),
            ("\"\\x\"", "line 1, column 4"),
            ("\"\\ud83d\"", "line 1, column 8"),
            ("{} {}", "line 1, column 4"),
            ("resource \"aws_kms_key\" \"k\" {", "line 1, column 1"),
        ] {
            let error = Node::parse(text).unwrap_err().to_string();
            assert!(error.contains(place), "{text}: {error}");
        }
        assert!(Node::parse(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn each_value_knows_its_line() {
        let node = Node::parse("\u{feff}{\r\n \"a\": [\n  1,\n  \"ä\", 2]\n}").unwrap();
        let member = &node.members()[0];
        assert_eq!(member.at, Place { line: 2, column: 2 });
        let places: Vec<_> =
            member.value.items().iter().map(|it| (it.at.line, it.at.column)).collect();
        assert_eq!(places, [(3, 3), (4, 3), (4, 8)]);
    }
}
