//! Tables of a page: a caption, a header, rows; the script makes their columns sortable.

use maud::{Markup, html};

use super::{marked, prose};
use crate::report::document::{Column, Rank, Row, Table};

/// Columns up to which no word of a table need be broken on paper.
const MANY: usize = 8;

/// The table, and which file has its figures in full.
pub(super) fn markup(table: &Table) -> Markup {
    let id = table.id;
    let many = (table.columns.len() > MANY).then_some("many");
    html! {
        div.scroll tabindex="0" role="region" aria-labelledby=(format!("{id}-caption")) {
            table #(id) class=[many] data-sorts[table.sorts] {
                caption #(format!("{id}-caption")) { span { (prose(&table.caption)) } }
                thead { tr { @for column in &table.columns {
                    th scope="col" class=[class(column)] { (cell(&column.title)) }
                } } }
                tbody { @for row in &table.rows { (self::row(row, &table.columns)) } }
            }
        }
        @if !table.file.is_empty() { p.file { "Figures in full: " code { (table.file) } } }
    }
}

fn class(column: &Column) -> Option<&'static str> {
    column.is_figure.then_some("n")
}

fn row(row: &Row, columns: &[Column]) -> Markup {
    let rank = match row.rank {
        Rank::Plain => None,
        Rank::Part => Some("part"),
        Rank::Total => Some("total"),
    };
    html! {
        tr class=[rank] data-at=[&row.at] {
            @for (place, (it, column)) in row.cells.iter().zip(columns).enumerate() {
                @if place == 0 {
                    th scope="row" class=[class(column)] data-key=[it.value] { (cell(&it.text)) }
                } @else {
                    td class=[class(column)] data-key=[it.value] { (cell(&it.text)) }
                }
            }
        }
    }
}

/// Text of a cell, whose long names are cut in the middle.
fn cell(text: &str) -> Markup {
    marked(text, cut)
}

/// A name of which the middle gives way where it has too little room: names of a kind differ at their
/// ends. The whole stays in the page, to be copied and read aloud.
fn cut(name: &str) -> Markup {
    /// Characters up to which a name is never cut, and of its end that is always seen.
    const SHORT: usize = 22;
    const END: usize = 12;
    let length = name.chars().count();
    if length <= SHORT {
        return html! { code { (name) } };
    }
    let end = name.char_indices().nth(length - END).map_or(0, |(at, _)| at);
    let (begin, end) = name.split_at(end);
    html! { code.cut title=(name) { span { (begin) } span { (end) } } }
}
