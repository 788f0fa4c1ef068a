//! Log files: which there are, and their bytes, counted and told apart as they are read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use indicatif::ProgressBar;

use crate::error::{Error, Result};
use crate::recording::{Fingerprint, Input};
use crate::trace::Form;
use crate::trace::log::{Log, Look};

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
}

/// All files that paths name, patterns expanded and folders walked, in order and each once. Hidden
/// files in folders are left out.
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
    if files.is_empty() {
        return Err(
            Error::request("the folder has no file, but there must be a log").at(paths.join(" "))
        );
    }
    Ok(files)
}

/// The files that a pattern stands for, for shells that leave this to programs; a path that exists
/// is no pattern.
fn expand(path: &str) -> Result<Vec<PathBuf>> {
    if !path.contains(['*', '?', '[']) || Path::new(path).exists() {
        return Ok(vec![path.into()]);
    }
    let wrong = |why: &str| Error::request(format!("the pattern {why}")).at(path);
    let matches = glob::glob(path).map_err(|error| wrong(&format!("is not one: {error}")))?;
    let files: Vec<PathBuf> = matches
        .map(|found| found.map_err(|error| unreadable(error.path(), error.error())))
        .collect::<Result<_>>()?;
    if files.is_empty() {
        return Err(wrong("matches no file").hint("`**` stands for folders within folders"));
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
    let failed = |error: &io::Error| unreadable(path, error);
    let metadata = fs::metadata(path).map_err(|error| failed(&error))?;
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
    for entry in fs::read_dir(path).map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        entries.push((is_link, entry.file_name()));
    }
    entries.sort();
    for (_, name) in entries {
        if !name.to_string_lossy().starts_with('.') {
            walk_path(&path.join(name), true, files, seen)?;
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

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::request(format!("the file cannot be read: {error}")).at(path.display().to_string())
}

/// Bytes of all files that have a length.
pub(super) fn total_bytes(files: &[LogFile]) -> u64 {
    files.iter().filter_map(LogFile::bytes).sum()
}

/// A log that is open, and what was read of it so far.
pub(super) struct OpenLog {
    pub(super) name: String,
    /// `None` if the file is empty or no log.
    pub(super) log: Option<Log<'static>>,
    /// Whether it was found in a folder and is no log.
    pub(super) foreign: bool,
    fingerprint: Rc<RefCell<Fingerprint>>,
}

impl OpenLog {
    /// The file as it was read, to tell it from others.
    pub(super) fn input(self) -> Input {
        let fingerprint = self.fingerprint.borrow();
        Input { name: self.name, bytes: fingerprint.bytes(), hash: fingerprint.hex() }
    }
}

impl LogFile {
    /// What messages call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::Path { path, .. } => path.display().to_string(),
        }
    }

    /// Its length, if it has one.
    fn bytes(&self) -> Option<u64> {
        match self {
            Self::Stdin => None,
            Self::Path { path, .. } => {
                let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file);
                metadata.map(|metadata| metadata.len())
            }
        }
    }

    /// Opens it and finds its form, if that is not given; `bar` shows how much is read.
    pub(super) fn open(&self, form: Option<Form>, bar: &ProgressBar) -> Result<OpenLog> {
        let source: Box<dyn Read> = match self {
            Self::Stdin => Box::new(io::stdin().lock()),
            Self::Path { path, .. } => {
                Box::new(File::open(path).map_err(|error| unreadable(path, &error))?)
            }
        };
        let fingerprint = Rc::new(RefCell::new(Fingerprint::default()));
        let watched = Watched { source, fingerprint: Rc::clone(&fingerprint), bar: bar.clone() };
        let open = |(log, foreign)| OpenLog { name: self.name(), log, foreign, fingerprint };
        let may_be_foreign = matches!(self, Self::Path { found: true, .. });
        let log = if may_be_foreign {
            match Log::look(watched, self.bytes(), form) {
                Ok(Look::Log(log)) => Ok((Some(log), false)),
                Ok(Look::Empty) => Ok((None, false)),
                Ok(Look::Unknown) => Ok((None, true)),
                Err(error) => Err(error),
            }
        } else {
            Log::open(watched, self.bytes(), form).map(|log| (log, false))
        };
        log.map(open).map_err(|error| error.at(self.name()))
    }
}

/// Takes note of the bytes that pass.
struct Watched {
    source: Box<dyn Read>,
    fingerprint: Rc<RefCell<Fingerprint>>,
    bar: ProgressBar,
}

impl Read for Watched {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(bytes)?;
        self.fingerprint.borrow_mut().take(&bytes[..read]);
        self.bar.inc(read as u64);
        Ok(read)
    }
}
