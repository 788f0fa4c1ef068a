//! A log file of any form, plain or compressed.

use std::io::{self, Cursor, ErrorKind, Read};

use super::bad_lines::{BadLines, Flaw};
use super::clock::Clock;
use super::compression::{Compression, unpack};
use super::other_format::{self, OtherFormat};
use super::record::{Entry, Record};
use super::shape::{self, Shape};
use super::{Form, access_log, athena, cloudtrail, ibm_cos, lines, messages, windows};
use crate::error::{Error, Result};

/// Bytes by which a form is known.
const HEAD: usize = 64 << 10;

/// A log of a known form, ready to be read.
pub struct Log<'a> {
    form: Form,
    shape: Shape,
    source: Box<dyn Read + 'a>,
}

/// What a file is by its beginning.
pub enum Look<'a> {
    /// Nothing: it is empty, as the files of quiet hours are.
    Empty,
    /// A log.
    Log(Log<'a>),
    /// No log; what it is, if that can be said.
    Unknown(Option<OtherFormat>),
}

impl<'a> Log<'a> {
    /// Looks at the beginning of `source`, decompresses it if need be and finds its form, unless
    /// that is given. `None`: it is empty.
    ///
    /// `bytes` is the file's size, if it is known.
    ///
    /// # Errors
    /// If it cannot be read or is of no known form.
    pub fn open(
        source: impl Read + 'a,
        bytes: Option<u64>,
        form: Option<Form>,
    ) -> Result<Option<Self>> {
        match Self::look(source, bytes, form)? {
            Look::Empty => Ok(None),
            Look::Log(log) => Ok(Some(log)),
            Look::Unknown(what) => Err(unknown(what)),
        }
    }

    /// The same where files of no known form are expected.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn look(
        source: impl Read + 'a,
        bytes: Option<u64>,
        form: Option<Form>,
    ) -> Result<Look<'a>> {
        let (compression, mut source) =
            unpack(source).map_err(|error| windows::unreadable(&error))?;
        let mut head = Vec::new();
        // What is cut off or broken further on may still tell its form; its error comes in its turn.
        let rest: Box<dyn Read + 'a> = match (&mut source).take(HEAD as u64).read_to_end(&mut head)
        {
            Ok(_) => source,
            Err(error) if head.is_empty() => return Err(windows::unreadable(&error)),
            Err(error) => Box::new(Broken(Some(error))),
        };
        if head.is_empty() {
            return Ok(Look::Empty);
        }
        // The size of a compressed file says nothing of what it holds.
        let bytes = bytes.filter(|_| compression == Compression::None);
        let shape = shape::detect(&head);
        let asked = form;
        let found = shape.map(|(form, _)| form);
        let packed = other_format::of(&head).filter(OtherFormat::is_log);
        let form = match asked.or(found) {
            Some(form) => form,
            None if packed.is_some() => return Ok(Look::Unknown(packed)),
            None => match Form::detect(&head) {
                Some(form) => form,
                None if shape::is_control(&head) => return Ok(Look::Empty),
                None => {
                    return Ok(Look::Unknown(
                        other_format::of(&head).or_else(|| other_format::of_lookups(bytes, &head)),
                    ));
                }
            },
        };
        // A form that is asked for is read as it is found, if it is found at all.
        let shape =
            shape.filter(|(found, _)| *found == form).map_or(Shape::Own, |(_, shape)| shape);
        let source = Box::new(Cursor::new(head).chain(rest));
        Ok(Look::Log(Self { form, shape, source }))
    }

    /// Its form.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// Reads all of it and hands each entry to `sink`, in the file's order; counts in `bad` what
    /// cannot be read, under the name `file`.
    ///
    /// # Errors
    /// If the file cannot be read (a broken or cut off compressed file, say), or `sink` fails.
    pub fn entries(
        mut self,
        file: &str,
        bad: &mut BadLines,
        mut sink: impl FnMut(Entry<'_>) -> Result<()>,
    ) -> Result<()> {
        let source = &mut *self.source;
        match self.shape {
            Shape::Own => {}
            Shape::Json => return cloudtrail::read(source, file, bad, &mut sink),
            Shape::Table => return athena::read(source, file, bad, &mut sink),
            Shape::Stamped => {
                return lines::read_by(source, file, bad, messages::stamped, &mut sink);
            }
        }
        match self.form {
            Form::S3AccessLog => lines::read(source, file, bad, access_log::parse, &mut sink),
            Form::IbmCos => {
                // Its times need no clock.
                fn parse<'a>(
                    line: &'a [u8],
                    _: &mut Clock,
                ) -> std::result::Result<Record<'a>, Flaw> {
                    ibm_cos::parse(line)
                }
                lines::read(source, file, bad, parse, &mut sink)
            }
            Form::CloudTrail => cloudtrail::read(source, file, bad, &mut sink),
        }
    }
}

/// A source that has failed.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.0.take().unwrap_or_else(|| ErrorKind::BrokenPipe.into()))
    }
}

/// The error of a file that is no log.
#[must_use]
pub fn unknown(what: Option<OtherFormat>) -> Error {
    if let Some(OtherFormat { what, way_out }) = what {
        let error = Error::request(format!("the file is no log that bks reads: it is {what}"));
        return match way_out {
            Some(way_out) => error.hint(way_out),
            None => error,
        };
    }
    Error::request(
        "the file is of no known form: its beginning is neither an S3 access log's nor a trail's \
         nor a trace's",
    )
    .hint("name the form, e.g., `--log-format s3-access-log`, to be told where it fails")
}
