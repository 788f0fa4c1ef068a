//! S3 server access logs: one request a line, its fields apart by spaces
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html>).
//!
//! Fields were added over the years, and a line simply stops where those of its time did: it has 18,
//! 24, 25, 26, 27 or more. `-` stands for what is not known. Quotes within quotes are not escaped,
//! so the quoted fields are found from both ends: the request's URI ends at the first quote that a
//! status follows (a request line has no space within its target), and the user agent at the last
//! quote of the line (no field after it is quoted). The referer between them is not read.

use super::bad_lines::Flaw;
use super::clock::{COMMON_LOG_BYTES, Clock};
use super::record::{LogOperation, Record, Requester};

/// Reads one line, without its end.
///
/// # Errors
/// What is wrong with it.
#[inline]
pub fn parse<'a>(line: &'a [u8], clock: &mut Clock) -> Result<Record<'a>, Flaw> {
    let mut fields = Fields { rest: line };
    let _owner = fields.next("bucket's owner")?;
    let bucket = fields.next("bucket")?;
    let time = fields.time(clock)?;
    let _address = fields.next("remote address")?;
    let requester = fields.next("requester")?;
    let id = fields.next("request id")?;
    let operation_name = fields.next("operation")?;
    let key = fields.key()?;
    fields.skip_uri()?;
    let status = status(fields.next("status")?)?;
    let error = fields.next("error code")?;
    let bytes_sent = number(fields.next("bytes sent")?, "bytes sent")?;
    let object_size = number(fields.next("object size")?, "object size")?;
    let _total_time = fields.next("total time")?;
    let _turn_around_time = fields.next("turn-around time")?;
    fields.skip_agents()?;
    let version_id = fields.next("version id")?;
    let operation = LogOperation::of_access_log(operation_name);
    Ok(Record {
        time,
        bucket: known(bucket).unwrap_or_default(),
        key: known(key),
        version_id: known(version_id),
        status,
        error: known(error),
        object_size,
        bytes_sent,
        id: known(id),
        ..Record::new(operation, operation_name, Requester::parse(requester))
    })
}

/// The field, unless it stands for nothing.
#[inline]
fn known(field: &[u8]) -> Option<&[u8]> {
    (field != b"-").then_some(field)
}

#[inline]
fn status(field: &[u8]) -> Result<Option<u16>, Flaw> {
    match field {
        b"-" => Ok(None),
        [a @ b'1'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            let digit = |byte: &u8| u16::from(byte - b'0');
            Ok(Some(digit(a) * 100 + digit(b) * 10 + digit(c)))
        }
        _ => Err(Flaw::Field("status")),
    }
}

/// A number of up to 18 digits.
#[inline]
fn number(field: &[u8], name: &'static str) -> Result<Option<u64>, Flaw> {
    if field == b"-" {
        return Ok(None);
    }
    if field.len() > 18 {
        return Err(Flaw::Field(name));
    }
    let digit = |number: u64, byte: &u8| {
        byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'))
    };
    field.iter().try_fold(0, digit).map(Some).ok_or(Flaw::Field(name))
}

/// What of a line is not read yet.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Up to the next space. One space parts fields, but some writers leave two.
    #[inline]
    fn next(&mut self, name: &'static str) -> Result<&'a [u8], Flaw> {
        self.skip_spaces();
        let end = memchr::memchr(b' ', self.rest).unwrap_or(self.rest.len());
        let field = &self.rest[..end];
        self.rest = &self.rest[end..];
        if field.is_empty() { Err(Flaw::Ends(name)) } else { Ok(field) }
    }

    #[inline]
    fn skip_spaces(&mut self) {
        while let [b' ', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    #[inline]
    fn time(&mut self, clock: &mut Clock) -> Result<i64, Flaw> {
        self.skip_spaces();
        let Some((b"[", rest)) = self.rest.split_first_chunk() else {
            return Err(Flaw::Field("time"));
        };
        let Some((text, [b']', rest @ ..])) = rest.split_first_chunk::<COMMON_LOG_BYTES>() else {
            return Err(Flaw::Field("time"));
        };
        self.rest = rest;
        clock.common_log(text).ok_or(Flaw::Field("time"))
    }

    /// The key, in which old writers left spaces: it ends where the URI begins.
    #[inline]
    fn key(&mut self) -> Result<&'a [u8], Flaw> {
        self.skip_spaces();
        let all = self.rest;
        let key = self.next("key")?;
        if self.rest.starts_with(b" \"") || self.rest.starts_with(b" - ") {
            return Ok(key);
        }
        let end = memchr::memmem::find(all, b" \"").ok_or(Flaw::Field("request's URI"))?;
        self.rest = &all[end..];
        Ok(&all[..end])
    }

    /// Skips the request's URI: a lone `-`, or what is in quotes, whatever quotes are within.
    #[inline]
    fn skip_uri(&mut self) -> Result<(), Flaw> {
        self.skip_spaces();
        let [b'"', quoted @ ..] = self.rest else {
            return self.next("request's URI").map(|_| ());
        };
        for place in memchr::memchr_iter(b'"', quoted) {
            let after = &quoted[place + 1..];
            if matches!(after, [b' ', b'1'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ', ..])
                || after.starts_with(b" - ")
            {
                self.rest = after;
                return Ok(());
            }
        }
        Err(Flaw::Ends("status"))
    }

    /// Skips the referer and the user agent.
    #[inline]
    fn skip_agents(&mut self) -> Result<(), Flaw> {
        if let Some(last) = memchr::memrchr(b'"', self.rest) {
            self.rest = &self.rest[last + 1..];
            return Ok(());
        }
        self.next("referer")?;
        self.next("user agent")?;
        Ok(())
    }
}
