//! A point's results as lines of a file, in CSV or JSON, and back.
//!
//! Lines of a point are appended together when it is done, so a file that was broken off holds whole
//! points, perhaps a torn end, and no point twice in two versions: a point's lines are a function of
//! the sweep. What is not whole is dropped and run again.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::checked_points::Survey;
use super::grid::Grid;
use crate::encryption::assumption::Level;
use crate::harmless_text;
use crate::results::csv;
use crate::results::rows::SummaryRow;

/// Format of a file of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsFormat {
    /// A header, then a line for each row.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

impl RowsFormat {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Csv, Self::JsonLines];

    /// Name of the file.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Csv => "sweep.csv",
            Self::JsonLines => "sweep.jsonl",
        }
    }

    /// The point that a line is of; `None` if it is torn, or no row.
    pub(super) fn point(self, line: &[u8]) -> Option<usize> {
        let line = line.strip_suffix(b"\n")?;
        match self {
            Self::Csv => records(line).pop()?.get(LEADING)?.parse().ok(),
            Self::JsonLines => {
                let object: Value = serde_json::from_slice(line).ok()?;
                usize::try_from(object.get(POINT)?.as_u64()?).ok()
            }
        }
    }
}

/// A line of `sweep.jsonl`: a row of `summary.csv` at a point, with what the point has of each key that varies:
/// `set.KEY` as it was given, `set.KEY_UNIT` as a number.
#[derive(JsonSchema)]
#[schemars(extend("patternProperties" = { "^set[.]": { "type": ["string", "number", "null"] } }))]
#[expect(dead_code, reason = "lines are merged from objects; their schema is derived")]
pub struct LineOfSweep {
    #[schemars(flatten)]
    row: SummaryRow,
    /// Number of the point.
    point: usize,
}

/// The file of a sweep.
#[derive(Clone, Debug)]
pub struct Ledger<'a> {
    format: RowsFormat,
    grid: &'a Grid,
    survey: &'a Survey,
    columns: Vec<String>,
}

/// The lines of every point that is whole, by point.
pub type PointLines = BTreeMap<usize, Vec<u8>>;

/// Columns of `summary.csv` that stand first here, too: who and at which level.
const LEADING: usize = 3;
/// The column after them.
const POINT: &str = "point";

/// What a point has in one of the columns of an axis, in both formats.
struct AxisCell {
    column: String,
    text: String,
    value: Value,
}

impl<'a> Ledger<'a> {
    /// The file of a format for a sweep.
    ///
    /// # Panics
    /// Never: there is a header.
    #[must_use]
    pub fn new(format: RowsFormat, grid: &'a Grid, survey: &'a Survey) -> Self {
        let summary = records(&csv::write::<SummaryRow>(&[])).pop().expect("there is a header");
        let mut columns = summary[..LEADING].to_vec();
        columns.push(POINT.to_owned());
        columns.extend(grid.axes().iter().flat_map(super::axis::SweepAxis::columns));
        columns.extend_from_slice(&summary[LEADING..]);
        Self { format, grid, survey, columns }
    }

    /// Name of the file.
    #[must_use]
    pub fn file_name(&self) -> &'static str {
        self.format.file_name()
    }

    /// Names of the columns, or of the keys of each object.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The lines of a point.
    ///
    /// # Panics
    /// Never: rows are flat structs.
    #[must_use]
    pub fn lines(&self, point: usize, rows: &[SummaryRow]) -> Vec<u8> {
        let cells = self.cells(point);
        match self.format {
            RowsFormat::Csv => {
                let mut middle = vec![point.to_string()];
                middle.extend(cells.into_iter().map(|cell| cell.text));
                let records = records(&csv::write(rows)).into_iter().skip(1);
                let lines = records.flat_map(|record| {
                    let (leading, rest) = record.split_at(LEADING);
                    line(&[leading, &middle, rest].concat())
                });
                lines.collect()
            }
            RowsFormat::JsonLines => {
                let mut common = Map::from_iter([(POINT.to_owned(), point.into())]);
                common.extend(cells.into_iter().map(|cell| (cell.column, cell.value)));
                let lines = rows.iter().flat_map(|row| {
                    let mut object = serde_json::to_value(row).expect("rows are flat structs");
                    object.as_object_mut().expect("a row has names").extend(common.clone());
                    format!("{}\n", harmless_text::json(&object.to_string())).into_bytes()
                });
                lines.collect()
            }
        }
    }

    /// What a point has in the columns of all axes.
    fn cells(&self, point: usize) -> Vec<AxisCell> {
        let axes = self.grid.axes().iter().zip(self.grid.values(point));
        let cells = axes.flat_map(|(axis, value)| {
            let number = value.number.map_or_else(String::new, |number| number.to_string());
            let of_value =
                [(value.text.clone(), value.text.clone().into()), (number, value.number.into())];
            axis.columns().zip(of_value).map(|(column, (text, value))| AxisCell {
                column,
                text,
                value,
            })
        });
        cells.collect()
    }

    fn header(&self) -> Vec<u8> {
        match self.format {
            RowsFormat::Csv => line(&self.columns),
            RowsFormat::JsonLines => Vec::new(),
        }
    }

    /// A whole file of these lines, in the order of the grid.
    #[must_use]
    pub fn file(&self, lines: &PointLines) -> Vec<u8> {
        let mut out = self.header();
        for of_point in lines.values() {
            out.extend(of_point);
        }
        out
    }

    /// What is whole in a file, whatever happened to it.
    #[must_use]
    pub fn read(&self, bytes: &[u8]) -> PointLines {
        let mut of_point: BTreeMap<usize, Vec<(SummaryRow, &[u8])>> = BTreeMap::new();
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let Some((point, row)) = self.read_line(line) else { continue };
            let lines = of_point.entry(point).or_default();
            // Two processes may both have run it, to the same bytes.
            if !lines.iter().any(|(_, known)| *known == line) {
                lines.push((row, line));
            }
        }
        of_point.retain(|point, lines| {
            let found = lines.iter().map(|(row, _)| (row.configuration.as_str(), row.assumption));
            found.eq(self.expected(*point))
        });
        let whole = of_point.into_iter().map(|(point, lines)| {
            (point, lines.into_iter().flat_map(|(_, line)| line.to_vec()).collect())
        });
        whole.collect()
    }

    /// Configuration and level of each line of a point.
    fn expected(&self, point: usize) -> impl Iterator<Item = (&str, Level)> {
        let configurations = &self.survey.points[point].configurations;
        configurations.iter().flat_map(|name| Level::ALL.map(|level| (name.as_str(), level)))
    }

    /// The rows of a point's lines.
    #[must_use]
    pub fn rows(&self, lines: &[u8]) -> Vec<SummaryRow> {
        let lines = lines.split_inclusive(|&byte| byte == b'\n');
        lines.filter_map(|line| self.read_line(line)).map(|(_, row)| row).collect()
    }

    /// The point and the row of a line; `None` if it is torn, or none of this sweep.
    fn read_line(&self, line: &[u8]) -> Option<(usize, SummaryRow)> {
        let line = line.strip_suffix(b"\n")?;
        let (point, row) = match self.format {
            RowsFormat::Csv => {
                let fields = records(line).pop().filter(|it| it.len() == self.columns.len())?;
                let point = fields[LEADING].parse().ok()?;
                let mut cells = self.cells(point).into_iter().zip(&fields[LEADING + 1..]);
                let header = ::csv::StringRecord::from(self.columns.clone());
                let row = ::csv::StringRecord::from(fields.clone()).deserialize(Some(&header));
                cells.all(|(cell, field)| cell.text == *field).then_some((point, row.ok()?))?
            }
            RowsFormat::JsonLines => {
                let object: Value = serde_json::from_slice(line).ok()?;
                let point = usize::try_from(object.get(POINT)?.as_u64()?).ok()?;
                let mut cells = self.cells(point).into_iter();
                let is_here = cells.all(|cell| object.get(&cell.column) == Some(&cell.value));
                is_here.then_some((point, serde_json::from_value(object).ok()?))?
            }
        };
        (point < self.grid.points()).then_some((point, row))
    }
}

/// The fields of every record of CSV that can be read, up to the first that cannot.
fn records(bytes: &[u8]) -> Vec<Vec<String>> {
    let reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let records = reader.into_records().map_while(std::result::Result::ok);
    records.map(|record| csv::unguarded(&record).iter().map(str::to_owned).collect()).collect()
}

/// # Panics
/// Never: memory takes what is written to it.
fn line(fields: &[String]) -> Vec<u8> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let cells = fields.iter().map(|field| harmless_text::cell(field).into_owned());
    writer.write_record(cells).expect("memory takes it");
    writer.into_inner().expect("memory takes it")
}
