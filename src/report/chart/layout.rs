//! From a chart to pixels: title, subtitle and legend above, the source below, the plot between, so
//! that nothing can cover the data.

mod bars;
mod heat_map;
mod legend;
mod lines;

use super::axis::Axis;
use super::colours::{GRID, GROUND};
use super::scene::{Anchor, Area, Point, Scene};
use super::text::{Font, LABEL, SOURCE, SUBTITLE, TITLE};
use super::{Chart, Plot};

/// Pixels that stay free along the edges.
const MARGIN: f64 = 24.0;

/// What a baseline stands below the middle of its letters, in ems.
const MIDDLE: f64 = 0.36;

/// Pixels up to which a picture is narrow.
const NARROW: u32 = 600;

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
        Plot::Bars(bars) => bars::draw(bars, &mut frame),
        Plot::HeatMap(map) => heat_map::draw(map, &mut frame),
    }
    frame.scene
}

/// A slide's shape, and higher where title, legend and rows need more.
fn natural_height(chart: &Chart, width: u32) -> u32 {
    let mut frame = Frame::new(chart, width, *SIZES.end());
    let (plot, slide) = match &chart.plot {
        Plot::Lines(lines) => {
            legend::draw(&lines::entries(lines), &mut frame);
            (LINES, 9.0 / 16.0)
        }
        Plot::Bars(bars) => {
            legend::draw(&bars::entries(bars), &mut frame);
            (bars::height(bars, width), 0.0)
        }
        Plot::HeatMap(map) => (heat_map::height(map), 9.0 / 16.0),
    };
    let needed = (frame.free.top + plot + BELOW).max(f64::from(width) * slide);
    (needed.round() as u32).clamp(*SIZES.start(), *SIZES.end())
}

/// Pixels that lines need from top to bottom, and what stands below any plot.
const LINES: f64 = 240.0;
const BELOW: f64 = 84.0;

/// A scene with its title and source, and the area between them that is still free.
struct Frame {
    scene: Scene,
    free: Area,
}

impl Frame {
    fn new(chart: &Chart, width: u32, height: u32) -> Self {
        let (right, bottom) = (f64::from(width), f64::from(height));
        // On a narrow screen the page has margins of its own.
        let is_narrow = width <= NARROW;
        let margin = if is_narrow { MARGIN / 2.0 } else { MARGIN };
        let free = Area {
            left: margin,
            top: MARGIN * 0.75,
            right: right - margin,
            bottom: bottom - MARGIN / 2.0,
        };
        let (shapes, marks) = (Vec::new(), Vec::new());
        let scene = Scene { width, height, shapes, marks, plot: free, legend: None };
        let mut frame = Self { scene, free };
        frame.scene.rect(Area { left: 0.0, top: 0.0, right, bottom }, GROUND, 1.0);
        let more = if is_narrow { 2 } else { 0 };
        frame.head(&chart.title, TITLE, 2 + more);
        frame.head(&chart.subtitle, SUBTITLE, 3 + more);
        frame.free.top += 6.0;
        frame.foot(&chart.source());
        frame
    }

    /// Lines of text at the top of the free area.
    fn head(&mut self, text: &str, font: Font, lines: usize) {
        for line in font.wrap(text, self.free.width(), lines) {
            let at = (self.free.left, self.free.top + font.size);
            self.scene.text(&line, font, at, Anchor::Start);
            self.free.top += font.size * 1.35;
        }
    }

    /// Lines of text at the bottom of the free area.
    fn foot(&mut self, text: &str) {
        for line in SOURCE.wrap(text, self.free.width(), 2).into_iter().rev() {
            let at = (self.free.left, self.free.bottom - SOURCE.size * 0.25);
            self.scene.text(&line, SOURCE, at, Anchor::Start);
            self.free.bottom -= SOURCE.size * 1.35;
        }
        self.free.bottom -= 4.0;
    }

    fn label(&mut self, text: &str, at: Point, anchor: Anchor) {
        self.scene.text(text, LABEL, at, anchor);
    }

    /// What the upright axis counts, above it; keeps the place free.
    fn axis_title_above(&mut self, title: &str) {
        let title = LABEL.shorten(title, self.free.width());
        self.label(&title, (self.free.left, self.free.top + LABEL.size), Anchor::Start);
        self.free.top += LABEL.size * 2.0;
    }

    /// Takes the plot from the free area: right of `left`, above the texts of its lower axis and what that
    /// counts.
    fn plot(&mut self, left: f64, right: f64, title_below: &str) -> Area {
        if !title_below.is_empty() {
            let room = self.free.right - left;
            let title = LABEL.shorten(title_below, room);
            let at = (left + room / 2.0, self.free.bottom - LABEL.size * 0.3);
            self.label(&title, at, Anchor::Middle);
            self.free.bottom -= LABEL.size * 1.5;
        }
        let top = self.free.top;
        let bottom = (self.free.bottom - LABEL.size * 1.8).max(top + 20.0);
        self.scene.plot = Area { left, top, right, bottom };
        self.scene.plot
    }

    /// Texts of the lower axis of the plot, as many as fit, each with its place from the left.
    fn ticks_below(&mut self, ticks: &[(f64, String)]) {
        let plot = self.scene.plot;
        let baseline = plot.bottom + LABEL.size * 1.4;
        let (near, far) = (2.0, f64::from(self.scene.width) - 2.0);
        let mut taken = f64::NEG_INFINITY;
        // Figures are short; names share the room.
        let each = (plot.width() / ticks.len().max(1) as f64 - 8.0).max(90.0).min(far - near);
        for (x, text) in ticks {
            let text = LABEL.name(text, each, 1).concat();
            let half = LABEL.width(&text).min(far - near) / 2.0;
            let x = x.clamp(near + half, far - half);
            if x - half >= taken + 8.0 {
                taken = x + half;
                self.label(&text, (x, baseline), Anchor::Middle);
            }
        }
    }

    /// Grid lines across the plot.
    fn grid_upright(&mut self, ticks: &[(f64, String)]) {
        let plot = self.scene.plot;
        for (x, _) in ticks {
            if (plot.left - 0.5..=plot.right + 0.5).contains(x) {
                self.scene.line(vec![(*x, plot.top), (*x, plot.bottom)], GRID, 1.0);
            }
        }
    }
}

/// An axis between two places of the picture.
#[derive(Clone, Copy)]
struct Ruler<'a> {
    axis: &'a Axis,
    from: f64,
    to: f64,
}

impl Ruler<'_> {
    /// Where a figure stands.
    fn at(&self, value: f64) -> f64 {
        self.from + self.axis.place(value) * (self.to - self.from)
    }

    /// Places and texts of its lines, which are about `each` pixels apart.
    fn ticks(&self, each: f64) -> Vec<(f64, String)> {
        let wanted = ((self.to - self.from).abs() / each).clamp(2.0, 10.0) as usize;
        let ticks = self.axis.ticks(wanted).into_iter();
        ticks.map(|(value, text)| (self.at(value), text)).collect()
    }
}
