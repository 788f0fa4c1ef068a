//! An outcome for a pull request.

use std::fmt::Write;

use super::words;
use crate::outcome::Outcome;
use crate::scenario::Scenario;

/// The verdict, the table, what moves the answer most, and the warnings, as Markdown.
#[must_use]
pub fn write(scenario: &Scenario, outcome: &Outcome) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "**{}**\n", words::verdict(scenario, outcome));
    let names: Vec<&str> = outcome.configurations.iter().map(|c| c.name.as_str()).collect();
    let _ = writeln!(out, "| | {} |", names.join(" | "));
    let _ = writeln!(out, "|---|{}", "---:|".repeat(names.len()));
    for (label, cells) in words::figures(scenario, outcome) {
        let label = match label.strip_prefix("  ") {
            Some(part) => format!("&nbsp;&nbsp;{part}"),
            None => label,
        };
        let _ = writeln!(out, "| {label} | {} |", cells.join(" | "));
    }
    let _ = writeln!(out, "\n{}", words::basis(scenario, outcome));
    if let Some(principals) = words::by_principal(scenario, outcome) {
        let _ = writeln!(out, "\n{principals}");
    }
    if let Some(swing) = words::greatest_swing(scenario, outcome) {
        let _ = writeln!(out, "\n{swing}");
    }
    if !outcome.warnings.is_empty() {
        out.push('\n');
    }
    for warning in &outcome.warnings {
        let _ = writeln!(out, "- **warning:** {}; {}", warning.what, warning.advice);
    }
    out
}
