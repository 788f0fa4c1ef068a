//! Charts from the CSV files that bks writes.
//!
//! ```text
//! CSV text ── Table ── Kind::chart ──► Chart ── layout ──► Scene ──┬─ svg ──► Drawing ── html
//!                      (one file a kind)     (pixels, marks)       └─ png
//! ```
//!
//! A [`Chart`] is plain data: what is to be seen, with units, no pixels. [`layout::scene`] puts it
//! into pixels and notes where each figure came to stand; the painters turn that into files, with
//! plotters' backends. Nothing here knows of scenarios: all that is drawn stands in the file.

pub mod axis;
pub mod choice;
pub mod colours;
pub mod html;
mod kinds;
pub mod layout;
mod paint;
pub mod png;
pub mod scene;
mod shim;
pub mod svg;
pub mod table;
mod text;

pub use kinds::{Kind, Options};
pub use layout::Size;
pub use scene::Mark;
pub use shim::{
    bill, bill_changes, break_even_curves, break_even_values, buckets, comparison, heat_map,
    keys_alive, kms_over_time, operations, prefixes, principals, replications, requesters, saving,
    sobol, spread, sweep, tornado,
};
pub use svg::Drawing;

use axis::Axis;

/// What is to be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// A short name of letters, digits and `-`, for files and for the parts of a page.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// Of what, and what its signs mean.
    pub subtitle: String,
    /// The figures.
    pub plot: Plot,
    /// Where the figures come from.
    pub source: String,
}

impl Chart {
    /// The chart as one SVG element, and where each of its figures stands. The same chart gives the same
    /// bytes.
    #[must_use]
    pub fn draw(&self, size: Size) -> Drawing {
        svg::draw(self, size)
    }

    /// Whether it has lines over an axis, which need height on a narrow screen.
    #[must_use]
    pub fn has_lines(&self) -> bool {
        matches!(self.plot, Plot::Lines(_))
    }
}

/// How the figures stand.
#[derive(Clone, Debug, PartialEq)]
pub enum Plot {
    /// Lines over an axis.
    Lines(Lines),
    /// Horizontal bars, one row for each name.
    Rows(Rows),
    /// Cells of a grid.
    HeatMap(HeatMap),
}

/// Lines over an axis, with bands around them.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// The lines.
    pub series: Vec<Series>,
    /// What the bands are, if there are any; over names they stand as whiskers.
    pub band: Option<String>,
    /// Level lines; one that the axis does not reach is told in the legend alone.
    pub references: Vec<Reference>,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Number of its colour and sign.
    pub colour: usize,
    /// Its points from left to right.
    pub points: Vec<Point>,
}

/// One point of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Where along the axis.
    pub x: f64,
    /// How high; `None` where the figure is unknown.
    pub y: Option<f64>,
    /// What the band covers there.
    pub range: Option<(f64, f64)>,
    /// The point in words.
    pub label: String,
    /// Which point of a sweep it is, if of one.
    pub point: Option<SweptPoint>,
}

/// A point of a sweep, for one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweptPoint {
    /// Number of the point.
    pub number: u64,
    /// Name of the configuration.
    pub configuration: String,
}

/// A figure to compare with.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The figure.
    pub value: f64,
    /// What it is, and how much.
    pub text: String,
}

/// Horizontal bars, one row for each name.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// From left to right.
    pub axis: Axis,
    /// Names of the parts of bars, and the numbers of their colours; the legend, if more than one.
    pub parts: Vec<(String, usize)>,
    /// The rows from top to bottom.
    pub rows: Vec<Row>,
    /// What the whiskers are, if there are any.
    pub whisker: Option<String>,
    /// What the short upright strokes are, if there are any.
    pub strokes: Option<String>,
    /// What the dots are, if there are any.
    pub dots: Option<String>,
    /// A figure that every bar is seen against.
    pub reference: Option<Reference>,
}

/// One row: a name and its bars.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its bars from top to bottom; if there are none the name is a heading of the rows below.
    pub bars: Vec<Bar>,
}

impl Row {
    /// Whether it names the rows below instead of showing a figure.
    #[must_use]
    pub fn is_heading(&self) -> bool {
        self.bars.is_empty()
    }
}

/// One bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bar {
    /// Its parts.
    pub parts: Vec<Part>,
    /// What its whisker covers.
    pub range: Option<(f64, f64)>,
    /// Its short upright strokes.
    pub strokes: Vec<f64>,
    /// Its dots, each in words.
    pub dots: Vec<(f64, String)>,
    /// Number of the dots' colour.
    pub colour: usize,
    /// Texts at its left and right end.
    pub ends: Option<(String, String)>,
    /// Its figure in words, beside it.
    pub value: String,
    /// The whole bar in words.
    pub label: String,
}

/// One part of a bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Which of [`Rows::parts`].
    pub part: usize,
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// The part in words.
    pub label: String,
}

/// Cells of a grid, coloured after their figure.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// Names of the columns from left to right, and what they are.
    pub x: (String, Vec<String>),
    /// Names of the rows from bottom to top, and what they are.
    pub y: (String, Vec<String>),
    /// What the colours mean.
    pub figure: String,
    /// The cells that are known.
    pub cells: Vec<Cell>,
}

/// One cell of a heat map.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Number of its column.
    pub x: usize,
    /// Number of its row.
    pub y: usize,
    /// Its figure.
    pub value: f64,
    /// Its figure as it is written.
    pub text: String,
    /// The cell in words.
    pub label: String,
    /// Which point of a sweep it is.
    pub point: Option<SweptPoint>,
}
