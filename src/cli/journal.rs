//! The file of a sweep: grows by whole points, survives any interruption, and is put into order at
//! the end.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::file_errors::FileErrors;
use super::output;
use crate::error::{Error, Result};
use crate::sweep::checked_points::SweepIdentity;
use crate::sweep::rows::{Ledger, PointLines, RowsFormat};

/// Says what the sweep in a folder is.
pub(super) const IDENTITY: &str = "sweep.json";

/// The open file of a sweep.
pub(super) struct Journal<'a> {
    ledger: &'a Ledger<'a>,
    path: PathBuf,
    /// What was there when it was opened.
    kept: PointLines,
    /// Opened when there is something to add: a sweep that is done needs no more than to be read.
    file: Mutex<Option<File>>,
    /// Keeps other processes out; the system lets go of it whenever this one ends.
    _lock: Option<File>,
}

impl<'a> Journal<'a> {
    /// Opens the file in `folder`, with whatever whole points of the same sweep it has.
    pub(super) fn open(
        folder: &Path,
        ledger: &'a Ledger<'a>,
        identity: &SweepIdentity,
        restart: bool,
    ) -> Result<Self> {
        fs::create_dir_all(folder).failing("the folder cannot be made", folder)?;
        let lock = lock(folder)?;
        if restart {
            // Rows first: should this process end here, none is left that another sweep could take
            // for its own.
            for name in RowsFormat::ALL.map(RowsFormat::file_name).into_iter().chain([IDENTITY]) {
                remove(&folder.join(name))?;
            }
        }
        let path = folder.join(ledger.file_name());
        let there = read(&path)?;
        claim(folder, identity, there.is_some())?;
        let kept = there.as_deref().map(|bytes| ledger.read(bytes)).unwrap_or_default();
        let whole = ledger.file(&kept);
        if there.as_deref() != Some(&whole[..]) {
            output::write_whole(&path, |file| file.write_all(&whole))?;
        }
        Ok(Self { ledger, path, kept, file: Mutex::default(), _lock: lock })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Those of `points` that it does not have.
    pub(super) fn missing(&self, points: &[usize]) -> Vec<usize> {
        points.iter().copied().filter(|point| !self.kept.contains_key(point)).collect()
    }

    /// Adds the lines of a point: all of them in one write, on the disk when this returns.
    pub(super) fn append(&self, lines: &[u8]) -> Result<()> {
        let mut opened = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match opened.as_mut() {
            Some(file) => Ok(file),
            None => File::options().append(true).open(&self.path).map(|file| opened.insert(file)),
        };
        written
            .and_then(|file| file.write_all(lines).and_then(|()| file.sync_data()))
            .writing(&self.path)
    }

    /// Puts all points, so many, into the order of the grid and gives their lines.
    pub(super) fn finish(self, points: usize) -> Result<PointLines> {
        drop(self.file);
        let there = read(&self.path)?.unwrap_or_default();
        let lines = self.ledger.read(&there);
        if lines.len() != points {
            return Err(Error::run(format!(
                "the file has `{}` of {points} points: another program has changed it",
                lines.len()
            ))
            .hint("run the sweep again; it resumes with what is there")
            .at(self.path.display().to_string()));
        }
        let whole = self.ledger.file(&lines);
        if there != whole {
            output::write_whole(&self.path, |file| file.write_all(&whole))?;
        }
        Ok(lines)
    }
}

/// The bytes of a file; `None` if there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(Error::request("there must be a file, not a folder, a pipe or a device")
            .at(path.display().to_string()));
    }
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.failing("the file cannot be read", path).map(Some),
    }
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.failing("the file cannot be removed", path),
    }
}

/// Makes sure that the folder is of the sweep `identity`. Without any, rows that are there are of
/// unknown origin.
pub(super) fn claim(folder: &Path, identity: &SweepIdentity, has_rows: bool) -> Result<()> {
    let path = folder.join(IDENTITY);
    match read(&path)? {
        Some(document) => identity
            .check_same(&String::from_utf8_lossy(&document))
            .map_err(|error| error.at(path.display().to_string())),
        None if has_rows => Err(Error::request(format!(
            "there are results of a sweep, but no `{IDENTITY}` that describes it"
        ))
        .hint("give another folder by `--out`, or start over with `--restart`")
        .at(folder.display().to_string())),
        None => output::write_whole(&path, |file| file.write_all(identity.to_json().as_bytes())),
    }
}

/// Keeps other sweeps out of the folder. Where a system or file system locks no folders, nobody is
/// kept out: two processes then do the work twice, and what each appends is whole.
pub(super) fn lock(folder: &Path) -> Result<Option<File>> {
    let Ok(file) = File::open(folder) else { return Ok(None) };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::Error(_)) => Ok(None),
        Err(TryLockError::WouldBlock) => Err(Error::run("another `bks sweep` is running there")
            .hint("wait for it, or give another folder by `--out`")
            .at(folder.display().to_string())),
    }
}
