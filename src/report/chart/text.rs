//! How wide a text is, and how it is made to fit.
//!
//! Measured in Noto Sans, which comes with bks and is what PNG files are set in. A viewer of an SVG
//! file may have another font, so the layout leaves room.

use std::sync::LazyLock;

use ab_glyph::{Font as _, FontRef, PxScale, ScaleFont};

use super::colours::{Colour, INK, MUTED};

/// Fonts that an SVG file asks for, best first.
pub(super) const FAMILY: &str = "Noto Sans, Segoe UI, Helvetica Neue, Arial, sans-serif";

/// How much wider than Noto Sans a viewer's font may be.
const ROOM: f64 = 1.15;

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Font {
    /// Pixels of an em.
    pub size: f64,
    /// Heavy letters.
    pub bold: bool,
    /// Colour of the letters.
    pub colour: Colour,
}

/// The fonts of charts.
pub(super) const TITLE: Font = Font { size: 21.0, bold: true, colour: INK };
pub(super) const SUBTITLE: Font = Font { size: 13.5, bold: false, colour: MUTED };
pub(super) const HEADING: Font = Font { size: 13.0, bold: true, colour: INK };
pub(super) const LABEL: Font = Font { size: 13.0, bold: false, colour: INK };
pub(super) const SOURCE: Font = Font { size: 11.0, bold: false, colour: MUTED };

static REGULAR: LazyLock<FontRef<'static>> = LazyLock::new(|| face_of(notosans::REGULAR_TTF));
static BOLD: LazyLock<FontRef<'static>> = LazyLock::new(|| face_of(notosans::BOLD_TTF));

fn face_of(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("the font is part of the program")
}

impl Font {
    pub(super) fn face(self) -> &'static FontRef<'static> {
        if self.bold { &BOLD } else { &REGULAR }
    }

    /// The scale at which an em has `size` times `unit` pixels; faces count from ascender to descender.
    pub(super) fn scale(self, unit: f64) -> PxScale {
        let em = self.face().units_per_em().unwrap_or(1_000.0);
        PxScale::from((self.size * unit) as f32 * self.face().height_unscaled() / em)
    }

    /// Width of a line of text in pixels, with room for other fonts.
    pub(super) fn width(self, text: &str) -> f64 {
        let face = self.face().as_scaled(self.scale(1.0));
        let mut width = 0.0;
        let mut previous = None;
        for glyph in text.chars().map(|c| face.glyph_id(c)) {
            width += face.h_advance(glyph) + previous.map_or(0.0, |last| face.kern(last, glyph));
            previous = Some(glyph);
        }
        f64::from(width) * ROOM
    }

    /// Width of the widest of some texts.
    pub(super) fn widest<'a>(self, texts: impl IntoIterator<Item = &'a str>) -> f64 {
        texts.into_iter().map(|text| self.width(text)).fold(0.0, f64::max)
    }

    /// The text, or as much of its beginning as fits, with an ellipsis.
    pub(super) fn shorten(self, text: &str, room: f64) -> String {
        longest(text, 0.0, |short| self.width(short) <= room)
    }

    /// A name on as many lines as it takes; of one that does not fit into `lines` the middle is left out.
    pub(super) fn name(self, name: &str, room: f64, lines: usize) -> Vec<String> {
        // The end tells more names apart than the beginning.
        let fitting = longest(name, 0.6, |short| self.lines(short, room, lines).1.is_empty());
        self.lines(&fitting, room, lines).0
    }

    /// Names as by [`Font::name`]. Those that would look alike begin where they differ.
    pub(super) fn names(self, names: &[&str], room: f64, lines: usize) -> Vec<Vec<String>> {
        let plain: Vec<Vec<String>> =
            names.iter().map(|name| self.name(name, room, lines)).collect();
        let mut apart = plain.clone();
        for (at, name) in names.iter().enumerate() {
            let alike = names.iter().zip(&plain);
            let alike = alike.filter(|(other, cut)| **cut == plain[at] && *other != name);
            if let Some(shared) = alike.map(|(other, _)| common(name, other)).min() {
                apart[at] = self.name(&format!("…{}", &name[shared..]), room, lines);
            }
        }
        apart
    }

    /// Breaks sentences into at most `lines` lines; what does not fit ends in an ellipsis.
    pub(super) fn wrap(self, text: &str, room: f64, lines: usize) -> Vec<String> {
        let (mut all, rest) = self.lines(text, room, lines - 1);
        if !rest.is_empty() {
            all.push(self.shorten(rest, room));
        }
        all
    }

    /// Breaks a text between words or after `/`, `-`, `_` and `:` into at most `lines` lines that fit, and
    /// what is left.
    fn lines(self, text: &str, room: f64, lines: usize) -> (Vec<String>, &str) {
        let mut out = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() && out.len() < lines {
            let end = if self.width(rest) <= room { rest.len() } else { self.break_at(rest, room) };
            out.push(rest[..end].trim_end().to_owned());
            rest = rest[end..].trim_start();
        }
        (out, rest)
    }

    /// Where the first line of `text` ends: at the last place to break that fits, else within a word.
    fn break_at(self, text: &str, room: f64) -> usize {
        let ends: Vec<(usize, char)> =
            text.char_indices().map(|(at, c)| (at + c.len_utf8(), c)).collect();
        let fitting = ends.partition_point(|(end, _)| self.width(text[..*end].trim_end()) <= room);
        let fitting = &ends[..fitting.max(1)];
        let between = fitting.iter().rev().find(|(_, c)| c.is_whitespace() || "/-_:".contains(*c));
        let at = between.or(fitting.last());
        at.map_or(text.len(), |(end, _)| *end)
    }
}

/// The text, or as many of its characters as fit around an ellipsis, of which the share `behind` stands
/// behind it.
fn longest(text: &str, behind: f64, fits: impl Fn(&str) -> bool) -> String {
    if fits(text) {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let lengths: Vec<usize> = (0..chars.len()).collect();
    let fitting = lengths.partition_point(|kept| fits(&around_ellipsis(&chars, *kept, behind)));
    around_ellipsis(&chars, fitting.saturating_sub(1), behind)
}

fn around_ellipsis(chars: &[char], kept: usize, behind: f64) -> String {
    let end = (kept as f64 * behind).round() as usize;
    let before: String = chars[..kept - end].iter().collect();
    let after: String = chars[chars.len() - end..].iter().collect();
    format!("{}…{}", before.trim_end(), after.trim_start())
}

/// Bytes that two texts have in common at their beginnings.
fn common(a: &str, b: &str) -> usize {
    let same = a.char_indices().zip(b.chars()).find(|((_, a), b)| a != b);
    same.map_or(a.len().min(b.len()), |((at, _), _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fonts_have_every_sign_that_charts_use() {
        for font in [LABEL, TITLE] {
            for sign in "aZ09 …–±%$[]()/,.:µ-+".chars() {
                assert_ne!(font.face().glyph_id(sign).0, 0, "{sign}");
            }
        }
    }

    #[test]
    fn widths_add_up_and_are_those_of_the_font() {
        let (one, two) = (LABEL.width("mm"), LABEL.width("mmmm"));
        assert!((two - 2.0 * one).abs() < 1e-3);
        // Noto Sans: an m is 0.932 em wide.
        assert!((one / ROOM - 2.0 * 0.932 * LABEL.size).abs() < 0.1, "{one}");
    }

    #[test]
    fn lines_fit_and_lose_nothing_if_there_is_room() {
        let text = "bucket-key-for-each-session and a verifying Decrypt/with-a-name";
        let lines = LABEL.wrap(text, 150.0, 9);
        assert!(lines.len() > 2);
        assert!(lines.iter().all(|line| LABEL.width(line) <= 150.0), "{lines:?}");
        let letters = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(letters(&lines.concat()), letters(text));
        let cut = LABEL.wrap(text, 150.0, 2);
        assert_eq!(cut.len(), 2);
        assert!(cut[1].ends_with('…'));
        assert_eq!(LABEL.wrap(&"m".repeat(40), 60.0, 100).concat().len(), 40);
        // What cannot be broken stands as it is.
        assert_eq!(LABEL.wrap("ä", 0.1, 3), ["ä"]);
    }

    /// Wherever names differ, they do so after they are cut, too.
    #[test]
    fn names_are_cut_where_they_are_alike() {
        let long = "x".repeat(90);
        for names in [
            ["a", "b", "c"].map(|end| format!("{long}{end}")),
            ["a", "b", "c"].map(|begin| format!("{begin}{long}")),
            ["a", "b", "c"].map(|middle| format!("{long}{middle}{long}")),
        ] {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let cut = LABEL.names(&names, 120.0, 2);
            for (i, name) in cut.iter().enumerate() {
                assert!(name.len() <= 2 && !cut[..i].contains(name), "{cut:?}");
                assert!(name.iter().all(|line| LABEL.width(line) <= 120.0), "{cut:?}");
            }
        }
    }
}
