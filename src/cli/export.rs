//! `bks export`: the requests of a scenario or of logs, for other tools.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};
use indicatif::ProgressBar;

use super::logs::{self, Opened};
use super::replay::parse_unknown_age;
use super::{Found, input, output, progress, threads};
use crate::encryption::assumptions::Level;
use crate::error::{Error, Result, one_of};
use crate::logs::{Lookup, access_log, cloudtrail, oracle_general, parquet};
use crate::scenario::replay::UnknownAge;
use crate::scenario::{Configuration, Scenario};
use crate::simulation::export::Lookups;
use crate::simulation::names::NamedEvents;
use crate::simulation::{Arm, objects};

/// Write the requests of a scenario or of logs for other tools: DuckDB, libCacheSim, bks itself.
///
/// PATH is a scenario if it is one file whose name ends in `.toml`, or `-` for standard input; else it
/// is logs, as `bks replay` takes them. (With `--log-format`, `-` is a log.)
///
/// What is written is one configuration's run, from its start (warm-up included), all requesters'
/// requests in order of time. Objects are named by what decides their keys.
///
/// As oracleGeneral, each record is one look-up of a bucket-level key in one requester's cache: its time
/// in whole seconds from the start, and the number of the (requester, bucket-level key, read
/// partition), counted from 0 in order of first appearance. Every record has size 1, so that the size of
/// a cache counts entries. What is not wrapped by a bucket-level key asks KMS each time and is left
/// out.
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
    /// Form of the file
    #[arg(long, value_enum, default_value_t = FormName::OracleGeneral)]
    form: FormName,
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
enum FormName {
    /// libCacheSim's oracleGeneral: look-ups in records of 24 bytes
    OracleGeneral,
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
    let arm = Arm { configuration: index, assumptions, by_requester: false };
    let requests = scenario.recording.as_ref().map(|recording| recording.seen.all as f64);
    let requests = requests.unwrap_or_else(|| scenario.estimate(1).requests);
    let bar = progress::bar(requests.min(limit(args) as f64), args.quiet);
    bar.set_message(scenario.name.clone());
    let written = match args.form {
        FormName::OracleGeneral => lookups(args, &scenario, &arm, &bar)?,
        FormName::AccessLog | FormName::Parquet | FormName::Cloudtrail => {
            requests_of(args, &scenario, &arm, &bar)?
        }
    };
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
    let logs = match args.logs.open(args.quiet)? {
        Opened::Logs(logs) => logs,
        Opened::Lookups(name, _) => {
            return Err(Error::request("a trace of look-ups tells of no requests").at(name));
        }
    };
    let recording = logs.read(None)?;
    let scenario =
        input::replay(recording, args.scenario.as_deref(), &args.changes, args.unknown_age)?;
    input::check_size(&scenario, threads)?;
    Ok(scenario)
}

/// Writes look-ups, and says what that was.
fn lookups(args: &Args, scenario: &Scenario, arm: &Arm, bar: &ProgressBar) -> Result<String> {
    check_seconds(scenario)?;
    let configuration = &scenario.configurations[arm.configuration];
    let kept = objects::keep(scenario, args.replication);
    let mut lookups = Lookups::new(scenario, &kept, arm, args.replication).peekable();
    if lookups.peek().is_none() {
        return Err(nothing_to_write(args, configuration));
    }
    let lookups = lookups
        .take(usize::try_from(limit(args)).unwrap_or(usize::MAX))
        .map(|lookup| Lookup { second: lookup.time.second() as u32, object: lookup.entry });
    let lookups = bar.wrap_iter(lookups);
    let written = whole(args, scenario, |file| oracle_general::write(file, lookups))?;
    let oracle_general::Written { records, objects } = written;
    Ok(format!("{records} requests for {objects} entries of `{}`", configuration.name))
}

/// Writes requests, and says what that was.
fn requests_of(args: &Args, scenario: &Scenario, arm: &Arm, bar: &ProgressBar) -> Result<String> {
    let name = &scenario.configurations[arm.configuration].name;
    let kept = objects::keep(scenario, args.replication);
    let requests = NamedEvents::new(scenario, &kept, arm, args.replication)
        .outgoing(args.start)
        .take(usize::try_from(limit(args)).unwrap_or(usize::MAX));
    let requests = bar.wrap_iter(requests);
    let (records, what) = match args.form {
        FormName::OracleGeneral => unreachable!("look-ups are no requests"),
        FormName::Parquet => {
            (whole(args, scenario, |file| parquet::write(file, requests))?, "requests")
        }
        FormName::AccessLog => {
            let write =
                |file: &mut _| buffered(file, |file| access_log::write::write(file, requests));
            (whole(args, scenario, write)?, "lines")
        }
        FormName::Cloudtrail => {
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
    let uses = |c: &Configuration| c.uses_bucket_keys(&scenario.domains);
    let names = || scenario.configurations.iter().filter(|c| uses(c)).map(|c| c.name.as_str());
    let index = match &args.configuration {
        None => scenario.headline,
        Some(name) => {
            let known = scenario.configurations.iter().position(|c| c.name == *name);
            known.ok_or_else(|| {
                let names: Vec<&str> = names().collect();
                Error::request(format!("`{name}` is no configuration of the scenario"))
                    .at("--configuration")
                    .hint(one_of(name, names))
            })?
        }
    };
    let chosen = &scenario.configurations[index];
    // Requests are the same whatever wraps their objects.
    if uses(chosen) || args.form != FormName::OracleGeneral {
        return Ok(index);
    }
    let names: Vec<&str> = names().collect();
    let wrong = Error::request(format!(
        "`{}` uses no bucket keys, but a trace is of requests that need one",
        chosen.name
    ))
    .at("--configuration");
    Err(if names.is_empty() {
        wrong.hint("add a configuration with `encryption = \"sse-kms-bucket-key\"`")
    } else {
        wrong.hint(one_of(&chosen.name, names))
    })
}

fn nothing_to_write(args: &Args, configuration: &Configuration) -> Error {
    Error::request(format!(
        "no request needs a bucket-level key of `{}`: nothing is read that one wraps",
        configuration.name
    ))
    .at(args.logs.paths()[0].clone())
    .hint("add a workload that reads objects written with bucket keys on")
}

/// A trace counts seconds in 32 bits.
fn check_seconds(scenario: &Scenario) -> Result<()> {
    if scenario.end.second() < i64::from(u32::MAX) {
        return Ok(());
    }
    Err(Error::request(format!(
        "`duration` is `{}`, but a trace holds less than 2^32 seconds",
        scenario.duration()
    ))
    .hint("export a shorter run: `--set duration=30d`"))
}
