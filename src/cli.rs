//! The command line: arguments in, files and terminal out, exit codes.
//!
//! Here commands are told apart and run; each has a file of its own. What several share stands in files
//! that know no command: `args` options, `input` and `output` files, `run` a run of a scenario,
//! `logs` and `bills` what they read, `exit` how they end.
//!
//! Exit codes: 0 done (a closed pipe included), 1 the run failed, 2 the request was wrong, 3 an
//! assertion in a scenario was not met, or `lint` found what it is to fail on.

mod advise;
mod args;
mod bills;
mod calibrate;
mod check;
mod command_process;
mod compare;
mod complete;
mod exit;
mod experiment;
mod explain;
mod export;
mod file_errors;
mod fit;
mod help;
mod init;
mod input;
mod inventory;
mod job_array;
mod journal;
mod known_totals;
mod lint;
mod list;
mod logs;
mod mcp;
mod memory;
mod merge;
mod migrate;
mod output;
mod partial;
mod plot;
mod progress;
mod reconcile;
mod replay;
mod report;
mod run;
mod scenario_or_logs;
mod schema;
mod sensitivity;
mod simulate;
mod sweep;
mod temporary_file;
mod threads;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::error::{Error, Result};
use crate::harmless_text;
use args::TypedOptions;
use exit::Exit;

/// Simulate what S3 Bucket Keys do to a KMS bill, a KMS quota and an audit trail
///
/// bks simulates the requests that roles, users and services make to Amazon S3, and counts the KMS calls that
/// follow, with and without S3 Bucket Keys. What AWS does not publish is an explicit assumption with a range,
/// and every result carries that range.
#[derive(Debug, Parser)]
#[command(name = "bks", version, max_term_width = 100)]
#[command(after_help = "\
Start with `bks init my-bucket`, edit the file, then run `bks simulate my-bucket.toml`.
Exit codes: 0 done, 1 the run failed, 2 the request was wrong, 3 an assertion was not met
or `bks lint` found something.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    Check(check::CheckArgs),
    Simulate(simulate::SimulateArgs),
    Compare(compare::CompareArgs),
    Advise(advise::AdviseArgs),
    Explain(explain::ExplainArgs),
    Sweep(sweep::SweepArgs),
    Sensitivity(sensitivity::SensitivityArgs),
    Report(report::ReportArgs),
    Plot(plot::PlotArgs),
    Replay(replay::ReplayArgs),
    Fit(fit::FitArgs),
    Calibrate(calibrate::CalibrateArgs),
    Experiment(experiment::ExperimentArgs),
    Reconcile(reconcile::ReconcileArgs),
    Inventory(inventory::InventoryArgs),
    Migrate(migrate::MigrateArgs),
    Lint(lint::LintArgs),
    Export(export::ExportArgs),
    Merge(merge::MergeArgs),
    List(list::ListArgs),
    Mcp(mcp::McpArgs),
    Schema(schema::SchemaArgs),
    Complete(complete::CompleteArgs),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let bks = help::by_job(Cli::command());
    let matches = bks.clone().try_get_matches();
    let parsed = matches.and_then(|matches| {
        let typed = matches.subcommand().and_then(|(name, matches)| {
            bks.find_subcommand(name).map(|command| TypedOptions::of(command, matches))
        });
        Cli::from_arg_matches(&matches).map(|cli| (cli.command, typed))
    });
    let (command, typed) = match parsed {
        Ok((command, typed)) => (command, typed.unwrap_or_default()),
        Err(error) if error.kind() == clap::error::ErrorKind::InvalidUtf8 => {
            let error = not_text(std::env::args_os());
            output::error(&error);
            return ExitCode::from(error.exit_code());
        }
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    output::staging::clean_up_at_signals();
    match run_command(command, &typed) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// The error where an argument of a command line is not UTF-8.
fn not_text(arguments: impl IntoIterator<Item = OsString>) -> Error {
    let culprit = arguments.into_iter().find(|argument| argument.to_str().is_none());
    let culprit = culprit.unwrap_or_default();
    let shown = harmless_text::named(&culprit.to_string_lossy()).to_string();
    Error::request(format!("`{shown}` is not UTF-8, but what is typed must be")).hint(
        "give the folder that the file lies in, where it may be called anything, or the file by standard \
         input: `-` in the place of its name, and `< FILE` behind the command",
    )
}

fn run_command(command: Command, typed: &TypedOptions) -> Result<Exit> {
    match command {
        Command::Init(args) => init::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Advise(args) => advise::run(&args, typed),
        Command::Explain(args) => explain::run(&args, typed),
        Command::Sweep(args) => sweep::run(&args),
        Command::Sensitivity(args) => sensitivity::run(&args),
        Command::Report(args) => report::run(&args, typed),
        Command::Plot(args) => plot::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Fit(args) => fit::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Experiment(args) => experiment::run(&args),
        Command::Reconcile(args) => reconcile::run(&args),
        Command::Inventory(args) => inventory::run(&args),
        Command::Migrate(args) => migrate::run(&args, typed),
        Command::Lint(args) => lint::run(&args),
        Command::Export(args) => export::run(&args, typed),
        Command::Merge(args) => merge::run(&args),
        Command::List(args) => list::run(&args),
        Command::Mcp(args) => mcp::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Complete(args) => complete::run(&args, Cli::command()),
    }
}
