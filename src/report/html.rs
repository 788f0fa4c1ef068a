//! Results as one page that needs nothing else: no network, and no script to be read.
//!
//! ```text
//! Results ─┬─ verdict ─ figures ─ hangs ─ time ─ who ─ bill ─ cautions ─ method ──┐
//! Swept  ──┴─ sweep ──────────────────────────────────────────────────────────────┴─► page
//! ```
//!
//! - `table`, `figure`: a table and a chart as parts of the page;
//! - one file for each section, from rows to markup;
//! - `html/page.css`, `html/page.js`: how it looks, and what a script adds: sorting, hover values,
//!   sliders. Without it every figure stands in a table.
//!
//! Markup is made by maud, which escapes all text; what is not escaped are drawings, whose texts `svg`
//! has escaped.

mod bill;
mod cautions;
mod figure;
mod figures;
mod hangs;
mod method;
mod more;
mod sweep;
mod table;
mod time;
mod verdict;
mod who;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::colours;
use crate::error::Result;
use crate::results::Results;
use crate::sweep::swept::Swept;

/// What a page looks like, without the dark side of charts.
const STYLE: &str = include_str!("html/page.css");
/// What a page can do beyond being read.
const SCRIPT: &str = include_str!("html/page.js");
/// Nothing is loaded from anywhere.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// What a page is made from.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The run.
    pub results: &'a Results,
    /// The sweep of its scenario, if there is one.
    pub sweep: Option<&'a Swept>,
    /// Further CSV files of its folder: name and text of those that [`MORE`] names.
    pub more: &'a [(String, String)],
    /// What lies in its folder and is left out as it is of other settings, in sentences.
    pub left_out: &'a [String],
}

/// CSV files that a folder may have beside those of a run, and that a page shows.
pub const MORE: [&str; 4] = ["sobol.csv", "spread.csv", "break_even.csv", "break_even_curves.csv"];

/// A part of the page: an id, a heading, and what stands under it.
struct Section {
    id: &'static str,
    title: String,
    body: Markup,
}

/// Writes the page. The same results give the same bytes, wherever they were read from.
///
/// # Errors
/// If files beside those of the run cannot be drawn.
pub fn write(page: &Page) -> Result<String> {
    let results = &page.results.seen();
    let page = &Page { results, ..*page };
    let mut sections = vec![
        Section { id: "how-sure", title: "How sure is this?".into(), body: verdict::sure(page)? },
        Section { id: "figures", title: "Key figures".into(), body: figures::all(page) },
        Section { id: "hangs", title: "What the answer hangs on".into(), body: hangs::all(page)? },
    ];
    if let Some(swept) = page.sweep {
        let (title, body) = (sweep::title(swept), sweep::explorer(page, swept)?);
        sections.push(Section { id: "sweep", title, body });
    }
    sections.extend([
        Section { id: "time", title: "KMS calls over time".into(), body: time::all(page)? },
        Section { id: "who", title: "Who calls, and who saves".into(), body: who::all(page)? },
        Section { id: "bill", title: "The bill".into(), body: bill::all(page)? },
    ]);
    sections.extend(cautions::sections(results));
    sections.extend([
        Section { id: "method", title: "Method and limits".into(), body: method::limits(results) },
        Section { id: "again", title: "The same again".into(), body: method::again(page) },
    ]);
    Ok(document(results, &sections).into_string())
}

fn document(results: &Results, sections: &[Section]) -> Markup {
    let title = format!("{}: what S3 Bucket Keys save", results.facts.scenario);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(format!("bks {}", results.facts.bks_version));
                title { (title) }
                style { (PreEscaped(style())) }
            }
            body {
                a.skip href="#main" { "Skip to the verdict" }
                header { p { "Bucket Key Simulator · report of " code { (results.facts.scenario) } } }
                main #main {
                    (verdict::top(results, &title))
                    (contents(sections))
                    @for section in sections { (render(section)) }
                }
                footer { (method::footer(results)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// Style sheet of the page, with the dark side of charts where the page is dark.
fn style() -> String {
    let dark = colours::dark_css(".plot svg");
    format!("{STYLE}@media screen and (prefers-color-scheme: dark) {{\n{dark}}}\n")
}

fn contents(sections: &[Section]) -> Markup {
    html! {
        nav aria-label="Contents" { ul {
            @for section in sections {
                li { a href=(format!("#{}", section.id)) { (prose(&section.title)) } }
            }
        } }
    }
}

fn render(section: &Section) -> Markup {
    let heading = format!("{}-heading", section.id);
    html! {
        section #(section.id) aria-labelledby=(heading) {
            h2 #(heading) { (prose(&section.title)) }
            (section.body)
        }
    }
}

/// Text in which backticks stand around code.
fn prose(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    // Text with a lone backtick is taken as it is.
    if parts.len().is_multiple_of(2) {
        return html! { (text) };
    }
    html! {
        @for (i, part) in parts.iter().enumerate() {
            @if i % 2 == 1 { code { (breakable(part)) } }
            // A figure and its percent sign stay on one line.
            @else { (part.replace(" %", "\u{a0}%")) }
        }
    }
}

/// Code, which may go on in the next line after a slash or a colon if it is long.
fn breakable(code: &str) -> Markup {
    const SHORT: usize = 24;
    if code.len() <= SHORT {
        return html! { (code) };
    }
    html! { @for part in code.split_inclusive(['/', ':']) { (part) wbr; } }
}
