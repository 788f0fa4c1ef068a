//! What a log's requests are, counted: one flow for each group of sessions, bucket and kind.

use std::collections::{BTreeMap, BTreeSet};

use super::active_periods::ActivePeriods;
use crate::recording::Recording;
use crate::recording::requests::{OptOuts, RecordedRequests};
use crate::rng::Seed;
use crate::s3::{Object, Operation, Request};
use crate::units::SimTime;

/// Bins of a run in which arrivals are counted.
pub(super) const BINS: usize = 512;

/// Most sessions of a principal that are distinguished one by one; of more, those that do the same
/// things to the same buckets are a group.
const MOST_ALONE: usize = 4;

/// Sessions that are fitted as one principal of the scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SessionGroup {
    pub(super) principal: usize,
    /// From each session's first request to its last, in nanoseconds since the start.
    pub(super) spans: Vec<SessionSpan>,
}

/// From a session's first request to its last.
pub(super) type SessionSpan = (i64, i64);

const SECOND_NS: i64 = 1_000_000_000;

impl SessionGroup {
    /// How many.
    pub(super) fn sessions(&self) -> u32 {
        self.spans.len() as u32
    }

    /// How long each of them lived, in seconds.
    pub(super) fn lives_s(&self) -> impl Iterator<Item = u64> {
        self.spans.iter().map(|(first, last)| ((last - first) / SECOND_NS) as u64)
    }

    /// How long any of its sessions lived, in seconds: without the pauses between jobs.
    pub(super) fn active_s(&self) -> u64 {
        let mut spans = self.spans.clone();
        spans.sort_unstable();
        let (mut active, mut until) = (0, i64::MIN);
        for (first, last) in spans {
            active += (last - first.max(until)).max(0);
            until = until.max(last);
        }
        (active / SECOND_NS) as u64
    }
}

/// Where the data comes from that a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DataSource {
    /// None is needed.
    Nothing,
    /// Objects that a group wrote within the log, and under which key of which bucket.
    Written { group: usize, part: u32 },
    /// What a session of several wrote itself to the bucket that it copies it within.
    Own,
    /// Objects whose writing is not in the log: which of the replay's populations.
    Unknown { population: u32 },
    /// Objects of no log.
    Elsewhere,
}

/// What a flow is made of. The requests of multipart uploads are one flow: its parts hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FlowKey {
    pub(super) group: usize,
    /// Which part of a bucket, by KMS key (see [`crate::recording::BucketKmsKeys`]).
    pub(super) part: u32,
    pub(super) operation: Operation,
    pub(super) source: DataSource,
}

/// Requests of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestFlow {
    /// How many; of an upload, its beginnings.
    pub(super) count: u64,
    pub(super) parts: u64,
    pub(super) ends: u64,
    /// Of the counted: how many in each bin of the run, and in each hour of it modulo 24.
    pub(super) bins: Vec<u64>,
    pub(super) hours: [u64; 24],
    /// Of the counted: when.
    pub(super) periods: ActivePeriods,
    /// Ages of what was read in milliseconds, to three digits.
    pub(super) ages: BTreeMap<u64, u64>,
}

/// All flows of a log.
#[derive(Clone, Debug)]
pub(super) struct Flows {
    pub(super) groups: Vec<SessionGroup>,
    pub(super) flows: BTreeMap<FlowKey, RequestFlow>,
}

impl Flows {
    pub(super) fn of(log: &Recording) -> Self {
        let (groups, group_of) = groups(log);
        let mut flows: BTreeMap<FlowKey, RequestFlow> = BTreeMap::new();
        let end_ns = log.end.as_nanos().max(1);
        for slot in 0..log.slots() as u32 {
            each(log, slot, |request| {
                flows.entry(key(request, &groups, &group_of)).or_default().take(request, end_ns);
            });
            for flow in flows.values_mut() {
                flow.periods.join();
            }
        }
        Self { groups, flows }
    }
}

/// Tells of every request of a session that was served.
fn each(log: &Recording, slot: u32, mut take: impl FnMut(&Request)) {
    let mut stream = RecordedRequests::new(log, &[slot], Seed(0), 0, OptOuts::Kept);
    let (mut batch, mut places) = (Vec::new(), Vec::new());
    while stream.next_batch(&mut batch, &mut places) {
        batch.iter().filter(|it| it.object != Object::Unserved).for_each(&mut take);
    }
}

/// What a session does, and where.
type BucketOperations = BTreeSet<(u32, Operation)>;

/// The groups, and which of them each session is of.
fn groups(log: &Recording) -> (Vec<SessionGroup>, Vec<usize>) {
    let (mut groups, mut group_of) = (Vec::<SessionGroup>::new(), Vec::new());
    let mut slots = 0..;
    for (principal, recorded) in log.principals.iter().enumerate() {
        let slots = slots.by_ref().take(recorded.sessions.len());
        let sessions: Vec<(BucketOperations, SessionSpan)> =
            slots.map(|slot| session(log, slot)).collect();
        let alone = sessions.len() <= MOST_ALONE;
        let kinds = kinds(&sessions);
        let mut of_kind: BTreeMap<&BucketOperations, usize> = BTreeMap::new();
        for (operations, span) in &sessions {
            let fresh = groups.len();
            let group =
                if alone { fresh } else { *of_kind.entry(kinds[operations]).or_insert(fresh) };
            if group == fresh {
                groups.push(SessionGroup { principal, ..SessionGroup::default() });
            }
            groups[group].spans.push(*span);
            group_of.push(group);
        }
    }
    (groups, group_of)
}

/// What a session does, and from its first request to its last.
fn session(log: &Recording, slot: u32) -> (BucketOperations, SessionSpan) {
    let (mut operations, mut span) = (BucketOperations::new(), None);
    each(log, slot, |request| {
        operations.insert((request.bucket, request.operation));
        span = Some(widened(span, request.time));
    });
    (operations, span.unwrap_or_default())
}

/// For all that some sessions do: what those do that they belong to. That is the same or, for a few
/// that do less than many, as those that the log's ends cut short, what the many do.
fn kinds(
    sessions: &[(BucketOperations, SessionSpan)],
) -> BTreeMap<&BucketOperations, &BucketOperations> {
    const FEWER_BY: u32 = 10;
    const MOST_COMPARED: usize = 32;
    let mut counts = BTreeMap::<&BucketOperations, u32>::new();
    for (operations, _) in sessions {
        *counts.entry(operations).or_default() += 1;
    }
    let mut many: Vec<(&BucketOperations, u32)> =
        counts.iter().map(|(operations, count)| (*operations, *count)).collect();
    many.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    many.truncate(MOST_COMPARED);
    let mut kinds = BTreeMap::new();
    for (&operations, &count) in &counts {
        let like = many.iter().find(|(more, as_many)| {
            *as_many >= count.saturating_mul(FEWER_BY) && more.is_superset(operations)
        });
        kinds.insert(operations, like.map_or(operations, |(more, _)| *more));
    }
    kinds
}

fn widened(span: Option<SessionSpan>, time: SimTime) -> SessionSpan {
    let ns = time.as_nanos();
    span.map_or((ns, ns), |(first, last)| (first.min(ns), last.max(ns)))
}

fn key(request: &Request, groups: &[SessionGroup], group_of: &[usize]) -> FlowKey {
    let operation = match request.operation {
        Operation::UploadPart | Operation::CompleteMultipartUpload => {
            Operation::CreateMultipartUpload
        }
        // It asks KMS for nothing unless told otherwise, as a list of objects.
        Operation::ListParts => Operation::ListObjects,
        other => other,
    };
    let source = match (operation, request.object) {
        (Operation::CreateMultipartUpload | Operation::ListObjects, _)
        | (_, Object::None | Object::Unserved) => DataSource::Nothing,
        (Operation::CopyObject, Object::Written { bucket, slot, .. })
            if slot == request.slot
                && bucket == request.bucket
                && groups[group_of[slot as usize]].sessions() > 1 =>
        {
            DataSource::Own
        }
        (_, Object::Written { bucket, slot, .. }) => {
            DataSource::Written { group: group_of[slot as usize], part: bucket }
        }
        (_, Object::Ranked { population, .. } | Object::Aged { population, .. }) => {
            DataSource::Unknown { population }
        }
        (_, Object::Keyless) => DataSource::Elsewhere,
    };
    FlowKey { group: group_of[request.slot as usize], part: request.bucket, operation, source }
}

impl RequestFlow {
    /// Takes a request of a log that ends at `end_ns`.
    fn take(&mut self, request: &Request, end_ns: i64) {
        match request.operation {
            Operation::UploadPart => return self.parts += 1,
            Operation::CompleteMultipartUpload => return self.ends += 1,
            _ => self.count += 1,
        }
        let ns = request.time.as_nanos();
        self.periods.take(ns, end_ns / BINS as i64);
        self.bins.resize(BINS, 0);
        let bin = i128::from(ns) * BINS as i128 / i128::from(end_ns);
        self.bins[(bin as usize).min(BINS - 1)] += 1;
        self.hours[(request.time.second() / 3_600 % 24) as usize] += 1;
        if let Object::Written { time, .. } = request.object {
            let ms = request.time.since(time).as_nanos().max(0) as u64 / 1_000_000;
            *self.ages.entry(three_digits(ms)).or_default() += 1;
        }
    }
}

/// The number to three digits: so few are distinguished that they take no room, and ages that have an
/// oldest, as those of a scan, keep it.
fn three_digits(number: u64) -> u64 {
    let unit = 10_u64.pow(number.checked_ilog10().unwrap_or_default().saturating_sub(2));
    (number + unit / 2) / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_known_to_half_a_percent() {
        for (number, expected) in
            [(0, 0), (7, 7), (999, 999), (1_004, 1_000), (1_799_999, 1_800_000), (9_996, 10_000)]
        {
            assert_eq!(three_digits(number), expected);
        }
    }
}
