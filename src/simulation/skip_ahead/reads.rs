//! The calls of one requester's reads, key by key.

use super::SkipAhead;
use super::call_times::{Keeping, KeyInMemory};
use super::component::Component;
use super::shared_keys::KeysShared;
use super::varying_poisson::{Flow, Written};
use crate::encryption::assumption::Assumptions;
use crate::encryption::keys::Keyring;
use crate::encryption::service::Scheme;
use crate::encryption::shares::KeyShare;
use crate::kms::{KmsApi, KmsCalls};
use crate::rng::Purpose;
use crate::s3::columns::RequestClass;
use crate::tally::Tally;
use crate::units::{SimDuration, SimTime};

/// One way in which requests of a component come to need a key.
pub(super) struct Need {
    pub(super) component: usize,
    share: KeyShare,
}

/// All ways in which a requester's reads come to need keys, by key, and where to cut them into parts
/// that are drawn apart.
pub(in crate::simulation) struct Needed {
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
}

/// One requester's reads under one scheme, key by key.
pub(super) struct SkippedReads<'a> {
    engine: &'a SkipAhead<'a>,
    requester: usize,
    scheme: &'a Scheme,
    needed: &'a Needed,
    /// The part of each component's requests that the requester sends, and that may find a key in memory.
    shares: Vec<f64>,
    /// Over how many parts of S3's fleet they are spread.
    pub(super) parts: u32,
}

impl<'a> SkippedReads<'a> {
    pub(super) fn new(
        engine: &'a SkipAhead<'a>,
        requester: usize,
        scheme: &'a Scheme,
        needed: &'a Needed,
    ) -> Self {
        let slots = &engine.run.requesters.list[requester].slots;
        let components = engine.components.iter();
        let shares = components.map(|component| match component.fixed_cost(scheme, true) {
            Some(_) => 0.0,
            None => component.share_of(slots),
        });
        Self {
            engine,
            requester,
            scheme,
            needed,
            shares: shares.collect(),
            parts: engine.run.partitions(requester, scheme).reading,
        }
    }

    /// Into how many parts what is needed is cut.
    pub(super) fn needed_parts(&self) -> usize {
        self.needed.bounds.len() - 1
    }

    /// How long what is fetched is kept.
    pub(super) fn keeping(&self) -> Keeping<'a> {
        let Assumptions { cache_lifetime, expiry, .. } = self.scheme.assumptions;
        self.engine.keeping(self.requester, cache_lifetime, expiry)
    }

    /// The ways to need one bucket-level key.
    pub(super) fn needs_of(&self, key: u32) -> &'a [Need] {
        let needs = &self.needed.needs;
        let first = needs.partition_point(|need| need.share.key < Some(key));
        let count = needs[first..].partition_point(|need| need.share.key == Some(key));
        &needs[first..first + count]
    }

    /// The requests that need one key through one of so many parts, at first.
    pub(super) fn flows(&self, same_key: &'a [Need], parts: u32, from: SimTime) -> Vec<Flow<'a>> {
        let flows = same_key.iter().map(|need| {
            let Component { curve, ages, .. } = &self.engine.components[need.component];
            let share = self.shares[need.component] * need.share.share / f64::from(parts);
            let written = need.share.written.map(|(from, until)| {
                let ages = ages.as_ref().expect("what is read by age has a law of ages");
                Written::new((from, until), ages)
            });
            Flow::new(curve, share, written, from)
        });
        flows.collect()
    }

    /// Nothing is counted yet.
    pub(super) fn no_calls(&self) -> ReadCalls<'a> {
        ReadCalls {
            engine: self.engine,
            requester: self.requester,
            times: vec![Vec::new(); self.engine.components.len()],
        }
    }

    /// Draws the calls of one part of the needs, and counts them. `shared` are the keys that requests which
    /// are drawn have asked for, too.
    pub(super) fn count(&self, part: usize, shared: Option<&KeysShared>, tally: &mut Tally) {
        let Self { engine, requester, needed, .. } = *self;
        let run = engine.run;
        let place = (requester as u32, part as u32);
        let mut rng = run.scenario.seed.stream(run.replication, Purpose::SkippedReads, place);
        let mut calls = self.no_calls();
        let mut flows = Vec::new();
        let needs = &needed.needs[needed.bounds[part]..needed.bounds[part + 1]];
        for same_key in needs.chunk_by(|a, b| a.share.key == b.share.key) {
            let key = same_key[0].share.key;
            let keyless = Keeping { lifetime: SimDuration::ZERO, ..self.keeping() };
            let (keeping, parts) =
                if key.is_some() { (self.keeping(), self.parts) } else { (keyless, 1) };
            // All parts see the same at first, so it is looked at once.
            let first = self.flows(same_key, parts, keeping.from);
            for part in 0..parts {
                let known = key.and_then(|key| shared?.get(key * parts + part));
                let state = known.unwrap_or(KeyInMemory::Dropped(keeping.from));
                flows.clone_from(&first);
                state.advance(&mut flows, keeping, keeping.end, &mut rng, |time, flow| {
                    calls.push(same_key[flow].component, time, key.is_none(), tally);
                });
            }
            // What has no key comes first, and names objects.
            if key.is_none() {
                calls.flush(true, tally);
            }
        }
        calls.flush(false, tally);
    }
}

/// Calls that are still to be counted, component by component.
pub(super) struct ReadCalls<'a> {
    engine: &'a SkipAhead<'a>,
    requester: usize,
    times: Vec<Vec<SimTime>>,
}

impl ReadCalls<'_> {
    pub(super) fn push(
        &mut self,
        component: usize,
        time: SimTime,
        by_object: bool,
        tally: &mut Tally,
    ) {
        self.times[component].push(time);
        if self.times[component].len() == 4 * PART {
            self.count(component, by_object, tally);
        }
    }

    pub(super) fn flush(&mut self, by_object: bool, tally: &mut Tally) {
        for component in 0..self.times.len() {
            self.count(component, by_object, tally);
        }
    }

    fn count(&mut self, component: usize, by_object: bool, tally: &mut Tally) {
        let decrypt = KmsCalls::of(KmsApi::Decrypt, 1);
        let cost = self.engine.components[component].cost(self.requester, decrypt, by_object);
        tally.count_scattered(&cost, &self.times[component]);
        self.times[component].clear();
    }
}
