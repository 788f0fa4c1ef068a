//! Results for a pull request.

use std::fmt::Write;

use super::words;
use crate::results::Results;

/// The verdict, the table, what moves the answer most, and the warnings, as Markdown.
#[must_use]
pub fn write(results: &Results) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "**{}**\n", words::verdict(results));
    let names: Vec<String> = results.facts.configurations.iter().map(|c| c.name.clone()).collect();
    out.push_str(&table("", &names, &words::figures(results)));
    let _ = writeln!(out, "\n{}", words::basis(results));
    if let Some(principals) = words::by_principal(results) {
        let _ = writeln!(out, "\n{principals}");
    }
    if let Some(swing) = words::greatest_swing(results) {
        let _ = writeln!(out, "\n{swing}");
    }
    if !results.facts.warnings.is_empty() {
        out.push('\n');
    }
    for warning in &results.facts.warnings {
        let _ = writeln!(out, "- **warning:** {}; {}", warning.what, warning.advice);
    }
    out
}

/// Rows of a label and cells under a header; labels that begin with blanks are set in.
pub(super) fn table(corner: &str, header: &[String], rows: &[(String, Vec<String>)]) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} | {} |",
        if corner.is_empty() { "|".to_owned() } else { format!("| {corner}") },
        header.join(" | ")
    );
    let _ = writeln!(out, "|---|{}", "---:|".repeat(header.len()));
    for (label, cells) in rows {
        let label = match label.strip_prefix("  ") {
            Some(part) => format!("&nbsp;&nbsp;{part}"),
            None => label.clone(),
        };
        let _ = writeln!(out, "| {label} | {} |", cells.join(" | "));
    }
    out
}
