//! A progress bar for long runs: on standard error, only on a terminal, only when it takes long.

use std::io::{IsTerminal, stderr};
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
                let name = &self.scenario.file.name;
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
    pub(super) fn take(&self, step: sensitivity::Step) {
        match step {
            sensitivity::Step::Answered(answers) => self.drawn.inc(answers),
            sensitivity::Step::Decided(answers) => {
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
