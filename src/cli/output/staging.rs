//! Folders in which outputs are written before they are moved to their place.
//!
//! Whoever has one holds a lock on it, which the system lets go of however the process ends. So a folder
//! without a lock is what a killed process has left, and the next one that writes there removes it. SIGINT,
//! SIGTERM and SIGHUP remove what is there at once, but wait for files that are being moved.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tempfile::TempDir;

use crate::cli::command_process;

/// What their names begin with.
const PREFIX: &str = ".bks-staging-";

/// What is to be removed if the process is asked to end.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// While this is held, a signal waits.
pub(super) fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder of one's own.
pub(in crate::cli) struct Staging {
    folder: TempDir,
    _lock: Option<File>,
}

impl Staging {
    /// Makes one within `folder`, from which those of killed processes are removed.
    pub(in crate::cli) fn within(folder: &Path) -> io::Result<Self> {
        remove_dead(folder);
        loop {
            let mut listed = unfinished();
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(folder)?;
            listed.push(folder.path().to_owned());
            drop(listed);
            let lock = File::open(folder.path()).ok();
            let lock = lock.filter(|file| file.try_lock().is_ok());
            // Another process may have taken it for a dead one before it was locked.
            if folder.path().is_dir() {
                return Ok(Self { folder, _lock: lock });
            }
        }
    }

    pub(in crate::cli) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        unfinished().retain(|path| path != self.folder.path());
    }
}

/// Removes what killed processes have left.
fn remove_dead(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let is_staging = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_staging
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether a lock is another's.
pub(super) fn is_taken(locked: &std::result::Result<(), TryLockError>) -> bool {
    matches!(locked, Err(TryLockError::WouldBlock))
}

/// Removes what is unfinished when the process is asked to end, and then ends it as if it had not been
/// watched. Signals that it was started to ignore stay ignored.
pub(in crate::cli) fn clean_up_at_signals() {
    let wanted = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !is_ignored(*signal));
    let wanted: Vec<i32> = wanted.collect();
    let (watching, is_watching) = mpsc::channel::<()>();
    // Without the thread signals end the process as ever.
    let _ = thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || clean_up_at(wanted, watching));
    // Nothing is written before they are watched, however late the thread begins: its end is dropped then.
    let _ = is_watching.recv();
}

/// Waits for signals, and cleans up at each. Drops `watching` when it begins to.
fn clean_up_at(signals: Vec<i32>, watching: Sender<()>) {
    let Ok(mut signals) = Signals::new(signals) else { return };
    drop(watching);
    for signal in signals.forever() {
        command_process::end_all();
        let mut unfinished = unfinished();
        for path in unfinished.drain(..) {
            let is_folder = path.is_dir();
            let _ = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
}

/// Whether the process was started with a signal ignored, as those in the background of some shells are.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
