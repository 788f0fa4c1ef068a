//! A log file of any format, plain or compressed.

use std::io::{self, Cursor, ErrorKind, Read};

use super::bad_lines::{BadLines, FieldsTold};
use super::compression::{Compression, unpack};
use super::other_format::{self, OtherFormat};
use super::record::{LogEntry, LogOperation};
use super::timestamps::TimestampReader;
use super::wrapping::{self, RecordLayout};
use super::{LogFormat, access_log, athena, cloudtrail, ibm_cos, lines, messages, nested, windows};
use crate::error::{Error, Result};

/// Bytes by which a format is known.
pub(super) const HEAD: usize = 64 << 10;

/// A log of a known format, ready to be read.
pub struct Log<'a> {
    format: LogFormat,
    shape: RecordLayout,
    source: Box<dyn Read + 'a>,
}

/// What a file is by its beginning.
pub enum Detected<'a> {
    /// Nothing: it is empty, as the files of quiet hours are.
    Empty,
    /// A log.
    Log(Log<'a>),
    /// No log; what it is, if that can be said.
    Unknown(Option<OtherFormat>),
}

impl<'a> Log<'a> {
    /// Looks at the beginning of `source`, decompresses it if need be and finds its format, unless
    /// that is given. `None`: it is empty.
    ///
    /// `bytes` is the file's size, if it is known.
    ///
    /// # Errors
    /// If it cannot be read or is of no known format.
    pub fn open(
        source: impl Read + 'a,
        bytes: Option<u64>,
        format: Option<LogFormat>,
    ) -> Result<Option<Self>> {
        match Self::look(source, bytes, format)? {
            Detected::Empty => Ok(None),
            Detected::Log(log) => Ok(Some(log)),
            Detected::Unknown(what) => Err(unknown(what)),
        }
    }

    /// The same where files of no known format are expected.
    pub(crate) fn look(
        source: impl Read + 'a,
        bytes: Option<u64>,
        format: Option<LogFormat>,
    ) -> Result<Detected<'a>> {
        let (compression, mut source) =
            unpack(source).map_err(|error| windows::unreadable(&error))?;
        let mut head = Vec::new();
        // What is cut off or broken further on may still tell its format; its error comes in its turn.
        let rest: Box<dyn Read + 'a> = match (&mut source).take(HEAD as u64).read_to_end(&mut head)
        {
            Ok(_) => source,
            Err(error) if head.is_empty() => return Err(windows::unreadable(&error)),
            Err(error) => Box::new(FailedRead(Some(error))),
        };
        let is_blank = head.len() < HEAD && head.trim_ascii().is_empty();
        if is_blank {
            return Ok(Detected::Empty);
        }
        // The size of a compressed file says nothing of what it holds.
        let bytes = bytes.filter(|_| compression == Compression::None);
        let shape = wrapping::detect(&head);
        let asked = format;
        let found = shape.map(|(format, _)| format);
        let packed = other_format::of(&head).filter(OtherFormat::is_log);
        let format = match asked.or(found) {
            Some(format) => format,
            None if packed.is_some() => return Ok(Detected::Unknown(packed)),
            None => match LogFormat::detect(&head) {
                Some(format) => format,
                None if wrapping::is_control(&head) => return Ok(Detected::Empty),
                None => {
                    return Ok(Detected::Unknown(
                        other_format::of(&head).or_else(|| other_format::of_lookups(bytes, &head)),
                    ));
                }
            },
        };
        // A format that is asked for is read as it is found, if it is found at all.
        let shape = shape
            .filter(|(found, _)| *found == format)
            .map_or(RecordLayout::Own, |(_, shape)| shape);
        let source = Box::new(Cursor::new(head).chain(rest));
        Ok(Detected::Log(Self { format, shape, source }))
    }

    /// Its format.
    #[must_use]
    pub const fn format(&self) -> LogFormat {
        self.format
    }

    /// Reads all of it and hands each entry to `sink`, in the file's order; counts in `bad` what
    /// cannot be read, under the name `file`.
    ///
    /// # Errors
    /// If the file cannot be read (a broken or cut off compressed file, say), or `sink` fails.
    pub fn entries(
        self,
        file: &str,
        bad: &mut BadLines,
        mut sink: impl FnMut(LogEntry<'_>) -> Result<()>,
    ) -> Result<()> {
        // What S3 delivers as it is has all fields, and an IBM trace never names its requesters.
        let is_line = matches!(self.shape, RecordLayout::Own | RecordLayout::Prefixed);
        match self.format {
            LogFormat::IbmCos => return self.read(file, bad, sink),
            LogFormat::S3AccessLog if is_line => return self.read(file, bad, sink),
            LogFormat::S3AccessLog | LogFormat::CloudTrail => {}
        }
        let mut told = FieldsTold::default();
        self.read(file, bad, |entry| {
            if let LogEntry::Request(record) = &entry {
                told.take(record);
            }
            sink(entry)
        })?;
        bad.note_untold(file, told);
        Ok(())
    }

    fn read(
        mut self,
        file: &str,
        bad: &mut BadLines,
        mut sink: impl FnMut(LogEntry<'_>) -> Result<()>,
    ) -> Result<()> {
        let (source, mut clock) = (&mut *self.source, TimestampReader::default());
        match (self.shape, self.format) {
            (RecordLayout::Table, _) => athena::read(source, file, bad, &mut sink),
            (RecordLayout::Answer, _) => nested::read(source, file, bad, &mut sink),
            (RecordLayout::Json, _) => {
                let (mut untold, mut told) = (false, false);
                cloudtrail::read(source, false, file, bad, &mut |entry| {
                    if let LogEntry::Request(record) = &entry {
                        told |= record.status.is_some();
                        // What S3 does by itself has no status.
                        untold |= matches!(record.operation, LogOperation::Known(_));
                    }
                    sink(entry)
                })?;
                if untold && !told {
                    bad.note_untold_outcome(file, "http_status");
                }
                Ok(())
            }
            (RecordLayout::Own, LogFormat::CloudTrail) => {
                cloudtrail::read(source, false, file, bad, &mut sink)
            }
            (RecordLayout::Flat, _) => cloudtrail::read(source, true, file, bad, &mut sink),
            (RecordLayout::Prefixed, _) => lines::read(source, file, bad, |line| {
                messages::prefixed(line, &mut clock, &mut sink)
            }),
            (RecordLayout::Own, LogFormat::S3AccessLog) => lines::read(source, file, bad, |line| {
                Ok(sink(LogEntry::Request(access_log::parse(line, &mut clock)?))?)
            }),
            (RecordLayout::Own, LogFormat::IbmCos) => lines::read(source, file, bad, |line| {
                Ok(sink(LogEntry::Request(ibm_cos::parse(line)?))?)
            }),
        }
    }
}

/// A source that has failed.
struct FailedRead(Option<io::Error>);

impl Read for FailedRead {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.0.take().unwrap_or_else(|| ErrorKind::BrokenPipe.into()))
    }
}

/// The error of a file that is no log.
pub(crate) fn unknown(what: Option<OtherFormat>) -> Error {
    if let Some(OtherFormat { what, way_out }) = what {
        let error = Error::request(format!("the file is not a log that bks reads: it is {what}"));
        return match way_out {
            Some(way_out) => error.hint(way_out),
            None => error,
        };
    }
    Error::request(
        "the file is of no known format: it does not begin as an S3 access log, CloudTrail or an IBM COS \
         trace does",
    )
    .hint("name the format, e.g., `--log-format s3-access-log`, to see where it fails")
}
