//! Which arms chance has no part in: of a log, nothing but the part of S3's fleet that serves a request is
//! left to it, so an arm that knows only one part counts the same in every replication.

use super::arm::{Arm, SeenArm};
use crate::encryption::assumption::{Assumptions, Partitions};
use crate::encryption::requester::Requesters;
use crate::encryption::service::BucketScheme;
use crate::recording::earlier_objects::ObjectOrigin;
use crate::units::{SimDuration, SimTime};
use crate::workload::ages::AgeLaw;

/// Whether an arm makes the same calls in every replication: of a log, where it does not matter which
/// part of S3's fleet serves whom, nor when exactly what the log does not show was written.
pub(super) fn draws_nothing(requesters: &Requesters, seen: &SeenArm) -> bool {
    let SeenArm { arm, scenario, .. } = *seen;
    if scenario.recording.is_none() {
        return false;
    }
    let configuration = seen.configuration();
    let assumptions = &arm.assumptions;
    if !configuration.uses_bucket_keys(&scenario.domains) {
        return true;
    }
    let one = Partitions { writing: 1, reading: 1 };
    let mut requesters = requesters.list.iter();
    assumptions.writing_at_most() == 1
        && requesters.all(|requester| assumptions.partitions(requester.connections) == one)
        && (keys_are_no_matter(assumptions)
            || (0..scenario.populations.len()).all(|it| keys_are_sure(seen, it)))
}

/// Whether which key wraps what decides nothing, as none is ever found in memory.
fn keys_are_no_matter(assumptions: &Assumptions) -> bool {
    assumptions.cache_lifetime == SimDuration::ZERO
}

/// Whether it is no matter of chance which keys wrap a population, if all is written in one place.
fn keys_are_sure(seen: &SeenArm, index: usize) -> bool {
    let SeenArm { arm: Arm { assumptions, .. }, scenario, .. } = *seen;
    let configuration = seen.configuration();
    let population = &scenario.populations[index];
    let domain = scenario.domain_of(population);
    let scheme = configuration.treats_population(index, domain);
    let log = scenario.recording.as_ref();
    let origin = log.and_then(|log| log.before.get(index)).map(|before| &before.origin);
    match (scheme, origin) {
        (BucketScheme::NoKms | BucketScheme::KeyPerObject, _)
        | (_, Some(ObjectOrigin::Written(_) | ObjectOrigin::WithoutKey)) => true,
        _ if configuration.migrates(index) && domain.migrates() => true,
        (BucketScheme::BucketKey { since, .. }, _) if since > SimTime::MIN => {
            since >= SimTime::ZERO
        }
        _ => {
            let one_key = assumptions.generation_lifetime == SimDuration::MAX
                || matches!(population.age, AgeLaw::Fixed(_));
            one_key && population.writers.is_empty()
        }
    }
}
