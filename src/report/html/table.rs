//! Tables of a page: a caption, a header, rows; the script makes their columns sortable.

use maud::{Markup, html};

use super::prose;

/// Columns up to which no word of a table need be broken on paper.
const MANY: usize = 8;

/// A table of a page.
pub(super) struct Table {
    /// Letters and `-`, unlike those of the page's other tables.
    pub(super) id: &'static str,
    /// What it shows.
    pub(super) caption: String,
    /// Its columns; the first names the row.
    pub(super) columns: Vec<Column>,
    /// Its rows.
    pub(super) rows: Vec<Row>,
    /// Whether the rows may stand in any order.
    pub(super) sorts: bool,
    /// The file with its figures in full.
    pub(super) file: &'static str,
}

/// A column.
#[derive(Clone)]
pub(super) struct Column {
    /// Its header.
    title: String,
    /// Whether its cells are figures.
    is_figure: bool,
}

impl Column {
    pub(super) fn text(title: &str) -> Self {
        Self { title: title.to_owned(), is_figure: false }
    }

    pub(super) fn figure(title: &str) -> Self {
        Self { title: title.to_owned(), is_figure: true }
    }

    fn class(&self) -> Option<&'static str> {
        self.is_figure.then_some("n")
    }
}

/// A row.
#[derive(Default)]
pub(super) struct Row {
    /// Its cells, as many as there are columns.
    pub(super) cells: Vec<Cell>,
    /// Set in, as a part of the row above.
    pub(super) is_part: bool,
    /// The sum of those above.
    pub(super) is_total: bool,
    /// What the script finds it by.
    pub(super) at: Option<String>,
}

impl Row {
    pub(super) fn of(cells: Vec<Cell>) -> Self {
        Self { cells, ..Self::default() }
    }

    fn class(&self) -> Option<&'static str> {
        match (self.is_part, self.is_total) {
            (true, _) => Some("part"),
            (_, true) => Some("total"),
            _ => None,
        }
    }
}

/// A cell.
pub(super) struct Cell {
    /// As people read it; backticks make code.
    text: String,
    /// What it is sorted by, if that is not its text.
    key: Option<f64>,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), key: None }
    }

    /// A figure: as people read it, and in full.
    pub(super) fn figure(text: String, key: f64) -> Self {
        Self { text, key: Some(key) }
    }

    /// A figure that may be unknown.
    pub(super) fn known(value: Option<f64>, words: impl Fn(f64) -> String) -> Self {
        match value {
            Some(value) => Self::figure(words(value), value),
            None => Self::text("–"),
        }
    }
}

impl Table {
    /// The table, and which file has its figures.
    pub(super) fn render(&self) -> Markup {
        let id = self.id;
        let many = (self.columns.len() > MANY).then_some("many");
        html! {
            div.scroll tabindex="0" role="region" aria-labelledby=(format!("{id}-caption")) {
                table #(id) class=[many] data-sorts[self.sorts] {
                    caption #(format!("{id}-caption")) { span { (prose(&self.caption)) } }
                    thead { tr {
                        @for column in &self.columns {
                            th scope="col" class=[column.class()] { (prose(&column.title)) }
                        }
                    } }
                    tbody { @for row in &self.rows { (self.row(row)) } }
                }
            }
            p.file { "Figures in full: " code { (self.file) } }
        }
    }

    fn row(&self, row: &Row) -> Markup {
        let cells = row.cells.iter().zip(&self.columns).enumerate();
        html! {
            tr class=[row.class()] data-at=[&row.at] {
                @for (i, (cell, column)) in cells {
                    @if i == 0 {
                        th scope="row" class=[column.class()] data-key=[cell.key] { (prose(&cell.text)) }
                    } @else {
                        td class=[column.class()] data-key=[cell.key] { (prose(&cell.text)) }
                    }
                }
            }
        }
    }
}
