//! The traces of IBM Cloud Object Storage: one request a line, as `TIME OPERATION OBJECT`, mostly
//! followed by `SIZE`, and of ranged reads by `FIRST LAST`
//! (<https://iotta.snia.org/traces/key-value/36305>).
//!
//! Times are in milliseconds since the trace's own zero. Objects are hashes. Neither bucket nor
//! requester is told; one file is of one bucket. An empty object is read from 0 to -1.

use super::bad_lines::Flaw;
use super::clock::{self, MILLISECOND};
use super::record::{LogOperation, Record, Requester};

/// Greatest time: beyond it nanoseconds do not fit.
const TIME_MAX: u64 = i64::MAX as u64 / MILLISECOND as u64;

/// Reads one line, without its end.
///
/// # Errors
/// What is wrong with it.
pub fn parse(line: &[u8]) -> Result<Record<'_>, Flaw> {
    let mut fields = line.split(|byte| *byte == b' ').filter(|field| !field.is_empty());
    let mut required = |name| fields.next().ok_or(Flaw::Ends(name));
    let time = number(required("time")?).filter(|time| *time <= TIME_MAX);
    let time = time.ok_or(Flaw::Field("time"))?;
    let operation_name = required("operation")?;
    if !operation_name.starts_with(b"REST.") {
        return Err(Flaw::Field("operation"));
    }
    let key = required("object")?;
    let size = match fields.next() {
        Some(size) => Some(number(size).ok_or(Flaw::Field("size"))?),
        None => None,
    };
    let bytes_sent = match (fields.next(), fields.next()) {
        (None, _) => None,
        (Some(_), None) => return Err(Flaw::Ends("range's last byte")),
        (Some(first), Some(last)) => Some(range(first, last).ok_or(Flaw::Field("range"))?),
    };
    if fields.next().is_some() {
        return Err(Flaw::Field("number of fields"));
    }
    Ok(Record {
        time: time as i64 * MILLISECOND,
        key: Some(key),
        object_size: size,
        bytes_sent,
        ..Record::new(
            LogOperation::of_access_log(operation_name),
            operation_name,
            Requester::Unknown,
        )
    })
}

/// Bytes from `first` to `last`.
fn range(first: &[u8], last: &[u8]) -> Option<u64> {
    let first = number(first)?;
    let end = if last == b"-1" { 0 } else { number(last)? + 1 };
    end.checked_sub(first)
}

fn number(text: &[u8]) -> Option<u64> {
    let digits = Some(text).filter(|text| (1..=18).contains(&text.len()));
    digits.and_then(clock::digits).map(|number| number as u64)
}
