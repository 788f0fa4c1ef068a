//! At which value of a parameter the headline saves a given share, no more and no less.

use std::collections::BTreeMap;

use super::axis::SearchAxis;
use super::evaluator::{Budget, Evaluator};
use super::search::{Crossing, Curve, CurveSearch, Direction, Steps, search};
use super::{ReadWith, WorkProgress};
use crate::encryption::assumption::{AssumptionRanges, Assumptions, Level};
use crate::error::Result;
use crate::scenario::Scenario;
use crate::statistics::Estimate;

/// Where values are answered together: a tenth of the saving is about what a chart shows as a bend.
const STEPS: Steps = Steps { grid: 9, steepest: 0.1 };

/// Where each value takes its own time: a scenario with traffic of its own, or very many calls.
pub(super) const FEW_STEPS: Steps = Steps { grid: 9, steepest: f64::INFINITY };

/// A value that takes longer than this is not tried, unless the assumed ones do.
const REQUESTS_MAX: f64 = 1e8;

const NO_MEMORY: &str = "the others would make more bucket-level keys than fit into memory";
const NO_TIME: &str = "the others would take too long to simulate";

/// What a search over one axis found, at one level of the other assumptions.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakEvens {
    /// The axis.
    pub axis: SearchAxis,
    /// At which end of their ranges the other assumptions stand.
    pub others: Level,
    /// The saving at each value that was tried, in the first replication.
    pub curve: Curve,
    /// What was found for each target.
    pub targets: Vec<TargetCrossings>,
    /// Why not all values were tried, if so.
    pub cut: Option<String>,
}

/// Where a curve crosses a target.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetCrossings {
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
#[derive(Clone, Copy)]
pub(super) struct BreakEvenSearch<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) targets: &'a [f64],
    pub(super) replications: u32,
    pub(super) budget: Budget,
    pub(super) progress: WorkProgress<'a>,
}

/// Gives the savings at a value, replication by replication.
type InAll<'a> = &'a mut dyn FnMut(f64) -> Vec<f64>;

impl<'a> BreakEvenSearch<'a> {
    fn ranges(&self) -> &'a AssumptionRanges {
        &self.scenario.configurations[self.scenario.headline].ranges
    }

    /// Evaluates the first `replications` of a scenario, and some sets of assumptions at once.
    ///
    /// # Errors
    /// If there is nothing to save in one of them.
    pub(super) fn evaluator<'s>(
        &self,
        scenario: &'s Scenario,
        replications: u32,
        sets: &[Assumptions],
    ) -> Result<Evaluator<'s>>
    where
        'a: 's,
    {
        let evaluator = Evaluator::new(scenario, replications, sets, self.budget, self.progress);
        evaluator.check()?;
        Ok(evaluator)
    }

    /// Searches all axes that are assumptions, at each level of the others, side by side: what any of the
    /// searches wants to know next is answered in one pass over the requests. `first` evaluates the first
    /// replication.
    ///
    /// # Errors
    /// If there is nothing to save in another replication.
    pub(super) fn over_assumptions(
        &self,
        axes: &[SearchAxis],
        first: &mut Evaluator,
    ) -> Result<Vec<BreakEvens>> {
        let assumed = first.estimate(&self.ranges().at(Level::Assumed)).requests;
        let steps = if assumed > REQUESTS_MAX { FEW_STEPS } else { STEPS };
        let requests_max = REQUESTS_MAX.max(assumed);
        let of_axis = |axis| Level::ALL.map(|others| SearchOfLevel::new(self, axis, others, steps));
        let mut searches: Vec<SearchOfLevel> = axes.iter().flat_map(of_axis).collect();
        loop {
            let wanted: Vec<Vec<f64>> = searches.iter().map(|it| it.search.wanted()).collect();
            if wanted.iter().all(Vec::is_empty) {
                break;
            }
            let pairs = searches.iter().zip(&wanted);
            let sets = pairs.flat_map(|(search, values)| search.sets(values)).collect();
            // All at once; each then finds its own among what is known.
            first_savings(first, sets, requests_max, &mut None);
            for (search, values) in searches.iter_mut().zip(&wanted) {
                search.take(values, first, requests_max);
            }
        }
        let last: Vec<Assumptions> = searches.iter().flat_map(SearchOfLevel::last).collect();
        if searches.is_empty() {
            return Ok(Vec::new());
        }
        let mut all = self.evaluator(self.scenario, self.replications, &last)?;
        let break_evens = searches
            .into_iter()
            .map(|SearchOfLevel { axis, others, search, cut, .. }| {
                let cut = cut.map(str::to_owned);
                self.break_evens(axis, others, search.into_curve(), cut, &mut |value| {
                    all.savings(&[axis.assume(self.ranges(), others, value)]).remove(0)
                })
            })
            .collect();
        Ok(break_evens)
    }

    /// Searches an axis that is a key of the scenario, at each level of the assumptions: each value is
    /// a scenario by itself.
    ///
    /// # Errors
    /// What is wrong with the scenario at the lower end.
    pub(super) fn over_key(&self, axis: &SearchAxis, read: ReadWith) -> Result<Vec<BreakEvens>> {
        read(&axis.change(axis.span.low))?;
        let mut at_values =
            SavingsAtValues { search: self, axis, read, known: BTreeMap::new(), cut: None };
        let mut break_evens = Vec::new();
        for others in Level::ALL {
            let curve = search(&axis.span, FEW_STEPS, self.targets, &mut |values| {
                // All levels need the grid; what narrows a bracket is for one of them.
                let is_grid = values.len() > FEW_STEPS.grid / 2;
                let levels = if is_grid { &Level::ALL[..] } else { &[others] };
                values.iter().map(|&value| at_values.first(value, others, levels)).collect()
            });
            let cut = at_values.cut.clone();
            break_evens.push(self.break_evens(axis, others, curve, cut, &mut |value| {
                let found = at_values.each(value, self.replications, &[others]);
                found.map_or_else(|_| Vec::new(), |mut of_levels| of_levels.remove(0))
            }));
        }
        Ok(break_evens)
    }

    /// What a curve says about all targets.
    fn break_evens(
        &self,
        axis: &SearchAxis,
        others: Level,
        curve: Curve,
        cut: Option<String>,
        in_all: InAll,
    ) -> BreakEvens {
        let mut targets = Vec::new();
        for &target in self.targets {
            let crossings = curve.crossings(target).into_iter();
            let crossings = crossings.map(|crossing| {
                let middle = middle(axis, &crossing);
                // With the others as assumed, all replications have their say.
                let each = if others == Level::Assumed && self.replications > 1 {
                    let looked_at = looked_at(axis, &crossing);
                    let savings: Vec<Vec<f64>> = looked_at.iter().map(|at| in_all(*at)).collect();
                    own_values(&curve, &crossing, target, (&looked_at, &savings))
                } else {
                    Vec::new()
                };
                break_even(axis, crossing, middle, &each)
            });
            targets.push(TargetCrossings { target, crossings: crossings.collect() });
        }
        BreakEvens { axis: axis.clone(), others, curve, targets, cut }
    }
}

/// A search over an assumption, at one level of the others.
struct SearchOfLevel<'a> {
    of: &'a BreakEvenSearch<'a>,
    axis: &'a SearchAxis,
    others: Level,
    search: CurveSearch<'a>,
    /// Why not all values were tried, if so.
    cut: Option<&'static str>,
}

impl<'a> SearchOfLevel<'a> {
    fn new(of: &'a BreakEvenSearch, axis: &'a SearchAxis, others: Level, steps: Steps) -> Self {
        let search = CurveSearch::new(&axis.span, steps, of.targets);
        Self { of, axis, others, search, cut: None }
    }

    /// The sets of assumptions at some values.
    fn sets(&self, values: &[f64]) -> Vec<Assumptions> {
        let ranges = self.of.ranges();
        values.iter().map(|&value| self.axis.assume(ranges, self.others, value)).collect()
    }

    fn take(&mut self, values: &[f64], first: &mut Evaluator, requests_max: f64) {
        if !values.is_empty() {
            let savings = first_savings(first, self.sets(values), requests_max, &mut self.cut);
            self.search.take(values, &savings);
        }
    }

    /// The sets that all replications will be asked about.
    fn last(&self) -> Vec<Assumptions> {
        if self.others != Level::Assumed || self.of.replications == 1 {
            return Vec::new();
        }
        let targets = self.of.targets.iter();
        let crossings = targets.flat_map(|target| self.search.curve().crossings(*target));
        let values: Vec<f64> =
            crossings.flat_map(|crossing| looked_at(self.axis, &crossing)).collect();
        self.sets(&values)
    }
}

/// The saving of the first replication under each set of assumptions, `None` where that would take too
/// much; then `cut` says what.
fn first_savings(
    first: &mut Evaluator,
    sets: Vec<Assumptions>,
    requests_max: f64,
    cut: &mut Option<&'static str>,
) -> Vec<Option<f64>> {
    let mut affordable = Vec::new();
    let mut is_affordable = Vec::new();
    for set in sets {
        let estimate = first.estimate(&set);
        let hindrance = if !first.fits(&estimate) {
            Some(NO_MEMORY)
        } else if estimate.requests > requests_max {
            Some(NO_TIME)
        } else {
            affordable.push(set);
            None
        };
        is_affordable.push(hindrance.is_none());
        *cut = hindrance.or(*cut);
    }
    let mut savings = first.first_savings(&affordable).into_iter();
    is_affordable.into_iter().map(|it| if it { savings.next() } else { None }).collect()
}

/// Savings of scenarios that differ in the value of a key.
struct SavingsAtValues<'s, 'a> {
    search: &'s BreakEvenSearch<'a>,
    axis: &'s SearchAxis,
    read: ReadWith<'s>,
    /// The saving of the first replication by the bits of a value and the level of assumptions; `None`
    /// where it is not to be had.
    known: BTreeMap<(u64, Level), Option<f64>>,
    /// Why not all of them are, if so.
    cut: Option<String>,
}

impl SavingsAtValues<'_, '_> {
    /// The saving of the first replication at a level, one of `levels`; all of them are then known.
    fn first(&mut self, value: f64, others: Level, levels: &[Level]) -> Option<f64> {
        if let Some(known) = self.known.get(&(value.to_bits(), others)) {
            return *known;
        }
        let found = self.each(value, 1, levels);
        for (index, &level) in levels.iter().enumerate() {
            let first = found.as_ref().ok().map(|of_levels| of_levels[index][0]);
            self.known.insert((value.to_bits(), level), first);
        }
        if let Err(error) = found {
            self.cut = Some(error.to_string());
        }
        self.known[&(value.to_bits(), others)]
    }

    /// The savings at each of `levels`, replication by replication.
    fn each(&self, value: f64, replications: u32, levels: &[Level]) -> Result<Vec<Vec<f64>>> {
        let scenario = (self.read)(&self.axis.change(value))?;
        let ranges = &scenario.configurations[scenario.headline].ranges;
        let sets: Vec<_> = levels.iter().map(|level| ranges.at(*level)).collect();
        let mut evaluator = self.search.evaluator(&scenario, replications, &sets)?;
        Ok(evaluator.savings(&sets))
    }
}

/// The value that stands for a bracket: near its middle, or of whole numbers the first behind the crossing.
pub(crate) fn middle(axis: &SearchAxis, crossing: &Crossing) -> f64 {
    if axis.span.whole { crossing.behind } else { (crossing.before * crossing.behind).sqrt() }
}

/// The values of a bracket at which all replications are run: its middle, or of whole numbers both ends, between
/// which the saving may fall at once by more than any slope tells.
fn looked_at(axis: &SearchAxis, crossing: &Crossing) -> Vec<f64> {
    if axis.span.whole {
        vec![crossing.before, crossing.behind]
    } else {
        vec![middle(axis, crossing)]
    }
}

/// The logarithm of each replication's own break-even value. A replication that crosses the target within a bracket
/// of whole numbers does so at its end; else one step of Newton's method from the value that lies nearest, by how far
/// its saving there is from the target and by the slope of the first one's curve.
fn own_values(
    curve: &Curve,
    crossing: &Crossing,
    target: f64,
    (values, savings): (&[f64], &[Vec<f64>]),
) -> Vec<f64> {
    let Some(slope) = curve.slope_at(crossing) else { return Vec::new() };
    let replications = savings.first().map_or(0, Vec::len);
    let own = (0..replications).map(|replication| {
        let near = |at: usize| values[at].ln() + (target - savings[at][replication]) / slope;
        let [before, .., behind] = values else { return near(0) };
        let is_past = |at: usize| {
            (savings[at][replication] >= target) == (crossing.direction == Direction::Rises)
        };
        match (is_past(0), is_past(values.len() - 1)) {
            (true, _) => near(0).min(before.ln()),
            (false, true) => behind.ln(),
            (false, false) => near(values.len() - 1).max(behind.ln()),
        }
    });
    own.collect()
}

/// A crossing's value and interval, from the logarithms of each replication's own.
fn break_even(axis: &SearchAxis, crossing: Crossing, middle: f64, each: &[f64]) -> BreakEven {
    let span = axis.span;
    let estimate = (!each.is_empty()).then(|| Estimate::of(each));
    let Some((mean, half_width)) = estimate.and_then(|it| Some((it.mean, it.half_width?))) else {
        return BreakEven { crossing, value: middle, interval: None };
    };
    let [low, value, high] = [mean - half_width, mean, mean + half_width].map(|logarithm| {
        let value = libm::exp(logarithm).clamp(span.low, span.high);
        // Of whole numbers the crossing lies between two: the first behind it, but for what logarithms round.
        if span.whole { (value - 1e-9 * value).ceil() } else { value }
    });
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
        let least = self.curve.points().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let greatest = self.curve.points().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some([least, greatest])
    }
}
