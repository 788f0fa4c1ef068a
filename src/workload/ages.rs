//! How old objects are: laws with a distribution function and its inverse.

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statrs::function::erf;

use crate::error::{Error, Result};
use crate::rng::{Exponential, Stream};
use crate::units::SimDuration;

/// A law of ages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AgeLaw {
    /// Every object has the same age.
    Fixed(SimDuration),
    /// All ages between two are equally likely.
    Uniform(UniformAges),
    /// Exponential: most objects are young, the rate of forgetting is constant.
    Exponential(ExponentialAges),
    /// Lognormal: ages of very different orders of magnitude.
    Lognormal(LognormalAges),
    /// Weibull: shape below 1 has a longer tail than exponential, above 1 a shorter one.
    Weibull(WeibullAges),
    /// Shares of objects between bounds, even within each step.
    Steps(Vec<AgeStep>),
    /// A CSV file with the columns `to` and `weight`; becomes `steps` when the scenario is read.
    Histogram(String),
}

/// Bounds of a uniform law.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UniformAges {
    /// The youngest age.
    #[serde(default)]
    pub from: SimDuration,
    /// The oldest age.
    pub to: SimDuration,
}

/// Parameter of an exponential law.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExponentialAges {
    /// The mean age.
    pub mean: SimDuration,
}

/// Parameters of a lognormal law.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LognormalAges {
    /// The age that half the objects do not exceed.
    pub median: SimDuration,
    /// Standard deviation of the logarithm of the age.
    pub sigma: f64,
}

/// Parameters of a Weibull law.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeibullAges {
    /// The age that 63.2 % of the objects do not exceed.
    pub scale: SimDuration,
    /// The shape.
    pub shape: f64,
}

/// One step of a stepwise law.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgeStep {
    /// Its oldest age; its youngest is the oldest of the step before.
    pub to: SimDuration,
    /// Its number of objects, in any unit.
    pub weight: f64,
}

impl ExponentialAges {
    /// The law, to draw ages in nanoseconds from.
    #[must_use]
    pub fn ages(&self) -> Exponential {
        Exponential::of_mean_ns(self.mean.as_nanos() as f64)
    }
}

/// Refuses a parameter that is not greater than zero.
fn positive(name: &str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Error::request(format!("`{name}` is `{value}`, but must be greater than zero")))
}

impl AgeLaw {
    /// Refuses parameters that make no law.
    ///
    /// # Errors
    /// Names the parameter and what it must keep to.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Uniform(law) if law.from > law.to => Err(Error::request(format!(
                "ages go from `{}` to `{}`, but must not descend",
                law.from, law.to
            ))),
            Self::Fixed(_) | Self::Uniform(_) => Ok(()),
            Self::Exponential(law) => positive("mean", law.mean.as_secs_f64()),
            Self::Lognormal(law) => positive("median", law.median.as_secs_f64())
                .and_then(|()| positive("sigma", law.sigma)),
            Self::Weibull(law) => positive("scale", law.scale.as_secs_f64())
                .and_then(|()| positive("shape", law.shape)),
            Self::Steps(steps) => check_steps(steps),
            Self::Histogram(file) => Err(Error::request(format!(
                "the histogram `{file}` is not read here; give `steps`"
            ))),
        }
    }

    /// Share of the objects that are not older than `age`.
    #[must_use]
    pub fn cdf(&self, age: SimDuration) -> f64 {
        let x = age.as_secs_f64();
        match self {
            Self::Fixed(fixed) => f64::from(u8::from(age >= *fixed)),
            Self::Uniform(law) => {
                let (from, to) = (law.from.as_secs_f64(), law.to.as_secs_f64());
                if to <= from {
                    return f64::from(u8::from(age >= law.to));
                }
                ((x - from) / (to - from)).clamp(0.0, 1.0)
            }
            Self::Exponential(law) => -libm::expm1(-x / law.mean.as_secs_f64()),
            Self::Lognormal(law) => {
                let z = libm::log(x / law.median.as_secs_f64()) / law.sigma;
                0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
            }
            Self::Weibull(law) => -libm::expm1(-libm::pow(x / law.scale.as_secs_f64(), law.shape)),
            Self::Steps(steps) => steps_cdf(steps, x),
            Self::Histogram(_) => unreachable!("checked: histograms are steps by now"),
        }
    }

    /// An age beyond which no age is likelier than a lower one, and below which none is likelier than
    /// a higher one where the law has a single peak: its mode, or what comes nearest to one.
    #[must_use]
    pub fn mode(&self) -> SimDuration {
        match self {
            Self::Fixed(fixed) => *fixed,
            Self::Uniform(law) => law.from,
            Self::Exponential(_) => SimDuration::ZERO,
            Self::Lognormal(law) => {
                let mode_s = law.median.as_secs_f64() * libm::exp(-law.sigma * law.sigma);
                SimDuration::from_secs_f64(mode_s)
            }
            Self::Weibull(law) if law.shape <= 1.0 => SimDuration::ZERO,
            Self::Weibull(law) => {
                let peak = libm::pow((law.shape - 1.0) / law.shape, 1.0 / law.shape);
                SimDuration::from_secs_f64(law.scale.as_secs_f64() * peak)
            }
            Self::Steps(steps) => steps_mode(steps),
            Self::Histogram(_) => unreachable!("checked: histograms are steps by now"),
        }
    }

    /// Whether ages below the mode are never less likely the nearer to it they are.
    #[must_use]
    pub fn rises_to_mode(&self) -> bool {
        !matches!(self, Self::Steps(_))
    }

    /// Draws an age.
    pub fn sample(&self, rng: &mut Stream) -> SimDuration {
        match self {
            Self::Exponential(law) => SimDuration::from_nanos(law.ages().draw(rng)),
            _ => self.quantile(rng.random()),
        }
    }

    /// The age that a share `p` of the objects does not exceed; `p` = 1 gives the greatest age
    /// that a share of 1 − 2^−53 does not exceed.
    #[must_use]
    pub fn quantile(&self, p: f64) -> SimDuration {
        let p = p.clamp(0.0, 1.0 - f64::EPSILON / 2.0);
        let seconds = match self {
            Self::Fixed(fixed) => return *fixed,
            Self::Uniform(law) => {
                let (from, to) = (law.from.as_secs_f64(), law.to.as_secs_f64());
                from + (to - from) * p
            }
            Self::Exponential(law) => -law.mean.as_secs_f64() * libm::log1p(-p),
            Self::Lognormal(law) => {
                let z = -std::f64::consts::SQRT_2 * erf::erfc_inv(2.0 * p);
                law.median.as_secs_f64() * libm::exp(law.sigma * z)
            }
            Self::Weibull(law) => {
                law.scale.as_secs_f64() * libm::pow(-libm::log1p(-p), 1.0 / law.shape)
            }
            Self::Steps(steps) => steps_quantile(steps, p),
            Self::Histogram(_) => unreachable!("checked: histograms are steps by now"),
        };
        SimDuration::from_secs_f64(seconds)
    }
}

fn check_steps(steps: &[AgeStep]) -> Result<()> {
    let mut before = SimDuration::ZERO;
    for step in steps {
        if step.to <= before {
            return Err(Error::request(format!(
                "the step to `{}` follows one to `{before}`, but steps must ascend",
                step.to
            )));
        }
        if !step.weight.is_finite() || step.weight < 0.0 {
            return Err(Error::request(format!(
                "the step to `{}` has the weight `{}`, but a weight must be zero or more",
                step.to, step.weight
            )));
        }
        before = step.to;
    }
    let total = total_weight(steps);
    if !total.is_finite() || total > 0.0 && !total.is_normal() {
        return Err(Error::request(format!(
            "the weights add up to `{total}`, which a number cannot hold exactly enough"
        ))
        .hint("only their ratios count: give all of them in a greater or a smaller unit"));
    }
    if steps.len() > MAX_STEPS {
        return Err(Error::request(format!(
            "there are `{}` steps, but at most {MAX_STEPS} can be told apart",
            steps.len()
        ))
        .hint("put steps together"));
    }
    if steps.iter().all(|step| step.weight <= 0.0) {
        return Err(Error::request("the steps have no weight, but at least one must").hint(
            "give e.g., `steps = [{ to = \"1d\", weight = 3 }, { to = \"30d\", weight = 1 }]`",
        ));
    }
    Ok(())
}

/// Most steps of a law: one for each of 27 years' days.
const MAX_STEPS: usize = 10_000;

fn total_weight(steps: &[AgeStep]) -> f64 {
    steps.iter().map(|step| step.weight).sum()
}

/// Youngest age, oldest age and weight of each step, in seconds.
fn step_bounds(steps: &[AgeStep]) -> impl Iterator<Item = (f64, f64, f64)> {
    let from = std::iter::once(0.0).chain(steps.iter().map(|step| step.to.as_secs_f64()));
    from.zip(steps).map(|(from, step)| (from, step.to.as_secs_f64(), step.weight))
}

/// Where the last step begins that is denser than the one before.
fn steps_mode(steps: &[AgeStep]) -> SimDuration {
    let (mut before, mut mode) = (0.0, 0.0);
    for (from, to, weight) in step_bounds(steps) {
        let density = weight / (to - from);
        if density > before {
            mode = from;
        }
        before = density;
    }
    SimDuration::from_secs_f64(mode)
}

fn steps_cdf(steps: &[AgeStep], x: f64) -> f64 {
    let below: f64 = step_bounds(steps)
        .map(|(from, to, weight)| weight * ((x - from) / (to - from)).clamp(0.0, 1.0))
        .sum();
    (below / total_weight(steps)).min(1.0)
}

fn steps_quantile(steps: &[AgeStep], p: f64) -> f64 {
    let mut left = p * total_weight(steps);
    let mut oldest = 0.0;
    for (from, to, weight) in step_bounds(steps).filter(|(.., weight)| *weight > 0.0) {
        if left <= weight {
            return from + (to - from) * (left / weight);
        }
        left -= weight;
        oldest = to;
    }
    oldest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: f64) -> SimDuration {
        SimDuration::from_secs_f64(days * 86_400.0)
    }

    fn laws() -> Vec<AgeLaw> {
        vec![
            AgeLaw::Uniform(UniformAges { from: days(1.0), to: days(30.0) }),
            AgeLaw::Exponential(ExponentialAges { mean: days(10.0) }),
            AgeLaw::Lognormal(LognormalAges { median: days(3.0), sigma: 1.5 }),
            AgeLaw::Weibull(WeibullAges { scale: days(10.0), shape: 0.6 }),
            AgeLaw::Steps(vec![
                AgeStep { to: days(1.0), weight: 5.0 },
                AgeStep { to: days(2.0), weight: 0.0 },
                AgeStep { to: days(30.0), weight: 1.0 },
            ]),
        ]
    }

    #[test]
    fn quantile_inverts_the_distribution_function() {
        for law in laws() {
            law.check().unwrap();
            for p in [0.001, 0.1, 0.5, 0.9, 0.999_999] {
                let back = law.cdf(law.quantile(p));
                assert!((back - p).abs() < 1e-6, "{law:?} at {p}: {back}");
            }
            assert!(law.quantile(1.0) > law.quantile(0.5));
            assert!(law.cdf(SimDuration::MAX) > 1.0 - 1e-9, "{law:?}");
        }
    }

    /// Medians by hand: 15.5 d; 10 ln 2 d; 3 d; 10 (ln 2)^(1/0.6) d; half of 6 is 3 of 5 in day one.
    #[test]
    fn medians_are_those_of_the_closed_forms() {
        let expected = [15.5, 6.931_472, 3.0, 5.428_839, 0.6];
        for (law, expected) in laws().iter().zip(expected) {
            let median = law.quantile(0.5).as_secs_f64() / 86_400.0;
            assert!((median - expected).abs() < 1e-4, "{law:?}: {median} days");
        }
    }

    /// By differences of the distribution function.
    #[test]
    fn beyond_the_mode_no_age_is_likelier_than_a_lower_one() {
        let rising = AgeLaw::Weibull(WeibullAges { scale: days(10.0), shape: 2.5 });
        let humps = AgeLaw::Steps(vec![
            AgeStep { to: days(1.0), weight: 5.0 },
            AgeStep { to: days(2.0), weight: 1.0 },
            AgeStep { to: days(3.0), weight: 2.0 },
            AgeStep { to: days(9.0), weight: 1.0 },
        ]);
        for law in laws().into_iter().chain([rising, humps]) {
            let mode = law.mode().as_secs_f64() / 86_400.0;
            let mass = |day| law.cdf(days(day + 0.05)) - law.cdf(days(day));
            for step in 0..400 {
                let later = mode + 0.05 * f64::from(step);
                assert!(mass(later + 0.05) <= mass(later) + 1e-12, "{law:?} at {later}");
                let earlier = mode - 0.1 - 0.05 * f64::from(step);
                if law.rises_to_mode() && earlier >= 0.0 {
                    assert!(mass(earlier) <= mass(earlier + 0.05) + 1e-12, "{law:?} at {earlier}");
                }
            }
        }
    }

    #[test]
    fn laws_that_are_none_are_refused() {
        let bad = [
            AgeLaw::Uniform(UniformAges { from: days(2.0), to: days(1.0) }),
            AgeLaw::Exponential(ExponentialAges { mean: SimDuration::ZERO }),
            AgeLaw::Lognormal(LognormalAges { median: days(1.0), sigma: f64::NAN }),
            AgeLaw::Weibull(WeibullAges { scale: days(1.0), shape: -1.0 }),
            AgeLaw::Steps(vec![]),
            AgeLaw::Steps(vec![AgeStep { to: days(1.0), weight: f64::INFINITY }]),
        ];
        for law in bad {
            assert!(law.check().is_err(), "{law:?}");
        }
    }
}
