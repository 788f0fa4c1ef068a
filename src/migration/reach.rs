//! Which objects a way of migrating can give a bucket key, and what stands against the others.
//!
//! Sources: S3 User Guide, update-sse-encryption (`UpdateObjectEncryption`: sources under SSE-S3 and SSE-KMS,
//! any size and class, not in directory buckets, not under Object Lock) and batch-ops-copy-object (Copy:
//! objects of up to 5 GB, archived ones after they are restored, no SSE-C),
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/update-sse-encryption.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-copy-object.html>.

use super::stored::StoredObjects;
use crate::inventory::{BucketKeyStatus, EncryptionStatus, VersionKind};
use crate::named_enum::named_enum;

named_enum! {
    /// How objects come to have a bucket key.
    pub MigrationMethod {
        /// Bucket keys stay off.
        Leave = "leave",
        /// Bucket keys are on for what is written from now on.
        Wait = "wait",
        /// `UpdateObjectEncryption` by Batch Operations, in place.
        Update = "update",
        /// Copy by Batch Operations, onto itself.
        Copy = "copy",
    }
}

impl MigrationMethod {
    /// What AWS calls it, or what is done.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Leave => "leave as is",
            Self::Wait => "wait",
            Self::Update => "UpdateObjectEncryption",
            Self::Copy => "Batch Copy",
        }
    }

    /// Whether it re-encrypts objects that are there.
    #[must_use]
    pub const fn migrates(self) -> bool {
        matches!(self, Self::Update | Self::Copy)
    }
}

named_enum! {
    /// Why an object is left as it is.
    pub Obstacle {
        /// It has a bucket key.
        HasKey = "has-bucket-key",
        /// It is under SSE-S3 and calls no KMS.
        SseS3 = "sse-s3",
        /// It is not encrypted by S3.
        NotSse = "not-sse",
        /// It is under a key of the customer's.
        SseC = "sse-c",
        /// It is encrypted twice.
        Dsse = "dsse-kms",
        /// Its encryption is not known.
        Unknown = "unknown",
        /// It lies in a directory bucket.
        Directory = "directory-bucket",
        /// Object Lock holds it.
        Locked = "object-lock",
        /// It must be restored before it can be read.
        Archived = "archived",
        /// It is not the current version.
        OldVersion = "old-version",
        /// It is over 5 GiB.
        Large = "over-5-gib",
    }
}

impl Obstacle {
    /// Why, and what can be done.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::HasKey => "have a bucket key already",
            Self::SseS3 => "are under SSE-S3 and call no KMS: there is nothing to save",
            Self::NotSse => "are not encrypted by S3 and call no KMS",
            Self::SseC => "are under SSE-C: only whoever has the key can copy them, one by one",
            Self::Dsse => {
                "are under DSSE-KMS, which has no bucket keys: a copy to SSE-KMS would give up the second layer"
            }
            Self::Unknown => "have an encryption that is not known",
            Self::Directory => "lie in a directory bucket, which always has bucket keys",
            Self::Locked => {
                "are under Object Lock, where UpdateObjectEncryption fails: lift governance retention or legal \
                 holds first; compliance retention must end"
            }
            Self::Archived => "are archived: restore them before the copy (charged, hours to days)",
            Self::OldVersion => {
                "are old versions, which cannot be copied in place: let a lifecycle rule expire them"
            }
            Self::Large => {
                "are over 5 GiB: Batch Copy fails; copy them in parts (UploadPartCopy, `aws s3 cp`)"
            }
        }
    }
}

/// Which of some objects an operation can give a bucket key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// How many.
    pub objects: u64,
    /// How many it leaves as they are.
    pub left: u64,
    /// Why, if there are any.
    pub obstacle: Option<Obstacle>,
}

impl Reach {
    /// That of one operation over objects that are alike. Those of whom it is not known whether they have a
    /// bucket key are taken to have none.
    #[must_use]
    pub fn of(operation: MigrationMethod, stored: &StoredObjects) -> Self {
        let objects = stored.objects;
        if !operation.migrates() {
            return Self { objects: 0, left: objects, obstacle: None };
        }
        if let Some(obstacle) = obstacle(operation, stored) {
            return Self { objects: 0, left: objects, obstacle: Some(obstacle) };
        }
        let left = if operation == MigrationMethod::Copy { stored.large } else { 0 };
        let obstacle = (left > 0).then_some(Obstacle::Large);
        Self { objects: objects - left, left, obstacle }
    }
}

/// What keeps an operation from all of some objects.
fn obstacle(operation: MigrationMethod, stored: &StoredObjects) -> Option<Obstacle> {
    let kind = stored.kind;
    if stored.is_directory {
        return Some(Obstacle::Directory);
    }
    match kind.encryption {
        EncryptionStatus::SseKms if kind.bucket_key == BucketKeyStatus::Enabled => {
            return Some(Obstacle::HasKey);
        }
        EncryptionStatus::SseS3 if !stored.to_kms => return Some(Obstacle::SseS3),
        EncryptionStatus::SseKms | EncryptionStatus::SseS3 => {}
        EncryptionStatus::DsseKms => return Some(Obstacle::Dsse),
        EncryptionStatus::SseC => return Some(Obstacle::SseC),
        EncryptionStatus::NotSse => return Some(Obstacle::NotSse),
        EncryptionStatus::Unknown => return Some(Obstacle::Unknown),
    }
    match operation {
        MigrationMethod::Update if kind.is_locked => Some(Obstacle::Locked),
        MigrationMethod::Copy if kind.version == VersionKind::Old => Some(Obstacle::OldVersion),
        MigrationMethod::Copy if kind.class.is_archive() => Some(Obstacle::Archived),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::StorageClass;

    fn kms(objects: u64) -> StoredObjects {
        StoredObjects::of("a", EncryptionStatus::SseKms, objects)
    }

    /// A table by hand, from the documentation: who can touch what.
    #[test]
    fn each_operation_touches_what_is_documented() {
        let in_class = |class| kms(10).in_class(class, |_| 0.0);
        let mut old = kms(10);
        old.kind.version = VersionKind::Old;
        let mut keyed = kms(10);
        keyed.kind.bucket_key = BucketKeyStatus::Enabled;
        let under = |encryption| StoredObjects::of("a", encryption, 10);
        let to_kms = StoredObjects { to_kms: true, ..under(EncryptionStatus::SseS3) };
        let mut locked = kms(10);
        locked.kind.is_locked = true;
        let directory = StoredObjects { is_directory: true, ..kms(10) };
        for (stored, by_update, by_copy) in [
            (kms(10), None, None),
            (kms(10).sized(5 << 30), None, None),
            (kms(10).sized((5 << 30) + 1), None, Some(Obstacle::Large)),
            (in_class(StorageClass::StandardIa), None, None),
            (in_class(StorageClass::GlacierIr), None, None),
            (in_class(StorageClass::Glacier), None, Some(Obstacle::Archived)),
            (in_class(StorageClass::DeepArchive), None, Some(Obstacle::Archived)),
            (old, None, Some(Obstacle::OldVersion)),
            (locked, Some(Obstacle::Locked), None),
            (keyed, Some(Obstacle::HasKey), Some(Obstacle::HasKey)),
            (to_kms, None, None),
            (under(EncryptionStatus::SseS3), Some(Obstacle::SseS3), Some(Obstacle::SseS3)),
            (under(EncryptionStatus::SseC), Some(Obstacle::SseC), Some(Obstacle::SseC)),
            (under(EncryptionStatus::DsseKms), Some(Obstacle::Dsse), Some(Obstacle::Dsse)),
            (under(EncryptionStatus::NotSse), Some(Obstacle::NotSse), Some(Obstacle::NotSse)),
            (directory, Some(Obstacle::Directory), Some(Obstacle::Directory)),
        ] {
            for (operation, obstacle) in
                [(MigrationMethod::Update, by_update), (MigrationMethod::Copy, by_copy)]
            {
                let reach = Reach::of(operation, &stored);
                assert_eq!(reach.obstacle, obstacle, "{operation:?} of {stored:?}");
                assert_eq!(reach.objects, if obstacle.is_some() { 0 } else { 10 });
                assert_eq!(reach.objects + reach.left, 10);
            }
        }
    }
}
