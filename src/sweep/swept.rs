//! What a sweep left, read back from `sweep.csv` and the `sweep.json` beside it: the same scenario at
//! points that differ in the values of some keys.

use std::collections::HashMap;

use super::checked_points::SweepIdentity;
use crate::error::{Error, Result};
use crate::results::rows::SummaryRow;
use crate::results::{Results, csv};

/// The file that holds the rows.
pub const SWEEP: &str = "sweep.csv";

/// A sweep's points.
#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    /// What varies, in the order of the columns.
    pub keys: Vec<SweptKey>,
    /// The points in their order.
    pub points: Vec<PointRows>,
    /// The file's text.
    pub text: String,
    /// What is known of the sweep besides its rows.
    identity: Option<SweepIdentity>,
}

/// A key that varies.
#[derive(Clone, Debug, PartialEq)]
pub struct SweptKey {
    /// The scenario's key.
    pub name: String,
    /// Its values, as they were given, in the order of the points.
    pub values: Vec<String>,
    /// The same as numbers, where they are numbers.
    pub numbers: Vec<Option<f64>>,
    /// What these count: `s`, `per_s`, `bytes`, `ratio`, or nothing in particular.
    pub unit: &'static str,
}

/// One point.
#[derive(Clone, Debug, PartialEq)]
pub struct PointRows {
    /// Its number in the file.
    pub number: u64,
    /// Which of its key's values it has, for each key.
    pub at: Vec<usize>,
    /// Its rows of all configurations and levels.
    pub rows: Vec<SummaryRow>,
}

/// What columns of values begin with.
const PREFIX: &str = "set.";
/// Ends of columns that repeat a key's values as numbers.
const UNITS: [&str; 4] = ["_s", "_per_s", "_bytes", "_ratio"];

impl Swept {
    /// Reads the text of `sweep.csv`, which comes from `place`, and that of `sweep.json`, if there is
    /// one.
    ///
    /// # Errors
    /// Text that is not what `bks sweep` writes, with its place.
    pub fn read(place: &str, text: &str, identity: Option<&str>) -> Result<Self> {
        const HINT: &str = "`bks sweep` writes such files, and resumes one that was interrupted";
        let identity = identity.map(read_identity).transpose()?;
        let (header, records) = csv::parse(place, text)?;
        let rows = csv::read::<SummaryRow>(text).map_err(|error| error.at(place).hint(HINT))?;
        let (names, columns) = keys(&header, identity.as_ref());
        let point = header.iter().position(|name| name == "point");
        let (Some(point), false, false) = (point, names.is_empty(), rows.is_empty()) else {
            let wrong = "the file is not a sweep: there must be a column `point`, columns `set.KEY`, and rows";
            return Err(Error::request(wrong).at(place).hint(HINT));
        };
        let mut keys: Vec<SweptKey> = names
            .into_iter()
            .zip(&columns)
            .map(|(name, &at)| SweptKey::new(name, &header, at))
            .collect();
        let mut points: Vec<PointRows> = Vec::new();
        for (record, row) in records.iter().zip(rows) {
            let number = record.cells[point].parse::<u64>().map_err(|_| {
                let cell = &record.cells[point];
                Error::request(format!("`point` is `{cell}`, but must be a whole number"))
                    .at(format!("{place}:{}", record.line))
            })?;
            let at: Vec<usize> = (keys.iter_mut().zip(&columns))
                .map(|(key, &column)| key.index(&record.cells[column..]))
                .collect();
            match points.iter_mut().rev().find(|known| known.number == number) {
                Some(known) => known.rows.push(row),
                None => points.push(PointRows { number, at, rows: vec![row] }),
            }
        }
        points.sort_by_key(|point| point.number);
        Ok(Self { keys, points, text: text.to_owned(), identity })
    }

    /// Refuses a sweep of another scenario than that of a run.
    ///
    /// # Errors
    /// Names both.
    pub fn check_of(&self, results: &Results) -> Result<()> {
        let name = &results.facts.scenario;
        let rows = self.points.iter().flat_map(|point| &point.rows);
        match rows.map(|row| &row.scenario).find(|scenario| *scenario != name) {
            None => Ok(()),
            Some(other) => Err(Error::request(format!(
                "the sweep is of the scenario `{other}`, but the results are of `{name}`"
            ))
            .hint("sweep the scenario of the results, or name its sweep by `--sweep FILE.csv`")),
        }
    }

    /// In what the sweep's scenario differs from that of a run, apart from the swept values; `None`
    /// if that is not known.
    #[must_use]
    pub fn differences(&self, results: &Results) -> Option<Vec<String>> {
        let swept = self.identity.as_ref()?;
        let facts = &results.facts;
        let pairs = [
            ("model version", swept.model_version.to_string(), facts.model_version.to_string()),
            ("price date", swept.price_date.clone(), facts.price_date.clone()),
            ("seed", swept.seed.to_string(), facts.seed.to_string()),
            ("hash of the scenario", swept.scenario_hash.clone(), results.hash_without_demands()?),
        ];
        let differ = pairs.into_iter().filter(|(_, swept, run)| swept != run);
        Some(differ.map(|(what, swept, run)| format!("{what} `{swept}`, not `{run}`")).collect())
    }
}

impl SweptKey {
    /// A key whose values stand in a column of `header`, and as numbers in the next, if that is named so.
    fn new(name: String, header: &[String], column: usize) -> Self {
        let next = header.get(column + 1).and_then(|next| next.strip_prefix(&header[column]));
        let unit = UNITS.into_iter().find(|unit| Some(*unit) == next).unwrap_or_default();
        let unit = unit.trim_start_matches('_');
        Self { name, values: Vec::new(), numbers: Vec::new(), unit }
    }

    /// The number of a row's value, which is taken in if it is new; `cells` begin with it.
    fn index(&mut self, cells: &[String]) -> usize {
        let value = &cells[0];
        self.values.iter().position(|known| known == value).unwrap_or_else(|| {
            let number = if self.unit.is_empty() { value } else { &cells[1] };
            self.numbers.push(number.parse().ok().filter(|number: &f64| number.is_finite()));
            self.values.push(value.clone());
            self.values.len() - 1
        })
    }
}

fn read_identity(text: &str) -> Result<SweepIdentity> {
    serde_json::from_str(text).map_err(|error| {
        Error::request(format!("the text is not what bks writes: {error}")).at(format!(
            "sweep.json:{}:{}",
            error.line(),
            error.column()
        ))
    })
}

/// Names of the swept keys, and the columns with their values.
fn keys(header: &[String], identity: Option<&SweepIdentity>) -> (Vec<String>, Vec<usize>) {
    let columns = header.iter().enumerate();
    let columns = columns.filter_map(|(at, name)| Some((name.strip_prefix(PREFIX)?, at)));
    if let Some(identity) = identity {
        let columns: HashMap<&str, usize> = columns.rev().collect();
        let named = identity.axes.iter();
        return named
            .filter_map(|axis| Some((axis.key.clone(), *columns.get(axis.key.as_str())?)))
            .unzip();
    }
    columns
        .filter(|(_, at)| !repeats_before(header, *at))
        .map(|(key, at)| (key.to_owned(), at))
        .unzip()
}

/// Whether a column has the values of the one before it, as numbers.
fn repeats_before(header: &[String], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| header[before].as_str());
    let end = before.and_then(|before| header[at].strip_prefix(before));
    end.is_some_and(|end| UNITS.contains(&end))
}
