//! Rows of a Parquet file: some of its columns, row by row.
//!
//! Inventories, tables of S3 Metadata and bills come in Parquet. The crate `parquet` decodes values; what
//! it is given is bounded here, since who writes a file may be a stranger: a footer, a page and a value
//! have greatest lengths, columns that nobody asks for are not touched, and a panic of the crate over
//! broken bytes ends as an error that names the file.
//!
//! ```text
//! file ── footer ──► Table::open ──► names and kinds of columns
//!      └─ pages (header, compression) ──► the crate's decoders ──► Cell
//! ```
//!
//! Source: the format's own description (<https://parquet.apache.org/docs/file-format/>).

mod caught_panics;
mod cell;
mod header;
mod pages;

use std::sync::Arc;

use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::schema::types::ColumnDescPtr;

pub use cell::ParquetValue;

use crate::error::{Error, Result};
use cell::ValueKind;
use pages::{Codec, Pages};

/// Most bytes of a footer, which lists each column of each group of rows.
const FOOTER_MAX: u32 = 16 << 20;

/// Most bytes of a value: as of a line of CSV.
pub(crate) const VALUE_MAX: usize = 1 << 20;

/// Rows that are decoded at a time.
const BATCH: usize = 64;

/// A Parquet file whose footer has been read.
pub struct ParquetTable<R> {
    source: Arc<R>,
    metadata: ParquetMetaData,
    place: String,
}

/// A column that has one value a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParquetColumn {
    /// Its number among all that the file stores.
    pub index: usize,
    /// Its name; of what lies in a group, with the group's before it: `product.region`.
    pub name: String,
}

impl<R: ChunkReader + 'static> ParquetTable<R> {
    /// Reads the footer of the file called `place`.
    pub(crate) fn open(source: R, place: &str) -> Result<Self> {
        check_footer(&source).map_err(|error| error.at(place))?;
        let metadata = caught_panics::of(|| ParquetMetaDataReader::new().parse_and_finish(&source))
            .map_err(|error| error.at(place))?;
        Ok(Self { source: Arc::new(source), metadata, place: place.to_owned() })
    }

    /// The columns that have one value a row: those in lists and maps are left out.
    pub(crate) fn columns(&self) -> Vec<ParquetColumn> {
        let columns = self.descriptors().iter().zip(self.names()).enumerate();
        let single = columns.filter(|(_, (column, _))| column.max_rep_level() == 0);
        single.map(|(index, (_, name))| ParquetColumn { index, name }).collect()
    }

    /// Names of all that the file stores, what lies in lists and maps included.
    pub(crate) fn names(&self) -> Vec<String> {
        self.descriptors().iter().map(|column| column.path().parts().join(".")).collect()
    }

    fn descriptors(&self) -> &[ColumnDescPtr] {
        self.metadata.file_metadata().schema_descr().columns()
    }

    /// Gives each row's cells of these columns (by [`ParquetColumn::index`]), and the row's number from 1.
    /// Returns how many rows there were.
    pub(crate) fn read(
        &self,
        columns: &[usize],
        each: &mut dyn FnMut(u64, &[ParquetValue]) -> Result<()>,
    ) -> Result<u64> {
        let mut rows = 0;
        for group in self.metadata.row_groups() {
            rows = self.read_group(group, columns, rows, each)?;
        }
        Ok(rows)
    }

    fn read_group(
        &self,
        group: &RowGroupMetaData,
        columns: &[usize],
        before: u64,
        each: &mut dyn FnMut(u64, &[ParquetValue]) -> Result<()>,
    ) -> Result<u64> {
        let mut batches: Vec<ColumnBatch> =
            columns.iter().map(|index| self.batch(group, *index)).collect::<Result<_>>()?;
        let mut rows = before;
        let mut cells = Vec::with_capacity(columns.len());
        loop {
            for batch in &mut batches {
                batch.fill(&self.place, rows)?;
            }
            let filled = batches.first().map_or(0, |batch| batch.cells.len());
            if batches.iter().any(|batch| batch.cells.len() != filled) {
                return Err(Error::request("its columns are not equally long").at(&self.place));
            }
            if filled == 0 {
                break;
            }
            for number in 0..filled {
                cells.clear();
                cells.extend(
                    batches.iter_mut().map(|batch| std::mem::take(&mut batch.cells[number])),
                );
                rows += 1;
                each(rows, &cells).map_err(|error| error.at(self.row(rows - 1)))?;
            }
        }
        let declared = u64::try_from(group.num_rows()).unwrap_or(u64::MAX);
        if rows - before == declared || columns.is_empty() {
            return Ok(rows);
        }
        Err(Error::request(format!(
            "it has {} rows where its footer declares {declared}: it is cut off or broken",
            rows - before
        ))
        .at(&self.place))
    }

    /// What messages call the row after `before` rows.
    fn row(&self, before: u64) -> String {
        format!("{}: row {}", self.place, before + 1)
    }

    fn batch(&self, group: &RowGroupMetaData, index: usize) -> Result<ColumnBatch> {
        let name = self.descriptors()[index].path().parts().join(".");
        let place = format!("{}: `{name}`", self.place);
        self.named_batch(group, index, name).map_err(|error| error.at(place))
    }

    fn named_batch(
        &self,
        group: &RowGroupMetaData,
        index: usize,
        name: String,
    ) -> Result<ColumnBatch> {
        let descriptor = self.descriptors()[index].clone();
        let chunk = caught_panics::of(|| {
            let chunk = group.columns().get(index);
            chunk.ok_or_else(|| ParquetError::General("a column is missing".to_owned()))
        })?;
        let codec = Codec::of(chunk.compression())?;
        let reader = caught_panics::of(|| {
            let pages = Pages::new(Arc::clone(&self.source), chunk, codec);
            Ok(get_column_reader(descriptor.clone(), Box::new(pages)))
        })?;
        Ok(ColumnBatch {
            kind: ValueKind::of(&descriptor),
            level: descriptor.max_def_level(),
            name,
            reader,
            levels: Vec::new(),
            cells: Vec::new(),
        })
    }
}

/// Refuses what is no Parquet, or has a footer out of all proportion, before it is read.
fn check_footer(source: &impl ChunkReader) -> Result<()> {
    const END: usize = 8;
    let length = source.len();
    let end = length.checked_sub(END as u64).filter(|start| *start >= 4);
    let end = end.and_then(|start| source.get_bytes(start, END).ok());
    let [a, b, c, d, magic @ ..] = end.as_deref().unwrap_or_default() else {
        return Err(Error::request("the file is too short to be Parquet"));
    };
    let declared = u32::from_le_bytes([*a, *b, *c, *d]);
    match magic {
        b"PAR1" if declared > FOOTER_MAX => Err(Error::request(format!(
            "its footer claims {} MiB, but bks reads at most {}",
            declared >> 20,
            FOOTER_MAX >> 20
        ))),
        b"PAR1" => Ok(()),
        b"PARE" => Err(Error::request("the Parquet file is encrypted, which bks does not read")
            .hint("write it again without Parquet's own encryption")),
        _ => {
            Err(Error::request("the Parquet file has no end: it is cut off")
                .hint("download it again"))
        }
    }
}

/// Some rows of a column.
struct ColumnBatch {
    name: String,
    kind: ValueKind,
    /// The definition level of what is there.
    level: i16,
    reader: ColumnReader,
    levels: Vec<i16>,
    cells: Vec<ParquetValue>,
}

impl ColumnBatch {
    /// Decodes the next rows of the file called `place`; none, if the column ends. `before` rows were
    /// there before.
    fn fill(&mut self, place: &str, before: u64) -> Result<()> {
        let Self { kind, level, reader, levels, cells, name } = self;
        let column = Decoding { kind: *kind, level: *level, name, place, before };
        match reader {
            ColumnReader::BoolColumnReader(reader) => {
                column.fill(reader, levels, cells, |_, value| Ok(ParquetValue::Flag(*value)))
            }
            ColumnReader::Int32ColumnReader(reader) => {
                column.fill(reader, levels, cells, |kind, value| kind.whole((*value).into()))
            }
            ColumnReader::Int64ColumnReader(reader) => {
                column.fill(reader, levels, cells, |kind, value| kind.whole(*value))
            }
            ColumnReader::Int96ColumnReader(reader) => {
                column.fill(reader, levels, cells, |_, value| cell::of_int96(value.data()))
            }
            ColumnReader::FloatColumnReader(reader) => {
                column
                    .fill(reader, levels, cells, |_, value| Ok(ParquetValue::Real((*value).into())))
            }
            ColumnReader::DoubleColumnReader(reader) => {
                column.fill(reader, levels, cells, |_, value| Ok(ParquetValue::Real(*value)))
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                column.fill(reader, levels, cells, ValueKind::bytes)
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                column.fill(reader, levels, cells, |kind, value| kind.bytes(value))
            }
        }
    }
}

/// How a column's values become cells.
struct Decoding<'a> {
    kind: ValueKind,
    level: i16,
    name: &'a str,
    place: &'a str,
    before: u64,
}

impl Decoding<'_> {
    fn fill<T: DataType>(
        &self,
        reader: &mut ColumnReaderImpl<T>,
        levels: &mut Vec<i16>,
        cells: &mut Vec<ParquetValue>,
        cell: impl Fn(ValueKind, &T::T) -> std::result::Result<ParquetValue, &'static str>,
    ) -> Result<()> {
        let mut values: Vec<T::T> = Vec::with_capacity(BATCH);
        levels.clear();
        cells.clear();
        caught_panics::of(|| reader.read_records(BATCH, Some(levels), None, &mut values))
            .map_err(|error| error.at(self.place))?;
        if self.level == 0 {
            levels.resize(values.len(), 0);
        }
        let mut values = values.iter();
        for level in &*levels {
            let there = if *level == self.level { values.next() } else { None };
            let value = there.map_or(Ok(ParquetValue::Null), |value| cell(self.kind, value));
            cells.push(value.map_err(|why| self.wrong(cells.len(), why))?);
        }
        Ok(())
    }

    /// What is wrong with the value of a row of the batch.
    fn wrong(&self, row: usize, why: &str) -> Error {
        Error::request(format!("`{}` {why}", self.name)).at(format!(
            "{}: row {}",
            self.place,
            self.before + row as u64 + 1
        ))
    }
}
