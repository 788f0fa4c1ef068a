//! The part of YAML that templates are written in: block and flow collections, plain, quoted and block scalars, comments,
//! and the short functions of `CloudFormation` (`!Sub`, `!GetAtt`), which become their long form.
//!
//! What templates do not need is refused: anchors and aliases, complex keys.

use super::json::{Json, Member, Node, Place};
use crate::error::{Error, Result};

/// Values within values that are followed.
const DEPTH_MAX: usize = 100;

/// The values of a YAML text, of each document one.
pub(crate) fn parse(text: &str) -> Result<Vec<Node>> {
    let mut documents: Vec<Vec<YamlLine>> = vec![Vec::new()];
    for (number, raw) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let content = raw.trim_start_matches(' ');
        let line =
            YamlLine { number: number as u32 + 1, indent: raw.len() - content.len(), content };
        if matches!(raw.trim_end(), "---" | "...") {
            documents.push(Vec::new());
        } else if let Some(lines) = documents.last_mut().filter(|_| !raw.starts_with('%')) {
            lines.push(line);
        }
    }
    documents.retain(|lines| lines.iter().any(|line| !line.is_blank()));
    documents.into_iter().map(document).collect()
}

fn document(lines: Vec<YamlLine>) -> Result<Node> {
    let mut reader = BlockReader { lines, at: 0 };
    let node = reader.block(0, 0)?;
    match reader.peek() {
        None => Ok(node),
        Some(line) => Err(error(&line, "this does not belong to what stands above it")),
    }
}

/// A line without its indent.
#[derive(Clone, Copy, Debug)]
struct YamlLine<'a> {
    number: u32,
    indent: usize,
    content: &'a str,
}

impl YamlLine<'_> {
    fn is_blank(&self) -> bool {
        self.content.trim_end().is_empty() || self.content.starts_with('#')
    }

    fn place(&self) -> Place {
        Place { line: self.number, column: self.indent as u32 + 1 }
    }

    fn is_item(&self) -> bool {
        self.content == "-" || self.content.starts_with("- ")
    }
}

fn error(line: &YamlLine, what: &str) -> Error {
    Error::request(format!("this YAML is not understood: {what} (line {})", line.number))
}

struct BlockReader<'a> {
    lines: Vec<YamlLine<'a>>,
    at: usize,
}

impl<'a> BlockReader<'a> {
    /// The next line that says something.
    fn peek(&mut self) -> Option<YamlLine<'a>> {
        while self.lines.get(self.at).is_some_and(YamlLine::is_blank) {
            self.at += 1;
        }
        self.lines.get(self.at).copied()
    }

    /// The value that begins on the next line, if that is indented by at least so much.
    fn block(&mut self, indent_min: usize, depth: usize) -> Result<Node> {
        let Some(line) = self.peek().filter(|line| line.indent >= indent_min) else {
            let line = self.lines.get(self.at.saturating_sub(1));
            let at = line.map_or(Place { line: 1, column: 1 }, YamlLine::place);
            return Ok(Node { at, value: Json::Null });
        };
        if depth > DEPTH_MAX {
            return Err(error(&line, "too many values within one another"));
        }
        if line.content.starts_with('\t') {
            return Err(error(&line, "a tab indents it"));
        }
        if line.is_item() {
            return self.sequence(line, depth);
        }
        if is_complex(line.content) {
            return Err(error(&line, "complex keys are not read"));
        }
        if key(line.content).is_some() {
            return self.mapping(line, depth);
        }
        self.at += 1;
        self.value(line, line.content, indent_min.saturating_sub(1), depth)
    }

    fn sequence(&mut self, first: YamlLine<'a>, depth: usize) -> Result<Node> {
        let mut items = Vec::new();
        while let Some(line) =
            self.peek().filter(|line| line.indent == first.indent && line.is_item())
        {
            let rest = line.content[1..].trim_start();
            if rest.is_empty() || rest.starts_with('#') {
                self.at += 1;
                items.push(self.block(first.indent + 1, depth + 1)?);
                continue;
            }
            // What stands behind the dash is a line of its own, further in.
            let indent = line.indent + line.content.len() - rest.len();
            self.lines[self.at] = YamlLine { indent, content: rest, ..line };
            items.push(self.block(first.indent + 1, depth + 1)?);
        }
        Ok(Node { at: first.place(), value: Json::Array(items) })
    }

    fn mapping(&mut self, first: YamlLine<'a>, depth: usize) -> Result<Node> {
        let mut members = Vec::new();
        while let Some(line) = self.peek().filter(|line| line.indent == first.indent) {
            let named = key(line.content).filter(|_| !is_complex(line.content));
            let Some((name, rest)) = named else {
                return Err(error(&line, "a name and `:` must stand here"));
            };
            self.at += 1;
            let value = self.value(line, rest, first.indent, depth + 1)?;
            members.push(Member { name, at: line.place(), value });
        }
        Ok(Node { at: first.place(), value: Json::Object(members) })
    }

    /// The value `text` behind a key or tag on a line of a collection indented by `indent`, and what of it follows on the
    /// next lines.
    fn value(
        &mut self,
        line: YamlLine<'a>,
        text: &'a str,
        indent: usize,
        depth: usize,
    ) -> Result<Node> {
        let text = text.trim();
        let at = line.place();
        if let Some(tagged) = text.strip_prefix('!') {
            let (tag, rest) = tagged.split_once(' ').unwrap_or((tagged, ""));
            return Ok(function(tag, self.value(line, rest, indent, depth + 1)?, at));
        }
        if text.is_empty() || text.starts_with('#') {
            // A list may stand as far left as its key.
            let is_list = self.peek().is_some_and(|next| next.indent == indent && next.is_item());
            return self.block(if is_list { indent } else { indent + 1 }, depth + 1);
        }
        match text.as_bytes()[0] {
            b'|' | b'>' => Ok(Node { at, value: Json::Text(self.scalar(text, indent)) }),
            b'&' | b'*' => Err(error(&line, "anchors and aliases are not read")),
            b'"' | b'\'' | b'[' | b'{' => self.flow(line, text),
            _ if is_complex(text) || text.starts_with("- ") => {
                Err(error(&line, "a list or a complex key cannot begin behind a name"))
            }
            _ => {
                let mut words = without_comment(text).to_owned();
                while let Some(next) = self.peek().filter(|next| next.indent > indent) {
                    if key(next.content).is_some() {
                        return Err(error(&next, "a name stands within a text"));
                    }
                    self.at += 1;
                    words.push(' ');
                    words.push_str(without_comment(next.content));
                }
                Ok(Node { at, value: plain(&words) })
            }
        }
    }

    /// Lines of text, kept (`|`) or folded (`>`).
    fn scalar(&mut self, header: &str, indent: usize) -> String {
        let mut lines: Vec<&str> = Vec::new();
        let mut own = None;
        while let Some(line) = self.lines.get(self.at) {
            let is_empty = line.content.trim_end().is_empty();
            if !is_empty && line.indent <= indent {
                break;
            }
            if !is_empty {
                own.get_or_insert(line.indent);
            }
            lines.push(line.content.trim_end());
            self.at += 1;
        }
        while lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        lines.join(if header.starts_with('|') { "\n" } else { " " })
    }

    /// A value in brackets or quotes, which may go on on the next lines.
    fn flow(&mut self, line: YamlLine<'a>, text: &str) -> Result<Node> {
        // It is read from its begin with each line, so what has no end must not grow.
        const LINES_MAX: usize = 1_000;
        let mut whole = text.to_owned();
        for _ in 0..LINES_MAX {
            let mut reader = FlowReader { rest: &whole, at: line.place() };
            match reader.value(0) {
                Ok(value) if reader.is_at_end() => return Ok(value),
                Ok(_) => return Err(error(&line, "something follows the value")),
                Err(What::Wrong(what)) => return Err(error(&line, what)),
                Err(What::Unfinished) => {}
            }
            let Some(next) = self.lines.get(self.at) else {
                return Err(error(&line, "the value does not end"));
            };
            whole.push('\n');
            whole.push_str(next.content);
            self.at += 1;
            if whole.len() > 1 << 16 {
                break;
            }
        }
        Err(error(&line, "a value in brackets or quotes is too long"))
    }
}

/// Whether a key that may be any value begins.
fn is_complex(content: &str) -> bool {
    content == "?" || content.starts_with("? ")
}

/// The name on a line and what stands behind its colon.
fn key(content: &str) -> Option<(String, &str)> {
    if let quote @ ('"' | '\'') = content.chars().next()? {
        let end = content[1..].find(quote)? + 1;
        let rest = content[end + 1..].trim_start().strip_prefix(':')?;
        let is_key = rest.is_empty() || rest.starts_with(' ');
        return is_key.then(|| (content[1..end].to_owned(), rest));
    }
    if content.starts_with(['[', '{', '!', '&', '*', '|', '>', '#', '%', '@', '`']) {
        return None;
    }
    let end = content.find(": ").or_else(|| content.trim_end().strip_suffix(':').map(str::len))?;
    // A comment has no key.
    let name = &content[..end];
    (!name.contains(" #")).then(|| (name.trim_end().to_owned(), &content[end + 1..]))
}

fn without_comment(text: &str) -> &str {
    text.split(" #").next().unwrap_or(text).trim()
}

/// A scalar without quotes.
fn plain(text: &str) -> Json {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Json::Null,
        "true" | "True" | "TRUE" => Json::Truth(true),
        "false" | "False" | "FALSE" => Json::Truth(false),
        _ => Json::Text(text.to_owned()),
    }
}

/// The long form of a short function.
fn function(tag: &str, value: Node, at: Place) -> Node {
    let name = match tag {
        "Ref" | "Condition" => tag.to_owned(),
        _ if tag.starts_with('!') => return value,
        _ => format!("Fn::{tag}"),
    };
    Node { at, value: Json::Object(vec![Member { name, at, value }]) }
}

/// Why a value in brackets or quotes cannot be read.
enum What {
    Unfinished,
    Wrong(&'static str),
}

struct FlowReader<'a> {
    rest: &'a str,
    at: Place,
}

impl FlowReader<'_> {
    /// Skips blanks and comments.
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
        while self.rest.starts_with('#') {
            self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
        }
    }

    fn is_at_end(&mut self) -> bool {
        self.skip();
        self.rest.is_empty()
    }

    fn takes(&mut self, c: char) -> bool {
        self.skip();
        let rest = self.rest.strip_prefix(c);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self, depth: usize) -> std::result::Result<Node, What> {
        self.skip();
        if depth > DEPTH_MAX {
            return Err(What::Wrong("too many values within one another"));
        }
        let at = self.at;
        if self.takes('!') {
            let end = self.rest.find([' ', '\n', '[', '{', '"', '\'']).ok_or(What::Unfinished)?;
            let (tag, rest) = self.rest.split_at(end);
            self.rest = rest;
            return Ok(function(tag, self.value(depth + 1)?, at));
        }
        if self.takes('[') {
            let mut items = Vec::new();
            while !self.takes(']') {
                items.push(self.value(depth + 1)?);
                self.comma(']')?;
            }
            return Ok(Node { at, value: Json::Array(items) });
        }
        if self.takes('{') {
            let mut members = Vec::new();
            while !self.takes('}') {
                let name = self.name()?;
                members.push(Member { name, at, value: self.value(depth + 1)? });
                self.comma('}')?;
            }
            return Ok(Node { at, value: Json::Object(members) });
        }
        let value =
            if let Some(text) = self.quoted()? { Json::Text(text) } else { plain(&self.words()?) };
        Ok(Node { at, value })
    }

    fn comma(&mut self, close: char) -> std::result::Result<(), What> {
        self.skip();
        if self.takes(',') || self.rest.starts_with(close) {
            return Ok(());
        }
        Err(if self.rest.is_empty() {
            What::Unfinished
        } else {
            What::Wrong("`,` must stand here")
        })
    }

    /// A scalar without quotes, which may go on on the next lines; a comment ends it.
    fn words(&mut self) -> std::result::Result<String, What> {
        let end = self.rest.find([',', ']', '}']).ok_or(What::Unfinished)?;
        let comment = [" #", "\n#"].into_iter().filter_map(|it| self.rest.find(it)).min();
        let (text, rest) = self.rest.split_at(comment.map_or(end, |comment| comment.min(end)));
        self.rest = rest;
        Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// A name and its colon.
    fn name(&mut self) -> std::result::Result<String, What> {
        self.skip();
        if let Some(name) = self.quoted()? {
            return if self.takes(':') {
                Ok(name)
            } else {
                Err(What::Wrong("`:` must stand here"))
            };
        }
        let ends = [": ", ":\n"].into_iter().filter_map(|it| self.rest.find(it));
        let end = ends.min().ok_or(What::Unfinished)?;
        let name = self.rest[..end].trim().to_owned();
        self.rest = &self.rest[end + 1..];
        Ok(name)
    }

    /// A text in quotes; `None` if there is none.
    fn quoted(&mut self) -> std::result::Result<Option<String>, What> {
        let Some(quote @ ('"' | '\'')) = self.rest.chars().next() else { return Ok(None) };
        let mut text = String::new();
        let mut letters = self.rest[1..].char_indices().peekable();
        while let Some((at, c)) = letters.next() {
            let next = letters.peek().map(|(_, next)| *next);
            match (quote, c, next) {
                ('\'', '\'', Some('\'')) => {
                    letters.next();
                    text.push('\'');
                }
                (_, c, _) if c == quote => {
                    self.rest = &self.rest[at + 2..];
                    return Ok(Some(text));
                }
                ('"', '\\', Some(escaped)) => {
                    letters.next();
                    text.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        other => other,
                    });
                }
                // Lines are folded.
                (_, '\n', _) => text.push(' '),
                _ => text.push(c),
            }
        }
        Err(What::Unfinished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same value as of a JSON text, which YAML is a form of.
    fn same(yaml: &str, json: &str) {
        let read = parse(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
        assert_eq!(read, [Node::parse(json).unwrap()], "{yaml}\n{read:#?}");
    }

    #[test]
    fn yaml_is_read_as_json_says() {
        same("a: b", r#"{"a": "b"}"#);
        same("---\n# x\na: 'it''s' # y\nb: \"q\\\"\"\n", r#"{"a": "it's", "b": "q\""}"#);
        same(
            "- a\n- b: 1x\n  c: ~\n-\n  - d\n- - e\n  - f",
            r#"["a", {"b": "1x", "c": null}, ["d"], ["e", "f"]]"#,
        );
        same("k:\n- a\n- b\nl: true", r#"{"k": ["a", "b"], "l": true}"#);
        same(
            "k: [a, 'b, c', {d: e, \"f\": [g]}]",
            r#"{"k": ["a", "b, c", {"d": "e", "f": ["g"]}]}"#,
        );
        same("k: [a,\n    b]\nl: x", r#"{"k": ["a", "b"], "l": "x"}"#);
        same(
            "k: [ # all\n    # objects, of [\n    \"a # b\", # c\n    d # e, f\n    , g\n    h ] # i\nl: {a:\n  b # c\n  }",
            r#"{"k": ["a # b", "d", "g h"], "l": {"a": "b"}}"#,
        );
        same("k: \"a\n  b\"", r#"{"k": "a b"}"#);
        same("k: |\n  a: b\n\n  # c\nl: >-\n  d\n  e\n", r#"{"k": "a: b\n\n# c", "l": "d e"}"#);
        same("k: a\n  b\nl: c", r#"{"k": "a b", "l": "c"}"#);
        same("k: !Sub '${A}/*'", r#"{"k": {"Fn::Sub": "${A}/*"}}"#);
        same("k: !GetAtt A.Arn\nl: !Ref B", r#"{"k": {"Fn::GetAtt": "A.Arn"}, "l": {"Ref": "B"}}"#);
        same(
            "k: !Join ['', [!GetAtt A.Arn, '/*']]",
            r#"{"k": {"Fn::Join": ["", [{"Fn::GetAtt": "A.Arn"}, "/*"]]}}"#,
        );
        same("k: !If\n  - C\n  - a\n  - !Ref B", r#"{"k": {"Fn::If": ["C", "a", {"Ref": "B"}]}}"#);
        same("- !Sub ${A}\n- Fn::Sub: ${B}", r#"[{"Fn::Sub": "${A}"}, {"Fn::Sub": "${B}"}]"#);
        same(
            "StringLike:\n  kms:EncryptionContext:aws:s3:arn: arn:aws:s3:::b/*",
            r#"{"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/*"}}"#,
        );
        same(
            "'kms:EncryptionContext:aws:s3:arn':\n  - x",
            r#"{"kms:EncryptionContext:aws:s3:arn": ["x"]}"#,
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for (text, line) in [
            ("a: &x b", "line 1"),
            ("a: b\n---\nc: &x d", "line 3"),
            ("a:\n\t- b", "line 2"),
            ("a: [b", "line 1"),
            ("a: \"b", "line 1"),
            ("a: 1\n  b: 2\nc", "line 2"),
            ("? a\n: b", "line 1"),
            ("a:\n  ? b: c\n  : d", "line 2"),
            ("a:\n  b: c\n  ? d", "line 3"),
            ("a: ? b", "line 1"),
            ("a: - b", "line 1"),
            ("a: [#b]", "line 1"),
            ("a: b\n c", ""),
            ("  a: b\nc: d", "line 2"),
        ] {
            let read = parse(text);
            match read {
                Err(error) => assert!(error.to_string().contains(line), "{text}: {error}"),
                Ok(_) => assert!(line.is_empty(), "{text}"),
            }
        }
        let lines: Vec<String> = (0..500).map(|depth| " ".repeat(depth) + "a:").collect();
        let deep = lines.join("\n");
        assert!(parse(&deep).is_err());
        assert!(parse(&format!("a: {}", "[".repeat(5_000))).is_err());
    }

    #[test]
    fn documents_are_read_one_by_one() {
        let read = parse("# x\n---\na: b\n---\n# nothing\n---\n- c\n...\n").unwrap();
        let expected = [r#"{"a": "b"}"#, r#"["c"]"#].map(|it| Node::parse(it).unwrap());
        assert_eq!(read, expected);
        assert_eq!(read[1].at.line, 7);
    }

    #[test]
    fn values_know_their_lines() {
        let node = parse("a:\n  b: c\n  d:\n    - e\n").unwrap().remove(0);
        let inner = &node.members()[0].value;
        let lines: Vec<u32> = inner.members().iter().map(|member| member.at.line).collect();
        assert_eq!(lines, [2, 3]);
        assert_eq!(inner.members()[1].value.items()[0].at.line, 4);
    }
}
