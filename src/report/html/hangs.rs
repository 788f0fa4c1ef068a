//! The assumptions, and what each does to the answer.

use maud::{Markup, html};

use super::figure::{self, Figure};
use super::table::{Cell, Column, Row, Table};
use super::{Page, more};
use crate::error::Result;
use crate::report::chart;
use crate::report::numbers::percent;
use crate::report::{added, words};
use crate::results::Results;
use crate::results::rows::SensitivityRow;

pub(super) fn all(page: &Page) -> Result<Markup> {
    let results = page.results;
    let tornado = Figure::of(chart::tornado, &results.sensitivity, "table-assumptions")?;
    let swing = words::greatest_swing(results);
    Ok(html! {
        @if let Some(swing) = &swing { p { (super::prose(swing)) } }
        (figure::all(&[tornado]))
        (assumptions(results).render())
        @if let Some(connections) = &words::connections(results) { p { (super::prose(connections)) } }
        @for (name, text) in page.more { (more::show(name, text)?) }
        @for note in page.left_out { p.note { (super::prose(note)) "." } }
    })
}

/// Every assumption of the headline, those that move its saving most first.
fn assumptions(results: &Results) -> Table {
    let is_saved = !added::applies(results);
    let savings = ["saving at low", "saving at high", "moves it by"].map(Column::figure);
    let columns = std::iter::once(Column::text("assumption"))
        .chain(["low", "assumed", "high"].map(Column::figure))
        .chain(savings.into_iter().filter(|_| is_saved))
        .chain([Column::text("what it is")]);
    let rows = words::assumptions(results).into_iter().map(|(row, effect)| {
        let [at_low, at_high] = ends(effect);
        let name = Cell::text(format!("`{}`", row.assumption));
        let values = [&row.low, &row.assumed, &row.high].map(Cell::text);
        let meaning = words::meaning(&row.assumption).unwrap_or_default();
        let moves = effect.map(|it| (it.saving_at_high - it.saving_at_low).abs() * 100.0);
        let moves = Cell::known(moves, |points| format!("{points:.1} points"));
        let cells = std::iter::once(name).chain(values);
        let effects = [at_low, at_high, moves].into_iter().filter(|_| is_saved);
        Row::of(cells.chain(effects).chain([Cell::text(meaning)]).collect())
    });
    Table {
        id: "table-assumptions",
        caption: format!(
            "What AWS does not publish, as assumed for `{}`{}",
            results.facts.headline,
            if is_saved {
                "; the saving with one assumption at an end of its range and the others as assumed"
            } else {
                ""
            }
        ),
        columns: columns.collect(),
        rows: rows.collect(),
        sorts: true,
        file: "result.json, sensitivity.csv",
    }
}

/// The savings at both ends.
fn ends(effect: Option<&SensitivityRow>) -> [Cell; 2] {
    let of = |value: Option<f64>| Cell::known(value, percent);
    [of(effect.map(|it| it.saving_at_low)), of(effect.map(|it| it.saving_at_high))]
}
