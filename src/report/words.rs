//! What results say, in words: shared by every format that people read.

use super::added;
use super::numbers::{count, dollars, percent};
use crate::encryption::assumptions::Level;
use crate::kms::KmsApi;
use crate::outcome::recorded::UNKNOWN_OBJECTS;
use crate::results::Results;
use crate::results::facts::{AssertionFacts, AssumptionFacts, ConnectionsFacts};
use crate::results::rows::{SensitivityRow, SummaryRow};
use crate::scenario::assertion::{Figure, FigureUnit};
use crate::scenario::replay::LogOf;
use crate::statistics::points;
use crate::units::SimDuration;

/// The answer in one line, with its range.
#[must_use]
pub fn verdict(results: &Results) -> String {
    let facts = &results.facts;
    let reference = &facts.reference;
    let headline = results.assumed(&facts.headline);
    let Some(saving) = headline.saving_ratio else {
        return added::verdict(results);
    };
    let does = if saving < 0.0 {
        format!("costs {} more KMS requests than `{reference}`", percent(-saving))
    } else {
        format!("saves {} of the KMS requests of `{reference}`", percent(saving))
    };
    let range = match results.saving_range(&facts.headline) {
        Some((low, high)) if low < high => format!(" [{} … {}]", percent(low), percent(high)),
        _ => " [the same at every level]".to_owned(),
    };
    format!(
        "{}: `{}` {does}{range}: KMS requests cost {} instead of {} in {}",
        facts.scenario,
        facts.headline,
        dollars(headline.kms_cost_usd.as_f64()),
        dollars(results.assumed(reference).kms_cost_usd.as_f64()),
        period(results),
    )
}

/// What objects whose writing a replay's log does not tell do to the headline's saving, if there are such
/// objects.
#[must_use]
pub fn unknown_objects(results: &Results) -> Option<&SensitivityRow> {
    results.sensitivity.iter().find(|row| row.assumption == UNKNOWN_OBJECTS)
}

/// Length of the billing period.
pub(super) fn period(results: &Results) -> SimDuration {
    SimDuration::from_secs_f64(results.facts.billing_period_s)
}

/// A table of figures: a label, then a cell for each configuration.
#[must_use]
pub fn figures(results: &Results) -> Vec<(String, Vec<String>)> {
    let names = results.facts.configurations.iter().map(|configuration| &configuration.name);
    let configurations: Vec<&SummaryRow> = names.map(|name| results.assumed(name)).collect();
    let mut rows = Vec::new();
    let mut row = |label: &str, cell: &dyn Fn(&SummaryRow) -> String| {
        rows.push((label.to_owned(), configurations.iter().map(|row| cell(row)).collect()));
    };
    row("S3 requests", &|c| count(c.requests));
    row("KMS requests", &|c| count(c.kms_requests));
    for api in KmsApi::ALL {
        let of = |c: &SummaryRow| c.kms_requests_by(api);
        if api != KmsApi::Encrypt || configurations.iter().any(|c| of(c) > 0.0) {
            row(&format!("  {api}"), &|c| count(of(c)));
        }
    }
    row("KMS peak a second", &|c| count(c.kms_requests_per_s_max.into()));
    row("  share of the quota", &|c| percent(c.quota_share_max));
    row("bucket-level keys made", &|c| count(c.bucket_keys_generated));
    row("  alive at a time", &|c| {
        let (min, max) = (c.bucket_keys_alive_min, c.bucket_keys_alive_max);
        if min == max { count(min.into()) } else { format!("{min} to {max}") }
    });
    row("CloudTrail KMS events", &|c| count(c.cloudtrail_events));
    row("  that name the object", &|c| count(c.cloudtrail_events_object_arn));
    let period = period(results);
    row(&format!("KMS requests, {period}"), &|c| dollars(c.kms_cost_usd.as_f64()));
    row(&format!("whole bill, {period}"), &|c| dollars(c.total_cost_usd.as_f64()));
    if added::applies(results) {
        rows.extend(added::rows(results));
    } else {
        rows.extend(savings(results, &configurations));
    }
    rows.extend(migrations(results, &configurations));
    rows
}

/// Rows of a table of figures about savings.
fn savings(results: &Results, configurations: &[&SummaryRow]) -> Vec<(String, Vec<String>)> {
    let mut rows = Vec::new();
    let mut row = |label: &str, cell: &dyn Fn(&SummaryRow) -> String| {
        rows.push((label.to_owned(), configurations.iter().map(|row| cell(row)).collect()));
    };
    row("KMS requests saved", &saving);
    row("  low … high", &|c| match c.saving_ceiling {
        Some(_) => format!(
            "{} … {}",
            saving_at(results, &c.configuration, Level::Low),
            saving_at(results, &c.configuration, Level::High)
        ),
        None => dash(),
    });
    row("  floor … ceiling", &|c| match (c.saving_floor, c.saving_ceiling) {
        (Some(floor), Some(ceiling)) => format!("{} … {}", percent(floor), percent(ceiling)),
        _ => dash(),
    });
    let reference = results.assumed(&results.facts.reference).total_cost_usd.as_f64();
    row("whole bill saved", &|c| {
        let saved = 1.0 - c.total_cost_usd.as_f64() / reference;
        if reference > 0.0 { percent(saved) } else { dash() }
    });
    rows
}

/// Rows of a table of figures about migrations, if a configuration has one.
fn migrations(results: &Results, configurations: &[&SummaryRow]) -> Vec<(String, Vec<String>)> {
    let period = period(results);
    let mut rows = Vec::new();
    let mut row = |label: &str, cell: &dyn Fn(&SummaryRow) -> String| {
        rows.push((label.to_owned(), configurations.iter().map(|row| cell(row)).collect()));
    };
    if configurations.iter().any(|c| c.migration_cost_usd.is_some()) {
        row("migration, once", &|c| {
            c.migration_cost_usd.map_or_else(dash, |cost| dollars(cost.as_f64()))
        });
        row("  paid back after", &|c| match (c.migration_cost_usd, c.payback_periods) {
            (None, _) => dash(),
            (_, Some(periods)) if periods < 1e4 => format!("{periods:.1} × {period}"),
            _ => "never".to_owned(),
        });
    }
    rows
}

fn dash() -> String {
    "–".to_owned()
}

/// The saving of a configuration at a level, if there is something to save.
fn saving_at(results: &Results, configuration: &str, level: Level) -> String {
    results.at(configuration, level).saving_ratio.map_or_else(dash, percent)
}

fn saving(row: &SummaryRow) -> String {
    match (row.saving_ratio, row.saving_half_width) {
        (None, _) => dash(),
        (Some(saving), None) => percent(saving),
        (Some(saving), Some(half_width)) => {
            format!("{} ± {:.2}", percent(saving), half_width * 100.0)
        }
    }
}

/// What the figures stand for.
#[must_use]
pub fn basis(results: &Results) -> String {
    let facts = &results.facts;
    let counted = SimDuration::from_secs_f64(facts.counted_s);
    let warm_up = match facts.warm_up_s {
        s if s > 0.0 => format!(" after {} of warm-up", SimDuration::from_secs_f64(s)),
        _ => String::new(),
    };
    let replications = match facts.replications {
        1 => "one replication".to_owned(),
        n => format!(
            "means of {n} replications{}, ± is a 95 % confidence half-width in points",
            facts.precision.map_or_else(String::new, |asked| until(results, asked))
        ),
    };
    format!(
        "Counts are of {counted}{warm_up}, {replications}; peaks and keys alive are the extremes. \
         {}.\nlow … high: every assumption at the end that saves least, and most{}.{}{}",
        prices(results),
        if added::applies(results) {
            ""
        } else {
            "; floor … ceiling: no key is ever found in memory, and keys live for ever in one place"
        },
        with_unknown(results),
        engine(results)
    )
}

/// What ranges hold besides, where a log does not tell the writing of what is read.
fn with_unknown(results: &Results) -> &'static str {
    match unknown_objects(results) {
        None => "",
        Some(_) => {
            " Both ranges hold what the log does not tell: at the lower end no object that is read and not \
             written in it has a bucket key, at the upper end all of a bucket have the same one."
        }
    }
}

/// What was drawn, where that is not every request.
fn engine(results: &Results) -> String {
    let whose = match results.facts.engine.as_str() {
        "events" => return String::new(),
        "skip-ahead" => String::new(),
        _ => format!(" of `{}`", results.facts.skipped_principals.join("`, `")),
    };
    format!(
        "\nThe KMS requests{whose} were drawn without the S3 requests between them (engine \
         skip-ahead): exact in distribution, each configuration's by themselves."
    )
}

/// Why there were no more replications.
fn until(results: &Results, half_width: f64) -> String {
    let facts = &results.facts;
    let points = points(half_width);
    match (facts.precision_met, facts.precision_reached) {
        (Some(true), None) => {
            " (with nothing to save there is nothing to be precise about)".to_owned()
        }
        (Some(true), Some(_)) => {
            format!(" (run until every half-width was within {points} points)")
        }
        _ => format!(" (the most that may be run; {points} points were asked for)"),
    }
}

/// Of when and where the prices are.
pub(super) fn prices(results: &Results) -> String {
    let prices = &results.facts.prices;
    let of = match (&prices.oldest, &prices.newest) {
        (Some(oldest), Some(newest)) if oldest < newest => format!(" of {oldest} to {newest}"),
        (Some(date), _) => format!(" of {date}"),
        _ => String::new(),
    };
    let given = match prices.given {
        0 => String::new(),
        given => format!(", {given} given by the scenario"),
    };
    format!("Prices are those{of} for {}{given}", prices.region)
}

/// The assumption that moves the answer most.
#[must_use]
pub fn greatest_swing(results: &Results) -> Option<String> {
    let swing = results.sensitivity.first()?;
    let headline = &results.facts.headline;
    if (swing.saving_at_high - swing.saving_at_low).abs() < 5e-7 {
        return Some(format!("No single assumption moves the saving of `{headline}`."));
    }
    if percent(swing.saving_at_low) == percent(swing.saving_at_high) {
        return Some(format!(
            "No single assumption matters: none moves the saving of `{headline}` by more than {}.",
            moved(swing)
        ));
    }
    Some(format!(
        "The assumption that moves the answer most ({}): `{}`, {}.",
        if swing.assumption == UNKNOWN_OBJECTS {
            "the log does not tell"
        } else {
            "AWS does not publish it"
        },
        swing.assumption,
        swing_words(swing)
    ))
}

/// By how much a swing moves the saving, where percentages look alike.
fn moved(swing: &SensitivityRow) -> String {
    format!("{:.4} points", (swing.saving_at_high - swing.saving_at_low).abs() * 100.0)
}

fn swing_words(swing: &SensitivityRow) -> String {
    format!(
        "from {} to {} the saving goes from {} to {}",
        swing.low,
        swing.high,
        percent(swing.saving_at_low),
        percent(swing.saving_at_high)
    )
}

/// Principals named in the line about them.
const PRINCIPALS_NAMED: usize = 5;

/// What the headline saves for each principal, those with most KMS requests first; `None` if there
/// is only one.
#[must_use]
pub fn by_principal(results: &Results) -> Option<String> {
    let facts = &results.facts;
    let of = |configuration: &str| {
        let configuration = configuration.to_owned();
        results.principals.iter().filter(move |row| row.configuration == configuration)
    };
    let mut rows: Vec<(&str, f64, f64)> = of(&facts.headline)
        .zip(of(&facts.reference))
        .map(|(own, against)| (own.principal.as_str(), own.kms_requests, against.kms_requests))
        .filter(|(_, _, against)| *against > 0.0)
        .collect();
    if rows.len() < 2 {
        return None;
    }
    rows.sort_by(|a, b| b.2.total_cmp(&a.2));
    let words = |(name, calls, against): &(&str, f64, f64)| {
        format!("`{name}` {} of {}", percent(1.0 - calls / against), count(*against))
    };
    let mut words: Vec<String> = rows.iter().take(PRINCIPALS_NAMED).map(words).collect();
    if rows.len() > PRINCIPALS_NAMED {
        words.push(format!("{} more in principals.csv", rows.len() - PRINCIPALS_NAMED));
    }
    Some(format!(
        "KMS requests that `{}` saves by principal: {}.",
        facts.headline,
        words.join(", ")
    ))
}

/// The assumptions of the headline and what each alone does to its saving, those that move it most
/// first.
#[must_use]
pub fn assumptions(results: &Results) -> Vec<(&AssumptionFacts, Option<&SensitivityRow>)> {
    let headline = results.facts.configuration(&results.facts.headline);
    let assumptions = headline.map(|it| &it.assumptions[..]).unwrap_or_default();
    let swing = |it: &AssumptionFacts| {
        results.sensitivity.iter().position(|row| row.assumption == it.assumption)
    };
    let mut rows: Vec<_> = assumptions.iter().map(|it| (it, swing(it))).collect();
    rows.sort_by_key(|(_, swing)| swing.unwrap_or(usize::MAX));
    rows.into_iter().map(|(it, swing)| (it, swing.map(|at| &results.sensitivity[at]))).collect()
}

/// What an assumption is about, in a few words.
#[must_use]
pub fn meaning(assumption: &str) -> Option<&'static str> {
    Some(match assumption {
        "generation_lifetime" => "how long S3 wraps new objects with one bucket-level key",
        "cache_lifetime" => "how long S3 keeps a bucket-level key in memory for reads",
        "expiry" => "whether that time runs from the fetch, or anew from each use",
        "cache_hosts" => {
            "hosts of S3's fleet, each with a cache of its own, that connections land on"
        }
        "write_partitions" => "parts of S3's fleet that make keys of their own",
        "read_partitions" => "parts of S3's fleet that fetch keys of their own",
        "verify_on_write" => "calls of `Decrypt` that verify each new key",
        "migration_rate" => {
            "how fast old objects are written anew; it decides how many share a key"
        }
        UNKNOWN_OBJECTS => "which keys wrap objects that are read and not written in the log",
        _ => return None,
    })
}

/// On how many connections whose requests come, where that decides how many caches they meet.
#[must_use]
pub fn connections(results: &Results) -> Option<String> {
    const NAMED: usize = 3;
    let headline = results.facts.configuration(&results.facts.headline)?;
    let decide = headline.assumptions.iter().any(|it| it.assumption == "cache_hosts");
    if !decide || !headline.uses_bucket_keys || results.facts.connections.is_empty() {
        return None;
    }
    let mut groups: Vec<(&ConnectionsFacts, Vec<String>)> = Vec::new();
    for one in &results.facts.connections {
        let alike = |(of, _): &&mut (&ConnectionsFacts, Vec<String>)| {
            (&of.connections, &of.basis, &of.client) == (&one.connections, &one.basis, &one.client)
        };
        let name = format!("`{}`", one.principal);
        match groups.iter_mut().find(alike) {
            Some((_, names)) => names.push(name),
            None => groups.push((one, vec![name])),
        }
    }
    let said = groups.iter().map(|(of, names)| {
        let number = match of.connections.as_str() {
            "fresh" => "a new one for each request",
            number => number,
        };
        let others = names.len().saturating_sub(NAMED);
        let mut names = names[..names.len().min(NAMED)].join(", ");
        if others > 0 {
            names = format!("{names} and {others} more");
        }
        let basis = match (&of.client, of.basis.as_str()) {
            (Some(client), _) => format!("the most that `{client}` keeps"),
            (None, "given") => "as given".to_owned(),
            (None, _) => "assumed".to_owned(),
        };
        format!("{number} for {names} ({basis})")
    });
    let said: Vec<String> = said.collect();
    Some(format!(
        "Connections to S3 of each session, which decide how many of S3's caches are met: {}.",
        said.join("; ")
    ))
}

/// How results come about again.
pub enum Again {
    /// By these commands, from the run's `run.toml`.
    Commands(Vec<String>),
    /// In this way, as no command would do.
    Words(String),
}

/// How to make the results again from their `run.toml`: a replay needs its log, too.
#[must_use]
pub fn again(results: &Results) -> Again {
    let report = format!("bks report {}", shell(&format!("results/{}", results.facts.scenario)));
    let Some(log) = LogOf::run(&results.run_toml) else {
        return Again::Commands(vec!["bks simulate run.toml".to_owned(), report]);
    };
    if log.arguments.is_empty() || log.arguments.iter().any(|argument| argument == "-") {
        return Again::Words(
            "The requests are in no scenario: replay the same log, with the same choice of it, under \
             `--scenario run.toml`. It came from standard input, so no command can name it."
                .to_owned(),
        );
    }
    let arguments: Vec<String> = log.arguments.iter().map(|argument| shell(argument)).collect();
    let replay = format!("bks replay {} --scenario run.toml", arguments.join(" "));
    Again::Commands(vec![replay, report])
}

/// A word as a shell takes it for one.
#[must_use]
pub fn shell(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Whether the results are a log's.
#[must_use]
pub fn is_replay(results: &Results) -> bool {
    LogOf::run(&results.run_toml).is_some()
}

/// A value of a figure as people read it.
#[must_use]
pub fn figure(figure: Figure, value: f64) -> String {
    match figure.unit() {
        FigureUnit::Share => percent(value),
        FigureUnit::Dollars => dollars(value),
        FigureUnit::Count => count(value),
    }
}

/// Why a demand was or was not met: the figure beside its threshold.
#[must_use]
pub fn reason(demand: &AssertionFacts) -> String {
    let of = |value| figure(demand.figure, value);
    let level = match demand.assumption {
        Level::Assumed => String::new(),
        level => format!(" at the level `{}`", level.name()),
    };
    let differ = demand.value.to_bits() != demand.threshold.to_bits();
    // What reads the same when rounded is told apart by all digits.
    let (value, threshold) = match (of(demand.value), of(demand.threshold)) {
        (value, threshold) if value == threshold && differ => {
            (demand.value.to_string(), demand.threshold.to_string())
        }
        both => both,
    };
    format!(
        "`{}` of `{}`{level} is {value}, against a threshold of {threshold}",
        demand.figure.name(),
        demand.configuration
    )
}

/// A demand that was not met.
#[must_use]
pub fn unmet(demand: &AssertionFacts) -> String {
    format!("`{}`: {}", demand.assertion, reason(demand))
}
