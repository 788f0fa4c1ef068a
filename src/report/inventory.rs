//! What an inventory holds, and what giving its objects a bucket key would touch and cost.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::document::{Block, Cell, Document, Table};
use super::json;
use super::numbers::{bytes, dollars, grouped};
use crate::harmless_text::named;
use crate::inventory::rows::{AGES_DAYS, InventoryRow};
use crate::inventory::tally::{InventoryCounts, ObjectCounts, ObjectKind};
use crate::inventory::{BucketKeyStatus, InventoryColumn, StorageClass, VersionKind};
use crate::migration::one_off::OneOff;
use crate::migration::reach::MigrationMethod;
use crate::migration::stored::of_inventory;
use crate::pricing::{PriceTable, Terms};
use crate::results::csv;
use crate::units::utc;

/// An inventory as counted.
pub struct Inventory<'a> {
    /// When it was made, in nanoseconds since the Unix epoch.
    pub as_of_ns: i64,
    /// Its objects.
    pub tally: &'a InventoryCounts,
    /// Columns that some file of it lacks.
    pub missing: &'a BTreeSet<InventoryColumn>,
    /// Objects that were counted from a journal: those that were changed since it began.
    pub of_journal: u64,
}

/// Objects of one class that a migration touches.
struct Touched {
    class: StorageClass,
    all: ObjectCounts,
    current: ObjectCounts,
    young: u64,
}

/// SSE-KMS objects without a bucket key, by class, and those of which it is not known whether they have one.
fn touched(tally: &InventoryCounts) -> Vec<Touched> {
    let classes = StorageClass::ALL.iter().map(|class| {
        let all = tally.sum(|_, kind| is_keyless(kind, *class));
        let current =
            tally.sum(|_, kind| is_keyless(kind, *class) && kind.version == VersionKind::Current);
        let young = current.younger_than_days(class.days_min());
        Touched { class: *class, all, current, young }
    });
    classes.filter(|touched| touched.all.objects > 0).collect()
}

fn is_keyless(kind: ObjectKind, class: StorageClass) -> bool {
    kind.is_sse_kms() && kind.bucket_key != BucketKeyStatus::Enabled && kind.class == class
}

/// What the inventory leaves open, and what must be known of the migration.
fn notes(inventory: &Inventory) -> Vec<String> {
    let mut notes = Vec::new();
    for column in inventory.missing {
        let cannot = match column {
            // Counting needs no keys, and an inventory without encryption is refused.
            InventoryColumn::Key
            | InventoryColumn::EncryptionStatus
            | InventoryColumn::AccessTier
            | InventoryColumn::VersionId
            | InventoryColumn::RetainUntil
            | InventoryColumn::LockMode
            | InventoryColumn::LegalHold
            | InventoryColumn::SequenceNumber
            | InventoryColumn::RecordType => continue,
            InventoryColumn::Bucket => "objects are counted for the manifest's bucket",
            InventoryColumn::IsLatest | InventoryColumn::IsDeleteMarker => {
                "every object is taken for the current version, as inventories of current versions \
                 only have it"
            }
            InventoryColumn::Size => {
                "nothing is said of bytes, nor which objects one COPY cannot take"
            }
            InventoryColumn::LastModified => "nothing is said of ages, and there is no population",
            InventoryColumn::StorageClass => "fees of infrequent access and archive cannot be seen",
            InventoryColumn::BucketKeyStatus => {
                "which objects have a bucket key cannot be said: the migration is of all SSE-KMS \
                 objects, at most"
            }
        };
        notes.push(format!("no `{}`: {cannot}", column.name()));
    }
    if inventory.of_journal > 0 {
        notes.push(format!(
            "a journal records changes: these are the {} objects that were written or changed since it \
             began, and older ones are not in it",
            grouped(inventory.of_journal)
        ));
    }
    let unknown = inventory
        .tally
        .sum(|_, kind| kind.is_sse_kms() && kind.bucket_key == BucketKeyStatus::Unknown);
    if unknown.objects > 0 && !inventory.missing.contains(&InventoryColumn::BucketKeyStatus) {
        notes.push(format!(
            "{} SSE-KMS objects have no bucket key status: the migration counts them, at most",
            grouped(unknown.objects)
        ));
    }
    let locked = inventory.tally.sum(|_, kind| kind.is_sse_kms() && kind.is_locked);
    if locked.objects > 0 {
        notes.push(format!(
            "{} SSE-KMS objects are under Object Lock: UpdateObjectEncryption leaves them; a copy makes a new \
             version and leaves the locked one",
            grouped(locked.objects)
        ));
    }
    let newer = inventory.tally.newer;
    if newer > 0 {
        notes.push(format!(
            "{} objects were written after {}, from which ages count: they are taken as new \
             (`--as-of`)",
            grouped(newer),
            utc(inventory.as_of_ns)
        ));
    }
    for touched in touched(inventory.tally) {
        note_class(&touched, &mut notes);
    }
    notes
}

/// What must be known of the migration of a storage class.
fn note_class(Touched { class, all, current, young }: &Touched, notes: &mut Vec<String>) {
    if current.large > 0 {
        notes.push(format!(
            "{}: {} objects are over 5 GiB, which one COPY does not take",
            class.name(),
            grouped(current.large)
        ));
    }
    if class.charges_retrieval() {
        notes.push(format!(
            "{}: copying {} objects ({}) is charged for retrieval{}, and at least {} of them are \
             younger than {} days: replacing these is charged as early deletion",
            class.name(),
            grouped(current.objects - current.large),
            bytes(current.bytes.saturating_sub(current.large_bytes)),
            if class.is_archive() { " after they are restored" } else { "" },
            grouped(*young),
            class.days_min()
        ));
    }
    if all.objects > current.objects {
        notes.push(format!(
            "{}: {} old versions cannot be copied in place; the copy is of current ones alone",
            class.name(),
            grouped(all.objects - current.objects)
        ));
    }
}

/// The plans, in place and by copy: objects and dollars of each. The inventory is the list of objects, so that
/// S3 need not make one.
fn plans(tally: &InventoryCounts, prices: &PriceTable) -> [(&'static str, u64, f64); 2] {
    let stored = of_inventory(tally);
    [("UpdateObjectEncryption", MigrationMethod::Update), ("COPY", MigrationMethod::Copy)].map(
        |(name, operation)| {
            let work = OneOff::of(operation, &stored, false, (prices, &Terms::default()));
            (name, work.objects, work.total().as_f64())
        },
    )
}

/// Objects by bucket and kind, by storage class and by age, and what a migration would touch and cost.
#[must_use]
pub fn document(inventory: &Inventory, prices: &PriceTable) -> Document {
    let Inventory { tally, as_of_ns, .. } = inventory;
    let all = tally.sum(|_, _| true);
    let buckets = match tally.buckets.len() {
        1 => "1 bucket".to_owned(),
        n => format!("{n} buckets"),
    };
    let mut blocks = vec![Block::Paragraph(format!(
        "{} lines of {buckets}, {}, as of {}",
        grouped(all.objects),
        bytes(all.bytes),
        utc(*as_of_ns)
    ))];
    blocks.extend(tally.buckets.keys().map(|bucket| Block::Table(kinds(tally, bucket))));
    let mut classes = Table::new("storage class", ["objects", "size"]);
    for class in StorageClass::ALL {
        push(&mut classes, class.name(), &tally.sum(|_, kind| kind.class == class));
    }
    blocks.extend([Block::Table(classes), Block::Table(ages(&all))]);
    blocks.extend(migration(tally, prices));
    blocks.push(Block::List(notes(inventory).iter().map(|it| format!("note: {it}")).collect()));
    Document::of(blocks)
}

/// Adds a row of objects, if there are any.
fn push(table: &mut Table, label: impl Into<Cell>, counts: &ObjectCounts) {
    if counts.objects > 0 {
        let cells = [grouped(counts.objects), bytes(counts.bytes)].map(Cell::from);
        table.push(std::iter::once(label.into()).chain(cells));
    }
}

/// Objects of a bucket by version, encryption and bucket key.
fn kinds(tally: &InventoryCounts, bucket: &str) -> Table {
    let mut table = Table::new(format!("`{}`", named(bucket)), ["objects", "size"]);
    let mut last = None;
    for (_, kind, _) in tally.kinds().filter(|(name, ..)| *name == bucket) {
        let shown = (kind.version, kind.encryption, kind.bucket_key);
        if last.replace(shown) == Some(shown) {
            continue;
        }
        let counts = tally.sum(|name, other| {
            name == bucket && (other.version, other.encryption, other.bucket_key) == shown
        });
        let key = match kind.bucket_key {
            BucketKeyStatus::Enabled => ", with a bucket key",
            BucketKeyStatus::Disabled => ", without a bucket key",
            BucketKeyStatus::Unknown => "",
        };
        let label = format!("{}, {}{key}", kind.version.name(), kind.encryption.name());
        push(&mut table, label, &counts);
    }
    table
}

/// How many objects are how old.
fn ages(all: &ObjectCounts) -> Table {
    let mut table = Table::new("age", ["objects"]);
    let mut before = 0;
    for days in AGES_DAYS {
        let younger = all.younger_than_days(days);
        table.push([format!("under {days} d").into(), grouped(younger - before).into()]);
        before = younger;
    }
    let known: u64 = all.ages.values().sum();
    table.push(["365 d and over".into(), grouped(known - before).into()]);
    if all.objects > known {
        table.push(["unknown".into(), grouped(all.objects - known).into()]);
    }
    table
}

/// Objects that a migration would touch, and what it costs.
fn migration(tally: &InventoryCounts, prices: &PriceTable) -> Vec<Block> {
    let touched = touched(tally);
    if touched.is_empty() {
        return vec![Block::Paragraph(
            "a migration would touch nothing: no SSE-KMS object lacks a bucket key".to_owned(),
        )];
    }
    let mut table = Table::new("to migrate", ["objects", "old versions", "over 5 GiB"]);
    for Touched { class, all, current, .. } in &touched {
        let counts = [all.objects, all.objects - current.objects, all.large];
        let counts = counts.map(|count| grouped(count).into());
        table.push(std::iter::once(class.name().into()).chain(counts));
    }
    let costs = plans(tally, prices).map(|(name, objects, usd)| {
        let at_least = if name == "COPY" { "at least " } else { "" };
        let (objects, cost) = (grouped(objects), dollars(usd));
        format!("{name} of {objects} objects by Batch Operations costs {at_least}{cost}, once")
    });
    let more = "`bks migrate` with the same files tells how long it takes and what is left, and with a scenario what \
                it saves month by month";
    let more = std::iter::once(more.to_owned());
    vec![Block::Table(table), Block::List(costs.into_iter().chain(more).collect())]
}

/// What an inventory holds, and what a migration of it touches and costs.
#[derive(Serialize, JsonSchema)]
pub(super) struct InventoryDocument<'a> {
    /// When it was made.
    as_of: String,
    /// Objects of each bucket by kind.
    kinds: Vec<InventoryRow<'a>>,
    /// What giving its objects a bucket key would touch and cost.
    migration: InventoryMigration<'a>,
    /// What to beware of.
    notes: Vec<String>,
}

/// What a migration of an inventory would touch and cost.
#[derive(Serialize, JsonSchema)]
struct InventoryMigration<'a> {
    /// Objects without a bucket key by storage class.
    classes: Vec<TouchedClass>,
    /// The region of the prices.
    region: &'a str,
    /// Ways to do it.
    plans: Vec<InventoryPlan>,
}

/// Objects of a storage class that would be touched.
#[derive(Serialize, JsonSchema)]
struct TouchedClass {
    /// The storage class.
    storage_class: &'static str,
    /// All of them.
    objects: u64,
    /// Of these, current versions.
    current_objects: u64,
    /// Of these, those over 5 GiB.
    over_5_gib_objects: u64,
    /// Of these, those too young to be replaced without a charge for early deletion.
    early_deletion_objects: u64,
}

/// One way to do it.
#[derive(Serialize, JsonSchema)]
struct InventoryPlan {
    /// `UpdateObjectEncryption` or `COPY`.
    operation: &'static str,
    /// Objects that it touches.
    objects: u64,
    /// What it costs once, at the least.
    cost_usd: f64,
}

/// Everything in one document.
#[must_use]
pub fn json(inventory: &Inventory, prices: &PriceTable) -> Value {
    let classes = touched(inventory.tally).into_iter().map(|one| TouchedClass {
        storage_class: one.class.name(),
        objects: one.all.objects,
        current_objects: one.current.objects,
        over_5_gib_objects: one.all.large,
        early_deletion_objects: one.young,
    });
    let plans = plans(inventory.tally, prices);
    let plans =
        plans.map(|(operation, objects, cost_usd)| InventoryPlan { operation, objects, cost_usd });
    json::value(&InventoryDocument {
        as_of: utc(inventory.as_of_ns),
        kinds: inventory.tally.kinds().map(InventoryRow::of).collect(),
        migration: InventoryMigration {
            classes: classes.collect(),
            region: prices.region(),
            plans: plans.into(),
        },
        notes: notes(inventory),
    })
}

/// One row for each bucket and kind.
///
/// # Panics
/// Never: rows are plain, and memory does not fail.
#[must_use]
pub fn csv(inventory: &Inventory) -> String {
    let rows: Vec<InventoryRow> = inventory.tally.kinds().map(InventoryRow::of).collect();
    String::from_utf8(csv::write(&rows)).expect("names are text")
}
