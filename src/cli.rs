//! The only door to the world: arguments in, files and terminal out, exit codes.
//!
//! Exit codes: 0 done (a closed pipe included), 1 the run failed, 2 the request was wrong, 3 an
//! assertion in a scenario was not met.

mod aside;
mod bills;
mod calibrate;
mod check;
mod compare;
mod complete;
mod export;
mod fit;
mod init;
mod input;
mod inventory;
mod journal;
mod known;
mod list;
mod logs;
mod memory;
mod output;
mod plot;
mod progress;
mod reconcile;
mod replay;
mod report;
mod sensitivity;
mod simulate;
mod sweep;
mod threads;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::{Error, Result};
use crate::report::assertion;
use crate::results::Results;

/// What S3 Bucket Keys will do to a KMS bill, a KMS quota and an audit trail.
///
/// bks simulates who asks Amazon S3 for what and counts the KMS calls that follow, with and without
/// S3 Bucket Keys. What AWS does not publish is a labelled assumption with a range, and every
/// result carries that range.
#[derive(Debug, Parser)]
#[command(name = "bks", version, max_term_width = 100)]
#[command(
    after_help = "Start with `bks init my-bucket`, edit the file, then `bks simulate my-bucket.toml`.\n\
Exit codes: 0 done, 1 the run failed, 2 the request was wrong, 3 an assertion was not met."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Simulate(simulate::Args),
    Sweep(sweep::Args),
    Sensitivity(sensitivity::Args),
    Compare(compare::Args),
    Check(check::Args),
    Init(init::Args),
    Export(export::Args),
    Replay(replay::Args),
    Inventory(inventory::Args),
    Fit(fit::Args),
    Calibrate(calibrate::Args),
    Reconcile(reconcile::Args),
    Report(report::Args),
    Plot(plot::Args),
    List(list::Args),
    /// Print the JSON Schema of scenarios, for editors
    Schema,
    Complete(complete::Args),
}

/// What a command that did its work found.
enum Found {
    /// All is well.
    Done,
    /// An assertion was not met.
    AssertionNotMet,
}

impl Found {
    /// Whether every demand was met; tells of each that was not.
    fn by_demands(all: &[Results]) -> Self {
        let demands = all.iter().flat_map(|results| &results.facts.assertions);
        let unmet: Vec<_> = demands.filter(|demand| !demand.holds).collect();
        for demand in &unmet {
            output::note(&format!("assertion not met: {}", assertion::unmet(demand)));
        }
        if unmet.is_empty() { Self::Done } else { Self::AssertionNotMet }
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    output::staging::clean_up_at_signals();
    match run(cli.command) {
        Ok(Found::Done) => ExitCode::SUCCESS,
        Ok(Found::AssertionNotMet) => ExitCode::from(3),
        Err(error) => {
            output::error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(command: Command) -> Result<Found> {
    match command {
        Command::Simulate(args) => simulate::run(&args),
        Command::Sensitivity(args) => sensitivity::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Inventory(args) => inventory::run(&args),
        Command::Fit(args) => fit::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Reconcile(args) => reconcile::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Plot(args) => plot::run(&args),
        Command::List(args) => list::run(&args),
        Command::Schema => schema(),
        Command::Complete(args) => complete::run(&args),
    }
}

fn schema() -> Result<Found> {
    let schema = schemars::schema_for!(crate::scenario::written::ScenarioFile);
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|error| Error::run(format!("the schema cannot be written: {error}")))?;
    output::print(&format!("{text}\n"))?;
    Ok(Found::Done)
}
