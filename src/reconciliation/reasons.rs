//! Why a cell's calls differ.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::model::ModelCalls;
use crate::named_enum::named_enum;
use crate::reconciliation::kms_calls::{CallGroup, MeasuredCalls};
use crate::recording::Recording;
use crate::recording::pseudonyms::is_aws_service;
use crate::s3::{IdentityKind, Principal};

named_enum! {
    /// Why the trail has calls that the model has not.
    #[derive(Serialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    pub Unexplained {
        /// The bucket is in no log that was read.
        BucketNotInLog = "bucket-not-in-log",
        /// An AWS service, whose requests are not in the log.
        AwsService = "aws-service",
        /// The requester asks this bucket for nothing in the log.
        RequesterNotInLog = "requester-not-in-log",
        /// The requester asks this bucket for nothing in this hour.
        NoRequestInHour = "no-request-in-hour",
        /// There are requests, and the model has fewer calls of them.
        ModelHasFewer = "model-has-fewer",
    }
}

named_enum! {
    /// Why the model has calls that the trail has not.
    #[derive(Serialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    pub Surplus {
        /// The trail has no call for the bucket at all.
        BucketNotInTrail = "bucket-not-in-trail",
        /// The trail has no call for this bucket by the requester.
        RequesterNotInTrail = "requester-not-in-trail",
        /// The trail has no call by anyone in this hour.
        HourNotInTrail = "hour-not-in-trail",
        /// The trail has none by this requester for this bucket in this hour.
        NoCallInHour = "no-call-in-hour",
        /// There are calls, and the model has more.
        ModelHasMore = "model-has-more",
    }
}

/// Who asks for what at all, in the log and in the trail.
pub(super) struct AskersAndCallers<'a> {
    log_buckets: BTreeSet<&'a str>,
    asks: BTreeSet<(&'a Principal, &'a str)>,
    trail_buckets: BTreeSet<&'a str>,
    calls: BTreeSet<(&'a Principal, &'a str)>,
    trail_hours: BTreeSet<i64>,
}

impl<'a> AskersAndCallers<'a> {
    pub(super) fn of(
        recording: &'a Recording,
        joined: &'a BTreeMap<CallGroup, (MeasuredCalls, ModelCalls)>,
    ) -> Self {
        let log_buckets = recording.buckets.iter().map(String::as_str).collect();
        let mut known = Self {
            log_buckets,
            asks: BTreeSet::new(),
            trail_buckets: BTreeSet::new(),
            calls: BTreeSet::new(),
            trail_hours: BTreeSet::new(),
        };
        for (cell, (measured, model)) in joined {
            let who = (&cell.principal, cell.bucket.as_str());
            if model.requests > 0 {
                known.asks.insert(who);
            }
            if measured.calls.total() > 0 {
                known.trail_buckets.insert(&cell.bucket);
                known.calls.insert(who);
                known.trail_hours.insert(cell.hour);
            }
        }
        known
    }

    /// Why a cell has calls in the trail that the model has not.
    pub(super) fn unexplained(&self, cell: &CallGroup, model: &ModelCalls) -> Unexplained {
        if !self.log_buckets.contains(cell.bucket.as_str()) {
            Unexplained::BucketNotInLog
        } else if model.requests > 0 {
            Unexplained::ModelHasFewer
        } else if self.asks.contains(&(&cell.principal, cell.bucket.as_str())) {
            Unexplained::NoRequestInHour
        } else if acts_by_itself(&cell.principal) {
            Unexplained::AwsService
        } else {
            Unexplained::RequesterNotInLog
        }
    }

    /// Why a cell has calls of the model that the trail has not.
    pub(super) fn surplus(&self, cell: &CallGroup, measured: &MeasuredCalls) -> Surplus {
        if measured.calls.total() > 0 {
            Surplus::ModelHasMore
        } else if !self.trail_buckets.contains(cell.bucket.as_str()) {
            Surplus::BucketNotInTrail
        } else if !self.calls.contains(&(&cell.principal, cell.bucket.as_str())) {
            Surplus::RequesterNotInTrail
        } else if !self.trail_hours.contains(&cell.hour) {
            Surplus::HourNotInTrail
        } else {
            Surplus::NoCallInHour
        }
    }
}

/// Whether a requester is a service that acts by itself, rather than for somebody.
fn acts_by_itself(principal: &Principal) -> bool {
    match &principal.identity {
        IdentityKind::Service(name) => name.starts_with("svc:") || is_aws_service(name),
        IdentityKind::Role(_) | IdentityKind::User(_) => false,
    }
}
