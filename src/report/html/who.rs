//! Principals, requesters and operations.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::Page;
use super::figure::{self, Figure};
use super::table::{Cell, Column, Row, Table};
use crate::error::Result;
use crate::report::accounts::{self, Accounts};
use crate::report::added;
use crate::report::chart::{self, Options};
use crate::report::numbers::{count, percent};
use crate::results::Results;
use crate::results::rows::{OperationRow, PrincipalRow, RequesterRow};

/// Principals that a page shows.
const PRINCIPALS: usize = 100;

/// Requesters that a page shows for each configuration.
const REQUESTERS: usize = 100;

pub(super) fn all(page: &Page) -> Result<Markup> {
    let results = page.results;
    let first = results.requesters.first().map(|row| &row.requester);
    let is_other = |row: &RequesterRow| row.requesters > 1 || Some(&row.requester) != first;
    let several = results.requesters.iter().any(is_other);
    let options =
        Options { configurations: vec![results.facts.headline.clone()], ..Options::default() };
    let requesters = if several {
        let chart = chart::requesters(&results.requesters, &options)?;
        Some(Figure::new(chart, "table-requesters"))
    } else {
        None
    };
    let (rows, left_out) = ranked(results);
    let (principals, more_principals) = principals(results);
    Ok(html! {
        @if let Some(accounts) = accounts::table(results) { (self::accounts(accounts).render()) }
        (principals.render())
        @if more_principals > 0 {
            p.note { "The " (PRINCIPALS) " with most KMS requests; " code { "principals.csv" } " has "
                (more_principals) " more." }
        }
        (figure::all(&[requesters]))
        (self::requesters(&rows).render())
        @if left_out > 0 {
            p.note { "The " (REQUESTERS) " with most KMS requests of each configuration; "
                code { "requesters.csv" } " has " (left_out) " more." }
        }
        (operations(results).render())
    })
}

/// The columns of KMS requests by API; `Encrypt` only where there is any.
fn by_api(has_encrypt: bool) -> Vec<Column> {
    let mut columns = vec![
        Column::figure("S3 requests"),
        Column::figure("KMS requests"),
        Column::figure("`GenerateDataKey`"),
        Column::figure("`Decrypt`"),
    ];
    if has_encrypt {
        columns.push(Column::figure("`Encrypt`"));
    }
    columns
}

/// What each account pays in each region, and how near it comes to its quota there.
fn accounts(accounts: Accounts) -> Table {
    let columns = accounts.header.iter().map(|title| Column::figure(title));
    let row = |(label, cells): (String, Vec<String>)| {
        Row::of(std::iter::once(label).chain(cells).map(Cell::text).collect())
    };
    Table {
        id: "table-accounts",
        caption: accounts.caption,
        columns: std::iter::once(Column::text("account and region")).chain(columns).collect(),
        rows: accounts.rows.into_iter().map(row).collect(),
        sorts: false,
        file: "accounts.csv",
    }
}

/// What each principal saves: a column for each configuration with KMS requests.
///
/// And how many principals it leaves out.
fn principals(results: &Results) -> (Table, usize) {
    let facts = &results.facts;
    let (names, left_out) = most_calling(results);
    let kept: BTreeSet<&str> = names.iter().copied().collect();
    let rows = results.principals.iter().filter(|row| kept.contains(row.principal.as_str()));
    let known: BTreeMap<(&str, &str), &PrincipalRow> =
        rows.map(|row| ((row.principal.as_str(), row.configuration.as_str()), row)).collect();
    let shown = if added::applies(results) { 1 } else { 2 };
    let columns = facts.configurations.iter().flat_map(|it| {
        let calls = Column::figure(&format!("`{}`: KMS requests", it.name));
        [calls, Column::figure("saved")].into_iter().take(shown)
    });
    let row = |name: &&str| {
        let cells = facts.configurations.iter().flat_map(|it| {
            let row = known.get(&(*name, it.name.as_str()));
            [
                Cell::known(row.map(|row| row.kms_requests), count),
                Cell::known(row.and_then(|row| row.saving_ratio), percent),
            ]
            .into_iter()
            .take(shown)
        });
        Row::of(std::iter::once(Cell::text(format!("`{name}`"))).chain(cells).collect())
    };
    let table = Table {
        id: "table-principals",
        caption: if added::applies(results) {
            "KMS requests of each principal, every assumption as assumed".to_owned()
        } else {
            format!(
                "KMS requests of each principal, and the share saved against `{}`, every assumption as \
                 assumed",
                facts.reference
            )
        },
        columns: std::iter::once(Column::text("principal")).chain(columns).collect(),
        rows: names.iter().map(row).collect(),
        sorts: true,
        file: "principals.csv",
    };
    (table, left_out)
}

/// The names of the principals with most KMS requests under the reference, in the order of the file, and
/// how many others there are.
fn most_calling(results: &Results) -> (Vec<&str>, usize) {
    let mut seen = BTreeSet::new();
    let rows = results.principals.iter().filter(|row| seen.insert(row.principal.as_str()));
    let names: Vec<&str> = rows.map(|row| row.principal.as_str()).collect();
    let left_out = names.len().saturating_sub(PRINCIPALS);
    if left_out == 0 {
        return (names, 0);
    }
    let of_reference =
        results.principals.iter().filter(|row| row.configuration == results.facts.reference);
    let mut ranked: Vec<&PrincipalRow> = of_reference.collect();
    ranked.sort_by(|a, b| b.kms_requests.total_cmp(&a.kms_requests));
    let most: BTreeSet<&str> =
        ranked.iter().take(PRINCIPALS).map(|row| row.principal.as_str()).collect();
    (names.into_iter().filter(|name| most.contains(name)).collect(), left_out)
}

/// Those with most KMS requests of each configuration, the headline's first, and how many more there
/// are.
fn ranked(results: &Results) -> (Vec<&RequesterRow>, usize) {
    let headline = &results.facts.headline;
    let mut configurations: Vec<_> = results.facts.configurations.iter().collect();
    configurations.sort_by_key(|configuration| configuration.name != *headline);
    let mut shown = Vec::new();
    for configuration in configurations {
        let rows = results.requesters.iter().filter(|row| row.configuration == configuration.name);
        let mut rows: Vec<&RequesterRow> = rows.collect();
        rows.sort_by(|a, b| b.kms_requests.total_cmp(&a.kms_requests));
        shown.extend(rows.into_iter().take(REQUESTERS));
    }
    let left_out = results.requesters.len() - shown.len();
    (shown, left_out)
}

fn requesters(rows: &[&RequesterRow]) -> Table {
    let has_encrypt = rows.iter().any(|row| row.encrypt > 0.0);
    let texts = ["requester", "configuration", "principal"].map(Column::text);
    let columns = texts.into_iter().chain(by_api(has_encrypt)).chain([Column::figure("keys made")]);
    let row = |row: &&RequesterRow| {
        let policy = row.session_policy.map_or_else(String::new, |n| format!(", policy {n}"));
        let name = match &row.requester {
            Some(arn) => format!("`{arn}`{policy}"),
            None => format!("{} not listed one by one{policy}", row.requesters),
        };
        let texts = [name, row.configuration.clone(), row.principal.clone()].map(Cell::text);
        let figures = [row.requests, row.kms_requests, row.generate_data_key, row.decrypt];
        let encrypt = has_encrypt.then_some(row.encrypt);
        let figures = figures.into_iter().chain(encrypt).chain([row.bucket_keys_generated]);
        let figures = figures.map(|value| Cell::known(Some(value), count));
        Row::of(texts.into_iter().chain(figures).collect())
    };
    Table {
        id: "table-requesters",
        caption: "Who causes the KMS requests, every assumption as assumed".to_owned(),
        columns: columns.collect(),
        rows: rows.iter().map(row).collect(),
        sorts: true,
        file: "requesters.csv",
    }
}

fn operations(results: &Results) -> Table {
    let has_encrypt = results.operations.iter().any(|row| row.encrypt > 0.0);
    let columns = ["operation", "configuration"].map(Column::text);
    let columns = columns.into_iter().chain(by_api(has_encrypt));
    let row = |row: &OperationRow| {
        let figures = [row.requests, row.kms_requests, row.generate_data_key, row.decrypt];
        let figures = figures.into_iter().chain(has_encrypt.then_some(row.encrypt));
        let figures = figures.map(|value| Cell::known(Some(value), count));
        let texts = [format!("`{}`", row.operation), row.configuration.clone()].map(Cell::text);
        Row::of(texts.into_iter().chain(figures).collect())
    };
    Table {
        id: "table-operations",
        caption: "Which operations cause them".to_owned(),
        columns: columns.collect(),
        rows: results.operations.iter().map(row).collect(),
        sorts: true,
        file: "operations.csv",
    }
}
