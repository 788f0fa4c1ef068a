//! A figure of each candidate beside the reference's.

use super::axis::Axis;
use super::configurations::{Configurations, Levels, Options, RANGE};
use super::figure::PlottedFigure;
use super::{Bar, BarRow, Bars, Chart, Plot};
use crate::compare::DifferenceRow;
use crate::error::Result;

/// A candidate and its reference.
struct ComparedPair<'a> {
    name: String,
    candidate: &'a str,
    reference: &'a str,
    after: Levels,
    before: Levels,
}

impl ComparedPair<'_> {
    /// Whether the reference is compared with itself.
    fn is_reference(&self) -> bool {
        self.candidate == self.reference
    }

    /// The reference's bar, and the candidate's.
    fn bars(&self, figure: &PlottedFigure) -> [Bar; 2] {
        let [before, after] = [&self.before, &self.after].map(|side| figure.with_range(side));
        let label = format!("{}, reference {}: {before}", self.name, self.reference);
        let range = self.before.range();
        let before = Bar { range, ..Bar::to(self.before.assumed, 0, before, label) };
        let label = format!("{}: {after}", self.name);
        let range = self.after.range();
        [before, Bar { range, ..Bar::to(self.after.assumed, 1, after, label) }]
    }
}

/// The figure that the options ask for, else the saving, else the first of the rows.
///
/// # Errors
/// If there are no rows, or an option names what they do not have.
pub fn comparison(rows: &[DifferenceRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let figure = figure(rows, options)?;
    let mut all: Vec<ComparedPair> = Vec::new();
    for (index, row) in configurations.rows(rows).filter(|(_, row)| row.figure == figure.name) {
        let (candidate, reference) = (row.candidate.as_str(), row.reference.as_str());
        let configuration = configurations.name(index);
        let is_told = candidate.ends_with(&configuration);
        let full = format!("{candidate}, {configuration}");
        let name = if is_told { candidate.to_owned() } else { full };
        let at = all.iter().position(|sides| sides.name == name).unwrap_or_else(|| {
            let (after, before) = (Levels::default(), Levels::default());
            all.push(ComparedPair { name, candidate, reference, after, before });
            all.len() - 1
        });
        *all[at].before.at(row.assumption) = row.reference_value;
        *all[at].after.at(row.assumption) = row.value;
    }
    // A reference that is compared with itself has a row of its own, and stands nowhere else.
    let has_own = all.iter().any(ComparedPair::is_reference);
    let rows = all.iter().map(|sides| {
        let [before, after] = sides.bars(&figure);
        let bars = match (sides.is_reference(), has_own) {
            (true, _) => vec![before],
            (false, true) => vec![after],
            (false, false) => vec![before, after],
        };
        BarRow { name: sides.name.clone(), bars }
    });
    let reference = match &all[..] {
        [first, others @ ..] if others.iter().all(|it| it.reference == first.reference) => {
            format!("reference: {}", first.reference)
        }
        _ => "reference".to_owned(),
    };
    let parts = vec![(reference, 4), ("candidate".to_owned(), 0)];
    let mut bars = Bars { parts, rows: rows.collect(), ..Bars::default() };
    bars.axis = Axis::linear("", figure.unit, bars.figures(), true);
    bars.whisker = bars.has_ranges().then(|| format!("range: {RANGE}"));
    let title = configurations.title(&format!("{}, compared", figure.title));
    let subtitle = "Bars: every assumption as assumed.".to_owned();
    Ok(Chart::new("comparison", "comparison.csv", title, subtitle, Plot::Bars(bars)))
}

fn figure(rows: &[DifferenceRow], options: &Options) -> Result<PlottedFigure> {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&&*row.figure) {
            names.push(&row.figure);
        }
    }
    let usual = if names.contains(&"saving") { "saving" } else { names[0] };
    PlottedFigure::among(options.figure.as_deref().unwrap_or(usual), &names)
}
