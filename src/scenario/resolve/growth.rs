//! Which workloads grow, and how much in each month.

use super::{Resolved, refuse_with};
use crate::scenario::Scenario;
use crate::units::{SimDuration, SimTime};
use crate::workload::arrivals::Arrivals;
use crate::workload::growth::{Growth, MonthlyFactors};
use crate::workload::object_read::ReadSources;
use crate::workload::{Traffic, Workload};

const MONTH: SimDuration = SimDuration::from_secs(30 * 86_400);

/// Lets workloads grow as they say, in a scenario that is resolved but for this and what follows.
pub(super) fn grow(scenario: &mut Scenario) -> Resolved<()> {
    for index in 0..scenario.workloads.len() {
        let Some(growth) = scenario.written.workloads[index].growth else { continue };
        let data = match (growth, &scenario.workloads[index].reads) {
            (Growth::PerMonth(_), _) => (0.0, 0.0),
            (Growth::WithData, Some(reads)) => readable(reads, &scenario.workloads),
            (Growth::WithData, None) => {
                return refuse_with(
                    format!("workload.{index}.growth"),
                    "`growth` is `with-data`, but the workload reads nothing",
                    "give e.g., `growth = \"+3%/month\"`",
                );
            }
        };
        let factors = MonthlyFactors::of(growth, scenario.duration(), data);
        match &mut scenario.workloads[index].traffic {
            Traffic::Steady { arrivals: Arrivals::Poisson(poisson), .. } => {
                poisson.growth = Some(factors);
            }
            Traffic::Jobs(jobs) => jobs.growth = Some(factors),
            Traffic::Steady { .. } | Traffic::Following(_) => {
                return refuse_with(
                    format!("workload.{index}.growth"),
                    "`growth` is given, but only `poisson` arrivals and `jobs` grow",
                    "give `arrivals = { poisson = { rate = \"5/s\" } }`; what follows another workload grows with it",
                );
            }
        }
    }
    Ok(())
}

/// Objects that there are to read at the start, and how many more after a month.
fn readable(reads: &ReadSources, workloads: &[Workload]) -> (f64, f64) {
    let before = reads.population.as_ref().map_or(0.0, |population| population.objects as f64);
    let Some(written) = &reads.written else { return (before, 0.0) };
    let traffic = &workloads[written.workload as usize].traffic;
    let earlier = traffic.expected_objects(SimTime::ZERO.since(written.since));
    (before + earlier, traffic.expected_objects(MONTH))
}
