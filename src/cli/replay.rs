//! `bks replay`: a log's requests instead of drawn ones, or what a trace of look-ups costs.

mod logs;
mod lookups;

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::log_files::{self, OpenLog};
use super::{Found, input, progress};
use crate::error::{Error, Result};
use crate::scenario::replay::UnknownAge;
use crate::trace::Form;
use crate::units::{ByteSize, Share, SimDuration, parse_utc};

/// Replay real logs: what their requests cost without bucket keys and with them.
///
/// S3 server access logs, CloudTrail's S3 data events and IBM COS traces are replayed as a
/// scenario's requests are: the same configurations at the same levels of assumptions, the same
/// tables and files, and buckets.csv and prefixes.csv besides. Files may be plain, gzip or zstd, in
/// any order, and may repeat records.
///
/// A trace of look-ups (libCacheSim's oracleGeneral, as `bks export` writes it) is only counted:
/// a look-up that finds no live entry is one Decrypt call. Its times are in whole seconds: what is
/// fetched at second `f` is live while `second < f + lifetime`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Logs: files, folders with all that is in them, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    /// Form of the logs
    #[arg(long, value_enum, default_value_t = FormName::Auto)]
    log_format: FormName,
    /// Only requests to this bucket; may be given again
    #[arg(long = "bucket", value_name = "NAME")]
    buckets: Vec<String>,
    /// Count from this time on; what lies before it fills caches and tells which key wraps what
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<i64>,
    /// Leave out what lies at this time or later
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<i64>,
    /// Take configurations, assumptions, prices and buckets' settings from this scenario file
    #[arg(long, value_name = "FILE")]
    scenario: Option<String>,
    /// Keys of objects that are read and not written in the log: `keyless`, `one-key`, or e.g. 30d
    ///
    /// `keyless` (so it is if nothing is said): they have no bucket key, as when bucket keys are turned
    /// on where the log begins. A duration: bucket keys were always on, and the objects were written
    /// evenly over so long a time before the log. `one-key`: one for each bucket.
    #[arg(long, value_name = "AGE", value_parser = parse_unknown_age)]
    unknown_age: Option<UnknownAge>,
    /// The greatest share of lines that may be unreadable
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = parse_share)]
    max_bad: Share,
    /// Memory for requests, e.g., 2GiB; more are put aside in a temporary file. Changes no result
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    memory: Option<ByteSize>,
    /// Write files to DIR instead of results/NAME
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
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
    /// Use N threads instead of one for each processor; the results do not depend on it
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Print neither table, progress nor notes; another format asked for still comes
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormName {
    /// By each file's beginning
    Auto,
    /// S3 server access logs
    S3AccessLog,
    /// CloudTrail: S3 data events
    Cloudtrail,
    /// Traces of IBM Cloud Object Storage
    IbmCos,
    /// libCacheSim's oracleGeneral: look-ups in records of 24 bytes
    OracleGeneral,
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

fn parse_time(text: &str) -> std::result::Result<i64, String> {
    parse_utc(text).map_err(|error| error.to_string())
}

fn parse_unknown_age(text: &str) -> std::result::Result<UnknownAge, String> {
    text.parse().map_err(|error: Error| error.to_string())
}

fn parse_share(text: &str) -> std::result::Result<Share, String> {
    text.parse().map_err(|error: Error| error.to_string())
}

fn parse_size(text: &str) -> std::result::Result<ByteSize, String> {
    text.parse().map_err(|error: Error| error.to_string())
}

impl FormName {
    /// The form, if it is not to be guessed.
    const fn form(self) -> Option<Form> {
        match self {
            Self::Auto => None,
            Self::S3AccessLog => Some(Form::S3AccessLog),
            Self::Cloudtrail => Some(Form::CloudTrail),
            Self::IbmCos => Some(Form::IbmCos),
            Self::OracleGeneral => Some(Form::OracleGeneral),
        }
    }
}

pub(super) fn run(args: &Args) -> Result<Found> {
    let files = log_files::walk(&args.paths)?;
    let bar = progress::bytes(log_files::total_bytes(&files), args.quiet);
    let first = files[0].open(args.log_format.form(), &bar)?;
    if let ([_], OpenLog { log, name, .. }) = (files.as_slice(), &first) {
        let Some(log) = log else {
            return Err(Error::request("the trace is empty, but must have a record").at(name));
        };
        if log.form() == Form::OracleGeneral {
            let OpenLog { name, log, .. } = first;
            let source = log.expect("the trace is not empty").into_bytes();
            return lookups::run(args, &name, source);
        }
    }
    if args.cache_lifetime.is_some() || args.expiry.is_some() {
        return Err(Error::request(
            "`--cache-lifetime` and `--expiry` are of traces of look-ups, but these are logs",
        )
        .hint("give e.g. `--set assumptions.cache_lifetime=3min`"));
    }
    logs::run(args, first, &files[1..], &bar)
}
