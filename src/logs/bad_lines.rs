//! Lines that cannot be read: how many, which first, and how many are too many.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::record::{LogOperation, LoggedRequester, Record};
use crate::error::{Error, Result};
use crate::harmless_text::{named, shown};
use crate::s3::Operation;
use crate::units::Share;

/// Why a line cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineError {
    /// It ends before this field.
    Ends(&'static str),
    /// This field is not of the format it must have.
    Field(&'static str),
    /// It has no such field.
    Lacks(&'static str),
    /// This object of it is given as text that is neither JSON nor Python's.
    AsText(&'static str),
    /// It is a notification, which has a source as events have.
    NoEvent,
    /// What it packs in Base64 cannot be unpacked.
    Packed,
    /// It is no JSON, or not of a record's shape.
    Json,
    /// It is a row of values of which nothing says what they are.
    WithoutNames,
    /// It goes on with another record.
    SeveralRecords,
    /// It is longer than any line or event may be.
    TooLong,
    /// The file ends within it.
    CutOff,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ends(field) => write!(f, "it ends before its {field}"),
            Self::Field(field) => write!(f, "its {field} is not valid"),
            Self::Lacks(field) => write!(f, "it has no {field}"),
            Self::AsText(field) => {
                write!(f, "its `{field}` is text, and neither JSON nor Python's")
            }
            Self::NoEvent => f.write_str("it is a notification, and no event of CloudTrail"),
            Self::Packed => {
                f.write_str("its Base64 is damaged, holds more than 16 MiB or nothing that bks reads")
            }
            Self::Json => f.write_str("it is not the JSON of an event"),
            Self::WithoutNames => f.write_str(
                "it is of a row of values without names: write rows as objects, or as CSV under a line of names",
            ),
            Self::SeveralRecords => f.write_str(
                "it goes on with another record, as where files were put together without a line's end between",
            ),
            Self::TooLong => f.write_str("it is longer than a record can be"),
            Self::CutOff => f.write_str("the file ends within it"),
        }
    }
}

/// Why a line was not handed on.
#[derive(Debug)]
pub(super) enum NotRead {
    /// The line is bad; others may be sound.
    Flaw(LineError),
    /// Reading ends.
    Failed(Error),
}

impl From<LineError> for NotRead {
    fn from(flaw: LineError) -> Self {
        Self::Flaw(flaw)
    }
}

impl From<Error> for NotRead {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// One of the lines that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// The file's name.
    pub file: String,
    /// The line's number, counted from 1; of a trail, the event's.
    pub line: u64,
    /// What is wrong with it.
    pub flaw: LineError,
    /// Its beginning, made printable.
    pub excerpt: String,
}

impl BadLine {
    /// Whether it is an event or another record in JSON, of which fields are named in code.
    fn is_json(&self) -> bool {
        let names_field = matches!(self.flaw, LineError::Field(name) | LineError::Lacks(name) if name.starts_with('`'));
        names_field || self.excerpt.starts_with(['{', '['])
    }
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, flaw, excerpt } = self;
        write!(f, "{}:{line}: `{excerpt}` cannot be read: {flaw}", shown(file))
    }
}

/// How many of the first bad lines are kept.
const KEPT: usize = 5;

/// How many characters of a bad line are kept.
const EXCERPT: usize = 160;

/// Counts the lines of logs, and those that cannot be read; sums of files merge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadLines {
    /// All lines that are not empty (events, of a trail), bad ones included.
    pub lines: u64,
    /// Those that could not be read.
    pub bad: u64,
    /// The first few of them.
    pub first: Vec<BadLine>,
    /// How many have each flaw.
    pub by_flaw: BTreeMap<LineError, u64>,
    /// The first file of which no record tells whether a request succeeded, and the field that would.
    pub untold_outcome: Option<(String, &'static str)>,
    /// The first file of which no record tells who asked.
    pub untold_requester: Option<String>,
    /// The first file of which no record names the object.
    pub untold_key: Option<String>,
    /// The first file that ends within an event: nobody knows how much of it is missing.
    pub cut_off: Option<String>,
}

/// What any record of a file tells of those fields that decide who shares a key.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FieldsTold {
    requests: u64,
    of_objects: u64,
    requester: bool,
    key: bool,
}

impl FieldsTold {
    /// Takes over what a record tells.
    pub(super) fn take(&mut self, record: &Record) {
        let nobody =
            matches!(record.requester, LoggedRequester::Anonymous | LoggedRequester::Unknown);
        let of_object = matches!(
            record.operation,
            LogOperation::Known(Operation::GetObject | Operation::PutObject)
        );
        self.requests += 1;
        self.of_objects += u64::from(of_object);
        self.requester |= !nobody;
        self.key |= record.key.is_some();
    }
}

impl BadLines {
    /// Counts one that cannot be read (and is to be counted in `lines` as well).
    pub(crate) fn add(&mut self, file: &str, line: u64, flaw: LineError, text: &[u8]) {
        self.bad += 1;
        *self.by_flaw.entry(flaw).or_default() += 1;
        if flaw == LineError::CutOff && self.cut_off.is_none() {
            self.cut_off = Some(file.to_owned());
        }
        if self.first.len() < KEPT {
            let excerpt = excerpt(text, flaw);
            self.first.push(BadLine { file: file.to_owned(), line, flaw, excerpt });
        }
    }

    /// Notes that no record of a file tells whether a request succeeded, as `field` would.
    pub(super) fn note_untold_outcome(&mut self, file: &str, field: &'static str) {
        self.untold_outcome.get_or_insert_with(|| (file.to_owned(), field));
    }

    /// Notes what no record of a file tells.
    pub(super) fn note_untold(&mut self, file: &str, told: FieldsTold) {
        if told.requests > 1 && !told.requester {
            self.untold_requester.get_or_insert_with(|| file.to_owned());
        }
        if told.of_objects > 1 && !told.key {
            self.untold_key.get_or_insert_with(|| file.to_owned());
        }
    }

    /// Counts a line that was read, or could not be.
    pub(super) fn count(
        &mut self,
        file: &str,
        line: u64,
        text: &[u8],
        read: std::result::Result<(), NotRead>,
    ) -> Result<()> {
        self.lines += 1;
        match read {
            Ok(()) => Ok(()),
            Err(NotRead::Failed(error)) => Err(error),
            Err(NotRead::Flaw(flaw)) => {
                self.add(file, line, flaw, text);
                Ok(())
            }
        }
    }

    /// Adds what was counted in files that come after these.
    pub fn merge(&mut self, later: Self) {
        self.lines += later.lines;
        self.bad += later.bad;
        for (flaw, count) in later.by_flaw {
            *self.by_flaw.entry(flaw).or_default() += count;
        }
        self.cut_off = self.cut_off.take().or(later.cut_off);
        self.untold_outcome = self.untold_outcome.take().or(later.untold_outcome);
        self.untold_requester = self.untold_requester.take().or(later.untold_requester);
        self.untold_key = self.untold_key.take().or(later.untold_key);
        let room = KEPT - self.first.len();
        self.first.extend(later.first.into_iter().take(room));
    }

    /// Share of the lines that could not be read.
    pub(crate) fn share(&self) -> f64 {
        self.bad as f64 / self.lines.max(1) as f64
    }

    /// Holds the count against the greatest share that may be bad.
    ///
    /// # Errors
    /// If more are bad, or a file is cut off.
    pub fn check(&self, max: Share) -> Result<()> {
        if let Some(file) = &self.cut_off {
            return Err(Error::request("the file ends within an event: it is cut off")
                .at(file)
                .hint("copy it again; how many events are missing cannot be said"));
        }
        if self.share() <= max.value() {
            return Ok(());
        }
        let mut message = format!(
            "{} of {} lines cannot be read, but at most {}% may be bad",
            self.bad,
            self.lines,
            max.value() * 100.0
        );
        for line in &self.first {
            let _ = write!(message, "\n  {line}");
        }
        Err(Error::request(message).hint(self.way_out()))
    }

    /// What to do where too many are bad.
    fn way_out(&self) -> String {
        // What is JSON is read as what it holds, whatever format is named.
        let format = if self.first.iter().any(BadLine::is_json) {
            ""
        } else {
            "name the format if it was taken for another, e.g., `--log-format s3-access-log`, or "
        };
        if self.share() > MOST_ALLOWED {
            return format!(
                "{format}leave the file out: so many lines show that it is of another kind, or damaged"
            );
        }
        let percent = if self.share() <= 0.1 { 10.0 } else { (self.share() * 100.0).ceil() };
        format!("{format}allow more, e.g., `--max-bad {percent}%`")
    }
}

/// The greatest share of bad lines that is offered as a way out.
const MOST_ALLOWED: f64 = 0.5;

/// The beginning of what cannot be read; of an event, from a field on whose value is not valid.
fn excerpt(text: &[u8], flaw: LineError) -> String {
    let field = match flaw {
        LineError::Field(field) => field.strip_prefix('`').and_then(|name| name.strip_suffix('`')),
        _ => None,
    };
    let from = field.and_then(|field| memchr::memmem::find(text, field.as_bytes())).unwrap_or(0);
    let text = &text[from..];
    let head = &text[..text.len().min(EXCERPT * 4)];
    let head = String::from_utf8_lossy(head);
    let end = head.char_indices().nth(EXCERPT).map_or(head.len(), |(end, _)| end);
    let mut printable = named(&head[..end]).into_owned();
    if end < text.len() {
        printable.push('…');
    }
    printable
}
