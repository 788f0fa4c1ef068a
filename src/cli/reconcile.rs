//! `bks reconcile`: the model's KMS calls beside those that a trail measures.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::logs::{self, FormatsTogether, Logs};
use super::replay::parse_unknown_age;
use super::{Found, bills, input, output, progress, threads};
use crate::bill::Bill;
use crate::error::{Error, Result};
use crate::reconciliation::kms_calls::{TrailCallGatherer, TrailCalls};
use crate::reconciliation::{ReconcileOptions, Reconciliation};
use crate::report::{reconciliation as report, text};
use crate::scenario::Scenario;
use crate::scenario::replay::UnknownAge;

/// Reconcile the model with a trail: its KMS calls beside those that CloudTrail has.
///
/// Reads CloudTrail's KMS events, and the requests from S3's data events in the same trail or, if
/// they are given, from S3 access logs. The model's calls are set beside the trail's by requester,
/// bucket and hour: which share is explained, and why the rest is not.
///
/// If nothing else is asked for, how each bucket is encrypted is taken from the trail: calls with a
/// bucket's ARN show that bucket keys are on.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    logs: logs::Args,
    /// Take buckets to be encrypted as this configuration has them, whatever the trail shows
    #[arg(long, value_name = "NAME")]
    configuration: Option<String>,
    /// Take configurations, assumptions and buckets' settings from this scenario file
    #[arg(long, value_name = "FILE")]
    scenario: Option<String>,
    /// Keys of objects that are read and not written in the log, as for `bks replay`
    ///
    /// If nothing is said, the trail decides, bucket by bucket, whether they have bucket keys.
    #[arg(long, value_name = "AGE", value_parser = parse_unknown_age)]
    unknown_age: Option<UnknownAge>,
    /// Set this bill's KMS requests beside both: FOCUS or a Cost and Usage Report, as CSV or Parquet, plain,
    /// compressed or in a ZIP archive; of several parts, the manifest or the folder; may be given again
    #[arg(long = "bill", value_name = "FILE")]
    bills: Vec<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    changes: input::Changes,
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
    /// A row for each requester, bucket and hour
    Csv,
}

pub(super) fn run(args: &Args) -> Result<Found> {
    if args.format == Format::Csv && !args.bills.is_empty() {
        return Err(Error::request("`--bill` has no place in CSV, which has the cells alone")
            .hint("give `--format json`, or leave out `--bill`"));
    }
    // Read first: what is wrong with it need not wait.
    let bills = args.bills.iter().map(|path| bills::read(path)).collect::<Result<Vec<_>>>()?;
    let logs = args.logs.open(args.quiet)?;
    let (scenario, calls) = read(args, logs)?;
    let asked = ReconcileOptions {
        configuration: configuration(args, &scenario)?,
        by_settings: args.scenario.is_some(),
        unknown_age: args.unknown_age,
    };
    let requests = scenario.recording.as_ref().map_or(0, |recording| recording.seen.all);
    let bar = progress::bar(requests as f64, args.quiet);
    let done = |variants: usize| {
        bar.set_length(variants as u64 * requests);
        bar.inc(requests);
    };
    let found = threads::run_on(args.jobs, || {
        Reconciliation::of(&scenario, calls, args.logs.buckets(), asked, &done)
    })?;
    bar.finish_and_clear();
    show(args, &scenario, &found?, &bills)?;
    Ok(Found::Done)
}

/// The requests as a scenario, and the calls of the same time.
fn read(args: &Args, logs: Logs) -> Result<(Scenario, TrailCalls)> {
    let (recording, calls) =
        logs.read::<TrailCallGatherer>(FormatsTogether::LogsAndTrails, args.jobs)?;
    let from = recording.start_ns + recording.counted_from.as_nanos();
    let calls = calls.finish(from, recording.start_ns + recording.end.as_nanos());
    let scenario =
        input::replay(recording, args.scenario.as_deref(), &args.changes, args.unknown_age)?;
    input::check_size(&scenario, threads::number(args.jobs))?;
    Ok((scenario, calls))
}

/// The index of the configuration asked for.
fn configuration(args: &Args, scenario: &Scenario) -> Result<Option<usize>> {
    let name = args.configuration.as_deref();
    let index = name.map(|name| scenario.configuration_named(name)).transpose();
    index.map_err(|error| error.at("--configuration"))
}

fn show(args: &Args, scenario: &Scenario, found: &Reconciliation, bills: &[Bill]) -> Result<()> {
    match args.format {
        Format::Table if args.quiet => Ok(()),
        Format::Table => {
            let document = report::document(scenario, found, bills);
            output::print(&text::write(&document, output::terminal_width()))
        }
        Format::Json => output::print_json(&report::json(scenario, found, bills)),
        Format::Csv => {
            let rows = crate::reconciliation::rows::rows(found);
            let csv = crate::results::csv::write(&rows);
            output::print(&String::from_utf8(csv).expect("CSV is text"))
        }
    }
}
