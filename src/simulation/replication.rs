//! One replication of all requesters under one rule: what both passes and both engines have in common.

use super::RequestProgress;
use super::columns::{RequestColumns, columns_of};
use super::engines::{Engines, RequestsSkipped};
use super::stream::Requests;
use crate::encryption::assumption::Partitions;
use crate::encryption::requester::Requesters;
use crate::encryption::service::Scheme;
use crate::s3::SessionSlot;
use crate::scenario::Scenario;
use crate::workload::Workload;
use crate::workload::written::KeptObjects;

/// One replication of all requesters under one rule.
#[derive(Clone, Copy)]
pub(super) struct ReplicationRun<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) engines: &'a Engines,
    pub(super) requesters: &'a Requesters,
    /// The objects that are kept one by one.
    pub(super) kept: &'a KeptObjects,
    /// Its number.
    pub(super) replication: u32,
    pub(super) progress: RequestProgress<'a>,
}

impl<'a> ReplicationRun<'a> {
    /// The requests of a requester in order of time, from the workloads that `wanted` picks.
    pub(super) fn stream(
        &self,
        requester: usize,
        wanted: impl Fn(&Workload) -> bool,
    ) -> Requests<'a> {
        let requester = &self.requesters.list[requester];
        Requests::new(self.scenario, self.kept, requester, self.replication, wanted)
    }

    /// Those that may write, and others that come with them.
    pub(super) fn writes(&self, requester: usize) -> Requests<'a> {
        match self.stream(requester, Workload::writes) {
            Requests::Recorded(requests) => Requests::Recorded(requests.writes_only()),
            drawn @ Requests::Drawn(_) => drawn,
        }
    }

    /// All of them in columns, if they are drawn and need not be answered together.
    pub(super) fn columns(
        &self,
        requester: usize,
        wanted: impl Fn(&Workload) -> bool,
    ) -> Option<Vec<RequestColumns<'a>>> {
        if self.scenario.recording.is_some() {
            return None;
        }
        let requester = &self.requesters.list[requester];
        columns_of(self.scenario, self.kept, requester, self.replication, wanted)
    }

    /// Over how many parts of S3's fleet a requester's requests are spread.
    pub(super) fn partitions(&self, requester: usize, scheme: &Scheme) -> Partitions {
        scheme.assumptions.partitions(self.requesters.list[requester].connections)
    }

    /// The same of each bucket, by the number that requests have for it; nothing where it is the same in all.
    pub(super) fn partitions_in_buckets(
        &self,
        requester: usize,
        scheme: &Scheme,
    ) -> impl Iterator<Item = Partitions> {
        let in_buckets = self.requesters.list[requester].in_buckets.iter();
        in_buckets.map(|connections| scheme.assumptions.partitions(*connections))
    }

    /// The slot whose every session is a requester anew, if the rule says so.
    pub(super) fn session(&self, requester: usize) -> Option<&'a SessionSlot> {
        self.requesters.list[requester].session(&self.scenario.slots)
    }

    /// Which of a requester's requests are not drawn, but only their calls.
    pub(super) fn skipped(&self, requester: usize) -> RequestsSkipped {
        let slot = self.requesters.list[requester].slots[0];
        self.engines.skipped(self.scenario.slots[slot as usize].principal)
    }
}
