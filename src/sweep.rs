//! A scenario run again and again with other values: lists and ranges of any of its keys, several at
//! once as a grid.
//!
//! - [`axis`]: `KEY=VALUES` to the values of one key, in `range` those between two ends;
//! - [`grid`]: axes to points, and what each puts into the scenario;
//! - [`checked_points`]: every point read and checked before any is run, and the identity of a sweep;
//! - [`rows`]: a point's results as lines of a file, from which a sweep that was broken off goes on;
//! - [`shard`]: a part of the points, for one of many machines, and [`merge`]: all parts back into one;
//! - [`swept`]: all of that read back, for whoever shows it;
//! - this file: points run in parallel, as many at a time as fit into memory.
//!
//! Points share the scenario's seed, so what differs between them is the doing of the values, not of
//! chance (common random numbers; A. M. Law, *Simulation Modeling and Analysis*, 5th ed., section
//! 11.2). What moves each answer most is left out: a sweep over an assumption shows it better.

pub mod axis;
pub mod checked_points;
pub mod grid;
pub mod merge;
mod range;
pub mod rows;
pub mod shard;
pub mod swept;

use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::results::rows::SummaryRow;
use crate::results::run::{self, Step};
use crate::scenario::Scenario;

use checked_points::Survey;

/// What a sweep asks of its caller.
pub struct Callbacks<'a> {
    /// Reads the scenario of a point.
    pub read: &'a (dyn Fn(usize) -> Result<Scenario> + Sync),
    /// Is reported how much of the work is done, in the unit of [`checked_points::PlannedPoint::work`].
    pub progress: &'a (dyn Fn(f64) + Sync),
    /// Takes the rows of a point, from any thread and in any order.
    pub finished: &'a (dyn Fn(usize, &[SummaryRow]) -> Result<()> + Sync),
}

/// Runs `points`, as many at a time as there are threads and as fit into `bytes` of memory by their
/// estimates; a single one may take more. No answer depends on how many run together.
///
/// # Errors
/// The first that reading a point or taking its answer met; no further point is then begun.
pub fn run(survey: &Survey, points: &[usize], bytes: u64, callbacks: &Callbacks) -> Result<()> {
    let queue = PointQueue {
        survey,
        points,
        bytes,
        at_a_time: rayon::current_num_threads(),
        callbacks,
        state: Mutex::new(QueueState::default()),
    };
    rayon::in_place_scope(|scope| queue.start_what_fits(scope));
    let state = queue.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    state.failure.map_or(Ok(()), Err)
}

/// Points in the order in which they are begun. One that ends begins the next: no thread loops over
/// points, so none that waits for a part of its own point can take over the rest of the sweep.
struct PointQueue<'a> {
    survey: &'a Survey,
    points: &'a [usize],
    bytes: u64,
    at_a_time: usize,
    callbacks: &'a Callbacks<'a>,
    state: Mutex<QueueState>,
}

#[derive(Default)]
struct QueueState {
    begun: usize,
    running: usize,
    bytes: u64,
    failure: Option<Error>,
}

impl PointQueue<'_> {
    fn start_what_fits<'s>(&'s self, scope: &rayon::Scope<'s>) {
        while let Some(point) = self.next() {
            scope.spawn(move |scope| {
                let outcome = self.run_point(point);
                self.end(point, outcome);
                self.start_what_fits(scope);
            });
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next point, if it may begin now.
    fn next(&self) -> Option<usize> {
        let mut state = self.state();
        let point = *self.points.get(state.begun)?;
        let bytes = self.survey.points[point].bytes;
        let fits = state.bytes.saturating_add(bytes) <= self.bytes;
        let may_begin = state.running == 0 || state.running < self.at_a_time && fits;
        if state.failure.is_some() || !may_begin {
            return None;
        }
        state.begun += 1;
        state.running += 1;
        state.bytes = state.bytes.saturating_add(bytes);
        Some(point)
    }

    fn end(&self, point: usize, outcome: Result<()>) {
        let mut state = self.state();
        state.running -= 1;
        state.bytes = state.bytes.saturating_sub(self.survey.points[point].bytes);
        if let Err(error) = outcome {
            state.failure.get_or_insert(error);
        }
    }

    fn run_point(&self, point: usize) -> Result<()> {
        let scenario = (self.callbacks.read)(point)?;
        let share = PointProgress::new(self.survey.points[point].work, self.callbacks.progress);
        let rows = run::summary(&scenario, &|step| share.take(step));
        (self.callbacks.finished)(point, &rows)?;
        share.complete();
        Ok(())
    }
}

/// One point's share of the progress.
struct PointProgress<'a> {
    work: f64,
    progress: &'a (dyn Fn(f64) + Sync),
    reported: Mutex<Reported>,
}

#[derive(Default)]
struct Reported {
    decided: f64,
    answered: f64,
    /// Of the point's work, how much has been reported.
    work: f64,
}

impl<'a> PointProgress<'a> {
    fn new(work: f64, progress: &'a (dyn Fn(f64) + Sync)) -> Self {
        Self { work, progress, reported: Mutex::default() }
    }

    fn take(&self, step: Step) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            Step::Decided { requests, .. } | Step::SetsDecided(requests) => {
                reported.decided += requests;
            }
            Step::Answered(requests) => reported.answered += requests as f64,
        }
        // With a precision to reach more may be decided later, but nothing is taken back.
        let done = self.work * (reported.answered / reported.decided.max(1.0)).min(1.0);
        self.report(&mut reported, done);
    }

    fn complete(&self) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        self.report(&mut reported, self.work);
    }

    fn report(&self, reported: &mut Reported, done: f64) {
        if done > reported.work {
            (self.progress)(done - reported.work);
            reported.work = done;
        }
    }
}
