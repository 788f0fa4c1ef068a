//! `principals.csv`, `buckets.csv`, `prefixes.csv`: who saves what.

use std::collections::HashMap;

use super::super::axis::{Axis, Unit};
use super::super::table::{Row as Record, Table};
use super::super::{Bar, Chart, Part, Plot, Row, Rows};
use super::Options;
use super::figure::write;
use super::select::{ASSUMED, Configurations, source};
use crate::error::Result;
use crate::report::numbers::count;

/// Rows that have bars; those with most KMS requests, if there are more.
const SHOWN: usize = 15;

/// Whose savings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Principals,
    Buckets,
    Prefixes,
}

impl Whose {
    /// One of them, and several, in words.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Principals => ("principal", "principals"),
            Self::Buckets => ("bucket", "buckets"),
            Self::Prefixes => ("prefix", "prefixes"),
        }
    }

    /// What a row is about.
    fn name(self, row: &Record) -> Result<String> {
        Ok(match self {
            Self::Principals => row.text("principal")?.to_owned(),
            Self::Buckets => row.text("bucket")?.to_owned(),
            Self::Prefixes => format!("{}/{}", row.text("bucket")?, row.text("prefix")?),
        })
    }
}

/// A configuration's number, whose saving it is, the saving, and the KMS requests that are left.
type Saving = (usize, String, Option<f64>, f64);

pub(super) fn chart(table: &Table, options: &Options, whose: Whose) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let mut savings: Vec<Saving> = Vec::new();
    for row in table.rows() {
        let Some(index) = configurations.index(&row)? else { continue };
        let (name, saving) = (whose.name(&row)?, row.optional("saving_ratio")?);
        savings.push((index, name, saving, row.number("kms_requests")?));
    }
    let (names, left_out) = names(&savings);
    // A configuration that saves nothing, or all, for everybody tells nothing of who saves what.
    let tells = |index: usize| {
        let mut of_it = savings.iter().filter(|(known, ..)| *known == index);
        of_it.any(|(.., saving, _)| saving.is_some_and(|s| ![0.0, 1.0].contains(&s)))
    };
    let shown: Vec<usize> = configurations
        .chosen()
        .filter(|index| configurations.are_named() || tells(*index))
        .collect();
    let shown = if shown.is_empty() { configurations.chosen().collect() } else { shown };
    let bar = |whose: &str, part: usize| {
        let of_it = |(index, name, ..): &&Saving| *index == shown[part] && *name == whose;
        let (.., saving, calls) = savings.iter().find(of_it)?;
        let value = saving.map_or_else(|| "no KMS requests".to_owned(), |s| write(Unit::Share, s));
        let name = configurations.name(shown[part]);
        let label = format!("{whose}, {name}: {value}, {} KMS requests left", count(*calls));
        let one = |to| Part { part, from: 0.0, to, label: String::new() };
        Some(Bar { parts: saving.map(one).into_iter().collect(), value, label, ..Bar::default() })
    };
    let rows = names.iter().map(|name| Row {
        name: (*name).to_owned(),
        bars: (0..shown.len()).filter_map(|part| bar(name, part)).collect(),
    });
    let rows: Vec<Row> = rows.collect();
    let values = savings.iter().filter(|(index, ..)| shown.contains(index));
    let axis = Axis::linear("KMS requests saved", Unit::Share, values.filter_map(|s| s.2), true);
    Ok(Chart {
        name: String::new(),
        title: format!("KMS requests saved by {}: {}", whose.words().0, configurations.scenario()),
        subtitle: subtitle(whose, &shown, &configurations, left_out),
        plot: Plot::Rows(Rows {
            axis,
            parts: shown.iter().map(|index| (configurations.name(*index), *index)).collect(),
            rows,
            whisker: None,
            strokes: None,
            dots: None,
            reference: None,
        }),
        source: source(table, ASSUMED),
    })
}

/// One configuration has no legend, so the subtitle names it.
fn subtitle(
    whose: Whose,
    shown: &[usize],
    configurations: &Configurations,
    left_out: usize,
) -> String {
    let (one, several) = whose.words();
    let of = match shown {
        [only] => format!("Configuration {}.", configurations.name(*only)),
        _ => format!("Share of each {one}'s KMS requests, against the reference."),
    };
    match left_out {
        0 => of,
        n => format!("{of} The {SHOWN} {several} with most of them; {n} more in the file."),
    }
}

/// The names that are shown, in the order of the file, and how many more there are.
fn names(savings: &[Saving]) -> (Vec<&str>, usize) {
    let mut most: Vec<(&str, f64)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (_, name, _, calls) in savings {
        let place = *places.entry(name).or_insert(most.len());
        match most.get_mut(place) {
            Some((_, greatest)) => *greatest = greatest.max(*calls),
            None => most.push((name, *calls)),
        }
    }
    let left_out = most.len().saturating_sub(SHOWN);
    if left_out > 0 {
        most.sort_by(|a, b| b.1.total_cmp(&a.1));
        most.truncate(SHOWN);
    }
    (most.into_iter().map(|(name, _)| name).collect(), left_out)
}
