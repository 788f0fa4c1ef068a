//! Flows as workloads.

use std::collections::{BTreeMap, BTreeSet};

use super::Sizes;
use super::flows::{Flow, Flows, Key, Source};
use super::process;
use crate::s3::Operation;
use crate::scenario::file::{ReadFile, WorkloadFile};
use crate::units::{ByteSize, SimDuration};
use crate::workload::Mix;
use crate::workload::access::ReadPattern;
use crate::workload::clients::{ClientProfile, ReadRequests, WriteRequests};

/// What groups, buckets and populations are called.
pub(super) struct Names<'a> {
    pub(super) principals: Vec<String>,
    pub(super) buckets: Vec<String>,
    pub(super) logged_buckets: &'a [String],
    pub(super) populations: Vec<String>,
    pub(super) elsewhere: String,
}

/// The workloads and what they need.
#[derive(Default)]
pub(super) struct Made {
    pub(super) workloads: Vec<WorkloadFile>,
    pub(super) clients: Vec<ClientProfile>,
    pub(super) notes: Vec<String>,
    /// Populations that are read.
    pub(super) used: BTreeSet<String>,
    pub(super) reads_elsewhere: bool,
    /// A workload that writes, by group and bucket.
    writers: BTreeMap<(usize, u32), String>,
}

pub(super) fn workloads(
    flows: &Flows,
    names: &Names,
    sizes: &Sizes,
    duration: SimDuration,
) -> Made {
    let mut maker = Maker { names, sizes, duration, made: Made::default() };
    // A read names the workload that wrote.
    for (key, flow) in &flows.flows {
        maker.name_writer(key, flow);
    }
    for (key, flow) in &flows.flows {
        match key.operation {
            Operation::CreateMultipartUpload => maker.uploads(key, flow),
            _ => maker.plain(key, flow),
        }
    }
    maker.made
}

struct Maker<'a> {
    names: &'a Names<'a>,
    sizes: &'a Sizes,
    duration: SimDuration,
    made: Made,
}

impl Maker<'_> {
    fn name(&self, key: &Key, what: &str) -> String {
        let principal = &self.names.principals[key.group];
        let bucket = &self.names.buckets[key.bucket as usize];
        let source = match key.source {
            Source::Nothing => String::new(),
            Source::Written { group, bucket } => format!(
                " of what {} wrote to {}",
                self.names.principals[group], self.names.buckets[bucket as usize]
            ),
            Source::Unknown { population } => {
                format!(" of {}", self.names.populations[population as usize])
            }
            Source::Elsewhere => " of what is elsewhere".to_owned(),
        };
        format!("{principal}, {bucket}: {what}{source}")
    }

    fn name_writer(&mut self, key: &Key, flow: &Flow) {
        let name = match key.operation {
            Operation::CreateMultipartUpload => match UploadSize::of(flow).first() {
                Some(size) => self.name(key, &size.name()),
                None => return,
            },
            Operation::PutObject | Operation::CopyObject | Operation::UploadPartCopy => {
                self.name(key, key.operation.name())
            }
            _ => return,
        };
        self.made.writers.entry((key.group, key.bucket)).or_insert(name);
    }

    fn plain(&mut self, key: &Key, flow: &Flow) {
        let one = 1.0;
        let none = Mix::default();
        let mix = match key.operation {
            Operation::PutObject
            | Operation::CreateMultipartUpload
            | Operation::UploadPart
            | Operation::CompleteMultipartUpload => Mix { write: one, ..none },
            Operation::GetObject => Mix { read: one, ..none },
            Operation::HeadObject => Mix { head: one, ..none },
            Operation::HeadObjectChecksum => Mix { head_checksum: one, ..none },
            Operation::ListObjects => Mix { list: one, ..none },
            Operation::DeleteObject => Mix { delete: one, ..none },
            Operation::CopyObject | Operation::UploadPartCopy => Mix { copy: one, ..none },
            Operation::ReplicateObject => Mix { replicate: one, ..none },
        };
        let name = self.name(key, key.operation.name());
        let read = (mix.read + mix.head_checksum + mix.copy + mix.replicate > 0.0)
            .then(|| self.read(key, flow));
        let size = self.sizes.mean(&self.names.logged_buckets[key.bucket as usize], false);
        let workload = self.workload(key, name, "direct", size);
        self.push(WorkloadFile { mix: Some(mix), read, ..workload }, flow, flow.count);
    }

    fn workload(&self, key: &Key, name: String, client: &str, size: Option<u64>) -> WorkloadFile {
        WorkloadFile {
            name,
            principal: self.names.principals[key.group].clone(),
            bucket: self.names.buckets[key.bucket as usize].clone(),
            client: client.to_owned(),
            object_size: size.map_or(ByteSize::mib(1), bytes),
            bucket_key: true,
            arrivals: None,
            mix: None,
            jobs: None,
            read: None,
        }
    }

    fn push(&mut self, workload: WorkloadFile, flow: &Flow, count: u64) {
        let (arrivals, why) = process::arrivals(flow, count, self.duration);
        self.made.notes.push(format!("{}: {count}, {why}", workload.name));
        self.made.workloads.push(WorkloadFile { arrivals: Some(arrivals), ..workload });
    }

    fn read(&mut self, key: &Key, flow: &Flow) -> ReadFile {
        let writer = match key.source {
            Source::Written { group, bucket } => self.made.writers.get(&(group, bucket)).cloned(),
            _ => None,
        };
        if let Some(writer) = writer {
            return ReadFile {
                from: vec![writer],
                pattern: ReadPattern::ByAge(process::ages(flow)),
            };
        }
        let population = match key.source {
            Source::Unknown { population } => self.names.populations[population as usize].clone(),
            // Who wrote before counting began has no workload: its objects are of unknown age.
            Source::Nothing | Source::Written { .. } | Source::Elsewhere => {
                self.made.reads_elsewhere = true;
                self.names.elsewhere.clone()
            }
        };
        self.made.used.insert(population.clone());
        ReadFile { from: vec![population], pattern: ReadPattern::Uniform }
    }

    /// Uploads of as many parts as there were, or of one more, so that their sum is the log's.
    fn uploads(&mut self, key: &Key, flow: &Flow) {
        let bucket = &self.names.logged_buckets[key.bucket as usize];
        let part = self.sizes.mean(bucket, true).unwrap_or(8 << 20);
        for size in UploadSize::of(flow) {
            let client = size.client(part);
            let parts = size.parts.max(1);
            let workload =
                self.workload(key, self.name(key, &size.name()), &client.name, Some(part * parts));
            let mix = Some(Mix { write: 1.0, ..Mix::default() });
            if self.made.clients.iter().all(|known| known.name != client.name) {
                self.made.clients.push(client);
            }
            self.push(WorkloadFile { mix, ..workload }, flow, size.uploads);
        }
        if flow.count == 0 {
            let reason = "parts and ends of uploads that began before the log, left out";
            let name = self.name(key, "CreateMultipartUpload");
            self.made.notes.push(format!("{name}: {} {reason}", flow.parts + flow.ends));
        }
    }
}

fn bytes(bytes: u64) -> ByteSize {
    format!("{bytes}B").parse().expect("a number of bytes is a size")
}

/// Uploads of one number of parts.
#[derive(Clone, Copy)]
struct UploadSize {
    uploads: u64,
    parts: u64,
}

impl UploadSize {
    fn of(flow: &Flow) -> Vec<Self> {
        let Some(few) = flow.parts.checked_div(flow.count) else { return Vec::new() };
        let of_more = flow.parts % flow.count;
        let sizes = [(flow.count - of_more, few), (of_more, few + 1)];
        let sizes = sizes.into_iter().filter(|(uploads, _)| *uploads > 0);
        sizes.map(|(uploads, parts)| Self { uploads, parts }).collect()
    }

    fn name(self) -> String {
        format!("uploads of {}", self.parts)
    }

    /// A client that makes them. An upload of less than two parts is none to a client: as many PUTs
    /// stand for it, which cost the same without bucket keys.
    fn client(self, part: u64) -> ClientProfile {
        let part_size = (self.parts >= 2).then(|| bytes(part));
        let name = match part_size {
            Some(size) => format!("uploads-of-{}-by-{}", self.parts, size.bytes()),
            None => format!("uploads-of-{}", self.parts),
        };
        let put = if self.parts >= 2 { 1.0 } else { self.parts as f64 + 2.0 };
        let (head, list, copy) = (0.0, 0.0, 0.0);
        let write = WriteRequests { put, head, list, copy, part_size };
        ClientProfile { name, read: ReadRequests::default(), write }
    }
}
