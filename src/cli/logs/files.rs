//! Log files: which there are, and their bytes, counted and distinguished as they are read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use indicatif::ProgressBar;

use crate::error::{Error, Result};
use crate::logs::bad_lines::BadLines;
use crate::logs::log::{self, Detected, Log};
use crate::logs::other_format::{self, OtherFormat};
use crate::logs::record::LogEntry;
use crate::logs::{LogFormat, archive};
use crate::parquet_rows::ParquetTable;
use crate::recording::{Fingerprint, LogInput};

/// A log file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LogFile {
    /// Standard input.
    Stdin,
    /// A file.
    Path {
        /// Where it lies.
        path: PathBuf,
        /// Whether it was found in a folder, rather than named: then it may be no log.
        found: bool,
    },
    /// A file in a ZIP archive.
    Packed {
        /// The archive.
        archive: PathBuf,
        /// The file in it.
        entry: archive::ArchivedFile,
    },
    /// A hidden file or folder in a folder, which is not read.
    Hidden {
        /// Where it lies.
        path: PathBuf,
    },
}

/// What a hidden file is.
const HIDDEN: OtherFormat = OtherFormat {
    what: "hidden, as its name begins with a dot",
    way_out: Some("name it on the command line to have it read"),
};

/// What macOS leaves in every folder that it shows.
const OF_FINDER: &str = ".DS_Store";

/// All files that paths name, patterns expanded and folders walked, in order and each once. Hidden
/// files in folders are told of, and not read.
pub(super) fn walk(paths: &[String]) -> Result<Vec<LogFile>> {
    let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
    for path in paths {
        if path == "-" {
            files.push(LogFile::Stdin);
        } else {
            for path in expand(path)? {
                walk_path(&path, false, &mut files, &mut seen)?;
            }
        }
    }
    files.sort();
    // What is named and also found in a folder counts as named.
    files.dedup_by(|other, kept| match (other, kept) {
        (LogFile::Path { path, .. }, LogFile::Path { path: kept, .. }) => path == kept,
        (LogFile::Stdin, LogFile::Stdin) => true,
        _ => false,
    });
    let files = unpacked(files)?;
    if files.is_empty() {
        return Err(
            Error::request("the folder has no file, but there must be a log").at(paths.join(" "))
        );
    }
    Ok(files)
}

/// The same files with those in ZIP archives in the archives' places.
fn unpacked(files: Vec<LogFile>) -> Result<Vec<LogFile>> {
    let mut all = Vec::with_capacity(files.len());
    for file in files {
        let LogFile::Path { path, found } = &file else {
            all.push(file);
            continue;
        };
        match packed(path) {
            Ok(Some(entries)) => all.extend(
                entries.into_iter().map(|entry| LogFile::Packed { archive: path.clone(), entry }),
            ),
            Ok(None) => all.push(file),
            // What is no archive, whatever its name says, is told of with the others that are no logs.
            Err(_) if *found => all.push(file),
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// The files in an archive; `None` if it is none by its name and its beginning.
fn packed(path: &Path) -> Result<Option<Vec<archive::ArchivedFile>>> {
    if path.extension().is_none_or(|end| !end.eq_ignore_ascii_case("zip")) || !path.is_file() {
        return Ok(None);
    }
    let mut file = open(path)?;
    let mut head = Vec::new();
    let read = Read::by_ref(&mut file).take(4).read_to_end(&mut head);
    read.map_err(|error| unreadable(path, &error))?;
    if !archive::is_archive(&head) {
        return Ok(None);
    }
    archive::entries(&file).map(Some).map_err(|error| error.at(path.display().to_string()))
}

/// The files that a pattern stands for, for shells that leave this to programs; a path that exists
/// is no pattern.
fn expand(path: &str) -> Result<Vec<PathBuf>> {
    if !path.contains(['*', '?', '[']) || Path::new(path).exists() {
        return Ok(vec![path.into()]);
    }
    let matches = glob::glob(path)
        .map_err(|error| Error::request(format!("the pattern is not one: {error}")).at(path))?;
    let files: Vec<PathBuf> = matches
        .map(|found| found.map_err(|error| unreadable(error.path(), error.error())))
        .collect::<Result<_>>()?;
    if files.is_empty() {
        return Err(Error::request("the pattern matches no file")
            .at(path)
            .hint("`**` stands for folders within folders"));
    }
    Ok(files)
}

/// Walks a folder, or takes a file. In folders only files count: a pipe may never end. Each folder is
/// walked once, however many links lead to it, and under its own name rather than a link's.
fn walk_path(
    path: &Path,
    found: bool,
    files: &mut Vec<LogFile>,
    seen: &mut BTreeSet<FolderId>,
) -> Result<()> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_dir() {
        if !found || metadata.is_file() {
            files.push(LogFile::Path { path: path.to_owned(), found });
        }
        return Ok(());
    }
    if !seen.insert(folder_id(path, &metadata)) {
        return Ok(());
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
        let entry = entry.map_err(|error| unreadable(path, &error))?;
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        entries.push((is_link, entry.file_name()));
    }
    entries.sort();
    for (_, name) in entries {
        let path = path.join(&name);
        if !name.to_string_lossy().starts_with('.') {
            walk_path(&path, true, files, seen)?;
        } else if name != OF_FINDER {
            files.push(LogFile::Hidden { path });
        }
    }
    Ok(())
}

/// What tells a folder from others: its device and number there.
#[cfg(unix)]
type FolderId = (u64, u64);

#[cfg(unix)]
fn folder_id(_: &Path, metadata: &fs::Metadata) -> FolderId {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// What tells a folder from others: its path without links.
#[cfg(not(unix))]
type FolderId = PathBuf;

#[cfg(not(unix))]
fn folder_id(path: &Path, _: &fs::Metadata) -> FolderId {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Opens a file.
pub(in crate::cli) fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| unreadable(path, &error))
}

pub(in crate::cli) fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::request(format!("the file cannot be read: {error}")).at(path.display().to_string())
}

/// Bytes of all files that have a length.
pub(super) fn total_bytes(files: &[LogFile]) -> u64 {
    files.iter().filter_map(LogFile::bytes).sum()
}

/// A file in a folder that is no log; what it is, if that can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotALog(pub(super) Option<OtherFormat>);

impl NotALog {
    /// What it is.
    pub(super) const fn what(self) -> &'static str {
        match self.0 {
            Some(format) => format.what,
            None => "no log",
        }
    }
}

/// A log that is open, and what was read of it so far.
pub(super) struct OpenLog {
    pub(super) name: String,
    /// `None` if the file is empty or no log.
    pub(super) log: Option<Log<'static>>,
    /// What it is, if it was found in a folder and is no log.
    pub(super) not_a_log: Option<NotALog>,
    fingerprint: Rc<RefCell<Fingerprint>>,
}

/// What a file was.
pub(super) enum ReadSource {
    /// A log, as it was read, to tell it from others.
    Log(LogInput),
    /// None, by its name.
    NotALog(String, NotALog),
}

impl OpenLog {
    /// The log's format, if it is a log that is not empty.
    pub(super) fn format(&self) -> Option<LogFormat> {
        self.log.as_ref().map(Log::format)
    }

    /// Reads the log to its end.
    pub(super) fn read(
        &mut self,
        bad: &mut BadLines,
        mut sink: impl FnMut(&LogEntry) -> Result<()>,
    ) -> Result<()> {
        let Some(log) = self.log.take() else { return Ok(()) };
        log.entries(&self.name, bad, |entry| sink(&entry)).map_err(|error| error.at(&self.name))
    }

    /// What the file was, once it is read.
    pub(super) fn into_source(self) -> ReadSource {
        if let Some(not_a_log) = self.not_a_log {
            return ReadSource::NotALog(self.name, not_a_log);
        }
        ReadSource::Log(self.fingerprint.borrow().of_file(self.name))
    }
}

impl LogFile {
    /// Whether it can be opened again and gives the same bytes.
    pub(super) fn is_regular(&self) -> bool {
        match self {
            Self::Stdin => false,
            Self::Path { path, .. } => path.is_file(),
            Self::Packed { .. } | Self::Hidden { .. } => true,
        }
    }

    /// What messages call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::Path { path, .. } | Self::Hidden { path } => path.display().to_string(),
            Self::Packed { archive, entry } => format!("{}/{}", archive.display(), entry.name),
        }
    }

    /// Its length, if it has one.
    fn bytes(&self) -> Option<u64> {
        match self {
            Self::Stdin | Self::Hidden { .. } => None,
            Self::Path { path, .. } => {
                let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file);
                metadata.map(|metadata| metadata.len())
            }
            Self::Packed { entry, .. } => Some(entry.bytes),
        }
    }

    /// What it is if it is Parquet, whose columns are named at its end.
    fn parquet(&self) -> Option<OtherFormat> {
        let Self::Path { path, .. } = self else { return None };
        if !path.is_file() {
            // What a pipe gives is given once.
            return None;
        }
        let mut file = File::open(path).ok()?;
        let mut head = Vec::new();
        Read::by_ref(&mut file).take(4).read_to_end(&mut head).ok()?;
        if !other_format::is_parquet(&head) {
            return None;
        }
        let table = ParquetTable::open(file, &path.display().to_string());
        Some(other_format::of_parquet(&table.map(|table| table.names()).unwrap_or_default()))
    }

    /// It as a file of a folder that is left out, or the error of one that was named.
    fn refused(
        &self,
        format: OtherFormat,
        fingerprint: Rc<RefCell<Fingerprint>>,
    ) -> Result<OpenLog> {
        if let Self::Path { found: false, .. } = self {
            return Err(log::unknown(Some(format)).at(self.name()));
        }
        let not_a_log = Some(NotALog(Some(format)));
        Ok(OpenLog { name: self.name(), log: None, not_a_log, fingerprint })
    }

    /// Opens it and finds its format, if that is not given; `bar` shows how much is read.
    pub(super) fn open(&self, format: Option<LogFormat>, bar: &ProgressBar) -> Result<OpenLog> {
        let source: Box<dyn Read> = match self {
            Self::Hidden { .. } => return self.refused(HIDDEN, Rc::default()),
            Self::Stdin => Box::new(io::stdin().lock()),
            Self::Path { path, .. } => Box::new(open(path)?),
            Self::Packed { archive, entry } => {
                let file = File::open(archive).and_then(|file| entry.open(file));
                file.map_err(|error| unreadable(archive, &error))?
            }
        };
        let fingerprint = Rc::new(RefCell::new(Fingerprint::default()));
        let watched =
            WatchedReader { source, fingerprint: Rc::clone(&fingerprint), bar: bar.clone() };
        if let Some(format) = self.parquet() {
            return self.refused(format, fingerprint);
        }
        let open = |(log, not_a_log)| OpenLog { name: self.name(), log, not_a_log, fingerprint };
        let may_be_foreign = matches!(self, Self::Path { found: true, .. } | Self::Packed { .. });
        let log = if may_be_foreign {
            match Log::look(watched, self.bytes(), format) {
                Ok(Detected::Log(log)) => Ok((Some(log), None)),
                Ok(Detected::Empty) => Ok((None, None)),
                Ok(Detected::Unknown(what)) => Ok((None, Some(NotALog(what)))),
                Err(error) => Err(error),
            }
        } else {
            Log::open(watched, self.bytes(), format).map(|log| (log, None))
        };
        log.map(open).map_err(|error| error.at(self.name()))
    }
}

/// Takes note of the bytes that pass.
struct WatchedReader {
    source: Box<dyn Read>,
    fingerprint: Rc<RefCell<Fingerprint>>,
    bar: ProgressBar,
}

impl Read for WatchedReader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(bytes)?;
        self.fingerprint.borrow_mut().take(&bytes[..read]);
        self.bar.inc(read as u64);
        Ok(read)
    }
}
