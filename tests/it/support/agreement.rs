//! Both engines on one scenario, and how far apart what they count may be.
//!
//! Counts are compared replication by replication: the difference of a count is a number whose mean is
//! zero if the engines agree, and Student's t of a few dozen of them tells whether it is. Each such
//! comparison fails by chance once in a hundred million times, and a test makes at most [`MOST`] of
//! them, so that all tests together raise a false alarm less than once in a thousand times. Seeds are
//! fixed: what passes once passes always.

use crate::support::by_second;
use bks::encryption::assumption::{Assumptions, Level};
use bks::kms::KmsApi;
use bks::scenario::Scenario;
use bks::scenario::overrides::Override;
use bks::simulation::engines::{Engines, RequestsSkipped};
use bks::simulation::{Arm, Breakdown, run, run_and};
use bks::tally::Tally;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// How often a comparison may fail by chance.
const FALSE_ALARM: f64 = 1e-8;

/// Comparisons that a test makes at the most.
pub(crate) const MOST: usize = 20_000;

/// Parts that time, and the list of requesters, are cut into.
const GROUPS: usize = 6;

pub(crate) fn read(text: &str, overrides: &[&str]) -> Scenario {
    let overrides: Vec<Override> =
        overrides.iter().map(|change| Override::parse(change).unwrap()).collect();
    let none = |file: &str| panic!("{file} is not read from here");
    Scenario::read(text, "scenario", &overrides, &none)
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// For each principal whether its calls are drawn without its requests.
pub(crate) fn skips(scenario: &Scenario, engines: &Engines) -> Vec<bool> {
    (0..scenario.principals.len() as u32)
        .map(|one| engines.skipped(one) != RequestsSkipped::None)
        .collect()
}

/// Every configuration at every level, and where keys are never found in memory or live for ever.
pub(crate) fn all_arms(scenario: &Scenario) -> Vec<Arm> {
    let mut arms = Vec::new();
    for (index, configuration) in scenario.configurations.iter().enumerate() {
        let mut add = |assumptions: Assumptions| {
            arms.push(Arm { configuration: index, assumptions, breakdown: Breakdown::Requesters });
        };
        let assumed = configuration.ranges.at(Level::Assumed);
        add(assumed);
        if configuration.uses_bucket_keys(&scenario.domains) {
            for level in [Level::Low, Level::High] {
                let other = configuration.ranges.at(level);
                if other != assumed {
                    add(other);
                }
            }
            add(configuration.ranges.floor());
            add(configuration.ranges.ceiling());
        }
    }
    arms
}

/// What a tally counts, in numbers with names.
fn figures(tally: &Tally, keys_live: bool) -> Vec<(String, f64)> {
    let mut figures: Vec<(String, f64)> = Vec::new();
    let mut add = |name: String, figure: f64| figures.push((name, figure));
    let total = tally.total_calls();
    add("calls".into(), total.total() as f64);
    for api in KmsApi::ALL {
        add(format!("{api:?}"), total.get(api) as f64);
    }
    add("calls by object".into(), tally.calls_by_object as f64);
    add("keys generated".into(), tally.keys_generated as f64);
    for (operation, (calls, requests)) in tally.calls.iter().zip(&tally.requests).enumerate() {
        add(format!("calls of operation {operation}"), calls.total() as f64);
        add(format!("requests of operation {operation}"), *requests as f64);
    }
    let per_s: u64 = tally.calls_per_s.numbers().map(|(_, calls)| u64::from(calls)).sum();
    assert_eq!(per_s, total.total(), "calls by the second");
    // A key that never lives is alive in the second of its write or not at all.
    if keys_live {
        let alive = by_second::keys_alive(tally);
        add("keys alive, least".into(), f64::from(*alive.iter().min().unwrap()));
        add("keys alive, most".into(), f64::from(*alive.iter().max().unwrap()));
        let sum: u64 = alive.iter().map(|&alive| u64::from(alive)).sum();
        add("keys alive, mean".into(), sum as f64 / alive.len() as f64);
    }
    for (number, group) in tally.bins.chunks(tally.bins.len().div_ceil(GROUPS)).enumerate() {
        let sum = |of: &dyn Fn(&bks::tally::Bin) -> u64| group.iter().map(of).sum::<u64>() as f64;
        add(format!("calls in part {number}"), sum(&|bin| bin.calls.total()));
        add(format!("requests in part {number}"), sum(&|bin| bin.requests));
    }
    let size = tally.requesters.len().div_ceil(GROUPS);
    for (number, group) in tally.requesters.chunks(size).enumerate() {
        let sum = |of: &dyn Fn(&bks::tally::RequesterCounts) -> u64| {
            group.iter().map(of).sum::<u64>() as f64
        };
        add(format!("calls of requesters {number}"), sum(&|one| one.calls.total()));
        add(format!("Decrypt of requesters {number}"), sum(&|one| one.calls.get(KmsApi::Decrypt)));
        add(format!("calls by object of requesters {number}"), sum(&|one| one.calls_by_object));
        add(format!("keys of requesters {number}"), sum(&|one| one.keys_generated));
        add(format!("requests of requesters {number}"), sum(&|one| one.requests));
    }
    for (number, regions) in tally.principals().enumerate() {
        let calls: u64 = regions.iter().map(bks::tally::AccountCounts::calls).sum();
        add(format!("calls of principal {number}"), calls as f64);
    }
    for (number, bucket) in tally.buckets().iter().enumerate() {
        add(format!("calls of bucket {number}"), bucket.calls.total() as f64);
        add(format!("requests of bucket {number}"), bucket.requests as f64);
    }
    figures
}

/// What was found when the engines were compared.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) comparisons: usize,
    /// Calls that the engine that skips ahead made.
    pub(crate) calls: u64,
    /// For each arm Student's t of the difference of all calls.
    pub(crate) t_of_calls: Vec<f64>,
    /// What differs more than it should.
    pub(crate) wrong: Vec<String>,
}

/// Runs a scenario in both engines, wherever possible by skipping ahead, and holds what each arm
/// counts against what the same arm counts in the other.
pub(crate) fn compare(text: &str, overrides: &[&str], replications: u32) -> Found {
    let scenario = read(text, overrides);
    let arms = all_arms(&scenario);
    let engines = Engines::wherever_possible(&scenario);
    assert!(skips(&scenario, &engines).contains(&true), "nothing to compare: {text}");
    let skipped = run_and(&scenario, &engines, &arms, 0..replications, &|_| (), |tally| tally);
    let overrides: Vec<&str> = overrides.iter().copied().chain(["engine=events"]).collect();
    let drawn = run(&read(text, &overrides), &arms, 0..replications, &|_| ());
    let n = f64::from(replications);
    let law = StudentsT::new(0.0, 1.0, n - 1.0).unwrap();
    let bound = law.inverse_cdf(1.0 - FALSE_ALARM / 2.0);
    let mut found = Found::default();
    for (place, arm) in arms.iter().enumerate() {
        let keys_live = arm.assumptions.generation_lifetime.as_nanos() > 0;
        let of = |tallies: &[Vec<Tally>]| -> Vec<Vec<(String, f64)>> {
            tallies.iter().map(|of_arms| figures(&of_arms[place], keys_live)).collect()
        };
        let (skipped, drawn) = (of(&skipped), of(&drawn));
        for figure in 0..skipped[0].len() {
            let pairs = skipped.iter().zip(&drawn).map(|(a, b)| (a[figure].1, b[figure].1));
            let (mut sum_a, mut sum_b, mut squares) = (0.0, 0.0, 0.0);
            for (a, b) in pairs {
                sum_a += a;
                sum_b += b;
                squares += (a - b) * (a - b);
            }
            let mean = (sum_a - sum_b) / n;
            // A count that hardly ever differs shows no variance: one difference in all is allowed.
            let variance = ((squares - n * mean * mean) / (n - 1.0)).max(0.0) + 1.0 / n;
            let t = mean / (variance / n).sqrt();
            found.comparisons += 1;
            if figure == 0 {
                found.calls += sum_a as u64;
                found.t_of_calls.push(t);
            }
            if t.abs() > bound {
                let configuration = &scenario.configurations[arm.configuration].name;
                found.wrong.push(format!(
                    "{configuration}, {:?}: {}: skipping {}, drawing {}, t = {t:.1}",
                    arm.assumptions,
                    skipped[0][figure].0,
                    sum_a / n,
                    sum_b / n
                ));
            }
        }
    }
    found
}

/// As [`compare`], and all must agree.
pub(crate) fn assert_agree(text: &str, overrides: &[&str], replications: u32) -> Found {
    let found = compare(text, overrides, replications);
    assert!(found.wrong.is_empty(), "{overrides:?}\n{}\n{text}", found.wrong.join("\n"));
    assert!(found.comparisons <= MOST);
    found
}
