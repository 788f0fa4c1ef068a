//! How records lie in a log, whatever they tell.
//!
//! A log may have been through CloudWatch Logs (which wraps each record as the text of a message), through
//! Athena (which writes tables), or be as S3 or CloudTrail wrote it. What it tells is its [`LogFormat`].

use memchr::memmem;

use super::access_log::{self, named};
use super::timestamps::TimestampReader;
use super::{LINES_LOOKED_AT, LogFormat, athena, cloudtrail};
use crate::units::parse_moment;

/// How records lie in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordLayout {
    /// As the format has them, in JSON of any wrapping if they are events.
    Own,
    /// In JSON, where the format has lines.
    Json,
    /// A line each, after the time at which CloudWatch Logs received it: what it exports to S3.
    Stamped,
    /// A row each, under a line of column names.
    Table,
    /// Rows of fields, in JSON that has to be seen as a whole: what a query's command prints.
    Answer,
}

/// What a text that begins with `head` is; `None` if it is no log of requests in a shape of its own.
pub(super) fn detect(head: &[u8]) -> Option<(LogFormat, RecordLayout)> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if matches!(text, [b'{' | b'[', ..]) {
        return of_json(text);
    }
    if let Some(format) = athena::looks_like(text) {
        return Some((format, RecordLayout::Table));
    }
    let mut lines = text.split(|byte| *byte == b'\n').take(LINES_LOOKED_AT);
    lines
        .find_map(|line| after_stamp(line).and_then(of_message))
        .map(|format| (format, RecordLayout::Stamped))
}

fn of_json(text: &[u8]) -> Option<(LogFormat, RecordLayout)> {
    if cloudtrail::nested::is_answer(text) {
        return Some((LogFormat::CloudTrail, RecordLayout::Answer));
    }
    if cloudtrail::looks_like(text) {
        return Some((LogFormat::CloudTrail, RecordLayout::Own));
    }
    if has(text, named_words()) || is_named(text) {
        return Some((LogFormat::S3AccessLog, RecordLayout::Json));
    }
    // Within a text, quotes are escaped.
    let wraps = ["\"message\"", "\"logEvents\"", "\"@message\""];
    if !has(text, wraps) {
        return None;
    }
    if has(text, ["\\\"eventSource\\\""]) {
        return Some((LogFormat::CloudTrail, RecordLayout::Own));
    }
    has(text, ["\\\"request_uri\\\"", "\\\"http_status\\\"", " REST."])
        .then_some((LogFormat::S3AccessLog, RecordLayout::Json))
}

/// Whether the first object is a record of an access log, whatever its fields are called.
fn is_named(text: &[u8]) -> bool {
    let within = text.strip_prefix(b"[").unwrap_or(text);
    let mut objects = serde_json::Deserializer::from_slice(within).into_iter::<named::Named>();
    objects.next().is_some_and(|first| first.is_ok_and(|named| named.is_of_access_log()))
}

/// Names that only the records of access logs have.
const fn named_words() -> [&'static str; 4] {
    ["\"request_uri\"", "\"http_status\"", "\"requesturi\"", "\"httpstatus\""]
}

/// Whether a text has one of some words.
pub(super) fn has<const N: usize>(text: &[u8], words: [&str; N]) -> bool {
    words.iter().any(|word| memmem::find(text, word.as_bytes()).is_some())
}

/// What the text of a message is.
fn of_message(text: &[u8]) -> Option<LogFormat> {
    if let Some(object) = memchr::memchr(b'{', text).filter(|place| *place < STREAM_MAX) {
        let object = &text[object..];
        if cloudtrail::looks_like(object) {
            return Some(LogFormat::CloudTrail);
        }
        if serde_json::from_slice::<named::Named>(object).is_ok_and(|named| named.record().is_ok())
        {
            return Some(LogFormat::S3AccessLog);
        }
    }
    [Some(text), after_stream(text)]
        .into_iter()
        .flatten()
        .any(|line| access_log::parse(line, &mut TimestampReader::default()).is_ok())
        .then_some(LogFormat::S3AccessLog)
}

/// Most bytes of the name of a log's stream, which some tools put before a message.
pub(super) const STREAM_MAX: usize = 520;

/// What a line has after the time that it begins with.
pub(super) fn after_stamp(line: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr2(b' ', b'\t', line).filter(|end| (19..=35).contains(end))?;
    parse_moment(&line[..end]).map(|_| line[end..].trim_ascii_start())
}

/// What a line has after the name of a stream.
pub(super) fn after_stream(line: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr(b' ', line).filter(|end| *end < STREAM_MAX)?;
    Some(line[end..].trim_ascii_start())
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
            (format!("2026-11-20T10:00:00.000Z {event}"), Some((trail, RecordLayout::Stamped))),
            (format!("2026-11-20T10:00:00.000Z {line}"), Some((access, RecordLayout::Stamped))),
            (
                format!("2026-11-20T10:00:00+00:00 a_stream_1 {json}\n"),
                Some((access, RecordLayout::Stamped)),
            ),
            ("2026-11-20T10:00:00.000Z {\"a\": 1}".to_owned(), None),
            ("{\"message\": \"hello\"}".to_owned(), None),
            ("2026-11-20 hello".to_owned(), None),
        ] {
            assert_eq!(detect(text.as_bytes()), expected, "{text}");
        }
    }
}
