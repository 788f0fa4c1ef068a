//! At which value of a parameter the headline saves a given share, no more and no less.

use std::collections::BTreeMap;

use super::axis::Axis;
use super::bench::{Bench, Means};
use super::search::{Crossing, Curve, search};
use super::{Progress, ReadWith};
use crate::encryption::assumptions::Level;
use crate::error::Result;
use crate::scenario::Scenario;
use crate::statistics::Estimate;

/// Values of the first grid.
const POINTS: usize = 17;

/// Values of the first grid where each is a scenario with traffic of its own.
const POINTS_OF_KEY: usize = 11;

/// A value that takes longer than this is not tried, unless the assumed ones do.
const REQUESTS_MAX: f64 = 1e8;

/// What a search over one axis found, at one level of the other assumptions.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakEvens {
    /// The axis.
    pub axis: Axis,
    /// At which end of their ranges the other assumptions stand.
    pub others: Level,
    /// The mean saving at each value that was tried, in order.
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
    /// The values between which the search has it.
    pub crossing: Crossing,
    /// The value: of whole numbers the first behind the crossing, else the geometric mean of both.
    pub value: f64,
    /// Where it lies with 95 % confidence, from the saving's half-width over replications and the
    /// curve's slope; `None` from a single replication.
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

/// The savings of each replication at values that were tried.
type Savings = BTreeMap<u64, Vec<f64>>;

impl Searching<'_> {
    /// Searches an axis that is an assumption, at each level of the others.
    pub(super) fn assumption(&self, axis: &Axis, bench: &mut Bench) -> Vec<BreakEvens> {
        let ranges = &self.scenario.configurations[self.scenario.headline].ranges;
        let assumed = bench.estimate(&ranges.at(Level::Assumed)).requests;
        let requests_max = REQUESTS_MAX.max(assumed);
        let mut of_levels: Vec<BreakEvens> = Vec::new();
        for others in Level::ALL {
            let base = ranges.at(others);
            let at = |value: f64| axis.assume(base, value).expect("it is an assumption");
            // Another level that differs in nothing else has the same curve.
            let same = |known: &&BreakEvens| {
                let base = ranges.at(known.others);
                axis.assume(base, axis.span.low) == axis.assume(ranges.at(others), axis.span.low)
            };
            if let Some(known) = of_levels.iter().find(same) {
                let known = BreakEvens { others, ..known.clone() };
                of_levels.push(known);
                continue;
            }
            let mut savings = Savings::new();
            let mut cut = None;
            let curve = search(&axis.span, POINTS, self.targets, &mut |values| {
                let affordable = |value: &f64| {
                    let estimate = bench.estimate(&at(*value));
                    let fits = bench.fits(&estimate);
                    if !fits {
                        cut = Some(NO_MEMORY.to_owned());
                    } else if estimate.requests > requests_max {
                        cut = Some(NO_TIME.to_owned());
                    }
                    fits && estimate.requests <= requests_max
                };
                let tried: Vec<f64> = values.iter().copied().filter(affordable).collect();
                let sets: Vec<_> = tried.iter().map(|&value| at(value)).collect();
                savings.extend(tried.iter().map(|v| v.to_bits()).zip(bench.savings(&sets)));
                values.iter().map(|value| savings.get(&value.to_bits()).map(|s| mean(s))).collect()
            });
            of_levels.push(self.found(axis, others, curve, &savings, cut));
        }
        of_levels
    }

    /// Searches an axis that is a key of the scenario, at each level of the assumptions: each value is
    /// a scenario by itself.
    ///
    /// # Errors
    /// What is wrong with the scenario at the lower end.
    pub(super) fn key(&self, axis: &Axis, read: ReadWith) -> Result<Vec<BreakEvens>> {
        read(&axis.change(axis.span.low))?;
        let mut known: BTreeMap<u64, Option<[Vec<f64>; 3]>> = BTreeMap::new();
        let mut cut = None;
        let mut of_levels = Vec::new();
        for others in Level::ALL {
            let curve = search(&axis.span, POINTS_OF_KEY, self.targets, &mut |values| {
                values
                    .iter()
                    .map(|&value| {
                        let savings = known.entry(value.to_bits()).or_insert_with(|| {
                            read(&axis.change(value))
                                .and_then(|scenario| self.savings_of(&scenario))
                                .map_err(|error| cut = Some(error.to_string()))
                                .ok()
                        });
                        savings.as_ref().map(|of_levels| mean(&of_levels[others as usize]))
                    })
                    .collect()
            });
            let savings: Savings = known
                .iter()
                .filter_map(|(value, of)| Some((*value, of.as_ref()?[others as usize].clone())))
                .collect();
            of_levels.push(self.found(axis, others, curve, &savings, cut.clone()));
        }
        Ok(of_levels)
    }

    /// What a scenario's headline saves at each level, replication by replication.
    fn savings_of(&self, scenario: &Scenario) -> Result<[Vec<f64>; 3]> {
        let nothing = || super::nothing_to_save(scenario);
        let mut bench = Bench::new(scenario, self.replications, self.means, self.progress)
            .ok_or_else(nothing)?;
        let ranges = &scenario.configurations[scenario.headline].ranges;
        let savings = bench.savings(&Level::ALL.map(|level| ranges.at(level)));
        Ok(savings.try_into().expect("there are three levels"))
    }

    fn found(
        &self,
        axis: &Axis,
        others: Level,
        curve: Curve,
        savings: &Savings,
        cut: Option<String>,
    ) -> BreakEvens {
        let target = |&target: &f64| Found {
            target,
            crossings: curve
                .crossings(target)
                .into_iter()
                .map(|crossing| break_even(axis, &curve, crossing, savings))
                .collect(),
        };
        let targets = self.targets.iter().map(target).collect();
        BreakEvens { axis: axis.clone(), others, curve, targets, cut }
    }
}

const NO_MEMORY: &str = "the others would make more bucket-level keys than fit into memory";
const NO_TIME: &str = "the others would take too long to simulate";

fn mean(savings: &[f64]) -> f64 {
    savings.iter().sum::<f64>() / savings.len() as f64
}

fn break_even(axis: &Axis, curve: &Curve, crossing: Crossing, savings: &Savings) -> BreakEven {
    let Crossing { before, behind, .. } = crossing;
    let value = if axis.span.whole { behind } else { (before * behind).sqrt() };
    let half_width = savings.get(&behind.to_bits()).and_then(|s| Estimate::of(s).half_width);
    let interval = half_width.zip(curve.slope_at(&crossing)).map(|(half_width, slope)| {
        let factor = libm::exp((half_width / slope).abs());
        let (low, high) = (before / factor, behind * factor);
        let within = |value: f64| value.clamp(axis.span.low, axis.span.high);
        if axis.span.whole {
            (within(low.floor() + 1.0), within(high.floor()))
        } else {
            (within(low), within(high))
        }
    });
    BreakEven { crossing, value, interval }
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
