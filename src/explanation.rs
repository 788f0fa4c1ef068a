//! Why a request called KMS and another did not.
//!
//! The engine knows only when each key expires. Here every request is answered once more by a plain memory that
//! remembers who fetched what, where and when ([`memory`]), so each call has a cause ([`cause`]); both must agree
//! on every request. Nothing of it runs, or is compiled into the engine, unless somebody asks.
//!
//! - [`Causes`]: the causes of all calls, counted; they add up to the calls of the run;
//! - [`selection`]: requests one by one: of an object, a requester, a second;
//! - [`rows`]: what `causes.csv` and `requests.csv` have.

pub mod cause;
pub mod memory;
pub mod rows;
pub mod selection;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::encryption::assumption::Level;
use crate::error::{Error, Result};
use crate::kms::KmsCalls;
use crate::scenario::Scenario;
use crate::simulation::Arm;
use crate::simulation::engines::Engines;
use crate::simulation::events::each_answered;
use crate::units::SimDuration;

use cause::Cause;
use memory::{ExplainingMemory, Explanation, Outcome};

/// Requests of all replications and configurations together beyond which no answer is to be waited for.
const REQUESTS_MAX: f64 = 2e10;

/// The calls of one cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CauseCounts {
    /// The calls.
    pub calls: KmsCalls,
    /// How long the key would have to be kept to save each, in seconds of two digits, with how often.
    needed: BTreeMap<u64, u64>,
}

/// The causes of all calls of one configuration at one level, summed over replications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Causes {
    /// Index of the configuration.
    pub configuration: usize,
    /// Where every assumption stands.
    pub level: Level,
    /// How many replications there are.
    pub replications: u32,
    /// Requests in the counted part.
    pub requests: u64,
    /// Of these, those that needed keys and called nobody.
    pub without_call: u64,
    counts: Vec<CauseCounts>,
}

impl CauseCounts {
    fn note(&mut self, calls: &KmsCalls, needed: Option<SimDuration>) {
        self.calls += *calls;
        if let Some(needed) = needed {
            *self.needed.entry(two_digits(needed)).or_insert(0) += calls.total();
        }
    }

    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        for (needed, count) in &other.needed {
            *self.needed.entry(*needed).or_insert(0) += count;
        }
    }

    /// The lifetime, in seconds to two digits, that would save half of these calls; `None` where none would.
    #[must_use]
    pub fn needed_median_s(&self) -> Option<f64> {
        let all: u64 = self.needed.values().sum();
        let mut sum = 0;
        let found = self.needed.iter().find(|(_, count)| {
            sum += **count;
            sum * 2 >= all
        });
        found.map(|(needed, _)| *needed as f64)
    }
}

/// A span in whole seconds, rounded up to two digits.
fn two_digits(span: SimDuration) -> u64 {
    let seconds = span.as_secs_f64().ceil().max(0.0) as u64;
    let mut unit = 1;
    while seconds / unit >= 100 {
        unit *= 10;
    }
    seconds.div_ceil(unit) * unit
}

impl Causes {
    /// Counts the causes of a configuration's calls at a level in all replications.
    #[must_use]
    pub fn of(
        scenario: &Scenario,
        configuration: usize,
        level: Level,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Self {
        let assumptions = scenario.configurations[configuration].ranges.at(level);
        let arm = Arm::of_totals(configuration, assumptions);
        let replications = (0..scenario.replications).into_par_iter().with_max_len(1);
        let counted: Vec<Self> = replications
            .map(|replication| {
                let causes = Self::of_replication(scenario, &arm, level, replication);
                progress(causes.requests);
                causes
            })
            .collect();
        let mut sum = Self::none(configuration, level);
        counted.iter().for_each(|causes| sum.add(causes));
        sum
    }

    fn none(configuration: usize, level: Level) -> Self {
        let counts = vec![CauseCounts::default(); Cause::ALL.len()];
        Self { configuration, level, replications: 0, requests: 0, without_call: 0, counts }
    }

    fn of_replication(scenario: &Scenario, arm: &Arm, level: Level, replication: u32) -> Self {
        let mut causes = Self { replications: 1, ..Self::none(arm.configuration, level) };
        let mut memory = ExplainingMemory::default();
        let mut requester = None;
        each_answered(scenario, arm, replication, |it| {
            if requester.replace(it.requester) != Some(it.requester) {
                memory = ExplainingMemory::default();
            }
            let is_counted = it.request.time >= scenario.counted_from;
            let (mut held, mut called) = (false, false);
            memory.explain(it, &mut |explanation: &Explanation| match explanation.outcome {
                Outcome::Called { cause, calls, needed, .. } => {
                    called = true;
                    if is_counted {
                        causes.counts[cause as usize].note(&calls, needed);
                    }
                }
                Outcome::Held { .. } => held = true,
                Outcome::NoKms => {}
            });
            causes.requests += u64::from(is_counted);
            causes.without_call += u64::from(is_counted && held && !called);
        });
        causes
    }

    fn add(&mut self, other: &Self) {
        self.replications += other.replications;
        self.requests += other.requests;
        self.without_call += other.without_call;
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, more)| sum.add(more));
    }

    /// The calls of a cause.
    #[must_use]
    pub fn counts(&self, cause: Cause) -> &CauseCounts {
        &self.counts[cause as usize]
    }

    /// All calls.
    #[must_use]
    pub fn calls(&self) -> KmsCalls {
        let mut all = KmsCalls::NONE;
        self.counts.iter().for_each(|counts| all += counts.calls);
        all
    }

    /// The causes that made any call, those with most first.
    #[must_use]
    pub fn ranked(&self) -> Vec<Cause> {
        let mut ranked: Vec<Cause> = Cause::ALL.to_vec();
        ranked.retain(|cause| self.counts(*cause).calls.total() > 0);
        ranked.sort_by_key(|cause| std::cmp::Reverse(self.counts(*cause).calls.total()));
        ranked
    }
}

/// Refuses a scenario whose every request is too much to look at.
///
/// # Errors
/// If so.
pub fn check_length(scenario: &Scenario, replications: u32, configurations: usize) -> Result<()> {
    let all = scenario.expected_requests() * f64::from(replications) * configurations as f64;
    if all <= REQUESTS_MAX {
        return Ok(());
    }
    Err(Error::request(format!(
        "every request is looked at, but there are about {} of them",
        crate::units::readable::count(all)
    ))
    .hint("look at less, e.g., `--set duration=1h --replications 1`, or `--configuration NAME`"))
}

/// Whether `bks simulate` draws every request of a scenario, too, so that the calls are the very same.
#[must_use]
pub fn has_the_requests_of_a_simulation(scenario: &Scenario) -> bool {
    Engines::of(scenario) == Engines::drawing_all(scenario)
}
