//! The kinds of charts: one file for each kind of CSV file, from its rows to a [`Chart`].

mod break_even;
mod break_even_values;
mod comparison;
mod cost_changes;
mod costs;
mod figure;
mod operations;
mod parameter;
mod replications;
mod requesters;
mod savers;
mod select;
mod sobol;
mod spread;
mod summary;
mod sweep;
mod timeline;
mod tornado;

use super::table::Table;
use super::{Chart, Plot, choice};
use crate::error::{Error, Result, one_of};
use savers::Whose;

/// What a person may ask of a chart beyond its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Another title.
    pub title: Option<String>,
    /// Swept key, or varied parameter, that runs from left to right.
    pub x: Option<String>,
    /// Figure to be shown, of a sweep, a summary, a comparison or replications.
    pub figure: Option<String>,
    /// Names of the only configurations to be shown; all if there are none.
    pub configurations: Vec<String>,
    /// A logarithmic axis.
    pub log: bool,
}

/// A kind of chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Saving of each configuration with its range.
    Summary,
    /// KMS requests a second over time.
    KmsOverTime,
    /// Bucket-level keys alive over time.
    KeysAlive,
    /// The bill, line by line.
    Costs,
    /// Who causes the calls.
    Requesters,
    /// What each principal saves.
    Principals,
    /// `buckets.csv`: what each bucket of a log saves.
    Buckets,
    /// `prefixes.csv`: what each prefix of a log saves.
    Prefixes,
    /// Which operations cause the calls.
    Operations,
    /// How far each assumption moves the saving.
    Tornado,
    /// The saving of each replication.
    Replications,
    /// A figure against a swept key.
    Saving,
    /// A figure against two swept keys.
    HeatMap,
    /// How much of the variance each assumption explains.
    Sobol,
    /// The saving over all that the assumptions may be.
    Spread,
    /// Where the saving crosses a target, for each parameter.
    BreakEvenValues,
    /// The saving at each value of a parameter that was tried.
    BreakEven,
    /// Candidates beside their reference.
    Comparison,
    /// Bill lines that candidates change.
    CostChanges,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 19] = [
        Self::Summary,
        Self::KmsOverTime,
        Self::KeysAlive,
        Self::Costs,
        Self::Requesters,
        Self::Principals,
        Self::Buckets,
        Self::Prefixes,
        Self::Operations,
        Self::Tornado,
        Self::Replications,
        Self::Saving,
        Self::HeatMap,
        Self::Sobol,
        Self::Spread,
        Self::BreakEvenValues,
        Self::BreakEven,
        Self::Comparison,
        Self::CostChanges,
    ];

    /// Its name on the command line and in file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::KmsOverTime => "kms-over-time",
            Self::KeysAlive => "keys-alive",
            Self::Costs => "costs",
            Self::Requesters => "requesters",
            Self::Principals => "principals",
            Self::Buckets => "buckets",
            Self::Prefixes => "prefixes",
            Self::Operations => "operations",
            Self::Tornado => "tornado",
            Self::Replications => "replications",
            Self::Saving => "saving",
            Self::HeatMap => "heat-map",
            Self::Sobol => "sobol",
            Self::Spread => "spread",
            Self::BreakEvenValues => "break-even-values",
            Self::BreakEven => "break-even",
            Self::Comparison => "comparison",
            Self::CostChanges => "cost-changes",
        }
    }

    /// The file of a results folder that it is drawn from.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Summary => "summary.csv",
            Self::KmsOverTime | Self::KeysAlive => "timeline.csv",
            Self::Costs => "costs.csv",
            Self::Requesters => "requesters.csv",
            Self::Principals => "principals.csv",
            Self::Buckets => "buckets.csv",
            Self::Prefixes => "prefixes.csv",
            Self::Operations => "operations.csv",
            Self::Tornado => "sensitivity.csv",
            Self::Replications => "replications.csv",
            Self::Saving | Self::HeatMap => "sweep.csv",
            Self::Sobol => "sobol.csv",
            Self::Spread => "spread.csv",
            Self::BreakEvenValues => "break_even.csv",
            Self::BreakEven => "break_even_curves.csv",
            Self::Comparison => "comparison.csv",
            Self::CostChanges => "cost_changes.csv",
        }
    }

    /// The kind of that name.
    ///
    /// # Errors
    /// If there is no such kind.
    pub fn named(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            Error::request(format!("`{name}` is no kind of chart"))
                .hint(one_of(name, Self::ALL.map(Self::name)))
        })
    }

    /// Whether a table has what this kind is drawn from.
    fn is_of(self, table: &Table) -> bool {
        let has = |columns: &[&str]| columns.iter().all(|column| table.has(column));
        let swept = sweep::keys(table).len();
        match self {
            Self::Summary => {
                has(&["assumption", "saving_ratio", "replications"])
                    && swept == 0
                    && !has(&["replication"])
            }
            Self::KmsOverTime => has(&["time_s", "kms_requests"]),
            Self::KeysAlive => has(&["time_s", "bucket_keys_alive_max"]),
            Self::Costs => has(&["ChargeDescription", "BilledCost", "BillingPeriodS"]),
            Self::Requesters => has(&["requester", "kms_requests"]),
            Self::Principals => has(&["principal", "saving_ratio"]),
            Self::Buckets => has(&["bucket", "objects_not_in_log", "saving_ratio"]),
            Self::Prefixes => has(&["bucket", "prefix", "saving_ratio"]),
            Self::Operations => has(&["operation", "kms_requests"]),
            Self::Tornado => has(&["saving_at_low", "saving_at_high"]),
            Self::Replications => has(&["replication", "saving_ratio"]),
            Self::Saving => swept >= 1 && has(&["assumption"]),
            Self::HeatMap => swept == 2 && has(&["assumption"]),
            Self::Sobol => has(&["first_order", "total"]),
            Self::Spread => has(&["saving_mean_ratio", "saving_p50_ratio"]),
            Self::BreakEvenValues => has(&["parameter", "others", "target_ratio"]),
            Self::BreakEven => has(&["parameter", "others", "value", "saving_ratio"]),
            Self::Comparison => has(&["candidate", "reference_value", "figure"]),
            Self::CostChanges => has(&["candidate", "ChargeDescription", "difference_usd"]),
        }
    }

    /// The kinds that a table can give, the most fitting first.
    #[must_use]
    pub fn of(table: &Table) -> Vec<Self> {
        let mut kinds: Vec<Self> = Self::ALL.into_iter().filter(|kind| kind.is_of(table)).collect();
        // Two swept keys are a map before they are lines.
        if kinds.contains(&Self::HeatMap) {
            kinds.reverse();
        }
        kinds
    }

    /// The chart of a table.
    ///
    /// # Errors
    /// If the table lacks columns or rows of this kind, if a cell is no number where one must be, or if
    /// an option names what the table does not have.
    pub fn chart(self, table: &Table, options: &Options) -> Result<Chart> {
        if !self.is_of(table) {
            return Err(self.not_of(table));
        }
        if table.rows().next().is_none() {
            return Err(Error::request(
                "the file has a header but no rows, so there is nothing to draw",
            )
            .at(table.place()));
        }
        let mut chart = match self {
            Self::Summary => summary::chart(table, options),
            Self::KmsOverTime => timeline::kms(table, options),
            Self::KeysAlive => timeline::keys_alive(table, options),
            Self::Costs => costs::chart(table, options),
            Self::Requesters => requesters::chart(table, options),
            Self::Principals => savers::chart(table, options, Whose::Principals),
            Self::Buckets => savers::chart(table, options, Whose::Buckets),
            Self::Prefixes => savers::chart(table, options, Whose::Prefixes),
            Self::Operations => operations::chart(table, options),
            Self::Tornado => tornado::chart(table, options),
            Self::Replications => replications::chart(table, options),
            Self::Saving => sweep::saving(table, options),
            Self::HeatMap => sweep::heat_map(table, options),
            Self::Sobol => sobol::chart(table, options),
            Self::Spread => spread::chart(table, options),
            Self::BreakEvenValues => break_even_values::chart(table, options),
            Self::BreakEven => break_even::chart(table, options),
            Self::Comparison => comparison::chart(table, options),
            Self::CostChanges => cost_changes::chart(table, options),
        }?;
        self.name().clone_into(&mut chart.name);
        if let Some(title) = &options.title {
            chart.title.clone_from(title);
        }
        Ok(chart)
    }

    /// Every chart of this kind that a table gives: one, but for curves of several parameters one of each,
    /// named after it.
    ///
    /// # Errors
    /// As [`Kind::chart`].
    pub fn charts(self, table: &Table, options: &Options) -> Result<Vec<Chart>> {
        if self != Self::BreakEven || !self.is_of(table) || options.x.is_some() {
            return Ok(vec![self.chart(table, options)?]);
        }
        let mut charts: Vec<Chart> = Vec::new();
        for parameter in choice::parameters(table) {
            let options = Options { x: Some(parameter.to_owned()), ..options.clone() };
            let mut chart = self.chart(table, &options)?;
            let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
            chart.name.push('-');
            chart.name.extend(parameter.chars().map(letter));
            // Names that differ in other signs alone must not replace one another.
            while charts.iter().any(|known| known.name == chart.name) {
                chart.name.push_str("-2");
            }
            charts.push(chart);
        }
        // A table without rows has no parameters, and is told so.
        if charts.is_empty() { Ok(vec![self.chart(table, options)?]) } else { Ok(charts) }
    }

    /// What a person may want to ask for besides, having drawn this kind of chart from a table.
    #[must_use]
    pub fn advice(self, table: &Table, chart: &Chart, options: &Options) -> Option<String> {
        match (self, &chart.plot) {
            (Self::BreakEven, _) if options.x.is_none() => {
                let (first, others) = choice::parameters(table)
                    .split_first()
                    .map(|(first, others)| (*first, others.join("`, `")))?;
                let told = format!("only `{first}` is drawn: `--x` chooses `{others}`");
                (!others.is_empty()).then_some(told)
            }
            (Self::KmsOverTime | Self::KeysAlive, Plot::Lines(lines)) => {
                let small: Vec<&str> =
                    timeline::flattened(lines).into_iter().map(|(name, _)| name).collect();
                let told = format!("`--log` shows the small figures of `{}`", small.join("`, `"));
                (!small.is_empty()).then_some(told)
            }
            _ => None,
        }
    }

    fn not_of(self, table: &Table) -> Error {
        let names: Vec<String> =
            Self::of(table).iter().map(|kind| format!("`{}`", kind.name())).collect();
        let error = Error::request(format!(
            "`{}` cannot be drawn from this file: it is drawn from the columns of `{}`",
            self.name(),
            self.file()
        ))
        .at(table.place());
        error.hint(match names.len() {
            0 => "bks knows no chart of these columns".to_owned(),
            _ => format!("this file can give {}", names.join(", ")),
        })
    }
}
