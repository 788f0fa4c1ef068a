//! What parts of a log hold of it besides requests, under names: a part's recording as numbers that add up, and a
//! recording without requests that is as if the whole log had been read.
//!
//! Numbers of buckets, sessions, places and populations are those of sorted names, so what is found by name gets
//! the number here that it has in a recording of the whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::bucket_kms_keys::BucketKmsKeys;
use super::earlier_objects::{EarlierKey, EarlierObjects, ObjectOrigin};
use super::kms_calls::BucketKmsCalls;
use super::left_out::{LeftOutRecords, Reason};
use super::names::SessionIdentity;
use super::resolve::principals;
use super::sort::StoredRequests;
use super::{
    BillingExtras, BucketPrefix, FileLeftOut, LogInput, RecordCounts, Recording, ReplayCounts,
};
use crate::cells::{CellName, Cells};
use crate::error::{Error, Result};
use crate::s3::{IdentityKind, Operation, Principal};
use crate::units::SimDuration;

/// When a part's run begins, is counted from and ends, in nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartSpan {
    pub(crate) start: i64,
    pub(crate) from: i64,
    pub(crate) end: i64,
}

/// The words of a principal.
pub(crate) fn principal_words(principal: &Principal) -> [&[u8]; 3] {
    let (kind, name) = match &principal.identity {
        IdentityKind::Role(name) => ("role", name),
        IdentityKind::User(name) => ("user", name),
        IdentityKind::Service(name) => ("service", name),
    };
    [principal.account.as_bytes(), kind.as_bytes(), name.as_bytes()]
}

/// A principal from its words.
fn principal(words: &[String]) -> Option<Principal> {
    let [account, kind, name] = words else { return None };
    let identity = match kind.as_str() {
        "role" => IdentityKind::Role,
        "user" => IdentityKind::User,
        "service" => IdentityKind::Service,
        _ => return None,
    };
    Some(Principal { account: account.clone(), identity: identity(name.clone()) })
}

impl EarlierKey {
    const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::WithoutKey => "without_key",
            Self::WithoutKms => "without_kms",
            Self::WithKey => "with_key",
        }
    }
}

impl ObjectOrigin {
    const fn key(&self) -> EarlierKey {
        match self {
            Self::Unknown => EarlierKey::Unknown,
            Self::WithoutKey => EarlierKey::WithoutKey,
            Self::WithoutKms => EarlierKey::WithoutKms,
            Self::Written(_) => EarlierKey::WithKey,
        }
    }
}

/// Names of [`ReplayCounts`], in its order.
const SEEN: [&str; 10] = [
    "all",
    "all_writes",
    "requests",
    "unserved",
    "writes",
    "unwraps",
    "of_unknown",
    "of_inventory",
    "not_kms",
    "elsewhere",
];

impl ReplayCounts {
    fn numbers(&mut self) -> [&mut u64; SEEN.len()] {
        let Self { all, all_writes, requests, unserved, writes, unwraps, .. } = self;
        let Self { of_unknown, of_inventory, not_kms, elsewhere, .. } = self;
        [
            all,
            all_writes,
            requests,
            unserved,
            writes,
            unwraps,
            of_unknown,
            of_inventory,
            not_kms,
            elsewhere,
        ]
    }
}

/// Names of those of [`RecordCounts`] that results tell of.
const TAKEN: [&str; 7] = [
    "unknown",
    "sessions_by_name",
    "kms_events",
    "records",
    "bucket_keys",
    "opted_out",
    "encryption_known",
];

impl RecordCounts {
    fn told(&mut self) -> [&mut u64; TAKEN.len()] {
        let Self { unknown, sessions_by_name, kms_events, records, .. } = self;
        let Self { bucket_keys, opted_out, encryption_known, .. } = self;
        [unknown, sessions_by_name, kms_events, records, bucket_keys, opted_out, encryption_known]
    }
}

/// Names of what KMS's calls tell of a bucket.
const KMS_CALLS: [&str; 5] =
    ["data_writes", "data_reads", "object_writes", "object_reads", "bucket_keys"];

impl BucketKmsCalls {
    fn numbers(&mut self) -> [&mut u64; KMS_CALLS.len()] {
        let [data_writes, data_reads] = &mut self.data_events;
        let [object_writes, object_reads] = &mut self.for_objects;
        [data_writes, data_reads, object_writes, object_reads, &mut self.for_bucket_keys]
    }
}

impl Recording {
    /// Adds what is known of the log.
    pub(crate) fn put_into(&self, cells: &mut Cells) {
        self.put_inputs(cells);
        self.put_buckets(cells);
        self.put_sessions(cells);
        self.put_counts(cells);
        for &(reason, ref name, records) in &self.left_out.counted() {
            cells.add_of_log("left_out", &[reason.name().as_bytes(), name], records);
        }
        for reason in self.left_out.many() {
            cells.add_of_log("left_out_many", &[reason.name().as_bytes()], 1);
        }
    }

    fn put_inputs(&self, cells: &mut Cells) {
        let logs = self.inputs.len() - self.inventories;
        for (number, LogInput { name, bytes, hash }) in self.inputs.iter().enumerate() {
            let what = if number < logs { "input" } else { "inventory" };
            let bytes = bytes.to_string();
            cells.add_of_log(what, &[hash.as_bytes(), bytes.as_bytes(), name.as_bytes()], 1);
        }
        for FileLeftOut { file, what } in &self.files_left_out {
            cells.add_of_log("file_left_out", &[file.as_bytes(), what.as_bytes()], 1);
        }
    }

    fn put_buckets(&self, cells: &mut Cells) {
        for (name, region) in self.buckets.iter().zip(&self.regions) {
            let region = region.as_deref().unwrap_or_default();
            cells.add_of_log("bucket", &[name.as_bytes(), region.as_bytes()], 1);
        }
        let first = self.kms_keys.first.iter().zip(&self.buckets);
        let first = first.filter_map(|(arn, bucket)| Some((bucket, arn.as_ref()?)));
        let others = self.kms_keys.others.iter();
        let others = others.map(|key| (&self.buckets[key.bucket as usize], &key.kms_key));
        for (bucket, arn) in first.chain(others) {
            cells.add_of_log("kms_key", &[bucket.as_bytes(), arn.as_bytes()], 1);
        }
        if self.kms_keys.too_many {
            cells.add_of_log("kms_keys_too_many", &[], 1);
        }
        for (number, place) in self.places.iter().enumerate() {
            let words = self.place_words(number);
            let words = words.each_ref().map(Vec::as_slice);
            cells.add_of_log("prefix", &words, 1);
            cells.add_of_log("prefix_requests", &words, place.requests);
        }
        for EarlierObjects { bucket, part, objects, origin } in &self.before {
            let name = self.buckets[*bucket as usize].as_bytes();
            let number = self.kms_keys.number_in_bucket(*part).to_string();
            let key = origin.key().name();
            cells.add_of_log(
                "earlier_objects",
                &[name, number.as_bytes(), key.as_bytes()],
                *objects,
            );
            if let ObjectOrigin::Written(times) = origin {
                for ms in times {
                    let ms = ms.to_string();
                    cells.add_of_log("written", &[name, number.as_bytes(), ms.as_bytes()], 1);
                }
            }
        }
    }

    /// The words of a part of a bucket: its bucket, its prefix, the number of its KMS key in the bucket, and whether
    /// that is told.
    pub(crate) fn place_words(&self, place: usize) -> [Vec<u8>; 4] {
        let BucketPrefix { bucket, part, prefix, is_key_told, .. } = &self.places[place];
        [
            self.buckets[*bucket as usize].clone().into_bytes(),
            prefix.clone().into_bytes(),
            self.kms_keys.number_in_bucket(*part).to_string().into_bytes(),
            if *is_key_told { b"told".to_vec() } else { b"untold".to_vec() },
        ]
    }

    fn put_sessions(&self, cells: &mut Cells) {
        let mut slot = 0;
        for recorded in &self.principals {
            let [account, kind, name] = principal_words(&recorded.principal);
            for session in &recorded.sessions {
                let words = [account, kind, name, session.as_bytes()];
                let range = self.by_slot.of(slot);
                cells.add_of_log("session", &words, 1);
                cells.add_of_log("session_requests", &words, range.end - range.start);
                slot += 1;
            }
        }
    }

    fn put_counts(&self, cells: &mut Cells) {
        let Self { mut seen, mut taken, .. } = *self;
        for (name, n) in SEEN.iter().zip(seen.numbers()) {
            cells.add_of_log("seen", &[name.as_bytes()], *n);
        }
        for (name, n) in TAKEN.iter().zip(taken.told()) {
            cells.add_of_log("taken", &[name.as_bytes()], *n);
        }
        cells.add_of_log("of_trail", &[], taken.of_trail.into());
        cells.add_of_log("of_access_log", &[], (!taken.of_trail && seen.all > 0).into());
        cells.add_of_log("parts_of_seconds", &[], (!self.whole_seconds).into());
        cells.add_of_log("repeated", &[], self.repeated);
        for told in &self.of_buckets {
            let mut of_bucket = told.clone();
            let bucket = &told.bucket;
            let any = u64::from(told.has_data_events);
            cells.add_of_log("kms_calls", &[bucket.as_bytes(), b"data_events"], any);
            for (name, n) in KMS_CALLS.iter().zip(of_bucket.numbers()) {
                cells.add_of_log("kms_calls", &[bucket.as_bytes(), name.as_bytes()], *n);
            }
        }
        for (&(_, bucket), BillingExtras { unbilled, deleted_keys }) in &self.besides {
            let bucket = self.buckets[bucket as usize].as_bytes();
            for (operation, n) in Operation::ALL.iter().zip(unbilled) {
                cells.add_of_log("unbilled_requests", &[bucket, operation.name().as_bytes()], *n);
            }
            cells.add_of_log("deleted_keys", &[bucket], *deleted_keys);
        }
    }

    /// The recording of all parts whose numbers `cells` has, without its requests.
    ///
    /// # Errors
    /// If a name is none that [`Self::put_into`] gives.
    pub(crate) fn of_parts(cells: &Cells, span: PartSpan) -> Result<Self> {
        let names = PartNames::of(cells)?;
        let (principals, principal_of) = principals(&names.who);
        let mut slots = Vec::with_capacity(names.who.len());
        for who in &names.who {
            let [account, kind, name] = principal_words(&who.principal);
            let words = [account, kind, name, who.session.as_bytes()];
            slots.push(one(cells, "session_requests", &words));
        }
        let by_principal = StoredRequests::of_none(&of_principals(&slots, &principal_of));
        let mut recording = Self {
            start_ns: span.start,
            counted_from: SimDuration::from_nanos(span.from - span.start),
            end: SimDuration::from_nanos(span.end - span.start),
            principals,
            principal_of,
            buckets_of_slot: Vec::new(),
            places: Vec::new(),
            before: Vec::new(),
            population_of: Vec::new(),
            taken: RecordCounts::default(),
            of_buckets: Vec::new(),
            left_out: LeftOutRecords::default(),
            ends: None,
            repeated: one(cells, "repeated", &[]),
            whole_seconds: one(cells, "parts_of_seconds", &[]) == 0,
            seen: ReplayCounts::default(),
            besides: BTreeMap::new(),
            by_slot: StoredRequests::of_none(&slots),
            by_principal,
            inputs: Vec::new(),
            inventories: 0,
            files_left_out: Vec::new(),
            arguments: Vec::new(),
            failed: OnceLock::new(),
            kms_keys: names.keys,
            regions: names.regions,
            buckets: names.buckets,
        };
        recording.take_places(cells)?;
        recording.take_earlier(cells)?;
        recording.take_counts(cells)?;
        recording.take_files(cells)?;
        Ok(recording)
    }

    /// The number of a bucket called so.
    pub(crate) fn bucket_called(&self, name: &str) -> Option<u32> {
        self.buckets.binary_search_by(|known| known.as_str().cmp(name)).ok().map(|it| it as u32)
    }

    /// The number of the part of a bucket under the key of a number there.
    pub(crate) fn part_of_bucket(&self, bucket: u32, number: &str) -> Option<u32> {
        match number.parse::<u32>().ok()? {
            0 => Some(bucket),
            number => {
                let others = &self.kms_keys.others;
                let other = others.partition_point(|key| key.bucket < bucket) + number as usize - 1;
                let is_of_bucket = others.get(other)?.bucket == bucket;
                is_of_bucket.then_some((self.kms_keys.first.len() + other) as u32)
            }
        }
    }

    fn take_places(&mut self, cells: &Cells) -> Result<()> {
        for (name, _) in cells.of_log("prefix") {
            let words = name.texts();
            let [bucket, prefix, number, told] = words.as_slice() else {
                return Err(unknown(&name));
            };
            let bucket = self.bucket_called(bucket).ok_or_else(|| unknown(&name))?;
            let part = self.part_of_bucket(bucket, number).ok_or_else(|| unknown(&name))?;
            let is_key_told = told == "told";
            self.places.push(BucketPrefix {
                bucket,
                part,
                prefix: prefix.clone(),
                is_key_told,
                requests: 0,
            });
        }
        self.places.sort_by(|a, b| a.order().cmp(&b.order()));
        for number in 0..self.places.len() {
            let words = self.place_words(number);
            let words = words.each_ref().map(Vec::as_slice);
            self.places[number].requests = one(cells, "prefix_requests", &words);
        }
        Ok(())
    }

    fn take_earlier(&mut self, cells: &Cells) -> Result<()> {
        for (name, objects) in cells.of_log("earlier_objects") {
            let words = name.texts();
            let [bucket, number, key] = words.as_slice() else { return Err(unknown(&name)) };
            let of_bucket = self.bucket_called(bucket).ok_or_else(|| unknown(&name))?;
            let part = self.part_of_bucket(of_bucket, number).ok_or_else(|| unknown(&name))?;
            let key = EarlierKey::ALL.into_iter().find(|it| it.name() == key);
            let origin = match key.ok_or_else(|| unknown(&name))? {
                EarlierKey::Unknown => ObjectOrigin::Unknown,
                EarlierKey::WithoutKey => ObjectOrigin::WithoutKey,
                EarlierKey::WithoutKms => ObjectOrigin::WithoutKms,
                EarlierKey::WithKey => ObjectOrigin::Written(Vec::new()),
            };
            let objects = objects as u64;
            self.before.push(EarlierObjects { bucket: of_bucket, part, objects, origin });
        }
        self.before.sort_by_key(|before| (before.part, before.origin.key() as u32));
        for (name, _) in cells.of_log("written") {
            let words = name.texts();
            let [bucket, number, ms] = words.as_slice() else { return Err(unknown(&name)) };
            let part = self.bucket_called(bucket);
            let part = part.and_then(|bucket| self.part_of_bucket(bucket, number));
            let mut before = self.before.iter_mut();
            let written = before.find_map(|it| match &mut it.origin {
                ObjectOrigin::Written(times) if Some(it.part) == part => Some(times),
                _ => None,
            });
            let times = written.ok_or_else(|| unknown(&name))?;
            times.push(ms.parse().map_err(|_| unknown(&name))?);
        }
        for before in &mut self.before {
            if let ObjectOrigin::Written(times) = &mut before.origin {
                times.sort_unstable_by(|a, b| b.cmp(a));
            }
        }
        Ok(())
    }

    fn take_counts(&mut self, cells: &Cells) -> Result<()> {
        for (name, n) in SEEN.iter().zip(self.seen.numbers()) {
            *n = one(cells, "seen", &[name.as_bytes()]);
        }
        for (name, n) in TAKEN.iter().zip(self.taken.told()) {
            *n = one(cells, "taken", &[name.as_bytes()]);
        }
        self.taken.of_trail = one(cells, "of_trail", &[]) > 0;
        let told: BTreeSet<String> = cells
            .of_log("kms_calls")
            .filter_map(|(name, _)| name.texts().into_iter().next())
            .collect();
        for bucket in told {
            let mut of_bucket =
                BucketKmsCalls { bucket: bucket.clone(), ..BucketKmsCalls::default() };
            of_bucket.has_data_events =
                one(cells, "kms_calls", &[bucket.as_bytes(), b"data_events"]) > 0;
            for (name, n) in KMS_CALLS.iter().zip(of_bucket.numbers()) {
                *n = one(cells, "kms_calls", &[bucket.as_bytes(), name.as_bytes()]);
            }
            self.of_buckets.push(of_bucket);
        }
        for (number, bucket) in (0..).zip(&self.buckets) {
            let mut besides = BillingExtras {
                deleted_keys: one(cells, "deleted_keys", &[bucket.as_bytes()]),
                ..BillingExtras::default()
            };
            for (operation, n) in Operation::ALL.iter().zip(&mut besides.unbilled) {
                let words = [bucket.as_bytes(), operation.name().as_bytes()];
                *n = one(cells, "unbilled_requests", &words);
            }
            if besides != BillingExtras::default() {
                // Who asked is no matter to a bill.
                self.besides.insert((0, number), besides);
            }
        }
        for (name, n) in cells.of_log("left_out") {
            let words = name.words();
            let [reason, what] = words.as_slice() else { return Err(unknown(&name)) };
            let reason = Reason::called(reason).ok_or_else(|| unknown(&name))?;
            self.left_out.add(reason, what, n as u64);
        }
        for (name, _) in cells.of_log("left_out_many") {
            let words = name.words();
            let reason = words.first().and_then(|reason| Reason::called(reason));
            self.left_out.note_many(reason.ok_or_else(|| unknown(&name))?);
        }
        Ok(())
    }

    fn take_files(&mut self, cells: &Cells) -> Result<()> {
        self.inputs = inputs(cells, "input")?;
        let inventories = inputs(cells, "inventory")?;
        self.inventories = inventories.len();
        self.inputs.extend(inventories);
        for (name, _) in cells.of_log("file_left_out") {
            let words = name.texts();
            let [file, what] = words.as_slice() else { return Err(unknown(&name)) };
            self.files_left_out.push(FileLeftOut { file: file.clone(), what: what.clone() });
        }
        // As files are found in folders.
        self.files_left_out.sort_by(|a, b| path(&a.file).cmp(path(&b.file)));
        Ok(())
    }
}

/// Numbers of principals from those of their session slots, each of which is of one of them.
fn of_principals(slots: &[u64], principal_of: &[u32]) -> Vec<u64> {
    let mut all = vec![0; principal_of.last().map_or(0, |last| *last as usize + 1)];
    for (count, &principal) in slots.iter().zip(principal_of) {
        all[principal as usize] += count;
    }
    all
}

fn path(name: &str) -> &std::path::Path {
    std::path::Path::new(name)
}

/// The files that were read, as they are found in folders.
fn inputs(cells: &Cells, what: &str) -> Result<Vec<LogInput>> {
    let mut inputs = Vec::new();
    for (name, _) in cells.of_log(what) {
        let words = name.texts();
        let [hash, bytes, file] = words.as_slice() else { return Err(unknown(&name)) };
        let bytes = bytes.parse().map_err(|_| unknown(&name))?;
        inputs.push(LogInput { name: file.clone(), bytes, hash: hash.clone() });
    }
    inputs.sort_by(|a, b| path(&a.name).cmp(path(&b.name)));
    Ok(inputs)
}

/// The error about a name that no part has.
fn unknown(name: &CellName) -> Error {
    Error::request(format!("`{}` is none of a partial result", name.shown()))
        .hint("make the partial results again, all with this version of bks")
}

/// A number of the log as a whole; zero if there is none.
fn one(cells: &Cells, what: &str, words: &[&[u8]]) -> u64 {
    cells.one_of_log(what, words).max(0) as u64
}

/// Names that parts have, sorted.
struct PartNames {
    who: Vec<SessionIdentity>,
    buckets: Vec<String>,
    regions: Vec<Option<String>>,
    keys: BucketKmsKeys,
}

impl PartNames {
    fn of(cells: &Cells) -> Result<Self> {
        let mut who = Vec::new();
        for (name, _) in cells.of_log("session") {
            let mut words = name.texts();
            let session = words.pop().ok_or_else(|| unknown(&name))?;
            let principal = principal(&words).ok_or_else(|| unknown(&name))?;
            who.push(SessionIdentity { principal, session });
        }
        who.sort();
        let mut buckets = BTreeMap::new();
        for (name, _) in cells.of_log("bucket") {
            let words = name.texts();
            let [bucket, region] = words.as_slice() else { return Err(unknown(&name)) };
            let region = Some(region.clone()).filter(|region| !region.is_empty());
            buckets.insert(bucket.clone(), region);
        }
        let (buckets, regions): (Vec<_>, Vec<_>) = buckets.into_iter().unzip();
        let mut told = Vec::new();
        for (name, _) in cells.of_log("kms_key") {
            let words = name.texts();
            let [bucket, arn] = words.as_slice() else { return Err(unknown(&name)) };
            let bucket = buckets.binary_search(bucket).map_err(|_| unknown(&name))?;
            told.push((bucket as u32, arn.clone()));
        }
        let told = told.iter().map(|(bucket, arn)| (*bucket, arn.as_str()));
        let keys = BucketKmsKeys::of(buckets.len(), told);
        if keys.too_many || one(cells, "kms_keys_too_many", &[]) > 0 {
            return Err(Error::request(
                "the parts' objects are under more KMS keys than are distinguished in one replay",
            )
            .hint("replay fewer buckets at a time, by `--bucket`, into a folder of their own"));
        }
        Ok(Self { who, buckets, regions, keys })
    }
}
