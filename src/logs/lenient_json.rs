//! JSON whose values may be of another type than expected: such a value counts as absent, since the parameters
//! of other services' events share names with S3's, and exports write numbers and objects as texts.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::csv_records::stands_for_nothing;

/// What is kept of a value of any type; by default nothing.
pub(super) trait Keep<'de>: Default {
    fn borrowed(text: &'de str) -> Self {
        Self::owned(text)
    }
    fn owned(_: &str) -> Self {
        Self::default()
    }
    fn number(_: u64) -> Self {
        Self::default()
    }
    fn negative(_: i64) -> Self {
        Self::default()
    }
    /// Some writers put every number as a float.
    fn float(number: f64) -> Self {
        if number >= 0.0 { Self::number(number as u64) } else { Self::default() }
    }
    fn truth(_: bool) -> Self {
        Self::default()
    }
    fn object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

/// Takes whatever comes, and keeps what it can.
pub(super) struct AnyJson<T>(pub(super) PhantomData<T>);

impl<'de, T: Keep<'de>> Visitor<'de> for AnyJson<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<T, E> {
        Ok(T::borrowed(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::owned(text))
    }
    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(T::number(number))
    }
    fn visit_i64<E>(self, number: i64) -> Result<T, E> {
        Ok(T::negative(number))
    }
    fn visit_f64<E>(self, number: f64) -> Result<T, E> {
        Ok(T::float(number))
    }
    fn visit_bool<E>(self, truth: bool) -> Result<T, E> {
        Ok(T::truth(truth))
    }
    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::object(map)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<T, A::Error> {
        T::array(array)
    }
}

/// Reads types by what they keep.
macro_rules! deserialize_by_keep {
    ($($type:ident $(<$life:lifetime>)?),+) => {$(
        impl<'de $(: $life, $life)?> serde::de::Deserialize<'de> for $type $(<$life>)? {
            fn deserialize<D: serde::de::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any($crate::logs::lenient_json::AnyJson(std::marker::PhantomData))
            }
        }
    )+};
}
pub(super) use deserialize_by_keep;

/// A text, if there is one.
#[derive(Debug, Default)]
pub(super) struct LenientText<'a>(pub(super) Option<Cow<'a, str>>);

/// A whole number, if there is one; it may be written as a text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count(pub(super) Option<u64>);

/// Whether there is a text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Present(pub(super) bool);

/// True or false, if it is said; it may be written as a text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flag(pub(super) Option<bool>);

deserialize_by_keep!(LenientText<'a>, Count, Present, Flag);

impl LenientText<'_> {
    /// Its bytes, unless it stands for nothing.
    pub(super) fn get(&self) -> Option<&[u8]> {
        self.0.as_deref().filter(|text| !stands_for_nothing(text)).map(str::as_bytes)
    }

    /// Its bytes, unless it is empty: of names, which may be any word.
    pub(super) fn named(&self) -> Option<&[u8]> {
        self.0.as_deref().filter(|text| !text.is_empty()).map(str::as_bytes)
    }
}

impl<'de: 'a, 'a> Keep<'de> for LenientText<'a> {
    fn borrowed(text: &'de str) -> Self {
        Self(Some(Cow::Borrowed(text)))
    }
    fn owned(text: &str) -> Self {
        Self(Some(Cow::Owned(text.to_owned())))
    }
}

impl Keep<'_> for Count {
    fn number(number: u64) -> Self {
        Self(Some(number))
    }
    fn owned(text: &str) -> Self {
        Self(text.strip_suffix(".0").unwrap_or(text).parse().ok())
    }
}

impl Keep<'_> for Present {
    fn owned(_: &str) -> Self {
        Self(true)
    }
}

impl Keep<'_> for Flag {
    fn truth(truth: bool) -> Self {
        Self(Some(truth))
    }
    fn owned(text: &str) -> Self {
        Self(text.to_ascii_lowercase().parse().ok())
    }
}

/// An object, or the first of an array of them; anything else counts as an empty one.
#[derive(Debug, Default)]
pub(super) struct Loose<T> {
    value: T,
    /// Whether it is a text that may hold the object.
    pub(super) as_text: bool,
}

impl<T> Deref for Loose<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Whether a text in the place of an object may hold one.
pub(super) fn may_hold_object(text: &str) -> bool {
    let text = text.trim();
    !(stands_for_nothing(text) || matches!(text, "{}" | "[]"))
}

impl<'de, T: Deserialize<'de> + Default> Keep<'de> for Loose<T> {
    fn owned(text: &str) -> Self {
        Self { value: T::default(), as_text: may_hold_object(text) }
    }
    fn object<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        let value = T::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Self { value, as_text: false })
    }
    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        let first = array.next_element()?.unwrap_or_default();
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first)
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyJson(PhantomData))
    }
}

impl<T> Loose<T> {
    /// The object itself.
    pub(super) fn into_inner(self) -> T {
        self.value
    }
}
