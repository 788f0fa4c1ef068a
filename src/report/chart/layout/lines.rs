//! Lines over an axis, with bands around them.

use super::super::axis::Scale;
use super::super::colours::{GRID, INK, MUTED, of_series};
use super::super::scene::{Anchor, Point, Shape};
use super::super::text::LABEL;
use super::super::{LineChart, LinePoint, Series};
use super::legend::{self, Swatch};
use super::{Frame, MIDDLE, Ruler};

/// Signs on a line: on every point if there are no more than this, else on about a quarter as many.
const SIGNS: usize = 24;

/// Pixels that a line is thick.
const LINE: f64 = 2.2;

/// Both axes.
struct Rulers<'a> {
    x: Ruler<'a>,
    y: Ruler<'a>,
}

impl Rulers<'_> {
    fn at(&self, x: f64, y: f64) -> Point {
        (self.x.at(x), self.y.at(y))
    }

    /// Where a point stands, if its figure is known.
    fn place(&self, point: &LinePoint) -> Option<Point> {
        point.y.map(|y| self.at(point.x, y))
    }
}

pub(super) fn draw(lines: &LineChart, frame: &mut Frame) {
    legend::draw(&entries(lines), frame);
    frame.axis_title_above(&lines.y.title);
    let high = Ruler { axis: &lines.y, from: frame.free.bottom, to: frame.free.top };
    let y_texts = high.ticks(60.0);
    let left = frame.free.left + LABEL.widest(y_texts.iter().map(|(_, text)| text.as_str())) + 10.0;
    let plot = frame.plot(left, frame.free.right - 12.0, &lines.x.title);
    let rulers = Rulers {
        x: Ruler { axis: &lines.x, from: plot.left, to: plot.right },
        y: Ruler { axis: &lines.y, from: plot.bottom, to: plot.top },
    };
    for (y, text) in rulers.y.ticks(60.0) {
        frame.scene.line(vec![(plot.left, y), (plot.right, y)], GRID, 1.0);
        frame.label(&text, (plot.left - 8.0, y + LABEL.size * MIDDLE), Anchor::End);
    }
    let x_ticks = rulers.x.ticks(90.0);
    for (x, _) in &x_ticks {
        frame.scene.line(vec![(*x, plot.bottom), (*x, plot.bottom + 5.0)], MUTED, 1.0);
    }
    frame.ticks_below(&x_ticks);
    frame.scene.line(vec![(plot.left, plot.bottom), (plot.right, plot.bottom)], MUTED, 1.2);
    if lines.is_over_names() {
        side_by_side(lines, frame, &rulers);
    } else {
        lines.series.iter().for_each(|series| band(series, frame, &rulers));
        lines.series.iter().for_each(|series| line(series, frame, &rulers));
    }
    for reference in &lines.references {
        if lines.y.holds(reference.value) {
            let y = rulers.y.at(reference.value);
            frame.scene.dashes((plot.left, y), (plot.right, y), INK);
        }
    }
}

pub(super) fn entries(lines: &LineChart) -> Vec<(Swatch, String)> {
    let series =
        lines.series.iter().map(|series| (Swatch::Line(series.colour), series.name.clone()));
    let band = lines.band.iter().map(|band| {
        if lines.is_over_names() {
            (Swatch::Whisker, format!("range: {band}"))
        } else {
            (Swatch::Band, format!("band: {band}"))
        }
    });
    let references = lines.references.iter().map(|reference| {
        if lines.y.holds(reference.value) {
            (Swatch::Dashes, reference.text.clone())
        } else {
            (Swatch::None, format!("{}: off the chart", reference.text))
        }
    });
    series.chain(band).chain(references).collect()
}

impl LineChart {
    /// Between names there is nothing, so nothing joins their points.
    fn is_over_names(&self) -> bool {
        self.x.scale == Scale::Categories
    }
}

/// The points of each name beside one another, with whiskers.
fn side_by_side(lines: &LineChart, frame: &mut Frame, rulers: &Rulers) {
    let names = (lines.x.max - lines.x.min).max(1.0);
    let count = lines.series.len() as f64;
    let apart = (frame.scene.plot.width() / names / (count + 1.0)).min(26.0);
    for (i, series) in lines.series.iter().enumerate() {
        let aside = (i as f64 - (count - 1.0) / 2.0) * apart;
        let colour = of_series(series.colour);
        for point in &series.points {
            let x = rulers.x.at(point.x) + aside;
            if let Some((low, high)) = point.range {
                let ends = [low, high].map(|end| (x, rulers.y.at(end)));
                frame.scene.whisker(ends, 5.0, colour, LINE);
            }
            if let Some(value) = point.y {
                let at = (x, rulers.y.at(value));
                frame.scene.sign(at, series.colour, colour);
                frame.scene.mark(at, &point.label, point.point.as_ref());
            }
        }
    }
}

/// Stretches of points without a gap.
fn stretches(series: &Series) -> impl Iterator<Item = &[LinePoint]> {
    series.points.split(|point| point.y.is_none()).filter(|stretch| !stretch.is_empty())
}

/// Where a band lies over a stretch: over each point its range, or its value where that is all there is,
/// so that the band closes there. Nothing if no point has a range.
fn band_points(stretch: &[LinePoint]) -> Vec<(f64, (f64, f64))> {
    if stretch.iter().all(|point| point.range.is_none()) {
        return Vec::new();
    }
    let ranges = stretch.iter().map(|point| point.range.or(point.y.map(|value| (value, value))));
    stretch.iter().zip(ranges).filter_map(|(point, range)| Some((point.x, range?))).collect()
}

fn band(series: &Series, frame: &mut Frame, rulers: &Rulers) {
    let colour = of_series(series.colour);
    for stretch in stretches(series) {
        let ranged = band_points(stretch);
        let low: Vec<Point> = ranged.iter().map(|(x, range)| rulers.at(*x, range.0)).collect();
        let high: Vec<Point> = ranged.iter().map(|(x, range)| rulers.at(*x, range.1)).collect();
        match ranged.len() {
            0 => {}
            // One point has no area: a whisker shows its range.
            1 => frame.scene.line(vec![low[0], high[0]], colour, 6.0),
            _ => {
                frame.scene.line(low.clone(), colour, 0.7);
                frame.scene.line(high.clone(), colour, 0.7);
                let points = low.into_iter().chain(high.into_iter().rev()).collect();
                frame.scene.shapes.push(Shape::Polygon { points, colour, opacity: 0.16 });
            }
        }
    }
}

fn line(series: &Series, frame: &mut Frame, rulers: &Rulers) {
    let colour = of_series(series.colour);
    for stretch in stretches(series) {
        let points: Vec<Point> = stretch.iter().filter_map(|point| rulers.place(point)).collect();
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
        let Some(at) = rulers.place(point) else { continue };
        if i % every == first {
            frame.scene.sign(at, series.colour, colour);
        }
        frame.scene.mark(at, &point.label, point.point.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bins of which each third has traffic: the band is as high as the range there and nowhere else.
    #[test]
    fn bands_close_where_there_is_no_range() {
        let points: Vec<LinePoint> = (0..9)
            .map(|i| LinePoint {
                x: f64::from(i),
                y: Some(if i % 3 == 0 { 2.0 } else { 0.0 }),
                range: (i % 3 == 0).then_some((2.0, 9.0)),
                ..LinePoint::default()
            })
            .collect();
        let expected: Vec<(f64, (f64, f64))> = (0..9)
            .map(|i| (f64::from(i), if i % 3 == 0 { (2.0, 9.0) } else { (0.0, 0.0) }))
            .collect();
        assert_eq!(band_points(&points), expected);
        assert_eq!(band_points(&points[1..3]), []);
    }
}
