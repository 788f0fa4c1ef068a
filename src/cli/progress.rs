//! Progress bars for long runs: on standard error, only on a terminal, only when it takes long.

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Fewer requests than this are over before a bar could be read.
const WORTH_SHOWING: u64 = 5_000_000;

/// How often a bar is drawn anew that nothing moves.
const TICK: Duration = Duration::from_millis(200);

/// A bar of a length, shown or not.
fn drawn(length: u64, template: &str, is_shown: bool) -> ProgressBar {
    let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    bar.set_style(ProgressStyle::with_template(template).expect("the template is well-formed"));
    bar
}

/// Whether somebody watches.
fn is_watched(quiet: bool) -> bool {
    !quiet && stderr().is_terminal()
}

/// A bar over a number of requests known beforehand.
pub(super) fn requests(number: f64, name: &str, quiet: bool) -> ProgressBar {
    let number = number as u64;
    let template = "{msg} {wide_bar} {human_pos} of about {human_len} requests, {eta} left";
    let bar = drawn(number, template, is_watched(quiet) && number > WORTH_SHOWING);
    bar.set_message(name.to_owned());
    bar
}

/// A bar over bytes to read.
pub(super) fn bytes(total: u64, quiet: bool) -> ProgressBar {
    const WORTH_SHOWING: u64 = 256 << 20;
    let template = "reading {wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
    drawn(total, template, is_watched(quiet) && total > WORTH_SHOWING)
}

/// A bar that grows longer as more work is decided, and is shown once it is worth it.
pub(super) struct Growing {
    drawn: ProgressBar,
    may_show: bool,
}

impl Growing {
    /// A bar over `things`, not shown yet; `quiet` keeps it so.
    pub(super) fn new(name: &str, things: &str, quiet: bool) -> Self {
        let template = format!(
            "{{msg}} {{wide_bar}} {{human_pos}} of about {{human_len}} {things}, {{eta}} left"
        );
        let drawn = drawn(0, &template, false);
        drawn.set_message(name.to_owned());
        Self { drawn, may_show: is_watched(quiet) }
    }

    /// So many more are to be done.
    pub(super) fn grow(&self, by: f64) {
        self.drawn.inc_length(by as u64);
        let worth_showing = self.drawn.length() > Some(WORTH_SHOWING);
        if self.may_show && worth_showing && self.drawn.is_hidden() {
            self.drawn.set_draw_target(ProgressDrawTarget::stderr());
            self.drawn.enable_steady_tick(TICK);
        }
    }

    /// So many were done.
    pub(super) fn advance(&self, by: u64) {
        self.drawn.inc(by);
    }

    /// Replaces the words before the bar.
    pub(super) fn say(&self, message: String) {
        self.drawn.set_message(message);
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.drawn.finish_and_clear();
    }
}

/// A bar over the points of a sweep. Its length is their work, so that the time left is that of the
/// large points, too.
pub(super) struct Points {
    drawn: ProgressBar,
    name: String,
    all: usize,
    done: AtomicUsize,
    /// In the unit of the bar.
    work_of_unit: f64,
    work: Mutex<f64>,
}

impl Points {
    /// A bar over so many points and so much work.
    pub(super) fn new(name: &str, points: usize, work: f64, quiet: bool) -> Self {
        const UNITS: u64 = 1_000_000;
        let is_shown = is_watched(quiet) && points > 0;
        let drawn = drawn(UNITS, "{msg} {wide_bar} {eta} left", is_shown);
        if is_shown {
            drawn.enable_steady_tick(TICK);
        }
        let bar = Self {
            drawn,
            name: name.to_owned(),
            all: points,
            done: AtomicUsize::new(0),
            work_of_unit: work / UNITS as f64,
            work: Mutex::new(0.0),
        };
        bar.show(0);
        bar
    }

    /// So much work was done.
    pub(super) fn work(&self, work: f64) {
        let mut done = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        *done += work;
        self.drawn.set_position((*done / self.work_of_unit) as u64);
    }

    /// A point was done.
    pub(super) fn point(&self) {
        self.show(self.done.fetch_add(1, Ordering::Relaxed) + 1);
    }

    fn show(&self, done: usize) {
        self.drawn.set_message(format!("{}: {done} of {} points", self.name, self.all));
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.drawn.finish_and_clear();
    }
}
