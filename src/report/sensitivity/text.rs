//! What an answer hangs on, for a person at a terminal and for a pull request.

use std::fmt::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table};

use super::words;
use crate::scenario::Scenario;
use crate::sensitivity::Sensitivity;

/// Escape sequences for bold; whoever prints strips them where colour has no place.
const BOLD: &str = "\x1b[1m";
const RESET: &str = "\x1b[0m";

/// Verdict, tables and sentences. Lines are at most `width` columns where words allow it.
#[must_use]
pub fn write(scenario: &Scenario, found: &Sensitivity, width: u16) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{BOLD}{}{RESET}\n", words::verdict(scenario, found));
    if !found.swings.is_empty() {
        let rows: Vec<_> = found.swings.iter().map(words::swing).collect();
        let _ = writeln!(out, "{}\n", table(&words::SWING_HEADS, &rows, 3, width));
    }
    match words::indices(found) {
        Ok(rows) => {
            let _ = writeln!(out, "{}\n", table(&words::INDEX_HEADS, &rows, 1, width));
        }
        Err(why) => {
            let _ = writeln!(out, "{why}\n");
        }
    }
    if let Some(spread) = words::spread(found) {
        let _ = writeln!(out, "{spread}\n");
    }
    for sentence in words::break_evens(scenario, found) {
        let _ = writeln!(out, "{sentence}");
    }
    out.push('\n');
    for line in words::basis(found) {
        let _ = writeln!(out, "{line}");
    }
    out
}

/// A table whose columns from `right` on hold numbers.
fn table<const N: usize>(
    heads: &[&str; N],
    rows: &[[String; N]],
    right: usize,
    width: u16,
) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING.header_separator(LineStyle::new('─', '─', '─', '─')))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .set_header(heads);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(right) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The same as Markdown.
#[must_use]
pub fn markdown(scenario: &Scenario, found: &Sensitivity) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "**{}**\n", words::verdict(scenario, found));
    if !found.swings.is_empty() {
        let rows: Vec<_> = found.swings.iter().map(words::swing).collect();
        out.push_str(&markdown_table(&words::SWING_HEADS, &rows, 3));
    }
    match words::indices(found) {
        Ok(rows) => out.push_str(&markdown_table(&words::INDEX_HEADS, &rows, 1)),
        Err(why) => {
            let _ = writeln!(out, "{why}\n");
        }
    }
    if let Some(spread) = words::spread(found) {
        let _ = writeln!(out, "{spread}\n");
    }
    for sentence in words::break_evens(scenario, found) {
        let _ = writeln!(out, "- {sentence}");
    }
    let _ = writeln!(out, "\n{}", words::basis(found).join(" "));
    out
}

fn markdown_table<const N: usize>(heads: &[&str; N], rows: &[[String; N]], right: usize) -> String {
    let mut out = format!("| {} |\n|", heads.join(" | "));
    (0..N).for_each(|column| out.push_str(if column < right { "---|" } else { "---:|" }));
    out.push('\n');
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out.push('\n');
    out
}
