//! A sweep: sliders over what varies, the figures of the point they choose, and every point.

use crate::encryption::assumption::Level;
use crate::error::Result;
use crate::harmless_text::named;
use crate::report::chart::{self, Chart, Options};
use crate::report::document::{Block, Cell, ChartFigure, Column, Explorer, Section, Shown, Table};
use crate::report::numbers::percent;
use crate::results::Results;
use crate::results::result_json::WarningFacts;
use crate::results::rows::SummaryRow;
use crate::sweep::swept::{PointRows, SWEEP, Swept};

/// Rows of the table of all points, up to which sliders are offered; a page of more is slow.
const ROWS: usize = 4_000;

pub(super) fn title(swept: &Swept) -> String {
    let keys: Vec<String> = swept.keys.iter().map(|key| format!("`{}`", key.name)).collect();
    format!("What if {} were different", keys.join(" or "))
}

pub(super) fn explorer(results: &Results, swept: &Swept) -> Result<Vec<Block>> {
    let headline = headline(results, swept);
    let charts = charts(swept, headline)?;
    let table = table(swept);
    let few = table.rows.len() <= ROWS;
    let ranges = swept.keys.iter().map(|key| {
        let (first, last) = (&key.values[0], &key.values[key.values.len() - 1]);
        format!("`{}` from `{first}` to `{last}`", key.name)
    });
    let ranges: Vec<String> = ranges.collect();
    let points = swept.points.len();
    let mut blocks = vec![Block::Paragraph(format!(
        "{points} points of a sweep: {}; all else is as in this report.",
        ranges.join(", ")
    ))];
    blocks.extend(differences(results, swept));
    if few {
        blocks.push(Block::Explorer(Explorer {
            sliders: swept.keys.iter().map(|key| (key.name.clone(), key.values.clone())).collect(),
            headline: headline.to_owned(),
            table: table.id,
            marked: charts.first().cloned(),
            points: swept.points.iter().map(|point| (place(point), point.number)).collect(),
        }));
    }
    if charts.is_empty() {
        blocks.push(Block::Note(
            "There are too many lines for a chart; `bks plot` draws parts.".to_owned(),
        ));
    }
    blocks.extend(
        charts
            .into_iter()
            .map(|chart| Block::Chart(ChartFigure { chart, file: SWEEP, table: "table-sweep" })),
    );
    blocks.push(if few {
        Section::folded(Shown::UnlessSliders, "Every point", vec![Block::Table(table)])
    } else {
        Block::Note(format!(
            "The sweep has {points} points, too many for a page; `{SWEEP}` has them all."
        ))
    });
    Ok(blocks)
}

/// The configuration whose points are marked: the run's headline, or the sweep's first.
fn headline<'a>(results: &'a Results, swept: &'a Swept) -> &'a str {
    let headline = &results.facts.headline;
    let rows = &swept.points[0].rows;
    let is_swept = rows.iter().any(|row| row.configuration == *headline);
    if is_swept { headline } else { &rows[0].configuration }
}

fn charts(swept: &Swept, headline: &str) -> Result<Vec<Chart>> {
    let options = Options { configurations: vec![headline.to_owned()], ..Options::default() };
    let lines = chart::sweep(swept, &options).ok();
    match swept.keys.len() {
        1 => Ok(vec![chart::sweep(swept, &Options::default())?]),
        2 => Ok(std::iter::once(chart::heat_map(swept, &options)?).chain(lines).collect()),
        _ => Ok(lines.into_iter().collect()),
    }
}

/// Where a point stands in the grid, as the sliders give it.
fn place(point: &PointRows) -> String {
    let at: Vec<String> = point.at.iter().map(ToString::to_string).collect();
    at.join(",")
}

/// In what the sweep's scenario is another than the report's.
fn differences(results: &Results, swept: &Swept) -> Option<Block> {
    match swept.differences(results) {
        None => Some(Block::Note(
            "There is no `sweep.json` beside the sweep, so it is not known whether all else is the same."
                .to_owned(),
        )),
        Some(differ) if !differ.is_empty() => Some(Block::Warnings(vec![WarningFacts {
            id: String::new(),
            what: format!("the sweep has {}", differ.join(", and the ")),
            advice: "its figures are not those of this report with other values".to_owned(),
        }])),
        Some(_) => None,
    }
}

/// Every configuration at every point.
fn table(swept: &Swept) -> Table {
    let keys = swept.keys.iter().map(|key| Column::figure(format!("`{}`", key.name)));
    let figures = ["saving", "low … high", "KMS requests", "KMS cost", "requests and keys bill"];
    let columns =
        keys.chain([Column::text("configuration")]).chain(figures.into_iter().map(Column::figure));
    let mut table = Table { columns: columns.collect(), ..Table::default() };
    for point in &swept.points {
        let assumed = point.rows.iter().filter(|row| row.assumption == Level::Assumed);
        for row in assumed {
            table.push(cells(swept, point, row));
            table.rows.last_mut().expect("a row was added").at = Some(place(point));
        }
    }
    let caption = "Every point of the sweep, every assumption that does not vary as assumed";
    table.on_page("table-sweep", caption, SWEEP).sortable()
}

fn cells(swept: &Swept, point: &PointRows, row: &SummaryRow) -> Vec<Cell> {
    let keys = swept
        .keys
        .iter()
        .zip(&point.at)
        .map(|(key, at)| Cell { text: key.values[*at].clone(), value: Some(*at as f64) });
    let [low, high] = [Level::Low, Level::High].map(|level| {
        let of_level = point.rows.iter().find(|other| other.is_of(&row.configuration, level));
        of_level.and_then(|row| row.saving_ratio)
    });
    let range = low.zip(high).filter(|(low, high)| low < high);
    let figures = [
        format!("`{}`", named(&row.configuration)).into(),
        Cell::percent(row.saving_ratio),
        Cell::range(range, percent),
        Cell::count(row.kms_requests),
        Cell::dollars(row.kms_cost_usd),
        Cell::dollars(row.total_cost_usd),
    ];
    keys.chain(figures).collect()
}
