//! What a log tells of buckets that a recording does not keep.

use std::collections::BTreeMap;

use crate::logs::record::{KmsEvent, LogEntry, LogOperation, Record};
use crate::recording::pseudonyms::NameHider;

/// Sizes and regions as a log tells them, by bucket.
#[derive(Clone, Debug, Default)]
pub struct BucketDetails(BTreeMap<Vec<u8>, DetailsOfBucket>);

#[derive(Clone, Debug, Default)]
struct DetailsOfBucket {
    objects: Sizes,
    parts: Sizes,
    /// Requests by region.
    regions: BTreeMap<Vec<u8>, u64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sizes {
    sum: u64,
    count: u64,
}

impl Sizes {
    fn add(&mut self, more: Self) {
        self.sum = self.sum.saturating_add(more.sum);
        self.count += more.count;
    }
}

impl DetailsOfBucket {
    fn take(&mut self, size: Option<(u64, bool)>, region: Option<&[u8]>) {
        if let Some((size, of_part)) = size {
            let sizes = if of_part { &mut self.parts } else { &mut self.objects };
            sizes.add(Sizes { sum: size, count: 1 });
        }
        if let Some(region) = region {
            match self.regions.get_mut(region) {
                Some(count) => *count += 1,
                None => drop(self.regions.insert(region.to_vec(), 1)),
            }
        }
    }
}

impl BucketDetails {
    /// Takes what an entry tells of a bucket.
    pub(crate) fn take_entry(&mut self, entry: &LogEntry) {
        match entry {
            LogEntry::Request(record) => self.take(record),
            LogEntry::Kms(event) => self.take_call(event),
            LogEntry::Session(..) | LogEntry::Skipped(..) => {}
        }
    }

    /// Adds what was gathered of another file.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (name, DetailsOfBucket { objects, parts, regions }) in other.0 {
            let bucket = self.0.entry(name).or_default();
            bucket.objects.add(objects);
            bucket.parts.add(parts);
            for (region, count) in regions {
                *bucket.regions.entry(region).or_default() += count;
            }
        }
    }

    /// The same under names that are hidden, as a recording's are.
    pub(crate) fn hidden(self, hider: &NameHider) -> Self {
        let hide = |(name, details): (Vec<u8>, DetailsOfBucket)| {
            (hider.bucket(&String::from_utf8_lossy(&name)).into_bytes(), details)
        };
        if hider.hides() { Self(self.0.into_iter().map(hide).collect()) } else { self }
    }

    /// Takes the region, and the size of what was read or written, if the record has them.
    pub fn take(&mut self, record: &Record) {
        use crate::s3::Operation::{CopyObject, GetObject, PutObject, UploadPart};
        let of_part = match record.operation {
            LogOperation::Known(PutObject | GetObject | CopyObject) => Some(false),
            LogOperation::Known(UploadPart) => Some(true),
            _ => None,
        };
        let size = record.object_size.zip(of_part).filter(|_| record.succeeded());
        if size.is_some() || record.region.is_some() {
            self.note(record.bucket, size, record.region);
        }
    }

    /// Takes the region of a KMS call that S3 made: a bucket's keys lie in its own.
    pub(crate) fn take_call(&mut self, event: &KmsEvent) {
        if let (Some(bucket), Some(region)) = (event.bucket(), event.region) {
            self.note(bucket, None, Some(region));
        }
    }

    fn note(&mut self, bucket: &[u8], size: Option<(u64, bool)>, region: Option<&[u8]>) {
        // A look-up by borrowed bytes: an entry would need a name of its own for each record.
        if let Some(bucket) = self.0.get_mut(bucket) {
            bucket.take(size, region);
        } else {
            self.0.entry(bucket.to_vec()).or_default().take(size, region);
        }
    }

    /// Mean size of a bucket's objects, or of the parts of its uploads, in bytes.
    pub(super) fn mean_size(&self, bucket: &str, of_part: bool) -> Option<u64> {
        let bucket = self.0.get(bucket.as_bytes())?;
        let Sizes { sum, count } = if of_part { bucket.parts } else { bucket.objects };
        Some(sum.checked_div(count)?.max(1))
    }

    /// The regions of some buckets, that of most requests first.
    pub(super) fn regions(&self, buckets: &[String]) -> Vec<String> {
        let mut all = BTreeMap::<&[u8], u64>::new();
        let known = buckets.iter().filter_map(|bucket| self.0.get(bucket.as_bytes()));
        for (region, count) in known.flat_map(|bucket| &bucket.regions) {
            *all.entry(region).or_default() += count;
        }
        let mut all: Vec<(&[u8], u64)> = all.into_iter().collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all.iter().map(|(region, _)| String::from_utf8_lossy(region).into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::record::LoggedRequester;
    use crate::s3::Operation;

    #[test]
    fn sizes_and_regions_are_by_bucket() {
        let mut details = BucketDetails::default();
        let put = LogOperation::Known(Operation::PutObject);
        let record = |bucket, size, region| Record {
            bucket,
            object_size: size,
            region,
            ..Record::new(put, b"PutObject", LoggedRequester::Unknown)
        };
        for (bucket, size, region) in [
            (b"a".as_slice(), Some(10), Some(b"eu-west-1".as_slice())),
            (b"a", Some(21), Some(b"us-east-1")),
            (b"a", None, Some(b"us-east-1")),
            (b"b", Some(1), None),
        ] {
            details.take(&record(bucket, size, region));
        }
        details.take(&Record { status: Some(503), ..record(b"b", Some(1_000), None) });
        assert_eq!(details.mean_size("a", false), Some(15));
        assert_eq!(details.mean_size("b", false), Some(1));
        assert_eq!(details.mean_size("b", true), None);
        assert_eq!(details.regions(&["a".into(), "b".into()]), ["us-east-1", "eu-west-1"]);
        assert_eq!(details.regions(&["b".into(), "c".into()]), [""; 0]);
    }
}
