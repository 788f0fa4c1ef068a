//! Flows as workloads.

use std::collections::{BTreeMap, BTreeSet};

use super::arrival_process::{self, ActionTimes, LogTimes};
use super::bucket_details::BucketDetails;
use super::request_groups::{DataSource, FlowKey, Flows, RequestFlow};
use crate::s3::Operation;
use crate::scenario::written::{ReadFile, WorkloadFile};
use crate::units::{ByteSize, SimDuration, SimTime};
use crate::workload::clients::{ClientProfile, PART_LIMIT, WriteRequests};
use crate::workload::jobs::{JobStep, Jobs};
use crate::workload::read_pattern::ReadPattern;
use crate::workload::{Action, Mix};

/// The objects of a bucket under one KMS key.
pub(super) struct FittedPart<'a> {
    pub(super) bucket: &'a str,
    /// If it is not the bucket's first.
    pub(super) kms_key: Option<&'a str>,
    /// What names of workloads call it.
    pub(super) label: String,
}

/// What groups, buckets and populations are called.
pub(super) struct FittedNames<'a> {
    pub(super) principals: Vec<String>,
    /// Of every bucket, and of its objects under further KMS keys.
    pub(super) parts: Vec<FittedPart<'a>>,
    pub(super) populations: Vec<String>,
    pub(super) elsewhere: String,
}

/// The workloads and what they need.
#[derive(Default)]
pub(super) struct FittedWorkloads {
    pub(super) workloads: Vec<WorkloadFile>,
    pub(super) clients: Vec<ClientProfile>,
    /// Why each workload is as it is.
    pub(super) notes: Vec<String>,
    /// What the log has and no workload says.
    pub(super) left_out: Vec<String>,
    /// Populations that are read.
    pub(super) used: BTreeSet<String>,
    pub(super) reads_elsewhere: bool,
    /// A workload that writes, by group and part of a bucket.
    writers: BTreeMap<(usize, u32), String>,
}

pub(super) fn workloads(
    flows: &Flows,
    names: &FittedNames,
    details: &BucketDetails,
    times: LogTimes,
) -> FittedWorkloads {
    let (copied, made) = (CopiedParts::of(flows), FittedWorkloads::default());
    let mut maker = WorkloadBuilder { names, details, times, flows, copied, made };
    // A read names the workload that wrote.
    for (key, flow) in &flows.flows {
        maker.name_writer(key, flow);
    }
    for (key, flow) in &flows.flows {
        match key.operation {
            Operation::CreateMultipartUpload => maker.uploads(key, flow),
            Operation::UploadPartCopy => maker.copied_parts(key, flow),
            Operation::PutObject => maker.puts(key, flow),
            Operation::CopyObject
                if key.source == DataSource::Own && maker.renames(key).is_some() => {}
            _ => maker.plain(key, flow, action(key.operation), flow.count),
        }
    }
    maker.made
}

struct WorkloadBuilder<'a> {
    names: &'a FittedNames<'a>,
    details: &'a BucketDetails,
    times: LogTimes,
    flows: &'a Flows,
    copied: CopiedParts,
    made: FittedWorkloads,
}

/// What a request of that kind is in a scenario.
const fn action(operation: Operation) -> Action {
    match operation {
        Operation::PutObject
        | Operation::CreateMultipartUpload
        | Operation::UploadPart
        | Operation::CompleteMultipartUpload => Action::Write,
        Operation::GetObject => Action::Read,
        Operation::HeadObject => Action::Head,
        Operation::HeadObjectChecksum => Action::HeadChecksum,
        Operation::ListObjects | Operation::ListParts => Action::List,
        Operation::DeleteObject => Action::Delete,
        Operation::CopyObject | Operation::UploadPartCopy => Action::Copy,
        Operation::ReplicateObject => Action::Replicate,
    }
}

/// The mix of one kind of action alone.
fn only(action: Action) -> Mix {
    let (none, all) = (Mix::default(), 1.0);
    match action {
        Action::Read => Mix { read: all, ..none },
        Action::Write => Mix { write: all, ..none },
        Action::Copy => Mix { copy: all, ..none },
        Action::Head => Mix { head: all, ..none },
        Action::HeadChecksum => Mix { head_checksum: all, ..none },
        Action::List => Mix { list: all, ..none },
        Action::Delete => Mix { delete: all, ..none },
        Action::Replicate => Mix { replicate: all, ..none },
    }
}

impl WorkloadBuilder<'_> {
    fn name(&self, key: &FlowKey, what: &str) -> String {
        let principal = &self.names.principals[key.group];
        let place = &self.names.parts[key.part as usize].label;
        let source = match key.source {
            DataSource::Nothing => String::new(),
            DataSource::Written { group, part } => format!(
                " of what {} wrote to {}",
                self.names.principals[group], self.names.parts[part as usize].label
            ),
            DataSource::Unknown { population } => {
                format!(" of {}", self.names.populations[population as usize])
            }
            DataSource::Own => " of its own".to_owned(),
            DataSource::Elsewhere => " of what is elsewhere".to_owned(),
        };
        format!("{principal}, {place}: {what}{source}")
    }

    fn name_writer(&mut self, key: &FlowKey, flow: &RequestFlow) {
        let name = match key.operation {
            Operation::CreateMultipartUpload => {
                let begun = flow.count - self.copied.uploads_to(key);
                match UploadSize::all(begun, flow.parts).first() {
                    Some(size) => self.name(key, &size.name()),
                    None => return,
                }
            }
            Operation::PutObject => {
                let copies = self.renames(key).map_or(0, |copies| copies.count);
                match UploadSize::all(flow.count, copies).first() {
                    Some(size) => self.name(key, &name_of_puts(size.parts)),
                    None => return,
                }
            }
            Operation::CopyObject => self.name(key, key.operation.name()),
            Operation::UploadPartCopy => self.name_of_copies(key, flow),
            _ => return,
        };
        self.made.writers.entry((key.group, key.part)).or_insert(name);
    }

    fn plain(&mut self, key: &FlowKey, flow: &RequestFlow, action: Action, count: u64) {
        let name = self.name(key, key.operation.name());
        let read = action.reads().then(|| self.read(key, flow));
        let size = self.mean_size(key);
        let workload = self.workload(key, name, "direct", size);
        self.push(key, WorkloadFile { read, ..workload }, flow, action, count);
    }

    /// Mean size of the bucket's objects, or what one PUT can write, if that is less: the log's are of
    /// objects that one request wrote or copied.
    fn mean_size(&self, key: &FlowKey) -> Option<u64> {
        let bucket = self.names.parts[key.part as usize].bucket;
        Some(self.details.mean_size(bucket, false)?.min(PART_LIMIT.bytes()))
    }

    /// Copies that sessions make of what they have just put, as committers rename: a client does
    /// that. Else a session of several would copy what others wrote.
    fn renames(&self, key: &FlowKey) -> Option<&RequestFlow> {
        let (operation, source) = (Operation::PutObject, DataSource::Nothing);
        self.flows.flows.get(&FlowKey { operation, source, ..*key })?;
        let (operation, source) = (Operation::CopyObject, DataSource::Own);
        let copies = self.flows.flows.get(&FlowKey { operation, source, ..*key });
        copies.filter(|copies| arrival_process::are_young(copies))
    }

    /// PUTs, and copies that follow them by themselves.
    fn puts(&mut self, key: &FlowKey, flow: &RequestFlow) {
        let Some(copies) = self.renames(key).cloned() else {
            return self.plain(key, flow, Action::Write, flow.count);
        };
        let size = self.mean_size(key);
        for UploadSize { uploads, parts } in UploadSize::all(flow.count, copies.count) {
            let write = WriteRequests { copy: parts as f64, ..WriteRequests::default() };
            let (client, like) = match parts {
                0 => ("direct".to_owned(), flow),
                _ => (format!("puts-with-copies-{parts}"), &copies),
            };
            let workload = self.workload(key, self.name(key, &name_of_puts(parts)), &client, size);
            if parts > 0 {
                self.add_client(ClientProfile { write, ..ClientProfile::plain(client) });
            }
            self.push(key, workload, like, Action::Write, uploads);
        }
    }

    fn add_client(&mut self, client: ClientProfile) {
        if self.made.clients.iter().all(|known| known.name != client.name) {
            self.made.clients.push(client);
        }
    }

    fn workload(
        &self,
        key: &FlowKey,
        name: String,
        client: &str,
        size: Option<u64>,
    ) -> WorkloadFile {
        WorkloadFile {
            name,
            principal: self.names.principals[key.group].clone(),
            bucket: self.names.parts[key.part as usize].bucket.to_owned(),
            client: client.to_owned(),
            object_size: size.map_or(ByteSize::mib(1), ByteSize::of_bytes),
            bucket_key: true,
            since: SimTime::ZERO,
            growth: None,
            encryption: None,
            kms_key: None,
            arrivals: None,
            mix: None,
            jobs: None,
            read: None,
        }
    }

    fn push(
        &mut self,
        key: &FlowKey,
        workload: WorkloadFile,
        flow: &RequestFlow,
        action: Action,
        count: u64,
    ) {
        let sessions = self.flows.groups[key.group].sessions().into();
        let (when, why) = arrival_process::when(flow, count, sessions, self.times);
        let (mut mix, mut arrivals, mut jobs) = (None, None, None);
        match when {
            ActionTimes::Arrivals(process) => (mix, arrivals) = (Some(only(action)), Some(process)),
            ActionTimes::Jobs { every, offset, objects, rate } => {
                let steps = vec![JobStep { action, objects, rate }];
                jobs =
                    Some(Jobs { every, offset, start_up: SimDuration::ZERO, steps, growth: None });
            }
        }
        self.made.notes.push(format!("{count} in the log; {why}"));
        let kms_key = self.names.parts[key.part as usize].kms_key.map(str::to_owned);
        let kms_key = kms_key.filter(|_| action.writes());
        self.made.workloads.push(WorkloadFile { kms_key, arrivals, mix, jobs, ..workload });
    }

    fn read(&mut self, key: &FlowKey, flow: &RequestFlow) -> ReadFile {
        let writer = match key.source {
            DataSource::Written { group, part } => self.made.writers.get(&(group, part)).cloned(),
            DataSource::Own => self.made.writers.get(&(key.group, key.part)).cloned(),
            DataSource::Nothing | DataSource::Unknown { .. } | DataSource::Elsewhere => None,
        };
        if let Some(writer) = writer {
            return ReadFile {
                from: vec![writer],
                pattern: ReadPattern::ByAge(arrival_process::ages(flow)),
                owned: None,
            };
        }
        let population = match key.source {
            DataSource::Unknown { population } => {
                self.names.populations[population as usize].clone()
            }
            // Who only ended uploads has no workload: its objects are of unknown age.
            DataSource::Nothing
            | DataSource::Written { .. }
            | DataSource::Own
            | DataSource::Elsewhere => {
                self.made.reads_elsewhere = true;
                self.names.elsewhere.clone()
            }
        };
        self.made.used.insert(population.clone());
        ReadFile { from: vec![population], pattern: ReadPattern::Uniform, owned: None }
    }

    /// Uploads of as many parts as there were, or of one more, so that their sum is the log's.
    fn uploads(&mut self, key: &FlowKey, flow: &RequestFlow) {
        let bucket = self.names.parts[key.part as usize].bucket;
        let part = self.details.mean_size(bucket, true).unwrap_or(8 << 20);
        let begun = flow.count - self.copied.uploads_to(key);
        for size in UploadSize::all(begun, flow.parts) {
            let client = size.client(part);
            let bytes = part.saturating_mul(size.parts.max(1));
            let workload =
                self.workload(key, self.name(key, &size.name()), &client.name, Some(bytes));
            self.add_client(client);
            self.push(key, workload, flow, Action::Write, size.uploads);
        }
        self.tell_of_ends(key, flow);
    }

    fn tell_of_ends(&mut self, key: &FlowKey, flow: &RequestFlow) {
        let name = self.name(key, "multipart uploads");
        if flow.count == 0 {
            let rest = flow.parts + flow.ends;
            self.made.left_out.push(format!(
                "{name}: {rest} parts and ends of uploads that began before the log, left out"
            ));
        } else if flow.ends != flow.count {
            self.made.left_out.push(format!(
                "{name}: {} begin and {} end in the log; here all end",
                flow.count, flow.ends
            ));
        }
    }

    fn name_of_copies(&self, key: &FlowKey, flow: &RequestFlow) -> String {
        match UploadSize::all(self.copied.uploads_of(key, flow.count), flow.count).first() {
            Some(UploadSize { parts, .. }) => self.name(key, &format!("copies in {parts}")),
            None => self.name(key, key.operation.name()),
        }
    }

    /// Uploads whose parts are copied, as copies of objects so large that they are made in parts.
    fn copied_parts(&mut self, key: &FlowKey, flow: &RequestFlow) {
        let uploads = self.copied.uploads_of(key, flow.count);
        if uploads == 0 {
            return self.plain(key, flow, Action::Copy, flow.count);
        }
        for UploadSize { uploads, parts } in UploadSize::all(uploads, flow.count) {
            let name = self.name(key, &format!("copies in {parts}"));
            let read = Some(self.read(key, flow));
            // Their size says in how many parts: a copy has parts of the greatest size.
            let size = Some(PART_LIMIT.bytes().saturating_mul(parts));
            let workload = self.workload(key, name, "direct", size);
            self.push(key, WorkloadFile { read, ..workload }, flow, Action::Copy, uploads);
        }
    }
}

fn name_of_puts(copies: u64) -> String {
    match copies {
        0 => "PutObject".to_owned(),
        1 => "PutObject, then a copy".to_owned(),
        _ => format!("PutObject, then {copies} copies"),
    }
}

/// How many uploads of each group to each part of a bucket have copied parts, and how many such parts.
struct CopiedParts(BTreeMap<(usize, u32), (u64, u64)>);

impl CopiedParts {
    /// A log does not say which upload a part is of. Of those to one bucket, as large a share have
    /// copied parts as of the parts are copied; at least two parts each, as copies in a scenario have.
    fn of(flows: &Flows) -> Self {
        let mut copied = BTreeMap::<(usize, u32), (u64, u64)>::new();
        for (key, flow) in &flows.flows {
            if key.operation == Operation::UploadPartCopy {
                copied.entry((key.group, key.part)).or_default().1 += flow.count;
            }
        }
        for ((group, part), (uploads, parts)) in &mut copied {
            let operation = Operation::CreateMultipartUpload;
            let key =
                FlowKey { group: *group, part: *part, operation, source: DataSource::Nothing };
            if let Some(begun) = flows.flows.get(&key) {
                let share = *parts as f64 / (*parts + begun.parts) as f64;
                *uploads = ((begun.count as f64 * share).round() as u64).min(*parts / 2);
            }
        }
        Self(copied)
    }

    fn uploads_to(&self, key: &FlowKey) -> u64 {
        self.0.get(&(key.group, key.part)).map_or(0, |(uploads, _)| *uploads)
    }

    /// How many of them have the `parts` of one source.
    fn uploads_of(&self, key: &FlowKey, parts: u64) -> u64 {
        let Some((uploads, all)) = self.0.get(&(key.group, key.part)) else { return 0 };
        let share = *uploads as f64 * parts as f64 / *all as f64;
        (share.round() as u64).min(parts / 2)
    }
}

/// Uploads of one number of parts, or PUTs of one number of copies.
#[derive(Clone, Copy)]
struct UploadSize {
    uploads: u64,
    parts: u64,
}

impl UploadSize {
    fn all(uploads: u64, parts: u64) -> Vec<Self> {
        let Some(few) = parts.checked_div(uploads) else { return Vec::new() };
        let of_more = parts % uploads;
        let sizes = [(uploads - of_more, few), (of_more, few + 1)];
        let sizes = sizes.into_iter().filter(|(uploads, _)| *uploads > 0);
        sizes.map(|(uploads, parts)| Self { uploads, parts }).collect()
    }

    fn name(self) -> String {
        format!("uploads of {}", self.parts)
    }

    /// A client that makes them. There is no upload without parts to a client: two PUTs stand for it,
    /// which cost the same without bucket keys.
    fn client(self, part: u64) -> ClientProfile {
        let none = WriteRequests::default();
        let (suffix, write) = match self.parts {
            0 => (String::new(), WriteRequests { put: 2.0, ..none }),
            1 => (
                String::new(),
                WriteRequests { multipart_from: Some(ByteSize::of_bytes(1)), ..none },
            ),
            _ => (
                format!("-by-{part}"),
                WriteRequests { part_size: Some(ByteSize::of_bytes(part)), ..none },
            ),
        };
        let name = format!("uploads-of-{}{suffix}", self.parts);
        ClientProfile { write, ..ClientProfile::plain(name) }
    }
}
