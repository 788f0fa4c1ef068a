//! Which engine runs whose requests: the one that draws every request, or the one that goes straight
//! from KMS call to KMS call where that is possible.

use super::arm::PlannedArm;
use super::skip_ahead::cost;
use crate::encryption::assumption::Level;
use crate::encryption::requester::Requesters;
use crate::s3::Principal;
use crate::scenario::Scenario;
use crate::scenario::engine::EngineChoice;
use crate::workload::Workload;

/// How many times cheaper skipping ahead must promise to be: what it costs is estimated, and what
/// configurations have in common is lost by it.
const CHEAPER: f64 = 4.0;

/// Requests of a replication that are drawn one by one in no time at all.
const FEW_REQUESTS: f64 = 1e7;

/// Who is run by which engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Engines {
    /// For each principal whether its calls are drawn without its requests.
    skipped: Vec<bool>,
}

impl Engines {
    /// Chooses as the scenario says.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let principals = scenario.principals.iter();
        let skipped = match scenario.engine {
            EngineChoice::Events => return Self::drawing_all(scenario),
            EngineChoice::SkipAhead => vec![true; principals.len()],
            EngineChoice::Auto => principals.map(|it| is_worthwhile(scenario, it)).collect(),
        };
        Self { skipped }
    }

    /// Draws every request, whatever the scenario says.
    #[must_use]
    pub fn drawing_all(scenario: &Scenario) -> Self {
        Self { skipped: vec![false; scenario.principals.len()] }
    }

    /// Skips ahead for every principal for whom that is possible, whether or not it is cheaper.
    #[must_use]
    pub fn wherever_possible(scenario: &Scenario) -> Self {
        let principals = scenario.principals.iter();
        Self { skipped: principals.map(|principal| is_possible(scenario, principal)).collect() }
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

    /// Mean number of S3 requests of one replication that are drawn one by one.
    #[must_use]
    pub fn requests_drawn(&self, scenario: &Scenario) -> f64 {
        let workloads = scenario.workloads.iter();
        let drawn = workloads.filter(|workload| !self.skips(scenario.principal_of(workload)));
        let duration = scenario.duration();
        drawn.fold(scenario.recorded_requests(), |sum, w| sum + w.expected_requests(duration))
    }

    /// About how many requests could be drawn and answered in the time that skipping takes in one
    /// replication, all configurations and levels together.
    #[must_use]
    pub fn work(&self, scenario: &Scenario) -> f64 {
        let principals = &scenario.principals;
        let skipped = (0..principals.len()).filter(|&index| self.skipped[index]);
        // Equal principals do the work of all of them together.
        let first = skipped.filter(|&index| !principals[..index].contains(&principals[index]));
        first.map(|index| Costs::of(scenario, &principals[index]).by_skipping).sum()
    }
}

/// The workloads of all principals that may be one requester with `principal`.
fn workloads_of<'a>(
    scenario: &'a Scenario,
    principal: &'a Principal,
) -> impl Iterator<Item = &'a Workload> + Clone + 'a {
    scenario.workloads.iter().filter(move |workload| {
        scenario.principals[scenario.principal_of(workload) as usize] == *principal
    })
}

/// Whether skipping ahead is possible for a principal.
fn is_possible(scenario: &Scenario, principal: &Principal) -> bool {
    workloads_of(scenario, principal).all(|workload| workload.poisson_requests().is_ok())
}

/// Whether skipping ahead is possible for a principal, and promises to be much cheaper.
fn is_worthwhile(scenario: &Scenario, principal: &Principal) -> bool {
    if !is_possible(scenario, principal) || requests_of(scenario, principal) < FEW_REQUESTS {
        return false;
    }
    let Costs { by_events, by_skipping } = Costs::of(scenario, principal);
    by_events > CHEAPER * by_skipping
}

/// Mean number of requests of all principals that may be one requester with `principal`.
fn requests_of(scenario: &Scenario, principal: &Principal) -> f64 {
    let duration = scenario.duration();
    workloads_of(scenario, principal).map(|w| w.expected_requests(duration)).sum()
}

/// About what it costs to run a principal by each engine.
struct Costs {
    by_events: f64,
    by_skipping: f64,
}

impl Costs {
    fn of(scenario: &Scenario, principal: &Principal) -> Self {
        let requests = requests_of(scenario, principal);
        let workloads = workloads_of(scenario, principal);
        let mut costs = Self { by_events: 0.0, by_skipping: 0.0 };
        for configuration in &scenario.configurations {
            if !configuration.uses_bucket_keys(&scenario.domains) {
                continue;
            }
            let (principals, slots) = (&scenario.principals, &scenario.slots);
            let requesters = &Requesters::group(configuration.rule, principals, slots);
            let mut levels = Level::ALL.map(|level| configuration.ranges.at(level)).to_vec();
            levels.dedup();
            for assumptions in &levels {
                let arm = PlannedArm { scenario, configuration, requesters, assumptions };
                costs.by_events += cost::OF_REQUEST * requests;
                let skipping = workloads.clone().map(|it| cost::of_skipping(&arm, it));
                costs.by_skipping += skipping.sum::<f64>();
            }
        }
        costs
    }
}
