//! Data files in CSV. S3 Inventory's: gzip, no header, every field quoted, columns as the manifest orders
//! them. What a query wrote begins with a line of column names.

use std::io::Read;

use super::{InventoryColumn, InventoryItem};
use crate::error::{Error, Result};
use crate::logs::compression::decompressed;
use crate::logs::csv_records::RecordLimit;

/// The columns of a CSV file in their order, from a manifest's `fileSchema`: names and commas.
#[must_use]
pub fn columns(schema: &str) -> Vec<Option<InventoryColumn>> {
    schema.split(',').map(InventoryColumn::of_header).collect()
}

/// The columns of a CSV file by its first line, which names them.
pub(crate) fn header(source: impl Read) -> Result<Vec<Option<InventoryColumn>>> {
    let bytes = decompressed(source).map_err(unreadable)?;
    let (bytes, _left) = RecordLimit::new(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut names = csv::StringRecord::new();
    reader.read_record(&mut names).map_err(unreadable)?;
    let columns: Vec<_> = names.iter().map(InventoryColumn::of_header).collect();
    if columns.contains(&Some(InventoryColumn::EncryptionStatus)) {
        return Ok(columns);
    }
    Err(Error::request("a CSV file does not name its columns")
        .hint("give its `manifest.json`, or `--schema` with the manifest's `fileSchema`"))
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::request(format!("the file cannot be read: {error}"))
}

/// Reads a data file, plain or compressed, whose first line is none of it if it is `named`; gives each
/// item to `each`. Returns how many there were.
///
/// # Errors
/// The first line that is wrong, by `place` and number, or the file's compression.
pub fn read(
    source: impl Read,
    place: &str,
    columns: &[Option<InventoryColumn>],
    named: bool,
    each: &mut dyn FnMut(&InventoryItem),
) -> Result<u64> {
    let bytes = decompressed(source).map_err(|error| unreadable(error).at(place))?;
    let (bytes, left) = RecordLimit::new(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(named).flexible(true).from_reader(bytes);
    let mut record = csv::StringRecord::new();
    let mut item = InventoryItem::empty();
    let mut items = 0;
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(items),
            Ok(true) => left.begin(),
            Err(error) => {
                let error = Error::request(format!("the line cannot be read: {error}"));
                return Err(error.at(format!("{place}:{line}")));
            }
        }
        if record.len() != columns.len() {
            return Err(Error::request(format!(
                "the line has `{}` fields, but the schema names {}",
                record.len(),
                columns.len()
            ))
            .at(format!("{place}:{line}"))
            .hint("the columns must be those of the manifest's `fileSchema`, in its order"));
        }
        item.clear();
        for (text, column) in record.iter().zip(columns) {
            if let Some(column) = column {
                item.set_text(*column, text)
                    .map_err(|error| error.at(format!("{place}:{line}")))?;
            }
        }
        each(&item);
        items += 1;
    }
}
