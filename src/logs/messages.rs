//! One record as a text: the message of an event of CloudWatch Logs, whatever it holds.

use super::access_log::{self, named::Named};
use super::bad_lines::{LineError, NotRead};
use super::cloudtrail::as_text;
use super::cloudtrail::event::Event;
use super::nested;
use super::record::{LogEntry, Skipped};
use super::timestamps::TimestampReader;
use super::wrapping::{STREAM_MAX, after_stamp, line_within};

/// How many texts may lie in one another.
const DEPTH: u32 = 4;

/// What CloudWatch Logs sends to see whether a destination is there.
pub(super) const CONTROL: &str = "CWL CONTROL MESSAGE";

/// Whether a record was handed on.
type HandedOn = std::result::Result<(), NotRead>;

/// Whether a message tells of nothing that was logged.
pub(super) fn is_nothing(text: &str) -> bool {
    text.trim().is_empty() || text.trim_start().starts_with(CONTROL)
}

/// Hands on what a message says: an event, or a record of an access log as JSON or as a line.
pub(super) fn hand_on(
    text: &str,
    clock: &mut TimestampReader,
    sink: &mut impl FnMut(LogEntry<'_>) -> crate::error::Result<()>,
) -> HandedOn {
    let text = text.trim();
    if is_nothing(text) {
        return Ok(sink(LogEntry::Skipped(Skipped::ServiceEvent, b"CONTROL_MESSAGE"))?);
    }
    if text.starts_with('{') {
        return object(text, DEPTH, sink);
    }
    Ok(sink(LogEntry::Request(access_log::parse(text.as_bytes(), clock)?))?)
}

/// The same of a line that begins with a time and perhaps the name of a stream, or whatever else is before it.
pub(super) fn prefixed(
    line: &[u8],
    clock: &mut TimestampReader,
    sink: &mut impl FnMut(LogEntry<'_>) -> crate::error::Result<()>,
) -> HandedOn {
    let rest = after_stamp(line).unwrap_or(line);
    let text = str::from_utf8(rest).map_err(|_| LineError::Json)?;
    if let Some(record) = line_within(rest).and_then(|line| access_log::parse(line, clock).ok()) {
        return Ok(sink(LogEntry::Request(record))?);
    }
    let object = text.find('{').filter(|place| *place < STREAM_MAX).unwrap_or_default();
    hand_on(&text[object..], clock, sink)
}

/// Hands on what an object says, a trail's event or a record of an access log.
pub(super) fn object(
    text: &str,
    depth: u32,
    sink: &mut impl FnMut(LogEntry<'_>) -> crate::error::Result<()>,
) -> HandedOn {
    let event: Event = serde_json::from_str(text).map_err(|_| LineError::Json)?;
    if let Some(within) = event.text() {
        let depth = depth.checked_sub(1).ok_or(LineError::Json)?;
        if within.trim_start().starts_with('{') {
            return object(within, depth, sink);
        }
        return hand_on(within, &mut TimestampReader::default(), sink);
    }
    if event.has_text() {
        return unfold(text, sink);
    }
    match event.entry() {
        Ok(entry) => Ok(sink(entry)?),
        Err(flaw) => record(text, flaw, sink),
    }
}

/// Hands on what an event says of which some objects are given as text.
pub(super) fn unfold(
    text: &str,
    sink: &mut impl FnMut(LogEntry<'_>) -> crate::error::Result<()>,
) -> HandedOn {
    let plain = as_text::unfolded(text).map_err(LineError::AsText)?;
    match serde_json::from_str::<Event>(&plain) {
        Ok(event) if !event.has_text() => Ok(sink(event.entry()?)?),
        Ok(_) | Err(_) => Err(LineError::Json.into()),
    }
}

/// Hands on what a record of an access log says; `flaw` is why the text is no event.
pub(super) fn record(
    text: &str,
    flaw: LineError,
    sink: &mut impl FnMut(LogEntry<'_>) -> crate::error::Result<()>,
) -> HandedOn {
    // An event without a bucket may have it in a text beside.
    if flaw == LineError::Lacks("`bucketName`") || flaw == LineError::Lacks("`eventTime`") {
        return nested::original(text, flaw, sink);
    }
    if !matches!(flaw, LineError::Lacks("`eventSource`") | LineError::NoEvent) {
        return Err(flaw.into());
    }
    let named: Named = serde_json::from_str(text).map_err(|_| flaw)?;
    match named.record() {
        // What has no operation is no record of an access log either.
        Err(LineError::Lacks("operation")) => nested::hand_on(text, flaw, sink),
        record => Ok(sink(LogEntry::Request(record?))?),
    }
}

/// Hands on what an event says that is known to be one.
pub(super) fn event(
    text: &str,
    sink: &mut impl FnMut(LogEntry<'_>) -> crate::error::Result<()>,
) -> HandedOn {
    let event: Event = serde_json::from_str(text).map_err(|_| LineError::Json)?;
    if event.has_text() { unfold(text, sink) } else { Ok(sink(event.entry()?)?) }
}
