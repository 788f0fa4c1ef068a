//! How many requests there are, without drawing them.

use rand_distr::{Distribution, Poisson};

use super::component::Component;
use crate::rng::{Purpose, Stream, binomial};
use crate::scenario::Scenario;
use crate::tally::RequestCounts;
use crate::units::SimDuration;

const SECOND: SimDuration = SimDuration::from_secs(1);

/// Draws how many requests `component` makes in each counted second, and shares them out among its
/// session slots, whose requesters `requester_of_slot` knows. The numbers are the same for every
/// reading of "requester".
///
/// Numbers of points of a Poisson process in disjoint stretches of time are independent Poisson
/// numbers, and each request comes from any slot by the same chance, whatever its time.
pub(super) fn draw(
    scenario: &Scenario,
    replication: u32,
    component: &Component,
    requester_of_slot: &[u32],
) -> RequestCounts {
    let place = (component.number(), 0);
    let mut rng = scenario.seed.stream(replication, Purpose::Counts, place);
    let window = scenario.window();
    let mut law: Option<(f64, Poisson<f64>)> = None;
    let mut from = window.from;
    let per_second: Vec<u64> = (0..window.seconds())
        .map(|_| {
            let until = (from + SECOND).min(window.end);
            let mean = component.curve.mean_between(from, until);
            from = until;
            poisson(mean, &mut law, &mut rng)
        })
        .collect();
    let mut left: u64 = per_second.iter().sum();
    let mut per_requester: Vec<(usize, u64)> = Vec::new();
    let slots = component.workload.slots.clone();
    for slot in slots.clone() {
        let count = binomial(left, 1.0 / f64::from(slots.end - slot), &mut rng);
        left -= count;
        let requester = requester_of_slot[slot as usize] as usize;
        match per_requester.last_mut() {
            Some((last, sum)) if *last == requester => *sum += count,
            _ => per_requester.push((requester, count)),
        }
    }
    RequestCounts { per_second, per_requester }
}

/// A Poisson number; the law is made anew only if the mean changes.
fn poisson(mean: f64, law: &mut Option<(f64, Poisson<f64>)>, rng: &mut Stream) -> u64 {
    if mean <= 0.0 {
        return 0;
    }
    let same = law.as_ref().is_some_and(|(known, _)| known.to_bits() == mean.to_bits());
    if !same {
        *law = Some((mean, Poisson::new(mean).expect("a mean within the limits of a workload")));
    }
    let (_, law) = law.as_ref().expect("just made");
    law.sample(rng) as u64
}
