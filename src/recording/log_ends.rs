//! The first and the last record of a log.

use crate::logs::record::Record;
use crate::units::utc;

/// A record at one end of the log.
#[derive(Clone, Debug, Default)]
struct EndRecord {
    /// Milliseconds since the Unix epoch.
    ms: u64,
    file: usize,
    operation: Vec<u8>,
    id: Vec<u8>,
}

/// Nothing before there is a record.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogEnds(Option<[EndRecord; 2]>);

impl EndRecord {
    fn set(&mut self, ms: u64, file: usize, record: &Record) {
        (self.ms, self.file) = (ms, file);
        self.operation.clear();
        self.operation.extend(record.operation_name);
        self.id.clear();
        self.id.extend(record.id.unwrap_or_default());
    }

    /// When, in which file, and what.
    fn describe(&self, files: &[String]) -> String {
        let time = utc(i64::try_from(self.ms).unwrap_or(i64::MAX).saturating_mul(1_000_000));
        let file = files.get(self.file).map_or("the log", String::as_str);
        let operation = String::from_utf8_lossy(&self.operation);
        match String::from_utf8_lossy(&self.id) {
            id if id.is_empty() => format!("{time} ({file}: {operation})"),
            id => format!("{time} ({file}: {operation} `{id}`)"),
        }
    }
}

impl LogEnds {
    /// Takes a record of a file by its number.
    pub(crate) fn widen(&mut self, ms: u64, file: usize, record: &Record) {
        let Some([first, last]) = &mut self.0 else {
            let mut only = EndRecord::default();
            only.set(ms, file, record);
            self.0 = Some([only.clone(), only]);
            return;
        };
        if ms < first.ms {
            first.set(ms, file, record);
        }
        if ms > last.ms {
            last.set(ms, file, record);
        }
    }

    /// Takes the ends of a file by its number.
    pub(crate) fn absorb(&mut self, other: Self, file: usize) {
        let Some(ends) = other.0 else { return };
        let [begins, stops] = ends.map(|end| EndRecord { file, ..end });
        match &mut self.0 {
            None => self.0 = Some([begins, stops]),
            Some([first, last]) => {
                if begins.ms < first.ms {
                    *first = begins;
                }
                if stops.ms > last.ms {
                    *last = stops;
                }
            }
        }
    }

    /// Times of both, in milliseconds since the epoch.
    pub(crate) fn span(&self) -> Option<(u64, u64)> {
        self.0.as_ref().map(|[first, last]| (first.ms, last.ms))
    }

    /// Both in words.
    pub(crate) fn describe(&self, files: &[String]) -> Option<[String; 2]> {
        Some(self.0.as_ref()?.each_ref().map(|end| end.describe(files)))
    }
}
