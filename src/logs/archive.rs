//! ZIP archives: which files are in one, and their bytes
//! (<https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>).
//!
//! Bills come in them, and whoever downloads a folder of logs may get one. The crate `rawzip` reads the
//! directory; what is stored is unpacked as any log is, within bounds.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ZipArchive};

use super::compression::bounded;
use crate::error::{Error, Result};

/// Most files of an archive.
const ENTRIES_MAX: usize = 1_000_000;

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArchivedFile {
    /// Its name in the archive, with folders.
    pub name: String,
    /// Its bytes when unpacked, as the archive tells.
    pub bytes: u64,
    /// Its bytes in the archive.
    pub packed_bytes: u64,
    at: u64,
    crc: u32,
    is_deflated: bool,
}

/// Whether a file that begins with `head` is an archive.
pub(crate) fn is_archive(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// The files in an archive, in the order of their names. Folders are left out, and so is what begins with
/// a dot or what macOS adds.
///
/// # Errors
/// If its directory cannot be read, or has a file that bks cannot unpack.
pub fn entries(file: &File) -> Result<Vec<ArchivedFile>> {
    let length = file.metadata().map_err(|error| unreadable(&error))?.len();
    let file = file.try_clone().map_err(|error| unreadable(&error))?;
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let archive = ZipArchive::from_file(file, &mut buffer).map_err(|error| unreadable(&error))?;
    let mut found = Vec::new();
    let mut packed = 0_u64;
    let mut directory = archive.entries(&mut buffer);
    while let Some(header) = directory.next_entry().map_err(|error| unreadable(&error))? {
        let path = header.file_path();
        let name = String::from_utf8_lossy(path.as_ref()).into_owned();
        if header.is_dir() || is_hidden(&name) {
            continue;
        }
        let is_deflated = match header.compression_method() {
            CompressionMethod::STORE => false,
            CompressionMethod::DEFLATE => true,
            _ => return Err(packed_otherwise(&name)),
        };
        if header.flags().is_encrypted() {
            return Err(Error::request(format!("`{name}` in the ZIP archive is encrypted"))
                .hint("unpack it by hand"));
        }
        let place = archive.get_entry(header.wayfinder()).map_err(|error| unreadable(&error))?;
        let (at, end) = place.compressed_data_range();
        let (bytes, crc) = (header.uncompressed_size_hint(), header.crc32());
        packed = packed.saturating_add(end.saturating_sub(at));
        found.push(ArchivedFile {
            name,
            bytes,
            packed_bytes: end.saturating_sub(at),
            at,
            crc,
            is_deflated,
        });
        if packed > length || found.len() > ENTRIES_MAX {
            return Err(Error::request(
                "the files of the ZIP archive overlap, as no program packs them",
            ));
        }
    }
    found.sort();
    Ok(found)
}

fn is_hidden(name: &str) -> bool {
    let mut parts = name.split('/').filter(|part| !matches!(*part, "." | ".."));
    parts.any(|part| part.starts_with('.') || part == "__MACOSX")
}

fn packed_otherwise(name: &str) -> Error {
    Error::request(format!(
        "`{name}` in the ZIP archive is packed in another way than by deflate, which bks does not read"
    ))
    .hint("unpack it by hand")
}

fn unreadable(error: &dyn std::fmt::Display) -> Error {
    Error::request(format!("the ZIP archive cannot be read: {error}")).hint("download it again")
}

impl ArchivedFile {
    /// Its bytes, from the archive's `file`: they end in an error if they are not what was packed.
    ///
    /// # Errors
    /// Those of the file.
    pub fn open(&self, mut file: File) -> io::Result<Box<dyn Read>> {
        file.seek(SeekFrom::Start(self.at))?;
        let packed = BufReader::new(file.take(self.packed_bytes));
        let source: Box<dyn Read> = if self.is_deflated {
            bounded("ZIP", packed, |counted| Box::new(DeflateDecoder::new(counted)))
        } else {
            Box::new(packed)
        };
        Ok(Box::new(Verified {
            source,
            crc: Crc::new(),
            expected_crc: self.crc,
            bytes: self.bytes,
        }))
    }
}

/// Holds what is unpacked against the archive's checksum, at its end.
struct Verified {
    source: Box<dyn Read>,
    crc: Crc,
    expected_crc: u32,
    bytes: u64,
}

impl Read for Verified {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        self.crc.update(&into[..read]);
        // The crate counts modulo 2^32.
        let whole = self.crc.sum() == self.expected_crc && self.crc.amount() == self.bytes as u32;
        if read == 0 && !into.is_empty() && !whole {
            let message = "it is not what was packed into the ZIP archive: its checksum differs";
            return Err(io::Error::new(ErrorKind::InvalidData, message));
        }
        Ok(read)
    }
}
