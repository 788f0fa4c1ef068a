//! A scene on one of plotters' backends.

use plotters::backend::DrawingBackend;
use plotters::style::{RGBAColor, ShapeStyle};

use super::colours::Colour;
use super::scene::{Scene, Shape, Text};

/// Paints every shape; `unit` backend coordinates, which are whole numbers, make one pixel of the
/// scene. Text is the caller's: plotters' backends set it each in their own size and place.
///
/// # Panics
/// Never: the backends in use write to memory, where nothing can fail.
pub(super) fn paint<B: DrawingBackend>(
    scene: &Scene,
    backend: &mut B,
    unit: f64,
    mut set_text: impl FnMut(&mut B, &Text),
) {
    let whole = |value: f64| (value * unit).round() as i32;
    let at = |(x, y): &(f64, f64)| (whole(*x), whole(*y));
    let style = |colour: Colour, opacity: f64, width: f64| ShapeStyle {
        color: RGBAColor(colour.0, colour.1, colour.2, opacity),
        filled: true,
        stroke_width: whole(width).max(1) as u32,
    };
    for shape in &scene.shapes {
        let painted = match shape {
            Shape::Rect { area, colour, opacity } => backend.draw_rect(
                at(&(area.left, area.top)),
                at(&(area.right, area.bottom)),
                &style(*colour, *opacity, 0.0),
                true,
            ),
            Shape::Line { points, colour, width } => {
                backend.draw_path(points.iter().map(at), &style(*colour, 1.0, *width))
            }
            Shape::Polygon { points, colour, opacity } => {
                backend.fill_polygon(points.iter().map(at), &style(*colour, *opacity, 0.0))
            }
            Shape::Circle { centre, radius, colour } => {
                let radius = whole(*radius) as u32;
                backend.draw_circle(at(centre), radius, &style(*colour, 1.0, 0.0), true)
            }
            Shape::Text(text) => {
                set_text(backend, text);
                Ok(())
            }
        };
        painted.expect("painting to memory does not fail");
    }
}
