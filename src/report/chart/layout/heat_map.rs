//! Cells of a grid, coloured after their figure, with the figure in each.

use super::super::colours::{ON_DARK, ON_LIGHT, viridis};
use super::super::scene::{Anchor, Area};
use super::super::text::{Font, LABEL};
use super::super::{HeatCell, HeatMap};
use super::{Frame, MIDDLE};

/// Pixels of all rows at their natural height: cells of many columns are too narrow for a text.
pub(super) fn height(map: &HeatMap) -> f64 {
    let each = if map.x.names.len() <= 15 { 26.0 } else { 14.0 };
    (map.y.names.len() as f64 * each).min(900.0)
}

pub(super) fn draw(map: &HeatMap, frame: &mut Frame) {
    let low = map.cells.iter().map(|cell| cell.value).fold(f64::INFINITY, f64::min);
    let high = map.cells.iter().map(|cell| cell.value).fold(f64::NEG_INFINITY, f64::max);
    key(map, low, high, frame);
    frame.axis_title_above(&map.y.title);
    let widest = LABEL.widest(map.y.names.iter().map(String::as_str));
    let left = frame.free.left + widest.min(frame.free.width() * 0.3) + 10.0;
    let plot = frame.plot(left, frame.free.right, &map.x.title);
    let columns = map.x.names.len().max(1) as f64;
    let rows = map.y.names.len().max(1) as f64;
    let (wide, tall) = (plot.width() / columns, plot.height() / rows);
    let fits = tall >= LABEL.size * 1.3
        && map.cells.iter().all(|cell| LABEL.width(&cell.text) + 6.0 <= wide);
    for cell in &map.cells {
        let left = plot.left + cell.x as f64 * wide;
        let top = plot.bottom - (cell.y + 1) as f64 * tall;
        let area = Area { left, top, right: left + wide - 1.0, bottom: top + tall - 1.0 };
        let ground = viridis(if high > low { (cell.value - low) / (high - low) } else { 0.5 });
        frame.scene.rect(area, ground, 1.0);
        let (x, y) = area.centre();
        frame.scene.mark((x, y), &cell.label, cell.point.as_ref());
        if fits {
            let dark = ground.contrast(ON_DARK) > ground.contrast(ON_LIGHT);
            let font = Font { colour: if dark { ON_DARK } else { ON_LIGHT }, ..LABEL };
            let at = (x, y + LABEL.size * MIDDLE);
            frame.scene.text(&cell.text, font, at, Anchor::Middle);
        }
    }
    names(map, wide, tall, frame);
}

/// The names of columns and rows; of rows that are too low every second, third … has its name.
fn names(map: &HeatMap, wide: f64, tall: f64, frame: &mut Frame) {
    let plot = frame.scene.plot;
    let columns: Vec<(f64, String)> = (map.x.names.iter().enumerate())
        .map(|(i, name)| (plot.left + (i as f64 + 0.5) * wide, name.clone()))
        .collect();
    frame.ticks_below(&columns);
    let every = (LABEL.size * 1.2 / tall).ceil().max(1.0) as usize;
    let room = plot.left - 8.0 - frame.free.left;
    for (i, name) in map.y.names.iter().enumerate().step_by(every) {
        let centre = plot.bottom - (i as f64 + 0.5) * tall;
        let at = (plot.left - 8.0, centre + LABEL.size * MIDDLE);
        frame.label(&LABEL.name(name, room, 1).concat(), at, Anchor::End);
    }
}

/// What the colours mean: the figure, and the ramp between the least and the greatest.
fn key(map: &HeatMap, low: f64, high: f64, frame: &mut Frame) {
    const RAMP: f64 = 120.0;
    const STEPS: u32 = 40;
    let mut cells: Vec<&HeatCell> = map.cells.iter().collect();
    cells.sort_by(|a, b| a.value.total_cmp(&b.value));
    let [HeatCell { text: least, .. }, ..] = cells[..] else { return };
    let most = &cells[cells.len() - 1].text;
    let Area { left, top, .. } = frame.free;
    let baseline = top + 10.0 + LABEL.size * MIDDLE;
    let room = frame.free.width() - RAMP - LABEL.width(least) - LABEL.width(most);
    let figure = LABEL.shorten(&map.figure, (room - 30.0).max(20.0));
    let at_least = left + LABEL.width(&figure) + 14.0;
    frame.label(&figure, (left, baseline), Anchor::Start);
    frame.label(least, (at_least, baseline), Anchor::Start);
    let mut right = at_least + LABEL.width(least);
    if high > low {
        let ramp = right + 8.0;
        for i in 0..STEPS {
            let left = ramp + RAMP * f64::from(i) / f64::from(STEPS);
            // A little wider than its part, so that no seam shows.
            let right = left + RAMP / f64::from(STEPS) + 0.4;
            let area = Area { left, top: top + 3.0, right, bottom: top + 17.0 };
            frame.scene.rect(area, viridis(f64::from(i) / f64::from(STEPS - 1)), 1.0);
        }
        frame.label(most, (ramp + RAMP + 8.0, baseline), Anchor::Start);
        right = ramp + RAMP + 8.0 + LABEL.width(most);
    }
    frame.scene.legend = Some(Area { left, top, right, bottom: top + 20.0 });
    frame.free.top = top + 30.0;
}
