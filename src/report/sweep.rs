//! A sweep for a person: a sentence and a table of its points.

use std::fmt::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table};

use super::numbers::{count, dollars, percent};
use crate::encryption::assumptions::Level;
use crate::results::rows::SummaryRow;
use crate::sweep::grid::Grid;
use crate::sweep::survey::Survey;

/// Most points of the table; of more only the first and the last are shown.
const POINTS_SHOWN: usize = 40;

/// One point's figures of the configuration its verdict is about.
struct Figures {
    configuration: String,
    /// At the low, the assumed and the high level.
    savings: [Option<f64>; 3],
    half_width: Option<f64>,
    kms_requests: f64,
    kms_cost_usd: f64,
}

impl Figures {
    fn of(headline: &str, rows: &[SummaryRow]) -> Self {
        let at = |level| {
            let row = rows.iter().find(|row| row.is_of(headline, level));
            row.expect("a point has all its rows")
        };
        let assumed = at(Level::Assumed);
        Self {
            configuration: headline.to_owned(),
            savings: Level::ALL.map(|level| at(level).saving_ratio),
            half_width: assumed.saving_half_width,
            kms_requests: assumed.kms_requests,
            kms_cost_usd: assumed.kms_cost_usd.as_f64(),
        }
    }

    fn saving(&self) -> Option<f64> {
        self.savings[Level::Assumed as usize]
    }

    /// The saving with its range, as in a verdict.
    fn with_range(&self) -> String {
        let saving = self.saving().map_or_else(dash, percent);
        match self.range() {
            Some((low, high)) if low < high => {
                format!("{saving} [{} … {}]", percent(low), percent(high))
            }
            _ => format!("{saving} [the same at every level]"),
        }
    }

    /// Least and greatest saving over all levels.
    fn range(&self) -> Option<(f64, f64)> {
        let savings = self.savings.iter().flatten().copied();
        Some((savings.clone().reduce(f64::min)?, savings.reduce(f64::max)?))
    }
}

fn dash() -> String {
    "–".to_owned()
}

/// A sentence and a table of all points; `rows` gives those of a point. Lines are at most `width`
/// columns where words allow it.
///
/// # Panics
/// If some point has not the rows of all its configurations at all levels.
#[must_use]
pub fn text(
    name: &str,
    grid: &Grid,
    survey: &Survey,
    rows: &dyn Fn(usize) -> Vec<SummaryRow>,
    width: u16,
) -> String {
    let points = survey.points.iter().enumerate();
    let figures: Vec<Figures> =
        points.map(|(point, known)| Figures::of(known.headline(), &rows(point))).collect();
    let mut out = String::new();
    let _ = writeln!(out, "{name}: {}", verdict(grid, &figures));
    let _ = writeln!(out, "\n{}", table(grid, &figures, width));
    let left_out = grid.points().saturating_sub(POINTS_SHOWN);
    if left_out > 0 {
        let _ = writeln!(out, "\n{left_out} points between these are left out here");
    }
    let _ = writeln!(
        out,
        "\nKMS requests are of the counted part of the run, their cost of the billing period; ± is a \
         95 % confidence half-width in points.\nlow … high: every assumption at the end that saves \
         least, and most; what --set gives a single value is taken as known."
    );
    out
}

/// What the sweep shows in one sentence.
fn verdict(grid: &Grid, figures: &[Figures]) -> String {
    let saves = |point: &usize| figures[*point].saving();
    let by_saving = |a: &usize, b: &usize| saves(a).partial_cmp(&saves(b)).expect("no NaN");
    let saving: Vec<usize> = (0..figures.len()).filter(|point| saves(point).is_some()).collect();
    let (Some(&first), Some(&last)) = (saving.first(), saving.last()) else {
        return costs(grid, figures);
    };
    let at = |point: usize| format!("{} at {}", figures[point].with_range(), grid.name(point));
    let headline = &figures[0].configuration;
    let of = if figures.iter().all(|point| point.configuration == *headline) {
        format!("saving of `{headline}`")
    } else {
        "saving of the headline".to_owned()
    };
    // The first of equals, whatever their number.
    let lowest = saving.iter().copied().min_by(by_saving).unwrap_or(first);
    let highest = saving.iter().rev().copied().max_by(by_saving).unwrap_or(first);
    if grid.axes().len() == 1 && [(first, last), (last, first)].contains(&(lowest, highest)) {
        return format!("{of} goes from {} to {}", at(first), at(last));
    }
    if saves(&lowest) == saves(&highest) {
        return format!("{of} is {} and the same at every point", figures[first].with_range());
    }
    format!("{of} is least, {}, and greatest, {}", at(lowest), at(highest))
}

/// The same where no reference makes KMS requests: what those of the headline cost.
fn costs(grid: &Grid, figures: &[Figures]) -> String {
    let cost = |point: &usize| figures[*point].kms_cost_usd;
    let by_cost = |a: &usize, b: &usize| cost(a).total_cmp(&cost(b));
    let at = |point: usize| format!("{} at {}", dollars(cost(&point)), grid.name(point));
    let points = || 0..figures.len();
    match (points().min_by(by_cost), points().rev().max_by(by_cost)) {
        (Some(least), Some(most)) if cost(&least) < cost(&most) => format!(
            "the reference makes no KMS requests; those of the headline cost least, {}, and most, {}",
            at(least),
            at(most)
        ),
        (Some(point), _) if cost(&point) > 0.0 => format!(
            "the reference makes no KMS requests; those of the headline cost {} at every point",
            dollars(cost(&point))
        ),
        _ => "there are no KMS requests at any point, so there is nothing to save".to_owned(),
    }
}

fn table(grid: &Grid, figures: &[Figures], width: u16) -> Table {
    let is_saved = figures.iter().any(|point| point.saving().is_some());
    let mut table = Table::new();
    table
        .load_style(NOTHING.header_separator(LineStyle::new('─', '─', '─', '─')))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    let keys = grid.axes().iter().map(|axis| axis.key.as_str());
    let savings = ["saving", "low … high"].into_iter().filter(|_| is_saved);
    table.set_header(keys.chain(savings).chain(["KMS requests", "KMS cost"]));
    let shown = |point: &usize| {
        let half = POINTS_SHOWN / 2;
        figures.len() <= POINTS_SHOWN || *point < half || *point >= figures.len() - half
    };
    for point in (0..figures.len()).filter(shown) {
        let of = &figures[point];
        let values = grid.values(point).into_iter().map(|value| value.text.clone());
        let saving = match (of.saving(), of.half_width) {
            (Some(saving), Some(half)) => format!("{} ± {:.2}", percent(saving), half * 100.0),
            (Some(saving), None) => percent(saving),
            (None, _) => dash(),
        };
        let range = match of.savings {
            [Some(low), _, Some(high)] => format!("{} … {}", percent(low), percent(high)),
            _ => dash(),
        };
        let savings = [saving, range].into_iter().filter(|_| is_saved);
        let figures = [count(of.kms_requests), dollars(of.kms_cost_usd)];
        table.add_row(values.chain(savings).chain(figures));
    }
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
