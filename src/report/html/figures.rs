//! The key figures of every configuration side by side.

use maud::{Markup, html};

use super::table::{Cell, Column, Row, Table};
use super::{Page, prose};
use crate::report::words;

pub(super) fn all(page: &Page) -> Markup {
    let results = page.results;
    let names =
        results.facts.configurations.iter().map(|it| Column::figure(&format!("`{}`", it.name)));
    let rows = words::figures(results).into_iter().map(|(label, cells)| {
        let part = label.strip_prefix("  ");
        let name = Cell::text(part.unwrap_or(&label));
        let cells = cells.into_iter().map(Cell::text);
        Row { is_part: part.is_some(), ..Row::of(std::iter::once(name).chain(cells).collect()) }
    });
    let table = Table {
        id: "table-figures",
        caption: format!(
            "Every assumption as assumed; savings against `{}`",
            results.facts.reference
        ),
        columns: std::iter::once(Column::text("figure")).chain(names).collect(),
        rows: rows.collect(),
        sorts: false,
        file: "summary.csv",
    };
    html! {
        (table.render())
        @for line in words::basis(results).lines() { p.note { (prose(line)) } }
    }
}
