//! How many threads, and work on them.

use std::num::NonZero;

use crate::error::{Error, Result};

/// Most threads.
pub(super) const MAX: u64 = 1_024;

/// Threads to run on: as many as asked for, else one for each processor.
pub(super) fn number(jobs: Option<usize>) -> usize {
    jobs.unwrap_or_else(|| {
        std::thread::available_parallelism().map_or(1, NonZero::get).min(MAX as usize)
    })
}

/// Runs `work` on `jobs` threads.
pub(super) fn run_on<T: Send>(jobs: Option<usize>, work: impl FnOnce() -> T + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(number(jobs))
        .build()
        .map_err(|error| Error::run(format!("threads cannot be started: {error}")))?;
    Ok(pool.install(work))
}
