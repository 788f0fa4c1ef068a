//! CloudTrail's events, as JSON in any of the wrappings they come in: `{"Records":[…]}` (a trail's
//! files), a bare array, one event a line, EventBridge's `detail`, and the `CloudTrailEvent` of
//! `lookup-events`, which is JSON in a string, or an array of such strings; and as messages of CloudWatch
//! Logs, whether a subscription sends them, one record after another without anything between, or a
//! command prints them.
//!
//! S3's access logs come by the same ways as JSON, and are read here, too.
//!
//! Events are found one after another in the stream, whatever wraps them, so that a file is never
//! in memory as a whole. Each is read by serde into the few fields that matter, borrowed where no
//! escape is in the way; a field of another type than expected counts as absent, since the
//! parameters of other services' events share names with S3's.
//!
//! Sources: the CloudTrail record reference
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>)
//! and its examples of S3 and KMS events.

pub(super) mod as_text;
pub(super) mod event;
mod identity;
mod json;
mod resources;
pub mod write;

use std::io::Read;

use memchr::memmem;

use super::access_log;
use super::bad_lines::{BadLines, LineError, NotRead};
use super::messages;
use super::nested;
use super::record::LogEntry;
use super::timestamps::TimestampReader;
use super::windows::{self, Ahead};
use super::wrapping;
use crate::error::Result;
use event::Event;
use json::Skipper;

/// Whether JSON that begins with `head` has events: it names a service as the source of one, or what only events,
/// their wrappings and digests have.
pub(crate) fn has_events(head: &[u8]) -> bool {
    let names = ["\"CloudTrailEvent\"", "\"digestStartTime\"", "\"insightDetails\""];
    matches!(head, [b'{' | b'[', ..])
        && (event_sources(head).any(|source| !is_no_service(source)) || wrapping::has(head, names))
}

/// Whether JSON that begins with `head` has events whose fields lie flat under names with dots, or are spelt with
/// underscores.
pub(crate) fn has_flat_events(head: &[u8]) -> bool {
    let names =
        ["\"event_source\"", "\"requestParameters.", "\"requestparameters.", "\"userIdentity."];
    // A query's answer may name the fields that it has in objects of their own.
    wrapping::has(head, names) && !nested::has_rows_of_fields(head)
}

/// Whether JSON that begins with `head` is wrapped as a trail's files are, and nothing in it is of another kind.
pub(crate) fn may_have_events(head: &[u8]) -> bool {
    wrapping::has(head, ["\"Records\""])
        && !wrapping::has(head, ["\"Data\""])
        && event_sources(head).next().is_none()
}

/// Whether JSON that begins with `head` has a notification whose source begins so.
pub(super) fn has_notifications(head: &[u8], source: &[u8]) -> bool {
    event_sources(head).any(|found| found.starts_with(source))
}

/// Whether a source is that of a notification, which is no event of CloudTrail: `aws:s3`, `aws:kinesis`, …
pub(super) fn is_no_service(source: &[u8]) -> bool {
    source.starts_with(b"aws:")
}

/// What follows the name of an event's source, from its value on. Quotes are escaped within a text, and twice in
/// one within another.
fn event_sources(json: &[u8]) -> impl Iterator<Item = &[u8]> {
    let names = [&b"eventSource"[..], b"eventsource"];
    let ends = names.into_iter().flat_map(|name| {
        memmem::find_iter(json, name).map(|place| place + name.len()).collect::<Vec<_>>()
    });
    ends.map(|end| {
        let after = &json[end..];
        let value = after.iter().position(|byte| !b"\\\": \t\r\n".contains(byte));
        &after[value.unwrap_or(after.len())..]
    })
}

/// Reads every event of `source`, of which fields may lie flat under names with dots if it is `flat`, hands what it yields to `sink` and counts what it cannot read.
pub(crate) fn read(
    source: &mut dyn Read,
    flat: bool,
    file: &str,
    bad: &mut BadLines,
    sink: &mut impl FnMut(LogEntry<'_>) -> Result<()>,
) -> Result<()> {
    let mut reader = EventReader {
        flat,
        file,
        bad,
        sink,
        number: 0,
        skipper: None,
        is_within: false,
        value: None,
    };
    windows::slide(source, |bytes, ahead| {
        // Looked at once for a whole window, UTF-8 costs serde nothing for each text.
        let (mut from, mut text) = (0, valid(bytes));
        let mut done = 0;
        while done < bytes.len() {
            if done > from + text.len() {
                (from, text) = (done, valid(&bytes[done..]));
            }
            let rest = text.get(done - from..).unwrap_or_default();
            match reader.step(rest, &bytes[done..], ahead, done == 0)? {
                ParseProgress::Done(more) => done += more,
                ParseProgress::Wait => break,
            }
        }
        Ok(done)
    })?;
    match reader.value.take() {
        Some(value) if reader.number == 0 => {
            reader.count(&value, Err(LineError::WithoutNames.into()))
        }
        _ => Ok(()),
    }
}

/// The beginning of `bytes` that is UTF-8.
fn valid(bytes: &[u8]) -> &str {
    let valid = match str::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => error.valid_up_to(),
    };
    str::from_utf8(&bytes[..valid]).expect("it is valid so far")
}

/// Whether a text begins with a value of JSON that is neither text nor object.
fn begins_value(text: &[u8]) -> bool {
    let words = [&b"null"[..], b"true", b"false"];
    matches!(text, [b'0'..=b'9' | b'-', ..]) || words.iter().any(|word| text.starts_with(word))
}

/// What became of the bytes at hand.
enum ParseProgress {
    /// So many are done with.
    Done(usize),
    /// More are needed.
    Wait,
}

struct EventReader<'r, S> {
    /// Whether fields of events may lie flat.
    flat: bool,
    file: &'r str,
    bad: &'r mut BadLines,
    sink: &'r mut S,
    /// Of the event last begun.
    number: u64,
    /// Where in an event that is skipped the last window has ended.
    skipper: Option<Skipper>,
    /// Whether what is read lies in an object that is longer than any record.
    is_within: bool,
    /// The first element of an array that is no record, but what a field of one may be.
    value: Option<Vec<u8>>,
}

impl<S: FnMut(LogEntry<'_>) -> Result<()>> EventReader<'_, S> {
    /// Reads what begins `bytes`: what stands between events, or an event. `text` is their
    /// beginning, up to what is no UTF-8.
    fn step(
        &mut self,
        text: &str,
        bytes: &[u8],
        ahead: Ahead,
        first: bool,
    ) -> Result<ParseProgress> {
        if self.skipper.is_some() {
            return Ok(ParseProgress::Done(self.skip(bytes)));
        }
        let between = json::between(bytes);
        if between > 0 {
            return Ok(ParseProgress::Done(between));
        }
        if let Some(whole) = json::event_as_text(bytes) {
            match serde_json::from_slice::<String>(&bytes[..whole]) {
                Ok(text) => self.within(&text, &text)?,
                Err(_) => self.count(bytes, Err(LineError::Json.into()))?,
            }
            return Ok(ParseProgress::Done(whole));
        }
        if let Some(field) = json::field(bytes) {
            return Ok(ParseProgress::Done(field));
        }
        if let Some(element) = json::element(bytes) {
            self.element(&bytes[..element])?;
            return Ok(ParseProgress::Done(element));
        }
        let may_be_part = bytes.len() < json::WRAPPER_MAX || bytes.starts_with(b"\"");
        if may_be_part && ahead == Ahead::More {
            return Ok(ParseProgress::Wait);
        }
        if let Some(wrapper) = json::wrapper(bytes) {
            return Ok(ParseProgress::Done(wrapper));
        }
        let mut events = serde_json::Deserializer::from_str(text).into_iter::<Event<'_>>();
        let flaw = match events.next() {
            Some(Ok(event)) => {
                let done = events.byte_offset();
                self.event(&event, &text[..done])?;
                return Ok(ParseProgress::Done(done));
            }
            // The rest of a character may come with the next window.
            Some(Err(error)) if error.is_eof() && bytes.len() - text.len() < 4 => match ahead {
                // What is longer than any event, and none itself, has events within.
                Ahead::Full if first && json::is_around_events(bytes) => {
                    self.is_within = true;
                    return Ok(ParseProgress::Done(1));
                }
                Ahead::Full if first => LineError::TooLong,
                Ahead::Full | Ahead::More => return Ok(ParseProgress::Wait),
                Ahead::End => LineError::CutOff,
            },
            Some(Err(_)) | None if begins_value(bytes) => LineError::WithoutNames,
            Some(Err(_)) | None => LineError::Json,
        };
        self.count(bytes, Err(flaw.into()))?;
        self.skipper = Some(Skipper::default());
        Ok(ParseProgress::Done(self.skip(bytes)))
    }

    /// Hands on what a text says that is an element of an array, if it is a line of an access log.
    fn element(&mut self, text: &[u8]) -> Result<()> {
        match serde_json::from_slice::<String>(text) {
            Ok(text) if access_log::looks_like(text.as_bytes()) => self.within(&text, &text),
            Ok(within) if self.value.is_none() && nested::may_hold_record(&within) => {
                self.value = Some(text.to_vec());
                Ok(())
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Skips to the end of an event that cannot be read.
    fn skip(&mut self, bytes: &[u8]) -> usize {
        let Some(skipper) = &mut self.skipper else { return 0 };
        match skipper.skip(bytes) {
            Some(end) => {
                self.skipper = None;
                end
            }
            None => bytes.len(),
        }
    }

    /// Hands on what an event says, and counts it.
    fn event(&mut self, event: &Event<'_>, text: &str) -> Result<()> {
        let read = match event.text() {
            _ if self.flat => nested::hand_on(text, LineError::Lacks("`eventSource`"), self.sink),
            // No event, but what goes with one.
            Some(within) if messages::is_nothing(within) => return Ok(()),
            Some(within) => return self.within(within, text),
            None if event.has_text() => messages::unfold(text, self.sink),
            None => match event.entry() {
                Ok(entry) => (self.sink)(entry).map_err(NotRead::from),
                Err(flaw) => messages::record(text, flaw, self.sink),
            },
        };
        // What goes with records in an object around them is none.
        let is_flaw = matches!(read, Err(NotRead::Flaw(_)));
        if self.is_within && is_flaw && !nested::may_hold_record(text) {
            return Ok(());
        }
        self.count(text.as_bytes(), read)
    }

    /// Hands on what lies as text within another event, `around` it; or else what lies beside it.
    fn within(&mut self, text: &str, around: &str) -> Result<()> {
        let read = match messages::hand_on(text, &mut TimestampReader::default(), self.sink) {
            Err(NotRead::Flaw(flaw))
                if text.len() < around.len() && !nested::may_hold_record(text) =>
            {
                nested::hand_on(around, flaw, self.sink)
            }
            read => read,
        };
        self.count(text.as_bytes(), read)
    }

    fn count(&mut self, text: &[u8], read: std::result::Result<(), NotRead>) -> Result<()> {
        self.number += 1;
        self.bad.count(self.file, self.number, text, read)
    }
}
