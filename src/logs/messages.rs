//! One record as a text: the message of an event of CloudWatch Logs, whatever it holds.

use super::access_log::{self, named::Named};
use super::bad_lines::Flaw;
use super::clock::Clock;
use super::cloudtrail::as_text;
use super::cloudtrail::event::Event;
use super::record::{LogEntry, Skipped};
use super::shape::{STREAM_MAX, after_stamp, after_stream};
use crate::error::Result;

/// How many texts may lie in one another.
const DEPTH: u32 = 4;

/// What CloudWatch Logs sends to see whether a destination is there.
const CONTROL: &str = "CWL CONTROL MESSAGE";

/// Whether a message tells of nothing that was logged.
pub(super) fn is_nothing(text: &str) -> bool {
    text.trim().is_empty() || text.trim_start().starts_with(CONTROL)
}

/// Hands on what a message says: an event, or a record of an access log as JSON or as a line. Tells what is
/// wrong with it.
pub(super) fn hand_on(
    text: &str,
    clock: &mut Clock,
    sink: &mut impl FnMut(LogEntry<'_>) -> Result<()>,
) -> Result<std::result::Result<(), Flaw>> {
    let text = text.trim();
    if is_nothing(text) {
        return sink(LogEntry::Skipped(Skipped::ServiceEvent, b"CONTROL_MESSAGE")).map(Ok);
    }
    if text.starts_with('{') {
        return object(text, DEPTH, sink);
    }
    match access_log::parse(text.as_bytes(), clock) {
        Ok(record) => sink(LogEntry::Request(record)).map(Ok),
        Err(flaw) => Ok(Err(flaw)),
    }
}

/// The same of a line that begins with a time and perhaps the name of a stream.
pub(super) fn stamped(
    line: &[u8],
    clock: &mut Clock,
    sink: &mut impl FnMut(LogEntry<'_>) -> Result<()>,
) -> Result<std::result::Result<(), Flaw>> {
    let Some(rest) = after_stamp(line) else { return Ok(Err(Flaw::Field("time"))) };
    let Ok(text) = str::from_utf8(rest) else { return Ok(Err(Flaw::Json)) };
    for line in [Some(rest), after_stream(rest)].into_iter().flatten() {
        if let Ok(record) = access_log::parse(line, clock) {
            return sink(LogEntry::Request(record)).map(Ok);
        }
    }
    let object = text.find('{').filter(|place| *place < STREAM_MAX).unwrap_or_default();
    hand_on(&text[object..], clock, sink)
}

/// Hands on what an object says, a trail's event or a record of an access log.
pub(super) fn object(
    text: &str,
    depth: u32,
    sink: &mut impl FnMut(LogEntry<'_>) -> Result<()>,
) -> Result<std::result::Result<(), Flaw>> {
    let Ok(event) = serde_json::from_str::<Event>(text) else { return Ok(Err(Flaw::Json)) };
    if let Some(within) = event.text() {
        let Some(depth) = depth.checked_sub(1) else { return Ok(Err(Flaw::Json)) };
        let is_object = within.trim_start().starts_with('{');
        return if is_object {
            object(within, depth, sink)
        } else {
            hand_on(within, &mut Clock::default(), sink)
        };
    }
    if event.has_text() {
        return unfold(text, sink);
    }
    match event.entry() {
        Ok(entry) => sink(entry).map(Ok),
        Err(flaw) => record(text, flaw, sink),
    }
}

/// Hands on what an event says of which some objects are given as text.
pub(super) fn unfold(
    text: &str,
    sink: &mut impl FnMut(LogEntry<'_>) -> Result<()>,
) -> Result<std::result::Result<(), Flaw>> {
    let plain = match as_text::unfolded(text) {
        Ok(plain) => plain,
        Err(object) => return Ok(Err(Flaw::AsText(object))),
    };
    match serde_json::from_str::<Event>(&plain) {
        Ok(event) if !event.has_text() => match event.entry() {
            Ok(entry) => sink(entry).map(Ok),
            Err(flaw) => Ok(Err(flaw)),
        },
        Ok(_) | Err(_) => Ok(Err(Flaw::Json)),
    }
}

/// Hands on what a record of an access log says; `flaw` is why the text is no event.
pub(super) fn record(
    text: &str,
    flaw: Flaw,
    sink: &mut impl FnMut(LogEntry<'_>) -> Result<()>,
) -> Result<std::result::Result<(), Flaw>> {
    if flaw != Flaw::Lacks("`eventSource`") {
        return Ok(Err(flaw));
    }
    let Ok(named) = serde_json::from_str::<Named>(text) else { return Ok(Err(flaw)) };
    match named.record() {
        Ok(record) => sink(LogEntry::Request(record)).map(Ok),
        // What has no operation is no record of an access log either.
        Err(Flaw::Lacks("operation")) => Ok(Err(flaw)),
        Err(flaw) => Ok(Err(flaw)),
    }
}
