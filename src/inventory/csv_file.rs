//! Data files in CSV. S3 Inventory's: gzip, no header, every field quoted, columns as the manifest orders
//! them. What a query wrote begins with a line of column names.

use std::io::{BufRead, BufReader, Cursor, Read};

use super::{InventoryColumn, InventoryItem};
use crate::error::{Error, Result};
use crate::harmless_text::named;
use crate::logs::compression::decompressed;
use crate::logs::csv_records::{RecordLimit, RecordLines, delimiter};
use crate::logs::other_format::{self, OtherFormat};

/// The columns of a CSV file in their order, from a manifest's `fileSchema`: names and commas.
#[must_use]
pub fn columns(schema: &str) -> Vec<Option<InventoryColumn>> {
    schema.split(',').map(InventoryColumn::of_header).collect()
}

/// The columns of a CSV file by its first line, which names them.
pub(crate) fn header(source: impl Read) -> Result<Vec<Option<InventoryColumn>>> {
    let (first, _rest) = begun(source)?;
    let mut names = csv::StringRecord::new();
    // What is no text names nothing.
    let _ = reader(first.as_slice(), delimiter(&first), false).read_record(&mut names);
    let columns: Vec<_> = names.iter().map(InventoryColumn::of_header).collect();
    if columns.contains(&Some(InventoryColumn::EncryptionStatus)) {
        return Ok(columns);
    }
    if let Some(OtherFormat { what, way_out }) = other_format::of(&first) {
        let error = Error::request(format!("the file is no inventory: it is {what}"));
        return Err(way_out.into_iter().fold(error, Error::hint));
    }
    if columns.iter().flatten().count() > 1 {
        return Err(Error::request("the first line names columns, but no `EncryptionStatus`")
            .hint(
                "add the field to the inventory's configuration, or select the column in the query",
            ));
    }
    let shown: String = String::from_utf8_lossy(&first).chars().take(SHOWN).collect();
    Err(Error::request(format!(
        "the first line, `{}`, names no columns of an inventory",
        named(shown.trim_end())
    ))
    .hint(
        "of a data file of an S3 Inventory give its `manifest.json`, or `--schema` with the manifest's `fileSchema`; \
         nothing else tells of each object how it is encrypted",
    ))
}

/// Most characters of a line that a message shows.
const SHOWN: usize = 80;

/// Most bytes of the first line.
const FIRST_MAX: u64 = 64 << 10;

/// The first line of what a file holds, and the rest.
fn begun<'a>(source: impl Read + 'a) -> Result<(Vec<u8>, impl Read + 'a)> {
    let mut bytes = BufReader::new(decompressed(source).map_err(unreadable)?);
    let mut first = Vec::new();
    bytes.by_ref().take(FIRST_MAX).read_until(b'\n', &mut first).map_err(unreadable)?;
    Ok((first, bytes))
}

fn reader<R: Read>(source: R, delimiter: u8, named: bool) -> csv::Reader<R> {
    csv::ReaderBuilder::new()
        .has_headers(named)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(source)
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::request(format!("the file cannot be read: {error}"))
}

/// Reads a data file, plain or compressed, whose first line is none of it if it is `named`, and then tells what parts
/// columns; gives each item to `each`. Returns how many there were.
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
    let (first, rest) = begun(source).map_err(|error| error.at(place))?;
    let delimiter = if named { delimiter(&first) } else { b',' };
    let (bytes, left) = RecordLimit::new(Cursor::new(first).chain(rest));
    let mut reader = reader(bytes, delimiter, named);
    let mut record = csv::StringRecord::new();
    let mut lines = RecordLines::default();
    if named {
        record = reader.headers().map_err(|error| unreadable(error).at(place))?.clone();
        lines = RecordLines::by_first(&record, reader.position().line());
    }
    let mut item = InventoryItem::empty();
    let mut items = 0;
    loop {
        let line = lines.next(reader.position().line());
        let at = || format!("{place}:{line}");
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(items),
            Ok(true) => left.begin(),
            Err(error) => {
                let error = Error::request(format!("the line cannot be read: {error}"));
                return Err(error.at(at()));
            }
        }
        if items == 0 && !named {
            lines = RecordLines::by_first(&record, reader.position().line());
        }
        check_length(&record, columns).map_err(|error| error.at(at()))?;
        item.clear();
        for (text, column) in record.iter().zip(columns) {
            if let Some(column) = column {
                item.set_text(*column, text).map_err(|error| error.at(at()))?;
            }
        }
        each(&item);
        items += 1;
    }
}

fn check_length(record: &csv::StringRecord, columns: &[Option<InventoryColumn>]) -> Result<()> {
    if record.len() == columns.len() {
        return Ok(());
    }
    Err(Error::request(format!(
        "the line has `{}` fields, but the schema names {}",
        record.len(),
        columns.len()
    ))
    .hint("the columns must be those of the manifest's `fileSchema`, in its order"))
}
