//! How far each parameter may go until the saving crosses a target.

use super::axis::{Axis, Unit};
use super::configurations::{Configurations, Options};
use super::figure::write;
use super::{Bar, BarPart, BarRow, Bars, Chart, Plot};
use crate::error::{Error, Result};
use crate::report::numbers::{duration, grouped, significant};
use crate::results::sensitivity::BreakEvenRow;

/// Levels of the other assumptions, and what they are called.
pub(super) const OTHERS: [(&str, &str); 3] = [
    ("low", "others at their worst ends"),
    ("assumed", "others as assumed"),
    ("high", "others at their best ends"),
];

/// Number of the level at which the other assumptions stand as assumed.
const ASSUMED: usize = 1;

/// Numbers of the parts of bars.
const REACHED: usize = 0;
const MISSED: usize = 1;

/// The number of a level of the other assumptions.
pub(super) fn level_of(others: &str) -> Result<usize> {
    OTHERS.iter().position(|(name, _)| *name == others).ok_or_else(|| {
        Error::request(format!("`others` is `{others}`, but must be `low`, `assumed` or `high`"))
    })
}

/// A value of a parameter as people read it; `unit` as the file has it.
pub(super) fn value_text(unit: &str, value: f64) -> String {
    match unit {
        "s" => duration(value),
        "per_s" => format!("{}/s", significant(value)),
        "percent" => format!("{} %", significant(value)),
        _ if value.fract() == 0.0 && value >= 0.0 => grouped(value as u64),
        _ => significant(value),
    }
}

/// What was found along one parameter for one target, with the others at each level.
struct Search<'a> {
    configuration: usize,
    parameter: &'a str,
    target: f64,
    levels: [Vec<&'a BreakEvenRow>; 3],
}

/// A bar for each parameter: the values that were tried with the other assumptions as assumed, where the
/// target is reached, and where it would be with the others at their ends.
///
/// # Errors
/// If there are no rows, or an option names what they do not have.
pub fn break_even_values(rows: &[BreakEvenRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let mut searches = searches(rows, &configurations)?;
    searches.sort_by(|a, b| b.target.total_cmp(&a.target));
    let mut targets: Vec<f64> = searches.iter().map(|search| search.target).collect();
    targets.dedup();
    let mut bars = Bars { axis: axis(), ..Bars::default() };
    let mut above = None;
    for search in &searches {
        if targets.len() > 1 && above.replace(search.target) != Some(search.target) {
            let name = format!("A saving of {}", target_text(search.target));
            bars.rows.push(BarRow { name, bars: Vec::new() });
        }
        let name = configurations.with_name(search.configuration, search.parameter);
        bars.rows.push(BarRow { name, bars: vec![search.bar()] });
    }
    let target = if let [one] = targets[..] { target_text(one) } else { "its target".to_owned() };
    bars.parts =
        vec![(format!("saves {target} or more"), 0), (format!("saves less than {target}"), 1)];
    bars.whisker = bars
        .has_ranges()
        .then(|| "break-even with the others at their worst and best ends".to_owned());
    let has_dots = bars.each().any(|bar| !bar.dots.is_empty());
    bars.dots = has_dots.then(|| "break-even as assumed".to_owned());
    let subtitle = format!(
        "Each bar: all values of one parameter that were tried, the other assumptions as assumed; \
         configuration {}.",
        configurations.names()
    );
    let title = configurations.title(&format!("Where the saving crosses {target}"));
    Ok(Chart::new("break-even-values", "break_even.csv", title, subtitle, Plot::Bars(bars)))
}

/// Every parameter has its own values, so the axis has none: only which way they grow.
fn axis() -> Axis {
    let title = "each parameter's values, equal steps for equal ratios";
    let axis = Axis::linear(title, Unit::Share, [0.0, 1.0], true);
    Axis { labels: vec![(0.0, "least".to_owned()), (1.0, "greatest".to_owned())], ..axis }
}

/// A target as it was asked for: `50 %`.
fn target_text(target: f64) -> String {
    write(Unit::Share, target).replace(".0 %", " %")
}

/// The rows by configuration, parameter and target.
fn searches<'a>(
    rows: &'a [BreakEvenRow],
    configurations: &Configurations,
) -> Result<Vec<Search<'a>>> {
    let mut searches: Vec<Search> = Vec::new();
    for (configuration, row) in configurations.rows(rows) {
        if let Some(low) = row.searched_low.filter(|low| *low <= 0.0) {
            let wrong = format!("`searched_low` is `{low}`, but must be greater than zero");
            return Err(Error::request(wrong));
        }
        let (parameter, target) = (row.parameter.as_str(), row.target_ratio);
        let known = searches.iter().position(|it| {
            (it.configuration, it.parameter, it.target.to_bits())
                == (configuration, parameter, target.to_bits())
        });
        let at = known.unwrap_or_else(|| {
            let levels = Default::default();
            searches.push(Search { configuration, parameter, target, levels });
            searches.len() - 1
        });
        searches[at].levels[level_of(&row.others)?].push(row);
    }
    Ok(searches)
}

/// Whether the saving rises where it crosses the target.
fn rises(row: &BreakEvenRow) -> bool {
    row.direction.as_deref() == Some("rises")
}

impl<'a> Search<'a> {
    /// What was tried at any level.
    fn span(&self) -> Option<(f64, f64)> {
        let rows = self.levels.iter().flatten();
        let spans = rows.filter_map(|row| row.searched_low.zip(row.searched_high));
        spans.reduce(|(a, b), (low, high)| (a.min(low), b.max(high)))
    }

    /// Where a value stands among those.
    fn place(&self, value: f64) -> f64 {
        match self.span() {
            Some((low, high)) if low < high => {
                (libm::log(value / low) / libm::log(high / low)).clamp(0.0, 1.0)
            }
            _ => 0.5,
        }
    }

    /// The break-even values at a level: the value, and its row.
    fn crossings(&self, level: usize) -> Vec<(f64, &'a BreakEvenRow)> {
        let rows = self.levels[level].iter();
        rows.filter_map(|row| Some((row.value_number?, *row))).collect()
    }

    fn bar(&self) -> Bar {
        let assumed = self.levels[ASSUMED].first();
        let Some((row, (first, last))) =
            assumed.and_then(|row| Some((row, row.searched_low.zip(row.searched_high)?)))
        else {
            return Bar { value: "no value was tried".to_owned(), ..Bar::default() };
        };
        let crossings = self.crossings(ASSUMED);
        let ends = [0, 2].map(|level| self.crossings(level).first().copied());
        let mut range = None;
        let mut value = match &crossings[..] {
            [] => format!("never: {}", savings(row)),
            [(at, row)] if rises(row) => format!("from {}", value_text(&row.unit, *at)),
            [(at, row)] => format!("below {}", value_text(&row.unit, *at)),
            several => {
                let values: Vec<String> =
                    several.iter().map(|(at, row)| value_text(&row.unit, *at)).collect();
                format!("at {}", values.join(", "))
            }
        };
        if let ([_], [Some((low, _)), Some((high, _))]) = (&crossings[..], ends) {
            let (low, high) = (low.min(high), low.max(high));
            range = Some((self.place(low), self.place(high)));
            let [low, high] = [low, high].map(|end| value_text(&row.unit, end));
            value = format!("{value} [{low} … {high}]");
        }
        let cut = row.cut.iter().map(|cut| format!("; not all values were tried: {cut}"));
        Bar {
            label: format!("{}: {value}{}", self.parameter, cut.collect::<String>()),
            parts: self.parts(first, last, row, &crossings),
            range,
            dots: crossings.iter().map(|(at, row)| (self.place(*at), self.dot(*at, row))).collect(),
            colour: 4,
            ends: Some([first, last].map(|end| value_text(&row.unit, end))),
            value,
            ..Bar::default()
        }
    }

    /// The stretches between crossings, on one side of the target and on the other.
    fn parts(
        &self,
        first: f64,
        last: f64,
        row: &BreakEvenRow,
        crossings: &[(f64, &BreakEvenRow)],
    ) -> Vec<BarPart> {
        let is_reached = row.saving_min_ratio.is_some_and(|least| least >= self.target);
        let mut reached = crossings.first().map_or(is_reached, |(_, row)| !rises(row));
        let mut from = if first < last { self.place(first) } else { 0.0 };
        let end = if first < last { self.place(last) } else { 1.0 };
        let ends = crossings.iter().map(|(at, row)| (self.place(*at), rises(row)));
        let mut parts = Vec::new();
        for (to, next) in ends.chain([(end, reached)]) {
            let part = if reached { REACHED } else { MISSED };
            parts.push(BarPart { part, from, to, label: String::new() });
            (from, reached) = (to, next);
        }
        parts
    }

    fn dot(&self, at: f64, row: &BreakEvenRow) -> String {
        let way = if rises(row) { "rises to" } else { "falls below" };
        let interval = row.value_low.zip(row.value_high).map(|ends| {
            let [low, high] = [ends.0, ends.1].map(|end| value_text(&row.unit, end));
            format!(" [95 %: {low} … {high}]")
        });
        let (at, interval) = (value_text(&row.unit, at), interval.unwrap_or_default());
        let target = target_text(self.target);
        format!("{} {at}{interval}: the saving {way} {target}", self.parameter)
    }
}

/// Least and greatest saving of a search.
fn savings(row: &BreakEvenRow) -> String {
    match row.saving_min_ratio.zip(row.saving_max_ratio) {
        Some((least, most)) => {
            format!("saves {} to {}", write(Unit::Share, least), write(Unit::Share, most))
        }
        None => "not known what it saves".to_owned(),
    }
}
