//! A chart as SVG, and where each of its figures stands.

use std::fmt::Write;

use super::colours;
use super::layout::{self, Size};
use super::scene::{Anchor, Mark, Point, Shape, TextLine};
use super::{Chart, text};
use crate::harmless_text::shown;

/// An SVG image and what stands where in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// The image, one `<svg>` element; its `<title>` and `<desc>` tell it to screen readers. A page that
    /// holds it makes it dark by [`colours::dark_css`].
    pub svg: String,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Each figure's place in those pixels, and the figure in words.
    pub marks: Vec<Mark>,
}

/// A chart as a part of a page.
pub(super) fn draw(chart: &Chart, size: Size) -> Drawing {
    drawn(chart, size, "")
}

/// A chart as a file of its own, which is dark where its viewer is.
pub(super) fn file(chart: &Chart, size: Size) -> String {
    let dark = colours::dark_css("");
    let style =
        format!("<style>@media screen and (prefers-color-scheme: dark) {{\n{dark}}}</style>\n");
    drawn(chart, size, &style).svg
}

/// Several charts may stand in one page, so the ids carry the chart's name.
fn drawn(chart: &Chart, size: Size, style: &str) -> Drawing {
    let scene = layout::scene(chart, size);
    let (width, height, name) = (scene.width, scene.height, escaped(&chart.name));
    let described = format!("{} {}", chart.subtitle, chart.source());
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{name}-title {name}-desc\" \
         font-family=\"{}\" stroke-linejoin=\"round\">\n\
         <title id=\"{name}-title\">{}</title>\n<desc id=\"{name}-desc\">{}</desc>\n{style}",
        text::FAMILY,
        escaped(&chart.title),
        escaped(described.trim()),
    );
    for shape in &scene.shapes {
        write_shape(shape, &mut svg);
    }
    svg.push_str("</svg>\n");
    Drawing { svg, width, height, marks: scene.marks }
}

fn write_shape(shape: &Shape, svg: &mut String) {
    let _ = match shape {
        Shape::Rect { area, colour, opacity } => writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"{}/>",
            pixels(area.left),
            pixels(area.top),
            pixels(area.width()),
            pixels(area.height()),
            colour.hex(),
            translucent(*opacity),
        ),
        Shape::Line { points, colour, width } => writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"/>",
            places(points),
            colour.hex(),
        ),
        Shape::Polygon { points, colour, opacity } => writeln!(
            svg,
            "<polygon points=\"{}\" fill=\"{}\"{}/>",
            places(points),
            colour.hex(),
            translucent(*opacity),
        ),
        Shape::Circle { centre: (x, y), radius, colour } => writeln!(
            svg,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{}\"/>",
            pixels(*x),
            pixels(*y),
            colour.hex(),
        ),
        Shape::Text(text) => write_text(text, svg),
    };
}

fn write_text(text: &TextLine, svg: &mut String) -> std::fmt::Result {
    let anchor = match text.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let weight = if text.font.bold { " font-weight=\"bold\"" } else { "" };
    writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{weight}{anchor} fill=\"{}\">{}</text>",
        pixels(text.at.0),
        pixels(text.at.1),
        text.font.size,
        text.font.colour.hex(),
        escaped(&text.text),
    )
}

/// A tenth of a pixel is fine enough.
fn pixels(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn places(points: &[Point]) -> String {
    let points: Vec<String> =
        points.iter().map(|(x, y)| format!("{},{}", pixels(*x), pixels(*y))).collect();
    points.join(" ")
}

fn translucent(opacity: f64) -> String {
    if opacity < 1.0 { format!(" opacity=\"{opacity}\"") } else { String::new() }
}

/// Text between tags or in an attribute, of which every character can be seen: XML 1.0 has no way to
/// write most of the others.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in shown(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
