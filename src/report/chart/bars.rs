//! Bars by name: who and what causes the KMS requests, and who saves what.

use std::collections::HashMap;

use super::axis::{Axis, Unit};
use super::configurations::{Configurations, OfConfiguration, Options};
use super::figure::write;
use super::{Bar, BarPart, BarRow, Bars, Chart, Plot};
use crate::error::Result;
use crate::report::numbers::count;
use crate::results::rows::{BucketRow, OperationRow, PrefixRow, PrincipalRow, RequesterRow};

/// Names that have bars; those with most KMS requests, if there are more.
const RANKED: usize = 15;

/// What a row tells of a name.
struct NameSaving {
    configuration: usize,
    name: String,
    saving: Option<f64>,
    kms_requests: f64,
}

/// What each principal saves.
///
/// # Errors
/// If there are no rows, or an option names what they do not have.
pub fn principals(rows: &[PrincipalRow], options: &Options) -> Result<Chart> {
    savings(rows, options, ["principal", "principals"], |row| {
        (row.principal.clone(), row.saving_ratio, row.kms_requests)
    })
}

/// What each bucket of a log saves.
///
/// # Errors
/// As [`principals`].
pub fn buckets(rows: &[BucketRow], options: &Options) -> Result<Chart> {
    savings(rows, options, ["bucket", "buckets"], |row| {
        (row.bucket.clone(), row.saving_ratio, row.kms_requests)
    })
}

/// What each prefix of a log saves.
///
/// # Errors
/// As [`principals`].
pub fn prefixes(rows: &[PrefixRow], options: &Options) -> Result<Chart> {
    savings(rows, options, ["prefix", "prefixes"], |row| {
        (format!("{}/{}", row.bucket, row.prefix), row.saving_ratio, row.kms_requests)
    })
}

/// The saving of each name, a bar for each configuration.
fn savings<T: OfConfiguration>(
    rows: &[T],
    options: &Options,
    [one, several]: [&str; 2],
    of: fn(&T) -> (String, Option<f64>, f64),
) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let told = configurations.rows(rows).map(|(configuration, row)| {
        let (name, saving, kms_requests) = of(row);
        NameSaving { configuration, name, saving, kms_requests }
    });
    let told: Vec<NameSaving> = told.collect();
    let (names, left_out) = foremost(&told);
    let shown = shown(&told, &configurations);
    let parts = shown.iter().map(|index| (configurations.name(*index), *index)).collect();
    let mut bars = Bars { parts, ..Bars::default() };
    for name in names {
        let bars_of_it = shown.iter().enumerate().filter_map(|(part, index)| {
            let it = told.iter().find(|it| it.configuration == *index && it.name == name)?;
            let value = it
                .saving
                .map_or_else(|| "no KMS requests".to_owned(), |saving| write(Unit::Share, saving));
            let configuration = configurations.name(*index);
            let left = count(it.kms_requests);
            let label = format!("{name}, {configuration}: {value}, {left} KMS requests left");
            Some(Bar::to(it.saving, part, value, label))
        });
        let bars_of_it = bars_of_it.collect();
        bars.rows.push(BarRow { name: name.to_owned(), bars: bars_of_it });
    }
    bars.axis = Axis::saving(bars.figures(), true);
    // One configuration has no legend, so the subtitle names it.
    let mut subtitle = match shown[..] {
        [only] => format!("Configuration {}.", configurations.name(only)),
        _ => format!("Share of each {one}'s KMS requests, against the reference."),
    };
    if left_out > 0 {
        subtitle.push_str(&format!(
            " The {RANKED} {several} with most of them; {left_out} more in the file."
        ));
    }
    let title = configurations.title(&format!("KMS requests saved by {one}"));
    let file = format!("{several}.csv");
    Ok(Chart::new(several, &file, title, subtitle, Plot::Bars(bars)).assumed())
}

/// A configuration that saves nothing, or all, for everybody tells nothing of who saves what, so it is drawn
/// only if it was asked for, or if none tells more.
fn shown(told: &[NameSaving], configurations: &Configurations) -> Vec<usize> {
    let all = configurations.chosen();
    let telling: Vec<usize> = (all.iter().copied())
        .filter(|index| {
            let mut own = told.iter().filter(|it| it.configuration == *index);
            own.any(|it| it.saving.is_some_and(|saving| saving != 0.0 && saving != 1.0))
        })
        .collect();
    if configurations.are_named() || telling.is_empty() { all } else { telling }
}

/// The names that are shown, in the order of the file, and how many more there are.
fn foremost(told: &[NameSaving]) -> (Vec<&str>, usize) {
    let mut most: Vec<(&str, f64)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for it in told {
        let place = *places.entry(&it.name).or_insert(most.len());
        match most.get_mut(place) {
            Some((_, greatest)) => *greatest = greatest.max(it.kms_requests),
            None => most.push((&it.name, it.kms_requests)),
        }
    }
    let left_out = most.len().saturating_sub(RANKED);
    if left_out > 0 {
        most.sort_by(|a, b| b.1.total_cmp(&a.1));
        most.truncate(RANKED);
    }
    (most.into_iter().map(|(name, _)| name).collect(), left_out)
}

/// The KMS APIs in the order of [`ApiCalls`].
const APIS: [&str; 3] = ["GenerateDataKey", "Decrypt", "Encrypt"];

/// KMS requests by API.
type ApiCalls = [f64; 3];

/// Which S3 operations cause the KMS requests.
///
/// # Errors
/// If there are no rows, or an option names what they do not have.
pub fn operations(rows: &[OperationRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let drawn = configurations.rows(rows);
    // What needs no KMS request is named only where the person asked for the configuration.
    let drawn = drawn.filter(|(_, row)| row.kms_requests > 0.0 || configurations.are_named());
    let drawn = drawn.map(|(index, row)| {
        let name = configurations.with_name(index, &row.operation);
        by_api(name, [row.generate_data_key, row.decrypt, row.encrypt])
    });
    let title = configurations.title("KMS requests by S3 operation");
    let subtitle = "Operations that need no KMS request are left out.".to_owned();
    Ok(calls("operations", drawn.collect(), title, subtitle))
}

/// Who causes the KMS requests.
///
/// # Errors
/// As [`operations`].
pub fn requesters(rows: &[RequesterRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let ranked = ranked(rows, &configurations);
    let mut drawn = Vec::new();
    for index in &ranked {
        let own: Vec<&RequesterRow> = configurations.rows_of(*index, rows).collect();
        drawn.extend(ranking(own).into_iter().map(|(name, calls)| {
            let several = ranked.len() > 1;
            let prefix = if several { configurations.name(*index) } else { String::new() };
            by_api(format!("{prefix} {name}").trim().to_owned(), calls)
        }));
    }
    let names: Vec<String> = ranked.iter().map(|index| configurations.name(*index)).collect();
    let title = configurations.title("KMS requests by requester");
    Ok(calls("requesters", drawn, title, format!("Configuration {}.", names.join(", "))))
}

fn calls(name: &str, rows: Vec<BarRow>, title: String, subtitle: String) -> Chart {
    let parts = (0..).zip(APIS).map(|(part, api)| (api.to_owned(), part)).collect();
    let mut bars = Bars { parts, rows, ..Bars::default() };
    bars.axis = Axis::linear("KMS requests", Unit::Number, bars.figures(), true);
    Chart::new(name, &format!("{name}.csv"), title, subtitle, Plot::Bars(bars)).assumed()
}

/// The bar of a name, with a part for each API that was called.
fn by_api(name: String, calls: ApiCalls) -> BarRow {
    let mut bar = Bar::default();
    let mut from = 0.0;
    for (part, calls) in calls.into_iter().enumerate().filter(|(_, calls)| *calls > 0.0) {
        let label = format!("{name}, {}: {}", APIS[part], count(calls));
        bar.parts.push(BarPart { part, from, to: from + calls, label });
        from += calls;
    }
    bar.value = count(from);
    bar.label = format!("{name}: {} KMS requests", bar.value);
    BarRow { name, bars: vec![bar] }
}

/// What the person named, else the first configuration with bucket keys, else the first with any KMS
/// request: a ranking is read one at a time.
fn ranked(rows: &[RequesterRow], configurations: &Configurations) -> Vec<usize> {
    if configurations.are_named() {
        return configurations.chosen();
    }
    let first = rows
        .iter()
        .find(|row| row.bucket_keys_generated > 0.0)
        .or_else(|| rows.iter().find(|row| row.kms_requests > 0.0));
    vec![first.and_then(|row| configurations.index(row)).unwrap_or(0)]
}

/// A name for each of the foremost, and one for all others.
fn ranking(mut rows: Vec<&RequesterRow>) -> Vec<(String, ApiCalls)> {
    rows.sort_by(|a, b| b.kms_requests.total_cmp(&a.kms_requests));
    let (mut named, mut rest): (Vec<&RequesterRow>, Vec<&RequesterRow>) =
        rows.into_iter().partition(|row| row.requester.is_some());
    // Two in one row would take as much room as one each.
    if named.len() + usize::from(!rest.is_empty()) > RANKED + 1 {
        rest.extend(named.drain(RANKED..));
    }
    let prefix = common_account(&named);
    let mut ranking: Vec<(String, ApiCalls)> = named
        .iter()
        .map(|row| {
            let name = row.requester.as_deref().unwrap_or_default()[prefix..].to_owned();
            let policy = row.session_policy.map(|policy| format!(", policy {policy}"));
            (name + &policy.unwrap_or_default(), api_calls(row))
        })
        .collect();
    if !rest.is_empty() {
        let requesters: usize = rest.iter().map(|row| row.requesters).sum();
        let all = rest.iter().map(|row| api_calls(row));
        let all = all.fold([0.0; 3], |sum, calls| [0, 1, 2].map(|api| sum[api] + calls[api]));
        ranking.push((format!("{} others", count(requesters as f64)), all));
    }
    ranking
}

fn api_calls(row: &RequesterRow) -> ApiCalls {
    [row.generate_data_key, row.decrypt, row.encrypt]
}

/// Bytes that all ARNs begin with, up to the account: they tell nothing apart.
fn common_account(rows: &[&RequesterRow]) -> usize {
    let arns = || rows.iter().filter_map(|row| row.requester.as_deref());
    let Some(first) = arns().next() else { return 0 };
    let length = first.match_indices(':').nth(4).map_or(0, |(at, _)| at + 1);
    let is_shared = arns().all(|arn| arn.starts_with(&first[..length]) && arn.len() > length);
    if is_shared { length } else { 0 }
}
