//! S3 server access logs: one request a line, its fields apart by spaces
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html>).
//!
//! Fields were added over the years, and a line simply stops where those of its time did: it has 18,
//! 24, 25, 26, 27 or more. `-` stands for what is not known. Quotes within quotes are not escaped,
//! so the quoted fields are found from both ends: the request's URI ends at the first quote that a
//! status follows (a request line has no space within its target), and the user agent at the last
//! quote of the line (no field after it is quoted). The referer between them is not read.

use memchr::memmem;

use super::bad_lines::Flaw;
use super::clock::{self, COMMON_LOG_BYTES, Clock};
use super::record::{LogOperation, Nanoseconds, Record, Requester};

/// Reads one line, without its end.
///
/// # Errors
/// What is wrong with it.
#[inline]
pub fn parse<'a>(line: &'a [u8], clock: &mut Clock) -> Result<Record<'a>, Flaw> {
    let ends = Flaw::Ends;
    let mut fields = Fields { rest: line };
    let _owner = fields.next().ok_or(ends("bucket's owner"))?;
    let bucket = fields.next().ok_or(ends("bucket"))?;
    let time = fields.time(clock).ok_or(Flaw::Field("time"))?;
    let _address = fields.next().ok_or(ends("remote address"))?;
    let requester = fields.next().ok_or(ends("requester"))?;
    let id = fields.next().ok_or(ends("request id"))?;
    let operation_name = fields.next().ok_or(ends("operation"))?;
    let key = fields.key().ok_or(Flaw::Field("request's URI"))?;
    fields.skip_uri().ok_or(ends("status"))?;
    let status = status(fields.next_short().ok_or(ends("status"))?)?;
    let error = fields.next_short().ok_or(ends("error code"))?;
    let bytes_sent = number(fields.next_short().ok_or(ends("bytes sent"))?, "bytes sent")?;
    let object_size = number(fields.next_short().ok_or(ends("object size"))?, "object size")?;
    let _total_time = fields.next_short().ok_or(ends("total time"))?;
    let _turn_around_time = fields.next_short().ok_or(ends("turn-around time"))?;
    fields.skip_agents().ok_or(ends("user agent"))?;
    let version_id = fields.next().ok_or(ends("version id"))?;
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
    let digits = Some(field).filter(|field| field.len() <= 18);
    digits.and_then(clock::digits).map(|number| Some(number as u64)).ok_or(Flaw::Field(name))
}

/// What of a line is not read yet.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Up to the next space. One space parts fields, but some writers leave two.
    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.skip_spaces();
        self.take(memchr::memchr(b' ', self.rest))
    }

    /// The same for a field of a few bytes, where a plain loop is faster.
    #[inline]
    fn next_short(&mut self) -> Option<&'a [u8]> {
        self.skip_spaces();
        self.take(self.rest.iter().position(|byte| *byte == b' '))
    }

    #[inline]
    fn take(&mut self, end: Option<usize>) -> Option<&'a [u8]> {
        let (field, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        (!field.is_empty()).then_some(field)
    }

    #[inline]
    fn skip_spaces(&mut self) {
        while let [b' ', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    #[inline]
    fn time(&mut self, clock: &mut Clock) -> Option<Nanoseconds> {
        self.skip_spaces();
        let (text, rest) = self.rest.strip_prefix(b"[")?.split_first_chunk::<COMMON_LOG_BYTES>()?;
        self.rest = rest.strip_prefix(b"]")?;
        clock.common_log(text)
    }

    /// The key, in which old writers left spaces: it ends where the URI begins.
    #[inline]
    fn key(&mut self) -> Option<&'a [u8]> {
        self.skip_spaces();
        let all = self.rest;
        let key = self.next()?;
        if self.rest.starts_with(b" \"") || self.rest.starts_with(b" - ") {
            return Some(key);
        }
        let (key, rest) = all.split_at(memmem::find(all, b" \"")?);
        self.rest = rest;
        Some(key)
    }

    /// Skips the request's URI: a lone `-`, or what is in quotes, whatever quotes are within.
    #[inline]
    fn skip_uri(&mut self) -> Option<()> {
        self.skip_spaces();
        let [b'"', quoted @ ..] = self.rest else {
            return self.next().map(|_| ());
        };
        for place in memchr::memchr_iter(b'"', quoted) {
            let after = &quoted[place + 1..];
            if matches!(
                after,
                [b' ', b'1'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ', ..] | [b' ', b'-', b' ', ..]
            ) {
                self.rest = after;
                return Some(());
            }
        }
        None
    }

    /// Skips the referer and the user agent.
    #[inline]
    fn skip_agents(&mut self) -> Option<()> {
        match memchr::memrchr(b'"', self.rest) {
            Some(last) => self.rest = &self.rest[last + 1..],
            None => {
                self.next()?;
                self.next()?;
            }
        }
        // What follows a quote within a cut off user agent is no field of its own.
        (self.rest.is_empty() || self.rest.starts_with(b" ")).then_some(())
    }
}
