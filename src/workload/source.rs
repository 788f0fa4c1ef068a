//! The requests of one session slot in one workload, in order of time.

use rand::{Rng, RngExt};

use super::arrivals::{ArrivalClock, Arrivals};
use super::jobs::JobClock;
use super::object_read::{ObjectChance, ReadPoint, ReadSources, ReadableObjects, ScanRange};
use super::written::{KeptObjects, ObjectList};
use super::{Action, Traffic, Workload, shares};
use crate::rng::{Purpose, Seed, Stream};
use crate::s3::columns::{Objects, RequestClass, S3Columns, WantedColumns};
use crate::s3::{Object, Operation, Request};
use crate::units::{ByteSize, SimDuration, SimTime};

/// Draws the requests of one session slot in a workload, or those of one kind of action among them.
#[derive(Debug)]
pub struct RequestSource<'a> {
    workload: &'a Workload,
    slot: u32,
    end: SimTime,
    once: bool,
    chance: RandomStreams,
    clock: ActionClock<'a>,
    /// What it may read of the objects that are kept.
    readable: ReadableObjects<'a>,
    /// When the scan under way began, and the objects it goes through.
    scan: Option<(SimTime, Option<ScanRange>)>,
}

/// Where a workload's sources draw from.
#[derive(Clone, Copy, Debug)]
pub struct Draws<'a> {
    /// From which all chance comes.
    pub seed: Seed,
    /// Which replication.
    pub replication: u32,
    /// The end of the run.
    pub end: SimTime,
    /// The objects that are kept one by one.
    pub kept: &'a KeptObjects,
}

/// The streams of random numbers of one source, one for each thing that is left to chance: what is
/// drawn of one changes nothing in the others, so what nobody looks at need not be drawn.
#[derive(Debug)]
struct RandomStreams {
    times: Stream,
    /// Which kind of action, and how many requests it makes.
    choices: Stream,
    objects: ObjectChance,
    /// Which part of S3's fleet serves a request.
    draws: Stream,
}

#[derive(Clone, Debug)]
enum ActionClock<'a> {
    /// Handles each object of another workload once.
    Following {
        objects: &'a ObjectList,
        /// The number of the slot's next object, and how many slots take turns.
        next: usize,
        slots: usize,
        delay: SimDuration,
        action: Action,
    },
    Steady {
        arrivals: ArrivalClock<'a>,
        /// The only kind of action, if there is only one.
        only: Option<Action>,
        /// Objects read so far and when the current scan began, for scans outside jobs.
        read: u64,
        scan_start: SimTime,
    },
    Jobs(JobClock),
}

/// Why the requests of jobs are not drawn in columns.
const OF_SEVERAL_KINDS: &str = "the requests of jobs are of several kinds";

/// One action as the clock gives it.
#[derive(Clone, Copy)]
struct Due {
    action: Action,
    point: ReadPoint,
}

/// One session slot in a workload, whose sources are made.
struct SlotIn<'a> {
    workload: &'a Workload,
    slot: u32,
    policy: u32,
    draws: Draws<'a>,
}

impl<'a> SlotIn<'a> {
    /// Its number among the workload's slots.
    fn number(&self) -> u32 {
        self.slot - self.workload.slots.start
    }

    fn slots(&self) -> u32 {
        self.workload.slots.len() as u32
    }

    /// The streams of the `kind`-th source.
    fn chance(&self, kind: u32) -> RandomStreams {
        let Draws { seed, replication, .. } = self.draws;
        let place = (self.workload.index * Action::KINDS + kind, self.number());
        let [times, choices, objects, writers, draws] =
            seed.streams(replication, Purpose::Requests, place);
        RandomStreams { times, choices, objects: ObjectChance { objects, writers }, draws }
    }

    /// A source of a share of the workload's steady actions: of the `kind`-th source's streams, all of
    /// one kind of action or of any.
    fn steady(
        &self,
        arrivals: &'a Arrivals,
        kind: u32,
        only: Option<Action>,
        share: f64,
    ) -> RequestSource<'a> {
        let mut chance = self.chance(kind);
        // Before the run only what is written matters.
        let since = match only {
            Some(action) if !action.writes() => SimTime::ZERO,
            _ => self.workload.since,
        };
        let place = (self.number(), self.slots());
        let arrivals = ArrivalClock::new(arrivals, place, share, since, &mut chance.times);
        let clock = ActionClock::Steady { arrivals, only, read: 0, scan_start: SimTime::ZERO };
        self.source(clock, chance)
    }

    fn source(&self, clock: ActionClock<'a>, chance: RandomStreams) -> RequestSource<'a> {
        let Self { workload, slot, policy, draws } = *self;
        let reads = workload.reads.as_ref();
        let readable =
            reads.map_or_else(Default::default, |reads| reads.readable(draws.kept, policy));
        let once = workload.happens_once();
        RequestSource { workload, slot, end: draws.end, once, chance, clock, readable, scan: None }
    }
}

impl<'a> RequestSource<'a> {
    /// The sources of `slot` in `workload`, whose requests before `end` they draw. They depend on
    /// nothing but the arguments.
    ///
    /// Where actions arrive as a Poisson process each kind of action is a source by itself: a
    /// Poisson process whose points are of independent kinds is one independent Poisson process for
    /// each kind (Kingman, *Poisson Processes*, §5.1). Only actions that take turns in one scan belong
    /// together.
    ///
    /// # Panics
    /// If `slot` is not one of the workload's.
    #[must_use]
    pub fn of(workload: &'a Workload, slot: u32, policy: u32, draws: Draws<'a>) -> Vec<Self> {
        assert!(workload.slots.contains(&slot));
        let whose = SlotIn { workload, slot, policy, draws };
        match &workload.traffic {
            Traffic::Steady { arrivals: arrivals @ Arrivals::Poisson(_), mix }
                if !workload.scans() =>
            {
                let kinds = shares(mix);
                kinds
                    .map(|(action, share)| {
                        whose.steady(arrivals, action as u32, Some(action), share)
                    })
                    .collect()
            }
            Traffic::Steady { arrivals, mix } => {
                let only = if let [(only, _)] = mix.as_slice() { Some(*only) } else { None };
                vec![whose.steady(arrivals, 0, only, 1.0)]
            }
            Traffic::Jobs(jobs) => {
                let clock = JobClock::new(jobs, whose.number(), whose.slots(), workload.since);
                vec![whose.source(ActionClock::Jobs(clock), whose.chance(0))]
            }
            Traffic::Following(following) => {
                let Some(objects) = draws.kept.workload(following.workload, 1, 0) else {
                    return Vec::new();
                };
                let clock = ActionClock::Following {
                    objects,
                    next: whose.number() as usize,
                    slots: whose.slots() as usize,
                    delay: following.delay,
                    action: following.action,
                };
                vec![whose.source(clock, whose.chance(0))]
            }
        }
    }

    /// Whether any of its actions makes a new object.
    #[must_use]
    pub fn writes(&self) -> bool {
        match &self.clock {
            ActionClock::Steady { only: Some(action), .. } => action.writes(),
            _ => self.workload.writes(),
        }
    }

    /// The session slot.
    #[must_use]
    pub fn slot(&self) -> u32 {
        self.slot
    }

    /// The greatest mean number of actions a second at any time, those of all kinds together; `None`
    /// for jobs.
    #[must_use]
    pub fn greatest_per_s(&self) -> Option<f64> {
        match &self.workload.traffic {
            Traffic::Steady { arrivals, .. } => {
                Some(arrivals.greatest_per_s() / self.workload.slots.len() as f64)
            }
            Traffic::Jobs(_) | Traffic::Following(_) => None,
        }
    }

    /// What all requests have in common, if each action makes one request and all are of one kind:
    /// then [`RequestSource::fill`] draws them in columns.
    #[must_use]
    pub fn kind(&self) -> Option<RequestClass> {
        match self.clock {
            ActionClock::Steady { only: Some(action), .. } => self.workload.kind_of(action),
            _ => None,
        }
    }

    /// Appends the next requests before the end, at most `most`. They are those that
    /// [`RequestSource::next_action`] would draw.
    ///
    /// # Panics
    /// If the requests are not all of one kind.
    pub fn fill(&mut self, columns: &mut S3Columns, wanted: WantedColumns, most: usize) {
        let (first, times) = (columns.len(), &mut columns.times);
        let ActionClock::Steady { arrivals, .. } = &mut self.clock else {
            panic!("{OF_SEVERAL_KINDS}")
        };
        arrivals.fill(times, most, self.end, &mut self.chance.times);
        self.fill_others(columns, wanted, first);
    }

    /// Appends the next requests before `until` and the end.
    ///
    /// # Panics
    /// If the requests are not all of one kind.
    pub fn fill_until(&mut self, columns: &mut S3Columns, wanted: WantedColumns, until: SimTime) {
        let (first, until) = (columns.len(), until.min(self.end));
        let ActionClock::Steady { arrivals, .. } = &mut self.clock else {
            panic!("{OF_SEVERAL_KINDS}")
        };
        arrivals.fill_until(&mut columns.times, until, &mut self.chance.times);
        self.fill_others(columns, wanted, first);
    }

    /// Fills the columns beside the times.
    fn fill_others(&mut self, columns: &mut S3Columns, wanted: WantedColumns, first: usize) {
        if let (Some(reads), true) = (&self.workload.reads, wanted.objects && self.reads_objects())
        {
            reads.fill(self.readable, columns, first, wanted, &mut self.chance.objects);
        }
        if wanted.draws {
            let (draws, count) = (&mut self.chance.draws, columns.len() - first);
            columns.draws.extend(std::iter::repeat_with(|| draws.next_u32()).take(count));
        }
    }

    fn reads_objects(&self) -> bool {
        matches!(&self.clock, ActionClock::Steady { only: Some(action), .. } if action.reads())
    }

    /// Appends the requests of the next action, all of one time; false if there is none before the
    /// end. Some actions make no request: before the run only what is written does.
    pub fn next_action(&mut self, requests: &mut Vec<Request>) -> bool {
        let Some(due) = self.next_due() else { return false };
        if due.point.time >= self.end {
            return false;
        }
        self.act(due, requests);
        true
    }

    fn next_due(&mut self) -> Option<Due> {
        let RandomStreams { times, choices, .. } = &mut self.chance;
        match (&mut self.clock, &self.workload.traffic) {
            (
                ActionClock::Steady { arrivals, only, read, scan_start },
                Traffic::Steady { mix, .. },
            ) => {
                let time = arrivals.next(times);
                let action = only.unwrap_or_else(|| draw_action(mix, choices));
                let of = self.workload.scan_objects();
                if action.reads() {
                    if read.is_multiple_of(of) {
                        *scan_start = time;
                    }
                    *read += 1;
                }
                let index = read.saturating_sub(1) % of;
                let point = ReadPoint { time, scan_start: *scan_start, index, of, follows: None };
                Some(Due { action, point })
            }
            (ActionClock::Following { objects, next, slots, delay, action }, _) => {
                let number = *next;
                if number >= objects.len() {
                    return None;
                }
                *next += *slots;
                let time = objects.object(number).time + *delay;
                let follows = Some(number);
                let point = ReadPoint { time, scan_start: time, index: 0, of: 1, follows };
                Some(Due { action: *action, point })
            }
            (ActionClock::Jobs(clock), Traffic::Jobs(jobs)) => {
                clock.next(jobs, times).map(|due| Due {
                    action: due.action,
                    point: ReadPoint {
                        time: due.time,
                        scan_start: due.job_start,
                        index: due.index,
                        of: due.of,
                        follows: None,
                    },
                })
            }
            _ => unreachable!("a source's clock is of its workload's kind"),
        }
    }

    fn act(&mut self, due: Due, out: &mut Vec<Request>) {
        let time = due.point.time;
        if time < SimTime::ZERO && !due.action.writes() {
            return;
        }
        match due.action {
            Action::Read => self.read(due.point, out),
            Action::Write => self.write(time, out),
            Action::Copy => self.copy(due.point, out),
            Action::Head => self.repeat(1.0, time, Operation::HeadObject, out),
            Action::List => self.repeat(1.0, time, Operation::ListObjects, out),
            Action::Delete => self.repeat(1.0, time, Operation::DeleteObject, out),
            Action::HeadChecksum => {
                let (bucket, object) = self.pick(due.point);
                self.push(time, Operation::HeadObjectChecksum, bucket, object, out);
            }
            Action::Replicate => {
                let (_, object) = self.pick(due.point);
                let bucket = self.workload.bucket;
                self.push(time, Operation::ReplicateObject, bucket, object, out);
            }
        }
    }

    fn read(&mut self, point: ReadPoint, out: &mut Vec<Request>) {
        let profile = self.workload.client.read;
        let gets = self.workload.client.gets(self.workload.read_size);
        let (bucket, object) = self.pick(point);
        self.repeat(profile.list, point.time, Operation::ListObjects, out);
        self.repeat(profile.head, point.time, Operation::HeadObject, out);
        for _ in 0..self.whole(gets) {
            self.push(point.time, Operation::GetObject, bucket, object, out);
        }
    }

    fn write(&mut self, time: SimTime, out: &mut Vec<Request>) {
        let workload = self.workload;
        let (bucket, profile) = (workload.bucket, workload.client.write);
        self.repeat(profile.list, time, Operation::ListObjects, out);
        self.repeat(profile.head, time, Operation::HeadObject, out);
        let first = out.len();
        if workload.client.is_multipart(workload.object_size) {
            let parts = workload.client.upload_parts(workload.object_size);
            self.upload(time, parts, Operation::UploadPart, None, out);
        } else {
            for _ in 0..self.whole(profile.put) {
                self.push(time, Operation::PutObject, bucket, Object::None, out);
            }
        }
        for _ in 0..self.whole(profile.marker) {
            self.push(time, Operation::PutObject, bucket, Object::None, out);
        }
        // The object has the key that the first of these requests asked for, as a PUT or the begin
        // of an upload; each copy is made of the one before.
        let mut draw = out.get(first).map_or(0, |request| request.draw);
        for _ in 0..self.whole(profile.copy) {
            let (own, copied) = (self.own(time, draw), out.len());
            self.copy_of(own, workload.object_size, time, out);
            draw = out[copied].draw;
        }
    }

    fn copy(&mut self, point: ReadPoint, out: &mut Vec<Request>) {
        let profile = self.workload.client.copy;
        let (_, source) = self.pick(point);
        self.repeat(profile.list, point.time, Operation::ListObjects, out);
        self.repeat(profile.head, point.time, Operation::HeadObject, out);
        self.copy_of(source, self.workload.read_size, point.time, out);
    }

    /// Copies `source` as a whole or in parts, by its size.
    fn copy_of(&mut self, source: Object, size: ByteSize, time: SimTime, out: &mut Vec<Request>) {
        let workload = self.workload;
        if workload.client.copies_in_parts(size) {
            let parts = workload.client.copied_parts(size);
            self.upload(time, parts, Operation::UploadPartCopy, Some(source), out);
        } else {
            self.push(time, Operation::CopyObject, workload.bucket, source, out);
        }
    }

    /// A multipart upload whose parts are sent as `part`, or copied from `source`.
    fn upload(
        &mut self,
        time: SimTime,
        parts: u64,
        part: Operation,
        source: Option<Object>,
        out: &mut Vec<Request>,
    ) {
        let bucket = self.workload.bucket;
        self.push(time, Operation::CreateMultipartUpload, bucket, Object::None, out);
        let own = self.own(time, out.last().expect("just pushed").draw);
        for _ in 0..parts {
            self.push(time, part, bucket, source.unwrap_or(own), out);
        }
        self.push(time, Operation::CompleteMultipartUpload, bucket, own, out);
    }

    /// The object that the slot writes at `time` through the cache partition that `draw` picks.
    fn own(&self, time: SimTime, draw: u32) -> Object {
        if self.workload.bucket_key {
            Object::Written { bucket: self.workload.bucket, slot: self.slot, draw, time }
        } else {
            Object::Keyless
        }
    }

    fn pick(&mut self, point: ReadPoint) -> (u32, Object) {
        let reads = self.workload.reads.as_ref().expect("the scenario gives readers what to read");
        if self.scan.as_ref().is_none_or(|(start, _)| *start != point.scan_start) {
            self.scan = Some((point.scan_start, reads.scan_range(self.readable, point.scan_start)));
        }
        let range = self.scan.as_ref().and_then(|(_, range)| range.as_ref());
        reads.pick(self.readable, range, point, &mut self.chance.objects)
    }

    /// `mean` requests on average that need no object's data.
    fn repeat(&mut self, mean: f64, time: SimTime, operation: Operation, out: &mut Vec<Request>) {
        for _ in 0..self.whole(mean) {
            self.push(time, operation, self.workload.bucket, Object::None, out);
        }
    }

    /// A whole number of that mean: the next lower or the next higher.
    fn whole(&mut self, mean: f64) -> u64 {
        // A cast rounds down, and is no call of a function.
        let below = mean as u64;
        let rest = mean - below as f64;
        below + u64::from(rest > 0.0 && self.chance.choices.random::<f64>() < rest)
    }

    fn push(
        &mut self,
        time: SimTime,
        operation: Operation,
        bucket: u32,
        object: Object,
        out: &mut Vec<Request>,
    ) {
        out.push(Request {
            time,
            slot: self.slot,
            bucket,
            operation,
            allows_bucket_key: self.workload.bucket_key,
            once: self.once,
            draw: self.chance.draws.next_u32(),
            object,
        });
    }
}

impl Workload {
    /// What the requests of `action` have in common, if the action always makes one request and
    /// which one it is does not depend on those before it.
    #[must_use]
    pub fn kind_of(&self, action: Action) -> Option<RequestClass> {
        let operation = match action {
            Action::Read => Operation::GetObject,
            Action::Write => Operation::PutObject,
            Action::Head => Operation::HeadObject,
            Action::List => Operation::ListObjects,
            Action::Delete => Operation::DeleteObject,
            Action::HeadChecksum => Operation::HeadObjectChecksum,
            // They ask for two data keys.
            Action::Copy | Action::Replicate => return None,
        };
        let single = match action {
            Action::Read => self.client.reads_by_one_get(self.read_size),
            Action::Write => self.client.writes_by_one_put(self.object_size),
            _ => true,
        };
        let (bucket, objects) = match &self.reads {
            Some(reads) if action.reads() => reads.objects()?,
            _ => (self.bucket, Objects::None),
        };
        single.then_some(RequestClass {
            operation,
            bucket,
            allows_bucket_key: self.bucket_key,
            objects,
        })
    }

    /// Objects of one scan outside jobs.
    fn scan_objects(&self) -> u64 {
        self.reads.as_ref().and_then(ReadSources::scan).map_or(1, |scan| scan.objects)
    }

    fn scans(&self) -> bool {
        self.reads.as_ref().and_then(ReadSources::scan).is_some()
    }
}

/// An action in proportion to its share; shares are cumulative.
fn draw_action(mix: &[(Action, f64)], rng: &mut Stream) -> Action {
    let draw: f64 = rng.random();
    let found = mix.iter().find(|(_, cumulative)| draw < *cumulative);
    found.or(mix.last()).expect("a mix has an action").0
}
