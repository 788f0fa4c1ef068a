//! Files that belong together, into a folder: all of them or none, whatever happens meanwhile.
//!
//! ```text
//! staging folder ──► .bks-commit ──► the folder, the document that names the others last
//!      │ killed: the old files stand    │ killed: whoever comes next moves the rest
//! ```
//!
//! One process at a time writes to a folder. Files of the run before that the new one does not have are
//! removed; what bks did not write is never replaced unless that is asked for.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::staging::{Staging, is_taken, unfinished};
use crate::cli::file_errors::FileErrors;
use crate::error::{Error, Result};
use crate::results::manifest::{self, DOCUMENTS, Manifest};

/// A set of files that is whole, and on its way into the folder around it.
const COMMIT: &str = ".bks-commit";
/// Held while files are written.
const LOCK: &str = ".bks-lock";

/// Writes a set of files into a folder, all or none. What bks did not write is replaced only if
/// `overwrite` is set.
pub(in crate::cli) fn write_files(
    folder: &Path,
    files: &[(&str, Vec<u8>)],
    overwrite: bool,
) -> Result<()> {
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    fs::create_dir_all(folder).failing("the folder cannot be made", folder)?;
    let lock = Lock::take(folder)?;
    finish(folder, &lock)?;
    refuse_strangers(folder, &names, overwrite)?;
    let staging = Staging::within(folder).failing(NO_ENTRY, folder)?;
    for (name, bytes) in files {
        File::create_new(staging.path().join(name))
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .failing(&format!("`{name}` cannot be written"), folder)?;
    }
    // From here on a signal waits until all files are in their place.
    let held = unfinished();
    twice(|| fs::rename(staging.path(), folder.join(COMMIT))).failing(NOT_MOVED, folder)?;
    let moved = move_in(folder);
    drop(held);
    moved
}

const NO_ENTRY: &str = "the folder cannot be written to";
const NOT_MOVED: &str = "the files cannot be moved into place";

/// Does something again that failed: a file system may have a bad moment.
fn twice(mut work: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    work().or_else(|_| work())
}

/// Moves files into place that another process left on their way, if there are any, so that the folder
/// can be read.
pub(in crate::cli) fn settle(folder: &Path) -> Result<()> {
    if folder.join(COMMIT).is_dir() {
        let lock = Lock::take(folder)?;
        return finish(folder, &lock);
    }
    Ok(())
}

/// As [`settle`], after whoever writes to the folder is done; `false` if that cannot be known.
pub(in crate::cli) fn settled(folder: &Path) -> bool {
    Lock::take(folder).is_ok_and(|lock| finish(folder, &lock).is_ok())
}

fn finish(folder: &Path, _lock: &Lock) -> Result<()> {
    if folder.join(COMMIT).is_dir() { move_in(folder) } else { Ok(()) }
}

/// Moves files from [`COMMIT`] to the folder: the document that names the others comes last, and before it
/// those are removed that the old one named and the new one does not.
fn move_in(folder: &Path) -> Result<()> {
    let commit = folder.join(COMMIT);
    let mut names = Vec::new();
    for entry in fs::read_dir(&commit).failing(NOT_MOVED, folder)? {
        names.push(entry.failing(NOT_MOVED, folder)?.file_name());
    }
    let document = names.iter().filter_map(|name| name.to_str()).find(|it| DOCUMENTS.contains(it));
    let document = document.map(str::to_owned);
    names.sort_by_key(|name| (document.as_deref().is_some_and(|it| name == it), name.clone()));
    for name in &names {
        if document.as_deref().is_some_and(|it| name == it) {
            remove_old(folder, document.as_deref(), &commit);
        }
        let (from, to) = (commit.join(name), folder.join(name));
        let what = format!("`{}` cannot be moved into place", name.to_string_lossy());
        twice(|| fs::rename(&from, &to)).failing(&what, folder).map_err(|error| {
            error.hint(format!(
                "all files of the run are in its folder `{COMMIT}`; the next bks command there moves them"
            ))
        })?;
    }
    let _ = fs::remove_dir(&commit);
    // Not every file system can.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Removes files that the folder's old document names, the new one does not, and nobody has changed.
fn remove_old(folder: &Path, document: Option<&str>, commit: &Path) {
    let Some(name) = document else { return };
    let [old, new] = [folder, commit].map(|folder| {
        let text = fs::read_to_string(folder.join(name)).ok()?;
        Manifest::read(name, &text).map(|manifest| manifest.files)
    });
    let (Some(old), Some(new)) = (old, new) else { return };
    for (name, hash) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
        let path = folder.join(name);
        let is_plain = Path::new(name).file_name().is_some_and(|plain| plain == name.as_str());
        let is_same = match hash {
            Some(hash) => fs::read(&path).is_ok_and(|bytes| manifest::hash(&bytes) == *hash),
            None => true,
        };
        if is_plain && is_same && path.symlink_metadata().is_ok_and(|it| it.is_file()) {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Refuses to write files where something stands that bks has not written, or that is no file.
pub(in crate::cli) fn refuse_strangers(
    folder: &Path,
    names: &[&str],
    overwrite: bool,
) -> Result<()> {
    let own = own_files(folder);
    // Charts have no document that would name them.
    let has_document = names.iter().any(|name| DOCUMENTS.contains(name));
    for name in names {
        let Ok(metadata) = folder.join(name).symlink_metadata() else { continue };
        let is = match metadata.file_type() {
            kind if kind.is_dir() => "a folder",
            kind if kind.is_symlink() => "a link",
            kind if !kind.is_file() => "a pipe or a device",
            _ if overwrite || !has_document || own.contains(*name) => continue,
            _ => {
                return Err(Error::request(format!("`{name}` exists and was not written by bks"))
                    .at(folder.display().to_string())
                    .hint("give another folder by `--out`, or overwrite it with `--overwrite`"));
            }
        };
        return Err(Error::run(format!("`{name}` is {is} there, but must be a file"))
            .at(folder.display().to_string())
            .hint("give another folder by `--out`"));
    }
    Ok(())
}

/// Names of the files that bks wrote into a folder.
fn own_files(folder: &Path) -> BTreeSet<String> {
    let mut own = BTreeSet::new();
    for name in DOCUMENTS {
        let path = folder.join(name);
        let is_file = path.metadata().is_ok_and(|metadata| metadata.is_file());
        let text = is_file.then(|| fs::read_to_string(&path).ok()).flatten();
        if let Some(manifest) = text.and_then(|text| Manifest::read(name, &text)) {
            own.insert(name.to_owned());
            own.extend(manifest.files.into_keys());
        }
    }
    own
}

/// Keeps other writers out of a folder, wherever files can be locked.
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    fn take(folder: &Path) -> Result<Self> {
        const TRIES: u32 = 600;
        let path = folder.join(LOCK);
        for _ in 0..TRIES {
            let opened = File::options().write(true).create(true).truncate(false).open(&path);
            let file = opened.failing(NO_ENTRY, folder)?;
            let locked = file.try_lock();
            // Whoever had it has removed it meanwhile: then it keeps nobody out.
            if !is_taken(&locked) && is_at(&file, &path) {
                unfinished().push(path.clone());
                return Ok(Self { path, _file: file });
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(Error::run("another bks is writing there")
            .hint("wait for it, or give another folder by `--out`")
            .at(folder.display().to_string()))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        unfinished().retain(|path| *path != self.path);
    }
}

/// Whether an open file is still the one of this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(open), Ok(named)) = (file.metadata(), path.symlink_metadata()) else { return false };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

/// Whether an open file is still the one of this name.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}
