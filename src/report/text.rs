//! Results for a person at a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table};
use std::fmt::Write;

use super::words;
use crate::results::Results;

/// Escape sequences for bold and yellow; whoever prints strips them where colour has no place.
const BOLD: &str = "\x1b[1m";
const YELLOW: &str = "\x1b[33m";
const RESET: &str = "\x1b[0m";

/// The verdict, the table, what moves the answer most, and the warnings. Lines are at most `width`
/// columns where words allow it.
#[must_use]
pub fn write(results: &Results, width: u16) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{BOLD}{}{RESET}", words::verdict(results));
    if let Some(question) = &results.facts.question {
        let _ = writeln!(out, "{question}");
    }
    let _ = writeln!(out, "\n{}\n", table(results, width));
    let _ = writeln!(out, "{}", words::basis(results));
    if let Some(principals) = words::by_principal(results) {
        let _ = writeln!(out, "{principals}");
    }
    if let Some(swing) = words::greatest_swing(results) {
        let _ = writeln!(out, "{swing}");
    }
    if !results.facts.warnings.is_empty() {
        out.push('\n');
    }
    for warning in &results.facts.warnings {
        let _ = writeln!(out, "{YELLOW}warning:{RESET} {}; {}", warning.what, warning.advice);
    }
    out
}

fn table(results: &Results, width: u16) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING.header_separator(LineStyle::new('─', '─', '─', '─')))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    let names = results.facts.configurations.iter().map(|c| c.name.clone());
    table.set_header(std::iter::once(String::new()).chain(names));
    for (label, cells) in words::figures(results) {
        table.add_row(std::iter::once(label).chain(cells));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
