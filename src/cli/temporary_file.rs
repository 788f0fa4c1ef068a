//! A temporary file for what does not fit into memory. It has no name, so nothing is left of it
//! however the run ends.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::recording::SpillStore;

/// The file, made when it is first needed.
#[derive(Debug, Default)]
pub(super) struct TemporaryFile(Mutex<Option<File>>);

impl TemporaryFile {
    fn with<T>(&self, work: impl FnOnce(&mut File) -> io::Result<T>) -> Result<T> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let done = match kept.as_mut() {
            Some(file) => work(file),
            None => tempfile::tempfile().and_then(|file| work(kept.insert(file))),
        };
        done.map_err(|error| {
            Error::run(format!(
                "what does not fit into memory cannot be written to a temporary file: {error}"
            ))
            .at(std::env::temp_dir().display().to_string())
            .hint("set TMPDIR to a folder with more room, or allow more by `--memory`")
        })
    }
}

impl SpillStore for TemporaryFile {
    fn append(&self, bytes: &[u8]) -> Result<u64> {
        self.with(|file| {
            let offset = file.seek(SeekFrom::End(0))?;
            file.write_all(bytes)?;
            Ok(offset)
        })
    }

    fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        self.with(|file| {
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(bytes)
        })
    }
}
