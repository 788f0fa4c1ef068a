//! `bks check`: validate a scenario and print what was understood.

use std::fmt::Write;

use clap::Args as ClapArgs;

use super::{Found, input, output};
use crate::error::Result;
use crate::scenario::Scenario;

/// Validate a scenario and print what was understood.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Scenario file; `-` reads it from standard input
    scenario: String,
    #[command(flatten)]
    changes: input::Changes,
    /// Print the whole resolved scenario, defaults included, as TOML
    #[arg(long)]
    resolved: bool,
}

pub(super) fn run(args: &Args) -> Result<Found> {
    let scenario = input::scenario(&args.scenario, &args.changes)?;
    output::print(&if args.resolved { scenario.to_run_toml() } else { understood(&scenario) })?;
    Ok(Found::Done)
}

fn understood(scenario: &Scenario) -> String {
    let file = &scenario.file;
    let estimate = scenario.estimate();
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: {} ({} counted), {} replications, seed {}",
        file.name,
        file.duration,
        scenario.counted(),
        file.replications,
        file.seed
    );
    for bucket in &file.buckets {
        let _ = writeln!(
            out,
            "bucket `{}` in {}: bucket keys since {}",
            bucket.name, bucket.region, bucket.bucket_keys_since
        );
    }
    for (written, slots) in file.principals.iter().zip(&scenario.principal_slots) {
        let arn =
            scenario.principals[scenario.slots[slots.start as usize].principal as usize].arn();
        let _ = writeln!(
            out,
            "principal `{}`: {arn}, {} sessions at a time, {} scoping policies",
            written.name, written.sessions, written.session_policies
        );
    }
    for population in &scenario.populations {
        let _ = writeln!(
            out,
            "population `{}`: {} objects, half of them older than {}",
            population.name,
            population.objects,
            population.age.quantile(0.5)
        );
    }
    for workload in &scenario.workloads {
        let actions = workload.expected_actions(file.duration);
        let kinds: Vec<String> = actions
            .iter()
            .map(|(action, count)| format!("{count:.0} times {}", action.name()))
            .collect();
        let _ = writeln!(
            out,
            "workload `{}`: about {} from {} sessions, client `{}`",
            workload.name,
            kinds.join(", "),
            workload.slots.len(),
            workload.client.name
        );
    }
    for (index, configuration) in scenario.configurations.iter().enumerate() {
        let role = match index {
            i if i == scenario.reference => ", what savings are measured against",
            i if i == scenario.headline => ", what the verdict is about",
            _ => "",
        };
        let _ = writeln!(
            out,
            "configuration `{}`: {}, requester rule {}{role}",
            configuration.name,
            configuration.mode.name(),
            configuration.rule.name()
        );
    }
    let _ = writeln!(
        out,
        "about {:.0} requests a replication; at most {} distinct bucket-level keys",
        estimate.requests, estimate.keys_max
    );
    out
}
