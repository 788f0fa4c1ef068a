//! Data files in Parquet, which name their columns themselves.

use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;

use super::{Column, Item};
use crate::error::{Error, Result};

/// The columns that bks reads of a file, with the file's own types.
fn wanted(root: &Type) -> std::result::Result<(Vec<Column>, Type), ParquetError> {
    let known =
        |field: &Arc<Type>| Column::of_header(field.name()).map(|column| (column, field.clone()));
    let (columns, fields): (Vec<_>, Vec<_>) = root.get_fields().iter().filter_map(known).unzip();
    let projection = Type::group_type_builder(root.name()).with_fields(fields).build()?;
    Ok((columns, projection))
}

/// Reads a data file, row by row; gives each item to `each`. Returns the columns it found.
///
/// # Errors
/// What is wrong with the file, or the first row that is, by `place` and number.
pub fn read(
    source: impl ChunkReader + 'static,
    place: &str,
    each: &mut dyn FnMut(&Item),
) -> Result<Vec<Column>> {
    let broken = |error: ParquetError| {
        Error::request(format!("the Parquet file cannot be read: {error}")).at(place)
    };
    let reader = SerializedFileReader::new(source).map_err(broken)?;
    let (columns, projection) =
        wanted(reader.metadata().file_metadata().schema()).map_err(broken)?;
    if columns.is_empty() {
        return Err(Error::request("the Parquet file has no column of an inventory")
            .at(place)
            .hint("give the data files of an S3 Inventory, or its `manifest.json`"));
    }
    let mut item = Item::untold();
    let rows = RowIter::from_file(Some(projection), &reader).map_err(broken)?;
    for (number, row) in rows.enumerate() {
        let here = || format!("{place}: row {}", number + 1);
        let row = row.map_err(|error| {
            Error::request(format!("the row cannot be read: {error}")).at(here())
        })?;
        item.clear();
        for (column, (_, field)) in columns.iter().zip(row.get_column_iter()) {
            set(&mut item, *column, field).map_err(|error| error.at(here()))?;
        }
        each(&item);
    }
    Ok(columns)
}

fn set(item: &mut Item, column: Column, field: &Field) -> Result<()> {
    const NS_PER_MS: i64 = 1_000_000;
    const NS_PER_US: i64 = 1_000;
    let wrong = |what: &str| {
        Error::request(format!("`{}` is `{field}`, but must be {what}", column.name()))
    };
    match (column, field) {
        (_, Field::Null) => {}
        (_, Field::Str(text)) => item.set_text(column, text)?,
        (Column::IsLatest | Column::IsDeleteMarker, Field::Bool(flag)) => {
            item.set_flag(column, *flag);
        }
        (Column::Size, Field::Long(bytes)) => {
            let bytes = u64::try_from(*bytes).map_err(|_| wrong("zero or more"))?;
            item.size = Some(bytes);
        }
        (Column::LastModified, Field::TimestampMillis(ms)) => {
            let ns = ms.checked_mul(NS_PER_MS).ok_or_else(|| wrong("a time before 2262"))?;
            item.modified_ns = Some(ns);
        }
        (Column::LastModified, Field::TimestampMicros(us)) => {
            let ns = us.checked_mul(NS_PER_US).ok_or_else(|| wrong("a time before 2262"))?;
            item.modified_ns = Some(ns);
        }
        _ => return Err(wrong("of the type that S3 Inventory gives it")),
    }
    Ok(())
}
