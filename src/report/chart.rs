//! Charts from typed rows.
//!
//! ```text
//! rows ── saving, timeline, bill … ──► Chart ── layout ──► Scene ──┬─ svg
//! CSV file ── file ─► rows            (no pixels)    (pixels, marks)└─ png
//! ```
//!
//! A [`Chart`] is plain data: what is to be seen, with units, no pixels. [`layout::scene`] puts it
//! into pixels and notes where each figure came to stand; `svg` and `png` turn that into files.

pub mod axis;
mod bars;
mod bill;
mod break_even;
pub mod colours;
mod comparison;
mod configurations;
mod curve;
mod figure;
pub mod file;
mod heat_map;
pub mod html;
pub mod layout;
mod months;
mod png;
mod ranges;
mod saving;
mod savings;
pub mod scene;
mod svg;
mod text;
mod timeline;

pub use bars::{operations, prefixes, requesters};
pub use bill::{bill, bill_changes};
pub use break_even::break_even_values;
pub use comparison::comparison;
pub use configurations::Options;
pub use curve::{break_even_curves, sweep};
pub use heat_map::heat_map;
pub use layout::Size;
pub use months::months;
pub use ranges::{replications, sobol, spread, tornado};
pub use saving::saving;
pub use savings::{accounts, buckets, principals};
pub use scene::Mark;
pub use svg::Drawing;
pub use timeline::{keys_alive, kms_over_time, saving_over_time, slow_downs};

use crate::error::Result;
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
    /// The file that has the figures.
    pub file: String,
    /// Whether they are those of one level of the assumptions.
    pub is_assumed: bool,
    /// What a person at the command line may want to ask for besides.
    pub advice: Option<String>,
}

impl Chart {
    fn new(name: &str, file: &str, title: String, subtitle: String, plot: Plot) -> Self {
        let (name, file) = (name.to_owned(), file.to_owned());
        Self { name, title, subtitle, plot, file, is_assumed: false, advice: None }
    }

    /// The same, of figures with every assumption as assumed.
    fn assumed(self) -> Self {
        Self { is_assumed: true, ..self }
    }

    /// Where the figures come from.
    fn source(&self) -> String {
        let level = if self.is_assumed { ", every assumption as assumed" } else { "" };
        format!("bks, {}{level}", self.file)
    }

    /// The chart as one SVG element of a page, and where each of its figures stands. The same chart gives
    /// the same bytes.
    #[must_use]
    pub fn draw(&self, size: Size) -> Drawing {
        svg::draw(self, size)
    }

    /// The chart as an SVG file of its own, dark where its viewer is.
    #[must_use]
    pub fn svg(&self, size: Size) -> String {
        svg::file(self, size)
    }

    /// The chart as a PNG file with `scale` pixels for one of the layout.
    ///
    /// # Errors
    /// If the picture would have too many pixels.
    pub fn png(&self, size: Size, scale: u32) -> Result<Vec<u8>> {
        png::draw(self, size, scale)
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
    Lines(LineChart),
    /// Horizontal bars, one row for each name.
    Bars(Bars),
    /// Cells of a grid.
    HeatMap(HeatMap),
}

/// Lines over an axis, with bands around them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineChart {
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// The lines.
    pub series: Vec<Series>,
    /// What the bands are, if there are any; over names they stand as whiskers.
    pub band: Option<String>,
    /// Level lines; one that the axis does not reach stands in the legend alone.
    pub references: Vec<Reference>,
}

impl LineChart {
    /// Every figure, with the ends of bands.
    fn figures(&self) -> impl Iterator<Item = f64> {
        let points = self.series.iter().flat_map(|series| &series.points);
        points.flat_map(|point| point.y.into_iter().chain(point.range.iter().flat_map(both)))
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Number of its colour and sign.
    pub colour: usize,
    /// Its points from left to right.
    pub points: Vec<LinePoint>,
}

/// One point of a line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinePoint {
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// From left to right.
    pub axis: Axis,
    /// Names of the parts of bars, and the numbers of their colours; the legend, if more than one.
    pub parts: Vec<(String, usize)>,
    /// The rows from top to bottom.
    pub rows: Vec<BarRow>,
    /// What the whiskers are, if there are any.
    pub whisker: Option<String>,
    /// What the short upright strokes are, if there are any.
    pub strokes: Option<String>,
    /// What the dots are, if there are any.
    pub dots: Option<String>,
    /// A figure that every bar is seen against.
    pub reference: Option<Reference>,
}

impl Bars {
    /// Every bar.
    fn each(&self) -> impl Iterator<Item = &Bar> {
        self.rows.iter().flat_map(|row| &row.bars)
    }

    /// Every figure that bars, whiskers, strokes and dots reach to.
    fn figures(&self) -> impl Iterator<Item = f64> {
        self.each().flat_map(|bar| {
            let parts = bar.parts.iter().flat_map(|part| [part.from, part.to]);
            let ranges = bar.range.iter().flat_map(both);
            parts.chain(ranges).chain(bar.strokes.clone()).chain(bar.dots.iter().map(|dot| dot.0))
        })
    }

    /// Whether any bar has a whisker.
    fn has_ranges(&self) -> bool {
        self.each().any(|bar| bar.range.is_some())
    }
}

fn both((low, high): &(f64, f64)) -> [f64; 2] {
    [*low, *high]
}

/// A name and its bars.
#[derive(Clone, Debug, PartialEq)]
pub struct BarRow {
    /// Its name.
    pub name: String,
    /// Its bars from top to bottom; if there are none the name is a heading of the rows below.
    pub bars: Vec<Bar>,
}

impl BarRow {
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
    pub parts: Vec<BarPart>,
    /// What its whisker covers.
    pub range: Option<(f64, f64)>,
    /// Its short upright strokes.
    pub strokes: Vec<f64>,
    /// Its dots, each in words.
    pub dots: Vec<(f64, String)>,
    /// Number of the dots' colour.
    pub colour: usize,
    /// Texts at its left and right end.
    pub ends: Option<[String; 2]>,
    /// Its figure in words, beside it.
    pub value: String,
    /// The whole bar in words.
    pub label: String,
}

impl Bar {
    /// A bar of one part, from zero to a figure, if it is known.
    fn to(figure: Option<f64>, part: usize, value: String, label: String) -> Self {
        let parts = figure.map(|to| BarPart { part, from: 0.0, to, label: String::new() });
        Self { parts: parts.into_iter().collect(), value, label, ..Self::default() }
    }
}

/// One part of a bar.
#[derive(Clone, Debug, PartialEq)]
pub struct BarPart {
    /// Which of [`Bars::parts`].
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
    /// The columns from left to right.
    pub x: AxisNames,
    /// The rows from bottom to top.
    pub y: AxisNames,
    /// What the colours mean.
    pub figure: String,
    /// The cells that are known.
    pub cells: Vec<HeatCell>,
}

/// Names along one side of a heat map.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisNames {
    /// What they are.
    pub title: String,
    /// The names in order.
    pub names: Vec<String>,
}

/// One cell of a heat map.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatCell {
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
