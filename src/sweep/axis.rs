//! `KEY=VALUES`: a key of the scenario and the values it takes.
//!
//! ```text
//! KEY=a,b,c            a list; commas in quotes, brackets or braces part nothing
//! KEY=LOW..HIGH:N      N values evenly spaced
//! KEY=LOW..HIGH:+STEP  steps from LOW on
//! KEY=LOW..HIGH:logB   the powers of B, a whole number
//! KEY=LOW..HIGH:log:N  N values evenly spaced on a logarithmic scale
//! ```
//!
//! Both ends always belong to a range. Ranges may be parts of lists; what comes twice is taken once.

use super::range;
use crate::error::{Error, Result};

pub use super::range::Measure;

/// A key and the values it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepAxis {
    /// The key, as in an override.
    pub key: String,
    /// Its values, as in overrides, none twice.
    pub values: Vec<AxisValue>,
    /// What all values measure, if they measure the same and have a unit.
    pub measure: Option<Measure>,
}

/// One value of a key.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisValue {
    /// As in an override.
    pub text: String,
    /// In the unit of the axis's measure.
    pub number: Option<f64>,
}

impl SweepAxis {
    /// Reads the values of `key`; `None` if there is only one, which is an override then.
    ///
    /// # Errors
    /// If a list has gaps or a range is none.
    pub fn parse(key: &str, values: &str) -> Result<Option<Self>> {
        let Some(free) = free_places(values) else {
            return Ok(None);
        };
        let parts = parts(values, &free);
        let mut texts: Vec<String> = Vec::new();
        for &(part, start) in &parts {
            if part.is_empty() && parts.len() > 1 {
                return Err(Error::request(format!(
                    "`{values}` is a list in which a value is missing"
                ))
                .hint("write `a,b,c`; text with commas in it must be quoted"));
            }
            let dots = free.windows(2).find(|pair| {
                let inside = pair[0] >= start && pair[1] < start + part.len();
                inside && pair[1] == pair[0] + 1 && values[pair[0]..].starts_with("..")
            });
            match dots {
                Some(pair) => texts.extend(range::values(part, pair[0] - start)?),
                None => texts.push(part.to_owned()),
            }
        }
        if parts.len() == 1 && texts.len() == 1 {
            return Ok(None);
        }
        if let Some(text) = texts.iter().find(|text| text.chars().any(char::is_control)) {
            return Err(Error::request(format!(
                "`{}` has more than one line, but values of a sweep stand on one",
                text.escape_debug()
            )));
        }
        let mut seen = std::collections::BTreeSet::new();
        texts.retain(|text| seen.insert(text.clone()));
        Ok(Some(Self::new(key, texts)))
    }

    fn new(key: &str, texts: Vec<String>) -> Self {
        let measures: Option<Vec<(Measure, f64)>> =
            texts.iter().map(|text| Measure::of(unquoted(text))).collect();
        let measures = measures.filter(|all| all.iter().all(|(measure, _)| *measure == all[0].0));
        let measure = measures.as_ref().map(|all| all[0].0).filter(|it| it.unit().is_some());
        let values = texts
            .into_iter()
            .enumerate()
            .map(|(i, text)| AxisValue { text, number: measures.as_ref().map(|all| all[i].1) });
        Self { key: key.to_owned(), values: values.collect(), measure }
    }

    /// Names of its columns in a table: the text, and the number if there is a unit.
    pub fn columns(&self) -> impl Iterator<Item = String> {
        let text = format!("set.{}", self.key);
        let number = self.measure.and_then(Measure::unit).map(|unit| format!("{text}_{unit}"));
        std::iter::once(text).chain(number)
    }
}

/// Without the quotes of TOML.
fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}

/// Places of the bytes of `text` that stand in no quotes, brackets or braces; `None` if one of
/// these is not closed, so that the text is no list.
fn free_places(text: &str) -> Option<Vec<usize>> {
    let mut free = Vec::new();
    let mut quote = None;
    let mut depth = 0_u32;
    let mut escaped = false;
    for (place, c) in text.char_indices() {
        match (quote, c) {
            (Some('"'), '\\') => escaped = !escaped,
            (Some(open), c) => {
                if c == open && !escaped {
                    quote = None;
                }
                escaped = false;
            }
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.checked_sub(1)?,
            (None, _) if depth == 0 => free.push(place),
            (None, _) => {}
        }
    }
    (quote.is_none() && depth == 0).then_some(free)
}

/// What stands between commas at `free` places, without blanks around it, and where it begins.
fn parts<'t>(text: &'t str, free: &[usize]) -> Vec<(&'t str, usize)> {
    let commas = free.iter().copied().filter(|&place| text[place..].starts_with(','));
    let mut parts = Vec::new();
    let mut start = 0;
    for end in commas.chain([text.len()]) {
        let part = &text[start..end];
        let blanks = part.len() - part.trim_start().len();
        parts.push((part.trim(), start + blanks));
        start = end + 1;
    }
    parts
}

#[cfg(test)]
mod tests;
