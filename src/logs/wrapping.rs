//! How records lie in a log, whatever they tell.
//!
//! A log may have been through CloudWatch Logs (which wraps each record as the text of a message), through
//! Athena (which writes tables), or be as S3 or CloudTrail wrote it. What it tells is its [`LogFormat`].

use memchr::memmem;

use super::access_log::{self, named};
use super::timestamps::TimestampReader;
use super::{LINES_LOOKED_AT, LogFormat, athena, cloudtrail, elastic, nested, packed};
use crate::units::parse_moment;

/// How records lie in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordLayout {
    /// As the format has them, in JSON of any wrapping if they are events.
    Own,
    /// In JSON, where the format has lines.
    Json,
    /// Events of which fields lie flat under names with dots, or have names of another spelling.
    Flat,
    /// A line each, after the time at which CloudWatch Logs received it (what it exports to S3), or after
    /// whatever else programs put before lines.
    Prefixed,
    /// A row each, under a line of column names.
    Table,
    /// Rows of fields, in JSON that has to be seen as a whole: what a query's command prints.
    Answer,
}

/// What a text that begins with `head` is; `None` if it is no log of requests in a shape of its own.
pub(super) fn detect(head: &[u8]) -> Option<(LogFormat, RecordLayout)> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    // Records of JSON may each begin with a separator (RFC 7464).
    let text = text.strip_prefix(b"\x1e").unwrap_or(text);
    if matches!(text, [b'{' | b'[', ..]) {
        return of_json(text);
    }
    if let Some(format) = athena::looks_like(text) {
        return Some((format, RecordLayout::Table));
    }
    let mut lines = text.split(|byte| *byte == b'\n').take(LINES_LOOKED_AT);
    let stamped = lines.clone().find_map(|line| after_stamp(line).and_then(of_message));
    let format = match stamped {
        // A line that is an access log's as it stands may have anything for its owner.
        None if lines.clone().any(access_log::looks_like) => None,
        None => lines.find_map(|line| of_message(line.trim_ascii_end())),
        stamped => stamped,
    };
    format.map(|format| (format, RecordLayout::Prefixed))
}

fn of_json(text: &[u8]) -> Option<(LogFormat, RecordLayout)> {
    if nested::is_answer(text) {
        return Some((LogFormat::CloudTrail, RecordLayout::Answer));
    }
    if cloudtrail::has_flat_events(text) {
        return Some((LogFormat::CloudTrail, RecordLayout::Flat));
    }
    let format = if cloudtrail::has_events(text) {
        LogFormat::CloudTrail
    } else if has(text, OPERATIONS) || is_named(text) {
        LogFormat::S3AccessLog
    } else if let Some(format) =
        packed::beginnings(text).take(LINES_LOOKED_AT).find_map(|within| LogFormat::detect(&within))
    {
        format
    } else if cloudtrail::may_have_events(text) || elastic::may_have_events(text) {
        LogFormat::CloudTrail
    } else {
        return None;
    };
    let layout = match format {
        LogFormat::CloudTrail => RecordLayout::Own,
        LogFormat::S3AccessLog | LogFormat::IbmCos => RecordLayout::Json,
    };
    Some((format, layout))
}

/// Whether the first object is a record of an access log, whatever its fields are called.
fn is_named(text: &[u8]) -> bool {
    let within = text.strip_prefix(b"[").unwrap_or(text);
    let mut objects = serde_json::Deserializer::from_slice(within).into_iter::<named::Named>();
    objects.next().is_some_and(|first| first.is_ok_and(|named| named.is_of_access_log()))
}

/// How operations are called in access logs, and nowhere else.
pub(super) const OPERATIONS: [&str; 12] = [
    "REST.GET.",
    "REST.PUT.",
    "REST.HEAD.",
    "REST.POST.",
    "REST.COPY.",
    "REST.DELETE.",
    "REST.SELECT.",
    "REST.OPTIONS.",
    "BATCH.DELETE.",
    "WEBSITE.GET.",
    "WEBSITE.HEAD.",
    "S3.EXPIRE.",
];

/// Whether a text has one of some words.
pub(super) fn has<const N: usize>(text: &[u8], words: [&str; N]) -> bool {
    words.iter().any(|word| memmem::find(text, word.as_bytes()).is_some())
}

/// What the text of a message is.
fn of_message(text: &[u8]) -> Option<LogFormat> {
    if let Some(object) = memchr::memchr(b'{', text).filter(|place| *place < STREAM_MAX) {
        let object = &text[object..];
        // Where more follows it is a field of something else, as in what commands print as text.
        if object.ends_with(b"}") && cloudtrail::has_events(object) {
            return Some(LogFormat::CloudTrail);
        }
        if serde_json::from_slice::<named::Named>(object)
            .is_ok_and(|named| named.is_of_access_log())
        {
            return Some(LogFormat::S3AccessLog);
        }
    }
    line_within(text)
        .is_some_and(|line| access_log::parse(line, &mut TimestampReader::default()).is_ok())
        .then_some(LogFormat::S3AccessLog)
}

/// Most bytes of the name of a log's stream, which some tools put before a message.
pub(super) const STREAM_MAX: usize = 520;

/// What a line has after the time that it begins with.
pub(super) fn after_stamp(line: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr2(b' ', b'\t', line).filter(|end| (19..=35).contains(end))?;
    parse_moment(&line[..end]).map(|_| line[end..].trim_ascii_start())
}

/// The line of an access log that a line ends with, whatever is before it: from the second word before its time
/// on.
pub(super) fn line_within(line: &[u8]) -> Option<&[u8]> {
    let mut brackets = memmem::find_iter(line, b" [");
    let bucket_end = brackets.find(|place| begins_time(&line[place + 2..]))?;
    let owner_end = memchr::memrchr(b' ', &line[..bucket_end])?;
    let before_owner = memchr::memrchr2(b' ', b'\t', &line[..owner_end]);
    Some(&line[before_owner.map_or(0, |space| space + 1)..])
}

/// Whether a text begins as the time of an access log does.
const fn begins_time(text: &[u8]) -> bool {
    matches!(text, [b'0'..=b'9', b'0'..=b'9', b'/', ..])
}

/// Whether a text that begins with `head` has nothing but messages by which CloudWatch Logs tries
/// whether a subscription's destination is there.
pub(super) fn is_control(head: &[u8]) -> bool {
    has(head, ["\"CONTROL_MESSAGE\""]) && !has(head, ["\"DATA_MESSAGE\""])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_by_what_a_log_begins_with() {
        let line = "o b [06/Feb/2019:00:00:38 +0000] 192.0.2.3 r I REST.GET.OBJECT k \"GET /k HTTP/1.1\" 200 - \
                    1 1 1 1 \"-\" \"a\" -";
        let json = r#"{"bucket_name": "b", "request_time": "2026-11-20T10:00:00.000Z", "operation": "REST.GET.OBJECT", "http_status": 200}"#;
        let event = r#"{"eventSource": "s3.amazonaws.com"}"#;
        let message = |text: &str| {
            serde_json::json!({"messageType": "DATA_MESSAGE", "logEvents": [{"message": text}]})
                .to_string()
        };
        let (access, trail) = (LogFormat::S3AccessLog, LogFormat::CloudTrail);
        for (text, expected) in [
            (json.to_owned(), Some((access, RecordLayout::Json))),
            (format!("[\n{json}\n]"), Some((access, RecordLayout::Json))),
            (message(line), Some((access, RecordLayout::Json))),
            (message(json), Some((access, RecordLayout::Json))),
            (message(event), Some((trail, RecordLayout::Own))),
            (message("2 123456789010 eni-1 192.0.2.1"), None),
            (format!("2026-11-20T10:00:00.000Z {event}"), Some((trail, RecordLayout::Prefixed))),
            (format!("2026-11-20T10:00:00.000Z {line}"), Some((access, RecordLayout::Prefixed))),
            (
                format!("2026-11-20T10:00:00+00:00 a_stream_1 {json}\n"),
                Some((access, RecordLayout::Prefixed)),
            ),
            (
                format!("<134>Nov 20 10:00:00 h trail: {event}"),
                Some((trail, RecordLayout::Prefixed)),
            ),
            (
                format!("<134>Nov 20 10:00:00 h s3[1]: {line}"),
                Some((access, RecordLayout::Prefixed)),
            ),
            (format!("a.json:{event}\n"), Some((trail, RecordLayout::Prefixed))),
            (format!("\x1e{event}\n"), Some((trail, RecordLayout::Own))),
            (format!("CloudTrailEvent: '{event}'"), None),
            (format!("EVENTS\tASIA\t{event}\tid"), None),
            (format!("a.log:{line}"), None),
            ("2026-11-20T10:00:00.000Z {\"a\": 1}".to_owned(), None),
            ("{\"message\": \"hello\"}".to_owned(), None),
            ("2026-11-20 hello".to_owned(), None),
        ] {
            assert_eq!(detect(text.as_bytes()), expected, "{text}");
        }
    }
}
