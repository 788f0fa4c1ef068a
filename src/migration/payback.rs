//! When what a migration saves has paid for it.
//!
//! What is saved is summed over time. Within the run it is counted. Beyond its end it is taken further only
//! where it is known to go on:
//!
//! - *Steady*: whatever is read goes on being read, so the run's rate holds.
//! - *Fading*: objects that were there before the migration are read less and less, as newer ones take
//!   their place. A read of an old object saves at most what it saves at the end of the run (fewer such reads
//!   find fewer keys in memory), so what is still to come is at most the rate at the end times the
//!   reads of old objects to come by that at the end.
//!   Traffic that shrinks from month to month goes on shrinking; what grows stays as in the last of them.
//! - *Untold*: a log shows no law. The last third of the run is held against the middle one: a rate that
//!   is lower by more than two standard errors fades.
//!
//! ```
//! use bks::migration::payback::{Onward, Payback, Savings};
//!
//! // Ten dollars an hour for a day: $480 are paid back after two days.
//! let savings = Savings { amounts: &[10.0; 24], once: &[0.0; 24], from_s: 0.0, bin_s: 3_600.0, end_s: 86_400.0 };
//! let answer = Payback::of(480.0, &savings, &Onward::Steady);
//! assert_eq!(answer, Payback::After { time_s: 172_800.0 });
//! ```

/// What is longer than this, a hundred years, is never.
const NEVER_S: f64 = 100.0 * 365.0 * 86_400.0;

/// A share of old objects among what is read that is as good as none.
const FADED: f64 = 0.01;

/// Steps of integrals and searches over time, as a share of the time gone by.
const STEP: f64 = 0.01;

/// What is known of how a saving goes on.
pub enum Onward<'a> {
    /// As in the run.
    Steady,
    /// In proportion to one of these functions of the time in seconds since the migration at the most.
    /// None rises.
    Fading(&'a [&'a dyn Fn(f64) -> f64]),
    /// Nothing but what the run shows.
    Untold,
}

impl Onward<'_> {
    /// The saving at a time after the migration, in proportion.
    fn shape(&self, time_s: f64) -> f64 {
        match self {
            Self::Fading(shapes) => shapes.first().map_or(0.0, |shape| shape(time_s)),
            Self::Steady | Self::Untold => 1.0,
        }
    }
}

/// What was saved within a run, in dollars.
#[derive(Clone, Copy, Debug)]
pub struct Savings<'a> {
    /// In each bin of its counted part.
    pub amounts: &'a [f64],
    /// Of these, by work that happens once, which is not taken further.
    pub once: &'a [f64],
    /// Start of the counted part, in seconds since the migration.
    pub from_s: f64,
    /// Length of a bin.
    pub bin_s: f64,
    /// End of the run, in seconds since the migration.
    pub end_s: f64,
}

/// When a migration is paid back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Payback {
    /// After so many seconds.
    After {
        /// Since the migration.
        time_s: f64,
    },
    /// Never.
    Never {
        /// Share of the cost that comes back, at the most.
        share: f64,
    },
    /// The run is too short to know.
    Unknown {
        /// Share of the cost that has come back within it.
        share: f64,
        /// How long it would have to be, at the least, in seconds.
        run_s: f64,
    },
}

impl Payback {
    /// When `cost` dollars are paid back.
    #[must_use]
    pub fn of(cost: f64, savings: &Savings, onward: &Onward) -> Self {
        if cost <= 0.0 {
            return Self::After { time_s: 0.0 };
        }
        let is_steady = matches!(onward, Onward::Steady);
        let so_far = match savings.within(cost, is_steady, &|time_s| onward.shape(time_s)) {
            Within::PaidBack(time_s) => return Self::After { time_s },
            Within::Saved(so_far) => so_far,
        };
        match onward {
            Onward::Steady => steady(cost, so_far, savings, savings.rate(0, savings.amounts.len())),
            Onward::Fading(shapes) => fading(cost, so_far, savings, shapes),
            Onward::Untold => untold(cost, so_far, savings),
        }
    }
}

impl Payback {
    /// A word for it, in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::After { .. } => "after",
            Self::Never { .. } => "never",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// After how many seconds, if it is.
    #[must_use]
    pub const fn time_s(self) -> Option<f64> {
        match self {
            Self::After { time_s } => Some(time_s),
            Self::Never { .. } | Self::Unknown { .. } => None,
        }
    }

    /// Share of the cost that comes back: at the most, or so far.
    #[must_use]
    pub const fn share(self) -> f64 {
        match self {
            Self::After { .. } => 1.0,
            Self::Never { share } | Self::Unknown { share, .. } => share,
        }
    }

    /// How long a run would have to be at the least to know, in seconds, if it is too short.
    #[must_use]
    pub const fn run_s(self) -> Option<f64> {
        match self {
            Self::Unknown { run_s, .. } => Some(run_s),
            Self::After { .. } | Self::Never { .. } => None,
        }
    }
}

/// What came back within a run.
enum Within {
    PaidBack(f64),
    Saved(f64),
}

/// A mean with its standard error.
#[derive(Clone, Copy)]
struct MeanWithError {
    per_s: f64,
    error: f64,
}

impl Savings<'_> {
    /// Start and end of a bin.
    fn bin(&self, index: usize) -> (f64, f64) {
        let start = self.from_s + index as f64 * self.bin_s;
        (start, (start + self.bin_s).min(self.end_s))
    }

    /// What recurs, of a bin.
    fn recurring(&self, index: usize) -> f64 {
        self.amounts[index] - self.once.get(index).copied().unwrap_or_default()
    }

    /// The rate at which bins from `first` to before `last` save what recurs.
    fn rate(&self, first: usize, last: usize) -> MeanWithError {
        let bins = last.saturating_sub(first);
        if bins == 0 {
            return MeanWithError { per_s: 0.0, error: 0.0 };
        }
        let lasts_s = self.bin(last - 1).1 - self.bin(first).0;
        let sum: f64 = (first..last).map(|bin| self.recurring(bin)).sum();
        let mean = sum / bins as f64;
        let squares: f64 = (first..last).map(|bin| (self.recurring(bin) - mean).powi(2)).sum();
        let error =
            if bins > 1 { (squares / (bins - 1) as f64 * bins as f64).sqrt() } else { sum.abs() };
        MeanWithError { per_s: sum / lasts_s, error: error / lasts_s }
    }

    /// The first bin of the middle and of the last third.
    fn thirds(&self) -> (usize, usize) {
        let bins = self.amounts.len();
        (bins / 3, bins - bins / 3)
    }

    /// What has come back when, with what the warm-up saves by the rate after it.
    fn within(&self, cost: f64, steady: bool, shape: &dyn Fn(f64) -> f64) -> Within {
        let bins = if steady { self.amounts.len() } else { self.thirds().0.max(1) };
        let first = self.rate(0, bins).per_s;
        let after_s = self.bin(bins - 1).1;
        let after = integral(self.from_s, after_s, shape);
        let warm_up = if after > 0.0 {
            first * (after_s - self.from_s) / after * integral(0.0, self.from_s, shape)
        } else {
            0.0
        };
        if warm_up >= cost {
            return Within::PaidBack(self.from_s * cost / warm_up);
        }
        let mut sum = warm_up;
        for (index, &amount) in self.amounts.iter().enumerate() {
            if sum + amount >= cost {
                let (start, end) = self.bin(index);
                return Within::PaidBack(start + (end - start) * (cost - sum) / amount);
            }
            sum += amount;
        }
        Within::Saved(sum)
    }
}

fn steady(cost: f64, so_far: f64, savings: &Savings, rate: MeanWithError) -> Payback {
    if rate.per_s <= 0.0 {
        return Payback::Never { share: (so_far / cost).max(0.0) };
    }
    let time_s = savings.end_s + (cost - so_far) / rate.per_s;
    if time_s < NEVER_S {
        Payback::After { time_s }
    } else {
        Payback::Never { share: (so_far + rate.per_s * NEVER_S) / cost }
    }
}

fn fading(cost: f64, so_far: f64, savings: &Savings, shapes: &[&dyn Fn(f64) -> f64]) -> Payback {
    let end_s = savings.end_s;
    let last = savings.thirds().1.min(savings.amounts.len() - 1);
    let rate = savings.rate(last, savings.amounts.len());
    let share = (so_far / cost).max(0.0);
    let lasting = shapes.iter().map(|shape| shape(NEVER_S) / shape(end_s).max(f64::MIN_POSITIVE));
    let lasting = lasting.fold(0.0, f64::max);
    if lasting > 1.0 - FADED {
        // What fades has done so within the run.
        return steady(cost, so_far, savings, rate);
    }
    if lasting > FADED {
        let faded = shapes
            .iter()
            .map(|shape| faded_s(end_s, &|time_s| shape(time_s) - shape(NEVER_S) * (1.0 + FADED)));
        return Payback::Unknown { share, run_s: faded.fold(end_s, f64::max) };
    }
    let last_s = savings.bin(last).0;
    let mut at_most = so_far;
    let mut surely = so_far;
    let mut paid_s: Option<f64> = None;
    for shape in shapes {
        let relative = |time_s: f64| shape(time_s) / shape(end_s).max(f64::MIN_POSITIVE);
        let (mean, high) = (rate.per_s.max(0.0), (rate.per_s + 2.0 * rate.error).max(0.0));
        let at_end = end_by_mean(last_s, end_s, shape);
        let to_come = integral(end_s, NEVER_S, &relative) * at_end;
        at_most = at_most.max(so_far + mean * to_come);
        surely = surely.max(so_far + high * to_come);
        let paid = reached_s(end_s, (cost - so_far) / (mean * at_end), &relative);
        paid_s = [paid_s, paid].into_iter().flatten().reduce(f64::min);
    }
    if surely < cost {
        return Payback::Never { share: (at_most / cost).max(0.0) };
    }
    let faded =
        shapes.iter().map(|shape| faded_s(end_s, &|time_s| shape(time_s) - FADED * shape(0.0)));
    let run_s = paid_s.unwrap_or_else(|| faded.fold(end_s, f64::max));
    Payback::Unknown { share, run_s }
}

fn untold(cost: f64, so_far: f64, savings: &Savings) -> Payback {
    let bins = savings.amounts.len();
    let (middle, last) = savings.thirds();
    let all = savings.rate(0, bins);
    if all.per_s <= 0.0 {
        return Payback::Never { share: (so_far / cost).max(0.0) };
    }
    let (before, after) = (savings.rate(middle, last), savings.rate(last, bins));
    let error = before.error.hypot(after.error);
    if bins >= 6 && after.per_s >= before.per_s - 2.0 * error {
        return steady(cost, so_far, savings, all);
    }
    let share = (so_far / cost).max(0.0);
    if bins < 6 || after.per_s <= 0.0 {
        return Payback::Unknown { share, run_s: (cost / all.per_s).min(NEVER_S) };
    }
    // An exponential decay through both thirds.
    let apart_s = (savings.end_s - savings.from_s) / 3.0;
    let decay_s = apart_s / (before.per_s / after.per_s).ln();
    let at_end = after.per_s * (-apart_s / 2.0 / decay_s).exp();
    let missing = (cost - so_far) / (at_end * decay_s);
    let more_s = if missing < 1.0 { -decay_s * (1.0 - missing).ln() } else { 3.0 * decay_s };
    Payback::Unknown { share, run_s: savings.end_s + more_s }
}

/// The next time that is looked at, in steps that grow with it.
fn next_s(time_s: f64) -> f64 {
    time_s + (time_s * STEP).max(1.0)
}

/// The end of `shape` by its mean from `from_s` to there.
fn end_by_mean(from_s: f64, end_s: f64, shape: &dyn Fn(f64) -> f64) -> f64 {
    let mean = integral(from_s, end_s, shape) / (end_s - from_s);
    if mean > 0.0 { shape(end_s) / mean } else { 0.0 }
}

/// The integral of `shape`, which does not rise, over time; at `NEVER_S` it ends.
fn integral(from_s: f64, until_s: f64, shape: &dyn Fn(f64) -> f64) -> f64 {
    let (mut time_s, mut value, mut sum) = (from_s, shape(from_s), 0.0);
    while time_s < until_s && value > 0.0 {
        let next = next_s(time_s).min(until_s);
        let then = shape(next);
        sum += f64::midpoint(value, then) * (next - time_s);
        (time_s, value) = (next, then);
    }
    sum
}

/// When the integral of `shape` from `from_s` on reaches `wanted`, if it does.
fn reached_s(from_s: f64, wanted: f64, shape: &dyn Fn(f64) -> f64) -> Option<f64> {
    let (mut time_s, mut value, mut sum) = (from_s, shape(from_s), 0.0);
    while time_s < NEVER_S && value > 0.0 {
        let next = next_s(time_s);
        let then = shape(next);
        let more = f64::midpoint(value, then) * (next - time_s);
        if sum + more >= wanted {
            return Some(time_s + (next - time_s) * (wanted - sum) / more);
        }
        sum += more;
        (time_s, value) = (next, then);
    }
    None
}

/// When `rest` is no longer above zero.
fn faded_s(from_s: f64, rest: &dyn Fn(f64) -> f64) -> f64 {
    let mut time_s = from_s;
    while rest(time_s) > 0.0 && time_s < NEVER_S {
        time_s = next_s(time_s);
    }
    time_s
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: f64 = 86_400.0;

    fn run(amounts: &[f64], bin_s: f64) -> Savings<'_> {
        let end_s = amounts.len() as f64 * bin_s;
        Savings { amounts, once: &[], from_s: 0.0, bin_s, end_s }
    }

    /// What a decay `a·e^(-t/τ)` dollars a day saves in each of the days from `from` on.
    fn decay(a: f64, tau: f64, from: usize, days: usize) -> Vec<f64> {
        let saved = |day: usize| {
            a * tau * ((-(day as f64) / tau).exp() - (-(day as f64 + 1.0) / tau).exp())
        };
        (from..from + days).map(saved).collect()
    }

    fn time_s(answer: Payback) -> f64 {
        let Payback::After { time_s } = answer else { panic!("{answer:?}") };
        time_s
    }

    #[test]
    fn a_constant_saving_pays_back_at_cost_by_rate_within_and_beyond_the_run() {
        let amounts = [3.0; 30];
        for cost in [1.0, 45.0, 89.0, 91.0, 3_000.0] {
            for onward in [Onward::Steady, Onward::Untold] {
                let days = time_s(Payback::of(cost, &run(&amounts, DAY), &onward)) / DAY;
                assert!((days - cost / 3.0).abs() < 1e-9, "{cost}: {days}");
            }
        }
        assert_eq!(
            Payback::of(0.0, &run(&amounts, DAY), &Onward::Steady),
            Payback::After { time_s: 0.0 }
        );
    }

    #[test]
    fn a_warm_up_saves_as_the_time_after_it() {
        let savings = Savings { from_s: 2.0 * DAY, end_s: 12.0 * DAY, ..run(&[3.0; 10], DAY) };
        for cost in [3.0, 20.0, 300.0] {
            let days = time_s(Payback::of(cost, &savings, &Onward::Steady)) / DAY;
            assert!((days - cost / 3.0).abs() < 1e-9, "{cost}: {days}");
        }
    }

    #[test]
    fn no_saving_and_a_loss_never_pay_back() {
        for amounts in [[0.0; 12], [-1.0; 12]] {
            for onward in [Onward::Steady, Onward::Untold, Onward::Fading(&[&|_| 1.0])] {
                let answer = Payback::of(5.0, &run(&amounts, DAY), &onward);
                assert_eq!(answer, Payback::Never { share: 0.0 });
            }
        }
    }

    /// $1 a day that decays with a mean of 45 days comes to $45 in all, whatever part of it a run shows.
    #[test]
    fn an_exponential_decay_sums_to_rate_times_mean() {
        let law = |time_s: f64| (-time_s / (45.0 * DAY)).exp();
        for days in [2, 10, 45, 180, 720] {
            let amounts = decay(1.0, 45.0, 0, days);
            let answer = Payback::of(570.0, &run(&amounts, DAY), &Onward::Fading(&[&law]));
            let Payback::Never { share } = answer else { panic!("{days}: {answer:?}") };
            assert!((share - 45.0 / 570.0).abs() < 0.001, "{days} days: {share}");
        }
        // Within the run it is counted: 45·(1 − e^(−t/45)) = 30 at t = 45·ln 3.
        let amounts = decay(1.0, 45.0, 0, 90);
        let answer = Payback::of(30.0, &run(&amounts, DAY), &Onward::Fading(&[&law]));
        let exact = 45.0 * 3.0_f64.ln();
        assert!((time_s(answer) / DAY - exact).abs() < 0.1, "{answer:?}");
        // A run that ends before cannot tell, and says how long it takes at the least.
        let amounts = decay(1.0, 45.0, 0, 10);
        let answer = Payback::of(30.0, &run(&amounts, DAY), &Onward::Fading(&[&law]));
        let Payback::Unknown { share, run_s } = answer else { panic!("{answer:?}") };
        assert!((share - amounts.iter().sum::<f64>() / 30.0).abs() < 1e-9);
        assert!((run_s / DAY - exact).abs() < 0.5, "{}", run_s / DAY);
    }

    /// What was saved by work that happens once counts once.
    #[test]
    fn what_happens_once_is_not_taken_further() {
        let mut amounts = [1.0; 10];
        let mut once = [0.0; 10];
        (amounts[4], once[4]) = (21.0, 20.0);
        let savings = Savings { once: &once, ..run(&amounts, DAY) };
        let days = time_s(Payback::of(50.0, &savings, &Onward::Steady)) / DAY;
        // 10 + 20 within the run, then 1 a day.
        assert!((days - 30.0).abs() < 1e-9, "{days}");
    }

    #[test]
    fn a_log_that_fades_cannot_tell_and_one_that_does_not_can() {
        let answer = Payback::of(100.0, &run(&decay(1.0, 10.0, 0, 30), DAY), &Onward::Untold);
        let Payback::Unknown { run_s, .. } = answer else { panic!("{answer:?}") };
        // The fit finds the mean of 10 days: three of them more.
        assert!((run_s / DAY - 60.0).abs() < 1.0, "{}", run_s / DAY);
        let noisy: Vec<f64> = (0..30).map(|day| 1.0 + 0.1 * f64::from(day % 3)).collect();
        let days = time_s(Payback::of(110.0, &run(&noisy, DAY), &Onward::Untold)) / DAY;
        assert!((days - 100.0).abs() < 1e-9, "{days}");
    }

    /// Half of the reads fade, half go on: beyond the fading part the rest is steady.
    #[test]
    fn what_lasts_is_taken_further_once_the_rest_has_faded() {
        let law = |time_s: f64| 0.5 + 0.5 * (-time_s / DAY).exp();
        let saved = |from: usize, days| -> Vec<f64> {
            decay(0.5, 1.0, from, days).iter().map(|fading| 0.5 + fading).collect()
        };
        let short = saved(0, 2);
        let answer = Payback::of(100.0, &run(&short, DAY), &Onward::Fading(&[&law]));
        let Payback::Unknown { run_s, .. } = answer else { panic!("{answer:?}") };
        // e^(-t) = 0.01.
        assert!((run_s / DAY - 100.0_f64.ln()).abs() < 0.1, "{}", run_s / DAY);
        let long = saved(0, 30);
        let days = time_s(Payback::of(100.0, &run(&long, DAY), &Onward::Fading(&[&law]))) / DAY;
        // 0.5·t + 0.5·(1 − e^(−t)) = 100.
        assert!((days - 199.0).abs() < 0.01, "{days}");
    }
}
