//! CSV files that bks writes, and which chart their columns give.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Chart, Options};
use crate::error::{Error, Result, one_of};
use crate::results::csv::{self, CsvRecord};
use crate::results::rows::SummaryRow;
use crate::sweep::swept::{SWEEP, Swept};

/// A CSV text in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct CsvFile {
    place: String,
    text: String,
    header: Vec<String>,
    records: Vec<CsvRecord>,
}

impl CsvFile {
    /// Reads a CSV text that comes from `place`.
    ///
    /// # Errors
    /// If the text has no header, or a row has more or fewer cells.
    pub fn parse(place: &str, text: &str) -> Result<Self> {
        let (header, records) = csv::parse(place, text)?;
        if header.iter().all(|name| name.trim().is_empty()) {
            return Err(Error::request("the file is empty, but must have a header")
                .hint("give a CSV file that bks wrote, e.g., `summary.csv`")
                .at(place));
        }
        Ok(Self { place: place.to_owned(), text: text.to_owned(), header, records })
    }

    /// Where the text comes from.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Names of the columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The cells of each row.
    pub fn rows(&self) -> impl Iterator<Item = &[String]> {
        self.records.iter().map(|record| record.cells.as_slice())
    }

    fn has(&self, column: &str) -> bool {
        self.header.iter().any(|name| name == column)
    }

    /// Whether it has rows of that configuration.
    fn has_configuration(&self, name: &str) -> bool {
        let column = self.header.iter().position(|column| column == "configuration");
        column.is_some_and(|column| self.rows().any(|cells| cells[column] == name))
    }

    /// The rows as what they are.
    fn read<T: DeserializeOwned + Serialize>(&self) -> Result<Vec<T>> {
        let rows: Vec<T> = csv::read(&self.text)?;
        for (record, row) in self.records.iter().zip(&rows) {
            self.check_finite(record, row)?;
        }
        Ok(rows)
    }

    /// There is no place for `NaN` on an axis. As JSON it is nothing, unlike a configuration called so.
    fn check_finite(&self, record: &CsvRecord, row: &impl Serialize) -> Result<()> {
        if !record.cells.iter().any(|cell| is_infinite(cell)) {
            return Ok(());
        }
        let values = serde_json::to_value(row).unwrap_or_default();
        let mut cells = self.header.iter().zip(&record.cells);
        match cells.find(|(name, cell)| is_infinite(cell) && values[name.as_str()].is_null()) {
            Some((name, cell)) => {
                Err(Error::request(format!("`{name}` is `{cell}`, but must be a number"))
                    .at(format!("{}:{}", self.place, record.line)))
            }
            None => Ok(()),
        }
    }

    fn swept(&self) -> Result<Swept> {
        self.read::<SummaryRow>()?;
        Swept::read(&self.place, &self.text, None)
    }

    /// How many keys vary, if it is of a sweep.
    fn keys(&self) -> usize {
        let columns: Vec<&str> =
            self.header.iter().filter_map(|name| name.strip_prefix("set.")).collect();
        // A key's values as numbers stand in a column of their own.
        columns
            .iter()
            .filter(|column| !columns.iter().any(|key| is_in_numbers(column, key)))
            .count()
    }
}

fn is_in_numbers(column: &str, key: &str) -> bool {
    let unit = column.strip_prefix(key);
    unit.is_some_and(|unit| ["_s", "_per_s", "_bytes", "_ratio"].contains(&unit))
}

fn is_infinite(cell: &str) -> bool {
    cell.parse().is_ok_and(|number: f64| !number.is_finite())
}

/// A chart that a file may give.
#[derive(Clone, Copy, Debug)]
pub struct ChartKind {
    /// Its name on the command line and in file names.
    pub name: &'static str,
    /// The file of a results folder that it is drawn from.
    pub file: &'static str,
    /// Columns by which such files are known.
    columns: &'static [&'static str],
    draw: fn(&CsvFile, &Options) -> Result<Vec<Chart>>,
}

const HEAT_MAP: &str = "heat-map";
const SAVING: &str = "saving";

macro_rules! kinds {
    ($($name:expr, $file:expr, $columns:expr, $read:ident => $draw:ident;)*) => {
        /// Every chart that can be drawn from a file, in the order of a page.
        pub const KINDS: [ChartKind; 23] = [$(ChartKind {
            name: $name,
            file: $file,
            columns: &$columns,
            draw: |file, options| super::$draw(&file.$read()?, options).map(Into::into),
        }),*];
    };
}

kinds! {
    "summary", "summary.csv", ["assumption", "saving_ratio", "replications"], read => saving;
    "kms-over-time", "timeline.csv", ["time_s", "kms_requests"], read => kms_over_time;
    "keys-alive", "timeline.csv", ["time_s", "bucket_keys_alive_max"], read => keys_alive;
    "saving-over-time", "timeline.csv", ["time_s", "reference_kms_requests"], read => saving_over_time;
    "slow-downs", "timeline.csv", ["time_s", "slow_downs"], read => slow_downs;
    "costs", "costs.csv", ["ChargeDescription", "BillingPeriodS"], read => bill;
    "requesters", "requesters.csv", ["requester", "kms_requests"], read => requesters;
    "buckets", "buckets.csv", ["bucket", "saved_at_low_usd"], read => buckets;
    "principals", "principals.csv", ["principal", "saved_at_low_usd"], read => principals;
    "accounts", "accounts.csv", ["account", "saved_usd"], read => accounts;
    "prefixes", "prefixes.csv", ["bucket", "prefix", "saving_ratio"], read => prefixes;
    "operations", "operations.csv", ["operation", "kms_requests"], read => operations;
    "tornado", "sensitivity.csv", ["saving_at_low", "saving_at_high"], read => tornado;
    "replications", "replications.csv", ["replication", "saving_ratio"], read => replications;
    // Two swept keys are a map before they are lines.
    HEAT_MAP, SWEEP, ["point", "assumption"], swept => heat_map;
    SAVING, SWEEP, ["point", "assumption"], swept => sweep;
    "sobol", "sobol.csv", ["first_order", "total"], read => sobol;
    "spread", "spread.csv", ["saving_mean_ratio", "saving_p50_ratio"], read => spread;
    "break-even-values", "break_even.csv", ["parameter", "target_ratio"], read => break_even_values;
    "break-even", "break_even_curves.csv", ["parameter", "value"], read => break_even_curves;
    "comparison", "comparison.csv", ["candidate", "reference_value"], read => comparison;
    "months", "months.csv", ["month", "way", "net_usd"], read => months;
    "cost-changes", "cost_changes.csv", ["candidate", "difference_usd"], read => bill_changes;
}

/// One chart of several that a file may give.
impl From<Chart> for Vec<Chart> {
    fn from(chart: Chart) -> Self {
        vec![chart]
    }
}

impl PartialEq for ChartKind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl ChartKind {
    /// The kind of that name.
    ///
    /// # Errors
    /// If there is no such kind.
    pub fn named(name: &str) -> Result<Self> {
        KINDS.into_iter().find(|kind| kind.name == name).ok_or_else(|| {
            Error::request(format!("`{name}` is not a kind of chart"))
                .hint(one_of(name, KINDS.map(|kind| kind.name)))
        })
    }

    /// The kinds that a file can give, the most fitting first.
    #[must_use]
    pub fn of(file: &CsvFile) -> Vec<Self> {
        KINDS.into_iter().filter(|kind| kind.is_of(file)).collect()
    }

    /// What to draw from a file if nothing is asked for.
    ///
    /// # Errors
    /// If no kind is drawn from its columns.
    pub fn best_of(file: &CsvFile) -> Result<Self> {
        Self::of(file).first().copied().ok_or_else(|| {
            Error::request("bks knows no chart of these columns")
                .hint(format!("give one of the files that bks writes: `{}`", files().join("`, `")))
                .at(file.place())
        })
    }

    fn is_of(self, file: &CsvFile) -> bool {
        let keys = match self.name {
            HEAT_MAP => file.keys() == 2,
            SAVING => file.keys() > 0,
            _ => file.keys() == 0,
        };
        keys && self.columns.iter().all(|column| file.has(column))
    }

    /// The charts of a file: one, but for curves of several parameters one of each.
    ///
    /// # Errors
    /// If the file lacks columns or rows of this kind, if a cell is not what its column holds, if an
    /// option names what the file does not have, or if there is nothing to see.
    pub fn charts(self, file: &CsvFile, options: &Options) -> Result<Vec<Chart>> {
        let charts = self.any_charts(file, options)?;
        if charts.is_empty() {
            let wrong = format!("every figure that `{}` shows is zero or unknown", self.name);
            return Err(Error::request(wrong).at(file.place()));
        }
        Ok(charts)
    }

    /// The same, of which there may be none.
    fn any_charts(self, file: &CsvFile, options: &Options) -> Result<Vec<Chart>> {
        if !self.is_of(file) {
            return Err(self.not_of(file));
        }
        let mut charts = (self.draw)(file, options).map_err(|error| error.at(file.place()))?;
        for chart in &mut charts {
            // Without its folders, so that the picture is the same anywhere.
            let name = file.place().rsplit(['/', '\\']).next().unwrap_or_default();
            name.clone_into(&mut chart.file);
        }
        Ok(charts)
    }

    fn not_of(self, file: &CsvFile) -> Error {
        let names: Vec<&str> = Self::of(file).iter().map(|kind| kind.name).collect();
        let hint = match names.len() {
            0 => "bks knows no chart of these columns".to_owned(),
            _ => format!("this file can give `{}`", names.join("`, `")),
        };
        let wrong = format!(
            "`{}` cannot be drawn from this file: it is drawn from the columns of `{}`",
            self.name, self.file
        );
        Error::request(wrong).at(file.place()).hint(hint)
    }
}

/// A chart and the file that it was drawn from.
pub type DrawnChart<'a> = (Chart, &'a CsvFile);

/// Names of the files that charts are drawn from.
#[must_use]
pub fn files() -> Vec<&'static str> {
    let mut files: Vec<&str> = KINDS.into_iter().map(|kind| kind.file).collect();
    files.dedup();
    files
}

/// Every chart that a folder's files give: of `kind`, or of all kinds that they allow. `files` are the
/// folder's under their names; those of another shape, without rows or without the configurations asked
/// for are passed over, unless `kind` asks for them.
///
/// # Errors
/// As [`ChartKind::charts`]; and if nothing is left.
pub fn of_folder<'a>(
    files: &'a [(&str, CsvFile)],
    kind: Option<ChartKind>,
    options: &Options,
) -> Result<Vec<DrawnChart<'a>>> {
    let mut drawn = Vec::new();
    for wanted in KINDS.into_iter().filter(|known| kind.is_none_or(|kind| kind == *known)) {
        let Some((_, file)) = files.iter().find(|(name, _)| *name == wanted.file) else { continue };
        let mut options = options.clone();
        if kind.is_none() {
            let asked = !options.configurations.is_empty();
            options.configurations.retain(|name| file.has_configuration(name));
            let none = asked && options.configurations.is_empty();
            if none || !wanted.is_of(file) || file.records.is_empty() {
                continue;
            }
        }
        let charts = match kind {
            Some(_) => wanted.charts(file, &options)?,
            None => wanted.any_charts(file, &options)?,
        };
        drawn.extend(charts.into_iter().map(|chart| (chart, file)));
    }
    if drawn.is_empty() { Err(nothing(options)) } else { Ok(drawn) }
}

fn nothing(options: &Options) -> Error {
    let with = if options.configurations.is_empty() {
        String::new()
    } else {
        format!(" with the configuration `{}`", options.configurations.join("` or `"))
    };
    Error::request(format!("the folder has no file{with} that bks could draw")).hint(format!(
        "`bks simulate`, `bks replay`, `bks compare --out`, `bks sweep`, `bks sensitivity` and `bks migrate` write `{}`",
        files().join("`, `")
    ))
}
