//! `sweep.csv`: a figure against one swept key, as lines, or against two, as a map.

use super::super::axis::{Axis, Scale, Unit};
use super::super::table::{Row, Table};
use super::super::{Cell, Chart, HeatMap, Lines, Plot, Point, Series, SweptPoint};
use super::Options;
use super::figure::Figure;
use super::select::{Configurations, Levels, RANGE, source};
use crate::error::{Error, Result, one_of};

/// Ends of columns that hold a key's values as numbers, and what they count.
const NUMERIC: [(&str, Unit); 4] = [
    ("_per_s", Unit::Number),
    ("_bytes", Unit::Bytes),
    ("_ratio", Unit::Share),
    ("_s", Unit::Duration),
];

/// Points with a text of their own on the axis; if there are more the axis chooses round figures.
const LABELLED: usize = 12;

/// Lines that can be told apart.
const MOST_LINES: usize = 8;

/// A swept key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    /// The scenario's key.
    name: String,
    /// The column of its values as they were given.
    text: String,
    /// The column of its values as numbers, if there is one.
    numeric: Option<(String, Unit)>,
}

/// The swept keys of a table.
pub(super) fn keys(table: &Table) -> Vec<Key> {
    let is_numeric = |column: &str| {
        NUMERIC.iter().any(|(end, _)| column.strip_suffix(end).is_some_and(|text| table.has(text)))
    };
    let columns = table.header().iter();
    let texts = columns.filter(|name| name.starts_with("set.") && !is_numeric(name));
    texts
        .map(|text| Key {
            name: text.trim_start_matches("set.").to_owned(),
            text: text.clone(),
            numeric: NUMERIC.iter().find_map(|(end, unit)| {
                let column = format!("{text}{end}");
                table.has(&column).then_some((column, *unit))
            }),
        })
        .collect()
}

/// A value of a key.
#[derive(Clone, Debug, PartialEq)]
struct Value {
    text: String,
    number: Option<f64>,
    /// The point that has it.
    point: Option<SweptPoint>,
}

impl Key {
    fn value(&self, row: &Row) -> Result<Value> {
        let text = row.text(&self.text)?.to_owned();
        let number = match &self.numeric {
            Some((column, _)) => row.optional(column)?,
            None => text.parse().ok().filter(|number: &f64| number.is_finite()),
        };
        let number_of_point = row.text("point").ok().and_then(|number| number.parse().ok());
        let configuration = row.text("configuration")?;
        let point = number_of_point
            .map(|number| SweptPoint { number, configuration: configuration.to_owned() });
        Ok(Value { text, number, point })
    }

    /// The distinct values: by size if all are numbers, else in the order of the file.
    fn values(&self, table: &Table) -> Result<Vec<Value>> {
        let mut values: Vec<Value> = Vec::new();
        for row in table.rows() {
            let value = self.value(&row)?;
            if !values.iter().any(|known| known.text == value.text) {
                values.push(value);
            }
        }
        if values.iter().all(|value| value.number.is_some()) {
            values.sort_by(|a, b| a.number.unwrap_or(0.0).total_cmp(&b.number.unwrap_or(0.0)));
        }
        Ok(values)
    }

    /// The axis of these values; categories if any is a text.
    fn axis(&self, values: &[Value], log: bool, place: &str) -> Result<Axis> {
        let numbers: Option<Vec<f64>> = values.iter().map(|value| value.number).collect();
        let texts = || values.iter().map(|value| value.text.clone()).collect();
        // One value makes no line, so it stands as a name.
        let Some(numbers) = numbers.filter(|_| values.len() > 1 || log) else {
            if log {
                return Err(self.no_log("has values that are no numbers", place));
            }
            return Ok(Axis::categories(self.name.clone(), texts()));
        };
        if log && numbers.iter().any(|number| *number <= 0.0) {
            return Err(self.no_log("has values that are not above zero", place));
        }
        let unit = self.numeric.as_ref().map_or(Unit::Number, |(_, unit)| *unit);
        let title = self.title();
        let mut axis = if log || is_log_spaced(&numbers) {
            Axis::log10(title, unit, numbers.iter().copied())
        } else {
            let mut axis = Axis::linear(title, unit, numbers.iter().copied(), false);
            if let [first, .., last] = numbers[..] {
                (axis.min, axis.max) = (first, last);
            }
            axis
        };
        if values.len() <= LABELLED {
            axis.labels = numbers.into_iter().zip(texts()).collect();
        }
        Ok(axis)
    }

    /// The last part of the key's name, if that tells it from the others.
    fn short<'a>(&'a self, all: &[Self]) -> &'a str {
        let last = |key: &'a Self| key.name.rsplit('.').next().unwrap_or(&key.name);
        let ambiguous = |other: &Self| {
            other.name != self.name && other.name.rsplit('.').next() == Some(last(self))
        };
        if all.iter().any(ambiguous) { &self.name } else { last(self) }
    }

    fn title(&self) -> String {
        match &self.numeric {
            Some((column, _)) if column.ends_with("_per_s") => {
                format!("{} (per second)", self.name)
            }
            _ => self.name.clone(),
        }
    }

    fn no_log(&self, why: &str, place: &str) -> Error {
        Error::request(format!("`{}` {why}, which a logarithmic axis cannot show", self.name))
            .hint("leave `--log` out")
            .at(place)
    }
}

/// Whether the gaps between the values grow with them.
fn is_log_spaced(sorted: &[f64]) -> bool {
    let [first, .., last] = sorted[..] else { return false };
    if first <= 0.0 || last < first * 8.0 || sorted.len() < 3 {
        return false;
    }
    let gaps: Vec<f64> = sorted.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps[gaps.len() - 1] > gaps[0] * 3.0
}

/// The key of that name, else the first.
fn chosen_key(keys: &[Key], options: &Options, place: &str) -> Result<usize> {
    let Some(name) = &options.x else { return Ok(0) };
    keys.iter().position(|key| key.name == *name).ok_or_else(|| {
        Error::request(format!("`{name}` is no swept key of this file"))
            .hint(one_of(name, keys.iter().map(|key| key.name.as_str())))
            .at(place)
    })
}

/// The configurations whose figure is worth a line: those with bucket keys, if savings are drawn.
fn telling(table: &Table, configurations: &Configurations, figure: &Figure) -> Result<Vec<usize>> {
    let all: Vec<usize> = configurations.chosen().collect();
    if configurations.are_named() || !figure.is_saving() || !table.has("saving_floor") {
        return Ok(all);
    }
    let mut with_keys = Vec::new();
    for row in table.rows() {
        let index = configurations.index(&row)?;
        if row.optional("saving_floor")?.is_some() {
            with_keys.extend(index.filter(|index| !with_keys.contains(index)));
        }
    }
    with_keys.sort_unstable();
    Ok(if with_keys.is_empty() { all } else { with_keys })
}

/// Leaves as many lines as can be told apart, from the first to the last; says so if there were more.
fn thin(lines: &mut Vec<Line>) -> String {
    let all = lines.len();
    if all <= MOST_LINES {
        return String::new();
    }
    let kept = |i: usize| (0..MOST_LINES).any(|k| k * (all - 1) / (MOST_LINES - 1) == i);
    let mut at = 0;
    lines.retain(|_| {
        at += 1;
        kept(at - 1)
    });
    format!(" {MOST_LINES} of {all} lines are shown.")
}

/// One line before it is drawn.
struct Line {
    configuration: usize,
    /// Values of the other keys.
    others: Vec<String>,
    points: Vec<(Value, Levels)>,
}

/// A figure against one swept key; further keys make further lines.
pub(super) fn saving(table: &Table, options: &Options) -> Result<Chart> {
    let keys = keys(table);
    let at = chosen_key(&keys, options, table.place())?;
    let figure = Figure::of(table, options.figure.as_deref())?;
    let configurations = Configurations::of(table, options)?;
    let mut shown = telling(table, &configurations, &figure)?;
    if keys.len() > 1 && !configurations.are_named() {
        shown.truncate(1);
    }
    let values = keys[at].values(table)?;
    let mut lines = lines(table, &keys, at, &configurations, &shown, &figure)?;
    let left_out = thin(&mut lines);
    let x = keys[at].axis(&values, options.log, table.place())?;
    let y =
        lines.iter().flat_map(|line| line.points.iter().flat_map(|(_, levels)| levels.values()));
    let y = Axis::linear(figure.title.clone(), figure.unit, y, !figure.is_saving());
    let ranged = lines.iter().any(|line| line.points.iter().any(|(_, l)| l.range().is_some()));
    let one_configuration = shown.len() == 1;
    let series = lines.into_iter().enumerate().map(|(i, line)| {
        let configuration = configurations.name(line.configuration);
        let name = match (&line.others[..], one_configuration) {
            ([], _) => configuration,
            (others, true) => others.join(", "),
            (others, false) => format!("{configuration}, {}", others.join(", ")),
        };
        let colour = if keys.len() > 1 { i } else { line.configuration };
        let points =
            line.points.iter().map(|(value, levels)| point(&x, &name, value, levels, &figure));
        Series { points: points.collect(), name, colour }
    });
    let series = series.collect();
    let sign = if x.scale == Scale::Categories { "Sign" } else { "Line" };
    let mut of = format!("{sign}: every assumption as assumed.");
    if one_configuration && keys.len() > 1 {
        of = format!("Configuration {}. {of}", configurations.name(shown[0]));
    }
    of.push_str(&left_out);
    Ok(Chart {
        name: String::new(),
        title: format!(
            "{} by {}: {}",
            figure.title,
            keys[at].short(&keys),
            configurations.scenario()
        ),
        subtitle: of,
        plot: Plot::Lines(Lines {
            x,
            y,
            series,
            band: ranged.then(|| RANGE.to_owned()),
            references: Vec::new(),
        }),
        source: source(table, ""),
    })
}

fn lines(
    table: &Table,
    keys: &[Key],
    at: usize,
    configurations: &Configurations,
    shown: &[usize],
    figure: &Figure,
) -> Result<Vec<Line>> {
    let mut lines: Vec<Line> = Vec::new();
    for row in table.rows() {
        let Some(configuration) = configurations.index(&row)?.filter(|i| shown.contains(i)) else {
            continue;
        };
        let mut others = Vec::new();
        for (_, key) in keys.iter().enumerate().filter(|(i, _)| *i != at) {
            others.push(format!("{} {}", key.short(keys), row.text(&key.text)?));
        }
        let known = |line: &Line| line.configuration == configuration && line.others == others;
        let index = lines.iter().position(known).unwrap_or_else(|| {
            lines.push(Line { configuration, others, points: Vec::new() });
            lines.len() - 1
        });
        let value = keys[at].value(&row)?;
        let points = &mut lines[index].points;
        let point = points.iter().position(|(known, _)| known.text == value.text);
        let point = point.unwrap_or_else(|| {
            points.push((value, Levels::default()));
            points.len() - 1
        });
        points[point].1.take(&row, row.optional(&figure.column)?)?;
    }
    if lines.iter().all(|line| line.points.iter().all(|(value, _)| value.number.is_some())) {
        for line in &mut lines {
            let number = |value: &Value| value.number.unwrap_or(0.0);
            line.points.sort_by(|(a, _), (b, _)| number(a).total_cmp(&number(b)));
        }
    }
    lines.sort_by_key(|line| line.configuration);
    Ok(lines)
}

fn point(axis: &Axis, name: &str, value: &Value, levels: &Levels, figure: &Figure) -> Point {
    let by_text = axis.labels.iter().find(|(_, text)| *text == value.text).map(|(at, _)| *at);
    Point {
        x: by_text.or(value.number).unwrap_or(0.0),
        y: levels.assumed,
        range: levels.range(),
        label: format!("{name}, {}: {}", value.text, figure.with_range(levels)),
        point: value.point.clone(),
    }
}

/// A figure against two swept keys, for one configuration.
pub(super) fn heat_map(table: &Table, options: &Options) -> Result<Chart> {
    let keys = keys(table);
    let across = chosen_key(&keys, options, table.place())?;
    let (across, up) = (&keys[across], &keys[1 - across]);
    let figure = Figure::of(table, options.figure.as_deref())?;
    let configurations = Configurations::of(table, options)?;
    let shown = telling(table, &configurations, &figure)?;
    let shown = shown.first().copied();
    let (columns, rows) = (across.values(table)?, up.values(table)?);
    let mut cells = Vec::new();
    for row in table.rows() {
        if configurations.index(&row)? != shown || row.text("assumption")? != "assumed" {
            continue;
        }
        let Some(value) = row.optional(&figure.column)? else { continue };
        let (column, line) = (across.value(&row)?, up.value(&row)?);
        let place = |values: &[Value], of: &Value| values.iter().position(|v| v.text == of.text);
        let (Some(x), Some(y)) = (place(&columns, &column), place(&rows, &line)) else { continue };
        let text = figure.write(value);
        let label = format!("{} {}, {} {}: {text}", across.name, column.text, up.name, line.text);
        cells.push(Cell { x, y, value, text, label, point: column.point });
    }
    let texts = |values: Vec<Value>| values.into_iter().map(|value| value.text).collect();
    let name = shown.map_or_else(String::new, |index| configurations.name(index));
    let names = format!("{} and {}", across.short(&keys), up.short(&keys));
    Ok(Chart {
        name: String::new(),
        title: format!("{} by {names}: {}", figure.title, configurations.scenario()),
        subtitle: format!("Configuration {name}, every assumption as assumed."),
        plot: Plot::HeatMap(HeatMap {
            x: (across.title(), texts(columns)),
            y: (up.title(), texts(rows)),
            figure: figure.title,
            cells,
        }),
        source: source(table, ""),
    })
}
