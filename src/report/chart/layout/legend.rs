//! The legend: above the plot, in as many lines as it takes.

use super::super::colours::{INK, MUTED, of_series};
use super::super::scene::{Anchor, Area, Point};
use super::super::text::LABEL;
use super::{Frame, MIDDLE};

/// What stands before the text of an entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Swatch {
    /// A line with the sign of the series of that number.
    Line(usize),
    /// A filled box in the colour of that number.
    Box(usize),
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

impl Swatch {
    /// Its pixels, with those to the text.
    fn width(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Box(_) | Self::Dot => 18.0,
            Self::Stroke => 11.0,
            _ => 32.0,
        }
    }
}

/// Pixels between two entries, and from line to line.
const GAP: f64 = 20.0;
const LINE: f64 = 20.0;

/// Draws the entries at the top of the free area and keeps their place free.
pub(super) fn draw(entries: &[(Swatch, String)], frame: &mut Frame) {
    if entries.is_empty() {
        return;
    }
    let Area { left, top, right, .. } = frame.free;
    let widest = entries.iter().map(|(swatch, _)| swatch.width()).fold(0.0, f64::max);
    let texts: Vec<&str> = entries.iter().map(|(_, text)| text.as_str()).collect();
    let texts = LABEL.names(&texts, right - left - widest, 1);
    let (mut x, mut y, mut end) = (left, top, left);
    for ((swatch, _), text) in entries.iter().zip(texts) {
        let text = text.concat();
        let width = swatch.width() + LABEL.width(&text);
        if x > left && x + width > right {
            (x, y) = (left, y + LINE);
        }
        let middle = y + LINE / 2.0;
        draw_swatch(*swatch, (x, middle), frame);
        let at = (x + swatch.width(), middle + LABEL.size * MIDDLE);
        frame.label(&text, at, Anchor::Start);
        end = end.max(x + width);
        x += width + GAP;
    }
    let bottom = y + LINE;
    frame.scene.legend = Some(Area { left, top, right: end, bottom });
    frame.free.top = bottom + 8.0;
}

/// Draws a swatch whose left edge is at the middle of its line.
fn draw_swatch(swatch: Swatch, (x, y): Point, frame: &mut Frame) {
    let scene = &mut frame.scene;
    match swatch {
        Swatch::None => {}
        Swatch::Line(series) => {
            scene.line(vec![(x, y), (x + 26.0, y)], of_series(series), 2.2);
            scene.sign((x + 13.0, y), series, of_series(series));
        }
        Swatch::Box(colour) => {
            let area = Area { left: x, top: y - 6.0, right: x + 12.0, bottom: y + 6.0 };
            scene.rect(area, of_series(colour), 1.0);
        }
        Swatch::Band => {
            let area = Area { left: x, top: y - 7.0, right: x + 26.0, bottom: y + 7.0 };
            scene.rect(area, MUTED, 0.22);
            scene.line(vec![(x, y), (x + 26.0, y)], MUTED, 2.2);
        }
        Swatch::Dashes => scene.dashes((x, y), (x + 26.0, y), INK),
        Swatch::Whisker => scene.whisker([(x, y), (x + 26.0, y)], 5.0, INK, 1.4),
        Swatch::Stroke => scene.line(vec![(x + 2.0, y - 7.0), (x + 2.0, y + 7.0)], MUTED, 2.0),
        Swatch::Dot => scene.sign((x + 6.0, y), 0, MUTED),
    }
}
