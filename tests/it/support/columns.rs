//! Parquet files made in place: a schema, and a column of values for each of its fields.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

/// The values of an optional column.
pub(crate) enum Values {
    Text(Vec<Option<String>>),
    Long(Vec<Option<i64>>),
    Int(Vec<Option<i32>>),
    Flag(Vec<Option<bool>>),
    Real(Vec<Option<f64>>),
}

/// The same text in each of `rows` rows.
pub(crate) fn all(text: &str, rows: usize) -> Values {
    Values::Text(vec![Some(text.to_owned()); rows])
}

pub(crate) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Values {
    Values::Text(texts.into_iter().map(|text| Some(text.to_owned())).collect())
}

/// A file with one group of rows, its pages compressed by Snappy.
pub(crate) fn parquet(fields: &str, columns: &[Values]) -> Vec<u8> {
    let schema = parse_message_type(&format!("message rows {{ {fields}; }}")).unwrap();
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut out = Vec::new();
    let mut writer =
        SerializedFileWriter::new(&mut out, Arc::new(schema), Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for column in columns {
        match column {
            Values::Text(values) => {
                let bytes = |text: &Option<String>| {
                    text.as_ref().map(|text| text.as_bytes().to_vec().into())
                };
                put::<ByteArrayType>(&mut group, &values.iter().map(bytes).collect::<Vec<_>>());
            }
            Values::Long(values) => put::<Int64Type>(&mut group, values),
            Values::Int(values) => put::<Int32Type>(&mut group, values),
            Values::Flag(values) => put::<BoolType>(&mut group, values),
            Values::Real(values) => put::<DoubleType>(&mut group, values),
        }
    }
    group.close().unwrap();
    writer.close().unwrap();
    out
}

fn put<T: DataType>(group: &mut SerializedRowGroupWriter<&mut Vec<u8>>, values: &[Option<T::T>]) {
    let levels: Vec<i16> = values.iter().map(|value| value.is_some().into()).collect();
    let values: Vec<T::T> = values.iter().flatten().cloned().collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<T>().write_batch(&values, Some(&levels), None).unwrap();
    column.close().unwrap();
}
