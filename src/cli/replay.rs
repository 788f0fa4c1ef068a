//! `bks replay`: a log's requests instead of drawn ones.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{
    Changes, FailIf, JobsOption, LogSettings, OutputFormat, Print, ResultsFolder, check_size,
};
use super::exit::Exit;
use super::input::SettingsRead;
use super::job_array::ShardChoice;
use super::known_totals::AtKnownTotal;
use super::partial::{PartHeader, PartSettings, put_header};
use super::{input, known_totals, logs, output, run};
use crate::error::{Error, Result};
use crate::recording::gather::LogSlice;
use crate::report;
use crate::report::run::reproduction::shell;
use crate::results::known_total::{KnownTotal, Scaled};
use crate::results::manifest::OF_REPLAYS;
use crate::results::{RUN, Results, csv, parts};
use crate::scenario::Scenario;
use crate::scenario::replay::ReplayedLog;
use crate::units::SimDuration;

/// Replay logs: what their requests cost with and without bucket keys
///
/// Reads S3 server access logs, CloudTrail S3 data events and IBM COS traces: plain, gzip, zstd or ZIP, as S3,
/// CloudTrail, CloudWatch Logs and Athena write them, in any order; repeated records count once. Requests run through
/// the same configurations and assumptions as a scenario's and leave the same files, plus
/// prefixes.csv. `--format csv` prints the rows of summary.csv.
///
/// Where a trail has no data events for a bucket, KMS events stand in for its requests: without bucket keys every
/// new data key is a write and every Decrypt a read. Every account has these events for 90 days:
/// `aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=GenerateDataKey --output
/// json > trail/writes.json`, and the same with `Decrypt`. They do not include HEAD, LIST and DELETE.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks replay logs/ --bucket data-lake\n  \
    bks replay trail/ --scenario settings.toml --unknown-age 30d\n  \
    bks replay logs/ --bill cur/ --format markdown")]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    folder: ResultsFolder,
    #[command(flatten)]
    print: Print,
    #[command(flatten)]
    jobs: JobsOption,
    /// Write a partial result for `bks merge`, of a part of the logs; `-` for standard output
    ///
    /// Tab-separated numbers that add up, by all columns but the last. Each bucket must lie in one part as a whole.
    /// Needs `--from` and `--to`, the same for all parts. Without a request there is a header, and exit code 0.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "overwrite", "bills", "known_calls"])]
    partial: Option<PathBuf>,
    /// Say which of how many parts it is, so that `bks merge` knows if one is missing: 3/40, or `auto` in a job array
    #[arg(long, value_name = "N/M", requires = "partial", value_parser = ShardChoice::parse)]
    shard: Option<ShardChoice>,
    /// Begin the run this long before `--from`, and leave out what is earlier [default: with the first record]
    ///
    /// What lies before `--from` fills caches and is not counted. With `--partial` it is 0s if nothing is said, as all
    /// parts must begin at one time.
    #[arg(long, value_name = "TIME", requires = "from")]
    warm_up: Option<SimDuration>,
    /// Run only this configuration and the baseline (repeatable)
    #[arg(long = "configuration", value_name = "NAME")]
    configurations: Vec<String>,
    // What has a heading in `--help` comes last: the heading is that of all that follows.
    #[command(flatten)]
    logs: logs::LogArgs,
    #[command(flatten)]
    settings: LogSettings,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    fail_if: FailIf,
    #[command(flatten)]
    known: known_totals::KnownTotalArgs,
}

pub(super) fn run(args: &ReplayArgs) -> Result<Exit> {
    if let Some(path) = &args.partial {
        return partial(args, path);
    }
    let quiet = args.print.quiet;
    let slice = LogSlice { warm_up: args.warm_up, is_part: false };
    let logs = args.logs.open_slice(quiet.quiet, slice)?;
    let known = args.known.total()?;
    let (mut recording, ()) = logs.read(logs::FormatsTogether::One, args.jobs.jobs)?;
    recording.arguments.extend(warm_up(args));
    let mut scenario = args.settings.scenario(recording, &args.changes, args.jobs.threads())?;
    if !args.configurations.is_empty() {
        let kept = scenario.keep_configurations(&args.configurations);
        kept.map_err(|error| error.at("--configuration"))?;
    }
    args.fail_if.add_to(&mut scenario)?;
    refuse_to_replace(&args.folder, &scenario, known.as_ref().map(|_| known_totals::FILE))?;
    let (results, scaled) = args.jobs.run(|| replay(args, &scenario, known))??;
    let results = [results];
    args.print.print(|format| run::text(format, &results, scaled.as_ref()))?;
    if args.print.format() == OutputFormat::Csv && !quiet.quiet {
        run::note_warnings(&results[0]);
    }
    quiet.wrote_results(&args.folder.of(&scenario.name));
    Ok(Exit::by_assertions(&results))
}

fn replay(
    args: &ReplayArgs,
    scenario: &Scenario,
    known: Option<KnownTotal>,
) -> Result<(Results, Option<Scaled>)> {
    let results = run::results(scenario, args.print.quiet.quiet);
    scenario.recording.as_ref().map_or(Ok(()), |recording| recording.check())?;
    let at_known = AtKnownTotal::of(scenario, &results, known);
    write(&args.folder, scenario, &results, at_known.file(&results))?;
    Ok((results, at_known.scaled()?))
}

/// Replays a part of the logs and leaves what that counted.
fn partial(args: &ReplayArgs, path: &Path) -> Result<Exit> {
    super::partial::check_place(path)?;
    if args.logs.window().is_none() {
        return Err(Error::request(
            "a partial result needs `--from` and `--to`, the same for all parts",
        )
        .hint("say which time the whole log is of, e.g., `--from 2026-10-01 --to 2026-11-01`"));
    }
    let quiet = args.print.quiet.quiet;
    args.shard.map(ShardChoice::find).transpose()?;
    let slice = LogSlice { warm_up: Some(args.warm_up.unwrap_or_default()), is_part: true };
    let logs = args.logs.open_slice(quiet, slice)?;
    let (recording, ()) = logs.read(logs::FormatsTogether::One, args.jobs.jobs)?;
    let mut settings = PartSettings {
        prices: args.changes.prices().map(input::price_text).transpose()?,
        overrides: args.changes.values()?,
        unknown_age: args.settings.unknown_age.unknown_age.map(|age| age.to_string()),
        configurations: args.configurations.clone(),
        fail_if: args.fail_if.typed().map(str::to_owned).collect(),
        options: options(args),
        salt: args.logs.hider().mark(),
        ..PartSettings::default()
    };
    let overrides = args.changes.overrides()?;
    let LogSettings { scenario: file, unknown_age } = &args.settings;
    let is_empty = recording.buckets.is_empty();
    let cells = if is_empty {
        let mut cells = parts::of_no_request(&recording);
        settings.scenario = file.as_deref().map(input::settings_text).transpose()?;
        put_header(&mut cells, &header(args, &settings, u32::MAX)?, &recording);
        cells
    } else {
        let read = input::replay_and_settings(
            recording,
            file.as_deref(),
            &overrides,
            unknown_age.unknown_age,
        )?;
        let (mut scenario, SettingsRead { text, included }) = read;
        (settings.scenario, settings.included) = (text, included);
        check_size(&scenario, args.jobs.threads())?;
        if !args.configurations.is_empty() {
            let kept = scenario.keep_configurations(&args.configurations);
            kept.map_err(|error| error.at("--configuration"))?;
        }
        refuse_precision(&scenario)?;
        args.fail_if.add_to(&mut scenario)?;
        let mut cells = args.jobs.run(|| run::part(&scenario, quiet))?;
        let Some(recording) = &scenario.recording else { return Ok(Exit::Done) };
        recording.check()?;
        put_header(&mut cells, &header(args, &settings, scenario.replications)?, recording);
        cells
    };
    super::partial::write(&cells, path)?;
    if !output::is_stdout(path) {
        args.print.quiet.wrote(path);
    }
    Ok(Exit::Done)
}

/// What the part is, of which so many replications were run.
fn header<'a>(
    args: &'a ReplayArgs,
    settings: &'a PartSettings,
    replications: u32,
) -> Result<PartHeader<'a>> {
    Ok(PartHeader {
        settings,
        replications,
        has_inventories: args.logs.has_inventories(),
        paths: args.logs.shown_paths(),
        shard: args.shard.map(ShardChoice::find).transpose()?,
    })
}

/// What is chosen of the logs, as words of a command line.
fn options(args: &ReplayArgs) -> Vec<String> {
    args.logs.typed_options().into_iter().chain(warm_up(args)).collect()
}

/// `--warm-up` as words of a command line.
fn warm_up(args: &ReplayArgs) -> impl Iterator<Item = String> {
    let words = args.warm_up.map(|warm_up| ["--warm-up".to_owned(), warm_up.to_string()]);
    words.into_iter().flatten()
}

/// Refuses to add replications until a figure is known well enough: only all parts together tell.
fn refuse_precision(scenario: &Scenario) -> Result<()> {
    match scenario.precision {
        None => Ok(()),
        Some(_) => Err(Error::request(
            "a partial result has no `precision`: how well a saving is known only all parts together tell",
        )
        .hint("say how many replications to run, e.g., `--replications 10`")),
    }
}

/// Leaves the files of a replay, or of all parts of one; `more` of its own among them.
pub(super) fn write(
    folder: &ResultsFolder,
    scenario: &Scenario,
    results: &Results,
    more: Option<(&'static str, Vec<u8>)>,
) -> Result<()> {
    let mut places = vec![
        ("prefixes.csv", csv::write(&results.prefixes)),
        ("left_out.csv", csv::write(&results.left_out)),
    ];
    if let Some(recording) = &scenario.recording
        && !recording.files_left_out.is_empty()
    {
        places.push(("files_left_out.csv", csv::write(&recording.files_left_out)));
    }
    places.extend(more);
    let files = report::files::of(results, places);
    output::write_files(&folder.of(&scenario.name), &files, folder.overwrite)
}

/// Refuses a folder with files of others, and the usual folder if the results there are of other logs.
pub(super) fn refuse_to_replace(
    results: &ResultsFolder,
    scenario: &Scenario,
    more: Option<&str>,
) -> Result<()> {
    let ResultsFolder { out, overwrite } = results;
    let folder = results.of(&scenario.name);
    let names = run::file_names().into_iter().chain(OF_REPLAYS).chain(more);
    let names: Vec<&str> = names.collect();
    output::folder::refuse_strangers(&folder, &names, *overwrite)?;
    let run = folder.join(RUN);
    if out.is_some() || *overwrite || !run.is_file() {
        return Ok(());
    }
    let there = ReplayedLog::run(&input::result_text(&run)?).map(|log| log.inputs);
    let here = scenario.recording.as_ref().map_or(Vec::new(), |log| log.inputs());
    if there.is_some_and(|there| ReplayedLog::are_same(&there, &here)) {
        return Ok(());
    }
    let shown = shell(&folder.display().to_string());
    Err(Error::request("the folder has results of other logs")
        .at(folder.display().to_string())
        .hint(format!("give another folder, e.g., `--out {shown}-2`, or say `--overwrite`")))
}
