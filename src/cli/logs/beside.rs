//! Several log files read at a time.
//!
//! Each file is gathered by itself; what was gathered is taken over file by file in their order, so that
//! it is the same as if they had been read in turn.

use indicatif::ProgressBar;
use rayon::prelude::*;

use super::files::{LogFile, Source};
use super::{Gathered, Logs};
use crate::cli::threads;
use crate::error::Result;
use crate::logs::Form;
use crate::logs::bad_lines::BadLines;
use crate::recording::gather::Gather;

/// Files that are read before what was gathered of them is taken over, for each thread: enough that none
/// waits long for the others.
const FILES_A_THREAD: usize = 4;

/// What was read of a file.
struct ReadFile {
    name: String,
    /// If it is a log that is not empty.
    gathered: Option<(Form, Gather)>,
    bad: BadLines,
    source: Source,
}

/// What each file is read as.
struct Reader {
    form: Option<Form>,
    pattern: Gather,
    memory: usize,
    bar: ProgressBar,
}

/// Reads all logs, several at a time.
pub(super) fn gather(logs: &Logs, jobs: Option<usize>, into: &mut Gathered) -> Result<()> {
    let at_once = FILES_A_THREAD * threads::number(jobs);
    let memory = logs.args.memory_for_requests(into.forms) / at_once;
    let reader = Reader {
        form: logs.args.log_format.form(),
        pattern: into.gathers.beside(memory),
        memory,
        bar: logs.bar.clone(),
    };
    let files: Vec<&LogFile> = std::iter::once(&logs.first_file).chain(&logs.others).collect();
    threads::run_on(jobs, || {
        files.chunks(at_once).try_for_each(|some| reader.read_into(some, into))
    })?
}

impl Reader {
    /// Reads some files at a time, and takes over what each held in their order.
    fn read_into(&self, files: &[&LogFile], into: &mut Gathered) -> Result<()> {
        let read = files.par_iter().with_max_len(1).map(|file| self.read(file));
        for file in read.collect::<Vec<Result<ReadFile>>>() {
            let ReadFile { name, gathered, bad, source } = file?;
            if let Some((form, gather)) = gathered {
                into.gathers.of(form, &name)?.absorb(gather)?;
            }
            into.bad.merge(bad);
            into.take_note(source);
        }
        Ok(())
    }

    fn read(&self, file: &LogFile) -> Result<ReadFile> {
        let mut open = file.open(self.form, &self.bar)?;
        let name = open.name.clone();
        let mut bad = BadLines::default();
        let mut gathered = None;
        if let Some(log) = open.log.take() {
            let form = log.form();
            let mut gather = self.pattern.beside(self.memory);
            gather.begin(form, &name);
            log.entries(&name, &mut bad, |entry| gather.take(&entry))
                .map_err(|error| error.at(&name))?;
            gathered = Some((form, gather));
        }
        Ok(ReadFile { name, gathered, bad, source: open.into_source() })
    }
}
