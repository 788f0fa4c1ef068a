//! Variance-based sensitivity: which input the spread of an output comes from.
//!
//! - *First order* Sᵢ = V(E(Y|Xᵢ)) / V(Y): the share of the output's variance that would go, on
//!   average, if input i were known. The shares of all inputs sum to 1 at most; what is missing is due
//!   to their interactions (I. M. Sobol', *Sensitivity estimates for nonlinear mathematical models*,
//!   Mathematical Modelling and Computational Experiments 1, 1993, 407-414).
//! - *Total* Tᵢ = E(V(Y|X₋ᵢ)) / V(Y): the share that would stay if everything but input i were known,
//!   its part in interactions included. An input of total 0 has no effect at all (I. M. Sobol', *Global
//!   sensitivity indices for nonlinear mathematical models and their Monte Carlo estimates*,
//!   Mathematics and Computers in Simulation 55, 2001, 271-280).
//!
//! Both are estimated from two samples A and B of the inputs and, for each input, A with this one
//! column of B: N (k + 2) outputs. The estimators are those that A. Saltelli, P. Annoni, I. Azzini,
//! F. Campolongo, M. Ratto and S. Tarantola recommend (*Variance based sensitivity analysis of model
//! output. Design and estimator for the total sensitivity index*, Computer Physics Communications 181,
//! 2010, 259-270, table 2): theirs for the first order, and for the total that of M. J. W. Jansen
//! (*Analysis of variance designs for model output*, Computer Physics Communications 117, 1999, 35-43).

use rand::RngExt;

use crate::rng::{Stream, sobol_point};
use crate::statistics::quantile;

/// Greatest power of two of points that a sample can have.
pub const SAMPLES_MAX: u32 = 1 << 16;

/// Resamples from which an interval is taken.
const RESAMPLES: usize = 1_000;

/// A point of each sample, in the unit cube.
#[derive(Clone, Debug, PartialEq)]
pub struct PointPair {
    /// The point of sample A.
    pub a: Vec<f64>,
    /// The point of sample B.
    pub b: Vec<f64>,
}

/// Rows of a design of `inputs` inputs: a Sobol' sequence in twice as many dimensions with the
/// direction numbers of S. Joe and F. Y. Kuo (2008), scrambled after A. B. Owen (*Randomly permuted
/// (t,m,s)-nets and (t,s)-sequences*, 1995), so that each point is even over the cube and the points
/// together fill it more evenly than independent ones.
///
/// # Panics
/// If `samples` is no power of two up to [`SAMPLES_MAX`].
#[must_use]
pub fn design(inputs: usize, samples: u32, rng: &mut Stream) -> Vec<PointPair> {
    assert!(samples.is_power_of_two() && samples <= SAMPLES_MAX);
    let scramble: u32 = rng.random();
    (0..samples)
        .map(|sample| PointPair {
            a: sobol_point(sample, 0..inputs, scramble),
            b: sobol_point(sample, inputs..2 * inputs, scramble),
        })
        .collect()
}

impl PointPair {
    /// The points at which the output is needed: A, B, and for each input A with that of B.
    #[must_use]
    pub fn points(&self) -> Vec<Vec<f64>> {
        let exchanged = (0..self.a.len()).map(|input| {
            let mut point = self.a.clone();
            point[input] = self.b[input];
            point
        });
        [self.a.clone(), self.b.clone()].into_iter().chain(exchanged).collect()
    }
}

/// An estimate, and the interval that holds the true value with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate. From a sample it can lie a little below 0 or above 1.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// One input's indices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Indices {
    /// Of first order.
    pub first: Interval,
    /// Total.
    pub total: Interval,
}

/// Smaller variances are those of rounding.
const NO_VARIANCE: f64 = 1e-20;

/// Each input's indices, from the outputs at the [`PointPair::points`] of each row; `None` if all outputs
/// are the same, so that there is no variance to share out.
///
/// Intervals are percentiles of a bootstrap over rows (G. E. B. Archer, A. Saltelli and I. M. Sobol',
/// *Sensitivity measures, ANOVA-like techniques and the use of bootstrap*, Journal of Statistical
/// Computation and Simulation 58, 1997, 99-120). It takes rows for independent; those of a scrambled
/// sequence are spread more evenly, so that intervals are rather too wide.
#[must_use]
pub fn indices(outputs: &[Vec<f64>], rng: &mut Stream) -> Option<Vec<Indices>> {
    let inputs = outputs.first()?.len() - 2;
    let all: Vec<usize> = (0..outputs.len()).collect();
    let estimates = estimate(outputs, &all)?;
    let mut resampled: Vec<Vec<[f64; 2]>> = vec![Vec::new(); inputs];
    let mut chosen = all;
    for _ in 0..RESAMPLES {
        chosen.fill_with(|| rng.random_range(0..outputs.len()));
        // A resample of nothing but equal outputs says nothing.
        let Some(estimates) = estimate(outputs, &chosen) else { continue };
        resampled.iter_mut().zip(estimates).for_each(|(of_input, it)| of_input.push(it));
    }
    let indices = estimates.iter().zip(&resampled).map(|([first, total], resampled)| Indices {
        first: Interval::of(*first, resampled.iter().map(|it| it[0]).collect()),
        total: Interval::of(*total, resampled.iter().map(|it| it[1]).collect()),
    });
    Some(indices.collect())
}

impl Interval {
    /// That between percentiles of the estimates from resamples.
    fn of(value: f64, mut resampled: Vec<f64>) -> Self {
        resampled.sort_by(f64::total_cmp);
        let tail = (1.0 - crate::statistics::CONFIDENCE) / 2.0;
        let low = quantile(&resampled, tail).unwrap_or(value);
        Self { value, low, high: quantile(&resampled, 1.0 - tail).unwrap_or(value) }
    }
}

/// First order and total of each input, from the chosen rows.
fn estimate(outputs: &[Vec<f64>], chosen: &[usize]) -> Option<Vec<[f64; 2]>> {
    let n = chosen.len() as f64;
    let rows = chosen.iter().map(|&row| outputs[row].as_slice());
    let mean = rows.clone().map(|row| row[0] + row[1]).sum::<f64>() / (2.0 * n);
    let squares = rows.clone().map(|row| (row[0] - mean).powi(2) + (row[1] - mean).powi(2));
    let variance = squares.sum::<f64>() / (2.0 * n);
    if variance <= NO_VARIANCE {
        return None;
    }
    let of_inputs = (2..outputs[0].len()).map(|exchanged| {
        // Less the mean, which changes nothing in expectation and takes away most of the noise.
        let first = rows.clone().map(|row| (row[1] - mean) * (row[exchanged] - row[0]));
        let total = rows.clone().map(|row| (row[0] - row[exchanged]).powi(2) / 2.0);
        [first.sum::<f64>() / n, total.sum::<f64>() / n].map(|sum| sum / variance)
    });
    Some(of_inputs.collect())
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use crate::rng::{Purpose, Seed};

    fn stream(seed: u64) -> Stream {
        Seed(seed).stream(0, Purpose::Sensitivity, (0, 0))
    }

    fn run(inputs: usize, samples: u32, seed: u64, f: impl Fn(&[f64]) -> f64) -> Vec<Indices> {
        let mut rng = stream(seed);
        let rows = design(inputs, samples, &mut rng);
        let outputs: Vec<Vec<f64>> =
            rows.iter().map(|row| row.points().iter().map(|point| f(point)).collect()).collect();
        indices(&outputs, &mut rng).unwrap()
    }

    /// sin x₁ + 7 sin² x₂ + 0.1 x₃⁴ sin x₁ over (−π, π)³ (T. Ishigami and T. Homma, 1990).
    fn ishigami(u: &[f64]) -> f64 {
        let x: Vec<f64> = u.iter().map(|u| PI * (2.0 * u - 1.0)).collect();
        x[0].sin() + 7.0 * x[1].sin().powi(2) + 0.1 * x[2].powi(4) * x[0].sin()
    }

    /// Its first orders and totals, from its variance by parts.
    fn of_ishigami() -> [[f64; 2]; 3] {
        let (a, b) = (7.0_f64, 0.1_f64);
        let first = 0.5 * (1.0 + b * PI.powi(4) / 5.0).powi(2);
        let second = a * a / 8.0;
        let both = 8.0 * b * b * PI.powi(8) / 225.0;
        let variance = first + second + both;
        [[first, first + both], [second, second], [0.0, both]].map(|of| of.map(|v| v / variance))
    }

    /// ∏ (|4xᵢ − 2| + aᵢ) / (1 + aᵢ) over the unit cube, Sobol's g-function: the variance of each
    /// factor is 1 / 3(1 + aᵢ)².
    const OF_G: [f64; 6] = [0.0, 1.0, 4.5, 9.0, 99.0, 99.0];

    fn g(u: &[f64]) -> f64 {
        u.iter().zip(OF_G).map(|(u, a)| ((4.0 * u - 2.0).abs() + a) / (1.0 + a)).product()
    }

    fn of_g() -> [[f64; 2]; 6] {
        let parts = OF_G.map(|a| 1.0 / (3.0 * (1.0 + a) * (1.0 + a)));
        let whole: f64 = parts.iter().map(|v| 1.0 + v).product();
        let variance = whole - 1.0;
        parts.map(|v| [v / variance, v * whole / (1.0 + v) / variance])
    }

    fn assert_near(found: &[Indices], expected: &[[f64; 2]], within: f64) {
        for (i, (found, [first, total])) in found.iter().zip(expected).enumerate() {
            assert!((found.first.value - first).abs() < within, "first {i}: {found:?}, {first}");
            assert!((found.total.value - total).abs() < within, "total {i}: {found:?}, {total}");
        }
    }

    #[test]
    fn functions_of_known_indices_have_them() {
        assert_near(&run(3, 4_096, 1, ishigami), &of_ishigami(), 0.02);
        assert_near(&run(6, 4_096, 1, g), &of_g(), 0.02);
        // Of a sum each part has the share of its variance, on its own and in all.
        let sum = |u: &[f64]| 100.0 + u[0] + 2.0 * u[1] + 4.0 * u[2];
        let shares = [1.0, 4.0, 16.0].map(|v| [v / 21.0, v / 21.0]);
        assert_near(&run(3, 1_024, 1, sum), &shares, 0.02);
    }

    #[test]
    fn what_has_no_effect_has_no_index() {
        let found = run(2, 64, 1, |u| u[0]);
        assert_eq!(found[1].total, Interval { value: 0.0, low: 0.0, high: 0.0 });
        assert_eq!(found[1].first, Interval { value: 0.0, low: 0.0, high: 0.0 });
    }

    #[test]
    fn without_variance_there_is_nothing_to_share_out() {
        let outputs = vec![vec![0.9; 5]; 16];
        assert_eq!(indices(&outputs, &mut stream(1)), None);
        assert_eq!(indices(&[], &mut stream(1)), None);
    }

    /// Of 100 designs, 900 intervals; for independent rows 95 % of them hold the truth.
    #[test]
    fn intervals_hold_the_truth_at_least_as_often_as_they_say() {
        let (mut held, mut all) = (0, 0);
        for seed in 0..100 {
            for (found, [first, total]) in run(3, 256, seed, ishigami).iter().zip(of_ishigami()) {
                for (interval, truth) in [(found.first, first), (found.total, total)] {
                    held += u32::from((interval.low..=interval.high).contains(&truth));
                    all += 1;
                }
            }
        }
        let coverage = f64::from(held) / f64::from(all);
        assert!(coverage > 0.95, "{coverage}");
    }
}
