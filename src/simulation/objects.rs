//! The objects that are kept one by one in a replication: drawn once, for all configurations.

use rand::{Rng, RngExt};
use rayon::prelude::*;

use crate::encryption::needs::Needs;
use crate::rng::Purpose;
use crate::s3::Request;
use crate::scenario::{Population, Scenario};
use crate::units::SimTime;
use crate::workload::source::{Draws, RequestSource};
use crate::workload::written::{KeptObjects, SourceObjects, WrittenObject};
use crate::workload::{Traffic, Workload};

/// Draws what is kept of all sources in `replication`.
///
/// # Panics
/// If workloads follow one another in a circle, which the scenario refuses.
#[must_use]
pub fn keep(scenario: &Scenario, replication: u32) -> KeptObjects {
    let populations = scenario.populations.iter().enumerate();
    let of_population = populations
        .map(|(index, population)| {
            population.kept.then(|| of_population(scenario, replication, index as u32, population))
        })
        .collect();
    let of_workload = vec![None; scenario.workloads.len()];
    let mut kept = KeptObjects { of_population, of_workload };
    let mut waiting: Vec<&Workload> = scenario.workloads.iter().filter(|w| w.kept).collect();
    // Who follows another needs what that one writes; the scenario refuses circles.
    while !waiting.is_empty() {
        let (ready, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|workload| {
            !matches!(&workload.traffic, Traffic::Following(following)
                if kept.of_workload[following.workload as usize].is_none())
        });
        assert!(!ready.is_empty(), "workloads do not follow one another in a circle");
        for workload in ready {
            let objects = of_workload_objects(scenario, replication, workload, &kept);
            kept.of_workload[workload.index as usize] = Some(objects);
        }
        waiting = later;
    }
    kept
}

/// The objects of a population: independent ages, writers and places.
fn of_population(
    scenario: &Scenario,
    replication: u32,
    index: u32,
    population: &Population,
) -> SourceObjects {
    let [mut ages, mut others] = scenario.seed.streams(replication, Purpose::Objects, (index, 0));
    let writers = population.writers.len().max(1) as u32;
    let objects = (0..population.objects).map(|_| WrittenObject {
        time: SimTime::ZERO - population.age.sample(&mut ages),
        writer: others.random_range(0..writers),
        draw: others.next_u32(),
    });
    SourceObjects::new(objects.collect(), population.policies, 0)
}

/// The objects that a workload writes.
fn of_workload_objects(
    scenario: &Scenario,
    replication: u32,
    workload: &Workload,
    kept: &KeptObjects,
) -> SourceObjects {
    let Scenario { seed, end, .. } = *scenario;
    let draws = Draws { seed, replication, end, kept };
    let slots = workload.slots.clone().into_par_iter();
    let objects: Vec<Vec<WrittenObject>> = slots
        .map(|slot| {
            let policy = scenario.slots[slot as usize].policy_number();
            let sources = RequestSource::of(workload, slot, policy, draws);
            sources.into_iter().filter(RequestSource::writes).flat_map(written_by).collect()
        })
        .collect();
    SourceObjects::new(objects.concat(), workload.policies, workload.slots.start)
}

/// The objects that one source writes, in order of time.
fn written_by(mut source: RequestSource) -> Vec<WrittenObject> {
    let mut objects = Vec::new();
    let mut requests: Vec<Request> = Vec::new();
    while source.next_action(&mut requests) {
        // What stays of an action is what it wrote last: a copy of what it had put, or an upload by the
        // key that it was begun with.
        let last = requests.iter().rfind(|request| Needs::written_by(request));
        objects.extend(last.map(|request| WrittenObject {
            time: request.time,
            writer: request.slot,
            draw: request.draw,
        }));
        requests.clear();
    }
    objects
}
