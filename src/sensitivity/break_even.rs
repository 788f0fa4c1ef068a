//! At which value of a parameter the headline saves a given share, no more and no less.

use std::collections::BTreeMap;

use super::axis::Axis;
use super::bench::{Bench, Means};
use super::search::{Crossing, Curve, Steps, search};
use super::{Progress, ReadWith};
use crate::encryption::assumption::Level;
use crate::error::Result;
use crate::scenario::Scenario;
use crate::statistics::Estimate;

/// Where values are answered together.
const STEPS: Steps = Steps { grid: 17, inside: 8 };

/// Where each value takes its own time: a scenario with traffic of its own, or very many calls.
const FEW_STEPS: Steps = Steps { grid: 9, inside: 1 };

/// A value that takes longer than this is not tried, unless the assumed ones do.
const REQUESTS_MAX: f64 = 1e8;

/// What a search over one axis found, at one level of the other assumptions.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakEvens {
    /// The axis.
    pub axis: Axis,
    /// At which end of their ranges the other assumptions stand.
    pub others: Level,
    /// The saving at each value that was tried, in the first replication.
    pub curve: Curve,
    /// What was found for each target.
    pub targets: Vec<Found>,
    /// Why not all values were tried, if so.
    pub cut: Option<String>,
}

/// Where a curve crosses a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The target.
    pub target: f64,
    /// Its crossings, in order.
    pub crossings: Vec<BreakEven>,
}

/// One crossing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakEven {
    /// The values between which it lies in the first replication.
    pub crossing: Crossing,
    /// The break-even value: the mean over replications; of whole numbers the first behind it.
    pub value: f64,
    /// Where it lies with 95 % confidence; `None` from a single replication, or if the curve is flat.
    pub interval: Option<(f64, f64)>,
}

/// What all searches have in common.
pub(super) struct Searching<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) targets: &'a [f64],
    pub(super) replications: u32,
    pub(super) means: Means,
    pub(super) progress: Progress<'a>,
}

/// Gives the savings at a value, replication by replication.
type InAll<'a> = &'a mut dyn FnMut(f64) -> Vec<f64>;

impl Searching<'_> {
    /// Searches an axis that is an assumption, at each level of the others. `first` is a bench of the
    /// first replication, `all` of all.
    pub(super) fn assumption(
        &self,
        axis: &Axis,
        first: &mut Bench,
        all: &mut Bench,
    ) -> Vec<BreakEvens> {
        let ranges = &self.scenario.configurations[self.scenario.headline].ranges;
        let assumed = first.estimate(&ranges.at(Level::Assumed)).requests;
        let requests_max = REQUESTS_MAX.max(assumed);
        let steps = if assumed > REQUESTS_MAX { FEW_STEPS } else { STEPS };
        let of_level = |others| {
            let at = |value: f64| axis.assume(ranges, others, value);
            let mut cut = None;
            let curve = search(&axis.span, steps, self.targets, &mut |values| {
                let affordable = |value: &f64| {
                    let estimate = first.estimate(&at(*value));
                    let hindrance = if !first.fits(&estimate) {
                        Some(NO_MEMORY)
                    } else if estimate.requests > requests_max {
                        Some(NO_TIME)
                    } else {
                        return true;
                    };
                    cut = hindrance.map(str::to_owned);
                    false
                };
                let tried: Vec<f64> = values.iter().copied().filter(affordable).collect();
                let sets: Vec<_> = tried.iter().map(|&value| at(value)).collect();
                let savings = first.first_savings(&sets);
                let mut known = tried.iter().zip(savings).peekable();
                let saving =
                    |value: &f64| Some(known.next_if(|(of, _)| of.to_bits() == value.to_bits())?.1);
                values.iter().map(saving).collect()
            });
            self.found(axis, others, curve, cut, &mut |value| all.savings(&[at(value)]).remove(0))
        };
        Level::ALL.map(of_level).into()
    }

    /// Searches an axis that is a key of the scenario, at each level of the assumptions: each value is
    /// a scenario by itself.
    ///
    /// # Errors
    /// What is wrong with the scenario at the lower end.
    pub(super) fn key(&self, axis: &Axis, read: ReadWith) -> Result<Vec<BreakEvens>> {
        read(&axis.change(axis.span.low))?;
        let savings = |value: f64, replications, levels: &[Level]| {
            let scenario = read(&axis.change(value))?;
            self.savings_of(&scenario, replications, levels)
        };
        let mut known: BTreeMap<(u64, Level), Option<f64>> = BTreeMap::new();
        let mut cut = None;
        let of_level = |others| {
            let curve = search(&axis.span, FEW_STEPS, self.targets, &mut |values| {
                // All levels need the grid; what narrows a bracket is for one of them.
                let levels =
                    if values.len() > FEW_STEPS.grid / 2 { &Level::ALL[..] } else { &[others] };
                let saving = |&value: &f64| {
                    let place = |level| (value.to_bits(), level);
                    if !known.contains_key(&place(others)) {
                        let found = savings(value, 1, levels);
                        for (index, &level) in levels.iter().enumerate() {
                            let first = found.as_ref().ok().map(|of_levels| of_levels[index][0]);
                            known.insert(place(level), first);
                        }
                        cut = found.err().map(|error| error.to_string()).or(cut.take());
                    }
                    known[&place(others)]
                };
                values.iter().map(saving).collect()
            });
            self.found(axis, others, curve, cut.clone(), &mut |value| {
                let found = savings(value, self.replications, &[others]);
                found.map_or_else(|_| Vec::new(), |mut of_levels| of_levels.remove(0))
            })
        };
        Ok(Level::ALL.map(of_level).into())
    }

    /// What a scenario's headline saves at each of `levels`, replication by replication.
    fn savings_of(
        &self,
        scenario: &Scenario,
        replications: u32,
        levels: &[Level],
    ) -> Result<Vec<Vec<f64>>> {
        let nothing = || super::nothing_to_save(scenario);
        let mut bench =
            Bench::new(scenario, replications, self.means, self.progress).ok_or_else(nothing)?;
        let ranges = &scenario.configurations[scenario.headline].ranges;
        let sets: Vec<_> = levels.iter().map(|level| ranges.at(*level)).collect();
        Ok(bench.savings(&sets))
    }

    /// What a curve says about all targets. Break-even values with the others as assumed are held
    /// against all replications.
    fn found(
        &self,
        axis: &Axis,
        others: Level,
        curve: Curve,
        cut: Option<String>,
        in_all: InAll,
    ) -> BreakEvens {
        let mut found = |target: f64| Found {
            target,
            crossings: curve
                .crossings(target)
                .into_iter()
                .map(|crossing| {
                    let middle = middle(axis, &crossing);
                    let each = if others == Level::Assumed && self.replications > 1 {
                        own_values(&curve, &crossing, middle, target, &in_all(middle))
                    } else {
                        Vec::new()
                    };
                    break_even(axis, crossing, middle, &each)
                })
                .collect(),
        };
        let targets = self.targets.iter().map(|&target| found(target)).collect();
        BreakEvens { axis: axis.clone(), others, curve, targets, cut }
    }
}

const NO_MEMORY: &str = "the others would make more bucket-level keys than fit into memory";
const NO_TIME: &str = "the others would take too long to simulate";

/// The value inside a bracket, near its middle, at which all replications are run.
fn middle(axis: &Axis, crossing: &Crossing) -> f64 {
    if axis.span.whole { crossing.behind } else { (crossing.before * crossing.behind).sqrt() }
}

/// The logarithm of each replication's own break-even value: one step of Newton's method from
/// `middle`, by how far its saving there is from the target and by the slope of the first one's curve.
fn own_values(
    curve: &Curve,
    crossing: &Crossing,
    middle: f64,
    target: f64,
    savings: &[f64],
) -> Vec<f64> {
    let Some(slope) = curve.slope_at(crossing) else { return Vec::new() };
    savings.iter().map(|saving| middle.ln() + (target - saving) / slope).collect()
}

/// A crossing's value and interval, from the logarithms of each replication's own.
fn break_even(axis: &Axis, crossing: Crossing, middle: f64, each: &[f64]) -> BreakEven {
    let Axis { span, .. } = axis;
    let within = |value: f64| value.clamp(span.low, span.high);
    let estimate = (!each.is_empty()).then(|| Estimate::of(each));
    let Some((mean, half_width)) = estimate.and_then(|it| Some((it.mean, it.half_width?))) else {
        return BreakEven { crossing, value: middle, interval: None };
    };
    let [low, value, high] =
        [mean - half_width, mean, mean + half_width].map(|logarithm| within(libm::exp(logarithm)));
    if span.whole {
        // Of whole numbers the crossing lies between two: the first behind it.
        let [low, value, high] = [low, value, high].map(f64::ceil);
        return BreakEven { crossing, value, interval: Some((low, high)) };
    }
    BreakEven { crossing, value, interval: Some((low, high)) }
}

impl BreakEvens {
    /// Least and greatest value that was tried.
    #[must_use]
    pub fn searched(&self) -> Option<(f64, f64)> {
        let mut points = self.curve.points().map(|(value, _)| value);
        let first = points.next()?;
        Some((first, points.next_back().unwrap_or(first)))
    }

    /// Least and greatest saving on the curve, each with the value at which it is.
    #[must_use]
    pub fn extremes(&self) -> Option<[(f64, f64); 2]> {
        let by_saving = |a: &(f64, f64), b: &(f64, f64)| a.1.total_cmp(&b.1);
        let least = self.curve.points().min_by(by_saving)?;
        Some([least, self.curve.points().max_by(by_saving)?])
    }
}
