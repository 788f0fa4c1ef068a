//! Data files in Parquet, which name their columns themselves.

use parquet::file::reader::ChunkReader;

use super::{Column, Item};
use crate::columnar::{Cell, Table};
use crate::error::{Error, Result};

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
    each: &mut dyn FnMut(&Item),
) -> Result<Vec<Column>> {
    let table = Table::open(source, place)?;
    let known = |column: crate::columnar::Column| {
        Column::of_header(&column.name).map(|known| (known, column.index))
    };
    let found: Vec<(Column, usize)> = table.columns().into_iter().filter_map(known).collect();
    if found.is_empty() {
        return Err(Error::request("the Parquet file has no column of an inventory")
            .at(place)
            .hint("give the data files of an S3 Inventory, or its `manifest.json`"));
    }
    let has = |wanted: Column| found.iter().any(|(column, _)| *column == wanted);
    let told_by_rows = has(Column::SequenceNumber) && !has(Column::IsLatest);
    let is_read = |column: Column| match column {
        Column::Key => keys || told_by_rows,
        Column::VersionId | Column::SequenceNumber => told_by_rows,
        _ => true,
    };
    let (columns, places): (Vec<Column>, Vec<usize>) =
        found.iter().filter(|(column, _)| is_read(*column)).copied().unzip();
    let mut item = Item::untold();
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

fn set(item: &mut Item, column: Column, cell: &Cell) -> Result<()> {
    let wrong = |what: &str| {
        Error::request(format!("`{}` is {}, but must be {what}", column.name(), cell.shown()))
    };
    match (column, cell) {
        (_, Cell::Null) => Ok(()),
        (_, Cell::Text(_)) => item.set_text(column, cell.text().unwrap_or_default()),
        (Column::IsLatest | Column::IsDeleteMarker | Column::BucketKeyStatus, Cell::Flag(flag)) => {
            item.set_flag(column, *flag);
            Ok(())
        }
        (Column::Size, Cell::Whole(bytes)) => {
            item.size = Some(u64::try_from(*bytes).map_err(|_| wrong("zero or more"))?);
            Ok(())
        }
        (Column::LastModified, Cell::Time(ns)) => {
            item.modified_ns = Some(*ns);
            Ok(())
        }
        _ => Err(wrong("of the type that S3 gives it")),
    }
}
