//! The legend: above the plot, in as many lines as it takes.

use super::super::colours::{Colour, INK, MUTED};
use super::super::scene::{Anchor, Area, Text};
use super::{Frame, LABEL, text};

/// What stands before the text of an entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Swatch {
    /// A line with the sign of its series.
    Line(usize, Colour),
    /// A filled box.
    Box(Colour),
    /// A band around a line.
    Band,
    /// A line of dashes.
    Dashes,
    /// A whisker.
    Whisker,
    /// A short upright stroke.
    Stroke,
    /// A dot.
    Dot,
    /// Nothing.
    None,
}

/// One entry of the legend.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) swatch: Swatch,
    pub(super) text: String,
}

impl Entry {
    pub(super) fn new(swatch: Swatch, text: impl Into<String>) -> Self {
        Self { swatch, text: text.into() }
    }

    fn swatch_width(&self) -> f64 {
        match self.swatch {
            Swatch::None => 0.0,
            Swatch::Box(_) | Swatch::Dot => 12.0 + 6.0,
            Swatch::Stroke => 5.0 + 6.0,
            _ => 26.0 + 6.0,
        }
    }
}

/// Pixels between two entries, and from line to line.
const GAP: f64 = 20.0;
const LINE: f64 = 20.0;

/// Draws the legend at the top of the free area and keeps its place free.
pub(super) fn draw(entries: &[Entry], frame: &mut Frame) {
    if entries.is_empty() {
        return;
    }
    let begin = frame.free;
    let (mut x, mut y) = (begin.left, begin.top);
    let mut right = begin.left;
    for entry in entries {
        let swatch = entry.swatch_width();
        let text = text::shorten(&entry.text, LABEL, false, begin.width() - swatch);
        let width = swatch + text::width(&text, LABEL, false);
        if x > begin.left && x + width > begin.right {
            (x, y) = (begin.left, y + LINE);
        }
        draw_swatch(entry.swatch, (x, y + LINE / 2.0), frame);
        frame.scene.text(Text {
            text,
            x: x + swatch,
            baseline: y + LINE / 2.0 + LABEL * 0.36,
            size: LABEL,
            bold: false,
            anchor: Anchor::Start,
            colour: INK,
        });
        right = right.max(x + width);
        x += width + GAP;
    }
    let bottom = y + LINE;
    frame.scene.legend = Some(Area { left: begin.left, top: begin.top, right, bottom });
    frame.free.top = bottom + 8.0;
}

/// Draws a swatch whose left edge is at the middle of its line.
fn draw_swatch(swatch: Swatch, (x, y): (f64, f64), frame: &mut Frame) {
    let area = |dx: f64, width: f64, half: f64| Area {
        left: x + dx,
        top: y - half,
        right: x + dx + width,
        bottom: y + half,
    };
    let scene = &mut frame.scene;
    match swatch {
        Swatch::None => {}
        Swatch::Line(sign, colour) => {
            scene.line(vec![(x, y), (x + 26.0, y)], colour, 2.2);
            scene.sign((x + 13.0, y), sign, colour);
        }
        Swatch::Box(colour) => scene.rect(area(0.0, 12.0, 6.0), colour, 1.0),
        Swatch::Band => {
            scene.rect(area(0.0, 26.0, 7.0), MUTED, 0.22);
            scene.line(vec![(x, y), (x + 26.0, y)], MUTED, 2.2);
        }
        Swatch::Dashes => scene.dashes((x, y), (x + 26.0, y), INK, 1.6),
        Swatch::Whisker => {
            scene.line(vec![(x, y), (x + 26.0, y)], INK, 1.4);
            for end in [x, x + 26.0] {
                scene.line(vec![(end, y - 5.0), (end, y + 5.0)], INK, 1.4);
            }
        }
        Swatch::Stroke => {
            scene.line(vec![(x + 2.0, y - 7.0), (x + 2.0, y + 7.0)], MUTED, 2.0);
        }
        Swatch::Dot => scene.sign((x + 6.0, y), 0, MUTED),
    }
}
