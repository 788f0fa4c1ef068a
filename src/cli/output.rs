//! Bytes to the terminal and to files. Files appear whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anstream::{eprintln, stdout};

use crate::error::{Error, Result};

/// Prints to standard output; a reader that went away is no error.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::run(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Columns of the terminal; tables keep to them. Elsewhere nothing is broken into lines.
pub(super) fn terminal_width() -> u16 {
    terminal_size::terminal_size_of(io::stdout()).map_or(u16::MAX, |(width, _)| width.0)
}

/// Says something to the person, on standard error.
pub(super) fn note(text: &str) {
    eprintln!("{text}");
}

/// Tells what went wrong, on standard error.
pub(super) fn error(error: &Error) {
    eprintln!("\x1b[1;31merror:\x1b[0m {error}");
}

/// The system's words for what went wrong, without the names of temporary files.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" at path ").next().unwrap_or(&text).to_owned()
}

/// Writes a set of files into a folder, all or none: they are written beside it first, where a full
/// disk leaves nothing behind, and then moved in.
pub(super) fn write_files(folder: &Path, files: &[(&str, Vec<u8>)]) -> Result<()> {
    let failed = |what: &str, error: &io::Error| {
        Error::run(format!("{what}: {}", reason(error))).at(folder.display().to_string())
    };
    fs::create_dir_all(folder).map_err(|error| failed("the folder cannot be made", &error))?;
    let staging = tempfile::Builder::new()
        .prefix(".bks-")
        .tempdir_in(folder)
        .map_err(|error| failed("the folder cannot be written to", &error))?;
    for (name, bytes) in files {
        fs::File::create(staging.path().join(name))
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .map_err(|error| failed(&format!("`{name}` cannot be written"), &error))?;
    }
    for (name, _) in files {
        let target = folder.join(name);
        if target.is_dir() {
            return Err(Error::run(format!("`{name}` is a folder there, but must be a file"))
                .at(folder.display().to_string()));
        }
    }
    for (name, _) in files {
        fs::rename(staging.path().join(name), folder.join(name))
            .map_err(|error| failed(&format!("`{name}` cannot be moved into place"), &error))?;
    }
    Ok(())
}

/// Writes one file whole or not at all; refuses to replace one.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let place = path.display().to_string();
    if path.exists() {
        return Err(Error::request(format!("`{place}` is there already"))
            .hint("choose another name, or remove the file"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let failed = |error: &io::Error| {
        Error::run(format!("the file cannot be written: {}", reason(error))).at(&place)
    };
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
        .map_err(|error| failed(&error))?;
    file.write_all(bytes).map_err(|error| failed(&error))?;
    file.persist_noclobber(path).map_err(|error| failed(&error.error))?;
    Ok(())
}

/// Writes one file whole or not at all, in the place of what was there: `write` fills it beside its
/// place, where a failure leaves nothing behind, and then it is moved in.
pub(super) fn write_whole<T>(
    path: &Path,
    write: impl FnOnce(&mut fs::File) -> io::Result<T>,
) -> Result<T> {
    let failed = |error: &io::Error| {
        Error::run(format!("the file cannot be written: {}", reason(error)))
            .at(path.display().to_string())
    };
    if path.is_dir() {
        return Err(Error::run("there is a folder, but the output is a file")
            .at(path.display().to_string()));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let staging = tempfile::Builder::new()
        .prefix(".bks-")
        .tempdir_in(folder.unwrap_or(Path::new(".")))
        .map_err(|error| failed(&error))?;
    let staged = staging.path().join("whole");
    let mut options = fs::File::options();
    let written = options
        .read(true)
        .write(true)
        .create_new(true)
        .open(&staged)
        .and_then(|mut file| {
            let written = write(&mut file)?;
            file.sync_all()?;
            Ok(written)
        })
        .map_err(|error| failed(&error))?;
    fs::rename(&staged, path).map_err(|error| failed(&error))?;
    Ok(written)
}
