//! A progress bar for long runs: on standard error, only on a terminal, only when it takes long.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Fewer requests than this are over before a bar could be read.
const WORTH_SHOWING: f64 = 5e6;

/// A bar over about `requests` requests.
pub(super) fn bar(requests: f64, quiet: bool) -> ProgressBar {
    if quiet || requests < WORTH_SHOWING || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(requests as u64), ProgressDrawTarget::stderr());
    let style = "{msg} {wide_bar} {human_pos} of about {human_len} requests, {eta} left";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is well-formed"));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
