//! The bill of each configuration, and what candidates change on it.

use super::axis::{self, Axis, Unit};
use super::configurations::{Configurations, Levels, Options, RANGE};
use super::figure::{with_range, write};
use super::{Bar, BarPart, BarRow, Bars, Chart, Plot};
use crate::compare::CostChangeRow;
use crate::encryption::assumption::Level;
use crate::error::Result;
use crate::results::rows::CostRow;

/// Lines of a bill that have a colour of their own; the rest are one.
const COLOURED: usize = 7;

/// What is paid once has another place than what is paid in every billing period.
const ONCE: &str = "One-Time";

/// A bar for each configuration, of the lines of its bill as assumed, with the range of the total.
///
/// # Errors
/// If there are no rows, or an option names what they do not have.
pub fn bill(rows: &[CostRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let again: Vec<CostRow> =
        rows.iter().filter(|row| row.charge_frequency != ONCE).cloned().collect();
    let drawn: Vec<&CostRow> = configurations.rows(&again).map(|(_, row)| row).collect();
    let lines = lines_by_cost(&drawn);
    let mut bars = Bars { parts: legend(&lines), ..Bars::default() };
    for index in configurations.chosen() {
        let own: Vec<&CostRow> = configurations.rows_of(index, &again).collect();
        bars.rows.push(bill_row(configurations.name(index), &own, &lines));
    }
    bars.axis = Axis::linear("", Unit::Dollars, bars.figures(), true);
    bars.whisker = bars.has_ranges().then(|| format!("range of the total: {RANGE}"));
    let once = configurations.rows(rows).any(|(_, row)| row.charge_frequency == ONCE);
    let left_out = if once { " What a migration costs once is left out." } else { "" };
    let period_s = drawn.first().map_or(0.0, |row| row.billing_period_s);
    let subtitle = format!(
        "US dollars for {}, every assumption as assumed.{left_out}",
        axis::duration(period_s)
    );
    let title = configurations.title("What is billed");
    Ok(Chart::new("costs", "costs.csv", title, subtitle, Plot::Bars(bars)))
}

/// Names of the lines that cost something as assumed, the dearest first. A free tier costs nothing and has
/// no place in the picture.
fn lines_by_cost(rows: &[&CostRow]) -> Vec<String> {
    let mut lines: Vec<(String, f64)> = Vec::new();
    for row in rows.iter().filter(|row| is_charged(row)) {
        let cost = row.billed_cost.as_f64();
        match lines.iter_mut().find(|(name, _)| *name == row.charge_description) {
            Some((_, most)) => *most = most.max(cost),
            None => lines.push((row.charge_description.clone(), cost)),
        }
    }
    lines.sort_by(|a, b| b.1.total_cmp(&a.1));
    lines.into_iter().map(|(name, _)| name).collect()
}

fn is_charged(row: &CostRow) -> bool {
    row.assumption == Level::Assumed && row.billed_cost.as_f64() != 0.0
}

/// The dearest lines are named; one alone needs no name for the rest.
fn legend(lines: &[String]) -> Vec<(String, usize)> {
    let named = if lines.len() <= COLOURED + 1 { lines.len() } else { COLOURED };
    let rest = lines.len() - named;
    let rest = (rest > 0).then(|| format!("{rest} smaller lines"));
    let parts = lines.iter().take(named).cloned().chain(rest);
    parts.enumerate().map(|(colour, name)| (name, colour)).collect()
}

fn bill_row(name: String, rows: &[&CostRow], lines: &[String]) -> BarRow {
    let parts = legend(lines).len();
    let mut total = Levels::default();
    let mut charged: Vec<(usize, &CostRow)> = Vec::new();
    for row in rows {
        total.add(row.assumption, row.billed_cost.as_f64());
        let place = lines.iter().position(|line| *line == row.charge_description);
        charged.extend(place.filter(|_| is_charged(row)).map(|place| (place, *row)));
    }
    charged.sort_by_key(|(place, _)| *place);
    let mut from = 0.0;
    let mut bar = Bar { range: total.range(), ..Bar::default() };
    for (place, row) in charged {
        let cost = row.billed_cost.as_f64();
        let label = format!("{name}, {}: {}", row.charge_description, write(Unit::Dollars, cost));
        bar.parts.push(BarPart { part: place.min(parts - 1), from, to: from + cost, label });
        from += cost;
    }
    bar.value = with_range(Unit::Dollars, total.assumed.unwrap_or(0.0), bar.range);
    bar.label = format!("{name}: {}", bar.value);
    BarRow { name, bars: vec![bar] }
}

/// Numbers of the parts of bars that show a change.
const CHEAPER: usize = 0;
const DEARER: usize = 1;
const SUM: usize = 2;

/// What changes from a reference to a candidate.
struct BillChange<'a> {
    candidate: &'a str,
    reference: &'a str,
    lines: Vec<LineChange>,
}

/// What a bill line costs more, at each level.
struct LineChange {
    name: String,
    is_once: bool,
    difference: Levels,
}

impl LineChange {
    fn size(&self) -> f64 {
        self.difference.assumed.unwrap_or(0.0).abs()
    }
}

/// What each bill line costs a candidate more or less than its reference.
///
/// # Errors
/// If there are no rows, or an option names what they do not have.
pub fn bill_changes(rows: &[CostChangeRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let mut changes: Vec<BillChange> = Vec::new();
    for (_, row) in configurations.rows(rows) {
        take(row, &mut changes);
    }
    let one_reference = changes.iter().all(|change| change.reference == changes[0].reference);
    let mut bars = Bars {
        parts: vec![
            ("cheaper".to_owned(), 0),
            ("dearer".to_owned(), 1),
            ("together, without what is paid once".to_owned(), 4),
        ],
        ..Bars::default()
    };
    for change in &changes {
        if changes.len() > 1 {
            let against = format!("{} against {}", change.candidate, change.reference);
            let name = if one_reference { change.candidate.to_owned() } else { against };
            bars.rows.push(BarRow { name, bars: Vec::new() });
        }
        bars.rows.extend(change.rows());
    }
    bars.axis = Axis::linear("cheaper ← US dollars → dearer", Unit::Dollars, bars.figures(), true);
    bars.whisker = bars.has_ranges().then(|| format!("range: {RANGE}"));
    let of = match &changes[..] {
        [one] => format!("{} less {}", one.candidate, one.reference),
        [one, ..] if one_reference => format!("each candidate less {}", one.reference),
        _ => "each candidate less its reference".to_owned(),
    };
    let subtitle = format!(
        "US dollars in the billing period, {of}: below zero is cheaper. Bars: every assumption as assumed."
    );
    let title = configurations.title("What changes on the bill");
    Ok(Chart::new("cost-changes", "cost_changes.csv", title, subtitle, Plot::Bars(bars)))
}

/// Puts a row where it belongs. The file has no row where nothing changes.
fn take<'a>(row: &'a CostChangeRow, changes: &mut Vec<BillChange<'a>>) {
    let (candidate, reference) = (row.candidate.as_str(), row.reference.as_str());
    let known =
        changes.iter().position(|it| (it.candidate, it.reference) == (candidate, reference));
    let at = known.unwrap_or_else(|| {
        changes.push(BillChange { candidate, reference, lines: Vec::new() });
        changes.len() - 1
    });
    let lines = &mut changes[at].lines;
    let is_once = row.charge_frequency == ONCE;
    let name = &row.charge_description;
    let known = lines.iter().position(|line| line.name == *name && line.is_once == is_once);
    let at = known.unwrap_or_else(|| {
        let name = name.clone();
        lines.push(LineChange { name, is_once, difference: Levels::ZERO });
        lines.len() - 1
    });
    lines[at].difference.add(row.assumption, row.difference_usd.as_f64());
}

impl BillChange<'_> {
    /// What is paid again and again by its size, their sum, then what is paid once.
    fn rows(&self) -> Vec<BarRow> {
        let mut lines: Vec<&LineChange> =
            self.lines.iter().filter(|line| line.difference != Levels::ZERO).collect();
        lines.sort_by(|a, b| b.size().total_cmp(&a.size()));
        let (once, again): (Vec<&LineChange>, Vec<&LineChange>) =
            lines.into_iter().partition(|line| line.is_once);
        let mut sum = Levels::ZERO;
        let mut rows = Vec::new();
        for line in again {
            for level in Level::ALL {
                sum.add(level, line.difference.clone().at(level).unwrap_or(0.0));
            }
            rows.push(self.row(&line.name, &line.difference, None));
        }
        rows.push(self.row("Together", &sum, Some(SUM)));
        rows.extend(
            once.iter()
                .map(|line| self.row(&format!("once: {}", line.name), &line.difference, None)),
        );
        rows
    }

    fn row(&self, name: &str, difference: &Levels, part: Option<usize>) -> BarRow {
        let to = difference.assumed.unwrap_or(0.0);
        let part = part.unwrap_or(if to < 0.0 { CHEAPER } else { DEARER });
        let range = difference.range();
        let value = match range {
            Some((low, high)) => format!("{} [{} … {}]", signed(to), signed(low), signed(high)),
            None => signed(to),
        };
        let label = format!("{}, {name}: {value}", self.candidate);
        let bar = Bar { range, ..Bar::to(Some(to), part, value, label) };
        BarRow { name: name.to_owned(), bars: vec![bar] }
    }
}

/// Dollars with their sign: `-$97.33`, `+$1.00`.
fn signed(dollars: f64) -> String {
    let sign = if dollars > 0.0 { "+" } else { "" };
    format!("{sign}{}", write(Unit::Dollars, dollars))
}
