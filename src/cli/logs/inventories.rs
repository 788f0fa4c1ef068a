//! What inventories tell of objects that the logs only read.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::cli::inventory::files::Listing;
use crate::cli::output;
use crate::error::{Error, Result};
use crate::inventory::{BucketKey, Column, Encryption, Version};
use crate::recording::before::Inventoried;
use crate::recording::gather::Gather;
use crate::recording::{Fingerprint, Input};

/// Columns without which an inventory does not tell which key wraps an object.
const NEEDED: [Column; 4] =
    [Column::Key, Column::LastModified, Column::EncryptionStatus, Column::BucketKeyStatus];

/// Objects by what became of them.
#[derive(Default)]
struct Taken {
    with_key: u64,
    without_key: u64,
    without_kms: u64,
    elsewhere: u64,
}

impl Taken {
    fn of(&mut self, told: Inventoried) -> &mut u64 {
        match told {
            Inventoried::WithKey => &mut self.with_key,
            Inventoried::WithoutKey => &mut self.without_key,
            Inventoried::WithoutKms => &mut self.without_kms,
        }
    }
}

/// Reads inventories for the buckets of the logs that were gathered.
///
/// # Errors
/// What is wrong with an inventory, or that it does not tell enough.
pub(super) fn read(paths: &[PathBuf], gather: &mut Gather, quiet: bool) -> Result<Vec<Input>> {
    let mut buckets = BTreeSet::new();
    let mut inputs = Vec::new();
    for path in paths {
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
            output::note(&told(&place, bucket, &taken));
        }
    }
    Ok(inputs)
}

fn input(name: &str, text: &[u8]) -> Input {
    let mut hash = Fingerprint::default();
    hash.take(text);
    Input { name: name.to_owned(), bytes: hash.bytes(), hash: hash.hex() }
}

fn take(listing: &Listing, gather: &mut Gather) -> Result<Taken> {
    let mut taken = Taken::default();
    let mut failed = None;
    let found = listing.read(true, &mut |item| {
        if item.version != Version::Current || failed.is_some() {
            return;
        }
        let told = match (item.encryption, item.bucket_key) {
            (Encryption::SseS3 | Encryption::SseC | Encryption::NotSse, _) => {
                Inventoried::WithoutKms
            }
            (_, BucketKey::Enabled) => Inventoried::WithKey,
            (Encryption::SseKms, BucketKey::Untold) => return,
            // Each read of what is under DSSE-KMS is counted as of an object without a bucket key.
            (_, BucketKey::Disabled | BucketKey::Untold) => Inventoried::WithoutKey,
        };
        let Some(modified_ns) = item.modified_ns else { return };
        let bucket = match item.bucket.as_str() {
            "" => &listing.manifest.source_bucket,
            bucket => bucket,
        };
        let key = item.key.as_bytes();
        match gather.take_inventoried(bucket.as_bytes(), key, modified_ns, told) {
            Ok(true) => *taken.of(told) += 1,
            Ok(false) => taken.elsewhere += 1,
            Err(error) => failed = Some(error),
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    match NEEDED.iter().find(|column| !found.contains(column)) {
        None => Ok(taken),
        Some(column) => Err(Error::request(format!(
            "the inventory has no `{}`, so it does not tell which key wraps an object",
            column.name()
        ))
        .hint("add the field to the inventory's configuration, or replay without `--inventory`")),
    }
}

fn told(place: &str, bucket: &str, taken: &Taken) -> String {
    let Taken { with_key, without_key, without_kms, elsewhere } = taken;
    if *elsewhere > 0 && with_key + without_key + without_kms == 0 {
        return format!("{place}: no log has a request to `{bucket}`, so it tells nothing");
    }
    let without_kms = match without_kms {
        0 => String::new(),
        _ => format!(", {without_kms} not under KMS, which their reads never call"),
    };
    format!(
        "{place}: {with_key} objects of `{bucket}` with a bucket key, {without_key} \
         without{without_kms}"
    )
}
