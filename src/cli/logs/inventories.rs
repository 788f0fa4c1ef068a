//! What inventories tell of objects that the logs only read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::{open, unreadable};
use crate::cli::inventory::files::{DataFileTable, Listing};
use crate::cli::output;
use crate::error::{Error, Result};
use crate::inventory::versions::Versions;
use crate::inventory::{
    BucketKeyStatus, EncryptionStatus, InventoryColumn, InventoryItem, VersionKind,
};
use crate::recording::earlier_objects::EarlierKey;
use crate::recording::gather::RecordGatherer;
use crate::recording::{Fingerprint, LogInput};

/// Columns without which an inventory does not tell which key wraps an object.
const NEEDED: [InventoryColumn; 4] = [
    InventoryColumn::Key,
    InventoryColumn::LastModified,
    InventoryColumn::EncryptionStatus,
    InventoryColumn::BucketKeyStatus,
];

/// Objects by what became of them.
#[derive(Default)]
struct InventoriedCounts {
    with_key: u64,
    without_key: u64,
    without_kms: u64,
    elsewhere: u64,
}

impl InventoriedCounts {
    fn of(&mut self, status: EarlierKey) -> &mut u64 {
        match status {
            EarlierKey::WithKey => &mut self.with_key,
            EarlierKey::WithoutKey => &mut self.without_key,
            EarlierKey::Unknown | EarlierKey::WithoutKms => &mut self.without_kms,
        }
    }
}

/// Reads inventories for the buckets of the logs that were gathered.
pub(super) fn read(
    paths: &[PathBuf],
    gather: &mut RecordGatherer,
    quiet: bool,
) -> Result<Vec<LogInput>> {
    let mut buckets = BTreeSet::new();
    let mut inputs = Vec::new();
    let (mut tables, mut manifests) = (Vec::new(), Vec::new());
    for path in paths {
        match DataFileTable::of(path) {
            Some(table) => tables.push((path, table)),
            None => manifests.push(path),
        }
    }
    if !tables.is_empty() {
        inputs.extend(read_tables(&tables, gather, quiet)?);
    }
    for path in manifests {
        let place = path.display().to_string();
        let listing = Listing::open(path, quiet)?;
        let bucket = &listing.manifest.source_bucket;
        if !buckets.insert(bucket.clone()) {
            return Err(Error::request(format!("the bucket `{bucket}` has an inventory already"))
                .at(place)
                .hint("give the one that was made last before the logs begin"));
        }
        inputs.push(input(&place, &listing.text));
        let taken = take(&listing, gather).map_err(|error| error.at(&place))?;
        if !quiet {
            output::note(&summary(&place, &format!("`{bucket}`"), &taken));
        }
    }
    Ok(inputs)
}

fn input(name: &str, text: &[u8]) -> LogInput {
    let mut hash = Fingerprint::default();
    hash.take(text);
    hash.of_file(name.to_owned())
}

/// Takes items for the logs' buckets.
struct InventoryTaker<'g> {
    gather: &'g mut RecordGatherer,
    taken: InventoriedCounts,
    failed: Option<Error>,
}

impl<'g> InventoryTaker<'g> {
    fn new(gather: &'g mut RecordGatherer) -> Self {
        Self { gather, taken: InventoriedCounts::default(), failed: None }
    }

    /// Takes an item; `bucket` is its bucket if it names none.
    fn take(&mut self, item: &InventoryItem, bucket: &str) {
        if item.version != VersionKind::Current || self.failed.is_some() {
            return;
        }
        let status = match (item.encryption, item.bucket_key) {
            (EncryptionStatus::SseS3 | EncryptionStatus::SseC | EncryptionStatus::NotSse, _) => {
                EarlierKey::WithoutKms
            }
            (_, BucketKeyStatus::Enabled) => EarlierKey::WithKey,
            (EncryptionStatus::SseKms, BucketKeyStatus::Unknown) => return,
            // Each read of what is under DSSE-KMS is counted as of an object without a bucket key.
            (_, BucketKeyStatus::Disabled | BucketKeyStatus::Unknown) => EarlierKey::WithoutKey,
        };
        let Some(modified_ns) = item.modified_ns else { return };
        let bucket = if item.bucket.is_empty() { bucket } else { &item.bucket };
        let key = item.key.as_bytes();
        match self.gather.take_inventoried(bucket.as_bytes(), key, modified_ns, status) {
            Ok(true) => *self.taken.of(status) += 1,
            Ok(false) => self.taken.elsewhere += 1,
            Err(error) => self.failed = Some(error),
        }
    }

    /// What was taken of files with these columns.
    fn finish(self, found: &BTreeSet<InventoryColumn>) -> Result<InventoriedCounts> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match NEEDED.iter().find(|column| !found.contains(column)) {
            None => Ok(self.taken),
            Some(column) => Err(Error::request(format!(
                "the inventory has no `{}`, so it does not show which key wraps an object",
                column.name()
            ))
            .hint(
                "add the field to the inventory's configuration, or replay without `--inventory`",
            )),
        }
    }
}

fn take(listing: &Listing, gather: &mut RecordGatherer) -> Result<InventoriedCounts> {
    let mut taker = InventoryTaker::new(gather);
    let found =
        listing.read(true, &mut |item| taker.take(item, &listing.manifest.source_bucket))?;
    taker.finish(&found)
}

/// Reads the files of S3 Metadata's tables, whose rows may be of one object.
fn read_tables(
    tables: &[(&PathBuf, DataFileTable)],
    gather: &mut RecordGatherer,
    quiet: bool,
) -> Result<Vec<LogInput>> {
    let mut taker = InventoryTaker::new(gather);
    let mut versions = Versions::default();
    let mut inputs = Vec::new();
    let mut all: Option<BTreeSet<InventoryColumn>> = None;
    let mut names = Vec::new();
    for (path, table) in tables {
        let place = path.display().to_string();
        let found = table.read(path, &mut |item| {
            if !versions.take(item) {
                taker.take(item, "");
            }
        })?;
        let found: BTreeSet<InventoryColumn> = found.into_iter().collect();
        if !found.contains(&InventoryColumn::Bucket) {
            return Err(Error::request("the table does not name buckets")
                .at(place)
                .hint("write its column `bucket` as well"));
        }
        all = Some(all.map_or(found.clone(), |all| all.intersection(&found).copied().collect()));
        inputs.push(fingerprint(path)?);
        names.push(place);
    }
    versions.finish(&mut |item| taker.take(item, ""));
    let place = names.join(" ");
    let counts = taker.finish(&all.unwrap_or_default()).map_err(|error| error.at(&place))?;
    if !quiet {
        output::note(&summary(&place, "the logs' buckets", &counts));
    }
    Ok(inputs)
}

/// A file as it lies there.
fn fingerprint(path: &Path) -> Result<LogInput> {
    let mut hash = Fingerprint::default();
    std::io::copy(&mut open(path)?, &mut hash).map_err(|error| unreadable(path, &error))?;
    Ok(hash.of_file(path.display().to_string()))
}

fn summary(place: &str, bucket: &str, taken: &InventoriedCounts) -> String {
    let InventoriedCounts { with_key, without_key, without_kms, elsewhere } = taken;
    if *elsewhere > 0 && with_key + without_key + without_kms == 0 {
        return format!("{place}: no log has a request to {bucket}, so it is not used");
    }
    let without_kms = match without_kms {
        0 => String::new(),
        _ => format!(", {without_kms} not under KMS, which their reads never call"),
    };
    format!(
        "{place}: {with_key} objects of {bucket} with a bucket key, {without_key} \
         without{without_kms}"
    )
}
