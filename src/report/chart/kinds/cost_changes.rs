//! `cost_changes.csv`: what each bill line costs a candidate more or less than its reference.

use super::super::axis::{Axis, Unit};
use super::super::table::{Row as Record, Table};
use super::super::{Bar, Chart, Part, Plot, Row, Rows};
use super::Options;
use super::figure::write;
use super::select::{Configurations, Levels, RANGE, source};
use crate::error::Result;

/// Numbers of the parts.
const CHEAPER: usize = 0;
const DEARER: usize = 1;
const SUM: usize = 2;

/// One line, at each level.
struct Line {
    name: String,
    once: bool,
    difference: Levels,
}

/// What changes from a reference to a candidate.
struct Change<'a> {
    candidate: &'a str,
    reference: &'a str,
    lines: Vec<Line>,
}

pub(super) fn chart(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let mut changes: Vec<Change> = Vec::new();
    for row in table.rows() {
        if configurations.index(&row)?.is_some() {
            take(&row, &mut changes)?;
        }
    }
    let several = changes.len() > 1;
    let one_reference = changes.iter().all(|change| change.reference == changes[0].reference);
    let mut rows = Vec::new();
    for change in &changes {
        if several {
            let name = if one_reference {
                change.candidate.to_owned()
            } else {
                format!("{} against {}", change.candidate, change.reference)
            };
            rows.push(Row { name, bars: Vec::new() });
        }
        rows.extend(change.rows());
    }
    let bars = || rows.iter().flat_map(|row| &row.bars);
    let values = bars().flat_map(|bar| {
        let range = bar.range.into_iter().flat_map(|(low, high)| [low, high]);
        bar.parts.iter().map(|part| part.to).chain(range)
    });
    let ranged = bars().any(|bar| bar.range.is_some());
    let of = match &changes[..] {
        [one] => format!("{} less {}", one.candidate, one.reference),
        [one, ..] if one_reference => format!("each candidate less {}", one.reference),
        _ => "each candidate less its reference".to_owned(),
    };
    Ok(Chart {
        name: String::new(),
        title: format!("What changes on the bill: {}", configurations.scenario()),
        subtitle: format!(
            "US dollars in the billing period, {of}: below zero is cheaper. \
             Bars: every assumption as assumed."
        ),
        plot: Plot::Rows(Rows {
            axis: Axis::linear("cheaper ← US dollars → dearer", Unit::Dollars, values, true),
            parts: vec![
                ("cheaper".to_owned(), 0),
                ("dearer".to_owned(), 1),
                ("together, without what is paid once".to_owned(), 4),
            ],
            whisker: ranged.then(|| format!("range: {RANGE}")),
            rows,
            strokes: None,
            dots: None,
            reference: None,
        }),
        source: source(table, ""),
    })
}

/// Puts a row where it belongs.
fn take<'a>(row: &Record<'a>, changes: &mut Vec<Change<'a>>) -> Result<()> {
    let (candidate, reference) = (row.text("candidate")?, row.text("reference")?);
    let known = |change: &Change| change.candidate == candidate && change.reference == reference;
    let at = changes.iter().position(known).unwrap_or_else(|| {
        changes.push(Change { candidate, reference, lines: Vec::new() });
        changes.len() - 1
    });
    let lines = &mut changes[at].lines;
    let once = row.text("ChargeFrequency")? == "One-Time";
    let name = row.text("ChargeDescription")?;
    let at = lines.iter().position(|line| line.name == name && line.once == once);
    let at = at.unwrap_or_else(|| {
        // The file has no row where nothing changes.
        let none = Some(0.0);
        let difference = Levels { low: none, assumed: none, high: none };
        lines.push(Line { name: name.to_owned(), once, difference });
        lines.len() - 1
    });
    let difference = row.number("difference_usd")?;
    lines[at].difference.take(row, Some(difference))
}

impl Change<'_> {
    /// What is paid again and again by its size, their sum, then what is paid once.
    fn rows(&self) -> Vec<Row> {
        // A free tier costs nothing and has no place in the picture.
        let changed = |line: &&Line| line.difference.values().any(|value| value != 0.0);
        let size = |line: &Line| line.difference.assumed.unwrap_or(0.0).abs();
        let mut lines: Vec<&Line> = self.lines.iter().filter(changed).collect();
        lines.sort_by(|a, b| size(b).total_cmp(&size(a)));
        let (once, again): (Vec<&Line>, Vec<&Line>) = lines.into_iter().partition(|l| l.once);
        let mut sum = Levels { low: Some(0.0), assumed: Some(0.0), high: Some(0.0) };
        for line in &again {
            sum = sum.plus(&line.difference);
        }
        let mut rows: Vec<Row> =
            again.iter().map(|line| self.row(&line.name, &line.difference, None)).collect();
        rows.push(self.row("Together", &sum, Some(SUM)));
        rows.extend(
            once.iter()
                .map(|line| self.row(&format!("once: {}", line.name), &line.difference, None)),
        );
        rows
    }

    fn row(&self, name: &str, difference: &Levels, part: Option<usize>) -> Row {
        let to = difference.assumed.unwrap_or(0.0);
        let part = part.unwrap_or(if to < 0.0 { CHEAPER } else { DEARER });
        let range = difference.range();
        let ranged = range.map_or_else(String::new, |(low, high)| {
            format!(" [{} … {}]", signed(low), signed(high))
        });
        let value = format!("{}{ranged}", signed(to));
        let label = format!("{}, {name}: {value}", self.candidate);
        let parts = vec![Part { part, from: 0.0, to, label: String::new() }];
        let bar = Bar { parts, range, value, label, ..Bar::default() };
        Row { name: name.to_owned(), bars: vec![bar] }
    }
}

/// Dollars with their sign: `-$97.33`, `+$1.00`.
fn signed(dollars: f64) -> String {
    let sign = if dollars > 0.0 { "+" } else { "" };
    format!("{sign}{}", write(Unit::Dollars, dollars))
}
