//! The limit that an adaptive client puts on what it sends: CUBIC, with the constants of AWS's SDKs
//! (`botocore/retries/adaptive.py`, `throttling.py`, `bucket.py`).

use super::STEPS;

/// What the limit falls to when a client is throttled.
const BETA: f64 = 0.7;
/// How steeply it grows.
const SCALE: f64 = 0.4;
/// Least limit, in attempts a second.
const LEAST: f64 = 0.5;
/// The limit is at most so many times the measured rate.
const OF_MEASURED: f64 = 2.0;
/// Weight of the newest measurement.
const SMOOTHING: f64 = 0.8;
/// Steps of a measurement: half a second.
const MEASURED_STEPS: usize = STEPS / 2;
/// Most times that a client lowers its limit in a step.
const CUTS: u32 = 50;

/// The limit of clients that are alike.
pub(super) struct Limiter {
    clients: f64,
    /// Attempts a second of each, once it has been throttled.
    limit: Option<f64>,
    /// Measured attempts a second of each.
    measured: f64,
    /// Attempts of each since the last measurement.
    attempts: f64,
    /// The limit to come back to, when it was left, and how long the way back takes.
    top: f64,
    left_s: f64,
    way_s: f64,
    /// Throttled answers of each that have not yet lowered the limit: less than one.
    throttled: f64,
}

impl Limiter {
    pub(super) const fn new(clients: f64) -> Self {
        Self {
            clients,
            limit: None,
            measured: 0.0,
            attempts: 0.0,
            top: 0.0,
            left_s: 0.0,
            way_s: 0.0,
            throttled: 0.0,
        }
    }

    pub(super) const fn is_on(&self) -> bool {
        self.limit.is_some()
    }

    /// Attempts that all clients may send in a step.
    pub(super) fn per_step(&self) -> f64 {
        self.limit.map_or(f64::INFINITY, |limit| limit * self.clients / STEPS as f64)
    }

    /// A second before the first throttled answer.
    pub(super) fn pass(&mut self, calls: f64) {
        for _ in 0..STEPS / MEASURED_STEPS {
            self.measure(calls / self.clients);
        }
        self.attempts = 0.0;
    }

    fn measure(&mut self, rate: f64) {
        self.measured = SMOOTHING * rate + (1.0 - SMOOTHING) * self.measured;
    }

    /// Follows a step's answers.
    pub(super) fn answered(&mut self, at: usize, answered: f64, throttled: f64) {
        let now_s = (at + 1) as f64 / STEPS as f64;
        self.attempts += (answered + throttled) / self.clients;
        if (at + 1).is_multiple_of(MEASURED_STEPS) {
            self.measure(self.attempts * STEPS as f64 / MEASURED_STEPS as f64);
            self.attempts = 0.0;
        }
        self.throttled += throttled / self.clients;
        let cuts = (self.throttled as u32).min(CUTS);
        for _ in 0..cuts {
            self.cut(now_s);
        }
        self.throttled = self.throttled.fract();
        if cuts == 0 && self.limit.is_some() && answered > 0.0 {
            let since = now_s - self.left_s - self.way_s;
            self.set(SCALE * since * since * since + self.top);
        }
    }

    fn cut(&mut self, now_s: f64) {
        self.top = self.limit.map_or(self.measured, |limit| limit.min(self.measured));
        self.left_s = now_s;
        self.way_s = libm::cbrt(self.top * (1.0 - BETA) / SCALE);
        self.set(BETA * self.top);
    }

    fn set(&mut self, limit: f64) {
        self.limit = Some(limit.min(OF_MEASURED * self.measured).max(LEAST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the formula: 0.7 of the rate at once, all of it again after the cube root of 0.75 of it.
    #[test]
    fn the_limit_falls_and_comes_back_by_the_formula() {
        let mut limiter = Limiter::new(2.0);
        for _ in 0..10 {
            limiter.pass(200.0);
        }
        assert!(!limiter.is_on() && limiter.per_step().is_infinite());
        assert!((limiter.measured - 100.0).abs() < 1e-3);
        limiter.answered(97, 18.0, 2.0);
        assert!((limiter.per_step() - 2.0 * 70.0 / 10.0).abs() < 1e-3, "{}", limiter.per_step());
        let steps = (libm::cbrt(75.0) * 10.0).round() as usize;
        for step in 1..=steps {
            limiter.answered(97 + step, 20.0, 0.0);
        }
        assert!((limiter.per_step() - 20.0).abs() < 0.01, "{}", limiter.per_step());
    }

    #[test]
    fn the_limit_never_falls_to_nothing() {
        let mut limiter = Limiter::new(1.0);
        limiter.pass(100.0);
        for at in 10..200 {
            limiter.answered(at, 0.0, 30.0);
        }
        assert!((limiter.per_step() - 0.05).abs() < 1e-12);
    }
}
