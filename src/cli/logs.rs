//! Logs on the command line: which to read, what of them, and reading them all.

pub(super) mod files;
mod formats;
mod inventories;
mod notes;
mod reading;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use indicatif::ProgressBar;

use super::temporary_file::TemporaryFile;
use super::{args, memory, progress};
use crate::error::{Error, Result};
use crate::logs::LogFormat;
use crate::logs::other_format::OtherFormat;
use crate::logs::record::LogEntry;
use crate::recording::gather::{LogSelection, LogSlice, RecordGatherer};
use crate::recording::pseudonyms::NameHider;
use crate::recording::requests::OptOuts;
use crate::units::{ByteSize, Share, utc};
use files::{LogFile, NotALog, OpenLog};
pub(super) use formats::FormatsTogether;
pub(super) use reading::GatherEntries;

/// Which logs, and what of them.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = args::LOG_OPTIONS)]
pub(super) struct LogArgs {
    /// Logs: files, patterns, directories (searched recursively), or `-` for standard input
    #[arg(required = true, value_name = "PATH", help_heading = None::<&'static str>)]
    paths: Vec<String>,
    /// Log format; `auto` detects it from each file's beginning
    // Written with its path an `Option` is a value like another: none is to be detected.
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = log_format())]
    log_format: std::option::Option<LogFormat>,
    /// Only requests to this bucket (repeatable)
    #[arg(long = "bucket", value_name = "NAME")]
    buckets: Vec<String>,
    /// Count requests from this time on
    ///
    /// Earlier requests, up to 366 days back, still fill caches and show which key wraps which object.
    #[arg(long, value_name = "TIME", value_parser = args::time)]
    from: Option<i64>,
    /// Ignore requests at this time or later
    #[arg(long, value_name = "TIME", value_parser = args::time)]
    to: Option<i64>,
    /// S3 Inventory (manifest.json) or S3 Metadata tables (Parquet) of a bucket (repeatable)
    ///
    /// They show when objects were written that the logs only read, and whether with a bucket key.
    #[arg(long = "inventory", value_name = "MANIFEST|FILE")]
    inventories: Vec<PathBuf>,
    /// Treat every object as encrypted with KMS, whatever the log says
    #[arg(long)]
    as_kms: bool,
    /// Count writes that switch bucket keys off by header as if they no longer did
    #[arg(long)]
    ignore_opt_out: bool,
    /// Replace the names of buckets, prefixes, requesters, sessions, accounts, KMS keys and files by keyed hashes
    ///
    /// AWS services and regions keep their names, and so does what a message says of a line or file that cannot be
    /// read.
    #[arg(long, requires = "salt")]
    hash: bool,
    /// Secret key of the hashes; the same key gives the same names
    #[arg(long, value_name = "TEXT", requires = "hash", value_parser = NonEmptyStringValueParser::new())]
    salt: Option<String>,
    /// Fail if more than this share of lines cannot be read
    #[arg(long, value_name = "SHARE", default_value = "1%")]
    max_bad: Share,
    /// Memory for requests, e.g., 2GiB; the rest goes to a temporary file
    #[arg(long, value_name = "SIZE")]
    memory: Option<ByteSize>,
}

/// A format by its name; none for `auto`.
fn log_format() -> impl TypedValueParser<Value = Option<LogFormat>> {
    let names = LogFormat::ALL.map(LogFormat::name);
    PossibleValuesParser::new(["auto"].into_iter().chain(names))
        .map(|name| LogFormat::ALL.into_iter().find(|format| format.name() == name))
}

/// Without `--memory`: this share of what is free, so that the run itself has room, too.
const SHARE_OF_MEMORY: u64 = 4;

/// The logs of a command line, the first of them open.
pub(super) struct Logs<'a> {
    args: &'a LogArgs,
    quiet: bool,
    /// Until it is read.
    first: Option<OpenLog>,
    /// What `first` is of.
    first_file: LogFile,
    others: VecDeque<LogFile>,
    bar: ProgressBar,
    slice: LogSlice,
}

impl LogArgs {
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

    /// Finds all files and opens the first.
    pub(super) fn open(&self, quiet: bool) -> Result<Logs<'_>> {
        self.open_slice(quiet, LogSlice::default())
    }

    /// The same of a part of a log, or from a time on.
    pub(super) fn open_slice(&self, quiet: bool, slice: LogSlice) -> Result<Logs<'_>> {
        let mut others = files::walk(&self.paths)?;
        let bar = progress::bytes(files::total_bytes(&others), quiet);
        let first_file = others.remove(0);
        let first = first_file.open(self.log_format, &bar)?;
        if others.is_empty() {
            let OpenLog { log, name, not_a_log, .. } = &first;
            if let Some(not_a_log) = not_a_log {
                return Err(no_log(*not_a_log).at(name));
            }
            if log.is_none() && !slice.is_part {
                return Err(Error::request("the file is empty, but must have a record").at(name));
            }
        }
        let (first, others) = (Some(first), others.into());
        Ok(Logs { args: self, quiet, first, first_file, others, bar, slice })
    }
}

impl LogArgs {
    /// Whether names are hidden.
    pub(super) const fn hides_names(&self) -> bool {
        self.hash
    }

    /// Hides names, if that is asked for.
    pub(super) fn hider(&self) -> NameHider {
        self.salt.as_deref().map_or_else(NameHider::default, NameHider::salted)
    }

    /// What was chosen, as words of a command line; not what changes no result. What is hidden elsewhere is
    /// hidden here, and never is the salt among it.
    pub(super) fn typed(&self) -> Vec<String> {
        let hider = self.hider();
        let mut words = self.shown_paths();
        let mut options: Vec<(&str, String)> = Vec::new();
        if let Some(format) = self.log_format {
            options.push(("--log-format", format.name().to_owned()));
        }
        options.extend(self.shown_buckets().into_iter().map(|bucket| ("--bucket", bucket)));
        let usual: Share = "1%".parse().expect("it is a share");
        if self.max_bad != usual {
            options.push(("--max-bad", self.max_bad.to_string()));
        }
        options.extend(self.from.map(|time| ("--from", utc(time))));
        options.extend(self.to.map(|time| ("--to", utc(time))));
        let inventories =
            self.inventories.iter().map(|path| hider.name("log", &path.display().to_string()));
        options.extend(inventories.map(|inventory| ("--inventory", inventory)));
        words.extend(options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]));
        words.extend(self.as_kms.then(|| "--as-kms".to_owned()));
        words.extend(self.ignore_opt_out.then(|| "--ignore-opt-out".to_owned()));
        if self.hash {
            words.extend(["--hash", "--salt", "SALT"].map(str::to_owned));
        }
        words
    }

    /// The logs by the names that they have in results.
    pub(super) fn shown_paths(&self) -> Vec<String> {
        let hider = self.hider();
        self.paths.iter().map(|path| hider.name("log", path)).collect()
    }

    /// The same without the logs themselves.
    pub(super) fn typed_options(&self) -> Vec<String> {
        self.typed().split_off(self.paths.len())
    }

    /// From when on requests are counted, and until when, if both are said.
    pub(super) fn window(&self) -> Option<(i64, i64)> {
        self.from.zip(self.to)
    }

    /// Whether inventories tell of objects.
    pub(super) fn has_inventories(&self) -> bool {
        !self.inventories.is_empty()
    }

    /// The buckets asked for; none: all.
    pub(super) fn buckets(&self) -> &[String] {
        &self.buckets
    }

    /// The same by the names that they have in results.
    pub(super) fn shown_buckets(&self) -> Vec<String> {
        let hider = self.hider();
        self.buckets.iter().map(|bucket| hider.bucket(bucket)).collect()
    }

    /// Whether an entry lies between `--from` and `--to`.
    fn is_within(&self, entry: &LogEntry) -> bool {
        let time = match entry {
            LogEntry::Request(record) => record.time,
            LogEntry::Kms(event) => event.time,
            LogEntry::Session(..) | LogEntry::Skipped(..) => return true,
        };
        self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time < to)
    }

    /// What is to be taken of the logs, in how much memory.
    fn gather(
        &self,
        formats: FormatsTogether,
        memory: usize,
        slice: LogSlice,
    ) -> Result<RecordGatherer> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            return Err(Error::request(
                "`--from` is not before `--to`, so there is nothing to replay",
            ));
        }
        let wanted = LogSelection {
            buckets: self.buckets.iter().cloned().collect(),
            from: self.from,
            to: self.to,
            inventories: !self.inventories.is_empty(),
            calls_as_requests: formats == FormatsTogether::One,
            as_kms: self.as_kms,
            opt_outs: if self.ignore_opt_out { OptOuts::Dropped } else { OptOuts::Kept },
            hider: self.hider(),
            slice,
        };
        Ok(RecordGatherer::new(wanted, memory, Arc::new(TemporaryFile::default())))
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
