//! The requests of one session slot in one workload, in order of time.

use rand::{Rng, RngExt};

use super::access::ReadPoint;
use super::arrivals::ArrivalClock;
use super::jobs::JobClock;
use super::{Action, Traffic, Workload};
use crate::rng::{Purpose, Seed, Stream};
use crate::s3::{Object, Operation, Request};
use crate::units::{ByteSize, SimTime};

/// The largest object that one `CopyObject`, and one `UploadPartCopy`, can copy.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html>
pub(super) const COPY_LIMIT: ByteSize = ByteSize::mib(5 * 1024);

/// Draws one session slot's requests.
#[derive(Debug)]
pub struct Source<'a> {
    workload: &'a Workload,
    slot: u32,
    end: SimTime,
    rng: Stream,
    clock: Clock,
}

#[derive(Clone, Debug)]
enum Clock {
    Steady {
        arrivals: ArrivalClock,
        /// Objects read so far and when the current scan began, for scans outside jobs.
        read: u64,
        scan_start: SimTime,
    },
    Jobs(JobClock),
}

/// One action as the clock gives it.
#[derive(Clone, Copy)]
struct Due {
    action: Action,
    point: ReadPoint,
}

impl<'a> Source<'a> {
    /// The requests of `slot` in `workload` before `end`. They depend on nothing but the arguments.
    ///
    /// # Panics
    /// If `slot` is not one of the workload's.
    #[must_use]
    pub fn new(
        workload: &'a Workload,
        slot: u32,
        seed: Seed,
        replication: u32,
        end: SimTime,
    ) -> Self {
        assert!(workload.slots.contains(&slot));
        let (number, slots) = (slot - workload.slots.start, workload.slots.len() as u32);
        let mut rng = seed.stream(replication, Purpose::Requests, (workload.index, number));
        let clock = match &workload.traffic {
            Traffic::Steady { arrivals, .. } => Clock::Steady {
                arrivals: ArrivalClock::new(arrivals, number, slots, &mut rng),
                read: 0,
                scan_start: SimTime::ZERO,
            },
            Traffic::Jobs(jobs) => Clock::Jobs(JobClock::new(jobs, number, slots)),
        };
        Self { workload, slot, end, rng, clock }
    }

    /// Appends the requests of the next action, all of one time; false if there is none before the
    /// end. Some actions make no request.
    pub fn next_action(&mut self, requests: &mut Vec<Request>) -> bool {
        let Some(due) = self.next_due() else { return false };
        if due.point.time >= self.end {
            return false;
        }
        self.act(due, requests);
        true
    }

    fn next_due(&mut self) -> Option<Due> {
        let rng = &mut self.rng;
        match (&mut self.clock, &self.workload.traffic) {
            (Clock::Steady { arrivals, read, scan_start }, Traffic::Steady { mix, .. }) => {
                let time = arrivals.next(rng);
                let action = draw_action(mix, rng);
                let of = self.workload.scan_objects();
                if action.reads() {
                    if read.is_multiple_of(of) {
                        *scan_start = time;
                    }
                    *read += 1;
                }
                let index = read.saturating_sub(1) % of;
                Some(Due { action, point: ReadPoint { time, scan_start: *scan_start, index, of } })
            }
            (Clock::Jobs(clock), Traffic::Jobs(jobs)) => clock.next(jobs, rng).map(|due| Due {
                action: due.action,
                point: ReadPoint {
                    time: due.time,
                    scan_start: due.job_start,
                    index: due.index,
                    of: due.of,
                },
            }),
            _ => unreachable!("a source's clock is of its workload's kind"),
        }
    }

    fn act(&mut self, due: Due, out: &mut Vec<Request>) {
        let time = due.point.time;
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
        // The object has the key that the first of these requests asked for, as a PUT or the begin
        // of an upload; each copy is made of the one before.
        let mut draw = out.get(first).map_or(0, |request| request.draw);
        for _ in 0..self.whole(profile.copy) {
            let own = self.own(time, draw);
            self.push(time, Operation::CopyObject, bucket, own, out);
            draw = out.last().expect("just pushed").draw;
        }
    }

    fn copy(&mut self, point: ReadPoint, out: &mut Vec<Request>) {
        let (_, source) = self.pick(point);
        let size = self.workload.object_size;
        if size <= COPY_LIMIT {
            self.push(point.time, Operation::CopyObject, self.workload.bucket, source, out);
        } else {
            let parts = copied_parts(size);
            self.upload(point.time, parts, Operation::UploadPartCopy, Some(source), out);
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
        reads.pick(point, &mut self.rng)
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
        below + u64::from(rest > 0.0 && self.rng.random::<f64>() < rest)
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
            draw: self.rng.next_u32(),
            object,
        });
    }
}

impl Workload {
    /// Objects of one scan outside jobs.
    fn scan_objects(&self) -> u64 {
        use super::access::ReadPattern;
        match self.reads.as_ref().map(|reads| &reads.pattern) {
            Some(ReadPattern::Scan(scan) | ReadPattern::RecentFirst(scan)) => scan.objects,
            _ => 1,
        }
    }
}

/// Parts in which an object larger than the limit is copied.
fn copied_parts(size: ByteSize) -> u64 {
    size.bytes().div_ceil(COPY_LIMIT.bytes())
}

/// Requests for copying an object of `size`.
pub(super) fn requests_per_copy(size: ByteSize) -> u64 {
    if size <= COPY_LIMIT { 1 } else { 2 + copied_parts(size) }
}

/// An action in proportion to its share; shares are cumulative.
fn draw_action(mix: &[(Action, f64)], rng: &mut Stream) -> Action {
    let [(only, _)] = mix else {
        let draw: f64 = rng.random();
        let found = mix.iter().find(|(_, cumulative)| draw < *cumulative);
        return found.or(mix.last()).expect("a mix has an action").0;
    };
    *only
}
