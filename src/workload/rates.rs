//! How often a Poisson process has arrivals, as a function of time.

use super::arrivals::PoissonArrivals;
use super::growth::MonthlyFactors;
use crate::units::{SimDuration, SimTime};

/// A rate that is constant for one step of time after another, and begins anew after the last.
#[derive(Clone, Debug, PartialEq)]
pub struct RateCurve {
    /// Arrivals per nanosecond, step by step.
    per_ns: Vec<f64>,
    greatest: f64,
    /// Length of a step.
    step: SimDuration,
    /// By how much each month's rates are multiplied.
    growth: Option<MonthlyFactors>,
}

impl RateCurve {
    /// The rate of Poisson arrivals.
    #[must_use]
    pub fn of(PoissonArrivals { rate, profile, growth }: &PoissonArrivals) -> Self {
        let per_ns = rate.as_per_s() / 1e9;
        let growth = growth.clone();
        match profile {
            None => Self::new(vec![per_ns], SimDuration::MAX, growth),
            Some(profile) => {
                let (factors, step) = profile.parts();
                Self::new(factors.iter().map(|factor| factor * per_ns).collect(), step, growth)
            }
        }
    }

    fn new(per_ns: Vec<f64>, step: SimDuration, growth: Option<MonthlyFactors>) -> Self {
        let greatest = per_ns.iter().copied().fold(0.0, f64::max)
            * growth.as_ref().map_or(1.0, MonthlyFactors::greatest);
        Self { per_ns, greatest, step, growth }
    }

    /// A share of this rate.
    #[must_use]
    pub fn times(&self, share: f64) -> Self {
        let per_ns = self.per_ns.iter().map(|rate| rate * share).collect();
        Self::new(per_ns, self.step, self.growth.clone())
    }

    /// The greatest rate, in arrivals per nanosecond.
    #[must_use]
    pub fn greatest(&self) -> f64 {
        self.greatest
    }

    /// How long the rate stays as it is, apart from growth, at a time.
    #[must_use]
    pub fn step(&self) -> SimDuration {
        self.step
    }

    /// The rate at `time`, in arrivals per nanosecond, and until when it stays so.
    #[inline]
    #[must_use]
    pub fn at(&self, time: SimTime) -> (f64, SimTime) {
        let (rate, until) = self.without_growth(time);
        match &self.growth {
            None => (rate, until),
            Some(growth) => (rate * growth.at(time), until.min(growth.until(time))),
        }
    }

    #[inline]
    fn without_growth(&self, time: SimTime) -> (f64, SimTime) {
        if let [only] = self.per_ns.as_slice() {
            return (*only, SimTime::MAX);
        }
        let number = time.as_nanos() / self.step.as_nanos();
        let rate = self.per_ns[number as usize % self.per_ns.len()];
        (rate, SimTime::from(self.step.saturating_mul(number + 1)))
    }

    /// The mean number of arrivals between two times.
    #[must_use]
    pub fn mean_between(&self, from: SimTime, until: SimTime) -> f64 {
        let (mut mean, mut now) = (0.0, from);
        while now < until {
            let (rate, steady_until) = self.at(now);
            let next = steady_until.min(until);
            mean += rate * next.since(now).as_nanos() as f64;
            now = next;
        }
        mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Rate;
    use crate::workload::arrivals::{Arrivals, Profile};
    use crate::workload::growth::Growth;

    fn at(seconds: f64) -> SimTime {
        SimTime::from(SimDuration::from_secs_f64(seconds))
    }

    #[test]
    fn means_are_those_of_the_arrivals() {
        let profile = Profile::Daily((0..24).map(f64::from).collect());
        let month_s = 30.0 * 86_400.0;
        let growth = || {
            let duration = SimDuration::from_secs_f64(3.0 * month_s);
            MonthlyFactors::of(Growth::PerMonth(1.5), duration, (0.0, 0.0))
        };
        for (profile, growth) in [
            (None, None),
            (Some(profile.clone()), None),
            (None, Some(growth())),
            (Some(profile), Some(growth())),
        ] {
            let poisson = PoissonArrivals { rate: Rate::per_s(2.0), profile, growth };
            let curve = RateCurve::of(&poisson);
            let law = Arrivals::Poisson(poisson);
            for hours in [0.5, 1.0, 23.75, 24.0, 100.25, 1_000.5, 2_100.0] {
                let mean = curve.mean_between(SimTime::ZERO, at(hours * 3_600.0));
                let expected = law.mean_in(SimDuration::from_secs_f64(hours * 3_600.0));
                assert!((mean - expected).abs() < 1e-9 * expected.max(1.0), "{mean}, {expected}");
            }
            let halves = curve.mean_between(at(10.0), at(50_000.0))
                + curve.mean_between(at(50_000.0), at(90_000.0));
            let whole = curve.mean_between(at(10.0), at(90_000.0));
            assert!((halves - whole).abs() < 1e-9 * whole);
        }
    }
}
