//! What an inventory holds, and what giving its objects a bucket key would touch and cost.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;
use serde_json::{Value, json};

use super::numbers::{dollars, grouped};
use super::table::table;
use crate::inventory::tally::{InventoryCounts, ObjectCounts, ObjectKind};
use crate::inventory::{BucketKeyStatus, InventoryColumn, StorageClass, VersionKind};
use crate::migration::MigrationPlan;
use crate::pricing::{PriceTable, Terms};
use crate::results::csv;
use crate::units::utc;

/// Ends of the age columns, in days.
const AGES_DAYS: [u64; 6] = [1, 7, 30, 90, 180, 365];

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

/// A row of the CSV: objects of one bucket and kind.
#[derive(Default, Serialize)]
struct Row<'a> {
    bucket: &'a str,
    version: &'static str,
    encryption: &'static str,
    bucket_key: &'static str,
    storage_class: &'static str,
    objects: u64,
    bytes: u64,
    size_known_objects: u64,
    over_5_gib_objects: u64,
    age_under_1d_objects: u64,
    age_under_7d_objects: u64,
    age_under_30d_objects: u64,
    age_under_90d_objects: u64,
    age_under_180d_objects: u64,
    age_under_365d_objects: u64,
    age_known_objects: u64,
}

impl<'a> Row<'a> {
    fn of((bucket, kind, counts): (&'a str, ObjectKind, &ObjectCounts)) -> Self {
        let [d1, d7, d30, d90, d180, d365] = AGES_DAYS.map(|days| counts.younger_than_days(days));
        Self {
            bucket,
            version: kind.version.name(),
            encryption: kind.encryption.name(),
            bucket_key: kind.bucket_key.name(),
            storage_class: kind.class.name(),
            objects: counts.objects,
            bytes: u64::try_from(counts.bytes).unwrap_or(u64::MAX),
            size_known_objects: counts.sized,
            over_5_gib_objects: counts.large,
            age_under_1d_objects: d1,
            age_under_7d_objects: d7,
            age_under_30d_objects: d30,
            age_under_90d_objects: d90,
            age_under_180d_objects: d180,
            age_under_365d_objects: d365,
            age_known_objects: counts.ages.values().sum(),
        }
    }
}

/// Objects of one class that a migration touches.
struct Touched {
    class: StorageClass,
    all: ObjectCounts,
    current: ObjectCounts,
    young: u64,
}

/// SSE-KMS objects without a bucket key, by class; those of which it is untold too.
fn touched(tally: &InventoryCounts) -> Vec<Touched> {
    let keyless =
        |kind: ObjectKind| kind.is_sse_kms() && kind.bucket_key != BucketKeyStatus::Enabled;
    let of = |class: &StorageClass| {
        let all = tally.sum(|_, kind| keyless(kind) && kind.class == *class);
        let current = tally.sum(|_, kind| {
            keyless(kind) && kind.class == *class && kind.version == VersionKind::Current
        });
        let young = current.younger_than_days(class.days_min());
        Touched { class: *class, all, current, young }
    };
    StorageClass::ALL.iter().map(of).filter(|touched| touched.all.objects > 0).collect()
}

/// What the inventory leaves open, and what must be known of the migration.
fn notes(inventory: &Inventory) -> Vec<String> {
    let mut notes = Vec::new();
    for column in inventory.missing {
        let cannot = match column {
            // Counting asks for no keys, and what tells no encryption is refused.
            InventoryColumn::Key
            | InventoryColumn::EncryptionStatus
            | InventoryColumn::VersionId
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
            "a journal tells of changes: these are the {} objects that were written or changed since it \
             began, and older ones are not in it",
            grouped(inventory.of_journal)
        ));
    }
    let untold = inventory
        .tally
        .sum(|_, kind| kind.is_sse_kms() && kind.bucket_key == BucketKeyStatus::Unknown);
    if untold.objects > 0 && !inventory.missing.contains(&InventoryColumn::BucketKeyStatus) {
        notes.push(format!(
            "{} SSE-KMS objects tell no bucket key status: the migration counts them, at most",
            grouped(untold.objects)
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
            grouped(current.objects),
            bytes(current.bytes),
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

/// The plans, in place and by copy: objects and dollars of each.
///
/// A COPY costs a PUT, a KMS call and a Batch Operations object as an update does; of other classes than
/// Standard it costs more, and retrieval comes on top, for which bks has no prices.
fn plans(tally: &InventoryCounts, prices: &PriceTable) -> [(&'static str, u64, f64); 2] {
    let touched = touched(tally);
    let in_place = touched.iter().map(|one| one.all.objects).sum();
    let copied = touched.iter().map(|one| one.current.objects - one.current.large).sum();
    [("UpdateObjectEncryption", in_place), ("COPY", copied)].map(|(name, objects)| {
        let plan = MigrationPlan { manifest_objects: 0, ..MigrationPlan::of(objects) };
        (name, objects, plan.bill(prices, &Terms::default()).total().as_f64())
    })
}

/// Tables for a person, no wider than `width`.
#[must_use]
pub fn text(inventory: &Inventory, prices: &PriceTable, width: u16) -> String {
    let all = inventory.tally.sum(|_, _| true);
    let mut out = format!(
        "{} lines of {}, {}, as of {}\n\n",
        grouped(all.objects),
        match inventory.tally.buckets.len() {
            1 => "1 bucket".to_owned(),
            n => format!("{n} buckets"),
        },
        bytes(all.bytes),
        utc(inventory.as_of_ns)
    );
    let header = || ["objects", "size"].map(str::to_owned).to_vec();
    let cells = |counts: &ObjectCounts| vec![grouped(counts.objects), bytes(counts.bytes)];
    for bucket in inventory.tally.buckets.keys() {
        let mut rows = Vec::new();
        let mut last = None;
        for (_, kind, _) in inventory.tally.kinds().filter(|(name, ..)| *name == bucket) {
            let shown = (kind.version, kind.encryption, kind.bucket_key);
            if last.replace(shown) == Some(shown) {
                continue;
            }
            let counts = inventory.tally.sum(|name, other| {
                name == bucket && (other.version, other.encryption, other.bucket_key) == shown
            });
            let key = match kind.bucket_key {
                BucketKeyStatus::Enabled => ", with a bucket key",
                BucketKeyStatus::Disabled => ", without a bucket key",
                BucketKeyStatus::Unknown => "",
            };
            let label = format!("{}, {}{key}", kind.version.name(), kind.encryption.name());
            rows.push((label, cells(&counts)));
        }
        let _ = writeln!(out, "{}\n", table(bucket, header(), &rows, width));
    }
    let by_class = StorageClass::ALL.iter().filter_map(|class| {
        let counts = inventory.tally.sum(|_, kind| kind.class == *class);
        (counts.objects > 0).then(|| (class.name().to_owned(), cells(&counts)))
    });
    let by_class: Vec<_> = by_class.collect();
    let _ = writeln!(out, "{}\n", table("storage class", header(), &by_class, width));
    let _ = writeln!(out, "{}\n", ages(&all, width));
    migration(&mut out, inventory, prices, width);
    out
}

/// How many objects are how old.
fn ages(all: &ObjectCounts, width: u16) -> comfy_table::Table {
    let mut before = 0;
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    for days in AGES_DAYS {
        let younger = all.younger_than_days(days);
        rows.push((format!("under {days} d"), vec![grouped(younger - before)]));
        before = younger;
    }
    let known: u64 = all.ages.values().sum();
    rows.push(("365 d and over".to_owned(), vec![grouped(known - before)]));
    if all.objects > known {
        rows.push(("untold".to_owned(), vec![grouped(all.objects - known)]));
    }
    table("age", vec!["objects".to_owned()], &rows, width)
}

fn migration(out: &mut String, inventory: &Inventory, prices: &PriceTable, width: u16) {
    let row = |one: &Touched| {
        let label = one.class.name().to_owned();
        let counts = [one.all.objects, one.all.objects - one.current.objects, one.all.large];
        (label, counts.map(grouped).to_vec())
    };
    let rows: Vec<_> = touched(inventory.tally).iter().map(row).collect();
    if rows.is_empty() {
        out.push_str("a migration would touch nothing: no SSE-KMS object lacks a bucket key\n");
    } else {
        let header = ["objects", "old versions", "over 5 GiB"].map(str::to_owned).to_vec();
        let _ = writeln!(out, "{}\n", table("to migrate", header, &rows, width));
        for (name, objects, usd) in plans(inventory.tally, prices) {
            let _ = writeln!(
                out,
                "{name} of {} objects by Batch Operations costs {}{}, once",
                grouped(objects),
                if name == "COPY" { "at least " } else { "" },
                dollars(usd)
            );
        }
    }
    for note in notes(inventory) {
        let _ = writeln!(out, "note: {note}");
    }
}

/// Bytes for a person.
fn bytes(bytes: u128) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1_024.0 && unit + 1 < UNITS.len() {
        value /= 1_024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Everything in one document.
///
/// # Panics
/// Never: rows are structs with text for keys.
#[must_use]
pub fn json(inventory: &Inventory, prices: &PriceTable) -> Value {
    let rows: Vec<Row> = inventory.tally.kinds().map(Row::of).collect();
    let touched: Vec<Value> = touched(inventory.tally)
        .iter()
        .map(|one| {
            json!({
                "storage_class": one.class.name(),
                "objects": one.all.objects,
                "current_objects": one.current.objects,
                "over_5_gib_objects": one.all.large,
                "early_deletion_objects": one.young,
            })
        })
        .collect();
    let plans = plans(inventory.tally, prices);
    json!({
        "as_of": utc(inventory.as_of_ns),
        "kinds": rows,
        "migration": {
            "classes": touched,
            "region": prices.region(),
            "plans": plans.map(|(name, objects, usd)| {
                json!({ "operation": name, "objects": objects, "cost_usd": usd })
            }),
        },
        "notes": notes(inventory),
    })
}

/// One row for each bucket and kind.
///
/// # Panics
/// Never: rows are plain, and memory does not fail.
#[must_use]
pub fn csv(inventory: &Inventory) -> String {
    let rows: Vec<Row> = inventory.tally.kinds().map(Row::of).collect();
    String::from_utf8(csv::write(&rows)).expect("names are text")
}
