//! Pages of a column, read and decompressed within bounds.

use std::io::Read;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result as Outcome};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;
use ruzstd::decoding::FrameDecoder;

use super::header::{PageHeader, Parsed, parse};
use crate::error::{Error, Result};

/// Most bytes of a page, in the file or decompressed. Writers aim at 1 MiB; some put a column of a whole
/// group of rows into one page.
const PAGE_MAX: usize = 64 << 20;

/// Most bytes of a page whose texts are written as what they have in common with the last: there a few
/// bytes may stand for a long text.
const SHARED_MAX: usize = 4 << 20;

/// Bytes that are looked at for a page's header, at first and at most.
const HEADER: [usize; 2] = [4 << 10, 1 << 20];

/// How pages are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    None,
    Snappy,
    Gzip,
    Zstd,
}

impl Codec {
    /// The one that a file names.
    pub(super) fn of(named: Compression) -> Result<Self> {
        let name = match named {
            Compression::UNCOMPRESSED => return Ok(Self::None),
            Compression::SNAPPY => return Ok(Self::Snappy),
            Compression::GZIP(_) => return Ok(Self::Gzip),
            Compression::ZSTD(_) => return Ok(Self::Zstd),
            Compression::LZO => "LZO",
            Compression::BROTLI(_) => "Brotli",
            Compression::LZ4 | Compression::LZ4_RAW => "LZ4",
        };
        Err(Error::request(format!(
            "the Parquet file is compressed by {name}, but bks reads Snappy, gzip, Zstandard and none"
        ))
        .hint(
            "write it again, e.g., `duckdb -c \"COPY (FROM 'old.parquet') TO 'new.parquet' (COMPRESSION \
             snappy)\"`",
        ))
    }

    /// `bytes`, which are `plain` bytes when they are decompressed.
    fn decompress(self, bytes: &[u8], plain: usize) -> Outcome<Vec<u8>> {
        let mut into = vec![0; plain];
        let filled = match self {
            Self::None => return Ok(bytes.to_vec()),
            Self::Snappy => {
                let declared = snap::raw::decompress_len(bytes).map_err(broken)?;
                if declared != plain {
                    return Err(general("a page's length is not what its header says"));
                }
                snap::raw::Decoder::new().decompress(bytes, &mut into).map_err(broken)?
            }
            Self::Gzip => {
                let mut source = MultiGzDecoder::new(bytes);
                source.read_exact(&mut into)?;
                plain + source.read(&mut [0])?
            }
            Self::Zstd => FrameDecoder::new().decode_all(bytes, &mut into).map_err(broken)?,
        };
        if filled == plain {
            Ok(into)
        } else {
            Err(general("a page's length is not what its header says"))
        }
    }
}

/// The pages of one column in one group of rows.
pub(super) struct Pages<R> {
    source: Arc<R>,
    codec: Codec,
    at: u64,
    end: u64,
    /// Values that are still to come.
    values: i64,
}

impl<R: ChunkReader> Pages<R> {
    pub(super) fn new(source: Arc<R>, chunk: &ColumnChunkMetaData, codec: Codec) -> Self {
        let (at, bytes) = chunk.byte_range();
        let end = at.saturating_add(bytes).min(source.len());
        Self { source, codec, at, end, values: chunk.num_values() }
    }

    /// The next page's header; the page begins after it.
    fn header(&mut self) -> Outcome<PageHeader> {
        for most in HEADER {
            let bytes = self.source.get_bytes(self.at, most.min(self.left()))?;
            match parse(&bytes) {
                Parsed::Header(header, length) => {
                    self.at += length as u64;
                    return Ok(header);
                }
                Parsed::Part => {}
                Parsed::Broken => break,
            }
        }
        Err(general("a page's header is broken"))
    }

    fn left(&self) -> usize {
        usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX)
    }

    /// The next page, unless it is an index.
    fn page(&mut self) -> Outcome<Option<Page>> {
        let header = self.header()?;
        let most =
            if encoding(&header)? == Encoding::DELTA_BYTE_ARRAY { SHARED_MAX } else { PAGE_MAX };
        if header.bytes.max(header.plain_bytes) > most {
            return Err(ParquetError::General(format!(
                "a page has {} MiB, but bks reads at most {} of its kind",
                header.bytes.max(header.plain_bytes) >> 20,
                most >> 20
            )));
        }
        if header.bytes > self.left() {
            return Err(general("a page goes on beyond its column"));
        }
        let bytes = self.source.get_bytes(self.at, header.bytes)?;
        self.at += header.bytes as u64;
        let page = self.unpack(&header, &bytes)?;
        if let Some(page) = page.as_ref().filter(|page| page.is_data_page()) {
            self.values -= i64::from(page.num_values());
        }
        Ok(page)
    }

    fn unpack(&self, header: &PageHeader, bytes: &[u8]) -> Outcome<Option<Page>> {
        let plain = header.plain_bytes;
        let page = match header.kind {
            0 => Page::DataPage {
                buf: self.codec.decompress(bytes, plain)?.into(),
                num_values: own(header, 1)?,
                encoding: encoding(header)?,
                def_level_encoding: encoding_of(own(header, 3)?)?,
                rep_level_encoding: encoding_of(own(header, 4)?)?,
                statistics: None,
            },
            2 => Page::DictionaryPage {
                buf: self.codec.decompress(bytes, plain)?.into(),
                num_values: own(header, 1)?,
                encoding: encoding(header)?,
                is_sorted: false,
            },
            3 => {
                let (def_levels_byte_len, rep_levels_byte_len) = (own(header, 5)?, own(header, 6)?);
                let levels = def_levels_byte_len as usize + rep_levels_byte_len as usize;
                let (levels, values) = bytes
                    .split_at_checked(levels)
                    .ok_or_else(|| general("a page's levels are longer than itself"))?;
                let mut buf = levels.to_vec();
                let plain = plain.saturating_sub(levels.len());
                if header.own[7] == Some(0) || values.is_empty() {
                    buf.extend_from_slice(values);
                } else {
                    buf.extend(self.codec.decompress(values, plain)?);
                }
                Page::DataPageV2 {
                    buf: buf.into(),
                    num_values: own(header, 1)?,
                    encoding: encoding(header)?,
                    num_nulls: own(header, 2)?,
                    num_rows: own(header, 3)?,
                    def_levels_byte_len,
                    rep_levels_byte_len,
                    is_compressed: false,
                    statistics: None,
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(page))
    }
}

/// How a page's values are encoded; of an index, plainly.
fn encoding(header: &PageHeader) -> Outcome<Encoding> {
    let field = match header.kind {
        0 | 2 => 2,
        3 => 4,
        _ => return Ok(Encoding::PLAIN),
    };
    encoding_of(own(header, field)?)
}

/// A number of the structure that belongs to the page's kind.
fn own(header: &PageHeader, field: usize) -> Outcome<u32> {
    let number = header.own[field].and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| general("a page's header is broken"))
}

fn encoding_of(number: u32) -> Outcome<Encoding> {
    #[expect(deprecated, reason = "old files have it")]
    Ok(match number {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        4 => Encoding::BIT_PACKED,
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        _ => return Err(general("a page is encoded in an unknown way")),
    })
}

fn general(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

fn broken(error: impl std::fmt::Display) -> ParquetError {
    ParquetError::General(format!("a page cannot be decompressed: {error}"))
}

impl<R: ChunkReader> Iterator for Pages<R> {
    type Item = Outcome<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<R: ChunkReader> PageReader for Pages<R> {
    fn get_next_page(&mut self) -> Outcome<Option<Page>> {
        while self.values > 0 && self.left() > 0 {
            if let Some(page) = self.page()? {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    fn peek_next_page(&mut self) -> Outcome<Option<PageMetadata>> {
        Err(general("pages are read one after another"))
    }

    fn skip_next_page(&mut self) -> Outcome<()> {
        Err(general("pages are read one after another"))
    }
}
