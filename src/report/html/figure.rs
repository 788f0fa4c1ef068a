//! Charts of a page: drawn for wide and for narrow screens, with the figures behind their marks.

use std::fmt::Write;

use maud::{Markup, PreEscaped, html};

use super::prose;
use crate::error::Result;
use crate::report::chart::layout::Size;
use crate::report::chart::scene::Mark;
use crate::report::chart::svg::{self, Drawing};
use crate::report::chart::table::Table;
use crate::report::chart::{Chart, Kind, Options};

/// Widths of the two drawings, in pixels.
const WIDE: u32 = 960;
const NARROW: u32 = 420;

/// A chart with what a page says of it.
pub(super) struct Figure {
    /// Its name in ids.
    name: String,
    title: String,
    wide: Drawing,
    narrow: Drawing,
    file: String,
    /// Which table of the page has its figures in words.
    table: &'static str,
}

impl Figure {
    /// A chart of a file's rows, whose figures stand in the page's table `table`; `None` if there are
    /// no rows.
    pub(super) fn of(
        kind: Kind,
        options: &Options,
        (file, text): (&str, &str),
        table: &'static str,
    ) -> Result<Option<Self>> {
        let rows = Table::parse(file, text)?;
        if rows.rows().next().is_none() {
            return Ok(None);
        }
        let chart = kind.chart(&rows, options).map_err(|error| error.at(file))?;
        Ok(Some(Self::draw(&chart, file, table)))
    }

    fn draw(chart: &Chart, file: &str, table: &'static str) -> Self {
        let of_width = |width| {
            let named = Chart { name: format!("{}-{width}", chart.name), ..chart.clone() };
            svg::draw(&named, Size { width: Some(width), height: None })
        };
        Self {
            name: chart.name.clone(),
            title: chart.title.clone(),
            wide: of_width(WIDE),
            narrow: of_width(NARROW),
            file: file.to_owned(),
            table,
        }
    }

    /// The places of the marks whose words begin with `start`, for the script: those of both drawings.
    pub(super) fn places(&self, start: &str) -> serde_json::Value {
        let of = |drawing: &Drawing| -> Vec<serde_json::Value> {
            let marks = drawing.marks.iter().filter(|mark| mark.label.starts_with(start));
            marks.map(|mark| share(mark, drawing).to_vec().into()).collect()
        };
        serde_json::json!([of(&self.wide), of(&self.narrow)])
    }

    /// The chart.
    pub(super) fn render(&self) -> Markup {
        let label = format!("{}; arrow keys step through the figures", self.title);
        html! {
            figure #(format!("figure-{}", self.name)) {
                @for (class, drawing) in [("wide", &self.wide), ("narrow", &self.narrow)] {
                    div.plot.(class) tabindex="0" role="group" aria-label=(label)
                        data-marks=(marks(drawing)) {
                        (PreEscaped(&drawing.svg))
                    }
                }
                figcaption.file {
                    "Figures in words: " a href=(format!("#{}", self.table)) { "table below" }
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

/// The marks for the script: `[x, y, words]`.
fn marks(drawing: &Drawing) -> String {
    let mut out = String::from("[");
    for (i, mark) in drawing.marks.iter().enumerate() {
        let [x, y] = share(mark, drawing);
        let label = serde_json::Value::from(mark.label.as_str());
        let _ = write!(out, "{}[{x},{y},{label}]", if i > 0 { "," } else { "" });
    }
    out.push(']');
    out
}

/// Charts one below the other, with a heading of their own only if there are any.
pub(super) fn all(figures: &[Option<Figure>]) -> Markup {
    html! { @for figure in figures.iter().flatten() { (figure.render()) } }
}

/// A remark in the place of a chart.
pub(super) fn none(why: &str) -> Markup {
    html! { p.note { (prose(why)) } }
}
