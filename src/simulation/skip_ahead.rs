//! The engine that draws KMS calls instead of requests: exact in distribution, at a cost that goes with
//! the calls, however many requests lie between them.
//!
//! Where actions arrive as Poisson processes, the requests that need one bucket-level key through one
//! part of S3's fleet are a Poisson process by themselves, independent of all others ([`mod@flow`]).
//! While the key is in memory they cost nothing, and what follows does not depend on how many they
//! were; so the time goes from one call straight to the next ([`mod@walk`]). How many requests there were
//! in all is drawn apart ([`counts`]).
//!
//! Each configuration's calls, by API, requester, key and time, have the law that drawing every request
//! gives them. What is lost is what they have in common: configurations are answered from calls of their
//! own, and how many requests there were is drawn apart from the calls. So differences between
//! configurations, and shares of requests, may vary more from replication to replication than under
//! the event engine; half-widths show it.

pub(super) mod cost;
mod counts;
mod flow;
mod walk;

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Party;
use super::answers::{Answering, Desk, Office};
use super::engines::Engines;
use super::worlds::Worlds;
use crate::encryption::assumptions::Expiry;
use crate::encryption::needs::Needs;
use crate::encryption::service::{BucketScheme, Scheme};
use crate::kms::accounts::Charged;
use crate::kms::{KmsApi, KmsCalls};
use crate::rng::{Purpose, Stream, part_of};
use crate::s3::Object;
use crate::s3::columns::Kind;
use crate::scenario::Scenario;
use crate::tally::{Caller, Cost};
use crate::units::{SimDuration, SimTime};
use crate::workload::ages::AgeLaw;
use crate::workload::poisson::PoissonRequests;
use crate::workload::rates::RateCurve;
use crate::workload::written::KeptObjects;
use crate::workload::{Action, Workload};

use flow::{Flow, Written};
use walk::{Keeping, walk};

/// One kind of action of a workload.
pub(super) struct Component<'a> {
    workload: &'a Workload,
    action: Action,
    kind: Kind,
    /// The rate of its requests, by all session slots.
    curve: RateCurve,
    /// The law of the ages of what it reads.
    ages: Option<AgeLaw>,
    principal: usize,
    charged: Charged,
    /// What it writes, slot by slot, each with its draw, where that is kept.
    written: Option<Vec<Vec<(SimTime, u32)>>>,
    /// What it may read, in the order of time, where that is kept.
    readable: Option<Vec<Object>>,
}

/// Most objects whose keys are looked at one by one, each for the time until the next was written; of
/// more, writers and places are taken to be mixed evenly.
const MOST_LOOKED_AT: usize = 200_000;

impl<'a> Component<'a> {
    /// The kinds of action of a workload whose requests are Poisson processes.
    fn of(
        workload: &'a Workload,
        requests: Vec<PoissonRequests>,
        scenario: &Scenario,
        kept: &KeptObjects,
    ) -> Vec<Self> {
        let principal = scenario.principal_of(workload) as usize;
        requests
            .into_iter()
            .map(|PoissonRequests { action, kind, curve, ages }| {
                let charged = scenario.accounts.charged(principal, kind.bucket, kind.bucket);
                let written = if action.writes() { writes_by_slot(workload, kept) } else { None };
                let readable = match &workload.reads {
                    Some(reads) if ages.is_some() => {
                        reads.objects_in_order(kept).filter(|all| all.len() <= MOST_LOOKED_AT)
                    }
                    _ => None,
                };
                Self { workload, action, kind, curve, ages, principal, charged, written, readable }
            })
            .collect()
    }

    /// When the requester with these slots writes through part `part` of `parts`, if that is kept.
    fn points(&self, slots: &[u32], part: u32, parts: u32) -> Option<Vec<SimTime>> {
        let by_slot = self.written.as_ref()?;
        let first = self.workload.slots.start;
        let mine = slots.iter().filter(|slot| self.workload.slots.contains(slot));
        let writes = mine.flat_map(|slot| &by_slot[(slot - first) as usize]);
        let here = writes.filter(|(_, draw)| part_of(*draw, parts) == part);
        let mut times: Vec<SimTime> = here.map(|(time, _)| *time).collect();
        times.sort_unstable();
        Some(times)
    }

    fn writes(&self) -> bool {
        Needs::writes(self.kind.operation)
    }

    /// The part of its requests that `slots` send.
    fn share_of(&self, slots: &[u32]) -> f64 {
        let std::ops::Range { start, end } = self.workload.slots;
        let below = |bound: u32| slots.partition_point(|&slot| slot < bound);
        let mine = below(end) - below(start);
        mine as f64 / self.workload.slots.len() as f64
    }

    fn cost(&self, requester: usize, calls: KmsCalls, by_object: bool) -> Cost {
        Cost {
            caller: Caller { requester, principal: self.principal, charged: self.charged },
            operation: self.kind.operation,
            calls,
            by_object,
            generates: false,
        }
    }

    /// What each of its requests costs under a scheme, if each costs the same; `None` if it depends on
    /// what is in memory. `keys_matter` tells whether keys are ever found in memory by reads.
    fn fixed_cost(&self, scheme: &Scheme, keys_matter: bool) -> Option<Cost> {
        let decrypt = |count| KmsCalls::of(KmsApi::Decrypt, count);
        let generate = KmsCalls::of(KmsApi::GenerateDataKey, 1);
        let own_key = if self.writes() { generate } else { decrypt(1) };
        match scheme.buckets[self.kind.bucket as usize] {
            _ if !Needs::any(self.kind.operation) => Some(self.cost(0, KmsCalls::NONE, false)),
            BucketScheme::NoKms => Some(self.cost(0, KmsCalls::NONE, false)),
            BucketScheme::KeyPerObject => Some(self.cost(0, own_key, true)),
            BucketScheme::BucketKey { since, .. } if self.writes() => {
                let never_live = scheme.assumptions.generation_lifetime == SimDuration::ZERO;
                if !self.kind.allows_bucket_key {
                    Some(self.cost(0, own_key, true))
                } else if never_live && since <= SimTime::ZERO {
                    let mut calls = generate;
                    calls += decrypt(scheme.assumptions.verify_on_write.into());
                    Some(Cost { generates: true, ..self.cost(0, calls, false) })
                } else {
                    None
                }
            }
            BucketScheme::BucketKey { .. } => (!keys_matter).then(|| self.cost(0, own_key, true)),
        }
    }
}

/// What a workload writes, slot by slot, if it is kept.
fn writes_by_slot(workload: &Workload, kept: &KeptObjects) -> Option<Vec<Vec<(SimTime, u32)>>> {
    let objects = kept.workload(workload.index, 1, 0)?;
    let mut by_slot = vec![Vec::new(); workload.slots.len()];
    for object in objects.iter() {
        by_slot[(object.writer - workload.slots.start) as usize].push((object.time, object.draw));
    }
    Some(by_slot)
}

/// One way in which requests of a component come to need a key.
struct Need {
    /// The key; `None` for objects that have no bucket key.
    key: Option<u32>,
    component: usize,
    share: f64,
    written: Option<(SimTime, SimTime)>,
}

/// All ways in which a requester's reads come to need keys in one world, by key, and where to cut them
/// into parts that are drawn apart.
struct Needed {
    needs: Vec<Need>,
    parts: Vec<usize>,
}

/// Needs of one part: enough to be worth handing to a thread, few enough to share out one requester.
const PART: usize = 1_024;

impl Needed {
    fn of(components: &[Component], readers: &[usize], worlds: &Worlds, world: usize) -> Self {
        let keyring = &worlds.keyrings()[world];
        let mut needs: Vec<Need> = readers
            .iter()
            .flat_map(|&component| {
                let Kind { bucket, objects, .. } = &components[component].kind;
                let need = move |share: crate::encryption::shares::KeyShare| Need {
                    key: share.key,
                    component,
                    share: share.share,
                    written: share.written,
                };
                let shares = match &components[component].readable {
                    Some(all) => keyring.shares_of_objects(all.iter().copied()),
                    None => keyring.shares(*bucket, objects),
                };
                shares.into_iter().map(need)
            })
            .collect();
        needs.sort_by_key(|need| need.key);
        let mut parts = vec![0];
        for place in 1..needs.len() {
            let begun = parts[parts.len() - 1];
            if place >= begun + PART && needs[place].key != needs[place - 1].key {
                parts.push(place);
            }
        }
        parts.push(needs.len());
        Self { needs, parts }
    }
}

/// The calls of one requester that are to be drawn together.
struct Unit<'a> {
    arm: usize,
    requester: usize,
    /// Its reads of some keys, or else its writes.
    reads: Option<(&'a Needed, usize)>,
}

/// The kinds of action whose calls are drawn without their requests.
pub(super) fn components<'a>(
    scenario: &'a Scenario,
    engines: &Engines,
    kept: &KeptObjects,
) -> Vec<Component<'a>> {
    let skipped = |workload: &&Workload| engines.skips(scenario.principal_of(workload));
    let workloads = scenario.workloads.iter().filter(skipped);
    let of = |workload: &'a Workload| {
        let requests = workload.poisson_requests().ok()?;
        Some(Component::of(workload, requests, scenario, kept))
    };
    workloads.filter_map(of).flatten().collect()
}

/// Gives work a desk for each arm.
type InOffice<'a> = &'a (dyn Fn(&mut dyn FnMut(&mut Office)) + Sync);

impl Party<'_> {
    /// Whether a requester's calls are drawn by this engine.
    pub(super) fn skips_requester(&self, requester: usize) -> bool {
        let slot = self.requesters.list[requester].slots[0];
        !self.components.is_empty()
            && self.engines.skips(self.scenario.slots[slot as usize].principal)
    }

    /// Draws the calls of all requesters that this engine runs, and counts them and their requests.
    pub(super) fn skip_ahead(&self, arms: usize, answering: &Answering, in_office: InOffice) {
        let components = self.components;
        if components.is_empty() {
            return;
        }
        self.count_requests(answering, in_office);
        // Requesters that do the same things share one table for each world.
        let readers_of = |requester: usize| -> Vec<usize> {
            let slots = &self.requesters.list[requester].slots;
            let reads = |c: &Component| Needs::any(c.kind.operation) && !c.writes();
            let mine = |&i: &usize| reads(&components[i]) && components[i].share_of(slots) > 0.0;
            (0..components.len()).filter(mine).collect()
        };
        let skipped: Vec<usize> = (0..self.requesters.list.len())
            .filter(|&requester| self.skips_requester(requester))
            .collect();
        let mut tables: BTreeMap<(Vec<usize>, usize), Needed> = BTreeMap::new();
        let readers: Vec<Vec<usize>> = skipped.iter().map(|&r| readers_of(r)).collect();
        for readers in &readers {
            for world in 0..answering.worlds.keyrings().len() {
                tables
                    .entry((readers.clone(), world))
                    .or_insert_with(|| Needed::of(components, readers, answering.worlds, world));
            }
        }
        let mut units = Vec::new();
        for arm in 0..arms {
            for (&requester, readers) in skipped.iter().zip(&readers) {
                units.push(Unit { arm, requester, reads: None });
                if let Some(world) = answering.worlds.of_arm(arm) {
                    let needed = &tables[&(readers.clone(), world)];
                    let parts = 0..needed.parts.len() - 1;
                    units.extend(parts.map(|part| Unit {
                        arm,
                        requester,
                        reads: Some((needed, part)),
                    }));
                }
            }
        }
        units.par_iter().for_each(|unit| {
            in_office(&mut |office| self.run_unit(unit, answering, &mut office.desks[unit.arm]));
        });
    }

    /// Draws and counts the requests, and the calls of those that cost the same each.
    fn count_requests(&self, answering: &Answering, in_office: InOffice) {
        self.components.par_iter().for_each(|component| {
            let of_slot = &self.requesters.of_slot;
            let counts = counts::draw(self.scenario, self.replication, component, of_slot);
            (self.progress)(counts.per_second.iter().sum());
            in_office(&mut |office| {
                let Kind { bucket, operation, .. } = component.kind;
                office.traffic.count_in_bulk(bucket, operation, &counts);
                for (arm, desk) in office.desks.iter_mut().enumerate() {
                    let keys_matter = answering.worlds.of_arm(arm).is_some();
                    let cost = component.fixed_cost(&answering.schemes[arm], keys_matter);
                    if let Some(cost) = cost.filter(|cost| cost.calls != KmsCalls::NONE) {
                        desk.tally.count_in_bulk(&cost, &counts);
                    }
                }
            });
        });
    }

    fn run_unit(&self, unit: &Unit, answering: &Answering, desk: &mut Desk) {
        let scheme = &answering.schemes[unit.arm];
        match unit.reads {
            Some((needed, part)) => self.run_reads(unit.requester, needed, part, scheme, desk),
            None => self.run_writes(unit.requester, scheme, desk),
        }
    }

    fn run_reads(
        &self,
        requester: usize,
        needed: &Needed,
        part: usize,
        scheme: &Scheme,
        desk: &mut Desk,
    ) {
        let components = self.components;
        let place = (requester as u32, part as u32);
        let mut rng = self.scenario.seed.stream(self.replication, Purpose::SkippedReads, place);
        let mut shares = self.shares(requester);
        for (share, component) in shares.iter_mut().zip(components) {
            if component.fixed_cost(scheme, true).is_some() {
                *share = 0.0;
            }
        }
        let needs = &needed.needs[needed.parts[part]..needed.parts[part + 1]];
        let mut called: Vec<Vec<SimTime>> = vec![Vec::new(); components.len()];
        let mut count = |component: usize, times: &mut Vec<SimTime>, by_object| {
            let decrypt = KmsCalls::of(KmsApi::Decrypt, 1);
            let cost = components[component].cost(requester, decrypt, by_object);
            desk.tally.count_scattered(&cost, times);
            times.clear();
        };
        let mode =
            |component: &Component| component.ages.as_ref().map_or(SimDuration::ZERO, AgeLaw::mode);
        let modes: Vec<SimDuration> = components.iter().map(mode).collect();
        let (mut first, mut flows) = (Vec::new(), Vec::new());
        for same_key in needs.chunk_by(|a, b| a.key == b.key) {
            let keyed = same_key[0].key.is_some();
            let (lifetime, parts) = if keyed {
                (scheme.assumptions.cache_lifetime, self.partitions(requester, scheme).reading)
            } else {
                (SimDuration::ZERO, 1)
            };
            let keeping = self.keeping(requester, lifetime, scheme.assumptions.expiry);
            // All parts see the same at first, so it is looked at once.
            first.clear();
            first.extend(same_key.iter().map(|need| {
                let Component { curve, ages, .. } = &components[need.component];
                let share = shares[need.component] * need.share / f64::from(parts);
                let written = need.written.map(|(from, until)| {
                    let ages = ages.as_ref().expect("what is read by age has a law of ages");
                    Written::new((from, until), ages, modes[need.component])
                });
                Flow::new(curve, share, written, keeping.from)
            }));
            for _ in 0..parts {
                flows.clone_from(&first);
                walk(&mut flows, keeping, &mut rng, |time, flow| {
                    let component = same_key[flow].component;
                    called[component].push(time);
                    if called[component].len() == 4 * PART {
                        count(component, &mut called[component], !keyed);
                    }
                });
            }
            // What has no key comes first, and names objects.
            if !keyed {
                for (component, times) in called.iter_mut().enumerate() {
                    count(component, times, true);
                }
            }
        }
        for (component, times) in called.iter_mut().enumerate() {
            count(component, times, false);
        }
    }

    fn run_writes(&self, requester: usize, scheme: &Scheme, desk: &mut Desk) {
        let components = self.components;
        let Desk { tally, alive, .. } = desk;
        let lifetime = scheme.assumptions.generation_lifetime;
        let verify = KmsCalls::of(KmsApi::Decrypt, scheme.assumptions.verify_on_write.into());
        let generate = KmsCalls::of(KmsApi::GenerateDataKey, 1);
        let mut with_verify = generate;
        with_verify += verify;
        alive.begin(scheme.buckets.len() * self.partitions(requester, scheme).writing as usize);
        self.walk_writes(requester, scheme, |time, component, timeline| {
            let by_object = components[component].cost(requester, generate, true);
            let Some(place) = timeline else { return tally.count_scattered(&by_object, &[time]) };
            let cost = Cost {
                generates: true,
                ..components[component].cost(requester, with_verify, false)
            };
            tally.count_scattered(&cost, &[time]);
            alive.generated(tally, place, time, lifetime);
        });
    }

    /// When the requester generates its bucket-level keys within the run, bucket by bucket and
    /// partition by partition.
    pub(super) fn skip_to_keys(&self, requester: usize, scheme: &Scheme) -> Vec<Vec<SimTime>> {
        let partitions = self.partitions(requester, scheme).writing;
        let mut timelines = vec![Vec::new(); scheme.buckets.len() * partitions as usize];
        self.walk_writes(requester, scheme, |time, _, timeline| {
            if let Some(timeline) = timeline {
                timelines[timeline as usize].push(time);
            }
        });
        timelines
    }

    /// Tells of each call that the requester's writes to buckets with bucket keys make: when, of which
    /// component, and in which timeline it generates a key (`None` before bucket keys are on).
    fn walk_writes(
        &self,
        requester: usize,
        scheme: &Scheme,
        mut call: impl FnMut(SimTime, usize, Option<u32>),
    ) {
        let components = self.components;
        let place = (requester as u32, 0);
        let mut rng: Stream =
            self.scenario.seed.stream(self.replication, Purpose::SkippedWrites, place);
        let shares = self.shares(requester);
        let partitions = self.partitions(requester, scheme).writing;
        let keeping =
            self.keeping(requester, scheme.assumptions.generation_lifetime, Expiry::Fixed);
        for (bucket, of_bucket) in scheme.buckets.iter().enumerate() {
            let BucketScheme::BucketKey { since, .. } = *of_bucket else { continue };
            let writers: Vec<usize> = (0..components.len())
                .filter(|&component| {
                    let Component { kind, .. } = &components[component];
                    kind.bucket as usize == bucket
                        && shares[component] > 0.0
                        && components[component].writes()
                        && components[component].fixed_cost(scheme, true).is_none()
                })
                .collect();
            if writers.is_empty() {
                continue;
            }
            let slots = &self.requesters.list[requester].slots;
            let flows = |part: u32, parts: u32| -> Vec<Flow> {
                let flow = |&component: &usize| {
                    let component = &components[component];
                    if let Some(points) = component.points(slots, part, parts) {
                        Flow::of_points(&component.curve, points)
                    } else {
                        let share = component.share_of(slots) / f64::from(parts);
                        Flow::new(&component.curve, share, None, keeping.from)
                    }
                };
                writers.iter().map(flow).collect()
            };
            if since > SimTime::ZERO {
                let end = since.min(keeping.end);
                let off = Keeping { lifetime: SimDuration::ZERO, end, ..keeping };
                walk(&mut flows(0, 1), off, &mut rng, |time, flow| call(time, writers[flow], None));
            }
            let on = Keeping { from: since.max(SimTime::ZERO), ..keeping };
            for part in 0..partitions {
                let timeline = bucket as u32 * partitions + part;
                walk(&mut flows(part, partitions), on, &mut rng, |time, flow| {
                    call(time, writers[flow], Some(timeline));
                });
            }
        }
    }

    /// The part of each component's requests that the requester sends.
    fn shares(&self, requester: usize) -> Vec<f64> {
        let slots = &self.requesters.list[requester].slots;
        self.components.iter().map(|component| component.share_of(slots)).collect()
    }

    fn keeping(&self, requester: usize, lifetime: SimDuration, expiry: Expiry) -> Keeping<'_> {
        let (session, end) = (self.session(requester), self.scenario.end);
        Keeping { lifetime, expiry, session, from: SimTime::ZERO, end }
    }
}
