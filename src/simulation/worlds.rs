//! First pass: who wrote what under which bucket-level key.
//!
//! A world is one reading of "requester" under one set of assumptions about writing. Arms that
//! differ in how they read share it.

use rayon::prelude::*;

use super::lanes::Lane;
use super::{Arm, Party};
use crate::encryption::history::History;
use crate::encryption::keys::{Keyring, PopulationKeys, Timelines};
use crate::encryption::needs::Needs;
use crate::encryption::service::{Asked, BucketScheme, Memory, Scheme};
use crate::rng::Purpose;
use crate::s3::SessionSlot;
use crate::s3::columns::{Columns, Wanted};
use crate::units::{SimDuration, SimTime};
use crate::workload::Workload;
use crate::workload::written::WrittenObject;

/// The worlds that a set of arms lives in.
pub(super) struct Worlds {
    keyrings: Vec<Keyring>,
    /// For each arm the index of its world; `None` if it uses no bucket keys.
    of_arm: Vec<Option<usize>>,
}

impl Worlds {
    /// The keys of all worlds.
    pub(super) fn keyrings(&self) -> &[Keyring] {
        &self.keyrings
    }

    /// The index of an arm's world.
    pub(super) fn of_arm(&self, arm: usize) -> Option<usize> {
        self.of_arm[arm]
    }

    /// The keys of the world of an arm.
    pub(super) fn keyring(&self, arm: usize) -> Option<&Keyring> {
        self.of_arm[arm].map(|world| &self.keyrings[world])
    }
}

/// What decides a world.
struct Recipe {
    scheme: Scheme,
    /// Which populations are migrated.
    migrated: Vec<bool>,
}

impl Recipe {
    fn of(party: &Party, arm: &Arm) -> Self {
        let configuration = &party.scenario.configurations[arm.configuration];
        let scheme = configuration.scheme(party.scenario, arm.assumptions);
        let populations = 0..party.scenario.populations.len();
        let migrated = populations.map(|index| configuration.migrates(index)).collect();
        Self { scheme, migrated }
    }

    /// Whether both lead to the same keys, whatever they say about reading and verifying.
    fn makes_same_keys(&self, other: &Self) -> bool {
        let (mine, theirs) = (&self.scheme.assumptions, &other.scheme.assumptions);
        self.migrated == other.migrated
            && self.scheme.buckets == other.scheme.buckets
            && mine.generation_lifetime == theirs.generation_lifetime
            && mine.write_partitions == theirs.write_partitions
            && (mine.write_partitions.is_some() || mine.cache_hosts == theirs.cache_hosts)
            && mine.migration_rate == theirs.migration_rate
    }
}

impl Party<'_> {
    /// Makes the worlds of `arms`.
    pub(super) fn worlds(&self, arms: &[&Arm]) -> Worlds {
        let mut recipes: Vec<Recipe> = Vec::new();
        let of_arm = arms
            .iter()
            .map(|arm| {
                let configuration = &self.scenario.configurations[arm.configuration];
                let keys_matter = configuration.uses_bucket_keys(&self.scenario.domains)
                    // Without a cache every unwrap is a call, whatever the key.
                    && arm.assumptions.cache_lifetime > SimDuration::ZERO;
                keys_matter.then(|| {
                    let recipe = Recipe::of(self, arm);
                    let known = recipes.iter().position(|known| known.makes_same_keys(&recipe));
                    known.unwrap_or_else(|| {
                        recipes.push(recipe);
                        recipes.len() - 1
                    })
                })
            })
            .collect();
        let timelines = self.timelines(&recipes);
        let populations = if recipes.is_empty() { 0 } else { self.scenario.populations.len() };
        let recorded: Vec<_> = (0..populations).map(|index| self.recorded_before(index)).collect();
        let keyrings = recipes
            .iter()
            .zip(timelines)
            .map(|(recipe, timelines)| {
                let since = recipe.scheme.buckets.iter().map(|bucket| bucket.since());
                let of_slot = self.requesters.of_slot.clone();
                let histories = self.histories(recipe, &recorded);
                Keyring::new(histories, timelines, of_slot, since.collect())
            })
            .collect();
        Worlds { keyrings, of_arm }
    }

    /// The keys of the objects that were there before the run; of each population, `recorded` is as
    /// [`Self::recorded_before`] has it.
    fn histories(
        &self,
        recipe: &Recipe,
        recorded: &[Option<Vec<(SimTime, u32)>>],
    ) -> Vec<PopulationKeys> {
        let populations = self.scenario.populations.iter().enumerate();
        populations
            .map(|(index, population)| {
                let since = self.scenario.keys_since(index, &recipe.scheme);
                let assumptions = &recipe.scheme.assumptions;
                let writers = population.writers(self.requesters, assumptions);
                let writing = population.writing(since, &writers, assumptions);
                let migrates = self.scenario.domain_of(population).migrates();
                let history = if recipe.migrated[index] && migrates {
                    let partitions = assumptions.writing_at_most();
                    History::migrate(&writing, assumptions.migration_rate.as_per_s(), partitions)
                } else if let Some(writes) = &recorded[index] {
                    History::of_writes(&writing, writes.iter().map(|&(time, draw)| (time, 0, draw)))
                } else if let Some(objects) = self.kept.population(index as u32, 1, 0) {
                    let write = |object: WrittenObject| {
                        let requester = writers.of_slot[object.writer as usize];
                        (object.time, requester, object.draw)
                    };
                    History::of_writes(&writing, objects.iter().map(write))
                } else {
                    let place = (index as u32, 0);
                    let seed = self.scenario.seed;
                    let mut rng = seed.stream(self.replication, Purpose::History, place);
                    History::write(&writing, &mut rng)
                };
                let requester_of_writer = writers.of_slot;
                PopulationKeys { history, requester_of_writer, since, first_key: 0 }
            })
            .collect()
    }

    /// When a population was written and by which part of S3's fleet, if an inventory tells.
    fn recorded_before(&self, population: usize) -> Option<Vec<(SimTime, u32)>> {
        let recording = self.scenario.recording.as_ref()?;
        recording.written_before(population, self.scenario.seed, self.replication)
    }

    /// When each requester generates its bucket-level keys within the run, in each world. All
    /// worlds see the same writes.
    fn timelines(&self, recipes: &[Recipe]) -> Vec<Timelines> {
        let (requesters, buckets) = (self.requesters.list.len(), self.scenario.domains.len());
        let empty = |recipe: &Recipe| {
            let writing = |requester| self.partitions(requester, &recipe.scheme).writing;
            Timelines::new(&(0..requesters).map(writing).collect::<Vec<_>>(), buckets)
        };
        let mut worlds: Vec<Timelines> = recipes.iter().map(empty).collect();
        if recipes.is_empty() || !self.scenario.unwraps_new_keys() {
            return worlds;
        }
        let written: Vec<Vec<Vec<Vec<SimTime>>>> = (0..requesters)
            .into_par_iter()
            .map(|requester| self.writes_of(requester, recipes))
            .collect();
        for (requester, of_worlds) in written.into_iter().enumerate() {
            for (world, timelines) in worlds.iter_mut().zip(of_worlds) {
                world.set(requester, timelines);
            }
        }
        worlds
    }

    /// For each world, for each bucket and partition: when the requester generates its keys.
    fn writes_of(&self, requester: usize, recipes: &[Recipe]) -> Vec<Vec<Vec<SimTime>>> {
        if self.skips_requester(requester) {
            let keys = |recipe: &Recipe| self.skip_to_keys(requester, &recipe.scheme);
            return recipes.iter().map(keys).collect();
        }
        let session = self.session(requester);
        let mut worlds: Vec<(Memory, Vec<Vec<SimTime>>)> = recipes
            .iter()
            .map(|recipe| {
                let mut memory = Memory::new(self.scenario.since(), self.scenario.end);
                let partitions = self.partitions(requester, &recipe.scheme);
                memory.begin(&recipe.scheme, partitions, 0, session);
                let places = recipe.scheme.buckets.len() * partitions.writing as usize;
                (memory, vec![Vec::new(); places])
            })
            .collect();
        if let Some(lanes) = self.lanes(requester, Workload::writes) {
            let mut columns = Columns::default();
            let wanted = Wanted { objects: false, writers: false, draws: true };
            for mut lane in lanes.into_iter().filter(Lane::writes) {
                for (recipe, (memory, _)) in recipes.iter().zip(&mut worlds) {
                    let partitions = self.partitions(requester, &recipe.scheme);
                    memory.begin(&recipe.scheme, partitions, 0, session);
                }
                while lane.next(&mut columns, wanted, self.scenario.end) {
                    for (recipe, (memory, timelines)) in recipes.iter().zip(&mut worlds) {
                        note_keys(&lane, &recipe.scheme, session, &columns, memory, timelines);
                    }
                }
            }
        } else {
            let mut stream = self.stream(requester, Workload::writes);
            let (mut batch, mut places) = (Vec::new(), Vec::new());
            while stream.next_batch(&mut batch, &mut places) {
                batch.retain(Needs::written_by);
                for (recipe, (memory, timelines)) in recipes.iter().zip(&mut worlds) {
                    for request in &batch {
                        let answer = memory.answer(&recipe.scheme, None, session, request);
                        if let Some(timeline) = answer.generated {
                            timelines[timeline as usize].push(request.time);
                        }
                    }
                }
            }
        }
        worlds.into_iter().map(|(_, timelines)| timelines).collect()
    }
}

/// Notes in `timelines` the keys generated for writes in columns.
fn note_keys(
    lane: &Lane,
    scheme: &Scheme,
    session: Option<&SessionSlot>,
    columns: &Columns,
    memory: &mut Memory,
    timelines: &mut [Vec<SimTime>],
) {
    let bucket = lane.kind.bucket;
    if let BucketScheme::BucketKey { since, .. } = scheme.buckets[bucket as usize]
        && lane.kind.allows_bucket_key
    {
        let mut asked = Asked::default();
        memory.wrap_all(scheme, session, bucket, since, columns, &mut asked);
        for (&time, &timeline) in asked.by_bucket.iter().zip(&asked.generated) {
            timelines[timeline as usize].push(time);
        }
    }
}
