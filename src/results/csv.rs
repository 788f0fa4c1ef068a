//! Rows to CSV and back: a header, one fact a row, dots for decimals, units in names, empty for
//! unknown. Names may be strangers': they stand as [`crate::harmless_text::cell`] writes them.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::harmless_text;

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
    guarded(writer.into_inner().expect("writing to memory does not fail"))
}

/// The same CSV with each cell as [`harmless_text::cell`] writes it.
fn guarded(plain: Vec<u8>) -> Vec<u8> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&plain[..]);
    let mut writer = csv::Writer::from_writer(Vec::with_capacity(plain.len()));
    let (mut record, mut changed) = (csv::StringRecord::new(), false);
    while reader.read_record(&mut record).expect("it was written as CSV") {
        let cells = record.iter().map(harmless_text::cell);
        let cells = cells.inspect(|cell| changed |= matches!(cell, Cow::Owned(_)));
        writer.write_record(cells.map(Cow::into_owned)).expect("memory takes it");
    }
    if changed { writer.into_inner().expect("memory takes it") } else { plain }
}

/// The record as it was before its cells were written as [`harmless_text::cell`] does.
pub(crate) fn unguarded(record: &csv::StringRecord) -> csv::StringRecord {
    let mut plain: csv::StringRecord =
        record.iter().map(|cell| harmless_text::uncell(cell)).collect();
    plain.set_position(record.position().cloned());
    plain
}

/// Rows from CSV, whose columns may stand in any order.
///
/// # Errors
/// The first line that is not a row, with its number (as `:LINE`, for the caller to put a name
/// before).
pub fn read<T: DeserializeOwned>(text: &str) -> Result<Vec<T>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let mut rows = Vec::new();
    for record in reader.records() {
        let cells = unguarded(&record.map_err(|error| not_a_row(&error, &header, None))?);
        let row = cells.deserialize(Some(&header));
        rows.push(row.map_err(|error| not_a_row(&error, &header, Some(&cells)))?);
    }
    Ok(rows)
}

/// The parser's complaint as place, offending text and constraint.
fn not_a_row(
    error: &csv::Error,
    header: &csv::StringRecord,
    cells: Option<&csv::StringRecord>,
) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    let wrong = match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            let field = err.field().map(|field| field as usize);
            match field.and_then(|field| Some((header.get(field)?, cells?.get(field)?))) {
                Some((column, text)) => {
                    let constraint = constraint(err.kind());
                    format!("line {line}, column `{column}`: `{text}` {constraint}")
                }
                None => format!("line {line}: {}", err.kind()),
            }
        }
        _ => format!("line {line}: {error}"),
    };
    Error::request(wrong).hint("the file is not as bks writes it: simulate the scenario again")
}

fn constraint(kind: &csv::DeserializeErrorKind) -> String {
    match kind {
        csv::DeserializeErrorKind::ParseFloat(_) => "must be a number".to_owned(),
        csv::DeserializeErrorKind::ParseInt(_) => "must be a whole number".to_owned(),
        csv::DeserializeErrorKind::ParseBool(_) => "must be `true` or `false`".to_owned(),
        other => other.to_string(),
    }
}

/// One row of a CSV text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CsvRecord {
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    /// Its cells, as many as the header has.
    pub(crate) cells: Vec<String>,
}

/// The header and the rows of a CSV text, whatever its columns are.
pub(crate) fn parse(place: &str, text: &str) -> Result<(Vec<String>, Vec<CsvRecord>)> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let unreadable =
        |error: csv::Error| Error::request(format!("the text is not CSV: {error}")).at(place);
    let header: Vec<String> =
        reader.headers().map_err(unreadable)?.iter().map(str::to_owned).collect();
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
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
        records.push(CsvRecord {
            line,
            cells: unguarded(&record).iter().map(str::to_owned).collect(),
        });
    }
    Ok((header, records))
}
