//! A document as one page that needs nothing else: no network, and no script to be read.
//!
//! - `figure`, `table`: a chart and a table as parts of the page;
//! - `html/page.css`, `html/page.js`: how it looks, and what a script adds: sorting, hover values,
//!   sliders. Without it every figure stands in a table.
//!
//! Markup is made by maud, which escapes all text; drawings are not escaped, as `svg` has escaped their
//! texts.

mod figure;
mod table;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::assertion::reason;
use super::chart::colours;
use super::document::{Block, Document, Section, Shown, Tile};
use crate::harmless_text::{shown, shown_lines};
use crate::results::result_json::{AssertionFacts, WarningFacts};

/// What a page looks like, without the dark side of charts.
const STYLE: &str = include_str!("html/page.css");
/// What a page can do beyond being read.
const SCRIPT: &str = include_str!("html/page.js");
/// Nothing is loaded from anywhere.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// Writes the page. The same document gives the same bytes.
#[must_use]
pub fn write(document: &Document) -> String {
    let Document { title, footer, blocks } = document;
    let first_section = blocks.iter().position(is_section).unwrap_or(blocks.len());
    let (top, sections) = blocks.split_at(first_section);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(concat!("bks ", env!("CARGO_PKG_VERSION")));
                title { (shown(title)) }
                style { (PreEscaped(style())) }
            }
            body {
                a.skip href="#main" { "Skip to the verdict" }
                header { p { "Bucket Key Simulator" } }
                main #main {
                    h1 { (prose(title)) }
                    (self::blocks(top))
                    (contents(sections))
                    (self::blocks(sections))
                }
                footer { p { (prose(footer)) } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// Style sheet of the page, with the dark side of charts where the page is dark.
fn style() -> String {
    let dark = colours::dark_css(".plot svg");
    format!("{STYLE}@media screen and (prefers-color-scheme: dark) {{\n{dark}}}\n")
}

fn is_section(block: &Block) -> bool {
    matches!(block, Block::Section(section) if !section.id.is_empty())
}

/// Links to the sections.
fn contents(blocks: &[Block]) -> Markup {
    html! {
        nav aria-label="Contents" { ul { @for block in blocks {
            @if let Block::Section(section) = block {
                li { a href=(format!("#{}", section.id)) { (prose(&section.title)) } }
            }
        } } }
    }
}

fn blocks(blocks: &[Block]) -> Markup {
    html! { @for block in blocks { (self::block(block)) } }
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Verdict(text) => html! { p #verdict.verdict { (prose(text)) } },
        Block::Paragraph(text) => html! { p { (prose(text)) } },
        Block::Note(text) => html! { p.note { (prose(text)) } },
        Block::List(items) => html! { ul { @for item in items { li { (prose(item)) } } } },
        Block::Table(table) => table::markup(table),
        Block::Chart(figure) => figure::markup(figure),
        Block::Warnings(warnings) => self::warnings(warnings),
        Block::Assertions(assertions) => self::assertions(assertions),
        Block::Code(id, text) => copyable(id, text),
        Block::Section(section) => self::section(section),
        Block::Tiles(tiles) => self::tiles(tiles),
        Block::Explorer(explorer) => figure::explorer(explorer),
    }
}

/// A section with a heading, or a part of one that folds.
fn section(section: &Section) -> Markup {
    let Section { id, title, shown, blocks } = section;
    if id.is_empty() {
        return folded(section);
    }
    let heading = format!("{id}-heading");
    html! {
        section #(id) aria-labelledby=(heading) {
            @if *shown == Shown::Open {
                h2 #(heading) { (prose(title)) }
                (self::blocks(blocks))
            } @else {
                details { summary { h2 #(heading) { (prose(title)) } } (self::blocks(blocks)) }
            }
        }
    }
}

fn folded(Section { title, shown, blocks, .. }: &Section) -> Markup {
    let class = match shown {
        Shown::OnScreen => Some("long"),
        Shown::UnlessSliders => Some("points"),
        _ => None,
    };
    let is_open = matches!(shown, Shown::Open | Shown::UnlessSliders);
    let file = blocks.iter().find_map(|block| match block {
        Block::Table(table) if *shown == Shown::OnScreen => Some(table.file),
        _ => None,
    });
    html! {
        details class=[class] open[is_open] { summary { (prose(title)) } (self::blocks(blocks)) }
        @if let Some(file) = file { p.on-paper { (prose(title)) ": in " code { (file) } "." } }
    }
}

fn warnings(warnings: &[WarningFacts]) -> Markup {
    html! {
        ul.cautions { @for WarningFacts { what, advice, .. } in warnings {
            li {
                p { strong { (prose(&capitalized(advice))) "." } }
                p.note { (prose(&capitalized(what))) "." }
            }
        } }
    }
}

fn assertions(assertions: &[AssertionFacts]) -> Markup {
    html! {
        ul.assertions { @for it in assertions {
            li {
                p {
                    @if it.holds { strong.good { "✓ met: " } } @else { strong.bad { "✗ not met: " } }
                    code { (shown(&it.assertion)) }
                }
                p.note { (prose(&reason(it))) "." }
            }
        } }
    }
}

/// A clause as a sentence begins, unless it begins with code or a symbol.
fn capitalized(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn tiles(tiles: &[Tile]) -> Markup {
    html! {
        dl.tiles { @for Tile { name, value, beside } in tiles {
            div {
                dt { (prose(name)) }
                dd.value { (prose(value)) }
                @for beside in beside { dd.beside { (prose(beside)) } }
            }
        } }
    }
}

/// Text to be copied; the script adds the button.
fn copyable(id: &str, text: &str) -> Markup {
    let id = (!id.is_empty()).then_some(id);
    html! { div.copyable { pre id=[id] tabindex="0" { code { (shown_lines(text)) } } } }
}

/// Text in which backticks stand around code.
fn prose(text: &str) -> Markup {
    marked(text, breakable)
}

/// Text with each part between backticks as `code`; text with a lone backtick is taken as it is.
fn marked(text: &str, code: fn(&str) -> Markup) -> Markup {
    let text = shown(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return html! { (text) };
    }
    html! {
        @for (i, part) in parts.iter().enumerate() {
            @if i % 2 == 1 { (code(part)) }
            // A figure and its percent sign stay on one line.
            @else { (part.replace(" %", "\u{a0}%")) }
        }
    }
}

/// Code, which may go on in the next line after a slash or a colon if it is long.
fn breakable(code: &str) -> Markup {
    const SHORT: usize = 24;
    if code.len() <= SHORT {
        return html! { code { (code) } };
    }
    html! { code { @for part in code.split_inclusive(['/', ':']) { (part) wbr; } } }
}
