//! Texts that patterns tell apart: of each kind one, the shortest.
//!
//! All patterns run side by side over the texts of a form, letter by letter. Texts after which the patterns stand at the
//! same places go on alike, so one of them is followed. Nothing is guessed: where no text is found that one pattern
//! stands for and another does not, there is none.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::rc::Rc;

use super::policy::TextTest;

/// A letter that no pattern names.
pub(super) const OTHER: char = '\u{e000}';

/// Places that are followed. Patterns with stars on both sides make twice as many with each.
const STATES_MAX: usize = 20_000;

/// What a pattern asks of a text.
#[derive(Clone, Copy, Debug)]
enum PatternLetter {
    One(char),
    /// One in any case.
    Folded(char),
    /// A `:` of an ARN's parts before the last: objects' keys are not tried with it.
    Colon,
    Any,
    Many,
    /// Any but `:`, and any number of them: parts of ARNs.
    AnyInPart,
    ManyInPart,
    /// Any but `/`, and any number of them: of a bucket's name within a pattern of objects.
    AnyInName,
    ManyInName,
    End,
}

/// A part of a text's form.
#[derive(Clone, Copy, Debug)]
pub(super) enum FormPart<'a> {
    Text(&'a str),
    /// Letters but `:` and `/`, the last neither `-` nor `.`: a part of an ARN, or a bucket's name.
    Word,
    /// The same, or nothing.
    WordIfAny,
    /// At least one letter of any kind, to the end.
    Rest,
}

/// Patterns, one behind the other.
#[derive(Debug, Default)]
pub(super) struct SideBySide {
    letters: Vec<PatternLetter>,
    begins: Vec<usize>,
}

impl SideBySide {
    /// Adds a value of a condition or element.
    pub(super) fn add(&mut self, comparison: TextTest, text: &str) {
        let mut colons = 0;
        let mut is_key = false;
        self.begins.push(self.letters.len());
        let has_wildcards = comparison.has_wildcards();
        let are_in_parts = comparison == TextTest::ArnLike && text != "*";
        let has_objects = text.split_once('/').is_some_and(|(_, objects)| !objects.is_empty());
        for (at, c) in text.char_indices() {
            let is_in_part = are_in_parts && colons < 5;
            // Whoever writes what is behind a star in the name means the name by it.
            let is_in_name = has_objects && !is_key;
            let is_before_key = text[at + c.len_utf8()..].starts_with('/');
            let letter = match c {
                '*' if has_wildcards && is_in_part => PatternLetter::ManyInPart,
                '?' if has_wildcards && is_in_part => PatternLetter::AnyInPart,
                '*' if has_wildcards && is_in_name && !is_before_key => PatternLetter::ManyInName,
                '?' if has_wildcards && is_in_name => PatternLetter::AnyInName,
                '*' if has_wildcards => PatternLetter::Many,
                '?' if has_wildcards => PatternLetter::Any,
                ':' if colons < 5 && !is_key => PatternLetter::Colon,
                c if comparison == TextTest::EqualIgnoringCase => PatternLetter::Folded(lower(c)),
                c => PatternLetter::One(c),
            };
            colons += usize::from(c == ':');
            is_key |= c == '/';
            self.letters.push(letter);
        }
        self.letters.push(PatternLetter::End);
    }

    /// Behind stars that stand for nothing, too.
    fn closed(&self, mut places: Vec<usize>) -> Vec<usize> {
        let mut number = 0;
        while let Some(&at) = places.get(number) {
            let is_star = matches!(
                self.letters[at],
                PatternLetter::Many | PatternLetter::ManyInPart | PatternLetter::ManyInName
            );
            if is_star {
                places.push(at + 1);
            }
            number += 1;
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    fn step(&self, places: &[usize], letter: char) -> Vec<usize> {
        let next = places.iter().filter_map(|&at| match self.letters[at] {
            PatternLetter::One(c) => (c == letter).then_some(at + 1),
            PatternLetter::Folded(c) => (c == lower(letter)).then_some(at + 1),
            PatternLetter::Colon => (letter == ':').then_some(at + 1),
            PatternLetter::Any => Some(at + 1),
            PatternLetter::Many => Some(at),
            PatternLetter::AnyInPart => (letter != ':').then_some(at + 1),
            PatternLetter::ManyInPart => (letter != ':').then_some(at),
            PatternLetter::AnyInName => (letter != '/').then_some(at + 1),
            PatternLetter::ManyInName => (letter != '/').then_some(at),
            PatternLetter::End => None,
        });
        self.closed(next.collect())
    }

    /// Letters that lead to different places, one for all others among them.
    fn letters_at(&self, places: &[usize]) -> BTreeSet<char> {
        let named = places.iter().filter_map(|&at| match self.letters[at] {
            PatternLetter::One(c) | PatternLetter::Folded(c) => Some(c),
            _ => None,
        });
        named.chain([OTHER]).collect()
    }

    /// Patterns that stand for the whole text.
    fn matching(&self, places: &[usize]) -> Vec<usize> {
        let at_end = places.iter().filter(|at| matches!(self.letters[**at], PatternLetter::End));
        at_end.copied().collect()
    }

    /// The texts of a form, of those that patterns do not tell apart one, nor the part before the form's last word's end. `None` if
    /// there are too many.
    pub(super) fn kinds(&self, form: &[FormPart]) -> Option<Vec<String>> {
        let begin = TextState {
            part: 0,
            read: 0,
            may_end: matches!(form.first(), Some(FormPart::WordIfAny)),
            of_word: Rc::default(),
            places: self.closed(self.begins.clone()),
        };
        let (mut seen, mut kinds) = (HashSet::from([begin.clone()]), HashSet::new());
        let (mut open, mut texts) = (VecDeque::from([(begin, 0)]), Vec::new());
        // Each letter behind the one that it follows.
        let mut letters: Vec<(usize, char)> = vec![(0, OTHER)];
        while let Some((state, number)) = open.pop_front() {
            if matches!(form[state.part], FormPart::Rest)
                && state.may_end
                && kinds.insert((state.of_word.clone(), self.matching(&state.places)))
            {
                texts.push(spelt(&letters, number));
            }
            for (letter, next) in self.next(form, &state) {
                if seen.insert(next.clone()) {
                    letters.push((number, letter));
                    open.push_back((next, letters.len() - 1));
                }
            }
            if seen.len() > STATES_MAX {
                return None;
            }
        }
        Some(texts)
    }

    /// What may follow a state.
    fn next(&self, form: &[FormPart], state: &TextState) -> Vec<(char, TextState)> {
        let letters = match form[state.part] {
            FormPart::Text(_) => return self.next_of_text(form, state, Rc::clone(&state.of_word)),
            FormPart::Word | FormPart::WordIfAny => {
                let mut letters = self.letters_at(&state.places);
                letters.remove(&'/');
                letters.remove(&':');
                letters
            }
            FormPart::Rest => self.letters_at(&state.places),
        };
        let is_word = !matches!(form[state.part], FormPart::Rest);
        let longer = letters.into_iter().map(|letter| {
            let may_end = !(is_word && matches!(letter, '-' | '.'));
            let places = self.step(&state.places, letter);
            (letter, TextState { may_end, places, ..state.clone() })
        });
        let mut next: Vec<(char, TextState)> = longer.collect();
        if is_word && state.may_end {
            let behind = TextState { part: state.part + 1, read: 0, ..state.clone() };
            let of_word = Rc::new(self.matching(&state.places));
            next.extend(self.next_of_text(form, &behind, of_word));
        }
        next
    }

    /// The next letter of a text that the form has.
    fn next_of_text(
        &self,
        form: &[FormPart],
        state: &TextState,
        of_word: Rc<Vec<usize>>,
    ) -> Vec<(char, TextState)> {
        let FormPart::Text(text) = form[state.part] else { return Vec::new() };
        let Some(letter) = text[state.read..].chars().next() else { return Vec::new() };
        let read = state.read + letter.len_utf8();
        let is_whole = read == text.len();
        let part = state.part + usize::from(is_whole);
        let next = TextState {
            part,
            read: if is_whole { 0 } else { read },
            may_end: is_whole && matches!(form.get(part), Some(FormPart::WordIfAny)),
            of_word,
            places: self.step(&state.places, letter),
        };
        vec![(letter, next)]
    }
}

/// Where the form and the patterns stand behind some letters of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct TextState {
    part: usize,
    /// Bytes of the form's text that were read.
    read: usize,
    /// Whether a word or rest may end here.
    may_end: bool,
    /// Patterns that stand for what ends with the last word.
    of_word: Rc<Vec<usize>>,
    places: Vec<usize>,
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// The text that ends with the letter of that number.
fn spelt(letters: &[(usize, char)], mut number: usize) -> String {
    let mut text = Vec::new();
    while number > 0 {
        let (before, letter) = letters[number];
        text.push(letter);
        number = before;
    }
    text.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::pattern::tests::words;

    /// Which of two patterns stand for a text and for what is before its `/`.
    fn signature(comparisons: [TextTest; 2], patterns: [&str; 2], text: &str) -> [bool; 4] {
        let word = text.split_once('/').unwrap().0;
        let at = |number: usize, text: &str| comparisons[number].equal(patterns[number], text);
        [at(0, text), at(1, text), at(0, word), at(1, word)]
    }

    /// Every kind that trying all short texts finds is found, each once, and no other.
    #[test]
    fn kinds_are_those_of_all_texts() {
        const FORM: [FormPart; 4] =
            [FormPart::Text("n:"), FormPart::Word, FormPart::Text("/"), FormPart::Rest];
        let texts: Vec<String> = words(&['a', 'b', '/', OTHER], 4)
            .into_iter()
            .filter(|it| {
                it.split_once('/').is_some_and(|(word, rest)| !word.is_empty() && !rest.is_empty())
            })
            .map(|it| format!("n:{it}"))
            .collect();
        let patterns: Vec<String> = words(&['a', '/', '*', '?'], 2)
            .into_iter()
            .flat_map(|it| [format!("n:{it}"), format!("*{it}")])
            .collect();
        let mut found = 0;
        for (first, second) in patterns.iter().flat_map(|it| patterns.iter().map(move |o| (it, o)))
        {
            for comparisons in [
                [TextTest::Like; 2],
                [TextTest::Like, TextTest::EqualIgnoringCase],
                [TextTest::ArnLike; 2],
            ] {
                let mut side_by_side = SideBySide::default();
                side_by_side.add(comparisons[0], first);
                side_by_side.add(comparisons[1], second);
                let of = |text: &String| signature(comparisons, [first, second], text);
                let kinds: Vec<_> = side_by_side.kinds(&FORM).unwrap().iter().map(of).collect();
                let told: HashSet<_> = kinds.iter().copied().collect();
                assert_eq!(told.len(), kinds.len(), "{first} {second}: each once");
                let tried: HashSet<_> = texts.iter().map(of).collect();
                assert!(tried.is_subset(&told), "{first} {second}: {tried:?} {told:?}");
                found += kinds.len();
            }
        }
        assert!(found > 4_000, "{found}");
    }

    #[test]
    fn what_is_too_much_is_not_followed() {
        let mut side_by_side = SideBySide::default();
        for number in 0..20 {
            side_by_side.add(TextTest::Like, &format!("*/{number}x/*"));
        }
        assert_eq!(
            side_by_side.kinds(&[FormPart::Word, FormPart::Text("/"), FormPart::Rest]),
            None
        );
    }
}
