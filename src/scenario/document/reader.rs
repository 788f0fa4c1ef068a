//! Values to types, by serde. What does not fit is told as a [`DocumentError`]: what, and at which key.

use std::fmt::Display;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected as SerdeExpected,
    IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Entry, Position, TomlKind, TomlValue};
use crate::error::Error;

/// What is wrong with a document, and where.
#[derive(Debug)]
pub(crate) struct DocumentError {
    /// Keys and numbers of elements, the innermost first.
    inside_out: Vec<String>,
    /// Whether the key itself is wrong, not what stands there.
    pub(crate) is_key: bool,
    /// What is wrong.
    pub(crate) what: Problem,
}

/// What is wrong with a value or a key.
#[derive(Debug)]
pub(crate) enum Problem {
    /// A type says it itself.
    Said(Error),
    /// It is something else than it must be.
    Not(Expected),
    /// No such key may stand here, but these.
    UnknownKey(&'static [&'static str]),
    /// It is none of these.
    NoneOf(&'static [&'static str]),
    /// This key of the table is missing.
    Missing(&'static str),
    /// It is a table, but must be a table of one key: one of these.
    NotOneKey(&'static [&'static str]),
    /// This kind has values, but it is only named.
    Bare(String),
    /// This kind has no values, but some are given.
    WithValues(String),
}

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Whole {
        most: u64,
    },
    Number,
    Text,
    Boolean,
    List,
    Table,
    /// As a type says it.
    Other(String),
}

type ReadResult<T> = Result<T, DocumentError>;

impl DocumentError {
    fn new(what: Problem) -> Self {
        Self { inside_out: Vec::new(), is_key: false, what }
    }

    fn not(expected: Expected) -> Self {
        Self::new(Problem::Not(expected))
    }

    fn below(mut self, key: impl Into<String>) -> Self {
        self.inside_out.push(key.into());
        self
    }

    /// The keys from the top.
    pub(crate) fn path(&self) -> Vec<&str> {
        self.inside_out.iter().rev().map(String::as_str).collect()
    }
}

impl Display for DocumentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for DocumentError {}

impl serde::de::Error for DocumentError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(Problem::Said(Error::read_back(&message.to_string())))
    }

    fn invalid_type(_: Unexpected, expected: &dyn SerdeExpected) -> Self {
        Self::not(match expected.to_string().as_str() {
            "u64" => Expected::Whole { most: u64::MAX },
            "u32" => Expected::Whole { most: u64::from(u32::MAX) },
            other => Expected::Other(other.to_owned()),
        })
    }

    fn invalid_value(unexpected: Unexpected, expected: &dyn SerdeExpected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::new(Problem::NoneOf(known))
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self { is_key: true, ..Self::new(Problem::UnknownKey(known)) }
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Problem::Missing(key))
    }
}

impl TomlValue {
    /// The text; of an override, numbers and dates are text, too.
    fn as_text(&self) -> Option<&str> {
        match &self.kind {
            TomlKind::Text(text) => Some(text),
            TomlKind::Integer(text) | TomlKind::Float(text) | TomlKind::Moment(text)
                if matches!(self.place, Position::Override(_)) =>
            {
                Some(text)
            }
            TomlKind::Boolean(value) if matches!(self.place, Position::Override(_)) => {
                Some(if *value { "true" } else { "false" })
            }
            _ => None,
        }
    }

    fn whole(&self, most: u64) -> ReadResult<u64> {
        let number = match &self.kind {
            TomlKind::Integer(number) => number.parse().ok().filter(|number| *number <= most),
            _ => None,
        };
        number.ok_or_else(|| DocumentError::not(Expected::Whole { most }))
    }
}

impl<'de> Deserializer<'de> for &'de TomlValue {
    type Error = DocumentError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> ReadResult<V::Value> {
        match &self.kind {
            TomlKind::Text(text) | TomlKind::Moment(text) => visitor.visit_borrowed_str(text),
            TomlKind::Integer(digits) => match digits.parse() {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => visitor.visit_borrowed_str(digits),
            },
            TomlKind::Float(digits) => match digits.parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => visitor.visit_borrowed_str(digits),
            },
            TomlKind::Boolean(value) => visitor.visit_bool(*value),
            TomlKind::List(elements) => visitor.visit_seq(ListElements { elements, next: 0 }),
            TomlKind::Table(entries) => visitor.visit_map(Entries { entries, next: 0 }),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> ReadResult<V::Value> {
        match self.kind {
            TomlKind::Boolean(value) => visitor.visit_bool(value),
            _ => Err(DocumentError::not(Expected::Boolean)),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> ReadResult<V::Value> {
        visitor.visit_u64(self.whole(u64::from(u32::MAX))?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> ReadResult<V::Value> {
        visitor.visit_u64(self.whole(i64::MAX as u64)?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> ReadResult<V::Value> {
        match &self.kind {
            TomlKind::Integer(digits) | TomlKind::Float(digits) => {
                visitor.visit_f64(digits.parse().map_err(|_| DocumentError::not(Expected::Number))?)
            }
            _ => Err(DocumentError::not(Expected::Number)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> ReadResult<V::Value> {
        match self.as_text() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => Err(DocumentError::not(Expected::Text)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> ReadResult<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> ReadResult<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> ReadResult<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> ReadResult<V::Value> {
        match self.kind {
            TomlKind::List(_) => self.deserialize_any(visitor),
            _ => Err(DocumentError::not(Expected::List)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> ReadResult<V::Value> {
        match self.kind {
            TomlKind::Table(_) => self.deserialize_any(visitor),
            _ => Err(DocumentError::not(Expected::Table)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> ReadResult<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> ReadResult<V::Value> {
        match &self.kind {
            TomlKind::Text(name) => visitor.visit_enum(TomlVariant { name, values: None }),
            TomlKind::Table(entries) => match entries.as_slice() {
                [Entry { key, value, .. }] => {
                    visitor.visit_enum(TomlVariant { name: key, values: Some(value) })
                }
                _ => Err(DocumentError::new(Problem::NotOneKey(variants))),
            },
            _ => Err(DocumentError::new(Problem::NoneOf(variants))),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct
        identifier ignored_any
    }
}

struct ListElements<'de> {
    elements: &'de [TomlValue],
    next: usize,
}

impl<'de> SeqAccess<'de> for ListElements<'de> {
    type Error = DocumentError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> ReadResult<Option<T::Value>> {
        let Some(element) = self.elements.get(self.next) else { return Ok(None) };
        self.next += 1;
        let number = self.next - 1;
        seed.deserialize(element).map(Some).map_err(|flaw| flaw.below(number.to_string()))
    }
}

struct Entries<'de> {
    entries: &'de [Entry],
    next: usize,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = DocumentError;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> ReadResult<Option<T::Value>> {
        let Some(Entry { key, .. }) = self.entries.get(self.next) else { return Ok(None) };
        let read = seed.deserialize(key.as_str().into_deserializer());
        read.map(Some).map_err(|flaw: DocumentError| flaw.below(key))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> ReadResult<T::Value> {
        let Entry { key, value, .. } = &self.entries[self.next];
        self.next += 1;
        seed.deserialize(value).map_err(|flaw| flaw.below(key))
    }
}

/// A kind by its name alone, or as the only key of a table.
struct TomlVariant<'de> {
    name: &'de str,
    values: Option<&'de TomlValue>,
}

impl<'de> TomlVariant<'de> {
    fn values(&self) -> ReadResult<&'de TomlValue> {
        self.values.ok_or_else(|| DocumentError::new(Problem::Bare(self.name.to_owned())))
    }
}

impl<'de> EnumAccess<'de> for TomlVariant<'de> {
    type Error = DocumentError;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> ReadResult<(T::Value, Self)> {
        let name = self.name.into_deserializer();
        match seed.deserialize(name) {
            Ok(variant) => Ok((variant, self)),
            Err(flaw) if self.values.is_none() => Err(flaw),
            Err(flaw) => Err(DocumentError { is_key: true, ..flaw }.below(self.name)),
        }
    }
}

impl<'de> VariantAccess<'de> for TomlVariant<'de> {
    type Error = DocumentError;

    fn unit_variant(self) -> ReadResult<()> {
        match self.values {
            None => Ok(()),
            Some(_) => Err(DocumentError::new(Problem::WithValues(self.name.to_owned()))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> ReadResult<T::Value> {
        seed.deserialize(self.values()?).map_err(|flaw| flaw.below(self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> ReadResult<V::Value> {
        Err(DocumentError::custom("no kind of a scenario is a list"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> ReadResult<V::Value> {
        let read = self.values()?.deserialize_struct("", fields, visitor);
        read.map_err(|flaw| flaw.below(self.name))
    }
}
