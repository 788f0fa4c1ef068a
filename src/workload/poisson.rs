//! Workloads whose requests are Poisson processes: then KMS calls can be drawn without the requests
//! between them.

use super::ages::AgeLaw;
use super::arrivals::Arrivals;
use super::object_read::{AgesRead, ReadSources};
use super::rates::RateCurve;
use super::{Action, Traffic, Workload, shares};
use crate::s3::columns::RequestClass;
use crate::units::SimTime;

/// The requests of one kind of action, where they are a Poisson process and what they need depends on
/// nothing but the age of what they read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PoissonRequests {
    /// The action.
    pub(crate) action: Action,
    /// What all the requests have in common.
    pub(crate) kind: RequestClass,
    /// Their rate, by all session slots.
    pub(crate) curve: RateCurve,
    /// The law of the ages of what they read; `None` if age has no bearing.
    pub(crate) ages: Option<AgeLaw>,
}

impl Workload {
    /// Its requests as Poisson processes, action by action.
    ///
    /// # Errors
    /// Says why its KMS calls cannot be drawn without its requests, as what the workload does.
    pub(crate) fn poisson_requests(&self) -> Result<Vec<PoissonRequests>, &'static str> {
        let (arrivals, mix) = match &self.traffic {
            Traffic::Jobs(_) => return Err("runs jobs"),
            Traffic::Following(_) => return Err("handles each object of another once"),
            Traffic::Steady { .. } if self.since < SimTime::ZERO => {
                return Err("has run since before the run");
            }
            Traffic::Steady { arrivals: Arrivals::Poisson(arrivals), mix } => (arrivals, mix),
            Traffic::Steady { .. } => return Err("does not arrive as a Poisson process"),
        };
        let ages = match &self.reads {
            Some(reads) if self.actions().into_iter().any(Action::reads) => ages_read(reads)?,
            _ => None,
        };
        let curve = RateCurve::of(arrivals);
        shares(mix)
            .map(|(action, share)| {
                let kind = self.kind_of(action).ok_or(
                    "makes several requests of one action, or requests that need two keys",
                )?;
                let ages = ages.clone().filter(|_| action.reads());
                Ok(PoissonRequests { action, kind, curve: curve.times(share), ages })
            })
            .collect()
    }
}

/// The law of the ages of what is read, if nothing else decides which key it needs.
fn ages_read(reads: &ReadSources) -> Result<Option<AgeLaw>, &'static str> {
    let ages = match reads.ages_read() {
        AgesRead::NoLaw => return Err("reads by popularity or in scans"),
        AgesRead::AnyAge => None,
        AgesRead::Law(law) => Some(law),
    };
    if reads.is_owned() {
        return Err("reads what its scoping policy owns");
    }
    if reads.objects().is_none() {
        return Err("reads objects that are not all encrypted in one way, or of two buckets");
    }
    Ok(ages)
}
