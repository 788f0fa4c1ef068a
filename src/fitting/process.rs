//! Which arrival process a flow's times are like, and which law its ages.

use super::flows::{BINS, Flow};
use crate::units::{Rate, SimDuration};
use crate::workload::ages::{AgeLaw, AgeStep};
use crate::workload::arrivals::{
    Arrivals, BurstArrivals, PeriodicArrivals, PoissonArrivals, Profile,
};

/// From this length on a log shows a daily profile.
const PROFILED_S: f64 = 2.0 * 86_400.0;

/// Shorter logs, and fewer requests, tell of no process: the count is what matters.
const SHORT_S: f64 = 600.0;
const FEW: u64 = 50;

/// Counts of a Poisson process in `BINS` bins have an index of dispersion (variance by mean) of 1,
/// with a standard deviation of sqrt(2 / (BINS - 1)) (Cox and Lewis, 1966): 0.06. Traffic that is a
/// little bursty is fitted as a Poisson process, too.
const REGULAR_BELOW: f64 = 0.5;
const BURSTY_ABOVE: f64 = 3.0;

/// Evenly spaced arrivals of which exactly `count` fall into the run.
pub(super) fn evenly(count: u64, duration: SimDuration) -> Arrivals {
    let seconds = duration.as_secs_f64();
    Arrivals::Periodic(PeriodicArrivals {
        rate: Rate::per_s(count as f64 / seconds),
        offset: SimDuration::from_secs_f64(seconds / count as f64 / 2.0),
    })
}

/// The process of `count` arrivals like the flow's, and why it is that.
pub(super) fn arrivals(flow: &Flow, count: u64, duration: SimDuration) -> (Arrivals, String) {
    let seconds = duration.as_secs_f64();
    if seconds < SHORT_S || flow.count < FEW {
        return (
            evenly(count, duration),
            "periodic: short or rare, so only its number counts".into(),
        );
    }
    let profile = (seconds >= PROFILED_S).then(|| daily(flow, seconds));
    let dispersion = dispersion(flow, profile.as_deref(), seconds);
    let rate = count as f64 / seconds;
    if dispersion < REGULAR_BELOW {
        return (evenly(count, duration), format!("periodic: index of dispersion {dispersion:.2}"));
    }
    if dispersion > BURSTY_ABOVE
        && let Some(bursts) = bursts(flow, rate, seconds)
    {
        return (bursts, format!("bursts: index of dispersion {dispersion:.2}"));
    }
    let profile = profile.map(Profile::Daily);
    let why = format!("poisson: index of dispersion {dispersion:.2}");
    (Arrivals::Poisson(PoissonArrivals { rate: Rate::per_s(rate), profile }), why)
}

/// Factors of the hours, counted from the log's first. Their mean over the log is 1.
fn daily(flow: &Flow, seconds: f64) -> Vec<f64> {
    let mean = flow.count as f64 / seconds;
    let covered = |hour: usize| {
        let (days, rest) = ((seconds / 86_400.0).floor(), seconds % 86_400.0);
        days * 3_600.0 + (rest - hour as f64 * 3_600.0).clamp(0.0, 3_600.0)
    };
    flow.hours.iter().enumerate().map(|(h, &n)| n as f64 / covered(h) / mean).collect()
}

/// Mean of (count - expected)² / expected over the bins, where something is expected.
fn dispersion(flow: &Flow, profile: Option<&[f64]>, seconds: f64) -> f64 {
    let width = seconds / BINS as f64;
    let mean = flow.count as f64 / BINS as f64;
    let mut terms = Vec::new();
    for (bin, &count) in flow.bins.iter().enumerate() {
        let hour = ((bin as f64 + 0.5) * width / 3_600.0) as usize % 24;
        let expected = mean * profile.map_or(1.0, |factors| factors[hour]);
        if expected > 0.0 {
            terms.push((count as f64 - expected).powi(2) / expected);
        }
    }
    terms.iter().sum::<f64>() / (terms.len().max(2) - 1) as f64
}

/// On and off times as the mean lengths of runs of bins with and without arrivals.
fn bursts(flow: &Flow, rate: f64, seconds: f64) -> Option<Arrivals> {
    let busy = flow.bins.iter().filter(|count| **count > 0).count() as f64;
    let begun = flow.bins.windows(2).filter(|pair| pair[0] == 0 && pair[1] > 0).count();
    let runs = (begun + usize::from(flow.bins[0] > 0)) as f64;
    let idle = BINS as f64 - busy;
    if idle < 1.0 {
        return None;
    }
    let width = seconds / BINS as f64;
    let length = |bins: f64| SimDuration::from_secs_f64((bins / runs * width).max(1.0));
    let rate = Rate::per_s(rate * BINS as f64 / busy);
    Some(Arrivals::Bursts(BurstArrivals { rate, on: length(busy), off: length(idle) }))
}

/// Steps in which ages are told.
const STEPS: u64 = 20;

/// The ages' law: quantiles, each with its share, even between them.
pub(super) fn ages(flow: &Flow) -> AgeLaw {
    let all: u64 = flow.ages.values().sum();
    let ms = |ms: u64| SimDuration::from_nanos(ms as i64 * 1_000_000);
    let (first, last) = (flow.ages.keys().next(), flow.ages.keys().next_back());
    if let (Some(first), Some(last)) = (first, last)
        && first == last
    {
        return AgeLaw::Fixed(ms(*first));
    }
    let (mut steps, mut weight, mut floor) = (Vec::new(), 0, true);
    for (&age, &count) in &flow.ages {
        weight += count;
        let is_last = Some(&age) == last;
        // Below the youngest there is nothing.
        if floor && age > 1 {
            steps.push(AgeStep { to: ms(age - 1), weight: 0.0 });
        }
        if weight * STEPS >= all || is_last || floor {
            let to = ms(age.max(1));
            match steps.last_mut() {
                Some(AgeStep { to: before, weight: so_far }) if *before >= to => {
                    *so_far += weight as f64;
                }
                _ => steps.push(AgeStep { to, weight: weight as f64 }),
            }
            weight = 0;
        }
        floor = false;
    }
    AgeLaw::Steps(steps)
}
