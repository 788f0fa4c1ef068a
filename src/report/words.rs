//! What an outcome says, in words: shared by every format that people read.

use super::numbers::{count, dollars, percent};
use crate::encryption::assumptions::Level;
use crate::kms::KmsApi;
use crate::outcome::{AssertionOutcome, ConfigurationOutcome, Outcome, PrecisionOutcome, Swing};
use crate::scenario::Scenario;

/// The answer in one line, with its range.
#[must_use]
pub fn verdict(scenario: &Scenario, outcome: &Outcome) -> String {
    let headline = &outcome.configurations[scenario.headline];
    let reference = &outcome.configurations[scenario.reference];
    let Some(saving) = headline.assumed().saving else {
        return format!(
            "{}: `{}` makes no KMS requests in this traffic, so there is nothing to save",
            scenario.file.name, reference.name
        );
    };
    let does = if saving.mean < 0.0 {
        format!("costs {} more KMS requests than `{}`", percent(-saving.mean), reference.name)
    } else {
        format!("saves {} of the KMS requests of `{}`", percent(saving.mean), reference.name)
    };
    let range = match headline.saving_range() {
        Some((low, high)) if low < high => format!(" [{} … {}]", percent(low), percent(high)),
        _ => " [the same at every level]".to_owned(),
    };
    format!(
        "{}: `{}` {does}{range}: KMS requests cost {} instead of {} in {}",
        scenario.file.name,
        headline.name,
        dollars(headline.assumed().bill.kms_total().as_f64()),
        dollars(reference.assumed().bill.kms_total().as_f64()),
        scenario.billing.period,
    )
}

/// A table of figures: a label, then a cell for each configuration.
#[must_use]
pub fn figures(scenario: &Scenario, outcome: &Outcome) -> Vec<(String, Vec<String>)> {
    let configurations = &outcome.configurations;
    let mut rows = Vec::new();
    let mut row = |label: &str, cell: &dyn Fn(&ConfigurationOutcome) -> String| {
        rows.push((label.to_owned(), configurations.iter().map(cell).collect()));
    };
    row("S3 requests", &|c| count(c.assumed().requests));
    row("KMS requests", &|c| count(c.assumed().kms_requests()));
    for api in KmsApi::ALL {
        let of = |c: &ConfigurationOutcome| c.assumed().kms_by_api[api as usize];
        if api != KmsApi::Encrypt || configurations.iter().any(|c| of(c) > 0.0) {
            row(&format!("  {api}"), &|c| count(of(c)));
        }
    }
    row("KMS peak a second", &|c| count(c.assumed().per_s_max.into()));
    row("  share of the quota", &|c| percent(c.assumed().quota_share_max));
    row("bucket-level keys made", &|c| count(c.assumed().keys_generated));
    row("  alive at a time", &|c| {
        let (min, max) = c.assumed().keys_alive;
        if min == max { count(min.into()) } else { format!("{min} to {max}") }
    });
    row("CloudTrail KMS events", &|c| count(c.assumed().kms_requests()));
    row("  that name the object", &|c| count(c.assumed().cloudtrail_events.1));
    let period = scenario.billing.period;
    row(&format!("KMS requests, {period}"), &|c| dollars(c.assumed().bill.kms_total().as_f64()));
    row(&format!("whole bill, {period}"), &|c| dollars(c.assumed().bill.total().as_f64()));
    row("KMS requests saved", &saving);
    row("  low … high", &|c| {
        let at = |level| c.at(level).saving.map_or_else(dash, |saving| percent(saving.mean));
        if c.ceiling.is_some() {
            format!("{} … {}", at(Level::Low), at(Level::High))
        } else {
            dash()
        }
    });
    row("  floor … ceiling", &|c| match (c.floor, c.ceiling) {
        (Some(floor), Some(ceiling)) => format!("{} … {}", percent(floor), percent(ceiling)),
        _ => dash(),
    });
    let reference = configurations[scenario.reference].assumed().bill.total().as_f64();
    row("whole bill saved", &|c| {
        let saved = 1.0 - c.assumed().bill.total().as_f64() / reference;
        if reference > 0.0 { percent(saved) } else { dash() }
    });
    if configurations.iter().any(|c| c.migration.is_some()) {
        row("migration, once", &|c| {
            c.migration.as_ref().map_or_else(dash, |m| dollars(m.bill.total().as_f64()))
        });
        row("  paid back after", &|c| match &c.migration {
            None => dash(),
            Some(migration) => match migration.payback_periods {
                None => "never".to_owned(),
                Some(periods) if periods >= 1e4 => "never".to_owned(),
                Some(periods) => format!("{periods:.1} × {period}"),
            },
        });
    }
    rows
}

fn dash() -> String {
    "–".to_owned()
}

fn saving(configuration: &ConfigurationOutcome) -> String {
    let Some(saving) = configuration.assumed().saving else { return dash() };
    match saving.half_width {
        Some(half_width) => format!("{} ± {:.2}", percent(saving.mean), half_width * 100.0),
        None => percent(saving.mean),
    }
}

/// What the figures stand for.
#[must_use]
pub fn basis(scenario: &Scenario, outcome: &Outcome) -> String {
    let counted = scenario.counted();
    let warm_up = scenario.file.warm_up;
    let warm_up =
        if warm_up.as_nanos() > 0 { format!(" after {warm_up} of warm-up") } else { String::new() };
    let replications = match outcome.replications {
        1 => "one replication".to_owned(),
        n => format!(
            "means of {n} replications{}, ± is a 95 % confidence half-width in points",
            outcome.precision.as_ref().map_or_else(String::new, until)
        ),
    };
    format!(
        "Counts are of {counted}{warm_up}, {replications}; peaks and keys alive are the extremes. \
         {}.\nlow … high: every assumption at the end that saves least, and most; floor … ceiling: \
         no key is ever found in memory, and keys live for ever in one place.{}",
        prices(scenario),
        engine(scenario)
    )
}

/// What was drawn, where that is not every request.
fn engine(scenario: &Scenario) -> String {
    let whose = match scenario.engines.name() {
        "events" => return String::new(),
        "skip-ahead" => String::new(),
        _ => format!(" of `{}`", skipped(scenario).join("`, `")),
    };
    format!(
        "\nThe KMS requests{whose} were drawn without the S3 requests between them (engine \
         skip-ahead): exact in distribution, each configuration's by themselves."
    )
}

/// Names of the principals whose KMS requests were drawn without their S3 requests.
#[must_use]
pub fn skipped(scenario: &Scenario) -> Vec<&str> {
    let principals = scenario.file.principals.iter().enumerate();
    principals
        .filter(|(index, _)| scenario.engines.skips(*index as u32))
        .map(|(_, principal)| principal.name.as_str())
        .collect()
}

/// Why there were no more replications.
fn until(precision: &PrecisionOutcome) -> String {
    let points = precision.asked.points();
    if precision.reached.is_none() {
        " (with nothing to save there is nothing to be precise about)".to_owned()
    } else if precision.met() {
        format!(" (run until every half-width was within {points} points)")
    } else {
        format!(" (the most that may be run; {points} points were asked for)")
    }
}

/// Of when and where the prices are.
fn prices(scenario: &Scenario) -> String {
    let table = &scenario.billing.prices;
    let of = match table.dates() {
        (Some(oldest), Some(newest), _) if oldest < newest => format!(" of {oldest} to {newest}"),
        (Some(date), ..) => format!(" of {date}"),
        _ => String::new(),
    };
    let given = match table.dates().2 {
        0 => String::new(),
        given => format!(", {given} given by the scenario"),
    };
    format!("Prices are those{of} for {}{given}", table.region())
}

/// The assumption that moves the answer most.
#[must_use]
pub fn greatest_swing(scenario: &Scenario, outcome: &Outcome) -> Option<String> {
    let swing = outcome.swings.first()?;
    let headline = &scenario.configurations[scenario.headline].name;
    if swing.width() < 5e-7 {
        return Some(format!("No single assumption moves the saving of `{headline}`."));
    }
    Some(format!(
        "The assumption that moves the answer most (AWS does not publish it): `{}`, {}.",
        swing.assumption,
        swing_words(swing)
    ))
}

fn swing_words(swing: &Swing) -> String {
    format!(
        "from {} to {} the saving goes from {} to {}",
        swing.low.0,
        swing.high.0,
        percent(swing.low.1),
        percent(swing.high.1)
    )
}

/// Principals named in the line about them.
const PRINCIPALS_NAMED: usize = 5;

/// What the headline saves for each principal, those with most KMS requests first; `None` if there
/// is only one.
#[must_use]
pub fn by_principal(scenario: &Scenario, outcome: &Outcome) -> Option<String> {
    let headline = &outcome.configurations[scenario.headline].kms_of_principal;
    let reference = &outcome.configurations[scenario.reference].kms_of_principal;
    let names = scenario.file.principals.iter().map(|principal| principal.name.as_str());
    let mut rows: Vec<(&str, f64, f64)> = names
        .zip(headline.iter().zip(reference))
        .map(|(name, (calls, against))| (name, *calls, *against))
        .filter(|(_, _, against)| *against > 0.0)
        .collect();
    if rows.len() < 2 {
        return None;
    }
    rows.sort_by(|a, b| b.2.total_cmp(&a.2));
    let of = |(name, calls, against): &(&str, f64, f64)| {
        format!("`{name}` {} of {}", percent(1.0 - calls / against), count(*against))
    };
    let mut words: Vec<String> = rows.iter().take(PRINCIPALS_NAMED).map(of).collect();
    if rows.len() > PRINCIPALS_NAMED {
        words.push(format!("{} more in requesters.csv", rows.len() - PRINCIPALS_NAMED));
    }
    let name = &scenario.configurations[scenario.headline].name;
    Some(format!("KMS requests that `{name}` saves by principal: {}.", words.join(", ")))
}

/// A demand that was not met.
#[must_use]
pub fn unmet(outcome: &AssertionOutcome) -> String {
    format!(
        "`{}` was demanded of `{}`, but the figure is {}",
        outcome.assertion, outcome.configuration, outcome.value
    )
}
