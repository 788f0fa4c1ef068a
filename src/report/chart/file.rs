//! CSV files that bks writes, and which chart their columns give.

use csv::StringRecord;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Chart, Options};
use crate::error::{Error, Result, did_you_mean, one_of};
use crate::resultscsv::{self, Record};
use crate::shown::shown;
use crate::sweep::swept::{SWEEP, Swept};

/// A CSV text in memory, of which every character can be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct CsvFile {
    place: String,
    text: String,
    header: Vec<String>,
    records: Vec<Record>,
}

impl CsvFile {
    /// Reads a CSV text that comes from `place`.
    ///
    /// # Errors
    /// If the text has no header, or a row has more or fewer cells.
    pub fn parse(place: &str, text: &str) -> Result<Self> {
        let (header, mut records) = parse(place, text)?;
        for cell in records.iter_mut().flat_map(|record| &mut record.cells) {
            *cell = shown(cell).into_owned();
        }
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
    ///
    /// # Errors
    /// If a column is missing, or a cell is not what its column holds.
    fn read<T: DeserializeOwned + Serialize + Default>(&self) -> Result<Vec<T>> {
        self.check_columns::<T>()?;
        let header = StringRecord::from(self.header.clone());
        self.records.iter().map(|record| self.row(record, &header)).collect()
    }

    fn row<T: DeserializeOwned + Serialize>(
        &self,
        record: &Record,
        header: &StringRecord,
    ) -> Result<T> {
        let cells = StringRecord::from(record.cells.clone());
        let row: T =
            cells.deserialize(Some(header)).map_err(|error| self.not_a_row(record, &error))?;
        // There is no place for `NaN` on an axis; as JSON it is nothing. Names may be `nan`.
        if record.cells.iter().any(|cell| is_no_place(cell)) {
            let values = serde_json::to_value(&row).unwrap_or_default();
            let columns = self.header.iter().zip(&record.cells).enumerate();
            for (column, (name, cell)) in columns {
                if is_no_place(cell) && values.get(name).is_some_and(Value::is_null) {
                    return Err(self.wrong(record, column, "must be a number"));
                }
            }
        }
        Ok(row)
    }

    /// Refuses a file without a column that rows cannot do without.
    fn check_columns<T: DeserializeOwned + Serialize + Default>(&self) -> Result<()> {
        let (columns, mut rows) =
            parse("", &String::from_utf8_lossy(&write(&[T::default()])))?;
        let cells = rows.pop().map(|record| record.cells).unwrap_or_default();
        for (column, name) in columns.iter().enumerate().filter(|(_, name)| !self.has(name)) {
            let (header, row) = (without(&columns, column), without(&cells, column));
            // Later versions of bks have more columns: a file of an earlier one can do without those.
            if row.deserialize::<T>(Some(&header)).is_err() {
                return Err(self.no_column(name));
            }
        }
        Ok(())
    }

    fn no_column(&self, column: &str) -> Error {
        let error = Error::request(format!("the column `{column}` is missing")).at(&self.place);
        error.hint(match did_you_mean(column, self.header.iter().map(String::as_str)) {
            Some(near) => format!("the file has a column `{near}`"),
            None => format!("the file's columns are `{}`", self.header.join("`, `")),
        })
    }

    fn not_a_row(&self, record: &Record, error: &csv::Error) -> Error {
        if let csv::ErrorKind::Deserialize { err, .. } = error.kind()
            && let Some(column) = err.field()
        {
            let must = match err.kind() {
                csv::DeserializeErrorKind::ParseFloat(_) => "must be a number",
                csv::DeserializeErrorKind::ParseInt(_) => "must be a whole number",
                csv::DeserializeErrorKind::ParseBool(_) => "must be `true` or `false`",
                _ => "must be as bks writes it",
            };
            return self.wrong(record, column as usize, must);
        }
        let what = match error.kind() {
            csv::ErrorKind::Deserialize { err, .. } => err.kind().to_string(),
            _ => error.to_string(),
        };
        Error::request(what).at(format!("{}:{}", self.place, record.line))
    }

    /// An error about a cell: where it stands, its text, and what it must be.
    fn wrong(&self, record: &Record, column: usize, must: &str) -> Error {
        let is = match record.cells[column].as_str() {
            "" => "empty".to_owned(),
            text => format!("`{text}`"),
        };
        Error::request(format!("`{}` is {is}, but {must}", self.header[column]))
            .at(format!("{}:{}", self.place, record.line))
    }

    fn swept(&self) -> Result<Swept> {
        Swept::read(&self.place, &self.text, None)
    }

    /// How many keys vary, if it is of a sweep.
    fn keys(&self) -> usize {
        let columns: Vec<&str> =
            self.header.iter().filter_map(|name| name.strip_prefix("set.")).collect();
        // A key's values as numbers stand in a column of their own.
        columns.iter().filter(|column| !columns.iter().any(|key| is_in_numbers(column, key))).count()
    }
}

fn is_in_numbers(column: &str, key: &str) -> bool {
    let unit = column.strip_prefix(key);
    unit.is_some_and(|unit| ["_s", "_per_s", "_bytes", "_ratio"].contains(&unit))
}

/// Whether a cell is a number that no axis has.
fn is_no_place(cell: &str) -> bool {
    cell.parse().is_ok_and(|number: f64| !number.is_finite())
}

/// Cells but for one.
fn without(cells: &[String], column: usize) -> StringRecord {
    let kept = cells.iter().enumerate().filter(|(at, _)| *at != column);
    kept.map(|(_, text)| text).collect()
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
    draw: Draw,
}

/// From a file's rows to charts.
type Draw = fn(&CsvFile, &Options) -> Result<Vec<Chart>>;

/// Every chart that can be drawn from a file, in the order of a page.
pub const KINDS: [ChartKind; 19] = [
    kind("summary", "summary.csv", &["assumption", "saving_ratio", "replications"], |file, of| {
        one(super::saving(&file.read()?, of))
    }),
    kind("kms-over-time", "timeline.csv", &["time_s", "kms_requests"], |file, of| {
        one(super::kms_over_time(&file.read()?, of))
    }),
    kind("keys-alive", "timeline.csv", &["time_s", "bucket_keys_alive_max"], |file, of| {
        one(super::keys_alive(&file.read()?, of))
    }),
    kind("costs", "costs.csv", &["ChargeDescription", "BillingPeriodS"], |file, of| {
        one(super::bill(&file.read()?, of))
    }),
    kind("requesters", "requesters.csv", &["requester", "kms_requests"], |file, of| {
        one(super::requesters(&file.read()?, of))
    }),
    kind("principals", "principals.csv", &["principal", "saving_ratio"], |file, of| {
        one(super::principals(&file.read()?, of))
    }),
    kind("buckets", "buckets.csv", &["bucket", "objects_not_in_log"], |file, of| {
        one(super::buckets(&file.read()?, of))
    }),
    kind("prefixes", "prefixes.csv", &["bucket", "prefix", "saving_ratio"], |file, of| {
        one(super::prefixes(&file.read()?, of))
    }),
    kind("operations", "operations.csv", &["operation", "kms_requests"], |file, of| {
        one(super::operations(&file.read()?, of))
    }),
    kind("tornado", "sensitivity.csv", &["saving_at_low", "saving_at_high"], |file, of| {
        one(super::tornado(&file.read()?, of))
    }),
    kind("replications", "replications.csv", &["replication", "saving_ratio"], |file, of| {
        one(super::replications(&file.read()?, of))
    }),
    // Two swept keys are a map before they are lines.
    kind(HEAT_MAP, SWEEP, &["point", "assumption"], |file, of| {
        one(super::heat_map(&file.swept()?, of))
    }),
    kind(SAVING, SWEEP, &["point", "assumption"], |file, of| {
        one(super::sweep(&file.swept()?, of))
    }),
    kind("sobol", "sobol.csv", &["first_order", "total"], |file, of| {
        one(super::sobol(&file.read()?, of))
    }),
    kind("spread", "spread.csv", &["saving_mean_ratio", "saving_p50_ratio"], |file, of| {
        one(super::spread(&file.read()?, of))
    }),
    kind("break-even-values", "break_even.csv", &["parameter", "target_ratio"], |file, of| {
        one(super::break_even_values(&file.read()?, of))
    }),
    kind("break-even", "break_even_curves.csv", &["parameter", "value", "saving_ratio"], |file, of| {
        super::break_even_curves(&file.read()?, of)
    }),
    kind("comparison", "comparison.csv", &["candidate", "reference_value"], |file, of| {
        one(super::comparison(&file.read()?, of))
    }),
    kind("cost-changes", "cost_changes.csv", &["candidate", "difference_usd"], |file, of| {
        one(super::bill_changes(&file.read()?, of))
    }),
];

const HEAT_MAP: &str = "heat-map";
const SAVING: &str = "saving";

const fn kind(
    name: &'static str,
    file: &'static str,
    columns: &'static [&'static str],
    draw: Draw,
) -> ChartKind {
    ChartKind { name, file, columns, draw }
}

fn one(chart: Result<Chart>) -> Result<Vec<Chart>> {
    chart.map(|chart| vec![chart])
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
            Error::request(format!("`{name}` is no kind of chart"))
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
    /// If the file lacks columns or rows of this kind, if a cell is not what its column holds, or if an
    /// option names what the file does not have.
    pub fn charts(self, file: &CsvFile, options: &Options) -> Result<Vec<Chart>> {
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
pub type Drawn<'a> = (Chart, &'a CsvFile);

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
) -> Result<Vec<Drawn<'a>>> {
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
        drawn.extend(wanted.charts(file, &options)?.into_iter().map(|chart| (chart, file)));
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
        "`bks simulate`, `bks replay`, `bks compare --out`, `bks sweep` and `bks sensitivity` write `{}`",
        files().join("`, `")
    ))
}
