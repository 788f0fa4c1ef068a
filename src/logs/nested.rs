//! Records that lie anywhere within other JSON: what queues, topics, streams, search engines and log platforms put
//! around events and around lines of access logs, and rows of a query whose fields are objects of their own.

use std::borrow::Cow;
use std::io::Read;

use memchr::memmem;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::access_log::{self, named::Named};
use super::bad_lines::{BadLines, LineError, NotRead};
use super::record::LogEntry;
use super::timestamps::TimestampReader;
use super::wrapping::{OPERATIONS, has, is_control};
use super::{athena, cloudtrail, elastic, messages, packed, windows};
use crate::error::{Error, Result};

/// How deep records may lie, texts that are JSON included.
const DEPTH: u32 = 24;

/// Most bytes of a query's answer, which is in memory as a whole, many times as large: commands print a thousand rows, or
/// ten thousand.
const ANSWER_MAX: u64 = 8 << 20;

/// Whether JSON that begins with `head` is a query's answer whose rows are arrays of fields: those of CloudTrail
/// Lake, of Athena, and of CloudWatch Logs Insights where single fields were asked for.
pub(super) fn is_answer(head: &[u8]) -> bool {
    let is_of_fields = has_rows_of_fields(head) && !has(head, ["\"@message\""]);
    let is_answer = is_of_fields || has(head, ["\"QueryResultRows\"", "\"VarCharValue\""]);
    is_answer && has(head, ["eventSource", "eventsource"])
}

/// Whether JSON has rows of fields that are objects of their own, as Insights prints them: `[[{"field": …`. The
/// parameters of events may have a `field`, too, but in no row of a list of rows.
pub(super) fn has_rows_of_fields(head: &[u8]) -> bool {
    let mut fields = memmem::find_iter(head, b"\"field\"");
    fields.any(|place| {
        let before = head[..place].iter().rev().filter(|byte| !byte.is_ascii_whitespace());
        before.take(3).eq(b"{[[")
    })
}

/// Reads a query's answer, hands what its rows yield to `sink` and counts what cannot be read.
pub(super) fn read(
    source: &mut dyn Read,
    file: &str,
    bad: &mut BadLines,
    sink: &mut impl FnMut(LogEntry<'_>) -> Result<()>,
) -> Result<()> {
    let mut text = Vec::new();
    let read = source.take(ANSWER_MAX + 1).read_to_end(&mut text);
    read.map_err(|error| windows::unreadable(&error))?;
    if text.len() as u64 > ANSWER_MAX {
        return Err(Error::request("a query's answer as JSON is longer than 8 MiB")
            .hint("save it as CSV, which is read row by row"));
    }
    let events = match serde_json::from_slice(&text) {
        Ok(value) => records(&value),
        Err(_) => Vec::new(),
    };
    // Nobody knows how many rows it has, so it is not one bad line among many.
    if events.is_empty() {
        return Err(Error::request(
            "it looks like a query's answer, but is not whole, or no row of it has an event's fields",
        )
        .hint("run the query again and save all it prints, or leave the file out"));
    }
    if !has(&text, ["errorCode", "errorcode", "error_code"]) {
        bad.note_untold_outcome(file, "errorcode");
    }
    for (number, event) in (1..).zip(events) {
        let read = messages::event(&event, sink);
        bad.count(file, number, event.as_bytes(), read)?;
    }
    Ok(())
}

/// Hands on the records within a text that is none itself, for the reason `flaw`.
pub(super) fn hand_on(
    text: &str,
    flaw: LineError,
    sink: &mut impl FnMut(LogEntry<'_>) -> Result<()>,
) -> std::result::Result<(), NotRead> {
    let may_be_packed = !may_hold_record(text) && packed::is_within(text.as_bytes());
    if !may_hold_record(text) && !may_be_packed {
        return Err(flaw.into());
    }
    let records = serde_json::from_str(text).map_or(Vec::new(), |value| records(&value));
    if records.is_empty() {
        return Err(if may_be_packed { LineError::Packed } else { flaw }.into());
    }
    // One that cannot be read is no reason to leave out those that follow.
    let mut clock = TimestampReader::default();
    let mut outcome = Ok(());
    for record in &records {
        match messages::hand_on(record, &mut clock, sink) {
            Err(NotRead::Flaw(flaw)) => outcome = outcome.and(Err(flaw.into())),
            other => other?,
        }
    }
    outcome
}

pub(super) fn may_hold_record(text: &str) -> bool {
    let text = text.as_bytes();
    has(text, ["eventSource", "eventsource", "event_source"])
        || has(text, OPERATIONS)
        || elastic::may_have_events(text)
}

/// The records within a value, as JSON or as lines.
fn records(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    find(value, DEPTH, &mut found);
    found
}

fn find(value: &Value, depth: u32, found: &mut Vec<String>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(fields) if is_event(fields) || is_record(value) => match text_of(fields) {
            Some(text) => find_in_text(text, depth, found),
            None => push(found, nested_event(fields).unwrap_or_else(|| value.to_string())),
        },
        Value::Object(fields) => {
            let before = found.len();
            match fields.get("Rows").and_then(Value::as_array) {
                Some(rows) => found.extend(of_table(rows)),
                None => fields.values().for_each(|value| find(value, depth, found)),
            }
            // What is kept of the original tells more.
            if found.len() == before {
                found.extend(elastic::record(fields));
            }
        }
        Value::Array(items) => match of_row(items) {
            Some(event) => found.push(event),
            None => items.iter().for_each(|item| find(item, depth, found)),
        },
        Value::String(text) if packed::is_packed(text) => {
            let bytes = packed::unpacked(text).unwrap_or_default();
            if is_control(&bytes) {
                push(found, messages::CONTROL.to_owned());
            }
            find_in_text(&String::from_utf8_lossy(&bytes), depth, found);
        }
        Value::String(text) if may_hold_record(text) => find_in_text(text, depth, found),
        _ => {}
    }
}

/// Finds the records of a text: those in its JSON, of which it may have several, or its lines.
fn find_in_text(text: &str, depth: u32, found: &mut Vec<String>) {
    if text.trim_start().starts_with(['{', '[']) {
        let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        values.map_while(std::result::Result::ok).for_each(|value| find(&value, depth, found));
        return;
    }
    let lines = text.lines().filter(|line| access_log::looks_like(line.as_bytes()));
    lines.for_each(|line| push(found, line.to_owned()));
}

/// Adds a record, unless it is the one before it, given again as the original of it.
fn push(found: &mut Vec<String>, record: String) {
    if found.last() != Some(&record) {
        found.push(record);
    }
}

/// Whether an object is a record of an access log.
fn is_record(value: &Value) -> bool {
    Named::deserialize(value).is_ok_and(|named| named.is_of_access_log())
}

fn is_event(fields: &Map<String, Value>) -> bool {
    let source = fields.iter().find(|(name, _)| athena::spelt(name) == "eventSource");
    source
        .and_then(|(_, source)| one(source).as_str())
        .is_some_and(|source| !source.is_empty() && !cloudtrail::is_no_service(source.as_bytes()))
}

/// The whole event that is kept as a text beside its fields.
fn text_of(fields: &Map<String, Value>) -> Option<&str> {
    let texts = fields.iter().filter(|(name, _)| athena::is_message(name));
    let mut texts = texts.filter_map(|(_, value)| one(value).as_str());
    texts.find(|text| text.trim_start().starts_with('{') && may_hold_record(text))
}

/// An event whose fields lie flat under names with dots, or are spelt with underscores, as CloudTrail has it.
fn nested_event(fields: &Map<String, Value>) -> Option<String> {
    fields.keys().any(|name| is_flat(name)).then(|| {
        let cells = fields.iter().map(|(name, value)| (name.as_str(), elastic::text(one(value))));
        let cells: Vec<(&str, Cow<str>)> = cells.collect();
        athena::event(cells.iter().map(|(name, text)| (*name, &**text)))
    })
}

/// Whether a name is not as CloudTrail spells it, or is a path.
fn is_flat(name: &str) -> bool {
    name.contains('.') || name != athena::spelt(name)
}

/// The value alone where it is one of an array of one, as searches answer.
fn one(value: &Value) -> &Value {
    match value.as_array().map(Vec::as_slice) {
        Some([one]) if !one.is_object() && !one.is_array() => one,
        _ => value,
    }
}

/// Hands on the event that is kept as a text beside fields of it, of which some are missing, for the reason `flaw`.
pub(super) fn original(
    text: &str,
    flaw: LineError,
    sink: &mut impl FnMut(LogEntry<'_>) -> Result<()>,
) -> std::result::Result<(), NotRead> {
    let value: Value = serde_json::from_str(text).map_err(|_| flaw)?;
    let mut found = Vec::new();
    if let Some(text) = value.as_object().and_then(text_of) {
        find_in_text(text, DEPTH, &mut found);
    }
    match &found[..] {
        [event] => messages::event(event, sink),
        _ => Err(flaw.into()),
    }
}

/// The event that a row is whose fields are objects: `{"eventName": "…"}`, or a field's name and value.
fn of_row(items: &[Value]) -> Option<String> {
    let cells: Option<Vec<(&str, &str)>> = items.iter().map(cell).collect();
    let cells = cells.filter(|cells| {
        cells
            .iter()
            .any(|(name, source)| name.eq_ignore_ascii_case("eventSource") && !source.is_empty())
    })?;
    Some(athena::event(cells))
}

/// The name and the text of a row's field.
fn cell(item: &Value) -> Option<(&str, &str)> {
    let fields = item.as_object()?;
    if let (2, Some(name), Some(value)) = (fields.len(), fields.get("field"), fields.get("value")) {
        return Some((name.as_str()?, value.as_str()?));
    }
    let (name, value) = fields.iter().next().filter(|_| fields.len() == 1)?;
    Some((name, value.as_str().unwrap_or_default()))
}

/// The events that Athena's rows are, of which the first has the names.
fn of_table(rows: &[Value]) -> Vec<String> {
    let mut rows = rows.iter().map(|row| row["Data"].as_array().map_or(&[][..], Vec::as_slice));
    let names: Vec<&str> = rows.next().unwrap_or_default().iter().map(text_of_cell).collect();
    let rows = rows.map(|row| names.iter().copied().zip(row.iter().map(text_of_cell)));
    rows.map(athena::event).collect()
}

fn text_of_cell(cell: &Value) -> &str {
    cell["VarCharValue"].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::records;
    use serde_json::{Value, json};

    /// What each event within `value` is of, by its source and its bucket.
    fn found(value: &Value) -> Vec<[String; 2]> {
        let events = records(value);
        let read = events.iter().map(|event| serde_json::from_str::<Value>(event).unwrap());
        read.map(|event| {
            [&event["eventSource"], &event["requestParameters"]["bucketName"]]
                .map(|text| text.as_str().unwrap_or_default().to_owned())
        })
        .collect()
    }

    #[test]
    fn events_are_found_in_whatever_is_around_them() {
        let event =
            json!({"eventSource": "s3.amazonaws.com", "requestParameters": {"bucketName": "lake"}});
        let bridge = json!({"detail-type": "AWS API Call via CloudTrail", "detail": event});
        let notification = json!({"Type": "Notification", "Message": bridge.to_string()});
        let expected = [["s3.amazonaws.com".to_owned(), "lake".to_owned()]];
        for value in [
            json!({"Messages": [{"MessageId": "1", "Body": bridge.to_string()}]}),
            json!({"Messages": [{"Body": notification.to_string()}]}),
            json!({"hits": {"total": 1, "hits": [{"_source": event}]}}),
            json!({"event": {"original": event.to_string()}}),
            json!({"result": {"_raw": event.to_string()}}),
            json!([[{"eventJson": event.to_string()}]]),
            json!([[
                {"eventSource": "s3.amazonaws.com"},
                {"requestParameters": "{bucketName=lake, key=a}"},
            ]]),
            json!([[
                {"field": "eventSource", "value": "s3.amazonaws.com"},
                {"field": "requestParameters.bucketName", "value": "lake"},
                {"field": "requestParameters.key", "value": "a"},
            ]]),
            json!({"ResultSet": {"Rows": [
                {"Data": [{"VarCharValue": "eventsource"}, {"VarCharValue": "requestparameters"}]},
                {"Data": [
                    {"VarCharValue": "s3.amazonaws.com"},
                    {"VarCharValue": "{\"bucketName\": \"lake\"}"},
                ]},
            ]}}),
        ] {
            assert_eq!(found(&value), expected, "{value}");
        }
        for value in [
            json!({"eventSource": ""}),
            json!([{"field": "eventSource", "value": ""}]),
            json!({"a": [1, "{", null]}),
        ] {
            assert_eq!(found(&value).len(), 0, "{value}");
        }
    }
}
