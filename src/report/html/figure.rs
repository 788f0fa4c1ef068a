//! Charts of a page: drawn for wide and for narrow screens, with the figures behind their marks.

use maud::{Markup, PreEscaped, html};

use super::prose;
use crate::error::Result;
use crate::report::chart::{Chart, Drawing, Mark, Options, Size};
use crate::shown::shown;

/// Widths of the two drawings, in pixels.
const WIDE: u32 = 960;
const NARROW: u32 = 520;

/// A chart with what a page says of it.
pub(super) struct Figure {
    chart: Chart,
    wide: Drawing,
    narrow: Drawing,
    file: String,
    /// Which table of the page has its figures in words.
    table: &'static str,
}

impl Figure {
    /// A chart of a file's rows, whose figures stand in the page's table `table`; `None` if there are
    /// no rows.
    pub(super) fn of<T>(
        draw: fn(&[T], &Options) -> Result<Chart>,
        rows: &[T],
        table: &'static str,
    ) -> Result<Option<Self>> {
        if rows.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self::new(draw(rows, &Options::default())?, table)))
    }

    pub(super) fn new(chart: Chart, table: &'static str) -> Self {
        let file = chart.file.clone();
        Self::draw(chart, &file, table)
    }

    /// The same under a name that others of its kind do not have.
    pub(super) fn numbered(self, number: usize) -> Self {
        let chart = Chart { name: format!("break-even-{number}"), ..self.chart };
        Self::draw(chart, &self.file, self.table)
    }

    fn draw(chart: Chart, file: &str, table: &'static str) -> Self {
        // Lines on a narrow screen need more height than a slide's shape gives them.
        let is_lines = chart.has_lines();
        let draw = |width, height| {
            let named = Chart { name: format!("{}-{width}", chart.name), ..chart.clone() };
            named.draw(Size { width: Some(width), height })
        };
        Self {
            wide: draw(WIDE, None),
            narrow: draw(NARROW, is_lines.then_some(NARROW)),
            file: file.to_owned(),
            table,
            chart,
        }
    }

    /// The places of the marks of a point of a sweep, for the script: those of both drawings.
    pub(super) fn places(&self, number: u64, headline: &str) -> serde_json::Value {
        let of = |drawing: &Drawing| -> Vec<serde_json::Value> {
            let marks = drawing.marks.iter().filter(|mark| {
                mark.point
                    .as_ref()
                    .is_some_and(|it| it.number == number && it.configuration == headline)
            });
            marks.map(|mark| share(mark, drawing).to_vec().into()).collect()
        };
        serde_json::json!([of(&self.wide), of(&self.narrow)])
    }

    /// The chart. What its marks say stands with the figure once, where they stand with each drawing.
    pub(super) fn render(&self) -> Markup {
        let label = format!("{}; arrow keys step through the figures", self.chart.title);
        let (wide, narrow) = (labels(&self.wide), labels(&self.narrow));
        let own = (narrow != wide).then_some(&narrow);
        let drawings = [("wide", &self.wide, None), ("narrow", &self.narrow, own)];
        html! {
            figure #(format!("figure-{}", self.chart.name)) data-labels=(wide) {
                @for (class, drawing, labels) in drawings {
                    div.plot.(class) tabindex="0" role="group" aria-label=(label)
                        data-places=(places(drawing)) data-labels=[labels] {
                        (PreEscaped(&drawing.svg))
                    }
                }
                figcaption.file {
                    "Figures in words: " a href=(format!("#{}", self.table)) { "table" }
                    "; in full: " code { (self.file) }
                }
            }
        }
    }
}

/// Where a mark stands, in shares of the drawing.
fn share(mark: &Mark, drawing: &Drawing) -> [f64; 2] {
    let of = |at: f64, whole: u32| (at / f64::from(whole) * 1e4).round() / 1e4;
    [of(mark.x, drawing.width), of(mark.y, drawing.height)]
}

/// Where the marks stand, for the script: `x,y x,y …`.
fn places(drawing: &Drawing) -> String {
    let places = drawing.marks.iter().map(|mark| share(mark, drawing));
    let places: Vec<String> = places.map(|[x, y]| format!("{x},{y}")).collect();
    places.join(" ")
}

/// What the marks say, a line each.
fn labels(drawing: &Drawing) -> String {
    let one_line = |mark: &Mark| shown(&mark.label).into_owned();
    let labels: Vec<String> = drawing.marks.iter().map(one_line).collect();
    labels.join("\n")
}

/// Charts one below the other, with a heading of their own only if there are any.
pub(super) fn all(figures: &[Option<Figure>]) -> Markup {
    html! { @for figure in figures.iter().flatten() { (figure.render()) } }
}

/// A remark in the place of a chart.
pub(super) fn none(why: &str) -> Markup {
    html! { p.note { (prose(why)) } }
}
