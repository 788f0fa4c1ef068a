//! `bks check`: validate scenarios and print what was understood.

use std::fmt::Write;

use clap::Args;

use super::args::{Changes, JobsOption};
use super::exit::Exit;
use super::output;
use crate::error::{Error, Result};
use crate::report::numbers;
use crate::results::result_json::WarningFacts;
use crate::results::run::bytes_of_sets;
use crate::results::warnings;
use crate::scenario::connections::Basis;
use crate::scenario::{Domain, Scenario};
use crate::simulation::engines::Engines;
use crate::simulation::estimate::RunEstimate;
use crate::units::{SimDuration, SimTime};

/// Validate scenarios and print how they were understood
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks check my-bucket.toml\n  \
    bks check scenarios/*.toml\n  \
    bks check my-bucket.toml --resolved > resolved.toml")]
pub(super) struct CheckArgs {
    /// Scenario files; `-` reads one from standard input
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<String>,
    #[command(flatten)]
    changes: Changes,
    /// Print the resolved scenario, defaults included, as TOML
    #[arg(long)]
    resolved: bool,
}

/// Looks at every scenario, whatever is wrong with those before it.
pub(super) fn run(args: &CheckArgs) -> Result<Exit> {
    if args.resolved && args.scenarios.len() > 1 {
        return Err(Error::request("`--resolved` prints one scenario, but more are given")
            .hint("call `bks check --resolved` once for each"));
    }
    let threads = JobsOption { jobs: None }.threads();
    let (mut last_error, mut between) = (None, "");
    for path in &args.scenarios {
        match args.changes.scenario(path, threads) {
            Ok(scenario) => {
                let text = if args.resolved {
                    scenario.to_run_toml()
                } else {
                    understood(&scenario, threads)
                };
                output::print(&format!("{between}{text}"))?;
                between = "\n";
            }
            Err(error) => {
                if let Some(earlier) = last_error.replace(error) {
                    output::error(&earlier);
                }
            }
        }
    }
    last_error.map_or(Ok(Exit::Done), Err)
}

/// What was understood, section by section.
fn understood(scenario: &Scenario, threads: usize) -> String {
    let engines = Engines::of(scenario);
    let estimate = RunEstimate::of(scenario, &engines, threads);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: {} ({} counted), replications: {}{}, seed: {}",
        scenario.name,
        scenario.duration(),
        scenario.counted(),
        scenario.replications,
        until(scenario),
        scenario.seed.0
    );
    buckets_and_principals(scenario, &mut out);
    traffic(scenario, &mut out);
    configurations(scenario, &mut out);
    let _ = writeln!(
        out,
        "about {:.0} requests a replication, of which {:.0} are drawn (engine {}){}; reads choose among at \
         most {} bucket-level keys; at most about {} MiB of memory",
        estimate.requests,
        estimate.requests_drawn,
        engines.name(),
        before_the_run(scenario),
        estimate.keys_max,
        (estimate.bytes_max.max(bytes_of_sets(scenario)) >> 20) + 1
    );
    for WarningFacts { what, advice, .. } in warnings::of_scenario(scenario) {
        let _ = writeln!(out, "warning: {what}; {advice}");
    }
    out
}

/// How many requests are drawn of the time before the run, if any are.
fn before_the_run(scenario: &Scenario) -> String {
    let length_s = scenario.duration().as_secs_f64();
    let of_workloads = scenario.workloads.iter().filter(|workload| workload.since < SimTime::ZERO);
    let before = of_workloads.map(|workload| {
        let actions = workload.expected_actions(scenario.duration()).into_iter();
        let per_s = actions.map(|(_, count)| count).sum::<f64>() / length_s;
        per_s * SimTime::ZERO.since(workload.since).as_secs_f64()
    });
    let before: f64 = before.sum();
    if before < 1.0 {
        return String::new();
    }
    format!(
        ", and {before:.0} before it, since when its workloads have been there (a shorter `since`, or a population with \
         `written_at`, is faster)"
    )
}

/// When a run with a precision to reach ends.
fn until(scenario: &Scenario) -> String {
    scenario.precision.as_ref().map_or_else(String::new, |precision| {
        format!(
            " to {}, until every half-width is within {} points",
            precision.replications_max,
            precision.points()
        )
    })
}

/// Who says how clients retry.
fn retries_basis(basis: &Basis) -> String {
    match basis {
        Basis::Documented(client) => format!("as `{client}` documents"),
        Basis::Given | Basis::Assumed => basis.to_string(),
    }
}

/// Buckets, principals, populations.
fn buckets_and_principals(scenario: &Scenario, out: &mut String) {
    for (bucket, domain) in scenario.buckets.iter().zip(&scenario.domains).take(LISTED) {
        let _ = writeln!(
            out,
            "bucket `{}` in {}: bucket keys since {}",
            bucket.name, bucket.region, domain.keys_since
        );
    }
    more(scenario.buckets.len(), "buckets", out);
    for (sender, principal) in scenario.senders.iter().zip(&scenario.principals).take(LISTED) {
        let _ = writeln!(
            out,
            "principal `{}`: {}, sessions at a time: {}, scoping policies: {}, connections of each \
             session: {} ({}), retries: {} ({})",
            sender.name,
            principal.arn(),
            sender.sessions,
            if sender.session_policies > 1 { sender.session_policies } else { 0 },
            sender.connections,
            sender.basis,
            sender.retries,
            retries_basis(&sender.retries_basis)
        );
    }
    more(scenario.senders.len(), "principals", out);
    for population in scenario.populations.iter().take(LISTED) {
        let _ = writeln!(
            out,
            "population `{}`: {} objects, half of them older than {}{}",
            population.name,
            population.objects,
            readable(population.age.quantile(0.5)),
            told(scenario.domain_of(population))
        );
    }
    more(scenario.populations.len(), "populations", out);
}

/// Buckets, principals, populations and workloads that are listed one by one.
const LISTED: usize = 10;

/// Counts those that are not listed.
fn more(all: usize, what: &str, out: &mut String) {
    if all > LISTED {
        let _ = writeln!(out, "… and {} more {what}", all - LISTED);
    }
}

/// How objects are encrypted, where that is told of them.
fn told(domain: &Domain) -> String {
    domain.encryption.map_or_else(String::new, |mode| format!(", encrypted by {}", mode.name()))
}

/// A duration without the small units that its size makes idle.
fn readable(duration: SimDuration) -> SimDuration {
    let unit = if duration > SimDuration::from_secs(86_400) { 3_600 } else { 1 };
    SimDuration::from_secs((duration.as_secs_f64() as i64) / unit * unit)
}

fn traffic(scenario: &Scenario, out: &mut String) {
    for workload in scenario.workloads.iter().take(LISTED) {
        let actions = workload.expected_actions(scenario.duration());
        let kinds: Vec<String> = actions
            .iter()
            .map(|(action, count)| format!("{} times {}", numbers::count(*count), action.name()))
            .collect();
        let _ = writeln!(
            out,
            "workload `{}`: about {}, sessions at a time: {}, client `{}`{}",
            workload.name,
            kinds.join(", "),
            workload.slots.len(),
            workload.client.name,
            told(&scenario.domains[workload.bucket as usize])
        );
    }
    more(scenario.workloads.len(), "workloads", out);
}

fn configurations(scenario: &Scenario, out: &mut String) {
    for (index, configuration) in scenario.configurations.iter().enumerate() {
        let part = match index {
            i if i == scenario.reference => ", what savings are measured against",
            i if i == scenario.headline => ", what the verdict is about",
            _ => "",
        };
        let _ = writeln!(
            out,
            "configuration `{}`: {}, requester rule {}{part}",
            configuration.name,
            configuration.mode.name(),
            configuration.rule.name()
        );
    }
}
