//! Figures: columns of numbers, what they are called and how they are written.

use serde::Serialize;
use serde_json::Value;

use super::axis::Unit;
use super::configurations::{Levels, Options};
use crate::error::{Error, Result, one_of};
use crate::figure;
use crate::report::numbers::{count, dollars, ends, percent};

/// A figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlottedFigure {
    /// Its column, or its name in a comparison.
    pub(super) name: String,
    /// What it is, to begin a title with.
    pub(super) title: String,
    pub(super) unit: Unit,
}

/// Figures that have a better name than that of their column.
const TITLES: [(&str, &str); 11] = [
    ("saving", "KMS requests saved"),
    ("saving_ratio", "KMS requests saved"),
    ("kms_requests", "KMS requests"),
    ("requests", "S3 requests"),
    ("kms_requests_per_s_max", "KMS requests in the busiest second"),
    ("kms_cost_usd", "Cost of KMS requests in the billing period"),
    ("total_cost_usd", "Requests and keys bill in the billing period"),
    ("audit_saving", "Saved with the audit by object"),
    ("audit_saving_ratio", "Saved with the audit by object"),
    ("quota_share_max", "Busiest second as a share of the KMS quota"),
    ("bucket_keys_alive_max", "Most bucket-level keys alive"),
];

/// Columns of numbers that name a row, and columns of text that may be empty.
const NO_FIGURES: [&str; 3] = ["replication", "replications", "payback"];

impl PlottedFigure {
    /// The figure of rows that the options ask for, `saving_ratio` if they ask for none.
    pub(super) fn of<T: Serialize + Default>(options: &Options) -> Result<Self> {
        let name = options.figure.as_deref().unwrap_or("saving_ratio");
        let row = serde_json::to_value(T::default()).expect("rows are flat structs");
        let columns = row.as_object().into_iter().flatten();
        let figures: Vec<&str> = columns
            .filter(|(name, value)| {
                (value.is_number() || value.is_null()) && !NO_FIGURES.contains(&name.as_str())
            })
            .map(|(name, _)| name.as_str())
            .collect();
        // A figure's own name is as good as that of its column.
        let column = figure::Figure::called(name).map(figure::Figure::column);
        let column = column.filter(|column| figures.contains(column));
        Self::among(column.unwrap_or(name), &figures)
    }

    /// The figure of that name, if it is one of the file's.
    pub(super) fn among(name: &str, figures: &[&str]) -> Result<Self> {
        if !figures.contains(&name) {
            return Err(Error::request(format!("`{name}` is not a figure of this file"))
                .hint(one_of(name, figures.iter().copied())));
        }
        let known = TITLES.iter().find(|(known, _)| *known == name);
        let known = known.map(|(_, title)| *title);
        let known = known.or_else(|| figure::Figure::called(name).map(figure::Figure::title));
        let title = known.map_or_else(|| spoken(name), str::to_owned);
        Ok(Self { name: name.to_owned(), title, unit: unit_of(name) })
    }

    /// Whether it is the share of KMS requests saved.
    pub(super) fn is_saving(&self) -> bool {
        self.name == "saving_ratio"
    }

    /// Its value in a row.
    pub(super) fn value(&self, row: &impl Serialize) -> Option<f64> {
        serde_json::to_value(row).ok()?.get(&self.name).and_then(Value::as_f64)
    }

    /// A value with its range: `91.4 % [61.9 % … 99.81 %]`.
    pub(super) fn with_range(&self, levels: &Levels) -> String {
        match levels.assumed {
            Some(assumed) => with_range(self.unit, assumed, levels.range()),
            None => "unknown".to_owned(),
        }
    }
}

/// A number of a unit as people read it.
pub(super) fn write(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Share => percent(value),
        Unit::Dollars => dollars(value),
        _ if value < 0.0 => format!("-{}", count(-value)),
        _ => count(value),
    }
}

/// A number with its range, if it has one.
pub(super) fn with_range(unit: Unit, value: f64, range: Option<(f64, f64)>) -> String {
    let value = write(unit, value);
    match range {
        Some(range) => format!("{value} [{}]", ends(range, |end| write(unit, end))),
        None => value,
    }
}

fn unit_of(column: &str) -> Unit {
    if column.ends_with("_usd") {
        Unit::Dollars
    } else if column.contains("_share") || column.ends_with("_ratio") || column.contains("saving") {
        Unit::Share
    } else {
        Unit::Number
    }
}

/// A column's name in words: `bucket_keys_generated` as `Bucket keys generated`.
fn spoken(column: &str) -> String {
    let words = column.trim_end_matches("_usd").trim_end_matches("_ratio").replace('_', " ");
    let words =
        words.replace("kms", "KMS").replace("cloudtrail", "CloudTrail").replace(" arn", " ARN");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}
