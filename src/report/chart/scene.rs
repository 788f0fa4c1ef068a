//! A picture before it is a file: shapes, texts and marks, in pixels from the upper left corner.

use super::SweptPoint;
use super::colours::Colour;
use super::text;

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

    /// Whether a point lies inside or on the edge, give or take a hundredth of a pixel.
    #[must_use]
    pub fn contains(&self, (x, y): (f64, f64)) -> bool {
        let slack = 0.01;
        x >= self.left - slack
            && x <= self.right + slack
            && y >= self.top - slack
            && y <= self.bottom + slack
    }

    /// Whether two rectangles share more than an edge.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
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
pub struct Text {
    /// What it says.
    pub text: String,
    /// Where it begins, is centred or ends.
    pub x: f64,
    /// The line that the letters stand on.
    pub baseline: f64,
    /// Pixels of an em.
    pub size: f64,
    /// Heavy letters.
    pub bold: bool,
    /// Which end `x` is.
    pub anchor: Anchor,
    /// Colour of the letters.
    pub colour: Colour,
}

impl Text {
    /// What the text covers, with room for a viewer's font.
    #[must_use]
    pub fn area(&self) -> Area {
        let width = text::width(&self.text, self.size, self.bold);
        let left = match self.anchor {
            Anchor::Start => self.x,
            Anchor::Middle => self.x - width / 2.0,
            Anchor::End => self.x - width,
        };
        Area {
            left,
            top: self.baseline - 0.75 * self.size,
            right: left + width,
            bottom: self.baseline + 0.22 * self.size,
        }
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
        points: Vec<(f64, f64)>,
        /// Its colour.
        colour: Colour,
        /// How thick, in pixels.
        width: f64,
    },
    /// A filled polygon.
    Polygon {
        /// Its corners.
        points: Vec<(f64, f64)>,
        /// Its colour.
        colour: Colour,
        /// From 0, not seen, to 1.
        opacity: f64,
    },
    /// A filled circle.
    Circle {
        /// Its centre.
        centre: (f64, f64),
        /// Its radius.
        radius: f64,
        /// Its colour.
        colour: Colour,
    },
    /// A line of text.
    Text(Text),
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
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.shapes.iter().filter_map(|shape| match shape {
            Shape::Text(text) => Some(text),
            _ => None,
        })
    }

    pub(super) fn rect(&mut self, area: Area, colour: Colour, opacity: f64) {
        self.shapes.push(Shape::Rect { area, colour, opacity });
    }

    pub(super) fn line(&mut self, points: Vec<(f64, f64)>, colour: Colour, width: f64) {
        self.shapes.push(Shape::Line { points, colour, width });
    }

    /// A straight line of dashes.
    pub(super) fn dashes(&mut self, from: (f64, f64), to: (f64, f64), colour: Colour, width: f64) {
        const DASH: f64 = 7.0;
        const GAP: f64 = 4.0;
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let along = |at: f64| {
            let share = at.min(length) / length;
            (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
        };
        let dashes = (length / (DASH + GAP)).ceil() as u32;
        for begin in (0..dashes).map(|i| f64::from(i) * (DASH + GAP)) {
            self.line(vec![along(begin), along(begin + DASH)], colour, width);
        }
    }

    pub(super) fn polygon(&mut self, points: Vec<(f64, f64)>, colour: Colour, opacity: f64) {
        self.shapes.push(Shape::Polygon { points, colour, opacity });
    }

    /// The sign that tells series apart without colour; the series' number chooses it.
    pub(super) fn sign(&mut self, (x, y): (f64, f64), series: usize, colour: Colour) {
        let r = 4.2;
        let corners: &[(f64, f64)] = match series % 5 {
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
        self.polygon(points, colour, 1.0);
    }

    pub(super) fn mark(&mut self, (x, y): (f64, f64), label: impl Into<String>) {
        self.marks.push(Mark { x, y, label: label.into(), point: None });
    }

    pub(super) fn mark_of_point(
        &mut self,
        (x, y): (f64, f64),
        label: &str,
        point: Option<&SweptPoint>,
    ) {
        self.marks.push(Mark { x, y, label: label.to_owned(), point: point.cloned() });
    }

    pub(super) fn text(&mut self, text: Text) {
        if !text.text.is_empty() {
            self.shapes.push(Shape::Text(text));
        }
    }
}
