//! Results as plain data: what a run leaves in its folder, made from an outcome and read back from
//! the files.
//!
//! - [`facts`]: which run it was, what it warns of, what was demanded of it (`result.json`);
//! - [`rows`]: the rows of every CSV file, those of [`mod@sensitivity`] apart;
//! - [`places`]: rows of a replay by bucket and by prefix;
//! - [`csv`]: rows to text and back;
//! - [`manifest`]: which files belong together.
//!
//! Whatever shows results, to people or to programs, in one table or beside others, works on these
//! values and nothing else: a run of a minute ago and one of last year's folder look the same.

mod arm_counts;
mod arms;
mod billing;
pub mod csv;
pub mod facts;
pub mod known_total;
mod make;
pub mod manifest;
mod migration;
pub mod places;
pub mod rows;
pub mod run;
pub mod sensitivity;
mod tables;
pub mod warnings;

pub use make::{summary, swings};

use serde::Serialize;

use crate::encryption::assumptions::Level;
use crate::error::{Error, Result};
use crate::scenario::Scenario;
use run::Outcome;

use facts::Facts;
use rows::{
    AccountRow, CostRow, Names, OperationRow, PrincipalRow, ReplicationRow, RequesterRow,
    SensitivityRow, SummaryRow, TimelineRow,
};

/// The file that holds the facts.
pub const FACTS: &str = "result.json";
/// The file from which the same bytes come again.
pub const RUN: &str = "run.toml";

/// Everything that one scenario's run found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// Which run it was, and what is to be known about it.
    #[serde(flatten)]
    pub facts: Facts,
    /// Rows of `summary.csv`.
    pub summary: Vec<SummaryRow>,
    /// Rows of `timeline.csv`.
    pub timeline: Vec<TimelineRow>,
    /// Rows of `requesters.csv`.
    pub requesters: Vec<RequesterRow>,
    /// Rows of `principals.csv`.
    pub principals: Vec<PrincipalRow>,
    /// Rows of `operations.csv`.
    pub operations: Vec<OperationRow>,
    /// Rows of `accounts.csv`.
    pub accounts: Vec<AccountRow>,
    /// Rows of `costs.csv`.
    pub costs: Vec<CostRow>,
    /// Rows of `sensitivity.csv`.
    pub sensitivity: Vec<SensitivityRow>,
    /// Rows of `replications.csv`.
    pub replications: Vec<ReplicationRow>,
    /// The scenario as it was run: `run.toml`.
    #[serde(skip)]
    pub run_toml: String,
}

/// Calls a macro for each CSV file: its name, and the field of [`Results`] with its rows.
macro_rules! for_each_csv {
    ($then:ident) => {
        $then! {
            "summary.csv" => summary,
            "timeline.csv" => timeline,
            "requesters.csv" => requesters,
            "principals.csv" => principals,
            "operations.csv" => operations,
            "accounts.csv" => accounts,
            "costs.csv" => costs,
            "sensitivity.csv" => sensitivity,
            "replications.csv" => replications,
        }
    };
}

impl Results {
    /// What a scenario's run found.
    #[must_use]
    pub fn of(scenario: &Scenario, outcome: &Outcome) -> Self {
        macro_rules! made {
            ($($file:literal => $field:ident,)*) => {
                Self {
                    facts: Facts::of(scenario, outcome),
                    $($field: make::$field(scenario, outcome),)*
                    run_toml: scenario.to_run_toml(),
                }
            };
        }
        let mut results = for_each_csv!(made);
        results.facts.judge(&scenario.assertions, &results.summary);
        results
    }

    /// Reads results back from the files of a folder; `file` yields the text of one by its name.
    ///
    /// # Errors
    /// What `file` cannot read, and text that is not what bks writes, with its place.
    pub fn read(file: &dyn Fn(&str) -> Result<String>) -> Result<Self> {
        macro_rules! read {
            ($($file:literal => $field:ident,)*) => {
                Self {
                    facts: Facts::read(&file(FACTS)?).map_err(|error| error.at(FACTS))?,
                    $($field: csv::read(&file($file)?).map_err(|error| error.at($file))?,)*
                    run_toml: file(RUN)?,
                }
            };
        }
        let results = for_each_csv!(read);
        results.check()?;
        manifest::check(&file(FACTS)?, file)?;
        Ok(results)
    }

    /// The same as people may see it: every name can stand between backticks, and every character of any
    /// text can be seen.
    #[must_use]
    pub fn seen(&self) -> Self {
        let mut seen = self.clone();
        seen.facts.show();
        macro_rules! show {
            ($($file:literal => $field:ident,)*) => { $(seen.$field.iter_mut().for_each(Names::show);)* };
        }
        for_each_csv!(show);
        seen
    }

    /// Names of the CSV files.
    #[must_use]
    pub fn file_names() -> Vec<&'static str> {
        macro_rules! names {
            ($($file:literal => $field:ident,)*) => { vec![$($file,)*] };
        }
        for_each_csv!(names)
    }

    /// Name and bytes of each CSV file.
    #[must_use]
    pub fn csv_files(&self) -> Vec<(&'static str, Vec<u8>)> {
        macro_rules! written {
            ($($file:literal => $field:ident,)*) => { vec![$(($file, csv::write(&self.$field)),)*] };
        }
        for_each_csv!(written)
    }

    /// Refuses tables that lack a configuration at some level: whoever looks one up may rely on it.
    fn check(&self) -> Result<()> {
        for configuration in &self.facts.configurations {
            let name = configuration.name.as_str();
            let lacks = |level: &Level| !self.summary.iter().any(|row| row.is_of(name, *level));
            if let Some(level) = Level::ALL.iter().find(|level| lacks(level)) {
                return Err(Error::request(format!(
                    "there is no row of `{name}` at the level `{}`, but {FACTS} names it",
                    level.name()
                ))
                .at("summary.csv")
                .hint("the files of a folder belong together: simulate the scenario anew"));
            }
        }
        for name in [&self.facts.headline, &self.facts.reference] {
            if self.facts.configuration(name).is_none() {
                return Err(
                    Error::request(format!("`{name}` is none of the configurations")).at(FACTS)
                );
            }
        }
        Ok(())
    }

    /// Hash of the run's scenario whatever it demands; `None` if its `run.toml` is none by itself, as
    /// that of a replay.
    #[must_use]
    pub fn hash_without_demands(&self) -> Option<String> {
        Some(Scenario::parse(&self.run_toml).ok()?.hash_without_demands())
    }

    /// A configuration's figures at a level.
    ///
    /// # Panics
    /// If it is none of the run's configurations.
    #[must_use]
    pub fn at(&self, configuration: &str, level: Level) -> &SummaryRow {
        let row = self.summary.iter().find(|row| row.is_of(configuration, level));
        row.expect("every configuration has a row at every level")
    }

    /// A configuration's figures at the assumed level.
    ///
    /// # Panics
    /// If it is none of the run's configurations.
    #[must_use]
    pub fn assumed(&self, configuration: &str) -> &SummaryRow {
        self.at(configuration, Level::Assumed)
    }

    /// Least and greatest saving of a configuration over all levels.
    #[must_use]
    pub fn saving_range(&self, configuration: &str) -> Option<(f64, f64)> {
        let savings = Level::ALL.into_iter().filter_map(|l| self.at(configuration, l).saving_ratio);
        savings.fold(None, |range, saving| match range {
            None => Some((saving, saving)),
            Some((low, high)) => Some((f64::min(low, saving), f64::max(high, saving))),
        })
    }
}
