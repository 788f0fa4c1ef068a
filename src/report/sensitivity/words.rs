//! What an answer hangs on, in words: shared by every format that people read.

use std::fmt::Write;

use crate::encryption::assumptions::Level;
use crate::outcome::Swing;
use crate::report::numbers::{count, duration, grouped, percent, significant};
use crate::scenario::Scenario;
use crate::sensitivity::axis::{Axis, Unit};
use crate::sensitivity::break_even::{BreakEven, BreakEvens, TargetCrossings};
use crate::sensitivity::search::Direction;
use crate::sensitivity::sobol::Interval;
use crate::sensitivity::{Sample, Sensitivity, Together};

/// The answer in one line.
#[must_use]
pub fn verdict(scenario: &Scenario, found: &Sensitivity) -> String {
    let headline = &scenario.configurations[scenario.headline].name;
    let saves = format!(
        "{}: `{headline}` saves {} of the KMS requests with everything as assumed",
        scenario.name,
        percent(found.assumed)
    );
    let Together::Sampled(Sample { quantiles: [low, _, high], indices, .. }) = &found.together
    else {
        return saves;
    };
    let range = format!("{saves}, {} … {} in nine cases of ten", percent(*low), percent(*high));
    match indices.iter().flatten().next() {
        None => format!("{saves}, and as much whatever AWS does not publish"),
        Some((unknown, of)) => format!(
            "{range}; {} of that spread hangs on `{}`",
            share(of.total.value),
            unknown.name()
        ),
    }
}

/// A share of the variance, without digits that no sample gives.
fn share(value: f64) -> String {
    format!("{:.0} %", value.clamp(0.0, 1.0) * 100.0)
}

/// The heads of the table of assumptions one at a time.
pub(super) const SWING_HEADS: [&str; 7] =
    ["one at a time", "low", "assumed", "high", "saving at low", "saving at high", "points"];

/// A row of it.
pub(super) fn swing(swing: &Swing) -> [String; 7] {
    [
        swing.assumption.to_owned(),
        swing.low.0.clone(),
        swing.assumed.0.clone(),
        swing.high.0.clone(),
        percent(swing.low.1),
        percent(swing.high.1),
        format!("{:.2}", swing.width() * 100.0),
    ]
}

/// The heads of the table of indices.
pub(super) const INDEX_HEADS: [&str; 3] =
    ["share of the spread", "by itself [95 %]", "with others [95 %]"];

/// Its rows, or why there are none.
pub(super) fn indices(found: &Sensitivity) -> Result<Vec<[String; 3]>, String> {
    let sample = match &found.together {
        Together::Known => {
            return Err("Every assumption is known: there is no spread to share out.".to_owned());
        }
        Together::TooLong(requests) => {
            return Err(format!(
                "The spread of all assumptions together was not sampled: even the fewest points would \
                 answer about {} requests. Ask for it with `--samples 16`, or simulate less, e.g., \
                 `--set duration=1d`.",
                count(*requests)
            ));
        }
        Together::Sampled(sample) => sample,
    };
    let indices = sample.indices.as_ref().ok_or_else(|| {
        "The saving is the same wherever the assumptions lie: there is no spread to share out."
            .to_owned()
    })?;
    let interval = |of: Interval| {
        format!("{:.2} [{:.2} … {:.2}]", rounded(of.value), rounded(of.low), rounded(of.high))
    };
    let rows = indices
        .iter()
        .map(|(unknown, of)| [unknown.name().to_owned(), interval(of.first), interval(of.total)]);
    Ok(rows.collect())
}

/// Without the sign of what rounds to zero.
fn rounded(value: f64) -> f64 {
    if value.abs() < 0.005 { 0.0 } else { value }
}

/// What the saving is over the sample.
pub(super) fn spread(found: &Sensitivity) -> Option<String> {
    let Together::Sampled(sample) = &found.together else { return None };
    let [low, middle, high] = sample.quantiles;
    let fewer = if sample.fewer { " (fewer than usual: the scenario is large)" } else { "" };
    Some(format!(
        "If every range is right and values are independent, the saving is {} on average, {} in the \
         middle, and {} … {} in nine cases of ten. From {} sets of assumptions, 2 × {} points{fewer}.",
        percent(sample.mean),
        percent(middle),
        percent(low),
        percent(high),
        grouped(sample.sets as u64),
        grouped(sample.samples.into())
    ))
}

/// What was searched for break-even values, a sentence for each axis and target.
#[must_use]
pub fn break_evens(scenario: &Scenario, found: &Sensitivity) -> Vec<String> {
    let headline = &scenario.configurations[scenario.headline].name;
    let of_axis = |of_levels: &[BreakEvens]| -> Vec<String> {
        (0..of_levels[0].targets.len())
            .map(|target| sentence(headline, of_levels, target))
            .collect()
    };
    found.break_evens.chunk_by(|a, b| a.axis == b.axis).flat_map(of_axis).collect()
}

/// A sentence on one axis and target: with the other assumptions as assumed, then at either end.
fn sentence(headline: &str, of_levels: &[BreakEvens], target: usize) -> String {
    let at = |level: Level| of_levels.iter().find(|it| it.others == level);
    let says = |found: &BreakEvens, detailed| clause(found, &found.targets[target], detailed);
    let Some(assumed) = at(Level::Assumed) else { return String::new() };
    let mut sentence = format!("`{headline}` {}", says(assumed, true));
    let ends = [at(Level::Low), at(Level::High)];
    if let [Some(low), Some(high)] = ends
        && (low.curve != assumed.curve || high.curve != assumed.curve)
    {
        let others = if assumed.axis.is_assumption() { "the others" } else { "all assumptions" };
        let _ = write!(
            sentence,
            "; with {others} at low {}, at high {}",
            says(low, false),
            says(high, false)
        );
    }
    if let Some(cut) = of_levels.iter().find_map(|it| it.cut.as_ref()) {
        let (low, high) =
            assumed.searched().unwrap_or((assumed.axis.span.low, assumed.axis.span.low));
        let _ = write!(
            sentence,
            " (tried from {} to {} only: {})",
            value(&assumed.axis, low),
            value(&assumed.axis, high),
            cut.lines().next().unwrap_or_default()
        );
    }
    sentence.push('.');
    sentence
}

/// Where the saving lies below a target.
fn clause(found: &BreakEvens, target: &TargetCrossings, detailed: bool) -> String {
    let (axis, name) = (&found.axis, found.axis.name());
    let wanted = share_wanted(target.target);
    let Some(((low, high), [least, most])) = found.searched().zip(found.extremes()) else {
        return format!("was not tried along `{name}`");
    };
    let within = if detailed {
        format!(" for `{name}` from {} to {}", value(axis, low), value(axis, high))
    } else {
        String::new()
    };
    let at = |(parameter, saving): (f64, f64)| {
        format!("{} at {}", percent(saving), value(axis, parameter))
    };
    if target.crossings.is_empty() {
        let (word, extreme) = if least.1 >= target.target {
            ("never", format!("(lowest {})", at(least)))
        } else {
            ("always", format!("(highest {})", at(most)))
        };
        return if detailed {
            format!("{word} saves less than {wanted}{within} {extreme}")
        } else {
            format!("{word} {extreme}")
        };
    }
    let name = if detailed { format!("`{name}` ") } else { String::new() };
    let where_below = below(axis, &target.crossings, &name, detailed);
    if detailed {
        format!("saves less than {wanted} once {where_below}")
    } else {
        format!("once {where_below}")
    }
}

/// A target without the decimals that nobody wrote.
fn share_wanted(target: f64) -> String {
    format!("{} %", (target * 1e8).round() / 1e6)
}

/// The parts of an axis on which the saving lies below the target.
fn below(axis: &Axis, crossings: &[BreakEven], name: &str, detailed: bool) -> String {
    let text = |it: &BreakEven| {
        let border = |number: f64| value(axis, number);
        let interval = match it.interval {
            Some((low, high)) if detailed => format!(" [{} … {}]", border(low), border(high)),
            _ => String::new(),
        };
        format!("{}{interval}", border(it.value))
    };
    let mut parts = Vec::new();
    let mut from: Option<&BreakEven> = None;
    for crossing in crossings {
        match (crossing.crossing.direction, from) {
            (Direction::Falls, _) => from = Some(crossing),
            (Direction::Rises, None) => parts.push(format!("{name}< {}", text(crossing))),
            (Direction::Rises, Some(fell)) => {
                let below = if axis.span.whole { "and below" } else { "and" };
                let between = if axis.span.whole { "≥" } else { "between" };
                parts.push(format!("{name}{between} {} {below} {}", text(fell), text(crossing)));
                from = None;
            }
        }
    }
    // Of whole numbers a value is the first on its side.
    let on = if axis.span.whole { "≥" } else { ">" };
    parts.extend(from.map(|fell| format!("{name}{on} {}", text(fell))));
    parts.join(" or ")
}

/// A value along an axis, with about three digits.
#[must_use]
pub fn value(axis: &Axis, value: f64) -> String {
    match axis.unit {
        Unit::Seconds => duration(value),
        Unit::PerSecond => format!("{}/s", significant(value)),
        Unit::Percent => format!("{} %", significant(value)),
        Unit::Number if axis.span.whole => grouped(value.round() as u64),
        Unit::Number => significant(value),
    }
}

/// By which methods.
#[must_use]
pub fn basis(found: &Sensitivity) -> Vec<String> {
    let mut lines = vec![
        "One at a time: the others as assumed, in the first replication, all on the same requests."
            .to_owned(),
    ];
    if let Together::Sampled(_) = found.together {
        lines.push(
            "Shares of the spread: Sobol' indices of first order and total (Sobol' 1993, 2001), \
             estimators of Saltelli et al. 2010 and Jansen 1999, bootstrap intervals; assumed as laws \
             of what is not known: lifetimes even in their logarithm, all others even, independent."
                .to_owned(),
        );
    }
    let interval = match found.replications {
        1 => "one replication, hence without interval".to_owned(),
        n => format!(
            "searched in the first replication, then the mean of each one's own in {n}, [95 %]"
        ),
    };
    lines.push(format!(
        "Break-even values: {interval}; found within 1 % or a whole number between the points of a \
         grid, so two crossings close together can be missed."
    ));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_three_digits() {
        let of = |text: &str, number: f64| value(&Axis::parse(text).unwrap(), number);
        for (text, number, expected) in [
            ("a=1s..1d", 0.04, "0.04s"),
            ("a=1s..1d", 42.345, "42.3s"),
            ("a=1s..1d", 60.4, "1min"),
            ("a=1s..1d", 612.3, "10min 12s"),
            ("a=1s..1d", 86_400.0, "1d"),
            ("a=1..9000", 8_999.0, "8,999"),
            ("a=0.1/s..9/s", 0.123_45, "0.123/s"),
            ("a=1%..9%", 2.5, "2.5 %"),
            ("a=0.5..2", 1.0, "1"),
        ] {
            assert_eq!(of(text, number), expected);
        }
    }
}
