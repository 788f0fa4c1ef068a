//! The traces of IBM Cloud Object Storage: one request a line, as `TIME OPERATION OBJECT`, mostly
//! followed by `SIZE`, and of ranged reads by `FIRST LAST`
//! (<https://iotta.snia.org/traces/key-value/36305>).
//!
//! Times are in milliseconds since the trace's own zero. Objects are hashes. Neither bucket nor
//! requester is told; one file is of one bucket. An empty object is read from 0 to -1.

use super::bad_lines::LineError;
use super::record::{LogOperation, LoggedRequester, Record};
use super::timestamps::{self, MILLISECOND};

/// Greatest time: beyond it nanoseconds do not fit.
const TIME_MAX: u64 = i64::MAX as u64 / MILLISECOND as u64;

/// Reads one line, without its end.
pub(crate) fn parse(line: &[u8]) -> Result<Record<'_>, LineError> {
    let mut fields = line.split(|byte| *byte == b' ').filter(|field| !field.is_empty());
    let mut required = |name| fields.next().ok_or(LineError::Ends(name));
    let time = number(required("time")?).filter(|time| *time <= TIME_MAX);
    let time = time.ok_or(LineError::Field("time"))?;
    let operation_name = required("operation")?;
    if !operation_name.starts_with(b"REST.") {
        return Err(LineError::Field("operation"));
    }
    let key = required("object")?;
    let size = match fields.next() {
        Some(size) => Some(number(size).ok_or(LineError::Field("size"))?),
        None => None,
    };
    let bytes_sent = match (fields.next(), fields.next()) {
        (None, _) => None,
        (Some(_), None) => return Err(LineError::Ends("range's last byte")),
        (Some(first), Some(last)) => Some(range(first, last).ok_or(LineError::Field("range"))?),
    };
    if fields.next().is_some() {
        return Err(LineError::Field("number of fields"));
    }
    Ok(Record {
        time: time as i64 * MILLISECOND,
        key: Some(key),
        object_size: size,
        bytes_sent,
        ..Record::new(
            LogOperation::of_access_log(operation_name),
            operation_name,
            LoggedRequester::Unknown,
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
    digits.and_then(timestamps::digits).map(|number| number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::Operation;

    #[test]
    fn reads_with_and_without_sizes_and_ranges() {
        let read = |line: &'static str| {
            let record = parse(line.as_bytes()).unwrap();
            (record.time, record.object_size, record.bytes_sent)
        };
        assert_eq!(read("1219 REST.PUT.OBJECT 8d4f 1056"), (1_219_000_000, Some(1_056), None));
        assert_eq!(read("0 REST.GET.OBJECT 8d4f"), (0, None, None));
        assert_eq!(read("1 REST.GET.OBJECT 8d4f 528 0 527"), (1_000_000, Some(528), Some(528)));
        assert_eq!(read("1 REST.GET.OBJECT 8d4f 528 500 527"), (1_000_000, Some(528), Some(28)));
        assert_eq!(read("1 REST.GET.OBJECT 8d4f 0 0 -1"), (1_000_000, Some(0), Some(0)));
        let record = parse(b"1 REST.HEAD.OBJECT 8d4f 12").unwrap();
        assert_eq!(record.operation, LogOperation::Known(Operation::HeadObject));
        assert_eq!(record.key, Some(b"8d4f".as_slice()));
        assert_eq!(record.requester, LoggedRequester::Unknown);
    }

    #[test]
    fn each_flaw_is_named() {
        for (line, flaw) in [
            ("", LineError::Ends("time")),
            ("12", LineError::Ends("operation")),
            ("12 REST.GET.OBJECT", LineError::Ends("object")),
            ("x REST.GET.OBJECT 8d4f", LineError::Field("time")),
            ("123456789012345678 REST.GET.OBJECT 8d4f", LineError::Field("time")),
            ("12 GET 8d4f", LineError::Field("operation")),
            ("12 REST.GET.OBJECT 8d4f -5", LineError::Field("size")),
            ("12 REST.GET.OBJECT 8d4f 5 0", LineError::Ends("range's last byte")),
            ("12 REST.GET.OBJECT 8d4f 5 3 1", LineError::Field("range")),
            ("12 REST.GET.OBJECT 8d4f 5 0 4 more", LineError::Field("number of fields")),
        ] {
            assert_eq!(parse(line.as_bytes()), Err(flaw), "{line}");
        }
    }
}
