//! Objects that were written shortly before the run.

use std::collections::HashSet;

use super::Scenario;
use crate::migration::YOUNG;
use crate::units::SimTime;

/// What could be given a bucket key of what was written in the last days before the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct YoungObjects {
    /// Of each population how many.
    pub(crate) objects: Vec<u64>,
    /// The buckets that they lie in, in order.
    pub(crate) buckets: Vec<usize>,
}

impl Scenario {
    /// The objects of the last days that have no bucket key, where there are older ones, too; `None` if there are
    /// none, or if a log's requests are run.
    ///
    /// A bucket where some of them are locked is left out: [`Scenario::with_keys_for`] would take those for migrated, too.
    pub(crate) fn young(&self) -> Option<YoungObjects> {
        let since = SimTime::ZERO - YOUNG;
        let mut objects = vec![0; self.populations.len()];
        let mut buckets = Vec::new();
        let held = self.populations.iter().filter(|it| it.is_locked && it.age.cdf(YOUNG) > 0.0);
        let held: HashSet<u32> = held.map(|it| self.domain_of(it).bucket).collect();
        for (index, population) in self.populations.iter().enumerate() {
            let domain = self.domain_of(population);
            let older = 1.0 - population.age.cdf(YOUNG);
            let is_asked =
                self.recording.is_none() && domain.migrates() && !held.contains(&domain.bucket);
            if !is_asked
                || domain.encryption.is_some()
                || domain.keys_since <= since
                || older <= 0.0
            {
                continue;
            }
            let with_key =
                population.age.cdf(SimTime::ZERO.since(domain.keys_since.min(SimTime::ZERO)));
            let share = (population.age.cdf(YOUNG) - with_key).max(0.0);
            objects[index] = (population.objects as f64 * share).round() as u64;
            buckets.push(domain.bucket as usize);
        }
        buckets.sort_unstable();
        buckets.dedup();
        (objects.iter().sum::<u64>() > 0).then_some(YoungObjects { objects, buckets })
    }

    /// The same as if bucket keys had been on when those were written, for configurations that use them.
    pub(crate) fn with_keys_for(&self, young: &YoungObjects) -> Self {
        let mut scenario = self.clone();
        for &bucket in &young.buckets {
            scenario.set_keys_since(bucket, SimTime::ZERO - YOUNG);
        }
        scenario
    }
}
