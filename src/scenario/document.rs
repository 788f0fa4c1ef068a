//! TOML in memory: values, each with where it was typed.
//!
//! A document is parsed once. What `--set` changes is put into it as values that know by which
//! override they came, so that whatever is found wrong later has its place.

mod reader;

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Result, one_of};

pub(super) use reader::{DocumentError, Expected, Problem};

/// Where a value was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// Nowhere: bks made it.
    Made,
    /// At a byte of the text.
    At(usize),
    /// In an override, by its number.
    Override(usize),
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct TomlValue {
    pub(super) kind: TomlKind,
    pub(super) place: Position,
}

/// What a value is; numbers in their decimal digits.
#[derive(Clone, Debug)]
pub(super) enum TomlKind {
    Text(String),
    Integer(String),
    Float(String),
    Boolean(bool),
    Moment(String),
    List(Vec<TomlValue>),
    Table(Vec<Entry>),
}

/// A key of a table, and what stands there.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Position,
    pub(super) value: TomlValue,
}

impl fmt::Display for TomlValue {
    /// As TOML on one line; what has parts is only named.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            TomlKind::Text(text) => write!(f, "{}", quoted(text)),
            TomlKind::Integer(number) | TomlKind::Float(number) | TomlKind::Moment(number) => {
                f.write_str(number)
            }
            TomlKind::Boolean(value) => value.fmt(f),
            TomlKind::List(_) => f.write_str("a list"),
            TomlKind::Table(_) => f.write_str("a table"),
        }
    }
}

/// A text as TOML has it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

impl TomlValue {
    /// A value that somebody typed or bks made.
    pub(super) fn of(value: &impl Serialize, place: Position) -> Self {
        let value = toml::Value::try_from(value).expect("what a scenario holds is TOML");
        Self::of_toml(value, place)
    }

    fn of_toml(value: toml::Value, place: Position) -> Self {
        let kind = match value {
            toml::Value::String(text) => TomlKind::Text(text),
            toml::Value::Integer(number) => TomlKind::Integer(number.to_string()),
            toml::Value::Float(number) => TomlKind::Float(number.to_string()),
            toml::Value::Boolean(value) => TomlKind::Boolean(value),
            toml::Value::Datetime(moment) => TomlKind::Moment(moment.to_string()),
            toml::Value::Array(list) => {
                TomlKind::List(list.into_iter().map(|it| Self::of_toml(it, place)).collect())
            }
            toml::Value::Table(table) => {
                let entries = table.into_iter();
                let entries =
                    entries.map(|(key, it)| Entry { key, place, value: Self::of_toml(it, place) });
                TomlKind::Table(entries.collect())
            }
        };
        Self { kind, place }
    }

    /// What was parsed; `place` says where what begins at a byte stands.
    fn of_parsed(value: DeValue, at: usize, place: &dyn Fn(usize) -> Position) -> Self {
        let kind = match value {
            DeValue::String(text) => TomlKind::Text(text.into_owned()),
            DeValue::Integer(number) => TomlKind::Integer(decimal(number.as_str(), number.radix())),
            DeValue::Float(number) => TomlKind::Float(number.as_str().to_owned()),
            DeValue::Boolean(value) => TomlKind::Boolean(value),
            DeValue::Datetime(moment) => TomlKind::Moment(moment.to_string()),
            DeValue::Array(list) => TomlKind::List(
                list.into_iter()
                    .map(|it| {
                        let at = it.span().start;
                        Self::of_parsed(it.into_inner(), at, place)
                    })
                    .collect(),
            ),
            DeValue::Table(table) => TomlKind::Table(entries(table, place)),
        };
        Self { kind, place: place(at) }
    }

    /// What an override puts into its place: TOML, or else text.
    pub(super) fn typed(text: &str, place: Position) -> Self {
        match DeValue::parse(text) {
            Ok(value) => Self::of_parsed(value.into_inner(), 0, &|_| place),
            Err(_) => Self { kind: TomlKind::Text(text.to_owned()), place },
        }
    }

    /// What stands under a key of a table.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        let TomlKind::Table(entries) = &self.kind else { return None };
        entries.iter().find(|entry| entry.key == key)
    }

    /// The elements of a list; none of anything else.
    pub(super) fn elements(&self) -> &[Self] {
        match &self.kind {
            TomlKind::List(elements) => elements,
            _ => &[],
        }
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            TomlKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What lies under `step`: a key of a table, or an element of a list by its number or name.
    fn below(&self, step: &str) -> Option<&Self> {
        match &self.kind {
            TomlKind::List(elements) => match step.parse::<usize>() {
                Ok(number) => elements.get(number),
                Err(_) => elements.iter().find(|element| element.name() == step),
            },
            _ => self.get(step),
        }
    }

    /// The same to be changed: a key is made if it is not there, and elements go by their name or number.
    fn below_mut(&mut self, step: &str, place: Position) -> Result<&mut Self> {
        match &mut self.kind {
            TomlKind::Table(entries) => {
                let index = entries.iter().position(|entry| entry.key == step);
                let index = index.unwrap_or_else(|| {
                    let value = Self { kind: TomlKind::Table(Vec::new()), place };
                    entries.push(Entry { key: step.to_owned(), place, value });
                    entries.len() - 1
                });
                Ok(&mut entries[index].value)
            }
            TomlKind::List(elements) => {
                let number = number_of(elements, step)?;
                Ok(&mut elements[number])
            }
            _ => Err(Error::request(format!("there is no key `{step}` below a single value"))),
        }
    }

    /// The name of an element of a list; empty if it has none.
    pub(super) fn name(&self) -> &str {
        self.get("name").and_then(Self::text).unwrap_or_default()
    }

    /// Puts a value under a key of this table.
    pub(super) fn put(&mut self, key: &str, value: Self) {
        let place = value.place;
        if let Ok(here) = self.below_mut(key, place) {
            *here = value;
        }
    }

    /// The last override of which anything is in here.
    fn last_override(&self) -> Option<usize> {
        let own = match self.place {
            Position::Override(number) => Some(number),
            Position::Made | Position::At(_) => None,
        };
        let below = match &self.kind {
            TomlKind::List(elements) => elements.iter().filter_map(Self::last_override).max(),
            TomlKind::Table(entries) => {
                entries.iter().filter_map(|it| it.value.last_override()).max()
            }
            _ => None,
        };
        own.max(below)
    }
}

/// The number of an element of a list, by its name or number.
///
/// # Errors
/// If there is no such element.
pub(super) fn number_of(elements: &[TomlValue], step: &str) -> Result<usize> {
    let index = step.parse().ok().filter(|index| *index < elements.len());
    let by_name = elements.iter().position(|element| element.name() == step);
    by_name.or(index).ok_or_else(|| {
        let names: Vec<&str> = elements.iter().map(TomlValue::name).collect();
        Error::request(format!("`{step}` is not an element of this list")).hint(one_of(step, names))
    })
}

/// The digits of a number in decimals, as they are if it is larger than any that can stand in TOML.
fn decimal(digits: &str, radix: u32) -> String {
    i64::from_str_radix(digits, radix).map_or_else(|_| digits.to_owned(), |n| n.to_string())
}

/// The entries of a table in the order in which they were typed.
fn entries(table: DeTable, place: &dyn Fn(usize) -> Position) -> Vec<Entry> {
    let mut entries: Vec<(usize, Entry)> = Vec::new();
    for (key, value) in table {
        let (at, value_at) = (key.span().start, value.span().start);
        let value = TomlValue::of_parsed(value.into_inner(), value_at, place);
        let key = key.into_inner().into_owned();
        entries.push((at, Entry { key, place: place(at), value }));
    }
    entries.sort_by_key(|(at, _)| *at);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// An override as it was typed.
#[derive(Clone, Debug)]
pub(super) enum TypedOverride {
    /// `--prices`: a file of them.
    Prices,
    /// `--set KEY=VALUE` or `--over KEY=LOW..HIGH`.
    Value { option: &'static str, key: String, value: String },
}

impl fmt::Display for TypedOverride {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prices => f.write_str("--prices"),
            Self::Value { option, key, value } => write!(f, "{option} {key}={value}"),
        }
    }
}

/// TOML, and what messages call its places.
#[derive(Clone, Debug)]
pub(super) struct TomlDocument<'a> {
    text: &'a str,
    /// What messages call the text.
    name: &'a str,
    /// The overrides that were put into it.
    overrides: Vec<TypedOverride>,
    pub(super) root: TomlValue,
}

impl<'a> TomlDocument<'a> {
    /// Parses a text, which messages call `name`.
    ///
    /// # Errors
    /// If it is not TOML.
    pub(super) fn parse(text: &'a str, name: &'a str) -> Result<Self> {
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let message = error.message().lines().next().unwrap_or_default();
            let wrong = Error::request(format!("the text is not TOML: {message}"));
            let wrong = match hint_of_line(text, at) {
                Some(hint) => wrong.hint(hint),
                None => wrong,
            };
            wrong.at(line_and_column(text, name, at))
        })?;
        let kind = TomlKind::Table(entries(table.into_inner(), &Position::At));
        let root = TomlValue { kind, place: Position::At(0) };
        Ok(Self { text, name, overrides: Vec::new(), root })
    }

    /// A document with nothing left to defaults, to be changed by overrides.
    pub(super) fn of(value: &impl Serialize, name: &'a str) -> Self {
        let root = TomlValue::of(value, Position::Made);
        Self { text: "", name, overrides: Vec::new(), root }
    }

    /// Puts a value under a key of the top, unless there is one.
    pub(super) fn default_to(&mut self, key: &str, value: toml::Value) {
        if let TomlKind::Table(entries) = &mut self.root.kind
            && entries.iter().all(|entry| entry.key != key)
        {
            let value = TomlValue::of_toml(value, Position::Made);
            entries.push(Entry { key: key.to_owned(), place: Position::Made, value });
        }
    }

    /// The place of what an override puts in.
    pub(super) fn overridden_by(&mut self, typed: TypedOverride) -> Position {
        self.overrides.push(typed);
        Position::Override(self.overrides.len() - 1)
    }

    /// The elements of a list under a key of the top, to be changed.
    pub(super) fn elements_mut(&mut self, key: &str) -> &mut [TomlValue] {
        let TomlKind::Table(entries) = &mut self.root.kind else { return &mut [] };
        match entries.iter_mut().find(|entry| entry.key == key).map(|it| &mut it.value.kind) {
            Some(TomlKind::List(elements)) => elements,
            _ => &mut [],
        }
    }

    /// Puts a value under a key, given as the way from the top, joined by dots.
    ///
    /// # Errors
    /// If there is no such element of a list, or the way leads through a value without parts.
    pub(super) fn set(&mut self, key: &str, value: TomlValue) -> Result<()> {
        let mut here = &mut self.root;
        for step in key.split('.') {
            here = here.below_mut(step, value.place)?;
        }
        *here = value;
        Ok(())
    }

    /// What the document says, as a type that checks itself.
    pub(super) fn read<T: DeserializeOwned>(&self) -> std::result::Result<T, DocumentError> {
        T::deserialize(&self.root)
    }

    /// The override that put in what is at a place.
    pub(super) fn typed(&self, place: Position) -> Option<&TypedOverride> {
        match place {
            Position::Override(number) => Some(&self.overrides[number]),
            Position::Made | Position::At(_) => None,
        }
    }

    /// Whether overrides were put into it.
    pub(super) fn is_changed(&self) -> bool {
        !self.overrides.is_empty()
    }

    /// A path as a key of `--set`: elements of lists by their names.
    pub(super) fn key_of(&self, path: &[&str]) -> String {
        let mut here = Some(&self.root);
        let steps = path.iter().map(|step| {
            let list = here.is_some_and(|value| matches!(value.kind, TomlKind::List(_)));
            here = here.and_then(|value| value.below(step));
            let name = here.map(TomlValue::name).filter(|name| list && is_key(name));
            name.filter(|name| !name.contains('.')).unwrap_or(step)
        });
        steps.collect::<Vec<_>>().join(".")
    }

    /// What messages call the document.
    pub(super) fn name(&self) -> &'a str {
        self.name
    }

    /// What messages call a place; `None` if bks made what is there.
    pub(super) fn called(&self, place: Position) -> Option<String> {
        match place {
            Position::Made => None,
            Position::At(at) => Some(line_and_column(self.text, self.name, at)),
            Position::Override(number) => Some(self.overrides[number].to_string()),
        }
    }

    /// The place of the value at `path`, or of the last of its keys that is there.
    pub(super) fn place(&self, path: &[&str]) -> Position {
        let mut here = &self.root;
        for step in path {
            let Some(below) = here.below(step) else { break };
            here = below;
        }
        here.place
    }

    /// The place of a key; of its table, if that has no such key.
    pub(super) fn place_of_key(&self, path: &[&str]) -> Position {
        let Some((key, above)) = path.split_last() else { return self.root.place };
        let table = above.iter().try_fold(&self.root, |here, step| here.below(step));
        let entry = table.and_then(|table| table.entry(key));
        entry.map_or_else(|| self.place(path), |entry| entry.place)
    }

    /// What stands at `path`.
    pub(super) fn at(&self, path: &[&str]) -> Option<&TomlValue> {
        path.iter().try_fold(&self.root, |here, step| here.below(step))
    }

    /// The override whose fault it is that something is wrong at `path`: it put in what is there, or
    /// something beside it in the same table. What is wrong at the top is that override's only that put it.
    pub(super) fn culprit(&self, path: &[&str]) -> Option<&TypedOverride> {
        let mut here = &self.root;
        let mut beside = None;
        for step in path {
            let Some(below) = here.below(step) else { break };
            beside = here.last_override().filter(|_| !std::ptr::eq(here, &raw const self.root));
            here = below;
        }
        let number = here.last_override().or(beside)?;
        Some(&self.overrides[number])
    }
}

/// A text's first `at` bytes, without a part of a character.
fn up_to(text: &str, at: usize) -> &str {
    let whole = (0..=at.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    &text[..whole.unwrap_or(0)]
}

/// `NAME:LINE:COLUMN` of a byte of a text; `NAME` where there is no text.
fn line_and_column(text: &str, name: &str, at: usize) -> String {
    if text.is_empty() {
        return name.to_owned();
    }
    let before = up_to(text, at);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{name}:{line}:{column}")
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// What to write instead of what the parser stopped at: text without quotes, `key: value`.
fn hint_of_line(text: &str, at: usize) -> Option<String> {
    let at = up_to(text, at).len();
    let begin = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let before = text[begin..at].trim_end();
    if let Some(before) = before.strip_suffix('=') {
        // A value without quotes ends where the next one of the same line may begin.
        let key = before.rsplit([',', '{', ' ']).find(|key| !key.is_empty()).unwrap_or(before);
        let value = text[at..].lines().next().unwrap_or_default();
        let value = value.split([',', '}', ']', '#']).next().unwrap_or_default().trim();
        return Some(match value {
            "" => format!("give `{key}` a value"),
            "True" | "TRUE" | "yes" | "on" => format!("write `{key} = true`"),
            "False" | "FALSE" | "no" | "off" => format!("write `{key} = false`"),
            value if value.starts_with(['[', '{', '"', '\'']) => return None,
            value => format!("write `{key} = {}`", quoted(value)),
        });
    }
    let line = text[begin..].lines().next().unwrap_or_default();
    if let Some((key, _)) = line.split_once('=') {
        let is_alone = is_key(key.trim()) && DeTable::parse(line).is_ok();
        return is_alone.then(|| format!("if `{}` is in this table already, keep one", key.trim()));
    }
    let (key, value) = line.split_once(':')?;
    let (key, value) = (key.trim().trim_matches('"'), value.trim().trim_end_matches(','));
    let value = if DeValue::parse(value).is_ok() { value.to_owned() } else { quoted(value) };
    is_key(key).then(|| format!("a scenario is TOML: write `{key} = {value}`"))
}
