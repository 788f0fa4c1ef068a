//! Answers to bytes: typed rows become a [`document::Document`], and a renderer writes it.
//!
//! ```text
//! run ─ comparison ─ advice ─ sweep ─ sensitivity ─ reconciliation ─ inventory ─ migration ─ calibration ─ explanation ─ lint
//!                                                                                              one file a question
//!                                    ▼
//!                                Document        headings, paragraphs, tables, charts
//!                    ┌───────────────┼───────────────┐
//!                  text          markdown          html                              one file a format
//! ```
//!
//! Programs get the rows themselves, by [`json`] and as CSV; [`schema`] says what they may hold. Nothing here knows where the bytes go.

pub mod advice;
pub mod assertion;
pub mod calibration;
pub mod chart;
pub mod comparison;
pub mod document;
pub mod experiment;
pub mod explanation;
pub mod files;
pub mod html;
pub mod inventory;
pub mod json;
pub mod known_total;
pub mod lint;
pub mod markdown;
pub mod migration;
pub mod reconciliation;
pub mod run;
pub mod schema;
pub mod sensitivity;
pub mod sweep;
pub mod text;

pub(crate) use crate::units::readable as numbers;
use document::Document;

/// A format of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentFormat {
    /// For a terminal of so many columns.
    Text(u16),
    /// For a pull request.
    Markdown,
    /// A page that needs nothing else.
    Html,
}

/// Writes a document. The same document gives the same bytes.
#[must_use]
pub fn write(document: &Document, format: DocumentFormat) -> String {
    match format {
        DocumentFormat::Text(width) => text::write(document, width),
        DocumentFormat::Markdown => markdown::write(document),
        DocumentFormat::Html => html::write(document),
    }
}
