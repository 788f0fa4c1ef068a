//! The colours of charts: one fixed set, so that a page may restyle them.
//!
//! The series' colours differ in lightness as well as in hue, so they can be told apart by people who
//! are colour-blind and on grey paper; each has a contrast of at least 3 : 1 against the ground (WCAG
//! 2.2, criterion 1.4.11). Tests hold them to that.

use std::fmt::Write;

/// A colour of the screen (sRGB).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// As it stands in the SVG: `#0072B2`.
    #[must_use]
    pub fn hex(self) -> String {
        format!("#{:02X}{:02X}{:02X}", self.0, self.1, self.2)
    }

    /// Relative luminance, 0 for black and 1 for white (WCAG 2.2, "relative luminance").
    #[must_use]
    pub fn luminance(self) -> f64 {
        let [red, green, blue] = [self.0, self.1, self.2].map(|channel| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio").
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }
}

/// Colours of series, in order; beyond the last they begin again.
pub const PALETTE: [Colour; 8] = [
    Colour(0x00, 0x72, 0xB2),
    Colour(0xE0, 0x7A, 0x00),
    Colour(0x33, 0x22, 0x88),
    Colour(0x2A, 0x8C, 0x9E),
    Colour(0x4D, 0x4D, 0x4D),
    Colour(0xAA, 0x33, 0x77),
    Colour(0x7A, 0x5C, 0x00),
    Colour(0x00, 0x84, 0x5C),
];

/// Text and axes.
pub const INK: Colour = Colour(0x1F, 0x23, 0x28);
/// Text that stands back: subtitle, source.
pub const MUTED: Colour = Colour(0x57, 0x60, 0x6A);
/// Grid lines.
pub const GRID: Colour = Colour(0xDD, 0xE1, 0xE6);
/// The ground.
pub const GROUND: Colour = Colour(0xFF, 0xFF, 0xFF);
/// Text on a dark cell of a heat map; not [`GROUND`], which a page may make dark.
pub const ON_DARK: Colour = Colour(0xFD, 0xFD, 0xFD);
/// Text on a light cell of a heat map; not [`INK`], which a page may make light.
pub const ON_LIGHT: Colour = Colour(0x10, 0x10, 0x10);

/// What stands for each of the colours above on a dark ground.
pub const DARK: [(Colour, Colour); 12] = [
    (PALETTE[0], Colour(0x58, 0xB4, 0xEC)),
    (PALETTE[1], Colour(0xF2, 0x9A, 0x38)),
    (PALETTE[2], Colour(0xA9, 0x9B, 0xF5)),
    (PALETTE[3], Colour(0x63, 0xCD, 0xDD)),
    (PALETTE[4], Colour(0xB8, 0xBE, 0xC6)),
    (PALETTE[5], Colour(0xE8, 0x8A, 0xBE)),
    (PALETTE[6], Colour(0xD6, 0xB6, 0x4A)),
    (PALETTE[7], Colour(0x4C, 0xC8, 0x9C)),
    (INK, Colour(0xE6, 0xED, 0xF3)),
    (MUTED, Colour(0xA3, 0xAE, 0xBA)),
    (GRID, Colour(0x36, 0x3D, 0x46)),
    (GROUND, Colour(0x14, 0x18, 0x1D)),
];

/// The colour of the series at `index`.
#[must_use]
pub fn of_series(index: usize) -> Colour {
    PALETTE[index % PALETTE.len()]
}

/// The colour at a share of a range: viridis, whose lightness only rises, also for the colour-blind and in
/// grey (van der Walt and Smith, 2015).
#[must_use]
pub fn viridis(share: f64) -> Colour {
    let at = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (at as usize).min(VIRIDIS.len() - 2);
    let (a, b, part) = (VIRIDIS[below], VIRIDIS[below + 1], at - below as f64);
    let [red, green, blue] = [(a.0, b.0), (a.1, b.1), (a.2, b.2)]
        .map(|(a, b)| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8);
    Colour(red, green, blue)
}

/// Viridis at equal steps.
const VIRIDIS: [Colour; 9] = [
    Colour(0x44, 0x01, 0x54),
    Colour(0x47, 0x2D, 0x7B),
    Colour(0x3B, 0x52, 0x8B),
    Colour(0x2C, 0x72, 0x8E),
    Colour(0x21, 0x91, 0x8C),
    Colour(0x28, 0xAE, 0x80),
    Colour(0x5E, 0xC9, 0x62),
    Colour(0xAD, 0xDC, 0x30),
    Colour(0xFD, 0xE7, 0x25),
];

/// CSS rules that make the charts inside `scope` (a selector) dark. The drawing's own colours are
/// presentation attributes, which any rule overrides.
#[must_use]
pub fn dark_css(scope: &str) -> String {
    let mut out = String::new();
    for (light, dark) in DARK {
        for attribute in ["fill", "stroke"] {
            let _ = writeln!(
                out,
                "{scope} [{attribute}=\"{}\"] {{ {attribute}: {} }}",
                light.hex(),
                dark.hex()
            );
        }
    }
    out
}
