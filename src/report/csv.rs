//! Rows to CSV and back: a header, one fact a row, dots for decimals, units in names, empty for unknown.

use serde::Serialize;

use crate::error::{Error, Result};

/// Rows as CSV; the header stands even if there are none.
///
/// # Panics
/// Never: rows are flat structs.
#[must_use]
pub fn write<T: Serialize + Default>(rows: &[T]) -> Vec<u8> {
    if rows.is_empty() {
        let mut with_header = write(&[T::default()]);
        let header = with_header.iter().position(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        with_header.truncate(header);
        return with_header;
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).expect("rows are flat structs");
    }
    writer.into_inner().expect("writing to memory does not fail")
}

/// One row of a CSV text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    /// Its cells, as many as the header has.
    pub(super) cells: Vec<String>,
}

/// The header and the rows of a CSV text, whatever its columns are.
pub(super) fn parse(place: &str, text: &str) -> Result<(Vec<String>, Vec<Record>)> {
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let unreadable =
        |error: ::csv::Error| Error::request(format!("the text is no CSV: {error}")).at(place);
    let header: Vec<String> =
        reader.headers().map_err(unreadable)?.iter().map(str::to_owned).collect();
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, ::csv::Position::line);
        if record.len() != header.len() {
            let cells = if record.len() == 1 { "cell" } else { "cells" };
            return Err(Error::request(format!(
                "the row has {} {cells}, but the header has {}",
                record.len(),
                header.len()
            ))
            .at(format!("{place}:{line}"))
            .hint("the file is cut off or was edited: write it again"));
        }
        records.push(Record { line, cells: record.iter().map(str::to_owned).collect() });
    }
    Ok((header, records))
}
