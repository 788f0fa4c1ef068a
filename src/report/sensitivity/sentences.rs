//! What an answer depends on, in sentences.

use crate::encryption::assumption::Level;
use crate::figure::FigureUnit;
use crate::report::numbers::{count, dollars, grouped, percent};
use crate::results::sensitivity::SpreadRow;
use crate::scenario::Scenario;
use crate::sensitivity::axis::SearchAxis;
use crate::sensitivity::break_even::{BreakEven, BreakEvens, TargetCrossings, middle};
use crate::sensitivity::figure_targets::{FigureCrossings, FigureTarget};
use crate::sensitivity::rows::value;
use crate::sensitivity::search::Direction;
use crate::sensitivity::{Sample, Sensitivity, Together};

/// The answer in one line.
pub(super) fn verdict(scenario: &Scenario, found: &Sensitivity) -> String {
    let headline = &scenario.configurations[scenario.headline].name;
    let Some(assumed) = found.assumed else {
        return format!(
            "{}: `{}` makes no KMS requests in this traffic, so there is nothing to save, whatever AWS does not \
             publish",
            scenario.name, scenario.configurations[scenario.reference].name
        );
    };
    let saves = format!(
        "{}: `{headline}` saves {} of the KMS requests with everything as assumed",
        scenario.name,
        percent(assumed)
    );
    let Together::Sampled(Sample { quantiles: [low, _, high], indices, .. }) = &found.together
    else {
        return saves;
    };
    let range = format!("{saves}, {} … {} in nine cases of ten", percent(*low), percent(*high));
    match indices.iter().flatten().next() {
        None => format!("{saves}, and as much whatever AWS does not publish"),
        Some((unknown, of)) => format!(
            "{range}; {} of that spread comes from `{}`",
            share(of.total.value),
            unknown.name()
        ),
    }
}

/// A share of the variance, without digits that no sample gives.
fn share(value: f64) -> String {
    format!("{:.0} %", value.clamp(0.0, 1.0) * 100.0)
}

/// What the saving is over the sample; `is_fewer` if that is smaller than usual.
pub(in crate::report) fn spread(row: &SpreadRow, is_fewer: bool) -> String {
    let fewer = if is_fewer { " (fewer than usual: the scenario is large)" } else { "" };
    let [mean, p05, p50, p95] =
        [row.saving_mean_ratio, row.saving_p05_ratio, row.saving_p50_ratio, row.saving_p95_ratio]
            .map(percent);
    format!(
        "If every range is right and values are independent, the saving is {mean} on average, {p50} in the \
         middle, and {p05} … {p95} in nine cases of ten. From {} sets of assumptions, 2 × {} points{fewer}.",
        grouped(row.assumption_sets as u64),
        grouped(row.samples.into())
    )
}

/// Where the saving falls below each target, a sentence for each axis and target.
pub(super) fn break_evens(scenario: &Scenario, found: &Sensitivity) -> Vec<String> {
    let headline = &scenario.configurations[scenario.headline].name;
    let axes = found.break_evens.chunk_by(|a, b| a.axis == b.axis);
    let targets = axes.flat_map(|levels| (0..levels[0].targets.len()).map(move |it| (levels, it)));
    targets.map(|(levels, target)| sentence(headline, levels, target)).collect()
}

/// A sentence on one axis and target: with the other assumptions as assumed, then at either end.
fn sentence(headline: &str, levels: &[BreakEvens], target: usize) -> String {
    let [low, assumed, high] = Level::ALL.map(|level| levels.iter().find(|it| it.others == level));
    let Some(assumed) = assumed else { return String::new() };
    let detailed = clause(assumed, &assumed.targets[target], true);
    let ends = match low.zip(high) {
        Some((low, high)) if low.curve != assumed.curve || high.curve != assumed.curve => {
            let others =
                if assumed.axis.is_assumption() { "the others" } else { "all assumptions" };
            let [low, high] = [low, high].map(|it| clause(it, &it.targets[target], false));
            format!("; with {others} at low {low}, at high {high}")
        }
        _ => String::new(),
    };
    let cut = levels.iter().find_map(|it| it.cut.as_ref()).map_or_else(String::new, |cut| {
        let span = &assumed.axis.span;
        let (low, high) = assumed.searched().unwrap_or((span.low, span.low));
        let [low, high] = [low, high].map(|end| value(&assumed.axis, end));
        let why = cut.lines().next().unwrap_or_default();
        format!(" (tried from {low} to {high} only: {why})")
    });
    format!("`{headline}` {detailed}{ends}{cut}.")
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
    if target.crossings.is_empty() {
        let (word, which, (at, saving)) = if least.1 >= target.target {
            ("never", "lowest", least)
        } else {
            ("always", "highest", most)
        };
        let extreme = format!("({which} {} at {})", percent(saving), value(axis, at));
        return if detailed {
            format!("{word} saves less than {wanted}{within} {extreme}")
        } else {
            format!("{word} {extreme}")
        };
    }
    let name = if detailed { format!("`{name}` ") } else { String::new() };
    let where_below = below(axis, &target.crossings, &name, detailed);
    let does = if detailed { format!("saves less than {wanted} ") } else { String::new() };
    format!("{does}once {where_below}")
}

/// Where each demand on a figure holds, a sentence for each axis and demand.
pub(super) fn figure_targets(found: &Sensitivity) -> Vec<String> {
    found.figure_targets.iter().map(figure_target).collect()
}

fn figure_target(target: &FigureTarget) -> String {
    let [low, assumed, high] =
        Level::ALL.map(|level| target.levels.iter().find(|it| it.others == level));
    let clause = |level| figure_clause(target, level);
    let ends = match (low, assumed, high) {
        (Some(low), Some(assumed), Some(high))
            if low.figures != assumed.figures || high.figures != assumed.figures =>
        {
            format!("; at low {}, at high {}", clause(low), clause(high))
        }
        _ => String::new(),
    };
    let cut = match &target.cut {
        Some(cut) => format!(" (not all values were tried: {})", cut.lines().next().unwrap_or("")),
        None => String::new(),
    };
    format!(
        "`{}`: `{}` {}{ends}{cut}.",
        target.configuration,
        target.demand,
        assumed.map_or_else(String::new, clause)
    )
}

/// Where a demand on a figure no longer holds.
fn figure_clause(target: &FigureTarget, level: &FigureCrossings) -> String {
    let (axis, name) = (&target.axis, target.axis.name());
    let Some(((low, high), [least, most])) = level.searched().zip(level.extremes()) else {
        return format!("was not tried along `{name}`");
    };
    if level.crossings.is_empty() {
        let figure =
            |(at, figure): (f64, f64)| format!("{} at {}", amount(target, figure), value(axis, at));
        let word = if target.demand.holds(least.1) { "always" } else { "never" };
        return format!(
            "{word} holds for `{name}` from {} to {} ({} … {})",
            value(axis, low),
            value(axis, high),
            figure(least),
            figure(most)
        );
    }
    let crossings: Vec<BreakEven> = level
        .crossings
        .iter()
        .map(|crossing| BreakEven {
            crossing: *crossing,
            value: middle(axis, crossing),
            interval: None,
        })
        .collect();
    format!("no longer holds once {}", below(axis, &crossings, &format!("`{name}` "), false))
}

/// A figure as it is read.
fn amount(target: &FigureTarget, figure: f64) -> String {
    match target.demand.figure.unit() {
        FigureUnit::Share => percent(figure),
        FigureUnit::Dollars => dollars(figure),
        FigureUnit::Count => count(figure),
    }
}

/// A target without the decimals that nobody wrote.
fn share_wanted(target: f64) -> String {
    format!("{} %", (target * 1e8).round() / 1e6)
}

/// The parts of an axis on which the saving lies below the target.
fn below(axis: &SearchAxis, crossings: &[BreakEven], name: &str, detailed: bool) -> String {
    let mut parts = Vec::new();
    let mut from: Option<String> = None;
    for crossing in crossings {
        let border = border(axis, crossing, detailed);
        match (crossing.crossing.direction, from.take()) {
            (Direction::Falls, _) => from = Some(border),
            (Direction::Rises, None) => parts.push(format!("{name}< {border}")),
            (Direction::Rises, Some(fell)) => {
                let (between, and) =
                    if axis.span.whole { ("≥", "and below") } else { ("between", "and") };
                parts.push(format!("{name}{between} {fell} {and} {border}"));
            }
        }
    }
    // Of whole numbers a value is the first on its side.
    let on = if axis.span.whole { "≥" } else { ">" };
    parts.extend(from.map(|fell| format!("{name}{on} {fell}")));
    parts.join(" or ")
}

/// A break-even value with its interval.
fn border(axis: &SearchAxis, found: &BreakEven, detailed: bool) -> String {
    let at = value(axis, found.value);
    match found.interval.filter(|_| detailed) {
        Some((low, high)) => format!("{at} [{} … {}]", value(axis, low), value(axis, high)),
        None => at,
    }
}

/// By which methods.
pub(super) fn basis(found: &Sensitivity) -> Vec<String> {
    let mut lines = vec![
        "One at a time: the others as assumed, in the first replication, all on the same requests."
            .to_owned(),
    ];
    if let Together::Sampled(_) = found.together {
        lines.push(
            "Shares of the spread: Sobol' indices of first order and total (Sobol' 1993, 2001), \
             estimators of Saltelli et al. 2010 and Jansen 1999, bootstrap intervals; assumptions are drawn \
             independently, lifetimes uniform in their logarithm, all others uniform."
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
