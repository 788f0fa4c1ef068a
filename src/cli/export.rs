//! `bks export`: the requests of a scenario or of logs, for other tools.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};
use indicatif::ProgressBar;

use super::logs::FormatsTogether;
use super::replay::parse_unknown_age;
use super::{Found, input, logs, output, progress, threads};
use crate::encryption::assumptions::Level;
use crate::error::{Error, Result};
use crate::logs::{access_log, cloudtrail, parquet};
use crate::scenario::Scenario;
use crate::scenario::replay::UnknownAge;
use crate::simulation::names::NamedEvents;
use crate::simulation::{Arm, objects};

/// Write the requests of a scenario or of logs for other tools: DuckDB, log readers, bks itself.
///
/// PATH is a scenario if it is one file whose name ends in `.toml`, or `-` for standard input; else it
/// is logs, as `bks replay` takes them. (With `--log-format`, `-` is a log.)
///
/// What is written is one configuration's run, from its start (warm-up included), all requesters'
/// requests in order of time. Objects are named by what decides their keys.
#[derive(Debug, ClapArgs)]
#[command(mut_arg("paths", |arg| arg.help("Scenario file, or logs: files, folders, or `-`")))]
pub(super) struct Args {
    #[command(flatten)]
    logs: logs::Args,
    /// The file to write, which appears whole or not at all, or `-` for standard output
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Whose requesters and keys; the headline configuration if not given
    #[arg(long, value_name = "NAME")]
    configuration: Option<String>,
    /// Where in its range each assumption stands
    #[arg(long, value_enum, default_value_t = LevelName::Assumed)]
    level: LevelName,
    /// Which replication, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    replication: u32,
    /// Write at most N records
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// File format
    #[arg(long, alias = "form", value_enum, default_value_t = Format::AccessLog)]
    format: Format,
    /// Of a scenario: when its run starts
    #[arg(long, value_name = "TIME", default_value = "2026-01-01T00:00:00Z", value_parser = logs::parse_time)]
    start: i64,
    /// Of logs: take configurations, assumptions and buckets' settings from this scenario file
    #[arg(long, value_name = "FILE")]
    scenario: Option<String>,
    /// Of logs: keys of objects that are read and not written there, as for `bks replay`
    #[arg(long, value_name = "AGE", value_parser = parse_unknown_age)]
    unknown_age: Option<UnknownAge>,
    #[command(flatten)]
    changes: input::Changes,
    /// Print neither progress nor notes
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LevelName {
    /// The end that saves least
    Low,
    /// The assumed value
    Assumed,
    /// The end that saves most
    High,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// S3 server access log
    AccessLog,
    /// Parquet, with what each request cost
    Parquet,
    /// CloudTrail: S3's data events and KMS's events
    Cloudtrail,
}

impl From<LevelName> for Level {
    fn from(name: LevelName) -> Self {
        match name {
            LevelName::Low => Self::Low,
            LevelName::Assumed => Self::Assumed,
            LevelName::High => Self::High,
        }
    }
}

pub(super) fn run(args: &Args) -> Result<Found> {
    let scenario = scenario(args)?;
    let index = configuration(args, &scenario)?;
    let assumptions = scenario.configurations[index].ranges.at(args.level.into());
    let arm = Arm::of_totals(index, assumptions);
    let requests = scenario.recording.as_ref().map(|recording| recording.seen.all as f64);
    let requests = requests.unwrap_or_else(|| scenario.expected_requests());
    let bar = progress::bar(requests.min(limit(args) as f64), args.quiet);
    bar.set_message(scenario.name.clone());
    let written = write(args, &scenario, &arm, &bar)?;
    bar.finish_and_clear();
    if !args.quiet {
        let to = if output::is_stdout(&args.out) {
            "standard output".into()
        } else {
            args.out.display().to_string()
        };
        output::note(&format!("wrote {to}: {written}"));
    }
    Ok(Found::Done)
}

fn limit(args: &Args) -> u64 {
    args.limit.unwrap_or(u64::MAX)
}

/// What is run.
fn scenario(args: &Args) -> Result<Scenario> {
    let threads = threads::number(None);
    let only_logs = args.logs.given();
    if let [path] = args.logs.paths()
        && (Path::new(path).extension().is_some_and(|end| end == "toml")
            || path == "-" && only_logs != Some("--log-format"))
    {
        let settings = [
            ("--scenario", args.scenario.is_some()),
            ("--unknown-age", args.unknown_age.is_some()),
        ];
        let settings = settings.into_iter().find_map(|(name, given)| given.then_some(name));
        return match only_logs.or(settings) {
            None => input::scenario(path, &args.changes, threads),
            Some(option) => Err(Error::request(format!(
                "`{option}` is of logs, but `{path}` is taken for a scenario"
            ))
            .hint("a log must not end in `.toml`; on standard input give `--log-format`")),
        };
    }
    let (recording, ()) = args.logs.open(args.quiet)?.read(FormatsTogether::One, None)?;
    let scenario =
        input::replay(recording, args.scenario.as_deref(), &args.changes, args.unknown_age)?;
    input::check_size(&scenario, threads)?;
    Ok(scenario)
}

/// Writes requests, and says what that was.
fn write(args: &Args, scenario: &Scenario, arm: &Arm, bar: &ProgressBar) -> Result<String> {
    let name = &scenario.configurations[arm.configuration].name;
    let kept = objects::keep(scenario, args.replication);
    let requests = NamedEvents::new(scenario, &kept, arm, args.replication)
        .outgoing(args.start)
        .take(usize::try_from(limit(args)).unwrap_or(usize::MAX));
    let requests = bar.wrap_iter(requests);
    let (records, what) = match args.format {
        Format::Parquet => {
            (whole(args, scenario, |file| parquet::write(file, requests))?, "requests")
        }
        Format::AccessLog => {
            let write =
                |file: &mut _| buffered(file, |file| access_log::write::write(file, requests));
            (whole(args, scenario, write)?, "lines")
        }
        Format::Cloudtrail => {
            let write =
                |file: &mut _| buffered(file, |file| cloudtrail::write::write(file, requests));
            (whole(args, scenario, write)?, "events")
        }
    };
    Ok(format!("{records} {what} of `{name}`"))
}

fn buffered<T>(
    file: &mut std::fs::File,
    write: impl FnOnce(&mut BufWriter<&mut std::fs::File>) -> std::io::Result<T>,
) -> std::io::Result<T> {
    let mut file = BufWriter::with_capacity(1 << 18, file);
    let written = write(&mut file)?;
    file.flush()?;
    Ok(written)
}

/// Writes the file whole or, if a log's requests could not be read back, not at all.
fn whole<T>(
    args: &Args,
    scenario: &Scenario,
    write: impl FnOnce(&mut std::fs::File) -> std::io::Result<T>,
) -> Result<T> {
    let mut unread = None;
    let written = output::write_whole(&args.out, |file| {
        let written = write(file)?;
        let read = scenario.recording.as_ref().map_or(Ok(()), |recording| recording.check());
        read.map_err(|error| {
            unread = Some(error);
            std::io::Error::other("the requests could not be read back")
        })?;
        Ok(written)
    });
    unread.map_or(written, Err)
}

/// The index of the configuration asked for.
fn configuration(args: &Args, scenario: &Scenario) -> Result<usize> {
    match &args.configuration {
        None => Ok(scenario.headline),
        Some(name) => {
            scenario.configuration_named(name).map_err(|error| error.at("--configuration"))
        }
    }
}
