//! Second pass: every request answered by every arm, and counted.

use std::cmp::Reverse;
use std::sync::Mutex;

use rayon::prelude::*;

use super::lanes::{Lane, lanes_of};
use super::stream::Requests;
use super::worlds::Worlds;
use super::{Arm, Party};
use crate::encryption::assumptions::Partitions;
use crate::encryption::keys::Keyring;
use crate::encryption::needs::Needs;
use crate::encryption::service::{Asked, Memory, Scheme};
use crate::kms::KmsCalls;
use crate::s3::columns::Columns;
use crate::s3::{Request, SessionSlot};
use crate::tally::{Caller, KeysAlive, Tally, Traffic};
use crate::workload::Workload;

/// One arm's state while a requester is run, and what it has counted so far.
pub(super) struct Desk {
    pub(super) memory: Memory,
    pub(super) alive: KeysAlive,
    pub(super) tally: Tally,
    pub(super) asked: Asked,
}

/// What one thread needs to run requesters one after the other.
pub(super) struct Office {
    pub(super) desks: Vec<Desk>,
    pub(super) traffic: Traffic,
    batch: Vec<Request>,
    /// Of a log's requests: which part of which bucket each of the batch counts to.
    places: Vec<u32>,
    pub(super) columns: Columns,
    /// In each world the keys that wrap what the requests in columns need.
    pub(super) keys: Vec<Vec<u32>>,
}

/// What all requesters of a party share while they are run.
pub(super) struct Answering<'a> {
    pub(super) schemes: Vec<Scheme>,
    pub(super) worlds: &'a Worlds,
}

impl Party<'_> {
    /// Runs all requesters and counts what they cost, arm by arm.
    pub(super) fn answer(&self, arms: &[&Arm]) -> Vec<Tally> {
        let scheme = |arm: &&Arm| {
            let configuration = &self.scenario.configurations[arm.configuration];
            configuration.scheme(self.scenario, arm.assumptions)
        };
        let schemes: Vec<Scheme> = arms.iter().map(scheme).collect();
        let answering = Answering { schemes, worlds: &self.worlds(arms) };
        // Offices are handed from requester to requester, so there are only as many large tallies
        // as threads; whole numbers merge to the same sums whoever counted what.
        let offices: Mutex<Vec<Office>> = Mutex::new(Vec::new());
        let in_office = |work: &mut dyn FnMut(&mut Office)| {
            let free = offices.lock().expect("no thread has panicked").pop();
            let mut office = free.unwrap_or_else(|| self.office(arms));
            work(&mut office);
            offices.lock().expect("no thread has panicked").push(office);
        };
        self.busiest_first().into_par_iter().with_max_len(1).for_each(|requester| {
            in_office(&mut |office| self.run_requester(requester, &answering, office));
        });
        self.skip_ahead(arms.len(), &answering, &in_office);
        let mut offices = offices.into_inner().expect("no thread has panicked").into_iter();
        let Office { desks, mut traffic, .. } = offices.next().expect("a scenario has a principal");
        let mut tallies: Vec<Tally> = desks.into_iter().map(|desk| desk.tally).collect();
        for office in offices {
            traffic.merge(&office.traffic);
            for (tally, desk) in tallies.iter_mut().zip(&office.desks) {
                tally.merge(&desk.tally);
            }
        }
        for tally in &mut tallies {
            tally.add_traffic(&traffic);
        }
        tallies
    }

    /// The requesters whose requests are drawn, those with most requests first: one that takes long
    /// must not be the last to begin.
    fn busiest_first(&self) -> Vec<usize> {
        let scenario = self.scenario;
        if let Some(recording) = &scenario.recording {
            let list = &self.requesters.list;
            let requests = |&requester: &usize| recording.requests_of(&list[requester].slots);
            let mut order: Vec<usize> = (0..list.len()).collect();
            order.sort_by_key(|requester| Reverse(requests(requester)));
            return order;
        }
        let of_slot: Vec<f64> = scenario
            .workloads
            .iter()
            .map(|w| w.expected_requests(scenario.duration()) / w.slots.len() as f64)
            .collect();
        let requests = |requester: usize| -> f64 {
            let slots = &self.requesters.list[requester].slots;
            let of_workload = |(workload, each): (&Workload, &f64)| {
                let below = |bound: u32| slots.partition_point(|&slot| slot < bound);
                each * (below(workload.slots.end) - below(workload.slots.start)) as f64
            };
            scenario.workloads.iter().zip(&of_slot).map(of_workload).sum()
        };
        let drawn = |requester: &usize| !self.skips_requester(*requester);
        let mut order: Vec<(f64, usize)> = (0..self.requesters.list.len())
            .filter(drawn)
            .map(|requester| (requests(requester), requester))
            .collect();
        order.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        order.into_iter().map(|(_, requester)| requester).collect()
    }

    fn office(&self, arms: &[&Arm]) -> Office {
        let window = self.scenario.window();
        let places = self.scenario.recording.as_ref().map_or(0, |log| log.places.len());
        let desk = |arm: &&Arm| {
            let (requesters, principals) = if arm.by_requester {
                (self.requesters.list.len(), self.scenario.principals.len())
            } else {
                (0, 0)
            };
            Desk {
                memory: Memory::new(self.scenario.since(), self.scenario.end),
                alive: KeysAlive::default(),
                tally: Tally::new(window, requesters, principals)
                    .with_places(if arm.by_requester { places } else { 0 })
                    .with_accounts(self.scenario.accounts.list.len()),
                asked: Asked::default(),
            }
        };
        Office {
            desks: arms.iter().map(desk).collect(),
            traffic: Traffic::new(window, self.requesters.list.len())
                .with_regions(self.scenario.accounts.several_regions()),
            batch: Vec::new(),
            places: Vec::new(),
            columns: Columns::default(),
            keys: Vec::new(),
        }
    }

    fn run_requester(&self, requester: usize, answering: &Answering, office: &mut Office) {
        let Some(lanes) = self.lanes(requester, |_| true) else {
            self.begin(requester, answering, office);
            return self.run_stream(requester, answering, office);
        };
        for lane in lanes {
            self.begin(requester, answering, office);
            self.run_lane(requester, lane, answering, office);
        }
    }

    /// Makes all arms forget what they had in memory.
    fn begin(&self, requester: usize, answering: &Answering, office: &mut Office) {
        let session = self.session(requester);
        for (arm, (desk, scheme)) in office.desks.iter_mut().zip(&answering.schemes).enumerate() {
            let keys = answering.worlds.keyring(arm).map_or(0, Keyring::keys);
            let partitions = self.partitions(requester, scheme);
            desk.memory.begin(scheme, partitions, keys, session);
            desk.alive.begin(scheme.buckets.len() * partitions.writing as usize);
        }
    }

    /// Runs a requester request by request.
    fn run_stream(&self, requester: usize, answering: &Answering, office: &mut Office) {
        let session = self.session(requester);
        let mut stream = self.stream(requester, |_| true);
        while stream.next_batch(&mut office.batch, &mut office.places) {
            let drawn = office.batch.len();
            office.traffic.count(requester, &office.batch);
            let mut kept = office.batch.iter().map(Needs::any_of);
            office.places.retain(|_| kept.next().unwrap_or_default());
            office.batch.retain(Needs::any_of);
            for (arm, (desk, scheme)) in office.desks.iter_mut().zip(&answering.schemes).enumerate()
            {
                let keyring = answering.worlds.keyring(arm);
                for (place, request) in office.batch.iter().enumerate() {
                    let answer = desk.memory.answer(scheme, keyring, session, request);
                    if answer.calls == KmsCalls::NONE {
                        continue;
                    }
                    let principal = self.scenario.slots[request.slot as usize].principal as usize;
                    let charged = self.scenario.charged(principal, request);
                    let caller = Caller { requester, principal, charged };
                    desk.tally.count(caller, request, &answer);
                    if let Some(&place) = office.places.get(place) {
                        desk.tally.count_at(place, request, &answer);
                    }
                    if let Some(place) = answer.generated {
                        let lifetime = scheme.assumptions.generation_lifetime;
                        desk.alive.generated(&mut desk.tally, place, request.time, lifetime);
                    }
                }
            }
            (self.progress)(drawn as u64);
        }
    }

    /// The requests of a requester, from the workloads that `wanted` picks.
    pub(super) fn stream(
        &self,
        requester: usize,
        wanted: impl Fn(&Workload) -> bool,
    ) -> Requests<'_> {
        let requester = &self.requesters.list[requester];
        Requests::new(self.scenario, self.kept, requester, self.replication, wanted)
    }

    /// The same as lanes, if they are drawn and need not be answered together.
    pub(super) fn lanes(
        &self,
        requester: usize,
        wanted: impl Fn(&Workload) -> bool,
    ) -> Option<Vec<Lane<'_>>> {
        if self.scenario.recording.is_some() {
            return None;
        }
        let requester = &self.requesters.list[requester];
        lanes_of(self.scenario, self.kept, requester, self.replication, wanted)
    }

    /// Over how many parts of S3's fleet a requester's requests are spread.
    pub(super) fn partitions(&self, requester: usize, scheme: &Scheme) -> Partitions {
        scheme.assumptions.partitions(self.requesters.list[requester].connections)
    }

    /// The slot whose every session is a requester anew, if the rule says so.
    pub(super) fn session(&self, requester: usize) -> Option<&SessionSlot> {
        let requester = &self.requesters.list[requester];
        requester.renews.then(|| &self.scenario.slots[requester.slots[0] as usize])
    }
}
