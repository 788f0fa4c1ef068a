//! Which engine runs whose requests: the one that draws every request, or the one that goes straight
//! from KMS call to KMS call where that is possible.

use std::collections::BTreeMap;

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

/// Which of a principal's requests are not drawn, but only their calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestsSkipped {
    /// None: all are drawn.
    None,
    /// Those of workloads that only read; they share what S3 has in memory with those that are drawn.
    Reads,
    /// All.
    All,
}

/// Who is run by which engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Engines {
    of_principal: Vec<RequestsSkipped>,
    /// For each workload whether its calls are drawn without its requests.
    of_workload: Vec<bool>,
}

impl Engines {
    /// Chooses as the scenario says.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        match scenario.engine {
            EngineChoice::Events => Self::drawing_all(scenario),
            EngineChoice::SkipAhead => Self::wherever_possible(scenario),
            EngineChoice::Auto => Self::where_wanted(scenario, is_worthwhile),
        }
    }

    /// Draws every request, whatever the scenario says.
    #[must_use]
    pub fn drawing_all(scenario: &Scenario) -> Self {
        Self {
            of_principal: vec![RequestsSkipped::None; scenario.principals.len()],
            of_workload: vec![false; scenario.workloads.len()],
        }
    }

    /// Skips ahead wherever that is possible, whether or not it is cheaper.
    #[must_use]
    pub fn wherever_possible(scenario: &Scenario) -> Self {
        Self::where_wanted(scenario, |_, _| true)
    }

    /// Skips those workloads of a principal that can be skipped, where they are `wanted` to be.
    fn where_wanted(scenario: &Scenario, wanted: impl Fn(&Scenario, &[&Workload]) -> bool) -> Self {
        let mut engines = Self::drawing_all(scenario);
        let by_principal = by_principal(&scenario.workloads, scenario);
        for (number, principal) in scenario.principals.iter().enumerate() {
            let Some(all) = by_principal.get(principal) else { continue };
            let possible = skippable(all);
            if possible.is_empty() || !wanted(scenario, &possible) {
                continue;
            }
            for workload in &possible {
                engines.of_workload[workload.index as usize] = true;
            }
            let are_all = possible.len() == all.len();
            engines.of_principal[number] =
                if are_all { RequestsSkipped::All } else { RequestsSkipped::Reads };
        }
        engines
    }

    /// Which of a principal's requests are not drawn.
    #[must_use]
    pub fn skipped(&self, principal: u32) -> RequestsSkipped {
        self.of_principal[principal as usize]
    }

    /// Whether any drawn requests share keys in memory with such as are not.
    pub(super) fn share_keys(&self) -> bool {
        self.of_principal.contains(&RequestsSkipped::Reads)
    }

    /// Whether the calls of a workload are drawn without its requests.
    #[must_use]
    pub fn skips_workload(&self, workload: &Workload) -> bool {
        self.of_workload[workload.index as usize]
    }

    /// The word for who is run how: `events` if every request is drawn, `skip-ahead` if none is,
    /// else `both`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match (self.skips_any(), self.skips_all()) {
            (false, _) => "events",
            (true, true) => "skip-ahead",
            (true, false) => "both",
        }
    }

    /// Whether requests of any workload are skipped.
    pub(crate) fn skips_any(&self) -> bool {
        self.of_workload.contains(&true)
    }

    /// Whether those of all are, so that a run goes from KMS call to KMS call.
    pub(crate) fn skips_all(&self) -> bool {
        self.skips_any() && !self.of_workload.contains(&false)
    }

    /// Mean number of S3 requests of one replication that are drawn one by one.
    #[must_use]
    pub fn requests_drawn(&self, scenario: &Scenario) -> f64 {
        let drawn = scenario.workloads.iter().filter(|workload| !self.skips_workload(workload));
        let duration = scenario.duration();
        drawn.fold(scenario.recorded_requests(), |sum, w| sum + w.expected_requests(duration))
    }

    /// About how many requests could be drawn and answered in the time that skipping takes in one
    /// replication, all configurations and levels together.
    #[must_use]
    pub fn work(&self, scenario: &Scenario) -> f64 {
        let skipped = scenario.workloads.iter().filter(|workload| self.skips_workload(workload));
        let by_principal = by_principal(skipped, scenario);
        by_principal.values().map(|skipped| Costs::of(scenario, skipped).by_skipping).sum()
    }
}

/// Some workloads, those together that may be one requester's: of principals that are equal.
fn by_principal<'a>(
    workloads: impl IntoIterator<Item = &'a Workload>,
    scenario: &'a Scenario,
) -> BTreeMap<&'a Principal, Vec<&'a Workload>> {
    let mut by_principal: BTreeMap<&Principal, Vec<&Workload>> = BTreeMap::new();
    for workload in workloads {
        let principal = &scenario.principals[scenario.principal_of(workload) as usize];
        by_principal.entry(principal).or_default().push(workload);
    }
    by_principal
}

/// Which of a principal's workloads can be run without drawing their requests: all, else those that only
/// read, as what is written must be known before the rest is drawn.
fn skippable<'a>(workloads: &[&'a Workload]) -> Vec<&'a Workload> {
    let mut possible: Vec<&Workload> = workloads.to_vec();
    possible.retain(|workload| workload.poisson_requests().is_ok());
    if possible.len() < workloads.len() {
        possible.retain(|workload| !workload.writes());
    }
    possible
}

/// Whether skipping some workloads of a principal promises to be much cheaper.
fn is_worthwhile(scenario: &Scenario, workloads: &[&Workload]) -> bool {
    if requests_of(scenario, workloads) < FEW_REQUESTS {
        return false;
    }
    let Costs { by_events, by_skipping } = Costs::of(scenario, workloads);
    by_events > CHEAPER * by_skipping
}

/// Mean number of requests of some workloads.
fn requests_of(scenario: &Scenario, workloads: &[&Workload]) -> f64 {
    let duration = scenario.duration();
    workloads.iter().map(|workload| workload.expected_requests(duration)).sum()
}

/// About what it costs to run some workloads of a principal by each engine.
struct Costs {
    by_events: f64,
    by_skipping: f64,
}

impl Costs {
    fn of(scenario: &Scenario, workloads: &[&Workload]) -> Self {
        let requests = requests_of(scenario, workloads);
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
                let skipping = workloads.iter().map(|it| cost::of_skipping(&arm, it));
                costs.by_skipping += skipping.sum::<f64>();
            }
        }
        costs
    }
}
