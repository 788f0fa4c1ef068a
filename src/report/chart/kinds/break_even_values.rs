//! `break_even.csv`: how far each parameter may go until the saving crosses the target.

use super::super::axis::{Axis, Unit};
use super::super::table::{Row as Record, Table};
use super::super::{Bar, Chart, Part, Plot, Row, Rows};
use super::Options;
use super::figure::write;
use super::parameter::{OTHERS, value};
use super::select::{Configurations, source};
use crate::error::Result;

/// Numbers of the parts.
const REACHED: usize = 0;
const MISSED: usize = 1;

/// Number of the level at which the other assumptions stand as assumed.
const ASSUMED: usize = 1;

/// An interval that covers less of the axis is hidden by its dot.
const SEEN: f64 = 0.03;

/// Where the saving crosses the target.
struct Crossing {
    at: f64,
    /// Where it lies with 95 % confidence.
    interval: Option<(f64, f64)>,
    rises: bool,
}

/// What was found at one level of the other assumptions.
#[derive(Default)]
struct Level {
    searched: Option<(f64, f64)>,
    crossings: Vec<Crossing>,
    /// Least and greatest saving.
    savings: Option<(f64, f64)>,
    cut: String,
}

/// One parameter, for one target.
struct Search<'a> {
    configuration: usize,
    parameter: &'a str,
    unit: &'a str,
    target: f64,
    levels: [Level; 3],
}

pub(super) fn chart(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let mut searches: Vec<Search> = Vec::new();
    for row in table.rows() {
        if let Some(index) = configurations.index(&row)? {
            take(&row, index, &mut searches)?;
        }
    }
    let several = configurations.chosen().count() > 1;
    let mut targets: Vec<f64> = searches.iter().map(|search| search.target).collect();
    targets.sort_by(|a, b| b.total_cmp(a));
    targets.dedup();
    let mut rows = Vec::new();
    for &target in &targets {
        if targets.len() > 1 {
            let name = format!("A saving of {}", share(target));
            rows.push(Row { name, bars: Vec::new() });
        }
        let of_target =
            searches.iter().filter(|search| search.target.to_bits() == target.to_bits());
        rows.extend(of_target.map(|search| {
            let name = if several {
                format!("{} {}", configurations.name(search.configuration), search.parameter)
            } else {
                search.parameter.to_owned()
            };
            Row { name, bars: vec![search.bar()] }
        }));
    }
    let target = match targets[..] {
        [one] => share(one),
        _ => "its target".to_owned(),
    };
    let names: Vec<String> = configurations.chosen().map(|i| configurations.name(i)).collect();
    let bars = || rows.iter().flat_map(|row| &row.bars);
    let (ranged, dotted) =
        (bars().any(|bar| bar.range.is_some()), bars().any(|bar| !bar.dots.is_empty()));
    let strokes = bars().any(|bar| !bar.strokes.is_empty());
    Ok(Chart {
        name: String::new(),
        title: format!("Where the saving crosses {target}: {}", configurations.scenario()),
        subtitle: format!(
            "Each bar: all values of one parameter that were tried, the other assumptions as assumed; \
             configuration {}.",
            names.join(", ")
        ),
        plot: Plot::Rows(Rows {
            axis: axis(),
            parts: vec![
                (format!("saves {target} or more"), 0),
                (format!("saves less than {target}"), 1),
            ],
            whisker: ranged
                .then(|| "break-even with the others at their worst and best ends".to_owned()),
            rows,
            strokes: strokes.then(|| "its 95 % confidence interval".to_owned()),
            dots: dotted.then(|| "break-even as assumed".to_owned()),
            reference: None,
        }),
        source: source(table, ""),
    })
}

/// Every parameter has its own values, so the axis has none: only which way they grow.
fn axis() -> Axis {
    let title = "each parameter's values, equal steps for equal ratios";
    let mut axis = Axis::linear(title, Unit::Share, [0.0, 1.0], true);
    axis.labels = vec![(0.0, "least".to_owned()), (1.0, "greatest".to_owned())];
    axis
}

/// Puts a row where it belongs.
fn take<'a>(row: &Record<'a>, configuration: usize, searches: &mut Vec<Search<'a>>) -> Result<()> {
    let (parameter, target) = (row.text("parameter")?, row.number("target_ratio")?);
    let known = |search: &Search| {
        (search.configuration, search.parameter, search.target.to_bits())
            == (configuration, parameter, target.to_bits())
    };
    let unit = row.text("unit")?;
    let at = searches.iter().position(known).unwrap_or_else(|| {
        let levels = Default::default();
        searches.push(Search { configuration, parameter, unit, target, levels });
        searches.len() - 1
    });
    let others = row.text("others")?;
    let level = OTHERS.iter().position(|(name, _)| *name == others);
    let level = level.ok_or_else(|| row.wrong("others", "must be `low`, `assumed` or `high`"))?;
    let level = &mut searches[at].levels[level];
    level.searched = pair(row, "searched_low", "searched_high")?;
    if level.searched.is_some_and(|(low, _)| low <= 0.0) {
        return Err(row.wrong("searched_low", "must be greater than zero"));
    }
    level.savings = pair(row, "saving_min_ratio", "saving_max_ratio")?;
    row.text("cut")?.clone_into(&mut level.cut);
    if let Some(at) = row.optional("value_number")? {
        let rises = match row.text("direction")? {
            "rises" => true,
            "falls" => false,
            _ => return Err(row.wrong("direction", "must be `rises` or `falls`")),
        };
        let interval = pair(row, "value_low", "value_high")?;
        level.crossings.push(Crossing { at, interval, rises });
    }
    Ok(())
}

/// A target as it was asked for: `50 %`.
fn share(target: f64) -> String {
    write(Unit::Share, target).replace(".0 %", " %")
}

/// Two numbers that are both there or not.
fn pair(row: &Record, low: &str, high: &str) -> Result<Option<(f64, f64)>> {
    Ok(row.optional(low)?.zip(row.optional(high)?))
}

impl Level {
    /// Whether every value that was tried reaches the target.
    fn reaches(&self, target: f64) -> bool {
        self.savings.is_some_and(|(least, _)| least >= target)
    }
}

impl Search<'_> {
    fn assumed(&self) -> &Level {
        &self.levels[ASSUMED]
    }

    /// The values that were tried at any level.
    fn span(&self) -> Option<(f64, f64)> {
        let spans = self.levels.iter().filter_map(|level| level.searched);
        spans.reduce(|(a, b), (low, high)| (a.min(low), b.max(high)))
    }

    /// Where a value stands on the axis.
    fn place(&self, at: f64) -> f64 {
        let Some((low, high)) = self.span().filter(|(low, high)| high > low) else { return 0.5 };
        (libm::log(at / low) / libm::log(high / low)).clamp(0.0, 1.0)
    }

    fn write(&self, at: f64) -> String {
        value(self.unit, at)
    }

    fn bar(&self) -> Bar {
        let label = format!("{}, {}", self.parameter, self.told());
        let Some((first, last)) = self.assumed().searched else {
            return Bar { value: "no value was tried".to_owned(), label, ..Bar::default() };
        };
        let crossings = &self.assumed().crossings;
        let dots = crossings.iter().map(|crossing| (self.place(crossing.at), self.dot(crossing)));
        let intervals = crossings.iter().filter_map(|crossing| crossing.interval);
        let intervals = intervals.map(|(low, high)| [self.place(low), self.place(high)]);
        let beyond = self.beyond();
        Bar {
            parts: self.parts(first, last),
            range: beyond.as_ref().map(|[low, high]| (low.0, high.0)),
            strokes: intervals.filter(|[low, high]| high - low > SEEN).flatten().collect(),
            dots: dots.collect(),
            colour: 4,
            ends: Some((self.write(first), self.write(last))),
            value: self.value(beyond.map(|[low, high]| [low.1, high.1]).as_ref()),
            label,
        }
    }

    /// The stretches between crossings, on one side of the target and on the other.
    fn parts(&self, first: f64, last: f64) -> Vec<Part> {
        let crossings = &self.assumed().crossings;
        let (mut from, mut reached) = match crossings.first() {
            Some(crossing) => (self.place(first), !crossing.rises),
            None => (self.place(first), self.assumed().reaches(self.target)),
        };
        let last =
            if self.span().is_some_and(|(low, high)| high > low) { self.place(last) } else { 1.0 };
        let mut parts = Vec::new();
        let mut until = |to: f64, reached: bool| {
            let part = if reached { REACHED } else { MISSED };
            parts.push(Part { part, from, to, label: String::new() });
            from = to;
        };
        for crossing in crossings {
            until(self.place(crossing.at), !crossing.rises);
            reached = crossing.rises;
        }
        until(last, reached);
        parts
    }

    /// The break-even values with the other assumptions at their ends, the smaller first: where they
    /// stand, and in words. One that was not found lies beyond the values that were tried. `None` if
    /// there is none at any level, or more than one at some.
    fn beyond(&self) -> Option<[(f64, String); 2]> {
        if self.levels.iter().any(|level| level.crossings.len() > 1 || level.searched.is_none()) {
            return None;
        }
        let rises = self.levels.iter().find_map(|level| level.crossings.first())?.rises;
        let at = |level: &Level| {
            let (first, last) = level.searched?;
            Some(match level.crossings.first() {
                Some(crossing) => (self.place(crossing.at), self.write(crossing.at)),
                None if level.reaches(self.target) == rises => {
                    (0.0, format!("< {}", self.write(first)))
                }
                None => (1.0, format!("> {}", self.write(last))),
            })
        };
        let [low, high] = [at(&self.levels[0])?, at(&self.levels[2])?];
        Some(if low.0 <= high.0 { [low, high] } else { [high, low] })
    }

    /// What stands beside the bar: `below 300 [80 … > 1,000]`.
    fn value(&self, beyond: Option<&[String; 2]>) -> String {
        let range = |ends: &[String; 2]| format!(" [{} … {}]", ends[0], ends[1]);
        let ranged = beyond.map_or_else(String::new, range);
        match &self.assumed().crossings[..] {
            [one] => {
                let way = if one.rises { "from" } else { "below" };
                format!("{way} {}{ranged}", self.write(one.at))
            }
            [] if beyond.is_some() => format!("never as assumed{ranged}"),
            [] => self.never(),
            several => {
                let values: Vec<String> = several.iter().map(|c| self.write(c.at)).collect();
                format!("at {}", values.join(", "))
            }
        }
    }

    /// `never: least 91.0 % [62.0 % … 99.1 %]`.
    fn never(&self) -> String {
        let reaches = self.assumed().reaches(self.target);
        let savings = self.levels.each_ref().map(|level| {
            let (least, most) = level.savings?;
            Some(if reaches { least } else { most })
        });
        let Some(saving) = savings[ASSUMED] else { return "never".to_owned() };
        let ranged = match savings {
            [Some(low), _, Some(high)] if low.to_bits() != high.to_bits() => {
                let (low, high) = (low.min(high), low.max(high));
                format!(" [{} … {}]", write(Unit::Share, low), write(Unit::Share, high))
            }
            _ => String::new(),
        };
        let which = if reaches { "lowest" } else { "highest" };
        format!("never: {which} {}{ranged}", write(Unit::Share, saving))
    }

    fn dot(&self, crossing: &Crossing) -> String {
        let way = if crossing.rises { "rises to" } else { "falls below" };
        let interval = crossing.interval.map_or_else(String::new, |(low, high)| {
            format!(" [95 %: {} … {}]", self.write(low), self.write(high))
        });
        let (at, target) = (self.write(crossing.at), share(self.target));
        format!("{} {at}{interval}: the saving {way} {target}", self.parameter)
    }

    /// Everything that was found, level by level.
    fn told(&self) -> String {
        let mut told = vec![format!("a saving of {}", share(self.target))];
        for (level, (_, name)) in self.levels.iter().zip(OTHERS) {
            let at: Vec<String> = level.crossings.iter().map(|c| self.write(c.at)).collect();
            let at = if at.is_empty() { "never".to_owned() } else { at.join(", ") };
            let savings = level.savings.map_or_else(String::new, |(least, most)| {
                format!(" (saves {} to {})", write(Unit::Share, least), write(Unit::Share, most))
            });
            told.push(format!("{name}: {at}{savings}"));
        }
        if !self.assumed().cut.is_empty() {
            told.push(format!("not all values were tried: {}", self.assumed().cut));
        }
        told.join("; ")
    }
}
