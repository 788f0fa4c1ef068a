//! The calls of one requester's reads, key by key.

use super::SkipAhead;
use super::call_times::walk;
use super::component::Component;
use super::varying_poisson::{Flow, Written};
use crate::encryption::keys::Keyring;
use crate::encryption::service::Scheme;
use crate::encryption::shares::KeyShare;
use crate::kms::{KmsApi, KmsCalls};
use crate::rng::Purpose;
use crate::s3::columns::RequestClass;
use crate::tally::Tally;
use crate::units::{SimDuration, SimTime};
use crate::workload::ages::AgeLaw;

/// One way in which requests of a component come to need a key.
struct Need {
    component: usize,
    share: KeyShare,
}

/// All ways in which a requester's reads come to need keys, by key, and where to cut them into parts
/// that are drawn apart.
pub(super) struct Needed {
    needs: Vec<Need>,
    bounds: Vec<usize>,
}

/// Needs of one part: enough to be worth handing to a thread, few enough to share out one requester.
const PART: usize = 1_024;

impl Needed {
    /// What the components with some numbers need.
    pub(super) fn of(components: &[Component], readers: &[usize], keyring: &Keyring) -> Self {
        let mut needs = Vec::new();
        for &component in readers {
            let Component { kind: RequestClass { bucket, objects, .. }, readable, .. } =
                &components[component];
            let shares = match readable {
                Some(all) => keyring.shares_of_objects(all.iter().copied()),
                None => keyring.shares(*bucket, objects),
            };
            needs.extend(shares.into_iter().map(|share| Need { component, share }));
        }
        needs.sort_by_key(|need| need.share.key);
        let mut bounds = vec![0];
        for place in 1..needs.len() {
            let begun = bounds[bounds.len() - 1];
            if place >= begun + PART && needs[place].share.key != needs[place - 1].share.key {
                bounds.push(place);
            }
        }
        bounds.push(needs.len());
        Self { needs, bounds }
    }

    /// How many parts there are.
    pub(super) fn parts(&self) -> usize {
        self.bounds.len() - 1
    }
}

/// One requester's reads of some keys under one scheme.
pub(super) struct SchemeReads<'a> {
    pub(super) engine: &'a SkipAhead<'a>,
    pub(super) requester: usize,
    pub(super) scheme: &'a Scheme,
    pub(super) needed: &'a Needed,
    pub(super) part: usize,
}

impl SchemeReads<'_> {
    /// Draws the calls, and counts them.
    pub(super) fn count(&self, tally: &mut Tally) {
        let Self { engine, requester, scheme, needed, part } = *self;
        let components = &engine.components;
        let run = engine.run;
        let place = (requester as u32, part as u32);
        let mut rng = run.scenario.seed.stream(run.replication, Purpose::SkippedReads, place);
        let shares = self.shares();
        let modes: Vec<SimDuration> = components
            .iter()
            .map(|it| it.ages.as_ref().map_or(SimDuration::ZERO, AgeLaw::mode))
            .collect();
        let mut calls = CallsOf { reads: self, times: vec![Vec::new(); components.len()], tally };
        let (mut first, mut flows) = (Vec::new(), Vec::new());
        let needs = &needed.needs[needed.bounds[part]..needed.bounds[part + 1]];
        for same_key in needs.chunk_by(|a, b| a.share.key == b.share.key) {
            let keyed = same_key[0].share.key.is_some();
            let (lifetime, parts) = if keyed {
                (scheme.assumptions.cache_lifetime, run.partitions(requester, scheme).reading)
            } else {
                (SimDuration::ZERO, 1)
            };
            let keeping = engine.keeping(requester, lifetime, scheme.assumptions.expiry);
            // All parts see the same at first, so it is looked at once.
            first.clear();
            first.extend(same_key.iter().map(|need| {
                let Component { curve, ages, .. } = &components[need.component];
                let share = shares[need.component] * need.share.share / f64::from(parts);
                let written = need.share.written.map(|(from, until)| {
                    let ages = ages.as_ref().expect("what is read by age has a law of ages");
                    Written::new((from, until), ages, modes[need.component])
                });
                Flow::new(curve, share, written, keeping.from)
            }));
            for _ in 0..parts {
                flows.clone_from(&first);
                walk(&mut flows, keeping, &mut rng, |time, flow| {
                    calls.push(same_key[flow].component, time, !keyed);
                });
            }
            // What has no key comes first, and names objects.
            if !keyed {
                calls.flush(true);
            }
        }
        calls.flush(false);
    }

    /// The part of each component's requests that the requester sends, and that may find a key in
    /// memory.
    fn shares(&self) -> Vec<f64> {
        let slots = &self.engine.run.requesters.list[self.requester].slots;
        let components = self.engine.components.iter();
        components
            .map(|component| match component.fixed_cost(self.scheme, true) {
                Some(_) => 0.0,
                None => component.share_of(slots),
            })
            .collect()
    }
}

/// Calls that are still to be counted, component by component.
struct CallsOf<'a> {
    reads: &'a SchemeReads<'a>,
    times: Vec<Vec<SimTime>>,
    tally: &'a mut Tally,
}

impl CallsOf<'_> {
    fn push(&mut self, component: usize, time: SimTime, by_object: bool) {
        self.times[component].push(time);
        if self.times[component].len() == 4 * PART {
            self.count(component, by_object);
        }
    }

    fn flush(&mut self, by_object: bool) {
        for component in 0..self.times.len() {
            self.count(component, by_object);
        }
    }

    fn count(&mut self, component: usize, by_object: bool) {
        let decrypt = KmsCalls::of(KmsApi::Decrypt, 1);
        let SchemeReads { engine, requester, .. } = *self.reads;
        let cost = engine.components[component].cost(requester, decrypt, by_object);
        self.tally.count_scattered(&cost, &self.times[component]);
        self.times[component].clear();
    }
}
