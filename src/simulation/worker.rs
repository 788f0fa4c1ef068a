//! What a thread needs to answer requests, and counts.

use std::sync::{Arc, Mutex};

use super::arm::{Breakdown, SeenArm};
use super::batches::{BatchRoom, NeedGroups};
use super::buckets::BucketsTold;
use super::replication::ReplicationRun;
use crate::encryption::service::{CallTimes, Memory};
use crate::s3::Request;
use crate::s3::columns::S3Columns;
use crate::scenario::Scenario;
use crate::tally::{KeysAlive, S3Traffic, Tally};

/// One arm while a requester is run, and what it has counted so far.
pub(super) struct ArmState {
    pub(super) memory: Memory,
    pub(super) alive: KeysAlive,
    pub(super) tally: Tally,
    pub(super) calls: CallTimes,
}

impl ArmState {
    fn new(run: &ReplicationRun, SeenArm { arm, .. }: &SeenArm, buckets: &BucketsTold) -> Self {
        Self {
            memory: Memory::new(run.scenario.since(), run.scenario.end),
            alive: KeysAlive::default(),
            tally: empty_tally(run.scenario, run.requesters.list.len(), arm.breakdown, buckets),
            calls: CallTimes::default(),
        }
    }
}

/// Nothing counted yet, with whatever a breakdown tells apart.
pub(super) fn empty_tally(
    scenario: &Scenario,
    all_requesters: usize,
    breakdown: Breakdown,
    buckets: &BucketsTold,
) -> Tally {
    let accounts = &scenario.accounts;
    let by_requester = breakdown == Breakdown::Requesters;
    let requesters = if by_requester { all_requesters } else { 0 };
    let tally = Tally::new(scenario.window(), requesters)
        .with_accounts(accounts.list.len(), accounts.client_groups());
    if breakdown == Breakdown::None {
        return tally;
    }
    let tally = tally.with_principals(scenario.principals.len(), accounts.regions.len());
    if !by_requester {
        return tally.with_buckets(Arc::clone(&buckets.totals));
    }
    let places = scenario.recording.as_ref().map_or(0, |log| log.places.len());
    tally.with_places(places).with_buckets(Arc::clone(&buckets.by_second))
}

/// What one thread needs to run requesters one after the other.
pub(super) struct Worker {
    pub(super) arms: Vec<ArmState>,
    /// What all arms of each group count.
    pub(super) of_groups: Vec<Tally>,
    pub(super) traffic: S3Traffic,
    pub(super) batch: Vec<Request>,
    /// Of a log's requests: which part of which bucket each of the batch counts to.
    pub(super) places: Vec<u32>,
    pub(super) columns: S3Columns,
    /// Of each keyring the keys that wrap what the requests in columns need.
    pub(super) keys: Vec<Vec<u32>>,
    pub(super) room: BatchRoom,
}

impl Worker {
    fn new(
        run: &ReplicationRun,
        arms: &[SeenArm],
        groups: &NeedGroups,
        buckets: &BucketsTold,
    ) -> Self {
        let scenario = run.scenario;
        let of_groups = groups.breakdowns(arms).into_iter();
        let requesters = run.requesters.list.len();
        Self {
            arms: arms.iter().map(|arm| ArmState::new(run, arm, buckets)).collect(),
            of_groups: of_groups
                .map(|breakdown| empty_tally(scenario, requesters, breakdown, buckets))
                .collect(),
            traffic: S3Traffic::new(scenario.window(), run.requesters.list.len())
                .with_regions(scenario.accounts.several_regions())
                .with_buckets(scenario.domains.len())
                .with_parts(scenario.domains.len()),
            batch: Vec::new(),
            places: Vec::new(),
            columns: S3Columns::default(),
            keys: Vec::new(),
            room: BatchRoom::default(),
        }
    }
}

/// Workers, handed from requester to requester, so that there are only as many large tallies as
/// threads; whole numbers merge to the same sums whoever counted what.
pub(super) struct Workers<'a> {
    run: &'a ReplicationRun<'a>,
    arms: &'a [SeenArm<'a>],
    groups: &'a NeedGroups,
    buckets: &'a BucketsTold,
    idle: Mutex<Vec<Worker>>,
}

impl<'a> Workers<'a> {
    pub(super) fn new(
        run: &'a ReplicationRun<'a>,
        arms: &'a [SeenArm<'a>],
        groups: &'a NeedGroups,
        buckets: &'a BucketsTold,
    ) -> Self {
        Self { run, arms, groups, buckets, idle: Mutex::new(Vec::new()) }
    }

    fn new_worker(&self) -> Worker {
        Worker::new(self.run, self.arms, self.groups, self.buckets)
    }

    /// Lets a worker that has nothing to do do something.
    pub(super) fn with(&self, work: impl FnOnce(&mut Worker)) {
        let idle = self.idle.lock().expect("no thread has panicked").pop();
        let mut worker = idle.unwrap_or_else(|| self.new_worker());
        work(&mut worker);
        self.idle.lock().expect("no thread has panicked").push(worker);
    }

    /// What all of them have counted, arm by arm.
    pub(super) fn into_tallies(self) -> Vec<Tally> {
        let idle = std::mem::take(&mut *self.idle.lock().expect("no thread has panicked"));
        let mut workers = idle.into_iter();
        let first = workers.next().unwrap_or_else(|| self.new_worker());
        let Worker { arms, mut of_groups, mut traffic, .. } = first;
        let mut tallies: Vec<Tally> = arms.into_iter().map(|arm| arm.tally).collect();
        for worker in workers {
            traffic.merge(&worker.traffic);
            for (tally, arm) in tallies.iter_mut().zip(&worker.arms) {
                tally.merge(&arm.tally);
            }
            of_groups.iter_mut().zip(&worker.of_groups).for_each(|(mine, more)| mine.merge(more));
        }
        for (arm, tally) in tallies.iter_mut().enumerate() {
            tally.merge(&of_groups[self.groups.of_arm(arm)]);
            tally.add_traffic(&traffic);
        }
        tallies
    }
}
