//! From which value of a parameter on a demand on any figure of the summary no longer holds.
//!
//! Each value is a run of its own, of all replications and at every level of the assumptions: figures
//! such as the share of a quota are no sums of calls that could be answered together.

use std::collections::BTreeMap;

use super::axis::SearchAxis;
use super::break_even::FEW_STEPS;
use super::search::{Crossing, Curve, search};
use super::{ReadWith, Work, WorkProgress};
use crate::encryption::assumption::Level;
use crate::error::{Error, Result, one_of};
use crate::results::rows::SummaryRow;
use crate::results::run::{Step, summary};
use crate::scenario::Scenario;
use crate::scenario::assertion::Assertion;

/// What a search over one axis found for one demand.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureTarget {
    /// The axis.
    pub axis: SearchAxis,
    /// The demand.
    pub demand: Assertion,
    /// Name of the configuration that it is about.
    pub configuration: String,
    /// What was found at each level of the assumptions.
    pub levels: Vec<FigureCrossings>,
    /// Why not all values were tried, if so.
    pub cut: Option<String>,
}

/// Where a demand begins and ceases to hold, at one level of the assumptions.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureCrossings {
    /// The level.
    pub others: Level,
    /// The figure at each value that was tried.
    pub figures: Vec<(f64, f64)>,
    /// Where the demand ceases to hold ([`Direction::Falls`](super::search::Direction::Falls)) and
    /// begins to.
    pub crossings: Vec<Crossing>,
}

impl FigureCrossings {
    /// Least and greatest value that was tried.
    #[must_use]
    pub fn searched(&self) -> Option<(f64, f64)> {
        Some((self.figures.first()?.0, self.figures.last()?.0))
    }

    /// The least and the greatest figure, each with the value at which it is.
    #[must_use]
    pub fn extremes(&self) -> Option<[(f64, f64); 2]> {
        let least = self.figures.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let greatest = self.figures.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some([*least, *greatest])
    }
}

/// Refuses demands on configurations that a scenario does not have.
///
/// # Errors
/// Names the first of them.
pub(super) fn check(scenario: &Scenario, demands: &[Assertion]) -> Result<()> {
    let known = scenario.configurations.iter().map(|it| it.name.as_str());
    for name in demands.iter().filter_map(|demand| demand.configuration.as_deref()) {
        if known.clone().all(|known| known != name) {
            return Err(Error::request(format!("`{name}` is not a configuration"))
                .hint(one_of(name, known)));
        }
    }
    Ok(())
}

/// The rows of a scenario's summary at each value of an axis.
pub(super) struct RowsAtValues<'a> {
    pub(super) axis: &'a SearchAxis,
    pub(super) read: ReadWith<'a>,
    pub(super) progress: WorkProgress<'a>,
    known: BTreeMap<u64, Option<Vec<SummaryRow>>>,
    cut: Option<String>,
}

impl<'a> RowsAtValues<'a> {
    pub(super) const fn new(
        axis: &'a SearchAxis,
        read: ReadWith<'a>,
        progress: WorkProgress<'a>,
    ) -> Self {
        Self { axis, read, progress, known: BTreeMap::new(), cut: None }
    }

    /// Searches for where each of some demands holds.
    ///
    /// # Errors
    /// What is wrong with the scenario at the lower end of the axis.
    pub(super) fn search(
        mut self,
        scenario: &Scenario,
        demands: &[Assertion],
    ) -> Result<Vec<FigureTarget>> {
        (self.read)(&self.axis.change(self.axis.span.low))?;
        let headline = &scenario.configurations[scenario.headline].name;
        let mut found = Vec::new();
        for demand in demands {
            let configuration = demand.configuration.as_ref().unwrap_or(headline);
            let levels = Level::ALL.map(|level| self.crossings(demand, configuration, level));
            found.push(FigureTarget {
                axis: self.axis.clone(),
                demand: demand.clone(),
                configuration: configuration.clone(),
                levels: levels.into(),
                cut: self.cut.clone(),
            });
        }
        Ok(found)
    }

    fn crossings(
        &mut self,
        demand: &Assertion,
        configuration: &str,
        others: Level,
    ) -> FigureCrossings {
        let curve = search(&self.axis.span, FEW_STEPS, &[0.0], &mut |values| {
            let figures =
                values.iter().map(|&value| self.figure(demand, configuration, others, value));
            figures.map(|figure| Some(margin(demand, figure?))).collect()
        });
        let values: Vec<f64> = Curve::points(&curve).map(|(value, _)| value).collect();
        let figures = values
            .into_iter()
            .filter_map(|value| Some((value, self.figure(demand, configuration, others, value)?)));
        FigureCrossings { others, figures: figures.collect(), crossings: curve.crossings(0.0) }
    }

    /// The figure at a value and level; `None` where it is not to be had.
    fn figure(
        &mut self,
        demand: &Assertion,
        configuration: &str,
        others: Level,
        value: f64,
    ) -> Option<f64> {
        let rows = self.rows(value)?;
        rows.iter().find(|row| row.is_of(configuration, others))?.figure(demand.figure)
    }

    fn rows(&mut self, value: f64) -> Option<&Vec<SummaryRow>> {
        let bits = value.to_bits();
        if !self.known.contains_key(&bits) {
            let rows = (self.read)(&self.axis.change(value)).map(|scenario| {
                summary(&scenario, &|step| match step {
                    Step::Decided { requests, .. } | Step::SetsDecided(requests) => {
                        (self.progress)(Work::Decided(requests));
                    }
                    Step::Answered(requests) => (self.progress)(Work::Answered(requests)),
                })
            });
            if let Err(error) = &rows {
                self.cut = Some(error.to_string());
            }
            self.known.insert(bits, rows.ok());
        }
        self.known[&bits].as_ref()
    }
}

/// How far a figure is from where a demand would no longer hold; negative where it does not.
fn margin(demand: &Assertion, figure: f64) -> f64 {
    // At the very threshold a demand may hold or not.
    let distance = (figure - demand.threshold).abs() + f64::MIN_POSITIVE;
    if demand.holds(figure) { distance } else { -distance }
}
