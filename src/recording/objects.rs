//! Which write made the key of what a request needs, and how that is encrypted: object by object, in
//! order of time.

use super::before::{Counts, Inventoried};
use super::compact::{Entry, Kind, Need, Sse, Write};
use super::hash::ObjectId;

/// What is known of objects that no write in the log made, or none that made a key of the model's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Nothing,
    WithoutKey,
    WithoutKms,
    WithKey { ms: u64 },
}

/// Follows one object after the other.
#[derive(Debug, Default)]
pub(super) struct Objects {
    /// The object of the last entry.
    object: ObjectId,
    /// Who wrote it last, and under what; `None` if that is not in the log.
    written: Option<(Write, Sse)>,
    /// The upload of it that was begun last.
    upload: Option<(Write, Sse)>,
    /// What an inventory says of it, and how many milliseconds before the run it was written.
    inventoried: Option<(Inventoried, u64)>,
    /// The object's number among those of its bucket of which the same is known, if it was read: for
    /// each thing that may be known.
    numbers: [Option<u64>; 4],
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
            (self.written, self.upload, self.inventoried) = (None, None, None);
            self.numbers = [None; 4];
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

    /// What the next entry needs, and how its own object is encrypted. Entries come in their order;
    /// `own` is the entry as a write.
    pub(super) fn need(&mut self, entry: &Entry, own: Write) -> (Need, Sse) {
        self.turn_to(entry.object);
        let told = entry.when.sse();
        if !entry.when.is_served() {
            return (Need::Nothing, told);
        }
        match entry.when.kind() {
            // A copy's source is told by its other half.
            Kind::PutObject | Kind::CopyObject => {
                self.written = Some((own, told));
                (Need::Nothing, told)
            }
            Kind::ReplicateObject => {
                self.written = Some((own, told));
                (Need::Elsewhere, told)
            }
            Kind::CreateMultipartUpload => {
                self.upload = Some((own, told));
                (Need::Nothing, told)
            }
            Kind::UploadPart => self.last(self.upload, told, own.bucket),
            // No object is known of an upload that was begun before the log.
            Kind::ListParts => match self.upload {
                Some(_) => self.last(self.upload, told, own.bucket),
                None => (Need::Elsewhere, told),
            },
            Kind::CompleteMultipartUpload => {
                self.written = self.upload;
                self.last(self.upload, told, own.bucket)
            }
            Kind::GetObject | Kind::HeadObjectChecksum => self.last(self.written, told, own.bucket),
            // Whether the copy itself needs KMS is its other half's matter.
            Kind::CopySource | Kind::PartCopySource => {
                match self.last(self.written, told, own.bucket) {
                    (_, Sse::NotKms) => (self.before(Known::WithoutKms, own.bucket), Sse::Untold),
                    (need, _) => (need, Sse::Untold),
                }
            }
            Kind::Inventoried
            | Kind::UploadPartCopy
            | Kind::HeadObject
            | Kind::ListObjects
            | Kind::DeleteObject
            | Kind::DeletedKey
            | Kind::DeletedKeys => (Need::Nothing, told),
        }
    }

    /// What was written by `write`, or before the log. What the record itself says of the object goes
    /// before what its writing said.
    fn last(&mut self, write: Option<(Write, Sse)>, told: Sse, bucket: u32) -> (Need, Sse) {
        let as_written = write.map_or(Sse::Untold, |(_, sse)| sse);
        let sse = if told == Sse::Untold { as_written } else { told };
        let need = match (sse, write) {
            (Sse::NotKms, _) => Need::Nothing,
            (Sse::Dsse, _) => self.before(Known::WithoutKey, bucket),
            (_, Some((write, Sse::Untold | Sse::Kms))) => Need::Written(write),
            // It was written anew since, by no request in the log.
            (_, Some(_)) => self.before(Known::Nothing, bucket),
            (_, None) => self.before(self.known(), bucket),
        };
        (need, sse)
    }

    /// What an inventory tells.
    fn known(&self) -> Known {
        match self.inventoried {
            None => Known::Nothing,
            Some((Inventoried::WithoutKey, _)) => Known::WithoutKey,
            Some((Inventoried::WithoutKms, _)) => Known::WithoutKms,
            Some((Inventoried::WithKey, ms)) => Known::WithKey { ms },
        }
    }

    /// One of the bucket's objects from before the log.
    fn before(&mut self, known: Known, bucket: u32) -> Need {
        let counts = &mut self.counts[bucket as usize];
        let (place, count) = match known {
            Known::Nothing => (0, &mut counts.untold),
            Known::WithoutKey => (1, &mut counts.without_key),
            Known::WithoutKms => (2, &mut counts.without_kms),
            Known::WithKey { .. } => (3, &mut counts.written),
        };
        let number = *self.numbers[place].get_or_insert_with(|| {
            *count += 1;
            *count - 1
        });
        match known {
            Known::Nothing => Need::Unknown { bucket, number },
            Known::WithoutKey => Need::WithoutKey { bucket, number },
            Known::WithoutKms => Need::WithoutKms { bucket, number },
            Known::WithKey { ms } => Need::Before { bucket, ms },
        }
    }
}
