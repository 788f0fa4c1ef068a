//! Bars by name: which requesters, operations and prefixes cause the KMS requests.

use super::axis::{Axis, Unit};
use super::configurations::{Configurations, OfConfiguration, Options};
use super::figure::write;
use super::{Bar, BarPart, BarRow, Bars, Chart, Plot};
use crate::error::Result;
use crate::report::numbers::count;
use crate::results::rows::{OperationRow, PrefixRow, RequesterRow};

/// Names that have a bar of their own: those with most KMS requests.
const RANKED: usize = 15;

/// The parts of bars: the KMS APIs.
const APIS: [&str; 3] = ["GenerateDataKey", "Decrypt", "Encrypt"];

/// What a row tells of a name.
struct NameCalls {
    name: String,
    /// How many of them stand in the row, if it is not of one name.
    others: Option<f64>,
    /// KMS requests by API.
    calls: [f64; 3],
    saving: Option<f64>,
}

/// Who causes the KMS requests.
///
/// # Errors
/// If there are no rows, or an option names what they do not have.
pub fn requesters(rows: &[RequesterRow], options: &Options) -> Result<Chart> {
    let arns: Vec<&str> = rows.iter().filter_map(|row| row.requester.as_deref()).collect();
    let known = common_account(&arns);
    ranking("requester", "requesters.csv", rows, options, |row| {
        let policy = row.session_policy.map(|policy| format!(", policy {policy}"));
        let name = row.requester.as_deref().map_or("", |arn| &arn[known..]);
        NameCalls {
            name: format!("{name}{}", policy.unwrap_or_default()),
            others: row.requester.is_none().then_some(row.requesters as f64),
            calls: [row.generate_data_key, row.decrypt, row.encrypt],
            saving: None,
        }
    })
}

/// Which S3 operations cause the KMS requests.
///
/// # Errors
/// As [`requesters`].
pub fn operations(rows: &[OperationRow], options: &Options) -> Result<Chart> {
    ranking("S3 operation", "operations.csv", rows, options, |row| NameCalls {
        name: row.operation.clone(),
        others: None,
        calls: [row.generate_data_key, row.decrypt, row.encrypt],
        saving: None,
    })
}

/// What each prefix of a log causes and saves.
///
/// # Errors
/// As [`requesters`].
pub fn prefixes(rows: &[PrefixRow], options: &Options) -> Result<Chart> {
    ranking("prefix", "prefixes.csv", rows, options, |row| NameCalls {
        name: format!("{}/{}", row.bucket, row.prefix),
        others: None,
        calls: [row.generate_data_key, row.decrypt, row.encrypt],
        saving: row.saving_ratio,
    })
}

/// A bar for each of the foremost names, and one for all others. A ranking is read one at a time: of what
/// the person named, else of the configuration that tells most.
fn ranking<T: OfConfiguration>(
    what: &str,
    file: &str,
    rows: &[T],
    options: &Options,
    of: impl Fn(&T) -> NameCalls,
) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let mut by_configuration = Vec::new();
    for index in configurations.chosen() {
        let own: Vec<NameCalls> = configurations.rows_of(index, rows).map(&of).collect();
        by_configuration.push((index, own));
    }
    if !configurations.are_named() {
        by_configuration = vec![telling(by_configuration)];
    }
    let parts = (0..).zip(APIS).map(|(part, api)| (api.to_owned(), part)).collect();
    let mut bars = Bars { parts, ..Bars::default() };
    let names: Vec<String> =
        by_configuration.iter().map(|(index, _)| configurations.name(*index)).collect();
    for (name, (_, own)) in names.iter().zip(by_configuration) {
        if names.len() > 1 {
            bars.rows.push(BarRow { name: name.clone(), bars: Vec::new() });
        }
        bars.rows.extend(foremost(own).into_iter().map(bar));
    }
    bars.axis = Axis::linear("KMS requests", Unit::Number, bars.figures(), true);
    let title = configurations.title(&format!("KMS requests by {what}"));
    let subtitle = format!("Configuration {}.", names.join(", "));
    let name = file.trim_end_matches(".csv");
    Ok(Chart::new(name, file, title, subtitle, Plot::Bars(bars)).assumed())
}

/// The configuration with the least KMS requests that has any: of it one wants to know who still causes
/// them.
fn telling(all: Vec<(usize, Vec<NameCalls>)>) -> (usize, Vec<NameCalls>) {
    let least = all.into_iter().min_by(|(_, a), (_, b)| rank(a).total_cmp(&rank(b)));
    least.expect("a file with rows has a configuration")
}

fn rank(names: &[NameCalls]) -> f64 {
    let all: f64 = names.iter().flat_map(|name| name.calls).sum();
    if all > 0.0 { all } else { f64::INFINITY }
}

/// The names with most KMS requests in their order, then all others as one. Names that need none are left
/// out, unless all are such.
fn foremost(mut all: Vec<NameCalls>) -> Vec<NameCalls> {
    if all.iter().any(|name| total(name) > 0.0) {
        all.retain(|name| total(name) > 0.0);
    }
    all.sort_by(|a, b| total(b).total_cmp(&total(a)));
    let (mut named, mut rest): (Vec<NameCalls>, Vec<NameCalls>) =
        all.into_iter().partition(|name| name.others.is_none());
    // Two in one row would take as much room as one each.
    if named.len() + usize::from(!rest.is_empty()) > RANKED + 1 {
        rest.extend(named.drain(RANKED..));
    }
    if !rest.is_empty() {
        let others: f64 = rest.iter().map(|name| name.others.unwrap_or(1.0)).sum();
        let calls = [0, 1, 2].map(|api| rest.iter().map(|name| name.calls[api]).sum());
        let name = format!("{} others", count(others));
        named.push(NameCalls { name, others: Some(others), calls, saving: None });
    }
    named
}

fn total(name: &NameCalls) -> f64 {
    name.calls.iter().sum()
}

fn bar(of: NameCalls) -> BarRow {
    let NameCalls { name, calls, saving, .. } = of;
    let mut bar = Bar::default();
    let mut from = 0.0;
    for (part, calls) in calls.into_iter().enumerate().filter(|(_, calls)| *calls > 0.0) {
        let label = format!("{name}, {}: {}", APIS[part], count(calls));
        bar.parts.push(BarPart { part, from, to: from + calls, label });
        from += calls;
    }
    let saved = saving.map(|saving| format!(", {} saved", write(Unit::Share, saving)));
    bar.value = format!("{}{}", count(from), saved.unwrap_or_default());
    bar.label = format!("{name}: {} KMS requests", bar.value);
    BarRow { name, bars: vec![bar] }
}

/// Bytes that all ARNs begin with, up to the account: they tell nothing apart.
fn common_account(arns: &[&str]) -> usize {
    let Some(first) = arns.first() else { return 0 };
    let length = first.match_indices(':').nth(4).map_or(0, |(at, _)| at + 1);
    let is_shared = arns.iter().all(|arn| arn.starts_with(&first[..length]) && arn.len() > length);
    if is_shared { length } else { 0 }
}
