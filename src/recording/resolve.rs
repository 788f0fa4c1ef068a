//! From gathered entries to requests by session and by principal.
//!
//! Three sorts, each of which may be larger than memory: by object, to drop repeated records and to
//! learn which write wrapped what is read; by session and time, to join the halves of copies; and by
//! principal and time, for those who have several sessions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::copies::CopyPairing;
use super::earlier_objects::{self, EarlierCounts, EarlierKey};
use super::gather::{LogSelection, RecordGatherer, epoch_ms};
use super::hash::ObjectId;
use super::left_out::Reason;
use super::names::{SessionIdentity, SortedNames, SortedPlace};
use super::packed::{
    GatheredRequest, NeededObject, ObjectEncryption, ObjectWrite, RequestKind, RequestStatus,
    ResolvedRequest,
};
use super::requests::OptOuts;
use super::sort::{SortedRecords, Sorter, SpillStore};
use super::sort::{StoredRequests, StoredRequestsBuilder};
use super::{BillingExtras, BucketPrefix, LONGEST, RecordedPrincipal, Recording, ReplayCounts};
use crate::encryption::needs::Needs;
use crate::error::{Error, Result};
use crate::units::SimDuration;

/// The part of time that is run, in milliseconds since the epoch.
#[derive(Clone, Copy)]
struct RunSpan {
    start: u64,
    counted_from: u64,
    end: u64,
}

impl RecordGatherer {
    /// Puts everything in order.
    ///
    /// # Errors
    /// If nothing was gathered, or what is spilled cannot be read back.
    pub fn finish(mut self) -> Result<Recording> {
        self.settle()?;
        let span = self.run_span()?;
        let Self {
            taken,
            of_buckets,
            mut left_out,
            wanted: LogSelection { hider, .. },
            names,
            entries,
            times,
            store,
            memory,
            whole_seconds,
            ends,
            files,
            ..
        } = self;
        let names = names.sorted(&hider);
        let (principals, principal_of) = principals(&names.who);
        let mut by_session = Sorter::new(memory / 3, Arc::clone(&store));
        let from_ms = span.counted_from - span.start;
        let entries = DistinctRequests::new(entries.sorted()?, &names);
        let ResolveCounts { counts, repeated, too_early, deleted_keys } =
            resolve(entries, &names, span.start, from_ms, &mut by_session)?;
        left_out.add(Reason::Repeated, b"", repeated);
        left_out.add(Reason::TooEarly, b"", too_early);
        let by_session = by_session.sorted()?;
        let order = RequestOrder::new(&names, &principals, &principal_of, memory, from_ms, &store);
        let OrderedRequests { by_slot, by_principal, seen, requests, mut besides, buckets_of_slot } =
            order.store(by_session)?;
        for ((slot, bucket), keys) in deleted_keys {
            let place = (principal_of[slot as usize], bucket);
            besides.entry(place).or_default().deleted_keys += keys;
        }
        let SortedNames { buckets, regions, keys, places, .. } = names;
        let parts: Vec<u32> = keys.bucket_of_parts().collect();
        let (before, population_of) =
            earlier_objects::populations(&counts, &parts, &buckets, &times, span.start);
        Ok(Recording {
            start_ns: span.start as i64 * 1_000_000,
            counted_from: duration(from_ms),
            end: duration(span.end - span.start),
            principals,
            principal_of,
            buckets_of_slot,
            buckets,
            regions,
            places: places.into_iter().zip(requests).map(bucket_prefix).collect(),
            kms_keys: keys,
            before,
            population_of,
            taken,
            of_buckets,
            left_out,
            ends: ends.describe(&files),
            whole_seconds,
            repeated,
            seen,
            besides,
            by_slot,
            by_principal,
            inputs: Vec::new(),
            inventories: 0,
            files_left_out: Vec::new(),
            arguments: Vec::new(),
            failed: std::sync::OnceLock::new(),
        })
    }

    /// From the first request or `from`, whichever is earlier, to `to` or the second of the last one. With
    /// a `from` it begins no earlier than a run can reach back: what is older is left out.
    fn run_span(&self) -> Result<RunSpan> {
        const SECOND: u64 = 1_000;
        let span = self.ends.span().zip(self.last_request);
        let ((first, last), last_request) = match (span, self.wanted.from, self.wanted.to) {
            (Some(span), ..) => span,
            (None, Some(from), Some(to)) if self.wanted.slice.is_part => {
                ((epoch_ms(from), epoch_ms(to)), epoch_ms(from))
            }
            _ => return Err(self.no_request()),
        };
        let first = first / SECOND * SECOND;
        let from = self.wanted.from.map(epoch_ms);
        let start = from.map_or(first, |from| from.min(first)) / SECOND * SECOND;
        let end = self.wanted.to.map_or((last / SECOND + 1) * SECOND, epoch_ms);
        let start = match (from, self.wanted.slice.warm_up) {
            (Some(from), Some(warm_up)) => {
                let warm_up = u64::try_from(warm_up.as_nanos() / 1_000_000).unwrap_or_default();
                let reach = end.saturating_sub(LONGEST.as_nanos().unsigned_abs() / 1_000_000);
                from.saturating_sub(warm_up).max(reach).min(from) / SECOND * SECOND
            }
            (Some(from), None) => self.within_reach(start, from / SECOND * SECOND, end),
            (None, _) => start,
        };
        let counted_from = from.unwrap_or(start);
        if counted_from > last_request && !self.wanted.slice.is_part {
            return Err(Recording::nothing_to_count());
        }
        Ok(RunSpan { start, counted_from, end })
    }

    /// The start of a run to `end` that counts from `from` on: `start`, unless that is further back than a
    /// run reaches; then the first record that is not, or as far back as it does.
    fn within_reach(&self, start: u64, from: u64, end: u64) -> u64 {
        let reach = end.saturating_sub(LONGEST.as_nanos().unsigned_abs() / 1_000_000);
        if start >= reach {
            return start;
        }
        let first = self.first_near.map_or(from, |first| first / 1_000 * 1_000);
        first.max(reach).min(from).max(start)
    }

    fn no_request(&self) -> Error {
        let error = Error::request("no request is left, so there is nothing to replay");
        if let Some(hint) = self.no_request_hint() {
            return error.hint(hint);
        }
        error.hint("look at `--bucket`, `--from` and `--to`, and at what the files hold")
    }
}

/// A part of a bucket with its counted requests.
fn bucket_prefix((place, requests): (SortedPlace, u64)) -> BucketPrefix {
    let SortedPlace { bucket, prefix, part, is_key_told } = place;
    BucketPrefix { bucket, part, prefix, is_key_told, requests }
}

fn duration(ms: u64) -> SimDuration {
    SimDuration::from_nanos(ms as i64 * 1_000_000)
}

/// The principals of sorted sessions, and whose each session is.
pub(super) fn principals(who: &[SessionIdentity]) -> (Vec<RecordedPrincipal>, Vec<u32>) {
    let mut principals: Vec<RecordedPrincipal> = Vec::new();
    let mut principal_of = Vec::with_capacity(who.len());
    for SessionIdentity { principal, session } in who {
        match principals.last_mut() {
            Some(last) if last.principal == *principal => last.sessions.push(session.clone()),
            _ => principals.push(RecordedPrincipal {
                principal: principal.clone(),
                sessions: vec![session.clone()],
            }),
        }
        principal_of.push(principals.len() as u32 - 1);
    }
    (principals, principal_of)
}

/// Counts of entries besides what they need.
struct ResolveCounts {
    /// For each part of a bucket how many objects' writing is not known.
    counts: Vec<EarlierCounts>,
    /// How many entries repeat another.
    repeated: u64,
    /// How many lie before the start.
    too_early: u64,
    /// Counted keys of `DeleteObjects`, by session slot and bucket.
    deleted_keys: BTreeMap<(u32, u32), u64>,
}

/// Entries without those that repeat another: the same event in a trail of another account may name its
/// requester otherwise, so that of several the one whose name comes first stands for all, in whichever
/// order they came.
struct DistinctRequests<'a> {
    sorted: SortedRecords<GatheredRequest>,
    names: &'a SortedNames,
    next: Option<GatheredRequest>,
    repeated: u64,
}

impl<'a> DistinctRequests<'a> {
    fn new(sorted: SortedRecords<GatheredRequest>, names: &'a SortedNames) -> Self {
        Self { sorted, names, next: None, repeated: 0 }
    }

    fn next(&mut self) -> Result<Option<GatheredRequest>> {
        let taken = self.next.take();
        let Some(mut entry) = (if taken.is_some() { taken } else { self.sorted.next()? }) else {
            return Ok(None);
        };
        // What has no name repeats nothing.
        if entry.id & 1 == 1 || entry.when.kind() == RequestKind::Inventoried {
            return Ok(Some(entry));
        }
        while let Some(other) = self.sorted.next()? {
            if (other.object, other.when, other.id) != (entry.object, entry.when, entry.id) {
                self.next = Some(other);
                break;
            }
            self.repeated += u64::from(entry.when.kind() != RequestKind::WrittenVersion);
            entry = self.first_by_name(entry, other);
        }
        Ok(Some(entry))
    }

    fn first_by_name(&self, one: GatheredRequest, other: GatheredRequest) -> GatheredRequest {
        let [rank, other_rank] = [&one, &other].map(|entry| {
            (self.names.slot_of[entry.slot as usize], self.names.place_of[entry.place as usize])
        });
        if other_rank < rank { other } else { one }
    }
}

/// Finds what each entry needs.
fn resolve(
    mut entries: DistinctRequests,
    names: &SortedNames,
    start_ms: u64,
    from_ms: u64,
    placed: &mut Sorter<ResolvedRequest>,
) -> Result<ResolveCounts> {
    let mut objects = ObjectHistory::new(names.keys.bucket_of_parts().count());
    let mut last: Option<GatheredRequest> = None;
    let (mut too_early, mut alike) = (0, 0);
    let mut deleted_keys = BTreeMap::new();
    while let Some(entry) = entries.next()? {
        if entry.when.kind() == RequestKind::Inventoried {
            objects.inventoried(&entry, start_ms);
            continue;
        }
        if entry.when.kind() == RequestKind::WrittenVersion {
            if entry.when.ms() >= start_ms {
                objects.written_version(&entry, write_of(&entry, names, start_ms));
            }
            continue;
        }
        let same = last.is_some_and(|last| {
            (last.object, last.when, last.id) == (entry.object, entry.when, entry.id)
        });
        last = Some(entry);
        if entry.when.ms() < start_ms {
            too_early += 1;
            continue;
        }
        alike = if same { alike + 1 } else { 0 };
        let slot = names.slot_of[entry.slot as usize];
        let place = names.place_of[entry.place as usize];
        let when = entry.when.since(start_ms);
        let SortedPlace { bucket, part, is_key_told, .. } = names.places[place as usize];
        let keys = when.kind().deleted_keys(entry.object);
        if keys > 0 {
            let counted = if when.ms() >= from_ms { keys } else { 0 };
            *deleted_keys.entry((slot, bucket)).or_insert(0) += counted;
            continue;
        }
        // What is alike to the last bit is still served by different parts of S3.
        let id = (entry.id >> 32) as u32 ^ alike;
        let own = ObjectWrite { slot, id, part, ms: when.ms() };
        let (need, sse) = objects.need(&entry, own, is_key_told);
        placed.push(ResolvedRequest::new(slot, when.under(sse), id, slot, place).needing(need))?;
    }
    let repeated = entries.repeated;
    Ok(ResolveCounts { counts: objects.counts(), repeated, too_early, deleted_keys })
}

/// An entry as a write.
fn write_of(entry: &GatheredRequest, names: &SortedNames, start_ms: u64) -> ObjectWrite {
    let slot = names.slot_of[entry.slot as usize];
    let part = names.places[names.place_of[entry.place as usize] as usize].part;
    ObjectWrite { slot, id: (entry.id >> 32) as u32, part, ms: entry.when.since(start_ms).ms() }
}

/// Stores requests by session and by principal, and counts them.
struct RequestOrder<'a> {
    principals: &'a [RecordedPrincipal],
    principal_of: &'a [u32],
    from_ms: u64,
    slots: usize,
    by_slot: StoredRequestsBuilder,
    of_principals: Sorter<ResolvedRequest>,
    by_principal: StoredRequestsBuilder,
    seen: ReplayCounts,
    /// Counted requests of each place.
    requests: Vec<u64>,
    /// Which bucket each place is of.
    bucket_of: Vec<u32>,
    besides: BTreeMap<(u32, u32), BillingExtras>,
    /// Which buckets each slot of those who have several asks.
    buckets_of_slot: Vec<Vec<u32>>,
}

impl<'a> RequestOrder<'a> {
    fn new(
        names: &SortedNames,
        principals: &'a [RecordedPrincipal],
        principal_of: &'a [u32],
        memory: usize,
        from_ms: u64,
        store: &Arc<dyn SpillStore>,
    ) -> Self {
        Self {
            principals,
            principal_of,
            from_ms,
            slots: names.who.len(),
            by_slot: StoredRequestsBuilder::new(memory / 3, Arc::clone(store)),
            of_principals: Sorter::new(memory / 3, Arc::clone(store)),
            by_principal: StoredRequestsBuilder::new(memory / 3, Arc::clone(store)),
            seen: ReplayCounts::default(),
            requests: vec![0; names.places.len()],
            bucket_of: names.places.iter().map(|place| place.bucket).collect(),
            besides: BTreeMap::new(),
            buckets_of_slot: Vec::new(),
        }
    }

    fn store(mut self, mut sorted: SortedRecords<ResolvedRequest>) -> Result<OrderedRequests> {
        let mut pairing = CopyPairing::default();
        while let Some(placed) = sorted.next()? {
            pairing.take(placed, &mut |placed| self.put(placed))?;
        }
        pairing.finish(&mut |placed| self.put(placed))?;
        let by_slot = self.by_slot.finish(self.slots)?;
        let mut sorted = self.of_principals.sorted()?;
        while let Some(placed) = sorted.next()? {
            self.by_principal.push(placed)?;
        }
        let by_principal = self.by_principal.finish(self.principals.len())?;
        let Self { seen, requests, besides, buckets_of_slot, .. } = self;
        Ok(OrderedRequests { by_slot, by_principal, seen, requests, besides, buckets_of_slot })
    }

    fn put(&mut self, placed: ResolvedRequest) -> Result<()> {
        let operation = placed.when.kind().operation();
        let principal = self.principal_of[placed.slot as usize];
        if placed.when.ms() >= self.from_ms {
            self.requests[placed.place as usize] += 1;
            self.seen.count(&placed);
            if placed.when.fate() == RequestStatus::Unbilled {
                let place = (principal, self.bucket_of[placed.place as usize]);
                self.besides.entry(place).or_default().unbilled[operation as usize] += 1;
            }
        }
        self.seen.all += 1;
        let writes = Needs::writes(operation) && placed.when.sse() != ObjectEncryption::NotKms;
        self.seen.all_writes += u64::from(writes && placed.when.is_served());
        if self.principals[principal as usize].sessions.len() > 1 {
            self.note_bucket(&placed);
            self.of_principals.push(placed.owned_by(principal))?;
        }
        self.by_slot.push(placed)
    }

    /// Takes note of the bucket that a session asks.
    fn note_bucket(&mut self, placed: &ResolvedRequest) {
        self.buckets_of_slot.resize_with(self.slots, Vec::new);
        let bucket = self.bucket_of[placed.place as usize];
        let known = &mut self.buckets_of_slot[placed.slot as usize];
        if known.last() != Some(&bucket) && !known.contains(&bucket) {
            known.push(bucket);
        }
    }
}

/// Requests in order, and what was seen of them.
struct OrderedRequests {
    by_slot: StoredRequests,
    by_principal: StoredRequests,
    seen: ReplayCounts,
    /// Counted requests of each place.
    requests: Vec<u64>,
    besides: BTreeMap<(u32, u32), BillingExtras>,
    /// Which buckets each slot of those who have several asks.
    buckets_of_slot: Vec<Vec<u32>>,
}

/// What a record that reads an object says of it.
#[derive(Clone, Copy)]
struct ReadRecord {
    logged: ObjectEncryption,
    /// The part of the bucket that it lies in, by the KMS key that is named.
    part: u32,
    is_key_told: bool,
}

/// Follows one object after the other.
#[derive(Debug, Default)]
pub(crate) struct ObjectHistory {
    /// The object of the last entry.
    object: ObjectId,
    /// Who wrote it last, and under what; `None` if that is not in the log.
    written: Option<(ObjectWrite, ObjectEncryption)>,
    /// The upload of it that was begun last.
    upload: Option<(ObjectWrite, ObjectEncryption)>,
    /// What an inventory says of it, and how many milliseconds before the run it was written.
    inventoried: (EarlierKey, u64),
    /// The object's number among those of which the same is known, in each part of its bucket in which it was read: in
    /// several if it was written anew under another KMS key, by no request in the log.
    numbers: Vec<(EarlierKey, u32, u64)>,
    /// For each part of a bucket how many such objects there are.
    counts: Vec<EarlierCounts>,
}

impl ObjectHistory {
    /// Objects in so many parts of buckets.
    pub(crate) fn new(parts: usize) -> Self {
        Self { counts: vec![[0; 4]; parts], ..Self::default() }
    }

    /// For each part of a bucket how many objects were read of which no write is in the log.
    pub(crate) fn counts(self) -> Vec<EarlierCounts> {
        self.counts
    }

    fn turn_to(&mut self, object: ObjectId) {
        if object != self.object {
            self.object = object;
            (self.written, self.upload) = (None, None);
            self.inventoried = (EarlierKey::Unknown, 0);
            self.numbers.clear();
        }
    }

    /// Takes what an inventory says. What was written after the start tells nothing of what was
    /// there before.
    pub(crate) fn inventoried(&mut self, entry: &GatheredRequest, start_ms: u64) {
        self.turn_to(entry.object);
        if let Some(ms_before) = start_ms.checked_sub(entry.when.ms()).filter(|ms| *ms > 0) {
            self.inventoried = (EarlierKey::of(entry.slot), ms_before);
        }
    }

    /// Takes note of a write by the version that it was answered with.
    pub(crate) fn written_version(&mut self, entry: &GatheredRequest, write: ObjectWrite) {
        self.turn_to(entry.object);
        self.written = Some((write, entry.when.sse()));
    }

    /// What the next entry needs, and how its own object is encrypted. Entries come in their order;
    /// `own` is the entry as a write; `is_key_told` whether it says under which KMS key the object is.
    pub(crate) fn need(
        &mut self,
        entry: &GatheredRequest,
        own: ObjectWrite,
        is_key_told: bool,
    ) -> (NeededObject, ObjectEncryption) {
        self.turn_to(entry.object);
        let logged = entry.when.sse();
        let read = ReadRecord { logged, part: own.part, is_key_told };
        if !entry.when.is_served() {
            return (NeededObject::Nothing, logged);
        }
        match entry.when.kind() {
            // A copy's source is found by its other half.
            RequestKind::PutObject | RequestKind::CopyObject => {
                self.written = Some((own, logged));
                (NeededObject::Nothing, logged)
            }
            RequestKind::ReplicateObject => {
                self.written = Some((own, logged));
                (NeededObject::Elsewhere, logged)
            }
            RequestKind::CreateMultipartUpload => {
                self.upload = Some((own, logged));
                (NeededObject::Nothing, logged)
            }
            RequestKind::UploadPart => self.last(self.upload, read),
            // No object is known of an upload that was begun before the log.
            RequestKind::ListParts => match self.upload {
                Some(_) => self.last(self.upload, read),
                None => (NeededObject::Elsewhere, logged),
            },
            RequestKind::CompleteMultipartUpload => {
                self.written = self.upload;
                self.last(self.upload, read)
            }
            RequestKind::GetObject | RequestKind::HeadObjectChecksum => {
                self.last(self.written, read)
            }
            // Whether the copy itself needs KMS is its other half's matter.
            RequestKind::CopySource | RequestKind::OwnCopySource | RequestKind::PartCopySource => {
                match self.last(self.written, read) {
                    (_, ObjectEncryption::NotKms) => {
                        (self.before(EarlierKey::WithoutKms, own.part), ObjectEncryption::Unknown)
                    }
                    (_, sse) if sse.lacks_bucket_key(OptOuts::Kept) => {
                        (self.before(EarlierKey::WithoutKey, own.part), ObjectEncryption::Unknown)
                    }
                    (need, _) => (need, ObjectEncryption::Unknown),
                }
            }
            RequestKind::Inventoried
            | RequestKind::WrittenVersion
            | RequestKind::UploadPartCopy
            | RequestKind::HeadObject
            | RequestKind::ListObjects
            | RequestKind::DeleteObject
            | RequestKind::DeletedKey
            | RequestKind::DeletedKeys => (NeededObject::Nothing, logged),
        }
    }

    /// What was written by `write`, or before the log. What the record itself says of the object goes
    /// before what its writing said.
    fn last(
        &mut self,
        write: Option<(ObjectWrite, ObjectEncryption)>,
        ReadRecord { logged, part, is_key_told }: ReadRecord,
    ) -> (NeededObject, ObjectEncryption) {
        let as_written = write.map_or(ObjectEncryption::Unknown, |(_, sse)| sse);
        let sse = logged.or_as_written(as_written);
        let need = match (sse, write) {
            (ObjectEncryption::NotKms, _) => NeededObject::Nothing,
            (ObjectEncryption::Dsse, _) => self.before(EarlierKey::WithoutKey, part),
            // It was written anew since, by no request in the log.
            (_, Some((_, ObjectEncryption::NotKms | ObjectEncryption::Dsse))) => {
                self.before(EarlierKey::Unknown, part)
            }
            (_, Some((write, _))) if write.part == part || !is_key_told => {
                NeededObject::Written(write)
            }
            (_, Some(_)) => self.before(EarlierKey::Unknown, part),
            (_, None) => self.before(self.inventoried.0, part),
        };
        (need, sse)
    }

    /// One of the objects from before the log in a part of a bucket.
    fn before(&mut self, key: EarlierKey, part: u32) -> NeededObject {
        let known = self.numbers.iter().find(|known| (known.0, known.1) == (key, part));
        let number =
            known.map_or_else(|| self.counts[part as usize][key as usize], |known| known.2);
        if known.is_none() {
            self.counts[part as usize][key as usize] += 1;
            self.numbers.push((key, part, number));
        }
        let value = if key == EarlierKey::WithKey { self.inventoried.1 } else { number };
        NeededObject::Earlier { key, part, value }
    }
}
