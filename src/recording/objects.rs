//! Which write made the key of what a request needs: object by object, in order of time.

use super::compact::{Entry, Kind, Need, Write};

/// Follows one object after the other.
#[derive(Debug, Default)]
pub(super) struct Objects {
    /// The object of the last entry.
    object: u64,
    /// Who wrote it last; `None` if that is not in the log.
    written: Option<Write>,
    /// The upload of it that was begun last.
    upload: Option<Write>,
    /// The object's number among those of its bucket whose writing is not in the log, if it was read.
    number: Option<u64>,
    /// For each bucket how many such objects there are.
    unknown: Vec<u64>,
}

impl Objects {
    /// Objects in so many buckets.
    pub(super) fn new(buckets: usize) -> Self {
        Self { unknown: vec![0; buckets], ..Self::default() }
    }

    /// For each bucket how many objects were read of which no write is in the log.
    pub(super) fn unknown(self) -> Vec<u64> {
        self.unknown
    }

    /// What the next entry needs. Entries come in their order; `own` is the entry as a write.
    pub(super) fn need(&mut self, entry: &Entry, own: Write) -> Need {
        if entry.object != self.object {
            self.object = entry.object;
            (self.written, self.upload, self.number) = (None, None, None);
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
            Kind::CompleteMultipartUpload => {
                self.written = self.upload;
                self.last(self.upload, own.bucket)
            }
            Kind::GetObject
            | Kind::HeadObjectChecksum
            | Kind::CopySource
            | Kind::PartCopySource => self.last(self.written, own.bucket),
            Kind::UploadPartCopy | Kind::HeadObject | Kind::ListObjects | Kind::DeleteObject => {
                Need::Nothing
            }
        }
    }

    fn last(&mut self, write: Option<Write>, bucket: u32) -> Need {
        if let Some(write) = write {
            return Need::Written(write);
        }
        let unknown = &mut self.unknown[bucket as usize];
        let number = *self.number.get_or_insert_with(|| {
            *unknown += 1;
            *unknown - 1
        });
        Need::Unknown { bucket, number }
    }
}
