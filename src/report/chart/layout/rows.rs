//! Horizontal bars: names at the left, figures at the right, bars between.

use super::super::colours::{GROUND, INK, MUTED, of_series};
use super::super::scene::{Anchor, Area, Shape, Text};
use super::super::{Bar, Row, Rows};
use super::legend::{self, Entry, Swatch};
use super::{Frame, LABEL, along, text, wanted, widest};

/// Pixels of a bar where there is room, between bars of a row, and between rows.
const BAR: f64 = 20.0;
const BETWEEN_BARS: f64 = 3.0;
const BETWEEN_ROWS: f64 = 14.0;

/// Pixels of all rows at their natural height.
pub(super) fn height(rows: &Rows) -> f64 {
    rows.rows.iter().map(natural).sum()
}

/// Pixels of one row: its bars, or two lines of its name; a heading is a line and what sets it off.
fn natural(row: &Row) -> f64 {
    if row.is_heading() {
        return LABEL * 2.0;
    }
    let bars = row.bars.len().max(1) as f64;
    (bars * (BAR + BETWEEN_BARS)).max(LABEL * 2.0) + BETWEEN_ROWS
}

pub(super) fn draw(rows: &Rows, frame: &mut Frame) {
    legend::draw(&entries(rows), frame);
    let free = frame.free.width();
    let of_rows = rows.rows.iter().filter(|row| !row.is_heading()).map(|row| row.name.as_str());
    let names = widest(of_rows).min(free * 0.32);
    let values = rows.rows.iter().flat_map(|row| &row.bars).map(|bar| bar.value.as_str());
    // A figure with its range is whole even in a narrow picture.
    let values = widest(values).min(free * 0.38);
    frame.axis_title_below(&rows.axis.title, frame.free.left + names + 10.0);
    let plot = Area {
        left: frame.free.left + names + 10.0,
        top: frame.free.top,
        right: frame.free.right - values - if values > 0.0 { 12.0 } else { 8.0 },
        bottom: (frame.free.bottom - LABEL * 1.8).max(frame.free.top + 20.0),
    };
    frame.scene.plot = plot;
    // Texts at the ends of bars stand inside the plot: the axis keeps clear of its edges.
    let ends = rows.rows.iter().flat_map(|row| &row.bars).filter_map(|bar| bar.ends.as_ref());
    let clear = widest(ends.flat_map(|(a, b)| [a.as_str(), b.as_str()]));
    let clear = if clear > 0.0 { (clear + 8.0).min(plot.width() / 4.0) } else { 0.0 };
    let x = along(&rows.axis, plot.left + clear, plot.right - clear);
    let ticks = rows.axis.ticks(wanted(plot.width() - 2.0 * clear, 90.0));
    frame.grid_upright(&ticks, plot, &x);
    frame.ticks_below(&ticks, plot, &x);
    let scale = plot.height() / height(rows).max(1.0);
    let mut top = plot.top;
    let mut headings = Vec::new();
    for row in &rows.rows {
        let bottom = top + natural(row) * scale;
        if row.is_heading() {
            headings.push((row.name.as_str(), (top, bottom)));
        } else {
            draw_row(rows, row, (top, bottom), names, frame, &x);
        }
        top = bottom;
    }
    if (rows.axis.min..=rows.axis.max).contains(&0.0) {
        frame.scene.line(vec![(x(0.0), plot.top), (x(0.0), plot.bottom)], MUTED, 1.2);
    }
    if let Some(reference) = &rows.reference {
        let at = x(reference.value);
        frame.scene.dashes((at, plot.top), (at, plot.bottom), INK, 1.6);
    }
    for (name, edges) in headings {
        heading(name, edges, frame);
    }
}

/// Draws the name of the rows below, clear of the lines of the plot.
fn heading(name: &str, (top, bottom): (f64, f64), frame: &mut Frame) {
    let (left, right) = (frame.free.left, frame.free.right);
    // Nearer to what it names than to what stands above.
    let middle = top + (bottom - top) * 0.58;
    let height = bottom - top;
    let line = top + height * 0.48;
    frame.scene.line(vec![(left, line), (right, line)], GROUND, height * 0.96 + 1.0);
    frame.scene.text(Text {
        text: text::shorten(name, LABEL, true, right - left),
        x: left,
        baseline: middle + LABEL * 0.36,
        size: LABEL,
        bold: true,
        anchor: Anchor::Start,
        colour: INK,
    });
}

fn entries(rows: &Rows) -> Vec<Entry> {
    let mut entries = Vec::new();
    if rows.parts.len() > 1 {
        let bars = || rows.rows.iter().flat_map(|row| &row.bars);
        // A part that no bar has needs no explanation.
        let is_seen = |part: &usize| bars().any(|bar| bar.parts.iter().any(|p| p.part == *part));
        let boxes = rows.parts.iter().enumerate().filter(|(part, _)| is_seen(part));
        entries.extend(boxes.map(|(_, (name, i))| Entry::new(Swatch::Box(of_series(*i)), name)));
    }
    let reference = rows.reference.as_ref().map(|reference| &reference.text);
    let signs = [
        (Swatch::Whisker, rows.whisker.as_ref()),
        (Swatch::Stroke, rows.strokes.as_ref()),
        (Swatch::Dot, rows.dots.as_ref()),
        (Swatch::Dashes, reference),
    ];
    for (swatch, text) in signs {
        entries.extend(text.map(|text| Entry::new(swatch, text)));
    }
    entries
}

fn draw_row(
    rows: &Rows,
    row: &Row,
    (top, bottom): (f64, f64),
    names: f64,
    frame: &mut Frame,
    x: &dyn Fn(f64) -> f64,
) {
    let lines = if bottom - top >= LABEL * 2.3 { 2 } else { 1 };
    let lines = text::wrap(&row.name, LABEL, false, names, lines);
    let middle = f64::midpoint(top, bottom);
    let first = middle + LABEL * 0.36 - (lines.len() as f64 - 1.0) * LABEL * 0.6;
    let right = frame.scene.plot.left - 8.0;
    for (i, line) in lines.into_iter().enumerate() {
        frame.label(line, (right, first + i as f64 * LABEL * 1.2), Anchor::End);
    }
    let count = row.bars.len().max(1) as f64;
    let inner = (bottom - top) * (1.0 - BETWEEN_ROWS / natural(row));
    let pitch = (inner / count).min(40.0);
    let thick = (pitch * BAR / (BAR + BETWEEN_BARS)).max(1.0);
    for (i, bar) in row.bars.iter().enumerate() {
        let centre = middle + (i as f64 - (count - 1.0) / 2.0) * pitch;
        draw_bar(rows, bar, (centre, thick / 2.0), frame, x);
    }
}

/// Draws a bar around the height `centre`.
fn draw_bar(
    rows: &Rows,
    bar: &Bar,
    (centre, half): (f64, f64),
    frame: &mut Frame,
    x: &dyn Fn(f64) -> f64,
) {
    let scene = &mut frame.scene;
    let mut extent: Option<(f64, f64)> = None;
    for part in &bar.parts {
        let (left, right) = (x(part.from.min(part.to)), x(part.from.max(part.to)));
        let area = Area { left, top: centre - half, right, bottom: centre + half };
        scene.rect(area, of_series(rows.parts[part.part].1), 1.0);
        if extent.is_some() && right - left > 4.0 {
            // Neighbours of like lightness are told apart by a gap.
            scene.line(vec![(left, area.top), (left, area.bottom)], GROUND, 1.2);
        }
        if !part.label.is_empty() {
            scene.mark((f64::midpoint(left, right), centre), &part.label);
        }
        extent = Some(extent.map_or((left, right), |(a, b)| (a.min(left), b.max(right))));
    }
    for stroke in &bar.strokes {
        let at = x(*stroke);
        // A light edge keeps it apart from the bar.
        for (colour, width) in [(GROUND, 4.4), (MUTED, 2.0)] {
            scene.line(vec![(at, centre - half - 2.0), (at, centre + half + 2.0)], colour, width);
        }
    }
    if let Some((low, high)) = bar.range {
        let (low, high) = (x(low), x(high));
        for (colour, width) in [(GROUND, 4.0), (INK, 1.6)] {
            scene.line(vec![(low, centre), (high, centre)], colour, width);
            for end in [low, high] {
                let cap = half * 0.55;
                scene.line(vec![(end, centre - cap), (end, centre + cap)], colour, width);
            }
        }
    }
    for (value, label) in &bar.dots {
        // A ring sets a dot off from those under it.
        let ring = Shape::Circle { centre: (x(*value), centre), radius: 5.4, colour: GROUND };
        scene.shapes.push(ring);
        scene.sign((x(*value), centre), 0, of_series(bar.colour));
        scene.mark((x(*value), centre), label);
    }
    if !bar.label.is_empty() {
        let end = extent.map_or_else(|| x(0.0_f64.clamp(rows.axis.min, rows.axis.max)), |e| e.1);
        scene.mark((end, centre), &bar.label);
    }
    draw_texts(bar, centre, extent, half, frame);
}

fn draw_texts(bar: &Bar, centre: f64, extent: Option<(f64, f64)>, half: f64, frame: &mut Frame) {
    let baseline = centre + LABEL * 0.36;
    if half * 2.0 < LABEL * 0.75 {
        // Too many bars for a text at each: the table and the hover values have the figures.
        return;
    }
    if let (Some((low, high)), Some((left, right))) = (&bar.ends, extent) {
        frame.label(low.clone(), (left - 6.0, baseline), Anchor::End);
        frame.label(high.clone(), (right + 6.0, baseline), Anchor::Start);
    }
    let left = frame.scene.plot.right + 12.0;
    let value = text::shorten(&bar.value, LABEL, false, frame.free.right - left + 1.0);
    frame.label(value, (left, baseline), Anchor::Start);
}
