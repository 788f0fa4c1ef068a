//! From a chart to pixels: title, subtitle and legend above, the source below, the plot between, so
//! that nothing can cover the data.

mod heat_map;
mod legend;
mod lines;
mod rows;

use super::axis::Axis;
use super::colours::{GRID, GROUND, INK, MUTED};
use super::scene::{Anchor, Area, Scene, Text};
use super::{Chart, Plot, text};

/// Pixels of an em.
pub(super) const TITLE: f64 = 21.0;
pub(super) const SUBTITLE: f64 = 13.5;
pub(super) const LABEL: f64 = 13.0;
pub(super) const SOURCE: f64 = 11.0;

/// Pixels that stay free along the edges.
const MARGIN: f64 = 24.0;

/// The smallest picture that has room for a chart, and the largest that is one.
pub const SIZES: std::ops::RangeInclusive<u32> = 240..=8_192;

/// Pixels of a picture; what is not given is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// From left to right.
    pub width: Option<u32>,
    /// From top to bottom.
    pub height: Option<u32>,
}

/// Puts a chart into pixels.
#[must_use]
pub fn scene(chart: &Chart, size: Size) -> Scene {
    let width = size.width.unwrap_or(960);
    let height = size.height.unwrap_or_else(|| natural_height(chart, width));
    let mut frame = Frame::new(chart, width, height);
    match &chart.plot {
        Plot::Lines(lines) => lines::draw(lines, &mut frame),
        Plot::Rows(rows) => rows::draw(rows, &mut frame),
        Plot::HeatMap(map) => heat_map::draw(map, &mut frame),
    }
    frame.scene
}

/// A slide's shape, and higher where there are more rows than a slide holds.
fn natural_height(chart: &Chart, width: u32) -> u32 {
    let slide = (f64::from(width) * 9.0 / 16.0).round() as u32;
    let needed = match &chart.plot {
        Plot::Lines(_) => 0.0,
        Plot::Rows(rows) => rows::height(rows) + 200.0,
        Plot::HeatMap(map) => heat_map::height(map) + 200.0,
    };
    let least = if matches!(chart.plot, Plot::Rows(_)) { slide.min(320) } else { slide };
    (needed.round() as u32).clamp(least, *SIZES.end())
}

/// A scene with its title and source, and the area between them that is still free.
struct Frame {
    scene: Scene,
    free: Area,
}

impl Frame {
    fn new(chart: &Chart, width: u32, height: u32) -> Self {
        let (right, bottom) = (f64::from(width), f64::from(height));
        let whole = Area { left: 0.0, top: 0.0, right, bottom };
        let free = Area {
            left: MARGIN,
            top: MARGIN * 0.75,
            right: right - MARGIN,
            bottom: bottom - MARGIN / 2.0,
        };
        let (shapes, marks) = (Vec::new(), Vec::new());
        let scene = Scene { width, height, shapes, marks, plot: free, legend: None };
        let mut frame = Self { scene, free };
        frame.scene.rect(whole, GROUND, 1.0);
        frame.head(&chart.title, TITLE, true, 2);
        frame.head(&chart.subtitle, SUBTITLE, false, 3);
        frame.free.top += 6.0;
        frame.foot(&chart.source);
        frame
    }

    /// Lines of text at the top of the free area.
    fn head(&mut self, text: &str, size: f64, bold: bool, lines: usize) {
        for line in text::wrap(text, size, bold, self.free.width(), lines) {
            let baseline = self.free.top + size;
            let colour = if bold { INK } else { MUTED };
            let (x, anchor) = (self.free.left, Anchor::Start);
            self.scene.text(Text { text: line, x, baseline, size, bold, anchor, colour });
            self.free.top += size * 1.35;
        }
    }

    /// Lines of text at the bottom of the free area.
    fn foot(&mut self, text: &str) {
        let lines = text::wrap(text, SOURCE, false, self.free.width(), 2);
        for line in lines.into_iter().rev() {
            self.scene.text(Text {
                text: line,
                x: self.free.left,
                baseline: self.free.bottom - SOURCE * 0.25,
                size: SOURCE,
                bold: false,
                anchor: Anchor::Start,
                colour: MUTED,
            });
            self.free.bottom -= SOURCE * 1.35;
        }
        self.free.bottom -= 4.0;
    }

    /// A label of the usual size.
    fn label(&mut self, text: impl Into<String>, (x, baseline): (f64, f64), anchor: Anchor) {
        let (size, bold, colour) = (LABEL, false, INK);
        self.scene.text(Text { text: text.into(), x, baseline, size, bold, anchor, colour });
    }

    /// What the upright axis counts, above it; keeps the place free.
    fn axis_title_above(&mut self, title: &str) {
        let title = text::shorten(title, LABEL, false, self.free.width());
        let baseline = self.free.top + LABEL;
        self.label(title, (self.free.left, baseline), Anchor::Start);
        self.free.top += LABEL * 1.25 + LABEL * 0.75;
    }

    /// What the lower axis counts, below it; keeps the place free. `left` is where the plot begins.
    fn axis_title_below(&mut self, title: &str, left: f64) {
        if title.is_empty() {
            return;
        }
        let room = self.free.right - left;
        let title = text::shorten(title, LABEL, false, room);
        let at = (left + room / 2.0, self.free.bottom - LABEL * 0.3);
        self.label(title, at, Anchor::Middle);
        self.free.bottom -= LABEL * 1.5;
    }

    /// Texts of the lower axis of the plot, as many as fit; where each stands comes from `place`.
    fn ticks_below(&mut self, ticks: &[(f64, String)], plot: Area, place: impl Fn(f64) -> f64) {
        let baseline = plot.bottom + LABEL * 1.4;
        let (near, far) = (self.free.left - MARGIN + 2.0, self.free.right + MARGIN - 2.0);
        let mut taken = f64::NEG_INFINITY;
        // Figures are short; names share the room.
        let each = (plot.width() / ticks.len().max(1) as f64 - 8.0).max(90.0).min(far - near);
        for (value, text) in ticks {
            let text = text::shorten(text, LABEL, false, each);
            let width = text::width(&text, LABEL, false).min(far - near);
            let x = place(*value).clamp(near + width / 2.0, far - width / 2.0);
            if x - width / 2.0 < taken + 8.0 {
                continue;
            }
            taken = x + width / 2.0;
            self.label(text, (x, baseline), Anchor::Middle);
        }
    }

    /// Grid lines across the plot at the ticks of an axis that runs from left to right.
    fn grid_upright(&mut self, ticks: &[(f64, String)], plot: Area, place: impl Fn(f64) -> f64) {
        for (value, _) in ticks {
            let x = place(*value);
            if x >= plot.left - 0.5 && x <= plot.right + 0.5 {
                self.scene.line(vec![(x, plot.top), (x, plot.bottom)], GRID, 1.0);
            }
        }
    }
}

/// Width of the widest of some labels.
fn widest<'a>(texts: impl IntoIterator<Item = &'a str>) -> f64 {
    texts.into_iter().map(|text| text::width(text, LABEL, false)).fold(0.0, f64::max)
}

/// About how many lines an axis of so many pixels has room for.
fn wanted(pixels: f64, each: f64) -> usize {
    (pixels / each).clamp(2.0, 10.0) as usize
}

/// From a figure of `axis` to pixels between `from` and `to`.
fn along(axis: &Axis, from: f64, to: f64) -> impl Fn(f64) -> f64 {
    move |value| from + axis.place(value) * (to - from)
}
