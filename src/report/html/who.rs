//! Principals, requesters and operations.

use maud::{Markup, html};

use super::Page;
use super::figure::{self, Figure};
use super::table::{Cell, Column, Row, Table};
use crate::error::Result;
use crate::report::added;
use crate::report::chart::{Kind, Options};
use crate::report::numbers::{count, percent};
use crate::results::Results;
use crate::results::rows::{OperationRow, RequesterRow};

/// Requesters that a page shows for each configuration.
const REQUESTERS: usize = 100;

pub(super) fn all(page: &Page) -> Result<Markup> {
    let results = page.results;
    let several = results.requesters.iter().any(|row| {
        row.requesters > 1
            || results.requesters.iter().any(|other| other.requester != row.requester)
    });
    let options =
        Options { configurations: vec![results.facts.headline.clone()], ..Options::default() };
    let (file, text) = page.text("requesters.csv");
    let requesters = if several {
        Figure::of(Kind::Requesters, &options, (file, &text), "table-requesters")?
    } else {
        None
    };
    let (rows, left_out) = ranked(results);
    Ok(html! {
        (principals(results).render())
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

/// What each principal saves: a column for each configuration with KMS requests.
fn principals(results: &Results) -> Table {
    let facts = &results.facts;
    let mut names: Vec<&str> = Vec::new();
    for row in &results.principals {
        if !names.contains(&row.principal.as_str()) {
            names.push(&row.principal);
        }
    }
    let shown = if added::applies(results) { 1 } else { 2 };
    let columns = facts.configurations.iter().flat_map(|it| {
        let calls = Column::figure(&format!("`{}`: KMS requests", it.name));
        [calls, Column::figure("saved")].into_iter().take(shown)
    });
    let row = |name: &&str| {
        let cells = facts.configurations.iter().flat_map(|it| {
            let row = results.principals.iter();
            let row =
                row.clone().find(|row| row.principal == *name && row.configuration == it.name);
            [
                Cell::known(row.map(|row| row.kms_requests), count),
                Cell::known(row.and_then(|row| row.saving_ratio), percent),
            ]
            .into_iter()
            .take(shown)
        });
        Row::of(std::iter::once(Cell::text(format!("`{name}`"))).chain(cells).collect())
    };
    Table {
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
    }
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
