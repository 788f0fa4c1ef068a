//! Which configurations of a table are drawn, under what names and in which colours.

use super::super::table::{Row, Table};
use super::Options;
use crate::error::{Error, Result, one_of};

/// The configurations of a table in the order of the file, those left out included, so that one has the
/// same colour in every chart of a folder.
#[derive(Clone, Debug)]
pub(super) struct Configurations<'a> {
    all: Vec<(&'a str, &'a str)>,
    chosen: &'a [String],
}

impl<'a> Configurations<'a> {
    pub(super) fn of(table: &'a Table, options: &'a Options) -> Result<Self> {
        let mut all = Vec::new();
        for row in table.rows() {
            let name = (row.text("scenario")?, row.text("configuration")?);
            if !all.contains(&name) {
                all.push(name);
            }
        }
        let known = all.iter().map(|(_, configuration)| *configuration);
        for name in &options.configurations {
            if !known.clone().any(|configuration| configuration == name) {
                return Err(Error::request(format!("the file has no configuration `{name}`"))
                    .hint(one_of(name, known))
                    .at(table.place()));
            }
        }
        Ok(Self { all, chosen: &options.configurations })
    }

    /// Numbers of the configurations to be drawn.
    pub(super) fn chosen(&self) -> impl Iterator<Item = usize> {
        (0..self.all.len()).filter(|index| self.wants(self.all[*index].1))
    }

    fn wants(&self, configuration: &str) -> bool {
        self.chosen.is_empty() || self.chosen.iter().any(|name| name == configuration)
    }

    /// Whether the person named the configurations.
    pub(super) fn are_named(&self) -> bool {
        !self.chosen.is_empty()
    }

    /// The number of a row's configuration, unless it is not to be drawn.
    pub(super) fn index(&self, row: &Row) -> Result<Option<usize>> {
        let name = (row.text("scenario")?, row.text("configuration")?);
        let index = self.all.iter().position(|known| *known == name);
        Ok(index.filter(|index| self.wants(self.all[*index].1)))
    }

    /// The name of a configuration; with its scenario's if the table has several.
    pub(super) fn name(&self, index: usize) -> String {
        let (scenario, configuration) = self.all[index];
        if self.scenarios().len() > 1 {
            format!("{scenario}: {configuration}")
        } else {
            configuration.to_owned()
        }
    }

    fn scenarios(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.all.iter().map(|(scenario, _)| *scenario).collect();
        names.dedup();
        names
    }

    /// The scenarios, for a title.
    pub(super) fn scenario(&self) -> String {
        match &self.scenarios()[..] {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [one, two] => format!("{one} and {two}"),
            [one, rest @ ..] => format!("{one} and {} more", rest.len()),
        }
    }
}

/// What a source says: the file alone, without its folders, so that the picture is the same anywhere.
pub(super) fn source(table: &Table, level: &str) -> String {
    let file = table.place().rsplit(['/', '\\']).next().unwrap_or_default();
    format!("bks, {file}{level}")
}

/// What a source adds where only one level of the assumptions is drawn.
pub(super) const ASSUMED: &str = ", every assumption as assumed";

/// What the range of a figure is.
pub(super) const RANGE: &str = "every assumption at its worst and at its best end";

/// Figures at the three levels of the assumptions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Levels {
    pub(super) low: Option<f64>,
    pub(super) assumed: Option<f64>,
    pub(super) high: Option<f64>,
}

impl Levels {
    /// Takes the figure of a row at the row's level.
    pub(super) fn take(&mut self, row: &Row, figure: Option<f64>) -> Result<()> {
        match row.text("assumption")? {
            "low" => self.low = figure,
            "assumed" => self.assumed = figure,
            "high" => self.high = figure,
            _ => return Err(row.wrong("assumption", "must be `low`, `assumed` or `high`")),
        }
        Ok(())
    }

    /// The sums of both, level by level, where both are known.
    pub(super) fn plus(&self, other: &Self) -> Self {
        let sum = |a: Option<f64>, b: Option<f64>| Some(a? + b?);
        Self {
            low: sum(self.low, other.low),
            assumed: sum(self.assumed, other.assumed),
            high: sum(self.high, other.high),
        }
    }

    /// What all levels cover, the smaller first; `None` if they are one, or an end is not known.
    pub(super) fn range(&self) -> Option<(f64, f64)> {
        let _ = (self.low?, self.high?);
        let low = self.values().fold(f64::INFINITY, f64::min);
        let high = self.values().fold(f64::NEG_INFINITY, f64::max);
        (low < high).then_some((low, high))
    }

    /// Every figure that is known.
    pub(super) fn values(&self) -> impl Iterator<Item = f64> {
        [self.low, self.assumed, self.high].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A figure need not lie between those of the levels that are best and worst for the saving.
    #[test]
    fn a_range_holds_every_level() {
        let of = |low, assumed, high| Levels { low, assumed, high }.range();
        assert_eq!(of(Some(2.45), Some(2.42), Some(2.49)), Some((2.42, 2.49)));
        assert_eq!(of(Some(3.0), Some(4.0), Some(1.0)), Some((1.0, 4.0)));
        assert_eq!(of(Some(1.0), Some(2.0), Some(1.0)), Some((1.0, 2.0)));
        assert_eq!(of(Some(1.0), Some(1.0), Some(1.0)), None);
        assert_eq!(of(None, Some(1.0), Some(2.0)), None);
        assert_eq!(of(Some(1.0), None, Some(2.0)), Some((1.0, 2.0)));
    }
}
