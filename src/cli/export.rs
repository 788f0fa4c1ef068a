//! `bks export`: the requests of a scenario or of logs, for other tools.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::{self, JobsOption, OverwriteFile, Quiet, TypedOptions};
use super::exit::Exit;
use super::scenario_or_logs::ScenarioOrLogs;
use super::{output, progress};
use crate::encryption::assumption::Level;
use crate::error::Result;
use crate::logs::exported_request::Outgoing;
use crate::logs::{access_log, cloudtrail, parquet};
use crate::scenario::Scenario;
use crate::simulation::names::NamedEvents;
use crate::simulation::{Arm, objects};

/// Write the requests of a scenario or of logs for other tools, e.g., DuckDB
///
/// PATH is a scenario if it is a single file whose name ends in `.toml`, or `-` for standard input; otherwise it is
/// logs, as for `bks replay`. (With `--log-format`, `-` is a log.)
///
/// Writes one replication of one configuration from the start of the run, warm-up included: all requesters'
/// requests in order of time. Objects are named by what decides their keys.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    bks export emr10.toml --format parquet --out emr10.parquet\n  \
    bks export trail/ --format access-log --out requests.log\n  \
    bks export emr10.toml --format cloudtrail --limit 100000 --out - | gzip > trail.json.gz")]
pub(super) struct ExportArgs {
    /// Output file, or `-` for standard output
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    replace: OverwriteFile,
    /// File format
    #[arg(long, alias = "form", value_enum, default_value_t = FileFormat::AccessLog)]
    format: FileFormat,
    /// Configuration to run [default: the one in the verdict]
    #[arg(long, value_name = "NAME")]
    configuration: Option<String>,
    /// Where every assumption stands in its range; `low` saves least, `high` most
    #[arg(long, default_value = "assumed", value_parser = args::named(&Level::ALL, Level::name))]
    level: Level,
    /// Replication to run, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    replication: u32,
    /// Write at most N records
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    #[command(flatten)]
    quiet: Quiet,
    /// When the scenario's run starts
    #[arg(long, value_name = "TIME", default_value = "2026-01-01T00:00:00Z", value_parser = args::time)]
    start: i64,
    // What has a heading in `--help` comes last: the heading is that of all that follows.
    #[command(flatten)]
    input: ScenarioOrLogs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// S3 server access log
    AccessLog,
    /// Parquet, with the KMS calls of each request
    Parquet,
    /// CloudTrail: S3 data events and KMS events
    Cloudtrail,
}

pub(super) fn run(args: &ExportArgs, typed: &TypedOptions) -> Result<Exit> {
    output::refuse_existing(&args.out, args.replace.overwrite)?;
    let scenario = args.input.scenario(typed, JobsOption { jobs: None }, args.quiet.quiet)?;
    let configuration = match &args.configuration {
        None => scenario.headline,
        Some(name) => {
            let index = scenario.configuration_named(name);
            index.map_err(|error| error.at("--configuration"))?
        }
    };
    let assumptions = scenario.configurations[configuration].ranges.at(args.level);
    let arm = Arm::of_totals(configuration, assumptions);
    let requests = match &scenario.recording {
        Some(recording) => recording.seen.all as f64,
        None => scenario.expected_requests(),
    };
    let limit = args.limit.unwrap_or(u64::MAX);
    let bar = progress::requests(requests.min(limit as f64), &scenario.name, args.quiet.quiet);
    let kept = objects::keep(&scenario, args.replication);
    let requests = NamedEvents::new(&scenario, &kept, &arm, args.replication)
        .outgoing(args.start)
        .take(usize::try_from(limit).unwrap_or(usize::MAX));
    let requests = bar.wrap_iter(requests);
    let records = args.write_whole(&scenario, |file| args.format.write(file, requests))?;
    bar.finish_and_clear();
    let to = if output::is_stdout(&args.out) {
        "standard output".into()
    } else {
        args.out.display().to_string()
    };
    let name = &scenario.configurations[configuration].name;
    args.quiet.note(&format!("wrote {to}: {records} {} of `{name}`", args.format.records()));
    Ok(Exit::Done)
}

impl FileFormat {
    /// Writes requests; how many records that made.
    fn write<'a>(
        self,
        file: &mut File,
        requests: impl Iterator<Item = Outgoing<'a>>,
    ) -> io::Result<u64> {
        if self == Self::Parquet {
            return parquet::write(file, requests);
        }
        let mut buffered = BufWriter::with_capacity(1 << 18, file);
        let records = if self == Self::AccessLog {
            access_log::write::write(&mut buffered, requests)
        } else {
            cloudtrail::write::write(&mut buffered, requests)
        };
        buffered.flush()?;
        records
    }

    /// What a record of the file is.
    fn records(self) -> &'static str {
        match self {
            Self::AccessLog => "lines",
            Self::Parquet => "requests",
            Self::Cloudtrail => "events",
        }
    }
}

impl ExportArgs {
    /// Writes the file whole or, if a log's requests could not be read back, not at all.
    fn write_whole<T>(
        &self,
        scenario: &Scenario,
        write: impl FnOnce(&mut File) -> io::Result<T>,
    ) -> Result<T> {
        let mut unread = None;
        let written = output::write_whole(&self.out, |file| {
            let written = write(file)?;
            let read = scenario.recording.as_ref().map_or(Ok(()), |recording| recording.check());
            read.map_err(|error| {
                unread = Some(error);
                io::Error::other("the requests could not be read back")
            })?;
            Ok(written)
        });
        unread.map_or(written, Err)
    }
}
