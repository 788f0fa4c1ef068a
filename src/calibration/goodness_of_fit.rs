//! Whether the values that explain best explain at all.

use super::LEAST_PROBABILITY;

fn logarithm(chance: f64) -> f64 {
    chance.max(LEAST_PROBABILITY).ln()
}

/// How far what is seen is from what values let expect.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Surprise {
    /// By how much the logarithm of the likelihood falls short of its mean.
    short: f64,
    /// Its variance.
    variance: f64,
}

impl Surprise {
    /// Takes one law, and how likely by it was what came.
    pub(super) fn take(&mut self, law: &[f64], seen: f64) {
        let mean: f64 = law.iter().map(|&chance| chance * logarithm(chance)).sum();
        let square: f64 = law.iter().map(|&chance| chance * logarithm(chance).powi(2)).sum();
        self.short += mean - logarithm(seen);
        self.variance += (square - mean * mean).max(0.0);
    }

    /// In standard deviations; an event that is lost or late makes for about one at any rate.
    pub(super) fn deviations(self) -> f64 {
        self.short / (self.variance + LEAST_PROBABILITY.ln().powi(2)).sqrt()
    }
}
