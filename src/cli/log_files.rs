//! Log files: which there are, what is in them line by line, and what tells them apart.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;

use crate::error::{Error, Result};
use crate::recording::{Fingerprint, Input};

/// Bytes that are read at a time.
const BLOCK: usize = 256 << 10;

/// A line longer than this is none of a log's.
const MAX_LINE: usize = 1 << 20;

/// A log file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LogFile {
    /// Standard input.
    Stdin,
    /// A file.
    Path(PathBuf),
}

impl LogFile {
    /// What messages call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::Path(path) => path.display().to_string(),
        }
    }
}

/// All files that paths name, folders walked, in order and each once. Hidden files in folders are
/// left out.
pub(super) fn walk(paths: &[String]) -> Result<Vec<LogFile>> {
    let mut files = Vec::new();
    for path in paths {
        if path == "-" {
            files.push(LogFile::Stdin);
        } else {
            walk_path(Path::new(path), &mut files)?;
        }
    }
    files.sort();
    files.dedup();
    if files.is_empty() {
        return Err(Error::request("there is no file in what is given").at(paths.join(" ")));
    }
    Ok(files)
}

fn walk_path(path: &Path, files: &mut Vec<LogFile>) -> Result<()> {
    let failed = |error: &io::Error| {
        Error::request(format!("the file cannot be read: {error}")).at(path.display().to_string())
    };
    if !fs::metadata(path).map_err(|error| failed(&error))?.is_dir() {
        files.push(LogFile::Path(path.to_owned()));
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            walk_path(&entry.path(), files)?;
        }
    }
    Ok(())
}

/// Bytes of all files that have a length.
pub(super) fn total_bytes(files: &[LogFile]) -> u64 {
    let bytes = |file: &LogFile| match file {
        LogFile::Stdin => 0,
        LogFile::Path(path) => fs::metadata(path).map_or(0, |metadata| metadata.len()),
    };
    files.iter().map(bytes).sum()
}

/// Gives `each` every line of a file, decompressed if need be, and its number from 1; `None` stands
/// for a line that is too long. `head` are bytes that have been read already.
pub(super) fn read_lines(
    file: &LogFile,
    head: &[u8],
    bar: &ProgressBar,
    each: &mut dyn FnMut(Option<&[u8]>, u64) -> Result<()>,
) -> Result<Input> {
    let name = file.name();
    let unreadable =
        |error: &io::Error| Error::request(format!("the file cannot be read: {error}")).at(&name);
    let source: Box<dyn Read> = match file {
        LogFile::Stdin => Box::new(head.chain(io::stdin().lock())),
        LogFile::Path(path) => Box::new(File::open(path).map_err(|error| unreadable(&error))?),
    };
    let mut fingerprint = Fingerprint::default();
    let watched = Watched { source, fingerprint: &mut fingerprint, bar };
    let mut raw = BufReader::with_capacity(BLOCK, watched);
    let magic = raw.fill_buf().map_err(|error| unreadable(&error))?;
    if magic.starts_with(&[0x1f, 0x8b]) {
        let mut plain = BufReader::with_capacity(BLOCK, MultiGzDecoder::new(&mut raw));
        lines(&mut plain, &unreadable, each)?;
    } else {
        lines(&mut raw, &unreadable, each)?;
    }
    // What lies behind the compressed part belongs to the file, too.
    io::copy(&mut raw, &mut io::sink()).map_err(|error| unreadable(&error))?;
    drop(raw);
    Ok(Input { name, bytes: fingerprint.bytes(), hash: fingerprint.hex() })
}

/// Takes note of the bytes that pass.
struct Watched<'a> {
    source: Box<dyn Read + 'a>,
    fingerprint: &'a mut Fingerprint,
    bar: &'a ProgressBar,
}

impl Read for Watched<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(bytes)?;
        self.fingerprint.take(&bytes[..read]);
        self.bar.inc(read as u64);
        Ok(read)
    }
}

/// Cuts a source into lines. Those that lie whole in what is read are not copied.
fn lines(
    source: &mut dyn BufRead,
    unreadable: &dyn Fn(&io::Error) -> Error,
    each: &mut dyn FnMut(Option<&[u8]>, u64) -> Result<()>,
) -> Result<()> {
    let mut begun = Vec::new();
    let (mut number, mut too_long) = (1, false);
    loop {
        let block = match source.fill_buf() {
            Ok(block) => block,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(&error)),
        };
        let length = block.len();
        if length == 0 {
            break;
        }
        let mut rest = block;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let line = &rest[..end];
            if too_long {
                each(None, number)?;
            } else if begun.is_empty() {
                each(Some(line), number)?;
            } else {
                begun.extend_from_slice(line);
                each(Some(&begun), number)?;
            }
            (too_long, number, rest) = (false, number + 1, &rest[end + 1..]);
            begun.clear();
        }
        if begun.len() + rest.len() > MAX_LINE {
            too_long = true;
            begun.clear();
        } else if !too_long {
            begun.extend_from_slice(rest);
        }
        source.consume(length);
    }
    if too_long {
        each(None, number)
    } else if begun.is_empty() {
        Ok(())
    } else {
        each(Some(&begun), number)
    }
}
