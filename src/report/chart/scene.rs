//! A picture before it is a file: shapes, texts and marks, in pixels from the upper left corner.

use super::SweptPoint;
use super::colours::Colour;
use super::text::Font;
use crate::harmless_text::shown;

/// A place in the picture: from the left edge, and from the upper edge.
pub type Point = (f64, f64);

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Lower edge.
    pub bottom: f64,
}

impl Area {
    /// From left to right.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// From top to bottom.
    #[must_use]
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// The place in the middle.
    #[must_use]
    pub fn centre(&self) -> Point {
        (f64::midpoint(self.left, self.right), f64::midpoint(self.top, self.bottom))
    }
}

/// Which end of a text its position names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The text begins there.
    Start,
    /// The text is centred there.
    Middle,
    /// The text ends there.
    End,
}

/// One line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct TextLine {
    /// What it says.
    pub text: String,
    /// Its horizontal place, and the line that the letters stand on.
    pub at: Point,
    /// How it is set.
    pub font: Font,
    /// Which end the horizontal place is.
    pub anchor: Anchor,
}

impl TextLine {
    /// What the text covers, with room for a viewer's font.
    #[must_use]
    pub fn area(&self) -> Area {
        let width = self.font.width(&self.text);
        let left = match self.anchor {
            Anchor::Start => self.at.0,
            Anchor::Middle => self.at.0 - width / 2.0,
            Anchor::End => self.at.0 - width,
        };
        let (top, bottom) = (self.at.1 - 0.75 * self.font.size, self.at.1 + 0.22 * self.font.size);
        Area { left, top, right: left + width, bottom }
    }
}

/// Something to draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A filled rectangle.
    Rect {
        /// What it covers.
        area: Area,
        /// Its colour.
        colour: Colour,
        /// From 0, not seen, to 1.
        opacity: f64,
    },
    /// A line through points.
    Line {
        /// The points.
        points: Vec<Point>,
        /// Its colour.
        colour: Colour,
        /// How thick, in pixels.
        width: f64,
    },
    /// A filled polygon.
    Polygon {
        /// Its corners.
        points: Vec<Point>,
        /// Its colour.
        colour: Colour,
        /// From 0, not seen, to 1.
        opacity: f64,
    },
    /// A filled circle.
    Circle {
        /// Its centre.
        centre: Point,
        /// Its radius.
        radius: f64,
        /// Its colour.
        colour: Colour,
    },
    /// A line of text.
    Text(TextLine),
}

/// A place in the picture that stands for one figure, and the figure in words: for hover values.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// From the left edge.
    pub x: f64,
    /// From the upper edge.
    pub y: f64,
    /// What stands there: `bucket-key-role, 3min: 91.4 % [61.9 % … 99.8 %]`.
    pub label: String,
    /// Which point of a sweep it is, if of one.
    pub point: Option<SweptPoint>,
}

/// The whole picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// What to draw, the lowest first.
    pub shapes: Vec<Shape>,
    /// One for each figure.
    pub marks: Vec<Mark>,
    /// Where the data stand.
    pub plot: Area,
    /// Where the legend stands, if there is one.
    pub legend: Option<Area>,
}

impl Scene {
    /// Every text of the picture.
    pub fn texts(&self) -> impl Iterator<Item = &TextLine> {
        self.shapes.iter().filter_map(|shape| match shape {
            Shape::Text(text) => Some(text),
            _ => None,
        })
    }

    pub(super) fn rect(&mut self, area: Area, colour: Colour, opacity: f64) {
        self.shapes.push(Shape::Rect { area, colour, opacity });
    }

    pub(super) fn line(&mut self, points: Vec<Point>, colour: Colour, width: f64) {
        self.shapes.push(Shape::Line { points, colour, width });
    }

    /// A straight line of dashes.
    pub(super) fn dashes(&mut self, from: Point, to: Point, colour: Colour) {
        const DASH: f64 = 7.0;
        const GAP: f64 = 4.0;
        let (across, down) = (to.0 - from.0, to.1 - from.1);
        let length = across.hypot(down);
        for dash in 0..(length / (DASH + GAP)).ceil() as u32 {
            let begin = f64::from(dash) * (DASH + GAP);
            let shares = [begin / length, (begin + DASH).min(length) / length];
            let ends = shares.map(|share| (from.0 + across * share, from.1 + down * share));
            self.line(ends.to_vec(), colour, 1.6);
        }
    }

    /// A line with a short stroke across each of its ends.
    pub(super) fn whisker(&mut self, ends: [Point; 2], cap: f64, colour: Colour, width: f64) {
        let [(x0, y0), (x1, y1)] = ends;
        self.line(ends.to_vec(), colour, width);
        let (dx, dy) = if (x1 - x0).abs() >= (y1 - y0).abs() { (0.0, cap) } else { (cap, 0.0) };
        for (x, y) in ends {
            self.line(vec![(x - dx, y - dy), (x + dx, y + dy)], colour, width);
        }
    }

    /// The sign that tells series apart without colour; the series' number chooses it.
    pub(super) fn sign(&mut self, (x, y): Point, series: usize, colour: Colour) {
        let r = 4.2;
        let corners: &[Point] = match series % 5 {
            0 => {
                self.shapes.push(Shape::Circle { centre: (x, y), radius: r, colour });
                return;
            }
            1 => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            2 => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
            3 => &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
            _ => &[(0.0, 1.2), (-1.1, -0.8), (1.1, -0.8)],
        };
        let points = corners.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect();
        self.shapes.push(Shape::Polygon { points, colour, opacity: 1.0 });
    }

    /// Notes a figure; one without words has none.
    pub(super) fn mark(&mut self, (x, y): Point, label: &str, point: Option<&SweptPoint>) {
        if !label.is_empty() {
            let label = shown(label).into_owned();
            self.marks.push(Mark { x, y, label, point: point.cloned() });
        }
    }

    pub(super) fn text(&mut self, text: &str, font: Font, at: Point, anchor: Anchor) {
        let text = shown(text).into_owned();
        if !text.is_empty() {
            self.shapes.push(Shape::Text(TextLine { text, at, font, anchor }));
        }
    }
}
