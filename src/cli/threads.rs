//! How many threads, and work on them.

use std::num::NonZero;

use crate::error::{Error, Result};

/// Most threads.
const MAX_JOBS: usize = 1_024;

/// Threads to run on: as many as asked for, else one for each processor.
pub(super) fn number(jobs: Option<usize>) -> usize {
    let asked =
        jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get));
    // More are refused when work begins, by their own name.
    asked.clamp(1, MAX_JOBS)
}

/// Runs `work` on `jobs` threads.
pub(super) fn run_on<T: Send>(jobs: Option<usize>, work: impl FnOnce() -> T + Send) -> Result<T> {
    if let Some(jobs) = jobs.filter(|jobs| !(1..=MAX_JOBS).contains(jobs)) {
        return Err(Error::request(format!(
            "`--jobs` is `{jobs}`, but must lie between 1 and {MAX_JOBS}"
        )));
    }
    let jobs = number(jobs);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|error| Error::run(format!("threads cannot be started: {error}")))?;
    Ok(pool.install(work))
}
