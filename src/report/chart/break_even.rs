//! How far each parameter may go until the saving crosses a target.

use super::axis::{Axis, Unit};
use super::configurations::{Configurations, Options};
use super::figure::{with_range, write};
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

/// An interval that covers less of the axis is hidden by its dot.
const SEEN: f64 = 0.03;

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

/// A bar for each parameter: the values that were tried with the other assumptions as assumed, where the
/// target is reached, and where it would be with the others at their ends.
///
/// # Errors
/// If there are no rows, or an option names what they do not have.
pub fn break_even_values(rows: &[BreakEvenRow], options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let searches = searches(rows, &configurations)?;
    let mut targets: Vec<f64> = searches.iter().map(|search| search.target).collect();
    targets.sort_by(|a, b| b.total_cmp(a));
    targets.dedup();
    let mut bars = Bars { axis: axis(), ..Bars::default() };
    for &target in &targets {
        if targets.len() > 1 {
            let name = format!("A saving of {}", target_text(target));
            bars.rows.push(BarRow { name, bars: Vec::new() });
        }
        for search in searches.iter().filter(|it| it.target.to_bits() == target.to_bits()) {
            let name = configurations.with_name(search.configuration, search.parameter());
            bars.rows.push(BarRow { name, bars: vec![search.bar()] });
        }
    }
    let target = match targets[..] {
        [one] => target_text(one),
        _ => "its target".to_owned(),
    };
    bars.parts =
        vec![(format!("saves {target} or more"), 0), (format!("saves less than {target}"), 1)];
    bars.whisker = bars
        .has_ranges()
        .then(|| "break-even with the others at their worst and best ends".to_owned());
    let has_strokes = bars.each().any(|bar| !bar.strokes.is_empty());
    bars.strokes = has_strokes.then(|| "its 95 % confidence interval".to_owned());
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

/// The rows of each parameter, for each target.
fn searches<'a>(
    rows: &'a [BreakEvenRow],
    configurations: &Configurations,
) -> Result<Vec<Search<'a>>> {
    let mut searches: Vec<Search> = Vec::new();
    for (configuration, row) in configurations.rows(rows) {
        check(row)?;
        let known = searches.iter().position(|search| {
            search.configuration == configuration
                && search.parameter() == row.parameter
                && search.target.to_bits() == row.target_ratio.to_bits()
        });
        let at = known.unwrap_or_else(|| {
            let (target, levels) = (row.target_ratio, Default::default());
            searches.push(Search { configuration, target, any: row, levels });
            searches.len() - 1
        });
        searches[at].levels[level_of(&row.others)?].push(row);
    }
    Ok(searches)
}

fn check(row: &BreakEvenRow) -> Result<()> {
    if let Some(low) = row.searched_low.filter(|low| *low <= 0.0) {
        let wrong = format!("`searched_low` is `{low}`, but must be greater than zero");
        return Err(Error::request(wrong));
    }
    match row.direction.as_deref() {
        None | Some("rises" | "falls") => Ok(()),
        Some(other) => Err(Error::request(format!(
            "`direction` is `{other}`, but must be `rises` or `falls`"
        ))),
    }
}

/// What was found along one parameter for one target.
struct Search<'a> {
    configuration: usize,
    target: f64,
    any: &'a BreakEvenRow,
    /// The rows of each level of the other assumptions.
    levels: [Vec<&'a BreakEvenRow>; 3],
}

/// A value at which the saving crosses the target.
struct CrossingAt {
    value: f64,
    rises: bool,
    /// Where it lies with 95 % confidence.
    interval: Option<(f64, f64)>,
}

impl Search<'_> {
    fn parameter(&self) -> &str {
        &self.any.parameter
    }

    /// First and last value that was tried at a level.
    fn searched(&self, level: usize) -> Option<(f64, f64)> {
        let row = self.levels[level].first()?;
        row.searched_low.zip(row.searched_high)
    }

    fn crossings(&self, level: usize) -> Vec<CrossingAt> {
        let rows = self.levels[level].iter();
        rows.filter_map(|row| {
            let rises = row.direction.as_deref() == Some("rises");
            let interval = row.value_low.zip(row.value_high);
            Some(CrossingAt { value: row.value_number?, rises, interval })
        })
        .collect()
    }

    /// Least and greatest saving at a level.
    fn savings(&self, level: usize) -> Option<(f64, f64)> {
        let row = self.levels[level].last()?;
        row.saving_min_ratio.zip(row.saving_max_ratio)
    }

    /// Whether every value that was tried at a level reaches the target.
    fn reaches(&self, level: usize) -> bool {
        self.savings(level).is_some_and(|(least, _)| least >= self.target)
    }

    /// What was tried at any level, if it is more than one value.
    fn span(&self) -> Option<(f64, f64)> {
        let spans = (0..3).filter_map(|level| self.searched(level));
        let span = spans.reduce(|(a, b), (low, high)| (a.min(low), b.max(high)));
        span.filter(|(low, high)| high > low)
    }

    /// Where a value stands in that span.
    fn place(&self, value: f64) -> f64 {
        let Some((low, high)) = self.span() else { return 0.5 };
        (libm::log(value / low) / libm::log(high / low)).clamp(0.0, 1.0)
    }

    fn write(&self, value: f64) -> String {
        value_text(&self.any.unit, value)
    }

    fn bar(&self) -> Bar {
        let label = format!("{}, {}", self.parameter(), self.in_words());
        let Some((first, last)) = self.searched(ASSUMED) else {
            return Bar { value: "no value was tried".to_owned(), label, ..Bar::default() };
        };
        let crossings = self.crossings(ASSUMED);
        let dots = crossings.iter().map(|it| (self.place(it.value), self.crossing_in_words(it)));
        let intervals = crossings.iter().filter_map(|it| it.interval);
        let intervals = intervals.map(|(low, high)| [self.place(low), self.place(high)]);
        let ends = self.ends();
        Bar {
            parts: self.parts(first, last, &crossings),
            range: ends.as_ref().map(|[low, high]| (low.0, high.0)),
            strokes: intervals.filter(|[low, high]| high - low > SEEN).flatten().collect(),
            dots: dots.collect(),
            colour: 4,
            ends: Some([self.write(first), self.write(last)]),
            value: self.value(&crossings, ends.map(|ends| ends.map(|(_, text)| text))),
            label,
        }
    }

    /// The stretches between crossings, on one side of the target and on the other.
    fn parts(&self, first: f64, last: f64, crossings: &[CrossingAt]) -> Vec<BarPart> {
        let mut from = self.place(first);
        let mut reached = crossings.first().map_or(self.reaches(ASSUMED), |it| !it.rises);
        let end = self.span().map_or(1.0, |_| self.place(last));
        let ends = crossings.iter().map(|it| (self.place(it.value), it.rises));
        let mut parts = Vec::new();
        for (to, rises) in ends.chain([(end, reached)]) {
            let part = if reached { REACHED } else { MISSED };
            parts.push(BarPart { part, from, to, label: String::new() });
            (from, reached) = (to, rises);
        }
        parts
    }

    /// The break-even values with the other assumptions at their ends, the smaller first: where they
    /// stand, and in words. One that was not found lies beyond the values that were tried. `None` if
    /// there is none at any level, or more than one at some.
    fn ends(&self) -> Option<[(f64, String); 2]> {
        let crossings = [0, 1, 2].map(|level| self.crossings(level));
        if crossings.iter().any(|crossings| crossings.len() > 1) {
            return None;
        }
        let rises = crossings.iter().flatten().next()?.rises;
        self.searched(ASSUMED)?;
        let mut ends = Vec::new();
        for level in [0, 2] {
            let (first, last) = self.searched(level)?;
            ends.push(match crossings[level].first() {
                Some(it) => (self.place(it.value), self.write(it.value)),
                None if self.reaches(level) == rises => (0.0, format!("< {}", self.write(first))),
                None => (1.0, format!("> {}", self.write(last))),
            });
        }
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        ends.try_into().ok()
    }

    /// What stands beside the bar: `below 300 [80 … > 1,000]`.
    fn value(&self, crossings: &[CrossingAt], ends: Option<[String; 2]>) -> String {
        let range =
            ends.as_ref().map_or_else(String::new, |[low, high]| format!(" [{low} … {high}]"));
        match crossings {
            [one] => {
                let way = if one.rises { "from" } else { "below" };
                format!("{way} {}{range}", self.write(one.value))
            }
            [] if ends.is_some() => format!("never as assumed{range}"),
            [] => self.never(),
            several => {
                let values: Vec<String> = several.iter().map(|it| self.write(it.value)).collect();
                format!("at {}", values.join(", "))
            }
        }
    }

    /// `never: lowest 91.0 % [62.0 % … 99.1 %]`.
    fn never(&self) -> String {
        let reaches = self.reaches(ASSUMED);
        let [low, assumed, high] = [0, 1, 2].map(|level| {
            let (least, most) = self.savings(level)?;
            Some(if reaches { least } else { most })
        });
        let Some(saving) = assumed else { return "never".to_owned() };
        let ends = low.zip(high).filter(|(low, high)| low.to_bits() != high.to_bits());
        let range = ends.map(|(low, high)| (low.min(high), low.max(high)));
        let which = if reaches { "lowest" } else { "highest" };
        format!("never: {which} {}", with_range(Unit::Share, saving, range))
    }

    fn crossing_in_words(&self, crossing: &CrossingAt) -> String {
        let way = if crossing.rises { "rises to" } else { "falls below" };
        let interval = crossing.interval.map_or_else(String::new, |(low, high)| {
            format!(" [95 %: {} … {}]", self.write(low), self.write(high))
        });
        let (at, target) = (self.write(crossing.value), target_text(self.target));
        format!("{} {at}{interval}: the saving {way} {target}", self.parameter())
    }

    /// Everything that was found, level by level.
    fn in_words(&self) -> String {
        let mut words = vec![format!("a saving of {}", target_text(self.target))];
        for (level, (_, name)) in OTHERS.iter().enumerate() {
            let at: Vec<String> =
                self.crossings(level).iter().map(|it| self.write(it.value)).collect();
            let at = if at.is_empty() { "never".to_owned() } else { at.join(", ") };
            let savings = self.savings(level).map_or_else(String::new, |(least, most)| {
                format!(" (saves {} to {})", write(Unit::Share, least), write(Unit::Share, most))
            });
            words.push(format!("{name}: {at}{savings}"));
        }
        let cut = self.levels[ASSUMED].last().and_then(|row| row.cut.as_ref());
        words.extend(cut.map(|cut| format!("not all values were tried: {cut}")));
        words.join("; ")
    }
}
