//! Rows to CSV and back: a header, one fact a row, dots for decimals, units in names, empty for
//! unknown.

use serde::Serialize;
use serde::de::DeserializeOwned;

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

/// Rows from CSV, whose columns may stand in any order.
///
/// # Errors
/// The first line that is not a row, with its number (as `:LINE`, for the caller to put a name
/// before).
pub fn read<T: DeserializeOwned>(text: &str) -> Result<Vec<T>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let rows = reader.deserialize().collect::<std::result::Result<Vec<T>, csv::Error>>();
    rows.map_err(|error| not_a_row(&error, &header))
}

/// The parser's complaint as place, offending text and constraint.
fn not_a_row(error: &csv::Error, header: &csv::StringRecord) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    let wrong = match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            let column = err.field().and_then(|field| header.get(field as usize));
            let what = err.kind().to_string();
            match column {
                Some(column) => format!("line {line}, column `{column}`: {what}"),
                None => format!("line {line}: {what}"),
            }
        }
        _ => format!("line {line}: {error}"),
    };
    Error::request(wrong).hint("the file is not as bks writes it: simulate the scenario anew")
}
