//! Logs as tables: what Athena, CloudTrail Lake and CloudWatch Logs Insights write as CSV.
//!
//! The first line names the columns. Structures are in one cell, as JSON or as Hive writes them
//! ([`super::hive`]). Names lose their capitals in Athena, and are known without them.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use serde_json::{Map, Value};

use super::access_log::named::{Field, Named};
use super::bad_lines::{BadLines, LineError, NotRead};
use super::csv_records::{RecordLimit, delimiter, plain_name};
use super::record::LogEntry;
use super::timestamps::TimestampReader;
use super::wrapping::has;
use super::{LogFormat, hive, messages};
use crate::error::{Error, Result};

/// Names of events' fields, and of what lies in them, as CloudTrail spells them.
const NAMES: [&str; 31] = [
    "eventTime",
    "eventSource",
    "eventName",
    "eventCategory",
    "eventID",
    "eventType",
    "eventVersion",
    "errorCode",
    "errorMessage",
    "awsRegion",
    "userIdentity",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "resources",
    "sharedEventID",
    "recipientAccountId",
    "managementEvent",
    "readOnly",
    "principalId",
    "accountId",
    "accessKeyId",
    "userName",
    "invokedBy",
    "sessionContext",
    "sessionIssuer",
    "bucketName",
    "versionId",
    "encryptionContext",
    "keyId",
    "inScopeOf",
];

/// Columns without which a table of events tells nothing of requests.
const NEEDED: [&str; 4] = ["eventTime", "eventSource", "eventName", "requestParameters"];

/// Columns that hold a whole event or a line of an access log.
const MESSAGES: [&str; 5] = ["@message", "message", "eventJson", "CloudTrailEvent", "_raw"];

fn is_message(column: &str) -> bool {
    MESSAGES.iter().any(|name| name.eq_ignore_ascii_case(column))
}

/// Whether a column is a field, or lies in it.
fn is_of(column: &str, field: &str) -> bool {
    let Some(rest) = column.get(field.len()..) else { return false };
    column[..field.len()].eq_ignore_ascii_case(field) && (rest.is_empty() || rest.starts_with('.'))
}

/// What rows are made of.
enum TableRows {
    /// Events: the name of each column.
    Events(Vec<String>),
    /// Records of an access log: the field of each column.
    Records(Vec<Option<Field>>),
    /// Messages, in this column.
    Messages(usize),
}

/// The format of a table that begins with `head`, if it is one of a log.
pub(super) fn looks_like(head: &[u8]) -> Option<LogFormat> {
    let end = memchr::memchr(b'\n', head).unwrap_or(head.len());
    let header = cells(&head[..end])?;
    match TableRows::of(&header)? {
        TableRows::Events(_) => Some(LogFormat::CloudTrail),
        TableRows::Records(_) => Some(LogFormat::S3AccessLog),
        TableRows::Messages(_) => {
            if has(head, ["eventSource"]) {
                Some(LogFormat::CloudTrail)
            } else {
                has(head, ["http_status", "REST."]).then_some(LogFormat::S3AccessLog)
            }
        }
    }
}

/// What a table of events that begins with `head` lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventTable {
    /// It is the history that CloudTrail's console exports, which tells neither buckets nor keys.
    History,
    /// It is a query's, which has not asked for all columns that are needed.
    LacksColumns,
}

/// What a table is that has events, but not all of the columns that are needed; `None`: it has no events.
pub(super) fn incomplete(head: &[u8]) -> Option<EventTable> {
    let end = memchr::memchr(b'\n', head).unwrap_or(head.len());
    let header = cells(&head[..end])?;
    let names: Vec<String> = header.iter().map(plain_name).collect();
    let known = NEEDED.iter().filter(|name| names.contains(&plain_name(name))).count();
    if names.contains(&plain_name("User name")) && known == 3 {
        return Some(EventTable::History);
    }
    (known >= 2).then_some(EventTable::LacksColumns)
}

fn reader(source: impl Read, delimiter: u8) -> csv::Reader<impl Read> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(source)
}

/// The cells of a first line.
fn cells(line: &[u8]) -> Option<csv::StringRecord> {
    let mut record = csv::StringRecord::new();
    let is_read = reader(line, delimiter(line)).read_record(&mut record);
    // A line of one word is a header only if it names a column of events.
    let is_header = record.len() > 1 || record.iter().any(is_message);
    is_read.ok().filter(|is_read| *is_read && is_header).map(|_| record)
}

/// A name as CloudTrail spells it.
fn spelt(name: &str) -> Cow<'_, str> {
    let known = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name));
    let known = known.or_else(|| {
        let plain = plain_name(name);
        NAMES.iter().find(|known| name.contains('_') && known.eq_ignore_ascii_case(&plain))
    });
    known.map_or(Cow::Borrowed(name), |known| Cow::Borrowed(*known))
}

/// The same of what lies in an event's resources, where an ARN is spelt otherwise.
fn spelt_of_resources(name: &str) -> Cow<'_, str> {
    if name.eq_ignore_ascii_case("arn") { Cow::Borrowed("ARN") } else { spelt(name) }
}

impl TableRows {
    fn of(header: &csv::StringRecord) -> Option<Self> {
        let names: Vec<String> = header
            .iter()
            .map(|name| spelt(name.trim_start_matches('\u{feff}').trim()).into_owned())
            .collect();
        if NEEDED.iter().all(|needed| names.iter().any(|name| is_of(name, needed))) {
            return Some(Self::Events(names));
        }
        let fields: Vec<Option<Field>> = header.iter().map(Field::of).collect();
        let needed = [Field::Operation, Field::Time, Field::Requester];
        if needed.iter().all(|field| fields.contains(&Some(*field))) {
            return Some(Self::Records(fields));
        }
        names.iter().position(|name| is_message(name)).map(Self::Messages)
    }

    /// Hands on what a row says.
    fn hand_on(
        &self,
        row: &csv::ByteRecord,
        sink: &mut impl FnMut(LogEntry<'_>) -> Result<()>,
    ) -> std::result::Result<(), NotRead> {
        let row = csv::StringRecord::from_byte_record(row.clone());
        let row = row.map_err(|_| LineError::Field("text"))?;
        match self {
            Self::Events(names) => {
                let cells = names.iter().map(String::as_str).zip(&row);
                messages::object(&event(cells), 1, sink)
            }
            Self::Messages(place) => {
                let text = row.get(*place).unwrap_or_default();
                messages::hand_on(text, &mut TimestampReader::default(), sink)
            }
            Self::Records(fields) => {
                let mut named = Named::default();
                for (field, text) in fields.iter().zip(&row) {
                    if let Some(field) = field {
                        named.set(*field, text);
                    }
                }
                Ok(sink(LogEntry::Request(named.record()?))?)
            }
        }
    }
}

/// A row as the event it was, JSON, from its columns' names and its cells. A name with dots is that of a field
/// within others.
pub(super) fn event<'a>(cells: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::from("{");
    let mut within = Map::new();
    for (name, cell) in cells.into_iter().filter(|(_, cell)| !cell.is_empty()) {
        if name.contains('.') {
            put(&mut within, name, cell);
        } else {
            push_field(&mut out, &spelt(name), &value(name, cell));
        }
    }
    for (name, fields) in within {
        push_field(&mut out, &name, &fields.to_string());
    }
    out.push('}');
    out
}

fn push_field(out: &mut String, name: &str, json: &str) {
    if out.len() > 1 {
        out.push(',');
    }
    out.push_str(&Value::from(name).to_string());
    out.push(':');
    out.push_str(json);
}

/// Puts a text where a path of names leads.
fn put(fields: &mut Map<String, Value>, path: &str, text: &str) {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let name = spelt(name).into_owned();
    match rest {
        None => {
            fields.insert(name, Value::from(text));
        }
        Some(rest) => {
            let below = fields.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let Some(below) = below.as_object_mut() {
                put(below, rest, text);
            }
        }
    }
}

/// A cell as JSON: a structure as JSON or as Hive writes it, else a text.
fn value<'a>(name: &str, cell: &'a str) -> Cow<'a, str> {
    let is_json =
        cell.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(cell).is_ok();
    if is_json {
        return Cow::Borrowed(cell);
    }
    let structure = if name == "resources" {
        hive::json(cell, spelt_of_resources)
    } else {
        hive::json(cell, spelt)
    };
    Cow::Owned(structure.unwrap_or_else(|| Value::from(cell).to_string()))
}

/// Reads every row of `source`, hands what it yields to `sink` and counts what it cannot read.
pub(super) fn read(
    source: &mut dyn Read,
    file: &str,
    bad: &mut BadLines,
    sink: &mut impl FnMut(LogEntry<'_>) -> Result<()>,
) -> Result<()> {
    let mut source = BufReader::new(source);
    let mut first = Vec::new();
    let mut head = source.by_ref().take(HEADER_MAX);
    head.read_until(b'\n', &mut first).map_err(unreadable)?;
    let rows = cells(&first)
        .as_ref()
        .and_then(TableRows::of)
        .ok_or_else(|| Error::request("the first line does not name the columns of a log"))?;
    let (source, left) = RecordLimit::new(source);
    let mut reader = reader(source, delimiter(&first));
    let mut row = csv::ByteRecord::new();
    loop {
        left.begin();
        // The header is the first line.
        let line = reader.position().line() + 1;
        if !reader.read_byte_record(&mut row).map_err(unreadable)? {
            return Ok(());
        }
        let read = rows.hand_on(&row, sink);
        let text =
            if read.is_err() { row.iter().collect::<Vec<_>>().join(&b',') } else { Vec::new() };
        bad.count(file, line, &text, read)?;
    }
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::request(format!("the table cannot be read: {error}"))
}

/// Most bytes of the line of column names.
const HEADER_MAX: u64 = 64 << 10;
