//! Results for a pull request.

use std::fmt::Write;

use super::bill::{self, Line};
use super::numbers::{dollars, percent};
use super::words::{self, Again};
use super::{accounts, added};
use crate::results::Results;

/// The verdict, the table, what moves the answer most, what differs on the bill, demands, warnings, and
/// how to get the same again, as Markdown.
#[must_use]
pub fn write(results: &Results) -> String {
    let results = &results.seen();
    let mut out = String::new();
    let _ = writeln!(out, "**{}**\n", prose(&words::verdict(results)));
    let names: Vec<String> = results.facts.configurations.iter().map(|c| c.name.clone()).collect();
    out.push_str(&table("", &names, &words::figures(results)));
    if let Some(accounts) = accounts::table(results) {
        let by_account = table("", &accounts.header, &accounts.rows);
        let _ = write!(out, "\n{}\n\n{by_account}", prose(&accounts.caption));
    }
    let _ = writeln!(out, "\n{}", prose(&words::basis(results)));
    if let Some(principals) = words::by_principal(results) {
        let _ = writeln!(out, "\n{}", prose(&principals));
    }
    if let Some(swing) = words::greatest_swing(results) {
        let _ = writeln!(out, "\n{}", prose(&swing));
    }
    if let Some(connections) = words::connections(results) {
        let _ = writeln!(out, "\n{}", prose(&connections));
    }
    cautions(results, &mut out);
    folded(
        "What AWS does not publish, and what it does to the answer",
        &assumptions(results),
        &mut out,
    );
    folded("Bill lines that differ", &differing_lines(results), &mut out);
    folded("How to get the same again", &again(results), &mut out);
    out
}

/// Warnings, and demands with how they fared.
fn cautions(results: &Results, out: &mut String) {
    let facts = &results.facts;
    if !facts.warnings.is_empty() || !facts.assertions.is_empty() {
        out.push('\n');
    }
    for warning in &facts.warnings {
        let _ =
            writeln!(out, "- **warning:** {}; {}", prose(&warning.what), prose(&warning.advice));
    }
    for demand in &facts.assertions {
        let met = if demand.holds { "demand met" } else { "demand **not met**" };
        let _ = writeln!(out, "- {met}: `{}`: {}", demand.assertion, prose(&words::reason(demand)));
    }
}

/// Each assumption of the headline, and the saving at both ends of its range.
fn assumptions(results: &Results) -> String {
    let all = ["low", "assumed", "high", "saving at low", "saving at high"].map(str::to_owned);
    // Where nothing is saved no assumption moves a saving.
    let columns = if added::applies(results) { 3 } else { all.len() };
    let rows = words::assumptions(results).into_iter().map(|(it, effect)| {
        let saving = |of: Option<f64>| of.map_or_else(|| "–".to_owned(), percent);
        let [low, assumed, high] = [&it.low, &it.assumed, &it.high].map(String::clone);
        let at_low = saving(effect.map(|row| row.saving_at_low));
        let at_high = saving(effect.map(|row| row.saving_at_high));
        let mut cells = vec![low, assumed, high, at_low, at_high];
        cells.truncate(columns);
        (format!("`{}`", it.assumption), cells)
    });
    let rows: Vec<_> = rows.collect();
    table("assumption", &all[..columns], &rows)
}

/// What the configurations are billed, where it is not the same for all.
fn differing_lines(results: &Results) -> String {
    let names: Vec<String> = results.facts.configurations.iter().map(|c| c.name.clone()).collect();
    let row = |line: &Line| {
        let billed = (0..names.len()).map(|i| dollars(line.billed(i).as_f64()));
        (line.label(), billed.collect())
    };
    let lines = bill::lines(results);
    let rows: Vec<_> = lines.iter().filter(|line| line.differs()).map(row).collect();
    if rows.is_empty() {
        return "The configurations are billed the same.\n".to_owned();
    }
    table(&format!("billed in {}", words::period(results)), &names, &rows)
}

fn again(results: &Results) -> String {
    let facts = &results.facts;
    let how = match words::again(results) {
        Again::Commands(commands) => format!("```sh\n{}\n```", commands.join("\n")),
        Again::Words(words) => words,
    };
    format!(
        "{how}\n\nwith bks {} (model version {}, prices of {}) and the `run.toml` of the scenario \
         with the hash `{}`, seed {}.\n",
        facts.bks_version, facts.model_version, facts.price_date, facts.scenario_hash, facts.seed
    )
}

/// A part that is folded until someone wants to read it.
fn folded(title: &str, text: &str, out: &mut String) {
    let _ = write!(out, "\n<details>\n<summary>{title}</summary>\n\n{text}\n</details>\n");
}

/// Rows of a label and cells under a header; labels that begin with blanks are set in.
pub(super) fn table(corner: &str, header: &[String], rows: &[(String, Vec<String>)]) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} | {} |",
        if corner.is_empty() { "|".to_owned() } else { format!("| {}", cell(corner)) },
        cells(header)
    );
    let _ = writeln!(out, "|---|{}", "---:|".repeat(header.len()));
    for (label, cells) in rows {
        let label = match label.strip_prefix("  ") {
            Some(part) => format!("&nbsp;&nbsp;{}", cell(part)),
            None => cell(label),
        };
        let _ = writeln!(out, "| {label} | {} |", self::cells(cells));
    }
    out
}

/// Text that does not end its cell.
fn cell(text: &str) -> String {
    prose(text).replace('|', "\\|").replace('\n', " ")
}

/// Text in which backticks stand around code, and nothing else means anything: a word that Markdown or
/// its readers would take for more than text (a link, an image, a tag, a mention) stands as code.
pub(super) fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        // A lone backtick begins no code.
        return prose(&text.replace('`', "\u{2019}"));
    }
    let mut out = String::with_capacity(text.len());
    for (i, part) in parts.iter().enumerate() {
        if i % 2 == 1 {
            out.extend(["`", part, "`"]);
            continue;
        }
        for word in part.split_inclusive([' ', '\n']) {
            let bare = word.trim_end_matches([' ', '\n']);
            if means_more(bare) {
                out.extend(["`", bare, "`", &word[bare.len()..]]);
            } else {
                out.push_str(word);
            }
        }
    }
    out
}

/// Whether Markdown takes a word for more than text.
fn means_more(word: &str) -> bool {
    const SIGNS: [&str; 10] = ["](", "][", "[^", "://", "www.", "<", "&", "*", "~", "\\"];
    SIGNS.iter().any(|sign| word.contains(sign))
        || word.contains('@') && word.len() > 1
        || word
            .match_indices('#')
            .any(|(at, _)| word[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
}

fn cells(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| cell(text)).collect();
    texts.join(" | ")
}
