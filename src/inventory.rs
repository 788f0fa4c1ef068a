//! S3 Inventory and S3 Metadata: which objects a bucket holds, how they are encrypted, and how old they are.
//!
//! An inventory is a `manifest.json`, its MD5 in `manifest.checksum`, and data files, as
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html> has them.
//!
//! S3 Metadata's tables are data files alone, with names of their own for the same columns
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/metadata-tables-inventory-schema.html>): the live
//! inventory has a row for each object, the journal one for each change of an object.
//!
//! - [`manifest`]: what the manifest says, and where its files may lie;
//! - [`csv_file`], [`parquet_file`]: data files to [`InventoryItem`]s, one at a time;
//! - [`versions`]: rows of S3 Metadata to items, where rows do not say which version is the current one;
//! - [`tally`]: items to counts that merge.

pub mod csv_file;
pub mod manifest;
pub mod parquet_file;
pub(crate) mod rows;
pub mod tally;
pub mod versions;

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::logs::csv_records::{plain_name, stands_for_nothing};
use crate::logs::record::percent_decoded;
use crate::logs::timestamps::epoch;
use crate::named_enum::named_enum;
use crate::units::parse_moment;

named_enum! {
    /// How an object is encrypted: `EncryptionStatus`.
    pub EncryptionStatus {
        /// With S3's own keys.
        SseS3 = "SSE-S3",
        /// With a KMS key: what bucket keys are about.
        SseKms = "SSE-KMS",
        /// Twice, with a KMS key each time; bucket keys do not exist for it.
        DsseKms = "DSSE-KMS",
        /// With a key of the customer's.
        SseC = "SSE-C",
        /// Not at all.
        NotSse = "NOT-SSE",
        /// The inventory does not say.
        Unknown = "unknown",
    }
}

named_enum! {
    /// Whether a bucket-level key wraps the object's key: `BucketKeyStatus`.
    pub BucketKeyStatus {
        /// One does.
        Enabled = "ENABLED",
        /// None does.
        Disabled = "DISABLED",
        /// The inventory does not say, as of an object without SSE-KMS.
        Unknown = "unknown",
    }
}

named_enum! {
    /// A storage class.
    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    pub StorageClass {
        /// S3 Standard.
        #[default]
        Standard = "STANDARD",
        /// Reduced redundancy.
        #[serde(rename = "REDUCED_REDUNDANCY")]
        Reduced = "REDUCED_REDUNDANCY",
        /// S3 Intelligent-Tiering.
        #[serde(rename = "INTELLIGENT_TIERING")]
        Tiering = "INTELLIGENT_TIERING",
        /// An archive tier of S3 Intelligent-Tiering.
        #[serde(skip)]
        TieringArchive = "INTELLIGENT_TIERING (archive)",
        /// S3 Express One Zone.
        #[serde(skip)]
        Express = "EXPRESS_ONEZONE",
        /// S3 Standard-Infrequent Access.
        StandardIa = "STANDARD_IA",
        /// S3 One Zone-Infrequent Access.
        #[serde(rename = "ONEZONE_IA")]
        OneZoneIa = "ONEZONE_IA",
        /// S3 Glacier Instant Retrieval.
        GlacierIr = "GLACIER_IR",
        /// S3 Glacier Flexible Retrieval.
        Glacier = "GLACIER",
        /// S3 Glacier Deep Archive.
        DeepArchive = "DEEP_ARCHIVE",
        /// One that bks does not know.
        #[serde(skip)]
        Other = "other",
        /// The inventory does not say, as of a delete marker.
        #[serde(skip)]
        Unknown = "unknown",
    }
}

impl StorageClass {
    /// For how many days an object is paid for at least
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html>).
    pub(crate) const fn days_min(self) -> u64 {
        match self {
            Self::StandardIa | Self::OneZoneIa => 30,
            Self::GlacierIr | Self::Glacier => 90,
            Self::DeepArchive => 180,
            Self::Standard
            | Self::Reduced
            | Self::Tiering
            | Self::TieringArchive
            | Self::Express
            | Self::Other
            | Self::Unknown => 0,
        }
    }

    /// Whether reading an object, which copying it does, is charged by its size.
    pub(crate) const fn charges_retrieval(self) -> bool {
        self.days_min() > 0
    }

    /// Whether an object must be restored before it can be read.
    pub(crate) const fn is_archive(self) -> bool {
        matches!(self, Self::Glacier | Self::DeepArchive | Self::TieringArchive)
    }
}

named_enum! {
    /// What a line of an inventory is.
    pub VersionKind {
        /// The object itself.
        Current = "current",
        /// An older version of it.
        Old = "old",
        /// A mark that it was deleted.
        DeleteMarker = "delete-marker",
    }
}

named_enum! {
    /// A column that bks reads. Others are skipped.
    pub InventoryColumn {
        /// The bucket's name.
        Bucket = "Bucket",
        /// The object's key.
        Key = "Key",
        /// Whether it is the current version; only in inventories of all versions.
        IsLatest = "IsLatest",
        /// Whether it is a delete marker; only in inventories of all versions.
        IsDeleteMarker = "IsDeleteMarker",
        /// Bytes.
        Size = "Size",
        /// When it was written.
        LastModified = "LastModifiedDate",
        /// The storage class.
        StorageClass = "StorageClass",
        /// The tier of an object in S3 Intelligent-Tiering.
        AccessTier = "IntelligentTieringAccessTier",
        /// How it is encrypted.
        EncryptionStatus = "EncryptionStatus",
        /// Whether it has a bucket key.
        BucketKeyStatus = "BucketKeyStatus",
        /// Until when a retention period of Object Lock lasts.
        RetainUntil = "ObjectLockRetainUntilDate",
        /// `GOVERNANCE` or `COMPLIANCE`, if there is a retention period.
        LockMode = "ObjectLockMode",
        /// Whether a legal hold of Object Lock is on it.
        LegalHold = "ObjectLockLegalHoldStatus",
        /// The version, in a bucket with versions.
        VersionId = "VersionId",
        /// What orders the rows of an object; only in tables of S3 Metadata.
        SequenceNumber = "SequenceNumber",
        /// What happened to the object; only in journals of S3 Metadata.
        RecordType = "RecordType",
    }
}

impl InventoryColumn {
    /// The column of that name, as CSV (`IsLatest`) or Parquet (`is_latest`) writes it.
    ///
    /// S3 Metadata calls some otherwise: `is_bucket_key_enabled`.
    pub(crate) fn of_header(name: &str) -> Option<Self> {
        let plain = plain_name(name);
        if plain == "isbucketkeyenabled" {
            return Some(Self::BucketKeyStatus);
        }
        Self::ALL.into_iter().find(|column| column.name().eq_ignore_ascii_case(&plain))
    }

    /// Whether an inventory of S3 may have it, so that its lack is worth a word.
    pub(crate) const fn is_of_inventories(self) -> bool {
        let is_of_few = matches!(
            self,
            Self::AccessTier | Self::VersionId | Self::SequenceNumber | Self::RecordType
        );
        !is_of_few && !self.is_of_object_lock()
    }

    /// Whether it tells of Object Lock, which most buckets do not have.
    pub(crate) const fn is_of_object_lock(self) -> bool {
        matches!(self, Self::RetainUntil | Self::LockMode | Self::LegalHold)
    }
}

named_enum! {
    /// What a row tells of its object.
    pub RowKind {
        /// That it is there, as rows of inventories do.
        Listed = "listed",
        /// That it was written.
        Create = "CREATE",
        /// That its tags, class or encryption were changed.
        Update = "UPDATE_METADATA",
        /// That it is gone.
        Delete = "DELETE",
    }
}

/// What Object Lock holds an object by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObjectLock {
    /// Whether it has a retention period, which has a mode.
    pub has_mode: bool,
    /// When that ends, in nanoseconds since the Unix epoch, if known.
    pub retained_until_ns: Option<i64>,
    /// Whether a legal hold is on it.
    pub has_hold: bool,
}

impl ObjectLock {
    /// Whether the object is locked at a time. A period whose end is not known lasts.
    #[must_use]
    pub fn holds_at(self, time_ns: i64) -> bool {
        let is_retained = self.retained_until_ns.map_or(self.has_mode, |until| until > time_ns);
        self.has_hold || is_retained
    }
}

/// One line of an inventory: a version of an object, or a delete marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryItem {
    /// Its bucket; empty if the file does not say.
    pub bucket: String,
    /// Its key as the file writes it: URL-encoded in CSV.
    pub key: String,
    /// Its size in bytes, if known.
    pub size: Option<u64>,
    /// When it was written, in nanoseconds since the Unix epoch, if known.
    pub modified_ns: Option<i64>,
    /// What it is.
    pub version: VersionKind,
    /// Its storage class.
    pub class: StorageClass,
    /// How it is encrypted.
    pub encryption: EncryptionStatus,
    /// Whether a bucket-level key wraps its key.
    pub bucket_key: BucketKeyStatus,
    /// What Object Lock holds it by.
    pub lock: ObjectLock,
    /// The version's id; empty if there is none. Told only where [`Self::sequence`] is.
    pub version_id: String,
    /// What orders the rows of one object: the greater, the later. Empty in inventories.
    pub sequence: String,
    /// What the row tells of it.
    pub record: RowKind,
}

impl InventoryItem {
    /// An item of which nothing is known yet.
    const fn empty() -> Self {
        Self {
            bucket: String::new(),
            key: String::new(),
            size: None,
            modified_ns: None,
            version: VersionKind::Current,
            class: StorageClass::Unknown,
            encryption: EncryptionStatus::Unknown,
            bucket_key: BucketKeyStatus::Unknown,
            lock: ObjectLock { has_mode: false, retained_until_ns: None, has_hold: false },
            version_id: String::new(),
            sequence: String::new(),
            record: RowKind::Listed,
        }
    }

    /// Forgets everything; keeps its memory.
    fn clear(&mut self) {
        let texts = [&mut self.bucket, &mut self.key, &mut self.version_id, &mut self.sequence];
        let [bucket, key, version_id, sequence] = texts.map(|text| {
            text.clear();
            std::mem::take(text)
        });
        *self = Self { bucket, key, version_id, sequence, ..Self::empty() };
    }

    fn set_flag(&mut self, column: InventoryColumn, is: bool) {
        match column {
            InventoryColumn::IsDeleteMarker if is => self.version = VersionKind::DeleteMarker,
            InventoryColumn::IsLatest if !is && self.version == VersionKind::Current => {
                self.version = VersionKind::Old;
            }
            InventoryColumn::BucketKeyStatus => {
                self.bucket_key =
                    if is { BucketKeyStatus::Enabled } else { BucketKeyStatus::Disabled };
            }
            _ => {}
        }
    }

    fn set_time(&mut self, column: InventoryColumn, time_ns: i64) {
        match column {
            InventoryColumn::RetainUntil => self.lock.retained_until_ns = Some(time_ns),
            _ => self.modified_ns = Some(time_ns),
        }
    }

    /// Whether its key begins with a prefix, whether the file writes it URL-encoded or not.
    pub(crate) fn has_prefix(&self, prefix: &str) -> bool {
        let decoded = percent_decoded(self.key.as_bytes());
        self.key.starts_with(prefix) || decoded.starts_with(prefix.as_bytes())
    }

    fn set_class(&mut self, text: &str) {
        let known = StorageClass::ALL.into_iter().find(|class| class.name() == text);
        // The tier may have come first.
        if self.class != StorageClass::TieringArchive {
            self.class = known.unwrap_or(StorageClass::Other);
        }
    }

    fn set_tier(&mut self, text: &str) {
        let archives = ["ARCHIVE", "ARCHIVE_ACCESS", "DEEP_ARCHIVE", "DEEP_ARCHIVE_ACCESS"];
        if archives.iter().any(|tier| tier.eq_ignore_ascii_case(text.trim())) {
            self.class = StorageClass::TieringArchive;
        }
    }

    /// Takes over a value that is written as text.
    fn set_text(&mut self, column: InventoryColumn, text: &str) -> Result<()> {
        // A bucket, a key or a version may be called by a word that stands for nothing elsewhere.
        let is_name = matches!(
            column,
            InventoryColumn::Bucket | InventoryColumn::Key | InventoryColumn::VersionId
        );
        if text.is_empty() || (!is_name && stands_for_nothing(text)) {
            return Ok(());
        }
        let wrong = |constraint: &str| {
            Error::request(format!("`{}` is `{text}`, but must be {constraint}", column.name()))
                .hint("write it as S3 does, or leave it empty where it is not known")
        };
        match column {
            InventoryColumn::Bucket => self.bucket.push_str(text),
            InventoryColumn::Key => self.key.push_str(text),
            InventoryColumn::Size => {
                self.size = Some(whole(text).ok_or_else(|| wrong("a number of bytes"))?);
            }
            InventoryColumn::LastModified | InventoryColumn::RetainUntil => {
                let time = parse_moment(text.as_bytes())
                    .or_else(|| whole(text).and_then(epoch).filter(|ns| SINCE_S3.contains(ns)))
                    .ok_or_else(|| wrong("a time as ISO 8601 has it, or since 1970"))?;
                self.set_time(column, time);
            }
            InventoryColumn::LockMode => {
                self.lock.has_mode = one_of_two(text, ["GOVERNANCE", "COMPLIANCE"])
                    .map(|_| true)
                    .ok_or_else(|| wrong("`GOVERNANCE` or `COMPLIANCE`"))?;
            }
            InventoryColumn::LegalHold => {
                self.lock.has_hold =
                    one_of_two(text, ["ON", "OFF"]).ok_or_else(|| wrong("`ON` or `OFF`"))?;
            }
            InventoryColumn::IsLatest | InventoryColumn::IsDeleteMarker => {
                self.set_flag(column, flag(text).ok_or_else(|| wrong("`true` or `false`"))?);
            }
            InventoryColumn::StorageClass => self.set_class(text),
            InventoryColumn::AccessTier => self.set_tier(text),
            InventoryColumn::EncryptionStatus => {
                let name = text.trim().to_ascii_uppercase().replace('_', "-");
                self.encryption = EncryptionStatus::ALL
                    .into_iter()
                    .find(|status| status.name() == name)
                    .filter(|encryption| *encryption != EncryptionStatus::Unknown)
                    .ok_or_else(|| {
                        wrong("`SSE-S3`, `SSE-KMS`, `DSSE-KMS`, `SSE-C` or `NOT-SSE`")
                    })?;
            }
            InventoryColumn::BucketKeyStatus => {
                let is_on = one_of_two(text, ["ENABLED", "DISABLED"]).or_else(|| flag(text));
                self.set_flag(column, is_on.ok_or_else(|| wrong("`ENABLED` or `DISABLED`"))?);
            }
            InventoryColumn::VersionId => self.version_id.push_str(text),
            InventoryColumn::SequenceNumber => self.sequence.push_str(text),
            InventoryColumn::RecordType => {
                let name = text.trim().to_ascii_uppercase();
                self.record = RowKind::ALL
                    .into_iter()
                    .find(|kind| kind.name() == name)
                    .ok_or_else(|| wrong("`CREATE`, `UPDATE_METADATA` or `DELETE`"))?;
            }
        }
        Ok(())
    }
}

/// From when S3 began, 2006, to 2100, in nanoseconds since the Unix epoch: a number that stands for another time is no
/// such count.
const SINCE_S3: Range<i64> = 1_136_073_600_000_000_000..4_102_444_800_000_000_000;

/// Whether a text says that something is so, as S3 or a table of numbers writes it.
fn flag(text: &str) -> Option<bool> {
    one_of_two(text, ["true", "false"]).or_else(|| match whole(text)? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    })
}

/// A whole number, as digits or as a program writes one that it keeps as a fraction: `1000.0`, `1e3`.
fn whole(text: &str) -> Option<u64> {
    /// Beyond it, such programs leave numbers out.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let begins_so = text.starts_with(|first: char| first.is_ascii_digit());
    let number = text.parse::<f64>().ok().filter(|number| begins_so && number.fract() == 0.0)?;
    (0.0..=EXACT).contains(&number).then_some(number as u64)
}

/// Whether a word, in whatever case, is the first of two; `None` if it is neither.
fn one_of_two(text: &str, [first, second]: [&str; 2]) -> Option<bool> {
    match text.trim() {
        text if text.eq_ignore_ascii_case(first) => Some(true),
        text if text.eq_ignore_ascii_case(second) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delete_marker_is_one_whichever_flag_comes_first() {
        for flags in [["IsLatest", "IsDeleteMarker"], ["IsDeleteMarker", "IsLatest"]] {
            let mut item = InventoryItem::empty();
            for flag in flags {
                let value = if flag == "IsLatest" { "false" } else { "true" };
                item.set_text(InventoryColumn::of_header(flag).unwrap(), value).unwrap();
            }
            assert_eq!(item.version, VersionKind::DeleteMarker);
        }
    }

    /// What lies in an archive tier must be restored before it is copied, whichever column comes first.
    #[test]
    fn archive_tiers_are_archives() {
        let columns =
            [("StorageClass", "INTELLIGENT_TIERING"), ("IntelligentTieringAccessTier", "ARCHIVE")];
        for tier in ["ARCHIVE", "DEEP_ARCHIVE", "FREQUENT", "ARCHIVE_INSTANT_ACCESS", ""] {
            for order in [[0, 1], [1, 0]] {
                let mut item = InventoryItem::empty();
                for at in order {
                    let value = if at == 1 { tier } else { columns[at].1 };
                    let column = InventoryColumn::of_header(columns[at].0).unwrap();
                    item.set_text(column, value).unwrap();
                }
                assert_eq!(
                    item.class.is_archive(),
                    ["ARCHIVE", "DEEP_ARCHIVE"].contains(&tier),
                    "{tier}"
                );
            }
        }
    }

    /// By hand: a retention period holds until it ends, a legal hold whatever the period says.
    #[test]
    fn object_lock_holds_while_its_period_lasts() {
        for (mode, until, hold, expected) in [
            ("", "", "", false),
            ("GOVERNANCE", "2026-11-21T00:00:00.000Z", "", true),
            ("COMPLIANCE", "2026-11-19T00:00:00.000Z", "", false),
            ("COMPLIANCE", "2026-11-19T00:00:00.000Z", "ON", true),
            ("GOVERNANCE", "", "OFF", true),
            ("", "", "ON", true),
            ("", "", "OFF", false),
        ] {
            let mut item = InventoryItem::empty();
            for (column, text) in [
                (InventoryColumn::LockMode, mode),
                (InventoryColumn::RetainUntil, until),
                (InventoryColumn::LegalHold, hold),
            ] {
                item.set_text(column, text).unwrap();
            }
            let now_ns = parse_moment(b"2026-11-20T00:00:00.000Z").unwrap();
            assert_eq!(item.lock.holds_at(now_ns), expected, "{mode} {until} {hold}");
            item.clear();
            assert_eq!(item.lock, ObjectLock::default());
        }
    }

    #[test]
    fn prefixes_are_found_in_keys_as_inventories_write_them() {
        let item = |key: &str| InventoryItem { key: key.to_owned(), ..InventoryItem::empty() };
        assert!(item("logs/a%20b/c").has_prefix("logs/a b/"));
        assert!(item("logs/a+b/c").has_prefix("logs/a+b"));
        assert!(item("100%25/x").has_prefix("100%/"));
        assert!(!item("logs").has_prefix("logs/"));
        assert!(item("anything").has_prefix(""));
    }

    #[test]
    fn columns_go_by_the_names_of_csv_and_of_parquet() {
        assert_eq!(
            InventoryColumn::of_header(" BucketKeyStatus"),
            Some(InventoryColumn::BucketKeyStatus)
        );
        assert_eq!(
            InventoryColumn::of_header("bucket_key_status"),
            Some(InventoryColumn::BucketKeyStatus)
        );
        assert_eq!(
            InventoryColumn::of_header("is_bucket_key_enabled"),
            Some(InventoryColumn::BucketKeyStatus)
        );
        assert_eq!(InventoryColumn::of_header("ETag"), None);
    }

    #[test]
    fn wrong_values_are_named_with_their_column() {
        for (column, text) in [
            (InventoryColumn::Size, "+5"),
            (InventoryColumn::Size, "99999999999999999999"),
            (InventoryColumn::LastModified, "2026-02-30T00:00:00.000Z"),
            (InventoryColumn::LastModified, "2026-02-03T00:00:00.Z"),
            (InventoryColumn::IsLatest, "yes"),
            (InventoryColumn::EncryptionStatus, "unknown"),
            (InventoryColumn::BucketKeyStatus, "ON"),
            (InventoryColumn::RetainUntil, "next year"),
            (InventoryColumn::LockMode, "LOCKED"),
            (InventoryColumn::LegalHold, "true"),
        ] {
            let error = InventoryItem::empty().set_text(column, text).unwrap_err().to_string();
            assert!(error.contains(column.name()) && error.contains(text), "{error}");
        }
    }
}
