//! Buckets or principals, ranked by the dollars that a configuration saves in each, and what the order
//! hangs on.
//!
//! What AWS does not publish is the same for everybody, so an assumption that is varied alone moves all
//! savings together, and the order hangs on it if it changes at one of its ends. How old the objects of a
//! log are that it does not tell of is no such thing: one bucket's may be old and another's new, so there
//! one's least is compared with another's most.
//!
//! Only neighbours are compared: where anybody overtakes another, somebody overtakes his neighbour.

use super::arms::Counted;
use super::billing::BillableCounts;
use super::counts::ArmCounts;
use super::rows::UNKNOWN_OBJECTS;
use super::run::Run;
use super::shared::{SharedCalls, Sharers};
use crate::encryption::assumption::Level;
use crate::scenario::Scenario;
use crate::tally::Tally;
use crate::units::Usd;

/// What is kept of the headline with one thing varied, in the first replication.
#[derive(Clone)]
pub(super) struct VariedCounts {
    pub(super) calls: u64,
    billable: BillableCounts,
    shared: SharedCalls,
}

impl VariedCounts {
    /// Those of an arm that was run with others.
    pub(super) fn of_first(counts: &ArmCounts) -> Self {
        let first = &counts.each[0];
        Self {
            calls: first.calls.total(),
            billable: first.billable.clone(),
            shared: counts.shared_of_first().clone(),
        }
    }

    pub(super) fn of(tally: &Tally) -> Self {
        Self {
            calls: tally.total_calls().total(),
            billable: BillableCounts::of(tally),
            shared: SharedCalls::of(tally),
        }
    }

    /// What each pays.
    fn costs(&self, scenario: &Scenario, sharers: Sharers) -> Vec<Usd> {
        self.shared.costs(scenario, &self.billable, sharers)
    }
}

/// The headline with one thing at both ends of its range.
pub(super) struct Varied {
    /// What: an assumption.
    pub(super) name: String,
    pub(super) at_ends: [VariedCounts; 2],
    /// The reference so, if it depends on what is not known.
    pub(super) reference: Option<[VariedCounts; 2]>,
}

impl Varied {
    /// KMS calls at each end, and those of the reference, which makes so many as assumed.
    pub(super) fn calls(&self, reference: f64) -> [(f64, f64); 2] {
        [0, 1].map(|end| {
            let varied = self.reference.as_ref().map(|ends| ends[end].calls as f64);
            (self.at_ends[end].calls as f64, varied.unwrap_or(reference))
        })
    }
}

/// The order hangs on several assumptions together, of which none does it alone.
const SEVERAL: &str = "several";
/// The order is another in other replications.
const CHANCE: &str = "chance";

/// What a configuration saves in each bucket, or for each principal.
pub(super) struct Ranking {
    /// What each pays for KMS requests in the billing period.
    pub(super) cost: Vec<Usd>,
    /// What each saves of what it pays under the reference, level by level.
    pub(super) saved: Vec<[Usd; 3]>,
    /// Their numbers, those that save most first.
    pub(super) order: Vec<usize>,
    /// In this order: what would put the next one before this.
    pub(super) hangs_on: Vec<Option<String>>,
}

impl Ranking {
    /// That of the configuration with that index.
    pub(super) fn of(run: &Run, index: usize, sharers: Sharers) -> Self {
        let (scenario, counted) = (run.scenario, &run.counted);
        let at_levels = Level::ALL.map(|level| costs(run, counted.at(index, level), sharers));
        let saved_at = Level::ALL.map(|level| {
            less(&costs(run, run.baseline(level), sharers), &at_levels[level as usize])
        });
        let assumed = Level::Assumed as usize;
        let saved = |number: usize| saved_at.each_ref().map(|saved| saved[number]);
        let saved: Vec<[Usd; 3]> = (0..saved_at[assumed].len()).map(saved).collect();
        let calls = run.baseline(Level::Assumed).shared.calls(scenario, sharers);
        let mut order: Vec<usize> = (0..saved.len()).collect();
        order.sort_by(|&a, &b| {
            let by_saving = saved[b][assumed].cmp(&saved[a][assumed]);
            by_saving.then(calls[b].cmp(&calls[a])).then(a.cmp(&b))
        });
        let hangs_on = match Alone::of(run, index, sharers) {
            Some(alone) => alone.hangs_on(&order, &saved),
            None => vec![None; order.len()],
        };
        let [_, cost, _] = at_levels;
        Self { cost, saved, order, hangs_on }
    }
}

/// What everybody saves with one thing varied alone, in the first replication.
struct Alone {
    /// With every assumption as assumed.
    assumed: Vec<Usd>,
    /// At both ends of each.
    ends: Vec<(String, [Vec<Usd>; 2])>,
}

impl Alone {
    /// That of the headline, if it is the configuration with that index.
    fn of(run: &Run, index: usize, sharers: Sharers) -> Option<Self> {
        let Run { scenario, counted, varied, .. } = run;
        if index != scenario.headline || varied.is_empty() {
            return None;
        }
        let reference = costs_of_first(run, counted, scenario.reference, sharers);
        let ends = varied.iter().map(|it| {
            let saved = [0, 1].map(|end| {
                let own = it.at_ends[end].costs(scenario, sharers);
                match &it.reference {
                    Some(varied) => less(&varied[end].costs(scenario, sharers), &own),
                    None => less(&reference, &own),
                }
            });
            (it.name.clone(), saved)
        });
        Some(Self {
            assumed: less(&reference, &costs_of_first(run, counted, index, sharers)),
            ends: ends.collect(),
        })
    }

    /// For each in the order what would put the next before it.
    fn hangs_on(&self, order: &[usize], at_levels: &[[Usd; 3]]) -> Vec<Option<String>> {
        let pairs = order.windows(2).map(|pair| self.reverses(pair[0], pair[1], at_levels));
        pairs.chain([None]).take(order.len()).collect()
    }

    /// What would put `next` before `first`, which saves more with every assumption as assumed.
    fn reverses(&self, first: usize, next: usize, at_levels: &[[Usd; 3]]) -> Option<String> {
        if self.assumed[next] > self.assumed[first] {
            return Some(CHANCE.to_owned());
        }
        let alone = self.ends.iter().filter(|(name, ends)| {
            if name == UNKNOWN_OBJECTS {
                let least = ends.iter().map(|saved| saved[first]).min();
                return least < ends.iter().map(|saved| saved[next]).max();
            }
            ends.iter().any(|saved| saved[next] > saved[first])
        });
        let alone: Vec<&str> = alone.map(|(name, _)| name.as_str()).collect();
        let mut levels = at_levels[first].iter().zip(&at_levels[next]);
        if alone.is_empty() {
            levels.any(|(first, next)| next > first).then(|| SEVERAL.to_owned())
        } else {
            Some(alone.join(" "))
        }
    }
}

/// What each pays less.
fn less(reference: &[Usd], own: &[Usd]) -> Vec<Usd> {
    reference.iter().zip(own).map(|(&reference, &own)| reference - own).collect()
}

/// What each pays, in the mean of all replications.
fn costs(run: &Run, of: &ArmCounts, sharers: Sharers) -> Vec<Usd> {
    of.shared.costs(run.scenario, &of.billable, sharers)
}

/// What each pays in the first replication, with every assumption as assumed.
fn costs_of_first(run: &Run, counted: &Counted, index: usize, sharers: Sharers) -> Vec<Usd> {
    let counts = counted.at(index, Level::Assumed);
    counts.shared_of_first().costs(run.scenario, &counts.each[0].billable, sharers)
}
