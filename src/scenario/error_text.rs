//! What is wrong with a document, in words: place, offending text, constraint, and what to type instead.

use std::cmp::Reverse;

use schemars::JsonSchema;

use super::document::{
    DocumentError, Expected, Position, Problem, TomlDocument, TomlKind, TomlValue, TypedOverride,
    quoted,
};
use super::overrides::SHORT_KEYS;
use super::schema::{ANY, Schema};
use crate::error::{Error, did_you_mean, one_of};

/// Most places that a hint names.
const NAMED: usize = 3;

/// What AWS and others call what a scenario calls otherwise.
const SYNONYMS: [(&str, &str); 10] = [
    ("aes256", "sse-s3"),
    ("none", "sse-s3"),
    ("aws:kms", "sse-kms"),
    ("kms", "sse-kms"),
    ("aws:kms:dsse", "dsse-kms"),
    ("bucket-key", "sse-kms-bucket-key"),
    ("bucket-keys", "sse-kms-bucket-key"),
    ("assumed-role", "role"),
    ("alias/aws/s3", "aws/s3"),
    ("aws-managed", "aws/s3"),
];

/// A flaw of a document that must be a `T`, as a message.
pub(super) fn complaint<T: JsonSchema>(document: &TomlDocument, flaw: &DocumentError) -> Error {
    let path = flaw.path();
    let place = if flaw.is_key { document.place_of_key(&path) } else { document.place(&path) };
    let called =
        document.called(place).or_else(|| document.culprit(&path).map(ToString::to_string));
    let is_key = flaw.is_key;
    let at = Complaint { document, schema: &Schema::of::<T>(), path: &path, place, is_key };
    let error = match &flaw.what {
        Problem::Said(error) => at.said(error.clone()),
        Problem::Not(expected) => at.not(expected),
        Problem::UnknownKey(known) => at.unknown_key(known),
        Problem::NoneOf(known) => at.none_of(known),
        Problem::Missing(key) => at.missing(key),
        Problem::NotOneKey(known) => at.not_one_key(known),
        Problem::Bare(name) => {
            let error = Error::request(format!("{}, but `{name}` has values of its own", at.is()));
            at.hint_of_example(error, &[name], |inner| format!("{{ {name} = {inner} }}"))
        }
        Problem::WithValues(name) => {
            let error = Error::request(format!("`{name}` has no values, but some are given"));
            error.hint(format!("write {}", at.assignment(&quoted(name))))
        }
    };
    error.at(called.unwrap_or_else(|| document.name().to_owned()))
}

/// A hint with the override that was meant by one whose key no scenario has; `None` if the key may stand
/// there, or none is like it.
pub(super) fn meant_by_override(
    schema: &Schema,
    document: &TomlDocument,
    typed: &TypedOverride,
) -> Option<String> {
    let TypedOverride::Value { option, key, value } = typed else { return None };
    let typed: Vec<&str> = key.split('.').collect();
    let places = meant(schema, &typed)?;
    let mut places: Vec<String> =
        places.iter().flat_map(|path| filled(&document.root, path)).collect();
    // Those that begin as it was typed come first; what is there is likelier than what could be.
    places.sort_by_key(|place| Reverse(alike(place, &typed)));
    let is_there = |place: &String| document.at(&place.split('.').collect::<Vec<_>>()).is_some();
    if places.iter().any(is_there) {
        places.retain(is_there);
    }
    places.truncate(NAMED);
    let commands: Vec<String> = places.iter().map(|key| as_typed(option, key, value)).collect();
    (!commands.is_empty()).then(|| format!("did you mean {}?", commands.join(" or ")))
}

/// `--set KEY=VALUE`, or by another option, in backticks, quoted for a shell if it must be.
fn as_typed(option: &str, key: &str, value: &str) -> String {
    if value.contains([' ', '"', '{', '[', '(', '*', '$', '<', '>', '&', ';', '|']) {
        return format!("`{option} '{key}={value}'`");
    }
    format!("`{option} {key}={value}`")
}

/// Where the key that was meant may stand, if `typed` may not.
fn meant(schema: &Schema, typed: &[&str]) -> Option<Vec<Vec<String>>> {
    let mut known = schema.keys();
    known.extend(SHORT_KEYS.map(|key| key.split('.').map(str::to_owned).collect()));
    if known.iter().any(|path| is_at(path, typed)) {
        return None;
    }
    let (last, above) = typed.split_last()?;
    let names: Vec<&str> = known.iter().filter_map(|path| Some(path.last()?.as_str())).collect();
    let name = if names.contains(last) {
        *last
    } else {
        let siblings = known.iter().filter(|path| is_at(&path[..path.len() - 1], above));
        let siblings = siblings.filter_map(|path| path.last());
        did_you_mean(last, siblings.map(String::as_str))
            .or_else(|| did_you_mean(last, names.iter().copied()))?
    };
    let name = name.to_owned();
    known.retain(|path| path.last() == Some(&name));
    // Those that begin as it was typed come first.
    known.sort_by_key(|path| {
        Reverse(
            (0..path.len())
                .take_while(|n| is_at(&path[..*n], &typed[..(*n).min(typed.len())]))
                .count(),
        )
    });
    Some(known)
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

/// The keys of a document that a key of the schema is, the elements of lists by their names.
fn filled(root: &TomlValue, path: &[String]) -> Vec<String> {
    match path {
        [list, any, rest @ ..] if any == ANY && !rest.iter().any(|key| key == ANY) => {
            let elements = root.get(list).map(TomlValue::elements).unwrap_or_default();
            let names = elements.iter().map(TomlValue::name).filter(|name| !name.is_empty());
            names.map(|name| format!("{list}.{name}.{}", rest.join("."))).collect()
        }
        plain if plain.iter().any(|key| key == ANY) => Vec::new(),
        plain => vec![plain.join(".")],
    }
}

/// Where in a file a key of the schema stands.
fn in_file(path: &[String]) -> Option<String> {
    let (key, above) = path.split_last()?;
    Some(match above {
        [] => format!("`{key}` at the top, before all tables"),
        [_, _, middle @ ..] if middle.iter().any(|key| key == ANY) => return None,
        [list, any, middle @ ..] if any == ANY => match middle {
            [] => format!("`{key}` in `[[{list}]]`"),
            middle => format!("`{key}` in `{}` of `[[{list}]]`", middle.join(".")),
        },
        tables => format!("`{key}` in `[{}]`", tables.join(".")),
    })
}

struct Complaint<'a> {
    document: &'a TomlDocument<'a>,
    schema: &'a Schema,
    path: &'a [&'a str],
    place: Position,
    /// Whether the key is wrong, not what stands there.
    is_key: bool,
}

impl Complaint<'_> {
    /// The key, or of which list an element.
    fn subject(&self) -> String {
        match self.path {
            [.., list, number] if number.parse::<usize>().is_ok() => {
                format!("an element of `{list}`")
            }
            [.., key] => format!("`{key}`"),
            [] if self.document.is_changed() => "the value".to_owned(),
            [] => "the scenario".to_owned(),
        }
    }

    fn value(&self) -> Option<&TomlValue> {
        self.document.at(self.path)
    }

    /// What is there: its key, and what it is.
    fn is(&self) -> String {
        match self.value() {
            Some(value) if matches!(value.kind, TomlKind::List(_) | TomlKind::Table(_)) => {
                format!("{} is {value}", self.subject())
            }
            Some(value) => {
                let text: String = value.to_string().chars().take(60).collect();
                format!("{} is `{text}`", self.subject())
            }
            None => self.subject(),
        }
    }

    /// How to type `value` where something else stands.
    fn assignment(&self, value: &str) -> String {
        let Some((key, above)) = self.path.split_last() else { return format!("`{value}`") };
        let typed = match self.document.typed(self.place) {
            // The ends of a range are typed as they stand.
            Some(TypedOverride::Value { option: "--over", .. }) => return format!("`{value}`"),
            Some(TypedOverride::Value { key, .. }) => Some(key),
            _ => None,
        };
        // What stands deep within the value of an override is typed as in a file.
        let is_whole = typed.is_none_or(|typed| typed.rsplit('.').next() == Some(key));
        if self.document.is_changed() && (is_whole || self.document.place(above) != self.place) {
            let plain = value.trim_matches('"');
            let value = if plain.contains('"') { value } else { plain };
            let own = || self.document.key_of(self.path);
            return as_typed("--set", &typed.cloned().unwrap_or_else(own), value);
        }
        if key.parse::<usize>().is_ok() {
            return format!("`{value}`");
        }
        format!("`{key} = {value}`")
    }

    /// Adds what to type, after an example of what may stand below.
    fn hint_of_example(
        &self,
        error: Error,
        below: &[&str],
        whole: impl Fn(String) -> String,
    ) -> Error {
        match self.schema.example(&[self.path, below].concat()) {
            Some(example) => error.hint(format!("give e.g., {}", self.assignment(&whole(example)))),
            None => error,
        }
    }

    /// What a type says of its text: if it says what to write, the hint says it with the key.
    fn said(&self, error: Error) -> Error {
        let hint = error.hint_text().and_then(|hint| hint.strip_prefix("write `"));
        match hint.and_then(|hint| hint.split_once('`')) {
            Some((value, rest)) => {
                let hint = format!("write {}{rest}", self.assignment(&quoted(value)));
                error.hint_instead(hint)
            }
            None => error,
        }
    }

    fn not(&self, expected: &Expected) -> Error {
        let are_tables = self.schema.is_list_of_tables(self.path);
        let must_be = match expected {
            Expected::Whole { most } => format!("a whole number from 0 to {most}"),
            Expected::Number => "a number".to_owned(),
            Expected::Text => "text in quotes".to_owned(),
            Expected::Boolean => "`true` or `false`".to_owned(),
            Expected::List if are_tables => "a list of tables".to_owned(),
            Expected::List => "a list in brackets".to_owned(),
            Expected::Table => "a table".to_owned(),
            Expected::Other(of_enum) if of_enum.starts_with("enum ") => "text in quotes".to_owned(),
            Expected::Other(other) => other.clone(),
        };
        let error = Error::request(format!("{}, but must be {must_be}", self.is()));
        let Some(value) = self.value() else { return error };
        if let Some(meant) = converted(value, expected).filter(|_| !are_tables) {
            return error.hint(format!("write {}", self.assignment(&meant)));
        }
        let header = self.path.join(".");
        match (expected, &value.kind) {
            (Expected::List, TomlKind::Table(_)) if are_tables => {
                error.hint(format!("write `[[{header}]]` above each, not `[{header}]`"))
            }
            (Expected::Table, TomlKind::List(_)) if self.path.len() == 1 => {
                error.hint(format!("there is one: write `[{header}]`, not `[[{header}]]`"))
            }
            _ => self.hint_of_example(error, &[], |example| example),
        }
    }

    fn unknown_key(&self, known: &[&'static str]) -> Error {
        let key = self.path.last().copied().unwrap_or_default();
        let error = Error::request(format!("unknown key `{key}`"));
        if let Some(typed) = self.document.typed(self.place)
            && let Some(hint) = meant_by_override(self.schema, self.document, typed)
        {
            return error.hint(hint);
        }
        if SHORT_KEYS.contains(&key) {
            return error.hint(in_file_for_short_key(key));
        }
        let above = &self.path[..self.path.len().saturating_sub(1)];
        // Deep within a table one chooses among its keys.
        let is_deep = self.path.len() > 3 && did_you_mean(key, known.iter().copied()).is_none();
        match meant(self.schema, self.path).filter(|_| !is_deep).as_deref() {
            Some([name]) if name.len() == 1 && SHORT_KEYS.contains(&name[0].as_str()) => {
                error.hint(in_file_for_short_key(&name[0]))
            }
            Some(places) => {
                let sibling = places.iter().find(|path| is_at(&path[..path.len() - 1], above));
                let all = places.iter().filter_map(|path| in_file(path)).take(NAMED);
                let elsewhere = || all.collect::<Vec<_>>().join(" or ");
                let meant = sibling.map_or_else(elsewhere, |path| self.header(path));
                error.hint(format!("did you mean {meant}?"))
            }
            None if known.is_empty() => error,
            None => error.hint(one_of(key, known.iter().copied())),
        }
    }

    /// A key of the table at hand; a list of tables as its tables are headed.
    fn header(&self, path: &[String]) -> String {
        match path {
            [list] if self.schema.is_list_of_tables(&[list]) => format!("`[[{list}]]`"),
            path => format!("`{}`", path.last().map_or("", String::as_str)),
        }
    }

    fn none_of(&self, known: &[&'static str]) -> Error {
        let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        let (above, word) = match self.path {
            [above @ .., key] if self.is_key => (above, Some(*key)),
            path => (path, self.value().and_then(TomlValue::text)),
        };
        let at = Complaint { path: above, ..*self };
        let must_be = list.join(", ");
        let error = Error::request(match word {
            Some(word) if self.is_key => {
                format!("{} has the key `{word}`, but must have one of {must_be}", at.subject())
            }
            Some(word) => format!("{} is `{word}`, but must be one of {must_be}", at.subject()),
            None => format!("{}, but must be one of {must_be}", at.is()),
        });
        let near = word.and_then(|word| {
            let lower = word.to_lowercase();
            let mut synonyms = SYNONYMS.iter();
            let synonym = synonyms.find(|(other, own)| *other == lower && known.contains(own));
            synonym.map(|(_, own)| *own).or_else(|| did_you_mean(word, known.iter().copied()))
        });
        match near {
            Some(near) if self.is_key => error.hint(format!("did you mean `{near}`?")),
            Some(near @ ("true" | "false")) => {
                error.hint(format!("did you mean {}?", at.assignment(near)))
            }
            Some(near) => error.hint(format!("did you mean {}?", at.assignment(&quoted(near)))),
            None => at.hint_of_example(error, &[], |example| example),
        }
    }

    fn missing(&self, key: &str) -> Error {
        let error = Error::request(format!("`{key}` is missing, but must be given"));
        let path = [self.path, &[key]].concat();
        if self.path.is_empty() && self.schema.is_list_of_tables(&path) {
            return error.hint(format!(
                "add a `[[{key}]]`; `bks init` writes a scenario that has all that one needs"
            ));
        }
        match self.schema.example(&path) {
            Some(example) => error.hint(format!("add e.g., `{key} = {example}`")),
            None => error,
        }
    }

    fn not_one_key(&self, known: &[&'static str]) -> Error {
        let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        let error = Error::request(format!(
            "{} must have exactly one key, its kind: {}",
            self.subject(),
            list.join(", ")
        ));
        let Some(TomlValue { kind: TomlKind::Table(entries), .. }) = self.value() else {
            return error;
        };
        let mut entries: Vec<_> = entries.iter().collect();
        entries.sort_by_key(|entry| !matches!(entry.place, Position::Override(_)));
        let named = entries.iter().flat_map(|entry| [Some(entry.key.as_str()), entry.value.text()]);
        let named = named.flatten().find_map(|word| known.iter().find(|name| **name == word));
        let Some(name) = named.or_else(|| known.first()) else { return error };
        self.hint_of_example(error, &[name], |inner| format!("{{ {name} = {inner} }}"))
    }
}

/// What to write in a file for a key that is short for others on the command line.
fn in_file_for_short_key(key: &str) -> String {
    let instead = match key {
        "lifetime" => "`generation_lifetime` and `cache_lifetime` in `[assumptions]`",
        "requesters" => "`sessions` and `session_policies` in `[[principal]]`",
        "connections" => "`connections` in `[[principal]]`",
        _ => "the table `[billing.prices]`",
    };
    format!("it is short for several keys with `--set {key}=…` alone; in a file give {instead}")
}

/// What was most likely meant by a value of another type.
fn converted(value: &TomlValue, expected: &Expected) -> Option<String> {
    let text = match &value.kind {
        TomlKind::Text(text)
        | TomlKind::Integer(text)
        | TomlKind::Float(text)
        | TomlKind::Moment(text) => text,
        TomlKind::Boolean(value) => {
            return (*expected == Expected::Text).then(|| format!("\"{value}\""));
        }
        TomlKind::List(_) | TomlKind::Table(_) => return None,
    };
    let number = text.trim().replace(['_', ',', ' '], "").parse::<f64>().ok();
    match expected {
        Expected::Whole { most } => {
            let whole = number.filter(|n| n.fract() == 0.0 && (0.0..=*most as f64).contains(n));
            whole.map(|number| format!("{number:.0}"))
        }
        Expected::Number => match text.trim().strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().ok().map(|it| (it / 100.0).to_string()),
            None => number.filter(|number| number.is_finite()).map(|number| number.to_string()),
        },
        Expected::Text => Some(quoted(text)),
        Expected::Boolean => match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some("true".to_owned()),
            "false" | "no" | "off" | "0" => Some("false".to_owned()),
            _ => None,
        },
        Expected::List => Some(format!("[{value}]")),
        Expected::Table | Expected::Other(_) => None,
    }
}
