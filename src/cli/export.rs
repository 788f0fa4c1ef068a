//! `bks export`: a scenario's look-ups of bucket-level keys as a trace, for other simulators.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::{Found, input, output, progress, threads};
use crate::encryption::assumptions::Level;
use crate::error::{Error, Result, one_of};
use crate::scenario::{Configuration, Scenario};
use crate::simulation::Arm;
use crate::simulation::export::Lookups;
use crate::trace::{Lookup, oracle_general};

/// Write the requests that need a bucket-level key as a trace, for other cache simulators.
///
/// Each record is one look-up in one requester's cache: its time in whole seconds from the start of
/// the run (warm-up included), and the number of the (requester, bucket-level key, read partition),
/// counted from 0 in order of first appearance. Every record has size 1, so that the size of a cache
/// counts entries. What is not wrapped by a bucket-level key asks KMS each time and is left out.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Scenario file; `-` reads it from standard input
    scenario: String,
    /// The file to write; it appears whole or not at all
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Whose requesters and keys; the scenario's headline configuration if not given
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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormName {
    /// libCacheSim's oracleGeneral: records of 24 bytes
    OracleGeneral,
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
    let scenario = input::scenario(&args.scenario, &args.changes, threads::number(None))?;
    let index = configuration(args, &scenario)?;
    check_seconds(&scenario)?;
    let assumptions = scenario.configurations[index].ranges.at(args.level.into());
    let arm = Arm { configuration: index, assumptions, by_requester: false };
    let limit = args.limit.unwrap_or(u64::MAX);
    let expected = scenario.estimate(1).requests.min(limit as f64);
    let bar = progress::bar(expected, args.quiet);
    bar.set_message(scenario.file.name.clone());
    let mut lookups = Lookups::new(&scenario, &arm, args.replication).peekable();
    if lookups.peek().is_none() {
        return Err(nothing_to_write(args, &scenario.configurations[index]));
    }
    let lookups = lookups
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .map(|lookup| Lookup { second: lookup.time.second() as u32, object: lookup.entry });
    let lookups = bar.wrap_iter(lookups);
    let written = match args.form {
        FormName::OracleGeneral => {
            output::write_whole(&args.out, |file| oracle_general::write(file, lookups))?
        }
    };
    bar.finish_and_clear();
    if !args.quiet {
        output::note(&format!(
            "wrote {}: {} requests for {} entries of `{}`",
            args.out.display(),
            written.records,
            written.objects,
            scenario.configurations[index].name
        ));
    }
    Ok(Found::Done)
}

/// The index of the configuration asked for.
fn configuration(args: &Args, scenario: &Scenario) -> Result<usize> {
    let uses = |c: &Configuration| c.uses_bucket_keys(&scenario.buckets);
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
    if uses(chosen) {
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
    .at(args.scenario.clone())
    .hint("add a workload that reads objects written with bucket keys on")
}

/// A trace counts seconds in 32 bits.
fn check_seconds(scenario: &Scenario) -> Result<()> {
    if scenario.end.second() < i64::from(u32::MAX) {
        return Ok(());
    }
    Err(Error::request(format!(
        "`duration` is `{}`, but a trace holds less than 2^32 seconds",
        scenario.file.duration
    ))
    .hint("export a shorter run: `--set duration=30d`"))
}
