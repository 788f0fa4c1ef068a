//! Which engine runs whose requests: the one that draws every request, or the one that goes straight
//! from KMS call to KMS call where that is possible.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Configuration, Scenario};
use crate::encryption::assumptions::{Assumptions, Level};
use crate::encryption::requester::Requesters;
use crate::encryption::service::BucketScheme;
use crate::error::{Error, Result};
use crate::s3::{Connections, Principal};
use crate::units::SimTime;
use crate::workload::access::{ReadPattern, ReadPopulation, Reads};
use crate::workload::ages::AgeLaw;
use crate::workload::{Action, Workload};

/// How to run the traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EngineChoice {
    /// Skip ahead for the principals for whom that is possible and much cheaper; else draw all
    /// requests
    #[default]
    Auto,
    /// Draw every request
    Events,
    /// Go from KMS call to KMS call; refused where some traffic does not allow it
    SkipAhead,
}

impl EngineChoice {
    /// Whether it is the choice that need not be written down.
    #[must_use]
    pub fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

/// Who is run by which engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Engines {
    /// For each principal whether its calls are drawn without its requests.
    skipped: Vec<bool>,
    /// About how many requests could be drawn and answered in the time that skipping takes.
    work: f64,
}

/// How many times cheaper skipping ahead must promise to be: what it costs is estimated, and what
/// configurations have in common is lost by it.
const CHEAPER: f64 = 4.0;

/// Requests of a replication that are drawn one by one in no time at all.
const FEW_REQUESTS: f64 = 1e7;

/// About how long it takes to skip to a call, to look at a key, and to answer a request, relative to
/// one another.
const COST_OF_CALL: f64 = 3.0;
const COST_OF_KEY: f64 = 1.0;
const COST_OF_REQUEST: f64 = 1.0;

impl Engines {
    /// Chooses as the scenario says.
    ///
    /// # Errors
    /// If skipping ahead is demanded and some workload does not allow it.
    pub fn of(scenario: &Scenario) -> Result<Self> {
        let principals = &scenario.principals;
        let skipped = match scenario.engine {
            EngineChoice::Events => vec![false; principals.len()],
            EngineChoice::SkipAhead => {
                let hindrance = scenario.workloads.iter().find_map(|w| Some((w, w.hindrance()?)));
                if let Some((workload, hindrance)) = hindrance {
                    return Err(Error::request(format!(
                        "`engine` is `skip-ahead`, but workload `{}` {hindrance}",
                        workload.name
                    ))
                    .hint("let `engine = \"auto\"` choose for each principal"));
                }
                vec![true; principals.len()]
            }
            EngineChoice::Auto => {
                let skips = |principal| is_worthwhile(scenario, principal);
                principals.iter().map(skips).collect()
            }
        };
        // Equal principals do the work of all of them together.
        let first = |index: &usize| !principals[..*index].contains(&principals[*index]);
        let counted = (0..principals.len()).filter(|index| skipped[*index]).filter(first);
        let work = counted.map(|index| costs(scenario, &principals[index]).1).sum();
        Ok(Self { skipped, work })
    }

    /// About how many requests could be drawn and answered in the time that skipping takes in one
    /// replication, all configurations and levels together.
    #[must_use]
    pub fn work(&self) -> f64 {
        self.work
    }

    /// Skips ahead for every principal for whom that is possible, whether or not it is cheaper.
    #[must_use]
    pub fn wherever_possible(scenario: &Scenario) -> Self {
        let skips = |principal| is_possible(scenario, principal);
        Self { skipped: scenario.principals.iter().map(skips).collect(), work: 0.0 }
    }

    /// Whether the calls of a principal are drawn without its requests.
    #[must_use]
    pub fn skips(&self, principal: u32) -> bool {
        self.skipped[principal as usize]
    }

    /// The word for who is run how: `events` if every request is drawn, `skip-ahead` if none is,
    /// else `both`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match (self.skipped.contains(&true), self.skipped.contains(&false)) {
            (false, _) => "events",
            (true, false) => "skip-ahead",
            (true, true) => "both",
        }
    }
}

impl Scenario {
    /// The workloads of all principals that may be one requester with `principal`.
    fn workloads_of<'a>(
        &'a self,
        principal: &'a Principal,
    ) -> impl Iterator<Item = &'a Workload> + 'a {
        self.workloads.iter().filter(move |workload| {
            self.principals[self.principal_of(workload) as usize] == *principal
        })
    }
}

impl Workload {
    /// Why its calls cannot be drawn without its requests; `None` if they can.
    fn hindrance(&self) -> Option<&'static str> {
        use crate::workload::Traffic;
        use crate::workload::arrivals::Arrivals;
        match &self.traffic {
            Traffic::Jobs(_) => return Some("runs jobs"),
            Traffic::Following(_) => return Some("handles each object of another once"),
            _ if self.since < SimTime::ZERO => return Some("has run since before the run"),
            Traffic::Steady { arrivals: Arrivals::Poisson(_), .. } => {}
            Traffic::Steady { .. } => return Some("does not arrive as a Poisson process"),
        }
        let reads = self.actions().into_iter().any(Action::reads);
        if reads && self.reads.as_ref().is_some_and(|reads| reads.law_of_ages().is_none()) {
            return Some("reads by popularity or in scans");
        }
        if reads && self.reads.as_ref().is_some_and(Reads::is_owned) {
            return Some("reads what its scoping policy owns");
        }
        if reads && self.reads.as_ref().is_some_and(|reads| reads.objects().is_none()) {
            return Some("reads objects that are not all encrypted in one way, or of two buckets");
        }
        let several = self.actions().into_iter().any(|action| self.kind_of(action).is_none());
        several.then_some("makes several requests of one action, or requests that need two keys")
    }
}

/// Whether skipping ahead is possible for a principal.
fn is_possible(scenario: &Scenario, principal: &Principal) -> bool {
    scenario.workloads_of(principal).all(|workload| workload.hindrance().is_none())
}

/// Whether skipping ahead is possible for a principal, and promises to be much cheaper.
fn is_worthwhile(scenario: &Scenario, principal: &Principal) -> bool {
    if !is_possible(scenario, principal) || requests_of(scenario, principal) < FEW_REQUESTS {
        return false;
    }
    let (by_events, by_skipping) = costs(scenario, principal);
    by_events > CHEAPER * by_skipping
}

/// Mean number of requests of all principals that may be one requester with `principal`.
fn requests_of(scenario: &Scenario, principal: &Principal) -> f64 {
    let duration = scenario.duration();
    scenario.workloads_of(principal).map(|w| w.expected_requests(duration)).sum()
}

/// About what it costs to draw the requests of a principal, and to skip through its calls.
fn costs(scenario: &Scenario, principal: &Principal) -> (f64, f64) {
    let requests = requests_of(scenario, principal);
    let (mut by_events, mut by_skipping) = (0.0, 0.0);
    for configuration in &scenario.configurations {
        if !configuration.uses_bucket_keys(&scenario.domains) {
            continue;
        }
        let requesters =
            Requesters::group(configuration.rule, &scenario.principals, &scenario.slots);
        let mut levels: Vec<Assumptions> =
            Level::ALL.map(|level| configuration.ranges.at(level)).to_vec();
        levels.dedup();
        for assumptions in levels {
            by_events += COST_OF_REQUEST * requests;
            by_skipping += scenario
                .workloads_of(principal)
                .map(|workload| cost(scenario, configuration, &requesters, &assumptions, workload))
                .sum::<f64>();
        }
    }
    (by_events, by_skipping)
}

/// About how many requests could be drawn and answered in the time that one configuration takes in
/// one replication under one set of assumptions: those that are drawn, and what skipping costs.
pub(super) fn work(
    scenario: &Scenario,
    configuration: &Configuration,
    requesters: &Requesters,
    assumptions: &Assumptions,
) -> f64 {
    let of_workload = |workload: &Workload| {
        if scenario.engines.skips(scenario.principal_of(workload)) {
            cost(scenario, configuration, requesters, assumptions, workload)
        } else {
            COST_OF_REQUEST * workload.expected_requests(scenario.duration())
        }
    };
    scenario.workloads.iter().map(of_workload).sum()
}

/// About what it costs to skip through a workload's calls.
fn cost(
    scenario: &Scenario,
    configuration: &Configuration,
    requesters: &Requesters,
    assumptions: &Assumptions,
    workload: &Workload,
) -> f64 {
    let duration_s = scenario.duration().as_secs_f64();
    let domain = |number: u32| &scenario.domains[number as usize];
    let mut senders: Vec<u32> =
        workload.slots.clone().map(|slot| requesters.of_slot[slot as usize]).collect();
    senders.sort_unstable();
    senders.dedup();
    // As if all had as many connections as the one that has most.
    let of_sender = |&sender: &u32| requesters.list[sender as usize].connections;
    let most = senders.iter().map(of_sender).reduce(Connections::or_more);
    let partitions = assumptions.partitions(most.unwrap_or(Connections::ASSUMED));
    let senders = senders.len() as f64;
    workload
        .expected_actions(scenario.duration())
        .into_iter()
        .map(|(action, count)| {
            let per_s = count / duration_s / senders;
            let (keys, lifetime, partitions) = match &workload.reads {
                Some(reads) if action.reads() => {
                    let keys = key_masses(scenario, configuration, requesters, assumptions, reads);
                    (keys, assumptions.cache_lifetime, partitions.reading)
                }
                _ if action.writes() => {
                    let written = vec![(1.0, 1.0)];
                    (written, assumptions.generation_lifetime, partitions.writing)
                }
                _ => return 0.0,
            };
            let of_keys = |(keys, mass): (f64, f64)| {
                let places = (keys * f64::from(partitions)).max(1.0);
                let rate = per_s * mass / places;
                // Renewals of a Poisson process that rests after each point.
                let calls = duration_s * rate / (1.0 + rate * lifetime.as_secs_f64());
                places * (COST_OF_KEY + COST_OF_CALL * calls)
            };
            // What has no bucket key costs a call each time.
            let keyless = match &workload.reads {
                Some(reads) if action.reads() => {
                    keyless_mass(scenario, configuration, reads) * count
                }
                // Before bucket keys are on each write is a call.
                _ if action.writes() => match configuration.treats(domain(workload.bucket)) {
                    BucketScheme::KeyPerObject => count,
                    BucketScheme::BucketKey { since, .. } if since > SimTime::ZERO => count,
                    _ => 0.0,
                },
                _ => 0.0,
            };
            senders * keys.into_iter().map(of_keys).sum::<f64>() + COST_OF_CALL * keyless
        })
        .sum()
}

/// The share of what is read of objects from before the run that has no bucket key.
fn keyless_mass(scenario: &Scenario, configuration: &Configuration, reads: &Reads) -> f64 {
    let Some(population) = &reads.population else { return 0.0 };
    let domain = &scenario.domains[population.bucket as usize];
    let ages = match &reads.pattern {
        ReadPattern::ByAge(law) => law,
        _ => &scenario.populations[population.population as usize].age,
    };
    let migrated = configuration.migrates(population.population as usize) && domain.migrates();
    match configuration.treats_population(population.population as usize, domain) {
        BucketScheme::NoKms | BucketScheme::BucketKey { since: SimTime::MIN, .. } => 0.0,
        BucketScheme::BucketKey { .. } if migrated => 0.0,
        BucketScheme::BucketKey { since, .. } => 1.0 - ages.cdf(SimTime::ZERO.since(since)),
        BucketScheme::KeyPerObject => 1.0,
    }
}

/// Parts that a law of ages is cut into, each as likely as any other.
const PARTS: u32 = 64;

/// About how many keys wrap what is read, and what mass of the reads they have, part by part of the
/// law of ages.
fn key_masses(
    scenario: &Scenario,
    configuration: &Configuration,
    requesters: &Requesters,
    assumptions: &Assumptions,
    reads: &Reads,
) -> Vec<(f64, f64)> {
    let population = reads.population.as_ref();
    let population = population.map(|read| &scenario.populations[read.population as usize]);
    let of_population = population.map_or(1, |population| {
        population.writers(requesters, assumptions).partitions.iter().sum()
    });
    let of_run: u32 = reads.written.as_ref().map_or(0, |written| {
        let requester = |slot: u32| requesters.of_slot[slot as usize];
        let writers: BTreeSet<u32> = written.slots.clone().map(requester).collect();
        let connections = |&writer: &u32| requesters.list[writer as usize].connections;
        writers.iter().map(connections).map(|it| assumptions.partitions(it).writing).sum()
    });
    let timelines = f64::from(of_population.max(of_run));
    let fixed;
    let ages: &AgeLaw = match (&reads.pattern, population) {
        (ReadPattern::ByAge(law), _) => law,
        (ReadPattern::JustWritten(just), _) => {
            fixed = AgeLaw::Fixed(just.delay);
            &fixed
        }
        (_, Some(population)) => &population.age,
        _ => return Vec::new(),
    };
    let quantile_s = |part: u32| ages.quantile(f64::from(part) / f64::from(PARTS)).as_secs_f64();
    let lifetime_s = assumptions.generation_lifetime.as_secs_f64();
    // Objects of a migrated population are packed under few keys, but no fewer than one.
    let migrates = |read: &ReadPopulation| configuration.migrates(read.population as usize);
    let packed = if reads.population.as_ref().is_some_and(migrates) { 1e-3 } else { 1.0 };
    (0..PARTS)
        .map(|part| {
            // However narrow the ages, a key wraps what is written in its lifetime.
            let span_s = quantile_s(part + 1) - quantile_s(part) + lifetime_s;
            ((packed * timelines * span_s / lifetime_s).max(1.0), 1.0 / f64::from(PARTS))
        })
        .collect()
}
