//! How much of what is measured a model explains.

use std::collections::BTreeMap;

use super::model::ModelCalls;
use crate::kms::{KmsApi, KmsCalls};
use crate::reconciliation::kms_calls::{CallGroup, MeasuredCalls};
use crate::s3::Principal;

/// Calls measured, of the model, and those that both have: of the same API in the same place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Calls in the trail.
    pub measured: u64,
    /// Calls of the model.
    pub model: u64,
    /// For each place and API the lesser of both, summed.
    pub matched: u64,
}

impl Agreement {
    /// Compares the calls of one place.
    pub(super) fn of(measured: &KmsCalls, model: &KmsCalls) -> Self {
        let lesser = KmsApi::ALL.into_iter().map(|api| measured.get(api).min(model.get(api)));
        let matched = lesser.sum();
        Self { measured: measured.total(), model: model.total(), matched }
    }

    fn add(&mut self, other: Self) {
        self.measured += other.measured;
        self.model += other.model;
        self.matched += other.matched;
    }

    /// Which share of the measured calls the model has, too; `None` if none is measured.
    pub(crate) fn explained(&self) -> Option<f64> {
        (self.measured > 0).then(|| self.matched as f64 / self.measured as f64)
    }

    /// Calls that only the trail has.
    pub(crate) const fn unexplained(&self) -> u64 {
        self.measured - self.matched
    }

    /// Calls that only the model has.
    pub(crate) const fn surplus(&self) -> u64 {
        self.model - self.matched
    }

    /// What both have, as a share of what either has: a model cannot come nearer to 1 by having more
    /// calls. `None` if neither has any.
    pub(crate) fn agreement(&self) -> Option<f64> {
        let either = self.measured + self.model - self.matched;
        (either > 0).then(|| self.matched as f64 / either as f64)
    }
}

/// Shares of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreements {
    /// Cell by cell: requester, bucket and hour.
    pub cells: Agreement,
    /// The same, bucket by bucket.
    pub of_bucket: BTreeMap<String, Agreement>,
    /// The same, requester by requester.
    pub of_principal: BTreeMap<Principal, Agreement>,
    /// All hours and requesters of a bucket as one place.
    pub buckets: Agreement,
    /// All hours and buckets of a requester as one place.
    pub principals: Agreement,
    /// All as one place.
    pub total: Agreement,
}

/// All cells that either has, in order.
pub(super) fn joined(
    measured: &BTreeMap<CallGroup, MeasuredCalls>,
    model: &BTreeMap<CallGroup, ModelCalls>,
) -> BTreeMap<CallGroup, (MeasuredCalls, ModelCalls)> {
    let mut joined: BTreeMap<CallGroup, (MeasuredCalls, ModelCalls)> = BTreeMap::new();
    for (cell, measured) in measured {
        joined.entry(cell.clone()).or_default().0 = *measured;
    }
    for (cell, model) in model {
        joined.entry(cell.clone()).or_default().1 = *model;
    }
    joined
}

impl Agreements {
    /// Compares all cells.
    pub(super) fn of(joined: &BTreeMap<CallGroup, (MeasuredCalls, ModelCalls)>) -> Self {
        let mut shares = Self::default();
        let mut buckets: BTreeMap<&str, [KmsCalls; 2]> = BTreeMap::new();
        let mut principals: BTreeMap<&Principal, [KmsCalls; 2]> = BTreeMap::new();
        let mut total = [KmsCalls::NONE; 2];
        for (cell, (measured, model)) in joined {
            let pair = [measured.calls, model.calls];
            let share = Agreement::of(&pair[0], &pair[1]);
            shares.cells.add(share);
            shares.of_bucket.entry(cell.bucket.clone()).or_default().add(share);
            shares.of_principal.entry(cell.principal.clone()).or_default().add(share);
            let sums = [
                buckets.entry(&cell.bucket).or_default(),
                principals.entry(&cell.principal).or_default(),
                &mut total,
            ];
            for sum in sums {
                sum[0] += pair[0];
                sum[1] += pair[1];
            }
        }
        for [measured, model] in buckets.values() {
            shares.buckets.add(Agreement::of(measured, model));
        }
        for [measured, model] in principals.values() {
            shares.principals.add(Agreement::of(measured, model));
        }
        shares.total = Agreement::of(&total[0], &total[1]);
        shares
    }
}
