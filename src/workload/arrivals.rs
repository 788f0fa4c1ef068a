//! When actions happen: arrival processes.

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::growth::MonthlyFactors;
use crate::error::{Error, Result};
use crate::rng::{Exponential, Stream, exponential};
use crate::units::{Rate, SimDuration, SimTime};

/// Most actions a second of one workload: with many more, gaps would round to no time.
const MAX_PER_S: f64 = 1e9;

/// The arrival process of a workload's actions, all its session slots together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Independent arrivals (Poisson process), whose rate may follow a profile.
    Poisson(PoissonArrivals),
    /// Evenly spaced arrivals.
    Periodic(PeriodicArrivals),
    /// Independent bursts: each session slot is on and off for exponential times.
    Bursts(BurstArrivals),
}

/// Parameters of a Poisson process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoissonArrivals {
    /// Mean number of actions per unit of time, where the profile is 1.
    pub rate: Rate,
    /// How the rate changes with the hour or the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// How it changes from month to month: the workload's growth.
    #[serde(skip)]
    pub growth: Option<MonthlyFactors>,
}

impl PoissonArrivals {
    /// By how much the rate is multiplied at a time.
    fn factor_at(&self, time: SimTime) -> f64 {
        let profile = self.profile.as_ref().map_or(1.0, |profile| profile.factor_at(time));
        profile * self.growth.as_ref().map_or(1.0, |growth| growth.at(time))
    }

    fn greatest_factor(&self) -> f64 {
        let profile = self.profile.as_ref().map_or(1.0, Profile::greatest);
        profile * self.growth.as_ref().map_or(1.0, MonthlyFactors::greatest)
    }

    /// Mean number of actions in `duration` if it did not grow.
    fn mean_without_growth(&self, duration: SimDuration) -> f64 {
        let seconds = match &self.profile {
            Some(profile) => profile.factor_seconds(duration),
            None => duration.as_secs_f64(),
        };
        self.rate.as_per_s() * seconds
    }
}

/// Parameters of evenly spaced arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodicArrivals {
    /// Number of actions per unit of time.
    pub rate: Rate,
    /// Time of the first one.
    #[serde(default)]
    pub offset: SimDuration,
}

/// Parameters of on–off bursts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BurstArrivals {
    /// Mean number of actions per unit of time while every session slot is on.
    pub rate: Rate,
    /// Mean length of a burst.
    pub on: SimDuration,
    /// Mean pause between bursts.
    pub off: SimDuration,
}

/// Factors by which a rate is multiplied, in turn; the run starts at midnight on a Monday.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Twenty-four factors, one for each hour of the day.
    Daily(Vec<f64>),
    /// Seven factors, one for each day of the week, Monday first.
    Weekly(Vec<f64>),
}

impl Profile {
    /// The factors and how long each holds.
    pub(super) fn parts(&self) -> (&[f64], SimDuration) {
        match self {
            Self::Daily(factors) => (factors, SimDuration::from_secs(3_600)),
            Self::Weekly(factors) => (factors, SimDuration::from_secs(86_400)),
        }
    }

    fn factor_at(&self, time: SimTime) -> f64 {
        let (factors, step) = self.parts();
        let part = time.as_nanos().div_euclid(step.as_nanos());
        factors[part.rem_euclid(factors.len() as i64) as usize]
    }

    /// The integral of the factor over `duration` from the start of the run, in seconds.
    fn factor_seconds(&self, duration: SimDuration) -> f64 {
        let (factors, step) = self.parts();
        let whole = duration.as_nanos() / step.as_nanos();
        let rest = SimDuration::from_nanos(duration.as_nanos() % step.as_nanos()).as_secs_f64();
        let of_whole = factors.iter().cycle().take(whole as usize).sum::<f64>();
        of_whole * step.as_secs_f64() + factors[whole as usize % factors.len()] * rest
    }

    fn greatest(&self) -> f64 {
        self.parts().0.iter().copied().fold(0.0, f64::max)
    }

    fn mean(&self) -> f64 {
        let (factors, _) = self.parts();
        factors.iter().sum::<f64>() / factors.len() as f64
    }

    fn check(&self) -> Result<()> {
        let (name, expected) = match self {
            Self::Daily(_) => ("daily", 24),
            Self::Weekly(_) => ("weekly", 7),
        };
        let (factors, _) = self.parts();
        if factors.len() != expected {
            return Err(Error::request(format!(
                "`{name}` has {} factors, but must have {expected}",
                factors.len()
            )));
        }
        if let Some(bad) = factors.iter().find(|f| !f.is_finite() || **f < 0.0) {
            return Err(Error::request(format!(
                "`{name}` has the factor `{bad}`, but a factor must be zero or more"
            )));
        }
        if self.greatest() <= 0.0 {
            return Err(Error::request(format!("`{name}` is all zero, but a factor must be more")));
        }
        Ok(())
    }
}

impl PeriodicArrivals {
    /// How many turns of `slots` arrivals before the one at the offset to begin with, so that nothing
    /// from `since` on is missed: zero or less. Without a past arrivals begin at the offset.
    fn turns_before_offset(&self, since: SimTime, slots: i64) -> i64 {
        if since >= SimTime::ZERO {
            return 0;
        }
        let before_s = SimTime::from(self.offset).since(since).as_secs_f64();
        -((before_s * self.rate.as_per_s() / slots as f64).ceil() as i64 + 1)
    }
}

impl Arrivals {
    /// The mean number of actions per unit of time.
    pub(crate) fn rate_mut(&mut self) -> &mut Rate {
        match self {
            Self::Poisson(PoissonArrivals { rate, .. })
            | Self::Periodic(PeriodicArrivals { rate, .. })
            | Self::Bursts(BurstArrivals { rate, .. }) => rate,
        }
    }

    /// Refuses parameters that make no process.
    ///
    /// # Errors
    /// Names the parameter and what it must keep to.
    pub fn check(&self) -> Result<()> {
        let rate = match self {
            Self::Poisson(law) => law.rate,
            Self::Periodic(law) => law.rate,
            Self::Bursts(law) => law.rate,
        };
        if rate.as_per_s() > MAX_PER_S {
            return Err(Error::request(format!(
                "`rate` is `{rate}`, but a workload makes at most {MAX_PER_S} actions a second"
            ))
            .hint("time is in whole nanoseconds; split the workload"));
        }
        match self {
            Self::Poisson(PoissonArrivals { profile: Some(profile), .. }) => profile.check(),
            Self::Bursts(bursts) if bursts.on < SimDuration::from_secs(1) => Err(Error::request(
                format!("`on` is `{}`, but a burst must last a second at least", bursts.on),
            )),
            Self::Poisson(_) | Self::Periodic(_) | Self::Bursts(_) => Ok(()),
        }
    }

    /// Mean number of actions in `duration` from the start of the run.
    #[must_use]
    pub fn mean_in(&self, duration: SimDuration) -> f64 {
        match self {
            Self::Poisson(law) => match &law.growth {
                Some(growth) => growth.weigh(duration, |until| law.mean_without_growth(until)),
                None => law.mean_without_growth(duration),
            },
            _ => self.mean_per_s() * duration.as_secs_f64(),
        }
    }

    /// The greatest mean number of actions a second at any time.
    #[must_use]
    pub fn greatest_per_s(&self) -> f64 {
        match self {
            Self::Poisson(law) => law.rate.as_per_s() * law.greatest_factor(),
            Self::Periodic(law) => law.rate.as_per_s(),
            Self::Bursts(law) => law.rate.as_per_s(),
        }
    }

    /// Time after which the rate begins anew, if it follows a profile.
    #[must_use]
    pub fn cycle(&self) -> Option<SimDuration> {
        match self {
            Self::Poisson(PoissonArrivals { profile: Some(profile), growth: None, .. }) => {
                let (factors, step) = profile.parts();
                Some(step.saturating_mul(factors.len() as i64))
            }
            _ => None,
        }
    }

    /// Long-run mean number of actions a second.
    #[must_use]
    pub fn mean_per_s(&self) -> f64 {
        match self {
            Self::Poisson(law) => {
                law.rate.as_per_s() * law.profile.as_ref().map_or(1.0, Profile::mean)
            }
            Self::Periodic(law) => law.rate.as_per_s(),
            Self::Bursts(law) => {
                let (on, off) = (law.on.as_secs_f64(), law.off.as_secs_f64());
                law.rate.as_per_s() * on / (on + off)
            }
        }
    }
}

/// The arrivals of one session slot, one after the other.
#[derive(Clone, Debug)]
pub struct ArrivalClock<'a> {
    next: SimTime,
    state: ClockState<'a>,
}

#[derive(Clone, Debug)]
enum ClockState<'a> {
    Poisson {
        gaps: Exponential,
    },
    /// Poisson at the greatest factor of the profile and the growth, thinned.
    Profiled {
        gaps: Exponential,
        law: &'a PoissonArrivals,
        greatest: f64,
    },
    Periodic {
        /// Number of the slot's next arrival within the whole workload; negative before the offset.
        number: i64,
        slots: i64,
        offset: SimDuration,
        /// Spacing of the whole workload's arrivals.
        gap_s: f64,
    },
    Bursts {
        gaps: Exponential,
        on_s: f64,
        off_s: f64,
        burst_ends: SimTime,
    },
}

/// The gaps between the arrivals of one of `slots`, which have a share of so many arrivals a second.
fn gaps(per_s: f64, share: f64, slots: u32) -> Exponential {
    Exponential::of_mean_ns(f64::from(slots) / (per_s * share) * 1e9)
}

impl<'a> ArrivalClock<'a> {
    /// The clock of a slot (its number, and of how many), which share the workload's rate evenly, for
    /// a `share` of its actions: each of them belongs to the share by a chance of its own. It starts
    /// at `since`, at the start of the run or before.
    ///
    /// # Panics
    /// If evenly spaced arrivals are to be shared out by chance: they would no longer be evenly spaced.
    #[must_use]
    pub fn new(
        arrivals: &'a Arrivals,
        (number, slots): (u32, u32),
        share: f64,
        since: SimTime,
        rng: &mut Stream,
    ) -> Self {
        let state = match arrivals {
            Arrivals::Poisson(PoissonArrivals { rate, profile: None, growth: None }) => {
                ClockState::Poisson { gaps: gaps(rate.as_per_s(), share, slots) }
            }
            Arrivals::Poisson(law) => {
                let greatest = law.greatest_factor();
                let gaps = gaps(law.rate.as_per_s() * greatest, share, slots);
                ClockState::Profiled { gaps, law, greatest }
            }
            Arrivals::Periodic(law) => {
                assert!(share >= 1.0);
                let spacing_s = 1.0 / law.rate.as_per_s();
                let (number, slots) = (i64::from(number), i64::from(slots));
                let number = number + slots * law.turns_before_offset(since, slots);
                ClockState::Periodic { number, slots, offset: law.offset, gap_s: spacing_s }
            }
            Arrivals::Bursts(law) => {
                let (on_s, off_s) = (law.on.as_secs_f64(), law.off.as_secs_f64());
                let starts_on = rng.random::<f64>() < on_s / (on_s + off_s);
                let burst_ends = if starts_on { since + exponential(on_s, rng) } else { since };
                let gaps = gaps(law.rate.as_per_s(), share, slots);
                ClockState::Bursts { gaps, on_s, off_s, burst_ends }
            }
        };
        let mut clock = Self { next: SimTime::ZERO, state };
        clock.next = clock.after(since, rng);
        while clock.next < since {
            clock.next = clock.after(clock.next, rng);
        }
        clock
    }

    /// The next arrival; never stops, so callers stop at their horizon.
    pub fn next(&mut self, rng: &mut Stream) -> SimTime {
        let now = self.next;
        self.next = self.after(now, rng);
        now
    }

    /// Appends the next arrivals before `until`.
    pub fn fill_until(&mut self, times: &mut Vec<SimTime>, until: SimTime, rng: &mut Stream) {
        while self.next < until {
            times.push(self.next(rng));
        }
    }

    /// Appends the next arrivals before `until`, at most `count`. None only if there is none.
    pub fn fill(
        &mut self,
        times: &mut Vec<SimTime>,
        count: usize,
        until: SimTime,
        rng: &mut Stream,
    ) {
        let first = times.len();
        match self.state {
            ClockState::Poisson { gaps } if self.cannot_overflow(count, &gaps) => {
                // The same without the choice between kinds of clocks; what is too late is drawn in vain.
                let count = count.min(self.rather_many_before(until, &gaps));
                let mut next = self.next.as_nanos();
                times.resize(first + count, self.next);
                gaps.for_each(times[first..].iter_mut(), rng, |time, gap| {
                    *time = SimTime::from_nanos(next);
                    next += gap;
                });
                self.next = SimTime::from_nanos(next);
                times.truncate(first + times[first..].partition_point(|&time| time < until));
            }
            _ => {
                while times.len() < first + count && self.next < until {
                    times.push(self.next(rng));
                }
            }
        }
    }

    /// More arrivals than most likely come before `until`; none if none does. A source of many that hardly
    /// ever asks draws few.
    fn rather_many_before(&self, until: SimTime, gaps: &Exponential) -> usize {
        if self.next >= until {
            return 0;
        }
        let expected = until.since(self.next).as_nanos() as f64 / gaps.mean_ns().max(1.0);
        (expected * 1.125) as usize + 8
    }

    /// Whether `count` gaps, be they as long as can be, still lead to a time that there is.
    fn cannot_overflow(&self, count: usize, gaps: &Exponential) -> bool {
        let all = gaps.longest().checked_mul(count as i64);
        all.and_then(|all| all.checked_add(self.next.as_nanos())).is_some()
    }

    /// The arrival that follows one at `now`.
    fn after(&mut self, mut now: SimTime, rng: &mut Stream) -> SimTime {
        match &mut self.state {
            ClockState::Poisson { gaps } => now + gap(gaps, rng),
            ClockState::Profiled { gaps, law, greatest } => loop {
                now = now + gap(gaps, rng);
                // Thinning (Lewis and Shedler, 1979): draw at the greatest rate, keep a share.
                if now == SimTime::MAX || rng.random::<f64>() * *greatest < law.factor_at(now) {
                    return now;
                }
            },
            ClockState::Periodic { number, slots, offset, gap_s } => {
                let at = SimDuration::from_secs_f64(number.unsigned_abs() as f64 * *gap_s);
                let offset = SimTime::from(*offset);
                let time = if *number < 0 { offset - at } else { offset + at };
                *number += *slots;
                time
            }
            ClockState::Bursts { gaps, on_s, off_s, burst_ends } => loop {
                // Within a burst gaps are memoryless, so one cut off by its end is drawn anew.
                let next = now + gap(gaps, rng);
                if next < *burst_ends || next == SimTime::MAX {
                    return next;
                }
                now = (*burst_ends).max(now) + exponential(*off_s, rng);
                *burst_ends = now + exponential(*on_s, rng);
            },
        }
    }
}

#[inline]
fn gap(gaps: &Exponential, rng: &mut Stream) -> SimDuration {
    SimDuration::from_nanos(gaps.draw(rng))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Seed};

    fn count(arrivals: &Arrivals, slots: u32, seconds: i64) -> usize {
        arrivals.check().unwrap();
        let end = SimTime::from(SimDuration::from_secs(seconds));
        (0..slots)
            .map(|slot| {
                let mut rng = Seed(5).stream(0, Purpose::Requests, (0, slot));
                let mut clock =
                    ArrivalClock::new(arrivals, (slot, slots), 1.0, SimTime::ZERO, &mut rng);
                std::iter::from_fn(|| Some(clock.next(&mut rng))).take_while(|t| *t < end).count()
            })
            .sum()
    }

    /// Within five standard deviations of the closed-form mean.
    fn assert_near(count: usize, mean: f64, variance: f64) {
        let off = (count as f64 - mean).abs();
        assert!(off < 5.0 * variance.sqrt(), "{count} arrivals, expected {mean}");
    }

    #[test]
    fn poisson_arrivals_have_their_rate_however_many_slots_share_them() {
        let law = Arrivals::Poisson(PoissonArrivals {
            rate: Rate::per_s(50.0),
            profile: None,
            growth: None,
        });
        for slots in [1, 7] {
            assert_near(count(&law, slots, 1_000), 50_000.0, 50_000.0);
        }
    }

    /// In batches come the times that come one at a time, up to the end, whether a batch holds far more or far less.
    #[test]
    fn batches_have_the_times_that_come_one_by_one() {
        let end = SimTime::from(SimDuration::from_secs(86_400));
        for per_day in [0.1, 3.0, 20_000.0] {
            let rate = Rate::per_s(per_day / 86_400.0);
            let law = Arrivals::Poisson(PoissonArrivals { rate, profile: None, growth: None });
            for slot in 0..20 {
                let mut rng = Seed(5).stream(0, Purpose::Requests, (0, slot));
                let clock = ArrivalClock::new(&law, (slot, 20), 1.0, SimTime::ZERO, &mut rng);
                let (mut batches, mut of_batches) = (clock.clone(), rng.clone());
                let (mut clock, mut times) = (clock, Vec::new());
                clock.fill_until(&mut times, end, &mut rng);
                let mut found = Vec::new();
                let mut known = None;
                while known != Some(found.len()) {
                    known = Some(found.len());
                    batches.fill(&mut found, 256, end, &mut of_batches);
                }
                assert_eq!(found, times, "{per_day}");
            }
        }
    }

    #[test]
    fn profiled_arrivals_have_the_mean_of_the_profile() {
        let mut factors = vec![0.0; 24];
        factors[9] = 3.0;
        let law = Arrivals::Poisson(PoissonArrivals {
            rate: Rate::per_s(2.0),
            profile: Some(Profile::Daily(factors)),
            growth: None,
        });
        assert!((law.mean_per_s() - 0.25).abs() < 1e-12);
        assert_near(count(&law, 3, 86_400), 21_600.0, 21_600.0);
        let half_past_nine = SimDuration::from_secs(34_200);
        assert!((law.mean_in(half_past_nine) - 10_800.0).abs() < 1e-6);
        assert_eq!(count(&law, 3, 9 * 3_600), 0);
    }

    #[test]
    fn periodic_arrivals_are_exact() {
        let law = Arrivals::Periodic(PeriodicArrivals {
            rate: "1000000/d".parse().unwrap(),
            offset: SimDuration::ZERO,
        });
        for slots in [1, 3] {
            assert_eq!(count(&law, slots, 86_400), 1_000_000);
        }
    }

    /// Counts of an on–off process have, over a long time t, a variance of
    /// λ·p·t + 2 λ² (on·off)² / (on+off)³ · t (renewal–reward theory), p = on/(on+off).
    #[test]
    fn bursts_have_their_mean() {
        let (on, off) = (30.0, 90.0);
        let law = Arrivals::Bursts(BurstArrivals {
            rate: Rate::per_s(8.0),
            on: SimDuration::from_secs(30),
            off: SimDuration::from_secs(90),
        });
        let t = 500_000.0;
        let cycle: f64 = on + off;
        let variance = 2.0 * t + 2.0 * 64.0 * (on * off).powi(2) / cycle.powi(3) * t;
        assert_near(count(&law, 1, 500_000), 2.0 * t, variance);
    }

    #[test]
    fn profiles_that_are_none_are_refused() {
        for profile in [
            Profile::Daily(vec![1.0; 23]),
            Profile::Weekly(vec![0.0; 7]),
            Profile::Weekly(vec![f64::NAN; 7]),
        ] {
            assert!(profile.check().is_err());
        }
    }
}
