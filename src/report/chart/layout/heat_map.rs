//! Cells of a grid, coloured after their figure, with the figure in each.

use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};

use super::super::HeatMap;
use super::super::colours::{Colour, INK, ON_DARK, ON_LIGHT};
use super::super::scene::{Anchor, Area, Text};
use super::{Frame, LABEL, text, widest};

/// The colour at a share of the range: viridis, whose lightness only rises, also for the colour-blind
/// and in grey (van der Walt and Smith, 2015).
fn colour(share: f64) -> Colour {
    let rgb = ViridisRGB.get_color(share.clamp(0.0, 1.0) as f32);
    Colour(rgb.0, rgb.1, rgb.2)
}

/// Pixels of all rows at their natural height: cells of many columns are too narrow for a text.
pub(super) fn height(map: &HeatMap) -> f64 {
    let each = if map.x.1.len() <= 15 { 26.0 } else { 14.0 };
    (map.y.1.len() as f64 * each).min(900.0)
}

pub(super) fn draw(map: &HeatMap, frame: &mut Frame) {
    let values = || map.cells.iter().map(|cell| cell.value);
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    let share = |value: f64| if high > low { (value - low) / (high - low) } else { 0.5 };
    key(map, frame);
    let (columns, rows) = (map.x.1.len().max(1), map.y.1.len().max(1));
    frame.axis_title_above(&map.y.0);
    let names = widest(map.y.1.iter().map(String::as_str)).min(frame.free.width() * 0.3);
    let left = frame.free.left + names + 10.0;
    frame.axis_title_below(&map.x.0, left);
    let plot = Area {
        left,
        top: frame.free.top,
        right: frame.free.right,
        bottom: (frame.free.bottom - LABEL * 1.8).max(frame.free.top + 20.0),
    };
    frame.scene.plot = plot;
    let (wide, high) = (plot.width() / columns as f64, plot.height() / rows as f64);
    let fits = map.cells.iter().all(|cell| text::width(&cell.text, LABEL, false) + 6.0 <= wide);
    for cell in &map.cells {
        let area = Area {
            left: plot.left + cell.x as f64 * wide,
            top: plot.bottom - (cell.y + 1) as f64 * high,
            right: plot.left + (cell.x + 1) as f64 * wide - 1.0,
            bottom: plot.bottom - cell.y as f64 * high - 1.0,
        };
        let ground = colour(share(cell.value));
        frame.scene.rect(area, ground, 1.0);
        let centre = (f64::midpoint(area.left, area.right), f64::midpoint(area.top, area.bottom));
        frame.scene.mark_of_point(centre, &cell.label, cell.point.as_ref());
        if fits && high >= LABEL * 1.3 {
            let dark = ground.contrast(ON_DARK) > ground.contrast(ON_LIGHT);
            frame.scene.text(Text {
                text: cell.text.clone(),
                x: centre.0,
                baseline: centre.1 + LABEL * 0.36,
                size: LABEL,
                bold: false,
                anchor: Anchor::Middle,
                colour: if dark { ON_DARK } else { ON_LIGHT },
            });
        }
    }
    labels(map, names, (wide, high), frame);
}

/// The names of columns and rows; of rows that are too low every second, third … has its name.
fn labels(map: &HeatMap, names: f64, (wide, high): (f64, f64), frame: &mut Frame) {
    let plot = frame.scene.plot;
    let columns: Vec<(f64, String)> =
        map.x.1.iter().enumerate().map(|(i, name)| (i as f64, name.clone())).collect();
    frame.ticks_below(&columns, plot, |i| plot.left + (i + 0.5) * wide);
    let every = (LABEL * 1.2 / high).ceil().max(1.0) as usize;
    for (i, name) in map.y.1.iter().enumerate().step_by(every) {
        let centre = plot.bottom - (i as f64 + 0.5) * high;
        let name = text::shorten(name, LABEL, false, names);
        frame.label(name, (plot.left - 8.0, centre + LABEL * 0.36), Anchor::End);
    }
}

/// What the colours mean: the figure, and the ramp between the least and the greatest.
fn key(map: &HeatMap, frame: &mut Frame) {
    const RAMP: f64 = 120.0;
    const STEPS: u32 = 40;
    let by_value = |a: &&super::super::Cell, b: &&super::super::Cell| a.value.total_cmp(&b.value);
    let (Some(least), Some(most)) =
        (map.cells.iter().min_by(by_value), map.cells.iter().max_by(by_value))
    else {
        return;
    };
    let (top, begin) = (frame.free.top, frame.free.left);
    let mut x = begin;
    let write = |frame: &mut Frame, x: f64, text: &str| {
        let (size, bold, anchor, colour) = (LABEL, false, Anchor::Start, INK);
        let baseline = top + 10.0 + LABEL * 0.36;
        frame.scene.text(Text { text: text.into(), x, baseline, size, bold, anchor, colour });
        x + text::width(text, LABEL, false)
    };
    let room =
        frame.free.width() - RAMP - widest([least.text.as_str()]) - widest([most.text.as_str()]);
    x = write(frame, x, &text::shorten(&map.figure, LABEL, false, (room - 30.0).max(20.0))) + 14.0;
    x = write(frame, x, &least.text) + 8.0;
    if most.value > least.value {
        for i in 0..STEPS {
            let share = f64::from(i) / f64::from(STEPS - 1);
            let left = x + RAMP * f64::from(i) / f64::from(STEPS);
            // A little wider than its part, so that no seam shows.
            let right = left + RAMP / f64::from(STEPS) + 0.4;
            let area = Area { left, top: top + 3.0, right, bottom: top + 17.0 };
            frame.scene.rect(area, colour(share), 1.0);
        }
        x = write(frame, x + RAMP + 8.0, &most.text);
    }
    frame.scene.legend = Some(Area { left: begin, top, right: x, bottom: top + 20.0 });
    frame.free.top = top + 30.0;
}
