//! `bks replay`: a log's requests instead of drawn ones, or what a trace of look-ups costs.

mod lookups;
mod requests;

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::logs::{self, Opened};
use super::{Found, input, known};
use crate::error::{Error, Result};
use crate::scenario::replay::UnknownAge;
use crate::units::SimDuration;

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
///
/// A trace of look-ups (libCacheSim's oracleGeneral, as `bks export` writes it) is only counted:
/// a look-up that finds no live entry is one Decrypt call. Its times are in whole seconds: what is
/// fetched at second `f` is live while `second < f + lifetime`.
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
    /// Of a trace of look-ups: how long an entry lives
    #[arg(long, value_name = "DURATION")]
    cache_lifetime: Option<SimDuration>,
    /// Of a trace of look-ups: whether the lifetime runs from the fetch or from the last use
    #[arg(long, value_enum)]
    expiry: Option<ExpiryName>,
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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ExpiryName {
    /// From the fetch
    Fixed,
    /// From the last use
    Sliding,
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

/// Refuses what only logs have a use for: of a trace of look-ups the misses are counted, no more.
fn refuse_of_logs(args: &Args) -> Result<()> {
    let given = [
        ("--scenario", args.scenario.is_some()),
        ("--configuration", !args.configurations.is_empty()),
        ("--unknown-age", args.unknown_age.is_some()),
        ("--out", args.out.is_some()),
    ];
    let given = given.into_iter().find_map(|(name, given)| given.then_some(name));
    let given = given.or_else(|| args.logs.given_of_requests());
    let given = given.or_else(|| args.changes.given()).or_else(|| args.demands.given());
    match given.or_else(|| args.known.given()) {
        None => Ok(()),
        Some(name) => Err(Error::request(format!(
            "`{name}` is of logs of requests, but this is a trace of look-ups"
        ))
        .hint("of such a trace `--cache-lifetime` and `--expiry` can be chosen, and `--format`")),
    }
}

pub(super) fn run(args: &Args) -> Result<Found> {
    let logs = match args.logs.open(args.quiet)? {
        Opened::Lookups(name, log) => {
            refuse_of_logs(args).map_err(|error| error.at(&name))?;
            return lookups::run(args, &name, log.into_bytes());
        }
        Opened::Logs(logs) => logs,
    };
    if args.cache_lifetime.is_some() || args.expiry.is_some() {
        return Err(Error::request(
            "`--cache-lifetime` and `--expiry` are of traces of look-ups, but these are logs",
        )
        .hint("give e.g. `--set assumptions.cache_lifetime=3min`"));
    }
    requests::run(args, logs)
}
