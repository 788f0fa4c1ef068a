//! How fast each way may go under the quotas of the accounts that use its buckets.

use std::collections::BTreeMap;

use super::super::stored;
use super::{Way, WaysRun};
use crate::encryption::assumption::Level;
use crate::migration::one_off::OneOff;
use crate::migration::pace::Pace;
use crate::migration::stored::StoredObjects;
use crate::quota::QuotaTerms;
use crate::results::counts::ArmCounts;
use crate::scenario::{Billing, Population, Scenario};
use crate::units::Rate;

impl WaysRun<'_> {
    /// How fast a migration may go, beside what the traffic asks before it has saved anything: side by side
    /// under the quota of each account and region, that of its objects in each.
    pub(super) fn pace(&self, way: &Way) -> Pace {
        let migrated = self.configuration(way);
        let wanted_per_s = self.wanted_per_s();
        let counts = self.counted.at(self.ways[0].configuration, Level::Assumed);
        let mut of_quotas: BTreeMap<usize, Vec<StoredObjects>> = BTreeMap::new();
        for population in self.scenario.migrating(migrated) {
            let objects = migrated.objects_migrated(self.scenario, population);
            let objects = stored(self.scenario, population).part(objects);
            of_quotas.entry(self.quota_of(population, counts)).or_default().push(objects);
        }
        let paces = of_quotas.into_iter().map(|(number, objects)| {
            let Billing { prices, terms, quotas, .. } = &self.scenario.billing;
            let prices = &prices[self.scenario.accounts.region(number)];
            let work = OneOff::of(way.operation, &objects, true, (prices, terms));
            let load = (quotas[number], counts.quotas[number].per_s_max);
            Pace::of((work.objects, work.kms_calls), wanted_per_s, load, self.asked.headroom)
        });
        paces.reduce(Pace::beside).expect("a way that migrates has objects")
    }

    /// The scenario with migrations no faster than the quotas let them be; `None` if all are.
    pub(super) fn at_their_pace(&self) -> Option<Scenario> {
        let mut scenario = self.scenario.clone();
        let mut is_slower = false;
        for way in self.ways.iter().filter(|way| way.operation.migrates()) {
            let most_per_s = self.pace(way).slowest_per_s;
            if most_per_s > 0.0 {
                let ranges = &mut scenario.configurations[way.configuration].ranges;
                is_slower |= ranges.cap_migration_rate(Rate::per_s(most_per_s));
            }
        }
        is_slower.then_some(scenario)
    }

    /// How many objects a second are to be migrated, whatever the quotas leave: as those have it that wait, too.
    fn wanted_per_s(&self) -> f64 {
        let assumed = self.configuration(&self.ways[1]).ranges.at(Level::Assumed);
        self.asked.objects_per_s.unwrap_or(assumed.migration_rate.as_per_s())
    }

    /// Whose quota the migration of a population comes under: that of an account that uses its bucket, in the
    /// bucket's region. Who runs it is not told, so of several the one with the least room counts.
    fn quota_of(&self, population: &Population, counts: &ArmCounts) -> usize {
        let accounts = &self.scenario.accounts;
        let region = accounts.region_of_bucket(population.bucket as usize);
        let using = users(self.scenario, population.bucket);
        let all = (0..accounts.list.len()).filter(|&number| accounts.region(number) == region);
        let mut candidates: Vec<usize> =
            using.into_iter().map(|principal| accounts.of_principal(principal, region)).collect();
        if candidates.is_empty() {
            candidates.extend(all);
        }
        let roomless = candidates.into_iter().min_by_key(|number| self.room_per_s(*number, counts));
        roomless.expect("there is an account")
    }

    /// How many calls a second a quota leaves in the busiest second.
    fn room_per_s(&self, number: usize, counts: &ArmCounts) -> i64 {
        let QuotaTerms { quota_per_s, background_per_s } = self.scenario.billing.quotas[number];
        let used = background_per_s + u64::from(counts.quotas[number].per_s_max);
        quota_per_s as i64 - used as i64
    }
}

/// The principals that write into a part of a bucket, or read what has been there before.
fn users(scenario: &Scenario, bucket: u32) -> Vec<usize> {
    let using = scenario.workloads.iter().filter(|workload| {
        let read = workload.reads.as_ref().and_then(|reads| reads.population.as_ref());
        workload.bucket == bucket || read.is_some_and(|read| read.bucket == bucket)
    });
    using.map(|workload| scenario.principal_of(workload) as usize).collect()
}
