//! Bytes to the terminal and to files. Files appear whole or not at all.
//!
//! - here: text for people and for programs, and outputs of one file;
//! - [`folder`]: files that belong together;
//! - [`staging`]: where they are written first, and what becomes of that if bks is ended.

pub(super) mod folder;
pub(super) mod staging;

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use anstream::{stderr, stdout};
use serde::Serialize;
use serde_json::Value;

use super::file_errors::FileErrors;
use crate::error::{Error, Result};
use crate::harmless_text::{self, shown_lines};
use crate::report::json;
use crate::report::text::{BOLD, RESET, YELLOW};
use crate::results::csv;
pub(super) use folder::write_files;
use staging::Staging;

/// Prints what people read to standard output; a reader that went away is no error. Nothing but what
/// can be seen gets there, besides bks's own emphasis.
pub(super) fn print(text: &str) -> Result<()> {
    print_document(&emphasized(text))
}

/// Prints what programs read, as it is.
pub(super) fn print_document(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    told(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// A JSON document as a file has it.
pub(super) fn json(value: &Value) -> String {
    json::write(value)
}

/// Rows as a CSV file has them.
pub(super) fn csv<T: Serialize + Default>(rows: &[T]) -> String {
    String::from_utf8(csv::write(rows)).expect("CSV is text")
}

/// The folder for the results of the scenario `name`, unless one is given.
pub(super) fn results_folder(given: Option<&Path>, name: &str) -> PathBuf {
    given.map_or_else(|| Path::new("results").join(name), Path::to_owned)
}

/// What became of writing to standard output.
fn told(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::run(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Text of which every character can be seen, with bks's own emphasis.
fn emphasized(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\x1b') {
        out.push_str(&shown_lines(&rest[..at]));
        let own = [BOLD, YELLOW, RESET].into_iter().find(|own| rest[at..].starts_with(*own));
        match own {
            Some(own) => out.push_str(own),
            None => out.push_str(&shown_lines("\x1b")),
        }
        rest = &rest[at + own.map_or(1, str::len)..];
    }
    out.push_str(&shown_lines(rest));
    out
}

/// Columns of the terminal; tables keep to them. Elsewhere nothing is broken into lines.
pub(super) fn terminal_width() -> u16 {
    terminal_size::terminal_size_of(io::stdout()).map_or(u16::MAX, |(width, _)| width.0)
}

/// Says something to the person in one line, on standard error. Whether anyone hears it changes nothing.
pub(super) fn note(text: &str) {
    let _ = writeln!(stderr(), "{}", harmless_text::shown(text));
}

/// Tells what went wrong, on standard error.
pub(super) fn error(error: &Error) {
    let _ = writeln!(stderr(), "\x1b[1;31merror:\x1b[0m {error}");
}

/// Whether an output's name stands for standard output.
pub(super) fn is_stdout(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == Path::new(name))
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Writes one file whole or not at all; refuses to replace one. To standard output if that is named.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    if is_stdout(path) {
        return told(io::stdout().lock().write_all(bytes));
    }
    if path.symlink_metadata().is_ok() {
        return Err(Error::request(format!("`{}` already exists", path.display()))
            .hint("choose another name, or remove the file"));
    }
    put_new(path, bytes).writing(path)
}

fn put_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let staging = Staging::within(folder_of(path))?;
    let (staged, ()) = fill(&staging, |file| file.write_all(bytes))?;
    // A link to it fails if something else has come there meanwhile; not every file system has links.
    match fs::hard_link(&staged, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !path.exists() => {
            fs::rename(&staged, path)
        }
        linked => linked,
    }
}

/// What an output's name stands for.
enum OutputTarget {
    /// Standard output.
    Stdout,
    /// A file that is to be made or replaced; links to it were followed.
    File(PathBuf),
    /// What is neither a file nor a folder, and is written into: a pipe, a device.
    Stream,
}

impl OutputTarget {
    fn of(path: &Path) -> Result<Self> {
        const MOST_LINKS: usize = 40;
        if is_stdout(path) {
            return Ok(Self::Stdout);
        }
        let mut target = path.to_owned();
        for _ in 0..MOST_LINKS {
            match target.metadata() {
                Ok(metadata) if metadata.is_dir() => {
                    return Err(Error::run("this is a directory, but the output is a file")
                        .at(path.display().to_string()));
                }
                Ok(metadata) if !metadata.is_file() => return Ok(Self::Stream),
                Ok(_) => return target.canonicalize().writing(path).map(Self::File),
                Err(_) => {}
            }
            let Ok(next) = fs::read_link(&target) else { return Ok(Self::File(target)) };
            target = folder_of(&target).join(next);
        }
        Err(Error::run("too many links lead to the output").at(path.display().to_string()))
    }
}

/// Refuses an output that would take the place of a file with something in it, unless that is asked for: it may be
/// an input, or a stranger's. bks's own pages and charts may be made again. Asked before anything is read, so that
/// no work is lost.
pub(super) fn refuse_existing(path: &Path, overwrite: bool) -> Result<()> {
    let is_there = path.metadata().is_ok_and(|it| it.is_file() && it.len() > 0);
    if overwrite || is_stdout(path) || !is_there || is_own(path) {
        return Ok(());
    }
    Err(Error::request("the file is there already, and is not replaced")
        .at(path.display().to_string())
        .hint("give another name, or replace it by `--overwrite`"))
}

/// How pages and charts that bks made begin, and what stands near their beginning.
const OWN: [(&[u8], &[u8]); 3] = [
    (b"<!DOCTYPE html>", b"<meta name=\"generator\" content=\"bks "),
    (b"<svg ", b"bks, "),
    (b"\x89PNG", b"Software\0bks "),
];

/// Bytes that are near the beginning.
const NEAR: u64 = 2 << 10;

/// Whether a file is a page or a chart that bks made.
fn is_own(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(NEAR).read_to_end(&mut head));
    read.is_ok()
        && OWN.iter().any(|(begin, mark)| {
            head.starts_with(begin) && memchr::memmem::find(&head, mark).is_some()
        })
}

/// Writes one output whole or not at all: a file in the place of what was there, into a pipe or a device
/// what is there, to standard output for `-`. `write` fills a file elsewhere, where a failure leaves
/// nothing behind.
pub(super) fn write_whole<T>(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<T>,
) -> Result<T> {
    match OutputTarget::of(path)? {
        OutputTarget::File(target) => replace(&target, write).writing(path),
        OutputTarget::Stream => {
            let (mut spool, written) = spooled(write).writing(path)?;
            let stream = File::options().write(true).open(path);
            match stream.and_then(|mut stream| io::copy(&mut spool, &mut stream)) {
                // The reader went away.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(written),
                copied => copied.writing(path).map(|_| written),
            }
        }
        OutputTarget::Stdout => {
            let (mut spool, written) = spooled(write).writing(path)?;
            let mut out = io::stdout().lock();
            told(io::copy(&mut spool, &mut out).and_then(|_| out.flush()))?;
            Ok(written)
        }
    }
}

/// Fills a file without a name, and turns back to its begin.
fn spooled<T>(write: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<(impl Read, T)> {
    let mut spool = tempfile::tempfile()?;
    let written = write(&mut spool)?;
    spool.rewind()?;
    Ok((spool, written))
}

/// Fills a file in a staging folder, and makes sure that it is on the disk.
fn fill<T>(
    staging: &Staging,
    write: impl FnOnce(&mut File) -> io::Result<T>,
) -> io::Result<(PathBuf, T)> {
    let staged = staging.path().join("whole");
    let mut file = File::options().read(true).write(true).create_new(true).open(&staged)?;
    let written = write(&mut file)?;
    file.sync_all()?;
    Ok((staged, written))
}

/// Puts a file in the place of what is there, whose permissions it keeps.
fn replace<T>(target: &Path, write: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
    let staging = Staging::within(folder_of(target))?;
    let (staged, written) = fill(&staging, write)?;
    if let Ok(metadata) = target.metadata() {
        fs::set_permissions(&staged, metadata.permissions())?;
    }
    fs::rename(&staged, target)?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_emphasis_reaches_a_terminal() {
        let text = format!("{BOLD}a\x1b[2J{RESET}\n\x1b]0;t\x07\u{202e}");
        let seen = format!("{BOLD}a\\u{{1b}}[2J{RESET}\n\\u{{1b}}]0;t\\u{{7}}\\u{{202e}}");
        assert_eq!(emphasized(&text), seen);
    }
}
