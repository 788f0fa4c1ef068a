//! Tables and emphasis on a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table};

/// Escape sequences for bold and yellow; whoever prints strips them where colour has no place.
pub(super) const BOLD: &str = "\x1b[1m";
pub(super) const YELLOW: &str = "\x1b[33m";
pub(super) const RESET: &str = "\x1b[0m";

/// Rows of a label and cells under a header, no wider than `width` where words allow it.
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
    table.set_header(std::iter::once(corner.to_owned()).chain(header));
    for (label, cells) in rows {
        table.add_row(std::iter::once(label).chain(cells));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
