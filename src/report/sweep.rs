//! A sweep: a sentence, and a table of its points.

use super::document::{Block, Cell, Document, Table};
use super::numbers::{at_levels, count, dollars, percent};
use crate::encryption::assumption::Level;
use crate::figure::{Figure, FigureUnit};
use crate::results::rows::SummaryRow;
use crate::sweep::checked_points::Survey;
use crate::sweep::grid::Grid;
use crate::units::Usd;

/// Most points of the table; of more only the first and the last are shown.
const POINTS_SHOWN: usize = 40;

/// A figure that was asked for.
struct AskedFigure {
    assumed: Option<f64>,
    /// The least and the greatest at any level.
    ends: Option<(f64, f64)>,
}

/// One point's figures of the configuration its verdict is about.
struct PointFigures {
    /// As `key=value` for each key.
    name: String,
    /// The point's value of each key.
    values: Vec<String>,
    configuration: String,
    /// At the low, the assumed and the high level.
    savings: [Option<f64>; 3],
    half_width: Option<f64>,
    kms_requests: f64,
    kms_cost: Usd,
    /// Each of the figures asked for, at the assumed level and from the least to the greatest.
    asked: Vec<AskedFigure>,
}

impl PointFigures {
    fn of(
        grid: &Grid,
        point: usize,
        headline: &str,
        rows: &[SummaryRow],
        figures: &[Figure],
    ) -> Self {
        let [low, assumed, high] = Level::ALL.map(|level| {
            rows.iter().find(|row| row.is_of(headline, level)).expect("a point has all its rows")
        });
        Self {
            name: grid.name(point),
            values: grid.values(point).into_iter().map(|value| value.text.clone()).collect(),
            configuration: headline.to_owned(),
            savings: [low, assumed, high].map(|row| row.saving_ratio),
            half_width: assumed.saving_half_width,
            kms_requests: assumed.kms_requests,
            kms_cost: assumed.kms_cost_usd,
            asked: figures
                .iter()
                .map(|&figure| {
                    let at = [low, assumed, high].map(|row| row.figure(figure));
                    AskedFigure { assumed: at[1], ends: ends(at) }
                })
                .collect(),
        }
    }

    fn saving(&self) -> Option<f64> {
        self.savings[Level::Assumed as usize]
    }

    /// The saving with its half-width.
    fn saving_cell(&self) -> Cell {
        let cell = Cell::percent(self.saving());
        match self.half_width.filter(|_| self.saving().is_some()) {
            Some(half) => Cell { text: format!("{} ± {:.2}", cell.text, half * 100.0), ..cell },
            None => cell,
        }
    }

    /// The saving with its range, as in a verdict.
    fn with_range(&self) -> String {
        let saving = Cell::percent(self.saving()).text;
        format!("{saving} {}", at_levels(ends(self.savings), percent))
    }

    fn saving_here(&self) -> String {
        format!("{} at {}", self.with_range(), self.name)
    }

    fn cost_here(&self) -> String {
        format!("{} at {}", dollars(self.kms_cost.as_f64()), self.name)
    }
}

/// The least and the greatest of what is known.
fn ends(values: [Option<f64>; 3]) -> Option<(f64, f64)> {
    let known = values.into_iter().flatten();
    known.clone().reduce(f64::min).zip(known.reduce(f64::max))
}

/// How a figure is written.
fn words(figure: Figure) -> fn(f64) -> String {
    match figure.unit() {
        FigureUnit::Share => percent,
        FigureUnit::Dollars => dollars,
        FigureUnit::Count => count,
    }
}

/// A sentence and a table of all points, with a column for each of some more figures; `rows` gives those
/// of a point.
///
/// # Panics
/// If some point has not the rows of all its configurations at all levels.
#[must_use]
pub fn document(
    name: &str,
    grid: &Grid,
    survey: &Survey,
    figures: &[Figure],
    rows: &dyn Fn(usize) -> Vec<SummaryRow>,
) -> Document {
    let points = survey.points.iter().enumerate();
    let points: Vec<PointFigures> = points
        .map(|(point, known)| {
            PointFigures::of(grid, point, known.headline(), &rows(point), figures)
        })
        .collect();
    let mut blocks = vec![
        Block::Verdict(format!("{name}: {}", verdict(grid, &points))),
        Block::Table(table(grid, &points, figures)),
    ];
    let left_out = points.len().saturating_sub(POINTS_SHOWN);
    if left_out > 0 {
        blocks.push(Block::Note(format!("{left_out} points between these are left out here")));
    }
    blocks.extend([
        Block::Note(
            "KMS requests are of the counted part of the run, their cost of the billing period; ± is a \
             95 % confidence half-width in points."
                .to_owned(),
        ),
        Block::Note(
            "low … high: every assumption at the end that saves least, and most; what --set gives a single \
             value is taken as known."
                .to_owned(),
        ),
    ]);
    Document::of(blocks)
}

/// What the sweep shows in one sentence.
fn verdict(grid: &Grid, points: &[PointFigures]) -> String {
    let known: Vec<(f64, &PointFigures)> =
        points.iter().filter_map(|point| Some((point.saving()?, point))).collect();
    // The first of equals, whatever their number.
    let lowest = known.iter().min_by(|a, b| a.0.total_cmp(&b.0));
    let highest = known.iter().rev().max_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(&(low, lowest)), Some(&(high, highest))) = (lowest, highest) else {
        return costs(points);
    };
    let (first, last) = (known[0].1, known[known.len() - 1].1);
    let headline = &points[0].configuration;
    let subject = if points.iter().all(|point| point.configuration == *headline) {
        format!("saving of `{headline}`")
    } else {
        "saving of the headline".to_owned()
    };
    let is_ends = std::ptr::eq(lowest, first) && std::ptr::eq(highest, last)
        || std::ptr::eq(lowest, last) && std::ptr::eq(highest, first);
    if grid.axes().len() == 1 && is_ends {
        return format!("{subject} goes from {} to {}", first.saving_here(), last.saving_here());
    }
    if low.total_cmp(&high).is_eq() {
        return format!("{subject} is {} and the same at every point", first.with_range());
    }
    let [lowest, highest] = [lowest, highest].map(PointFigures::saving_here);
    format!("{subject} is least, {lowest}, and greatest, {highest}")
}

/// The same where no baseline makes KMS requests: what those of the headline cost.
fn costs(points: &[PointFigures]) -> String {
    let least = points.iter().min_by_key(|point| point.kms_cost);
    let most = points.iter().rev().max_by_key(|point| point.kms_cost);
    match (least, most) {
        (Some(least), Some(most)) if least.kms_cost < most.kms_cost => format!(
            "the baseline makes no KMS requests; those of the headline cost least, {}, and most, {}",
            least.cost_here(),
            most.cost_here()
        ),
        (Some(point), _) if point.kms_cost > Usd::ZERO => format!(
            "the baseline makes no KMS requests; those of the headline cost {} at every point",
            dollars(point.kms_cost.as_f64())
        ),
        _ => "there are no KMS requests at any point, so there is nothing to save".to_owned(),
    }
}

fn table(grid: &Grid, points: &[PointFigures], figures: &[Figure]) -> Table {
    let shown = if points.len() <= POINTS_SHOWN {
        points.iter().chain(&[])
    } else {
        let half = POINTS_SHOWN / 2;
        points[..half].iter().chain(&points[points.len() - half..])
    };
    let mut columns = Table::of(shown);
    for (key, axis) in grid.axes().iter().enumerate() {
        columns = columns.figure(&axis.key, |point| point.values[key].clone().into());
    }
    for (number, figure) in figures.iter().enumerate() {
        let words = words(*figure);
        columns = columns
            .figure(figure.name(), |point| Cell::figure(point.asked[number].assumed, words))
            .figure("low … high", |point| Cell::range(point.asked[number].ends, words));
    }
    let is_saved = points.iter().any(|point| point.saving().is_some());
    columns
        .figure_if(is_saved, "saving", |point| point.saving_cell())
        .figure_if(is_saved, "low … high", |point| {
            Cell::range(point.savings[0].zip(point.savings[2]), percent)
        })
        .figure("KMS requests", |point| Cell::count(point.kms_requests))
        .figure("KMS cost", |point| Cell::dollars(point.kms_cost))
        .table()
}
