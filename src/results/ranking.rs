//! Buckets or principals, ranked by the dollars that a configuration saves in each, and what the order
//! hangs on.
//!
//! What AWS does not publish is the same for everybody, so an assumption that is varied alone moves all
//! savings together, and the order hangs on it if it changes at one of its ends. How old the objects of a
//! log are that it does not tell of is no such thing: one bucket's may be old and another's new, so there
//! one's least is compared with another's most.
//!
//! Each is compared with all behind it: what saves little as assumed may overtake many at once.

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
    /// In this order: what would put one from behind before this.
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

    /// For each in the order what would put another before it that stands behind it.
    fn hangs_on(&self, order: &[usize], at_levels: &[[Usd; 3]]) -> Vec<Option<String>> {
        let mut behind: Option<MostBehind> = None;
        let mut hangs_on = Vec::with_capacity(order.len());
        for &number in order.iter().rev() {
            let own = MostBehind::alone(self, number, at_levels);
            hangs_on.push(behind.as_ref().and_then(|behind| self.overtakes(behind, &own)));
            behind = Some(match behind {
                Some(behind) => behind.and(&own),
                None => own,
            });
        }
        hangs_on.reverse();
        hangs_on
    }

    /// What would put one of those `behind` before one that saves no less with every assumption as assumed.
    fn overtakes(&self, behind: &MostBehind, own: &MostBehind) -> Option<String> {
        if behind.assumed > own.assumed {
            return Some(CHANCE.to_owned());
        }
        let each = self.ends.iter().zip(behind.ends.iter().zip(&own.ends));
        let alone = each.filter(|((name, _), (behind, own))| {
            if name == UNKNOWN_OBJECTS {
                return own.iter().min() < behind.iter().max();
            }
            behind.iter().zip(*own).any(|(behind, own)| behind > own)
        });
        let alone: Vec<&str> = alone.map(|((name, _), _)| name.as_str()).collect();
        if alone.is_empty() {
            let mut levels = behind.at_levels.iter().zip(&own.at_levels);
            levels.any(|(behind, own)| behind > own).then(|| SEVERAL.to_owned())
        } else {
            Some(alone.join(" "))
        }
    }
}

/// The most that any of some saves: as assumed, at both ends of each assumption, and at each level.
struct MostBehind {
    assumed: Usd,
    ends: Vec<[Usd; 2]>,
    at_levels: [Usd; 3],
}

impl MostBehind {
    /// What one saves.
    fn alone(all: &Alone, number: usize, at_levels: &[[Usd; 3]]) -> Self {
        let ends = all.ends.iter().map(|(_, ends)| ends.each_ref().map(|saved| saved[number]));
        Self { assumed: all.assumed[number], ends: ends.collect(), at_levels: at_levels[number] }
    }

    fn and(self, other: &Self) -> Self {
        let ends = self.ends.iter().zip(&other.ends);
        Self {
            assumed: self.assumed.max(other.assumed),
            ends: ends.map(|(own, other)| [own[0].max(other[0]), own[1].max(other[1])]).collect(),
            at_levels: [0, 1, 2].map(|level| self.at_levels[level].max(other.at_levels[level])),
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
