//! A progress bar for long runs: on standard error, only on a terminal, only when it takes long.

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::outcome::Step;
use crate::scenario::Scenario;
use crate::sensitivity;

/// A bar over a number of requests known beforehand.
pub(super) fn bar(requests: f64, quiet: bool) -> ProgressBar {
    let shown = !quiet && stderr().is_terminal() && requests as u64 > WORTH_SHOWING;
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(requests as u64), target);
    bar.set_style(style());
    bar
}

/// A bar over bytes to read, for whoever watches.
pub(super) fn bytes(total: u64, quiet: bool) -> ProgressBar {
    const WORTH_SHOWING: u64 = 256 << 20;
    let shown = !quiet && stderr().is_terminal() && total > WORTH_SHOWING;
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    let style = "reading {wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is well-formed"));
    bar
}

fn style() -> ProgressStyle {
    let style = "{msg} {wide_bar} {human_pos} of about {human_len} requests, {eta} left";
    ProgressStyle::with_template(style).expect("the template is well-formed")
}

/// Fewer requests than this are over before a bar could be read.
const WORTH_SHOWING: u64 = 5_000_000;

/// A bar over the requests of all replications that are decided so far: with a precision to reach
/// it grows longer by rounds.
pub(super) struct Bar<'a> {
    scenario: &'a Scenario,
    drawn: ProgressBar,
    may_show: bool,
}

impl<'a> Bar<'a> {
    /// A bar that is not shown yet; `quiet` keeps it so.
    pub(super) fn new(scenario: &'a Scenario, quiet: bool) -> Self {
        let drawn = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        drawn.set_style(style());
        Self { scenario, drawn, may_show: !quiet && stderr().is_terminal() }
    }

    /// Takes note of a step; shows the bar once it is worth it.
    pub(super) fn take(&self, step: Step) {
        match step {
            Step::Answered(requests) => self.drawn.inc(requests),
            Step::Decided { replications, requests } => {
                let name = &self.scenario.name;
                self.drawn.set_message(match self.scenario.precision {
                    None => name.clone(),
                    Some(_) => format!("{name}, {replications} replications for now:"),
                });
                self.drawn.inc_length(requests as u64);
                let worth_showing = self.drawn.length() > Some(WORTH_SHOWING);
                if self.may_show && worth_showing && self.drawn.is_hidden() {
                    self.drawn.set_draw_target(ProgressDrawTarget::stderr());
                    self.drawn.enable_steady_tick(Duration::from_millis(200));
                }
            }
        }
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
    /// A bar over so many points and so much work, for whoever watches.
    pub(super) fn new(name: &str, points: usize, work: f64, quiet: bool) -> Self {
        const UNITS: u64 = 1_000_000;
        let shown = !quiet && stderr().is_terminal() && points > 0;
        let target =
            if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let drawn = ProgressBar::with_draw_target(Some(UNITS), target);
        let style = ProgressStyle::with_template("{msg} {wide_bar} {eta} left");
        drawn.set_style(style.expect("the template is well-formed"));
        if shown {
            drawn.enable_steady_tick(Duration::from_millis(200));
        }
        let bar = Self {
            drawn,
            name: name.to_owned(),
            all: points,
            done: AtomicUsize::new(0),
            work_of_unit: work / UNITS as f64,
            work: Mutex::new(0.0),
        };
        bar.tell(0);
        bar
    }

    /// Takes note of work that was done.
    pub(super) fn work(&self, work: f64) {
        let mut done = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        *done += work;
        self.drawn.set_position((*done / self.work_of_unit) as u64);
    }

    /// Takes note of a point that was done.
    pub(super) fn point(&self) {
        self.tell(self.done.fetch_add(1, Ordering::Relaxed) + 1);
    }

    fn tell(&self, done: usize) {
        self.drawn.set_message(format!("{}: {done} of {} points", self.name, self.all));
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.drawn.finish_and_clear();
    }
}

/// A bar over answers: requests, each counted once for each set of assumptions that answers it. It
/// grows longer as more is decided.
pub(super) struct Answers {
    drawn: ProgressBar,
    may_show: bool,
}

impl Answers {
    /// A bar that is not shown yet; `quiet` keeps it so.
    pub(super) fn new(name: &str, quiet: bool) -> Self {
        let drawn = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        let style = "{msg} {wide_bar} {human_pos} of about {human_len} answers, {eta} left for now";
        drawn.set_style(ProgressStyle::with_template(style).expect("the template is well-formed"));
        drawn.set_message(name.to_owned());
        Self { drawn, may_show: !quiet && stderr().is_terminal() }
    }

    /// Takes note of a step; shows the bar once it is worth it.
    pub(super) fn take(&self, step: sensitivity::Work) {
        match step {
            sensitivity::Work::Answered(answers) => self.drawn.inc(answers),
            sensitivity::Work::Decided(answers) => {
                self.drawn.inc_length(answers as u64);
                let worth_showing = self.drawn.length() > Some(WORTH_SHOWING);
                if self.may_show && worth_showing && self.drawn.is_hidden() {
                    self.drawn.set_draw_target(ProgressDrawTarget::stderr());
                    self.drawn.enable_steady_tick(Duration::from_millis(200));
                }
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.drawn.finish_and_clear();
    }
}
