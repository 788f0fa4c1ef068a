//! Figures: columns of numbers, what they are called and how they are written.

use super::super::axis::Unit;
use super::super::table::Table;
use super::select::Levels;
use crate::error::{Error, Result, one_of};
use crate::report::numbers::{count, dollars, percent};

/// A column of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Figure {
    pub(super) column: String,
    /// What it is, to begin a title with.
    pub(super) title: String,
    pub(super) unit: Unit,
}

/// Columns that have a better name than their own.
const NAMES: [(&str, &str); 11] = [
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

/// Columns that name or number a row instead of telling something of it.
const NO_FIGURES: [&str; 6] =
    ["scenario", "configuration", "assumption", "point", "replication", "replications"];

impl Figure {
    /// The figure of that column, `saving_ratio` if none is given.
    pub(super) fn of(table: &Table, column: Option<&str>) -> Result<Self> {
        let column = column.unwrap_or("saving_ratio");
        let is_figure = |name: &str| !NO_FIGURES.contains(&name) && !name.starts_with("set.");
        if !table.has(column) || !is_figure(column) {
            let figures = table.header().iter().map(String::as_str).filter(|name| is_figure(name));
            return Err(Error::request(format!("`{column}` is no figure of this file"))
                .hint(one_of(column, figures))
                .at(table.place()));
        }
        Ok(Self::named(column))
    }

    /// The figure of that name.
    pub(super) fn named(name: &str) -> Self {
        let known = NAMES.iter().find(|(known, _)| *known == name);
        let title = known.map_or_else(|| spoken(name), |(_, title)| (*title).to_owned());
        Self { column: name.to_owned(), title, unit: unit_of(name) }
    }

    /// Whether it is the share of KMS requests saved.
    pub(super) fn is_saving(&self) -> bool {
        self.column == "saving_ratio"
    }

    /// A value as people read it.
    pub(super) fn write(&self, value: f64) -> String {
        write(self.unit, value)
    }

    /// A value with its range: `91.4 % [61.9 % … 99.81 %]`.
    pub(super) fn with_range(&self, levels: &Levels) -> String {
        let Some(assumed) = levels.assumed else { return "unknown".to_owned() };
        match levels.range() {
            Some((low, high)) => {
                format!("{} [{} … {}]", self.write(assumed), self.write(low), self.write(high))
            }
            None => self.write(assumed),
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
