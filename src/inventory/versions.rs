//! Rows of S3 Metadata: which of an object's rows tell what is there now.
//!
//! Neither table says which version of an object is the current one. Rows of one object are ordered by
//! their sequence number, in a journal the last row of a version tells what became of it, and the version
//! that was written last is the current one
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/metadata-tables-schema.html>).
//!
//! A live inventory of a bucket without versions has one row an object, and none of them is kept. Else each
//! version takes its key and some 200 bytes.

use std::collections::HashMap;

use super::{InventoryItem, RowKind, VersionKind};

/// Versions of objects, until all rows are read.
#[derive(Debug, Default)]
pub struct Versions {
    /// By bucket and key.
    objects: HashMap<(String, String), Vec<KnownVersion>>,
    /// Whether there was a row of a journal.
    is_journal: bool,
}

/// What is known of a version.
#[derive(Debug)]
struct KnownVersion {
    /// The version's id; empty in a bucket without versions.
    id: String,
    /// The row that told last of it.
    sequence: String,
    /// Its row: what is there, or that it is gone. Bucket, key and id are not in it.
    item: InventoryItem,
}

impl Versions {
    /// Keeps a row if others may tell more of its object; says whether it did.
    pub(crate) fn take(&mut self, item: &InventoryItem) -> bool {
        let is_change = item.record != RowKind::Listed;
        if !is_change && (item.version_id.is_empty() || item.sequence.is_empty()) {
            return false;
        }
        self.is_journal |= is_change;
        let versions = self.objects.entry((item.bucket.clone(), item.key.clone())).or_default();
        let known = KnownVersion {
            id: item.version_id.clone(),
            sequence: item.sequence.clone(),
            item: bare(item),
        };
        match versions.iter_mut().find(|version| version.id == known.id) {
            Some(last) if last.sequence <= known.sequence => *last = known,
            Some(_) => {}
            None => versions.push(known),
        }
        true
    }

    /// How many objects a journal told of that are there.
    pub(crate) fn changed(&self) -> u64 {
        let objects = self.objects.values().filter(|_| self.is_journal);
        objects.filter(|versions| versions.iter().any(KnownVersion::is_there)).count() as u64
    }

    /// Gives each version that is there, in no order.
    pub(crate) fn finish(self, each: &mut dyn FnMut(&InventoryItem)) {
        for ((bucket, key), mut versions) in self.objects {
            versions.retain(KnownVersion::is_there);
            versions.sort_by(|a, b| a.written().cmp(&b.written()));
            let current = versions.len().saturating_sub(1);
            for (number, known) in versions.into_iter().enumerate() {
                let mut item = known.item;
                item.bucket.clone_from(&bucket);
                item.key.clone_from(&key);
                if number < current && item.version == VersionKind::Current {
                    item.version = VersionKind::Old;
                }
                each(&item);
            }
        }
    }
}

impl KnownVersion {
    fn is_there(&self) -> bool {
        self.item.record != RowKind::Delete
    }

    /// What orders versions: when they were written; of one moment, as rows do.
    fn written(&self) -> (Option<i64>, &str) {
        (self.item.modified_ns, &self.sequence)
    }
}

/// What a row says of an object besides its names.
fn bare(item: &InventoryItem) -> InventoryItem {
    InventoryItem {
        bucket: String::new(),
        key: String::new(),
        version_id: String::new(),
        sequence: String::new(),
        ..*item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(
        key: &str,
        version: &str,
        sequence: u32,
        record: RowKind,
        modified_ns: i64,
    ) -> InventoryItem {
        InventoryItem {
            key: key.to_owned(),
            version_id: version.to_owned(),
            sequence: format!("{sequence:08x}"),
            record,
            modified_ns: Some(modified_ns),
            size: Some(u64::from(sequence)),
            ..InventoryItem::empty()
        }
    }

    /// Sizes of what is there, current and old, in whatever order the rows come.
    fn there(mut rows: Vec<InventoryItem>) -> (Vec<u64>, Vec<u64>, u64) {
        let mut all = Vec::new();
        for _ in 0..rows.len() {
            rows.rotate_left(1);
            let mut versions = Versions::default();
            assert!(rows.iter().all(|item| versions.take(item)));
            let changed = versions.changed();
            let (mut current, mut old) = (Vec::new(), Vec::new());
            versions.finish(&mut |item| {
                let list = if item.version == VersionKind::Old { &mut old } else { &mut current };
                list.push(item.size.unwrap());
            });
            current.sort_unstable();
            old.sort_unstable();
            all.push((current, old, changed));
        }
        all.dedup();
        assert_eq!(all.len(), 1, "order does not matter");
        all.remove(0)
    }

    #[test]
    fn a_journals_last_row_tells_what_is_there() {
        let (create, update, delete) = (RowKind::Create, RowKind::Update, RowKind::Delete);
        let rows = vec![
            row("a", "", 1, create, 10),
            row("a", "", 2, create, 20),
            row("b", "", 3, create, 10),
            row("b", "", 4, delete, 30),
            row("c", "", 5, create, 10),
            row("c", "", 6, update, 10),
            // Deleted and written again.
            row("d", "", 7, delete, 10),
            row("d", "", 8, create, 20),
        ];
        assert_eq!(there(rows), (vec![2, 6, 8], vec![], 3));
    }

    #[test]
    fn the_version_written_last_is_the_current_one() {
        let (create, update, delete) = (RowKind::Create, RowKind::Update, RowKind::Delete);
        let rows = vec![
            row("a", "1", 1, create, 10),
            row("a", "2", 2, create, 20),
            // The old version's tags: it stays the old one.
            row("a", "1", 3, update, 10),
            // The newer version is gone: the older is current again.
            row("b", "1", 4, create, 10),
            row("b", "2", 5, create, 20),
            row("b", "2", 6, delete, 20),
        ];
        assert_eq!(there(rows), (vec![2, 4], vec![3], 2));
        let listed = RowKind::Listed;
        let rows = vec![row("a", "1", 1, listed, 10), row("a", "2", 2, listed, 20)];
        assert_eq!(there(rows), (vec![2], vec![1], 0));
    }

    #[test]
    fn rows_that_stand_alone_are_not_kept() {
        let mut versions = Versions::default();
        assert!(!versions.take(&row("a", "", 1, RowKind::Listed, 10)));
        versions.finish(&mut |_| panic!("nothing was kept"));
    }
}
