//! `bks replay`: a log's requests instead of drawn ones.

use clap::Args;

use super::args::{Changes, FailIf, JobsOption, LogSettings, OutputFormat, Print, ResultsFolder};
use super::exit::Exit;
use super::{input, known_totals, logs, output, run};
use crate::error::{Error, Result};
use crate::report;
use crate::report::run::reproduction::shell;
use crate::results::manifest::OF_REPLAYS;
use crate::results::{RUN, Results, csv};
use crate::scenario::Scenario;
use crate::scenario::replay::ReplayedLog;

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
    let quiet = args.print.quiet;
    let logs = args.logs.open(quiet.quiet)?;
    let known = args.known.total()?;
    let (recording, ()) = logs.read(logs::FormatsTogether::One, args.jobs.jobs)?;
    let mut scenario = args.settings.scenario(recording, &args.changes, args.jobs.threads())?;
    if !args.configurations.is_empty() {
        let kept = scenario.keep_configurations(&args.configurations);
        kept.map_err(|error| error.at("--configuration"))?;
    }
    args.fail_if.add_to(&mut scenario)?;
    refuse_to_replace(args, &scenario)?;
    let results = [args.jobs.run(|| replay(args, &scenario))??];
    let folder = args.folder.of(&scenario.name);
    let place = (folder.as_path(), args.folder.overwrite);
    let scaled = known
        .map(|known| known_totals::scaled(&scenario, &results[0], known, place))
        .transpose()?;
    args.print.print(|format| run::text(format, &results, scaled.as_ref()))?;
    if args.print.format == OutputFormat::Csv && !quiet.quiet {
        run::note_warnings(&results[0]);
    }
    quiet.wrote_results(&args.folder.of(&scenario.name));
    Ok(Exit::by_assertions(&results))
}

fn replay(args: &ReplayArgs, scenario: &Scenario) -> Result<Results> {
    let results = run::results(scenario, args.print.quiet.quiet);
    scenario.recording.as_ref().map_or(Ok(()), |recording| recording.check())?;
    let mut places = vec![
        ("prefixes.csv", csv::write(&results.prefixes)),
        ("left_out.csv", csv::write(&results.left_out)),
    ];
    if let Some(recording) = &scenario.recording
        && !recording.files_left_out.is_empty()
    {
        places.push(("files_left_out.csv", csv::write(&recording.files_left_out)));
    }
    let files = report::files::of(&results, places);
    output::write_files(&args.folder.of(&scenario.name), &files, args.folder.overwrite)?;
    Ok(results)
}

/// Refuses a folder with files of others, and the usual folder if the results there are of other logs.
fn refuse_to_replace(args: &ReplayArgs, scenario: &Scenario) -> Result<()> {
    let ResultsFolder { out, overwrite } = &args.folder;
    let folder = args.folder.of(&scenario.name);
    let names: Vec<&str> = run::file_names().into_iter().chain(OF_REPLAYS).collect();
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
