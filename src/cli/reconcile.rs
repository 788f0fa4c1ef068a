//! `bks reconcile`: the model's KMS calls beside those that a trail measures.

use std::path::PathBuf;

use clap::Args;

use super::args::{Changes, JobsOption, LogSettings, OutputFormat, Print};
use super::exit::Exit;
use super::logs::{self, FormatsTogether, Logs};
use super::{bills, output, progress};
use crate::bill::KmsBill;
use crate::error::{Error, Result};
use crate::reconciliation::kms_calls::{TrailCallGatherer, TrailCalls};
use crate::reconciliation::rows;
use crate::reconciliation::{ReconcileOptions, Reconciliation};
use crate::report::reconciliation as report;
use crate::scenario::Scenario;

/// Compare the modelled KMS calls with those in CloudTrail, and explain the differences
///
/// Reads CloudTrail's KMS events, and the requests from S3 data events in the same trail or from S3 access logs. The
/// model's calls are compared with the trail's by requester, bucket and hour: what share is explained, and why the
/// rest is not. `--format csv` prints a row for each requester, bucket and hour.
///
/// By default the trail shows how each bucket is encrypted: calls with a bucket's ARN mean that bucket keys are on.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks reconcile trail/\n  \
    bks reconcile trail/ logs/ --bucket data-lake --bill cur/")]
pub(super) struct ReconcileArgs {
    /// Take buckets to be encrypted as in this configuration, whatever the trail shows
    #[arg(long, value_name = "NAME")]
    configuration: Option<String>,
    /// Compare with the KMS requests on this bill, too (repeatable)
    ///
    /// FOCUS or a Cost and Usage Report, as CSV or Parquet, plain, compressed or in a ZIP archive; if it has several
    /// parts, the manifest or the directory.
    #[arg(long = "bill", value_name = "FILE")]
    bills: Vec<PathBuf>,
    #[command(flatten)]
    print: Print,
    #[command(flatten)]
    jobs: JobsOption,
    // What has a heading in `--help` comes last: the heading is that of all that follows.
    #[command(flatten)]
    logs: logs::LogArgs,
    #[command(flatten)]
    settings: LogSettings,
    #[command(flatten)]
    changes: Changes,
}

pub(super) fn run(args: &ReconcileArgs) -> Result<Exit> {
    if args.print.format() == OutputFormat::Csv && !args.bills.is_empty() {
        return Err(Error::request("`--bill` cannot be combined with `--format csv`")
            .hint("give `--format json`, or leave out `--bill`"));
    }
    // Read first: what is wrong with it need not wait.
    let bills = bills::read_all(&args.bills)?;
    let logs = args.logs.open(args.print.quiet.quiet)?;
    let (scenario, calls) = read(args, logs)?;
    let asked = ReconcileOptions {
        configuration: configuration(args, &scenario)?,
        by_settings: args.settings.scenario.is_some(),
        unknown_age: args.settings.unknown_age.unknown_age,
    };
    let requests = scenario.recording.as_ref().map_or(0, |recording| recording.seen.all);
    let bar = progress::requests(requests as f64, &scenario.name, args.print.quiet.quiet);
    let found = args.jobs.run(|| {
        Reconciliation::of(&scenario, calls, &args.logs.shown_buckets(), asked, &|variants| {
            bar.set_length(variants as u64 * requests);
            bar.inc(requests);
        })
    })?;
    bar.finish_and_clear();
    show(args, &scenario, &found?, &bills)?;
    Ok(Exit::Done)
}

/// The requests as a scenario, and the calls of the same time.
fn read(args: &ReconcileArgs, logs: Logs) -> Result<(Scenario, TrailCalls)> {
    let (recording, calls) =
        logs.read::<TrailCallGatherer>(FormatsTogether::LogsAndTrails, args.jobs.jobs)?;
    let from = recording.start_ns + recording.counted_from.as_nanos();
    let calls = calls.finish(from, recording.start_ns + recording.end.as_nanos());
    let calls = calls.hidden(&args.logs.hider());
    let scenario = args.settings.scenario(recording, &args.changes, args.jobs.threads())?;
    Ok((scenario, calls))
}

/// The index of the configuration asked for.
fn configuration(args: &ReconcileArgs, scenario: &Scenario) -> Result<Option<usize>> {
    let name = args.configuration.as_deref();
    let index = name.map(|name| scenario.configuration_named(name)).transpose();
    index.map_err(|error| error.at("--configuration"))
}

fn show(
    args: &ReconcileArgs,
    scenario: &Scenario,
    found: &Reconciliation,
    bills: &[KmsBill],
) -> Result<()> {
    args.print.print(|format| match format {
        OutputFormat::Json => output::json(&report::json(scenario, found, bills)),
        OutputFormat::Csv => output::csv(&rows::rows(found)),
        _ => format.document(&report::document(scenario, found, bills)),
    })
}
