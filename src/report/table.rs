//! Tables and emphasis on a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table};

use crate::shown::shown;

/// Escape sequences for bold and yellow; whoever prints strips them where colour has no place.
pub(crate) const BOLD: &str = "\x1b[1m";
pub(crate) const YELLOW: &str = "\x1b[33m";
pub(crate) const RESET: &str = "\x1b[0m";

/// Rows of a label and cells under a header, each of which stays on its line, no wider than `width` where words allow it.
pub(super) fn table(
    corner: &str,
    header: Vec<String>,
    rows: &[(String, Vec<String>)],
    width: u16,
) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING.header_separator(LineStyle::new('─', '─', '─', '─')))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    let seen = |text: String| shown(&text).into_owned();
    table.set_header(std::iter::once(corner.to_owned()).chain(header).map(seen));
    for (label, cells) in rows {
        table.add_row(std::iter::once(label).chain(cells).map(|text| shown(text).into_owned()));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
