//! `requesters.csv`: who causes the KMS requests.

use super::super::axis::{Axis, Unit};
use super::super::table::{self, Table};
use super::super::{Bar, Chart, Part, Plot, Row, Rows};
use super::Options;
use super::operations::{APIS, by_api, legend};
use super::select::{ASSUMED, Configurations, source};
use crate::error::Result;
use crate::report::numbers::count;

/// Requesters that have a bar of their own.
const RANKED: usize = 15;

pub(super) fn chart(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let chosen = chosen(table, &configurations)?;
    let mut rows = Vec::new();
    for index in &chosen {
        let mut of_it = Vec::new();
        for row in table.rows() {
            if configurations.index(&row)? == Some(*index) {
                of_it.push((row.number("kms_requests")?, row));
            }
        }
        let configuration =
            if chosen.len() > 1 { configurations.name(*index) } else { String::new() };
        rows.extend(ranking(&configuration, of_it)?);
    }
    let most = rows.iter().flat_map(|row| &row.bars).flat_map(|bar| &bar.parts);
    let most = most.map(|part| part.to).fold(0.0, f64::max);
    let names: Vec<String> = chosen.iter().map(|index| configurations.name(*index)).collect();
    Ok(Chart {
        name: String::new(),
        title: format!("KMS requests by requester: {}", configurations.scenario()),
        subtitle: format!("Configuration {}.", names.join(", ")),
        plot: Plot::Rows(Rows {
            axis: Axis::linear("KMS requests", Unit::Number, [most], true),
            parts: legend(&rows),
            rows,
            whisker: None,
            strokes: None,
            dots: None,
            reference: None,
        }),
        source: source(table, ASSUMED),
    })
}

/// What the person named, else the first configuration with bucket keys, else the first with any KMS
/// request: a ranking is read one at a time.
fn chosen(table: &Table, configurations: &Configurations) -> Result<Vec<usize>> {
    if configurations.are_named() {
        return Ok(configurations.chosen().collect());
    }
    for column in ["bucket_keys_generated", "kms_requests"] {
        for row in table.rows() {
            if row.number(column)? > 0.0 {
                return Ok(configurations.index(&row)?.into_iter().collect());
            }
        }
    }
    Ok(configurations.chosen().take(1).collect())
}

/// A row for each of the foremost, and one for all others.
fn ranking(configuration: &str, mut requesters: Vec<(f64, table::Row)>) -> Result<Vec<Row>> {
    requesters.sort_by(|a, b| b.0.total_cmp(&a.0));
    let others = |row: &table::Row| row.text("requester").is_ok_and(str::is_empty);
    let (mut rest, mut named): (Vec<_>, Vec<_>) =
        requesters.into_iter().partition(|(_, row)| others(row));
    // Two in one row would take as much room as one each.
    if named.len() + usize::from(!rest.is_empty()) > RANKED + 1 {
        rest.extend(named.drain(RANKED..));
    }
    let prefix = named.iter().map(|(_, row)| row.text("requester")).collect::<Result<Vec<_>>>()?;
    let prefix = common_account(&prefix);
    let mut rows = Vec::new();
    for (_, row) in &named {
        let mut name = row.text("requester")?[prefix..].to_owned();
        if table_has_policy(row) {
            name = format!("{name}, policy {}", row.text("session_policy")?);
        }
        let name = format!("{configuration} {name}").trim().to_owned();
        rows.push(Row { bars: vec![by_api(row, &name)?], name });
    }
    if !rest.is_empty() {
        rows.push(all_others(configuration, &rest)?);
    }
    Ok(rows)
}

fn table_has_policy(row: &table::Row) -> bool {
    row.text("session_policy").is_ok_and(|policy| !policy.is_empty())
}

/// Bytes that all ARNs begin with, up to the account: they tell nothing apart.
fn common_account(arns: &[&str]) -> usize {
    let account = |arn: &str| arn.match_indices(':').nth(4).map_or(0, |(at, _)| at + 1);
    let Some(first) = arns.first() else { return 0 };
    let length = account(first);
    if arns.iter().all(|arn| arn.starts_with(&first[..length]) && arn.len() > length) {
        length
    } else {
        0
    }
}

fn all_others(configuration: &str, rest: &[(f64, table::Row)]) -> Result<Row> {
    let (mut requesters, mut at) = (0.0, 0.0);
    for (_, row) in rest {
        requesters += row.number("requesters")?;
    }
    let name = format!("{configuration} {} others", count(requesters)).trim().to_owned();
    let mut parts = Vec::new();
    for (part, (column, api)) in APIS.iter().enumerate() {
        let calls: Result<Vec<f64>> = rest.iter().map(|(_, row)| row.number(column)).collect();
        let calls: f64 = calls?.iter().sum();
        if calls > 0.0 {
            let label = format!("{name}, {api}: {}", count(calls));
            parts.push(Part { part, from: at, to: at + calls, label });
            at += calls;
        }
    }
    let (value, label) = (count(at), format!("{name}: {} KMS requests", count(at)));
    Ok(Row { name, bars: vec![Bar { parts, value, label, ..Bar::default() }] })
}
