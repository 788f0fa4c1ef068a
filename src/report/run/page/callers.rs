//! Who calls KMS, and where the saving comes from: buckets, principals, requesters, operations.

use std::collections::{BTreeMap, BTreeSet};

use super::{accounts, drawn, savings};
use crate::error::Result;
use crate::harmless_text::named;
use crate::report::chart::{self, Options};
use crate::report::document::{Block, Cell, Section, Table};
use crate::report::run::adds_cost;
use crate::results::rows::{PrincipalRow, RequesterRow};
use crate::results::{BUCKETS, Results};

/// Principals, and requesters of each configuration, that a page shows.
const LISTED: usize = 100;

/// Which buckets and which principals save most.
pub(super) fn where_it_saves(results: &Results) -> Result<Option<Block>> {
    let options = of_headline(results);
    let [buckets, principals] = [savings::by_bucket(results), savings::by_principal(results)];
    let mut blocks = Vec::new();
    if !buckets.is_empty() {
        let rows = &results.buckets;
        blocks.extend(drawn(chart::buckets, rows, &options, BUCKETS, "table-buckets")?);
    }
    blocks.extend(buckets.into_iter().chain(principals));
    Ok((!blocks.is_empty()).then(|| Section::open("where", "Where it saves", blocks)))
}

fn of_headline(results: &Results) -> Options {
    Options { configurations: vec![results.facts.headline.clone()], ..Options::default() }
}

/// Everyone, in tables.
pub(super) fn blocks(results: &Results) -> Result<Vec<Block>> {
    let mut blocks: Vec<Block> = accounts::table(results).map(Block::Table).into_iter().collect();
    let (names, left_out) = most_calling(results);
    blocks.push(Block::Table(principals(results, &names)));
    blocks.extend((left_out > 0).then(|| {
        Block::Note(format!(
            "The {LISTED} with most KMS requests; `principals.csv` has {left_out} more."
        ))
    }));
    let first = results.requesters.first().map(|row| &row.requester);
    let several =
        results.requesters.iter().any(|row| row.requesters > 1 || Some(&row.requester) != first);
    if several {
        let options = of_headline(results);
        let rows = &results.requesters;
        blocks.extend(drawn(
            chart::requesters,
            rows,
            &options,
            "requesters.csv",
            "table-requesters",
        )?);
    }
    let rows = ranked(results);
    let left_out = results.requesters.len() - rows.len();
    blocks.push(Block::Table(requesters(&rows)));
    blocks.extend((left_out > 0).then(|| {
        Block::Note(format!(
            "The {LISTED} with most KMS requests of each configuration; `requesters.csv` has {left_out} \
             more."
        ))
    }));
    blocks.push(Block::Table(operations(results)));
    Ok(blocks)
}

/// A name as code.
fn name(name: &str) -> String {
    format!("`{}`", named(name))
}

/// What each principal saves under each configuration.
fn principals(results: &Results, names: &[&str]) -> Table {
    let facts = &results.facts;
    let rows = results.principals.iter();
    let known: BTreeMap<(&str, &str), &PrincipalRow> =
        rows.map(|row| ((row.principal.as_str(), row.configuration.as_str()), row)).collect();
    let is_saved = !adds_cost(results);
    let mut configurations: Vec<_> = facts.configurations.iter().collect();
    configurations.sort_by_key(|it| (it.name != facts.headline, it.name != facts.reference));
    let mut columns = Table::of(names).text("principal", |it| name(it));
    for configuration in configurations {
        let column = configuration.name.as_str();
        columns = columns
            .figure(format!("`{column}`: KMS requests"), |it| {
                Cell::count(known.get(&(**it, column)).map(|row| row.kms_requests))
            })
            .figure_if(is_saved && column != facts.reference, "saved", |it| {
                Cell::percent(known.get(&(**it, column)).and_then(|row| row.saving_ratio))
            });
    }
    let caption = if is_saved {
        format!(
            "KMS requests of each principal, and the share saved against `{}`, every assumption as assumed",
            facts.reference
        )
    } else {
        "KMS requests of each principal, every assumption as assumed".to_owned()
    };
    columns.table().on_page("table-principals", caption, "principals.csv").sortable()
}

/// The names of the principals with most KMS requests under the baseline, in the order of the file, and
/// how many others there are.
fn most_calling(results: &Results) -> (Vec<&str>, usize) {
    let mut seen = BTreeSet::new();
    let rows = results.principals.iter().filter(|row| seen.insert(row.principal.as_str()));
    let names: Vec<&str> = rows.map(|row| row.principal.as_str()).collect();
    let left_out = names.len().saturating_sub(LISTED);
    if left_out == 0 {
        return (names, 0);
    }
    let rows = results.principals.iter();
    let mut ranked: Vec<&PrincipalRow> =
        rows.filter(|row| row.configuration == results.facts.reference).collect();
    ranked.sort_by(|a, b| b.kms_requests.total_cmp(&a.kms_requests));
    let most: BTreeSet<&str> =
        ranked.iter().take(LISTED).map(|row| row.principal.as_str()).collect();
    (names.into_iter().filter(|name| most.contains(name)).collect(), left_out)
}

/// The requesters with most KMS requests of each configuration, the headline's first.
fn ranked(results: &Results) -> Vec<&RequesterRow> {
    let headline = &results.facts.headline;
    let mut configurations: Vec<_> = results.facts.configurations.iter().collect();
    configurations.sort_by_key(|configuration| configuration.name != *headline);
    let mut shown = Vec::new();
    for configuration in configurations {
        let rows = results.requesters.iter().filter(|row| row.configuration == configuration.name);
        let mut rows: Vec<&RequesterRow> = rows.collect();
        rows.sort_by(|a, b| b.kms_requests.total_cmp(&a.kms_requests));
        shown.extend(rows.into_iter().take(LISTED));
    }
    shown
}

fn requesters(rows: &[&RequesterRow]) -> Table {
    let has_encrypt = rows.iter().any(|row| row.encrypt > 0.0);
    let caption = "Who causes the KMS requests, every assumption as assumed";
    Table::of(rows)
        .text("requester", |row| {
            let policy = row.session_policy.map_or_else(String::new, |n| format!(", policy {n}"));
            match &row.requester {
                Some(arn) => format!("{}{policy}", name(arn)),
                None => format!("{} not listed one by one{policy}", row.requesters),
            }
        })
        .text("configuration", |row| name(&row.configuration))
        .text("principal", |row| name(&row.principal))
        .figure("S3 requests", |row| Cell::count(row.requests))
        .figure("KMS requests", |row| Cell::count(row.kms_requests))
        .figure("`GenerateDataKey`", |row| Cell::count(row.generate_data_key))
        .figure("`Decrypt`", |row| Cell::count(row.decrypt))
        .figure_if(has_encrypt, "`Encrypt`", |row| Cell::count(row.encrypt))
        .figure("keys made", |row| Cell::count(row.bucket_keys_generated))
        .table()
        .on_page("table-requesters", caption, "requesters.csv")
        .sortable()
}

fn operations(results: &Results) -> Table {
    let has_encrypt = results.operations.iter().any(|row| row.encrypt > 0.0);
    Table::of(&results.operations)
        .text("operation", |row| name(&row.operation))
        .text("configuration", |row| name(&row.configuration))
        .figure("S3 requests", |row| Cell::count(row.requests))
        .figure("KMS requests", |row| Cell::count(row.kms_requests))
        .figure("`GenerateDataKey`", |row| Cell::count(row.generate_data_key))
        .figure("`Decrypt`", |row| Cell::count(row.decrypt))
        .figure_if(has_encrypt, "`Encrypt`", |row| Cell::count(row.encrypt))
        .table()
        .on_page("table-operations", "Which operations cause them", "operations.csv")
        .sortable()
}
