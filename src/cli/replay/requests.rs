//! Replays requests: run them as a scenario, report, write.

use std::path::PathBuf;

use super::{Args, Format};
use crate::cli::logs::Logs;
use crate::cli::{Found, input, known, output, progress, simulate, threads};
use crate::error::Result;
use crate::outcome::Outcome;
use crate::report;
use crate::report::known_total::{self, Scaled};
use crate::results::{Results, csv, places};
use crate::scenario::Scenario;

pub(super) fn run(args: &Args, logs: Logs) -> Result<Found> {
    let known = args.known.total()?;
    let recording = logs.read(args.jobs, |_, _| Ok(()))?;
    let mut scenario =
        input::replay(recording, args.scenario.as_deref(), &args.changes, args.unknown_age)?;
    if !args.configurations.is_empty() {
        let kept = scenario.keep_configurations(&args.configurations);
        kept.map_err(|error| error.at("--configuration"))?;
    }
    args.demands.put_on(&mut scenario)?;
    input::check_size(&scenario, threads::number(args.jobs))?;
    let results = threads::run_on(args.jobs, || replay(args, &scenario))??;
    let scaled = known.map(|known| known::scaled(&scenario, &results, known)).transpose()?;
    if !args.quiet || args.format != Format::Table {
        output::print(&printed(args.format, &results, scaled.as_ref()))?;
    }
    if args.format == Format::Csv && !args.quiet {
        simulate::tell_of_warnings(&results);
    }
    if !args.quiet {
        output::note(&format!("wrote {}", folder(args, &scenario).display()));
    }
    Ok(Found::by_demands(&[results]))
}

fn replay(args: &Args, scenario: &Scenario) -> Result<Results> {
    let bar = progress::Bar::new(scenario, args.quiet);
    let outcome = Outcome::of(scenario, &|step| bar.take(step));
    bar.clear();
    scenario.recording.as_ref().map_or(Ok(()), |recording| recording.check())?;
    let results = Results::of(scenario, &outcome);
    let mut files = report::files::of(&results);
    files.push(("buckets.csv", csv::write(&places::buckets(scenario, &outcome))));
    files.push(("prefixes.csv", csv::write(&places::prefixes(scenario, &outcome))));
    let strays = scenario.recording.as_ref().map(|recording| recording.strays.as_slice());
    if let Some(strays) = strays.filter(|strays| !strays.is_empty()) {
        files.push(("files_left_out.csv", csv::write(strays)));
    }
    files.push(("left_out.csv", csv::write(&places::left_out(scenario))));
    output::write_files(&folder(args, scenario), &files)?;
    Ok(results)
}

fn folder(args: &Args, scenario: &Scenario) -> PathBuf {
    let named = || PathBuf::from("results").join(&scenario.file.name);
    args.out.clone().unwrap_or_else(named)
}

fn printed(format: Format, results: &Results, scaled: Option<&Scaled>) -> String {
    let at_total =
        scaled.map(|scaled| format!("\n{}", known_total::text(scaled))).unwrap_or_default();
    match format {
        Format::Table => report::text::write(results, output::terminal_width()) + &at_total,
        Format::Markdown => report::markdown::write(results) + &at_total,
        Format::Csv => String::from_utf8(csv::write(&results.summary)).expect("CSV is text"),
        Format::Json => format!("{:#}\n", report::json::with_total(results, scaled)),
    }
}
