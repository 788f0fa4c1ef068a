//! S3 server access logs: one request a line, its fields apart by spaces
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html>).
//!
//! Fields were added over the years, and a line simply stops where those of its time did: it has 18,
//! 24, 25, 26, 27 or more. `-` stands for what is not known. Quotes within quotes are not escaped,
//! so the quoted fields are found from both ends: the request's URI ends at the first quote that a
//! status follows, or two dashes (a request line has no space within its target), and the user agent
//! at the last quote of the line (no field after it is quoted). The referer between them is not read.
//!
//! A requester may have spaces (`arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E…`): it
//! ends where a request's id and an operation follow. A line whose operation has no operation's format
//! only fits by accident, and cannot be read.

mod endpoint;
pub(super) mod named;
pub mod write;

use memchr::memmem;

use super::bad_lines::LineError;
use super::record::{LogOperation, LoggedRequester, Nanoseconds, Record};
use super::timestamps::{self, COMMON_LOG_BYTES, TimestampReader};

/// Whether a line begins as one of an access log does: an owner, a bucket and a time.
pub(super) fn looks_like(line: &[u8]) -> bool {
    let mut fields = Fields { rest: line };
    let names = fields.next().is_some() && fields.next().is_some();
    names && fields.time(&mut TimestampReader::default()).is_some()
}

/// Reads one line, without its end.
#[inline]
pub(crate) fn parse<'a>(
    line: &'a [u8],
    clock: &mut TimestampReader,
) -> Result<Record<'a>, LineError> {
    let ends = LineError::Ends;
    let mut fields = Fields { rest: line };
    let _owner = fields.next().ok_or(ends("bucket's owner"))?;
    let bucket = fields.next().ok_or(ends("bucket"))?;
    let time = fields.time(clock).ok_or(LineError::Field("time"))?;
    let _address = fields.next().ok_or(ends("remote address"))?;
    let (requester, id, operation_name) = fields.who_and_what()?;
    let key = fields.key().ok_or(LineError::Field("request's URI"))?;
    // Where the URI stands in its place a field is missing: keys are encoded, and so are quotes.
    if key.starts_with(b"\"") {
        return Err(LineError::Field("key"));
    }
    fields.skip_uri().ok_or(ends("status"))?;
    let status = status(fields.next_short().ok_or(ends("status"))?)?;
    let error = fields.next_short().ok_or(ends("error code"))?;
    let bytes_sent = number(fields.next_short().ok_or(ends("bytes sent"))?, "bytes sent")?;
    let object_size = number(fields.next_short().ok_or(ends("object size"))?, "object size")?;
    let _total_time = fields.next_short().ok_or(ends("total time"))?;
    let _turn_around_time = fields.next_short().ok_or(ends("turn-around time"))?;
    if fields.go_on_with_another_record() {
        return Err(LineError::SeveralRecords);
    }
    fields.skip_agents().ok_or(ends("user agent"))?;
    let version_id = fields.next().ok_or(ends("version id"))?;
    let host = fields.host().and_then(known);
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
        region: host.and_then(endpoint::region),
        ..Record::new(operation, operation_name, LoggedRequester::parse(requester))
    })
}

/// The field, unless it stands for nothing.
#[inline]
fn known(field: &[u8]) -> Option<&[u8]> {
    (field != b"-").then_some(field)
}

#[inline]
fn status(field: &[u8]) -> Result<Option<u16>, LineError> {
    match field {
        b"-" => Ok(None),
        [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] => {
            Ok(Some(field.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'))))
        }
        _ => Err(LineError::Field("status")),
    }
}

/// A number of up to 18 digits.
#[inline]
fn number(field: &[u8], name: &'static str) -> Result<Option<u64>, LineError> {
    if field == b"-" {
        return Ok(None);
    }
    let digits = Some(field).filter(|field| field.len() <= 18);
    digits
        .and_then(timestamps::digits)
        .map(|number| Some(number as u64))
        .ok_or(LineError::Field(name))
}

/// A requester, a request's id and an operation.
type Words<'a> = (&'a [u8], &'a [u8], &'a [u8]);

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

    /// The endpoint, which follows the host's id, the signature's version, the cipher suite and the kind of
    /// authentication.
    #[inline]
    fn host(&mut self) -> Option<&'a [u8]> {
        self.next()?;
        for _ in 0..3 {
            self.next_short()?;
        }
        self.next()
    }

    /// Whether another record's time follows: two files were put together, of which the first does not end
    /// its last line. Agents may have brackets, too.
    fn go_on_with_another_record(&self) -> bool {
        let ends = memchr::memchr_iter(b']', self.rest);
        ends.into_iter().any(|end| self.rest[..end].ends_with(b" +0000"))
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

    /// The requester, the request's id and the operation.
    #[inline]
    fn who_and_what(&mut self) -> Result<Words<'a>, LineError> {
        self.skip_spaces();
        let all = self.rest;
        let requester = self.next().ok_or(LineError::Ends("requester"))?;
        let id = self.next().ok_or(LineError::Ends("request id"))?;
        let operation = self.next().ok_or(LineError::Ends("operation"))?;
        if LogOperation::is_name(operation) && !LogOperation::is_name(id) {
            return Ok((requester, id, operation));
        }
        self.after_spaces(all, requester, id, operation).ok_or(LineError::Field("operation"))
    }

    /// The same where the requester has spaces: `all` begins with it, and its first three words are
    /// taken for what they are not.
    #[cold]
    fn after_spaces(
        &mut self,
        all: &'a [u8],
        requester: &'a [u8],
        second: &'a [u8],
        third: &'a [u8],
    ) -> Option<Words<'a>> {
        // Where a quote begins the URI has come, and an anonymous requester has no spaces.
        let ends = [requester, second, third].iter().any(|word| word.starts_with(b"\""));
        if ends || requester == b"-" || LogOperation::is_name(second) {
            return None;
        }
        let mut id = third;
        loop {
            let word = self.next().filter(|word| !word.starts_with(b"\""))?;
            if LogOperation::is_name(word) {
                let end = all.len() - self.rest.len() - word.len();
                let spaced = all[..end].trim_ascii_end().strip_suffix(id)?;
                return Some((spaced.trim_ascii_end(), id, word));
            }
            id = word;
        }
    }

    #[inline]
    fn time(&mut self, clock: &mut TimestampReader) -> Option<Nanoseconds> {
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
                [b' ', b'1'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ', ..]
                    | [b' ', b'-', b' ', b'-', b' ', ..]
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
        if let Some(last) = memchr::memrchr(b'"', self.rest) {
            self.rest = &self.rest[last + 1..];
        } else {
            self.next()?;
            self.next()?;
        }
        // What follows a quote within a cut off user agent is no field of its own.
        (self.rest.is_empty() || self.rest.starts_with(b" ")).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::Operation;

    const BEFORE: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be \
                          amzn-s3-demo-bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3";
    const AFTER: &str = "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP= SigV4 \
                         ECDHE-RSA-AES128-GCM-SHA256 AuthHeader amzn-s3-demo-bucket.s3.amazonaws.com \
                         TLSv1.2 arn:aws:s3:us-west-1:111122223333:accesspoint/ap Yes us-east-1";

    fn read(line: &str) -> Result<Record<'_>, LineError> {
        parse(line.as_bytes(), &mut TimestampReader::default())
    }

    /// A line with these fields between its address and its version's id, and that.
    fn line(middle: &str) -> String {
        format!("{BEFORE} {middle} {AFTER}")
    }

    #[test]
    fn every_field_is_read() {
        let line = line(
            "arn:aws:sts::111122223333:assumed-role/etl/i-0 3E57427F3EXAMPLE REST.GET.OBJECT \
             a/b%2520c \"GET /a/b%20c?versionId=v1 HTTP/1.1\" 206 - 113 4096 7 3 \"-\" \
             \"S3Console/0.4\" v1",
        );
        let account = b"111122223333".as_slice();
        let requester = LoggedRequester::AssumedRole { account, role: b"etl", session: b"i-0" };
        let operation = LogOperation::Known(Operation::GetObject);
        let expected = Record {
            time: 1_549_411_238_000_000_000,
            bucket: b"amzn-s3-demo-bucket",
            key: Some(b"a/b%2520c"),
            version_id: Some(b"v1"),
            status: Some(206),
            object_size: Some(4_096),
            bytes_sent: Some(113),
            id: Some(b"3E57427F3EXAMPLE"),
            ..Record::new(operation, b"REST.GET.OBJECT", requester)
        };
        assert_eq!(read(&line), Ok(expected));
        assert!(expected.succeeded());
    }

    /// Whatever stands in the quoted fields, what is before and after them is the same.
    #[test]
    fn quotes_within_quotes_mislead_nobody() {
        let uris = [
            "\"GET /a HTTP/1.1\"",
            "\"GET /a?x=\"b\"&y=\"\" HTTP/1.1\"",
            "\"GET /?s=<?php$p%20=%20\"x\";$c=explode(\".\",\"a.b\");?> HTTP/1.1\"",
            "\"GET /a?response-content-disposition=attachment;%20filename=\"a.json\" HTTP/1.1\"",
            "\"-\"",
            "-",
        ];
        let agents = [
            "\"-\" \"Mozilla/5.0 (Windows NT 10.0)\"",
            "\"-\" \"\"Mozilla/5.0 (Windows NT 10.0)\"",
            "\"https://a/?q=\"x\"&r=\" 200 - \"\" \"agent \"quoted\" agent\"",
            "\"\" \"\"",
            "- -",
        ];
        for uri in uris {
            for agents in agents {
                let line = line(&format!(
                    "- 3E57427F3EXAMPLE REST.GET.OBJECT a {uri} 404 NoSuchKey 272 - 9 - {agents} v"
                ));
                let record = read(&line).unwrap_or_else(|flaw| panic!("{line}: {flaw}"));
                assert_eq!(record.key, Some(b"a".as_slice()), "{line}");
                assert_eq!((record.status, record.bytes_sent), (Some(404), Some(272)), "{line}");
                assert_eq!(record.error, Some(b"NoSuchKey".as_slice()), "{line}");
                assert_eq!(record.version_id, Some(b"v".as_slice()), "{line}");
                assert!(!record.succeeded());
            }
        }
    }

    /// Lines of 18, 24, 25, 26 and 27 fields, and of more than are known.
    #[test]
    fn old_lines_simply_stop() {
        let whole =
            line("- 3E5 REST.PUT.OBJECT a \"PUT /a HTTP/1.1\" 200 - - 5 9 - \"-\" \"agent\" -");
        let places: Vec<usize> =
            whole.match_indices(' ').map(|(place, _)| place).chain([whole.len()]).collect();
        let expected = read(&whole).unwrap();
        for fields in [18, 24, 25, 26, 27] {
            // Time and URI have spaces of their own: one and two.
            let cut = &whole[..places[fields + 3 - 1]];
            assert_eq!(read(cut), Ok(expected), "{cut}");
        }
        assert_eq!(read(&format!("{whole} more - and more")), Ok(expected));
    }

    #[test]
    fn spaces_may_be_double_and_within_a_key() {
        let line = line(
            " arn:aws:iam::111122223333:user/a  3E5 REST.PUT.OBJECT a key  \"with\" spaces \
             \"PUT /a HTTP/1.1\" 200 - - 5 9 - \"-\" \"agent\" -",
        );
        let record = read(&line).unwrap();
        assert_eq!(
            record.requester,
            LoggedRequester::User { account: b"111122223333", name: b"a" }
        );
        assert_eq!(record.key, Some(b"a key ".as_slice()), "a quote after a space ends it");
        let plain = line.replace("\"with\"", "with");
        assert_eq!(read(&plain).unwrap().key, Some(b"a key  with spaces".as_slice()));
    }

    /// Origin access identities of CloudFront have four spaces; other writers may leave any number.
    #[test]
    fn requesters_may_have_spaces() {
        let identity =
            "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE1ABC";
        for requester in [identity, "two words", "arn:aws:iam::111122223333:user/with  spaces in"] {
            let line = line(&format!(
                "{requester} 3E57427F3EXAMPLE REST.GET.OBJECT a \"GET /a HTTP/1.1\" 200 - 113 113 7 3 \
                 \"-\" \"agent\" -"
            ));
            let record = read(&line).unwrap_or_else(|flaw| panic!("{line}: {flaw}"));
            assert_eq!(record.requester, LoggedRequester::parse(requester.as_bytes()));
            assert_eq!(record.id, Some(b"3E57427F3EXAMPLE".as_slice()), "{line}");
            assert_eq!(record.key, Some(b"a".as_slice()), "{line}");
            assert_eq!(record.operation, LogOperation::Known(Operation::GetObject));
        }
    }

    /// What lacks a field, or has one too many, is no request of an unknown operation.
    #[test]
    fn what_fits_by_accident_is_refused() {
        let rest = "\"GET /a HTTP/1.1\" 200 - 113 113 7 3 \"-\" \"agent\" -";
        for middle in [
            "- REST.GET.OBJECT a.b",
            "3E57427F3EXAMPLE REST.GET.OBJECT REPORT.2026.CSV",
            "- 3E57427F3EXAMPLE OBJECT a",
            "- 3E57427F3EXAMPLE - a",
            "- - 3E57427F3EXAMPLE REST.GET.OBJECT a",
        ] {
            let line = line(&format!("{middle} {rest}"));
            assert_eq!(read(&line), Err(LineError::Field("operation")), "{line}");
        }
        let nothing = line(&format!("two words 3E57427F3EXAMPLE NONSENSE REST.GET.OBJECT {rest}"));
        assert_eq!(read(&nothing), Err(LineError::Field("key")));
        let unknown = line(&format!("- 3E57427F3EXAMPLE REST.GET.SOMETHING_NEW a {rest}"));
        assert_eq!(read(&unknown).unwrap().operation, LogOperation::Unknown);
    }

    #[test]
    fn what_s3_does_by_itself_has_no_uri() {
        let copy = line(
            "arn:aws:iam::111122223333:root 2D0 REST.COPY.OBJECT_GET a - 200 - - 40913 - - - - -",
        );
        let record = read(&copy).unwrap();
        assert_eq!(record.operation, LogOperation::CopySource);
        assert_eq!(record.object_size, Some(40_913));
        assert_eq!(record.requester, LoggedRequester::Root { account: b"111122223333" });
        let expiry = line("AmazonS3 2D0 S3.EXPIRE.OBJECT a \"-\" - - - 4096 - - \"-\" \"-\" -");
        let record = read(&expiry).unwrap();
        assert_eq!(record.operation, LogOperation::Lifecycle);
        assert_eq!((record.status, record.object_size), (None, Some(4_096)));
        assert_eq!(record.requester, LoggedRequester::Service(b"AmazonS3"));
    }

    #[test]
    fn each_flaw_is_named() {
        let good =
            line("- 3E5 REST.PUT.OBJECT a \"PUT /a HTTP/1.1\" 200 - 1 5 9 - \"-\" \"agent\" -");
        assert!(read(&good).is_ok());
        for (from, to, flaw) in [
            ("[06/Feb", "[06/Feb/", LineError::Field("time")),
            ("[06/Feb", "06/Feb", LineError::Field("time")),
            (" 200 ", " 2x0 ", LineError::Ends("status")),
            (" 200 ", " 600 ", LineError::Ends("status")),
            ("200 - 1 5", "200 - 1.5 5", LineError::Field("bytes sent")),
            ("200 - 1 5", "200 - 1 1234567890123456789", LineError::Field("object size")),
            ("\"agent\" -", "\"agent", LineError::Ends("user agent")),
        ] {
            let bad = good.replace(from, to);
            assert_eq!(read(&bad), Err(flaw), "{bad}");
        }
        assert_eq!(read(""), Err(LineError::Ends("bucket's owner")));
        assert_eq!(read(BEFORE), Err(LineError::Ends("requester")));
        // A line that is cut off anywhere before its version's id is no line.
        let end = good.find(AFTER).unwrap() - 3;
        for cut in 0..end {
            assert!(read(&good[..cut]).is_err(), "{}", &good[..cut]);
        }
    }
}
