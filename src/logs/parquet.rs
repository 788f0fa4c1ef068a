//! Writes requests as a Parquet file, a row each, for DuckDB and its like.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::exported_request::Outgoing;
use crate::kms::KmsApi;

/// Rows that are in memory, and of one row group.
const GROUP: usize = 1 << 16;

/// The columns, in the order in which [`write_group`] writes them.
const SCHEMA: &str = "message requests {
    required int64 number (INTEGER(64, false));
    required int64 time (TIMESTAMP(MICROS, true));
    required byte_array account (STRING);
    required byte_array principal (STRING);
    required byte_array session (STRING);
    required int32 requester (INTEGER(32, false));
    required byte_array operation (STRING);
    required byte_array bucket (STRING);
    optional byte_array key (STRING);
    optional byte_array source_bucket (STRING);
    optional byte_array source_key (STRING);
    optional int32 read_key (INTEGER(32, false));
    optional int32 read_partition (INTEGER(32, false));
    optional int32 upload_key (INTEGER(32, false));
    optional int32 upload_partition (INTEGER(32, false));
    optional int32 written_key (INTEGER(32, false));
    optional int32 write_partition (INTEGER(32, false));
    required int32 generate_data_key (INTEGER(32, false));
    required int32 decrypt (INTEGER(32, false));
    required int32 encrypt (INTEGER(32, false));
    required int32 kms_by_object (INTEGER(32, false));
}";

/// Writes `requests`, and tells how many there were.
pub(crate) fn write<'a>(
    file: impl Write + Send,
    requests: impl Iterator<Item = Outgoing<'a>>,
) -> io::Result<u64> {
    let schema = Arc::new(parse_message_type(SCHEMA).expect("the schema is sound"));
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("bks ", env!("CARGO_PKG_VERSION")).to_owned());
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties.build()))?;
    let mut rows = 0;
    let mut requests = requests.peekable();
    while requests.peek().is_some() {
        let group: Vec<Outgoing> = requests.by_ref().take(GROUP).collect();
        rows += group.len() as u64;
        let mut columns = writer.next_row_group()?;
        write_group(&mut columns, &group)?;
        columns.close()?;
    }
    writer.close()?;
    Ok(rows)
}

/// A key that a request needs, and the partition that needs it.
type KeyOf = fn(&Outgoing) -> Option<(u32, u32)>;

type RowGroupColumns<'a, W> = SerializedRowGroupWriter<'a, W>;

fn write_group<W: Write + Send>(to: &mut RowGroupColumns<W>, rows: &[Outgoing]) -> Result<()> {
    column::<Int64Type, _>(to, rows, |row| Some(row.number as i64))?;
    column::<Int64Type, _>(to, rows, |row| Some(row.time.div_euclid(1_000)))?;
    column::<ByteArrayType, _>(to, rows, |row| Some(text(&row.principal.account)))?;
    column::<ByteArrayType, _>(to, rows, |row| Some(text(&row.principal.arn())))?;
    column::<ByteArrayType, _>(to, rows, |row| Some(text(&row.session)))?;
    column::<Int32Type, _>(to, rows, |row| Some(row.requester as i32))?;
    column::<ByteArrayType, _>(to, rows, |row| Some(text(row.operation.name())))?;
    column::<ByteArrayType, _>(to, rows, |row| Some(text(row.bucket)))?;
    column::<ByteArrayType, _>(to, rows, |row| row.key.as_deref().map(text))?;
    column::<ByteArrayType, _>(to, rows, |row| row.source.as_ref().map(|(name, _)| text(name)))?;
    column::<ByteArrayType, _>(to, rows, |row| row.source.as_ref().map(|(_, key)| text(key)))?;
    let keys: [KeyOf; 3] = [|row| row.unwrapped, |row| row.unwrapped_own, |row| row.wrapped];
    for key in keys {
        column::<Int32Type, _>(to, rows, |row| key(row).map(|(key, _)| key as i32))?;
        column::<Int32Type, _>(to, rows, |row| key(row).map(|(_, partition)| partition as i32))?;
    }
    for api in [KmsApi::GenerateDataKey, KmsApi::Decrypt, KmsApi::Encrypt] {
        column::<Int32Type, _>(to, rows, |row| Some(row.calls.get(api) as i32))?;
    }
    column::<Int32Type, _>(to, rows, |row| Some(row.by_object as i32))
}

fn text(text: &str) -> ByteArray {
    ByteArray::from(text.as_bytes().to_vec())
}

/// Writes the next column; `None` is null, which only optional columns may have.
fn column<T: DataType, W: Write + Send>(
    to: &mut RowGroupColumns<W>,
    rows: &[Outgoing],
    value: impl Fn(&Outgoing) -> Option<T::T>,
) -> Result<()> {
    let values: Vec<Option<T::T>> = rows.iter().map(value).collect();
    // Required columns have no levels, and are not asked for them.
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    let mut column = to.next_column()?.expect("the schema has the column");
    column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    column.close()
}
