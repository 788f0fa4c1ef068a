//! A point's results as lines of a file, in CSV or JSON, and back.
//!
//! Lines of a point are appended together when it is done, so a file that was broken off holds whole
//! points, perhaps a torn end, and no point twice in two versions: a point's lines are a function of
//! the sweep. What is not whole is dropped and run again.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::grid::Grid;
use super::survey::Survey;
use crate::encryption::assumptions::Level;
use crate::report::csv;
use crate::report::rows::SummaryRow;

/// Form of a file of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A header, then a line for each row.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 2] = [Self::Csv, Self::JsonLines];

    /// Name of the file.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Csv => "sweep.csv",
            Self::JsonLines => "sweep.jsonl",
        }
    }
}

/// The file of a sweep.
#[derive(Clone, Debug)]
pub struct Ledger<'a> {
    form: Form,
    grid: &'a Grid,
    survey: &'a Survey,
    columns: Vec<String>,
}

/// The lines of every point that is whole, by point.
pub type Lines = BTreeMap<usize, Vec<u8>>;

/// Columns of `summary.csv` that stand first here, too: who and at which level.
const LEADING: usize = 3;

impl<'a> Ledger<'a> {
    /// The file of a form for a sweep.
    #[must_use]
    pub fn new(form: Form, grid: &'a Grid, survey: &'a Survey) -> Self {
        let summary = summary_columns();
        let mut columns = summary[..LEADING].to_vec();
        columns.push("point".to_owned());
        columns.extend(grid.axes().iter().flat_map(super::axis::Axis::columns));
        columns.extend_from_slice(&summary[LEADING..]);
        Self { form, grid, survey, columns }
    }

    /// Name of the file.
    #[must_use]
    pub fn file_name(&self) -> &'static str {
        self.form.file_name()
    }

    /// Names of the columns, or of the keys of each object.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The lines of a point.
    #[must_use]
    pub fn lines(&self, point: usize, rows: &[SummaryRow]) -> Vec<u8> {
        match self.form {
            Form::Csv => self.csv_lines(point, rows),
            Form::JsonLines => self.json_lines(point, rows),
        }
    }

    fn csv_lines(&self, point: usize, rows: &[SummaryRow]) -> Vec<u8> {
        let mut sets = vec![point.to_string()];
        for (axis, value) in self.grid.axes().iter().zip(self.grid.values(point)) {
            sets.push(value.text.clone());
            if axis.measure.is_some() {
                sets.push(value.number.map_or_else(String::new, |number| number.to_string()));
            }
        }
        let lines = records(&csv::write(rows)).into_iter().skip(1).flat_map(|record| {
            let (leading, rest) = record.split_at(LEADING);
            line([leading, &sets, rest].concat())
        });
        lines.collect()
    }

    /// # Panics
    /// Never: rows are flat structs.
    fn json_lines(&self, point: usize, rows: &[SummaryRow]) -> Vec<u8> {
        let mut sets = Map::new();
        sets.insert("point".to_owned(), point.into());
        for (axis, value) in self.grid.axes().iter().zip(self.grid.values(point)) {
            let of_value = [Value::from(value.text.clone()), value.number.into()];
            sets.extend(axis.columns().zip(of_value));
        }
        let mut out = Vec::new();
        for row in rows {
            let mut object = sets.clone();
            let row = serde_json::to_value(row).expect("rows are flat structs");
            object.extend(row.as_object().cloned().unwrap_or_default());
            out.extend(format!("{}\n", Value::Object(object)).bytes());
        }
        out
    }

    fn header(&self) -> Vec<u8> {
        match self.form {
            Form::Csv => line(self.columns.clone()),
            Form::JsonLines => Vec::new(),
        }
    }

    /// A whole file of these lines, in the order of the grid.
    #[must_use]
    pub fn file(&self, lines: &Lines) -> Vec<u8> {
        let mut out = self.header();
        lines.values().for_each(|of_point| out.extend(of_point));
        out
    }

    /// What is whole in a file, whatever happened to it.
    #[must_use]
    pub fn read(&self, bytes: &[u8]) -> Lines {
        let mut of_point: BTreeMap<usize, Vec<(Row, &[u8])>> = BTreeMap::new();
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let Some(row) = self.read_line(line) else { continue };
            let lines = of_point.entry(row.point).or_default();
            // Two processes may both have run it, to the same bytes.
            if !lines.iter().any(|(_, known)| *known == line) {
                lines.push((row, line));
            }
        }
        of_point.retain(|point, lines| {
            lines
                .iter()
                .map(|(row, _)| (row.configuration(), row.level()))
                .eq(self.expected(*point))
        });
        let joined = |lines: Vec<(Row, &[u8])>| -> Vec<u8> {
            lines.into_iter().flat_map(|(_, line)| line.to_vec()).collect()
        };
        of_point.into_iter().map(|(point, lines)| (point, joined(lines))).collect()
    }

    /// Configuration and level of each line of a point.
    fn expected(&self, point: usize) -> impl Iterator<Item = (&str, &str)> {
        let configurations = &self.survey.points[point].configurations;
        let levels = |name: &'a String| Level::ALL.map(|level| (name.as_str(), level.name()));
        configurations.iter().flat_map(levels)
    }

    /// The rows of a point's lines.
    #[must_use]
    pub fn rows(&self, lines: &[u8]) -> Vec<Row> {
        let lines = lines.split_inclusive(|&byte| byte == b'\n');
        lines.filter_map(|line| self.read_line(line)).collect()
    }

    /// The row of a line; `None` if it is torn, or none of this sweep.
    fn read_line(&self, line: &[u8]) -> Option<Row> {
        let line = line.strip_suffix(b"\n")?;
        let cells: Map<String, Value> = match self.form {
            Form::Csv => {
                let fields = records(line).pop()?;
                let fields = fields.into_iter().map(Value::from);
                let cells: Map<_, _> = self.columns.iter().cloned().zip(fields.clone()).collect();
                (fields.len() == self.columns.len()).then_some(cells)?
            }
            Form::JsonLines => match serde_json::from_slice(line).ok()? {
                Value::Object(cells) if cells.len() == self.columns.len() => cells,
                _ => return None,
            },
        };
        let point = number(cells.get("point")?).filter(|it| it.fract() == 0.0 && *it >= 0.0)?;
        let row = Row { point: point as usize, cells };
        let known = row.point < self.grid.points() && {
            let mut values = self.grid.axes().iter().zip(self.grid.values(row.point));
            values.all(|(axis, value)| row.text(&format!("set.{}", axis.key)) == value.text)
        };
        known.then_some(row)
    }
}

/// A row that was read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which point it is of.
    pub point: usize,
    cells: Map<String, Value>,
}

impl Row {
    /// Name of the configuration.
    #[must_use]
    pub fn configuration(&self) -> &str {
        self.text("configuration")
    }

    /// Level of assumptions.
    #[must_use]
    pub fn level(&self) -> &str {
        self.text("assumption")
    }

    /// The number in a column; `None` if there is none.
    #[must_use]
    pub fn number(&self, column: &str) -> Option<f64> {
        number(self.cells.get(column)?)
    }

    fn text(&self, column: &str) -> &str {
        self.cells.get(column).and_then(Value::as_str).unwrap_or_default()
    }
}

fn number(cell: &Value) -> Option<f64> {
    match cell {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn summary_columns() -> Vec<String> {
    records(&csv::write::<SummaryRow>(&[])).remove(0)
}

fn records(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let records = reader.records().map_while(std::result::Result::ok);
    records.map(|record| record.iter().map(str::to_owned).collect()).collect()
}

/// # Panics
/// Never: memory takes what is written to it.
fn line(fields: Vec<String>) -> Vec<u8> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(&fields).expect("memory takes it");
    writer.into_inner().expect("memory takes it")
}
