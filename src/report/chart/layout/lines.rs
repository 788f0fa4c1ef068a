//! Lines over an axis, with bands around them.

use super::super::axis::Scale;
use super::super::colours::{GRID, INK, MUTED, of_series};
use super::super::scene::{Anchor, Area};
use super::super::{Lines, Point, Series};
use super::legend::{self, Entry, Swatch};
use super::{Frame, LABEL, along, wanted, widest};

/// Signs on a line: on every point if there are no more than this, else on about a quarter as many.
const SIGNS: usize = 24;

/// Pixels that a line is thick.
const LINE: f64 = 2.2;

/// A place in the picture.
type Place = (f64, f64);

pub(super) fn draw(lines: &Lines, frame: &mut Frame) {
    legend::draw(&entries(lines), frame);
    frame.axis_title_above(&lines.y.title);
    let y_ticks = lines.y.ticks(wanted(frame.free.height(), 60.0));
    let left = frame.free.left + widest(y_ticks.iter().map(|(_, text)| text.as_str())) + 10.0;
    frame.axis_title_below(&lines.x.title, left);
    let plot = Area {
        left,
        top: frame.free.top,
        right: frame.free.right - 12.0,
        bottom: (frame.free.bottom - LABEL * 1.8).max(frame.free.top + 20.0),
    };
    frame.scene.plot = plot;
    let x = along(&lines.x, plot.left, plot.right);
    let y = along(&lines.y, plot.bottom, plot.top);
    for (value, text) in &y_ticks {
        let at = y(*value);
        frame.scene.line(vec![(plot.left, at), (plot.right, at)], GRID, 1.0);
        frame.label(text.clone(), (plot.left - 8.0, at + LABEL * 0.36), Anchor::End);
    }
    let x_ticks = lines.x.ticks(wanted(plot.width(), 90.0));
    for (value, _) in &x_ticks {
        let at = x(*value);
        frame.scene.line(vec![(at, plot.bottom), (at, plot.bottom + 5.0)], MUTED, 1.0);
    }
    frame.ticks_below(&x_ticks, plot, &x);
    frame.scene.line(vec![(plot.left, plot.bottom), (plot.right, plot.bottom)], MUTED, 1.2);
    if over_names(lines) {
        side_by_side(lines, frame, &|at, value| (x(at), y(value)));
    } else {
        for series in &lines.series {
            band(series, frame, &|at, value| (x(at), y(value)));
        }
        for series in &lines.series {
            line(series, frame, &|point| point.y.map(|value| (x(point.x), y(value))));
        }
    }
    for reference in shown(lines) {
        let at = y(reference.value);
        frame.scene.dashes((plot.left, at), (plot.right, at), INK, 1.6);
    }
}

/// The level lines that stand on the axis.
fn shown(lines: &Lines) -> impl Iterator<Item = &super::super::Reference> {
    lines
        .references
        .iter()
        .filter(|reference| (0.0..=1.0).contains(&lines.y.place(reference.value)))
}

fn entries(lines: &Lines) -> Vec<Entry> {
    let series = lines.series.iter();
    let mut entries: Vec<Entry> =
        series.map(|s| Entry::new(Swatch::Line(s.colour, of_series(s.colour)), &s.name)).collect();
    if let Some(band) = &lines.band {
        entries.push(if over_names(lines) {
            Entry::new(Swatch::Whisker, format!("range: {band}"))
        } else {
            Entry::new(Swatch::Band, format!("band: {band}"))
        });
    }
    for reference in &lines.references {
        entries.push(if (0.0..=1.0).contains(&lines.y.place(reference.value)) {
            Entry::new(Swatch::Dashes, &reference.text)
        } else {
            Entry::new(Swatch::None, format!("{}: off the chart", reference.text))
        });
    }
    entries
}

/// Between names there is nothing, so nothing joins their points.
fn over_names(lines: &Lines) -> bool {
    lines.x.scale == Scale::Categories
}

/// The points of each name beside one another, with whiskers.
fn side_by_side(lines: &Lines, frame: &mut Frame, place: &dyn Fn(f64, f64) -> Place) {
    let names = (lines.x.max - lines.x.min).max(1.0);
    let count = lines.series.len() as f64;
    let apart = (frame.scene.plot.width() / names / (count + 1.0)).min(26.0);
    for (i, series) in lines.series.iter().enumerate() {
        let aside = (i as f64 - (count - 1.0) / 2.0) * apart;
        let colour = of_series(series.colour);
        for point in &series.points {
            let at = |value: f64| {
                let (x, y) = place(point.x, value);
                (x + aside, y)
            };
            if let Some((low, high)) = point.range {
                frame.scene.line(vec![at(low), at(high)], colour, LINE);
                for (x, y) in [at(low), at(high)] {
                    frame.scene.line(vec![(x - 5.0, y), (x + 5.0, y)], colour, LINE);
                }
            }
            if let Some(value) = point.y {
                frame.scene.sign(at(value), series.colour, colour);
                frame.scene.mark_of_point(at(value), &point.label, point.point.as_ref());
            }
        }
    }
}

/// Stretches of points without a gap.
fn stretches(series: &Series) -> impl Iterator<Item = &[Point]> {
    series.points.split(|point| point.y.is_none()).filter(|stretch| !stretch.is_empty())
}

/// Where a band lies over a stretch: over each point its range, or its value where that is all there is,
/// so that the band closes there. Nothing if no point has a range.
fn band_points(stretch: &[Point]) -> Vec<(f64, (f64, f64))> {
    if stretch.iter().all(|point| point.range.is_none()) {
        return Vec::new();
    }
    let closed = |point: &Point| point.range.or(point.y.map(|value| (value, value)));
    stretch.iter().filter_map(|point| Some((point.x, closed(point)?))).collect()
}

fn band(series: &Series, frame: &mut Frame, place: &dyn Fn(f64, f64) -> Place) {
    let colour = of_series(series.colour);
    for stretch in stretches(series) {
        let ranged = band_points(stretch);
        let edge = |pick: fn((f64, f64)) -> f64| -> Vec<Place> {
            ranged.iter().map(|(x, range)| place(*x, pick(*range))).collect()
        };
        let (low, high) = (edge(|range| range.0), edge(|range| range.1));
        match &ranged[..] {
            [] => {}
            // One point has no area: a whisker shows its range.
            [_] => {
                frame.scene.line(vec![low[0], high[0]], colour, 6.0);
            }
            _ => {
                for edge in [&low, &high] {
                    frame.scene.line(edge.clone(), colour, 0.7);
                }
                let around = low.into_iter().chain(high.into_iter().rev()).collect();
                frame.scene.polygon(around, colour, 0.16);
            }
        }
    }
}

fn line(series: &Series, frame: &mut Frame, place: &dyn Fn(&Point) -> Option<Place>) {
    let colour = of_series(series.colour);
    for stretch in stretches(series) {
        let points: Vec<Place> = stretch.iter().filter_map(place).collect();
        if points.len() > 1 {
            frame.scene.line(points, colour, LINE);
        }
    }
    let idle = series.points.len() > 1 && series.points.iter().all(|point| point.y == Some(0.0));
    let every = match series.points.len() {
        // On the axis the signs of one line would cover those of others.
        all if idle => all,
        all if all > SIGNS => all / (SIGNS / 4),
        _ => 1,
    };
    // Lines that lie on one another show their signs in turn.
    let first = series.colour * every / 4 % every;
    for (i, point) in series.points.iter().enumerate() {
        let Some(at) = place(point) else { continue };
        if i % every == first {
            frame.scene.sign(at, series.colour, colour);
        }
        frame.scene.mark_of_point(at, &point.label, point.point.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bins of which each third has traffic: the band is as high as the range there and nowhere else.
    #[test]
    fn bands_close_where_there_is_no_range() {
        let point = |x: f64, y: Option<f64>, range| Point {
            x,
            y,
            range,
            label: String::new(),
            point: None,
        };
        let points: Vec<Point> = (0..9)
            .map(|i| match i % 3 {
                0 => point(f64::from(i), Some(2.0), Some((2.0, 9.0))),
                _ => point(f64::from(i), Some(0.0), None),
            })
            .collect();
        let expected: Vec<(f64, (f64, f64))> = (0..9)
            .map(|i| (f64::from(i), if i % 3 == 0 { (2.0, 9.0) } else { (0.0, 0.0) }))
            .collect();
        assert_eq!(band_points(&points), expected);
        assert_eq!(band_points(&points[1..3]), []);
    }
}
