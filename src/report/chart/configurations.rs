//! Which configurations of a file's rows are drawn, under what names and in which colours.

use crate::compare::{CostChangeRow, DifferenceRow};
use crate::encryption::assumption::Level;
use crate::error::{Error, Result, one_of};
use crate::results::migration::rows::MonthRow;
use crate::results::rows::{
    AccountRow, BucketRow, CostRow, OperationRow, PrefixRow, PrincipalRow, ReplicationRow,
    RequesterRow, SensitivityRow, SummaryRow, TimelineRow,
};
use crate::results::sensitivity::{BreakEvenRow, CurveRow, SobolRow, SpreadRow};

/// What a person may ask of a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Swept key, or varied parameter, that runs from left to right.
    pub x: Option<String>,
    /// Figure to be shown, of a sweep, a summary, a comparison or replications.
    pub figure: Option<String>,
    /// Names of the only configurations to be shown; all if there are none.
    pub configurations: Vec<String>,
    /// A logarithmic axis.
    pub log: bool,
}

/// A row about a configuration of a scenario.
pub(super) trait OfConfiguration {
    /// The scenario's name and the configuration's.
    fn names(&self) -> (&str, &str);
}

macro_rules! of_configuration {
    ($($row:ident),*) => { $(
        impl OfConfiguration for $row {
            fn names(&self) -> (&str, &str) {
                (&self.scenario, &self.configuration)
            }
        }
    )* };
}

of_configuration!(
    SummaryRow,
    TimelineRow,
    CostRow,
    RequesterRow,
    OperationRow,
    PrincipalRow,
    AccountRow,
    BucketRow,
    PrefixRow
);
of_configuration!(
    SensitivityRow,
    ReplicationRow,
    SobolRow,
    SpreadRow,
    BreakEvenRow,
    CurveRow,
    DifferenceRow,
    CostChangeRow
);

impl OfConfiguration for MonthRow {
    fn names(&self) -> (&str, &str) {
        (&self.scenario, &self.way)
    }
}

/// The configurations of a file's rows in their order, those left out included, so that one has the same
/// colour in every chart of a folder.
#[derive(Clone, Debug)]
pub(super) struct Configurations<'a> {
    all: Vec<(&'a str, &'a str)>,
    wanted: &'a [String],
}

impl<'a> Configurations<'a> {
    /// Those of `rows`, of which the options may want some.
    pub(super) fn of<T: OfConfiguration + 'a>(
        rows: impl IntoIterator<Item = &'a T>,
        options: &'a Options,
    ) -> Result<Self> {
        let mut all = Vec::new();
        for names in rows.into_iter().map(OfConfiguration::names) {
            if !all.contains(&names) {
                all.push(names);
            }
        }
        if all.is_empty() {
            return Err(Error::request(
                "the file has a header but no rows, so there is nothing to draw",
            ));
        }
        let wanted = &options.configurations;
        let known: Vec<&str> = all.iter().map(|(_, configuration)| *configuration).collect();
        match wanted.iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Error::request(format!("the file has no configuration `{name}`"))
                .hint(one_of(name, known))),
            None => Ok(Self { all, wanted }),
        }
    }

    /// Numbers of the configurations to be drawn.
    pub(super) fn chosen(&self) -> Vec<usize> {
        (0..self.all.len()).filter(|index| self.wants(self.all[*index].1)).collect()
    }

    fn wants(&self, configuration: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|name| name == configuration)
    }

    /// Whether the person named the configurations.
    pub(super) fn are_named(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// The number of a row's configuration, unless it is not to be drawn.
    pub(super) fn index(&self, row: &impl OfConfiguration) -> Option<usize> {
        let index = self.all.iter().position(|known| *known == row.names())?;
        self.wants(self.all[index].1).then_some(index)
    }

    /// The rows to be drawn, each with the number of its configuration.
    pub(super) fn rows<'r, T: OfConfiguration>(
        &self,
        rows: &'r [T],
    ) -> impl Iterator<Item = (usize, &'r T)> {
        rows.iter().filter_map(|row| Some((self.index(row)?, row)))
    }

    /// The rows of one configuration.
    pub(super) fn rows_of<'r, T: OfConfiguration>(
        &self,
        index: usize,
        rows: &'r [T],
    ) -> impl Iterator<Item = &'r T> {
        self.rows(rows).filter(move |(of, _)| *of == index).map(|(_, row)| row)
    }

    /// The name of a configuration; with its scenario's if there are several.
    pub(super) fn name(&self, index: usize) -> String {
        let (scenario, configuration) = self.all[index];
        match self.scenarios().len() {
            0 | 1 => configuration.to_owned(),
            _ => format!("{scenario}: {configuration}"),
        }
    }

    /// The names of all that are drawn, for a sentence.
    pub(super) fn names(&self) -> String {
        let names: Vec<String> = self.chosen().into_iter().map(|index| self.name(index)).collect();
        names.join(", ")
    }

    /// `name`, with the configuration's before it if several are drawn.
    pub(super) fn with_name(&self, index: usize, name: &str) -> String {
        match self.chosen().len() {
            0 | 1 => name.to_owned(),
            _ => format!("{} {name}", self.name(index)),
        }
    }

    fn scenarios(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.all.iter().map(|(scenario, _)| *scenario).collect();
        names.dedup();
        names
    }

    /// What a chart shows, and the scenarios it is of.
    pub(super) fn title(&self, what: &str) -> String {
        match &self.scenarios()[..] {
            [] => what.to_owned(),
            [one] => format!("{what}: {one}"),
            [one, two] => format!("{what}: {one} and {two}"),
            [one, rest @ ..] => format!("{what}: {one} and {} more", rest.len()),
        }
    }
}

/// What the range of a figure is.
pub(super) const RANGE: &str = "all assumptions at their worst and best";

/// Figures at the three levels of the assumptions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Levels {
    pub(super) low: Option<f64>,
    pub(super) assumed: Option<f64>,
    pub(super) high: Option<f64>,
}

impl FromIterator<(Level, Option<f64>)> for Levels {
    fn from_iter<I: IntoIterator<Item = (Level, Option<f64>)>>(figures: I) -> Self {
        let mut levels = Self::default();
        for (level, figure) in figures {
            *levels.at(level) = figure;
        }
        levels
    }
}

impl Levels {
    /// Nothing at every level.
    pub(super) const ZERO: Self = Self { low: Some(0.0), assumed: Some(0.0), high: Some(0.0) };

    /// The figure of a level.
    pub(super) fn at(&mut self, level: Level) -> &mut Option<f64> {
        match level {
            Level::Low => &mut self.low,
            Level::Assumed => &mut self.assumed,
            Level::High => &mut self.high,
        }
    }

    /// Adds to the figure of a level.
    pub(super) fn add(&mut self, level: Level, more: f64) {
        let figure = self.at(level);
        *figure = Some(figure.unwrap_or(0.0) + more);
    }

    /// What all levels cover, the smaller first; `None` if they are one, or an end is not known.
    pub(super) fn range(&self) -> Option<(f64, f64)> {
        let ends = [self.low?, self.high?].into_iter().chain(self.assumed);
        let low = ends.clone().fold(f64::INFINITY, f64::min);
        let high = ends.fold(f64::NEG_INFINITY, f64::max);
        (low < high).then_some((low, high))
    }
}
