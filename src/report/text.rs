//! Results for a person at a terminal.

use std::fmt::Write;

use super::table::{BOLD, RESET, YELLOW, table};
use super::{accounts, words};
use crate::results::Results;

/// The verdict, the table, what moves the answer most, and the warnings. Lines are at most `width`
/// columns where words allow it.
#[must_use]
pub fn write(results: &Results, width: u16) -> String {
    let results = &results.seen();
    let mut out = String::new();
    let _ = writeln!(out, "{BOLD}{}{RESET}", words::verdict(results));
    if let Some(question) = &results.facts.question {
        let _ = writeln!(out, "{question}");
    }
    let names = results.facts.configurations.iter().map(|c| c.name.clone()).collect();
    let _ = writeln!(out, "\n{}\n", table("", names, &words::figures(results), width));
    if let Some(accounts) = accounts::table(results) {
        let by_account = table("", accounts.header, &accounts.rows, width);
        let _ = writeln!(out, "{}\n{by_account}\n", accounts.caption);
    }
    let _ = writeln!(out, "{}", words::basis(results));
    if let Some(principals) = words::by_principal(results) {
        let _ = writeln!(out, "{principals}");
    }
    if let Some(swing) = words::greatest_swing(results) {
        let _ = writeln!(out, "{swing}");
    }
    if let Some(connections) = words::connections(results) {
        let _ = writeln!(out, "{connections}");
    }
    if !results.facts.warnings.is_empty() {
        out.push('\n');
    }
    for warning in &results.facts.warnings {
        let _ = writeln!(out, "{YELLOW}warning:{RESET} {}; {}", warning.what, warning.advice);
    }
    out
}
