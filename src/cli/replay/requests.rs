//! Replays requests: run them as a scenario, report, write.

use std::path::PathBuf;

use super::{Args, Format};
use crate::cli::logs::Logs;
use crate::cli::{Found, input, known, output, progress, simulate, threads};
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::report;
use crate::report::known_total::{self, Scaled};
use crate::report::words;
use crate::results::manifest::OF_REPLAYS;
use crate::results::{RUN, Results, csv, places};
use crate::scenario::Scenario;
use crate::scenario::replay::LogOf;

pub(super) fn run(args: &Args, logs: Logs) -> Result<Found> {
    let known = args.known.total()?;
    let recording = logs.read(args.jobs)?;
    let mut scenario =
        input::replay(recording, args.scenario.as_deref(), &args.changes, args.unknown_age)?;
    if !args.configurations.is_empty() {
        let kept = scenario.keep_configurations(&args.configurations);
        kept.map_err(|error| error.at("--configuration"))?;
    }
    args.demands.put_on(&mut scenario)?;
    input::check_size(&scenario, threads::number(args.jobs))?;
    refuse_to_replace(args, &scenario)?;
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
    let mut places = vec![
        ("buckets.csv", csv::write(&places::buckets(scenario, &outcome))),
        ("prefixes.csv", csv::write(&places::prefixes(scenario, &outcome))),
        ("left_out.csv", csv::write(&places::left_out(scenario))),
    ];
    let files_left_out =
        scenario.recording.as_ref().map(|recording| recording.files_left_out.as_slice());
    if let Some(files_left_out) = files_left_out.filter(|files_left_out| !files_left_out.is_empty())
    {
        places.push(("files_left_out.csv", csv::write(files_left_out)));
    }
    let files = report::files::of(&results, places);
    output::write_files(&folder(args, scenario), &files, args.overwrite)?;
    Ok(results)
}

/// Refuses a folder with files of others, and the usual folder if the results there are of other logs.
fn refuse_to_replace(args: &Args, scenario: &Scenario) -> Result<()> {
    let folder = folder(args, scenario);
    let names: Vec<&str> = simulate::run_files().into_iter().chain(OF_REPLAYS).collect();
    output::folder::refuse_strangers(&folder, &names, args.overwrite)?;
    let run = folder.join(RUN);
    if args.out.is_some() || args.overwrite || !run.is_file() {
        return Ok(());
    }
    let there = LogOf::run(&input::result_text(&run)?).map(|log| log.inputs);
    let here = scenario.recording.as_ref().map_or(Vec::new(), |log| log.inputs());
    if there.is_some_and(|there| LogOf::are_same(&there, &here)) {
        return Ok(());
    }
    let shown = words::shell(&folder.display().to_string());
    Err(Error::request("the results there are not of these logs, and would be replaced")
        .at(folder.display().to_string())
        .hint(format!("give another folder, e.g., `--out {shown}-2`, or say `--overwrite`")))
}

fn folder(args: &Args, scenario: &Scenario) -> PathBuf {
    let named = || PathBuf::from("results").join(&scenario.name);
    args.out.clone().unwrap_or_else(named)
}

fn printed(format: Format, results: &Results, scaled: Option<&Scaled>) -> String {
    let at_total =
        scaled.map(|scaled| format!("\n{}", known_total::text(scaled))).unwrap_or_default();
    match format {
        Format::Table => report::text::write(results, output::terminal_width()) + &at_total,
        Format::Markdown => report::markdown::write(results) + &at_total,
        Format::Csv => String::from_utf8(csv::write(&results.summary)).expect("CSV is text"),
        Format::Json => output::json(&report::json::with_total(results, scaled)),
    }
}
