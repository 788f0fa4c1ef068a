//! A run as a page for a meeting: what to decide first, what it rests on folded below.
//!
//! ```text
//! verdict ─ tiles ─ what to do ─ where it saves ─ how sure ─► two screens
//! figures ─ assumptions ─ sweep ─ time ─ callers ─ bill ─ method ─ again ─► folded
//! ```

mod callers;
mod certainty;
mod decision;
mod method;
mod sensitivity_files;
mod sweep;

use super::{accounts, assumptions, audit, basis, bill, figures, months, savings, verdict};
use crate::error::Result;
use crate::report::chart::{self, Chart, Options};
use crate::report::document::{Block, Cell, ChartFigure, Document, Section, Shown, Table};
use crate::results::rows::TimelineRow;
use crate::results::sensitivity::{BreakEvenRow, CurveRow, SobolRow, SpreadRow};
use crate::results::{Results, csv};
use crate::sweep::swept::Swept;
use crate::units::SimDuration;

/// What a page is made from.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The run.
    pub results: &'a Results,
    /// The sweep of its scenario, if there is one.
    pub sweep: Option<&'a Swept>,
    /// What else its folder holds.
    pub further: &'a Further,
    /// Files of the folder that are left out as they are of other settings, in sentences.
    pub left_out: &'a [String],
}

/// Rows of further CSV files of a run's folder.
#[derive(Clone, Debug, Default)]
pub struct Further {
    /// `sobol.csv`.
    pub sobol: Vec<SobolRow>,
    /// `spread.csv`.
    pub spread: Vec<SpreadRow>,
    /// `break_even.csv`.
    pub break_even: Vec<BreakEvenRow>,
    /// `break_even_curves.csv`.
    pub curves: Vec<CurveRow>,
}

impl Further {
    /// Names of the files that `bks sensitivity` leaves.
    pub const OF_SENSITIVITY: [&'static str; 4] =
        ["sobol.csv", "spread.csv", "break_even.csv", "break_even_curves.csv"];

    /// Reads the text of one of the files; others are passed over.
    ///
    /// # Errors
    /// Text that is not what bks writes, with its place.
    pub fn read(&mut self, name: &str, text: &str) -> Result<()> {
        let read = match name {
            "sobol.csv" => csv::read(text).map(|rows| self.sobol = rows),
            "spread.csv" => csv::read(text).map(|rows| self.spread = rows),
            "break_even.csv" => csv::read(text).map(|rows| self.break_even = rows),
            "break_even_curves.csv" => csv::read(text).map(|rows| self.curves = rows),
            _ => Ok(()),
        };
        read.map_err(|error| error.at(name))
    }
}

/// The page. The same results give the same page, wherever they were read from.
///
/// # Errors
/// If something cannot be drawn.
pub fn document(page: &Page) -> Result<Document> {
    let results = &page.results.seen();
    let page = &Page { results, ..*page };
    let facts = &results.facts;
    let mut blocks: Vec<Block> = facts.question.clone().map(Block::Paragraph).into_iter().collect();
    blocks.push(Block::Verdict(format!("{}.", verdict::answer(results))));
    blocks.extend(decision::tiles(results));
    blocks.extend(decision::what_to_do(results));
    blocks.extend(callers::where_it_saves(results)?);
    blocks.push(Section::open("how-sure", "How sure is this?", certainty::blocks(results)?));
    blocks.push(Section::closed("figures", "Key figures", key_figures(results)));
    blocks.push(Section::closed("assumptions", "What the answer depends on", depends_on(page)?));
    if let Some(swept) = page.sweep {
        let (title, explorer) = (sweep::title(swept), sweep::explorer(results, swept)?);
        blocks.push(Section::open("sweep", title, explorer));
    }
    blocks.push(Section::closed("time", "KMS requests over time", over_time(results)?));
    blocks.push(Section::closed("who", "Who calls KMS", callers::blocks(results)?));
    blocks.push(Section::closed("bill", "The bill", the_bill(results)?));
    blocks.push(Section::closed("method", "Method and limits", method::limits(results)));
    blocks.push(Section::closed("again", "How to reproduce this", method::again(results)));
    Ok(Document {
        title: format!("{}: what S3 Bucket Keys save", facts.scenario),
        footer: method::footer(results),
        blocks,
    })
}

/// A chart whose figures stand in the table `table` and in full in `file`; none if there are no rows.
fn drawn<R, C: Into<Vec<Chart>>>(
    draw: fn(&[R], &Options) -> Result<C>,
    rows: &[R],
    options: &Options,
    file: &'static str,
    table: &'static str,
) -> Result<Option<Block>> {
    if rows.is_empty() {
        return Ok(None);
    }
    let charts: Vec<Chart> = draw(rows, options).map_err(|error| error.at(file))?.into();
    let first = charts.into_iter().next();
    Ok(first.map(|chart| Block::Chart(ChartFigure { chart, file, table })))
}

/// The key figures, those of the verdict first, and what they stand for.
fn key_figures(results: &Results) -> Vec<Block> {
    let mut table = figures(results);
    decision_first(results, &mut table);
    "figure".clone_into(&mut table.columns[0].title);
    let caption =
        format!("Every assumption as assumed; savings against `{}`", results.facts.reference);
    let table = Block::Table(table.on_page("table-figures", caption, "summary.csv"));
    std::iter::once(table).chain(basis::notes(results).into_iter().map(Block::Note)).collect()
}

/// Moves the headline's column, then the baseline's, to the front of a table with a column for each
/// configuration: on a narrow screen the first one is what is seen.
fn decision_first(results: &Results, table: &mut Table) {
    let facts = &results.facts;
    let mut order: Vec<usize> = (0..facts.configurations.len()).collect();
    order.sort_by_key(|&place| {
        let name = &facts.configurations[place].name;
        (*name != facts.headline, *name != facts.reference)
    });
    let columns = order.iter().map(|&place| table.columns[place + 1].clone()).collect::<Vec<_>>();
    table.columns.splice(1.., columns);
    for row in &mut table.rows {
        let cells = order.iter().map(|&place| row.cells[place + 1].clone()).collect::<Vec<_>>();
        row.cells.splice(1.., cells);
    }
}

/// The assumptions, and what each does to the answer.
fn depends_on(page: &Page) -> Result<Vec<Block>> {
    let results = page.results;
    let mut blocks: Vec<Block> =
        assumptions::greatest_swing(results).map(Block::Paragraph).into_iter().collect();
    blocks.extend(drawn(
        chart::tornado,
        &results.sensitivity,
        &Options::default(),
        "sensitivity.csv",
        "table-assumptions",
    )?);
    blocks.push(Block::Table(assumptions::explained(results)));
    blocks.extend(assumptions::connections(results).map(Block::Paragraph));
    blocks.extend(sensitivity_files::blocks(page.further)?);
    blocks.extend(page.left_out.iter().map(|note| Block::Note(format!("{note}."))));
    Ok(blocks)
}

fn over_time(results: &Results) -> Result<Vec<Block>> {
    let rows = &results.timeline;
    let options = Options::default();
    let charts = [
        drawn(chart::kms_over_time, rows, &options, "timeline.csv", "table-time")?,
        drawn(chart::slow_downs, rows, &options, "timeline.csv", "table-time")?,
        drawn(chart::saving_over_time, rows, &options, "timeline.csv", "table-time")?,
        drawn(chart::keys_alive, rows, &options, "timeline.csv", "table-time")?,
    ];
    let intervals = vec![Block::Table(intervals(results))];
    let mut blocks: Vec<Block> = charts.into_iter().flatten().collect();
    let caption = "What is saved month by month";
    blocks.extend(
        months::table(results)
            .map(|table| Block::Table(table.on_page("table-months", caption, "timeline.csv"))),
    );
    blocks.push(Section::folded(Shown::OnScreen, "The figures, interval by interval", intervals));
    Ok(blocks)
}

/// A row for each interval, configurations side by side.
fn intervals(results: &Results) -> Table {
    let configurations = &results.facts.configurations;
    let series: Vec<Vec<&TimelineRow>> = configurations
        .iter()
        .map(|it| results.timeline.iter().filter(|row| row.configuration == it.name).collect())
        .collect();
    let bins = 0..series.iter().map(Vec::len).max().unwrap_or(0);
    let mut columns = Table::of(bins).figure("begins", |bin| {
        let time_s = series.iter().find_map(|rows| rows.get(*bin)).map(|row| row.time_s);
        Cell::figure(time_s, |s| SimDuration::from_secs_f64(s).to_string())
    });
    for (configuration, rows) in configurations.iter().zip(&series) {
        columns = columns
            .figure(format!("`{}`: KMS requests", configuration.name), |bin| {
                Cell::count(rows.get(*bin).map(|row| row.kms_requests))
            })
            .figure("busiest second", |bin| {
                Cell::count(rows.get(*bin).map(|row| row.kms_requests_per_s_max.into()))
            })
            .figure("keys alive", |bin| {
                Cell::count(rows.get(*bin).map(|row| row.bucket_keys_alive_max.into()))
            })
            .figure_if(rows.iter().any(|row| row.slow_downs > 0.0), "503 SlowDown", |bin| {
                Cell::count(rows.get(*bin).map(|row| row.slow_downs))
            });
    }
    let caption = "KMS requests, requests of the busiest second and most bucket-level keys alive, every \
                   assumption as assumed";
    columns.table().on_page("table-time", caption, "timeline.csv").sortable()
}

fn the_bill(results: &Results) -> Result<Vec<Block>> {
    let mut table = bill::side_by_side(results);
    decision_first(results, &mut table);
    let chart = drawn(chart::bill, &results.costs, &Options::default(), "costs.csv", "table-bill")?;
    let every_line = vec![Block::Table(bill::all_levels(results))];
    let folded = Section::folded(
        Shown::Folded,
        "Every line of the bill at every level of assumptions",
        every_line,
    );
    let caption = "What a trail by object costs";
    let audit = audit::ways(results)
        .map(|ways| Block::Table(ways.on_page("table-audit", caption, "costs.csv")));
    Ok(chart.into_iter().chain([Block::Table(table)]).chain(audit).chain([folded]).collect())
}
