//! A document for a person at a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle};

use super::document::{Block, Document, Rank, Row, Section, Shown, Table};
use crate::harmless_text::shown;

/// Escape sequences for bold and yellow; whoever prints strips them where colour has no place.
pub(crate) const BOLD: &str = "\x1b[1m";
pub(crate) const YELLOW: &str = "\x1b[33m";
pub(crate) const RESET: &str = "\x1b[0m";

/// The document, in lines of at most `width` columns where words allow it.
#[must_use]
pub fn write(document: &Document, width: u16) -> String {
    let mut out = String::new();
    blocks(&document.blocks, width, &mut out);
    out
}

/// Sentences follow one another line by line; anything else stands between blank lines.
fn blocks(blocks: &[Block], width: u16, out: &mut String) {
    let mut was_sentence = true;
    for block in blocks {
        let text = self::block(block, width);
        if text.is_empty() {
            continue;
        }
        let is_sentence = matches!(block, Block::Verdict(_) | Block::Paragraph(_) | Block::Note(_));
        if !(out.is_empty() || is_sentence && was_sentence) {
            out.push('\n');
        }
        was_sentence = is_sentence;
        out.push_str(&text);
        out.push('\n');
    }
}

/// A block without a line break at its end; empty for what a terminal does not show.
fn block(block: &Block, width: u16) -> String {
    match block {
        Block::Verdict(text) => format!("{BOLD}{text}{RESET}"),
        Block::Paragraph(text) | Block::Note(text) | Block::Code(_, text) => text.clone(),
        Block::List(items) => items.join("\n"),
        Block::Table(table) => self::table(table, width),
        Block::Section(section) => self::section(section, width),
        Block::Warnings(warnings) => {
            let lines = warnings.iter().map(|warning| {
                format!("{YELLOW}warning:{RESET} {}; {}", warning.what, warning.advice)
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        // The command names the assertions that do not hold on standard error.
        Block::Assertions(_) | Block::Chart(_) | Block::Tiles(_) | Block::Explorer(_) => {
            String::new()
        }
    }
}

fn section(section: &Section, width: u16) -> String {
    if matches!(section.shown, Shown::IfFoldable | Shown::OnScreen) {
        return String::new();
    }
    let mut out = String::new();
    blocks(&section.blocks, width, &mut out);
    format!("{BOLD}{}{RESET}\n{}", section.title, out.trim_end_matches('\n'))
}

/// A table no wider than `width` where words allow it, under its caption.
fn table(table: &Table, width: u16) -> String {
    let mut drawn = comfy_table::Table::new();
    drawn
        .load_style(NOTHING.header_separator(LineStyle::new('─', '─', '─', '─')))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .set_header(table.columns.iter().map(|column| plain(&column.title)));
    for row in &table.rows {
        drawn.add_row(cells(row));
    }
    for (drawn, column) in drawn.column_iter_mut().zip(&table.columns) {
        if column.is_figure {
            drawn.set_cell_alignment(CellAlignment::Right);
        }
    }
    if table.caption.is_empty() { drawn.to_string() } else { format!("{}\n{drawn}", table.caption) }
}

fn cells(row: &Row) -> Vec<String> {
    let mut cells: Vec<String> = row.cells.iter().map(|cell| plain(&cell.text)).collect();
    if let (Rank::Part, Some(label)) = (row.rank, cells.first_mut()) {
        label.insert_str(0, "  ");
    }
    cells
}

/// A cell on one line, whose names need no quotes.
fn plain(text: &str) -> String {
    let text = shown(text);
    match text.matches('`').count() {
        0 => text.into_owned(),
        n if n % 2 == 0 => text.replace('`', ""),
        _ => text.into_owned(),
    }
}
