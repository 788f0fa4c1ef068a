//! Estimates from independent replications, with confidence half-widths.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Confidence of every half-width that bks prints.
pub const CONFIDENCE: f64 = 0.95;

/// The mean of a figure over replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The true mean lies this near to it with 95 % confidence; `None` from a single replication.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// The mean of independent values, and its half-width by Student's t distribution (Law,
    /// *Simulation Modeling and Analysis*, §4.5).
    ///
    /// # Panics
    /// If there is no value.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        assert!(!values.is_empty(), "an estimate needs a replication");
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        if values.len() < 2 {
            return Self { mean, half_width: None };
        }
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let t = StudentsT::new(0.0, 1.0, n - 1.0)
            .expect("one degree of freedom at least")
            .inverse_cdf(0.5 + CONFIDENCE / 2.0);
        Self { mean, half_width: Some(t * (variance / n).sqrt()) }
    }
}

/// How often each whole number was seen; the quantiles of many numbers of few values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frequencies(std::collections::BTreeMap<u32, u64>);

impl Frequencies {
    /// Adds numbers.
    pub fn extend(&mut self, numbers: &[u32]) {
        for &number in numbers {
            *self.0.entry(number).or_insert(0) += 1;
        }
    }

    /// Adds the numbers that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        for (&number, &count) in &other.0 {
            *self.0.entry(number).or_insert(0) += count;
        }
    }

    /// The least number that at least a share `p` of all numbers does not exceed; 0 if there are none.
    #[must_use]
    pub fn quantile(&self, p: f64) -> u32 {
        let total: u64 = self.0.values().sum();
        let wanted = (p * total as f64).ceil() as u64;
        let mut seen = 0;
        for (&number, &count) in &self.0 {
            seen += count;
            if seen >= wanted {
                return number;
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Student's t for 95 % and 4 degrees of freedom is 2.776 (any table).
    #[test]
    fn half_widths_are_those_of_the_table() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!((estimate.mean - 3.0).abs() < 1e-12);
        let expected = 2.776_445 * (2.5_f64 / 5.0).sqrt();
        assert!((estimate.half_width.unwrap() - expected).abs() < 1e-4);
        assert_eq!(Estimate::of(&[1.0]).half_width, None);
    }

    #[test]
    fn quantiles_are_of_the_numbers_seen() {
        let mut seen = Frequencies::default();
        seen.extend(&(0..1_000).collect::<Vec<_>>());
        assert_eq!(seen.quantile(0.999), 998);
        assert_eq!(seen.quantile(1.0), 999);
        assert_eq!(Frequencies::default().quantile(0.5), 0);
    }
}
