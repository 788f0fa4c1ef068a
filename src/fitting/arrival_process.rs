//! Which arrival process a flow's times are like, and which law its ages.

use super::active_periods::{ActivePeriod, RecurringPeriods};
use super::request_groups::{BINS, RequestFlow};
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

/// When the actions of a workload come.
pub(super) enum ActionTimes {
    /// Throughout the run.
    Arrivals(Arrivals),
    /// In jobs, of which each does something to as many objects.
    Jobs { every: Option<SimDuration>, offset: SimDuration, objects: u64, rate: Rate },
}

/// A log's times, as far as they matter here.
#[derive(Clone, Copy)]
pub(super) struct LogTimes {
    /// Length of the run.
    pub(super) duration: SimDuration,
    /// Whether all of it is counted: then it may not matter when what comes.
    pub(super) all_counted: bool,
}

/// Evenly spaced arrivals of which exactly `count` fall into the run.
fn evenly(count: u64, duration: SimDuration) -> ActionTimes {
    let seconds = duration.as_secs_f64();
    ActionTimes::Arrivals(Arrivals::Periodic(PeriodicArrivals {
        rate: Rate::per_s(count as f64 / seconds),
        offset: SimDuration::from_secs_f64(seconds / count as f64 / 2.0),
    }))
}

/// The process of `count` arrivals like the flow's, of so many sessions, and why it is that.
pub(super) fn when(
    flow: &RequestFlow,
    count: u64,
    sessions: u64,
    times: LogTimes,
) -> (ActionTimes, String) {
    let duration = times.duration;
    let seconds = duration.as_secs_f64();
    if seconds < SHORT_S && times.all_counted {
        return (evenly(count, duration), "periodic, as in a short log only numbers count".into());
    }
    if let Some(periods) = flow.periods.recurring(duration)
        && let Some((job, why)) = recurring(periods, count)
    {
        return (job, why);
    }
    if let Some(period) = flow.periods.once(duration) {
        return (once(period, count, sessions, duration), "all in one part of the log".into());
    }
    if flow.count < FEW {
        return (evenly(count, duration), "periodic, as they are few".into());
    }
    let profile = (seconds >= PROFILED_S).then(|| daily(flow, seconds));
    let dispersion = dispersion(flow, profile.as_deref(), seconds);
    let rate = count as f64 / seconds;
    let why = format!("index of dispersion {dispersion:.2}");
    if dispersion < REGULAR_BELOW {
        return (evenly(count, duration), format!("periodic: {why}"));
    }
    if dispersion > BURSTY_ABOVE
        && let Some(bursts) = bursts(flow, rate, seconds)
    {
        return (ActionTimes::Arrivals(bursts), format!("bursts: {why}"));
    }
    let profile = profile.map(Profile::Daily);
    let poisson = PoissonArrivals { rate: Rate::per_s(rate), profile, growth: None };
    (ActionTimes::Arrivals(Arrivals::Poisson(poisson)), format!("poisson: {why}"))
}

/// Objects a second, so that they take about as long as in the log.
fn job_rate(objects: u64, length_s: f64) -> Rate {
    Rate::per_s(objects as f64 / length_s.max(0.001))
}

/// One job. It ends within the run, but for chances below one in ten thousand: gaps are exponential, so
/// that the length of `n` has a standard deviation of `1/sqrt(n)` of its mean, and a longer tail than a
/// normal law for small `n`.
fn once(period: ActivePeriod, count: u64, sessions: u64, duration: SimDuration) -> ActionTimes {
    let left_s = (duration.as_nanos() - period.first) as f64 / 1e9;
    let long_s = (period.last - period.first) as f64 / 1e9;
    // Sessions work side by side, and each has to end.
    let each = (count as f64 / sessions as f64).max(1.0);
    let length_s = long_s.max(1.0).min(left_s / (1.0 + 4.0 / each.sqrt() + 8.0 / each));
    let offset = SimDuration::from_nanos(period.first);
    ActionTimes::Jobs { every: None, offset, objects: count, rate: job_rate(count, length_s) }
}

/// The same job again and again, or, if it is of one request, evenly spaced ones; none if as many in
/// each would not be the log's number to a hundredth.
fn recurring(periods: RecurringPeriods, count: u64) -> Option<(ActionTimes, String)> {
    // Of a log only the seconds are known; rounded, a long distance is one that people choose.
    const LONG_S: i64 = 600;
    const NS_PER_S: i64 = 1_000_000_000;
    let [every, offset] = [periods.every, periods.offset].map(|ns| {
        // Up, so that there is no more of them than in the log.
        let long = periods.every > (LONG_S - 1) * NS_PER_S;
        let ns = if long { (ns + NS_PER_S - 1) / NS_PER_S * NS_PER_S } else { ns };
        SimDuration::from_nanos(ns)
    });
    let objects = (count as f64 / periods.periods as f64).round() as u64;
    let every_s = every.as_secs_f64();
    let why = format!("{} times, one every {every_s:.0} s", periods.periods);
    let missed = (objects * periods.periods).abs_diff(count);
    match objects {
        _ if missed * 100 > count => None,
        1 => {
            let rate = Rate::per_s(1.0 / every_s);
            Some((
                ActionTimes::Arrivals(Arrivals::Periodic(PeriodicArrivals { rate, offset })),
                why,
            ))
        }
        _ => {
            let rate = job_rate(objects, (periods.length as f64 / 1e9).max(1.0));
            Some((ActionTimes::Jobs { every: Some(every), offset, objects, rate }, why))
        }
    }
}

/// Factors of the hours, counted from the log's first. Their mean over the log is 1.
fn daily(flow: &RequestFlow, seconds: f64) -> Vec<f64> {
    let mean = flow.count as f64 / seconds;
    let (days, rest) = ((seconds / 86_400.0).floor(), seconds % 86_400.0);
    let hours = flow.hours.iter().enumerate();
    let factors = hours.map(|(hour, &count)| {
        let covered = days * 3_600.0 + (rest - hour as f64 * 3_600.0).clamp(0.0, 3_600.0);
        count as f64 / covered / mean
    });
    factors.collect()
}

/// Mean of (count - expected)² / expected over the bins, where something is expected.
fn dispersion(flow: &RequestFlow, profile: Option<&[f64]>, seconds: f64) -> f64 {
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
fn bursts(flow: &RequestFlow, rate: f64, seconds: f64) -> Option<Arrivals> {
    let busy = flow.bins.iter().filter(|count| **count > 0).count() as f64;
    let begun = flow.bins.windows(2).filter(|pair| pair[0] == 0 && pair[1] > 0).count();
    let runs = (begun + usize::from(flow.bins[0] > 0)) as f64;
    let idle = BINS as f64 - busy;
    if idle < 1.0 {
        return None;
    }
    let width = seconds / BINS as f64;
    let [on, off] =
        [busy, idle].map(|bins| SimDuration::from_secs_f64((bins / runs * width).max(1.0)));
    let rate = Rate::per_s(rate * BINS as f64 / busy);
    Some(Arrivals::Bursts(BurstArrivals { rate, on, off }))
}

/// Whether most of what was read was written within the minute before.
pub(super) fn are_young(flow: &RequestFlow) -> bool {
    let young: u64 = flow.ages.range(..=60_000).map(|(_, count)| count).sum();
    2 * young > flow.count
}

/// Steps in which ages are told.
const STEPS: u64 = 20;

fn ms(ms: u64) -> SimDuration {
    SimDuration::from_nanos(ms as i64 * 1_000_000)
}

/// The ages' law: quantiles, each with its share, even between them.
pub(super) fn ages(flow: &RequestFlow) -> AgeLaw {
    let all: u64 = flow.ages.values().sum();
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
