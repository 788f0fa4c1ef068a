//! A chart as SVG, and where each of its figures stands.

use std::fmt::Write;

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontFamily, FontStyle, RGBColor, TextStyle};

use super::layout::{self, Size};
use super::scene::{Anchor, Mark, Scene, Text};
use super::{Chart, paint, text};
use crate::shown::shown;

/// Backend coordinates in a pixel: plotters counts in whole numbers, and a tenth is fine enough.
const UNIT: f64 = 10.0;

/// An SVG image and what stands where in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// The image, one `<svg>` element; its `<title>` and `<desc>` tell it to screen readers.
    pub svg: String,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Each figure's place in those pixels, and the figure in words.
    pub marks: Vec<Mark>,
}

/// Draws a chart. The same chart gives the same bytes.
#[must_use]
pub fn draw(chart: &Chart, size: Size) -> Drawing {
    let scene = layout::scene(chart, size);
    let mut svg = root(chart, &scene);
    svg.push_str(&body(&scene));
    svg.push_str("</svg>\n");
    Drawing { svg, width: scene.width, height: scene.height, marks: scene.marks }
}

/// The opening tag and what screen readers say. Several charts may stand in one page, so the ids carry
/// the chart's name.
fn root(chart: &Chart, scene: &Scene) -> String {
    let Scene { width, height, .. } = scene;
    let (wide, high) = (f64::from(*width) * UNIT, f64::from(*height) * UNIT);
    let name = escaped(&chart.name);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {wide} {high}\" role=\"img\" aria-labelledby=\"{name}-title {name}-desc\">\n"
    );
    let _ = writeln!(out, "<title id=\"{name}-title\">{}</title>", escaped(&chart.title));
    let described = format!("{} {}", chart.subtitle, chart.source);
    let _ = writeln!(out, "<desc id=\"{name}-desc\">{}</desc>", escaped(described.trim()));
    out
}

/// What plotters draws, without its own root element.
fn body(scene: &Scene) -> String {
    let size = [scene.width, scene.height].map(|pixels| pixels * UNIT as u32);
    let mut drawn = String::new();
    {
        let mut backend = SVGBackend::with_string(&mut drawn, (size[0], size[1]));
        paint::paint(scene, &mut backend, UNIT, set_text);
        backend.present().expect("drawing to memory does not fail");
    }
    let begin = drawn.find('>').map_or(0, |end| end + 1);
    let end = drawn.rfind("</svg>").unwrap_or(drawn.len());
    drawn[begin..end].trim_start().to_owned()
}

/// Sets a text so that its baseline stands where the scene has it: plotters divides the size by 1.24,
/// and sets a text that hangs from its top 0.76 em below that.
fn set_text(backend: &mut SVGBackend, text: &Text) {
    let horizontal = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let weight = if text.bold { FontStyle::Bold } else { FontStyle::Normal };
    let font = (FontFamily::Name(text::FAMILY), text.size * UNIT * 1.24, weight);
    let colour = RGBColor(text.colour.0, text.colour.1, text.colour.2);
    let style = TextStyle::from(font).color(&colour).pos(Pos::new(horizontal, VPos::Top));
    let top = text.baseline - 0.76 * text.size;
    let at = ((text.x * UNIT).round() as i32, (top * UNIT).round() as i32);
    backend.draw_text(&shown(&text.text), &style, at).expect("drawing to memory does not fail");
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
