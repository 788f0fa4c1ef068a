//! Logs of one record a line.

use std::io::Read;

use super::bad_lines::{BadLines, LineError, NotRead};
use super::windows::{self, Ahead};
use crate::error::Result;

/// Hands every line of `source` to `take` and counts what it cannot read. Empty lines are no lines. A line
/// longer than a window is skipped and counted as bad.
pub(super) fn read(
    source: &mut dyn Read,
    file: &str,
    bad: &mut BadLines,
    take: impl FnMut(&[u8]) -> std::result::Result<(), NotRead>,
) -> Result<()> {
    let mut lines = LineReader { file, bad, take, number: 0, is_skipping: false };
    windows::slide(source, |bytes, ahead| {
        let mut done = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            lines.line(&bytes[done..end])?;
            done = end + 1;
        }
        let rest = &bytes[done..];
        match ahead {
            Ahead::End if !rest.is_empty() => lines.line(rest)?,
            Ahead::Full if done == 0 => {
                lines.too_long(rest)?;
                done = bytes.len();
            }
            Ahead::End | Ahead::Full | Ahead::More => {}
        }
        Ok(done)
    })
}

struct LineReader<'r, F> {
    file: &'r str,
    bad: &'r mut BadLines,
    take: F,
    number: u64,
    /// Whether the line at hand is too long, and skipped to its end.
    is_skipping: bool,
}

impl<F: FnMut(&[u8]) -> std::result::Result<(), NotRead>> LineReader<'_, F> {
    #[inline]
    fn line(&mut self, line: &[u8]) -> Result<()> {
        self.number += 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // Some programs put a mark of bytes' order before a text.
        let mark = if self.number == 1 { line.strip_prefix(b"\xef\xbb\xbf") } else { None };
        let line = mark.unwrap_or(line);
        if std::mem::take(&mut self.is_skipping) || line.is_empty() {
            return Ok(());
        }
        self.bad.count(self.file, self.number, line, (self.take)(line))
    }

    /// Counts a line of which only the beginning is at hand.
    fn too_long(&mut self, line: &[u8]) -> Result<()> {
        if std::mem::replace(&mut self.is_skipping, true) {
            return Ok(());
        }
        self.bad.count(self.file, self.number + 1, line, Err(LineError::TooLong.into()))
    }
}
