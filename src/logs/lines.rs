//! Logs of one record a line.

use std::io::Read;

use super::bad_lines::{BadLines, Flaw};
use super::clock::Clock;
use super::record::{LogEntry, Record};
use super::windows::{self, Ahead};
use crate::error::Result;

/// Reads every line of `source` by `parse`, hands what it yields to `sink` and counts what it
/// cannot read. Empty lines are no lines. A line longer than a window is skipped and counted as bad.
pub(super) fn read(
    source: &mut dyn Read,
    file: &str,
    bad: &mut BadLines,
    parse: impl for<'a> Fn(&'a [u8], &mut Clock) -> std::result::Result<Record<'a>, Flaw>,
    sink: &mut impl FnMut(LogEntry<'_>) -> Result<()>,
) -> Result<()> {
    let hand_on = |line: &[u8], clock: &mut Clock, sink: &mut _| hand_on(line, clock, &parse, sink);
    read_by(source, file, bad, hand_on, sink)
}

/// Hands on what `parse` makes of a line.
fn hand_on<S: FnMut(LogEntry<'_>) -> Result<()>>(
    line: &[u8],
    clock: &mut Clock,
    parse: &impl for<'a> Fn(&'a [u8], &mut Clock) -> std::result::Result<Record<'a>, Flaw>,
    sink: &mut S,
) -> Result<std::result::Result<(), Flaw>> {
    match parse(line, clock) {
        Ok(record) => sink(LogEntry::Request(record)).map(Ok),
        Err(flaw) => Ok(Err(flaw)),
    }
}

/// The same where a line is handed on by `hand_on`, which tells what is wrong with it.
pub(super) fn read_by<S: FnMut(LogEntry<'_>) -> Result<()>>(
    source: &mut dyn Read,
    file: &str,
    bad: &mut BadLines,
    hand_on: impl Fn(&[u8], &mut Clock, &mut S) -> Result<std::result::Result<(), Flaw>>,
    sink: &mut S,
) -> Result<()> {
    let mut clock = Clock::default();
    let mut number = 0;
    let mut too_long = false;
    windows::slide(source, |bytes, ahead| {
        let mut line = |line: &[u8]| {
            number += 1;
            if std::mem::take(&mut too_long) {
                return Ok(());
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                return Ok(());
            }
            bad.lines += 1;
            if let Err(flaw) = hand_on(line, &mut clock, sink)? {
                bad.add(file, number, flaw, line);
            }
            Ok(())
        };
        let mut done = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            line(&bytes[done..end])?;
            done = end + 1;
        }
        let rest = &bytes[done..];
        match ahead {
            Ahead::End if !rest.is_empty() => line(rest)?,
            Ahead::Full if done == 0 => {
                if !too_long {
                    too_long = true;
                    bad.lines += 1;
                    bad.add(file, number + 1, Flaw::TooLong, rest);
                }
                done = bytes.len();
            }
            Ahead::End | Ahead::Full | Ahead::More => {}
        }
        Ok(done)
    })
}
