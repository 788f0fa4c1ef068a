//! A document for a pull request or an issue.

use super::assertion::reason;
use super::document::{Block, Document, Rank, Row, Section, Shown, Table};

/// The document as Markdown of GitHub's kind.
#[must_use]
pub fn write(document: &Document) -> String {
    let mut out = blocks(&document.blocks);
    out.push('\n');
    out
}

/// Blocks with blank lines between them.
fn blocks(blocks: &[Block]) -> String {
    let texts = blocks.iter().map(block).filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join("\n\n")
}

/// A block without a line break at its end; empty for what Markdown cannot show.
fn block(block: &Block) -> String {
    match block {
        Block::Verdict(text) => format!("**{}**", prose(text)),
        Block::Paragraph(text) | Block::Note(text) => prose(text),
        Block::List(items) => list(items.iter().map(|item| prose(item))),
        Block::Table(table) => self::table(table),
        Block::Section(section) => self::section(section),
        Block::Code(_, text) => format!("```sh\n{text}\n```"),
        Block::Warnings(warnings) => list(warnings.iter().map(|warning| {
            format!("**warning:** {}; {}", prose(&warning.what), prose(&warning.advice))
        })),
        Block::Assertions(assertions) => list(assertions.iter().map(|it| {
            let met = if it.holds { "assertion met" } else { "assertion **not met**" };
            format!("{met}: `{}`: {}", it.assertion, prose(&reason(it)))
        })),
        Block::Chart(_) | Block::Tiles(_) | Block::Explorer(_) => String::new(),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
}

/// A part under a heading, folded until someone wants to read it.
fn section(Section { title, shown, blocks, .. }: &Section) -> String {
    let body = self::blocks(blocks);
    if *shown == Shown::Open {
        return format!("### {}\n\n{body}", prose(title));
    }
    format!("<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>")
}

fn table(table: &Table) -> String {
    let titles = table.columns.iter().map(|column| cell(&column.title));
    let rules = table.columns.iter().map(|column| if column.is_figure { "---:|" } else { "---|" });
    let head = [line(titles), format!("|{}", rules.collect::<String>())];
    let lines: Vec<String> = head.into_iter().chain(table.rows.iter().map(row)).collect();
    let lines = lines.join("\n");
    match table.caption.as_str() {
        "" => lines,
        caption => format!("{}\n\n{lines}", prose(caption)),
    }
}

fn row(row: &Row) -> String {
    let inset = if row.rank == Rank::Part { "&nbsp;&nbsp;" } else { "" };
    let mut cells: Vec<String> = row.cells.iter().map(|it| cell(&it.text)).collect();
    if let Some(label) = cells.first_mut() {
        label.insert_str(0, inset);
    }
    line(cells)
}

fn line(cells: impl IntoIterator<Item = String>) -> String {
    let cells = cells.into_iter().map(|cell| if cell.is_empty() { cell } else { cell + " " });
    format!("| {}|", cells.collect::<Vec<_>>().join("| "))
}

/// Text that does not end its cell.
fn cell(text: &str) -> String {
    prose(text).replace('|', "\\|").replace('\n', " ")
}

/// Text in which backticks stand around code, and nothing else means anything: a word that Markdown or
/// its readers would take for more than text (a link, an image, a tag, a mention) stands as code.
fn prose(text: &str) -> String {
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
