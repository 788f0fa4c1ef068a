//! `bks simulate`: read, run, report, write.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};

use super::{Found, input, known, output, progress, threads};
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::report;
use crate::results::known_total::Scaled;
use crate::results::{FACTS, RUN, Results, csv};
use crate::scenario::Scenario;

/// Simulate scenarios and compare their configurations.
///
/// Prints the verdict and a table, and writes summary.csv, timeline.csv, requesters.csv,
/// principals.csv, operations.csv, costs.csv, sensitivity.csv and run.toml, from which the same bytes come again.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Scenario files; `-` reads one from standard input
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// Write files to DIR instead of results/NAME (with several scenarios, DIR/NAME)
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace files in the folder that bks did not write
    #[arg(long)]
    overwrite: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    changes: input::Changes,
    #[command(flatten)]
    demands: input::Demands,
    #[command(flatten)]
    known: known::Args,
    /// Use N threads instead of one for each processor; the results do not depend on it
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Print neither table, progress nor notes; another format asked for still comes
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The verdict and a table for a person
    Table,
    /// Everything, for programs
    Json,
    /// The rows of summary.csv
    Csv,
    /// The verdict and a table for a pull request
    Markdown,
}

pub(super) fn run(args: &Args) -> Result<Found> {
    let known = args.known.total()?;
    if let (Some(name), true) = (args.known.given(), args.scenarios.len() > 1) {
        return Err(Error::request(format!("`{name}` is of one scenario, but several are given")));
    }
    // All scenarios are read before any is run: what is wrong with the last is known at once.
    let scenarios = args
        .scenarios
        .iter()
        .map(|path| {
            let mut scenario = input::scenario(path, &args.changes, threads::number(args.jobs))?;
            args.demands.put_on(&mut scenario)?;
            Ok(scenario)
        })
        .collect::<Result<Vec<_>>>()?;
    refuse_same_folder(args, &scenarios)?;
    let all = threads::run_on(args.jobs, || {
        scenarios.iter().map(|scenario| simulate(args, scenario)).collect::<Result<Vec<_>>>()
    })??;
    let scaled = match known {
        Some(known) => Some(known::scaled(&scenarios[0], &all[0], known)?),
        None => None,
    };
    if !args.quiet || args.format != Format::Table {
        output::print(&printed(args.format, &all, scaled.as_ref()))?;
    }
    if args.format == Format::Csv && !args.quiet {
        all.iter().for_each(tell_of_warnings);
    }
    if !args.quiet {
        for scenario in &scenarios {
            output::note(&format!("wrote {}", folder(args, scenario).display()));
        }
    }
    Ok(Found::by_demands(&all))
}

fn simulate(args: &Args, scenario: &Scenario) -> Result<Results> {
    run_into(scenario, &folder(args, scenario), args.quiet, args.overwrite)
}

/// Runs a scenario and leaves its files in a folder, in which it replaces what bks did not write only if
/// `overwrite` is set.
pub(super) fn run_into(
    scenario: &Scenario,
    folder: &Path,
    quiet: bool,
    overwrite: bool,
) -> Result<Results> {
    output::folder::refuse_strangers(folder, &run_files(), overwrite)?;
    let bar = progress::Bar::new(scenario, quiet);
    let outcome = Outcome::of(scenario, &|step| bar.take(step));
    bar.clear();
    let results = Results::of(scenario, &outcome);
    output::write_files(folder, &report::files::of(&results, Vec::new()), overwrite)?;
    Ok(results)
}

/// Names of the files that every run leaves.
pub(super) fn run_files() -> Vec<&'static str> {
    Results::file_names().into_iter().chain([FACTS, RUN]).collect()
}

/// Says what to beware of where what is printed has no place for it.
pub(super) fn tell_of_warnings(results: &Results) {
    for warning in &results.facts.warnings {
        output::note(&format!("warning: {}; {}", warning.what, warning.advice));
    }
}

fn folder(args: &Args, scenario: &Scenario) -> PathBuf {
    match &args.out {
        None => PathBuf::from("results").join(&scenario.name),
        Some(out) if args.scenarios.len() == 1 => out.clone(),
        Some(out) => out.join(&scenario.name),
    }
}

fn refuse_same_folder(args: &Args, scenarios: &[Scenario]) -> Result<()> {
    for (i, scenario) in scenarios.iter().enumerate() {
        if scenarios[..i].iter().any(|other| other.name == scenario.name) {
            return Err(Error::request(format!(
                "two scenarios have the name `{}`, but each needs a folder of its own",
                scenario.name
            ))
            .at(args.scenarios[i].clone()));
        }
    }
    Ok(())
}

fn printed(format: Format, all: &[Results], scaled: Option<&Scaled>) -> String {
    let documents = all.iter().map(|results| report::run::document(results, scaled));
    match format {
        Format::Table => {
            let width = output::terminal_width();
            let texts: Vec<String> =
                documents.map(|document| report::text::write(&document, width)).collect();
            texts.join("\n")
        }
        Format::Markdown => {
            let texts: Vec<String> =
                documents.map(|document| report::markdown::write(&document)).collect();
            texts.join("\n")
        }
        Format::Csv => {
            let rows: Vec<_> = all.iter().flat_map(|results| results.summary.clone()).collect();
            String::from_utf8(csv::write(&rows)).expect("CSV is text")
        }
        Format::Json => {
            let value = |results| report::json::of_run(results, scaled);
            let mut values: Vec<_> = all.iter().map(value).collect();
            let value = if values.len() == 1 { values.remove(0) } else { values.into() };
            output::json(&value)
        }
    }
}
