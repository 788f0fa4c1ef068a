//! Results written to a folder's files and read back are the same results; what is not is refused
//! with its place.

use std::collections::BTreeMap;

use crate::support::pages::printed;

use bks::encryption::assumption::Level;
use bks::error::{Error, Result};
use bks::report::{DocumentFormat, files};
use bks::results::Results;
use bks::results::rows::{SummaryRow, TimelineRow};
use bks::scenario::Scenario;

/// A migration, an assertion, policies, several principals, precision: something in every column.
const RICH: &str = r#"
name = "rich"
question = "What, if anything?"
source = "made up"
duration = "2h"
warm_up = "10min"
precision = "5%"
assertions = ["saving > 200%", "kms_cost_usd >= 0"]

[[bucket]]
name = "data"

[[principal]]
name = "app"
role = "app"
sessions = 3
session_policies = 2

[[principal]]
name = "user"
user = "some-user"

[[population]]
name = "old"
bucket = "data"
objects = 5000
age = { exponential = { mean = "10d" } }

[[workload]]
name = "write"
principal = "user"
bucket = "data"
arrivals = { poisson = { rate = "0.1/s" } }

[[workload]]
name = "read"
principal = "app"
bucket = "data"
arrivals = { poisson = { rate = "0.5/s" } }
read = { from = ["old", "write"], pattern = { by-age = { exponential = { mean = "1h" } } } }

[[configuration]]
name = "plain"
encryption = "sse-kms"

[[configuration]]
name = "keys"
encryption = "sse-kms-bucket-key"

[[configuration]]
name = "migrated"
encryption = "sse-kms-bucket-key"
migrated = true
"#;

fn results() -> Results {
    let scenario = Scenario::parse(RICH).unwrap();
    Results::of(&scenario, &|_| ())
}

fn texts(results: &Results) -> BTreeMap<&'static str, String> {
    let files = files::of(results, Vec::new()).into_iter();
    files.map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap())).collect()
}

fn read(texts: &BTreeMap<&'static str, String>) -> Result<Results> {
    Results::read(&|name| {
        let text = texts.get(name).cloned();
        text.ok_or_else(|| Error::request("the file cannot be read").at(name))
    })
}

#[test]
fn what_is_written_is_read_back_whole() {
    let results = results();
    assert!(results.summary.iter().any(|row| row.migration_cost_usd.is_some()));
    assert!(!results.sensitivity.is_empty() && !results.facts.warnings.is_empty());
    let back = read(&texts(&results)).unwrap();
    assert_eq!(back, results);
    assert_eq!(
        printed(&back, DocumentFormat::Text(100)),
        printed(&results, DocumentFormat::Text(100))
    );
    assert_eq!(
        printed(&back, DocumentFormat::Markdown),
        printed(&results, DocumentFormat::Markdown)
    );
}

/// Means of summary.csv are the means of the replications' own figures.
#[test]
fn summaries_are_means_of_the_replications() {
    let results = results();
    let replications = results.facts.replications;
    assert!(replications >= 10);
    for row in &results.summary {
        let own = results.replications.iter().filter(|one| {
            (one.configuration.as_str(), one.assumption) == (&row.configuration, row.assumption)
        });
        let own: Vec<_> = own.collect();
        assert_eq!(own.len() as u32, replications);
        let mean = |of: &dyn Fn(usize) -> f64| {
            (0..own.len()).map(of).sum::<f64>() / f64::from(replications)
        };
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
        assert!(near(row.kms_requests, mean(&|i| own[i].kms_requests as f64)));
        assert!(near(row.requests, mean(&|i| own[i].requests as f64)));
        assert!(near(row.bucket_keys_generated, mean(&|i| own[i].bucket_keys_generated as f64)));
        assert!(near(row.saving_ratio.unwrap(), mean(&|i| own[i].saving_ratio.unwrap())));
        let peak = own.iter().map(|one| one.kms_requests_per_s_max).max();
        assert_eq!(peak, Some(row.kms_requests_per_s_max));
        // Bills round to whole requests, and the free tier is taken off each.
        let cost = mean(&|i| own[i].total_cost_usd.as_f64());
        assert!((row.total_cost_usd.as_f64() - cost).abs() < 1e-4, "{cost}");
    }
}

/// The bins of timeline.csv add up to summary.csv: calls at each level, and dollars as far as the counted time
/// goes into the billing period, since nothing here happens once.
#[test]
fn bins_add_up_to_the_run() {
    let results = results();
    let facts = &results.facts;
    let part = facts.counted_s / facts.billing_period_s;
    let reference = results.assumed(&facts.reference);
    for configuration in &facts.configurations {
        let name = &configuration.name;
        let own = results.timeline.iter().filter(|row| row.configuration == *name);
        let sum = |of: &dyn Fn(&TimelineRow) -> f64| own.clone().map(of).sum::<f64>();
        let near =
            |a: f64, b: f64| assert!((a - b).abs() <= 1e-6 * b.abs().max(1e-3), "{name}: {a} {b}");
        let at = |level| results.at(name, level);
        near(sum(&|row| row.kms_requests_at_low), at(Level::Low).kms_requests);
        near(sum(&|row| row.kms_requests_at_high), at(Level::High).kms_requests);
        near(sum(&|row| row.reference_kms_requests), reference.kms_requests);
        let paid = |row: &SummaryRow| row.kms_cost_usd.as_f64() * part;
        // A bill is of whole requests, of $0.000003 each.
        let near_usd =
            |a: f64, b: f64| assert!((a - b).abs() <= 3e-6 * part + 1e-9, "{name}: {a} {b}");
        near_usd(sum(&|row| row.kms_cost_usd.as_f64()), paid(at(Level::Assumed)));
        for (level, saved) in Level::ALL.into_iter().zip([
            sum(&|row| row.saved_at_low_usd.as_f64()),
            sum(&|row| row.saved_usd.as_f64()),
            sum(&|row| row.saved_at_high_usd.as_f64()),
        ]) {
            near_usd(saved, paid(reference) - paid(at(level)));
        }
        for row in own.clone() {
            let share = 1.0 - row.kms_requests / row.reference_kms_requests;
            near(row.saving_ratio.unwrap(), share);
        }
    }
}

#[test]
fn files_that_are_not_ours_are_refused_with_their_place() {
    let written = texts(&results());
    let with = |file: &'static str, from: &str, to: &str| {
        let mut changed = written.clone();
        let text = changed.get_mut(file).unwrap();
        assert!(text.contains(from), "{file} has no `{from}`");
        *text = text.replacen(from, to, 1);
        read(&changed).unwrap_err().to_string()
    };
    for (message, told) in [
        (with("summary.csv", "keys,assumed,", "other,assumed,"), "no row of `keys` at the level"),
        (with("summary.csv", ",assumed,", ",asumed,"), "summary.csv: line 3"),
        (with("costs.csv", "BilledCost", "Billed"), "BilledCost"),
        (with("timeline.csv", "600.0", "ten"), "timeline.csv: line 2, column `time_s`: `ten`"),
        (with("result.json", "\"schema_version\": 2", "\"schema_version\": 1"), "this bks reads 2"),
        (with("result.json", "true", "maybe"), "result.json:"),
        (with("result.json", "\"headline\": \"keys\"", "\"headline\": \"k\""), "`k` is none of"),
    ] {
        assert!(message.contains(told), "{message}");
    }
    let mut missing = written.clone();
    missing.remove("run.toml");
    assert_eq!(read(&missing).unwrap_err().to_string(), "run.toml: the file cannot be read");
}
