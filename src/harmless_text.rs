//! Text of strangers, made harmless wherever it leaves bks: names in logs are chosen by whoever may
//! create a role, a bucket or an object.
//!
//! ```text
//! name ─┬─ shown   what people read: every character can be seen, on one line
//!       ├─ named   the same within backticks, which it cannot end
//!       ├─ cell    a cell of CSV, and back by `uncell`: no spreadsheet takes it for a formula
//!       ├─ json    a JSON document
//!       └─ toml    a TOML document
//! ```
//!
//! What cannot be seen is written as `\u{…}`: control characters, those that turn the direction of text,
//! those of no width, spaces other than the usual one, and code points that are no characters.

use std::borrow::Cow;
use std::fmt::Write as _;

/// First and last of characters that cannot be seen or that change how others look: Unicode's categories
/// Cc, Cf, Co, Zl, Zp and Zs but for the space, its variation selectors and fillers, and noncharacters
/// (<https://www.unicode.org/Public/16.0.0/ucd/extracted/DerivedGeneralCategory.txt>).
const INVISIBLE: [(char, char); 34] = [
    ('\u{0}', '\u{1f}'),
    ('\u{7f}', '\u{a0}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{2000}', '\u{200f}'),
    ('\u{2028}', '\u{202f}'),
    ('\u{205f}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{e000}', '\u{f8ff}'),
    ('\u{fdd0}', '\u{fdef}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffc}'),
    ('\u{fffe}', '\u{ffff}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
    ('\u{f0000}', '\u{10ffff}'),
];

/// Whether a character can be seen, and changes nothing but its own place.
#[must_use]
pub fn is_visible(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    let after = INVISIBLE.partition_point(|(first, _)| *first <= c);
    let within = after.checked_sub(1).is_some_and(|at| c <= INVISIBLE[at].1);
    !within && u32::from(c) & 0xfffe != 0xfffe
}

/// `text` with each character for which `is_so` holds written as `\u{…}`.
fn escaped(text: &str, is_so: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_so) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_so(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Names, the first few of many, for a sentence.
pub(crate) fn few(names: &[String]) -> String {
    const NAMED: usize = 5;
    if names.len() <= NAMED + 1 {
        return names.join(", ");
    }
    format!("{} and {} more", names[..NAMED].join(", "), names.len() - NAMED)
}

/// Text on one line of which every character can be seen.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    escaped(text, |c| !is_visible(c))
}

/// As [`shown`], but text of several lines stays on several lines.
#[must_use]
pub fn shown_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c != '\n' && !is_visible(c))
}

/// A name that may stand between backticks.
#[must_use]
pub fn named(name: &str) -> Cow<'_, str> {
    escaped(name, |c| c == '`' || !is_visible(c))
}

/// What spreadsheets take for the beginning of a formula, in its usual and its full width.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Text as a cell of CSV: what cannot be seen is written as `\u{…}`, and so is a backslash before `u{`;
/// what a spreadsheet would take for a formula stands after a `'`, as does a leading `'`. Numbers stay.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    let (start, escapes) = (text.trim_start(), text.contains("\\u{"));
    let guarded = text.starts_with('\'') || start.starts_with(FORMULA) && !is_number(text);
    if !guarded && !escapes && text.chars().all(is_visible) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\\u{", "\\u{5c}u{");
    let text = shown(&text);
    Cow::Owned(if guarded { format!("'{text}") } else { text.into_owned() })
}

/// The text that [`cell`] wrote.
#[must_use]
pub fn uncell(cell: &str) -> Cow<'_, str> {
    let text = cell.strip_prefix('\'').unwrap_or(cell);
    if !text.contains("\\u{") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\u{") {
        out.push_str(&rest[..at]);
        let code = &rest[at + 3..];
        let c = code.find('}').filter(|end| *end <= 6).and_then(|end| {
            let c = u32::from_str_radix(&code[..end], 16).ok().and_then(char::from_u32)?;
            Some((c, end))
        });
        if let Some((c, end)) = c {
            out.push(c);
            rest = &code[end + 1..];
        } else {
            out.push_str("\\u{");
            rest = code;
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Digits with at most one dot, a sign before them and an exponent after them.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && digits.parse::<f64>().is_ok()
}

/// A JSON document whose texts hold nothing but what can be seen, of the same value.
#[must_use]
pub fn json(document: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c == '\n' || is_visible(c);
    if document.chars().all(is_plain) {
        return Cow::Borrowed(document);
    }
    let mut out = String::with_capacity(document.len() + 16);
    for c in document.chars() {
        if is_plain(c) {
            out.push(c);
        } else {
            for half in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{half:04x}");
            }
        }
    }
    Cow::Owned(out)
}

/// A TOML document whose texts hold nothing but what can be seen, each on one line, of the same value:
/// texts of which that is not so are written between plain quotes.
#[must_use]
pub fn toml(document: &str) -> Cow<'_, str> {
    let has_long = document.contains("\"\"\"") || document.contains("'''");
    if !has_long && document.chars().all(|c| c == '\n' || is_visible(c)) {
        return Cow::Borrowed(document);
    }
    let mut out = String::with_capacity(document.len() + 16);
    let mut rest = document;
    while let Some(at) = rest.find(['"', '\'', '#']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with('#') {
            rest.find('\n').unwrap_or(rest.len())
        } else {
            end_of_text(rest)
        };
        let (text, after) = rest.split_at(end);
        if text.starts_with('#') {
            out.push_str(&shown(text));
        } else {
            push_toml_text(text, &mut out);
        }
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Where the text with its quotes that `toml` begins with ends.
fn end_of_text(toml: &str) -> usize {
    let quote = &toml[..1];
    let is_long = toml.starts_with(&quote.repeat(3));
    let (open, is_raw) = (if is_long { 3 } else { 1 }, quote == "'");
    let close = quote.repeat(open);
    let mut at = open;
    while at < toml.len() && !toml[at..].starts_with(&close) {
        let c = toml[at..].chars().next().unwrap_or_default();
        at += c.len_utf8();
        if c == '\\' && !is_raw {
            at += toml[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    // Quotes may stand right before the closing ones.
    let mut end = at + open;
    while is_long && toml[end.min(toml.len())..].starts_with(quote) {
        end += 1;
    }
    end.min(toml.len())
}

/// A text with its quotes, as it is if all of it can be seen.
fn push_toml_text(text: &str, out: &mut String) {
    let value = match format!("it = {text}").parse::<::toml::Table>() {
        Ok(mut table) => table.remove("it"),
        Err(_) => None,
    };
    let Some(::toml::Value::String(value)) = value else {
        out.push_str(text);
        return;
    };
    if text.chars().all(is_visible) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_visible(c) => out.push(c),
            c if u32::from(c) > 0xffff => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every character of the kinds that change what is seen, and none of those that people write with.
    #[test]
    fn what_cannot_be_seen_is_shown() {
        assert!(INVISIBLE.windows(2).all(|two| two[0].1 < two[1].0));
        for c in (0..0x11_0000).filter_map(char::from_u32) {
            if c.is_control() || c.is_whitespace() && c != ' ' {
                assert!(!is_visible(c), "{c:?}");
            }
        }
        for c in "\u{200b}\u{200d}\u{200e}\u{202a}\u{202e}\u{2066}\u{2069}\u{feff}\u{61c}\u{ad}\u{fe0f}\u{e0041}"
            .chars()
        {
            assert!(!is_visible(c), "{c:?}");
        }
        assert!("aZ09_-/äéÅжש日本語한🙂e\u{301}…–×".chars().all(is_visible));
        assert_eq!(shown("a\u{1b}]0;x\u{7}\n\u{202e}b"), "a\\u{1b}]0;x\\u{7}\\u{a}\\u{202e}b");
        assert_eq!(shown_lines("a\nb\r"), "a\nb\\u{d}");
        assert_eq!(named("a`b"), "a\\u{60}b");
    }

    #[test]
    fn cells_are_no_formulas_and_come_back() {
        for (text, written) in [
            ("plain", "plain"),
            ("-0.5", "-0.5"),
            ("+1e-3", "+1e-3"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("-2+3", "'-2+3"),
            ("-inf", "'-inf"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("  =1", "'  =1"),
            ("＝1", "'＝1"),
            ("'quoted", "''quoted"),
            ("\t=1", "'\\u{9}=1"),
            ("\rx", "\\u{d}x"),
            ("a\nb", "a\\u{a}b"),
            ("a\\u{41}b", "a\\u{5c}u{41}b"),
            ("\\u{5c}u{", "\\u{5c}u{5c}u{"),
            ("a\\u", "a\\u"),
        ] {
            assert_eq!(cell(text), written);
            assert_eq!(uncell(&cell(text)), text);
        }
        // What bks did not write is left as it is.
        for text in ["\\u{zz}", "\\u{", "\\u{110000}", "\\u{d800}x"] {
            assert_eq!(uncell(text), text);
        }
    }

    #[test]
    fn documents_keep_their_values() {
        let texts = [
            "\u{1b}[2J",
            "\u{202e}a",
            "it's \u{200b}",
            "\"q\"\\ \u{feff}",
            "a\n[[workload]]\n#\u{9b}",
            "'''\u{e0041}'''",
            "\"\"\"\u{2028}",
            "plain # 'x",
            "\\\u{85}\\",
            "'\"\u{ad}",
        ];
        for text in texts {
            let value = serde_json::json!({ "a": text, "b": [1.5, text] });
            let document = format!("{value:#}\n");
            let safe = json(&document);
            assert!(safe.chars().all(|c| c == '\n' || is_visible(c)), "{safe}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
            let value = ::toml::Table::from_iter([
                ("a".to_owned(), ::toml::Value::from(text)),
                (text.to_owned(), ::toml::Value::from(vec![text, "x"])),
                (
                    "z".to_owned(),
                    ::toml::Value::from(::toml::Table::from_iter([(text.to_owned(), 1.into())])),
                ),
            ]);
            let document = format!("# {text:?}\n{}", ::toml::to_string(&value).unwrap());
            let safe = toml(&document);
            assert!(safe.chars().all(|c| c == '\n' || is_visible(c)), "{safe}");
            // A comment and five or six lines of keys and a table, whatever the texts are.
            assert_eq!(safe.lines().filter(|line| *line == "[[workload]]").count(), 0, "{safe}");
            assert_eq!(safe.parse::<::toml::Table>().unwrap(), value, "{safe}");
        }
    }
}
