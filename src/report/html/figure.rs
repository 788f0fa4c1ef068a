//! Charts of a page, drawn for wide and for narrow screens, and sliders that choose a point of them.

use maud::{Markup, PreEscaped, html};
use serde_json::{Map, Value, json};

use crate::harmless_text::shown;
use crate::report::chart::{Chart, Drawing, Mark, Size};
use crate::report::document::{ChartFigure, Explorer};

/// Widths of the two drawings, in pixels.
const WIDE: u32 = 960;
const NARROW: u32 = 520;

/// A chart for wide and one for narrow screens.
fn drawings(chart: &Chart) -> [Drawing; 2] {
    [WIDE, NARROW].map(|width| {
        let named = Chart { name: format!("{}-{width}", chart.name), ..chart.clone() };
        // Lines on a narrow screen need more height than a slide's shape gives them.
        let height = (width == NARROW && chart.has_lines()).then_some(NARROW);
        named.draw(Size { width: Some(width), height })
    })
}

/// The chart. What its marks say stands with the figure once, where both drawings say the same.
pub(super) fn markup(ChartFigure { chart, file, table }: &ChartFigure) -> Markup {
    let label = format!("{}; arrow keys step through the figures", shown(&chart.title));
    let [wide, narrow] = drawings(chart);
    let [wide_labels, narrow_labels] = [&wide, &narrow].map(labels);
    let own_labels = (narrow_labels != wide_labels).then_some(&narrow_labels);
    html! {
        figure #(format!("figure-{}", chart.name)) data-labels=(wide_labels) {
            @for (class, drawing, labels) in [("wide", &wide, None), ("narrow", &narrow, own_labels)] {
                div.plot.(class) tabindex="0" role="group" aria-label=(label)
                    data-places=(places(drawing)) data-labels=[labels] {
                    (PreEscaped(&drawing.svg))
                }
            }
            figcaption.file {
                "Figures in words: " a href=(format!("#{table}")) { "table" }
                "; in full: " code { (file) }
            }
        }
    }
}

/// Where a mark stands, in shares of the drawing.
fn share(mark: &Mark, drawing: &Drawing) -> [f64; 2] {
    [(mark.x, drawing.width), (mark.y, drawing.height)]
        .map(|(at, whole)| (at / f64::from(whole) * 1e4).round() / 1e4)
}

/// Where the marks stand, for the script: `x,y x,y …`.
fn places(drawing: &Drawing) -> String {
    let places = drawing.marks.iter().map(|mark| {
        let [x, y] = share(mark, drawing);
        format!("{x},{y}")
    });
    places.collect::<Vec<_>>().join(" ")
}

/// What the marks say, a line each.
fn labels(drawing: &Drawing) -> String {
    let labels = drawing.marks.iter().map(|mark| shown(&mark.label).into_owned());
    labels.collect::<Vec<_>>().join("\n")
}

/// Sliders, and the rows of the table that they choose; the script shows them.
pub(super) fn explorer(explorer: &Explorer) -> Markup {
    let sliders = explorer.sliders.iter().enumerate();
    html! {
        div.explorer hidden data-headline=(explorer.headline) data-table=(explorer.table)
            data-rings=(rings(explorer)) {
            div.sliders { @for (number, (name, values)) in sliders { (slider(number, name, values)) } }
            p.chosen role="status" {}
            div.scroll tabindex="0" role="region" aria-label="Figures of the chosen point" {
                table.point { caption { span { "Figures of the chosen point" } } }
            }
        }
    }
}

fn slider(number: usize, name: &str, values: &[String]) -> Markup {
    let id = format!("slider-{number}");
    html! {
        div.slider {
            label for=(id) { code { (shown(name)) } }
            input #(id) type="range" min="0" max=(values.len() - 1) step="1" value="0"
                data-values=(json!(values));
            output for=(id) { (values[0]) }
        }
    }
}

/// Where both drawings of the marked chart show each point: `{"0,2": [[wide], [narrow]]}`.
fn rings(explorer: &Explorer) -> Value {
    let Some(chart) = &explorer.marked else { return json!({}) };
    let drawings = drawings(chart);
    let rings = explorer.points.iter().map(|(at, number)| {
        let places = drawings.each_ref().map(|drawing| {
            let marks = drawing.marks.iter().filter(|mark| {
                mark.point.as_ref().is_some_and(|point| {
                    point.number == *number && point.configuration == explorer.headline
                })
            });
            marks.map(|mark| share(mark, drawing)).collect::<Vec<_>>()
        });
        (at.clone(), json!(places))
    });
    rings.collect::<Map<_, _>>().into()
}
