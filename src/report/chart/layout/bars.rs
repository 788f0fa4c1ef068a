//! Horizontal bars: in a wide picture names at the left, figures at the right, bars between; in a narrow one
//! names and figures above the bars.

use super::super::colours::{GROUND, INK, MUTED, of_series};
use super::super::scene::{Anchor, Area, Shape};
use super::super::text::{HEADING, LABEL};
use super::super::{Bar, BarRow, Bars};
use super::legend::{self, Swatch};
use super::{Frame, MIDDLE, NARROW, Ruler};

/// Pixels of a bar where there is room, between bars of a row, and between rows.
const BAR: f64 = 20.0;
const BETWEEN_BARS: f64 = 3.0;
const BETWEEN_ROWS: f64 = 14.0;
/// Pixels of the line above a narrow picture's bars.
const ABOVE: f64 = 20.0;

/// Pixels of all rows at their natural height.
pub(super) fn height(bars: &Bars, width: u32) -> f64 {
    bars.rows.iter().map(|row| row_height(row, width <= NARROW)).sum()
}

/// Pixels of one row: its bars, and its name beside or above them; a heading is a line and what sets it off.
fn row_height(row: &BarRow, is_narrow: bool) -> f64 {
    if row.is_heading() {
        return LABEL.size * 2.0;
    }
    let bars = row.bars.len() as f64 * (BAR + BETWEEN_BARS);
    BETWEEN_ROWS + if is_narrow { ABOVE + bars } else { bars.max(LABEL.size * 2.0) }
}

/// Where one row stands.
struct RowPlace {
    top: f64,
    bottom: f64,
    /// What it is squeezed to, if the picture is lower than its rows.
    squeeze: f64,
}

/// What all rows share.
struct BarLayout<'a> {
    bars: &'a Bars,
    x: Ruler<'a>,
    /// Where figures stand, and how much room they have.
    values_at: f64,
    values: f64,
    is_narrow: bool,
    /// Whether figures stand above the bars.
    values_above: bool,
}

pub(super) fn draw(bars: &Bars, frame: &mut Frame) {
    legend::draw(&entries(bars), frame);
    let is_narrow = frame.scene.width <= NARROW;
    let values_above = is_narrow && bars.rows.iter().all(|row| row.bars.len() <= 1);
    let free = frame.free;
    let shown: Vec<&BarRow> = bars.rows.iter().filter(|row| !row.is_heading()).collect();
    let names: Vec<&str> = shown.iter().map(|row| row.name.as_str()).collect();
    let values = LABEL.widest(bars.each().map(|bar| bar.value.as_str()));
    // A figure with its range is whole even in a narrow picture.
    let values = values.min(
        free.width()
            * if values_above {
                0.62
            } else if is_narrow {
                0.5
            } else {
                0.38
            },
    );
    let widest = LABEL.widest(names.iter().copied()).min(free.width() * 0.32);
    let left = if is_narrow { free.left } else { free.left + widest + 10.0 };
    let right = match values {
        _ if values_above => free.right - 8.0,
        0.0 => free.right - 8.0,
        values => free.right - values - 12.0,
    };
    let plot = frame.plot(left, right, &bars.axis.title);
    let clear = clear_of_ends(bars).min(plot.width() / 4.0);
    let x = Ruler { axis: &bars.axis, from: plot.left + clear, to: plot.right - clear };
    let ticks = x.ticks(90.0);
    frame.grid_upright(&ticks);
    frame.ticks_below(&ticks);
    let values_at = if values_above { free.right } else { plot.right + 12.0 };
    let drawn = BarLayout { bars, x, values_at, values, is_narrow, values_above };
    let room = match (is_narrow, values_above) {
        (false, _) => widest,
        (true, true) => free.width() - values - 12.0,
        (true, false) => free.width(),
    };
    let names = LABEL.names(&names, room, if is_narrow { 1 } else { 2 });
    drawn.rows(&names, frame);
}

/// Texts at the ends of bars stand inside the plot: the axis keeps clear of its edges.
fn clear_of_ends(bars: &Bars) -> f64 {
    let ends = bars.each().filter_map(|bar| bar.ends.as_ref()).flatten();
    match LABEL.widest(ends.map(String::as_str)) {
        0.0 => 0.0,
        widest => widest + 8.0,
    }
}

pub(super) fn entries(bars: &Bars) -> Vec<(Swatch, String)> {
    // A part that no bar has needs no explanation, nor has one alone.
    let parts = bars.parts.iter().enumerate().filter(|(part, _)| {
        bars.parts.len() > 1 && bars.each().any(|bar| bar.parts.iter().any(|it| it.part == *part))
    });
    let parts = parts.map(|(_, (name, colour))| (Swatch::Box(*colour), name.clone()));
    let reference = bars.reference.as_ref().map(|reference| &reference.text);
    let signs = [
        (Swatch::Whisker, bars.whisker.as_ref()),
        (Swatch::Stroke, bars.strokes.as_ref()),
        (Swatch::Dot, bars.dots.as_ref()),
        (Swatch::Dashes, reference),
    ];
    let signs = signs.into_iter().filter_map(|(swatch, text)| Some((swatch, text?.clone())));
    parts.chain(signs).collect()
}

impl BarLayout<'_> {
    fn rows(&self, names: &[Vec<String>], frame: &mut Frame) {
        let plot = frame.scene.plot;
        let natural: f64 = height(self.bars, frame.scene.width);
        let squeeze = plot.height() / natural.max(1.0);
        if self.bars.axis.holds(0.0) {
            let x = self.x.at(0.0);
            frame.scene.line(vec![(x, plot.top), (x, plot.bottom)], MUTED, 1.2);
        }
        let mut top = plot.top;
        let mut names = names.iter();
        let mut headings = Vec::new();
        for row in &self.bars.rows {
            let bottom = top + row_height(row, self.is_narrow) * squeeze;
            if row.is_heading() {
                headings.push((row.name.as_str(), top, bottom));
            } else {
                let place = RowPlace { top, bottom, squeeze };
                let name = names.next().map_or(&[][..], Vec::as_slice);
                self.row(row, name, &place, frame);
            }
            top = bottom;
        }
        if let Some(reference) = &self.bars.reference {
            let x = self.x.at(reference.value);
            frame.scene.dashes((x, plot.top), (x, plot.bottom), INK);
        }
        // Headings stand clear of these lines.
        for (name, top, bottom) in headings {
            heading(name, top, bottom, frame);
        }
    }

    fn row(&self, row: &BarRow, name: &[String], place: &RowPlace, frame: &mut Frame) {
        let RowPlace { top, bottom, squeeze } = *place;
        let bars_top = if self.is_narrow { top + ABOVE * squeeze } else { top };
        let middle = f64::midpoint(bars_top, bottom);
        let plot = frame.scene.plot;
        if self.is_narrow {
            let area =
                Area { left: frame.free.left, top, right: frame.free.right, bottom: bars_top };
            frame.scene.rect(area, GROUND, 1.0);
            let at = (plot.left, bars_top - 4.0 * squeeze);
            frame.label(&name.concat(), at, Anchor::Start);
        } else {
            let first = middle + LABEL.size * (MIDDLE - (name.len() as f64 - 1.0) * 0.6);
            for (i, line) in name.iter().enumerate() {
                let at = (plot.left - 8.0, first + i as f64 * LABEL.size * 1.2);
                frame.label(line, at, Anchor::End);
            }
        }
        let count = row.bars.len() as f64;
        let inner = bottom - bars_top - BETWEEN_ROWS * squeeze;
        let pitch = (inner / count).min(40.0);
        let thick = (pitch * BAR / (BAR + BETWEEN_BARS)).max(1.0);
        for (i, bar) in row.bars.iter().enumerate() {
            let centre = middle + (i as f64 - (count - 1.0) / 2.0) * pitch;
            self.bar(bar, centre, thick / 2.0, frame);
            let above = bars_top - 4.0 * squeeze;
            let baseline = if self.values_above { above } else { centre + LABEL.size * MIDDLE };
            // Too many bars for a text at each: the table and the hover values have the figures.
            if thick >= LABEL.size * 0.75 {
                let value = LABEL.shorten(&bar.value, self.values + 1.0);
                let anchor = if self.values_above { Anchor::End } else { Anchor::Start };
                frame.label(&value, (self.values_at, baseline), anchor);
            }
        }
    }

    /// Draws a bar around the height `centre`.
    fn bar(&self, bar: &Bar, centre: f64, half: f64, frame: &mut Frame) {
        let extent = self.parts(bar, centre, half, frame);
        let scene = &mut frame.scene;
        for stroke in &bar.strokes {
            let x = self.x.at(*stroke);
            let ends = vec![(x, centre - half - 2.0), (x, centre + half + 2.0)];
            // A light edge keeps it apart from the bar.
            scene.line(ends.clone(), GROUND, 4.4);
            scene.line(ends, MUTED, 2.0);
        }
        if let Some((low, high)) = bar.range {
            let ends = [low, high].map(|end| (self.x.at(end), centre));
            scene.whisker(ends, half * 0.55, GROUND, 4.0);
            scene.whisker(ends, half * 0.55, INK, 1.6);
        }
        for (value, label) in &bar.dots {
            let at = (self.x.at(*value), centre);
            // A ring sets a dot off from those under it.
            scene.shapes.push(Shape::Circle { centre: at, radius: 5.4, colour: GROUND });
            scene.sign(at, 0, of_series(bar.colour));
            scene.mark(at, label, None);
        }
        let nothing = 0.0_f64.clamp(self.bars.axis.min, self.bars.axis.max);
        let (left, right) = extent.unwrap_or((self.x.at(nothing), self.x.at(nothing)));
        scene.mark((right, centre), &bar.label, None);
        if let Some([low, high]) = &bar.ends
            && half * 2.0 >= LABEL.size * 0.75
        {
            let baseline = centre + LABEL.size * MIDDLE;
            frame.label(low, (left - 6.0, baseline), Anchor::End);
            frame.label(high, (right + 6.0, baseline), Anchor::Start);
        }
    }

    /// Draws the parts of a bar, and gives what they cover together.
    fn parts(&self, bar: &Bar, centre: f64, half: f64, frame: &mut Frame) -> Option<(f64, f64)> {
        let scene = &mut frame.scene;
        let mut extent: Option<(f64, f64)> = None;
        for part in &bar.parts {
            let left = self.x.at(part.from.min(part.to));
            let right = self.x.at(part.from.max(part.to));
            let area = Area { left, top: centre - half, right, bottom: centre + half };
            scene.rect(area, of_series(self.bars.parts[part.part].1), 1.0);
            if extent.is_some() && right - left > 4.0 {
                // Neighbours of like lightness are told apart by a gap.
                scene.line(vec![(left, area.top), (left, area.bottom)], GROUND, 1.2);
            }
            scene.mark(area.centre(), &part.label, None);
            extent = Some(extent.map_or((left, right), |(a, b)| (a.min(left), b.max(right))));
        }
        extent
    }
}

/// Draws the name of the rows below, nearer to them than to what stands above.
fn heading(name: &str, top: f64, bottom: f64, frame: &mut Frame) {
    let Area { left, right, .. } = frame.free;
    let height = bottom - top;
    let ground = Area { left, top: top - 0.5, right, bottom: top + height * 0.96 + 0.5 };
    frame.scene.rect(ground, GROUND, 1.0);
    let at = (left, top + height * 0.58 + HEADING.size * MIDDLE);
    frame.scene.text(&HEADING.name(name, right - left, 1).concat(), HEADING, at, Anchor::Start);
}
