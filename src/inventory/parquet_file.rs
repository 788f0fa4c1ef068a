//! Data files in Parquet, which name their columns themselves.

use parquet::file::reader::ChunkReader;

use super::{InventoryColumn, InventoryItem};
use crate::error::{Error, Result};
use crate::parquet_rows::{ParquetTable, ParquetValue};

/// Reads a data file, row by row; gives each item to `each`. Returns the columns it found.
///
/// Keys, which are most of a file, are read if `keys` are asked for, or if an object's rows can be told by
/// them alone (tables of S3 Metadata).
///
/// # Errors
/// What is wrong with the file, or the first row that is, by `place` and number.
pub fn read(
    source: impl ChunkReader + 'static,
    place: &str,
    keys: bool,
    each: &mut dyn FnMut(&InventoryItem),
) -> Result<Vec<InventoryColumn>> {
    let table = ParquetTable::open(source, place)?;
    let mut found: Vec<(InventoryColumn, usize)> = Vec::new();
    for column in table.columns() {
        found.extend(InventoryColumn::of_header(&column.name).map(|known| (known, column.index)));
    }
    if found.is_empty() {
        return Err(Error::request("the Parquet file has no column of an inventory")
            .at(place)
            .hint("give the data files of an S3 Inventory, or its `manifest.json`"));
    }
    let [numbered, is_latest] = [InventoryColumn::SequenceNumber, InventoryColumn::IsLatest]
        .map(|wanted| found.iter().any(|(column, _)| *column == wanted));
    let by_rows = numbered && !is_latest;
    let read = found.iter().filter(|(column, _)| match column {
        InventoryColumn::Key => keys || by_rows,
        InventoryColumn::VersionId | InventoryColumn::SequenceNumber => by_rows,
        // That of other tables, e.g., of Storage Lens, is of something else.
        InventoryColumn::RecordType => numbered,
        _ => true,
    });
    let (columns, places): (Vec<InventoryColumn>, Vec<usize>) = read.copied().unzip();
    let mut item = InventoryItem::empty();
    table.read(&places, &mut |_, cells| {
        item.clear();
        for (column, cell) in columns.iter().zip(cells) {
            set(&mut item, *column, cell)?;
        }
        each(&item);
        Ok(())
    })?;
    Ok(found.into_iter().map(|(column, _)| column).collect())
}

/// Takes over a value: of the type that S3 gives it, or as text would have it, as tables that were written anew do.
fn set(item: &mut InventoryItem, column: InventoryColumn, cell: &ParquetValue) -> Result<()> {
    match (column, cell) {
        (_, ParquetValue::Null) => {}
        (InventoryColumn::Size, ParquetValue::Whole(bytes)) if *bytes >= 0 => {
            item.size = Some(bytes.cast_unsigned());
        }
        (InventoryColumn::LastModified | InventoryColumn::RetainUntil, ParquetValue::Time(ns)) => {
            item.set_time(column, *ns);
        }
        (_, ParquetValue::Time(_)) => {
            return Err(Error::request(format!(
                "`{}` is a time, but must be of the type that S3 gives it",
                column.name()
            )));
        }
        _ => return item.set_text(column, &cell.as_csv()),
    }
    Ok(())
}
