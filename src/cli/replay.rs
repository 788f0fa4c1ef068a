//! `bks replay`: a log's requests instead of drawn ones.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::{Found, input, known, logs, output, progress, simulate, threads};
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::report;
use crate::report::run::reproduction::shell;
use crate::results::known_total::Scaled;
use crate::results::manifest::OF_REPLAYS;
use crate::results::{RUN, Results, csv, places};
use crate::scenario::Scenario;
use crate::scenario::replay::{ReplayedLog, UnknownAge};

/// Replay real logs: what their requests cost without bucket keys and with them.
///
/// S3 server access logs, CloudTrail's S3 data events and IBM COS traces are replayed as a
/// scenario's requests are: the same configurations at the same levels of assumptions, the same
/// tables and files, and buckets.csv and prefixes.csv besides. Files may be plain, gzip, zstd or ZIP, as S3 and
/// CloudTrail write them or as CloudWatch Logs and Athena do, in any order, and may repeat records.
///
/// Where a trail has no data events of a bucket, KMS's events are taken as its requests: without
/// bucket keys each new data key is a write, and each Decrypt a read. Every account has them for 90
/// days: `aws cloudtrail lookup-events --lookup-attributes
/// AttributeKey=EventName,AttributeValue=GenerateDataKey --output json > trail/writes.json`, and
/// the same with `Decrypt`. HEAD, LIST and DELETE are in none of them.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    logs: logs::Args,
    /// Take configurations, assumptions, prices and buckets' settings from this scenario file
    #[arg(long, value_name = "FILE")]
    scenario: Option<String>,
    /// Only this configuration, beside the one that savings are measured against; may be given again
    #[arg(long = "configuration", value_name = "NAME")]
    configurations: Vec<String>,
    /// Keys of objects that are read and not written in the log: `keyless`, `one-key`, or e.g. 30d
    ///
    /// `keyless` (so it is if nothing is said): they have no bucket key, as when bucket keys are turned
    /// on where the log begins. A duration: bucket keys were always on, and the objects were written
    /// evenly over so long a time before the log. `one-key`: one for each bucket.
    #[arg(long, value_name = "AGE", value_parser = parse_unknown_age)]
    unknown_age: Option<UnknownAge>,
    /// Write files to DIR instead of results/NAME
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace what is in the folder: the results of other logs, and files that bks did not write
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
    /// For a person
    Table,
    /// For programs
    Json,
    /// The rows of summary.csv
    Csv,
    /// The verdict and a table for a pull request
    Markdown,
}

pub(super) fn parse_unknown_age(text: &str) -> std::result::Result<UnknownAge, String> {
    text.parse().map_err(|error: Error| error.to_string())
}

pub(super) fn run(args: &Args) -> Result<Found> {
    let logs = args.logs.open(args.quiet)?;
    let known = args.known.total()?;
    let (recording, ()) = logs.read(logs::FormatsTogether::One, args.jobs)?;
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
    let there = ReplayedLog::run(&input::result_text(&run)?).map(|log| log.inputs);
    let here = scenario.recording.as_ref().map_or(Vec::new(), |log| log.inputs());
    if there.is_some_and(|there| ReplayedLog::are_same(&there, &here)) {
        return Ok(());
    }
    let shown = shell(&folder.display().to_string());
    Err(Error::request("the results there are not of these logs, and would be replaced")
        .at(folder.display().to_string())
        .hint(format!("give another folder, e.g., `--out {shown}-2`, or say `--overwrite`")))
}

fn folder(args: &Args, scenario: &Scenario) -> PathBuf {
    let named = || PathBuf::from("results").join(&scenario.name);
    args.out.clone().unwrap_or_else(named)
}

fn printed(format: Format, results: &Results, scaled: Option<&Scaled>) -> String {
    let document = report::run::document(results, scaled);
    match format {
        Format::Table => report::text::write(&document, output::terminal_width()),
        Format::Markdown => report::markdown::write(&document),
        Format::Csv => String::from_utf8(csv::write(&results.summary)).expect("CSV is text"),
        Format::Json => output::json(&report::json::of_run(results, scaled)),
    }
}
