//! Logs on the command line: which to read, what of them, and reading them all.

pub(super) mod files;
mod formats;
mod inventories;
mod notes;
mod reading;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args as ClapArgs, ValueEnum};
use indicatif::ProgressBar;

use super::{aside, memory, progress};
use crate::error::{Error, Result};
use crate::logs::LogFormat;
use crate::logs::other_format::OtherFormat;
use crate::logs::record::LogEntry;
use crate::recording::gather::{Gather, Wanted};
use crate::units::{ByteSize, Share, parse_utc, utc};
use files::{LogFile, NotALog, OpenLog};
pub(super) use formats::FormatsTogether;

/// Which logs, and what of them.
#[derive(Debug, ClapArgs)]
#[group(skip)]
pub(super) struct Args {
    /// Logs: files, patterns, folders with all that is in them, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    /// Format of the logs
    #[arg(long, value_enum, default_value_t = LogFormatName::Auto)]
    log_format: LogFormatName,
    /// Only requests to this bucket; may be given again
    #[arg(long = "bucket", value_name = "NAME")]
    buckets: Vec<String>,
    /// Count from this time on; what lies before it fills caches and tells which key wraps what, as far
    /// back as a run reaches (366d)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<i64>,
    /// Leave out what lies at this time or later
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<i64>,
    /// S3 Inventory of a bucket (its `manifest.json`), or S3 Metadata's tables in Parquet: when objects were
    /// written that the logs only read, and whether with a bucket key; may be given again
    #[arg(long = "inventory", value_name = "MANIFEST|FILE")]
    inventories: Vec<PathBuf>,
    /// Take every object to be under KMS, whatever the log says that it is encrypted with
    #[arg(long)]
    as_kms: bool,
    /// The greatest share of lines that may be unreadable
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = parse_share)]
    max_bad: Share,
    /// Memory for requests, e.g., 2GiB; more are put aside in a temporary file. Changes no result
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    memory: Option<ByteSize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormatName {
    /// By each file's beginning
    Auto,
    /// S3 server access logs
    S3AccessLog,
    /// CloudTrail: S3 data events, or KMS events where a bucket has none
    Cloudtrail,
    /// Traces of IBM Cloud Object Storage
    IbmCos,
}

impl LogFormatName {
    /// The format, if it is not to be guessed.
    const fn format(self) -> Option<LogFormat> {
        match self {
            Self::Auto => None,
            Self::S3AccessLog => Some(LogFormat::S3AccessLog),
            Self::Cloudtrail => Some(LogFormat::CloudTrail),
            Self::IbmCos => Some(LogFormat::IbmCos),
        }
    }
}

pub(super) fn parse_time(text: &str) -> std::result::Result<i64, String> {
    parse_utc(text).map_err(|error| error.to_string())
}

fn parse_share(text: &str) -> std::result::Result<Share, String> {
    text.parse().map_err(|error: Error| error.to_string())
}

fn parse_size(text: &str) -> std::result::Result<ByteSize, String> {
    text.parse().map_err(|error: Error| error.to_string())
}

/// Without `--memory`: this share of what is free, so that the run itself has room, too.
const SHARE_OF_MEMORY: u64 = 4;

/// The logs of a command line, the first of them open.
pub(super) struct Logs<'a> {
    args: &'a Args,
    quiet: bool,
    /// Until it is read.
    first: Option<OpenLog>,
    /// What `first` is of.
    first_file: LogFile,
    others: VecDeque<LogFile>,
    bar: ProgressBar,
}

impl Args {
    /// What stands on the command line.
    pub(super) fn paths(&self) -> &[String] {
        &self.paths
    }

    /// Refuses an inventory, for the command's reason `why`.
    pub(super) fn refuse_inventory(&self, why: &str) -> Result<()> {
        if self.inventories.is_empty() {
            return Ok(());
        }
        Err(Error::request(format!("`--inventory` is given, but {why}"))
            .hint("leave it out; `bks replay` takes it"))
    }

    /// Refuses a limit of memory, for the command's reason `why`.
    pub(super) fn refuse_memory(&self, why: &str) -> Result<()> {
        match self.memory {
            None => Ok(()),
            Some(_) => Err(Error::request(format!("`--memory` is given, but {why}"))
                .hint("leave it out, and choose by `--bucket`, `--from` and `--to`")),
        }
    }

    /// An option that only logs have, if one is given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let given = [
            ("--log-format", self.log_format != LogFormatName::Auto),
            ("--bucket", !self.buckets.is_empty()),
            ("--from", self.from.is_some()),
            ("--to", self.to.is_some()),
            ("--memory", self.memory.is_some()),
            ("--inventory", !self.inventories.is_empty()),
            ("--as-kms", self.as_kms),
        ];
        given.into_iter().find_map(|(name, given)| given.then_some(name))
    }

    /// Finds all files and opens the first.
    pub(super) fn open(&self, quiet: bool) -> Result<Logs<'_>> {
        let mut others = files::walk(&self.paths)?;
        let bar = progress::bytes(files::total_bytes(&others), quiet);
        let first_file = others.remove(0);
        let first = first_file.open(self.log_format.format(), &bar)?;
        if others.is_empty() {
            let OpenLog { log, name, not_a_log, .. } = &first;
            if let Some(not_a_log) = not_a_log {
                return Err(no_log(*not_a_log).at(name));
            }
            if log.is_none() {
                return Err(Error::request("the file is empty, but must have a record").at(name));
            }
        }
        Ok(Logs { args: self, quiet, first: Some(first), first_file, others: others.into(), bar })
    }
}

impl Args {
    /// What was chosen, as words of a command line; not what changes no result.
    fn typed(&self) -> Vec<String> {
        let mut words = self.paths.clone();
        let mut options: Vec<(&str, String)> = Vec::new();
        if let Some(format) =
            self.log_format.to_possible_value().filter(|_| self.log_format != LogFormatName::Auto)
        {
            options.push(("--log-format", format.get_name().to_owned()));
        }
        options.extend(self.buckets.iter().map(|bucket| ("--bucket", bucket.clone())));
        let usual: Share = "1%".parse().expect("it is a share");
        if self.max_bad != usual {
            options.push(("--max-bad", self.max_bad.to_string()));
        }
        options.extend(self.from.map(|time| ("--from", utc(time))));
        options.extend(self.to.map(|time| ("--to", utc(time))));
        let inventories = self.inventories.iter().map(|path| path.display().to_string());
        options.extend(inventories.map(|inventory| ("--inventory", inventory)));
        words.extend(options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]));
        words.extend(self.as_kms.then(|| "--as-kms".to_owned()));
        words
    }

    /// The buckets asked for; none: all.
    pub(super) fn buckets(&self) -> &[String] {
        &self.buckets
    }

    /// Whether an entry lies between `--from` and `--to`.
    fn is_within(&self, entry: &LogEntry) -> bool {
        let time = match entry {
            LogEntry::Request(record) => record.time,
            LogEntry::Kms(event) => event.time,
            LogEntry::Skipped(..) => return true,
        };
        self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time < to)
    }

    /// What is to be taken of the logs, in how much memory.
    fn gather(&self, formats: FormatsTogether, memory: usize) -> Result<Gather> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            return Err(Error::request(
                "`--from` is not before `--to`, so there is nothing to replay",
            ));
        }
        let wanted = Wanted {
            buckets: self.buckets.iter().cloned().collect(),
            from: self.from,
            to: self.to,
            inventories: !self.inventories.is_empty(),
            calls_as_requests: formats == FormatsTogether::One,
            as_kms: self.as_kms,
        };
        Ok(Gather::new(wanted, memory, Arc::new(aside::TemporaryFile::default())))
    }

    /// Bytes that the requests of one format may take.
    fn memory_for_requests(&self, formats: FormatsTogether) -> usize {
        let memory = self.memory.map_or_else(|| memory::free() / SHARE_OF_MEMORY, ByteSize::bytes);
        let at_once = match formats {
            FormatsTogether::One => 1,
            FormatsTogether::LogsAndTrails => 2,
        };
        usize::try_from(memory / at_once).unwrap_or(usize::MAX)
    }
}

/// The error where a folder, or an archive, has nothing but files that are no logs.
fn no_log(not_a_log: NotALog) -> Error {
    match not_a_log.0 {
        None => Error::request("the folder has no log"),
        Some(OtherFormat { what, way_out }) => {
            let error = Error::request(format!("the folder has no log: this is {what}"));
            way_out.into_iter().fold(error, Error::hint)
        }
    }
}
