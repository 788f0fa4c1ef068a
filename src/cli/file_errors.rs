//! What the system says about a file, as a message with its place.

use std::io;
use std::path::Path;

use crate::error::{Error, Result};

/// A file that was to be read or written.
pub(super) trait FileErrors<T> {
    /// The error of a request for a file that cannot be read, without its place.
    fn unread(self) -> Result<T>;

    /// The same with its place.
    fn reading(self, path: &Path) -> Result<T>
    where
        Self: Sized,
    {
        self.unread().map_err(|error| error.at(path.display().to_string()))
    }

    /// The error of a run that cannot write; `what` cannot be done with what.
    fn failing(self, what: &str, path: &Path) -> Result<T>;

    /// The error of a run whose file cannot be written.
    fn writing(self, path: &Path) -> Result<T>
    where
        Self: Sized,
    {
        self.failing("the file cannot be written", path)
    }
}

impl<T> FileErrors<T> for io::Result<T> {
    fn unread(self) -> Result<T> {
        self.map_err(|error| Error::request(format!("the file cannot be read: {error}")))
    }

    fn failing(self, what: &str, path: &Path) -> Result<T> {
        self.map_err(|error| {
            // Without the names of temporary files.
            let text = error.to_string();
            let reason = text.split(" at path ").next().unwrap_or(&text);
            Error::run(format!("{what}: {reason}")).at(path.display().to_string())
        })
    }
}
