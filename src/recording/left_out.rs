//! What of a log is not replayed, by reason and by the log's own name for it.

use std::collections::{BTreeMap, HashMap};

use super::pseudonyms::NameHider;
use crate::logs::record::Skipped;

/// Most names of one reason that are distinguished; of more, only their number is told.
pub(crate) const MAX_NAMES: usize = 1_000;

/// Stands for all names of a reason that has too many.
const ALL: &str = "*";

/// Why a record is left out, or counts for less than a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Its operation is not known; its name is the operation's.
    UnknownOperation,
    /// It touches no object's data; its name is the operation's.
    WithoutData,
    /// S3 did it by a lifecycle rule; its name is the operation's.
    Lifecycle,
    /// It is no request to S3 and no KMS call of interest; its name is the service's or the event's.
    Skipped(Skipped),
    /// A KMS call of a request that has a data event, which a replay counts on its own; its name is the API's.
    KmsCall,
    /// A KMS call for a bucket-level key, where a bucket has no data events; its name is the API's.
    BucketKeyCall,
    /// A KMS call that failed, where such calls stand for requests; its name is the error's.
    FailedCall,
    /// A KMS call that no request to a bucket made, where such calls stand for requests; its name is the
    /// API's.
    OtherCall,
    /// Its bucket was not asked for; its name is the bucket's.
    OtherBucket,
    /// It lies so long before the end that no run reaches back to it.
    TooEarly,
    /// It lies at `--to` or later.
    TooLate,
    /// It repeats another.
    Repeated,
    /// It cannot be read; its name is what is wrong with it.
    Unreadable,
    /// It failed or found nothing modified: an S3 request all the same, which asks KMS for nothing. Its
    /// name is the error's or the status.
    Failed,
    /// A key of a `DeleteObjects`: no request, but a data event.
    DeletedKey,
}

impl Reason {
    /// The reason that a word in files stands for.
    pub(crate) fn called(word: &[u8]) -> Option<Self> {
        let plain = [
            Self::UnknownOperation,
            Self::WithoutData,
            Self::Lifecycle,
            Self::KmsCall,
            Self::BucketKeyCall,
            Self::FailedCall,
            Self::OtherCall,
            Self::OtherBucket,
            Self::TooEarly,
            Self::TooLate,
            Self::Repeated,
            Self::Unreadable,
            Self::Failed,
            Self::DeletedKey,
        ];
        let skipped = Skipped::ALL.into_iter().map(Self::Skipped);
        plain.into_iter().chain(skipped).find(|reason| reason.name().as_bytes() == word)
    }

    /// The word for it in files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::UnknownOperation => "unknown_operation",
            Self::WithoutData => "without_data",
            Self::Lifecycle => "lifecycle",
            Self::Skipped(skipped) => skipped.name(),
            Self::KmsCall => "kms_call",
            Self::BucketKeyCall => "kms_call_for_bucket_key",
            Self::FailedCall => "kms_call_failed",
            Self::OtherCall => "kms_call_of_no_request",
            Self::OtherBucket => "other_bucket",
            Self::TooEarly => "too_early",
            Self::TooLate => "too_late",
            Self::Repeated => "repeated",
            Self::Unreadable => "unreadable",
            Self::Failed => "failed",
            Self::DeletedKey => "deleted_key",
        }
    }

    /// Whether such a record counts all the same: as an S3 request, or as a data event.
    pub(crate) const fn counts(self) -> bool {
        matches!(self, Self::Failed | Self::DeletedKey)
    }
}

/// Records by reason and name. Repeated records count again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOutRecords(BTreeMap<Reason, CountsByName>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct CountsByName {
    counts: HashMap<Vec<u8>, u64>,
    total: u64,
    /// Whether there are more names than are distinguished.
    many: bool,
}

/// Records of one reason and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOutCount {
    /// Why.
    pub reason: Reason,
    /// What the log calls them; `*` if there are too many names.
    pub name: String,
    /// How many.
    pub records: u64,
}

impl LeftOutRecords {
    /// Counts a record.
    pub(crate) fn note(&mut self, reason: Reason, name: &[u8]) {
        self.add(reason, name, 1);
    }

    /// Counts some records.
    pub(crate) fn add(&mut self, reason: Reason, name: &[u8], records: u64) {
        if records == 0 {
            return;
        }
        let named = self.0.entry(reason).or_default();
        named.total += records;
        if let Some(count) = named.counts.get_mut(name) {
            *count += records;
        } else if named.counts.len() < MAX_NAMES {
            named.counts.insert(name.to_vec(), records);
        } else {
            named.many = true;
        }
    }

    /// Hides the names of buckets; all other names are AWS's.
    pub(crate) fn hide_buckets(&mut self, hider: &NameHider) {
        let Some(named) = self.0.get_mut(&Reason::OtherBucket) else { return };
        let counts = std::mem::take(&mut named.counts).into_iter();
        named.counts = counts.map(|(name, records)| (hidden(&name, hider), records)).collect();
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (reason, CountsByName { counts, total, many }) in other.0 {
            let counted: u64 = counts.values().sum();
            for (name, records) in counts {
                self.add(reason, &name, records);
            }
            let named = self.0.entry(reason).or_default();
            // Those whose names were not kept.
            named.total += total - counted;
            named.many |= many;
        }
    }

    /// Records by reason and by the log's name for them, as bytes; of names that are too many, all under one.
    pub(crate) fn counted(&self) -> Vec<(Reason, Vec<u8>, u64)> {
        let mut all = Vec::new();
        for (reason, named) in &self.0 {
            if named.many {
                all.push((*reason, ALL.as_bytes().to_vec(), named.total));
                continue;
            }
            all.extend(named.counts.iter().map(|(name, count)| (*reason, name.clone(), *count)));
        }
        all
    }

    /// The reasons of which there are too many names.
    pub(crate) fn many(&self) -> impl Iterator<Item = Reason> {
        self.0.iter().filter(|(_, named)| named.many).map(|(reason, _)| *reason)
    }

    /// Says that there are too many names of a reason.
    pub(crate) fn note_many(&mut self, reason: Reason) {
        self.0.entry(reason).or_default().many = true;
    }

    /// How many records of a reason there are.
    #[must_use]
    pub fn of(&self, reason: Reason) -> u64 {
        self.0.get(&reason).map_or(0, |named| named.total)
    }

    /// Each reason and name, by reason, those of most records first.
    pub(crate) fn rows(&self) -> Vec<LeftOutCount> {
        self.0.iter().flat_map(|(reason, named)| named.rows(*reason)).collect()
    }

    /// The names of a reason, those of most records first.
    #[must_use]
    pub fn names(&self, reason: Reason) -> Vec<LeftOutCount> {
        self.0.get(&reason).map_or_else(Vec::new, |named| named.rows(reason))
    }
}

/// A bucket's name that is hidden.
fn hidden(name: &[u8], hider: &NameHider) -> Vec<u8> {
    hider.bucket(&String::from_utf8_lossy(name)).into_bytes()
}

impl CountsByName {
    fn rows(&self, reason: Reason) -> Vec<LeftOutCount> {
        if self.many {
            return vec![LeftOutCount { reason, name: ALL.to_owned(), records: self.total }];
        }
        // Names that are no UTF-8 may read alike.
        let mut alike: BTreeMap<String, u64> = BTreeMap::new();
        for (name, count) in &self.counts {
            *alike.entry(String::from_utf8_lossy(name).into_owned()).or_default() += count;
        }
        let rows = alike.into_iter();
        let rows = rows.map(|(name, records)| LeftOutCount { reason, name, records });
        let mut rows: Vec<LeftOutCount> = rows.collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.records));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_in_any_order_and_not_without_bound() {
        let mut left_out = LeftOutRecords::default();
        for name in [&b"b"[..], b"a", b"b", b"c", b"a", b"b"] {
            left_out.note(Reason::UnknownOperation, name);
        }
        left_out.add(Reason::Repeated, b"", 0);
        let rows: Vec<_> = left_out.rows().into_iter().map(|row| (row.name, row.records)).collect();
        assert_eq!(rows, [("b".into(), 3), ("a".into(), 2), ("c".into(), 1)]);
        for number in 0..=MAX_NAMES {
            left_out.note(Reason::OtherBucket, number.to_string().as_bytes());
        }
        let rows = left_out.names(Reason::OtherBucket);
        assert_eq!((rows.len(), rows[0].name.as_str(), rows[0].records), (1, "*", 1_001));
        assert_eq!(left_out.of(Reason::OtherBucket), 1_001);
    }
}
