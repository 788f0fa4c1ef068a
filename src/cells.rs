//! Whole numbers under names, which add up: what the parts of a replay are made of.
//!
//! As text each is a line of columns between tabs, all but the last of them its name and the last its number, so that
//! any engine sums them: `SELECT …, sum(n) … GROUP BY` all the others, or `sort` and a loop. No line has a meaning by
//! its place.
//!
//! ```text
//! configuration    arm      replication  what     place                     n
//! -                -        -            bucket   data-lake us-east-1       1
//! bucket-key-role  assumed  0            call     GetObject Decrypt         1204
//! bucket-key-role  low      0            second   111122223333 role etl us-east-1 17   3
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::error::{Error, Result};

/// Columns before the number.
const NAMING: usize = 5;

/// Stands in a column for what is of the log as a whole.
pub(crate) const OF_ALL: &str = "-";

/// Which arm of a replay a number is of, and in which replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArmColumns<'a> {
    /// Name of the configuration.
    pub(crate) configuration: &'a str,
    /// Name of the arm.
    pub(crate) arm: &'a str,
    /// Which replication.
    pub(crate) replication: u32,
}

/// What a number is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CellName<'a> {
    /// The first three columns: whose it is.
    pub(crate) whose: &'a str,
    /// Of what it is the number.
    pub(crate) what: &'a str,
    /// Where: words between spaces.
    place: &'a str,
}

impl<'a> CellName<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (whose, place) = text.rsplit_once('\t')?;
        let (whose, what) = whose.rsplit_once('\t')?;
        Some(Self { whose, what, place })
    }

    /// The words of the place, as they were before they were written.
    pub(crate) fn words(&self) -> Vec<Vec<u8>> {
        if self.place == OF_ALL { Vec::new() } else { self.place.split(' ').map(word).collect() }
    }

    /// The same as text.
    pub(crate) fn texts(&self) -> Vec<String> {
        let words = self.words().into_iter();
        words.map(|word| String::from_utf8_lossy(&word).into_owned()).collect()
    }

    /// The last word, if it is a number.
    pub(crate) fn last_number(&self) -> Option<u64> {
        self.place.rsplit(' ').next()?.parse().ok()
    }

    /// The place without its last word.
    pub(crate) fn without_last(&self) -> &'a str {
        self.place.rsplit_once(' ').map_or("", |(before, _)| before)
    }

    /// The place as it is written.
    pub(crate) const fn place(&self) -> &'a str {
        self.place
    }

    /// What and where, for messages.
    pub(crate) fn shown(&self) -> String {
        format!("{} {}", self.what, self.place)
    }
}

/// Puts a word into a place: what could be taken for an end of it is escaped.
fn push_word(place: &mut String, word: &[u8]) {
    if !place.is_empty() {
        place.push(' ');
    }
    match word {
        b"" => place.push('%'),
        b"-" => place.push_str("%2D"),
        _ => {
            for &byte in word {
                if byte.is_ascii_graphic() && byte != b'%' && byte != b'\\' {
                    place.push(char::from(byte));
                } else {
                    let _ = write!(place, "%{byte:02X}");
                }
            }
        }
    }
}

/// The place that words are.
pub(crate) fn place_of(words: &[&[u8]]) -> String {
    let mut place = String::new();
    for word in words {
        push_word(&mut place, word);
    }
    place
}

/// A word as it was before it was escaped.
fn word(written: &str) -> Vec<u8> {
    let mut word = Vec::with_capacity(written.len());
    let mut rest = written.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| byte == b'%');
        let escaped = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(escaped) = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            word.push(escaped);
            rest = &after[2..];
            continue;
        }
        if byte != b'%' {
            word.push(byte);
        }
        rest = after;
    }
    word
}

/// The name of what tells whether a line is missing.
const CHECK: &str = "-\t-\t-\tcheck\t-";

/// A number of a name's own, small enough that no sum of counts times it is too large: 32-bit FNV-1a (Fowler, Noll and
/// Vo), folded to 16 bits.
fn weight(name: &str) -> i64 {
    let hash = name
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    i64::from((hash >> 16) ^ (hash & 0xffff)) + 1
}

/// Numbers by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells(BTreeMap<String, i64>);

impl Cells {
    /// Adds to a number of the log as a whole.
    pub(crate) fn add_of_log(&mut self, what: &str, words: &[&[u8]], n: u64) {
        let place = place_of(words);
        self.add(&format!("{OF_ALL}\t{OF_ALL}\t{OF_ALL}"), what, &place, n as i64);
    }

    /// Adds to a number; `whose` are its first three columns, as [`Self::columns`] has them.
    pub(crate) fn add(&mut self, whose: &str, what: &str, place: &str, n: i64) {
        if n == 0 {
            return;
        }
        let place = if place.is_empty() { OF_ALL } else { place };
        *self.0.entry(format!("{whose}\t{what}\t{place}")).or_default() += n;
    }

    /// The first three columns of an arm's numbers.
    pub(crate) fn columns(of: &ArmColumns) -> String {
        let configuration = place_of(&[of.configuration.as_bytes()]);
        format!("{configuration}\t{}\t{}", of.arm, of.replication)
    }

    /// Adds all of another's.
    pub fn add_all(&mut self, other: Self) {
        for (name, n) in other.0 {
            *self.0.entry(name).or_default() += n;
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The numbers of the log as a whole that are of this.
    pub(crate) fn of_log(&self, what: &str) -> impl Iterator<Item = (CellName<'_>, i64)> + use<'_> {
        let begins = format!("{OF_ALL}\t{OF_ALL}\t{OF_ALL}\t{what}\t");
        self.from(begins)
    }

    /// The numbers of an arm, whose first three columns these are.
    pub(crate) fn of_arm(
        &self,
        whose: &str,
    ) -> impl Iterator<Item = (CellName<'_>, i64)> + use<'_> {
        self.from(format!("{whose}\t"))
    }

    /// One number of the log as a whole; zero if there is none.
    pub(crate) fn one_of_log(&self, what: &str, words: &[&[u8]]) -> i64 {
        let place = place_of(words);
        let place = if place.is_empty() { OF_ALL } else { &place };
        let name = format!("{OF_ALL}\t{OF_ALL}\t{OF_ALL}\t{what}\t{place}");
        self.0.get(&name).copied().unwrap_or_default()
    }

    /// Those whose names begin so.
    fn from(&self, begins: String) -> impl Iterator<Item = (CellName<'_>, i64)> {
        let from = self.0.range(begins.clone()..);
        from.take_while(move |(name, _)| name.starts_with(&begins))
            .filter_map(|(name, n)| Some((CellName::of(name)?, *n)))
    }

    /// Writes all of them, a line each, in the order of their names.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{CHECK}\t{}", self.check())?;
        let some = self.0.iter().filter(|(name, n)| **n != 0 && *name != CHECK);
        some.into_iter().try_for_each(|(name, n)| writeln!(out, "{name}\t{n}"))
    }

    /// A number that all others together must have: each times a number of its name's. Like them it adds up, so
    /// whatever is summed by name has it, unless a line is missing.
    fn check(&self) -> i64 {
        let others = self.0.iter().filter(|(name, _)| *name != CHECK);
        others.fold(0, |sum, (name, n)| sum.wrapping_add(n.wrapping_mul(weight(name))))
    }

    /// Whether no line is missing of what was read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.0.get(CHECK).is_some_and(|told| *told == self.check())
    }

    /// Adds the number of a line.
    ///
    /// # Errors
    /// If it is no such line.
    pub fn add_line(&mut self, line: &str) -> Result<()> {
        let wrong = |why: String| {
            Error::request(why).hint(
                "give what `bks replay LOGS --partial FILE` wrote, or its lines summed by all columns but the last",
            )
        };
        let (name, n) = line.rsplit_once('\t').unwrap_or((line, ""));
        let columns = name.split('\t').count();
        if columns != NAMING {
            let all = columns + usize::from(line.contains('\t'));
            return Err(wrong(format!(
                "the line has {all} columns between tabs, but a partial result has {}",
                NAMING + 1
            )));
        }
        let Ok(n) = n.trim_end_matches('\r').parse::<i64>() else {
            return Err(wrong(format!("the last column is `{n}`, but must be a whole number")));
        };
        let sum = self.0.entry(name.to_owned()).or_default();
        match sum.checked_add(n) {
            Some(all) => *sum = all,
            None => return Err(wrong(format!("the sum of `{n}` and others is too large"))),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever a name has in it, it is one column, and the same again.
        #[test]
        fn words_come_back(words in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 1..4)) {
            let mut cells = Cells::default();
            let given: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            cells.add_of_log("what", &given, 7);
            let mut text = Vec::new();
            cells.write(&mut text).unwrap();
            let text = String::from_utf8(text).unwrap();
            prop_assert_eq!(text.matches(['\t', '\n']).count(), 12);
            prop_assert!(text.is_ascii() && !text.contains('\\'));
            let mut read = Cells::default();
            for line in text.lines() {
                read.add_line(line).unwrap();
            }
            prop_assert!(read.is_whole());
            let (name, n) = read.of_log("what").next().unwrap();
            prop_assert_eq!(name.words(), words);
            prop_assert_eq!(n, 7);
        }
    }

    /// However lines are summed, what is whole stays so, and what lacks one is not.
    #[test]
    fn a_line_that_is_missing_is_noticed() {
        let mut parts = Vec::new();
        for part in 0..3_u64 {
            let mut cells = Cells::default();
            for n in 0..20_u64 {
                cells.add_of_log("n", &[n.to_string().as_bytes()], n + part);
            }
            let mut text = Vec::new();
            cells.write(&mut text).unwrap();
            parts.push(String::from_utf8(text).unwrap());
        }
        let all: Vec<&str> = parts.iter().flat_map(|part| part.lines()).collect();
        let mut whole = Cells::default();
        for line in &all {
            whole.add_line(line).unwrap();
        }
        assert!(whole.is_whole());
        for missing in 0..all.len() {
            let mut cells = Cells::default();
            for (_, line) in all.iter().enumerate().filter(|(number, _)| *number != missing) {
                cells.add_line(line).unwrap();
            }
            assert!(!cells.is_whole(), "{}", all[missing]);
        }
    }

    #[test]
    fn lines_of_one_name_add_up() {
        let mut cells = Cells::default();
        for n in ["3", "-5", "9"] {
            cells.add_line(&format!("-\t-\t-\trequest\tlake\t{n}")).unwrap();
        }
        assert_eq!(cells.of_log("request").map(|(_, n)| n).collect::<Vec<_>>(), [7]);
        for wrong in ["", "a\tb", "-\t-\t-\ta\tb\tc\t1", "-\t-\t-\ta\tb\t1.5", "-\t-\t-\ta\tb\t"] {
            assert!(cells.add_line(wrong).is_err(), "{wrong}");
        }
    }
}
