//! How wide a text is, and how it is made to fit.
//!
//! Measured in Noto Sans, which comes with bks and is what PNG files are set in. A viewer of an SVG
//! file may have another font, so the layout leaves room.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont};

/// Fonts that an SVG file asks for, best first.
pub(super) const FAMILY: &str = "Noto Sans, Segoe UI, Helvetica Neue, Arial, sans-serif";

/// How much wider than Noto Sans a viewer's font may be.
const ROOM: f64 = 1.1;

static REGULAR: LazyLock<FontRef<'static>> = LazyLock::new(|| font(notosans::REGULAR_TTF));
static BOLD: LazyLock<FontRef<'static>> = LazyLock::new(|| font(notosans::BOLD_TTF));

fn font(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("the font is part of the program")
}

/// The font that text is set in.
pub(super) fn face(bold: bool) -> &'static FontRef<'static> {
    if bold { &BOLD } else { &REGULAR }
}

/// The scale at which an em has `size` pixels; fonts count from the ascender to the descender.
pub(super) fn scale(font: &FontRef<'static>, size: f64) -> PxScale {
    let em = font.units_per_em().unwrap_or(1_000.0);
    PxScale::from(size as f32 * font.height_unscaled() / em)
}

/// Width of a line of text in pixels, with room for other fonts.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let font = face(bold);
    let font = font.as_scaled(scale(font, size));
    let mut width = 0.0;
    let mut previous = None;
    for glyph in text.chars().map(|c| font.glyph_id(c)) {
        width += font.h_advance(glyph) + previous.map_or(0.0, |last| font.kern(last, glyph));
        previous = Some(glyph);
    }
    f64::from(width) * ROOM
}

/// The text, or as much of its beginning as fits, with an ellipsis.
pub(super) fn shorten(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let mut short = text.to_owned();
    while short.pop().is_some() {
        let candidate = format!("{}…", short.trim_end());
        if width(&candidate, size, bold) <= room {
            return candidate;
        }
    }
    "…".to_owned()
}

/// Breaks a text into at most `lines` lines that fit, between words or after `/`, `-`, `_` and `:`;
/// what does not fit ends in an ellipsis.
pub(super) fn wrap(text: &str, size: f64, bold: bool, room: f64, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let last = out.len() + 1 == lines;
        if last || width(rest, size, bold) <= room {
            out.push(shorten(rest, size, bold, room));
            return out;
        }
        let at = break_at(rest, size, bold, room);
        out.push(rest[..at].trim_end().to_owned());
        rest = rest[at..].trim_start();
    }
    out
}

/// Where the first line of `text` ends: at the last place to break that fits, else within a word.
fn break_at(text: &str, size: f64, bold: bool, room: f64) -> usize {
    let fits = |end: usize| width(text[..end].trim_end(), size, bold) <= room;
    let ends = || text.char_indices().map(|(at, c)| (at + c.len_utf8(), c));
    let between = ends().filter(|(_, c)| c.is_whitespace() || "/-_:".contains(*c));
    let at = between.map(|(end, _)| end).take_while(|end| fits(*end)).last();
    at.or_else(|| ends().map(|(end, _)| end).take_while(|end| fits(*end)).last())
        .unwrap_or_else(|| text.chars().next().map_or(0, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fonts_have_every_sign_that_charts_use() {
        for bold in [false, true] {
            for sign in "aZ09 …–±%$[]()/,.:µ-+".chars() {
                assert_ne!(face(bold).glyph_id(sign).0, 0, "{sign}");
            }
        }
    }

    #[test]
    fn widths_add_up_and_grow_with_the_size() {
        let (one, two) = (width("mm", 10.0, false), width("mmmm", 10.0, false));
        assert!((two - 2.0 * one).abs() < 1e-3);
        assert!((width("mm", 20.0, false) - 2.0 * one).abs() < 1e-3);
        // Noto Sans: an m is 0.932 em wide.
        assert!((one / ROOM - 2.0 * 9.32).abs() < 0.1, "{one}");
    }

    #[test]
    fn wrapped_lines_fit_and_lose_nothing_if_there_is_room() {
        let text = "bucket-key-for-each-session and a verifying Decrypt/with-a-name";
        let lines = wrap(text, 12.0, false, 140.0, 9);
        assert!(lines.len() > 2);
        assert!(lines.iter().all(|line| width(line, 12.0, false) <= 140.0), "{lines:?}");
        let strip = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(strip(&lines.concat()), strip(text));
        let cut = wrap(text, 12.0, false, 140.0, 2);
        assert_eq!(cut.len(), 2);
        assert!(cut[1].ends_with('…'));
    }

    #[test]
    fn a_word_without_a_place_to_break_is_broken_anyway() {
        let lines = wrap(&"m".repeat(40), 12.0, false, 60.0, 100);
        assert_eq!(lines.concat().len(), 40);
        // What cannot be broken stands as it is.
        assert_eq!(wrap("ä", 12.0, false, 0.1, 3), ["ä"]);
    }
}
