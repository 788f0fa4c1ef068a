//! Which write made the key of what a request needs: object by object, in order of time.

use super::before::{Counts, Inventoried};
use super::compact::{Entry, Kind, Need, Write};
use super::hash::ObjectId;

/// Follows one object after the other.
#[derive(Debug, Default)]
pub(super) struct Objects {
    /// The object of the last entry.
    object: ObjectId,
    /// Who wrote it last; `None` if that is not in the log.
    written: Option<Write>,
    /// The upload of it that was begun last.
    upload: Option<Write>,
    /// What an inventory says of it, and how many milliseconds before the run it was written.
    inventoried: Option<(Inventoried, u64)>,
    /// The object's number among those of its bucket whose writing is not in the log and of which the
    /// same is known, if it was read.
    number: Option<u64>,
    /// For each bucket how many such objects there are.
    counts: Vec<Counts>,
}

impl Objects {
    /// Objects in so many buckets.
    pub(super) fn new(buckets: usize) -> Self {
        Self { counts: vec![Counts::default(); buckets], ..Self::default() }
    }

    /// For each bucket how many objects were read of which no write is in the log.
    pub(super) fn counts(self) -> Vec<Counts> {
        self.counts
    }

    fn turn_to(&mut self, object: ObjectId) {
        if object != self.object {
            self.object = object;
            (self.written, self.upload, self.inventoried, self.number) = (None, None, None, None);
        }
    }

    /// Takes what an inventory says. What was written after the start tells nothing of what was
    /// there before.
    pub(super) fn inventoried(&mut self, entry: &Entry, start_ms: u64) {
        self.turn_to(entry.object);
        if let Some(ms_before) = start_ms.checked_sub(entry.when.ms()).filter(|ms| *ms > 0) {
            self.inventoried = Some((Inventoried::of(entry.slot), ms_before));
        }
    }

    /// What the next entry needs. Entries come in their order; `own` is the entry as a write.
    pub(super) fn need(&mut self, entry: &Entry, own: Write) -> Need {
        self.turn_to(entry.object);
        if !entry.when.is_served() {
            return Need::Nothing;
        }
        match entry.when.kind() {
            // A copy's source is told by its other half.
            Kind::PutObject | Kind::CopyObject => {
                self.written = Some(own);
                Need::Nothing
            }
            Kind::ReplicateObject => {
                self.written = Some(own);
                Need::Elsewhere
            }
            Kind::CreateMultipartUpload => {
                self.upload = Some(own);
                Need::Nothing
            }
            Kind::UploadPart => self.last(self.upload, own.bucket),
            // No object is known of an upload that was begun before the log.
            Kind::ListParts => self.upload.map_or(Need::Elsewhere, Need::Written),
            Kind::CompleteMultipartUpload => {
                self.written = self.upload;
                self.last(self.upload, own.bucket)
            }
            Kind::GetObject
            | Kind::HeadObjectChecksum
            | Kind::CopySource
            | Kind::PartCopySource => self.last(self.written, own.bucket),
            Kind::Inventoried
            | Kind::UploadPartCopy
            | Kind::HeadObject
            | Kind::ListObjects
            | Kind::DeleteObject
            | Kind::DeletedKey
            | Kind::DeletedKeys => Need::Nothing,
        }
    }

    fn last(&mut self, write: Option<Write>, bucket: u32) -> Need {
        if let Some(write) = write {
            return Need::Written(write);
        }
        let counts = &mut self.counts[bucket as usize];
        let count = match self.inventoried {
            None => &mut counts.untold,
            Some((Inventoried::WithoutKey, _)) => &mut counts.without_key,
            Some((Inventoried::WithoutKms, _)) => &mut counts.without_kms,
            Some((Inventoried::WithKey, _)) => &mut counts.written,
        };
        let number = *self.number.get_or_insert_with(|| {
            *count += 1;
            *count - 1
        });
        match self.inventoried {
            None => Need::Unknown { bucket, number },
            Some((Inventoried::WithoutKey, _)) => Need::WithoutKey { bucket, number },
            Some((Inventoried::WithoutKms, _)) => Need::WithoutKms { bucket, number },
            Some((Inventoried::WithKey, ms)) => Need::Before { bucket, ms },
        }
    }
}
