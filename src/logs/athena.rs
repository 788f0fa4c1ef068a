//! Logs as tables: what Athena, CloudTrail Lake and CloudWatch Logs Insights write as CSV.
//!
//! The first line names the columns. Structures are in one cell, as JSON or as Hive writes them
//! ([`super::hive`]). Names lose their capitals in Athena, and are known without them.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use serde_json::{Map, Value};

use super::access_log::named::{Field, Named, STATUSES, TIMES};
use super::bad_lines::{BadLines, LineError, NotRead};
use super::csv_records::{RecordLimit, delimiter, plain_name, stands_for_nothing};
use super::record::LogEntry;
use super::timestamps::TimestampReader;
use super::wrapping::{OPERATIONS, has};
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

/// Which fields a table of an access log has of those without which it tells nothing of requests.
fn needed_fields(fields: &[Option<Field>]) -> impl Iterator<Item = bool> {
    use Field::{Bucket, BucketArn, BucketWord, Key, KeyWord, Operation, Requester};
    const NEEDED: [&[Field]; 5] =
        [&[Operation], &TIMES, &[Requester], &[Bucket, BucketWord, BucketArn], &[Key, KeyWord]];
    NEEDED.iter().map(|any| any.iter().any(|field| fields.contains(&Some(*field))))
}

/// Columns that hold a whole event or a line of an access log.
const MESSAGES: [&str; 5] = ["@message", "message", "eventJson", "CloudTrailEvent", "_raw"];

pub(super) fn is_message(column: &str) -> bool {
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
                has(head, OPERATIONS).then_some(LogFormat::S3AccessLog)
            }
        }
    }
}

/// A table of a log that lacks columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartialTable {
    /// The history that CloudTrail's console exports, which tells neither buckets nor keys.
    History,
    /// A query's of events, which has not asked for all columns that are needed.
    Events,
    /// A query's of an access log, which has not asked for all columns that are needed.
    Records,
}

/// What a table is that has a log, but not all of the columns that are needed; `None`: it has no log.
pub(super) fn incomplete(head: &[u8]) -> Option<PartialTable> {
    let end = memchr::memchr(b'\n', head).unwrap_or(head.len());
    let header = cells(&head[..end])?;
    let names: Vec<String> = header.iter().map(plain_name).collect();
    let known = NEEDED.iter().filter(|name| names.contains(&plain_name(name))).count();
    if names.contains(&plain_name("User name")) && known == 3 {
        return Some(PartialTable::History);
    }
    if known >= 2 {
        return Some(PartialTable::Events);
    }
    let fields: Vec<Option<Field>> = header.iter().map(Field::of).collect();
    let is_record = fields.contains(&Some(Field::Operation))
        && needed_fields(&fields).filter(|has| *has).count() >= 3;
    is_record.then_some(PartialTable::Records)
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
pub(super) fn spelt(name: &str) -> Cow<'_, str> {
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
        let fields: Vec<Option<Field>> = names.iter().map(|name| Field::of(name)).collect();
        if needed_fields(&fields).all(|has| has) {
            return Some(Self::Records(fields));
        }
        names.iter().position(|name| is_message(name)).map(Self::Messages)
    }

    /// How many columns a whole row has.
    fn columns(&self) -> usize {
        match self {
            Self::Events(names) => names.len(),
            Self::Records(fields) => fields.len(),
            Self::Messages(place) => place + 1,
        }
    }

    /// The column that would tell whether requests succeeded, if it is missing.
    fn untold_outcome(&self) -> Option<&'static str> {
        let (is_told, column) = match self {
            Self::Events(names) => (names.iter().any(|name| name == "errorCode"), "errorcode"),
            Self::Records(fields) => {
                (STATUSES.iter().any(|status| fields.contains(&Some(*status))), "httpstatus")
            }
            Self::Messages(_) => (true, ""),
        };
        (!is_told).then_some(column)
    }

    /// Hands on what a row says.
    fn hand_on(
        &self,
        row: &csv::ByteRecord,
        sink: &mut impl FnMut(LogEntry<'_>) -> Result<()>,
    ) -> std::result::Result<(), NotRead> {
        let row = csv::StringRecord::from_byte_record(row.clone());
        let row = row.map_err(|_| LineError::Field("text"))?;
        if row.len() < self.columns() {
            return Err(LineError::Ends("last column").into());
        }
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
    for (name, cell) in cells.into_iter().filter(|(name, cell)| !is_nothing(name, cell)) {
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

/// Whether a cell tells nothing; a key may be any word.
fn is_nothing(name: &str, cell: &str) -> bool {
    let is_key = name.rsplit('.').next().is_some_and(|name| name.eq_ignore_ascii_case("key"));
    cell.is_empty() || (!is_key && stands_for_nothing(cell))
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
    if let Some(column) = rows.untold_outcome() {
        bad.note_untold_outcome(file, column);
    }
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
