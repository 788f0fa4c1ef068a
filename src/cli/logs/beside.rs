//! Several log files read at a time.
//!
//! Each file is gathered by itself; what was gathered is taken over file by file in their order, so that
//! it is the same as if they had been read in turn.

use indicatif::ProgressBar;
use rayon::prelude::*;

use super::files::{LogFile, ReadSource};
use super::{Gathered, Logs};
use crate::cli::threads;
use crate::error::Result;
use crate::logs::LogFormat;
use crate::logs::bad_lines::BadLines;
use crate::recording::gather::Gather;

/// Files that are read before what was gathered of them is taken over, for each thread: enough that none
/// waits long for the others.
const FILES_A_THREAD: usize = 4;

/// What was read of a file.
struct GatheredFile {
    name: String,
    /// If it is a log that is not empty.
    gathered: Option<(LogFormat, Gather)>,
    bad: BadLines,
    source: ReadSource,
}

/// What each file is read as.
struct ParallelReader {
    format: Option<LogFormat>,
    pattern: Gather,
    memory: usize,
    bar: ProgressBar,
}

/// Reads all logs, several at a time.
pub(super) fn gather(logs: &Logs, jobs: Option<usize>, into: &mut Gathered) -> Result<()> {
    let at_once = FILES_A_THREAD * threads::number(jobs);
    let memory = logs.args.memory_for_requests(into.formats) / at_once;
    let reader = ParallelReader {
        format: logs.args.log_format.format(),
        pattern: into.gathers.beside(memory),
        memory,
        bar: logs.bar.clone(),
    };
    let files: Vec<&LogFile> = std::iter::once(&logs.first_file).chain(&logs.others).collect();
    threads::run_on(jobs, || {
        files.chunks(at_once).try_for_each(|some| reader.read_into(some, into))
    })?
}

impl ParallelReader {
    /// Reads some files at a time, and takes over what each held in their order.
    fn read_into(&self, files: &[&LogFile], into: &mut Gathered) -> Result<()> {
        let read = files.par_iter().with_max_len(1).map(|file| self.read(file));
        for file in read.collect::<Vec<Result<GatheredFile>>>() {
            let GatheredFile { name, gathered, bad, source } = file?;
            if let Some((format, gather)) = gathered {
                into.gathers.of(format, &name)?.absorb(gather)?;
            }
            into.bad.merge(bad);
            into.take_note(source);
        }
        Ok(())
    }

    fn read(&self, file: &LogFile) -> Result<GatheredFile> {
        let mut open = file.open(self.format, &self.bar)?;
        let name = open.name.clone();
        let mut bad = BadLines::default();
        let mut gathered = None;
        if let Some(log) = open.log.take() {
            let format = log.format();
            let mut gather = self.pattern.beside(self.memory);
            gather.begin(format, &name);
            log.entries(&name, &mut bad, |entry| gather.take(&entry))
                .map_err(|error| error.at(&name))?;
            gathered = Some((format, gather));
        }
        Ok(GatheredFile { name, gathered, bad, source: open.into_source() })
    }
}
