//! Tables of strangers: records within bounds, for readers that would take one of any length into memory, and
//! the names of columns.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read};
use std::rc::Rc;

use csv::StringRecord;

/// Most bytes of a record: a hundred times what S3's longest key takes, encoded twice.
pub(crate) const RECORD_MAX: usize = 1 << 20;

/// Bytes that a reader may take from its source beyond the record it gives.
const AHEAD: usize = 64 << 10;

/// The name of a column without capitals and what joins its words: `lineItem/UsageType` and
/// `line_item_usage_type` are the same.
pub(crate) fn plain_name(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a text stands for nothing: what logs put there, and how shells, unloads and libraries spell null.
pub(crate) fn stands_for_nothing(text: &str) -> bool {
    const WORDS: [&str; 12] =
        ["-", "NULL", "Null", "null", "\\N", "None", "NaN", "nan", "nil", "NaT", "<NA>", "<null>"];
    // Most texts are longer than any of them.
    text.len() <= 6 && (text.is_empty() || WORDS.contains(&text))
}

/// Ends in an error where a record goes on beyond `RECORD_MAX`, about.
pub struct RecordLimit<R> {
    source: R,
    left: RecordBudget,
}

/// What is left to read of the present record.
#[derive(Clone)]
pub struct RecordBudget(Rc<Cell<usize>>);

impl RecordBudget {
    /// Says that a record has been read, and the next one begins.
    pub(crate) fn begin(&self) {
        self.0.set(RECORD_MAX + AHEAD);
    }
}

impl<R: Read> RecordLimit<R> {
    /// Bounds the records of `source`. Each is to be begun by what comes with it.
    pub(crate) fn new(source: R) -> (Self, RecordBudget) {
        let left = RecordBudget(Rc::new(Cell::new(0)));
        left.begin();
        (Self { source, left: left.clone() }, left)
    }
}

impl<R: Read> Read for RecordLimit<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(AHEAD);
        let read = self.source.read(&mut into[..most])?;
        let left = self.left.0.get().checked_sub(read).ok_or_else(|| {
            let message = format!("it is longer than {} MiB", RECORD_MAX >> 20);
            io::Error::new(ErrorKind::InvalidData, message)
        })?;
        self.left.0.set(left);
        Ok(read)
    }
}

/// At which lines records begin. The `csv` crate counts the line feed of a CR LF to the record after it.
#[derive(Clone, Copy, Default)]
pub(crate) struct RecordLines {
    ends_in_cr: bool,
}

impl RecordLines {
    /// By the first record, the names of columns or not, and the line at which its reader stands after it.
    pub(crate) fn by_first(first: &StringRecord, after: u64) -> Self {
        Self { ends_in_cr: after <= 1 + breaks(first) }
    }

    /// The line of what is read where the reader stands at a line.
    pub(crate) fn next(self, before: u64) -> u64 {
        before + u64::from(self.ends_in_cr)
    }
}

/// How many lines end within a record.
fn breaks(record: &StringRecord) -> u64 {
    memchr::memchr_iter(b'\n', record.as_slice().as_bytes()).count() as u64
}

/// What parts the cells of a header.
pub(crate) fn delimiter(line: &[u8]) -> u8 {
    let [commas, tabs, semicolons] =
        [b',', b'\t', b';'].map(|byte| memchr::memchr_iter(byte, line).count());
    match () {
        () if tabs > commas => b'\t',
        () if semicolons > commas => b';',
        () => b',',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word for nothing is the whole of a text, and in these spellings.
    #[test]
    fn words_for_nothing_are_no_texts() {
        for text in ["", "-", "NULL", "null", "\\N", "None", "NaN", "nil", "<NA>"] {
            assert!(stands_for_nothing(text), "{text}");
        }
        for text in ["0", "false", " ", "NULLS", "null/a", "nonE", "N", "AccessDenied"] {
            assert!(!stands_for_nothing(text), "{text}");
        }
    }

    /// Any number of records pass, one that is too long does not, whatever a reader takes at a time.
    #[test]
    fn a_record_is_bounded_and_a_source_is_not() {
        let line = [b'a'; 1_000].as_slice();
        let lines: Vec<u8> = (0..5_000).flat_map(|_| [line, b"\n"].concat()).collect();
        let (source, left) = RecordLimit::new(lines.as_slice());
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(source);
        let mut records = 0;
        let mut record = csv::ByteRecord::new();
        while reader.read_byte_record(&mut record).unwrap() {
            left.begin();
            records += 1;
        }
        assert_eq!(records, 5_000);
        let (source, _left) = RecordLimit::new(io::repeat(b'a'));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(source);
        let error = reader.read_byte_record(&mut record).unwrap_err().to_string();
        assert!(error.contains("longer than 1 MiB"), "{error}");
    }
}
