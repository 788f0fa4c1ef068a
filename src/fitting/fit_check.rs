//! A fitted scenario beside the log it was made from.

use crate::encryption::assumption::Level;
use crate::scenario::Scenario;
use crate::simulation::engines::Engines;
use crate::simulation::{Arm, kms_calls};
use crate::statistics::Estimate;

/// KMS calls of a fitted scenario beside those of the log's replay.
#[derive(Clone, Debug, PartialEq)]
pub struct FitComparison {
    /// Name of the configuration.
    pub configuration: String,
    /// Calls of the replay. It varies, too: which part of S3's fleet serves a request is drawn.
    pub replayed: Estimate,
    /// Calls of the fitted scenario.
    pub fitted: Estimate,
}

impl FitComparison {
    /// By how much the fit is off, as a share of the replay's calls, and how sure that is (95 %; the
    /// error of the quotient to first order); none if the replay makes no calls.
    #[must_use]
    pub fn error(&self) -> Option<Estimate> {
        let (replayed, fitted) = (self.replayed, self.fitted);
        if replayed.mean <= 0.0 {
            return None;
        }
        let ratio = fitted.mean / replayed.mean;
        let half_width = fitted
            .half_width
            .zip(replayed.half_width)
            .map(|(own, against)| own.hypot(ratio * against) / replayed.mean);
        Some(Estimate { mean: ratio - 1.0, half_width })
    }
}

/// About so many requests are run in all, a log's in at least and at most so many replications:
/// a log of a few requests differs by much from one draw to the next.
const REQUESTS: u64 = 2_000_000;
const REPLICATIONS: (u64, u64) = (10, 1_000);

/// As many replications of a log's replay as are worth their time.
#[must_use]
pub fn replications(replay: &Scenario) -> u32 {
    let requests = replay.recording.as_ref().map_or(1, |recording| recording.seen.all.max(1));
    (REQUESTS / requests).clamp(REPLICATIONS.0, REPLICATIONS.1) as u32
}

/// Runs both, each configuration at its assumed level.
#[must_use]
pub fn compare(replay: &Scenario, fitted: &Scenario, replications: u32) -> Vec<FitComparison> {
    let [replayed, fitted] = [replay, fitted].map(|scenario| calls(scenario, replications));
    let pairs = replay.configurations.iter().zip(replayed.into_iter().zip(fitted));
    pairs
        .map(|(configuration, (replayed, fitted))| FitComparison {
            configuration: configuration.name.clone(),
            replayed,
            fitted,
        })
        .collect()
}

/// Calls of each configuration.
fn calls(scenario: &Scenario, replications: u32) -> Vec<Estimate> {
    let arms = scenario.configurations.iter().enumerate();
    let arms = arms.map(|(place, it)| Arm::of_totals(place, it.ranges.at(Level::Assumed)));
    let arms: Vec<Arm> = arms.collect();
    let engines = Engines::of(scenario);
    let calls = kms_calls(scenario, &engines, &arms, 0..replications, &|_| ());
    let calls = calls.into_iter().map(|of_arm| {
        Estimate::of(&of_arm.into_iter().map(|calls| calls as f64).collect::<Vec<f64>>())
    });
    calls.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_shares_of_the_replay() {
        let estimate = |mean, half_width| Estimate { mean, half_width: Some(half_width) };
        let compared =
            |replayed, fitted| FitComparison { configuration: String::new(), replayed, fitted };
        let error = compared(estimate(200.0, 3.0), estimate(100.0, 2.0)).error().unwrap();
        assert!((error.mean + 0.5).abs() < 1e-12);
        // sqrt(2² + (0.5 · 3)²) / 200.
        assert!((error.half_width.unwrap() - 0.0125).abs() < 1e-12);
        assert_eq!(compared(estimate(0.0, 0.0), estimate(1.0, 0.0)).error(), None);
    }
}
