//! Reading all logs, several files at a time.
//!
//! Each file is gathered by itself; what was gathered is taken over file by file in their order, so that
//! it is the same as if they had been read in turn.

use indicatif::ProgressBar;
use rayon::prelude::*;

use super::files::{LogFile, NotALog, OpenLog, ReadSource};
use super::formats::{FormatsTogether, GatherByFormat};
use super::{LogArgs, Logs, inventories, no_log, notes};
use crate::cli::{output, threads};
use crate::error::Result;
use crate::fitting::BucketDetails;
use crate::logs::LogFormat;
use crate::logs::bad_lines::BadLines;
use crate::logs::record::LogEntry;
use crate::reconciliation::kms_calls::TrailCallGatherer;
use crate::recording::gather::RecordGatherer;
use crate::recording::left_out::Reason;
use crate::recording::{FileLeftOut, LogInput, Recording};

/// Files that are read before what was gathered of them is taken over, for each thread: enough that none
/// waits long for the others.
const FILES_A_THREAD: usize = 4;

/// What a command gathers of entries besides the requests, whatever their order. It sees every entry,
/// repeated and unwanted ones included.
pub(in crate::cli) trait GatherAlso: Default + Send {
    /// Takes an entry.
    fn take(&mut self, _entry: &LogEntry) {}

    /// Adds what was gathered of another file.
    fn merge(&mut self, _other: Self) {}
}

/// Nothing besides.
impl GatherAlso for () {}

impl GatherAlso for BucketDetails {
    fn take(&mut self, entry: &LogEntry) {
        self.take_entry(entry);
    }

    fn merge(&mut self, other: Self) {
        self.absorb(other);
    }
}

impl GatherAlso for TrailCallGatherer {
    fn take(&mut self, entry: &LogEntry) {
        self.take_entry(entry);
    }

    fn merge(&mut self, other: Self) {
        self.absorb(other);
    }
}

/// What a command gathers of entries as they are, repeated ones included.
pub(in crate::cli) trait GatherEntries: Send + Sync {
    /// What gathers the same of another log.
    fn beside(&self) -> Self;

    /// Takes an entry of a log.
    ///
    /// # Errors
    /// If there can be none such.
    fn take(&mut self, format: LogFormat, entry: &LogEntry) -> Result<()>;

    /// Takes over what was gathered of the next log.
    fn absorb(&mut self, next: Self);
}

/// Which files were read, which are no logs, and which lines cannot be read.
#[derive(Default)]
struct FilesRead {
    bad: BadLines,
    inputs: Vec<LogInput>,
    left_out: Vec<FileLeftOut>,
    /// What the first of these is.
    first_left_out: Option<NotALog>,
}

impl FilesRead {
    /// Takes note of a file that was read, or passed over.
    fn note(&mut self, source: ReadSource) {
        match source {
            ReadSource::Log(input) => self.inputs.push(input),
            ReadSource::NotALog(file, not_a_log) => {
                self.first_left_out.get_or_insert(not_a_log);
                self.left_out.push(FileLeftOut { file, what: not_a_log.what().to_owned() });
            }
        }
    }

    /// Takes over what is known of the next files.
    fn merge(&mut self, next: Self) {
        self.bad.merge(next.bad);
        self.inputs.extend(next.inputs);
        self.left_out.extend(next.left_out);
        self.first_left_out = self.first_left_out.or(next.first_left_out);
    }

    /// Refuses files of which none is a log, and too many bad lines.
    fn check(&self, args: &LogArgs) -> Result<()> {
        if let (true, Some(not_a_log)) = (self.inputs.is_empty(), self.first_left_out) {
            return Err(no_log(not_a_log).at(&self.left_out[0].file));
        }
        self.bad.check(args.max_bad)
    }
}

impl Logs<'_> {
    /// Reads all logs, several at a time, and gathers their entries `into` what is given, in the files'
    /// order. `--from` and `--to` leave out what lies without.
    pub(in crate::cli) fn gather<T: GatherEntries>(mut self, mut into: T) -> Result<T> {
        let mut files = FilesRead::default();
        if self.others.is_empty() || !self.first_file.is_regular() {
            while let Some(open) = self.next_file()? {
                let (gathered, read) = gather_entries(self.args, open, into.beside())?;
                into.absorb(gathered);
                files.merge(read);
            }
        } else {
            let all = self.side_by_side();
            let at_once = FILES_A_THREAD * threads::number(None);
            for some in all.chunks(at_once) {
                let read = read_at_once(some, |file| {
                    let open = file.open(self.args.log_format, &self.bar)?;
                    gather_entries(self.args, open, into.beside())
                });
                for gathered in read {
                    let (gathered, read) = gathered?;
                    into.absorb(gathered);
                    files.merge(read);
                }
            }
        }
        self.tell_of_files(&files)?;
        Ok(into)
    }

    /// All files, each to be opened where it is read.
    fn side_by_side(&mut self) -> Vec<LogFile> {
        self.first = None;
        self.bar.reset();
        std::iter::once(&self.first_file).chain(&self.others).cloned().collect()
    }

    /// Ends the bar, refuses too many bad lines, and says what was not read.
    fn tell_of_files(&self, files: &FilesRead) -> Result<()> {
        self.bar.finish_and_clear();
        files.bad.check(self.args.max_bad)?;
        if !self.quiet {
            notes::tell_of_files_left_out(&files.left_out);
            notes::tell_of_bad_lines(&files.bad);
        }
        Ok(())
    }

    /// Reads all logs and puts their requests in order. Where access logs and trails may be read `together`
    /// and there are access logs, the requests are theirs. Returns what was gathered besides, too.
    pub(in crate::cli) fn read<T: GatherAlso>(
        mut self,
        together: FormatsTogether,
        jobs: Option<usize>,
    ) -> Result<(Recording, T)> {
        let mut gathered = Gathered {
            gathers: GatherByFormat::new(self.args, together, self.slice)?,
            files: FilesRead::default(),
            also: T::default(),
        };
        if self.others.is_empty() || threads::number(jobs) == 1 || !self.first_file.is_regular() {
            while let Some(open) = self.next_file()? {
                gathered.read(open)?;
            }
        } else {
            let files = self.side_by_side();
            let reader = ParallelReader::new(&self, files, jobs, &gathered.gathers);
            threads::run_on(jobs, || reader.read(&mut gathered))??;
        }
        let Gathered { gathers, files, also } = gathered;
        self.finish(files, gathers, jobs).map(|recording| (recording, also))
    }

    /// Opens the next file.
    fn next_file(&mut self) -> Result<Option<OpenLog>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let format = self.args.log_format;
        self.others.pop_front().map(|file| file.open(format, &self.bar)).transpose()
    }

    /// Puts the requests in order.
    fn finish(
        self,
        files: FilesRead,
        gathers: GatherByFormat,
        jobs: Option<usize>,
    ) -> Result<Recording> {
        let Self { args, quiet, bar, .. } = self;
        bar.finish_and_clear();
        files.check(args)?;
        let FilesRead { bad, mut inputs, left_out: mut files_left_out, .. } = files;
        let together = gathers.together;
        let (mut gather, requests_twice) = gathers.one();
        gather.settle()?;
        for (flaw, count) in &bad.by_flaw {
            gather.left_out_mut().add(Reason::Unreadable, flaw.to_string().as_bytes(), *count);
        }
        let of_inventories = inventories::read(&args.inventories, &mut gather, quiet)?;
        let inventories = of_inventories.len();
        inputs.extend(of_inventories);
        let hider = args.hider();
        for input in &mut inputs {
            input.name = hider.name("log", &input.name);
        }
        for left in &mut files_left_out {
            left.file = hider.name("file", &left.file);
        }
        gather.left_out_mut().hide_buckets(&hider);
        if !quiet {
            notes::tell_of_files_left_out(&files_left_out);
            notes::tell_of_reading(&gather, &bad, together);
            notes::tell_of_calls(gather.of_buckets());
            if requests_twice > 0 {
                output::note(&format!(
                    "requests are the access logs': {requests_twice} in the trail are left out, \
                     as they may be the same"
                ));
            }
        }
        let mut recording = threads::run_on(jobs, || gather.finish())??;
        if !quiet {
            notes::tell_of_encryption_and_regions(&recording);
            notes::tell_of_missing_buckets(&args.shown_buckets(), &recording);
        }
        recording.inputs = inputs;
        recording.inventories = inventories;
        recording.files_left_out = files_left_out;
        recording.arguments = args.typed();
        if !quiet {
            notes::tell_of_untold(&recording);
            if recording.repeated > 0 {
                let repeated = recording.repeated;
                output::note(&format!("{repeated} records repeat another, and count once"));
            }
        }
        Ok(recording)
    }
}

/// Reads some files at a time; what was read stands in their order.
fn read_at_once<T: Send>(
    files: &[LogFile],
    read: impl Fn(&LogFile) -> Result<T> + Send + Sync,
) -> Vec<Result<T>> {
    files.par_iter().with_max_len(1).map(read).collect()
}

/// Reads a file to its end into what gathers its entries.
fn gather_entries<T: GatherEntries>(
    args: &LogArgs,
    mut open: OpenLog,
    mut gather: T,
) -> Result<(T, FilesRead)> {
    let mut files = FilesRead::default();
    if let Some(format) = open.format() {
        open.read(&mut files.bad, |entry| {
            if args.is_within(entry) { gather.take(format, entry) } else { Ok(()) }
        })?;
    }
    files.note(open.into_source());
    Ok((gather, files))
}

/// What has been read of all files.
struct Gathered<T> {
    gathers: GatherByFormat,
    files: FilesRead,
    also: T,
}

impl<T: GatherAlso> Gathered<T> {
    /// Reads a file to its end.
    fn read(&mut self, mut open: OpenLog) -> Result<()> {
        if let Some(format) = open.format() {
            let gather = self.gathers.of(format, &open.name)?;
            gather.note_path(&open.name);
            open.read(&mut self.files.bad, |entry| {
                self.also.take(entry);
                gather.take(entry)
            })?;
        }
        self.files.note(open.into_source());
        Ok(())
    }

    /// Takes over what was read of a file.
    fn absorb(&mut self, file: GatheredFile<T>) -> Result<()> {
        if let Some((format, gather)) = file.gathered {
            self.gathers.of(format, &file.name)?.absorb(gather)?;
        }
        self.also.merge(file.also);
        self.files.bad.merge(file.bad);
        self.files.note(file.source);
        Ok(())
    }
}

/// What was read of a file.
struct GatheredFile<T> {
    name: String,
    /// If it is a log that is not empty.
    gathered: Option<(LogFormat, RecordGatherer)>,
    also: T,
    bad: BadLines,
    source: ReadSource,
}

/// How files are read at the same time.
struct ParallelReader {
    files: Vec<LogFile>,
    at_once: usize,
    format: Option<LogFormat>,
    pattern: RecordGatherer,
    /// Bytes that each file's requests may take.
    memory: usize,
    bar: ProgressBar,
}

impl ParallelReader {
    fn new(
        logs: &Logs,
        files: Vec<LogFile>,
        jobs: Option<usize>,
        gathers: &GatherByFormat,
    ) -> Self {
        let at_once = FILES_A_THREAD * threads::number(jobs);
        let memory = logs.args.memory_for_requests(gathers.together) / at_once;
        Self {
            files,
            at_once,
            format: logs.args.log_format,
            pattern: gathers.beside(memory),
            memory,
            bar: logs.bar.clone(),
        }
    }

    /// Reads some files at a time, and takes over what each held in their order.
    fn read<T: GatherAlso>(&self, into: &mut Gathered<T>) -> Result<()> {
        for files in self.files.chunks(self.at_once) {
            for file in read_at_once(files, |file| self.read_file(file)) {
                into.absorb(file?)?;
            }
        }
        Ok(())
    }

    fn read_file<T: GatherAlso>(&self, file: &LogFile) -> Result<GatheredFile<T>> {
        let mut open = file.open(self.format, &self.bar)?;
        let (mut bad, mut also) = (BadLines::default(), T::default());
        let mut gathered = None;
        if let Some(format) = open.format() {
            let mut gather = self.pattern.beside(self.memory);
            gather.begin(format, &open.name);
            gather.note_path(&open.name);
            open.read(&mut bad, |entry| {
                also.take(entry);
                gather.take(entry)
            })?;
            gathered = Some((format, gather));
        }
        Ok(GatheredFile {
            name: open.name.clone(),
            gathered,
            also,
            bad,
            source: open.into_source(),
        })
    }
}
