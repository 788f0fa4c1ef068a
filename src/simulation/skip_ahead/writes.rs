//! The calls of one requester's writes: when it generates bucket-level keys, and what it asks for before
//! bucket keys are on.

use super::SkipAhead;
use super::call_times::{Keeping, walk};
use super::varying_poisson::Flow;
use crate::encryption::assumption::Expiry;
use crate::encryption::service::{BucketScheme, Scheme};
use crate::rng::Purpose;
use crate::units::{SimDuration, SimTime};

/// One requester's writes under one scheme.
pub(super) struct SchemeWrites<'a> {
    pub(super) engine: &'a SkipAhead<'a>,
    pub(super) requester: usize,
    pub(super) scheme: &'a Scheme,
}

/// One call that a write makes.
pub(super) struct WriteCall {
    pub(super) time: SimTime,
    /// The number of the component that makes it.
    pub(super) component: usize,
    /// The place (bucket × partitions + partition) in which it generates a bucket-level key; `None`
    /// before bucket keys are on.
    pub(super) place: Option<u32>,
}

impl SchemeWrites<'_> {
    /// Tells of each call that the writes to buckets with bucket keys make.
    pub(super) fn each_call(&self, mut call: impl FnMut(WriteCall)) {
        let run = self.engine.run;
        let place = (self.requester as u32, 0);
        let mut rng = run.scenario.seed.stream(run.replication, Purpose::SkippedWrites, place);
        let partitions = run.partitions(self.requester, self.scheme).writing;
        let lifetime = self.scheme.assumptions.generation_lifetime;
        let keeping = self.engine.keeping(self.requester, lifetime, Expiry::Fixed);
        for (bucket, bucket_scheme) in self.scheme.buckets.iter().enumerate() {
            let BucketScheme::BucketKey { since, .. } = *bucket_scheme else { continue };
            let writers = self.writers(bucket);
            if writers.is_empty() {
                continue;
            }
            if since > SimTime::ZERO {
                let end = since.min(keeping.end);
                let off = Keeping { lifetime: SimDuration::ZERO, end, ..keeping };
                walk(&mut self.flows(&writers, keeping, 0, 1), off, &mut rng, |time, flow| {
                    call(WriteCall { time, component: writers[flow], place: None });
                });
            }
            let on = Keeping { from: since.max(SimTime::ZERO), ..keeping };
            for part in 0..partitions {
                let place = Some(bucket as u32 * partitions + part);
                let mut flows = self.flows(&writers, keeping, part, partitions);
                walk(&mut flows, on, &mut rng, |time, flow| {
                    call(WriteCall { time, component: writers[flow], place });
                });
            }
        }
    }

    /// The numbers of the components by which the requester writes to a bucket, as far as it depends on
    /// its memory what they cost.
    fn writers(&self, bucket: usize) -> Vec<usize> {
        let slots = &self.engine.run.requesters.list[self.requester].slots;
        let components = self.engine.components.iter().enumerate();
        let writers = components.filter(|(_, component)| {
            component.kind.bucket as usize == bucket
                && component.writes()
                && component.share_of(slots) > 0.0
                && component.fixed_cost(self.scheme, true).is_none()
        });
        writers.map(|(number, _)| number).collect()
    }

    /// The requests of some components that land in part `part` of `parts`.
    fn flows(&self, writers: &[usize], keeping: Keeping, part: u32, parts: u32) -> Vec<Flow<'_>> {
        let slots = &self.engine.run.requesters.list[self.requester].slots;
        let components = writers.iter().map(|&number| &self.engine.components[number]);
        components
            .map(|component| {
                if let Some(points) = component.points(slots, part, parts) {
                    return Flow::of_points(&component.curve, points);
                }
                let share = component.share_of(slots) / f64::from(parts);
                Flow::new(&component.curve, share, None, keeping.from)
            })
            .collect()
    }
}
