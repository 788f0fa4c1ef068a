//! Logs on the command line: which to read, what of them, and reading them all.

mod beside;
mod calls;
mod files;
mod formats;
mod inventories;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args as ClapArgs, ValueEnum};
use indicatif::ProgressBar;

use super::{aside, memory, output, progress, threads};
use crate::error::{Error, Result};
use crate::logs::LogFormat;
use crate::logs::bad_lines::BadLines;
use crate::logs::other_format::OtherFormat;
use crate::logs::record::{LogEntry, Skipped};
use crate::pricing::PriceTable;
use crate::recording::gather::{Gather, RecordCounts, Wanted};
use crate::recording::left_out::{LeftOutRecords, Reason};
use crate::recording::{FileLeftOut, LogInput, Recording};
use crate::units::{ByteSize, Share, parse_utc, utc};
use files::{LogFile, NotALog, OpenLog, ReadSource};
use formats::{FormatsTogether, GatherByFormat};

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
    others: Vec<LogFile>,
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
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
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
        Ok(Logs { args: self, quiet, first: Some(first), first_file, others, bar })
    }
}

/// What has been read of all files.
struct Gathered {
    gathers: GatherByFormat,
    formats: FormatsTogether,
    bad: BadLines,
    inputs: Vec<LogInput>,
    files_left_out: Vec<FileLeftOut>,
    /// What the first of these is.
    first_left_out: Option<NotALog>,
}

impl Gathered {
    fn new(args: &Args, formats: FormatsTogether) -> Result<Self> {
        Ok(Self {
            gathers: GatherByFormat::new(args, formats)?,
            formats,
            bad: BadLines::default(),
            inputs: Vec::new(),
            files_left_out: Vec::new(),
            first_left_out: None,
        })
    }

    /// Takes note of a file that was read, or passed over.
    fn take_note(&mut self, source: ReadSource) {
        match source {
            ReadSource::Log(input) => self.inputs.push(input),
            ReadSource::NotALog(file, not_a_log) => {
                self.first_left_out.get_or_insert(not_a_log);
                self.files_left_out.push(FileLeftOut { file, what: not_a_log.what().to_owned() });
            }
        }
    }
}

impl Logs<'_> {
    /// Reads all logs and hands each entry on, as it is: repeated ones included, in no order.
    /// `--from` and `--to` leave out what lies without.
    ///
    /// # Errors
    /// What is wrong with the logs, or what `sink` says.
    pub(super) fn each(
        self,
        mut sink: impl FnMut(LogFormat, &LogEntry) -> Result<()>,
    ) -> Result<()> {
        let Self { args, quiet, first, others, bar, .. } = self;
        let mut bad = BadLines::default();
        let mut files_left_out = Vec::new();
        for open in first
            .into_iter()
            .map(Ok)
            .chain(others.iter().map(|file| file.open(args.log_format.format(), &bar)))
        {
            let OpenLog { name, log, not_a_log, .. } = open?;
            if let Some(not_a_log) = not_a_log {
                files_left_out
                    .push(FileLeftOut { file: name.clone(), what: not_a_log.what().to_owned() });
            }
            let Some(log) = log else { continue };
            let format = log.format();
            log.entries(&name, &mut bad, |entry| {
                if args.is_within(&entry) { sink(format, &entry) } else { Ok(()) }
            })
            .map_err(|error| error.at(&name))?;
        }
        bar.finish_and_clear();
        bad.check(args.max_bad)?;
        if !quiet {
            tell_of_files_left_out(&files_left_out);
            tell_of_bad_lines(&bad);
        }
        Ok(())
    }

    /// Reads all logs, several at a time, and puts their requests in order.
    ///
    /// # Errors
    /// What is wrong with the logs.
    pub(super) fn read(mut self, jobs: Option<usize>) -> Result<Recording> {
        let mut gathered = Gathered::new(self.args, FormatsTogether::One)?;
        if self.others.is_empty() || threads::number(jobs) == 1 || !self.first_file.is_regular() {
            self.gather_in_turn(&mut gathered, |_, _| Ok(()))?;
        } else {
            // Each file is opened where it is read.
            self.first = None;
            self.bar.reset();
            beside::gather(&self, jobs, &mut gathered)?;
        }
        self.finish(gathered, jobs)
    }

    /// Reads all logs one after another and puts their requests in order. `also` is told of every entry
    /// as it is read, repeated and unwanted ones included, and of the format of its file.
    ///
    /// # Errors
    /// What is wrong with the logs, or what `also` says.
    pub(super) fn read_telling(
        mut self,
        jobs: Option<usize>,
        also: impl FnMut(LogFormat, &LogEntry) -> Result<()>,
    ) -> Result<Recording> {
        let mut gathered = Gathered::new(self.args, FormatsTogether::One)?;
        self.gather_in_turn(&mut gathered, also)?;
        self.finish(gathered, jobs)
    }

    /// The same of access logs and trails together: if there are access logs, the requests are
    /// theirs, and those in the trails are only shown to `also`.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn read_beside_trail(
        mut self,
        jobs: Option<usize>,
        also: impl FnMut(LogFormat, &LogEntry) -> Result<()>,
    ) -> Result<Recording> {
        let mut gathered = Gathered::new(self.args, FormatsTogether::LogsAndTrails)?;
        self.gather_in_turn(&mut gathered, also)?;
        self.finish(gathered, jobs)
    }

    /// Reads all logs one after another. `also` is told of every entry.
    fn gather_in_turn(
        &mut self,
        gathered: &mut Gathered,
        mut also: impl FnMut(LogFormat, &LogEntry) -> Result<()>,
    ) -> Result<()> {
        let mut next = self.first.take();
        let mut others = self.others.iter();
        while let Some(mut open) = next {
            if let Some(log) = open.log.take() {
                let its_format = log.format();
                let gather = gathered.gathers.of(its_format, &open.name)?;
                log.entries(&open.name, &mut gathered.bad, |entry| {
                    also(its_format, &entry)?;
                    gather.take(&entry)
                })
                .map_err(|error| error.at(&open.name))?;
            }
            gathered.take_note(open.into_source());
            let format = self.args.log_format.format();
            next = others.next().map(|file| file.open(format, &self.bar)).transpose()?;
        }
        Ok(())
    }

    /// Puts the requests in order.
    fn finish(self, gathered: Gathered, jobs: Option<usize>) -> Result<Recording> {
        let Self { args, quiet, bar, .. } = self;
        let Gathered { gathers, formats, bad, mut inputs, files_left_out, first_left_out } =
            gathered;
        bar.finish_and_clear();
        if let (true, Some(not_a_log)) = (inputs.is_empty(), first_left_out) {
            return Err(no_log(not_a_log).at(&files_left_out[0].file));
        }
        bad.check(args.max_bad)?;
        let (mut gather, requests_twice) = gathers.one();
        gather.settle()?;
        for (flaw, count) in &bad.by_flaw {
            gather.left_out_mut().add(Reason::Unreadable, flaw.to_string().as_bytes(), *count);
        }
        inputs.extend(inventories::read(&args.inventories, &mut gather, quiet)?);
        if !quiet {
            tell_of_files_left_out(&files_left_out);
            tell_of_reading(&gather, &bad, formats);
            calls::tell(gather.of_buckets());
            if requests_twice > 0 {
                output::note(&format!(
                    "requests are the access logs': {requests_twice} in the trail are left out, \
                     as they may be the same"
                ));
            }
        }
        let mut recording = threads::run_on(jobs, || gather.finish())??;
        if !quiet {
            tell_of_world(&recording);
        }
        recording.inputs = inputs;
        recording.files_left_out = files_left_out;
        recording.arguments = args.typed();
        if !quiet && recording.repeated > 0 {
            output::note(&format!("{} records repeat another, and count once", recording.repeated));
        }
        Ok(recording)
    }
}

impl Args {
    /// What was chosen, as words of a command line; not what changes no result.
    fn typed(&self) -> Vec<String> {
        let mut words = self.paths.clone();
        let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
        if let Some(format) =
            self.log_format.to_possible_value().filter(|_| self.log_format != LogFormatName::Auto)
        {
            option("--log-format", format.get_name().to_owned());
        }
        self.buckets.iter().for_each(|bucket| option("--bucket", bucket.clone()));
        let usual: Share = "1%".parse().expect("it is a share");
        if self.max_bad != usual {
            option("--max-bad", self.max_bad.to_string());
        }
        for (name, time) in [("--from", self.from), ("--to", self.to)] {
            if let Some(time) = time {
                option(name, utc(time));
            }
        }
        for inventory in &self.inventories {
            option("--inventory", inventory.display().to_string());
        }
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

/// How many of the files that are no logs are named one by one.
const NAMED: usize = 5;

/// Says which files in folders are no logs, and what they are: the first by name, the others by number.
fn tell_of_files_left_out(files_left_out: &[FileLeftOut]) {
    let (named, counted) = files_left_out.split_at(files_left_out.len().min(NAMED));
    for FileLeftOut { file, what } in named {
        output::note(&format!("{file} is left out: it is {what}"));
    }
    let mut numbers: BTreeMap<&str, u64> = BTreeMap::new();
    for one in counted {
        *numbers.entry(&one.what).or_default() += 1;
    }
    for (what, number) in numbers {
        output::note(&format!("left out as well are {number} files of which each is {what}"));
    }
}

/// Says which lines cannot be read.
fn tell_of_bad_lines(bad: &BadLines) {
    if bad.bad > 0 {
        output::note(&format!("{} of {} lines cannot be read:", bad.bad, bad.lines));
        bad.first.iter().for_each(|line| output::note(&format!("  {line}")));
    }
}

/// Says which lines and records are left out.
fn tell_of_reading(gather: &Gather, bad: &BadLines, formats: FormatsTogether) {
    tell_of_bad_lines(bad);
    let RecordCounts {
        failed, deleted_keys, without_data, unknown, too_late, other_buckets, ..
    } = *gather.taken();
    let left_out = gather.left_out();
    let mut parts = vec![
        (without_data, "touch no object's data".to_owned()),
        (
            unknown,
            format!("are of unknown operations{}", examples(left_out, Reason::UnknownOperation)),
        ),
        (too_late, "lie at `--to` or later".to_owned()),
    ];
    for skipped in Skipped::ALL {
        let reason = Reason::Skipped(skipped);
        let examples = match skipped {
            Skipped::OtherStorage | Skipped::OtherCall | Skipped::OtherCategory => {
                examples(left_out, reason)
            }
            _ => String::new(),
        };
        parts.push((left_out.of(reason), format!("{}{examples}", skipped.words())));
    }
    parts.push((other_buckets, "are of other buckets".to_owned()));
    if formats == FormatsTogether::One {
        parts.extend(calls::left_out(left_out));
    }
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| format!("{count} {why}"))
        .collect();
    if !parts.is_empty() {
        output::note(&format!("left out of {} records: {}", bad.lines, parts.join(", ")));
    }
    if failed > 0 {
        output::note(&format!(
            "{failed} requests failed or found nothing modified: they count as S3 requests, and ask KMS \
             for nothing"
        ));
    }
    if deleted_keys > 0 {
        output::note(&format!(
            "{deleted_keys} records are keys of `DeleteObjects`: no requests, but S3 data events"
        ));
    }
}

/// The most frequent names of what is left out for a reason.
fn examples(left_out: &LeftOutRecords, reason: Reason) -> String {
    const SHOWN: usize = 3;
    let names = left_out.names(reason);
    let shown: Vec<String> = names
        .iter()
        .filter(|row| !row.name.is_empty())
        .take(SHOWN)
        .map(|row| format!("`{}`", row.name))
        .collect();
    match shown.len() {
        0 => String::new(),
        shown_of if shown_of < names.len() => format!(" ({} and others)", shown.join(", ")),
        _ => format!(" ({})", shown.join(", ")),
    }
}

/// Says what the log tells of encryption and regions, and what is taken of what it does not tell of.
fn tell_of_world(recording: &Recording) {
    let RecordCounts { encryption_known, bucket_keys, .. } = recording.taken;
    let not_kms = recording.seen.not_kms;
    if not_kms > 0 {
        output::note(&format!(
            "{not_kms} requests are of objects under SSE-S3 or SSE-C, as the log says: they ask KMS for \
             nothing in any configuration; what the log says nothing of is taken to be under KMS \
             (`--as-kms` takes all to be)"
        ));
    } else if encryption_known > 0 && recording.seen.all_writes == 0 && recording.seen.unwraps == 0
    {
        output::note("no counted request needs KMS, by what the log says of encryption");
    }
    if bucket_keys > 0 {
        output::note(&format!(
            "{bucket_keys} writes were answered with a bucket key: bucket keys are on already, so that \
             what they save may be had already"
        ));
    }
    let unknown = |region: &&String| !PriceTable::is_region(region);
    let regions: BTreeSet<&String> = recording.regions.iter().flatten().filter(unknown).collect();
    for region in regions {
        output::note(&format!(
            "`{}` in the log is no AWS region that bks knows: its buckets are taken to be in us-east-1 unless \
             settings name another region",
            region.escape_debug()
        ));
    }
    let too_early = recording.left_out.of(Reason::TooEarly);
    if too_early > 0 {
        output::note(&format!(
            "{too_early} records are left out, as they lie more than a run reaches back before the end"
        ));
    }
}
