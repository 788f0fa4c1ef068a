//! `break_even_curves.csv`: the saving at each value of a parameter that was tried in search of a
//! break-even.

use super::super::axis::{Axis, Unit};
use super::super::choice::parameters;
use super::super::table::Table;
use super::super::{Chart, Lines, Plot, Point, Series};
use super::Options;
use super::figure::write;
use super::parameter::{OTHERS, value};
use super::select::{Configurations, source};
use crate::error::{Error, Result, one_of};

/// The curves of one parameter: that of `--x`, else the first of the file.
pub(super) fn chart(table: &Table, options: &Options) -> Result<Chart> {
    let configurations = Configurations::of(table, options)?;
    let parameter = parameter(table, options)?;
    let several = configurations.chosen().count() > 1;
    let mut unit = "";
    let mut series: Vec<Series> = Vec::new();
    for row in table.rows() {
        let Some(index) = configurations.index(&row)? else { continue };
        if row.text("parameter")? != parameter {
            continue;
        }
        unit = row.text("unit")?;
        let others = row.text("others")?;
        let level = OTHERS.iter().position(|(name, _)| *name == others);
        let level =
            level.ok_or_else(|| row.wrong("others", "must be `low`, `assumed` or `high`"))?;
        let name = if several {
            format!("{}, {}", configurations.name(index), OTHERS[level].1)
        } else {
            OTHERS[level].1.to_owned()
        };
        let (x, y) = (row.number("value")?, row.number("saving_ratio")?);
        let label = format!("{parameter} {}, {name}: {}", value(unit, x), write(Unit::Share, y));
        let at = series.iter().position(|series| series.name == name).unwrap_or_else(|| {
            series.push(Series { name, colour: index * OTHERS.len() + level, points: Vec::new() });
            series.len() - 1
        });
        series[at].points.push(Point { x, y: Some(y), range: None, label, point: None });
    }
    for series in &mut series {
        series.points.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    let points = || series.iter().flat_map(|series| &series.points);
    let values: Vec<f64> = points().map(|point| point.x).collect();
    let x = axis(parameter, unit, &values, options.log).map_err(|error| error.at(table.place()))?;
    let savings: Vec<f64> = points().filter_map(|point| point.y).collect();
    let names: Vec<String> = configurations.chosen().map(|i| configurations.name(i)).collect();
    Ok(Chart {
        name: String::new(),
        title: format!("KMS requests saved by {parameter}: {}", configurations.scenario()),
        subtitle: format!("Each point was simulated; configuration {}.", names.join(", ")),
        plot: Plot::Lines(Lines {
            x,
            y: Axis::linear("KMS requests saved", Unit::Share, savings, false),
            series,
            band: None,
            references: Vec::new(),
        }),
        source: source(table, ""),
    })
}

/// The axis of a parameter: logarithmic if it was asked for, or if the values span decades.
fn axis(parameter: &str, unit: &str, values: &[f64], log: bool) -> Result<Axis> {
    let (title, unit) = match unit {
        "s" => (parameter.to_owned(), Unit::Duration),
        "per_s" => (format!("{parameter} (per second)"), Unit::Number),
        "percent" => (format!("{parameter} (percent)"), Unit::Number),
        _ => (parameter.to_owned(), Unit::Number),
    };
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    if log && least <= 0.0 {
        return Err(Error::request(format!(
            "`{parameter}` has values that are not above zero, which a logarithmic axis cannot show"
        ))
        .hint("leave `--log` out"));
    }
    let values = values.iter().copied();
    if log || (least > 0.0 && most > least * 20.0) {
        Ok(Axis::log10(title, unit, values))
    } else {
        Ok(Axis::linear(title, unit, values, false))
    }
}

fn parameter<'a>(table: &'a Table, options: &Options) -> Result<&'a str> {
    let parameters = parameters(table);
    let Some(wanted) = &options.x else { return Ok(parameters[0]) };
    parameters.iter().find(|parameter| **parameter == wanted).copied().ok_or_else(|| {
        Error::request(format!("`{wanted}` is no parameter of this file"))
            .hint(one_of(wanted, parameters))
            .at(table.place())
    })
}
