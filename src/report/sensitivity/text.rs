//! What an answer hangs on, for a person at a terminal and for a pull request.

use std::fmt::Write;

use comfy_table::Table;

use super::words;
use crate::report::table::{BOLD, RESET, table};
use crate::scenario::Scenario;
use crate::sensitivity::Sensitivity;

/// Verdict, tables and sentences. Lines are at most `width` columns where words allow it.
#[must_use]
pub fn write(scenario: &Scenario, found: &Sensitivity, width: u16) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{BOLD}{}{RESET}\n", words::verdict(scenario, found));
    if !found.swings.is_empty() {
        let rows: Vec<_> = found.swings.iter().map(words::swing).collect();
        let _ = writeln!(out, "{}\n", labelled(&words::SWING_HEADS, &rows, width));
    }
    match words::indices(found) {
        Ok(rows) => {
            let _ = writeln!(out, "{}\n", labelled(&words::INDEX_HEADS, &rows, width));
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

/// A table whose first column names what each row is about.
fn labelled<const N: usize>(heads: &[&str; N], rows: &[[String; N]], width: u16) -> Table {
    let header = heads[1..].iter().map(ToString::to_string).collect();
    let rows: Vec<(String, Vec<String>)> =
        rows.iter().map(|row| (row[0].clone(), row[1..].to_vec())).collect();
    table(heads[0], header, &rows, width)
}

/// The same as Markdown.
#[must_use]
pub fn markdown(scenario: &Scenario, found: &Sensitivity) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "**{}**\n", words::verdict(scenario, found));
    if !found.swings.is_empty() {
        let rows: Vec<_> = found.swings.iter().map(words::swing).collect();
        out.push_str(&markdown_table(&words::SWING_HEADS, &rows));
    }
    match words::indices(found) {
        Ok(rows) => out.push_str(&markdown_table(&words::INDEX_HEADS, &rows)),
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

fn markdown_table<const N: usize>(heads: &[&str; N], rows: &[[String; N]]) -> String {
    let mut out = format!("| {} |\n|", heads.join(" | "));
    (0..N).for_each(|column| out.push_str(if column == 0 { "---|" } else { "---:|" }));
    out.push('\n');
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out.push('\n');
    out
}
