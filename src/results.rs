//! Results as plain data: a run is its rows, which it leaves in its folder and which are read back from
//! there.
//!
//! - [`result_json`]: which run it was, what it warns of, what was demanded of it (`result.json`);
//! - [`rows`]: the rows of every CSV file, those of [`mod@sensitivity`] apart;
//! - [`csv`]: rows to text and back;
//! - [`manifest`]: which files belong together.
//!
//! Whatever shows results, to people or to programs, in one table or beside others, works on these
//! values and nothing else: a run of a minute ago and one of last year's folder look the same.

mod arms;
mod assumption_effects;
mod billing;
mod counts;
pub mod csv;
pub mod known_total;
pub mod manifest;
pub mod migration;
mod nine_in_ten;
pub mod parts;
mod quota_use;
mod ranking;
mod replay_tables;
pub mod result_json;
pub mod rows;
pub mod run;
pub mod sensitivity;
mod shared;
mod summary;
mod tables;
pub(crate) mod warnings;

use schemars::JsonSchema;
use serde::Serialize;

use crate::encryption::assumption::Level;
use crate::error::{Error, Result};
use crate::scenario::Scenario;

use assumption_effects::Variations;
use nine_in_ten::NineInTen;
use parts::PartCounts;
use result_json::Facts;
use rows::{
    AccountRow, BucketRow, CostRow, LeftOutRow, NamedRow, OperationRow, PrefixRow, PrincipalRow,
    ReplicationRow, RequesterRow, SensitivityRow, SummaryRow, TimelineRow,
};
use run::{Run, StepProgress};

/// The file that holds the facts.
pub const FACTS: &str = "result.json";
/// The file that says what each bucket saves.
pub const BUCKETS: &str = "buckets.csv";
/// The file from which the same bytes come again.
pub const RUN: &str = "run.toml";

/// Everything that one scenario's run found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
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
    /// Rows of `buckets.csv`; none of a folder of an older version, which has no such file.
    pub buckets: Vec<BucketRow>,
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
    /// Rows of a replay's `prefixes.csv`; none of what is read from a folder.
    #[serde(skip)]
    pub prefixes: Vec<PrefixRow>,
    /// Rows of a replay's `left_out.csv`; none of what is read from a folder.
    #[serde(skip)]
    pub left_out: Vec<LeftOutRow>,
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
            "buckets.csv" => buckets,
            "operations.csv" => operations,
            "accounts.csv" => accounts,
            "costs.csv" => costs,
            "sensitivity.csv" => sensitivity,
            "replications.csv" => replications,
        }
    };
}

impl Results {
    /// Runs a scenario.
    ///
    /// The answer depends on nothing but the scenario: the same on any number of threads.
    #[must_use]
    pub fn of(scenario: &Scenario, progress: StepProgress) -> Self {
        Self::from_run_or_parts(scenario, None, progress)
    }

    /// Runs a scenario, or takes what the parts of its log have counted.
    fn from_run_or_parts(
        scenario: &Scenario,
        parts: Option<&PartCounts>,
        progress: StepProgress,
    ) -> Self {
        let mut run = Run::of(scenario, &Variations::of_headline(scenario), parts, progress);
        run.nine_in_ten = NineInTen::of_all(&run, progress);
        let summary = summary::rows(&run);
        let accounts = tables::accounts(&run);
        let warnings = warnings::of(&run, &summary, &accounts);
        let mut facts = Facts::of(scenario, &summary, warnings);
        facts.judge(&scenario.assertions, &summary);
        Self {
            facts,
            timeline: tables::timeline(&run),
            requesters: tables::requesters(&run),
            principals: tables::principals(&run),
            operations: tables::operations(&run),
            costs: tables::costs(&run),
            replications: tables::replications(&run),
            buckets: tables::buckets(&run),
            prefixes: replay_tables::prefixes(&run),
            left_out: replay_tables::left_out(&run),
            run_toml: scenario.to_run_toml(),
            sensitivity: run.swings,
            accounts,
            summary,
        }
    }

    /// Reads results back from the files of a folder; `file` yields the text of one by its name.
    ///
    /// # Errors
    /// What `file` cannot read, and text that is not what bks writes, with its place.
    pub fn read(file: &dyn Fn(&str) -> Result<String>) -> Result<Self> {
        let text = file(FACTS)?;
        let is_there = |name: &str| name != BUCKETS || manifest::names(&text, name);
        macro_rules! read {
            ($($file:literal => $field:ident,)*) => {
                Self {
                    facts: Facts::read(&text).map_err(|error| error.at(FACTS))?,
                    $($field: if is_there($file) {
                        csv::read(&file($file)?).map_err(|error| error.at($file))?
                    } else {
                        Vec::new()
                    },)*
                    prefixes: Vec::new(),
                    left_out: Vec::new(),
                    run_toml: file(RUN)?,
                }
            };
        }
        let results = for_each_csv!(read);
        results.check()?;
        manifest::check(&text, file)?;
        Ok(results)
    }

    /// The same as people may see it: every name can stand between backticks, and every character of any
    /// text can be seen.
    #[must_use]
    pub fn seen(&self) -> Self {
        let mut seen = self.clone();
        seen.facts.show();
        macro_rules! show {
            ($($file:literal => $field:ident,)*) => { $(seen.$field.iter_mut().for_each(NamedRow::show);)* };
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
            let missing = Level::ALL
                .iter()
                .find(|level| !self.summary.iter().any(|row| row.is_of(name, **level)));
            if let Some(level) = missing {
                return Err(Error::request(format!(
                    "there is no row of `{name}` at the level `{}`, but {FACTS} names it",
                    level.name()
                ))
                .at("summary.csv")
                .hint("the files of a folder belong together: simulate the scenario again"));
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
