//! What results say, in words: shared by every format that people read.

use super::accounts;
use super::added;
use super::numbers::{count, dollars, grouped, percent};
use crate::encryption::assumption::{Assumption, Level};
use crate::kms::KmsApi;
use crate::outcome::recorded::UNKNOWN_OBJECTS;
use crate::results::Results;
use crate::results::facts::{AssertionFacts, AssumptionFacts, ConnectionsFacts};
use crate::results::rows::{SensitivityRow, SummaryRow};
use crate::scenario::assertion::{Figure, FigureUnit};
use crate::scenario::replay::LogOf;
use crate::statistics::points;
use crate::units::{SimDuration, Usd};

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
        "{}: `{}` {does}{range}: KMS requests cost {} instead of {} in {}{}",
        facts.scenario,
        facts.headline,
        dollars(headline.kms_cost_usd.as_f64()),
        dollars(results.assumed(reference).kms_cost_usd.as_f64()),
        period(results),
        audited(results),
    )
}

/// What the audit by object leaves of the headline's saving, where it must stay.
fn audited(results: &Results) -> String {
    let [own, against] =
        [&results.facts.headline, &results.facts.reference].map(|name| results.assumed(name));
    let (Some(cost), Some(instead)) = (own.audit_cost_usd, against.audit_cost_usd) else {
        return String::new();
    };
    let events = (cost - instead).as_f64();
    if events <= 0.0 {
        return String::new();
    }
    let saved = (against.kms_cost_usd - own.kms_cost_usd).as_f64();
    let events =
        format!("; with S3 data events for the audit by object ({} more)", dollars(events));
    match (saved - (cost - instead).as_f64(), own.audit_saving_ratio) {
        (left, Some(ratio)) if left > 0.0 => format!(
            "{events} it saves {} of {}, {} of their cost",
            dollars(left),
            dollars(saved),
            percent(ratio)
        ),
        (left, _) => format!("{events} it costs {} more", dollars(-left)),
    }
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
    let configurations = names.map(|name| results.assumed(name)).collect();
    let mut rows = Rows { configurations, rows: Vec::new() };
    rows.add("S3 requests", &|c| count(c.requests));
    rows.add("KMS requests", &|c| count(c.kms_requests));
    for api in KmsApi::ALL {
        let of = |c: &SummaryRow| c.kms_requests_by(api);
        if api != KmsApi::Encrypt || rows.configurations.iter().any(|c| of(c) > 0.0) {
            rows.add(&format!("  {api}"), &|c| count(of(c)));
        }
    }
    let (peak, share) = peak_labels(results);
    let has_ranges = rows.any(|c| c.saving_ceiling.is_some());
    rows.add(&peak, &|c| count(peak_per_s(c)));
    if has_ranges {
        rows.add("  peak, low … high", &|c| level_range(results, c, &peak_per_s, count));
    }
    rows.add(&share, &|c| percent(c.quota_share_max));
    if has_ranges {
        let of = |at: &SummaryRow| at.quota_share_max;
        rows.add("  share, low … high", &|c| level_range(results, c, &of, percent));
    }
    rows.add("bucket-level keys made", &|c| count(c.bucket_keys_generated));
    rows.add("  alive at a time", &|c| {
        let (min, max) = (c.bucket_keys_alive_min, c.bucket_keys_alive_max);
        if min == max { count(min.into()) } else { format!("{min} to {max}") }
    });
    rows.add("CloudTrail KMS events", &|c| count(c.cloudtrail_events));
    rows.add("  that name the object", &|c| count(c.cloudtrail_events_object_arn));
    add_money(results, &mut rows);
    if added::applies(results) {
        rows.rows.extend(added::rows(results));
    } else {
        add_savings(results, &mut rows);
    }
    add_migration(results, &mut rows);
    rows.rows
}

/// A table in the making.
struct Rows<'a> {
    configurations: Vec<&'a SummaryRow>,
    rows: Vec<(String, Vec<String>)>,
}

impl Rows<'_> {
    fn add(&mut self, label: &str, cell: &dyn Fn(&SummaryRow) -> String) {
        let cells = self.configurations.iter().map(|row| cell(row)).collect();
        self.rows.push((label.to_owned(), cells));
    }

    fn any(&self, is_so: fn(&SummaryRow) -> bool) -> bool {
        self.configurations.iter().any(|row| is_so(row))
    }
}

/// What is billed in the billing period, and what of it happens once.
fn add_money(results: &Results, rows: &mut Rows) {
    let period = period(results);
    let usd = |amount: Usd| dollars(amount.as_f64());
    rows.add(&format!("KMS requests, {period}"), &|c| usd(c.kms_cost_usd));
    let happens_once = rows.any(|c| c.total_cost_once_usd != Usd::ZERO);
    if happens_once {
        rows.add("  of which once", &|c| usd(c.kms_cost_once_usd));
    }
    if rows.any(|c| c.audit_cost_usd.is_some()) {
        rows.add(&format!("S3 data events for the audit, {period}"), &|c| {
            c.audit_cost_usd.map_or_else(dash, usd)
        });
    }
    rows.add(&format!("requests and keys bill, {period}"), &|c| usd(c.total_cost_usd));
    if happens_once {
        rows.add("  of which once", &|c| usd(c.total_cost_once_usd));
    }
}

/// What is saved, in requests and on the bill.
fn add_savings(results: &Results, rows: &mut Rows) {
    if added::applies(results) {
        rows.rows.extend(added::rows(results));
        return;
    }
    rows.add("KMS requests saved", &saving);
    rows.add("  low … high", &|c| match c.saving_ceiling {
        Some(_) => format!(
            "{} … {}",
            saving_at(results, &c.configuration, Level::Low),
            saving_at(results, &c.configuration, Level::High)
        ),
        None => dash(),
    });
    rows.add("  floor … ceiling", &|c| match (c.saving_floor, c.saving_ceiling) {
        (Some(floor), Some(ceiling)) => format!("{} … {}", percent(floor), percent(ceiling)),
        _ => dash(),
    });
    if rows.any(|c| c.audit_cost_usd.is_some()) {
        rows.add("saved with the audit by object", &|c| {
            c.audit_saving_ratio.map_or_else(dash, percent)
        });
    }
    let reference = results.assumed(&results.facts.reference).total_cost_usd.as_f64();
    rows.add("requests and keys bill saved", &|c| {
        let saved = 1.0 - c.total_cost_usd.as_f64() / reference;
        if reference > 0.0 { percent(saved) } else { dash() }
    });
}

/// What a migration costs, and when it is paid back.
fn add_migration(results: &Results, rows: &mut Rows) {
    if !rows.any(|c| c.migration_cost_usd.is_some()) {
        return;
    }
    let period = period(results);
    rows.add("migration, once", &|c| {
        c.migration_cost_usd.map_or_else(dash, |cost| dollars(cost.as_f64()))
    });
    rows.add("  paid back after", &|c| {
        let share = c.payback_ratio.unwrap_or_default();
        match (c.payback.as_deref(), c.payback_periods, c.payback_run_s) {
            (None, ..) => dash(),
            (_, Some(periods), _) => format!("{periods:.1} × {period}"),
            (.., Some(run_s)) => {
                format!("not known, run {} or more", SimDuration::from_secs_f64(run_s))
            }
            _ => format!("never, {} at most", percent(share)),
        }
    });
}

/// KMS requests of the busiest second, those of the accounts' other load among them.
fn peak_per_s(row: &SummaryRow) -> f64 {
    f64::from(row.kms_requests_per_s_max) + row.kms_background_per_s as f64
}

/// What the rows of the busiest second are called: both with the accounts' other load in them.
fn peak_labels(results: &Results) -> (String, String) {
    let background = results.assumed(&results.facts.headline).kms_background_per_s;
    let with = match background {
        0 => String::new(),
        background => format!(", with {} in background", grouped(background)),
    };
    if accounts::are_several(results) {
        let greatest = "  greatest share of a quota".to_owned();
        (format!("KMS peak a second, all together{with}"), greatest)
    } else {
        (format!("KMS peak a second{with}"), "  share of the quota".to_owned())
    }
}

/// The least and the greatest value at any level of assumptions, where these make a difference.
fn level_range(
    results: &Results,
    row: &SummaryRow,
    of: &dyn Fn(&SummaryRow) -> f64,
    words: impl Fn(f64) -> String,
) -> String {
    if row.saving_ceiling.is_none() {
        return dash();
    }
    let values = Level::ALL.map(|level| of(results.at(&row.configuration, level)));
    let low = values.into_iter().fold(f64::INFINITY, f64::min);
    let high = values.into_iter().fold(f64::NEG_INFINITY, f64::max);
    format!("{} … {}", words(low), words(high))
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
         {}.\nlow … high: every assumption at the end that saves least, and most{}.{}\n\
         Requests and keys bill: KMS, S3 requests and CloudTrail events; no storage, no transfer.{}{}",
        prices(results),
        if added::applies(results) {
            ""
        } else {
            "; floor … ceiling: no key is ever found in memory, and keys live for ever in one place"
        },
        with_unknown(results),
        once(results),
        engine(results)
    )
}

/// What is not scaled to the billing period.
fn once(results: &Results) -> String {
    let once = &results.facts.once;
    if once.is_empty() {
        return String::new();
    }
    let happens = if once.len() == 1 { "happens" } else { "happen" };
    format!(
        "\n`{}` {happens} once and is billed once; what recurs is taken to {}.",
        once.join("`, `"),
        period(results)
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
        given => format!(", {given} given by the user"),
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
    match Assumption::named(assumption) {
        Some(assumption) => Some(assumption.describe().meaning),
        None => (assumption == UNKNOWN_OBJECTS)
            .then_some("which keys wrap objects that are read and not written in the log"),
    }
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
